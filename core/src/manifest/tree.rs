//! The parsed text: an arena of nodes with byte spans.
//!
//! One tree holds every document of one source. Nodes are small and refer to the text by offset;
//! only what a quote or a fold changed is copied into a side buffer. An alias is a second reference
//! to the same node, so a document never grows by being parsed. Merges are already applied and keys
//! are already text, as in the JSON that the decoders of Kubernetes see.

use super::source::Span;
use std::sync::{Arc, LazyLock};

/// Index of a node in its [`Tree`].
pub(crate) type NodeId = u32;

/// What a node is and where its content lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above the range of `i64`.
    Uint(u64),
    Float(f64),
    /// A number whose text matters more than its value: JSON numbers outside the ranges above.
    /// A range of the source text.
    Number {
        start: u32,
        end: u32,
    },
    /// A range of the source text.
    Text {
        start: u32,
        end: u32,
    },
    /// A range of the side buffer.
    Copied {
        start: u32,
        end: u32,
    },
    /// The node under an anchor.
    Alias(NodeId),
    /// A range of links.
    Sequence {
        start: u32,
        end: u32,
    },
    /// A range of links, key and value in turn.
    Mapping {
        start: u32,
        end: u32,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeData {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// All nodes of one source.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The source as text, byte for byte as long as the source (see `text::readable`).
    pub(crate) text: Arc<str>,
    pub(crate) copied: String,
    pub(crate) nodes: Vec<NodeData>,
    pub(crate) links: Vec<NodeId>,
}

impl Tree {
    pub(crate) fn add(&mut self, value: Value, span: Span) -> NodeId {
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(NodeData { span, value });
        id
    }

    /// Keeps `text` in the side buffer.
    pub(crate) fn copy(&mut self, text: &str) -> Value {
        let start = u32::try_from(self.copied.len()).unwrap_or(u32::MAX);
        self.copied.push_str(text);
        Value::Copied { start, end: u32::try_from(self.copied.len()).unwrap_or(u32::MAX) }
    }

    pub(crate) fn node(&self, id: NodeId) -> Node<'_> {
        Node { tree: self, id }
    }

    fn data(&self, id: NodeId) -> NodeData {
        const ABSENT: NodeData = NodeData { span: Span { start: 0, end: 0 }, value: Value::Null };
        self.nodes.get(id as usize).copied().unwrap_or(ABSENT)
    }
}

/// One node of a parsed document, cheap to copy.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    id: NodeId,
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("id", &self.id).field("value", &self.value()).finish()
    }
}

/// A tree without nodes, for [`Node::null`].
static EMPTY: LazyLock<Tree> = LazyLock::new(Tree::default);

impl<'t> Node<'t> {
    /// A null that stands nowhere.
    pub(crate) fn null() -> Self {
        Self { tree: &EMPTY, id: 0 }
    }

    /// What it is; an alias is what it refers to.
    pub(crate) fn value(self) -> Value {
        match self.tree.data(self.id).value {
            Value::Alias(target) => self.tree.data(target).value,
            value => value,
        }
    }

    pub(crate) fn id(self) -> NodeId {
        self.id
    }

    /// The node itself, or the one that an alias refers to.
    pub(crate) fn target(self) -> NodeId {
        match self.tree.data(self.id).value {
            Value::Alias(target) => target,
            _ => self.id,
        }
    }

