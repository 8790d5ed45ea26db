//! What the kubelet writes into a pod: /etc/resolv.conf, the hostname and /etc/hosts.
//!
//! k8s: pkg/kubelet/network/dns/dns.go, pkg/kubelet/kubelet_pods.go (1.36)

use crate::manifest::api::core_v1::{PodDnsConfigOption, PodSpec};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{PodId, Snapshot};
use serde::Serialize;
use std::fmt::Write;
use std::net::IpAddr;

/// Nameservers a resolv.conf may have.
const MAX_NAMESERVERS: usize = 3;
/// Search domains, and characters of the search line.
const MAX_SEARCHES: usize = 32;
const MAX_SEARCH_LINE: usize = 2048;
/// Characters of a hostname.
const MAX_HOSTNAME: usize = 63;
/// Characters the kernel takes as a hostname.
const MAX_KERNEL_HOSTNAME: usize = 64;

/// Content of a resolv.conf.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResolvConf {
    /// Servers, in the order they are asked.
    pub nameservers: Vec<String>,
    /// Domains that are appended to short names.
    pub searches: Vec<String>,
    /// `ndots:5` …
    pub options: Vec<String>,
}

impl ResolvConf {
    /// The file as the container runtime writes it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.searches.is_empty() {
            let _ = writeln!(text, "search {}", self.searches.join(" "));
        }
        for server in &self.nameservers {
            let _ = writeln!(text, "nameserver {server}");
        }
        if !self.options.is_empty() {
            let _ = writeln!(text, "options {}", self.options.join(" "));
        }
        text
    }

    /// Value of a numeric option.
    pub fn option(&self, name: &str) -> Option<u32> {
        self.options
            .iter()
            .rev()
            .find_map(|option| option.strip_prefix(name)?.strip_prefix(':')?.parse().ok())
    }

    /// Names with fewer dots are tried with the search list first. Default 1, at most 15.
    pub fn ndots(&self) -> u32 {
        self.option("ndots").unwrap_or(1).min(15)
    }
}

/// An event the kubelet records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `DNSConfigForming`, `MissingClusterDNS`, `FailedCreatePodSandBox`.
    pub reason: &'static str,
    /// Its message.
    pub message: String,
}

/// The resolv.conf of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodResolvConf {
    /// The pod.
    pub pod: ObjectRef,
    /// Where its settings come from: `cluster`, `node` or `none`.
    pub base: &'static str,
    /// Why, in one sentence.
    pub why: String,
    /// Its content.
    #[serde(flatten)]
    pub conf: ResolvConf,
    /// The file.
    pub text: String,
    /// Warnings the kubelet records.
    pub events: Vec<Event>,
    /// The fields that decided.
    pub evidence: Vec<Evidence>,
}

/// Reads a resolv.conf as the kubelet does: nameservers and options accumulate, the last search wins.
///
/// # Errors
/// A `nameserver` line without an address.
///
/// k8s: pkg/kubelet/network/dns/dns.go parseResolvConf
pub fn parse_resolv_conf(text: &str) -> Result<ResolvConf, String> {
    let mut conf = ResolvConf::default();
    let mut error = None;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let mut fields = line.split_whitespace();
        match fields.next() {
            Some("nameserver") => match fields.next() {
                Some(server) => conf.nameservers.push(server.to_owned()),
                None => error = Some("nameserver list is empty".to_owned()),
            },
            Some("search") => {
                let kept = fields
                    .filter(|search| *search != ".")
                    .map(|search| search.strip_suffix('.').unwrap_or(search));
                conf.searches = kept.map(str::to_owned).collect();
            }
            Some("options") => {
                for option in fields {
                    let name = option.split(':').next().unwrap_or_default();
                    conf.options.retain(|known| known.split(':').next() != Some(name));
                    conf.options.push(option.to_owned());
                }
            }
            _ => {}
        }
    }
    error.map_or(Ok(conf), Err)
}

