//! From workloads to pods, with the labels and names that controllers give them.

use super::controllers::Controller;
use super::hash::{hash_text, suffix, uid};
use super::intake::Reports;
use super::{Filled, NamespaceId, NodeId, Origin, Phase, Pod};
use crate::manifest::ObjectRef;
use crate::manifest::api::core_v1::PodSpec;
use crate::manifest::api::meta::Labels;
use std::sync::Arc;

/// More pods than this are not made of one workload.
const MAX_REPLICAS: u32 = 20_000;

/// Where the pods of a workload are made.
#[derive(Debug)]
pub(crate) struct Plan<'c> {
    pub(crate) controller: &'c Controller<'c>,
    pub(crate) namespace: NamespaceId,
    /// The outermost workload, which the pods name as theirs.
    pub(crate) workload: ObjectRef,
    /// For a DaemonSet: the nodes that take a pod.
    pub(crate) nodes: &'c [NodeId],
}

/// The pods of a workload, not yet placed and without addresses.
pub(crate) fn expand(plan: &Plan<'_>, reports: &mut Reports) -> Vec<Pod> {
    let controller = plan.controller;
    let object = ObjectRef::namespaced(controller.kind, controller.namespace, controller.name);
    let wanted = match controller.kind {
        "DaemonSet" => u32::try_from(plan.nodes.len()).unwrap_or(u32::MAX),
        _ => controller.replicas,
    };
    let replicas = wanted.min(MAX_REPLICAS);
    if replicas < wanted {
        let message = format!("{object} asks for {wanted} pods: only {MAX_REPLICAS} are modelled");
        reports.assume("model/too-many-replicas", message, Some(object.clone()));
    }
    let mut made = Maker::new(plan, reports);
    let gate = controller.template.spec.readiness_gates.first();
    if replicas > 0 {
        let message = match gate {
            Some(gate) => format!(
                "the pods of {object} are taken as running but not ready: nothing sets their condition `{}`",
                gate.condition_type
            ),
            None => format!("the pods of {object} are taken as running and ready"),
        };
        let code = if gate.is_some() { "model/readiness-gate" } else { "model/pod-without-status" };
        reports.assume(code, message, Some(object));
    }
    (0..replicas).map(|index| made.pod(index)).collect()
}

/// What the pods of one workload share.
struct Maker<'c> {
    plan: &'c Plan<'c>,
    labels: Arc<Labels>,
    spec: Arc<PodSpec>,
    /// Name up to the generated part, the dash included.
    stem: String,
    seed: String,
}

impl<'c> Maker<'c> {
    fn new(plan: &'c Plan<'c>, reports: &mut Reports) -> Self {
        let controller = plan.controller;
        let template = controller.template;
        let mut labels = template.metadata.labels.clone();
        let name = controller.name;
        let mut stem = format!("{name}-");
        match controller.kind {
            // k8s: pkg/controller/deployment/sync.go getNewReplicaSet
            "Deployment" => {
                let hash = template_hash(controller, reports);
                labels.insert("pod-template-hash".into(), hash.clone());
                stem = format!("{name}-{hash}-");
            }
            // k8s: pkg/controller/daemon/util/daemonset_util.go CreatePodTemplate
            "DaemonSet" => {
                labels.insert("controller-revision-hash".into(), template_hash(controller, reports));
                labels.insert("pod-template-generation".into(), "1".into());
            }
            // k8s: pkg/controller/statefulset/stateful_set_utils.go newVersionedStatefulSetPod
            "StatefulSet" => {
                let revision = format!("{name}-{}", template_hash(controller, reports));
                labels.insert("controller-revision-hash".into(), revision);
            }
            // k8s: pkg/registry/batch/job/strategy.go generateSelector
            "Job" | "CronJob" => {
                let job = match controller.kind {
                    "CronJob" => format!("{name}-0"),
                    _ => name.to_owned(),
                };
                let given = &controller.metadata.uid;
                let uid = if given.is_empty() || controller.kind == "CronJob" {
                    uid(&format!("Job {}/{job}", controller.namespace))
                } else {
                    given.clone()
                };
                for key in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
                    labels.insert(key.into(), uid.clone());
                }
                for key in ["job-name", "batch.kubernetes.io/job-name"] {
                    labels.insert(key.into(), job.clone());
                }
                stem = format!("{job}-");
            }
            _ => {}
        }
        let seed = format!("{}/{}/{stem}", controller.kind, controller.namespace);
        Self { plan, labels: Arc::new(labels), spec: Arc::new(template.spec.clone()), stem, seed }
    }

    fn pod(&mut self, index: u32) -> Pod {
        let controller = self.plan.controller;
        let (mut labels, mut spec) = (Arc::clone(&self.labels), Arc::clone(&self.spec));
        let name = match controller.kind {
            "StatefulSet" => {
                let ordinal = controller.start.saturating_add(index);
                let name = format!("{}-{ordinal}", controller.name);
                let own = Arc::make_mut(&mut labels);
                own.insert("statefulset.kubernetes.io/pod-name".into(), name.clone());
                own.insert("apps.kubernetes.io/pod-index".into(), ordinal.to_string());
                let own = Arc::make_mut(&mut spec);
                own.hostname.clone_from(&name);
                controller.service_name.clone_into(&mut own.subdomain);
                name
            }
            "Job" | "CronJob" if controller.indexed => {
                let own = Arc::make_mut(&mut labels);
                own.insert("batch.kubernetes.io/job-completion-index".into(), index.to_string());
                let hostname = format!("{}{index}", self.stem);
                let name = generated(&format!("{hostname}-"), &self.seed, index);
                Arc::make_mut(&mut spec).hostname = hostname;
                name
            }
            _ => generated(&self.stem, &self.seed, index),
        };
        Pod {
            namespace: self.plan.namespace,
            name,
            labels,
            ips: Vec::new(),
            node: self.plan.nodes.get(index as usize).copied(),
            phase: Phase::Running,
            ready: spec.readiness_gates.is_empty(),
            terminating: false,
            host_network: spec.host_network,
            workload: Some(self.plan.workload.clone()),
            spec,
            filled: Filled { status: true, ..Filled::default() },
            origin: Origin::Manifest { object: controller.id.0, prefix: controller.prefix },
        }
    }
}

/// A generated name: a stem cut to 58 characters and five more.
///
/// k8s: apiserver pkg/storage/names/generate.go
fn generated(stem: &str, seed: &str, index: u32) -> String {
    let mut name: String = stem.chars().take(58).collect();
    name.push_str(&suffix(seed, index));
    name
}

/// The hash of a template. The controllers' own is over the whole Go value with all its defaults, fields
/// without meaning for networking included; this one is over what is read of it.
fn template_hash(controller: &Controller<'_>, reports: &mut Reports) -> String {
    const CODE: &str = "model/template-hash";
    if reports.assumptions.iter().all(|assumption| assumption.code != CODE) {
        let message = "hashes in pod names and labels (pod-template-hash, controller-revision-hash) are made by the model; a cluster has others";
        reports.assume(CODE, message.into(), None);
    }
    hash_text(&format!("{:?}", controller.template))
}
