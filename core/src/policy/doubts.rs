//! What manifests or the API leave open: which addresses a domain name stands for, and which of several
//! policies of equal priority is asked first. Every way of reading the policies is taken together.

use super::engine::{Asked, Engine, Rule};
use super::evaluate::{Ask, End, Ruling, own_node};
use super::{Action, Decision, Direction, Outcome, PortSet, Reason};
use crate::model::{Party, Snapshot};
use std::net::IpAddr;

/// The ports of which it cannot be said for certain whether they are open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doubts {
    /// It depends on what a domain name stands for.
    pub undetermined: PortSet,
    /// The API leaves it to the implementation: policies of equal priority disagree.
    pub implementation_defined: PortSet,
}

impl Doubts {
    /// Whether everything is certain.
    pub fn is_none(&self) -> bool {
        self.undetermined.is_none() && self.implementation_defined.is_none()
    }
}

/// What may become of one connection in one tier, over all readings.
#[derive(Clone, Copy, Default)]
struct Fates {
    allowed: bool,
    denied: bool,
    /// No rule decided, or a Pass did.
    next: bool,
}

/// The same for every port.
#[derive(Default)]
struct Sets {
    allowed: PortSet,
    denied: PortSet,
    next: PortSet,
}

impl Engine {
    /// Whether any question may be left open: a rule speaks of domain names, or two policies of one tier
    /// have one priority.
    pub(super) fn has_doubts(&self) -> bool {
        let rank = |number: &u32| self.policy(*number).map(|policy| (policy.tier, policy.priority));
        let equal = self.cluster_order.windows(2).any(|pair| match pair {
            [a, b] => rank(a) == rank(b),
            _ => false,
        });
        let of_names = |number: &u32| {
            let of = |direction| self.rules_of(*number, direction).1;
            of(Direction::Ingress).iter().chain(of(Direction::Egress)).any(|rule| rule.domains)
        };
        equal || self.cluster_order.iter().any(of_names)
    }

    /// The ports between two ends of which it cannot be said for certain whether they are open. What is
    /// denied by one end for certain is in no doubt.
    pub fn doubts_between(&self, snapshot: &Snapshot, from: (Party, IpAddr), to: (Party, IpAddr)) -> Doubts {
        let dead = |party: Party| matches!(party, Party::Pod(id) if !snapshot.pod(id).is_some_and(|pod| pod.is_alive()));
        let itself = from.0 == to.0 && matches!(from.0, Party::Pod(_));
        let enforced = snapshot.settings.cni.enforces_network_policy;
        if !enforced || !self.has_doubts() || dead(from.0) || dead(to.0) || itself {
            return Doubts::default();
        }
        let (source, target) = (self.end(from.0, from.1), self.end(to.0, to.1));
        let egress = self.side_doubts(snapshot, Direction::Egress, &source, &target);
        let ingress = self.side_doubts(snapshot, Direction::Ingress, &target, &source);
        let denied = egress.denied.union(&ingress.denied);
        let undetermined = egress.undetermined.union(&ingress.undetermined).subtract(&denied);
        let open = egress.open.union(&ingress.open).subtract(&denied).subtract(&undetermined);
        Doubts { undetermined, implementation_defined: open }
    }

    fn side_doubts(
        &self,
        snapshot: &Snapshot,
        direction: Direction,
        subject: &End<'_>,
        peer: &End<'_>,
    ) -> SideDoubts {
        let Some((class, ..)) = subject.class else { return SideDoubts::default() };
        let asked = self.asked(class, direction);
        let side = SideOf { engine: self, snapshot, direction, subject, peer };
        let without = side.fates(asked, false);
        let with = side.fates(asked, true);
        let (allowed, denied) = (with.allowed.union(&without.allowed), with.denied.union(&without.denied));
        let open = without.allowed.intersect(&without.denied);
        SideDoubts {
            undetermined: allowed.intersect(&denied).subtract(&open),
            denied: denied.subtract(&allowed),
            open,
        }
    }

