//! Text of the answers about Services and addresses.

use crate::addressing::{AddressOrigin, Way};
use crate::manifest::Evidence;
use crate::services::questions::{Asker, Fate, NodePortReport, RuleWalk, SelectionReport, ServiceReport};
use crate::services::rules::TraceVerdict;
use std::fmt::Write;

/// One line, arguments as in `format!`. Writing to a `String` cannot fail.
macro_rules! line {
    ($to:expr, $($text:tt)*) => {{ let _ = writeln!($to, $($text)*); }};
}

fn places(evidence: &[Evidence]) -> String {
    let shown: Vec<String> = evidence
        .iter()
        .filter_map(|evidence| {
            let place = evidence.place.as_ref()?;
            Some(format!("{}:{}", place.file, place.line))
        })
        .collect();
    if shown.is_empty() { String::new() } else { format!("  [{}]", shown.join(", ")) }
}

pub(super) fn service(report: &ServiceReport) -> String {
    let mut out = String::new();
    line!(out, "{} ({})", report.service, report.type_);
    let mut addresses = vec![("ClusterIP", &report.cluster_ips), ("external IP", &report.external_ips)];
    addresses.push(("load balancer", &report.load_balancer));
    for (what, list) in addresses.into_iter().filter(|(_, list)| !list.is_empty()) {
        line!(out, "  {what}: {}", list.join(", "));
    }
    if let Some(reason) = &report.not_proxied {
        line!(out, "  {}{}", reason.sentence, places(&reason.evidence));
    }
    for port in &report.ports {
        let name = if port.name.is_empty() { String::new() } else { format!(" {}", port.name) };
        let node_port = port.node_port.map(|number| format!(", node port {number}")).unwrap_or_default();
        line!(out, "  port{name} {}/{} -> {}{node_port}", port.port, port.protocol, port.target_port);
        if port.endpoints.is_empty() {
            line!(out, "    no endpoints");
        }
        for endpoint in &port.endpoints {
            let pod = endpoint.pod.as_ref().map(|pod| format!("  {pod}")).unwrap_or_default();
            let node = endpoint.node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
            let state = match (endpoint.ready, endpoint.terminating) {
                (true, _) => "",
                (false, true) => "  terminating",
                (false, false) => "  not ready",
            };
            line!(out, "    {}{pod}{node}{state}", endpoint.address);
        }
    }
    for pod in &report.pods {
        line!(out, "{}", pod.sentence);
        for check in &pod.checks {
            let mark = if check.holds { "yes" } else { "NO " };
            line!(out, "  {mark} {}{}", check.sentence, places(&check.evidence));
        }
    }
    if report.other_pods > 0 {
        line!(out, "{} other pods of the namespace have none of the labels it asks for", report.other_pods);
    }
    out
}

pub(super) fn rule_walk(walk: &RuleWalk) -> String {
    let mut out = String::new();
    let packet = &walk.packet;
    let to = std::net::SocketAddr::new(packet.destination, packet.port);
    line!(out, "{} -> {to}/{} on node {}", packet.source, packet.protocol, walk.node);
    for rule in &walk.walk.rules {
        line!(out, "  {rule}");
    }
    match walk.walk.verdict {
        Some(TraceVerdict::Accept) => line!(out, "accepted"),
        Some(TraceVerdict::Drop) => line!(out, "dropped"),
        Some(TraceVerdict::Reject) => line!(out, "rejected"),
        None if walk.walk.reached.is_empty() => line!(out, "left as it is"),
        None => {}
    }
    for reached in &walk.walk.reached {
        let masquerade = if reached.masquerade { ", masqueraded" } else { "" };
        line!(out, "{} to {}{masquerade}", reached.share, reached.destination);
    }
    out
}

pub(super) fn node_port(report: &NodePortReport) -> String {
    let mut out = String::new();
    let address = report.address.map(|ip| format!(" ({ip})")).unwrap_or_default();
    let what = match &report.service {
        Some(service) => format!("the node port of {service}"),
        None => "no node port of any Service".into(),
    };
    line!(out, "{}/{} on node {}{address} is {what}", report.port, report.protocol, report.node);
    for pod in &report.pods {
        line!(out, "  {pod} has this port of the node");
    }
    if !report.node_ports.is_empty() {
        let ports: Vec<String> = report.node_ports.iter().map(u16::to_string).collect();
        line!(out, "  Services have node ports {}", ports.join(", "));
    }
    for view in &report.seen {
        let from = match view.from {
            Asker::Outside => "from outside",
            Asker::Pod => "from a pod of the node",
            Asker::Node => "from the node itself",
        };
        line!(out, "{from} ({}):", view.selection.packet.source);
        selection(&mut out, &view.selection);
    }
    out
}

