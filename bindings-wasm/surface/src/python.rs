//! The surface in Python: frozen dataclasses for answers, a method for each question.

use crate::model::{Body, Field, Presence, Question, Shape, Surface, Type};
use crate::rules::{pascal, snake};
use std::fmt::Write;

const HEADER: &str = "# Generated from core/src by `make surface`. Do not edit.\n";
/// Python's keywords, and the names that the generated files use themselves.
const KEYWORDS: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with", "yield", "self",
];

/// `answers.py`: every type that an answer holds.
pub fn answers(surface: &Surface) -> String {
    let mut out = String::from(HEADER);
    out.push_str(
        "\"\"\"What questions answer: frozen records, compared by value.\"\"\"\n\n\
         from __future__ import annotations\n\n\
         from collections.abc import Mapping\n\
         from dataclasses import dataclass\n\
         from typing import Literal, Union\n\n\
         from ._record import Answer, names\n",
    );
    for ty in outputs(surface) {
        match &ty.body {
            Body::Record(fields) => class(&mut out, &ty.name, &ty.doc, None, fields),
            Body::Tagged { tag, variants } => {
                for variant in variants {
                    let name = format!("{}{}", ty.name, pascal(&variant.tag.replace('/', "_")));
                    class(&mut out, &name, &variant.doc, Some((tag, &variant.tag)), &variant.fields);
                }
            }
            Body::Choice(_) | Body::Alias(_) => {}
        }
    }
    let plain: Vec<&Type> = outputs(surface).collect();
    for ty in &plain {
        let value = match &ty.body {
            Body::Choice(choices) => {
                let values: Vec<String> = choices.iter().map(|(choice, _)| format!("{choice:?}")).collect();
                format!("Literal[{}]", values.join(", "))
            }
            Body::Tagged { variants, .. } => {
                let values: Vec<String> = variants
                    .iter()
                    .map(|variant| format!("\"{}{}\"", ty.name, pascal(&variant.tag.replace('/', "_"))))
                    .collect();
                format!("Union[{}]", values.join(", "))
            }
            Body::Alias(inner) => match shape(inner) {
                text if text.contains(" | ") => format!("Union[{}]", text.replace(" | ", ", ")),
                text => text,
            },
            Body::Record(_) => continue,
        };
        let _ = writeln!(out, "\n\n{} = {value}", ty.name);
        if !ty.doc.is_empty() {
            docstring(&mut out, "", &ty.doc);
        }
    }
    out
}

