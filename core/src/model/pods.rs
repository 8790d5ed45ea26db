//! Pods as given: phase, readiness, addresses.

use super::intake::{Given, Reports};
use super::{Family, Filled, NamespaceId, Phase, Pod};
use crate::manifest::ObjectRef;
use crate::manifest::api::core_v1;
use std::net::IpAddr;
use std::sync::Arc;

/// Reasons for waiting that mean the container has started and failed, or that the pod has a sandbox
/// (and an address) but no image.
///
/// k8s: pkg/kubelet/images/types.go, pkg/kubelet/kuberuntime/kuberuntime_manager.go
const STARTED: &[&str] = &["CrashLoopBackOff", "RunContainerError", "CreateContainerError"];
const HAS_SANDBOX: &[&str] = &[
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
];

/// Addresses in a status, at most one per family, primary first.
pub(crate) fn given_ips(status: &core_v1::PodStatus) -> Vec<IpAddr> {
    let texts = std::iter::once(&status.pod_ip).chain(status.pod_ips.iter().map(|ip| &ip.ip));
    let mut ips: Vec<IpAddr> = Vec::new();
    for ip in texts.filter_map(|text| text.parse().ok()) {
        if ips.iter().all(|&other| Family::of(other) != Family::of(ip)) {
            ips.push(ip);
        }
    }
    ips
}

/// What a status says, or what is taken for granted without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    pub(crate) ready: bool,
    /// Whether the network plugin has been asked for an address.
    pub(crate) has_sandbox: bool,
    /// Whether nothing was said and the pod is taken as running and ready.
    pub(crate) assumed: bool,
}

/// The state of a pod. A pod about which nothing is said runs and is ready.
pub(crate) fn state(pod: &core_v1::Pod) -> State {
    let status = &pod.status;
    let waiting = |reasons: &[&str]| {
        let states = status.container_statuses.iter().filter_map(|status| status.state.waiting.as_ref());
        states.into_iter().any(|state| reasons.contains(&state.reason.as_str()))
    };
    let all_ready = status.container_statuses.iter().all(|container| container.ready);
    let phase = match status.phase.as_str() {
        "Pending" => Phase::Pending,
        "Running" => Phase::Running,
        "Succeeded" => Phase::Succeeded,
        "Failed" => Phase::Failed,
        "Unknown" => Phase::Unknown,
        _ if waiting(HAS_SANDBOX) => Phase::Pending,
        _ => Phase::Running,
    };
    let condition = status.conditions.iter().find(|condition| condition.type_ == "Ready");
    // A readiness gate holds only when somebody has set its condition.
    let gates_hold = pod.spec.readiness_gates.iter().all(|gate| {
        let mut conditions = status.conditions.iter();
        conditions.any(|condition| condition.type_ == gate.condition_type && condition.status == "True")
    });
    let ready = match condition {
        Some(condition) => condition.status == "True",
        None => phase == Phase::Running && all_ready && !waiting(STARTED) && gates_hold,
    };
    let silent =
        status.phase.is_empty() && status.conditions.is_empty() && status.container_statuses.is_empty();
    let has_sandbox = match phase {
        Phase::Running | Phase::Unknown => true,
        Phase::Pending => waiting(HAS_SANDBOX) || waiting(STARTED),
        Phase::Succeeded | Phase::Failed => false,
    };
    State { phase, ready, has_sandbox, assumed: silent }
}

/// A pod of the input, not yet placed. Its node is found by name later.
pub(crate) fn given_pod(
    given: Given<core_v1::Pod>,
    namespace: NamespaceId,
    workload: Option<ObjectRef>,
    reports: Option<&mut Reports>,
) -> (Pod, State) {
    let pod = &given.value;
    let state = state(pod);
    if let Some(reports) = reports.filter(|_| state.assumed) {
        let object = ObjectRef::namespaced("Pod", &given.namespace, &given.name);
        let gate = pod.spec.readiness_gates.first().filter(|_| !state.ready);
        match gate {
            Some(gate) => reports.assume(
                "model/readiness-gate",
                format!(
                    "{object} is taken as running but not ready: nothing sets its condition `{}`",
                    gate.condition_type
                ),
                Some(object),
            ),
            None => reports.assume(
                "model/pod-without-status",
                format!("{object} has no status and is taken as running and ready"),
                Some(object),
            ),
        }
    }
    let origin = given.origin();
    let core_v1::Pod { metadata, spec, status } = given.value;
    let built = Pod {
        namespace,
        name: given.name,
        labels: Arc::new(metadata.labels),
        ips: given_ips(&status),
        node: None,
        phase: state.phase,
        ready: state.ready,
        terminating: metadata.deletion_timestamp.is_some(),
        host_network: spec.host_network,
        workload,
        spec: Arc::new(spec),
        filled: Filled { status: state.assumed, ..Filled::default() },
        origin,
    };
    (built, state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core_v1::{Condition, ContainerState, ContainerStateReason, ContainerStatus, PodReadinessGate};

    fn pod(edit: impl FnOnce(&mut core_v1::Pod)) -> State {
        let mut pod = core_v1::Pod::default();
        edit(&mut pod);
        state(&pod)
    }

    fn waiting(reason: &str) -> ContainerStatus {
        let reason = ContainerStateReason { reason: reason.into(), ..Default::default() };
        let state = ContainerState { waiting: Some(reason), ..Default::default() };
        ContainerStatus { state, ..Default::default() }
    }

    #[test]
    fn silence_is_running_and_ready() {
        let state = pod(|_| {});
        assert_eq!((state.phase, state.ready, state.assumed), (Phase::Running, true, true));
    }

    #[test]
    fn the_ready_condition_decides() {
        let ready = |status: &str| {
            let condition = Condition { type_: "Ready".into(), status: status.into(), ..Default::default() };
            pod(|pod| {
                pod.status.phase = "Running".into();
                pod.status.conditions.push(condition);
            })
            .ready
        };
        assert!(ready("True"));
        assert!(!ready("False"));
        assert!(!ready("Unknown"));
    }

    #[test]
    fn failing_containers_are_not_ready() {
        let crash = pod(|pod| pod.status.container_statuses.push(waiting("CrashLoopBackOff")));
        assert_eq!((crash.phase, crash.ready, crash.has_sandbox), (Phase::Running, false, true));
        let pull = pod(|pod| pod.status.container_statuses.push(waiting("ImagePullBackOff")));
        assert_eq!((pull.phase, pull.ready, pull.has_sandbox), (Phase::Pending, false, true));
        let creating = pod(|pod| {
            pod.status.phase = "Pending".into();
            pod.status.container_statuses.push(waiting("ContainerCreating"));
        });
        assert!(!creating.has_sandbox);
    }

    #[test]
    fn an_unset_readiness_gate_holds_back() {
        let gate = PodReadinessGate { condition_type: "example.com/lb".into() };
        assert!(!pod(|pod| pod.spec.readiness_gates.push(gate)).ready);
    }

    #[test]
    fn one_address_per_family() {
        let mut status = core_v1::PodStatus { pod_ip: "10.0.0.1".into(), ..Default::default() };
        for ip in ["10.0.0.1", "10.0.0.2", "fd00::1"] {
            status.pod_ips.push(core_v1::PodIp { ip: ip.into() });
        }
        let ips: Vec<String> = given_ips(&status).iter().map(ToString::to_string).collect();
        assert_eq!(ips, ["10.0.0.1", "fd00::1"]);
    }
}
