//! Equivalence classes of pods: two pods that no policy of this cluster can tell apart are one.
//!
//! A class is a namespace and a [`Group`]: policies of other namespaces tell namespaces apart only by
//! their labels, so far fewer groups than classes are there to be compared.

use super::addrs::Atoms;
use super::compile::{Vocabulary, named_ports};
use super::intern::Interner;
use super::labels::Signature;
use crate::manifest::api::core_v1::PodSpec;
use crate::model::{Family, HostNetworkPolicy, NamespaceId, NodeId, Phase, Pod, PodId, Snapshot};
use crate::order::SliceOrder;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// No class, no atom, no node.
pub(super) const NOTHING: u32 = u32::MAX;

/// What policies can see of a pod but for the name of its namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The mentioned labels of its namespace, in [`Classes::namespaces`].
    pub namespace: u32,
    /// Whether selectors can reach it: not a hostNetwork pod that counts as its node.
    pub selectable: bool,
    /// Whether it is on the host network.
    pub host_network: bool,
    /// The atoms of its IPv4 and IPv6 address, [`NOTHING`] without one.
    pub atoms: [u32; 2],
    /// Mentioned port names and their numbers in the joint port space, in [`Classes::named`].
    pub named: u32,
    /// Mentioned labels.
    pub labels: Signature,
}

impl Group {
    /// The atom of the address of a family.
    pub(super) fn atom(&self, family: Family) -> u32 {
        let [v4, v6] = self.atoms;
        if family == Family::IPv4 { v4 } else { v6 }
    }
}

/// A namespace and what policies can see of its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Class {
    /// The namespace.
    pub namespace: NamespaceId,
    /// The group, in [`Classes::groups`].
    pub group: u32,
}

/// What judging a connection needs of a pod, close together: a large cluster does not fit into the caches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    /// Its class, [`NOTHING`] for pods that take no part in networking.
    pub class: u32,
    /// The node it runs on, [`NOTHING`] before it is placed.
    node: u32,
    /// Its IPv4 address when it is the first of its addresses, otherwise `0.0.0.0`.
    v4: u32,
    pub state: State,
}

impl Seat {
    pub(super) fn node(&self) -> Option<NodeId> {
        (self.node != NOTHING).then_some(NodeId(self.node))
    }

    /// Whether the address is for certain one of the pod's own; when not, its pod must be asked.
    pub(super) fn surely_has(&self, ip: IpAddr) -> bool {
        matches!(ip, IpAddr::V4(ip) if u32::from(ip) == self.v4 && self.v4 != 0)
    }
}

/// Whether a pod can take part in a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ready,
    NoAddress,
    Ended,
}

/// All classes, sorted by namespace so that the pods of a namespace are one range.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    pub list: Vec<Class>,
    pub groups: Vec<Group>,
    /// Per pod.
    pub seats: Vec<Seat>,
    /// The different mentioned labels of namespaces.
    pub namespaces: Vec<Signature>,
    /// The different lists of mentioned port names and numbers; the first is empty.
    pub named: Vec<Vec<(u32, u32)>>,
    /// The pods of all classes, class after class; where each class begins, and the end.
    pods: Vec<PodId>,
    starts: Vec<u32>,
}

/// Fixed part of a group key: namespace labels, flags, two atoms, number of the named ports.
const HEAD: usize = 5;
const SELECTABLE: u32 = 1;
const HOST_NETWORK: u32 = 2;

impl Classes {
    pub(super) fn new(snapshot: &Snapshot, words: &Vocabulary, atoms: &Atoms) -> Self {
        let as_node = snapshot.settings.policy.host_network == HostNetworkPolicy::AsNode;
        let (namespaces, signature_of) = namespace_signatures(snapshot, words);
        let mut groups: Interner<Vec<u32>> = Interner::default();
        let mut classes: Interner<[u32; 2]> = Interner::default();
        let mut port_lists: Interner<Vec<u32>> = Interner::default();
        port_lists.intern([].as_slice());
        let mut seats: Vec<Seat> = Vec::with_capacity(snapshot.pods.len());
        let mut last_spec: Option<(*const PodSpec, u32)> = None;
        let (mut key, mut labels, mut ports) = (Vec::new(), Signature::new(), Vec::new());
        for pod in &snapshot.pods {
            let mut seat = seat(pod);
            if !pod.is_alive() {
                seats.push(seat);
                continue;
            }
            let selectable = !(pod.host_network && as_node);
            let spec = Arc::as_ptr(&pod.spec);
            let named = match last_spec {
                Some((last, named)) if last == spec => named,
                _ => {
                    ports.clear();
                    for (name, number) in named_ports(&pod.spec) {
                        if let Some(name) = words.names.find(name) {
                            ports.extend([name, number]);
                        }
                    }
                    port_lists.intern(ports.as_slice())
                }
            };
            last_spec = Some((spec, named));
            let mut pair = [NOTHING; 2];
            for ip in pod.ips.iter().rev() {
                let [v4, v6] = &mut pair;
                *(if ip.is_ipv4() { v4 } else { v6 }) = atoms.of(*ip);
            }
            let flags =
                if selectable { SELECTABLE } else { 0 } | if pod.host_network { HOST_NETWORK } else { 0 };
            let namespace = signature_of.get(pod.namespace.index()).copied().unwrap_or(NOTHING);
            key.clear();
            key.extend([namespace, flags, pair[0], pair[1], named]);
            if selectable {
                words.pods.sign(&pod.labels, &mut labels);
                key.extend(labels.iter().flat_map(|(key, value)| [*key, *value]));
            }
            let group = groups.intern(key.as_slice());
            seat.class = classes.intern(&[pod.namespace.0, group]);
            seats.push(seat);
        }
        let mut out = Self {
            list: Vec::new(),
            groups: groups.items().iter().filter_map(|key| group(key)).collect(),
            seats,
            namespaces,
            named: port_lists.items().iter().map(|list| pairs(list)).collect(),
            pods: Vec::new(),
            starts: Vec::new(),
        };
        out.sort(classes.items());
        out
    }

