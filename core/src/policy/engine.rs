//! The compiled policies of a cluster and the classes of its pods: everything that questions share.

use super::addrs::Atoms;
use super::bits::Bits;
use super::classes::Classes;
use super::compile::{self, Draft, Ports, Vocabulary};
use super::intern::Interner;
use super::resolve::{Resolver, Selectors};
use super::{Action, Direction, Tier};
use crate::manifest::ObjectRef;
use crate::model::{NamespaceId, Snapshot, Stored};
use crate::order::SliceOrder;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// One rule, ready to be asked. Sets are numbers in [`Engine::sets`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub action: Action,
    /// Whoever it is.
    pub everyone: bool,
    /// The classes of the policy's own namespace that a lone podSelector selects.
    pub own: u32,
    /// The groups that pairs of selectors select.
    pub groups: u32,
    /// The atoms it speaks of when the peer is not a pod.
    pub atoms: u32,
    /// The atoms it speaks of when the peer is a pod.
    pub pod_atoms: u32,
    /// It also speaks of domain names.
    pub domains: bool,
    pub ports: Ports,
}

/// One policy, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub tier: Tier,
    pub priority: i32,
    /// Per direction its rules in [`Engine::rules`], `None` when it does not speak of it.
    pub rules: [Option<Range<u32>>; 2],
    /// The pod classes it applies to, in [`Engine::sets`].
    pub subject: u32,
}

/// The policies that apply to a class in one direction, as places in [`Engine::order`].
#[derive(Clone, Copy, Debug, Default)]
struct Applied {
    start: u32,
    /// Where NetworkPolicies begin.
    network: u32,
    /// Where the Baseline tier begins.
    baseline: u32,
    end: u32,
}

/// The policies that apply to a class in one direction, by number, in the order they are asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked<'a> {
    pub admin: &'a [u32],
    pub network: &'a [u32],
    pub baseline: &'a [u32],
}

impl<'a> Asked<'a> {
    /// All tiers.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.admin.iter().chain(self.network).chain(self.baseline).copied()
    }
}

/// The compiled NetworkPolicies, ClusterNetworkPolicies and their predecessors of one cluster.
///
/// Built once per cluster; every question of this room is asked of it.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(super) words: Vocabulary,
    pub(super) atoms: Arc<Atoms>,
    pub(super) classes: Arc<Classes>,
    selectors: Selectors,
    pub(super) sets: Interner<Bits>,
    /// NetworkPolicies in the snapshot's order, then cluster-wide policies in the snapshot's order.
    policies: Vec<Option<Policy>>,
    pub(super) rules: Vec<Rule>,
    /// Per class: ingress, egress.
    applied: Vec<[Applied; 2]>,
    /// Numbers of policies, for [`Engine::applied`].
    order: Vec<u32>,
    /// Per namespace, its NetworkPolicies.
    pub(super) by_namespace: Vec<Vec<u32>>,
    /// Cluster-wide policies in the order they are asked: tier, priority, name.
    pub(super) cluster_order: Vec<u32>,
    /// The policies by name, shared by all explanations; written down with the first.
    names: OnceLock<Vec<Arc<ObjectRef>>>,
}

/// Which part of a list of policies another one replaces.
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

impl Change {
    fn of<T: PartialEq>(old: &[Stored<T>], new: &[Stored<T>]) -> Self {
        let same = |(a, b): &(&Stored<T>, &Stored<T>)| a.object == b.object && a.value == b.value;
        let start = old.iter().zip(new).take_while(same).count();
        let rest = |list: &[Stored<T>]| list.len() - start;
        let tail = old.iter().rev().zip(new.iter().rev()).take(rest(old).min(rest(new)));
        let tail = tail.take_while(same).count();
        Self { old: start..old.len() - tail, new: start..new.len() - tail }
    }
}

impl Engine {
    /// Compiles the policies of a cluster.
    pub fn new(snapshot: &Snapshot) -> Self {
        let mut words = Vocabulary::default();
        let count = snapshot.network_policies.len() + snapshot.cluster_policies.len();
        let drafts: Vec<Option<Draft>> =
            (0..count).map(|number| compile::policy(snapshot, &mut words, number)).collect();
        let (atoms, block_atoms) = Atoms::new(words.blocks.items());
        let classes = Classes::new(snapshot, &words, &atoms);
        let selectors = Selectors::new(&words, &classes, block_atoms);
        let mut sets = Interner::default();
        sets.intern(&Bits::EMPTY);
        let mut engine = Self {
            words,
            atoms: Arc::new(atoms),
            classes: Arc::new(classes),
            selectors,
            sets,
            policies: Vec::with_capacity(count),
            rules: Vec::new(),
            applied: Vec::new(),
            order: Vec::new(),
            by_namespace: Vec::new(),
            cluster_order: Vec::new(),
            names: OnceLock::new(),
        };
        for draft in drafts {
            let policy = draft.map(|draft| engine.resolve(&draft));
            engine.policies.push(policy);
        }
        engine.index(snapshot);
        engine
    }

