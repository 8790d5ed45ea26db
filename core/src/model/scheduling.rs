//! Which node a pod runs on: what keeps a pod off a node, and an even spread over the rest.
//!
//! Modelled: nodeName, nodeSelector, taints and tolerations, `unschedulable`, host ports. Not modelled:
//! affinity, resources, topology spread constraints, priorities.

use super::evidence::join;
use super::intake::Reports;
use super::{Node, NodeId, Origin, Pod};
use crate::admission::Fault;
use crate::manifest::api::core_v1::{PodSpec, Taint, Toleration};
use crate::manifest::{Manifests, ObjectId, ObjectRef};
use crate::order::{self, SliceOrder};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why a node does not take a pod, in the scheduler's words.
///
/// k8s: pkg/scheduler/framework/plugins/{nodeunschedulable,tainttoleration,nodeaffinity}
fn refusal(node: &Node, spec: &PodSpec, daemon: bool) -> Option<String> {
    let tolerated = |taint: &Taint| {
        (daemon && DAEMON_TOLERATIONS.contains(&taint.key.as_str()))
            || spec.tolerations.iter().any(|toleration| tolerates(toleration, taint))
    };
    let unschedulable =
        Taint { key: UNSCHEDULABLE.into(), value: String::new(), effect: "NoSchedule".into() };
    if node.unschedulable && !tolerated(&unschedulable) {
        return Some("node(s) were unschedulable".into());
    }
    let mut taints =
        node.taints.iter().filter(|taint| matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute"));
    if let Some(taint) = taints.find(|taint| !tolerated(taint)) {
        return Some(format!("node(s) had untolerated taint {{{}: {}}}", taint.key, taint.value));
    }
    if !spec.node_selector.iter().all(|(key, value)| node.labels.get(key) == Some(value)) {
        return Some("node(s) didn't match Pod's node affinity/selector".into());
    }
    None
}

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// k8s: pkg/controller/daemon/util/daemonset_util.go AddOrUpdateDaemonPodTolerations
const DAEMON_TOLERATIONS: &[&str] = &[
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/pid-pressure",
    UNSCHEDULABLE,
    "node.kubernetes.io/network-unavailable",
];

/// k8s: api core/v1 Toleration.ToleratesTaint
fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    if !toleration.effect.is_empty() && toleration.effect != taint.effect {
        return false;
    }
    if !toleration.key.is_empty() && toleration.key != taint.key {
        return false;
    }
    match toleration.operator.as_str() {
        "" | "Equal" => toleration.value == taint.value,
        "Exists" => true,
        _ => false,
    }
}

/// The nodes that take a pod of a DaemonSet.
pub(crate) fn daemon_nodes(nodes: &[Node], spec: &PodSpec) -> Vec<NodeId> {
    let wanted = |node: &Node| spec.node_name.is_empty() || spec.node_name == node.name;
    (0..)
        .zip(nodes)
        .filter(|(_, node)| wanted(node) && refusal(node, spec, true).is_none())
        .map(|(id, _)| NodeId(id))
        .collect()
}

/// A port of a node that a pod takes: node, protocol, host address, number.
type HostPort<'p> = (u32, &'p str, &'p str, i32);

fn host_ports(spec: &PodSpec, node: u32) -> impl Iterator<Item = HostPort<'_>> {
    let ports = spec.containers.iter().flat_map(|container| &container.ports);
    ports.filter(|port| port.host_port > 0).map(move |port| {
        let ip = if port.host_ip.is_empty() { "0.0.0.0" } else { port.host_ip.as_str() };
        (node, port.protocol.as_str(), ip, port.host_port)
    })
}

/// k8s: kube-scheduler framework HostPortInfo.CheckConflict
fn conflicts(taken: &BTreeSet<HostPort<'_>>, (node, protocol, ip, port): HostPort<'_>) -> bool {
    if ip == "0.0.0.0" {
        taken.iter().any(|&(other, proto, _, number)| (other, proto, number) == (node, protocol, port))
    } else {
        taken.contains(&(node, protocol, "0.0.0.0", port)) || taken.contains(&(node, protocol, ip, port))
    }
}

