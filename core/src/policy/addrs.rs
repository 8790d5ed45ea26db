//! Exact sets of addresses, and the address space cut at the borders of all blocks that policies name.

use super::bits::Bits;
use super::intern::Interner;
use super::ranges::{Key, Ranges};
use crate::model::Family;
use crate::order::SliceOrder;
use ipnet::IpNet;
use serde::{Serialize, Serializer};
use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;

/// A set of IPv4 and IPv6 addresses.
///
/// Its canonical text lists ranges, IPv4 first: equal sets have equal texts.
///
/// ```
/// use kubehop::policy::AddressSet;
/// let block: AddressSet = "10.0.0.0/30".parse().unwrap();
/// let rest = block.subtract(&"10.0.0.1".parse().unwrap());
/// assert_eq!(rest.to_string(), "10.0.0.0,10.0.0.2-10.0.0.3");
/// assert!(rest.contains("10.0.0.3".parse().unwrap()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressSet {
    pub(crate) v4: Ranges<u32>,
    pub(crate) v6: Ranges<u128>,
}

impl AddressSet {
    /// No address.
    pub fn none() -> Self {
        Self::default()
    }

    /// Every address of a family.
    pub fn family(family: Family) -> Self {
        match family {
            Family::IPv4 => Self { v4: Ranges::new(vec![(0, u32::MAX)]), ..Self::default() },
            Family::IPv6 => Self { v6: Ranges::new(vec![(0, u128::MAX)]), ..Self::default() },
        }
    }

    /// Every address of both families.
    pub fn all() -> Self {
        Self::family(Family::IPv4).union(&Self::family(Family::IPv6))
    }

    /// The addresses `start` to `end`, both included; empty when they are of different families.
    pub fn range(start: IpAddr, end: IpAddr) -> Self {
        match (start, end) {
            (IpAddr::V4(start), IpAddr::V4(end)) => {
                Self { v4: Ranges::new(vec![(start.into(), end.into())]), ..Self::default() }
            }
            (IpAddr::V6(start), IpAddr::V6(end)) => {
                Self { v6: Ranges::new(vec![(start.into(), end.into())]), ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    /// The addresses of a block.
    pub fn block(net: IpNet) -> Self {
        Self::range(net.network(), net.broadcast())
    }

    /// Addresses in any of the sets.
    pub(crate) fn any_of<'a>(sets: impl Iterator<Item = &'a Self>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for set in sets {
            v4.extend_from_slice(set.v4.as_slice());
            v6.extend_from_slice(set.v6.as_slice());
        }
        Self { v4: Ranges::new(v4), v6: Ranges::new(v6) }
    }

    /// Exactly these addresses.
    pub(crate) fn of_ips(ips: impl Iterator<Item = IpAddr>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for ip in ips {
            match ip {
                IpAddr::V4(ip) => v4.push((ip.into(), ip.into())),
                IpAddr::V6(ip) => v6.push((ip.into(), ip.into())),
            }
        }
        Self { v4: Ranges::new(v4), v6: Ranges::new(v6) }
    }

    /// Whether there is no address in the set.
    pub fn is_none(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether this address is a member.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => self.v4.contains(ip.into()),
            IpAddr::V6(ip) => self.v6.contains(ip.into()),
        }
    }

    /// Addresses in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// Addresses in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersect(&other.v4), v6: self.v6.intersect(&other.v6) }
    }

    /// Addresses of this set that are not in the other.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        Self { v4: self.v4.subtract(&other.v4), v6: self.v6.subtract(&other.v6) }
    }

    /// Whether every address of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.v4.is_subset(&other.v4) && self.v6.is_subset(&other.v6)
    }

    /// The ranges, IPv4 first, ascending: first and last address.
    pub fn ranges(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> {
        let v4 = self.v4.as_slice().iter().map(|(a, b)| (IpAddr::V4((*a).into()), IpAddr::V4((*b).into())));
        v4.chain(self.v6.as_slice().iter().map(|(a, b)| (IpAddr::V6((*a).into()), IpAddr::V6((*b).into()))))
    }
}

impl fmt::Display for AddressSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("none");
        }
        for (n, (start, end)) in self.ranges().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            if start == end { write!(f, "{start}")? } else { write!(f, "{start}-{end}")? }
        }
        Ok(())
    }
}

