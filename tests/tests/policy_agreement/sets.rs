//! Exact sets of ports: found by asking the naive evaluator at every port where the answer could change.

use super::model::{End, World};
use super::naive::{self, Answer, Asked};
use super::random::Random;
use super::{Count, PROTOCOLS, party};
use kubehop::Cluster;
use kubehop::model::{Family, Protocol};
use kubehop::policy::{Granularity, PortSet};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Ports by what is said of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sets {
    /// Allowed as far as it can be told.
    pub open: PortSet,
    pub undetermined: PortSet,
    pub left_open: PortSet,
}

/// The sets of ports for an answer that can only change at the world's borders.
pub fn sets(world: &World, ask: impl Fn(Protocol, u16) -> Answer) -> Sets {
    let borders: Vec<u16> = world.borders().into_iter().collect();
    let mut out = Sets::default();
    for protocol in PROTOCOLS {
        for (n, start) in borders.iter().enumerate() {
            let end = borders.get(n + 1).map_or(65535, |next| next - 1);
            let range = PortSet::range(protocol, *start, end);
            let answer = ask(protocol, *start);
            if answer.is_allowed() {
                out.open = out.open.union(&range);
            }
            match answer {
                Answer::Unknown => out.undetermined = out.undetermined.union(&range),
                Answer::Open(_) => out.left_open = out.left_open.union(&range),
                _ => {}
            }
        }
    }
    out
}

/// The sets of one end only.
pub fn side(world: &World, egress: bool, subject: (&End, IpAddr), peer: (&End, IpAddr)) -> Sets {
    sets(world, |protocol, port| Asked { world, protocol, port }.side(egress, subject, peer))
}

type Matrix = BTreeMap<(String, String, bool), PortSet>;

pub fn check(seed: u64, world: &World, cluster: &Cluster, random: &mut Random, count: &mut Count) {
    let (engine, snapshot) = (cluster.policies(), cluster.snapshot());
    let links = links(cluster, Granularity::Pod).0;
    for _ in 0..8 {
        let (from, to) = (world.random_end(random), world.random_end(random));
        let Some((from_ip, to_ip)) = world.addresses(&from, &to, random) else { continue };
        let wanted = sets(world, |protocol, port| {
            naive::judge(world, (&from, from_ip), (&to, to_ip), None, protocol, port)
        });
        let (source, target) = (party(world, cluster, &from), party(world, cluster, &to));
        let context = || format!("seed {seed}: {from:?} {from_ip} to {to:?} {to_ip}\n{}", world.manifest());
        let open = engine.ports_between(snapshot, (source, from_ip), (target, to_ip));
        assert_eq!(open, wanted.open, "{}", context());
        let doubts = engine.doubts_between(snapshot, (source, from_ip), (target, to_ip));
        assert_eq!(doubts.undetermined, wanted.undetermined, "undetermined; {}", context());
        assert_eq!(doubts.implementation_defined, wanted.left_open, "left open; {}", context());
        count.sets += 1;
        if let (End::Pod(a), End::Pod(b)) = (&from, &to)
            && a != b
        {
            let key = (world.pod_name(*a), world.pod_name(*b), from_ip.is_ipv4());
            let listed = links.get(&key).cloned().unwrap_or_default();
            assert_eq!(listed, wanted.open, "matrix; {}", context());
        }
    }
    border(seed, world, cluster, random);
    whole(seed, world, cluster, &links);
}

/// One pod and every address outside.
fn border(seed: u64, world: &World, cluster: &Cluster, random: &mut Random) {
    let index = random.below(world.pods.len());
    let pod = End::Pod(index);
    let name = world.pod_name(index);
    let Ok(reach) =
        cluster.reachability(Granularity::Pod, Some("pods | outside"), Some("pods | outside"), None)
    else {
        return;
    };
    let settings = &cluster.snapshot().settings;
    let ranges: Vec<_> = settings.pod_cidrs.iter().chain(&settings.service_cidrs).collect();
    let inside = world.inside();
    for ip in super::model::OUTSIDE.map(|ip| ip.parse::<IpAddr>().unwrap()) {
        // What lies in the cluster's own ranges is not outside.
        if inside.contains(&ip) || ranges.iter().any(|range| range.contains(&ip)) {
            continue;
        }
        let Some(own) = world.ips(&pod).into_iter().find(|own| own.is_ipv4() == ip.is_ipv4()) else {
            continue;
        };
        let end = End::Outside(ip);
        for egress in [true, false] {
            let (from, to) = if egress { ((&pod, own), (&end, ip)) } else { ((&end, ip), (&pod, own)) };
            let wanted = sets(world, |protocol, port| naive::judge(world, from, to, None, protocol, port));
            let list = if egress { &reach.to_outside } else { &reach.from_outside };
            let found = list.iter().find(|link| link.member == name && link.addresses.contains(ip));
            let open = found.map(|link| link.ports.clone()).unwrap_or_default();
            let unsure = found.and_then(|link| link.undetermined.clone()).unwrap_or_default();
            let context = || format!("seed {seed}: {name}, {ip}, egress {egress}\n{}", world.manifest());
            assert_eq!(open, wanted.open, "border; {}", context());
            assert_eq!(unsure, wanted.undetermined, "border, undetermined; {}", context());
        }
    }
}