/// Options of the base with those of the pod, which win; in the order of the base, then of the pod.
///
/// k8s: pkg/kubelet/network/dns/dns.go mergeDNSOptions
pub fn merge_options(existing: &[String], added: &[PodDnsConfigOption]) -> Vec<String> {
    let mut merged: Vec<(String, String)> = Vec::new();
    let mut set = |name: &str, value: &str| match merged.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => value.clone_into(known),
        None => merged.push((name.to_owned(), value.to_owned())),
    };
    for option in existing {
        let (name, value) = option.split_once(':').unwrap_or((option, ""));
        set(name, value);
    }
    for option in added {
        set(&option.name, option.value.as_deref().unwrap_or_default());
    }
    merged
        .into_iter()
        .map(|(name, value)| if value.is_empty() { name } else { format!("{name}:{value}") })
        .collect()
}

/// At most three nameservers; the event when some were left out.
///
/// k8s: pkg/kubelet/network/dns/dns.go formDNSNameserversFitsLimits
pub fn limit_nameservers(mut servers: Vec<String>) -> (Vec<String>, Option<Event>) {
    if servers.len() <= MAX_NAMESERVERS {
        return (servers, None);
    }
    servers.truncate(MAX_NAMESERVERS);
    let line = servers.join(" ");
    let message = format!(
        "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: {line}"
    );
    (servers, Some(Event { reason: "DNSConfigForming", message }))
}

/// At most 32 search domains of at most 253 characters in 2048; the event when some were left out.
///
/// k8s: pkg/kubelet/network/dns/dns.go formDNSSearchFitsLimits
pub fn limit_searches(mut searches: Vec<String>) -> (Vec<String>, Option<Event>) {
    let before = searches.len();
    searches.truncate(MAX_SEARCHES);
    searches.retain(|search| search.len() <= 253);
    while searches.join(" ").len() > MAX_SEARCH_LINE {
        searches.pop();
    }
    if searches.len() == before {
        return (searches, None);
    }
    let line = searches.join(" ");
    let message = format!(
        "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: {line}"
    );
    (searches, Some(Event { reason: "DNSConfigForming", message }))
}

/// Addresses of cluster DNS as the kubelets know them: the settings', else the DNS Service's, else the 10th
/// of the service CIDR.
pub fn cluster_dns(snapshot: &Snapshot) -> Vec<IpAddr> {
    if let Some(given) = &snapshot.settings.dns.cluster_dns {
        return given.clone();
    }
    let service = snapshot.service_id("kube-system", "kube-dns").and_then(|id| snapshot.service(id));
    let ips = service.map(|service| service.spec.cluster_ips.as_slice()).unwrap_or_default();
    if let Some(ip) = ips.iter().find_map(|ip| ip.parse().ok()) {
        return vec![ip];
    }
    // k8s: cmd/kubeadm/app/constants/constants.go GetDNSIP
    let tenth = match snapshot.settings.service_cidrs.first().map(ipnet::IpNet::network) {
        Some(IpAddr::V4(ip)) => Some(IpAddr::V4((u32::from(ip).saturating_add(10)).into())),
        Some(IpAddr::V6(ip)) => Some(IpAddr::V6((u128::from(ip).saturating_add(10)).into())),
        None => None,
    };
    tenth.into_iter().collect()
}

/// Where a pod's resolver settings come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    Cluster,
    Node,
    /// On the host network ClusterFirst means Default.
    HostNetwork,
    None,
    /// Not a policy the kubelet knows: taken as ClusterFirst.
    Invalid,
    /// The kubelet is not told of cluster DNS.
    Missing,
}

// k8s: pkg/kubelet/network/dns/dns.go getPodDNSType
fn base(pod: &crate::model::Pod, servers: &[IpAddr]) -> Base {
    let base = match (pod.spec.dns_policy.as_str(), pod.host_network) {
        ("None", _) => Base::None,
        ("Default", _) => Base::Node,
        ("" | "ClusterFirst", true) => Base::HostNetwork,
        ("" | "ClusterFirst" | "ClusterFirstWithHostNet", _) => Base::Cluster,
        _ => Base::Invalid,
    };
    if matches!(base, Base::Cluster | Base::Invalid) && servers.is_empty() { Base::Missing } else { base }
}

