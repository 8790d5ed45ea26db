//! Cross-origin requests: the headers of `enable-cors` and its answer to a preflight.

use crate::ingress::answer::Header;
use crate::ingress::request::HttpRequest;

/// What `enable-cors` configures.
// ingress-nginx: internal/ingress/annotations/cors/main.go
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cors {
    pub(crate) origins: Vec<String>,
    pub(crate) methods: String,
    pub(crate) headers: String,
    pub(crate) credentials: bool,
    pub(crate) expose: String,
    pub(crate) max_age: String,
}

pub(super) const METHODS: &str = "GET, PUT, POST, DELETE, PATCH, OPTIONS";
pub(super) const HEADERS: &str = "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization";

/// `scheme://*.host:port`, `*` or `null`.
// ingress-nginx: corsOriginRegex
pub(super) fn origin(text: &str) -> bool {
    if text == "*" || text == "null" {
        return true;
    }
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let rest = rest.strip_prefix("*.").unwrap_or(rest);
    let (host, port) = rest.split_once(':').unwrap_or((rest, "1"));
    !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        && !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

impl Cors {
    /// The headers that a request gets, `None` when its origin is not one of those allowed.
    // ingress-nginx: template.go buildCorsOriginRegex: ~* ((a)|(b))$, so only the end is anchored
    pub(crate) fn headers(&self, request: &HttpRequest) -> Option<Vec<Header>> {
        let given = request.header("origin").unwrap_or_default();
        let allowed = if self.origins.iter().any(|origin| origin == "*") {
            "*"
        } else {
            let lower = given.to_ascii_lowercase();
            self.origins
                .iter()
                .any(|origin| ends_with(&lower, &origin.to_ascii_lowercase()))
                .then_some(given)?
        };
        let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
        let mut headers = vec![header("Access-Control-Allow-Origin", allowed)];
        if self.credentials {
            headers.push(header("Access-Control-Allow-Credentials", "true"));
        }
        headers.push(header("Access-Control-Allow-Methods", &self.methods));
        headers.push(header("Access-Control-Allow-Headers", &self.headers));
        if !self.expose.is_empty() {
            headers.push(header("Access-Control-Expose-Headers", &self.expose));
        }
        headers.push(header("Access-Control-Max-Age", &self.max_age));
        Some(headers)
    }
}

impl Cors {
    /// What decides about a preflight, as nginx configuration.
    pub(super) fn directives(&self) -> Vec<String> {
        let allowed = if self.origins.iter().any(|origin| origin == "*") {
            "set $cors true;".to_owned()
        } else {
            let patterns = self.origins.iter().map(|origin| {
                let escaped = origin.replace('.', "\\.");
                format!("({})", escaped.replace("*\\.", "[A-Za-z0-9\\-]+\\."))
            });
            let patterns = patterns.collect::<Vec<_>>().join("|");
            format!("set $cors \"\"; if ($http_origin ~* \"({patterns})$\") {{ set $cors true; }}")
        };
        vec![
            allowed,
            "if ($request_method = OPTIONS) { set $cors \"${cors}options\"; }".into(),
            "if ($cors = trueoptions) { return 204; }".into(),
        ]
    }
}

/// Whether an origin ends like `pattern`, where `*.` stands for exactly one label.
fn ends_with(origin: &str, pattern: &str) -> bool {
    let Some((scheme, parent)) = pattern.split_once("*.") else { return origin.ends_with(pattern) };
    let Some(rest) = origin.strip_suffix(parent).and_then(|rest| rest.strip_suffix('.')) else {
        return false;
    };
    let label = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let before = rest.trim_end_matches(label);
    before.len() < rest.len() && before.ends_with(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_compared_at_its_end_and_a_star_is_one_label() {
        for (origin, pattern, fits) in [
            ("https://a.example.com", "https://a.example.com", true),
            ("https://b.example.com", "https://a.example.com", false),
            ("https://x.example.com", "https://*.example.com", true),
            ("https://x.y.example.com", "https://*.example.com", false),
            ("https://example.com", "https://*.example.com", false),
            ("https://x.example.com:8443", "https://*.example.com", false),
        ] {
            assert_eq!(ends_with(origin, pattern), fits, "{origin} {pattern}");
        }
    }

    #[test]
    fn origins_are_checked_one_by_one() {
        assert!(origin("*") && origin("https://a.b:8080") && origin("app://*.x") && origin("null"));
        assert!(!origin("a.example.com") && !origin("https://a/x") && !origin("HTTPS://a"));
    }
}
