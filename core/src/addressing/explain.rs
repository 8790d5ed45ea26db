//! The sentences of this room.

use super::path::TunnelHeader;
use crate::model::Family;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const LOOPBACK: &str = "both ends are the same, so the packet stays on the loopback interface";
pub(super) const LOOPBACK_ADDRESS: &str = "a loopback address: every pod and every node has its own";
pub(super) const GIVEN_BY_STATUS: &str = "the manifest gives it in the pod's status";

fn block(cidr: Option<IpNet>) -> String {
    cidr.map_or_else(|| "its pod CIDR".into(), |cidr| cidr.to_string())
}

pub(super) fn pod_interface(pod: &str, node: &str, bridge: Option<IpAddr>, stays: bool) -> String {
    match (bridge, stays) {
        (Some(_), true) => {
            format!(
                "pod {pod} sends through its eth0, one end of a veth pair whose other end is a port of the bridge cni0 on node {node}"
            )
        }
        (Some(gateway), false) => {
            format!(
                "pod {pod} sends through its eth0 to its default gateway {gateway}, the bridge cni0 on node {node}"
            )
        }
        (None, _) => format!(
            "pod {pod} sends through its eth0 to its default gateway 169.254.1.1, for which node {node} answers at the other end of the veth pair"
        ),
    }
}

pub(super) fn bridge(node: &str, cidr: Option<IpNet>) -> String {
    format!(
        "both pods are in {} of node {node}, so the bridge cni0 passes the frame on: no routing, no address is changed",
        block(cidr)
    )
}

pub(super) fn host_route(node: &str) -> String {
    format!(
        "node {node} has a route to each of its pods, so it passes the packet on to the other pod's veth: no address is changed"
    )
}

pub(super) fn to_pod(pod: &str) -> String {
    format!("the packet comes in through the eth0 of pod {pod}")
}

pub(super) fn to_node(node: &str, ip: IpAddr) -> String {
    format!("{ip} is an address of node {node}, so its own network stack takes the packet")
}

pub(super) fn from_outside(node: &str) -> String {
    format!("the packet comes from outside the cluster to node {node}")
}

pub(super) fn to_outside(node: &str, ip: IpAddr) -> String {
    format!("{ip} is outside the cluster, so node {node} sends the packet to its default gateway")
}

pub(super) fn between_nodes(from: &str, to: &str) -> String {
    format!("node {from} sends the packet to node {to} over the network both are on")
}

pub(super) fn tunnel(
    from: &str,
    to: &str,
    cidr: Option<IpNet>,
    device: &str,
    outer: &TunnelHeader,
) -> String {
    format!(
        "node {from} has a route for {} of node {to} through {device}, which wraps the packet ({}) from {} to {}: the addresses inside stay",
        block(cidr),
        outer.encapsulation,
        outer.source,
        outer.destination
    )
}

pub(super) fn routed(from: &str, to: &str, cidr: Option<IpNet>, via: Option<IpAddr>) -> String {
    let via = via.map(|ip| format!(" via {ip}")).unwrap_or_default();
    format!(
        "node {from} has a route for {} of node {to}{via}: the packet goes over the wire with the pods' own addresses",
        block(cidr)
    )
}

pub(super) fn unpacked(node: &str) -> String {
    format!("node {node} unwraps the packet and passes it on to its pod")
}

pub(super) fn arrived(node: &str) -> String {
    format!("node {node} passes the packet on to its pod")
}

pub(super) fn masquerade(source: IpAddr, new: Option<IpAddr>, bridge: bool) -> String {
    let new = new.map_or_else(|| "an address of the node".into(), |ip| ip.to_string());
    let where_ = if bridge { "the node's own pod CIDR" } else { "the cluster's pod CIDR" };
    format!(
        "the packet leaves {where_}, so the network plugin puts {new} in place of its source {source}: nobody beyond knows the way to a pod"
    )
}

