//! The settled cluster as an answer: what there is, where it runs, which addresses it has.

use super::{EndpointSlice, Node, Origin, Phase, Pod, PodId, Service, Snapshot};
use crate::manifest::ObjectRef;
use crate::manifest::api::discovery_v1::{EndpointHints, ForName};
use serde::Serialize;

/// The settled cluster as data, for pictures and tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterView {
    /// Nodes, in the order of the snapshot.
    pub nodes: Vec<NodeView>,
    /// Names of the namespaces, sorted.
    pub namespaces: Vec<String>,
    /// Pods, in the order of the snapshot.
    pub pods: Vec<PodView>,
    /// Services, in the order of the snapshot.
    pub services: Vec<ServiceView>,
    /// EndpointSlices, in the order of the snapshot.
    pub slices: Vec<SliceView>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeView {
    /// Name.
    pub name: String,
    /// InternalIPs, primary first.
    pub ips: Vec<String>,
    /// Pod CIDRs.
    pub pod_cidrs: Vec<String>,
    /// Its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Whether it is ready.
    pub ready: bool,
    /// Whether the input has no Node of this name.
    pub synthesised: bool,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodView {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Node, absent while unscheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Addresses, primary first.
    pub ips: Vec<String>,
    /// Phase.
    pub phase: Phase,
    /// Whether it is ready.
    pub ready: bool,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// Whether it shares its node's network.
    pub host_network: bool,
    /// Labels.
    pub labels: std::collections::BTreeMap<String, String>,
    /// The workload it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<ObjectRef>,
    /// Whether its addresses were allocated by the model.
    pub ips_allocated: bool,
    /// Whether its node was chosen by the model.
    pub node_chosen: bool,
    /// Whether the control plane brought it, without a manifest.
    pub synthesised: bool,
}

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    #[serde(rename = "type")]
    pub type_: String,
    /// ClusterIPs; `None` for a headless Service; empty for an ExternalName.
    pub cluster_ips: Vec<String>,
    /// External addresses: `spec.externalIPs`, then those of load balancers.
    pub external_ips: Vec<String>,
    /// `spec.externalName`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub external_name: String,
    /// Ports.
    pub ports: Vec<ServicePortView>,
    /// Selector; empty where it has none.
    pub selector: std::collections::BTreeMap<String, String>,
    /// Field paths allocated by the model.
    pub allocated: Vec<String>,
    /// Whether the control plane brought it, without a manifest.
    pub synthesised: bool,
}

/// One port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePortView {
    /// Name, empty when unnamed.
    pub name: String,
    /// Number.
    pub port: i32,
    /// Protocol.
    pub protocol: String,
    /// Number or name on the pod.
    pub target_port: String,
    /// Port on every node; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_port: Option<i32>,
}

