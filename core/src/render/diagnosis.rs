//! A diagnosis as lines for a terminal.

use super::journey::source;
use crate::diagnose::{Diagnosis, Finding, State};
use crate::manifest::ObjectRef;
use std::fmt::Write;

/// The sentence first, then one line per layer with its findings.
pub(crate) fn text(diagnosis: &Diagnosis) -> String {
    let mut out = format!("{}\n\n", diagnosis.summary);
    for report in &diagnosis.layers {
        let state = match report.state {
            State::Ok => "+ ok",
            State::Faulty => "x faulty",
            State::Blocked => ". not reached",
            State::NotUsed => ". not used",
            State::Undetermined => "? undetermined",
        };
        let _ = writeln!(out, "{state:<16}{:<14} {}", format!("{:?}", report.layer), report.sentence);
        let mut told: Vec<&str> = Vec::new();
        for finding in &report.findings {
            // Advice of one kind is explained once.
            if !finding.blocking && told.contains(&finding.code) {
                let _ = writeln!(out, "    i {}: the same", finding.object);
            } else {
                one(&mut out, finding);
                told.push(finding.code);
            }
        }
    }
    out
}

fn one(out: &mut String, finding: &Finding) {
    let mark = if finding.blocking { "x" } else { "i" };
    let _ = writeln!(out, "    {mark} {}: {}", finding.object, finding.cause);
    if let Some(seen) = &finding.seen {
        let _ = writeln!(out, "        seen by {seen}");
    }
    for evidence in &finding.evidence {
        let _ = writeln!(out, "        {}", source(evidence));
    }
    if let Some(near) = &finding.near_miss {
        let _ = writeln!(out, "      ! {}", near.sentence);
        for evidence in &near.evidence {
            let _ = writeln!(out, "        {}", source(evidence));
        }
    }
    let _ = writeln!(out, "      > {}", finding.fix);
    if !finding.also.is_empty() {
        let also: Vec<String> = finding.also.iter().map(ObjectRef::to_string).collect();
        let _ = writeln!(out, "        also: {}", also.join(", "));
    }
}
