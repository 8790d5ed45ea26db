//! Metadata, labels and selectors: what the rules of all kinds share.

use super::fault::{Fault, Shown};
use super::names;
use crate::manifest::api::core_v1::{Endpoints, Namespace, Node};
use crate::manifest::api::meta::{LabelSelector, Labels, ObjectMeta};

/// Which names a kind takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameRule {
    /// RFC 1123 subdomain: nearly every kind.
    Subdomain,
    /// RFC 1123 label: Namespace, and Service since 1.36.
    Label,
    /// RFC 1035 label: Service before 1.36.
    Label1035,
}

impl NameRule {
    pub(crate) fn complaints(self, name: &str) -> Vec<String> {
        match self {
            Self::Subdomain => names::dns_subdomain(name),
            Self::Label => names::dns_label(name),
            Self::Label1035 => names::dns_1035_label(name),
        }
    }
}

/// Annotations of one object may not take more bytes than this.
const MAX_ANNOTATIONS: usize = 256 << 10;

/// k8s: apimachinery pkg/api/validation/objectmeta.go ValidateObjectMetaAccessor
pub(crate) fn meta(metadata: &ObjectMeta, rule: NameRule, namespaced: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    let ObjectMeta { name, generate_name, namespace, .. } = metadata;
    // With a dash in place of what is generated, as NameIsDNSSubdomain(prefix) does.
    let masked = generate_name.strip_suffix('-').map(|stem| format!("{stem}a"));
    let generated = masked.as_ref().unwrap_or(generate_name);
    if !generate_name.is_empty() {
        let complaints = rule.complaints(generated).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid("metadata.generateName", generate_name, &text)));
    }
    if name.is_empty() {
        if generate_name.is_empty() {
            faults.push(Fault::required("metadata.name", "name or generateName is required"));
        }
    } else {
        let complaints = rule.complaints(name).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid("metadata.name", name, &text)));
    }
    if !namespaced && !namespace.is_empty() {
        faults.push(Fault::forbidden("metadata.namespace", "not allowed on this type"));
    }
    if namespaced && !namespace.is_empty() {
        let complaints = names::dns_label(namespace).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid("metadata.namespace", namespace, &text)));
    }
    faults.extend(labels(&metadata.labels, "metadata.labels"));
    faults.extend(annotations(&metadata.annotations));
    faults
}

/// k8s: apimachinery pkg/apis/meta/v1/validation ValidateLabels
pub(crate) fn labels(labels: &Labels, field: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (key, value) in labels {
        faults.extend(names::qualified_name(key).iter().map(|text| Fault::invalid(field, key, text)));
        faults.extend(names::label_value(value).iter().map(|text| Fault::invalid(field, value, text)));
    }
    faults
}

/// k8s: apimachinery pkg/api/validation/objectmeta.go ValidateAnnotations
fn annotations(annotations: &Labels) -> Vec<Fault> {
    const FIELD: &str = "metadata.annotations";
    let mut faults = Vec::new();
    for key in annotations.keys() {
        let complaints = names::qualified_name(&key.to_lowercase());
        faults.extend(complaints.iter().map(|text| Fault::invalid(FIELD, key, text)));
    }
    let size: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size > MAX_ANNOTATIONS {
        faults.push(Fault::too_long(FIELD, MAX_ANNOTATIONS));
    }
    faults
}

/// k8s: apimachinery pkg/apis/meta/v1/validation ValidateLabelSelector
pub(crate) fn selector(selector: &LabelSelector, field: &str) -> Vec<Fault> {
    let mut faults = labels(&selector.match_labels, &format!("{field}.matchLabels"));
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        let field = format!("{field}.matchExpressions[{index}]");
        let values = format!("{field}.values");
        match requirement.operator.as_str() {
            "In" | "NotIn" if requirement.values.is_empty() => {
                let detail = "must be specified when `operator` is 'In' or 'NotIn'";
                faults.push(Fault::required(&values, detail));
            }
            "Exists" | "DoesNotExist" if !requirement.values.is_empty() => {
                let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                faults.push(Fault::forbidden(&values, detail));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                let detail = "not a valid selector operator";
                faults.push(Fault::invalid(format!("{field}.operator"), other, detail));
            }
        }
        let complaints = names::qualified_name(&requirement.key).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid(format!("{field}.key"), &requirement.key, &text)));
        for (index, value) in requirement.values.iter().enumerate() {
            let complaints = names::label_value(value).into_iter();
            faults.extend(complaints.map(|text| Fault::invalid(format!("{values}[{index}]"), value, &text)));
        }
    }
    faults
}

/// k8s: pkg/apis/core/validation/validation.go ValidateNamespace
pub(crate) fn namespace(namespace: &Namespace) -> Vec<Fault> {
    meta(&namespace.metadata, NameRule::Label, false)
}

