//! The compiled policies of a cluster and the classes of its pods: everything that questions share.

use super::addrs::Atoms;
use super::bits::Bits;
use super::classes::Classes;
use super::compile::{self, Draft, DraftRule, Namespaces, Peer, Ports, Vocabulary};
use super::intern::Interner;
use super::labels::LabelIndex;
use super::{Action, Tier};
use crate::model::{NamespaceId, Snapshot};
use crate::order::SliceOrder;

/// One rule, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub action: Action,
    /// Whoever it is.
    pub everyone: bool,
    /// The pod classes it speaks of, in [`Engine::sets`].
    pub classes: u32,
    /// The atoms it speaks of when the peer is not a pod, in [`Engine::sets`].
    pub atoms: u32,
    /// The atoms it speaks of when the peer is a pod, in [`Engine::sets`].
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
    /// Per direction, `None` when it does not speak of it.
    pub rules: [Option<Vec<Rule>>; 2],
    /// The pod classes it applies to, in [`Engine::sets`].
    pub subject: u32,
}

/// The policies that apply to a class in one direction, by number, in the order they are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Applied {
    pub admin: Vec<u32>,
    pub network: Vec<u32>,
    pub baseline: Vec<u32>,
}

/// The compiled NetworkPolicies, ClusterNetworkPolicies and their predecessors of one cluster.
///
/// Built once per cluster; every question of this room is asked of it.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(super) words: Vocabulary,
    pub(super) atoms: Atoms,
    pub(super) classes: Classes,
    pub(super) sets: Interner<Bits>,
    /// NetworkPolicies in the snapshot's order, then cluster-wide policies in the snapshot's order.
    pub(super) policies: Vec<Option<Policy>>,
    /// Per class: ingress, egress.
    pub(super) applied: Vec<[Applied; 2]>,
    /// Per namespace, its NetworkPolicies.
    pub(super) by_namespace: Vec<Vec<u32>>,
    /// Cluster-wide policies in the order they are asked: tier, priority, name.
    pub(super) cluster_order: Vec<u32>,
}

impl Engine {
    /// Compiles the policies of a cluster.
    pub fn new(snapshot: &Snapshot) -> Self {
        let mut words = Vocabulary::default();
        let network = snapshot.network_policies.iter();
        let mut drafts: Vec<Option<Draft>> =
            network.map(|stored| compile::network_policy(snapshot, &mut words, stored)).collect();
        let cluster = snapshot.cluster_policies.iter();
        drafts.extend(cluster.map(|stored| compile::cluster_policy(snapshot, &mut words, stored)));
        let (atoms, block_atoms) = Atoms::new(words.blocks.items());
        let classes = Classes::new(snapshot, &words, &atoms);

        let mut resolver = Resolver::new(snapshot, &words, &classes, block_atoms);
        let policies: Vec<Option<Policy>> =
            drafts.iter().map(|draft| draft.as_ref().map(|draft| resolver.policy(draft))).collect();
        let sets = resolver.sets;

        let mut by_namespace = vec![Vec::new(); snapshot.namespaces.len()];
        for (number, stored) in (0..).zip(&snapshot.network_policies) {
            let namespace = stored.object.namespace.as_deref().and_then(|name| snapshot.namespace_id(name));
            if let Some(list) = namespace.and_then(|id: NamespaceId| by_namespace.get_mut(id.index())) {
                list.push(number);
            }
        }
        let first = snapshot.network_policies.len() as u32;
        let mut cluster_order: Vec<u32> = (first..).take(snapshot.cluster_policies.len()).collect();
        cluster_order.order_by_key(|number| {
            let policy = policies.get(*number as usize).and_then(Option::as_ref);
            let stored = snapshot.cluster_policies.get((number - first) as usize);
            let name = stored.map(|stored| stored.object.name.clone());
            (policy.map(|policy| (policy.tier, policy.priority)), name, *number)
        });
        cluster_order.retain(|number| matches!(policies.get(*number as usize), Some(Some(_))));
        let mut engine = Self {
            words,
            atoms,
            applied: vec![Default::default(); classes.list.len()],
            classes,
            sets,
            policies,
            by_namespace,
            cluster_order,
        };
        engine.apply(first);
        engine
    }

    /// Writes down, per class, which policies apply to it.
    fn apply(&mut self, first_cluster: u32) {
        let order = (0..first_cluster).chain(self.cluster_order.iter().copied());
        for number in order {
            let Some(Some(policy)) = self.policies.get(number as usize) else { continue };
            let Some(subject) = self.sets.get(policy.subject) else { continue };
            for class in subject.iter() {
                let Some(sides) = self.applied.get_mut(class as usize) else { continue };
                for (side, rules) in sides.iter_mut().zip(&policy.rules) {
                    if rules.is_some() {
                        let list = match policy.tier {
                            Tier::Admin => &mut side.admin,
                            Tier::NetworkPolicy => &mut side.network,
                            Tier::Baseline => &mut side.baseline,
                        };
                        list.push(number);
                    }
                }
            }
        }
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
}

/// Evaluates selectors to sets of classes, each different one once.
struct Resolver<'a> {
    words: &'a Vocabulary,
    classes: &'a Classes,
    pod_index: LabelIndex,
    namespace_index: LabelIndex,
    host_network: Bits,
    block_atoms: Vec<Bits>,
    sets: Interner<Bits>,
    /// Selector number to the pod classes it selects anywhere.
    pods: Vec<Option<Bits>>,
    /// Selector number to the pod classes in the namespaces it selects.
    namespaces: Vec<Option<Bits>>,
}

