//! One request or connection through listener, route, filters and backends.

use super::answer::{GatewayCertificate, GatewayOutcome, GatewayRouting, ListenerAnswer};
use super::dataplane::Way;
use super::listeners::ListenerState;
use super::objects::{RouteKind, evidence};
use super::{Table, explain, hostname};
use crate::ingress::{Client, HttpRequest, Reach, Response, Scheme};
use crate::manifest::ObjectRef;
use crate::model::{Share, Snapshot};
use serde::{Deserialize, Serialize};

/// What a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GatewayProtocol {
    /// HTTP or HTTPS, by the request's scheme.
    #[default]
    Http,
    /// gRPC, which is HTTP/2 with a content type.
    Grpc,
    /// TLS without HTTP inside that anyone looks at.
    Tls,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// What a client shows of itself in a TLS handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClientCertificate {
    /// Nothing.
    #[default]
    None,
    /// A certificate of an authority that the Gateway is told to trust.
    Trusted,
    /// A certificate of anybody else.
    Untrusted,
}

/// A request or connection to a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GatewayRequest {
    /// The Gateway, `namespace/name`; empty means the first one.
    pub gateway: String,
    /// The port connected to; absent means the port in the Host header, else the scheme's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What the client speaks.
    pub protocol: GatewayProtocol,
    /// The certificate that the client shows.
    pub client_certificate: ClientCertificate,
    /// The request; of a TLS connection only its server name counts, of TCP and UDP nothing.
    pub http: HttpRequest,
}

impl GatewayRequest {
    fn port(&self) -> u16 {
        let in_host = || self.http.host.as_deref()?.rsplit_once(':')?.1.parse().ok();
        self.port.or_else(in_host).unwrap_or_else(|| self.scheme().default_port())
    }

    fn scheme(&self) -> Scheme {
        if self.protocol == GatewayProtocol::Tls { Scheme::Https } else { self.http.scheme }
    }
}

/// A question on its way to its answer.
pub(super) struct Asked<'a> {
    pub(super) table: &'a Table,
    pub(super) reach: Reach<'a>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) request: &'a GatewayRequest,
    pub(super) answer: GatewayRouting,
}

/// Answers one request; `gateway` is an index that exists.
pub(crate) fn route(
    table: &Table,
    reach: Reach<'_>,
    gateway: usize,
    request: &GatewayRequest,
) -> GatewayRouting {
    let world = &table.world;
    let object = world.objects.gateways.get(gateway).map(|stored| stored.object.clone());
    let controller = world.gateways.get(gateway).and_then(|state| state.controller.clone());
    let answer = GatewayRouting {
        summary: String::new(),
        gateway: object.unwrap_or_else(|| ObjectRef::namespaced("Gateway", "", "")),
        controller,
        obstacles: Vec::new(),
        listener: None,
        matched: None,
        candidates: Vec::new(),
        candidates_left_out: 0,
        outcomes: Vec::new(),
        mirrors: Vec::new(),
        timeouts: None,
        certificate: None,
        client_certificate_required: false,
        steps: Vec::new(),
    };
    let mut asked = Asked { table, reach, snapshot: reach.snapshot, request, answer };
    let client = Client::parse(reach.snapshot, request.http.client.as_deref());
    let protocol = if request.protocol == GatewayProtocol::Udp { "UDP" } else { "TCP" };
    let way = Way { table, reach, gateway, client, port: request.port(), protocol };
    let found = way.look();
    let messages = found.obstacles.iter().map(|obstacle| obstacle.message.clone());
    asked.answer.steps.extend(messages.chain(found.notes));
    asked.answer.obstacles = found.obstacles;
    asked.run(gateway);
    if request.protocol == GatewayProtocol::Grpc {
        for outcome in &mut asked.answer.outcomes {
            outcome.grpc_status = grpc_status(&outcome.response);
        }
    }
    asked.answer.summary = explain::summary(request, &asked.answer);
    asked.answer
}

