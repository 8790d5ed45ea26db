//! The resolver libraries: which names are tried, in which order, and what ends the search.
//!
//! Measured on glibc 2.36 and musl 1.2.3; glibc: resolv/res_query.c __libc_res_nsearch, resolv/res_send.c;
//! musl: src/network/lookup_name.c name_from_dns_search, src/network/res_msend.c

use super::record::{Data, Rcode, RecordType};
use super::server::SizeLimit;
use super::session::{Asked, Lost, Session};
use super::{Reply, name};
use crate::order::SliceOrder;
use std::net::IpAddr;
use std::rc::Rc;

/// How a look-up of a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// With addresses or records.
    Found,
    /// The name does not exist.
    NotFound,
    /// It exists and has nothing of the kind.
    NoData,
    /// No server answered.
    TimedOut,
    /// Every server refused.
    Refused,
    /// A server said it failed.
    Failed,
}

/// What a library hands to its program.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) ended: Ended,
    /// In the order programs get them.
    pub(super) addresses: Vec<IpAddr>,
    /// The name behind all aliases, without a dot at its end.
    pub(super) canonical: String,
}

/// Both families at once: what getaddrinfo asks.
const BOTH: &[RecordType] = &[RecordType::A, RecordType::AAAA];

/// glibc's search for `kinds`.
pub(super) fn glibc(session: &mut Session<'_>, typed: &str, kinds: &[RecordType]) -> Found {
    let (rooted, as_is) = (typed.ends_with('.'), name::fqdn(typed));
    let enough = typed.matches('.').count() as u32 >= session.conf.ndots();
    let mut first_failure = None;
    if enough || rooted {
        let step = glibc_step(session, &as_is, kinds);
        if rooted || step.is_final() {
            return step.finish();
        }
        first_failure = Some(step.ended);
    }
    let (mut no_data, mut failed, mut root, mut last) = (false, false, false, Ended::NotFound);
    for search in session.conf.searches.clone() {
        let search = search.trim_start_matches('.');
        root |= search.is_empty();
        let tried = if search.is_empty() { as_is.clone() } else { format!("{typed}.{}", name::fqdn(search)) };
        if !name::is_valid(&tried) {
            continue;
        }
        let step = glibc_step(session, &tried, kinds);
        if step.is_final() {
            return step.finish();
        }
        last = step.ended;
        match step.ended {
            Ended::NoData => no_data = true,
            Ended::Failed => failed = true,
            Ended::Refused => return step.finish(),
            Ended::TimedOut => break,
            _ => {}
        }
    }
    if first_failure.is_none() && !root {
        let step = glibc_step(session, &as_is, kinds);
        if step.is_final() {
            return step.finish();
        }
        last = step.ended;
    }
    let ended = match first_failure {
        Some(ended) => ended,
        None if no_data => Ended::NoData,
        None if failed => Ended::Failed,
        None => last,
    };
    Found { ended, addresses: Vec::new(), canonical: String::new() }
}

/// One name asked.
struct Step {
    name: String,
    ended: Ended,
    /// Any answer at all: the search ends, even when it holds no address.
    answered: bool,
    replies: Vec<(RecordType, Rc<Reply>)>,
}

impl Step {
    fn is_final(&self) -> bool {
        self.answered
    }

    fn finish(self) -> Found {
        let (addresses, canonical) = collect(&self.name, &self.replies);
        // A chain of aliases that leads nowhere counts as an unknown name.
        let ended = match self.ended {
            Ended::Found
                if addresses.is_empty() && self.replies.iter().all(|(kind, _)| BOTH.contains(kind)) =>
            {
                Ended::NotFound
            }
            ended => ended,
        };
        Found { ended, addresses, canonical }
    }
}

/// One name with glibc's retries: every server in turn, `attempts` times, `timeout` seconds each.
fn glibc_step(session: &mut Session<'_>, tried: &str, kinds: &[RecordType]) -> Step {
    let timeout = session.conf.option("timeout").unwrap_or(5).clamp(1, 30);
    let attempts = session.conf.option("attempts").unwrap_or(2).clamp(1, 5);
    let servers = session.servers.clone();
    let mut asked: Vec<Asked> = Vec::new();
    let mut step =
        Step { name: tried.to_owned(), ended: Ended::Refused, answered: false, replies: Vec::new() };
    let mut heard = false;
    'tries: for attempt in 0..attempts {
        for (index, server) in servers.iter().copied().enumerate() {
            let mut replies = Vec::new();
            let mut wait = 0;
            for kind in kinds {
                let (tcp, result) = session.send_twice(server, tried, *kind, SizeLimit::Plain);
                if result.as_ref().is_err_and(|lost| *lost == Lost::TimedOut) {
                    let count = servers.len().max(1) as u32;
                    wait = if index == 0 { timeout } else { ((timeout << index) / count).max(1) };
                }
                match asked.iter_mut().find(|known| known.kind == *kind && known.server == server) {
                    Some(known) => known.tries += 1,
                    None => asked.push(Asked {
                        kind: *kind,
                        server,
                        tcp,
                        tries: attempt + 1,
                        result: result.clone(),
                    }),
                }
                if let Ok(reply) = result {
                    replies.push((*kind, reply));
                }
            }
            session.seconds += wait;
            heard |= wait > 0;
            if replies.is_empty() {
                continue;
            }
            let failed =
                replies.iter().any(|(_, reply)| matches!(reply.rcode, Rcode::ServFail | Rcode::Refused));
            step.ended = if failed { Ended::Failed } else { ending(&replies) };
            step.answered = step.ended == Ended::Found;
            step.replies = replies;
            if !failed {
                break 'tries;
            }
        }
    }
    if step.replies.is_empty() && heard {
        step.ended = Ended::TimedOut;
    }
    session.note(tried, asked, false);
    step
}

