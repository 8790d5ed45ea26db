//! Validation of ClusterNetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy, as the schemas
//! and rules of their custom resource definitions (experimental channel) demand.
//!
//! network-policy-api: config/crd/experimental (v1alpha2, v0.2.0) and release-0.1 (v1alpha1)

use super::check::{NameRule, meta, selector};
use super::fault::{Fault, Gates, Shown};
use crate::manifest::api::meta::LabelSelector;
use crate::manifest::api::policy::{ClusterPolicy, ClusterPolicyPeer, ClusterPolicyRule};
use crate::manifest::{Node, Severity};
use std::net::IpAddr;

/// Judges one of the three kinds, told apart by `kind`. `root` is the object as it was written: a schema
/// tells an absent field from an empty one.
pub(crate) fn cluster_policy(
    policy: &ClusterPolicy,
    kind: &str,
    root: Node<'_>,
    gates: &Gates,
) -> Vec<Fault> {
    let current = kind == "ClusterNetworkPolicy";
    let baseline = kind == "BaselineAdminNetworkPolicy";
    let actions: &[&str] = match (current, baseline) {
        (true, _) => &["Accept", "Deny", "Pass"],
        (_, true) => &["Allow", "Deny"],
        _ => &["Allow", "Deny", "Pass"],
    };
    let mut faults = meta(&policy.metadata, NameRule::Subdomain, false);
    let schema = Schema { actions, limit: if current { 25 } else { 100 }, current, baseline };
    schema.policy(root, &mut faults);
    // k8s: apiextensions-apiserver pkg/apiserver/schema/cel: rules run unless the structure itself is broken
    let broken = ["admission/required", "admission/unsupported", "admission/too-long", "admission/too-many"];
    if !faults.iter().any(|fault| broken.contains(&fault.code)) {
        Rules { gates, faults: &mut faults }.policy(policy, kind);
    }
    warnings(policy, &mut faults);
    faults
}

/// What the structure of an object must be.
struct Schema {
    actions: &'static [&'static str],
    /// How many rules a direction, and how many peers and ports a rule may have.
    limit: usize,
    current: bool,
    baseline: bool,
}

/// A field that is there and not null.
fn has<'t>(node: Node<'t>, key: &str) -> Option<Node<'t>> {
    node.get(key).filter(|value| !value.is_null())
}

fn required(node: Node<'_>, field: &str, names: &[&str], faults: &mut Vec<Fault>) {
    let absent = names.iter().filter(|name| has(node, name).is_none());
    faults.extend(absent.map(|name| {
        Fault::required(if field.is_empty() { (*name).to_owned() } else { format!("{field}.{name}") }, "")
    }));
}

impl Schema {
    fn policy(&self, root: Node<'_>, faults: &mut Vec<Fault>) {
        let Some(spec) = has(root, "spec") else {
            faults.push(Fault::required("spec", ""));
            return;
        };
        let fields: &[&str] = match (self.current, self.baseline) {
            (true, _) => &["priority", "subject", "tier"],
            (_, true) => &["subject"],
            _ => &["priority", "subject"],
        };
        required(spec, "spec", fields, faults);
        if self.current {
            one_of(spec, "spec", "tier", &["Admin", "Baseline"], faults);
        }
        if !self.baseline {
            bound(spec, "spec", "priority", 0, 1000, faults);
        }
        if let Some(subject) = has(spec, "subject") {
            properties(subject, "spec.subject", 1, faults);
            self.selectors(subject, "spec.subject", faults);
        }
        for (direction, side) in [("ingress", "from"), ("egress", "to")] {
            let Some(list) = has(spec, direction) else { continue };
            let field = format!("spec.{direction}");
            at_most(list, &field, self.limit, faults);
            for (index, rule) in list.items().enumerate() {
                self.rule(rule, &format!("{field}[{index}]"), side, faults);
            }
        }
    }

