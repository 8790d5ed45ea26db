//! What every cluster has without anybody writing it: the API server's Service and cluster DNS.

use super::hash::{hash_text, suffix};
use super::intake::{Intake, PodSource, Reports};
use super::ipam::{address, family, number};
use super::nodes::node_block;
use super::settle::DraftService;
use super::{
    EndpointSlice, Family, Filled, Namespace, NamespaceId, Node, Origin, Phase, Pod, Service, Settings,
};
use crate::admission::defaults;
use crate::manifest::ObjectRef;
use crate::manifest::api::core_v1::{self, Container, ContainerPort, PodSpec, ServicePort, Toleration};
use crate::manifest::api::discovery_v1;
use crate::manifest::api::meta::{IntOrString, Labels, labels};
use std::net::IpAddr;
use std::sync::Arc;

/// Label of the cluster's DNS, Service and pods alike.
const DNS_LABEL: (&str, &str) = ("k8s-app", "kube-dns");
const API_PORT: i32 = 6443;

fn is_dns(labels: &Labels) -> bool {
    labels.get(DNS_LABEL.0).is_some_and(|value| value == DNS_LABEL.1)
}

fn id(namespaces: &[Namespace], name: &str) -> Option<NamespaceId> {
    let at = namespaces.binary_search_by(|namespace| namespace.name.as_str().cmp(name)).ok()?;
    u32::try_from(at).ok().map(NamespaceId)
}

fn service(namespace: NamespaceId, name: &str, labels: Labels, spec: core_v1::ServiceSpec) -> DraftService {
    let mut service = core_v1::Service { spec, ..Default::default() };
    defaults::service(&mut service);
    let service = Service {
        namespace,
        name: name.into(),
        labels,
        annotations: Labels::new(),
        spec: service.spec,
        status: service.status,
        allocated: Vec::new(),
        origin: Origin::ControlPlane,
    };
    DraftService { service, stored: false }
}

fn port(name: &str, number: i32, target: i32, protocol: &str) -> ServicePort {
    ServicePort {
        name: name.into(),
        port: number,
        target_port: IntOrString::Int(target),
        protocol: protocol.into(),
        ..ServicePort::default()
    }
}

/// The address `step` after the base of the first service CIDR, where the CIDR holds it.
fn service_ip(settings: &Settings, step: u128) -> Option<IpAddr> {
    let net = settings.service_cidrs.first()?;
    let ip = address(family(net), number(net.network()).saturating_add(step));
    net.contains(&ip).then_some(ip)
}

/// The Services that are missing: `kubernetes` and `kube-dns`.
pub(crate) fn services(intake: &Intake, settings: &Settings, namespaces: &[Namespace]) -> Vec<DraftService> {
    let given = |namespace: &str, name: &str| {
        intake.services.iter().any(|given| given.namespace == namespace && given.name == name)
    };
    let mut found = Vec::new();
    let text = |ip: Option<IpAddr>| ip.map(|ip| ip.to_string()).unwrap_or_default();
    // k8s: pkg/controlplane/controller/kubernetesservice
    if let Some(namespace) = id(namespaces, "default").filter(|_| !given("default", "kubernetes")) {
        let spec = core_v1::ServiceSpec {
            cluster_ip: text(service_ip(settings, 1)),
            ports: vec![port("https", 443, API_PORT, "TCP")],
            ..Default::default()
        };
        let own = labels(&[("component", "apiserver"), ("provider", "kubernetes")]);
        found.push(service(namespace, "kubernetes", own, spec));
    }
    // kubeadm: cmd/kubeadm/app/phases/addons/dns/manifests.go
    if let Some(namespace) = id(namespaces, "kube-system").filter(|_| !has_dns_service(intake)) {
        let asked = settings.dns.cluster_dns.as_ref().and_then(|ips| ips.first()).copied();
        let asked = asked.filter(|ip| settings.service_cidrs.iter().any(|net| net.contains(ip)));
        let spec = core_v1::ServiceSpec {
            cluster_ip: text(asked.or_else(|| service_ip(settings, 10))),
            selector: labels(&[DNS_LABEL]),
            ports: vec![
                port("dns", 53, 53, "UDP"),
                port("dns-tcp", 53, 53, "TCP"),
                port("metrics", 9153, 9153, "TCP"),
            ],
            ..Default::default()
        };
        let own = labels(&[
            DNS_LABEL,
            ("kubernetes.io/cluster-service", "true"),
            ("kubernetes.io/name", "CoreDNS"),
        ]);
        let mut dns = service(namespace, "kube-dns", own, spec);
        dns.service.annotations = labels(&[("prometheus.io/port", "9153"), ("prometheus.io/scrape", "true")]);
        found.push(dns);
    }
    found
}

/// Whether the input brings its own DNS Service.
fn has_dns_service(intake: &Intake) -> bool {
    intake.services.iter().any(|given| {
        given.namespace == "kube-system" && (given.name == "kube-dns" || is_dns(&given.value.metadata.labels))
    })
}

