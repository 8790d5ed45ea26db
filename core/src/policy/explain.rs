//! The sentences of this room, apart from the logic that chooses them.

use super::{Decision, Direction, Outcome, PortSet, Reason};
use crate::manifest::ObjectRef;
use crate::manifest::api::meta::{LabelSelector, LabelSelectorRequirement, Labels};
use std::fmt::Write;
use std::sync::Arc;

/// A selector as people write it: `app=api,tier in (a,b),!legacy`; `{}` when it selects everything.
pub(crate) fn selector(selector: &LabelSelector) -> String {
    let mut out = String::new();
    for (key, value) in &selector.match_labels {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(key);
        out.push('=');
        out.push_str(value);
    }
    for expression in &selector.match_expressions {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&requirement(expression));
    }
    if out.is_empty() { "{}".into() } else { out }
}

fn requirement(requirement: &LabelSelectorRequirement) -> String {
    let LabelSelectorRequirement { key, operator, values } = requirement;
    let values = values.join(",");
    match operator.as_str() {
        "In" => format!("{key} in ({values})"),
        "NotIn" => format!("{key} notin ({values})"),
        "Exists" => key.clone(),
        "DoesNotExist" => format!("!{key}"),
        _ => format!("{key} {operator} ({values})"),
    }
}

/// A field path and an index into a list below it: `spec.ingress[0]`, `from`, 1 make
/// `spec.ingress[0].from[1]`. Written by hand: an explanation is mostly made of these.
pub(crate) fn item(path: &str, list: &str, index: usize) -> String {
    let mut out = String::with_capacity(path.len() + list.len() + 5);
    for part in [path, ".", list, "["] {
        out.push_str(part);
    }
    match u8::try_from(index) {
        Ok(digit @ 0..=9) => out.push(char::from(b'0' + digit)),
        _ => drop(write!(out, "{index}")),
    }
    out.push(']');
    out
}

/// How many requirements `labels` miss.
pub(crate) fn selector_misses(selector: &LabelSelector, labels: &Labels) -> u32 {
    let missing = selector.match_labels.iter().filter(|(key, value)| labels.get(*key) != Some(value));
    let failing = selector.match_expressions.iter().filter(|expression| !expression.matches(labels));
    (missing.count() + failing.count()) as u32
}

/// The first requirement that `labels` miss, in words.
pub(crate) fn selector_miss(selector: &LabelSelector, labels: &Labels) -> Option<String> {
    for (key, value) in &selector.match_labels {
        let has = labels.get(key);
        if has == Some(value) {
            continue;
        }
        return Some(match has {
            Some(other) => ["label ", key, "=", value, " differs: ", key, "=", other].concat(),
            None => ["label ", key, "=", value, " is missing"].concat(),
        });
    }
    for expression in &selector.match_expressions {
        if expression.matches(labels) {
            continue;
        }
        return Some(match labels.get(&expression.key) {
            Some(other) => {
                format!("{} does not hold: {}={other}", requirement(expression), expression.key)
            }
            None => format!("{} does not hold: no label {}", requirement(expression), expression.key),
        });
    }
    None
}

/// `ingress` or `egress`.
pub(crate) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    }
}

/// What is open or missing, for an implementation-defined or undetermined decision.
pub(crate) fn open(reason: Reason) -> &'static str {
    match reason {
        Reason::SelfThroughService => {
            "the pod reaches itself through a Service, and the API does not say whether policies apply to that"
        }
        Reason::RewrittenSource => {
            "the source address was rewritten on the way, and the API does not say whether policies see the address before or after that"
        }
        Reason::EqualPriority => {
            "policies of equal priority disagree, and the API does not say which of them is asked first"
        }
        Reason::DomainName => {
            "a rule accepts traffic by domain name, and manifests do not tell which addresses a name has"
        }
        Reason::NoAddress => "the pod has no address yet, so no policy can be evaluated for it",
        Reason::Ended => "the pod has ended and has no network any more",
        _ => "the API does not say",
    }
}

/// Facts of one end for [`side`].
pub(crate) struct SideFacts<'a> {
    pub direction: Direction,
    pub reason: Reason,
    /// The end whose policies are asked.
    pub subject: &'a str,
    /// The policies that isolate it.
    pub isolated_by: &'a [Arc<ObjectRef>],
    /// The policy and rule that decided.
    pub by: Option<(&'a ObjectRef, &'a str)>,
    /// The nearest miss in words.
    pub miss: Option<&'a str>,
}

