//! Names of chains.

use super::super::ServicePort;
use super::super::hash::base32_of_sha256;
use super::lower;

/// Names of the iptables chains of a service port.
pub(super) struct ServiceChains {
    /// Endpoints of the Cluster policy.
    pub(super) cluster: String,
    /// Endpoints of the Local policy.
    pub(super) local: String,
    /// What comes from outside.
    pub(super) external: String,
    /// Source ranges of the load balancer.
    pub(super) firewall: String,
}

/// k8s: pkg/proxy/iptables/proxier.go servicePortPolicyClusterChain and its siblings, portProtoHash (1.36)
pub(super) fn service_chains(port: &ServicePort) -> ServiceChains {
    let hash = base32_of_sha256(&format!("{}{}", port.name, lower(port.protocol)), 16);
    ServiceChains {
        cluster: format!("KUBE-SVC-{hash}"),
        local: format!("KUBE-SVL-{hash}"),
        external: format!("KUBE-EXT-{hash}"),
        firewall: format!("KUBE-FW-{hash}"),
    }
}

/// k8s: pkg/proxy/iptables/proxier.go servicePortEndpointChainName (1.36)
pub(super) fn endpoint_chain(port: &ServicePort, endpoint: &str) -> String {
    let name = format!("{}{}{endpoint}", port.name, lower(port.protocol));
    format!("KUBE-SEP-{}", base32_of_sha256(&name, 16))
}
