//! One request or connection through listener, route, filters and backends.

use super::answer::{
    GatewayCertificate, GatewayOutcome, GatewayRouting, ListenerAnswer, MirrorAnswer, RouteCandidate,
    RouteMatched, TimeoutsAnswer,
};
use super::filters::{self, Passing};
use super::listeners::ListenerState;
use super::matching::{self, Rank, Verdict};
use super::objects::{RouteKind, evidence, namespace};
use super::references::{self, From};
use super::{Table, explain, hostname, policy};
use crate::ingress::{Header, HttpRequest, Reach, Response, Scheme, UpstreamRequest, connections};
use crate::manifest::ObjectRef;
use crate::manifest::api::gateway_v1 as api;
use crate::model::{PodId, Share, Snapshot};
use crate::order::SliceOrder;
use serde::{Deserialize, Serialize};

/// Candidates listed in an answer.
const LISTED: usize = 40;

/// What a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GatewayProtocol {
    /// HTTP or HTTPS, by the request's scheme.
    #[default]
    Http,
    /// gRPC, which is HTTP/2 with a content type.
    Grpc,
    /// TLS without HTTP inside that anyone looks at.
    Tls,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// A request or connection to a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GatewayRequest {
    /// The Gateway, `namespace/name`; empty means the first one.
    pub gateway: String,
    /// The port connected to; absent means the port in the Host header, else the scheme's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What the client speaks.
    pub protocol: GatewayProtocol,
    /// The request; of a TLS connection only its server name counts, of TCP and UDP nothing.
    pub http: HttpRequest,
}

impl GatewayRequest {
    fn port(&self) -> u16 {
        let in_host = || self.http.host.as_deref()?.rsplit_once(':')?.1.parse().ok();
        self.port.or_else(in_host).unwrap_or_else(|| self.scheme().default_port())
    }

    fn scheme(&self) -> Scheme {
        if self.protocol == GatewayProtocol::Tls { Scheme::Https } else { self.http.scheme }
    }
}

struct Asked<'a> {
    table: &'a Table,
    reach: Reach<'a>,
    snapshot: &'a Snapshot,
    request: &'a GatewayRequest,
    answer: GatewayRouting,
}

/// Answers one request; `gateway` is an index that exists.
pub(crate) fn route(
    table: &Table,
    reach: Reach<'_>,
    gateway: usize,
    request: &GatewayRequest,
) -> GatewayRouting {
    let world = &table.world;
    let object = world.objects.gateways.get(gateway).map(|stored| stored.object.clone());
    let controller = world.gateways.get(gateway).and_then(|state| state.controller.clone());
    let answer = GatewayRouting {
        summary: String::new(),
        gateway: object.unwrap_or_else(|| ObjectRef::namespaced("Gateway", "", "")),
        controller,
        listener: None,
        matched: None,
        candidates: Vec::new(),
        candidates_left_out: 0,
        outcomes: Vec::new(),
        mirrors: Vec::new(),
        timeouts: None,
        certificate: None,
        client_certificate_required: false,
        steps: Vec::new(),
    };
    let mut asked = Asked { table, reach, snapshot: reach.snapshot, request, answer };
    asked.run(gateway);
    asked.answer.summary = explain::summary(request, &asked.answer);
    asked.answer
}

/// The best match so far: how specific its host is, its rank, route, rule, match and the host.
type Best = ((usize, usize), Rank, usize, u32, Option<u32>, String);

impl<'a> Asked<'a> {
    fn run(&mut self, gateway: usize) {
        if self.answer.controller.is_none() {
            return self.end(Response::ConnectionFailed {}, explain::NO_CLASS.into());
        }
        let port = self.request.port();
        let table = self.table;
        let here: Vec<&ListenerState> = table
            .world
            .listeners
            .iter()
            .filter(|listener| listener.gateway == gateway && listener.port == port && listener.programmed())
            .collect();
        if here.is_empty() {
            return self.end(Response::ConnectionFailed {}, explain::no_listener(port));
        }
        match (self.request.protocol, self.request.scheme()) {
            (GatewayProtocol::Tcp, _) => self.plain(&here, "TCP", RouteKind::Tcp),
            (GatewayProtocol::Udp, _) => self.plain(&here, "UDP", RouteKind::Udp),
            (_, Scheme::Https) => self.tls(&here),
            (_, Scheme::Http) => self.http(&here),
        }
    }

    fn end(&mut self, response: Response, why: String) {
        self.answer.steps.push(why.clone());
        self.answer.outcomes = vec![GatewayOutcome {
            share: Share::ALL,
            backend: None,
            port: None,
            upstream: None,
            headers: Vec::new(),
            backend_tls: None,
            endpoints: Vec::new(),
            response,
            response_changes: Vec::new(),
            why,
        }];
    }