impl std::str::FromStr for AddressSet {
    type Err = String;

    /// Reads addresses, blocks and ranges `first-last`, separated by commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let ip = |text: &str| text.parse::<IpAddr>().map_err(|_| format!("`{text}` is not an IP address"));
        text.split(',').map(str::trim).filter(|part| *part != "none").try_fold(Self::none(), |set, part| {
            let more = if let Some((start, end)) = part.split_once('-') {
                Self::range(ip(start)?, ip(end)?)
            } else if part.contains('/') {
                Self::block(parse_block(part).ok_or_else(|| format!("`{part}` is not an address block"))?)
            } else {
                let ip = ip(part)?;
                Self::range(ip, ip)
            };
            Ok(set.union(&more))
        })
    }
}

impl Serialize for AddressSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads a CIDR as leniently as the API server stores it: bits beyond the prefix are ignored, and an
/// IPv4-mapped block is the IPv4 block.
///
/// k8s: k8s.io/utils/net ParseCIDRSloppy; Go net.IPNet.Contains
pub(crate) fn parse_block(text: &str) -> Option<IpNet> {
    let net: IpNet = text.parse().ok()?;
    let net = match net {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => match v6.addr().to_ipv4_mapped() {
            Some(v4) => IpNet::new(v4.into(), v6.prefix_len() - 96).ok()?,
            None => net,
        },
        _ => net,
    };
    Some(net.trunc())
}

/// The address space cut into atoms: every block that a policy names either holds all addresses of an
/// atom or none. Intervals that the same blocks cover are one atom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Atoms {
    v4: Cuts<u32>,
    v6: Cuts<u128>,
    count: u32,
    /// The addresses of every atom; written down when first asked for.
    sets: OnceLock<Vec<AddressSet>>,
}

#[derive(Clone, Debug, Default)]
struct Cuts<K> {
    /// First address of each interval, ascending, beginning with the lowest address there is.
    starts: Vec<K>,
    /// The atom each interval belongs to.
    atoms: Vec<u32>,
}

/// Above this many (interval, block) pairs intervals are not merged, only kept: still exact.
const MERGE_LIMIT: usize = 2_000_000;

/// One range of one block as intervals `from..to`.
struct Cover {
    block: u32,
    from: u32,
    to: u32,
}

impl<K: Key> Cuts<K> {
    fn build<'a>(
        zero: K,
        blocks: impl Iterator<Item = &'a Ranges<K>> + Clone,
        first_atom: u32,
        covers: &mut [Vec<u32>],
    ) -> Self
    where
        K: 'a,
    {
        let mut starts = vec![zero];
        for block in blocks.clone() {
            for (start, end) in block.as_slice() {
                starts.push(*start);
                starts.extend(end.next());
            }
        }
        starts.order();
        starts.dedup();
        let interval = |start: K| starts.partition_point(|other| *other < start) as u32;
        let mut covered = Vec::new();
        for (block, ranges) in (0..).zip(blocks) {
            for (start, end) in ranges.as_slice() {
                let to = end.next().map_or(starts.len() as u32, interval);
                covered.push(Cover { block, from: interval(*start), to });
            }
        }
        let pairs: usize = covered.iter().map(|cover| (cover.to - cover.from) as usize).sum();
        let atoms: Vec<u32> = if pairs <= MERGE_LIMIT {
            let mut lists: Vec<Vec<u32>> = vec![Vec::new(); starts.len()];
            for cover in &covered {
                let range = cover.from as usize..cover.to as usize;
                for list in lists.get_mut(range).unwrap_or_default() {
                    list.push(cover.block);
                }
            }
            let mut signatures: Interner<Vec<u32>> = Interner::default();
            lists.iter().map(|list| first_atom + signatures.intern(list.as_slice())).collect()
        } else {
            (first_atom..).take(starts.len()).collect()
        };
        for cover in covered {
            if let Some(list) = covers.get_mut(cover.block as usize) {
                list.extend(atoms.get(cover.from as usize..cover.to as usize).unwrap_or_default());
            }
        }
        Self { starts, atoms }
    }

    fn atom(&self, address: K) -> u32 {
        let at = self.starts.partition_point(|start| *start <= address);
        self.atoms.get(at.wrapping_sub(1)).copied().unwrap_or(0)
    }

    /// Every interval as (first, last, atom); `max` is the highest address there is.
    fn intervals(&self, max: K) -> impl Iterator<Item = (K, K, u32)> + '_ {
        let ends = self.starts.iter().skip(1).filter_map(|start| start.prev()).chain([max]);
        self.starts.iter().zip(ends).zip(&self.atoms).map(|((start, end), atom)| (*start, end, *atom))
    }
}

