//! Naive matchers written straight from the specifications, held against the engine over random
//! Ingresses, HTTPRoutes and requests.

use kubehop::gateway::GatewayRequest;
use kubehop::ingress::{HttpRequest, Response};
use kubehop::{Cluster, Settings, Source};

/// A small generator with a fixed seed: the same cases in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn path(&mut self) -> String {
        let mut path = String::new();
        for _ in 0..self.below(4) {
            path.push('/');
            let segments: &[&str] = &["a", "b", "ab", "aa"];
            path.push_str(segments[self.below(segments.len())]);
        }
        if path.is_empty() || self.below(4) == 0 {
            path.push('/');
        }
        path
    }
}

const HOSTS: &[&str] =
    &["a.example.com", "b.example.com", "*.example.com", "*.sub.example.com", "", "a.sub.example.com"];
const ASKED: &[&str] = &[
    "a.example.com",
    "b.example.com",
    "c.example.com",
    "a.sub.example.com",
    "x.sub.example.com",
    "other.org",
];

#[derive(Clone, Debug)]
struct Path {
    host: &'static str,
    exact: bool,
    path: String,
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

/// The rule that the documentation says takes a request: its index.
fn naive_ingress(rules: &[Path], host: &str, path: &str) -> Option<usize> {
    let exact = |rule: &Path| rule.host == host;
    let wildcard = |rule: &Path| {
        rule.host.strip_prefix("*.").is_some_and(|parent| {
            let labels: Vec<&str> = host.split('.').collect();
            labels.len() > 1 && labels[1..].join(".") == parent
        })
    };
    let any = |rule: &Path| rule.host.is_empty();
    let groups: [&dyn Fn(&Path) -> bool; 3] = [&exact, &wildcard, &any];
    let group = groups.into_iter().find(|group| rules.iter().any(group))?;
    let mut best: Option<(usize, usize, bool)> = None;
    for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| group(rule)) {
        let matches =
            if rule.exact { rule.path == path } else { segments(path).starts_with(&segments(&rule.path)) };
        let length = segments(&rule.path).len();
        let better = best.is_none_or(|(_, known, exact)| (length, rule.exact) > (known, exact));
        if matches && better {
            best = Some((index, length, rule.exact));
        }
    }
    best.map(|(index, ..)| index)
}

#[test]
fn the_engine_agrees_with_a_matcher_written_from_the_documentation() {
    let mut random = Random(1);
    let mut compared = 0;
    for round in 0..300 {
        let count = 1 + random.below(12);
        let rules: Vec<Path> = (0..count)
            .map(|_| Path {
                host: HOSTS[random.below(HOSTS.len())],
                exact: random.below(3) == 0,
                path: random.path(),
            })
            .collect();
        let mut text = String::from(
            "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: c}\nspec: {controller: example.com/spec}\n",
        );
        for (number, rule) in rules.iter().enumerate() {
            let host = if rule.host.is_empty() { String::new() } else { format!("host: '{}', ", rule.host) };
            let kind = if rule.exact { "Exact" } else { "Prefix" };
            text.push_str(&format!(
                "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i{number}}}\nspec:\n  ingressClassName: c\n  rules:\n  - {{{host}http: {{paths: [{{path: {}, pathType: {kind}, backend: {{service: {{name: s, port: {{number: 80}}}}}}}}]}}}}\n",
                rule.path
            ));
        }
        let cluster = Cluster::load([Source::new("r.yaml", text)], &Settings::default());
        for _ in 0..40 {
            let (host, path) = (ASKED[random.below(ASKED.len())], random.path());
            let request = HttpRequest::get(&format!("http://{host}{path}")).unwrap();
            let got = cluster.route(&request).matched.map(|matched| matched.ingress.name);
            let wanted = naive_ingress(&rules, host, &path).map(|index| format!("i{index}"));
            let decided = cluster
                .ingress_table()
                .decide(cluster.snapshot(), &request)
                .map(|(index, _)| format!("i{index}"));
            assert_eq!(got, wanted, "round {round}: {host}{path} over {rules:#?}");
            assert_eq!(decided, wanted, "the cheap form, round {round}: {host}{path}");
            compared += 1;
        }
    }
    assert!(compared >= 10_000);
}

#[derive(Clone, Debug)]
struct Match {
    exact: bool,
    path: String,
    method: bool,
    headers: usize,
    query: usize,
}

#[derive(Clone, Debug)]
struct Route {
    host: &'static str,
    matches: Vec<Match>,
}

const ROUTE_HOSTS: &[&str] = &["a.example.com", "*.example.com", "*.sub.example.com", ""];

fn covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        _ if pattern.is_empty() => true,
        Some(parent) => host.ends_with(&format!(".{parent}")),
        None => pattern == host,
    }
}

/// What decides between matches, most important first.
type Precedence = (usize, usize, bool, usize, bool, usize, usize);

