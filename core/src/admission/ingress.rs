//! Validation of Ingresses and IngressClasses.
//!
//! k8s: pkg/apis/networking/validation/validation.go (1.36)

use super::check::{NameRule, meta};
use super::fault::{Fault, Gates, Shown};
use super::names;
use crate::manifest::api::networking_v1::{
    HttpIngressPath, Ingress, IngressBackend, IngressClass, IngressClassParameters, IngressTls,
    TypedLocalObjectReference,
};

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
const BAD_SEQUENCES: &[&str] = &["//", "/./", "/../", "%2f", "%2F"];
const BAD_SUFFIXES: &[&str] = &["/..", "/."];

/// k8s: ValidateIngressCreate
pub(crate) fn ingress(ingress: &Ingress, gates: &Gates) -> Vec<Fault> {
    let mut faults = meta(&ingress.metadata, NameRule::Subdomain, true);
    let spec = &ingress.spec;
    if spec.rules.is_empty() && spec.default_backend.is_none() {
        let detail = "either `defaultBackend` or `rules` must be specified";
        faults.push(Fault::invalid("spec", Shown::json("null"), detail));
    }
    if let Some(default) = &spec.default_backend {
        faults.extend(backend(default, "spec.defaultBackend", gates));
    }
    for (index, rule) in spec.rules.iter().enumerate() {
        let field = format!("spec.rules[{index}]");
        if !rule.host.is_empty() {
            let at = format!("{field}.host");
            if names::parse_ip(&rule.host).is_some() {
                faults.push(Fault::invalid(&at, &rule.host, "must be a DNS name, not an IP address"));
            }
            faults.extend(host(&rule.host, &at));
        }
        let Some(http) = &rule.http else { continue };
        let field = format!("{field}.http.paths");
        if http.paths.is_empty() {
            faults.push(Fault::required(&field, ""));
        }
        for (index, entry) in http.paths.iter().enumerate() {
            faults.extend(path(entry, &format!("{field}[{index}]"), gates));
        }
    }
    for (index, tls_) in spec.tls.iter().enumerate() {
        faults.extend(tls(tls_, &format!("spec.tls[{index}]")));
    }
    if let Some(class) = &spec.ingress_class_name {
        let complaints = names::dns_subdomain(class).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid("spec.ingressClassName", class, &text)));
    }
    if let Some(annotation) = ingress.metadata.annotations.get(CLASS_ANNOTATION) {
        match &spec.ingress_class_name {
            Some(class) if class != annotation => {
                let detail = "must match `ingressClassName` when both are specified";
                faults.push(Fault::invalid(format!("annotations.{CLASS_ANNOTATION}"), annotation, detail));
            }
            Some(_) => {}
            // k8s: pkg/registry/networking/ingress/strategy.go WarningsOnCreate
            None => {
                let message = format!(
                    "annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"
                );
                let field = format!("metadata.annotations[{CLASS_ANNOTATION}]");
                faults.push(Fault::warning("admission/warning", field, message));
            }
        }
    }
    faults
}

/// A host with or without a wildcard.
fn host(host: &str, field: &str) -> Vec<Fault> {
    let complaints =
        if host.contains('*') { names::wildcard_subdomain(host) } else { names::dns_subdomain(host) };
    complaints.iter().map(|text| Fault::invalid(field, host, text)).collect()
}

fn tls(tls: &IngressTls, field: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, name) in tls.hosts.iter().enumerate() {
        faults.extend(host(name, &format!("{field}.hosts[{index}]")));
    }
    if !tls.secret_name.is_empty() {
        let complaints = names::dns_subdomain(&tls.secret_name).into_iter();
        faults.extend(
            complaints.map(|text| Fault::invalid(format!("{field}.secretName"), &tls.secret_name, &text)),
        );
    }
    faults
}

/// k8s: validateHTTPIngressPath
fn path(entry: &HttpIngressPath, field: &str, gates: &Gates) -> Vec<Fault> {
    let Some(kind) = &entry.path_type else {
        let fault = Fault::required(format!("{field}.pathType"), "pathType must be specified");
        return vec![fault.with_help("`pathType: Prefix` is what most Ingresses mean")];
    };
    let at = format!("{field}.path");
    let text = entry.path.as_str();
    let mut faults = Vec::new();
    match kind.as_str() {
        "Exact" | "Prefix" => {
            if !text.starts_with('/') {
                faults.push(Fault::invalid(&at, text, "must be an absolute path"));
            }
            for bad in BAD_SEQUENCES.iter().filter(|bad| text.contains(**bad)) {
                faults.push(Fault::invalid(&at, text, &format!("must not contain '{bad}'")));
            }
            for bad in BAD_SUFFIXES.iter().filter(|bad| text.ends_with(**bad)) {
                faults.push(Fault::invalid(&at, text, &format!("cannot end with '{bad}'")));
            }
        }
        "ImplementationSpecific" => {
            if !text.is_empty() && !text.starts_with('/') {
                faults.push(Fault::invalid(&at, text, "must be an absolute path"));
            }
        }
        other => {
            let known = &["Exact", "ImplementationSpecific", "Prefix"];
            faults.push(Fault::unsupported(format!("{field}.pathType"), other, known));
        }
    }
    faults.extend(backend(&entry.backend, &format!("{field}.backend"), gates));
    faults
}

