//! Network policy recipes: manifests and what they are said to do.

use super::{allowed, cases, list, text, word};
use crate::report::Report;
use kubehop::{Cluster, Settings, Source};
use serde_json::Value;
use std::path::Path;

pub(super) fn run(dir: &Path, report: &mut Report) {
    for case in cases(dir).as_array().into_iter().flatten() {
        let name = text(case, "manifest");
        let Ok(manifest) = std::fs::read(dir.join(name)) else {
            report.fail(text(case, "id"), format!("a file {name}"), "none");
            continue;
        };
        let cluster = Cluster::load([Source::new(name, manifest)], &Settings::default());
        for (n, query) in list(case, "queries").enumerate() {
            let protocol = Some(text(query, "protocol")).filter(|text| !text.is_empty()).unwrap_or("TCP");
            let port = query.get("port").and_then(Value::as_u64).unwrap_or(0);
            let answer = allowed(&cluster, text(query, "from"), text(query, "to"), protocol, port);
            let wanted = if query["allowed"] == true { "allowed" } else { "denied" };
            report.check(&format!("{} query {n}", text(case, "id")), wanted, word(answer));
        }
    }
}
