//! Random clusters as manifests.

use super::model::{
    ClusterPeer, ClusterPolicy, ClusterPort, ClusterRule, Kind, NetworkPeer, NetworkPolicy, NetworkRule, Pod,
    Selector, World,
};
use serde_json::{Map, Value, json};

impl World {
    pub fn manifest(&self) -> String {
        let mut items = Vec::new();
        for namespace in &self.namespaces {
            items.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace.name, "labels": namespace.labels}}));
        }
        for (n, node) in self.nodes.iter().enumerate() {
            let addresses: Vec<Value> =
                node.ips.iter().map(|ip| json!({"type": "InternalIP", "address": ip})).collect();
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
        let ports = |sidecar| -> Vec<Value> {
            let own = pod.ports.iter().filter(|(.., other)| *other == sidecar);
            own.map(|(name, protocol, number, _)| json!({"name": name, "protocol": protocol.as_str(), "containerPort": number}))
                .collect()
        };
        let ips: Vec<Value> = pod.ips.iter().map(|ip| json!({"ip": ip})).collect();
        let mut status = json!({"phase": if pod.ended { "Succeeded" } else { "Running" }});
        if !pod.ips.is_empty() {
            status["podIP"] = json!(pod.ips[0]);
            status["podIPs"] = json!(ips);
        } else {
            status["phase"] = json!("Pending");
        }
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": pod.name, "namespace": self.namespaces[pod.namespace].name, "labels": pod.labels},
            "spec": {
                "nodeName": format!("node-{}", pod.node),
                "hostNetwork": pod.host_network,
                "containers": [{"name": "c", "image": "c", "ports": ports(false)}],
                "initContainers": [{"name": "s", "image": "s", "restartPolicy": "Always", "ports": ports(true)}],
            },
            "status": status,
        })
    }

    fn network_policy(&self, n: usize, policy: &NetworkPolicy) -> Value {
        let rules = |rules: &[NetworkRule], word: &str| -> Vec<Value> {
            rules.iter().map(|rule| network_rule(rule, word)).collect()
        };
        let mut spec = json!({"podSelector": selector_json(&policy.selector)});
        if let Some(types) = &policy.types {
            spec["policyTypes"] = json!(types);
        }
        if !policy.ingress.is_empty() {
            spec["ingress"] = json!(rules(&policy.ingress, "from"));
        }
        if !policy.egress.is_empty() {
            spec["egress"] = json!(rules(&policy.egress, "to"));
        }
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": format!("p{n}"), "namespace": self.namespaces[policy.namespace].name}, "spec": spec})
    }
}

fn selector_json(selector: &Selector) -> Value {
    let mut out = Map::new();
    if !selector.labels.is_empty() {
        out.insert("matchLabels".into(), json!(selector.labels));
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
    }
    Value::Object(out)
}

fn network_rule(rule: &NetworkRule, word: &str) -> Value {
    let mut out = Map::new();
    let peers: Vec<Value> = rule
        .peers
        .iter()
        .map(|peer| match peer {
            NetworkPeer::Block(cidr, except) => json!({"ipBlock": {"cidr": cidr, "except": except}}),
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
    if !peers.is_empty() {
        out.insert(word.into(), json!(peers));
    }
    if !ports.is_empty() {
        out.insert("ports".into(), json!(ports));
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
            ClusterPort::All(protocol) => json!({protocol.as_str().to_lowercase(): {}}),
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
