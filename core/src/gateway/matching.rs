//! Matching a request against the rules of HTTPRoutes and GRPCRoutes, and which match comes first.

use super::objects::RouteKind;
use crate::ingress::regex::Regex;
use crate::ingress::{HttpRequest, spec};
use crate::manifest::api::gateway_v1 as api;

/// Why a match does not hold, or how specific it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Yes(Rank),
    No(String),
    /// A regular expression that this model cannot judge.
    Unknown(String),
}

/// How specific a match is; greater comes first.
// gateway-api: apis/v1/httproute_types.go HTTPRouteRule.Matches; where regular expressions stand is up to
// the implementation: here between Exact and PathPrefix, as Envoy-based ones do
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// 2 exact, 1 regular expression, 0 prefix.
    path_kind: u8,
    path_length: u32,
    method: u32,
    headers: u32,
    query_params: u32,
}

/// Judges one match; `None` as match is the default of a rule without matches.
pub(crate) fn judge(kind: RouteKind, matched: Option<&api::RouteMatch>, request: &HttpRequest) -> Verdict {
    let mut rank = Rank::default();
    let default = api::RouteMatch::default();
    let matched = matched.unwrap_or(&default);
    let outcome = match kind {
        RouteKind::Grpc => grpc_method(matched, request, &mut rank),
        _ => http_path(matched, request, &mut rank),
    };
    if let Err(verdict) = outcome {
        return verdict;
    }
    if let Err(verdict) =
        headers(matched, request, &mut rank).and_then(|()| query(matched, request, &mut rank))
    {
        return verdict;
    }
    Verdict::Yes(rank)
}

fn full_match(pattern: &str, text: &str) -> Result<bool, Verdict> {
    match Regex::new(&format!("^(?:{pattern})$"), false) {
        Ok(regex) => Ok(regex.is_match(text)),
        Err(_) => Err(Verdict::Unknown(format!("the regular expression {pattern} is not modelled"))),
    }
}

fn http_path(matched: &api::RouteMatch, request: &HttpRequest, rank: &mut Rank) -> Result<(), Verdict> {
    let path = request.raw_path();
    let wanted = matched.path.as_ref();
    let value = wanted.and_then(|path| path.value.as_deref()).unwrap_or("/");
    let (kind, holds) = match wanted.and_then(|path| path.type_.as_deref()).unwrap_or("PathPrefix") {
        "Exact" => (2, value == path),
        "RegularExpression" => (1, full_match(value, path)?),
        _ => (0, spec::prefix_covers(value, path)),
    };
    if !holds {
        return Err(Verdict::No(format!("path {path} is not {value}")));
    }
    rank.path_kind = kind;
    rank.path_length = value.len() as u32;
    match matched.method.name.as_deref() {
        Some(method) if method != request.method() => {
            return Err(Verdict::No(format!("method {} is not {method}", request.method())));
        }
        Some(_) => rank.method = 1,
        None => {}
    }
    Ok(())
}

/// A gRPC call is a POST to `/service/method`.
fn grpc_method(matched: &api::RouteMatch, request: &HttpRequest, rank: &mut Rank) -> Result<(), Verdict> {
    let Some(wanted) = &matched.method.grpc else { return Ok(()) };
    let mut parts = request.raw_path().trim_start_matches('/').split('/');
    let (service, method) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let regex = wanted.type_.as_deref() == Some("RegularExpression");
    for (what, pattern, text) in [("service", &wanted.service, service), ("method", &wanted.method, method)] {
        let Some(pattern) = pattern.as_deref().filter(|pattern| !pattern.is_empty()) else { continue };
        let holds = if regex { full_match(pattern, text)? } else { pattern == text };
        if !holds {
            return Err(Verdict::No(format!("{what} {text} is not {pattern}")));
        }
        // gateway-api: apis/v1/grpcroute_types.go: characters in a matching service, then in a matching method
        match what {
            "service" => rank.path_length = pattern.len() as u32,
            _ => rank.method = pattern.len() as u32,
        }
        rank.path_kind = if regex { 1 } else { 2 };
    }
    Ok(())
}

fn value_holds(wanted: &api::ValueMatch, value: Option<&str>) -> Result<bool, Verdict> {
    match (value, wanted.type_.as_deref()) {
        (None, _) => Ok(false),
        (Some(value), Some("RegularExpression")) => full_match(&wanted.value, value),
        (Some(value), _) => Ok(value == wanted.value),
    }
}

fn headers(matched: &api::RouteMatch, request: &HttpRequest, rank: &mut Rank) -> Result<(), Verdict> {
    let mut seen: Vec<String> = Vec::new();
    for wanted in &matched.headers {
        let name = wanted.name.to_ascii_lowercase();
        // only the first entry of a name counts
        if seen.contains(&name) {
            continue;
        }
        if !value_holds(wanted, request.header(&name))? {
            return Err(Verdict::No(format!("header {} is not {}", wanted.name, wanted.value)));
        }
        seen.push(name);
    }
    rank.headers = seen.len() as u32;
    Ok(())
}

fn query(matched: &api::RouteMatch, request: &HttpRequest, rank: &mut Rank) -> Result<(), Verdict> {
    let mut seen: Vec<&str> = Vec::new();
    for wanted in &matched.query_params {
        if seen.contains(&wanted.name.as_str()) {
            continue;
        }
        let pairs = request
            .query()
            .unwrap_or_default()
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let value = pairs.into_iter().find(|(name, _)| *name == wanted.name).map(|(_, value)| value);
        if !value_holds(wanted, value)? {
            return Err(Verdict::No(format!("query parameter {} is not {}", wanted.name, wanted.value)));
        }
        seen.push(&wanted.name);
    }
    rank.query_params = seen.len() as u32;
    Ok(())
}
