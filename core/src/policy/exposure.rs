//! To whom pods are exposed beyond what is in the input: outside addresses, any pod at all, and
//! hypothetical pods that the selectors of rules describe.

use super::compile::{
    ClusterPeer, ClusterPort, PortEntry, action_of, admin_port_entry, cluster_peer, named_ports, port_of,
    protocol_entry,
};
use super::engine::Engine;
use super::examine::{Other, PolicyView};
use super::explain;
use super::reach::{Granularity, Said, member_name, overlay};
use super::selection::Selection;
use super::{Action, AddressSet, Direction, PortSet, Tier};
use crate::manifest::api::core_v1::PodSpec;
use crate::manifest::api::meta::{LabelSelector, Labels};
use crate::model::{Party, PodId, Protocol, Snapshot};
use crate::order::SliceOrder;
use serde::Serialize;
use std::collections::BTreeSet;

/// To whom pods are exposed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// One entry per end, in order of first mention.
    pub members: Vec<Exposed>,
}

/// To whom the pods of one end are exposed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exposed {
    /// `Deployment web/frontend`, `Pod web/tool`, `Namespace web`.
    pub member: String,
    /// Who may reach them.
    pub ingress: ExposedSide,
    /// Whom they may reach.
    pub egress: ExposedSide,
}

/// One direction. Where the pods of one end differ, what is open to some of them counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExposedSide {
    /// Whether some policy speaks of this direction of each of these pods.
    pub protected: bool,
    /// Addresses outside the cluster.
    pub outside: Vec<ExposedAddresses>,
    /// What is open to a pod that no rule describes, whatever its namespace and labels. A rule that denies
    /// takes from it only what it denies to everyone.
    pub entire_cluster: ExposedPorts,
    /// What is open to pods that a rule describes, where that differs from the entire cluster.
    pub hypothetical: Vec<Hypothetical>,
}

/// Ports open to some addresses.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExposedAddresses {
    /// The addresses.
    pub addresses: AddressSet,
    /// Ports open.
    pub ports: PortSet,
    /// Ports of which manifests do not tell: it depends on which addresses a domain name has. Absent when
    /// there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undetermined: Option<PortSet>,
}

/// Ports, some of them by a name that only the destination can resolve.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExposedPorts {
    /// By number.
    pub ports: PortSet,
    /// By name, `TCP http`.
    pub named: BTreeSet<String>,
    /// But not the ports that the destination calls so: a cluster-wide rule denies them. Absent when empty.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub not_named: BTreeSet<String>,
}

/// Pods that are not there, but would be spoken of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hypothetical {
    /// In this one namespace; absent when a selector says which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// In namespaces with these labels, in kubectl's `-l` notation; `{}` is every namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<String>,
    /// With these labels; `{}` is every pod.
    pub pods: String,
    /// What is open.
    #[serde(flatten)]
    pub open: ExposedPorts,
    /// Whether a pod of the input is described too.
    pub exists: bool,
}

/// In which namespace a hypothetical pod lives.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    One(String),
    Labelled(LabelSelector),
}

/// The pods that a peer describes.
#[derive(Clone, Debug, PartialEq)]
struct Described {
    place: Place,
    pods: LabelSelector,
}

/// One rule, as far as pods are concerned.
struct Rule {
    tier: Tier,
    action: Action,
    everyone: bool,
    peers: Vec<Described>,
    any: bool,
    numbers: PortSet,
    names: Vec<(Option<Protocol>, String)>,
}

const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

impl Place {
    fn of(selector: &LabelSelector) -> Self {
        let only = selector.match_labels.len() == 1 && selector.match_expressions.is_empty();
        match selector.match_labels.get(NAMESPACE_NAME).filter(|_| only) {
            Some(name) => Self::One(name.clone()),
            None => Self::Labelled(selector.clone()),
        }
    }

