//! Exact sets of (protocol, port): what a rule admits, what two pods may say to each other.

use super::intern::Interner;
use super::ranges::Ranges;
use crate::model::Protocol;
use serde::{Serialize, Serializer};
use std::fmt;

/// Order of protocols in the canonical text, and of their blocks of 65,536 numbers.
const ORDER: [Protocol; 3] = [Protocol::Sctp, Protocol::Tcp, Protocol::Udp];

/// A set of ports over TCP, UDP and SCTP, each 1 to 65535.
///
/// Its canonical text lists the protocols in alphabetical order and their ports as ranges: equal sets
/// have equal texts. The full set is `all`, the empty one `none`.
///
/// ```
/// use kubehop::model::Protocol;
/// use kubehop::policy::PortSet;
/// let web = PortSet::range(Protocol::Tcp, 80, 80).union(&PortSet::range(Protocol::Tcp, 443, 443));
/// let set = web.union(&PortSet::protocol(Protocol::Sctp));
/// assert_eq!(set.to_string(), "SCTP 1-65535,TCP 80,443");
/// assert_eq!("SCTP 1-65535,TCP 80,443".parse(), Ok(set.clone()));
/// assert!(web.is_subset(&set) && !set.is_subset(&web));
/// assert_eq!(PortSet::all().subtract(&PortSet::all()).to_string(), "none");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortSet(Ranges<u32>);

/// The number of a (protocol, port) pair in the joint space of all protocols.
pub(crate) fn key(protocol: Protocol, port: u16) -> u32 {
    block(protocol) | u32::from(port)
}

fn block(protocol: Protocol) -> u32 {
    match protocol {
        Protocol::Sctp => 0,
        Protocol::Tcp => 1 << 16,
        Protocol::Udp => 2 << 16,
    }
}

impl PortSet {
    /// No port at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Every port of every protocol.
    pub fn all() -> Self {
        Self(Ranges::new(
            ORDER.iter().map(|protocol| (key(*protocol, 1), key(*protocol, u16::MAX))).collect(),
        ))
    }

    /// Every port of one protocol.
    pub fn protocol(protocol: Protocol) -> Self {
        Self::range(protocol, 1, u16::MAX)
    }

    /// Ports `start` to `end`, both included; port 0 does not exist and is left out.
    pub fn range(protocol: Protocol, start: u16, end: u16) -> Self {
        Self(Ranges::new(vec![(key(protocol, start.max(1)), key(protocol, end))]))
    }

    /// Whether the set is empty.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the set holds every port of every protocol.
    pub fn is_all(&self) -> bool {
        let whole = |protocol| (key(protocol, 1), key(protocol, u16::MAX));
        self.0.as_slice() == ORDER.map(whole)
    }

    /// Whether this port is a member.
    pub fn contains(&self, protocol: Protocol, port: u16) -> bool {
        self.0.contains(key(protocol, port))
    }

    /// The one port with this number in the joint space.
    pub(crate) fn of_key(key: u32) -> Self {
        Self(Ranges::new(vec![(key, key)]))
    }

    pub(crate) fn contains_key(&self, key: u32) -> bool {
        self.0.contains(key)
    }

    /// Ports in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0))
    }

    /// Ports in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self(self.0.intersect(&other.0))
    }

    /// Ports of this set that are not in the other.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        Self(self.0.subtract(&other.0))
    }

    /// Every port that is not in this set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::all().subtract(self)
    }

    /// Whether every port of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The ranges, in the order of the canonical text: protocol, first port, last port.
    pub fn ranges(&self) -> impl Iterator<Item = (Protocol, u16, u16)> {
        self.0.as_slice().iter().map(|(start, end)| {
            let protocol = match start >> 16 {
                0 => Protocol::Sctp,
                1 => Protocol::Tcp,
                _ => Protocol::Udp,
            };
            (protocol, (*start & 0xffff) as u16, (*end & 0xffff) as u16)
        })
    }
}

impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("none");
        }
        if self.is_all() {
            return f.write_str("all");
        }
        let mut current = None;
        for (protocol, start, end) in self.ranges() {
            if current.is_some() {
                f.write_str(",")?;
            }
            if current != Some(protocol) {
                write!(f, "{protocol} ")?;
                current = Some(protocol);
            }
            if start == end { write!(f, "{start}")? } else { write!(f, "{start}-{end}")? }
        }
        Ok(())
    }
}

impl std::str::FromStr for PortSet {
    type Err = String;

