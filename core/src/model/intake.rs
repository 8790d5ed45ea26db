//! From manifests to the objects the API server would hold: defaulted, validated, each name once.

use super::{Assumption, Origin, Settings, Stored, Version};
use crate::admission::{self, Fault, NameRule, defaults};
use crate::manifest::api::meta::ObjectMeta;
use crate::manifest::api::{core_v1, discovery_v1, networking_v1, policy, workloads};
use crate::manifest::{KINDS, Manifests, Node, Object, ObjectId, ObjectRef, Place, Problem, Read, Severity};
use crate::order::SliceOrder;
use std::collections::BTreeMap;

/// An object of the input with the names it has in the cluster.
#[derive(Clone, Debug)]
pub(crate) struct Given<T> {
    pub(crate) id: ObjectId,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) value: T,
}

impl<T> Given<T> {
    pub(crate) fn origin(&self) -> Origin {
        Origin::Manifest { object: self.id.0, prefix: "" }
    }

    fn map<U>(self, convert: impl FnOnce(T) -> U) -> Given<U> {
        Given { id: self.id, namespace: self.namespace, name: self.name, value: convert(self.value) }
    }
}

/// What makes pods, or is one.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "pods are the many: a box would be one more allocation for each"
)]
pub(crate) enum PodSource {
    Pod(core_v1::Pod),
    Workload(&'static str, Box<workloads::Workload>),
    ReplicationController(Box<workloads::ReplicationController>),
    CronJob(Box<workloads::CronJob>),
}

/// One object, by what the model does with it.
#[derive(Clone, Debug)]
enum Parsed {
    Node(core_v1::Node),
    Namespace(core_v1::Namespace),
    Pods(Box<PodSource>),
    Service(core_v1::Service),
    Endpoints(core_v1::Endpoints),
    EndpointSlice(discovery_v1::EndpointSlice),
    NetworkPolicy(networking_v1::NetworkPolicy),
    ClusterPolicy(String, policy::ClusterPolicy),
    Ingress(networking_v1::Ingress),
    IngressClass(networking_v1::IngressClass),
    ConfigMap(core_v1::ConfigMap),
    Secret(core_v1::Secret),
    /// Kinds that other rooms read from the manifests themselves.
    Other(ObjectMeta),
}

/// The accepted objects, by kind, in input order.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    pub(crate) nodes: Vec<Given<core_v1::Node>>,
    pub(crate) namespaces: Vec<Given<core_v1::Namespace>>,
    pub(crate) pods: Vec<Given<PodSource>>,
    pub(crate) services: Vec<Given<core_v1::Service>>,
    pub(crate) endpoints: Vec<Given<core_v1::Endpoints>>,
    pub(crate) slices: Vec<Given<discovery_v1::EndpointSlice>>,
    pub(crate) network_policies: Vec<Stored<networking_v1::NetworkPolicy>>,
    pub(crate) cluster_policies: Vec<Stored<policy::ClusterPolicy>>,
    pub(crate) ingresses: Vec<Stored<networking_v1::Ingress>>,
    pub(crate) ingress_classes: Vec<Stored<networking_v1::IngressClass>>,
    pub(crate) config_maps: Vec<Stored<core_v1::ConfigMap>>,
    pub(crate) secrets: Vec<Stored<core_v1::Secret>>,
    /// Namespaces that accepted objects are in.
    pub(crate) mentioned_namespaces: Vec<String>,
    pub(crate) accepted: Vec<u32>,
}

/// What loading reports.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    pub(crate) problems: Vec<Problem>,
    pub(crate) assumptions: Vec<Assumption>,
}

impl Reports {
    pub(crate) fn assume(&mut self, code: &'static str, message: String, object: Option<ObjectRef>) {
        self.assumptions.push(Assumption { code, message, object });
    }

    /// Reports a fault of an object of the input.
    pub(crate) fn fault(&mut self, manifests: &Manifests, id: ObjectId, object: ObjectRef, fault: Fault) {
        let Fault { severity, code, field, message, help } = fault;
        let place = Some(manifests.place(id, &field));
        self.problems.push(Problem { severity, code, message, object: Some(object), field, place, help });
    }

    /// Says that an object is not part of the cluster because it was refused.
    pub(crate) fn refused(&mut self, object: ObjectRef) {
        let message = format!("the API server refuses {object}: it is not part of the cluster");
        self.assume("model/refused-object", message, Some(object));
    }
}

/// Whether objects of a modelled kind belong to a namespace.
fn is_namespaced(object: &Object) -> bool {
    KINDS
        .iter()
        .any(|info| info.kind == object.kind && info.api_version == object.api_version && info.namespaced)
}

/// The reference of an object in the cluster: `default` where a namespaced one names no namespace.
pub(crate) fn reference(object: &Object) -> ObjectRef {
    let mut reference = object.reference();
    if !is_namespaced(object) {
        reference.namespace = None;
    } else if reference.namespace.is_none() {
        reference.namespace = Some("default".into());
    }
    if object.name.is_empty() && !object.generate_name.is_empty() {
        reference.name.push_str(&super::hash::suffix(&object.generate_name, object.id.0));
    }
    reference
}

