//! Checks of NetworkPolicies and the cluster-wide kinds.

use super::{Finding, sentences};
use crate::cluster::Cluster;
use crate::manifest::api::meta::{IntOrString, LabelSelector};
use crate::manifest::api::networking_v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use crate::manifest::{Evidence, ObjectRef, Severity};
use crate::model::{HostNetworkPolicy, Origin, Party, Pod, PodId, Protocol, Snapshot, Stored};
use crate::policy::{self, AddressSet, Direction, Engine, PortSet};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// All checks of this mechanism.
pub(super) fn check(cluster: &Cluster) -> Vec<Finding> {
    let checks = Checks { snapshot: cluster.snapshot(), engine: cluster.policies() };
    let mut out = Vec::new();
    checks.enforcement(&mut out);
    for stored in &checks.snapshot.network_policies {
        checks.network_policy(stored, &mut out);
    }
    checks.cluster_policies(&mut out);
    checks.namespaces(&mut out);
    checks.services(&mut out);
    out
}

struct Checks<'a> {
    snapshot: &'a Snapshot,
    engine: &'a Engine,
}

/// One rule of either direction.
struct Rule<'a> {
    direction: Direction,
    field: String,
    peer_field: &'static str,
    peers: &'a [NetworkPolicyPeer],
    ports: &'a [NetworkPolicyPort],
}

fn rules(policy: &NetworkPolicy) -> Vec<Rule<'_>> {
    let ingress = policy.spec.ingress.iter().enumerate().map(|(n, rule)| Rule {
        direction: Direction::Ingress,
        field: format!("spec.ingress[{n}]"),
        peer_field: "from",
        peers: &rule.from,
        ports: &rule.ports,
    });
    let egress = policy.spec.egress.iter().enumerate().map(|(n, rule)| Rule {
        direction: Direction::Egress,
        field: format!("spec.egress[{n}]"),
        peer_field: "to",
        peers: &rule.to,
        ports: &rule.ports,
    });
    ingress.chain(egress).collect()
}

fn finding(
    severity: Severity,
    code: &'static str,
    (message, fix): (String, String),
    evidence: Vec<Evidence>,
) -> Finding {
    Finding { severity, code, message, evidence, fix }
}