    /// Whether every namespace of `other` is one of these.
    fn holds(&self, other: &Self, snapshot: &Snapshot) -> bool {
        match (self, other) {
            (Self::One(a), Self::One(b)) => a == b,
            (Self::One(_), Self::Labelled(_)) => false,
            (Self::Labelled(selector), Self::Labelled(other)) => implies(other, selector),
            (Self::Labelled(selector), Self::One(name)) => match snapshot.namespace_id(name) {
                Some(id) => {
                    snapshot.namespace(id).is_some_and(|namespace| selector.matches(&namespace.labels))
                }
                None => selector.matches(&Labels::from([(NAMESPACE_NAME.to_owned(), name.clone())])),
            },
        }
    }
}

impl Described {
    fn holds(&self, other: &Self, snapshot: &Snapshot) -> bool {
        self.place.holds(&other.place, snapshot) && implies(&other.pods, &self.pods)
    }
}

/// Whether everything that `known` selects is selected by `wanted`, as far as their requirements tell.
fn implies(known: &LabelSelector, wanted: &LabelSelector) -> bool {
    let labels = wanted.match_labels.iter().all(|(key, value)| {
        values_of(known, key).is_some_and(|values| values.iter().all(|other| other == value))
    });
    labels
        && wanted.match_expressions.iter().all(|requirement| {
            let key = requirement.key.as_str();
            let values = values_of(known, key);
            let says = |operator: &str| {
                known.match_expressions.iter().any(|own| own.key == key && own.operator == operator)
            };
            match requirement.operator.as_str() {
                "In" => {
                    values.is_some_and(|values| values.iter().all(|value| requirement.values.contains(value)))
                }
                "NotIn" => {
                    let apart =
                        |values: Vec<String>| values.iter().all(|value| !requirement.values.contains(value));
                    let denied: Vec<&String> = known
                        .match_expressions
                        .iter()
                        .filter(|own| own.key == key && own.operator == "NotIn")
                        .flat_map(|own| &own.values)
                        .collect();
                    values.is_some_and(apart)
                        || says("DoesNotExist")
                        || requirement.values.iter().all(|value| denied.contains(&value))
                }
                "Exists" => values.is_some() || says("Exists"),
                "DoesNotExist" => says("DoesNotExist"),
                _ => false,
            }
        })
}

/// The values a selector leaves for a key; `None` when it leaves them open.
fn values_of(selector: &LabelSelector, key: &str) -> Option<Vec<String>> {
    let mut out: Option<Vec<String>> = selector.match_labels.get(key).map(|value| vec![value.clone()]);
    for own in selector.match_expressions.iter().filter(|own| own.key == key && own.operator == "In") {
        out = Some(match out {
            None => own.values.clone(),
            Some(values) => values.into_iter().filter(|value| own.values.contains(value)).collect(),
        });
    }
    out
}

