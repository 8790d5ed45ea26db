//! `kubectl describe`, object by object.

use super::table::align;
use crate::manifest::ObjectRef;
use crate::manifest::api::core_v1::{Endpoints, LoadBalancerStatus};
use crate::manifest::api::discovery_v1::EndpointSlice;
use crate::manifest::api::meta::{Labels, ObjectMeta};
use crate::manifest::api::networking_v1::{IngressBackend, IngressClass, IpAddress, ServiceCidr};
use crate::model::{NamespaceId, Service, ServiceId, Snapshot, Stored};
use crate::order::SliceOrder;
use std::fmt::Write;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const MAX_ANNOTATION: usize = 140;

/// Text with tab-terminated cells, written line by line.
#[derive(Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// One line, indented by `level` steps of two spaces.
    pub(super) fn line(&mut self, level: usize, line: impl std::fmt::Display) {
        let _ = writeln!(self.text, "{}{line}", "  ".repeat(level));
    }

    pub(super) fn finish(self) -> String {
        align(&self.text, 2, 0)
    }

    /// k8s: kubectl/pkg/describe/describe.go printLabelsMultiline (1.36)
    pub(super) fn labels(&mut self, labels: &Labels) {
        if labels.is_empty() {
            self.line(0, "Labels:\t<none>");
        }
        for (index, (key, value)) in labels.iter().enumerate() {
            let title = if index == 0 { "Labels:" } else { "" };
            self.line(0, format_args!("{title}\t{key}={value}"));
        }
    }

    /// k8s: kubectl/pkg/describe/describe.go printAnnotationsMultiline (1.36)
    pub(super) fn annotations(&mut self, annotations: &Labels) {
        let mut title = "Annotations:";
        for (key, value) in annotations.iter().filter(|(key, _)| *key != LAST_APPLIED) {
            let value = value.strip_suffix('\n').unwrap_or(value);
            if value.len() + key.len() + 2 > MAX_ANNOTATION || value.contains('\n') {
                self.line(0, format_args!("{title}\t{key}:"));
                for part in value.split('\n') {
                    let kept: String = part.chars().take(MAX_ANNOTATION - 2).collect();
                    let cut = if kept.len() < part.len() { "..." } else { "" };
                    self.line(0, format_args!("\t  {kept}{cut}"));
                }
            } else {
                self.line(0, format_args!("{title}\t{key}: {value}"));
            }
            title = "";
        }
        if !title.is_empty() {
            self.line(0, "Annotations:\t<none>");
        }
    }

    fn meta(&mut self, object: &ObjectRef, labels: &Labels, annotations: &Labels) {
        self.line(0, format_args!("Name:\t{}", object.name));
        if let Some(namespace) = &object.namespace {
            self.line(0, format_args!("Namespace:\t{namespace}"));
        }
        self.labels(labels);
        self.annotations(annotations);
    }
}

fn set_or<'a>(text: &'a str, fallback: &'a str) -> &'a str {
    if text.is_empty() { fallback } else { text }
}

/// `k=v,k=v`, or `<none>`.
pub(super) fn format_labels(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    set_or(&pairs.join(","), "<none>").to_owned()
}