/// `questions.py`: the questions as typed dictionaries, a method for each, and the table of the console
/// command.
pub fn questions(surface: &Surface) -> String {
    let mut out = String::from(HEADER);
    out.push_str(
        "\"\"\"Every question: as a typed dictionary, and as a method.\"\"\"\n\n\
         from __future__ import annotations\n\n\
         from abc import ABC, abstractmethod\n\
         from collections.abc import Mapping, Sequence\n\
         from typing import Any, Literal, TypedDict, Union, overload\n\n\
         from . import answers\n\
         from ._record import Answer, Several\n",
    );
    for ty in surface.types.iter().filter(|ty| ty.input) {
        input(&mut out, ty);
    }
    for question in &surface.questions {
        let mut fields = vec![Field {
            name: "ask".into(),
            doc: Vec::new(),
            shape: Shape::Text,
            written: Presence::Required,
            may_be_left_out: false,
        }];
        fields.extend(question.fields.iter().cloned());
        let name = format!("{}Question", pascal(&question.ask));
        dictionary(&mut out, &name, &question.doc, &fields, Some(&question.ask));
    }
    let all: Vec<String> =
        surface.questions.iter().map(|question| format!("{}Question", pascal(&question.ask))).collect();
    let _ = writeln!(out, "\nQuestion = Union[{}]", all.join(", "));
    docstring(&mut out, "", &["Any question.".to_owned()]);
    out.push_str("\n\nclass Questions(ABC):\n    \"\"\"A method for every question that `ask` answers.\"\"\"\n\n    __slots__ = ()\n\n");
    for question in &surface.questions {
        let _ = writeln!(
            out,
            "    @overload\n    def ask(self, question: {}Question) -> {}: ...",
            pascal(&question.ask),
            answer(&question.answer)
        );
    }
    out.push_str(
        "    @overload\n    def ask(self, question: Mapping[str, Any]) -> Answer | Several[Any]: ...\n\
         \x20   def ask(self, question: Mapping[str, Any]) -> Any:\n\
         \x20       \"\"\"Answer any question. Raises `KubehopError` when it names something that does not exist.\"\"\"\n\
         \x20       return self._put(question)\n\n\
         \x20   @abstractmethod\n    def _put(self, question: Mapping[str, Any]) -> Any: ...\n",
    );
    for question in &surface.questions {
        method(&mut out, question);
    }
    out.push_str("\n\nANSWERS: Mapping[str, Any] = {\n");
    for question in &surface.questions {
        let _ = writeln!(out, "    {:?}: {},", question.ask, answer(&question.answer));
    }
    out.push_str("}\n\"\"\"The type of the answer to each question.\"\"\"\n\n");
    out.push_str("FIELDS: Mapping[str, Mapping[str, tuple[str, bool, str]]] = {\n");
    for question in &surface.questions {
        let _ = writeln!(out, "    {:?}: {{", question.ask);
        for field in &question.fields {
            let kind = match field.bare() {
                Shape::Integer => "integer",
                Shape::Truth => "truth",
                Shape::Text => "text",
                Shape::Named(name) if is_text(surface, name) => "text",
                Shape::Named(name) if is_word(surface, name) => "word",
                Shape::List(inner) if **inner == Shape::Text => "texts",
                _ => "json",
            };
            let required = if !field.may_be_left_out { "True" } else { "False" };
            let _ = writeln!(
                out,
                "        {:?}: ({kind:?}, {required}, {:?}),",
                field.name,
                field.doc.join(" ").trim()
            );
        }
        out.push_str("    },\n");
    }
    out.push_str("}\n\"\"\"The fields of each question: how they are written, whether they are needed, what they mean.\"\"\"\n");
    out
}

fn is_text(surface: &Surface, name: &str) -> bool {
    surface.types.iter().any(|ty| ty.name == name && matches!(ty.body, Body::Choice(_)))
}

/// A number or a text.
fn is_word(surface: &Surface, name: &str) -> bool {
    let words = Shape::Either(vec![Shape::Integer, Shape::Text]);
    surface
        .types
        .iter()
        .any(|ty| ty.name == name && matches!(&ty.body, Body::Alias(shape) if *shape == words))
}

/// Types that answers and errors hold; what callers give are dictionaries.
fn outputs(surface: &Surface) -> impl Iterator<Item = &Type> {
    surface.types.iter().filter(|ty| ty.output)
}

fn class(out: &mut String, name: &str, doc: &[String], tag: Option<(&String, &String)>, fields: &[Field]) {
    let renamed: Vec<(String, &str)> = fields
        .iter()
        .map(|field| (attribute(&field.name), field.name.as_str()))
        .filter(|(attribute, json)| camel(attribute) != **json)
        .collect();
    out.push_str("\n\n");
    if !renamed.is_empty() {
        let pairs: Vec<String> = renamed.iter().map(|(name, json)| format!("{name}={json:?}")).collect();
        let _ = writeln!(out, "@names({})", pairs.join(", "));
    }
    let _ = writeln!(out, "@dataclass(frozen=True, kw_only=True, slots=True)\nclass {name}(Answer):");
    let doc = if doc.is_empty() { vec![format!("`{name}`.")] } else { doc.to_vec() };
    docstring(out, "    ", &doc);
    out.push('\n');
    if let Some((tag, value)) = tag {
        let _ = writeln!(out, "    {}: Literal[{value:?}] = {value:?}", attribute(tag));
    }
    for field in fields {
        let name = attribute(&field.name);
        let text = shape(&field.shape);
        let _ = match field.written {
            Presence::Required => writeln!(out, "    {name}: {text}"),
            Presence::OrNull => writeln!(out, "    {name}: {} | None = None", shape(field.bare())),
            Presence::OrEmpty => match empty(&field.shape) {
                Some(empty) => writeln!(out, "    {name}: {text} = {empty}"),
                None => writeln!(out, "    {name}: {text} | None = None"),
            },
        };
        docstring(out, "    ", &field.doc);
    }
}

