//! Every peer at once: for one class of pods and one direction, which ports are open to which peers.
//!
//! Peers of other namespaces are told apart by their group only, so a row is a partition of groups by
//! port set. Only where a rule speaks of its own namespace by a lone podSelector, a second partition says
//! the same of the classes of that namespace.

use super::bits::Bits;
use super::classes::NOTHING;
use super::compile::{NO_NAMES, Ports};
use super::engine::{Asked, Engine, Rule};
use super::intern::Interner;
use super::ports::{ALL, NONE, PortPool};
use super::{Action, Direction};
use crate::model::{Family, NamespaceId};
use crate::order::SliceOrder;
use std::borrow::Cow;
use std::sync::Arc;

/// A partition of columns by port set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// Port set of every column that no part holds.
    pub rest: u32,
    /// Disjoint sets of columns, each with its port set; no two with the same one.
    pub parts: Vec<(u32, Bits)>,
}

impl Parts {
    /// The port set of a column.
    pub(super) fn get(&self, column: u32) -> u32 {
        let part = self.parts.iter().find(|(_, columns)| columns.contains(column));
        part.map_or(self.rest, |(ports, _)| *ports)
    }

    /// Writes the port set of every column in its place.
    pub(super) fn write(&self, out: &mut [u32]) {
        out.fill(self.rest);
        for (ports, columns) in &self.parts {
            for column in columns.iter() {
                out.get_mut(column as usize).into_iter().for_each(|slot| *slot = *ports);
            }
        }
    }
}

/// One row: what a class may send to, or receive from, everyone; each per family, IPv4 first.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Over groups.
    pub groups: [Arc<Parts>; 2],
    /// Over the classes of its own namespace, where they differ from other pods of their groups.
    pub own: Option<[Arc<Parts>; 2]>,
}

/// The rows of all classes, each different one once.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// Port sets that rows refer to.
    pub pool: PortPool,
    /// Per direction, the different rows.
    rows: [Vec<Row>; 2],
    /// Per direction and class, which row.
    of: [Vec<u32>; 2],
}

impl Rows {
    /// The row of a class.
    pub(super) fn row(&self, direction: Direction, class: u32) -> Option<&Row> {
        let [ingress, egress] = &self.of;
        let [ingress_rows, egress_rows] = &self.rows;
        let (of, rows) = match direction {
            Direction::Ingress => (ingress, ingress_rows),
            Direction::Egress => (egress, egress_rows),
        };
        rows.get(*of.get(class as usize)? as usize)
    }
}

pub(super) fn family_index(family: Family) -> usize {
    match family {
        Family::IPv4 => 0,
        Family::IPv6 => 1,
    }
}

impl Engine {
    /// All rows of both directions.
    pub(super) fn rows(&self) -> Rows {
        let mut builder = Builder::new(self);
        let [ingress, egress] = [Direction::Ingress, Direction::Egress].map(|direction| {
            let (mut rows, mut of) = (Vec::new(), Vec::new());
            let mut keys: Interner<Vec<u32>> = Interner::default();
            let mut key = Vec::new();
            for (number, class) in (0..).zip(&self.classes.list) {
                let asked = self.asked(number, direction);
                // The port names of the peer count for egress, its own for ingress.
                let named = match direction {
                    Direction::Ingress => {
                        self.classes.groups.get(class.group as usize).map(|group| group.named)
                    }
                    Direction::Egress => None,
                };
                key.clear();
                key.extend([named.unwrap_or(NOTHING), asked.admin.len() as u32, asked.network.len() as u32]);
                key.extend(asked.all());
                let row = keys.intern(key.as_slice());
                if row as usize == rows.len() {
                    rows.push(builder.row(asked, class.namespace, named));
                }
                of.push(row);
            }
            (rows, of)
        });
        Rows { pool: builder.pool, rows: [ingress.0, egress.0], of: [ingress.1, egress.1] }
    }
}

