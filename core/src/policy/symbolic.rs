//! One pair, all ports: the same rules as for one connection, carried out on port sets.

use super::addrs::AddressSet;
use super::bits::Bits;
use super::doubts::Doubts;
use super::engine::{Engine, Rule};
use super::evaluate::{End, own_node};
use super::intern::Interner;
use super::{Action, Direction, PortSet};
use crate::model::{Family, Party, PodId, Snapshot};
use crate::order::SliceOrder;
use std::net::IpAddr;

impl Engine {
    /// Exactly the ports on which `from` may open connections to `to`, each end with one of its own
    /// addresses. Empty when an end has no network. What the API leaves open counts as what usually happens.
    pub fn ports_between(&self, snapshot: &Snapshot, from: (Party, IpAddr), to: (Party, IpAddr)) -> PortSet {
        let dead = |party: Party| matches!(party, Party::Pod(id) if !snapshot.pod(id).is_some_and(|pod| pod.is_alive()));
        if dead(from.0) || dead(to.0) {
            return PortSet::none();
        }
        let itself = from.0 == to.0 && matches!(from.0, Party::Pod(_));
        if itself || !snapshot.settings.cni.enforces_network_policy {
            return PortSet::all();
        }
        let (source, target) = (self.end(from.0, from.1), self.end(to.0, to.1));
        let egress = self.side_ports(snapshot, Direction::Egress, &source, &target);
        if egress.is_none() {
            return egress;
        }
        egress.intersect(&self.side_ports(snapshot, Direction::Ingress, &target, &source))
    }

    /// The ports that the policies of one end leave open to a peer.
    pub(super) fn side_ports(
        &self,
        snapshot: &Snapshot,
        direction: Direction,
        subject: &End<'_>,
        peer: &End<'_>,
    ) -> PortSet {
        let Some((class, ..)) = subject.class else { return PortSet::all() };
        let asked = self.asked(class, direction);
        let target = if direction == Direction::Ingress { subject } else { peer };
        let named = target.class.map_or(&[][..], |(_, _, group)| self.classes.named(group.named));
        let matching = |policies: &[u32]| {
            let mut list: Vec<(&Rule, PortSet)> = Vec::new();
            for policy in policies {
                let (_, rules) = self.rules_of(*policy, direction);
                let speaking = rules.iter().filter(|rule| self.speaks_of(rule, peer));
                list.extend(speaking.map(|rule| (rule, self.words.ports_of(&rule.ports, named))));
            }
            list
        };
        let (mut allowed, mut open, mut passed) = (PortSet::none(), PortSet::all(), PortSet::none());
        for (rule, ports) in matching(asked.admin) {
            let taken = ports.intersect(&open);
            open = open.subtract(&taken);
            match rule.action {
                Action::Allow => allowed = allowed.union(&taken),
                Action::Pass => passed = passed.union(&taken),
                Action::Deny => {}
            }
        }
        open = open.union(&passed);
        if !asked.network.is_empty() {
            if own_node(snapshot, subject, peer) {
                return allowed.union(&open);
            }
            let admitted = matching(asked.network)
                .into_iter()
                .fold(PortSet::none(), |all, (_, ports)| all.union(&ports));
            return allowed.union(&admitted.intersect(&open));
        }
        for (rule, ports) in matching(asked.baseline) {
            let taken = ports.intersect(&open);
            open = open.subtract(&taken);
            if rule.action != Action::Deny {
                allowed = allowed.union(&taken);
            }
        }
        allowed.union(&open)
    }

    /// The ports open between a pod and every address of a set, as a partition of the set: addresses with
    /// equal ports together, in order of their first address. The addresses are taken as outside the
    /// cluster, except that those of the pod's own node count as its node.
    pub fn ports_outside(
        &self,
        snapshot: &Snapshot,
        pod: PodId,
        direction: Direction,
        addresses: &AddressSet,
    ) -> Vec<(AddressSet, PortSet)> {
        let mut out: Vec<(AddressSet, PortSet)> = Vec::new();
        for OutsidePart { addresses, ports, .. } in self.outside_parts(snapshot, pod, direction, addresses) {
            match out.iter_mut().find(|(_, other)| *other == ports) {
                Some((set, _)) => *set = set.union(&addresses),
                None => out.push((addresses, ports)),
            }
        }
        out.order();
        out
    }

