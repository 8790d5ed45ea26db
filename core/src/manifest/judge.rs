//! Whether a composed document can be decoded, in the order and words of go-yaml's decoder.
//!
//! The tree already has merges applied and of duplicate keys the last one. Where a document has
//! aliases, merges, duplicates or odd keys, this walks it once more as it is written, as the decoder
//! does, and finds what that refuses: bombs, cycles, keys that are collections, merges of what is no
//! mapping. Nothing here descends by recursion, so nesting costs no stack.
//!
//! go-yaml: decode.go decoder (v2)

use super::compose::Notes;
use super::gosyntax;
use super::source::Span;
use super::tree::{Node, NodeId, Tree, Value};
use std::collections::BTreeSet;

/// A key that is set twice in one mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    /// In go-yaml's words, with the line it names.
    pub(crate) message: String,
    /// Where the key stands that comes too late.
    pub(crate) span: Span,
    /// Whether one of the two came by a merge.
    pub(crate) merged: bool,
}

/// Why the document cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) span: Span,
    /// Whether aliases are to blame.
    pub(crate) aliases: bool,
}

enum Frame {
    Sequence {
        children: Vec<NodeId>,
        next: usize,
    },
    Mapping {
        children: Vec<NodeId>,
        next: usize,
        /// Whether the entries go into the mapping of the frame below.
        merged: bool,
    },
    /// Mappings to merge, last one first.
    Merges(Vec<NodeId>),
    /// The content of an alias ends here.
    Alias,
    /// A key has been decoded that is a collection.
    BadKey(NodeId),
}

struct Decoder<'a> {
    tree: &'a Tree,
    notes: &'a Notes,
    decoded: u32,
    by_alias: u32,
    alias_depth: u32,
    frames: Vec<Frame>,
    /// Keys set so far, per mapping that is open and no merge, and whether by a merge.
    keys: Vec<BTreeSet<(String, bool)>>,
    duplicates: Vec<Duplicate>,
}

/// Judges the document under `root`.
pub(crate) fn judge(tree: &Tree, root: NodeId, notes: &Notes) -> Result<Vec<Duplicate>, Fault> {
    let mut decoder = Decoder {
        tree,
        notes,
        decoded: 0,
        by_alias: 0,
        alias_depth: 0,
        frames: Vec::new(),
        keys: Vec::new(),
        duplicates: Vec::new(),
    };
    if notes.is_plain() {
        return Ok(Vec::new());
    }
    decoder.decode(root, false)?;
    while let Some(frame) = decoder.frames.pop() {
        decoder.step(frame)?;
    }
    Ok(decoder.duplicates)
}

