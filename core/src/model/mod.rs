//! The settled cluster: what the control plane would make of the manifests.
//!
//! A [`Snapshot`] is an immutable value of plain vectors. Everything a manifest fixes is kept, what is
//! missing is allocated deterministically, and each thing taken for granted is an [`Assumption`].

mod allocate;
mod codes;
mod controllers;
mod edit;
mod endpoints;
mod evidence;
mod hash;
mod hints;
mod intake;
mod ipam;
mod lookup;
mod mirror;
mod namespaces;
mod net;
mod nodes;
mod pods;
mod reapply;
mod scheduling;
mod settings;
mod settle;
mod shared;
mod slices;
mod system;
mod topology;
mod versions;
mod view;
mod workloads;

pub use codes::codes;
pub(crate) use edit::edit;
pub use lookup::Index;
pub use net::{Family, Packet, Party, Protocol, Share};
pub use reapply::{Reapplied, reapply};
pub use settings::{
    CniSettings, DnsSettings, HostNetworkPolicy, IngressProfile, IngressSettings, NameServer,
    NameServerBehaviour, PolicySettings, ProxyMode, ProxySettings, Resolver, Settings, Transport,
    UndeclaredPorts,
};
pub use settle::settle;
pub use shared::Shared;
pub use versions::{Version, find as version, versions};
pub use view::{ClusterView, EndpointView, NodeView, PodView, ServicePortView, ServiceView, SliceView};

use crate::manifest::api::meta::LabelSelector;
use crate::manifest::api::{core_v1, discovery_v1, meta::Labels, networking_v1, policy};
use crate::manifest::{Manifests, ObjectRef, Problem};
use ipnet::IpNet;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// Index into the snapshot's vector.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )* };
}
ids!(
    /// Index into [`Snapshot::nodes`].
    NodeId,
    /// Index into [`Snapshot::namespaces`].
    NamespaceId,
    /// Index into [`Snapshot::pods`].
    PodId,
    /// Index into [`Snapshot::services`].
    ServiceId
);

/// The settled cluster. Order of every vector is deterministic: manifests in input order, then what was
/// synthesised.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The settings it was made with.
    pub settings: Settings,
    /// Nodes.
    pub nodes: Shared<Node>,
    /// Namespaces, sorted by name; every namespace that anything mentions is here.
    pub namespaces: Shared<Namespace>,
    /// Pods: given ones and those that workloads make.
    pub pods: Shared<Pod>,
    /// Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs and ReplicationControllers.
    pub workloads: Shared<Workload>,
    /// Services, defaulted and allocated.
    pub services: Shared<Service>,
    /// EndpointSlices: given ones, mirrored Endpoints, and those the controller makes.
    pub slices: Shared<EndpointSlice>,
    /// Endpoints as given.
    pub endpoints: Shared<Stored<core_v1::Endpoints>>,
    /// NetworkPolicies, defaulted.
    pub network_policies: Shared<Stored<networking_v1::NetworkPolicy>>,
    /// ClusterNetworkPolicies, AdminNetworkPolicies and BaselineAdminNetworkPolicies; `object.kind` tells which.
    pub cluster_policies: Shared<Stored<policy::ClusterPolicy>>,
    /// Ingresses, with the default class where they name none.
    pub ingresses: Shared<Stored<networking_v1::Ingress>>,
    /// IngressClasses.
    pub ingress_classes: Shared<Stored<networking_v1::IngressClass>>,
    /// ConfigMaps.
    pub config_maps: Shared<Stored<core_v1::ConfigMap>>,
    /// Secrets.
    pub secrets: Shared<Stored<core_v1::Secret>>,
    /// What was taken for granted.
    pub assumptions: Vec<Assumption>,
    /// What is wrong in the input: decoding, validation, allocation.
    pub problems: Vec<Problem>,
    /// The input, kept for positions.
    pub manifests: Arc<Manifests>,
    /// Indexes of the objects in [`manifests`](Self::manifests) that are part of the cluster, ascending:
    /// neither refused nor replaced by a later one of the same name.
    pub accepted: Vec<u32>,
    /// Sorted orders behind the lookups.
    pub index: Arc<Index>,
}

/// Where a thing came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Written in a manifest. `prefix` leads from the manifest's root to the thing, `spec.template` for
    /// the pods of a Deployment, empty for the object itself.
    Manifest {
        /// Index of the object in the manifests.
        object: u32,
        /// Field path prefix.
        prefix: &'static str,
    },
    /// Made by the control plane.
    #[default]
    ControlPlane,
}

