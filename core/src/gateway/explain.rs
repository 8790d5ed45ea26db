//! The sentences of this room.

use super::answer::GatewayRouting;
use super::dataplane::Proxy;
use super::listeners::ListenerState;
use super::references::ServiceTarget;
use super::route::{ClientCertificate, GatewayProtocol, GatewayRequest};
use super::status::Condition;
use crate::ingress::{Connection, EndpointAnswer, Response};
use crate::manifest::ObjectRef;

pub(crate) const NOT_HTTP: &str = "the port has no listener of protocol HTTP";
pub(crate) const NO_ROUTE: &str = "no route is attached to the listener";
pub(crate) const NO_MATCH: &str = "no rule of the routes on this listener matches the request";
pub(crate) const NO_BACKEND: &str = "the rule forwards to no backend: there is none, or all have weight 0";

pub(crate) const NO_AUTHORITY: &str = "the BackendTLSPolicy of the Service has no valid CA certificate, so the Gateway answers with an error: 500 here, any 5xx by the API";
pub(crate) const NOT_GRPC: &str = "a GRPCRoute takes gRPC calls only";
pub(crate) const ON_OTHER_LISTENER: &str = "the route is attached to other listeners of the Gateway";

pub(crate) fn no_class(class: &str, near: Option<&str>) -> String {
    let near = near.map(|near| format!("; there is a GatewayClass {near}")).unwrap_or_default();
    format!("the GatewayClass {class} does not exist, so no implementation takes the Gateway{near}")
}

pub(crate) fn not_accepted(condition: &Condition) -> String {
    let Condition { type_, reason, message, .. } = condition;
    format!("the Gateway is not served: {type_} is False with reason {reason}, because {message}")
}

pub(crate) fn no_controller(controller: &str) -> String {
    format!("no pod of the controller {controller} runs, so nobody serves its Gateways")
}

pub(crate) fn controller_not_ready(controller: &str) -> String {
    format!("no pod of the controller {controller} is ready, so nothing serves its Gateways")
}

pub(crate) fn outside(controller: &str) -> String {
    format!("{controller} carries the traffic outside the cluster, where no manifest shows what runs")
}

pub(crate) fn programmed_by_status() -> String {
    "the status of the Gateway says that a controller has programmed it; its data plane is not in the manifests".into()
}

pub(crate) fn data_plane_unseen(controller: &str) -> String {
    format!(
        "the controller {controller} runs; the data plane it makes for the Gateway is not in the manifests, so its address, its Service and policies in front of it are not judged"
    )
}

pub(crate) fn data_plane_not_ready(gateway: &ObjectRef) -> String {
    format!("no pod of the data plane of {gateway} is ready")
}

pub(crate) fn no_entry(gateway: &ObjectRef, port: u16) -> String {
    format!(
        "no Service leads to the data plane of {gateway} and its pods do not use the node's network, so no client finds port {port}"
    )
}

pub(crate) fn no_entry_port(service: &ObjectRef, port: u16) -> String {
    format!("{service} leads to the data plane but has no port {port}, so no client reaches a listener there")
}

pub(crate) fn entry_pending(service: &ObjectRef) -> String {
    format!("{service} has no address yet: its EXTERNAL-IP is <pending>, nothing gives it one")
}

pub(crate) fn entry_inside_only(service: &ObjectRef) -> String {
    format!("{service} is of type ClusterIP: only pods of the cluster reach the Gateway")
}

pub(crate) fn by_node_port(service: &ObjectRef, port: i32) -> String {
    format!("{service} is of type NodePort: clients outside come by port {port} of any node")
}

pub(crate) fn entry_closed(service: &ObjectRef, port: u16) -> String {
    format!("port {port} of {service} leads to a port that no container of the data plane declares")
}

pub(crate) fn entry_denied(client: &str, port: u16) -> String {
    format!(
        "a NetworkPolicy drops what {client} sends to port {port} of the data plane's pods, so the client times out"
    )
}

pub(crate) fn not_programmed(listener: &ListenerState) -> Option<String> {
    let why = listener.trouble()?;
    Some(format!("listener {} on port {} takes no traffic: {why}", listener.name, listener.port))
}

pub(crate) fn no_client_certificate(shown: ClientCertificate) -> &'static str {
    match shown {
        ClientCertificate::Untrusted => {
            "the Gateway does not trust the client's certificate, so the handshake fails"
        }
        ClientCertificate::None | ClientCertificate::Trusted => {
            "the Gateway asks clients for a certificate and this one shows none, so the handshake fails"
        }
    }
}

pub(crate) fn not_attached(condition: &Condition) -> String {
    format!("the route is not attached, {}: {}", condition.reason, condition.message)
}

pub(crate) fn no_such_parent(namespace: &str, name: &str) -> String {
    format!(
        "the route names Gateway {namespace}/{name}, which does not exist; a parentRef without namespace means the route's own"
    )
}

pub(crate) fn falls_back(wide: &str, narrow: &str) -> String {
    format!(
        "whether the implementation falls back to the rules of {wide} when {narrow}, which has the more specific host name, has no rule for the request; if not, the answer is 404"
    )
}

pub(crate) fn which_host_name(first: &str, second: &str) -> String {
    format!(
        "whether the implementation compares the host names as the routes write them or what they have in common with the listener's, which decides between {first} and {second}"
    )
}

pub(crate) fn regex_order(first: &str, rule: u32, second: &str, other: u32) -> String {
    format!(
        "where the implementation ranks regular expressions, which decides between rule {rule} of {first} and rule {other} of {second}"
    )
}

