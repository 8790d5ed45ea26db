//! Measures NetworkPolicy answers: `cargo run --release --example policy_bench`.
//!
//! Clusters are made up by a fixed generator: 5 labels a pod, selectors with all operators, named and
//! numbered ports, ranges, address blocks, both IP families, ingress and egress.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark measures time and memory, and prints them"
)]
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "its own input is right")]

use kubehop::manifest::ObjectRef;
use kubehop::manifest::api::core_v1::{Container, ContainerPort, PodSpec};
use kubehop::manifest::api::meta::{IntOrString, LabelSelector, LabelSelectorRequirement, Labels};
use kubehop::manifest::api::networking_v1::*;
use kubehop::model::{
    Family, Namespace, NamespaceId, Node, NodeId, Origin, Party, Phase, Pod, PodId, Protocol, Snapshot,
    Stored,
};
use kubehop::policy::{Connection, Engine};
use kubehop::{Answer, Cluster, Question, Settings, Source};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

struct Random(u64);

impl Random {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(n)) as u32
    }
}

fn labels(pairs: &[(&str, String)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

fn expression(key: &str, operator: &str, values: &[&str]) -> LabelSelectorRequirement {
    LabelSelectorRequirement {
        key: key.into(),
        operator: operator.into(),
        values: values.iter().map(|value| (*value).into()).collect(),
    }
}

fn cluster(pods: u32, policies: u32) -> Snapshot {
    let mut random = Random(42);
    let namespaces = (pods / 100).max(10);
    let mut snapshot = Snapshot::default();
    for n in 0..100 {
        snapshot.nodes.push(Node {
            name: format!("node-{n}"),
            labels: Labels::new(),
            ips: vec![format!("192.168.{}.{}", n / 200, n % 200 + 10).parse().unwrap()],
            external_ips: Vec::new(),
            pod_cidrs: Vec::new(),
            ready: true,
            unschedulable: false,
            taints: Vec::new(),
            allocatable: Labels::new(),
            allocated: Vec::new(),
            origin: Origin::ControlPlane,
        });
    }
    for n in 0..namespaces {
        let name = format!("ns-{n:05}");
        let labels = labels(&[
            ("kubernetes.io/metadata.name", name.clone()),
            ("env", ["prod", "stage", "dev"][(n % 3) as usize].into()),
            ("team", format!("t{}", n % 20)),
        ]);
        snapshot.namespaces.push(Namespace { name, labels, origin: Origin::ControlPlane });
    }
    let port = |name: &str, container_port, protocol: &str| ContainerPort {
        name: name.into(),
        container_port,
        protocol: protocol.into(),
        ..ContainerPort::default()
    };
    let specs: Vec<Arc<PodSpec>> = (0..5)
        .map(|n| {
            let ports =
                vec![port("http", 8080 + n % 2, "TCP"), port("metrics", 9090, "TCP"), port("dns", 53, "UDP")];
            Arc::new(PodSpec {
                containers: vec![Container { ports, ..Container::default() }],
                ..PodSpec::default()
            })
        })
        .collect();
    for n in 0..pods {
        let namespace = random.below(namespaces);
        let app = random.below(5);
        let labels = labels(&[
            ("app", format!("app-{app}")),
            ("tier", ["web", "api", "db"][(app % 3) as usize].into()),
            ("version", format!("v{}", random.below(2))),
            ("pod-template-hash", format!("{:08x}", random.below(1 << 30))),
            ("instance", format!("i{n}")),
        ]);
        snapshot.pods.push(Pod {
            namespace: NamespaceId(namespace),
            name: format!("pod-{n}"),
            labels: Arc::new(labels),
            ips: vec![
                std::net::Ipv4Addr::from(0x0a40_0000 + n).into(),
                std::net::Ipv6Addr::from(0xfd00_u128 << 112 | u128::from(n)).into(),
            ],
            node: Some(NodeId(random.below(100))),
            phase: Phase::Running,
            ready: true,
            terminating: false,
            host_network: false,
            workload: None,
            spec: Arc::clone(&specs[app as usize]),
            filled: Default::default(),
            origin: Origin::ControlPlane,
        });
    }
    for n in 0..policies {
        let policy = policy(&mut random);
        let namespace = format!("ns-{:05}", random.below(namespaces));
        snapshot.network_policies.push(Stored {
            object: ObjectRef::namespaced("NetworkPolicy", &namespace, &format!("policy-{n}")),
            origin: Origin::ControlPlane,
            value: policy,
        });
    }
    snapshot
}

fn policy(random: &mut Random) -> NetworkPolicy {
    let app = |random: &mut Random| LabelSelector {
        match_labels: labels(&[("app", format!("app-{}", random.below(5)))]),
        match_expressions: Vec::new(),
    };
    let peer = |random: &mut Random| match random.below(6) {
        0 => NetworkPolicyPeer { pod_selector: Some(app(random)), ..NetworkPolicyPeer::default() },
        1 => NetworkPolicyPeer {
            pod_selector: Some(LabelSelector {
                match_expressions: vec![
                    expression("tier", "NotIn", &["db"]),
                    expression("app", "Exists", &[]),
                ],
                ..LabelSelector::default()
            }),
            ..NetworkPolicyPeer::default()
        },
        2 => NetworkPolicyPeer {
            namespace_selector: Some(LabelSelector {
                match_expressions: vec![expression("env", "In", &["prod", "stage"])],
                ..LabelSelector::default()
            }),
            pod_selector: Some(app(random)),
            ..NetworkPolicyPeer::default()
        },
        3 => NetworkPolicyPeer {
            namespace_selector: Some(LabelSelector {
                match_labels: labels(&[("team", format!("t{}", random.below(20)))]),
                match_expressions: Vec::new(),
            }),
            ..NetworkPolicyPeer::default()
        },
        4 => {
            let third = random.below(200);
            NetworkPolicyPeer {
                ip_block: Some(IpBlock {
                    cidr: format!("172.{}.0.0/16", 16 + random.below(16)),
                    except: vec![format!("172.16.{third}.0/24")]
                        .into_iter()
                        .filter(|_| random.below(2) == 0)
                        .collect(),
                }),
                ..NetworkPolicyPeer::default()
            }
            .strict()
        }
        _ => NetworkPolicyPeer {
            ip_block: Some(IpBlock {
                cidr: format!("2001:db8:{:x}::/48", random.below(500)),
                except: Vec::new(),
            }),
            ..NetworkPolicyPeer::default()
        },
    };
    let port = |random: &mut Random| {
        let (protocol, port, end) = match random.below(6) {
            0 => ("TCP", Some(IntOrString::Int(80)), None),
            1 => ("TCP", Some(IntOrString::String("http".into())), None),
            2 => ("UDP", Some(IntOrString::Int(53)), None),
            3 => ("TCP", Some(IntOrString::Int(8000)), Some(8000 + random.below(100) as i32)),
            4 => ("SCTP", None, None),
            _ => ("TCP", Some(IntOrString::Int(1000 + random.below(20) as i32)), None),
        };
        NetworkPolicyPort { protocol: Some(protocol.into()), port, end_port: end }
    };
    let peers = |random: &mut Random| (0..1 + random.below(2)).map(|_| peer(random)).collect();
    let ports = |random: &mut Random| (0..random.below(3)).map(|_| port(random)).collect();
    let both = random.below(3);
    let ingress = (0..1 + random.below(2))
        .filter(|_| both != 1)
        .map(|_| NetworkPolicyIngressRule { from: peers(random), ports: ports(random) })
        .collect();
    let egress = (0..1 + random.below(2))
        .filter(|_| both != 0)
        .map(|_| NetworkPolicyEgressRule { to: peers(random), ports: ports(random) })
        .collect();
    let policy_types = match both {
        0 => vec!["Ingress".into()],
        1 => vec!["Egress".into()],
        _ => vec!["Ingress".into(), "Egress".into()],
    };
    let spec = NetworkPolicySpec { pod_selector: app(random), policy_types, ingress, egress };
    NetworkPolicy { spec, ..NetworkPolicy::default() }
}

trait Strict {
    fn strict(self) -> Self;
}

impl Strict for NetworkPolicyPeer {
    /// Keeps only exceptions that lie in the block, as the API server demands.
    fn strict(mut self) -> Self {
        if let Some(block) = &mut self.ip_block {
            let inside = block.cidr.starts_with("172.16.");
            block.except.retain(|_| inside);
        }
        self
    }
}

fn rss() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |key: &str| {
        status
            .lines()
            .find(|line| line.starts_with(key))
            .and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
    };
    format!("{} MB peak, {} MB now", line("VmHWM").unwrap_or(0) / 1024, line("VmRSS").unwrap_or(0) / 1024)
}

fn best<T>(rounds: usize, mut work: impl FnMut() -> T) -> f64 {
    (0..rounds)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed().as_secs_f64() * 1e3
        })
        .fold(f64::INFINITY, f64::min)
}

