//! Values in Go syntax, as some messages of the decoders print them.

use super::compose::Notes;
use super::tree::{Node, Value};
use crate::order::SliceOrder;

/// Go: `strconv.Quote`
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if is_printable(c) => quoted.push(c),
            c if u32::from(c) < 0x1_0000 => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

/// Go: `strconv.IsPrint`, as near as it can be had without its tables: no controls, no spaces but
/// the ASCII one, no private use, no marks of byte order.
fn is_printable(c: char) -> bool {
    c == ' '
        || !(c.is_control()
            || c.is_whitespace()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{f0000}'..))
}

/// Go: `fmt.Sprintf("%#v", value)` of a decoded YAML value. Cut off where it would become endless.
///
/// Keys are printed as `notes` know them, before they became text.
pub(crate) fn value(root: Node<'_>, notes: &Notes) -> String {
    const LONGEST: usize = 4096;
    enum Part<'t> {
        Node(Node<'t>),
        /// A value inside a collection: null is written with its type there.
        Inner(Node<'t>),
        Text(&'static str),
    }
    let mut text = String::new();
    let mut parts = vec![Part::Node(root)];
    while let Some(part) = parts.pop() {
        if text.len() > LONGEST {
            text.push('…');
            break;
        }
        let (node, inner) = match part {
            Part::Text(fixed) => {
                text.push_str(fixed);
                continue;
            }
            Part::Node(node) => (node, false),
            Part::Inner(node) => (node, true),
        };
        match node.value() {
            Value::Null | Value::Alias(_) => text.push_str(if inner { "interface {}(nil)" } else { "<nil>" }),
            Value::Bool(value) => text.push_str(&value.to_string()),
            Value::Int(number) => text.push_str(&number.to_string()),
            Value::Uint(number) => text.push_str(&format!("{number:#x}")),
            Value::Float(number) => text.push_str(&super::number::float_in_go(number)),
            Value::Number { .. } | Value::Text { .. } | Value::Copied { .. } => {
                text.push_str(&quote(node.as_str().unwrap_or_default()));
            }
            Value::Sequence { .. } => {
                text.push_str("[]interface {}{");
                parts.push(Part::Text("}"));
                let items: Vec<_> = node.items().collect();
                for (at, item) in items.into_iter().enumerate().rev() {
                    parts.push(Part::Inner(item));
                    if at > 0 {
                        parts.push(Part::Text(", "));
                    }
                }
            }
            Value::Mapping { .. } => {
                text.push_str("map[interface {}]interface {}{");
                parts.push(Part::Text("}"));
                let mut pairs: Vec<_> = match notes.written.get(&node.target()) {
                    Some(children)
                        if !children.iter().any(|child| notes.merges.binary_search(child).is_ok()) =>
                    {
                        let (pairs, _) = children.as_chunks::<2>();
                        let tree = node.tree();
                        pairs.iter().map(|&[key, value]| (tree.node(key), tree.node(value))).collect()
                    }
                    _ => node.pairs().collect(),
                };
                pairs.order_by_key(|(key, _)| key.as_str());
                for (at, (key, value)) in pairs.into_iter().enumerate().rev() {
                    parts.push(Part::Inner(value));
                    parts.push(Part::Text(":"));
                    parts.push(Part::Node(key));
                    if at > 0 {
                        parts.push(Part::Text(", "));
                    }
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn quotes_as_go() {
        assert_eq!(quote("a\"b\\\n\u{1}é\u{2028}"), r#""a\"b\\\n\x01é\u2028""#);
    }
}
