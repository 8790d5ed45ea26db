//! Questions from values. Taken field by field from one tree: a derived reader for each of the questions
//! would be a twentieth of what a page downloads.

use super::given::{Fields, FromGiven, Given, word};
use super::{GatewayQuestion, PortText, Question, RouteQuestion, SourceText, address_type};
use crate::dns::tools::Style;
use crate::dns::{Program, RecordType, ResolveQuestion, ToolQuestion};
use crate::gateway::{ClientCertificate, GatewayProtocol};
use crate::model::{Family, ProxyMode};
use crate::policy::{Claim, Granularity};
use serde::de::{Deserialize, Deserializer, Error};

impl<'de> Deserialize<'de> for Question {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        question(Given::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn question(value: Given) -> Result<Question, String> {
    let mut fields = value.fields()?;
    let ask: String = fields.take("ask")?;
    let (_, read) = QUESTIONS.iter().find(|(name, _)| *name == ask).ok_or_else(|| unknown(&ask))?;
    let question = read(&mut fields)?;
    fields.finish()?;
    Ok(question)
}

/// `Trace { from, to }` from the fields of these names.
macro_rules! taken {
    ($fields:ident, $variant:ident { $($field:ident),* }) => {
        Question::$variant { $($field: $fields.take(stringify!($field))?),* }
    };
}

type Reader = fn(&mut Fields) -> Result<Question, String>;

/// How each question is read, by what it asks.
const QUESTIONS: &[(&str, Reader)] = &[
    ("problems", |_| Ok(Question::Problems {})),
    ("cluster", |_| Ok(Question::Cluster {})),
    ("diagnose", |fields| Ok(taken!(fields, Diagnose { from, to, port, protocol }))),
    ("kubectl", |fields| Ok(taken!(fields, Kubectl { command }))),
    ("trace", |fields| Ok(taken!(fields, Trace { from, to, port, protocol }))),
    ("service", |fields| Ok(taken!(fields, Service { service, pod }))),
    ("rules", |fields| Ok(taken!(fields, Rules { node, mode, family, service }))),
    ("walkRules", |fields| Ok(taken!(fields, WalkRules { node, from, to, protocol, mode }))),
    ("nodePort", |fields| Ok(taken!(fields, NodePort { node, port, protocol }))),
    ("address", |fields| Ok(taken!(fields, Address { address }))),
    ("way", |fields| Ok(taken!(fields, Way { from, to }))),
    ("route", |fields| {
        Ok(Question::Route(RouteQuestion {
            url: fields.take("url")?,
            method: fields.or_default("method")?,
            headers: fields.or_default("headers")?,
            from: fields.take("from")?,
            sni: fields.take("sni")?,
        }))
    }),
    ("nginx", |_| Ok(Question::Nginx {})),
    ("ingresses", |_| Ok(Question::Ingresses {})),
    ("ingressRefusals", |_| Ok(Question::IngressRefusals {})),
    ("gateway", |fields| {
        Ok(Question::Gateway(GatewayQuestion {
            url: fields.take("url")?,
            gateway: fields.or_default("gateway")?,
            port: fields.take("port")?,
            protocol: fields.or_default("protocol")?,
            client_certificate: fields.or_default("clientCertificate")?,
            from: fields.take("from")?,
            method: fields.or_default("method")?,
            headers: fields.or_default("headers")?,
            sni: fields.take("sni")?,
        }))
    }),
    ("gatewayStatus", |_| Ok(Question::GatewayStatus {})),
    ("convert", |_| Ok(Question::Convert {})),
    ("lint", |_| Ok(Question::Lint {})),
    ("policyVerdict", |fields| Ok(taken!(fields, PolicyVerdict { from, to, port, protocol }))),
    ("allowedPorts", |fields| Ok(taken!(fields, AllowedPorts { from, to }))),
    ("reachability", |fields| {
        Ok(Question::Reachability {
            by: fields.or_default("by")?,
            from: fields.take("from")?,
            to: fields.take("to")?,
            ports: fields.take("ports")?,
        })
    }),
    ("policiesOf", |fields| Ok(taken!(fields, PoliciesOf { pod }))),
    ("podsOf", |fields| Ok(taken!(fields, PodsOf { policy }))),
    ("exposure", |fields| Ok(Question::Exposure { by: fields.or_default("by")?, of: fields.take("of")? })),
    ("policyDiff", |fields| {
        Ok(Question::PolicyDiff {
            by: fields.or_default("by")?,
            sources: fields.take("sources")?,
            whole: fields.or_default("whole")?,
        })
    }),
    ("resolve", |fields| {
        Ok(Question::Resolve(ResolveQuestion {
            from: fields.take("from")?,
            name: fields.take("name")?,
            record_type: fields.take("type")?,
            program: fields.take("program")?,
            resolv_conf: fields.take("resolvConf")?,
        }))
    }),
    ("dig", dig),
    ("query", dig),
    ("resolvConf", |fields| Ok(taken!(fields, ResolvConf { pod }))),
    ("hosts", |fields| Ok(taken!(fields, Hosts { pod }))),
    ("zone", |_| Ok(Question::Zone {})),
    ("tool", |fields| {
        Ok(Question::Tool(ToolQuestion {
            from: fields.take("from")?,
            command: fields.take("command")?,
            style: fields.take("style")?,
            resolv_conf: fields.take("resolvConf")?,
        }))
    }),
    ("assert", |fields| Ok(taken!(fields, Assert { claim, from, to, ports }))),
];

fn dig(fields: &mut Fields) -> Result<Question, String> {
    let record_type: Option<RecordType> = fields.take("type")?;
    Ok(Question::Dig { name: fields.take("name")?, record_type: record_type.unwrap_or_else(address_type) })
}

fn unknown(ask: &str) -> String {
    let known: Vec<String> = QUESTIONS.iter().map(|(name, _)| format!("`{name}`")).collect();
    format!("unknown variant `{ask}`, expected one of {}", known.join(", "))
}

impl FromGiven for SourceText {
    fn from_given(value: Given) -> Result<Self, String> {
        let mut fields = value.fields()?;
        let source = Self { name: fields.take("name")?, text: fields.take("text")? };
        fields.finish()?;
        Ok(source)
    }
}

impl FromGiven for PortText {
    fn from_given(value: Given) -> Result<Self, String> {
        match value {
            Given::Text(text) => Ok(Self::Text(text)),
            number => u16::from_given(number).map(Self::Number),
        }
    }
}

macro_rules! words {
    ($($name:ty),*) => { $(
        impl FromGiven for $name {
            fn from_given(value: Given) -> Result<Self, String> {
                word(value)
            }
        }
    )* };
}
words!(Claim, ClientCertificate, Family, GatewayProtocol, Granularity, Program, ProxyMode, RecordType, Style);

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(json: &str) -> String {
        serde_json::from_str::<Question>(json).unwrap_err().to_string()
    }

    #[test]
    fn every_question_is_read_as_it_is_written() {
        for (ask, _) in QUESTIONS {
            // Whatever a question needs, it says so: fields are added until it is content.
            let mut given = serde_json::json!({"ask": ask});
            let question = loop {
                match serde_json::from_value::<Question>(given.clone()) {
                    Ok(question) => break question,
                    Err(error) => {
                        let text = error.to_string();
                        let field =
                            text.strip_prefix("missing field `").and_then(|text| text.strip_suffix('`'));
                        let field = field.unwrap_or_else(|| panic!("{ask}: {text}"));
                        given[field] = match (*ask, field) {
                            ("nodePort", "port") => 30080.into(),
                            ("assert", "claim") => "denied".into(),
                            (_, "sources") => serde_json::json!([{"name": "a.yaml", "text": ""}]),
                            _ => "x".into(),
                        };
                    }
                }
            };
            let written = serde_json::to_value(&question).unwrap();
            assert_eq!(serde_json::from_value::<Question>(written.clone()).unwrap(), question);
            let name = if *ask == "query" { "dig" } else { ask };
            assert_eq!(written["ask"], name);
            for (field, value) in given.as_object().unwrap().iter().filter(|(field, _)| *field != "ask") {
                assert_eq!(&written[field], value, "{ask}.{field}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (json, wanted) in [
            ("7", "expected an object, not `7`"),
            ("{}", "missing field `ask`"),
            (r#"{"ask": "weather"}"#, "unknown variant `weather`, expected one of `problems`, `cluster`, "),
            (r#"{"ask": "trace", "to": "b"}"#, "missing field `from`"),
            (r#"{"ask": "way", "from": "a", "to": null}"#, "`to`: expected text, not null"),
            (
                r#"{"ask": "way", "from": "a", "to": "b", "via": 1}"#,
                "unknown field `via`, expected one of `ask`, `from`, `to`",
            ),
            (
                r#"{"ask": "trace", "from": "a", "to": "b", "port": 70000}"#,
                "`port`: expected a number from 0 to 65535, not `70000`",
            ),
            (
                r#"{"ask": "nodePort", "node": "a", "port": 1.5}"#,
                "`port`: expected a number from 0 to 65535, not `1.5`",
            ),
            (
                r#"{"ask": "rules", "node": "a", "mode": "bpf"}"#,
                "`mode`: unknown variant `bpf`, expected one of `iptables`, ",
            ),
            (r#"{"ask": "trace", "ask": "trace"}"#, "duplicate field `ask`"),
        ] {
            assert!(reason(json).starts_with(wanted), "{json}: {}", reason(json));
        }
    }
}
