//! nslookup of busybox: the own resolver of 1.30 and later, and the C library's of 1.28.
//!
//! busybox: networking/nslookup.c (1.36.1, 1.28.4)

use super::super::libc::{Ended, glibc, sorted};
use super::super::record::{Data, Rcode, Record, RecordType};
use super::super::server::SizeLimit;
use super::super::session::{Asked, Lost, Session};
use super::super::{Reply, name};
use super::{Printed, ended, shown, type_option};
use std::fmt::Write;
use std::net::IpAddr;
use std::rc::Rc;

type Replies = Vec<(RecordType, Rc<Reply>)>;

/// Sends all questions at once: with a dot the name alone, without one every name of the search list.
pub(super) fn ask(session: &mut Session<'_>, typed: &str, kinds: &[RecordType]) -> (Replies, Ended) {
    let names: Vec<String> =
        if typed.contains('.') || session.conf.searches.is_empty() || kinds == [RecordType::PTR] {
            vec![name::fqdn(typed)]
        } else {
            session.conf.searches.iter().map(|search| name::fqdn(&format!("{typed}.{search}"))).collect()
        };
    let mut lost = Lost::Refused;
    for server in session.servers.clone() {
        let mut replies = Replies::new();
        let mut trials: Vec<(String, Vec<Asked>)> =
            names.iter().map(|name| (name.clone(), Vec::new())).collect();
        for kind in kinds {
            for (name, asked) in &mut trials {
                let result = session.send(server, name, *kind, SizeLimit::Plain);
                match &result {
                    Ok(reply) => replies.push((*kind, reply.clone())),
                    Err(why) => lost = *why,
                }
                asked.push(Asked { kind: *kind, server, tcp: false, tries: 1, result });
            }
        }
        for (name, asked) in trials {
            session.note(&name, asked, true);
        }
        if !replies.is_empty() {
            return (replies.clone(), ended(&replies));
        }
        if lost == Lost::TimedOut {
            session.seconds += 5;
        }
    }
    (Replies::new(), if lost == Lost::TimedOut { Ended::TimedOut } else { Ended::Refused })
}

/// 1.30 and later.
pub(super) fn run(session: &mut Session<'_>, args: &[&str]) -> Result<Printed, String> {
    let mut kinds = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    for word in args {
        match type_option(word) {
            Some(parsed) => kinds.push(parsed?),
            None if word.starts_with('-') => {}
            None => words.push(word),
        }
    }
    let mut words = words.into_iter();
    let typed = words.next().ok_or("nslookup needs a name")?;
    if let Some(server) = words.next() {
        let ip = server
            .parse::<IpAddr>()
            .map_err(|_| format!("the server `{server}` must be given by its address"))?;
        session.servers = vec![ip];
    }
    let mut asked = typed.to_owned();
    if kinds.is_empty() {
        match typed.parse::<IpAddr>() {
            Ok(ip) => {
                kinds.push(RecordType::PTR);
                asked = shown(&name::reverse(ip)).to_owned();
            }
            Err(_) => kinds.extend([RecordType::A, RecordType::AAAA]),
        }
    }
    let (replies, outcome) = ask(session, &asked, &kinds);
    let server = session.trials.last().and_then(|trial| trial.asked.last()).map(|asked| asked.server);
    let mut text = String::new();
    let Some(server) = server.filter(|_| !replies.is_empty()) else {
        if outcome == Ended::Refused {
            for server in &session.servers {
                let _ = writeln!(text, "nslookup: write to '{server}': Connection refused");
            }
        }
        text.push_str(";; connection timed out; no servers could be reached\n\n");
        return Ok(Printed { text, exit: 1, undetermined: None });
    };
    let port = if server.is_ipv6() { format!("[{server}]:53") } else { format!("{server}:53") };
    let _ = write!(text, "Server:\t\t{server}\nAddress:\t{port}\n\n");
    let mut exit = 0;
    let single = session.trials.len() == 1;
    // Query order: all names for one type, then for the next.
    let names: Vec<String> = session.trials.iter().map(|trial| shown(&trial.name).to_owned()).collect();
    for (index, (_, reply)) in replies.iter().enumerate() {
        let name = names.get(index % names.len().max(1)).map_or("", String::as_str);
        if reply.rcode != Rcode::NoError {
            let name = if single { &asked } else { name };
            let _ = write!(text, "** server can't find {name}: {}\n\n", reply.rcode.as_str());
            exit = 1;
            continue;
        }
        if !reply.authoritative {
            text.push_str("Non-authoritative answer:\n");
        }
        reply.answers.iter().for_each(|answer| record(&mut text, answer));
        text.push('\n');
    }
    Ok(Printed { text, exit, undetermined: None })
}

