//! Sequences of queries that programs send.

use super::{cluster, items, read, sorted, text, texts};
use crate::report::Report;
use kubehop::dns::{ExchangeResult, Lookup, Program, ResolveQuestion};
use kubehop::model::NameServer;
use kubehop::{Cluster, Settings};
use serde_yaml::Value;
use std::path::Path;

/// What the forwarder of the measured cluster knew.
const UPSTREAM: &[&str] = &[
    "example.com. 300 IN A 93.184.215.14",
    "example.com. 300 IN AAAA 2606:2800:21f:cb07:6820:80da:af6b:8b2c",
    "www.example.com. 300 IN CNAME example.com.",
    "api.vendor.test. 60 IN CNAME edge.vendor.test.",
    "edge.vendor.test. 60 IN A 198.51.100.7",
    "10.2.0.192.in-addr.arpa. 300 IN PTR host.vendor.test.",
];

/// The measured cluster, with the name servers beside it.
pub fn measured(dir: &Path, fixture: &str) -> Cluster {
    let mut settings = Settings::default();
    settings.dns.node_resolv_conf = "nameserver 192.0.2.53\n".into();
    settings.dns.upstream_records = Some(UPSTREAM.iter().map(|line| (*line).to_owned()).collect());
    settings.dns.server_addresses = Some(vec!["10.244.0.2".parse().unwrap()]);
    for (address, behaviour) in [
        ("10.96.0.66", "silent"),
        ("10.96.0.67", "refuses"),
        ("10.96.0.68", "fails"),
        ("192.168.65.7", "answers"),
    ] {
        let records = ["example.com. 300 IN A 93.184.215.14"];
        let server: NameServer = serde_json::from_value(
            serde_json::json!({"address": address, "behaviour": behaviour, "records": records}),
        )
        .unwrap();
        settings.dns.name_servers.push(server);
    }
    let objects = std::fs::read_to_string(dir.join(fixture)).unwrap_or_default();
    let stanza = ".:53 {\n  kubernetes cluster.local in-addr.arpa ip6.arpa {\n    pods insecure\n    fallthrough in-addr.arpa ip6.arpa\n    ttl 30\n  }\n  forward . 192.0.2.53\n}\n";
    cluster(&objects, Some(stanza), settings)
}

/// One file of sequences.
pub fn run(dir: &Path, file: &Path, report: &mut Report) {
    let data = read(file);
    let cluster = measured(dir, &text(&data, "cluster"));
    for case in items(&data, "cases") {
        let id = text(case, "id");
        let resolver = text(case, "resolver");
        let program = match resolver.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["getaddrinfo", "glibc", ..] => Program::Glibc,
            ["getaddrinfo", "musl", ..] => Program::Musl,
            ["bind-nslookup", ..] => Program::Nslookup,
            ["dig", "+search", ..] => Program::DigSearch,
            ["dig", ..] => Program::Dig,
            ["host", ..] => Program::Host,
            ["busybox", ..] => Program::Busybox,
            _ => {
                report.fail(&id, "a known resolver", resolver);
                continue;
            }
        };
        let conf =
            data.get("resolv_confs").map(|confs| text(confs, &text(case, "resolv_conf"))).unwrap_or_default();
        let question = ResolveQuestion {
            from: "default/client".into(),
            name: text(case, "name"),
            program: Some(program),
            resolv_conf: Some(conf),
            ..ResolveQuestion::default()
        };
        let lookup = match cluster.resolve_as(&question) {
            Ok(lookup) => lookup,
            Err(error) => {
                report.fail(&id, "an answer", error.to_string());
                continue;
            }
        };
        let parallel = case.get("parallel").is_some();
        let wanted: Vec<String> =
            items(case, if parallel { "parallel" } else { "steps" }).map(expected).collect();
        let mut expected = wanted.join("; ");
        let mut actual = steps(&lookup, parallel).join("; ");
        if case.get("result").is_some() {
            expected += &format!(" => {}", sorted(texts(case, "result")).join(" "));
            let result = match &lookup.error {
                Some(error) => format!("getaddrinfo: {error}"),
                None => sorted(lookup.addresses.iter().map(ToString::to_string).collect()).join(" "),
            };
            actual += &format!(" => {result}");
        }
        report.check(&id, expected, actual);
    }
}

fn expected(step: &Value) -> String {
    let types = step.get("types").and_then(Value::as_mapping).into_iter().flatten();
    let types = types.map(|(kind, what)| {
        format!("{}={}", kind.as_str().unwrap_or_default(), what.as_str().unwrap_or_default())
    });
    format!("{} {}", text(step, "qname"), sorted(types.collect()).join(" "))
}

fn steps(lookup: &Lookup, parallel: bool) -> Vec<String> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for step in &lookup.steps {
        let types = step.queries.iter().map(|query| {
            let what = match &query.result {
                ExchangeResult::Answered { rcode, answers, .. } => {
                    format!("{} {}", rcode.as_str(), answers.len())
                }
                ExchangeResult::TimedOut => "TIMEOUT".into(),
                ExchangeResult::Refused => "REFUSED".into(),
            };
            format!("{}={what}", query.record_type)
        });
        // A tool that asks for A and then for AAAA of one name makes one step of it.
        match all.last_mut().filter(|(name, _)| *name == step.name && !parallel) {
            Some((_, known)) => known.extend(types),
            None => all.push((step.name.clone(), types.collect())),
        }
    }
    all.into_iter().map(|(name, types)| format!("{name} {}", sorted(types).join(" "))).collect()
}
