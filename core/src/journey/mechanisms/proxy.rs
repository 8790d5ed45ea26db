//! kube-proxy's decisions as steps.

use super::{Backend, Choice, Rooms};
use crate::journey::walk::step;
use crate::journey::{Action, Step, explain};
use crate::model::{NodeId, Packet, Protocol, ServiceId};
use crate::services::{self, Outcome, Selection, Unmatched};
use std::net::IpAddr;

impl Rooms<'_> {
    /// What kube-proxy on `node` does with a packet.
    pub(crate) fn select(&self, node: NodeId, packet: &Packet) -> Choice {
        let selection = self.proxy.select(self.snapshot, node, packet);
        let told = |action: Action| -> Vec<Step> {
            services::explain::reasons(self.snapshot, self.proxy, &selection)
                .into_iter()
                .map(|reason| Step {
                    evidence: reason.evidence,
                    ..step(action, reason.code, reason.sentence)
                })
                .collect()
        };
        match &selection.outcome {
            Outcome::NotMatched(Unmatched::NoService) => Choice::None(Vec::new()),
            Outcome::NotMatched(_) => Choice::None(told(Action::Forwarded)),
            Outcome::HealthCheck => Choice::Answered(last(told(Action::Accepted), Action::Accepted).1),
            Outcome::Rejected(_) => {
                let (before, decided) = last(told(Action::Selected), Action::Refused);
                Choice::Rejected(before, self.with_candidates(decided, &selection))
            }
            Outcome::Dropped(_) => {
                let (before, decided) = last(told(Action::Selected), Action::Dropped);
                Choice::Dropped(before, decided)
            }
            Outcome::Backends { affinity, backends, .. } => {
                let count = backends.len();
                let service = self.service_name(&selection);
                Choice::Backends {
                    before: told(Action::Selected),
                    backends: backends
                        .iter()
                        .map(|backend| Backend {
                            ip: backend.ip,
                            port: backend.port,
                            pod: backend.pod,
                            share: backend.share,
                            translated: self.translated(&selection, backend, count),
                            masquerade: self.masquerade(&selection, backend),
                        })
                        .collect(),
                    service,
                    sticky_seconds: *affinity,
                }
            }
        }
    }

    /// The rewritten source, when the packet leaves this node with another one.
    fn masquerade(
        &self,
        selection: &Selection,
        backend: &services::Backend,
    ) -> Option<(Option<IpAddr>, Step)> {
        let why = backend.masquerade?;
        let seen = self.proxy.source_seen(self.snapshot, selection, backend);
        if seen == Some(selection.packet.source) {
            return None;
        }
        let reason = services::explain::masquerade(self.snapshot, selection, why);
        let told = step(Action::Translated, reason.code, reason.sentence);
        Some((seen, Step { evidence: reason.evidence, ..told }))
    }

    fn service_name(&self, selection: &Selection) -> String {
        let service = selection.frontend.and_then(|frontend| self.snapshot.service(frontend.service));
        service
            .map(|service| format!("{}/{}", self.snapshot.namespace_name(service.namespace), service.name))
            .unwrap_or_default()
    }

    fn translated(&self, selection: &Selection, backend: &services::Backend, count: usize) -> Step {
        let to = explain::socket(backend.ip, backend.port);
        let pod = backend.pod.and_then(|id| self.snapshot.pod_ref(id)).map(|pod| pod.to_string());
        let sentence = explain::destination_translated(&to, pod.as_deref(), backend.share, count);
        let mut done = step(Action::Translated, "journey/destination-translated", sentence);
        if let Some(frontend) = selection.frontend {
            let field = format!("spec.ports[{}].targetPort", frontend.port_index);
            done.evidence.extend(super::service_evidence(self.snapshot, frontend.service, "spec.selector"));
            done.evidence.extend(super::service_evidence(self.snapshot, frontend.service, &field));
        }
        done
    }

    /// A Service without endpoints: which pod its selector nearly selects.
    fn with_candidates(&self, mut decided: Step, selection: &Selection) -> Step {
        let service = selection.frontend.map(|frontend| frontend.service);
        decided.near_miss = service.and_then(|id| self.near_selection(id));
        decided
    }

    /// The nodes a load balancer finds healthy for a Service with externalTrafficPolicy Local.
    pub(crate) fn nodes_with_endpoints(
        &self,
        service: ServiceId,
        _port: u16,
        _protocol: Protocol,
    ) -> Vec<NodeId> {
        (0..)
            .map(NodeId)
            .take(self.snapshot.nodes.len())
            .filter(|node| self.proxy.local_ready_endpoints(service, *node) > 0)
            .collect()
    }
}

/// The last step decided; the others led to it.
fn last(mut steps: Vec<Step>, action: Action) -> (Vec<Step>, Step) {
    let decided = steps.pop().unwrap_or_else(|| step(action, "services/decided", String::new()));
    (steps, Step { action, ..decided })
}
