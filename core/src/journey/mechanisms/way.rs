//! The way between nodes, as the network plugin lays it.

use super::{Leg, Rooms};
use crate::journey::walk::step;
use crate::journey::{Action, ends, explain};
use crate::model::{Family, NodeId, Packet, Party, Transport};
use std::net::IpAddr;

impl Rooms<'_> {
    /// From the host network of `node` to the pod or node `to`.
    pub(crate) fn legs(&self, node: NodeId, to: Party, packet: &Packet) -> Vec<Leg> {
        let snapshot = self.snapshot;
        let transport = snapshot.settings.cni.transport;
        let (pod, target) = match to {
            Party::Pod(id) => {
                let Some(pod) = snapshot.pod(id) else { return Vec::new() };
                (Some(pod), pod.node)
            }
            Party::Node(id) => (None, Some(id)),
            Party::Outside(_) => return Vec::new(),
        };
        let Some(target) = target else { return Vec::new() };
        let name = snapshot.node(target).map_or("", |node| node.name.as_str());
        let forwarded = |code, sentence: String| step(Action::Forwarded, code, sentence);
        let in_pod_network = pod.is_some_and(|pod| !pod.host_network);
        if target == node {
            let bridge = transport != Transport::Ipip;
            let sentence = explain::same_node(bridge).to_owned();
            let leg = Leg { enters: None, step: forwarded("addressing/same-node", sentence) };
            return in_pod_network.then_some(leg).into_iter().collect();
        }
        let enters = Some(ends::node_place(snapshot, target));
        if !in_pod_network {
            let sent =
                Leg { enters: None, step: forwarded("addressing/between-nodes", explain::to_node(name)) };
            return vec![sent];
        }
        let family = Family::of(packet.destination);
        let outer = |id: NodeId| -> Option<IpAddr> {
            let ips = &snapshot.node(id)?.ips;
            ips.iter().find(|ip| Family::of(**ip) == family).or_else(|| ips.first()).copied()
        };
        let code = match transport {
            Transport::Vxlan => "addressing/vxlan",
            Transport::Ipip => "addressing/ipip",
            Transport::Routed => "addressing/routed",
            Transport::Bridge => "addressing/bridge-route",
        };
        let sentence = explain::to_other_node(name, outer(node), outer(target), transport);
        vec![
            Leg { enters: None, step: forwarded(code, sentence) },
            Leg { enters, step: forwarded("addressing/arrives", explain::arrives_at_node(name)) },
        ]
    }
}
