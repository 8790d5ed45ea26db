//! All pairs: rows per class and direction, put together on demand.

use super::Direction;
use super::engine::Engine;
use super::ports::{ALL, NONE, PortSet};
use super::rows::{Rows, family_index};
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
    /// Per family and group, what every class lets in from it; filled on demand.
    taken: [Vec<Vec<u32>>; 2],
    /// How many numbers may still be kept in `taken`.
    room: usize,
    /// The egress row of the source, by group.
    sent: Vec<u32>,
    /// The row last asked for.
    row: Vec<u32>,
}

/// So many numbers of columns are kept (16 MB): enough for 4,000 classes of 1,000 groups.
const ROOM: usize = 4_000_000;

impl Engine {
    /// All pairs of pods, ready to be read.
    pub fn matrix(&self, snapshot: &Snapshot) -> Matrix<'_> {
        let groups = self.classes.groups.len();
        Matrix {
            engine: self,
            rows: self.rows(),
            enforced: snapshot.settings.cni.enforces_network_policy,
            taken: [0, 1].map(|_| vec![Vec::new(); groups]),
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
        let taken = self.taken.get(at).and_then(|taken| taken.get(class.group as usize));
        let columns = engine.classes.list.iter().zip(taken.map_or(&[][..], Vec::as_slice));
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

    /// Fills the column of a group: what every class lets in from pods of other namespaces.
    fn take(&mut self, group: u32, family: usize) {
        let filled = |taken: &[Vec<Vec<u32>>; 2]| {
            taken.get(family).and_then(|taken| taken.get(group as usize)).is_some_and(|list| !list.is_empty())
        };
        if filled(&self.taken) {
            return;
        }
        let classes = self.classes();
        if self.room < classes as usize {
            self.taken.iter_mut().flatten().for_each(Vec::clear);
            self.room = ROOM;
        }
        self.room = self.room.saturating_sub(classes as usize);
        let column = (0..classes).map(|class| {
            if !self.selectable(class) {
                return ALL;
            }
            let row = self.rows.row(Direction::Ingress, class).and_then(|row| row.groups.get(family));
            row.map_or(NONE, |parts| parts.get(group))
        });
        let column = column.collect();
        if let Some(slot) = self.taken.get_mut(family).and_then(|taken| taken.get_mut(group as usize)) {
            *slot = column;
        }
    }
}
