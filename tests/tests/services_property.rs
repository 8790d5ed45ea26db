//! Random clusters: the rendered rules and the selection model give every sampled packet the same fate.
//!
//! `KUBEHOP_CLUSTERS=10000 cargo test --release -p kubehop-conformance --test services_property`
//! runs more of them.

use kubehop::manifest::api::{core_v1, discovery_v1};
use kubehop::model::{
    EndpointSlice, Family, Namespace, NamespaceId, Node, NodeId, Origin, Packet, Protocol, ProxyMode,
    Service, Snapshot,
};
use kubehop::services::rules::{IptablesRules, NftablesRules, TraceVerdict, Traced, iptables, nftables};
use kubehop::services::{Outcome, Proxy, Selection};
use std::net::IpAddr;

/// xorshift64*: small, and the same everywhere.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 33) as usize % n
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

struct World {
    family: Family,
}

impl World {
    fn address(&self, v4: &str, v6: &str) -> String {
        if self.family == Family::IPv4 { v4.into() } else { v6.into() }
    }

    fn node_ip(&self, node: usize) -> String {
        self.address(&format!("192.168.10.{}", 11 + node), &format!("2001:db8::{}", 11 + node))
    }

    fn pod_ip(&self, node: usize, pod: usize) -> String {
        self.address(&format!("10.244.{node}.{}", 2 + pod), &format!("fd00:10:244:{node}::{:x}", 2 + pod))
    }

    fn cluster_ip(&self, n: usize) -> String {
        self.address(&format!("10.96.0.{}", 10 + n), &format!("fd00:10:96::{:x}", 10 + n))
    }

    fn external_ip(&self, n: usize) -> String {
        self.address(&format!("198.51.100.{}", 10 + n), &format!("2001:db8:99::{:x}", 10 + n))
    }

    fn outside(&self, n: usize) -> String {
        self.address(&format!("203.0.113.{}", n), &format!("2600::{n:x}"))
    }
}

fn snapshot(rng: &mut Rng, world: &World, mode: ProxyMode) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let settings = &mut snapshot.settings;
    settings.proxy.mode = mode;
    settings.pod_cidrs = vec![world.address("10.244.0.0/16", "fd00:10:244::/48").parse().unwrap()];
    settings.service_cidrs = vec![world.address("10.96.0.0/16", "fd00:10:96::/112").parse().unwrap()];
    settings.proxy.masquerade_all = rng.one_in(6);
    settings.proxy.localhost_node_ports = !rng.one_in(4);
    settings.proxy.nfacct = rng.one_in(2);
    if rng.one_in(5) {
        settings.proxy.detect_local = Some(Vec::new());
    }
    if rng.one_in(4) {
        let blocks = [
            world.address("192.168.10.0/24", "2001:db8::/64"),
            world.address("127.0.0.0/8", "::1/128"),
            world.address("0.0.0.0/0", "::/0"),
        ];
        settings.proxy.node_port_addresses = vec![rng.pick(&blocks).parse().unwrap()];
    }
    let nodes = 1 + rng.below(3);
    for node in 0..nodes {
        let zone = format!("zone-{}", rng.below(2));
        snapshot.nodes.push(Node {
            name: format!("node-{node}"),
            labels: [("topology.kubernetes.io/zone".to_owned(), zone)].into(),
            ips: vec![world.node_ip(node).parse().unwrap()],
            external_ips: Vec::new(),
            pod_cidrs: vec![
                world
                    .address(&format!("10.244.{node}.0/24"), &format!("fd00:10:244:{node}::/64"))
                    .parse()
                    .unwrap(),
            ],
            ready: true,
            ..Node::default()
        });
    }
    snapshot.namespaces.push(Namespace {
        name: "ns".into(),
        labels: Default::default(),
        origin: Origin::ControlPlane,
    });
    for index in 0..1 + rng.below(5) {
        let spec = service_spec(rng, world, index);
        let slices = 1 + rng.below(2);
        for slice in 0..slices {
            let name = format!("svc{index}-{slice}");
            let value = endpoint_slice(rng, world, nodes, index, &spec);
            snapshot.slices.push(EndpointSlice {
                namespace: NamespaceId(0),
                name,
                pods: vec![None; value.endpoints.len()],
                value,
                origin: Origin::ControlPlane,
            });
        }
        let mut status = core_v1::ServiceStatus::default();
        if spec.type_ == "LoadBalancer" {
            for _ in 0..rng.below(3) {
                // Now and then two Services share an address.
                let n = if rng.one_in(10) { rng.below(4) } else { index };
                status.load_balancer.ingress.push(core_v1::LoadBalancerIngress {
                    ip: world.external_ip(100 + n),
                    ip_mode: rng.one_in(6).then(|| "Proxy".to_owned()),
                    ..Default::default()
                });
            }
        }
        snapshot.services.push(Service {
            namespace: NamespaceId(0),
            name: format!("svc{index}"),
            labels: Default::default(),
            annotations: Default::default(),
            spec,
            status,
            allocated: Vec::new(),
            origin: Origin::ControlPlane,
        });
    }
    snapshot
}

