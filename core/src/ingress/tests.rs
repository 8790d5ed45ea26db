use super::{HttpRequest, Response, Routing};
use crate::{Cluster, Settings, Source};

const CLASSES: &str = "
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: plain}
spec: {controller: example.com/plain}
";

fn cluster(text: &str) -> Cluster {
    let mut settings = Settings::default();
    settings.ingress.assume_controller = true;
    Cluster::load([Source::new("classes.yaml", CLASSES), Source::new("test.yaml", text)], &settings)
}

fn route(cluster: &Cluster, url: &str) -> Routing {
    cluster.route(&HttpRequest::get(url).unwrap())
}

fn ingress(name: &str, class: &str, host: &str, paths: &[(&str, &str, &str)], annotations: &str) -> String {
    let paths: String = paths
        .iter()
        .map(|(kind, path, service)| {
            format!("      - {{pathType: {kind}, path: '{path}', backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}\n")
        })
        .collect();
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\n  annotations: {{{annotations}}}\nspec:\n  ingressClassName: {class}\n  rules:\n  - host: {host}\n    http:\n      paths:\n{paths}"
    )
}

fn service(name: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: 8080}}]}}\n\
         ---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{app: {name}}}}}\nspec: {{containers: [{{name: c, image: i, ports: [{{containerPort: 8080}}]}}]}}\n"
    )
}

fn matched(routing: &Routing) -> Option<&str> {
    routing.matched.as_ref()?.path.as_deref()
}

#[test]
fn the_longest_path_wins_and_the_losers_say_why() {
    let text = ingress(
        "a",
        "plain",
        "h.example.com",
        &[("Prefix", "/", "x"), ("Prefix", "/aaa", "x"), ("Exact", "/aaa/b", "x")],
        "",
    ) + &service("x");
    let cluster = cluster(&text);
    assert_eq!(matched(&route(&cluster, "http://h.example.com/aaa/b")), Some("/aaa/b"));
    assert_eq!(matched(&route(&cluster, "http://h.example.com/aaa/c")), Some("/aaa"));
    let routing = route(&cluster, "http://h.example.com/aaab");
    assert_eq!(matched(&routing), Some("/"));
    let loser = routing.candidates.iter().find(|candidate| candidate.path == "/aaa").unwrap();
    assert!(loser.why.contains("element by element"), "{}", loser.why);
    assert_eq!(routing.outcomes[0].response, Response::Backend {});
    assert_eq!(routing.outcomes[0].endpoints.len(), 1);
    assert!(routing.outcomes[0].endpoints[0].address.ends_with(":8080"));
}

#[test]
fn a_trailing_slash_is_where_the_two_behaviours_differ() {
    let text = ingress("a", "nginx", "h.example.com", &[("Prefix", "/foo/", "x")], "") + &service("x");
    let routing = route(&cluster(&text), "http://h.example.com/foo");
    let location = Some("http://h.example.com/foo/".to_owned());
    assert_eq!(routing.outcomes[0].response, Response::Status { code: 301, location });
    assert_eq!(routing.difference.unwrap().response, Response::Backend {});
}

#[test]
fn a_class_that_does_not_exist_claims_nothing() {
    let text = ingress("a", "ngnix", "h.example.com", &[("Prefix", "/", "x")], "") + &service("x");
    let routing = route(&cluster(&text), "http://h.example.com/");
    assert_eq!(routing.outcomes[0].response, Response::Status { code: 404, location: None });
    assert!(routing.candidates[0].why.contains("no such IngressClass"), "{}", routing.candidates[0].why);
}

#[test]
fn a_rewrite_without_groups_replaces_the_whole_path() {
    let annotation = "nginx.ingress.kubernetes.io/rewrite-target: /";
    let text = ingress("a", "nginx", "h.example.com", &[("Prefix", "/foo", "x")], annotation) + &service("x");
    let routing = route(&cluster(&text), "http://h.example.com/foo/bar?x=1");
    assert_eq!(routing.outcomes[0].upstream.as_ref().unwrap().path, "/?x=1");
}

#[test]
fn a_number_that_is_the_target_port_works_on_nginx_only() {
    let text = |class: &str| {
        ingress("a", class, "h.example.com", &[("Prefix", "/", "x")], "")
            .replace("number: 80", "number: 8080")
            + &service("x")
    };
    let nginx = route(&cluster(&text("nginx")), "http://h.example.com/");
    assert_eq!(nginx.outcomes[0].response, Response::Backend {});
    let spec = route(&cluster(&text("plain")), "http://h.example.com/");
    assert_eq!(spec.outcomes[0].response, Response::Status { code: 503, location: None });
    assert!(spec.outcomes[0].why.contains("targetPort"), "{}", spec.outcomes[0].why);
}

