//! The project's own cases: `tests/cases/<room>/*.yaml`, a `kind: Case` document and then plain
//! manifests. The same files run in Rust, through the npm package and through the wheel.

use kubehop::{Answer, AskError, Cluster, Question, Settings, Source};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The first document of a case file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Always `Case`.
    pub kind: String,
    /// What the case shows, one sentence.
    pub title: String,
    /// Settings, camelCase; absent fields are defaults.
    #[serde(default)]
    pub settings: Value,
    /// Questions with their expected answers.
    #[serde(default)]
    pub asks: Vec<Ask>,
    /// Problems that loading must report, as subsets, in any order. Absent: none of severity `error`.
    pub problems: Option<Vec<Value>>,
}

/// One question of a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The question, as [`Question`] reads it.
    pub question: Value,
    /// Subset of the answer; see [`mismatch`].
    pub expect: Option<Value>,
    /// Subset of the error, when the question itself is wrong.
    pub error: Option<Value>,
}

/// A case file: its header and the manifests after it.
#[derive(Debug)]
pub struct CaseFile {
    /// Path from the corpus' root, `journey/pod-to-service.yaml`.
    pub id: String,
    /// The header.
    pub case: Case,
    /// The manifests.
    pub manifests: String,
}

/// A case as the other surfaces read it: inputs, and the answers they must give to the byte.
#[derive(Debug, Serialize)]
pub struct Recorded {
    /// Path of the case.
    pub id: String,
    /// Settings as given.
    pub settings: Value,
    /// Name and text of each source.
    pub sources: Vec<(String, String)>,
    /// `cluster.problem_list()` as JSON text.
    pub problems: String,
    /// Each question with its answer (or error) as JSON text, and its rendering for a terminal (empty
    /// for an error).
    pub answers: Vec<(Value, String, String)>,
}

/// All case files below `root`, sorted by path.
///
/// # Panics
/// When a file cannot be read or its header is not a case.
pub fn cases(root: &Path) -> Vec<CaseFile> {
    let mut files = Vec::new();
    collect(root, &mut files);
    files.sort();
    files.iter().map(|path| read(root, path)).collect()
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
}

fn read(root: &Path, path: &Path) -> CaseFile {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (header, manifests) = text.split_once("\n---\n").unwrap_or((&text, ""));
    let case: Case = serde_yaml::from_str(header)
        .unwrap_or_else(|error| panic!("{}: not a case: {error}", path.display()));
    assert_eq!(case.kind, "Case", "{}: kind", path.display());
    let id = path.strip_prefix(root).unwrap_or(path).display().to_string();
    CaseFile { id, case, manifests: manifests.to_owned() }
}

impl CaseFile {
    /// Runs the case. The record for the other surfaces, and every way in which it does not hold.
    pub fn run(&self) -> (Recorded, Vec<String>) {
        let mut faults = Vec::new();
        let settings = match &self.case.settings {
            Value::Null => Settings::default(),
            value => serde_json::from_value(value.clone()).unwrap_or_else(|error| {
                faults.push(format!("settings: {error}"));
                Settings::default()
            }),
        };
        let name = "manifests.yaml".to_owned();
        let cluster = Cluster::load([Source::new(&name, self.manifests.as_str())], &settings);
        let problems = to_value(&cluster.problem_list());
        self.check_problems(&problems, &mut faults);
        let mut answers = Vec::new();
        for (index, ask) in self.case.asks.iter().enumerate() {
            let result = answer(&cluster, &ask.question);
            let text = match &result {
                Ok(answer) => serde_json::to_string(answer),
                Err(error) => serde_json::to_string(error),
            };
            let rendered = result.as_ref().map(kubehop::render::text).unwrap_or_default();
            answers.push((ask.question.clone(), text.unwrap_or_default(), rendered));
            let fault = match (&result, &ask.expect, &ask.error) {
                (Ok(answer), Some(expect), None) => mismatch(expect, &to_value(answer)),
                (Err(error), None, Some(expect)) => mismatch(expect, &to_value(error)),
                (Ok(_), None, Some(_)) => Some("an error was expected, but there is an answer".to_owned()),
                (Err(error), _, _) => Some(format!("error: {error}")),
                (Ok(_), None, None) => Some("a question needs `expect` or `error`".to_owned()),
                (Ok(_), Some(_), Some(_)) => Some("`expect` and `error` exclude each other".to_owned()),
            };
            if let Some(fault) = fault {
                faults.push(format!("asks[{index}]: {fault}"));
            }
        }
        let recorded = Recorded {
            id: self.id.clone(),
            settings: self.case.settings.clone(),
            sources: vec![(name, self.manifests.clone())],
            problems: serde_json::to_string(&cluster.problem_list()).unwrap_or_default(),
            answers,
        };
        (recorded, faults)
    }

