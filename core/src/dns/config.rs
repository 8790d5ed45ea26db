//! What a Corefile means: for every server block the plugins that change answers, in the server's order.

use super::corefile::{self, Directive, zones};
use super::name::{fqdn, parse_ip};
use super::pattern::Pattern;
use super::record::{Rcode, RecordType};
use super::selector::selector;
use crate::manifest::api::meta::LabelSelector;
use crate::order::SliceOrder;
use std::net::IpAddr;

/// The whole configuration of the server.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    pub(super) blocks: Vec<Block>,
    /// Why the server would not start with this Corefile.
    pub(super) fault: Option<String>,
}

/// One server block.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) zones: Vec<String>,
    /// In the order requests pass them.
    pub(super) plugins: Vec<Plugin>,
}

/// A plugin that changes answers.
#[derive(Clone, Debug)]
pub(super) enum Plugin {
    Cache(Cache),
    Rewrite(Vec<Rewrite>),
    Autopath(Vec<String>),
    Template(Template),
    Hosts(Hosts),
    External(External),
    Kubernetes(Box<Kubernetes>),
    Forward(Forward),
    /// Changes answers, and is not modelled.
    NotModelled(String),
}

/// The `cache` plugin: what it does to TTLs.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache {
    pub(super) zones: Vec<String>,
    pub(super) success: u32,
    pub(super) denial: u32,
    pub(super) success_off: Vec<String>,
    pub(super) denial_off: Vec<String>,
}

/// One `rewrite` rule.
#[derive(Clone, Debug)]
pub(super) enum Rewrite {
    Name { matcher: NameMatch, to: String, answer_auto: bool, stop: bool },
    Type { from: RecordType, to: RecordType, stop: bool },
    NotModelled(String),
}

/// How a `rewrite name` rule matches.
#[derive(Clone, Debug)]
pub(super) enum NameMatch {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Substring(String),
    Regex(Pattern),
}

/// The `template` plugin.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    pub(super) zones: Vec<String>,
    /// `None` is ANY.
    pub(super) record_type: Option<RecordType>,
    pub(super) matches: Vec<Pattern>,
    pub(super) answers: Vec<String>,
    pub(super) authority: Vec<String>,
    pub(super) additional: Vec<String>,
    pub(super) rcode: Option<Rcode>,
    pub(super) fall: Option<Vec<String>>,
    pub(super) fault: Option<String>,
}

/// The `hosts` plugin.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts {
    pub(super) zones: Vec<String>,
    pub(super) entries: Vec<(IpAddr, Vec<String>)>,
    pub(super) ttl: u32,
    pub(super) reverse: bool,
    pub(super) fall: Option<Vec<String>>,
    /// A file the input does not hold.
    pub(super) file: Option<String>,
}

/// The `k8s_external` plugin.
#[derive(Clone, Debug, Default)]
pub(super) struct External {
    pub(super) zones: Vec<String>,
    /// The label under which its name servers live.
    pub(super) apex: String,
    pub(super) ttl: u32,
    pub(super) headless: bool,
    pub(super) fall: Option<Vec<String>>,
}

/// The `forward` plugin.
#[derive(Clone, Debug, Default)]
pub(super) struct Forward {
    pub(super) zone: String,
    pub(super) to: Vec<String>,
    pub(super) except: Vec<String>,
}

/// How pod names are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PodMode {
    #[default]
    Disabled,
    Insecure,
    Verified,
}

/// The `kubernetes` plugin.
#[derive(Clone, Debug, Default)]
pub(super) struct Kubernetes {
    /// Lower case, fully qualified, CIDRs expanded.
    pub(super) zones: Vec<String>,
    /// Index of the first zone that is not a reverse zone: PTR targets are in it.
    pub(super) primary: usize,
    pub(super) pods: PodMode,
    pub(super) ttl: u32,
    pub(super) namespaces: Vec<String>,
    pub(super) namespace_labels: Option<LabelSelector>,
    pub(super) labels: Option<LabelSelector>,
    pub(super) fall: Option<Vec<String>>,
    pub(super) ignore_empty_service: bool,
    pub(super) no_endpoints: bool,
    pub(super) endpoint_pod_names: bool,
    pub(super) zonal: bool,
    /// Zones in which ServiceImports are answered in place of Services.
    pub(super) multicluster: Vec<String>,
}