impl Checks<'_> {
    fn at(&self, object: &ObjectRef, origin: &Origin, field: &str) -> Vec<Evidence> {
        vec![self.snapshot.evidence(object.clone(), origin, field)]
    }

    fn pods(&self) -> impl Iterator<Item = (PodId, &Pod)> {
        (0..).map(PodId).zip(&self.snapshot.pods)
    }

    fn name(&self, pod: &Pod) -> String {
        format!("{}/{}", self.snapshot.namespace_name(pod.namespace), pod.name)
    }

    /// Whether selectors can reach a pod.
    fn is_reached(&self, pod: &Pod) -> bool {
        !pod.host_network || self.snapshot.settings.policy.host_network == HostNetworkPolicy::Distinguish
    }

    fn enforcement(&self, out: &mut Vec<Finding>) {
        let count = self.snapshot.network_policies.len() + self.snapshot.cluster_policies.len();
        if count > 0 && !self.snapshot.settings.cni.enforces_network_policy {
            let first = self.snapshot.network_policies.first();
            let evidence =
                first.map(|stored| self.at(&stored.object, &stored.origin, "")).unwrap_or_default();
            out.push(finding(
                Severity::Warning,
                "policy/not-enforced",
                sentences::not_enforced(count),
                evidence,
            ));
        }
    }

    fn network_policy(&self, stored: &Stored<NetworkPolicy>, out: &mut Vec<Finding>) {
        let (object, spec) = (&stored.object, &stored.value.spec);
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let here = |pod: &Pod| self.snapshot.namespace_name(pod.namespace) == namespace;
        let selected: Vec<(PodId, &Pod)> =
            self.pods().filter(|(_, pod)| here(pod) && spec.pod_selector.matches(&pod.labels)).collect();
        let mut raise = |severity, code, words, field: &str| {
            out.push(finding(severity, code, words, self.at(object, &stored.origin, field)));
        };
        if selected.is_empty() {
            let misses = self.pods().filter(|(_, pod)| here(pod)).filter_map(|(_, pod)| {
                let why = policy::selector_miss(&spec.pod_selector, &pod.labels)?;
                let count = policy::selector_misses(&spec.pod_selector, &pod.labels);
                Some((count, format!("{}: {why}", self.name(pod))))
            });
            let near = misses.min().map(|(_, near)| near);
            let selector = policy::selector_text(&spec.pod_selector);
            let words = sentences::selects_nothing(object, &selector, near.as_deref());
            // A policy for all pods of a namespace may well be there before them.
            let empty = spec.pod_selector == LabelSelector::default();
            let severity = if empty { Severity::Advice } else { Severity::Warning };
            raise(severity, "policy/selects-nothing", words, "spec.podSelector");
        } else if let Some((_, pod)) =
            selected.first().filter(|_| selected.iter().all(|(_, pod)| !self.is_reached(pod)))
        {
            let words = sentences::selects_host_network(object, &self.name(pod));
            raise(Severity::Warning, "policy/selects-host-network", words, "spec.podSelector");
        }
        let types = &spec.policy_types;
        for (direction, kind, empty) in
            [("ingress", "Ingress", spec.ingress.is_empty()), ("egress", "Egress", spec.egress.is_empty())]
        {
            if !types.is_empty() && !empty && !types.iter().any(|name| name == kind) {
                let words = sentences::rules_ignored(object, direction, kind);
                raise(Severity::Warning, "policy/rules-ignored", words, &format!("spec.{direction}"));
            }
        }
        if !self.says_types(stored) && spec.ingress.is_empty() && !spec.egress.is_empty() {
            let words = sentences::isolates_ingress_too(object);
            raise(Severity::Warning, "policy/isolates-ingress-too", words, "spec.egress");
        }
        let all = rules(&stored.value);
        for (n, rule) in all.iter().enumerate() {
            for (k, peer) in rule.peers.iter().enumerate() {
                let field = format!("{}.{}[{k}]", rule.field, rule.peer_field);
                if let Some(block) = &peer.ip_block {
                    if self.is_service_range(&block.cidr) {
                        let words = sentences::cluster_ip_in_block(object, &block.cidr);
                        raise(
                            Severity::Warning,
                            "policy/cluster-ip-in-block",
                            words,
                            &format!("{field}.ipBlock.cidr"),
                        );
                    }
                } else if !self.pods().any(|(_, pod)| self.peer_matches(peer, namespace, pod)) {
                    let words = sentences::peer_matches_nothing(object, &peer_text(peer));
                    raise(Severity::Advice, "policy/peer-matches-nothing", words, &field);
                }
                if let Some(next) = rule.peers.get(k + 1).filter(|next| self.is_split(namespace, peer, next))
                {
                    let second = format!("{}.{}[{}]", rule.field, rule.peer_field, k + 1);
                    // Where the pods are in those namespaces and not here, both were meant together.
                    let severity = if self.is_meant_together(namespace, peer, next) {
                        Severity::Warning
                    } else {
                        Severity::Advice
                    };
                    raise(severity, "policy/and-or", sentences::and_or(object, &field, &second), &second);
                }
            }
            self.named_ports(rule, namespace, &selected, |name, field, who| {
                let words = sentences::named_port_unknown(object, name, who);
                raise(Severity::Warning, "policy/named-port-unknown", words, field);
            });
            let shadow = all.iter().enumerate().find(|(other, by)| {
                *other != n
                    && by.direction == rule.direction
                    && covers(by, rule)
                    && !(covers(rule, by) && *other > n)
            });
            if let Some((_, by)) = shadow {
                let words = sentences::rule_shadowed(object, &rule.field, &by.field);
                raise(Severity::Advice, "policy/rule-shadowed", words, &rule.field);
            }
        }
        self.dns(stored, &selected, out);
    }

    /// Whether the manifest itself names `policyTypes`; the stored object always does.
    fn says_types(&self, stored: &Stored<NetworkPolicy>) -> bool {
        let spec = &stored.value.spec;
        let defaulted = spec.policy_types.len() == 2 && spec.ingress.is_empty();
        if !defaulted {
            return true;
        }
        let place = |field| self.snapshot.evidence(stored.object.clone(), &stored.origin, field).place;
        // An absent field has the position of its parent.
        place("spec.policyTypes") != place("spec")
    }

    fn peer_matches(&self, peer: &NetworkPolicyPeer, own: &str, pod: &Pod) -> bool {
        let Some(namespace) = self.snapshot.namespace(pod.namespace).filter(|_| self.is_reached(pod)) else {
            return false;
        };
        let here = match &peer.namespace_selector {
            None => namespace.name == own,
            Some(selector) => selector.matches(&namespace.labels),
        };
        here && peer.pod_selector.as_ref().is_none_or(|selector| selector.matches(&pod.labels))
    }

    /// Whether two neighbouring peers are one with namespaces and one with pods, and neither speaks of all
    /// pods of the policy's own namespace, which can only be meant as a peer of its own.
    fn is_split(&self, own: &str, one: &NetworkPolicyPeer, other: &NetworkPolicyPeer) -> bool {
        let Some((namespaces, pods)) = halves(one, other) else { return false };
        let own = self.snapshot.namespace_id(own).and_then(|id| self.snapshot.namespace(id));
        let elsewhere =
            *namespaces == LabelSelector::default() || own.is_none_or(|own| !namespaces.matches(&own.labels));
        *pods != LabelSelector::default() && elsewhere
    }

    fn is_meant_together(&self, own: &str, one: &NetworkPolicyPeer, other: &NetworkPolicyPeer) -> bool {
        let Some((namespaces, pods)) = halves(one, other) else { return false };
        let matching = |here: bool| {
            self.pods().any(|(_, pod)| {
                let namespace = self.snapshot.namespace(pod.namespace);
                namespace.is_some_and(|namespace| {
                    (namespace.name == own) == here && (here || namespaces.matches(&namespace.labels))
                }) && pods.matches(&pod.labels)
            })
        };
        matching(false) && !matching(true)
    }

    fn is_service_range(&self, cidr: &str) -> bool {
        let Ok(set) = cidr.parse::<AddressSet>() else { return false };
        let ranges = self.snapshot.settings.service_cidrs.iter();
        let services = ranges.fold(AddressSet::none(), |all, net| all.union(&AddressSet::block(*net)));
        !set.is_none() && set.is_subset(&services)
    }

    fn named_ports(
        &self,
        rule: &Rule<'_>,
        namespace: &str,
        selected: &[(PodId, &Pod)],
        mut raise: impl FnMut(&str, &str, &str),
    ) {
        for (n, port) in rule.ports.iter().enumerate() {
            let Some(IntOrString::String(name)) = &port.port else { continue };
            let Some(protocol) = Protocol::parse(port.protocol.as_deref().unwrap_or_default()) else {
                continue;
            };
            let has = |pod: &Pod| policy::has_named_port(&pod.spec, name, protocol);
            let (known, who) = if rule.direction == Direction::Ingress {
                if selected.is_empty() {
                    continue;
                }
                (selected.iter().any(|(_, pod)| has(pod)), "no selected pod")
            } else {
                let peer = |pod: &Pod| {
                    rule.peers.is_empty()
                        || rule.peers.iter().any(|peer| self.peer_matches(peer, namespace, pod))
                };
                (self.pods().any(|(_, pod)| peer(pod) && has(pod)), "no pod it may reach")
            };
            if !known {
                raise(name, &format!("{}.ports[{n}].port", rule.field), who);
            }
        }
    }

    /// Whether the pods that a policy isolates for egress can still ask the cluster's DNS.
    fn dns(&self, stored: &Stored<NetworkPolicy>, selected: &[(PodId, &Pod)], out: &mut Vec<Finding>) {
        let object = &stored.object;
        if !policy::isolates(&stored.value, Direction::Egress) {
            return;
        }
        let is_dns = |pod: &Pod| {
            self.snapshot.namespace_name(pod.namespace) == "kube-system"
                && pod.labels.get("k8s-app").is_some_and(|app| app == "kube-dns")
        };
        let servers: Vec<(PodId, &Pod)> =
            self.pods().filter(|(_, pod)| is_dns(pod) && pod.is_alive()).collect();
        let asks = |pod: &Pod| {
            let uses =
                matches!(pod.spec.dns_policy.as_str(), "" | "ClusterFirst" | "ClusterFirstWithHostNet");
            pod.is_alive() && uses && !pod.host_network && !is_dns(pod)
        };
        if servers.is_empty() {
            return;
        }
        // One pod of every set of labels: another policy may open DNS to some of them.
        let mut seen = BTreeSet::new();
        let clients = selected.iter().filter(|(_, pod)| asks(pod) && seen.insert(&pod.labels));
        let open_to = |client: PodId, pod: &Pod| {
            servers.iter().fold(PortSet::none(), |open, (server, found)| match common(&pod.ips, &found.ips) {
                Some((from, to)) => open.union(&self.engine.ports_between(
                    self.snapshot,
                    (Party::Pod(client), from),
                    (Party::Pod(*server), to),
                )),
                None => open,
            })
        };
        let judged = clients.map(|(client, pod)| {
            let open = open_to(*client, pod);
            (open.contains(Protocol::Udp, 53), open.contains(Protocol::Tcp, 53), pod)
        });
        // The worst first: UDP closed, then TCP closed.
        let Some((udp, tcp, pod)) = judged.min_by_key(|(udp, tcp, _)| (*udp, *tcp)) else { return };
        let name = self.name(pod);
        let (severity, code, words) = match (udp, tcp) {
            (true, true) => return,
            (false, false) => {
                (Severity::Warning, "policy/dns-forgotten", sentences::dns_forgotten(object, &name))
            }
            (false, true) => {
                (Severity::Warning, "policy/dns-tcp-only", sentences::dns_tcp_only(object, &name))
            }
            (true, false) => {
                (Severity::Advice, "policy/dns-udp-only", sentences::dns_udp_only(object, &name))
            }
        };
        out.push(finding(severity, code, words, self.at(object, &stored.origin, "spec.egress")));
    }

    fn cluster_policies(&self, out: &mut Vec<Finding>) {
        let all = &self.snapshot.cluster_policies;
        for (n, stored) in all.iter().enumerate() {
            let number = (self.snapshot.network_policies.len() + n) as u32;
            let selects = self.engine.selects_any(number);
            if !selects {
                let words = sentences::selects_nothing(&stored.object, "spec.subject", None);
                let evidence = self.at(&stored.object, &stored.origin, "spec.subject");
                out.push(finding(Severity::Warning, "policy/selects-nothing", words, evidence));
            }
            let first = self.snapshot.network_policies.len() as u32;
            let twin = (first..).zip(all).take(n).find(|(other_number, other)| {
                let (a, b) = (&other.value.spec, &stored.value.spec);
                let ordered = stored.object.kind != "BaselineAdminNetworkPolicy";
                ordered
                    && other.object.kind == stored.object.kind
                    && a.tier == b.tier
                    && a.priority == b.priority
                    && self.engine.share_a_pod(*other_number, number)
            });
            if let Some((_, twin)) = twin {
                let words = sentences::equal_priority(&stored.object, &twin.object);
                let mut evidence = self.at(&stored.object, &stored.origin, "spec.priority");
                evidence.extend(self.at(&twin.object, &twin.origin, "spec.priority"));
                out.push(finding(Severity::Warning, "policy/equal-priority", words, evidence));
            }
        }
    }

    fn namespaces(&self, out: &mut Vec<Finding>) {
        for (n, namespace) in self.snapshot.namespaces.iter().enumerate() {
            let own: Vec<(PodId, &Pod)> = self.pods().filter(|(_, pod)| pod.namespace.index() == n).collect();
            let system = matches!(namespace.name.as_str(), "kube-system" | "kube-public" | "kube-node-lease");
            if own.is_empty() || system {
                continue;
            }
            let mut reached = own.iter().filter(|(_, pod)| self.is_reached(pod) && pod.is_alive()).peekable();
            let nobody = reached.peek().is_none();
            let isolating =
                nobody || reached.any(|(id, _)| self.engine.is_spoken_of(*id, Direction::Ingress));
            if !isolating {
                let object = ObjectRef::cluster("Namespace", &namespace.name);
                let evidence = self.at(&object, &namespace.origin, "");
                let words = sentences::namespace_open(&namespace.name);
                out.push(finding(Severity::Advice, "policy/namespace-open", words, evidence));
            }
        }
    }

    fn services(&self, out: &mut Vec<Finding>) {
        for service in &self.snapshot.services {
            let spec = &service.spec;
            let published = matches!(spec.type_.as_str(), "NodePort" | "LoadBalancer");
            if !published || spec.external_traffic_policy == "Local" || spec.selector.is_empty() {
                continue;
            }
            let behind = self.pods().find(|(id, pod)| {
                pod.namespace == service.namespace
                    && pod.is_alive()
                    && !pod.host_network
                    && spec.selector.iter().all(|(key, value)| pod.labels.get(key) == Some(value))
                    && self.engine.is_isolated(*id, Direction::Ingress)
            });
            if let Some((_, pod)) = behind {
                let namespace = self.snapshot.namespace_name(service.namespace);
                let object = ObjectRef::namespaced("Service", namespace, &service.name);
                let words = sentences::node_bypass(&object, &self.name(pod));
                let evidence = self.at(&object, &service.origin, "spec.externalTrafficPolicy");
                out.push(finding(Severity::Advice, "policy/node-bypass", words, evidence));
            }
        }
    }
}

