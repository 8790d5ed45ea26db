//! The nearest right names for a name that was not found.

use super::explain::Parts;
use super::name::{distance, labels, prefix_of, without_dot};
use super::{Server, Suggestion};
use crate::model::Snapshot;
use crate::order::SliceOrder;

/// Names that may have been meant by `name`, nearest first, at most three.
pub(super) fn for_name(server: &Server, snapshot: &Snapshot, name: &str) -> Vec<Suggestion> {
    let Some(plugin) = server.plugins().first() else { return Vec::new() };
    let zone = plugin.options.zones.get(plugin.options.primary).map_or("cluster.local.", String::as_str);
    let lower = name.to_ascii_lowercase();
    // Everything that could be meant as service and namespace, whatever follows.
    let left = match Parts::of(server, &lower) {
        Some(parts) if parts.zone.ends_with("arpa.") => return Vec::new(),
        Some(parts) => parts.labels.into_iter().rev().collect::<Vec<_>>(),
        None => labels(&lower).collect(),
    };
    let words: Vec<&str> = left.into_iter().filter(|label| !label.starts_with('_')).collect();
    let words: &[&str] = match words.as_slice() {
        [front @ .., "svc"] => front,
        [front @ .., "svc", "cluster"] => front,
        all => all,
    };
    let mut found: Vec<(usize, Suggestion)> = Vec::new();
    let (endpoint, service, namespace) = match words {
        [] => return Vec::new(),
        [service] => (None, *service, None),
        [service, namespace] => (None, *service, Some(*namespace)),
        [.., endpoint, service, namespace] => (Some(*endpoint), *service, Some(*namespace)),
    };
    for candidate in plugin.index.services() {
        let space = snapshot.namespace_name(candidate.namespace);
        let full = format!("{}.{space}.svc.{zone}", candidate.name);
        let by_service = distance(service, &candidate.name, limit(service));
        let by_namespace =
            namespace.map_or(Some(0), |namespace| distance(namespace, space, limit(namespace)));
        let swapped = namespace == Some(&*candidate.name) && service == space;
        let (cost, text) = match (by_service, by_namespace) {
            (Some(0), Some(0)) if full == lower => continue,
            (Some(0), Some(0)) => (0, format!("Service `{}` is in namespace `{space}`", candidate.name)),
            (Some(0), Some(far)) => {
                (1 + far, format!("Service `{}` is in namespace `{space}`", candidate.name))
            }
            (Some(0), None) => (3, format!("Service `{}` is in namespace `{space}`", candidate.name)),
            (Some(far), Some(0)) => {
                (1 + far, format!("there is a Service `{}` in namespace `{space}`", candidate.name))
            }
            (Some(far), Some(more)) => {
                (3 + far + more, format!("there is a Service `{}` in namespace `{space}`", candidate.name))
            }
            _ if swapped => (1, "the Service comes first, then the namespace".to_owned()),
            // `prod.db` with one word too many in front: the endpoint may be what was meant as the Service.
            _ if endpoint == Some(&*candidate.name) && namespace == Some(space) => {
                (2, format!("there is a Service `{}` in namespace `{space}`", candidate.name))
            }
            _ => continue,
        };
        found.push((cost, Suggestion { name: without_dot(&full).to_owned(), text }));
        if found.len() > 64 {
            found.order_by(order);
            found.truncate(8);
        }
    }
    if let (Some(endpoint), Some(namespace)) =
        (endpoint, namespace.and_then(|name| plugin.index.namespace(name)))
    {
        let group = plugin.index.group(namespace, service);
        for address in group.into_iter().flat_map(|group| &group.addresses) {
            if let Some(far) = distance(endpoint, &address.name, limit(endpoint)).filter(|far| *far > 0) {
                let space = snapshot.namespace_name(namespace);
                let name = format!("{}.{service}.{space}.svc.{}", address.name, without_dot(zone));
                let text = format!("`{}` is a ready endpoint of Service `{service}`", address.name);
                found.push((far, Suggestion { name, text }));
            }
        }
    }
    found.order_by(order);
    found.dedup_by(|a, b| a.1.name == b.1.name);
    found.truncate(3);
    found.into_iter().map(|(_, suggestion)| suggestion).collect()
}

fn order(a: &(usize, Suggestion), b: &(usize, Suggestion)) -> std::cmp::Ordering {
    (a.0, &a.1.name).cmp(&(b.0, &b.1.name))
}

/// Edits that still count as a slip: one for short names, two for longer ones.
fn limit(name: &str) -> usize {
    match name.len() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    }
}

/// The shortest form of a full name that a pod of `namespace` can use with the usual search list.
pub(super) fn shortest<'n>(full: &'n str, namespace: &str, domain: &str) -> &'n str {
    let svc = format!("svc.{domain}");
    match prefix_of(full, &svc) {
        Some(left) => match left.strip_suffix(namespace).and_then(|left| left.strip_suffix('.')) {
            Some(own) => own,
            None => left,
        },
        None => full,
    }
}

/// A name as people write it.
pub(super) fn bare(name: &str) -> String {
    without_dot(name).to_owned()
}
