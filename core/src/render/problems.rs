//! Problems as compilers print them: place, severity, what is wrong, what to do, and a count at the end.

use crate::cluster::ProblemList;
use crate::manifest::{Problem, Severity};
use std::fmt::Write;

pub(super) fn text(list: &ProblemList) -> String {
    let mut out = String::new();
    for problem in &list.problems {
        lines(&mut out, problem);
    }
    let number = |severity| list.problems.iter().filter(|problem| problem.severity == severity).count();
    let found: Vec<String> =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Advice, "note")]
            .into_iter()
            .map(|(severity, word)| (number(severity), word))
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| counted(number, word))
            .collect();
    let found = if found.is_empty() { "no problems".to_owned() } else { found.join(", ") };
    let _ = writeln!(out, "{}, {found}", counted(list.objects as usize, "object"));
    out
}

fn lines(out: &mut String, problem: &Problem) {
    if let Some(place) = &problem.place {
        let _ = write!(out, "{}:{}:{}: ", place.file, place.line, place.column);
    }
    out.push_str(match problem.severity {
        Severity::Error => "error: ",
        Severity::Warning => "warning: ",
        Severity::Advice => "note: ",
    });
    // The API server prints the field before what is wrong with it.
    if problem.code.starts_with("admission/") && !problem.field.is_empty() {
        let _ = write!(out, "{}: ", problem.field);
    }
    let _ = writeln!(out, "{}", problem.message);
    if let Some(help) = &problem.help {
        let _ = writeln!(out, "  help: {help}");
    }
}

fn counted(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

#[cfg(test)]
mod tests {
    use crate::{Cluster, Question, Settings, Source, render};

    fn text(yaml: &str) -> String {
        let cluster = Cluster::load([Source::new("a.yaml", yaml)], &Settings::default());
        render::text(&cluster.ask(&Question::Problems {}).unwrap())
    }

    #[test]
    fn good_news_is_one_line() {
        let namespace = |name: &str| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n");
        assert_eq!(text(&namespace("web")), "1 object, no problems\n");
        assert_eq!(
            text(&format!("{}---\n{}", namespace("web"), namespace("db"))),
            "2 objects, no problems\n"
        );
        assert_eq!(text(""), "0 objects, no problems\n");
    }

    #[test]
    fn a_problem_has_its_severity_and_its_help() {
        let text = text("apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {portz: []}\n");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("a.yaml:4:8: error: "), "{text}");
        assert!(lines[1].starts_with("  help: "), "{text}");
        assert_eq!(lines.last(), Some(&"1 object, 1 error"), "{text}");
    }
}
