//! What the kubelet writes.

use super::{cluster, items, read, sorted, text, texts};
use crate::report::Report;
use kubehop::dns::{self, ResolvConf};
use kubehop::manifest::api::core_v1::{PodDnsConfigOption, PodSpec};
use kubehop::{Cluster, Settings};
use serde_yaml::Value;
use std::path::Path;

/// One file of cases.
pub fn run(_dir: &Path, file: &Path, report: &mut Report) {
    let data = read(file);
    match text(&data, "name").as_str() {
        "kubelet_parse_resolv_conf" => parse(&data, report),
        "kubelet_pod_dns" => pods(&data, report),
        "kubelet_merge_options" => merge(&data, report),
        "kubelet_nameserver_limits" => limits(&data, report, dns::limit_nameservers),
        "kubelet_search_limits" => limits(&data, report, dns::limit_searches),
        "kubelet_hostname" => hostnames(&data, report),
        other => report.fail(&file.display().to_string(), "a known table", other),
    }
}

fn shown(conf: &ResolvConf) -> String {
    format!("{:?} {:?} {:?}", conf.nameservers, conf.searches, sorted(conf.options.clone()))
}

fn wanted(case: &Value) -> String {
    format!(
        "{:?} {:?} {:?}",
        texts(case, "nameservers"),
        texts(case, "searches"),
        sorted(texts(case, "options"))
    )
}

fn parse(data: &Value, report: &mut Report) {
    for case in items(data, "cases") {
        let actual = dns::parse_resolv_conf(&text(case, "input"));
        let fails = case.get("error").and_then(Value::as_bool) == Some(true);
        let expected = if fails { "error".to_owned() } else { wanted(case) };
        report.check(&text(case, "id"), expected, actual.map_or("error".into(), |conf| shown(&conf)));
    }
}

fn merge(data: &Value, report: &mut Report) {
    for case in items(data, "cases") {
        let added: Vec<PodDnsConfigOption> = items(case, "dnsConfig")
            .map(|option| PodDnsConfigOption {
                name: text(option, "name"),
                value: option.get("value").map(|_| text(option, "value")),
            })
            .collect();
        let actual = dns::merge_options(&texts(case, "existing"), &added);
        report.check(&text(case, "id"), sorted(texts(case, "result")).join(" "), sorted(actual).join(" "));
    }
}

/// Cuts a list and says so.
type Limit = fn(Vec<String>) -> (Vec<String>, Option<dns::Event>);

fn limits(data: &Value, report: &mut Report, limit: Limit) {
    let template = text(data, "event");
    for case in items(data, "cases") {
        let (kept, event) = limit(texts(case, "input"));
        let line = kept.join(" ");
        let message = event.map(|event| format!("Warning {} {}", event.reason, event.message));
        let expected = case.get("event").and_then(Value::as_bool).unwrap_or_default();
        let expected =
            expected.then(|| template.replace("<joined by space>", &texts(case, "result").join(" ")));
        report.check(
            &text(case, "id"),
            format!("{:?} {expected:?}", texts(case, "result").join(" ")),
            format!("{line:?} {message:?}"),
        );
    }
}

fn hostnames(data: &Value, report: &mut Report) {
    for case in items(data, "cases") {
        let optional = |key: &str| case.get(key).filter(|value| !value.is_null()).map(|_| text(case, key));
        let spec = PodSpec {
            hostname: text(case, "hostname"),
            subdomain: text(case, "subdomain"),
            hostname_override: optional("hostnameOverride"),
            ..PodSpec::default()
        };
        let actual = dns::hostname(
            &text(case, "pod_name"),
            &text(data, "namespace"),
            &spec,
            &text(data, "cluster_domain"),
        );
        let id = text(case, "id");
        match (actual, optional("error_contains")) {
            (Ok(name), None) => {
                let expected = format!("{} {}", text(case, "expect_hostname"), text(case, "expect_domain"));
                report.check(&id, expected, format!("{} {}", name.hostname, name.domain));
            }
            (Err(error), Some(part)) if error.contains(&part) => report.pass(&id),
            (actual, expected) => report.fail(&id, format!("{expected:?}"), format!("{actual:?}")),
        }
    }
    for case in items(data, "truncate") {
        report.check(&text(case, "id"), text(case, "output"), dns::truncate_hostname(&text(case, "input")));
    }
}

/// A pod with these fields, as stored.
fn pod(namespace: &str, case: &Value, settings: &Settings) -> Cluster {
    let mut spec = serde_yaml::Mapping::new();
    for key in ["dnsPolicy", "hostNetwork", "dnsConfig"] {
        if let Some(value) = case.get(key) {
            spec.insert(key.into(), value.clone());
        }
    }
    if let Some(policy) = case.get("policy") {
        spec.insert("dnsPolicy".into(), policy.clone());
    }
    spec.insert("containers".into(), serde_yaml::from_str("[{name: a, image: b}]").unwrap());
    let spec = serde_json::to_string(&spec).unwrap();
    let text = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: test-pod, namespace: {namespace}}}, spec: {spec}, status: {{phase: Running, podIP: 10.0.1.5}}}}"
    );
    cluster(&text, None, settings.clone())
}

fn pods(data: &Value, report: &mut Report) {
    let kubelet = data.get("kubelet").unwrap_or(&Value::Null);
    let namespace = text(data, "pod_namespace");
    let mut settings = Settings::default();
    settings.dns.cluster_dns =
        Some(texts(kubelet, "clusterDNS").iter().filter_map(|ip| ip.parse().ok()).collect());
    settings.dns.cluster_domain = text(kubelet, "clusterDomain");
    settings.dns.node_resolv_conf = text(kubelet, "node_resolv_conf");
    let ask = |case: &Value, settings: &Settings| {
        pod(&namespace, case, settings).resolv_conf(&format!("{namespace}/test-pod"))
    };
    for case in items(data, "cases") {
        match ask(case, &settings) {
            Ok(answer) => report.check(&text(case, "id"), wanted(case), shown(&answer.conf)),
            Err(error) => report.fail(&text(case, "id"), wanted(case), error.to_string()),
        }
    }
    for case in items(data, "policy_types") {
        let base = match text(case, "base").as_str() {
            "empty" => "none".to_owned(),
            base => base.to_owned(),
        };
        match ask(case, &settings) {
            Ok(answer) => report.check(&text(case, "id"), base, answer.base),
            Err(error) => report.fail(&text(case, "id"), base, error.to_string()),
        }
    }
    for case in items(data, "no_resolv_conf") {
        let mut settings = settings.clone();
        settings.dns.node_resolv_conf = String::new();
        match ask(case, &settings) {
            Ok(answer) => report.check(&text(case, "id"), wanted(case), shown(&answer.conf)),
            Err(error) => report.fail(&text(case, "id"), wanted(case), error.to_string()),
        }
    }
}
