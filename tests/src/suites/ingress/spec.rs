//! The specification: the old conformance features and the tables of the documentation.

use super::world::World;
use super::{expect, items, text};
use crate::report::Report;
use serde_yaml::Value;

/// `conformance.yaml`.
pub fn features(value: &Value, report: &mut Report) {
    for feature in items(value) {
        let id = match feature["id"].as_str() {
            Some(id) => id.to_owned(),
            None => format!("conformance#{}", text(feature, "name")),
        };
        let secrets = items(&feature["tls_secrets"]).iter().map(|secret| {
            let names = items(&secret["dns_names"]).iter().filter_map(|name| name.as_str().map(String::from));
            (text(secret, "name").to_owned(), names.collect())
        });
        let world = World {
            objects: items(&feature["objects"]).iter().collect(),
            replicas: feature.get("replicas"),
            services: feature.get("services"),
            secrets: secrets.collect(),
            spec: true,
            reads_classes: true,
            ..World::default()
        };
        let cluster = world.cluster();
        expect::requests(&cluster, &id, &feature["requests"], report);
        if let Some(expected) = feature["expect_status_address"].as_bool() {
            for status in cluster.ingress_statuses().ingresses {
                let got = format!("{} ({})", !status.addresses.is_empty(), status.why);
                let ok = expected != status.addresses.is_empty();
                if ok { report.pass(&id) } else { report.fail(&id, format!("address: {expected}"), got) }
            }
        }
    }
}

fn rule(host: Option<&str>, paths: &[(String, String, String)]) -> Value {
    let paths: Vec<serde_json::Value> = paths
        .iter()
        .map(|(kind, path, service)| {
            serde_json::json!({"pathType": kind, "path": path, "backend": {"service": {"name": service, "port": {"number": 80}}}})
        })
        .collect();
    let mut rule = serde_json::json!({"http": {"paths": paths}});
    if let Some(host) = host {
        rule["host"] = host.into();
    }
    serde_yaml::to_value(rule).unwrap_or_default()
}

fn ingress(rules: Vec<Value>) -> Value {
    let mut object: Value = serde_yaml::from_str(
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {}}",
    )
    .unwrap_or_default();
    object["spec"]["rules"] = Value::Sequence(rules);
    object
}

/// `docs-tables.yaml`.
pub fn tables(value: &Value, report: &mut Report) {
    for row in items(&value["path_table"]).iter().chain(items(&value["path_prose"])) {
        let id = text(row, "id");
        let paths: Vec<(String, String, String)> = items(&row["paths"])
            .iter()
            .map(|path| (text(path, "pathType").into(), text(path, "path").into(), "svc".into()))
            .collect();
        let object = ingress(vec![rule(Some("h.example.com"), &paths)]);
        let world = World { objects: vec![&object], spec: true, reads_classes: true, ..World::default() };
        let cluster = world.cluster();
        for target in items(&row["requests"]).iter().filter_map(Value::as_str) {
            let url = format!("http://h.example.com{target}");
            let routing = kubehop::ingress::HttpRequest::get(&url).map(|request| cluster.route(&request));
            let matched = routing.ok().and_then(|routing| routing.matched);
            let got = matched.map_or("none".into(), |matched| {
                format!("{} {}", matched.path_type.unwrap_or_default(), matched.path.unwrap_or_default())
            });
            let winner = &row["winner"];
            let wanted = if winner.is_null() {
                "none".into()
            } else {
                format!("{} {}", text(winner, "pathType"), text(winner, "path"))
            };
            report.check(&format!("{id} {target}"), wanted, got);
        }
    }
    for row in items(&value["host_table"]) {
        let paths = [("Prefix".into(), "/".into(), "svc".into())];
        let object = ingress(vec![rule(row["host"].as_str(), &paths)]);
        let world = World { objects: vec![&object], spec: true, reads_classes: true, ..World::default() };
        let request = serde_yaml::from_str(&format!("{{host: '{}', path: /}}", text(row, "host_header")))
            .unwrap_or_default();
        let matched = world.cluster().route(&expect::request(&request)).matched.is_some();
        report.check(
            text(row, "id"),
            row["match"].as_bool().unwrap_or_default().to_string(),
            matched.to_string(),
        );
    }
    for row in items(&value["host_prose"]) {
        let rules = items(&row["hosts"]).iter().map(|host| {
            rule(host["host"].as_str(), &[("Prefix".into(), "/".into(), text(host, "service").into())])
        });
        let object = ingress(rules.collect());
        let world = World { objects: vec![&object], spec: true, reads_classes: true, ..World::default() };
        let cluster = world.cluster();
        for asked in items(&row["requests"]) {
            let mut request = asked.clone();
            request["path"] = "/".into();
            let routing = cluster.route(&expect::request(&request));
            let backend = routing.outcomes.first().and_then(|outcome| outcome.backend.clone());
            let wanted = asked["backend"].as_str().unwrap_or("none");
            report.check(
                text(row, "id"),
                wanted,
                backend.map_or("none".into(), |backend| backend.service.name),
            );
        }
    }
}
