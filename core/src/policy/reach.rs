//! Who may talk to whom: the matrix by pod, workload or namespace, and the difference of two clusters.

use super::engine::Engine;
use super::evaluate::own_node;
use super::matrix::Matrix;
use super::selection::Selection;
use super::{AddressSet, Direction, PortSet};
use crate::manifest::ObjectRef;
use crate::model::{Family, Party, PodId, Snapshot};
use crate::order::SliceOrder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What counts as one end of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Granularity {
    /// Every pod for itself.
    Pod,
    /// The pods of a workload together; bare pods for themselves.
    #[default]
    Workload,
    /// The pods of a namespace together.
    Namespace,
}

/// Who may talk to whom.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reachability {
    /// What counts as one end.
    pub by: Granularity,
    /// The ends, in order of first mention.
    pub members: Vec<Member>,
    /// Connections inside the cluster that are allowed, ordered by source and destination. Pairs without
    /// any allowed port are left out, and so is a pod's way to itself.
    pub connections: Vec<Link>,
    /// Who may be reached from which addresses outside the cluster.
    pub from_outside: Vec<OutsideLink>,
    /// Who may reach which addresses outside the cluster.
    pub to_outside: Vec<OutsideLink>,
}

/// One end.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// `Deployment web/frontend`, `Pod web/tool`, `Namespace web`.
    pub name: String,
    /// Its pods that take part in networking.
    pub pods: u32,
}

/// An allowed connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Who opens it.
    pub from: String,
    /// Who answers.
    pub to: String,
    /// Ports open between every pod of one and every pod of the other.
    pub ports: PortSet,
    /// Ports open between some of them; absent when these are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub some: Option<PortSet>,
    /// Only with this family of addresses; absent when all common families are alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
}

/// An allowed connection over the border of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutsideLink {
    /// The end inside.
    pub member: String,
    /// Addresses outside.
    pub addresses: AddressSet,
    /// Ports open between them and at least one of its pods.
    pub ports: PortSet,
    /// Ports of which manifests do not tell: it depends on which addresses a domain name has. Absent when
    /// there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undetermined: Option<PortSet>,
}

/// What changed between two clusters. A workload or a namespace counts as one end: what is said of it is
/// said of *some* of its pods, and where it does not hold for all of them the entry says so.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyDiff {
    /// What counts as one end.
    pub by: Granularity,
    /// Connections inside the cluster that differ.
    pub connections: Vec<LinkChange>,
    /// Connections from outside that differ.
    pub from_outside: Vec<OutsideChange>,
    /// Connections to the outside that differ.
    pub to_outside: Vec<OutsideChange>,
    /// Ends that exist only before.
    pub members_lost: Vec<String>,
    /// Ends that exist only after.
    pub members_gained: Vec<String>,
}

/// A connection that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkChange {
    /// Who opens it.
    pub from: String,
    /// Who answers.
    pub to: String,
    /// Only with this family of addresses; absent when all common families are alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// Ports open before between some pod of one end and some pod of the other.
    pub before: PortSet,
    /// Ports open after between some of them.
    pub after: PortSet,
    /// Ports open before between all of them; absent when these are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_every: Option<PortSet>,
    /// Ports open after between all of them; absent when these are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_every: Option<PortSet>,
    /// Ports newly open between some of them.
    pub gained: PortSet,
    /// Ports no longer open between any of them.
    pub lost: PortSet,
}

/// A connection over the border that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutsideChange {
    /// The end inside.
    pub member: String,
    /// Addresses outside for which the change is the same.
    pub addresses: AddressSet,
    /// Ports open before between them and some pod of this end.
    pub before: PortSet,
    /// Ports open after.
    pub after: PortSet,
    /// Ports newly open.
    pub gained: PortSet,
    /// Ports no longer open.
    pub lost: PortSet,
    /// Ports of which manifests do not tell, before or after: it depends on which addresses a domain name
    /// has. Absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undetermined: Option<PortSet>,
}

/// The pods of one end that are of one class and on one node (the node counts only where the host
/// network does).
struct Group {
    class: u32,
    pods: Vec<PodId>,
}

/// The name of the end a pod belongs to.
pub(super) fn member_name(snapshot: &Snapshot, pod: PodId, by: Granularity) -> String {
    let Some(found) = snapshot.pod(pod) else { return String::new() };
    let namespace = snapshot.namespace_name(found.namespace);
    let own = || ObjectRef::namespaced("Pod", namespace, &found.name).to_string();
    match by {
        Granularity::Pod => own(),
        Granularity::Workload => found.workload.as_ref().map_or_else(own, ToString::to_string),
        Granularity::Namespace => format!("Namespace {namespace}"),
    }
}

