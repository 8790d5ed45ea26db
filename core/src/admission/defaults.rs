//! What the API server fills in before it validates.

use crate::manifest::api::meta::{IntOrString, LabelSelector};
use crate::manifest::api::{core_v1, discovery_v1, networking_v1, workloads};

/// Whether a Service of this type and with these fields can be reached from outside.
///
/// k8s: pkg/api/service/util.go ExternallyAccessible
pub(crate) fn is_externally_accessible(spec: &core_v1::ServiceSpec) -> bool {
    match spec.type_.as_str() {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !spec.external_ips.is_empty(),
        _ => false,
    }
}

/// Whether a Service gets a health check port.
///
/// k8s: pkg/api/service/util.go NeedsHealthCheck
pub(crate) fn needs_health_check(spec: &core_v1::ServiceSpec) -> bool {
    spec.type_ == "LoadBalancer" && spec.external_traffic_policy == "Local"
}

/// k8s: pkg/apis/core/v1/defaults.go SetDefaults_Service; conversion keeps clusterIP and clusterIPs[0] equal
pub(crate) fn service(service: &mut core_v1::Service) {
    let spec = &mut service.spec;
    set(&mut spec.session_affinity, "None");
    if spec.session_affinity == "None" {
        spec.session_affinity_config = None;
    }
    if spec.session_affinity == "ClientIP" {
        let config = spec.session_affinity_config.get_or_insert_default();
        let client_ip = config.client_ip.get_or_insert_default();
        client_ip.timeout_seconds.get_or_insert(10800);
    }
    set(&mut spec.type_, "ClusterIP");
    for port in &mut spec.ports {
        set(&mut port.protocol, "TCP");
        let unset = match &port.target_port {
            IntOrString::Int(number) => *number == 0,
            IntOrString::String(name) => name.is_empty(),
        };
        if unset {
            port.target_port = IntOrString::Int(port.port);
        }
    }
    if is_externally_accessible(spec) {
        set(&mut spec.external_traffic_policy, "Cluster");
    }
    if matches!(spec.type_.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        spec.internal_traffic_policy.get_or_insert_with(|| "Cluster".into());
    }
    if spec.type_ == "LoadBalancer" {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
        for ingress in &mut service.status.load_balancer.ingress {
            if !ingress.ip.is_empty() {
                ingress.ip_mode.get_or_insert_with(|| "VIP".into());
            }
        }
    }
    // k8s: pkg/registry/core/service/strategy.go NormalizeClusterIPs
    if !spec.cluster_ip.is_empty() && spec.cluster_ips.is_empty() {
        spec.cluster_ips.push(spec.cluster_ip.clone());
    }
}

/// k8s: pkg/apis/core/v1/defaults.go SetDefaults_ContainerPort, SetHostNetworkPorts
pub(crate) fn pod_spec(spec: &mut core_v1::PodSpec) {
    let host_network = spec.host_network;
    for container in spec.init_containers.iter_mut().chain(&mut spec.containers) {
        for port in &mut container.ports {
            set(&mut port.protocol, "TCP");
            if host_network && port.host_port == 0 {
                port.host_port = port.container_port;
            }
        }
    }
    set(&mut spec.dns_policy, "ClusterFirst");
    set(&mut spec.restart_policy, "Always");
}

/// A ReplicationController without a selector takes the labels of its template.
///
/// k8s: pkg/apis/core/v1/defaults.go SetDefaults_ReplicationController
pub(crate) fn replication_controller(controller: &mut workloads::ReplicationController) {
    pod_spec(&mut controller.spec.template.spec);
    if controller.spec.selector.is_empty() {
        controller.spec.selector.clone_from(&controller.spec.template.metadata.labels);
    }
}

/// The selector of a ReplicationController in the form the other workloads have.
pub(crate) fn selector(controller: &workloads::ReplicationController) -> LabelSelector {
    LabelSelector { match_labels: controller.spec.selector.clone(), ..LabelSelector::default() }
}

/// k8s: pkg/apis/discovery/v1/defaults.go SetDefaults_EndpointPort
pub(crate) fn endpoint_slice(slice: &mut discovery_v1::EndpointSlice) {
    for port in &mut slice.ports {
        port.name.get_or_insert_default();
        port.protocol.get_or_insert_with(|| "TCP".into());
    }
}