/// An EndpointSlice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SliceView {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The Service it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// `IPv4`, `IPv6` or `FQDN`.
    pub address_type: String,
    /// Ports as `name:port/protocol`; `*` for all numbers.
    pub ports: Vec<String>,
    /// Endpoints.
    pub endpoints: Vec<EndpointView>,
    /// Whether the control plane made it.
    pub synthesised: bool,
}

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointView {
    /// Addresses.
    pub addresses: Vec<String>,
    /// The pod behind it, `namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// Whether it takes new connections.
    pub ready: bool,
    /// Whether its pod is ready, terminating or not.
    pub serving: bool,
    /// Whether its pod is being deleted.
    pub terminating: bool,
    /// Zones it is meant for; absent when for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub for_zones: Vec<String>,
    /// Nodes it is meant for; absent when for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub for_nodes: Vec<String>,
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

impl Snapshot {
    /// The cluster as an answer.
    pub fn view(&self) -> ClusterView {
        ClusterView {
            nodes: self.nodes.iter().map(node).collect(),
            namespaces: self.namespaces.iter().map(|namespace| namespace.name.clone()).collect(),
            pods: self.pods.iter().map(|pod| self.pod_view(pod)).collect(),
            services: self.services.iter().map(|service| self.service_view(service)).collect(),
            slices: self.slices.iter().map(|slice| self.slice_view(slice)).collect(),
        }
    }

    fn pod_view(&self, pod: &Pod) -> PodView {
        PodView {
            namespace: self.namespace_name(pod.namespace).to_owned(),
            name: pod.name.clone(),
            node: pod.node.and_then(|node| self.node(node)).map(|node| node.name.clone()),
            ips: texts(&pod.ips),
            phase: pod.phase,
            ready: pod.ready,
            terminating: pod.terminating,
            host_network: pod.host_network,
            labels: pod.labels.as_ref().clone(),
            workload: pod.workload.clone(),
            ips_allocated: pod.filled.ips,
            node_chosen: pod.filled.node,
            synthesised: pod.origin == Origin::ControlPlane,
        }
    }

    fn service_view(&self, service: &Service) -> ServiceView {
        let spec = &service.spec;
        let balancers = service.status.load_balancer.ingress.iter();
        let balancers =
            balancers.map(|ingress| if ingress.ip.is_empty() { &ingress.hostname } else { &ingress.ip });
        let ports = spec.ports.iter().map(|port| ServicePortView {
            name: port.name.clone(),
            port: port.port,
            protocol: port.protocol.clone(),
            target_port: port.target_port.to_string(),
            node_port: Some(port.node_port).filter(|&port| port != 0),
        });
        ServiceView {
            namespace: self.namespace_name(service.namespace).to_owned(),
            name: service.name.clone(),
            type_: spec.type_.clone(),
            cluster_ips: spec.cluster_ips.clone(),
            external_ips: spec.external_ips.iter().chain(balancers).cloned().collect(),
            external_name: spec.external_name.clone(),
            ports: ports.collect(),
            selector: spec.selector.clone(),
            allocated: service.allocated.clone(),
            synthesised: service.origin == Origin::ControlPlane,
        }
    }

    fn slice_view(&self, slice: &EndpointSlice) -> SliceView {
        let value = &slice.value;
        let endpoints = value.endpoints.iter().zip(&slice.pods).map(|(endpoint, pod)| {
            let ready = endpoint.conditions.ready.unwrap_or(true);
            let hinted = |side: fn(&EndpointHints) -> &Vec<ForName>| -> Vec<String> {
                endpoint.hints.iter().flat_map(side).map(|hint| hint.name.clone()).collect()
            };
            EndpointView {
                addresses: endpoint.addresses.clone(),
                pod: pod.and_then(|id| self.pod_name(id)),
                ready,
                serving: endpoint.conditions.serving.unwrap_or(ready),
                terminating: endpoint.conditions.terminating.unwrap_or(false),
                for_zones: hinted(|hints| &hints.for_zones),
                for_nodes: hinted(|hints| &hints.for_nodes),
            }
        });
        let ports = value.ports.iter().map(|port| {
            let number = port.port.map_or_else(|| "*".to_owned(), |port| port.to_string());
            let name = port.name.as_deref().unwrap_or_default();
            let protocol = port.protocol.as_deref().unwrap_or("TCP");
            let dash = if name.is_empty() { "" } else { ":" };
            format!("{name}{dash}{number}/{protocol}")
        });
        SliceView {
            namespace: self.namespace_name(slice.namespace).to_owned(),
            name: slice.name.clone(),
            service: value.metadata.labels.get(super::lookup::SERVICE_NAME).cloned(),
            address_type: value.address_type.clone(),
            ports: ports.collect(),
            endpoints: endpoints.collect(),
            synthesised: slice.origin == Origin::ControlPlane,
        }
    }

    /// A pod as `namespace/name`.
    pub fn pod_name(&self, id: PodId) -> Option<String> {
        let pod = self.pod(id)?;
        Some(format!("{}/{}", self.namespace_name(pod.namespace), pod.name))
    }
}

fn node(node: &Node) -> NodeView {
    NodeView {
        name: node.name.clone(),
        ips: texts(&node.ips),
        pod_cidrs: texts(&node.pod_cidrs),
        zone: node.labels.get(super::endpoints::ZONE).cloned(),
        ready: node.ready,
        synthesised: node.origin == Origin::ControlPlane,
    }
}
