//! The sentences of this room.

use super::answer::GatewayRouting;
use super::listeners::ListenerState;
use super::references::ServiceTarget;
use super::route::{GatewayProtocol, GatewayRequest};
use crate::ingress::Response;
use crate::manifest::ObjectRef;

pub(crate) const NO_CLASS: &str = "the GatewayClass does not exist, so no implementation takes the Gateway";
pub(crate) const NOT_HTTP: &str = "the port has no listener of protocol HTTP";
pub(crate) const NO_ROUTE: &str = "no route is attached to the listener";
pub(crate) const NO_MATCH: &str = "no rule of the routes on this listener matches the request";
pub(crate) const NO_BACKEND: &str = "the rule forwards to no backend: there is none, or all have weight 0";

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