    fn rule(&self, rule: Node<'_>, field: &str, side: &str, faults: &mut Vec<Fault>) {
        required(rule, field, &["action", side], faults);
        one_of(rule, field, "action", self.actions, faults);
        if has(rule, "name").and_then(Node::as_str).is_some_and(|name| name.chars().count() > 100) {
            faults.push(Fault::too_long(format!("{field}.name"), 100));
        }
        if let Some(peers) = has(rule, side) {
            let field = format!("{field}.{side}");
            at_least_one(peers, &field, faults);
            at_most(peers, &field, self.limit, faults);
            for (index, peer) in peers.items().enumerate() {
                self.peer(peer, &format!("{field}[{index}]"), faults);
            }
        }
        let name = if self.current { "protocols" } else { "ports" };
        if let Some(ports) = has(rule, name) {
            let field = format!("{field}.{name}");
            at_least_one(ports, &field, faults);
            at_most(ports, &field, self.limit, faults);
            for (index, port) in ports.items().enumerate() {
                let field = format!("{field}[{index}]");
                properties(port, &field, 1, faults);
                if self.current { protocol(port, &field, faults) } else { admin_port(port, &field, faults) }
            }
        }
    }

    fn peer(&self, peer: Node<'_>, field: &str, faults: &mut Vec<Fault>) {
        properties(peer, field, 1, faults);
        self.selectors(peer, field, faults);
        if let Some(nodes) = has(peer, "nodes") {
            requirements(nodes, &format!("{field}.nodes"), faults);
        }
        for name in ["networks", "domainNames"] {
            let Some(list) = has(peer, name) else { continue };
            let field = format!("{field}.{name}");
            at_least_one(list, &field, faults);
            at_most(list, &field, 25, faults);
            let texts: Vec<&str> = list.items().filter_map(Node::as_str).collect();
            for (index, text) in texts.iter().enumerate() {
                let at = format!("{field}[{index}]");
                if name == "networks" && text.chars().count() > 43 {
                    faults.push(Fault::too_long(&at, 43));
                }
                if name == "domainNames" && !is_domain(text) {
                    let why = format!("{at} in body should match '{DOMAIN}'");
                    faults.push(Fault::invalid(&at, *text, &why));
                }
                if texts.iter().take(index).any(|other| other == text) {
                    faults.push(Fault::duplicate(at, *text));
                }
            }
        }
    }

    /// `namespaces` and `pods` of a subject or a peer.
    fn selectors(&self, node: Node<'_>, field: &str, faults: &mut Vec<Fault>) {
        if let Some(namespaces) = has(node, "namespaces") {
            requirements(namespaces, &format!("{field}.namespaces"), faults);
        }
        let Some(pods) = has(node, "pods") else { return };
        let field = format!("{field}.pods");
        let names: &[&str] =
            if self.current { &["podSelector"] } else { &["namespaceSelector", "podSelector"] };
        required(pods, &field, names, faults);
        for name in ["namespaceSelector", "podSelector"] {
            if let Some(found) = has(pods, name) {
                requirements(found, &format!("{field}.{name}"), faults);
            }
        }
    }
}

/// The schema of a label selector asks for a key and an operator, and nothing of their values.
fn requirements(selector: Node<'_>, field: &str, faults: &mut Vec<Fault>) {
    let Some(list) = has(selector, "matchExpressions") else { return };
    for (index, entry) in list.items().enumerate() {
        required(entry, &format!("{field}.matchExpressions[{index}]"), &["key", "operator"], faults);
    }
}

fn protocol(entry: Node<'_>, field: &str, faults: &mut Vec<Fault>) {
    for name in ["tcp", "udp", "sctp"] {
        let Some(ports) = has(entry, name) else { continue };
        let field = format!("{field}.{name}");
        if ports.entries().len() == 0 {
            too_few(&field, faults);
        }
        let Some(port) = has(ports, "destinationPort") else { continue };
        let field = format!("{field}.destinationPort");
        properties(port, &field, 1, faults);
        bound(port, &field, "number", 1, 65535, faults);
        if let Some(found) = has(port, "range") {
            range(found, &format!("{field}.range"), faults);
        }
    }
}

fn admin_port(entry: Node<'_>, field: &str, faults: &mut Vec<Fault>) {
    if let Some(number) = has(entry, "portNumber") {
        let field = format!("{field}.portNumber");
        // `protocol` is required as well, but has a default.
        required(number, &field, &["port"], faults);
        bound(number, &field, "port", 1, 65535, faults);
    }
    if let Some(found) = has(entry, "portRange") {
        range(found, &format!("{field}.portRange"), faults);
    }
}

