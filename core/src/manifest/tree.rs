//! The parsed document: an arena of nodes with byte spans.

use super::source::Span;

/// One node of a parsed document, cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t> {
    marker: std::marker::PhantomData<&'t ()>,
}

impl<'t> Node<'t> {
    /// Null, or absent value.
    pub fn is_null(self) -> bool {
        true
    }
    pub fn as_str(self) -> Option<&'t str> {
        None
    }
    pub fn as_bool(self) -> Option<bool> {
        None
    }
    /// Integral number (floats with an integral value included, as encoding/json sees `80.0`… after conversion).
    pub fn as_i64(self) -> Option<i64> {
        None
    }
    /// Items of a sequence; nothing for any other kind.
    pub fn items(self) -> impl Iterator<Item = Node<'t>> {
        std::iter::empty()
    }
    /// Entries of a mapping in document order, merges applied; nothing for any other kind. With a
    /// duplicate key the last one wins, so later entries override.
    pub fn entries(self) -> impl Iterator<Item = (&'t str, Node<'t>)> {
        std::iter::empty()
    }
    pub fn get(self, _key: &str) -> Option<Node<'t>> {
        None
    }
    /// The node at a Kubernetes field path (`spec.ports[0].name`, `metadata.labels[app]`).
    pub fn at(self, _path: &str) -> Option<Node<'t>> {
        None
    }
    pub fn span(self) -> Span {
        Span::default()
    }
}
