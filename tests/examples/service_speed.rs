//! How the cost of Services grows: indexing, selecting, rendering and walking the rules of a node for
//! 100 to 10,000 Services with 10 endpoints each, on 100 nodes.
//!
//! `cargo run --release -p kubehop-conformance --example service_speed`

use kubehop::manifest::api::{core_v1, discovery_v1};
use kubehop::model::{
    EndpointSlice, Family, Namespace, NamespaceId, Node, NodeId, Origin, Packet, Protocol, Service, Snapshot,
};
use kubehop::services::Proxy;
use kubehop::services::rules::{IptablesRules, NftablesRules, iptables, nftables};
use std::hint::black_box;
use std::time::{Duration, Instant};

const NODES: usize = 100;
const ENDPOINTS: usize = 10;

fn main() {
    println!(
        "| Services | index | select, first | select, again | iptables text | lines | nftables text | lines | read back and walk |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for count in [100, 300, 1_000, 3_000, 5_000, 10_000] {
        let snapshot = snapshot(count);
        let node = NodeId(0);
        let index = best(5, || Proxy::new(&snapshot));
        let proxy = Proxy::new(&snapshot);
        let packets = packets(&snapshot);
        let select = |proxy: &Proxy| {
            for packet in &packets {
                black_box(proxy.select(&snapshot, node, packet));
            }
        };
        let start = Instant::now();
        select(&proxy);
        let first = start.elapsed() / packets.len() as u32;
        let again = best(5, || select(&proxy)) / packets.len() as u32;
        let text = iptables(&snapshot, &proxy, node, Family::IPv4);
        let render = best(3, || iptables(&snapshot, &proxy, node, Family::IPv4));
        let nft = nftables(&snapshot, &proxy, node, Family::IPv4);
        let render_nft = best(3, || nftables(&snapshot, &proxy, node, Family::IPv4));
        let walk = best(3, || {
            let rules = IptablesRules::parse(&text).expect("own text");
            rules.trace(&packets[0], &|ip| proxy.is_local_address(node, ip))
        });
        black_box(NftablesRules::parse(&nft).expect("own text"));
        println!(
            "| {count} | {} | {} | {} | {} | {} | {} | {} | {} |",
            told(index),
            told(first),
            told(again),
            told(render),
            text.lines().count(),
            told(render_nft),
            nft.lines().count(),
            told(walk)
        );
    }
}

/// The shortest of `n` runs.
fn best<T>(n: usize, run: impl Fn() -> T) -> Duration {
    let once = || {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    };
    (0..n).map(|_| once()).min().unwrap_or_default()
}

fn told(time: Duration) -> String {
    let nanos = time.as_nanos();
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => format!("{:.1} µs", nanos as f64 / 1e3),
        _ => format!("{:.1} ms", nanos as f64 / 1e6),
    }
}

fn packets(snapshot: &Snapshot) -> Vec<Packet> {
    let of = |service: &Service| Packet {
        source: [10, 244, 0, 9].into(),
        destination: service.spec.cluster_ip.parse().expect("an address"),
        port: 80,
        protocol: Protocol::Tcp,
    };
    snapshot.services.iter().map(of).collect()
}

fn snapshot(count: usize) -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot.namespaces.push(Namespace {
        name: "prod".into(),
        labels: Default::default(),
        origin: Origin::ControlPlane,
    });
    for node in 0..NODES {
        snapshot.nodes.push(Node {
            name: format!("node-{node}"),
            ips: vec![[192, 168, 10, node as u8 + 11].into()],
            pod_cidrs: vec![format!("10.244.{node}.0/24").parse().expect("a block")],
            ready: true,
            ..Node::default()
        });
    }
    for n in 0..count {
        let ip = format!("10.{}.{}.{}", 96 + n / 62_500, n / 250 % 250, n % 250 + 1);
        // Every fourth Service is reached from outside too, half of those with policy Local.
        let outside = n % 4 == 0;
        let spec = core_v1::ServiceSpec {
            type_: if outside { "NodePort" } else { "ClusterIP" }.into(),
            cluster_ip: ip.clone(),
            cluster_ips: vec![ip],
            ip_families: vec!["IPv4".into()],
            external_traffic_policy: if n % 8 == 0 { "Local" } else { "Cluster" }.into(),
            ports: vec![core_v1::ServicePort {
                name: "http".into(),
                port: 80,
                node_port: if outside { 30_000 + n as i32 / 4 } else { 0 },
                ..Default::default()
            }],
            ..Default::default()
        };
        snapshot.services.push(Service {
            namespace: NamespaceId(0),
            name: format!("svc-{n}"),
            labels: Default::default(),
            annotations: Default::default(),
            spec,
            status: Default::default(),
            allocated: Vec::new(),
            origin: Origin::ControlPlane,
        });
        let mut value = discovery_v1::EndpointSlice { address_type: "IPv4".into(), ..Default::default() };
        value.metadata.labels.insert("kubernetes.io/service-name".into(), format!("svc-{n}"));
        value.ports.push(discovery_v1::EndpointPort {
            name: Some("http".into()),
            protocol: Some("TCP".into()),
            port: Some(8080),
            app_protocol: None,
        });
        for endpoint in 0..ENDPOINTS {
            let pod = n * ENDPOINTS + endpoint;
            value.endpoints.push(discovery_v1::Endpoint {
                addresses: vec![format!("10.{}.{}.{}", 128 + pod / 62_500, pod / 250 % 250, pod % 250 + 1)],
                node_name: Some(format!("node-{}", pod % NODES)),
                ..Default::default()
            });
        }
        snapshot.slices.push(EndpointSlice {
            namespace: NamespaceId(0),
            name: format!("svc-{n}-1"),
            pods: vec![None; ENDPOINTS],
            value,
            origin: Origin::ControlPlane,
        });
    }
    snapshot
}
