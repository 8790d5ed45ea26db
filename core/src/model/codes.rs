//! The codes of the problems and assumptions this room reports. A code never changes its meaning.

/// Every code with what it means, in one line.
///
/// ```
/// let codes = kubehop::model::codes();
/// assert!(codes.iter().any(|(code, _)| *code == "model/pod-without-status"));
/// ```
pub fn codes() -> &'static [(&'static str, &'static str)] {
    CODES
}

const CODES: &[(&str, &str)] = &[
    ("model/version", "the Kubernetes version of the settings is not modelled; the default one answers"),
    ("model/refused-object", "the API server refuses an object, so it is not part of the cluster"),
    ("model/namespace-created", "a namespace is mentioned but not given, and taken to exist"),
    ("model/nodes-of-settings", "no Node is given or named; the settings' nodes are taken"),
    ("model/node-created", "a pod names a node that is not given, and it is taken to exist"),
    ("model/no-pod-cidrs", "pod CIDRs of the settings' size cannot be cut from their cluster CIDR"),
    ("model/cidr-not-available", "the cluster CIDR has no pod CIDR left for a node"),
    ("model/pod-without-status", "pods without a status are taken as running and ready"),
    (
        "model/readiness-gate",
        "pods are taken as not ready, since nothing sets the condition of their readiness gate",
    ),
    ("model/too-many-replicas", "a workload asks for more pods than are modelled"),
    ("model/template-hash", "hashes in the names and labels of pods are made by the model"),
    ("model/pods-placed", "pods without a node were given one"),
    ("model/unschedulable", "no node takes a pod; it stays pending"),
    ("model/pod-ips-allocated", "pods without an address were given one"),
    ("model/no-pod-ip", "the pod CIDR of a node is used up; a pod stays without an address"),
    ("model/shared-pod-ip", "two live pods are given one address"),
    ("model/cluster-dns", "no cluster DNS is given; CoreDNS is taken to run"),
    ("model/api-server", "where the API server is taken to listen"),
    (
        "model/foreign-service-cidr",
        "a Service of a dump has an address outside of the service CIDR in the settings",
    ),
    ("model/topology-hints", "a Service asks for hints by zone and gets none"),
];