    fn take(&mut self, listener: &ListenerState) {
        let world = &self.table.world;
        let field = format!("spec.listeners[{}]", listener.index);
        let place = match listener.set {
            Some(set) => world.objects.sets.get(set).map(|stored| evidence(self.snapshot, stored, &field)),
            None => world
                .objects
                .gateways
                .get(listener.gateway)
                .map(|stored| evidence(self.snapshot, stored, &field)),
        };
        self.answer.steps.push(explain::listener(listener));
        self.answer.listener = place.map(|evidence| ListenerAnswer {
            name: listener.name.clone(),
            object: evidence.object.clone(),
            port: listener.port,
            protocol: listener.protocol.clone(),
            hostname: listener.hostname.clone(),
            evidence,
        });
    }

    fn http(&mut self, here: &[&'a ListenerState]) {
        let host = self.request.http.host_name().unwrap_or_default();
        let plain: Vec<&ListenerState> =
            here.iter().copied().filter(|listener| listener.protocol == "HTTP").collect();
        if plain.is_empty() {
            return self.end(Response::ConnectionFailed {}, explain::NOT_HTTP.into());
        }
        match best(&plain, &host) {
            Some(listener) => {
                self.take(listener);
                self.routes(listener, &host);
            }
            None => self.end(Response::Status { code: 404, location: None }, explain::no_host(&host)),
        }
    }

    fn tls(&mut self, here: &[&'a ListenerState]) {
        let name = match self.request.protocol {
            GatewayProtocol::Tls => self.request.http.sni.clone().or_else(|| self.request.http.host_name()),
            _ => self.request.http.server_name(),
        };
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let secure: Vec<&ListenerState> = here
            .iter()
            .copied()
            .filter(|listener| matches!(listener.protocol.as_str(), "HTTPS" | "TLS"))
            .collect();
        let Some(listener) = best(&secure, &name) else {
            return self.end(Response::ConnectionFailed {}, explain::no_server_name(&name));
        };
        self.take(listener);
        self.answer.client_certificate_required = listener.client_certificate;
        self.show_certificate(listener, &name);
        if listener.protocol == "TLS" {
            return self.by_server_name(listener, &name);
        }
        let host = self.request.http.host_name().unwrap_or_default();
        let web: Vec<&ListenerState> =
            here.iter().copied().filter(|listener| listener.protocol == "HTTPS").collect();
        // gateway-api: apis/v1/gateway_types.go Listener.Hostname, on connection reuse
        match best(&web, &host) {
            Some(other) if other.name == listener.name && other.set == listener.set => {
                self.routes(listener, &host)
            }
            Some(_) => {
                let why = explain::misdirected(&host, &name);
                self.end(Response::Status { code: 421, location: None }, why);
            }
            None => self.end(Response::Status { code: 404, location: None }, explain::no_host(&host)),
        }
    }

    fn show_certificate(&mut self, listener: &ListenerState, name: &str) {
        let covering = listener.certificates.iter().find(|(_, _, data)| data.covers(name));
        let time = self.snapshot.settings.ingress.time.as_deref();
        self.answer.certificate =
            covering.or_else(|| listener.certificates.first()).map(|(space, secret, data)| {
                GatewayCertificate {
                    secret: ObjectRef::namespaced("Secret", space, secret),
                    covers_host: data.covers(name),
                    valid: time.and_then(|time| data.valid_at(time)),
                    data: data.clone(),
                }
            });
    }

    /// TLSRoutes: the most specific host name, then the oldest.
    // gateway-api: apis/v1/tlsroute_types.go
    fn by_server_name(&mut self, listener: &ListenerState, name: &str) {
        let routes = &self.table.world.objects.routes;
        let mut found: Option<((usize, usize), usize, String)> = None;
        for &index in &listener.attached {
            let Some((_, route)) = routes.get(index) else { continue };
            for pattern in hostname::effective(&listener.hostname, &route.value.spec.hostnames) {
                if !hostname::covers(&pattern, name) {
                    continue;
                }
                let rank = hostname::specificity(&pattern);
                if found.as_ref().is_none_or(|(best, _, _)| rank > *best) {
                    found = Some((rank, index, pattern));
                }
            }
        }
        match found {
            Some((_, index, pattern)) => self.forward(index, &pattern, "TCP"),
            None => self.end(Response::ConnectionFailed {}, explain::no_route_for_name(name)),
        }
    }

    /// TCPRoutes and UDPRoutes: the oldest on the listener.
    // gateway-api: apis/v1/tcproute_types.go, udproute_types.go: one route serves a listener, the oldest
    fn plain(&mut self, here: &[&'a ListenerState], protocol: &str, kind: RouteKind) {
        let Some(listener) = here.iter().copied().find(|listener| listener.protocol == protocol) else {
            return self.end(Response::ConnectionFailed {}, explain::no_protocol(protocol));
        };
        self.take(listener);
        let routes = &self.table.world.objects.routes;
        let is_kind = |index: &&usize| routes.get(**index).is_some_and(|(found, _)| *found == kind);
        match listener.attached.iter().filter(is_kind).min() {
            Some(index) => self.forward(*index, "", protocol),
            None => self.end(Response::ConnectionFailed {}, explain::NO_ROUTE.into()),
        }
    }

    /// A route that forwards bytes: its first rule.
    fn forward(&mut self, index: usize, pattern: &str, protocol: &str) {
        let table = self.table;
        let Some((kind, route)) = table.world.objects.routes.get(index) else { return };
        let rule = route.value.spec.rules.first();
        self.answer.matched = Some(RouteMatched {
            route: route.object.clone(),
            kind: *kind,
            hostname: pattern.to_owned(),
            rule: 0,
            rule_name: rule.and_then(|rule| rule.name.clone()),
            evidence: evidence(self.snapshot, route, "spec.rules[0]"),
        });
        self.answer.steps.push(explain::route(&route.object));
        let backends = rule.map_or(&[][..], |rule| &rule.backend_refs);
        let from = From { kind: kind.as_str(), namespace: namespace(route) };
        let total: u32 = backends.iter().map(weight).sum();
        if total == 0 {
            return self.end(Response::ConnectionFailed {}, explain::NO_BACKEND.into());
        }
        self.answer.outcomes = backends
            .iter()
            .filter(|backend| weight(backend) > 0)
            .map(|backend| {
                let share = Share { n: weight(backend), of: total }.of_share(Share::ALL);
                self.outcome(from, backend, share, None, protocol)
            })
            .collect();
    }

    fn routes(&mut self, listener: &ListenerState, host: &str) {
        let table = self.table;
        let grpc = self.request.protocol == GatewayProtocol::Grpc;
        let mut best: Option<Best> = None;
        let mut unknown = None;
        let mut considered: Vec<(usize, u32, Option<u32>, String)> = Vec::new();
        for &index in &listener.attached {
            let Some((kind, route)) = table.world.objects.routes.get(index) else { continue };
            if *kind == RouteKind::Grpc && !grpc {
                continue;
            }
            let names = hostname::effective(&listener.hostname, &route.value.spec.hostnames);
            let covering = names.into_iter().filter(|name| hostname::covers(name, host));
            let Some(name) = covering.max_by_key(|name| hostname::specificity(name)) else {
                considered.push((index, 0, None, explain::other_host(host)));
                continue;
            };
            let specificity = hostname::specificity(&name);
            for (rule_index, rule) in route.value.spec.rules.iter().enumerate() {
                let count = rule.matches.len().max(1);
                for position in 0..count {
                    let matched = rule.matches.get(position);
                    let place = matched.map(|_| position as u32);
                    match matching::judge(*kind, matched, &self.request.http) {
                        Verdict::Yes(rank) => {
                            let better =
                                best.as_ref().is_none_or(|(s, r, ..)| (specificity, rank) > (*s, *r));
                            if better {
                                best =
                                    Some((specificity, rank, index, rule_index as u32, place, name.clone()));
                            }
                            considered.push((index, rule_index as u32, place, String::new()));
                        }
                        Verdict::No(why) => considered.push((index, rule_index as u32, place, why)),
                        Verdict::Unknown(why) => {
                            unknown.get_or_insert_with(|| why.clone());
                            considered.push((index, rule_index as u32, place, why));
                        }
                    }
                }
            }
        }
        let winner = best.as_ref().map(|(_, _, index, rule, place, _)| (*index, *rule, *place));
        self.list(&considered, winner);
        match (best, unknown) {
            (_, Some(missing)) => self.end(Response::Undetermined { missing: missing.clone() }, missing),
            (None, None) => {
                self.end(Response::Status { code: 404, location: None }, explain::NO_MATCH.into())
            }
            (Some((_, _, index, rule, place, name)), None) => self.serve(listener, index, rule, place, name),
        }
    }

    fn list(
        &mut self,
        considered: &[(usize, u32, Option<u32>, String)],
        winner: Option<(usize, u32, Option<u32>)>,
    ) {
        let table = self.table;
        let mut candidates: Vec<RouteCandidate> = considered
            .iter()
            .filter_map(|(index, rule, place, why)| {
                let (_, route) = table.world.objects.routes.get(*index)?;
                let won = winner == Some((*index, *rule, *place));
                let why = match (won, why.is_empty()) {
                    (true, _) => "it is the most specific match".into(),
                    (false, true) => "it matches too, but another match is more specific or older".into(),
                    (false, false) => why.clone(),
                };
                let field = match place {
                    Some(place) => format!("spec.rules[{rule}].matches[{place}]"),
                    None => format!("spec.rules[{rule}]"),
                };
                Some(RouteCandidate {
                    route: route.object.clone(),
                    won,
                    why,
                    evidence: evidence(self.snapshot, route, &field),
                })
            })
            .collect();
        candidates.order_by_key(|candidate| !candidate.won);
        self.answer.candidates_left_out = candidates.len().saturating_sub(LISTED) as u32;
        candidates.truncate(LISTED);
        self.answer.candidates = candidates;
    }

    fn serve(
        &mut self,
        listener: &ListenerState,
        index: usize,
        rule_index: u32,
        place: Option<u32>,
        name: String,
    ) {
        let table = self.table;
        let Some((kind, route)) = table.world.objects.routes.get(index) else { return };
        let Some(rule) = route.value.spec.rules.get(rule_index as usize) else { return };
        let field = match place {
            Some(place) => format!("spec.rules[{rule_index}].matches[{place}]"),
            None => format!("spec.rules[{rule_index}]"),
        };
        self.answer.steps.push(explain::route(&route.object));
        self.answer.matched = Some(RouteMatched {
            route: route.object.clone(),
            kind: *kind,
            hostname: name,
            rule: rule_index,
            rule_name: rule.name.clone(),
            evidence: evidence(self.snapshot, route, &field),
        });
        self.answer.timeouts = rule.timeouts.as_ref().map(|timeouts| TimeoutsAnswer {
            request: timeouts.request.clone(),
            backend_request: timeouts.backend_request.clone(),
        });
        let matched = place.and_then(|place| rule.matches.get(place as usize));
        let prefix =
            matched.and_then(|matched| matched.path.as_ref()?.value.as_deref()).unwrap_or("/").to_owned();
        let mut passing = Passing::new(&self.request.http);
        for filter in &rule.filters {
            filters::apply(&mut passing, filter, &self.request.http, &prefix, listener.port);
        }
        let from = From { kind: kind.as_str(), namespace: namespace(route) };
        self.mirror(from, rule.filters.iter());
        if let Some((response, why)) = passing.answered.clone() {
            self.end(response, why);
            if let Some(outcome) = self.answer.outcomes.first_mut() {
                outcome.response_changes = passing.response;
            }
            return;
        }
        let total: u32 = rule.backend_refs.iter().map(weight).sum();
        if total == 0 {
            return self.end(Response::Status { code: 500, location: None }, explain::NO_BACKEND.into());
        }
        let mut outcomes = Vec::new();
        for backend in rule.backend_refs.iter().filter(|backend| weight(backend) > 0) {
            let mut mine = passing.clone();
            for filter in &backend.filters {
                filters::apply(&mut mine, filter, &self.request.http, &prefix, listener.port);
            }
            self.mirror(from, backend.filters.iter());
            let share = Share { n: weight(backend), of: total }.of_share(Share::ALL);
            outcomes.push(self.outcome(from, backend, share, Some(mine), "TCP"));
        }
        self.answer.outcomes = outcomes;
    }

    fn mirror<'f>(&mut self, from: From<'_>, filters: impl Iterator<Item = &'f api::RouteFilter>) {
        for mirror in filters.filter_map(|filter| filter.request_mirror.as_ref()) {
            let (target, problem) =
                references::mirror(self.snapshot, &self.table.world.objects, from, &mirror.backend_ref);
            let number = |value: i32| u32::try_from(value).unwrap_or_default();
            let share = match (&mirror.fraction, mirror.percent) {
                (Some(fraction), _) => Share {
                    n: number(fraction.numerator),
                    of: fraction.denominator.map_or(100, number).max(1),
                },
                (None, Some(percent)) => Share { n: number(percent), of: 100 },
                (None, None) => Share::ALL,
            };
            self.answer.mirrors.push(MirrorAnswer {
                backend: ObjectRef::namespaced("Service", &target.namespace, &target.name),
                share: share.of_share(Share::ALL),
                problem: problem.map(|problem| problem.message),
            });
        }
    }

    fn outcome(
        &self,
        from: From<'_>,
        backend: &api::BackendRef,
        share: Share,
        passing: Option<Passing>,
        protocol: &str,
    ) -> GatewayOutcome {
        let (target, problem) = references::backend(self.snapshot, &self.table.world.objects, from, backend);
        let failed = |code: u16| match passing {
            Some(_) => Response::Status { code, location: None },
            None => Response::ConnectionFailed {},
        };
        let mut outcome = GatewayOutcome {
            share,
            backend: Some(ObjectRef::namespaced("Service", &target.namespace, &target.name)),
            port: target.port.and_then(|port| u16::try_from(port).ok()),
            upstream: None,
            headers: Vec::new(),
            backend_tls: None,
            endpoints: Vec::new(),
            response: failed(500),
            response_changes: passing.as_ref().map(|passing| passing.response.clone()).unwrap_or_default(),
            why: String::new(),
        };
        if let Some((response, why)) = passing.as_ref().and_then(|passing| passing.answered.clone()) {
            return GatewayOutcome { response, why, ..outcome };
        }
        if let Some(problem) = problem {
            outcome.why = problem.message;
            return outcome;
        }
        let Some(id) = self.table.services.service(self.snapshot, &target.namespace, &target.name) else {
            return outcome;
        };
        let Some(service) = self.snapshot.service(id) else { return outcome };
        let port = service.spec.ports.iter().find(|port| Some(port.port) == target.port);
        let tls = policy::of_service(self.snapshot, &self.table.world, &target);
        let application = port.and_then(|port| port.app_protocol.as_deref()).unwrap_or_default();
        let scheme = match (&tls, application) {
            (Some(_), _) => "https",
            (None, "kubernetes.io/h2c") => "h2c",
            (None, "kubernetes.io/ws") => "ws",
            _ if from.kind == "GRPCRoute" => "h2c",
            _ => "http",
        };
        outcome.upstream = passing.as_ref().map(|passing| UpstreamRequest {
            protocol: scheme.into(),
            method: self.request.http.method().to_owned(),
            host: passing.host.clone(),
            path: passing.path.clone(),
            headers: passing.added.clone(),
        });
        outcome.headers = passing
            .iter()
            .flat_map(|passing| &passing.headers)
            .map(|(name, value)| Header { name: name.clone(), value: value.clone() })
            .collect();
        let usable = tls.as_ref().is_none_or(|tls| tls.usable);
        outcome.backend_tls = tls;
        if !usable {
            outcome.upstream = None;
            outcome.why = "the BackendTLSPolicy of the Service has no valid CA certificate".into();
            return outcome;
        }
        if service.spec.type_ == "ExternalName" {
            outcome.response = Response::Backend {};
            outcome.why = format!("the Gateway resolves {}", service.spec.external_name);
            return outcome;
        }
        let Some(port) = port else { return outcome };
        let (targets, not_ready) = self.table.services.endpoints(self.snapshot, id, port, protocol);
        if targets.is_empty() {
            outcome.upstream = None;
            outcome.response = failed(503);
            outcome.why = explain::no_endpoints(&target, not_ready);
            return outcome;
        }
        outcome.endpoints = self.reach.endpoints(&self.data_plane(), &targets, protocol);
        let (response, why) = connections(&outcome.endpoints);
        outcome.response = match (response, &passing) {
            (Response::Status { .. }, None) => Response::ConnectionFailed {},
            (response, _) => response,
        };
        outcome.why = why;
        outcome
    }

    /// The pods of the Gateway's data plane, when the manifests show them.
    // gateway-api: GEP-1762, label gateway.networking.k8s.io/gateway-name
    fn data_plane(&self) -> Vec<PodId> {
        let name = &self.answer.gateway.name;
        let pods = self.snapshot.pods.iter().enumerate();
        let mine =
            pods.filter(|(_, pod)| pod.labels.get("gateway.networking.k8s.io/gateway-name") == Some(name));
        mine.map(|(index, _)| PodId(index as u32)).collect()
    }
}

fn weight(backend: &api::BackendRef) -> u32 {
    backend.weight.map_or(1, |weight| u32::try_from(weight).unwrap_or_default())
}

/// The most specific listener whose host name covers `host`.
fn best<'a>(listeners: &[&'a ListenerState], host: &str) -> Option<&'a ListenerState> {
    let mut found: Option<&ListenerState> = None;
    for &listener in listeners.iter().filter(|listener| hostname::covers(&listener.hostname, host)) {
        let rank = |listener: &ListenerState| hostname::specificity(&listener.hostname);
        if found.is_none_or(|best| rank(listener) > rank(best)) {
            found = Some(listener);
        }
    }
    found
}
