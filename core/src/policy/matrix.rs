//! All pairs: rows per class and direction, put together on demand.

use super::Direction;
use super::classes::NOTHING;
use super::engine::Engine;
use super::ports::{ALL, NONE, PortSet};
use super::rows::{Parts, Rows, family_index};
use crate::model::{Family, PodId, Snapshot};

/// Who may talk to whom, on which ports: every pair of pods, without ever writing down a pair.
///
/// Pods that no policy can tell apart are one class; the matrix holds one row per class and direction.
///
/// ```
/// use kubehop::{Cluster, Settings, Source, model::Family};
/// let pods = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a}]}}\n---\n\
///             {apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: [{name: b}]}}\n";
/// let cluster = Cluster::load([Source::new("pods.yaml", pods)], &Settings::default());
/// let mut matrix = cluster.policies().matrix(cluster.snapshot());
/// let row = matrix.row(0, Family::IPv4).to_vec();
/// assert!(row.iter().all(|number| matrix.ports(*number).is_all()));
/// ```
#[derive(Clone, Debug)]
pub struct Matrix<'a> {
    engine: &'a Engine,
    rows: Rows,
    enforced: bool,
    /// Per family, what every class lets in from every group, group after group; filled on demand.
    taken: [Vec<u32>; 2],
    /// The same of one group, where all of them would be too many: family, group, numbers.
    column: (usize, u32, Vec<u32>),
    /// How many numbers of `taken` may be kept per family.
    pub(super) room: usize,
    /// The egress row of the source, by group.
    sent: Vec<u32>,
    /// The row last asked for.
    row: Vec<u32>,
}

/// So many numbers are kept per family (16 MB): enough for 4,000 classes of 1,000 groups.
const ROOM: usize = 4_000_000;

/// So many classes are turned at once: their numbers of one group fill a cache line.
const TILE: usize = 16;

impl Engine {
    /// All pairs of pods, ready to be read.
    pub fn matrix(&self, snapshot: &Snapshot) -> Matrix<'_> {
        let groups = self.classes.groups.len();
        Matrix {
            engine: self,
            rows: self.rows(),
            enforced: snapshot.settings.cni.enforces_network_policy,
            taken: [Vec::new(), Vec::new()],
            column: (0, NOTHING, Vec::new()),
            room: ROOM,
            sent: vec![ALL; groups],
            row: vec![ALL; self.classes.list.len()],
        }
    }
}

impl<'a> Matrix<'a> {
    /// How many classes of pods there are.
    pub fn classes(&self) -> u32 {
        self.engine.classes.list.len() as u32
    }

    /// The class of a pod; `None` when it takes no part in networking.
    pub fn class(&self, pod: PodId) -> Option<u32> {
        self.engine.classes.of(pod)
    }

    /// The pods of a class, ascending.
    pub fn pods(&self, class: u32) -> &'a [PodId] {
        self.engine.classes.pods(class)
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

    pub(super) fn selectable(&self, class: u32) -> bool {
        self.engine.classes.group(class).is_some_and(|group| group.selectable)
    }

    /// Whether pods of the class have an address of this family.
    pub fn has_family(&self, class: u32, family: Family) -> bool {
        self.engine.classes.has_family(class, family)
    }

    /// The ports on which pods of one class may open connections to pods of another, as a number for
    /// [`Matrix::ports`], when both have an address of the family. Two cases differ from it: a pod and
    /// itself, and a pod and a hostNetwork pod of its own node, between which NetworkPolicies never stand.
    pub fn between(&mut self, from: u32, to: u32, family: Family) -> u32 {
        if !self.enforced {
            return ALL;
        }
        let at = family_index(family);
        let egress = self.side(Direction::Egress, from, to, at);
        let ingress = self.side(Direction::Ingress, to, from, at);
        self.rows.pool.intersect(egress, ingress)
    }