fn service_spec(rng: &mut Rng, world: &World, index: usize) -> core_v1::ServiceSpec {
    let type_ = *rng.pick(&["ClusterIP", "NodePort", "LoadBalancer"]);
    let policy = |rng: &mut Rng| (*rng.pick(&["Cluster", "Local"])).to_owned();
    let ip = world.cluster_ip(index);
    let mut spec = core_v1::ServiceSpec {
        type_: type_.into(),
        cluster_ip: ip.clone(),
        cluster_ips: vec![ip],
        ip_families: vec![if world.family == Family::IPv4 { "IPv4" } else { "IPv6" }.into()],
        internal_traffic_policy: Some(policy(rng)),
        external_traffic_policy: policy(rng),
        ..Default::default()
    };
    for port in 0..1 + rng.below(2) {
        spec.ports.push(core_v1::ServicePort {
            name: format!("p{port}"),
            protocol: (*rng.pick(&PROTOCOLS)).into(),
            port: 80 + port as i32,
            node_port: if type_ == "ClusterIP" || rng.one_in(5) {
                0
            } else {
                30000 + 10 * index as i32 + port as i32
            },
            ..Default::default()
        });
    }
    if rng.one_in(3) {
        let n = if rng.one_in(10) { rng.below(4) } else { index };
        spec.external_ips.push(world.external_ip(n));
    }
    if rng.one_in(3) {
        spec.load_balancer_source_ranges = vec![world.address("203.0.113.0/25", "2600::/121")];
        if rng.one_in(2) {
            spec.load_balancer_source_ranges.push(world.address("192.168.10.0/24", "2001:db8::/64"));
        }
    }
    if rng.one_in(3) {
        spec.session_affinity = "ClientIP".into();
    }
    if type_ == "LoadBalancer" && spec.external_traffic_policy == "Local" {
        spec.health_check_node_port = 31000 + index as i32;
    }
    spec
}

fn endpoint_slice(
    rng: &mut Rng,
    world: &World,
    nodes: usize,
    index: usize,
    spec: &core_v1::ServiceSpec,
) -> discovery_v1::EndpointSlice {
    let mut value = discovery_v1::EndpointSlice {
        address_type: if world.family == Family::IPv4 { "IPv4" } else { "IPv6" }.into(),
        ..Default::default()
    };
    value.metadata.labels.insert("kubernetes.io/service-name".into(), format!("svc{index}"));
    for port in &spec.ports {
        if !rng.one_in(8) {
            value.ports.push(discovery_v1::EndpointPort {
                name: Some(port.name.clone()),
                protocol: Some(port.protocol.clone()),
                port: Some(8000 + port.port),
                app_protocol: None,
            });
        }
    }
    let hinted = rng.one_in(3);
    let unready = 1 + rng.below(3);
    for _ in 0..rng.below(4) {
        let node = rng.below(nodes + 1);
        let ready = !rng.one_in(unready + 1);
        let terminating = !ready && rng.one_in(2);
        let hints = (hinted && !rng.one_in(8)).then(|| discovery_v1::EndpointHints {
            for_zones: vec![discovery_v1::ForName { name: format!("zone-{}", rng.below(3)) }],
            for_nodes: if rng.one_in(2) {
                vec![discovery_v1::ForName { name: format!("node-{node}") }]
            } else {
                Vec::new()
            },
        });
        value.endpoints.push(discovery_v1::Endpoint {
            addresses: vec![world.pod_ip(node, rng.below(5))],
            conditions: discovery_v1::EndpointConditions {
                ready: Some(ready),
                serving: Some(ready || rng.one_in(2)),
                terminating: Some(terminating),
            },
            node_name: (!rng.one_in(8)).then(|| format!("node-{node}")),
            hints,
            ..Default::default()
        });
    }
    value
}

