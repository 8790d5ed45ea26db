//! Selection: the decision that the rendered rules make, without the rules.

use super::node::NodeFacts;
use super::ports::ServicePort;
use super::topology::{Categories, categories};
use super::{
    Backend, Endpoint, Frontend, Masquerade, Outcome, Policy, Proxy, Refusal, Selection, Unmatched, Via,
};
use crate::model::{Family, NodeId, Packet, Protocol, ProxyMode, Share, Snapshot};
use std::sync::Arc;

pub(super) fn select(proxy: &Proxy, snapshot: &Snapshot, node: NodeId, packet: &Packet) -> Selection {
    let (frontend, outcome) = match proxy.nodes.get(node.index()) {
        None => (None, Outcome::NotMatched(Unmatched::NoService)),
        Some(facts) => {
            let walk = Walk { proxy, snapshot, node, facts, packet };
            match snapshot.settings.proxy.mode {
                ProxyMode::Iptables => walk.iptables(),
                ProxyMode::Nftables => walk.nftables(),
                ProxyMode::Ipvs => walk.ipvs(),
            }
        }
    };
    Selection { node, packet: *packet, frontend, outcome }
}

pub(super) type Decision = (Option<Frontend>, Outcome);

/// One packet on one node.
pub(super) struct Walk<'a> {
    pub(super) proxy: &'a Proxy,
    pub(super) snapshot: &'a Snapshot,
    pub(super) node: NodeId,
    pub(super) facts: &'a NodeFacts,
    pub(super) packet: &'a Packet,
}

/// A service port whose address and port the packet has.
pub(super) struct Candidate<'a> {
    pub(super) frontend: Frontend,
    pub(super) port: &'a ServicePort,
    pub(super) categories: Arc<Categories>,
}

impl Candidate<'_> {
    /// Whether packets to the ClusterIP are translated on this node.
    pub(super) fn has_internal(&self) -> bool {
        self.categories.has_internal(self.port)
    }

    /// Whether packets from outside are translated on this node.
    pub(super) fn has_external(&self) -> bool {
        self.categories.has_external(self.port)
    }

    /// Why there is no endpoint to go to.
    pub(super) fn refuse(&self) -> Outcome {
        if self.categories.has_any {
            Outcome::Dropped(Refusal::NoLocalEndpoints)
        } else {
            Outcome::Rejected(Refusal::NoEndpoints)
        }
    }
}

