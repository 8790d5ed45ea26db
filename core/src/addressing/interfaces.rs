//! The addresses on a node's own interfaces.

use crate::model::{Family, Node, NodeId, Snapshot, Transport};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The node's pod CIDR of a family.
pub(super) fn pod_cidr(node: &Node, family: Family) -> Option<IpNet> {
    node.pod_cidrs.iter().copied().find(|cidr| Family::of(cidr.addr()) == family)
}

/// The address of the bridge that a node's pods hang on: the first of the pod CIDR. `None` when the
/// node has no pod CIDR of the family, or its network plugin uses no bridge.
///
/// cni: plugins/ipam/host-local/backend/allocator/range.go Canonicalize (the default gateway)
pub fn bridge_address(snapshot: &Snapshot, node: NodeId, family: Family) -> Option<IpAddr> {
    if snapshot.settings.cni.transport == Transport::Ipip {
        return None;
    }
    Some(match pod_cidr(snapshot.node(node)?, family)?.network() {
        IpAddr::V4(network) => IpAddr::V4(Ipv4Addr::from_bits(network.to_bits().saturating_add(1))),
        IpAddr::V6(network) => IpAddr::V6(Ipv6Addr::from_bits(network.to_bits().saturating_add(1))),
    })
}

/// The address of the node's end of the tunnels to other nodes: with VXLAN the network address of the
/// pod CIDR. `None` without a tunnel, and for IPIP, whose tunnel has an address from the plugin's pool.
///
/// flannel: pkg/backend/vxlan/vxlan.go RegisterNetwork (the device gets the subnet's address)
pub fn tunnel_address(snapshot: &Snapshot, node: NodeId, family: Family) -> Option<IpAddr> {
    if snapshot.settings.cni.transport != Transport::Vxlan {
        return None;
    }
    Some(pod_cidr(snapshot.node(node)?, family)?.network())
}

/// Every address on the interfaces of a node: loopback, its InternalIPs, those the settings add, the
/// bridge of its pods and its end of the tunnel.
pub fn interface_addresses(snapshot: &Snapshot, node: NodeId) -> Vec<IpAddr> {
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let Some(facts) = snapshot.node(node) else { return addresses };
    let extra = snapshot.settings.proxy.interface_addresses.get(&facts.name);
    let families = [Family::IPv4, Family::IPv6];
    let bridges = families.map(|family| bridge_address(snapshot, node, family));
    let tunnels = families.map(|family| tunnel_address(snapshot, node, family));
    let plugin = bridges.iter().chain(&tunnels).flatten();
    for ip in facts.ips.iter().chain(extra.into_iter().flatten()).chain(plugin) {
        if !addresses.contains(ip) {
            addresses.push(*ip);
        }
    }
    addresses
}

/// The address a node puts in as source when it masquerades a packet to `destination`: that of the
/// interface the packet leaves by. `None` when the model does not know it.
///
/// linux: net/netfilter/nf_nat_masquerade.c nf_nat_masquerade_ipv4 (inet_select_addr of the interface)
pub fn egress_address(snapshot: &Snapshot, node: NodeId, destination: IpAddr) -> Option<IpAddr> {
    let family = Family::of(destination);
    let here = snapshot.node(node)?;
    let primary = here.ips.iter().copied().find(|ip| Family::of(*ip) == family);
    if pod_cidr(here, family).is_some_and(|cidr| cidr.contains(&destination)) {
        return bridge_address(snapshot, node, family).or(primary);
    }
    let elsewhere = snapshot
        .nodes
        .iter()
        .filter_map(|node| pod_cidr(node, family))
        .any(|cidr| cidr.contains(&destination));
    match snapshot.settings.cni.transport {
        Transport::Vxlan if elsewhere => tunnel_address(snapshot, node, family),
        Transport::Ipip if elsewhere => None,
        _ => primary,
    }
}