fn record(text: &mut String, record: &Record) {
    let owner = shown(&record.name);
    let _ = match &record.data {
        Data::Address(ip) => write!(text, "Name:\t{owner}\nAddress: {ip}\n"),
        Data::Cname(target) => writeln!(text, "{owner}\tcanonical name = {}", shown(target)),
        Data::Ns(target) => writeln!(text, "{owner}\tnameserver = {}", shown(target)),
        Data::Ptr(target) => writeln!(text, "{owner}\tname = {}", shown(target)),
        Data::Txt(value) => writeln!(text, "{owner}\ttext = \"{value}\""),
        Data::Srv { priority, weight, port, target } => {
            writeln!(text, "{owner}\tservice = {priority} {weight} {port} {}", shown(target))
        }
        Data::Soa(soa) => write!(
            text,
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

/// 1.28 and before: everything through the C library, with the name of every address.
pub(super) fn run_old(session: &mut Session<'_>, args: &[&str]) -> Result<Printed, String> {
    let mut words = args.iter().filter(|word| !word.starts_with('-'));
    let typed = words.next().ok_or("nslookup needs a name")?;
    if let Some(server) = words.next() {
        session.servers =
            vec![server.parse().map_err(|_| format!("the server `{server}` must be given by its address"))?];
    }
    let mut text = String::new();
    if let Some(server) = session.servers.first().copied() {
        let _ = writeln!(text, "Server:    {server}");
        address(session, &mut text, 1, server);
        text.push('\n');
    }
    let addresses = match typed.parse::<IpAddr>() {
        Ok(ip) => vec![ip],
        Err(_) => {
            let found = glibc(session, typed, &[RecordType::A, RecordType::AAAA]);
            sorted(session, found.addresses, false)
        }
    };
    if addresses.is_empty() {
        let _ = writeln!(text, "nslookup: can't resolve '{typed}'");
        return Ok(Printed { text, exit: 1, undetermined: None });
    }
    let _ = writeln!(text, "Name:      {typed}");
    for (index, ip) in addresses.into_iter().enumerate() {
        address(session, &mut text, index + 1, ip);
    }
    Ok(Printed { text, exit: 0, undetermined: None })
}

/// `Address 1: 10.96.100.5 web.default.svc.cluster.local`.
fn address(session: &mut Session<'_>, text: &mut String, index: usize, ip: IpAddr) {
    let found = glibc_reverse(session, ip);
    let name = found.map(|name| format!(" {name}")).unwrap_or_default();
    let _ = writeln!(text, "Address {index}: {ip}{name}");
}

/// The first name of an address.
fn glibc_reverse(session: &mut Session<'_>, ip: IpAddr) -> Option<String> {
    let reverse = name::reverse(ip);
    glibc(session, &reverse, &[RecordType::PTR]);
    let reply = session.trials.last()?.asked.first()?.result.as_ref().ok()?.clone();
    reply.answers.iter().find_map(|record| match &record.data {
        Data::Ptr(name) => Some(shown(name).to_owned()),
        _ => None,
    })
}
