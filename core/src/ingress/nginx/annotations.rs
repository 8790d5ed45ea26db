//! The annotations of one Ingress as ingress-nginx reads them: checked, with their defaults.

use super::super::regex;
use crate::manifest::api::meta::Labels;
use crate::order::SliceOrder;
use ipnet::IpNet;
use std::net::IpAddr;

/// Prefix of every annotation.
pub(crate) const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// What is said about canary traffic.
// ingress-nginx: internal/ingress/annotations/canary/main.go
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Canary {
    pub(crate) enabled: bool,
    pub(crate) weight: u32,
    pub(crate) weight_total: u32,
    pub(crate) header: String,
    pub(crate) header_value: String,
    pub(crate) header_pattern: String,
    pub(crate) cookie: String,
}

/// Cookie affinity.
// ingress-nginx: internal/ingress/annotations/sessionaffinity/main.go
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Affinity {
    pub(crate) cookie: bool,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) domain: String,
    pub(crate) expires: String,
    pub(crate) max_age: String,
    pub(crate) same_site: String,
    pub(crate) conditional_same_site_none: bool,
    pub(crate) secure: Option<bool>,
    pub(crate) persistent: bool,
    pub(crate) legacy_canary: bool,
}

/// Everything that matters to routing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Annotations {
    pub(crate) canary: Canary,
    pub(crate) affinity: Affinity,
    pub(crate) rewrite_target: String,
    pub(crate) use_regex: bool,
    pub(crate) ssl_redirect: bool,
    pub(crate) force_ssl_redirect: bool,
    pub(crate) preserve_trailing_slash: bool,
    pub(crate) app_root: String,
    pub(crate) redirect: Option<(String, u16)>,
    pub(crate) from_to_www: bool,
    pub(crate) deny_list: Vec<IpNet>,
    pub(crate) allow_list: Vec<IpNet>,
    pub(crate) upstream_vhost: String,
    pub(crate) backend_protocol: String,
    pub(crate) x_forwarded_prefix: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) default_backend: String,
    pub(crate) service_upstream: bool,
    pub(crate) ssl_passthrough: bool,
    pub(crate) auth_secret: Option<String>,
    pub(crate) auth_url: String,
    /// Why every location of this Ingress answers 503.
    pub(crate) denied: Option<String>,
    /// Annotations with values that are ignored, and why.
    pub(crate) ignored: Vec<(String, String)>,
}

struct Reader<'a> {
    annotations: &'a Labels,
    ignored: Vec<(String, String)>,
}

impl Reader<'_> {
    fn raw(&self, name: &str) -> Option<&str> {
        self.annotations.get(&format!("{PREFIX}{name}")).map(|value| value.trim())
    }

    /// A value that satisfies `valid`, else it is ignored.
    fn text(&mut self, name: &str, valid: impl Fn(&str) -> bool, why: &str) -> String {
        let Some(value) = self.raw(name).map(str::to_owned) else { return String::new() };
        if value.is_empty() || valid(&value) {
            return value;
        }
        self.ignored.push((format!("{PREFIX}{name}"), why.to_owned()));
        String::new()
    }

    // ingress-nginx: internal/ingress/annotations/parser/main.go parseBool (strconv.ParseBool)
    fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.raw(name)?.to_owned();
        match value.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
            _ => {
                self.ignored.push((format!("{PREFIX}{name}"), "it is not a boolean".into()));
                None
            }
        }
    }

    fn number(&mut self, name: &str) -> Option<u32> {
        let value = self.raw(name)?.to_owned();
        let number = value.parse::<u32>().ok();
        if number.is_none() {
            self.ignored.push((format!("{PREFIX}{name}"), "it is not a number".into()));
        }
        number
    }
}

