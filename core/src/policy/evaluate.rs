//! One connection, judged: no allocation, no strings.

use super::classes::{Group, NOTHING, State};
use super::compile::{NO_NAMES, Ports, Vocabulary};
use super::engine::{Asked, Engine, Rule};
use super::ports::key;
use super::{Action, Connection, Decision, Direction, Outcome, PortSet, Reason};
use crate::addressing::interface_addresses;
use crate::model::{Family, HostNetworkPolicy, NodeId, Party, PodId, Snapshot};
use std::net::IpAddr;

/// One end of a connection, as policies see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct End<'a> {
    /// Its class, the number of its group and the group, when it is a pod that selectors can reach.
    pub class: Option<(u32, u32, &'a Group)>,
    /// The atom of its address.
    pub atom: u32,
    /// The node it runs on or is.
    pub node: Option<NodeId>,
    pub ip: IpAddr,
    /// An address outside the cluster.
    pub outside: bool,
    /// A pod that counts as its node.
    pub as_node: bool,
}

/// What one end says, and because of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ruling {
    pub decision: Decision,
    pub reason: Reason,
    /// Policy and rule, by number, when one rule decided.
    pub by: Option<(u32, u32)>,
}

impl Ruling {
    pub(super) fn new(decision: Decision, reason: Reason) -> Self {
        Self { decision, reason, by: None }
    }

    pub(super) fn allowed(reason: Reason) -> Self {
        Self::new(Decision::Allowed, reason)
    }
}

/// Both ends' rulings and the joint decision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judgement {
    pub decision: Decision,
    pub egress: Ruling,
    pub ingress: Ruling,
}

impl Engine {
    /// Whether a connection may be made, without saying why. Does not allocate.
    ///
    /// ```
    /// use kubehop::model::{Party, PodId, Protocol};
    /// use kubehop::policy::{Connection, Decision};
    /// use kubehop::{Cluster, Settings, Source};
    /// let cluster = Cluster::load([Source::new("empty.yaml", "")], &Settings::default());
    /// let engine = kubehop::policy::Engine::new(cluster.snapshot());
    /// let (from_ip, to_ip) = ("203.0.113.7".parse().unwrap(), "203.0.113.8".parse().unwrap());
    /// let connection = Connection {
    ///     from: Party::Outside(from_ip), to: Party::Outside(to_ip),
    ///     from_ip, to_ip, protocol: Protocol::Tcp, port: 443,
    /// };
    /// assert_eq!(engine.allows(cluster.snapshot(), &connection), Decision::Allowed);
    /// ```
    pub fn allows(&self, snapshot: &Snapshot, connection: &Connection) -> Decision {
        self.judge(snapshot, connection).decision
    }

    pub(super) fn judge(&self, snapshot: &Snapshot, connection: &Connection) -> Judgement {
        let same = |ruling: Ruling| Judgement { decision: ruling.decision, egress: ruling, ingress: ruling };
        let Connection { from, to, from_ip, to_ip, protocol, port } = *connection;
        for party in [from, to] {
            if let Some(missing) = self.missing(party) {
                return same(Ruling::new(Decision::Undetermined { missing }, missing));
            }
        }
        if !snapshot.settings.cni.enforces_network_policy {
            return same(Ruling::allowed(Reason::NotEnforced));
        }
        let rewritten = self.is_rewritten(snapshot, from, from_ip);
        // k8s: network-policies.md "A Pod cannot block access to itself"
        if from == to && matches!(from, Party::Pod(_)) && !rewritten {
            return same(Ruling::allowed(Reason::SamePod));
        }
        let key = key(protocol, port);
        let own_ip = self.own_ip(snapshot, from, from_ip, rewritten);
        let source = self.end(from, own_ip);
        let target = self.end(to, to_ip);
        let egress = self.side(snapshot, Direction::Egress, &source, &target, key);
        let ingress = self.side(snapshot, Direction::Ingress, &target, &source, key);
        let plain = Judgement { decision: join(egress.decision, ingress.decision), egress, ingress };
        if !rewritten {
            return plain;
        }
        // The API leaves open whether policies see the address before or after it was rewritten.
        let seen = self.seen_as(snapshot, from_ip);
        let ingress = self.side(snapshot, Direction::Ingress, &target, &seen, key);
        let usual = join(egress.decision, ingress.decision);
        let hairpin = from == to;
        let agree = usual == plain.decision && (!hairpin || usual == Decision::Allowed);
        let by_admin = |ruling: &Ruling| ruling.reason == Reason::RuleDenies;
        if agree || by_admin(&plain.egress) || (hairpin && by_admin(&plain.ingress)) {
            return if agree { Judgement { decision: usual, egress, ingress } } else { plain };
        }
        let why = if hairpin { Reason::SelfThroughService } else { Reason::RewrittenSource };
        let decision = match usual {
            Decision::Undetermined { .. } => usual,
            _ => Decision::ImplementationDefined { usually: usual.outcome(), why },
        };
        Judgement { decision, egress, ingress }
    }

