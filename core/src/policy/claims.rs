//! Claims about whole sets of pods and addresses: proved for every pair and port, or refuted by one.

use super::addrs::AddressSet;
use super::doubts::Doubts;
use super::engine::Engine;
use super::selection::{Selection, families};
use super::{Connection, Direction, PortSet, Verdict};
use crate::model::{Family, Party, PodId, Protocol, Snapshot};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Claim {
    /// None of these connections may be made.
    Denied,
    /// All of these connections may be made.
    Allowed,
}

/// Whether a claim holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assertion {
    /// Whether it holds for every pair and every port: then this is a proof, not a sample.
    pub holds: bool,
    /// Whether it is neither proved nor refuted, because a connection depends on what manifests do not
    /// tell or the API leaves open; then `counterexample` is that connection, and `holds` is false.
    pub undetermined: bool,
    /// One sentence.
    pub summary: String,
    /// What was claimed.
    pub claim: Claim,
    /// Ports it was claimed of.
    pub ports: PortSet,
    /// How many pairs of pods, nodes and address ranges were judged.
    pub pairs: u32,
    /// A connection for which it does not hold, or may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterexample: Option<Box<Verdict>>,
}

/// The search for a connection that refutes a claim.
struct Search<'a> {
    engine: &'a Engine,
    snapshot: &'a Snapshot,
    claim: Claim,
    asked: &'a PortSet,
    pairs: u32,
    /// A connection that may refute the claim, but not for certain.
    unsure: Option<Connection>,
    /// Whether there can be one.
    doubtful: bool,
}

type Ends = ((Party, IpAddr), (Party, IpAddr));

fn connection((from, to): Ends, (protocol, port): (Protocol, u16)) -> Connection {
    Connection { from: from.0, to: to.0, from_ip: from.1, to_ip: to.1, protocol, port }
}

/// A port of a set, TCP first: it makes the most telling example.
fn example(set: &PortSet) -> Option<(Protocol, u16)> {
    let ranges: Vec<_> = set.ranges().collect();
    let tcp = ranges.iter().find(|(protocol, ..)| *protocol == Protocol::Tcp);
    tcp.or_else(|| ranges.first()).map(|(protocol, port, _)| (*protocol, *port))
}

