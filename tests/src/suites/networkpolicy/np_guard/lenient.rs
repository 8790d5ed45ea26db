//! np-guard reads manifests that an API server refuses. What it overlooks is put right here, so that the
//! same connections can be compared: only what is at fault is touched, and every repair is counted.

use kubehop::Source;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What was put right, and in which object.
pub(super) type Repairs = BTreeSet<(&'static str, String)>;

/// The objects of all sources, each a source of its own, without what np-guard overlooks.
pub(super) fn tidy(sources: &[Source], repairs: &mut Repairs) -> Vec<Source> {
    let mut out = Vec::new();
    super::ingress::each(sources, &mut |object| {
        let Ok(mut object) = serde_json::to_value(object) else { return };
        if object.get("items").is_some() {
            return;
        }
        tidy_object(&mut object, repairs);
        // One object in several files is one object.
        let text = object.to_string();
        if !out.iter().any(|source: &Source| source.text == text.as_bytes()) {
            out.push(Source::new(format!("{}.json", out.len()), text));
        }
    });
    out
}

fn tidy_object(object: &mut Value, repairs: &mut Repairs) {
    let field = |at: &str| object.pointer(at).and_then(Value::as_str).unwrap_or_default();
    let kind = field("/kind").to_owned();
    let name = format!("{kind} {}/{}", field("/metadata/namespace"), field("/metadata/name"));
    let mut note = |what| {
        repairs.insert((what, name.clone()));
    };
    match kind.as_str() {
        "NetworkPolicy" => {
            if object.as_object_mut().is_some_and(|object| object.remove("status").is_some()) {
                note("NetworkPolicies had a status, which the API has no more");
            }
            if let Some(Value::String(name)) = object.pointer_mut("/metadata/name")
                && name.contains('_')
            {
                *name = name.replace('_', "-");
                note("names had an underscore");
            }
        }
        "Pod" => {
            let phase = object.pointer_mut("/status/phase");
            if let Some(phase) = phase.filter(|phase| *phase == "Succeeded" || *phase == "Failed") {
                *phase = "Running".into();
                note("pods had ended, and are peers like others there");
            }
        }
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => {
            let labels = object.pointer("/spec/template/metadata/labels").cloned().unwrap_or_default();
            let wanted = object.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
            let fits = wanted.is_some_and(|wanted| {
                !wanted.is_empty() && wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
            });
            if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
                && !fits
                && !labels.is_null()
            {
                spec.insert("selector".into(), json!({"matchLabels": labels}));
                note("workloads had a selector that does not match their template, or none");
            }
            if names_in_any_case(object) {
                note("workloads had a field in wrong case (containerport)");
            }
        }
        "Service" => {
            let ports = object.pointer_mut("/spec/ports").and_then(Value::as_array_mut);
            let Some(ports) = ports.filter(|ports| ports.len() > 1) else { return };
            let nameless = ports.iter_mut().enumerate().filter(|(_, port)| port.get("name").is_none());
            let mut any = false;
            for (n, port) in nameless {
                port["name"] = format!("port-{n}").into();
                any = true;
            }
            if any {
                note("Services had several ports without names");
            }
        }
        "AdminNetworkPolicy" | "BaselineAdminNetworkPolicy" => {
            if selectors_that_are_required(object) {
                note("cluster-wide policies left out a selector that the API requires");
            }
            if let Some(rules) = object.pointer_mut("/spec/egress").and_then(Value::as_array_mut) {
                let before = rules.len();
                *rules = rules.drain(..).flat_map(without_names_for_networks).collect();
                if rules.len() != before {
                    note("cluster-wide policies had a rule with named ports for networks");
                }
            }
        }
        _ => {}
    }
}

/// `containerport` is read as `containerPort`; whether there was one.
fn names_in_any_case(value: &mut Value) -> bool {
    let mut any = false;
    match value {
        Value::Object(map) => {
            let old = std::mem::take(map);
            for (key, mut value) in old {
                any |= names_in_any_case(&mut value);
                let wrong = key != "containerPort" && key.eq_ignore_ascii_case("containerPort");
                any |= wrong;
                map.insert(if wrong { "containerPort".into() } else { key }, value);
            }
        }
        Value::Array(list) => {
            for item in list {
                any |= names_in_any_case(item);
            }
        }
        _ => {}
    }
    any
}

/// `pods` of a subject or a peer without one of its selectors means all; whether there was one.
fn selectors_that_are_required(value: &mut Value) -> bool {
    let mut any = false;
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                any |= selectors_that_are_required(value);
                let Some(pods) = value.as_object_mut().filter(|_| key == "pods") else { continue };
                for name in ["namespaceSelector", "podSelector"] {
                    let selector = pods.entry(name).or_insert(Value::Null);
                    if selector.is_null() {
                        *selector = json!({});
                        any = true;
                    }
                }
            }
        }
        Value::Array(list) => {
            for item in list {
                any |= selectors_that_are_required(item);
            }
        }
        _ => {}
    }
    any
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