struct Ends {
    names: Vec<String>,
    groups: Vec<Vec<Group>>,
}

fn ends(
    snapshot: &Snapshot,
    matrix: &Matrix<'_>,
    by: Granularity,
    pods: impl Iterator<Item = PodId>,
) -> Ends {
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    let mut out = Ends { names: Vec::new(), groups: Vec::new() };
    for pod in pods {
        let Some(class) = matrix.class(pod) else { continue };
        let name = member_name(snapshot, pod, by);
        let at = *index.entry(name).or_insert_with_key(|name| {
            out.names.push(name.clone());
            out.groups.push(Vec::new());
            out.names.len() - 1
        });
        let Some(groups) = out.groups.get_mut(at) else { continue };
        match groups.iter_mut().find(|group| group.class == class) {
            Some(group) => group.pods.push(pod),
            None => groups.push(Group { class, pods: vec![pod] }),
        }
    }
    out
}

/// What several pairs have in common: ports open for all of them and ports open for some.
#[derive(Default)]
struct Common {
    every: Option<u32>,
    some: u32,
}

impl Common {
    fn add(&mut self, matrix: &mut Matrix<'_>, ports: u32) {
        self.every = Some(match self.every {
            None => ports,
            Some(other) => matrix.intersect(other, ports),
        });
        self.some = matrix.union(self.some, ports);
    }
}

impl Engine {
    /// Who may talk to whom among the pods of two selections, and with which outside addresses.
    pub(super) fn reachability(
        &self,
        snapshot: &Snapshot,
        by: Granularity,
        from: &Selection,
        to: &Selection,
        ports: &PortSet,
    ) -> Reachability {
        let mut matrix = self.matrix(snapshot);
        let sources = ends(snapshot, &matrix, by, from.pods.iter().copied());
        let targets = ends(snapshot, &matrix, by, to.pods.iter().copied());
        let mut connections = Vec::new();
        for (from_name, from_groups) in sources.names.iter().zip(&sources.groups) {
            for (to_name, to_groups) in targets.names.iter().zip(&targets.groups) {
                self.links(
                    snapshot,
                    &mut matrix,
                    (from_name, from_groups),
                    (to_name, to_groups),
                    ports,
                    &mut connections,
                );
            }
        }
        let from_outside = self.border(snapshot, &targets, Direction::Ingress, &from.addresses, ports);
        let to_outside = self.border(snapshot, &sources, Direction::Egress, &to.addresses, ports);
        let mut members: Vec<Member> = Vec::new();
        for ends in [&sources, &targets] {
            for (name, groups) in ends.names.iter().zip(&ends.groups) {
                if !members.iter().any(|member| member.name == *name) {
                    let pods = groups.iter().map(|group| group.pods.len() as u32).sum();
                    members.push(Member { name: name.clone(), pods });
                }
            }
        }
        Reachability { by, members, connections, from_outside, to_outside }
    }

    fn links(
        &self,
        snapshot: &Snapshot,
        matrix: &mut Matrix<'_>,
        (from, sources): (&str, &[Group]),
        (to, targets): (&str, &[Group]),
        asked: &PortSet,
        out: &mut Vec<Link>,
    ) {
        let mut found: Vec<(Family, Common)> = Vec::new();
        for family in [Family::IPv4, Family::IPv6] {
            let mut common = Common::default();
            for source in sources.iter().filter(|group| self.classes.has_family(group.class, family)) {
                for target in targets.iter().filter(|group| self.classes.has_family(group.class, family)) {
                    let general = matrix.between(source.class, target.class, family);
                    let (near, far) = self.nearness(snapshot, source, target);
                    if far {
                        common.add(matrix, general);
                    }
                    if let Some((a, b)) = near {
                        let ports = self.neighbours(snapshot, a, b, family);
                        let ports = matrix.intern(&ports);
                        common.add(matrix, ports);
                    }
                }
            }
            if common.every.is_some() {
                found.push((family, common));
            }
        }
        let alike = match found.as_slice() {
            [(_, a), (_, b)] => a.every == b.every && a.some == b.some,
            _ => true,
        };
        let single = found.len() == 1;
        for (family, common) in found.into_iter().take(if alike { 1 } else { 2 }) {
            let every = matrix.ports(common.every.unwrap_or(super::ports::NONE)).intersect(asked);
            let some = matrix.ports(common.some).intersect(asked);
            if some.is_none() {
                continue;
            }
            out.push(Link {
                from: from.to_owned(),
                to: to.to_owned(),
                some: (some != every).then_some(some),
                ports: every,
                family: (!alike && !single).then_some(family),
            });
        }
    }