/// k8s: kubectl/pkg/describe/describe.go describeService (1.36)
pub(super) fn service(snapshot: &Snapshot, id: ServiceId, service: &Service) -> String {
    let spec = &service.spec;
    let mut page = Page::default();
    page.line(0, format_args!("Name:\t{}", service.name));
    page.line(0, format_args!("Namespace:\t{}", snapshot.namespace_name(service.namespace)));
    page.labels(&service.labels);
    page.annotations(&service.annotations);
    page.line(0, format_args!("Selector:\t{}", format_labels(&spec.selector)));
    page.line(0, format_args!("Type:\t{}", spec.type_));
    if let Some(policy) = &spec.ip_family_policy {
        page.line(0, format_args!("IP Family Policy:\t{policy}"));
    }
    page.line(0, format_args!("IP Families:\t{}", set_or(&spec.ip_families.join(","), "<none>")));
    page.line(0, format_args!("IP:\t{}", spec.cluster_ip));
    page.line(0, format_args!("IPs:\t{}", set_or(&spec.cluster_ips.join(","), "<none>")));
    if !spec.external_ips.is_empty() {
        page.line(0, format_args!("External IPs:\t{}", spec.external_ips.join(",")));
    }
    if !spec.load_balancer_ip.is_empty() {
        page.line(0, format_args!("Desired LoadBalancer IP:\t{}", spec.load_balancer_ip));
    }
    if !spec.external_name.is_empty() {
        page.line(0, format_args!("External Name:\t{}", spec.external_name));
    }
    let ingress = &service.status.load_balancer.ingress;
    if !ingress.is_empty() {
        let shown = ingress.iter().map(|ingress| match (ingress.ip.as_str(), &ingress.ip_mode) {
            ("", _) => ingress.hostname.clone(),
            (ip, Some(mode)) => format!("{ip} ({mode})"),
            (ip, None) => ip.to_owned(),
        });
        page.line(0, format_args!("LoadBalancer Ingress:\t{}", shown.collect::<Vec<_>>().join(", ")));
    }
    let slices: Vec<&EndpointSlice> = snapshot.slices_of(id).map(|slice| &slice.value).collect();
    for port in &spec.ports {
        let (name, protocol) = (set_or(&port.name, "<unset>"), &port.protocol);
        page.line(0, format_args!("Port:\t{name}\t{}/{protocol}", port.port));
        page.line(0, format_args!("TargetPort:\t{}/{protocol}", port.target_port));
        if let Some(app) = &port.app_protocol {
            page.line(0, format_args!("AppProtocol:\t{app}"));
        }
        if port.node_port != 0 {
            page.line(0, format_args!("NodePort:\t{name}\t{}/{protocol}", port.node_port));
        }
        page.line(0, format_args!("Endpoints:\t{}", endpoints_of(&slices, &port.name)));
    }
    page.line(0, format_args!("Session Affinity:\t{}", spec.session_affinity));
    if !spec.external_traffic_policy.is_empty() {
        page.line(0, format_args!("External Traffic Policy:\t{}", spec.external_traffic_policy));
    }
    if let Some(policy) = &spec.internal_traffic_policy {
        page.line(0, format_args!("Internal Traffic Policy:\t{policy}"));
    }
    if spec.health_check_node_port != 0 {
        page.line(0, format_args!("HealthCheck NodePort:\t{}", spec.health_check_node_port));
    }
    if !spec.load_balancer_source_ranges.is_empty() {
        let ranges = spec.load_balancer_source_ranges.join(",");
        page.line(0, format_args!("LoadBalancer Source Ranges:\t{ranges}"));
    }
    if let Some(distribution) = &spec.traffic_distribution {
        page.line(0, format_args!("Traffic Distribution:\t{distribution}"));
    }
    page.line(0, "Events:\t<none>");
    page.finish()
}

/// The ready endpoints of one service port: the first three, and how many more.
///
/// k8s: kubectl/pkg/describe/describe.go formatEndpointSlices (1.36)
fn endpoints_of(slices: &[&EndpointSlice], port_name: &str) -> String {
    const MAX: usize = 3;
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut shown: Vec<String> = Vec::new();
    let (mut count, mut more) = (0_usize, false);
    for slice in slices {
        let mut add = |port: Option<i32>| {
            for endpoint in &slice.endpoints {
                // Judged before readiness, so a fourth endpoint that is not ready gives "+ 0 more...".
                more |= shown.len() == MAX;
                if endpoint.conditions.ready == Some(false) {
                    continue;
                }
                count += 1;
                let address = endpoint.addresses.first().map_or("", String::as_str);
                if !more {
                    shown.push(match port {
                        None => address.to_owned(),
                        Some(port) if address.contains(':') => format!("[{address}]:{port}"),
                        Some(port) => format!("{address}:{port}"),
                    });
                }
            }
        };
        if slice.ports.is_empty() {
            add(None);
        }
        for port in slice.ports.iter().filter(|port| port.name.as_deref().unwrap_or_default() == port_name) {
            add(Some(port.port.unwrap_or_default()));
        }
    }
    let list = shown.join(",");
    if more { format!("{list} + {} more...", count - MAX) } else { list }
}

/// `ip`, or `hostname`, of each entry, joined as `get` and `describe` show them.
pub(super) fn load_balancer(status: &LoadBalancerStatus, wide: bool) -> String {
    const WIDTH: usize = 16;
    let mut shown: Vec<&str> = status
        .ingress
        .iter()
        .map(|ingress| set_or(&ingress.ip, &ingress.hostname))
        .filter(|text| !text.is_empty())
        .collect();
    shown.order();
    shown.dedup();
    let text = shown.join(",");
    if wide || text.chars().count() <= WIDTH {
        return text;
    }
    format!("{}...", text.chars().take(WIDTH - 3).collect::<String>())
}

