//! Validation of ClusterNetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy, as the schemas
//! of their custom resource definitions demand.
//!
//! policy-api: config/crd (v1alpha2, v0.2.0) and release-0.1 (v1alpha1)

use super::check::{NameRule, meta, selector};
use super::fault::{Fault, Shown};
use super::names;
use crate::manifest::api::meta::LabelSelector;
use crate::manifest::api::policy::{
    AdminPolicyPort, ClusterPolicy, ClusterPolicyPeer, ClusterPolicyProtocol, ClusterPolicyRule,
    NamespacedPods, PortRange, ProtocolPorts,
};

/// What the three kinds differ in.
struct Kind {
    actions: &'static [&'static str],
    /// How many rules a direction, and how many peers and ports a rule may have.
    limit: usize,
    current: bool,
}

/// Judges one of the three kinds, told apart by `kind`.
pub(crate) fn cluster_policy(policy: &ClusterPolicy, kind: &str) -> Vec<Fault> {
    let current = kind == "ClusterNetworkPolicy";
    let baseline = kind == "BaselineAdminNetworkPolicy";
    let actions: &[&str] = match (current, baseline) {
        (true, _) => &["Accept", "Deny", "Pass"],
        (_, true) => &["Allow", "Deny"],
        _ => &["Allow", "Deny", "Pass"],
    };
    let rules = Kind { actions, limit: if current { 25 } else { 100 }, current };
    let mut faults = meta(&policy.metadata, NameRule::Subdomain, false);
    if baseline && policy.metadata.name != "default" {
        let detail = "Only one baseline admin network policy with metadata.name=\"default\" can be created in the cluster";
        faults.push(Fault::invalid("metadata.name", &policy.metadata.name, detail));
    }
    let spec = &policy.spec;
    if current && !matches!(spec.tier.as_str(), "Admin" | "Baseline") {
        faults.push(Fault::unsupported("spec.tier", &spec.tier, &["Admin", "Baseline"]));
    }
    if !baseline {
        faults.extend(bound("spec.priority", spec.priority, 0, 1000));
    }
    let subject = &spec.subject;
    let given = [subject.namespaces.is_some(), subject.pods.is_some()];
    faults.extend(one_of("spec.subject", &given));
    faults.extend(subject.namespaces.iter().flat_map(|found| selector(found, "spec.subject.namespaces")));
    faults.extend(subject.pods.iter().flat_map(|found| pods(found, "spec.subject.pods")));
    for (direction, side, list) in [("ingress", "from", &spec.ingress), ("egress", "to", &spec.egress)] {
        let field = format!("spec.{direction}");
        faults.extend(at_most(&field, list.len(), rules.limit));
        for (index, entry) in list.iter().enumerate() {
            faults.extend(rule(&rules, entry, &format!("{field}[{index}]"), side));
        }
    }
    faults
}

fn rule(kind: &Kind, rule: &ClusterPolicyRule, field: &str, side: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !kind.actions.contains(&rule.action.as_str()) {
        faults.push(Fault::unsupported(format!("{field}.action"), &rule.action, kind.actions));
    }
    if rule.name.chars().count() > 100 {
        faults.push(Fault::invalid(format!("{field}.name"), &rule.name, "should be at most 100 chars long"));
    }
    let at = format!("{field}.{side}");
    let peers = if side == "from" { &rule.from } else { &rule.to };
    if peers.is_empty() {
        faults.push(Fault::required(&at, "").with_help("a rule of this kind names at least one peer"));
    }
    faults.extend(at_most(&at, peers.len(), kind.limit));
    for (index, entry) in peers.iter().enumerate() {
        faults.extend(peer(entry, &format!("{at}[{index}]"), rule));
    }
    let addresses = peers
        .iter()
        .any(|peer| peer.networks.is_some() || peer.nodes.is_some() || peer.domain_names.is_some());
    let names = |faults: &mut Vec<Fault>, at: &str| {
        if addresses {
            let detail = "networks, nodes and domainNames peers cannot be used with named ports";
            faults.push(Fault::invalid(at, Shown::from("named port"), detail));
        }
    };
    if kind.current {
        let at = format!("{field}.protocols");
        let protocols = rule.protocols.as_deref().unwrap_or_default();
        faults.extend(at_most(&at, protocols.len(), kind.limit));
        if rule.protocols.as_ref().is_some_and(Vec::is_empty) {
            faults.push(at_least_one_item(&at));
        }
        for (index, entry) in protocols.iter().enumerate() {
            let at = format!("{at}[{index}]");
            faults.extend(protocol(entry, &at));
            if entry.destination_named_port.is_some() {
                names(&mut faults, &at);
            }
        }
    } else {
        let at = format!("{field}.ports");
        let ports = rule.ports.as_deref().unwrap_or_default();
        faults.extend(at_most(&at, ports.len(), kind.limit));
        for (index, entry) in ports.iter().enumerate() {
            let at = format!("{at}[{index}]");
            faults.extend(port(entry, &at));
            if entry.named_port.is_some() {
                names(&mut faults, &at);
            }
        }
    }
    faults
}