/// Gives every pod without a node one of those that take it, the emptiest first: fewest pods of the same
/// workload, then fewest pods, then the order of nodes. Returns how many were placed.
pub(crate) fn place(
    pods: &mut [Pod],
    waiting: &[bool],
    nodes: &[Node],
    namespaces: &[super::Namespace],
    manifests: &Manifests,
    reports: &mut Reports,
) -> u32 {
    let by_name: BTreeMap<&str, u32> =
        order::map((0..).zip(nodes).map(|(id, node)| (node.name.as_str(), id)));
    for pod in pods.iter_mut().filter(|pod| pod.node.is_none()) {
        pod.node = by_name.get(pod.spec.node_name.as_str()).copied().map(NodeId);
    }
    let specs: Vec<Arc<PodSpec>> = pods.iter().map(|pod| Arc::clone(&pod.spec)).collect();
    let mut totals = vec![0_u32; nodes.len()];
    let mut ports: BTreeSet<HostPort<'_>> = BTreeSet::new();
    for (pod, spec) in pods.iter().zip(&specs) {
        let Some(node) = pod.node else { continue };
        if let Some(total) = totals.get_mut(node.index()) {
            *total += 1;
        }
        ports.extend(host_ports(spec, node.0));
    }
    let mut placed = 0;
    let mut feasible: Option<(&Arc<PodSpec>, Vec<u32>)> = None;
    let mut of_workload: Option<(Option<ObjectRef>, Vec<u32>)> = None;
    for ((pod, spec), _) in pods.iter_mut().zip(&specs).zip(waiting).filter(|(_, waiting)| **waiting) {
        if pod.node.is_some() || !spec.node_name.is_empty() {
            continue;
        }
        if feasible.as_ref().is_none_or(|(known, _)| !Arc::ptr_eq(known, spec)) {
            let takers = (0..).zip(nodes).filter(|(_, node)| refusal(node, spec, false).is_none());
            feasible = Some((spec, takers.map(|(id, _)| id).collect()));
        }
        if of_workload.as_ref().is_none_or(|(known, _)| known.is_none() || *known != pod.workload) {
            of_workload = Some((pod.workload.clone(), vec![0; nodes.len()]));
        }
        let (Some((_, takers)), Some((_, counts))) = (&feasible, &mut of_workload) else { continue };
        let has_ports = host_ports(spec, 0).next().is_some();
        let load = |id: u32, counts: &[u32]| {
            let at = |counts: &[u32]| counts.get(id as usize).copied().unwrap_or(0);
            (at(counts), at(&totals), id)
        };
        let best = takers
            .iter()
            .copied()
            .filter(|&id| !has_ports || !host_ports(spec, id).any(|port| conflicts(&ports, port)))
            .min_by_key(|&id| load(id, counts));
        let Some(id) = best else {
            unschedulable(pod, nodes, takers, namespaces, manifests, reports);
            continue;
        };
        pod.node = Some(NodeId(id));
        pod.filled.node = true;
        placed += 1;
        for counts in [&mut totals, counts] {
            if let Some(count) = counts.get_mut(id as usize) {
                *count += 1;
            }
        }
        ports.extend(host_ports(spec, id));
    }
    placed
}

/// Reports a pod that no node takes; it stays Pending.
fn unschedulable(
    pod: &mut Pod,
    nodes: &[Node],
    takers: &[u32],
    namespaces: &[super::Namespace],
    manifests: &Manifests,
    reports: &mut Reports,
) {
    pod.phase = super::Phase::Pending;
    pod.ready = false;
    let mut reasons: BTreeMap<String, u32> = BTreeMap::new();
    for node in nodes {
        if let Some(reason) = refusal(node, &pod.spec, false) {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    if !takers.is_empty() {
        let reason = "node(s) didn't have free ports for the requested pod ports";
        reasons.insert(reason.into(), u32::try_from(takers.len()).unwrap_or(u32::MAX));
    }
    let mut reasons: Vec<String> =
        reasons.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    reasons.order();
    let message = match reasons.is_empty() {
        true => "no nodes available to schedule pods".to_owned(),
        false => format!("0/{} nodes are available: {}.", nodes.len(), reasons.join(", ")),
    };
    let object = pod.workload.clone().unwrap_or_else(|| {
        let namespace = namespaces.get(pod.namespace.index()).map_or("", |namespace| &namespace.name);
        ObjectRef::namespaced("Pod", namespace, &pod.name)
    });
    let known =
        |other: &crate::manifest::Problem| other.message == message && other.object.as_ref() == Some(&object);
    if reports.problems.last().is_some_and(known) {
        return;
    }
    match &pod.origin {
        Origin::Manifest { object: id, prefix } => {
            let fault = Fault::warning("model/unschedulable", join(prefix, "spec"), message);
            reports.fault(manifests, ObjectId(*id), object, fault);
        }
        Origin::ControlPlane => reports.assume("model/unschedulable", message, Some(object)),
    }
}
