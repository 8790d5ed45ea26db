//! The sentences of this room: what was decided, by which object and field.

use super::{
    Frontend, Masquerade, Outcome, Policy, Proxy, Refusal, Selection, ServicePort, TopologyMode, Unmatched,
    Via,
};
use crate::manifest::Evidence;
use crate::model::{Family, ProxyMode, Service, Snapshot};
use serde::Serialize;

/// One step of a decision: a stable code, a sentence, and the fields behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// Stable code, `services/no-endpoints`.
    pub code: &'static str,
    /// One English sentence.
    pub sentence: String,
    /// The objects and fields that decided.
    pub evidence: Vec<Evidence>,
}

/// Why a selection came out as it did, in the order of the decisions.
///
/// Masquerading is told per backend: see [`masquerade`].
pub fn reasons(snapshot: &Snapshot, proxy: &Proxy, selection: &Selection) -> Vec<Reason> {
    let teller = Teller { snapshot, proxy, selection };
    let mut reasons = Vec::new();
    let known = selection
        .frontend
        .and_then(|frontend| Some((frontend, snapshot.service(frontend.service)?, proxy.port(frontend)?)));
    if let Some((frontend, service, port)) = known
        && !matches!(selection.outcome, Outcome::HealthCheck)
    {
        reasons.push(teller.frontend(frontend, service, port));
    }
    match &selection.outcome {
        Outcome::NotMatched(why) => reasons.push(teller.unmatched(*why)),
        Outcome::Rejected(why) | Outcome::Dropped(why) => {
            reasons.push(teller.refusal(*why, known.map(|(frontend, service, _)| (frontend, service))));
        }
        Outcome::HealthCheck => reasons.extend(known.map(|(_, service, port)| teller.health(service, port))),
        Outcome::Backends { policy, affinity, .. } => {
            if let Some((frontend, service, _)) = known {
                reasons.push(teller.policy(*policy, frontend, service));
                reasons.extend(teller.narrowing(*policy, frontend, service));
                reasons.extend(affinity.map(|seconds| teller.affinity(seconds, service)));
            }
        }
    }
    reasons
}

/// Why the source address is rewritten on the way to a backend.
pub fn masquerade(snapshot: &Snapshot, selection: &Selection, why: Masquerade) -> Reason {
    let service = selection.frontend.and_then(|frontend| snapshot.service(frontend.service));
    let field = |field: &str| service.map(|service| evidence(snapshot, service, field)).into_iter().collect();
    let source = selection.packet.source;
    match why {
        Masquerade::All => Reason {
            code: "services/masquerade-all",
            sentence: "kube-proxy runs with --masquerade-all, so the source becomes the node's address".into(),
            evidence: Vec::new(),
        },
        Masquerade::NotAPod => Reason {
            code: "services/masquerade-not-a-pod",
            sentence: format!(
                "{source} is not in the pods' address block, so the source becomes the node's address and the answer comes back through it"
            ),
            evidence: Vec::new(),
        },
        Masquerade::External => Reason {
            code: "services/masquerade-external",
            sentence: "externalTrafficPolicy is Cluster, so the backend may be on another node: the source becomes this node's address and the answer comes back through it".into(),
            evidence: field("spec.externalTrafficPolicy"),
        },
        Masquerade::FromNode => Reason {
            code: "services/masquerade-from-node",
            sentence: "the packet comes from the node itself, so its source becomes the node's own address".into(),
            evidence: field("spec.externalTrafficPolicy"),
        },
        Masquerade::Hairpin => Reason {
            code: "services/masquerade-hairpin",
            sentence: format!(
                "{source} was chosen as its own backend; the source becomes the node's address, or the pod would answer itself directly and drop the reply"
            ),
            evidence: Vec::new(),
        },
    }
}

fn evidence(snapshot: &Snapshot, service: &Service, field: &str) -> Evidence {
    let object = crate::manifest::ObjectRef::namespaced(
        "Service",
        snapshot.namespace_name(service.namespace),
        &service.name,
    );
    snapshot.evidence(object, &service.origin, field)
}

struct Teller<'a> {
    snapshot: &'a Snapshot,
    proxy: &'a Proxy,
    selection: &'a Selection,
}

