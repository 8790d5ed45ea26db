//! A journey as lines for a terminal.

use crate::journey::{Action, Hop, Journey, Step, Trace};
use crate::manifest::Evidence;
use crate::model::Packet;
use std::fmt::Write;

/// The outcome first, then each way with its numbered hops. Ways that end alike are shown once.
pub(crate) fn text(journey: &Journey) -> String {
    let mut out = format!("{}\n", journey.summary);
    why(&mut out, journey);
    let mut shown: Vec<&Trace> = Vec::new();
    for (index, trace) in journey.traces.iter().enumerate() {
        out.push('\n');
        if journey.traces.len() > 1 {
            let _ = writeln!(
                out,
                "way {} of {}, {} of all tries: {}",
                index + 1,
                journey.traces.len(),
                trace.share,
                trace.ending(journey.question.protocol)
            );
            if let Some(same) = shown.iter().position(|other| alike(other, trace)) {
                let _ = writeln!(out, "  decided as way {}", same + 1);
                shown.push(trace);
                continue;
            }
        }
        shown.push(trace);
        hops(&mut out, trace);
    }
    if !journey.assumptions.is_empty() {
        out.push_str("\ntaken for granted:\n");
        for assumption in &journey.assumptions {
            let _ = writeln!(out, "  - {}", assumption.message);
        }
    }
    out
}

/// The step that decided, of each way that does not simply connect; each reason once.
fn why(out: &mut String, journey: &Journey) {
    let mut told: Vec<&'static str> = Vec::new();
    for trace in journey.traces.iter().filter(|trace| !trace.connects()) {
        let Some(step) = trace.hops.last().and_then(|hop| hop.steps.last()) else { continue };
        if !told.contains(&step.code) {
            told.push(step.code);
            line(out, step);
        }
    }
}

/// Whether both take the same decisions; only names, addresses and nodes differ.
fn alike(a: &Trace, b: &Trace) -> bool {
    let codes = |trace: &Trace| -> Vec<&'static str> {
        let steps = trace.hops.iter().flat_map(|hop| &hop.steps);
        steps.map(|step| step.code).filter(|code| !code.starts_with("addressing/")).collect()
    };
    a.code == b.code && codes(a) == codes(b)
}

fn hops(out: &mut String, trace: &Trace) {
    for (index, hop) in trace.hops.iter().enumerate() {
        let _ = writeln!(out, "{:>2}. {}{}", index + 1, hop.at, packet(hop));
        for step in &hop.steps {
            line(out, step);
        }
    }
    if !trace.reply.is_empty() {
        let _ = writeln!(out, "{:>2}. reply", trace.hops.len() + 1);
        for step in &trace.reply {
            line(out, step);
        }
    }
}

fn packet(hop: &Hop) -> String {
    match (hop.before, hop.after) {
        (Some(before), Some(after)) if before != after => {
            format!("  [{} becomes {}]", header(&before), header(&after))
        }
        (Some(packet), _) | (None, Some(packet)) => format!("  [{}]", header(&packet)),
        (None, None) => String::new(),
    }
}

/// `10.244.0.5 -> 10.96.0.40:80`
pub(crate) fn header(packet: &Packet) -> String {
    format!("{} -> {}", packet.source, std::net::SocketAddr::new(packet.destination, packet.port))
}

/// A mark for what a step did; never the only sign, since the sentence says it too.
pub(crate) fn mark(action: Action) -> &'static str {
    match action {
        Action::Accepted | Action::Permitted => "+",
        Action::Denied | Action::Dropped | Action::Refused => "x",
        Action::Undetermined => "?",
        Action::Originated | Action::Resolved | Action::Selected | Action::Translated | Action::Forwarded => {
            "-"
        }
    }
}

fn line(out: &mut String, step: &Step) {
    let _ = writeln!(out, "    {} {}", mark(step.action), step.sentence);
    for evidence in &step.evidence {
        let _ = writeln!(out, "        {}", source(evidence));
    }
    if let Some(near) = &step.near_miss {
        let _ = writeln!(out, "      ! {}", near.sentence);
        for evidence in &near.evidence {
            let _ = writeln!(out, "        {}", source(evidence));
        }
    }
}

/// `shop.yaml:12  Service prod/api spec.ports[0].port`
pub(crate) fn source(evidence: &Evidence) -> String {
    let what = if evidence.field.is_empty() {
        evidence.object.to_string()
    } else {
        format!("{} {}", evidence.object, evidence.field)
    };
    match &evidence.place {
        Some(place) => format!("{}:{}  {what}", place.file, place.line),
        None => format!("({what})"),
    }
}