    /// Reads the canonical text; protocols in any order, ports in any order.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => return Ok(Self::all()),
            "none" => return Ok(Self::none()),
            _ => {}
        }
        let mut set = Self::none();
        let mut protocol = None;
        for token in text.split(',') {
            let token = token.trim();
            let ports = match token.split_once(' ') {
                Some((word, ports)) => {
                    protocol = Some(Protocol::parse(word).ok_or_else(|| format!("`{word}` is no protocol"))?);
                    ports
                }
                None => token,
            };
            let protocol = protocol.ok_or_else(|| format!("`{token}` names no protocol"))?;
            let (start, end) = ports.split_once('-').unwrap_or((ports, ports));
            let number = |text: &str| {
                text.parse::<u16>()
                    .ok()
                    .filter(|port| *port > 0)
                    .ok_or_else(|| format!("`{text}` is not a port from 1 to 65535"))
            };
            set = set.union(&Self::range(protocol, number(start)?, number(end)?));
        }
        Ok(set)
    }
}

impl Serialize for PortSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Port sets by number, with every union, intersection and difference computed once.
#[derive(Clone, Debug)]
pub(crate) struct PortPool {
    sets: Interner<PortSet>,
    done: Interner<[u32; 3]>,
    results: Vec<u32>,
}

/// Number of the empty set in every pool.
pub(crate) const NONE: u32 = 0;
/// Number of the full set in every pool.
pub(crate) const ALL: u32 = 1;

impl Default for PortPool {
    fn default() -> Self {
        let mut sets = Interner::default();
        sets.intern(&PortSet::none());
        sets.intern(&PortSet::all());
        Self { sets, done: Interner::default(), results: Vec::new() }
    }
}

impl PortPool {
    pub(crate) fn intern(&mut self, set: &PortSet) -> u32 {
        self.sets.intern(set)
    }

    /// The set with this number; the full set's number is always known.
    pub(crate) fn get(&self, number: u32) -> &PortSet {
        static EMPTY: PortSet = PortSet(Ranges::EMPTY);
        self.sets.get(number).unwrap_or(&EMPTY)
    }

    pub(crate) fn union(&mut self, a: u32, b: u32) -> u32 {
        match (a.min(b), a.max(b)) {
            (NONE, other) => other,
            (ALL, _) => ALL,
            (a, b) if a == b => a,
            (a, b) => self.memo(0, a, b, PortSet::union),
        }
    }

    pub(crate) fn intersect(&mut self, a: u32, b: u32) -> u32 {
        match (a.min(b), a.max(b)) {
            (NONE, _) => NONE,
            (ALL, other) => other,
            (a, b) if a == b => a,
            (a, b) => self.memo(1, a, b, PortSet::intersect),
        }
    }

    pub(crate) fn subtract(&mut self, a: u32, b: u32) -> u32 {
        match (a, b) {
            (NONE, _) | (_, ALL) => NONE,
            (a, NONE) => a,
            (a, b) if a == b => NONE,
            (a, b) => self.memo(2, a, b, PortSet::subtract),
        }
    }

    fn memo(&mut self, operation: u32, a: u32, b: u32, work: fn(&PortSet, &PortSet) -> PortSet) -> u32 {
        let at = self.done.intern(&[operation, a, b]);
        if let Some(result) = self.results.get(at as usize) {
            return *result;
        }
        let set = work(self.get(a), self.get(b));
        let result = self.sets.intern(&set);
        self.results.push(result);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for text in
            ["none", "all", "TCP 80", "SCTP 1-65535,TCP 80,443,8000-9000,UDP 53", "TCP 1-65535,UDP 1-65535"]
        {
            let set: PortSet = text.parse().unwrap();
            assert_eq!(set.to_string(), text);
        }
        assert_eq!("UDP 53,TCP 443,80,81".parse::<PortSet>().unwrap().to_string(), "TCP 80-81,443,UDP 53");
        assert!("80".parse::<PortSet>().is_err());
        assert!("TCP 0".parse::<PortSet>().is_err());
        assert!("ICMP 1".parse::<PortSet>().is_err());
    }

    #[test]
    fn protocols_never_run_into_each_other() {
        let set = PortSet::protocol(Protocol::Sctp).union(&PortSet::protocol(Protocol::Tcp));
        assert_eq!(set.ranges().count(), 2);
        assert_eq!(set.complement(), PortSet::protocol(Protocol::Udp));
        assert!(!PortSet::all().contains(Protocol::Tcp, 0));
    }

    #[test]
    fn the_pool_remembers() {
        let mut pool = PortPool::default();
        let a = pool.intern(&PortSet::range(Protocol::Tcp, 80, 80));
        let b = pool.intern(&PortSet::range(Protocol::Tcp, 81, 81));
        let ab = pool.union(a, b);
        assert_eq!(pool.union(b, a), ab);
        assert_eq!(pool.subtract(ab, a), b);
        assert_eq!(pool.intersect(ab, a), a);
        assert_eq!(pool.intersect(a, b), NONE);
        assert_eq!(pool.get(ab).to_string(), "TCP 80-81");
    }
}
