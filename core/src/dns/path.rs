//! The way of a query from a pod to its name server.

use crate::model::{ServiceId, Snapshot};

/// The Service that leads to cluster DNS: the one with the address the kubelets know, else kube-dns.
pub(super) fn dns_service(snapshot: &Snapshot) -> Option<ServiceId> {
    let wanted: Vec<String> = super::kubelet::cluster_dns(snapshot).iter().map(ToString::to_string).collect();
    let by_address = snapshot.services.iter().position(|service| {
        service.spec.cluster_ips.iter().any(|ip| wanted.contains(ip))
            || wanted.contains(&service.spec.cluster_ip)
    });
    by_address.map(|index| ServiceId(index as u32)).or_else(|| snapshot.service_id("kube-system", "kube-dns"))
}
