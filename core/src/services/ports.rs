//! From Services to service ports: the unit kube-proxy works with.

use super::endpoints::{self, Endpoint, LABEL_PROXY_NAME, PortKey};
use super::ip::{parse_cidr, parse_ip};
use super::topology::Categories;
use crate::manifest::api::core_v1::{LoadBalancerIngress, ServiceSpec};
use crate::model::{Family, NodeId, Protocol, Service, ServiceId, Snapshot};
use crate::order::SliceOrder;
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

const LABEL_HEADLESS: &str = "service.kubernetes.io/headless";

/// Seconds for which ClientIP affinity holds when nothing is said.
const DEFAULT_AFFINITY_SECONDS: u32 = 10800;

/// One port of one Service in one family, with its endpoints.
#[derive(Debug)]
pub struct ServicePort {
    /// The Service.
    pub service: ServiceId,
    /// Index in `spec.ports`.
    pub port_index: u32,
    /// The family.
    pub family: Family,
    /// `namespace/name` or `namespace/name:port-name`.
    pub name: String,
    /// Protocol.
    pub protocol: Protocol,
    /// ClusterIP of the family.
    pub cluster_ip: IpAddr,
    /// Service port.
    pub port: u16,
    /// Node port, if it has one.
    pub node_port: Option<u16>,
    /// `spec.externalIPs` of the family.
    pub external_ips: Vec<IpAddr>,
    /// Load balancer addresses that kube-proxy captures.
    pub load_balancer_ips: Vec<IpAddr>,
    /// `spec.loadBalancerSourceRanges` of the family.
    pub source_ranges: Vec<IpNet>,
    /// Whether `internalTrafficPolicy` is Local.
    pub internal_local: bool,
    /// Whether `externalTrafficPolicy` is Local and says anything.
    pub external_local: bool,
    /// Timeout of ClientIP affinity in seconds; `None` without affinity.
    pub affinity: Option<u32>,
    /// Where kube-proxy answers the load balancer's health checks.
    pub health_check_node_port: Option<u16>,
    /// Endpoints in kube-proxy's order.
    pub endpoints: Vec<Endpoint>,
    pub(super) has_hints: bool,
    pub(super) has_repeats: bool,
    pub(super) everywhere: OnceLock<Arc<Categories>>,
    pub(super) per_node: OnceLock<Box<[OnceLock<Arc<Categories>>]>>,
}

impl ServicePort {
    /// Whether anything but the ClusterIP leads to it.
    ///
    /// k8s: pkg/proxy/serviceport.go ExternallyAccessible (1.36)
    pub fn externally_accessible(&self) -> bool {
        self.node_port.is_some() || !self.load_balancer_ips.is_empty() || !self.external_ips.is_empty()
    }

    /// k8s: pkg/proxy/serviceport.go UsesClusterEndpoints (1.36)
    pub(super) fn uses_cluster_endpoints(&self) -> bool {
        !self.internal_local || self.externally_accessible()
    }

    /// k8s: pkg/proxy/serviceport.go UsesLocalEndpoints (1.36)
    pub(super) fn uses_local_endpoints(&self) -> bool {
        self.internal_local || (self.external_local && self.externally_accessible())
    }

    /// Whether a node's place decides which endpoints it uses.
    pub(super) fn depends_on_node(&self) -> bool {
        self.uses_local_endpoints() || self.has_hints || self.has_repeats
    }
}

/// Every service port of both families, IPv4 first, each family in the order of the names.
///
/// k8s: pkg/proxy/servicechangetracker.go serviceToServiceMap, pkg/proxy/util/utils.go ShouldSkipService (1.36)
pub(super) fn collect(snapshot: &Snapshot) -> Vec<ServicePort> {
    let mut ports = Vec::new();
    for family in [Family::IPv4, Family::IPv6] {
        let first = ports.len();
        let mut endpoints = endpoints::collect(snapshot, family);
        for (index, service) in (0u32..).zip(&snapshot.services) {
            of_service(snapshot, ServiceId(index), service, family, &mut endpoints, &mut ports);
        }
        if let Some(family_ports) = ports.get_mut(first..) {
            family_ports.order_by(|a, b| (&a.name, a.protocol).cmp(&(&b.name, b.protocol)));
        }
    }
    ports
}

