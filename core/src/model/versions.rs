//! What changes between the Kubernetes versions modelled: one table, no scattered conditions.

use crate::admission::Gates;

/// Facts of one minor version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// `1.36`.
    pub name: &'static str,
    /// What validation accepts.
    pub gates: Gates,
}

const CLOSE: &[&str] = &["PreferClose"];
const SAME: &[&str] = &["PreferClose", "PreferSameNode", "PreferSameZone"];

const fn version(
    name: &'static str,
    traffic_distributions: &'static [&'static str],
    relaxed_service_names: bool,
    strict_ips: bool,
    rules_show_values: bool,
) -> Version {
    let gates = Gates { traffic_distributions, relaxed_service_names, strict_ips, rules_show_values };
    Version { name, gates }
}

// k8s: pkg/features/kube_features.go PreferSameTrafficDistribution, RelaxedServiceNameValidation,
// StrictIPCIDRValidation; kubernetes#132798
const VERSIONS: &[Version] = &[
    version("1.33", CLOSE, false, false, false),
    version("1.34", SAME, false, false, false),
    version("1.35", SAME, false, false, true),
    version("1.36", SAME, true, true, true),
    version("1.37", SAME, true, true, true),
];

/// Every version modelled, oldest first.
pub fn versions() -> &'static [Version] {
    VERSIONS
}

/// The version called `name`, a leading `v` and a patch number allowed: `1.36`, `v1.36.2`.
///
/// ```
/// use kubehop::model::version;
/// assert_eq!(version("v1.36.2").map(|version| version.name), Some("1.36"));
/// assert!(version("1.20").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static Version> {
    let mut parts = name.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    VERSIONS.iter().find(|version| version.name.split_once('.') == Some((major, minor)))
}
