//! The public question: what a name is to a program in a pod.

use super::kubelet::{self, ResolvConf, hosts_file};
use super::libc::{self, Ended, Found};
use super::path::{End, Way};
use super::session::{Asked, Lost, Session, Trial};
use super::suggest;
use super::summary;
use super::{Data, Flags, Rcode, Reason, Record, RecordType, Server, Suggestion, name};
use crate::model::{Party, Protocol, ServiceId, Share, Snapshot};
use crate::policy::Engine;
use crate::services::Proxy;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The mechanisms a query passes.
#[derive(Clone, Copy, Debug)]
pub struct Rooms<'a> {
    /// The settled cluster.
    pub snapshot: &'a Snapshot,
    /// Cluster DNS.
    pub server: &'a Server,
    /// kube-proxy.
    pub proxy: &'a Proxy,
    /// NetworkPolicy.
    pub policy: &'a Engine,
    pub(super) dns_service: Option<ServiceId>,
}

impl<'a> Rooms<'a> {
    /// The mechanisms of one cluster.
    pub fn new(snapshot: &'a Snapshot, server: &'a Server, proxy: &'a Proxy, policy: &'a Engine) -> Self {
        Self { snapshot, server, proxy, policy, dns_service: server.service() }
    }
}

/// Programs and libraries that resolve names; they differ in what they try and in what stops them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Program {
    /// getaddrinfo of GNU libc.
    #[default]
    Glibc,
    /// getaddrinfo of musl.
    Musl,
    /// nslookup of bind 9.18.
    Nslookup,
    /// dig of bind 9.18: no search list.
    Dig,
    /// `dig +search`.
    DigSearch,
    /// host of bind 9.18.
    Host,
    /// nslookup of busybox 1.30 and later: the search list for names without dots only.
    Busybox,
    /// nslookup of busybox 1.28 and before: the C library's search.
    #[serde(rename = "busybox-1.28")]
    Busybox128,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Who asks.
    pub from: Party,
    /// The name as typed.
    pub name: String,
    /// One type; `None` is what getaddrinfo asks, A and AAAA.
    pub record_type: Option<RecordType>,
    /// With what.
    pub program: Program,
    /// A resolv.conf in place of the one the kubelet writes.
    pub resolv_conf: Option<ResolvConf>,
}

impl Asking {
    /// Addresses of `name` for `from`, with the resolver library of the settings.
    pub fn new(snapshot: &Snapshot, from: Party, name: impl Into<String>) -> Self {
        let program = match snapshot.settings.dns.resolver {
            crate::model::Resolver::Glibc => Program::Glibc,
            crate::model::Resolver::Musl => Program::Musl,
        };
        Self { from, name: name.into(), record_type: None, program, resolv_conf: None }
    }

    /// Whether a library asks, which reads /etc/hosts first.
    fn is_library(&self) -> bool {
        matches!(self.program, Program::Glibc | Program::Musl)
    }
}

/// How a look-up ended for the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LookupOutcome {
    /// It has addresses or records.
    Found,
    /// The name does not exist (NXDOMAIN).
    NotFound,
    /// The name exists and has no such records (NODATA).
    NoData,
    /// No name server answered.
    TimedOut,
    /// The name servers refused.
    Refused,
    /// A name server failed (SERVFAIL).
    Failed,
    /// It cannot be told; [`Lookup::undetermined`] says what is missing.
    Undetermined,
}

/// What a name is to a program, with everything that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lookup {
    /// Who asks: `default/client`, `node/node-a`, an address.
    pub from: String,
    /// The name as typed.
    pub name: String,
    /// What asks.
    pub program: Program,
    /// One sentence.
    pub summary: String,
    /// How it ended.
    pub outcome: LookupOutcome,
    /// Addresses in the order the program gets them.
    pub addresses: Vec<IpAddr>,
    /// All records of the answer that counts.
    pub records: Vec<Record>,
    /// The name behind the search list and all aliases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// What the library says when it found nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Where the answer came from: `dns`, `hosts` (/etc/hosts) or `literal` (it is an address).
    pub source: &'static str,
    /// Whole seconds of waiting.
    pub seconds: u32,
    /// The resolv.conf that was used.
    pub resolv_conf: ResolvConf,
    /// Every name tried, in order.
    pub steps: Vec<LookupStep>,
    /// The ways to the name servers, in the order of use.
    pub ways: Vec<Way>,
    /// The part of the look-ups that fares so: less than 1/1 when only some DNS pods can be reached.
    pub share: Share,
    /// Why it ended so.
    pub because: Vec<Reason>,
    /// Names that would work, or may have been meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggestion>,
    /// What is missing to know the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undetermined: Option<String>,
}

/// One name tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LookupStep {
    /// Fully qualified.
    pub name: String,
    /// Sent at once with the steps around it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub parallel: bool,
    /// Its queries.
    pub queries: Vec<Exchange>,
}

