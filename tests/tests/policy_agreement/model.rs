//! Random clusters as plain data, and their manifests.

use super::PROTOCOLS;
use super::random::Random;
use kubehop::model::Protocol;
use std::collections::BTreeMap;
use std::net::IpAddr;

pub type Labels = BTreeMap<String, String>;

#[derive(Clone, Debug, Default)]
pub struct Selector {
    pub labels: Labels,
    /// Key, operator, values.
    pub expressions: Vec<(String, String, Vec<String>)>,
}

pub struct Namespace {
    pub name: String,
    pub labels: Labels,
}

pub struct Pod {
    pub namespace: usize,
    pub name: String,
    pub labels: Labels,
    pub ips: Vec<IpAddr>,
    pub node: usize,
    pub host_network: bool,
    /// Succeeded or Failed: no network any more.
    pub ended: Option<&'static str>,
    /// Being deleted: like any other pod until it is gone.
    pub terminating: bool,
    pub ports: Vec<PodPort>,
}

/// Where a port is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Declared {
    /// By the first or the second container.
    Container(usize),
    /// By an init container that restarts always.
    Sidecar,
    /// By an init container that runs once: policies do not know its names.
    Init,
}

#[derive(Clone, Debug)]
pub struct PodPort {
    pub name: String,
    pub protocol: Protocol,
    pub number: u16,
    pub by: Declared,
}

impl Pod {
    /// The ports that policies may call by name, containers before sidecars.
    pub fn named(&self) -> impl Iterator<Item = &PodPort> {
        self.ports.iter().filter(|port| port.by != Declared::Init)
    }
}

pub struct Node {
    pub labels: Labels,
    pub ips: Vec<IpAddr>,
    /// An address of another type: `nodes` peers mean it too.
    pub external: Option<IpAddr>,
}

#[derive(Clone, Debug)]
pub enum NetworkPeer {
    Pods(Option<Selector>, Option<Selector>),
    Block(String, Vec<String>),
}

#[derive(Clone, Debug)]
pub struct NetworkPort {
    pub protocol: Option<Protocol>,
    pub port: Option<Result<u16, String>>,
    pub end: Option<u16>,
}

#[derive(Clone, Debug)]
pub struct NetworkRule {
    pub peers: Vec<NetworkPeer>,
    pub ports: Vec<NetworkPort>,
}

pub struct NetworkPolicy {
    pub namespace: usize,
    pub selector: Selector,
    /// `None`: left to the default.
    pub types: Option<Vec<&'static str>>,
    pub ingress: Vec<NetworkRule>,
    pub egress: Vec<NetworkRule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cluster,
    Admin,
    Baseline,
}

#[derive(Clone, Debug)]
pub enum ClusterPeer {
    Namespaces(Selector),
    Pods(Selector, Selector),
    Nodes(Selector),
    Networks(Vec<String>),
    Domains,
}

#[derive(Clone, Debug)]
pub enum ClusterPort {
    Range(Protocol, u16, u16),
    Name(String),
}

#[derive(Clone, Debug)]
pub struct ClusterRule {
    /// Accept or Allow, Deny, Pass.
    pub action: &'static str,
    pub peers: Vec<ClusterPeer>,
    pub ports: Option<Vec<ClusterPort>>,
}

pub struct ClusterPolicy {
    pub kind: Kind,
    pub baseline: bool,
    pub priority: u32,
    pub namespaces: Selector,
    pub pods: Option<Selector>,
    pub ingress: Vec<ClusterRule>,
    pub egress: Vec<ClusterRule>,
}

pub struct World {
    pub namespaces: Vec<Namespace>,
    pub nodes: Vec<Node>,
    pub pods: Vec<Pod>,
    pub policies: Vec<NetworkPolicy>,
    pub cluster_policies: Vec<ClusterPolicy>,
    pub blocks_match_pods: bool,
    pub end_port: bool,
    pub distinguish: bool,
    pub enforced: bool,
    /// The orders in which the cluster-wide policies may be asked.
    pub orders: Vec<Vec<usize>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Pod(usize),
    Node(usize),
    Outside(IpAddr),
}

pub const OUTSIDE: [&str; 9] = [
    "203.0.113.9",
    "10.0.0.5",
    "10.0.1.5",
    "10.244.7.7",
    "192.168.10.11",
    "198.51.100.1",
    "2001:db8::5",
    "fd00:1::9",
    "fd00:9::1",
];