    /// The engine of `after`, given that it differs from `before`, which this engine was made of, in
    /// nothing but its policies. Only policies that changed are compiled, unless they mention labels,
    /// names of ports or address blocks that none mentioned before: then pods fall into other classes,
    /// and all is made anew.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source, model::Family};
    /// let load = |rules: &str| {
    ///     let pods = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: c}]}}\n---\n\
    ///                 {apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: [{name: c, image: c}]}}\n---\n";
    ///     let policy = format!("{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p}}, \
    ///                           spec: {{podSelector: {{}}, ingress: [{rules}]}}}}");
    ///     Cluster::load([Source::new("all.yaml", format!("{pods}{policy}"))], &Settings::default())
    /// };
    /// let (closed, open) = (load(""), load("{from: [{podSelector: {}}]}"));
    /// let engine = closed.policies().edited(closed.snapshot(), open.snapshot());
    /// let ports = |engine: &kubehop::policy::Engine, cluster: &Cluster| {
    ///     let mut matrix = engine.matrix(cluster.snapshot());
    ///     let class = |name| cluster.snapshot().pod_id("default", name).and_then(|pod| matrix.class(pod)).unwrap();
    ///     let (a, b) = (class("a"), class("b"));
    ///     let number = matrix.between(a, b, Family::IPv4);
    ///     matrix.ports(number).to_string()
    /// };
    /// assert_eq!(ports(closed.policies(), &closed), "none");
    /// assert_eq!(ports(&engine, &open), "all");
    /// ```
    #[must_use]
    pub fn edited(&self, before: &Snapshot, after: &Snapshot) -> Self {
        let network = Change::of(&before.network_policies, &after.network_policies);
        let cluster = Change::of(&before.cluster_policies, &after.cluster_policies);
        let mut engine = Self { names: OnceLock::new(), ..self.clone() };
        let size = engine.words.size();
        let first = after.network_policies.len();
        let numbers = network.new.clone().chain(cluster.new.clone().map(|number| number + first));
        let drafts: Vec<Option<Draft>> =
            numbers.map(|number| compile::policy(after, &mut engine.words, number)).collect();
        // What edits leave behind must not pile up.
        let crowded = self.rules.len() > 2 * self.live_rules() + 1000;
        if crowded || engine.words.size() != size {
            return Self::new(after);
        }
        let mut drafts = drafts.into_iter().map(|draft| draft.map(|draft| engine.resolve(&draft)));
        let mut policies = Vec::with_capacity(first + after.cluster_policies.len());
        let lists = self.policies.split_at_checked(before.network_policies.len()).unwrap_or_default();
        for (old, change) in [(lists.0, network), (lists.1, cluster)] {
            policies.extend(old.iter().take(change.old.start).cloned());
            policies.extend(drafts.by_ref().take(change.new.len()));
            policies.extend(old.iter().skip(change.old.end).cloned());
        }
        drop(drafts);
        engine.policies = policies;
        engine.index(after);
        engine
    }

    fn live_rules(&self) -> usize {
        let rules = self.policies.iter().flatten().flat_map(|policy| &policy.rules);
        rules.flatten().map(|range| range.len()).sum()
    }

    fn resolve(&mut self, draft: &Draft) -> Policy {
        let Self { words, classes, selectors, sets, rules, .. } = self;
        Resolver { words, classes, selectors, sets, rules }.policy(draft)
    }