fn rules_of(snapshot: &Snapshot, view: &PolicyView<'_>, direction: Direction) -> Vec<Rule> {
    match view {
        PolicyView::Network(_, stored) => {
            let spec = &stored.value.spec;
            let list: Vec<_> = match direction {
                Direction::Ingress => spec.ingress.iter().map(|rule| (&rule.from, &rule.ports)).collect(),
                Direction::Egress => spec.egress.iter().map(|rule| (&rule.to, &rule.ports)).collect(),
            };
            let own = stored.object.namespace.clone().unwrap_or_default();
            let described = |peer: &crate::manifest::api::networking_v1::NetworkPolicyPeer| {
                if peer.ip_block.is_some() {
                    return None;
                }
                let place = match &peer.namespace_selector {
                    Some(selector) => Place::of(selector),
                    None => Place::One(own.clone()),
                };
                Some(Described { place, pods: peer.pod_selector.clone().unwrap_or_default() })
            };
            let rule =
                |(peers, ports): (&Vec<_>, &Vec<crate::manifest::api::networking_v1::NetworkPolicyPort>)| {
                    let mut rule = Rule {
                        tier: Tier::NetworkPolicy,
                        action: Action::Allow,
                        everyone: peers.is_empty(),
                        peers: peers.iter().filter_map(described).collect(),
                        any: ports.is_empty(),
                        numbers: PortSet::none(),
                        names: Vec::new(),
                    };
                    for entry in ports.iter().filter_map(|port| port_of(snapshot, port)) {
                        match entry {
                            PortEntry::Numbers(protocol, start, end) => {
                                rule.numbers = rule.numbers.union(&PortSet::range(protocol, start, end));
                            }
                            PortEntry::Name(protocol, name) => {
                                rule.names.push((Some(protocol), name.to_owned()))
                            }
                        }
                    }
                    rule
                };
            list.into_iter().map(rule).collect()
        }
        PolicyView::Cluster(_, stored) => {
            let spec = &stored.value.spec;
            let current = stored.object.kind == "ClusterNetworkPolicy";
            let list = if direction == Direction::Ingress { &spec.ingress } else { &spec.egress };
            let mut out = Vec::new();
            for rule in list {
                let peers = if direction == Direction::Ingress { &rule.from } else { &rule.to };
                let described = peers.iter().filter_map(|peer| match cluster_peer(snapshot, peer, current) {
                    ClusterPeer::Pods(namespaces, pods) => Some(Described {
                        place: Place::of(namespaces),
                        pods: pods.cloned().unwrap_or_default(),
                    }),
                    _ => None,
                });
                let mut one = Rule {
                    tier: view.tier(),
                    action: action_of(&rule.action).unwrap_or(Action::Deny),
                    everyone: false,
                    peers: described.collect(),
                    any: rule.ports.is_none() && rule.protocols.is_none(),
                    numbers: PortSet::none(),
                    names: Vec::new(),
                };
                let protocols = rule.protocols.iter().flatten().filter_map(protocol_entry);
                let ports = rule.ports.iter().flatten().filter_map(admin_port_entry);
                let unknown = |peer| matches!(cluster_peer(snapshot, peer, current), ClusterPeer::Unknown);
                if one.action != Action::Allow && peers.iter().any(unknown) {
                    (one.everyone, one.any, one.action) = (true, true, Action::Deny);
                }
                for entry in protocols.chain(ports) {
                    match entry {
                        ClusterPort::Numbers(set) => one.numbers = one.numbers.union(&set),
                        ClusterPort::Name(name) => one.names.push((None, name.to_owned())),
                    }
                }
                out.push(one);
            }
            out
        }
    }
}

/// The ports of a rule, names resolved where the destination is known.
fn ports_of(rule: &Rule, target: Option<&PodSpec>) -> ExposedPorts {
    if rule.any {
        return ExposedPorts { ports: PortSet::all(), ..ExposedPorts::default() };
    }
    let mut out = ExposedPorts { ports: rule.numbers.clone(), ..ExposedPorts::default() };
    for (protocol, name) in &rule.names {
        match target {
            Some(spec) => {
                let block = protocol.map(|protocol| super::ports::key(protocol, 0));
                let fitting = named_ports(spec)
                    .filter(|(other, key)| other == name && block.is_none_or(|block| key & !0xffff == block));
                for (_, key) in fitting.take(if block.is_some() { 1 } else { usize::MAX }) {
                    out.ports = out.ports.union(&PortSet::of_key(key));
                }
            }
            None => drop(out.named.insert(match protocol {
                Some(protocol) => format!("{protocol} {name}"),
                None => name.clone(),
            })),
        }
    }
    out
}

