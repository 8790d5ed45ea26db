//! The questions of this room, answered as plain data.

use super::explain::{Reason, masquerade, reasons};
use super::membership::{Membership, memberships};
use super::ports::{NotProxied, why_not_proxied};
use super::rules::{IptablesRules, NftablesRules, Traced, iptables_of, ipvs, nftables_of};
use super::{Backend, Outcome, Proxy, Selection, Via};
use crate::manifest::ObjectRef;
use crate::manifest::api::meta::IntOrString;
use crate::model::{Family, NodeId, Packet, PodId, Protocol, ProxyMode, ServiceId, Share, Snapshot};
use crate::order::SliceOrder;
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A Service: its addresses, what answers behind each port, and why each pod is an endpoint or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceReport {
    /// The Service.
    pub service: ObjectRef,
    /// `ClusterIP`, `NodePort` …
    #[serde(rename = "type")]
    pub type_: String,
    /// ClusterIPs; `None` for a headless Service.
    pub cluster_ips: Vec<String>,
    /// `spec.externalIPs`.
    pub external_ips: Vec<String>,
    /// Addresses and names that the load balancer reported.
    pub load_balancer: Vec<String>,
    /// Why kube-proxy leaves it alone, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_proxied: Option<Reason>,
    /// Its ports with their endpoints.
    pub ports: Vec<PortReport>,
    /// The pods it selects, then those it nearly selects.
    pub pods: Vec<Membership>,
    /// Other pods of the namespace, which have nothing in common with the selector.
    pub other_pods: u32,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PortReport {
    /// Name, empty for the only port.
    pub name: String,
    /// Port of the Service.
    pub port: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// Number or name of the pods' port.
    pub target_port: String,
    /// Node port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_port: Option<u16>,
    /// Endpoints in the order of the slices.
    pub endpoints: Vec<EndpointReport>,
}

/// An endpoint of a Service port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointReport {
    /// `ip:port`.
    pub address: String,
    /// The pod behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<ObjectRef>,
    /// The node it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Whether it gets connections.
    pub ready: bool,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// Name of its EndpointSlice.
    pub slice: String,
}

/// The rules of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesText {
    /// The node.
    pub node: String,
    /// The mode.
    pub mode: ProxyMode,
    /// The family.
    pub family: Family,
    /// Input of `iptables-restore` or `nft -f`, or the output of `ipvsadm -Ln`.
    pub text: String,
}

/// A packet walked through the rendered rules of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleWalk {
    /// The node.
    pub node: String,
    /// The mode.
    pub mode: ProxyMode,
    /// The packet.
    pub packet: Packet,
    /// The rules that matched, and where they lead.
    pub walk: Traced,
}

/// What answers on a port of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodePortReport {
    /// The node.
    pub node: String,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The port.
    pub port: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// The Service whose node port it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ObjectRef>,
    /// Pods that have this port of the node for themselves, by hostNetwork or hostPort.
    pub pods: Vec<ObjectRef>,
    /// Node ports that Services have, when this is none of them.
    pub node_ports: Vec<u16>,
    /// What clients in different places see.
    pub seen: Vec<ViewPoint>,
}

/// What one kind of client sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewPoint {
    /// Who asks.
    pub from: Asker,
    /// What kube-proxy does.
    pub selection: SelectionReport,
}

/// Kinds of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Asker {
    /// A host beyond the cluster.
    Outside,
    /// A pod of the node.
    Pod,
    /// The node itself.
    Node,
}

/// A [`Selection`] as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectionReport {
    /// The packet.
    pub packet: Packet,
    /// The address it was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// What happens.
    pub fate: Fate,
    /// Where it can go.
    pub backends: Vec<BackendReport>,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What happens to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// No rule: it goes on as it is.
    NotMatched,
    /// Answered with an error.
    Rejected,
    /// Gone without an answer.
    Dropped,
    /// Taken by kube-proxy's health check server.
    HealthCheck,
    /// Sent to a backend.
    Forwarded,
}

/// A [`Backend`] as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendReport {
    /// `ip:port`.
    pub address: String,
    /// The pod behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<ObjectRef>,
    /// The node it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Part of the connections it gets.
    pub share: Share,
    /// The source address it sees; absent when the model does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_seen: Option<IpAddr>,
    /// Why the source is another than the client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masquerade: Option<Reason>,
}