fn packet(rng: &mut Rng, world: &World, snapshot: &Snapshot) -> Packet {
    let node = rng.below(snapshot.nodes.len());
    let source = match rng.below(7) {
        0 => world.node_ip(node),
        1 => world.address("127.0.0.1", "::1"),
        2 => world.outside(rng.below(200)),
        3 => world.external_ip(100 + rng.below(4)),
        4 => world.address(&format!("10.244.{node}.1"), &format!("fd00:10:244:{node}::1")),
        _ => world.pod_ip(node, rng.below(5)),
    };
    let mut targets: Vec<(String, i32, &str)> = Vec::new();
    for service in &snapshot.services {
        let spec = &service.spec;
        let ingress = service.status.load_balancer.ingress.iter().map(|ingress| &ingress.ip);
        for port in &spec.ports {
            let ips = spec.cluster_ips.iter().chain(&spec.external_ips).chain(ingress.clone());
            targets.extend(ips.map(|ip| (ip.clone(), port.port, port.protocol.as_str())));
            for ip in [world.node_ip(node), world.address("127.0.0.1", "::1")] {
                targets.push((ip, port.node_port, &port.protocol));
            }
        }
        targets.push((world.node_ip(node), spec.health_check_node_port, "TCP"));
    }
    let (mut destination, mut port, mut protocol) = rng.pick(&targets).clone();
    match rng.below(20) {
        0 => destination = world.cluster_ip(rng.below(8)),
        1 => destination = world.pod_ip(node, 0),
        2 => port = 80 + rng.below(3) as i32,
        3 => protocol = PROTOCOLS[rng.below(3)],
        _ => {}
    }
    Packet {
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        port: port as u16,
        protocol: Protocol::parse(protocol).unwrap(),
    }
}

/// A fate as text, the same for both roads.
fn of_selection(selection: &Selection) -> String {
    match &selection.outcome {
        Outcome::NotMatched(_) => "nothing".into(),
        Outcome::Rejected(_) => "Reject".into(),
        Outcome::Dropped(_) => "Drop".into(),
        Outcome::HealthCheck => "Accept".into(),
        Outcome::Backends { backends, .. } => backends
            .iter()
            .map(|backend| {
                let to = std::net::SocketAddr::new(backend.ip, backend.port);
                format!("{to} {} masquerade={}", backend.share, backend.masquerade.is_some())
            })
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn of_trace(traced: &Traced) -> String {
    match traced.verdict {
        Some(TraceVerdict::Accept) => "Accept".into(),
        Some(TraceVerdict::Drop) => "Drop".into(),
        Some(TraceVerdict::Reject) => "Reject".into(),
        None if traced.reached.is_empty() => "nothing".into(),
        None => traced
            .reached
            .iter()
            .map(|reached| {
                format!("{} {} masquerade={}", reached.destination, reached.share, reached.masquerade)
            })
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn clusters() -> u64 {
    let default = if cfg!(debug_assertions) { 400 } else { 10_000 };
    std::env::var("KUBEHOP_CLUSTERS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs every cluster of a mode; `walk` gives the trace of a packet through the rendered rules.
fn agree<R>(
    mode: ProxyMode,
    render: impl Fn(&Snapshot, &Proxy, NodeId, Family) -> R,
    walk: impl Fn(&R, &Packet, &dyn Fn(IpAddr) -> bool) -> Traced,
) {
    let mut fates = std::collections::BTreeMap::<&str, u32>::new();
    for seed in 1..=clusters() {
        let mut rng = Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let family = if rng.one_in(4) { Family::IPv6 } else { Family::IPv4 };
        let world = World { family };
        let snapshot = snapshot(&mut rng, &world, mode);
        let proxy = Proxy::new(&snapshot);
        let node = NodeId(rng.below(snapshot.nodes.len()) as u32);
        let rules = render(&snapshot, &proxy, node, family);
        for _ in 0..40 {
            let packet = packet(&mut rng, &world, &snapshot);
            let selected = of_selection(&proxy.select(&snapshot, node, &packet));
            let traced = of_trace(&walk(&rules, &packet, &|ip| proxy.is_local_address(node, ip)));
            let selected = match mode {
                // nftables has no rule for the health check port: nothing needs to let it in.
                ProxyMode::Nftables if selected == "Accept" => "nothing".into(),
                _ => selected,
            };
            assert_eq!(selected, traced, "cluster {seed}, node {}, {packet:?}", node.0);
            let fate = match selected.as_str() {
                "nothing" => "nothing",
                "Reject" => "reject",
                "Drop" => "drop",
                "Accept" => "accept",
                _ => "backends",
            };
            *fates.entry(fate).or_default() += 1;
        }
    }
    // The sample is worth something: every fate occurs.
    println!("{mode:?}: {fates:?}");
    for fate in ["nothing", "reject", "drop", "backends"] {
        assert!(fates.get(fate).is_some_and(|n| *n > 50), "{fate}: {fates:?}");
    }
}

#[test]
fn iptables_rules_and_selection_agree() {
    agree(
        ProxyMode::Iptables,
        |snapshot, proxy, node, family| {
            IptablesRules::parse(&iptables(snapshot, proxy, node, family)).unwrap()
        },
        |rules, packet, is_local| rules.trace(packet, is_local),
    );
}

#[test]
fn nftables_rules_and_selection_agree() {
    agree(
        ProxyMode::Nftables,
        |snapshot, proxy, node, family| {
            NftablesRules::parse(&nftables(snapshot, proxy, node, family)).unwrap()
        },
        |rules, packet, is_local| rules.trace(packet, is_local),
    );
}
