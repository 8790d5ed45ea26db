//! How a stream is cut into documents before any YAML is read.
//!
//! k8s: apimachinery pkg/util/yaml/decoder.go YAMLReader (1.35)

/// One document of a stream of YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// A document: its bytes.
    Document { start: usize, end: usize },
    /// A separator line with something after the dashes. Reading ends here.
    BadSeparator {
        start: usize,
        end: usize,
        /// What follows the dashes, trimmed.
        text: String,
    },
}

/// Cuts `text` at lines that start with `---`, wherever they stand, block scalars included.
///
/// A separator ends the document before it and belongs to neither, except where there is no
/// document before it: then it is the first line of the next one.
pub(crate) fn documents(text: &str, from: usize) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut start = from;
    let mut at = from;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let length = memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |newline| newline + 1);
        if let Some(after) = rest.get(..length).unwrap_or_default().strip_prefix("---") {
            let after = after.trim_matches(is_space);
            if !after.is_empty() && !after.starts_with('#') {
                chunks.push(Chunk::BadSeparator { start: at, end: at + length, text: after.to_owned() });
                return chunks;
            }
            if at > start {
                chunks.push(Chunk::Document { start, end: at });
                start = at + length;
            }
        }
        at += length;
    }
    if at > start {
        chunks.push(Chunk::Document { start, end: at });
    }
    chunks
}

/// Go: `unicode.IsSpace`
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// Position of `byte` in `bytes`.
pub(crate) fn memchr(byte: u8, bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&b| b == byte)
}

/// Whether the stream is read as JSON: its first character that is not a space is `{`.
///
/// k8s: decoder.go GuessJSONStream
pub(crate) fn is_json(text: &str) -> bool {
    text.trim_start_matches(is_space).starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = documents(text, 0)
            .into_iter()
            .map(|chunk| match chunk {
                Chunk::Document { start, end } => text.get(start..end).unwrap_or("?").to_owned(),
                Chunk::BadSeparator { text, .. } => format!("bad {text}"),
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn separators() {
        check("a\n---\nb", &["a\n", "b"]);
        check("---\na\n--- # x\nb\n", &["---\na\n", "b\n"]);
        check("---\n---\na\n", &["---\n", "a\n"]);
        check("a\n--- b\nc", &["bad b"]);
        check("a\n---\nc\n---x", &["a\n", "bad x"]);
        check("", &[]);
        check("a\n---", &["a\n"]);
    }
}
