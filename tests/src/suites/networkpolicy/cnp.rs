//! The conformance tests of ClusterNetworkPolicy.

use super::{allowed, cases, cluster, list, text, word};
use crate::report::Report;
use serde_json::Value;
use std::path::Path;

pub(super) fn run(dir: &Path, report: &mut Report) {
    let cases = cases(dir);
    for test in list(&cases, "tests") {
        for (step, state) in list(test, "steps").enumerate() {
            let mut objects: Vec<Value> = list(&cases, "baseObjects").cloned().collect();
            for (namespace, labels) in
                state.get("namespaceLabels").and_then(Value::as_object).into_iter().flatten()
            {
                for object in &mut objects {
                    if object["kind"] == "Namespace" && object["metadata"]["name"] == *namespace {
                        object["metadata"]["labels"] = labels.clone();
                    }
                }
            }
            objects.extend(list(state, "policies").cloned());
            let cluster = cluster(&objects);
            for (n, check) in list(state, "checks").enumerate() {
                let port = check.get("port").and_then(Value::as_u64).unwrap_or(0);
                let to = match text(check, "to") {
                    "" => text(check, "toIP"),
                    to => to,
                };
                let answer = allowed(&cluster, text(check, "from"), to, text(check, "protocol"), port);
                let wanted = if check["allowed"] == true { "allowed" } else { "denied" };
                report.check(&format!("{} step {step} check {n}", text(test, "id")), wanted, word(answer));
            }
        }
    }
}
