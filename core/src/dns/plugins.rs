//! The smaller plugins: `cache`, `rewrite`, `hosts`, `template`, `autopath`.

use super::config::{Cache, Hosts, NameMatch, Rewrite, Template};
use super::name::{address_of_reverse, fqdn, is_under, longest_zone, prefix_of};
use super::record::{Data, Rcode, Record, RecordType};
use super::server::Chain;
use super::{Reply, Why};
use std::net::IpAddr;

/// The address of a `forward` target: `10.0.0.1`, `10.0.0.1:5353`, `tls://[2001:db8::1]:853`.
pub(super) fn forward_address(target: &str) -> Option<IpAddr> {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    if let Ok(ip) = rest.parse() {
        return Some(ip);
    }
    let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// TTLs as the cache hands them out: the smallest of the message, within its bounds.
///
/// coredns: plugin/cache/handler.go, plugin/pkg/dnsutil/ttl.go MinimalTTL; bounds 5 to the configured one
pub(super) fn cache(cache: &Cache, next: Chain<'_>, name: &str, kind: RecordType) -> Reply {
    let mut reply = next.serve(name, kind);
    if longest_zone(&cache.zones, name).is_none() || reply.truncated {
        return reply;
    }
    let denial = reply.rcode == Rcode::NxDomain || reply.answers.is_empty();
    let cacheable = matches!(reply.rcode, Rcode::NoError | Rcode::NxDomain);
    let (off, longest) =
        if denial { (&cache.denial_off, cache.denial) } else { (&cache.success_off, cache.success) };
    if !cacheable || longest_zone(off, name).is_some() {
        return reply;
    }
    let sections = [&mut reply.answers, &mut reply.authority, &mut reply.additional];
    let shortest = sections.iter().flat_map(|section| section.iter().map(|record| record.ttl)).min();
    let Some(shortest) = shortest.filter(|ttl| *ttl > 0) else { return reply };
    let ttl = shortest.min(longest).max(5);
    for section in sections {
        section.iter_mut().for_each(|record| record.ttl = ttl);
    }
    reply
}

/// Changes the question, and the answer back.
///
/// coredns: plugin/rewrite/{rewrite,name,type,reverter}.go
pub(super) fn rewrite(rules: &[Rewrite], next: Chain<'_>, name: &str, kind: RecordType) -> Reply {
    let (mut new_name, mut new_kind) = (name.to_owned(), kind);
    let mut back: Vec<(String, String)> = Vec::new();
    let mut undetermined = None;
    for rule in rules {
        let lower = new_name.to_ascii_lowercase();
        let done = match rule {
            Rewrite::NotModelled(rule) => {
                undetermined.get_or_insert_with(|| super::explain::not_modelled(rule));
                false
            }
            Rewrite::Type { from, to, stop } => {
                let hit = *from == new_kind;
                if hit {
                    new_kind = *to;
                }
                hit && *stop
            }
            Rewrite::Name { matcher, to, answer_auto, stop } => match rewritten(matcher, to, &lower) {
                Some(other) => {
                    if *answer_auto {
                        back.push((other.clone(), new_name.clone()));
                    }
                    new_name = other;
                    *stop
                }
                None => false,
            },
        };
        if done {
            break;
        }
    }
    if new_name == name && new_kind == kind {
        let mut reply = next.serve(name, kind);
        reply.undetermined = reply.undetermined.or(undetermined);
        return reply;
    }
    let mut reply = next.serve(&new_name, new_kind);
    for (from, to) in back.iter().rev() {
        let restore = |text: &mut String| {
            if text.eq_ignore_ascii_case(from) {
                text.clone_from(to);
            }
        };
        for record in reply.answers.iter_mut().chain(&mut reply.authority).chain(&mut reply.additional) {
            restore(&mut record.name);
            match &mut record.data {
                Data::Cname(target) | Data::Ptr(target) | Data::Ns(target) | Data::Srv { target, .. } => {
                    restore(target)
                }
                Data::Address(_) | Data::Txt(_) | Data::Soa(_) => {}
            }
        }
    }
    reply.because.insert(0, Why::Rewritten);
    reply.undetermined = reply.undetermined.or(undetermined);
    reply
}

fn rewritten(matcher: &NameMatch, to: &str, name: &str) -> Option<String> {
    match matcher {
        NameMatch::Exact(from) => (name == from).then(|| to.to_owned()),
        NameMatch::Prefix(from) => name.strip_prefix(from.as_str()).map(|rest| format!("{to}{rest}")),
        NameMatch::Suffix(from) => name.strip_suffix(from.as_str()).map(|rest| format!("{rest}{to}")),
        NameMatch::Substring(from) => name.contains(from.as_str()).then(|| name.replace(from.as_str(), to)),
        NameMatch::Regex(pattern) => {
            let found = pattern.find(name)?;
            let mut result = to.to_owned();
            for group in (0..10).rev() {
                result = result.replace(&format!("{{{group}}}"), &found.group(group));
            }
            Some(result)
        }
    }
}

/// Fixed entries.
///
/// coredns: plugin/hosts/hosts.go ServeDNS
pub(super) fn hosts(hosts: &Hosts, next: Chain<'_>, name: &str, kind: RecordType) -> Reply {
    let lower = name.to_ascii_lowercase();
    let inside = longest_zone(&hosts.zones, &lower).is_some();
    if !inside && kind != RecordType::PTR {
        return next.serve(name, kind);
    }
    let record = |data: Data| Record { name: lower.clone(), ttl: hosts.ttl, data };
    let named = |ip: &&(IpAddr, Vec<String>)| ip.1.contains(&lower);
    let answers: Vec<Record> = match kind {
        RecordType::PTR => {
            let ip = address_of_reverse(&lower).filter(|_| hosts.reverse);
            let mine = hosts.entries.iter().filter(|(other, _)| Some(*other) == ip);
            let found: Vec<Record> =
                mine.flat_map(|(_, names)| names).map(|name| record(Data::Ptr(name.clone()))).collect();
            if found.is_empty() {
                return next.serve(name, kind);
            }
            found
        }
        RecordType::A | RecordType::AAAA => hosts
            .entries
            .iter()
            .filter(named)
            .filter(|(ip, _)| ip.is_ipv4() == (kind == RecordType::A))
            .map(|(ip, _)| record(Data::Address(*ip)))
            .collect(),
        _ => Vec::new(),
    };
    if answers.is_empty() && !hosts.entries.iter().any(|entry| named(&entry)) {
        let falls = hosts.fall.as_ref().is_some_and(|zones| longest_zone(zones, &lower).is_some());
        if falls || hosts.file.is_some() {
            let mut reply = next.serve(name, kind);
            if let Some(file) = &hosts.file {
                reply
                    .undetermined
                    .get_or_insert_with(|| super::explain::not_modelled(&format!("hosts file {file}")));
            }
            return reply;
        }
        return Reply {
            rcode: Rcode::ServFail,
            by: "hosts",
            because: vec![Why::NobodyAnswers],
            ..Reply::default()
        };
    }
    Reply { authoritative: true, answers, by: "hosts", because: vec![Why::HostsEntry], ..Reply::default() }
}

/// Answers by rule.
///
/// coredns: plugin/template/template.go ServeDNS
pub(super) fn template(template: &Template, next: Chain<'_>, name: &str, kind: RecordType) -> Reply {
    let type_matches = template.record_type.is_none_or(|wanted| wanted == kind);
    if !type_matches || longest_zone(&template.zones, name).is_none() {
        return next.serve(name, kind);
    }
    let found = template.matches.iter().find_map(|pattern| Some((pattern, pattern.find(name)?)));
    let falls = template.fall.as_ref().is_some_and(|zones| longest_zone(zones, name).is_some());
    if found.is_none() && !template.matches.is_empty() {
        return if falls {
            next.serve(name, kind)
        } else {
            // A zone without a matching rule is not answered at all.
            Reply {
                rcode: Rcode::ServFail,
                by: "template",
                because: vec![Why::TemplateRule],
                ..Reply::default()
            }
        };
    }
    let mut reply =
        Reply { authoritative: true, by: "template", because: vec![Why::TemplateRule], ..Reply::default() };
    reply.rcode = template.rcode.unwrap_or(Rcode::NoError);
    reply.undetermined = template.fault.as_ref().map(|fault| super::explain::not_modelled(fault));
    let mut fill = |lines: &[String]| -> Vec<Record> {
        let mut records = Vec::new();
        for line in lines {
            let text = expand(line, name, kind, found.as_ref());
            match text.as_deref().map(Record::parse) {
                Some(Ok(record)) => records.push(record),
                _ => reply.undetermined = Some(super::explain::not_modelled(&format!("template `{line}`"))),
            }
        }
        records
    };
    let (answers, authority, additional) =
        (fill(&template.answers), fill(&template.authority), fill(&template.additional));
    (reply.answers, reply.authority, reply.additional) = (answers, authority, additional);
    reply
}

type Found<'p> = (&'p super::pattern::Pattern, super::pattern::Captures);

