//! One connection: the journey, and what its end says about the layers.

use super::{Diagnosis, Finding, Layer, LayerReport, State, explain, http};
use crate::ask::AskError;
use crate::cluster::Cluster;
use crate::journey::{Client, Connection, Disposition, Journey, Outcome, Step, Target, Trace};
use crate::manifest::{Evidence, ObjectRef};
use crate::order::SliceOrder;

/// Judges one connection.
///
/// # Errors
/// [`AskError`] when an end of the connection does not exist.
pub(crate) fn diagnose(cluster: &Cluster, connection: &Connection) -> Result<Diagnosis, AskError> {
    if let Some(diagnosis) = http::diagnose(cluster, connection)? {
        return Ok(diagnosis);
    }
    let journey = cluster.trace(connection)?;
    let findings = findings_of(cluster, connection, &journey);
    let layers = layers(&journey, &findings);
    let subject = format!("{} → {}", journey.question.from, journey.question.to);
    let all: Vec<&Finding> = layers.iter().flat_map(|layer: &LayerReport| &layer.findings).collect();
    let summary = explain::summary(&subject, &all, journey.outcome == Outcome::Undetermined);
    Ok(Diagnosis { question: Some(journey.question), summary, layers })
}

/// What the ends of a journey say, each fault once.
pub(super) fn findings_of(cluster: &Cluster, connection: &Connection, journey: &Journey) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for trace in journey.traces.iter().filter(|trace| !trace.connects()) {
        let Some(mut finding) = of_trace(cluster, connection, trace) else { continue };
        finding.seen = Some(format!("{} → {}", journey.question.from, journey.question.to));
        let known = findings.iter().any(|other| other.code == finding.code && other.object == finding.object);
        if !known {
            findings.push(finding);
        }
    }
    findings
}

fn layers(journey: &Journey, findings: &[Finding]) -> Vec<LayerReport> {
    let used = |prefix: &str| {
        let steps = journey.traces.iter().flat_map(|trace| &trace.hops).flat_map(|hop| &hop.steps);
        steps.map(|step| step.code).any(|code| code.starts_with(prefix))
    };
    let open = journey.outcome == Outcome::Undetermined;
    let report = |layer: Layer| {
        let own: Vec<Finding> = findings.iter().filter(|finding| finding.layer == layer).cloned().collect();
        let passed = match layer {
            Layer::Pod => journey.traces.iter().any(Trace::connects),
            Layer::Service => used("services/"),
            Layer::Dns => used("dns/found"),
            Layer::NetworkPolicy => used("policy/"),
            Layer::Ingress => false,
        };
        let state = match (own.is_empty(), passed) {
            (false, _) => State::Faulty,
            (true, true) => State::Ok,
            (true, false) if layer == Layer::Ingress => State::NotUsed,
            (true, false) if open => State::Undetermined,
            (true, false)
                if findings.is_empty()
                    || layer < Layer::Dns && findings.iter().all(|f| f.layer == Layer::Pod) =>
            {
                State::NotUsed
            }
            (true, false) if layer == Layer::Dns && !used("dns/") => State::NotUsed,
            (true, false) => State::Blocked,
        };
        LayerReport { layer, state, sentence: explain::layer(layer, state, &own), findings: own }
    };
    Layer::ALL.into_iter().map(report).collect()
}

/// The object a piece of evidence is about, of one kind.
fn object_of(evidence: &[Evidence], wanted: impl Fn(&str) -> bool) -> Option<&Evidence> {
    evidence.iter().find(|evidence| wanted(&evidence.object.kind))
}

fn is_policy(kind: &str) -> bool {
    kind.ends_with("NetworkPolicy")
}

/// The last Service named on the way.
fn service_on_the_way(trace: &Trace) -> Option<ObjectRef> {
    let steps = trace.hops.iter().flat_map(|hop| &hop.steps);
    let mut evidence = steps.flat_map(|step| &step.evidence);
    evidence.rfind(|evidence| evidence.object.kind == "Service").map(|evidence| evidence.object.clone())
}

fn target_port_on_the_way(trace: &Trace) -> Option<Evidence> {
    let steps = trace.hops.iter().flat_map(|hop| &hop.steps);
    let mut evidence = steps.flat_map(|step| &step.evidence);
    evidence.rfind(|evidence| evidence.field.ends_with(".targetPort")).cloned()
}

