//! The API server's part: validation, default classes, and kubectl's words.

use super::{items, text, yaml};
use crate::report::Report;
use kubehop::manifest::Severity;
use kubehop::{Cluster, Settings, Source};
use serde_yaml::Value;

fn load(text: String) -> Cluster {
    Cluster::load([Source::new("case.yaml", text)], &Settings::default())
}

/// `apiserver-validation.yaml`.
pub fn validation(value: &Value, report: &mut Report) {
    for case in items(value) {
        let cluster = load(yaml(&case["object"]));
        let line = |field: &str, text: &str| format!("{field}: {text}");
        let mut got: Vec<String> = cluster
            .problems()
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .map(|problem| line(&problem.field, &problem.message))
            .collect();
        let mut wanted: Vec<String> = items(&case["errors"])
            .iter()
            .map(|error| line(text(error, "field"), text(error, "text")))
            .collect();
        got.sort();
        wanted.sort();
        report.check(text(case, "id"), wanted.join("\n"), got.join("\n"));
        for warning in items(&case["warnings"]).iter().filter_map(Value::as_str) {
            let said = cluster.problems().iter().any(|problem| problem.message.contains(warning));
            let all: Vec<&str> = cluster.problems().iter().map(|problem| problem.message.as_str()).collect();
            report.check(
                &format!("{} warning", text(case, "id")),
                warning,
                if said { warning.to_owned() } else { all.join("\n") },
            );
        }
    }
}

/// `default-ingress-class.yaml`.
pub fn classes(value: &Value, report: &mut Report) {
    for case in items(value) {
        let mut documents: Vec<String> = items(&case["classes"]).iter().map(yaml).collect();
        let mut ingress: Value = serde_yaml::from_str(
            "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {defaultBackend: {service: {name: s, port: {number: 80}}}}}",
        )
        .unwrap_or_default();
        if let Some(class) = case["class_field"].as_str() {
            ingress["spec"]["ingressClassName"] = class.into();
        }
        if let Some(class) = case["class_annotation"].as_str() {
            ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"] = class.into();
        }
        documents.push(yaml(&ingress));
        let cluster = load(documents.join("---\n"));
        // an empty name is refused by validation after admission has left it alone
        let stored =
            cluster.snapshot().ingresses.first().map(|stored| stored.value.spec.ingress_class_name.clone());
        let got = stored.unwrap_or_else(|| case["class_field"].as_str().map(String::from));
        let wanted = case["expect_class"].as_str().map(String::from);
        report.check(text(case, "id"), format!("{wanted:?}"), format!("{got:?}"));
    }
}

/// `kubectl-errors.yaml`.
pub fn kubectl(value: &Value, report: &mut Report) {
    for case in items(value) {
        let id = text(case, "id");
        let Some(manifest) = case["manifest"].as_str() else {
            report.skip(id, "without a manifest, for wording only");
            continue;
        };
        let cluster = load(manifest.to_owned());
        let said: Vec<&str> = cluster.problems().iter().map(|problem| problem.message.as_str()).collect();
        let said = said.join("\n");
        let words: Vec<&str> =
            text(case, "kubectl").split(", ").map(|part| part.rsplit(": ").next().unwrap_or(part)).collect();
        let missing: Vec<&str> = words.into_iter().filter(|word| !said.contains(*word)).collect();
        if missing.is_empty() { report.pass(id) } else { report.fail(id, missing.join(", "), said) }
    }
}