pub(crate) fn external_name(target: &ServiceTarget, name: &str) -> String {
    format!(
        "whether the implementation follows Services of type ExternalName: {}/{} stands for {name}",
        target.namespace, target.name
    )
}

/// What comes of trying the endpoints of a backend. The API does not say which status a failed connection
/// becomes, nor whether another endpoint is tried.
pub(crate) fn connections(endpoints: &[EndpointAnswer], proxy: Proxy, http: bool) -> (Response, String) {
    let of = |wanted: Connection| endpoints.iter().filter(move |endpoint| endpoint.connection == wanted);
    let (good, all) = (of(Connection::Connected).count(), endpoints.len());
    if good == all {
        return (Response::Backend {}, format!("{all} of {all} endpoints answer"));
    }
    if good > 0 {
        let bad = of(Connection::Refused).count() + of(Connection::TimedOut).count();
        let why = match bad {
            0 => format!("{good} of {all} endpoints answer, for the others nothing says whether they listen"),
            _ => format!(
                "{bad} of {all} endpoints do not answer; whether the Gateway tries another is up to the implementation"
            ),
        };
        return (Response::Backend {}, why);
    }
    let why = |wanted: Connection| {
        let first = of(wanted).next();
        first.map(|endpoint| format!("{}: {}", endpoint.address, endpoint.why)).unwrap_or_default()
    };
    if of(Connection::Undetermined).count() > 0 {
        let missing = why(Connection::Undetermined);
        return (Response::Undetermined { missing: missing.clone() }, missing);
    }
    let timed_out = of(Connection::Refused).count() == 0;
    let cause = why(if timed_out { Connection::TimedOut } else { Connection::Refused });
    if !http {
        return (Response::ConnectionFailed {}, cause);
    }
    let code = match (proxy, timed_out) {
        (Proxy::Envoy, _) => 503,
        (Proxy::Nginx, false) => 502,
        (Proxy::Nginx, true) => 504,
        (Proxy::Unknown, timed_out) => {
            let nginx = if timed_out { 504 } else { 502 };
            let missing = format!(
                "which status the implementation gives when it cannot connect, 503 with Envoy and {nginx} with nginx; {cause}"
            );
            return (Response::Undetermined { missing }, cause);
        }
    };
    (Response::Status { code, location: None }, cause)
}

pub(crate) fn no_listener(port: u16) -> String {
    format!("no programmed listener of the Gateway has port {port}")
}

pub(crate) fn no_protocol(protocol: &str) -> String {
    format!("the port has no listener of protocol {protocol}")
}

pub(crate) fn no_host(host: &str) -> String {
    format!("no listener on this port takes the host {host}")
}

pub(crate) fn no_server_name(name: &str) -> String {
    format!("no listener on this port takes the server name {name}, so the handshake fails")
}

pub(crate) fn no_route_for_name(name: &str) -> String {
    format!("no TLSRoute on this listener takes the server name {name}")
}

pub(crate) fn misdirected(host: &str, name: &str) -> String {
    format!(
        "another listener takes the host {host}, while the handshake was for {name}: the request is misdirected"
    )
}

pub(crate) fn other_host(host: &str) -> String {
    format!("the route does not serve the host {host} on this listener")
}

pub(crate) fn listener(listener: &ListenerState) -> String {
    let host = if listener.hostname.is_empty() {
        "every host".to_owned()
    } else {
        format!("host {}", listener.hostname)
    };
    format!("listener {} ({} on port {}, {host}) takes it", listener.name, listener.protocol, listener.port)
}

pub(crate) fn route(object: &ObjectRef) -> String {
    format!("{object} takes it")
}

pub(crate) fn no_endpoints(target: &ServiceTarget, not_ready: bool) -> String {
    let ServiceTarget { namespace, name, .. } = target;
    if not_ready {
        format!("no endpoint of Service {namespace}/{name} is ready")
    } else {
        format!("Service {namespace}/{name} has no endpoints")
    }
}

pub(crate) fn summary(request: &GatewayRequest, answer: &GatewayRouting) -> String {
    let what = match request.protocol {
        GatewayProtocol::Http | GatewayProtocol::Grpc => request.http.line(),
        GatewayProtocol::Tls => format!("TLS for {}", request.http.sni.as_deref().unwrap_or("(no name)")),
        GatewayProtocol::Tcp => "a TCP connection".into(),
        GatewayProtocol::Udp => "a UDP packet".into(),
    };
    if let Some(obstacle) = answer.obstacles.first() {
        return format!("{what} at {} is not served: {}", answer.gateway, obstacle.message);
    }
    let ends: Vec<String> = answer
        .outcomes
        .iter()
        .map(|outcome| {
            let end = match &outcome.response {
                Response::Backend {} => match &outcome.backend {
                    Some(backend) => format!("goes to {backend}"),
                    None => "is answered by the backend".into(),
                },
                Response::Status { code, location: Some(location) } => {
                    format!("is answered {code} with Location {location}")
                }
                Response::Status { code, location: None } => format!("is answered {code} ({})", outcome.why),
                Response::ConnectionFailed {} => format!("gets no connection ({})", outcome.why),
                Response::Undetermined { missing } => format!("cannot be told: it depends on {missing}"),
            };
            if answer.outcomes.len() > 1 { format!("{end} ({})", outcome.share) } else { end }
        })
        .collect();
    let by = answer.matched.as_ref().map(|matched| format!(" by {}", matched.route)).unwrap_or_default();
    format!("{what} at {}{by} {}", answer.gateway, ends.join(" or "))
}
