//! All pairs: rows per class and direction, put together on demand.

use super::Direction;
use super::bits::Bits;
use super::classes::NOTHING;
use super::engine::Engine;
use super::ports::{ALL, NONE, PortSet};
use super::rows::{Rows, family_index};
use crate::model::{Family, PodId, Snapshot};

/// Who may talk to whom, on which ports: every pair of pods, without ever writing down a pair.
///
/// Pods that no policy can tell apart are one class; the matrix holds one row per class and direction.
#[derive(Clone, Debug)]
pub struct Matrix<'a> {
    engine: &'a Engine,
    rows: Rows,
    enforced: bool,
    /// Per family: ingress rows turned around.
    turned: [Option<Turned>; 2],
}

/// Ingress by source: which destinations let a source in, and on which ports.
#[derive(Clone, Debug)]
struct Turned {
    /// Classes of every ingress row.
    holders: Vec<Bits>,
    /// Destinations by the port set of their row's rest.
    rests: Vec<(u32, Bits)>,
    /// Per source class: (ingress row, its rest, port set) where the row does not give it its rest.
    exceptions: Vec<Vec<(u32, u32, u32)>>,
}

impl Engine {
    /// All pairs of pods, ready to be read.
    pub fn matrix(&self, snapshot: &Snapshot) -> Matrix<'_> {
        let enforced = snapshot.settings.cni.enforces_network_policy;
        Matrix { engine: self, rows: self.rows(), enforced, turned: [None, None] }
    }
}

impl<'a> Matrix<'a> {
    /// How many classes of pods there are.
    pub fn classes(&self) -> u32 {
        self.engine.classes.list.len() as u32
    }

    /// The class of a pod; `None` when it takes no part in networking.
    pub fn class(&self, pod: PodId) -> Option<u32> {
        self.engine.classes.of.get(pod.index()).copied().filter(|class| *class != NOTHING)
    }

