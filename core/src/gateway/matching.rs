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
    /// A regular expression that this model cannot judge; how specific the match is if it holds.
    Unknown(Rank, String),
}

/// Why one part of a match does not hold.
#[derive(Clone, Debug)]
enum Miss {
    No(String),
    Unknown(String),
}

/// How specific a match is; greater comes first.
// gateway-api: apis/v1/httproute_types.go HTTPRouteRule.Matches, grpcroute_types.go GRPCRouteRule.Matches
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// 2 exact, 1 regular expression, 0 prefix.
    path_kind: u8,
    path_length: u32,
    method: u32,
    headers: u32,
    query_params: u32,
}

impl Rank {
    /// Whether the API leaves it to the implementation which of two HTTP matches comes first: one of
    /// their paths is a regular expression and none is exact.
    pub(crate) fn up_to_implementation(&self, other: &Self) -> bool {
        self.path_kind.max(other.path_kind) == 1
    }

    /// Whether a match of this rank may come before one of rank `other`.
    pub(crate) fn may_beat(&self, other: &Self) -> bool {
        self >= other || self.up_to_implementation(other)
    }
}

/// Judges one match; `None` as match is the default of a rule without matches.
pub(crate) fn judge(kind: RouteKind, matched: Option<&api::RouteMatch>, request: &HttpRequest) -> Verdict {
    let mut rank = Rank::default();
    let default = api::RouteMatch::default();
    let matched = matched.unwrap_or(&default);
    let first = match kind {
        RouteKind::Grpc => grpc_method(matched, request, &mut rank),
        _ => http_path(matched, request, &mut rank),
    };
    let parts = [first, headers(matched, request, &mut rank), query(matched, request, &mut rank)];
    let mut unknown = None;
    for part in parts {
        match part {
            Ok(()) => {}
            Err(Miss::No(why)) => return Verdict::No(why),
            Err(Miss::Unknown(why)) => unknown = unknown.or(Some(why)),
        }
    }
    match unknown {
        Some(why) => Verdict::Unknown(rank, why),
        None => Verdict::Yes(rank),
    }
}

fn full_match(pattern: &str, text: &str) -> Result<bool, Miss> {
    match Regex::new(&format!("^(?:{pattern})$"), false) {
        Ok(regex) => Ok(regex.is_match(text)),
        Err(_) => Err(Miss::Unknown(format!("the regular expression {pattern} is not modelled"))),
    }
}

fn http_path(matched: &api::RouteMatch, request: &HttpRequest, rank: &mut Rank) -> Result<(), Miss> {
    let path = request.raw_path();
    let wanted = matched.path.as_ref();
    let value = wanted.and_then(|path| path.value.as_deref()).unwrap_or("/");
    let type_ = wanted.and_then(|path| path.type_.as_deref()).unwrap_or("PathPrefix");
    rank.path_kind = match type_ {
        "Exact" => 2,
        "RegularExpression" => 1,
        _ => 0,
    };
    rank.path_length = value.len() as u32;
    rank.method = u32::from(matched.method.name.is_some());
    if let Some(method) = matched.method.name.as_deref().filter(|method| *method != request.method()) {
        return Err(Miss::No(format!("method {} is not {method}", request.method())));
    }
    let holds = match type_ {
        "Exact" => value == path,
        "RegularExpression" => full_match(value, path)?,
        _ => spec::prefix_covers(value, path),
    };
    if holds { Ok(()) } else { Err(Miss::No(format!("path {path} is not {value}"))) }
}

/// A gRPC call is a POST to `/service/method`.
fn grpc_method(matched: &api::RouteMatch, request: &HttpRequest, rank: &mut Rank) -> Result<(), Miss> {
    let Some(wanted) = &matched.method.grpc else { return Ok(()) };
    let mut parts = request.raw_path().trim_start_matches('/').split('/');
    let (service, method) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let regex = wanted.type_.as_deref() == Some("RegularExpression");
    for (what, pattern, text) in [("service", &wanted.service, service), ("method", &wanted.method, method)] {
        let Some(pattern) = pattern.as_deref().filter(|pattern| !pattern.is_empty()) else { continue };
        // gateway-api: apis/v1/grpcroute_types.go: characters in a matching service, then in a matching method
        match what {
            "service" => rank.path_length = pattern.len() as u32,
            _ => rank.method = pattern.len() as u32,
        }
        rank.path_kind = if regex { 1 } else { 2 };
        let holds = if regex { full_match(pattern, text)? } else { pattern == text };
        if !holds {
            return Err(Miss::No(format!("{what} {text} is not {pattern}")));
        }
    }
    Ok(())
}

fn value_holds(wanted: &api::ValueMatch, value: Option<&str>) -> Result<bool, Miss> {
    match (value, wanted.type_.as_deref()) {
        (None, _) => Ok(false),
        (Some(value), Some("RegularExpression")) => full_match(&wanted.value, value),
        (Some(value), _) => Ok(value == wanted.value),
    }
}

/// Whether every value holds; one that fails counts more than one that cannot be judged.
fn all_hold<'r>(
    what: &str,
    wanted: &[&api::ValueMatch],
    value: impl Fn(&str) -> Option<&'r str>,
) -> Result<(), Miss> {
    let mut open = Ok(());
    for entry in wanted {
        match value_holds(entry, value(&entry.name)) {
            Ok(true) => {}
            Ok(false) => return Err(Miss::No(format!("{what} {} is not {}", entry.name, entry.value))),
            Err(miss) => open = Err(miss),
        }
    }
    open
}

fn headers(matched: &api::RouteMatch, request: &HttpRequest, rank: &mut Rank) -> Result<(), Miss> {
    let mut first: Vec<&api::ValueMatch> = Vec::new();
    for wanted in &matched.headers {
        // only the first entry of a name counts
        if !first.iter().any(|known| known.name.eq_ignore_ascii_case(&wanted.name)) {
            first.push(wanted);
        }
    }
    rank.headers = first.len() as u32;
    all_hold("header", &first, |name| request.header(name))
}

fn query(matched: &api::RouteMatch, request: &HttpRequest, rank: &mut Rank) -> Result<(), Miss> {
    let mut first: Vec<&api::ValueMatch> = Vec::new();
    for wanted in &matched.query_params {
        if !first.iter().any(|known| known.name == wanted.name) {
            first.push(wanted);
        }
    }
    rank.query_params = first.len() as u32;
    let pairs = request.query().unwrap_or_default().split('&');
    let pairs: Vec<(&str, &str)> = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    // the first occurrence in the request counts
    let value = |name: &str| pairs.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
    all_hold("query parameter", &first, value)
}
