//! What the manifests do not say: the cluster they are applied to.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The cluster around the manifests. Every field has a default, kubeadm's where kubeadm has one.
///
/// ```
/// let settings = kubehop::Settings::default();
/// assert_eq!(settings.kubernetes, "1.36");
/// assert_eq!(settings.pod_cidrs[0].to_string(), "10.244.0.0/16");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// The Kubernetes version modelled, `1.33` to `1.37`. Default `1.36`.
    pub kubernetes: String,
    /// Names of the nodes when the manifests hold no Node and name none. Default `node-a`, `node-b`.
    pub nodes: Vec<String>,
    /// Addresses of nodes that have none of their own are taken from here, the 11th first, one block
    /// per family. Default `192.168.10.0/24`.
    pub node_cidrs: Vec<IpNet>,
    /// `--cluster-cidr`: pod addresses, one block per family, first is primary. Default `10.244.0.0/16`.
    pub pod_cidrs: Vec<IpNet>,
    /// `--node-cidr-mask-size-ipv4`. Default 24.
    pub node_mask_v4: u8,
    /// `--node-cidr-mask-size-ipv6`. Default 64.
    pub node_mask_v6: u8,
    /// `--service-cluster-ip-range`, one block per family, first is primary. Default `10.96.0.0/12`.
    pub service_cidrs: Vec<IpNet>,
    /// `--service-node-port-range`, both ends included. Default 30000 to 32767.
    pub node_port_range: (u16, u16),
    /// The objects are as the API server stores them (a dump): nothing is defaulted or allocated.
    pub stored: bool,
    /// kube-proxy.
    pub proxy: ProxySettings,
    /// The network plugin.
    pub cni: CniSettings,
    /// What implementations of NetworkPolicy do differently.
    pub policy: PolicySettings,
    /// Cluster DNS and resolvers.
    pub dns: DnsSettings,
    /// Ingress and Gateway controllers.
    pub ingress: IngressSettings,
    /// What is known of a pod whose containers declare no port at all. Default: nothing.
    pub undeclared_ports: UndeclaredPorts,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kubernetes: "1.36".into(),
            nodes: vec!["node-a".into(), "node-b".into()],
            node_cidrs: vec![v4([192, 168, 10, 0], 24)],
            pod_cidrs: vec![v4([10, 244, 0, 0], 16)],
            node_mask_v4: 24,
            node_mask_v6: 64,
            service_cidrs: vec![v4([10, 96, 0, 0], 12)],
            node_port_range: (30000, 32767),
            stored: false,
            proxy: ProxySettings::default(),
            cni: CniSettings::default(),
            policy: PolicySettings::default(),
            dns: DnsSettings::default(),
            ingress: IngressSettings::default(),
            undeclared_ports: UndeclaredPorts::Undetermined,
        }
    }
}

fn v4(octets: [u8; 4], prefix: u8) -> IpNet {
    IpNet::V4(ipnet::Ipv4Net::new_assert(octets.into(), prefix))
}

/// What is known of a pod whose containers declare no port at all. Declaring ports is optional, so
/// such a pod may listen anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UndeclaredPorts {
    /// Nothing: whether it listens is undetermined.
    Undetermined,
    /// It listens on nothing, as a pod that declares other ports does not listen on this one.
    Closed,
}

/// How kube-proxy runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxySettings {
    /// `--proxy-mode`. Default iptables, as in 1.33 to 1.37.
    pub mode: ProxyMode,
    /// `--masquerade-all`. Default false.
    pub masquerade_all: bool,
    /// `--detect-local-mode ClusterCIDR` with these blocks; empty means no detector. Default: the pod CIDRs.
    pub detect_local: Option<Vec<IpNet>>,
    /// `--nodeport-addresses`. Default empty: all (iptables) or the primary (nftables).
    pub node_port_addresses: Vec<IpNet>,
    /// `--iptables-localhost-nodeports`. Default true.
    pub localhost_node_ports: bool,
    /// `--iptables-masquerade-bit` as it is written in rules. Default `0x00004000`, bit 14.
    pub masquerade_mark: String,
    /// Whether the node's iptables knows `MASQUERADE --random-fully`. Default true.
    pub random_fully: bool,
    /// Whether the node's kernel has the `nfacct` match: two rules count what they match. Default true.
    pub nfacct: bool,
    /// `--conntrack-tcp-be-liberal`: packets in an invalid state are let through. Default false.
    pub conntrack_tcp_be_liberal: bool,
    /// Addresses on the interfaces of a node besides loopback, its InternalIPs and the bridge of its
    /// pods, by name of the node. Default none.
    pub interface_addresses: BTreeMap<String, Vec<IpAddr>>,
}

impl Default for ProxySettings {
    fn default() -> Self {
        Self {
            mode: ProxyMode::Iptables,
            masquerade_all: false,
            detect_local: None,
            node_port_addresses: Vec::new(),
            localhost_node_ports: true,
            masquerade_mark: "0x00004000".into(),
            random_fully: true,
            nfacct: true,
            conntrack_tcp_be_liberal: false,
            interface_addresses: BTreeMap::new(),
        }
    }
}

