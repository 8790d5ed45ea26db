//! `policy.networking.k8s.io`: ClusterNetworkPolicy (v1alpha2), AdminNetworkPolicy and
//! BaselineAdminNetworkPolicy (v1alpha1).

use super::meta::{LabelSelector, ObjectMeta};
use crate::manifest::read::api;

api! {
    /// A ClusterNetworkPolicy, AdminNetworkPolicy or BaselineAdminNetworkPolicy: the fields of all
    /// three, told apart by the kind under which they were read.
    ClusterPolicy { "metadata" metadata: ObjectMeta, "spec" spec: ClusterPolicySpec }
    /// Spec of a [`ClusterPolicy`].
    ClusterPolicySpec {
        "tier" tier: String,
        "priority" priority: i32,
        "subject" subject: ClusterPolicySubject,
        "ingress" ingress: Vec<ClusterPolicyRule>,
        "egress" egress: Vec<ClusterPolicyRule>,
    }
    /// To which pods a policy applies.
    ClusterPolicySubject { "namespaces" namespaces: Option<LabelSelector>, "pods" pods: Option<NamespacedPods> }
    /// Pods by both selectors.
    NamespacedPods {
        "namespaceSelector" namespace_selector: LabelSelector,
        "podSelector" pod_selector: LabelSelector,
    }
    /// One ordered rule.
    ClusterPolicyRule {
        "name" name: String,
        "action" action: String,
        "from" from: Vec<ClusterPolicyPeer>,
        "to" to: Vec<ClusterPolicyPeer>,
        "protocols" protocols: Option<Vec<ClusterPolicyProtocol>>,
        "ports" ports: Option<Vec<AdminPolicyPort>>,
    }
    /// One peer: exactly one of the fields.
    ClusterPolicyPeer {
        "namespaces" namespaces: Option<LabelSelector>,
        "pods" pods: Option<NamespacedPods>,
        "nodes" nodes: Option<LabelSelector>,
        "networks" networks: Option<Vec<String>>,
        "domainNames" domain_names: Option<Vec<String>>,
    }
    /// v1alpha2 protocol match: exactly one of the fields.
    ClusterPolicyProtocol {
        "tcp" tcp: Option<ProtocolPorts>,
        "udp" udp: Option<ProtocolPorts>,
        "sctp" sctp: Option<ProtocolPorts>,
        "destinationNamedPort" destination_named_port: Option<String>,
    }
    /// Ports of one protocol.
    ProtocolPorts { "destinationPort" destination_port: Option<DestinationPort> }
    /// A number or a range.
    DestinationPort { "number" number: Option<i32>, "range" range: Option<PortRange> }
    /// An inclusive range.
    PortRange { "protocol" protocol: String, "start" start: i32, "end" end: i32 }
    /// v1alpha1 port match: exactly one of the fields.
    AdminPolicyPort {
        "portNumber" port_number: Option<AdminPortNumber>,
        "portRange" port_range: Option<PortRange>,
        "namedPort" named_port: Option<String>,
    }
    /// A protocol and a number.
    AdminPortNumber { "protocol" protocol: String, "port" port: i32 }
}