impl Atoms {
    /// Cuts the address space; also gives, for each block, the atoms it holds.
    pub(crate) fn new(blocks: &[AddressSet]) -> (Self, Vec<Bits>) {
        let mut covers = vec![Vec::new(); blocks.len()];
        let v4 = Cuts::build(0, blocks.iter().map(|block| &block.v4), 0, &mut covers);
        let first = v4.atoms.iter().max().map_or(0, |atom| atom + 1);
        let v6 = Cuts::build(0, blocks.iter().map(|block| &block.v6), first, &mut covers);
        let count = v6.atoms.iter().max().map_or(first, |atom| atom + 1);
        let bits = covers
            .into_iter()
            .map(|mut atoms| {
                atoms.order();
                atoms.dedup();
                Bits::from_sorted(&atoms)
            })
            .collect();
        (Self { v4, v6, count, sets: OnceLock::new() }, bits)
    }

    /// The atom of an address.
    pub(crate) fn of(&self, ip: IpAddr) -> u32 {
        match ip {
            IpAddr::V4(ip) => self.v4.atom(ip.into()),
            IpAddr::V6(ip) => self.v6.atom(ip.into()),
        }
    }

    /// How many atoms there are.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The addresses of every atom, by atom; each of one family.
    pub(crate) fn sets(&self) -> &[AddressSet] {
        self.sets.get_or_init(|| self.all_sets())
    }

    fn all_sets(&self) -> Vec<AddressSet> {
        let mut v4 = vec![Vec::new(); self.count as usize];
        for (start, end, atom) in self.v4.intervals(u32::MAX) {
            v4.get_mut(atom as usize).into_iter().for_each(|list| list.push((start, end)));
        }
        let mut v6 = vec![Vec::new(); self.count as usize];
        for (start, end, atom) in self.v6.intervals(u128::MAX) {
            v6.get_mut(atom as usize).into_iter().for_each(|list| list.push((start, end)));
        }
        v4.into_iter()
            .zip(v6)
            .map(|(v4, v6)| AddressSet { v4: Ranges::new(v4), v6: Ranges::new(v6) })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> AddressSet {
        text.parse().unwrap()
    }

    #[test]
    fn atoms_respect_every_block_and_merge_equal_cover() {
        let blocks = [
            set("10.0.0.0/8").subtract(&set("10.1.0.0/16")),
            set("10.1.2.0/24"),
            set("0.0.0.0/0"),
            set("2001:db8::/32"),
        ];
        let (atoms, bits) = Atoms::new(&blocks);
        for ip in
            ["9.255.255.255", "10.0.0.0", "10.1.0.0", "10.1.2.3", "10.2.0.0", "11.0.0.0", "2001:db8::1", "::"]
        {
            let ip: IpAddr = ip.parse().unwrap();
            for (block, bits) in blocks.iter().zip(&bits) {
                assert_eq!(bits.contains(atoms.of(ip)), block.contains(ip), "{ip} in {block}");
            }
        }
        let of = |ip: &str| atoms.of(ip.parse().unwrap());
        assert_eq!(of("10.0.0.1"), of("10.200.0.1"), "both sides of the exception");
        assert_eq!(of("1.1.1.1"), of("200.1.1.1"));
        assert_ne!(of("1.1.1.1"), of("2001::1"));
        let sets = atoms.sets();
        let all = sets.iter().fold(AddressSet::none(), |all, set| all.union(set));
        assert_eq!(all, AddressSet::all());
    }

    #[test]
    fn blocks_are_read_as_stored() {
        assert_eq!(parse_block("10.1.2.3/24").map(|net| net.to_string()).as_deref(), Some("10.1.2.0/24"));
        assert_eq!(
            parse_block("::ffff:10.0.0.0/104").map(|net| net.to_string()).as_deref(),
            Some("10.0.0.0/8")
        );
        assert_eq!(parse_block("10.0.0.0"), None);
    }
}
