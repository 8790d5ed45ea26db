//! Requests and connections of a case.

use super::world::{BACKEND_AUTHORITY, BACKEND_NAMES};
use super::{items, named, scalar, text};
use crate::report::Report;
use kubehop::Cluster;
use kubehop::gateway::{ClientCertificate, GatewayOutcome, GatewayProtocol, GatewayRequest, GatewayRouting};
use kubehop::ingress::{Header, HttpRequest, Response, Scheme};
use kubehop::manifest::api::gateway_v1::{Gateway, Listener};
use serde_yaml::Value;
use std::collections::BTreeMap;

/// What a client without a host name puts into the Host header: the Gateway's address.
const ADDRESS: &str = "192.0.2.80";

/// The Gateway that an entry names, else the one the first route of the case attaches to.
fn gateway(case: &Value, entry: &Value) -> String {
    if entry["gateway"].get("name").is_some() {
        return named(&entry["gateway"]);
    }
    let routes = items(&case["objects"]).iter().filter(|object| text(object, "kind").ends_with("Route"));
    let parent = routes.map(|route| (route, &items(&route["spec"]["parentRefs"])[0])).next();
    parent.map_or(String::new(), |(route, parent)| {
        let space = text(parent, "namespace");
        let space = if space.is_empty() { text(&route["metadata"], "namespace") } else { space };
        format!("{space}/{}", text(parent, "name"))
    })
}

/// The port of the listeners an entry names, when the Host header names none of the Gateway's ports; else
/// that of the listener with the very host name, else the usual one.
fn port(cluster: &Cluster, gateway: &str, entry: &Value) -> Option<u16> {
    let listeners = listeners(cluster, gateway);
    let host = text(&entry["request"], "host");
    let in_host = || host.rsplit_once(':')?.1.parse::<i32>().ok();
    if let Some(port) = in_host().filter(|port| listeners.iter().any(|listener| listener.port == *port)) {
        return u16::try_from(port).ok();
    }
    let wanted = items(&entry["gateway"]["listeners"]).first().and_then(Value::as_str);
    let secure = text(&entry["request"], "scheme") == "https" || entry.get("sni").is_some();
    let usual = if secure { 443 } else { 80 };
    let found = listeners
        .iter()
        .find(|listener| wanted == Some(listener.name.as_str()))
        .or_else(|| listeners.iter().find(|listener| listener.hostname.as_deref() == Some(host)))
        .or_else(|| listeners.iter().find(|listener| listener.port == usual))
        .or_else(|| listeners.first());
    found.and_then(|listener| u16::try_from(listener.port).ok())
}

/// A Gateway's listeners, from its manifest.
fn listeners(cluster: &Cluster, gateway: &str) -> Vec<Listener> {
    let manifests = &cluster.snapshot().manifests;
    let mut objects = manifests.objects().iter();
    let found = objects.find(|object| {
        object.kind == "Gateway" && format!("{}/{}", object.namespace, object.name) == gateway
    });
    found.map(|object| manifests.typed::<Gateway>(object.id).spec.listeners).unwrap_or_default()
}

/// `http[]` and `https[]`.
pub fn http(cluster: &Cluster, id: &str, case: &Value, report: &mut Report) {
    for kind in ["http", "https"] {
        for (number, entry) in items(&case[kind]).iter().enumerate() {
            let id = format!("{id} {kind}/{number}");
            let asked = &entry["request"];
            if asked["path"].is_mapping() {
                report.skip(&id, "needs a backend that fails on purpose");
                continue;
            }
            let headers: BTreeMap<String, String> = asked["headers"]
                .as_mapping()
                .into_iter()
                .flatten()
                .map(|(name, value)| (scalar(name), scalar(value)))
                .collect();
            let sni = match &entry["sni"] {
                Value::Mapping(_) => first_hostname(case, ""),
                other => other.as_str().map(String::from).or_else(|| asked["sni"].as_str().map(String::from)),
            };
            let request = HttpRequest {
                scheme: if kind == "https" || text(asked, "scheme") == "https" {
                    Scheme::Https
                } else {
                    Scheme::Http
                },
                method: text(asked, "method").into(),
                host: asked["host"]
                    .as_str()
                    .map(String::from)
                    .or_else(|| sni.clone())
                    .or_else(|| Some(ADDRESS.into())),
                path: text(asked, "path").into(),
                headers,
                sni,
                client: None,
            };
            let gateway = gateway(case, entry);
            let request = GatewayRequest {
                port: port(cluster, &gateway, entry),
                gateway,
                protocol: GatewayProtocol::Http,
                // the upstream client shows its certificate where it wants to get through
                client_certificate: match entry["expect"]["failure"].as_bool() {
                    Some(true) => ClientCertificate::None,
                    _ => ClientCertificate::Trusted,
                },
                http: request,
            };
            match cluster.gateway_route(&request) {
                Ok(routing) => {
                    let faults = faults(&routing, entry, &request.http);
                    if faults.is_empty() {
                        report.pass(&id);
                    } else {
                        report.fail(
                            &id,
                            serde_yaml::to_string(&entry["expect"]).unwrap_or_default(),
                            format!("{}\n    {}", faults.join("; "), routing.summary),
                        );
                    }
                }
                Err(error) => report.fail(&id, "an answer", error.to_string()),
            }
        }
    }
}

