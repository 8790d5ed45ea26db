//! Cluster-wide policies, in the words of the API server for custom resources.

use super::tests::{GATES, texts};
use super::{Fault, Gates};
use crate::manifest::{Limits, Manifests, Severity, Source};

fn judge(kind: &str, name: &str, spec: &str, gates: &Gates) -> Vec<Fault> {
    let version = if kind == "ClusterNetworkPolicy" { "v1alpha2" } else { "v1alpha1" };
    let text = format!(
        "{{apiVersion: policy.networking.k8s.io/{version}, kind: {kind}, metadata: {{name: {name}}}, spec: {{{spec}}}}}"
    );
    let manifests = Manifests::parse([Source::new("t.yaml", text)], &Limits::default());
    let id = manifests.objects()[0].id;
    super::cluster_policy(&manifests.typed(id), kind, manifests.node(id), gates)
}

#[track_caller]
fn refused(spec: &str, expected: &[&str]) {
    let faults = judge("ClusterNetworkPolicy", "guard", spec, &GATES);
    assert_eq!(texts(&faults, Severity::Error), expected);
}

#[track_caller]
fn egress(rule: &str, expected: &[&str]) {
    refused(
        &format!("tier: Admin, priority: 1, subject: {{namespaces: {{}}}}, egress: [{{{rule}}}]"),
        expected,
    );
}

#[test]
fn what_is_missing() {
    refused(
        "",
        &["spec.priority: Required value", "spec.subject: Required value", "spec.tier: Required value"],
    );
    egress("name: x", &["spec.egress[0].action: Required value", "spec.egress[0].to: Required value"]);
    egress("action: Deny, to: [{pods: {}}]", &["spec.egress[0].to[0].pods.podSelector: Required value"]);
    egress("action: Deny, to: [{pods: {podSelector: {}}}]", &[]);
}

#[test]
fn values() {
    refused(
        "tier: Default, priority: 1001, subject: {}",
        &[
            "spec.tier: Unsupported value: \"Default\": supported values: \"Admin\", \"Baseline\"",
            "spec.priority: Invalid value: 1001: spec.priority in body should be less than or equal to 1000",
            "spec.subject: Invalid value: 0: spec.subject in body should have at least 1 properties",
        ],
    );
    egress(
        "action: Allow, to: [{namespaces: {}}]",
        &[
            "spec.egress[0].action: Unsupported value: \"Allow\": supported values: \"Accept\", \"Deny\", \"Pass\"",
        ],
    );
    egress(
        "action: Deny, to: []",
        &["spec.egress[0].to: Invalid value: 0: spec.egress[0].to in body should have at least 1 items"],
    );
    egress(
        "action: Deny, to: [{namespaces: {}, networks: [10.0.0.0/8]}]",
        &["spec.egress[0].to[0]: Too many: 2: must have at most 1 items"],
    );
    egress(
        "action: Deny, to: [{networks: [10.0.0.0/8, 10.0.0.0/8]}]",
        &["spec.egress[0].to[0].networks[1]: Duplicate value: \"10.0.0.0/8\""],
    );
    egress(
        "action: Accept, to: [{domainNames: [example.com, localhost]}]",
        &[
            "spec.egress[0].to[0].domainNames[1]: Invalid value: \"localhost\": spec.egress[0].to[0].domainNames[1] in body should match '^(\\*\\.)?([a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\\.)+[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\\.?$'",
        ],
    );
    egress("action: Accept, to: [{domainNames: ['*.example.com', example.com.]}]", &[]);
}

