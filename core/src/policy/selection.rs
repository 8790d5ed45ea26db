//! Whom a question means: pods, nodes and addresses by name, namespace or label, in kubectl's notation.

use super::AddressSet;
use super::explain::{NOT_A_SELECTION, NOTHING_SELECTED};
use crate::ask::AskError;
use crate::manifest::ObjectRef;
use crate::manifest::api::meta::{LabelSelector, LabelSelectorRequirement};
use crate::model::{Family, NodeId, Party, Pod, PodId, Snapshot};
use crate::order::SliceOrder;
use std::net::{IpAddr, Ipv4Addr};

/// The client address taken when a question says just `outside` and one address is needed: a
/// documentation address (RFC 5737).
pub(super) const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));

/// A set of pods, nodes and addresses outside the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// Ascending.
    pub pods: Vec<PodId>,
    pub nodes: Vec<NodeId>,
    pub addresses: AddressSet,
}

/// Reads and evaluates a selection: terms joined by ` | `, each perhaps with a leading `!`, which means
/// every pod and every outside address but these.
///
/// | term | means |
/// |---|---|
/// | `all`, `pods`, `outside` | every pod and outside address; every pod; every outside address |
/// | `prod/db`, `deploy/prod/db`, `deploy/db.prod` | a pod, or the pods of a workload |
/// | `prod/*`, `ns/prod`, `*/[app=db]`, `[team=front]/[tier in (a,b)]` | pods by namespace and labels |
/// | `node/node-a` | a node |
/// | `203.0.113.7`, `10.0.0.0/8`, `10.0.0.1-10.0.0.9` | addresses; those of pods and nodes mean their owner |
///
/// # Errors
/// [`AskError`] when the text cannot be read or selects nothing.
pub(super) fn select(snapshot: &Snapshot, text: &str) -> Result<Selection, AskError> {
    let mut all = Selection::default();
    for term in text.split('|') {
        let one = select_term(snapshot, term.trim())?;
        all.pods.extend(one.pods);
        all.nodes.extend(one.nodes);
        all.addresses = all.addresses.union(&one.addresses);
    }
    all.pods.order();
    all.pods.dedup();
    all.nodes.order();
    all.nodes.dedup();
    Ok(all)
}

fn select_term(snapshot: &Snapshot, term: &str) -> Result<Selection, AskError> {
    if let Some(rest) = term.strip_prefix('!') {
        let inner = select(snapshot, rest.trim())?;
        let pods = every_pod(snapshot).filter(|pod| inner.pods.binary_search(pod).is_err()).collect();
        let addresses = outside(snapshot).subtract(&inner.addresses);
        return some(Selection { pods, nodes: Vec::new(), addresses }, term, snapshot);
    }
    let selection = match term {
        "all" => {
            Selection { pods: every_pod(snapshot).collect(), nodes: Vec::new(), addresses: outside(snapshot) }
        }
        "pods" => Selection { pods: every_pod(snapshot).collect(), ..Selection::default() },
        "outside" => Selection { addresses: outside(snapshot), ..Selection::default() },
        _ if is_address(term) => addresses(snapshot, term)?,
        _ => objects(snapshot, term)?,
    };
    some(selection, term, snapshot)
}

fn every_pod(snapshot: &Snapshot) -> impl Iterator<Item = PodId> {
    (0..).take(snapshot.pods.len()).map(PodId)
}

/// Every address that belongs neither to the cluster's own ranges nor to a pod or node.
pub(super) fn outside(snapshot: &Snapshot) -> AddressSet {
    let settings = &snapshot.settings;
    let blocks = settings.pod_cidrs.iter().chain(&settings.service_cidrs).map(|net| AddressSet::block(*net));
    let own = snapshot.nodes.iter().flat_map(|node| node.ips.iter().chain(&node.external_ips));
    let ips = own.chain(snapshot.pods.iter().flat_map(|pod| &pod.ips));
    let ips = AddressSet::of_ips(ips.copied());
    blocks.fold(AddressSet::all(), |all, block| all.subtract(&block)).subtract(&ips)
}

fn is_address(term: &str) -> bool {
    let first = term.split(['-', '/', ',']).next().unwrap_or_default();
    first.parse::<IpAddr>().is_ok()
}

