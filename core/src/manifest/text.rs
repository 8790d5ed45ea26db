//! Bytes to text without moving anything, and offsets to lines and columns.

use super::source::{Place, Source, Span};

/// `bytes` as text of the same length, with a newline at the end if there is none. Bytes that are not UTF-8 are replaced one by one with `?`;
/// their places are returned so that the documents they stand in can be refused.
pub(crate) fn readable(bytes: &[u8]) -> (String, Vec<u32>) {
    let mut text = String::with_capacity(bytes.len());
    let mut broken = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            broken.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
            text.push('?');
        }
    }
    // k8s: apimachinery pkg/util/yaml/decoder.go LineReader ends the last line in any case (1.35).
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    (text, broken)
}

/// Where each line of a text starts.
#[derive(Debug)]
pub(crate) struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    /// Lines end at `\n`, `\r\n` and a lone `\r`.
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, &byte) in bytes.iter().enumerate() {
            if byte == b'\n' || byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        Self { starts }
    }

    /// Line and column, from 1, of a byte offset; columns count Unicode scalar values.
    fn position(&self, text: &str, offset: u32) -> (u32, u32) {
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = line.checked_sub(1).and_then(|line| self.starts.get(line)).copied().unwrap_or(0);
        let before = text.as_bytes().get(start as usize..offset as usize).unwrap_or_default();
        // Every byte but the continuation bytes of UTF-8 starts a character; a mark at the very
        // start of the text takes no column.
        let before = before.strip_prefix("\u{feff}".as_bytes()).unwrap_or(before);
        let column = before.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column + 1).unwrap_or(u32::MAX))
    }

    /// The place of `span` in `source`, whose text is `text`.
    pub(crate) fn place(&self, source: &Source, text: &str, span: Span) -> Place {
        let (line, column) = self.position(text, span.start);
        let (end_line, end_column) = self.position(text, span.end.max(span.start));
        Place { file: source.name.clone(), line, column, end_line, end_column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_bytes_keep_their_place() {
        let (text, broken) = readable(b"a\xff\xc3b");
        assert_eq!((text.as_str(), broken), ("a??b\n", vec![1, 2]));
    }

    #[test]
    fn columns_count_characters() {
        let text = "ä: 1\r\nb: ü2\n";
        let lines = Lines::of(text);
        let place = lines.place(&Source::new("f", ""), text, Span { start: 10, end: 13 });
        assert_eq!((place.line, place.column, place.end_line, place.end_column), (2, 4, 2, 6));
    }
}
