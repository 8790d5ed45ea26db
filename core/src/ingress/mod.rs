//! Ingress: from an HTTP request to the controller that takes it, the path that matches, the pods it is
//! sent to and what the client gets.
//!
//! Two behaviours stand side by side: `spec`, as the API documentation says, and `ingress-nginx`
//! v1.15.1, its last release. The name of the controller in the IngressClass chooses; where both differ
//! for a request the answer says so.
//!
//! Undetermined, with the reason: allowed snippets, passed-through TLS, passwords, external authentication,
//! client certificates, and regular expressions with look-around, back-references or recursion.
//!
//! **Not modelled**: bodies beyond their Content-Length, counting of rates, ModSecurity, HTTP/3, timeouts
//! other than that of the connection, `--watch-namespace-selector`, `block-cidrs`, `block-user-agents`,
//! `block-referers`, `custom-headers`, `proxy-set-headers`, the PROXY protocol, and what a backend answers.
//! Controllers other than ingress-nginx are answered by the specification; their own annotations have no
//! effect here.

mod answer;
pub(crate) mod backend;
mod by_nginx;
mod candidates;
pub(crate) mod controllers;
mod evaluate;
mod explain;
mod facade;
pub(crate) mod nginx;
mod reach;
pub(crate) mod regex;
mod request;
pub(crate) mod spec;
mod status;
pub mod tls;
pub(crate) mod uri;

#[cfg(test)]
mod tests;

pub use answer::{
    BackendAnswer, Candidate, CertificateAnswer, Connection, ControllerAnswer, Difference, EndpointAnswer,
    Header, Matched, Obstacle, Outcome, Response, Routing, Step, UpstreamRequest,
};
pub use nginx::{Dropped, NginxLocation, NginxServer, NginxTable, Refusal};
pub use request::{HttpRequest, Scheme};

pub(crate) use request::without_port;
pub use status::{IngressStatusAnswer, StatusList};

pub(crate) use nginx::canary_split;
pub(crate) use reach::{Client, Passage, Reach};

use crate::model::{IngressProfile, Snapshot};
use controllers::{Controller, NotClaimed};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Every controller with the rules it was given, indexed once.
#[derive(Debug)]
pub struct Table {
    engines: Vec<Engine>,
    services: backend::Index,
    /// Every Ingress, oldest first.
    order: Vec<u32>,
    candidates: OnceLock<candidates::Index>,
}

/// The nginx configuration of the first ingress-nginx, else of the first controller.
pub(crate) fn nginx_config<'t>(table: &'t Table, snapshot: &Snapshot) -> Option<&'t nginx::Config> {
    let is_nginx = |engine: &&Engine| engine.controller.profile == IngressProfile::IngressNginx;
    let engine = table.engines.iter().find(is_nginx).or_else(|| table.engines.first())?;
    Some(engine.nginx(snapshot))
}

/// One controller and its rules.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) controller: Controller,
    /// Its Ingresses, oldest first.
    pub(crate) claimed: Vec<u32>,
    pub(crate) not_claimed: BTreeMap<u32, NotClaimed>,
    rules: spec::Rules,
    nginx: OnceLock<nginx::Config>,
}

impl Engine {
    pub(crate) fn nginx(&self, snapshot: &Snapshot) -> &nginx::Config {
        self.nginx.get_or_init(|| nginx::build(snapshot, &self.controller, &self.claimed))
    }
}

impl Table {
    /// Indexes the Ingresses of a snapshot by the controllers that claim them.
    pub fn new(snapshot: &Snapshot) -> Self {
        let order = controllers::by_age(snapshot);
        let engines = controllers::discover(snapshot).into_iter().map(|controller| {
            let mut claimed = Vec::new();
            let mut not_claimed = BTreeMap::new();
            for &index in &order {
                let Some(stored) = snapshot.ingresses.get(index as usize) else { continue };
                match controller.claims(snapshot, stored) {
                    Ok(()) => claimed.push(index),
                    Err(why) => {
                        not_claimed.insert(index, why);
                    }
                }
            }
            let rules = spec::Rules::new(snapshot, &claimed);
            Engine { controller, claimed, not_claimed, rules, nginx: OnceLock::new() }
        });
        let engines = engines.collect();
        Self { engines, services: backend::Index::new(snapshot), order, candidates: OnceLock::new() }
    }