/// The first host name of the case's TLSRoute whose name contains `part`.
fn first_hostname(case: &Value, part: &str) -> Option<String> {
    let routes = items(&case["objects"]).iter().filter(|object| text(object, "kind") == "TLSRoute");
    let mut matching = routes.filter(|route| text(&route["metadata"], "name").contains(part));
    matching.find_map(|route| items(&route["spec"]["hostnames"]).first()?.as_str().map(String::from))
}

/// Seconds of a Go duration.
fn seconds(duration: &str) -> f64 {
    let split = duration.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(duration.len());
    let (number, unit) = duration.split_at(split);
    let number: f64 = number.parse().unwrap_or(0.0);
    match unit {
        "ms" => number / 1000.0,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => number,
    }
}

/// The status a client sees, with what the model cannot know filled in: how long the echo server is told
/// to wait, and which certificate it shows.
fn status(routing: &GatewayRouting, outcome: &GatewayOutcome, request: &HttpRequest) -> u64 {
    match &outcome.response {
        Response::Backend {} => {
            let delay = request
                .query()
                .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("delay=")));
            let timeouts =
                routing.timeouts.iter().flat_map(|timeouts| [&timeouts.request, &timeouts.backend_request]);
            let limit = timeouts
                .flatten()
                .map(|limit| seconds(limit))
                .filter(|limit| *limit > 0.0)
                .fold(f64::MAX, f64::min);
            if delay.is_some_and(|delay| seconds(delay) > limit) {
                return 504;
            }
            let names: Vec<String> = BACKEND_NAMES.iter().map(|name| (*name).to_owned()).collect();
            let trusted = outcome.backend_tls.as_ref().is_none_or(|tls| {
                tls.accepts(&names)
                    && tls
                        .authorities
                        .iter()
                        .any(|authority| authority.ends_with(BACKEND_AUTHORITY) || authority == "System")
            });
            if trusted { 200 } else { 502 }
        }
        Response::Status { code, .. } => u64::from(*code),
        Response::ConnectionFailed {} => 0,
        Response::Undetermined { .. } => 1,
    }
}

/// Whether the pods that answer belong to `name`.
fn answers(outcome: &GatewayOutcome, name: &str) -> bool {
    let service = outcome.backend.as_ref().is_some_and(|backend| backend.name == name);
    let pods = |endpoint: &kubehop::ingress::EndpointAnswer| {
        endpoint.pod.as_ref().is_none_or(|pod| pod.name.starts_with(&format!("{name}-")))
    };
    service || (!outcome.endpoints.is_empty() && outcome.endpoints.iter().all(pods))
}

