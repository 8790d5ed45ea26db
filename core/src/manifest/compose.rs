//! Events of one YAML document to nodes of the tree.
//!
//! Scalars are resolved, keys made text, merges applied and of duplicate keys the last one kept, as
//! the decoders of Kubernetes do by way of JSON. What they refuse on the way is noted and judged
//! afterwards by [`super::judge`], which needs the mappings as written: those are kept where they
//! differ.

use super::scalar::{Resolved, resolve_plain};
use super::source::Span;
use super::tree::{NodeId, Tree, Value};
use super::yaml::{Event, Events, Kind, SyntaxError};
use crate::order::SliceOrder;
use std::collections::BTreeMap;

/// A document as composed.
#[derive(Debug, Default)]
pub(crate) struct Composed {
    /// The root, absent for a stream without a document.
    pub(crate) root: Option<NodeId>,
    /// What the text says that its nodes no longer do.
    pub(crate) notes: Notes,
    /// How many bytes of the text were read.
    pub(crate) reached: u32,
}

/// What is unusual about a document. Empty for nearly all of them.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Mappings whose entries differ from what is written: their children as written, and the lines
    /// (from 0) on which those start.
    pub(crate) written: BTreeMap<NodeId, Vec<NodeId>>,
    /// Lines, from 0, of the children of those mappings.
    pub(crate) lines: BTreeMap<NodeId, u32>,
    /// Keys that are merges.
    pub(crate) merges: Vec<NodeId>,
    /// Scalars that cannot be decoded, with the reason.
    pub(crate) refused: BTreeMap<NodeId, String>,
    /// Aliases that refer to a node they stand in, with the anchor.
    pub(crate) cycles: BTreeMap<NodeId, String>,
    /// Whether there are aliases.
    pub(crate) aliases: bool,
    /// Whether some number cannot be written as JSON.
    pub(crate) infinite: bool,
}

impl Notes {
    /// Whether there is anything to judge.
    pub(crate) fn is_plain(&self) -> bool {
        self.written.is_empty()
            && self.refused.is_empty()
            && self.cycles.is_empty()
            && !self.aliases
            && !self.infinite
    }
}

#[derive(Debug)]
struct Open {
    id: NodeId,
    /// Where its children start on the stack of finished nodes.
    children: usize,
    mapping: bool,
    flow: bool,
}

/// Builds the nodes of one document.
#[derive(Debug)]
pub(crate) struct Composer<'t> {
    pub(crate) tree: &'t mut Tree,
    /// The text of the tree, apart from it while the tree grows.
    source: &'t str,
    /// Offset of the chunk in the source.
    base: u32,
    pub(crate) notes: Notes,
    anchors: BTreeMap<String, NodeId>,
    open: Vec<Open>,
    /// Finished nodes waiting for their parent, with their lines.
    finished: Vec<(NodeId, u32)>,
    /// Entries that merges have brought so far.
    merged: usize,
}

/// Entries that merges may bring to a small document.
const MOST_MERGED: usize = 400_000;

/// Reads the first document of `chunk`, which stands at `base` in `source`. Offsets in errors count
/// from the start of the chunk.
pub(crate) fn compose(
    tree: &mut Tree,
    source: &str,
    chunk: &str,
    base: u32,
) -> Result<Composed, SyntaxError> {
    let mut events = Events::new(chunk);
    let mut composer = Composer::new(tree, source, base);
    loop {
        let event = events.next()?;
        match event.kind {
            Kind::DocumentStart => {}
            Kind::DocumentEnd | Kind::StreamEnd => break,
            _ => composer.event(event)?,
        }
    }
    Ok(Composed { reached: index(events.reached()), ..composer.finish() })
}

impl<'t> Composer<'t> {
    pub(crate) fn new(tree: &'t mut Tree, source: &'t str, base: u32) -> Self {
        Self {
            tree,
            source,
            base,
            notes: Notes::default(),
            anchors: BTreeMap::new(),
            open: Vec::new(),
            finished: Vec::new(),
            merged: 0,
        }
    }

    pub(crate) fn finish(self) -> Composed {
        let root = self.finished.last().map(|&(id, _)| id);
        Composed { root, notes: self.notes, reached: 0 }
    }