const BLOCKS: [(&str, &[&str]); 13] = [
    ("0.0.0.0/0", &[]),
    ("0.0.0.0/0", &["10.0.0.0/8"]),
    ("10.0.0.0/8", &["10.0.0.0/24", "10.244.1.0/24"]),
    ("10.244.0.0/16", &["10.244.0.2/32"]),
    ("10.244.0.3/32", &[]),
    ("10.244.1.9/16", &["10.244.0.0/24", "10.244.0.0/25"]),
    ("::ffff:10.244.0.0/112", &[]),
    ("198.51.100.0/24", &[]),
    ("fd00:5::/32", &["fd00:5::12/128"]),
    ("192.168.10.0/24", &["192.168.10.12/32"]),
    ("::/0", &[]),
    ("::/0", &["fd00::/8"]),
    ("fd00::/16", &["fd00:1::/32"]),
];

fn map(pairs: &[(&str, String)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

fn random_labels(random: &mut Random, keys: &[&str], values: &[&str]) -> Labels {
    let mut out = Labels::new();
    for key in keys {
        if !random.one_in(3) {
            out.insert((*key).to_owned(), random.pick(values).to_owned());
        }
    }
    out
}

fn selector(random: &mut Random, keys: &[&str], values: &[&str]) -> Selector {
    let mut out = Selector::default();
    if random.one_in(3) {
        return out;
    }
    if random.one_in(2) {
        out.labels.insert(random.pick(keys).to_owned(), random.pick(values).to_owned());
    }
    for _ in 0..random.below(3) {
        let operator = random.pick(&["In", "NotIn", "Exists", "DoesNotExist"]);
        let count = if operator.ends_with("In") { 1 + random.below(2) } else { 0 };
        let values = (0..count).map(|_| random.pick(values).to_owned()).collect();
        out.expressions.push((random.pick(keys).to_owned(), operator.to_owned(), values));
    }
    out
}

const POD_KEYS: [&str; 2] = ["app", "tier"];
const POD_VALUES: [&str; 4] = ["a", "b", "c", ""];
const NS_KEYS: [&str; 2] = ["team", "kubernetes.io/metadata.name"];
const NS_VALUES: [&str; 4] = ["red", "blue", "n0", "n1"];

fn pod_selector(random: &mut Random) -> Selector {
    selector(random, &POD_KEYS, &POD_VALUES)
}

fn ns_selector(random: &mut Random) -> Selector {
    selector(random, &NS_KEYS, &NS_VALUES)
}

const NUMBERS: [u16; 6] = [80, 81, 8080, 53, 443, 65535];
const NAMES: [&str; 3] = ["http", "dns", "extra"];

impl World {
    pub fn random(random: &mut Random) -> Self {
        let namespaces: Vec<Namespace> = (0..1 + random.below(3))
            .map(|n| {
                let name = format!("n{n}");
                let mut labels = random_labels(random, &["team"], &["red", "blue"]);
                labels.insert("kubernetes.io/metadata.name".into(), name.clone());
                Namespace { name, labels }
            })
            .collect();
        let nodes: Vec<Node> = (0..3_usize)
            .map(|n| Node {
                labels: map(&[("os", if n == 0 { "linux".into() } else { "other".into() })]),
                ips: vec![
                    format!("192.168.10.{}", 11 + n).parse().unwrap(),
                    format!("fd00:5::{}", 11 + n).parse().unwrap(),
                ],
                external: (n == 1).then(|| "198.51.100.1".parse().unwrap()),
            })
            .collect();
        let pods = (0..2 + random.below(5)).map(|n| random_pod(random, n, &namespaces, &nodes)).collect();
        let policies = (0..random.below(5)).map(|_| network_policy(random, namespaces.len())).collect();
        let mut cluster_policies: Vec<ClusterPolicy> = Vec::new();
        for n in 0..random.below(5) {
            cluster_policies.push(cluster_policy(random, n));
        }
        let banp = cluster_policies.iter().position(|policy| policy.kind == Kind::Baseline);
        let mut index = 0;
        cluster_policies.retain(|policy| {
            index += 1;
            policy.kind != Kind::Baseline || banp == Some(index - 1)
        });
        let mut world = Self {
            namespaces,
            nodes,
            pods,
            policies,
            cluster_policies,
            blocks_match_pods: !random.one_in(4),
            end_port: !random.one_in(8),
            distinguish: random.one_in(3),
            enforced: !random.one_in(40),
            orders: Vec::new(),
        };
        world.orders = super::naive::orders(&world);
        world
    }

    pub fn random_end(&self, random: &mut Random) -> End {
        match random.below(8) {
            0 => End::Node(random.below(self.nodes.len())),
            1 | 2 => End::Outside(random.pick(&OUTSIDE).parse().unwrap()),
            _ => End::Pod(random.below(self.pods.len())),
        }
    }

    pub fn ips(&self, end: &End) -> Vec<IpAddr> {
        match end {
            End::Pod(index) => self.pods[*index].ips.clone(),
            End::Node(index) => self.nodes[*index].ips.clone(),
            End::Outside(ip) => vec![*ip],
        }
    }

    /// A pair of addresses of one family; an end without network keeps a made-up one.
    pub fn addresses(&self, from: &End, to: &End, random: &mut Random) -> Option<(IpAddr, IpAddr)> {
        let (sources, targets) = (self.ips(from), self.ips(to));
        if sources.is_empty() || targets.is_empty() {
            let unknown: IpAddr = "0.0.0.0".parse().unwrap();
            let first = |ips: &[IpAddr]| ips.first().copied().unwrap_or(unknown);
            return Some((first(&sources), first(&targets)));
        }
        let pairs: Vec<(IpAddr, IpAddr)> = sources
            .iter()
            .flat_map(|a| targets.iter().map(move |b| (*a, *b)))
            .filter(|(a, b)| a.is_ipv4() == b.is_ipv4())
            .collect();
        if pairs.is_empty() { None } else { Some(random.pick(&pairs)) }
    }

    /// The address that arrives when something on the way rewrote the source: that of a node.
    pub fn rewritten(&self, from: &End, to: &End, ip: IpAddr, random: &mut Random) -> Option<IpAddr> {
        let rewritable = match from {
            End::Pod(index) => !self.pods[*index].host_network && !self.pods[*index].ips.is_empty(),
            End::Outside(_) => true,
            End::Node(_) => false,
        };
        if from == to || !rewritable || !random.one_in(8) {
            return None;
        }
        let node = &self.nodes[random.below(self.nodes.len())];
        node.ips.iter().find(|node| node.is_ipv4() == ip.is_ipv4() && **node != ip).copied()
    }

    pub fn random_port(&self, random: &mut Random) -> (Protocol, u16) {
        let port = if random.one_in(6) {
            1 + u16::try_from(random.below(65535)).unwrap()
        } else {
            random.pick(&NUMBERS)
        };
        (random.pick(&[Protocol::Tcp, Protocol::Tcp, Protocol::Udp, Protocol::Sctp]), port)
    }
}

fn random_pod(random: &mut Random, n: usize, namespaces: &[Namespace], nodes: &[Node]) -> Pod {
    let node = random.below(nodes.len());
    let host_network = random.one_in(7);
    let (v4, v6): (IpAddr, IpAddr) = (
        format!("10.244.{node}.{}", n + 2).parse().unwrap(),
        format!("fd00:1:{node}::{}", n + 2).parse().unwrap(),
    );
    let ips = match random.below(12) {
        _ if host_network => nodes[node].ips.clone(),
        0 => Vec::new(),
        1 | 2 => vec![v6],
        3..6 => vec![v4, v6],
        6 => vec![v6, v4],
        _ => vec![v4],
    };
    let mut ports: Vec<PodPort> = Vec::new();
    for name in NAMES {
        // Two containers may use one name, for one protocol or for several.
        for _ in 0..random.below(3) {
            let by = random.pick(&[
                Declared::Container(0),
                Declared::Container(0),
                Declared::Container(1),
                Declared::Sidecar,
                Declared::Init,
            ]);
            let port = PodPort {
                name: name.to_owned(),
                protocol: random.pick(&PROTOCOLS),
                number: random.pick(&NUMBERS),
                by,
            };
            let taken = |other: &PodPort| other.by == by && other.name == port.name;
            if !host_network && !ports.iter().any(taken) {
                ports.push(port);
            }
        }
    }
    ports.sort_by_key(|port| port.by);
    Pod {
        namespace: random.below(namespaces.len()),
        name: format!("p{n}"),
        labels: random_labels(random, &POD_KEYS, &POD_VALUES),
        ended: (!ips.is_empty() && !host_network && random.one_in(16))
            .then(|| random.pick(&["Succeeded", "Failed"])),
        terminating: random.one_in(12),
        ips,
        node,
        host_network,
        ports,
    }
}

fn network_policy(random: &mut Random, namespaces: usize) -> NetworkPolicy {
    let rules = |random: &mut Random| -> Vec<NetworkRule> {
        (0..random.below(3))
            .map(|_| NetworkRule {
                peers: (0..random.below(3)).map(|_| network_peer(random)).collect(),
                ports: (0..random.below(3)).map(|_| network_port(random)).collect(),
            })
            .collect()
    };
    let types = random.pick(&[
        None,
        Some(vec![]),
        Some(vec!["Ingress"]),
        Some(vec!["Egress"]),
        Some(vec!["Ingress", "Egress"]),
    ]);
    NetworkPolicy {
        namespace: random.below(namespaces),
        selector: pod_selector(random),
        types,
        ingress: rules(random),
        egress: rules(random),
    }
}

fn network_peer(random: &mut Random) -> NetworkPeer {
    match random.below(5) {
        0 => NetworkPeer::Pods(None, Some(pod_selector(random))),
        1 => NetworkPeer::Pods(Some(ns_selector(random)), None),
        2 => NetworkPeer::Pods(Some(ns_selector(random)), Some(pod_selector(random))),
        _ => {
            let (cidr, except) = random.pick(&BLOCKS);
            NetworkPeer::Block(cidr.to_owned(), except.iter().map(|text| (*text).to_owned()).collect())
        }
    }
}

fn network_port(random: &mut Random) -> NetworkPort {
    let protocol = random.pick(&[None, Some(Protocol::Tcp), Some(Protocol::Udp), Some(Protocol::Sctp)]);
    match random.below(4) {
        0 => NetworkPort { protocol, port: None, end: None },
        1 => NetworkPort { protocol, port: Some(Err(random.pick(&NAMES).to_owned())), end: None },
        2 => {
            let start = random.pick(&NUMBERS);
            let end = start.saturating_add(u16::try_from(random.below(500)).unwrap());
            NetworkPort { protocol, port: Some(Ok(start)), end: Some(end) }
        }
        _ => NetworkPort { protocol, port: Some(Ok(random.pick(&NUMBERS))), end: None },
    }
}

fn cluster_policy(random: &mut Random, n: usize) -> ClusterPolicy {
    let kind = random.pick(&[Kind::Cluster, Kind::Cluster, Kind::Admin, Kind::Baseline]);
    let rules = |random: &mut Random, egress: bool| -> Vec<ClusterRule> {
        (0..random.below(3)).map(|_| cluster_rule(random, kind, egress)).collect()
    };
    ClusterPolicy {
        kind,
        baseline: kind == Kind::Baseline || (kind == Kind::Cluster && random.one_in(2)),
        priority: u32::try_from(if random.one_in(3) { 5 } else { 10 - n }).unwrap(),
        namespaces: ns_selector(random),
        pods: if random.one_in(2) { Some(pod_selector(random)) } else { None },
        ingress: rules(random, false),
        egress: rules(random, true),
    }
}

fn cluster_rule(random: &mut Random, kind: Kind, egress: bool) -> ClusterRule {
    let accept = if kind == Kind::Cluster { "Accept" } else { "Allow" };
    let mut action = random.pick(&[accept, "Deny", "Deny", "Pass"]);
    if kind == Kind::Baseline && action == "Pass" {
        action = "Deny";
    }
    let peers: Vec<ClusterPeer> = (0..1 + random.below(2))
        .map(|_| match random.below(if egress { 8 } else { 3 }) {
            0 => ClusterPeer::Namespaces(ns_selector(random)),
            1 | 2 => ClusterPeer::Pods(ns_selector(random), pod_selector(random)),
            3 => ClusterPeer::Nodes(selector(random, &["os"], &["linux", "other"])),
            4..7 if kind == Kind::Cluster && action == "Accept" => ClusterPeer::Domains,
            _ => ClusterPeer::Networks(
                (0..1 + random.below(2)).map(|_| random.pick(&BLOCKS).0.to_owned()).collect(),
            ),
        })
        .collect();
    let names = peers.iter().all(|peer| matches!(peer, ClusterPeer::Namespaces(_) | ClusterPeer::Pods(..)));
    let ports = (!random.one_in(3)).then(|| {
        (0..1 + random.below(2))
            .map(|_| match random.below(4) {
                0 if names => ClusterPort::Name(random.pick(&NAMES).to_owned()),
                1 => ClusterPort::Range(random.pick(&PROTOCOLS), 1, 65535),
                2 => {
                    let start = random.pick(&[80_u16, 443, 53]);
                    ClusterPort::Range(
                        random.pick(&PROTOCOLS),
                        start,
                        start + 1 + u16::try_from(random.below(9000)).unwrap(),
                    )
                }
                _ => {
                    let number = random.pick(&NUMBERS);
                    ClusterPort::Range(random.pick(&PROTOCOLS), number, number)
                }
            })
            .collect()
    });
    ClusterRule { action, peers, ports }
}
