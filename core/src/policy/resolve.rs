//! Selectors evaluated to sets of groups and classes, each different one once.

use super::bits::Bits;
use super::classes::{Classes, Group};
use super::compile::{Draft, DraftRule, Namespaces, Peer, Vocabulary};
use super::engine::{Policy, Rule};
use super::intern::Interner;
use super::labels::LabelIndex;
use std::ops::Range;

/// What selectors select, kept so that a policy that is edited costs its own selectors only.
#[derive(Clone, Debug)]
pub(super) struct Selectors {
    /// Groups by the labels of their pods.
    groups: LabelIndex,
    /// Different namespace labels by themselves.
    namespaces: LabelIndex,
    /// Per different namespace labels, the groups that have them.
    inside: Vec<Bits>,
    host_network: Bits,
    block_atoms: Vec<Bits>,
    /// Per pod selector, the groups it selects; filled on demand.
    by_pods: Vec<Option<Bits>>,
    /// Per namespace selector, the groups in the namespaces it selects; filled on demand.
    by_namespaces: Vec<Option<Bits>>,
}

impl Selectors {
    pub(super) fn new(words: &Vocabulary, classes: &Classes, block_atoms: Vec<Bits>) -> Self {
        let groups = || (0_u32..).zip(&classes.groups);
        let numbers = |keep: &dyn Fn(&Group) -> bool| {
            let kept: Vec<u32> =
                groups().filter(|(_, group)| keep(group)).map(|(number, _)| number).collect();
            Bits::from_sorted(&kept)
        };
        let mut inside = vec![Vec::new(); classes.namespaces.len()];
        for (number, group) in groups() {
            inside.get_mut(group.namespace as usize).into_iter().for_each(|list| list.push(number));
        }
        Self {
            groups: LabelIndex::new(
                &words.pods,
                classes.groups.iter().map(|group| group.selectable.then_some(group.labels.as_slice())),
            ),
            namespaces: LabelIndex::new(
                &words.namespaces,
                classes.namespaces.iter().map(|signature| Some(signature.as_slice())),
            ),
            inside: inside.iter().map(|list| Bits::from_sorted(list)).collect(),
            host_network: numbers(&|group| group.host_network),
            block_atoms,
            by_pods: Vec::new(),
            by_namespaces: Vec::new(),
        }
    }

    /// The groups that a pair of selectors selects.
    fn select(&mut self, words: &Vocabulary, namespaces: u32, pods: u32) -> Bits {
        let inside = remembered(&mut self.by_namespaces, namespaces, || {
            let chosen = self.namespaces.select(&words.namespaces, namespaces);
            if chosen == *self.namespaces.all() {
                return self.groups.all().clone();
            }
            let mut bits = Bits::default();
            for groups in chosen.iter().filter_map(|signature| self.inside.get(signature as usize)) {
                bits.add(groups);
            }
            bits.and(self.groups.all())
        });
        let chosen = remembered(&mut self.by_pods, pods, || self.groups.select(&words.pods, pods));
        inside.and(chosen)
    }
}

fn remembered(memo: &mut Vec<Option<Bits>>, number: u32, work: impl FnOnce() -> Bits) -> &Bits {
    static EMPTY: Bits = Bits::EMPTY;
    let at = number as usize;
    if memo.len() <= at {
        memo.resize(at + 1, None);
    }
    match memo.get_mut(at) {
        Some(slot) => slot.get_or_insert_with(work),
        None => &EMPTY,
    }
}

/// Makes policies of drafts.
pub(super) struct Resolver<'a> {
    pub words: &'a Vocabulary,
    pub classes: &'a Classes,
    pub selectors: &'a mut Selectors,
    pub sets: &'a mut Interner<Bits>,
    pub rules: &'a mut Vec<Rule>,
}

impl Resolver<'_> {
    pub(super) fn policy(&mut self, draft: &Draft) -> Policy {
        let never_host = draft.never_host_network;
        let subject = match draft.subject {
            None => Bits::default(),
            Some((Namespaces::Own(namespace), pods)) => self.own(self.classes.in_namespace(namespace), pods),
            Some((Namespaces::Selected(namespaces), pods)) => {
                let mut groups = self.selectors.select(self.words, namespaces, pods);
                if never_host {
                    groups = groups.and_not(&self.selectors.host_network);
                }
                let classes = (0..).zip(&self.classes.list);
                let chosen: Vec<u32> = classes
                    .filter(|(_, class)| groups.contains(class.group))
                    .map(|(number, _)| number)
                    .collect();
                Bits::from_sorted(&chosen)
            }
        };
        let [ingress, egress] = &draft.rules;
        let rules = [self.side(ingress, never_host), self.side(egress, never_host)];
        Policy { tier: draft.tier, priority: draft.priority, rules, subject: self.sets.intern(&subject) }
    }

    fn side(&mut self, rules: &Option<Vec<DraftRule>>, never_host: bool) -> Option<Range<u32>> {
        let start = self.rules.len() as u32;
        for draft in rules.as_ref()? {
            let rule = self.rule(draft, never_host);
            self.rules.push(rule);
        }
        Some(start..self.rules.len() as u32)
    }

    fn rule(&mut self, draft: &DraftRule, never_host: bool) -> Rule {
        let (mut own, mut groups) = (Bits::default(), Bits::default());
        let (mut atoms, mut pod_atoms) = (Bits::default(), Bits::default());
        for peer in &draft.peers {
            match *peer {
                Peer::Pods { namespaces: Namespaces::Own(namespace), pods } => {
                    own.add(&self.own(self.classes.in_namespace(namespace), pods));
                }
                Peer::Pods { namespaces: Namespaces::Selected(namespaces), pods } => {
                    groups.add(&self.selectors.select(self.words, namespaces, pods));
                }
                Peer::Block { block, pods } => {
                    if let Some(bits) = self.selectors.block_atoms.get(block as usize) {
                        atoms.add(bits);
                        if pods {
                            pod_atoms.add(bits);
                        }
                    }
                }
            }
        }
        if never_host {
            groups = groups.and_not(&self.selectors.host_network);
        }
        Rule {
            action: draft.action,
            everyone: draft.everyone,
            own: self.sets.intern(&own),
            groups: self.sets.intern(&groups),
            atoms: self.sets.intern(&atoms),
            pod_atoms: self.sets.intern(&pod_atoms),
            domains: draft.domains,
            ports: draft.ports,
        }
    }

    /// The classes of one namespace that a pod selector selects.
    fn own(&self, classes: Range<u32>, pods: u32) -> Bits {
        let chosen = classes.filter(|class| {
            let group = self.classes.group(*class);
            group.is_some_and(|group| group.selectable && self.words.pods.matches(pods, &group.labels))
        });
        Bits::from_sorted(&chosen.collect::<Vec<u32>>())
    }
}
