//! `services/`: kube-proxy in iptables mode: packet flows by selection and by tracing the rendered
//! rules, rule texts, endpoint maps, topology.

use crate::report::Report;
use kubehop::model::{Family, NodeId, Packet, Protocol, ProxyMode};
use kubehop::services::rules::{IptablesRules, TraceVerdict, Traced, iptables, probability};
use kubehop::services::{Outcome, Selection, endpoint_map};
use kubehop::{Cluster, Settings, Source};
use serde::Deserialize;
use serde_yaml::Value;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    #[serde(default)]
    proxy: ProxyOfCase,
    #[serde(default)]
    objects: Vec<Value>,
    #[serde(default)]
    flows: Vec<Flow>,
    #[serde(flatten)]
    expectations: BTreeMap<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ProxyOfCase {
    mode: Option<String>,
    ip_family: Option<String>,
    node_name: String,
    #[serde(rename = "nodeIP")]
    node_ip: Option<String>,
    #[serde(rename = "nodeIPs")]
    node_ips: Vec<String>,
    #[serde(rename = "interfaceIPs")]
    interface_ips: Vec<String>,
    #[serde(rename = "detectLocalCIDR")]
    detect_local_cidr: Option<String>,
    masquerade_all: bool,
    localhost_node_ports: bool,
    node_port_addresses: Option<Vec<String>>,
    masquerade_mark: Option<String>,
    nfacct: bool,
    random_fully: bool,
    #[serde(rename = "conntrackTCPLiberal")]
    conntrack_tcp_liberal: bool,
    zone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Flow {
    id: String,
    #[serde(rename = "sourceIP")]
    source_ip: String,
    #[serde(rename = "destIP")]
    dest_ip: String,
    dest_port: u16,
    #[serde(default)]
    protocol: Option<String>,
    output: String,
    masq: bool,
}

/// A case with its cluster.
struct World {
    case: Case,
    cluster: Cluster,
    node: NodeId,
    family: Family,
}

pub fn run(dir: &Path, report: &mut Report) {
    let mut paths: Vec<_> = std::fs::read_dir(dir.join("cases"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    for path in paths {
        let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        match serde_yaml::from_str::<Case>(&text) {
            Ok(case) => match World::new(case) {
                Ok(world) => world.check(report),
                Err(error) => report.fail(&id, "a cluster", error),
            },
            Err(error) => report.fail(&id, "a readable case", error.to_string()),
        }
    }
}

impl World {
    fn new(case: Case) -> Result<Self, String> {
        let proxy = &case.proxy;
        let family = match proxy.ip_family.as_deref() {
            Some("IPv6") => Family::IPv6,
            _ => Family::IPv4,
        };
        let mut settings = Settings { stored: true, ..Settings::default() };
        let blocks = |texts: &[String]| -> Result<Vec<ipnet::IpNet>, String> {
            texts.iter().map(|text| text.parse().map_err(|error| format!("{text}: {error}"))).collect()
        };
        settings.proxy.mode = match proxy.mode.as_deref() {
            None | Some("iptables") => ProxyMode::Iptables,
            Some("nftables") => ProxyMode::Nftables,
            Some("ipvs") => ProxyMode::Ipvs,
            Some(other) => return Err(format!("unknown mode {other}")),
        };
        settings.proxy.masquerade_all = proxy.masquerade_all;
        settings.proxy.localhost_node_ports = proxy.localhost_node_ports;
        settings.proxy.detect_local =
            Some(blocks(&proxy.detect_local_cidr.iter().cloned().collect::<Vec<_>>())?);
        settings.proxy.node_port_addresses =
            blocks(proxy.node_port_addresses.as_deref().unwrap_or_default())?;
        settings.proxy.nfacct = proxy.nfacct;
        settings.proxy.random_fully = proxy.random_fully;
        settings.proxy.conntrack_tcp_be_liberal = proxy.conntrack_tcp_liberal;
        if let Some(mark) = &proxy.masquerade_mark {
            settings.proxy.masquerade_mark.clone_from(mark);
        }
        let addresses = proxy
            .node_ips
            .iter()
            .chain(&proxy.interface_ips)
            .map(|text| text.parse::<IpAddr>().map_err(|error| format!("{text}: {error}")))
            .collect::<Result<Vec<_>, _>>()?;
        settings.proxy.interface_addresses.insert(proxy.node_name.clone(), addresses);

        let mut sources = vec![Source::new("node.yaml", node(proxy))];
        for (index, object) in case.objects.iter().enumerate() {
            let text = serde_yaml::to_string(object).map_err(|error| error.to_string())?;
            sources.push(Source::new(format!("object-{index}.yaml"), text));
        }
        let cluster = Cluster::load(sources, &settings);
        let position = cluster.snapshot().nodes.iter().position(|node| node.name == proxy.node_name);
        let node = NodeId(position.ok_or("the node is not in the cluster")? as u32);
        Ok(Self { case, cluster, node, family })
    }

    fn rules_text(&self) -> String {
        iptables(self.cluster.snapshot(), self.cluster.proxy(), self.node, self.family)
    }

    fn check(&self, report: &mut Report) {
        let text = self.rules_text();
        let rules = match IptablesRules::parse(&text) {
            Ok(rules) => rules,
            Err(error) => return report.fail(&self.case.id, "rules that can be read", error),
        };
        for flow in &self.case.flows {
            self.flow(flow, &rules, report);
        }
        for (key, expected) in &self.case.expectations {
            let id = format!("{} {key}", self.case.id);
            match key.as_str() {
                "name" | "upstream_test" | "note" => {}
                _ => match self.expectation(key, expected, &rules) {
                    Some(actual) => report.check(&id, normal(expected), normal(&actual)),
                    None => report.skip(&id, format!("unknown expectation {key}")),
                },
            }
        }
    }

    fn flow(&self, flow: &Flow, rules: &IptablesRules, report: &mut Report) {
        let packet = match packet(flow) {
            Ok(packet) => packet,
            Err(error) => return report.fail(&flow.id, "a packet", error),
        };
        let expected = format!("{} masq={}", flow.output, flow.masq);
        let proxy = self.cluster.proxy();
        let selection = proxy.select(self.cluster.snapshot(), self.node, &packet);
        report.check(&format!("{} by selection", flow.id), &*expected, of_selection(&selection));
        let traced = rules.trace(&packet, &|ip| proxy.is_local_address(self.node, ip));
        report.check(&format!("{} by tracing the rules", flow.id), &*expected, of_trace(&traced));
    }

    /// What the library says about one kind of expectation, in the form of the case.
    fn expectation(&self, key: &str, expected: &Value, rules: &IptablesRules) -> Option<Value> {
        let snapshot = self.cluster.snapshot();
        let proxy = self.cluster.proxy();
        let chain = |table: &str, chain: &str| -> Vec<Value> {
            rules.chain_rules(table, chain).unwrap_or_default().into_iter().map(Value::from).collect()
        };
        let map = || endpoint_map(snapshot, self.family, self.node);
        Some(match key {
            "expected_iptables" => by_chain(&self.rules_text()),
            "expected_chain" => {
                let (table, name) = (text(expected, "table"), text(expected, "chain"));
                object([
                    ("table", table.clone().into()),
                    ("chain", name.clone().into()),
                    ("rules", chain(&table, &name).into()),
                ])
            }
            "expected_rules_present" => {
                let mut present = serde_yaml::Mapping::new();
                for (table, wanted) in expected.as_mapping()? {
                    let all: Vec<&str> = rules
                        .chains(table.as_str()?)
                        .into_iter()
                        .filter_map(|name| rules.chain_rules(table.as_str()?, name))
                        .flatten()
                        .collect();
                    let found: Vec<Value> = wanted
                        .as_sequence()?
                        .iter()
                        .filter(|rule| rule.as_str().is_some_and(|rule| all.contains(&rule)))
                        .cloned()
                        .collect();
                    present.insert(table.clone(), found.into());
                }
                present.into()
            }
            "expected_absent_chains" => {
                let there = rules.chains("nat");
                let absent = |name: &&Value| name.as_str().is_some_and(|name| !there.contains(&name));
                expected.as_sequence()?.iter().filter(absent).cloned().collect::<Vec<_>>().into()
            }
            "expected_service_ip_rule" => {
                let ip = text(expected, "ip");
                let argument = format!(" -d {ip} ");
                let present =
                    rules.chain_rules("nat", "KUBE-SERVICES")?.iter().any(|rule| rule.contains(&argument));
                object([("ip", ip.into()), ("present", present.into())])
            }
            "expected_no_local_endpoints" => {
                let count = |name: &str| {
                    let lines = rules.chain_rules("filter", name).unwrap_or_default();
                    Value::from(u8::from(lines.iter().any(|rule| rule.contains("has no local endpoints"))))
                };
                object([("internal", count("KUBE-SERVICES")), ("external", count("KUBE-EXTERNAL-SERVICES"))])
            }
            "expected_endpoints" => map()
                .iter()
                .map(|entry| {
                    let endpoints: Vec<Value> = entry
                        .endpoints
                        .iter()
                        .map(|(endpoint, local, _)| {
                            object([("endpoint", endpoint.clone().into()), ("local", (*local).into())])
                        })
                        .collect();
                    object([
                        ("service", entry.service.clone().into()),
                        ("port", entry.port.clone().into()),
                        ("protocol", entry.protocol.as_str().into()),
                        ("endpoints", endpoints.into()),
                    ])
                })
                .collect::<Vec<_>>()
                .into(),
            "expected_local_endpoints" => local_ready(&map())
                .into_iter()
                .map(|(service, count)| (Value::from(service), Value::from(count)))
                .collect::<serde_yaml::Mapping>()
                .into(),
            "expected_local_ready_services" => local_ready(&map()).len().into(),
            "expected_local_ready_endpoints" => local_ready(&map()).values().sum::<usize>().into(),
            "expected_service_ports" => {
                proxy.ports().iter().filter(|port| port.family == self.family).count().into()
            }
            "expected_healthcheck_nodeports" => proxy
                .ports()
                .iter()
                .filter(|port| port.family == self.family)
                .filter_map(|port| {
                    let service = snapshot.service_ref(port.service)?;
                    let name = format!("{}/{}", service.namespace?, service.name);
                    Some((Value::from(name), Value::from(port.health_check_node_port?)))
                })
                .collect::<serde_yaml::Mapping>()
                .into(),
            "expected_probability" => expected
                .as_mapping()?
                .keys()
                .map(|n| (n.clone(), probability(n.as_u64().unwrap_or_default() as u32).into()))
                .collect::<serde_yaml::Mapping>()
                .into(),
            "expected_large_cluster" => large_cluster(expected)?,
            "expected_categories" => self.categories(),
            _ => return None,
        })
    }

    fn categories(&self) -> Value {
        let proxy = self.cluster.proxy();
        let Some(port) = proxy.ports().first() else {
            let none = || Value::Null;
            return object([
                ("cluster", none()),
                ("local", none()),
                ("all_reachable", none()),
                ("has_any", false.into()),
            ]);
        };
        let categories = proxy.categories(0, self.node);
        let names = |indexes: &[u32]| -> Value {
            let mut names: Vec<&str> = indexes
                .iter()
                .filter_map(|index| port.endpoints.get(*index as usize))
                .map(|endpoint| endpoint.text.as_str())
                .collect();
            names.sort_unstable();
            names.into_iter().map(Value::from).collect::<Vec<_>>().into()
        };
        let optional = |indexes: &Option<Vec<u32>>| indexes.as_deref().map_or(Value::Null, names);
        object([
            ("cluster", optional(&categories.cluster)),
            ("local", optional(&categories.local)),
            ("all_reachable", names(&categories.reachable)),
            ("has_any", categories.has_any.into()),
        ])
    }
}

/// The node as a manifest: the first address of each family, and its zone.
fn node(proxy: &ProxyOfCase) -> String {
    let mut addresses = String::new();
    let mut families = Vec::new();
    for ip in proxy.node_ip.iter().chain(&proxy.node_ips) {
        let family = ip.contains(':');
        if !families.contains(&family) {
            families.push(family);
            addresses += &format!("  - {{type: InternalIP, address: '{ip}'}}\n");
        }
    }
    let labels = match &proxy.zone {
        Some(zone) => format!("  labels: {{topology.kubernetes.io/zone: {zone}}}\n"),
        None => String::new(),
    };
    let name = &proxy.node_name;
    let status =
        if addresses.is_empty() { String::new() } else { format!("status:\n  addresses:\n{addresses}") };
    format!("apiVersion: v1\nkind: Node\nmetadata:\n  name: {name}\n{labels}{status}")
}

fn packet(flow: &Flow) -> Result<Packet, String> {
    let ip = |text: &str| text.parse::<IpAddr>().map_err(|error| format!("{text}: {error}"));
    let protocol = flow.protocol.as_deref().unwrap_or_default();
    Ok(Packet {
        source: ip(&flow.source_ip)?,
        destination: ip(&flow.dest_ip)?,
        port: flow.dest_port,
        protocol: Protocol::parse(&protocol.to_uppercase()).ok_or_else(|| protocol.to_owned())?,
    })
}

fn of_selection(selection: &Selection) -> String {
    let output = match &selection.outcome {
        Outcome::NotMatched(_) => String::new(),
        Outcome::Rejected(_) => "REJECT".into(),
        Outcome::Dropped(_) => "DROP".into(),
        Outcome::HealthCheck => "ACCEPT".into(),
        Outcome::Backends { backends, .. } => backends
            .iter()
            .map(|backend| SocketAddr::new(backend.ip, backend.port).to_string())
            .collect::<Vec<_>>()
            .join(", "),
    };
    format!("{output} masq={}", selection.backends().iter().any(|backend| backend.masquerade.is_some()))
}

fn of_trace(traced: &Traced) -> String {
    let output = match traced.verdict {
        Some(TraceVerdict::Accept) => "ACCEPT".into(),
        Some(TraceVerdict::Drop) => "DROP".into(),
        Some(TraceVerdict::Reject) => "REJECT".into(),
        None => {
            let reached: Vec<&str> =
                traced.reached.iter().map(|reached| reached.destination.as_str()).collect();
            reached.join(", ")
        }
    };
    format!("{output} masq={}", traced.masquerade)
}

/// Distinct ready addresses on the node by Service; Services without one are left out.
fn local_ready(map: &[kubehop::services::EndpointMapEntry]) -> BTreeMap<String, usize> {
    let mut addresses: BTreeMap<String, std::collections::BTreeSet<String>> = BTreeMap::new();
    for entry in map {
        for (endpoint, local, ready) in &entry.endpoints {
            if let (true, true, Some((ip, _))) = (local, ready, endpoint.rsplit_once(':')) {
                addresses.entry(entry.service.clone()).or_default().insert(ip.to_owned());
            }
        }
    }
    addresses.into_iter().map(|(service, ips)| (service, ips.len())).collect()
}

/// Builds the clusters that the facts are about and repeats the facts it finds.
fn large_cluster(expected: &Value) -> Option<Value> {
    let mut actual = expected.clone();
    let threshold = expected.get("threshold_endpoints")?.as_u64()?;
    for example in actual.get_mut("examples")?.as_sequence_mut()? {
        let port = text(example, "servicePort");
        let endpoint = text(example, "endpoint");
        let protocol = text(example, "protocol").to_uppercase();
        let rendered = |count: u64| -> Option<String> {
            let yaml = large_manifests(&port, &endpoint, &protocol, count)?;
            let settings = Settings { stored: true, ..Settings::default() };
            let cluster = Cluster::load([Source::new("large.yaml", yaml)], &settings);
            Some(iptables(cluster.snapshot(), cluster.proxy(), NodeId(0), Family::IPv4))
        };
        let texts = [("small", rendered(threshold)?), ("large", rendered(threshold + 1)?)];
        for (key, rules) in &texts {
            let wanted = text(example, key);
            if !wanted.is_empty() {
                let found = rules.lines().find(|line| *line == wanted).unwrap_or("not found");
                example[*key] = found.into();
            }
        }
        let chain = text(example, "serviceChain");
        if !chain.is_empty() {
            let line = format!(":{chain} - [0:0]");
            let found = texts.iter().all(|(_, rules)| rules.lines().any(|rule| rule == line));
            example["serviceChain"] = if found { chain.into() } else { "not found".into() };
        }
    }
    Some(actual)
}

/// A Service with `count` endpoints, one of them `endpoint`.
fn large_manifests(port: &str, endpoint: &str, protocol: &str, count: u64) -> Option<String> {
    let (service, port_name) = port.split_once(':')?;
    let (namespace, name) = service.split_once('/')?;
    let (ip, number) = endpoint.rsplit_once(':')?;
    let mut addresses = format!("- addresses: ['{ip}']\n");
    for n in 1..count {
        addresses += &format!("- addresses: ['172.16.{}.{}']\n", n / 250, n % 250 + 1);
    }
    Some(format!(
        "apiVersion: v1
kind: Node
metadata: {{name: node}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  clusterIP: 172.30.0.41
  ports: [{{name: {port_name}, port: {number}, protocol: {protocol}}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: {namespace}, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{{name: {port_name}, port: {number}, protocol: {protocol}}}]
endpoints:
{addresses}"
    ))
}

/// The rules of an iptables-restore input table by table and chain by chain: their order inside a
/// chain counts, the order of chains does not.
fn by_chain(text: &str) -> Value {
    let mut chains: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('*') {
            table = name.to_owned();
        } else if let Some(chain) = line.strip_prefix(':') {
            let name = chain.split(' ').next().unwrap_or_default();
            chains.entry(format!("{table} {name}")).or_default();
        } else if let Some(rule) = line.strip_prefix("-A ") {
            let name = rule.split(' ').next().unwrap_or_default();
            chains.entry(format!("{table} {name}")).or_default().push(line.to_owned());
        }
    }
    serde_yaml::to_value(chains).unwrap_or_default()
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields.into_iter().map(|(key, value)| (Value::from(key), value)).collect::<serde_yaml::Mapping>().into()
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A value as text that is equal for equal values; a rule text is taken apart into its chains.
fn normal(value: &Value) -> String {
    match value.as_str() {
        Some(text) if text.contains("COMMIT") => normal(&by_chain(text)),
        _ => sorted(value),
    }
}

fn sorted(value: &Value) -> String {
    match value {
        Value::Mapping(map) => {
            let mut entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", sorted(key), sorted(value))).collect();
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Sequence(list) => {
            format!("[{}]", list.iter().map(sorted).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => text.clone(),
        other => serde_yaml::to_string(other).unwrap_or_default().trim().to_owned(),
    }
}
