//! The legs of a packet's way between two parties: devices, tunnels, and rewritten sources.

use super::explain;
use super::interfaces::{bridge_address, pod_cidr};
use super::masquerade::plugin_masquerade;
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{Family, NodeId, Party, Pod, PodId, Snapshot, Transport};
use serde::Serialize;
use std::net::IpAddr;

/// The way of a packet between two ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Way {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Its legs.
    pub legs: Vec<Leg>,
}

/// One leg of a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Leg {
    /// Stable code, `addressing/bridge`.
    pub code: &'static str,
    /// Where the packet is: a pod or a node; absent outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<ObjectRef>,
    /// The interface it goes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The header around the packet while it is in a tunnel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outer: Option<TunnelHeader>,
    /// The new source address, where one is put in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<IpAddr>,
    /// One English sentence.
    pub sentence: String,
    /// The objects and fields that lead there.
    pub evidence: Vec<Evidence>,
}

/// The outer header of a tunnelled packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TunnelHeader {
    /// `VXLAN, UDP 8472` or `IPIP, protocol 4`.
    pub encapsulation: &'static str,
    /// Address of the sending node.
    pub source: IpAddr,
    /// Address of the receiving node.
    pub destination: IpAddr,
}

/// The legs from `from` to `to` for a packet with these addresses, after any Service translation.
///
/// Empty when a party has no node or is of another snapshot.
///
/// ```
/// use kubehop::{Cluster, Settings, Source};
/// use kubehop::{addressing::path, model::{Party, PodId}};
/// let pods = "kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {nodeName: node-a}\n---\n\
///             kind: Pod\napiVersion: v1\nmetadata: {name: b}\nspec: {nodeName: node-a}\n";
/// let cluster = Cluster::load([Source::new("pods.yaml", pods)], &Settings::default());
/// let snapshot = cluster.snapshot();
/// let ip = |name| snapshot.pods[snapshot.pod_id("default", name).unwrap().index()].ips[0];
/// let party = |name| Party::Pod(snapshot.pod_id("default", name).unwrap());
/// let legs = path(snapshot, party("a"), party("b"), ip("a"), ip("b"));
/// let codes: Vec<&str> = legs.iter().map(|leg| leg.code).collect();
/// assert_eq!(codes, ["addressing/pod-interface", "addressing/bridge", "addressing/to-pod"]);
/// ```
pub fn path(snapshot: &Snapshot, from: Party, to: Party, source: IpAddr, destination: IpAddr) -> Vec<Leg> {
    let way = Walk { snapshot, source, destination, family: Family::of(destination) };
    way.legs(from, to).unwrap_or_default()
}

struct Walk<'a> {
    snapshot: &'a Snapshot,
    source: IpAddr,
    destination: IpAddr,
    family: Family,
}

impl<'a> Walk<'a> {
    fn legs(&self, from: Party, to: Party) -> Option<Vec<Leg>> {
        if from == to {
            let at = self.reference(from);
            return Some(vec![leg("addressing/loopback", at, Some("lo"), explain::LOOPBACK.into())]);
        }
        let start = self.node_of(from);
        let end = self.node_of(to);
        let mut legs = Vec::new();
        if let Some((id, pod)) = self.pod(from) {
            legs.push(self.pod_interface(id, pod, start?, end, to));
        }
        match (start, end) {
            (None, Some(node)) => {
                let sentence = explain::from_outside(self.name(node));
                legs.push(leg("addressing/from-outside", self.node_ref(node), Some("eth0"), sentence));
                if self.pod(to).is_some() {
                    legs.push(self.last_leg(node, to));
                }
            }
            (None, None) => return None,
            (Some(node), None) => {
                legs.extend(self.rewritten(node));
                let sentence = explain::to_outside(self.name(node), self.destination);
                legs.push(leg("addressing/to-outside", self.node_ref(node), Some("eth0"), sentence));
            }
            (Some(here), Some(there)) if here == there => {
                if self.pod(from).is_some() && self.pod(to).is_some() {
                    legs.push(self.on_one_node(here));
                }
                legs.push(self.last_leg(here, to));
            }
            (Some(here), Some(there)) => {
                legs.extend(self.rewritten(here));
                match self.pod(to) {
                    Some(_) => legs.extend(self.between_nodes(here, there)),
                    None => legs.push(leg(
                        "addressing/between-nodes",
                        self.node_ref(here),
                        Some("eth0"),
                        explain::between_nodes(self.name(here), self.name(there)),
                    )),
                }
                legs.push(self.last_leg(there, to));
            }
        }
        Some(legs)
    }

    /// The pod behind a party, unless it lives in its node's network.
    fn pod(&self, party: Party) -> Option<(PodId, &'a Pod)> {
        let Party::Pod(id) = party else { return None };
        self.snapshot.pod(id).filter(|pod| !pod.host_network).map(|pod| (id, pod))
    }

    fn node_of(&self, party: Party) -> Option<NodeId> {
        match party {
            Party::Pod(id) => self.snapshot.pod(id)?.node,
            Party::Node(id) => Some(id),
            Party::Outside(_) => None,
        }
    }

