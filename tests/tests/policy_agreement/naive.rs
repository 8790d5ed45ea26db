//! The rules of NetworkPolicy and the cluster-wide tiers, one after the other as the documentation has
//! them. Deliberately without any index.

use super::model::{ClusterPeer, ClusterPolicy, ClusterPort, ClusterRule, End, Kind, Labels};
use super::model::{NetworkPeer, NetworkPolicy, NetworkPort, NetworkRule, Pod, Selector, World};
use ipnet::IpNet;
use kubehop::model::Protocol;
use std::net::IpAddr;

/// What one end, or both together, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Allowed,
    Denied,
    /// The API leaves it open; what the first policy by name says.
    Open(bool),
    /// It depends on what a domain name stands for.
    Unknown,
    /// An end has no network.
    NoNetwork,
}

impl Answer {
    fn of(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Denied }
    }

    /// As far as it can be told.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed | Self::Open(true))
    }

    /// Both ends must allow; a denial is certain whatever the other end says.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Denied, _) | (_, Self::Denied) => Self::Denied,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Allowed, other) => other,
            (Self::Open(a), Self::Open(b)) => Self::Open(a && b),
            (other, _) => other,
        }
    }
}

pub struct Asked<'a> {
    pub world: &'a World,
    pub protocol: Protocol,
    pub port: u16,
}

/// One of the ways in which the API may be read: which of the policies of equal priority is asked first,
/// and whether the address asked about belongs to the domain names that rules mention.
struct Reading<'o> {
    order: &'o [usize],
    domains: bool,
}

type Side<'a> = (&'a End, IpAddr);

/// A new connection. `arrives` is the source address at the destination when something on the way rewrote
/// it.
pub fn judge(
    world: &World,
    from: Side<'_>,
    to: Side<'_>,
    arrives: Option<IpAddr>,
    protocol: Protocol,
    port: u16,
) -> Answer {
    for (end, _) in [from, to] {
        if let End::Pod(index) = end {
            let pod = &world.pods[*index];
            if pod.ended.is_some() || pod.ips.is_empty() {
                return Answer::NoNetwork;
            }
        }
    }
    if !world.enforced || (matches!(from.0, End::Pod(_)) && from.0 == to.0) {
        return Answer::Allowed;
    }
    let asked = Asked { world, protocol, port };
    let egress = asked.side(true, from, to);
    let plain = egress.and(asked.side(false, to, from));
    let Some(ip) = arrives else { return plain };
    // Whether policies see the address before or after it was rewritten is left open.
    let node = world.nodes.iter().position(|node| node.ips.contains(&ip));
    let seen = node.map_or(End::Outside(ip), End::Node);
    let usual = egress.and(asked.side(false, to, (&seen, ip)));
    match usual {
        _ if usual == plain => plain,
        Answer::Unknown => Answer::Unknown,
        _ => Answer::Open(usual.is_allowed()),
    }
}

/// The orders in which policies may be asked: by tier and priority, equal ones in any order, by name first.
pub fn orders(world: &World) -> Vec<Vec<usize>> {
    let policies = &world.cluster_policies;
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for index in 0..policies.len() {
        let longer = all.iter().flat_map(|order| {
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, index);
                order
            })
        });
        all = longer.collect();
    }
    let rank = |index: &usize| (policies[*index].baseline, policies[*index].rank());
    all.retain(|order| order.is_sorted_by_key(rank));
    let name = |index: &usize| match policies[*index].kind {
        Kind::Baseline => "default".to_owned(),
        _ => format!("c{index}"),
    };
    all.sort_by_cached_key(|order| order.iter().map(|index| (rank(index), name(index))).collect::<Vec<_>>());
    all
}

impl ClusterPolicy {
    fn rank(&self) -> u32 {
        if self.kind == Kind::Baseline { 0 } else { self.priority }
    }
}

/// Which rules of the policies that apply match the connection: egress first, policies by name.
pub fn rules(
    world: &World,
    from: Side<'_>,
    to: Side<'_>,
    protocol: Protocol,
    port: u16,
) -> Vec<(bool, String, Vec<bool>)> {
    let asked = Asked { world, protocol, port };
    let reading = Reading { order: &[], domains: false };
    let mut out = Vec::new();
    for (egress, subject, peer) in [(true, from, to), (false, to, from)] {
        let Some(pod) = asked.pod(subject.0) else { continue };
        let target = if egress { peer.0 } else { subject.0 };
        for (n, policy) in world.policies.iter().enumerate().filter(|(_, one)| isolates(one, pod, egress)) {
            let rules = if egress { &policy.egress } else { &policy.ingress };
            let found = rules.iter().map(|rule| asked.network_rule(rule, policy.namespace, peer, target));
            let name = format!("NetworkPolicy {}/p{n}", world.namespaces[policy.namespace].name);
            out.push((egress, name, found.collect()));
        }
        for (n, policy) in world.cluster_policies.iter().enumerate() {
            let rules = if egress { &policy.egress } else { &policy.ingress };
            if rules.is_empty() || !world.is_subject(policy, pod) {
                continue;
            }
            let found =
                rules.iter().map(|rule| asked.cluster_rule(&reading, rule, policy.kind, peer, target));
            let name = match policy.kind {
                Kind::Cluster => format!("ClusterNetworkPolicy c{n}"),
                Kind::Admin => format!("AdminNetworkPolicy c{n}"),
                Kind::Baseline => "BaselineAdminNetworkPolicy default".into(),
            };
            out.push((egress, name, found.collect()));
        }
    }
    out.sort();
    out
}