/// The CoreDNS pods, unless the input brings pods that serve DNS, or a DNS Service for others.
pub(crate) fn dns_pods(intake: &Intake, namespaces: &[Namespace], reports: &mut Reports) -> Vec<Pod> {
    let in_input = intake.pods.iter().filter(|given| given.namespace == "kube-system").any(|given| {
        is_dns(match &given.value {
            PodSource::Pod(pod) => &pod.metadata.labels,
            PodSource::Workload(_, workload) => &workload.spec.template.metadata.labels,
            PodSource::ReplicationController(controller) => &controller.spec.template.metadata.labels,
            PodSource::CronJob(job) => &job.spec.job_template.spec.template.metadata.labels,
        })
    });
    let for_others = has_dns_service(intake)
        && !intake.services.iter().any(|given| {
            given.namespace == "kube-system" && given.value.spec.selector == labels(&[DNS_LABEL])
        });
    let Some(namespace) = id(namespaces, "kube-system").filter(|_| !in_input && !for_others) else {
        return Vec::new();
    };
    let message =
        "the input brings no cluster DNS: two CoreDNS pods behind kube-system/kube-dns are taken to run";
    reports.assume("model/cluster-dns", message.into(), None);
    let spec = Arc::new(dns_spec());
    let hash = hash_text("coredns");
    let mut own = labels(&[DNS_LABEL]);
    own.insert("pod-template-hash".into(), hash.clone());
    let own = Arc::new(own);
    let pod = |index| Pod {
        namespace,
        name: format!("coredns-{hash}-{}", suffix("coredns", index)),
        labels: Arc::clone(&own),
        ips: Vec::new(),
        node: None,
        phase: Phase::Running,
        ready: true,
        terminating: false,
        host_network: false,
        workload: Some(ObjectRef::namespaced("Deployment", "kube-system", "coredns")),
        spec: Arc::clone(&spec),
        filled: Filled { status: true, ..Filled::default() },
        origin: Origin::ControlPlane,
    };
    (0..2).map(pod).collect()
}

fn dns_spec() -> PodSpec {
    let port = |name: &str, number, protocol: &str| ContainerPort {
        name: name.into(),
        container_port: number,
        protocol: protocol.into(),
        ..ContainerPort::default()
    };
    let toleration = |key: &str, operator: &str, effect: &str| Toleration {
        key: key.into(),
        operator: operator.into(),
        effect: effect.into(),
        ..Toleration::default()
    };
    PodSpec {
        containers: vec![Container {
            name: "coredns".into(),
            image: "registry.k8s.io/coredns/coredns".into(),
            args: ["-conf", "/etc/coredns/Corefile"].map(str::to_owned).to_vec(),
            ports: vec![port("dns", 53, "UDP"), port("dns-tcp", 53, "TCP"), port("metrics", 9153, "TCP")],
            ..Container::default()
        }],
        dns_policy: "Default".into(),
        restart_policy: "Always".into(),
        service_account_name: "coredns".into(),
        node_selector: labels(&[("kubernetes.io/os", "linux")]),
        tolerations: vec![
            toleration("CriticalAddonsOnly", "Exists", ""),
            toleration("node-role.kubernetes.io/control-plane", "", "NoSchedule"),
        ],
        ..PodSpec::default()
    }
}

/// Where the API server listens: a control plane node, or the address before the first node's.
pub(crate) fn api_server(settings: &Settings, nodes: &[Node], wanted: Family) -> Option<IpAddr> {
    let control_plane =
        nodes.iter().find(|node| node.labels.contains_key("node-role.kubernetes.io/control-plane"));
    let of_node =
        control_plane.and_then(|node| node.ips.iter().copied().find(|&ip| Family::of(ip) == wanted));
    of_node.or_else(|| {
        let block = node_block(settings, wanted)?;
        Some(address(wanted, number(block.network()).saturating_add(10)))
    })
}

/// The EndpointSlice that the API server keeps for itself.
pub(crate) fn api_server_slice(
    settings: &Settings,
    nodes: &[Node],
    service: &Service,
    reports: &mut Reports,
) -> Option<EndpointSlice> {
    let wanted = match service.spec.ip_families.first().map(String::as_str) {
        Some("IPv6") => Family::IPv6,
        _ => Family::IPv4,
    };
    let ip = api_server(settings, nodes, wanted)?;
    let message = format!("the API server is taken to listen at {ip} port {API_PORT}");
    reports.assume(
        "model/api-server",
        message,
        Some(ObjectRef::namespaced("Service", "default", "kubernetes")),
    );
    let mut value = discovery_v1::EndpointSlice {
        address_type: super::endpoints::family_name(wanted).into(),
        endpoints: vec![discovery_v1::Endpoint {
            addresses: vec![ip.to_string()],
            conditions: discovery_v1::EndpointConditions { ready: Some(true), ..Default::default() },
            ..Default::default()
        }],
        ports: vec![discovery_v1::EndpointPort {
            name: Some("https".into()),
            protocol: Some("TCP".into()),
            port: Some(API_PORT),
            app_protocol: None,
        }],
        ..Default::default()
    };
    value.metadata.name = "kubernetes".into();
    value.metadata.namespace = "default".into();
    value.metadata.labels = labels(&[(super::lookup::SERVICE_NAME, "kubernetes")]);
    Some(EndpointSlice {
        namespace: service.namespace,
        name: "kubernetes".into(),
        value,
        pods: vec![None],
        origin: Origin::ControlPlane,
    })
}