/// kubeadm's Corefile.
///
/// k8s: cmd/kubeadm/app/phases/addons/dns/manifests.go CoreDNSConfigMap (1.36)
pub(super) fn kubeadm(domain: &str) -> String {
    format!(
        ".:53 {{\n    errors\n    health {{\n       lameduck 5s\n    }}\n    ready\n    kubernetes {domain} in-addr.arpa ip6.arpa {{\n       \
         pods insecure\n       fallthrough in-addr.arpa ip6.arpa\n       ttl 30\n    }}\n    prometheus :9153\n    forward . /etc/resolv.conf {{\n       \
         max_concurrent 1000\n    }}\n    cache 30 {{\n       disable success {domain}\n       disable denial {domain}\n    }}\n    loop\n    reload\n    loadbalance\n}}\n"
    )
}

/// Plugins without an effect on answers, or with one on their order only.
const NEUTRAL: &[&str] = &[
    "metadata",
    "geoip",
    "cancel",
    "tls",
    "quic",
    "timeouts",
    "multisocket",
    "reload",
    "nsid",
    "bufsize",
    "bind",
    "debug",
    "trace",
    "ready",
    "health",
    "pprof",
    "prometheus",
    "errors",
    "log",
    "dnstap",
    "local",
    "loadbalance",
    "tsig",
    "loop",
    "transfer",
    "on",
    "root",
    "import",
    "startup",
    "shutdown",
    "any",
];

/// coredns: plugin.cfg, the order in which plugins see a request.
const ORDER: &[&str] = &[
    "dns64",
    "acl",
    "chaos",
    "cache",
    "rewrite",
    "header",
    "dnssec",
    "autopath",
    "minimal",
    "template",
    "hosts",
    "route53",
    "azure",
    "clouddns",
    "k8s_external",
    "kubernetes",
    "file",
    "auto",
    "secondary",
    "etcd",
    "forward",
    "grpc",
    "erratic",
    "whoami",
    "sign",
    "view",
    "nomad",
];

impl Config {
    /// The configuration a Corefile means.
    pub(super) fn read(text: &str) -> Self {
        let blocks = match corefile::parse(text) {
            Ok(blocks) => blocks,
            Err(fault) => return Self { blocks: Vec::new(), fault: Some(fault) },
        };
        let mut config = Self::default();
        for server in blocks {
            let mut directives: Vec<(usize, &Directive)> = Vec::new();
            for directive in &server.directives {
                if NEUTRAL.contains(&directive.name.as_str()) {
                    continue;
                }
                match ORDER.iter().position(|name| *name == directive.name) {
                    Some(position) => directives.push((position, directive)),
                    None => {
                        config.fault.get_or_insert_with(|| format!("unknown directive `{}`", directive.name));
                    }
                }
            }
            directives.order_by_key(|(position, _)| *position);
            let mut block = Block { zones: server.zones, plugins: Vec::new() };
            for (_, directive) in directives {
                match plugin(directive, &block.zones) {
                    // All rewrite rules of a block are one plugin.
                    Ok(Plugin::Rewrite(rules)) => match block.plugins.last_mut() {
                        Some(Plugin::Rewrite(before)) => before.extend(rules),
                        _ => block.plugins.push(Plugin::Rewrite(rules)),
                    },
                    Ok(plugin) => block.plugins.push(plugin),
                    Err(fault) => {
                        config.fault.get_or_insert(fault);
                    }
                }
            }
            config.blocks.push(block);
        }
        config
    }

    /// The kubernetes plugins, in order.
    pub(super) fn kubernetes(&self) -> impl Iterator<Item = &Kubernetes> {
        self.blocks.iter().flat_map(|block| &block.plugins).filter_map(|plugin| match plugin {
            Plugin::Kubernetes(kubernetes) => Some(&**kubernetes),
            _ => None,
        })
    }
}