impl Teller<'_> {
    fn name(&self, service: &Service) -> String {
        format!("{}/{}", self.snapshot.namespace_name(service.namespace), service.name)
    }

    fn node(&self) -> &str {
        self.snapshot.node(self.selection.node).map_or("", |node| &node.name)
    }

    fn fate(&self) -> &'static str {
        if matches!(self.selection.outcome, Outcome::Rejected(_)) { "rejected" } else { "dropped" }
    }

    fn frontend(&self, frontend: Frontend, service: &Service, port: &ServicePort) -> Reason {
        let name = self.name(service);
        let packet = &self.selection.packet;
        let index = frontend.port_index;
        let position = |list: &[String]| {
            list.iter().position(|text| super::ip::parse_ip(text) == Some(packet.destination)).unwrap_or(0)
        };
        let (what, fields) = match frontend.via {
            Via::ClusterIp if service.spec.cluster_ips.is_empty() => {
                ("the ClusterIP", vec!["spec.clusterIP".to_owned(), format!("spec.ports[{index}].port")])
            }
            Via::ClusterIp => (
                "the ClusterIP",
                vec![
                    format!("spec.clusterIPs[{}]", position(&service.spec.cluster_ips)),
                    format!("spec.ports[{index}].port"),
                ],
            ),
            Via::ExternalIp => (
                "an external IP",
                vec![
                    format!("spec.externalIPs[{}]", position(&service.spec.external_ips)),
                    format!("spec.ports[{index}].port"),
                ],
            ),
            Via::LoadBalancer => (
                "the load balancer's IP",
                vec!["status.loadBalancer.ingress".into(), format!("spec.ports[{index}].port")],
            ),
            Via::NodePort => ("a node port", vec![format!("spec.ports[{index}].nodePort")]),
        };
        let port_name = port.name.split_once(':').map(|(_, name)| format!(", port `{name}`"));
        Reason {
            code: match frontend.via {
                Via::ClusterIp => "services/to-cluster-ip",
                Via::ExternalIp => "services/to-external-ip",
                Via::LoadBalancer => "services/to-load-balancer-ip",
                Via::NodePort => "services/to-node-port",
            },
            sentence: format!(
                "{}/{} is {what} of Service {name}{}",
                super::endpoints::socket(packet.destination, packet.port),
                packet.protocol,
                port_name.unwrap_or_default()
            ),
            evidence: fields.iter().map(|field| evidence(self.snapshot, service, field)).collect(),
        }
    }

    fn unmatched(&self, why: Unmatched) -> Reason {
        let packet = &self.selection.packet;
        let (code, sentence, evidence) = match why {
            Unmatched::NoService => (
                "services/no-service",
                format!("no Service has the address {}", packet.destination),
                Vec::new(),
            ),
            Unmatched::UnknownPort => {
                let owner = self.proxy.cluster_ips.get(&packet.destination);
                let service = owner.and_then(|id| self.snapshot.service(*id));
                let (has, fields) = match service {
                    Some(service) => {
                        let ports: Vec<String> = service
                            .spec
                            .ports
                            .iter()
                            .map(|port| {
                                let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
                                format!("{}/{protocol}", port.port)
                            })
                            .collect();
                        let name = self.name(service);
                        (
                            format!("Service {name}, which has {}", ports.join(", ")),
                            vec![evidence(self.snapshot, service, "spec.ports")],
                        )
                    }
                    None => ("a Service".into(), Vec::new()),
                };
                (
                    "services/unknown-port",
                    format!(
                        "{} belongs to {has} but not {}/{}: no rule matches and the packet leaves for an address that no machine has",
                        packet.destination, packet.port, packet.protocol
                    ),
                    fields,
                )
            }
            Unmatched::NotANodePortAddress => (
                "services/not-a-node-port-address",
                format!("node ports do not answer on {} of node {}", packet.destination, self.node()),
                Vec::new(),
            ),
            Unmatched::OutputIsNotFiltered => (
                "services/output-is-not-filtered",
                format!(
                    "the Service has no endpoints, and the rule that rejects packets to its external addresses is not on the way of packets that node {} sends itself, so the packet leaves the node",
                    self.node()
                ),
                Vec::new(),
            ),
        };
        Reason { code, sentence, evidence }
    }

    fn refusal(&self, why: Refusal, known: Option<(Frontend, &Service)>) -> Reason {
        let name = known.map(|(_, service)| self.name(service)).unwrap_or_default();
        let field = |field: &str| {
            known.map(|(_, service)| evidence(self.snapshot, service, field)).into_iter().collect()
        };
        let packet = &self.selection.packet;
        match why {
            Refusal::NoEndpoints => Reason {
                code: "services/no-endpoints",
                sentence: format!("Service {name} has no usable endpoint, so the packet is rejected"),
                evidence: field("spec.selector"),
            },
            Refusal::NoLocalEndpoints => {
                let policy = match known {
                    Some((Frontend { via: Via::ClusterIp, .. }, _)) => "internalTrafficPolicy",
                    _ => "externalTrafficPolicy",
                };
                Reason {
                    code: "services/no-local-endpoints",
                    sentence: format!(
                        "{policy} of Service {name} is Local and node {} has no usable endpoint of it, so the packet is {}",
                        self.node(),
                        self.fate()
                    ),
                    evidence: field(&format!("spec.{policy}")),
                }
            }
            Refusal::SourceRanges => Reason {
                code: "services/source-ranges",
                sentence: format!(
                    "{} is in none of the loadBalancerSourceRanges of Service {name}, so the packet is dropped",
                    packet.source
                ),
                evidence: field("spec.loadBalancerSourceRanges"),
            },
            Refusal::UnknownPort => Reason {
                code: "services/unknown-port-rejected",
                sentence: match self.snapshot.settings.proxy.mode {
                    ProxyMode::Ipvs => format!(
                        "{} is on the interface kube-ipvs0 of node {} and no Service has port {}/{} there, so the node itself refuses",
                        packet.destination,
                        self.node(),
                        packet.port,
                        packet.protocol
                    ),
                    _ => format!(
                        "{} is a ClusterIP but its Service has no port {}/{}: in nftables mode such packets are rejected",
                        packet.destination, packet.port, packet.protocol
                    ),
                },
                evidence: self
                    .proxy
                    .cluster_ips
                    .get(&packet.destination)
                    .and_then(|id| self.snapshot.service(*id))
                    .map(|service| evidence(self.snapshot, service, "spec.ports"))
                    .into_iter()
                    .collect(),
            },
            Refusal::UnallocatedAddress => Reason {
                code: "services/unallocated-address",
                sentence: format!(
                    "{} is in the Service CIDR but no Service has it: in nftables mode such packets are dropped",
                    packet.destination
                ),
                evidence: Vec::new(),
            },
        }
    }

    fn health(&self, service: &Service, port: &ServicePort) -> Reason {
        let ready = self.proxy.local_ready_endpoints(port.service, self.selection.node);
        let status = if ready == 0 { "503" } else { "200" };
        Reason {
            code: "services/health-check-node-port",
            sentence: format!(
                "port {} is the health check node port of Service {}: kube-proxy answers {status}, since node {} has {ready} ready endpoints of it",
                self.selection.packet.port,
                self.name(service),
                self.node()
            ),
            evidence: vec![evidence(self.snapshot, service, "spec.healthCheckNodePort")],
        }
    }

    fn policy(&self, policy: Policy, frontend: Frontend, service: &Service) -> Reason {
        let field =
            if frontend.via == Via::ClusterIp { "internalTrafficPolicy" } else { "externalTrafficPolicy" };
        let count = self.selection.backends().len();
        let plural = if count == 1 { "" } else { "s" };
        let (code, sentence) = match policy {
            Policy::Cluster => (
                "services/policy-cluster",
                format!("{field} is Cluster: {count} endpoint{plural} on any node can answer"),
            ),
            Policy::Local => (
                "services/policy-local",
                format!("{field} is Local: {count} endpoint{plural} on node {} can answer", self.node()),
            ),
            Policy::ShortCircuitPod => (
                "services/short-circuit-pod",
                format!(
                    "{field} is Local, but the source is a pod of the cluster: {count} endpoint{plural} on any node can answer, as if the packet had gone to the load balancer and back"
                ),
            ),
            Policy::ShortCircuitNode => (
                "services/short-circuit-node",
                format!(
                    "{field} is Local, but the packet comes from the node itself: {count} endpoint{plural} on any node can answer"
                ),
            ),
        };
        Reason { code, sentence, evidence: vec![evidence(self.snapshot, service, &format!("spec.{field}"))] }
    }

    fn narrowing(&self, policy: Policy, frontend: Frontend, service: &Service) -> Vec<Reason> {
        let categories = self.proxy.categories(frontend.port, self.selection.node);
        let mut reasons = Vec::new();
        let terminating = match policy {
            Policy::Local => categories.local_terminating,
            _ => categories.cluster_terminating,
        };
        if terminating {
            reasons.push(Reason {
                code: "services/terminating-endpoints",
                sentence: "no endpoint is ready, so those are used that are terminating but still serve"
                    .into(),
                evidence: Vec::new(),
            });
        }
        let where_ = match categories.mode {
            TopologyMode::SameNode => "node",
            TopologyMode::SameZone => "zone",
            TopologyMode::None => return reasons,
        };
        if policy != Policy::Local && !terminating {
            reasons.push(Reason {
                code: "services/topology-hints",
                sentence: format!(
                    "topology hints keep the packet in the {where_} of node {}: only endpoints meant for it are used",
                    self.node()
                ),
                evidence: vec![evidence(self.snapshot, service, "spec.trafficDistribution")],
            });
        }
        reasons
    }

    fn affinity(&self, seconds: u32, service: &Service) -> Reason {
        let family = Family::of(self.selection.packet.source);
        let kind = if family == Family::IPv4 { "IPv4" } else { "IPv6" };
        Reason {
            code: "services/session-affinity",
            sentence: format!(
                "sessionAffinity is ClientIP: the first connection of a client's {kind} address is spread by these shares, later ones go to the same endpoint until {seconds} seconds pass without one"
            ),
            evidence: vec![evidence(
                self.snapshot,
                service,
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
            )],
        }
    }
}
