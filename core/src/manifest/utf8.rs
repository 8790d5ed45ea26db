//! Bytes that libyaml's reader refuses, in its words.

/// The reader decodes blocks of this size, whole, before the scanner sees the first of it.
const BLOCK: usize = 512;

/// Whether the reader refuses `chunk` before the scanner, which has reached `reached`, is done; where
/// and why. `broken`: the first byte that is not UTF-8; `stream`: whether the chunk was cut from one.
///
/// go-yaml: readerc.go yaml_parser_update_buffer
pub(crate) fn refused(
    chunk: &str,
    bytes: &[u8],
    broken: Option<usize>,
    reached: usize,
    stream: bool,
) -> Option<(usize, &'static str)> {
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        // Cut at newlines, UTF-16 is left with half a character.
        return Some((0, "incomplete UTF-16 character"));
    }
    let control = control(chunk);
    let at = match (broken, control) {
        (None, None) => return None,
        (Some(at), None) | (None, Some(at)) => at,
        (Some(broken), Some(control)) => broken.min(control),
    };
    // A stream has its line ends made one byte before; and the scanner looks up to three characters
    // ahead.
    let read = |at: usize| match text_before(chunk, at) {
        before if stream => at - before.matches("\r\n").count(),
        _ => at,
    };
    if read(at) / BLOCK * BLOCK > read(reached) + 3 {
        return None;
    }
    let reason = match broken {
        // A stream has a newline at its end, whether the text has one or not.
        Some(broken) if broken == at && stream => reason(
            &bytes.get(at..).unwrap_or_default().iter().copied().chain([b'\n']).take(4).collect::<Vec<_>>(),
        ),
        Some(broken) if broken == at => reason(bytes.get(at..).unwrap_or_default()),
        _ => "control characters are not allowed",
    };
    Some((at, reason))
}

fn text_before(text: &str, at: usize) -> &str {
    text.get(..at).unwrap_or(text)
}

/// The first character that is not printable.
fn control(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = 0;
    loop {
        let suspect = |&byte: &u8| {
            byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r') || matches!(byte, 0x7f | 0xc2 | 0xef)
        };
        let at = from + bytes.get(from..)?.iter().position(suspect)?;
        let fine = match bytes.get(at..) {
            Some([0xc2, second, ..]) => !(0x80..0xa0).contains(second) || *second == 0x85,
            Some([0xef, 0xbf, third, ..]) => *third < 0xbe,
            Some([0xef, ..]) => true,
            _ => false,
        };
        if !fine {
            return Some(at);
        }
        from = at + 2;
    }
}

/// The reason to refuse `bytes`, which start with a broken sequence and end with the document.
///
/// go-yaml: readerc.go yaml_parser_update_buffer
fn reason(bytes: &[u8]) -> &'static str {
    let width = match bytes.first() {
        Some(0x00..=0x7f) => 1,
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => return "invalid leading UTF-8 octet",
    };
    match bytes.get(1..width) {
        None => "incomplete UTF-8 octet sequence",
        Some(rest) if rest.iter().any(|byte| byte & 0xc0 != 0x80) => "invalid trailing UTF-8 octet",
        Some(rest) => {
            let first = u32::from(bytes.first().copied().unwrap_or_default()) & (0x7f >> width);
            let code = rest.iter().fold(first, |code, &byte| code << 6 | u32::from(byte & 0x3f));
            let long_enough = match width {
                2 => code >= 0x80,
                3 => code >= 0x800,
                4 => code >= 0x1_0000,
                _ => true,
            };
            if long_enough { "invalid Unicode character" } else { "invalid length of a UTF-8 sequence" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{reason, refused};

    #[test]
    fn reasons() {
        assert_eq!(reason(b"\xff"), "invalid leading UTF-8 octet");
        assert_eq!(reason(b"\xe4b\n"), "invalid trailing UTF-8 octet");
        assert_eq!(reason(b"\xc3"), "incomplete UTF-8 octet sequence");
        assert_eq!(reason(b"\xc0\x80"), "invalid length of a UTF-8 sequence");
        assert_eq!(reason(b"\xed\xa0\x80"), "invalid Unicode character");
    }

    #[test]
    fn controls_are_refused_where_the_reader_meets_them() {
        let control = Some((2, "control characters are not allowed"));
        assert_eq!(refused("a\n\u{1}", b"", None, 3, true), control);
        assert_eq!(refused("a\n\u{80}", b"", None, 3, true), control);
        assert_eq!(refused("\u{85}\u{a0}\u{fffd}\t", b"", None, 3, true), None);
        let late = format!("{}\u{1}", "a".repeat(600));
        assert_eq!(refused(&late, b"", None, 100, true), None);
    }
}
