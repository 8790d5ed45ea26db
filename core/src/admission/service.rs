//! Validation of Services.
//!
//! k8s: pkg/apis/core/validation/validation.go ValidateService (1.36)

use super::check::{NameRule, labels, meta, special_ip};
use super::fault::{Fault, Gates, Shown, json_string};
use super::{defaults, names};
use crate::manifest::Severity;
use crate::manifest::api::core_v1::{Service, ServicePort, ServiceSpec, ServiceStatus};
use crate::manifest::api::meta::{IntOrString, Labels};
use std::collections::BTreeSet;

const KUBELET_PORT: i32 = 10250;
const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";
const TOPOLOGY_HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// Judges a defaulted Service. Faults of its addresses are found by the allocator, before anything else
/// is looked at: then they stand alone.
pub(crate) fn service(service: &Service, gates: &Gates) -> Vec<Fault> {
    let spec = &service.spec;
    let alone = cluster_ips(spec, gates);
    if !alone.is_empty() {
        return alone;
    }
    let rule = if gates.relaxed_service_names { NameRule::Label } else { NameRule::Label1035 };
    let mut faults = meta(&service.metadata, rule, true);
    faults.extend(topology(&service.metadata.annotations));
    faults.extend(of_type(spec));
    faults.extend(ports(spec));
    faults.extend(labels(&spec.selector, "spec.selector"));
    faults.extend(affinity(spec));
    for (index, ip) in spec.external_ips.iter().enumerate() {
        let field = format!("spec.externalIPs[{index}]");
        let complaints = names::legacy_ip(ip, gates.strict_ips);
        if complaints.is_empty() {
            faults.extend(special_ip(&field, ip));
        } else {
            faults.extend(complaints.into_iter().map(|text| Fault::invalid(&field, ip, text)));
        }
    }
    let types = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    if !types.contains(&spec.type_.as_str()) {
        faults.push(Fault::unsupported("spec.type", &spec.type_, types));
    }
    faults.extend(node_ports(spec));
    faults.extend(duplicate_ports(spec));
    faults.extend(load_balancer(service, gates));
    faults.extend(traffic(spec, gates));
    // A status is not taken from a manifest, so it refuses nothing.
    let status = status(spec, &service.status).into_iter();
    faults.extend(status.map(|fault| Fault { severity: Severity::Warning, ..fault }));
    faults.extend(warnings(service));
    faults
}

fn is_headless(spec: &ServiceSpec) -> bool {
    spec.cluster_ips.first().is_some_and(|ip| ip == "None")
}

fn topology(annotations: &Labels) -> Option<Fault> {
    let mode = annotations.get(TOPOLOGY_MODE)?;
    let hints = annotations.get(TOPOLOGY_HINTS)?;
    let field = format!("metadata.annotations[{TOPOLOGY_MODE}]");
    let detail = format!("must match annotations[{TOPOLOGY_HINTS}] when both are specified");
    (mode != hints).then(|| Fault::invalid(field, mode, &detail))
}

/// Rules that depend on the type.
fn of_type(spec: &ServiceSpec) -> Vec<Fault> {
    let mut faults = Vec::new();
    if spec.ports.is_empty() && !is_headless(spec) && spec.type_ != "ExternalName" {
        faults.push(Fault::required("spec.ports", ""));
    }
    if spec.type_ == "LoadBalancer" {
        for (index, _) in spec.ports.iter().enumerate().filter(|(_, port)| port.port == KUBELET_PORT) {
            let detail = format!("may not expose port {KUBELET_PORT} externally since it is used by kubelet");
            faults.push(Fault::invalid(format!("spec.ports[{index}]"), KUBELET_PORT, &detail));
        }
    }
    if matches!(spec.type_.as_str(), "LoadBalancer" | "NodePort") && is_headless(spec) {
        let detail = format!("may not be set to 'None' for {} services", spec.type_);
        faults.push(Fault::invalid("spec.clusterIPs[0]", "None", &detail));
    }
    if spec.type_ == "ExternalName" {
        let given = [
            ("spec.clusterIPs", !spec.cluster_ips.is_empty()),
            ("spec.ipFamilies", !spec.ip_families.is_empty()),
            ("spec.ipFamilyPolicy", spec.ip_family_policy.is_some()),
        ];
        for (field, _) in given.into_iter().filter(|(_, given)| *given) {
            faults.push(Fault::forbidden(field, "may not be set for ExternalName services"));
        }
        let name = spec.external_name.strip_suffix('.').unwrap_or(&spec.external_name);
        if name.is_empty() {
            faults.push(Fault::required("spec.externalName", ""));
        } else {
            let complaints = names::dns_subdomain(name).into_iter();
            faults.extend(complaints.map(|text| Fault::invalid("spec.externalName", name, &text)));
        }
    }
    faults
}

