//! Ingress: the specification's tables, ingress-nginx, API validation and classes.

mod api;
pub(super) mod certificate;
mod expect;
mod nginx;
mod spec;
mod unit;
mod world;

use crate::report::Report;
use serde_yaml::Value;
use std::path::Path;

/// What runs the cases of one file.
type Runner = fn(&Value, &mut Report);

/// Runs every file of the folder that is there.
pub fn run(dir: &Path, report: &mut Report) {
    let files: [(&str, Runner); 9] = [
        ("conformance.yaml", spec::features),
        ("docs-tables.yaml", spec::tables),
        ("ingress-nginx-e2e.yaml", nginx::cases),
        ("k8s-blog-2026-02-27.yaml", nginx::cases),
        ("nginx-observed.yaml", nginx::observed),
        ("ingress-nginx-unit.yaml", unit::run),
        ("apiserver-validation.yaml", api::validation),
        ("default-ingress-class.yaml", api::classes),
        ("kubectl-errors.yaml", api::kubectl),
    ];
    for (name, run) in files {
        let Ok(text) = std::fs::read_to_string(dir.join(name)) else { continue };
        match serde_yaml::from_str::<Value>(&text) {
            Ok(value) => run(&value, report),
            Err(error) => report.fail(name, "YAML", error.to_string()),
        }
    }
}

/// The items of a list, none when it is something else.
fn items(value: &Value) -> &[Value] {
    value.as_sequence().map_or(&[], Vec::as_slice)
}

/// The text of a field, empty when absent.
fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// YAML text of a value.
fn yaml(value: &Value) -> String {
    serde_yaml::to_string(value).unwrap_or_default()
}
