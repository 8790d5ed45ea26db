//! Answers about policies as text.

use crate::policy::{
    AllowedPorts, Assertion, ExposedPorts, Exposure, PodsOf, PoliciesOf, PolicyDiff, PortSet, Reachability,
    Side, Verdict,
};
use std::fmt::Write;

fn place(evidence: &crate::manifest::Evidence) -> String {
    let place =
        evidence.place.as_ref().map(|place| format!(" ({}:{}:{})", place.file, place.line, place.column));
    format!("{} {}{}", evidence.object, evidence.field, place.unwrap_or_default())
}

pub(super) fn verdict(verdict: &Verdict) -> String {
    let mut out = format!("{}\n", verdict.summary);
    for side in [&verdict.egress, &verdict.ingress] {
        self::side(&mut out, side);
    }
    out
}

fn side(out: &mut String, side: &Side) {
    let way = match side.direction {
        crate::policy::Direction::Ingress => "ingress",
        crate::policy::Direction::Egress => "egress",
    };
    let _ = writeln!(out, "{way}: {}", side.sentence);
    for evidence in [&side.decided_by, &side.peer, &side.port].into_iter().flatten() {
        let _ = writeln!(out, "  by {}", place(evidence));
    }
    if let Some(miss) = &side.nearest_miss {
        let _ = writeln!(out, "  nearest {}", place(&miss.evidence));
    }
    for policy in &side.policies {
        let what = match (&policy.why_not, policy.effect) {
            (Some(why), _) => format!("does not apply: {why}"),
            (None, Some(crate::policy::Action::Allow)) => "allows".into(),
            (None, Some(crate::policy::Action::Deny)) => "denies".into(),
            (None, Some(crate::policy::Action::Pass)) => "passes".into(),
            (None, None) => "applies, no rule matches".into(),
        };
        let _ = writeln!(out, "  {} {what}", policy.policy);
        for rule in policy.rules.iter().filter(|rule| !rule.matches) {
            for part in rule.peers.iter().chain(&rule.ports) {
                if let Some(why) = &part.why_not {
                    let _ = writeln!(out, "    {}: {why}", part.field);
                }
            }
        }
    }
}

pub(super) fn allowed_ports(answer: &AllowedPorts) -> String {
    let mut out = String::new();
    for part in &answer.parts {
        let family = part.family.map(|family| format!(" over {family:?}")).unwrap_or_default();
        let addresses = part.addresses.as_ref().map(|set| format!(" ({set})")).unwrap_or_default();
        let mut doubts = unsure(&part.undetermined);
        if let Some(ports) = &part.implementation_defined {
            let _ = write!(doubts, " (depends on the implementation: {ports})");
        }
        let _ = writeln!(out, "{} => {}{family}{addresses} : {}{doubts}", answer.from, answer.to, part.ports);
    }
    out
}

pub(super) fn reachability(answer: &Reachability) -> String {
    let mut out = String::new();
    for link in &answer.connections {
        let family = link.family.map(|family| format!(" over {family:?}")).unwrap_or_default();
        let some = link.some.as_ref().map(|some| format!(" (some pods: {some})")).unwrap_or_default();
        let _ = writeln!(out, "{} => {}{family} : {}{some}", link.from, link.to, link.ports);
    }
    for link in &answer.from_outside {
        let unsure = unsure(&link.undetermined);
        let _ = writeln!(out, "{} => {} : {}{unsure}", link.addresses, link.member, link.ports);
    }
    for link in &answer.to_outside {
        let unsure = unsure(&link.undetermined);
        let _ = writeln!(out, "{} => {} : {}{unsure}", link.member, link.addresses, link.ports);
    }
    out
}

