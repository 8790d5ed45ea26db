//! What one `kubernetes` plugin has read of the cluster, indexed for questions: services and endpoints by
//! name, both by address, pods by address.
//!
//! coredns: plugin/kubernetes/controller.go, plugin/kubernetes/object/*.go

use super::config::{Kubernetes, PodMode};
use super::name::parse_ip;
use crate::manifest::api::core_v1;
use crate::manifest::api::meta::{LabelSelector, Labels};
use crate::manifest::api::multicluster::ServiceImport;
use crate::model::{NamespaceId, Origin, Phase, PodId, Protocol, ServiceId, Snapshot};
use crate::order::SliceOrder;
use std::net::IpAddr;

/// Label that ties a slice to its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// Labels that tie a slice to its ServiceImport, and to the cluster it comes from.
const IMPORT_NAME: &str = "multicluster.kubernetes.io/service-name";
const SOURCE_CLUSTER: &str = "multicluster.kubernetes.io/source-cluster";

/// A named port, as a Service or a slice has it.
#[derive(Clone, Debug)]
pub(super) struct Port {
    pub(super) name: Box<str>,
    /// `None` when no port is declared at all.
    pub(super) protocol: Option<Protocol>,
    /// `None` stands for "no port is declared": addresses yes, SRV no.
    pub(super) number: Option<u16>,
}

/// A Service as DNS needs it.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) id: ServiceId,
    pub(super) namespace: NamespaceId,
    pub(super) name: Box<str>,
    pub(super) kind: Kind,
    pub(super) ports: Vec<Port>,
    /// externalIPs, then what the load balancer reports: addresses, or host names.
    pub(super) external: Vec<Box<str>>,
}

/// What a Service's name leads to.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    ClusterIp(Vec<IpAddr>),
    Headless,
    External(Box<str>),
}

/// The ready addresses of all slices of one Service name.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) namespace: NamespaceId,
    pub(super) service: Box<str>,
    pub(super) addresses: Vec<Address>,
    /// Endpoint names in lower case with indexes into `addresses`, sorted.
    names: Vec<(Box<str>, u32)>,
}

/// One ready address.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) ip: IpAddr,
    /// As it is written.
    pub(super) text: Box<str>,
    /// The label in front of the Service's name.
    pub(super) name: Box<str>,
    pub(super) zone: Option<Box<str>>,
    /// Index into `Snapshot::slices`, and of the endpoint in it.
    pub(super) slice: u32,
    pub(super) endpoint: u32,
}

impl Group {
    /// Addresses called `name`, in slice order.
    pub(super) fn named<'g>(&'g self, name: &str) -> impl Iterator<Item = &'g Address> {
        let start = self.names.partition_point(|(other, _)| **other < *name);
        let tail = self.names.get(start..).unwrap_or_default();
        let end = tail.partition_point(|(other, _)| **other == *name);
        tail.get(..end)
            .unwrap_or_default()
            .iter()
            .filter_map(|(_, index)| self.addresses.get(*index as usize))
    }
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Names of the namespaces that are answered for, sorted, with their ids.
    namespaces: Vec<(Box<str>, NamespaceId)>,
    services: Vec<Service>,
    groups: Vec<Group>,
    /// Ports per slice of the snapshot.
    ports: Vec<Vec<Port>>,
    service_ips: Vec<(IpAddr, u32)>,
    endpoint_ips: Vec<(IpAddr, u32, u32)>,
    pods: Vec<(IpAddr, NamespaceId, PodId)>,
    /// The `namespaces` option restricts PTR answers; `namespace_labels` does not.
    restricted: bool,
}

