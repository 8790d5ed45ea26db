//! What an Ingress controller would connect to: Ingress and Route to Service to pods.

use kubehop::Source;
use kubehop::manifest::api::meta::IntOrString;
use kubehop::model::{PodId, Protocol, Snapshot};
use serde_yaml::Value;

/// A Service that an Ingress or a Route names, and which of its ports.
pub(super) struct Backend {
    namespace: String,
    service: String,
    /// A port number or name; absent means every port.
    port: Option<String>,
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn backends(sources: &[Source]) -> Vec<Backend> {
    let mut out = Vec::new();
    each(sources, &mut |object| object_backends(object, &mut out));
    out
}

/// A pod that names the owner that controls it.
pub(super) struct Owned {
    pub namespace: String,
    pub pod: String,
    pub owner: String,
    pub kind: String,
}

/// Pods with owners.
pub(super) fn owners(sources: &[Source]) -> Vec<Owned> {
    let mut out = Vec::new();
    each(sources, &mut |object| {
        let Some(meta) = object.get("metadata") else { return };
        if object.get("kind").and_then(Value::as_str) != Some("Pod") {
            return;
        }
        let owners = meta.get("ownerReferences").and_then(Value::as_sequence).into_iter().flatten();
        for owner in owners {
            let field = |value: &Value, key| value.get(key).and_then(scalar).unwrap_or_default();
            let namespace = meta.get("namespace").and_then(scalar).unwrap_or_else(|| "default".into());
            if owner.get("controller") == Some(&Value::Bool(true)) && field(owner, "kind") != "Node" {
                let (pod, owner, kind) = (field(meta, "name"), field(owner, "name"), field(owner, "kind"));
                let kind = if kind.is_empty() { "Pod".into() } else { kind };
                out.push(Owned { namespace, pod, owner, kind });
            }
        }
    });
    out
}

pub(super) fn each(sources: &[Source], work: &mut impl FnMut(&Value)) {
    for source in sources {
        let text = String::from_utf8_lossy(&source.text);
        for document in serde_yaml::Deserializer::from_str(&text) {
            if let Ok(object) = <Value as serde::Deserialize>::deserialize(document) {
                let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
                for item in object.get("items").and_then(Value::as_sequence).into_iter().flatten() {
                    let mut item = item.clone();
                    // Items of a typed list say no kind.
                    if let (Some(map), Some(kind)) = (item.as_mapping_mut(), kind.strip_suffix("List"))
                        && !kind.is_empty()
                    {
                        map.entry("kind".into()).or_insert(kind.into());
                        let version = object.get("apiVersion").cloned().unwrap_or_default();
                        map.entry("apiVersion".into()).or_insert(version);
                    }
                    work(&item);
                }
                work(&object);
            }
        }
    }
}

fn object_backends(object: &Value, out: &mut Vec<Backend>) {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let namespace = object.get("metadata").and_then(|meta| meta.get("namespace")).and_then(Value::as_str);
    let namespace = namespace.unwrap_or("default").to_owned();
    let Some(spec) = object.get("spec") else { return };
    match kind {
        "Ingress" => {
            let rules = spec.get("rules").and_then(Value::as_sequence).into_iter().flatten();
            let paths = rules.filter_map(|rule| rule.get("http")?.get("paths")?.as_sequence()).flatten();
            let backends = paths.filter_map(|path| path.get("backend")).chain(spec.get("defaultBackend"));
            for service in backends.filter_map(|backend| backend.get("service")) {
                let port =
                    service.get("port").and_then(|port| port.get("number").or_else(|| port.get("name")));
                if let Some(name) = service.get("name").and_then(scalar) {
                    let namespace = namespace.clone();
                    out.push(Backend { namespace, service: name, port: port.and_then(scalar) });
                }
            }
        }
        "Route" => {
            let port = spec.get("port").and_then(|port| port.get("targetPort")).and_then(scalar);
            let alternates = spec.get("alternateBackends").and_then(Value::as_sequence).into_iter().flatten();
            for target in spec.get("to").into_iter().chain(alternates) {
                if let Some(service) = target.get("name").and_then(scalar) {
                    out.push(Backend { namespace: namespace.clone(), service, port: port.clone() });
                }
            }
        }
        _ => {}
    }
}

impl Backend {
    /// The pods behind it and the declared ports it reaches on them.
    pub(super) fn targets(&self, snapshot: &Snapshot) -> Vec<(PodId, u16)> {
        let mut out = Vec::new();
        let Some(service) =
            snapshot.service_id(&self.namespace, &self.service).and_then(|id| snapshot.service(id))
        else {
            return out;
        };
        if service.spec.selector.is_empty() {
            return out;
        }
        for (id, pod) in (0..).map(PodId).zip(&snapshot.pods) {
            let selected = pod.namespace == service.namespace
                && service.spec.selector.iter().all(|(key, value)| pod.labels.get(key) == Some(value));
            if !selected {
                continue;
            }
            let declared: Vec<_> =
                pod.spec.containers.iter().flat_map(|container| &container.ports).collect();
            for port in &service.spec.ports {
                let target = port.target_port.to_string();
                let asked = self.port.as_ref().is_none_or(|asked| {
                    *asked == port.port.to_string() || *asked == port.name || *asked == target
                });
                if !asked || Protocol::parse(&port.protocol) != Some(Protocol::Tcp) {
                    continue;
                }
                let number = match &port.target_port {
                    IntOrString::Int(0) => Some(port.port),
                    IntOrString::Int(number) => Some(*number),
                    IntOrString::String(name) => {
                        declared.iter().find(|port| port.name == *name).map(|port| port.container_port)
                    }
                };
                let number =
                    number.filter(|number| declared.iter().any(|port| port.container_port == *number));
                if let Some(number) = number.and_then(|number| u16::try_from(number).ok()) {
                    out.push((id, number));
                }
            }
        }
        out
    }
}
