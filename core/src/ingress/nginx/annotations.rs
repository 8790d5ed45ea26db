//! The annotations of one Ingress as ingress-nginx reads them: checked, with their defaults.

use super::cors::{self, Cors};
use super::validate::{basic_chars, path_with_capture, redirect_url, regex_chars, size, url_chars};
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

/// `auth-tls-secret`.
// ingress-nginx: internal/ingress/annotations/authtls/main.go
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    /// As written, `namespace/name`.
    pub(crate) secret: String,
    /// Whether a client without a certificate is refused.
    pub(crate) required: bool,
    /// Why the whole host answers 403.
    pub(crate) fault: Option<String>,
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
    /// Whether the Secret of `auth-secret` is a map of users instead of one file under `auth`.
    pub(crate) auth_map: bool,
    pub(crate) auth_url: String,
    pub(crate) auth_tls: Option<ClientCertificate>,
    /// `satisfy: any`: source ranges or a password, either is enough.
    pub(crate) satisfy_any: bool,
    pub(crate) cors: Option<Cors>,
    pub(crate) relative_redirects: bool,
    pub(crate) port_in_redirects: bool,
    /// Largest request body in bytes, 0 for any.
    pub(crate) body_size: u64,
    /// Statuses that the default backend answers instead.
    pub(crate) custom_errors: Vec<u16>,
    /// What limits the rate of requests, as written.
    pub(crate) limits: Vec<(String, String)>,
    pub(crate) mirror: String,
    /// Snippets that reach the configuration.
    pub(crate) snippets: Vec<String>,
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

