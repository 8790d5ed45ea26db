//! The way of a query to its name server: the DNS Service and NetworkPolicy are real hops.

use super::{Reason, Rooms};
use crate::manifest::ObjectRef;
use crate::model::{
    Family, NameServerBehaviour, NodeId, Packet, Party, PodId, Protocol, ServiceId, Share, Snapshot,
};
use crate::policy::{Connection, Decision};
use crate::services::{Outcome, Unmatched, explain};
use serde::Serialize;
use std::net::IpAddr;

/// The port of DNS.
const DNS: u16 = 53;

/// How queries to one name server fare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Way {
    /// The name server.
    pub server: String,
    /// UDP, or TCP for large answers.
    pub protocol: Protocol,
    /// How it ends.
    pub end: End,
    /// The part of the queries that get there; with several DNS pods some may be out of reach.
    pub delivered: Share,
    /// The Service on the way, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ObjectRef>,
    /// Every decision on the way.
    pub because: Vec<Reason>,
}

/// How a way to a name server ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum End {
    /// At cluster DNS.
    Cluster,
    /// At a resolver outside the cluster.
    Outside,
    /// Nowhere: the query is lost.
    TimedOut,
    /// Somebody says that nobody is there.
    Refused,
    /// Not known.
    Undetermined {
        /// What is missing.
        missing: String,
    },
}

/// The Service that leads to cluster DNS: the one with the address the kubelets know, else kube-dns.
pub(super) fn dns_service(snapshot: &Snapshot) -> Option<ServiceId> {
    let wanted: Vec<String> = super::kubelet::cluster_dns(snapshot).iter().map(ToString::to_string).collect();
    let by_address = snapshot.services.iter().position(|service| {
        service.spec.cluster_ips.iter().any(|ip| wanted.contains(ip))
            || wanted.contains(&service.spec.cluster_ip)
    });
    by_address.map(|index| ServiceId(index as u32)).or_else(|| snapshot.service_id("kube-system", "kube-dns"))
}