/// One query and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// The type asked.
    #[serde(rename = "type")]
    pub record_type: RecordType,
    /// The name server.
    pub server: IpAddr,
    /// UDP, or TCP when the answer did not fit.
    pub protocol: Protocol,
    /// How often it was sent.
    pub tries: u32,
    /// What came back.
    pub result: ExchangeResult,
}

/// What came back of a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ExchangeResult {
    /// An answer.
    Answered {
        /// How it ended.
        rcode: Rcode,
        /// Header flags.
        flags: Flags,
        /// Answer section.
        answers: Vec<Record>,
        /// The objects behind it.
        because: Vec<Reason>,
    },
    /// Nothing.
    TimedOut,
    /// An error: nobody listens.
    Refused,
}

/// Looks a name up as a program in the cluster does, and explains.
pub fn lookup(rooms: Rooms<'_>, asking: &Asking) -> Lookup {
    search(rooms, asking).explain()
}

/// Looks a name up as a program in the cluster does, without sentences: for those who look up many.
pub fn search<'a>(rooms: Rooms<'a>, asking: &'a Asking) -> Search<'a> {
    let conf = resolv_conf_of(&rooms, asking);
    let mut session = Session::new(rooms, asking.from, conf);
    let kinds: &[RecordType] = match &asking.record_type {
        Some(kind) => std::slice::from_ref(kind),
        None => &[RecordType::A, RecordType::AAAA],
    };
    let typed = asking.name.trim();
    let local = if asking.is_library() { before_dns(&session, typed, asking.record_type) } else { None };
    let (source, found) = match local {
        Some((source, addresses)) => {
            let canonical = name::without_dot(typed).to_owned();
            let ended = if addresses.is_empty() { Ended::NoData } else { Ended::Found };
            (source, Found { ended, addresses, canonical })
        }
        None if !name::is_valid(typed) => {
            let found = Found { ended: Ended::NotFound, addresses: Vec::new(), canonical: String::new() };
            ("dns", found)
        }
        None => ("dns", ask(&mut session, asking.program, typed, kinds, asking.record_type)),
    };
    let addresses = libc::sorted(&session, found.addresses.clone(), asking.program == Program::Musl);
    Search { asking, session, found, addresses, source }
}

/// A look-up before it is explained.
#[expect(missing_debug_implementations, reason = "it borrows the whole cluster")]
pub struct Search<'a> {
    asking: &'a Asking,
    session: Session<'a>,
    found: Found,
    addresses: Vec<IpAddr>,
    source: &'static str,
}

impl Search<'_> {
    /// How it ended. A public name of which nothing is known counts as not found here.
    pub fn outcome(&self) -> LookupOutcome {
        match self.found.ended {
            Ended::Found => LookupOutcome::Found,
            Ended::NotFound => LookupOutcome::NotFound,
            Ended::NoData => LookupOutcome::NoData,
            Ended::TimedOut => LookupOutcome::TimedOut,
            Ended::Refused => LookupOutcome::Refused,
            Ended::Failed => LookupOutcome::Failed,
        }
    }

    /// Addresses in the order the program gets them.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// The names that were tried, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.session.trials.iter().map(|trial| trial.name.as_str())
    }

    /// The whole answer.
    pub fn explain(self) -> Lookup {
        let outcome = self.outcome();
        let Self { asking, session, found, addresses, source } = self;
        let (rooms, seconds, conf) = (session.rooms, session.seconds, session.conf.clone());
        let (trials, ways) = session.ways();
        let explained = summary::Explained::new(rooms, asking, &conf, &trials, &ways, &found, source);
        let share = ways.iter().map(|way| way.delivered).find(|share| share.n > 0).unwrap_or(Share::ALL);
        let mut records: Vec<Record> = Vec::new();
        for asked in trials.iter().rev().flat_map(|trial| &trial.asked) {
            for record in asked.result.iter().flat_map(|reply| &reply.answers) {
                if !records.contains(record) {
                    records.push(record.clone());
                }
            }
        }
        let failed = found.ended != Ended::Found;
        let error = (failed && asking.is_library())
            .then(|| libc::error(asking.program == Program::Musl, found.ended).to_owned());
        Lookup {
            from: summary::party(rooms.snapshot, asking.from),
            name: asking.name.clone(),
            program: asking.program,
            summary: explained.summary,
            outcome: if explained.undetermined.is_some() { LookupOutcome::Undetermined } else { outcome },
            addresses,
            records,
            canonical: (!found.canonical.is_empty() && !failed).then_some(found.canonical),
            error,
            source,
            seconds,
            resolv_conf: conf,
            steps: trials.iter().map(|trial| step(rooms, trial, failed)).collect(),
            ways,
            share,
            because: explained.because,
            suggestions: explained.suggestions,
            undetermined: explained.undetermined,
        }
    }
}

