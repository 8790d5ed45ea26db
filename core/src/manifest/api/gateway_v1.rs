//! `sigs.k8s.io/gateway-api/apis/v1` (v1.6, standard channel).

use super::meta::{LabelSelector, ObjectMeta};
use crate::manifest::read::api;

api! {
    /// A GatewayClass.
    GatewayClass { "metadata" metadata: ObjectMeta, "spec" spec: GatewayClassSpec }
    /// Spec of a [`GatewayClass`].
    GatewayClassSpec {
        "controllerName" controller_name: String,
        "parametersRef" parameters_ref: Option<ObjectReference>,
    }
    /// A reference to an object; which fields count depends on where it stands.
    ObjectReference {
        "group" group: Option<String>,
        "kind" kind: Option<String>,
        "namespace" namespace: Option<String>,
        "name" name: String,
        "port" port: Option<i32>,
    }

    /// A Gateway.
    Gateway { "metadata" metadata: ObjectMeta, "spec" spec: GatewaySpec, "status" status: GatewayStatus }
    /// Status of a [`Gateway`], as a controller wrote it.
    GatewayStatus { "addresses" addresses: Vec<GatewayAddress>, "conditions" conditions: Vec<StatusCondition> }
    /// A condition in a status.
    StatusCondition { "type" type_: String, "status" status: String }
    /// Spec of a [`Gateway`].
    GatewaySpec {
        "gatewayClassName" gateway_class_name: String,
        "listeners" listeners: Vec<Listener>,
        "addresses" addresses: Vec<GatewayAddress>,
        "infrastructure" infrastructure: Option<GatewayInfrastructure>,
        "allowedListeners" allowed_listeners: Option<AllowedListeners>,
        "tls" tls: Option<GatewayTls>,
    }
    /// An address a Gateway asks for.
    GatewayAddress { "type" type_: Option<String>, "value" value: String }
    /// Settings of what runs a Gateway.
    GatewayInfrastructure { "parametersRef" parameters_ref: Option<ObjectReference> }
    /// Which namespaces may add ListenerSets.
    AllowedListeners { "namespaces" namespaces: Option<NamespacesFrom> }
    /// A choice of namespaces: `All`, `Same`, `Selector`, `None`.
    NamespacesFrom { "from" from: Option<String>, "selector" selector: Option<LabelSelector> }
    /// TLS towards clients and backends.
    GatewayTls { "backend" backend: Option<GatewayBackendTls>, "frontend" frontend: Option<FrontendTls> }
    /// TLS towards backends.
    GatewayBackendTls { "clientCertificateRef" client_certificate_ref: Option<ObjectReference> }
    /// TLS towards clients.
    FrontendTls { "default" default: Option<FrontendTlsConfig>, "perPort" per_port: Vec<PortTls> }
    /// TLS towards clients on one port.
    PortTls { "port" port: i32, "tls" tls: Option<FrontendTlsConfig> }
    /// TLS towards clients.
    FrontendTlsConfig { "validation" validation: Option<FrontendValidation> }
    /// How client certificates are judged.
    FrontendValidation { "caCertificateRefs" ca_certificate_refs: Vec<ObjectReference>, "mode" mode: Option<String> }
    /// A listener of a Gateway or ListenerSet.
    Listener {
        "name" name: String,
        "hostname" hostname: Option<String>,
        "port" port: i32,
        "protocol" protocol: String,
        "tls" tls: Option<ListenerTls>,
        "allowedRoutes" allowed_routes: Option<AllowedRoutes>,
    }
    /// TLS of a listener.
    ListenerTls { "mode" mode: Option<String>, "certificateRefs" certificate_refs: Vec<ObjectReference> }
    /// Which routes may attach.
    AllowedRoutes { "namespaces" namespaces: Option<NamespacesFrom>, "kinds" kinds: Vec<RouteGroupKind> }
    /// A kind of route.
    RouteGroupKind { "group" group: Option<String>, "kind" kind: String }

    /// A ListenerSet.
    ListenerSet { "metadata" metadata: ObjectMeta, "spec" spec: ListenerSetSpec }
    /// Spec of a [`ListenerSet`].
    ListenerSetSpec { "parentRef" parent_ref: ObjectReference, "listeners" listeners: Vec<Listener> }

    /// Where a route attaches.
    ParentReference {
        "group" group: Option<String>,
        "kind" kind: Option<String>,
        "namespace" namespace: Option<String>,
        "name" name: String,
        "sectionName" section_name: Option<String>,
        "port" port: Option<i32>,
    }

    /// An HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute: the fields they share, told apart by kind.
    Route { "metadata" metadata: ObjectMeta, "spec" spec: RouteSpec }
    /// Spec of a [`Route`].
    RouteSpec {
        "parentRefs" parent_refs: Vec<ParentReference>,
        "hostnames" hostnames: Vec<String>,
        "rules" rules: Vec<RouteRule>,
    }
    /// One rule of a route.
    RouteRule {
        "name" name: Option<String>,
        "matches" matches: Vec<RouteMatch>,
        "filters" filters: Vec<RouteFilter>,
        "backendRefs" backend_refs: Vec<BackendRef>,
        "timeouts" timeouts: Option<Timeouts>,
    }
    /// Timeouts of a rule, as durations (`500ms`, `1m`).
    Timeouts { "request" request: Option<String>, "backendRequest" backend_request: Option<String> }
    /// What a request must be like. `method` is a name for HTTPRoute and a structure for GRPCRoute.
    RouteMatch {
        "path" path: Option<PathMatch>,
        "headers" headers: Vec<ValueMatch>,
        "queryParams" query_params: Vec<ValueMatch>,
        "method" method: MethodMatch,
    }
    /// A path.
    PathMatch { "type" type_: Option<String>, "value" value: Option<String> }
    /// A header or query parameter.
    ValueMatch { "type" type_: Option<String>, "name" name: String, "value" value: String }
    /// A Service of a route with its share.
    BackendRef {
        "group" group: Option<String>,
        "kind" kind: Option<String>,
        "namespace" namespace: Option<String>,
        "name" name: String,
        "port" port: Option<i32>,
        "weight" weight: Option<i32>,
        "filters" filters: Vec<RouteFilter>,
    }
    /// A filter.
    RouteFilter {
        "type" type_: String,
        "requestHeaderModifier" request_header_modifier: Option<HeaderFilter>,
        "responseHeaderModifier" response_header_modifier: Option<HeaderFilter>,
        "requestRedirect" request_redirect: Option<RequestRedirect>,
        "urlRewrite" url_rewrite: Option<UrlRewrite>,
        "requestMirror" request_mirror: Option<RequestMirror>,
        "cors" cors: Option<CorsFilter>,
        "extensionRef" extension_ref: Option<ObjectReference>,
    }
    /// Changes of headers.
    HeaderFilter { "set" set: Vec<HttpHeader>, "add" add: Vec<HttpHeader>, "remove" remove: Vec<String> }
    /// A header.
    HttpHeader { "name" name: String, "value" value: String }
    /// A redirect.
    RequestRedirect {
        "scheme" scheme: Option<String>,
        "hostname" hostname: Option<String>,
        "path" path: Option<PathModifier>,
        "port" port: Option<i32>,
        "statusCode" status_code: Option<i32>,
    }
    /// A rewrite.
    UrlRewrite { "hostname" hostname: Option<String>, "path" path: Option<PathModifier> }
    /// A new path.
    PathModifier {
        "type" type_: String,
        "replaceFullPath" replace_full_path: Option<String>,
        "replacePrefixMatch" replace_prefix_match: Option<String>,
    }
    /// A copy of requests.
    RequestMirror { "backendRef" backend_ref: ObjectReference, "percent" percent: Option<i32>, "fraction" fraction: Option<Fraction> }
    /// A fraction.
    Fraction { "numerator" numerator: i32, "denominator" denominator: Option<i32> }
    /// Cross-origin answers.
    CorsFilter {
        "allowOrigins" allow_origins: Vec<String>,
        "allowCredentials" allow_credentials: bool,
        "allowMethods" allow_methods: Vec<String>,
        "allowHeaders" allow_headers: Vec<String>,
        "exposeHeaders" expose_headers: Vec<String>,
        "maxAge" max_age: Option<i32>,
    }

    /// A ReferenceGrant.
    ReferenceGrant { "metadata" metadata: ObjectMeta, "spec" spec: ReferenceGrantSpec }
    /// Spec of a [`ReferenceGrant`].
    ReferenceGrantSpec { "from" from: Vec<GrantFrom>, "to" to: Vec<GrantTo> }
    /// Who may refer.
    GrantFrom { "group" group: String, "kind" kind: String, "namespace" namespace: String }
    /// To what.
    GrantTo { "group" group: String, "kind" kind: String, "name" name: Option<String> }

    /// A BackendTLSPolicy.
    BackendTlsPolicy { "metadata" metadata: ObjectMeta, "spec" spec: BackendTlsPolicySpec }
    /// Spec of a [`BackendTlsPolicy`].
    BackendTlsPolicySpec { "targetRefs" target_refs: Vec<PolicyTarget>, "validation" validation: BackendTlsValidation }
    /// The Service a policy is for.
    PolicyTarget { "group" group: String, "kind" kind: String, "name" name: String, "sectionName" section_name: Option<String> }
    /// How a backend's certificate is judged.
    BackendTlsValidation {
        "caCertificateRefs" ca_certificate_refs: Vec<ObjectReference>,
        "wellKnownCACertificates" well_known_ca_certificates: Option<String>,
        "hostname" hostname: String,
        "subjectAltNames" subject_alt_names: Vec<SubjectAltName>,
    }
    /// A name in a certificate.
    SubjectAltName { "type" type_: String, "hostname" hostname: Option<String>, "uri" uri: Option<String> }
}

/// The method of a match: a name (HTTPRoute), or service and method (GRPCRoute).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MethodMatch {
    /// `GET` …
    pub name: Option<String>,
    /// The structure of a GRPCRoute.
    pub grpc: Option<GrpcMethod>,
}

api! {
    /// A gRPC method.
    GrpcMethod { "type" type_: Option<String>, "service" service: Option<String>, "method" method: Option<String> }
}

impl crate::manifest::Read for MethodMatch {
    fn read(node: crate::manifest::Node<'_>) -> Self {
        match node.as_str() {
            Some(name) => Self { name: Some(name.to_owned()), grpc: None },
            None if node.is_null() => Self::default(),
            None => Self { name: None, grpc: Some(GrpcMethod::read(node)) },
        }
    }
}
