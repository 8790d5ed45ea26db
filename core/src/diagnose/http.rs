//! A URL that a client outside asks: the Ingress layer, or that of a Gateway, and those behind it.

use super::{Diagnosis, Finding, Layer, LayerReport, State, explain};
use crate::ask::AskError;
use crate::cluster::Cluster;
use crate::ingress::{Connection as Reached, HttpRequest, Response, Routing};
use crate::journey::{Asked, Client, Connection, Port, Target};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::Protocol;

/// Judges a request from outside to a host that only an Ingress or a Gateway can mean; `None` for anything else.
pub(super) fn diagnose(cluster: &Cluster, connection: &Connection) -> Result<Option<Diagnosis>, AskError> {
    let url = &connection.text.1;
    let is_http = url.starts_with("http://") || url.starts_with("https://");
    let (Client::Outside(_), Target::Name(_), true) = (&connection.client, &connection.target, is_http)
    else {
        return Ok(None);
    };
    let request = HttpRequest::get(url)?;
    let routing = cluster.route(&request);
    let by_gateway = match &routing.matched {
        None => super::gateway::judge(cluster, &request)?,
        Some(_) => None,
    };
    let (findings, undetermined) = match by_gateway {
        Some(judged) => judged,
        None => {
            let open =
                |outcome: &crate::ingress::Outcome| matches!(outcome.response, Response::Undetermined { .. });
            (findings(cluster, &routing), routing.outcomes.iter().any(open))
        }
    };
    let layers: Vec<LayerReport> = Layer::ALL.into_iter().map(|layer| report(layer, &findings)).collect();
    let port = match connection.port {
        Some(Port::Number(number)) => Some(number),
        _ => None,
    };
    let question = Asked { from: connection.text.0.clone(), to: url.clone(), port, protocol: Protocol::Tcp };
    let all: Vec<&Finding> = layers.iter().flat_map(|layer| &layer.findings).collect();
    let summary = explain::summary(&format!("{} → {url}", connection.text.0), &all, undetermined);
    Ok(Some(Diagnosis { question: Some(question), summary, layers }))
}

fn report(layer: Layer, findings: &[Finding]) -> LayerReport {
    let own: Vec<Finding> = findings.iter().filter(|finding| finding.layer == layer).cloned().collect();
    let stopped_before = findings.iter().any(|finding| finding.layer == Layer::Ingress);
    let state = match (own.is_empty(), layer) {
        (false, _) => State::Faulty,
        (true, Layer::Dns) => State::NotUsed,
        (true, Layer::Pod | Layer::Service | Layer::NetworkPolicy) if stopped_before => State::Blocked,
        (true, _) => State::Ok,
    };
    LayerReport { layer, state, sentence: explain::layer(layer, state, &own), findings: own }
}

fn findings(cluster: &Cluster, routing: &Routing) -> Vec<Finding> {
    let mut found = Vec::new();
    let seen = Some(routing.request.line());
    let fallback = || {
        let by_host = routing.candidates.first().map(|candidate| candidate.ingress.clone());
        let any = cluster.snapshot().ingresses.first().map(|stored| stored.object.clone());
        by_host.or(any)
    };
    for obstacle in &routing.obstacles {
        let object = obstacle.evidence.as_ref().map(|evidence| evidence.object.clone()).or_else(fallback);
        let Some(object) = object else { continue };
        found.push(Finding {
            code: obstacle.code,
            layer: Layer::Ingress,
            blocking: true,
            object,
            also: Vec::new(),
            cause: obstacle.message.clone(),
            fix: "install an Ingress controller that serves the class, and give it an address".to_owned(),
            near_miss: None,
            evidence: obstacle.evidence.iter().cloned().collect(),
            seen: seen.clone(),
        });
    }
    for outcome in &routing.outcomes {
        let Response::Status { code: status, .. } = outcome.response else { continue };
        if status < 400 {
            continue;
        }
        let Some(backend) = &outcome.backend else {
            let Some(object) = fallback() else { continue };
            let nearest: Vec<Evidence> =
                routing.candidates.iter().take(1).map(|candidate| candidate.evidence.clone()).collect();
            let near_miss = routing.candidates.first().map(|candidate| crate::journey::NearMiss {
                sentence: format!(
                    "{} {} {}: {}",
                    candidate.ingress, candidate.host, candidate.path, candidate.why
                ),
                evidence: nearest.clone(),
            });
            found.push(Finding {
                code: "ingress/no-rule-matches",
                layer: Layer::Ingress,
                blocking: true,
                object,
                also: Vec::new(),
                cause: outcome.why.clone(),
                fix: "add a path that matches the request, or a defaultBackend".to_owned(),
                near_miss,
                evidence: nearest,
                seen: seen.clone(),
            });
            continue;
        };
        found.push(behind(cluster, routing, backend.service.clone(), backend.evidence.clone(), outcome));
    }
    found
}

/// The controller found the rule, but nothing good behind it.
fn behind(
    cluster: &Cluster,
    routing: &Routing,
    service: ObjectRef,
    rule: Evidence,
    outcome: &crate::ingress::Outcome,
) -> Finding {
    let snapshot = cluster.snapshot();
    let namespace = service.namespace.as_deref().unwrap_or_default();
    let exists = snapshot.service_id(namespace, &service.name);
    let denied = outcome.endpoints.iter().find(|endpoint| endpoint.connection == Reached::TimedOut);
    let refused = outcome.endpoints.iter().find(|endpoint| endpoint.connection == Reached::Refused);
    let (code, layer, object, fix) = match (exists, denied, refused) {
        (None, ..) => (
            "ingress/no-such-service",
            Layer::Ingress,
            rule.object.clone(),
            "name a Service that exists in the namespace of the Ingress",
        ),
        (Some(_), Some(endpoint), _) => {
            let object = endpoint.pod.clone().unwrap_or_else(|| service.clone());
            (
                "policy/blocks",
                Layer::NetworkPolicy,
                object,
                "let the Ingress controller reach the pods on their port",
            )
        }
        (Some(_), None, Some(_)) => (
            "service/target-port-closed",
            Layer::Service,
            service.clone(),
            "set targetPort to a port on which the container listens",
        ),
        (Some(_), None, None) => (
            "service/no-endpoints",
            Layer::Service,
            service.clone(),
            "make the selector and the labels of the pods agree",
        ),
    };
    let mut also = vec![service, rule.object.clone()];
    also.retain(|other| *other != object);
    Finding {
        code,
        layer,
        blocking: true,
        object,
        also,
        cause: outcome.why.clone(),
        fix: fix.to_owned(),
        near_miss: None,
        evidence: vec![rule],
        seen: Some(routing.request.line()),
    }
}
