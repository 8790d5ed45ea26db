//! Answers as one self-contained piece of HTML: for notebooks and pages. Every text from the input is
//! escaped; colours come from classes and follow the reader's light or dark theme, and never stand
//! alone: a word and a mark say the same.

use super::journey::{header, mark, source};
use crate::ask::Answer;
use crate::journey::{Action, Disposition, Journey, Outcome, Step, Trace};
use crate::manifest::Evidence;
use std::fmt::Write;

const STYLE: &str = "<style>.kh{--kh-ok:#0b6e32;--kh-no:#a11212;--kh-ask:#7a5400;--kh-dim:#5b6169;--kh-line:#d5d9de;font:14px/1.45 system-ui,sans-serif;color:inherit;text-align:left}@media(prefers-color-scheme:dark){.kh{--kh-ok:#5fd38a;--kh-no:#ff8f8f;--kh-ask:#f0c25a;--kh-dim:#a3abb5;--kh-line:#444b54}}.kh h4{margin:.2em 0;font-size:1.05em}.kh ol{margin:.2em 0;padding-left:1.8em}.kh ul{list-style:none;margin:0;padding-left:.2em}.kh code{font-family:ui-monospace,monospace;font-size:.92em}.kh .src{color:var(--kh-dim)}.kh .ok{color:var(--kh-ok)}.kh .no{color:var(--kh-no)}.kh .ask{color:var(--kh-ask)}.kh details{border-top:1px solid var(--kh-line);padding:.3em 0}</style>";

/// The answer as HTML. Answers without a form of their own are shown as preformatted text.
///
/// ```
/// use kubehop::{Cluster, Question, Settings, Source, render};
/// let cluster = Cluster::load([Source::new("empty.yaml", "")], &Settings::default());
/// let answer = cluster.ask(&Question::Problems {}).unwrap();
/// assert!(render::html(&answer).starts_with("<style>"));
/// ```
pub fn html(answer: &Answer) -> String {
    let body = match answer {
        Answer::Journey(answer) => journey(answer),
        other => format!("<pre>{}</pre>", escape(&super::text(other))),
    };
    format!("{STYLE}<div class=\"kh\">{body}</div>")
}

/// Text made safe to stand in HTML, in an element or in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn journey(journey: &Journey) -> String {
    let class = match journey.outcome {
        Outcome::Connected => "ok",
        Outcome::Failed => "no",
        Outcome::Sometimes | Outcome::Undetermined => "ask",
    };
    let mut out = format!("<h4 class=\"{class}\">{}</h4>", escape(&journey.summary));
    let many = journey.traces.len() > 1;
    for (index, trace) in journey.traces.iter().enumerate() {
        let open = if index == 0 { " open" } else { "" };
        let ending = escape(&trace.ending(journey.question.protocol));
        let part = if many { format!("{} of all tries: ", trace.share) } else { String::new() };
        let class = ending_class(&trace.disposition);
        let _ = write!(out, "<details{open}><summary class=\"{class}\">{part}{ending}</summary>");
        steps(&mut out, trace);
        out.push_str("</details>");
    }
    if !journey.assumptions.is_empty() {
        out.push_str("<details><summary>taken for granted</summary><ul>");
        for assumption in &journey.assumptions {
            let _ = write!(out, "<li>{}</li>", escape(&assumption.message));
        }
        out.push_str("</ul></details>");
    }
    out
}

fn ending_class(disposition: &Disposition) -> &'static str {
    match disposition {
        Disposition::Connected { .. } => "ok",
        Disposition::Undetermined { .. } | Disposition::ImplementationDefined { .. } => "ask",
        _ => "no",
    }
}

fn steps(out: &mut String, trace: &Trace) {
    out.push_str("<ol>");
    for hop in &trace.hops {
        let _ = write!(out, "<li><strong>{}</strong>", escape(&hop.at.to_string()));
        let packets: Vec<String> = [hop.before, hop.after].iter().flatten().map(header).collect();
        let mut shown = packets.clone();
        shown.dedup();
        if !shown.is_empty() {
            let _ = write!(out, " <code class=\"src\">{}</code>", escape(&shown.join(" ⇒ ")));
        }
        list(out, &hop.steps);
        out.push_str("</li>");
    }
    if !trace.reply.is_empty() {
        out.push_str("<li><strong>reply</strong>");
        list(out, &trace.reply);
        out.push_str("</li>");
    }
    out.push_str("</ol>");
}

fn list(out: &mut String, steps: &[Step]) {
    out.push_str("<ul>");
    for step in steps {
        let class = match step.action {
            Action::Accepted | Action::Permitted => "ok",
            Action::Denied | Action::Dropped | Action::Refused => "no",
            Action::Undetermined => "ask",
            _ => "",
        };
        let _ = write!(
            out,
            "<li><span class=\"{class}\">{}</span> {}",
            mark(step.action),
            escape(&step.sentence)
        );
        places(out, &step.evidence);
        if let Some(near) = &step.near_miss {
            let _ = write!(out, "<br><em>{}</em>", escape(&near.sentence));
            places(out, &near.evidence);
        }
        out.push_str("</li>");
    }
    out.push_str("</ul>");
}

fn places(out: &mut String, evidence: &[Evidence]) {
    for evidence in evidence {
        let _ = write!(out, "<br><code class=\"src\">{}</code>", escape(&source(evidence)));
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_from_the_input_is_markup() {
        assert_eq!(escape("<b onclick='x'>\"&"), "&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;");
    }
}
