//! Programs that only use the C library: what they print when a name is not found.

use super::super::libc::{Ended, Found, error, glibc, musl, sorted};
use super::super::name;
use super::super::record::{Data, RecordType};
use super::super::session::Session;
use super::{Printed, shown};
use crate::model::Resolver;
use std::fmt::Write;
use std::net::IpAddr;

const BOTH: &[RecordType] = &[RecordType::A, RecordType::AAAA];

fn resolve(session: &mut Session<'_>, typed: &str, kinds: &[RecordType]) -> Found {
    if let Ok(ip) = typed.parse::<IpAddr>() {
        return Found { ended: Ended::Found, addresses: vec![ip], canonical: typed.to_owned() };
    }
    match session.rooms.snapshot.settings.dns.resolver {
        Resolver::Glibc => glibc(session, typed, kinds),
        Resolver::Musl => musl(session, typed, kinds),
    }
}

/// `getent hosts NAME` (IPv6 first, and only then IPv4), `getent ahosts NAME`.
///
/// glibc: nss/getent.c hosts_keys, ahosts_keys_int
pub(super) fn getent(session: &mut Session<'_>, args: &[&str]) -> Result<Printed, String> {
    let [database, typed] = args else { return Err("getent needs a database and a name".into()) };
    let mut text = String::new();
    match *database {
        "hosts" => {
            for kind in [RecordType::AAAA, RecordType::A] {
                let found = glibc(session, typed, &[kind]);
                if found.addresses.is_empty() {
                    continue;
                }
                let aliases = aliases(session);
                for ip in &found.addresses {
                    let _ = writeln!(text, "{:<15} {}{aliases}", ip.to_string(), found.canonical);
                }
                break;
            }
        }
        "ahosts" | "ahostsv4" | "ahostsv6" => {
            let kinds: &[RecordType] = match *database {
                "ahostsv4" => &[RecordType::A],
                "ahostsv6" => &[RecordType::AAAA],
                _ => BOTH,
            };
            let found = glibc(session, typed, kinds);
            for (index, ip) in sorted(session, found.addresses, false).into_iter().enumerate() {
                for kind in ["STREAM", "DGRAM ", "RAW   "] {
                    let name = if index == 0 && kind == "STREAM" { found.canonical.as_str() } else { "" };
                    let _ = writeln!(text, "{:<15} {kind} {name}", ip.to_string());
                }
            }
        }
        other => return Err(format!("database `{other}` of getent is not modelled")),
    }
    let exit = if text.is_empty() { 2 } else { 0 };
    Ok(Printed { text, exit, undetermined: None })
}

/// Names that led to the canonical one.
fn aliases(session: &Session<'_>) -> String {
    let last = session
        .trials
        .last()
        .and_then(|trial| trial.asked.first())
        .and_then(|asked| asked.result.as_ref().ok());
    let records = last.map(|reply| reply.answers.as_slice()).unwrap_or_default();
    let names = records.iter().filter(|record| matches!(record.data, Data::Cname(_)));
    names.fold(String::new(), |mut all, record| {
        let _ = write!(all, " {}", shown(&record.name));
        all
    })
}

/// The first word that is no option, with values of `valued` options skipped.
fn operand<'a>(args: &[&'a str], valued: &[&str]) -> Option<&'a str> {
    let mut args = args.iter();
    while let Some(word) = args.next() {
        if valued.contains(word) {
            args.next();
        } else if !word.starts_with('-') {
            return Some(word);
        }
    }
    None
}

/// A client that runs on no node has no network to go on with.
fn has_network(session: &Session<'_>) -> bool {
    !session.own_addresses().is_empty()
}

fn is_musl(session: &Session<'_>) -> bool {
    session.rooms.snapshot.settings.dns.resolver == Resolver::Musl
}

const AFTER: &str = "what follows the look-up: follow the connection instead";

