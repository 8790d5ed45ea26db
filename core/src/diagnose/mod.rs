//! The layered troubleshooter: which layer is at fault, by which object and field, and what to change.
//!
//! Two questions: about one connection (or URL) that somebody complains about, and about the cluster as
//! a whole. The first follows the connection and names the fault that stopped it. The second looks at
//! every object and at the connections the pods themselves try, as far as their commands, arguments and
//! environment show them.
//!
//! A finding is blocking when something cannot work; otherwise it is advice.
//!
//! **Not** modelled: faults inside programs, images that cannot be pulled, volumes, resources, quotas;
//! names that a program reads from anywhere but its command line and environment.

mod connection;
mod explain;
mod gateway;
mod http;
mod intent;
mod objects;
#[cfg(test)]
mod tests;

use crate::journey::{Asked, NearMiss};
use crate::manifest::{Evidence, ObjectRef};
use serde::Serialize;

pub(crate) use connection::diagnose;
pub(crate) use objects::survey;

/// What the troubleshooter found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// The connection asked about; absent for the cluster as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<Asked>,
    /// One sentence.
    pub summary: String,
    /// Pod, Service, DNS, NetworkPolicy and Ingress, in this order.
    pub layers: Vec<LayerReport>,
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerReport {
    /// Which.
    pub layer: Layer,
    /// How it stands.
    pub state: State,
    /// One sentence.
    pub sentence: String,
    /// What was found, blocking faults first.
    pub findings: Vec<Finding>,
}

/// Layers of the network, as people look for faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Layer {
    /// Pods: do they run, are they ready, do they listen?
    Pod,
    /// Services: selectors, ports, types, endpoints.
    Service,
    /// Names.
    Dns,
    /// Policies.
    NetworkPolicy,
    /// HTTP rules.
    Ingress,
}

/// How a layer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Nothing stands in the way here.
    Ok,
    /// A fault here stops it.
    Faulty,
    /// It was not reached, because of a fault elsewhere.
    Blocked,
    /// It has no part in this.
    NotUsed,
    /// It cannot be told.
    Undetermined,
}

/// A judgement with its evidence and a way out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable code, `service/selects-nothing`.
    pub code: &'static str,
    /// Where the fault lies.
    pub layer: Layer,
    /// Whether something cannot work because of it; otherwise it is advice.
    pub blocking: bool,
    /// The object to change.
    pub object: ObjectRef,
    /// Other objects that take part.
    pub also: Vec<ObjectRef>,
    /// What is wrong, one sentence.
    pub cause: String,
    /// What to do, one sentence.
    pub fix: String,
    /// What came nearest to working.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near_miss: Option<NearMiss>,
    /// The fields that show it.
    pub evidence: Vec<Evidence>,
    /// The connection that shows it, `web/frontend → api.prod:80`; absent when the objects alone do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
}

impl Layer {
    const ALL: [Self; 5] = [Self::Pod, Self::Service, Self::Dns, Self::NetworkPolicy, Self::Ingress];
}

impl Diagnosis {
    /// Every finding, layer by layer.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.layers.iter().flat_map(|report| &report.findings)
    }

    /// Whether anything cannot work.
    pub fn is_blocked(&self) -> bool {
        self.findings().any(|finding| finding.blocking)
    }
}