/// How far a part of the columns has come through the tiers: what is allowed for certain, what is still
/// open, and what a Pass has put aside for the next tier.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    allowed: u32,
    open: u32,
    passed: u32,
}

/// The peers of one rule over groups, per family; pods of its own namespace apart.
struct Columns<'a> {
    families: [Cow<'a, Bits>; 2],
    /// Both families are the same.
    alike: bool,
}

/// What a row is made of.
struct Task<'a> {
    asked: Asked<'a>,
    /// The port names of the row's own pods when it is about ingress.
    named: Option<u32>,
    family: usize,
    /// The classes that are its columns; otherwise groups are.
    own: Option<&'a Bits>,
}

struct Builder<'a> {
    engine: &'a Engine,
    pool: PortPool,
    all: Bits,
    /// Per rule.
    columns: Vec<Columns<'a>>,
    /// Groups by the list of their port names.
    by_names: Vec<Bits>,
    /// Named ports: (numbers, names, list of port names) and what they come to.
    meanings: Interner<[u32; 3]>,
    meant: Vec<u32>,
}

impl<'a> Builder<'a> {
    fn new(engine: &'a Engine) -> Self {
        let groups = || (0_u32..).zip(&engine.classes.groups);
        let mut by_names = vec![Vec::new(); engine.classes.named.len()];
        for (number, group) in groups() {
            by_names.get_mut(group.named as usize).into_iter().for_each(|list| list.push(number));
        }
        let all = Bits::range(0, engine.classes.groups.len() as u32);
        let by_atom = ByAtom::new(engine);
        Self {
            engine,
            pool: engine.words.ports.clone(),
            columns: engine.rules.iter().map(|rule| by_atom.columns(engine, rule, &all)).collect(),
            all,
            by_names: by_names.iter().map(|list| Bits::from_sorted(list)).collect(),
            meanings: Interner::default(),
            meant: Vec::new(),
        }
    }

    fn row(&mut self, asked: Asked<'a>, namespace: NamespaceId, named: Option<u32>) -> Row {
        let direction = if named.is_some() { Direction::Ingress } else { Direction::Egress };
        let (mut alike, mut apart) = (true, false);
        for number in asked.all() {
            let (start, rules) = self.engine.rules_of(number, direction);
            for (rule, columns) in rules.iter().zip(self.columns.iter().skip(start as usize)) {
                alike &= columns.alike;
                apart |= !self.engine.set(rule.own).is_empty();
            }
        }
        let range = self.engine.classes.in_namespace(namespace);
        let own = apart.then(|| Bits::range(range.start, range.end));
        let mut both = |own: Option<&Bits>| {
            let v4 = Arc::new(self.parts(&Task { asked, named, family: 0, own }));
            let v6 = match alike {
                true => Arc::clone(&v4),
                false => Arc::new(self.parts(&Task { asked, named, family: 1, own })),
            };
            [v4, v6]
        };
        Row { groups: both(None), own: own.as_ref().map(|own| both(Some(own))) }
    }

    fn parts(&mut self, task: &Task<'_>) -> Parts {
        let start = State { allowed: NONE, open: ALL, passed: NONE };
        let mut parts = vec![(start, task.own.unwrap_or(&self.all).clone())];
        for policy in task.asked.admin {
            self.policy(&mut parts, task, *policy, |pool, state, ports, action| {
                let taken = pool.intersect(ports, state.open);
                state.open = pool.subtract(state.open, taken);
                match action {
                    Action::Allow => state.allowed = pool.union(state.allowed, taken),
                    Action::Pass => state.passed = pool.union(state.passed, taken),
                    Action::Deny => {}
                }
            });
        }
        for (state, _) in &mut parts {
            state.open = self.pool.union(state.open, state.passed);
            state.passed = NONE;
        }
        if task.asked.network.is_empty() {
            for policy in task.asked.baseline {
                self.policy(&mut parts, task, *policy, |pool, state, ports, action| {
                    let taken = pool.intersect(ports, state.open);
                    state.open = pool.subtract(state.open, taken);
                    if action != Action::Deny {
                        state.allowed = pool.union(state.allowed, taken);
                    }
                });
            }
            for (state, _) in &mut parts {
                state.allowed = self.pool.union(state.allowed, state.open);
            }
        } else {
            for policy in task.asked.network {
                self.policy(&mut parts, task, *policy, |pool, state, ports, _| {
                    let taken = pool.intersect(ports, state.open);
                    state.allowed = pool.union(state.allowed, taken);
                });
            }
        }
        finish(parts)
    }

