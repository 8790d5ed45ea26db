//! `manifests`: what Kubernetes' own decoders say about YAML and JSON.

use crate::report::Report;
use kubehop::manifest::decode::{self, Document};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Case {
    id: String,
    file: String,
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    scope: String,
    check: String,
    text: String,
}

/// Runs every case of `expected.json`.
pub fn run(dir: &Path, report: &mut Report) {
    let expected = std::fs::read_to_string(dir.join("expected.json")).expect("expected.json can be read");
    let cases: Vec<Case> = serde_json::from_str(&expected).expect("expected.json is a list of cases");
    for case in cases {
        let text = std::fs::read(dir.join(&case.file)).expect("the file of the case can be read");
        let documents = decode::documents(&text);
        for answer in case.answers {
            let id = format!("{}/{}/{}", case.id, answer.scope, answer.check);
            let actual =
                match answer.scope.strip_prefix("doc").and_then(|number| number.parse::<usize>().ok()) {
                    Some(number) => match documents.get(number) {
                        Some(document) => of_document(&answer.check, document),
                        None => Some(format!("there are only {} documents", documents.len())),
                    },
                    None => of_file(&answer.check, &text),
                };
            match actual {
                Some(actual) if agree(&answer.check, &answer.text, &actual) => report.pass(&id),
                Some(actual) => report.fail(&id, shorten(&answer.text), shorten(&actual)),
                None => report.skip(&id, format!("unknown check {} {}", answer.scope, answer.check)),
            }
        }
    }
}

fn of_document(check: &str, document: &Result<Document, String>) -> Option<String> {
    let refused = |document: &Result<Document, String>| match document {
        Ok(document) => format!("accepted: {}", document.json()),
        Err(error) => error.clone(),
    };
    Some(match (check, document) {
        ("json", Ok(document)) => document.json(),
        ("strict", Ok(document)) => {
            let gvk = document.gvk().map_or_else(|_| "<nil>".to_owned(), |gvk| gvk.to_string());
            format!("gvk={gvk} {}", outcome(document.strict()))
        }
        ("parse_error" | "json" | "strict", document) => refused(document),
        _ => return None,
    })
}

fn of_file(check: &str, text: &[u8]) -> Option<String> {
    match check {
        "whole_strict" => Some(outcome(decode::whole_strict(text))),
        "yaml_to_json_strict" => Some(outcome(decode::yaml_to_json_strict(text).map(drop))),
        _ => None,
    }
}

fn outcome(result: Result<(), String>) -> String {
    format!("err={}", result.err().unwrap_or_else(|| "<nil>".to_owned()))
}

/// Long texts are cut in the expectation; JSON is compared as a value.
fn agree(check: &str, expected: &str, actual: &str) -> bool {
    let (expected, actual) = (expected.trim_end(), actual.trim_end());
    if let Some(beginning) = expected.strip_suffix("…(cut)").or_else(|| expected.strip_suffix("...")) {
        return actual.starts_with(beginning);
    }
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    expected == actual
        || check == "json" && value(expected).is_some_and(|expected| Some(expected) == value(actual))
}

fn shorten(text: &str) -> String {
    text.chars().take(400).collect()
}
