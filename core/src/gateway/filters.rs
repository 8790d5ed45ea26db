//! Filters: what they do to a request and to its response.

use super::answer::HeaderChange;
use crate::ingress::{Header, without_port};
use crate::ingress::{HttpRequest, Response, Scheme};
use crate::manifest::api::gateway_v1 as api;
use std::collections::BTreeMap;

/// A request on its way through filters.
#[derive(Clone, Debug)]
pub(crate) struct Passing {
    pub(crate) host: String,
    /// Path and query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) response: Vec<HeaderChange>,
    /// The answer of a filter that does not forward.
    pub(crate) answered: Option<(Response, String)>,
    pub(crate) added: Vec<Header>,
}

impl Passing {
    pub(crate) fn new(request: &HttpRequest) -> Self {
        Self {
            host: request.host.clone().unwrap_or_default(),
            path: request.target().to_owned(),
            headers: crate::order::map(
                request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())),
            ),
            response: Vec::new(),
            answered: None,
            added: Vec::new(),
        }
    }
}

/// Replaces a matched prefix, element by element.
// gateway-api: apis/v1/httproute_types.go HTTPPathModifier.ReplacePrefixMatch, the table there
pub fn replace_prefix(path: &str, prefix: &str, replacement: &str) -> String {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let rest = path.strip_prefix(prefix.trim_end_matches('/')).unwrap_or(path);
    let mut out = replacement.trim_end_matches('/').to_owned();
    if !rest.is_empty() && !rest.starts_with('/') {
        out.push('/');
    }
    out.push_str(rest);
    if out.is_empty() {
        out.push('/');
    }
    match query {
        Some(query) => format!("{out}?{query}"),
        None => out,
    }
}

fn new_path(path: &str, modifier: &api::PathModifier, prefix: &str) -> String {
    match modifier.type_.as_str() {
        "ReplaceFullPath" => {
            let query = path.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
            format!("{}{query}", modifier.replace_full_path.as_deref().unwrap_or("/"))
        }
        _ => replace_prefix(path, prefix, modifier.replace_prefix_match.as_deref().unwrap_or_default()),
    }
}

/// Applies one filter. `prefix` is the path value of the match, `port` the listener's.
pub(crate) fn apply(
    passing: &mut Passing,
    filter: &api::RouteFilter,
    request: &HttpRequest,
    prefix: &str,
    port: u16,
) {
    match filter.type_.as_str() {
        "RequestHeaderModifier" => {
            if let Some(change) = &filter.request_header_modifier {
                change_headers(&mut passing.headers, change);
                let changed = change.set.iter().chain(&change.add);
                for header in changed {
                    let value =
                        passing.headers.get(&header.name.to_ascii_lowercase()).cloned().unwrap_or_default();
                    passing.added.retain(|known| !known.name.eq_ignore_ascii_case(&header.name));
                    passing.added.push(Header { name: header.name.clone(), value });
                }
            }
        }
        "ResponseHeaderModifier" => {
            if let Some(change) = &filter.response_header_modifier {
                passing.response.push(HeaderChange::new(change));
            }
        }
        "RequestRedirect" => {
            if let Some(redirect) = &filter.request_redirect {
                passing.answered = Some(redirected(passing, redirect, request, prefix, port));
            }
        }
        "URLRewrite" => {
            if let Some(rewrite) = &filter.url_rewrite {
                if let Some(host) = &rewrite.hostname {
                    passing.host.clone_from(host);
                }
                if let Some(path) = &rewrite.path {
                    passing.path = new_path(&passing.path, path, prefix);
                }
            }
        }
        "CORS" => {
            if let Some(cors) = &filter.cors {
                cross_origin(passing, cors, request);
            }
        }
        // gateway-api: apis/v1/httproute_types.go HTTPRouteFilterExtensionRef: never skipped
        "ExtensionRef" if passing.answered.is_none() => {
            let reference = filter.extension_ref.as_ref();
            let kind = reference.and_then(|reference| reference.kind.as_deref()).unwrap_or_default();
            let name = reference.map_or("", |reference| reference.name.as_str());
            let missing = format!("what the filter {kind} {name} of the implementation does");
            passing.answered = Some((Response::Undetermined { missing: missing.clone() }, missing));
        }
        _ => {}
    }
}

/// Sets, adds and removes.
pub(crate) fn change_headers(headers: &mut BTreeMap<String, String>, change: &api::HeaderFilter) {
    for header in &change.set {
        headers.insert(header.name.to_ascii_lowercase(), header.value.clone());
    }
    for header in &change.add {
        let slot = headers.entry(header.name.to_ascii_lowercase()).or_default();
        if !slot.is_empty() {
            slot.push(',');
        }
        slot.push_str(&header.value);
    }
    for name in &change.remove {
        headers.remove(&name.to_ascii_lowercase());
    }
}

