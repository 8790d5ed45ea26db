//! What the tools print.

use super::{items, read, resolver, sorted, text};
use crate::report::Report;
use kubehop::dns::ToolQuestion;
use kubehop::dns::tools::{Style, ToolRun};
use std::path::Path;

/// One file of outputs.
pub fn run(dir: &Path, file: &Path, report: &mut Report) {
    let data = read(file);
    let cluster = resolver::measured(dir, "fixtures/big_cluster.yaml");
    for case in items(&data, "cases") {
        let id = text(case, "id");
        let version = text(case, "version");
        let conf =
            data.get("resolv_confs").map(|confs| text(confs, &text(case, "resolv_conf"))).unwrap_or_default();
        let line = text(case, "argv");
        let styles: &[Style] = match version.as_str() {
            version if version.starts_with("busybox 1.28") => &[Style::Busybox128],
            // The version was not recorded: either will do.
            "busybox" => &[Style::Busybox, Style::Busybox128],
            version if version.starts_with("busybox") => &[Style::Busybox],
            _ if line.starts_with("busybox") => &[Style::Busybox],
            _ => &[Style::Bind],
        };
        let expected = format!(
            "{} {} {}",
            text(case, "exit"),
            text(case, "seconds"),
            normal(&text(case, "stdout"), styles)
        );
        let mut actual = Vec::new();
        for style in styles {
            let question = ToolQuestion {
                from: "default/client".into(),
                command: line.clone(),
                style: Some(*style),
                resolv_conf: Some(conf.clone()),
            };
            actual.push(match cluster.tool_as(&question) {
                Ok(ToolRun { exit, seconds, text, .. }) => {
                    format!("{exit} {seconds} {}", normal(&text, styles))
                }
                Err(error) => error.to_string(),
            });
        }
        let found = actual
            .iter()
            .find(|actual| matches(&expected, actual))
            .or(actual.first())
            .cloned()
            .unwrap_or_default();
        if matches(&expected, &found) {
            report.pass(&id);
        } else {
            report.fail(&id, format!("{line}: {expected:?}"), format!("{line}: {found:?}"));
        }
    }
}

/// busybox prints replies as they arrive: its blocks are a multiset. Measured times are replaced.
fn normal(text: &str, styles: &[Style]) -> String {
    let mut result = text.to_owned();
    if let Some((before, rest)) = text.split_once(" after ")
        && let Some((number, after)) = rest.split_once(" ms: ")
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        result = format!("{before} after <MS> ms: {after}");
    }
    if styles.contains(&Style::Busybox) && result.starts_with("Server:\t") {
        let lines: Vec<&str> = result.split('\n').collect();
        let mut blocks = vec![String::new()];
        for line in lines {
            match line {
                "" => blocks.push(String::new()),
                line => blocks.last_mut().unwrap().push_str(&format!("{line}\n")),
            }
        }
        return sorted(blocks).join("|");
    }
    result
}

/// Equal, where `<...>` of the expectation stands for anything on its line.
fn matches(expected: &str, actual: &str) -> bool {
    let (mut wanted, mut given) = (expected.split('\n'), actual.split('\n'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if line(wanted, given) => {}
            _ => return false,
        }
    }
}

fn line(wanted: &str, given: &str) -> bool {
    let Some((before, rest)) = wanted.split_once('<').filter(|(_, rest)| {
        rest.split_once('>')
            .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase()))
    }) else {
        // A `<` that opens no placeholder.
        return match (wanted.split_once('<'), given.split_once('<')) {
            (Some((a, x)), Some((b, y))) => a == b && line(x, y),
            _ => wanted == given,
        };
    };
    let after = rest.split_once('>').map_or("", |(_, after)| after);
    let Some(rest) = given.strip_prefix(before) else { return false };
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| line(after, &rest[at..]))
}