// ingress-nginx: internal/ingress/annotations/parser/validators.go
fn basic_chars(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn header_name(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn url_chars(value: &str) -> bool {
    let extra = b"-._~/:?#[]@!$&'()*+,;=%";
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || extra.contains(&byte))
}

/// `^/?[-._~a-zA-Z0-9/:$]*$`
// ingress-nginx: internal/ingress/annotations/parser/validators.go RegexPathWithCapture
pub(crate) fn path_with_capture(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:$".contains(&byte))
}

fn networks(list: &str) -> Vec<IpNet> {
    let parse =
        |item: &str| item.parse::<IpNet>().ok().or_else(|| item.parse::<IpAddr>().ok().map(IpNet::from));
    list.split(',').filter_map(|item| parse(item.trim())).map(|net| net.trunc()).collect()
}

/// Reads the annotations of one Ingress. `config` is the controller's ConfigMap.
// ingress-nginx: internal/ingress/annotations/annotations.go Extract
pub(crate) fn parse(annotations: &Labels, config: &Labels) -> Annotations {
    let setting = |name: &str, default: bool| match config.get(name).map(String::as_str) {
        Some("true") => true,
        Some("false") => false,
        _ => default,
    };
    let mut read = Reader { annotations, ignored: Vec::new() };
    let mut denied = None;
    let mut source_list = |read: &Reader<'_>, names: [&str; 2], config_name: &str, what: &str| {
        let given = names.iter().find_map(|name| read.raw(name)).filter(|value| !value.is_empty());
        let Some(list) = given.map(str::to_owned) else {
            return networks(config.get(config_name).map_or("", String::as_str));
        };
        let nets = networks(&list);
        if nets.is_empty() {
            denied = Some(format!("the {what} does not contain a valid IP address or network"));
        }
        nets
    };
    let allow_list = source_list(
        &read,
        ["allowlist-source-range", "whitelist-source-range"],
        "whitelist-source-range",
        "allow list",
    );
    let deny_list = source_list(
        &read,
        ["denylist-source-range", "denylist-source-range"],
        "denylist-source-range",
        "deny list",
    );

    let canary = Canary {
        enabled: read.flag("canary").unwrap_or(false),
        weight: read.number("canary-weight").unwrap_or(0),
        weight_total: read.number("canary-weight-total").unwrap_or(100),
        header: read.text("canary-by-header", header_name, "it is not a header name"),
        header_value: read.text(
            "canary-by-header-value",
            |value| value.bytes().all(|byte| !byte.is_ascii_control()),
            "it holds control characters",
        ),
        header_pattern: read.text(
            "canary-by-header-pattern",
            regex::compiles,
            "it is not a regular expression",
        ),
        cookie: read.text("canary-by-cookie", basic_chars, "it is not a cookie name"),
    };
    // ingress-nginx: canary/main.go Parse: without canary: "true" the other options are an error
    let canary = if canary.enabled { canary } else { Canary { weight_total: 100, ..Canary::default() } };

    let number_text = |value: &str| value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let affinity = Affinity {
        cookie: read.raw("affinity") == Some("cookie"),
        name: Some(read.text("session-cookie-name", basic_chars, "it is not a cookie name"))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "INGRESSCOOKIE".into()),
        path: read.text("session-cookie-path", url_chars, "it is not a path"),
        domain: read.text("session-cookie-domain", url_chars, "it is not a domain"),
        expires: read.text("session-cookie-expires", number_text, "it is not a number of seconds"),
        max_age: read.text("session-cookie-max-age", number_text, "it is not a number of seconds"),
        same_site: read.text("session-cookie-samesite", basic_chars, "it is none of None, Lax, Strict"),
        conditional_same_site_none: read.flag("session-cookie-conditional-samesite-none").unwrap_or(false),
        secure: read.flag("session-cookie-secure"),
        persistent: read.raw("affinity-mode") == Some("persistent"),
        legacy_canary: read.raw("affinity-canary-behavior") == Some("legacy"),
    };

    let protocol = read.raw("backend-protocol").unwrap_or("HTTP").to_ascii_uppercase();
    let protocol = match protocol.as_str() {
        "HTTP" | "HTTPS" | "AUTO_HTTP" | "GRPC" | "GRPCS" | "FCGI" => protocol,
        _ => "HTTP".into(),
    };

    // ingress-nginx: redirect/redirect.go: temporal first, each with its own range of codes
    let code = |number: Option<u32>, default: u16| match number {
        Some(code @ 300..=308) => code as u16,
        _ => default,
    };
    let temporal = read.text("temporal-redirect", url_chars, "it is not a URL");
    let permanent = read.text("permanent-redirect", url_chars, "it is not a URL");
    let redirect = if !temporal.is_empty() {
        let code = code(read.number("temporal-redirect-code"), 302);
        Some((temporal, code))
    } else if !permanent.is_empty() {
        let code = code(read.number("permanent-redirect-code"), 301);
        Some((permanent, code))
    } else {
        None
    };

    let rewrite_target = read.text(
        "rewrite-target",
        path_with_capture,
        "the value must match ^/?[-._~a-zA-Z0-9/:$]*$, so the annotation counts as absent",
    );
    let app_root = read.text(
        "app-root",
        |value| value.starts_with('/') && url_chars(value),
        "it must be a path that starts with /",
    );
    let mut aliases: Vec<String> = read
        .raw("server-alias")
        .unwrap_or_default()
        .split(',')
        .map(|alias| alias.trim().to_owned())
        .filter(|alias| !alias.is_empty())
        .collect();
    aliases.order();
    aliases.dedup();

    let auth_secret = match read.raw("auth-type") {
        Some("basic" | "digest") => Some(read.raw("auth-secret").unwrap_or_default().to_owned()),
        _ => None,
    };
    Annotations {
        canary,
        affinity,
        rewrite_target,
        use_regex: read.flag("use-regex").unwrap_or(false),
        ssl_redirect: read.flag("ssl-redirect").unwrap_or_else(|| setting("ssl-redirect", true)),
        force_ssl_redirect: read
            .flag("force-ssl-redirect")
            .unwrap_or_else(|| setting("force-ssl-redirect", false)),
        preserve_trailing_slash: read
            .flag("preserve-trailing-slash")
            .unwrap_or_else(|| setting("preserve-trailing-slash", false)),
        app_root,
        redirect,
        from_to_www: read.flag("from-to-www-redirect").unwrap_or(false),
        deny_list,
        allow_list,
        upstream_vhost: read.text(
            "upstream-vhost",
            |value| !value.contains([' ', ';', '{', '}']),
            "it is not a host",
        ),
        backend_protocol: protocol,
        x_forwarded_prefix: read.text("x-forwarded-prefix", path_with_capture, "it is not a path"),
        aliases,
        default_backend: read.text(
            "default-backend",
            |value| value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
            "it is not a Service name",
        ),
        service_upstream: read.flag("service-upstream").unwrap_or_else(|| setting("service-upstream", false)),
        ssl_passthrough: read.flag("ssl-passthrough").unwrap_or(false),
        auth_secret,
        auth_url: read.raw("auth-url").unwrap_or_default().to_owned(),
        denied,
        ignored: read.ignored,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Annotations {
        let annotations =
            pairs.iter().map(|(key, value)| (format!("{PREFIX}{key}"), (*value).to_owned())).collect();
        parse(&annotations, &Labels::new())
    }

    #[test]
    fn a_rewrite_target_with_other_characters_counts_as_absent() {
        assert_eq!(with(&[("rewrite-target", "/$1")]).rewrite_target, "/$1");
        let bad = with(&[("rewrite-target", "/a?b=1")]);
        assert_eq!(bad.rewrite_target, "");
        assert_eq!(bad.ignored.len(), 1);
    }

    #[test]
    fn a_temporal_redirect_wins_and_codes_outside_300_to_308_fall_back() {
        let both = with(&[("permanent-redirect", "http://a"), ("temporal-redirect", "http://b")]);
        assert_eq!(both.redirect, Some(("http://b".into(), 302)));
        let code = with(&[("permanent-redirect", "http://a"), ("permanent-redirect-code", "404")]);
        assert_eq!(code.redirect, Some(("http://a".into(), 301)));
    }

    #[test]
    fn canary_options_without_canary_are_dropped() {
        assert_eq!(with(&[("canary-weight", "30")]).canary.weight, 0);
        assert_eq!(with(&[("canary", "true"), ("canary-weight", "30")]).canary.weight, 30);
    }

    #[test]
    fn an_allow_list_without_one_valid_entry_denies_the_location() {
        assert!(with(&[("whitelist-source-range", "nonsense")]).denied.is_some());
        assert_eq!(with(&[("allowlist-source-range", "10.0.0.0/8, 1.2.3.4")]).allow_list.len(), 2);
    }
}
