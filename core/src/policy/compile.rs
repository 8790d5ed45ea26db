//! From the API objects to rules over numbers, defaulted as the API server does.

use super::addrs::{AddressSet, parse_block};
use super::intern::Interner;
use super::labels::Universe;
use super::ports::{ALL, PortPool, PortSet, key};
use super::{Action, Direction, Tier};
use crate::manifest::api::meta::{IntOrString, LabelSelector};
use crate::manifest::api::networking_v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use crate::manifest::api::policy::{
    AdminPolicyPort, ClusterPolicy, ClusterPolicyPeer, ClusterPolicyProtocol, ClusterPolicyRule, PortRange,
    ProtocolPorts,
};
use crate::model::{NamespaceId, Protocol, Snapshot, Stored};

/// Everything that rules refer to by number.
#[derive(Clone, Debug)]
pub(super) struct Vocabulary {
    /// What selectors can see of pods.
    pub pods: Universe,
    /// What selectors can see of namespaces.
    pub namespaces: Universe,
    /// Port names.
    pub names: Interner<String>,
    /// Lists of port names, as rules give them: protocol where one is meant, and name. The first is empty.
    pub named: Interner<Vec<(Option<Protocol>, u32)>>,
    /// Address blocks.
    pub blocks: Interner<AddressSet>,
    /// Port sets.
    pub ports: PortPool,
}

impl Default for Vocabulary {
    fn default() -> Self {
        let mut named = Interner::default();
        named.intern([].as_slice());
        Self {
            pods: Universe::default(),
            namespaces: Universe::default(),
            names: Interner::default(),
            named,
            blocks: Interner::default(),
            ports: PortPool::default(),
        }
    }
}

impl Vocabulary {
    /// How much can be told apart: while this stays the same, so do the classes of pods.
    pub(super) fn size(&self) -> [usize; 4] {
        let words = [self.pods.word_count(), self.namespaces.word_count()];
        let [pods, namespaces] = words;
        [pods, namespaces, self.names.items().len(), self.blocks.items().len()]
    }
}

/// Which namespaces a selector pair looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespaces {
    /// The policy's own.
    Own(NamespaceId),
    /// Those a selector selects.
    Selected(u32),
}

/// One peer of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// Pods by both selectors.
    Pods { namespaces: Namespaces, pods: u32 },
    /// Addresses; `pods` says whether pod addresses count.
    Block { block: u32, pods: bool },
}

/// Which ports a rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    /// Everything, protocols without ports included.
    pub any: bool,
    /// By number, in the pool.
    pub numbers: u32,
    /// By name on the destination pod; without a protocol, whatever protocol the name has there. A number
    /// in [`Vocabulary::named`], [`NO_NAMES`] for none.
    pub names: u32,
}

/// The empty list of port names.
pub(super) const NO_NAMES: u32 = 0;

/// One rule, before its selectors are evaluated.
#[derive(Clone, Debug)]
pub(super) struct DraftRule {
    pub action: Action,
    /// No peers given: everyone.
    pub everyone: bool,
    pub peers: Vec<Peer>,
    /// Peers by domain name: whether an address belongs to one cannot be told from manifests.
    pub domains: bool,
    pub ports: Ports,
}

/// One policy, before its selectors are evaluated.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub tier: Tier,
    pub priority: i32,
    pub subject: Option<(Namespaces, u32)>,
    /// Whether hostNetwork pods are out of reach for its selectors, whatever the plugin can do.
    pub never_host_network: bool,
    /// Per direction (ingress, egress): `None` when the policy does not speak of it.
    pub rules: [Option<Vec<DraftRule>>; 2],
}

impl Direction {
    pub(super) fn index(self) -> usize {
        match self {
            Self::Ingress => 0,
            Self::Egress => 1,
        }
    }
}

