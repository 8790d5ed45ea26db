//! The rules of NetworkPolicy and the cluster-wide tiers, one after the other as the documentation has
//! them. Deliberately without any index.

use super::model::{ClusterPeer, ClusterPolicy, ClusterPort, ClusterRule, End, Kind, Labels};
use super::model::{NetworkPeer, NetworkPolicy, NetworkPort, NetworkRule, Pod, Selector, World};
use ipnet::IpNet;
use kubehop::model::Protocol;
use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Allowed,
    Denied,
    /// It depends on what a domain name stands for.
    Unknown,
    /// An end has no network.
    NoNetwork,
}

struct Asked<'a> {
    world: &'a World,
    protocol: Protocol,
    port: u16,
    /// Whether domain names match addresses outside.
    domains: bool,
}

type Side<'a> = (&'a End, IpAddr);

pub fn judge(world: &World, from: Side<'_>, to: Side<'_>, protocol: Protocol, port: u16) -> Answer {
    for (end, _) in [from, to] {
        if let End::Pod(index) = end {
            let pod = &world.pods[*index];
            if pod.ended || pod.ips.is_empty() {
                return Answer::NoNetwork;
            }
        }
    }
    if let (End::Pod(a), End::Pod(b)) = (from.0, to.0)
        && a == b
    {
        return Answer::Allowed;
    }
    let both = |domains| {
        let asked = Asked { world, protocol, port, domains };
        (asked.side(true, from, to), asked.side(false, to, from))
    };
    let (without, with) = (both(false), both(true));
    // A side that denies either way denies for certain.
    let one = |a: bool, b: bool| {
        if a {
            Some(true)
        } else if b {
            None
        } else {
            Some(false)
        }
    };
    match (one(without.0, with.0), one(without.1, with.1)) {
        (Some(true), Some(true)) => Answer::Allowed,
        (Some(false), _) | (_, Some(false)) => Answer::Denied,
        _ => Answer::Unknown,
    }
}

fn selects(selector: &Selector, labels: &Labels) -> bool {
    selector.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.expressions.iter().all(|(key, operator, values)| match operator.as_str() {
            "In" => labels.get(key).is_some_and(|value| values.contains(value)),
            "NotIn" => labels.get(key).is_none_or(|value| !values.contains(value)),
            "Exists" => labels.contains_key(key),
            _ => !labels.contains_key(key),
        })
}

fn in_block(cidr: &str, ip: IpAddr) -> bool {
    cidr.parse::<IpNet>().unwrap().contains(&ip)
}