/// k8s: kubectl/pkg/describe/describe.go describeIngressV1 (1.36)
pub(super) fn ingress(
    snapshot: &Snapshot,
    stored: &Stored<crate::manifest::api::networking_v1::Ingress>,
) -> String {
    let (object, value) = (&stored.object, &stored.value);
    let namespace = object.namespace.as_deref().and_then(|name| snapshot.namespace_id(name));
    let mut page = Page::default();
    page.line(0, format_args!("Name:\t{}", object.name));
    page.labels(&value.metadata.labels);
    page.line(0, format_args!("Namespace:\t{}", object.namespace.as_deref().unwrap_or_default()));
    page.line(0, format_args!("Address:\t{}", load_balancer(&value.status.load_balancer, true)));
    let class = value.spec.ingress_class_name.as_deref().unwrap_or("<none>");
    page.line(0, format_args!("Ingress Class:\t{class}"));
    let default = match &value.spec.default_backend {
        Some(backend) => backend_text(snapshot, namespace, backend),
        None => "<default>".to_owned(),
    };
    page.line(0, format_args!("Default backend:\t{default}"));
    if !value.spec.tls.is_empty() {
        page.line(0, "TLS:");
        for tls in &value.spec.tls {
            let hosts = tls.hosts.join(",");
            if tls.secret_name.is_empty() {
                page.line(1, format_args!("SNI routes {hosts}"));
            } else {
                page.line(1, format_args!("{} terminates {hosts}", tls.secret_name));
            }
        }
    }
    page.line(0, "Rules:\n  Host\tPath\tBackends\n  ----\t----\t--------");
    let mut any = false;
    for rule in &value.spec.rules {
        let Some(http) = &rule.http else { continue };
        any = true;
        page.line(1, format_args!("{}\t", set_or(&rule.host, "*")));
        for path in &http.paths {
            let backend = backend_text(snapshot, namespace, &path.backend);
            page.line(2, format_args!("\t{} \t{backend}", path.path));
        }
    }
    if !any {
        page.line(1, format_args!("*\t*\t{default}"));
    }
    page.annotations(&value.metadata.annotations);
    page.line(0, "Events:\t<none>");
    page.finish()
}

/// k8s: kubectl/pkg/describe/describe.go describeBackendV1 (1.36)
fn backend_text(snapshot: &Snapshot, namespace: Option<NamespaceId>, backend: &IngressBackend) -> String {
    if let Some(service) = &backend.service {
        let (name, port) = (&service.name, &service.port);
        let number = port.number.to_string();
        let text = format!("{name}:{}", set_or(&port.name, &number));
        let found = namespace
            .and_then(|namespace| snapshot.service_id(snapshot.namespace_name(namespace), name))
            .and_then(|id| Some((id, snapshot.service(id)?)));
        let Some((id, found)) = found else {
            return format!("{text} (<error: services \"{name}\" not found>)");
        };
        let by_number = |number: i32| number != 0 && number == port.number;
        let chosen = found.spec.ports.iter().rfind(|candidate| {
            by_number(candidate.port) || (!port.name.is_empty() && candidate.name == port.name)
        });
        let slices: Vec<&EndpointSlice> = snapshot.slices_of(id).map(|slice| &slice.value).collect();
        let endpoints = endpoints_of(&slices, chosen.map_or("", |port| &port.name));
        return format!("{text} ({endpoints})");
    }
    match &backend.resource {
        Some(resource) => {
            let group = resource.api_group.as_deref().unwrap_or("<none>");
            format!("APIGroup: {group}, Kind: {}, Name: {}", resource.kind, resource.name)
        }
        None => String::new(),
    }
}

/// k8s: kubectl/pkg/describe/describe.go describeEndpointSliceV1 (1.36)
pub(super) fn endpoint_slice(object: &ObjectRef, value: &EndpointSlice) -> String {
    let unset = |text: &Option<String>| {
        text.clone().filter(|text| !text.is_empty()).unwrap_or_else(|| "<unset>".into())
    };
    let mut page = Page::default();
    page.meta(object, &value.metadata.labels, &value.metadata.annotations);
    page.line(0, format_args!("AddressType:\t{}", value.address_type));
    if value.ports.is_empty() {
        page.line(0, "Ports: <unset>");
    } else {
        page.line(0, "Ports:\n  Name\tPort\tProtocol\n  ----\t----\t--------");
        for port in &value.ports {
            let number = port.port.map_or_else(|| "<unset>".to_owned(), |number| number.to_string());
            let protocol = port.protocol.as_deref().unwrap_or_default();
            page.line(1, format_args!("{}\t{number}\t{protocol}", unset(&port.name)));
        }
    }
    if value.endpoints.is_empty() {
        page.line(0, "Endpoints: <none>");
    } else {
        page.line(0, "Endpoints:");
    }
    for endpoint in &value.endpoints {
        let addresses = endpoint.addresses.join(", ");
        page.line(1, format_args!("- Addresses:\t{}", set_or(&addresses, "<none>")));
        page.line(2, "Conditions:");
        let ready = endpoint.conditions.ready.map_or_else(|| "<unset>".to_owned(), |ready| ready.to_string());
        page.line(3, format_args!("Ready:\t{ready}"));
        page.line(2, format_args!("Hostname:\t{}", unset(&endpoint.hostname)));
        if let Some(target) = &endpoint.target_ref {
            page.line(2, format_args!("TargetRef:\t{}/{}", target.kind, target.name));
        }
        page.line(2, format_args!("NodeName:\t{}", unset(&endpoint.node_name)));
        page.line(2, format_args!("Zone:\t{}", unset(&endpoint.zone)));
    }
    page.line(0, "Events:\t<none>");
    page.finish()
}

