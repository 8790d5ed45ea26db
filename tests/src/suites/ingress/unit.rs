//! Tables of ingress-nginx's unit tests, asked through whole clusters.

use super::world::World;
use super::{expect, items, text};
use crate::report::Report;
use kubehop::Cluster;
use kubehop::ingress::HttpRequest;
use serde_json::json;
use serde_yaml::Value;

fn ingress(
    name: &str,
    host: &str,
    path: &str,
    kind: Option<&str>,
    service: &str,
    annotations: serde_json::Value,
) -> Value {
    let mut entry = json!({"path": path, "backend": {"service": {"name": service, "port": {"number": 80}}}});
    if let Some(kind) = kind {
        entry["pathType"] = kind.into();
    }
    let object = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": name, "namespace": "default", "annotations": annotations},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": [entry]}}]},
    });
    serde_yaml::to_value(object).unwrap_or_default()
}

fn cluster(objects: &[&Value]) -> Cluster {
    World { objects: objects.to_vec(), reads_classes: true, ..World::default() }.cluster()
}

/// `ingress-nginx-unit.yaml`.
pub fn run(value: &Value, report: &mut Report) {
    for row in items(&value["location_and_proxy_pass"]) {
        location(row, report);
    }
    for row in items(&value["server_name"]) {
        let object = ingress("a", text(row, "host"), "/", Some("Prefix"), "svc", json!({}));
        let table = cluster(&[&object]).nginx_table();
        let name =
            table.and_then(|table| table.servers.into_iter().find(|server| server.host == text(row, "host")));
        report.check(
            text(row, "id"),
            text(row, "server_name"),
            name.map_or(String::new(), |server| server.server_name),
        );
    }
    for row in items(&value["tls_secret_for_host"]) {
        secret(row, report);
    }
    for row in items(&value["path_type_validation"]["cases"]) {
        let object = ingress("a", "h", text(row, "path"), row["pathType"].as_str(), "svc", json!({}));
        let refused = cluster(&[&object])
            .ingress_refusals()
            .into_iter()
            .any(|refusal| refusal.message.contains("invalid paths"));
        report.check(
            text(row, "id"),
            row["valid"].as_bool().unwrap_or_default().to_string(),
            (!refused).to_string(),
        );
    }
    for row in items(&value["deep_inspection"]) {
        let object = ingress("a", "h", text(row, "value"), Some("ImplementationSpecific"), "svc", json!({}));
        let refused = cluster(&[&object])
            .ingress_refusals()
            .into_iter()
            .any(|refusal| refusal.message.contains("invalid value found"));
        report.check(
            text(row, "id"),
            row["refused"].as_bool().unwrap_or_default().to_string(),
            refused.to_string(),
        );
    }
    for row in items(&value["canary_decision"]) {
        canary(row, report);
    }
}

fn location(row: &Value, report: &mut Report) {
    let id = text(row, "id");
    let regex = row["enforce_regex"].as_bool().unwrap_or_default();
    let annotations = json!({
        "nginx.ingress.kubernetes.io/rewrite-target": text(row, "target"),
        "nginx.ingress.kubernetes.io/use-regex": regex.to_string(),
        "nginx.ingress.kubernetes.io/x-forwarded-prefix": text(row, "x_forwarded_prefix"),
    });
    let object = ingress("a", "h", text(row, "path"), Some("ImplementationSpecific"), "svc", annotations);
    let Some(table) = cluster(&[&object]).nginx_table() else { return report.fail(id, "a table", "none") };
    let locations: Vec<_> = table
        .servers
        .iter()
        .filter(|server| server.host == "h")
        .flat_map(|server| &server.locations)
        .collect();
    let plain = |text: &str| text.trim_start_matches("= ").replace('"', "");
    let wanted = text(row, "location");
    let found = locations.iter().find(|location| plain(&location.location) == plain(wanted));
    let all: Vec<&str> = locations.iter().map(|location| location.location.as_str()).collect();
    report.check(id, wanted, found.map_or(all.join(", "), |_| wanted.to_owned()));
    if let (Some(rewrite), Some(location)) = (row["rewrite"].as_str(), found) {
        let got = location.pass.join("\n");
        let ok = rewrite.lines().map(str::trim).all(|line| got.contains(line));
        if ok { report.pass(id) } else { report.fail(id, rewrite, got) }
    }
}

fn secret(row: &Value, report: &mut Report) {
    let host = text(row, "host");
    let mut object = ingress("a", host, "/", Some("Prefix"), "svc", json!({}));
    if let Some(tls) = row.get("tls").filter(|tls| !tls.is_null()) {
        object["spec"]["tls"] = tls.clone();
    }
    let mut secrets = Vec::new();
    let mut absent = String::new();
    for (name, names) in row["certificates"].as_mapping().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default().to_owned();
        if names.is_null() {
            absent = name;
        } else {
            secrets.push((
                name,
                items(names).iter().filter_map(|name| name.as_str().map(String::from)).collect(),
            ));
        }
    }
    let world = World {
        objects: vec![&object],
        secrets,
        absent_secret: absent,
        reads_classes: true,
        ..World::default()
    };
    let table = world.cluster().nginx_table();
    let server = table.and_then(|table| table.servers.into_iter().find(|server| server.host == host));
    report.check(
        text(row, "id"),
        text(row, "secret"),
        server.and_then(|server| server.tls_secret).unwrap_or_default(),
    );
}

fn canary(row: &Value, report: &mut Report) {
    let id = text(row, "id");
    let policy = &row["policy"];
    let mut annotations = json!({"nginx.ingress.kubernetes.io/canary": "true"});
    for (key, name) in [
        ("weight", "canary-weight"),
        ("weight_total", "canary-weight-total"),
        ("header", "canary-by-header"),
        ("header_value", "canary-by-header-value"),
        ("header_pattern", "canary-by-header-pattern"),
        ("cookie", "canary-by-cookie"),
    ] {
        let value = match &policy[key] {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => serde_yaml::to_string(other).unwrap_or_default().trim().to_owned(),
        };
        annotations[format!("nginx.ingress.kubernetes.io/{name}")] = value.into();
    }
    if row.get("affinity").is_some()
        || row["request"].get("affinity").is_some()
        || policy.get("affinity").is_some()
    {
        return report.skip(id, "which backend an affinity cookie names is not in a manifest");
    }
    let main = ingress("main", "h", "/", Some("Prefix"), "main", json!({}));
    let canary = ingress("canary", "h", "/", Some("Prefix"), "canary", annotations);
    let cluster = cluster(&[&main, &canary]);
    let asked = HttpRequest { host: Some("h".into()), path: "/".into(), ..expect::request(&row["request"]) };
    let routing = cluster.route(&asked);
    let names: Vec<String> = routing
        .outcomes
        .iter()
        .filter_map(|outcome| Some(outcome.backend.as_ref()?.service.name.clone()))
        .collect();
    let wanted = if row["canary"].as_bool().unwrap_or_default() { "canary" } else { "main" };
    report.check(id, wanted, names.join(", "));
}