/// The networks of a list; `None` when an entry is neither a network nor an address.
// ingress-nginx: internal/net/ipnet.go ParseCIDRs, ParseIPNets
fn networks(list: &str) -> Option<Vec<IpNet>> {
    let parse =
        |item: &str| item.parse::<IpNet>().ok().or_else(|| item.parse::<IpAddr>().ok().map(IpNet::from));
    list.split(',').map(|item| parse(item.trim()).map(|net| net.trunc())).collect()
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
            return config.get(config_name).and_then(|list| networks(list)).unwrap_or_default();
        };
        networks(&list).unwrap_or_else(|| {
            denied = Some(format!("the {what} holds something that is neither an address nor a network"));
            Vec::new()
        })
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
        header: read.text("canary-by-header", basic_chars, "it is not a header name"),
        header_value: read.text("canary-by-header-value", basic_chars, "it holds other characters"),
        header_pattern: read.text("canary-by-header-pattern", regex_chars, "it holds other characters"),
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

    let redirect = redirect(&mut read);
    let cors = read.flag("enable-cors").unwrap_or(false).then(|| cross_origin(&mut read));

    let rewrite_target = read.text(
        "rewrite-target",
        path_with_capture,
        "the value must match ^/?[-._~a-zA-Z0-9/:$]*$, so the annotation counts as absent",
    );
    let app_root = read.text(
        "app-root",
        |value| value.starts_with('/') && path_with_capture(value),
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

    if !aliases.iter().all(|alias| regex_chars(alias)) {
        read.ignored.push((format!("{PREFIX}server-alias"), "one of them holds other characters".into()));
        aliases.clear();
    }

    // ingress-nginx: annotations/auth/main.go: the type is looked for anywhere in the value
    let kind = read.raw("auth-type").filter(|kind| !kind.is_empty()).map(str::to_owned);
    let auth_secret = kind.as_ref().and_then(|_| read.raw("auth-secret")).map(str::to_owned);
    if kind.is_some_and(|kind| !kind.contains("basic") && !kind.contains("digest")) {
        denied = Some("auth-type is neither basic nor digest".into());
    } else if read.raw("auth-type").is_some() && auth_secret.as_ref().is_none_or(String::is_empty) {
        denied = Some("auth-type is set and auth-secret names no Secret".into());
    }
    let verify = read.raw("auth-tls-verify-client").unwrap_or("on");
    let auth_tls = read.raw("auth-tls-secret").filter(|secret| !secret.is_empty()).map(|secret| {
        let required = !matches!(verify, "off" | "optional" | "optional_no_ca");
        ClientCertificate { secret: secret.to_owned(), required, fault: None }
    });
    let limits = ["limit-connections", "limit-rps", "limit-rpm"];
    let limits = limits.into_iter().filter_map(|name| {
        let value = read.raw(name).filter(|value| value.parse::<u32>().is_ok_and(|limit| limit > 0))?;
        Some((name.to_owned(), value.to_owned()))
    });
    let limits = limits.collect();
    let codes =
        read.raw("custom-http-errors").or_else(|| config.get("custom-http-errors").map(String::as_str));
    let codes = codes.unwrap_or_default().split(',').filter_map(|code| code.trim().parse().ok()).collect();
    let body = read.raw("proxy-body-size").and_then(size);
    let body = body.or_else(|| size(config.get("proxy-body-size")?)).unwrap_or(1 << 20);
    let allowed = setting("allow-snippet-annotations", false);
    let snippets = ["configuration-snippet", "server-snippet", "auth-snippet", "modsecurity-snippet"];
    let snippets =
        snippets.into_iter().filter(|name| allowed && read.raw(name).is_some_and(|text| !text.is_empty()));
    let snippets = snippets.map(str::to_owned).collect();
    Annotations {
        auth_map: read.raw("auth-secret-type") == Some("auth-map"),
        auth_tls,
        satisfy_any: read.raw("satisfy") == Some("any"),
        cors,
        relative_redirects: read
            .flag("relative-redirects")
            .unwrap_or_else(|| setting("relative-redirects", false)),
        port_in_redirects: read
            .flag("use-port-in-redirects")
            .unwrap_or_else(|| setting("use-port-in-redirects", false)),
        body_size: body,
        custom_errors: codes,
        limits,
        mirror: read.raw("mirror-target").unwrap_or_default().to_owned(),
        snippets,
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
        upstream_vhost: read.text("upstream-vhost", regex_chars, "it is not a host"),
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

/// Where every request is sent to instead; one bad value spoils all of them.
// ingress-nginx: internal/ingress/annotations/redirect/redirect.go Parse: temporal before permanent
fn redirect(read: &mut Reader<'_>) -> Option<(String, u16)> {
    let why = "a redirect must be an http or https URL without variables; with it every redirect of the Ingress is ignored";
    let before = read.ignored.len();
    let code = |number: Option<u32>, default: u16| match number {
        Some(code @ 300..=308) => code as u16,
        _ => default,
    };
    let temporal = read.text("temporal-redirect", redirect_url, why);
    let temporal_code = code(read.number("temporal-redirect-code"), 302);
    let permanent = read.text("permanent-redirect", redirect_url, why);
    let permanent_code = code(read.number("permanent-redirect-code"), 301);
    if read.ignored.len() > before {
        return None;
    }
    let temporal = Some((temporal, temporal_code)).filter(|(url, _)| !url.is_empty());
    temporal.or_else(|| Some((permanent, permanent_code)).filter(|(url, _)| !url.is_empty()))
}

// ingress-nginx: internal/ingress/annotations/cors/main.go Parse
fn cross_origin(read: &mut Reader<'_>) -> Cors {
    let listed = |text: &str, extra: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_, ".contains(c) || extra.contains(c))
    };
    let given = read.raw("cors-allow-origin").filter(|list| !list.is_empty()).unwrap_or("*").to_owned();
    let mut origins: Vec<String> = Vec::new();
    for item in given.split(',').map(str::trim) {
        match item {
            "*" => {
                origins = vec!["*".into()];
                break;
            }
            item if cors::origin(item) => origins.push(item.to_owned()),
            item => {
                read.ignored.push((format!("{PREFIX}cors-allow-origin"), format!("{item} is not an origin")))
            }
        }
    }
    let text = |name: &str, default: &str, extra: &str| {
        read.raw(name).filter(|text| listed(text, extra)).unwrap_or(default).to_owned()
    };
    let (methods, headers) =
        (text("cors-allow-methods", cors::METHODS, ""), text("cors-allow-headers", cors::HEADERS, ""));
    let expose = text("cors-expose-headers", "", "*");
    let credentials = read.flag("cors-allow-credentials").unwrap_or(true);
    let max_age = read.number("cors-max-age").unwrap_or(1_728_000).to_string();
    Cors { origins, methods, headers, credentials, expose, max_age }
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
        let spoilt =
            with(&[("permanent-redirect", "http://a$request_uri"), ("temporal-redirect", "http://b")]);
        assert_eq!((spoilt.redirect, spoilt.ignored.len()), (None, 1));
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
    fn an_allow_list_with_an_invalid_entry_denies_the_location() {
        assert!(with(&[("whitelist-source-range", "nonsense")]).denied.is_some());
        assert!(with(&[("whitelist-source-range", "10.0.0.0/8, nonsense")]).denied.is_some());
        assert_eq!(with(&[("allowlist-source-range", "10.0.0.0/8, 1.2.3.4")]).allow_list.len(), 2);
    }
}
