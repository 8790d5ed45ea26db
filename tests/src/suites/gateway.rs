//! Gateway API: routing, attachment, status and validation.

mod assertions;
mod requests;
mod validation;
mod world;

use crate::report::Report;
use serde_yaml::Value;
use std::path::Path;

/// Runs everything in the folder.
pub fn run(dir: &Path, report: &mut Report) {
    let base = documents(&dir.join("base.yaml"));
    let mut cases: Vec<_> = std::fs::read_dir(dir.join("cases")).into_iter().flatten().flatten().collect();
    cases.sort_by_key(std::fs::DirEntry::path);
    for entry in cases {
        for case in documents(&entry.path()) {
            let cluster = world::cluster(&base, &case, world::Change::None);
            let id = text(&case, "id");
            requests::http(&cluster, id, &case, report);
            requests::grpc(&cluster, id, &case, report);
            requests::l4(&cluster, id, &case, report);
            assertions::run(&cluster, &base, id, &case, report);
        }
    }
    validation::cel(&dir.join("cel-validation.yaml"), report);
    validation::examples(&dir.join("examples-standard"), true, report);
    validation::examples(&dir.join("invalid-examples"), false, report);
    validation::tables(&dir.join("tables.yaml"), report);
}

/// The documents of a file, none when it is not there.
fn documents(path: &Path) -> Vec<Value> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let documents = serde_yaml::Deserializer::from_str(&text);
    let values = documents.filter_map(|document| serde::Deserialize::deserialize(document).ok());
    values.filter(|value: &Value| !value.is_null()).collect()
}

/// The items of a list, none when it is something else.
fn items(value: &Value) -> &[Value] {
    value.as_sequence().map_or(&[], Vec::as_slice)
}

/// The text of a field, empty when absent.
fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// `namespace/name` of a field that holds both.
fn named(value: &Value) -> String {
    format!("{}/{}", text(value, "namespace"), text(value, "name"))
}

/// A scalar as text.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => serde_yaml::to_string(other).unwrap_or_default().trim().to_owned(),
    }
}