impl<'a> Asked<'a> {
    /// The pod of an end, unless it counts as its node.
    fn pod(&self, end: &End) -> Option<&'a Pod> {
        let End::Pod(index) = end else { return None };
        let pod = &self.world.pods[*index];
        (!pod.host_network || self.world.distinguish).then_some(pod)
    }

    fn side(&self, egress: bool, subject: Side<'_>, peer: Side<'_>) -> bool {
        let Some(pod) = self.pod(subject.0) else { return true };
        let target = if egress { peer.0 } else { subject.0 };
        match self.tier(false, egress, pod, peer, target) {
            Some("Accept" | "Allow") => return true,
            Some("Deny") => return false,
            _ => {}
        }
        let mut isolating =
            self.world.policies.iter().filter(|policy| isolates(policy, pod, egress)).peekable();
        if isolating.peek().is_some() {
            return self.own_node(pod, peer)
                || isolating.any(|policy| {
                    let rules = if egress { &policy.egress } else { &policy.ingress };
                    rules.iter().any(|rule| self.network_rule(rule, policy.namespace, peer, target))
                });
        }
        self.tier(true, egress, pod, peer, target) != Some("Deny")
    }

    /// The action of the first matching rule of a tier.
    fn tier(
        &self,
        baseline: bool,
        egress: bool,
        pod: &Pod,
        peer: Side<'_>,
        target: &End,
    ) -> Option<&'static str> {
        let mut policies: Vec<&ClusterPolicy> =
            self.world.cluster_policies.iter().filter(|policy| policy.baseline == baseline).collect();
        policies.sort_by_key(|policy| if policy.kind == Kind::Baseline { 0 } else { policy.priority });
        for policy in policies {
            if policy.kind == Kind::Cluster && pod.host_network {
                continue;
            }
            let inside = selects(&policy.namespaces, &self.world.namespaces[pod.namespace].labels);
            if !inside || policy.pods.as_ref().is_some_and(|selector| !selects(selector, &pod.labels)) {
                continue;
            }
            let rules = if egress { &policy.egress } else { &policy.ingress };
            if let Some(rule) = rules.iter().find(|rule| self.cluster_rule(rule, policy.kind, peer, target)) {
                return Some(rule.action);
            }
        }
        None
    }

    fn own_node(&self, pod: &Pod, peer: Side<'_>) -> bool {
        let named = match peer.0 {
            End::Node(index) => *index == pod.node,
            End::Pod(index) => self.pod(peer.0).is_none() && self.world.pods[*index].node == pod.node,
            End::Outside(_) => false,
        };
        named || (self.pod(peer.0).is_none() && self.world.nodes[pod.node].ips.contains(&peer.1))
    }

    fn network_rule(&self, rule: &NetworkRule, own: usize, peer: Side<'_>, target: &End) -> bool {
        let peers = rule.peers.is_empty() || rule.peers.iter().any(|one| self.network_peer(one, own, peer));
        let ports = rule.ports.is_empty() || rule.ports.iter().any(|one| self.network_port(one, target));
        peers && ports
    }

    fn network_peer(&self, one: &NetworkPeer, own: usize, peer: Side<'_>) -> bool {
        let pod = self.pod(peer.0);
        match one {
            NetworkPeer::Block(cidr, except) => {
                (pod.is_none() || self.world.blocks_match_pods)
                    && in_block(cidr, peer.1)
                    && !except.iter().any(|hole| in_block(hole, peer.1))
            }
            NetworkPeer::Pods(namespaces, pods) => pod.is_some_and(|pod| {
                let here = match namespaces {
                    None => pod.namespace == own,
                    Some(selector) => selects(selector, &self.world.namespaces[pod.namespace].labels),
                };
                here && pods.as_ref().is_none_or(|selector| selects(selector, &pod.labels))
            }),
        }
    }

    fn network_port(&self, one: &NetworkPort, target: &End) -> bool {
        let protocol = one.protocol.unwrap_or(Protocol::Tcp);
        if protocol != self.protocol {
            return false;
        }
        match (&one.port, one.end.filter(|_| self.world.end_port)) {
            (None, _) => true,
            (Some(Ok(start)), Some(end)) => (*start..=end).contains(&self.port),
            (Some(Ok(number)), None) => *number == self.port,
            (Some(Err(name)), _) => self.pod(target).is_some_and(|pod| {
                let mut found = pod.ports.iter().filter(|(other, own, ..)| other == name && *own == protocol);
                found.next().is_some_and(|(_, _, number, _)| *number == self.port)
            }),
        }
    }

    fn cluster_rule(&self, rule: &ClusterRule, kind: Kind, peer: Side<'_>, target: &End) -> bool {
        let ports = match &rule.ports {
            None => true,
            Some(list) => list.iter().any(|one| match one {
                ClusterPort::All(protocol) => *protocol == self.protocol,
                ClusterPort::Range(protocol, start, end) => {
                    *protocol == self.protocol && (*start..=*end).contains(&self.port)
                }
                ClusterPort::Name(name) => self.pod(target).is_some_and(|pod| {
                    pod.ports.iter().any(|(other, protocol, number, _)| {
                        other == name && *protocol == self.protocol && *number == self.port
                    })
                }),
            }),
        };
        ports && rule.peers.iter().any(|one| self.cluster_peer(one, kind, peer))
    }

    fn cluster_peer(&self, one: &ClusterPeer, kind: Kind, peer: Side<'_>) -> bool {
        let pod = self.pod(peer.0);
        let selectable = pod.filter(|pod| kind != Kind::Cluster || !pod.host_network);
        let namespace = |pod: &Pod| &self.world.namespaces[pod.namespace].labels;
        match one {
            ClusterPeer::Namespaces(selector) => {
                selectable.is_some_and(|pod| selects(selector, namespace(pod)))
            }
            ClusterPeer::Pods(namespaces, pods) => selectable
                .is_some_and(|pod| selects(namespaces, namespace(pod)) && selects(pods, &pod.labels)),
            ClusterPeer::Nodes(selector) => self
                .world
                .nodes
                .iter()
                .any(|node| selects(selector, &node.labels) && node.ips.contains(&peer.1)),
            ClusterPeer::Networks(networks) => {
                (pod.is_none() || kind == Kind::Cluster) && networks.iter().any(|cidr| in_block(cidr, peer.1))
            }
            ClusterPeer::Domains => self.domains && matches!(peer.0, End::Outside(_)),
        }
    }
}

fn isolates(policy: &NetworkPolicy, pod: &Pod, egress: bool) -> bool {
    let types = match &policy.types {
        Some(types) if !types.is_empty() => types.contains(&if egress { "Egress" } else { "Ingress" }),
        _ => !egress || !policy.egress.is_empty(),
    };
    types && policy.namespace == pod.namespace && selects(&policy.selector, &pod.labels)
}
