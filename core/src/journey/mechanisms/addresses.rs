//! Which address is whose, beyond pods and nodes.

use crate::journey::{NearMiss, explain};
use crate::manifest::Evidence;
use crate::model::{Service, ServiceId, Snapshot};
use std::net::IpAddr;

/// The Service that publishes an address beyond its ClusterIP, and whether a load balancer holds it
/// (otherwise it is one of `spec.externalIPs`, routed to the nodes by the network's owner).
pub(crate) fn published(snapshot: &Snapshot, ip: IpAddr) -> Option<(ServiceId, bool)> {
    let is = |text: &String| text.parse() == Ok(ip);
    (0..).zip(&snapshot.services).find_map(|(index, service)| {
        let ingress = &service.status.load_balancer.ingress;
        if ingress.iter().any(|ingress| is(&ingress.ip)) {
            return Some((ServiceId(index), true));
        }
        service.spec.external_ips.iter().any(is).then_some((ServiceId(index), false))
    })
}

/// A field of a Service as evidence.
pub(crate) fn service_evidence(snapshot: &Snapshot, id: ServiceId, field: &str) -> Option<Evidence> {
    let service = snapshot.service(id)?;
    Some(snapshot.evidence(snapshot.service_ref(id)?, &service.origin, field))
}

/// Whether an address belongs to the pod or Service ranges.
pub(crate) fn is_cluster_address(snapshot: &Snapshot, ip: IpAddr) -> bool {
    let pods =
        snapshot.settings.pod_cidrs.iter().chain(snapshot.nodes.iter().flat_map(|node| &node.pod_cidrs));
    pods.into_iter().any(|cidr| cidr.contains(&ip)) || in_service_range(snapshot, ip)
}

/// Whether an address is a ClusterIP, used or not.
pub(crate) fn in_service_range(snapshot: &Snapshot, ip: IpAddr) -> bool {
    snapshot.settings.service_cidrs.iter().any(|cidr| cidr.contains(&ip))
        || cluster_ip_owner(snapshot, ip).is_some()
}

/// `namespace/name` of the Service with this ClusterIP.
pub(crate) fn cluster_ip_owner(snapshot: &Snapshot, ip: IpAddr) -> Option<String> {
    let service = snapshot.services.iter().find(|service| by_cluster_ip(service, ip))?;
    Some(format!("{}/{}", snapshot.namespace_name(service.namespace), service.name))
}

fn by_cluster_ip(service: &Service, ip: IpAddr) -> bool {
    let spec = &service.spec;
    spec.cluster_ips.iter().chain([&spec.cluster_ip]).any(|address| address.parse() == Ok(ip))
}

/// The Services whose port a wrong node port was perhaps meant for: those that have node ports.
pub(crate) fn near_node_port(snapshot: &Snapshot, port: u16) -> Option<NearMiss> {
    let mut ports = Vec::new();
    for (id, service) in (0..).zip(&snapshot.services) {
        for (index, entry) in service.spec.ports.iter().enumerate().filter(|(_, entry)| entry.node_port > 0) {
            ports.push((entry.node_port.abs_diff(i32::from(port)), ServiceId(id), index));
        }
    }
    let (_, id, index) = ports.into_iter().min()?;
    let service = snapshot.service(id)?;
    let field = format!("spec.ports[{index}].nodePort");
    let allocated = service.allocated.contains(&field);
    let name = format!("{}/{}", snapshot.namespace_name(service.namespace), service.name);
    let number = service.spec.ports.get(index)?.node_port;
    let sentence = explain::near_node_port(&name, number, port, allocated);
    Some(NearMiss { sentence, evidence: service_evidence(snapshot, id, &field).into_iter().collect() })
}

/// A pending load balancer has a node port all the same.
pub(crate) fn pending_but_node_port(snapshot: &Snapshot, id: ServiceId) -> Option<NearMiss> {
    let service = snapshot.service(id)?;
    let (index, port) = service.spec.ports.iter().enumerate().find(|(_, port)| port.node_port > 0)?;
    let name = format!("{}/{}", snapshot.namespace_name(service.namespace), service.name);
    let sentence = explain::pending_but_node_port(&name, port.node_port);
    let field = format!("spec.ports[{index}].nodePort");
    Some(NearMiss { sentence, evidence: service_evidence(snapshot, id, &field).into_iter().collect() })
}