fn plugin(directive: &Directive, block_zones: &[String]) -> Result<Plugin, String> {
    Ok(match directive.name.as_str() {
        "cache" => Plugin::Cache(cache(directive, block_zones)),
        "rewrite" => Plugin::Rewrite(rewrites(directive)),
        "autopath" => {
            let named: Vec<String> = directive
                .args
                .iter()
                .filter(|arg| !arg.starts_with('@'))
                .flat_map(|arg| zones(arg))
                .collect();
            let kubernetes = directive.args.iter().any(|arg| arg == "@kubernetes");
            if !kubernetes {
                return Ok(Plugin::NotModelled("autopath without @kubernetes".into()));
            }
            Plugin::Autopath(if named.is_empty() { block_zones.to_vec() } else { named })
        }
        "template" => Plugin::Template(template(directive, block_zones)),
        "hosts" => Plugin::Hosts(hosts(directive, block_zones)),
        "k8s_external" => Plugin::External(external(directive, block_zones)),
        "kubernetes" => Plugin::Kubernetes(Box::new(kubernetes(directive, block_zones)?)),
        "forward" => {
            let mut args = directive.args.iter();
            let zone = args.next().ok_or("`forward` has no zone")?;
            let mut forward = Forward { zone: fqdn(&zone.to_ascii_lowercase()), ..Forward::default() };
            forward.to = args.cloned().collect();
            if forward.to.is_empty() {
                return Err("`forward` has no server".into());
            }
            for option in &directive.block {
                if option.name == "except" {
                    forward.except.extend(option.args.iter().flat_map(|arg| zones(arg)));
                }
            }
            Plugin::Forward(forward)
        }
        other => Plugin::NotModelled(other.to_owned()),
    })
}

fn zones_or(args: &[String], block_zones: &[String]) -> Vec<String> {
    if args.is_empty() { block_zones.to_vec() } else { args.iter().flat_map(|arg| zones(arg)).collect() }
}

/// Zones of a `fallthrough` line: none given is every name.
fn fall(option: &Directive) -> Vec<String> {
    if option.args.is_empty() {
        vec![".".to_owned()]
    } else {
        option.args.iter().flat_map(|arg| zones(arg)).collect()
    }
}

// coredns: plugin/cache/setup.go cacheParse
fn cache(directive: &Directive, block_zones: &[String]) -> Cache {
    let mut cache = Cache { success: 3600, denial: 1800, ..Cache::default() };
    let mut args = directive.args.as_slice();
    if let Some((first, rest)) = args.split_first()
        && let Ok(ttl) = first.parse()
    {
        (cache.success, cache.denial) = (ttl, ttl);
        args = rest;
    }
    cache.zones = zones_or(args, block_zones);
    for option in &directive.block {
        let ttl = || option.args.get(1).and_then(|ttl| ttl.parse().ok());
        match (option.name.as_str(), option.args.first().map(String::as_str)) {
            ("success", _) => cache.success = ttl().unwrap_or(cache.success),
            ("denial", _) => cache.denial = ttl().unwrap_or(cache.denial),
            ("disable", Some(kind)) => {
                let off = zones_or(option.args.get(1..).unwrap_or_default(), block_zones);
                if kind == "success" { cache.success_off = off } else { cache.denial_off = off }
            }
            _ => {}
        }
    }
    cache
}

// coredns: plugin/rewrite/rewrite.go newRule, plugin/rewrite/name.go newNameRule
fn rewrites(directive: &Directive) -> Vec<Rewrite> {
    if directive.args.is_empty()
        || directive.args.as_slice() == ["stop"]
        || directive.args.as_slice() == ["continue"]
    {
        let mode = directive.args.first().cloned();
        return directive
            .block
            .iter()
            .map(|line| {
                let mut args: Vec<String> = mode.iter().cloned().collect();
                args.push(line.name.clone());
                args.extend(line.args.iter().cloned());
                rewrite(&args)
            })
            .collect();
    }
    let mut args = directive.args.clone();
    for line in &directive.block {
        args.push(line.name.clone());
        args.extend(line.args.iter().cloned());
    }
    vec![rewrite(&args)]
}