/// A Service and its pods, or one pod beside it.
pub fn service(snapshot: &Snapshot, id: ServiceId, pod: Option<PodId>) -> Option<ServiceReport> {
    let service = snapshot.service(id)?;
    let spec = &service.spec;
    let (pods, other_pods) = memberships(snapshot, id, pod);
    let ingress = &service.status.load_balancer.ingress;
    let load_balancer =
        ingress.iter().map(|to| if to.ip.is_empty() { to.hostname.clone() } else { to.ip.clone() });
    let ports = spec.ports.iter().filter_map(|port| {
        let protocol = Protocol::parse(&port.protocol)?;
        Some(PortReport {
            name: port.name.clone(),
            port: u16::try_from(port.port).ok()?,
            protocol,
            target_port: match &port.target_port {
                IntOrString::Int(0) => port.port.to_string(),
                IntOrString::Int(number) => number.to_string(),
                IntOrString::String(name) => name.clone(),
            },
            node_port: u16::try_from(port.node_port).ok().filter(|number| *number != 0),
            endpoints: endpoints_of(snapshot, id, &port.name, protocol),
        })
    });
    Some(ServiceReport {
        service: snapshot.service_ref(id)?,
        type_: if spec.type_.is_empty() { "ClusterIP".into() } else { spec.type_.clone() },
        cluster_ips: match spec.cluster_ips.is_empty() && !spec.cluster_ip.is_empty() {
            true => vec![spec.cluster_ip.clone()],
            false => spec.cluster_ips.clone(),
        },
        external_ips: spec.external_ips.clone(),
        load_balancer: load_balancer.collect(),
        not_proxied: why_not_proxied(service).map(|why| not_proxied(snapshot, id, why)),
        ports: ports.collect(),
        pods,
        other_pods,
    })
}

fn not_proxied(snapshot: &Snapshot, id: ServiceId, why: NotProxied) -> Reason {
    let (code, sentence, field) = match why {
        NotProxied::ExternalName => (
            "services/external-name",
            "type ExternalName is an alias in DNS: it has no address and no endpoints",
            "spec.type",
        ),
        NotProxied::Headless => (
            "services/headless",
            "it is headless: DNS gives the addresses of the pods, and kube-proxy has no rule for it",
            "spec.clusterIP",
        ),
        NotProxied::NoClusterIp => (
            "services/no-cluster-ip",
            "it has no ClusterIP, so kube-proxy has no rule for it",
            "spec.clusterIP",
        ),
        NotProxied::OtherProxy => (
            "services/other-proxy",
            "the label service.kubernetes.io/service-proxy-name hands it to another proxy",
            "metadata.labels[service.kubernetes.io/service-proxy-name]",
        ),
    };
    let evidence = snapshot.service_evidence(id, field).into_iter().collect();
    Reason { code, sentence: sentence.into(), evidence }
}

fn endpoints_of(snapshot: &Snapshot, id: ServiceId, port: &str, protocol: Protocol) -> Vec<EndpointReport> {
    let mut reports = Vec::new();
    for slice in snapshot.slices_of(id) {
        let entry = slice.value.ports.iter().find(|entry| {
            entry.name.as_deref().unwrap_or_default() == port
                && Protocol::parse(entry.protocol.as_deref().unwrap_or_default()) == Some(protocol)
        });
        let number = entry.and_then(|entry| entry.port).and_then(|number| u16::try_from(number).ok());
        let Some(number) = number else { continue };
        for (endpoint, pod) in slice.value.endpoints.iter().zip(&slice.pods) {
            let ip = endpoint.addresses.first().and_then(|text| super::ip::parse_ip(text));
            let Some(ip) = ip else { continue };
            reports.push(EndpointReport {
                address: super::endpoints::socket(ip, number),
                pod: pod.and_then(|id| snapshot.pod_ref(id)),
                node: endpoint.node_name.clone(),
                ready: endpoint.conditions.ready.unwrap_or(true),
                terminating: endpoint.conditions.terminating.unwrap_or(false),
                slice: slice.name.clone(),
            });
        }
    }
    reports
}

/// The rules of a node in the mode of the settings, of one Service only if one is given.
pub fn rules(
    snapshot: &Snapshot,
    proxy: &Proxy,
    node: NodeId,
    family: Family,
    only: Option<ServiceId>,
) -> Option<RulesText> {
    let mode = snapshot.settings.proxy.mode;
    let text = match mode {
        ProxyMode::Iptables => iptables_of(snapshot, proxy, node, family, only),
        ProxyMode::Nftables => nftables_of(snapshot, proxy, node, family, only),
        ProxyMode::Ipvs => ipvs(proxy, node, family, only),
    };
    Some(RulesText { node: snapshot.node(node)?.name.clone(), mode, family, text })
}

