//! The sentences of this room.

use super::answer::{
    CertificateAnswer, Connection, EndpointAnswer, Matched, Obstacle, Outcome, Response, Step,
};
use super::backend::Trouble;
use super::controllers::{CLASS_ANNOTATION, Controller, NotClaimed};
use super::evaluate::count;
use super::nginx::{Config, Location, Server};
use super::request::HttpRequest;
use super::spec::{self, HostKind, RuleRef};
use super::tls::CertificateData;
use crate::manifest::ObjectRef;
use crate::model::{IngressProfile, Snapshot};

fn step(text: String) -> Step {
    Step { text, evidence: None }
}

fn profile(profile: IngressProfile) -> &'static str {
    match profile {
        IngressProfile::Spec => "the specification",
        IngressProfile::IngressNginx => "ingress-nginx v1.15.1",
    }
}

pub(crate) fn controller(controller: &Controller) -> Step {
    let classes = match controller.classes.as_slice() {
        [] => "no IngressClass".to_owned(),
        classes => format!("IngressClass {}", classes.join(", ")),
    };
    step(format!(
        "the controller {} takes {classes}; it is judged by {}",
        controller.name,
        profile(controller.profile)
    ))
}

pub(crate) fn nobody(snapshot: &Snapshot) -> String {
    if snapshot.ingresses.is_empty() {
        return "there is no Ingress and no controller, so nothing answers".into();
    }
    "there is no Ingress controller: an Ingress alone does nothing, a controller must be installed and claim its class".into()
}

pub(crate) fn not_claimed(reason: &NotClaimed) -> String {
    match reason {
        NotClaimed::NoSuchClass(class) => {
            format!("spec.ingressClassName is {class}, and no such IngressClass exists")
        }
        NotClaimed::OtherController { class, controller } => {
            format!("IngressClass {class} belongs to another controller, {controller}")
        }
        NotClaimed::OtherAnnotation(value) => {
            format!("the annotation {CLASS_ANNOTATION} is {value}, which is not this controller's class")
        }
        NotClaimed::NoClass => {
            "it names no class, and the controller does not watch Ingresses without one".into()
        }
        NotClaimed::CatchAllDisabled => "the controller runs with --disable-catch-all".into(),
        NotClaimed::OtherNamespace => "the controller watches another namespace".into(),
    }
}

pub(crate) fn summary(
    request: &HttpRequest,
    obstacles: &[Obstacle],
    matched: Option<&Matched>,
    outcomes: &[Outcome],
) -> String {
    if let Some(obstacle) = obstacles.first() {
        return format!("{} is not served: {}", request.line(), obstacle.message);
    }
    let by = matched.map(|matched| format!(" by {}", matched.ingress)).unwrap_or_default();
    let ends: Vec<String> = outcomes
        .iter()
        .map(|outcome| {
            let to =
                outcome.backend.as_ref().map(|backend| format!("{} port {}", backend.service, backend.port));
            let end = match &outcome.response {
                Response::Backend {} => {
                    format!("goes to {}", to.unwrap_or_else(|| "the default backend".into()))
                }
                Response::Status { code, location: Some(location) } => {
                    format!("is answered {code} with Location {location}")
                }
                Response::Status { code, location: None } => format!("is answered {code}"),
                Response::ConnectionFailed {} => "gets no connection".into(),
                Response::Undetermined { missing } => format!("cannot be told: it depends on {missing}"),
            };
            if outcomes.len() > 1 { format!("{end} ({} of the requests)", outcome.share) } else { end }
        })
        .collect();
    format!(
        "{} {}{by}: {}",
        request.line(),
        ends.join(" or "),
        outcomes.first().map_or("", |outcome| outcome.why.as_str())
    )
}

pub(crate) fn no_match(request: &HttpRequest, host_known: bool) -> String {
    if host_known {
        format!("no path of this host matches {} and there is no default backend", request.raw_path())
    } else {
        let host = request.host.as_deref().unwrap_or("(none)");
        format!("no rule names the host {host} and there is no default backend")
    }
}

pub(crate) fn host_choice(request: &HttpRequest, kind: Option<HostKind>) -> Step {
    let host = request.host_name().unwrap_or_default();
    step(match kind {
        Some(HostKind::Exact) => format!("rules name the host {host} itself"),
        Some(HostKind::Wildcard) => format!("a wildcard rule covers the host {host}, one label exactly"),
        Some(HostKind::Any) => format!("no rule names the host {host}, so the rules without a host apply"),
        None => format!("no rule covers the host {host}"),
    })
}

pub(crate) fn matched(matched: &Matched) -> Step {
    let what = match (&matched.path, &matched.path_type) {
        (Some(path), Some(kind)) if !kind.is_empty() => format!("{kind} path {path}"),
        (Some(path), _) => format!("path {path}"),
        _ => "the default backend".into(),
    };
    let host = matched.host.as_deref().map(|host| format!(" of host {host}")).unwrap_or_default();
    Step {
        text: format!("{what}{host} in {} takes the request", matched.ingress),
        evidence: Some(matched.evidence.clone()),
    }
}