    /// Numbers the classes by namespace, and lists their pods.
    fn sort(&mut self, found: &[[u32; 2]]) {
        let mut order: Vec<(u32, u32)> =
            (0..).zip(found).map(|(number, [namespace, _])| (*namespace, number)).collect();
        order.order();
        let mut rank = vec![NOTHING; found.len()];
        for (at, (_, number)) in (0..).zip(&order) {
            let Some([namespace, group]) = found.get(*number as usize) else { continue };
            self.list.push(Class { namespace: NamespaceId(*namespace), group: *group });
            rank.get_mut(*number as usize).into_iter().for_each(|rank| *rank = at);
        }
        let mut counts = vec![0_u32; found.len() + 1];
        for seat in &mut self.seats {
            seat.class = rank.get(seat.class as usize).copied().unwrap_or(NOTHING);
            counts.get_mut(seat.class.wrapping_add(1) as usize).into_iter().for_each(|n| *n += 1);
        }
        // Pods without a class were counted as if they came before all classes.
        counts.first_mut().into_iter().for_each(|n| *n = 0);
        let mut sum = 0;
        for count in &mut counts {
            sum += *count;
            *count = sum;
        }
        self.starts.clone_from(&counts);
        self.pods = vec![PodId(NOTHING); sum as usize];
        for (pod, seat) in (0..).zip(&self.seats) {
            let Some(next) = counts.get_mut(seat.class as usize) else { continue };
            self.pods.get_mut(*next as usize).into_iter().for_each(|slot| *slot = PodId(pod));
            *next += 1;
        }
    }

    /// The class of a pod that takes part in networking.
    pub(super) fn of(&self, pod: PodId) -> Option<u32> {
        self.seats.get(pod.index()).map(|seat| seat.class).filter(|class| *class != NOTHING)
    }

    /// What policies can see of the pods of a class.
    pub(super) fn group(&self, class: u32) -> Option<&Group> {
        let class = self.list.get(class as usize)?;
        self.groups.get(class.group as usize)
    }

    /// Whether the pods of a class have an address of this family.
    pub(super) fn has_family(&self, class: u32, family: Family) -> bool {
        self.group(class).is_some_and(|group| group.atom(family) != NOTHING)
    }

    /// The pods of a class, ascending.
    pub(super) fn pods(&self, class: u32) -> &[PodId] {
        let at = class as usize;
        let ends = self.starts.get(at).zip(self.starts.get(at.wrapping_add(1)));
        ends.and_then(|(start, end)| self.pods.get(*start as usize..*end as usize)).unwrap_or_default()
    }

    /// The mentioned port names of pods and their numbers.
    pub(super) fn named(&self, list: u32) -> &[(u32, u32)] {
        self.named.get(list as usize).map_or(&[], Vec::as_slice)
    }

    /// The classes of a namespace.
    pub(super) fn in_namespace(&self, namespace: NamespaceId) -> std::ops::Range<u32> {
        let start = self.list.partition_point(|class| class.namespace < namespace);
        let end = self.list.partition_point(|class| class.namespace <= namespace);
        start as u32..end as u32
    }
}

/// The different mentioned labels of namespaces, and which each namespace has.
fn namespace_signatures(snapshot: &Snapshot, words: &Vocabulary) -> (Vec<Signature>, Vec<u32>) {
    let mut signatures: Interner<Signature> = Interner::default();
    let mut signature = Signature::new();
    let of = snapshot.namespaces.iter().map(|namespace| {
        words.namespaces.sign(&namespace.labels, &mut signature);
        signatures.intern(signature.as_slice())
    });
    let of = of.collect();
    (signatures.items().to_vec(), of)
}

fn seat(pod: &Pod) -> Seat {
    let v4 = match pod.ips.first() {
        Some(IpAddr::V4(ip)) => *ip,
        _ => Ipv4Addr::UNSPECIFIED,
    };
    let state = match pod.phase {
        Phase::Succeeded | Phase::Failed => State::Ended,
        _ if pod.ips.is_empty() => State::NoAddress,
        _ => State::Ready,
    };
    Seat { class: NOTHING, node: pod.node.map_or(NOTHING, |node| node.0), v4: v4.into(), state }
}

fn group(key: &[u32]) -> Option<Group> {
    let (&[namespace, flags, v4, v6, named], labels) = key.split_first_chunk::<HEAD>()?;
    Some(Group {
        namespace,
        selectable: flags & SELECTABLE != 0,
        host_network: flags & HOST_NETWORK != 0,
        atoms: [v4, v6],
        named,
        labels: pairs(labels),
    })
}

fn pairs(flat: &[u32]) -> Vec<(u32, u32)> {
    flat.as_chunks::<2>().0.iter().map(|[a, b]| (*a, *b)).collect()
}
