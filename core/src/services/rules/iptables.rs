//! The input that kube-proxy gives to `iptables-restore` on a full synchronisation.

use super::super::node::NodePortAddresses;
use super::super::{Categories, Proxy, ServicePort};
use super::names::{ServiceChains, endpoint_chain, service_chains};
use super::{NodeRules, lower};
use crate::model::{Family, NodeId, ProxySettings, ServiceId, Snapshot};
use std::fmt::Write;

/// From this many endpoints on kube-proxy leaves out the comments of endpoint rules.
///
/// k8s: pkg/proxy/iptables/proxier.go largeClusterEndpointsThreshold (1.36)
const LARGE_CLUSTER_ENDPOINTS: usize = 1000;

/// The rules of one family on a node, as kube-proxy hands them to `iptables-restore --noflush`.
///
/// Services come in the order of their names; kube-proxy writes them in no order at all. The rules
/// that lead into these chains from the built-in ones are in [`jump_rules`].
///
/// k8s: pkg/proxy/iptables/proxier.go syncProxyRules (1.36)
pub fn iptables(snapshot: &Snapshot, proxy: &Proxy, node: NodeId, family: Family) -> String {
    iptables_of(snapshot, proxy, node, family, None)
}

/// [`iptables`] with the rules of one Service only, besides those that are always there.
pub fn iptables_of(
    snapshot: &Snapshot,
    proxy: &Proxy,
    node: NodeId,
    family: Family,
    only: Option<ServiceId>,
) -> String {
    let endpoints: usize =
        proxy.ports.iter().filter(|port| port.family == family).map(|port| port.endpoints.len()).sum();
    let mut writer = Writer {
        rules: NodeRules { proxy, node, family, only },
        settings: &snapshot.settings.proxy,
        comments: endpoints <= LARGE_CLUSTER_ENDPOINTS,
        filter_chains: String::new(),
        filter_rules: String::new(),
        nat_chains: String::new(),
        nat_rules: String::new(),
    };
    writer.fixed_chains();
    let ports: Vec<(u32, &ServicePort)> = writer.rules.ports().collect();
    for (index, port) in ports {
        let categories = proxy.categories(index, node);
        writer.port(port, &categories);
    }
    writer.node_ports();
    writer.forward();
    let Writer { filter_chains, filter_rules, nat_chains, nat_rules, .. } = writer;
    format!("*filter\n{filter_chains}{filter_rules}COMMIT\n*nat\n{nat_chains}{nat_rules}COMMIT\n")
}

/// The probability with which a rule takes a packet when `n` endpoints are left, as it is written.
///
/// k8s: pkg/proxy/iptables/proxier.go computeProbability (1.36)
///
/// ```
/// assert_eq!(kubehop::services::rules::probability(3), "0.3333333333");
/// ```
pub fn probability(n: u32) -> String {
    format!("{:.10}", 1.0 / f64::from(n.max(1)))
}

/// The rules that lead from the built-in chains into kube-proxy's, `table` then rule, in the order of a
/// listing. kube-proxy inserts each at the top, so a later one stands above an earlier one.
///
/// k8s: pkg/proxy/iptables/proxier.go iptablesJumpChains, iptablesKubeletJumpChains (1.36)
pub fn jump_rules() -> Vec<(&'static str, String)> {
    const NEW: &str = "-m conntrack --ctstate NEW ";
    const JUMPS: [(&str, &str, &str, &str, &str); 14] = [
        ("filter", "INPUT", NEW, "kubernetes externally-visible service portals", "KUBE-EXTERNAL-SERVICES"),
        ("filter", "FORWARD", NEW, "kubernetes externally-visible service portals", "KUBE-EXTERNAL-SERVICES"),
        ("filter", "INPUT", "", "kubernetes health check service ports", "KUBE-NODEPORTS"),
        ("filter", "FORWARD", NEW, "kubernetes service portals", "KUBE-SERVICES"),
        ("filter", "OUTPUT", NEW, "kubernetes service portals", "KUBE-SERVICES"),
        ("filter", "FORWARD", "", "kubernetes forwarding rules", "KUBE-FORWARD"),
        ("filter", "INPUT", NEW, "kubernetes load balancer firewall", "KUBE-PROXY-FIREWALL"),
        ("filter", "OUTPUT", NEW, "kubernetes load balancer firewall", "KUBE-PROXY-FIREWALL"),
        ("filter", "FORWARD", NEW, "kubernetes load balancer firewall", "KUBE-PROXY-FIREWALL"),
        ("nat", "OUTPUT", "", "kubernetes service portals", "KUBE-SERVICES"),
        ("nat", "PREROUTING", "", "kubernetes service portals", "KUBE-SERVICES"),
        ("nat", "POSTROUTING", "", "kubernetes postrouting rules", "KUBE-POSTROUTING"),
        ("filter", "INPUT", "", "", "KUBE-FIREWALL"),
        ("filter", "OUTPUT", "", "", "KUBE-FIREWALL"),
    ];
    JUMPS
        .iter()
        .rev()
        .map(|(table, from, matches, comment, to)| {
            let comment = match *comment {
                "" => String::new(),
                text => format!("-m comment --comment \"{text}\" "),
            };
            (*table, format!("-A {from} {matches}{comment}-j {to}"))
        })
        .collect()
}

