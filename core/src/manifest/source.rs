//! Where text comes from and where in it something stands.

use serde::Serialize;

/// One input text: a file, an editor buffer, a cell of a notebook.
///
/// The bytes are kept as they came. Text that is not UTF-8 is not an error here: loading reports it
/// as a [`Problem`](super::Problem) with its position, as kubectl's decoder would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name shown in positions, usually a path.
    pub name: String,
    /// The text, YAML or JSON.
    pub text: Vec<u8>,
}

impl Source {
    /// A source called `name` holding `text`.
    ///
    /// ```
    /// let source = kubehop::Source::new("shop.yaml", "kind: Namespace");
    /// assert_eq!(source.name, "shop.yaml");
    /// ```
    pub fn new(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

/// A range of bytes of one source, end exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A position a person can go to: file, lines and columns, counted from 1.
///
/// Columns count Unicode scalar values, as editors do. The end is exclusive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Name of the [`Source`].
    pub file: String,
    /// Line of the first character, from 1.
    pub line: u32,
    /// Column of the first character, from 1.
    pub column: u32,
    /// Line of the end, from 1.
    pub end_line: u32,
    /// Column after the last character, from 1.
    pub end_column: u32,
}