/// Whether a NetworkPolicy isolates its pods in this direction.
///
/// k8s: pkg/apis/networking/v1/defaults.go SetDefaults_NetworkPolicy: without types Ingress, and Egress
/// only when there are egress rules
pub(crate) fn isolates(policy: &NetworkPolicy, direction: Direction) -> bool {
    let types = &policy.spec.policy_types;
    match direction {
        Direction::Ingress => types.is_empty() || types.iter().any(|name| name == "Ingress"),
        Direction::Egress if types.is_empty() => !policy.spec.egress.is_empty(),
        Direction::Egress => types.iter().any(|name| name == "Egress"),
    }
}

/// Compiles the policy with this number: NetworkPolicies first, then cluster-wide ones.
pub(super) fn policy(snapshot: &Snapshot, words: &mut Vocabulary, number: usize) -> Option<Draft> {
    match number.checked_sub(snapshot.network_policies.len()) {
        None => network_policy(snapshot, words, snapshot.network_policies.get(number)?),
        Some(number) => cluster_policy(snapshot, words, snapshot.cluster_policies.get(number)?),
    }
}

/// Compiles one NetworkPolicy.
fn network_policy(
    snapshot: &Snapshot,
    words: &mut Vocabulary,
    stored: &Stored<NetworkPolicy>,
) -> Option<Draft> {
    let namespace = snapshot.namespace_id(stored.object.namespace.as_deref()?)?;
    let spec = &stored.value.spec;
    let mut side = |direction, rules: Vec<(&[NetworkPolicyPeer], &[NetworkPolicyPort])>| {
        isolates(&stored.value, direction).then(|| {
            rules
                .into_iter()
                .map(|(peers, ports)| DraftRule {
                    action: Action::Allow,
                    everyone: peers.is_empty(),
                    peers: peers
                        .iter()
                        .filter_map(|peer| peer_of(snapshot, words, namespace, peer))
                        .collect(),
                    domains: false,
                    ports: ports_of(snapshot, words, ports),
                })
                .collect()
        })
    };
    let ingress = spec.ingress.iter().map(|rule| (rule.from.as_slice(), rule.ports.as_slice())).collect();
    let ingress = side(Direction::Ingress, ingress);
    let egress = spec.egress.iter().map(|rule| (rule.to.as_slice(), rule.ports.as_slice())).collect();
    let egress = side(Direction::Egress, egress);
    let subject = (Namespaces::Own(namespace), words.pods.compile(&spec.pod_selector));
    Some(Draft {
        tier: Tier::NetworkPolicy,
        priority: 0,
        subject: Some(subject),
        never_host_network: false,
        rules: [ingress, egress],
    })
}

/// The address block of a peer, exceptions taken out; a block that cannot be read holds nothing.
pub(crate) fn block_of(cidr: &str, except: &[String]) -> AddressSet {
    let set = parse_block(cidr).map(AddressSet::block).unwrap_or_default();
    except
        .iter()
        .filter_map(|text| parse_block(text))
        .fold(set, |set, hole| set.subtract(&AddressSet::block(hole)))
}

fn peer_of(
    snapshot: &Snapshot,
    words: &mut Vocabulary,
    own: NamespaceId,
    peer: &NetworkPolicyPeer,
) -> Option<Peer> {
    if let Some(block) = &peer.ip_block {
        let block = words.blocks.intern(&block_of(&block.cidr, &block.except));
        return Some(Peer::Block { block, pods: snapshot.settings.policy.ip_block_matches_pods });
    }
    let everything = LabelSelector::default();
    let namespaces = match (&peer.namespace_selector, &peer.pod_selector) {
        (None, None) => return None,
        (None, Some(_)) => Namespaces::Own(own),
        (Some(selector), _) => Namespaces::Selected(words.namespaces.compile(selector)),
    };
    Some(Peer::Pods {
        namespaces,
        pods: words.pods.compile(peer.pod_selector.as_ref().unwrap_or(&everything)),
    })
}

