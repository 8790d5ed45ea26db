use super::{GatewayProtocol, GatewayRequest, GatewayRouting};
use crate::ingress::{HttpRequest, Response};
use crate::{Cluster, Settings, Source};

const BASE: &str = "
{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: c}, spec: {controllerName: example.com/c}}
---
{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {selector: {app: s}, ports: [{port: 80, targetPort: 8080}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: s, labels: {app: s}}, spec: {containers: [{name: c, image: i, ports: [{containerPort: 8080}]}]}}
---
";

fn gateway(listeners: &str) -> String {
    format!(
        "{BASE}apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: g}}\nspec: {{gatewayClassName: c, listeners: [{listeners}]}}\n"
    )
}

fn route(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{parentRefs: [{{name: g}}], {spec}}}\n"
    )
}

fn load(text: String) -> Cluster {
    Cluster::load([Source::new("test.yaml", text)], &Settings::default())
}

fn ask(cluster: &Cluster, url: &str) -> GatewayRouting {
    let http = HttpRequest::get(url).unwrap();
    cluster.gateway_route(&GatewayRequest { http, ..GatewayRequest::default() }).unwrap()
}

#[test]
fn the_most_specific_listener_takes_a_request_and_there_is_no_falling_through() {
    let text = gateway(
        "{name: wide, port: 80, protocol: HTTP}, {name: narrow, port: 80, protocol: HTTP, hostname: '*.example.com'}",
    ) + &route(
        "HTTPRoute",
        "r",
        "hostnames: [other.org], rules: [{backendRefs: [{name: s, port: 80}]}]",
    );
    let cluster = load(text);
    assert_eq!(ask(&cluster, "http://other.org/").outcomes[0].response, Response::Backend {});
    let routing = ask(&cluster, "http://a.b.example.com/");
    assert_eq!(routing.listener.unwrap().name, "narrow");
    assert_eq!(routing.outcomes[0].response, Response::Status { code: 404, location: None });
}

#[test]
fn listeners_that_cannot_be_told_apart_are_all_in_conflict() {
    let cluster = load(gateway(
        "{name: a, port: 80, protocol: HTTP, hostname: h.example.com}, {name: b, port: 80, protocol: HTTPS, tls: {certificateRefs: [{name: x}]}}",
    ));
    let status = cluster.gateway_status();
    for listener in &status.gateways[0].listeners {
        let conflicted =
            listener.conditions.iter().find(|condition| condition.type_ == "Conflicted").unwrap();
        assert_eq!(conflicted.reason, "ProtocolConflict", "{}", listener.name);
    }
}

#[test]
fn no_rule_is_a_404_no_backend_a_500_and_no_endpoints_a_503() {
    let text = gateway("{name: l, port: 80, protocol: HTTP}")
        + "---\n{apiVersion: v1, kind: Service, metadata: {name: empty}, spec: {selector: {app: none}, ports: [{port: 80}]}}\n"
        + &route(
            "HTTPRoute",
            "r",
            "rules: [{matches: [{path: {value: /none}}]}, {matches: [{path: {value: /gone}}], backendRefs: [{name: gone, port: 80}]}, {matches: [{path: {value: /empty}}], backendRefs: [{name: empty, port: 80}]}]",
        );
    let cluster = load(text);
    for (path, code) in [("/x", 404), ("/none", 500), ("/gone", 500), ("/empty", 503)] {
        let routing = ask(&cluster, &format!("http://h{path}"));
        assert_eq!(routing.outcomes[0].response, Response::Status { code, location: None }, "{path}");
    }
}

#[test]
fn tcp_goes_to_the_oldest_route_of_the_port() {
    let text = gateway("{name: l, port: 9000, protocol: TCP}")
        + &route("TCPRoute", "first", "rules: [{backendRefs: [{name: s, port: 80}]}]")
        + &route("TCPRoute", "second", "rules: [{backendRefs: [{name: gone, port: 80}]}]");
    let request =
        GatewayRequest { port: Some(9000), protocol: GatewayProtocol::Tcp, ..GatewayRequest::default() };
    let routing = load(text).gateway_route(&request).unwrap();
    assert_eq!(routing.matched.unwrap().route.name, "first");
    assert_eq!(routing.outcomes[0].response, Response::Backend {});
}