/// Why one end allows or denies a connection.
pub(crate) fn side(facts: &SideFacts<'_>) -> String {
    let SideFacts { subject, .. } = facts;
    let way = direction(facts.direction);
    let by = |verb: &str| match facts.by {
        Some((policy, field)) => format!("{policy} {verb} it by {field}"),
        None => format!("a policy {verb} it"),
    };
    match facts.reason {
        Reason::NotEnforced => "the network plugin does not enforce policies".into(),
        Reason::NotAPod => format!("{subject} is not a pod, and policies apply to pods only"),
        Reason::HostNetwork => {
            format!("{subject} is on the host network and counts as its node, so no policy applies to it")
        }
        Reason::SamePod => format!("{subject} reaches its own address, which no policy can prevent"),
        Reason::OwnNode => {
            format!(
                "traffic between {subject} and its own node is always allowed, whatever its NetworkPolicies say"
            )
        }
        Reason::NotIsolated => format!("no policy isolates {subject} for {way}, so everything is allowed"),
        Reason::RuleAllows => by("admits"),
        Reason::RuleDenies => by("denies"),
        Reason::NoRuleAdmits => {
            let mut out = format!("{subject} is isolated for {way} by ");
            for (n, policy) in facts.isolated_by.iter().enumerate() {
                let _ = write!(out, "{}{policy}", if n > 0 { ", " } else { "" });
            }
            out.push_str(", and no rule admits this connection");
            if let Some(miss) = facts.miss {
                let _ = write!(out, "; nearest: {miss}");
            }
            out
        }
        reason => open(reason).into(),
    }
}

/// The whole verdict in one sentence.
pub(crate) fn summary(
    decision: Decision,
    question: &str,
    egress: &str,
    ingress: &str,
    by_egress: bool,
) -> String {
    let because = if by_egress { egress } else { ingress };
    match decision {
        Decision::Allowed if egress == ingress => format!("{question} is allowed: {egress}"),
        Decision::Allowed => format!("{question} is allowed: {egress}; {ingress}"),
        Decision::Denied => format!("{question} is denied: {because}"),
        Decision::ImplementationDefined { usually, why } => {
            let usually = if usually == Outcome::Allowed { "allowed" } else { "denied" };
            format!("{question} depends on the network plugin, and is usually {usually}: {}", open(why))
        }
        Decision::Undetermined { missing } => format!("{question} cannot be determined: {}", open(missing)),
    }
}

/// Why a set of ports does not hold the port.
pub(crate) fn port_miss(numbers: &PortSet, protocol: crate::model::Protocol, port: u16) -> String {
    let other =
        numbers.ranges().find(|(other, start, end)| *other != protocol && (*start..=*end).contains(&port));
    match other {
        Some((other, ..)) => format!("protocol {protocol} instead of {other}"),
        None => format!("port {protocol} {port} instead of {numbers}"),
    }
}

/// What a selection may look like.
pub(crate) const NOT_A_SELECTION: &str = "write `namespace/name`, `namespace/*`, `*/[app=db]`, `kind/namespace/name`, `node/name`, `outside`, `all`, an address or a block";

/// A selection of nobody proves nothing.
pub(crate) const NOTHING_SELECTED: &str = "it selects nothing";

/// The outcome of an assertion.
pub(crate) fn assertion(
    denied: bool,
    ports: &PortSet,
    pairs: u32,
    counterexample: Option<&str>,
    undetermined: bool,
) -> String {
    let ports = if ports.is_all() { "any port".to_owned() } else { ports.to_string() };
    match (denied, counterexample) {
        (true, None) => format!("proved: none of the {pairs} pairs can connect on {ports}"),
        (false, None) => format!("proved: each of the {pairs} pairs can connect on {ports}"),
        (_, Some(verdict)) if undetermined => format!("neither proved nor refuted: {verdict}"),
        (_, Some(verdict)) => format!("refuted: {verdict}"),
    }
}

/// Protocols that policies know.
pub(crate) const PROTOCOLS: &str = "policies know TCP, UDP and SCTP";

/// Why `ping` has no verdict.
pub(crate) const ICMP: &str = "policies know TCP, UDP and SCTP, and the API leaves ICMP to the network plugin: a `ping` usually gets through where a rule without ports admits the peer or nothing isolates it, so ask for a TCP port instead";

/// What a port may be.
pub(crate) const PORT: &str = "a port is a number from 1 to 65535 or the name of a container port";

/// Two ends that cannot talk whatever policies say.
pub(crate) const NO_FAMILY: &str = "the two have no address family in common";

/// A question about a pod only.
pub(crate) const NOT_A_POD: &str = "policies select pods; name one such as `web/frontend`";

/// A claim without a pair.
pub(crate) const NO_PAIR: &str =
    "there is no pair of two different ends with a common address family to judge";
