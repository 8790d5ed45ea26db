//! One policy looked at by its source: what each selector, peer and port makes of a connection. The
//! verdict's decision comes from the compiled rules; this finds the words and fields for it.

use super::addrs::{AddressSet, parse_block};
use super::compile::{
    ClusterPeer, ClusterPort, PortEntry, action_of, admin_port_entry, cluster_peer, cluster_tier, isolates,
    named_ports, port_of, protocol_entry,
};
use super::evaluate::as_node;
use super::explain;
use super::ports::key;
use super::verdict::{Examined, ExaminedPart, ExaminedRule, Nearest};
use super::{Action, Connection, Direction, PortSet, Tier};
use crate::manifest::api::meta::LabelSelector;
use crate::manifest::api::networking_v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use crate::manifest::api::policy::{ClusterPolicy, ClusterPolicyPeer, ClusterPolicyRule};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{Namespace, Party, Pod, Protocol, Snapshot, Stored};
use std::net::IpAddr;
use std::sync::Arc;

/// One end of the connection by its source objects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Other<'a> {
    /// The pod, when selectors can reach it.
    pub pod: Option<&'a Pod>,
    pub namespace: Option<&'a Namespace>,
    pub ip: IpAddr,
    /// A pod on the host network that counts as its node.
    as_node: bool,
    node: bool,
}

impl<'a> Other<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, party: Party, ip: IpAddr) -> Self {
        let pod = match party {
            Party::Pod(id) => snapshot.pod(id),
            _ => None,
        };
        let reachable = pod.filter(|pod| !(pod.host_network && as_node(snapshot)));
        Self {
            namespace: reachable.and_then(|pod| snapshot.namespace(pod.namespace)),
            as_node: pod.is_some() && reachable.is_none(),
            node: matches!(party, Party::Node(_)),
            pod: reachable,
            ip,
        }
    }

    pub(super) fn what(&self) -> &'static str {
        match () {
            () if self.as_node => "a pod on the host network counts as its node, and no selector matches it",
            () if self.node => "selectors match pods, not nodes",
            () => "selectors match pods, not addresses outside the cluster",
        }
    }
}

/// How well something matches: 0 is a match, more is farther away.
struct Fit {
    distance: u32,
    why_not: Option<String>,
}

impl Fit {
    const YES: Self = Self { distance: 0, why_not: None };

    fn no(distance: u32, why: impl Into<String>) -> Self {
        Self { distance, why_not: Some(why.into()) }
    }
}

/// The peers or ports of a rule, looked at.
#[derive(Default)]
struct Parts {
    list: Vec<ExaminedPart>,
    /// How far the nearest is, and which it is.
    nearest: Option<(u32, usize)>,
}

impl Parts {
    fn with_capacity(count: usize) -> Self {
        Self { list: Vec::with_capacity(count), nearest: None }
    }

    fn push(&mut self, Fit { distance, why_not }: Fit, field: String) {
        if self.nearest.is_none_or(|(nearest, _)| distance < nearest) {
            self.nearest = Some((distance, self.list.len()));
        }
        self.list.push(ExaminedPart { field, matches: distance == 0, why_not });
    }

    fn distance(&self) -> Option<u32> {
        self.nearest.map(|(distance, _)| distance)
    }

    /// The field of the nearest, and why it does not match.
    fn miss(&self) -> Option<(String, String)> {
        let part = self.list.get(self.nearest?.1)?;
        Some((part.field.clone(), part.why_not.clone()?))
    }
}

