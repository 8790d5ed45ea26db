//! What a careful engineer would raise about a cluster, without being asked about one connection.
//!
//! Each mechanism has a file here with its checks, and one line in [`CHECKS`].

mod policy;
mod sentences;

#[cfg(test)]
mod tests;

use crate::cluster::Cluster;
use crate::manifest::{Evidence, Severity};
use serde::Serialize;

/// A judgement with its evidence and a way out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code, `policy/selects-nothing`. A code never changes its meaning.
    pub code: &'static str,
    /// What is wrong, one sentence.
    pub message: String,
    /// The objects and fields it is about, the decisive one first.
    pub evidence: Vec<Evidence>,
    /// What to do, one sentence.
    pub fix: String,
}

/// All findings about a cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lint {
    /// By mechanism, then in the order of the objects.
    pub findings: Vec<Finding>,
}

/// The checks of every mechanism.
const CHECKS: &[fn(&Cluster) -> Vec<Finding>] = &[policy::check];

impl Cluster {
    /// Everything a careful engineer would raise about the cluster.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let text = "
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: db, namespace: prod}
    /// spec: {podSelector: {matchLabels: {app: db}}}
    /// ";
    /// let cluster = Cluster::load([Source::new("prod.yaml", text)], &Settings::default());
    /// assert_eq!(cluster.lint().findings[0].code, "policy/selects-nothing");
    /// ```
    pub fn lint(&self) -> Lint {
        Lint { findings: CHECKS.iter().flat_map(|check| check(self)).collect() }
    }
}
