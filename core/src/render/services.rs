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
