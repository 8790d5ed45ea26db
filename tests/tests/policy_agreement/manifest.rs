//! Random clusters as manifests.

use super::model::{
    ClusterPeer, ClusterPolicy, ClusterPort, ClusterRule, Declared, Kind, NetworkPeer, NetworkPolicy,
    NetworkRule, Pod, Selector, World,
};
use serde_json::{Map, Value, json};
use std::cell::Cell;

thread_local! {
    static TURN: Cell<usize> = const { Cell::new(0) };
}

/// Absent, null or empty, in turn: nothing said in three ways.
fn nothing(out: &mut Map<String, Value>, key: &str, empty: Value) {
    let turn = TURN.get();
    TURN.set(turn + 1);
    match turn % 3 {
        0 => {}
        1 => drop(out.insert(key.into(), Value::Null)),
        _ => drop(out.insert(key.into(), empty)),
    }
}

impl World {
    pub fn manifest(&self) -> String {
        TURN.set(0);
        let mut items = Vec::new();
        for namespace in &self.namespaces {
            items.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace.name, "labels": namespace.labels}}));
        }
        for (n, node) in self.nodes.iter().enumerate() {
            let mut addresses: Vec<Value> =
                node.ips.iter().map(|ip| json!({"type": "InternalIP", "address": ip})).collect();
            addresses.extend(node.external.map(|ip| json!({"type": "ExternalIP", "address": ip})));
            addresses.push(json!({"type": "Hostname", "address": format!("node-{n}")}));
            items.push(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("node-{n}"), "labels": node.labels}, "status": {"addresses": addresses}}));
        }
        for pod in &self.pods {
            items.push(self.pod(pod));
        }
        for (n, policy) in self.policies.iter().enumerate() {
            items.push(self.network_policy(n, policy));
        }
        for (n, policy) in self.cluster_policies.iter().enumerate() {
            items.push(cluster_manifest(n, policy));
        }
        json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
    }

    fn pod(&self, pod: &Pod) -> Value {
        let ports = |by| -> Vec<Value> {
            let own = pod.ports.iter().filter(|port| port.by == by);
            own.map(|port| json!({"name": port.name, "protocol": port.protocol.as_str(), "containerPort": port.number}))
                .collect()
        };
        let ips: Vec<Value> = pod.ips.iter().map(|ip| json!({"ip": ip})).collect();
        let mut status = json!({"phase": pod.ended.unwrap_or("Running")});
        if !pod.ips.is_empty() {
            status["podIP"] = json!(pod.ips[0]);
            status["podIPs"] = json!(ips);
        } else {
            status["phase"] = json!("Pending");
        }
        let mut metadata =
            json!({"name": pod.name, "namespace": self.namespaces[pod.namespace].name, "labels": pod.labels});
        if pod.terminating {
            metadata["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            metadata["deletionGracePeriodSeconds"] = json!(30);
        }
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": metadata,
            "spec": {
                "nodeName": format!("node-{}", pod.node),
                "hostNetwork": pod.host_network,
                "containers": [
                    {"name": "c", "image": "c", "ports": ports(Declared::Container(0))},
                    {"name": "d", "image": "d", "ports": ports(Declared::Container(1))},
                ],
                "initContainers": [
                    {"name": "i", "image": "i", "ports": ports(Declared::Init)},
                    {"name": "s", "image": "s", "restartPolicy": "Always", "ports": ports(Declared::Sidecar)},
                ],
            },
            "status": status,
        })
    }

    fn network_policy(&self, n: usize, policy: &NetworkPolicy) -> Value {
        let rules = |rules: &[NetworkRule], word: &str| -> Vec<Value> {
            rules.iter().map(|rule| network_rule(rule, word)).collect()
        };
        let mut spec = Map::new();
        match selector_json(&policy.selector) {
            Value::Object(selector) if selector.is_empty() => nothing(&mut spec, "podSelector", json!({})),
            selector => drop(spec.insert("podSelector".into(), selector)),
        }
        match policy.types.as_deref() {
            None | Some([]) => nothing(&mut spec, "policyTypes", json!([])),
            Some(types) => drop(spec.insert("policyTypes".into(), json!(types))),
        }
        for (name, word, list) in [("ingress", "from", &policy.ingress), ("egress", "to", &policy.egress)] {
            if list.is_empty() {
                nothing(&mut spec, name, json!([]));
            } else {
                spec.insert(name.into(), json!(rules(list, word)));
            }
        }
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": format!("p{n}"), "namespace": self.namespaces[policy.namespace].name}, "spec": spec})
    }
}

fn selector_json(selector: &Selector) -> Value {
    let mut out = Map::new();
    let empty = selector.labels.is_empty() && selector.expressions.is_empty();
    if !selector.labels.is_empty() {
        out.insert("matchLabels".into(), json!(selector.labels));
    } else if !empty {
        nothing(&mut out, "matchLabels", json!({}));
    }
    let expressions: Vec<Value> = selector
        .expressions
        .iter()
        .map(|(key, operator, values)| match values.is_empty() {
            true => json!({"key": key, "operator": operator}),
            false => json!({"key": key, "operator": operator, "values": values}),
        })
        .collect();
    if !expressions.is_empty() {
        out.insert("matchExpressions".into(), json!(expressions));
    } else if !empty {
        nothing(&mut out, "matchExpressions", json!([]));
    }
    Value::Object(out)
}

