//! One request through controller, profile, backend and the layers below.

use super::answer::{
    BackendAnswer, Candidate, CertificateAnswer, Connection, ControllerAnswer, Difference, EndpointAnswer,
    Matched, Obstacle, Outcome, Response, Routing, Step, UpstreamRequest,
};
use super::backend::{Resolved, Trouble, port_text};
use super::controllers::namespace_of;
use super::nginx::{self, ServerCertificate};
use super::reach::{Client, Reach};
use super::request::{HttpRequest, Scheme};
use super::spec::{self, HostKind, Place, RuleRef};
use super::{Engine, Table, candidates, explain};
use crate::manifest::api::networking_v1::HttpIngressPath;
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{IngressProfile, PodId, Share, Snapshot};

/// What one profile makes of a request.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) matched: Option<Matched>,
    /// Where the match stands, for the candidates.
    pub(super) place: Option<Place>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) steps: Vec<Step>,
    pub(super) candidates: Candidates,
}

/// The paths an answer lists, and how many it does not.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    listed: Vec<Candidate>,
    left_out: u32,
    elsewhere: u32,
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
    let Some(engine) = table.engine(request) else { return nobody(table, request, snapshot) };
    let controller = &engine.controller;
    let client = Client::parse(snapshot, request.client.as_deref());
    let asked = Asked { table, engine, reach, snapshot, request, client };
    let obstacles = reach.obstacles(controller, client, request.scheme);
    let judged = asked.judge(controller.profile, true);
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
        candidates: judged.candidates.listed,
        candidates_left_out: judged.candidates.left_out,
        candidates_elsewhere: judged.candidates.elsewhere,
        outcomes: judged.outcomes,
        certificate,
        difference,
        steps,
    }
}

/// Without any controller nothing is served; the Ingresses that mention the host are listed all the same.
fn nobody(table: &Table, request: &HttpRequest, snapshot: &Snapshot) -> Routing {
    let message = explain::nobody(snapshot);
    let obstacle = Obstacle { code: "ingress/no-controller", message: message.clone(), evidence: None };
    let selection = table.candidates(snapshot).select(request, None, std::iter::empty());
    let found = selection
        .rules
        .iter()
        .filter_map(|rule| candidate(snapshot, *rule, false, "no controller takes this Ingress".into()));
    Routing {
        request: request.clone(),
        summary: message.clone(),
        controller: None,
        obstacles: vec![obstacle],
        matched: None,
        candidates: found.collect(),
        candidates_left_out: selection.left_out,
        candidates_elsewhere: selection.elsewhere,
        outcomes: Vec::new(),
        certificate: None,
        difference: None,
        steps: vec![Step { text: message, evidence: None }],
    }
}

fn candidate(snapshot: &Snapshot, at: RuleRef, won: bool, why: String) -> Option<Candidate> {
    let stored = snapshot.ingresses.get(at.ingress as usize)?;
    let path = at.get(snapshot)?;
    Some(Candidate {
        ingress: stored.object.clone(),
        host: candidates::rule_of(snapshot, at)?.host.clone(),
        path: path.path.clone(),
        path_type: path.path_type.clone().unwrap_or_default(),
        won,
        why,
        evidence: snapshot.evidence(stored.object.clone(), &stored.origin, &at.field()),
    })
}

