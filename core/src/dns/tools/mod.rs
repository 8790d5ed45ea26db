//! The tools people type in a pod, with the text they print.
//!
//! nslookup, dig and host of bind 9.18, nslookup of busybox from 1.28 to 1.36, getent, and what ping, curl and
//! wget say when a name is not found. What follows the look-up (the connection itself) is not theirs to tell.

mod bind;
mod busybox;
mod dig;
mod host;
mod libc;
mod nslookup;

use super::kubelet::ResolvConf;
use super::libc::{Ended, Found, collect};
use super::lookup::{LookupStep, Program, Rooms, resolv_conf_of, step};
use super::path::Way;
use super::session::Session;
use super::{Asking, RecordType, Reply, name, summary};
use crate::model::Party;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// Which program answers to a name that several have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Style {
    /// bind 9.18, glibc.
    Bind,
    /// busybox 1.30 and later (1.36).
    Busybox,
    /// busybox 1.28, the last whose nslookup uses the C library.
    #[serde(rename = "busybox-1.28")]
    Busybox128,
}

/// A command typed in a pod.
#[derive(Clone, Debug)]
pub struct Command {
    /// Who types.
    pub from: Party,
    /// `nslookup api.prod`, `dig +short api.prod.svc.cluster.local`, `busybox nslookup web`.
    pub line: String,
    /// Which program; `None`: what the pod's image says, else bind's.
    pub style: Option<Style>,
    /// A resolv.conf in place of the one the kubelet writes.
    pub resolv_conf: Option<ResolvConf>,
}

/// What a command printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolRun {
    /// Who typed.
    pub from: String,
    /// The command.
    pub command: String,
    /// Which program ran.
    pub style: Style,
    /// Standard output and standard error as the user sees them.
    pub text: String,
    /// Exit code.
    pub exit: u8,
    /// Whole seconds it took.
    pub seconds: u32,
    /// Every name tried, in order.
    pub steps: Vec<LookupStep>,
    /// The ways to the name servers.
    pub ways: Vec<Way>,
    /// What is missing to know the output for sure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undetermined: Option<String>,
}

/// What a tool hands back.
#[derive(Debug, Default)]
struct Printed {
    text: String,
    exit: u8,
    undetermined: Option<String>,
}

/// Runs a command.
///
/// # Errors
/// One lower-case phrase when the command or an option of it is not known.
pub fn run(rooms: Rooms<'_>, command: &Command) -> Result<ToolRun, String> {
    let mut words = command.line.split_whitespace().peekable();
    let explicit = words.next_if_eq(&"busybox").is_some();
    let style = match command.style {
        Some(style) => style,
        None if explicit => Style::Busybox,
        None => image_style(&rooms, command.from),
    };
    let tool = words.next().ok_or("no command is given")?;
    let args: Vec<&str> = words.collect();
    let asking = Asking {
        from: command.from,
        name: String::new(),
        record_type: None,
        program: Program::Glibc,
        resolv_conf: command.resolv_conf.clone(),
    };
    let conf = resolv_conf_of(&rooms, &asking);
    let mut session = Session::new(rooms, command.from, conf);
    let busybox = style != Style::Bind;
    let printed = match (tool, style) {
        ("nslookup", Style::Bind) => nslookup::run(&mut session, &args)?,
        ("nslookup", Style::Busybox) => busybox::run(&mut session, &args)?,
        ("nslookup", Style::Busybox128) => busybox::run_old(&mut session, &args)?,
        ("dig", _) => dig::run(&mut session, &args)?,
        ("host", _) => host::run(&mut session, &args)?,
        ("getent", _) => libc::getent(&mut session, &args)?,
        ("ping" | "ping6", _) => libc::ping(&mut session, &args, busybox)?,
        ("curl", _) => libc::curl(&mut session, &args)?,
        ("wget", _) => libc::wget(&mut session, &args, busybox)?,
        ("python3" | "python", _) => libc::python(&mut session, &args)?,
        (other, _) => {
            return Err(format!("`{other}` is not one of nslookup, dig, host, getent, ping, curl, wget"));
        }
    };
    let seconds = session.seconds;
    let unknown = session
        .trials
        .iter()
        .flat_map(|trial| &trial.asked)
        .find_map(|asked| asked.result.as_ref().ok()?.undetermined.clone());
    let (trials, ways) = session.ways();
    Ok(ToolRun {
        from: summary::party(rooms.snapshot, command.from),
        command: command.line.clone(),
        style,
        text: printed.text,
        exit: printed.exit,
        seconds,
        steps: trials.iter().map(|trial| step(rooms, trial, true)).collect(),
        ways,
        undetermined: printed.undetermined.or(unknown),
    })
}