/// A namespace selector and a pod selector of two peers that have one each.
fn halves<'p>(
    one: &'p NetworkPolicyPeer,
    other: &'p NetworkPolicyPeer,
) -> Option<(&'p LabelSelector, &'p LabelSelector)> {
    let parts = |peer: &'p NetworkPolicyPeer| (peer.namespace_selector.as_ref(), peer.pod_selector.as_ref());
    match (parts(one), parts(other)) {
        ((Some(namespaces), None), (None, Some(pods))) | ((None, Some(pods)), (Some(namespaces), None)) => {
            Some((namespaces, pods))
        }
        _ => None,
    }
}

/// Whether one peer already speaks of everyone another speaks of, as far as their form tells.
fn peer_covers(by: &NetworkPolicyPeer, peer: &NetworkPolicyPeer) -> bool {
    if by == peer {
        return true;
    }
    match (&by.ip_block, &peer.ip_block) {
        (Some(by), Some(block)) => {
            policy::block_of(&block.cidr, &block.except).is_subset(&policy::block_of(&by.cidr, &by.except))
        }
        (None, None) => {
            let everything = LabelSelector::default();
            let pods = |peer: &NetworkPolicyPeer| peer.pod_selector.clone().unwrap_or_default();
            let namespaces = match (&by.namespace_selector, &peer.namespace_selector) {
                (Some(by), _) if *by == everything => true,
                (by, own) => by == own,
            };
            namespaces && (pods(by) == everything || pods(by) == pods(peer))
        }
        _ => false,
    }
}