/// k8s: validateIngressBackend
fn backend(backend: &IngressBackend, field: &str, gates: &Gates) -> Vec<Fault> {
    let mut faults = Vec::new();
    match (&backend.resource, &backend.service) {
        (Some(_), Some(_)) => {
            faults.push(Fault::invalid(field, "", "cannot set both resource and service backends"));
        }
        (Some(resource), None) => faults.extend(reference(resource, &format!("{field}.resource"))),
        (None, Some(service)) => {
            let at = |name: &str| format!("{field}.service.{name}");
            if service.name.is_empty() {
                faults.push(Fault::required(at("name"), ""));
            } else {
                let rule = if gates.relaxed_service_names { NameRule::Label } else { NameRule::Label1035 };
                let complaints = rule.complaints(&service.name).into_iter();
                faults.extend(complaints.map(|text| Fault::invalid(at("name"), &service.name, &text)));
            }
            let port = &service.port;
            match (port.name.is_empty(), port.number) {
                (false, number) if number != 0 => {
                    faults.push(Fault::invalid(field, "", "cannot set both port name & port number"));
                }
                (false, _) => {
                    let complaints = names::port_name(&port.name).into_iter();
                    faults.extend(complaints.map(|text| Fault::invalid(at("port.name"), &port.name, &text)));
                }
                (true, 0) => faults.push(Fault::required(field, "port name or number is required")),
                (true, number) => {
                    let text = names::port_number(number);
                    faults.extend(text.map(|text| Fault::invalid(at("port.number"), number, text)));
                }
            }
        }
        (None, None) => faults.push(Fault::invalid(field, "", "resource or service backend is required")),
    }
    faults
}

/// k8s: validateIngressTypedLocalObjectReference
fn reference(reference: &TypedLocalObjectReference, field: &str) -> Vec<Fault> {
    typed(reference.api_group.as_deref(), &reference.kind, &reference.name, field)
}

fn typed(group: Option<&str>, kind: &str, name: &str, field: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(group) = group {
        let complaints = names::dns_subdomain(group).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid(format!("{field}.apiGroup"), group, &text)));
    }
    for (part, value) in [("kind", kind), ("name", name)] {
        let at = format!("{field}.{part}");
        if value.is_empty() {
            faults.push(Fault::required(at, ""));
        } else {
            let complaints = names::path_segment(value).into_iter();
            faults.extend(complaints.map(|text| Fault::invalid(&at, value, &text)));
        }
    }
    faults
}

/// k8s: ValidateIngressClass
pub(crate) fn ingress_class(class: &IngressClass) -> Vec<Fault> {
    const FIELD: &str = "spec.controller";
    let mut faults = meta(&class.metadata, NameRule::Subdomain, false);
    let controller = &class.spec.controller;
    if controller.is_empty() {
        faults.push(Fault::required(FIELD, ""));
    } else {
        if controller.len() > 250 {
            faults.push(Fault::too_long(FIELD, 250));
        }
        match controller.split_once('/').filter(|(host, path)| !host.is_empty() && !path.is_empty()) {
            None => {
                let detail = "must be a domain-prefixed path (such as \"acme.io/foo\")";
                faults.push(Fault::invalid(FIELD, controller, detail));
            }
            Some((host, _)) => {
                let complaints = names::dns_subdomain(host).into_iter();
                faults.extend(complaints.map(|text| Fault::invalid(FIELD, host, &text)));
            }
        }
    }
    faults.extend(class.spec.parameters.as_ref().map(parameters).into_iter().flatten());
    faults
}

/// k8s: validateIngressClassParametersReference
fn parameters(parameters: &IngressClassParameters) -> Vec<Fault> {
    const FIELD: &str = "spec.parameters";
    let mut faults = typed(parameters.api_group.as_deref(), &parameters.kind, &parameters.name, FIELD);
    let namespace = format!("{FIELD}.namespace");
    match (parameters.scope.as_deref().unwrap_or("Cluster"), &parameters.namespace) {
        ("Namespace", None) => {
            faults.push(Fault::required(namespace, "`parameters.scope` is set to 'Namespace'"));
        }
        ("Namespace", Some(name)) => {
            let complaints = names::dns_label(name).into_iter();
            faults.extend(complaints.map(|text| Fault::invalid(&namespace, name, &text)));
        }
        ("Cluster", Some(_)) => {
            faults.push(Fault::forbidden(namespace, "`parameters.scope` is set to 'Cluster'"));
        }
        ("Cluster", None) => {}
        (other, _) => {
            faults.push(Fault::unsupported(format!("{FIELD}.scope"), other, &["Cluster", "Namespace"]))
        }
    }
    faults
}