    pub(crate) fn tree(self) -> &'t Tree {
        self.tree
    }

    /// Whether this is null: written so, or nothing written at all.
    pub fn is_null(self) -> bool {
        self.value() == Value::Null
    }

    /// Whether this is a sequence.
    pub fn is_sequence(self) -> bool {
        matches!(self.value(), Value::Sequence { .. })
    }

    /// Whether this is a mapping.
    pub fn is_mapping(self) -> bool {
        matches!(self.value(), Value::Mapping { .. })
    }

    /// The text of a string; nothing for any other kind.
    pub fn as_str(self) -> Option<&'t str> {
        match self.value() {
            Value::Text { start, end } => self.tree.text.get(start as usize..end as usize),
            Value::Copied { start, end } => self.tree.copied.get(start as usize..end as usize),
            _ => None,
        }
    }

    /// The text of a JSON number that is kept as text.
    pub(crate) fn number_text(self) -> Option<&'t str> {
        match self.value() {
            Value::Number { start, end } => self.tree.text.get(start as usize..end as usize),
            _ => None,
        }
    }

    /// A boolean; nothing for any other kind.
    pub fn as_bool(self) -> Option<bool> {
        match self.value() {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// A whole number in the range of `i64`. `80.0` and `8e1` written in YAML are whole numbers, as
    /// they are once kubectl has made JSON of them; in JSON they are not.
    pub fn as_i64(self) -> Option<i64> {
        match self.value() {
            Value::Int(number) => Some(number),
            Value::Float(number) => super::number::float_as_i64(number),
            _ => None,
        }
    }

    /// Items of a sequence; nothing for any other kind.
    pub fn items(self) -> impl ExactSizeIterator<Item = Node<'t>> + Clone {
        let links = match self.value() {
            Value::Sequence { start, end } => self.tree.links.get(start as usize..end as usize),
            _ => None,
        };
        let tree = self.tree;
        links.unwrap_or_default().iter().map(move |&id| Node { tree, id })
    }

    /// Entries of a mapping in document order, merges applied, each key once (of duplicates the
    /// last); nothing for any other kind.
    pub fn entries(self) -> impl ExactSizeIterator<Item = (&'t str, Node<'t>)> + Clone {
        self.pairs().map(|(key, value)| (key.as_str().unwrap_or_default(), value))
    }

    /// As [`entries`](Self::entries), with the nodes of the keys, which know where the key stands.
    pub fn pairs(self) -> impl ExactSizeIterator<Item = (Node<'t>, Node<'t>)> + Clone {
        let links = match self.value() {
            Value::Mapping { start, end } => self.tree.links.get(start as usize..end as usize),
            _ => None,
        };
        let (pairs, _) = links.unwrap_or_default().as_chunks::<2>();
        let tree = self.tree;
        pairs.iter().map(move |&[key, value]| (Node { tree, id: key }, Node { tree, id: value }))
    }

    /// The value under `key` of a mapping.
    pub fn get(self, key: &str) -> Option<Self> {
        self.entries().find_map(|(name, value)| (name == key).then_some(value))
    }

    /// The node at a Kubernetes field path: `spec.ports[0].name`,
    /// `metadata.labels[app.kubernetes.io/name]`. The empty path is the node itself.
    pub fn at(self, path: &str) -> Option<Self> {
        let found = self.nearest(path);
        found.complete.then_some(found.value)
    }

    /// Walks `path` as far as it exists.
    pub(crate) fn nearest(self, path: &str) -> Found<'t> {
        let mut found = Found { value: self, key: None, complete: true };
        for step in super::path::steps(path) {
            let next = match step {
                super::path::Step::Index(index, _) if found.value.is_sequence() => {
                    found.value.items().nth(index as usize).map(|item| (None, item))
                }
                step => {
                    let name = step.text();
                    found
                        .value
                        .pairs()
                        .find(|(key, _)| key.as_str() == Some(name))
                        .map(|(key, value)| (Some(key), value))
                }
            };
            match next {
                Some((key, value)) => (found.key, found.value) = (key, value),
                None => return Found { complete: false, ..found },
            }
        }
        found
    }

    /// The field path of what stands at a byte of the source inside this node.
    pub(crate) fn path_to(self, offset: u32) -> String {
        let holds = |node: Node<'_>| {
            let span = node.span();
            span.start <= offset && offset < span.end
        };
        let (mut path, mut node) = (String::new(), self);
        loop {
            let item = node.items().enumerate().find(|(_, item)| holds(*item));
            let entry = node.pairs().find(|(key, value)| holds(*key) || holds(*value));
            let (key, value) = match (item, entry) {
                (Some((at, item)), _) => {
                    path.push_str(&format!("[{at}]"));
                    node = item;
                    continue;
                }
                (None, Some(entry)) => entry,
                (None, None) => return path,
            };
            match key.as_str().unwrap_or_default() {
                name if name.contains(['.', '[']) => path.push_str(&format!("[{name}]")),
                name if path.is_empty() => path.push_str(name),
                name => path.push_str(&format!(".{name}")),
            }
            if holds(key) {
                return path;
            }
            node = value;
        }
    }

    /// The bytes of the source this node takes.
    pub fn span(self) -> Span {
        self.tree.data(self.id).span
    }
}

/// How far a path leads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'t> {
    pub(crate) value: Node<'t>,
    /// The key under which `value` stands, when it stands in a mapping.
    pub(crate) key: Option<Node<'t>>,
    /// Whether the whole path exists.
    pub(crate) complete: bool,
}

impl Found<'_> {
    /// The bytes to show: the value, or its key where the value is empty.
    pub(crate) fn span(&self) -> Span {
        let span = self.value.span();
        match self.key {
            Some(key) if span.start == span.end => key.span(),
            _ => span,
        }
    }
}
