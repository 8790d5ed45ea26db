//! An edit of policies only: nothing else of the cluster is settled anew.

use super::namespaces::SYSTEM;
use super::{Origin, Snapshot, Stored, settle};
use crate::manifest::{FileChange, Manifests, Object, Place, Severity};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The cluster of `manifests`, given the one before some sources of them changed, when the change is of
/// NetworkPolicies or their cluster-wide relatives in one source and touches nothing else; `None` when
/// everything has to be settled anew, as with any fault that refuses an object.
pub(crate) fn edit(before: &Snapshot, manifests: &Arc<Manifests>) -> Option<Snapshot> {
    let change = manifests.only_change(&before.manifests)?;
    let (old, new) = (change.old, change.alone.objects());
    let keeps_numbers = old.len() == new.len() || change.is_last;
    let policies_only =
        old.iter().map(|(_, object)| object).chain(new.iter().map(|new| &**new)).all(is_policy);
    if !keeps_numbers || !policies_only || change.had_error || !same_namespaces(before, &change) {
        return None;
    }
    let window =
        |first: usize, count: usize| u32::try_from(first).ok().zip(u32::try_from(first + count).ok());
    let (first, end) = window(change.first, old.len())?;
    let alone = settle(Arc::clone(&change.alone), &before.settings);
    let refused = alone.problems.iter().any(|problem| problem.severity == Severity::Error);
    let whole = alone.accepted.len() == new.len()
        && (first..end).all(|id| before.accepted.binary_search(&id).is_ok());
    if refused || !whole {
        return None;
    }
    let mut after = before.clone();
    let network = splice(&before.network_policies, &alone.network_policies, first, end)?;
    let cluster = splice(&before.cluster_policies, &alone.cluster_policies, first, end)?;
    (after.network_policies, after.cluster_policies) = (network.into(), cluster.into());
    if change.is_last {
        after.accepted.truncate(before.accepted.partition_point(|id| *id < first));
        after.accepted.extend((first..).take(new.len()));
    }
    let file = alone.manifests.sources().next()?.name.clone();
    let of_file = |place: &Option<Place>| place.as_ref().is_some_and(|place| place.file == file);
    after.problems.retain(|problem| !of_file(&problem.place));
    after.problems.extend(alone.problems.iter().filter(|problem| of_file(&problem.place)).cloned());
    after.manifests = Arc::clone(manifests);
    after.sort_problems();
    Some(after)
}

fn is_policy(object: &Object) -> bool {
    let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
    object.modelled && (group == "policy.networking.k8s.io" || object.kind == "NetworkPolicy")
}

/// Whether no namespace comes or goes with its policies: one that only they mention would.
fn same_namespaces(before: &Snapshot, change: &FileChange<'_>) -> bool {
    fn name(object: &Object) -> &str {
        if object.namespace.is_empty() { "default" } else { &object.namespace }
    }
    let old: BTreeSet<&str> = change.old.iter().map(|(_, object)| name(object)).collect();
    let new: BTreeSet<&str> = change.alone.objects().iter().map(|object| name(object)).collect();
    old.symmetric_difference(&new).all(|name| {
        let known = before.namespace_id(name).and_then(|id| before.namespace(id));
        SYSTEM.contains(name) || known.is_some_and(|known| known.origin != Origin::ControlPlane)
    })
}

/// The policies with those of one source replaced, whose objects have the numbers `first..end`. `None`
/// when a name is taken by a policy of another source.
fn splice<T: Clone>(all: &[Stored<T>], new: &[Stored<T>], first: u32, end: u32) -> Option<Vec<Stored<T>>> {
    let number = |stored: &Stored<T>| match stored.origin {
        Origin::Manifest { object, .. } => object,
        Origin::ControlPlane => 0,
    };
    let (start, stop) = (
        all.partition_point(|stored| number(stored) < first),
        all.partition_point(|stored| number(stored) < end),
    );
    let (earlier, later) = (all.get(..start)?, all.get(stop..)?);
    let mut list = Vec::with_capacity(earlier.len() + new.len() + later.len());
    list.extend_from_slice(earlier);
    for stored in new {
        if earlier.iter().chain(later).any(|other| other.object == stored.object) {
            return None;
        }
        let object = first + number(stored);
        list.push(Stored { origin: Origin::Manifest { object, prefix: "" }, ..stored.clone() });
    }
    list.extend_from_slice(later);
    Some(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::PortText;
    use crate::{Cluster, Settings, Source};

    const BASE: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: prod}}\n---\n\
        {apiVersion: v1, kind: Pod, metadata: {name: api, namespace: prod, labels: {app: api}}, \
        spec: {containers: [{name: c, image: c}]}}\n---\n\
        {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: web}, spec: {containers: [{name: c, image: c}]}}\n";

    fn policy(name: &str, namespace: &str, rest: &str) -> String {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}, \
             namespace: {namespace}}}, spec: {{podSelector: {{}}, {rest}}}}}\n"
        )
    }

    /// What an edit has to leave as loading anew does.
    fn told(cluster: &Cluster) -> String {
        let Snapshot {
            namespaces,
            pods,
            network_policies,
            cluster_policies,
            problems,
            assumptions,
            accepted,
            ..
        } = cluster.snapshot();
        let verdict = cluster.policy_verdict("web/web", "prod/api", &PortText::Number(80), None);
        format!(
            "{namespaces:#?}{pods:#?}{network_policies:#?}{cluster_policies:#?}{problems:#?}{assumptions:#?}{accepted:#?}{verdict:#?}"
        )
    }

    #[test]
    fn an_edit_is_the_same_as_loading_anew() {
        let texts = [
            policy("a", "prod", "ingress: []"),
            policy("a", "prod", "ingress: [{from: [{namespaceSelector: {}}]}]"),
            policy("a", "prod", "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]"),
            policy("a", "prod", "ingress: [{ports: [{port: 99999}]}]"),
            policy("a", "prod", "ingress: [{form: []}]"),
            policy("a", "prod", "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]"),
            policy("b", "prod", "egress: []"),
            policy("b", "elsewhere", "ingress: []"),
            format!("{}---\n{}", policy("a", "prod", ""), policy("c", "prod", "policyTypes: [Egress]")),
            format!("{}---\n{}", policy("a", "prod", ""), policy("a", "prod", "policyTypes: [Egress]")),
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n".to_owned(),
            "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: a}, \
             spec: {tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}}\n"
                .to_owned(),
            "kind: [\n".to_owned(),
            String::new(),
        ];
        let source = |name: &str, text: &str| Source::new(name, text);
        for before in &texts {
            for after in &texts {
                for last in [
                    "",
                    "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80}]}}\n",
                    texts[6].as_str(),
                ] {
                    let sources =
                        |text: &str| [source("base", BASE), source("edited", text), source("last", last)];
                    let cluster = Cluster::load(sources(before), &Settings::default());
                    cluster.policies();
                    let edited = cluster.with([source("edited", after)]);
                    let anew = Cluster::load(sources(after), &Settings::default());
                    assert_eq!(told(&edited), told(&anew), "{before}=> {after}\n{last}");
                    let plain = |text: &String| [0, 1, 2, 5].iter().any(|at| texts[*at] == *text);
                    if plain(before) && plain(after) && before != after {
                        assert!(edit(cluster.snapshot(), &edited.snapshot().manifests).is_some(), "{after}");
                    }
                }
            }
        }
    }
}