/// What the first container's image brings along.
fn image_style(rooms: &Rooms<'_>, from: Party) -> Style {
    let Party::Pod(pod) = from else { return Style::Bind };
    let image = rooms
        .snapshot
        .pod(pod)
        .and_then(|pod| pod.spec.containers.first())
        .map(|container| container.image.as_str());
    let (name, tag) =
        image.unwrap_or_default().rsplit_once(':').unwrap_or_else(|| (image.unwrap_or_default(), ""));
    let short = name.rsplit('/').next().unwrap_or_default();
    match short {
        "busybox" if tag.starts_with("1.2") && !tag.starts_with("1.29") => Style::Busybox128,
        "busybox" | "alpine" => Style::Busybox,
        _ => Style::Bind,
    }
}

/// The queries of a tool, for a look-up.
pub(super) fn steps(
    session: &mut Session<'_>,
    program: Program,
    typed: &str,
    kind: Option<RecordType>,
) -> Found {
    let replies: Vec<(RecordType, Rc<Reply>)>;
    let ended;
    match program {
        Program::Busybox => {
            let kinds = kind.map_or_else(|| vec![RecordType::A, RecordType::AAAA], |kind| vec![kind]);
            (replies, ended) = busybox::ask(session, typed, &kinds);
        }
        other => {
            let search = other != Program::Dig;
            let tries = if other == Program::Host { 2 } else { 3 };
            let first = kind.unwrap_or(RecordType::A);
            let mut step = bind::search(
                session,
                typed,
                first,
                &bind::Options { search, tries, ..bind::Options::default() },
            );
            if kind.is_none() && matches!(other, Program::Nslookup | Program::Host) {
                bind::follow(session, &mut step, RecordType::AAAA, tries);
            }
            (replies, ended) = (step.replies.clone(), step.ended());
        }
    }
    let asked = session.trials.last().map(|trial| trial.name.clone()).unwrap_or_default();
    let (addresses, canonical) = collect(&asked, &replies);
    Found { ended, addresses, canonical }
}

/// What several replies together say.
fn ended(replies: &[(RecordType, Rc<Reply>)]) -> Ended {
    use super::Rcode;
    let any = |test: &dyn Fn(&Reply) -> bool| replies.iter().any(|(_, reply)| test(reply));
    if any(&|reply| reply.rcode == Rcode::NoError && !reply.answers.is_empty()) {
        Ended::Found
    } else if any(&|reply| reply.rcode == Rcode::NoError) {
        Ended::NoData
    } else if any(&|reply| reply.rcode == Rcode::NxDomain) {
        Ended::NotFound
    } else {
        Ended::Failed
    }
}

/// `-type=srv` and its like; `None` when the word is no option of this kind.
fn type_option(word: &str) -> Option<Result<RecordType, String>> {
    let (option, value) = word.strip_prefix('-')?.split_once('=')?;
    let known = ["type", "query", "querytype", "q", "t"];
    known
        .contains(&option.to_ascii_lowercase().as_str())
        .then(|| value.parse().map_err(|_| format!("unknown query type: {value}")))
}

/// A name without its last dot, as most tools print it.
fn shown(text: &str) -> &str {
    name::without_dot(text)
}
