//! kube-proxy: what becomes of a packet to a Service on a node, and the rules that make it so.
//!
//! Modelled: the iptables, nftables and ipvs modes of Linux; ClusterIP, NodePort, external and load
//! balancer addresses; both traffic policies with their fallback to terminating endpoints; topology
//! hints; masquerading; source ranges; health check node ports; session affinity as a fact with its
//! timeout; TCP, UDP and SCTP; both families.
//!
//! **Not** modelled: `winkernel`; `--detect-local-mode` other than ClusterCIDR; endpoints whose address
//! is itself the address of a Service (the second translation is not followed); connections that are
//! already tracked when the cluster changes.

mod endpoints;
pub mod explain;
mod hash;
mod ip;
mod ipvs;
mod membership;
mod node;
mod ports;
pub mod questions;
pub mod rules;
mod select;
#[cfg(test)]
mod tests;
mod topology;

pub use endpoints::Endpoint;
pub use membership::{Membership, MembershipCheck, Standing};
pub use ports::{EndpointMapEntry, NotProxied, ServicePort, endpoint_map};
pub use topology::{Categories, TopologyMode};

use crate::addressing::{PluginMasquerade, egress_address, plugin_masquerade};
use crate::model::{Family, NodeId, Packet, PodId, Protocol, ServiceId, Share, Snapshot};
use crate::order::SliceOrder;
use node::NodeFacts;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// kube-proxy on every node of a cluster: an index over the addresses of all Services.
#[derive(Debug)]
pub struct Proxy {
    ports: Vec<ServicePort>,
    frontends: BTreeMap<(IpAddr, u16, Protocol), Vec<(u32, Via)>>,
    node_ports: BTreeMap<(Family, u16, Protocol), Vec<u32>>,
    health_checks: BTreeMap<u16, u32>,
    cluster_ips: BTreeMap<IpAddr, ServiceId>,
    nodes: Vec<NodeFacts>,
    detectors: [Option<ipnet::IpNet>; 2],
}

/// By which of its addresses a Service was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Via {
    /// `spec.clusterIPs`.
    ClusterIp,
    /// `spec.externalIPs`.
    ExternalIp,
    /// `status.loadBalancer.ingress`.
    LoadBalancer,
    /// `spec.ports[].nodePort` on an address of the node.
    NodePort,
}

/// The service port that a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frontend {
    /// The Service.
    pub service: ServiceId,
    /// Index in `spec.ports`.
    pub port_index: u32,
    /// The address it was reached by.
    pub via: Via,
    /// Index into [`Proxy::ports`].
    pub port: u32,
}

/// What kube-proxy on one node does with the first packet of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The node.
    pub node: NodeId,
    /// The packet.
    pub packet: Packet,
    /// The service port it is for; `None` when it is for none.
    pub frontend: Option<Frontend>,
    /// What happens.
    pub outcome: Outcome,
}

/// What happens to a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: kube-proxy has no rule for it, and it goes on to its destination as it is.
    NotMatched(Unmatched),
    /// It is answered with an error: the client sees "connection refused".
    Rejected(Refusal),
    /// It vanishes: the client times out.
    Dropped(Refusal),
    /// It is for kube-proxy's own health check server.
    HealthCheck,
    /// It goes to one of these, chosen at random with these shares, in the order of the rules.
    Backends {
        /// Which set of endpoints is used, and why.
        policy: Policy,
        /// Seconds for which a client keeps its backend; `None`: each connection chooses anew.
        affinity: Option<u32>,
        /// The endpoints.
        backends: Vec<Backend>,
    },
}

/// Why kube-proxy has no rule for a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Unmatched {
    /// The destination is no address of any Service.
    NoService,
    /// The destination is a ClusterIP, but no service port has this port and protocol.
    UnknownPort,
    /// It is a node port, but not on an address of this node that accepts node ports.
    NotANodePortAddress,
    /// The Service has no endpoints, and the rule that rejects is not on the way of packets that the
    /// node itself sends.
    OutputIsNotFiltered,
}

/// Why a packet is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Refusal {
    /// The Service has no usable endpoint anywhere.
    NoEndpoints,
    /// A traffic policy is Local and this node has no usable endpoint.
    NoLocalEndpoints,
    /// The source is in none of `spec.loadBalancerSourceRanges`.
    SourceRanges,
    /// nftables and ipvs: the address exists, the port does not.
    UnknownPort,
    /// nftables: no Service has this address of the Service CIDR.
    UnallocatedAddress,
}

/// Which set of endpoints serves a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Policy {
    /// Traffic policy Cluster.
    Cluster,
    /// Traffic policy Local.
    Local,
    /// External traffic policy Local, but the source is a pod: as if Cluster.
    ShortCircuitPod,
    /// External traffic policy Local, but the source is this node: as if Cluster.
    ShortCircuitNode,
}

/// One endpoint a packet can go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Destination address after translation.
    pub ip: IpAddr,
    /// Destination port after translation.
    pub port: u16,
    /// The pod behind it, when the slice names one.
    pub pod: Option<PodId>,
    /// The node it runs on, when the slice names one.
    pub node: Option<NodeId>,
    /// Part of the connections it gets.
    pub share: Share,
    /// Why the source address is rewritten; `None`: it is kept.
    pub masquerade: Option<Masquerade>,
    /// Index into [`ServicePort::endpoints`].
    pub endpoint: u32,
}

/// Why the source address is rewritten to the node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Masquerade {
    /// `--masquerade-all`.
    All,
    /// To a ClusterIP from something that is no pod.
    NotAPod,
    /// To an external address with traffic policy Cluster: the answer must come back this way.
    External,
    /// To an external address from the node itself.
    FromNode,
    /// The endpoint is the client itself.
    Hairpin,
}

