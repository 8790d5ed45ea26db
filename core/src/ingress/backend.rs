//! From a Service port named in an Ingress to the addresses that a controller connects to.

use crate::manifest::api::core_v1::ServicePort;
use crate::manifest::api::meta::IntOrString;
use crate::manifest::api::networking_v1::IngressServiceBackend;
use crate::model::{NamespaceId, PodId, ServiceId, Snapshot};
use crate::order::SliceOrder;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The slices of each Service, so that a request need not search them all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    slices: BTreeMap<(NamespaceId, String), Vec<u32>>,
    services: BTreeMap<(NamespaceId, String), ServiceId>,
}

/// Where a controller connects to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) port: u16,
    pub(crate) pod: Option<PodId>,
}

/// Why there is nothing to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The Service does not exist.
    NoService,
    /// It has no such port; the number or name of a targetPort is meant when the flag is set.
    NoPort {
        /// The Service port whose targetPort it is.
        target_of: Option<i32>,
    },
    /// Its selector finds no pod, or no slice holds the port.
    NoEndpoints,
    /// There are endpoints and none is ready.
    NotReady,
    /// ExternalName, and the controller was told not to follow.
    ExternalNameDisabled,
    /// ExternalName with a name that the controller refuses: its own host, or none at all.
    ExternalNameRefused,
    /// The controller sends to the ClusterIP, and kube-proxy rejects it: no such port, or no endpoint.
    Rejected { address: String },
    /// The controller deleted the upstream: a canary with its Service has no main location.
    Removed,
}

/// The way from a Service port to addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) service: Option<ServiceId>,
    pub(crate) targets: Vec<Target>,
    /// ExternalName: the name is resolved by the controller.
    pub(crate) external: Option<(String, u16)>,
    pub(crate) trouble: Option<Trouble>,
}

/// The port of a Service as an Ingress names it: `80` or `http`.
pub(crate) fn port_text(backend: &IngressServiceBackend) -> String {
    if backend.port.name.is_empty() { backend.port.number.to_string() } else { backend.port.name.clone() }
}

/// Whether the controller refuses to follow an external name.
// ingress-nginx: internal/ingress/controller/endpointslices.go getEndpointsFromSlices
fn refused_name(name: &str) -> bool {
    match name.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => name == "localhost" || !is_dns1123_subdomain(name.strip_suffix('.').unwrap_or(name)),
    }
}