/// kube-proxy's backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProxyMode {
    /// The default on Linux.
    Iptables,
    /// Stable since 1.33.
    Nftables,
    /// Deprecated since 1.35.
    Ipvs,
}

/// The network plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CniSettings {
    /// Whether NetworkPolicy is enforced. Default true; false for flannel and the plain bridge.
    pub enforces_network_policy: bool,
    /// How packets travel between nodes. Default VXLAN.
    pub transport: Transport,
}

impl Default for CniSettings {
    fn default() -> Self {
        Self { enforces_network_policy: true, transport: Transport::Vxlan }
    }
}

/// How pod packets travel from node to node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Transport {
    /// Encapsulated in UDP.
    Vxlan,
    /// Encapsulated in IP.
    Ipip,
    /// Plain routes to the other node's pod CIDR (host-gw, BGP).
    Routed,
    /// The reference bridge plugin alone: no route between nodes' pod CIDRs is set up by the plugin itself,
    /// and `ipMasq` rewrites what leaves the node's own pod CIDR.
    Bridge,
}

/// What implementations of NetworkPolicy do differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PolicySettings {
    /// What a hostNetwork pod counts as. Default: its node, the most common case.
    pub host_network: HostNetworkPolicy,
    /// Whether an ipBlock matches pod addresses. Default true, as upstream's end-to-end tests require.
    pub ip_block_matches_pods: bool,
    /// Whether `endPort` is supported. Default true.
    pub end_port: bool,
}

impl Default for PolicySettings {
    fn default() -> Self {
        Self { host_network: HostNetworkPolicy::AsNode, ip_block_matches_pods: true, end_port: true }
    }
}

/// How NetworkPolicy sees pods on the host network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HostNetworkPolicy {
    /// As traffic of the node; selectors never match them.
    AsNode,
    /// As any other pod.
    Distinguish,
}

/// Cluster DNS, as the kubelet is told about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DnsSettings {
    /// `clusterDomain`. Default `cluster.local`.
    pub cluster_domain: String,
    /// `clusterDNS`. Default: the 10th address of the first service CIDR.
    pub cluster_dns: Option<Vec<IpAddr>>,
    /// The resolver library that programs use. Default glibc.
    pub resolver: Resolver,
    /// The node's /etc/resolv.conf. Default `nameserver 192.168.10.1`.
    pub node_resolv_conf: String,
    /// The records that resolvers outside the cluster know, one line each: `example.com. 300 IN A
    /// 93.184.215.14`. They know no other name. Default: not known, and answers for public names are marked so.
    pub upstream_records: Option<Vec<String>>,
    /// Name servers outside the cluster that do not simply know `upstreamRecords`.
    pub name_servers: Vec<NameServer>,
    /// Addresses the DNS server itself is bound to. Default: those of the first ready endpoint behind the
    /// DNS Service.
    pub server_addresses: Option<Vec<IpAddr>>,
    /// Whether the DNS server has read the cluster's objects; until then it answers SERVFAIL instead of
    /// NXDOMAIN. Default true.
    pub api_synced: bool,
}

/// A name server outside the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NameServer {
    /// Its address.
    pub address: IpAddr,
    /// What it does. Default: it answers.
    #[serde(default)]
    pub behaviour: NameServerBehaviour,
    /// The records it knows; absent: `upstreamRecords`.
    #[serde(default)]
    pub records: Option<Vec<String>>,
}

/// What a name server does with a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NameServerBehaviour {
    /// Answers from its records.
    #[default]
    Answers,
    /// Never answers: the query is lost.
    Silent,
    /// Nothing listens on port 53: the query is refused.
    Refuses,
    /// Answers SERVFAIL.
    Fails,
}

impl Default for DnsSettings {
    fn default() -> Self {
        Self {
            cluster_domain: "cluster.local".into(),
            cluster_dns: None,
            resolver: Resolver::Glibc,
            node_resolv_conf: "nameserver 192.168.10.1\n".into(),
            upstream_records: None,
            name_servers: Vec::new(),
            server_addresses: None,
            api_synced: true,
        }
    }
}

/// Resolver libraries, which differ in search order and in what stops a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Resolver {
    /// GNU libc (Debian, Ubuntu, most images).
    Glibc,
    /// musl (Alpine).
    Musl,
}

/// Which behaviour answers HTTP questions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct IngressSettings {
    /// Default: what the controller's name in the IngressClass says, else the specification.
    pub profile: Option<IngressProfile>,
    /// The time certificates are judged at, RFC 3339. Absent: expiry is not judged.
    pub time: Option<String>,
    /// Whether a controller, of Ingresses or Gateways, is taken to run although the manifests hold none of
    /// its pods. Default false.
    pub assume_controller: bool,
    /// Whether the controller may read IngressClasses (its ClusterRole); without, only the legacy
    /// annotation counts. Default true.
    pub reads_classes: bool,
}

impl Default for IngressSettings {
    fn default() -> Self {
        Self { profile: None, time: None, assume_controller: false, reads_classes: true }
    }
}

/// Behaviours of Ingress controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IngressProfile {
    /// As the API documentation specifies.
    Spec,
    /// ingress-nginx v1.15.1.
    IngressNginx,
}
