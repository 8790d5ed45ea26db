//! Where the journey asks the mechanisms, and puts their answers into its own words.

use super::{At, NearMiss, Step};
use crate::manifest::Evidence;
use crate::model::{NodeId, Packet, Party, PodId, Protocol, ServiceId, Share, Snapshot};
use std::net::IpAddr;

/// The mechanisms a journey passes.
#[derive(Clone, Copy)]
pub(crate) struct Rooms<'a> {
    /// The settled cluster.
    pub(crate) snapshot: &'a Snapshot,
}

/// What kube-proxy on a node does with a packet.
pub(crate) enum Choice {
    /// No rule matches.
    None(Vec<Step>),
    /// Refused with an ICMP error.
    Rejected(Step),
    /// Dropped.
    Dropped(Step),
    /// Sent to one of these.
    Backends {
        /// The choice.
        chosen: Step,
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
    pub(crate) masquerade: Option<Step>,
}

/// What the policies say.
pub(crate) enum Judgement {
    Passed(Vec<Step>),
    Dropped { before: Vec<Step>, decided: Step },
    Open { before: Vec<Step>, decided: Step, what: String, passes: bool },
}

/// A part of the way.
pub(crate) struct Leg {
    pub(crate) enters: Option<At>,
    pub(crate) step: Step,
}

/// What the client's resolver finds.
pub(crate) enum Found {
    Addresses { addresses: Vec<IpAddr>, steps: Vec<Step> },
    NotFound { before: Vec<Step>, decided: Step },
    TimedOut { before: Vec<Step>, decided: Step },
    Failed { before: Vec<Step>, decided: Step },
    Unknown { before: Vec<Step>, decided: Step, missing: String },
}

impl Rooms<'_> {
    pub(crate) fn lookup(&self, _client: Party, _name: &str) -> Found {
        Found::Addresses { addresses: Vec::new(), steps: Vec::new() }
    }
    pub(crate) fn select(&self, _node: NodeId, _packet: &Packet) -> Choice {
        Choice::None(Vec::new())
    }
    pub(crate) fn nodes_with_endpoints(
        &self,
        _service: ServiceId,
        _port: u16,
        _protocol: Protocol,
    ) -> Vec<NodeId> {
        Vec::new()
    }
    pub(crate) fn host_port(&self, _node: NodeId, _packet: &Packet) -> Option<(PodId, u16, Step)> {
        None
    }
    pub(crate) fn host_network_listener(
        &self,
        _node: NodeId,
        _port: u16,
        _protocol: Protocol,
    ) -> Option<(PodId, Step)> {
        None
    }
    pub(crate) fn judge(
        &self,
        _client: Party,
        _source: Party,
        _sent: &Packet,
        _packet: &Packet,
        _node: NodeId,
        _to: Party,
    ) -> Judgement {
        Judgement::Passed(Vec::new())
    }
    pub(crate) fn legs(&self, _node: NodeId, _from: Party, _to: Party, _packet: &Packet) -> Vec<Leg> {
        Vec::new()
    }
}

pub(crate) fn published(_snapshot: &Snapshot, _ip: IpAddr) -> Option<(ServiceId, bool)> {
    None
}
pub(crate) fn service_evidence(snapshot: &Snapshot, id: ServiceId, field: &str) -> Option<Evidence> {
    let service = snapshot.service(id)?;
    Some(snapshot.evidence(snapshot.service_ref(id)?, &service.origin, field))
}
pub(crate) fn is_cluster_address(_snapshot: &Snapshot, _ip: IpAddr) -> bool {
    false
}
pub(crate) fn in_service_range(_snapshot: &Snapshot, _ip: IpAddr) -> bool {
    false
}
pub(crate) fn cluster_ip_owner(_snapshot: &Snapshot, _ip: IpAddr) -> Option<String> {
    None
}
pub(crate) fn near_node_port(_snapshot: &Snapshot, _port: u16) -> Option<NearMiss> {
    None
}
pub(crate) fn pending_but_node_port(_snapshot: &Snapshot, _id: ServiceId) -> Option<NearMiss> {
    None
}