fn rewrite(args: &[String]) -> Rewrite {
    let whole = || Rewrite::NotModelled(format!("rewrite {}", args.join(" ")));
    let mut words: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut stop = true;
    if let Some(mode @ ("stop" | "continue")) = words.first().copied() {
        stop = mode == "stop";
        words.remove(0);
    }
    match words.as_slice() {
        ["type", from, to] => match (from.parse(), to.parse()) {
            (Ok(from), Ok(to)) => Rewrite::Type { from, to, stop },
            _ => whole(),
        },
        ["name", from, to] => Rewrite::Name {
            matcher: NameMatch::Exact(fqdn(&from.to_ascii_lowercase())),
            to: fqdn(to),
            answer_auto: true,
            stop,
        },
        ["name", kind, from, to, rest @ ..] => {
            let from = from.to_ascii_lowercase();
            let (matcher, to) = match *kind {
                "exact" => (NameMatch::Exact(fqdn(&from)), fqdn(to)),
                "prefix" => (NameMatch::Prefix(from), (*to).to_owned()),
                "suffix" => (NameMatch::Suffix(fqdn(&from)), fqdn(to)),
                "substring" => (NameMatch::Substring(from), (*to).to_owned()),
                "regex" => match Pattern::parse(&from) {
                    Ok(pattern) => (NameMatch::Regex(pattern), fqdn(to)),
                    Err(_) => return whole(),
                },
                _ => return whole(),
            };
            match rest {
                [] => {
                    Rewrite::Name { answer_auto: matches!(matcher, NameMatch::Exact(_)), matcher, to, stop }
                }
                ["answer", "auto"] => Rewrite::Name { matcher, to, answer_auto: true, stop },
                // An explicit answer rule that undoes the rewrite is what `auto` does.
                ["answer", "name", ..] => Rewrite::Name { matcher, to, answer_auto: true, stop },
                _ => whole(),
            }
        }
        _ => whole(),
    }
}

// coredns: plugin/template/setup.go templateParse
fn template(directive: &Directive, block_zones: &[String]) -> Template {
    let mut template = Template::default();
    let mut args = directive.args.iter();
    let class = args.next().map_or("", String::as_str);
    let kind = args.next().map_or("", String::as_str);
    if !["ANY", "IN"].iter().any(|known| known.eq_ignore_ascii_case(class)) {
        template.fault = Some(format!("template of class `{class}`"));
    }
    if !kind.eq_ignore_ascii_case("ANY") {
        match kind.parse() {
            Ok(kind) => template.record_type = Some(kind),
            Err(_) => template.fault = Some(format!("template of type `{kind}`")),
        }
    }
    let named: Vec<String> = args.cloned().collect();
    template.zones = zones_or(&named, block_zones);
    for option in &directive.block {
        let text = option.args.join(" ");
        match option.name.as_str() {
            "match" => {
                for arg in &option.args {
                    match Pattern::parse(arg) {
                        Ok(pattern) => template.matches.push(pattern),
                        Err(_) => template.fault = Some(format!("template match `{arg}`")),
                    }
                }
            }
            "answer" => template.answers.extend(option.args.iter().cloned()),
            "authority" => template.authority.extend(option.args.iter().cloned()),
            "additional" => template.additional.extend(option.args.iter().cloned()),
            "rcode" => match Rcode::parse(&text) {
                Some(rcode) => template.rcode = Some(rcode),
                None => template.fault = Some(format!("template rcode `{text}`")),
            },
            "fallthrough" => template.fall = Some(fall(option)),
            _ => {}
        }
    }
    template
}