/// The match that takes a GET request with `headers` headers and `query` parameters.
fn naive_route(
    routes: &[Route],
    host: &str,
    path: &str,
    headers: usize,
    query: usize,
) -> Option<(usize, usize)> {
    let mut best: Option<(Precedence, usize, usize)> = None;
    for (index, route) in routes.iter().enumerate().filter(|(_, route)| covers(route.host, host)) {
        let literal = if route.host.starts_with('*') { 0 } else { route.host.len() };
        for (position, wanted) in route.matches.iter().enumerate() {
            let fits = if wanted.exact {
                wanted.path == path
            } else {
                segments(path).starts_with(&segments(&wanted.path))
            };
            if !fits || wanted.headers > headers || wanted.query > query {
                continue;
            }
            let length = if wanted.exact { 0 } else { wanted.path.len() };
            let rank = (
                literal,
                route.host.len(),
                wanted.exact,
                length,
                wanted.method,
                wanted.headers,
                wanted.query,
            );
            if best.as_ref().is_none_or(|(known, ..)| rank > *known) {
                best = Some((rank, index, position));
            }
        }
    }
    best.map(|(_, index, position)| (index, position))
}

#[test]
fn http_routes_are_preferred_in_the_order_of_the_specification() {
    let mut random = Random(2);
    let (mut compared, mut open) = (0, 0);
    for round in 0..200 {
        let count = 1 + random.below(6);
        let routes: Vec<Route> = (0..count)
            .map(|_| {
                let matches = (0..1 + random.below(3))
                    .map(|_| Match {
                        exact: random.below(3) == 0,
                        path: random.path(),
                        method: random.below(2) == 0,
                        headers: random.below(3),
                        query: random.below(3),
                    })
                    .collect();
                Route { host: ROUTE_HOSTS[random.below(ROUTE_HOSTS.len())], matches }
            })
            .collect();
        let mut text = String::from(
            "{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: c}, spec: {controllerName: example.com/c}}\n---\n\
             {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g}, spec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}]}}\n",
        );
        for (number, route) in routes.iter().enumerate() {
            let matches: Vec<String> = route
                .matches
                .iter()
                .map(|wanted| {
                    let kind = if wanted.exact { "Exact" } else { "PathPrefix" };
                    let method = if wanted.method { ", method: GET" } else { "" };
                    let values = |count: usize, name: &str| {
                        (0..count)
                            .map(|n| format!("{{name: {name}{n}, value: v}}"))
                            .collect::<Vec<_>>()
                            .join(", ")
                    };
                    format!(
                        "{{path: {{type: {kind}, value: {}}}{method}, headers: [{}], queryParams: [{}]}}",
                        wanted.path,
                        values(wanted.headers, "h"),
                        values(wanted.query, "q")
                    )
                })
                .collect();
            let host = if route.host.is_empty() {
                String::new()
            } else {
                format!("hostnames: ['{}'], ", route.host)
            };
            text.push_str(&format!(
                "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r{number}}}\nspec: {{parentRefs: [{{name: g}}], {host}rules: [{{matches: [{}], backendRefs: [{{name: s, port: 80}}]}}]}}\n",
                matches.join(", ")
            ));
        }
        let cluster = Cluster::load([Source::new("r.yaml", text)], &Settings::default());
        for _ in 0..30 {
            let (host, path) = (ASKED[random.below(ASKED.len())], random.path());
            let (headers, query) = (random.below(3), random.below(3));
            let pairs: Vec<String> = (0..query).map(|n| format!("q{n}=v")).collect();
            let mut request = HttpRequest::get(&format!("http://{host}{path}?{}", pairs.join("&"))).unwrap();
            request.headers = (0..headers).map(|n| (format!("H{n}"), "v".to_owned())).collect();
            let request = GatewayRequest { http: request, ..GatewayRequest::default() };
            let routing = cluster.gateway_route(&request).unwrap();
            let got =
                routing.matched.map(|matched| format!("{} {}", matched.route.name, matched.evidence.field));
            let naive = naive_route(&routes, host, &path, headers, query);
            // whether a route of a less specific host serves what the most specific ones lack is left open
            let specific = |host: &str| (!host.is_empty() && !host.starts_with('*'), host.len());
            let most =
                routes.iter().map(|route| route.host).filter(|other| covers(other, host)).map(specific).max();
            let falls_back = naive.is_some_and(|(index, _)| Some(specific(routes[index].host)) < most);
            if falls_back {
                let missing = routing.outcomes.iter().any(|outcome| {
                    matches!(&outcome.response, Response::Undetermined { missing } if missing.contains("falls back"))
                });
                assert!(missing && got.is_none(), "round {round}: {host}{path} over {routes:#?}");
                open += 1;
                continue;
            }
            let wanted = naive.map(|(index, position)| format!("r{index} spec.rules[0].matches[{position}]"));
            assert_eq!(got, wanted, "round {round}: {host}{path} {headers} {query} over {routes:#?}");
            compared += 1;
        }
    }
    assert!(compared + open >= 6_000 && compared >= 4_000, "{compared} compared, {open} left open");
}
