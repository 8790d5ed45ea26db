//! The cluster as a whole: every object, and what the pods themselves try.

use super::{Diagnosis, Finding, Layer, LayerReport, State, connection, explain, intent};
use crate::cluster::Cluster;
use crate::journey::{Client, Connection, NearMiss, PodName};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{PodId, Service, ServiceId, Snapshot};
use crate::order::SliceOrder;

/// Looks at everything.
pub(crate) fn survey(cluster: &Cluster) -> Diagnosis {
    let mut findings = Vec::new();
    let snapshot = cluster.snapshot();
    for (index, service) in (0..).zip(&snapshot.services) {
        // What the control plane made itself is in order.
        if service.origin != crate::model::Origin::ControlPlane {
            service_findings(cluster, ServiceId(index), service, &mut findings);
        }
    }
    pod_findings(snapshot, &mut findings);
    ingress_findings(snapshot, &mut findings);
    intent_findings(cluster, &mut findings);
    findings.order_by_key(|finding: &Finding| (finding.layer, !finding.blocking));
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        if !kept.iter().any(|other| other.code == finding.code && other.object == finding.object) {
            kept.push(finding);
        }
    }
    let layers: Vec<LayerReport> = Layer::ALL
        .into_iter()
        .map(|layer| {
            let own: Vec<Finding> = kept.iter().filter(|finding| finding.layer == layer).cloned().collect();
            let state = if own.iter().any(|finding| finding.blocking) { State::Faulty } else { State::Ok };
            LayerReport { layer, state, sentence: explain::layer(layer, state, &own), findings: own }
        })
        .collect();
    let all: Vec<&Finding> = layers.iter().flat_map(|layer| &layer.findings).collect();
    Diagnosis { question: None, summary: explain::summary("the cluster", &all, false), layers }
}

struct Draft<'a> {
    code: &'static str,
    layer: Layer,
    blocking: bool,
    object: Option<ObjectRef>,
    cause: String,
    fix: &'a str,
}

impl Draft<'_> {
    fn with(
        self,
        evidence: impl IntoIterator<Item = Evidence>,
        near_miss: Option<NearMiss>,
    ) -> Option<Finding> {
        let evidence: Vec<Evidence> = evidence.into_iter().collect();
        let object = self.object.or_else(|| evidence.first().map(|evidence| evidence.object.clone()))?;
        let near = near_miss.iter().flat_map(|near| &near.evidence);
        let mut also: Vec<ObjectRef> =
            evidence.iter().chain(near).map(|evidence| evidence.object.clone()).collect();
        also.retain(|other| *other != object);
        also.order();
        also.dedup();
        Some(Finding {
            code: self.code,
            layer: self.layer,
            blocking: self.blocking,
            object,
            also,
            cause: self.cause,
            fix: self.fix.to_owned(),
            near_miss,
            evidence,
            seen: None,
        })
    }
}