    /// The controller that a request is judged by: the first with a rule for its host, else the first
    /// that claims anything, else the first. One without pods is asked only when none has any.
    fn engine(&self, request: &HttpRequest) -> Option<&Engine> {
        let any_runs = self.engines.iter().any(|engine| !engine.controller.pods.is_empty());
        let asked =
            || self.engines.iter().filter(move |engine| !any_runs || !engine.controller.pods.is_empty());
        let names_host = |engine: &&Engine| {
            matches!(
                engine.rules.select(request),
                (Some(spec::HostKind::Exact | spec::HostKind::Wildcard), _)
            )
        };
        let by_host = asked().find(names_host);
        by_host.or_else(|| asked().find(|engine| !engine.claimed.is_empty())).or_else(|| asked().next())
    }

    /// Every path by host, for explanations.
    pub(crate) fn candidates(&self, snapshot: &Snapshot) -> &candidates::Index {
        self.candidates.get_or_init(|| candidates::Index::new(snapshot, &self.order))
    }

    /// What happens to one request, with every reason.
    pub(crate) fn route(&self, reach: Reach<'_>, request: &HttpRequest) -> Routing {
        evaluate::route(self, reach, request)
    }

    /// Only the decision: the Ingress that takes a request and the field of it that does, `None` when the
    /// controller's own default answers. The cheap form of [`Table::route`].
    pub fn decide(&self, snapshot: &Snapshot, request: &HttpRequest) -> Option<(u32, String)> {
        let engine = self.engine(request)?;
        if engine.controller.profile == IngressProfile::Spec {
            return engine.rules.select(request).1.map(|place| (place.ingress(), place.field()));
        }
        let nginx::Chosen::Server(server) = engine.nginx(snapshot).server(request) else { return None };
        match server.find(request).1 {
            nginx::Found::Location(location) | nginx::Found::SlashRedirect(location) => {
                location.place().map(|place| (place.ingress(), place.field()))
            }
            nginx::Found::BadRequest(_) | nginx::Found::NotModelled(_) | nginx::Found::Own(..) => None,
        }
    }

    /// The servers and locations that ingress-nginx generates; `None` without an ingress-nginx.
    pub fn nginx_table(&self, snapshot: &Snapshot) -> Option<NginxTable> {
        let is_nginx = |engine: &&Engine| engine.controller.profile == IngressProfile::IngressNginx;
        let engine = self.engines.iter().find(is_nginx)?;
        Some(nginx::table(snapshot, engine.nginx(snapshot)))
    }

    /// What the webhook of ingress-nginx would have said to each Ingress when it was created.
    pub fn refusals(&self, snapshot: &Snapshot) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        for engine in &self.engines {
            if engine.controller.profile != IngressProfile::IngressNginx {
                continue;
            }
            let mut admitted = nginx::Admitted::default();
            for &index in &engine.claimed {
                let message = nginx::review(snapshot, &engine.controller, &admitted, index);
                match (message, snapshot.ingresses.get(index as usize)) {
                    (Some(message), Some(stored)) => {
                        refusals.push(Refusal { ingress: stored.object.clone(), message })
                    }
                    (None, Some(stored)) => admitted.add(index, &stored.value),
                    (_, None) => {}
                }
            }
        }
        refusals
    }

    /// Class, controller and address of every Ingress.
    pub fn statuses(&self, snapshot: &Snapshot) -> StatusList {
        status::list(self, snapshot)
    }
}