pub(super) fn ping(session: &mut Session<'_>, args: &[&str], busybox: bool) -> Result<Printed, String> {
    let typed = operand(args, &["-c", "-W", "-w", "-i", "-s"]).ok_or("ping needs a name")?;
    let found = resolve(session, typed, BOTH);
    let Some(ip) = sorted(session, found.addresses.clone(), is_musl(session)).into_iter().next() else {
        let libc = error(is_musl(session), found.ended);
        return Ok(if busybox {
            Printed { text: format!("ping: bad address '{typed}'\n"), exit: 1, undetermined: None }
        } else {
            Printed { text: format!("ping: {typed}: {libc}\n"), exit: 2, undetermined: None }
        });
    };
    let mut text = format!("PING {typed} ({ip}): 56 data bytes\n");
    if has_network(session) {
        return Ok(Printed { text, exit: 0, undetermined: Some(AFTER.into()) });
    }
    text.push_str("ping: sendto: Network is unreachable\n");
    Ok(Printed { text, exit: 1, undetermined: None })
}

/// Host and port of a URL.
fn host_of(url: &str) -> (String, u16) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let default = if scheme == "https" { 443 } else { 80 };
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host.trim_matches(['[', ']']).to_owned(), port.parse().unwrap_or(default))
        }
        _ => (authority.trim_matches(['[', ']']).to_owned(), default),
    }
}

pub(super) fn curl(session: &mut Session<'_>, args: &[&str]) -> Result<Printed, String> {
    let url = operand(args, &["-m", "-o", "-H", "-X", "-d", "--max-time", "--connect-timeout"])
        .ok_or("curl needs a URL")?;
    let (host, port) = host_of(url);
    let found = resolve(session, &host, BOTH);
    let text = if found.addresses.is_empty() {
        format!("curl: (6) Could not resolve host: {host}\n")
    } else if has_network(session) {
        return Ok(Printed { text: String::new(), exit: 0, undetermined: Some(AFTER.into()) });
    } else {
        let text = format!(
            "curl: (7) Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server\n"
        );
        return Ok(Printed { text, exit: 7, undetermined: None });
    };
    Ok(Printed { text, exit: 6, undetermined: None })
}

pub(super) fn wget(session: &mut Session<'_>, args: &[&str], busybox: bool) -> Result<Printed, String> {
    let url = operand(args, &["-T", "-O", "-t"]).ok_or("wget needs a URL")?;
    let (host, _) = host_of(url);
    let found = resolve(session, &host, BOTH);
    if !found.addresses.is_empty() {
        return Ok(Printed { text: String::new(), exit: 0, undetermined: Some(AFTER.into()) });
    }
    let libc = error(is_musl(session), found.ended);
    Ok(if busybox {
        Printed { text: format!("wget: bad address '{host}'\n"), exit: 1, undetermined: None }
    } else {
        let text = format!("wget: unable to resolve host address ‘{host}’: {libc}\n");
        Printed { text, exit: 4, undetermined: None }
    })
}

/// `python3 -c 'import socket; print(socket.gethostbyname("web"))'`.
pub(super) fn python(session: &mut Session<'_>, args: &[&str]) -> Result<Printed, String> {
    let program = args.join(" ");
    let call = program.split_once("socket.gethostbyname(").and_then(|(_, rest)| rest.split_once(')'));
    let (argument, _) = call.ok_or("of Python programs only socket.gethostbyname is modelled")?;
    let typed = argument.trim_matches(['"', '\'', ' ']);
    if !name::is_valid(typed) {
        return Err(format!("`{typed}` is no valid name"));
    }
    let found = resolve(session, typed, &[RecordType::A]);
    if let Some(ip) = found.addresses.first() {
        return Ok(Printed { text: format!("{ip}\n"), exit: 0, undetermined: None });
    }
    let number = match found.ended {
        Ended::NotFound | Ended::Found => -2,
        Ended::NoData => -5,
        _ => -3,
    };
    let ended = if found.ended == Ended::Found { Ended::NotFound } else { found.ended };
    let text = format!(
        "Traceback (most recent call last):\n  File \"<string>\", line 1, in <module>\nsocket.gaierror: [Errno {number}] {}\n",
        error(false, ended)
    );
    Ok(Printed { text, exit: 1, undetermined: None })
}
