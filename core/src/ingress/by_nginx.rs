//! One request as ingress-nginx answers it.

use super::answer::{BackendAnswer, Outcome, Response, Step, UpstreamRequest};
use super::backend::{Resolved, Target, Trouble};
use super::controllers::namespace_of;
use super::evaluate::{Asked, Candidates, Judged};
use super::spec::{Place, RuleRef};
use super::{explain, nginx};
use crate::manifest::ObjectRef;
use crate::model::Share;

impl Asked<'_> {
    pub(super) fn by_nginx(&self, explained: bool) -> Judged {
        let config = self.engine.nginx(self.snapshot);
        let controller = &self.engine.controller;
        let (peer, peer_why) = self.reach.peer(controller, self.client, self.request.scheme);
        let forwarded =
            self.request.header("x-forwarded-for").filter(|_| config.settings.use_forwarded_headers);
        let peer = forwarded.and_then(|list| list.split(',').next()?.trim().parse().ok()).or(peer);
        let has_endpoints = |id: u32| {
            let resolved = config.upstreams.get(id as usize).map(|upstream| self.resolve(upstream));
            resolved.is_some_and(|resolved| !resolved.targets.is_empty() || resolved.external.is_some())
        };
        let reply = nginx::reply(config, self.request, peer, has_endpoints);
        let place = reply.location.and_then(nginx::Location::place);
        let directive = reply.location.map(|location| format!("location {}", location.directive()));
        let matched = place.and_then(|place| self.matched(place, directive));
        let outcomes = self.nginx_outcomes(&reply);
        if !explained {
            let (steps, candidates) = (Vec::new(), Candidates::default());
            return Judged { matched, place, outcomes, steps, candidates };
        }
        let mut steps = vec![explain::nginx_server(self.request, reply.server)];
        steps.extend(reply.path.as_deref().map(|path| explain::nginx_path(self.request, path)));
        steps.extend(reply.location.map(explain::nginx_location));
        steps.extend(matched.as_ref().map(explain::matched));
        if reply.access.is_some() {
            steps.extend(peer_why.map(|text| Step { text, evidence: None }));
        }
        if let Some((why, location)) =
            outcomes.first().map(|outcome| outcome.why.clone()).zip(Some(reply.location))
        {
            let ignored = location.iter().flat_map(|location| &location.annotations.ignored);
            steps.extend(ignored.map(|(name, why)| Step {
                text: format!("annotation {name} is ignored: {why}"),
                evidence: None,
            }));
            steps.push(Step { text: why, evidence: None });
        }
        steps.extend(explain::rejected(&config.rejected));
        let candidates = self.nginx_candidates(config, &reply, place);
        Judged { matched, place, outcomes, steps, candidates }
    }

    fn resolve(&self, upstream: &nginx::Upstream) -> Resolved {
        let services = &self.table.services;
        let (namespace, name) = (&upstream.namespace, &upstream.service);
        let mut resolved = services.resolve(self.snapshot, namespace, name, &upstream.port, true);
        let service = resolved.service.and_then(|id| self.snapshot.service(id));
        if let Some(service) = service.filter(|_| upstream.service_upstream) {
            let port = service.spec.ports.iter().find(|port| {
                port.port.to_string() == upstream.port
                    || (!port.name.is_empty() && port.name == upstream.port)
            });
            let has_ip = !matches!(service.spec.cluster_ip.as_str(), "" | "None");
            if let Some(port) = port.filter(|_| has_ip).and_then(|port| u16::try_from(port.port).ok()) {
                let target = Target { address: service.spec.cluster_ip.clone(), port, pod: None };
                resolved = Resolved { targets: vec![target], trouble: None, ..resolved };
            }
        }
        if resolved.external.is_some() && self.engine.controller.flags.disable_external_name {
            resolved.external = None;
            resolved.trouble = Some(Trouble::ExternalNameDisabled);
        }
        resolved
    }

    fn nginx_outcomes(&self, reply: &nginx::Reply<'_>) -> Vec<Outcome> {
        let config = self.engine.nginx(self.snapshot);
        if let Some((response, why)) = &reply.answered {
            let mut outcome = self.answered(response.clone(), why.clone());
            outcome.response_headers.clone_from(&reply.response_headers);
            return vec![outcome];
        }
        let ways = reply.ways.iter().map(|way| {
            let upstream = way.upstream.and_then(|id| config.upstreams.get(id as usize));
            let mut outcome = match upstream {
                None => self.default_backend(reply, &way.why),
                Some(upstream) => self.nginx_upstream(reply, upstream, way.share),
            };
            let has_backend = outcome.upstream.is_some() || !outcome.endpoints.is_empty();
            if let Some((response, why)) = reply.access.as_ref().filter(|_| has_backend || upstream.is_none())
            {
                outcome = Outcome {
                    response: response.clone(),
                    why: why.clone(),
                    upstream: None,
                    endpoints: Vec::new(),
                    ..outcome
                };
            }
            outcome.share = way.share;
            outcome.response_headers.clone_from(&reply.response_headers);
            if !way.why.is_empty() && upstream.is_some() {
                outcome.why = format!("{}; {}", way.why, outcome.why);
            }
            outcome
        });
        ways.collect()
    }

    /// The controller's own default backend: 404, or the Service of `--default-backend-service`.
    fn default_backend(&self, reply: &nginx::Reply<'_>, why: &str) -> Outcome {
        let service =
            self.engine.controller.flags.default_backend.as_deref().and_then(|name| name.split_once('/'));
        let Some((namespace, name)) = service else {
            return self.answered(Response::status(404), why.to_owned());
        };
        let id = self.table.services.service(self.snapshot, namespace, name);
        let port =
            id.and_then(|id| self.snapshot.service(id)?.spec.ports.first().map(|port| port.port.to_string()));
        let port = port.unwrap_or_else(|| "80".into());
        let resolved = self.table.services.resolve(self.snapshot, namespace, name, &port, true);
        if resolved.targets.is_empty() {
            return self.answered(
                Response::status(404),
                format!("{why}; Service {namespace}/{name} has no endpoints"),
            );
        }
        let mut outcome = self.connect(&resolved, self.upstream_request(reply), Share::ALL);
        outcome.why = format!("{why}, which is Service {namespace}/{name}");
        outcome
    }

    fn upstream_request(&self, reply: &nginx::Reply<'_>) -> UpstreamRequest {
        let annotations = reply.location.map(|location| &location.annotations);
        let protocol = annotations.map_or("HTTP", |annotations| annotations.backend_protocol.as_str());
        UpstreamRequest {
            protocol: explain::protocol(protocol).into(),
            method: self.request.method().to_owned(),
            host: reply.upstream_host.clone(),
            path: reply.upstream_path.clone(),
            headers: reply.upstream_headers.clone(),
        }
    }

    fn nginx_upstream(&self, reply: &nginx::Reply<'_>, upstream: &nginx::Upstream, share: Share) -> Outcome {
        let resolved = self.resolve(upstream);
        let request = self.upstream_request(reply);
        let annotations = reply.location.map(|location| &location.annotations);
        let name = (upstream.namespace.as_str(), upstream.service.as_str(), upstream.port.as_str());
        let fallback = annotations.map_or("", |annotations| annotations.default_backend.as_str());
        if resolved.trouble.is_some() && !fallback.is_empty() {
            let ingress = reply.location.and_then(nginx::Location::ingress).unwrap_or(upstream.ingress);
            if let Some(outcome) = self.fallback(ingress, fallback, upstream, request.clone(), share) {
                return outcome;
            }
        }
        let place = reply.location.and_then(nginx::Location::place).filter(|_| upstream.policy.is_none());
        let (ingress, field) = match place {
            Some(place) => (place.ingress(), place.backend_field()),
            None => (upstream.ingress, upstream.field.clone()),
        };
        let mut outcome = self.proxied(ingress, &field, name, &resolved, request, share);
        if let Some(auth) = annotations.and_then(|annotations| annotations.auth_secret.as_deref()) {
            self.authenticate(&mut outcome, ingress, auth);
        }
        if annotations.is_some_and(|annotations| !annotations.auth_url.is_empty())
            && outcome.upstream.is_some()
        {
            let missing = "what the external authentication service of auth-url answers".to_owned();
            outcome.why.clone_from(&missing);
            outcome.response = Response::Undetermined { missing };
        }
        outcome
    }

    // ingress-nginx: internal/ingress/annotations/auth/main.go
    fn authenticate(&self, outcome: &mut Outcome, ingress: u32, secret: &str) {
        let namespace = self.namespace(ingress);
        let (namespace, name) = secret.split_once('/').unwrap_or((&namespace, secret));
        let found = self
            .snapshot
            .secrets
            .iter()
            .any(|stored| namespace_of(stored) == namespace && stored.object.name == name);
        let (response, why) = if !found {
            (
                Response::status(503),
                format!("the location is denied: Secret {namespace}/{name} of auth-secret does not exist"),
            )
        } else if self.request.header("authorization").is_none() {
            (
                Response::status(401),
                "the Ingress asks for a user and password and the request carries none".into(),
            )
        } else {
            let missing = format!("whether the password is one of those in Secret {namespace}/{name}");
            (Response::Undetermined { missing: missing.clone() }, missing)
        };
        *outcome = Outcome { response, why, upstream: None, endpoints: Vec::new(), ..outcome.clone() };
    }

    /// The Service of the `default-backend` annotation, when it has endpoints.
    fn fallback(
        &self,
        ingress: u32,
        name: &str,
        failed: &nginx::Upstream,
        mut request: UpstreamRequest,
        share: Share,
    ) -> Option<Outcome> {
        let namespace = self.namespace(ingress);
        let id = self.table.services.service(self.snapshot, &namespace, name)?;
        let port = self.snapshot.service(id)?.spec.ports.first()?.clone();
        let (targets, _) = self.table.services.endpoints(self.snapshot, id, &port, "TCP");
        if targets.is_empty() {
            return None;
        }
        let stored = self.snapshot.ingresses.get(ingress as usize)?;
        let headers = [
            ("X-Code", "503"),
            ("X-Original-URI", self.request.target()),
            ("X-Namespace", namespace.as_str()),
            ("X-Ingress-Name", stored.object.name.as_str()),
            ("X-Service-Name", failed.service.as_str()),
            ("X-Service-Port", failed.port.as_str()),
        ];
        let header = |(name, value): (&str, &str)| super::Header { name: name.into(), value: value.into() };
        request.headers.extend(headers.into_iter().map(header));
        let resolved = Resolved { service: Some(id), targets, ..Resolved::default() };
        let mut outcome = self.connect(&resolved, request, share);
        outcome.why = format!(
            "Service {}/{} has no endpoints, so the Service of the default-backend annotation answers",
            failed.namespace, failed.service
        );
        let field = format!("metadata.annotations[{}default-backend]", nginx::annotations::PREFIX);
        let (_, evidence) = self.evidence(ingress, &field)?;
        outcome.backend = Some(BackendAnswer {
            service: ObjectRef::namespaced("Service", &namespace, name),
            port: port.port.to_string(),
            evidence,
        });
        Some(outcome)
    }

    fn nginx_candidates(
        &self,
        config: &nginx::Config,
        reply: &nginx::Reply<'_>,
        winner: Option<Place>,
    ) -> Candidates {
        let path = reply.path.as_deref().unwrap_or_default();
        let server = reply.server;
        let tried = server.into_iter().flat_map(|server| server.tried(path)).filter_map(|location| {
            match location.cause {
                nginx::Cause::Rule(rule) => Some(rule),
                _ => None,
            }
        });
        self.collect(winner, tried, |at: RuleRef, host, _| {
            if winner == Some(Place::Rule(at)) {
                return Some(explain::won(reply.location));
            }
            if let Some((_, why)) = config.dropped.iter().find(|(dropped, _)| *dropped == at.ingress) {
                return Some(format!("the controller drops this Ingress: {why}"));
            }
            let server = server?;
            let name = if host.is_empty() { "_" } else { host };
            if server.host != name && !server.aliases.iter().any(|alias| alias == name) {
                return Some(format!("server {} takes the host", server.host));
            }
            Some(match server.of_rule(at) {
                Some(location) => location.why_lost(path, reply.location),
                None => explain::no_location(config, at),
            })
        })
    }
}
