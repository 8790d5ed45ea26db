//! Who owns which pods: workloads in one shape, and the chains of owners in the input.

use super::intake::{Given, PodSource};
use crate::admission::defaults;
use crate::manifest::ObjectId;
use crate::manifest::ObjectRef;
use crate::manifest::api::core_v1::PodTemplateSpec;
use crate::manifest::api::meta::{LabelSelector, ObjectMeta};
use std::collections::{BTreeMap, BTreeSet};

/// A workload in the shape all kinds share.
#[derive(Debug)]
pub(crate) struct Controller<'i> {
    pub(crate) id: ObjectId,
    pub(crate) kind: &'static str,
    pub(crate) namespace: &'i str,
    pub(crate) name: &'i str,
    pub(crate) metadata: &'i ObjectMeta,
    pub(crate) selector: Option<LabelSelector>,
    /// Pods wanted; a DaemonSet wants one per node and says 0.
    pub(crate) replicas: u32,
    pub(crate) template: &'i PodTemplateSpec,
    /// Field path of the template.
    pub(crate) prefix: &'static str,
    /// StatefulSet: the governing Service.
    pub(crate) service_name: &'i str,
    /// StatefulSet: the first ordinal.
    pub(crate) start: u32,
    /// Job: completionMode Indexed.
    pub(crate) indexed: bool,
}

fn count(number: Option<i32>, default: u32) -> u32 {
    number.map_or(default, |number| u32::try_from(number).unwrap_or(0))
}

/// The workload behind a source of pods; `None` for a bare pod.
pub(crate) fn controller<'i>(given: &'i Given<PodSource>) -> Option<Controller<'i>> {
    let base = |kind, metadata, template| Controller {
        id: given.id,
        kind,
        namespace: &given.namespace,
        name: &given.name,
        metadata,
        selector: None,
        replicas: 1,
        template,
        prefix: "spec.template",
        service_name: "",
        start: 0,
        indexed: false,
    };
    match &given.value {
        PodSource::Pod(_) => None,
        PodSource::Workload(kind, workload) => {
            let spec = &workload.spec;
            let replicas = match *kind {
                "Job" => job_pods(spec),
                "DaemonSet" => 0,
                _ => count(spec.replicas, 1),
            };
            Some(Controller {
                selector: spec.selector.clone(),
                replicas,
                service_name: &spec.service_name,
                start: spec.ordinals.as_ref().map_or(0, |ordinals| count(Some(ordinals.start), 0)),
                indexed: spec.completion_mode.as_deref() == Some("Indexed"),
                ..base(kind, &workload.metadata, &spec.template)
            })
        }
        PodSource::ReplicationController(controller) => Some(Controller {
            selector: Some(defaults::selector(controller)),
            replicas: count(controller.spec.replicas, 1),
            ..base("ReplicationController", &controller.metadata, &controller.spec.template)
        }),
        PodSource::CronJob(job) => {
            let spec = &job.spec.job_template.spec;
            let replicas = if job.spec.suspend == Some(true) { 0 } else { job_pods(spec) };
            Some(Controller {
                replicas,
                prefix: "spec.jobTemplate.spec.template",
                indexed: spec.completion_mode.as_deref() == Some("Indexed"),
                ..base("CronJob", &job.metadata, &spec.template)
            })
        }
    }
}

/// Pods a Job runs at a time.
fn job_pods(spec: &crate::manifest::api::workloads::WorkloadSpec) -> u32 {
    if spec.suspend == Some(true) {
        return 0;
    }
    count(spec.parallelism, 1).min(count(spec.completions, u32::MAX))
}

/// A workload by kind, namespace and name.
type Key<'i> = (&'i str, &'i str, &'i str);