    /// The ports open between a pod and a hostNetwork pod of its node.
    fn neighbours(&self, snapshot: &Snapshot, from: PodId, to: PodId, family: Family) -> PortSet {
        let ends = super::selection::families(snapshot, Party::Pod(from), Party::Pod(to));
        let pair = ends.into_iter().find(|(other, ..)| *other == family);
        pair.map(|(_, a, b)| self.ports_between(snapshot, (Party::Pod(from), a), (Party::Pod(to), b)))
            .unwrap_or_default()
    }

    /// Among the pairs of two groups, one that the node makes special (a pod and a hostNetwork pod of its
    /// node), and whether there are some that the general rule judges. A pod and itself is no pair.
    fn nearness(&self, snapshot: &Snapshot, from: &Group, to: &Group) -> (Option<(PodId, PodId)>, bool) {
        let selectable =
            |group: &Group| self.classes.group(group.class).is_some_and(|group| group.selectable);
        let special = selectable(from) != selectable(to);
        let (mut near, mut far) = (None, false);
        for a in &from.pods {
            for b in &to.pods {
                if a == b {
                    continue;
                }
                if special && self.same_node(snapshot, *a, *b) {
                    near = Some((*a, *b));
                } else {
                    far = true;
                }
                if far && (near.is_some() || !special) {
                    return (near, far);
                }
            }
        }
        (near, far)
    }

    fn same_node(&self, snapshot: &Snapshot, a: PodId, b: PodId) -> bool {
        let end = |pod: PodId| {
            let ip = snapshot.pod(pod)?.ips.first().copied()?;
            Some(self.end(Party::Pod(pod), ip))
        };
        let (Some(a), Some(b)) = (end(a), end(b)) else { return false };
        own_node(snapshot, &a, &b) || own_node(snapshot, &b, &a)
    }

    fn border(
        &self,
        snapshot: &Snapshot,
        ends: &Ends,
        direction: Direction,
        addresses: &AddressSet,
        asked: &PortSet,
    ) -> Vec<OutsideLink> {
        let mut out = Vec::new();
        if addresses.is_none() {
            return out;
        }
        for (name, groups) in ends.names.iter().zip(&ends.groups) {
            let mut pieces: Vec<(AddressSet, Said)> = Vec::new();
            for group in groups {
                let Some(pod) = group.pods.first() else { continue };
                for part in self.outside_parts(snapshot, *pod, direction, addresses) {
                    let said = Said {
                        ports: part.ports.intersect(asked),
                        undetermined: part.doubts.undetermined.intersect(asked),
                    };
                    overlay(&mut pieces, part.addresses, said);
                }
            }
            pieces.retain(|(_, said)| !said.is_none());
            pieces.order();
            out.extend(pieces.into_iter().map(|(addresses, said)| OutsideLink {
                member: name.clone(),
                addresses,
                undetermined: said.undetermined(),
                ports: said.ports,
            }));
        }
        out
    }