fn selection(out: &mut String, report: &SelectionReport) {
    for reason in &report.reasons {
        line!(out, "  {}{}", reason.sentence, places(&reason.evidence));
    }
    for backend in &report.backends {
        let pod = backend.pod.as_ref().map(|pod| format!("  {pod}")).unwrap_or_default();
        let node = backend.node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
        let source = backend.source_seen.map(|ip| format!(", sees source {ip}")).unwrap_or_default();
        line!(out, "  {} to {}{pod}{node}{source}", backend.share, backend.address);
    }
    match report.fate {
        Fate::Rejected => line!(out, "  the client sees: connection refused"),
        Fate::Dropped => line!(out, "  the client sees: timed out"),
        Fate::NotMatched | Fate::HealthCheck | Fate::Forwarded => {}
    }
}

pub(super) fn address(origin: &AddressOrigin) -> String {
    let mut out = String::new();
    line!(out, "{}", origin.address);
    for (index, sentence) in origin.sentences.iter().enumerate() {
        let places = if index == 0 { places(&origin.evidence) } else { String::new() };
        line!(out, "  {sentence}{places}");
    }
    out
}

pub(super) fn way(way: &Way) -> String {
    let mut out = String::new();
    line!(out, "{} -> {}", way.source, way.destination);
    for leg in &way.legs {
        let at = leg.at.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
        let device = leg.device.as_ref().map(|device| format!("{device}: ")).unwrap_or_default();
        line!(out, "  {at}{device}{}{}", leg.sentence, places(&leg.evidence));
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::{Cluster, Question, Settings, Source};

    const SHOP: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web-0, labels: {app: web}}
spec: {nodeName: node-a, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, labels: {app: wep}}
spec: {nodeName: node-a, containers: [{name: c}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, clusterIP: 10.96.0.40, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
";

    fn text(question: &Question) -> String {
        let cluster = Cluster::load([Source::new("shop.yaml", SHOP)], &Settings::default());
        crate::render::text(&cluster.ask(question).unwrap())
    }

    #[test]
    fn a_service_is_told_with_its_pods() {
        let text = text(&Question::Service { service: "svc/web".into(), pod: None });
        assert_eq!(
            text,
            "Service default/web (NodePort)
  ClusterIP: 10.96.0.40
  port 80/TCP -> 8080, node port 30080
    10.244.0.2:8080  Pod default/web-0 on node-a
pod web-0 is a ready endpoint of Service web
  yes the pod has app=web, as the selector asks  [shop.yaml:15, shop.yaml:4]
  yes the pod has not ended  [shop.yaml:2]
  yes it has the address 10.244.0.2  [shop.yaml:2]
  yes it is ready  [shop.yaml:2]
  yes port 80 goes to 8080/TCP of the pod  [shop.yaml:15, shop.yaml:5]
pod other is no endpoint of Service web: the selector asks for app=web, the pod has app=wep
  NO  the selector asks for app=web, the pod has app=wep  [shop.yaml:15, shop.yaml:9]
  yes the pod has not ended  [shop.yaml:7]
  yes it has the address 10.244.0.3  [shop.yaml:7]
  yes it is ready  [shop.yaml:7]
  yes port 80 goes to 8080/TCP of the pod  [shop.yaml:15, shop.yaml:10]
"
        );
    }

    #[test]
    fn a_node_port_is_told_from_three_places() {
        let text = text(&Question::NodePort { node: "node-a".into(), port: 30080, protocol: None });
        for part in [
            "30080/TCP on node node-a (192.168.10.11) is the node port of Service default/web",
            "from outside (203.0.113.10):",
            "1/1 to 10.244.0.2:8080  Pod default/web-0 on node-a, sees source 10.244.0.1",
        ] {
            assert!(text.contains(part), "{part}\nnot in\n{text}");
        }
    }

    #[test]
    fn an_address_and_a_way_are_told() {
        let address = text(&Question::Address { address: "10.96.0.40".into() });
        assert!(address.starts_with("10.96.0.40\n  a ClusterIP of Service default/web"), "{address}");
        let way = text(&Question::Way { from: "web-0".into(), to: "other".into() });
        assert!(way.contains("Node node-a: cni0: both pods are in 10.244.0.0/24 of node node-a"), "{way}");
    }
}
