//! A traced connection: one question through the mechanisms, in the order a packet meets them.
//!
//! A [`Connection`] is what somebody tries; the answer is a [`Journey`]: since a name may have several
//! addresses and a Service several backends, it holds one [`Trace`] for each way the connection may go,
//! with its [`Share`]. A trace is a list of [`Hop`]s (a place), each with the [`Step`]s that happened
//! there and the packet before and after; it ends in a [`Disposition`], which is what the client sees.
//!
//! Modelled: the resolver's search and cluster DNS, kube-proxy's choice and NAT, the way between nodes,
//! NetworkPolicy after DNAT, the container that listens, hostPort and hostNetwork, hairpin, replies.
//!
//! **Not** modelled, and answered with [`Disposition::Undetermined`] or as an [`Assumption`]: what a
//! program does beyond listening on the ports its container declares, programs on nodes that are not
//! pods, firewalls and routers outside the cluster, packet loss, MTU, limits of connection tracking,
//! a service mesh, `kubectl port-forward`.

mod deliver;
mod ends;
mod explain;
mod mechanisms;
mod notation;
mod start;
mod walk;

pub(crate) use deliver::listens;
pub(crate) use ends::{
    client as party_named, node as node_named, pod as pod_named, service as service_named,
};
pub(crate) use mechanisms::{Rooms, pending_but_node_port};
pub(crate) use notation::client;
pub use notation::{Client, Connection, OUTSIDE, PodName, Port, Target, protocol};
pub(crate) use start::trace;

use crate::manifest::{Evidence, ObjectRef};
use crate::model::{Assumption, Packet, Protocol, Share};
use crate::policy;
use serde::Serialize;
use std::sync::Arc;

/// The answer to one [`Connection`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Journey {
    /// What was asked.
    pub question: Asked,
    /// One sentence: what the client sees.
    pub summary: String,
    /// Whether every way ends in a connection, some do, none does, or it cannot be told.
    pub outcome: Outcome,
    /// Every way the connection may go; the shares add up to 1.
    pub traces: Vec<Trace>,
    /// How long the Service sends one client to the same backend, in seconds, when it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sticky_seconds: Option<u32>,
    /// What this answer takes for granted.
    pub assumptions: Vec<Assumption>,
}

/// The question as it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Who asks, as written.
    pub from: String,
    /// What for, as written.
    pub to: String,
    /// The port, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The protocol.
    pub protocol: Protocol,
}

/// The traces of a [`Journey`] taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Every try connects.
    Connected,
    /// Some tries connect: it depends on the backend or address chosen.
    Sometimes,
    /// No try connects.
    Failed,
    /// A fact is missing, and no way is sure to fail or connect without it.
    Undetermined,
}

/// One way a connection may go.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// How many of all tries go this way.
    pub share: Share,
    /// How it ends for the client.
    pub disposition: Disposition,
    /// The code of the step that decided.
    pub code: &'static str,
    /// The places passed, in order.
    pub hops: Vec<Hop>,
    /// How the answer comes back; empty when there is none.
    pub reply: Vec<Step>,
}

/// What the client sees in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Disposition {
    /// The connection is made (for UDP: the datagram arrives).
    Connected {
        /// With whom.
        to: At,
        /// Address and port it arrived at.
        address: String,
    },
    /// Something answers at once that nobody listens.
    Refused {
        /// Who answers.
        by: At,
    },
    /// Nobody answers.
    TimedOut {
        /// Where the packet is lost.
        at: At,
    },
    /// The name does not exist.
    NameNotFound {
        /// The name as typed.
        name: String,
    },
    /// The name server does not answer.
    NameLookupTimedOut {
        /// The name as typed.
        name: String,
    },
    /// The name server is there and says that it cannot answer, or refuses.
    NameLookupFailed {
        /// The name as typed.
        name: String,
    },
    /// There is no address to connect to or from.
    NoAddress {
        /// Who has none.
        of: String,
    },
    /// A router on the way says that there is no way.
    NoRoute {
        /// Which.
        at: At,
    },
    /// It depends on a fact that is not in the input.
    Undetermined {
        /// The missing fact.
        missing: String,
    },
    /// Kubernetes leaves it to the implementation.
    ImplementationDefined {
        /// What is left open.
        what: String,
        /// What usually happens.
        usually: Box<Self>,
    },
}