/// k8s: pkg/apis/networking/v1/defaults.go SetDefaults_NetworkPolicy, SetDefaults_NetworkPolicyPort
pub(crate) fn network_policy(policy: &mut networking_v1::NetworkPolicy) {
    let spec = &mut policy.spec;
    let ports = spec.ingress.iter_mut().map(|rule| &mut rule.ports);
    for port in ports.chain(spec.egress.iter_mut().map(|rule| &mut rule.ports)).flatten() {
        port.protocol.get_or_insert_with(|| "TCP".into());
    }
    if spec.policy_types.is_empty() {
        spec.policy_types.push("Ingress".into());
        if !spec.egress.is_empty() {
            spec.policy_types.push("Egress".into());
        }
    }
}

/// k8s: pkg/apis/networking/v1/defaults.go SetDefaults_IngressClass
pub(crate) fn ingress_class(class: &mut networking_v1::IngressClass) {
    if let Some(parameters) = &mut class.spec.parameters {
        parameters.scope.get_or_insert_with(|| "Cluster".into());
    }
}

fn set(field: &mut String, value: &str) {
    if field.is_empty() {
        value.clone_into(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core_v1::{ContainerPort, PodSpec, Service, ServicePort};

    fn defaulted(edit: impl FnOnce(&mut core_v1::ServiceSpec)) -> core_v1::ServiceSpec {
        let mut service = Service::default();
        service.spec.ports.push(ServicePort { port: 80, ..ServicePort::default() });
        edit(&mut service.spec);
        super::service(&mut service);
        service.spec
    }

    #[test]
    fn a_bare_service_is_a_cluster_ip() {
        let spec = defaulted(|_| {});
        assert_eq!((spec.type_.as_str(), spec.session_affinity.as_str()), ("ClusterIP", "None"));
        assert_eq!(spec.ports[0].protocol, "TCP");
        assert_eq!(spec.ports[0].target_port, IntOrString::Int(80));
        assert_eq!(spec.internal_traffic_policy.as_deref(), Some("Cluster"));
        assert_eq!(spec.external_traffic_policy, "");
    }

    #[test]
    fn external_traffic_policy_needs_an_outside() {
        assert_eq!(defaulted(|spec| spec.type_ = "NodePort".into()).external_traffic_policy, "Cluster");
        let with_ips = defaulted(|spec| spec.external_ips.push("192.0.2.1".into()));
        assert_eq!(with_ips.external_traffic_policy, "Cluster");
        let name = defaulted(|spec| spec.type_ = "ExternalName".into());
        assert_eq!((name.external_traffic_policy.as_str(), name.internal_traffic_policy), ("", None));
    }

    #[test]
    fn client_ip_affinity_lasts_three_hours() {
        let spec = defaulted(|spec| spec.session_affinity = "ClientIP".into());
        let client_ip = spec.session_affinity_config.unwrap().client_ip.unwrap();
        assert_eq!(client_ip.timeout_seconds, Some(10800));
        let none = defaulted(|spec| spec.session_affinity_config = Some(Default::default()));
        assert_eq!(none.session_affinity_config, None);
    }

    #[test]
    fn empty_target_port_names_are_unset() {
        let spec = defaulted(|spec| spec.ports[0].target_port = IntOrString::String(String::new()));
        assert_eq!(spec.ports[0].target_port, IntOrString::Int(80));
    }

    #[test]
    fn host_network_ports_are_host_ports() {
        let port = ContainerPort { container_port: 8080, ..ContainerPort::default() };
        let container = core_v1::Container { ports: vec![port], ..Default::default() };
        let mut spec = PodSpec { host_network: true, containers: vec![container], ..PodSpec::default() };
        pod_spec(&mut spec);
        assert_eq!(spec.containers[0].ports[0].host_port, 8080);
    }

    #[test]
    fn policy_types_follow_egress() {
        let mut policy = networking_v1::NetworkPolicy::default();
        network_policy(&mut policy);
        assert_eq!(policy.spec.policy_types, ["Ingress"]);
        let mut policy = networking_v1::NetworkPolicy::default();
        policy.spec.egress.push(Default::default());
        network_policy(&mut policy);
        assert_eq!(policy.spec.policy_types, ["Ingress", "Egress"]);
    }
}
