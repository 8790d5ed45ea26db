//! One request through controller, profile, backend and the layers below.

use super::answer::{
    BackendAnswer, Candidate, CertificateAnswer, Connection, ControllerAnswer, Difference, EndpointAnswer,
    Matched, Obstacle, Outcome, Response, Routing, Step, UpstreamRequest,
};
use super::backend::{Resolved, Target, Trouble, port_text};
use super::controllers::namespace_of;
use super::nginx::{self, ServerCertificate};
use super::reach::{Client, Reach};
use super::request::{HttpRequest, Scheme};
use super::spec::{self, Hit, HostKind};
use super::{Engine, Table, explain};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{IngressProfile, PodId, Share, Snapshot};

/// Candidates listed in an answer.
const LISTED: usize = 40;

/// What one profile makes of a request.
#[derive(Debug)]
struct Judged {
    matched: Option<Matched>,
    /// Where the match stands, for the candidates.
    place: Option<(u32, String)>,
    outcomes: Vec<Outcome>,
    steps: Vec<Step>,
    candidates: Vec<Candidate>,
    left_out: u32,
}

struct Asked<'a> {
    table: &'a Table,
    engine: &'a Engine,
    reach: Reach<'a>,
    snapshot: &'a Snapshot,
    request: &'a HttpRequest,
    client: Client,
}

/// Answers one request.
pub(crate) fn route(table: &Table, reach: Reach<'_>, request: &HttpRequest) -> Routing {
    let snapshot = reach.snapshot;
    let Some(engine) = table.engine(request) else { return nobody(request, snapshot) };
    let controller = &engine.controller;
    let client = Client::parse(snapshot, request.client.as_deref());
    let asked = Asked { table, engine, reach, snapshot, request, client };
    let obstacles = reach.obstacles(controller, client, request.scheme);
    let judged = asked.judge(controller.profile);
    let other = match controller.profile {
        IngressProfile::Spec => IngressProfile::IngressNginx,
        IngressProfile::IngressNginx => IngressProfile::Spec,
    };
    let difference = asked.difference(&judged, other);
    let certificate = asked.certificate();
    let mut steps = vec![explain::controller(controller)];
    steps.extend(
        obstacles
            .iter()
            .map(|obstacle| Step { text: obstacle.message.clone(), evidence: obstacle.evidence.clone() }),
    );
    steps
        .extend(certificate.iter().map(|certificate| Step { text: certificate.why.clone(), evidence: None }));
    steps.extend(judged.steps);
    Routing {
        request: request.clone(),
        summary: explain::summary(request, &obstacles, judged.matched.as_ref(), &judged.outcomes),
        controller: Some(ControllerAnswer {
            name: controller.name.clone(),
            profile: controller.profile,
            classes: controller.classes.clone(),
            workload: controller.workload.clone(),
            pods: controller.pod_refs(snapshot),
        }),
        obstacles,
        matched: judged.matched,
        candidates: judged.candidates,
        candidates_left_out: judged.left_out,
        outcomes: judged.outcomes,
        certificate,
        difference,
        steps,
    }
}

/// Without any controller nothing is served; the Ingresses that mention the host are listed all the same.
fn nobody(request: &HttpRequest, snapshot: &Snapshot) -> Routing {
    let message = explain::nobody(snapshot);
    let obstacle = Obstacle { code: "ingress/no-controller", message: message.clone(), evidence: None };
    let host = request.host_name().unwrap_or_default();
    let mut candidates = Vec::new();
    for stored in &snapshot.ingresses {
        for (rule_index, rule) in stored
            .value
            .spec
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| spec::host_covers(&rule.host, &host))
        {
            for (path_index, path) in rule.http.iter().flat_map(|http| &http.paths).enumerate() {
                let field = format!("spec.rules[{rule_index}].http.paths[{path_index}]");
                candidates.push(Candidate {
                    ingress: stored.object.clone(),
                    host: rule.host.clone(),
                    path: path.path.clone(),
                    path_type: path.path_type.clone().unwrap_or_default(),
                    won: false,
                    why: "no controller takes this Ingress".into(),
                    evidence: snapshot.evidence(stored.object.clone(), &stored.origin, &field),
                });
            }
        }
    }
    let left_out = candidates.len().saturating_sub(LISTED) as u32;
    candidates.truncate(LISTED);
    Routing {
        request: request.clone(),
        summary: message.clone(),
        controller: None,
        obstacles: vec![obstacle],
        matched: None,
        candidates,
        candidates_left_out: left_out,
        outcomes: Vec::new(),
        certificate: None,
        difference: None,
        steps: vec![Step { text: message, evidence: None }],
    }
}

