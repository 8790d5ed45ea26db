//! Reads the commands of [`nftables`](super::nftables) back, strictly: what is not understood is an
//! error, so that no condition of a rule can be passed over.

use super::super::ip::parse_ip;
use crate::model::Protocol;
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// A rule: its conditions and statements in order.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Without `add rule` and the table.
    pub(super) text: String,
    pub(super) parts: Vec<Part>,
}

/// One condition or statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// `ct state new`: every first packet.
    New,
    /// `ct status dnat`.
    Translated,
    /// `ip saddr`, in one of these unless negated.
    Source(bool, Vec<IpNet>),
    Destination(bool, Vec<IpNet>),
    SourceInSet(String),
    DestinationInSet(String),
    /// `fib saddr type local`.
    SourceLocal,
    DestinationLocal,
    Protocol(Protocol),
    /// `mark and … != 0`.
    Marked,
    Mark,
    Unmark,
    Masquerade,
    /// The four of source, destination, protocol and port in a set.
    ConnectionInSet(String),
    /// `ip daddr . meta l4proto . th dport vmap @map`.
    LookUpAddress(String),
    /// `meta l4proto . th dport vmap @map`.
    LookUpPort(String),
    /// `numgen random … vmap { … }`.
    Choose(Vec<String>),
    /// `dnat … numgen random … map { … }`, or to a single address.
    Dnat(Vec<SocketAddr>),
    /// `update @set { ip saddr }`.
    Remember,
    Jump(String),
    Goto(String),
    Drop,
    Reject,
}

/// A base chain: where it hangs.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) hook: String,
    pub(super) priority: i32,
}

/// The table.
#[derive(Clone, Debug, Default)]
pub(super) struct Ruleset {
    pub(super) chains: BTreeMap<String, Vec<Rule>>,
    pub(super) bases: BTreeMap<String, Base>,
    /// Elements of sets and maps: key to verdict, which is empty in sets.
    pub(super) containers: BTreeMap<String, BTreeMap<String, String>>,
}

pub(super) fn ruleset(text: &str) -> Result<Ruleset, String> {
    let mut ruleset = Ruleset::default();
    for line in text.lines() {
        ruleset.command(line).map_err(|error| format!("{error} in {line}"))?;
    }
    for rule in ruleset.chains.values().flatten() {
        for part in &rule.parts {
            let (Part::Jump(to) | Part::Goto(to)) = part else { continue };
            if !ruleset.chains.contains_key(to) {
                return Err(format!("no chain {to} in {}", rule.text));
            }
        }
    }
    Ok(ruleset)
}

impl Ruleset {
    fn command(&mut self, line: &str) -> Result<(), String> {
        let rest = line.strip_prefix("add ").ok_or("not an add command")?;
        let (verb, rest) = rest.split_once(' ').ok_or("no object")?;
        if verb == "table" {
            return Ok(());
        }
        let rest = rest
            .strip_prefix("ip kube-proxy ")
            .or_else(|| rest.strip_prefix("ip6 kube-proxy "))
            .ok_or("another table")?;
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        match verb {
            "chain" => {
                self.chains.entry(name.to_owned()).or_default();
                let words: Vec<&str> = rest.split(' ').collect();
                if let ["{", "type", _, "hook", hook, "priority", priority, ..] = words.as_slice() {
                    let priority = priority.parse().map_err(|_| "bad priority")?;
                    self.bases.insert(name.to_owned(), Base { hook: (*hook).to_owned(), priority });
                }
            }
            "set" | "map" => {
                self.containers.entry(name.to_owned()).or_default();
            }
            "element" => {
                let body = rest.strip_prefix("{ ").and_then(|rest| rest.strip_suffix(" }"));
                let body = body.ok_or("bad element")?;
                // Addresses have colons too, so the value is what follows a colon between blanks.
                let (key, value) = body.split_once(" : ").unwrap_or((body, ""));
                let key = key.split(" comment ").next().unwrap_or(key);
                let container = self.containers.get_mut(name).ok_or("no such container")?;
                container.insert(key.to_owned(), value.to_owned());
            }
            "rule" => {
                let rule = Rule { text: format!("{name} {rest}"), parts: parts(rest)? };
                self.chains.get_mut(name).ok_or("no such chain")?.push(rule);
            }
            _ => return Err(format!("unknown object {verb}")),
        }
        Ok(())
    }
}

