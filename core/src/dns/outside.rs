//! Name servers outside the cluster: what is known of them comes from the settings.

use super::name::{address_of_reverse, fqdn};
use super::record::{Data, Rcode, Record, RecordType, Soa};
use super::{Reply, Why};
use crate::model::{NameServerBehaviour, Snapshot};
use std::net::IpAddr;

/// Top-level domains that exist and are common; names under them are public, so what a resolver answers is
/// not known unless the settings say so. Two-letter ones are countries'.
const PUBLIC: &[&str] = &[
    "com",
    "net",
    "org",
    "edu",
    "gov",
    "mil",
    "int",
    "info",
    "biz",
    "dev",
    "app",
    "cloud",
    "online",
    "site",
    "xyz",
    "shop",
    "store",
    "tech",
    "page",
    "blog",
    "live",
    "name",
    "pro",
    "mobi",
    "arpa",
    "google",
    "aws",
    "azure",
    "microsoft",
    "apple",
    "amazon",
    "services",
    "systems",
    "network",
    "host",
    "hosting",
    "software",
    "solutions",
    "email",
    "world",
    "company",
    "digital",
    "team",
    "run",
    "zone",
    "works",
    "studio",
    "agency",
    "club",
    "space",
    "link",
    "top",
    "news",
    "media",
];

/// The servers outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Outside {
    /// Records every outside server knows; `None` when the settings do not say.
    records: Option<Vec<Record>>,
    servers: Vec<(IpAddr, NameServerBehaviour, Option<Vec<Record>>)>,
}

impl Outside {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let read = |lines: &Vec<String>| lines.iter().filter_map(|line| Record::parse(line).ok()).collect();
        let dns = &snapshot.settings.dns;
        Self {
            records: dns.upstream_records.as_ref().map(read),
            servers: dns
                .name_servers
                .iter()
                .map(|server| (server.address, server.behaviour, server.records.as_ref().map(read)))
                .collect(),
        }
    }

    /// What the server at `address` does with queries.
    pub(super) fn behaviour(&self, address: IpAddr) -> Option<NameServerBehaviour> {
        self.servers.iter().find(|(ip, _, _)| *ip == address).map(|(_, behaviour, _)| *behaviour)
    }

    /// The answer of the recursive resolver at `address` (any, when `None`).
    pub(super) fn answer(&self, address: Option<IpAddr>, name: &str, kind: RecordType) -> Reply {
        let server = self.servers.iter().find(|(ip, _, _)| Some(*ip) == address);
        let mut reply = Reply { recursion_available: true, by: "forward", ..Reply::default() };
        match server.map(|(_, behaviour, _)| *behaviour) {
            None | Some(NameServerBehaviour::Answers) => {}
            Some(_) => {
                reply.rcode = Rcode::ServFail;
                reply.recursion_available = false;
                reply.because.push(Why::UpstreamFails(address));
                return reply;
            }
        }
        let known = server.and_then(|(_, _, records)| records.as_ref()).or(self.records.as_ref());
        let records = known.map(Vec::as_slice).unwrap_or_default();
        let mut owner = name.to_owned();
        let mut exists = false;
        // A recursive resolver follows aliases; nine are enough for anyone, and end a loop.
        for _ in 0..9 {
            let same = records.iter().filter(|record| record.name.eq_ignore_ascii_case(&owner));
            exists = same.clone().next().is_some();
            let spelled = |record: &Record| Record { name: owner.clone(), ..record.clone() };
            let found: Vec<Record> =
                same.clone().filter(|record| record.record_type() == kind).map(spelled).collect();
            let alias = same.clone().find_map(|record| match &record.data {
                Data::Cname(target) => Some((spelled(record), target.clone())),
                _ => None,
            });
            match alias {
                Some((record, target)) if found.is_empty() => {
                    reply.answers.push(record);
                    owner = fqdn(&target);
                }
                _ => {
                    reply.answers.extend(found);
                    break;
                }
            }
        }
        if exists {
            reply.because.push(Why::UpstreamKnows);
            return reply;
        }
        reply.rcode = Rcode::NxDomain;
        reply.authority.push(root_soa());
        let top = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let private = address_of_reverse(name).is_some_and(is_private);
        let dotted = name.trim_end_matches('.').contains('.');
        let public = dotted && !private && (top.len() == 2 || PUBLIC.contains(&top.as_str()));
        if known.is_none() && public {
            reply.undetermined = Some(super::explain::upstream_unknown(name));
        }
        reply.because.push(if known.is_some() { Why::UpstreamDenies } else { Why::UpstreamAssumed });
        reply
    }
}

/// The SOA of the root, which stands in denials of names under no existing top-level domain.
fn root_soa() -> Record {
    let soa = Soa {
        mname: "a.root-servers.net.".into(),
        rname: "nstld.verisign-grs.com.".into(),
        serial: 2_024_010_100,
        refresh: 1800,
        retry: 900,
        expire: 604_800,
        minimum: 86400,
    };
    Record { name: ".".into(), ttl: 86400, data: Data::Soa(Box::new(soa)) }
}

/// Addresses no public reverse zone knows.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local(),
    }
}
