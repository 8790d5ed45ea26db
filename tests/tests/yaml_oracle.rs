//! Our YAML against `serde_yaml`'s on every file of the corpus and of the examples: two readers that share
//! no code must see the same values. Only files on which Kubernetes' rules and YAML 1.2's agree can be
//! compared, which is nearly all that people write; where they differ (`yes`, `010`, duplicate keys) the
//! recorded answers of kubectl's own decoder decide, in the conformance suite `manifests`.

use kubehop::manifest::decode;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn yaml_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml")
            // These are about where the rules differ.
            && !path.parent().is_some_and(|parent| parent.ends_with("cases/manifest"))
        {
            found.push(path);
        }
    }
}

#[test]
fn two_readers_see_the_same_values() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    yaml_files(&tests.join("cases"), &mut files);
    yaml_files(&tests.join("../docs-site/examples"), &mut files);
    files.sort();
    let (mut compared, mut differ) = (0, Vec::new());
    for path in &files {
        let text = std::fs::read_to_string(path).unwrap();
        let ours: Vec<Value> = decode::documents(text.as_bytes())
            .into_iter()
            .flatten()
            .map(|document| serde_json::from_str(&document.json()).unwrap())
            .filter(|value: &Value| !value.is_null())
            .collect();
        let theirs: Result<Vec<Value>, _> =
            serde_yaml::Deserializer::from_str(&text).map(Value::deserialize).collect();
        // Broken on purpose: kubectl reads the documents before the fault, serde_yaml gives up.
        let Ok(theirs) = theirs else { continue };
        let theirs: Vec<Value> = theirs.into_iter().filter(|value| !value.is_null()).collect();
        if ours == theirs {
            compared += ours.len();
        } else {
            differ.push(path.display().to_string());
        }
    }
    assert!(compared > 100, "only {compared} documents were comparable");
    assert!(differ.is_empty(), "these files are read differently:\n{}", differ.join("\n"));
}