fn empty(shape: &Shape) -> Option<&'static str> {
    match shape {
        Shape::Text => Some("\"\""),
        Shape::Integer => Some("0"),
        Shape::Truth => Some("False"),
        Shape::List(_) | Shape::Tuple(_) => Some("()"),
        Shape::Map(_) | Shape::Nullable(_) | Shape::Either(_) | Shape::Named(_) => None,
    }
}

fn input(out: &mut String, ty: &Type) {
    match &ty.body {
        Body::Record(fields) => dictionary(out, &ty.name, &ty.doc, fields, None),
        Body::Choice(choices) => {
            let values: Vec<String> = choices.iter().map(|(choice, _)| format!("{choice:?}")).collect();
            let _ = writeln!(out, "\n{} = Literal[{}]", ty.name, values.join(", "));
            docstring(out, "", &ty.doc);
        }
        Body::Tagged { .. } => {
            let _ = writeln!(out, "\n{} = Mapping[str, Any]", ty.name);
            docstring(out, "", &ty.doc);
        }
        Body::Alias(inner) => {
            let _ = writeln!(out, "\n{} = {}", ty.name, given(inner));
            docstring(out, "", &ty.doc);
        }
    }
}

/// A typed dictionary. The functional form, since `from` cannot be written otherwise.
fn dictionary(out: &mut String, name: &str, doc: &[String], fields: &[Field], ask: Option<&str>) {
    let (required, optional): (Vec<&Field>, Vec<&Field>) =
        fields.iter().partition(|field| !field.may_be_left_out);
    let mut bases = Vec::new();
    for (part, total, fields) in [("Needed", true, required), ("Optional", false, optional)] {
        if fields.is_empty() {
            continue;
        }
        let base = format!("_{name}{part}");
        let _ = writeln!(out, "\n{base} = TypedDict(\n    {base:?},\n    {{");
        for field in fields {
            let text = match (field.name.as_str(), ask) {
                ("ask", Some(ask)) => format!("Literal[{ask:?}]"),
                _ => quoted(&given(field.bare())),
            };
            let _ = writeln!(out, "        {:?}: {text},", field.name);
        }
        let _ = writeln!(out, "    }},{}\n)", if total { "" } else { "\n    total=False," });
        bases.push(base);
    }
    let bases = if bases.is_empty() { "TypedDict".to_owned() } else { bases.join(", ") };
    let _ = writeln!(out, "\n\nclass {name}({bases}):");
    let doc = if doc.is_empty() { vec![format!("`{name}`.")] } else { doc.to_vec() };
    docstring(out, "    ", &doc);
}

/// A forward reference may be needed: types are met before what they hold.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "'"))
}

