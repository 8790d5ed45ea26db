//! The whole way from manifests to a settled cluster.

use super::controllers::{Owners, controller};
use super::intake::{Given, Intake, PodSource, Reports, intake};
use super::ipam::{HostLocal, family};
use super::workloads::{Plan, expand};
use super::{
    EndpointSlice, Family, Namespace, NamespaceId, Node, NodeId, Origin, Phase, Pod, Service, Settings,
    Snapshot, Stored, Workload, allocate, namespaces, nodes, pods, scheduling, system, versions,
};
use crate::admission::Fault;
use crate::manifest::api::{core_v1, networking_v1};
use crate::manifest::{Manifests, ObjectId, ObjectRef};
use crate::order::{self, SliceOrder};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// More pods than this are not made of workloads, all together.
const MAX_MADE: usize = 200_000;

/// A Service on its way into the snapshot.
#[derive(Debug)]
pub(crate) struct DraftService {
    pub(crate) service: Service,
    /// Taken from a running cluster.
    pub(crate) stored: bool,
}

/// What becomes of a source of pods.
enum Made {
    /// A pod of the input, with the workload it belongs to.
    Given(Option<ObjectRef>),
    /// The pods of a workload; none where the input has them.
    Expanded(Vec<Pod>),
}

/// What is being settled.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) manifests: &'a Manifests,
    pub(crate) reports: Reports,
    pub(crate) namespaces: Vec<Namespace>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) pods: Vec<Pod>,
    /// For each pod: whether it waits for a node, and for addresses.
    waiting: Vec<bool>,
    pub(crate) workloads: Vec<Workload>,
    /// How many pods were made of workloads.
    made: usize,
    pub(crate) services: Vec<DraftService>,
    /// Numbers of objects that turned out not to be part of the cluster.
    refused: BTreeSet<u32>,
}

/// The cluster that the control plane would make of `manifests`.
///
/// The order is the control plane's: objects are defaulted and validated, nodes get addresses and pod
/// CIDRs, workloads are expanded, pods are placed and get addresses, Services are allocated, and
/// EndpointSlices follow from Services and pods.
pub fn settle(manifests: Arc<Manifests>, settings: &Settings) -> Snapshot {
    let mut reports = Reports::default();
    let version = versions::find(&settings.kubernetes).or_else(|| versions::find("1.36"));
    let Some(version) = version else { return Snapshot::default() };
    if versions::find(&settings.kubernetes).is_none() {
        let message = format!(
            "Kubernetes `{}` is not modelled: answers are those of {}",
            settings.kubernetes, version.name
        );
        reports.assume("model/version", message, None);
    }
    let mut intake = intake(&manifests, settings, version, &mut reports);
    let namespaces = namespaces::namespaces(&intake, settings, &mut reports);
    let nodes = nodes::nodes(&intake, settings, &manifests, &mut reports);
    let mut draft = Draft {
        settings,
        manifests: &manifests,
        reports,
        namespaces,
        nodes,
        pods: Vec::new(),
        waiting: Vec::new(),
        workloads: Vec::new(),
        made: 0,
        services: Vec::new(),
        refused: BTreeSet::new(),
    };
    draft.make_pods(&mut intake);
    draft.place_pods();
    draft.take_services(&mut intake);
    let mut slices = draft.given_slices(&mut intake);
    let endpoints = draft.stored_endpoints(&mut intake);
    if !settings.stored {
        draft.mirror(&endpoints, &mut slices);
        draft.make_slices(&mut slices);
        draft.default_ingress_class(&mut intake);
    }
    draft.finish(intake, slices, endpoints, &manifests)
}