/// k8s: validateServicePort
fn ports(spec: &ServiceSpec) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, port) in spec.ports.iter().enumerate() {
        let at = |field: &str| format!("spec.ports[{index}].{field}");
        if port.name.is_empty() {
            if spec.ports.len() > 1 {
                let help = "with more than one port, each needs a name of its own";
                faults.push(Fault::required(at("name"), "").with_help(help));
            }
        } else {
            let complaints = names::dns_label(&port.name).into_iter();
            faults.extend(complaints.map(|text| Fault::invalid(at("name"), &port.name, &text)));
            if !seen.insert(&port.name) {
                faults.push(Fault::duplicate(at("name"), &port.name));
            }
        }
        if let Some(text) = names::port_number(port.port) {
            faults.push(Fault::invalid(at("port"), port.port, text));
        }
        if !matches!(port.protocol.as_str(), "SCTP" | "TCP" | "UDP") {
            let known = &["SCTP", "TCP", "UDP"];
            faults.push(Fault::unsupported(at("protocol"), &port.protocol, known));
        }
        match &port.target_port {
            IntOrString::Int(number) => {
                let text = names::port_number(*number);
                faults.extend(text.map(|text| Fault::invalid(at("targetPort"), *number, text)));
            }
            IntOrString::String(name) => {
                let quoted = name.parse::<u16>().is_ok();
                let complaints = names::port_name(name).into_iter();
                faults.extend(complaints.map(|text| {
                    let fault = Fault::invalid(at("targetPort"), name, &text);
                    match quoted {
                        true => {
                            fault.with_help(format!("write the number without quotes: targetPort: {name}"))
                        }
                        false => fault,
                    }
                }));
            }
        }
        if let Some(protocol) = &port.app_protocol {
            let complaints = names::qualified_name(protocol).into_iter();
            faults.extend(complaints.map(|text| Fault::invalid(at("appProtocol"), protocol, &text)));
        }
    }
    faults
}

fn affinity(spec: &ServiceSpec) -> Vec<Fault> {
    let mut faults = Vec::new();
    let known = &["ClientIP", "None"];
    if !known.contains(&spec.session_affinity.as_str()) {
        faults.push(Fault::unsupported("spec.sessionAffinity", &spec.session_affinity, known));
    }
    let client_ip = spec.session_affinity_config.as_ref().and_then(|config| config.client_ip.as_ref());
    let seconds = client_ip.and_then(|client_ip| client_ip.timeout_seconds);
    if let Some(seconds) =
        seconds.filter(|seconds| spec.session_affinity == "ClientIP" && !(1..=86400).contains(seconds))
    {
        let field = "spec.sessionAffinityConfig.clientIP.timeoutSeconds";
        faults.push(Fault::invalid(field, seconds, "must be greater than 0 and less than 86400"));
    }
    faults
}

/// k8s: ValidateServiceClusterIPsRelatedFields
fn cluster_ips(spec: &ServiceSpec, gates: &Gates) -> Vec<Fault> {
    const FIELD: &str = "spec.clusterIPs";
    if spec.type_ == "ExternalName" {
        return Vec::new();
    }
    let ips = &spec.cluster_ips;
    let mut faults = Vec::new();
    if spec.cluster_ip.is_empty() && !ips.is_empty() {
        let detail = "must be empty when `clusterIP` is not specified";
        faults.push(Fault::invalid(FIELD, Shown::list(ips), detail));
    } else if ips.first().is_some_and(|first| *first != spec.cluster_ip) {
        faults.push(Fault::invalid(FIELD, Shown::list(ips), "first value must match `clusterIP`"));
    }
    let mut seen = BTreeSet::new();
    for (index, family) in spec.ip_families.iter().enumerate() {
        let field = format!("spec.ipFamilies[{index}]");
        if !matches!(family.as_str(), "IPv4" | "IPv6") {
            faults.push(Fault::unsupported(&field, family, &["IPv4", "IPv6"]));
        }
        if !seen.insert(family) {
            faults.push(Fault::duplicate(&field, family));
        }
    }
    if let Some(policy) = &spec.ip_family_policy {
        let known = &["PreferDualStack", "RequireDualStack", "SingleStack"];
        if !known.contains(&policy.as_str()) {
            faults.push(Fault::unsupported("spec.ipFamilyPolicy", policy, known));
        }
    }
    let mut invalid = false;
    for (index, ip) in ips.iter().enumerate() {
        if index == 0 && ip == "None" {
            if ips.len() > 1 {
                invalid = true;
                let detail = "'None' must be the first and only value";
                faults.push(Fault::invalid(FIELD, Shown::list(ips), detail));
            }
            continue;
        }
        let complaints = names::legacy_ip(ip, gates.strict_ips);
        invalid |= !complaints.is_empty();
        let field = format!("{FIELD}[{index}]");
        faults.extend(complaints.into_iter().map(|text| Fault::invalid(&field, ip, text)));
    }
    if ips.len() > 2 {
        faults.push(Fault::invalid(FIELD, Shown::list(ips), "may only hold up to 2 values"));
    }
    if invalid {
        return faults;
    }
    let is_v4 = |ip: &String| names::parse_ip(ip).is_some_and(|ip| ip.is_ipv4());
    if let [first, rest @ ..] = ips.as_slice()
        && !rest.is_empty()
        && rest.iter().all(|ip| is_v4(ip) == is_v4(first))
    {
        let detail = "may specify no more than one IP for each IP family";
        faults.push(Fault::invalid(FIELD, Shown::list(ips), detail));
    }
    if !is_headless(spec) {
        for (index, (ip, family)) in ips.iter().zip(&spec.ip_families).enumerate() {
            if matches!(family.as_str(), "IPv4" | "IPv6") && is_v4(ip) != (family == "IPv4") {
                let detail = format!("expected an {family} value as indicated by `ipFamilies[{index}]`");
                faults.push(Fault::invalid(format!("{FIELD}[{index}]"), ip, &detail));
            }
        }
    }
    faults
}