    /// Whether the source address that arrives is not the opener's own.
    fn is_rewritten(&self, snapshot: &Snapshot, from: Party, ip: IpAddr) -> bool {
        match from {
            Party::Pod(id) => {
                !self.classes.seats.get(id.index()).is_some_and(|seat| seat.surely_has(ip))
                    && snapshot.pod(id).is_some_and(|pod| !pod.ips.contains(&ip) && !pod.host_network)
            }
            Party::Node(_) => false,
            Party::Outside(own) => own != ip,
        }
    }

    /// The opener's own address, in the family that arrives where it has one.
    fn own_ip(&self, snapshot: &Snapshot, from: Party, ip: IpAddr, rewritten: bool) -> IpAddr {
        if !rewritten {
            return ip;
        }
        match from {
            Party::Outside(own) => own,
            Party::Node(_) => ip,
            Party::Pod(pod) => snapshot
                .pod(pod)
                .and_then(|pod| pod.ips.iter().find(|own| own.is_ipv4() == ip.is_ipv4()))
                .copied()
                .unwrap_or(ip),
        }
    }

    /// An address of which only the address is known.
    fn seen_as(&self, snapshot: &Snapshot, ip: IpAddr) -> End<'_> {
        let node = (0..)
            .map(NodeId)
            .take(snapshot.nodes.len())
            .find(|id| interface_addresses(snapshot, *id).contains(&ip));
        End { class: None, atom: self.atoms.of(ip), node, ip, outside: node.is_none(), as_node: false }
    }

    pub(super) fn end(&self, party: Party, ip: IpAddr) -> End<'_> {
        let node = match party {
            Party::Pod(pod) => return self.pod_end(pod, ip),
            Party::Node(node) => Some(node),
            Party::Outside(_) => None,
        };
        End { class: None, atom: self.atoms.of(ip), node, ip, outside: node.is_none(), as_node: false }
    }

    fn pod_end(&self, pod: PodId, ip: IpAddr) -> End<'_> {
        let seat = self.classes.seats.get(pod.index());
        let node = seat.and_then(|seat| seat.node());
        let class = seat.and_then(|seat| {
            let number = self.classes.list.get(seat.class as usize)?.group;
            Some((seat.class, number, self.classes.groups.get(number as usize)?))
        });
        match class.filter(|(_, _, group)| group.selectable) {
            Some((class, number, group)) => {
                let atom = group.atom(Family::of(ip));
                End { class: Some((class, number, group)), atom, node, ip, outside: false, as_node: false }
            }
            None => End { class: None, atom: self.atoms.of(ip), node, ip, outside: false, as_node: true },
        }
    }

    /// What a pod lacks to take part in a connection.
    fn missing(&self, party: Party) -> Option<Reason> {
        let Party::Pod(pod) = party else { return None };
        match self.classes.seats.get(pod.index())?.state {
            State::Ready => None,
            State::NoAddress => Some(Reason::NoAddress),
            State::Ended => Some(Reason::Ended),
        }
    }

    /// What the policies of one end say about a peer.
    pub(super) fn side(
        &self,
        snapshot: &Snapshot,
        direction: Direction,
        subject: &End<'_>,
        peer: &End<'_>,
        key: u32,
    ) -> Ruling {
        let Some((class, ..)) = subject.class else {
            let reason = if subject.as_node { Reason::HostNetwork } else { Reason::NotAPod };
            return Ruling::allowed(reason);
        };
        // Named ports are the destination's, whoever is asked.
        let target = if direction == Direction::Ingress { subject } else { peer };
        let target = target.class.map(|(_, _, group)| group);
        let ask = Ask { engine: self, direction, peer, target, key };
        self.tiers(snapshot, self.asked(class, direction), subject, &ask)
    }

    fn tiers(&self, snapshot: &Snapshot, asked: Asked<'_>, subject: &End<'_>, ask: &Ask<'_>) -> Ruling {
        let mut doubt = false;
        // network-policy-api: v1alpha2 ClusterNetworkPolicy, tiers and priorities
        let ruling = if let Some(ruling) = ask.first_match(asked.admin, &mut doubt) {
            ruling
        } else if !asked.network.is_empty() {
            // k8s: network-policies.md "traffic to and from the node where a Pod is running is always allowed"
            if own_node(snapshot, subject, ask.peer) {
                Ruling::allowed(Reason::OwnNode)
            } else {
                match ask.any_match(asked.network) {
                    Some(by) => Ruling { by: Some(by), ..Ruling::allowed(Reason::RuleAllows) },
                    None => Ruling::new(Decision::Denied, Reason::NoRuleAdmits),
                }
            }
        } else {
            let ruling = ask.first_match(asked.baseline, &mut doubt);
            ruling.unwrap_or_else(|| Ruling::allowed(Reason::NotIsolated))
        };
        if doubt { self.in_doubt(snapshot, asked, subject, ask, ruling) } else { ruling }
    }
}

/// One question to a list of policies.
pub(super) struct Ask<'a> {
    pub engine: &'a Engine,
    direction: Direction,
    pub peer: &'a End<'a>,
    target: Option<&'a Group>,
    key: u32,
}