impl Draft<'_> {
    pub(crate) fn namespace_id(&self, name: &str) -> Option<NamespaceId> {
        let found = self.namespaces.binary_search_by(|namespace| namespace.name.as_str().cmp(name));
        found.ok().and_then(|at| u32::try_from(at).ok()).map(NamespaceId)
    }

    pub(crate) fn namespace_name(&self, id: NamespaceId) -> &str {
        self.namespaces.get(id.index()).map_or("", |namespace| namespace.name.as_str())
    }

    /// Takes a Service out of the cluster.
    pub(crate) fn refuse_service(&mut self, service: &Service, faults: Vec<Fault>) {
        let object = ObjectRef::namespaced("Service", self.namespace_name(service.namespace), &service.name);
        if let Origin::Manifest { object: id, .. } = &service.origin {
            self.refused.insert(*id);
            for fault in faults {
                self.reports.fault(self.manifests, ObjectId(*id), object.clone(), fault);
            }
        }
        self.reports.refused(object);
    }

    /// Pods of the input and of workloads, in input order, then cluster DNS.
    fn make_pods(&mut self, intake: &mut Intake) {
        let dns = match self.settings.stored {
            true => Vec::new(),
            false => system::dns_pods(intake, &self.namespaces, &mut self.reports),
        };
        let made: Vec<Made> = {
            let owners = Owners::new(&intake.pods);
            intake.pods.iter().map(|given| self.make(given, &owners)).collect()
        };
        for (given, made) in std::mem::take(&mut intake.pods).into_iter().zip(made) {
            match (given.value, made) {
                (PodSource::Pod(value), Made::Given(workload)) => {
                    let Some(namespace) = self.namespace_id(&given.namespace) else { continue };
                    let given = Given { id: given.id, namespace: given.namespace, name: given.name, value };
                    let reports = (!self.settings.stored).then_some(&mut self.reports);
                    let (pod, state) = pods::given_pod(given, namespace, workload, reports);
                    self.waiting.push(state.has_sandbox);
                    self.pods.push(pod);
                }
                (_, Made::Expanded(made)) => self.add_made(made),
                (_, Made::Given(_)) => {}
            }
        }
        self.add_made(dns);
    }

    /// What becomes of one source of pods.
    fn make(&mut self, given: &Given<PodSource>, owners: &Owners<'_>) -> Made {
        if let PodSource::Pod(pod) = &given.value {
            return Made::Given(owners.workload_of(&given.namespace, &pod.metadata));
        }
        let nothing = Made::Expanded(Vec::new());
        let Some(namespace) = self.namespace_id(&given.namespace) else { return nothing };
        let Some(controller) = controller(given) else { return nothing };
        let nodes = match controller.kind {
            "DaemonSet" => scheduling::daemon_nodes(&self.nodes, &controller.template.spec),
            _ => Vec::new(),
        };
        self.workloads.push(Workload {
            object: ObjectRef::namespaced(controller.kind, controller.namespace, controller.name),
            origin: given.origin(),
            selector: controller.selector.clone(),
            replicas: match controller.kind {
                "DaemonSet" => u32::try_from(nodes.len()).unwrap_or(u32::MAX),
                _ => controller.replicas,
            },
            labels: Arc::new(controller.template.metadata.labels.clone()),
            spec: Arc::new(controller.template.spec.clone()),
            template: controller.prefix,
        });
        if self.settings.stored || owners.is_populated(&controller) || self.made >= MAX_MADE {
            return nothing;
        }
        let workload = owners.outermost(&controller);
        let plan = Plan { controller: &controller, namespace, workload, nodes: &nodes };
        let pods = expand(&plan, &mut self.reports);
        self.made += pods.len();
        Made::Expanded(pods)
    }

    fn add_made(&mut self, made: Vec<Pod>) {
        self.waiting.extend(std::iter::repeat_n(true, made.len()));
        self.pods.extend(made);
    }

    /// Nodes for pods without one, and addresses for pods on nodes.
    fn place_pods(&mut self) {
        let Self { pods, waiting, nodes, namespaces, manifests, reports, settings, .. } = self;
        let idle = vec![false; pods.len()];
        let waiting_for_node = if settings.stored { &idle } else { &*waiting };
        let placed = scheduling::place(pods, waiting_for_node, nodes, namespaces, manifests, reports);
        if placed > 0 {
            let message =
                format!("{placed} pods without a node are spread evenly over the nodes that take them");
            reports.assume("model/pods-placed", message, None);
        }
        let mut given: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for (at, pod) in pods.iter().enumerate().filter(|(_, pod)| pod.is_alive() && !pod.host_network) {
            for &ip in &pod.ips {
                given.entry(ip).or_insert(at);
            }
        }
        if settings.stored {
            return;
        }
        self.report_shared_ips(&given);
        self.assign_ips();
    }

    /// Two live pods cannot have one address.
    fn report_shared_ips(&mut self, first: &BTreeMap<IpAddr, usize>) {
        let mut found = Vec::new();
        for (at, pod) in self.pods.iter().enumerate().filter(|(_, pod)| pod.is_alive() && !pod.host_network) {
            for ip in &pod.ips {
                let Some(other) = first.get(ip).filter(|&&other| other != at) else { continue };
                let Some(other) = self.pods.get(*other) else { continue };
                let Origin::Manifest { object, .. } = &pod.origin else { continue };
                let message = format!(
                    "pod {}/{} has the same address {ip}: traffic to it is taken to reach that pod",
                    self.namespace_name(other.namespace),
                    other.name
                );
                let name = ObjectRef::namespaced("Pod", self.namespace_name(pod.namespace), &pod.name);
                found.push((*object, name, Fault::warning("model/shared-pod-ip", "status.podIP", message)));
            }
        }
        for (id, object, fault) in found {
            self.reports.fault(self.manifests, ObjectId(id), object, fault);
        }
    }

    fn assign_ips(&mut self) {
        let families: Vec<Family> = self.settings.pod_cidrs.iter().map(family).collect();
        let mut blocks: Vec<Vec<(Family, Result<HostLocal, String>)>> = self
            .nodes
            .iter()
            .map(|node| node.pod_cidrs.iter().map(|&net| (family(&net), HostLocal::new(net))).collect())
            .collect();
        let reserve = |blocks: &mut Vec<(Family, Result<HostLocal, String>)>, ip: IpAddr| {
            for (_, block) in blocks {
                if let Ok(block) = block {
                    block.reserve(ip);
                }
            }
        };
        for pod in self.pods.iter().filter(|pod| pod.is_alive() && !pod.host_network) {
            for &ip in &pod.ips {
                match pod.node.and_then(|node| blocks.get_mut(node.index())) {
                    Some(blocks) => reserve(blocks, ip),
                    None => blocks.iter_mut().for_each(|blocks| reserve(blocks, ip)),
                }
            }
        }
        let (mut allocated, mut refused) = (0, Vec::new());
        for (at, (pod, waiting)) in self.pods.iter_mut().zip(&self.waiting).enumerate() {
            let Some(NodeId(node)) = pod.node.filter(|_| *waiting && pod.ips.is_empty()) else { continue };
            if pod.host_network {
                pod.ips = self.nodes.get(node as usize).map(|node| node.ips.clone()).unwrap_or_default();
                continue;
            }
            let Some(blocks) = blocks.get_mut(node as usize) else { continue };
            for &wanted in &families {
                let block = blocks.iter_mut().find(|(family, _)| *family == wanted);
                let ip = match block.map(|(_, block)| block) {
                    Some(Ok(block)) => block.allocate(),
                    Some(Err(message)) => Err(message.clone()),
                    None => continue,
                };
                match ip {
                    Ok(ip) => pod.ips.push(ip),
                    Err(message) => {
                        // The plugin gives all addresses or none.
                        pod.ips.clear();
                        refused.push((at, message));
                        break;
                    }
                }
            }
            if !pod.ips.is_empty() {
                pod.filled.ips = true;
                allocated += 1;
            }
        }
        for (at, message) in refused {
            self.sandbox_failed(at, &message);
        }
        if allocated > 0 {
            let message = format!(
                "{allocated} pods without an address get one from the pod CIDR of their node, the lowest first"
            );
            self.reports.assume("model/pod-ips-allocated", message, None);
        }
    }

    /// A pod for which the network plugin has no address: it stays in ContainerCreating.
    fn sandbox_failed(&mut self, at: usize, message: &str) {
        let Some(pod) = self.pods.get_mut(at) else { return };
        pod.phase = Phase::Pending;
        pod.ready = false;
        let (origin, namespace, name) = (pod.origin.clone(), pod.namespace, pod.name.clone());
        let object = ObjectRef::namespaced("Pod", self.namespace_name(namespace), &name);
        let message = format!("pod {name} gets no address: {message}");
        match origin {
            Origin::Manifest { object: id, prefix } => {
                let fault = Fault::warning("model/no-pod-ip", super::evidence::join(prefix, "spec"), message);
                self.reports.fault(self.manifests, ObjectId(id), object, fault);
            }
            Origin::ControlPlane => self.reports.assume("model/no-pod-ip", message, Some(object)),
        }
    }

    /// Services of the input and the cluster's own, allocated.
    fn take_services(&mut self, intake: &mut Intake) {
        let own = match self.settings.stored {
            true => Vec::new(),
            false => system::services(intake, self.settings, &self.namespaces),
        };
        for given in std::mem::take(&mut intake.services) {
            let Some(namespace) = self.namespace_id(&given.namespace) else { continue };
            let origin = given.origin();
            let core_v1::Service { metadata, spec, status } = given.value;
            self.services.push(DraftService {
                stored: !metadata.uid.is_empty(),
                service: Service {
                    namespace,
                    name: given.name,
                    labels: metadata.labels,
                    annotations: metadata.annotations,
                    spec,
                    status,
                    allocated: Vec::new(),
                    origin,
                },
            });
        }
        self.services.extend(own);
        if !self.settings.stored {
            allocate::allocate(self);
            self.note_foreign_service_cidr();
        }
    }

    /// A dump may come from a cluster with another service CIDR than the settings say.
    fn note_foreign_service_cidr(&mut self) {
        let settings = self.settings;
        let foreign = |service: &Service| {
            let ips = service.spec.cluster_ips.iter().filter_map(|ip| ip.parse::<IpAddr>().ok());
            ips.into_iter().find(|ip| !settings.service_cidrs.iter().any(|net| net.contains(ip)))
        };
        let found = self.services.iter().find_map(|draft| Some((&draft.service, foreign(&draft.service)?)));
        let Some((service, ip)) = found else { return };
        let object = ObjectRef::namespaced("Service", self.namespace_name(service.namespace), &service.name);
        let message = format!(
            "{object} has the ClusterIP {ip}, which is outside of the service CIDR in the settings: addresses that the model allocates may not be those of the cluster"
        );
        self.reports.assume("model/foreign-service-cidr", message, Some(object));
    }

    /// Ingresses that name no class get the default one when they are created.
    ///
    /// k8s: plugin/pkg/admission/network/defaultingressclass/admission.go (1.36)
    fn default_ingress_class(&self, intake: &mut Intake) {
        let classes: &[Stored<networking_v1::IngressClass>] = &intake.ingress_classes;
        let marked = classes.iter().filter(|class| {
            let annotations = &class.value.metadata.annotations;
            annotations
                .get("ingressclass.kubernetes.io/is-default-class")
                .is_some_and(|value| value == "true")
        });
        // Of several the newest wins, then the lower name.
        let default = marked.min_by_key(|class| {
            let created = class.value.metadata.creation_timestamp.clone();
            (std::cmp::Reverse(created), class.object.name.clone())
        });
        let Some(default) = default.map(|class| class.object.name.clone()) else { return };
        for ingress in &mut intake.ingresses {
            let metadata = &ingress.value.metadata;
            let created_now = metadata.uid.is_empty();
            if created_now && !metadata.annotations.contains_key("kubernetes.io/ingress.class") {
                ingress.value.spec.ingress_class_name.get_or_insert_with(|| default.clone());
            }
        }
    }

    fn finish(
        self,
        intake: Intake,
        slices: Vec<EndpointSlice>,
        endpoints: Vec<Stored<core_v1::Endpoints>>,
        manifests: &Arc<Manifests>,
    ) -> Snapshot {
        let refused = self.refused;
        let mut snapshot = Snapshot {
            settings: self.settings.clone(),
            nodes: self.nodes.into(),
            namespaces: self.namespaces.into(),
            pods: self.pods.into(),
            workloads: self.workloads.into(),
            services: self.services.into_iter().map(|draft| draft.service).collect(),
            slices: slices.into(),
            endpoints: endpoints.into(),
            network_policies: intake.network_policies.into(),
            cluster_policies: intake.cluster_policies.into(),
            ingresses: intake.ingresses.into(),
            ingress_classes: intake.ingress_classes.into(),
            config_maps: intake.config_maps.into(),
            secrets: intake.secrets.into(),
            assumptions: self.reports.assumptions,
            problems: self.reports.problems,
            manifests: Arc::clone(manifests),
            accepted: intake.accepted.into_iter().filter(|id| !refused.contains(id)).collect(),
            index: Arc::default(),
        };
        snapshot.sort_problems();
        snapshot.reindex();
        snapshot
    }
}

impl Snapshot {
    /// Problems in source order, those without a place last.
    pub(super) fn sort_problems(&mut self) {
        if self.problems.len() < 2 {
            return;
        }
        let sources = (0_u32..).zip(self.manifests.sources());
        let order: BTreeMap<&str, u32> = order::map(sources.map(|(at, source)| (source.name.as_str(), at)));
        self.problems.order_by_key(|problem| match &problem.place {
            Some(place) => {
                (order.get(place.file.as_str()).copied().unwrap_or(u32::MAX), place.line, place.column)
            }
            None => (u32::MAX, u32::MAX, u32::MAX),
        });
    }
}
