//! The page of codes: every registered code has its example and its remedy, and the examples give what they say.

use kubehop::manifest::Manifests;
use kubehop::{Cluster, Settings, Source, admission, model};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    example: Option<String>,
    says: Option<String>,
    fix: String,
}

fn entries() -> Vec<Entry> {
    serde_yaml::from_str(include_str!("../codes.yaml")).expect("tests/codes.yaml is a list of entries")
}

#[test]
fn every_code_has_an_entry() {
    let known = [Manifests::codes(), admission::codes(), model::codes()].concat();
    let known: Vec<&str> = known.iter().map(|(code, _)| *code).collect();
    let entries = entries();
    let given: Vec<&str> = entries.iter().map(|entry| entry.code.as_str()).collect();
    assert_eq!(
        given, known,
        "tests/codes.yaml has each registered code once, in the order of the registries"
    );
    assert!(entries.iter().all(|entry| entry.fix.ends_with('.')));
}

/// The words in quotes after `prefix` in the sources of core.
fn quoted(dir: &Path, prefix: &str, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).expect("core has sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            quoted(&path, prefix, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("codes.rs") {
            let text = std::fs::read_to_string(&path).expect("sources are text");
            let opening = format!("\"{prefix}");
            // The bare prefix is how codes of a room are told from others, and no code.
            let after = text.split(&opening).skip(1).filter(|rest| !rest.starts_with('"'));
            found.extend(after.filter_map(|rest| Some(format!("{prefix}{}", rest.split('"').next()?))));
        }
    }
}

#[test]
fn codes_in_use_and_registered_codes_are_the_same() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    for (prefix, known) in [("admission/", admission::codes()), ("model/", model::codes())] {
        let mut used = BTreeSet::new();
        quoted(&core, prefix, &mut used);
        let known: BTreeSet<String> = known.iter().map(|(code, _)| (*code).to_owned()).collect();
        assert_eq!(used, known, "{prefix}");
    }
}

#[test]
fn examples_give_what_they_say() {
    let mut given = 0;
    for entry in entries() {
        let (Some(example), Some(says)) = (&entry.example, &entry.says) else {
            assert!(
                entry.example.is_none() && entry.says.is_none(),
                "{}: an example says something",
                entry.code
            );
            continue;
        };
        let cluster = Cluster::load([Source::new("manifests.yaml", example.as_str())], &Settings::default());
        let list = cluster.problem_list();
        let problems = list.problems.iter().map(|problem| {
            let field = if problem.field.is_empty() { String::new() } else { format!("{}: ", problem.field) };
            (problem.code, format!("{field}{}", problem.message))
        });
        let assumptions =
            list.assumptions.iter().map(|assumption| (assumption.code, assumption.message.clone()));
        let said: Vec<(&str, String)> = problems.chain(assumptions).collect();
        assert!(
            said.iter().any(|(code, text)| *code == entry.code && text.contains(says)),
            "{}: {says}\ninstead: {said:#?}",
            entry.code
        );
        given += 1;
    }
    assert!(given >= 30, "{given} examples");
}
