//! Strict decoding of an object against the schema table: unknown fields, duplicate fields and wrong
//! types, all of them, in the words of Go.
//!
//! k8s: sigs.k8s.io/json internal/golang/encoding/json decode.go; for custom resources the words are
//! those of the API server's validation (kube-openapi pkg/validation/errors).

use super::compose::Notes;
use super::formats;
use super::gosyntax::quote;
use super::schema::{Schema, Struct, Type};
use super::source::Span;
use super::suggest;
use super::tree::{Node, Value};
use crate::order::SliceOrder;
use std::collections::BTreeSet;

/// What kind of fault was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Unknown,
    Duplicate,
    /// A wrong type. Go goes on, and returns the first.
    Type,
    /// A value that a type of its own refuses. Go stops here.
    Value,
}

/// One fault, with its words and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// Kubernetes field path.
    pub(crate) field: String,
    pub(crate) span: Span,
    pub(crate) help: Option<String>,
}

#[derive(Clone, Copy)]
enum Step<'t> {
    Field(&'t str),
    Index(usize),
    Key(&'t str),
}

/// In which order entries are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As they stand in the text.
    Text,
    /// Sorted, as they are once YAML has become JSON.
    Sorted,
}

/// Faults of one kind that are kept of one object.
pub(crate) const MOST: usize = 100;

struct Walk<'t, 'n> {
    schema: &'static Schema,
    /// Of a JSON document: its objects with duplicates.
    notes: Option<&'n Notes>,
    order: Order,
    custom: bool,
    path: Vec<Step<'t>>,
    /// The structs around the current value.
    structs: Vec<&'static Struct>,
    faults: Vec<Fault>,
}

/// Decodes `root` as `target`. `notes` only for documents that were JSON.
pub(crate) fn check(
    root: Node<'_>,
    target: &'static Struct,
    custom: bool,
    notes: Option<&Notes>,
    order: Order,
) -> Vec<Fault> {
    let (path, structs, faults) = Default::default();
    let mut walk = Walk { schema: Schema::get(), notes, order, custom, path, structs, faults };
    walk.object(root, target);
    walk.faults
}

/// Decodes `root` as a list of `item`, or of anything.
pub(crate) fn check_list(
    root: Node<'_>,
    item: Option<&'static Struct>,
    notes: Option<&Notes>,
    order: Order,
) -> Vec<Fault> {
    let schema = Schema::get();
    let (path, structs, faults) = Default::default();
    let mut walk = Walk { schema, notes, order, custom: false, path, structs, faults };
    for (key, value) in walk.pairs(root) {
        let name = key.as_str().unwrap_or_default();
        walk.path.push(Step::Field(name));
        match name {
            "apiVersion" | "kind" => walk.value(value, Type::String),
            "metadata" => {
                if let (Some(target), true) = (schema.named("ListMeta"), value.is_mapping()) {
                    walk.object(value, target);
                }
            }
            "items" => {
                for (index, value) in value.items().enumerate() {
                    walk.path.push(Step::Index(index));
                    if let (Some(target), true) = (item, value.is_mapping()) {
                        walk.object(value, target);
                    }
                    walk.path.pop();
                }
            }
            _ => {
                walk.path.pop();
                walk.strict(Kind::Unknown, "unknown field", key, None);
                continue;
            }
        }
        walk.path.pop();
    }
    walk.faults
}

