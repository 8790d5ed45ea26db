//! The answer: the listener, route and rule that take a request, and how it ends.

use super::objects::RouteKind;
use super::policy::BackendTls;
use crate::ingress::tls::CertificateData;
use crate::ingress::{EndpointAnswer, Header, Obstacle, Response, UpstreamRequest};
use crate::manifest::api::gateway_v1::HeaderFilter;
use crate::manifest::{Evidence, ObjectRef};
use crate::model::Share;
use serde::Serialize;

/// What happens to a request or connection sent to a Gateway.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayRouting {
    /// One sentence.
    pub summary: String,
    /// The Gateway.
    pub gateway: ObjectRef,
    /// `spec.controllerName` of its class; absent when no class claims it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// Why nothing is served at all. When this is not empty, the rest says what would happen without them.
    pub obstacles: Vec<Obstacle>,
    /// The listener that takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<ListenerAnswer>,
    /// The match that takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<RouteMatched>,
    /// Every rule that was considered, and why it lost.
    pub candidates: Vec<RouteCandidate>,
    /// How many candidates are not listed.
    pub candidates_left_out: u32,
    /// How it ends, with the share of each way.
    pub outcomes: Vec<GatewayOutcome>,
    /// Copies that go elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<MirrorAnswer>,
    /// Timeouts of the rule, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<TimeoutsAnswer>,
    /// The certificate the client is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<GatewayCertificate>,
    /// Whether the client must show a certificate itself.
    pub client_certificate_required: bool,
    /// The decisions in order.
    pub steps: Vec<String>,
}

/// The listener that takes a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerAnswer {
    /// Its name.
    pub name: String,
    /// The Gateway or ListenerSet it stands in.
    pub object: ObjectRef,
    /// Its port.
    pub port: u16,
    /// Its protocol.
    pub protocol: String,
    /// Its host name, empty for every host.
    pub hostname: String,
    /// Where it stands.
    pub evidence: Evidence,
}

/// The match that takes a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteMatched {
    /// The route.
    pub route: ObjectRef,
    /// Its kind.
    pub kind: RouteKind,
    /// The host name it serves there, empty for every host.
    pub hostname: String,
    /// The rule.
    pub rule: u32,
    /// Name of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<String>,
    /// Where the match stands.
    pub evidence: Evidence,
}

/// A rule that was considered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteCandidate {
    /// The route.
    pub route: ObjectRef,
    /// Whether it took the request.
    pub won: bool,
    /// Why it won or lost.
    pub why: String,
    /// Where the match stands.
    pub evidence: Evidence,
}

/// One way a request ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayOutcome {
    /// Its share of all such requests.
    pub share: Share,
    /// The Service it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<ObjectRef>,
    /// Port of that Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What the backend sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<UpstreamRequest>,
    /// Headers of the request as the backend sees them, names in lower case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
    /// How the Gateway speaks TLS to the backend; absent for plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend_tls: Option<BackendTls>,
    /// The pods behind the Service.
    pub endpoints: Vec<EndpointAnswer>,
    /// What the client gets.
    pub response: Response,
    /// What a gRPC client sees of an answer that the Gateway gives by itself, `UNIMPLEMENTED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc_status: Option<&'static str>,
    /// What filters do to the response's headers, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_changes: Vec<HeaderChange>,
    /// Why.
    pub why: String,
}

impl GatewayOutcome {
    /// The headers a client sees when the backend answers with `given`; names in lower case.
    pub fn response_headers(&self, given: &[Header]) -> Vec<Header> {
        let mut headers = crate::order::map(
            given.iter().map(|header| (header.name.to_ascii_lowercase(), header.value.clone())),
        );
        for change in &self.response_changes {
            change.apply(&mut headers);
        }
        headers.into_iter().map(|(name, value)| Header { name, value }).collect()
    }
}

/// Changes to headers: set, then add, then remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeaderChange {
    /// Replaced.
    pub set: Vec<Header>,
    /// Appended.
    pub add: Vec<Header>,
    /// Removed.
    pub remove: Vec<String>,
}

impl HeaderChange {
    pub(crate) fn new(filter: &HeaderFilter) -> Self {
        let header = |header: &crate::manifest::api::gateway_v1::HttpHeader| Header {
            name: header.name.clone(),
            value: header.value.clone(),
        };
        Self {
            set: filter.set.iter().map(header).collect(),
            add: filter.add.iter().map(header).collect(),
            remove: filter.remove.clone(),
        }
    }

    fn apply(&self, headers: &mut std::collections::BTreeMap<String, String>) {
        for header in &self.set {
            headers.insert(header.name.to_ascii_lowercase(), header.value.clone());
        }
        for header in &self.add {
            let slot = headers.entry(header.name.to_ascii_lowercase()).or_default();
            if !slot.is_empty() {
                slot.push(',');
            }
            slot.push_str(&header.value);
        }
        for name in &self.remove {
            headers.remove(&name.to_ascii_lowercase());
        }
    }
}

/// A copy of requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MirrorAnswer {
    /// The Service that gets copies.
    pub backend: ObjectRef,
    /// The part of the requests that is copied.
    pub share: Share,
    /// Why nothing is copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Timeouts of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeoutsAnswer {
    /// For the whole request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// For one try of a backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend_request: Option<String>,
}

/// The certificate that a client is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayCertificate {
    /// The Secret.
    pub secret: ObjectRef,
    /// Whether it holds for the server name.
    pub covers_host: bool,
    /// Whether it is within its validity; absent when no time was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// The certificate.
    pub data: CertificateData,
}