/// Which objects the decoder refuses, by number.
fn refused_by_decoder(manifests: &Manifests) -> Vec<bool> {
    let mut errors: BTreeMap<&ObjectRef, Vec<&Place>> = BTreeMap::new();
    for problem in manifests.problems().iter().filter(|problem| problem.severity == Severity::Error) {
        if let (Some(object), Some(place)) = (&problem.object, &problem.place) {
            errors.entry(object).or_default().push(place);
        }
    }
    if errors.is_empty() {
        return vec![false; manifests.objects().len()];
    }
    let mut same: BTreeMap<ObjectRef, u32> = BTreeMap::new();
    for object in manifests.objects() {
        *same.entry(object.reference()).or_default() += 1;
    }
    let refused = manifests.objects().iter().map(|object| {
        let reference = object.reference();
        let Some(places) = errors.get(&reference) else { return false };
        // Of several objects of one name the error belongs to the one it stands in.
        let root = manifests.place(object.id, "");
        same.get(&reference) == Some(&1)
            || places.iter().any(|place| {
                let at = (place.line, place.column);
                place.file == root.file
                    && at >= (root.line, root.column)
                    && at <= (root.end_line, root.end_column)
            })
    });
    refused.collect()
}

/// Reads, defaults, validates and deduplicates every object.
pub(crate) fn intake(
    manifests: &Manifests,
    settings: &Settings,
    version: &Version,
    reports: &mut Reports,
) -> Intake {
    let refused = refused_by_decoder(manifests);
    let mut slots: Vec<Given<Parsed>> = Vec::new();
    let mut by_name: BTreeMap<ObjectRef, usize> = BTreeMap::new();
    reports.problems.extend(manifests.problems().iter().cloned().map(|mut problem| {
        if let Some(object) = &mut problem.object {
            let namespaced = KINDS.iter().any(|info| info.kind == object.kind && info.namespaced);
            if namespaced && object.namespace.is_none() {
                object.namespace = Some("default".into());
            }
        }
        problem
    }));
    for (object, refused) in manifests.objects().iter().zip(refused) {
        if !object.modelled {
            continue;
        }
        let reference = reference(object);
        if refused {
            reports.refused(reference);
            continue;
        }
        let earlier = by_name.get(&reference).copied();
        let mut given = Given {
            id: object.id,
            namespace: reference.namespace.clone().unwrap_or_default(),
            name: reference.name.clone(),
            value: read(manifests, object),
        };
        if !settings.stored {
            let old = earlier.and_then(|slot| slots.get(slot)).map(|slot| &slot.value);
            let root = manifests.node(object.id);
            let mut faults = admit(&mut given.value, old, root, version, reference.namespace.is_some());
            if object.api_version.starts_with("gateway.networking.k8s.io/") {
                faults.extend(admission::gateway(&object.kind, root, &version.gates));
            }
            let error = faults.iter().any(|fault| fault.severity == Severity::Error);
            for fault in faults {
                reports.fault(manifests, object.id, reference.clone(), fault);
            }
            if error {
                reports.refused(reference);
                continue;
            }
        }
        match earlier.and_then(|slot| slots.get_mut(slot)) {
            Some(slot) => {
                let first = manifests.place(slot.id, "metadata.name");
                let message = format!(
                    "{reference} is already given at {}:{}:{}; this one replaces it",
                    first.file, first.line, first.column
                );
                let fault = Fault::warning("admission/duplicate-object", "metadata.name", message);
                *slot = given;
                reports.fault(manifests, object.id, reference, fault);
            }
            None => {
                by_name.insert(reference, slots.len());
                slots.push(given);
            }
        }
    }
    let mut intake = Intake::default();
    for given in slots {
        intake.take(manifests, given);
    }
    intake.accepted.order();
    intake
}

fn read(manifests: &Manifests, object: &Object) -> Parsed {
    fn typed<T: Read>(manifests: &Manifests, object: &Object) -> T {
        manifests.typed(object.id)
    }
    let pods = |source| Parsed::Pods(Box::new(source));
    let workload = |kind| pods(PodSource::Workload(kind, Box::new(typed(manifests, object))));
    let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, object.kind.as_str()) {
        ("", "Node") => Parsed::Node(typed(manifests, object)),
        ("", "Namespace") => Parsed::Namespace(typed(manifests, object)),
        ("", "Pod") => pods(PodSource::Pod(typed(manifests, object))),
        ("", "ReplicationController") => {
            pods(PodSource::ReplicationController(Box::new(typed(manifests, object))))
        }
        ("", "Service") => Parsed::Service(typed(manifests, object)),
        ("", "Endpoints") => Parsed::Endpoints(typed(manifests, object)),
        ("", "ConfigMap") => Parsed::ConfigMap(typed(manifests, object)),
        ("", "Secret") => Parsed::Secret(typed(manifests, object)),
        ("apps", "Deployment") => workload("Deployment"),
        ("apps", "ReplicaSet") => workload("ReplicaSet"),
        ("apps", "StatefulSet") => workload("StatefulSet"),
        ("apps", "DaemonSet") => workload("DaemonSet"),
        ("batch", "Job") => workload("Job"),
        ("batch", "CronJob") => pods(PodSource::CronJob(Box::new(typed(manifests, object)))),
        ("discovery.k8s.io", "EndpointSlice") => Parsed::EndpointSlice(typed(manifests, object)),
        ("networking.k8s.io", "NetworkPolicy") => Parsed::NetworkPolicy(typed(manifests, object)),
        ("networking.k8s.io", "Ingress") => Parsed::Ingress(typed(manifests, object)),
        ("networking.k8s.io", "IngressClass") => Parsed::IngressClass(typed(manifests, object)),
        ("policy.networking.k8s.io", _) => {
            Parsed::ClusterPolicy(object.kind.clone(), typed(manifests, object))
        }
        _ => {
            let metadata = manifests.node(object.id).get("metadata");
            Parsed::Other(metadata.map(ObjectMeta::read).unwrap_or_default())
        }
    }
}

