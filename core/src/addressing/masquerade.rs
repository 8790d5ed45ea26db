//! The network plugin's own masquerading: what pods send out of the cluster.

use super::interfaces::{egress_address, interface_addresses, pod_cidr};
use crate::model::{Family, NodeId, Snapshot, Transport};
use std::net::IpAddr;

/// That a plugin rewrites the source of a pod's packet when it leaves the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginMasquerade {
    /// The source address from there on; `None` when the model does not know it.
    pub source: Option<IpAddr>,
}

/// Whether the network plugin on `node` rewrites the source of a packet that it forwards for a pod.
///
/// flannel and kindnet leave alone what stays in the cluster's pod CIDRs; the reference bridge plugin
/// with `ipMasq` only what stays in the node's own. What ends on the node itself is never rewritten.
///
/// flannel: pkg/trafficmngr/iptables masqRules; cni: plugins/main/bridge setupIPMasq
pub fn plugin_masquerade(
    snapshot: &Snapshot,
    node: NodeId,
    source: IpAddr,
    destination: IpAddr,
) -> Option<PluginMasquerade> {
    let family = Family::of(source);
    let own = pod_cidr(snapshot.node(node)?, family)?;
    if !own.contains(&source) || interface_addresses(snapshot, node).contains(&source) {
        return None;
    }
    let inside = match snapshot.settings.cni.transport {
        Transport::Bridge => own.contains(&destination),
        _ => snapshot.settings.pod_cidrs.iter().any(|cidr| cidr.contains(&destination)),
    };
    if inside || destination.is_multicast() || interface_addresses(snapshot, node).contains(&destination) {
        return None;
    }
    Some(PluginMasquerade { source: egress_address(snapshot, node, destination) })
}