fn node_ports(spec: &ServiceSpec) -> Vec<Fault> {
    let mut faults = Vec::new();
    let used = || spec.ports.iter().enumerate().filter(|(_, port)| port.node_port != 0);
    if spec.type_ == "ClusterIP" {
        for (index, _) in used() {
            let detail = "may not be used when `type` is 'ClusterIP'";
            let help = "set `type: NodePort`, or remove nodePort";
            faults.push(Fault::forbidden(format!("spec.ports[{index}].nodePort"), detail).with_help(help));
        }
    }
    let mut seen = BTreeSet::new();
    for (index, port) in used() {
        if !seen.insert((&port.protocol, port.node_port)) {
            faults.push(Fault::duplicate(format!("spec.ports[{index}].nodePort"), port.node_port));
        }
    }
    faults
}

fn duplicate_ports(spec: &ServiceSpec) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, ServicePort { protocol, port, .. }) in spec.ports.iter().enumerate() {
        if !seen.insert((protocol, port)) {
            let protocol = json_string(protocol);
            let shown = format!(
                r#"{{"Name":"","Protocol":{protocol},"AppProtocol":null,"Port":{port},"TargetPort":0,"NodePort":0}}"#
            );
            faults.push(Fault::duplicate(format!("spec.ports[{index}]"), Shown::json(shown)));
        }
    }
    faults
}

fn load_balancer(service: &Service, gates: &Gates) -> Vec<Fault> {
    const ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
    let spec = &service.spec;
    let is_lb = spec.type_ == "LoadBalancer";
    let mut faults = Vec::new();
    let annotation = service.metadata.annotations.get(SOURCE_RANGES).filter(|text| !text.trim().is_empty());
    // The API server prints this path with a capital letter.
    let (field, ranges): (String, Vec<&str>) = match annotation {
        Some(text) if spec.load_balancer_source_ranges.is_empty() => {
            (format!("metadata.annotations[{SOURCE_RANGES}]"), text.split(',').collect())
        }
        _ => {
            let ranges = spec.load_balancer_source_ranges.iter().map(String::as_str);
            ("spec.LoadBalancerSourceRanges".into(), ranges.collect())
        }
    };
    if !ranges.is_empty() && !is_lb {
        faults.push(Fault::forbidden(&field, ONLY));
    }
    for (index, range) in ranges.iter().enumerate() {
        let complaints = names::legacy_cidr(range.trim(), gates.strict_ips).into_iter();
        let at = if annotation.is_some() && spec.load_balancer_source_ranges.is_empty() {
            field.clone()
        } else {
            format!("{field}[{index}]")
        };
        faults.extend(complaints.map(|text| Fault::invalid(&at, *range, text)));
    }
    if !is_lb && spec.allocate_load_balancer_node_ports.is_some() {
        faults.push(Fault::forbidden("spec.allocateLoadBalancerNodePorts", ONLY));
    }
    if let Some(class) = &spec.load_balancer_class {
        if is_lb {
            let complaints = names::qualified_name(class).into_iter();
            faults.extend(complaints.map(|text| Fault::invalid("spec.loadBalancerClass", class, &text)));
        } else {
            faults.push(Fault::forbidden("spec.loadBalancerClass", ONLY));
        }
    }
    faults
}

