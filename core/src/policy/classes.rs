//! Equivalence classes of pods: two pods that no policy of this cluster can tell apart are one.

use super::addrs::Atoms;
use super::compile::{Vocabulary, named_ports};
use super::intern::Interner;
use super::labels::Signature;
use crate::manifest::api::core_v1::PodSpec;
use crate::model::{Family, HostNetworkPolicy, NamespaceId, PodId, Snapshot};
use crate::order::SliceOrder;
use std::sync::Arc;

/// No class, no atom.
pub(super) const NOTHING: u32 = u32::MAX;

/// What policies can see of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Class {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Whether selectors can reach it: not a hostNetwork pod that counts as its node.
    pub selectable: bool,
    /// Whether it is on the host network.
    pub host_network: bool,
    /// The atoms of its IPv4 and IPv6 address, [`NOTHING`] without one.
    pub atoms: [u32; 2],
    /// Mentioned port names and their numbers in the joint port space.
    pub named: Vec<(u32, u32)>,
    /// Mentioned labels.
    pub labels: Signature,
    /// The pods, ascending.
    pub pods: Vec<PodId>,
}

impl Class {
    /// The atom of the address of a family.
    pub(super) fn atom(&self, family: Family) -> u32 {
        let [v4, v6] = self.atoms;
        if family == Family::IPv4 { v4 } else { v6 }
    }
}

/// All classes, sorted by namespace so that the pods of a namespace are one range, and the class of every
/// pod; [`NOTHING`] for pods that take no part in networking.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    pub list: Vec<Class>,
    pub of: Vec<u32>,
}

/// Fixed part of a class key: namespace, flags, two atoms, number of the named ports.
const HEAD: usize = 5;
const SELECTABLE: u32 = 1;
const HOST_NETWORK: u32 = 2;

impl Classes {
    pub(super) fn new(snapshot: &Snapshot, words: &Vocabulary, atoms: &Atoms) -> Self {
        let as_node = snapshot.settings.policy.host_network == HostNetworkPolicy::AsNode;
        let mut keys: Interner<Vec<u32>> = Interner::default();
        let mut port_lists: Interner<Vec<u32>> = Interner::default();
        let mut first_seen: Vec<u32> = Vec::with_capacity(snapshot.pods.len());
        let mut last_spec: Option<(*const PodSpec, u32)> = None;
        let (mut key, mut labels, mut ports) = (Vec::new(), Signature::new(), Vec::new());
        for pod in &snapshot.pods {
            if !pod.is_alive() {
                first_seen.push(NOTHING);
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
            key.clear();
            key.extend([pod.namespace.0, flags, pair[0], pair[1], named]);
            if selectable {
                words.pods.sign(&pod.labels, &mut labels);
                key.extend(labels.iter().flat_map(|(key, value)| [*key, *value]));
            }
            first_seen.push(keys.intern(key.as_slice()));
        }
        let mut order: Vec<u32> = (0..).take(keys.items().len()).collect();
        order.order_by_key(|number| (keys.get(*number).and_then(|key| key.first().copied()), *number));
        let mut rank = vec![NOTHING; order.len()];
        let mut list = Vec::with_capacity(order.len());
        for (at, number) in (0..).zip(&order) {
            let key = keys.get(*number).map_or(&[][..], Vec::as_slice);
            let Some((&[namespace, flags, v4, v6, named], labels)) = key.split_first_chunk::<HEAD>() else {
                continue;
            };
            if let Some(rank) = rank.get_mut(*number as usize) {
                *rank = at;
            }
            list.push(Class {
                namespace: NamespaceId(namespace),
                selectable: flags & SELECTABLE != 0,
                host_network: flags & HOST_NETWORK != 0,
                atoms: [v4, v6],
                named: pairs(port_lists.get(named).map_or(&[][..], Vec::as_slice)),
                labels: pairs(labels),
                pods: Vec::new(),
            });
        }
        let of: Vec<u32> =
            first_seen.iter().map(|number| rank.get(*number as usize).copied().unwrap_or(NOTHING)).collect();
        for (pod, class) in (0..).zip(&of) {
            if let Some(class) = list.get_mut(*class as usize) {
                class.pods.push(PodId(pod));
            }
        }
        Self { list, of }
    }

    /// The class of a pod that takes part in networking.
    pub(super) fn of(&self, pod: PodId) -> Option<(u32, &Class)> {
        let number = *self.of.get(pod.index())?;
        Some((number, self.list.get(number as usize)?))
    }

    /// The classes of a namespace.
    pub(super) fn in_namespace(&self, namespace: NamespaceId) -> std::ops::Range<u32> {
        let start = self.list.partition_point(|class| class.namespace < namespace);
        let end = self.list.partition_point(|class| class.namespace <= namespace);
        start as u32..end as u32
    }
}

fn pairs(flat: &[u32]) -> Vec<(u32, u32)> {
    flat.as_chunks::<2>().0.iter().map(|[a, b]| (*a, *b)).collect()
}
