//! Ports of a node that belong to pods.

use super::Rooms;
use crate::journey::deliver::{self, Arrival};
use crate::journey::notation::distance;
use crate::journey::walk::step;
use crate::journey::{Action, NearMiss, Step, explain};
use crate::model::{NodeId, Packet, PodId, Protocol, ServiceId};

impl Rooms<'_> {
    /// The pod whose hostPort a packet to a node is for, and the pod's own port.
    ///
    /// cni: plugins/meta/portmap: DNAT from the node's port to the pod's
    pub(crate) fn host_port(&self, node: NodeId, packet: &Packet) -> Option<(PodId, u16, Step)> {
        let snapshot = self.snapshot;
        for (index, pod) in (0..).zip(&snapshot.pods) {
            if pod.node != Some(node) || pod.host_network || !pod.is_alive() {
                continue;
            }
            for (path, container) in deliver::containers(pod) {
                for (number, entry) in container.ports.iter().enumerate() {
                    let here = entry.host_ip.is_empty()
                        || ["0.0.0.0", "::"].contains(&entry.host_ip.as_str())
                        || entry.host_ip.parse() == Ok(packet.destination);
                    let fits = entry.host_port == i32::from(packet.port)
                        && Protocol::parse(&entry.protocol) == Some(packet.protocol);
                    if !here || !fits {
                        continue;
                    }
                    let id = PodId(index);
                    let object = snapshot.pod_ref(id)?;
                    let port = u16::try_from(entry.container_port).ok()?;
                    let name = format!("{}/{}", snapshot.namespace_name(pod.namespace), pod.name);
                    let node = snapshot.node(node)?;
                    let sentence = explain::host_port(&node.name, &name, packet.port, port);
                    let mut done = step(Action::Translated, "journey/host-port", sentence);
                    let field = format!("{path}.ports[{number}].hostPort");
                    done.evidence.push(snapshot.evidence(object, &pod.origin, &field));
                    return Some((id, port, done));
                }
            }
        }
        None
    }

    /// The pod on the host network of a node that listens on a port of it.
    pub(crate) fn host_network_listener(
        &self,
        node: NodeId,
        port: u16,
        protocol: Protocol,
    ) -> Option<(PodId, Step)> {
        let snapshot = self.snapshot;
        let on_host = (0..).zip(&snapshot.pods).filter(|(_, pod)| pod.host_network && pod.node == Some(node));
        on_host.filter(|(_, pod)| pod.is_alive()).find_map(|(index, _)| {
            match deliver::arrive(snapshot, PodId(index), port, protocol)? {
                Arrival::Accepted(accepted) => Some((PodId(index), accepted)),
                Arrival::Refused(..) | Arrival::Undetermined(..) => None,
            }
        })
    }

    /// For a Service without endpoints: what its selector nearly selects, or why what it selects does
    /// not count.
    pub(crate) fn near_selection(&self, id: ServiceId) -> Option<NearMiss> {
        let snapshot = self.snapshot;
        let service = snapshot.service(id)?;
        let selector = &service.spec.selector;
        let namespace = service.namespace;
        let pods = || (0..).zip(&snapshot.pods).filter(move |(_, pod)| pod.namespace == namespace);
        if selector.is_empty() {
            return None;
        }
        let name = |id: u32| snapshot.pod_ref(PodId(id)).map(|object| object.to_string()).unwrap_or_default();
        let selected =
            pods().find(|(_, pod)| selector.iter().all(|(key, value)| pod.labels.get(key) == Some(value)));
        let evidence = |id: u32, field: &str| {
            let pod = snapshot.pod(PodId(id))?;
            Some(snapshot.evidence(snapshot.pod_ref(PodId(id))?, &pod.origin, field))
        };
        if let Some((id, pod)) = selected {
            let (sentence, field) = if !pod.is_alive() {
                (explain::selected_without_address(&name(id)), "status.phase")
            } else if !pod.ready {
                (explain::selected_unready(&name(id)), "status.conditions")
            } else {
                (explain::selected_without_port(&name(id)), "spec.containers[0].ports")
            };
            return Some(NearMiss { sentence, evidence: evidence(id, field).into_iter().collect() });
        }
        let misses = |pod: &crate::model::Pod| {
            selector.iter().filter(|(key, value)| pod.labels.get(*key) != Some(*value)).count()
        };
        let (id, pod) = pods()
            .filter(|(_, pod)| misses(pod) < selector.len() || selector.len() == 1)
            .min_by_key(|(id, pod)| {
                let same_key = selector.keys().filter(|key| pod.labels.contains_key(*key)).count();
                // Of equally near pods the one whose values look most like the wanted ones.
                let apart = |(key, value): (&String, &String)| {
                    distance(value, pod.labels.get(key).map_or("", String::as_str))
                };
                (misses(pod), usize::MAX - same_key, selector.iter().map(apart).sum::<usize>(), *id)
            })?;
        let (key, wanted) = selector.iter().find(|(key, value)| pod.labels.get(*key) != Some(*value))?;
        let has = pod.labels.get(key).map(String::as_str);
        let others: Vec<String> = selector
            .iter()
            .filter(|(key, value)| pod.labels.get(*key) == Some(*value))
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let sentence = explain::nearly_selected(&name(id), key, wanted, has, &others);
        let field = if has.is_some() { format!("metadata.labels[{key}]") } else { "metadata.labels".into() };
        Some(NearMiss { sentence, evidence: evidence(id, &field).into_iter().collect() })
    }
}
