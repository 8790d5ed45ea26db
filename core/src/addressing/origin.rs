//! Where an address comes from.

use super::explain;
use super::interfaces::{bridge_address, interface_addresses, pod_cidr, tunnel_address};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{Family, Node, NodeId, Pod, PodId, Service, ServiceId, Snapshot};
use ipnet::IpNet;
use serde::Serialize;
use std::net::IpAddr;

/// Where an address comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressOrigin {
    /// The address.
    pub address: IpAddr,
    /// What it is.
    pub role: AddressRole,
    /// Who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<ObjectRef>,
    /// The block it is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// How it came about, sentence by sentence.
    pub sentences: Vec<String>,
    /// The fields behind it.
    pub evidence: Vec<Evidence>,
}

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AddressRole {
    /// Of a pod.
    Pod,
    /// Of a node, and of the pods on its host network.
    Node,
    /// Of the bridge that a node's pods hang on.
    Bridge,
    /// Of a node's end of the tunnels.
    Tunnel,
    /// Of a Service.
    ClusterIp,
    /// `spec.externalIPs` of a Service.
    ExternalIp,
    /// What a load balancer reported.
    LoadBalancer,
    /// In a node's pod CIDR, but no pod has it.
    FreePod,
    /// In the Service CIDR, but no Service has it.
    FreeService,
    /// In the cluster's pod CIDR, but in no node's.
    UnassignedPodCidr,
    /// Loopback.
    Loopback,
    /// None of the cluster's.
    Outside,
}

/// Where `address` comes from: whose it is, from which block, given or allocated and in which order.
///
/// ```
/// use kubehop::{Cluster, Settings, Source, addressing::{AddressRole, origin}};
/// let cluster = Cluster::load([Source::new("empty.yaml", "")], &Settings::default());
/// let address = origin(cluster.snapshot(), "10.244.0.1".parse().unwrap());
/// assert_eq!(address.role, AddressRole::Bridge);
/// ```
pub fn origin(snapshot: &Snapshot, address: IpAddr) -> AddressOrigin {
    let family = Family::of(address);
    let plain = |role, sentences: Vec<String>| AddressOrigin {
        address,
        role,
        owner: None,
        block: None,
        sentences,
        evidence: Vec::new(),
    };
    if address.is_loopback() {
        return plain(AddressRole::Loopback, vec![explain::LOOPBACK_ADDRESS.into()]);
    }
    let nodes = || (0u32..).zip(&snapshot.nodes).map(|(index, node)| (NodeId(index), node));
    if let Some((id, node)) = nodes().find(|(id, _)| interface_addresses(snapshot, *id).contains(&address)) {
        return of_node(snapshot, id, node, address);
    }
    let pods = || (0u32..).zip(&snapshot.pods).map(|(index, pod)| (PodId(index), pod));
    let owner = pods().find(|(_, pod)| pod.is_alive() && pod.ips.contains(&address));
    if let Some((id, pod)) = owner {
        return of_pod(snapshot, id, pod, address);
    }
    let services = || (0u32..).zip(&snapshot.services).map(|(index, service)| (ServiceId(index), service));
    if let Some(origin) = services().find_map(|(id, service)| of_service(snapshot, id, service, address)) {
        return origin;
    }
    if let Some((_, node, cidr)) = nodes()
        .find_map(|(id, node)| Some((id, node, pod_cidr(node, family).filter(|c| c.contains(&address))?)))
    {
        let block = Some(cidr.to_string());
        let owner = Some(ObjectRef::cluster("Node", &node.name));
        return AddressOrigin {
            block,
            owner,
            ..plain(AddressRole::FreePod, vec![explain::free_pod(&node.name, cidr)])
        };
    }
    let block_with = |blocks: &[IpNet]| blocks.iter().find(|block| block.contains(&address)).copied();
    if let Some(block) = block_with(&snapshot.settings.service_cidrs) {
        let sentences = vec![explain::free_service(block)];
        return AddressOrigin {
            block: Some(block.to_string()),
            ..plain(AddressRole::FreeService, sentences)
        };
    }
    if let Some(block) = block_with(&snapshot.settings.pod_cidrs) {
        let sentences = vec![explain::unassigned(block)];
        return AddressOrigin {
            block: Some(block.to_string()),
            ..plain(AddressRole::UnassignedPodCidr, sentences)
        };
    }
    plain(AddressRole::Outside, vec![explain::outside(address)])
}

