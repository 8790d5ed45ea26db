//! Answers about HTTP requests as text.

use crate::ingress::{NginxTable, Refusal, Response, Routing, StatusList};
use crate::manifest::Evidence;
use std::fmt::Write;

fn place(evidence: &Evidence) -> String {
    match &evidence.place {
        Some(place) => format!("{} ({}:{}:{})", evidence.field, place.file, place.line, place.column),
        None => evidence.field.clone(),
    }
}

pub(super) fn routing(routing: &Routing) -> String {
    let mut out = format!("{}\n", routing.summary);
    for step in &routing.steps {
        let at = step.evidence.as_ref().map(|evidence| format!(" [{}]", place(evidence))).unwrap_or_default();
        let _ = writeln!(out, "  - {}{at}", step.text);
    }
    for outcome in &routing.outcomes {
        let end = match &outcome.response {
            Response::Backend {} => "the backend answers".to_owned(),
            Response::Status { code, location: Some(location) } => format!("{code}, Location: {location}"),
            Response::Status { code, .. } => code.to_string(),
            Response::ConnectionFailed {} => "no connection".to_owned(),
            Response::Undetermined { missing } => format!("undetermined: {missing}"),
        };
        let _ = writeln!(out, "{}: {end}", outcome.share);
        if let Some(upstream) = &outcome.upstream {
            let _ = writeln!(
                out,
                "  backend sees {} {} with Host {}",
                upstream.method, upstream.path, upstream.host
            );
        }
        for endpoint in &outcome.endpoints {
            let pod = endpoint.pod.as_ref().map(|pod| format!(" {pod}")).unwrap_or_default();
            let _ = writeln!(out, "  {}{pod}: {}", endpoint.address, endpoint.why);
        }
        for header in &outcome.response_headers {
            let _ = writeln!(out, "  {}: {}", header.name, header.value);
        }
    }
    if !routing.candidates.is_empty() {
        out.push_str("candidates:\n");
    }
    for candidate in &routing.candidates {
        let mark = if candidate.won { '*' } else { ' ' };
        let host = if candidate.host.is_empty() { "(any host)" } else { &candidate.host };
        let _ = writeln!(
            out,
            "{mark} {} {host} {} {}: {}",
            candidate.ingress, candidate.path_type, candidate.path, candidate.why
        );
    }
    if routing.candidates_left_out > 0 {
        let _ = writeln!(out, "  and {} more", routing.candidates_left_out);
    }
    if routing.candidates_elsewhere > 0 {
        let _ = writeln!(out, "  and {} of other hosts", routing.candidates_elsewhere);
    }
    if let Some(difference) = &routing.difference {
        let _ = writeln!(out, "elsewhere: {}", difference.message);
    }
    out
}

pub(super) fn nginx(table: &NginxTable) -> String {
    let mut out = String::new();
    for message in &table.rejected {
        let _ = writeln!(out, "# nginx: [emerg] {message}");
    }
    for dropped in &table.dropped {
        let _ = writeln!(out, "# {} is dropped: {}", dropped.ingress, dropped.why);
    }
    out.push_str(&table.text);
    out
}

pub(super) fn statuses(list: &StatusList) -> String {
    let mut out = String::new();
    for status in &list.ingresses {
        let class = status.class.as_deref().unwrap_or("<none>");
        let _ = writeln!(out, "{} {class} {} ({})", status.ingress, status.addresses.join(","), status.why);
    }
    out
}

pub(super) fn refusals(list: &[Refusal]) -> String {
    let mut out = String::new();
    for refusal in list {
        let _ = writeln!(
            out,
            "{}: admission webhook \"validate.nginx.ingress.kubernetes.io\" denied the request: {}",
            refusal.ingress, refusal.message
        );
    }
    out
}