/// What Go calls a value of JSON.
pub(crate) fn go_kind(node: Node<'_>) -> &'static str {
    match node.value() {
        Value::Bool(_) => "bool",
        Value::Text { .. } | Value::Copied { .. } => "string",
        Value::Sequence { .. } => "array",
        Value::Mapping { .. } => "object",
        _ => "number",
    }
}

impl<'t> Walk<'t, '_> {
    /// The entries of a mapping, duplicates of JSON included.
    fn pairs(&self, node: Node<'t>) -> Vec<(Node<'t>, Node<'t>)> {
        let written = self.notes.and_then(|notes| notes.written.get(&node.target()));
        let mut pairs: Vec<_> = match written {
            Some(children) => {
                let (pairs, _) = children.as_chunks::<2>();
                pairs.iter().map(|&[key, value]| (node.tree().node(key), node.tree().node(value))).collect()
            }
            None => node.pairs().collect(),
        };
        if self.order == Order::Sorted {
            pairs.order_by_key(|(key, _)| key.as_str());
        }
        pairs
    }

    fn object(&mut self, node: Node<'t>, target: &'static Struct) {
        self.structs.push(target);
        if self.order == Order::Text && self.notes.is_none() {
            // The common case needs no list of the entries.
            for (key, value) in node.pairs() {
                self.field(key, value, target);
            }
        } else {
            let mut seen = BTreeSet::new();
            for (key, value) in self.pairs(node) {
                let name = key.as_str().unwrap_or_default();
                if !seen.insert(name) && target.field(name).is_some() {
                    self.strict(Kind::Duplicate, "duplicate field", key, None);
                }
                self.field(key, value, target);
            }
        }
        self.structs.pop();
    }

    fn field(&mut self, key: Node<'t>, value: Node<'t>, target: &'static Struct) {
        let name = key.as_str().unwrap_or_default();
        match target.field(name) {
            Some(kind) => {
                self.path.push(Step::Field(name));
                self.value(value, kind);
                self.path.pop();
            }
            None => {
                if self.has_room(Kind::Unknown) {
                    let help = suggest::field(self.schema, &self.structs, name);
                    self.strict(Kind::Unknown, "unknown field", key, help);
                }
            }
        }
    }

    fn map(&mut self, node: Node<'t>, inner: Type) {
        let mut seen = BTreeSet::new();
        for (key, value) in self.pairs(node) {
            let name = key.as_str().unwrap_or_default();
            if self.notes.is_some() && !seen.insert(name) {
                self.strict(Kind::Duplicate, "duplicate field", key, None);
            }
            self.path.push(Step::Key(name));
            self.value(value, inner);
            self.path.pop();
        }
    }

    fn value(&mut self, node: Node<'t>, kind: Type) {
        match (kind, node.value()) {
            (_, Value::Null | Value::Alias(_))
            | (Type::Anything, _)
            | (Type::String | Type::Named(_), Value::Text { .. } | Value::Copied { .. })
            | (Type::Bool, Value::Bool(_))
            | (Type::Int64, Value::Int(_))
            | (Type::Float, Value::Int(_) | Value::Uint(_) | Value::Float(_))
            | (Type::IntOrString, Value::Text { .. } | Value::Copied { .. }) => {}
            (Type::Struct(at), Value::Mapping { .. }) => {
                if let Some(target) = self.schema.at(at) {
                    self.object(node, target);
                }
            }
            (Type::Map(at), Value::Mapping { .. }) => self.map(node, self.schema.inner(at)),
            (Type::List(at), Value::Sequence { .. }) => {
                let inner = self.schema.inner(at);
                for (index, item) in node.items().enumerate() {
                    self.path.push(Step::Index(index));
                    self.value(item, inner);
                    self.path.pop();
                }
            }
            (Type::Int32 | Type::IntOrString, _)
                if node.as_i64().is_some_and(|number| i32::try_from(number).is_ok()) => {}
            (Type::Int64, _) if node.as_i64().is_some() => {}
            (Type::Float, Value::Number { .. })
                if node.number_text().and_then(|text| text.parse().ok()).is_some_and(f64::is_finite) => {}
            (Type::Bytes, Value::Text { .. } | Value::Copied { .. }) => {
                if let Err(at) = super::base64::decode(node.as_str().unwrap_or_default()) {
                    // Go saves this like a wrong type, without a place.
                    self.fault(Kind::Type, format!("illegal base64 data at input byte {at}"), node);
                }
            }
            (Type::Bytes, Value::Sequence { .. }) => {}
            (Type::Quantity, _) => {
                if let Err(message) = formats::quantity(node) {
                    self.fault(Kind::Value, message.to_owned(), node);
                }
            }
            (Type::Time | Type::MicroTime, Value::Text { .. } | Value::Copied { .. }) => {
                let text = node.as_str().unwrap_or_default();
                if let Err(message) = formats::time(text, kind == Type::MicroTime) {
                    self.fault(Kind::Value, message, node);
                }
            }
            (Type::Time | Type::MicroTime, _) => self.mismatch(Kind::Value, node, Type::String),
            (Type::IntOrString, _) => self.mismatch(Kind::Value, node, Type::Int32),
            _ => self.mismatch(Kind::Type, node, kind),
        }
    }

    /// A value of the wrong type.
    fn mismatch(&mut self, fault: Kind, node: Node<'t>, kind: Type) {
        if !self.has_room(fault) {
            return;
        }
        let in_metadata = self.structs.iter().any(|found| found.name == "ObjectMeta");
        if self.custom && !in_metadata {
            return self.custom_mismatch(node, kind);
        }
        let number = matches!(kind, Type::Int32 | Type::Int64 | Type::Float);
        let found = match go_kind(node) {
            "number" if number => format!("number {}", formats::number(node)),
            found => found.to_owned(),
        };
        let inside = self.structs.last().map_or("", |found| found.name);
        let path: Vec<_> = self
            .path
            .iter()
            .filter_map(|step| match step {
                Step::Field(name) => Some(*name),
                Step::Index(_) | Step::Key(_) => None,
            })
            .collect();
        let kind_name = self.schema.go_name(kind);
        let path = path.join(".");
        let message = format!(
            "json: cannot unmarshal {found} into Go struct field {inside}.{path} of type {kind_name}"
        );
        let help = suggest::value(node, kind);
        self.fault(fault, message, node);
        if let Some(fault) = self.faults.last_mut() {
            fault.help = help;
        }
    }

    /// kube-openapi: pkg/validation/errors/schema.go InvalidType
    fn custom_mismatch(&mut self, node: Node<'t>, kind: Type) {
        let wanted = match kind {
            Type::Bool => "boolean",
            Type::Int32 | Type::Int64 => "integer",
            Type::Float => "number",
            Type::List(_) => "array",
            Type::Struct(_) | Type::Map(_) => "object",
            _ => "string",
        };
        let found = match node.value() {
            Value::Bool(_) => "boolean",
            Value::Text { .. } | Value::Copied { .. } => "string",
            Value::Sequence { .. } => "array",
            Value::Mapping { .. } => "object",
            Value::Int(_) | Value::Uint(_) => "integer",
            _ => "number",
        };
        let path = self.dotted("");
        let message =
            format!("{path}: Invalid value: {found:?}: {path} in body must be of type {wanted}: {found:?}");
        self.fault(Kind::Type, message, node);
        if let Some(fault) = self.faults.last_mut() {
            fault.help = suggest::value(node, kind);
        }
    }

    /// Whether another fault of the kind is worth keeping.
    ///
    /// k8s: sigs.k8s.io/json kubernetes_patch.go saveStrictError keeps 100
    fn has_room(&self, kind: Kind) -> bool {
        self.faults.len() < MOST || self.faults.iter().filter(|fault| fault.kind == kind).count() < MOST
    }

    fn strict(&mut self, kind: Kind, words: &str, key: Node<'t>, help: Option<String>) {
        if !self.has_room(kind) {
            return;
        }
        let name = key.as_str().unwrap_or_default();
        let message = format!("{words} {}", quote(&self.dotted(name)));
        let field = self.field_path(Some(name));
        self.faults.push(Fault { kind, message, field, span: key.span(), help });
    }

    fn fault(&mut self, kind: Kind, message: String, node: Node<'t>) {
        let field = self.field_path(None);
        self.faults.push(Fault { kind, message, field, span: node.span(), help: None });
    }

    /// The path as the strict decoder writes it: keys of maps after a dot like fields.
    fn dotted(&self, last: &str) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Index(at) => text.push_str(&format!("[{at}]")),
                Step::Field(name) | Step::Key(name) => push_name(&mut text, name),
            }
        }
        if !last.is_empty() || self.path.is_empty() {
            push_name(&mut text, last);
        }
        text
    }

    /// The path as Kubernetes writes it: keys of maps in brackets.
    fn field_path(&self, last: Option<&str>) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Index(at) => text.push_str(&format!("[{at}]")),
                Step::Key(name) => text.push_str(&format!("[{name}]")),
                Step::Field(name) => push_name(&mut text, name),
            }
        }
        if let Some(last) = last {
            push_name(&mut text, last);
        }
        text
    }
}

fn push_name(text: &mut String, name: &str) {
    if !text.is_empty() {
        text.push('.');
    }
    text.push_str(name);
}

/// The faults as the one text that Go returns, if there are any.
///
/// k8s: apimachinery pkg/runtime/error.go NewStrictDecodingError; at most 100 faults, each once.
pub(crate) fn text(faults: &[Fault], before: Vec<String>) -> Option<String> {
    let first = |kind| faults.iter().find(|fault| fault.kind == kind).map(|fault| fault.message.clone());
    if let Some(fatal) = first(Kind::Value).or_else(|| first(Kind::Type)) {
        return Some(fatal);
    }
    let mut messages = before;
    let mut seen = BTreeSet::new();
    let strict = faults.iter().map(|fault| fault.message.as_str()).filter(|message| seen.insert(*message));
    messages.extend(strict.take(MOST).map(str::to_owned));
    (!messages.is_empty()).then(|| format!("strict decoding error: {}", messages.join(", ")))
}