/// Defaults an object in place and judges it as the API server would.
fn admit(
    new: &mut Parsed,
    old: Option<&Parsed>,
    root: Node<'_>,
    version: &Version,
    namespaced: bool,
) -> Vec<Fault> {
    let gates = &version.gates;
    let meta = |metadata: &ObjectMeta| admission::meta(metadata, NameRule::Subdomain, namespaced);
    match new {
        Parsed::Node(node) => admission::node(node),
        Parsed::Namespace(namespace) => admission::namespace(namespace),
        Parsed::Pods(source) => match source.as_mut() {
            PodSource::Pod(pod) => {
                defaults::pod_spec(&mut pod.spec);
                admission::pod(pod)
            }
            PodSource::Workload(kind, workload) => {
                defaults::pod_spec(&mut workload.spec.template.spec);
                admission::workload(kind, workload)
            }
            PodSource::ReplicationController(controller) => {
                defaults::replication_controller(controller);
                admission::replication_controller(controller)
            }
            PodSource::CronJob(job) => {
                defaults::pod_spec(&mut job.spec.job_template.spec.template.spec);
                admission::cron_job(job)
            }
        },
        Parsed::Service(service) => {
            defaults::service(service);
            let mut faults = Vec::new();
            if let Some(Parsed::Service(old)) = old {
                let reapplied = super::reapply(old, service);
                *service = reapplied.service;
                faults = reapplied.faults;
            }
            faults.extend(admission::service(service, gates));
            faults
        }
        Parsed::Endpoints(endpoints) => admission::endpoints(endpoints),
        Parsed::EndpointSlice(slice) => {
            defaults::endpoint_slice(slice);
            admission::endpoint_slice(slice, gates)
        }
        Parsed::NetworkPolicy(policy) => {
            defaults::network_policy(policy);
            admission::network_policy(policy, gates)
        }
        Parsed::ClusterPolicy(kind, policy) => admission::cluster_policy(policy, kind, root, gates),
        Parsed::Ingress(ingress) => admission::ingress(ingress, gates),
        Parsed::IngressClass(class) => {
            defaults::ingress_class(class);
            admission::ingress_class(class)
        }
        Parsed::ConfigMap(map) => meta(&map.metadata),
        Parsed::Secret(secret) => meta(&secret.metadata),
        Parsed::Other(metadata) => meta(metadata),
    }
}

impl Intake {
    fn take(&mut self, manifests: &Manifests, given: Given<Parsed>) {
        self.accepted.push(given.id.0);
        if !given.namespace.is_empty() {
            self.mentioned_namespaces.push(given.namespace.clone());
        }
        let Given { id, namespace, name, value } = given;
        let kind = manifests.objects().get(id.index()).map_or("", |object| object.kind.as_str());
        let given = Given { id, namespace, name, value: () };
        let object = ObjectRef {
            kind: kind.into(),
            namespace: (!given.namespace.is_empty()).then(|| given.namespace.clone()),
            name: given.name.clone(),
        };
        let origin = given.origin();
        match value {
            Parsed::Node(node) => self.nodes.push(given.map(|()| node)),
            Parsed::Namespace(namespace) => self.namespaces.push(given.map(|()| namespace)),
            Parsed::Pods(source) => self.pods.push(given.map(|()| *source)),
            Parsed::Service(service) => self.services.push(given.map(|()| service)),
            Parsed::Endpoints(endpoints) => self.endpoints.push(given.map(|()| endpoints)),
            Parsed::EndpointSlice(slice) => self.slices.push(given.map(|()| slice)),
            Parsed::NetworkPolicy(value) => self.network_policies.push(Stored { object, origin, value }),
            Parsed::ClusterPolicy(_, value) => self.cluster_policies.push(Stored { object, origin, value }),
            Parsed::Ingress(value) => self.ingresses.push(Stored { object, origin, value }),
            Parsed::IngressClass(value) => self.ingress_classes.push(Stored { object, origin, value }),
            Parsed::ConfigMap(value) => self.config_maps.push(Stored { object, origin, value }),
            Parsed::Secret(value) => self.secrets.push(Stored { object, origin, value }),
            Parsed::Other(_) => {}
        }
    }
}