fn ports_of(snapshot: &Snapshot, words: &mut Vocabulary, ports: &[NetworkPolicyPort]) -> Ports {
    if ports.is_empty() {
        return Ports { any: true, numbers: ALL, names: NO_NAMES };
    }
    let mut numbers = PortSet::none();
    let mut names = Vec::new();
    for port in ports {
        match port_of(snapshot, port) {
            Some(PortEntry::Numbers(protocol, start, end)) => {
                numbers = numbers.union(&PortSet::range(protocol, start, end));
            }
            Some(PortEntry::Name(protocol, name)) => names.push((Some(protocol), words.names.intern(name))),
            None => {}
        }
    }
    Ports { any: false, numbers: words.ports.intern(&numbers), names: words.named.intern(names.as_slice()) }
}

/// What one entry of `ports` means.
pub(super) enum PortEntry<'a> {
    /// From the first to the last, both included.
    Numbers(Protocol, u16, u16),
    /// What the destination pod calls so.
    Name(Protocol, &'a str),
}

/// Reads one entry of `ports`; `None` when it can match nothing.
///
/// k8s: networking/v1 types.go NetworkPolicyPort: no protocol means TCP, no port all ports of the protocol
pub(super) fn port_of<'a>(snapshot: &Snapshot, port: &'a NetworkPolicyPort) -> Option<PortEntry<'a>> {
    let protocol = Protocol::parse(port.protocol.as_deref().unwrap_or_default())?;
    Some(match &port.port {
        None => PortEntry::Numbers(protocol, 1, u16::MAX),
        Some(IntOrString::String(name)) => PortEntry::Name(protocol, name),
        Some(IntOrString::Int(start)) => {
            let start = u16::try_from(*start).ok().filter(|port| *port > 0)?;
            let end = port.end_port.filter(|_| snapshot.settings.policy.end_port);
            let end = end.map_or(Some(start), |end| u16::try_from(end).ok())?;
            PortEntry::Numbers(protocol, start, end)
        }
    })
}

/// Compiles a ClusterNetworkPolicy, AdminNetworkPolicy or BaselineAdminNetworkPolicy.
fn cluster_policy(
    snapshot: &Snapshot,
    words: &mut Vocabulary,
    stored: &Stored<ClusterPolicy>,
) -> Option<Draft> {
    let spec = &stored.value.spec;
    let current = stored.object.kind == "ClusterNetworkPolicy";
    let tier = cluster_tier(stored)?;
    let subject = match (&spec.subject.namespaces, &spec.subject.pods) {
        (Some(namespaces), _) => Some((
            Namespaces::Selected(words.namespaces.compile(namespaces)),
            words.pods.compile(&LabelSelector::default()),
        )),
        (None, Some(pods)) => Some((
            Namespaces::Selected(words.namespaces.compile(&pods.namespace_selector)),
            words.pods.compile(&pods.pod_selector),
        )),
        (None, None) => None,
    };
    let mut side = |rules: &[ClusterPolicyRule], direction| {
        let rules =
            rules.iter().map(|rule| cluster_rule(snapshot, words, rule, direction, current)).collect();
        Some(rules)
    };
    let ingress = side(&spec.ingress, Direction::Ingress);
    let egress = side(&spec.egress, Direction::Egress);
    Some(Draft {
        tier,
        priority: if tier == Tier::Baseline && !current { 0 } else { spec.priority },
        subject,
        // network-policy-api: "host-networked pods are not included" in subjects and peers (v1alpha1, v1alpha2)
        never_host_network: true,
        rules: [ingress, egress],
    })
}

/// The tier of a cluster-wide policy; `None` when the object names none that exists.
pub(super) fn cluster_tier(stored: &Stored<ClusterPolicy>) -> Option<Tier> {
    match (stored.object.kind.as_str(), stored.value.spec.tier.as_str()) {
        ("AdminNetworkPolicy", _) | ("ClusterNetworkPolicy", "Admin") => Some(Tier::Admin),
        ("BaselineAdminNetworkPolicy", _) | ("ClusterNetworkPolicy", "Baseline") => Some(Tier::Baseline),
        _ => None,
    }
}

