//! Answers of the server.

use super::{cluster, items, read, sorted, text, texts};
use crate::report::Report;
use kubehop::Settings;
use kubehop::dns::{Query, Record, RecordType, Server};
use serde_yaml::Value;
use std::path::Path;

/// One file of queries.
pub fn run(dir: &Path, file: &Path, report: &mut Report) {
    let case = read(file);
    let Some(config) = case.get("config") else { return };
    let objects = std::fs::read_to_string(dir.join(text(&case, "objects_file"))).unwrap_or_default();
    let cluster = cluster(&objects, Some(&corefile(config)), settings(config));
    let server = Server::new(cluster.snapshot());
    let client = text(config, "client_ip").parse().ok();
    for case in items(&case, "queries") {
        let (id, name) = (text(case, "id"), text(case, "qname"));
        let Ok(record_type) = text(case, "qtype").parse::<RecordType>() else {
            report.fail(&id, "a known type", text(case, "qtype"));
            continue;
        };
        let query = Query { client, ..Query::new(&name, record_type) };
        let reply = server.ask(&query);
        let section =
            |records: &[Record]| sorted(records.iter().map(|record| line(&record.to_string())).collect());
        let given = |key: &str| sorted(texts(case, key).iter().map(|text| line(text)).collect());
        let mut expected = vec![text(case, "rcode")];
        let mut actual = vec![reply.rcode.as_str().to_owned()];
        if let Some(aa) = case.get("aa").and_then(Value::as_bool) {
            expected.push(format!("aa={aa}"));
            actual.push(format!("aa={}", reply.authoritative));
        }
        expected.extend(given("answers"));
        actual.extend(section(&reply.answers));
        if case.get("authority_unchecked").is_none() {
            expected.extend(given("authority"));
            actual.extend(section(&reply.authority));
        }
        expected.extend(given("additional"));
        actual.extend(section(&reply.additional));
        if let Some(fault) = aliases_in_order(&reply.answers) {
            actual.push(fault);
        }
        let what = format!("{name} {record_type}: ");
        report.check(&id, what.clone() + &expected.join(" | "), what + &actual.join(" | "));
    }
    if case.get("records").is_some() {
        zone(&case, &cluster, report);
    }
}

/// The serial is not compared, nor the mailbox of `k8s_external`, which its own tests leave open.
fn line(record: &str) -> String {
    let mut fields: Vec<&str> = record.split_whitespace().collect();
    let external = fields.get(4).is_some_and(|server| server.starts_with("ns1."));
    if fields.get(3) == Some(&"SOA")
        && external
        && let Some(mailbox) = fields.get_mut(5)
    {
        *mailbox = "*";
    }
    if fields.get(3) == Some(&"SOA")
        && let Some(serial) = fields.get_mut(6)
    {
        *serial = "*";
    }
    fields.join(" ")
}

/// A CNAME stands before the records of its target.
fn aliases_in_order(records: &[Record]) -> Option<String> {
    use kubehop::dns::Data;
    records.iter().enumerate().find_map(|(at, record)| {
        let Data::Cname(target) = &record.data else { return None };
        let early = records.iter().take(at).any(|other| other.name.eq_ignore_ascii_case(target));
        early.then(|| format!("{record} stands behind its target"))
    })
}

/// The Corefile of a configuration: the stanza, with a forwarder behind it.
fn corefile(config: &Value) -> String {
    if text(config, "plugin") == "k8s_external" {
        let headless =
            if config.get("headless").and_then(Value::as_bool) == Some(true) { "headless" } else { "" };
        let zones = texts(config, "zones").join(" ");
        return format!(
            ".:53 {{\nkubernetes cluster.local {{\n}}\nk8s_external {zones} {{\n{headless}\n}}\nforward . 192.0.2.53\n}}\n"
        );
    }
    let mut stanza = text(config, "corefile_stanza");
    if stanza.is_empty() {
        stanza = format!(
            "kubernetes {} {{\n    namespaces {}\n    ttl {}\n}}\n",
            texts(config, "zones").join(" "),
            texts(config, "namespaces").join(" "),
            text(config, "ttl")
        );
    }
    let autopath = if config.get("autopath").and_then(Value::as_bool) == Some(true) {
        "autopath @kubernetes\n"
    } else {
        ""
    };
    format!(".:53 {{\n{autopath}{stanza}forward . 192.0.2.53\n}}\n")
}

fn settings(config: &Value) -> Settings {
    let mut settings = Settings::default();
    settings.dns.node_resolv_conf = "nameserver 192.0.2.53\n".into();
    settings.dns.upstream_records = Some(texts(config, "upstream_records"));
    settings.dns.api_synced = config.get("api_synced").and_then(Value::as_bool).unwrap_or(true);
    let mut bound = texts(config, "coredns_pod_ips");
    bound.extend(config.get("apex_ns_ip").map(|_| text(config, "apex_ns_ip")));
    let bound = bound.iter().filter_map(|ip| ip.parse().ok()).collect();
    settings.dns.server_addresses = Some(bound);
    settings
}

/// The listing of a zone. Weights of SRV records are those of queries, and not compared.
fn zone(case: &Value, cluster: &kubehop::Cluster, report: &mut Report) {
    let plain = |record: &str| {
        let mut fields: Vec<String> = line(record).split(' ').map(str::to_owned).collect();
        if fields.get(3).is_some_and(|kind| kind == "SRV")
            && let Some(weight) = fields.get_mut(5)
        {
            *weight = "*".to_owned();
        }
        fields.join(" ")
    };
    let mut expected = sorted(texts(case, "records").iter().map(|record| plain(record)).collect());
    expected.dedup();
    let listing = cluster.zone();
    let records = listing.zones.first().map(|zone| zone.records.as_slice()).unwrap_or_default();
    let mut actual = sorted(records.iter().map(|record| plain(&record.to_string())).collect());
    actual.dedup();
    report.check(&text(case, "id"), expected.join("\n"), actual.join("\n"));
}