// gateway-api: apis/v1/httproute_types.go HTTPRequestRedirectFilter
fn redirected(
    passing: &Passing,
    redirect: &api::RequestRedirect,
    request: &HttpRequest,
    prefix: &str,
    port: u16,
) -> (Response, String) {
    let scheme = redirect.scheme.as_deref().unwrap_or(request.scheme.as_str());
    let host = redirect.hostname.as_deref().unwrap_or_else(|| without_port(&passing.host));
    let well_known =
        if scheme == "https" { Scheme::Https.default_port() } else { Scheme::Http.default_port() };
    let target = match (redirect.port, &redirect.scheme) {
        (Some(port), _) => u16::try_from(port).unwrap_or(well_known),
        (None, Some(_)) => well_known,
        (None, None) => port,
    };
    let port = if target == well_known { String::new() } else { format!(":{target}") };
    let path = match &redirect.path {
        Some(modifier) => new_path(&passing.path, modifier, prefix),
        None => passing.path.clone(),
    };
    let code = redirect.status_code.and_then(|code| u16::try_from(code).ok()).unwrap_or(302);
    let location = format!("{scheme}://{host}{port}{path}");
    (Response::Status { code, location: Some(location) }, "the rule redirects".into())
}

fn origin_allowed<'a>(cors: &'a api::CorsFilter, origin: &str) -> Option<&'a str> {
    cors.allow_origins.iter().map(String::as_str).find(|allowed| match allowed.split_once('*') {
        Some(("", "")) => true,
        Some((before, after)) => {
            origin.len() > before.len() + after.len() && origin.starts_with(before) && origin.ends_with(after)
        }
        None => allowed.eq_ignore_ascii_case(origin),
    })
}

// gateway-api: apis/v1/httproute_types.go HTTPCORSFilter
fn cross_origin(passing: &mut Passing, cors: &api::CorsFilter, request: &HttpRequest) {
    let Some(origin) = request.header("origin") else { return };
    let requested = request.header("access-control-request-method");
    let preflight = request.method() == "OPTIONS" && requested.is_some();
    let allowed = origin_allowed(cors, origin);
    let mut headers: Vec<(&str, String)> = Vec::new();
    let list = |values: &[String], asked: Option<&str>| {
        let any = values.iter().any(|value| value == "*");
        match asked {
            Some(asked) if any && cors.allow_credentials => Some(asked.to_owned()),
            None if any && cors.allow_credentials => None,
            _ => Some(values.join(", ")),
        }
    };
    if let Some(pattern) = allowed {
        let value = if pattern == "*" && !cors.allow_credentials { "*" } else { origin };
        headers.push(("Access-Control-Allow-Origin", value.into()));
        if cors.allow_credentials {
            headers.push(("Access-Control-Allow-Credentials", "true".into()));
        }
        if preflight {
            if !cors.allow_methods.is_empty() {
                let methods = list(&cors.allow_methods, requested);
                headers.extend(methods.map(|methods| ("Access-Control-Allow-Methods", methods)));
            }
            if !cors.allow_headers.is_empty() {
                let asked = request.header("access-control-request-headers");
                let names = list(&cors.allow_headers, asked);
                headers.extend(names.map(|names| ("Access-Control-Allow-Headers", names)));
            }
            headers.push(("Access-Control-Max-Age", cors.max_age.unwrap_or(5).to_string()));
        } else if !(cors.expose_headers.is_empty()
            || cors.allow_credentials && cors.expose_headers.iter().any(|name| name == "*"))
        {
            headers.push(("Access-Control-Expose-Headers", cors.expose_headers.join(", ")));
        }
    }
    let set = headers.into_iter().map(|(name, value)| Header { name: name.into(), value }).collect();
    passing.response.push(HeaderChange { set, add: Vec::new(), remove: Vec::new() });
    if preflight {
        let why = if allowed.is_some() {
            "the Gateway answers the preflight request by itself"
        } else {
            "the Gateway answers the preflight request by itself, without the headers that would allow this origin; some implementations answer 403"
        };
        passing.answered = Some((Response::Status { code: 204, location: None }, why.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_replaced_element_by_element() {
        for (path, prefix, replacement, result) in [
            ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
            ("/foo", "/foo", "/xyz", "/xyz"),
            ("/foo/", "/foo", "/xyz", "/xyz/"),
            ("/foo", "/foo", "", "/"),
            ("/foo/", "/foo", "/", "/"),
            ("/foo?x=1", "/foo", "/a", "/a?x=1"),
            ("/foo", "/", "/a", "/a/foo"),
        ] {
            assert_eq!(replace_prefix(path, prefix, replacement), result, "{path} {prefix} {replacement}");
        }
    }
}