fn faults(routing: &GatewayRouting, entry: &Value, request: &HttpRequest) -> Vec<String> {
    let expect = &entry["expect"];
    let mut faults = Vec::new();
    let mut want = |what: &str, wanted: String, got: String| {
        if wanted != got {
            faults.push(format!("{what}: wanted {wanted}, got {got}"));
        }
    };
    let statuses: Vec<u64> =
        routing.outcomes.iter().map(|outcome| status(routing, outcome, request)).collect();
    let ok = |code: &u64| (200..400).contains(code);
    if expect["connection_rejected"].as_bool() == Some(true) {
        want("rejected", "true".into(), statuses.iter().all(|status| *status == 0).to_string());
        return faults;
    }
    if expect["failure"].as_bool() == Some(true) {
        want("failure", "true".into(), statuses.iter().all(|status| !ok(status)).to_string());
        return faults;
    }
    let codes: Vec<u64> = items(&expect["status"]).iter().filter_map(Value::as_u64).collect();
    let codes = if codes.is_empty() { vec![200] } else { codes };
    for status in &statuses {
        if !codes.contains(status) {
            want("status", format!("{codes:?}"), status.to_string());
        }
    }
    for outcome in &routing.outcomes {
        if let Some(backend) = expect["backend"]["name"].as_str()
            && !answers(outcome, backend)
        {
            want("backend", backend.into(), format!("{:?}", outcome.backend));
        }
        let redirect = &expect["redirect"];
        if redirect.is_mapping() {
            let got = match &outcome.response {
                Response::Status { location: Some(location), .. } => HttpRequest::get(location).ok(),
                _ => None,
            };
            let Some(got) = got else {
                want("redirect", "some".into(), format!("{:?}", outcome.response));
                continue;
            };
            let host = got.host.clone().unwrap_or_default();
            let (name, port) = host.rsplit_once(':').map_or((host.as_str(), ""), |(name, port)| (name, port));
            for (field, value) in
                [("scheme", got.scheme.as_str()), ("host", name), ("port", port), ("path", got.raw_path())]
            {
                if let Some(wanted) = redirect.get(field).map(scalar) {
                    let usual = field == "port"
                        && value.is_empty()
                        && wanted == got.scheme.default_port().to_string();
                    if !usual {
                        want(field, wanted, value.into());
                    }
                }
            }
            continue;
        }
        let Some(upstream) = &outcome.upstream else { continue };
        let seen = &expect["seen_by_backend"];
        let strip = |path: &str| path.split('?').next().unwrap_or_default().to_owned();
        let path = seen["path"].as_str().unwrap_or(&request.path);
        want("path", strip(path), strip(&upstream.path));
        if let Some(host) = seen["host"].as_str() {
            want("host", host.into(), upstream.host.clone());
        }
        let find = |headers: &[Header], name: &str| {
            headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case(name))
                .map(|header| header.value.clone())
        };
        for (name, value) in seen["headers"].as_mapping().into_iter().flatten() {
            want("header", scalar(value), find(&outcome.headers, &scalar(name)).unwrap_or_default());
        }
        for name in items(&seen["absent_headers"]) {
            want("absent header", String::new(), find(&outcome.headers, &scalar(name)).unwrap_or_default());
        }
        for mirror in items(&expect["mirrored_to"]) {
            let name = text(&mirror["backendRef"], "name");
            let found = routing.mirrors.iter().find(|mirrored| mirrored.backend.name == name);
            let share = found.map(|found| 100.0 * f64::from(found.share.n) / f64::from(found.share.of));
            let wanted = mirror["percent"].as_f64().unwrap_or(100.0);
            want("mirror", format!("{name} {wanted}"), format!("{name} {}", share.unwrap_or(0.0)));
        }
    }
    response_headers(routing, entry, &mut want);
    faults
}

fn response_headers(routing: &GatewayRouting, entry: &Value, want: &mut impl FnMut(&str, String, String)) {
    let expect = &entry["expect"];
    let given: Vec<Header> = entry["backend_sets_response_headers"]
        .as_mapping()
        .into_iter()
        .flatten()
        .map(|(name, value)| Header { name: scalar(name), value: scalar(value) })
        .collect();
    for outcome in &routing.outcomes {
        let headers = outcome.response_headers(&given);
        let find = |name: &str| {
            headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case(name))
                .map(|header| header.value.clone())
        };
        let plain = |text: &str| text.replace(", ", ",").to_ascii_lowercase();
        for (name, value) in expect["response_headers"].as_mapping().into_iter().flatten() {
            want("response header", plain(&scalar(value)), plain(&find(&scalar(name)).unwrap_or_default()));
        }
        for name in items(&expect["absent_response_headers"]) {
            want("absent response header", String::new(), find(&scalar(name)).unwrap_or_default());
        }
        for (name, values) in expect["valid_response_header_values"].as_mapping().into_iter().flatten() {
            let got = find(&scalar(name)).unwrap_or_default();
            let wanted: Vec<String> = items(values).iter().map(scalar).collect();
            if !wanted.iter().any(|value| plain(value) == plain(&got)) {
                want("response header", wanted.join(" or "), got);
            }
        }
    }
}