impl Proxy {
    /// Indexes the Services of a cluster.
    pub fn new(snapshot: &Snapshot) -> Self {
        let ports = ports::collect(snapshot);
        let mut frontends: BTreeMap<_, Vec<(u32, Via)>> = BTreeMap::new();
        let mut node_ports: BTreeMap<_, Vec<u32>> = BTreeMap::new();
        let mut health_checks = BTreeMap::new();
        let mut cluster_ips = BTreeMap::new();
        for (index, port) in (0u32..).zip(&ports) {
            let mut add = |ip: IpAddr, via: Via| {
                frontends.entry((ip, port.port, port.protocol)).or_default().push((index, via));
            };
            add(port.cluster_ip, Via::ClusterIp);
            for ip in &port.external_ips {
                add(*ip, Via::ExternalIp);
            }
            for ip in &port.load_balancer_ips {
                add(*ip, Via::LoadBalancer);
            }
            if let Some(number) = port.node_port {
                node_ports.entry((port.family, number, port.protocol)).or_default().push(index);
            }
            if let Some(number) = port.health_check_node_port {
                health_checks.entry(number).or_insert(index);
            }
            cluster_ips.entry(port.cluster_ip).or_insert(port.service);
        }
        let nodes = (0u32..).zip(&snapshot.nodes).map(|(index, _)| NodeFacts::new(snapshot, NodeId(index)));
        Self {
            nodes: nodes.collect(),
            detectors: [Family::IPv4, Family::IPv6].map(|family| node::detector(snapshot, family)),
            ports,
            frontends,
            node_ports,
            health_checks,
            cluster_ips,
        }
    }

    /// Every service port: IPv4 before IPv6, each in the order of the names, as the rules have them.
    pub fn ports(&self) -> &[ServicePort] {
        &self.ports
    }

    /// The service port a frontend stands for.
    pub fn port(&self, frontend: Frontend) -> Option<&ServicePort> {
        self.ports.get(frontend.port as usize)
    }

    /// Which endpoints of a service port (index into [`Proxy::ports`]) a node uses.
    ///
    /// k8s: pkg/proxy/topology.go CategorizeEndpoints (1.36)
    pub fn categories(&self, port: u32, node: NodeId) -> Arc<Categories> {
        match (self.ports.get(port as usize), self.nodes.get(node.index())) {
            (Some(port), Some(facts)) => topology::categories(port, facts.place(node, self.nodes.len())),
            _ => Arc::default(),
        }
    }

    /// What kube-proxy on `node` does with the first packet of a connection that enters or leaves
    /// there, in the mode of the settings.
    pub fn select(&self, snapshot: &Snapshot, node: NodeId, packet: &Packet) -> Selection {
        select::select(self, snapshot, node, packet)
    }

    /// The source address that a backend of a selection sees. `None` when it is rewritten to an address
    /// the model does not know.
    ///
    /// Masquerading happens when a packet leaves the node: what came from elsewhere and ends on the node
    /// itself keeps its source although it is marked.
    pub fn source_seen(
        &self,
        snapshot: &Snapshot,
        selection: &Selection,
        backend: &Backend,
    ) -> Option<IpAddr> {
        let (node, source) = (selection.node, selection.packet.source);
        let ends_here = self.is_local_address(node, backend.ip) && !self.is_local_address(node, source);
        if backend.masquerade.is_some() && !ends_here {
            return egress_address(snapshot, node, backend.ip);
        }
        match plugin_masquerade(snapshot, node, source, backend.ip) {
            Some(PluginMasquerade { source }) => source,
            None => Some(source),
        }
    }

    /// Whether an address counts as the node's own: on one of its interfaces, or loopback.
    pub fn is_local_address(&self, node: NodeId, ip: IpAddr) -> bool {
        self.nodes.get(node.index()).is_some_and(|facts| facts.is_local(ip))
    }

    /// Whether an address is the ClusterIP, external or load balancer address of any Service.
    pub(crate) fn is_service_address(&self, ip: IpAddr) -> bool {
        self.frontends.range((ip, 0, Protocol::Tcp)..).next().is_some_and(|((first, ..), _)| *first == ip)
    }

    /// The block by which kube-proxy tells pods from other sources.
    pub fn detector(&self, family: Family) -> Option<ipnet::IpNet> {
        let [v4, v6] = self.detectors;
        match family {
            Family::IPv4 => v4,
            Family::IPv6 => v6,
        }
    }

    /// What the health check server of a Service answers on a node: the number of ready pod addresses
    /// there; 0 means status 503, anything else 200.
    ///
    /// k8s: pkg/proxy/endpointschangetracker.go localReadyEndpoints, pkg/proxy/healthcheck/service_health.go (1.36)
    pub fn local_ready_endpoints(&self, service: ServiceId, node: NodeId) -> u32 {
        let mut addresses: Vec<IpAddr> = self
            .ports
            .iter()
            .filter(|port| port.service == service)
            .flat_map(|port| &port.endpoints)
            .filter(|endpoint| endpoint.ready && endpoint.node == Some(node))
            .map(|endpoint| endpoint.ip)
            .collect();
        addresses.order();
        addresses.dedup();
        u32::try_from(addresses.len()).unwrap_or(u32::MAX)
    }
}

impl Selection {
    /// The endpoints the packet can go to; empty when it goes to none.
    pub fn backends(&self) -> &[Backend] {
        match &self.outcome {
            Outcome::Backends { backends, .. } => backends,
            _ => &[],
        }
    }
}
