//! Cluster DNS: server answers, what the kubelet writes, resolvers and tools.

mod e2e;
mod kubelet;
mod queries;
mod resolver;
mod tools;

use crate::report::Report;
use kubehop::{Cluster, Settings, Source};
use serde_yaml::Value;
use std::path::{Path, PathBuf};

/// Runs whatever folders there are.
pub fn run(dir: &Path, report: &mut Report) {
    for (folder, suite) in [
        ("coredns_tests", queries::run as fn(&Path, &Path, &mut Report)),
        ("ci_tests", queries::run),
        ("live", queries::run),
        ("kubelet", kubelet::run),
        ("e2e", e2e::run),
        ("resolver", resolver::run),
        ("tools", tools::run),
    ] {
        for file in files(&dir.join(folder)) {
            suite(dir, &file, report);
        }
    }
}

/// YAML files of a folder, by name.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .collect();
    files.sort();
    files
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    serde_yaml::from_str(&text).unwrap_or(Value::Null)
}

fn text(value: &Value, key: &str) -> String {
    match value.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    let items = value.get(key).and_then(Value::as_sequence).into_iter().flatten();
    items.map(|item| item.as_str().map_or_else(|| plain(item), str::to_owned)).collect()
}

fn plain(value: &Value) -> String {
    serde_yaml::to_string(value).unwrap_or_default().trim_end().to_owned()
}

fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_sequence).into_iter().flatten()
}

/// Objects as stored, with a Corefile.
fn cluster(objects: &str, corefile: Option<&str>, mut settings: Settings) -> Cluster {
    settings.stored = true;
    let mut sources = vec![Source::new("objects.yaml", objects)];
    if let Some(corefile) = corefile {
        let mut map = String::from(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns, namespace: kube-system}\ndata:\n  Corefile: |\n",
        );
        for line in corefile.lines() {
            map.push_str("    ");
            map.push_str(line);
            map.push('\n');
        }
        sources.push(Source::new("corefile.yaml", map));
    }
    Cluster::load(sources, &settings)
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}
