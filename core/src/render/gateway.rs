//! Answers about the Gateway API as text.

use crate::gateway::{Condition, Conversion, GatewayRouting, GatewayStatus};
use std::fmt::Write;

pub(super) fn routing(routing: &GatewayRouting) -> String {
    let mut out = format!("{}\n", routing.summary);
    for step in &routing.steps {
        let _ = writeln!(out, "  - {step}");
    }
    for outcome in &routing.outcomes {
        let _ = writeln!(out, "{}: {}", outcome.share, outcome.why);
        if let Some(upstream) = &outcome.upstream {
            let _ = writeln!(
                out,
                "  backend sees {} {} with Host {}",
                upstream.method, upstream.path, upstream.host
            );
        }
        for endpoint in &outcome.endpoints {
            let _ = writeln!(out, "  {}: {}", endpoint.address, endpoint.why);
        }
    }
    for mirror in &routing.mirrors {
        let _ = writeln!(out, "a copy of {} goes to {}", mirror.share, mirror.backend);
    }
    for candidate in &routing.candidates {
        let mark = if candidate.won { '*' } else { ' ' };
        let _ = writeln!(out, "{mark} {} {}: {}", candidate.route, candidate.evidence.field, candidate.why);
    }
    out
}

fn conditions(out: &mut String, indent: &str, conditions: &[Condition]) {
    for condition in conditions {
        let status = match condition.status {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        };
        let _ =
            writeln!(out, "{indent}{}={status} {} {}", condition.type_, condition.reason, condition.message);
    }
}

pub(super) fn status(status: &GatewayStatus) -> String {
    let mut out = String::new();
    for object in status.classes.iter().chain(&status.gateways).chain(&status.listener_sets) {
        let _ = writeln!(out, "{}", object.object);
        if !object.addresses.is_empty() {
            let _ = writeln!(out, "  addresses: {}", object.addresses.join(", "));
        }
        conditions(&mut out, "  ", &object.conditions);
        for listener in &object.listeners {
            let _ = writeln!(out, "  listener {}: {} routes", listener.name, listener.attached_routes);
            conditions(&mut out, "    ", &listener.conditions);
        }
    }
    for route in status.routes.iter().chain(&status.policies) {
        let _ = writeln!(out, "{}", route.object);
        for parent in &route.parents {
            let _ = writeln!(out, "  {}", parent.parent);
            conditions(&mut out, "    ", &parent.conditions);
        }
    }
    out
}

pub(super) fn conversion(conversion: &Conversion) -> String {
    let mut out = String::new();
    for note in &conversion.notes {
        let _ = writeln!(out, "# {}: {}", note.ingress, note.message);
    }
    let _ = writeln!(
        out,
        "# {} sampled requests, {} go elsewhere",
        conversion.compared,
        conversion.differences.len()
    );
    for difference in &conversion.differences {
        let _ = writeln!(
            out,
            "#   {}: {} before, {} after",
            difference.request, difference.ingress, difference.gateway
        );
    }
    out.push_str(&conversion.manifests);
    out
}