/// Content alone, and the events on the way.
///
/// k8s: pkg/kubelet/network/dns/dns.go GetPodDNS
fn content(
    snapshot: &Snapshot,
    pod: &crate::model::Pod,
    base: Base,
    servers: &[IpAddr],
) -> (ResolvConf, [Option<Event>; 2]) {
    let settings = &snapshot.settings.dns;
    let node = || parse_resolv_conf(&settings.node_resolv_conf).unwrap_or_default();
    let mut conf = match base {
        Base::None => ResolvConf::default(),
        Base::Cluster | Base::Invalid => {
            let namespace = snapshot.namespace_name(pod.namespace);
            cluster_base(namespace, &settings.cluster_domain, servers, &node().searches)
        }
        _ if settings.node_resolv_conf.is_empty() => no_node_file(snapshot, pod),
        _ => node(),
    };
    if let Some(added) = &pod.spec.dns_config {
        conf.nameservers = distinct(conf.nameservers.into_iter().chain(added.nameservers.iter().cloned()));
        conf.searches = distinct(conf.searches.into_iter().chain(added.searches.iter().cloned()));
        conf.options = merge_options(&conf.options, &added.options);
    }
    let (servers, searches);
    (conf.nameservers, servers) = limit_nameservers(conf.nameservers);
    (conf.searches, searches) = limit_searches(conf.searches);
    (conf, [servers, searches])
}

/// The content of a pod's resolv.conf, without the why.
pub(super) fn conf_of(snapshot: &Snapshot, pod: PodId) -> Option<ResolvConf> {
    let pod = snapshot.pod(pod)?;
    let servers = cluster_dns(snapshot);
    Some(content(snapshot, pod, base(pod, &servers), &servers).0)
}

/// The resolv.conf that the kubelet writes for a pod; `None` for an id of another snapshot.
pub fn resolv_conf(snapshot: &Snapshot, pod: PodId) -> Option<PodResolvConf> {
    let reference = snapshot.pod_ref(pod)?;
    let pod = snapshot.pod(pod)?;
    let cite = |field: &str| snapshot.evidence(reference.clone(), &pod.origin, field);
    let servers = cluster_dns(snapshot);
    let base = base(pod, &servers);
    let policy = pod.spec.dns_policy.as_str();
    let (name, why) = match base {
        Base::None => ("none", "dnsPolicy is None: only dnsConfig counts".to_owned()),
        Base::Node => ("node", "dnsPolicy is Default: the node's settings are taken over".to_owned()),
        Base::HostNetwork => (
            "node",
            "the pod is on the host network with dnsPolicy ClusterFirst, which then means Default: the node's settings".to_owned(),
        ),
        Base::Cluster if policy.is_empty() => ("cluster", "dnsPolicy is ClusterFirst: cluster DNS comes first".to_owned()),
        Base::Cluster => ("cluster", format!("dnsPolicy is {policy}: cluster DNS comes first")),
        Base::Invalid => ("cluster", format!("invalid DNSPolicy: {policy}; taken as ClusterFirst")),
        Base::Missing => ("node", "the kubelet is not told of cluster DNS, so the node's settings are taken over".to_owned()),
    };
    let mut evidence = vec![cite("spec.dnsPolicy")];
    if base == Base::HostNetwork {
        evidence.push(cite("spec.hostNetwork"));
    }
    if pod.spec.dns_config.is_some() {
        evidence.push(cite("spec.dnsConfig"));
    }
    let mut events = Vec::new();
    if base == Base::Missing {
        let message = format!(
            "pod: \"{}_{}\". kubelet does not have ClusterDNS IP configured and cannot create Pod using \"ClusterFirst\" policy. Falling back to \"Default\" policy.",
            pod.name,
            snapshot.namespace_name(pod.namespace)
        );
        events.push(Event { reason: "MissingClusterDNS", message });
    }
    let (conf, limits) = content(snapshot, pod, base, &servers);
    events.extend(limits.into_iter().flatten());
    Some(PodResolvConf { pod: reference, base: name, why, text: conf.text(), conf, events, evidence })
}

// k8s: pkg/kubelet/network/dns/dns.go generateSearchesForDNSClusterFirst
fn cluster_base(namespace: &str, domain: &str, servers: &[IpAddr], node: &[String]) -> ResolvConf {
    let own = match domain {
        "" => Vec::new(),
        domain => vec![format!("{namespace}.svc.{domain}"), format!("svc.{domain}"), domain.to_owned()],
    };
    ResolvConf {
        nameservers: servers.iter().map(IpAddr::to_string).collect(),
        searches: distinct(own.into_iter().chain(node.iter().cloned())),
        options: vec!["ndots:5".to_owned()],
    }
}

