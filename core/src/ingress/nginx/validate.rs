//! What ingress-nginx lets stand in an annotation, and how dangerous it takes each to be.

use super::annotations::PREFIX;
use crate::manifest::api::meta::Labels;
use crate::order::SliceOrder;

// ingress-nginx: internal/ingress/annotations/parser/validators.go; `removeSpace` where the table says so
fn only(value: &str, extra: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/:".contains(c) || extra.contains(c))
}

/// BasicCharsRegex, spaces removed.
pub(super) fn basic_chars(value: &str) -> bool {
    only(value, " ")
}

/// URLIsValidRegex.
pub(super) fn url_chars(value: &str) -> bool {
    only(value, ",?&=")
}

/// RegexPathWithCapture, `^/?[-._~a-zA-Z0-9/:$]*$`.
pub(crate) fn path_with_capture(value: &str) -> bool {
    only(value, "$")
}

/// IsValidRegex.
pub(super) fn regex_chars(value: &str) -> bool {
    only(value, "^$[](){}*+?|&=\\")
}

/// A URL that a redirect may lead to: only its scheme is looked at.
// ingress-nginx: internal/ingress/annotations/redirect/redirect.go isValidURL
pub(super) fn redirect_url(value: &str) -> bool {
    url_chars(value) && value.split_once(':').is_some_and(|(scheme, _)| scheme.starts_with("http"))
}

/// A size as nginx writes it, in bytes; `0` means no limit.
pub(super) fn size(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (digits, factor) = match lower.char_indices().last()? {
        (at, 'k') => (lower.get(..at)?, 1 << 10),
        (at, 'm') => (lower.get(..at)?, 1 << 20),
        (at, 'g') => (lower.get(..at)?, 1 << 30),
        (at, 'b') => (lower.get(..at)?, 1),
        _ => (lower.as_str(), 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// The annotations of more than medium risk: name, risk (2 high, 3 critical), the group they are read in.
// ingress-nginx: the tables in internal/ingress/annotations/*/main.go
const RISKY: &[(&str, u8, &str)] = &[
    ("auth-signin", 2, "ExternalAuth"),
    ("auth-snippet", 3, "ExternalAuth"),
    ("auth-tls-error-page", 2, "CertificateAuth"),
    ("auth-tls-match-cn", 2, "CertificateAuth"),
    ("auth-url", 2, "ExternalAuth"),
    ("configuration-snippet", 3, "ConfigurationSnippet"),
    ("mirror-host", 2, "Mirror"),
    ("mirror-target", 2, "Mirror"),
    ("modsecurity-snippet", 3, "ModSecurity"),
    ("server-alias", 2, "Aliases"),
    ("server-snippet", 3, "ServerSnippet"),
    ("stream-snippet", 3, "StreamSnippet"),
];

/// Why an Ingress is not read at all: an annotation above the ConfigMap's `annotations-risk-level`.
// ingress-nginx: annotations/annotations.go Extract, parser/validators.go CheckAnnotationRisk
pub(crate) fn risk(annotations: &Labels, config: &Labels) -> Option<String> {
    let level = match config.get("annotations-risk-level").map(|level| level.to_ascii_lowercase()).as_deref()
    {
        Some("critical") => 3,
        None | Some("high") => 2,
        Some("medium") => 1,
        Some(_) => 0,
    };
    let mut groups: Vec<&str> = RISKY
        .iter()
        .filter(|(name, risk, _)| *risk > level && annotations.contains_key(&format!("{PREFIX}{name}")))
        .map(|(_, _, group)| *group)
        .collect();
    groups.order();
    let group = groups.first()?;
    Some(format!("annotation group {group} contains risky annotation based on ingress configuration"))
}

/// The first word of the ConfigMap's blocklist that a value holds: annotation and word.
// ingress-nginx: internal/ingress/controller/store/store.go checkBadAnnotationValue
pub(crate) fn blocked<'a>(annotations: &'a Labels, config: &'a Labels) -> Option<(&'a str, &'a str)> {
    let list = config.get("annotation-value-word-blocklist").map_or("", String::as_str);
    let words = || list.split(',').map(str::trim).filter(|word| !word.is_empty());
    let ours = annotations.iter().filter(|(key, _)| key.starts_with(PREFIX));
    ours.into_iter()
        .find_map(|(key, value)| words().find(|word| value.contains(word)).map(|word| (key.as_str(), word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes() {
        let sizes = ["1m", "8K", "0", "10b", "2g", "x", ""].map(size);
        assert_eq!(sizes, [Some(1 << 20), Some(8 << 10), Some(0), Some(10), Some(2 << 30), None, None]);
    }

    #[test]
    fn a_redirect_needs_a_scheme_and_no_variable() {
        assert!(redirect_url("https://a.example.com/x?y=1") && redirect_url("http://a:8080"));
        for bad in ["/x", "ftp://a", "https://a$request_uri", "//a"] {
            assert!(!redirect_url(bad), "{bad}");
        }
    }

    #[test]
    fn snippets_are_critical_and_the_default_level_is_high() {
        let one = |name: &str| Labels::from([(format!("{PREFIX}{name}"), "x".to_owned())]);
        let level = |level: &str| Labels::from([("annotations-risk-level".to_owned(), level.to_owned())]);
        assert!(risk(&one("server-snippet"), &Labels::new()).unwrap().contains("ServerSnippet"));
        assert_eq!(risk(&one("server-snippet"), &level("Critical")), None);
        assert_eq!(risk(&one("auth-url"), &Labels::new()), None);
        assert!(risk(&one("auth-url"), &level("Medium")).is_some());
    }
}
