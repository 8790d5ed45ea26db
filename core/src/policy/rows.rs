//! Every peer at once: for one class of pods and one direction, which ports are open to which columns.
//! Columns are pod classes or atoms of the address space; a row is a partition of them by port set.

use super::bits::Bits;
use super::compile::Ports;
use super::engine::{Applied, Engine, Rule};
use super::intern::Interner;
use super::ports::{ALL, NONE, PortPool, PortSet};
use super::{Action, Direction};
use crate::model::Family;
use crate::order::SliceOrder;
use std::borrow::Cow;
use std::sync::Arc;

/// A partition of columns by port set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Port set of every column that no part holds.
    pub rest: u32,
    /// Disjoint sets of columns, each with its port set; no two with the same one.
    pub parts: Vec<(u32, Bits)>,
}

impl Parts {
    fn uniform(ports: u32) -> Self {
        Self { rest: ports, parts: Vec::new() }
    }

    /// The port set of a column.
    pub(crate) fn get(&self, column: u32) -> u32 {
        let part = self.parts.iter().find(|(_, columns)| columns.contains(column));
        part.map_or(self.rest, |(ports, _)| *ports)
    }
}

/// One row: what a class may send to, or receive from, everyone.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Over pod classes, for IPv4 and for IPv6.
    pub classes: [Arc<Parts>; 2],
}

/// The rows of all classes, each different one once.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    /// Port sets that rows refer to.
    pub pool: PortPool,
    /// Per direction, the different rows.
    pub rows: [Vec<Row>; 2],
    /// Per direction and class, which row.
    pub of: [Vec<u32>; 2],
}

impl Rows {
    /// The row of a class.
    pub(crate) fn row(&self, direction: Direction, class: u32) -> Option<&Row> {
        let [ingress, egress] = &self.of;
        let [ingress_rows, egress_rows] = &self.rows;
        let (of, rows) = match direction {
            Direction::Ingress => (ingress, ingress_rows),
            Direction::Egress => (egress, egress_rows),
        };
        rows.get(*of.get(class as usize)? as usize)
    }
}

pub(crate) fn family_index(family: Family) -> usize {
    match family {
        Family::IPv4 => 0,
        Family::IPv6 => 1,
    }
}

