//! The addresses on a node's own interfaces.

use crate::model::{Family, NodeId, Snapshot, Transport};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address of the bridge that a node's pods hang on: the first of the pod CIDR. `None` when the
/// node has no pod CIDR of the family, or its network plugin uses no bridge.
///
/// cni: plugins/ipam/host-local/backend/allocator/range.go Canonicalize (the default gateway)
pub fn bridge_address(snapshot: &Snapshot, node: NodeId, family: Family) -> Option<IpAddr> {
    if snapshot.settings.cni.transport == Transport::Ipip {
        return None;
    }
    let cidr = snapshot.node(node)?.pod_cidrs.iter().find(|cidr| Family::of(cidr.addr()) == family)?;
    Some(match cidr.network() {
        IpAddr::V4(network) => IpAddr::V4(Ipv4Addr::from_bits(network.to_bits().saturating_add(1))),
        IpAddr::V6(network) => IpAddr::V6(Ipv6Addr::from_bits(network.to_bits().saturating_add(1))),
    })
}

/// Every address on the interfaces of a node: loopback, its InternalIPs, those the settings add, and
/// the bridge of its pods.
pub fn interface_addresses(snapshot: &Snapshot, node: NodeId) -> Vec<IpAddr> {
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let Some(facts) = snapshot.node(node) else { return addresses };
    let extra = snapshot.settings.proxy.interface_addresses.get(&facts.name);
    let bridges = [Family::IPv4, Family::IPv6].map(|family| bridge_address(snapshot, node, family));
    for ip in facts.ips.iter().chain(extra.into_iter().flatten()).chain(bridges.iter().flatten()) {
        if !addresses.contains(ip) {
            addresses.push(*ip);
        }
    }
    addresses
}