/// What a rule's action does.
pub(super) fn action_of(text: &str) -> Option<Action> {
    match text {
        "Accept" | "Allow" => Some(Action::Allow),
        "Deny" => Some(Action::Deny),
        "Pass" => Some(Action::Pass),
        _ => None,
    }
}

fn cluster_rule(
    snapshot: &Snapshot,
    words: &mut Vocabulary,
    rule: &ClusterPolicyRule,
    direction: Direction,
    current: bool,
) -> DraftRule {
    let peers = if direction == Direction::Ingress { &rule.from } else { &rule.to };
    let mut draft = DraftRule {
        action: action_of(&rule.action).unwrap_or(Action::Deny),
        everyone: false,
        peers: Vec::new(),
        domains: false,
        ports: cluster_ports(words, rule),
    };
    for peer in peers {
        match cluster_peer(snapshot, peer, current) {
            ClusterPeer::Pods(namespaces, pods) => {
                let namespaces = Namespaces::Selected(words.namespaces.compile(namespaces));
                let pods = match pods {
                    Some(pods) => words.pods.compile(pods),
                    None => words.pods.compile(&LabelSelector::default()),
                };
                draft.peers.push(Peer::Pods { namespaces, pods });
            }
            ClusterPeer::Addresses(set, pods) => {
                draft.peers.push(Peer::Block { block: words.blocks.intern(&set), pods });
            }
            ClusterPeer::Domains => draft.domains = true,
            // network-policy-api: a peer without any known field makes Deny and Pass rules "Deny all" (v1alpha2)
            ClusterPeer::Unknown => draft.everyone |= draft.action != Action::Allow,
        }
    }
    if draft.everyone {
        draft.action = Action::Deny;
        draft.ports = Ports { any: true, numbers: ALL, names: NO_NAMES };
    }
    draft
}

/// What one peer of a cluster-wide rule means.
pub(super) enum ClusterPeer<'a> {
    /// Pods, by namespace selector and pod selector.
    Pods(&'a LabelSelector, Option<&'a LabelSelector>),
    /// Addresses, and whether they match pods too.
    Addresses(AddressSet, bool),
    /// Whatever some names resolve to.
    Domains,
    /// Nothing this version knows.
    Unknown,
}

/// Reads one peer. `current` is v1alpha2.
pub(super) fn cluster_peer<'a>(
    snapshot: &Snapshot,
    peer: &'a ClusterPolicyPeer,
    current: bool,
) -> ClusterPeer<'a> {
    if let Some(namespaces) = &peer.namespaces {
        ClusterPeer::Pods(namespaces, None)
    } else if let Some(pods) = &peer.pods {
        ClusterPeer::Pods(&pods.namespace_selector, Some(&pods.pod_selector))
    } else if let Some(selector) = &peer.nodes {
        // network-policy-api: the addresses in status.addresses of the selected nodes
        let nodes = snapshot.nodes.iter().filter(|node| selector.matches(&node.labels));
        let ips = nodes.flat_map(|node| node.ips.iter().chain(&node.external_ips));
        let set = ips.fold(AddressSet::none(), |set, ip| set.union(&AddressSet::range(*ip, *ip)));
        ClusterPeer::Addresses(set, true)
    } else if let Some(networks) = &peer.networks {
        let blocks = networks.iter().filter_map(|text| parse_block(text));
        let set = blocks.fold(AddressSet::none(), |set, net| set.union(&AddressSet::block(net)));
        // network-policy-api: "cluster-internal traffic will be checked against the rule as well" (both versions)
        // Plugins whose ipBlocks do not match pods treat the older version alike.
        ClusterPeer::Addresses(set, current || snapshot.settings.policy.ip_block_matches_pods)
    } else if peer.domain_names.is_some() {
        ClusterPeer::Domains
    } else {
        ClusterPeer::Unknown
    }
}

