//! nginx's reading and writing of request URIs.

/// What nginx makes of a request target: the decoded, merged and dot-resolved path that locations
/// are compared with, or a refusal.
// nginx: src/http/ngx_http_parse.c ngx_http_parse_complex_uri (merge_slashes on)
pub(crate) fn normalize(raw_path: &str) -> Option<String> {
    if !raw_path.starts_with('/') {
        return None;
    }
    let decoded = decode(raw_path.as_bytes())?;
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut trailing = true;
    for segment in decoded.split(|byte| *byte == b'/').skip(1) {
        match segment {
            b"" | b"." => trailing = true,
            b".." => {
                segments.pop()?;
                trailing = true;
            }
            _ => {
                segments.push(segment);
                trailing = false;
            }
        }
    }
    let mut path = Vec::with_capacity(decoded.len());
    for segment in &segments {
        path.push(b'/');
        path.extend_from_slice(segment);
    }
    if trailing || path.is_empty() {
        path.push(b'/');
    }
    Some(String::from_utf8_lossy(&path).into_owned())
}

fn decode(raw: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        let value = (high * 16 + low) as u8;
        if value == 0 {
            return None;
        }
        out.push(value);
    }
    Some(out)
}

/// A decoded path as nginx writes it into the upstream request after a rewrite.
// nginx: src/core/ngx_string.c ngx_escape_uri (NGX_ESCAPE_URI), since 1.21.1
pub(crate) fn escape(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        let escaped = byte <= b' '
            || byte >= 0x7f
            || matches!(
                byte,
                b'"' | b'#' | b'%' | b'<' | b'>' | b'?' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
            );
        if escaped {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

/// Whether nginx accepts a Host header at all.
// nginx: src/http/ngx_http_request.c ngx_http_validate_host
pub(crate) fn valid_host(host: &str) -> bool {
    !host.is_empty()
        && !host.starts_with('.')
        && !host.contains("..")
        && host.bytes().all(|byte| byte > b' ' && byte != 0x7f && byte != b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_decoded_merged_and_resolved_before_they_are_compared() {
        for (raw, path) in [
            ("/", Some("/")),
            ("//foo", Some("/foo")),
            ("/foo//bar/", Some("/foo/bar/")),
            ("/./foo", Some("/foo")),
            ("/x/../foo", Some("/foo")),
            ("/foo/..", Some("/")),
            ("/%66oo", Some("/foo")),
            ("/foo%2Fbar", Some("/foo/bar")),
            ("/..", None),
            ("/../foo", None),
            ("/%zz", None),
            ("/%00", None),
        ] {
            assert_eq!(normalize(raw).as_deref(), path, "{raw}");
        }
    }

    #[test]
    fn a_rewritten_path_is_escaped_again() {
        assert_eq!(escape("/a b?c%d\"é"), "/a%20b%3Fc%25d%22%C3%A9");
    }
}
