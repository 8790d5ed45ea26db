//! Answers about names as text.

use crate::dns::tools::ToolRun;
use crate::dns::{
    End, ExchangeResult, HostsFile, Lookup, LookupStep, PodResolvConf, Reason, Record, Response, Suggestion,
    ZoneListing,
};
use crate::manifest::Evidence;
use std::fmt::Write;

fn place(evidence: Option<&Evidence>) -> String {
    let place = evidence.and_then(|evidence| evidence.place.as_ref());
    place.map(|place| format!("  ({}:{}:{})", place.file, place.line, place.column)).unwrap_or_default()
}

fn reasons(out: &mut String, because: &[Reason]) {
    for reason in because {
        let _ = writeln!(out, "  - {}{}", reason.text, place(reason.evidence.as_ref()));
    }
}

fn suggestions(out: &mut String, suggestions: &[Suggestion]) {
    for suggestion in suggestions {
        let _ = writeln!(out, "  did you mean `{}`? {}", suggestion.name, suggestion.text);
    }
}

fn steps(out: &mut String, steps: &[LookupStep]) {
    for step in steps {
        for query in &step.queries {
            let what = match &query.result {
                ExchangeResult::TimedOut => "no answer".to_owned(),
                ExchangeResult::Refused => "refused".to_owned(),
                ExchangeResult::Answered { rcode, answers, .. } if answers.is_empty() => {
                    rcode.as_str().to_owned()
                }
                ExchangeResult::Answered { answers, .. } => {
                    let data: Vec<String> = answers.iter().map(|record| record.data.to_string()).collect();
                    data.join(", ")
                }
            };
            let _ = writeln!(
                out,
                "  {:<5} {} @{}  {what}",
                query.record_type.to_string(),
                step.name,
                query.server
            );
        }
    }
}

pub(super) fn lookup(answer: &Lookup) -> String {
    let mut out = format!("{}\n", answer.summary);
    steps(&mut out, &answer.steps);
    for way in answer.ways.iter().filter(|way| !matches!(way.end, End::Cluster | End::Outside)) {
        let _ = writeln!(out, "  way to {} ({}):", way.server, way.protocol);
        reasons(&mut out, &way.because);
    }
    reasons(&mut out, &answer.because);
    suggestions(&mut out, &answer.suggestions);
    if let Some(missing) = &answer.undetermined {
        let _ = writeln!(out, "  undetermined: {missing}");
    }
    out
}

fn section(out: &mut String, title: &str, records: &[Record]) {
    if !records.is_empty() {
        let _ = writeln!(out, "{title}:");
        for record in records {
            let _ = writeln!(out, "  {record}");
        }
    }
}

pub(super) fn response(answer: &Response) -> String {
    let flags = [
        ("qr", true),
        ("aa", answer.flags.aa),
        ("tc", answer.flags.tc),
        ("rd", answer.flags.rd),
        ("ra", answer.flags.ra),
    ];
    let flags: Vec<&str> = flags.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect();
    let mut out =
        format!("{} {}: {} ({})\n", answer.name, answer.record_type, answer.rcode.as_str(), flags.join(" "));
    section(&mut out, "answer", &answer.answers);
    section(&mut out, "authority", &answer.authority);
    section(&mut out, "additional", &answer.additional);
    reasons(&mut out, &answer.because);
    suggestions(&mut out, &answer.suggestions);
    if let Some(missing) = &answer.undetermined {
        let _ = writeln!(out, "  undetermined: {missing}");
    }
    out
}

pub(super) fn resolv_conf(answer: &PodResolvConf) -> String {
    let mut out = format!("# {}\n{}", answer.why, answer.text);
    for event in &answer.events {
        let _ = writeln!(out, "# Warning {}: {}", event.reason, event.message);
    }
    out
}

pub(super) fn hosts(answer: &HostsFile) -> String {
    let mut out = answer.text.clone();
    for note in &answer.notes {
        let _ = writeln!(out, "# {note}");
    }
    for event in &answer.events {
        let _ = writeln!(out, "# Warning {}: {}", event.reason, event.message);
    }
    out
}

pub(super) fn zone(listing: &ZoneListing) -> String {
    let mut out = String::new();
    for zone in &listing.zones {
        let _ = writeln!(out, "$ORIGIN {}", zone.zone);
        let width = zone.records.iter().map(|record| record.name.len()).max().unwrap_or_default();
        for record in &zone.records {
            let _ = writeln!(
                out,
                "{:<width$} {:>5} IN {:<5} {}",
                record.name,
                record.ttl,
                record.record_type().to_string(),
                record.data
            );
        }
    }
    out
}

pub(super) fn tool(answer: &ToolRun) -> String {
    answer.text.clone()
}