/// `grpc[]`.
pub fn grpc(cluster: &Cluster, id: &str, case: &Value, report: &mut Report) {
    for (number, entry) in items(&case["grpc"]).iter().enumerate() {
        let id = format!("{id} grpc/{number}");
        let asked = &entry["request"];
        let mut headers: BTreeMap<String, String> = asked["metadata"]
            .as_mapping()
            .into_iter()
            .flatten()
            .map(|(name, value)| (scalar(name), scalar(value)))
            .collect();
        headers.insert("content-type".into(), "application/grpc".into());
        let gateway = gateway(case, entry);
        let request = GatewayRequest {
            port: port(cluster, &gateway, entry),
            gateway,
            protocol: GatewayProtocol::Grpc,
            client_certificate: ClientCertificate::None,
            http: HttpRequest {
                method: "POST".into(),
                host: asked["authority"].as_str().map(String::from),
                path: format!("/{}/{}", text(asked, "service"), text(asked, "method")),
                headers,
                ..HttpRequest::default()
            },
        };
        let expect = &entry["expect"];
        match cluster.gateway_route(&request) {
            Ok(routing) => {
                let code = |outcome: &GatewayOutcome| match status(&routing, outcome, &request.http) {
                    200 => "OK",
                    _ => outcome.grpc_status.unwrap_or("none"),
                };
                let plain = |text: &str| text.replace('_', "").to_ascii_uppercase();
                let wanted = expect["code"].as_str().map_or("OK".into(), plain);
                let ok = routing.outcomes.iter().all(|outcome| {
                    let backend = expect["backend"]["name"].as_str();
                    plain(code(outcome)) == wanted && backend.is_none_or(|backend| answers(outcome, backend))
                });
                if ok {
                    report.pass(&id)
                } else {
                    report.fail(&id, serde_yaml::to_string(expect).unwrap_or_default(), routing.summary)
                }
            }
            Err(error) => report.fail(&id, "an answer", error.to_string()),
        }
    }
}

/// `l4[]`.
pub fn l4(cluster: &Cluster, id: &str, case: &Value, report: &mut Report) {
    for (number, entry) in items(&case["l4"]).iter().enumerate() {
        let id = format!("{id} l4/{number}");
        let gateway = gateway(case, entry);
        let arguments = items(&entry["args"]);
        let tcp = text(entry, "call") == "MakeTCPRequestAndExpectEventuallyValidResponse";
        let wanted = arguments
            .iter()
            .rev()
            .find(|argument| argument.is_mapping() && argument.get("unresolved").is_none());
        let backend = wanted.map_or(String::new(), |wanted| {
            if tcp { text(wanted, "Backend").to_owned() } else { text(wanted, "Service").to_owned() }
        });
        let secure = tcp && arguments.get(2).and_then(Value::as_bool) == Some(true);
        let name = match arguments.get(1) {
            Some(Value::Mapping(_)) => {
                let text = text(&arguments[1], "unresolved");
                let part = if text.contains("Passthrough") {
                    "passthrough"
                } else if text.contains("Terminate") {
                    "terminate"
                } else {
                    ""
                };
                first_hostname(case, part)
            }
            Some(value) => value.as_str().map(String::from),
            None => None,
        };
        let protocol = if !tcp {
            GatewayProtocol::Udp
        } else if secure {
            GatewayProtocol::Tls
        } else {
            GatewayProtocol::Tcp
        };
        let request = GatewayRequest {
            port: port(cluster, &gateway, entry),
            gateway,
            protocol,
            client_certificate: ClientCertificate::None,
            http: HttpRequest { sni: name.filter(|name| !name.is_empty()), ..HttpRequest::default() },
        };
        match cluster.gateway_route(&request) {
            Ok(routing) => {
                let ok = routing.outcomes.iter().all(|outcome| {
                    matches!(outcome.response, Response::Backend {})
                        && (backend.is_empty() || answers(outcome, &backend))
                });
                if ok { report.pass(&id) } else { report.fail(&id, backend, routing.summary) }
            }
            Err(error) => report.fail(&id, "an answer", error.to_string()),
        }
    }
}

/// Shares of a case's requests, for `weighted_distribution`.
pub fn shares(cluster: &Cluster, case: &Value) -> BTreeMap<String, f64> {
    let entry = ["http", "grpc", "l4"]
        .iter()
        .find_map(|kind| items(&case[*kind]).first().map(|entry| (*kind, entry)));
    let Some((kind, entry)) = entry else { return BTreeMap::new() };
    let gateway = gateway(case, entry);
    let asked = &entry["request"];
    let protocol = match kind {
        "grpc" => GatewayProtocol::Grpc,
        "l4" if text(entry, "call").contains("TCP") => GatewayProtocol::Tcp,
        "l4" => GatewayProtocol::Udp,
        _ => GatewayProtocol::Http,
    };
    let path = match kind {
        "grpc" => format!("/{}/{}", text(asked, "service"), text(asked, "method")),
        _ => text(asked, "path").to_owned(),
    };
    let request = GatewayRequest {
        port: port(cluster, &gateway, entry),
        gateway,
        protocol,
        client_certificate: ClientCertificate::None,
        http: HttpRequest { host: asked["host"].as_str().map(String::from), path, ..HttpRequest::default() },
    };
    let outcomes = cluster.gateway_route(&request).map(|routing| routing.outcomes).unwrap_or_default();
    let mut shares = BTreeMap::new();
    for outcome in outcomes {
        if let Some(backend) = outcome.backend {
            *shares.entry(backend.name).or_insert(0.0) +=
                f64::from(outcome.share.n) / f64::from(outcome.share.of);
        }
    }
    shares
}
