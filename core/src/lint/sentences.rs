//! The sentences of findings: what is wrong, and what to do.

use crate::manifest::ObjectRef;

pub(super) fn selects_nothing(policy: &ObjectRef, selector: &str, near: Option<&str>) -> (String, String) {
    let fix = match near {
        Some(near) => format!("the nearest pod is {near}"),
        None => "correct the selector, or remove the policy".into(),
    };
    (format!("{policy} selects no pod ({selector})"), fix)
}

pub(super) fn selects_host_network(policy: &ObjectRef, pod: &str) -> (String, String) {
    (
        format!(
            "{policy} selects only pods on the host network, such as {pod}: most network plugins count them as their node and apply no policy to them"
        ),
        "protect the node's own ports by other means, or take the pods off the host network".into(),
    )
}

pub(super) fn peer_matches_nothing(policy: &ObjectRef, peer: &str) -> (String, String) {
    (
        format!("a peer of {policy} matches no pod ({peer})"),
        "correct the selectors; a podSelector alone looks only into the policy's own namespace".into(),
    )
}

pub(super) fn dns_forgotten(policy: &ObjectRef, pod: &str) -> (String, String) {
    (
        format!(
            "{policy} isolates {pod} for egress, and no rule lets it ask the cluster's DNS: every name lookup times out"
        ),
        "allow egress to UDP and TCP port 53 of the DNS pods in kube-system".into(),
    )
}

pub(super) fn dns_tcp_only(policy: &ObjectRef, pod: &str) -> (String, String) {
    (
        format!(
            "{policy} lets {pod} reach the cluster's DNS on TCP 53 only, but resolvers ask over UDP first"
        ),
        "allow UDP port 53 beside TCP port 53; a port without protocol means TCP".into(),
    )
}

pub(super) fn dns_udp_only(policy: &ObjectRef, pod: &str) -> (String, String) {
    (
        format!(
            "{policy} lets {pod} reach the cluster's DNS on UDP 53 only: answers that are too long for UDP are lost"
        ),
        "allow TCP port 53 beside UDP port 53".into(),
    )
}

pub(super) fn rule_shadowed(policy: &ObjectRef, rule: &str, by: &str) -> (String, String) {
    (
        format!("{rule} of {policy} changes nothing: {by} already speaks of all its peers and ports"),
        format!("remove {rule}, or narrow {by}"),
    )
}

pub(super) fn not_enforced(count: usize) -> (String, String) {
    (
        format!("the network plugin does not enforce policies: {count} have no effect"),
        "use a network plugin that enforces NetworkPolicy".into(),
    )
}

pub(super) fn and_or(policy: &ObjectRef, first: &str, second: &str) -> (String, String) {
    (
        format!(
            "{first} and {second} of {policy} are two peers, and either is enough: every pod of those namespaces, or those pods of its own namespace"
        ),
        "to demand both, write namespaceSelector and podSelector in one list item".into(),
    )
}

pub(super) fn named_port_unknown(policy: &ObjectRef, name: &str, who: &str) -> (String, String) {
    (
        format!(
            "{policy} names port {name}, but {who} has a port of that name and protocol: the entry matches nothing"
        ),
        "name the container port, or use its number".into(),
    )
}

pub(super) fn cluster_ip_in_block(policy: &ObjectRef, cidr: &str) -> (String, String) {
    (
        format!(
            "{policy} names {cidr}, which lies among the ClusterIPs: policies see the address of the pod behind a Service, not the Service's"
        ),
        "select the pods behind the Service with podSelector and namespaceSelector".into(),
    )
}

pub(super) fn namespace_open(namespace: &str) -> (String, String) {
    (
        format!("no policy isolates any pod of namespace {namespace}: everyone may reach them"),
        "add a NetworkPolicy with an empty podSelector and policyTypes [Ingress], then allow what is needed"
            .into(),
    )
}

pub(super) fn node_bypass(service: &ObjectRef, pod: &str) -> (String, String) {
    (
        format!(
            "{service} with externalTrafficPolicy: Cluster rewrites clients to a node's address: a client that arrives at the node of {pod} counts as its own node, which no NetworkPolicy can block, and other clients cannot be told apart by ipBlock"
        ),
        "set externalTrafficPolicy: Local to keep the client's address".into(),
    )
}

pub(super) fn rules_ignored(policy: &ObjectRef, direction: &str, kind: &str) -> (String, String) {
    (
        format!("{policy} has {direction} rules, but its policyTypes do not name {kind}: they are ignored"),
        format!("add {kind} to policyTypes, or remove the rules"),
    )
}

pub(super) fn isolates_ingress_too(policy: &ObjectRef) -> (String, String) {
    (
        format!(
            "{policy} has only egress rules but no policyTypes, so by default it isolates its pods for ingress too and admits nothing"
        ),
        "write policyTypes: [Egress]".into(),
    )
}

pub(super) fn equal_priority(policy: &ObjectRef, other: &ObjectRef) -> (String, String) {
    (
        format!("{policy} and {other} have the same tier and priority: which is asked first is not defined"),
        "give them different priorities".into(),
    )
}
