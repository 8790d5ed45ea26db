//! kubehop for Python: text in, text out. The records around it are plain Python.

use kubehop::{Answer, AskError, Question, Settings, Source};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use serde_json::Value;

/// What `kubehop` is built on; use that instead.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::{Cluster, Given};
}

/// A settled cluster.
#[pyclass(frozen)]
#[derive(Debug)]
struct Cluster(kubehop::Cluster);

#[pymethods]
impl Cluster {
    /// Loads sources, `(name, bytes)` each.
    #[new]
    fn new(py: Python<'_>, sources: Vec<(String, Vec<u8>)>, settings: &str) -> PyResult<Self> {
        let settings: Settings = serde_json::from_str(settings)
            .map_err(|error| raise(py, "unreadableSettings", &error.to_string(), "null"))?;
        let sources = sources.into_iter().map(|(name, text)| Source::new(name, text));
        Ok(Self(py.detach(|| kubehop::Cluster::load(sources, &settings))))
    }

    /// A new cluster with these sources in place of those of the same names.
    fn with_(&self, py: Python<'_>, sources: Vec<(String, Vec<u8>)>) -> Self {
        let sources = sources.into_iter().map(|(name, text)| Source::new(name, text));
        Self(py.detach(|| self.0.with(sources)))
    }

    /// Answers a question written as JSON.
    fn ask(&self, py: Python<'_>, question: &str) -> PyResult<Given> {
        py.detach(|| self.answer(question)).map(Given).map_err(|error| {
            let details = serde_json::to_value(&error).unwrap_or_default();
            let code = details.get("code").and_then(Value::as_str).unwrap_or_default();
            let json = serde_json::to_string(&error).unwrap_or_default();
            raise(py, code, &error.to_string(), &json)
        })
    }
}

impl Cluster {
    fn answer(&self, question: &str) -> Result<Answer, AskError> {
        let unreadable = |text: String, error: serde_json::Error| AskError::Unreadable {
            what: "question",
            text,
            reason: error.to_string(),
        };
        let value: Value =
            serde_json::from_str(question).map_err(|error| unreadable(question.to_owned(), error))?;
        let text = value.to_string();
        let question: Question = serde_json::from_value(value).map_err(|error| unreadable(text, error))?;
        self.0.ask(&question)
    }
}

/// An answer.
#[pyclass(frozen)]
#[derive(Debug)]
struct Given(Answer);

#[pymethods]
impl Given {
    /// As JSON.
    fn json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// As text for a terminal.
    fn text(&self) -> String {
        kubehop::render::text(&self.0)
    }
}

fn raise(py: Python<'_>, code: &str, message: &str, details: &str) -> PyErr {
    static ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    match ERROR.import(py, "kubehop._errors", "KubehopError") {
        Ok(class) => {
            PyErr::from_type(class.clone(), (message.to_owned(), code.to_owned(), details.to_owned()))
        }
        Err(error) => error,
    }
}
