//! Where pod addresses come from: a pod CIDR for each node, and from it an address for each pod.

use super::Family;
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address as a number, for arithmetic within its family.
pub(crate) fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

/// The address with this number in a family; IPv4 keeps the lowest 32 bits.
pub(crate) fn address(family: Family, number: u128) -> IpAddr {
    match family {
        #[expect(clippy::cast_possible_truncation, reason = "the lowest 32 bits are what is wanted")]
        Family::IPv4 => IpAddr::V4(Ipv4Addr::from(number as u32)),
        Family::IPv6 => IpAddr::V6(Ipv6Addr::from(number)),
    }
}

/// The family of a block.
pub(crate) fn family(net: &IpNet) -> Family {
    match net {
        IpNet::V4(_) => Family::IPv4,
        IpNet::V6(_) => Family::IPv6,
    }
}

/// Blocks of one cluster CIDR for nodes, handed out next-fit.
///
/// k8s: pkg/controller/nodeipam/ipam/cidrset/cidr_set.go (1.36)
#[derive(Debug)]
pub(crate) struct CidrSet {
    base: u128,
    cluster: IpNet,
    node_mask: u8,
    max: u64,
    next: u64,
    /// Indexes handed out or occupied, both ends included; they may overlap.
    used: Vec<(u64, u64)>,
}

impl CidrSet {
    /// Blocks of `/node_mask` in `cluster`.
    pub(crate) fn new(cluster: IpNet, node_mask: u8) -> Result<Self, String> {
        let cluster = cluster.trunc();
        let bits =
            node_mask.checked_sub(cluster.prefix_len()).filter(|_| node_mask <= cluster.max_prefix_len());
        let Some(bits) = bits else {
            return Err(format!(
                "the node CIDR mask size {node_mask} does not fit into the cluster CIDR {cluster}"
            ));
        };
        if family(&cluster) == Family::IPv6 && bits > 16 {
            return Err("New CIDR set failed; the node CIDR size is too big".into());
        }
        Ok(Self {
            base: number(cluster.network()),
            cluster,
            node_mask,
            max: 1 << bits,
            next: 0,
            used: Vec::new(),
        })
    }

    /// The next free block after the one handed out last.
    pub(crate) fn allocate_next(&mut self) -> Option<IpNet> {
        let index =
            self.free_from(self.next).or_else(|| self.free_from(0).filter(|&index| index < self.next))?;
        self.used.push((index, index));
        self.next = (index + 1) % self.max;
        let shift = u32::from(self.cluster.max_prefix_len() - self.node_mask);
        let start = self.base.saturating_add(u128::from(index).checked_shl(shift).unwrap_or(0));
        IpNet::new(address(family(&self.cluster), start), self.node_mask).ok()
    }

    /// The first free index at or after `from`.
    fn free_from(&self, from: u64) -> Option<u64> {
        let mut at = from;
        // Each round leaves a taken range behind for good.
        while let Some(&(_, last)) = self.used.iter().find(|&&(first, last)| (first..=last).contains(&at)) {
            at = last + 1;
        }
        (at < self.max).then_some(at)
    }

    /// Takes every block that `net` touches; nothing when it lies outside.
    pub(crate) fn occupy(&mut self, net: &IpNet) {
        self.used.extend(self.indexes(net));
    }

    /// The block that holds `ip`.
    pub(crate) fn block_of(&self, ip: IpAddr) -> Option<IpNet> {
        self.cluster.contains(&ip).then(|| IpNet::new(ip, self.node_mask).ok())?.map(|net| net.trunc())
    }

    fn indexes(&self, net: &IpNet) -> Option<(u64, u64)> {
        if family(net) != family(&self.cluster) {
            return None;
        }
        let shift = u32::from(self.cluster.max_prefix_len() - self.node_mask);
        let index = |ip: IpAddr| {
            let offset = number(ip).saturating_sub(self.base).checked_shr(shift).unwrap_or(0);
            u64::try_from(offset).unwrap_or(u64::MAX).min(self.max - 1)
        };
        let (first, last) = (net.network(), net.broadcast());
        let end = number(self.cluster.broadcast());
        (number(last) >= self.base && number(first) <= end).then(|| (index(first), index(last)))
    }
}

/// Addresses of one block, handed out round robin as the host-local plugin does.
///
/// cni: plugins/ipam/host-local/backend/allocator/{range,allocator}.go (1.9)
#[derive(Debug)]
pub(crate) struct HostLocal {
    family: Family,
    first: u128,
    last: u128,
    next: u128,
    free: u128,
    used: BTreeSet<u128>,
}

