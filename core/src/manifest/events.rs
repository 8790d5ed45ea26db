//! YAML events of one document, with byte offsets into the source.

use super::source::Span;
use libyaml_safer::{EventData, Mark, Parser};

/// An event; `span` counts bytes of the chunk.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    /// Line of the start, from 0.
    pub(crate) line: u32,
}

#[derive(Debug)]
pub(crate) enum Kind {
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    Alias(String),
    Scalar {
        anchor: Option<String>,
        tag: Option<String>,
        value: String,
        /// Written plain, without quotes and without a tag.
        plain: bool,
    },
    SequenceStart {
        anchor: Option<String>,
        flow: bool,
    },
    SequenceEnd,
    MappingStart {
        anchor: Option<String>,
        flow: bool,
    },
    MappingEnd,
}

/// Why a text is not YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// In the words of go-yaml, its line number included.
    pub(crate) message: String,
    /// Where, in bytes of the chunk.
    pub(crate) at: u32,
}

/// Reads events from one chunk of text.
pub(crate) struct Events<'s> {
    parser: Parser<&'s [u8]>,
}

fn offset(mark: Mark) -> u32 {
    u32::try_from(mark.index).unwrap_or(u32::MAX)
}

impl<'s> Events<'s> {
    pub(crate) fn new(text: &'s str) -> Self {
        let mut parser = Parser::new();
        parser.set_encoding(libyaml_safer::Encoding::Utf8);
        parser.set_input(text.as_bytes());
        Self { parser }
    }

    pub(crate) fn next(&mut self) -> Result<Event, SyntaxError> {
        loop {
            let event = self.parser.parse().map_err(|error| syntax_error(&error))?;
            let span = Span { start: offset(event.start_mark), end: offset(event.end_mark) };
            let kind = match event.data {
                EventData::StreamStart { .. } => continue,
                EventData::StreamEnd => Kind::StreamEnd,
                EventData::DocumentStart { .. } => Kind::DocumentStart,
                EventData::DocumentEnd { .. } => Kind::DocumentEnd,
                EventData::Alias { anchor } => Kind::Alias(anchor),
                EventData::Scalar { anchor, tag, value, plain_implicit, .. } => {
                    Kind::Scalar { anchor, tag, value, plain: plain_implicit }
                }
                EventData::SequenceStart { anchor, style, .. } => {
                    Kind::SequenceStart { anchor, flow: style == libyaml_safer::SequenceStyle::Flow }
                }
                EventData::SequenceEnd => Kind::SequenceEnd,
                EventData::MappingStart { anchor, style, .. } => {
                    Kind::MappingStart { anchor, flow: style == libyaml_safer::MappingStyle::Flow }
                }
                EventData::MappingEnd => Kind::MappingEnd,
                _ => continue,
            };
            return Ok(Event { kind, span, line: u32::try_from(event.start_mark.line).unwrap_or(u32::MAX) });
        }
    }
}

/// go-yaml: decode.go parser.fail
fn syntax_error(error: &libyaml_safer::Error) -> SyntaxError {
    let problem = error.problem_mark();
    let line = match (problem, error.context_mark()) {
        (Some(mark), _) if mark.line != 0 => {
            mark.line + u64::from(error.kind() == libyaml_safer::ErrorKind::Scanner)
        }
        (_, Some(mark)) => mark.line,
        _ => 0,
    };
    let at = problem.map_or(0, offset);
    let message = match line {
        0 => format!("yaml: {}", error.problem()),
        line => format!("yaml: line {line}: {}", error.problem()),
    };
    SyntaxError { message, at }
}
