//! The last step: whether a container listens where the packet arrives.

use super::explain;
use super::{Action, Step};
use crate::manifest::Evidence;
use crate::manifest::api::core_v1::{Container, Probe};
use crate::manifest::api::meta::IntOrString;
use crate::model::{Assumption, Pod, PodId, Protocol, Snapshot, UndeclaredPorts};

/// What waits at a port of a pod.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A container takes the connection.
    Accepted(Step),
    /// The kernel answers that nobody listens.
    Refused(Step, Assumption),
    /// It cannot be told.
    Undetermined(Step, String),
}

/// Containers that run as long as the pod does, with their field path.
///
/// k8s: pkg/api/v1/resource/helpers.go: init containers with restartPolicy Always are sidecars (1.36)
pub(crate) fn containers(pod: &Pod) -> impl Iterator<Item = (String, &Container)> {
    let main = pod.spec.containers.iter().enumerate();
    let sidecars = pod.spec.init_containers.iter().enumerate();
    main.map(|(index, container)| (format!("spec.containers[{index}]"), container)).chain(
        sidecars
            .filter(|(_, container)| container.restart_policy.as_deref() == Some("Always"))
            .map(|(index, container)| (format!("spec.initContainers[{index}]"), container)),
    )
}

/// Judges a packet that has reached the pod.
///
/// A container port is a declaration only: the API server opens and closes nothing by it. A container
/// that declares ports is taken to listen on exactly these (and on those its probes use); of a pod that
/// declares none, nothing is known, unless the settings say otherwise.
pub(crate) fn arrive(snapshot: &Snapshot, id: PodId, port: u16, protocol: Protocol) -> Option<Arrival> {
    let pod = snapshot.pod(id)?;
    let object = snapshot.pod_ref(id)?;
    let evidence = |field: &str| snapshot.evidence(object.clone(), &pod.origin, field);
    let name = format!("{}/{}", snapshot.namespace_name(pod.namespace), pod.name);
    let mut declared: Vec<(u16, Evidence)> = Vec::new();
    for (path, container) in containers(pod) {
        for (index, declaration) in container.ports.iter().enumerate() {
            if Protocol::parse(&declaration.protocol) != Some(protocol) {
                continue;
            }
            let field = format!("{path}.ports[{index}].containerPort");
            if declaration.container_port == i32::from(port) {
                return Some(Arrival::Accepted(Step {
                    action: Action::Accepted,
                    code: "journey/container-listens",
                    sentence: explain::container_listens(&container.name, &name, port, protocol),
                    evidence: vec![evidence(&field)],
                    near_miss: None,
                    detail: None,
                }));
            }
            if let Ok(number) = u16::try_from(declaration.container_port) {
                declared.push((number, evidence(&field)));
            }
        }
    }
    if protocol == Protocol::Tcp {
        for (path, container) in containers(pod) {
            let probes = [
                ("readinessProbe", &container.readiness_probe),
                ("livenessProbe", &container.liveness_probe),
            ];
            for (field, probe) in probes {
                if let Some(suffix) = probe.as_ref().and_then(|probe| probed(probe, port)) {
                    return Some(Arrival::Accepted(Step {
                        action: Action::Accepted,
                        code: "journey/probed-port-listens",
                        sentence: explain::probed_port_listens(&container.name, &name, port, field),
                        evidence: vec![evidence(&format!("{path}.{field}.{suffix}"))],
                        near_miss: None,
                        detail: None,
                    }));
                }
            }
        }
    }
    let declares_any = containers(pod).any(|(_, container)| !container.ports.is_empty());
    if !declares_any && snapshot.settings.undeclared_ports == UndeclaredPorts::Undetermined {
        let missing = explain::whether_listens(&name, port, protocol);
        let step = Step {
            action: Action::Undetermined,
            code: "journey/no-port-declared",
            sentence: explain::no_port_declared(&name, port),
            evidence: vec![evidence("spec.containers")],
            near_miss: None,
            detail: None,
        };
        return Some(Arrival::Undetermined(step, missing));
    }
    let numbers: Vec<u16> = declared.iter().map(|(number, _)| *number).collect();
    let mut shown: Vec<Evidence> = declared.into_iter().map(|(_, evidence)| evidence).collect();
    if shown.is_empty() {
        shown.push(evidence("spec.containers"));
    }
    let step = Step {
        action: Action::Refused,
        code: "journey/nothing-listens",
        sentence: explain::nothing_listens(&name, port, protocol, &numbers),
        evidence: shown,
        near_miss: None,
        detail: None,
    };
    let assumption = Assumption {
        code: "journey/listens-on-declared-ports",
        message: explain::LISTENS_ON_DECLARED.to_owned(),
        object: Some(object),
    };
    Some(Arrival::Refused(step, assumption))
}

/// Whether a pod listens on a port; `None` when that cannot be told.
pub(crate) fn listens(snapshot: &Snapshot, id: PodId, port: u16, protocol: Protocol) -> Option<bool> {
    match arrive(snapshot, id, port, protocol)? {
        Arrival::Accepted(_) => Some(true),
        Arrival::Refused(..) => Some(false),
        Arrival::Undetermined(..) => None,
    }
}

/// The field of a probe that names this port. Named probe ports are declared ports, judged before.
fn probed(probe: &Probe, port: u16) -> Option<&'static str> {
    let number = IntOrString::Int(i32::from(port));
    if probe.http_get.as_ref().is_some_and(|action| action.port == number && action.host.is_empty()) {
        return Some("httpGet.port");
    }
    if probe.tcp_socket.as_ref().is_some_and(|action| action.port == number && action.host.is_empty()) {
        return Some("tcpSocket.port");
    }
    probe.grpc.as_ref().is_some_and(|action| action.port == i32::from(port)).then_some("grpc.port")
}
