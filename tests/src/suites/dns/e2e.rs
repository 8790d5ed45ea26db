//! What Kubernetes' own end-to-end tests ask of cluster DNS.

use super::{items, plain, read, text, texts};
use crate::report::Report;
use kubehop::dns::{Data, Lookup, Program, RecordType, ResolveQuestion};
use kubehop::{Cluster, Settings, Source};
use serde_yaml::Value;
use std::path::Path;

/// The file of cases.
pub fn run(_dir: &Path, file: &Path, report: &mut Report) {
    let data = read(file);
    for case in items(&data, "cases") {
        let mut faults = Vec::new();
        check(&data, case, &mut faults);
        let id = text(case, "id");
        if faults.is_empty() {
            report.pass(&id)
        } else {
            report.fail(&id, text(case, "test"), faults.join("; "))
        }
    }
}

/// The cluster with a pod that asks.
fn cluster(data: &Value, case: &Value, extra: &str) -> Cluster {
    let from =
        case.get("from_namespace").map_or_else(|| text(data, "namespace"), |_| text(case, "from_namespace"));
    let mut spec = serde_yaml::Mapping::new();
    for key in ["dnsPolicy", "hostNetwork", "dnsConfig"] {
        if let Some(value) = case.get(key) {
            spec.insert(key.into(), value.clone());
        }
    }
    spec.insert("hostname".into(), "dns-querier-1".into());
    spec.insert("containers".into(), serde_yaml::from_str("[{name: a, image: agnhost}]").unwrap());
    let spec = serde_json::to_string(&spec).unwrap();
    let asker =
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: asker, namespace: {from}}}\nspec: {spec}\n");
    let mut settings = Settings::default();
    settings.dns.cluster_domain = text(data, "cluster_domain");
    settings.dns.upstream_records = Some(Vec::new());
    Cluster::load(
        [
            Source::new("fixtures.yaml", text(data, "fixtures")),
            Source::new("asker.yaml", asker),
            Source::new("extra.yaml", extra),
        ],
        &settings,
    )
}

fn lookup(cluster: &Cluster, from: &str, name: &str, kind: &str) -> Result<Lookup, String> {
    let question = ResolveQuestion {
        from: from.into(),
        name: name.into(),
        record_type: Some(kind.parse::<RecordType>().map_err(|error| error.to_string())?),
        program: Some(Program::DigSearch),
        ..ResolveQuestion::default()
    };
    cluster.resolve_as(&question).map_err(|error| error.to_string())
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_sequence()
        .into_iter()
        .flatten()
        .map(|item| item.as_str().map_or_else(|| plain(item), str::to_owned))
        .collect()
}

fn check(data: &Value, case: &Value, faults: &mut Vec<String>) {
    let cluster = self::cluster(data, case, "");
    let namespace =
        case.get("from_namespace").map_or_else(|| text(data, "namespace"), |_| text(case, "from_namespace"));
    let asker = format!("{namespace}/asker");
    for item in items(case, "resolves") {
        let item = strings(item);
        let [name, kind, ..] = item.as_slice() else { continue };
        match lookup(&cluster, &asker, name, kind) {
            Ok(answer) if !answer.records.is_empty() => {}
            Ok(answer) => faults.push(answer.summary),
            Err(error) => faults.push(error),
        }
    }
    for item in items(case, "short") {
        let item = strings(item);
        let [name, kind, answer] = item.as_slice() else { continue };
        let found = lookup(&cluster, &asker, name, kind);
        let shown: Vec<String> =
            found.iter().flat_map(|lookup| &lookup.records).map(|record| record.data.to_string()).collect();
        if !shown.contains(answer) {
            faults.push(format!("{name} {kind} is {shown:?}, not {answer}"));
        }
    }
    let pod = case
        .get("pod")
        .map_or_else(|| asker.clone(), |_| format!("{}/{}", text(data, "namespace"), text(case, "pod")));
    match cluster.hosts(&pod) {
        Ok(hosts) => {
            for name in texts(case, "etc_hosts") {
                if !hosts.entries.iter().any(|entry| entry.names.contains(&name)) {
                    faults.push(format!("{name} is not in the hosts file"));
                }
            }
            if case.get("hostname_is").is_some_and(|name| name.as_str() != Some(&hosts.hostname)) {
                faults.push(format!("the hostname is {}", hosts.hostname));
            }
            if case.get("hostname_is_not").is_some_and(|name| name.as_str() == Some(&hosts.hostname)) {
                faults.push(format!("the hostname is {}", hosts.hostname));
            }
        }
        Err(error) => faults.push(error.to_string()),
    }
    let conf = cluster.resolv_conf(&asker).map(|conf| conf.text).unwrap_or_default();
    let parts = match case.get("resolv_conf_contains") {
        Some(Value::String(part)) => vec![part.clone()],
        Some(_) => texts(case, "resolv_conf_contains"),
        None => Vec::new(),
    };
    for part in parts {
        if !conf.contains(&part) {
            faults.push(format!("resolv.conf lacks `{part}`: {conf}"));
        }
    }
    if let Some(wanted) = case.get("ptr_of_cluster_ip") {
        ptr(&cluster, wanted, faults);
    }
}

/// The address of every Service named leads back to it.
fn ptr(cluster: &Cluster, wanted: &Value, faults: &mut Vec<String>) {
    let names = match wanted {
        Value::Sequence(_) => strings(wanted),
        other => vec![other.as_str().map_or_else(|| plain(other), str::to_owned)],
    };
    for service in &cluster.snapshot().services {
        if !names.iter().any(|name| name.split('.').next() == Some(&service.name))
            && wanted.as_bool() != Some(true)
        {
            continue;
        }
        for ip in service.spec.cluster_ips.iter().filter_map(|ip| ip.parse().ok()) {
            let response = cluster.dig(&kubehop::dns::name::reverse(ip), RecordType::PTR);
            let back = response.answers.iter().any(|record| {
                matches!(&record.data, Data::Ptr(target) if target.starts_with(&format!("{}.", service.name)))
            });
            if !back {
                faults.push(format!("{ip} does not lead back to {}", service.name));
            }
        }
    }
}