/// What is open to the pods described, `None` standing for any pod at all.
fn open(
    snapshot: &Snapshot,
    rules: &[Rule],
    isolated: bool,
    described: Option<&Described>,
    target: Option<&PodSpec>,
) -> ExposedPorts {
    let nobody =
        Described { place: Place::Labelled(LabelSelector::default()), pods: LabelSelector::default() };
    let described = described.unwrap_or(&nobody);
    let matching = |tier: Tier| {
        let own = rules.iter().filter(move |rule| rule.tier == tier);
        own.filter(|rule| rule.everyone || rule.peers.iter().any(|peer| peer.holds(described, snapshot)))
            .map(|rule| (rule.action, ports_of(rule, target)))
    };
    let mut allowed = ExposedPorts::default();
    let (mut rest, mut passed) = (PortSet::all(), PortSet::none());
    for (action, ports) in matching(Tier::Admin) {
        let taken = ports.ports.intersect(&rest);
        rest = rest.subtract(&taken);
        match action {
            Action::Allow => {
                allowed.ports = allowed.ports.union(&taken);
                allowed.admit(ports.named);
            }
            Action::Pass => passed = passed.union(&taken),
            Action::Deny => allowed.refuse(ports.named),
        }
    }
    rest = rest.union(&passed);
    if isolated {
        for (_, ports) in matching(Tier::NetworkPolicy) {
            allowed.ports = allowed.ports.union(&ports.ports.intersect(&rest));
            allowed.admit(ports.named);
        }
    } else {
        for (action, ports) in matching(Tier::Baseline) {
            let taken = ports.ports.intersect(&rest);
            rest = rest.subtract(&taken);
            if action == Action::Deny {
                allowed.refuse(ports.named);
            } else {
                allowed.ports = allowed.ports.union(&taken);
                allowed.admit(ports.named);
            }
        }
        allowed.ports = allowed.ports.union(&rest);
    }
    if allowed.ports.is_all() {
        allowed.named.clear();
    }
    allowed
}

impl Engine {
    /// To whom the pods of a selection are exposed beyond what is in the input.
    pub(super) fn exposure(&self, snapshot: &Snapshot, by: Granularity, selection: &Selection) -> Exposure {
        // One pod of every class: policies cannot tell the others from it.
        let mut out: Vec<(String, Vec<(u32, PodId)>)> = Vec::new();
        for pod in &selection.pods {
            let Some(class) = self.classes.of(*pod) else { continue };
            let name = member_name(snapshot, *pod, by);
            match out.iter_mut().find(|(other, _)| *other == name) {
                Some((_, pods)) if pods.iter().any(|(other, _)| *other == class) => {}
                Some((_, pods)) => pods.push((class, *pod)),
                None => out.push((name, vec![(class, *pod)])),
            }
        }
        let members = out.into_iter().map(|(member, pods)| {
            let side = |direction| {
                let sides =
                    pods.iter().map(|(_, pod)| self.exposed(snapshot, *pod, direction, &selection.addresses));
                sides.reduce(ExposedSide::or).unwrap_or_default()
            };
            Exposed { ingress: side(Direction::Ingress), egress: side(Direction::Egress), member }
        });
        Exposure { members: members.collect() }
    }

