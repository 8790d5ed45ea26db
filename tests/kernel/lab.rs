//! Nodes, pods and outside hosts as network namespaces, with the rendered rules loaded.

use crate::agent::Agent;
use kubehop::addressing::{bridge_address, tunnel_address};
use kubehop::model::{Family, NodeId, Pod, ProxyMode};
use kubehop::services::rules::{iptables, jump_rules, nftables};
use kubehop::{Cluster, Settings};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::IpAddr;
use std::process::{Command, Stdio};

/// Where a client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// A pod of a node.
    Pod(NodeId),
    /// The node itself.
    Node(NodeId),
    /// An outside host that sends everything to this node.
    Outside(NodeId),
}

/// A namespace with its agent.
#[derive(Debug)]
pub struct Host {
    /// Name of the pod, node or outside host.
    pub name: String,
    /// Its address.
    pub ip: IpAddr,
    /// Where it stands.
    pub stand: Stand,
}

/// Outside hosts: name, address, and index of the node they send to.
const OUTSIDE: [(&str, [u8; 4], u32); 3] =
    [("out-a", [203, 0, 113, 7], 0), ("out-b", [203, 0, 113, 8], 1), ("blocked", [203, 0, 113, 200], 0)];

/// The namespaces of one run; they go with it.
#[derive(Debug)]
pub struct Lab {
    prefix: String,
    namespaces: Vec<String>,
    /// Everything that can send.
    pub hosts: Vec<Host>,
    /// Agents by name of the host.
    pub agents: BTreeMap<String, Agent>,
}

impl Lab {
    /// Builds the network of a cluster and loads the rules of its mode.
    pub fn new(cluster: &Cluster) -> Result<Self, String> {
        let mode = cluster.snapshot().settings.proxy.mode;
        let prefix =
            format!("kh{}{}-", std::process::id(), if mode == ProxyMode::Nftables { "n" } else { "i" });
        let mut lab = Self { prefix, namespaces: Vec::new(), hosts: Vec::new(), agents: BTreeMap::new() };
        lab.fabric()?;
        for (index, node) in cluster.snapshot().nodes.iter().enumerate() {
            let id = NodeId(index as u32);
            lab.host(&node.name, node.ips[0], Stand::Node(id))?;
            lab.node(cluster, id)?;
        }
        lab.tunnels(cluster)?;
        for (name, address, node) in OUTSIDE {
            lab.host(name, address.into(), Stand::Outside(NodeId(node)))?;
            let gateway = cluster.snapshot().nodes[node as usize].ips[0];
            let namespace = lab.namespace(name);
            script(&format!(
                "ip -n {namespace} addr add {}/24 dev eth0
                 ip -n {namespace} route add 192.168.10.0/24 dev eth0
                 ip -n {namespace} route add default via {gateway} dev eth0",
                IpAddr::from(address)
            ))?;
        }
        // What the model adds to every cluster (cluster DNS) has rules but no namespaces here.
        let snapshot = cluster.snapshot();
        let ours = |pod: &&Pod| snapshot.namespace_name(pod.namespace) == "default";
        for pod in snapshot.pods.iter().filter(ours) {
            if let (Some(node), false) = (pod.node, pod.host_network) {
                lab.pod(cluster, &pod.name, pod.ips[0], node)?;
            }
        }
        for (index, _) in cluster.snapshot().nodes.iter().enumerate() {
            lab.rules(cluster, NodeId(index as u32))?;
        }
        lab.servers(cluster)?;
        Ok(lab)
    }

