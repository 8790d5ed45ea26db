//! The answer: which controller takes a request, what matched, what lost, who answers and with what.

use super::request::HttpRequest;
use super::tls::CertificateData;
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{IngressProfile, Share};
use serde::Serialize;

/// What happens to one HTTP request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Routing {
    /// The request asked about.
    pub request: HttpRequest,
    /// One sentence: who answers, and with what.
    pub summary: String,
    /// The controller that takes it; absent when no Ingress is claimed by any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<ControllerAnswer>,
    /// Why nothing is served at all. When this is not empty, the rest says what would happen without them.
    pub obstacles: Vec<Obstacle>,
    /// The host entry and path that took the request; absent when the controller's own default answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<Matched>,
    /// The path that won, those that match too and those that came near, with why each lost. Up to 40 paths
    /// of rules that cover the host are all listed; of more, the nearest.
    pub candidates: Vec<Candidate>,
    /// How many paths of rules that cover the host are not listed.
    pub candidates_left_out: u32,
    /// How many paths stand under other hosts and are not listed.
    pub candidates_elsewhere: u32,
    /// How it ends, with the share of each way; several only with canaries.
    pub outcomes: Vec<Outcome>,
    /// What the TLS handshake shows; absent for plain requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateAnswer>,
    /// What the other behaviour would do, when it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// The decisions in order.
    pub steps: Vec<Step>,
}

/// A controller, in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ControllerAnswer {
    /// `spec.controller` of its IngressClasses.
    pub name: String,
    /// Whose behaviour is answered.
    pub profile: IngressProfile,
    /// The classes it claims.
    pub classes: Vec<String>,
    /// The workload whose pods it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<ObjectRef>,
    /// Its pods.
    pub pods: Vec<ObjectRef>,
}

/// Something that keeps requests from being served at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Obstacle {
    /// Stable code, `ingress/no-controller`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// What decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// The path that took the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Matched {
    /// The Ingress it stands in.
    pub ingress: ObjectRef,
    /// The host of the rule; absent for rules without one and for a default backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The path as written; absent for a default backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The path type as written; absent for a default backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_type: Option<String>,
    /// The nginx location, `location ~* "^/foo"`; only for ingress-nginx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Where it stands.
    pub evidence: Evidence,
}

/// A path that was considered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The Ingress.
    pub ingress: ObjectRef,
    /// Host of its rule, empty for none.
    pub host: String,
    /// Path as written.
    pub path: String,
    /// Path type as written.
    pub path_type: String,
    /// Whether it took the request.
    pub won: bool,
    /// Why it won or lost.
    pub why: String,
    /// Where it stands.
    pub evidence: Evidence,
}

/// One way a request ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Its share of all such requests.
    pub share: Share,
    /// The Service the request is for; absent when the controller answers by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<BackendAnswer>,
    /// What the backend sees; absent when it sees nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<UpstreamRequest>,
    /// The pods behind the Service and what comes of connecting to each.
    pub endpoints: Vec<EndpointAnswer>,
    /// What the client gets.
    pub response: Response,
    /// Headers that the controller adds to the response.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_headers: Vec<Header>,
    /// Why, in one sentence.
    pub why: String,
}

/// A Service as a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendAnswer {
    /// The Service, whether it exists or not.
    pub service: ObjectRef,
    /// The port as the Ingress names it.
    pub port: String,
    /// Where the backend stands in the Ingress.
    pub evidence: Evidence,
}

/// What a backend sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamRequest {
    /// `http`, `https`, `$scheme`, `grpc`, `grpcs` or `fcgi`.
    pub protocol: String,
    /// Method.
    pub method: String,
    /// Host header.
    pub host: String,
    /// Request target.
    pub path: String,
    /// Headers that the controller adds or changes.
    pub headers: Vec<Header>,
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// What comes of connecting to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Connection {
    /// Something listens there.
    Connected,
    /// Nothing listens there.
    Refused,
    /// A policy drops the packets.
    TimedOut,
    /// The manifests do not say.
    Undetermined,
}

/// One endpoint of a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointAnswer {
    /// `10.244.1.5:8080`.
    pub address: String,
    /// The pod there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<ObjectRef>,
    /// What comes of connecting from the controller.
    pub connection: Connection,
    /// Why.
    pub why: String,
}

/// What the client gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Response {
    /// Whatever the backend answers.
    Backend {},
    /// The controller answers by itself.
    Status {
        /// HTTP status code.
        code: u16,
        /// The Location header of a redirect.
        #[serde(skip_serializing_if = "Option::is_none")]
        location: Option<String>,
    },
    /// There is no HTTP answer: the connection or the TLS handshake fails.
    ConnectionFailed {},
    /// The model cannot tell.
    Undetermined {
        /// What is missing.
        missing: String,
    },
}

impl Response {
    /// A status without a Location.
    pub(crate) fn status(code: u16) -> Self {
        Self::Status { code, location: None }
    }

    /// A redirect.
    pub(crate) fn redirect(code: u16, location: String) -> Self {
        Self::Status { code, location: Some(location) }
    }
}

/// The certificate that a client is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateAnswer {
    /// The Secret it is from; absent for the controller's own fake certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<ObjectRef>,
    /// Issuer common name.
    pub issuer: String,
    /// Its names.
    pub names: Vec<String>,
    /// Whether it holds for the server name of the handshake.
    pub covers_host: bool,
    /// Whether it is within its validity; absent when no time was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// Why this certificate.
    pub why: String,
    /// The certificate itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<CertificateData>,
}

/// What the other behaviour would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Whose behaviour this is.
    pub profile: IngressProfile,
    /// Who takes the request there; absent when nothing matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<Matched>,
    /// What the client gets there.
    pub response: Response,
    /// One sentence.
    pub message: String,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// One sentence.
    pub text: String,
    /// What decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}
