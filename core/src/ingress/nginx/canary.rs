//! Canaries: which part of the requests for an upstream goes to its alternative.

use super::{Config, Upstream};
use crate::ingress::regex::Regex;
use crate::ingress::request::HttpRequest;
use crate::model::Share;

/// The ways of a request for one upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    /// The upstream and its share.
    pub(crate) ways: Vec<(u32, Share)>,
    /// Why.
    pub(crate) why: String,
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
        Split { ways: vec![(canary, Share::ALL)], why: String::new() },
        Split { ways: vec![(id, Share::ALL)], why: String::new() },
    );
    let answer = |split: Split, why: String| Some(Split { why, ..split });
    if !has_endpoints(id) {
        return answer(none, "the main backend has no endpoints, so its canary is not asked either".into());
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
    if upstream.affinity.cookie && request.cookie(&upstream.affinity.name).is_some() {
        return answer(
            none,
            format!(
                "the request carries the affinity cookie {}; the model takes it as the main backend's",
                upstream.affinity.name
            ),
        );
    }
    if let Some(value) =
        Some(&policy.header).filter(|header| !header.is_empty()).and_then(|header| request.header(header))
    {
        if !policy.header_value.is_empty() {
            if value == policy.header_value {
                return answer(
                    all,
                    format!("header {} is `{value}`, the value that selects the canary", policy.header),
                );
            }
        } else if !policy.header_pattern.is_empty() {
            if Regex::new(&policy.header_pattern, false).is_ok_and(|regex| regex.is_match(value)) {
                return answer(all, format!("header {} matches {}", policy.header, policy.header_pattern));
            }
        } else if value == "always" {
            return answer(all, format!("header {} is `always`", policy.header));
        } else if value == "never" {
            return answer(none, format!("header {} is `never`", policy.header));
        }
    }
    if let Some(value) =
        Some(&policy.cookie).filter(|cookie| !cookie.is_empty()).and_then(|cookie| request.cookie(cookie))
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
    Some(Split { ways: vec![(id, share(total - weight)), (canary, share(weight))], why })
}

fn name(upstream: &Upstream) -> String {
    format!("{}/{}", upstream.namespace, upstream.service)
}
