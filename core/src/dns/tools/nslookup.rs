//! nslookup of bind 9.18.
//!
//! bind: bin/dig/nslookup.c printmessage, printsection

use super::super::Reply;
use super::super::record::{Data, Rcode, Record, RecordType};
use super::super::session::Session;
use super::bind::{Options, Try, ask, followed, search};
use super::{Printed, name, shown, type_option};
use std::fmt::Write;
use std::net::IpAddr;

pub(super) fn run(session: &mut Session<'_>, args: &[&str]) -> Result<Printed, String> {
    let mut kind = None;
    let mut words: Vec<&str> = Vec::new();
    for word in args {
        match type_option(word) {
            Some(parsed) => kind = Some(parsed?),
            None if word.starts_with('-') => {}
            None => words.push(word),
        }
    }
    let mut words = words.into_iter();
    let typed = words.next().ok_or("nslookup without a name is interactive, which is not modelled")?;
    let mut options = Options { check_ra: true, ..Options::default() };
    if let Some(server) = words.next() {
        options.server = Some(
            server
                .parse::<IpAddr>()
                .map_err(|_| format!("the server `{server}` must be given by its address"))?,
        );
        options.check_ra = false;
    }
    let mut print = Print { text: String::new(), exit: 0 };
    if let (Ok(ip), None) = (typed.parse::<IpAddr>(), kind) {
        let (attempt, lost) = ask(session, &name::reverse(ip), RecordType::PTR, &options);
        print.text.push_str(&attempt.before);
        match &attempt.reply {
            Some(reply) => print.message(&attempt, reply, RecordType::PTR, shown(&attempt.name), false),
            None => print.unreachable(lost.is_some()),
        }
    } else {
        print.lookup(session, typed, kind, &options);
    }
    print.text.push('\n');
    Ok(Printed { text: print.text, exit: print.exit, undetermined: None })
}

struct Print {
    text: String,
    exit: u8,
}

impl Print {
    fn lookup(
        &mut self,
        session: &mut Session<'_>,
        typed: &str,
        kind: Option<RecordType>,
        options: &Options,
    ) {
        let first = kind.unwrap_or(RecordType::A);
        let step = search(session, typed, first, options);
        for attempt in &step.tries {
            self.text.push_str(&attempt.before);
        }
        let Some((attempt, reply)) = step.last().and_then(|last| Some((last, last.reply.as_ref()?))) else {
            self.unreachable(true);
            return;
        };
        self.message(attempt, reply, first, typed, kind.is_some());
        let no_answer = reply.answers.is_empty();
        if kind.is_some() || reply.rcode != Rcode::NoError {
            return;
        }
        let Some(next) = followed(&step) else { return };
        let (attempt, _) = ask(session, &next, RecordType::AAAA, options);
        self.text.push_str(&attempt.before);
        match &attempt.reply {
            Some(reply) if reply.rcode == Rcode::NoError && reply.answers.is_empty() => {
                if no_answer {
                    let _ = writeln!(self.text, "*** Can't find {}: No answer", shown(&next));
                }
            }
            Some(reply) => self.message(&attempt, reply, RecordType::AAAA, shown(&next), false),
            None => self.unreachable(true),
        }
    }

    fn unreachable(&mut self, _any: bool) {
        self.text.push_str(";; no servers could be reached\n");
        self.exit = 1;
    }

    /// One reply; `chosen`: the type was given on the command line.
    fn message(&mut self, attempt: &Try, reply: &Reply, kind: RecordType, typed: &str, chosen: bool) {
        let main = chosen || kind == RecordType::A;
        if main && let Some(server) = attempt.server {
            let _ = write!(self.text, "Server:\t\t{server}\nAddress:\t{server}#53\n\n");
        }
        if reply.rcode != Rcode::NoError {
            let _ = writeln!(
                self.text,
                "** server can't find {}: {}",
                shown(&attempt.name),
                reply.rcode.as_str()
            );
            self.exit = 1;
            return;
        }
        if main && !reply.authoritative {
            self.text.push_str("Non-authoritative answer:\n");
        }
        for record in &reply.answers {
            self.record(record, true);
        }
        if reply.answers.is_empty() && chosen {
            let _ = writeln!(self.text, "*** Can't find {typed}: No answer");
        }
        if !reply.authoritative && !matches!(kind, RecordType::A | RecordType::AAAA) {
            self.text.push_str("\nAuthoritative answers can be found from:\n");
            for record in reply.authority.iter().chain(&reply.additional) {
                self.record(record, false);
            }
        }
    }

    fn record(&mut self, record: &Record, answer: bool) {
        let owner = shown(&record.name);
        let _ = match &record.data {
            Data::Address(ip) if answer => write!(self.text, "Name:\t{owner}\nAddress: {ip}\n"),
            Data::Address(ip) if ip.is_ipv4() => writeln!(self.text, "{owner}\tinternet address = {ip}"),
            Data::Address(ip) => writeln!(self.text, "{owner}\thas AAAA address {ip}"),
            Data::Cname(target) => writeln!(self.text, "{owner}\tcanonical name = {target}"),
            Data::Ns(target) => writeln!(self.text, "{owner}\tnameserver = {target}"),
            Data::Ptr(target) => writeln!(self.text, "{owner}\tname = {target}"),
            Data::Txt(text) => writeln!(self.text, "{owner}\ttext = \"{text}\""),
            data @ Data::Srv { .. } => writeln!(self.text, "{owner}\tservice = {data}"),
            Data::Soa(soa) => write!(
                self.text,
                "{owner}\n\torigin = {}\n\tmail addr = {}\n\tserial = {}\n\trefresh = {}\n\tretry = {}\n\texpire = {}\n\tminimum = {}\n",
                shown(&soa.mname),
                shown(&soa.rname),
                soa.serial,
                soa.refresh,
                soa.retry,
                soa.expire,
                soa.minimum
            ),
        };
    }
}