impl<'a> Walk<'a> {
    fn candidate(&self, index: u32, via: Via) -> Option<Candidate<'a>> {
        let port = self.proxy.ports.get(index as usize)?;
        let frontend = Frontend { service: port.service, port_index: port.port_index, via, port: index };
        let place = self.facts.place(self.node, self.proxy.nodes.len());
        Some(Candidate { frontend, port, categories: categories(port, place) })
    }

    /// Service ports that have the destination as ClusterIP, external or load balancer address.
    pub(super) fn by_address(&self) -> Vec<Candidate<'a>> {
        let key = (self.packet.destination, self.packet.port, self.packet.protocol);
        let found = self.proxy.frontends.get(&key).map(Vec::as_slice).unwrap_or_default();
        found.iter().filter_map(|(index, via)| self.candidate(*index, *via)).collect()
    }

    /// Service ports that have the destination port as node port.
    pub(super) fn by_node_port(&self) -> Vec<Candidate<'a>> {
        let key = (Family::of(self.packet.destination), self.packet.port, self.packet.protocol);
        let found = self.proxy.node_ports.get(&key).map(Vec::as_slice).unwrap_or_default();
        found.iter().filter_map(|index| self.candidate(*index, Via::NodePort)).collect()
    }

    pub(super) fn is_from_node(&self) -> bool {
        self.facts.is_local(self.packet.source)
    }

    pub(super) fn is_to_node(&self) -> bool {
        self.facts.is_local(self.packet.destination)
    }

    pub(super) fn is_from_pod(&self) -> Option<bool> {
        let block = self.proxy.detector(Family::of(self.packet.source))?;
        Some(block.contains(&self.packet.source))
    }

    /// k8s: pkg/proxy/iptables/proxier.go syncProxyRules, iptablesJumpChains (1.36)
    fn iptables(&self) -> Decision {
        let by_address = self.by_address();
        for candidate in &by_address {
            let done = match candidate.frontend.via {
                Via::ClusterIp => self.internal(candidate),
                Via::LoadBalancer if !self.in_source_ranges(candidate.port) => None,
                _ => self.external(candidate),
            };
            if let Some(outcome) = done {
                return (Some(candidate.frontend), outcome);
            }
        }
        let by_node_port = self.by_node_port();
        let accepts = self.facts.accepts_node_ports(self.packet.destination);
        for candidate in by_node_port.iter().filter(|_| accepts) {
            if let Some(outcome) = self.external(candidate) {
                return (Some(candidate.frontend), outcome);
            }
        }
        self.iptables_filter(&by_address, &by_node_port)
    }

    /// What the filter table does with a packet that was not translated. KUBE-SERVICES is entered from
    /// FORWARD and OUTPUT, KUBE-EXTERNAL-SERVICES from INPUT and FORWARD, KUBE-NODEPORTS from INPUT,
    /// KUBE-PROXY-FIREWALL from all three.
    fn iptables_filter(&self, by_address: &[Candidate<'_>], by_node_port: &[Candidate<'_>]) -> Decision {
        let output = self.is_from_node();
        let input = self.is_to_node();
        let forward = !output && !input;
        let first = |wanted: &dyn Fn(&Candidate<'_>) -> bool| by_address.iter().find(|c| wanted(c));
        let firewalled = |c: &Candidate<'_>| {
            c.frontend.via == Via::LoadBalancer && !c.port.source_ranges.is_empty() && c.categories.has_any
        };
        if let Some(candidate) = first(&firewalled) {
            let refusal = if self.in_source_ranges(candidate.port) {
                Refusal::NoLocalEndpoints
            } else {
                Refusal::SourceRanges
            };
            return (Some(candidate.frontend), Outcome::Dropped(refusal));
        }
        let internal = |c: &Candidate<'_>| c.frontend.via == Via::ClusterIp && !c.has_internal();
        if let Some(candidate) = first(&internal).filter(|_| output || forward) {
            return (Some(candidate.frontend), candidate.refuse());
        }
        if let Some(decision) = self.health_check().filter(|_| input) {
            return decision;
        }
        let external = |c: &Candidate<'_>| c.frontend.via != Via::ClusterIp && !c.has_external();
        if let Some(candidate) = first(&external) {
            let outcome = if input || forward {
                candidate.refuse()
            } else {
                Outcome::NotMatched(Unmatched::OutputIsNotFiltered)
            };
            return (Some(candidate.frontend), outcome);
        }
        if let Some(candidate) = by_node_port.iter().find(|c| input && !c.has_external()) {
            return (Some(candidate.frontend), candidate.refuse());
        }
        self.unmatched(by_node_port)
    }

    pub(super) fn health_check(&self) -> Option<Decision> {
        let index = self.proxy.health_checks.get(&self.packet.port)?;
        let port = self.proxy.ports.get(*index as usize)?;
        (self.packet.protocol == Protocol::Tcp).then(|| {
            let (service, port_index) = (port.service, port.port_index);
            let frontend = Frontend { service, port_index, via: Via::NodePort, port: *index };
            (Some(frontend), Outcome::HealthCheck)
        })
    }

    pub(super) fn unmatched(&self, by_node_port: &[Candidate<'_>]) -> Decision {
        let why = if self.proxy.cluster_ips.contains_key(&self.packet.destination) {
            Unmatched::UnknownPort
        } else if !by_node_port.is_empty() && self.is_to_node() {
            Unmatched::NotANodePortAddress
        } else {
            Unmatched::NoService
        };
        let frontend = by_node_port.first().filter(|_| why == Unmatched::NotANodePortAddress);
        (frontend.map(|candidate| candidate.frontend), Outcome::NotMatched(why))
    }

    /// Whether `loadBalancerSourceRanges` let the source through.
    pub(super) fn in_source_ranges(&self, port: &ServicePort) -> bool {
        let source = self.packet.source;
        let ranges = &port.source_ranges;
        // A node that is let in may also come with the load balancer's address as source, when that
        // address is on one of its interfaces.
        let node_is_in = || {
            let primary = self.facts.primary(port.family);
            primary.is_some_and(|ip| ranges.iter().any(|range| range.contains(&ip)))
        };
        ranges.is_empty()
            || ranges.iter().any(|range| range.contains(&source))
            || (port.load_balancer_ips.contains(&source) && node_is_in())
    }

    /// A packet to a ClusterIP; `None` when nothing translates it.
    pub(super) fn internal(&self, candidate: &Candidate<'_>) -> Option<Outcome> {
        if !candidate.has_internal() {
            return None;
        }
        let masquerade = if self.snapshot.settings.proxy.masquerade_all {
            Some(Masquerade::All)
        } else {
            (self.is_from_pod() == Some(false)).then_some(Masquerade::NotAPod)
        };
        let policy = if candidate.port.internal_local { Policy::Local } else { Policy::Cluster };
        Some(self.backends(candidate, policy, masquerade))
    }

    /// A packet to an external address; `None` when nothing translates it.
    pub(super) fn external(&self, candidate: &Candidate<'_>) -> Option<Outcome> {
        if !candidate.categories.has_any {
            return None;
        }
        let (policy, masquerade) = if !candidate.port.external_local {
            (Policy::Cluster, Some(Masquerade::External))
        } else if self.is_from_pod() == Some(true) {
            (Policy::ShortCircuitPod, None)
        } else if self.is_from_node() {
            (Policy::ShortCircuitNode, Some(Masquerade::FromNode))
        } else if candidate.has_external() {
            (Policy::Local, None)
        } else {
            return None;
        };
        Some(self.backends(candidate, policy, masquerade))
    }

    pub(super) fn backends(
        &self,
        candidate: &Candidate<'_>,
        policy: Policy,
        masquerade: Option<Masquerade>,
    ) -> Outcome {
        let chosen = match policy {
            Policy::Local => candidate.categories.local(),
            _ => candidate.categories.cluster(),
        };
        let share = Share { n: 1, of: u32::try_from(chosen.len()).unwrap_or(u32::MAX).max(1) };
        let backends = chosen
            .iter()
            .filter_map(|index| Some((*index, candidate.port.endpoints.get(*index as usize)?)))
            .map(|(index, endpoint)| Backend {
                ip: endpoint.ip,
                port: endpoint.port,
                pod: endpoint.pod,
                node: endpoint.node,
                share,
                masquerade: masquerade.or_else(|| self.is_hairpin(endpoint).then_some(Masquerade::Hairpin)),
                endpoint: index,
            })
            .collect();
        Outcome::Backends { policy, affinity: candidate.port.affinity, backends }
    }

    /// Whether the endpoint is the client itself, as far as the mode notices. iptables has a rule with
    /// each endpoint. nftables and ipvs keep one set for all Services, of endpoints on this node.
    fn is_hairpin(&self, endpoint: &Endpoint) -> bool {
        if endpoint.ip != self.packet.source {
            return false;
        }
        let here = Some(self.node);
        let anywhere = self.snapshot.settings.proxy.mode == ProxyMode::Iptables;
        anywhere || endpoint.node == here || {
            let mut ports = (0u32..).zip(&self.proxy.ports);
            ports.any(|(index, port)| {
                let same = |(_, other): &(u32, &Endpoint)| other.text == endpoint.text && other.node == here;
                port.protocol == self.packet.protocol
                    && (0u32..).zip(&port.endpoints).filter(same).any(|(endpoint, _)| {
                        self.proxy.categories(index, self.node).reachable.binary_search(&endpoint).is_ok()
                    })
            })
        }
    }

    /// k8s: pkg/proxy/nftables/proxier.go setupNFTables, syncProxyRules (1.36)
    fn nftables(&self) -> Decision {
        // Of several Services with one address and port the last written stands in the maps.
        let by_address = self.by_address();
        let by_node_port = self.by_node_port();
        let last = |wanted: &dyn Fn(&Candidate<'_>) -> bool| by_address.iter().rfind(|c| wanted(c));
        let firewalled =
            |c: &Candidate<'_>| c.frontend.via == Via::LoadBalancer && !c.port.source_ranges.is_empty();
        if let Some(candidate) = last(&firewalled).filter(|c| !self.in_source_ranges(c.port)) {
            return (Some(candidate.frontend), Outcome::Dropped(Refusal::SourceRanges));
        }
        let translated = |c: &Candidate<'_>| match c.frontend.via {
            Via::ClusterIp => c.has_internal(),
            _ => c.categories.has_any,
        };
        // `goto` does not come back: an address found here is not looked for among the node ports.
        let found = last(&translated);
        if let Some(candidate) = found {
            let done = match candidate.frontend.via {
                Via::ClusterIp => self.internal(candidate),
                _ => self.external(candidate),
            };
            if let Some(outcome) = done {
                return (Some(candidate.frontend), outcome);
            }
        }
        let accepts = self.facts.accepts_node_ports(self.packet.destination);
        let node_port = by_node_port.iter().filter(|_| accepts);
        if let Some(candidate) = node_port.clone().rfind(|c| c.categories.has_any && found.is_none())
            && let Some(outcome) = self.external(candidate)
        {
            return (Some(candidate.frontend), outcome);
        }
        let empty = |c: &Candidate<'_>| match c.frontend.via {
            Via::ClusterIp => !c.has_internal(),
            _ => !c.has_external(),
        };
        if let Some(candidate) =
            node_port.clone().rfind(|c| self.is_to_node() && !c.has_external()).or_else(|| last(&empty))
        {
            return (Some(candidate.frontend), candidate.refuse());
        }
        if let Some(decision) = self.health_check().filter(|_| self.is_to_node()) {
            return decision;
        }
        let destination = self.packet.destination;
        if self.is_from_node() || !self.is_to_node() {
            if self.proxy.cluster_ips.contains_key(&destination) {
                return (None, Outcome::Rejected(Refusal::UnknownPort));
            }
            let settings = &self.snapshot.settings;
            if settings.service_cidrs.iter().any(|block| block.contains(&destination)) {
                return (None, Outcome::Dropped(Refusal::UnallocatedAddress));
            }
        }
        self.unmatched(&by_node_port)
    }
}