    fn policy(
        &mut self,
        parts: &mut Vec<(State, Bits)>,
        task: &Task<'_>,
        number: u32,
        step: impl Fn(&mut PortPool, &mut State, u32, Action),
    ) {
        let direction = if task.named.is_some() { Direction::Ingress } else { Direction::Egress };
        let (start, rules) = self.engine.rules_of(number, direction);
        for (at, rule) in (start as usize..).zip(rules) {
            let Some(columns) = self.columns.get(at).and_then(|columns| columns.families.get(task.family))
            else {
                continue;
            };
            let peers = match task.own {
                None => columns.clone(),
                Some(own) => Cow::Owned(self.engine.own_columns(own, rule, columns)),
            };
            if peers.is_empty() {
                continue;
            }
            let mut on = |pool: &mut PortPool, peers: &Bits, numbers: u32| {
                split(pool, parts, peers, |pool, state| step(pool, state, numbers, rule.action));
            };
            match task.named {
                _ if rule.ports.names == NO_NAMES => on(&mut self.pool, &peers, rule.ports.numbers),
                Some(named) => {
                    let numbers = self.meaning(&rule.ports, named);
                    on(&mut self.pool, &peers, numbers);
                }
                None => {
                    // A name means something else on every destination.
                    let mut rest = peers.clone().into_owned();
                    for named in 0..self.by_names.len() as u32 {
                        let numbers = self.meaning(&rule.ports, named);
                        if numbers == rule.ports.numbers {
                            continue;
                        }
                        let here = self.with_names(named, &rest, task.own.is_some());
                        if !here.is_empty() {
                            on(&mut self.pool, &here, numbers);
                            rest = rest.and_not(&here);
                        }
                    }
                    on(&mut self.pool, &rest, rule.ports.numbers);
                }
            }
        }
    }

    /// Those of the columns that have exactly these port names.
    fn with_names(&self, named: u32, columns: &Bits, classes: bool) -> Bits {
        let Some(groups) = self.by_names.get(named as usize) else { return Bits::default() };
        if !classes {
            return columns.and(groups);
        }
        let group = |class: &u32| self.engine.classes.list.get(*class as usize).map(|class| class.group);
        let fitting = columns.iter().filter(|class| group(class).is_some_and(|group| groups.contains(group)));
        Bits::from_sorted(&fitting.collect::<Vec<u32>>())
    }

    /// The ports of a rule with its names resolved on pods with this list of port names.
    fn meaning(&mut self, ports: &Ports, named: u32) -> u32 {
        let at = self.meanings.intern(&[ports.numbers, ports.names, named]);
        if let Some(meant) = self.meant.get(at as usize) {
            return *meant;
        }
        let words = &self.engine.words;
        let meant = self.pool.intern(&words.ports_of(ports, self.engine.classes.named(named)));
        self.meant.push(meant);
        meant
    }
}

impl Engine {
    /// The classes of a rule's own namespace that it speaks of; `groups` are those it speaks of anywhere.
    fn own_columns(&self, own: &Bits, rule: &Rule, groups: &Bits) -> Bits {
        let alone = self.set(rule.own);
        let group = |class: u32| self.classes.list.get(class as usize).map_or(NOTHING, |class| class.group);
        let chosen = own.iter().filter(|class| alone.contains(*class) || groups.contains(group(*class)));
        Bits::from_sorted(&chosen.collect::<Vec<u32>>())
    }
}

