//! What kube-proxy knows of the node it runs on.

use super::topology::Place;
use crate::addressing::interface_addresses;
use crate::model::{Family, NodeId, ProxyMode, Snapshot};
use ipnet::IpNet;
use std::net::IpAddr;

const LABEL_ZONE: &str = "topology.kubernetes.io/zone";

/// A node as kube-proxy sees it.
#[derive(Debug)]
pub(super) struct NodeFacts {
    name: String,
    zone: Option<String>,
    /// Addresses on its interfaces, loopback first.
    pub(super) addresses: Vec<IpAddr>,
    ips: Vec<IpAddr>,
    node_ports: [NodePortAddresses; 2],
}

/// On which addresses node ports answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NodePortAddresses {
    /// On all of the node, loopback only if this says so.
    All { loopback: bool },
    /// On these.
    These(Vec<IpAddr>),
}

impl NodeFacts {
    pub(super) fn new(snapshot: &Snapshot, id: NodeId) -> Self {
        let node = snapshot.node(id);
        let addresses = interface_addresses(snapshot, id);
        let ips: Vec<IpAddr> = node.map(|node| node.ips.clone()).unwrap_or_default();
        Self {
            name: node.map(|node| node.name.clone()).unwrap_or_default(),
            zone: node.and_then(|node| node.labels.get(LABEL_ZONE)).filter(|zone| !zone.is_empty()).cloned(),
            node_ports: [Family::IPv4, Family::IPv6]
                .map(|family| node_port_addresses(snapshot, family, &addresses, &ips)),
            addresses,
            ips,
        }
    }

    pub(super) fn place(&self, id: NodeId, nodes: usize) -> Place<'_> {
        Place { id, name: &self.name, zone: self.zone.as_deref(), nodes }
    }

    /// What the kernel calls an address of type LOCAL.
    pub(super) fn is_local(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.addresses.contains(&ip)
    }

    /// The node's primary address of a family.
    pub(super) fn primary(&self, family: Family) -> Option<IpAddr> {
        self.ips.iter().copied().find(|ip| Family::of(*ip) == family)
    }

    pub(super) fn node_port_addresses(&self, family: Family) -> &NodePortAddresses {
        let [v4, v6] = &self.node_ports;
        match family {
            Family::IPv4 => v4,
            Family::IPv6 => v6,
        }
    }

    /// Whether a node port answers on `ip`.
    pub(super) fn accepts_node_ports(&self, ip: IpAddr) -> bool {
        match self.node_port_addresses(Family::of(ip)) {
            NodePortAddresses::All { loopback } => self.is_local(ip) && (*loopback || !ip.is_loopback()),
            NodePortAddresses::These(addresses) => addresses.contains(&ip),
        }
    }
}

/// k8s: pkg/proxy/util/nodeport_addresses.go NewNodePortAddresses, GetNodeIPs;
/// cmd/kube-proxy/app/server_linux.go (nftables: primary by default) (1.36)
fn node_port_addresses(
    snapshot: &Snapshot,
    family: Family,
    addresses: &[IpAddr],
    ips: &[IpAddr],
) -> NodePortAddresses {
    let proxy = &snapshot.settings.proxy;
    let of_family = |ip: &&IpAddr| Family::of(**ip) == family;
    // Loopback node ports need route_localnet, which exists for IPv4 only and only iptables uses.
    let loopback = family == Family::IPv4 && proxy.localhost_node_ports && proxy.mode == ProxyMode::Iptables;
    let blocks: Vec<&IpNet> =
        proxy.node_port_addresses.iter().filter(|block| Family::of(block.addr()) == family).collect();
    if blocks.iter().any(|block| block.prefix_len() == 0) {
        return NodePortAddresses::All { loopback };
    }
    if blocks.is_empty() {
        return if proxy.mode == ProxyMode::Nftables && proxy.node_port_addresses.is_empty() {
            NodePortAddresses::These(ips.iter().filter(of_family).take(1).copied().collect())
        } else {
            NodePortAddresses::All { loopback }
        };
    }
    let mut these: Vec<IpAddr> = Vec::new();
    for block in blocks {
        for ip in addresses.iter().filter(of_family) {
            if block.contains(ip) && !these.contains(ip) && (loopback || !ip.is_loopback()) {
                these.push(*ip);
            }
        }
    }
    NodePortAddresses::These(these)
}

/// The block of a family that pods are told by, `--detect-local-mode ClusterCIDR`.
///
/// k8s: cmd/kube-proxy/app/server_linux.go getLocalDetectors (1.36)
pub(super) fn detector(snapshot: &Snapshot, family: Family) -> Option<IpNet> {
    let settings = &snapshot.settings;
    let blocks = settings.proxy.detect_local.as_ref().unwrap_or(&settings.pod_cidrs);
    blocks.iter().copied().find(|block| Family::of(block.addr()) == family)
}
