//! What is wrong in the input, as data.

use super::source::Place;
use serde::Serialize;

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The API server or kubectl refuses this object.
    Error,
    /// It is accepted, with a warning, or does not do what it says.
    Warning,
    /// Nothing is wrong; worth knowing.
    Advice,
}

/// Which Kubernetes object is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// `Pod`, `Service`, `NetworkPolicy` …
    pub kind: String,
    /// Absent for cluster-scoped kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

impl ObjectRef {
    /// A namespaced object.
    pub fn namespaced(kind: &str, namespace: &str, name: &str) -> Self {
        Self { kind: kind.into(), namespace: Some(namespace.into()), name: name.into() }
    }

    /// A cluster-scoped object.
    pub fn cluster(kind: &str, name: &str) -> Self {
        Self { kind: kind.into(), namespace: None, name: name.into() }
    }
}

impl std::fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// The object, field and source position behind a decision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The object that decided.
    pub object: ObjectRef,
    /// Kubernetes field path inside it, `spec.ports[0].targetPort`; empty for the whole object.
    pub field: String,
    /// Where that field (or, when it is absent, its nearest parent) stands in the input. Absent for
    /// objects the control plane made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Something wrong in the input. Loading never fails as a whole: it returns these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code, `manifest/unknown-field`. A code never changes its meaning.
    pub code: &'static str,
    /// One sentence, in the words of kubectl or the API server where they have some.
    pub message: String,
    /// The object it belongs to, as far as it could be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// Kubernetes field path, empty for the whole object or document.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What to do about it, when that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}
