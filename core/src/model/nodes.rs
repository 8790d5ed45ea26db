//! Nodes: their addresses and their pod CIDRs.

use super::intake::{Given, Intake, PodSource, Reports};
use super::ipam::{CidrSet, address, family, number};
use super::{Family, Node, Origin, Settings};
use crate::admission::Fault;
use crate::manifest::api::core_v1;
use crate::manifest::api::meta::Labels;
use crate::manifest::api::meta::labels;
use crate::manifest::{Manifests, ObjectRef};
use crate::order::{self, SliceOrder};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The address in a node block that the first node gets, counted from the block's base.
const FIRST_NODE: u128 = 11;

/// Nodes as given, or those that are named, or those of the settings; with addresses and pod CIDRs.
pub(crate) fn nodes(
    intake: &Intake,
    settings: &Settings,
    manifests: &Manifests,
    reports: &mut Reports,
) -> Vec<Node> {
    let mut nodes: Vec<Node> = intake.nodes.iter().map(given_node).collect();
    let known = order::set(intake.nodes.iter().map(|given| given.name.as_str()));
    let mut mentioned: Vec<&str> = Vec::new();
    for name in intake.pods.iter().filter_map(|given| node_name(&given.value)) {
        if !known.contains(name) && !mentioned.contains(&name) {
            mentioned.push(name);
        }
    }
    for name in &mentioned {
        if !known.is_empty() && !settings.stored {
            let message = format!("node `{name}` has no manifest, but a pod names it: it is taken to exist");
            reports.assume("model/node-created", message, Some(ObjectRef::cluster("Node", name)));
        }
    }
    nodes.extend(mentioned.into_iter().map(bare_node));
    if nodes.is_empty() && !settings.stored {
        nodes.extend(settings.nodes.iter().map(|name| bare_node(name)));
        let message = format!(
            "no Node is given or named: the cluster is taken to have {}",
            settings.nodes.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
        );
        reports.assume("model/nodes-of-settings", message, None);
    }
    if !settings.stored {
        addresses(&mut nodes, settings);
        pod_cidrs(&mut nodes, intake, settings, manifests, reports);
    }
    nodes
}

/// The node a pod or template asks for by name.
fn node_name(source: &PodSource) -> Option<&str> {
    let spec = match source {
        PodSource::Pod(pod) => &pod.spec,
        PodSource::Workload(_, workload) => &workload.spec.template.spec,
        PodSource::ReplicationController(controller) => &controller.spec.template.spec,
        PodSource::CronJob(job) => &job.spec.job_template.spec.template.spec,
    };
    Some(spec.node_name.as_str()).filter(|name| !name.is_empty())
}

fn bare_node(name: &str) -> Node {
    Node {
        name: name.to_owned(),
        labels: well_known_labels(name),
        ips: Vec::new(),
        external_ips: Vec::new(),
        pod_cidrs: Vec::new(),
        ready: true,
        unschedulable: false,
        taints: Vec::new(),
        allocatable: Labels::new(),
        allocated: Vec::new(),
        origin: Origin::ControlPlane,
    }
}

/// Labels that every kubelet sets.
///
/// k8s: pkg/kubelet/kubelet_node_status.go initialNode
fn well_known_labels(name: &str) -> Labels {
    labels(&[("kubernetes.io/hostname", name), ("kubernetes.io/os", "linux")])
}

fn given_node(given: &Given<core_v1::Node>) -> Node {
    let core_v1::Node { metadata, spec, status } = &given.value;
    let ips = |kind: &str| -> Vec<IpAddr> {
        let addresses = status.addresses.iter().filter(|address| address.type_ == kind);
        addresses.filter_map(|address| address.address.parse().ok()).collect()
    };
    let mut internal = ips("InternalIP");
    let mut seen = BTreeSet::new();
    internal.retain(|&ip| seen.insert(Family::of(ip)));
    let cidrs =
        if spec.pod_cidrs.is_empty() { std::slice::from_ref(&spec.pod_cidr) } else { &spec.pod_cidrs };
    let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready");
    let mut labels = well_known_labels(&given.name);
    labels.extend(metadata.labels.clone());
    Node {
        labels,
        ips: internal,
        external_ips: ips("ExternalIP"),
        pod_cidrs: cidrs.iter().filter_map(|cidr| cidr.parse().ok()).collect(),
        ready: ready.is_none_or(|condition| condition.status == "True"),
        unschedulable: spec.unschedulable,
        taints: spec.taints.clone(),
        allocatable: status.allocatable.clone(),
        origin: given.origin(),
        ..bare_node(&given.name)
    }
}

/// The block that node addresses of a family come from.
pub(crate) fn node_block(settings: &Settings, wanted: Family) -> Option<IpNet> {
    let given = settings.node_cidrs.iter().find(|net| family(net) == wanted).copied();
    // A cluster with IPv6 pods has IPv6 nodes, also where the settings name no block for them.
    let text = match wanted {
        Family::IPv4 => "192.168.10.0/24",
        Family::IPv6 => "fd00:192:168:10::/64",
    };
    given.or_else(|| text.parse().ok())
}