    /// How deep the open collections are nested.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Adds a finished node to the collection that is open.
    pub(crate) fn push(&mut self, value: Value, span: Span) {
        let id = self.tree.add(value, span);
        self.finished.push((id, 0));
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), SyntaxError> {
        let span = Span { start: event.span.start + self.base, end: event.span.end + self.base };
        match event.kind {
            Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd => {}
            Kind::Alias(anchor) => {
                let Some(&target) = self.anchors.get(anchor) else {
                    // go-yaml: decode.go parser.alias
                    let message = format!("yaml: unknown anchor '{anchor}' referenced");
                    let at = event.span.start;
                    return Err(SyntaxError { message, at, reached: event.span.end });
                };
                self.notes.aliases = true;
                // Nodes are numbered as they start, so those that are open are in order.
                let open = self.open.binary_search_by_key(&target, |open| open.id).is_ok();
                let id = if !open {
                    self.tree.add(Value::Alias(target), span)
                } else {
                    let id = self.tree.add(Value::Null, span);
                    self.notes.cycles.insert(id, anchor.to_owned());
                    id
                };
                self.finished.push((id, event.line));
            }
            Kind::Scalar { anchor, tag, value, plain } => {
                let id = self.scalar(tag.as_deref(), &value, plain, span);
                self.anchor(anchor, id);
                self.finished.push((id, event.line));
            }
            Kind::SequenceStart { anchor, flow } => self.open(anchor, false, flow, span, event.line),
            Kind::MappingStart { anchor, flow } => self.open(anchor, true, flow, span, event.line),
            Kind::SequenceEnd | Kind::MappingEnd => self.close(span),
        }
        Ok(())
    }