pub(super) fn bridge_address(node: &str) -> String {
    format!(
        "the first address of the pod CIDR of node {node}: host-local keeps it for the gateway, the bridge cni0"
    )
}

pub(super) fn tunnel_address(node: &str) -> String {
    format!(
        "the network address of the pod CIDR of node {node}: its end of the VXLAN tunnels, flannel.1, has it"
    )
}

pub(super) fn node_address(node: &str) -> String {
    format!("an address of node {node}; its pods with hostNetwork share it")
}

pub(super) fn pod_address(pod: &str, node: &str, cidr: Option<IpNet>) -> String {
    match cidr {
        Some(cidr) => format!("the address of pod {pod}, from {cidr}, the pod CIDR of node {node}"),
        None => format!("the address of pod {pod} on node {node}"),
    }
}

pub(super) fn host_local(node: &str, cidr: IpNet) -> String {
    let first = nth(cidr.network(), 2);
    format!(
        "host-local hands out {cidr} in turn, {first} first, in the order in which pods start on node {node}; here that is the order of the manifests"
    )
}

pub(super) fn free_pod(node: &str, cidr: IpNet) -> String {
    format!("in {cidr}, the pod CIDR of node {node}, but no pod has it")
}

pub(super) fn free_service(block: IpNet) -> String {
    format!("in the Service CIDR {block}, but no Service has it")
}

pub(super) fn unassigned(block: IpNet) -> String {
    format!("in the cluster's pod CIDR {block}, but in a part that no node has got")
}

pub(super) fn outside(ip: IpAddr) -> String {
    format!("{ip} is no address of the cluster")
}

pub(super) fn external_ip(service: &str) -> String {
    format!(
        "an external IP of Service {service}: written in its manifest, allocated by nobody; every node takes packets to it that reach the node"
    )
}

pub(super) fn load_balancer(service: &str) -> String {
    format!("the address that the load balancer of Service {service} reported in its status")
}

/// k8s: KEP-3070, pkg/registry/core/service/ipallocator calculateRangeOffset (1.36)
pub(super) fn cluster_ip(name: &str, ip: IpAddr, block: Option<IpNet>, allocated: bool) -> Vec<String> {
    let mut sentences = vec![match block {
        Some(block) => format!(
            "a ClusterIP of Service {name}, from the Service CIDR {block}: no interface has it, kube-proxy translates it on every node"
        ),
        None => format!("a ClusterIP of Service {name}"),
    }];
    let Some(block) = block else { return sentences };
    let offset = band_offset(block);
    if allocated {
        sentences.push(if offset == 0 {
            "it was allocated: here the lowest free address, where the API server picks at random".into()
        } else {
            format!(
                "it was allocated: here the lowest free address from {} on, where the API server picks at random; the {offset} addresses below are left to those who ask for one by number",
                nth(block.network(), u128::from(offset) + 1)
            )
        });
    } else {
        let lower = number(ip).saturating_sub(number(block.network())) <= u128::from(offset);
        sentences.push(if lower && offset > 0 {
            format!(
                "the manifest asks for it by number; it is one of the first {offset}, which are kept for that"
            )
        } else {
            "the manifest asks for it by number".into()
        });
    }
    sentences
}

/// How many addresses at the start of a Service CIDR are not given out while others are free.
fn band_offset(block: IpNet) -> u32 {
    let bits = match block {
        IpNet::V4(net) => 32 - u32::from(net.prefix_len()),
        IpNet::V6(net) => 128 - u32::from(net.prefix_len()),
    };
    let size = 1u128 << bits.min(64);
    if size <= 16 { 0 } else { u32::try_from((size / 16).clamp(16, 256)).unwrap_or(256) }
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

fn nth(network: IpAddr, n: u128) -> IpAddr {
    let sum = number(network).saturating_add(n);
    match Family::of(network) {
        Family::IPv4 => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(sum).unwrap_or(u32::MAX))),
        Family::IPv6 => IpAddr::V6(Ipv6Addr::from_bits(sum)),
    }
}
