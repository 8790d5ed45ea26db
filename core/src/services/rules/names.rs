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

/// Names of the nftables chains of a service port.
pub(super) struct NftChains {
    /// Endpoints of the Cluster policy.
    pub(super) cluster: String,
    /// Endpoints of the Local policy.
    pub(super) local: String,
    /// What comes from outside.
    pub(super) external: String,
    /// Source ranges of the load balancer.
    pub(super) firewall: String,
}

/// Longest name nftables takes, less the longest prefix.
const NFT_BASE_MAX: usize = 240;

/// k8s: pkg/proxy/nftables/proxier.go servicePortChainNameBase (1.36)
pub(super) fn nft_chains(port: &ServicePort) -> NftChains {
    let base = hash_and_truncate(&nft_port_name(port));
    NftChains {
        cluster: format!("service-{base}"),
        local: format!("local-{base}"),
        external: format!("external-{base}"),
        firewall: format!("firewall-{base}"),
    }
}

/// The part after the prefix of an endpoint's chain and affinity set.
///
/// k8s: pkg/proxy/nftables/proxier.go servicePortEndpointChainNameBase (1.36)
pub(super) fn nft_endpoint(port: &ServicePort, ip: std::net::IpAddr, number: u16) -> String {
    let ip = ip.to_string().replace(':', ".");
    hash_and_truncate(&format!("{}__{ip}/{number}", nft_port_name(port)))
}

fn nft_port_name(port: &ServicePort) -> String {
    let (service, name) = port.name.split_once(':').unwrap_or((&port.name, ""));
    format!("{service}/{}/{name}", lower(port.protocol))
}

/// k8s: pkg/proxy/nftables/proxier.go hashAndTruncate (1.36)
fn hash_and_truncate(name: &str) -> String {
    let name = format!("{}-{name}", base32_of_sha256(name, 8));
    if name.len() <= NFT_BASE_MAX {
        return name;
    }
    let kept: String = name.chars().take(NFT_BASE_MAX - 3).collect();
    format!("{kept}...")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nftables_names_carry_a_hash_and_are_cut() {
        // The chain of kubernetes.default, the same on every cluster.
        assert_eq!(
            hash_and_truncate("default/kubernetes/tcp/https"),
            "2QRHZV4L-default/kubernetes/tcp/https"
        );
        let long = hash_and_truncate(&"x".repeat(300));
        assert_eq!(long.len(), NFT_BASE_MAX);
        assert!(long.ends_with("x..."));
    }
}