/// k8s: pkg/apis/core/validation/validation.go ValidateNode
pub(crate) fn node(node: &Node) -> Vec<Fault> {
    let mut faults = meta(&node.metadata, NameRule::Subdomain, false);
    let cidrs = &node.spec.pod_cidrs;
    for (index, cidr) in cidrs.iter().enumerate() {
        let complaints = names::legacy_cidr(cidr, false).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid(format!("spec.podCIDRs[{index}]"), cidr, text)));
    }
    let family = |cidr: &String| names::parse_cidr(cidr).map(|(ip, _)| ip.is_ipv4());
    let same = matches!(cidrs.as_slice(), [first, second] if family(first) == family(second));
    if same || cidrs.len() > 2 {
        let detail = "may specify no more than one CIDR for each IP family";
        faults.push(Fault::invalid("spec.podCIDRs", Shown::list(cidrs), detail));
    }
    for (index, taint) in node.spec.taints.iter().enumerate() {
        let field = format!("spec.taints[{index}]");
        let complaints = names::qualified_name(&taint.key).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid(format!("{field}.key"), &taint.key, &text)));
        match taint.effect.as_str() {
            "NoSchedule" | "PreferNoSchedule" | "NoExecute" => {}
            "" => faults.push(Fault::required(format!("{field}.effect"), "")),
            other => {
                let known = &["NoSchedule", "PreferNoSchedule", "NoExecute"];
                faults.push(Fault::unsupported(format!("{field}.effect"), other, known));
            }
        }
    }
    faults
}

/// k8s: pkg/apis/core/validation/validation.go ValidateEndpoints
pub(crate) fn endpoints(endpoints: &Endpoints) -> Vec<Fault> {
    let mut faults = meta(&endpoints.metadata, NameRule::Subdomain, true);
    faults.push(Fault::warning(
        "admission/deprecated-endpoints",
        "",
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ));
    for (index, subset) in endpoints.subsets.iter().enumerate() {
        let field = format!("subsets[{index}]");
        if subset.addresses.is_empty() && subset.not_ready_addresses.is_empty() {
            faults.push(Fault::required(&field, "must specify `addresses` or `notReadyAddresses`"));
        }
        let lists = [("addresses", &subset.addresses), ("notReadyAddresses", &subset.not_ready_addresses)];
        for (name, addresses) in lists {
            for (index, address) in addresses.iter().enumerate() {
                let field = format!("{field}.{name}[{index}].ip");
                faults.extend(endpoint_ip(&field, &address.ip, false));
            }
        }
        let named = subset.ports.len() > 1;
        for (index, port) in subset.ports.iter().enumerate() {
            let field = format!("{field}.ports[{index}]");
            if named && port.name.is_empty() {
                faults.push(Fault::required(format!("{field}.name"), ""));
            } else if !port.name.is_empty() {
                let complaints = names::dns_label(&port.name).into_iter();
                faults.extend(
                    complaints.map(|text| Fault::invalid(format!("{field}.name"), &port.name, &text)),
                );
            }
            if let Some(text) = names::port_number(port.port) {
                faults.push(Fault::invalid(format!("{field}.port"), port.port, text));
            }
            if !matches!(port.protocol.as_str(), "" | "TCP" | "UDP" | "SCTP") {
                let known = &["SCTP", "TCP", "UDP"];
                faults.push(Fault::unsupported(format!("{field}.protocol"), &port.protocol, known));
            }
        }
    }
    faults
}

/// An address that an endpoint may have.
pub(crate) fn endpoint_ip(field: &str, text: &str, strict: bool) -> Vec<Fault> {
    let complaints = names::legacy_ip(text, strict);
    if !complaints.is_empty() {
        return complaints.into_iter().map(|complaint| Fault::invalid(field, text, complaint)).collect();
    }
    special_ip(field, text)
}

/// Addresses that mean no single machine.
///
/// k8s: pkg/apis/core/validation/validation.go ValidateEndpointIP
pub(crate) fn special_ip(field: &str, text: &str) -> Vec<Fault> {
    let Some(ip) = names::parse_ip(text) else { return Vec::new() };
    let (link_local, link_local_multicast) = match ip {
        std::net::IpAddr::V4(ip) => (ip.is_link_local(), matches!(ip.octets(), [224, 0, 0, _])),
        std::net::IpAddr::V6(ip) => {
            (ip.is_unicast_link_local(), ip.segments().first().is_some_and(|first| first & 0xff0f == 0xff02))
        }
    };
    let found = [
        (ip.is_unspecified(), format!("may not be unspecified ({text})")),
        (ip.is_loopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)".into()),
        (link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)".into()),
        (
            link_local_multicast,
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".into(),
        ),
    ];
    found
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, detail)| Fault::invalid(field, text, &detail))
        .collect()
}
