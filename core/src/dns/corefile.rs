//! The Corefile as written: server blocks of directives. What they mean is in `config.rs`.

use super::name::fqdn;
use std::collections::BTreeMap;

/// A directive with its arguments and its block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) name: String,
    pub(super) args: Vec<String>,
    pub(super) block: Vec<Self>,
}

/// `.:53 { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerBlock {
    /// Zones and reverse zones, fully qualified, lower case.
    pub(super) zones: Vec<String>,
    pub(super) port: u16,
    pub(super) directives: Vec<Directive>,
}

/// Reads a Corefile. Snippets are imported where they are named.
///
/// # Errors
/// What the server would refuse to start with, as one lower-case phrase.
///
/// coredns: core/dnsserver/register.go InspectServerBlocks, caddyfile/parse.go
pub(super) fn parse(text: &str) -> Result<Vec<ServerBlock>, String> {
    let mut lines = tokens(text).into_iter().peekable();
    let mut snippets: BTreeMap<String, Vec<Directive>> = BTreeMap::new();
    let mut blocks = Vec::new();
    while let Some(mut line) = lines.next() {
        // Keys may be separated by commas and stand on several lines until the block opens.
        while line.last().is_none_or(|last| last != "{") {
            match lines.next() {
                Some(more) if line.last().is_some_and(|last| last.ends_with(',')) => line.extend(more),
                Some(more) if more == ["{"] => line.extend(more),
                _ => return Err(format!("server block `{}` has no opening brace", line.join(" "))),
            }
        }
        line.pop();
        let directives = block(&mut lines, &snippets)?;
        if let [key] = line.as_slice()
            && let Some(name) = key.strip_prefix('(').and_then(|key| key.strip_suffix(')'))
        {
            snippets.insert(name.to_owned(), directives);
            continue;
        }
        let mut server = ServerBlock { port: 53, directives, ..ServerBlock::default() };
        for key in line.iter().flat_map(|key| key.split(',')).filter(|key| !key.is_empty()) {
            let (zone, port) = zone_and_port(key)?;
            server.port = port;
            server.zones.extend(zones(&zone));
        }
        if server.zones.is_empty() {
            return Err("a server block has no zone".to_owned());
        }
        blocks.push(server);
    }
    if blocks.is_empty() { Err("the Corefile has no server block".to_owned()) } else { Ok(blocks) }
}

type Lines = std::iter::Peekable<std::vec::IntoIter<Vec<String>>>;

fn block(lines: &mut Lines, snippets: &BTreeMap<String, Vec<Directive>>) -> Result<Vec<Directive>, String> {
    let mut directives = Vec::new();
    while let Some(mut line) = lines.next() {
        if line == ["}"] {
            return Ok(directives);
        }
        // `health { lameduck 5s }` on one line.
        let closed = line.len() > 1 && line.last().is_some_and(|last| last == "}");
        if closed {
            line.pop();
        }
        let open = line.iter().position(|token| token == "{");
        let inline = open.map(|open| line.split_off(open));
        let mut words = line.into_iter();
        let name = words.next().unwrap_or_default();
        let args: Vec<String> = words.collect();
        let mut directive = Directive { name, args, block: Vec::new() };
        if let Some(inline) = inline {
            let rest: Vec<String> = inline.into_iter().skip(1).collect();
            if closed || !rest.is_empty() {
                let mut rest = rest.into_iter();
                if let Some(name) = rest.next() {
                    directive.block.push(Directive { name, args: rest.collect(), block: Vec::new() });
                }
            }
            if !closed {
                directive.block.extend(block(lines, snippets)?);
            }
        }
        if directive.name == "import" {
            let name = directive.args.first().map(String::as_str).unwrap_or_default();
            match snippets.get(name) {
                Some(snippet) => directives.extend(snippet.iter().cloned()),
                // A glob that matches nothing is only warned about.
                None if name.contains('*') => {}
                None => {
                    return Err(format!(
                        "`import {name}` names neither a snippet nor a file of the ConfigMap"
                    ));
                }
            }
            continue;
        }
        directives.push(directive);
    }
    Err("a block is not closed".to_owned())
}

/// Lines of words: comments gone, quotes taken off.
fn tokens(text: &str) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    let mut line: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    let flush = |word: &mut Option<String>, line: &mut Vec<String>| line.extend(word.take());
    while let Some(c) = characters.next() {
        if quoted {
            match c {
                '\\' if characters.peek() == Some(&'"') => {
                    characters.next();
                    word.get_or_insert_default().push('"');
                }
                '"' => quoted = false,
                c => word.get_or_insert_default().push(c),
            }
            continue;
        }
        match c {
            '\n' => {
                flush(&mut word, &mut line);
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
            }
            '#' if word.is_none() => while characters.next_if(|c| *c != '\n').is_some() {},
            '"' if word.is_none() => {
                quoted = true;
                word = Some(String::new());
            }
            c if c.is_whitespace() => flush(&mut word, &mut line),
            c => word.get_or_insert_default().push(c),
        }
    }
    flush(&mut word, &mut line);
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// `dns://example.org:53` to its zone and port.
fn zone_and_port(key: &str) -> Result<(String, u16), String> {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    // The colon of an IPv6 CIDR is no port.
    let is_cidr = rest.parse::<ipnet::IpNet>().is_ok();
    match rest.rsplit_once(':') {
        Some((zone, port)) if !is_cidr && !port.contains(']') => {
            let port = port.parse().map_err(|_| format!("`{key}` has no valid port"))?;
            Ok((if zone.is_empty() { ".".to_owned() } else { zone.to_owned() }, port))
        }
        _ => Ok((rest.to_owned(), 53)),
    }
}

/// A zone argument as zones: a name, or the reverse zones of a CIDR; lower case, fully qualified.
///
/// coredns: plugin/normalize.go Host.NormalizeExact
pub(super) fn zones(argument: &str) -> Vec<String> {
    match argument.parse::<ipnet::IpNet>() {
        Ok(net) => super::name::reverse_zones(net),
        Err(_) => vec![fqdn(&argument.to_ascii_lowercase())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_blocks_snippets_comments_and_one_line_blocks() {
        let text = "(shared) {\n  errors # to stdout\n}\n.:53 {\n  import shared\n  health { lameduck 5s }\n  \
                    kubernetes cluster.local 10.0.0.0/8 {\n    ttl 30\n  }\n}\nexample.org:5353, b.org {\n  forward . 10.0.0.1\n}\n";
        let blocks = parse(text).unwrap();
        let [main, stub] = blocks.as_slice() else { panic!("{blocks:?}") };
        assert_eq!(main.zones, ["."]);
        let names: Vec<&str> = main.directives.iter().map(|directive| directive.name.as_str()).collect();
        assert_eq!(names, ["errors", "health", "kubernetes"]);
        assert_eq!(main.directives[1].block[0].args, ["5s"]);
        assert_eq!(main.directives[2].block[0].name, "ttl");
        assert_eq!(stub.zones, ["example.org.", "b.org."]);
    }

    #[test]
    fn says_what_the_server_would_not_start_with() {
        assert!(parse(".:53 {\n errors\n").unwrap_err().contains("not closed"));
        assert!(parse("").unwrap_err().contains("no server block"));
        assert!(parse(".:53 {\n import missing\n}").unwrap_err().contains("import missing"));
    }
}