/// Groups by the atom of their address.
struct ByAtom {
    /// Per family and atom: the groups that selectors reach, and the others.
    families: [Vec<(Bits, Bits)>; 2],
}

impl ByAtom {
    fn new(engine: &Engine) -> Self {
        let mut lists: [Vec<(Vec<u32>, Vec<u32>)>; 2] =
            [0, 1].map(|_| vec![Default::default(); engine.atoms.count() as usize]);
        for (number, group) in (0..).zip(&engine.classes.groups) {
            for (atom, lists) in group.atoms.iter().zip(&mut lists) {
                if let Some((reached, others)) = lists.get_mut(*atom as usize) {
                    if group.selectable { reached } else { others }.push(number);
                }
            }
        }
        let bits = |lists: Vec<(Vec<u32>, Vec<u32>)>| {
            lists.iter().map(|(a, b)| (Bits::from_sorted(a), Bits::from_sorted(b))).collect()
        };
        Self { families: lists.map(bits) }
    }

    fn columns<'a>(&self, engine: &'a Engine, rule: &Rule, all: &Bits) -> Columns<'a> {
        if rule.everyone {
            return Columns { families: [0, 1].map(|_| Cow::Owned(all.clone())), alike: true };
        }
        let (reached, others) = (engine.set(rule.pod_atoms), engine.set(rule.atoms));
        let families = self.families.each_ref().map(|by_atom| {
            let mut out = Cow::Borrowed(engine.set(rule.groups));
            let of = |atom: u32| by_atom.get(atom as usize);
            let reached = reached.iter().filter_map(|atom| of(atom).map(|(reached, _)| reached));
            let others = others.iter().filter_map(|atom| of(atom).map(|(_, others)| others));
            for groups in reached.chain(others).filter(|groups| !groups.is_empty()) {
                out.to_mut().add(groups);
            }
            out
        });
        let [v4, v6] = &families;
        Columns { alike: v4 == v6, families }
    }
}

/// Applies a step to the columns in `peers`, splitting parts that hold others too.
fn split(
    pool: &mut PortPool,
    parts: &mut Vec<(State, Bits)>,
    peers: &Bits,
    step: impl Fn(&mut PortPool, &mut State),
) {
    let before = parts.len();
    for index in 0..before {
        let Some((state, columns)) = parts.get_mut(index) else { return };
        let mut next = *state;
        step(pool, &mut next);
        if next == *state {
            continue;
        }
        let inside = columns.and(peers);
        if inside.is_empty() {
            continue;
        }
        *columns = columns.and_not(&inside);
        parts.push((next, inside));
    }
    parts.retain(|(_, columns)| !columns.is_empty());
    // Keep one part per state: the number of parts decides the cost of every later rule.
    let mut index = 0;
    while index < parts.len() {
        let Some((state, _)) = parts.get(index) else { return };
        let state = *state;
        let twin = parts.iter().skip(index + 1).position(|(other, _)| *other == state);
        match twin {
            Some(offset) => {
                let (_, columns) = parts.swap_remove(index + 1 + offset);
                if let Some((_, own)) = parts.get_mut(index) {
                    own.add(&columns);
                }
            }
            None => index += 1,
        }
    }
}

fn finish(parts: Vec<(State, Bits)>) -> Parts {
    let mut merged: Vec<(u32, Bits)> = Vec::new();
    for (state, columns) in parts {
        match merged.iter_mut().find(|(ports, _)| *ports == state.allowed) {
            Some((_, own)) => own.add(&columns),
            None => merged.push((state.allowed, columns)),
        }
    }
    let largest = merged.iter().enumerate().max_by_key(|(_, (_, columns))| columns.count()).map(|(at, _)| at);
    match largest {
        Some(at) => {
            let (rest, _) = merged.swap_remove(at);
            merged.order_by_key(|(ports, _)| *ports);
            Parts { rest, parts: merged }
        }
        None => Parts { rest: NONE, parts: Vec::new() },
    }
}
