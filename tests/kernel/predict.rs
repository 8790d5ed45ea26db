//! What the library says a client will see.

use crate::lab::{Host, Stand};
use kubehop::Cluster;
use kubehop::addressing::plugin_masquerade;
use kubehop::model::{NodeId, Packet};
use kubehop::services::Outcome;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What a client sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// An answer from one of these: name of the server and the source address it saw.
    Answers(BTreeSet<String>),
    /// "Connection refused".
    Refused,
    /// Nothing.
    TimedOut,
}

/// The fate of a connection from `host`.
pub fn predict(cluster: &Cluster, host: &Host, packet: Packet) -> Seen {
    let snapshot = cluster.snapshot();
    let owner = |ip: IpAddr| snapshot.nodes.iter().position(|node| node.ips.contains(&ip));
    let mut packet = packet;
    let mut at = match host.stand {
        Stand::Pod(node) | Stand::Node(node) => node,
        Stand::Outside(node) => owner(packet.destination).map_or(node, |index| NodeId(index as u32)),
    };
    if let Stand::Node(node) = host.stand
        && cluster.proxy().is_local_address(node, packet.destination)
    {
        packet.source = packet.destination;
    }
    for _ in 0..3 {
        let selection = cluster.proxy().select(snapshot, at, &packet);
        match &selection.outcome {
            Outcome::Rejected(_) => return Seen::Refused,
            Outcome::Dropped(_) => return Seen::TimedOut,
            Outcome::HealthCheck => {
                return Seen::Answers(
                    [format!("healthz-{} {}", snapshot.nodes[at.index()].name, packet.source)].into(),
                );
            }
            Outcome::Backends { backends, .. } => {
                let answers = backends.iter().map(|backend| {
                    let source = cluster.proxy().source_seen(snapshot, &selection, backend);
                    let source = source.map_or("unknown".into(), |ip| ip.to_string());
                    let pod = snapshot.pods.iter().find(|pod| pod.ips.contains(&backend.ip));
                    format!("{} {source}", pod.map_or("nobody", |pod| &pod.name))
                });
                return Seen::Answers(answers.collect());
            }
            Outcome::NotMatched(_) => {}
        }
        if cluster.proxy().is_local_address(at, packet.destination) {
            return Seen::Refused;
        }
        if let Some(masquerade) = plugin_masquerade(snapshot, at, packet.source, packet.destination) {
            packet.source = masquerade.source.unwrap_or(packet.source);
        }
        match owner(packet.destination) {
            // The other node takes it from here.
            Some(index) => at = NodeId(index as u32),
            None => return Seen::TimedOut,
        }
    }
    Seen::TimedOut
}