    /// The same with what is in doubt.
    pub(super) fn outside_parts(
        &self,
        snapshot: &Snapshot,
        pod: PodId,
        direction: Direction,
        addresses: &AddressSet,
    ) -> Vec<OutsidePart> {
        let mut out: Vec<OutsidePart> = Vec::new();
        let Some(own) = snapshot.pod(pod).filter(|pod| pod.is_alive()) else { return out };
        let families = own
            .ips
            .iter()
            .fold(AddressSet::none(), |all, ip| all.union(&AddressSet::family(Family::of(*ip))));
        let addresses = addresses.intersect(&families);
        let node = own.node.and_then(|node| snapshot.node(node));
        let node = node.iter().flat_map(|node| &node.ips);
        let node = node.fold(AddressSet::none(), |all, ip| all.union(&AddressSet::range(*ip, *ip)));
        let doubtful = self.has_doubts();
        let mut pieces = vec![addresses.intersect(&node)];
        let rest = addresses.subtract(&node);
        pieces.extend(self.alike(pod, direction).iter().map(|part| part.intersect(&rest)));
        for piece in pieces {
            let Some((first, _)) = piece.ranges().next() else { continue };
            let Some(own_ip) = own.ips.iter().find(|ip| ip.is_ipv4() == first.is_ipv4()) else { continue };
            let (here, there) = ((Party::Pod(pod), *own_ip), (Party::Outside(first), first));
            let (from, to) = if direction == Direction::Ingress { (there, here) } else { (here, there) };
            let ports = self.ports_between(snapshot, from, to);
            let doubts = if doubtful { self.doubts_between(snapshot, from, to) } else { Doubts::default() };
            match out.iter_mut().find(|part| part.ports == ports && part.doubts == doubts) {
                Some(part) => part.addresses = part.addresses.union(&piece),
                None => out.push(OutsidePart { addresses: piece, ports, doubts }),
            }
        }
        out.order_by(|a, b| (&a.addresses, &a.ports).cmp(&(&b.addresses, &b.ports)));
        out
    }

    /// All addresses, those together that no rule for the pod tells apart; each part of one family.
    fn alike(&self, pod: PodId, direction: Direction) -> Vec<AddressSet> {
        let asked = self.classes.of(pod).map(|class| self.asked(class, direction)).unwrap_or_default();
        let rules = asked.all().flat_map(|policy| self.rules_of(policy, direction).1);
        let blocks: Vec<&Bits> =
            rules.map(|rule| self.set(rule.atoms)).filter(|atoms| !atoms.is_empty()).collect();
        let mut signatures: Interner<Vec<u32>> = Interner::default();
        let mut parts: Vec<Vec<&AddressSet>> = Vec::new();
        let mut signature = Vec::new();
        for (atom, set) in (0..).zip(self.atoms.sets()) {
            signature.clear();
            signature.push(u32::from(set.v4.is_empty()));
            let holding = (1..).zip(&blocks).filter(|(_, block)| block.contains(atom));
            signature.extend(holding.map(|(number, _)| number));
            let number = signatures.intern(signature.as_slice()) as usize;
            if number == parts.len() {
                parts.push(Vec::new());
            }
            parts.get_mut(number).into_iter().for_each(|part| part.push(set));
        }
        parts.into_iter().map(|part| AddressSet::any_of(part.into_iter())).collect()
    }
}

/// Addresses outside to which the same ports are open.
pub(super) struct OutsidePart {
    pub addresses: AddressSet,
    /// Open as far as it can be told.
    pub ports: PortSet,
    pub doubts: Doubts,
}
