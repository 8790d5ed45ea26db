//! The rules that kube-proxy writes on a node, as text, and packets walked through that text.
//!
//! Rendering and [selection](super::Proxy::select) are two roads to one answer: tests hold them
//! against each other, so that neither can drift alone.

mod iptables;
mod ipvs;
mod names;
mod nft_parse;
mod nft_tracer;
mod nftables;
mod parse;
mod tracer;

pub use iptables::{iptables, iptables_of, jump_rules, probability};
pub use ipvs::ipvs;
pub use nft_tracer::NftablesRules;
pub use nftables::{nftables, nftables_of};
pub use tracer::{IptablesRules, Reached, TraceVerdict, Traced};

use super::{Proxy, ServicePort};
use crate::model::{Family, NodeId, ServiceId};
use std::net::IpAddr;

/// What the writers of both rule languages need about the node.
struct NodeRules<'a> {
    proxy: &'a Proxy,
    node: NodeId,
    family: Family,
    /// Only the rules of this Service, besides those that are always there.
    only: Option<ServiceId>,
}

impl<'a> NodeRules<'a> {
    /// Service ports of the family with their index.
    fn ports(&self) -> impl Iterator<Item = (u32, &'a ServicePort)> {
        let (family, only) = (self.family, self.only);
        let wanted = move |port: &ServicePort| only.is_none_or(|only| port.service == only);
        (0u32..).zip(&self.proxy.ports).filter(move |(_, port)| port.family == family && wanted(port))
    }

    /// Whether the node itself is let in by the source ranges of a Service.
    ///
    /// k8s: pkg/proxy/iptables/proxier.go allowFromNode (1.36)
    fn allows_node(&self, port: &ServicePort) -> bool {
        let primary: Option<IpAddr> =
            self.proxy.nodes.get(self.node.index()).and_then(|facts| facts.primary(self.family));
        primary.is_some_and(|ip| port.source_ranges.iter().any(|range| range.contains(&ip)))
    }
}

/// The protocol as both rule languages write it.
fn lower(protocol: crate::model::Protocol) -> &'static str {
    match protocol {
        crate::model::Protocol::Tcp => "tcp",
        crate::model::Protocol::Udp => "udp",
        crate::model::Protocol::Sctp => "sctp",
    }
}