fn cluster_ports(words: &mut Vocabulary, rule: &ClusterPolicyRule) -> Ports {
    let entries: Vec<ClusterPort<'_>> = match (&rule.protocols, &rule.ports) {
        (None, None) => return Ports { any: true, numbers: ALL, names: NO_NAMES },
        (Some(protocols), _) => protocols.iter().filter_map(protocol_entry).collect(),
        (None, Some(ports)) => ports.iter().filter_map(admin_port_entry).collect(),
    };
    let mut names = Vec::new();
    let mut numbers = PortSet::none();
    for entry in entries {
        match entry {
            ClusterPort::Numbers(set) => numbers = numbers.union(&set),
            ClusterPort::Name(name) => names.push((None, words.names.intern(name))),
        }
    }
    Ports { any: false, numbers: words.ports.intern(&numbers), names: words.named.intern(names.as_slice()) }
}

/// What one entry of `protocols` (v1alpha2) or `ports` (v1alpha1) means.
pub(super) enum ClusterPort<'a> {
    /// Exactly these.
    Numbers(PortSet),
    /// What the destination pod calls so, in whatever protocol.
    Name(&'a str),
}

/// Reads one entry of `protocols`.
pub(super) fn protocol_entry(entry: &ClusterPolicyProtocol) -> Option<ClusterPort<'_>> {
    let of = |protocol, ports: &ProtocolPorts| {
        let Some(port) = &ports.destination_port else { return Some(PortSet::protocol(protocol)) };
        match (&port.number, &port.range) {
            (Some(number), _) => {
                let number = u16::try_from(*number).ok()?;
                Some(PortSet::range(protocol, number, number))
            }
            (None, Some(PortRange { start, end, .. })) => {
                Some(PortSet::range(protocol, u16::try_from(*start).ok()?, u16::try_from(*end).ok()?))
            }
            (None, None) => Some(PortSet::protocol(protocol)),
        }
    };
    match (&entry.tcp, &entry.udp, &entry.sctp, &entry.destination_named_port) {
        (Some(ports), ..) => of(Protocol::Tcp, ports).map(ClusterPort::Numbers),
        (_, Some(ports), ..) => of(Protocol::Udp, ports).map(ClusterPort::Numbers),
        (_, _, Some(ports), _) => of(Protocol::Sctp, ports).map(ClusterPort::Numbers),
        (.., Some(name)) => Some(ClusterPort::Name(name)),
        _ => None,
    }
}

/// Reads one entry of v1alpha1 `ports`.
pub(super) fn admin_port_entry(entry: &AdminPolicyPort) -> Option<ClusterPort<'_>> {
    if let Some(port) = &entry.port_number {
        let number = u16::try_from(port.port).ok()?;
        return Some(ClusterPort::Numbers(PortSet::range(Protocol::parse(&port.protocol)?, number, number)));
    }
    if let Some(range) = &entry.port_range {
        let protocol = Protocol::parse(&range.protocol)?;
        let (start, end) = (u16::try_from(range.start).ok()?, u16::try_from(range.end).ok()?);
        return Some(ClusterPort::Numbers(PortSet::range(protocol, start, end)));
    }
    entry.named_port.as_deref().map(ClusterPort::Name)
}

/// The ports of a pod that policies may call by name: (name, number in the joint port space), in the
/// order of the containers.
///
/// k8s: sidecars (init containers that restart always) count as containers do
pub(crate) fn named_ports(
    spec: &crate::manifest::api::core_v1::PodSpec,
) -> impl Iterator<Item = (&str, u32)> {
    let sidecars = spec.init_containers.iter().filter(|c| c.restart_policy.as_deref() == Some("Always"));
    spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports).filter_map(|port| {
        let number = u16::try_from(port.container_port).ok().filter(|number| *number > 0)?;
        (!port.name.is_empty()).then_some((port.name.as_str(), key(Protocol::parse(&port.protocol)?, number)))
    })
}

/// Whether a pod of this spec has a port of that name and protocol.
pub(crate) fn has_named_port(
    spec: &crate::manifest::api::core_v1::PodSpec,
    name: &str,
    protocol: Protocol,
) -> bool {
    named_ports(spec).any(|(other, number)| other == name && number & !0xffff == key(protocol, 0))
}