impl Engine {
    /// All rows of both directions.
    pub(super) fn rows(&self) -> Rows {
        let mut builder = Builder::new(self);
        let mut rows = [Vec::new(), Vec::new()];
        let mut of = [Vec::new(), Vec::new()];
        for direction in [Direction::Ingress, Direction::Egress] {
            let (Some(rows), Some(of)) = (rows.get_mut(direction.index()), of.get_mut(direction.index()))
            else {
                continue;
            };
            let mut keys: Interner<Vec<u32>> = Interner::default();
            let mut key = Vec::new();
            for (class, sides) in self.classes.list.iter().zip(&self.applied) {
                let [ingress, egress] = sides;
                let applied = if direction == Direction::Ingress { ingress } else { egress };
                key.clear();
                key.extend([applied.admin.len() as u32, applied.network.len() as u32]);
                key.extend(applied.admin.iter().chain(&applied.network).chain(&applied.baseline));
                if direction == Direction::Ingress {
                    key.push(u32::MAX);
                    key.extend(class.named.iter().flat_map(|(name, number)| [*name, *number]));
                }
                let number = keys.intern(key.as_slice());
                if number as usize == rows.len() {
                    rows.push(builder.row(direction, applied, &class.named));
                }
                of.push(number);
            }
        }
        Rows { pool: builder.pool, rows, of }
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

/// The columns of one rule, over classes, per family.
struct Columns<'a> {
    classes: [Cow<'a, Bits>; 2],
}

struct Builder<'a> {
    engine: &'a Engine,
    pool: PortPool,
    all_classes: Bits,
    all_atoms: Bits,
    /// Whether any pod has an IPv6 address: then classes are told apart by it too.
    dual: bool,
    /// Per family and atom: the classes whose address is in it, those selectors reach and the others.
    by_atom: [Vec<(Bits, Bits)>; 2],
    /// Per policy and direction, per rule.
    columns: Vec<[Vec<Columns<'a>>; 2]>,
    /// Named ports of egress rules: what they mean on which classes.
    named: Vec<(Ports, Vec<(u32, Bits)>)>,
}

impl<'a> Builder<'a> {
    fn new(engine: &'a Engine) -> Self {
        let classes = &engine.classes.list;
        let count = classes.len() as u32;
        let mut by_atom: [Vec<(Vec<u32>, Vec<u32>)>; 2] = Default::default();
        for lists in &mut by_atom {
            lists.resize(engine.atoms.count() as usize, Default::default());
        }
        for (number, class) in (0..).zip(classes) {
            for (atom, lists) in class.atoms.iter().zip(&mut by_atom) {
                if let Some((reached, others)) = lists.get_mut(*atom as usize) {
                    if class.selectable { reached } else { others }.push(number);
                }
            }
        }
        let bits = |lists: &Vec<(Vec<u32>, Vec<u32>)>| -> Vec<(Bits, Bits)> {
            lists.iter().map(|(a, b)| (Bits::from_sorted(a), Bits::from_sorted(b))).collect()
        };
        let [v4, v6] = &by_atom;
        let mut builder = Self {
            engine,
            pool: engine.words.ports.clone(),
            all_classes: Bits::range(0, count),
            all_atoms: Bits::range(0, engine.atoms.count()),
            dual: classes.iter().any(|class| class.atom(Family::IPv6) != super::classes::NOTHING),
            by_atom: [bits(v4), bits(v6)],
            columns: Vec::new(),
            named: Vec::new(),
        };
        builder.columns = engine
            .policies
            .iter()
            .map(|policy| {
                let side = |direction: usize| {
                    let rules = policy.as_ref().and_then(|policy| policy.rules.get(direction)?.as_ref());
                    rules.into_iter().flatten().map(|rule| builder.columns_of(rule)).collect()
                };
                [side(0), side(1)]
            })
            .collect();
        builder
    }

    fn columns_of(&self, rule: &Rule) -> Columns<'a> {
        let engine = self.engine;
        if rule.everyone {
            let all: Cow<'a, Bits> = Cow::Owned(self.all_classes.clone());
            return Columns { classes: [all.clone(), all] };
        }
        let (own, reached, others) =
            (engine.set(rule.classes), engine.set(rule.pod_atoms), engine.set(rule.atoms));
        if reached.is_empty() && others.is_empty() {
            return Columns { classes: [Cow::Borrowed(own), Cow::Borrowed(own)] };
        }
        let family = |lists: &[(Bits, Bits)]| {
            let mut out = Cow::Borrowed(own);
            for bits in reached.iter().filter_map(|atom| lists.get(atom as usize)).map(|(bits, _)| bits) {
                if !bits.is_empty() {
                    out.to_mut().add(bits);
                }
            }
            for bits in others.iter().filter_map(|atom| lists.get(atom as usize)).map(|(_, bits)| bits) {
                if !bits.is_empty() {
                    out.to_mut().add(bits);
                }
            }
            out
        };
        let [v4, v6] = &self.by_atom;
        Columns { classes: [family(v4), family(v6)] }
    }

    fn row(&mut self, direction: Direction, applied: &Applied, named: &[(u32, u32)]) -> Row {
        let v4 = Arc::new(self.parts(direction, applied, named, Some(0)));
        let v6 = if self.dual && self.cares_for_addresses(direction, applied) {
            Arc::new(self.parts(direction, applied, named, Some(1)))
        } else {
            Arc::clone(&v4)
        };
        Row { classes: [v4, v6] }
    }

    fn cares_for_addresses(&self, direction: Direction, applied: &Applied) -> bool {
        let policies = applied.admin.iter().chain(&applied.network).chain(&applied.baseline);
        policies.filter_map(|number| self.engine.policy(*number)).any(|policy| {
            let rules = policy.rules.get(direction.index()).and_then(Option::as_ref);
            rules.into_iter().flatten().any(|rule| {
                !self.engine.set(rule.pod_atoms).is_empty() || !self.engine.set(rule.atoms).is_empty()
            })
        })
    }

    /// The partition of classes in a family, or of atoms when `family` is `None`.
    fn parts(
        &mut self,
        direction: Direction,
        applied: &Applied,
        named: &[(u32, u32)],
        family: Option<usize>,
    ) -> Parts {
        let start = State { allowed: NONE, open: ALL, passed: NONE };
        let everything = if family.is_some() { self.all_classes.clone() } else { self.all_atoms.clone() };
        if everything.is_empty() {
            return Parts::uniform(NONE);
        }
        let mut parts = vec![(start, everything)];
        for policy in &applied.admin {
            self.policy(&mut parts, direction, *policy, named, family, |pool, state, ports, action| {
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
        if applied.network.is_empty() {
            for policy in &applied.baseline {
                self.policy(&mut parts, direction, *policy, named, family, |pool, state, ports, action| {
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
            for policy in &applied.network {
                self.policy(&mut parts, direction, *policy, named, family, |pool, state, ports, _| {
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
        direction: Direction,
        number: u32,
        named: &[(u32, u32)],
        family: Option<usize>,
        step: impl Fn(&mut PortPool, &mut State, u32, Action),
    ) {
        let engine = self.engine;
        let Some(rules) =
            engine.policy(number).and_then(|policy| policy.rules.get(direction.index())?.as_ref())
        else {
            return;
        };
        for (index, rule) in rules.iter().enumerate() {
            let columns = self.columns.get(number as usize).and_then(|sides| sides.get(direction.index()));
            let columns = columns.and_then(|columns| columns.get(index));
            let peers: &Bits = match family {
                None if rule.everyone => &self.all_atoms,
                None => engine.set(rule.atoms),
                Some(family) => match columns.and_then(|columns| columns.classes.get(family)) {
                    Some(bits) => bits,
                    None => continue,
                },
            };
            if peers.is_empty() {
                continue;
            }
            if rule.ports.names.is_empty() {
                split(&mut self.pool, parts, peers, |pool, state| {
                    step(pool, state, rule.ports.numbers, rule.action)
                });
            } else if direction == Direction::Ingress {
                let numbers = resolve(&mut self.pool, &rule.ports, named);
                split(&mut self.pool, parts, peers, |pool, state| step(pool, state, numbers, rule.action));
            } else {
                // A name means something else on every destination; outside the cluster it means nothing.
                let peers = peers.clone();
                let mut rest = peers.clone();
                if family.is_some() {
                    for (numbers, classes) in self.meanings(&rule.ports) {
                        let here = peers.and(&classes);
                        rest = rest.and_not(&classes);
                        split(&mut self.pool, parts, &here, |pool, state| {
                            step(pool, state, numbers, rule.action)
                        });
                    }
                }
                split(&mut self.pool, parts, &rest, |pool, state| {
                    step(pool, state, rule.ports.numbers, rule.action)
                });
            }
        }
    }

    /// What the named ports of a rule mean on the classes that know one of them.
    fn meanings(&mut self, ports: &Ports) -> Vec<(u32, Bits)> {
        if let Some((_, known)) = self.named.iter().find(|(other, _)| other == ports) {
            return known.clone();
        }
        let mut groups: Vec<(u32, Vec<u32>)> = Vec::new();
        for (number, class) in (0..).zip(&self.engine.classes.list) {
            if class.selectable && class.named_keys(&ports.names).next().is_some() {
                let numbers = resolve(&mut self.pool, ports, &class.named);
                match groups.iter_mut().find(|(other, _)| *other == numbers) {
                    Some((_, classes)) => classes.push(number),
                    None => groups.push((numbers, vec![number])),
                }
            }
        }
        let groups: Vec<(u32, Bits)> =
            groups.into_iter().map(|(numbers, classes)| (numbers, Bits::from_sorted(&classes))).collect();
        self.named.push((ports.clone(), groups.clone()));
        groups
    }
}

/// The ports of a rule with its names resolved on pods that have these named ports.
fn resolve(pool: &mut PortPool, ports: &Ports, named: &[(u32, u32)]) -> u32 {
    let set = named_set(ports, named).union(pool.get(ports.numbers));
    pool.intern(&set)
}

/// What the names of a rule mean on pods that have these named ports.
pub(super) fn named_set(ports: &Ports, named: &[(u32, u32)]) -> PortSet {
    super::evaluate::keys_of(named, &ports.names)
        .fold(PortSet::none(), |set, key| set.union(&PortSet::of_key(key)))
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
        None => Parts::uniform(NONE),
    }
}