    fn anchor(&mut self, anchor: Option<&str>, id: NodeId) {
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor.to_owned(), id);
        }
    }

    pub(crate) fn open(&mut self, anchor: Option<&str>, mapping: bool, flow: bool, span: Span, line: u32) {
        let id = self.tree.add(Value::Null, span);
        self.anchor(anchor, id);
        self.finished.push((id, line));
        self.open.push(Open { id, children: self.finished.len(), mapping, flow });
    }

    pub(crate) fn close(&mut self, span: Span) {
        let Some(open) = self.open.pop() else { return };
        let children = self.finished.split_off(open.children);
        let last =
            children.last().and_then(|&(id, _)| self.tree.nodes.get(id as usize)).map(|node| node.span);
        let value = if open.mapping {
            self.mapping(open.id, &children)
        } else {
            let start = self.tree.links.len();
            self.tree.links.extend(children.iter().map(|&(id, _)| id));
            Value::Sequence { start: index(start), end: index(self.tree.links.len()) }
        };
        if let Some(node) = self.tree.nodes.get_mut(open.id as usize) {
            node.value = value;
            // A block ends with its last child, not where the next token starts.
            node.span.end = if open.flow { span.end } else { last.map_or(node.span.end, |last| last.end) };
        }
    }

    fn scalar(&mut self, tag: Option<&str>, text: &str, plain: bool, span: Span) -> NodeId {
        if text == "<<" && (plain || tag == Some("tag:yaml.org,2002:merge")) {
            let value = self.tree.copy("<<");
            let id = self.tree.add(value, span);
            self.notes.merges.push(id);
            return id;
        }
        let resolved = match tag {
            None if plain => Ok(resolve_plain(text, true)),
            None => Ok(Resolved::String),
            Some(tag) => tagged(tag, text),
        };
        let value = match resolved {
            Ok(Resolved::Null) => Value::Null,
            Ok(Resolved::Bool(value)) => Value::Bool(value),
            Ok(Resolved::Int(number)) => Value::Int(number),
            Ok(Resolved::Uint(number)) => Value::Uint(number),
            Ok(Resolved::Float(number)) => {
                self.notes.infinite |= !number.is_finite();
                Value::Float(number)
            }
            Ok(Resolved::String | Resolved::Timestamp) if tag == Some("tag:yaml.org,2002:binary") => {
                match super::base64::decode(text) {
                    Ok(bytes) => self.tree.copy(&String::from_utf8_lossy(&bytes)),
                    Err(_) => {
                        let id = self.tree.add(Value::Null, span);
                        let reason = "yaml: !!binary value contains invalid base64 data".to_owned();
                        self.notes.refused.insert(id, reason);
                        return id;
                    }
                }
            }
            Ok(Resolved::String | Resolved::Timestamp) => self.text(text, span),
            Err(reason) => {
                let id = self.tree.add(Value::Null, span);
                self.notes.refused.insert(id, reason);
                return id;
            }
        };
        self.tree.add(value, span)
    }

    /// A string: where it stands in the source, or a copy if it is written otherwise.
    pub(crate) fn text(&mut self, text: &str, span: Span) -> Value {
        for quote in [0, 1] {
            let start = span.start as usize + quote;
            let end = start + text.len();
            if end <= span.end as usize && self.source.get(start..end) == Some(text) {
                return Value::Text { start: index(start), end: index(end) };
            }
        }
        self.tree.copy(text)
    }

    fn mapping(&mut self, id: NodeId, children: &[(NodeId, u32)]) -> Value {
        let start = self.tree.links.len();
        let (pairs, _) = children.as_chunks::<2>();
        let usual = pairs.iter().all(|&[(key, _), _]| self.is_usual_key(key)) && !self.has_duplicates(pairs);
        if usual {
            self.tree.links.extend(children.iter().map(|&(id, _)| id));
        } else {
            let mut entries: Vec<(NodeId, NodeId)> = Vec::new();
            for &[(key, _), (value, _)] in pairs {
                if self.notes.merges.binary_search(&key).is_ok() {
                    entries.extend(self.merged(value));
                } else if let Some(key) = self.key(key) {
                    entries.push((key, value));
                }
            }
            let entries = self.last_of_each(entries);
            self.tree.links.extend(entries.into_iter().flat_map(|(key, value)| [key, value]));
            self.notes.written.insert(id, children.iter().map(|&(id, _)| id).collect());
            self.notes.lines.extend(children.iter().copied());
        }
        Value::Mapping { start: index(start), end: index(self.tree.links.len()) }
    }

    fn is_usual_key(&self, key: NodeId) -> bool {
        let data = self.tree.nodes.get(key as usize);
        let text = data.is_some_and(|data| matches!(data.value, Value::Text { .. } | Value::Copied { .. }));
        text && self.notes.merges.last() != Some(&key) && self.notes.merges.binary_search(&key).is_err()
    }

    fn has_duplicates(&self, pairs: &[[(NodeId, u32); 2]]) -> bool {
        let text = |&[(key, _), _]: &[(NodeId, u32); 2]| self.string(key);
        if pairs.len() <= 8 {
            return pairs.iter().enumerate().any(|(at, pair)| {
                pairs.get(..at).unwrap_or_default().iter().any(|before| text(before) == text(pair))
            });
        }
        let mut keys: Vec<&str> = pairs.iter().map(text).collect();
        keys.order();
        keys.windows(2).any(|pair| pair.first() == pair.last())
    }

    /// The text of a string node; empty for any other.
    fn string(&self, id: NodeId) -> &str {
        match self.tree.node(id).value() {
            Value::Text { start, end } => self.source.get(start as usize..end as usize),
            Value::Copied { start, end } => self.tree.copied.get(start as usize..end as usize),
            _ => None,
        }
        .unwrap_or_default()
    }

    /// Each key once, where it stood first, with what it was set to last.
    fn last_of_each(&self, entries: Vec<(NodeId, NodeId)>) -> Vec<(NodeId, NodeId)> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut kept: Vec<(NodeId, NodeId)> = Vec::with_capacity(entries.len());
        for entry in entries {
            let place = *places.entry(self.string(entry.0)).or_insert(kept.len());
            match kept.get_mut(place) {
                Some(known) => *known = entry,
                None => kept.push(entry),
            }
        }
        kept
    }

    /// The entries that a merge brings, those that win last. Nothing for a value that cannot be
    /// merged: that is judged later.
    fn merged(&mut self, value: NodeId) -> Vec<(NodeId, NodeId)> {
        // More than this is refused as a bomb anyway, however the rest of the document looks.
        if self.merged > MOST_MERGED + self.tree.nodes.len() {
            return Vec::new();
        }
        let found = self.entries_of(value);
        self.merged += found.len();
        found
    }

    fn entries_of(&self, value: NodeId) -> Vec<(NodeId, NodeId)> {
        let node = self.tree.node(value);
        let pairs = |node: super::tree::Node<'_>| {
            node.pairs().map(|(key, value)| (key.id(), value.id())).collect::<Vec<_>>()
        };
        if node.is_sequence() {
            let items: Vec<_> = node.items().collect();
            items.into_iter().rev().flat_map(pairs).take(MOST_MERGED + self.tree.nodes.len()).collect()
        } else {
            pairs(node)
        }
    }

    /// The key as text, in a node of its own where it was not. `None` for a key that JSON cannot
    /// have: that is judged later.
    ///
    /// sigs.k8s.io/yaml: yaml.go convertToJSONableObject
    fn key(&mut self, key: NodeId) -> Option<NodeId> {
        let node = self.tree.node(key);
        let text = match node.value() {
            Value::Text { .. } | Value::Copied { .. } => return Some(key),
            Value::Bool(value) => value.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => super::number::key_of_float(number),
            _ => return None,
        };
        let span = node.span();
        let value = self.tree.copy(&text);
        Some(self.tree.add(value, span))
    }
}

/// A scalar with an explicit tag.
///
/// go-yaml: resolve.go resolve
fn tagged(tag: &str, text: &str) -> Result<Resolved, String> {
    let (wanted, timestamps) = match tag {
        "tag:yaml.org,2002:str" => return Ok(Resolved::String),
        "tag:yaml.org,2002:bool" => ("!!bool", false),
        "tag:yaml.org,2002:int" => ("!!int", false),
        "tag:yaml.org,2002:float" => ("!!float", false),
        "tag:yaml.org,2002:null" => ("!!null", false),
        "tag:yaml.org,2002:timestamp" => ("!!timestamp", true),
        // Tags that mean nothing here leave the text as it is.
        _ => return Ok(Resolved::String),
    };
    let resolved = resolve_plain(text, timestamps);
    match resolved {
        #[expect(clippy::cast_precision_loss, reason = "Go converts in the same way")]
        Resolved::Int(number) if wanted == "!!float" => Ok(Resolved::Float(number as f64)),
        found if found.tag() == wanted => Ok(found),
        found => Err(format!("yaml: cannot decode {} `{text}` as a {wanted}", found.tag())),
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