fn of_service<'a>(
    snapshot: &'a Snapshot,
    id: ServiceId,
    service: &'a Service,
    family: Family,
    endpoints: &mut BTreeMap<PortKey<'a>, Vec<Endpoint>>,
    ports: &mut Vec<ServicePort>,
) {
    let spec = &service.spec;
    if why_not_proxied(service).is_some() {
        return;
    }
    let Some(cluster_ip) = cluster_ip(spec, family) else { return };
    let of_family = |ip: &IpAddr| Family::of(*ip) == family;
    let external_ips: Vec<IpAddr> =
        spec.external_ips.iter().filter_map(|text| parse_ip(text)).filter(of_family).collect();
    let load_balancer_ips: Vec<IpAddr> = service
        .status
        .load_balancer
        .ingress
        .iter()
        .filter(|ingress| is_vip(ingress))
        .filter_map(|ingress| parse_ip(&ingress.ip))
        .filter(of_family)
        .collect();
    let source_ranges: Vec<IpNet> = spec
        .load_balancer_source_ranges
        .iter()
        .filter_map(|text| parse_cidr(text))
        .filter(|net| Family::of(net.addr()) == family)
        .collect();
    let external_local = is_external_local(spec);
    let affinity = (spec.session_affinity == "ClientIP").then(|| {
        let config = spec.session_affinity_config.as_ref().and_then(|config| config.client_ip.as_ref());
        config
            .and_then(|client| client.timeout_seconds)
            .and_then(|seconds| u32::try_from(seconds).ok())
            .unwrap_or(DEFAULT_AFFINITY_SECONDS)
    });
    let namespace = snapshot.namespace_name(service.namespace);
    for (port_index, port) in (0u32..).zip(&spec.ports) {
        let Some(protocol) = Protocol::parse(&port.protocol) else { continue };
        let Ok(number) = u16::try_from(port.port) else { continue };
        let key = (service.namespace, service.name.as_str(), port.name.as_str(), protocol);
        let endpoints = endpoints.remove(&key).unwrap_or_default();
        let colon = if port.name.is_empty() { "" } else { ":" };
        ports.push(ServicePort {
            service: id,
            port_index,
            family,
            name: format!("{namespace}/{}{colon}{}", service.name, port.name),
            protocol,
            cluster_ip,
            port: number,
            node_port: u16::try_from(port.node_port).ok().filter(|port| *port != 0),
            external_ips: external_ips.clone(),
            load_balancer_ips: load_balancer_ips.clone(),
            source_ranges: source_ranges.clone(),
            internal_local: spec.internal_traffic_policy.as_deref() == Some("Local"),
            external_local,
            affinity,
            // k8s: pkg/api/v1/service/util.go NeedsHealthCheck (1.36)
            health_check_node_port: (spec.type_ == "LoadBalancer" && external_local)
                .then(|| u16::try_from(spec.health_check_node_port).ok())
                .flatten()
                .filter(|port| *port != 0),
            has_hints: endpoints
                .iter()
                .any(|endpoint| !endpoint.zone_hints.is_empty() || !endpoint.node_hints.is_empty()),
            has_repeats: endpoints.windows(2).any(|pair| match pair {
                [a, b] => a.text == b.text,
                _ => false,
            }),
            endpoints,
            everywhere: OnceLock::new(),
            per_node: OnceLock::new(),
        });
    }
}

/// Why kube-proxy makes no rules for a Service at all: the field that says so.
///
/// k8s: pkg/proxy/util/utils.go ShouldSkipService, cmd/kube-proxy/app/server.go informer label selector (1.36)
pub(super) fn why_not_proxied(service: &Service) -> Option<NotProxied> {
    let spec = &service.spec;
    if spec.type_ == "ExternalName" {
        Some(NotProxied::ExternalName)
    } else if spec.cluster_ip == "None" || service.labels.contains_key(LABEL_HEADLESS) {
        Some(NotProxied::Headless)
    } else if spec.cluster_ip.is_empty() {
        Some(NotProxied::NoClusterIp)
    } else if service.labels.contains_key(LABEL_PROXY_NAME) {
        Some(NotProxied::OtherProxy)
    } else {
        None
    }
}

/// Why kube-proxy makes no rules for a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum NotProxied {
    /// It is only a name.
    ExternalName,
    /// It has no ClusterIP on purpose: clients get the pods' addresses from DNS.
    Headless,
    /// No ClusterIP was allocated.
    NoClusterIp,
    /// A label hands it to another proxy.
    OtherProxy,
}

/// k8s: pkg/proxy/util/utils.go GetClusterIPByFamily (1.36)
fn cluster_ip(spec: &ServiceSpec, family: Family) -> Option<IpAddr> {
    if spec.ip_families.is_empty() {
        return parse_ip(&spec.cluster_ip).filter(|ip| Family::of(*ip) == family);
    }
    let index = spec.ip_families.iter().position(|name| name == endpoints::family_name(family))?;
    parse_ip(spec.cluster_ips.get(index)?)
}

/// Whether traffic from outside is kept on the node it arrives at.
///
/// k8s: pkg/api/v1/service/util.go ExternallyAccessible, ExternalPolicyLocal (1.36)
fn is_external_local(spec: &ServiceSpec) -> bool {
    let accessible = match spec.type_.as_str() {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" | "" => !spec.external_ips.is_empty(),
        _ => false,
    };
    accessible && spec.external_traffic_policy == "Local"
}

/// Whether kube-proxy captures a load balancer's address inside the cluster.
///
/// k8s: pkg/proxy/util/utils.go IsVIPMode (1.36)
pub(super) fn is_vip(ingress: &LoadBalancerIngress) -> bool {
    !ingress.ip.is_empty() && ingress.ip_mode.as_deref().is_none_or(|mode| mode == "VIP")
}

/// Endpoints of one service port of kube-proxy's endpoint map, whether or not the Service exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointMapEntry {
    /// `namespace/name` of the Service.
    pub service: String,
    /// Name of the port.
    pub port: String,
    /// Protocol.
    pub protocol: Protocol,
    /// `ip:port`, whether it is on the node, and whether it is ready.
    pub endpoints: Vec<(String, bool, bool)>,
}

/// kube-proxy's endpoint map on a node.
pub fn endpoint_map(snapshot: &Snapshot, family: Family, node: NodeId) -> Vec<EndpointMapEntry> {
    endpoints::collect(snapshot, family)
        .iter()
        .map(|((namespace, service, port, protocol), list)| EndpointMapEntry {
            service: format!("{}/{service}", snapshot.namespace_name(*namespace)),
            port: (*port).to_owned(),
            protocol: *protocol,
            endpoints: endpoints::without_repeats(list, node)
                .into_iter()
                .map(|endpoint| (endpoint.text.clone(), endpoint.node == Some(node), endpoint.ready))
                .collect(),
        })
        .filter(|entry| !entry.endpoints.is_empty())
        .collect()
}
