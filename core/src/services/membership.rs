//! Why a pod is an endpoint of a Service, or why it is not.

use crate::manifest::api::core_v1::ServicePort as ApiPort;
use crate::manifest::api::meta::IntOrString;
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{Phase, Pod, PodId, Protocol, Service, ServiceId, Snapshot};
use crate::order::SliceOrder;
use serde::Serialize;

/// A pod beside a Service: whether it is one of its endpoints, check by check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    /// The pod.
    pub pod: ObjectRef,
    /// What it is to the Service.
    pub standing: Standing,
    /// One sentence.
    pub sentence: String,
    /// Every check in order, those that hold too.
    pub checks: Vec<MembershipCheck>,
}

/// What a pod is to a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// A ready endpoint: it gets connections.
    Ready,
    /// An endpoint that is being deleted: it gets connections only when nothing is ready.
    Terminating,
    /// An endpoint that is not ready: it gets no connections.
    NotReady,
    /// Selected, but on none of the Service's ports.
    NoPort,
    /// No endpoint.
    None,
}

/// One condition of being an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MembershipCheck {
    /// Stable code, `services/label`.
    pub code: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// One sentence.
    pub sentence: String,
    /// The fields compared.
    pub evidence: Vec<Evidence>,
}

/// Pods that are not selected are listed up to this many, nearest first.
const NEAR_MISSES: usize = 10;

/// The pods of the Service's namespace that it selects, and those it nearly selects; and how many others
/// there are.
pub(super) fn memberships(snapshot: &Snapshot, id: ServiceId, only: Option<PodId>) -> (Vec<Membership>, u32) {
    let Some(service) = snapshot.service(id) else { return (Vec::new(), 0) };
    let pods = || {
        let all = (0u32..).zip(&snapshot.pods).map(|(index, pod)| (PodId(index), pod));
        all.filter(|(_, pod)| pod.namespace == service.namespace)
    };
    if let Some(only) = only {
        let asked = snapshot.pod(only).map(|pod| membership(snapshot, id, service, only, pod));
        return (asked.into_iter().collect(), 0);
    }
    let mut selected = Vec::new();
    let mut near = Vec::new();
    let mut others = 0;
    for (pod_id, pod) in pods() {
        if selects(service, pod) {
            selected.push(membership(snapshot, id, service, pod_id, pod));
        } else {
            match likeness(service, pod) {
                0 => others += 1,
                likeness => near.push((likeness, pod_id, pod)),
            }
        }
    }
    near.order_by_key(|(likeness, pod_id, _)| (std::cmp::Reverse(*likeness), *pod_id));
    others += u32::try_from(near.len().saturating_sub(NEAR_MISSES)).unwrap_or(u32::MAX);
    let near = near.into_iter().take(NEAR_MISSES);
    selected.extend(near.map(|(_, pod_id, pod)| membership(snapshot, id, service, pod_id, pod)));
    (selected, others)
}

fn selects(service: &Service, pod: &Pod) -> bool {
    let selector = &service.spec.selector;
    !selector.is_empty() && selector.iter().all(|(key, value)| pod.labels.get(key) == Some(value))
}

/// How much of the selector a pod fulfils: a label that agrees counts two, a key with another value one.
fn likeness(service: &Service, pod: &Pod) -> u32 {
    let points = |(key, value): (&String, &String)| match pod.labels.get(key) {
        Some(other) if other == value => 2,
        Some(_) => 1,
        None => 0,
    };
    service.spec.selector.iter().map(points).sum()
}

/// k8s: staging/src/k8s.io/endpointslice/utils.go podToEndpoint, ShouldPodBeInEndpoints; endpointslice
/// reconciler.go (1.36)
fn membership(snapshot: &Snapshot, id: ServiceId, service: &Service, pod_id: PodId, pod: &Pod) -> Membership {
    let judge = Judge { snapshot, id, service, pod_id, pod };
    let mut checks = Vec::new();
    judge.labels(&mut checks);
    checks.push(judge.running());
    checks.push(judge.address());
    checks.push(judge.readiness());
    if pod.terminating {
        checks.push(judge.terminating());
    }
    let (ports, any_port) = judge.ports();
    checks.extend(ports);
    let open = service.spec.publish_not_ready_addresses;
    let standing = if !selects(service, pod) || !pod.is_alive() {
        Standing::None
    } else if !any_port {
        Standing::NoPort
    } else if open || (pod.ready && !pod.terminating) {
        Standing::Ready
    } else if pod.terminating && pod.ready {
        Standing::Terminating
    } else {
        Standing::NotReady
    };
    Membership { pod: judge.reference(), standing, sentence: judge.sentence(standing, &checks), checks }
}

