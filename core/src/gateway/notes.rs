//! What a conversion says of annotations, and the one rewrite with groups that has an equivalent.

use crate::ingress::nginx::annotations::PREFIX;
use crate::manifest::api::meta::Labels;

/// Annotations of ingress-nginx that the conversion reads.
const READ: &[&str] = &[
    "affinity",
    "affinity-canary-behavior",
    "affinity-mode",
    "allowlist-source-range",
    "app-root",
    "auth-secret",
    "auth-type",
    "auth-url",
    "backend-protocol",
    "canary",
    "canary-by-cookie",
    "canary-by-header",
    "canary-by-header-pattern",
    "canary-by-header-value",
    "canary-weight",
    "canary-weight-total",
    "default-backend",
    "denylist-source-range",
    "force-ssl-redirect",
    "from-to-www-redirect",
    "permanent-redirect",
    "permanent-redirect-code",
    "preserve-trailing-slash",
    "rewrite-target",
    "server-alias",
    "service-upstream",
    "ssl-passthrough",
    "ssl-redirect",
    "temporal-redirect",
    "temporal-redirect-code",
    "upstream-vhost",
    "use-regex",
    "whitelist-source-range",
    "x-forwarded-prefix",
];

/// What to write by hand for annotations that are not converted, by the start of their names.
const INSTEAD: &[(&str, &str)] = &[
    ("enable-cors", "the CORS filter of an HTTPRoute does it"),
    ("cors-", "the CORS filter of an HTTPRoute does it"),
    ("mirror-", "the RequestMirror filter of an HTTPRoute does it"),
    ("proxy-read-timeout", "timeouts.backendRequest of a rule is near to it"),
    ("proxy-send-timeout", "timeouts.backendRequest of a rule is near to it"),
    ("proxy-ssl-", "a BackendTLSPolicy does it"),
    ("auth-tls-", "spec.tls.frontend of the Gateway does it"),
    ("custom-headers", "the ResponseHeaderModifier filter does it"),
    ("session-cookie-", "session persistence is not in the standard channel"),
];

/// A sentence for each annotation that the conversion does not look at.
pub(crate) fn unconverted(annotations: &Labels) -> Vec<String> {
    let names = annotations.keys().filter_map(|key| key.strip_prefix(PREFIX));
    let left = names.filter(|name| !READ.contains(name));
    let sentence = |name: &str| {
        let hint = INSTEAD.iter().find(|(start, _)| name.starts_with(start)).map(|(_, hint)| *hint);
        format!("not converted: {name}; {}", hint.unwrap_or("nothing in the standard channel does it"))
    };
    left.map(sentence).collect()
}

/// The prefix and what replaces it, of a path like `/shop(/|$)(.*)` rewritten to `/$2` or `/base/$2`.
pub(crate) fn moved_prefix<'a>(path: &'a str, target: &'a str) -> Option<(&'a str, &'a str)> {
    let prefix = path.strip_suffix("(/|$)(.*)")?;
    let base = target.strip_suffix("$2")?;
    let literal = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_".contains(&b));
    let fits = prefix.starts_with('/') && literal(prefix) && base.starts_with('/') && base.ends_with('/');
    (fits && literal(base)).then_some((prefix, base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_rest_behind_a_literal_prefix_is_moved() {
        assert_eq!(moved_prefix("/shop(/|$)(.*)", "/$2"), Some(("/shop", "/")));
        assert_eq!(moved_prefix("/shop(/|$)(.*)", "/new/$2"), Some(("/shop", "/new/")));
        assert_eq!(moved_prefix("/shop(/|$)(.*)", "/$1"), None);
        assert_eq!(moved_prefix("/sh.p(/|$)(.*)", "/$2"), None);
        assert_eq!(moved_prefix("/shop/(.*)", "/$1"), None);
    }

    #[test]
    fn every_annotation_is_converted_or_named() {
        let annotations: Labels = ["enable-cors", "limit-rps", "rewrite-target"]
            .map(|name| (format!("{PREFIX}{name}"), String::new()))
            .into();
        let notes = unconverted(&annotations);
        assert_eq!(notes.len(), 2);
        assert!(notes.iter().any(|note| note.contains("CORS filter")), "{notes:?}");
    }
}
