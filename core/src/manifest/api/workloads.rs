//! `k8s.io/api/apps/v1`, `batch/v1` and the ReplicationController: what makes pods.

use super::core_v1::PodTemplateSpec;
use super::meta::{LabelSelector, Labels, ObjectMeta};
use crate::manifest::read::api;

api! {
    /// A Deployment, ReplicaSet, StatefulSet, DaemonSet or Job: the fields they share and the few of
    /// their own, told apart by the kind under which they were read.
    Workload { "metadata" metadata: ObjectMeta, "spec" spec: WorkloadSpec }
    /// Spec of a [`Workload`].
    WorkloadSpec {
        "replicas" replicas: Option<i32>,
        "selector" selector: Option<LabelSelector>,
        "template" template: PodTemplateSpec,
        "serviceName" service_name: String,
        "ordinals" ordinals: Option<StatefulSetOrdinals>,
        "parallelism" parallelism: Option<i32>,
        "completions" completions: Option<i32>,
        "completionMode" completion_mode: Option<String>,
        "suspend" suspend: Option<bool>,
    }
    /// Numbering of a StatefulSet.
    StatefulSetOrdinals { "start" start: i32 }

    /// A ReplicationController, whose selector is a plain map.
    ReplicationController { "metadata" metadata: ObjectMeta, "spec" spec: ReplicationControllerSpec }
    /// Spec of a [`ReplicationController`].
    ReplicationControllerSpec {
        "replicas" replicas: Option<i32>,
        "selector" selector: Labels,
        "template" template: PodTemplateSpec,
    }

    /// A CronJob: the Job it would make is what matters.
    CronJob { "metadata" metadata: ObjectMeta, "spec" spec: CronJobSpec }
    /// Spec of a [`CronJob`].
    CronJobSpec { "jobTemplate" job_template: Workload, "suspend" suspend: Option<bool> }
}