struct Judge<'a> {
    snapshot: &'a Snapshot,
    id: ServiceId,
    service: &'a Service,
    pod_id: PodId,
    pod: &'a Pod,
}

impl Judge<'_> {
    fn reference(&self) -> ObjectRef {
        ObjectRef::namespaced("Pod", self.snapshot.namespace_name(self.pod.namespace), &self.pod.name)
    }

    fn of_pod(&self, field: &str) -> Option<Evidence> {
        self.snapshot.pod_evidence(self.pod_id, field)
    }

    fn of_service(&self, field: &str) -> Option<Evidence> {
        self.snapshot.service_evidence(self.id, field)
    }

    fn check<const N: usize>(
        &self,
        code: &'static str,
        holds: bool,
        sentence: String,
        evidence: [Option<Evidence>; N],
    ) -> MembershipCheck {
        MembershipCheck { code, holds, sentence, evidence: evidence.into_iter().flatten().collect() }
    }

    fn labels(&self, checks: &mut Vec<MembershipCheck>) {
        let selector = &self.service.spec.selector;
        if selector.is_empty() {
            checks.push(self.check(
                "services/no-selector",
                false,
                "the Service has no selector: its endpoints are those of hand-made EndpointSlices".into(),
                [self.of_service("spec.selector")],
            ));
        }
        for (key, wanted) in selector {
            let actual = self.pod.labels.get(key);
            let sentence = match actual {
                Some(actual) if actual == wanted => {
                    format!("the pod has {key}={wanted}, as the selector asks")
                }
                Some(actual) => format!("the selector asks for {key}={wanted}, the pod has {key}={actual}"),
                None => match crate::manifest::near(self.pod.labels.keys().map(String::as_str), key) {
                    Some(near) => format!(
                        "the selector asks for {key}={wanted}, the pod has no label {key} but {near}={}",
                        self.pod.labels.get(near).map_or("", String::as_str)
                    ),
                    None => format!("the selector asks for {key}={wanted}, the pod has no label {key}"),
                },
            };
            checks.push(self.check(
                "services/label",
                actual == Some(wanted),
                sentence,
                [
                    self.of_service(&format!("spec.selector[{key}]")),
                    self.of_pod(&format!("metadata.labels[{key}]")),
                ],
            ));
        }
    }

    fn running(&self) -> MembershipCheck {
        let ended = matches!(self.pod.phase, Phase::Succeeded | Phase::Failed);
        let sentence = if ended { "the pod has ended" } else { "the pod has not ended" };
        self.check("services/not-ended", !ended, sentence.into(), [self.of_pod("status.phase")])
    }

    fn address(&self) -> MembershipCheck {
        let sentence = match self.pod.ips.first() {
            Some(ip) => format!("it has the address {ip}"),
            None => "it has no address yet".into(),
        };
        self.check("services/has-address", !self.pod.ips.is_empty(), sentence, [self.of_pod("status.podIP")])
    }

    fn readiness(&self) -> MembershipCheck {
        let open = self.service.spec.publish_not_ready_addresses;
        let sentence = match (self.pod.ready, open) {
            (true, _) => "it is ready",
            (false, true) => "it is not ready, but publishNotReadyAddresses counts it as ready",
            (false, false) => "it is not ready: it stands in the EndpointSlice but gets no connections",
        };
        self.check(
            "services/ready",
            self.pod.ready || open,
            sentence.into(),
            [
                self.of_pod("status.conditions"),
                open.then(|| self.of_service("spec.publishNotReadyAddresses")).flatten(),
            ],
        )
    }

    fn terminating(&self) -> MembershipCheck {
        let open = self.service.spec.publish_not_ready_addresses;
        let sentence = if open {
            "it is being deleted, but publishNotReadyAddresses counts it as ready"
        } else {
            "it is being deleted: it gets connections only when no endpoint is ready"
        };
        self.check(
            "services/not-terminating",
            open,
            sentence.into(),
            [self.of_pod("metadata.deletionTimestamp")],
        )
    }

    /// A check for each port of the Service, and whether the pod has any of them.
    fn ports(&self) -> (Vec<MembershipCheck>, bool) {
        let ports = &self.service.spec.ports;
        let mut any = ports.is_empty();
        let mut checks = Vec::new();
        for (index, port) in ports.iter().enumerate() {
            let found = find_port(self.pod, port);
            any |= found.is_some();
            let field = format!("spec.ports[{index}].targetPort");
            let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
            let sentence = match (&port.target_port, found) {
                (IntOrString::String(name), Some(number)) => {
                    format!("port {} goes to its container port `{name}`, {number}/{protocol}", port.port)
                }
                (IntOrString::String(name), None) => {
                    let known = container_ports(self.pod);
                    let known = known.iter().filter(|(_, known, _)| !known.is_empty());
                    let names: Vec<String> =
                        known.map(|(_, name, number)| format!("`{name}` ({number})")).collect();
                    let has = if names.is_empty() { "none".into() } else { names.join(", ") };
                    format!(
                        "port {} goes to container port `{name}`/{protocol}, which the pod does not have; named ports: {has}",
                        port.port
                    )
                }
                (_, Some(number)) => format!("port {} goes to {number}/{protocol} of the pod", port.port),
                (_, None) => format!("port {} has no number to go to", port.port),
            };
            checks.push(self.check(
                "services/port",
                found.is_some(),
                sentence,
                [self.of_service(&field), self.of_pod("spec.containers")],
            ));
        }
        (checks, any)
    }

    fn sentence(&self, standing: Standing, checks: &[MembershipCheck]) -> String {
        let name = &self.pod.name;
        let service = &self.service.name;
        let why = || {
            let failed = checks.iter().find(|check| !check.holds && check.code != "services/ready");
            failed.map(|check| format!(": {}", check.sentence)).unwrap_or_default()
        };
        match standing {
            Standing::Ready => format!("pod {name} is a ready endpoint of Service {service}"),
            Standing::Terminating => format!(
                "pod {name} is an endpoint of Service {service} but is being deleted: it gets connections only when no endpoint is ready"
            ),
            Standing::NotReady => {
                format!(
                    "pod {name} is an endpoint of Service {service} but not ready: it gets no connections"
                )
            }
            Standing::NoPort => {
                format!("pod {name} is selected by Service {service} but has none of its ports{}", why())
            }
            Standing::None => format!("pod {name} is no endpoint of Service {service}{}", why()),
        }
    }
}

/// Protocol, name and number of each port the pod's containers declare, those of restartable init
/// containers last.
fn container_ports(pod: &Pod) -> Vec<(Protocol, &str, i32)> {
    let sidecars = pod
        .spec
        .init_containers
        .iter()
        .filter(|container| container.restart_policy.as_deref() == Some("Always"));
    pod.spec
        .containers
        .iter()
        .chain(sidecars)
        .flat_map(|container| &container.ports)
        .filter_map(|port| Some((Protocol::parse(&port.protocol)?, port.name.as_str(), port.container_port)))
        .collect()
}

/// The pod's port that a service port leads to.
///
/// k8s: staging/src/k8s.io/endpointslice/util/controller_utils.go FindPort (1.36)
fn find_port(pod: &Pod, port: &ApiPort) -> Option<i32> {
    let protocol = Protocol::parse(&port.protocol)?;
    match &port.target_port {
        IntOrString::Int(0) => Some(port.port),
        IntOrString::Int(number) => Some(*number),
        IntOrString::String(name) if name.is_empty() => Some(port.port),
        IntOrString::String(name) => container_ports(pod)
            .into_iter()
            .find(|(other, known, _)| *other == protocol && known == name)
            .map(|(_, _, number)| number),
    }
}