    /// Writes down in which order policies are asked, and which apply to each class.
    fn index(&mut self, snapshot: &Snapshot) {
        self.by_namespace = vec![Vec::new(); snapshot.namespaces.len()];
        for (number, stored) in (0..).zip(&snapshot.network_policies) {
            let namespace = stored.object.namespace.as_deref().and_then(|name| snapshot.namespace_id(name));
            if let Some(list) = namespace.and_then(|id: NamespaceId| self.by_namespace.get_mut(id.index())) {
                list.push(number);
            }
        }
        let first = snapshot.network_policies.len() as u32;
        let mut cluster_order: Vec<u32> = (first..).take(snapshot.cluster_policies.len()).collect();
        cluster_order.retain(|number| self.policy(*number).is_some());
        cluster_order.order_by_key(|number| {
            let policy = self.policy(*number);
            let stored = snapshot.cluster_policies.get((number - first) as usize);
            let name = stored.map(|stored| stored.object.name.clone());
            (policy.map(|policy| (policy.tier, policy.priority)), name, *number)
        });
        self.cluster_order = cluster_order;
        self.apply(first);
    }

    /// Writes down, per class, which policies apply to it.
    fn apply(&mut self, first_cluster: u32) {
        let mut applied = vec![[Applied::default(); 2]; self.classes.list.len()];
        for number in (0..first_cluster).chain(self.cluster_order.iter().copied()) {
            self.each_applied(&mut applied, number, |applied| applied.end += 1);
        }
        let mut sum = 0;
        for applied in applied.as_flattened_mut() {
            applied.start = sum;
            sum += applied.end;
            applied.end = applied.start;
        }
        let mut order = vec![0; sum as usize];
        let tier = |number: &u32| self.policy(*number).map(|policy| policy.tier);
        let split = self.cluster_order.partition_point(|number| tier(number) == Some(Tier::Admin));
        let (admin, baseline) = self.cluster_order.split_at_checked(split).unwrap_or_default();
        let mut put = |applied: &mut [[Applied; 2]], number: u32| {
            self.each_applied(applied, number, |applied| {
                order.get_mut(applied.end as usize).into_iter().for_each(|slot| *slot = number);
                applied.end += 1;
            });
        };
        admin.iter().for_each(|number| put(&mut applied, *number));
        applied.as_flattened_mut().iter_mut().for_each(|applied| applied.network = applied.end);
        (0..first_cluster).for_each(|number| put(&mut applied, number));
        applied.as_flattened_mut().iter_mut().for_each(|applied| applied.baseline = applied.end);
        baseline.iter().for_each(|number| put(&mut applied, *number));
        (self.applied, self.order) = (applied, order);
    }

    fn each_applied(&self, applied: &mut [[Applied; 2]], number: u32, mut work: impl FnMut(&mut Applied)) {
        let Some(policy) = self.policy(number) else { return };
        for class in self.set(policy.subject).iter() {
            let Some(sides) = applied.get_mut(class as usize) else { continue };
            for (side, _) in sides.iter_mut().zip(&policy.rules).filter(|(_, rules)| rules.is_some()) {
                work(side);
            }
        }
    }

    /// The policies that apply to a class.
    pub(super) fn asked(&self, class: u32, direction: Direction) -> Asked<'_> {
        let applied = self.applied.get(class as usize).and_then(|sides| sides.get(direction.index()));
        let Some(Applied { start, network, baseline, end }) = applied.copied() else {
            return Asked::default();
        };
        let part = |from: u32, to: u32| self.order.get(from as usize..to as usize).unwrap_or_default();
        Asked { admin: part(start, network), network: part(network, baseline), baseline: part(baseline, end) }
    }

    /// The set with this number.
    pub(super) fn set(&self, number: u32) -> &Bits {
        static EMPTY: Bits = Bits::EMPTY;
        self.sets.get(number).unwrap_or(&EMPTY)
    }

    /// A policy by number.
    pub(super) fn policy(&self, number: u32) -> Option<&Policy> {
        self.policies.get(number as usize)?.as_ref()
    }

    /// The policy with this number by name.
    pub(super) fn name(&self, snapshot: &Snapshot, number: u32) -> Option<Arc<ObjectRef>> {
        let names = self.names.get_or_init(|| {
            let network = snapshot.network_policies.iter().map(|stored| &stored.object);
            let cluster = snapshot.cluster_policies.iter().map(|stored| &stored.object);
            network.chain(cluster).map(|object| Arc::new(object.clone())).collect()
        });
        names.get(number as usize).cloned()
    }

    /// The rules of a policy in one direction, and the place of the first in [`Engine::rules`]; none when it
    /// does not speak of it.
    pub(super) fn rules_of(&self, policy: u32, direction: Direction) -> (u32, &[Rule]) {
        let range = self.policy(policy).and_then(|policy| policy.rules.get(direction.index())?.clone());
        let Range { start, end } = range.unwrap_or_default();
        (start, self.rules.get(start as usize..end as usize).unwrap_or_default())
    }
}
