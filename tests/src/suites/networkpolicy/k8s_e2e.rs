//! The end-to-end tests of Kubernetes itself.

use super::{cases, check_matrix, cluster, list, text};
use crate::report::Report;
use serde_json::Value;
use std::path::Path;

pub(super) fn run(dir: &Path, report: &mut Report) {
    for case in cases(dir).as_array().into_iter().flatten() {
        let pods: Vec<String> = list(case, "pods").filter_map(Value::as_str).map(String::from).collect();
        for (step, state) in list(case, "steps").enumerate() {
            let cluster = cluster(list(state, "objects"));
            for check in list(state, "checks") {
                let rows: Vec<&str> = list(check, "matrix").filter_map(Value::as_str).collect();
                let port = check.get("port").and_then(Value::as_u64).unwrap_or(0);
                let id = format!("{} step {step}", text(case, "id"));
                check_matrix(report, &id, &cluster, &pods, (text(check, "protocol"), port), &rows);
            }
        }
    }
}