/// One of the policies as text, with some port: what a person edits.
fn policy_text(namespace: u32, n: u32, port: u32) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: policy-{n}, namespace: ns-{namespace}}}\n\
         spec:\n  podSelector: {{matchLabels: {{app: app-{app}}}}}\n  ingress:\n  - from: [{{podSelector: {{matchLabels: {{app: app-{peer}}}}}}}]\n    \
         ports: [{{port: {port}}}]\n",
        app = n % 5,
        peer = (n / 5) % 5,
    )
}

/// A source of pods, and a source for each policy.
fn sources(pods: u32, policies: u32) -> Vec<Source> {
    let namespaces = (pods / 100).max(10);
    let mut text = String::new();
    for n in 0..pods {
        let app = n / namespaces % 5;
        text += &format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: pod-{n}, namespace: ns-{namespace}, labels: {{app: app-{app}, instance: i{n}}}}}\n\
             spec: {{nodeName: node-{node}, containers: [{{name: c, image: c, ports: [{{name: http, containerPort: 8080}}]}}]}}\n\
             status: {{podIPs: [{{ip: 10.{a}.{b}.{c}}}]}}\n",
            namespace = n % namespaces,
            node = n % 100,
            a = 64 + n / 65_536,
            b = n / 256 % 256,
            c = n % 256,
        );
    }
    let one = |n| Source::new(format!("policy-{n}.yaml"), policy_text(n % namespaces, n, 80));
    std::iter::once(Source::new("pods.yaml", text)).chain((0..policies).map(one)).collect()
}

