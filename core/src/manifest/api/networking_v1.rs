//! `k8s.io/api/networking/v1`.

use super::core_v1::LoadBalancerStatus;
use super::meta::{IntOrString, LabelSelector, ObjectMeta};
use crate::manifest::read::api;

api! {
    /// A NetworkPolicy.
    NetworkPolicy { "metadata" metadata: ObjectMeta, "spec" spec: NetworkPolicySpec }
    /// Spec of a [`NetworkPolicy`].
    NetworkPolicySpec {
        "podSelector" pod_selector: LabelSelector,
        "policyTypes" policy_types: Vec<String>,
        "ingress" ingress: Vec<NetworkPolicyIngressRule>,
        "egress" egress: Vec<NetworkPolicyEgressRule>,
    }
    /// Who may come in, and on which ports.
    NetworkPolicyIngressRule { "from" from: Vec<NetworkPolicyPeer>, "ports" ports: Vec<NetworkPolicyPort> }
    /// Where pods may go, and to which ports.
    NetworkPolicyEgressRule { "to" to: Vec<NetworkPolicyPeer>, "ports" ports: Vec<NetworkPolicyPort> }
    /// One peer: selectors (both must hold), or an address block.
    NetworkPolicyPeer {
        "podSelector" pod_selector: Option<LabelSelector>,
        "namespaceSelector" namespace_selector: Option<LabelSelector>,
        "ipBlock" ip_block: Option<IpBlock>,
    }
    /// An address block minus exceptions.
    IpBlock { "cidr" cidr: String, "except" except: Vec<String> }
    /// Ports of a rule.
    NetworkPolicyPort {
        "protocol" protocol: Option<String>,
        "port" port: Option<IntOrString>,
        "endPort" end_port: Option<i32>,
    }

    /// An Ingress.
    Ingress { "metadata" metadata: ObjectMeta, "spec" spec: IngressSpec, "status" status: IngressStatus }
    /// Spec of an [`Ingress`].
    IngressSpec {
        "ingressClassName" ingress_class_name: Option<String>,
        "defaultBackend" default_backend: Option<IngressBackend>,
        "rules" rules: Vec<IngressRule>,
        "tls" tls: Vec<IngressTls>,
    }
    /// Rules for one host.
    IngressRule { "host" host: String, "http" http: Option<HttpIngressRuleValue> }
    /// The paths of a rule.
    HttpIngressRuleValue { "paths" paths: Vec<HttpIngressPath> }
    /// One path.
    HttpIngressPath {
        "path" path: String,
        "pathType" path_type: Option<String>,
        "backend" backend: IngressBackend,
    }
    /// Where a path leads.
    IngressBackend {
        "service" service: Option<IngressServiceBackend>,
        "resource" resource: Option<TypedLocalObjectReference>,
    }
    /// A Service and one of its ports.
    IngressServiceBackend { "name" name: String, "port" port: ServiceBackendPort }
    /// A Service port by name or number.
    ServiceBackendPort { "name" name: String, "number" number: i32 }
    /// A reference within the namespace.
    TypedLocalObjectReference { "apiGroup" api_group: Option<String>, "kind" kind: String, "name" name: String }
    /// TLS hosts and their Secret.
    IngressTls { "hosts" hosts: Vec<String>, "secretName" secret_name: String }
    /// Status of an [`Ingress`].
    IngressStatus { "loadBalancer" load_balancer: LoadBalancerStatus }

    /// Which controller serves a class.
    IngressClass { "metadata" metadata: ObjectMeta, "spec" spec: IngressClassSpec }
    /// Spec of an [`IngressClass`].
    IngressClassSpec { "controller" controller: String, "parameters" parameters: Option<IngressClassParameters> }
    /// Parameters of a class.
    IngressClassParameters {
        "apiGroup" api_group: Option<String>,
        "kind" kind: String,
        "name" name: String,
        "scope" scope: Option<String>,
        "namespace" namespace: Option<String>,
    }

    /// A ClusterIP that is in use.
    IpAddress { "metadata" metadata: ObjectMeta, "spec" spec: IpAddressSpec }
    /// Spec of an [`IpAddress`].
    IpAddressSpec { "parentRef" parent_ref: Option<ParentReference> }
    /// Who uses an address.
    ParentReference { "group" group: String, "resource" resource: String, "namespace" namespace: String, "name" name: String }

    /// A block that ClusterIPs are taken from.
    ServiceCidr { "metadata" metadata: ObjectMeta, "spec" spec: ServiceCidrSpec, "status" status: ServiceCidrStatus }
    /// Spec of a [`ServiceCidr`].
    ServiceCidrSpec { "cidrs" cidrs: Vec<String> }
    /// Status of a [`ServiceCidr`].
    ServiceCidrStatus { "conditions" conditions: Vec<TimedCondition> }
    /// A condition with the time it last changed.
    TimedCondition {
        "type" type_: String,
        "status" status: String,
        "lastTransitionTime" last_transition_time: Option<String>,
        "reason" reason: String,
        "message" message: String,
    }
}
