//! Hints of Services with the annotation topology-mode `Auto`: endpoints shared out to zones in
//! proportion to their CPU.
//!
//! k8s: staging endpointslice/topologycache/{topologycache,utils}.go (1.36). Where the controller walks
//! a map in random order, zones are walked by name.

use super::{EndpointSlice, Node};
use crate::manifest::api::discovery_v1::{Endpoint, EndpointHints, ForName};
use std::collections::BTreeMap;

/// How much more than its share an endpoint may get.
const OVERLOAD: f64 = 0.2;
const NOT_COUNTED: &[&str] = &["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/// The part of the cluster's CPU in each zone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Zones(Vec<(String, f64)>);

/// A number for each zone.
type Amounts<'z> = BTreeMap<&'z str, f64>;

/// Thousandths of a CPU: `4`, `3920m`, `0.5`.
pub(crate) fn millis(quantity: &str) -> Option<f64> {
    let (number, factor) = match quantity.strip_suffix('m') {
        Some(number) => (number, 1.0),
        None => (quantity, 1000.0),
    };
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = plain.then(|| number.parse().ok())??;
    Some(number * factor)
}

impl Zones {
    /// The zones of the ready nodes; `None` where one of them has no zone or no CPU, or all are in one.
    pub(crate) fn new(nodes: &[Node], cpu: impl Fn(&Node) -> Option<f64>) -> Option<Self> {
        let mut found = Amounts::new();
        let counted =
            |node: &&Node| node.ready && !NOT_COUNTED.iter().any(|label| node.labels.contains_key(*label));
        for node in nodes.iter().filter(counted) {
            let zone = node.labels.get(super::endpoints::ZONE).filter(|zone| !zone.is_empty())?;
            let cpu = cpu(node).filter(|&cpu| cpu > 0.0)?;
            *found.entry(zone).or_default() += cpu;
        }
        let total: f64 = found.values().sum();
        let shares = found.iter().map(|(&zone, cpu)| (zone.to_owned(), cpu / total));
        (found.len() >= 2).then(|| Self(shares.collect()))
    }
}

fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.ready == Some(true)
}

fn for_zone(name: &str) -> Option<EndpointHints> {
    Some(EndpointHints { for_zones: vec![ForName { name: name.to_owned() }], for_nodes: Vec::new() })
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

/// Gives the endpoints of one Service and address type their hints.
///
/// # Errors
/// The message of the controller's event when it gives none.
pub(crate) fn assign(slices: &mut [&mut EndpointSlice], zones: Option<&Zones>) -> Result<(), String> {
    let Some(Zones(zones)) = zones else {
        return Err(
            "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
                .into(),
        );
    };
    let endpoints = |slices: &[&mut EndpointSlice]| -> Vec<Endpoint> {
        slices
            .iter()
            .flat_map(|slice| slice.value.endpoints.iter().filter(|endpoint| is_ready(endpoint)))
            .cloned()
            .collect()
    };
    let ready = endpoints(slices);
    let total = ready.len();
    if zones.len() > total {
        return Err(format!("Insufficient number of endpoints ({total} endpoints, {} zones)", zones.len()));
    }
    let wanted = desired(zones, total)?;
    let mut have = Amounts::new();
    for endpoint in &ready {
        let Some(zone) = endpoint.zone.as_deref().filter(|zone| !zone.is_empty()) else {
            return Err("One or more endpoints do not have a zone specified".into());
        };
        *have.entry(zone).or_default() += 1.0;
    }
    let (mut giving, mut receiving) = moves(&wanted, &have);
    let all = slices.iter_mut().flat_map(|slice| slice.value.endpoints.iter_mut());
    for endpoint in all.filter(|endpoint| is_ready(endpoint)) {
        let Some(zone) = endpoint.zone.clone() else { continue };
        let receiver = giving.get(zone.as_str()).filter(|&&left| left > 0.0).and_then(|_| {
            receiving.iter_mut().find(|(_, left)| **left > 0.0).map(|(zone, left)| {
                *left -= 1.0;
                *zone
            })
        });
        match receiver {
            Some(other) => {
                if let Some(left) = giving.get_mut(zone.as_str()) {
                    *left -= 1.0;
                }
                endpoint.hints = for_zone(other);
            }
            None => endpoint.hints = for_zone(&zone),
        }
    }
    Ok(())
}

/// How many endpoints each zone should have.
fn desired(zones: &[(String, f64)], total: usize) -> Result<Amounts<'_>, String> {
    let mut wanted = Amounts::new();
    let mut least = 0.0;
    for (zone, ratio) in zones {
        let share = ratio * count(total);
        let minimum = (share * (1.0 / (1.0 + OVERLOAD))).ceil();
        least += minimum;
        wanted.insert(zone.as_str(), share.max(minimum));
    }
    if least > count(total) {
        return Err(format!(
            "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ({total} endpoints, {} zones)",
            zones.len()
        ));
    }
    Ok(wanted)
}