fn addresses(snapshot: &Snapshot, term: &str) -> Result<Selection, AskError> {
    let set: AddressSet = term.parse().map_err(|reason| unreadable(term, reason))?;
    let mut out = Selection::default();
    let mut taken = Vec::new();
    for (id, pod) in (0..).map(PodId).zip(&snapshot.pods) {
        for ip in pod.ips.iter().filter(|ip| pod.is_alive() && !pod.host_network && set.contains(**ip)) {
            out.pods.push(id);
            taken.push(*ip);
        }
    }
    for (id, node) in (0..).map(NodeId).zip(&snapshot.nodes) {
        for ip in node.ips.iter().chain(&node.external_ips).filter(|ip| set.contains(**ip)) {
            out.nodes.push(id);
            taken.push(*ip);
        }
    }
    out.pods.dedup();
    out.nodes.dedup();
    out.addresses = set.subtract(&AddressSet::of_ips(taken.into_iter()));
    Ok(out)
}

fn objects(snapshot: &Snapshot, term: &str) -> Result<Selection, AskError> {
    // A slash inside brackets belongs to a label key.
    let mut parts = vec![String::new()];
    let mut depth = 0_u32;
    for c in term.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().into_iter().for_each(|part| part.push(c));
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let pods = |namespace: &str, name: &str, kind| select_pods(snapshot, term, namespace, name, kind);
    match parts.as_slice() {
        ["no" | "node" | "nodes", name] => match snapshot.node_id(name) {
            Some(node) => Ok(Selection { nodes: vec![node], ..Selection::default() }),
            None => Err(not_found(snapshot, "node", name)),
        },
        ["ns" | "namespace" | "namespaces", name] => pods(name, "*", None),
        [kind, name] => match (workload_kind(kind), name.split_once('.')) {
            (Some(kind), Some((name, namespace))) => pods(namespace, name, Some(kind)),
            (Some(kind), None) => pods("default", name, Some(kind)),
            (None, _) => pods(kind, name, None),
        },
        [kind, namespace, name] if workload_kind(kind).is_some() => {
            pods(namespace, name, workload_kind(kind))
        }
        [name] if !name.is_empty() && !name.starts_with('[') => pods("default", name, None),
        _ => Err(unreadable(term, NOT_A_SELECTION.into())),
    }
}

fn select_pods(
    snapshot: &Snapshot,
    term: &str,
    namespace: &str,
    name: &str,
    kind: Option<&str>,
) -> Result<Selection, AskError> {
    let namespaces = Pattern::read(namespace, term)?;
    let names = Pattern::read(name, term)?;
    let chosen = |pod: &Pod| {
        let inside = snapshot.namespace(pod.namespace);
        let here = inside.is_some_and(|inside| match &namespaces {
            Pattern::Any => true,
            Pattern::Name(name) => inside.name == *name,
            Pattern::Labels(selector) => selector.matches(&inside.labels),
        });
        here && match &names {
            Pattern::Any => {
                kind.is_none() || pod.workload.as_ref().map(|workload| workload.kind.as_str()) == kind
            }
            Pattern::Labels(selector) => selector.matches(&pod.labels),
            Pattern::Name(name) => {
                let by_workload = pod.workload.as_ref().is_some_and(|workload| {
                    workload.name == *name && kind.is_none_or(|kind| kind == workload.kind)
                });
                by_workload || (pod.name == *name && kind.is_none_or(|kind| kind == "Pod"))
            }
        }
    };
    let pods: Vec<PodId> =
        every_pod(snapshot).zip(&snapshot.pods).filter(|(_, pod)| chosen(pod)).map(|(id, _)| id).collect();
    if pods.is_empty() {
        if let (Pattern::Name(namespace), Pattern::Any) = (&namespaces, &names)
            && snapshot.namespace_id(namespace).is_none()
        {
            return Err(not_found(snapshot, "namespace", namespace));
        }
        if let (Pattern::Name(namespace), Pattern::Name(name)) = (&namespaces, &names) {
            return Err(not_found(snapshot, "pod", &format!("{namespace}/{name}")));
        }
    }
    Ok(Selection { pods, ..Selection::default() })
}

enum Pattern {
    Any,
    Name(String),
    Labels(LabelSelector),
}