impl Index {
    pub(super) fn new(snapshot: &Snapshot, options: &Kubernetes) -> Self {
        let mut index = Self { restricted: !options.namespaces.is_empty(), ..Self::default() };
        let selected = |selector: &Option<LabelSelector>, labels: &Labels| {
            selector.as_ref().is_none_or(|selector| selector.matches(labels))
        };
        for (id, namespace) in (0..).map(NamespaceId).zip(&snapshot.namespaces) {
            // With stored objects a namespace exists when its object does; else every one mentioned.
            let exists = !snapshot.settings.stored || matches!(namespace.origin, Origin::Manifest { .. });
            let listed = options.namespaces.is_empty() || options.namespaces.contains(&namespace.name);
            if exists && listed && selected(&options.namespace_labels, &namespace.labels) {
                index.namespaces.push((namespace.name.as_str().into(), id));
            }
        }
        for (id, service) in (0..).map(ServiceId).zip(&snapshot.services) {
            if selected(&options.labels, &service.labels) {
                index.services.push(service_of(id, service));
            }
        }
        index.services.order_by(|a, b| (a.namespace, &a.name).cmp(&(b.namespace, &b.name)));
        for (at, service) in (0..).zip(&index.services) {
            if let Kind::ClusterIp(ips) = &service.kind {
                index.service_ips.extend(ips.iter().map(|ip| (*ip, at)));
            }
        }
        index.service_ips.order_by_key(|(ip, _)| *ip);
        index.read_slices(snapshot, options, SERVICE_NAME);
        if options.pods == PodMode::Verified {
            for (id, pod) in (0..).map(PodId).zip(&snapshot.pods) {
                // k8s field selector: status.phase!=Succeeded,!=Failed,!=Unknown; terminating pods are dropped.
                let gone =
                    pod.terminating || matches!(pod.phase, Phase::Succeeded | Phase::Failed | Phase::Unknown);
                if let (false, Some(ip)) = (gone || !selected(&options.labels, &pod.labels), pod.ips.first())
                {
                    index.pods.push((*ip, pod.namespace, id));
                }
            }
            index.pods.order();
        }
        index
    }

    /// What ServiceImports and the slices of their clusters say.
    ///
    /// coredns: plugin/kubernetes/kubernetes.go findMultiClusterServices, plugin/kubernetes/object/multicluster_endpoint.go
    pub(super) fn imports(snapshot: &Snapshot, options: &Kubernetes) -> Self {
        let mut index = Self { namespaces: Self::new(snapshot, options).namespaces, ..Self::default() };
        for object in snapshot.manifests.objects().iter().filter(|object| object.kind == "ServiceImport") {
            let import: ServiceImport = snapshot.manifests.typed(object.id);
            let namespace = if object.namespace.is_empty() { "default" } else { &object.namespace };
            let Some(namespace) = snapshot.namespace_id(namespace) else { continue };
            let headless = import.spec.type_ == "Headless";
            let ips = import.spec.ips.iter().filter_map(|ip| parse_ip(ip)).collect();
            index.services.push(Service {
                // No Service of this cluster stands behind it.
                id: ServiceId(u32::MAX),
                namespace,
                name: object.name.as_str().into(),
                kind: if headless { Kind::Headless } else { Kind::ClusterIp(ips) },
                ports: ports_of_service(import.spec.ports.iter()),
                external: Vec::new(),
            });
        }
        index.services.order_by(|a, b| (a.namespace, &a.name).cmp(&(b.namespace, &b.name)));
        index.read_slices(snapshot, options, IMPORT_NAME);
        index
    }