    /// The pods of a class.
    pub fn pods(&self, class: u32) -> &'a [PodId] {
        self.engine.classes.list.get(class as usize).map_or(&[], |class| &class.pods)
    }

    /// The port set with this number.
    pub fn ports(&self, number: u32) -> &PortSet {
        self.rows.pool.get(number)
    }

    pub(super) fn intersect(&mut self, a: u32, b: u32) -> u32 {
        self.rows.pool.intersect(a, b)
    }

    pub(super) fn intern(&mut self, ports: &PortSet) -> u32 {
        self.rows.pool.intern(ports)
    }

    pub(super) fn union(&mut self, a: u32, b: u32) -> u32 {
        self.rows.pool.union(a, b)
    }

    fn selectable(&self, class: u32) -> bool {
        self.engine.classes.list.get(class as usize).is_some_and(|class| class.selectable)
    }

    /// Whether pods of the class have an address of this family.
    pub fn has_family(&self, class: u32, family: Family) -> bool {
        self.engine.classes.list.get(class as usize).is_some_and(|class| class.atom(family) != NOTHING)
    }

    /// The ports on which pods of one class may open connections to pods of another, as a number for
    /// [`Matrix::ports`], when both have an address of the family. Two cases differ from it: a pod and
    /// itself, and a pod and a hostNetwork pod of its own node, between which NetworkPolicies never stand.
    pub fn between(&mut self, from: u32, to: u32, family: Family) -> u32 {
        if !self.enforced {
            return ALL;
        }
        let at = family_index(family);
        let side = |direction, subject: u32, peer: u32| {
            if !self.selectable(subject) {
                return ALL;
            }
            let row = self.rows.row(direction, subject).and_then(|row| row.classes.get(at));
            row.map_or(NONE, |parts| parts.get(peer))
        };
        let (egress, ingress) = (side(Direction::Egress, from, to), side(Direction::Ingress, to, from));
        self.rows.pool.intersect(egress, ingress)
    }

    /// The classes that pods of a class may reach, by port set; what [`Matrix::between`] says of each, at
    /// once. Classes without an address of the family are not meant.
    pub fn reachable(&mut self, from: u32, family: Family) -> Vec<(u32, Vec<u32>)> {
        let parts = self.destinations(from, family);
        parts.into_iter().map(|(ports, classes)| (ports, classes.iter().collect())).collect()
    }

    /// Everyone whom pods of a class may reach: a partition of classes by port set, those they may not
    /// reach at all left out. The same as [`Matrix::between`] for every destination, at once.
    pub(crate) fn destinations(&mut self, from: u32, family: Family) -> Vec<(u32, Bits)> {
        let everyone = Bits::range(0, self.classes());
        if !self.enforced {
            return vec![(ALL, everyone)];
        }
        let at = family_index(family);
        if self.turned.get(at).is_some_and(Option::is_none) {
            let turned = self.turn(at);
            if let Some(slot) = self.turned.get_mut(at) {
                *slot = Some(turned);
            }
        }
        let Some(Some(turned)) = self.turned.get(at) else { return Vec::new() };
        let mut open: Vec<(u32, Bits)> = turned.rests.clone();
        for (row, rest, ports) in turned.exceptions.get(from as usize).into_iter().flatten() {
            let Some(holders) = turned.holders.get(*row as usize) else { continue };
            if let Some((_, bits)) = open.iter_mut().find(|(number, _)| number == rest) {
                bits.remove(holders);
            }
            match open.iter_mut().find(|(number, _)| number == ports) {
                Some((_, bits)) => bits.add(holders),
                None => open.push((*ports, holders.clone())),
            }
        }
        let egress = self.rows.row(Direction::Egress, from).filter(|_| self.selectable(from));
        let Some(egress) = egress.and_then(|row| row.classes.get(at)) else {
            open.retain(|(ports, _)| *ports != NONE);
            return open;
        };
        let mut sent: Vec<(u32, Bits)> = egress.parts.clone();
        if egress.rest != NONE {
            let rest = sent.iter().fold(everyone, |rest, (_, bits)| rest.and_not(bits));
            sent.push((egress.rest, rest));
        }
        let mut out: Vec<(u32, Bits)> = Vec::new();
        for (sent, to) in sent.iter().filter(|(ports, _)| *ports != NONE) {
            for (taken, at) in open.iter().filter(|(ports, _)| *ports != NONE) {
                if !to.intersects(at) {
                    continue;
                }
                let ports = self.rows.pool.intersect(*sent, *taken);
                if ports == NONE {
                    continue;
                }
                let both = to.and(at);
                match out.iter_mut().find(|(number, _)| *number == ports) {
                    Some((_, bits)) => bits.add(&both),
                    None => out.push((ports, both)),
                }
            }
        }
        out
    }

    /// Turns ingress rows around, so that they can be read by source.
    fn turn(&self, family: usize) -> Turned {
        let [rows, _] = &self.rows.rows;
        let [of, _] = &self.rows.of;
        let mut lists = vec![Vec::new(); rows.len()];
        let mut free = Vec::new();
        for (class, row) in (0..).zip(of) {
            if self.selectable(class) {
                lists.get_mut(*row as usize).into_iter().for_each(|list| list.push(class));
            } else {
                free.push(class);
            }
        }
        let holders: Vec<Bits> = lists.iter().map(|list| Bits::from_sorted(list)).collect();
        let mut rests: Vec<(u32, Bits)> = vec![(ALL, Bits::from_sorted(&free))];
        let mut exceptions = vec![Vec::new(); of.len()];
        for ((number, row), holders) in (0..).zip(rows).zip(&holders) {
            let Some(parts) = row.classes.get(family) else { continue };
            match rests.iter_mut().find(|(ports, _)| *ports == parts.rest) {
                Some((_, bits)) => bits.add(holders),
                None => rests.push((parts.rest, holders.clone())),
            }
            for (ports, sources) in &parts.parts {
                for source in sources.iter() {
                    if let Some(list) = exceptions.get_mut(source as usize) {
                        list.push((number, parts.rest, *ports));
                    }
                }
            }
        }
        Turned { holders, rests, exceptions }
    }
}
