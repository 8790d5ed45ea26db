//! A program that asks name servers: it sends queries over real ways, and everything is written down.

use super::kubelet::ResolvConf;
use super::path::{End, Way};
use super::server::{Query, SizeLimit};
use super::{Rcode, RecordType, Reply, Rooms};
use crate::model::{Party, Protocol};
use std::net::IpAddr;
use std::rc::Rc;

/// Why a query brought no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    TimedOut,
    Refused,
}

/// One query with what came back.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) kind: RecordType,
    pub(super) server: IpAddr,
    pub(super) tcp: bool,
    /// How often it was sent.
    pub(super) tries: u32,
    pub(super) result: Result<Rc<Reply>, Lost>,
}

/// One name tried, with its queries.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// Fully qualified.
    pub(super) name: String,
    pub(super) asked: Vec<Asked>,
    /// Sent together with the trials around it.
    pub(super) parallel: bool,
}

/// A program at work.
pub(super) struct Session<'a> {
    pub(super) rooms: Rooms<'a>,
    pub(super) party: Party,
    pub(super) conf: ResolvConf,
    /// Name servers that are addresses.
    pub(super) servers: Vec<IpAddr>,
    pub(super) trials: Vec<Trial>,
    /// Seconds of waiting so far.
    pub(super) seconds: u32,
    ways: Vec<(IpAddr, Way)>,
    client: Option<IpAddr>,
}

impl<'a> Session<'a> {
    pub(super) fn new(rooms: Rooms<'a>, party: Party, conf: ResolvConf) -> Self {
        let servers = conf.nameservers.iter().filter_map(|server| server.parse().ok()).collect();
        let client = match party {
            Party::Pod(pod) => rooms.snapshot.pod(pod).and_then(|pod| pod.ips.first().copied()),
            Party::Node(node) => rooms.snapshot.node(node).and_then(|node| node.ips.first().copied()),
            Party::Outside(ip) => Some(ip),
        };
        Self { rooms, party, conf, servers, trials: Vec::new(), seconds: 0, ways: Vec::new(), client }
    }

    /// Addresses the client can send from; none for a pod that runs on no node, which has no network.
    pub(super) fn own_addresses(&self) -> Vec<IpAddr> {
        let snapshot = self.rooms.snapshot;
        match self.party {
            Party::Pod(pod) => {
                let pod = snapshot.pod(pod).filter(|pod| pod.node.is_some());
                pod.map(|pod| pod.ips.clone()).unwrap_or_default()
            }
            Party::Node(node) => snapshot.node(node).map(|node| node.ips.clone()).unwrap_or_default(),
            Party::Outside(ip) => vec![ip],
        }
    }

    /// Every way that was taken, in the order of its first use.
    pub(super) fn ways(self) -> (Vec<Trial>, Vec<Way>) {
        (self.trials, self.ways.into_iter().map(|(_, way)| way).collect())
    }

    fn end(&mut self, server: IpAddr, protocol: Protocol) -> End {
        if let Some((_, way)) = self.ways.iter().find(|(ip, way)| *ip == server && way.protocol == protocol) {
            return way.end.clone();
        }
        let way = self.rooms.way(self.party, server, protocol);
        let end = way.end.clone();
        self.ways.push((server, way));
        end
    }

    /// Sends one query and writes nothing down.
    pub(super) fn send(
        &mut self,
        server: IpAddr,
        name: &str,
        kind: RecordType,
        limit: SizeLimit,
    ) -> Result<Rc<Reply>, Lost> {
        let protocol = if limit == SizeLimit::None { Protocol::Tcp } else { Protocol::Udp };
        match self.end(server, protocol) {
            End::TimedOut => Err(Lost::TimedOut),
            End::Refused => Err(Lost::Refused),
            End::Cluster => {
                let query = Query { name, record_type: kind, limit, client: self.client };
                Ok(Rc::new(self.rooms.server.ask(&query)))
            }
            End::Outside => Ok(Rc::new(self.rooms.server.outside().answer(Some(server), name, kind))),
            End::Undetermined { missing } => {
                let undetermined = Some(missing);
                Ok(Rc::new(Reply { rcode: Rcode::ServFail, undetermined, ..Reply::default() }))
            }
        }
    }

    /// Sends over UDP, and over TCP when the answer was cut and the program asks again.
    pub(super) fn send_twice(
        &mut self,
        server: IpAddr,
        name: &str,
        kind: RecordType,
        limit: SizeLimit,
    ) -> (bool, Result<Rc<Reply>, Lost>) {
        match self.send(server, name, kind, limit) {
            Ok(reply) if reply.truncated => (true, self.send(server, name, kind, SizeLimit::None)),
            result => (false, result),
        }
    }

    /// Writes a trial down.
    pub(super) fn note(&mut self, name: &str, asked: Vec<Asked>, parallel: bool) {
        self.trials.push(Trial { name: name.to_owned(), asked, parallel });
    }
}