impl World {
    /// "Note that host-networked pods are not included in subject selection."
    pub fn is_subject(&self, policy: &ClusterPolicy, pod: &Pod) -> bool {
        !pod.host_network
            && selects(&policy.namespaces, &self.namespaces[pod.namespace].labels)
            && policy.pods.as_ref().is_none_or(|selector| selects(selector, &pod.labels))
    }
}

pub fn selects(selector: &Selector, labels: &Labels) -> bool {
    selector.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.expressions.iter().all(|(key, operator, values)| match operator.as_str() {
            "In" => labels.get(key).is_some_and(|value| values.contains(value)),
            "NotIn" => labels.get(key).is_none_or(|value| !values.contains(value)),
            "Exists" => labels.contains_key(key),
            _ => !labels.contains_key(key),
        })
}

/// Go reads an IPv4-mapped block as the IPv4 block it stands for.
pub fn in_block(cidr: &str, ip: IpAddr) -> bool {
    if let Some(mapped) = cidr.strip_prefix("::ffff:") {
        let (address, prefix) = mapped.split_once('/').unwrap();
        let prefix = prefix.parse::<u8>().unwrap() - 96;
        return in_block(&format!("{address}/{prefix}"), ip);
    }
    cidr.parse::<IpNet>().unwrap().contains(&ip)
}

impl<'a> Asked<'a> {
    /// The pod of an end, unless it counts as its node.
    pub fn pod(&self, end: &End) -> Option<&'a Pod> {
        let End::Pod(index) = end else { return None };
        let pod = &self.world.pods[*index];
        (!pod.host_network || self.world.distinguish).then_some(pod)
    }

    /// What one end says in all readings.
    pub fn side(&self, egress: bool, subject: Side<'_>, peer: Side<'_>) -> Answer {
        let in_order = |domains| -> Vec<bool> {
            let orders = self.world.orders.iter();
            orders.map(|order| self.reading(&Reading { order, domains }, egress, subject, peer)).collect()
        };
        let without = in_order(false);
        let usual = without[0];
        let agree = |list: &[bool]| list.iter().all(|one| *one == usual);
        match (agree(&without), agree(&in_order(true))) {
            (true, true) => Answer::of(usual),
            (true, false) => Answer::Unknown,
            (false, _) => Answer::Open(usual),
        }
    }

    fn reading(&self, reading: &Reading<'_>, egress: bool, subject: Side<'_>, peer: Side<'_>) -> bool {
        let Some(pod) = self.pod(subject.0) else { return true };
        let target = if egress { peer.0 } else { subject.0 };
        match self.tier(reading, false, egress, pod, peer, target) {
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
        self.tier(reading, true, egress, pod, peer, target) != Some("Deny")
    }

    /// The action of the first matching rule of a tier.
    fn tier(
        &self,
        reading: &Reading<'_>,
        baseline: bool,
        egress: bool,
        pod: &Pod,
        peer: Side<'_>,
        target: &End,
    ) -> Option<&'static str> {
        let policies = reading.order.iter().map(|index| &self.world.cluster_policies[*index]);
        for policy in policies.filter(|policy| policy.baseline == baseline) {
            if !self.world.is_subject(policy, pod) {
                continue;
            }
            let rules = if egress { &policy.egress } else { &policy.ingress };
            let first = rules.iter().find(|rule| self.cluster_rule(reading, rule, policy.kind, peer, target));
            if let Some(rule) = first {
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
                let mut found = pod.named().filter(|port| port.name == *name && port.protocol == protocol);
                found.next().is_some_and(|port| port.number == self.port)
            }),
        }
    }

    fn cluster_rule(
        &self,
        reading: &Reading<'_>,
        rule: &ClusterRule,
        kind: Kind,
        peer: Side<'_>,
        target: &End,
    ) -> bool {
        let ports = match &rule.ports {
            None => true,
            Some(list) => list.iter().any(|one| match one {
                ClusterPort::Range(protocol, start, end) => {
                    *protocol == self.protocol && (*start..=*end).contains(&self.port)
                }
                ClusterPort::Name(name) => self.pod(target).is_some_and(|pod| {
                    pod.named().any(|port| {
                        port.name == *name && port.protocol == self.protocol && port.number == self.port
                    })
                }),
            }),
        };
        ports && rule.peers.iter().any(|one| self.cluster_peer(reading, one, kind, peer))
    }

    fn cluster_peer(&self, reading: &Reading<'_>, one: &ClusterPeer, kind: Kind, peer: Side<'_>) -> bool {
        let pod = self.pod(peer.0);
        // "host-networked pods are not included in this type of peer"
        let selectable = pod.filter(|pod| !pod.host_network);
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
                .filter(|node| selects(selector, &node.labels))
                .any(|node| node.ips.iter().chain(&node.external).any(|ip| *ip == peer.1)),
            ClusterPeer::Networks(networks) => {
                // "cluster-internal traffic will be checked against the rule as well"
                let pods = kind == Kind::Cluster || self.world.blocks_match_pods;
                (pod.is_none() || pods) && networks.iter().any(|cidr| in_block(cidr, peer.1))
            }
            ClusterPeer::Domains => reading.domains && matches!(peer.0, End::Outside(_)),
        }
    }
}

pub fn isolates(policy: &NetworkPolicy, pod: &Pod, egress: bool) -> bool {
    let types = match &policy.types {
        Some(types) if !types.is_empty() => types.contains(&if egress { "Egress" } else { "Ingress" }),
        _ => !egress || !policy.egress.is_empty(),
    };
    types && policy.namespace == pod.namespace && selects(&policy.selector, &pod.labels)
}
