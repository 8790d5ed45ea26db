//! dig of bind 9.18.
//!
//! bind: bin/dig/dig.c printmessage; lib/dns/masterdump.c for the columns

use super::super::Reply;
use super::super::record::{Record, RecordType};
use super::super::server::message_size;
use super::super::session::Session;
use super::bind::{Options, Step, Try, search};
use super::{Printed, name};
use std::fmt::Write;
use std::net::IpAddr;

/// The version that was measured.
const VERSION: &str = "DiG 9.18.49-1~deb12u3-Debian";
/// Size of the OPT record of an answer: a cookie of 8 bytes comes back.
const OPT: usize = 23;

/// What is printed.
#[derive(Clone, Copy, Debug)]
struct Show {
    short: bool,
    cmd: bool,
    comments: bool,
    question: bool,
    answer: bool,
    authority: bool,
    additional: bool,
    stats: bool,
    every: bool,
}

impl Show {
    fn all(on: bool) -> Self {
        Self {
            short: false,
            cmd: on,
            comments: on,
            question: on,
            answer: on,
            authority: on,
            additional: on,
            stats: on,
            every: false,
        }
    }
}

pub(super) fn run(session: &mut Session<'_>, args: &[&str]) -> Result<Printed, String> {
    let mut options = Options { search: false, ..Options::default() };
    let mut show = Show::all(true);
    let (mut typed, mut kind) = (None, None);
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match *word {
            "-x" => {
                let address = words.next().ok_or("dig: option -x needs an address")?;
                let ip: IpAddr = address.parse().map_err(|_| format!("dig: `{address}` is no address"))?;
                typed = Some(name::reverse(ip));
                kind = Some(RecordType::PTR);
            }
            "-t" => {
                let text = words.next().ok_or("dig: option -t needs a type")?;
                kind = Some(text.parse().map_err(|_| format!("dig: invalid type {text}"))?);
            }
            "-q" => typed = words.next().map(|word| (*word).to_owned()),
            "-4" | "-r" => {}
            word => {
                if let Some(server) = word.strip_prefix('@') {
                    let ip = server
                        .parse()
                        .map_err(|_| format!("the server `{server}` must be given by its address"))?;
                    options.server = Some(ip);
                } else if let Some(flag) = word.strip_prefix('+') {
                    self::flag(flag, &mut show, &mut options)?;
                } else if let Some(option) = word.strip_prefix('-') {
                    return Err(format!("option `-{option}` of dig is not modelled"));
                } else if let (Ok(parsed), true) = (word.parse::<RecordType>(), kind.is_none()) {
                    kind = Some(parsed);
                } else if !word.eq_ignore_ascii_case("IN") {
                    typed = Some(word.to_owned());
                }
            }
        }
    }
    let typed = typed.unwrap_or_else(|| ".".to_owned());
    let kind = kind.unwrap_or(RecordType::A);
    // ANY is asked over TCP.
    options.tcp |= kind == RecordType::ANY;
    let step = search(session, &typed, kind, &options);
    let mut print =
        Print { text: String::new(), show, line: args.join(" "), kind, named: options.server.is_some() };
    let exit = print.step(&step);
    Ok(Printed { text: print.text, exit, undetermined: None })
}

fn flag(flag: &str, show: &mut Show, options: &mut Options) -> Result<(), String> {
    let (on, name) = match flag.strip_prefix("no") {
        Some(name) if name != "edns" => (false, name),
        _ => (true, flag),
    };
    match name {
        "short" => show.short = on,
        "search" => options.search = on,
        "showsearch" => {
            show.every = on;
            options.search |= on;
        }
        "all" => *show = Show { short: show.short, every: show.every, ..Show::all(on) },
        "cmd" => show.cmd = on,
        "comments" => show.comments = on,
        "question" => show.question = on,
        "answer" => show.answer = on,
        "authority" => show.authority = on,
        "additional" => show.additional = on,
        "stats" => show.stats = on,
        "tcp" | "vc" => options.tcp = on,
        "recurse" | "rec" | "multiline" | "cookie" => {}
        other if other.starts_with("time=") || other.starts_with("tries=") => {
            if let Some(tries) = other.strip_prefix("tries=").and_then(|tries| tries.parse().ok()) {
                options.tries = tries;
            }
        }
        other => return Err(format!("option `+{other}` of dig is not modelled")),
    }
    Ok(())
}

struct Print {
    text: String,
    show: Show,
    line: String,
    kind: RecordType,
    named: bool,
}

impl Print {
    fn step(&mut self, step: &Step) -> u8 {
        let Some(last) = step.last() else { return 9 };
        if self.show.every {
            for attempt in &step.tries {
                self.attempt(attempt);
            }
        } else {
            self.attempt(last);
        }
        if last.reply.is_some() { 0 } else { 9 }
    }

