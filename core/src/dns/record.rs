//! Records, types and codes, and their presentation text.

use super::name::{fqdn, labels};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A record type by its number. Any type may be asked; those with records have a constant.
///
/// ```
/// use kubehop::dns::RecordType;
/// assert_eq!("srv".parse(), Ok(RecordType::SRV));
/// assert_eq!(RecordType::AAAA.to_string(), "AAAA");
/// assert_eq!("TYPE65".parse(), Ok(RecordType::HTTPS));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordType(pub u16);

macro_rules! types {
    ($($(#[$meta:meta])* $name:ident = $number:literal),* $(,)?) => {
        impl RecordType {
            $( $(#[$meta])* pub const $name: Self = Self($number); )*
        }
        /// Mnemonics of the types, by number.
        const MNEMONICS: &[(u16, &str)] = &[ $( ($number, stringify!($name)) ),* ];
    };
}
types! {
    /// An IPv4 address.
    A = 1,
    /// A name server.
    NS = 2,
    /// An alias.
    CNAME = 5,
    /// Start of authority.
    SOA = 6,
    /// A pointer from an address to a name.
    PTR = 12,
    /// Host information; never answered.
    HINFO = 13,
    /// A mail exchanger; never answered.
    MX = 15,
    /// Text.
    TXT = 16,
    /// An IPv6 address.
    AAAA = 28,
    /// Service location.
    SRV = 33,
    /// Naming authority pointer; never answered.
    NAPTR = 35,
    /// Delegation signer; never answered.
    DS = 43,
    /// DNSSEC key; never answered.
    DNSKEY = 48,
    /// Service binding; never answered.
    SVCB = 64,
    /// HTTPS service binding; never answered.
    HTTPS = 65,
    /// Incremental zone transfer; refused.
    IXFR = 251,
    /// Zone transfer; refused.
    AXFR = 252,
    /// Every type; answered like a type without records.
    ANY = 255,
    /// Certification authority; never answered.
    CAA = 257,
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match MNEMONICS.iter().find(|(number, _)| *number == self.0) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

impl FromStr for RecordType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let upper = text.to_ascii_uppercase();
        MNEMONICS
            .iter()
            .find(|(_, name)| *name == upper)
            .map(|(number, _)| Self(*number))
            .or_else(|| upper.strip_prefix("TYPE")?.parse().ok().map(Self))
            .ok_or(UnknownType)
    }
}

/// The text names no record type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such record type; use A, AAAA, SRV, PTR, CNAME, TXT, SOA, NS or TYPE followed by a number")]
pub struct UnknownType;

impl Serialize for RecordType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RecordType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How a query ended at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Rcode {
    /// The name exists; without answers it has no records of the type (NODATA).
    NoError,
    /// The server could not tell.
    ServFail,
    /// The name does not exist.
    NxDomain,
    /// The server would not tell.
    Refused,
}

impl Rcode {
    /// As dig prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoError => "NOERROR",
            Self::ServFail => "SERVFAIL",
            Self::NxDomain => "NXDOMAIN",
            Self::Refused => "REFUSED",
        }
    }

    /// The number on the wire.
    pub fn number(self) -> u8 {
        match self {
            Self::NoError => 0,
            Self::ServFail => 2,
            Self::NxDomain => 3,
            Self::Refused => 5,
        }
    }

    /// Reads a mnemonic, ignoring case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::NoError, Self::ServFail, Self::NxDomain, Self::Refused]
            .into_iter()
            .find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Data {
    /// A or AAAA.
    Address(IpAddr),
    /// CNAME target.
    Cname(String),
    /// PTR target.
    Ptr(String),
    /// Name server.
    Ns(String),
    /// Text, without quotes.
    Txt(String),
    /// Service location.
    Srv {
        /// Lower is tried first; always 0 here.
        priority: u16,
        /// Share among equals.
        weight: u16,
        /// Port.
        port: u16,
        /// The name that has the address.
        target: String,
    },
    /// Start of authority.
    Soa(Box<Soa>),
}

/// Content of an SOA record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Soa {
    /// Primary name server.
    pub mname: String,
    /// Mailbox.
    pub rname: String,
    /// Serial: the time of the last change on a real server, 1 here.
    pub serial: u32,
    /// Seconds.
    pub refresh: u32,
    /// Seconds.
    pub retry: u32,
    /// Seconds.
    pub expire: u32,
    /// Seconds a negative answer may be kept.
    pub minimum: u32,
}

impl Data {
    /// The type of a record with this content.
    pub fn record_type(&self) -> RecordType {
        match self {
            Self::Address(IpAddr::V4(_)) => RecordType::A,
            Self::Address(IpAddr::V6(_)) => RecordType::AAAA,
            Self::Cname(_) => RecordType::CNAME,
            Self::Ptr(_) => RecordType::PTR,
            Self::Ns(_) => RecordType::NS,
            Self::Txt(_) => RecordType::TXT,
            Self::Srv { .. } => RecordType::SRV,
            Self::Soa(_) => RecordType::SOA,
        }
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(ip) => ip.fmt(f),
            Self::Cname(name) | Self::Ptr(name) | Self::Ns(name) => f.write_str(name),
            Self::Txt(text) => write!(f, "\"{text}\""),
            Self::Srv { priority, weight, port, target } => write!(f, "{priority} {weight} {port} {target}"),
            Self::Soa(soa) => write!(
                f,
                "{} {} {} {} {} {} {}",
                soa.mname, soa.rname, soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum
            ),
        }
    }
}

