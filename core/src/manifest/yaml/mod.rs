//! YAML 1.1 as libyaml and its Go port read it: the same grammar, the same limits, the same words.
//!
//! [`scan`] cuts the text into tokens, [`parse`] makes events of them. Scalars that are written as
//! they are meant, which is nearly all, are borrowed from the text.
//!
//! Not modelled: comments, emitting, more than one document per text (the stream is split before).

mod parse;
mod scalars;
mod scan;
mod tags;

pub(crate) use parse::{Event, Events, Kind};

/// A position in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Byte offset.
    pub(crate) at: u32,
    /// Line, from 0, counted as YAML counts lines.
    pub(crate) line: u32,
    /// Column, from 0, in characters.
    pub(crate) column: u32,
}

/// Why a text is not YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// In the words of go-yaml, its line number included.
    pub(crate) message: String,
    /// Byte offset of what is wrong.
    pub(crate) at: u32,
    /// How far the text had been read.
    pub(crate) reached: u32,
}

impl SyntaxError {
    /// The line that go-yaml names is one too small for errors of its parser, and missing for the
    /// first line.
    ///
    /// go-yaml: decode.go parser.fail (v2)
    fn new(problem: &str, mark: Mark, context: Mark, scanner: bool, reached: usize) -> Self {
        let line = match (mark.line, context.line) {
            (0, 0) => None,
            (0, line) => Some(line),
            (line, _) => Some(line + u32::from(scanner)),
        };
        let message = match line {
            Some(line) => format!("yaml: line {line}: {problem}"),
            None => format!("yaml: {problem}"),
        };
        Self { message, at: mark.at, reached: u32::try_from(reached).unwrap_or(u32::MAX) }
    }
}
