//! What to do about a text that was refused, where the words of the decoders leave one guessing.

use super::codes;
use super::stream::Refused;

/// Advice for a refused document of `text`.
pub(crate) fn refused(refused: &Refused, text: &str) -> Option<String> {
    let at = refused.span.start as usize;
    let rest = text.get(at..).unwrap_or_default();
    let line = text.get(..at).unwrap_or_default().rsplit(['\n', '\r']).next().unwrap_or_default();
    let message = refused.message.as_str();
    let quotes = |what: &str| Some(format!("a plain value cannot start with {what}: put it in quotes"));
    if message.contains("invalid map key: map[") || rest.starts_with("{{") || line.contains("{{") {
        return Some("this looks like a template: render it first, or put the value in quotes".to_owned());
    }
    match refused.code {
        codes::ENCODING if message.contains("control characters") => {
            Some("remove the character, or write it as an escape in double quotes".to_owned())
        }
        codes::ENCODING => Some("save the file as UTF-8".to_owned()),
        codes::SEPARATOR => Some("start the document on the line after `---`".to_owned()),
        codes::ALIASES if message.contains("unknown anchor") => Some(
            "define the anchor before it is used, or put a value that starts with `*` in quotes".to_owned(),
        ),
        codes::SYNTAX if message.contains("tab character") || rest.starts_with('\t') => {
            Some("indent with spaces: YAML does not allow tabs there".to_owned())
        }
        codes::SYNTAX if message.ends_with("cannot start any token") => {
            quotes(&format!("`{}`", rest.chars().next()?))
        }
        codes::SYNTAX if message.ends_with("alphabetic or numeric character") => {
            quotes(if line.trim_end().ends_with('&') { "`&`" } else { "`*`" })
        }
        codes::SYNTAX if message.contains("mapping values are not allowed") => {
            Some("put a value that holds a colon and a space in quotes, or check the indentation".to_owned())
        }
        codes::SYNTAX if message.contains("did not find expected key") => {
            Some("check the indentation: keys of one mapping start in the same column".to_owned())
        }
        codes::SYNTAX if message.contains("could not find expected ':'") => {
            Some("end the key with a colon, or indent the line if it belongs to the value above".to_owned())
        }
        codes::SYNTAX if message.contains("unexpected end of stream") => Some("close the quotes".to_owned()),
        codes::SYNTAX if message.contains("did not find expected '-' indicator") => {
            Some("check the indentation: items of one list start in the same column".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, Manifests};
    use crate::Source;

    #[track_caller]
    fn check(text: &str, advice: &str) {
        let manifests = Manifests::parse([Source::new("t.yaml", text)], &Limits::default());
        let help = manifests.problems().first().and_then(|problem| problem.help.clone()).unwrap_or_default();
        assert!(help.contains(advice), "{:#?}", manifests.problems());
    }

    #[test]
    fn common_slips_get_advice() {
        check("host: *.example.com\n", "cannot start with `*`");
        check("at: @me\n", "cannot start with `@`");
        check("a:\n\tb: c\n", "indent with spaces");
        check("name: a: b\n", "colon and a space in quotes");
        check("port: {{ .Values.port }}\n", "looks like a template");
        check("a: caf\u{1}\n", "remove the character");
        check("metadata:\n  name: a\n labels: {}\n", "check the indentation");
        check("a: *b\n", "define the anchor");
    }
}
