//! Why bytes are not UTF-8, in libyaml's words.

/// The reason to refuse `bytes`, which start with a broken sequence and end with the document.
///
/// go-yaml: readerc.go yaml_parser_update_buffer
pub(crate) fn reason(bytes: &[u8]) -> &'static str {
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
    use super::reason;

    #[test]
    fn reasons() {
        assert_eq!(reason(b"\xff"), "invalid leading UTF-8 octet");
        assert_eq!(reason(b"\xe4b\n"), "invalid trailing UTF-8 octet");
        assert_eq!(reason(b"\xc3"), "incomplete UTF-8 octet sequence");
        assert_eq!(reason(b"\xc0\x80"), "invalid length of a UTF-8 sequence");
        assert_eq!(reason(b"\xed\xa0\x80"), "invalid Unicode character");
    }
}