fn of_node(snapshot: &Snapshot, id: NodeId, node: &Node, address: IpAddr) -> AddressOrigin {
    let family = Family::of(address);
    let cidr = pod_cidr(node, family);
    let object = ObjectRef::cluster("Node", &node.name);
    let (role, block, sentence, field) = if bridge_address(snapshot, id, family) == Some(address) {
        (AddressRole::Bridge, cidr, explain::bridge_address(&node.name), "spec.podCIDR")
    } else if tunnel_address(snapshot, id, family) == Some(address) {
        (AddressRole::Tunnel, cidr, explain::tunnel_address(&node.name), "spec.podCIDR")
    } else {
        (AddressRole::Node, None, explain::node_address(&node.name), "status.addresses")
    };
    AddressOrigin {
        address,
        role,
        block: block.map(|block| block.to_string()),
        sentences: vec![sentence],
        evidence: vec![snapshot.evidence(object.clone(), &node.origin, field)],
        owner: Some(object),
    }
}

fn of_pod(snapshot: &Snapshot, id: PodId, pod: &Pod, address: IpAddr) -> AddressOrigin {
    let node = pod.node.and_then(|id| snapshot.node(id));
    let cidr =
        node.and_then(|node| pod_cidr(node, Family::of(address))).filter(|cidr| cidr.contains(&address));
    let given = snapshot.source(&pod.origin).is_some_and(|source| {
        let listed = source.get("status").and_then(|status| status.get("podIPs"));
        let mut listed = listed.into_iter().flat_map(|list| list.items()).filter_map(|item| item.get("ip"));
        let single = source.get("status").and_then(|status| status.get("podIP"));
        let is_it = |text: Option<&str>| text.and_then(|text| text.parse().ok()) == Some(address);
        is_it(single.and_then(|node| node.as_str())) || listed.any(|ip| is_it(ip.as_str()))
    });
    let node_name = node.map_or("", |node| node.name.as_str());
    let mut sentences = vec![explain::pod_address(&pod.name, node_name, cidr)];
    match (given, cidr) {
        (true, _) => sentences.push(explain::GIVEN_BY_STATUS.into()),
        (false, Some(cidr)) => sentences.push(explain::host_local(node_name, cidr)),
        (false, None) => {}
    }
    let field = if given { "status.podIP" } else { "spec.nodeName" };
    AddressOrigin {
        address,
        role: AddressRole::Pod,
        owner: snapshot.pod_ref(id),
        block: cidr.map(|cidr| cidr.to_string()),
        sentences,
        evidence: snapshot.pod_evidence(id, field).into_iter().collect(),
    }
}

fn of_service(
    snapshot: &Snapshot,
    id: ServiceId,
    service: &Service,
    address: IpAddr,
) -> Option<AddressOrigin> {
    let is_it = |text: &String| text.parse() == Ok(address);
    let spec = &service.spec;
    let name = format!("{}/{}", snapshot.namespace_name(service.namespace), service.name);
    let ingress = &service.status.load_balancer.ingress;
    let (role, field, block, sentences) = if spec.cluster_ips.iter().any(is_it) || is_it(&spec.cluster_ip) {
        let index = spec.cluster_ips.iter().position(is_it).unwrap_or(0);
        let field = format!("spec.clusterIPs[{index}]");
        let blocks = &snapshot.settings.service_cidrs;
        let block = blocks.iter().find(|block| block.contains(&address)).copied();
        let allocated = service.allocated.contains(&field);
        let sentences = explain::cluster_ip(&name, address, block, allocated);
        (AddressRole::ClusterIp, if allocated { "spec".into() } else { field }, block, sentences)
    } else if let Some(index) = spec.external_ips.iter().position(is_it) {
        let sentences = vec![explain::external_ip(&name)];
        (AddressRole::ExternalIp, format!("spec.externalIPs[{index}]"), None, sentences)
    } else if let Some(index) = ingress.iter().position(|ingress| is_it(&ingress.ip)) {
        let sentences = vec![explain::load_balancer(&name)];
        (AddressRole::LoadBalancer, format!("status.loadBalancer.ingress[{index}].ip"), None, sentences)
    } else {
        return None;
    };
    Some(AddressOrigin {
        address,
        role,
        owner: snapshot.service_ref(id),
        block: block.map(|block| block.to_string()),
        sentences,
        evidence: snapshot.service_evidence(id, &field).into_iter().collect(),
    })
}