#[test]
fn protocols() {
    let rule =
        |protocols: &str| format!("action: Deny, to: [{{namespaces: {{}}}}], protocols: [{protocols}]");
    egress(
        &rule("{tcp: {}}"),
        &[
            "spec.egress[0].protocols[0].tcp: Invalid value: 0: spec.egress[0].protocols[0].tcp in body should have at least 1 properties",
        ],
    );
    egress(
        &rule("{tcp: {destinationPort: {number: 0}}}"),
        &[
            "spec.egress[0].protocols[0].tcp.destinationPort.number: Invalid value: 0: spec.egress[0].protocols[0].tcp.destinationPort.number in body should be greater than or equal to 1",
        ],
    );
    egress(
        &rule("{udp: {destinationPort: {range: {start: 80, end: 80}}}}"),
        &[
            "spec.egress[0].protocols[0].udp.destinationPort.range: Invalid value: Start port must be less than End port",
        ],
    );
    egress(&rule("{destinationNamedPort: web}"), &[]);
}

#[test]
fn rules_of_the_definition() {
    let names = "action: Accept, to: [{networks: [10.0.0.0/8]}], protocols: [{destinationNamedPort: web}]";
    let words = "networks/nodes/domainNames peer cannot be set with namedPorts since there are no namedPorts for networks/nodes/domainNames";
    egress(names, &[&format!("spec.egress[0]: Invalid value: {words}")]);
    let old = Gates { rules_show_values: false, ..GATES };
    let spec = format!("tier: Admin, priority: 1, subject: {{namespaces: {{}}}}, egress: [{{{names}}}]");
    let faults = judge("ClusterNetworkPolicy", "guard", &spec, &old);
    assert_eq!(
        texts(&faults, Severity::Error),
        [format!("spec.egress[0]: Invalid value: \"object\": {words}")]
    );
    for (cidr, fits) in [
        ("10.0.0.0/8", true),
        ("10.1.2.3/8", true),
        ("fd00::/8", true),
        ("10.0.0.0/08", false),
        ("010.0.0.0/8", false),
        ("10.0.0.0", false),
        ("'::ffff:10.0.0.0/104'", false),
    ] {
        let text = cidr.trim_matches('\'');
        let words = format!(
            "spec.egress[0].to[0].networks[0]: Invalid value: \"{text}\": Invalid CIDR format provided"
        );
        let wanted = if fits { vec![] } else { vec![words.as_str()] };
        egress(&format!("action: Deny, to: [{{networks: [{cidr}]}}]"), &wanted);
    }
}

#[test]
fn the_older_kinds() {
    let errors =
        |kind: &str, name: &str, spec: &str| texts(&judge(kind, name, spec, &GATES), Severity::Error);
    assert_eq!(
        errors("BaselineAdminNetworkPolicy", "other", "subject: {namespaces: {}}"),
        [
            ": Invalid value: Only one baseline admin network policy with metadata.name=\"default\" can be created in the cluster"
        ]
    );
    let pass = "subject: {namespaces: {}}, ingress: [{action: Pass, from: [{namespaces: {}}]}]";
    assert_eq!(
        errors("BaselineAdminNetworkPolicy", "default", pass),
        ["spec.ingress[0].action: Unsupported value: \"Pass\": supported values: \"Allow\", \"Deny\""]
    );
    let range = "priority: 1, subject: {pods: {namespaceSelector: {}, podSelector: {}}}, ingress: [{action: Pass, from: [{namespaces: {}}], ports: [{portRange: {start: 9, end: 8}}]}]";
    assert_eq!(
        errors("AdminNetworkPolicy", "guard", range),
        ["spec.ingress[0].ports[0].portRange: Invalid value: Start port must be less than End port"]
    );
}

#[test]
fn what_the_schema_lets_pass_is_warned_of() {
    let spec = "tier: Admin, priority: 1, subject: {namespaces: {matchExpressions: [{key: a, operator: in, values: [b]}]}}, egress: [{action: Deny, to: [{domainNames: [example.com]}]}]";
    let faults = judge("ClusterNetworkPolicy", "guard", spec, &GATES);
    assert_eq!(texts(&faults, Severity::Error), [""; 0]);
    assert_eq!(
        texts(&faults, Severity::Warning),
        [
            "spec.egress[0].to[0].domainNames: domainNames is only supported for Accept rules",
            "spec.subject.namespaces.matchExpressions[0].operator: Invalid value: \"in\": not a valid selector operator",
        ]
    );
}
