//! What a rule does with a request: filters, shares of backends, and what comes of connecting to each.

use super::answer::{GatewayOutcome, MirrorAnswer, RouteMatched, TimeoutsAnswer};
use super::choose::{Place, field};
use super::dataplane;
use super::filters::{self, Passing};
use super::listeners::ListenerState;
use super::objects::{evidence, namespace};
use super::references::{self, From};
use super::route::Asked;
use super::{explain, policy};
use crate::ingress::{Header, Response, UpstreamRequest};
use crate::manifest::ObjectRef;
use crate::manifest::api::gateway_v1 as api;
use crate::model::Share;

impl Asked<'_> {
    /// Passes a request through a rule of an HTTPRoute or GRPCRoute.
    pub(super) fn serve(&mut self, listener: &ListenerState, place: Place, name: String) {
        let (index, rule_index, place) = place;
        let table = self.table;
        let Some((kind, route)) = table.world.objects.routes.get(index) else { return };
        let Some(rule) = route.value.spec.rules.get(rule_index as usize) else { return };
        let field = field(rule_index, place);
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
        self.mirror(from, rule.filters.iter(), Share::ALL);
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
            let share = Share { n: weight(backend), of: total }.of_share(Share::ALL);
            self.mirror(from, backend.filters.iter(), share);
            outcomes.push(self.outcome(from, backend, share, Some(mine), ("TCP", false)));
        }
        self.answer.outcomes = outcomes;
    }

    /// Notes the copies of `part` of the requests.
    fn mirror<'f>(
        &mut self,
        from: From<'_>,
        filters: impl Iterator<Item = &'f api::RouteFilter>,
        part: Share,
    ) {
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
                share: share.of_share(part),
                problem: problem.map(|problem| problem.message),
            });
        }
    }

    /// A route that forwards bytes: its first rule. `sealed` when they are somebody else's TLS, so that
    /// no BackendTLSPolicy applies.
    pub(super) fn forward(&mut self, index: usize, pattern: &str, protocol: &str, sealed: bool) {
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
                self.outcome(from, backend, share, None, (protocol, sealed))
            })
            .collect();
    }

    fn outcome(
        &self,
        from: From<'_>,
        backend: &api::BackendRef,
        share: Share,
        passing: Option<Passing>,
        (protocol, sealed): (&str, bool),
    ) -> GatewayOutcome {
        let (target, problem) = references::backend(self.snapshot, &self.table.world.objects, from, backend);
        let failed = |code: u16| match passing {
            Some(_) => Response::Status { code, location: None },
            None => Response::ConnectionFailed {},
        };
        let mut outcome = GatewayOutcome {
            share,
            backend: Some(ObjectRef::namespaced(
                backend.kind.as_deref().unwrap_or("Service"),
                &target.namespace,
                &target.name,
            )),
            port: target.port.and_then(|port| u16::try_from(port).ok()),
            upstream: None,
            headers: Vec::new(),
            backend_tls: None,
            endpoints: Vec::new(),
            response: failed(500),
            grpc_status: None,
            response_changes: passing.as_ref().map(|passing| passing.response.clone()).unwrap_or_default(),
            why: String::new(),
        };
        if let Some((response, why)) = passing.as_ref().and_then(|passing| passing.answered.clone()) {
            return GatewayOutcome { response, why, ..outcome };
        }
        if let Some(missing) = references::unknown_kind(backend) {
            outcome.response = Response::Undetermined { missing: missing.clone() };
            outcome.why = missing;
            return outcome;
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
        let tls = policy::of_service(self.snapshot, &self.table.world, &target)
            .filter(|_| !sealed && !matches!(from.kind, "TCPRoute" | "UDPRoute"));
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
            outcome.why = explain::NO_AUTHORITY.into();
            return outcome;
        }
        if service.spec.type_ == "ExternalName" {
            // gateway-api: apis/v1/object_reference_types.go BackendObjectReference.Kind
            let missing = explain::external_name(&target, &service.spec.external_name);
            outcome.response = Response::Undetermined { missing: missing.clone() };
            outcome.why = missing;
            return outcome;
        }
        let Some(port) = port else { return outcome };
        let (targets, not_ready) = self.table.services.endpoints(self.snapshot, id, port, (protocol, false));
        if targets.is_empty() {
            outcome.upstream = None;
            outcome.response = failed(503);
            outcome.why = explain::no_endpoints(&target, not_ready);
            return outcome;
        }
        let pods = dataplane::pods(self.snapshot, &self.answer.gateway);
        outcome.endpoints = self.reach.endpoints(&pods, &targets, protocol);
        (outcome.response, outcome.why) =
            explain::connections(&outcome.endpoints, self.proxy(), passing.is_some());
        outcome
    }
}

fn weight(backend: &api::BackendRef) -> u32 {
    backend.weight.map_or(1, |weight| u32::try_from(weight).unwrap_or_default())
}
