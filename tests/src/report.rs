//! What passed, what failed and what was skipped, per suite.

use std::collections::BTreeMap;

/// Collects the results of one suite.
#[derive(Debug, Default)]
pub struct Report {
    passed: usize,
    failures: Vec<Failure>,
    skipped: BTreeMap<String, usize>,
    notes: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Failure {
    id: String,
    expected: String,
    actual: String,
}

impl Report {
    /// The case `id` holds.
    pub fn pass(&mut self, _id: &str) {
        self.passed += 1;
    }

    /// The case `id` does not hold.
    pub fn fail(&mut self, id: &str, expected: impl Into<String>, actual: impl Into<String>) {
        self.failures.push(Failure { id: id.into(), expected: expected.into(), actual: actual.into() });
    }

    /// The case `id` says nothing about the library; `why` is printed with the count.
    pub fn skip(&mut self, _id: &str, why: impl Into<String>) {
        *self.skipped.entry(why.into()).or_default() += 1;
    }

    /// Something that was done to `times` inputs before they were compared, or that expected data says
    /// wrongly; printed with the count.
    pub fn note(&mut self, what: impl Into<String>, times: usize) {
        *self.notes.entry(what.into()).or_default() += times;
    }

    /// Passes when both are equal, fails with both otherwise.
    pub fn check(&mut self, id: &str, expected: impl Into<String>, actual: impl Into<String>) {
        let (expected, actual) = (expected.into(), actual.into());
        if expected == actual { self.pass(id) } else { self.fail(id, expected, actual) }
    }

    /// Whether anything failed.
    pub fn failed(&self) -> bool {
        !self.failures.is_empty()
    }

    /// Prints `suite: N passed, M failed, K skipped (why)`, then each failure.
    pub fn print(&self, suite: &str) {
        let skipped: usize = self.skipped.values().sum();
        let why: Vec<String> = self.skipped.iter().map(|(why, n)| format!("{n} {why}")).collect();
        let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join("; ")) };
        println!("{suite}: {} passed, {} failed, {skipped} skipped{why}", self.passed, self.failures.len());
        for (what, times) in &self.notes {
            println!("  note: {times} {what}");
        }
        for failure in &self.failures {
            println!(
                "  FAIL {}\n    expected: {}\n    actual:   {}",
                failure.id, failure.expected, failure.actual
            );
        }
    }
}
