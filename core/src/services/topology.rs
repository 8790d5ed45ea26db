//! Which endpoints of a service port a node uses.

use super::endpoints::{Endpoint, without_repeats};
use super::ports::ServicePort;
use crate::model::NodeId;
use crate::order::SliceOrder;
use std::sync::{Arc, OnceLock};

/// How topology hints narrow the endpoints of the Cluster policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TopologyMode {
    /// Not at all.
    #[default]
    None,
    /// To endpoints meant for this node.
    SameNode,
    /// To endpoints meant for this node's zone.
    SameZone,
}

/// The endpoints of a service port that a node uses, as indexes into [`ServicePort::endpoints`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Categories {
    /// For the Cluster policy; `None` when no policy of the Service needs them.
    pub cluster: Option<Vec<u32>>,
    /// For the Local policy; `None` when no policy of the Service needs them.
    pub local: Option<Vec<u32>>,
    /// Every endpoint reachable from the node: the union of both.
    pub reachable: Vec<u32>,
    /// Whether the Service has a usable endpoint anywhere.
    pub has_any: bool,
    /// What the hints did.
    pub mode: TopologyMode,
    /// Nothing is ready, so the Cluster policy uses terminating endpoints that still serve.
    pub cluster_terminating: bool,
    /// The same for the Local policy on this node.
    pub local_terminating: bool,
}

impl Categories {
    pub(super) fn cluster(&self) -> &[u32] {
        self.cluster.as_deref().unwrap_or_default()
    }

    pub(super) fn local(&self) -> &[u32] {
        self.local.as_deref().unwrap_or_default()
    }

    /// Whether packets to the ClusterIP find an endpoint.
    pub(super) fn has_internal(&self, port: &ServicePort) -> bool {
        self.has_any && (!port.internal_local || !self.local().is_empty())
    }

    /// Whether packets from outside find an endpoint.
    pub(super) fn has_external(&self, port: &ServicePort) -> bool {
        self.has_any && (!port.external_local || !self.local().is_empty())
    }
}

/// A node as topology sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) id: NodeId,
    pub(super) name: &'a str,
    pub(super) zone: Option<&'a str>,
    /// Nodes in the snapshot.
    pub(super) nodes: usize,
}

/// [`categorize`], computed once per node, or once for all when the node does not matter.
pub(super) fn categories(port: &ServicePort, place: Place<'_>) -> Arc<Categories> {
    let compute = || Arc::new(categorize(port, place));
    if !port.depends_on_node() {
        return port.everywhere.get_or_init(compute).clone();
    }
    let slots = port.per_node.get_or_init(|| (0..place.nodes).map(|_| OnceLock::new()).collect());
    match slots.get(place.id.index()) {
        Some(slot) => slot.get_or_init(compute).clone(),
        None => compute(),
    }
}

/// k8s: pkg/proxy/topology.go CategorizeEndpoints (1.36)
fn categorize(port: &ServicePort, place: Place<'_>) -> Categories {
    let all: Vec<(u32, &Endpoint)> = if port.has_repeats {
        let kept = without_repeats(&port.endpoints, place.id);
        (0u32..)
            .zip(&port.endpoints)
            .filter(|(_, endpoint)| kept.iter().any(|kept| std::ptr::eq(*kept, *endpoint)))
            .collect()
    } else {
        (0u32..).zip(&port.endpoints).collect()
    };
    let mut categories = Categories::default();
    if all.is_empty() {
        return categories;
    }
    let pick = |wanted: &dyn Fn(&Endpoint) -> bool| -> Vec<u32> {
        all.iter().filter(|(_, endpoint)| wanted(endpoint)).map(|(index, _)| *index).collect()
    };
    if port.uses_cluster_endpoints() {
        let mode = mode_from_hints(&all, place);
        categories.mode = mode;
        let mut cluster = pick(&|endpoint| endpoint.ready && allowed(endpoint, mode, place));
        if cluster.is_empty() {
            cluster = pick(&Endpoint::is_serving_terminating);
            categories.cluster_terminating = !cluster.is_empty();
        }
        categories.has_any = !cluster.is_empty();
        categories.cluster = Some(cluster);
    }
    if !port.uses_local_endpoints() {
        categories.reachable = categories.cluster().to_vec();
        return categories;
    }
    categories.has_any |= all.iter().any(|(_, endpoint)| endpoint.ready || endpoint.is_serving_terminating());
    let here = |endpoint: &Endpoint| endpoint.node == Some(place.id);
    let mut local = pick(&|endpoint| here(endpoint) && endpoint.ready);
    if local.is_empty() {
        local = pick(&|endpoint| here(endpoint) && endpoint.is_serving_terminating());
        categories.local_terminating = !local.is_empty();
    }
    let mut reachable = categories.cluster().to_vec();
    reachable.extend(local.iter().filter(|index| categories.cluster().binary_search(index).is_err()));
    reachable.order();
    categories.reachable = reachable;
    categories.local = Some(local);
    categories
}

/// k8s: pkg/proxy/topology.go topologyModeFromHints (1.36; PreferSameTrafficDistribution is on since 1.34)
fn mode_from_hints(all: &[(u32, &Endpoint)], place: Place<'_>) -> TopologyMode {
    let ready = || all.iter().map(|(_, endpoint)| *endpoint).filter(|endpoint| endpoint.ready);
    if ready().next().is_none() {
        return TopologyMode::None;
    }
    let for_node = |endpoint: &Endpoint| endpoint.node_hints.iter().any(|name| name == place.name);
    if ready().all(|endpoint| !endpoint.node_hints.is_empty()) && ready().any(for_node) {
        return TopologyMode::SameNode;
    }
    let zone = place.zone.unwrap_or_default();
    let for_zone = |endpoint: &Endpoint| endpoint.zone_hints.iter().any(|name| name == zone);
    if ready().all(|endpoint| !endpoint.zone_hints.is_empty()) && ready().any(for_zone) {
        return TopologyMode::SameZone;
    }
    TopologyMode::None
}

/// k8s: pkg/proxy/topology.go availableForTopology (1.36)
fn allowed(endpoint: &Endpoint, mode: TopologyMode, place: Place<'_>) -> bool {
    match mode {
        TopologyMode::None => true,
        TopologyMode::SameNode => endpoint.node_hints.iter().any(|name| name == place.name),
        TopologyMode::SameZone => {
            endpoint.zone_hints.iter().any(|name| name == place.zone.unwrap_or_default())
        }
    }
}
