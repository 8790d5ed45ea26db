//! Namespaces: given, mentioned, and the cluster's own.

use super::intake::{Intake, Reports};
use super::{Namespace, Origin, Settings};
use crate::manifest::ObjectRef;
use crate::manifest::api::meta::Labels;
use std::collections::BTreeMap;

/// The label that the API server keeps on every namespace.
///
/// k8s: pkg/apis/core/v1/defaults.go SetDefaults_Namespace
pub(crate) const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// k8s: pkg/controlplane/controller/systemnamespaces
pub(super) const SYSTEM: &[&str] = &["default", "kube-node-lease", "kube-public", "kube-system"];

/// Every namespace, sorted by name.
pub(crate) fn namespaces(intake: &Intake, settings: &Settings, reports: &mut Reports) -> Vec<Namespace> {
    let mut found: BTreeMap<&str, (Labels, Origin)> = BTreeMap::new();
    for given in &intake.namespaces {
        found.insert(&given.name, (given.value.metadata.labels.clone(), given.origin()));
    }
    if !settings.stored {
        for name in SYSTEM {
            found.entry(name).or_insert((Labels::new(), Origin::ControlPlane));
        }
    }
    for name in &intake.mentioned_namespaces {
        found.entry(name).or_insert_with(|| {
            if !settings.stored {
                let message = format!("namespace `{name}` has no manifest and is taken to exist");
                reports.assume(
                    "model/namespace-created",
                    message,
                    Some(ObjectRef::cluster("Namespace", name)),
                );
            }
            (Labels::new(), Origin::ControlPlane)
        });
    }
    found
        .into_iter()
        .map(|(name, (mut labels, origin))| {
            labels.insert(NAME_LABEL.into(), name.into());
            Namespace { name: name.into(), labels, origin }
        })
        .collect()
}
