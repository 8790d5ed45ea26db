//! What EndpointSlices, Ingresses, classes and metadata are refused for.

use super::defaults;
use super::tests::{GATES, object, texts};
use crate::manifest::Severity;
use crate::manifest::api::{core_v1, discovery_v1, networking_v1};

#[test]
fn endpoint_slices() {
    let errors = |body: &str| {
        let mut slice: discovery_v1::EndpointSlice =
            object("EndpointSlice", &format!("metadata: {{name: s}}, {body}"));
        defaults::endpoint_slice(&mut slice);
        texts(&super::endpoint_slice(&slice, &GATES), Severity::Error)
    };
    assert_eq!(errors("endpoints: []"), ["addressType: Required value"]);
    assert_eq!(
        errors("addressType: v4"),
        ["addressType: Unsupported value: \"v4\": supported values: \"FQDN\", \"IPv4\", \"IPv6\""]
    );
    assert_eq!(
        errors(
            "addressType: IPv4, endpoints: [{addresses: []}, {addresses: ['fd00::1']}, {addresses: [127.0.0.1]}]"
        ),
        [
            "endpoints[0].addresses: Required value: must contain at least 1 address",
            "endpoints[1].addresses[0]: Invalid value: \"fd00::1\": must be a valid IPv4 address",
            "endpoints[2].addresses[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ]
    );
    assert_eq!(
        errors("addressType: IPv4, ports: [{name: a}, {name: a}, {name: b, protocol: HTTP}]"),
        [
            "ports[1].name: Duplicate value: \"a\"",
            "ports[2].protocol: Unsupported value: \"HTTP\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
        ]
    );
}

#[test]
fn ingresses() {
    let errors = |meta: &str, spec: &str, severity| {
        let ingress: networking_v1::Ingress =
            object("Ingress", &format!("metadata: {{name: i, {meta}}}, spec: {{{spec}}}"));
        texts(&super::ingress(&ingress, &GATES), severity)
    };
    let path = |path: &str| format!("rules: [{{http: {{paths: [{path}]}}}}]");
    let backend = "backend: {service: {name: web, port: {number: 80}}}";
    let error = |spec: &str| errors("", spec, Severity::Error);
    assert_eq!(
        error(""),
        ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"]
    );
    assert_eq!(error(&path("")), ["spec.rules[0].http.paths: Required value"]);
    assert_eq!(
        error(&path("{path: /a}")),
        ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"]
    );
    assert_eq!(
        error(&path(&format!("{{path: 'a//b/..', pathType: Exact, {backend}}}"))),
        [
            "spec.rules[0].http.paths[0].path: Invalid value: \"a//b/..\": must be an absolute path",
            "spec.rules[0].http.paths[0].path: Invalid value: \"a//b/..\": must not contain '//'",
            "spec.rules[0].http.paths[0].path: Invalid value: \"a//b/..\": cannot end with '/..'",
        ]
    );
    assert_eq!(
        error(&path(&format!("{{path: /a, pathType: prefix, {backend}}}"))),
        [
            "spec.rules[0].http.paths[0].pathType: Unsupported value: \"prefix\": supported values: \"Exact\", \"ImplementationSpecific\", \"Prefix\""
        ]
    );
    assert_eq!(
        error("defaultBackend: {}"),
        ["spec.defaultBackend: Invalid value: \"\": resource or service backend is required"]
    );
    assert_eq!(
        error("defaultBackend: {service: {name: web}}"),
        ["spec.defaultBackend: Required value: port name or number is required"]
    );
    assert_eq!(
        error("rules: [{host: 10.0.0.1}]"),
        ["spec.rules[0].host: Invalid value: \"10.0.0.1\": must be a DNS name, not an IP address"]
    );
    let class = "annotations: {kubernetes.io/ingress.class: a}";
    let spec = "defaultBackend: {service: {name: web, port: {number: 80}}}";
    assert_eq!(errors(class, spec, Severity::Error), [""; 0]);
    assert_eq!(
        errors(class, spec, Severity::Warning),
        [
            "metadata.annotations[kubernetes.io/ingress.class]: annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
        ]
    );
    assert_eq!(
        errors(class, &format!("ingressClassName: b, {spec}"), Severity::Error),
        [
            "annotations.kubernetes.io/ingress.class: Invalid value: \"a\": must match `ingressClassName` when both are specified"
        ]
    );
}

#[test]
fn ingress_classes() {
    let errors = |spec: &str| {
        let mut class: networking_v1::IngressClass =
            object("IngressClass", &format!("metadata: {{name: c}}, spec: {{{spec}}}"));
        defaults::ingress_class(&mut class);
        texts(&super::ingress_class(&class), Severity::Error)
    };
    assert_eq!(errors(""), ["spec.controller: Required value"]);
    assert_eq!(
        errors("controller: nginx"),
        [
            "spec.controller: Invalid value: \"nginx\": must be a domain-prefixed path (such as \"acme.io/foo\")"
        ]
    );
    assert_eq!(
        errors("controller: a.io/b, parameters: {kind: K, name: x, scope: Namespace}"),
        ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"]
    );
}

#[test]
fn metadata() {
    let errors = |body: &str| {
        let namespace: core_v1::Namespace = object("Namespace", &format!("metadata: {{{body}}}"));
        texts(&super::namespace(&namespace), Severity::Error)
    };
    assert_eq!(errors(""), ["metadata.name: Required value: name or generateName is required"]);
    assert_eq!(errors("generateName: web-"), [""; 0]);
    assert_eq!(errors("name: a, namespace: b"), ["metadata.namespace: Forbidden: not allowed on this type"]);
    let [label] = <[String; 1]>::try_from(errors("name: a, labels: {'a b': c}")).unwrap();
    assert!(
        label.starts_with("metadata.labels: Invalid value: \"a b\": name part must consist of"),
        "{label}"
    );
}
