//! NetworkPolicy cases of several projects; one module per source.

mod cnp;
mod cyclonus;
mod k8s_e2e;
mod np_guard;
mod recipes;

use crate::report::Report;
use kubehop::policy::Decision;
use kubehop::{Cluster, Settings, Source};
use serde_json::Value;
use std::path::Path;

/// Runs all sources that are there.
pub fn run(dir: &Path, report: &mut Report) {
    type Run = fn(&Path, &mut Report);
    let sources: [(&str, Run); 5] = [
        ("k8s-e2e", k8s_e2e::run),
        ("cyclonus", cyclonus::run),
        ("cnp", cnp::run),
        ("recipes", recipes::run),
        ("np-guard", np_guard::run),
    ];
    for (name, run) in sources {
        let folder = dir.join(name);
        if folder.is_dir() {
            run(&folder, report);
        } else {
            report.skip(name, format!("no folder {name}"));
        }
    }
}

fn cases(dir: &Path) -> Value {
    let path = dir.join("cases.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The cluster of these objects, as they are stored.
fn cluster<'v>(objects: impl IntoIterator<Item = &'v Value>) -> Cluster {
    let sources = objects
        .into_iter()
        .enumerate()
        .map(|(n, object)| Source::new(format!("{n}.json"), object.to_string().into_bytes()));
    Cluster::load(sources, &Settings { stored: true, ..Settings::default() })
}

/// One connection, asked as a user would; the exact set of ports must say the same.
fn allowed(cluster: &Cluster, from: &str, to: &str, protocol: &str, port: u64) -> Result<bool, String> {
    let asked = u16::try_from(port).map_err(|error| error.to_string())?;
    let verdict =
        cluster.policy_verdict(from, to, &asked.into(), Some(protocol)).map_err(|error| error.to_string())?;
    let answer = match verdict.decision {
        Decision::Allowed => true,
        Decision::Denied => false,
        other => return Err(format!("{other:?}: {}", verdict.summary)),
    };
    let sets = cluster.allowed_ports(from, to).map_err(|error| error.to_string())?;
    let in_set = sets.parts.first().is_some_and(|part| part.ports.contains(verdict.protocol, asked));
    if in_set == answer {
        Ok(answer)
    } else {
        Err(format!("the verdict says {answer}, the set of ports {in_set}"))
    }
}

fn word(answer: Result<bool, String>) -> String {
    match answer {
        Ok(true) => "allowed".into(),
        Ok(false) => "denied".into(),
        Err(error) => error,
    }
}

/// Compares a matrix: rows are sources, columns destinations; the diagonal and `#` say nothing.
fn check_matrix(
    report: &mut Report,
    id: &str,
    cluster: &Cluster,
    pods: &[String],
    probe: (&str, u64),
    rows: &[&str],
) {
    let mut actual = Vec::new();
    let mut expected = Vec::new();
    for (from, row) in pods.iter().zip(rows) {
        for (to, cell) in pods.iter().zip(row.chars()) {
            if from == to || cell == '#' {
                continue;
            }
            let answer = word(allowed(cluster, from, to, probe.0, probe.1));
            let wanted = if cell == '.' { "allowed" } else { "denied" };
            if answer != wanted {
                actual.push(format!("{from} -> {to}: {answer}"));
                expected.push(format!("{from} -> {to}: {wanted}"));
            }
        }
    }
    report.check(&format!("{id} {} {}", probe.0, probe.1), expected.join(", "), actual.join(", "));
}