/// A place a packet passes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum At {
    /// The network namespace of a pod.
    Pod {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
        /// Its node.
        #[serde(skip_serializing_if = "Option::is_none")]
        node: Option<String>,
    },
    /// The host network of a node.
    Node {
        /// Name.
        name: String,
    },
    /// A load balancer in front of the cluster.
    LoadBalancer {
        /// The Service, `namespace/name`.
        service: String,
        /// Its address.
        address: String,
    },
    /// Beyond the cluster.
    Outside {
        /// The address.
        address: String,
    },
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pod { namespace, name, .. } => write!(f, "pod {namespace}/{name}"),
            Self::Node { name } => write!(f, "node {name}"),
            Self::LoadBalancer { service, address } => write!(f, "load balancer {address} of {service}"),
            Self::Outside { address } => write!(f, "{address} outside the cluster"),
        }
    }
}

/// What happened at one place.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hop {
    /// Where.
    pub at: At,
    /// The packet as it came in; absent while there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Packet>,
    /// The packet as it went on; absent when it went no further.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Packet>,
    /// What happened, in order.
    pub steps: Vec<Step>,
}

/// One thing that happened, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What kind of thing.
    pub action: Action,
    /// Stable code, `policy/no-rule-matches`.
    pub code: &'static str,
    /// One sentence.
    pub sentence: String,
    /// The objects and fields that decided.
    pub evidence: Vec<Evidence>,
    /// For a "no": what came nearest to a "yes".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near_miss: Option<NearMiss>,
    /// The particulars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

/// What came nearest to another outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NearMiss {
    /// One sentence.
    pub sentence: String,
    /// The objects and fields it is about.
    pub evidence: Vec<Evidence>,
}

/// Kinds of [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// The client sends the packet.
    Originated,
    /// A name was looked up.
    Resolved,
    /// A Service chose among its backends.
    Selected,
    /// An address was rewritten.
    Translated,
    /// The packet was handed on.
    Forwarded,
    /// A policy lets it pass.
    Permitted,
    /// A policy drops it.
    Denied,
    /// A program takes it.
    Accepted,
    /// Somebody answers that nobody listens.
    Refused,
    /// It is lost.
    Dropped,
    /// It cannot be told.
    Undetermined,
}

/// Particulars of a [`Step`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Detail {
    /// The questions a resolver asked.
    Lookup {
        /// In the order asked.
        queries: Vec<LookupQuery>,
    },
    /// The policies that isolate one end of the connection.
    Policies {
        /// `ingress` or `egress`, from the point of view of the pod they select.
        direction: policy::Direction,
        /// The policies.
        isolated_by: Vec<Arc<ObjectRef>>,
    },
    /// The backends a Service may choose.
    Backends {
        /// `namespace/name`.
        service: String,
        /// How many are eligible; each has a trace of its own.
        eligible: u32,
        /// The first ten of them.
        backends: Vec<Candidate>,
    },
}

/// One question of a resolver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LookupQuery {
    /// The full name asked for.
    pub name: String,
    /// `A` or `AAAA`.
    pub record_type: String,
    /// The name server.
    pub server: String,
    /// `NOERROR`, `NXDOMAIN`, `TIMEOUT` …
    pub rcode: String,
    /// The addresses answered.
    pub addresses: Vec<String>,
}

/// A backend that a Service may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// Address and port.
    pub address: String,
    /// `namespace/name` of the pod behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// Its part of new connections.
    pub share: Share,
}

impl Trace {
    /// Whether the client gets through.
    pub fn connects(&self) -> bool {
        matches!(self.disposition, Disposition::Connected { .. })
    }

    /// What the client sees, as a phrase.
    pub fn ending(&self, protocol: Protocol) -> String {
        explain::disposition(&self.disposition, protocol)
    }

    /// Whom the client reaches, or the address where it ended.
    fn goal(&self) -> String {
        match &self.disposition {
            Disposition::Connected { to, .. } => to.to_string(),
            other => explain::disposition(other, Protocol::Tcp),
        }
    }
}

/// For a Service without usable endpoints: what came nearest to being one.
pub(crate) fn near_selection(
    cluster: &crate::cluster::Cluster,
    id: crate::model::ServiceId,
) -> Option<NearMiss> {
    cluster.rooms().near_selection(id)
}