/// The resolv.conf of whoever asks.
pub(super) fn resolv_conf_of(rooms: &Rooms<'_>, asking: &Asking) -> ResolvConf {
    if let Some(conf) = &asking.resolv_conf {
        return conf.clone();
    }
    let node =
        || kubelet::parse_resolv_conf(&rooms.snapshot.settings.dns.node_resolv_conf).unwrap_or_default();
    match asking.from {
        Party::Pod(pod) => kubelet::conf_of(rooms.snapshot, pod).unwrap_or_default(),
        Party::Node(_) | Party::Outside(_) => node(),
    }
}

/// What getaddrinfo finds without asking a server: addresses, and /etc/hosts.
fn before_dns(
    session: &Session<'_>,
    typed: &str,
    kind: Option<RecordType>,
) -> Option<(&'static str, Vec<IpAddr>)> {
    if kind.is_some_and(|kind| !matches!(kind, RecordType::A | RecordType::AAAA)) {
        return None;
    }
    if let Ok(ip) = typed.parse() {
        return Some(("literal", vec![ip]));
    }
    let bare = name::without_dot(typed);
    if bare.eq_ignore_ascii_case("localhost") {
        return Some(("hosts", vec![[127, 0, 0, 1].into()]));
    }
    let Party::Pod(pod) = session.party else { return None };
    // Most names are not in the file, so only the lines that could match are looked at.
    let (value, spec) = session.rooms.snapshot.pod(pod).map(|pod| (pod, &pod.spec))?;
    let own = bare
        .split('.')
        .next()
        .is_some_and(|label| label == value.name || label == spec.hostname || value.host_network);
    if !own && spec.host_aliases.is_empty() && spec.hostname_override.is_none() {
        return None;
    }
    let file = hosts_file(session.rooms.snapshot, pod)?;
    let lines =
        file.entries.iter().filter(|entry| entry.names.iter().any(|other| other.eq_ignore_ascii_case(bare)));
    let all: Vec<IpAddr> = lines.filter_map(|entry| entry.address.parse().ok()).collect();
    if all.is_empty() {
        return None;
    }
    let wanted = |ip: &IpAddr| kind.is_none_or(|kind| ip.is_ipv4() == (kind == RecordType::A));
    Some(("hosts", all.into_iter().filter(wanted).collect()))
}

fn ask(
    session: &mut Session<'_>,
    program: Program,
    typed: &str,
    kinds: &[RecordType],
    kind: Option<RecordType>,
) -> Found {
    match program {
        Program::Glibc | Program::Busybox128 => libc::glibc(session, typed, kinds),
        Program::Musl => libc::musl(session, typed, kinds),
        other => super::tools::steps(session, other, typed, kind),
    }
}

/// One name with its queries. Denials are told with their evidence when nothing was found in the end.
pub(super) fn step(rooms: Rooms<'_>, trial: &Trial, denials: bool) -> LookupStep {
    LookupStep {
        name: trial.name.clone(),
        parallel: trial.parallel,
        queries: trial.asked.iter().map(|asked| exchange(rooms, &trial.name, asked, denials)).collect(),
    }
}

fn exchange(rooms: Rooms<'_>, name: &str, asked: &Asked, denials: bool) -> Exchange {
    let result = match &asked.result {
        Err(Lost::TimedOut) => ExchangeResult::TimedOut,
        Err(Lost::Refused) => ExchangeResult::Refused,
        Ok(reply) => {
            let cite = denials || !reply.answers.is_empty();
            ExchangeResult::Answered {
                rcode: reply.rcode,
                flags: Flags {
                    aa: reply.authoritative,
                    tc: reply.truncated,
                    rd: true,
                    ra: reply.recursion_available,
                },
                answers: reply.answers.clone(),
                because: rooms.server.reasons(rooms.snapshot, name, asked.kind, &reply.because, cite),
            }
        }
    };
    let protocol = if asked.tcp { Protocol::Tcp } else { Protocol::Udp };
    Exchange { record_type: asked.kind, server: asked.server, protocol, tries: asked.tries, result }
}

impl Lookup {
    /// Whether the program goes on with an address.
    pub fn is_found(&self) -> bool {
        self.outcome == LookupOutcome::Found
    }

    /// Names that were asked before the one that counted.
    pub fn wasted(&self) -> usize {
        self.steps.len().saturating_sub(1)
    }
}

/// Names that would have been found had the program searched.
pub(super) fn searchable(rooms: Rooms<'_>, conf: &ResolvConf, typed: &str) -> Option<String> {
    if typed.ends_with('.') {
        return None;
    }
    let domain = &rooms.snapshot.settings.dns.cluster_domain;
    let always = [format!("svc.{domain}"), domain.clone()];
    conf.searches.iter().chain(&always).find_map(|search| {
        let tried = format!("{typed}.{}", name::fqdn(search));
        let reply = rooms.server.query(&tried, RecordType::A);
        let answered = reply.answers.iter().any(|record| !matches!(record.data, Data::Cname(_)));
        answered.then(|| suggest::bare(&tried))
    })
}

/// Whether a way ends at cluster DNS.
pub(super) fn reaches_cluster(ways: &[Way]) -> bool {
    ways.iter().any(|way| way.end == End::Cluster)
}