/// k8s: validateServiceExternalTrafficFieldsValue, validateServiceInternalTrafficFieldsValue,
/// validateServiceTrafficDistribution
fn traffic(spec: &ServiceSpec, gates: &Gates) -> Vec<Fault> {
    let known = &["Cluster", "Local"];
    let mut faults = Vec::new();
    let external = &spec.external_traffic_policy;
    if !external.is_empty() {
        if !defaults::is_externally_accessible(spec) {
            let detail = "may only be set for externally-accessible services";
            faults.push(Fault::invalid("spec.externalTrafficPolicy", external, detail));
        } else if !known.contains(&external.as_str()) {
            faults.push(Fault::unsupported("spec.externalTrafficPolicy", external, known));
        }
    }
    if spec.health_check_node_port != 0 && !defaults::needs_health_check(spec) {
        let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        faults.push(Fault::invalid("spec.healthCheckNodePort", spec.health_check_node_port, detail));
    }
    if let Some(internal) =
        spec.internal_traffic_policy.as_ref().filter(|policy| !known.contains(&policy.as_str()))
    {
        faults.push(Fault::unsupported("spec.internalTrafficPolicy", internal, known));
    }
    if let Some(distribution) = &spec.traffic_distribution
        && !gates.traffic_distributions.contains(&distribution.as_str())
    {
        let field = "spec.trafficDistribution";
        faults.push(Fault::unsupported(field, distribution, gates.traffic_distributions));
    }
    faults
}

/// k8s: ValidateLoadBalancerStatus
fn status(spec: &ServiceSpec, status: &ServiceStatus) -> Vec<Fault> {
    const FIELD: &str = "status.loadBalancer.ingress";
    let ingress = &status.load_balancer.ingress;
    let mut faults = Vec::new();
    if !ingress.is_empty() && spec.type_ != "LoadBalancer" {
        faults.push(Fault::forbidden(FIELD, "may only be used when `spec.type` is 'LoadBalancer'"));
    }
    for (index, ingress) in ingress.iter().enumerate() {
        let at = |field: &str| format!("{FIELD}[{index}].{field}");
        if !ingress.ip.is_empty() {
            let complaints = names::legacy_ip(&ingress.ip, false).into_iter();
            faults.extend(complaints.map(|text| Fault::invalid(at("ip"), &ingress.ip, text)));
        }
        match &ingress.ip_mode {
            Some(_) if ingress.ip.is_empty() => {
                faults.push(Fault::forbidden(at("ipMode"), "may not be specified when `ip` is not set"));
            }
            Some(mode) if !matches!(mode.as_str(), "Proxy" | "VIP") => {
                faults.push(Fault::unsupported(at("ipMode"), mode, &["Proxy", "VIP"]));
            }
            _ => {}
        }
        if !ingress.hostname.is_empty() {
            let complaints = names::dns_subdomain(&ingress.hostname).into_iter();
            faults.extend(complaints.map(|text| Fault::invalid(at("hostname"), &ingress.hostname, &text)));
            if names::parse_ip(&ingress.hostname).is_some() {
                let detail = "must be a DNS name, not an IP address";
                faults.push(Fault::invalid(at("hostname"), &ingress.hostname, detail));
            }
        }
    }
    faults
}

/// k8s: pkg/api/service/warnings.go GetWarningsForService
fn warnings(service: &Service) -> Vec<Fault> {
    const CODE: &str = "admission/warning";
    let spec = &service.spec;
    let mut found = Vec::new();
    if service.metadata.annotations.contains_key(TOPOLOGY_HINTS) {
        let message =
            format!("annotation {TOPOLOGY_HINTS} is deprecated, please use {TOPOLOGY_MODE} instead");
        found.push(Fault::warning(CODE, format!("metadata.annotations[{TOPOLOGY_HINTS}]"), message));
    }
    let mut addresses = |field: String, warning: Option<String>| {
        found.extend(warning.map(|message| Fault::warning(CODE, field, message)));
    };
    for (index, ip) in spec.cluster_ips.iter().enumerate().filter(|(_, ip)| *ip != "None") {
        let field = format!("spec.clusterIPs[{index}]");
        addresses(field.clone(), names::ip_warning(&field, ip));
    }
    for (index, ip) in spec.external_ips.iter().enumerate() {
        let field = format!("spec.externalIPs[{index}]");
        addresses(field.clone(), names::ip_warning(&field, ip));
    }
    for (index, range) in spec.load_balancer_source_ranges.iter().enumerate() {
        let field = format!("spec.loadBalancerSourceRanges[{index}]");
        addresses(field.clone(), names::cidr_warning(&field, range.trim()));
    }
    if spec.type_ == "ExternalName" && !spec.external_ips.is_empty() {
        let message = "spec.externalIPs is ignored when spec.type is \"ExternalName\"";
        found.push(Fault::warning(CODE, "spec.externalIPs", message));
    }
    if spec.type_ != "ExternalName" && !spec.external_name.is_empty() {
        let message = "spec.externalName is ignored when spec.type is not \"ExternalName\"";
        found.push(Fault::warning(CODE, "spec.externalName", message));
    }
    found
}