#[test]
fn a_pod_that_listens_elsewhere_is_a_502_and_a_dropped_connection_a_504() {
    let text = ingress("a", "nginx", "h.example.com", &[("Prefix", "/", "x")], "") + &service("x");
    let closed = cluster(&text.replace("containerPort: 8080", "containerPort: 9090"));
    assert_eq!(
        route(&closed, "http://h.example.com/").outcomes[0].response,
        Response::Status { code: 502, location: None }
    );

    let controller = "
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: ingress-nginx}
spec:
  selector: {matchLabels: {app: controller}}
  template:
    metadata: {labels: {app: controller}}
    spec: {containers: [{name: c, image: registry.k8s.io/ingress-nginx/controller:v1.15.1, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: controller, namespace: ingress-nginx}
spec: {type: NodePort, selector: {app: controller}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, policyTypes: [Ingress]}
";
    let denied = Cluster::load(
        [Source::new("classes.yaml", CLASSES), Source::new("test.yaml", text + controller)],
        &Settings::default(),
    );
    let routing = route(&denied, "http://h.example.com/");
    assert_eq!(routing.obstacles, []);
    assert_eq!(routing.outcomes[0].response, Response::Status { code: 504, location: None });
}

#[test]
fn a_cluster_without_controller_serves_nothing_and_says_so() {
    let text = ingress("a", "nginx", "h.example.com", &[("Prefix", "/", "x")], "") + &service("x");
    let cluster = Cluster::load([Source::new("test.yaml", text)], &Settings::default());
    let routing = route(&cluster, "http://h.example.com/");
    assert_eq!(routing.obstacles[0].code, "ingress/no-controller");
    assert!(routing.outcomes.is_empty());
}

#[test]
fn the_table_refuses_what_nginx_refuses() {
    let text =
        ingress("a", "nginx", "h.example.com", &[("Prefix", "/foo", "x"), ("Prefix", "/foo/", "x")], "");
    let table = cluster(&text).nginx_table().unwrap();
    assert_eq!(table.rejected, ["duplicate location \"/foo/\""]);
}

#[test]
fn the_webhook_refuses_a_second_owner_of_a_path() {
    let text = ingress("a", "nginx", "h.example.com", &[("Prefix", "/foo", "x")], "")
        + &ingress("b", "nginx", "h.example.com", &[("Prefix", "/bar", "x"), ("Prefix", "/foo", "x")], "");
    let refusals = cluster(&text).ingress_refusals();
    assert_eq!(refusals.len(), 1);
    assert_eq!(
        refusals[0].message,
        "host \"h.example.com\" and path \"/foo\" is already defined in ingress default/a"
    );
}

#[test]
fn of_many_paths_the_nearest_are_listed_and_the_rest_are_counted() {
    let names: Vec<String> = (0..300).map(|number| format!("/app{number:03}")).collect();
    let paths: Vec<(&str, &str, &str)> = names.iter().map(|name| ("Prefix", name.as_str(), "x")).collect();
    let mut text = ingress("a", "plain", "shop.example.com", &paths, "") + &service("x");
    text += &ingress("b", "plain", "shop.example.org", &paths, "");
    text += &ingress("c", "nobody", "shop.example.com", &[("Prefix", "/app150", "x")], "");
    let cluster = cluster(&text);
    let routing = route(&cluster, "http://shop.example.com/app150/x");
    assert_eq!(routing.candidates[0].path, "/app150");
    assert!(routing.candidates[0].won);
    assert!(routing.candidates.len() <= 40);
    assert!(routing.candidates.iter().any(|candidate| candidate.path == "/app151"));
    assert!(routing.candidates.iter().any(|candidate| candidate.why.contains("no such IngressClass")));
    let listed = routing.candidates.len() as u32;
    assert_eq!((routing.candidates_left_out, routing.candidates_elsewhere), (301 - listed, 300));

    let routing = route(&cluster, "http://shop.example.net/app150");
    assert!(routing.matched.is_none());
    let other = routing.candidates.iter().find(|candidate| candidate.host == "shop.example.org").unwrap();
    assert!(other.why.contains("the request asks for shop.example.net"), "{}", other.why);
}
