//! Which paths an explanation lists: what matched, what came near, and how many are left unsaid.
//!
//! A host with a hundred thousand paths is searched, not walked: the paths of each host are kept sorted,
//! and a request finds those that cover it and its neighbours.

use super::request::HttpRequest;
use super::spec::RuleRef;
use crate::manifest::api::networking_v1::IngressRule;
use crate::model::Snapshot;
use crate::order::{self, SliceOrder};
use std::collections::{BTreeMap, BTreeSet};

/// Most candidates of the request's own host, of wildcards over it and of rules without a host.
const LISTED: usize = 40;
/// Most neighbours of the request's path per host.
const NEAR: usize = 10;
/// Most paths of other hosts, listed when nothing takes the request.
const ELSEWHERE: usize = 3;

/// Every path of every Ingress by host and path.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Keyed by the host of the rule in lower case; empty for none.
    hosts: BTreeMap<Box<str>, Vec<Listed>>,
    /// Hosts with their labels in reverse, to find those that differ in the first label.
    reversed: BTreeSet<(String, Box<str>)>,
    /// Position of each Ingress in the order of age.
    ages: Vec<u32>,
    total: usize,
}

/// One path, sorted by its text in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    key: Box<str>,
    /// Position in the order of age.
    age: u32,
    rule: RuleRef,
}

/// What to list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Oldest first.
    pub(crate) rules: Vec<RuleRef>,
    /// How many of the covering hosts are not listed.
    pub(crate) left_out: u32,
    /// How many paths of other hosts are not listed.
    pub(crate) elsewhere: u32,
}

/// The rule a path stands in.
pub(crate) fn rule_of(snapshot: &Snapshot, at: RuleRef) -> Option<&IngressRule> {
    snapshot.ingresses.get(at.ingress as usize)?.value.spec.rules.get(at.rule as usize)
}

fn reversed(host: &str) -> String {
    host.rsplit('.').collect::<Vec<_>>().join(".")
}

