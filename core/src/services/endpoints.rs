//! From EndpointSlices to the endpoints of a service port.

use super::ip::parse_ip;
use crate::manifest::api::discovery_v1::Endpoint as ApiEndpoint;
use crate::model::{Family, NamespaceId, NodeId, PodId, Protocol, Snapshot};
use crate::order::SliceOrder;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Set by kube-proxy's competitors on Services and slices that kube-proxy shall leave alone.
pub(super) const LABEL_PROXY_NAME: &str = "service.kubernetes.io/service-proxy-name";
/// Set by the EndpointSlice controller on slices of headless Services.
const LABEL_HEADLESS: &str = "service.kubernetes.io/headless";
/// Ties a slice to its Service.
const LABEL_SERVICE_NAME: &str = "kubernetes.io/service-name";

/// One endpoint of a service port, as kube-proxy sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its address.
    pub ip: IpAddr,
    /// Its port.
    pub port: u16,
    /// `ip:port`, by which endpoints are ordered.
    pub text: String,
    /// The node it runs on, when the slice names one that exists.
    pub node: Option<NodeId>,
    /// The pod behind it.
    pub pod: Option<PodId>,
    /// Whether it takes new connections; an absent condition means yes.
    pub ready: bool,
    /// Whether it still answers; an absent condition means yes.
    pub serving: bool,
    /// Whether it is on its way out.
    pub terminating: bool,
    /// Zones it is meant for.
    pub zone_hints: Vec<String>,
    /// Nodes it is meant for, by name.
    pub node_hints: Vec<String>,
    /// Index of the slice in the snapshot.
    pub slice: u32,
    /// Index of the endpoint in the slice.
    pub index: u32,
}

impl Endpoint {
    /// Whether it may still serve when nothing is ready.
    pub(super) fn is_serving_terminating(&self) -> bool {
        self.serving && self.terminating
    }
}

/// Namespace, service name, port name and protocol.
pub(super) type PortKey<'a> = (NamespaceId, &'a str, &'a str, Protocol);

/// All endpoints of one family by service port, each list in kube-proxy's order: by the text
/// `ip:port`. An address that stands in several slices is kept as often as it stands there.
///
/// k8s: pkg/proxy/endpointslicecache.go endpointInfoByServicePort, addEndpoints (1.36)
pub(super) fn collect(snapshot: &Snapshot, family: Family) -> BTreeMap<PortKey<'_>, Vec<Endpoint>> {
    let mut nodes: BTreeMap<&str, NodeId> = BTreeMap::new();
    for (index, node) in (0u32..).zip(&snapshot.nodes) {
        nodes.entry(&node.name).or_insert(NodeId(index));
    }
    let mut map: BTreeMap<PortKey<'_>, Vec<Endpoint>> = BTreeMap::new();
    for (slice_index, slice) in (0u32..).zip(&snapshot.slices) {
        let labels = &slice.value.metadata.labels;
        let Some(service) = labels.get(LABEL_SERVICE_NAME) else { continue };
        if slice.value.address_type != family_name(family)
            || labels.contains_key(LABEL_HEADLESS)
            || labels.contains_key(LABEL_PROXY_NAME)
        {
            continue;
        }
        for port in &slice.value.ports {
            // A port without a name or number belongs to no service port.
            let (Some(name), Some(number)) = (&port.name, port.port) else { continue };
            let Some(protocol) = Protocol::parse(port.protocol.as_deref().unwrap_or_default()) else {
                continue;
            };
            let Some(number) = u16::try_from(number).ok().filter(|number| *number != 0) else { continue };
            let list = map.entry((slice.namespace, service, name, protocol)).or_default();
            for (index, endpoint) in (0u32..).zip(&slice.value.endpoints) {
                let Some(ip) = endpoint.addresses.first().and_then(|text| parse_ip(text)) else { continue };
                if Family::of(ip) != family {
                    continue;
                }
                let node = endpoint.node_name.as_deref().and_then(|name| nodes.get(name).copied());
                let pod = slice.pods.get(index as usize).copied().flatten();
                list.push(read(endpoint, ip, number, node, pod, slice_index, index));
            }
        }
    }
    for list in map.values_mut() {
        list.order_by(|a, b| a.text.cmp(&b.text));
    }
    map
}

fn read(
    endpoint: &ApiEndpoint,
    ip: IpAddr,
    port: u16,
    node: Option<NodeId>,
    pod: Option<PodId>,
    slice: u32,
    index: u32,
) -> Endpoint {
    let conditions = &endpoint.conditions;
    let names = |list: &[crate::manifest::api::discovery_v1::ForName]| {
        list.iter().map(|hint| hint.name.clone()).collect()
    };
    let hints = endpoint.hints.as_ref();
    Endpoint {
        ip,
        port,
        text: socket(ip, port),
        node,
        pod,
        ready: conditions.ready.unwrap_or(true),
        serving: conditions.serving.unwrap_or(true),
        terminating: conditions.terminating.unwrap_or(false),
        zone_hints: hints.map(|hints| names(&hints.for_zones)).unwrap_or_default(),
        node_hints: hints.map(|hints| names(&hints.for_nodes)).unwrap_or_default(),
        slice,
        index,
    }
}

/// `10.0.0.1:80` or `[fd00::1]:80`.
pub(super) fn socket(ip: IpAddr, port: u16) -> String {
    match ip {
        IpAddr::V4(ip) => format!("{ip}:{port}"),
        IpAddr::V6(ip) => format!("[{ip}]:{port}"),
    }
}

/// The family as the API writes it.
pub(super) fn family_name(family: Family) -> &'static str {
    match family {
        Family::IPv4 => "IPv4",
        Family::IPv6 => "IPv6",
    }
}

/// The list without repeated addresses: of equal ones the last that is local, else the first.
///
/// k8s: pkg/proxy/endpointslicecache.go addEndpoints (1.36)
pub(super) fn without_repeats(list: &[Endpoint], node: NodeId) -> Vec<&Endpoint> {
    let mut distinct: Vec<&Endpoint> = Vec::with_capacity(list.len());
    for endpoint in list {
        match distinct.last_mut() {
            Some(last) if last.text == endpoint.text => {
                if endpoint.node == Some(node) {
                    *last = endpoint;
                }
            }
            _ => distinct.push(endpoint),
        }
    }
    distinct
}