/// What a gRPC client sees of an answer that the Gateway gives by itself.
// gateway-api: apis/v1/grpcroute_types.go GRPCRouteRule.BackendRefs, gateway_types.go "General Listener behavior"
fn grpc_status(response: &Response) -> Option<&'static str> {
    match response {
        Response::Status { code: 404, .. } => Some("UNIMPLEMENTED"),
        Response::Status { .. } | Response::ConnectionFailed {} => Some("UNAVAILABLE"),
        Response::Backend {} | Response::Undetermined { .. } => None,
    }
}

impl<'a> Asked<'a> {
    fn run(&mut self, gateway: usize) {
        let table = self.table;
        let accepted =
            table.world.gateways.get(gateway).is_some_and(super::listeners::GatewayState::accepted);
        if !accepted {
            let why = self.answer.obstacles.first().map(|obstacle| obstacle.message.clone());
            self.answer.steps.pop();
            return self.end(Response::ConnectionFailed {}, why.unwrap_or_default());
        }
        let port = self.request.port();
        let mine = table.world.listeners.iter();
        let mine = mine.filter(|listener| listener.gateway == gateway && listener.port == port);
        let (here, broken): (Vec<&ListenerState>, Vec<&ListenerState>) =
            mine.partition(|listener| listener.programmed());
        let said = broken.iter().filter_map(|listener| explain::not_programmed(listener));
        self.answer.steps.extend(said);
        if here.is_empty() {
            let why = match broken.first().and_then(|listener| explain::not_programmed(listener)) {
                Some(why) => {
                    self.answer.steps.retain(|step| *step != why);
                    why
                }
                None => explain::no_listener(port),
            };
            return self.end(Response::ConnectionFailed {}, why);
        }
        match (self.request.protocol, self.request.scheme()) {
            (GatewayProtocol::Tcp, _) => self.plain(&here, "TCP", RouteKind::Tcp),
            (GatewayProtocol::Udp, _) => self.plain(&here, "UDP", RouteKind::Udp),
            (_, Scheme::Https) => self.tls(&here),
            (_, Scheme::Http) => self.http(&here),
        }
    }

    /// The whole request ends in one way.
    pub(super) fn end(&mut self, response: Response, why: String) {
        self.answer.steps.push(why.clone());
        self.answer.outcomes = vec![GatewayOutcome {
            share: Share::ALL,
            backend: None,
            port: None,
            upstream: None,
            headers: Vec::new(),
            backend_tls: None,
            endpoints: Vec::new(),
            response,
            grpc_status: None,
            response_changes: Vec::new(),
            why,
        }];
    }

    fn take(&mut self, listener: &ListenerState) {
        let world = &self.table.world;
        let field = format!("spec.listeners[{}]", listener.index);
        let place = match listener.set {
            Some(set) => world.objects.sets.get(set).map(|stored| evidence(self.snapshot, stored, &field)),
            None => world
                .objects
                .gateways
                .get(listener.gateway)
                .map(|stored| evidence(self.snapshot, stored, &field)),
        };
        self.answer.steps.push(explain::listener(listener));
        self.answer.listener = place.map(|evidence| ListenerAnswer {
            name: listener.name.clone(),
            object: evidence.object.clone(),
            port: listener.port,
            protocol: listener.protocol.clone(),
            hostname: listener.hostname.clone(),
            evidence,
        });
    }

