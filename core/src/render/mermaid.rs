//! A journey as a Mermaid sequence diagram.

use super::journey::header;
use crate::journey::{Action, Journey, Trace};
use std::fmt::Write;

/// The journey as a Mermaid sequence diagram: one for the first way that the client takes; the others
/// are named in a note.
pub fn mermaid(journey: &Journey) -> String {
    let mut out = String::from("sequenceDiagram\n");
    let Some(trace) = journey.traces.first() else { return out };
    for (index, hop) in trace.hops.iter().enumerate() {
        let _ = writeln!(out, "    participant h{index} as {}", label(&hop.at.to_string()));
    }
    for (index, hop) in trace.hops.iter().enumerate() {
        for step in &hop.steps {
            match step.action {
                Action::Originated | Action::Forwarded => {}
                Action::Denied | Action::Dropped | Action::Refused | Action::Undetermined => {
                    let _ = writeln!(out, "    Note over h{index}: ✗ {}", label(&step.sentence));
                }
                _ => {
                    let _ = writeln!(out, "    Note over h{index}: {}", label(&step.sentence));
                }
            }
        }
        if let Some(packet) = hop.after.filter(|_| index + 1 < trace.hops.len()) {
            let _ = writeln!(out, "    h{index}->>h{}: {}", index + 1, label(&header(&packet)));
        }
    }
    back(&mut out, trace);
    let _ = writeln!(out, "    Note over h0: {}", label(&journey.summary));
    out
}

fn back(out: &mut String, trace: &Trace) {
    if !trace.reply.is_empty() && trace.hops.len() > 1 {
        let _ = writeln!(out, "    h{}-->>h0: reply", trace.hops.len() - 1);
    }
}

/// Text that cannot end a line or start Mermaid syntax of its own.
fn label(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            ';' | '#' => ','.to_string(),
            '\n' | '\r' => ' '.to_string(),
            '<' => "‹".to_owned(),
            '>' => "›".to_owned(),
            c => c.to_string(),
        })
        .collect()
}
