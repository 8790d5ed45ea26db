//! A node as JSON text, byte for byte as the decoders of Kubernetes write it on their way.

use super::number::{float_in_go, json_of_float};
use super::source::Span;
use super::tree::{Node, Value};
use crate::order::SliceOrder;

/// A number that JSON cannot have.
#[derive(Debug)]
pub(crate) struct Unsupported {
    /// In Go's words.
    pub(crate) message: String,
    pub(crate) span: Span,
}

/// JSON of `root`, keys sorted. Nothing descends by recursion.
///
/// Go: `encoding/json` Marshal of maps
pub(crate) fn json(root: Node<'_>) -> Result<String, Unsupported> {
    enum Part<'t> {
        Node(Node<'t>),
        Key(&'t str),
        Text(char),
    }
    let mut text = String::new();
    let mut parts = vec![Part::Node(root)];
    while let Some(part) = parts.pop() {
        let node = match part {
            Part::Text(c) => {
                text.push(c);
                continue;
            }
            Part::Key(key) => {
                string(&mut text, key);
                text.push(':');
                continue;
            }
            Part::Node(node) => node,
        };
        match node.value() {
            Value::Null | Value::Alias(_) => text.push_str("null"),
            Value::Bool(value) => text.push_str(if value { "true" } else { "false" }),
            Value::Int(number) => text.push_str(&number.to_string()),
            Value::Uint(number) => text.push_str(&number.to_string()),
            Value::Float(number) if number.is_finite() => text.push_str(&json_of_float(number)),
            Value::Float(number) => {
                let message = format!("json: unsupported value: {}", float_in_go(number));
                return Err(Unsupported { message, span: node.span() });
            }
            Value::Number { .. } => text.push_str(node.number_text().unwrap_or("0")),
            Value::Text { .. } | Value::Copied { .. } => string(&mut text, node.as_str().unwrap_or_default()),
            Value::Sequence { .. } => {
                text.push('[');
                parts.push(Part::Text(']'));
                let first = parts.len();
                for item in node.items() {
                    if parts.len() > first {
                        parts.push(Part::Text(','));
                    }
                    parts.push(Part::Node(item));
                }
                reverse_from(&mut parts, first);
            }
            Value::Mapping { .. } => {
                text.push('{');
                parts.push(Part::Text('}'));
                let first = parts.len();
                let mut entries: Vec<_> = node.entries().collect();
                entries.order_by_key(|(key, _)| *key);
                for (key, value) in entries {
                    if parts.len() > first {
                        parts.push(Part::Text(','));
                    }
                    parts.push(Part::Key(key));
                    parts.push(Part::Node(value));
                }
                reverse_from(&mut parts, first);
            }
        }
    }
    Ok(text)
}

fn reverse_from<T>(parts: &mut [T], first: usize) {
    if let Some(added) = parts.get_mut(first..) {
        added.reverse();
    }
}

/// Go: `encoding/json` appendString, with HTML escaped
fn string(text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}
