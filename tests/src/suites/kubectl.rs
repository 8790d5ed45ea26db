//! `kubectl describe` outputs, byte for byte.

use crate::report::Report;
use kubehop::{Cluster, Settings, Source};
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Case {
    id: String,
    describe: String,
    objects: Vec<serde_yaml::Value>,
    expected: String,
}

/// Runs every case of the folder.
pub fn run(dir: &Path, report: &mut Report) {
    let mut files = Vec::new();
    yaml_files(&dir.join("cases"), &mut files);
    files.sort();
    for path in &files {
        one(path, report);
    }
}

fn one(path: &PathBuf, report: &mut Report) {
    let id = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return report.fail(&id, "a readable file", error.to_string()),
    };
    let case: Case = match serde_yaml::from_str(&text) {
        Ok(case) => case,
        Err(error) => return report.fail(&id, "a case", error.to_string()),
    };
    let sources = case.objects.iter().enumerate().map(|(index, object)| {
        Source::new(format!("{index}.yaml"), serde_yaml::to_string(object).unwrap_or_default())
    });
    let settings = Settings { stored: true, ..Settings::default() };
    let cluster = Cluster::load(sources, &settings);
    let kind = |object: &serde_yaml::Value| {
        object.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_lowercase()
    };
    let metadata = |object: &serde_yaml::Value, field: &str| {
        object.get("metadata").and_then(|meta| meta.get(field)?.as_str()).map(str::to_owned)
    };
    let Some(object) = case.objects.iter().find(|object| kind(object) == case.describe) else {
        return report.fail(&case.id, format!("an object of kind {}", case.describe), "none");
    };
    let namespace = metadata(object, "namespace").unwrap_or("default".into());
    let name = metadata(object, "name").unwrap_or_default();
    let command = format!("describe {} {name} -n {namespace}", case.describe);
    let output = cluster.kubectl(&command);
    // Upstream prints the creation time in the time zone of its developers.
    let comparable = |text: &str| {
        let lines = text.trim_end_matches('\n').split('\n');
        let upstream = case.id.starts_with("upstream/");
        let lines = lines.filter(|line| !(upstream && line.starts_with("Created on:")));
        lines.collect::<Vec<_>>().join("\n")
    };
    report.check(&case.id, comparable(&case.expected), comparable(&(output.stdout + &output.stderr)));
}

fn yaml_files(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            yaml_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
}