pub(crate) fn spec_candidate(
    won: bool,
    here: bool,
    rule: &str,
    kind: &str,
    path: &str,
    winner: Option<&str>,
) -> String {
    if won {
        return format!("{kind} {rule} is the longest path that matches {path}");
    }
    if !here {
        return "a more specific host takes the request, and there is no falling through".into();
    }
    let matches = if kind == "Exact" { rule == path } else { spec::prefix_covers(rule, path) };
    match (matches, winner) {
        (false, _) if kind == "Exact" => format!("Exact {rule} is not {path}"),
        (false, _) if path.starts_with(rule) => {
            format!("Prefix {rule} is compared element by element, and {path} has another element there")
        }
        (false, _) => format!("Prefix {rule} does not match {path}"),
        (true, Some(winner)) if winner.trim_end_matches('/') == rule.trim_end_matches('/') => {
            format!("{kind} {rule} matches too, but the same path elsewhere is Exact or older")
        }
        (true, Some(winner)) => format!("{kind} {rule} matches too, but {winner} is longer"),
        (true, None) => format!("{kind} {rule} matches"),
    }
}

pub(crate) fn other_host(rule: &str, host: &str) -> String {
    format!("the rule is for host {rule}, and the request asks for {host}")
}

pub(crate) fn nginx_server(request: &HttpRequest, server: Option<&Server>) -> Step {
    let host = request.host.as_deref().unwrap_or("(none)");
    step(match server {
        Some(server) if server.host == "_" => {
            format!("no server has the name {host}, so the catch-all server _ takes it")
        }
        Some(server) if server.regex_mode => format!(
            "server {} takes host {host}; some Ingress of it uses a rewrite or use-regex, so every path of it is a \
             case-insensitive regular expression",
            server.host
        ),
        Some(server) => format!("server {} takes host {host}", server.host),
        None => format!("no server block takes host {host}"),
    })
}

pub(crate) fn nginx_path(request: &HttpRequest, path: &str) -> Step {
    let raw = request.raw_path();
    step(if raw == path {
        format!("nginx compares locations with {path}")
    } else {
        format!("nginx decodes, merges and resolves {raw} to {path} and compares locations with that")
    })
}

pub(crate) fn nginx_location(location: &Location) -> Step {
    step(format!("location {} is chosen", location.directive()))
}

/// What else a location does, that changes the answer of this one request only sometimes.
pub(crate) fn nginx_besides(location: &Location) -> Vec<Step> {
    let annotations = &location.annotations;
    let mut told: Vec<String> = annotations
        .limits
        .iter()
        .map(|(name, value)| format!("{name} is {value}: a client that sends more than that gets 503"))
        .collect();
    if !annotations.mirror.is_empty() {
        told.push(format!(
            "a copy of the request goes to {}, whose answer is thrown away",
            annotations.mirror
        ));
    }
    if !annotations.custom_errors.is_empty() {
        let codes: Vec<String> = annotations.custom_errors.iter().map(ToString::to_string).collect();
        let codes = codes.join(", ");
        told.push(format!(
            "when the backend answers {codes}, the client gets what the default backend says instead"
        ));
    }
    told.into_iter().map(step).collect()
}

pub(crate) fn won(location: Option<&Location>) -> String {
    let directive = location.map(Location::directive).unwrap_or_default();
    if directive.starts_with('~') {
        format!("location {directive} is the first regular expression that matches")
    } else if directive.starts_with('=') {
        format!("location {directive} is exact")
    } else {
        format!("location {directive} is the longest that matches")
    }
}

pub(crate) fn no_location(config: &Config, rule: RuleRef) -> String {
    let field = rule.field();
    if config.canaries.contains(&rule.ingress) {
        return "it is a canary: it makes no location of its own".into();
    }
    format!(
        "{field} makes no location: an older Ingress has the same host, path and type, or the backend is not a Service"
    )
}

/// What nginx refuses the configuration for; of many reasons the first few.
pub(crate) fn rejected(messages: &[String]) -> impl Iterator<Item = Step> {
    const TOLD: usize = 3;
    let more = messages.len().saturating_sub(TOLD);
    let more = (more > 0).then(|| step(format!("and it has {more} more reasons to refuse it")));
    let told = messages.iter().take(TOLD).map(|message| {
        step(format!(
            "nginx refuses the whole configuration ({message}), so the controller keeps serving the one before and \
             no change of any Ingress takes effect"
        ))
    });
    told.chain(more)
}

pub(crate) fn protocol(annotation: &str) -> &'static str {
    match annotation {
        "HTTPS" => "https",
        "AUTO_HTTP" => "$scheme",
        "GRPC" => "grpc",
        "GRPCS" => "grpcs",
        "FCGI" => "fcgi",
        _ => "http",
    }
}