impl Search<'_> {
    fn doubts(&self, (from, to): Ends) -> Doubts {
        if self.doubtful { self.engine.doubts_between(self.snapshot, from, to) } else { Doubts::default() }
    }

    /// A connection that refutes the claim, among `pairs` pairs that are alike.
    fn refutes(&mut self, ends: Ends, open: &PortSet, doubts: &Doubts, pairs: u32) -> Option<Connection> {
        self.pairs = self.pairs.saturating_add(pairs);
        let doubts = doubts.undetermined.union(&doubts.implementation_defined).intersect(self.asked);
        let wrong = match self.claim {
            Claim::Denied => open.intersect(self.asked),
            Claim::Allowed => self.asked.subtract(open),
        };
        if self.unsure.is_none() {
            self.unsure = example(&doubts).map(|port| connection(ends, port));
        }
        example(&wrong.subtract(&doubts)).map(|port| connection(ends, port))
    }

    fn one(&mut self, from: (Party, IpAddr), to: (Party, IpAddr)) -> Option<Connection> {
        let open = self.engine.ports_between(self.snapshot, from, to);
        let doubts = self.doubts((from, to));
        self.refutes((from, to), &open, &doubts, 1)
    }

    fn run(&mut self, from: &Selection, to: &Selection) -> Option<Connection> {
        self.pods(&from.pods, &to.pods)
            .or_else(|| self.border(Direction::Ingress, &to.pods, &from.addresses))
            .or_else(|| self.border(Direction::Egress, &from.pods, &to.addresses))
            .or_else(|| self.nodes(from, to))
    }

    fn pods(&mut self, from: &[PodId], to: &[PodId]) -> Option<Connection> {
        let mut matrix = self.engine.matrix(self.snapshot);
        let (sources, targets) = (self.by_class(from), self.by_class(to));
        for (source, senders) in &sources {
            for (target, receivers) in &targets {
                for family in [Family::IPv4, Family::IPv6] {
                    if !matrix.has_family(*source, family) || !matrix.has_family(*target, family) {
                        continue;
                    }
                    if matrix.selectable(*source) != matrix.selectable(*target) {
                        // The node counts: every pair for itself.
                        for (a, b) in pairs(senders, receivers) {
                            let ends = families(self.snapshot, Party::Pod(a), Party::Pod(b));
                            let found = ends.into_iter().find(|(other, ..)| *other == family);
                            let found =
                                found.and_then(|(_, x, y)| self.one((Party::Pod(a), x), (Party::Pod(b), y)));
                            if found.is_some() {
                                return found;
                            }
                        }
                        continue;
                    }
                    let Some((a, b)) = pairs(senders, receivers).next() else { continue };
                    let number = matrix.between(*source, *target, family);
                    let count = (senders.len() as u32).saturating_mul(receivers.len() as u32);
                    let count =
                        if source == target { count.saturating_sub(senders.len() as u32) } else { count };
                    let ends = families(self.snapshot, Party::Pod(a), Party::Pod(b));
                    let (_, from_ip, to_ip) = ends.into_iter().find(|(other, ..)| *other == family)?;
                    let ends = ((Party::Pod(a), from_ip), (Party::Pod(b), to_ip));
                    let doubts = self.doubts(ends);
                    let found = self.refutes(ends, matrix.ports(number), &doubts, count);
                    if found.is_some() {
                        return found;
                    }
                }
            }
        }
        None
    }

    fn by_class(&self, pods: &[PodId]) -> BTreeMap<u32, Vec<PodId>> {
        let mut out: BTreeMap<u32, Vec<PodId>> = BTreeMap::new();
        for pod in pods {
            if let Some(class) = self.engine.classes.of(*pod) {
                out.entry(class).or_default().push(*pod);
            }
        }
        out
    }

    fn border(&mut self, direction: Direction, pods: &[PodId], addresses: &AddressSet) -> Option<Connection> {
        if addresses.is_none() {
            return None;
        }
        for (_, members) in self.by_class(pods) {
            let pod = *members.first()?;
            for part in self.engine.outside_parts(self.snapshot, pod, direction, addresses) {
                let (ip, _) = part.addresses.ranges().next()?;
                let own =
                    self.snapshot.pod(pod)?.ips.iter().find(|own| own.is_ipv4() == ip.is_ipv4()).copied()?;
                let (inside, beyond) = ((Party::Pod(pod), own), (Party::Outside(ip), ip));
                let ends = if direction == Direction::Ingress { (beyond, inside) } else { (inside, beyond) };
                let found = self.refutes(ends, &part.ports, &part.doubts, members.len() as u32);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    fn nodes(&mut self, from: &Selection, to: &Selection) -> Option<Connection> {
        let node_to_pod = from
            .nodes
            .iter()
            .flat_map(|node| to.pods.iter().map(move |pod| (Party::Node(*node), Party::Pod(*pod))));
        let pod_to_node = from
            .pods
            .iter()
            .flat_map(|pod| to.nodes.iter().map(move |node| (Party::Pod(*pod), Party::Node(*node))));
        for (a, b) in node_to_pod.chain(pod_to_node) {
            for (_, from_ip, to_ip) in families(self.snapshot, a, b) {
                let found = self.one((a, from_ip), (b, to_ip));
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }
}

fn pairs<'a>(from: &'a [PodId], to: &'a [PodId]) -> impl Iterator<Item = (PodId, PodId)> + 'a {
    from.iter().flat_map(|a| to.iter().map(|b| (*a, *b))).filter(|(a, b)| a != b)
}

impl Engine {
    /// Tries to refute a claim about every connection from one selection to another on some ports.
    /// `None` when there is no pair to judge.
    pub(super) fn assert(
        &self,
        snapshot: &Snapshot,
        claim: Claim,
        from: &Selection,
        to: &Selection,
        ports: &PortSet,
    ) -> Option<Assertion> {
        let mut search = Search {
            engine: self,
            snapshot,
            claim,
            asked: ports,
            pairs: 0,
            unsure: None,
            doubtful: self.has_doubts(),
        };
        let found = search.run(from, to);
        if search.pairs == 0 {
            return None;
        }
        let undetermined = found.is_none() && search.unsure.is_some();
        let connection = found.or(search.unsure);
        let counterexample = connection.map(|connection| Box::new(self.verdict(snapshot, &connection)));
        let summary = super::explain::assertion(
            claim == Claim::Denied,
            ports,
            search.pairs,
            counterexample.as_ref().map(|verdict| verdict.summary.as_str()),
            undetermined,
        );
        let ports = ports.clone();
        Some(Assertion {
            holds: counterexample.is_none(),
            undetermined,
            summary,
            claim,
            ports,
            pairs: search.pairs,
            counterexample,
        })
    }
}
