//! Canaries: which part of the requests for an upstream goes to its alternative.

use super::md5::backend_key;
use super::{Config, Upstream};
use crate::ingress::regex::{Regex, Trouble};
use crate::ingress::request::HttpRequest;
use crate::model::Share;

/// The ways of a request for one upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    /// The upstream and its share.
    pub(crate) ways: Vec<(u32, Share)>,
    /// Why.
    pub(crate) why: String,
    /// What must be known to tell which way it is.
    pub(crate) missing: Option<String>,
}

/// Splits the requests for upstream `id`.
// ingress-nginx: rootfs/etc/nginx/lua/balancer.lua route_to_alternative_balancer
pub(crate) fn split(
    config: &Config,
    id: u32,
    request: &HttpRequest,
    has_endpoints: impl Fn(u32) -> bool,
) -> Option<Split> {
    let upstream = config.upstreams.get(id as usize)?;
    // only the first alternative counts
    let canary = *upstream.alternatives.first()?;
    let alternative = config.upstreams.get(canary as usize)?;
    let policy = alternative.policy.as_ref()?;
    let (all, none) = (
        Split { ways: vec![(canary, Share::ALL)], why: String::new(), missing: None },
        Split { ways: vec![(id, Share::ALL)], why: String::new(), missing: None },
    );
    let answer = |split: Split, why: String| Some(Split { why, ..split });
    if !has_endpoints(id) {
        return answer(none, "the main backend has no endpoints, so its canary is not asked either".into());
    }
    if alternative.removed {
        let why =
            "the canary was removed: one of its paths has no main location of the same host, path and type";
        return answer(none, why.into());
    }
    if !has_endpoints(canary) {
        return answer(
            none,
            format!(
                "the canary {} has no endpoints, so every request stays with the main backend",
                name(alternative)
            ),
        );
    }
    let stuck_to = |upstream: &Upstream| {
        let cookie = request.cookie(&upstream.affinity.name).filter(|_| upstream.affinity.cookie)?;
        let (_, key) = cookie.split_once('|')?;
        (key == backend_key(&upstream_name(upstream))).then(|| upstream.affinity.name.clone())
    };
    if let Some(cookie) = stuck_to(upstream) {
        return answer(
            none,
            format!("the affinity cookie {cookie} is of the main backend, which it stays with"),
        );
    }
    if let Some(cookie) = stuck_to(alternative) {
        return answer(all, format!("the affinity cookie {cookie} is of the canary, which it stays with"));
    }
    // nginx: $http_name; a header name with an underscore is dropped (underscores_in_headers off)
    let wanted = policy.header.replace('_', "-");
    if let Some(value) =
        Some(&wanted).filter(|header| !header.is_empty()).and_then(|header| request.header(header))
    {
        if !policy.header_value.is_empty() {
            if value == policy.header_value {
                return answer(
                    all,
                    format!("header {} is `{value}`, the value that selects the canary", policy.header),
                );
            }
        } else if !policy.header_pattern.is_empty() {
            match Regex::new(&policy.header_pattern, false) {
                Ok(regex) if regex.is_match(value) => {
                    return answer(
                        all,
                        format!("header {} matches {}", policy.header, policy.header_pattern),
                    );
                }
                Ok(_) => {}
                Err(Trouble::Invalid) => {
                    let why = format!(
                        "{} is not a regular expression, so no canary is tried",
                        policy.header_pattern
                    );
                    return answer(none, why);
                }
                Err(Trouble::NotModelled) => {
                    let missing =
                        format!("whether header {} matches {}", policy.header, policy.header_pattern);
                    return Some(Split { missing: Some(missing.clone()), why: missing, ..none });
                }
            }
        } else if value == "always" {
            return answer(all, format!("header {} is `always`", policy.header));
        } else if value == "never" {
            return answer(none, format!("header {} is `never`", policy.header));
        }
    }
    if let Some(value) =
        Some(&policy.cookie).filter(|cookie| !cookie.is_empty()).and_then(|cookie| cookie_of(request, cookie))
    {
        if value == "always" {
            return answer(all, format!("cookie {} is `always`", policy.cookie));
        } else if value == "never" {
            return answer(none, format!("cookie {} is `never`", policy.cookie));
        }
    }
    let total = policy.weight_total.max(100);
    let weight = policy.weight.min(total);
    let why = format!("the canary gets {weight} of {total} requests");
    if weight == 0 {
        return answer(none, why);
    }
    if weight == total {
        return answer(all, why);
    }
    let share = |n: u32| Share { n, of: total }.of_share(Share::ALL);
    Some(Split { ways: vec![(id, share(total - weight)), (canary, share(weight))], why, missing: None })
}

fn name(upstream: &Upstream) -> String {
    format!("{}/{}", upstream.namespace, upstream.service)
}

fn upstream_name(upstream: &Upstream) -> String {
    format!("{}-{}-{}", upstream.namespace, upstream.service, upstream.port)
}

/// The value of `$cookie_name`: nginx compares the names of cookies without case.
// nginx: src/http/ngx_http_parse.c ngx_http_parse_multi_header_lines
fn cookie_of<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let pairs = request.header("cookie")?.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
}