fn ending(replies: &[(RecordType, Rc<Reply>)]) -> Ended {
    if replies.iter().any(|(_, reply)| reply.rcode == Rcode::NoError && !reply.answers.is_empty()) {
        Ended::Found
    } else if replies.iter().any(|(_, reply)| reply.rcode == Rcode::NoError) {
        Ended::NoData
    } else {
        Ended::NotFound
    }
}

/// Addresses of the replies, and the name they stand at.
pub(super) fn collect(asked: &str, replies: &[(RecordType, Rc<Reply>)]) -> (Vec<IpAddr>, String) {
    let mut addresses = Vec::new();
    let mut canonical = asked.to_owned();
    for (_, reply) in replies {
        for record in &reply.answers {
            match &record.data {
                Data::Address(ip) if !addresses.contains(ip) => addresses.push(*ip),
                Data::Cname(target) => canonical.clone_from(target),
                _ => {}
            }
        }
    }
    (addresses, name::without_dot(&canonical).to_owned())
}

/// musl's search: the name as it is when it has dots enough, and only then.
pub(super) fn musl(session: &mut Session<'_>, typed: &str, kinds: &[RecordType]) -> Found {
    let failed = |ended| Found { ended, addresses: Vec::new(), canonical: String::new() };
    let dots = typed.matches('.').count() as u32;
    let as_is = name::fqdn(typed);
    let mut names = Vec::new();
    if dots < session.conf.ndots() && !typed.ends_with('.') {
        names.extend(
            session
                .conf
                .searches
                .iter()
                .filter(|search| *search != ".")
                .map(|search| format!("{typed}.{}", name::fqdn(search))),
        );
    }
    names.retain(|tried| name::is_valid(tried));
    names.push(as_is);
    for tried in names {
        // All servers are asked at once; the first answer counts, a failure is waited out.
        let mut asked = Vec::new();
        let mut replies: Vec<(RecordType, Rc<Reply>)> = Vec::new();
        for kind in kinds {
            let mut best: Option<Rc<Reply>> = None;
            for server in session.servers.clone() {
                let result = session.send(server, &tried, *kind, SizeLimit::Plain);
                asked.push(Asked { kind: *kind, server, tcp: false, tries: 1, result: result.clone() });
                if let Ok(reply) = result
                    && best.as_ref().is_none_or(|best| best.rcode == Rcode::ServFail)
                {
                    best = Some(reply);
                }
            }
            replies.extend(best.map(|reply| (*kind, reply)));
        }
        session.note(&tried, asked, false);
        let incomplete = replies.len() < kinds.len();
        if incomplete || replies.iter().any(|(_, reply)| reply.rcode == Rcode::ServFail) {
            session.seconds += session.conf.option("timeout").unwrap_or(5).clamp(1, 60);
            return failed(if incomplete { Ended::TimedOut } else { Ended::Failed });
        }
        if replies.iter().any(|(_, reply)| reply.rcode == Rcode::NxDomain) {
            continue;
        }
        let (addresses, canonical) = collect(&tried, &replies);
        let ended = match ending(&replies) {
            Ended::Found if addresses.is_empty() && kinds.iter().all(|kind| BOTH.contains(kind)) => {
                Ended::NoData
            }
            ended => ended,
        };
        return Found { ended, addresses, canonical };
    }
    failed(Ended::NotFound)
}

/// Order in which getaddrinfo gives addresses: those that can be reached first, then by precedence. A client
/// without any network reaches none.
///
/// RFC 6724 sections 2.1 and 6, rules 1, 6 and 10. musl's table is that of the RFC; glibc's is older: it
/// prefers every IPv6 address to IPv4.
pub(super) fn sorted(session: &Session<'_>, mut addresses: Vec<IpAddr>, musl: bool) -> Vec<IpAddr> {
    if addresses.len() < 2 {
        return addresses;
    }
    let own = session.own_addresses();
    let precedence = |ip: &IpAddr| match ip {
        IpAddr::V6(ip) if ip.is_loopback() => 50,
        IpAddr::V6(ip) if ip.is_unique_local() && musl => 3,
        IpAddr::V6(_) => 40,
        IpAddr::V4(_) if musl => 35,
        IpAddr::V4(_) => 10,
    };
    let usable = |ip: &IpAddr| own.iter().any(|own| own.is_ipv4() == ip.is_ipv4());
    addresses.order_by_key(|ip| (!usable(ip), std::cmp::Reverse(precedence(ip))));
    addresses
}

/// What the library says when it found nothing.
pub(super) fn error(musl: bool, ended: Ended) -> &'static str {
    match (ended, musl) {
        (Ended::NotFound | Ended::NoData, true) => "Name does not resolve",
        (Ended::NotFound, false) => "Name or service not known",
        (Ended::NoData, false) => "No address associated with hostname",
        (Ended::TimedOut | Ended::Refused | Ended::Failed, true) => "Try again",
        (Ended::TimedOut | Ended::Refused | Ended::Failed, false) => "Temporary failure in name resolution",
        (Ended::Found, _) => "",
    }
}
