//! Manifests that the API must accept or refuse, and the tables of its comments.

use super::{documents, items, text};
use crate::report::Report;
use kubehop::gateway::{GatewayRequest, replace_prefix};
use kubehop::ingress::HttpRequest;
use kubehop::manifest::Severity;
use kubehop::{Cluster, Settings, Source};
use serde_json::json;
use serde_yaml::Value;
use std::path::Path;

fn errors(text: String) -> Vec<String> {
    let cluster = Cluster::load([Source::new("case.yaml", text)], &Settings::default());
    let problems = cluster.problems().iter().filter(|problem| problem.severity == Severity::Error);
    problems.map(|problem| format!("{}: {}", problem.field, problem.message)).collect()
}

/// `cel-validation.yaml`.
pub fn cel(path: &Path, report: &mut Report) {
    let cases = documents(path);
    let cases = cases.iter().flat_map(|document| match document.get("cases") {
        Some(cases) => items(cases),
        None => items(document),
    });
    for case in cases {
        let id = text(case, "id");
        if case["incomplete"].as_bool() == Some(true) {
            report.skip(id, "the fragment is not complete");
            continue;
        }
        let file = text(case, "file").rsplit('/').next().unwrap_or_default();
        let kind = match file.split('_').next().unwrap_or_default() {
            "httproute" => "HTTPRoute",
            "grpcroute" => "GRPCRoute",
            "backendtlspolicy" => "BackendTLSPolicy",
            "gateway" => "Gateway",
            "gatewayclass" => "GatewayClass",
            "tlsroute" => "TLSRoute",
            "tcproute" => "TCPRoute",
            "udproute" => "UDPRoute",
            "listenerset" => "ListenerSet",
            "referencegrant" => "ReferenceGrant",
            other => {
                report.skip(id, format!("unknown kind of {other}"));
                continue;
            }
        };
        let spec = whole(kind, &case["object"]);
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": kind,
            "metadata": {"name": "foo", "namespace": "default"}, "spec": spec,
        });
        let got = errors(object.to_string());
        let wanted: Vec<String> = items(&case["want_errors"]).iter().map(super::scalar).collect();
        let all = got.join("\n");
        let plain = |text: &str| text.to_ascii_lowercase();
        let missing: Vec<&String> =
            wanted.iter().filter(|wanted| !plain(&all).contains(&plain(wanted))).collect();
        if missing.is_empty() && wanted.is_empty() == got.is_empty() {
            report.pass(id);
        } else {
            report.fail(&format!("{id} {}", text(case, "name")), wanted.join("\n"), all);
        }
    }
}

/// Files that must all load without an error, or each with one.
pub fn examples(dir: &Path, valid: bool, report: &mut Report) {
    let mut entries: Vec<_> =
        std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            examples(&path, valid, report);
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let id = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let found = errors(text);
        match (valid, found.is_empty()) {
            (true, true) | (false, false) => report.pass(&id),
            (true, false) => report.fail(&id, "accepted", found.join("\n")),
            (false, true) => report.fail(&path.display().to_string(), "refused", "accepted"),
        }
    }
}

const WORLD: &str = "
{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: c}, spec: {controllerName: example.com/c}}
---
{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80}]}}
";

fn gateway(listeners: &[&str]) -> String {
    let listeners: Vec<serde_json::Value> = listeners
        .iter()
        .enumerate()
        .map(|(number, host)| {
            let mut listener = json!({"name": format!("l{number}"), "port": 80, "protocol": "HTTP"});
            if !host.is_empty() {
                listener["hostname"] = (*host).into();
            }
            listener
        })
        .collect();
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "g"},
        "spec": {"gatewayClassName": "c", "listeners": listeners},
    })
    .to_string()
}

fn route(hostnames: &[&str], prefix: &str) -> String {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "r"},
        "spec": {
            "parentRefs": [{"name": "g"}], "hostnames": hostnames,
            "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": prefix}}], "backendRefs": [{"name": "s", "port": 80}]}],
        },
    })
    .to_string()
}

fn load(parts: &[String]) -> Cluster {
    let sources = std::iter::once(WORLD.to_owned()).chain(parts.iter().cloned()).enumerate();
    Cluster::load(sources.map(|(n, text)| Source::new(format!("{n}.yaml"), text)), &Settings::default())
}

fn ask(cluster: &Cluster, host: &str, path: &str) -> Option<kubehop::gateway::GatewayRouting> {
    let http = HttpRequest { host: Some(host.into()), path: path.into(), ..HttpRequest::default() };
    cluster.gateway_route(&GatewayRequest { http, ..GatewayRequest::default() }).ok()
}