// coredns: plugin/hosts/setup.go hostsParse
fn hosts(directive: &Directive, block_zones: &[String]) -> Hosts {
    let mut hosts = Hosts { ttl: 3600, reverse: true, ..Hosts::default() };
    let mut args = directive.args.iter();
    hosts.file = args.next().cloned();
    let named: Vec<String> = args.cloned().collect();
    hosts.zones = zones_or(&named, block_zones);
    for option in &directive.block {
        match option.name.as_str() {
            "fallthrough" => hosts.fall = Some(fall(option)),
            "no_reverse" => hosts.reverse = false,
            "ttl" => hosts.ttl = option.args.first().and_then(|ttl| ttl.parse().ok()).unwrap_or(hosts.ttl),
            "reload" => {}
            address => {
                if let Some(ip) = parse_ip(address) {
                    let names = option.args.iter().map(|name| fqdn(&name.to_ascii_lowercase())).collect();
                    hosts.entries.push((ip, names));
                }
            }
        }
    }
    // Inline entries alone: the default file /etc/hosts is that of the container, which names only itself.
    hosts
}

// coredns: plugin/k8s_external/setup.go parse
fn external(directive: &Directive, block_zones: &[String]) -> External {
    let zones = zones_or(&directive.args, block_zones);
    let mut external = External { zones, apex: "dns".into(), ttl: 5, ..External::default() };
    for option in &directive.block {
        let first = option.args.first();
        match option.name.as_str() {
            "apex" => external.apex = first.cloned().unwrap_or_default(),
            "ttl" => external.ttl = first.and_then(|ttl| ttl.parse().ok()).unwrap_or(external.ttl),
            "headless" => external.headless = true,
            "fallthrough" => external.fall = Some(fall(option)),
            _ => {}
        }
    }
    external
}

// coredns: plugin/kubernetes/setup.go ParseStanza
fn kubernetes(directive: &Directive, block_zones: &[String]) -> Result<Kubernetes, String> {
    let mut plugin =
        Kubernetes { ttl: 5, zones: zones_or(&directive.args, block_zones), ..Kubernetes::default() };
    let is_reverse = |zone: &String| zone.ends_with("in-addr.arpa.") || zone.ends_with("ip6.arpa.");
    plugin.primary = plugin
        .zones
        .iter()
        .position(|zone| !is_reverse(zone))
        .ok_or("`kubernetes` needs at least one zone that is not a reverse zone")?;
    for option in &directive.block {
        let first = option.args.first().map(String::as_str);
        match option.name.as_str() {
            "pods" => {
                plugin.pods = match first {
                    Some("disabled") => PodMode::Disabled,
                    Some("insecure") => PodMode::Insecure,
                    Some("verified") => PodMode::Verified,
                    other => return Err(format!("wrong value for pods: {}", other.unwrap_or_default())),
                };
            }
            "ttl" => {
                let ttl = first.and_then(|ttl| ttl.parse().ok()).filter(|ttl| *ttl <= 3600);
                plugin.ttl = ttl.ok_or("ttl must be in range [0, 3600]")?;
            }
            "namespaces" => plugin.namespaces.extend(option.args.iter().cloned()),
            "namespace_labels" => plugin.namespace_labels = Some(selector(&option.args.join(" "))?),
            "labels" => plugin.labels = Some(selector(&option.args.join(" "))?),
            "fallthrough" => plugin.fall = Some(fall(option)),
            "ignore" if first == Some("empty_service") => plugin.ignore_empty_service = true,
            "noendpoints" => plugin.no_endpoints = true,
            "endpoint_pod_names" => plugin.endpoint_pod_names = true,
            "zonal" => plugin.zonal = true,
            "multicluster" => plugin.multicluster.extend(option.args.iter().flat_map(|arg| zones(arg))),
            "endpoint"
            | "tls"
            | "kubeconfig"
            | "resyncperiod"
            | "upstream"
            | "transfer"
            | "apiserver_qps"
            | "apiserver_burst"
            | "apiserver_max_inflight"
            | "startup_timeout" => {}
            other => return Err(format!("unknown property `{other}` of kubernetes")),
        }
    }
    Ok(plugin)
}