/// Words; text in double quotes is one word.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (index, piece) in text.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(piece.to_owned());
        } else {
            words.extend(piece.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// A cursor over the words of a rule.
struct Words {
    words: Vec<String>,
    at: usize,
}

impl Words {
    fn next(&mut self) -> Option<String> {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        word
    }

    fn need(&mut self) -> Result<String, String> {
        self.next().ok_or_else(|| "ends early".to_owned())
    }

    /// Takes these words if they come next.
    fn take(&mut self, phrase: &str) -> bool {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        let found = self.words.iter().skip(self.at).take(wanted.len()).map(String::as_str);
        let matches = found.eq(wanted.iter().copied());
        if matches {
            self.at += wanted.len();
        }
        matches
    }

    /// `{ a , b }` as its items.
    fn braces(&mut self) -> Result<Vec<String>, String> {
        if !self.take("{") {
            return Err("expected {".into());
        }
        let mut text = String::new();
        loop {
            match self.need()?.as_str() {
                "}" => break,
                word => {
                    text.push_str(word);
                    text.push(' ');
                }
            }
        }
        Ok(text.split(',').map(|item| item.trim().to_owned()).collect())
    }
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut words = Words { words: words(text), at: 0 };
    let mut parts = Vec::new();
    while words.at < words.words.len() {
        if words.take("comment") {
            words.need()?;
            continue;
        }
        parts.push(part(&mut words)?);
    }
    Ok(parts)
}

fn part(words: &mut Words) -> Result<Part, String> {
    for ip in ["ip", "ip6"] {
        if words.take(&format!("{ip} saddr . {ip} daddr . meta l4proto . th dport")) {
            return Ok(Part::ConnectionInSet(name(words)?));
        }
        if words.take(&format!("{ip} daddr . meta l4proto . th dport vmap")) {
            return Ok(Part::LookUpAddress(name(words)?));
        }
        if words.take(&format!("{ip} saddr")) {
            return Ok(match address(words)? {
                Address::Set(set) => Part::SourceInSet(set),
                Address::Blocks(negated, blocks) => Part::Source(negated, blocks),
            });
        }
        if words.take(&format!("{ip} daddr")) {
            return Ok(match address(words)? {
                Address::Set(set) => Part::DestinationInSet(set),
                Address::Blocks(negated, blocks) => Part::Destination(negated, blocks),
            });
        }
        if words.take(&format!("dnat {ip} addr . port to numgen random mod")) {
            words.need()?;
            if !words.take("map") {
                return Err("expected map".into());
            }
            return Ok(Part::Dnat(destinations(&words.braces()?)?));
        }
    }
    if words.take("meta l4proto . th dport vmap") {
        return Ok(Part::LookUpPort(name(words)?));
    }
    if words.take("meta l4proto") {
        let text = words.need()?;
        let protocol = Protocol::parse(&text.to_uppercase()).ok_or("bad protocol")?;
        return Ok(Part::Protocol(protocol));
    }
    if words.take("numgen random mod") {
        words.need()?;
        if !words.take("vmap") {
            return Err("expected vmap".into());
        }
        let verdicts =
            words.braces()?.iter().map(|item| item.rsplit(" : ").next().map(str::to_owned)).collect();
        return Ok(Part::Choose(Option::unwrap_or_default(verdicts)));
    }
    if words.take("dnat to") {
        let text = words.need()?;
        return Ok(Part::Dnat(vec![text.parse().map_err(|_| format!("bad address {text}"))?]));
    }
    if words.take("mark and") {
        words.need()?;
        return if words.take("!= 0") { Ok(Part::Marked) } else { Err("expected != 0".into()) };
    }
    for (phrase, part) in [("mark set mark or", Part::Mark), ("mark set mark xor", Part::Unmark)] {
        if words.take(phrase) {
            words.need()?;
            return Ok(part);
        }
    }
    if words.take("update") {
        name(words)?;
        words.braces()?;
        return Ok(Part::Remember);
    }
    for (phrase, part) in [
        ("ct state new", Part::New),
        ("ct status dnat", Part::Translated),
        ("fib saddr type local", Part::SourceLocal),
        ("fib daddr type local", Part::DestinationLocal),
        ("masquerade fully-random", Part::Masquerade),
        ("drop", Part::Drop),
        ("reject", Part::Reject),
    ] {
        if words.take(phrase) {
            return Ok(part);
        }
    }
    if words.take("jump") {
        return Ok(Part::Jump(words.need()?));
    }
    if words.take("goto") {
        return Ok(Part::Goto(words.need()?));
    }
    Err(format!("unknown word {}", words.need()?))
}

fn name(words: &mut Words) -> Result<String, String> {
    let word = words.need()?;
    word.strip_prefix('@').map(str::to_owned).ok_or_else(|| format!("expected a set, not {word}"))
}

enum Address {
    Set(String),
    Blocks(bool, Vec<IpNet>),
}

fn address(words: &mut Words) -> Result<Address, String> {
    let negated = words.take("!=");
    let items = if words.words.get(words.at).is_some_and(|word| word == "{") {
        words.braces()?
    } else {
        let word = words.need()?;
        if let Some(set) = word.strip_prefix('@') {
            return Ok(Address::Set(set.to_owned()));
        }
        vec![word]
    };
    let blocks: Result<Vec<IpNet>, String> = items
        .iter()
        .map(|item| {
            item.parse()
                .ok()
                .or_else(|| parse_ip(item).map(IpNet::from))
                .ok_or_else(|| format!("bad address {item}"))
        })
        .collect();
    Ok(Address::Blocks(negated, blocks?))
}

/// `0 : 10.0.0.1 . 80` as socket addresses.
fn destinations(items: &[String]) -> Result<Vec<SocketAddr>, String> {
    items
        .iter()
        .map(|item| {
            let (_, to) = item.split_once(" : ").ok_or("bad map")?;
            let (ip, port) = to.split_once(" . ").ok_or("bad map")?;
            let ip: IpAddr = ip.parse().map_err(|_| "bad address in map")?;
            Ok(SocketAddr::new(ip, port.parse().map_err(|_| "bad port in map")?))
        })
        .collect()
}
