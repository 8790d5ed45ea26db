//! Formats only: lays answers out as text. Knows no rule.

mod journey;

use crate::ask::Answer;
use std::fmt::Write;

/// The answer as text for a terminal.
pub fn text(answer: &Answer) -> String {
    match answer {
        Answer::Journey(answer) => journey::text(answer),
        Answer::Problems(list) => {
            let mut out = String::new();
            for problem in &list.problems {
                let place = problem
                    .place
                    .as_ref()
                    .map(|place| format!("{}:{}:{}: ", place.file, place.line, place.column));
                let _ = writeln!(out, "{}{}", place.unwrap_or_default(), problem.message);
            }
            out
        }
    }
}