/// How many endpoints zones give away, and how many they get.
fn moves<'z>(wanted: &Amounts<'z>, have: &Amounts<'z>) -> (Amounts<'z>, Amounts<'z>) {
    let (mut surplus, mut need) = (Amounts::new(), Amounts::new());
    for (&zone, &target) in wanted {
        let difference = have.get(zone).copied().unwrap_or(0.0) - target;
        if difference > 0.0 {
            surplus.insert(zone, difference);
        } else if difference < 0.0 {
            need.insert(zone, -difference);
        }
    }
    let (mut giving, mut receiving) = (Amounts::new(), Amounts::new());
    while let (Some((giver, give)), Some((receiver, get))) = (most(&surplus), most(&need)) {
        if (give < 1.0 && get < 1.0) || give < 0.5 || get < 0.5 {
            break;
        }
        *giving.entry(giver).or_default() += 1.0;
        *receiving.entry(receiver).or_default() += 1.0;
        surplus.insert(giver, give - 1.0);
        need.insert(receiver, get - 1.0);
    }
    (giving, receiving)
}

/// The zone with the most; of equals the first by name.
fn most<'z>(zones: &Amounts<'z>) -> Option<(&'z str, f64)> {
    let positive = zones.iter().filter(|(_, number)| **number > 0.0);
    positive.fold(None, |best: Option<(&str, f64)>, (&zone, &number)| match best {
        Some((_, most)) if most >= number => best,
        _ => Some((zone, number)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::api::discovery_v1::EndpointConditions;

    fn zones(cpus: &[(&str, f64)]) -> Option<Zones> {
        let nodes: Vec<Node> = cpus
            .iter()
            .map(|(zone, cpu)| Node {
                name: cpu.to_string(),
                labels: [(super::super::endpoints::ZONE.to_owned(), (*zone).to_owned())].into(),
                ready: true,
                ..Node::default()
            })
            .collect();
        Zones::new(&nodes, |node| node.name.parse().ok())
    }

    /// Hints by endpoint, as text; or the message.
    fn hints(cpus: &[(&str, f64)], endpoints: &str) -> String {
        let endpoints = endpoints.chars().map(|zone| Endpoint {
            zone: Some(zone.to_string()),
            conditions: EndpointConditions { ready: Some(zone != 'x'), ..Default::default() },
            ..Default::default()
        });
        let mut slice = EndpointSlice {
            namespace: crate::model::NamespaceId(0),
            name: String::new(),
            value: Default::default(),
            pods: Vec::new(),
            origin: crate::model::Origin::ControlPlane,
        };
        slice.value.endpoints = endpoints.collect();
        match assign(&mut [&mut slice], zones(cpus).as_ref()) {
            Err(message) => message,
            Ok(()) => {
                let endpoints = slice.value.endpoints.iter();
                let hint = |endpoint: &Endpoint| {
                    endpoint
                        .hints
                        .as_ref()
                        .map_or_else(|| "-".to_owned(), |hints| hints.for_zones[0].name.clone())
                };
                endpoints.map(hint).collect()
            }
        }
    }

    const EVEN: &[(&str, f64)] = &[("a", 1000.0), ("b", 1000.0)];

    #[test]
    fn quantities() {
        assert_eq!((millis("4"), millis("3920m"), millis("0.5")), (Some(4000.0), Some(3920.0), Some(500.0)));
        assert_eq!((millis("4Gi"), millis("")), (None, None));
    }

    #[test]
    fn balanced_zones_keep_their_own() {
        assert_eq!(hints(EVEN, "aabb"), "aabb");
        assert_eq!(hints(EVEN, "abx"), "ab-");
    }

    #[test]
    fn rich_zones_give_to_poor_ones() {
        assert_eq!(hints(EVEN, "aaab"), "baab");
        assert_eq!(hints(EVEN, "aaaa"), "bbaa");
        assert_eq!(hints(&[("a", 3000.0), ("b", 1000.0)], "aabb"), "aaab");
    }

    #[test]
    fn without_enough_there_are_none() {
        assert_eq!(hints(EVEN, "a"), "Insufficient number of endpoints (1 endpoints, 2 zones)");
        let info =
            "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes";
        assert_eq!(hints(&[("a", 1000.0)], "aa"), info);
        assert_eq!(hints(&[("a", 1000.0), ("", 1000.0)], "aa"), info);
        let overload = hints(&[("a", 1000.0), ("b", 1000.0), ("c", 1000.0)], "abca");
        // 4/3 each need at least 2 of 4.
        assert!(overload.starts_with("Unable to allocate minimum required endpoints"), "{overload}");
    }
}
