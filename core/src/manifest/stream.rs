//! A source as a stream of documents, JSON or YAML, as kubectl reads it.
//!
//! k8s: apimachinery pkg/util/yaml/decoder.go YAMLOrJSONDecoder (1.35)

use super::codes;
use super::compose::{Composed, compose};
use super::json;
use super::judge::{self, Duplicate, Fault};
use super::source::Span;
use super::split::{self, Chunk};
use super::tree::Tree;
use super::utf8;
use std::sync::Arc;

/// One document of a source.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its bytes in the source.
    pub(crate) span: Span,
    /// Whether it was read as JSON, not as YAML.
    pub(crate) json: bool,
    pub(crate) outcome: Result<Composed, Refused>,
    /// Keys set twice, in YAML. Not refused: kubectl takes the last one.
    pub(crate) duplicates: Vec<Duplicate>,
}

/// Why a document could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    /// In kubectl's words.
    pub(crate) message: String,
    pub(crate) span: Span,
}

/// Reads all documents of `tree.text`, which stands for `bytes`. Broken documents do not end the
/// stream where the next one can be told.
pub(crate) fn documents(tree: &mut Tree, bytes: &[u8], broken: &[u32]) -> Vec<Document> {
    let text = Arc::clone(&tree.text);
    Stream { tree, text: &text, bytes, broken, found: Vec::new() }.read()
}

struct Stream<'a> {
    tree: &'a mut Tree,
    text: &'a str,
    bytes: &'a [u8],
    broken: &'a [u32],
    found: Vec<Document>,
}

impl Stream<'_> {
    fn read(mut self) -> Vec<Document> {
        if split::is_json(self.text) {
            self.json();
        } else {
            self.yaml(0);
        }
        self.found
    }

    /// Reads JSON values one after the other. After none or one, what is no JSON is taken for YAML.
    fn json(&mut self) {
        let mut at = 0;
        loop {
            match json::read(self.tree, self.text, at) {
                Ok(None) => return,
                Ok(Some(value)) => {
                    at = value.end;
                    let span = Span { start: index(value.start), end: index(value.end) };
                    self.found.push(Document {
                        span,
                        json: true,
                        outcome: Ok(value.composed),
                        duplicates: Vec::new(),
                    });
                }
                Err(error) => {
                    let switch = self.found.len() <= 1;
                    let message = match (switch, error.ended) {
                        // Go: io.ErrUnexpectedEOF, which is no syntax error.
                        (_, true) => "unexpected EOF".to_owned(),
                        (true, false) => format!("json: offset {}: {}", error.offset, error.message),
                        (false, false) => error.message,
                    };
                    let end = index(error.offset);
                    let span = Span { start: end.saturating_sub(1), end };
                    let refused = Refused { code: codes::SYNTAX, message, span };
                    let before = self.found.len();
                    if let (true, Some(from)) = (switch, self.skip_space(at)) {
                        self.yaml(from);
                    }
                    // Where YAML does no better, the error of JSON is the one to see.
                    match self.found.get_mut(before) {
                        Some(document) if document.outcome.is_err() => document.outcome = Err(refused),
                        Some(_) => {}
                        None => {
                            let span = Span { start: index(at), end: index(self.text.len()) };
                            self.found.push(Document {
                                span,
                                json: true,
                                outcome: Err(refused),
                                duplicates: Vec::new(),
                            });
                        }
                    }
                    return;
                }
            }
        }
    }

    /// Skips space up to and with the first newline. `None` when fewer than four bytes are left
    /// anywhere on the way.
    ///
    /// k8s: decoder.go YAMLOrJSONDecoder.consumeWhitespace
    fn skip_space(&self, from: usize) -> Option<usize> {
        for (at, c) in self.text.get(from..)?.char_indices() {
            let at = from + at;
            self.text.as_bytes().get(at..at + 4)?;
            if !split::is_space(c) {
                return Some(at);
            }
            if c == '\n' {
                return Some(at + 1);
            }
        }
        None
    }

    fn yaml(&mut self, from: usize) {
        for chunk in split::documents(self.text, from) {
            match chunk {
                Chunk::Document { start, end } => self.chunk(start, end),
                Chunk::BadSeparator { start, end, text } => {
                    let span = Span { start: index(start), end: index(end) };
                    let message = format!("invalid Yaml document separator: {text}");
                    let refused = Refused { code: codes::SEPARATOR, message, span };
                    self.found.push(Document {
                        span,
                        json: false,
                        outcome: Err(refused),
                        duplicates: Vec::new(),
                    });
                }
            }
        }
    }

    /// One document of YAML.
    fn chunk(&mut self, start: usize, end: usize) {
        let text = self.text.get(start..end).unwrap_or_default();
        let bytes = self.bytes.get(start..end.min(self.bytes.len())).unwrap_or_default();
        let span = Span { start: index(start), end: index(end) };
        let first = self.broken.get(self.broken.partition_point(|&at| at < span.start)..).unwrap_or_default();
        let broken = first.first().filter(|&&at| at < span.end).map(|&at| (at - span.start) as usize);
        let (outcome, duplicates) =
            match document(self.tree, self.text, text, bytes, span.start, broken, true) {
                Ok((composed, duplicates)) => (Ok(composed), duplicates),
                Err(refused) => {
                    let message = format!("error converting YAML to JSON: {}", refused.message);
                    (Err(Refused { message, ..refused }), Vec::new())
                }
            };
        self.found.push(Document { span, json: false, outcome, duplicates });
    }
}

/// Reads one document of YAML, which stands at `base` in `source`, all the way to what can be JSON.
/// `broken`: the first byte of `chunk` that is not UTF-8; `stream`: whether it was cut from a stream. Messages are those of `yaml.YAMLToJSON`.
pub(crate) fn document(
    tree: &mut Tree,
    source: &str,
    chunk: &str,
    bytes: &[u8],
    base: u32,
    broken: Option<usize>,
    stream: bool,
) -> Result<(Composed, Vec<Duplicate>), Refused> {
    let composed = compose(tree, source, chunk, base);
    let reached = match &composed {
        Ok(composed) => composed.reached,
        Err(error) => error.reached,
    };
    if let Some((at, reason)) = utf8::refused(chunk, bytes, broken, reached as usize, stream) {
        let at = base + index(at);
        let span = Span { start: at, end: at + 1 };
        return Err(Refused { code: codes::ENCODING, message: format!("yaml: {reason}"), span });
    }
    let composed = composed.map_err(|error| {
        let at = base + error.at;
        let next = source.get(at as usize..).and_then(|rest| rest.chars().next());
        let length = next.filter(|&c| c != '\n').map_or(0, |c| index(c.len_utf8()));
        let code = if error.message.contains("unknown anchor") { codes::ALIASES } else { codes::SYNTAX };
        Refused { code, message: error.message, span: Span { start: at, end: at + length } }
    })?;
    let Some(root) = composed.root else { return Ok((composed, Vec::new())) };
    let refuse = |fault: Fault| {
        let code = if fault.aliases { codes::ALIASES } else { codes::NOT_JSON };
        Refused { code, message: fault.message, span: fault.span }
    };
    let duplicates = judge::judge(tree, root, &composed.notes).map_err(refuse)?;
    if let Some(fault) = judge::unsupported_key(tree, &composed.notes) {
        return Err(refuse(fault));
    }
    if composed.notes.infinite
        && let Err(unsupported) = super::write::json(tree.node(root))
    {
        let span = unsupported.span;
        return Err(Refused { code: codes::NOT_JSON, message: unsupported.message, span });
    }
    Ok((composed, duplicates))
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