    fn name(&self, node: NodeId) -> &'a str {
        self.snapshot.node(node).map_or("", |node| &node.name)
    }

    fn node_ref(&self, node: NodeId) -> Option<ObjectRef> {
        Some(ObjectRef::cluster("Node", self.name(node)))
    }

    fn reference(&self, party: Party) -> Option<ObjectRef> {
        match party {
            Party::Pod(id) => self.snapshot.pod_ref(id),
            Party::Node(id) => self.node_ref(id),
            Party::Outside(_) => None,
        }
    }

    fn node_ip(&self, node: NodeId) -> Option<IpAddr> {
        let ips = &self.snapshot.node(node)?.ips;
        ips.iter().find(|ip| Family::of(**ip) == self.family).or_else(|| ips.first()).copied()
    }

    fn node_evidence(&self, node: NodeId, field: &str) -> Vec<Evidence> {
        let Some(facts) = self.snapshot.node(node) else { return Vec::new() };
        let object = ObjectRef::cluster("Node", &facts.name);
        vec![self.snapshot.evidence(object, &facts.origin, field)]
    }

    fn pod_interface(&self, id: PodId, pod: &Pod, node: NodeId, end: Option<NodeId>, to: Party) -> Leg {
        let stays = end == Some(node) && self.pod(to).is_some();
        let bridge = bridge_address(self.snapshot, node, self.family);
        let sentence = explain::pod_interface(&pod.name, self.name(node), bridge, stays);
        leg("addressing/pod-interface", self.snapshot.pod_ref(id), Some("eth0"), sentence)
    }

    /// From one pod of a node to another.
    fn on_one_node(&self, node: NodeId) -> Leg {
        let cidr = self.snapshot.node(node).and_then(|node| pod_cidr(node, self.family));
        let (code, device, sentence) = match bridge_address(self.snapshot, node, self.family) {
            Some(_) => ("addressing/bridge", Some("cni0"), explain::bridge(self.name(node), cidr)),
            None => ("addressing/host-route", None, explain::host_route(self.name(node))),
        };
        let evidence = self.node_evidence(node, "spec.podCIDR");
        Leg { evidence, ..leg(code, self.node_ref(node), device, sentence) }
    }

    fn last_leg(&self, node: NodeId, to: Party) -> Leg {
        match to {
            Party::Pod(id) if self.pod(to).is_some() => {
                let name = self.snapshot.pod(id).map_or("", |pod| pod.name.as_str());
                leg("addressing/to-pod", self.snapshot.pod_ref(id), Some("eth0"), explain::to_pod(name))
            }
            _ => {
                let sentence = explain::to_node(self.name(node), self.destination);
                leg("addressing/to-node", self.node_ref(node), None, sentence)
            }
        }
    }

    /// The source that the network plugin puts in where the packet leaves the node.
    fn rewritten(&self, node: NodeId) -> Option<Leg> {
        let plugin = plugin_masquerade(self.snapshot, node, self.source, self.destination)?;
        let bridge = self.snapshot.settings.cni.transport == Transport::Bridge;
        let sentence = explain::masquerade(self.source, plugin.source, bridge);
        let device = Some("eth0");
        Some(Leg {
            source: plugin.source,
            ..leg("addressing/plugin-masquerade", self.node_ref(node), device, sentence)
        })
    }

    /// To a pod of another node.
    fn between_nodes(&self, here: NodeId, there: NodeId) -> Vec<Leg> {
        let transport = self.snapshot.settings.cni.transport;
        let cidr = self.snapshot.node(there).and_then(|node| pod_cidr(node, self.family));
        let (code, device) = match transport {
            Transport::Vxlan => ("addressing/vxlan", "flannel.1"),
            Transport::Ipip => ("addressing/ipip", "tunl0"),
            Transport::Routed => ("addressing/routed", "eth0"),
            Transport::Bridge => ("addressing/bridge-route", "eth0"),
        };
        let encapsulation = match transport {
            Transport::Vxlan => Some("VXLAN, UDP 8472"),
            Transport::Ipip => Some("IPIP, protocol 4"),
            Transport::Routed | Transport::Bridge => None,
        };
        let ends = self.node_ip(here).zip(self.node_ip(there));
        let outer = encapsulation.zip(ends).map(|(encapsulation, (source, destination))| TunnelHeader {
            encapsulation,
            source,
            destination,
        });
        let (from, to) = (self.name(here), self.name(there));
        let sentence = match &outer {
            Some(outer) => explain::tunnel(from, to, cidr, device, outer),
            None => explain::routed(from, to, cidr, self.node_ip(there)),
        };
        let evidence = self.node_evidence(there, "spec.podCIDR");
        let sent = Leg { outer, evidence, ..leg(code, self.node_ref(here), Some(device), sentence) };
        let arrives = match encapsulation {
            Some(_) => explain::unpacked(to),
            None => explain::arrived(to),
        };
        vec![sent, leg("addressing/arrives", self.node_ref(there), Some(device), arrives)]
    }
}

fn leg(code: &'static str, at: Option<ObjectRef>, device: Option<&str>, sentence: String) -> Leg {
    let device = device.map(str::to_owned);
    Leg { code, at, device, outer: None, source: None, sentence, evidence: Vec::new() }
}
