//! What nslookup, dig and host of bind 9.18 have in common.
//!
//! bind: bin/dig/dighost.c (9.18)

use super::super::Reply;
use super::super::libc::Ended;
use super::super::record::{Data, Rcode, RecordType};
use super::super::server::SizeLimit;
use super::super::session::{Asked, Lost, Session};
use super::name;
use std::fmt::Write;
use std::net::IpAddr;
use std::rc::Rc;

/// Seconds until a try is given up.
const TIMEOUT: u32 = 5;

/// How a look-up is made.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// Whether the search list counts.
    pub(super) search: bool,
    /// Tries for each server.
    pub(super) tries: u32,
    /// A server named on the command line.
    pub(super) server: Option<IpAddr>,
    /// Whether an answer without recursion is worth a line, and the next server.
    pub(super) check_ra: bool,
    pub(super) tcp: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { search: true, tries: 3, server: None, check_ra: false, tcp: false }
    }
}

/// One name asked.
#[derive(Clone, Debug)]
pub(super) struct Try {
    pub(super) name: String,
    pub(super) server: Option<IpAddr>,
    pub(super) tcp: bool,
    pub(super) reply: Option<Rc<Reply>>,
    /// Lines printed before the reply itself.
    pub(super) before: String,
}

/// A search with all its tries.
#[derive(Clone, Debug, Default)]
pub(super) struct Step {
    pub(super) tries: Vec<Try>,
    /// Replies that count: of the last name, and of what follows it.
    pub(super) replies: Vec<(RecordType, Rc<Reply>)>,
    pub(super) lost: Option<Lost>,
}

impl Step {
    /// The try that counts.
    pub(super) fn last(&self) -> Option<&Try> {
        self.tries.last()
    }

    pub(super) fn ended(&self) -> Ended {
        match (self.lost, self.replies.is_empty()) {
            (Some(Lost::TimedOut), _) => Ended::TimedOut,
            (Some(Lost::Refused), _) => Ended::Refused,
            (None, true) => Ended::NotFound,
            (None, false) => super::ended(&self.replies),
        }
    }
}

/// Names in the order they are tried: with dots enough the name alone, else the search list and then the name.
pub(super) fn names(session: &Session<'_>, typed: &str, search: bool) -> Vec<String> {
    let dots = typed.matches('.').count() as u32;
    let mut names = Vec::new();
    if search && !typed.ends_with('.') && dots < session.conf.ndots() {
        let list = session.conf.searches.iter().filter(|search| *search != ".");
        names.extend(list.map(|search| format!("{typed}.{}", name::fqdn(search))));
    }
    names.push(name::fqdn(typed));
    names
}

/// Tries names until one is not denied.
pub(super) fn search(session: &mut Session<'_>, typed: &str, kind: RecordType, options: &Options) -> Step {
    let mut step = Step::default();
    for tried in names(session, typed, options.search) {
        let outcome = ask(session, &tried, kind, options);
        let reply = outcome.0.reply.clone();
        step.tries.push(outcome.0);
        match reply {
            None => {
                step.lost = outcome.1;
                return step;
            }
            Some(reply) if reply.rcode == Rcode::NxDomain => step.replies = vec![(kind, reply)],
            Some(reply) => {
                step.replies = vec![(kind, reply)];
                return step;
            }
        }
    }
    step
}

/// Asks for another type at the name the aliases of the last answer lead to.
pub(super) fn follow(session: &mut Session<'_>, step: &mut Step, kind: RecordType, tries: u32) {
    let Some(next) = followed(step) else { return };
    let options = Options { tries, ..Options::default() };
    let (other, _) = ask(session, &next, kind, &options);
    step.replies.extend(other.reply.clone().map(|reply| (kind, reply)));
    step.tries.push(other);
}

/// Where the aliases of the last answer lead; `None` when the name was denied.
pub(super) fn followed(step: &Step) -> Option<String> {
    let last = step.last()?;
    let reply = last.reply.as_ref().filter(|reply| reply.rcode == Rcode::NoError)?;
    let mut at = last.name.clone();
    for record in &reply.answers {
        if let Data::Cname(target) = &record.data
            && record.name.eq_ignore_ascii_case(&at)
        {
            at.clone_from(target);
        }
    }
    Some(at)
}

/// One name: every server, each `tries` times.
pub(super) fn ask(
    session: &mut Session<'_>,
    tried: &str,
    kind: RecordType,
    options: &Options,
) -> (Try, Option<Lost>) {
    let servers = options.server.map_or_else(|| session.servers.clone(), |server| vec![server]);
    let limit = if options.tcp { SizeLimit::None } else { SizeLimit::Edns { size: 1232, cookie: true } };
    let mut attempt =
        Try { name: tried.to_owned(), server: None, tcp: options.tcp, reply: None, before: String::new() };
    let mut asked = Vec::new();
    let mut lost = None;
    let count = servers.len();
    for (index, server) in servers.into_iter().enumerate() {
        let (tcp, result) = session.send_twice(server, tried, kind, limit);
        if tcp && !options.tcp {
            let _ = writeln!(attempt.before, ";; Truncated, retrying in TCP mode.");
        }
        match &result {
            Ok(reply) => {
                asked.push(Asked { kind, server, tcp, tries: 1, result: Ok(reply.clone()) });
                attempt.server = Some(server);
                attempt.tcp |= tcp;
                attempt.reply = Some(reply.clone());
                lost = None;
                if options.check_ra && !reply.recursion_available {
                    let next = if index + 1 < count { ", trying next server" } else { "" };
                    let _ = writeln!(attempt.before, ";; Got recursion not available from {server}{next}");
                    if index + 1 < count {
                        continue;
                    }
                }
                break;
            }
            Err(why) => {
                asked.push(Asked { kind, server, tcp, tries: options.tries, result: result.clone() });
                let how = if *why == Lost::TimedOut { "timed out" } else { "connection refused" };
                for _ in 0..options.tries {
                    let _ = writeln!(attempt.before, ";; communications error to {server}#53: {how}");
                }
                if *why == Lost::TimedOut {
                    session.seconds += TIMEOUT * options.tries;
                }
                lost = Some(*why);
            }
        }
    }
    let lost = lost
        .filter(|_| attempt.reply.is_none())
        .or_else(|| (attempt.reply.is_none()).then_some(Lost::Refused));
    session.note(tried, asked, false);
    (attempt, lost)
}
