//! The page of codes: every registered code has its example and its remedy, and the examples give what they say.

use kubehop::manifest::Manifests;
use kubehop::{Cluster, Settings, Source, admission, model};
use serde::Deserialize;

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
