//! The nftables ruleset of a node, as the commands that make it.

use super::super::node::NodePortAddresses;
use super::super::{Categories, Proxy, ServicePort};
use super::names::{NftChains, nft_chains, nft_endpoint};
use super::{NodeRules, lower};
use crate::model::{Family, NodeId, ServiceId, Snapshot};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The table `kube-proxy` of one family on a node, as commands that `nft -f` reads.
///
/// Services come in the order of their names. What kube-proxy writes besides to replace an older
/// state (`flush`, `delete`) is left out: these commands make the table where there is none.
///
/// k8s: pkg/proxy/nftables/proxier.go setupNFTables, syncProxyRules (1.36)
pub fn nftables(snapshot: &Snapshot, proxy: &Proxy, node: NodeId, family: Family) -> String {
    nftables_of(snapshot, proxy, node, family, None)
}

/// [`nftables`] with the rules of one Service only, besides those that are always there.
pub fn nftables_of(
    snapshot: &Snapshot,
    proxy: &Proxy,
    node: NodeId,
    family: Family,
    only: Option<ServiceId>,
) -> String {
    let v4 = family == Family::IPv4;
    let mut writer = Writer {
        rules: NodeRules { proxy, node, family, only },
        ip: if v4 { "ip" } else { "ip6" },
        address: if v4 { "ipv4_addr" } else { "ipv6_addr" },
        mark: &snapshot.settings.proxy.masquerade_mark,
        masquerade_all: snapshot.settings.proxy.masquerade_all,
        service_cidrs: snapshot
            .settings
            .service_cidrs
            .iter()
            .filter(|block| Family::of(block.addr()) == family)
            .map(ToString::to_string)
            .collect(),
        out: String::new(),
        elements: BTreeMap::new(),
    };
    writer.setup();
    let ports: Vec<(u32, &ServicePort)> = writer.rules.ports().collect();
    for (index, port) in ports {
        let categories = proxy.categories(index, node);
        writer.port(port, &categories);
    }
    writer.write_elements();
    writer.out
}

struct Writer<'a> {
    rules: NodeRules<'a>,
    /// `ip` or `ip6`.
    ip: &'static str,
    address: &'static str,
    mark: &'a str,
    masquerade_all: bool,
    service_cidrs: Vec<String>,
    out: String,
    /// Elements of sets and maps: name, then key, then comment and value.
    elements: BTreeMap<&'static str, BTreeMap<String, (String, String)>>,
}

/// Base chains: name, type, hook, priority.
const BASE_CHAINS: [(&str, &str, &str, i32); 8] = [
    ("filter-prerouting-pre-dnat", "filter", "prerouting", -110),
    ("filter-output-pre-dnat", "filter", "output", -110),
    ("filter-input", "filter", "input", 0),
    ("filter-forward", "filter", "forward", 0),
    ("filter-output", "filter", "output", 0),
    ("nat-prerouting", "nat", "prerouting", -100),
    ("nat-output", "nat", "output", -100),
    ("nat-postrouting", "nat", "postrouting", 100),
];

/// Rules of the base chains: chain, condition, chain jumped to.
const JUMPS: [(&str, &str, &str); 11] = [
    ("filter-input", "ct state new ", "nodeport-endpoints-check"),
    ("filter-input", "ct state new ", "service-endpoints-check"),
    ("filter-forward", "ct state new ", "service-endpoints-check"),
    ("filter-output", "ct state new ", "service-endpoints-check"),
    ("filter-prerouting-pre-dnat", "ct state new ", "firewall-check"),
    ("filter-output-pre-dnat", "ct state new ", "firewall-check"),
    ("nat-output", "", "services"),
    ("nat-prerouting", "", "services"),
    ("nat-postrouting", "", "masquerading"),
    ("filter-forward", "ct state new ", "cluster-ips-check"),
    ("filter-output", "ct state new ", "cluster-ips-check"),
];

