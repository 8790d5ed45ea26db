//! The kernel as judge: nodes and pods are network namespaces with bridges and VXLAN, the rendered
//! rules are loaded with the real `iptables-restore` and `nft`, and real TCP and UDP connections are
//! made. Who answered, who refused, who was silent, and which source address the server saw must be
//! what the library says.
//!
//! Needs root, iproute2, iptables and nftables. Where the machine does not allow it, it says why and
//! passes, unless `CI=true`.

mod agent;
mod lab;
mod predict;

use kubehop::model::{Packet, Protocol, ProxyMode};
use kubehop::{Cluster, Settings, Source};
use lab::{Host, Lab, Stand};
use predict::{Seen, predict};
use std::collections::BTreeSet;
use std::process::{Command, ExitCode, Stdio};

/// Connections made at most to meet every backend once.
const ATTEMPTS: usize = 60;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("agent") {
        agent::run();
        return ExitCode::SUCCESS;
    }
    if let Err(reason) = able() {
        println!("kernel: skipped: {reason}");
        let required = std::env::var("CI").is_ok_and(|value| value == "true");
        return if required { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let mut failed = false;
    for mode in [ProxyMode::Iptables, ProxyMode::Nftables] {
        match judge(mode) {
            Ok((flows, connections, disagreements)) => {
                println!(
                    "kernel, {mode:?}: {flows} flows, {connections} connections, {} disagreements",
                    disagreements.len()
                );
                for disagreement in &disagreements {
                    println!("  {disagreement}");
                }
                failed |= !disagreements.is_empty() || flows < 40;
            }
            Err(error) => {
                println!("kernel, {mode:?}: could not build the network: {error}");
                failed = true;
            }
        }
    }
    match lab::load_ipv6() {
        Ok(lines) => println!("kernel, IPv6: {lines} lines of rules loaded"),
        Err(error) => {
            println!("kernel, IPv6: {error}");
            failed = true;
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Whether this machine allows the test; installs the tools where it may.
fn able() -> Result<(), String> {
    let run = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !root {
        return Err("needs root".into());
    }
    let tools = || {
        [("ip", "-V"), ("iptables-restore", "--version"), ("nft", "--version"), ("sysctl", "--version")]
            .iter()
            .all(|(tool, version)| run(tool, &[version]))
    };
    if !tools() {
        run("apt-get", &["update", "-qq"]);
        run(
            "apt-get",
            &[
                "install",
                "-y",
                "-qq",
                "--no-install-recommends",
                "iproute2",
                "iptables",
                "nftables",
                "procps",
            ],
        );
    }
    if !tools() {
        return Err("needs iproute2, iptables, nftables and procps".into());
    }
    let name = format!("kh{}-probe", std::process::id());
    if !run("ip", &["netns", "add", &name]) {
        return Err("the kernel does not allow network namespaces".into());
    }
    let bridge = run("ip", &["-n", &name, "link", "add", "b0", "type", "bridge"]);
    let vxlan = run(
        "ip",
        &["-n", &name, "link", "add", "v0", "type", "vxlan", "id", "1", "dev", "b0", "dstport", "8472"],
    );
    let nat = run("ip", &["netns", "exec", &name, "iptables", "-t", "nat", "-L", "-n"]);
    run("ip", &["netns", "del", &name]);
    match (bridge, vxlan, nat) {
        (true, true, true) => Ok(()),
        (false, ..) => Err("the kernel has no bridge".into()),
        (_, false, _) => Err("the kernel has no VXLAN".into()),
        _ => Err("the kernel has no NAT for iptables".into()),
    }
}

fn cluster(mode: ProxyMode) -> Cluster {
    let mut settings = Settings::default();
    settings.proxy.mode = mode;
    // Few kernels have the counters; the rules that differ only count.
    settings.proxy.nfacct = false;
    Cluster::load([Source::new("cluster.yaml", include_str!("cluster.yaml"))], &settings)
}

/// One connection to try.
struct Flow {
    client: String,
    protocol: Protocol,
    destination: [u8; 4],
    port: u16,
}

/// Every client to every address of every Service.
fn flows() -> Vec<Flow> {
    use Protocol::{Tcp, Udp};
    let node_a = [192, 168, 10, 11];
    let node_b = [192, 168, 10, 12];
    let cluster_ip = |n: u8| [10, 96, 0, n];
    let external = |n: u8| [198, 51, 100, n];
    let mut flows = Vec::new();
    let mut add = |clients: &[&str], protocol: Protocol, destination: [u8; 4], port: u16| {
        for client in clients {
            flows.push(Flow { client: (*client).into(), protocol, destination, port });
        }
    };
    let inside = ["client-a", "client-b", "node-a", "node-b"];
    let everyone = ["client-a", "client-b", "node-a", "node-b", "out-a", "out-b"];
    for n in [30, 13, 15, 18, 19, 20, 21, 22, 23, 24] {
        add(&inside, Tcp, cluster_ip(n), 80);
    }
    add(&["out-a", "out-b"], Tcp, cluster_ip(30), 80);
    add(&["out-a", "out-b"], Tcp, cluster_ip(13), 80);
    add(&everyone, Udp, cluster_ip(30), 53);
    add(&inside, Udp, cluster_ip(19), 53);
    // A pod as its own backend.
    add(&["solo"], Tcp, cluster_ip(21), 80);
    add(&["web-0", "web-1"], Tcp, cluster_ip(30), 80);
    // Ports and addresses that no Service has.
    add(&["client-a", "node-b", "out-a"], Tcp, cluster_ip(30), 81);
    add(&["client-a", "node-b", "out-a"], Tcp, cluster_ip(200), 80);
    for port in [30080, 30081, 30083, 30085, 30087] {
        add(&everyone, Tcp, node_a, port);
        add(&everyone, Tcp, node_b, port);
    }
    add(&everyone, Udp, node_a, 30053);
    add(&["client-a", "node-a", "out-a"], Udp, node_a, 30086);
    for port in [30080, 30081, 30085] {
        add(&["node-a", "node-b"], Tcp, [127, 0, 0, 1], port);
    }
    // Load balancers: source ranges, policy Local, proxying.
    let with_blocked = ["client-a", "client-b", "node-a", "node-b", "out-a", "out-b", "blocked"];
    add(&with_blocked, Tcp, external(10), 80);
    add(&["blocked"], Tcp, node_a, 30082);
    add(&everyone, Tcp, external(11), 80);
    add(&["client-a", "out-a"], Tcp, external(12), 80);
    add(&["out-a"], Tcp, node_a, 32000);
    add(&["out-b", "client-b"], Tcp, node_b, 32000);
    add(&everyone, Tcp, external(20), 80);
    add(&everyone, Tcp, external(21), 80);
    flows
}

/// Flows tried, connections made, and where kernel and library disagree.
fn judge(mode: ProxyMode) -> Result<(usize, usize, Vec<String>), String> {
    let cluster = cluster(mode);
    let mut lab = Lab::new(&cluster)?;
    let flows = flows();
    let mut disagreements = Vec::new();
    let mut connections = 0;
    let mut agents = std::mem::take(&mut lab.agents);
    let hosts = &lab.hosts;
    // Each client tries its flows in turn, all clients at once.
    std::thread::scope(|scope| {
        let clients: Vec<_> = agents
            .iter_mut()
            .filter_map(|(name, agent)| Some((hosts.iter().find(|host| host.name == *name)?, agent)))
            .map(|(host, agent)| {
                let (cluster, flows) = (&cluster, &flows);
                scope.spawn(move || {
                    let mine = flows.iter().filter(|flow| flow.client == host.name);
                    mine.map(|flow| attempt(cluster, host, agent, flow)).collect::<Vec<_>>()
                })
            })
            .collect();
        for client in clients {
            for (made, disagreement) in client.join().unwrap_or_default() {
                connections += made;
                disagreements.extend(disagreement);
            }
        }
    });
    lab.agents = agents;
    Ok((flows.len(), connections, disagreements))
}

/// Tries a flow until every predicted answer was seen. Connections made, and the disagreement.
fn attempt(cluster: &Cluster, host: &Host, agent: &mut agent::Agent, flow: &Flow) -> (usize, Option<String>) {
    let packet = Packet {
        source: host.ip,
        destination: flow.destination.into(),
        port: flow.port,
        protocol: flow.protocol,
    };
    let expected = predict(cluster, host, packet);
    let to = std::net::SocketAddr::new(packet.destination, flow.port);
    let protocol = flow.protocol.as_str().to_lowercase();
    // Silence is only waited for where it is expected; elsewhere a busy machine may take its time.
    let patience = if expected == Seen::TimedOut { 900 } else { 8000 };
    let line = format!("ask {protocol} {to} {patience}");
    let sticky = cluster.proxy().select(cluster.snapshot(), node_of(host), &packet);
    let sticky = matches!(sticky.outcome, kubehop::services::Outcome::Backends { affinity: Some(_), .. });
    let mut seen = BTreeSet::new();
    let complain = |actual: &str| {
        Some(format!("{} -> {protocol} {to}: library {expected:?}, kernel {actual}", host.name))
    };
    for made in 1..=ATTEMPTS {
        let answer = agent.tell(&line);
        match (&expected, answer.strip_prefix("answered ")) {
            (Seen::Answers(names), Some(name)) if names.contains(name) => {
                seen.insert(name.to_owned());
                if sticky {
                    // A client keeps its backend: ten connections, one answerer.
                    if seen.len() > 1 {
                        return (made, complain(&format!("{seen:?} in spite of session affinity")));
                    }
                    if made == 10 {
                        return (made, None);
                    }
                } else if seen == *names {
                    return (made, None);
                }
            }
            (Seen::Refused, None) if answer == "refused" => return (made, None),
            (Seen::TimedOut, None) if answer == "timed out" => return (made, None),
            _ => return (made, complain(&answer)),
        }
    }
    (ATTEMPTS, complain(&format!("only {seen:?}")))
}

fn node_of(host: &Host) -> kubehop::model::NodeId {
    match host.stand {
        Stand::Pod(node) | Stand::Node(node) | Stand::Outside(node) => node,
    }
}