/// `--resolv-conf=""`: nothing is looked up.
fn no_node_file(snapshot: &Snapshot, pod: &crate::model::Pod) -> ResolvConf {
    let node = pod.node.and_then(|node| snapshot.node(node));
    let ips = node.map(|node| node.ips.as_slice()).unwrap_or_default();
    let mut nameservers: Vec<String> =
        ips.iter().map(|ip| if ip.is_ipv6() { "::1" } else { "127.0.0.1" }.to_owned()).collect();
    if nameservers.is_empty() {
        nameservers.push("127.0.0.1".to_owned());
    }
    ResolvConf { nameservers, searches: vec![".".to_owned()], options: Vec::new() }
}

fn distinct(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for text in all {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}

/// The hostname of a pod and the domain behind it, empty when there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hostname {
    /// What `hostname` prints.
    pub hostname: String,
    /// `subdomain.namespace.svc.domain`.
    pub domain: String,
}

/// Hostname and domain of a pod that is not on the host network.
///
/// # Errors
/// What keeps the pod from starting, in the kubelet's words.
///
/// k8s: pkg/kubelet/kubelet_pods.go GeneratePodHostNameAndDomain
pub fn hostname(
    name: &str,
    namespace: &str,
    spec: &PodSpec,
    cluster_domain: &str,
) -> Result<Hostname, String> {
    if let Some(name) = &spec.hostname_override {
        if !is_subdomain(name) {
            return Err(format!("pod HostnameOverride \"{name}\" is not a valid DNS subdomain: {SUBDOMAIN}"));
        }
        return Ok(Hostname { hostname: truncate_hostname(name).to_owned(), domain: String::new() });
    }
    for (field, value) in [("Hostname", &spec.hostname), ("Subdomain", &spec.subdomain)] {
        if !value.is_empty() && !is_label(value) {
            return Err(format!("pod {field} \"{value}\" is not a valid DNS label: {LABEL}"));
        }
    }
    let hostname = if spec.hostname.is_empty() { name } else { &spec.hostname };
    let domain = match spec.subdomain.as_str() {
        "" => String::new(),
        subdomain => format!("{subdomain}.{namespace}.svc.{cluster_domain}"),
    };
    Ok(Hostname { hostname: truncate_hostname(hostname).to_owned(), domain })
}

/// Cut to 63 characters, not ending in a dash or dot.
///
/// k8s: pkg/kubelet/kubelet_pods.go truncatePodHostnameIfNeeded
pub fn truncate_hostname(name: &str) -> &str {
    match name.get(..MAX_HOSTNAME) {
        Some(cut) if name.len() > MAX_HOSTNAME => cut.trim_end_matches(['-', '.']),
        _ => name,
    }
}

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an \
                     alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end \
                         with an alphanumeric character (e.g. 'example.com', regex used for validation is \
                         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

fn is_label(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.first().is_some_and(|c| plain(*c))
        && bytes.last().is_some_and(|c| plain(*c))
        && bytes.iter().all(|c| plain(*c) || *c == b'-')
}

fn is_subdomain(text: &str) -> bool {
    let part = |part: &str| {
        is_label(part)
            || (part.len() > 63
                && part.as_bytes().chunks(63).all(|chunk| std::str::from_utf8(chunk).is_ok_and(is_label)))
    };
    text.len() <= 253 && text.split('.').all(part)
}

/// /etc/hosts of a pod, with what else the kubelet makes of its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostsFile {
    /// The pod.
    pub pod: ObjectRef,
    /// What `hostname` prints in it: the node's name on the host network, the FQDN with setHostnameAsFQDN.
    pub hostname: String,
    /// The domain behind the hostname, empty when there is none.
    pub domain: String,
    /// The file.
    pub text: String,
    /// Addresses with their names, in the order of the file.
    pub entries: Vec<HostsEntry>,
    /// Warnings the kubelet records.
    pub events: Vec<Event>,
    /// Things worth knowing about these names.
    pub notes: Vec<String>,
}

