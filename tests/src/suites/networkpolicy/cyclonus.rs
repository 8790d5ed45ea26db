//! Cyclonus: a fixed model of three namespaces with three pods each, under many policies.

use super::{cases, check_matrix, cluster, list, text};
use crate::report::Report;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(dir: &Path, report: &mut Report) {
    for case in cases(dir).as_array().into_iter().flatten() {
        for (step, state) in list(case, "steps").enumerate() {
            let mut objects = Vec::new();
            for (name, labels) in state.get("namespaces").and_then(Value::as_object).into_iter().flatten() {
                objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}));
            }
            let mut pods = Vec::new();
            for pod in list(state, "pods") {
                pods.push(format!("{}/{}", text(pod, "namespace"), text(pod, "name")));
                objects.push(full_pod(pod));
            }
            objects.extend(list(state, "policies").cloned());
            let cluster = cluster(&objects);
            for probe in list(state, "probes") {
                let rows: Vec<&str> = list(probe, "matrix").filter_map(Value::as_str).collect();
                let port = probe.get("port").and_then(Value::as_u64).unwrap_or(0);
                let id = format!("{} step {step}", text(case, "id"));
                check_matrix(report, &id, &cluster, &pods, (text(probe, "protocol"), port), &rows);
            }
        }
    }
}

fn full_pod(pod: &Value) -> Value {
    let mut ports = Vec::new();
    for port in [80, 81] {
        for protocol in ["TCP", "UDP", "SCTP"] {
            let name = format!("serve-{port}-{}", protocol.to_lowercase());
            ports.push(json!({"containerPort": port, "protocol": protocol, "name": name}));
        }
    }
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod["name"], "namespace": pod["namespace"], "labels": pod["labels"]},
        "spec": {"containers": [{"name": "c", "image": "c", "ports": ports}]},
        "status": {"phase": "Running", "podIP": pod["ip"], "podIPs": [{"ip": pod["ip"]}]},
    })
}
