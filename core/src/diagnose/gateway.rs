//! A URL that a Gateway serves: what keeps it from being answered, by layer.

use super::{Finding, Layer};
use crate::ask::AskError;
use crate::cluster::Cluster;
use crate::gateway::{GatewayOutcome, GatewayRequest, GatewayRouting};
use crate::ingress::{Connection as Reached, HttpRequest, Response};
use crate::journey::NearMiss;
use crate::manifest::{Evidence, ObjectRef};

/// The faults of a request to the Gateway that its host is for, and whether something stays open; `None`
/// when no Gateway serves the host.
pub(super) fn judge(cluster: &Cluster, http: &HttpRequest) -> Result<Option<(Vec<Finding>, bool)>, AskError> {
    let host = http.host_name().unwrap_or_default();
    let Some(gateway) = cluster.gateway_table().of_host(&host) else { return Ok(None) };
    let request = GatewayRequest { gateway, http: http.clone(), ..GatewayRequest::default() };
    let routing = cluster.gateway_route(&request)?;
    let seen = Some(http.line());
    let mut found: Vec<Finding> = routing
        .obstacles
        .iter()
        .map(|obstacle| {
            let object = obstacle.evidence.as_ref().map(|evidence| evidence.object.clone());
            Finding {
                code: obstacle.code,
                layer: Layer::Ingress,
                blocking: true,
                object: object.unwrap_or_else(|| routing.gateway.clone()),
                also: Vec::new(),
                cause: obstacle.message.clone(),
                fix: entrance(obstacle.code).to_owned(),
                near_miss: None,
                evidence: obstacle.evidence.iter().cloned().collect(),
                seen: seen.clone(),
            }
        })
        .collect();
    // without a class nothing behind it can be judged
    if !found.iter().any(|finding| matches!(finding.code, "gateway/no-class" | "gateway/not-accepted")) {
        let faults = routing.outcomes.iter().filter_map(|outcome| fault(cluster, &routing, outcome));
        found.extend(faults.map(|finding| Finding { seen: seen.clone(), ..finding }));
    }
    let open = |outcome: &GatewayOutcome| matches!(outcome.response, Response::Undetermined { .. });
    let open = found.is_empty() && routing.outcomes.iter().any(open);
    Ok(Some((found, open)))
}

fn entrance(code: &str) -> &'static str {
    match code {
        "gateway/no-class" => "create the GatewayClass, or name one that exists",
        "gateway/not-accepted" => "mend what the status of the Gateway complains of",
        "gateway/no-controller" => "install the controller that the GatewayClass names",
        "gateway/controller-not-ready" => "get the controller's pods ready",
        "gateway/data-plane-not-ready" => "get the pods of the Gateway's data plane ready",
        "gateway/no-entry" => "put a Service in front of the data plane",
        "gateway/no-entry-port" => "give the Service of the data plane the listener's port",
        "gateway/entry-closed" => "set targetPort to a port that the data plane opens",
        "gateway/entry-pending" => "give the Service an address: a load balancer, or type NodePort",
        "gateway/entry-inside-only" => "make the Service of type LoadBalancer or NodePort",
        _ => "let clients reach the data plane's pods",
    }
}

fn fault(cluster: &Cluster, routing: &GatewayRouting, outcome: &GatewayOutcome) -> Option<Finding> {
    let at = |connection: Reached| {
        let mut endpoints = outcome.endpoints.iter();
        endpoints.find(|endpoint| endpoint.connection == connection)
    };
    let connected = at(Reached::Connected).is_some();
    let failed = match &outcome.response {
        Response::Status { code, .. } => *code >= 400,
        Response::ConnectionFailed {} => true,
        Response::Backend {} | Response::Undetermined { .. } => false,
    };
    let (denied, refused) = (at(Reached::TimedOut), at(Reached::Refused));
    if connected || !(failed || denied.is_some() || refused.is_some()) {
        return None;
    }
    let place = routing.matched.as_ref().map(|matched| matched.evidence.clone());
    let route = place.as_ref().map_or_else(|| routing.gateway.clone(), |place| place.object.clone());
    let (code, layer, object, fix) = match (&outcome.backend, denied, refused) {
        (Some(service), Some(endpoint), _) => (
            "policy/blocks",
            Layer::NetworkPolicy,
            endpoint.pod.clone().unwrap_or_else(|| service.clone()),
            "let the Gateway's data plane reach the pods on their port",
        ),
        (Some(service), None, Some(_)) => (
            "service/target-port-closed",
            Layer::Service,
            service.clone(),
            "set targetPort to a port on which the container listens",
        ),
        (Some(service), None, None) => {
            let space = service.namespace.as_deref().unwrap_or_default();
            match cluster.snapshot().service_id(space, &service.name) {
                Some(_) if outcome.response == (Response::Status { code: 503, location: None }) => (
                    "service/no-endpoints",
                    Layer::Service,
                    service.clone(),
                    "make the selector and the labels of the pods agree",
                ),
                _ => (
                    "gateway/backend-not-resolved",
                    Layer::Ingress,
                    route,
                    "name a Service and port that exist, and grant references from other namespaces",
                ),
            }
        }
        (None, ..) if routing.matched.is_some() => {
            ("gateway/no-backend", Layer::Ingress, route, "give the rule a backend with a weight above 0")
        }
        (None, ..) => return Some(no_rule(routing, outcome)),
    };
    let mut also: Vec<ObjectRef> = outcome.backend.iter().cloned().collect();
    also.retain(|other| *other != object);
    Some(Finding {
        code,
        layer,
        blocking: true,
        object,
        also,
        cause: outcome.why.clone(),
        fix: fix.to_owned(),
        near_miss: None,
        evidence: place.into_iter().collect(),
        seen: None,
    })
}

/// No listener or rule takes the request; the nearest route tells most.
fn no_rule(routing: &GatewayRouting, outcome: &GatewayOutcome) -> Finding {
    // a route for another host is no near miss
    let other_host = |why: &str| why.contains("does not serve the host");
    let mut fitting = routing.candidates.iter().filter(|candidate| !other_host(&candidate.why));
    let nearest = fitting.next().or_else(|| routing.candidates.first());
    let evidence: Vec<Evidence> = nearest.map(|candidate| candidate.evidence.clone()).into_iter().collect();
    Finding {
        code: "gateway/no-rule-matches",
        layer: Layer::Ingress,
        blocking: true,
        object: nearest.map_or_else(|| routing.gateway.clone(), |candidate| candidate.route.clone()),
        also: vec![routing.gateway.clone()],
        cause: outcome.why.clone(),
        fix: "attach a route whose host name and path match the request".to_owned(),
        near_miss: nearest.map(|candidate| NearMiss {
            sentence: format!("{}: {}", candidate.route, candidate.why),
            evidence: evidence.clone(),
        }),
        evidence,
        seen: None,
    }
}