impl Ask<'_> {
    pub(super) fn rules(&self, policy: u32) -> &[Rule] {
        self.engine.rules_of(policy, self.direction).1
    }

    pub(super) fn any_match(&self, policies: &[u32]) -> Option<(u32, u32)> {
        policies.iter().find_map(|policy| {
            let rule = (0..).zip(self.rules(*policy)).find(|(_, rule)| self.peer(rule) && self.port(rule))?;
            Some((*policy, rule.0))
        })
    }

    /// What the first rule that matches in an ordered tier says, unless it passes the connection on.
    /// Notes whether another policy of the same priority may have another opinion, or a rule before it
    /// speaks of domain names.
    fn first_match(&self, policies: &[u32], doubt: &mut bool) -> Option<Ruling> {
        let mut first: Option<(Action, (u32, u32), i32)> = None;
        for policy in policies {
            let priority = self.engine.policy(*policy).map_or(0, |policy| policy.priority);
            if first.is_some_and(|(.., found)| found != priority) {
                break;
            }
            for (number, rule) in (0..).zip(self.rules(*policy)) {
                if !self.port(rule) {
                    continue;
                }
                if self.peer(rule) {
                    match first {
                        Some((action, ..)) => *doubt |= action != rule.action,
                        None => first = Some((rule.action, (*policy, number), priority)),
                    }
                    break;
                }
                *doubt |= rule.domains && self.peer.outside;
            }
        }
        let (action, by, _) = first?;
        let (decision, reason) = match action {
            Action::Allow => (Decision::Allowed, Reason::RuleAllows),
            Action::Deny => (Decision::Denied, Reason::RuleDenies),
            Action::Pass => return None,
        };
        Some(Ruling { decision, reason, by: Some(by) })
    }

    pub(super) fn peer(&self, rule: &Rule) -> bool {
        self.engine.speaks_of(rule, self.peer)
    }

    pub(super) fn port(&self, rule: &Rule) -> bool {
        let ports = &rule.ports;
        ports.any
            || self.engine.words.ports.get(ports.numbers).contains_key(self.key)
            || (ports.names != NO_NAMES
                && self.target.is_some_and(|target| {
                    let named = self.engine.classes.named(target.named);
                    self.engine.words.keys_of(ports.names, named).any(|key| key == self.key)
                }))
    }
}

impl Engine {
    /// Whether one of the peers of a rule is this one.
    pub(super) fn speaks_of(&self, rule: &Rule, peer: &End<'_>) -> bool {
        let (class, group, atoms) = match peer.class {
            Some((class, group, _)) => (class, group, rule.pod_atoms),
            None => (NOTHING, NOTHING, rule.atoms),
        };
        rule.everyone
            || self.set(rule.groups).contains(group)
            || self.set(rule.own).contains(class)
            || self.set(atoms).contains(peer.atom)
    }
}

impl Vocabulary {
    /// The numbers that a list of port names has on pods with these (name, number) pairs.
    ///
    /// k8s: the port is found by name and protocol; policy-api: by name alone
    pub(super) fn keys_of(&self, names: u32, named: &[(u32, u32)]) -> impl Iterator<Item = u32> {
        let names = self.named.get(names).map_or(&[][..], Vec::as_slice);
        names.iter().flat_map(move |(protocol, name)| {
            let block = protocol.map(|protocol| key(protocol, 0));
            let with_name = named.iter().filter(move |(other, _)| other == name).map(|(_, key)| *key);
            let fitting = with_name.filter(move |key| block.is_none_or(|block| key & !0xffff == block));
            fitting.take(if block.is_some() { 1 } else { usize::MAX })
        })
    }

    /// The ports of a rule on pods with these (name, number) pairs.
    pub(super) fn ports_of(&self, ports: &Ports, named: &[(u32, u32)]) -> PortSet {
        let numbers = self.ports.get(ports.numbers).clone();
        self.keys_of(ports.names, named).fold(numbers, |set, key| set.union(&PortSet::of_key(key)))
    }
}

/// Whether the peer is the node the subject runs on, by name or by address.
pub(super) fn own_node(snapshot: &Snapshot, subject: &End<'_>, peer: &End<'_>) -> bool {
    let Some(node) = subject.node.filter(|_| peer.class.is_none()) else { return false };
    peer.node == Some(node) || snapshot.node(node).is_some_and(|node| node.ips.contains(&peer.ip))
}

/// The decision of both ends together: a denial is certain whatever the other end says.
fn join(egress: Decision, ingress: Decision) -> Decision {
    let rank = |decision: &Decision| match decision {
        Decision::Allowed => 0,
        Decision::ImplementationDefined { usually: Outcome::Allowed, .. } => 1,
        Decision::ImplementationDefined { usually: Outcome::Denied, .. } => 2,
        Decision::Undetermined { .. } => 3,
        Decision::Denied => 4,
    };
    if rank(&ingress) > rank(&egress) { ingress } else { egress }
}

/// Whether hostNetwork pods count as their node.
pub(super) fn as_node(snapshot: &Snapshot) -> bool {
    snapshot.settings.policy.host_network == HostNetworkPolicy::AsNode
}
