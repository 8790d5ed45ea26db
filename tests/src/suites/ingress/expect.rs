//! Requests of a case and what is expected of their answers.

use super::{items, text};
use crate::report::Report;
use kubehop::Cluster;
use kubehop::ingress::{Connection, HttpRequest, Outcome, Response, Routing, Scheme};
use serde_yaml::Value;
use std::collections::BTreeMap;

/// The request of a case.
pub fn request(value: &Value) -> HttpRequest {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, header) in value["headers"].as_mapping().into_iter().flatten() {
        headers.insert(scalar(name), scalar(header));
    }
    let cookies: Vec<String> = value["cookies"]
        .as_mapping()
        .into_iter()
        .flatten()
        .map(|(name, cookie)| format!("{}={}", scalar(name), scalar(cookie)))
        .collect();
    if !cookies.is_empty() {
        headers.insert("Cookie".into(), cookies.join("; "));
    }
    HttpRequest {
        scheme: if text(value, "scheme") == "https" { Scheme::Https } else { Scheme::Http },
        method: text(value, "method").into(),
        host: value["host"].as_str().map(String::from),
        path: text(value, "path").into(),
        headers,
        sni: value["sni"].as_str().map(String::from),
        client: value["client"].as_str().map(String::from),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_yaml::to_string(other).unwrap_or_default().trim().to_owned(),
    }
}

/// Asks every request of a case and checks it.
pub fn requests(cluster: &Cluster, id: &str, requests: &Value, report: &mut Report) {
    for (number, value) in items(requests).iter().enumerate() {
        let id = match value["id"].as_str() {
            Some(own) => own.to_owned(),
            None => format!("{id}/{number}"),
        };
        let routing = cluster.route(&request(value));
        let faults = faults(&routing, &value["expect"]);
        if faults.is_empty() {
            report.pass(&id);
        } else {
            report.fail(
                &id,
                serde_yaml::to_string(&value["expect"]).unwrap_or_default(),
                format!("{}\n    {}", faults.join("; "), routing.summary),
            );
        }
    }
}

fn status(outcome: &Outcome) -> u64 {
    match &outcome.response {
        Response::Backend {} => 200,
        Response::Status { code, .. } => u64::from(*code),
        Response::ConnectionFailed {} | Response::Undetermined { .. } => 0,
    }
}

/// What of `expect` does not hold.
fn faults(routing: &Routing, expect: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut want = |what: &str, wanted: String, got: String| {
        if wanted != got {
            faults.push(format!("{what}: wanted {wanted}, got {got}"));
        }
    };
    if !routing.obstacles.is_empty() {
        want("served", "yes".into(), routing.obstacles[0].message.clone());
    }
    for outcome in &routing.outcomes {
        if let Some(code) = expect["status"].as_u64() {
            want("status", code.to_string(), status(outcome).to_string());
        }
        if let Some(name) = expect["backend"].as_str() {
            want(
                "backend",
                name.into(),
                outcome.backend.as_ref().map_or(String::new(), |backend| backend.service.name.clone()),
            );
        }
        let upstream = outcome.upstream.as_ref();
        if let Some(path) = expect["path_seen"].as_str() {
            want("path", path.into(), upstream.map_or(String::new(), |upstream| upstream.path.clone()));
        }
        if let Some(host) = expect["host_seen"].as_str() {
            want("host", host.into(), upstream.map_or(String::new(), |upstream| upstream.host.clone()));
        }
        if let Some(method) = expect["method_seen"].as_str() {
            want("method", method.into(), upstream.map_or(String::new(), |upstream| upstream.method.clone()));
        }
        let seen = |name: &str| {
            let header = upstream?.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            Some(header.value.clone())
        };
        for (name, value) in expect["headers_seen"].as_mapping().into_iter().flatten() {
            want("header", scalar(value), seen(&scalar(name)).unwrap_or_default());
        }
        for name in items(&expect["headers_absent"]) {
            want("absent header", String::new(), seen(&scalar(name)).unwrap_or_default());
        }
        if let Some(location) = expect["location"].as_str() {
            let got = match &outcome.response {
                Response::Status { location: Some(location), .. } => location.clone(),
                _ => String::new(),
            };
            want("location", location.into(), got);
        }
        let response = |name: &str| {
            outcome.response_headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))
        };
        for (name, value) in expect["response_headers"].as_mapping().into_iter().flatten() {
            let got = response(&scalar(name)).map(|header| header.value.clone());
            want("response header", scalar(value), got.unwrap_or_default());
        }
        let cookie = response("Set-Cookie").map(|header| header.value.clone());
        for part in items(&expect["set_cookie_contains"]).iter().map(scalar) {
            want(
                "cookie",
                part.clone(),
                cookie
                    .as_ref()
                    .filter(|cookie| cookie.contains(&part))
                    .map_or_else(|| format!("{cookie:?}"), |_| part.clone()),
            );
        }
        for part in items(&expect["set_cookie_excludes"]).iter().map(scalar) {
            want(
                "no cookie part",
                "false".into(),
                cookie.as_ref().is_some_and(|cookie| cookie.contains(&part)).to_string(),
            );
        }
        if expect.get("set_cookie").is_some_and(Value::is_null) {
            want("cookie", String::new(), cookie.clone().unwrap_or_default());
        }
        if let Some(pods) = expect["distinct_pods"].as_u64() {
            let connected =
                outcome.endpoints.iter().filter(|endpoint| endpoint.connection == Connection::Connected);
            want("pods", pods.to_string(), connected.count().to_string());
        }
    }
    if let Some(name) = expect["ingress"].as_str() {
        want(
            "ingress",
            name.into(),
            routing.matched.as_ref().map_or(String::new(), |matched| matched.ingress.name.clone()),
        );
    }
    if let Some(issuer) = expect["certificate_issuer"].as_str() {
        want(
            "issuer",
            issuer.into(),
            routing.certificate.as_ref().map_or(String::new(), |certificate| certificate.issuer.clone()),
        );
    }
    if let Some(host) = expect["tls_hostname"].as_str() {
        let data = routing.certificate.as_ref().and_then(|certificate| certificate.data.as_ref());
        want(
            "certificate",
            host.into(),
            data.filter(|data| data.covers(host)).map_or(String::new(), |_| host.into()),
        );
    }
    for (name, range) in expect["share"].as_mapping().into_iter().flatten() {
        let mine = routing.outcomes.iter().filter(|outcome| {
            outcome.backend.as_ref().is_some_and(|backend| backend.service.name == scalar(name))
        });
        let share: f64 = mine.map(|outcome| f64::from(outcome.share.n) / f64::from(outcome.share.of)).sum();
        let inside = match items(range) {
            [low, high] => (low.as_f64().unwrap_or(0.0)..=high.as_f64().unwrap_or(0.0)).contains(&share),
            _ => range.as_f64().is_some_and(|fraction| (fraction - share).abs() < 1e-9),
        };
        want(
            "share",
            "true".into(),
            if inside { "true".into() } else { format!("{} {share}", scalar(name)) },
        );
    }
    if routing.outcomes.is_empty() {
        want("outcomes", "some".into(), "none".into());
    }
    faults
}
