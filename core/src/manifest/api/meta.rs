//! `k8s.io/apimachinery/pkg/apis/meta/v1` and `util/intstr`.

use crate::manifest::read::{Read, api};
use crate::manifest::tree::Node;
use std::collections::BTreeMap;

/// A label or annotation map.
pub type Labels = BTreeMap<String, String>;

/// Labels of pairs.
pub(crate) fn labels(pairs: &[(&str, &str)]) -> Labels {
    crate::order::map(pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())))
}

api! {
    /// Standard object metadata.
    ObjectMeta {
        "name" name: String,
        "generateName" generate_name: String,
        "namespace" namespace: String,
        "uid" uid: String,
        "labels" labels: Labels,
        "annotations" annotations: Labels,
        "ownerReferences" owner_references: Vec<OwnerReference>,
        "creationTimestamp" creation_timestamp: Option<String>,
        "deletionTimestamp" deletion_timestamp: Option<String>,
    }

    /// The owner of an object.
    OwnerReference {
        "apiVersion" api_version: String,
        "kind" kind: String,
        "name" name: String,
        "controller" controller: Option<bool>,
    }

    /// Selects objects by their labels: both parts must hold. Empty selects everything.
    LabelSelector {
        "matchLabels" match_labels: Labels,
        "matchExpressions" match_expressions: Vec<LabelSelectorRequirement>,
    }

    /// One expression of a [`LabelSelector`].
    LabelSelectorRequirement {
        "key" key: String,
        "operator" operator: String,
        "values" values: Vec<String>,
    }
}

impl LabelSelector {
    /// Whether `labels` satisfy the selector. An operator the API does not know matches nothing.
    ///
    /// k8s: apimachinery pkg/labels/selector.go Requirement.Matches
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.matches(labels))
    }

    /// Whether the selector is empty and so selects everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }
}

impl LabelSelectorRequirement {
    /// Whether `labels` satisfy this one requirement.
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator.as_str() {
            "In" => value.is_some_and(|value| self.values.contains(value)),
            "NotIn" => value.is_none_or(|value| !self.values.contains(value)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

/// A number or a name, as ports are given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntOrString {
    /// A port number.
    Int(i32),
    /// A port name.
    String(String),
}

impl Default for IntOrString {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl std::fmt::Display for IntOrString {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::String(name) => name.fmt(f),
        }
    }
}

impl Read for IntOrString {
    fn read(node: Node<'_>) -> Self {
        match node.as_str() {
            Some(text) => Self::String(text.to_owned()),
            None => Self::Int(i32::read(node)),
        }
    }
}