    fn namespace(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn add_namespace(&mut self, name: &str) -> Result<String, String> {
        let namespace = self.namespace(name);
        script(&format!("ip netns add {namespace}\nip -n {namespace} link set lo up"))?;
        self.namespaces.push(namespace.clone());
        Ok(namespace)
    }

    /// A switch, and a router that takes every packet nobody else wants and never answers.
    fn fabric(&mut self) -> Result<(), String> {
        let fabric = self.add_namespace("fabric")?;
        script(&format!("ip -n {fabric} link add br0 type bridge\nip -n {fabric} link set br0 up"))?;
        let router = self.add_namespace("router")?;
        self.plug(&router, "router")?;
        script(&format!("ip -n {router} addr add 192.168.10.1/24 dev eth0"))
    }

    fn plug(&self, namespace: &str, name: &str) -> Result<(), String> {
        let fabric = self.namespace("fabric");
        script(&format!(
            "ip link add eth0 netns {namespace} type veth peer name p-{name} netns {fabric}
             ip -n {fabric} link set p-{name} master br0 up
             ip -n {namespace} link set eth0 up"
        ))
    }

    fn host(&mut self, name: &str, ip: IpAddr, stand: Stand) -> Result<(), String> {
        let namespace = self.add_namespace(name)?;
        self.plug(&namespace, name)?;
        self.hosts.push(Host { name: name.into(), ip, stand });
        self.agents.insert(name.into(), Agent::start(&namespace)?);
        Ok(())
    }

    fn node(&self, cluster: &Cluster, id: NodeId) -> Result<(), String> {
        let snapshot = cluster.snapshot();
        let node = &snapshot.nodes[id.index()];
        let namespace = self.namespace(&node.name);
        let bridge = bridge_address(snapshot, id, Family::IPv4).ok_or("no pod CIDR")?;
        let sysctls = [
            "net.ipv4.ip_forward=1",
            "net.ipv4.conf.all.rp_filter=0",
            "net.ipv4.conf.default.rp_filter=0",
            "net.ipv4.conf.eth0.rp_filter=0",
            "net.ipv4.conf.all.route_localnet=1",
            "net.bridge.bridge-nf-call-iptables=1",
            // Rejects are answered by ICMP, of which a client may get six a second.
            "net.ipv4.icmp_ratelimit=0",
        ];
        script(&format!(
            "ip netns exec {namespace} sysctl -qw {}
             ip -n {namespace} addr add {}/24 dev eth0
             ip -n {namespace} route add 203.0.113.0/24 dev eth0
             ip -n {namespace} route add default via 192.168.10.1
             ip -n {namespace} link add cni0 type bridge
             ip -n {namespace} addr add {bridge}/24 dev cni0
             ip -n {namespace} link set cni0 up",
            sysctls.join(" "),
            node.ips[0]
        ))
    }

    /// A VXLAN mesh as flannel makes it: one device, static neighbours and forwarding entries.
    fn tunnels(&self, cluster: &Cluster) -> Result<(), String> {
        let snapshot = cluster.snapshot();
        let mac = |index: usize| format!("02:00:00:00:00:{:02x}", index + 1);
        for (index, node) in snapshot.nodes.iter().enumerate() {
            let namespace = self.namespace(&node.name);
            let end = tunnel_address(snapshot, NodeId(index as u32), Family::IPv4).ok_or("no tunnel")?;
            script(&format!(
                "ip -n {namespace} link add flannel.1 address {} type vxlan id 1 local {} dev eth0 dstport 8472 nolearning
                 ip -n {namespace} addr add {end}/32 dev flannel.1
                 ip -n {namespace} link set flannel.1 up",
                mac(index),
                node.ips[0]
            ))?;
            for (other, remote) in snapshot.nodes.iter().enumerate().filter(|(other, _)| *other != index) {
                let end = tunnel_address(snapshot, NodeId(other as u32), Family::IPv4).ok_or("no tunnel")?;
                script(&format!(
                    "ip -n {namespace} neigh add {end} lladdr {mac} dev flannel.1
                     ip -n {namespace} route add {} via {end} dev flannel.1 onlink
                     bridge -n {namespace} fdb append {mac} dev flannel.1 dst {}",
                    remote.pod_cidrs[0],
                    remote.ips[0],
                    mac = mac(other)
                ))?;
            }
        }
        Ok(())
    }

    fn pod(&mut self, cluster: &Cluster, name: &str, ip: IpAddr, node: NodeId) -> Result<(), String> {
        let snapshot = cluster.snapshot();
        let namespace = self.add_namespace(name)?;
        let host = self.namespace(&snapshot.nodes[node.index()].name);
        let gateway = bridge_address(snapshot, node, Family::IPv4).ok_or("no pod CIDR")?;
        script(&format!(
            "ip link add eth0 mtu 1450 netns {namespace} type veth peer name v-{name} netns {host}
             ip -n {host} link set v-{name} master cni0 up
             ip -n {host} link set v-{name} type bridge_slave hairpin on
             ip -n {namespace} addr add {ip}/24 dev eth0
             ip -n {namespace} link set eth0 up
             ip -n {namespace} route add default via {gateway}"
        ))?;
        self.hosts.push(Host { name: name.into(), ip, stand: Stand::Pod(node) });
        self.agents.insert(name.into(), Agent::start(&namespace)?);
        Ok(())
    }

    /// kube-proxy's rules as the library renders them, and the network plugin's masquerading.
    fn rules(&self, cluster: &Cluster, id: NodeId) -> Result<(), String> {
        let snapshot = cluster.snapshot();
        let namespace = self.namespace(&snapshot.nodes[id.index()].name);
        let pods = snapshot.settings.pod_cidrs[0];
        if snapshot.settings.proxy.mode == ProxyMode::Nftables {
            let mut text = nftables(snapshot, cluster.proxy(), id, Family::IPv4);
            text += &format!(
                "add table ip plugin
add chain ip plugin postrouting {{ type nat hook postrouting priority 100 ; }}
add rule ip plugin postrouting ip saddr {pods} ip daddr != {pods} masquerade\n"
            );
            return feed(&["netns", "exec", &namespace, "nft", "-f", "-"], &text);
        }
        let restore = ["netns", "exec", &namespace, "iptables-restore", "--noflush"];
        feed(&restore, &iptables(snapshot, cluster.proxy(), id, Family::IPv4))?;
        for table in ["filter", "nat"] {
            let mut text = format!("*{table}\n");
            // The kubelet's chain exists only while loopback node ports are on.
            for (_, rule) in jump_rules().iter().filter(|(of, _)| *of == table) {
                text += &format!("{rule}\n");
            }
            if table == "nat" {
                text += &format!("-A POSTROUTING -s {pods} ! -d {pods} -j MASQUERADE\n");
            }
            feed(&restore, &format!("{text}COMMIT\n"))?;
        }
        Ok(())
    }

    /// Servers on the pods, on the hostNetwork pod and on the health check port of the nodes.
    fn servers(&mut self, cluster: &Cluster) -> Result<(), String> {
        let snapshot = cluster.snapshot();
        let mut serve: Vec<(String, String)> = Vec::new();
        let ours = |pod: &&Pod| snapshot.namespace_name(pod.namespace) == "default";
        for pod in snapshot.pods.iter().filter(ours) {
            let Some(node) = pod.node.and_then(|id| snapshot.node(id)) else { continue };
            if pod.host_network {
                serve.push((node.name.clone(), format!("serve tcp 9100 {}", pod.name)));
            } else {
                for protocol in ["tcp", "udp"] {
                    serve.push((pod.name.clone(), format!("serve {protocol} 8080 {}", pod.name)));
                }
            }
        }
        for node in &snapshot.nodes {
            serve.push((node.name.clone(), format!("serve tcp 32000 healthz-{}", node.name)));
        }
        for (host, line) in serve {
            let agent = self.agents.get_mut(&host).ok_or_else(|| format!("no agent {host}"))?;
            match agent.tell(&line).as_str() {
                "ok" => {}
                answer => return Err(format!("{host}: {line}: {answer}")),
            }
        }
        Ok(())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.agents.clear();
        for namespace in &self.namespaces {
            let _ = Command::new("ip").args(["netns", "del", namespace]).status();
        }
    }
}

/// Renders the IPv6 rules of a dual-stack cluster and lets the kernel take them. Lines loaded.
pub fn load_ipv6() -> Result<usize, String> {
    let blocks = |list: [&str; 2]| list.map(|text| text.parse().expect("a block")).to_vec();
    let mut lines = 0;
    for mode in [ProxyMode::Iptables, ProxyMode::Nftables] {
        let mut settings = Settings {
            pod_cidrs: blocks(["10.244.0.0/16", "fd00:10:244::/56"]),
            service_cidrs: blocks(["10.96.0.0/12", "fd00:10:96::/112"]),
            node_cidrs: blocks(["192.168.10.0/24", "2001:db8::/64"]),
            ..Settings::default()
        };
        settings.proxy.nfacct = false;
        settings.proxy.mode = mode;
        let dual =
            include_str!("cluster.yaml").replace("\nspec:\n", "\nspec:\n  ipFamilyPolicy: PreferDualStack\n");
        let dual = dual.split("---").filter(|text| text.contains("kind: Service")).collect::<Vec<_>>();
        let pods = "apiVersion: v1\nkind: Pod\nmetadata: {name: w, labels: {app: web}}\nspec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}\n";
        let text = format!("{pods}---{}", dual.join("---"));
        let cluster = Cluster::load([kubehop::Source::new("dual.yaml", text)], &settings);
        let namespace = format!("kh{}-v6", std::process::id());
        script(&format!("ip netns add {namespace}"))?;
        let node = NodeId(0);
        let (command, rules): (&[&str], String) = match mode {
            ProxyMode::Nftables => {
                (&["nft", "-f", "-"], nftables(cluster.snapshot(), cluster.proxy(), node, Family::IPv6))
            }
            _ => (
                &["ip6tables-restore", "--noflush"],
                iptables(cluster.snapshot(), cluster.proxy(), node, Family::IPv6),
            ),
        };
        let arguments = [&["netns", "exec", namespace.as_str()], command].concat();
        let loaded = feed(&arguments, &rules);
        let _ = Command::new("ip").args(["netns", "del", &namespace]).status();
        loaded?;
        if !rules.contains("fd00:10:96::") {
            return Err(format!("{mode:?}: no IPv6 ClusterIP in the rules"));
        }
        lines += rules.lines().count();
    }
    Ok(lines)
}

/// Runs commands one by one, stopping at the first that fails.
pub fn script(lines: &str) -> Result<(), String> {
    feed_shell(&format!("set -e\n{lines}\n"))
}

fn feed_shell(text: &str) -> Result<(), String> {
    let output = Command::new("sh").arg("-c").arg(text).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}\nin: {text}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// Runs `ip` with `text` on standard input.
fn feed(arguments: &[&str], text: &str) -> Result<(), String> {
    let mut child = Command::new("ip")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}