/// One resource record of class IN. Serialised as a [`RecordView`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "RecordView")]
pub struct Record {
    /// Owner, fully qualified, in the spelling of the question.
    pub name: String,
    /// Seconds.
    pub ttl: u32,
    /// Content.
    pub data: Data,
}

impl Record {
    /// Its type.
    pub fn record_type(&self) -> RecordType {
        self.data.record_type()
    }

    /// The address of an A or AAAA record.
    pub fn address(&self) -> Option<IpAddr> {
        match self.data {
            Data::Address(ip) => Some(ip),
            _ => None,
        }
    }

    /// Reads one line of a zone file with all fields: `example.com. 300 IN A 93.184.215.14`.
    ///
    /// # Errors
    /// What is wrong with the line, as one lower-case phrase.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut fields = line.split_whitespace();
        let mut next = |what: &str| fields.next().ok_or_else(|| format!("no {what} in `{line}`"));
        let name = fqdn(next("owner")?);
        let ttl = next("TTL")?.parse().map_err(|_| format!("the TTL of `{line}` is not a number"))?;
        if !next("class")?.eq_ignore_ascii_case("IN") {
            return Err(format!("the class of `{line}` is not IN"));
        }
        let kind = RecordType::from_str(next("type")?).map_err(|error| error.to_string())?;
        let bad = || format!("the data of `{line}` cannot be read");
        let data = match kind {
            RecordType::A | RecordType::AAAA => {
                let ip: IpAddr = next("address")?.parse().map_err(|_| bad())?;
                if ip.is_ipv4() != (kind == RecordType::A) {
                    return Err(bad());
                }
                Data::Address(ip)
            }
            RecordType::CNAME => Data::Cname(fqdn(next("target")?)),
            RecordType::PTR => Data::Ptr(fqdn(next("target")?)),
            RecordType::NS => Data::Ns(fqdn(next("target")?)),
            RecordType::TXT => {
                let text = fields.collect::<Vec<_>>().join(" ");
                Data::Txt(text.trim_matches('"').to_owned())
            }
            RecordType::SRV => {
                let mut number = |what: &str| next(what)?.parse::<u16>().map_err(|_| bad());
                let (priority, weight, port) = (number("priority")?, number("weight")?, number("port")?);
                Data::Srv { priority, weight, port, target: fqdn(next("target")?) }
            }
            RecordType::SOA => {
                let (mname, rname) = (fqdn(next("name server")?), fqdn(next("mailbox")?));
                let mut number = |what: &str| next(what)?.parse::<u32>().map_err(|_| bad());
                let serial = number("serial")?;
                let (refresh, retry) = (number("refresh")?, number("retry")?);
                let (expire, minimum) = (number("expire")?, number("minimum")?);
                Data::Soa(Box::new(Soa { mname, rname, serial, refresh, retry, expire, minimum }))
            }
            other => return Err(format!("records of type {other} cannot be given")),
        };
        Ok(Self { name, ttl, data })
    }

    /// Bytes of this record on the wire, uncompressed.
    pub(crate) fn wire_size(&self) -> usize {
        self.size_with(|name, _| name_size(name))
    }

    /// Bytes of this record on the wire, its names compressed against the suffixes seen so far, which grow
    /// by what this record adds.
    ///
    /// RFC 1035 4.1.4; RFC 2782: the target of an SRV record is never compressed.
    pub(crate) fn compressed_size(&self, known: &mut Suffixes) -> usize {
        self.size_with(|name, compress| known.add(name, compress))
    }

    fn size_with(&self, mut name: impl FnMut(&str, bool) -> usize) -> usize {
        let owner = name(&self.name, true);
        let data = match &self.data {
            Data::Address(IpAddr::V4(_)) => 4,
            Data::Address(IpAddr::V6(_)) => 16,
            Data::Cname(target) | Data::Ptr(target) | Data::Ns(target) => name(target, true),
            Data::Txt(text) => text.len() + 1,
            Data::Srv { target, .. } => 6 + name(target, false),
            Data::Soa(soa) => name(&soa.mname, true) + name(&soa.rname, true) + 20,
        };
        owner + 10 + data
    }
}

/// Bytes of a fully qualified name on the wire: a length before each label, and the empty root label.
pub(crate) fn name_size(name: &str) -> usize {
    if name == "." { 1 } else { name.len() + 1 }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} IN {} {}", self.name, self.ttl, self.record_type(), self.data)
    }
}

/// A [`Record`] as answers carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordView {
    /// Owner, fully qualified, in the spelling of the question.
    pub name: String,
    /// Seconds.
    pub ttl: u32,
    /// `A`, `SRV` …
    #[serde(rename = "type")]
    pub record_type: RecordType,
    /// Content in presentation text.
    pub data: String,
}

impl From<Record> for RecordView {
    fn from(record: Record) -> Self {
        let (record_type, data) = (record.record_type(), record.data.to_string());
        Self { name: record.name, ttl: record.ttl, record_type, data }
    }
}

/// Names already in a message, for compression.
#[derive(Debug, Default)]
pub(crate) struct Suffixes {
    seen: std::collections::BTreeSet<String>,
}

impl Suffixes {
    /// Bytes `name` takes when added now; its suffixes can be pointed to afterwards.
    pub(crate) fn add(&mut self, name: &str, compress: bool) -> usize {
        let labels: Vec<&str> = labels(name).collect();
        let mut size = 0;
        for index in 0..labels.len() {
            let suffix = labels.get(index..).unwrap_or_default().join(".").to_ascii_lowercase();
            if compress && self.seen.contains(&suffix) {
                return size + 2;
            }
            self.seen.insert(suffix);
            size += labels.get(index).map_or(0, |label| label.len() + 1);
        }
        size + 1
    }
}