    fn attempt(&mut self, attempt: &Try) {
        self.text.push_str(&attempt.before);
        if self.show.cmd && !self.show.short {
            let servers = if self.named { "; (1 server found)\n" } else { "" };
            let _ = write!(
                self.text,
                "\n; <<>> {VERSION} <<>> {}\n{servers};; global options: +cmd\n",
                self.line
            );
        }
        match &attempt.reply {
            None => self.text.push_str(";; no servers could be reached\n"),
            Some(reply) if self.show.short => {
                for record in &reply.answers {
                    let _ = writeln!(self.text, "{}", record.data);
                }
            }
            Some(reply) => self.message(attempt, reply),
        }
    }

    fn message(&mut self, attempt: &Try, reply: &Reply) {
        let show = self.show;
        if show.comments {
            self.text.push_str(";; Got answer:\n");
            if name::is_under("local.", &attempt.name) {
                self.text.push_str(";; WARNING: .local is reserved for Multicast DNS\n;; You are currently testing what happens when an mDNS query is leaked to DNS\n");
            }
            let _ = writeln!(
                self.text,
                ";; ->>HEADER<<- opcode: QUERY, status: {}, id: {}",
                reply.rcode.as_str(),
                id(&attempt.name)
            );
            let mut flags = String::from("qr");
            for (on, flag) in [
                (reply.authoritative, " aa"),
                (reply.truncated, " tc"),
                (true, " rd"),
                (reply.recursion_available, " ra"),
            ] {
                if on {
                    flags.push_str(flag);
                }
            }
            let _ = writeln!(
                self.text,
                ";; flags: {flags}; QUERY: 1, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: {}",
                reply.answers.len(),
                reply.authority.len(),
                reply.additional.len() + 1
            );
            if !reply.recursion_available {
                self.text.push_str(";; WARNING: recursion requested but not available\n");
            }
            self.text.push_str("\n;; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n; COOKIE: 0000000000000000 (echoed)\n");
        }
        if show.question {
            if show.comments {
                self.text.push_str(";; QUESTION SECTION:\n");
            }
            let mut line = Columns::new(&attempt.name);
            line.at(32, "IN");
            line.at(40, &self.kind.to_string());
            let _ = write!(self.text, ";{}\n\n", line.text);
        }
        let sections = [
            (show.answer, "ANSWER", &reply.answers),
            (show.authority, "AUTHORITY", &reply.authority),
            (show.additional, "ADDITIONAL", &reply.additional),
        ];
        for (on, title, records) in sections {
            if !on || records.is_empty() {
                continue;
            }
            if show.comments {
                let _ = writeln!(self.text, ";; {title} SECTION:");
            }
            records.iter().for_each(|record| self.record(record));
            if show.comments {
                self.text.push('\n');
            }
        }
        if show.stats {
            let server = attempt.server.map(|server| server.to_string()).unwrap_or_default();
            let protocol = if attempt.tcp { "TCP" } else { "UDP" };
            let size = message_size(reply, &attempt.name, OPT);
            let _ = write!(
                self.text,
                ";; Query time: 0 msec\n;; SERVER: {server}#53({server}) ({protocol})\n;; WHEN: Thu Jan 01 00:00:00 UTC 1970\n;; MSG SIZE  rcvd: {size}\n\n"
            );
        }
    }

    fn record(&mut self, record: &Record) {
        let mut line = Columns::new(&record.name);
        line.at(24, &record.ttl.to_string());
        line.at(32, "IN");
        line.at(40, &record.record_type().to_string());
        line.at(48, &record.data.to_string());
        let _ = writeln!(self.text, "{}", line.text);
    }
}

/// A line with columns, tabs of 8.
///
/// bind: lib/dns/masterdump.c indent
struct Columns {
    text: String,
    column: usize,
}

impl Columns {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), column: text.len() }
    }

    fn at(&mut self, column: usize, text: &str) {
        let to = column.max(self.column + 1);
        let tabs = (to / 8).saturating_sub(self.column / 8);
        let from = if tabs > 0 { to / 8 * 8 } else { self.column };
        self.text.extend(std::iter::repeat_n('\t', tabs));
        self.text.extend(std::iter::repeat_n(' ', to - from));
        self.text.push_str(text);
        self.column = to + text.len();
    }
}

/// A message id that depends on the name alone.
fn id(name: &str) -> u16 {
    name.bytes().fold(40_503, |id: u16, byte| id.wrapping_mul(31).wrapping_add(u16::from(byte)))
}
