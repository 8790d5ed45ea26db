//! `!!binary`: Go's `base64.StdEncoding`, which skips line ends and wants its padding.

/// The bytes that `text` encodes, or the place where Go gives up.
///
/// Go: encoding/base64 Encoding.decodeQuantum
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let digits: Vec<(usize, u8)> =
        text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\n' | b'\r')).collect();
    let at = |index: usize| digits.get(index).map_or(text.len(), |(at, _)| *at);
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    for (number, group) in digits.chunks(4).enumerate() {
        let first = number * 4;
        let mut bits = 0_u32;
        let mut count = 0;
        for &(place, digit) in group {
            match value(digit) {
                Some(value) => bits = bits << 6 | value,
                None if digit == b'=' => break,
                None => return Err(place),
            }
            count += 1;
        }
        let padding = 4 - count;
        if padding > 0 {
            match (count, group.get(count), group.get(count + 1)) {
                // The text ends inside the group.
                (_, None, _) => return Err(text.len() - count),
                (0 | 1, Some((place, _)), _) => return Err(*place),
                (2, _, None) => return Err(text.len()),
                (2, Some((place, _)), Some((_, second))) if *second != b'=' => return Err(*place + 1),
                _ if digits.len() > first + 4 => return Err(at(first + 4)),
                _ => {}
            }
            bits <<= 6 * padding;
        }
        let [_, a, b, c] = bits.to_be_bytes();
        bytes.extend([a, b, c].iter().take(3 - padding));
    }
    Ok(bytes)
}

fn value(digit: u8) -> Option<u32> {
    Some(match digit {
        b'A'..=b'Z' => u32::from(digit - b'A'),
        b'a'..=b'z' => u32::from(digit - b'a') + 26,
        b'0'..=b'9' => u32::from(digit - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn decodes_what_go_decodes() {
        assert_eq!(decode("aGVsbG8="), Ok(b"hello".to_vec()));
        assert_eq!(decode("aGVs\nbG8="), Ok(b"hello".to_vec()));
        assert_eq!(decode("aGVsbG8"), Err(4));
        assert_eq!(decode("aG=sbG8="), Err(3));
        assert_eq!(decode("not base64"), Err(3));
        assert_eq!(decode(""), Ok(vec![]));
    }
}