pub(crate) fn trouble(service: &ObjectRef, port: &str, trouble: &Trouble) -> String {
    match trouble {
        Trouble::NoService => format!("{service} does not exist"),
        Trouble::NoPort { target_of: Some(number) } => {
            format!(
                "{service} has no port {port}; that is its targetPort, an Ingress names the Service port, {number}"
            )
        }
        Trouble::NoPort { target_of: None } => format!("{service} has no port {port}"),
        Trouble::NoEndpoints => format!("{service} has no endpoints on port {port}"),
        Trouble::NotReady => format!("{service} has endpoints on port {port}, and none is ready"),
        Trouble::ExternalNameDisabled => format!(
            "{service} is of type ExternalName and the controller runs with --disable-svc-external-name"
        ),
        Trouble::ExternalNameRefused => {
            format!(
                "{service} is an ExternalName of the controller's own host or of no valid name, which it does not follow"
            )
        }
        Trouble::Rejected { address } => format!(
            "service-upstream sends to the ClusterIP, {address}, and kube-proxy rejects that: {service} has no such port or no ready endpoint"
        ),
        Trouble::Removed => format!(
            "the controller deleted the upstream of {service}: a canary names it on a path that has no main location"
        ),
    }
}

/// What the client gets when a controller tries these endpoints, up to three of them.
// ingress-nginx: proxy_next_upstream "error timeout", proxy_next_upstream_tries 3, proxy_connect_timeout 5s
pub(crate) fn connections(endpoints: &[EndpointAnswer]) -> (Response, String) {
    let connected = count(endpoints, Connection::Connected);
    let refused = count(endpoints, Connection::Refused);
    let timed_out = count(endpoints, Connection::TimedOut);
    let unknown = count(endpoints, Connection::Undetermined);
    if connected > 0 {
        let bad = refused + timed_out;
        let why = if bad == 0 {
            format!("{connected} of {} endpoints answer", endpoints.len())
        } else {
            format!(
                "{bad} of {} endpoints do not answer; the controller tries another, which takes up to 5 seconds",
                endpoints.len()
            )
        };
        return (Response::Backend {}, why);
    }
    let why = |connection: Connection| {
        let found = endpoints.iter().find(|endpoint| endpoint.connection == connection);
        found.map(|endpoint| format!("{}: {}", endpoint.address, endpoint.why)).unwrap_or_default()
    };
    if unknown > 0 {
        let missing = why(Connection::Undetermined);
        return (Response::Undetermined { missing: missing.clone() }, missing);
    }
    if timed_out > 0 && refused == 0 {
        return (Response::status(504), why(Connection::TimedOut));
    }
    (Response::status(502), why(Connection::Refused))
}

pub(crate) fn difference(
    other: IngressProfile,
    matched: Option<&Matched>,
    response: &Response,
    path: Option<&str>,
) -> String {
    let end = match response {
        Response::Backend {} => "the backend answers".to_owned(),
        Response::Status { code, location: Some(location) } => {
            format!("the client gets {code} with Location {location}")
        }
        Response::Status { code, .. } => format!("the client gets {code}"),
        Response::ConnectionFailed {} => "there is no connection".into(),
        Response::Undetermined { missing } => format!("it depends on {missing}"),
    };
    let sees = path.map(|path| format!(" and sees {path}")).unwrap_or_default();
    let by = matched
        .and_then(|matched| Some(format!(" through path {} of {}", matched.path.as_ref()?, matched.ingress)))
        .unwrap_or_default();
    format!("by {} {end}{sees}{by}", profile(other))
}

pub(crate) fn no_certificate(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("no server has a certificate for {name}"),
        None => "the client sends no server name".into(),
    }
}

/// Issuer and name of the certificate that ingress-nginx makes for itself.
pub(crate) const FAKE: &str = "Kubernetes Ingress Controller Fake Certificate";

type Loaded = (String, String, CertificateData);

pub(crate) fn certificate(
    name: Option<&str>,
    chosen: Result<Loaded, String>,
    fallback: Option<Loaded>,
    time: Option<&str>,
) -> CertificateAnswer {
    let (loaded, reason) = match (chosen, fallback) {
        (Ok(loaded), _) => (loaded, None),
        (Err(why), Some(loaded)) => (loaded, Some(why)),
        (Err(why), None) => {
            return CertificateAnswer {
                secret: None,
                issuer: FAKE.into(),
                names: vec!["ingress.local".into()],
                covers_host: false,
                valid: None,
                why: format!("the client is shown the controller's fake certificate: {why}"),
                data: None,
            };
        }
    };
    let (namespace, secret, data) = loaded;
    let covers_host = name.is_some_and(|name| data.covers(name));
    let valid = time.and_then(|time| data.valid_at(time));
    let expired = match valid {
        Some(false) => format!(", which is outside its validity ({} to {})", data.not_before, data.not_after),
        _ => String::new(),
    };
    let why = match reason {
        Some(reason) => format!(
            "the client is shown the default certificate of Secret {namespace}/{secret}{expired}: {reason}"
        ),
        None => format!("the client is shown the certificate of Secret {namespace}/{secret}{expired}"),
    };
    CertificateAnswer {
        secret: Some(ObjectRef::namespaced("Secret", &namespace, &secret)),
        issuer: data.issuer.clone(),
        names: data.names.clone(),
        covers_host,
        valid,
        why,
        data: Some(data),
    }
}