    /// The ruling on a connection of which the first rule that matches is not the whole answer. `usual` is
    /// what the order by name says when no address belongs to a domain name.
    pub(super) fn in_doubt(
        &self,
        snapshot: &Snapshot,
        asked: Asked<'_>,
        subject: &End<'_>,
        ask: &Ask<'_>,
        usual: Ruling,
    ) -> Ruling {
        let fates = |domains: bool| {
            let mut fates = ask.fates(asked.admin, domains);
            if !fates.next {
                return fates;
            }
            let lower = if !asked.network.is_empty() {
                let open = own_node(snapshot, subject, ask.peer) || ask.any_match(asked.network).is_some();
                Fates { allowed: open, denied: !open, next: false }
            } else {
                ask.fates(asked.baseline, domains)
            };
            fates.allowed |= lower.allowed || lower.next;
            fates.denied |= lower.denied;
            fates
        };
        let (without, with) = (fates(false), fates(true));
        let decision = match (without.allowed && without.denied, usual.decision) {
            (true, usual) => {
                Decision::ImplementationDefined { usually: usual.outcome(), why: Reason::EqualPriority }
            }
            (false, decision) => {
                let other = if decision.outcome() == Outcome::Allowed { with.denied } else { with.allowed };
                if !other {
                    return usual;
                }
                return Ruling {
                    decision: Decision::Undetermined { missing: Reason::DomainName },
                    reason: Reason::DomainName,
                    by: usual.by,
                };
            }
        };
        Ruling { decision, ..usual }
    }
}

#[derive(Default)]
struct SideDoubts {
    /// For certain.
    denied: PortSet,
    undetermined: PortSet,
    open: PortSet,
}

impl Ask<'_> {
    /// What an ordered tier may do with the connection. `domains`: addresses outside belong to every name.
    fn fates(&self, policies: &[u32], domains: bool) -> Fates {
        let mut fates = Fates::default();
        let mut decided: Option<i32> = None;
        for policy in policies {
            let priority = self.engine.policy(*policy).map_or(0, |policy| policy.priority);
            if decided.is_some_and(|found| found != priority) {
                return fates;
            }
            let named = |rule: &Rule| domains && rule.domains && self.peer.outside;
            let first =
                self.rules(*policy).iter().find(|rule| self.port(rule) && (self.peer(rule) || named(rule)));
            if let Some(rule) = first {
                decided = Some(priority);
                match rule.action {
                    Action::Allow => fates.allowed = true,
                    Action::Deny => fates.denied = true,
                    Action::Pass => fates.next = true,
                }
            }
        }
        fates.next |= decided.is_none();
        fates
    }
}

/// One end and its peer, for all ports.
struct SideOf<'a> {
    engine: &'a Engine,
    snapshot: &'a Snapshot,
    direction: Direction,
    subject: &'a End<'a>,
    peer: &'a End<'a>,
}

impl SideOf<'_> {
    fn fates(&self, asked: Asked<'_>, domains: bool) -> Sets {
        let mut sets = self.tier(asked.admin, domains, PortSet::all());
        let rest = std::mem::take(&mut sets.next);
        if asked.network.is_empty() {
            let lower = self.tier(asked.baseline, domains, rest);
            sets.allowed = sets.allowed.union(&lower.allowed).union(&lower.next);
            sets.denied = sets.denied.union(&lower.denied);
        } else if own_node(self.snapshot, self.subject, self.peer) {
            sets.allowed = sets.allowed.union(&rest);
        } else {
            let rules = asked.network.iter().flat_map(|policy| self.matching(*policy, false));
            let admitted = rules.fold(PortSet::none(), |all, (_, ports)| all.union(&ports));
            sets.allowed = sets.allowed.union(&rest.intersect(&admitted));
            sets.denied = sets.denied.union(&rest.subtract(&admitted));
        }
        sets
    }

    fn tier(&self, policies: &[u32], domains: bool, mut open: PortSet) -> Sets {
        let mut sets = Sets::default();
        let priority = |number: &u32| self.engine.policy(*number).map_or(0, |policy| policy.priority);
        for group in policies.chunk_by(|a, b| priority(a) == priority(b)) {
            let mut decided = PortSet::none();
            for policy in group {
                let mut rest = open.clone();
                for (action, ports) in self.matching(*policy, domains) {
                    let taken = ports.intersect(&rest);
                    rest = rest.subtract(&taken);
                    let own = match action {
                        Action::Allow => &mut sets.allowed,
                        Action::Deny => &mut sets.denied,
                        Action::Pass => &mut sets.next,
                    };
                    *own = own.union(&taken);
                    decided = decided.union(&taken);
                }
            }
            open = open.subtract(&decided);
        }
        sets.next = sets.next.union(&open);
        sets
    }

    /// The rules of a policy that speak of the peer, with their ports.
    fn matching(&self, policy: u32, domains: bool) -> impl Iterator<Item = (Action, PortSet)> {
        let target = if self.direction == Direction::Ingress { self.subject } else { self.peer };
        let named = target.class.map_or(&[][..], |(_, _, group)| self.engine.classes.named(group.named));
        let rules = self.engine.rules_of(policy, self.direction).1.iter();
        rules
            .filter(move |rule| {
                self.engine.speaks_of(rule, self.peer) || (domains && rule.domains && self.peer.outside)
            })
            .map(move |rule| (rule.action, self.engine.words.ports_of(&rule.ports, named)))
    }
}
