//! For which zones and nodes an endpoint is meant.
//!
//! `spec.trafficDistribution` is judged here, endpoint by endpoint; the annotation topology-mode `Auto`
//! wins over it and looks at the whole cluster, in `topology.rs`.

use crate::manifest::api::discovery_v1::{EndpointHints, ForName};
use crate::manifest::api::meta::Labels;

/// Whether a Service asks for hints that follow the zones' CPU; they win over trafficDistribution.
///
/// k8s: staging endpointslice/utils.go hintsEnabled
pub(crate) fn wants_auto(annotations: &Labels) -> bool {
    let value = annotations.get("service.kubernetes.io/topology-mode");
    let value = value.or_else(|| annotations.get("service.kubernetes.io/topology-aware-hints"));
    value.is_some_and(|value| value == "Auto" || value == "auto")
}

/// The hints of one endpoint; only ready ones have any.
///
/// k8s: staging endpointslice/trafficdist/trafficdist.go ReconcileHints (1.36)
pub(crate) fn hints(
    distribution: Option<&str>,
    ready: bool,
    zone: Option<&str>,
    node: Option<&str>,
) -> Option<EndpointHints> {
    let same_node = match distribution {
        Some("PreferClose" | "PreferSameZone") => false,
        Some("PreferSameNode") => true,
        _ => return None,
    };
    let names = |name: Option<&str>| name.map(|name| ForName { name: name.into() }).into_iter().collect();
    let for_nodes = if same_node { names(node) } else { Vec::new() };
    let hints = EndpointHints { for_zones: names(zone), for_nodes };
    (ready && !(hints.for_zones.is_empty() && hints.for_nodes.is_empty())).then_some(hints)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(distribution: &str, ready: bool, zone: Option<&str>) -> String {
        let hints = hints(Some(distribution), ready, zone, Some("node-a"));
        hints.map_or_else(
            || "none".into(),
            |hints| {
                let names = |names: &[ForName]| {
                    names.iter().map(|name| name.name.clone()).collect::<Vec<_>>().join(",")
                };
                format!("zones {} nodes {}", names(&hints.for_zones), names(&hints.for_nodes))
            },
        )
    }

    #[test]
    fn distribution_decides() {
        assert_eq!(shown("PreferClose", true, Some("a")), "zones a nodes ");
        assert_eq!(shown("PreferSameZone", true, Some("a")), "zones a nodes ");
        assert_eq!(shown("PreferSameNode", true, Some("a")), "zones a nodes node-a");
        assert_eq!(shown("PreferSameNode", true, None), "zones  nodes node-a");
        assert_eq!(shown("PreferClose", true, None), "none");
        assert_eq!(shown("PreferClose", false, Some("a")), "none");
    }
}