fn service_findings(cluster: &Cluster, id: ServiceId, service: &Service, out: &mut Vec<Finding>) {
    let snapshot = cluster.snapshot();
    let name = format!("{}/{}", snapshot.namespace_name(service.namespace), service.name);
    let at = |field: &str| snapshot.service_evidence(id, field);
    let object = snapshot.service_ref(id);
    let spec = &service.spec;
    let endpoints: Vec<(bool, Option<PodId>)> = snapshot
        .slices_of(id)
        .flat_map(|slice| slice.value.endpoints.iter().zip(slice.pods.iter().copied()))
        .map(|(endpoint, pod)| (endpoint.conditions.ready != Some(false), pod))
        .collect();
    if spec.type_ != "ExternalName" && !spec.selector.is_empty() && !endpoints.iter().any(|(ready, _)| *ready)
    {
        let near = crate::journey::near_selection(cluster, id);
        let unready = endpoints.iter().find_map(|(_, pod)| *pod);
        let draft = match unready.and_then(|pod| snapshot.pod_evidence(pod, "status.conditions")) {
            Some(evidence) => Draft {
                code: "pod/not-ready",
                layer: Layer::Pod,
                blocking: true,
                object: Some(evidence.object),
                cause: format!(
                    "the pods that Service {name} selects are not Ready, so it has no usable endpoint"
                ),
                fix: "find out why the pods are not Ready: their probes, containers and nodes",
            },
            None => Draft {
                code: "service/no-endpoints",
                layer: Layer::Service,
                blocking: true,
                object: object.clone(),
                cause: format!(
                    "Service {name} selects no pod that runs, so every connection to it is refused"
                ),
                fix: "make the selector and the labels of the pods agree",
            },
        };
        out.extend(draft.with(at("spec.selector"), near));
    }
    if spec.type_ == "LoadBalancer" && service.status.load_balancer.ingress.is_empty() {
        let draft = Draft {
            code: "service/load-balancer-pending",
            layer: Layer::Service,
            blocking: true,
            object: object.clone(),
            cause: format!(
                "Service {name} is of type LoadBalancer, but nothing has given it an address: EXTERNAL-IP stays <pending>"
            ),
            fix: "install a load balancer implementation, or use type NodePort",
        };
        out.extend(
            draft.with(at("status.loadBalancer"), crate::journey::pending_but_node_port(snapshot, id)),
        );
    }
    for (index, port) in spec.ports.iter().enumerate() {
        let field = format!("spec.ports[{index}].nodePort");
        if spec.type_ == "NodePort" && service.allocated.contains(&field) {
            let draft = Draft {
                code: "service/node-port-allocated",
                layer: Layer::Service,
                blocking: false,
                object: object.clone(),
                cause: format!(
                    "Service {name} names no nodePort, so the API server allocates one (here {}), which nobody can know in advance",
                    port.node_port
                ),
                fix: "write the nodePort you want, in the range 30000 to 32767",
            };
            out.extend(draft.with(at(&field), None));
        }
    }
    target_findings(cluster, id, service, &name, out);
    let pods: Vec<PodId> = endpoints.iter().filter_map(|(_, pod)| *pod).collect();
    if spec.session_affinity != "ClientIP" && pods.len() > 1 && spec.cluster_ip != "None" {
        let draft = Draft {
            code: "service/no-session-affinity",
            layer: Layer::Service,
            blocking: false,
            object: object.clone(),
            cause: format!(
                "Service {name} sends each new connection of a client to any of its {} pods (sessionAffinity: None)",
                pods.len()
            ),
            fix: "set sessionAffinity: ClientIP if the pods keep sessions of their own",
        };
        out.extend(draft.with(at("spec.sessionAffinity"), None));
    }
    for pod in pods {
        let Some(found) = snapshot.pod(pod) else { continue };
        let probed =
            |container: &crate::manifest::api::core_v1::Container| container.readiness_probe.is_some();
        if found.spec.containers.iter().any(probed) || found.origin == crate::model::Origin::ControlPlane {
            continue;
        }
        let draft = Draft {
            code: "pod/no-readiness-probe",
            layer: Layer::Pod,
            blocking: false,
            object: None,
            cause: format!(
                "pod {} behind Service {name} has no readinessProbe, so it gets connections as soon as its containers run, able to serve or not",
                found.name
            ),
            fix: "add a readinessProbe that asks what the Service is used for",
        };
        let evidence = snapshot.pod_evidence(pod, "spec.containers[0].readinessProbe");
        out.extend(draft.with(evidence.into_iter().chain(at("")), None));
    }
}

/// Ports that lead to a container that does not listen, or to a name that no container has.
fn target_findings(cluster: &Cluster, id: ServiceId, service: &Service, name: &str, out: &mut Vec<Finding>) {
    let snapshot = cluster.snapshot();
    for slice in snapshot.slices_of(id) {
        for port in &slice.value.ports {
            let Some(number) = port.port.and_then(|number| u16::try_from(number).ok()) else { continue };
            let protocol =
                port.protocol.as_deref().and_then(crate::model::Protocol::parse).unwrap_or_default();
            for pod in slice.pods.iter().flatten() {
                if crate::journey::listens(snapshot, *pod, number, protocol) != Some(false) {
                    continue;
                }
                let index = service
                    .spec
                    .ports
                    .iter()
                    .position(|own| own.name == port.name.as_deref().unwrap_or_default());
                let field = format!("spec.ports[{}].targetPort", index.unwrap_or_default());
                let pod_name = snapshot.pod(*pod).map_or("", |pod| pod.name.as_str());
                let draft = Draft {
                    code: "service/target-port-closed",
                    layer: Layer::Service,
                    blocking: true,
                    object: snapshot.service_ref(id),
                    cause: format!(
                        "Service {name} sends to port {number} of pod {pod_name}, where no container listens: connections are refused"
                    ),
                    fix: "set targetPort to a port on which the container listens",
                };
                let ports = snapshot.pod_evidence(*pod, "spec.containers[0].ports");
                out.extend(draft.with(snapshot.service_evidence(id, &field).into_iter().chain(ports), None));
            }
        }
    }
}

