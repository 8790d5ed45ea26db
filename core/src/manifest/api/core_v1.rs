//! `k8s.io/api/core/v1`.

use super::meta::{IntOrString, Labels, ObjectMeta};
use crate::manifest::read::api;
use std::collections::BTreeMap;

api! {
    /// A namespace.
    Namespace { "metadata" metadata: ObjectMeta }

    /// A node.
    Node { "metadata" metadata: ObjectMeta, "spec" spec: NodeSpec, "status" status: NodeStatus }
    /// Spec of a [`Node`].
    NodeSpec {
        "podCIDR" pod_cidr: String,
        "podCIDRs" pod_cidrs: Vec<String>,
        "unschedulable" unschedulable: bool,
        "taints" taints: Vec<Taint>,
    }
    /// A taint.
    Taint { "key" key: String, "value" value: String, "effect" effect: String }
    /// Status of a [`Node`].
    NodeStatus {
        "addresses" addresses: Vec<NodeAddress>,
        "conditions" conditions: Vec<Condition>,
        "allocatable" allocatable: Labels,
    }
    /// An address of a node: `InternalIP`, `ExternalIP`, `Hostname` …
    NodeAddress { "type" type_: String, "address" address: String }
    /// A condition of a pod, node or route.
    Condition { "type" type_: String, "status" status: String, "reason" reason: String, "message" message: String }

    /// A pod.
    Pod { "metadata" metadata: ObjectMeta, "spec" spec: PodSpec, "status" status: PodStatus }
    /// The pod a workload makes.
    PodTemplateSpec { "metadata" metadata: ObjectMeta, "spec" spec: PodSpec }
    /// Spec of a [`Pod`].
    PodSpec {
        "containers" containers: Vec<Container>,
        "initContainers" init_containers: Vec<Container>,
        "nodeName" node_name: String,
        "nodeSelector" node_selector: Labels,
        "hostNetwork" host_network: bool,
        "hostname" hostname: String,
        "subdomain" subdomain: String,
        "setHostnameAsFQDN" set_hostname_as_fqdn: Option<bool>,
        "hostnameOverride" hostname_override: Option<String>,
        "hostAliases" host_aliases: Vec<HostAlias>,
        "dnsPolicy" dns_policy: String,
        "dnsConfig" dns_config: Option<PodDnsConfig>,
        "readinessGates" readiness_gates: Vec<PodReadinessGate>,
        "tolerations" tolerations: Vec<Toleration>,
        "serviceAccountName" service_account_name: String,
        "restartPolicy" restart_policy: String,
    }
    /// A toleration.
    Toleration { "key" key: String, "operator" operator: String, "value" value: String, "effect" effect: String }
    /// An extra condition a pod needs to be ready.
    PodReadinessGate { "conditionType" condition_type: String }
    /// Lines for /etc/hosts.
    HostAlias { "ip" ip: String, "hostnames" hostnames: Vec<String> }
    /// Additions to resolv.conf.
    PodDnsConfig {
        "nameservers" nameservers: Vec<String>,
        "searches" searches: Vec<String>,
        "options" options: Vec<PodDnsConfigOption>,
    }
    /// One resolver option.
    PodDnsConfigOption { "name" name: String, "value" value: Option<String> }
    /// A container.
    Container {
        "name" name: String,
        "image" image: String,
        "command" command: Vec<String>,
        "args" args: Vec<String>,
        "ports" ports: Vec<ContainerPort>,
        "restartPolicy" restart_policy: Option<String>,
        "readinessProbe" readiness_probe: Option<Probe>,
        "livenessProbe" liveness_probe: Option<Probe>,
    }
    /// A declared port.
    ContainerPort {
        "name" name: String,
        "containerPort" container_port: i32,
        "hostPort" host_port: i32,
        "hostIP" host_ip: String,
        "protocol" protocol: String,
    }
    /// A probe.
    Probe {
        "httpGet" http_get: Option<HttpGetAction>,
        "tcpSocket" tcp_socket: Option<TcpSocketAction>,
        "grpc" grpc: Option<GrpcAction>,
    }
    /// An HTTP probe.
    HttpGetAction { "path" path: String, "port" port: IntOrString, "host" host: String, "scheme" scheme: String }
    /// A TCP probe.
    TcpSocketAction { "port" port: IntOrString, "host" host: String }
    /// A gRPC probe.
    GrpcAction { "port" port: i32 }
    /// Status of a [`Pod`].
    PodStatus {
        "phase" phase: String,
        "podIP" pod_ip: String,
        "podIPs" pod_ips: Vec<PodIp>,
        "hostIP" host_ip: String,
        "conditions" conditions: Vec<Condition>,
        "containerStatuses" container_statuses: Vec<ContainerStatus>,
    }
    /// One address of a pod.
    PodIp { "ip" ip: String }
    /// Status of a container.
    ContainerStatus { "name" name: String, "ready" ready: bool, "restartCount" restart_count: i32, "state" state: ContainerState }
    /// What a container is doing.
    ContainerState { "waiting" waiting: Option<ContainerStateReason>, "terminated" terminated: Option<ContainerStateReason> }
    /// Why it is not running.
    ContainerStateReason { "reason" reason: String, "message" message: String }

    /// A Service.
    Service { "metadata" metadata: ObjectMeta, "spec" spec: ServiceSpec, "status" status: ServiceStatus }
    /// Spec of a [`Service`].
    ServiceSpec {
        "type" type_: String,
        "selector" selector: Labels,
        "clusterIP" cluster_ip: String,
        "clusterIPs" cluster_ips: Vec<String>,
        "ipFamilies" ip_families: Vec<String>,
        "ipFamilyPolicy" ip_family_policy: Option<String>,
        "ports" ports: Vec<ServicePort>,
        "externalIPs" external_ips: Vec<String>,
        "externalName" external_name: String,
        "externalTrafficPolicy" external_traffic_policy: String,
        "internalTrafficPolicy" internal_traffic_policy: Option<String>,
        "healthCheckNodePort" health_check_node_port: i32,
        "loadBalancerIP" load_balancer_ip: String,
        "loadBalancerClass" load_balancer_class: Option<String>,
        "loadBalancerSourceRanges" load_balancer_source_ranges: Vec<String>,
        "allocateLoadBalancerNodePorts" allocate_load_balancer_node_ports: Option<bool>,
        "publishNotReadyAddresses" publish_not_ready_addresses: bool,
        "sessionAffinity" session_affinity: String,
        "sessionAffinityConfig" session_affinity_config: Option<SessionAffinityConfig>,
        "trafficDistribution" traffic_distribution: Option<String>,
    }
    /// One port of a Service.
    ServicePort {
        "name" name: String,
        "protocol" protocol: String,
        "appProtocol" app_protocol: Option<String>,
        "port" port: i32,
        "targetPort" target_port: IntOrString,
        "nodePort" node_port: i32,
    }
    /// Session affinity settings.
    SessionAffinityConfig { "clientIP" client_ip: Option<ClientIpConfig> }
    /// Client IP affinity.
    ClientIpConfig { "timeoutSeconds" timeout_seconds: Option<i32> }
    /// Status of a [`Service`].
    ServiceStatus { "loadBalancer" load_balancer: LoadBalancerStatus }
    /// What a load balancer provider reported.
    LoadBalancerStatus { "ingress" ingress: Vec<LoadBalancerIngress> }
    /// One address of a load balancer.
    LoadBalancerIngress {
        "ip" ip: String,
        "hostname" hostname: String,
        "ipMode" ip_mode: Option<String>,
    }

    /// The legacy list of addresses behind a Service.
    Endpoints { "metadata" metadata: ObjectMeta, "subsets" subsets: Vec<EndpointSubset> }
    /// Addresses and ports that go together.
    EndpointSubset {
        "addresses" addresses: Vec<EndpointAddress>,
        "notReadyAddresses" not_ready_addresses: Vec<EndpointAddress>,
        "ports" ports: Vec<EndpointPort>,
    }
    /// One address.
    EndpointAddress {
        "ip" ip: String,
        "hostname" hostname: String,
        "nodeName" node_name: Option<String>,
        "targetRef" target_ref: Option<ObjectReference>,
    }
    /// One port of an [`EndpointSubset`].
    EndpointPort { "name" name: String, "port" port: i32, "protocol" protocol: String, "appProtocol" app_protocol: Option<String> }
    /// A reference to an object.
    ObjectReference { "kind" kind: String, "namespace" namespace: String, "name" name: String, "uid" uid: String }

    /// A ConfigMap; only text data.
    ConfigMap { "metadata" metadata: ObjectMeta, "data" data: BTreeMap<String, String> }
    /// A Secret; values stay base64.
    Secret {
        "metadata" metadata: ObjectMeta,
        "type" type_: String,
        "data" data: BTreeMap<String, String>,
        "stringData" string_data: BTreeMap<String, String>,
    }
}