/// Gives every node without an InternalIP one of each family of the pod network.
fn addresses(nodes: &mut [Node], settings: &Settings) {
    let mut taken =
        order::set(nodes.iter().flat_map(|node| node.ips.iter().chain(&node.external_ips).copied()));
    let mut families: Vec<Family> = settings.pod_cidrs.iter().map(family).collect();
    families.dedup();
    for wanted in families {
        let Some(block) = node_block(settings, wanted) else { continue };
        let last = number(block.broadcast());
        let mut next = number(block.network()).saturating_add(FIRST_NODE);
        for node in nodes.iter_mut().filter(|node| {
            node.origin == Origin::ControlPlane
                || node.ips.is_empty()
                || node.allocated.contains(&"status.addresses")
        }) {
            while next < last && taken.contains(&address(wanted, next)) {
                next += 1;
            }
            if next >= last {
                break;
            }
            let ip = address(wanted, next);
            taken.insert(ip);
            node.ips.push(ip);
            if !node.allocated.contains(&"status.addresses") {
                node.allocated.push("status.addresses");
            }
        }
    }
}

/// Gives every node without pod CIDRs one from each cluster CIDR.
///
/// k8s: pkg/controller/nodeipam/ipam/range_allocator.go (1.36)
fn pod_cidrs(
    nodes: &mut [Node],
    intake: &Intake,
    settings: &Settings,
    manifests: &Manifests,
    reports: &mut Reports,
) {
    let waiting: Vec<usize> =
        (0..).zip(nodes.iter()).filter(|(_, node)| node.pod_cidrs.is_empty()).map(|(at, _)| at).collect();
    for &cluster in &settings.pod_cidrs {
        let mask = match family(&cluster) {
            Family::IPv4 => settings.node_mask_v4,
            Family::IPv6 => settings.node_mask_v6,
        };
        let mut set = match CidrSet::new(cluster, mask) {
            Ok(set) => set,
            Err(message) => {
                reports.assume("model/no-pod-cidrs", message, None);
                continue;
            }
        };
        for net in &settings.service_cidrs {
            set.occupy(net);
        }
        for net in nodes.iter().flat_map(|node| &node.pod_cidrs) {
            set.occupy(net);
        }
        let seen = blocks_in_use(intake, &set);
        let mut rest = Vec::new();
        for &at in &waiting {
            let Some(node) = nodes.get_mut(at) else { continue };
            let known = seen.binary_search_by_key(&node.name.as_str(), |(name, _)| name);
            match known.ok().and_then(|at| seen.get(at)) {
                Some(&(_, block)) => {
                    set.occupy(&block);
                    node.pod_cidrs.push(block);
                }
                None => rest.push(at),
            }
            node.allocated.push("spec.podCIDRs");
        }
        for at in rest {
            let Some(node) = nodes.get_mut(at) else { continue };
            if let Some(block) = set.allocate_next() {
                node.pod_cidrs.push(block);
                continue;
            }
            let message =
                "CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range";
            let object = ObjectRef::cluster("Node", &node.name);
            match &node.origin {
                Origin::Manifest { object: id, .. } => {
                    let fault = Fault::warning("model/cidr-not-available", "spec.podCIDRs", message);
                    reports.fault(manifests, crate::manifest::ObjectId(*id), object, fault);
                }
                Origin::ControlPlane => {
                    reports.assume("model/cidr-not-available", message.into(), Some(object))
                }
            }
        }
    }
    for node in nodes.iter_mut() {
        node.allocated.dedup();
    }
}

/// The blocks that the given addresses of pods show for their nodes: a dump without Nodes still tells
/// where its pods live. A block that two nodes share shows nothing.
fn blocks_in_use<'i>(intake: &'i Intake, set: &CidrSet) -> Vec<(&'i str, IpNet)> {
    let mut pairs = Vec::new();
    for given in &intake.pods {
        let PodSource::Pod(pod) = &given.value else { continue };
        if pod.spec.node_name.is_empty() || pod.spec.host_network {
            continue;
        }
        let node = pod.spec.node_name.as_str();
        let blocks = super::pods::given_ips(&pod.status).into_iter().filter_map(|ip| set.block_of(ip));
        pairs.extend(blocks.map(|block| (node, block)));
    }
    pairs.order();
    pairs.dedup();
    let mut blocks: Vec<IpNet> = pairs.iter().map(|(_, block)| *block).collect();
    blocks.order();
    let shared = |block| {
        blocks.partition_point(|other| *other <= block) - blocks.partition_point(|other| *other < block) > 1
    };
    let of_node = pairs.chunk_by(|(node, _), (other, _)| node == other);
    of_node
        .filter_map(|pairs| <[_; 1]>::try_from(pairs).ok())
        .flatten()
        .filter(|(_, block)| !shared(*block))
        .collect()
}