/// How many bytes two texts have in common at their start.
fn common(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

impl Index {
    /// Indexes every Ingress; `order` is oldest first.
    pub(crate) fn new(snapshot: &Snapshot, order: &[u32]) -> Self {
        let mut index = Self { ages: vec![0; snapshot.ingresses.len()], ..Self::default() };
        for (age, &ingress) in order.iter().enumerate() {
            if let Some(slot) = index.ages.get_mut(ingress as usize) {
                *slot = age as u32;
            }
            let Some(stored) = snapshot.ingresses.get(ingress as usize) else { continue };
            for (rule, entry) in stored.value.spec.rules.iter().enumerate() {
                let host = index.hosts.entry(entry.host.to_ascii_lowercase().into()).or_default();
                for (path, text) in entry.http.iter().flat_map(|http| &http.paths).enumerate() {
                    let rule = RuleRef { ingress, rule: rule as u32, path: path as u32 };
                    let key = text.path.to_ascii_lowercase().into();
                    host.push(Listed { key, age: age as u32, rule });
                    index.total += 1;
                }
            }
        }
        for (host, paths) in &mut index.hosts {
            paths.order();
            index.reversed.insert((reversed(host), host.clone()));
        }
        index
    }

    /// What to list for a request. `winner` is always listed; `tried` are paths that the controller itself
    /// compared with, in its order.
    pub(crate) fn select(
        &self,
        request: &HttpRequest,
        winner: Option<RuleRef>,
        tried: impl Iterator<Item = RuleRef>,
    ) -> Selection {
        let host = request.host_name().unwrap_or_default();
        let wildcard = host.split_once('.').filter(|(label, _)| !label.is_empty());
        let wildcard = wildcard.map(|(_, parent)| format!("*.{parent}"));
        let names = [Some(host.as_str()).filter(|host| !host.is_empty()), wildcard.as_deref(), Some("")];
        let entries: Vec<&[Listed]> =
            names.into_iter().flatten().filter_map(|name| self.hosts.get(name).map(Vec::as_slice)).collect();
        let here: usize = entries.iter().map(|paths| paths.len()).sum();
        let path = request.raw_path().to_ascii_lowercase();
        let mut chosen: BTreeMap<(u32, RuleRef), ()> = BTreeMap::new();
        let mut add = |listed: &Listed| {
            chosen.insert((listed.age, listed.rule), ());
            chosen.len() < LISTED
        };
        if here <= LISTED {
            entries.iter().flat_map(|paths| paths.iter()).for_each(|listed| {
                add(listed);
            });
        } else {
            for rule in winner.into_iter().chain(tried.take(NEAR)) {
                if let Some(age) = self.ages.get(rule.ingress as usize) {
                    add(&Listed { key: Box::default(), age: *age, rule });
                }
            }
            for paths in &entries {
                covering(paths, &path)
                    .chain(neighbours(paths, &path))
                    .take_while(|listed| add(listed))
                    .count();
            }
        }
        let left_out = (here - chosen.len().min(here)) as u32;
        let mut elsewhere = self.total - here;
        let mut rules: Vec<RuleRef> = chosen.into_keys().map(|(_, rule)| rule).collect();
        if winner.is_none() && !host.is_empty() {
            let similar = self.similar(&host).filter_map(|paths| covering(paths, &path).next());
            let similar: Vec<RuleRef> = similar.take(ELSEWHERE).map(|listed| listed.rule).collect();
            elsewhere -= similar.len().min(elsewhere);
            rules.extend(similar);
        }
        Selection { rules, left_out, elsewhere: elsewhere as u32 }
    }

    /// The paths of hosts that are spelt nearly like `host`: the neighbours by spelling from either end.
    fn similar(&self, host: &str) -> impl Iterator<Item = &[Listed]> + use<'_> {
        let back = reversed(host);
        let key = (back.clone(), Box::from(""));
        let by_name = self.hosts.range(..Box::from(host)).next_back().into_iter();
        let by_name = by_name.chain(self.hosts.range(Box::from(host)..).take(2));
        let by_label = self.reversed.range(..key.clone()).next_back().into_iter();
        let by_label = by_label.chain(self.reversed.range(key..).take(2));
        let near = |other: &str| {
            let (ahead, behind) = (common(host, other), common(&back, &reversed(other)));
            let most = host.len().max(other.len());
            other != host && !other.is_empty() && ahead.max(behind) * 2 >= most
        };
        let names = by_name.map(|(name, _)| &**name).chain(by_label.map(|(_, name)| &**name));
        let names = order::set(names.filter(|name| near(name)));
        names.into_iter().filter_map(|name| self.hosts.get(name).map(Vec::as_slice))
    }
}

/// The paths that `path` begins with, element by element, the longest first.
fn covering<'a>(paths: &'a [Listed], path: &str) -> impl Iterator<Item = &'a Listed> {
    let mut keys: Vec<&str> = vec![path];
    keys.extend(
        path.match_indices('/').rev().flat_map(|(at, _)| [path.get(..=at), path.get(..at)]).flatten(),
    );
    keys.dedup();
    let slashed = format!("{path}/");
    let equal = |key: &str| {
        let begin = paths.partition_point(|listed| *listed.key < *key);
        let end = paths.partition_point(|listed| *listed.key <= *key);
        paths.get(begin..end).unwrap_or_default().iter()
    };
    let found: Vec<_> = std::iter::once(slashed.as_str()).chain(keys).map(equal).collect();
    found.into_iter().flatten()
}

/// The paths spelt most like `path`.
fn neighbours<'a>(paths: &'a [Listed], path: &str) -> impl Iterator<Item = &'a Listed> {
    let at = paths.partition_point(|listed| *listed.key < *path);
    let (before, after) = paths.split_at_checked(at).unwrap_or((paths, &[]));
    let (mut before, mut after) = (before.iter().rev().peekable(), after.iter().peekable());
    let mut found = Vec::with_capacity(NEAR);
    while found.len() < NEAR {
        let likeness = |listed: Option<&&'a Listed>| listed.map(|listed| common(&listed.key, path));
        let next =
            if likeness(after.peek()) >= likeness(before.peek()) { after.next() } else { before.next() };
        match next {
            Some(listed) => found.push(listed),
            None => break,
        }
    }
    found.into_iter()
}