/// An API object as stored, with its origin.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    /// Kind, namespace and name.
    pub object: ObjectRef,
    /// Where it came from.
    pub origin: Origin,
    /// The object.
    pub value: T,
}

/// A node.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Labels.
    pub labels: Labels,
    /// InternalIPs, primary first, at most one per family.
    pub ips: Vec<IpAddr>,
    /// ExternalIPs.
    pub external_ips: Vec<IpAddr>,
    /// Pod CIDRs, at most one per family, in the order of the cluster's.
    pub pod_cidrs: Vec<IpNet>,
    /// Whether the Ready condition holds (absent status counts as ready).
    pub ready: bool,
    /// Whether it takes no new pods (`spec.unschedulable`).
    pub unschedulable: bool,
    /// Taints.
    pub taints: Vec<core_v1::Taint>,
    /// `status.allocatable`, as given.
    pub allocatable: Labels,
    /// What was allocated by the model rather than given: `status.addresses`, `spec.podCIDRs`.
    pub allocated: Vec<&'static str>,
    /// Where it came from.
    pub origin: Origin,
}

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Name.
    pub name: String,
    /// Labels, `kubernetes.io/metadata.name` always among them.
    pub labels: Labels,
    /// Where it came from.
    pub origin: Origin,
}

/// Lifecycle phase of a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Not started; may have no address.
    Pending,
    /// Running.
    #[default]
    Running,
    /// Ended well: no network any more.
    Succeeded,
    /// Ended badly: no network any more.
    Failed,
    /// The node does not answer.
    Unknown,
}

/// A pod.
#[derive(Clone, Debug, Default)]
pub struct Pod {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Name.
    pub name: String,
    /// Labels, those that controllers add included.
    pub labels: Arc<Labels>,
    /// Addresses, primary first, at most one per family; the node's for a hostNetwork pod; empty while
    /// it has none.
    pub ips: Vec<IpAddr>,
    /// The node it runs on; `None` while unscheduled.
    pub node: Option<NodeId>,
    /// Phase.
    pub phase: Phase,
    /// Whether the Ready condition holds.
    pub ready: bool,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// Whether it shares its node's network.
    pub host_network: bool,
    /// The workload it belongs to, outermost (the Deployment, not its ReplicaSet); `None` for a bare pod.
    pub workload: Option<ObjectRef>,
    /// Spec, shared by the replicas of a workload.
    pub spec: Arc<core_v1::PodSpec>,
    /// What was filled in by the model rather than given.
    pub filled: Filled,
    /// Where it came from.
    pub origin: Origin,
}

/// What the model filled in for a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Its addresses were allocated.
    pub ips: bool,
    /// Its node was chosen.
    pub node: bool,
    /// It is taken as running and ready.
    pub status: bool,
}

/// What makes pods.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Kind, namespace and name.
    pub object: ObjectRef,
    /// Where it came from.
    pub origin: Origin,
    /// The pods it manages; `None` where the control plane chooses the selector (Job).
    pub selector: Option<LabelSelector>,
    /// How many pods it wants; for a DaemonSet, how many nodes take one.
    pub replicas: u32,
    /// Labels of its pods, as in the template.
    pub labels: Arc<Labels>,
    /// Spec of its pods, as in the template.
    pub spec: Arc<core_v1::PodSpec>,
    /// Field path of the template, `spec.template`.
    pub template: &'static str,
}

impl Pod {
    /// Whether it takes part in networking: it has an address and has not ended.
    pub fn is_alive(&self) -> bool {
        !self.ips.is_empty() && !matches!(self.phase, Phase::Succeeded | Phase::Failed)
    }
}

/// A Service, as stored after defaulting and allocation.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Name.
    pub name: String,
    /// Labels.
    pub labels: Labels,
    /// Annotations.
    pub annotations: Labels,
    /// Spec after defaulting and allocation.
    pub spec: core_v1::ServiceSpec,
    /// Status as given.
    pub status: core_v1::ServiceStatus,
    /// Field paths that were allocated by the model rather than given (`spec.clusterIP`, `spec.ports[0].nodePort`).
    pub allocated: Vec<String>,
    /// Where it came from.
    pub origin: Origin,
}

/// An EndpointSlice.
#[derive(Clone, Debug)]
pub struct EndpointSlice {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Name.
    pub name: String,
    /// The slice; labels in its metadata.
    pub value: discovery_v1::EndpointSlice,
    /// The pod behind each endpoint, same order as `value.endpoints`.
    pub pods: Vec<Option<PodId>>,
    /// Where it came from.
    pub origin: Origin,
}

/// Something the library took for granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assumption {
    /// Stable code, `model/pod-without-status`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// About which object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
}

#[cfg(test)]
mod tests;