pub(super) fn exposure(answer: &Exposure) -> String {
    let mut out = String::new();
    for member in &answer.members {
        for (way, arrow, side) in [("ingress", "<=", &member.ingress), ("egress", "=>", &member.egress)] {
            let name = &member.member;
            if !side.protected {
                let _ = writeln!(out, "{name} is not protected for {way}");
            }
            for part in &side.outside {
                let unsure = unsure(&part.undetermined);
                let _ = writeln!(out, "{name} {arrow} {} : {}{unsure}", part.addresses, part.ports);
            }
            if !side.entire_cluster.ports.is_none() || !side.entire_cluster.named.is_empty() {
                let _ = writeln!(out, "{name} {arrow} entire cluster : {}", exposed(&side.entire_cluster));
            }
            for one in &side.hypothetical {
                let place = match (&one.namespace, &one.namespaces) {
                    (Some(name), _) => name.clone(),
                    (None, Some(selector)) => format!("[{selector}]"),
                    (None, None) => "*".into(),
                };
                let _ = writeln!(out, "{name} {arrow} {place}/[{}] : {}", one.pods, exposed(&one.open));
            }
        }
    }
    out
}

fn exposed(ports: &ExposedPorts) -> String {
    let mut words: Vec<String> = ports.named.iter().cloned().collect();
    if words.is_empty() || !ports.ports.is_none() {
        words.insert(0, ports.ports.to_string());
    }
    let mut out = words.join(",");
    for (n, name) in ports.not_named.iter().enumerate() {
        let _ = write!(out, "{}{name}", if n == 0 { " but not " } else { "," });
    }
    out
}

/// Ports of which it cannot be told.
fn unsure(ports: &Option<PortSet>) -> String {
    ports.as_ref().map(|ports| format!(" (undetermined: {ports})")).unwrap_or_default()
}

pub(super) fn policies_of(answer: &PoliciesOf) -> String {
    let isolated = match (answer.isolated_ingress, answer.isolated_egress) {
        (true, true) => "isolated for ingress and egress",
        (true, false) => "isolated for ingress",
        (false, true) => "isolated for egress",
        (false, false) => "not isolated",
    };
    let mut out = format!("{} is {isolated}\n", answer.pod);
    if let Some(why) = &answer.why_none {
        let _ = writeln!(out, "  {why}");
    }
    for policy in &answer.policies {
        let _ = writeln!(out, "  {}", place(&policy.evidence));
    }
    out
}

pub(super) fn pods_of(answer: &PodsOf) -> String {
    let mut out = format!("{} selects {} pods\n", answer.policy, answer.pods.len());
    for pod in &answer.pods {
        let _ = writeln!(out, "  {pod}");
    }
    out
}

pub(super) fn diff(answer: &PolicyDiff) -> String {
    let mut out = String::new();
    for change in &answer.connections {
        let family = change.family.map(|family| format!(" over {family:?}")).unwrap_or_default();
        let _ = write!(out, "{} => {}{family} : ", change.from, change.to);
        let _ = write!(out, "{}{}", change.before, between_all(&change.before_every));
        let _ = writeln!(out, " -> {}{}", change.after, between_all(&change.after_every));
    }
    for change in &answer.from_outside {
        let _ = write!(out, "{} => {} : {}", change.addresses, change.member, change.before);
        let _ = writeln!(out, " -> {}{}", change.after, unsure(&change.undetermined));
    }
    for change in &answer.to_outside {
        let _ = write!(out, "{} => {} : {}", change.member, change.addresses, change.before);
        let _ = writeln!(out, " -> {}{}", change.after, unsure(&change.undetermined));
    }
    if out.is_empty() { "no connection gained or lost\n".into() } else { out }
}

/// What is open between all pods of two ends, where that is less than between some.
fn between_all(ports: &Option<PortSet>) -> String {
    ports.as_ref().map(|ports| format!(" (all pods: {ports})")).unwrap_or_default()
}

pub(super) fn assertion(answer: &Assertion) -> String {
    let mut out = format!("{}\n", answer.summary);
    if let Some(verdict) = &answer.counterexample {
        out.push_str(&self::verdict(verdict));
    }
    out
}

pub(super) fn lint(answer: &crate::lint::Lint) -> String {
    let mut out = String::new();
    for finding in &answer.findings {
        let _ = writeln!(out, "{:?} {}: {}", finding.severity, finding.code, finding.message);
        for evidence in &finding.evidence {
            let _ = writeln!(out, "  {}", place(evidence));
        }
        let _ = writeln!(out, "  {}", finding.fix);
    }
    if out.is_empty() { "nothing to raise\n".into() } else { out }
}