/// `tables.yaml`.
pub fn tables(path: &Path, report: &mut Report) {
    let Some(value) = documents(path).into_iter().next() else { return };
    for row in items(&value["replace_prefix_match"]) {
        let got =
            replace_prefix(text(row, "request_path"), text(row, "prefix_match"), text(row, "replace_prefix"));
        report.check(text(row, "id"), text(row, "modified_path"), got);
    }
    for row in items(&value["path_prefix"]) {
        let cluster = load(&[gateway(&[""]), route(&[], text(row, "prefix"))]);
        let matched = ask(&cluster, "h", text(row, "path")).is_some_and(|routing| routing.matched.is_some());
        report.check(
            text(row, "id"),
            row["match"].as_bool().unwrap_or_default().to_string(),
            matched.to_string(),
        );
    }
    for row in items(&value["hostname_wildcard"]) {
        let cluster = load(&[gateway(&[text(row, "pattern")]), route(&[], "/")]);
        let matched = ask(&cluster, text(row, "host"), "/").is_some_and(|routing| routing.matched.is_some());
        report.check(
            text(row, "id"),
            row["match"].as_bool().unwrap_or_default().to_string(),
            matched.to_string(),
        );
    }
    for row in items(&value["listener_route_intersection"]) {
        let hosts: Vec<&str> = items(&row["route_hostnames"]).iter().filter_map(Value::as_str).collect();
        let cluster = load(&[gateway(&[text(row, "listener")]), route(&hosts, "/")]);
        let status = cluster.gateway_status();
        let attached = status
            .gateways
            .first()
            .is_some_and(|gateway| gateway.listeners.iter().any(|listener| listener.attached_routes > 0));
        report.check(
            text(row, "id"),
            row["attaches"].as_bool().unwrap_or_default().to_string(),
            attached.to_string(),
        );
        for name in items(&row["effective"]).iter().filter_map(Value::as_str) {
            let host = name.replace('*', "x");
            let matched =
                ask(&cluster, &host, "/").and_then(|routing| routing.matched).map(|matched| matched.hostname);
            report.check(&format!("{} {name}", text(row, "id")), name, matched.unwrap_or_default());
        }
    }
    for row in items(&value["listener_precedence"]) {
        let listeners: Vec<&str> = items(&row["listeners"]).iter().filter_map(Value::as_str).collect();
        let cluster = load(&[gateway(&listeners), route(&[], "/")]);
        let listener = ask(&cluster, text(row, "host"), "/").and_then(|routing| routing.listener);
        report.check(
            text(row, "id"),
            super::scalar(&row["winner"]),
            listener.map_or("none".into(), |listener| listener.hostname),
        );
    }
}

/// Writes out what Go does for fields that are no pointers: embedded structures and empty strings.
fn complete(value: &mut Value) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map.iter_mut() {
                match (key.as_str(), &mut *value) {
                    (Some("requestMirror"), Value::Mapping(mirror)) if !mirror.contains_key("backendRef") => {
                        let mut reference = serde_yaml::Mapping::new();
                        reference.insert("name".into(), "".into());
                        for field in ["group", "kind", "name", "namespace", "port"] {
                            if let Some(found) = mirror.remove(field) {
                                reference.insert(field.into(), found);
                            }
                        }
                        mirror.insert("backendRef".into(), Value::Mapping(reference));
                    }
                    (Some("extensionRef"), Value::Mapping(reference)) => {
                        for field in ["group", "kind", "name"] {
                            reference.entry(field.into()).or_insert_with(|| "".into());
                        }
                    }
                    _ => {}
                }
                complete(value);
            }
        }
        Value::Sequence(list) => list.iter_mut().for_each(complete),
        _ => {}
    }
}

/// The spec around a fragment.
fn whole(kind: &str, fragment: &Value) -> serde_json::Value {
    let mut fragment = fragment.clone();
    complete(&mut fragment);
    if let Some(spec) = fragment.get("spec") {
        fragment = spec.clone();
    }
    let part = |key: &str| fragment.get(key).and_then(|value| serde_json::to_value(value).ok());
    if let Some(mut validation) = part("policyValidation") {
        if validation.get("hostname").is_none() {
            validation["hostname"] = "".into();
        }
        return json!({"targetRefs": [{"group": "", "kind": "Service", "name": "example"}], "validation": validation});
    }
    let mut spec = serde_json::to_value(&fragment).unwrap_or_default();
    if kind == "BackendTLSPolicy" {
        spec["validation"] = json!({"hostname": "foo.example.com", "wellKnownCACertificates": "System"});
    } else if let Some(filter) = part("routeFilter") {
        spec = json!({"rules": [{"filters": [filter]}]});
    } else if let Some(method) = part("method") {
        spec = json!({"rules": [{"matches": [{"method": method}]}]});
    } else if let Some(path) = part("path") {
        spec = json!({"rules": [{"matches": [{"path": path}]}]});
    } else if let Some(reference) = part("backendRef") {
        spec = json!({"rules": [{"backendRefs": [reference]}]});
    } else if let Some(path) = part("pathModifier") {
        spec =
            json!({"rules": [{"filters": [{"type": "RequestRedirect", "requestRedirect": {"path": path}}]}]});
    } else if let Some(cors) = part("corsfilter") {
        spec = json!({"rules": [{"filters": [{"type": "CORS", "cors": cors}]}]});
    }
    spec
}