    /// What the policies of one class leave open to another.
    fn side(&self, direction: Direction, subject: u32, peer: u32, family: usize) -> u32 {
        if !self.selectable(subject) {
            return ALL;
        }
        let classes = &self.engine.classes.list;
        let (own, other) = (classes.get(subject as usize), classes.get(peer as usize));
        let (Some(row), Some(own), Some(other)) = (self.rows.row(direction, subject), own, other) else {
            return NONE;
        };
        let (parts, column) = match &row.own {
            Some(parts) if own.namespace == other.namespace => (parts, peer),
            _ => (&row.groups, other.group),
        };
        parts.get(family).map_or(NONE, |parts| parts.get(column))
    }

    /// What [`Matrix::between`] says of every class as destination, by class. Classes without an address
    /// of the family are not meant.
    pub fn row(&mut self, from: u32, family: Family) -> &[u32] {
        let at = family_index(family);
        let engine = self.engine;
        let Some(class) = engine.classes.list.get(from as usize).filter(|_| self.enforced) else {
            self.row.fill(ALL);
            return &self.row;
        };
        self.take(class.group, at);
        match self.rows.row(Direction::Egress, from).filter(|_| self.selectable(from)) {
            Some(row) => row.groups.get(at).into_iter().for_each(|parts| parts.write(&mut self.sent)),
            None => self.sent.fill(ALL),
        }
        let start = class.group as usize * engine.classes.list.len();
        let taken = self.taken.get(at).and_then(|taken| taken.get(start..));
        let taken = taken.filter(|taken| !taken.is_empty()).unwrap_or(&self.column.2);
        let columns = engine.classes.list.iter().zip(taken);
        for (slot, (to, taken)) in self.row.iter_mut().zip(columns) {
            let sent = self.sent.get(to.group as usize).copied().unwrap_or(NONE);
            *slot = match (sent, *taken) {
                (NONE, _) | (_, NONE) => NONE,
                (ALL, other) | (other, ALL) => other,
                (sent, taken) => self.rows.pool.intersect(sent, taken),
            };
        }
        for to in engine.classes.in_namespace(class.namespace) {
            let ports = self.between(from, to, family);
            self.row.get_mut(to as usize).into_iter().for_each(|slot| *slot = ports);
        }
        &self.row
    }

    /// Makes sure that it is known what every class lets in from pods of a group in other namespaces.
    fn take(&mut self, group: u32, family: usize) {
        let (classes, groups) = (self.engine.classes.list.len(), self.engine.classes.groups.len());
        if classes * groups > self.room {
            if (self.column.0, self.column.1) != (family, group) {
                let column = (0..self.classes()).map(|class| match self.lets_in(class, family) {
                    Ok(parts) => parts.get(group),
                    Err(ports) => ports,
                });
                self.column = (family, group, column.collect());
            }
            return;
        }
        if self.taken.get(family).is_none_or(|taken| !taken.is_empty()) {
            return;
        }
        // Rows are written one by one, and turned into columns a tile at a time.
        let mut taken = vec![NONE; classes * groups];
        let mut tile = vec![NONE; TILE * groups];
        for start in (0..classes).step_by(TILE) {
            let width = TILE.min(classes - start);
            for (class, row) in (start as u32..).zip(tile.chunks_exact_mut(groups)).take(width) {
                match self.lets_in(class, family) {
                    Ok(parts) => parts.write(row),
                    Err(ports) => row.fill(ports),
                }
            }
            for (group, column) in taken.chunks_exact_mut(classes).enumerate() {
                let rows = tile.iter().skip(group).step_by(groups);
                for (slot, ports) in column.iter_mut().skip(start).take(width).zip(rows) {
                    *slot = *ports;
                }
            }
        }
        if let Some(slot) = self.taken.get_mut(family) {
            *slot = taken;
        }
    }

    /// What a class lets in from other namespaces, by group, or the same from everyone.
    fn lets_in(&self, class: u32, family: usize) -> Result<&Parts, u32> {
        if !self.selectable(class) {
            return Err(ALL);
        }
        let row = self.rows.row(Direction::Ingress, class).and_then(|row| row.groups.get(family));
        row.map(|parts| &**parts).ok_or(NONE)
    }
}
