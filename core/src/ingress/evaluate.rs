//! One request through controller, profile, backend and the layers below.

use super::answer::{
    BackendAnswer, Candidate, CertificateAnswer, Connection, ControllerAnswer, Difference, EndpointAnswer,
    Matched, Obstacle, Outcome, Response, Routing, Step, UpstreamRequest,
};
use super::backend::{Resolved, port_text};
use super::controllers::namespace_of;
use super::nginx::{self, ServerCertificate};
use super::reach::{Client, Reach};
use super::request::{HttpRequest, Scheme};
use super::spec::{self, Hit, HostKind};
use super::{Engine, Table, explain};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{IngressProfile, PodId, Share, Snapshot};
use crate::order::SliceOrder;

/// Candidates listed in an answer.
const LISTED: usize = 40;

/// What one profile makes of a request.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) matched: Option<Matched>,
    /// Where the match stands, for the candidates.
    pub(super) place: Option<(u32, String)>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) steps: Vec<Step>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) left_out: u32,
}

pub(super) struct Asked<'a> {
    pub(super) table: &'a Table,
    pub(super) engine: &'a Engine,
    pub(super) reach: Reach<'a>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) request: &'a HttpRequest,
    pub(super) client: Client,
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

    pub(super) fn evidence(&self, ingress: u32, field: &str) -> Option<(ObjectRef, Evidence)> {
        let stored = self.snapshot.ingresses.get(ingress as usize)?;
        Some((stored.object.clone(), self.snapshot.evidence(stored.object.clone(), &stored.origin, field)))
    }

    /// The match as the Ingress writes it.
    pub(super) fn matched(&self, place: &(u32, String), location: Option<String>) -> Option<Matched> {
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

    pub(super) fn namespace(&self, ingress: u32) -> String {
        let stored = self.snapshot.ingresses.get(ingress as usize);
        stored.map(|stored| namespace_of(stored).to_owned()).unwrap_or_default()
    }

    /// Calls `each` with every path of every claimed Ingress whose host covers the request, then says how
    /// the controller's own tables judged it.
    pub(super) fn collect(
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
        candidates.order_by_key(|candidate| !candidate.won);
        (candidates, left_out)
    }

    pub(super) fn spec_candidates(&self, kind: Option<HostKind>, hit: Hit) -> (Vec<Candidate>, u32) {
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

    // Both.

    pub(super) fn answered(&self, response: Response, why: String) -> Outcome {
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

    pub(super) fn proxied(
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

    pub(super) fn connect(&self, resolved: &Resolved, request: UpstreamRequest, share: Share) -> Outcome {
        if let Some((name, port)) = &resolved.external {
            let mut outcome = self.answered(
                Response::Backend {},
                format!("the controller resolves {name} and connects to port {port} there"),
            );
            outcome.upstream = Some(request);
            return outcome;
        }
        let ready: Vec<PodId> = self.engine.controller.pods.clone();
        let endpoints = self.reach.endpoints(&ready, &resolved.targets, "TCP");
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