impl Pattern {
    fn read(text: &str, term: &str) -> Result<Self, AskError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            Some(inner) => label_selector(inner)
                .map(Self::Labels)
                .ok_or_else(|| unreadable(term, NOT_A_SELECTION.into())),
            None => Ok(Self::Name(text.to_owned())),
        }
    }
}

/// kubectl's `-l` notation: `app=db,tier!=web,env in (a,b),zone notin (c),key,!other`.
pub(super) fn label_selector(text: &str) -> Option<LabelSelector> {
    let mut selector = LabelSelector::default();
    let mut depth = 0_u32;
    let parts = text.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
        let mut add = |key: &str, operator: &str, values: Vec<String>| {
            let (key, operator) = (key.trim().to_owned(), operator.to_owned());
            selector.match_expressions.push(LabelSelectorRequirement { key, operator, values });
        };
        let list = |text: &str| -> Option<Vec<String>> {
            let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
            Some(inner.split(',').map(|value| value.trim().to_owned()).collect())
        };
        if let Some((key, values)) = part.split_once(" notin ") {
            add(key, "NotIn", list(values)?);
        } else if let Some((key, values)) = part.split_once(" in ") {
            add(key, "In", list(values)?);
        } else if let Some((key, value)) = part.split_once("!=") {
            add(key, "NotIn", vec![value.trim().to_owned()]);
        } else if let Some(key) = part.strip_prefix('!') {
            add(key, "DoesNotExist", Vec::new());
        } else if let Some((key, value)) = part.split_once('=') {
            selector
                .match_labels
                .insert(key.trim().to_owned(), value.trim_start_matches('=').trim().to_owned());
        } else if part.contains(char::is_whitespace) {
            return None;
        } else {
            add(part, "Exists", Vec::new());
        }
    }
    Some(selector)
}

fn workload_kind(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "po" | "pod" | "pods" => "Pod",
        "deploy" | "deployment" | "deployments" => "Deployment",
        "rs" | "replicaset" | "replicasets" => "ReplicaSet",
        "sts" | "statefulset" | "statefulsets" => "StatefulSet",
        "ds" | "daemonset" | "daemonsets" => "DaemonSet",
        "job" | "jobs" => "Job",
        "cj" | "cronjob" | "cronjobs" => "CronJob",
        "rc" | "replicationcontroller" | "replicationcontrollers" => "ReplicationController",
        _ => return None,
    })
}

/// Exactly one end of a connection: the first pod of a selection, a node, or an address.
///
/// # Errors
/// [`AskError`] when the text cannot be read or names nothing.
pub(crate) fn party(snapshot: &Snapshot, text: &str) -> Result<Party, AskError> {
    let text = text.trim();
    if text == "outside" {
        return Ok(Party::Outside(OUTSIDE));
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(snapshot.party_of(ip));
    }
    let selection = select(snapshot, text)?;
    match (selection.pods.first(), selection.nodes.first(), selection.addresses.ranges().next()) {
        (Some(pod), ..) => Ok(Party::Pod(*pod)),
        (_, Some(node), _) => Ok(Party::Node(*node)),
        (.., Some((ip, _))) => Ok(Party::Outside(ip)),
        _ => Err(unreadable(text, NOTHING_SELECTED.into())),
    }
}

/// The addresses of a party.
pub(super) fn ips(snapshot: &Snapshot, party: Party) -> Vec<IpAddr> {
    match party {
        Party::Pod(id) => snapshot.pod(id).map(|pod| pod.ips.clone()).unwrap_or_default(),
        Party::Node(id) => snapshot.node(id).map(|node| node.ips.clone()).unwrap_or_default(),
        Party::Outside(ip) => vec![ip],
    }
}

/// The pairs of addresses of two parties, one per family both have, the opener's primary family first.
pub(super) fn families(snapshot: &Snapshot, from: Party, to: Party) -> Vec<(Family, IpAddr, IpAddr)> {
    let targets = ips(snapshot, to);
    let pair = |ip: IpAddr| {
        let other = targets.iter().find(|other| other.is_ipv4() == ip.is_ipv4())?;
        Some((Family::of(ip), ip, *other))
    };
    let mut out: Vec<(Family, IpAddr, IpAddr)> = Vec::new();
    for (family, from, to) in ips(snapshot, from).into_iter().filter_map(pair) {
        if out.iter().all(|(other, ..)| *other != family) {
            out.push((family, from, to));
        }
    }
    out
}