/// The few forms of Go's templates that answers use; `None` for any other.
fn expand(line: &str, name: &str, kind: RecordType, found: Option<&Found<'_>>) -> Option<String> {
    let mut result = String::new();
    let mut rest = line;
    while let Some((before, tail)) = rest.split_once("{{") {
        let (inside, after) = tail.split_once("}}")?;
        result.push_str(before);
        rest = after;
        let words: Vec<&str> = inside.split_whitespace().collect();
        match words.as_slice() {
            [".Name"] => result.push_str(name),
            [".Type"] => result.push_str(&kind.to_string()),
            [".Class"] => result.push_str("IN"),
            ["index", ".Match", number] => result.push_str(&found?.1.group(number.parse().ok()?)),
            [field] => {
                let (pattern, captures) = found?;
                result.push_str(&captures.group(pattern.name(field.strip_prefix(".Group.")?)?));
            }
            _ => return None,
        }
    }
    result.push_str(rest);
    Some(result)
}

/// Walks the client's search path for it.
///
/// coredns: plugin/autopath/autopath.go ServeDNS
pub(super) fn autopath(zones: &[String], next: Chain<'_>, name: &str, kind: RecordType) -> Reply {
    let path = longest_zone(zones, name).and_then(|_| next.server.autopath(name, next.client));
    let Some(path) = path else { return next.serve(name, kind) };
    let Some(base) =
        path.first().filter(|first| is_under(first, name)).and_then(|first| prefix_of(name, first))
    else {
        return next.serve(name, kind);
    };
    let mut first = None;
    for search in &path {
        let tried = if search.is_empty() { fqdn(base) } else { format!("{base}.{search}") };
        let mut reply = next.serve(&tried, kind);
        if reply.rcode != Rcode::NxDomain {
            if !tried.eq_ignore_ascii_case(name) {
                reply.because.insert(0, Why::Autopath);
            }
            // A CNAME leads from what was asked to what was found.
            if let Some(found) = reply.answers.iter().find(|record| !record.name.eq_ignore_ascii_case(name)) {
                let alias =
                    Record { name: name.to_owned(), ttl: found.ttl, data: Data::Cname(found.name.clone()) };
                reply.answers.insert(0, alias);
            }
            return reply;
        }
        first.get_or_insert(reply);
    }
    first.unwrap_or_default()
}
