//! The sentences of the troubleshooter.

use super::{Finding, Layer, State};

pub(crate) fn layer_name(layer: Layer) -> &'static str {
    match layer {
        Layer::Pod => "Pod",
        Layer::Service => "Service",
        Layer::Dns => "DNS",
        Layer::NetworkPolicy => "NetworkPolicy",
        Layer::Ingress => "Ingress",
    }
}

pub(super) fn layer(layer: Layer, state: State, findings: &[Finding]) -> String {
    let advice = findings.iter().filter(|finding| !finding.blocking).count();
    let noted = match advice {
        0 => String::new(),
        1 => "; one thing is worth knowing".to_owned(),
        count => format!("; {count} things are worth knowing"),
    };
    match state {
        State::Ok => format!("nothing is wrong{noted}"),
        State::Faulty => findings.first().map_or_else(String::new, |finding| finding.cause.clone()),
        State::Blocked => "not reached: another layer stops it before".to_owned(),
        State::NotUsed => match layer {
            Layer::Dns => "no name is looked up".to_owned(),
            Layer::Ingress => "no HTTP rule has a part in this".to_owned(),
            Layer::Service => "no Service is on the way".to_owned(),
            Layer::Pod | Layer::NetworkPolicy => "it has no part in this".to_owned(),
        },
        State::Undetermined => "it cannot be told from the manifests".to_owned(),
    }
}

pub(super) fn summary(subject: &str, findings: &[&Finding], undetermined: bool) -> String {
    let blocking: Vec<&&Finding> = findings.iter().filter(|finding| finding.blocking).collect();
    match blocking.as_slice() {
        [] if undetermined => format!("{subject}: it cannot be told; a fact is missing"),
        [] if findings.is_empty() => format!("{subject}: nothing is wrong"),
        [] => format!("{subject}: nothing is broken; {} worth knowing", things(findings.len())),
        [only] => format!("{subject}: the fault is in the {} layer: {}", layer_name(only.layer), only.cause),
        [first, rest @ ..] => format!(
            "{subject}: the fault is in the {} layer: {}; {} more",
            layer_name(first.layer),
            first.cause,
            rest.len()
        ),
    }
}

fn things(count: usize) -> String {
    if count == 1 { "one thing is".to_owned() } else { format!("{count} things are") }
}