impl Asked<'_> {
    fn judge(&self, profile: IngressProfile) -> Judged {
        match profile {
            IngressProfile::Spec => self.by_spec(),
            IngressProfile::IngressNginx => self.by_nginx(),
        }
    }

    fn evidence(&self, ingress: u32, field: &str) -> Option<(ObjectRef, Evidence)> {
        let stored = self.snapshot.ingresses.get(ingress as usize)?;
        Some((stored.object.clone(), self.snapshot.evidence(stored.object.clone(), &stored.origin, field)))
    }

    /// The match as the Ingress writes it.
    fn matched(&self, place: &(u32, String), location: Option<String>) -> Option<Matched> {
        let (index, field) = place;
        let (ingress, evidence) = self.evidence(*index, field)?;
        let path = self.rule_path(*index, field);
        let (host, path) = path.map_or((None, None), |(host, path)| (Some(host), Some(path)));
        Some(Matched {
            ingress,
            host: host.filter(|host| !host.is_empty()),
            path: path.as_ref().map(|path| path.0.clone()),
            path_type: path.map(|path| path.1),
            location,
            evidence,
        })
    }

    fn rule_path(&self, ingress: u32, field: &str) -> Option<(String, (String, String))> {
        let spec = &self.snapshot.ingresses.get(ingress as usize)?.value.spec;
        for (rule_index, rule) in spec.rules.iter().enumerate() {
            for (path_index, path) in rule.http.iter().flat_map(|http| &http.paths).enumerate() {
                if field == format!("spec.rules[{rule_index}].http.paths[{path_index}]") {
                    let kind = path.path_type.clone().unwrap_or_default();
                    return Some((rule.host.clone(), (path.path.clone(), kind)));
                }
            }
        }
        None
    }

    // The specification.

    fn by_spec(&self) -> Judged {
        let (kind, hit) = self.engine.rules.select(self.request);
        let place = spec::field_of(hit);
        let matched = place.as_ref().and_then(|place| self.matched(place, None));
        let outcome = match spec::backend_of(self.snapshot, hit) {
            None => self.answered(Response::status(404), explain::no_match(self.request, kind.is_some())),
            Some((ingress, backend, field)) => {
                let namespace = self.namespace(ingress);
                match &backend.service {
                    None => self.answered(
                        Response::Undetermined {
                            missing: "what the controller does with a resource backend".into(),
                        },
                        "the backend is a resource, not a Service; what that means is up to the controller"
                            .into(),
                    ),
                    Some(service) => {
                        let port = port_text(service);
                        let resolved = self.table.services.resolve(
                            self.snapshot,
                            &namespace,
                            &service.name,
                            &port,
                            false,
                        );
                        let upstream = UpstreamRequest {
                            protocol: "http".into(),
                            method: self.request.method().to_owned(),
                            host: self.request.host.clone().unwrap_or_default(),
                            path: self.request.target().to_owned(),
                            headers: Vec::new(),
                        };
                        let name = (namespace.as_str(), service.name.as_str(), port.as_str());
                        self.proxied(ingress, &field, name, &resolved, upstream, Share::ALL)
                    }
                }
            }
        };
        let mut steps = vec![explain::host_choice(self.request, kind)];
        if let Some(matched) = &matched {
            steps.push(explain::matched(matched));
        }
        if self.is_implementation_specific(hit) {
            let text =
                "pathType ImplementationSpecific is up to the class; it is taken as Prefix here".into();
            steps.push(Step { text, evidence: None });
        }
        steps.push(Step { text: outcome.why.clone(), evidence: None });
        let (candidates, left_out) = self.spec_candidates(kind, hit);
        Judged { matched, place, outcomes: vec![outcome], steps, candidates, left_out }
    }

    fn is_implementation_specific(&self, hit: Hit) -> bool {
        let Hit::Rule(rule) = hit else { return false };
        rule.get(self.snapshot)
            .is_some_and(|path| path.path_type.as_deref() == Some("ImplementationSpecific"))
    }

    fn namespace(&self, ingress: u32) -> String {
        let stored = self.snapshot.ingresses.get(ingress as usize);
        stored.map(|stored| namespace_of(stored).to_owned()).unwrap_or_default()
    }

    /// Calls `each` with every path of every claimed Ingress whose host covers the request, then says how
    /// the controller's own tables judged it.
    fn collect(
        &self,
        mut why: impl FnMut(u32, &str, &str, &str, &str) -> Option<(bool, String)>,
    ) -> (Vec<Candidate>, u32) {
        let host = self.request.host_name().unwrap_or_default();
        let (mut candidates, mut left_out) = (Vec::new(), 0u32);
        let others = self.engine.not_claimed.iter().map(|(index, _)| *index);
        for index in self.engine.claimed.iter().copied().chain(others) {
            let Some(stored) = self.snapshot.ingresses.get(index as usize) else { continue };
            for (rule_index, rule) in stored.value.spec.rules.iter().enumerate() {
                if !spec::host_covers(&rule.host, &host) {
                    continue;
                }
                for (path_index, path) in rule.http.iter().flat_map(|http| &http.paths).enumerate() {
                    let field = format!("spec.rules[{rule_index}].http.paths[{path_index}]");
                    let kind = path.path_type.as_deref().unwrap_or_default();
                    let unclaimed = self.engine.not_claimed.iter().find(|(other, _)| *other == index);
                    let (won, why) = match unclaimed {
                        Some((_, reason)) => (false, explain::not_claimed(reason)),
                        None => match why(index, &field, &rule.host, &path.path, kind) {
                            Some(found) => found,
                            None => continue,
                        },
                    };
                    if candidates.len() >= LISTED && !won {
                        left_out += 1;
                        continue;
                    }
                    candidates.push(Candidate {
                        ingress: stored.object.clone(),
                        host: rule.host.clone(),
                        path: path.path.clone(),
                        path_type: kind.to_owned(),
                        won,
                        why,
                        evidence: self.snapshot.evidence(stored.object.clone(), &stored.origin, &field),
                    });
                }
            }
        }
        candidates.sort_by_key(|candidate| !candidate.won);
        (candidates, left_out)
    }

    fn spec_candidates(&self, kind: Option<HostKind>, hit: Hit) -> (Vec<Candidate>, u32) {
        let winner = spec::field_of(hit);
        let path = self.request.raw_path();
        let winning_path = match hit {
            Hit::Rule(rule) => rule.get(self.snapshot).map(|path| path.path.clone()),
            _ => None,
        };
        self.collect(|index, field, host, rule_path, rule_kind| {
            let won = winner.as_ref().is_some_and(|(ingress, place)| *ingress == index && place == field);
            let here = match (kind, host) {
                (Some(HostKind::Any), host) => host.is_empty(),
                (Some(HostKind::Wildcard), host) => host.starts_with("*."),
                (Some(HostKind::Exact), host) => !host.is_empty() && !host.starts_with("*."),
                (None, _) => false,
            };
            Some((
                won,
                explain::spec_candidate(won, here, rule_path, rule_kind, path, winning_path.as_deref()),
            ))
        })
    }

    // ingress-nginx.

    fn by_nginx(&self) -> Judged {
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
        let place = reply.location.and_then(nginx::Location::field);
        let directive = reply.location.map(|location| format!("location {}", location.directive()));
        let matched = place.as_ref().and_then(|place| self.matched(place, directive));
        let mut steps = vec![explain::nginx_server(self.request, reply.server)];
        steps.extend(reply.path.as_deref().map(|path| explain::nginx_path(self.request, path)));
        steps.extend(reply.location.map(explain::nginx_location));
        steps.extend(matched.as_ref().map(explain::matched));
        let outcomes = self.nginx_outcomes(&reply);
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
        for message in &config.rejected {
            let text = format!(
                "nginx refuses the whole configuration ({message}), so the controller keeps serving the one before and no change of any Ingress takes effect"
            );
            steps.push(Step { text, evidence: None });
        }
        let (candidates, left_out) = self.nginx_candidates(config, &reply, place.as_ref());
        Judged { matched, place, outcomes, steps, candidates, left_out }
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
        let location = reply.location.and_then(nginx::Location::field).filter(|_| upstream.policy.is_none());
        let (ingress, field) =
            location.map_or((upstream.ingress, upstream.field.clone()), |(ingress, field)| {
                let field = if field.ends_with(']') { format!("{field}.backend") } else { field };
                (ingress, field)
            });
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
        let (targets, _) = self.table.services.endpoints(self.snapshot, id, &port);
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
        winner: Option<&(u32, String)>,
    ) -> (Vec<Candidate>, u32) {
        let path = reply.path.as_deref().unwrap_or_default();
        let server = reply.server;
        self.collect(|index, field, host, _, _| {
            let won = winner.is_some_and(|(ingress, place)| *ingress == index && place == field);
            if won {
                return Some((true, explain::won(reply.location)));
            }
            if let Some((_, why)) = config.dropped.iter().find(|(dropped, _)| *dropped == index) {
                return Some((false, format!("the controller drops this Ingress: {why}")));
            }
            let server = server?;
            let name = if host.is_empty() { "_" } else { host };
            if server.host != name && !server.aliases.iter().any(|alias| alias == name) {
                return Some((false, format!("server {} takes the host", server.host)));
            }
            let at = |location: &&nginx::Location| {
                location.field().is_some_and(|place| place == (index, field.to_owned()))
            };
            let why = match server.locations.iter().find(at) {
                Some(location) => location.why_lost(path, reply.location),
                None => explain::no_location(config, index, field),
            };
            Some((false, why))
        })
    }

    // Both.

    fn answered(&self, response: Response, why: String) -> Outcome {
        Outcome {
            share: Share::ALL,
            backend: None,
            upstream: None,
            endpoints: Vec::new(),
            response,
            response_headers: Vec::new(),
            why,
        }
    }

    fn proxied(
        &self,
        ingress: u32,
        field: &str,
        name: (&str, &str, &str),
        resolved: &Resolved,
        request: UpstreamRequest,
        share: Share,
    ) -> Outcome {
        let (namespace, service, port) = name;
        let object = ObjectRef::namespaced("Service", namespace, service);
        let mut outcome = match &resolved.trouble {
            Some(trouble) => self.answered(Response::status(503), explain::trouble(&object, port, trouble)),
            None => self.connect(resolved, request, share),
        };
        outcome.share = share;
        let evidence = self.evidence(ingress, field).map(|(_, evidence)| evidence);
        outcome.backend =
            evidence.map(|evidence| BackendAnswer { service: object, port: port.to_owned(), evidence });
        outcome
    }

    fn connect(&self, resolved: &Resolved, request: UpstreamRequest, share: Share) -> Outcome {
        if let Some((name, port)) = &resolved.external {
            let mut outcome = self.answered(
                Response::Backend {},
                format!("the controller resolves {name} and connects to port {port} there"),
            );
            outcome.upstream = Some(request);
            return outcome;
        }
        let ready: Vec<PodId> = self.engine.controller.pods.clone();
        let endpoints = self.reach.endpoints(&ready, &resolved.targets);
        let (response, why) = explain::connections(&endpoints);
        let reached = matches!(response, Response::Backend {});
        Outcome {
            share,
            backend: None,
            upstream: (reached
                || endpoints.iter().any(|endpoint| endpoint.connection == Connection::Undetermined))
            .then_some(request),
            endpoints,
            response,
            response_headers: Vec::new(),
            why,
        }
    }

    fn difference(&self, judged: &Judged, other: IngressProfile) -> Option<Difference> {
        let elsewhere = self.judge(other);
        let response = |judged: &Judged| judged.outcomes.first().map(|outcome| outcome.response.clone());
        let path = |judged: &Judged| {
            judged
                .outcomes
                .first()
                .and_then(|outcome| outcome.upstream.as_ref().map(|upstream| upstream.path.clone()))
        };
        let (here, there) = (response(judged)?, response(&elsewhere)?);
        let same = here == there && judged.place == elsewhere.place && path(judged) == path(&elsewhere);
        if same
            || (self.engine.controller.profile == IngressProfile::Spec
                && elsewhere.matched.is_none()
                && judged.matched.is_none())
        {
            return None;
        }
        let message =
            explain::difference(other, elsewhere.matched.as_ref(), &there, path(&elsewhere).as_deref());
        Some(Difference { profile: other, matched: elsewhere.matched, response: there, message })
    }

    fn certificate(&self) -> Option<CertificateAnswer> {
        if self.request.scheme == Scheme::Http {
            return None;
        }
        let name = self.request.server_name();
        let config = self.engine.nginx(self.snapshot);
        let time = self.snapshot.settings.ingress.time.as_deref();
        let fallback = match &self.engine.controller.flags.default_certificate {
            Some(secret) => {
                let (namespace, name) = secret.split_once('/').unwrap_or(("", secret));
                nginx::load_secret(self.snapshot, namespace, name)
                    .ok()
                    .map(|data| (namespace.to_owned(), name.to_owned(), data))
            }
            None => None,
        };
        let chosen = match nginx::certificate(config, name.as_deref()) {
            ServerCertificate::Secret { namespace, name, data } => {
                Ok((namespace.clone(), name.clone(), (**data).clone()))
            }
            ServerCertificate::Default(why) => Err(why.clone()),
            ServerCertificate::None => Err(explain::no_certificate(name.as_deref())),
        };
        Some(explain::certificate(name.as_deref(), chosen, fallback, time))
    }
}

/// Only for the explanation of endpoints that fail.
pub(crate) fn count(endpoints: &[EndpointAnswer], connection: Connection) -> usize {
    endpoints.iter().filter(|endpoint| endpoint.connection == connection).count()
}