/// A policy of either kind.
#[derive(Clone, Copy)]
pub(super) enum PolicyView<'a> {
    Network(u32, &'a Stored<NetworkPolicy>),
    Cluster(u32, &'a Stored<ClusterPolicy>),
}

impl<'a> PolicyView<'a> {
    /// The policy with this number: NetworkPolicies first, then cluster-wide ones.
    pub(super) fn new(snapshot: &'a Snapshot, number: u32) -> Option<Self> {
        let index = number as usize;
        match index.checked_sub(snapshot.network_policies.len()) {
            None => Some(Self::Network(number, snapshot.network_policies.get(index)?)),
            Some(index) => Some(Self::Cluster(number, snapshot.cluster_policies.get(index)?)),
        }
    }

    pub(super) fn object(&self) -> &'a ObjectRef {
        match self {
            Self::Network(_, stored) => &stored.object,
            Self::Cluster(_, stored) => &stored.object,
        }
    }

    pub(super) fn evidence(&self, snapshot: &Snapshot, field: &str) -> Evidence {
        let origin = match self {
            Self::Network(_, stored) => &stored.origin,
            Self::Cluster(_, stored) => &stored.origin,
        };
        snapshot.evidence(self.object().clone(), origin, field)
    }

    pub(super) fn tier(&self) -> Tier {
        match self {
            Self::Network(..) => Tier::NetworkPolicy,
            Self::Cluster(_, stored) => cluster_tier(stored).unwrap_or(Tier::Baseline),
        }
    }

    /// Whether the policy selects a pod, and if not, why. `namespace` is the pod's, where it is not known
    /// to be that of the policy.
    pub(super) fn selects(&self, namespace: Option<&str>, subject: &Other<'_>) -> Result<(), String> {
        let (Some(pod), Some(own)) = (subject.pod, subject.namespace) else {
            return Err(subject.what().to_owned());
        };
        match self {
            Self::Network(_, stored) => {
                if namespace.is_some_and(|name| stored.object.namespace.as_deref() != Some(name)) {
                    return Err("it is in another namespace".into());
                }
                match explain::selector_miss(&stored.value.spec.pod_selector, &pod.labels) {
                    Some(why) => Err(why),
                    None => Ok(()),
                }
            }
            Self::Cluster(_, stored) => {
                if pod.host_network {
                    return Err("it never selects pods on the host network".into());
                }
                let subject = &stored.value.spec.subject;
                let (namespaces, pods) = match (&subject.namespaces, &subject.pods) {
                    (Some(namespaces), _) => (namespaces, None),
                    (None, Some(pods)) => (&pods.namespace_selector, Some(&pods.pod_selector)),
                    (None, None) => return Err("it names no subject".into()),
                };
                if let Some(why) = explain::selector_miss(namespaces, &own.labels) {
                    return Err(format!("namespace {}: {why}", own.name));
                }
                match pods.and_then(|pods| explain::selector_miss(pods, &pod.labels)) {
                    Some(why) => Err(why),
                    None => Ok(()),
                }
            }
        }
    }

    /// Whether the policy has a say in this direction: isolates its pods, or has rules for it.
    pub(super) fn speaks_of(&self, direction: Direction) -> bool {
        match self {
            Self::Network(_, stored) => isolates(&stored.value, direction),
            Self::Cluster(..) => self.rule_count(direction) > 0,
        }
    }

    /// What the policy makes of the connection; notes the nearest miss of a rule that could have admitted it.
    #[expect(clippy::too_many_arguments, reason = "the facts of one question, at one call site")]
    pub(super) fn examine(
        &self,
        policy: Arc<ObjectRef>,
        snapshot: &Snapshot,
        direction: Direction,
        connection: &Connection,
        subject: &Other<'_>,
        peer: &Other<'_>,
        target: &Other<'_>,
        mut nearest: Option<&mut Option<Nearest>>,
    ) -> Examined {
        let mut examined = Examined {
            policy,
            tier: self.tier(),
            selects: false,
            applies: false,
            effect: None,
            why_not: None,
            rules: Vec::new(),
        };
        if let Err(why) = self.selects(None, subject) {
            examined.why_not = Some(why);
            return examined;
        }
        examined.selects = true;
        let applies = self.speaks_of(direction);
        if !applies {
            examined.why_not = Some(["it does not speak of ", explain::direction(direction)].concat());
            return examined;
        }
        examined.applies = true;
        let way = explain::direction(direction);
        let count = self.rule_count(direction);
        examined.rules.reserve(count);
        for index in 0..count {
            let field = explain::item("spec", way, index);
            let rule = self.rule(snapshot, direction, index, &field, connection, peer, target);
            let Some(Looked { action, everyone, peers, ports }) = rule else { continue };
            let peer_distance = if everyone { 0 } else { peers.distance().unwrap_or(100) };
            let port_distance = ports.distance().unwrap_or(0);
            let matches = peer_distance == 0 && port_distance == 0;
            if matches && examined.effect.is_none() {
                examined.effect = Some(action);
            }
            if let Some(nearest) = nearest.as_deref_mut() {
                let distance = peer_distance + port_distance;
                let nearer = nearest.as_ref().is_none_or(|other| distance < other.distance);
                if !matches && action == Action::Allow && nearer {
                    *nearest = Some(self.miss(distance, &field, peer_distance, &peers, &ports));
                }
            }
            let (peers, ports) = (peers.list, ports.list);
            examined.rules.push(ExaminedRule { field, action, matches, peers, ports });
        }
        examined
    }

    fn miss(&self, distance: u32, field: &str, peer_distance: u32, peers: &Parts, ports: &Parts) -> Nearest {
        let (Self::Network(policy, _) | Self::Cluster(policy, _)) = *self;
        let peer = peers.miss().filter(|_| peer_distance > 0);
        let port = ports.miss();
        let (at, sentence) = match (peer, port) {
            (Some((at, peer)), Some((_, port))) => {
                (at, format!("{field} would match but for: {peer}; {port}"))
            }
            (Some((at, why)), None) | (None, Some((at, why))) => {
                (at, format!("{field} would match but for: {why}"))
            }
            (None, None) => (field.to_owned(), format!("{field} names no peer that exists")),
        };
        Nearest { distance, policy, field: at, sentence }
    }

    fn rule_count(&self, direction: Direction) -> usize {
        match (self, direction) {
            (Self::Network(_, stored), Direction::Ingress) => stored.value.spec.ingress.len(),
            (Self::Network(_, stored), Direction::Egress) => stored.value.spec.egress.len(),
            (Self::Cluster(_, stored), Direction::Ingress) => stored.value.spec.ingress.len(),
            (Self::Cluster(_, stored), Direction::Egress) => stored.value.spec.egress.len(),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the facts of one question, at one call site")]
    fn rule(
        &self,
        snapshot: &Snapshot,
        direction: Direction,
        index: usize,
        field: &str,
        connection: &Connection,
        peer: &Other<'_>,
        target: &Other<'_>,
    ) -> Option<Looked> {
        let (word, asked) =
            if direction == Direction::Ingress { ("from", "ingress") } else { ("to", "egress") };
        debug_assert!(field.contains(asked));
        match self {
            Self::Network(_, stored) => {
                let spec = &stored.value.spec;
                let (peers, ports) = match direction {
                    Direction::Ingress => spec.ingress.get(index).map(|rule| (&rule.from, &rule.ports))?,
                    Direction::Egress => spec.egress.get(index).map(|rule| (&rule.to, &rule.ports))?,
                };
                let own = stored.object.namespace.as_deref().unwrap_or_default();
                let mut peers_seen = Parts::with_capacity(peers.len());
                for (n, one) in peers.iter().enumerate() {
                    peers_seen.push(network_peer(snapshot, own, one, peer), explain::item(field, word, n));
                }
                let mut ports_seen = Parts::with_capacity(ports.len());
                for (n, port) in ports.iter().enumerate() {
                    let fit = network_port(snapshot, port, connection, target);
                    ports_seen.push(fit, explain::item(field, "ports", n));
                }
                Some(Looked {
                    action: Action::Allow,
                    everyone: peers.is_empty(),
                    peers: peers_seen,
                    ports: ports_seen,
                })
            }
            Self::Cluster(_, stored) => {
                let spec = &stored.value.spec;
                let current = stored.object.kind == "ClusterNetworkPolicy";
                let rules = if direction == Direction::Ingress { &spec.ingress } else { &spec.egress };
                let rule = rules.get(index)?;
                let mut action = action_of(&rule.action).unwrap_or(Action::Deny);
                let mut everyone = false;
                let peers = if direction == Direction::Ingress { &rule.from } else { &rule.to };
                let mut peers_seen = Parts::with_capacity(peers.len());
                for (n, one) in peers.iter().enumerate() {
                    let fit = match cluster_peer(snapshot, one, current) {
                        ClusterPeer::Unknown if action != Action::Allow => {
                            (everyone, action) = (true, Action::Deny);
                            Fit::YES
                        }
                        seen => cluster_fit(seen, one, peer),
                    };
                    peers_seen.push(fit, explain::item(field, word, n));
                }
                let ports = match everyone {
                    true => Parts::with_capacity(0),
                    false => cluster_port_parts(rule, field, connection, target),
                };
                Some(Looked { action, everyone, peers: peers_seen, ports })
            }
        }
    }
}

/// One rule, looked at.
struct Looked {
    action: Action,
    everyone: bool,
    peers: Parts,
    ports: Parts,
}

fn network_peer(snapshot: &Snapshot, own: &str, peer: &NetworkPolicyPeer, other: &Other<'_>) -> Fit {
    if let Some(block) = &peer.ip_block {
        if other.pod.is_some() && !snapshot.settings.policy.ip_block_matches_pods {
            return Fit::no(5, "with this network plugin an ipBlock does not match pods");
        }
        let holds = |text: &str| parse_block(text).is_some_and(|net| net.contains(&other.ip));
        if !holds(&block.cidr) {
            return Fit::no(3, format!("{} is not in {}", other.ip, block.cidr));
        }
        return match block.except.iter().find(|text| holds(text)) {
            Some(hole) => Fit::no(2, format!("{} is in the exception {hole}", other.ip)),
            None => Fit::YES,
        };
    }
    let (Some(pod), Some(namespace)) = (other.pod, other.namespace) else { return Fit::no(5, other.what()) };
    match &peer.namespace_selector {
        None if namespace.name != own => {
            let selector = peer.pod_selector.as_ref();
            let misses = selector.map_or(0, |selector| explain::selector_misses(selector, &pod.labels));
            Fit::no(
                1 + misses,
                format!(
                    "a podSelector alone selects pods of namespace {own} only, not of {}",
                    namespace.name
                ),
            )
        }
        namespaces => selectors_fit(namespaces.as_ref(), peer.pod_selector.as_ref(), pod, namespace),
    }
}

fn selectors_fit(
    namespaces: Option<&LabelSelector>,
    pods: Option<&LabelSelector>,
    pod: &Pod,
    namespace: &Namespace,
) -> Fit {
    let misses = |selector: Option<&LabelSelector>, labels| {
        selector.map_or(0, |selector| explain::selector_misses(selector, labels))
    };
    let (outer, inner) = (misses(namespaces, &namespace.labels), misses(pods, &pod.labels));
    let (what, name, selector, labels) = match (outer, inner) {
        (0, 0) => return Fit::YES,
        (0, _) => ("pod ", &pod.name, pods, &*pod.labels),
        _ => ("namespace ", &namespace.name, namespaces, &namespace.labels),
    };
    let why = selector.and_then(|selector| explain::selector_miss(selector, labels)).unwrap_or_default();
    Fit::no(outer + inner, [what, name, ": ", &why].concat())
}

fn cluster_fit(seen: ClusterPeer<'_>, peer: &ClusterPolicyPeer, other: &Other<'_>) -> Fit {
    match seen {
        ClusterPeer::Pods(namespaces, pods) => match (other.pod, other.namespace) {
            (Some(pod), Some(_)) if pod.host_network => {
                Fit::no(5, "pods on the host network are never matched by selectors")
            }
            (Some(pod), Some(namespace)) => selectors_fit(Some(namespaces), pods, pod, namespace),
            _ => Fit::no(5, other.what()),
        },
        ClusterPeer::Addresses(_, false) if other.pod.is_some() => {
            Fit::no(5, "with this network plugin networks do not match pods")
        }
        ClusterPeer::Addresses(set, _) => address_fit(&set, peer, other),
        ClusterPeer::Domains => {
            Fit::no(4, format!("whether {} belongs to the domain names is not known", other.ip))
        }
        ClusterPeer::Unknown => Fit::no(5, "a peer of unknown kind matches nothing"),
    }
}

fn address_fit(set: &AddressSet, peer: &ClusterPolicyPeer, other: &Other<'_>) -> Fit {
    if set.contains(other.ip) {
        return Fit::YES;
    }
    match &peer.networks {
        Some(networks) => Fit::no(3, format!("{} is not in {}", other.ip, networks.join(", "))),
        None => Fit::no(3, format!("{} is not an address of a selected node", other.ip)),
    }
}

fn network_port(
    snapshot: &Snapshot,
    port: &NetworkPolicyPort,
    asked: &Connection,
    target: &Other<'_>,
) -> Fit {
    match port_of(snapshot, port) {
        None => Fit::no(3, "the port matches nothing"),
        Some(PortEntry::Numbers(protocol, start, end)) => {
            if protocol == asked.protocol && (start..=end).contains(&asked.port) {
                return Fit::YES;
            }
            number_fit(&PortSet::range(protocol, start, end), asked)
        }
        Some(PortEntry::Name(protocol, name)) => {
            let ports = target.pod.map(|pod| &*pod.spec);
            let mut all = ports.into_iter().flat_map(named_ports).filter(|(other, _)| *other == name);
            let block = key(protocol, 0);
            named_fit(
                name,
                all.find(|(_, key)| key & !0xffff == block).map(|(_, key)| key).as_slice(),
                asked,
                Some(protocol),
            )
        }
    }
}

fn cluster_port_parts(
    rule: &ClusterPolicyRule,
    field: &str,
    asked: &Connection,
    target: &Other<'_>,
) -> Parts {
    let fit = |entry: Option<ClusterPort<'_>>| match entry {
        None => Fit::no(3, "the port matches nothing"),
        Some(ClusterPort::Numbers(numbers)) => number_fit(&numbers, asked),
        Some(ClusterPort::Name(name)) => {
            let ports = target.pod.map(|pod| &*pod.spec);
            let keys: Vec<u32> = ports
                .into_iter()
                .flat_map(named_ports)
                .filter(|(other, _)| *other == name)
                .map(|(_, key)| key)
                .collect();
            named_fit(name, &keys, asked, None)
        }
    };
    let mut seen = Parts::default();
    for (n, entry) in rule.protocols.iter().flatten().enumerate() {
        seen.push(fit(protocol_entry(entry)), explain::item(field, "protocols", n));
    }
    for (n, entry) in rule.ports.iter().flatten().enumerate().filter(|_| rule.protocols.is_none()) {
        seen.push(fit(admin_port_entry(entry)), explain::item(field, "ports", n));
    }
    seen
}

fn number_fit(numbers: &PortSet, asked: &Connection) -> Fit {
    if numbers.contains(asked.protocol, asked.port) {
        return Fit::YES;
    }
    Fit::no(1, explain::port_miss(numbers, asked.protocol, asked.port))
}

fn named_fit(name: &str, keys: &[u32], asked: &Connection, protocol: Option<Protocol>) -> Fit {
    if keys.contains(&key(asked.protocol, asked.port)) {
        return Fit::YES;
    }
    match keys.first() {
        Some(key) => Fit::no(1, format!("port {name} of the destination is {}", key & 0xffff)),
        None => {
            let protocol = protocol.map(|protocol| format!(" {protocol}")).unwrap_or_default();
            Fit::no(2, format!("the destination has no{protocol} port called {name}"))
        }
    }
}