/// Owners in the input.
#[derive(Debug, Default)]
pub(crate) struct Owners<'i> {
    /// Owner (kind and name) of each owned workload.
    owner_of: BTreeMap<Key<'i>, (&'i str, &'i str)>,
    given: BTreeSet<Key<'i>>,
    /// Workloads whose pods, or whose own workloads, are in the input.
    populated: BTreeSet<ObjectRef>,
}

fn controller_of(metadata: &ObjectMeta) -> Option<(&str, &str)> {
    let mut owners = metadata.owner_references.iter();
    let owner = owners.find(|owner| owner.controller == Some(true))?;
    Some((owner.kind.as_str(), owner.name.as_str()))
}

impl<'i> Owners<'i> {
    pub(crate) fn new(pods: &'i [Given<PodSource>]) -> Self {
        let mut owners = Self::default();
        for controller in pods.iter().filter_map(controller) {
            let key = (controller.kind, controller.namespace, controller.name);
            owners.given.insert(key);
            if let Some(owner) = controller_of(controller.metadata) {
                owners.owner_of.insert(key, owner);
            }
        }
        for given in pods {
            let owner = match &given.value {
                PodSource::Pod(pod) => controller_of(&pod.metadata).map(|owner| (owner, Some(&pod.metadata))),
                _ => {
                    controller(given).and_then(|this| controller_of(this.metadata)).map(|owner| (owner, None))
                }
            };
            let Some(((kind, name), pod)) = owner else { continue };
            let chain = owners.chain(kind, &given.namespace, name, pod);
            owners.populated.extend(chain);
        }
        owners
    }

    /// The owners from `kind` `name` upwards, outermost last.
    fn chain(&self, kind: &str, namespace: &str, name: &str, pod: Option<&ObjectMeta>) -> Vec<ObjectRef> {
        let mut chain = vec![ObjectRef::namespaced(kind, namespace, name)];
        // Deployment over ReplicaSet, CronJob over Job: two are enough, a cycle cannot hold us.
        while chain.len() < 4 {
            let Some(last) = chain.last() else { break };
            let Some((kind, name)) = self.owner(&last.kind, namespace, &last.name, pod) else { break };
            chain.push(ObjectRef::namespaced(&kind, namespace, &name));
        }
        chain
    }

    fn owner(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
        pod: Option<&ObjectMeta>,
    ) -> Option<(String, String)> {
        if let Some(&(kind, name)) = self.owner_of.get(&(kind, namespace, name)) {
            return Some((kind.into(), name.into()));
        }
        if self.given.contains(&(kind, namespace, name)) {
            return None;
        }
        // The workload itself is not in the input: its name tells its owner.
        let (stem, last) = name.rsplit_once('-')?;
        match kind {
            "ReplicaSet" => {
                let hash = pod?.labels.get("pod-template-hash")?;
                (hash == last).then(|| ("Deployment".into(), stem.into()))
            }
            "Job" if self.given.contains(&("CronJob", namespace, stem)) => {
                Some(("CronJob".into(), stem.into()))
            }
            _ => None,
        }
    }

    /// The outermost workload of a pod of the input.
    pub(crate) fn workload_of(&self, namespace: &str, pod: &ObjectMeta) -> Option<ObjectRef> {
        let (kind, name) = controller_of(pod)?;
        // A mirror pod belongs to its node.
        if kind == "Node" {
            return None;
        }
        self.chain(kind, namespace, name, Some(pod)).pop()
    }

    /// The outermost workload over a workload, itself when it has no owner.
    pub(crate) fn outermost(&self, controller: &Controller<'_>) -> ObjectRef {
        let itself = ObjectRef::namespaced(controller.kind, controller.namespace, controller.name);
        self.chain(controller.kind, controller.namespace, controller.name, None).pop().unwrap_or(itself)
    }

    /// Whether pods of this workload are in the input, or workloads that it owns.
    pub(crate) fn is_populated(&self, controller: &Controller<'_>) -> bool {
        let key = ObjectRef::namespaced(controller.kind, controller.namespace, controller.name);
        self.populated.contains(&key)
    }
}
