//! Reads the text of [`iptables`](super::iptables) back, strictly: what is not understood is an error,
//! so that no condition of a rule can be passed over.

use super::super::ip::parse_ip;
use ipnet::IpNet;
use std::collections::BTreeMap;

/// A rule of one chain.
#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    /// The line.
    pub(super) text: String,
    pub(super) protocol: Option<String>,
    pub(super) source: Option<(bool, IpNet)>,
    pub(super) destination: Option<(bool, IpNet)>,
    pub(super) port: Option<u16>,
    pub(super) source_local: bool,
    pub(super) destination_local: bool,
    /// Conditions on state that the first packet of a connection does not have.
    pub(super) stateful: bool,
    /// Takes one packet in so many.
    pub(super) one_in: Option<u32>,
    pub(super) target: Target,
}

/// What a rule does with what it matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Target {
    /// Nothing: the rule only counts.
    #[default]
    None,
    Jump(String),
    Accept,
    Drop,
    Reject,
    Return,
    Mark,
    Unmark,
    Masquerade,
    Dnat(String),
}

/// Chains of one table by name.
pub(super) type Table = BTreeMap<String, Vec<Rule>>;

/// Tables by name.
pub(super) fn tables(text: &str) -> Result<BTreeMap<String, Table>, String> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('*') {
            tables.entry(name.to_owned()).or_default();
            current = Some(name.to_owned());
            continue;
        }
        if line == "COMMIT" {
            current = None;
            continue;
        }
        let table = current
            .as_ref()
            .and_then(|name| tables.get_mut(name))
            .ok_or_else(|| format!("line outside of a table: {line}"))?;
        if let Some(chain) = line.strip_prefix(':') {
            let name = chain.split(' ').next().unwrap_or_default();
            table.entry(name.to_owned()).or_default();
            continue;
        }
        let (chain, rule) = rule(line).map_err(|error| format!("{error} in {line}"))?;
        table.get_mut(&chain).ok_or_else(|| format!("no chain line for {chain}"))?.push(rule);
    }
    Ok(tables)
}

/// Words of a line; text in double quotes is one word.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

fn rule(line: &str) -> Result<(String, Rule), String> {
    let mut rule = Rule { text: line.to_owned(), ..Rule::default() };
    let mut chain = String::new();
    let mut negated = false;
    let words = words(line);
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        if word == "!" {
            negated = true;
            continue;
        }
        if ["--reap", "--set", "--rcheck", "--random-fully"].contains(&word) {
            rule.stateful |= word == "--rcheck";
            negated = false;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("no value after {word}"))?;
        match word {
            "-A" => chain = value.to_owned(),
            "-m" | "--comment" | "--name" | "--seconds" | "--mode" | "--nfacct-name" => {}
            "-p" => rule.protocol = Some(value.to_owned()),
            "-s" => rule.source = Some((negated, net(value)?)),
            "-d" => rule.destination = Some((negated, net(value)?)),
            "--dport" => rule.port = Some(value.parse().map_err(|_| format!("bad port {value}"))?),
            "--src-type" if value == "LOCAL" => rule.source_local = true,
            "--dst-type" if value == "LOCAL" => rule.destination_local = true,
            "--ctstate" | "--mark" => rule.stateful = true,
            "--probability" => rule.one_in = Some(one_in(value)?),
            "-j" => rule.target = target(value),
            "--or-mark" => rule.target = Target::Mark,
            "--xor-mark" => rule.target = Target::Unmark,
            "--to-destination" => rule.target = Target::Dnat(value.to_owned()),
            _ => return Err(format!("unknown option {word}")),
        }
        negated = false;
    }
    Ok((chain, rule))
}

fn target(name: &str) -> Target {
    match name {
        "ACCEPT" => Target::Accept,
        "DROP" => Target::Drop,
        "REJECT" => Target::Reject,
        "RETURN" => Target::Return,
        "MASQUERADE" => Target::Masquerade,
        // What these do is said by the option that follows.
        "MARK" | "DNAT" => Target::None,
        chain => Target::Jump(chain.to_owned()),
    }
}

fn net(text: &str) -> Result<IpNet, String> {
    if let Ok(net) = text.parse() {
        return Ok(net);
    }
    parse_ip(text).map(IpNet::from).ok_or_else(|| format!("bad address {text}"))
}

/// `0.3333333333` is one in three.
fn one_in(text: &str) -> Result<u32, String> {
    let probability: f64 = text.parse().map_err(|_| format!("bad probability {text}"))?;
    let n = (1.0 / probability).round();
    if n >= 1.0 && n <= f64::from(u32::MAX) { Ok(n as u32) } else { Err(format!("bad probability {text}")) }
}