/// The fault that stopped one trace.
fn of_trace(cluster: &Cluster, connection: &Connection, trace: &Trace) -> Option<Finding> {
    let step = trace.hops.last()?.steps.last()?;
    if matches!(trace.disposition, Disposition::Undetermined { .. }) {
        return None;
    }
    let evidence = &step.evidence;
    let near = step.near_miss.clone();
    let near_objects = || -> Vec<ObjectRef> {
        let list = step.near_miss.iter().flat_map(|near| &near.evidence);
        list.map(|evidence| evidence.object.clone()).collect()
    };
    let make = |code, layer, object: ObjectRef, fix: String| {
        let mut also: Vec<ObjectRef> = evidence.iter().map(|evidence| evidence.object.clone()).collect();
        also.extend(near_objects());
        also.extend(service_on_the_way(trace));
        also.retain(|other| *other != object);
        also.order();
        also.dedup();
        Finding {
            code,
            layer,
            blocking: true,
            object,
            also,
            cause: step.sentence.clone(),
            fix,
            near_miss: near.clone(),
            evidence: evidence.clone(),
            seen: None,
        }
    };
    let first = || evidence.first().map(|evidence| evidence.object.clone());
    let service = || object_of(evidence, |kind| kind == "Service").map(|evidence| evidence.object.clone());
    let sender = client_object(cluster, connection);
    Some(match step.code {
        code if code.starts_with("policy/") => {
            let nearest = step.near_miss.as_ref().and_then(|near| object_of(&near.evidence, is_policy));
            let decided = nearest.or_else(|| object_of(evidence, is_policy))?;
            let fix = policy_fix(step);
            make("policy/blocks", Layer::NetworkPolicy, decided.object.clone(), fix)
        }
        code if code.starts_with("dns/") => {
            if let Some(policy) = object_of(evidence, is_policy) {
                let fix = "let the pod reach the DNS pods on port 53, UDP and TCP: an egress rule to namespace kube-system, k8s-app=kube-dns".to_owned();
                return Some(make("policy/blocks-dns", Layer::NetworkPolicy, policy.object.clone(), fix));
            }
            let object = match step.code {
                "dns/name-not-found" => sender.clone().or_else(first)?,
                _ => service().or_else(|| sender.clone()).or_else(first)?,
            };
            make(step.code, Layer::Dns, object, dns_fix(step))
        }
        "services/no-endpoints" => {
            let unready = near
                .as_ref()
                .and_then(|near| near.evidence.first())
                .filter(|evidence| evidence.field.starts_with("status") && evidence.object.kind == "Pod");
            match unready {
                Some(pod) => make(
                    "pod/not-ready",
                    Layer::Pod,
                    pod.object.clone(),
                    "find out why the pod is not Ready: its readiness probe, its containers, its node"
                        .to_owned(),
                ),
                None => make(
                    "service/no-endpoints",
                    Layer::Service,
                    service()?,
                    "make the selector and the labels of the pods agree".to_owned(),
                ),
            }
        }
        "services/no-local-endpoints" => make(
            "service/no-local-endpoint",
            Layer::Service,
            service()?,
            "use the traffic policy Cluster, or run a pod of the Service on every node that takes traffic"
                .to_owned(),
        ),
        "services/source-ranges" => make(
            "service/source-ranges",
            Layer::Service,
            service()?,
            "add the client's address to loadBalancerSourceRanges".to_owned(),
        ),
        "journey/load-balancer-pending" => make(
            "service/load-balancer-pending",
            Layer::Service,
            service()?,
            "install a load balancer implementation, or use type NodePort".to_owned(),
        ),
        "journey/not-a-load-balancer" => make(
            "service/not-a-load-balancer",
            Layer::Service,
            service()?,
            "set type: LoadBalancer, or reach it another way".to_owned(),
        ),
        "journey/no-such-node-port" => {
            let object = near_objects().into_iter().next().or_else(service)?;
            make(
                "service/no-such-node-port",
                Layer::Service,
                object,
                "use the nodePort that the Service has, or set the one you want".to_owned(),
            )
        }
        "journey/unknown-service-address"
        | "services/unknown-port"
        | "services/unknown-port-rejected"
        | "services/unallocated-address" => {
            let object = service().or_else(|| service_on_the_way(trace)).or_else(|| sender.clone())?;
            make("service/no-such-port", Layer::Service, object, "use a port that the Service has".to_owned())
        }
        "journey/nothing-listens" => match (service_on_the_way(trace), target_port_on_the_way(trace)) {
            (Some(service), Some(target)) => {
                let mut finding = make(
                    "service/target-port-closed",
                    Layer::Service,
                    service,
                    "set targetPort to a port on which the container listens".to_owned(),
                );
                finding.evidence.insert(0, target);
                finding
            }
            _ => make(
                "pod/nothing-listens",
                Layer::Pod,
                first()?,
                "use a port on which a container listens".to_owned(),
            ),
        },
        "journey/pod-not-running" | "journey/client-not-running" => {
            make("pod/not-running", Layer::Pod, first()?, "find out why the pod is not running".to_owned())
        }
        _ => match &connection.target {
            Target::Pod(_) => {
                make(step.code, Layer::Pod, first().or(sender)?, "use an address that exists".to_owned())
            }
            _ => make(
                step.code,
                Layer::Service,
                service().or_else(first).or(sender)?,
                "use an address that exists and can be reached from there".to_owned(),
            ),
        },
    })
}

/// The manifest of the client: a pod, or the workload that makes it.
fn client_object(cluster: &Cluster, connection: &Connection) -> Option<ObjectRef> {
    let Client::Pod(name) = &connection.client else { return None };
    let id = crate::journey::pod_named(cluster.snapshot(), name).ok()?;
    Some(cluster.snapshot().pod_evidence(id, "spec")?.object)
}

fn policy_fix(step: &Step) -> String {
    match &step.near_miss {
        Some(near) => {
            let place = near.evidence.first();
            let field =
                place.map(|evidence| format!("{} {}", evidence.object, evidence.field)).unwrap_or_default();
            format!("change {field} so that it admits this connection, or add a rule that does")
        }
        None => "add a rule that admits this connection".to_owned(),
    }
}

fn dns_fix(step: &Step) -> String {
    match &step.near_miss {
        Some(near) => format!("use another name: {}", near.sentence),
        None => "correct the name, or create the Service it means".to_owned(),
    }
}