/// k8s: kubectl/pkg/describe/describe.go describeEndpoints (1.36)
pub(super) fn endpoints(stored: &Stored<Endpoints>) -> String {
    let meta: &ObjectMeta = &stored.value.metadata;
    let mut page = Page::default();
    page.meta(&stored.object, &meta.labels, &meta.annotations);
    page.line(0, "Subsets:");
    for subset in &stored.value.subsets {
        let list = |addresses: &[crate::manifest::api::core_v1::EndpointAddress]| {
            let ips: Vec<&str> = addresses.iter().map(|address| address.ip.as_str()).collect();
            set_or(&ips.join(","), "<none>").to_owned()
        };
        page.line(1, format_args!("Addresses:\t{}", list(&subset.addresses)));
        page.line(1, format_args!("NotReadyAddresses:\t{}", list(&subset.not_ready_addresses)));
        if !subset.ports.is_empty() {
            page.line(1, "Ports:\n    Name\tPort\tProtocol\n    ----\t----\t--------");
            for port in &subset.ports {
                let name = set_or(&port.name, "<unset>");
                page.line(2, format_args!("{name}\t{}\t{}", port.port, port.protocol));
            }
        }
        page.line(0, "");
    }
    page.line(0, "Events:\t<none>");
    page.finish()
}

/// k8s: kubectl/pkg/describe/describe.go describeIngressClassV1 (1.36)
pub(super) fn ingress_class(stored: &Stored<IngressClass>) -> String {
    let meta = &stored.value.metadata;
    let mut page = Page::default();
    page.meta(&stored.object, &meta.labels, &meta.annotations);
    page.line(0, format_args!("Controller:\t{}", stored.value.spec.controller));
    if let Some(parameters) = &stored.value.spec.parameters {
        page.line(0, "Parameters:");
        if let Some(group) = &parameters.api_group {
            page.line(1, format_args!("APIGroup:\t{group}"));
        }
        page.line(1, format_args!("Kind:\t{}", parameters.kind));
        page.line(1, format_args!("Name:\t{}", parameters.name));
    }
    page.line(0, "Events:\t<none>");
    page.finish()
}

/// k8s: kubectl/pkg/describe/describe.go describeIPAddressV1 (1.36)
pub(super) fn ip_address(object: &ObjectRef, value: &IpAddress) -> String {
    let mut page = Page::default();
    page.meta(object, &value.metadata.labels, &value.metadata.annotations);
    if let Some(parent) = &value.spec.parent_ref {
        page.line(0, "Parent Reference:");
        page.line(1, format_args!("Group:\t{}", parent.group));
        page.line(1, format_args!("Resource:\t{}", parent.resource));
        page.line(1, format_args!("Namespace:\t{}", parent.namespace));
        page.line(1, format_args!("Name:\t{}", parent.name));
    }
    page.line(0, "Events:\t<none>");
    page.finish()
}

/// k8s: kubectl/pkg/describe/describe.go describeServiceCIDRV1 (1.36)
pub(super) fn service_cidr(object: &ObjectRef, value: &ServiceCidr) -> String {
    let mut page = Page::default();
    page.meta(object, &value.metadata.labels, &value.metadata.annotations);
    page.line(0, format_args!("CIDRs:\t{}", value.spec.cidrs.join(", ")));
    if !value.status.conditions.is_empty() {
        page.line(0, "Status:\nConditions:");
        page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t------------------\t------\t-------");
        for condition in &value.status.conditions {
            let time = super::time::rfc1123z(condition.last_transition_time.as_deref());
            page.line(
                1,
                format_args!(
                    "{}\t{}\t{time}\t{}\t{}",
                    condition.type_, condition.status, condition.reason, condition.message
                ),
            );
        }
    }
    page.line(0, "Events:\t<none>");
    page.finish()
}