fn some(selection: Selection, term: &str, snapshot: &Snapshot) -> Result<Selection, AskError> {
    let empty = selection.pods.is_empty() && selection.nodes.is_empty() && selection.addresses.is_none();
    if empty && !(term == "all" || term == "pods") || (empty && !snapshot.pods.is_empty()) {
        return Err(unreadable(term, NOTHING_SELECTED.into()));
    }
    Ok(selection)
}

fn unreadable(text: &str, reason: String) -> AskError {
    AskError::Unreadable { what: "selection", text: text.to_owned(), reason }
}

fn not_found(snapshot: &Snapshot, kind: &'static str, name: &str) -> AskError {
    let candidates: Vec<String> = match kind {
        "node" => snapshot.nodes.iter().map(|node| node.name.clone()).collect(),
        "namespace" => snapshot.namespaces.iter().map(|namespace| namespace.name.clone()).collect(),
        _ => snapshot.pods.iter().flat_map(|pod| names_of(snapshot, pod)).collect(),
    };
    AskError::NotFound {
        kind,
        name: name.to_owned(),
        near: nearest(name, candidates.iter().map(String::as_str)),
    }
}

fn names_of(snapshot: &Snapshot, pod: &Pod) -> Vec<String> {
    let namespace = snapshot.namespace_name(pod.namespace);
    let workload = pod.workload.as_ref().map(|workload| format!("{namespace}/{}", workload.name));
    workload.into_iter().chain([format!("{namespace}/{}", pod.name)]).collect()
}

/// The candidate that differs least from a name, when it differs little.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let limit = (name.chars().count() / 3).max(1);
    let best = candidates.map(|candidate| (distance(name, candidate), candidate)).min()?;
    (best.0 <= limit).then(|| best.1.to_owned())
}

/// Edit distance (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (n, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), n + 1);
        let mut left = n + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let best = (diagonal + usize::from(x != *y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// The policy a text names: `prod/allow-web`, `netpol/prod/allow-web`, or for cluster-wide kinds
/// `cnp/guard`, `anp/guard`, `banp/default`.
///
/// # Errors
/// [`AskError`] when there is none.
pub(super) fn policy(snapshot: &Snapshot, text: &str) -> Result<u32, AskError> {
    let parts: Vec<&str> = text.split('/').collect();
    let network = |namespace: &str, name: &str| ObjectRef::namespaced("NetworkPolicy", namespace, name);
    let wanted = match parts.as_slice() {
        ["netpol" | "networkpolicy" | "networkpolicies", namespace, name] => network(namespace, name),
        ["netpol" | "networkpolicy" | "networkpolicies", name] => match name.split_once('.') {
            Some((name, namespace)) => network(namespace, name),
            None => network("default", name),
        },
        ["cnp" | "clusternetworkpolicy", name] => ObjectRef::cluster("ClusterNetworkPolicy", name),
        ["anp" | "adminnetworkpolicy", name] => ObjectRef::cluster("AdminNetworkPolicy", name),
        ["banp" | "baselineadminnetworkpolicy", name] => {
            ObjectRef::cluster("BaselineAdminNetworkPolicy", name)
        }
        [namespace, name] => network(namespace, name),
        [name] => network("default", name),
        _ => return Err(unreadable(text, NOT_A_SELECTION.into())),
    };
    let all = snapshot.network_policies.iter().map(|stored| &stored.object);
    let all = all.chain(snapshot.cluster_policies.iter().map(|stored| &stored.object));
    let found = all.clone().position(|object| *object == wanted);
    found.map(|index| index as u32).ok_or_else(|| {
        let names: Vec<String> = all
            .filter(|object| object.kind == wanted.kind)
            .map(|object| match &object.namespace {
                Some(namespace) => format!("{namespace}/{}", object.name),
                None => object.name.clone(),
            })
            .collect();
        let name = match &wanted.namespace {
            Some(namespace) => format!("{namespace}/{}", wanted.name),
            None => wanted.name.clone(),
        };
        let near = nearest(&name, names.iter().map(String::as_str));
        AskError::NotFound { kind: "policy", name, near }
    })
}