impl Decoder<'_> {
    fn span(&self, id: NodeId) -> Span {
        self.tree.node(id).span()
    }

    fn fault<T>(&self, id: NodeId, message: impl Into<String>, aliases: bool) -> Result<T, Fault> {
        Err(Fault { message: format!("yaml: {}", message.into()), span: self.span(id), aliases })
    }

    /// What the node is, an alias not followed.
    fn written(&self, id: NodeId) -> Value {
        self.tree.nodes.get(id as usize).map_or(Value::Null, |node| node.value)
    }

    /// go-yaml: decode.go decoder.unmarshal
    fn count(&mut self, id: NodeId) -> Result<(), Fault> {
        self.decoded += 1;
        self.by_alias += u32::from(self.alias_depth > 0);
        let share = f64::from(self.by_alias) / f64::from(self.decoded);
        if self.by_alias > 100 && self.decoded > 1000 && share > allowed_alias_share(self.decoded) {
            return self.fault(id, "document contains excessive aliasing", true);
        }
        Ok(())
    }

    /// Starts to decode a node; a collection is put on the stack.
    fn decode(&mut self, id: NodeId, merged: bool) -> Result<(), Fault> {
        self.count(id)?;
        if let Some(anchor) = self.notes.cycles.get(&id) {
            return self.fault(id, format!("anchor '{anchor}' value contains itself"), true);
        }
        if let Some(reason) = self.notes.refused.get(&id) {
            return Err(Fault { message: reason.clone(), span: self.span(id), aliases: false });
        }
        let mut id = id;
        if let Value::Alias(target) = self.written(id) {
            self.alias_depth += 1;
            self.frames.push(Frame::Alias);
            self.count(target)?;
            id = target;
            if let Some(reason) = self.notes.refused.get(&id) {
                return Err(Fault { message: reason.clone(), span: self.span(id), aliases: false });
            }
        }
        match self.written(id) {
            Value::Sequence { start, end } => {
                let children = self.tree.links.get(start as usize..end as usize).unwrap_or_default().to_vec();
                self.frames.push(Frame::Sequence { children, next: 0 });
            }
            Value::Mapping { start, end } => {
                let children = match self.notes.written.get(&id) {
                    Some(children) => children.clone(),
                    None => self.tree.links.get(start as usize..end as usize).unwrap_or_default().to_vec(),
                };
                if !merged {
                    self.keys.push(BTreeSet::new());
                }
                self.frames.push(Frame::Mapping { children, next: 0, merged });
            }
            _ => {}
        }
        Ok(())
    }

    fn step(&mut self, frame: Frame) -> Result<(), Fault> {
        match frame {
            Frame::Alias => self.alias_depth -= 1,
            Frame::BadKey(id) => {
                let key = gosyntax::value(self.tree.node(id), self.notes);
                return self.fault(id, format!("invalid map key: {key}"), false);
            }
            Frame::Sequence { children, next } => {
                if let Some(&child) = children.get(next) {
                    self.frames.push(Frame::Sequence { children, next: next + 1 });
                    self.decode(child, false)?;
                }
            }
            Frame::Merges(mut waiting) => {
                if let Some(child) = waiting.pop() {
                    self.frames.push(Frame::Merges(waiting));
                    self.want_mapping(child)?;
                    self.decode(child, true)?;
                }
            }
            Frame::Mapping { children, next, merged } => {
                let (Some(&key), Some(&value)) = (children.get(next), children.get(next + 1)) else {
                    if !merged {
                        self.keys.pop();
                    }
                    return Ok(());
                };
                // Entries are decoded key first: the value is put under whatever the key pushes.
                self.frames.push(Frame::Mapping { children, next: next + 2, merged });
                if self.notes.merges.binary_search(&key).is_ok() {
                    return self.merge(value);
                }
                self.entry(key, value, merged)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, key: NodeId, value: NodeId, merged: bool) -> Result<(), Fault> {
        let node = self.tree.node(key);
        if node.is_mapping() || node.is_sequence() {
            self.frames.push(Frame::BadKey(key));
            return self.decode(key, false);
        }
        let depth = self.frames.len();
        self.decode(key, false)?;
        // A scalar pushes nothing but the end of its alias.
        while self.frames.len() > depth {
            if let Some(frame) = self.frames.pop() {
                self.step(frame)?;
            }
        }
        // Go sets the key once the value is decoded; only the order of messages could tell, and
        // those of the value come first.
        self.set(key, value, merged);
        self.decode(value, false)
    }

    fn set(&mut self, key: NodeId, value: NodeId, merged: bool) {
        let text = gosyntax::value(self.tree.node(key), self.notes);
        let Some(keys) = self.keys.last_mut() else { return };
        let before = [false, true].into_iter().find(|&by| keys.contains(&(text.clone(), by)));
        match before {
            None => {
                keys.insert((text, merged));
            }
            Some(before) => {
                let line = self.notes.lines.get(&value).copied().unwrap_or_default() + 1;
                self.duplicates.push(Duplicate {
                    message: format!("line {line}: key {text} already set in map"),
                    span: self.span(key),
                    merged: merged || before,
                });
            }
        }
    }

    fn want_mapping(&self, id: NodeId) -> Result<(), Fault> {
        if self.tree.node(id).is_mapping() || self.notes.cycles.contains_key(&id) {
            return Ok(());
        }
        self.fault(id, "map merge requires map or sequence of maps as the value", false)
    }

    /// go-yaml: decode.go decoder.merge
    fn merge(&mut self, value: NodeId) -> Result<(), Fault> {
        if let Value::Sequence { start, end } = self.written(value) {
            let items = self.tree.links.get(start as usize..end as usize).unwrap_or_default();
            self.frames.push(Frame::Merges(items.to_vec()));
            return Ok(());
        }
        self.want_mapping(value)?;
        self.decode(value, true)
    }
}

/// Which share of a document may come from aliases: nearly all of a small one, little of a large one.
///
/// go-yaml: decode.go allowedAliasRatio
fn allowed_alias_share(decoded: u32) -> f64 {
    match decoded {
        0..=400_000 => 0.99,
        4_000_000.. => 0.10,
        _ => 0.99 - 0.89 * (f64::from(decoded - 400_000) / 3_600_000.0),
    }
}

/// The first key that cannot become the key of a JSON object: none, or a number above `i64`.
///
/// sigs.k8s.io/yaml: yaml.go convertToJSONableObject
pub(crate) fn unsupported_key(tree: &Tree, notes: &Notes) -> Option<Fault> {
    notes.written.values().find_map(|children| {
        let (pairs, _) = children.as_chunks::<2>();
        pairs.iter().find_map(|&[key, value]| {
            let node: Node<'_> = tree.node(key);
            let kind = match node.value() {
                Value::Null => "%!s(<nil>)",
                Value::Uint(_) => "uint64",
                _ => return None,
            };
            let (key, value) = (gosyntax::value(node, notes), gosyntax::value(tree.node(value), notes));
            let message = format!("unsupported map key of type: {kind}, key: {key}, value: {value}");
            Some(Fault { message, span: node.span(), aliases: false })
        })
    })
}