impl<'a> Resolver<'a> {
    fn new(snapshot: &Snapshot, words: &'a Vocabulary, classes: &'a Classes, block_atoms: Vec<Bits>) -> Self {
        let signatures = classes.list.iter().map(|class| class.selectable.then_some(class.labels.as_slice()));
        let pod_index = LabelIndex::new(&words.pods, signatures);
        let signatures: Vec<_> = snapshot
            .namespaces
            .iter()
            .map(|namespace| {
                let mut out = Vec::new();
                words.namespaces.sign(&namespace.labels, &mut out);
                out
            })
            .collect();
        let namespace_index =
            LabelIndex::new(&words.namespaces, signatures.iter().map(|signature| Some(signature.as_slice())));
        let host: Vec<u32> = (0..)
            .zip(&classes.list)
            .filter(|(_, class)| class.host_network)
            .map(|(number, _)| number)
            .collect();
        Self {
            words,
            classes,
            pod_index,
            namespace_index,
            host_network: Bits::from_sorted(&host),
            block_atoms,
            sets: Interner::default(),
            pods: vec![None; words.pods.selector_count()],
            namespaces: vec![None; words.namespaces.selector_count()],
        }
    }

    fn policy(&mut self, draft: &Draft) -> Policy {
        let never_host = draft.never_host_network;
        let mut subject =
            draft.subject.map(|(namespaces, pods)| self.select(namespaces, pods)).unwrap_or_default();
        if never_host {
            subject = subject.and_not(&self.host_network);
        }
        let mut side = |rules: &Option<Vec<DraftRule>>| {
            Some(rules.as_ref()?.iter().map(|rule| self.rule(rule, never_host)).collect())
        };
        let [ingress, egress] = &draft.rules;
        let rules = [side(ingress), side(egress)];
        Policy { tier: draft.tier, priority: draft.priority, rules, subject: self.sets.intern(&subject) }
    }

    fn rule(&mut self, draft: &DraftRule, never_host: bool) -> Rule {
        let (mut classes, mut atoms, mut pod_atoms) = (Bits::default(), Bits::default(), Bits::default());
        for peer in &draft.peers {
            match *peer {
                Peer::Pods { namespaces, pods } => classes.add(&self.select(namespaces, pods)),
                Peer::Block { block, pods } => {
                    if let Some(bits) = self.block_atoms.get(block as usize) {
                        atoms.add(bits);
                        if pods {
                            pod_atoms.add(bits);
                        }
                    }
                }
            }
        }
        if never_host {
            classes = classes.and_not(&self.host_network);
        }
        Rule {
            action: draft.action,
            everyone: draft.everyone,
            classes: self.sets.intern(&classes),
            atoms: self.sets.intern(&atoms),
            pod_atoms: self.sets.intern(&pod_atoms),
            domains: draft.domains,
            ports: draft.ports.clone(),
        }
    }

    fn select(&mut self, namespaces: Namespaces, pods: u32) -> Bits {
        match namespaces {
            Namespaces::Own(namespace) => {
                let range = self.classes.in_namespace(namespace);
                let chosen: Vec<u32> = range
                    .filter(|number| {
                        self.classes.list.get(*number as usize).is_some_and(|class| {
                            class.selectable && self.words.pods.matches(pods, &class.labels)
                        })
                    })
                    .collect();
                Bits::from_sorted(&chosen)
            }
            Namespaces::Selected(selector) => {
                let inside = self.in_namespaces(selector);
                let chosen = match self.pods.get_mut(pods as usize) {
                    Some(memo) => memo.get_or_insert_with(|| self.pod_index.select(&self.words.pods, pods)),
                    None => return Bits::default(),
                };
                inside.and(chosen)
            }
        }
    }

    fn in_namespaces(&mut self, selector: u32) -> Bits {
        let Some(memo) = self.namespaces.get_mut(selector as usize) else { return Bits::default() };
        if let Some(bits) = memo {
            return bits.clone();
        }
        let chosen = self.namespace_index.select(&self.words.namespaces, selector);
        let bits = if chosen == *self.namespace_index.all() {
            self.pod_index.all().clone()
        } else {
            let mut bits = Bits::default();
            for namespace in chosen.iter() {
                let range = self.classes.in_namespace(NamespaceId(namespace));
                bits.add(&Bits::range(range.start, range.end));
            }
            bits.and(self.pod_index.all())
        };
        *memo = Some(bits.clone());
        bits
    }
}