/// The whole way of one edited policy at 10,000 pods: its text is read, judged, compiled, and the question
/// answered again.
fn edits() {
    let cluster = Cluster::load(sources(10_000, 1_000), &Settings::default());
    let question = Question::PolicyVerdict {
        from: "ns-7/pod-7".into(),
        to: "ns-7/pod-107".into(),
        port: 8080.into(),
        protocol: None,
    };
    let ask = |cluster: &Cluster| match cluster.ask(&question) {
        Ok(Answer::PolicyVerdict(verdict)) => verdict.summary.len(),
        _ => 0,
    };
    let rows = |cluster: &Cluster| {
        let mut matrix = cluster.policies().matrix(cluster.snapshot());
        (0..matrix.classes()).map(|class| matrix.row(class, Family::IPv4).len()).sum::<usize>()
    };
    assert!(ask(&cluster) > 0);
    let mut port = 1000;
    let mut edit = || {
        port += 1;
        cluster.with([Source::new("policy-507.yaml", policy_text(7, 507, port))])
    };
    let verdict = best(20, || ask(&edit()));
    let matrix = best(20, || rows(&edit()));
    let anew = best(3, || {
        let cluster = Cluster::load(sources(10_000, 1_000), &Settings::default());
        ask(&cluster)
    });
    println!(
        "10000 pods, 1000 policies, one edited: verdict {verdict:.2} ms, all pairs {matrix:.2} ms; loaded anew {anew:.0} ms"
    );
}

fn main() {
    println!("pods policies | classes engine_ms rows_ms combined_ms expanded_ms | allows_ns verdict_us");
    for (pods, policies) in [(1_000, 200), (10_000, 1_000), (100_000, 10_000)] {
        let snapshot = cluster(pods, policies);
        let before = rss();
        let rounds = if pods > 50_000 { 5 } else { 20 };
        let build = best(rounds, || Engine::new(&snapshot));
        let engine = Engine::new(&snapshot);
        let rows = best(rounds, || engine.matrix(&snapshot));
        let of: Vec<u32> = {
            let matrix = engine.matrix(&snapshot);
            (0..pods).filter_map(|pod| matrix.class(PodId(pod))).collect()
        };
        let combined = best(rounds.min(3), || {
            let mut matrix = engine.matrix(&snapshot);
            let mut open = 0_u64;
            for class in 0..matrix.classes() {
                for family in [Family::IPv4, Family::IPv6] {
                    open += matrix.row(class, family).iter().filter(|ports| **ports != 0).count() as u64;
                }
            }
            open
        });
        let expanded = best(1, || {
            let mut matrix = engine.matrix(&snapshot);
            let mut row = vec![0_u32; snapshot.pods.len()];
            for class in 0..matrix.classes() {
                let classes = matrix.row(class, Family::IPv4).to_vec();
                for (slot, class) in row.iter_mut().zip(&of) {
                    *slot = classes[*class as usize];
                }
                black_box(&row);
            }
        });
        let mut random = Random(7);
        let connections: Vec<Connection> = (0..100_000)
            .map(|_| {
                let (from, to) = (random.below(pods), random.below(pods));
                let family = random.below(2) as usize;
                Connection {
                    from: Party::Pod(PodId(from)),
                    to: Party::Pod(PodId(to)),
                    from_ip: snapshot.pods[from as usize].ips[family],
                    to_ip: snapshot.pods[to as usize].ips[family],
                    protocol: Protocol::Tcp,
                    port: [80, 8080, 443][random.below(3) as usize],
                }
            })
            .collect();
        let allows = best(5, || {
            connections.iter().filter(|connection| engine.allows(&snapshot, connection).is_allowed()).count()
        });
        let verdicts = best(3, || {
            connections
                .iter()
                .take(10_000)
                .map(|connection| engine.verdict(&snapshot, connection).summary.len())
                .sum::<usize>()
        });
        let classes = engine.matrix(&snapshot).classes();
        println!(
            "{pods:7} {policies:6} | {classes:6} {build:8.2} {rows:8.2} {combined:8.2} {expanded:8.2} | {:6.0} {:6.2} | {} (snapshot {before})",
            allows * 1e6 / 100_000.0,
            verdicts * 1e3 / 10_000.0,
            rss(),
        );
    }
    edits();
    // Node 20 crashes when the main function of a long run under node:wasi returns.
    std::process::exit(0);
}
