//! Selection in ipvs mode, as far as it differs.
//!
//! Every address of a Service is also an address of the node, on the interface `kube-ipvs0`: what no
//! virtual server takes, the node answers itself. There is no short circuit: with traffic policy Local
//! a node uses its own endpoints for everybody, and falls back to all when it has none.
//!
//! **Not** modelled: schedulers other than round robin; the source address that the kernel chooses when
//! the node itself connects to such an address.

use super::ports::ServicePort;
use super::select::{Candidate, Decision, Walk};
use super::topology::Categories;
use super::{Masquerade, Outcome, Policy, Refusal, Via};

/// Whether a traffic policy keeps packets to this address on the node.
pub(super) fn keeps_local(port: &ServicePort, via: Via) -> bool {
    if via == Via::ClusterIp { port.internal_local } else { port.external_local }
}

/// The real servers behind an address.
///
/// k8s: pkg/proxy/ipvs/proxier.go syncEndpoint (1.36)
pub(super) fn endpoints(categories: &Categories, keeps_local: bool) -> &[u32] {
    if keeps_local && !categories.local().is_empty() { categories.local() } else { categories.cluster() }
}

impl Walk<'_> {
    /// k8s: pkg/proxy/ipvs/proxier.go syncProxyRules, iptablesJumpChain (1.36)
    pub(super) fn ipvs(&self) -> Decision {
        let by_address = self.by_address();
        if let Some(candidate) = by_address.first() {
            let blocked =
                candidate.frontend.via == Via::LoadBalancer && !self.in_source_ranges(candidate.port);
            let outcome = match blocked {
                true => Outcome::Dropped(Refusal::SourceRanges),
                false => self.virtual_server(candidate),
            };
            return (Some(candidate.frontend), outcome);
        }
        let by_node_port = self.by_node_port();
        let accepts = self.facts.accepts_node_ports(self.packet.destination);
        if let Some(candidate) = by_node_port.first().filter(|_| accepts) {
            return (Some(candidate.frontend), self.virtual_server(candidate));
        }
        if let Some(decision) = self.health_check().filter(|_| self.is_to_node()) {
            return decision;
        }
        if self.proxy.is_service_address(self.packet.destination) {
            return (None, Outcome::Rejected(Refusal::UnknownPort));
        }
        self.unmatched(&by_node_port)
    }

    fn virtual_server(&self, candidate: &Candidate<'_>) -> Outcome {
        let categories = &candidate.categories;
        let local = keeps_local(candidate.port, candidate.frontend.via);
        let here = local && !categories.local().is_empty();
        if endpoints(categories, local).is_empty() {
            let nowhere = !categories.has_any;
            return Outcome::Rejected(if nowhere { Refusal::NoEndpoints } else { Refusal::NoLocalEndpoints });
        }
        let policy = match (local, here) {
            (false, _) => Policy::Cluster,
            (true, true) => Policy::Local,
            (true, false) if self.is_from_pod() == Some(true) => Policy::ShortCircuitPod,
            (true, false) if self.is_from_node() => Policy::ShortCircuitNode,
            // The answer comes from the pod's own address, and the client drops it.
            (true, false) => return Outcome::Dropped(Refusal::NoLocalEndpoints),
        };
        let masquerade = if candidate.frontend.via == Via::ClusterIp {
            if self.snapshot.settings.proxy.masquerade_all {
                Some(Masquerade::All)
            } else {
                (self.is_from_pod() == Some(false)).then_some(Masquerade::NotAPod)
            }
        } else {
            (!local).then_some(Masquerade::External)
        };
        self.backends(candidate, policy, masquerade)
    }
}