fn range(range: Node<'_>, field: &str, faults: &mut Vec<Fault>) {
    required(range, field, &["end", "start"], faults);
    bound(range, field, "start", 1, 65535, faults);
    bound(range, field, "end", 1, 65535, faults);
}

/// k8s: kube-openapi pkg/validation/errors TooFewProperties; apiextensions turns too many into TooMany
fn properties(node: Node<'_>, field: &str, limit: usize, faults: &mut Vec<Fault>) {
    let count = node.entries().filter(|(_, value)| !value.is_null()).count();
    if node.is_mapping() && count == 0 {
        too_few(field, faults);
    } else if count > limit {
        faults.push(Fault::too_many(field, count, limit));
    }
}

fn too_few(field: &str, faults: &mut Vec<Fault>) {
    let why = format!("{field} in body should have at least 1 properties");
    faults.push(Fault::invalid(field, 0, &why));
}

fn at_least_one(list: Node<'_>, field: &str, faults: &mut Vec<Fault>) {
    if list.is_sequence() && list.items().len() == 0 {
        faults.push(Fault::invalid(field, 0, &format!("{field} in body should have at least 1 items")));
    }
}

fn at_most(list: Node<'_>, field: &str, limit: usize, faults: &mut Vec<Fault>) {
    if list.items().len() > limit {
        faults.push(Fault::too_many(field, list.items().len(), limit));
    }
}

fn one_of(node: Node<'_>, field: &str, name: &str, values: &[&str], faults: &mut Vec<Fault>) {
    let text = has(node, name).and_then(Node::as_str);
    if let Some(text) = text.filter(|text| !values.contains(text)) {
        faults.push(Fault::unsupported(format!("{field}.{name}"), text, values));
    }
}

fn bound(node: Node<'_>, field: &str, name: &str, low: i64, high: i64, faults: &mut Vec<Fault>) {
    let Some(value) = has(node, name).and_then(Node::as_i64) else { return };
    let field = format!("{field}.{name}");
    let detail = if value < low {
        format!("{field} in body should be greater than or equal to {low}")
    } else if value > high {
        format!("{field} in body should be less than or equal to {high}")
    } else {
        return;
    };
    faults.push(Fault::invalid(field, Shown::json(value.to_string()), &detail));
}

const DOMAIN: &str =
    r"^(\*\.)?([a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$";

/// Whether a text matches [`DOMAIN`].
fn is_domain(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let text = text.strip_prefix("*.").unwrap_or(text);
    let label = |label: &str| {
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = label.as_bytes();
        edge(bytes.first())
            && edge(bytes.last())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.contains('.') && text.split('.').all(label)
}

/// The rules in CEL.
struct Rules<'a> {
    gates: &'a Gates,
    faults: &'a mut Vec<Fault>,
}