impl Writer<'_> {
    fn command(&mut self, verb: &str, rest: &str) {
        let _ = writeln!(self.out, "add {verb} {} kube-proxy {rest}", self.ip);
    }

    fn rule(&mut self, chain: &str, rule: &str) {
        self.command("rule", &format!("{chain} {rule}"));
    }

    fn element(&mut self, container: &'static str, key: String, comment: &str, value: &str) {
        // Of several Services with one key the last one stays.
        self.elements.entry(container).or_default().insert(key, (comment.to_owned(), value.to_owned()));
    }

    fn setup(&mut self) {
        let (ip, address, mark) = (self.ip, self.address, self.mark);
        let _ = writeln!(self.out, "add table {ip} kube-proxy {{ comment \"rules for kube-proxy\" ; }}");
        for (name, kind, hook, priority) in BASE_CHAINS {
            self.command("chain", &format!("{name} {{ type {kind} hook {hook} priority {priority} ; }}"));
        }
        for chain in [
            "nodeport-endpoints-check",
            "service-endpoints-check",
            "firewall-check",
            "services",
            "masquerading",
            "cluster-ips-check",
        ] {
            self.command("chain", chain);
        }
        for (from, condition, to) in JUMPS {
            self.rule(from, &format!("{condition}jump {to}"));
        }
        self.rule(
            "masquerading",
            &format!("mark and {mark} != 0 mark set mark xor {mark} masquerade fully-random"),
        );
        let connection = format!("{address} . {address} . inet_proto . inet_service");
        self.container("set", "hairpin-connections", &connection, "service hairpin connections");
        self.rule(
            "masquerading",
            &format!(
                "ct status dnat {ip} saddr . {ip} daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random"
            ),
        );
        self.container("set", "cluster-ips", address, "Active ClusterIPs");
        self.rule(
            "cluster-ips-check",
            &format!(
                "{ip} daddr @cluster-ips reject comment \"Reject traffic to invalid ports of ClusterIPs\""
            ),
        );
        if !self.service_cidrs.is_empty() {
            let blocks = self.service_cidrs.join(",");
            self.rule(
                "cluster-ips-check",
                &format!("{ip} daddr {{ {blocks} }} drop comment \"Drop traffic to unallocated ClusterIPs\""),
            );
        }
        let service = format!("{address} . inet_proto . inet_service : verdict");
        let port = "inet_proto . inet_service : verdict";
        self.container(
            "map",
            "no-endpoint-services",
            &service,
            "vmap to drop or reject packets to services with no endpoints",
        );
        self.container(
            "map",
            "no-endpoint-nodeports",
            port,
            "vmap to drop or reject packets to service nodeports with no endpoints",
        );
        self.command(
            "chain",
            "reject-chain { comment \"helper for @no-endpoint-services / @no-endpoint-nodeports\" ; }",
        );
        self.rule("reject-chain", "reject");
        self.rule(
            "service-endpoints-check",
            &format!("{ip} daddr . meta l4proto . th dport vmap @no-endpoint-services"),
        );
        self.container(
            "map",
            "firewall-ips",
            &service,
            "destinations that are subject to LoadBalancerSourceRanges",
        );
        self.rule("firewall-check", &format!("{ip} daddr . meta l4proto . th dport vmap @firewall-ips"));
        self.container("map", "service-ips", &service, "ClusterIP, ExternalIP and LoadBalancer IP traffic");
        self.container("map", "service-nodeports", port, "NodePort traffic");
        self.mark_cluster_ips();
        self.rule("services", &format!("{ip} daddr . meta l4proto . th dport vmap @service-ips"));
        self.node_ports();
    }

    fn container(&mut self, kind: &str, name: &str, type_: &str, comment: &str) {
        self.command(kind, &format!("{name} {{ type {type_} ; comment \"{comment}\" ; }}"));
    }

    /// Masquerades what comes to a ClusterIP from something that is no pod.
    fn mark_cluster_ips(&mut self) {
        let (ip, mark) = (self.ip, self.mark);
        if self.masquerade_all {
            self.rule(
                "services",
                &format!("{ip} daddr @cluster-ips mark set mark or {mark} comment \"masquerade all clusterIP traffic\""),
            );
        } else if let Some(block) = self.rules.proxy.detector(self.rules.family) {
            self.rule(
                "services",
                &format!(
                    "{ip} daddr @cluster-ips {ip} saddr != {block} mark set mark or {mark} comment \"masquerade clusterIP traffic from outside cluster\""
                ),
            );
        }
    }

    fn node_ports(&mut self) {
        let Some(facts) = self.rules.proxy.nodes.get(self.rules.node.index()) else { return };
        let (ip, address) = (self.ip, self.address);
        let lookup = "meta l4proto . th dport vmap";
        let (here, local) = match facts.node_port_addresses(self.rules.family) {
            NodePortAddresses::All { .. } => {
                let loopback = if ip == "ip" { "127.0.0.0/8" } else { "::1" };
                (format!("{ip} daddr != {loopback}"), "fib daddr type local ")
            }
            NodePortAddresses::These(addresses) => {
                self.container("set", "nodeport-ips", address, "IPs that accept NodePort traffic");
                for address in addresses {
                    self.element("nodeport-ips", address.to_string(), "", "");
                }
                (format!("{ip} daddr @nodeport-ips"), "")
            }
        };
        self.rule("nodeport-endpoints-check", &format!("{here} {lookup} @no-endpoint-nodeports"));
        self.rule("services", &format!("{local}{here} {lookup} @service-nodeports"));
    }

    fn port(&mut self, port: &ServicePort, categories: &Categories) {
        let chains = nft_chains(port);
        let has_any = categories.has_any;
        let has_external = categories.has_external(port);
        let refuse = if has_any { "drop" } else { "goto reject-chain" };
        let protocol = lower(port.protocol);
        let key = |ip: &std::net::IpAddr| format!("{ip} . {protocol} . {}", port.port);

        for endpoint in categories.reachable.iter().filter_map(|index| port.endpoints.get(*index as usize)) {
            // A pod can only meet itself on its own node.
            if endpoint.node == Some(self.rules.node) {
                let (ip, number) = (endpoint.ip, endpoint.port);
                self.element("hairpin-connections", format!("{ip} . {ip} . {protocol} . {number}"), "", "");
            }
        }
        self.element("cluster-ips", port.cluster_ip.to_string(), "", "");
        if categories.has_internal(port) {
            let chain = if port.internal_local { &chains.local } else { &chains.cluster };
            self.element("service-ips", key(&port.cluster_ip), "", &format!("goto {chain}"));
        } else {
            self.element("no-endpoint-services", key(&port.cluster_ip), &port.name, refuse);
        }
        let firewalled = !port.load_balancer_ips.is_empty() && !port.source_ranges.is_empty();
        let to_external = format!("goto {}", chains.external);
        for ip in port.external_ips.iter().chain(&port.load_balancer_ips) {
            if has_any {
                self.element("service-ips", key(ip), "", &to_external);
            }
            if !has_external {
                self.element("no-endpoint-services", key(ip), &port.name, refuse);
            }
        }
        for ip in port.load_balancer_ips.iter().filter(|_| firewalled) {
            self.element("firewall-ips", key(ip), "", &format!("goto {}", chains.firewall));
        }
        if let Some(number) = port.node_port {
            let key = format!("{protocol} . {number}");
            if has_any {
                self.element("service-nodeports", key.clone(), "", &to_external);
            }
            if !has_external {
                self.element("no-endpoint-nodeports", key, &port.name, refuse);
            }
        }
        self.chains(port, &chains, categories, firewalled);
    }

    fn chains(&mut self, port: &ServicePort, chains: &NftChains, categories: &Categories, firewalled: bool) {
        for (chain, endpoints) in
            [(&chains.cluster, categories.cluster()), (&chains.local, categories.local())]
        {
            if !endpoints.is_empty() {
                self.command("chain", chain);
            }
        }
        if port.affinity.is_some() {
            self.endpoints(port, categories);
        }
        for (chain, endpoints) in
            [(&chains.cluster, categories.cluster()), (&chains.local, categories.local())]
        {
            if !endpoints.is_empty() {
                self.choose(port, chain, endpoints);
            }
        }
        if categories.has_any && port.externally_accessible() {
            self.external(port, chains, categories.has_external(port));
        }
        if firewalled {
            self.command("chain", &chains.firewall);
            let mut sources: Vec<String> = port.source_ranges.iter().map(ToString::to_string).collect();
            if self.rules.allows_node(port) {
                sources.extend(port.load_balancer_ips.iter().map(ToString::to_string));
            }
            let rule = format!("{} saddr != {{ {} }} drop", self.ip, sources.join(" , "));
            self.rule(&chains.firewall, &rule);
        }
    }

    fn external(&mut self, port: &ServicePort, chains: &NftChains, has_external: bool) {
        let (ip, mark, chain) = (self.ip, self.mark, &chains.external);
        self.command("chain", chain);
        if port.external_local {
            if let Some(block) = self.rules.proxy.detector(self.rules.family) {
                let rule = format!(
                    "{ip} saddr {block} goto {} comment \"short-circuit pod traffic\"",
                    chains.cluster
                );
                self.rule(chain, &rule);
            }
            let marks =
                format!("fib saddr type local mark set mark or {mark} comment \"masquerade local traffic\"");
            self.rule(chain, &marks);
            let goes = format!(
                "fib saddr type local goto {} comment \"short-circuit local traffic\"",
                chains.cluster
            );
            self.rule(chain, &goes);
        } else {
            self.rule(chain, &format!("mark set mark or {mark}"));
        }
        if has_external {
            let to = if port.external_local { &chains.local } else { &chains.cluster };
            self.rule(chain, &format!("goto {to}"));
        }
    }

    /// k8s: pkg/proxy/nftables/proxier.go writeServiceToEndpointRules (1.36)
    fn choose(&mut self, port: &ServicePort, chain: &str, chosen: &[u32]) {
        let endpoints: Vec<_> =
            chosen.iter().filter_map(|index| port.endpoints.get(*index as usize)).collect();
        let count = endpoints.len();
        if port.affinity.is_none() {
            let map: Vec<String> = (0..)
                .zip(&endpoints)
                .map(|(n, endpoint)| format!("{n} : {} . {}", endpoint.ip, endpoint.port))
                .collect();
            let rule = format!(
                "meta l4proto {} dnat {} addr . port to numgen random mod {count} map {{ {} }}",
                lower(port.protocol),
                self.ip,
                map.join(" , ")
            );
            self.rule(chain, &rule);
            return;
        }
        let names: Vec<String> =
            endpoints.iter().map(|endpoint| nft_endpoint(port, endpoint.ip, endpoint.port)).collect();
        for name in &names {
            let rule = format!("{} saddr @affinity-{name} goto endpoint-{name}", self.ip);
            self.rule(chain, &rule);
        }
        let map: Vec<String> =
            (0..).zip(&names).map(|(n, name)| format!("{n} : goto endpoint-{name}")).collect();
        self.rule(chain, &format!("numgen random mod {count} vmap {{ {} }}", map.join(" , ")));
    }

    /// Chains and sets by which clients are remembered.
    fn endpoints(&mut self, port: &ServicePort, categories: &Categories) {
        let seconds = port.affinity.unwrap_or_default();
        for endpoint in categories.reachable.iter().filter_map(|index| port.endpoints.get(*index as usize)) {
            let name = nft_endpoint(port, endpoint.ip, endpoint.port);
            let set = format!(
                "affinity-{name} {{ type {} ; flags dynamic,timeout ; timeout {seconds}s ; }}",
                self.address
            );
            self.command("set", &set);
            let chain = format!("endpoint-{name}");
            self.command("chain", &chain);
            let remember = format!("update @affinity-{name} {{ {} saddr }}", self.ip);
            self.rule(&chain, &remember);
            let dnat = format!("meta l4proto {} dnat to {}", lower(port.protocol), endpoint.text);
            self.rule(&chain, &dnat);
        }
    }

    fn write_elements(&mut self) {
        for (container, elements) in std::mem::take(&mut self.elements) {
            for (key, (comment, value)) in elements {
                let comment = match comment.as_str() {
                    "" => String::new(),
                    text => format!(" comment \"{text}\""),
                };
                let value = if value.is_empty() { value } else { format!(" : {value}") };
                self.command("element", &format!("{container} {{ {key}{comment}{value} }}"));
            }
        }
    }
}