fn method(out: &mut String, question: &Question) {
    let (required, optional): (Vec<&Field>, Vec<&Field>) =
        question.fields.iter().partition(|field| !field.may_be_left_out);
    let mut parameters = vec!["self".to_owned()];
    for field in &required {
        parameters.push(format!("{}: {}", attribute(&field.name), given(field.bare())));
    }
    if !optional.is_empty() {
        parameters.push("*".into());
    }
    for field in &optional {
        parameters.push(format!("{}: {} | None = None", attribute(&field.name), given(field.bare())));
    }
    let _ = writeln!(
        out,
        "\n    def {}(\n        {},\n    ) -> {}:",
        attribute(&question.ask),
        parameters.join(",\n        "),
        answer(&question.answer)
    );
    let mut lines = question.doc.clone();
    if question.fields.iter().any(|field| !field.doc.is_empty()) {
        lines.push(String::new());
        for field in required.iter().chain(&optional) {
            lines.push(format!("{}: {}", attribute(&field.name), field.doc.join(" ").trim()));
        }
    }
    docstring(out, "        ", &lines);
    let answer = answer(&question.answer);
    let _ = writeln!(
        out,
        "        found: {answer} = self._put(\n            {{\n                \"ask\": {:?},",
        question.ask
    );
    for field in required.iter().chain(&optional) {
        let _ = writeln!(out, "                {:?}: {},", field.name, attribute(&field.name));
    }
    out.push_str("            }\n        )\n        return found\n");
}

/// `endLine` to `end_line`; keywords and `from` get an underscore.
fn attribute(json: &str) -> String {
    let name = snake(&json.replace(['-', '/', '.'], "_"));
    if KEYWORDS.contains(&name.as_str()) { format!("{name}_") } else { name }
}

/// As the record reader turns attributes back into keys.
fn camel(attribute: &str) -> String {
    let mut out = String::new();
    for part in attribute.split('_') {
        if out.is_empty() { out.push_str(part) } else { out.push_str(&pascal(part)) }
    }
    out
}

fn answer(shape: &Shape) -> String {
    match shape {
        Shape::Named(name) => format!("answers.{name}"),
        Shape::List(inner) => format!("Several[{}]", answer(inner)),
        other => self::shape(other),
    }
}

fn shape(shape: &Shape) -> String {
    match shape {
        Shape::Text => "str".into(),
        Shape::Integer => "int".into(),
        Shape::Truth => "bool".into(),
        Shape::List(inner) => format!("tuple[{}, ...]", self::shape(inner)),
        Shape::Map(inner) => format!("Mapping[str, {}]", self::shape(inner)),
        Shape::Nullable(inner) => format!("{} | None", self::shape(inner)),
        Shape::Tuple(shapes) => {
            format!("tuple[{}]", shapes.iter().map(self::shape).collect::<Vec<_>>().join(", "))
        }
        Shape::Either(shapes) => shapes.iter().map(self::shape).collect::<Vec<_>>().join(" | "),
        Shape::Named(name) => name.clone(),
    }
}

/// The shape of something a caller gives.
fn given(shape: &Shape) -> String {
    match shape {
        Shape::List(inner) => format!("Sequence[{}]", given(inner)),
        Shape::Map(inner) => format!("Mapping[str, {}]", given(inner)),
        Shape::Nullable(inner) => format!("{} | None", given(inner)),
        Shape::Tuple(shapes) => {
            format!("tuple[{}]", shapes.iter().map(given).collect::<Vec<_>>().join(", "))
        }
        Shape::Either(shapes) => shapes.iter().map(given).collect::<Vec<_>>().join(" | "),
        Shape::Named(name) => name.clone(),
        other => self::shape(other),
    }
}

fn docstring(out: &mut String, indent: &str, lines: &[String]) {
    let clean = |line: &String| line.replace('\\', "\\\\").replace("\"\"\"", "'''");
    match lines {
        [] => {}
        [line] => {
            let _ = writeln!(out, "{indent}\"\"\"{}\"\"\"", clean(line));
        }
        lines => {
            let text: Vec<String> = lines.iter().map(clean).collect();
            let body: Vec<String> = text
                .iter()
                .enumerate()
                .map(
                    |(index, line)| {
                        if index == 0 || line.is_empty() { line.clone() } else { format!("{indent}{line}") }
                    },
                )
                .collect();
            let _ = writeln!(out, "{indent}\"\"\"{}\n{indent}\"\"\"", body.join("\n"));
        }
    }
}
