//! kubehop for JavaScript: JSON in, JSON out, faults as objects. Nothing is decided here.

use js_sys::{Error, Reflect, Uint8Array};
use kubehop::{Answer, AskError, Question, Settings, Source};
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(start, private)]
fn start() {
    std::panic::set_hook(Box::new(|panic| {
        wasm_bindgen::throw_val(fault("panic", &panic.to_string(), JsValue::UNDEFINED));
    }));
}

/// A settled cluster.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Cluster(kubehop::Cluster);

#[wasm_bindgen]
impl Cluster {
    /// Loads sources: `names[i]` holds `texts[i]`, a string or bytes. Settings are JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(names: Vec<String>, texts: Vec<JsValue>, settings: &str) -> Result<Self, JsValue> {
        // By way of a value: a line and column would say nothing about an object of JavaScript.
        let settings: Settings = serde_json::from_str(settings)
            .and_then(serde_json::from_value)
            .map_err(|error| fault("unreadableSettings", &error.to_string(), JsValue::UNDEFINED))?;
        Ok(Self(kubehop::Cluster::load(sources(names, texts)?, &settings)))
    }

    /// A new cluster with these sources in place of those of the same names.
    pub fn with(&self, names: Vec<String>, texts: Vec<JsValue>) -> Result<Self, JsValue> {
        Ok(Self(self.0.with(sources(names, texts)?)))
    }

    /// Answers a question, both as JSON.
    pub fn ask(&self, question: &str) -> Result<String, JsValue> {
        json(&self.answer(question)?)
    }

    /// Answers a question, as JSON, as text for a terminal.
    #[wasm_bindgen(js_name = askText)]
    pub fn ask_text(&self, question: &str) -> Result<String, JsValue> {
        Ok(kubehop::render::text(&self.answer(question)?))
    }
}

impl Cluster {
    fn answer(&self, question: &str) -> Result<Answer, JsValue> {
        let answer = serde_json::from_str::<Question>(question)
            .map_err(|error| AskError::Unreadable {
                what: "question",
                text: question.to_owned(),
                reason: error.to_string(),
            })
            .and_then(|question| self.0.ask(&question));
        answer.map_err(|error| {
            let plain = serde_wasm_bindgen::Serializer::json_compatible();
            fault("", &error.to_string(), error.serialize(&plain).unwrap_or(JsValue::UNDEFINED))
        })
    }
}

fn sources(names: Vec<String>, texts: Vec<JsValue>) -> Result<Vec<Source>, JsValue> {
    let source = |(name, text): (String, JsValue)| match (text.as_string(), text.dyn_ref::<Uint8Array>()) {
        (Some(text), _) => Ok(Source::new(name, text)),
        (None, Some(bytes)) => Ok(Source::new(name, bytes.to_vec())),
        (None, None) => Err(fault(
            "unreadableSource",
            &format!("the text of source `{name}` is neither a string nor a Uint8Array"),
            JsValue::UNDEFINED,
        )),
    };
    names.into_iter().zip(texts).map(source).collect()
}

fn json(data: &impl Serialize) -> Result<String, JsValue> {
    serde_json::to_string(data).map_err(|error| fault("unwritable", &error.to_string(), JsValue::UNDEFINED))
}

/// An `Error` with `code` and `details`; the facade makes its own class of it. The details of a question
/// that cannot be answered carry their own code.
fn fault(code: &str, message: &str, details: JsValue) -> JsValue {
    let error = Error::new(message);
    let code = match Reflect::get(&details, &"code".into()) {
        Ok(own) if own.is_string() => own,
        _ => code.into(),
    };
    for (key, value) in [("code", code), ("details", details)] {
        if Reflect::set(&error, &key.into(), &value).is_err() {
            break;
        }
    }
    error.into()
}
