//! host of bind 9.18.
//!
//! bind: bin/dig/host.c printmessage, say_message

use super::super::Reply;
use super::super::record::{Data, Rcode, Record, RecordType};
use super::super::session::Session;
use super::bind::{Options, Try, ask, followed, search};
use super::{Printed, name, shown};
use std::fmt::Write;
use std::net::IpAddr;

pub(super) fn run(session: &mut Session<'_>, args: &[&str]) -> Result<Printed, String> {
    let mut kind = None;
    let mut words: Vec<&str> = Vec::new();
    let mut args = args.iter();
    while let Some(word) = args.next() {
        match *word {
            "-t" => {
                let text = args.next().ok_or("host: option -t needs a type")?;
                kind = Some(text.parse::<RecordType>().map_err(|_| format!("host: invalid type: {text}"))?);
            }
            "-4" | "-v" => {}
            option if option.starts_with('-') => {
                return Err(format!("option `{option}` of host is not modelled"));
            }
            word => words.push(word),
        }
    }
    let mut words = words.into_iter();
    let typed = words.next().ok_or("host needs a name")?;
    let mut options = Options { tries: 2, ..Options::default() };
    let mut print = Print { text: String::new(), exit: 0 };
    if let Some(server) = words.next() {
        let ip = server
            .parse::<IpAddr>()
            .map_err(|_| format!("the server `{server}` must be given by its address"))?;
        options.server = Some(ip);
        let _ = write!(print.text, "Using domain server:\nName: {server}\nAddress: {ip}#53\nAliases: \n\n");
    }
    if let (Ok(ip), None) = (typed.parse::<IpAddr>(), kind) {
        let reverse = name::reverse(ip);
        let (attempt, _) = ask(session, &reverse, RecordType::PTR, &options);
        print.text.push_str(&attempt.before);
        match &attempt.reply {
            Some(reply) => print.message(&attempt, reply, RecordType::PTR, &reverse, true),
            None => print.unreachable(),
        }
        return Ok(Printed { text: print.text, exit: print.exit, undetermined: None });
    }
    let step = search(session, typed, kind.unwrap_or(RecordType::A), &options);
    step.tries.iter().for_each(|attempt| print.text.push_str(&attempt.before));
    let Some((attempt, reply)) = step.last().and_then(|last| Some((last, last.reply.as_ref()?))) else {
        print.unreachable();
        return Ok(Printed { text: print.text, exit: print.exit, undetermined: None });
    };
    print.message(attempt, reply, kind.unwrap_or(RecordType::A), typed, kind.is_some());
    if kind.is_none() && reply.rcode == Rcode::NoError {
        // Without a type the name behind all aliases is asked for AAAA and MX too.
        let next = followed(&step).unwrap_or_default();
        for kind in [RecordType::AAAA, RecordType::MX] {
            let (attempt, _) = ask(session, &next, kind, &options);
            print.text.push_str(&attempt.before);
            match &attempt.reply {
                Some(reply) => print.message(&attempt, reply, kind, shown(&next), false),
                None => print.unreachable(),
            }
        }
    }
    Ok(Printed { text: print.text, exit: print.exit, undetermined: None })
}

struct Print {
    text: String,
    exit: u8,
}

impl Print {
    fn unreachable(&mut self) {
        self.text.push_str(";; no servers could be reached\n");
        self.exit = 1;
    }

    fn message(&mut self, attempt: &Try, reply: &Reply, kind: RecordType, typed: &str, chosen: bool) {
        if reply.rcode != Rcode::NoError {
            let name = if reply.rcode == Rcode::NxDomain { typed } else { shown(&attempt.name) };
            let _ = writeln!(
                self.text,
                "Host {name} not found: {}({})",
                reply.rcode.number(),
                reply.rcode.as_str()
            );
            self.exit = 1;
            return;
        }
        for record in &reply.answers {
            self.record(record);
        }
        if reply.answers.is_empty() && chosen {
            let _ = writeln!(self.text, "{} has no {kind} record", shown(&attempt.name));
        }
    }

    fn record(&mut self, record: &Record) {
        let owner = shown(&record.name);
        let _ = match &record.data {
            Data::Address(ip) if ip.is_ipv4() => writeln!(self.text, "{owner} has address {ip}"),
            Data::Address(ip) => writeln!(self.text, "{owner} has IPv6 address {ip}"),
            Data::Cname(target) => writeln!(self.text, "{owner} is an alias for {target}"),
            Data::Ns(target) => writeln!(self.text, "{owner} name server {target}"),
            Data::Ptr(target) => writeln!(self.text, "{owner} domain name pointer {target}"),
            Data::Txt(text) => writeln!(self.text, "{owner} descriptive text \"{text}\""),
            data @ Data::Srv { .. } => writeln!(self.text, "{owner} has SRV record {data}"),
            data @ Data::Soa(_) => writeln!(self.text, "{owner} has SOA record {data}"),
        };
    }
}