fn peer(peer: &ClusterPolicyPeer, field: &str, rule: &ClusterPolicyRule) -> Vec<Fault> {
    let given = [
        peer.namespaces.is_some(),
        peer.pods.is_some(),
        peer.nodes.is_some(),
        peer.networks.is_some(),
        peer.domain_names.is_some(),
    ];
    let mut faults = one_of(field, &given);
    let labels = |found: &Option<LabelSelector>, name: &str| {
        found.as_ref().map(|found| selector(found, &format!("{field}.{name}"))).unwrap_or_default()
    };
    faults.extend(labels(&peer.namespaces, "namespaces"));
    faults.extend(labels(&peer.nodes, "nodes"));
    faults.extend(peer.pods.iter().flat_map(|found| pods(found, &format!("{field}.pods"))));
    for (index, cidr) in peer.networks.iter().flatten().enumerate() {
        if names::parse_cidr(cidr).is_none() {
            faults.push(Fault::invalid(
                format!("{field}.networks[{index}]"),
                cidr,
                "Invalid CIDR format provided",
            ));
        }
    }
    faults.extend(at_most(&format!("{field}.networks"), peer.networks.iter().flatten().count(), 25));
    if peer.domain_names.is_some() && rule.action != "Accept" && rule.action != "Allow" {
        let detail = "domainNames peers may be used only with an action that accepts";
        faults.push(Fault::invalid(format!("{field}.domainNames"), &rule.action, detail));
    }
    faults
}

fn pods(pods: &NamespacedPods, field: &str) -> Vec<Fault> {
    let mut faults = selector(&pods.namespace_selector, &format!("{field}.namespaceSelector"));
    faults.extend(selector(&pods.pod_selector, &format!("{field}.podSelector")));
    faults
}

fn protocol(entry: &ClusterPolicyProtocol, field: &str) -> Vec<Fault> {
    let given = [
        entry.tcp.is_some(),
        entry.udp.is_some(),
        entry.sctp.is_some(),
        entry.destination_named_port.is_some(),
    ];
    let mut faults = one_of(field, &given);
    for (name, ports) in [("tcp", &entry.tcp), ("udp", &entry.udp), ("sctp", &entry.sctp)] {
        let Some(ProtocolPorts { destination_port: Some(port) }) = ports else { continue };
        let field = format!("{field}.{name}.destinationPort");
        faults.extend(one_of(&field, &[port.number.is_some(), port.range.is_some()]));
        faults.extend(
            port.number.iter().flat_map(|number| bound(&format!("{field}.number"), *number, 1, 65535)),
        );
        faults.extend(port.range.iter().flat_map(|found| range(found, &format!("{field}.range"))));
    }
    faults
}

fn port(entry: &AdminPolicyPort, field: &str) -> Vec<Fault> {
    let given = [entry.port_number.is_some(), entry.port_range.is_some(), entry.named_port.is_some()];
    let mut faults = one_of(field, &given);
    if let Some(number) = &entry.port_number {
        faults.extend(bound(&format!("{field}.portNumber.port"), number.port, 1, 65535));
    }
    faults.extend(entry.port_range.iter().flat_map(|found| range(found, &format!("{field}.portRange"))));
    faults
}

fn range(range: &PortRange, field: &str) -> Vec<Fault> {
    let mut faults = bound(&format!("{field}.start"), range.start, 1, 65535);
    faults.extend(bound(&format!("{field}.end"), range.end, 1, 65535));
    if range.start >= range.end {
        faults.push(Fault::invalid(field, range.start, "Start port must be less than End port"));
    }
    faults
}

/// k8s: kube-openapi validation/errors TooFewProperties, TooManyProperties
fn one_of(field: &str, given: &[bool]) -> Vec<Fault> {
    let detail = match given.iter().filter(|given| **given).count() {
        0 => format!("{field} in body should have at least 1 properties"),
        1 => return Vec::new(),
        _ => format!("{field} in body should have at most 1 properties"),
    };
    vec![Fault::invalid(field, Shown::from("object"), &detail)]
}

fn at_least_one_item(field: &str) -> Fault {
    Fault::invalid(field, 0, &format!("{field} in body should have at least 1 items"))
}

/// k8s: apimachinery pkg/util/validation/field/errors.go TooMany
fn at_most(field: &str, count: usize, limit: usize) -> Option<Fault> {
    let shown = i32::try_from(count).unwrap_or(i32::MAX);
    let detail = format!("{field} in body should have at most {limit} items");
    (count > limit).then(|| Fault::invalid(field, shown, &detail))
}

fn bound(field: &str, value: i32, low: i32, high: i32) -> Vec<Fault> {
    let detail = if value < low {
        format!("{field} in body should be greater than or equal to {low}")
    } else if value > high {
        format!("{field} in body should be less than or equal to {high}")
    } else {
        return Vec::new();
    };
    vec![Fault::invalid(field, value, &detail)]
}