    // coredns: plugin/kubernetes/object/endpoint.go EndpointSliceToEndpoints
    fn read_slices(&mut self, snapshot: &Snapshot, options: &Kubernetes, service_label: &str) {
        let mut order: Vec<(NamespaceId, &str, u32)> = Vec::new();
        for (at, slice) in (0..).zip(&snapshot.slices) {
            self.ports.push(ports(slice.value.ports.iter().map(|port| {
                let number = port.port.and_then(|number| u16::try_from(number).ok());
                (
                    port.name.as_deref().unwrap_or_default(),
                    port.protocol.as_deref().unwrap_or_default(),
                    number,
                )
            })));
            let labels = &slice.value.metadata.labels;
            let selected = options.labels.as_ref().is_none_or(|selector| selector.matches(labels));
            if let (true, false, Some(service)) = (selected, options.no_endpoints, labels.get(service_label))
            {
                order.push((slice.namespace, service, at));
            }
        }
        order.order_by_key(|(namespace, service, _)| (*namespace, *service));
        for (namespace, service, at) in order {
            let known = self
                .groups
                .last()
                .is_some_and(|last| last.namespace == namespace && *last.service == *service);
            if !known {
                let (addresses, names) = (Vec::new(), Vec::new());
                self.groups.push(Group { namespace, service: service.into(), addresses, names });
            }
            let number = self.groups.len().saturating_sub(1) as u32;
            let (Some(group), Some(slice)) = (self.groups.last_mut(), snapshot.slices.get(at as usize))
            else {
                continue;
            };
            for (endpoint, value) in (0..).zip(&slice.value.endpoints) {
                if value.conditions.ready == Some(false) {
                    continue;
                }
                for text in &value.addresses {
                    let Some(ip) = parse_ip(text) else { continue };
                    let reference = value.target_ref.as_ref().map(|target| target.name.as_str());
                    let mut name =
                        endpoint_name(text, value.hostname.as_deref(), reference, options.endpoint_pod_names);
                    let cluster = slice.value.metadata.labels.get(SOURCE_CLUSTER);
                    if let Some(cluster) = cluster.filter(|_| service_label == IMPORT_NAME) {
                        name = format!("{name}.{cluster}");
                    }
                    let zone = value.zone.as_deref().map(Into::into);
                    // The server looks reverse names up by the address as it is written.
                    if ip.to_string() == *text {
                        self.endpoint_ips.push((ip, number, group.addresses.len() as u32));
                    }
                    group.names.push((name.to_ascii_lowercase().into(), group.addresses.len() as u32));
                    group.addresses.push(Address {
                        ip,
                        text: text.as_str().into(),
                        name: name.into(),
                        zone,
                        slice: at,
                        endpoint,
                    });
                }
            }
        }
        self.groups.iter_mut().for_each(|group| group.names.order());
        self.endpoint_ips.order();
    }

    /// The namespace, when it is answered for.
    pub(super) fn namespace(&self, name: &str) -> Option<NamespaceId> {
        let at = self.namespaces.binary_search_by(|(other, _)| (**other).cmp(name)).ok()?;
        self.namespaces.get(at).map(|(_, id)| *id)
    }

    fn is_exposed(&self, id: NamespaceId) -> bool {
        self.namespaces.iter().any(|(_, other)| *other == id)
    }

    /// The Service `name` of a namespace.
    pub(super) fn service(&self, namespace: NamespaceId, name: &str) -> Option<&Service> {
        let at = self
            .services
            .binary_search_by(|service| (service.namespace, &*service.name).cmp(&(namespace, name)));
        self.services.get(at.ok()?)
    }

    /// All services, by namespace and name.
    pub(super) fn services(&self) -> &[Service] {
        &self.services
    }

    /// The endpoints behind the Service name.
    pub(super) fn group(&self, namespace: NamespaceId, service: &str) -> Option<&Group> {
        let at = self
            .groups
            .binary_search_by(|group| (group.namespace, &*group.service).cmp(&(namespace, service)));
        self.groups.get(at.ok()?)
    }

    /// Ports of a slice; never empty.
    pub(super) fn ports_of(&self, address: &Address) -> &[Port] {
        self.ports.get(address.slice as usize).map_or(&[], Vec::as_slice)
    }

    /// Services with this ClusterIP whose PTR may be given, in order.
    pub(super) fn service_at(&self, ip: IpAddr) -> Option<&Service> {
        let start = self.service_ips.partition_point(|(other, _)| *other < ip);
        let tail =
            self.service_ips.get(start..).unwrap_or_default().iter().take_while(|(other, _)| *other == ip);
        tail.filter_map(|(_, at)| self.services.get(*at as usize))
            .find(|service| !self.restricted || self.is_exposed(service.namespace))
    }

    /// Ready endpoints with this address.
    pub(super) fn endpoints_at(&self, ip: IpAddr) -> impl Iterator<Item = (&Group, &Address)> {
        let start = self.endpoint_ips.partition_point(|(other, _, _)| *other < ip);
        let tail = self
            .endpoint_ips
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(move |(other, _, _)| *other == ip);
        tail.filter_map(|(_, group, address)| {
            let group = self.groups.get(*group as usize)?;
            Some((group, group.addresses.get(*address as usize)?))
        })
    }

    /// Ready endpoints with this address whose PTR may be given.
    pub(super) fn reverse_endpoints_at(&self, ip: IpAddr) -> impl Iterator<Item = (&Group, &Address)> {
        self.endpoints_at(ip).filter(|(group, _)| !self.restricted || self.is_exposed(group.namespace))
    }