    fn http(&mut self, here: &[&'a ListenerState]) {
        let host = self.request.http.host_name().unwrap_or_default();
        let plain: Vec<&ListenerState> =
            here.iter().copied().filter(|listener| listener.protocol == "HTTP").collect();
        if plain.is_empty() {
            return self.end(Response::ConnectionFailed {}, explain::NOT_HTTP.into());
        }
        match best(&plain, &host) {
            Some(listener) => {
                self.take(listener);
                self.routes(listener, &host);
            }
            None => self.end(Response::Status { code: 404, location: None }, explain::no_host(&host)),
        }
    }

    fn tls(&mut self, here: &[&'a ListenerState]) {
        let name = match self.request.protocol {
            GatewayProtocol::Tls => self.request.http.sni.clone().or_else(|| self.request.http.host_name()),
            _ => self.request.http.server_name(),
        };
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let secure: Vec<&ListenerState> = here
            .iter()
            .copied()
            .filter(|listener| matches!(listener.protocol.as_str(), "HTTPS" | "TLS"))
            .collect();
        let Some(listener) = best(&secure, &name) else {
            return self.end(Response::ConnectionFailed {}, explain::no_server_name(&name));
        };
        self.take(listener);
        self.answer.client_certificate_required = listener.client_certificate;
        self.show_certificate(listener, &name);
        if listener.client_certificate && self.request.client_certificate != ClientCertificate::Trusted {
            let why = explain::no_client_certificate(self.request.client_certificate);
            return self.end(Response::ConnectionFailed {}, why.into());
        }
        if listener.protocol == "TLS" {
            return self.by_server_name(listener, &name);
        }
        let host = self.request.http.host_name().unwrap_or_default();
        let web: Vec<&ListenerState> =
            here.iter().copied().filter(|listener| listener.protocol == "HTTPS").collect();
        // gateway-api: apis/v1/gateway_types.go Listener.Hostname, on connection reuse
        match best(&web, &host) {
            Some(other) if other.name == listener.name && other.set == listener.set => {
                self.routes(listener, &host)
            }
            Some(_) => {
                let why = explain::misdirected(&host, &name);
                self.end(Response::Status { code: 421, location: None }, why);
            }
            None => self.end(Response::Status { code: 404, location: None }, explain::no_host(&host)),
        }
    }

    /// The certificate with the longest name that covers the server name.
    // gateway-api: apis/v1/gateway_types.go Listener.TLS "longest matching SNI"
    fn show_certificate(&mut self, listener: &ListenerState, name: &str) {
        let exact = |names: &[String]| names.iter().any(|own| own.eq_ignore_ascii_case(name));
        let covering = listener.certificates.iter().filter(|(_, _, data)| data.covers(name));
        let mut best = None;
        for certificate in covering {
            let better = |old: &&(_, _, crate::ingress::tls::CertificateData)| {
                !exact(&old.2.names) && exact(&certificate.2.names)
            };
            if best.as_ref().is_none_or(better) {
                best = Some(certificate);
            }
        }
        let time = self.snapshot.settings.ingress.time.as_deref();
        self.answer.certificate =
            best.or_else(|| listener.certificates.first()).map(|(space, secret, data)| GatewayCertificate {
                secret: ObjectRef::namespaced("Secret", space, secret),
                covers_host: data.covers(name),
                valid: time.and_then(|time| data.valid_at(time)),
                data: data.clone(),
            });
    }

    /// TCPRoutes and UDPRoutes: the oldest on the listener.
    // gateway-api: apis/v1/tcproute_types.go, udproute_types.go: one route serves a listener, the oldest
    fn plain(&mut self, here: &[&'a ListenerState], protocol: &str, kind: RouteKind) {
        let Some(listener) = here.iter().copied().find(|listener| listener.protocol == protocol) else {
            return self.end(Response::ConnectionFailed {}, explain::no_protocol(protocol));
        };
        self.take(listener);
        let routes = &self.table.world.objects.routes;
        let is_kind = |index: &&usize| routes.get(**index).is_some_and(|(found, _)| *found == kind);
        self.unattached(listener);
        match listener.attached.iter().filter(is_kind).min() {
            Some(index) => self.forward(*index, "", protocol, false),
            None => self.end(Response::ConnectionFailed {}, explain::NO_ROUTE.into()),
        }
    }
}

/// The most specific listener whose host name covers `host`.
fn best<'a>(listeners: &[&'a ListenerState], host: &str) -> Option<&'a ListenerState> {
    let mut found: Option<&ListenerState> = None;
    for &listener in listeners.iter().filter(|listener| hostname::covers(&listener.hostname, host)) {
        let rank = |listener: &ListenerState| hostname::specificity(&listener.hostname);
        if found.is_none_or(|best| rank(listener) > rank(best)) {
            found = Some(listener);
        }
    }
    found
}