/// The matrix by namespace says what the pods of two namespaces have in common, and what some of them may.
fn whole(seed: u64, world: &World, cluster: &Cluster, links: &Matrix) {
    let (every, some) = self::links(cluster, Granularity::Namespace);
    let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (n, pod) in world.pods.iter().enumerate() {
        if pod.ended.is_none() && !pod.ips.is_empty() {
            names.entry(format!("Namespace {}", world.namespaces[pod.namespace].name)).or_default().push(n);
        }
    }
    for (from, senders) in &names {
        for (to, receivers) in &names {
            for v4 in [true, false] {
                let mut common: Option<PortSet> = None;
                let mut any = PortSet::none();
                for (a, b) in senders.iter().flat_map(|a| receivers.iter().map(move |b| (*a, *b))) {
                    let has = |n: usize| world.pods[n].ips.iter().any(|ip| ip.is_ipv4() == v4);
                    if a == b || !has(a) || !has(b) {
                        continue;
                    }
                    let key = (world.pod_name(a), world.pod_name(b), v4);
                    let ports = links.get(&key).cloned().unwrap_or_default();
                    any = any.union(&ports);
                    common = Some(common.map_or(ports.clone(), |common| common.intersect(&ports)));
                }
                // Without a pair of this family there is nothing to say.
                let Some(common) = common else { continue };
                let key = (from.clone(), to.clone(), v4);
                let found = |map: &Matrix| map.get(&key).cloned().unwrap_or_default();
                let context = || format!("seed {seed}: {key:?}\n{}", world.manifest());
                assert_eq!(found(&every), common, "every; {}", context());
                assert_eq!(found(&some), any, "some; {}", context());
            }
        }
    }
}

/// The matrix: ports by source, destination and whether the addresses are IPv4; of every pair, of some.
fn links(cluster: &Cluster, by: Granularity) -> (Matrix, Matrix) {
    let (mut every, mut some) = (BTreeMap::new(), BTreeMap::new());
    let Ok(reach) = cluster.reachability(by, Some("pods"), Some("pods"), None) else {
        return (every, some);
    };
    for link in reach.connections {
        for v4 in [true, false] {
            if link.family.is_none_or(|family| (family == Family::IPv4) == v4) {
                let key = (link.from.clone(), link.to.clone(), v4);
                some.insert(key.clone(), link.some.as_ref().unwrap_or(&link.ports).clone());
                every.insert(key, link.ports.clone());
            }
        }
    }
    (every, some)
}

impl World {
    /// Ports at which an answer may change: first ports of ranges and first ports after them.
    fn borders(&self) -> BTreeSet<u16> {
        let mut out = BTreeSet::from([1]);
        let mut add = |start: u16, end: u16| {
            out.insert(start);
            out.extend(end.checked_add(1));
        };
        for policy in &self.policies {
            for port in policy.ingress.iter().chain(&policy.egress).flat_map(|rule| &rule.ports) {
                if let Some(Ok(start)) = port.port {
                    add(start, port.end.filter(|_| self.end_port).unwrap_or(start));
                }
            }
        }
        for policy in &self.cluster_policies {
            let rules = policy.ingress.iter().chain(&policy.egress);
            for port in rules.filter_map(|rule| rule.ports.as_ref()).flatten() {
                if let super::model::ClusterPort::Range(_, start, end) = port {
                    add(*start, *end);
                }
            }
        }
        for port in self.pods.iter().flat_map(|pod| &pod.ports) {
            add(port.number, port.number);
        }
        out
    }

    fn inside(&self) -> BTreeSet<IpAddr> {
        let nodes = self.nodes.iter().flat_map(|node| node.ips.iter().chain(&node.external));
        nodes.chain(self.pods.iter().flat_map(|pod| &pod.ips)).copied().collect()
    }

    /// As answers name a pod.
    pub fn pod_name(&self, index: usize) -> String {
        let pod = &self.pods[index];
        format!("Pod {}/{}", self.namespaces[pod.namespace].name, pod.name)
    }
}