fn pod_findings(snapshot: &Snapshot, out: &mut Vec<Finding>) {
    for (index, pod) in (0..).zip(&snapshot.pods) {
        if pod.is_alive() || matches!(pod.phase, crate::model::Phase::Succeeded) {
            continue;
        }
        let id = PodId(index);
        let draft = Draft {
            code: "pod/not-running",
            layer: Layer::Pod,
            blocking: true,
            object: None,
            cause: format!(
                "pod {}/{} is {:?} and has no network",
                snapshot.namespace_name(pod.namespace),
                pod.name,
                pod.phase
            ),
            fix: "find out why the pod is not running",
        };
        out.extend(draft.with(snapshot.pod_evidence(id, "status.phase"), None));
    }
}

fn ingress_findings(snapshot: &Snapshot, out: &mut Vec<Finding>) {
    for stored in &snapshot.ingresses {
        let namespace = stored.object.namespace.as_deref().unwrap_or_default();
        let at = |field: &str| snapshot.stored_evidence(stored, field);
        let rules = stored.value.spec.rules.iter().enumerate();
        let paths = rules.flat_map(|(rule, value)| {
            let paths = value.http.iter().flat_map(|http| http.paths.iter().enumerate());
            paths.map(move |(path, value)| {
                (format!("spec.rules[{rule}].http.paths[{path}].backend"), &value.backend)
            })
        });
        let default = stored
            .value
            .spec
            .default_backend
            .iter()
            .map(|backend| ("spec.defaultBackend".to_owned(), backend));
        for (field, backend) in paths.chain(default) {
            let Some(wanted) = &backend.service else { continue };
            let service = snapshot.service_id(namespace, &wanted.name).and_then(|id| snapshot.service(id));
            let (code, cause, fix, field) = match service {
                None => (
                    "ingress/no-such-service",
                    format!(
                        "{} leads to Service {namespace}/{}, which does not exist",
                        stored.object, wanted.name
                    ),
                    "name a Service that exists in the namespace of the Ingress",
                    format!("{field}.service.name"),
                ),
                Some(service) => {
                    let fits = |port: &crate::manifest::api::core_v1::ServicePort| {
                        if wanted.port.name.is_empty() {
                            port.port == wanted.port.number
                        } else {
                            port.name == wanted.port.name
                        }
                    };
                    if service.spec.ports.iter().any(fits) {
                        continue;
                    }
                    let asked = if wanted.port.name.is_empty() {
                        wanted.port.number.to_string()
                    } else {
                        wanted.port.name.clone()
                    };
                    (
                        "ingress/no-such-port",
                        format!(
                            "{} leads to port {asked} of Service {namespace}/{}, which has no such port",
                            stored.object, wanted.name
                        ),
                        "name a port of the Service: its port, not its targetPort or nodePort",
                        format!("{field}.service.port"),
                    )
                }
            };
            let object = Some(stored.object.clone());
            let draft = Draft { code, layer: Layer::Ingress, blocking: true, object, cause, fix };
            out.extend(draft.with([at(&field)], None));
        }
    }
}

/// The connections that pods try by themselves.
fn intent_findings(cluster: &Cluster, out: &mut Vec<Finding>) {
    let snapshot = cluster.snapshot();
    for intent in intent::intents(snapshot) {
        let Some(pod) = snapshot.pod(intent.pod).filter(|pod| pod.is_alive()) else { continue };
        let namespace = snapshot.namespace_name(pod.namespace);
        let from = format!("{namespace}/{}", pod.name);
        let Ok(mut connection) = Connection::new(&from, &intent.target) else { continue };
        let name = PodName { kind: Some("Pod"), namespace: namespace.to_owned(), name: pod.name.clone() };
        connection.client = Client::Pod(name);
        // Without a port only the name can be judged; then an AskError says nothing.
        let Ok(journey) = cluster.trace(&connection) else { continue };
        for mut finding in connection::findings_of(cluster, &connection, &journey) {
            if finding.layer != Layer::Dns && !intent.has_port {
                continue;
            }
            if finding.layer == Layer::Dns && finding.object == intent.evidence.object {
                finding.evidence.insert(0, intent.evidence.clone());
            } else if finding.object != intent.evidence.object
                && !finding.also.contains(&intent.evidence.object)
            {
                finding.also.push(intent.evidence.object.clone());
            }
            out.push(finding);
        }
    }
}