/// One line of /etc/hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostsEntry {
    /// The address.
    pub address: String,
    /// Its names.
    pub names: Vec<String>,
    /// The field of the pod it comes from; absent for fixed lines and the pod's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// Lines every pod has.
const FIXED: &[(&str, &[&str])] = &[
    ("127.0.0.1", &["localhost"]),
    ("::1", &["localhost", "ip6-localhost", "ip6-loopback"]),
    ("fe00::0", &["ip6-localnet"]),
    ("fe00::0", &["ip6-mcastprefix"]),
    ("fe00::1", &["ip6-allnodes"]),
    ("fe00::2", &["ip6-allrouters"]),
];

/// The hosts file that the kubelet writes for a pod; `None` for an id of another snapshot.
///
/// k8s: pkg/kubelet/kubelet_pods.go ensureHostsFile, managedHostsFileContent
pub fn hosts_file(snapshot: &Snapshot, id: PodId) -> Option<HostsFile> {
    let reference = snapshot.pod_ref(id)?;
    let pod = snapshot.pod(id)?;
    let (mut events, mut notes, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    let entry = |address: &str, names: &[&str]| HostsEntry {
        address: address.to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        evidence: None,
    };
    let namespace = snapshot.namespace_name(pod.namespace);
    let mut name = match hostname(&pod.name, namespace, &pod.spec, &snapshot.settings.dns.cluster_domain) {
        Ok(name) => name,
        Err(message) => {
            events.push(Event { reason: "FailedCreatePodSandBox", message });
            Hostname { hostname: pod.name.clone(), domain: String::new() }
        }
    };
    entries.extend(FIXED.iter().map(|(address, names)| entry(address, names)));
    let header = if pod.host_network {
        "# Kubernetes-managed hosts file (host network).\n"
    } else {
        "# Kubernetes-managed hosts file.\n"
    };
    if pod.host_network {
        // The node's file: its own name is the only other line a plain node has.
        let node = pod.node.and_then(|node| snapshot.node(node));
        name = Hostname {
            hostname: node.map(|node| node.name.clone()).unwrap_or_default(),
            domain: String::new(),
        };
        entries.truncate(2);
        if let Some(node) = node {
            entries.extend(node.ips.first().map(|ip| entry(&ip.to_string(), &[&node.name])));
        }
        notes.push("on the host network the file is the node's, and spec.hostname is ignored".to_owned());
    } else {
        let fqdn = format!("{}.{}", name.hostname, name.domain);
        let names: Vec<&str> =
            if name.domain.is_empty() { vec![&name.hostname] } else { vec![&fqdn, &name.hostname] };
        entries.extend(pod.ips.iter().map(|ip| entry(&ip.to_string(), &names)));
        if pod.spec.set_hostname_as_fqdn == Some(true) && !name.domain.is_empty() {
            if fqdn.len() > MAX_KERNEL_HOSTNAME {
                let message = format!(
                    "failed to construct FQDN from pod hostname and cluster domain, FQDN {fqdn} is too long ({MAX_KERNEL_HOSTNAME} characters is the max, {} characters requested)",
                    fqdn.len()
                );
                events.push(Event { reason: "FailedCreatePodSandBox", message });
            } else {
                name.hostname = fqdn.clone();
            }
        }
        if !name.domain.is_empty() && pod.spec.hostname.is_empty() {
            notes.push(format!("{fqdn} stands in the hosts file only: a DNS record needs spec.hostname besides spec.subdomain"));
        }
    }
    let own = entries.len();
    entries.extend(pod.spec.host_aliases.iter().enumerate().map(|(index, alias)| {
        let field = format!("spec.hostAliases[{index}]");
        HostsEntry {
            address: alias.ip.clone(),
            names: alias.hostnames.clone(),
            evidence: Some(snapshot.evidence(reference.clone(), &pod.origin, &field)),
        }
    }));
    let mut text = header.to_owned();
    for (index, line) in entries.iter().enumerate() {
        if index == own {
            text.push_str("\n# Entries added by HostAliases.\n");
        }
        let _ = writeln!(text, "{}\t{}", line.address, line.names.join("\t").replace("\tip6-l", " ip6-l"));
    }
    Some(HostsFile {
        pod: reference,
        hostname: name.hostname,
        domain: name.domain,
        text,
        entries,
        events,
        notes,
    })
}