impl Asked<'_> {
    /// What a profile makes of the request; only with `explained` are the candidates and steps told.
    fn judge(&self, profile: IngressProfile, explained: bool) -> Judged {
        match profile {
            IngressProfile::Spec => self.by_spec(explained),
            IngressProfile::IngressNginx => self.by_nginx(explained),
        }
    }

    pub(super) fn evidence(&self, ingress: u32, field: &str) -> Option<(ObjectRef, Evidence)> {
        let stored = self.snapshot.ingresses.get(ingress as usize)?;
        Some((stored.object.clone(), self.snapshot.evidence(stored.object.clone(), &stored.origin, field)))
    }

    /// The match as the Ingress writes it.
    pub(super) fn matched(&self, place: Place, location: Option<String>) -> Option<Matched> {
        let (ingress, evidence) = self.evidence(place.ingress(), &place.field())?;
        let (host, path) = match place {
            Place::Rule(rule) => (candidates::rule_of(self.snapshot, rule), rule.get(self.snapshot)),
            Place::Default(_) => (None, None),
        };
        Some(Matched {
            ingress,
            host: host.map(|rule| rule.host.clone()).filter(|host| !host.is_empty()),
            path: path.map(|path| path.path.clone()),
            path_type: path.map(|path| path.path_type.clone().unwrap_or_default()),
            location,
            evidence,
        })
    }

    // The specification.

    fn by_spec(&self, explained: bool) -> Judged {
        let (kind, place) = self.engine.rules.select(self.request);
        let matched = place.and_then(|place| self.matched(place, None));
        let outcome = match place.and_then(|place| Some((place, place.backend(self.snapshot)?))) {
            None => self.answered(Response::status(404), explain::no_match(self.request, kind.is_some())),
            Some((place, backend)) => {
                let namespace = self.namespace(place.ingress());
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
                        let field = place.backend_field();
                        self.proxied(place.ingress(), &field, name, &resolved, upstream, Share::ALL)
                    }
                }
            }
        };
        if !explained {
            let (steps, candidates) = (Vec::new(), Candidates::default());
            return Judged { matched, place, outcomes: vec![outcome], steps, candidates };
        }
        let mut steps = vec![explain::host_choice(self.request, kind)];
        if let Some(matched) = &matched {
            steps.push(explain::matched(matched));
            if matched.path_type.as_deref() == Some("ImplementationSpecific") {
                let text =
                    "pathType ImplementationSpecific is up to the class; it is taken as Prefix here".into();
                steps.push(Step { text, evidence: None });
            }
        }
        steps.push(Step { text: outcome.why.clone(), evidence: None });
        let candidates = self.spec_candidates(kind, place);
        Judged { matched, place, outcomes: vec![outcome], steps, candidates }
    }

    pub(super) fn namespace(&self, ingress: u32) -> String {
        let stored = self.snapshot.ingresses.get(ingress as usize);
        stored.map(|stored| namespace_of(stored).to_owned()).unwrap_or_default()
    }

    /// The paths worth listing, each with what `why` says to it; `tried` are those the controller compared.
    pub(super) fn collect(
        &self,
        winner: Option<Place>,
        tried: impl Iterator<Item = RuleRef>,
        mut why: impl FnMut(RuleRef, &str, &HttpIngressPath) -> Option<String>,
    ) -> Candidates {
        let snapshot = self.snapshot;
        let won = match winner {
            Some(Place::Rule(rule)) => Some(rule),
            _ => None,
        };
        let selection = self.table.candidates(snapshot).select(self.request, won, tried);
        let host = self.request.host_name().unwrap_or_default();
        let (mut first, mut rest, mut unclaimed) = (Vec::new(), Vec::new(), Vec::new());
        for at in selection.rules {
            let (Some(rule), Some(path)) = (candidates::rule_of(snapshot, at), at.get(snapshot)) else {
                continue;
            };
            let reason = self.engine.not_claimed.get(&at.ingress);
            let why = match reason {
                Some(reason) => Some(explain::not_claimed(reason)),
                None if !spec::host_covers(&rule.host, &host) => Some(explain::other_host(&rule.host, &host)),
                None => why(at, &rule.host, path),
            };
            let is_winner = won == Some(at);
            let Some(found) = why.and_then(|why| candidate(snapshot, at, is_winner, why)) else { continue };
            match (is_winner, reason) {
                (true, _) => first.push(found),
                (_, None) => rest.push(found),
                (_, Some(_)) => unclaimed.push(found),
            }
        }
        first.append(&mut rest);
        first.append(&mut unclaimed);
        Candidates { listed: first, left_out: selection.left_out, elsewhere: selection.elsewhere }
    }

    fn spec_candidates(&self, kind: Option<HostKind>, winner: Option<Place>) -> Candidates {
        let request_path = self.request.raw_path();
        let winning = match winner {
            Some(Place::Rule(rule)) => rule.get(self.snapshot).map(|path| path.path.as_str()),
            _ => None,
        };
        self.collect(winner, std::iter::empty(), |at, host, path| {
            let here = match kind {
                Some(HostKind::Any) => host.is_empty(),
                Some(HostKind::Wildcard) => host.starts_with("*."),
                Some(HostKind::Exact) => !host.is_empty() && !host.starts_with("*."),
                None => false,
            };
            let won = winner == Some(Place::Rule(at));
            let kind = path.path_type.as_deref().unwrap_or_default();
            Some(explain::spec_candidate(won, here, &path.path, kind, request_path, winning))
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
            Some(trouble) => {
                let code = if matches!(trouble, Trouble::Rejected { .. }) { 502 } else { 503 };
                self.answered(Response::status(code), explain::trouble(&object, port, trouble))
            }
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
        let elsewhere = self.judge(other, false);
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