impl HostLocal {
    /// Addresses of `net`; its first one is the gateway's.
    pub(crate) fn new(net: IpNet) -> Result<Self, String> {
        let net = net.trunc();
        if net.max_prefix_len() - net.prefix_len() < 2 {
            return Err(format!("Network {net} too small to allocate from"));
        }
        let first = number(net.network()) + 1;
        let end = number(net.broadcast());
        let last = if family(&net) == Family::IPv4 { end - 1 } else { end };
        // The gateway is the first address and never handed out.
        Ok(Self {
            family: family(&net),
            first,
            last,
            next: first + 1,
            free: last - first,
            used: BTreeSet::new(),
        })
    }

    /// Takes an address that something already has.
    pub(crate) fn reserve(&mut self, ip: IpAddr) {
        let number = number(ip);
        let inside = Family::of(ip) == self.family && number > self.first && number <= self.last;
        if inside && self.used.insert(number) {
            self.free -= 1;
        }
    }

    /// The next free address.
    pub(crate) fn allocate(&mut self) -> Result<IpAddr, String> {
        if self.free == 0 {
            return Err(format!(
                "no IP addresses available in range set: {}-{}",
                address(self.family, self.first),
                address(self.family, self.last)
            ));
        }
        while self.used.contains(&self.next) || self.next > self.last {
            self.next = if self.next >= self.last { self.first + 1 } else { self.next + 1 };
        }
        let ip = address(self.family, self.next);
        self.used.insert(self.next);
        self.free -= 1;
        self.next = self.next.saturating_add(1);
        Ok(ip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    #[test]
    fn node_cidrs_are_next_fit() {
        let mut set = CidrSet::new(net("10.244.0.0/16"), 24).unwrap();
        set.occupy(&net("10.244.1.0/24"));
        assert_eq!(set.allocate_next(), Some(net("10.244.0.0/24")));
        assert_eq!(set.allocate_next(), Some(net("10.244.2.0/24")));
    }

    #[test]
    fn node_cidrs_run_out_and_wrap() {
        let mut set = CidrSet::new(net("10.0.0.0/23"), 24).unwrap();
        set.occupy(&net("10.0.0.128/25"));
        assert_eq!(set.allocate_next(), Some(net("10.0.1.0/24")));
        assert_eq!(set.allocate_next(), None);
    }

    #[test]
    fn wide_ipv6_sets_are_refused() {
        assert!(CidrSet::new(net("fd00::/48"), 64).is_ok());
        let error = CidrSet::new(net("fd00::/47"), 64).unwrap_err();
        assert_eq!(error, "New CIDR set failed; the node CIDR size is too big");
    }

    #[test]
    fn ipv6_blocks_count_up() {
        let mut set = CidrSet::new(net("fd00:10:244::/56"), 64).unwrap();
        assert_eq!(set.allocate_next(), Some(net("fd00:10:244::/64")));
        assert_eq!(set.allocate_next(), Some(net("fd00:10:244:1::/64")));
    }

    #[test]
    fn a_node_has_253_pod_addresses() {
        let mut block = HostLocal::new(net("10.244.1.0/24")).unwrap();
        assert_eq!(block.allocate().unwrap().to_string(), "10.244.1.2");
        for _ in 0..252 {
            block.allocate().unwrap();
        }
        let error = block.allocate().unwrap_err();
        assert_eq!(error, "no IP addresses available in range set: 10.244.1.1-10.244.1.254");
    }

    #[test]
    fn reserved_addresses_are_skipped() {
        let mut block = HostLocal::new(net("10.244.1.0/24")).unwrap();
        for ip in ["10.244.1.2", "10.244.1.1", "10.244.9.9"] {
            block.reserve(ip.parse().unwrap());
        }
        assert_eq!(block.allocate().unwrap().to_string(), "10.244.1.3");
    }

    #[test]
    fn small_blocks_are_refused() {
        let error = HostLocal::new(net("10.0.0.0/31")).unwrap_err();
        assert_eq!(error, "Network 10.0.0.0/31 too small to allocate from");
        let mut four = HostLocal::new(net("10.0.0.0/30")).unwrap();
        assert_eq!(four.allocate().unwrap().to_string(), "10.0.0.2");
        assert!(four.allocate().is_err());
    }

    #[test]
    fn ipv6_ranges_include_the_last_address() {
        let mut block = HostLocal::new(net("fd00::/126")).unwrap();
        assert_eq!(block.allocate().unwrap().to_string(), "fd00::2");
        assert_eq!(block.allocate().unwrap().to_string(), "fd00::3");
        assert!(block.allocate().is_err());
    }
}
