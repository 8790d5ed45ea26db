//! np-guard reads manifests that an API server refuses. What it overlooks is put right here, so that the
//! same connections can be compared.

use kubehop::Source;
use serde_json::{Map, Value};

/// The objects of all sources, each a source of its own, without what np-guard overlooks.
pub(super) fn tidy(sources: &[Source]) -> Vec<Source> {
    let mut out = Vec::new();
    super::ingress::each(sources, &mut |object| {
        let Ok(mut object) = serde_json::to_value(object) else { return };
        if object.get("items").is_some() {
            return;
        }
        tidy_object(&mut object);
        // One object in several files is one object.
        let text = object.to_string();
        if !out.iter().any(|source: &Source| source.text == text.as_bytes()) {
            out.push(Source::new(format!("{}.json", out.len()), text));
        }
    });
    out
}

fn tidy_object(object: &mut Value) {
    match object.get("kind").and_then(Value::as_str).unwrap_or_default() {
        // A status that the API has no more.
        "NetworkPolicy" => {
            object.as_object_mut().and_then(|object| object.remove("status"));
            // A name that is none.
            if let Some(Value::String(name)) = object.pointer_mut("/metadata/name") {
                *name = name.replace('_', "-");
            }
        }
        // Pods that have ended are peers like others.
        "Pod" => {
            if let Some(phase) = object.pointer_mut("/status/phase") {
                *phase = "Running".into();
            }
        }
        // A selector that does not match the template.
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => {
            if let Some(labels) = object.pointer("/spec/template/metadata/labels").cloned()
                && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
            {
                spec.insert("selector".into(), serde_json::json!({"matchLabels": labels}));
            }
            names_in_any_case(object);
        }
        // Several ports without names.
        "Service" => {
            let ports = object.pointer_mut("/spec/ports").and_then(Value::as_array_mut);
            for (n, port) in ports.into_iter().flatten().enumerate() {
                if let Some(port) = port.as_object_mut() {
                    port.entry("name").or_insert_with(|| format!("port-{n}").into());
                }
            }
        }
        "AdminNetworkPolicy" | "BaselineAdminNetworkPolicy" => {
            if let Some(rules) = object.pointer_mut("/spec/egress").and_then(Value::as_array_mut) {
                *rules = rules.drain(..).flat_map(without_names_for_networks).collect();
            }
        }
        _ => {}
    }
}

/// `containerport` is read as `containerPort`.
fn names_in_any_case(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let old = std::mem::take(map);
            for (key, mut value) in old {
                names_in_any_case(&mut value);
                let key =
                    if key.eq_ignore_ascii_case("containerPort") { "containerPort".into() } else { key };
                map.insert(key, value);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(names_in_any_case),
        _ => {}
    }
}

/// A rule with named ports and networks as two rules: a name means nothing for a network.
fn without_names_for_networks(rule: Value) -> Vec<Value> {
    let list = |key: &str| rule.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let (peers, ports) = (list("to"), list("ports"));
    let (networks, pods): (Vec<Value>, Vec<Value>) =
        peers.into_iter().partition(|peer| peer.get("networks").is_some() || peer.get("nodes").is_some());
    let numbers: Vec<Value> = ports.iter().filter(|port| port.get("namedPort").is_none()).cloned().collect();
    if networks.is_empty() || numbers.len() == ports.len() {
        return vec![rule];
    }
    let with = |peers: Vec<Value>, ports: Vec<Value>| {
        let mut out: Map<String, Value> = rule.as_object().cloned().unwrap_or_default();
        out.insert("to".into(), peers.into());
        out.insert("ports".into(), ports.into());
        Value::Object(out)
    };
    let mut out = Vec::new();
    if !pods.is_empty() {
        out.push(with(pods, ports));
    }
    if !numbers.is_empty() {
        out.push(with(networks, numbers));
    }
    out
}