struct Writer<'a> {
    rules: NodeRules<'a>,
    settings: &'a ProxySettings,
    /// Whether rules of endpoints carry comments.
    comments: bool,
    filter_chains: String,
    filter_rules: String,
    nat_chains: String,
    nat_rules: String,
}

/// One line, arguments as in `format!`. Writing to a `String` cannot fail.
macro_rules! line {
    ($to:expr, $($text:tt)*) => {{ let _ = writeln!($to, $($text)*); }};
}

impl Writer<'_> {
    fn is_v4(&self) -> bool {
        self.rules.family == Family::IPv4
    }

    fn fixed_chains(&mut self) {
        for chain in [
            "KUBE-SERVICES",
            "KUBE-EXTERNAL-SERVICES",
            "KUBE-FORWARD",
            "KUBE-NODEPORTS",
            "KUBE-PROXY-FIREWALL",
        ] {
            line!(self.filter_chains, ":{chain} - [0:0]");
        }
        for chain in ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"] {
            line!(self.nat_chains, ":{chain} - [0:0]");
        }
        let mark = &self.settings.masquerade_mark;
        line!(self.nat_rules, "-A KUBE-POSTROUTING -m mark ! --mark {mark}/{mark} -j RETURN");
        line!(self.nat_rules, "-A KUBE-POSTROUTING -j MARK --xor-mark {mark}");
        let random = if self.settings.random_fully { " --random-fully" } else { "" };
        line!(
            self.nat_rules,
            "-A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE{random}"
        );
        line!(self.nat_rules, "-A KUBE-MARK-MASQ -j MARK --or-mark {mark}");
        if self.is_v4() && self.settings.localhost_node_ports {
            line!(self.filter_chains, ":KUBE-FIREWALL - [0:0]");
            line!(
                self.filter_rules,
                "-A KUBE-FIREWALL -m comment --comment \"block incoming localnet connections\" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"
            );
        }
    }

    fn port(&mut self, port: &ServicePort, categories: &Categories) {
        let chains = service_chains(port);
        let has_any = categories.has_any;
        let has_internal = categories.has_internal(port);
        let has_external = categories.has_external(port);
        let (target, complaint) =
            if has_any { ("DROP", "has no local endpoints") } else { ("REJECT", "has no endpoints") };
        let firewalled = has_any && !port.load_balancer_ips.is_empty() && !port.source_ranges.is_empty();
        let refuse = format!("-m comment --comment \"{} {complaint}\"", port.name);
        let protocol = lower(port.protocol);
        let matches = format!("-m {protocol} -p {protocol}");
        let (name, number) = (&port.name, port.port);

        let (to, ip) = (if port.internal_local { &chains.local } else { &chains.cluster }, port.cluster_ip);
        if has_internal {
            line!(
                self.nat_rules,
                "-A KUBE-SERVICES -m comment --comment \"{name} cluster IP\" {matches} -d {ip} --dport {number} -j {to}"
            );
        } else {
            line!(
                self.filter_rules,
                "-A KUBE-SERVICES {refuse} {matches} -d {ip} --dport {number} -j {target}"
            );
        }
        let load_balancer_chain = if firewalled { &chains.firewall } else { &chains.external };
        let outside = (port.external_ips.iter().map(|ip| (ip, "external IP", &chains.external)))
            .chain(port.load_balancer_ips.iter().map(|ip| (ip, "loadbalancer IP", load_balancer_chain)));
        for (ip, what, to) in outside {
            if has_any {
                line!(
                    self.nat_rules,
                    "-A KUBE-SERVICES -m comment --comment \"{name} {what}\" {matches} -d {ip} --dport {number} -j {to}"
                );
            }
            if firewalled && what == "loadbalancer IP" {
                line!(
                    self.filter_rules,
                    "-A KUBE-PROXY-FIREWALL -m comment --comment \"{name} traffic not accepted by {}\" {matches} -d {ip} --dport {number} -j DROP",
                    chains.firewall
                );
            }
            if !has_external {
                line!(
                    self.filter_rules,
                    "-A KUBE-EXTERNAL-SERVICES {refuse} {matches} -d {ip} --dport {number} -j {target}"
                );
            }
        }
        if let Some(node_port) = port.node_port {
            let to = &chains.external;
            if has_any && self.settings.localhost_node_ports && self.is_v4() && self.settings.nfacct {
                line!(
                    self.nat_rules,
                    "-A KUBE-NODEPORTS -m comment --comment {name} {matches} -d 127.0.0.0/8 --dport {node_port} -m nfacct --nfacct-name localhost_nps_accepted_pkts -j {to}"
                );
            }
            if has_any {
                line!(
                    self.nat_rules,
                    "-A KUBE-NODEPORTS -m comment --comment {name} {matches} --dport {node_port} -j {to}"
                );
            }
            if !has_external {
                line!(
                    self.filter_rules,
                    "-A KUBE-EXTERNAL-SERVICES {refuse} -m addrtype --dst-type LOCAL {matches} --dport {node_port} -j {target}"
                );
            }
        }
        if let Some(health) = port.health_check_node_port {
            line!(
                self.filter_rules,
                "-A KUBE-NODEPORTS -m comment --comment \"{name} health check node port\" -m tcp -p tcp --dport {health} -j ACCEPT"
            );
        }
        if has_internal {
            self.mark_internal(port, to, &matches);
        }
        if has_any && port.externally_accessible() {
            self.external(port, &chains, has_external);
        }
        if firewalled {
            self.firewall(port, &chains);
        }
        for (chain, endpoints) in
            [(&chains.cluster, categories.cluster()), (&chains.local, categories.local())]
        {
            if !endpoints.is_empty() {
                line!(self.nat_chains, ":{chain} - [0:0]");
                self.choose(port, chain, endpoints);
            }
        }
        self.endpoints(port, categories, &matches);
    }

    /// Masquerades what comes to the ClusterIP from something that is no pod.
    fn mark_internal(&mut self, port: &ServicePort, chain: &str, matches: &str) {
        let unless_pod = match self.rules.proxy.detector(self.rules.family) {
            _ if self.settings.masquerade_all => String::new(),
            Some(block) => format!(" ! -s {block}"),
            None => return,
        };
        line!(
            self.nat_rules,
            "-A {chain} -m comment --comment \"{} cluster IP\" {matches} -d {} --dport {}{unless_pod} -j KUBE-MARK-MASQ",
            port.name,
            port.cluster_ip,
            port.port
        );
    }

    fn external(&mut self, port: &ServicePort, chains: &ServiceChains, has_external: bool) {
        let (name, chain) = (&port.name, &chains.external);
        line!(self.nat_chains, ":{chain} - [0:0]");
        if port.external_local {
            if let Some(block) = self.rules.proxy.detector(self.rules.family) {
                line!(
                    self.nat_rules,
                    "-A {chain} -m comment --comment \"pod traffic for {name} external destinations\" -s {block} -j {}",
                    chains.cluster
                );
            }
            line!(
                self.nat_rules,
                "-A {chain} -m comment --comment \"masquerade LOCAL traffic for {name} external destinations\" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ"
            );
            line!(
                self.nat_rules,
                "-A {chain} -m comment --comment \"route LOCAL traffic for {name} external destinations\" -m addrtype --src-type LOCAL -j {}",
                chains.cluster
            );
        } else {
            line!(
                self.nat_rules,
                "-A {chain} -m comment --comment \"masquerade traffic for {name} external destinations\" -j KUBE-MARK-MASQ"
            );
        }
        if has_external {
            let to = if port.external_local { &chains.local } else { &chains.cluster };
            line!(self.nat_rules, "-A {chain} -j {to}");
        }
    }

    fn firewall(&mut self, port: &ServicePort, chains: &ServiceChains) {
        let (name, chain) = (&port.name, &chains.firewall);
        line!(self.nat_chains, ":{chain} - [0:0]");
        let sources = port.source_ranges.iter().map(ToString::to_string);
        let node = self.rules.allows_node(port);
        let addresses = port.load_balancer_ips.iter().filter(|_| node).map(ToString::to_string);
        for source in sources.chain(addresses) {
            line!(
                self.nat_rules,
                "-A {chain} -m comment --comment \"{name} loadbalancer IP\" -s {source} -j {}",
                chains.external
            );
        }
        line!(
            self.nat_rules,
            "-A {chain} -m comment --comment \"other traffic to {name} will be dropped by KUBE-PROXY-FIREWALL\""
        );
    }

    /// k8s: pkg/proxy/iptables/proxier.go writeServiceToEndpointRules (1.36)
    fn choose(&mut self, port: &ServicePort, chain: &str, chosen: &[u32]) {
        let list: Vec<(&str, String)> = chosen
            .iter()
            .filter_map(|index| port.endpoints.get(*index as usize))
            .map(|endpoint| (endpoint.text.as_str(), endpoint_chain(port, &endpoint.text)))
            .collect();
        let comment = |text: &str| match self.comments {
            true => format!(" -m comment --comment \"{} -> {text}\"", port.name),
            false => String::new(),
        };
        if let Some(seconds) = port.affinity {
            for (text, to) in &list {
                line!(
                    self.nat_rules,
                    "-A {chain}{} -m recent --name {to} --rcheck --seconds {seconds} --reap -j {to}",
                    comment(text)
                );
            }
        }
        let mut left = u32::try_from(list.len()).unwrap_or(u32::MAX);
        for (text, to) in &list {
            let statistic = match left {
                1 => String::new(),
                _ => format!(" -m statistic --mode random --probability {}", probability(left)),
            };
            line!(self.nat_rules, "-A {chain}{}{statistic} -j {to}", comment(text));
            left -= 1;
        }
    }

    fn endpoints(&mut self, port: &ServicePort, categories: &Categories, matches: &str) {
        let comment = match self.comments {
            true => format!(" -m comment --comment {}", port.name),
            false => String::new(),
        };
        for endpoint in categories.reachable.iter().filter_map(|index| port.endpoints.get(*index as usize)) {
            let chain = endpoint_chain(port, &endpoint.text);
            line!(self.nat_chains, ":{chain} - [0:0]");
            line!(self.nat_rules, "-A {chain}{comment} -s {} -j KUBE-MARK-MASQ", endpoint.ip);
            let remember = match port.affinity {
                Some(_) => format!(" -m recent --name {chain} --set"),
                None => String::new(),
            };
            line!(
                self.nat_rules,
                "-A {chain}{comment}{remember} {matches} -j DNAT --to-destination {}",
                endpoint.text
            );
        }
    }

    /// The last rules of KUBE-SERVICES: what is for the node itself may be for a node port.
    fn node_ports(&mut self) {
        const COMMENT: &str = "-m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\"";
        let Some(facts) = self.rules.proxy.nodes.get(self.rules.node.index()) else { return };
        match facts.node_port_addresses(self.rules.family) {
            NodePortAddresses::All { loopback } => {
                let unless = match (self.is_v4(), loopback) {
                    (false, _) => " ! -d ::1/128",
                    (true, false) => " ! -d 127.0.0.0/8",
                    (true, true) => "",
                };
                line!(
                    self.nat_rules,
                    "-A KUBE-SERVICES {COMMENT} -m addrtype --dst-type LOCAL{unless} -j KUBE-NODEPORTS"
                );
            }
            NodePortAddresses::These(addresses) => {
                for ip in addresses {
                    line!(self.nat_rules, "-A KUBE-SERVICES {COMMENT} -d {ip} -j KUBE-NODEPORTS");
                }
            }
        }
    }

    fn forward(&mut self) {
        let mark = &self.settings.masquerade_mark;
        if !self.settings.conntrack_tcp_be_liberal {
            let count = match self.settings.nfacct {
                true => " -m nfacct --nfacct-name ct_state_invalid_dropped_pkts",
                false => "",
            };
            line!(self.filter_rules, "-A KUBE-FORWARD -m conntrack --ctstate INVALID{count} -j DROP");
        }
        line!(
            self.filter_rules,
            "-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark {mark}/{mark} -j ACCEPT"
        );
        line!(
            self.filter_rules,
            "-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding conntrack rule\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
        );
    }
}