impl Rules<'_> {
    fn policy(&mut self, policy: &ClusterPolicy, kind: &str) {
        let current = kind == "ClusterNetworkPolicy";
        if kind == "BaselineAdminNetworkPolicy" && policy.metadata.name != "default" {
            let why = "Only one baseline admin network policy with metadata.name=\"default\" can be created in the cluster";
            self.fail("", why);
        }
        for (direction, list) in [("ingress", &policy.spec.ingress), ("egress", &policy.spec.egress)] {
            for (index, rule) in list.iter().enumerate() {
                let field = format!("spec.{direction}[{index}]");
                let peers = if direction == "ingress" { &rule.from } else { &rule.to };
                if direction == "egress" {
                    self.names_of_addresses(rule, &field, current);
                    for (n, peer) in peers.iter().enumerate() {
                        self.networks(peer, &format!("{field}.to[{n}]"));
                    }
                }
                self.ranges(rule, &field);
            }
        }
    }

    /// A rule about a structure fails.
    fn fail(&mut self, field: &str, why: &str) {
        // k8s: 1.35 prints simple values and no types (kubernetes#132798)
        self.faults.push(match self.gates.rules_show_values {
            true => Fault::invalid_unshown(field, why),
            false => Fault::invalid(field, "object", why),
        });
    }

    fn names_of_addresses(&mut self, rule: &ClusterPolicyRule, field: &str, current: bool) {
        let addresses = rule.to.iter().any(|peer| {
            peer.networks.is_some() || peer.nodes.is_some() || (current && peer.domain_names.is_some())
        });
        let named = rule.protocols.iter().flatten().any(|entry| entry.destination_named_port.is_some())
            || rule.ports.iter().flatten().any(|entry| entry.named_port.is_some());
        if addresses && named {
            self.fail(
                field,
                if current {
                    "networks/nodes/domainNames peer cannot be set with namedPorts since there are no namedPorts for networks/nodes/domainNames"
                } else {
                    "networks/nodes peer cannot be set with namedPorts since there are no namedPorts for networks/nodes"
                },
            );
        }
    }

    fn networks(&mut self, peer: &ClusterPolicyPeer, field: &str) {
        for (index, text) in peer.networks.iter().flatten().enumerate() {
            if !is_cidr(text) {
                let shown = if self.gates.rules_show_values { text.as_str() } else { "string" };
                let field = format!("{field}.networks[{index}]");
                self.faults.push(Fault::invalid(field, shown, "Invalid CIDR format provided"));
            }
        }
    }

    fn ranges(&mut self, rule: &ClusterPolicyRule, field: &str) {
        let why = "Start port must be less than End port";
        for (index, entry) in rule.protocols.iter().flatten().enumerate() {
            for (name, ports) in [("tcp", &entry.tcp), ("udp", &entry.udp), ("sctp", &entry.sctp)] {
                let range = ports.as_ref().and_then(|ports| ports.destination_port.as_ref()?.range.as_ref());
                if range.is_some_and(|range| range.start >= range.end) {
                    self.fail(&format!("{field}.protocols[{index}].{name}.destinationPort.range"), why);
                }
            }
        }
        for (index, entry) in rule.ports.iter().flatten().enumerate() {
            if entry.port_range.as_ref().is_some_and(|range| range.start >= range.end) {
                self.fail(&format!("{field}.ports[{index}].portRange"), why);
            }
        }
    }
}

/// k8s: apiserver pkg/cel/library/cidr.go: Go's netip.ParsePrefix, without IPv4 in IPv6
fn is_cidr(text: &str) -> bool {
    let Some((address, prefix)) = text.split_once('/') else { return false };
    let limit = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(ip)) if ip.to_ipv4_mapped().is_none() => 128,
        _ => return false,
    };
    let canonical = prefix == "0" || !prefix.starts_with(['0', '+']);
    canonical && prefix.parse::<u8>().is_ok_and(|prefix| prefix <= limit)
}

/// What the API server stores without a word, although implementations cannot use it.
fn warnings(policy: &ClusterPolicy, faults: &mut Vec<Fault>) {
    let mut checked: Vec<(&LabelSelector, String)> = Vec::new();
    let spec = &policy.spec;
    let (subject, mut pods) = (&spec.subject, Vec::new());
    checked.extend(subject.namespaces.iter().map(|found| (found, "spec.subject.namespaces".to_owned())));
    pods.extend(subject.pods.iter().map(|found| (found, "spec.subject.pods".to_owned())));
    for (direction, side, list) in [("ingress", "from", &spec.ingress), ("egress", "to", &spec.egress)] {
        for (index, rule) in list.iter().enumerate() {
            let peers = if side == "from" { &rule.from } else { &rule.to };
            for (n, peer) in peers.iter().enumerate() {
                let field = format!("spec.{direction}[{index}].{side}[{n}]");
                checked.extend(peer.namespaces.iter().map(|found| (found, format!("{field}.namespaces"))));
                checked.extend(peer.nodes.iter().map(|found| (found, format!("{field}.nodes"))));
                pods.extend(peer.pods.iter().map(|found| (found, format!("{field}.pods"))));
                if peer.domain_names.is_some() && !matches!(rule.action.as_str(), "Accept" | "Allow") {
                    let why = "domainNames is only supported for Accept rules";
                    faults.push(Fault::warning("admission/warning", format!("{field}.domainNames"), why));
                }
            }
        }
    }
    for (found, field) in pods {
        checked.push((&found.namespace_selector, format!("{field}.namespaceSelector")));
        checked.push((&found.pod_selector, format!("{field}.podSelector")));
    }
    for (found, field) in checked {
        // The schema does not judge selectors; whoever reads the policy refuses them.
        let wrong = selector(found, &field).into_iter();
        faults.extend(wrong.map(|fault| Fault { severity: Severity::Warning, ..fault }));
    }
}