fn is_dns1123_subdomain(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

impl Index {
    /// Indexes the Services and slices of a snapshot.
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let mut index = Self::default();
        for (id, service) in snapshot.services.iter().enumerate() {
            index.services.insert((service.namespace, service.name.clone()), ServiceId(id as u32));
        }
        for (id, slice) in snapshot.slices.iter().enumerate() {
            if let Some(name) = slice.value.metadata.labels.get("kubernetes.io/service-name") {
                index.slices.entry((slice.namespace, name.clone())).or_default().push(id as u32);
            }
        }
        index
    }

    /// The Service `namespace/name`.
    pub(crate) fn service(&self, snapshot: &Snapshot, namespace: &str, name: &str) -> Option<ServiceId> {
        let namespace = snapshot.namespace_id(namespace)?;
        self.services.get(&(namespace, name.to_owned())).copied()
    }

    /// Resolves `port` of `namespace/name`. With `lenient`, as ingress-nginx does, a targetPort counts too.
    // ingress-nginx: internal/ingress/controller/controller.go serviceEndpoints, endpointslices.go
    pub(crate) fn resolve(
        &self,
        snapshot: &Snapshot,
        namespace: &str,
        name: &str,
        port: &str,
        lenient: bool,
    ) -> Resolved {
        let Some(id) = self.service(snapshot, namespace, name) else {
            return Resolved { trouble: Some(Trouble::NoService), ..Resolved::default() };
        };
        let mut resolved = Resolved { service: Some(id), ..Resolved::default() };
        let Some(service) = snapshot.service(id) else { return resolved };
        if service.spec.type_ == "ExternalName" {
            let number = port.parse::<u16>().ok().or_else(|| {
                let named = service.spec.ports.iter().find(|candidate| candidate.name == port)?;
                u16::try_from(named.port).ok()
            });
            // ingress-nginx: controller.go externalNamePorts: of a listed port the targetPort counts
            let listed = service.spec.ports.iter().find(|candidate| {
                lenient && (Some(candidate.port) == number.map(i32::from) || candidate.name == port)
            });
            let number = match listed.map(|listed| &listed.target_port) {
                Some(IntOrString::Int(target)) if *target > 0 => u16::try_from(*target).ok(),
                _ => number,
            };
            resolved.external = number.map(|number| (service.spec.external_name.clone(), number));
            resolved.trouble = number.is_none().then_some(Trouble::NoPort { target_of: None });
            if lenient && refused_name(&service.spec.external_name) {
                resolved.external = None;
                resolved.trouble = Some(Trouble::ExternalNameRefused);
            }
            return resolved;
        }
        let matches = |candidate: &&ServicePort| {
            candidate.port.to_string() == port
                || (!candidate.name.is_empty() && candidate.name == port)
                || (lenient && candidate.target_port.to_string() == port)
        };
        let Some(service_port) = service.spec.ports.iter().find(matches) else {
            let target_of =
                service.spec.ports.iter().find(|candidate| candidate.target_port.to_string() == port);
            resolved.trouble = Some(Trouble::NoPort { target_of: target_of.map(|candidate| candidate.port) });
            return resolved;
        };
        let (targets, not_ready) = self.endpoints(snapshot, id, service_port, ("TCP", lenient));
        resolved.trouble = match (targets.is_empty(), not_ready) {
            (false, _) => None,
            (true, true) => Some(Trouble::NotReady),
            (true, false) => Some(Trouble::NoEndpoints),
        };
        resolved.targets = targets;
        resolved
    }

    /// The ready endpoints of one Service port of a protocol, and whether there are others that are not ready.
    /// The lenient reading takes a numeric targetPort where a slice has no port of the name.
    // ingress-nginx: internal/ingress/controller/endpointslices.go getEndpointsFromSlices
    pub(crate) fn endpoints(
        &self,
        snapshot: &Snapshot,
        id: ServiceId,
        port: &ServicePort,
        (wanted, lenient): (&str, bool),
    ) -> (Vec<Target>, bool) {
        let mut targets: Vec<Target> = Vec::new();
        let mut not_ready = false;
        let Some(service) = snapshot.service(id) else { return (targets, false) };
        let slices =
            self.slices.get(&(service.namespace, service.name.clone())).map_or(&[][..], Vec::as_slice);
        for slice in slices.iter().filter_map(|slice| snapshot.slices.get(*slice as usize)) {
            let target = match &port.target_port {
                IntOrString::Int(number) if lenient && *number > 0 => u16::try_from(*number).ok(),
                _ => None,
            };
            let ports = slice
                .value
                .ports
                .iter()
                .filter(|candidate| candidate.protocol.as_deref().unwrap_or("TCP") == wanted);
            let ports = ports.filter_map(|candidate| {
                let name = candidate.name.as_deref().unwrap_or("");
                let named = port.name.is_empty() || name == port.name;
                if named { u16::try_from(candidate.port?).ok() } else { target }
            });
            let mut numbers: Vec<u16> = ports.collect();
            numbers.extend(target.filter(|_| slice.value.ports.is_empty()));
            for (position, endpoint) in slice.value.endpoints.iter().enumerate() {
                if endpoint.conditions.ready == Some(false) {
                    not_ready |= !numbers.is_empty();
                    continue;
                }
                let pod = slice.pods.get(position).copied().flatten();
                for address in &endpoint.addresses {
                    for number in &numbers {
                        targets.push(Target { address: address.clone(), port: *number, pod });
                    }
                }
            }
        }
        targets.order_by(|a, b| {
            let ip = |target: &Target| target.address.parse::<IpAddr>().ok();
            (ip(a), a.port).cmp(&(ip(b), b.port)).then_with(|| a.address.cmp(&b.address))
        });
        targets.dedup_by(|a, b| a.address == b.address && a.port == b.port);
        (targets, not_ready)
    }
}