/// A packet through the rendered rules of a node. `None` in ipvs mode, whose tables have no rules to
/// walk, and when the packet has addresses of two families.
pub fn walk(snapshot: &Snapshot, proxy: &Proxy, node: NodeId, packet: &Packet) -> Option<RuleWalk> {
    let mode = snapshot.settings.proxy.mode;
    let family = Family::of(packet.destination);
    if Family::of(packet.source) != family {
        return None;
    }
    let text = rules(snapshot, proxy, node, family, None)?.text;
    let is_local = |ip: IpAddr| proxy.is_local_address(node, ip);
    let walk = match mode {
        ProxyMode::Iptables => IptablesRules::parse(&text).ok()?.trace(packet, &is_local),
        ProxyMode::Nftables => NftablesRules::parse(&text).ok()?.trace(packet, &is_local),
        ProxyMode::Ipvs => return None,
    };
    Some(RuleWalk { node: snapshot.node(node)?.name.clone(), mode, packet: *packet, walk })
}

/// What answers on a port of a node, seen from outside, from a pod of the node and from the node.
pub fn node_port(
    snapshot: &Snapshot,
    proxy: &Proxy,
    node: NodeId,
    port: u16,
    protocol: Protocol,
) -> Option<NodePortReport> {
    let facts = snapshot.node(node)?;
    let owner = proxy.ports.iter().find(|other| other.node_port == Some(port) && other.protocol == protocol);
    let mut seen = Vec::new();
    let address = facts.ips.first().copied();
    if let Some(destination) = address {
        let outside = match Family::of(destination) {
            Family::IPv4 => IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10)),
            Family::IPv6 => IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10)),
        };
        let pod = snapshot
            .pods_on(node)
            .filter_map(|id| snapshot.pod(id))
            .filter(|pod| pod.is_alive() && !pod.host_network)
            .find_map(|pod| pod.ips.iter().copied().find(|ip| Family::of(*ip) == Family::of(destination)));
        let askers = [(Asker::Outside, Some(outside)), (Asker::Pod, pod), (Asker::Node, Some(destination))];
        for (from, source) in askers {
            let Some(source) = source else { continue };
            let packet = Packet { source, destination, port, protocol };
            let selection = proxy.select(snapshot, node, &packet);
            seen.push(ViewPoint { from, selection: report(snapshot, proxy, &selection) });
        }
    }
    let mut node_ports: Vec<u16> = Vec::new();
    if owner.is_none() {
        node_ports = proxy.ports.iter().filter_map(|port| port.node_port).collect();
        node_ports.order();
        node_ports.dedup();
    }
    Some(NodePortReport {
        node: facts.name.clone(),
        address,
        port,
        protocol,
        service: owner.and_then(|port| snapshot.service_ref(port.service)),
        pods: pods_with_port(snapshot, node, port, protocol),
        node_ports,
        seen,
    })
}

/// Pods of a node that have one of its ports: on its network, or by hostPort.
fn pods_with_port(snapshot: &Snapshot, node: NodeId, port: u16, protocol: Protocol) -> Vec<ObjectRef> {
    let has_it = |id: &PodId| {
        let Some(pod) = snapshot.pod(*id).filter(|pod| pod.is_alive()) else { return false };
        pod.spec.containers.iter().flat_map(|container| &container.ports).any(|declared| {
            let number = if pod.host_network { declared.container_port } else { declared.host_port };
            number == i32::from(port) && Protocol::parse(&declared.protocol) == Some(protocol)
        })
    };
    snapshot.pods_on(node).filter(has_it).filter_map(|id| snapshot.pod_ref(id)).collect()
}

/// A selection as plain data.
pub fn report(snapshot: &Snapshot, proxy: &Proxy, selection: &Selection) -> SelectionReport {
    let backend = |backend: &Backend| BackendReport {
        address: super::endpoints::socket(backend.ip, backend.port),
        pod: backend.pod.and_then(|id| snapshot.pod_ref(id)),
        node: backend.node.and_then(|id| snapshot.node(id)).map(|node| node.name.clone()),
        share: backend.share,
        source_seen: proxy.source_seen(snapshot, selection, backend),
        masquerade: backend.masquerade.map(|why| masquerade(snapshot, selection, why)),
    };
    SelectionReport {
        packet: selection.packet,
        via: selection.frontend.map(|frontend| frontend.via),
        fate: match &selection.outcome {
            Outcome::NotMatched(_) => Fate::NotMatched,
            Outcome::Rejected(_) => Fate::Rejected,
            Outcome::Dropped(_) => Fate::Dropped,
            Outcome::HealthCheck => Fate::HealthCheck,
            Outcome::Backends { .. } => Fate::Forwarded,
        },
        backends: selection.backends().iter().map(backend).collect(),
        reasons: reasons(snapshot, proxy, selection),
    }
}
