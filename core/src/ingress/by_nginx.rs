//! One request as ingress-nginx answers it.

use super::answer::{BackendAnswer, Outcome, Response, Step, UpstreamRequest};
use super::backend::{Resolved, Target, Trouble};
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
        steps.extend(reply.location.into_iter().flat_map(explain::nginx_besides));
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
        if upstream.removed {
            return Resolved { trouble: Some(Trouble::Removed), ..Resolved::default() };
        }
        let service = resolved.service.and_then(|id| self.snapshot.service(id));
        // ingress-nginx: controller.go getServiceClusterEndpoint: a number is not looked up in the Service
        if let Some(service) = service.filter(|_| upstream.service_upstream) {
            let named =
                service.spec.ports.iter().find(|port| !port.name.is_empty() && port.name == upstream.port);
            let number = upstream.port.parse::<u16>().ok();
            let port = number.or_else(|| u16::try_from(named?.port).ok());
            let has_ip = !matches!(service.spec.cluster_ip.as_str(), "" | "None");
            if let Some(port) = port.filter(|_| has_ip) {
                let address = service.spec.cluster_ip.clone();
                let rejected = resolved.targets.is_empty()
                    || !service.spec.ports.iter().any(|candidate| candidate.port == i32::from(port));
                if rejected {
                    let trouble = Trouble::Rejected { address: format!("{address}:{port}") };
                    return Resolved { trouble: Some(trouble), targets: Vec::new(), ..resolved };
                }
                let target = Target { address, port, pod: None };
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
            let outcome = self.answered(response.clone(), why.clone());
            let mut outcome = self.custom_error(reply, outcome);
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
            if has_backend || upstream.is_none() {
                outcome = self.guarded(reply, outcome);
            }
            if let Some(missing) = &way.missing {
                outcome.response = Response::Undetermined { missing: missing.clone() };
            }
            outcome = self.custom_error(reply, outcome);
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
            if let Some(outcome) = self.fallback(ingress, (fallback, 503), upstream, request.clone(), share) {
                return outcome;
            }
        }
        let place = reply.location.and_then(nginx::Location::place).filter(|_| upstream.policy.is_none());
        let (ingress, field) = match place {
            Some(place) => (place.ingress(), place.backend_field()),
            None => (upstream.ingress, upstream.field.clone()),
        };
        self.proxied(ingress, &field, name, &resolved, request, share)
    }

    /// The access phase: source ranges, then a password, then an external judge; with `satisfy: any` either
    /// the ranges or one of the others.
    // nginx: the order of the modules' access handlers, ngx_http_core_access_phase
    fn guarded(&self, reply: &nginx::Reply<'_>, outcome: Outcome) -> Outcome {
        let Some(location) = reply.location else { return outcome };
        let annotations = &location.annotations;
        let config = self.engine.nginx(self.snapshot);
        let exempt =
            config.settings.no_auth_paths.iter().any(|path| location.path.starts_with(path.as_str()));
        let asked = if exempt { None } else { self.authentication(annotations) };
        let ranged = !annotations.allow_list.is_empty() || !annotations.deny_list.is_empty();
        let verdict = match (annotations.satisfy_any && ranged, &reply.access, asked) {
            (true, None, _) if !annotations.allow_list.is_empty() => None,
            (true, _, Some(asked)) => Some(asked),
            (_, Some(access), _) => Some(access.clone()),
            (_, None, asked) => asked,
        };
        match verdict {
            Some((response, why)) => {
                Outcome { response, why, upstream: None, endpoints: Vec::new(), ..outcome }
            }
            None => outcome,
        }
    }

    // ingress-nginx: internal/ingress/annotations/auth/main.go, authreq/main.go
    fn authentication(&self, annotations: &nginx::annotations::Annotations) -> Option<(Response, String)> {
        let undetermined = |missing: String| (Response::Undetermined { missing: missing.clone() }, missing);
        if let Some(secret) = &annotations.auth_secret {
            if self.request.header("authorization").is_none() {
                let why = "the Ingress asks for a user and password and the request carries none";
                return Some((Response::status(401), why.into()));
            }
            return Some(undetermined(format!("whether the password is one of those in Secret {secret}")));
        }
        let external = !annotations.auth_url.is_empty();
        external.then(|| undetermined("what the external authentication service of auth-url answers".into()))
    }

    /// A status of nginx's own that `custom-http-errors` lists is answered by the default backend instead.
    // nginx: error_page; ingress-nginx: nginx.tmpl CUSTOM_ERRORS
    fn custom_error(&self, reply: &nginx::Reply<'_>, outcome: Outcome) -> Outcome {
        let Response::Status { code, location: None } = outcome.response else { return outcome };
        let Some(location) = reply.location.filter(|location| location.annotations.denied.is_none()) else {
            return outcome;
        };
        if !location.annotations.custom_errors.contains(&code) {
            return outcome;
        }
        let request = UpstreamRequest { path: "/".into(), ..self.upstream_request(reply) };
        let upstream =
            location.upstream.and_then(|id| self.engine.nginx(self.snapshot).upstreams.get(id as usize));
        let name = location.annotations.default_backend.as_str();
        let named = location.ingress().zip(upstream).filter(|_| !name.is_empty());
        let own = named.and_then(|(ingress, upstream)| {
            self.fallback(ingress, (name, code), upstream, request, outcome.share)
        });
        let why = format!("custom-http-errors hands {code} to the default backend, for {}", outcome.why);
        let mut answer = own.unwrap_or_else(|| self.default_backend(reply, "the default backend answers"));
        answer.why = why;
        answer.share = outcome.share;
        answer
    }

    /// The Service of the `default-backend` annotation, when it has endpoints.
    fn fallback(
        &self,
        ingress: u32,
        (name, code): (&str, u16),
        failed: &nginx::Upstream,
        mut request: UpstreamRequest,
        share: Share,
    ) -> Option<Outcome> {
        let namespace = self.namespace(ingress);
        let id = self.table.services.service(self.snapshot, &namespace, name)?;
        let port = self.snapshot.service(id)?.spec.ports.first()?.clone();
        let (targets, _) = self.table.services.endpoints(self.snapshot, id, &port, ("TCP", true));
        if targets.is_empty() {
            return None;
        }
        let stored = self.snapshot.ingresses.get(ingress as usize)?;
        let code = code.to_string();
        let headers = [
            ("X-Code", code.as_str()),
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