    /// What changed from this cluster to another.
    pub(super) fn diff(&self, before: &Reachability, after: &Reachability) -> PolicyDiff {
        // Ports open between some pods, and between all of them.
        type Both = (PortSet, PortSet);
        let links = |reach: &Reachability| {
            let mut map: BTreeMap<(String, String, Option<Family>), Both> = BTreeMap::new();
            for link in &reach.connections {
                let some = link.some.as_ref().unwrap_or(&link.ports).clone();
                for family in families(link.family) {
                    let key = (link.from.clone(), link.to.clone(), Some(family));
                    map.insert(key, (some.clone(), link.ports.clone()));
                }
            }
            map
        };
        let (old, new) = (links(before), links(after));
        let mut keys: Vec<_> = old.keys().chain(new.keys()).cloned().collect();
        keys.order();
        keys.dedup();
        let mut connections: Vec<LinkChange> = Vec::new();
        for key in keys {
            let side = |map: &BTreeMap<_, Both>| map.get(&key).cloned().unwrap_or_default();
            let ((before, before_every), (after, after_every)) = (side(&old), side(&new));
            if before == after && before_every == after_every {
                continue;
            }
            let (from, to, family) = key;
            let change = LinkChange {
                gained: after.subtract(&before),
                lost: before.subtract(&after),
                from,
                to,
                family,
                before_every: (before_every != before).then_some(before_every),
                after_every: (after_every != after).then_some(after_every),
                before,
                after,
            };
            let twin = connections
                .last_mut()
                .filter(|last| LinkChange { family: change.family, ..(**last).clone() } == change);
            match twin {
                Some(twin) => twin.family = None,
                None => connections.push(change),
            }
        }
        let missing = |all: &Reachability, other: &Reachability| {
            let names = all.members.iter().map(|member| &member.name);
            names.filter(|name| !other.members.iter().any(|member| member.name == **name)).cloned().collect()
        };
        PolicyDiff {
            by: before.by,
            connections,
            from_outside: border_changes(&before.from_outside, &after.from_outside),
            to_outside: border_changes(&before.to_outside, &after.to_outside),
            members_lost: missing(before, after),
            members_gained: missing(after, before),
        }
    }
}

fn families(family: Option<Family>) -> Vec<Family> {
    family.map_or_else(|| vec![Family::IPv4, Family::IPv6], |family| vec![family])
}

/// What is said of some addresses: ports open, and ports of which it cannot be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Said {
    pub ports: PortSet,
    pub undetermined: PortSet,
}

impl Said {
    pub(super) fn is_none(&self) -> bool {
        self.ports.is_none() && self.undetermined.is_none()
    }

    /// What is said of either of two pods.
    fn or(&self, other: &Self) -> Self {
        let ports = self.ports.union(&other.ports);
        let undetermined = self.undetermined.union(&other.undetermined).subtract(&ports);
        Self { ports, undetermined }
    }

    pub(super) fn undetermined(&self) -> Option<PortSet> {
        (!self.undetermined.is_none()).then(|| self.undetermined.clone())
    }
}

/// Adds what is said of a set of addresses to a partition of addresses.
pub(super) fn overlay(pieces: &mut Vec<(AddressSet, Said)>, mut set: AddressSet, said: Said) {
    let mut out: Vec<(AddressSet, Said)> = Vec::new();
    let mut push = |set: AddressSet, said: Said| {
        if set.is_none() {
            return;
        }
        match out.iter_mut().find(|(_, other)| *other == said) {
            Some((own, _)) => *own = own.union(&set),
            None => out.push((set, said)),
        }
    };
    for (own, before) in pieces.drain(..) {
        let both = own.intersect(&set);
        push(own.subtract(&set), before.clone());
        set = set.subtract(&both);
        push(both, before.or(&said));
    }
    push(set, said);
    *pieces = out;
}

fn border_changes(before: &[OutsideLink], after: &[OutsideLink]) -> Vec<OutsideChange> {
    let mut names: Vec<&String> = before.iter().chain(after).map(|link| &link.member).collect();
    names.order();
    names.dedup();
    let mut out = Vec::new();
    for name in names {
        let parts = |links: &[OutsideLink]| -> Vec<(AddressSet, Said)> {
            let own = links.iter().filter(|link| link.member == *name);
            let said = |link: &OutsideLink| Said {
                ports: link.ports.clone(),
                undetermined: link.undetermined.clone().unwrap_or_default(),
            };
            let mut parts: Vec<_> = own.map(|link| (link.addresses.clone(), said(link))).collect();
            let covered = parts.iter().fold(AddressSet::none(), |all, (set, _)| all.union(set));
            parts.push((AddressSet::all().subtract(&covered), Said::default()));
            parts
        };
        let mut changes: Vec<(AddressSet, Said, Said)> = Vec::new();
        for (old_set, old) in parts(before) {
            for (new_set, new) in parts(after) {
                let both = old_set.intersect(&new_set);
                if !both.is_none() && old != new {
                    changes.push((both, old.clone(), new));
                }
            }
        }
        changes.order();
        out.extend(changes.into_iter().map(|(addresses, before, after)| {
            OutsideChange {
                member: name.clone(),
                addresses,
                gained: after.ports.subtract(&before.ports),
                lost: before.ports.subtract(&after.ports),
                undetermined: Said {
                    ports: PortSet::none(),
                    undetermined: before.undetermined.union(&after.undetermined),
                }
                .undetermined(),
                before: before.ports,
                after: after.ports,
            }
        }));
    }
    out
}