impl Rooms<'_> {
    /// The way from `party` to port 53 of `server`.
    pub(super) fn way(&self, party: Party, server: IpAddr, protocol: Protocol) -> Way {
        let mut way = Way {
            server: server.to_string(),
            protocol,
            end: End::Outside,
            delivered: Share::ALL,
            service: None,
            because: Vec::new(),
        };
        let Some(source) = self.source(party, server) else {
            let family = if server.is_ipv4() { "IPv4" } else { "IPv6" };
            way.lost(format!("the client has no {family} address, so {server} cannot be reached"));
            return way;
        };
        if server.is_loopback() {
            way.end = End::Refused;
            way.because.push(plain(format!("{server} is the client itself, and no DNS server runs in it")));
            return way;
        }
        if let Some(behaviour) = self.server.behaviour(server) {
            self.outside(party, source, server, behaviour, &mut way);
            return way;
        }
        let node = match party {
            Party::Pod(pod) => self.snapshot.pod(pod).and_then(|pod| pod.node),
            Party::Node(node) => Some(node),
            Party::Outside(_) => None,
        };
        match node.or_else(|| (!self.snapshot.nodes.is_empty()).then_some(NodeId(0))) {
            Some(node) => self.through_proxy(party, source, server, node, &mut way),
            None => self.without_nodes(party, source, server, &mut way),
        }
        way
    }

    /// The address a client sends from.
    fn source(&self, party: Party, to: IpAddr) -> Option<IpAddr> {
        let fits = |ips: &[IpAddr]| ips.iter().copied().find(|ip| Family::of(*ip) == Family::of(to));
        match party {
            Party::Pod(pod) => self.snapshot.pod(pod).and_then(|pod| fits(&pod.ips)),
            Party::Node(node) => self.snapshot.node(node).and_then(|node| fits(&node.ips)),
            Party::Outside(ip) => fits(&[ip]),
        }
    }

    fn outside(
        &self,
        party: Party,
        source: IpAddr,
        server: IpAddr,
        behaviour: NameServerBehaviour,
        way: &mut Way,
    ) {
        if !self.allowed(party, source, Party::Outside(server), server, DNS, way) {
            way.end = End::TimedOut;
            way.delivered = Share { n: 0, of: 1 };
            return;
        }
        match behaviour {
            NameServerBehaviour::Answers | NameServerBehaviour::Fails => {
                way.because.push(plain(format!("{server} is a resolver outside the cluster")));
            }
            NameServerBehaviour::Silent => way.lost(format!("the name server {server} never answers")),
            NameServerBehaviour::Refuses => way.refused(format!("nothing listens on port 53 of {server}")),
        }
    }

    fn through_proxy(&self, party: Party, source: IpAddr, server: IpAddr, node: NodeId, way: &mut Way) {
        let packet = Packet { source, destination: server, port: DNS, protocol: way.protocol };
        let selection = self.proxy.select(self.snapshot, node, &packet);
        let service = selection.frontend.map(|frontend| frontend.service);
        way.service = service.and_then(|id| self.snapshot.service_ref(id));
        let told = || {
            explain::reasons(self.snapshot, self.proxy, &selection)
                .into_iter()
                .map(|reason| Reason { text: reason.sentence, evidence: reason.evidence.into_iter().next() })
        };
        match &selection.outcome {
            Outcome::Backends { backends, .. } => {
                way.because.extend(service.and_then(|id| self.through(id, server, backends.len())));
                let targets: Vec<_> = backends.iter().map(|b| (b.ip, b.port, b.pod, b.share)).collect();
                self.backends(party, source, service, &targets, way);
            }
            Outcome::Rejected(_) => {
                way.because.extend(told());
                way.end = End::Refused;
                way.delivered = Share { n: 0, of: 1 };
            }
            Outcome::Dropped(_) | Outcome::HealthCheck => {
                way.because.extend(told());
                way.end = End::TimedOut;
                way.delivered = Share { n: 0, of: 1 };
            }
            Outcome::NotMatched(Unmatched::NoService) => self.direct(party, source, server, way),
            Outcome::NotMatched(_) => {
                way.because.extend(told());
                way.lost(format!(
                    "{server} is the address of a Service that has no port 53/{}",
                    way.protocol
                ));
            }
        }
    }

    fn through(&self, service: ServiceId, server: IpAddr, backends: usize) -> Option<Reason> {
        let reference = self.snapshot.service_ref(service)?;
        let text = format!("{server} is {reference}, behind which {backends} endpoints stand");
        let evidence = self
            .snapshot
            .service(service)
            .map(|service| self.snapshot.evidence(reference, &service.origin, "spec.clusterIP"));
        Some(Reason { text, evidence })
    }

    /// A snapshot without nodes (stored objects alone): what the Service itself tells.
    fn without_nodes(&self, party: Party, source: IpAddr, server: IpAddr, way: &mut Way) {
        let text = server.to_string();
        let found =
            self.snapshot.services.iter().position(|service| service.spec.cluster_ips.contains(&text));
        let Some(id) = found.map(|index| ServiceId(index as u32)) else {
            self.direct(party, source, server, way);
            return;
        };
        way.service = self.snapshot.service_ref(id);
        let Some(service) = self.snapshot.service(id) else { return };
        let mut targets = Vec::new();
        for slice in &self.snapshot.slices {
            let name = slice.value.metadata.labels.get("kubernetes.io/service-name");
            if slice.namespace != service.namespace || name != Some(&service.name) {
                continue;
            }
            for (at, endpoint) in slice.value.endpoints.iter().enumerate() {
                let ip = endpoint.addresses.first().and_then(|ip| ip.parse::<IpAddr>().ok());
                let ready = endpoint.conditions.ready != Some(false);
                if let Some(ip) = ip.filter(|ip| ready && ip.is_ipv4() == server.is_ipv4()) {
                    targets.push((ip, DNS, slice.pods.get(at).copied().flatten(), Share::ALL));
                }
            }
        }
        let of = u32::try_from(targets.len()).unwrap_or(u32::MAX);
        targets.iter_mut().for_each(|target| target.3 = Share { n: 1, of });
        if targets.is_empty() {
            way.refused(format!("Service {} has no ready endpoints", service.name));
        } else {
            self.backends(party, source, Some(id), &targets, way);
        }
    }

    fn backends(
        &self,
        party: Party,
        source: IpAddr,
        service: Option<ServiceId>,
        targets: &[(IpAddr, u16, Option<PodId>, Share)],
        way: &mut Way,
    ) {
        let is_dns = service.is_some() && service == self.dns_service;
        let (mut reached, mut of) = (0, 0);
        let mut refused = false;
        for (ip, port, pod, share) in targets {
            of = of.max(share.of);
            let owner = pod.map_or_else(|| self.owner(*ip), Party::Pod);
            if !self.allowed(party, source, owner, *ip, *port, way) {
                continue;
            }
            if let Some(reason) = pod.and_then(|pod| self.not_listening(pod, *port, way.protocol)) {
                refused = true;
                way.because.push(reason);
                continue;
            }
            reached += share.n;
        }
        way.delivered = Share { n: reached, of: of.max(1) }.of_share(Share::ALL);
        way.end = match (reached, refused) {
            (0, true) => End::Refused,
            (0, false) => End::TimedOut,
            _ if is_dns
                || targets.iter().any(|(_, _, pod, _)| pod.is_some_and(|pod| self.is_dns_pod(pod))) =>
            {
                End::Cluster
            }
            _ => End::Undetermined { missing: format!("what listens behind {}", way.server) },
        };
    }

    /// An address that is no Service's.
    fn direct(&self, party: Party, source: IpAddr, server: IpAddr, way: &mut Way) {
        let owner = self.owner(server);
        if !self.allowed(party, source, owner, server, DNS, way) {
            way.end = End::TimedOut;
            way.delivered = Share { n: 0, of: 1 };
            return;
        }
        match owner {
            Party::Pod(pod) => match self.not_listening(pod, DNS, way.protocol) {
                Some(reason) => {
                    way.because.push(reason);
                    way.end = End::Refused;
                    way.delivered = Share { n: 0, of: 1 };
                }
                None if self.is_dns_pod(pod) => way.end = End::Cluster,
                None => {
                    way.end = End::Undetermined { missing: format!("what listens on port 53 of {server}") }
                }
            },
            Party::Node(node) => {
                let name = self.snapshot.node(node).map(|node| node.name.clone()).unwrap_or_default();
                way.refused(format!(
                    "{server} is the address of node {name}, and no DNS server is known to run on it"
                ));
            }
            Party::Outside(_) => self.unowned(server, way),
        }
    }

    /// An address nobody in the cluster has.
    fn unowned(&self, server: IpAddr, way: &mut Way) {
        let settings = &self.snapshot.settings;
        if settings.service_cidrs.iter().any(|net| net.contains(&server)) {
            way.lost(format!("no Service has the address {server}, so the query is lost"));
        } else if settings.pod_cidrs.iter().any(|net| net.contains(&server)) {
            way.lost(format!("no pod has the address {server}, so the query is lost"));
        } else if matches!(server, IpAddr::V4(ip) if ip.is_link_local()) {
            // A cache on every node listens on a link-local address and asks cluster DNS itself.
            let cache = (0..).map(PodId).zip(&self.snapshot.pods).find(|(_, pod)| {
                pod.host_network && pod.labels.get("k8s-app").is_some_and(|app| app == "node-local-dns")
            });
            match cache.and_then(|(id, _)| self.snapshot.pod_ref(id)) {
                Some(pod) => {
                    way.because.push(plain(format!("{pod} is a DNS cache on the node and asks cluster DNS")));
                    way.end = End::Cluster;
                }
                None => way.lost(format!("no DNS cache of the node is known to listen on {server}")),
            }
        } else {
            way.because.push(plain(format!("{server} is a resolver outside the cluster")));
        }
    }

    fn owner(&self, ip: IpAddr) -> Party {
        let pods = self
            .snapshot
            .pods
            .iter()
            .position(|pod| pod.is_alive() && !pod.host_network && pod.ips.contains(&ip));
        if let Some(index) = pods {
            return Party::Pod(PodId(index as u32));
        }
        let node = self.snapshot.nodes.iter().position(|node| node.ips.contains(&ip));
        node.map_or(Party::Outside(ip), |index| Party::Node(NodeId(index as u32)))
    }

    fn is_dns_pod(&self, pod: PodId) -> bool {
        let labels = self.snapshot.pod(pod).map(|pod| &pod.labels);
        labels.is_some_and(|labels| {
            labels.get("k8s-app").is_some_and(|app| app == "kube-dns" || app == "coredns")
        })
    }

    /// A pod that declares ports listens on these; of one that declares none, a DNS pod listens on its own.
    fn not_listening(&self, id: PodId, port: u16, protocol: Protocol) -> Option<Reason> {
        let pod = self.snapshot.pod(id)?;
        let mut declared = pod.spec.containers.iter().flat_map(|container| &container.ports).peekable();
        declared.peek()?;
        let open = declared.any(|other| {
            other.container_port == i32::from(port) && Protocol::parse(&other.protocol) == Some(protocol)
        });
        if open {
            return None;
        }
        let reference = self.snapshot.pod_ref(id)?;
        let text =
            format!("no container of {reference} declares {protocol} port {port}, so the query is refused");
        let evidence = self.snapshot.evidence(reference, &pod.origin, "spec.containers[0].ports");
        Some(Reason { text, evidence: Some(evidence) })
    }

    /// What NetworkPolicy says; a denial is explained.
    fn allowed(
        &self,
        from: Party,
        from_ip: IpAddr,
        to: Party,
        to_ip: IpAddr,
        port: u16,
        way: &mut Way,
    ) -> bool {
        let connection = Connection { from, to, from_ip, to_ip, protocol: way.protocol, port };
        match self.policy.allows(self.snapshot, &connection) {
            decision if decision.is_allowed() => true,
            // A party without an address is judged elsewhere.
            Decision::Undetermined { .. } => true,
            _ => {
                let verdict = self.policy.verdict(self.snapshot, &connection);
                let evidence = |side: &crate::policy::Side| {
                    side.decided_by.clone().or_else(|| {
                        let object = ObjectRef::clone(side.isolated_by.first()?);
                        let stored =
                            self.snapshot.network_policies.iter().find(|policy| policy.object == object)?;
                        Some(self.snapshot.evidence(object, &stored.origin, "spec.podSelector"))
                    })
                };
                for side in [&verdict.egress, &verdict.ingress] {
                    if !side.decision.is_allowed() {
                        let reason = Reason { text: side.sentence.clone(), evidence: evidence(side) };
                        if !way.because.contains(&reason) {
                            way.because.push(reason);
                        }
                    }
                }
                false
            }
        }
    }
}

impl Way {
    fn lost(&mut self, text: String) {
        self.because.push(plain(text));
        self.end = End::TimedOut;
        self.delivered = Share { n: 0, of: 1 };
    }

    fn refused(&mut self, text: String) {
        self.because.push(plain(text));
        self.end = End::Refused;
        self.delivered = Share { n: 0, of: 1 };
    }
}

fn plain(text: String) -> Reason {
    Reason { text, evidence: None }
}
