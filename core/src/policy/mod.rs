//! NetworkPolicy: may this connection be made, which rule says so, and what else may pass?
//!
//! Modelled: networking.k8s.io/v1 NetworkPolicy with the API server's defaults; ClusterNetworkPolicy
//! v1alpha2 and its predecessors AdminNetworkPolicy and BaselineAdminNetworkPolicy v1alpha1 in the tiers
//! before and after it; named ports per destination pod, sidecars included; `endPort`; both IP families;
//! traffic of a pod's own node and of a pod with itself; hostNetwork pods. Where plugins differ, the
//! settings ([`PolicySettings`](crate::model::PolicySettings), [`CniSettings`](crate::model::CniSettings))
//! say which one speaks, and where the API leaves a case open the answer is
//! [`Decision::ImplementationDefined`] with what usually happens.
//!
//! **Not modelled:** policies of plugins (Cilium, Calico, Antrea); what happens to connections that were
//! open when a policy changed; which addresses a domain name stands for (answered as undetermined); ICMP
//! beyond "rules without ports admit it, as a rule". Connections are judged after a Service has
//! chosen its backend: the destination is a pod's own address and port, never a ClusterIP or a node port.

mod addrs;
mod bits;
mod claims;
mod classes;
mod compile;
mod doubts;
mod engine;
mod evaluate;
mod examine;
mod explain;
mod exposure;
mod intern;
mod labels;
mod matrix;
mod membership;
mod ports;
mod questions;
mod ranges;
mod reach;
mod resolve;
mod rows;
mod selection;
mod symbolic;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use compile::{block_of, has_named_port, isolates};
pub(crate) use explain::{selector as selector_text, selector_miss, selector_misses};

pub use addrs::AddressSet;
pub use claims::{Assertion, Claim};
pub use doubts::Doubts;
pub use engine::Engine;
pub use exposure::{Exposed, ExposedAddresses, ExposedPorts, ExposedSide, Exposure, Hypothetical};
pub use matrix::Matrix;
pub use membership::{PodsOf, PoliciesOf, Selecting};
pub use ports::PortSet;
pub use questions::{AllowedPart, AllowedPorts};
pub use reach::{
    Granularity, Link, LinkChange, Member, OutsideChange, OutsideLink, PolicyDiff, Reachability,
};
pub(crate) use selection::party;
pub use verdict::{Examined, ExaminedPart, ExaminedRule, Miss, Side, Verdict};

use crate::model::{Party, Protocol};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One new connection, as policies see it: after the Service has chosen a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Who opens it.
    pub from: Party,
    /// Who is to answer: the backend, not the Service.
    pub to: Party,
    /// The source address that arrives, which is not the opener's own when something on the way
    /// rewrote it.
    pub from_ip: IpAddr,
    /// The destination address that arrives.
    pub to_ip: IpAddr,
    /// Protocol.
    pub protocol: Protocol,
    /// The destination's own port (`targetPort`, not the Service's port), 1 to 65535.
    pub port: u16,
}

/// From the point of view of the pod that a policy selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Into the pod.
    Ingress,
    /// Out of the pod.
    Egress,
}

/// In which order policies are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tier {
    /// ClusterNetworkPolicy of tier Admin, AdminNetworkPolicy: first, by priority.
    Admin,
    /// NetworkPolicy: final for the pods it isolates.
    NetworkPolicy,
    /// ClusterNetworkPolicy of tier Baseline, BaselineAdminNetworkPolicy: for what is left.
    Baseline,
}

/// What a rule does with the traffic it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Allow or Accept.
    Allow,
    /// Deny.
    Deny,
    /// Leave it to the next tier.
    Pass,
}

/// Whether a connection may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It may.
    Allowed,
    /// It may not: packets are dropped and the client times out.
    Denied,
}

/// The judgement on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Decision {
    /// Both ends allow it.
    Allowed,
    /// One end denies it.
    Denied,
    /// The API leaves it to the implementation.
    ImplementationDefined {
        /// What most implementations do.
        usually: Outcome,
        /// What is left open.
        why: Reason,
    },
    /// A fact is missing that manifests cannot tell.
    Undetermined {
        /// Which.
        missing: Reason,
    },
}

impl Decision {
    /// Whether the connection may be made, as far as it can be told: an implementation-defined case
    /// counts as what usually happens, an undetermined one as not allowed.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed | Self::ImplementationDefined { usually: Outcome::Allowed, .. })
    }

    /// The same as one of two.
    pub(crate) fn outcome(self) -> Outcome {
        if self.is_allowed() { Outcome::Allowed } else { Outcome::Denied }
    }
}

/// Why one end of a connection allows or denies it, or why that cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// The network plugin does not enforce policies.
    NotEnforced,
    /// Policies apply to pods only; this end is none.
    NotAPod,
    /// A pod on the host network counts as its node.
    HostNetwork,
    /// A pod and its own address.
    SamePod,
    /// Traffic between a pod and its own node is never blocked by a NetworkPolicy.
    OwnNode,
    /// No policy speaks of this direction of the pod.
    NotIsolated,
    /// A rule allows it.
    RuleAllows,
    /// A rule denies it.
    RuleDenies,
    /// The pod is isolated, and no rule admits the connection.
    NoRuleAdmits,
    /// The pod has no address yet.
    NoAddress,
    /// The pod has ended.
    Ended,
    /// Whether the address belongs to a domain name that a rule accepts.
    DomainName,
    /// Policies of equal priority disagree.
    EqualPriority,
    /// The source was rewritten on the way; whether policies see the old or the new address is open.
    RewrittenSource,
    /// A pod that reaches itself through its own Service.
    SelfThroughService,
}