/// Whether one rule already speaks of every peer and port of another.
fn covers(by: &Rule<'_>, rule: &Rule<'_>) -> bool {
    let peers = by.peers.is_empty()
        || (!rule.peers.is_empty()
            && rule.peers.iter().all(|peer| by.peers.iter().any(|own| peer_covers(own, peer))));
    let covered = |port: &NetworkPolicyPort| by.ports.iter().any(|own| own == port || holds(own, port));
    peers && (by.ports.is_empty() || (!rule.ports.is_empty() && rule.ports.iter().all(covered)))
}

/// Whether every number of one port entry is a number of another.
fn holds(own: &NetworkPolicyPort, port: &NetworkPolicyPort) -> bool {
    let protocol = |port: &NetworkPolicyPort| Protocol::parse(port.protocol.as_deref().unwrap_or_default());
    let range = |port: &NetworkPolicyPort| match &port.port {
        None => Some((1, 65535)),
        Some(IntOrString::Int(start)) => Some((*start, port.end_port.unwrap_or(*start))),
        Some(IntOrString::String(_)) => None,
    };
    match (range(own), range(port)) {
        (Some((a, b)), Some((c, d))) => protocol(own) == protocol(port) && a <= c && d <= b,
        (Some((1, 65535)), None) => protocol(own) == protocol(port),
        _ => false,
    }
}

fn peer_text(peer: &NetworkPolicyPeer) -> String {
    let part = |name: &str, selector: &Option<LabelSelector>| {
        selector.as_ref().map(|selector| format!("{name} {}", policy::selector_text(selector)))
    };
    let parts =
        [part("namespaceSelector", &peer.namespace_selector), part("podSelector", &peer.pod_selector)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn common(from: &[IpAddr], to: &[IpAddr]) -> Option<(IpAddr, IpAddr)> {
    from.iter().find_map(|a| Some((*a, *to.iter().find(|b| a.is_ipv4() == b.is_ipv4())?)))
}
