//! The surface in TypeScript.

use crate::model::{Body, Field, Presence, Question, Shape, Surface};
use crate::rules::pascal;
use std::collections::BTreeSet;
use std::fmt::Write;

const HEADER: &str = "// Generated from core/src by `make surface`. Do not edit.\n\n";

/// `types.ts`: every type that a question, an answer or the settings hold.
pub fn types(surface: &Surface) -> String {
    let mut out = String::from(HEADER);
    for ty in &surface.types {
        doc(&mut out, "", &ty.doc);
        match &ty.body {
            Body::Record(fields) => {
                let _ = writeln!(out, "export interface {} {{", ty.name);
                self::fields(&mut out, "  ", fields, ty.input, ty.output);
                out.push_str("}\n\n");
            }
            Body::Choice(choices) => {
                let _ = write!(out, "export type {} =", ty.name);
                for (choice, lines) in choices {
                    out.push('\n');
                    doc(&mut out, "  ", lines);
                    let _ = write!(out, "  | {choice:?}");
                }
                out.push_str(";\n\n");
            }
            Body::Tagged { tag, variants } => {
                let _ = write!(out, "export type {} =", ty.name);
                for variant in variants {
                    out.push('\n');
                    doc(&mut out, "  ", &variant.doc);
                    if variant.fields.is_empty() {
                        let _ = write!(out, "  | {{ readonly {tag}: {:?} }}", variant.tag);
                        continue;
                    }
                    let _ = writeln!(out, "  | {{\n      readonly {tag}: {:?};", variant.tag);
                    self::fields(&mut out, "      ", &variant.fields, ty.input, ty.output);
                    out.push_str("    }");
                }
                out.push_str(";\n\n");
            }
            Body::Alias(inner) => {
                let _ = writeln!(out, "export type {} = {};\n", ty.name, shape(inner));
            }
        }
    }
    for question in &surface.questions {
        doc(&mut out, "", &question.doc);
        let _ = writeln!(out, "export interface {}Question {{", pascal(&question.ask));
        let _ = writeln!(out, "  readonly ask: {:?};", question.ask);
        fields(&mut out, "  ", &question.fields, true, false);
        out.push_str("}\n\n");
    }
    out.push_str(
        "/** The answer to each question, by the name of the question. */\nexport interface Answers {\n",
    );
    for question in &surface.questions {
        let _ = writeln!(out, "  readonly {}: {};", question.ask, shape(&question.answer));
    }
    out.push_str("}\n\n/** Any question. */\nexport type Question =");
    for question in &surface.questions {
        let _ = write!(out, "\n  | {}Question", pascal(&question.ask));
    }
    out.push_str(";\n\n/** Any answer. */\nexport type Answer = Answers[keyof Answers];\n");
    out
}

/// `questions.ts`: a method for each question.
pub fn questions(surface: &Surface) -> String {
    let mut out = String::from(HEADER);
    let mut names: BTreeSet<String> = ["Answers".to_owned(), "Question".to_owned()].into();
    for question in &surface.questions {
        names.insert(format!("{}Question", pascal(&question.ask)));
        question.answer.names(&mut names);
    }
    let names: Vec<String> = names.into_iter().collect();
    let _ = writeln!(out, "import type {{\n  {},\n}} from \"./types.js\";\n", names.join(",\n  "));
    out.push_str(
        "/** A question without its name, which the method gives. */\n\
         type Of<Q extends Question> = Omit<Q, \"ask\">;\n\n\
         /** A method for every question that `ask` answers. */\n\
         export abstract class Questions {\n\
         \x20 /** Answers any question. Throws `KubehopError` when it names something that does not exist. */\n\
         \x20 abstract ask<Q extends Question>(question: Q): Answers[Q[\"ask\"]];\n",
    );
    for question in &surface.questions {
        method(&mut out, question);
    }
    out.push_str("}\n");
    out
}

fn method(out: &mut String, question: &Question) {
    let name = pascal(&question.ask);
    let all_optional = question.fields.iter().all(|field| field.may_be_left_out);
    let default = if all_optional { " = {}" } else { "" };
    out.push('\n');
    doc(out, "  ", &question.doc);
    let _ = writeln!(
        out,
        "  {ask}(question: Of<{name}Question>{default}): {answer} {{\n    return this.ask({{ ...question, ask: {ask:?} }});\n  }}",
        ask = question.ask,
        answer = shape(&question.answer),
    );
}

fn fields(out: &mut String, indent: &str, fields: &[Field], input: bool, output: bool) {
    for field in fields {
        doc(out, indent, &field.doc);
        let given = input && field.may_be_left_out;
        let skipped = output && field.written != Presence::Required;
        let mut text = if (given && !output) || (skipped && field.written == Presence::OrNull) {
            shape(field.bare())
        } else {
            shape(&field.shape)
        };
        if given {
            text.push_str(" | undefined");
        }
        let mark = if given || skipped { "?" } else { "" };
        let _ = writeln!(out, "{indent}readonly {}{mark}: {text};", key(&field.name));
    }
}

fn key(name: &str) -> String {
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if plain { name.to_owned() } else { format!("{name:?}") }
}

fn shape(shape: &Shape) -> String {
    match shape {
        Shape::Text => "string".into(),
        Shape::Integer => "number".into(),
        Shape::Truth => "boolean".into(),
        Shape::List(inner) => match &**inner {
            Shape::Nullable(_) | Shape::Either(_) => format!("readonly ({})[]", self::shape(inner)),
            Shape::List(_) | Shape::Tuple(_) => format!("readonly ({})[]", self::shape(inner)),
            inner => format!("readonly {}[]", self::shape(inner)),
        },
        Shape::Map(inner) => format!("{{ readonly [key: string]: {} }}", self::shape(inner)),
        Shape::Nullable(inner) => format!("{} | null", self::shape(inner)),
        Shape::Tuple(shapes) => format!("readonly [{}]", join(shapes, ", ")),
        Shape::Either(shapes) => join(shapes, " | "),
        Shape::Named(name) => name.clone(),
    }
}

fn join(shapes: &[Shape], mark: &str) -> String {
    shapes.iter().map(shape).collect::<Vec<_>>().join(mark)
}

fn doc(out: &mut String, indent: &str, lines: &[String]) {
    // A selector such as `*/db` would end the comment.
    let lines: Vec<String> = lines.iter().map(|line| line.replace("*/", "*\\/")).collect();
    match lines.as_slice() {
        [] => {}
        [line] => {
            let _ = writeln!(out, "{indent}/** {line} */");
        }
        lines => {
            let _ = writeln!(out, "{indent}/**");
            for line in lines {
                let _ = writeln!(out, "{}", format!("{indent} * {line}").trim_end());
            }
            let _ = writeln!(out, "{indent} */");
        }
    }
}