    /// All addresses with a PTR, ascending.
    pub(super) fn reverse_addresses(&self) -> Vec<IpAddr> {
        let services = self.service_ips.iter().map(|(ip, _)| *ip);
        let mut all: Vec<IpAddr> = services.chain(self.endpoint_ips.iter().map(|(ip, _, _)| *ip)).collect();
        all.order();
        all.dedup();
        all
    }

    /// The pod with this primary address in a namespace; known with `pods verified` only.
    pub(super) fn pod(&self, namespace: NamespaceId, ip: IpAddr) -> Option<PodId> {
        let start = self.pods.partition_point(|(other, space, _)| (*other, *space) < (ip, namespace));
        self.pods
            .get(start)
            .filter(|(other, space, _)| (*other, *space) == (ip, namespace))
            .map(|(_, _, id)| *id)
    }

    /// The namespace of a pod that was read.
    pub(super) fn namespace_of(&self, pod: PodId) -> Option<NamespaceId> {
        self.pods.iter().find(|(_, _, id)| *id == pod).map(|(_, namespace, _)| *namespace)
    }

    /// The pod with this primary address; known with `pods verified` only.
    pub(super) fn pod_at(&self, ip: IpAddr) -> Option<PodId> {
        let start = self.pods.partition_point(|(other, _, _)| *other < ip);
        self.pods.get(start).filter(|(other, _, _)| *other == ip).map(|(_, _, id)| *id)
    }
}

// coredns: plugin/kubernetes/object/service.go ToService
fn service_of(id: ServiceId, service: &crate::model::Service) -> Service {
    let spec = &service.spec;
    let kind = if spec.type_ == "ExternalName" {
        Kind::External(spec.external_name.as_str().into())
    } else if spec.cluster_ips.first().unwrap_or(&spec.cluster_ip) == "None" {
        Kind::Headless
    } else if spec.cluster_ips.is_empty() {
        Kind::ClusterIp(parse_ip(&spec.cluster_ip).into_iter().collect())
    } else {
        Kind::ClusterIp(spec.cluster_ips.iter().filter_map(|ip| parse_ip(ip)).collect())
    };
    let ports = ports_of_service(spec.ports.iter());
    let reported =
        service.status.load_balancer.ingress.iter().map(|ingress| {
            if ingress.ip.is_empty() { ingress.hostname.as_str() } else { ingress.ip.as_str() }
        });
    let external = spec.external_ips.iter().map(String::as_str).chain(reported).map(Into::into).collect();
    Service { id, namespace: service.namespace, name: service.name.as_str().into(), kind, ports, external }
}

fn ports_of_service<'p>(given: impl Iterator<Item = &'p core_v1::ServicePort>) -> Vec<Port> {
    ports(given.map(|port| (port.name.as_str(), port.protocol.as_str(), u16::try_from(port.port).ok())))
}

/// Ports with the stand-in for none.
fn ports<'p>(given: impl Iterator<Item = (&'p str, &'p str, Option<u16>)>) -> Vec<Port> {
    let mut ports: Vec<Port> = given
        .map(|(name, protocol, number)| {
            let protocol = Some(Protocol::parse(protocol).unwrap_or_default());
            Port { name: name.into(), protocol, number }
        })
        .collect();
    if ports.is_empty() {
        ports.push(Port { name: "".into(), protocol: None, number: None });
    }
    ports
}

/// The label in front of the Service's name that stands for one endpoint.
///
/// coredns: plugin/kubernetes/kubernetes.go endpointHostname; a trailing `--` gets a 0 since 1.12.3
pub(super) fn endpoint_name(
    address: &str,
    hostname: Option<&str>,
    pod: Option<&str>,
    pod_names: bool,
) -> String {
    if let Some(hostname) = hostname.filter(|hostname| !hostname.is_empty()) {
        return hostname.to_owned();
    }
    if let Some(pod) = pod.filter(|pod| pod_names && !pod.is_empty() && pod.len() < 64) {
        return pod.to_owned();
    }
    if address.contains('.') {
        return address.replace('.', "-");
    }
    let mut name = address.replace(':', "-");
    if name.ends_with('-') {
        name.push('0');
    }
    name
}
