//! Where the journey asks the mechanisms, and puts their answers into its own words.

mod addresses;
mod host;
mod names;
mod proxy;
mod verdicts;
mod way;

pub(crate) use addresses::{
    cluster_ip_owner, in_service_range, is_cluster_address, near_node_port, pending_but_node_port, published,
    service_evidence,
};

use super::{At, Step};
use crate::model::{PodId, Share, Snapshot};
use std::net::IpAddr;

/// The mechanisms a journey passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rooms<'a> {
    /// The settled cluster.
    pub(crate) snapshot: &'a Snapshot,
    /// kube-proxy.
    pub(crate) proxy: &'a crate::services::Proxy,
    /// Cluster DNS.
    pub(crate) dns: &'a crate::dns::Server,
    /// NetworkPolicy.
    pub(crate) policy: &'a crate::policy::Engine,
}

/// What kube-proxy on a node does with a packet.
pub(crate) enum Choice {
    /// No rule matches.
    None(Vec<Step>),
    /// kube-proxy answers itself (health check).
    Answered(Step),
    /// Refused with an ICMP error.
    Rejected(Vec<Step>, Step),
    /// Dropped.
    Dropped(Vec<Step>, Step),
    /// Sent to one of these.
    Backends {
        /// The rules passed.
        before: Vec<Step>,
        /// `namespace/name`.
        service: String,
        /// Every eligible backend.
        backends: Vec<Backend>,
        /// Session affinity, in seconds.
        sticky_seconds: Option<u32>,
    },
}

/// A backend as kube-proxy sees it.
pub(crate) struct Backend {
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    pub(crate) pod: Option<PodId>,
    pub(crate) share: Share,
    pub(crate) translated: Step,
    /// The new source, when it is rewritten (`None`: to an address the model does not know), and why.
    pub(crate) masquerade: Option<(Option<IpAddr>, Step)>,
}

/// What the policies say, end by end.
pub(crate) struct Judgement {
    /// What is worth telling of the opener's policies.
    pub(crate) egress: Option<Step>,
    /// What is worth telling of the destination's policies.
    pub(crate) ingress: Option<Step>,
    /// Why the packet does not simply pass, and whether the destination's end says so.
    pub(crate) stopped: Option<(Stop, bool)>,
}

/// Why a packet does not simply pass.
pub(crate) enum Stop {
    /// It is dropped.
    Dropped,
    /// Left to the implementation; usually it passes, or not.
    Open { what: String, passes: bool },
    /// A fact is missing.
    Unknown { missing: String },
}

/// A part of the way.
pub(crate) struct Leg {
    /// Where it is; a place not entered yet is entered first.
    pub(crate) enters: Option<At>,
    /// The new source address, where one is put in.
    pub(crate) source: Option<IpAddr>,
    pub(crate) step: Step,
}

/// What the client's resolver finds.
pub(crate) enum Found {
    Addresses { addresses: Vec<IpAddr>, steps: Vec<Step> },
    Nowhere { before: Vec<Step>, decided: Step },
    TimedOut { before: Vec<Step>, decided: Step },
    Failed { before: Vec<Step>, decided: Step },
    Unknown { before: Vec<Step>, decided: Step, missing: String },
}
