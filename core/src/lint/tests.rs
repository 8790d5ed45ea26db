//! Each finding is raised by what deserves it, and by nothing else.

use crate::{Cluster, Settings, Source};

const PODS: &str = "
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, spec: {containers: [{name: c, image: c, ports: [{name: http, containerPort: 80}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: api, namespace: prod, labels: {app: api}}, spec: {containers: [{name: c, image: c}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: all, namespace: prod}, spec: {policyTypes: [Ingress]}}
";

/// Codes about a NetworkPolicy with this spec in namespace shop.
fn codes(spec: &str, more: &str) -> Vec<&'static str> {
    let text = format!(
        "{PODS}---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p, namespace: shop}}, spec: {spec}}}\n{more}"
    );
    let cluster = Cluster::load([Source::new("shop.yaml", text)], &Settings::default());
    assert!(
        cluster.problems().iter().all(|p| p.severity != crate::manifest::Severity::Error),
        "{:?}",
        cluster.problems()
    );
    let findings = cluster.lint().findings;
    for finding in &findings {
        assert!(!finding.evidence.is_empty() && !finding.fix.is_empty(), "{finding:?}");
    }
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_sound_policy_raises_nothing() {
    let spec = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: api}}}], ports: [{port: http}]}]}";
    assert!(codes(spec, "").is_empty());
}

#[test]
fn selectors_that_match_nothing_are_raised() {
    assert_eq!(
        codes("{podSelector: {matchLabels: {app: wep}}, policyTypes: [Ingress]}", ""),
        ["policy/selects-nothing", "policy/namespace-open"]
    );
    let peer = "{policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]}";
    assert_eq!(codes(peer, ""), ["policy/peer-matches-nothing"]);
    let named = "{policyTypes: [Ingress], ingress: [{ports: [{port: https}]}]}";
    assert_eq!(codes(named, ""), ["policy/named-port-unknown"]);
}

#[test]
fn dns_is_not_to_be_forgotten() {
    let egress = |ports: &str| {
        format!(
            "{{policyTypes: [Ingress, Egress], egress: [{{to: [{{namespaceSelector: {{}}}}], ports: [{ports}]}}]}}"
        )
    };
    assert_eq!(codes(&egress("{port: 443}"), ""), ["policy/dns-forgotten"]);
    assert_eq!(codes(&egress("{port: 53}"), ""), ["policy/dns-tcp-only"]);
    assert_eq!(codes(&egress("{port: 53, protocol: UDP}"), ""), ["policy/dns-udp-only"]);
    assert!(codes(&egress("{port: 53, protocol: UDP}, {port: 53}"), "").is_empty());
}

#[test]
fn traps_of_the_notation_are_raised() {
    let or = "{policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {}}, {podSelector: {matchLabels: {app: web}}}]}]}";
    assert_eq!(codes(or, ""), ["policy/and-or"]);
    let ignored = "{policyTypes: [Ingress], egress: [{}]}";
    assert_eq!(codes(ignored, ""), ["policy/rules-ignored"]);
    assert_eq!(codes("{egress: [{}]}", ""), ["policy/isolates-ingress-too"]);
    assert!(codes("{policyTypes: [Ingress, Egress], egress: [{}]}", "").is_empty());
    let block = "{policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: 10.96.0.10/32}}]}]}";
    assert_eq!(codes(block, ""), ["policy/cluster-ip-in-block"]);
    let shadow =
        "{policyTypes: [Ingress], ingress: [{ports: [{port: 80}]}, {ports: [{port: 1, endPort: 100}]}]}";
    assert_eq!(codes(shadow, ""), ["policy/rule-shadowed"]);
}

#[test]
fn clients_rewritten_to_nodes_are_raised() {
    let service = |policy: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Service, metadata: {{name: web, namespace: shop}}, spec: {{type: NodePort, externalTrafficPolicy: {policy}, selector: {{app: web}}, ports: [{{port: 80}}]}}}}"
        )
    };
    assert_eq!(codes("{policyTypes: [Ingress]}", &service("Cluster")), ["policy/node-bypass"]);
    assert!(codes("{policyTypes: [Ingress]}", &service("Local")).is_empty());
}

#[test]
fn plugins_that_do_not_enforce_are_raised() {
    let mut settings = Settings::default();
    settings.cni.enforces_network_policy = false;
    let cluster = Cluster::load([Source::new("shop.yaml", PODS)], &settings);
    assert_eq!(cluster.lint().findings[0].code, "policy/not-enforced");
}