    fn check_problems(&self, list: &Value, faults: &mut Vec<String>) {
        let found = list["problems"].as_array().cloned().unwrap_or_default();
        match &self.case.problems {
            None => {
                for problem in found.iter().filter(|problem| problem["severity"] == "error") {
                    faults.push(format!("unexpected problem: {problem}"));
                }
            }
            Some(expected) => {
                for expect in expected {
                    if !found.iter().any(|problem| mismatch(expect, problem).is_none()) {
                        faults.push(format!("no problem matches {expect}; there are {list}"));
                    }
                }
            }
        }
    }
}

fn answer(cluster: &Cluster, question: &Value) -> Result<Answer, AskError> {
    let question: Question = serde_json::from_value(question.clone()).map_err(|error| {
        AskError::Unreadable { what: "question", text: question.to_string(), reason: error.to_string() }
    })?;
    cluster.ask(&question)
}

fn to_value(data: &impl Serialize) -> Value {
    serde_json::to_value(data).unwrap_or(Value::Null)
}

/// Where `actual` differs from what `expect` asks for, or `None`.
///
/// A map must hold the given keys (`key: null` also accepts an absent key), a list must have the same
/// length and match element by element. `{$len: 3}` asks for the length of a list, `{$contains: [..]}`
/// for elements that match somewhere in it, `{$matches: text}` for a string that contains the text.
pub fn mismatch(expect: &Value, actual: &Value) -> Option<String> {
    mismatch_at("", expect, actual)
}

fn mismatch_at(path: &str, expect: &Value, actual: &Value) -> Option<String> {
    let differs = || Some(format!("{path}: expected {expect}, got {actual}"));
    match expect {
        Value::Object(map) => {
            if let Some(len) = map.get("$len") {
                let found = actual.as_array().map(Vec::len);
                return if found.map(|n| n as u64) == len.as_u64() { None } else { differs() };
            }
            if let Some(text) = map.get("$matches").and_then(Value::as_str) {
                return if actual.as_str().is_some_and(|actual| actual.contains(text)) {
                    None
                } else {
                    differs()
                };
            }
            if let Some(wanted) = map.get("$contains").and_then(Value::as_array) {
                let items = actual.as_array().map(Vec::as_slice).unwrap_or_default();
                let missing =
                    wanted.iter().find(|want| !items.iter().any(|item| mismatch(want, item).is_none()));
                return missing.map(|want| format!("{path}: nothing matches {want} in {actual}"));
            }
            map.iter().find_map(|(key, value)| {
                mismatch_at(&format!("{path}.{key}"), value, actual.get(key).unwrap_or(&Value::Null))
            })
        }
        Value::Array(list) => match actual.as_array() {
            Some(items) if items.len() == list.len() => {
                list.iter().zip(items).enumerate().find_map(|(index, (expect, item))| {
                    mismatch_at(&format!("{path}[{index}]"), expect, item)
                })
            }
            _ => differs(),
        },
        _ if expect == actual => None,
        _ => differs(),
    }
}

#[cfg(test)]
mod tests {
    use super::mismatch;
    use serde_json::json;

    #[test]
    fn maps_are_subsets_and_lists_are_not() {
        assert_eq!(mismatch(&json!({"a": 1}), &json!({"a": 1, "b": 2})), None);
        assert!(mismatch(&json!({"a": 1}), &json!({"a": 2})).is_some());
        assert!(mismatch(&json!([1]), &json!([1, 2])).is_some());
        assert_eq!(mismatch(&json!({"a": null}), &json!({})), None);
    }

    #[test]
    fn operators_look_inside() {
        assert_eq!(mismatch(&json!({"$len": 2}), &json!([1, 2])), None);
        assert!(mismatch(&json!({"$len": 3}), &json!([1, 2])).is_some());
        assert_eq!(mismatch(&json!({"$contains": [{"a": 1}]}), &json!([{"a": 2}, {"a": 1, "b": 1}])), None);
        assert!(mismatch(&json!({"$contains": [{"a": 3}]}), &json!([{"a": 2}])).is_some());
        assert!(mismatch(&json!({"$matches": "timed"}), &json!("it timed out")).is_none());
        assert!(mismatch(&json!({"$matches": "x"}), &json!("it timed out")).is_some());
    }
}