    fn exposed(
        &self,
        snapshot: &Snapshot,
        pod: PodId,
        direction: Direction,
        addresses: &AddressSet,
    ) -> ExposedSide {
        let mut outside = Vec::new();
        for part in self.outside_parts(snapshot, pod, direction, addresses) {
            let said = Said { ports: part.ports, undetermined: part.doubts.undetermined };
            overlay(&mut outside, part.addresses, said);
        }
        let ip = snapshot.pod(pod).and_then(|pod| pod.ips.first().copied());
        let ip = ip.unwrap_or(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
        let other = Other::new(snapshot, Party::Pod(pod), ip);
        let enforced = snapshot.settings.cni.enforces_network_policy;
        let (mut rules, mut isolated, mut protected) = (Vec::new(), false, false);
        if other.pod.is_some() && enforced {
            for number in self.candidates(&other) {
                let Some(view) = PolicyView::new(snapshot, number) else { continue };
                let applies = view.speaks_of(direction) && view.selects(None, &other).is_ok();
                if applies {
                    protected = true;
                    isolated |= view.tier() == Tier::NetworkPolicy;
                    rules.extend(rules_of(snapshot, &view, direction));
                }
            }
        }
        let target = (direction == Direction::Ingress).then_some(other.pod).flatten().map(|pod| &*pod.spec);
        let entire_cluster = open(snapshot, &rules, isolated, None, target);
        let mut seen: Vec<&Described> = Vec::new();
        let mut hypothetical = Vec::new();
        for described in rules.iter().flat_map(|rule| &rule.peers) {
            if seen.contains(&described) {
                continue;
            }
            seen.push(described);
            let found = open(snapshot, &rules, isolated, Some(described), target);
            if found == entire_cluster {
                continue;
            }
            let (namespace, namespaces) = match &described.place {
                Place::One(name) => (Some(name.clone()), None),
                Place::Labelled(selector) => (None, Some(explain::selector(selector))),
            };
            hypothetical.push(Hypothetical {
                namespace,
                namespaces,
                pods: explain::selector(&described.pods),
                open: found,
                exists: exists(snapshot, described),
            });
        }
        ExposedSide { protected, outside: addresses_of(outside), entire_cluster, hypothetical }
    }
}

/// What is said of addresses as a list, without those of which nothing is open.
fn addresses_of(mut pieces: Vec<(AddressSet, Said)>) -> Vec<ExposedAddresses> {
    pieces.retain(|(_, said)| !said.is_none());
    pieces.order();
    let entry = |(addresses, said): (AddressSet, Said)| ExposedAddresses {
        addresses,
        undetermined: said.undetermined(),
        ports: said.ports,
    };
    pieces.into_iter().map(entry).collect()
}

impl ExposedPorts {
    /// Ports by name that an earlier rule did not refuse.
    fn admit(&mut self, names: BTreeSet<String>) {
        self.named.extend(names.into_iter().filter(|name| !self.not_named.contains(name)));
    }

    /// Ports by name that an earlier rule did not admit.
    fn refuse(&mut self, names: BTreeSet<String>) {
        self.not_named.extend(names.into_iter().filter(|name| !self.named.contains(name)));
    }

    fn or(&self, other: &Self) -> Self {
        let mut out = Self {
            ports: self.ports.union(&other.ports),
            named: &self.named | &other.named,
            not_named: &self.not_named & &other.not_named,
        };
        if out.ports.is_all() {
            out.named.clear();
        }
        out
    }
}

impl ExposedSide {
    /// What is said of the pods that one of the two is said of.
    fn or(self, other: Self) -> Self {
        let mut pieces = Vec::new();
        for part in self.outside.iter().chain(&other.outside) {
            let undetermined = part.undetermined.clone().unwrap_or_default();
            overlay(&mut pieces, part.addresses.clone(), Said { ports: part.ports.clone(), undetermined });
        }
        let entire_cluster = self.entire_cluster.or(&other.entire_cluster);
        let mut hypothetical: Vec<Hypothetical> = Vec::new();
        for one in self.hypothetical.iter().chain(&other.hypothetical) {
            if hypothetical.iter().any(|own| own.is_alike(one)) {
                continue;
            }
            let said_by = |side: &Self| {
                let own = side.hypothetical.iter().find(|own| own.is_alike(one));
                own.map_or(&side.entire_cluster, |own| &own.open).clone()
            };
            let open = said_by(&self).or(&said_by(&other));
            if open != entire_cluster {
                hypothetical.push(Hypothetical { open, ..one.clone() });
            }
        }
        Self {
            protected: self.protected && other.protected,
            outside: addresses_of(pieces),
            entire_cluster,
            hypothetical,
        }
    }
}

impl Hypothetical {
    /// Whether both describe the same pods.
    fn is_alike(&self, other: &Self) -> bool {
        self.namespace == other.namespace && self.namespaces == other.namespaces && self.pods == other.pods
    }
}

/// Whether a pod of the input is described.
fn exists(snapshot: &Snapshot, described: &Described) -> bool {
    snapshot.pods.iter().any(|pod| {
        let namespace = snapshot.namespace(pod.namespace);
        let here = namespace.is_some_and(|namespace| match &described.place {
            Place::One(name) => namespace.name == *name,
            Place::Labelled(selector) => selector.matches(&namespace.labels),
        });
        here && described.pods.matches(&pod.labels)
    })
}