fn network_rule(rule: &NetworkRule, word: &str) -> Value {
    let mut out = Map::new();
    let peers: Vec<Value> = rule
        .peers
        .iter()
        .map(|peer| match peer {
            NetworkPeer::Block(cidr, except) => {
                let mut block = Map::from_iter([("cidr".to_owned(), json!(cidr))]);
                if except.is_empty() {
                    nothing(&mut block, "except", json!([]));
                } else {
                    block.insert("except".into(), json!(except));
                }
                json!({"ipBlock": block})
            }
            NetworkPeer::Pods(namespaces, pods) => {
                let mut out = Map::new();
                if let Some(selector) = namespaces {
                    out.insert("namespaceSelector".into(), selector_json(selector));
                }
                if let Some(selector) = pods {
                    out.insert("podSelector".into(), selector_json(selector));
                }
                Value::Object(out)
            }
        })
        .collect();
    let ports: Vec<Value> = rule
        .ports
        .iter()
        .map(|port| {
            let mut out = Map::new();
            if let Some(protocol) = port.protocol {
                out.insert("protocol".into(), json!(protocol.as_str()));
            }
            match &port.port {
                Some(Ok(number)) => drop(out.insert("port".into(), json!(number))),
                Some(Err(name)) => drop(out.insert("port".into(), json!(name))),
                None => {}
            }
            if let Some(end) = port.end {
                out.insert("endPort".into(), json!(end));
            }
            Value::Object(out)
        })
        .collect();
    for (key, list) in [(word, peers), ("ports", ports)] {
        if list.is_empty() {
            nothing(&mut out, key, json!([]));
        } else {
            out.insert(key.into(), json!(list));
        }
    }
    Value::Object(out)
}

fn cluster_manifest(n: usize, policy: &ClusterPolicy) -> Value {
    let rules = |rules: &[ClusterRule], word: &str| -> Vec<Value> {
        rules.iter().map(|rule| cluster_rule_json(rule, word, policy.kind)).collect()
    };
    let subject = match &policy.pods {
        None => json!({"namespaces": selector_json(&policy.namespaces)}),
        Some(pods) => {
            json!({"pods": {"namespaceSelector": selector_json(&policy.namespaces), "podSelector": selector_json(pods)}})
        }
    };
    let mut spec = json!({"subject": subject, "ingress": rules(&policy.ingress, "from"), "egress": rules(&policy.egress, "to")});
    let (version, kind, name) = match policy.kind {
        Kind::Cluster => ("v1alpha2", "ClusterNetworkPolicy", format!("c{n}")),
        Kind::Admin => ("v1alpha1", "AdminNetworkPolicy", format!("c{n}")),
        Kind::Baseline => ("v1alpha1", "BaselineAdminNetworkPolicy", "default".into()),
    };
    if policy.kind != Kind::Baseline {
        spec["priority"] = json!(policy.priority);
    }
    if policy.kind == Kind::Cluster {
        spec["tier"] = json!(if policy.baseline { "Baseline" } else { "Admin" });
    }
    json!({"apiVersion": format!("policy.networking.k8s.io/{version}"), "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn cluster_rule_json(rule: &ClusterRule, word: &str, kind: Kind) -> Value {
    let peers: Vec<Value> = rule
        .peers
        .iter()
        .map(|peer| match peer {
            ClusterPeer::Namespaces(selector) => json!({"namespaces": selector_json(selector)}),
            ClusterPeer::Pods(namespaces, pods) => {
                json!({"pods": {"namespaceSelector": selector_json(namespaces), "podSelector": selector_json(pods)}})
            }
            ClusterPeer::Nodes(selector) => json!({"nodes": selector_json(selector)}),
            ClusterPeer::Networks(networks) => json!({"networks": networks}),
            ClusterPeer::Domains => json!({"domainNames": ["example.com"]}),
        })
        .collect();
    let mut out = json!({"action": rule.action, word: peers});
    let Some(ports) = &rule.ports else { return out };
    let current = kind == Kind::Cluster;
    let entries: Vec<Value> = ports
        .iter()
        .map(|port| match port {
            ClusterPort::Name(name) if current => json!({"destinationNamedPort": name}),
            ClusterPort::Name(name) => json!({"namedPort": name}),
            ClusterPort::Range(protocol, start, end) if current => {
                let port = if start == end {
                    json!({"number": start})
                } else {
                    json!({"range": {"start": start, "end": end}})
                };
                json!({protocol.as_str().to_lowercase(): {"destinationPort": port}})
            }
            ClusterPort::Range(protocol, start, end) if start == end => {
                json!({"portNumber": {"protocol": protocol.as_str(), "port": start}})
            }
            ClusterPort::Range(protocol, start, end) => {
                json!({"portRange": {"protocol": protocol.as_str(), "start": start, "end": end}})
            }
        })
        .collect();
    out[if current { "protocols" } else { "ports" }] = json!(entries);
    out
}
