//! Hand-made Endpoints of Services without a selector, mirrored into slices.
//!
//! k8s: pkg/controller/endpointslicemirroring/{endpointslicemirroring_controller,reconciler_helpers}.go (1.36)

use super::endpoints::{MANAGED_BY, family_name};
use super::hash::suffix;
use super::lookup::SERVICE_NAME;
use super::{EndpointSlice, Family, NamespaceId, Origin, PodId, Stored};
use crate::manifest::api::core_v1::{EndpointAddress, EndpointSubset, Endpoints};
use crate::manifest::api::discovery_v1::{self, Endpoint, EndpointConditions, EndpointPort};
use std::net::IpAddr;

/// The controller that mirrors.
pub(crate) const MIRRORING: &str = "endpointslicemirroring-controller.k8s.io";
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";
const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";
/// `--mirroring-max-endpoints-per-subset`.
const MAX_PER_SUBSET: usize = 1000;

/// Whether these Endpoints want to be mirrored.
pub(crate) fn wanted(endpoints: &Endpoints) -> bool {
    endpoints.metadata.labels.get(SKIP).is_none_or(|value| value != "true")
        && !endpoints.metadata.annotations.contains_key(LEADER)
}

/// The slices for some Endpoints; one per subset and family.
pub(crate) fn slices(
    stored: &Stored<Endpoints>,
    namespace: NamespaceId,
    pod_of: impl Fn(&EndpointAddress) -> Option<PodId>,
) -> Vec<EndpointSlice> {
    let endpoints = &stored.value;
    let name = &stored.object.name;
    let seed = format!("EndpointSlice {stored_object}", stored_object = stored.object);
    let mut made = Vec::new();
    for subset in &endpoints.subsets {
        for family in [Family::IPv4, Family::IPv6] {
            let found = addresses(subset, family);
            if found.is_empty() {
                continue;
            }
            let pods = found.iter().map(|(address, _)| pod_of(address)).collect();
            let mut value = discovery_v1::EndpointSlice {
                address_type: family_name(family).into(),
                endpoints: found.iter().map(|(address, ready)| endpoint(address, *ready)).collect(),
                ports: ports(subset),
                ..Default::default()
            };
            let index = u32::try_from(made.len()).unwrap_or(u32::MAX);
            let mut slice_name: String = format!("{name}-").chars().take(58).collect();
            slice_name.push_str(&suffix(&seed, index));
            value.metadata.name.clone_from(&slice_name);
            value.metadata.namespace = stored.object.namespace.clone().unwrap_or_default();
            value.metadata.labels.clone_from(&endpoints.metadata.labels);
            value.metadata.labels.insert(SERVICE_NAME.into(), name.clone());
            value.metadata.labels.insert(MANAGED_BY.into(), MIRRORING.into());
            let origin = match &stored.origin {
                Origin::Manifest { object, .. } => Origin::Manifest { object: *object, prefix: "" },
                Origin::ControlPlane => Origin::ControlPlane,
            };
            made.push(EndpointSlice { namespace, name: slice_name, value, pods, origin });
        }
    }
    made
}

fn addresses(subset: &EndpointSubset, family: Family) -> Vec<(&EndpointAddress, bool)> {
    let ready = subset.addresses.iter().map(|address| (address, true));
    let not_ready = subset.not_ready_addresses.iter().map(|address| (address, false));
    let of_family =
        |address: &EndpointAddress| address.ip.parse::<IpAddr>().is_ok_and(|ip| Family::of(ip) == family);
    ready.chain(not_ready).filter(|(address, _)| of_family(address)).take(MAX_PER_SUBSET).collect()
}

fn endpoint(address: &EndpointAddress, ready: bool) -> Endpoint {
    Endpoint {
        addresses: vec![address.ip.clone()],
        conditions: EndpointConditions { ready: Some(ready), ..Default::default() },
        hostname: Some(address.hostname.clone()).filter(|name| !name.is_empty()),
        target_ref: address.target_ref.clone(),
        node_name: address.node_name.clone(),
        ..Default::default()
    }
}

fn ports(subset: &EndpointSubset) -> Vec<EndpointPort> {
    let ports = subset.ports.iter().map(|port| EndpointPort {
        name: Some(port.name.clone()),
        protocol: Some(if port.protocol.is_empty() { "TCP".into() } else { port.protocol.clone() }),
        port: Some(port.port),
        app_protocol: port.app_protocol.clone(),
    });
    ports.collect()
}
