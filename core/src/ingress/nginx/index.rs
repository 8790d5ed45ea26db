//! From built servers to what nginx looks up: locations by path, servers by name.

use super::pattern::{Literals, Pattern, Tails};
use super::{Cause, Config, Location, Modifier, Server, ServerCertificate, WwwRedirect};
use crate::ingress::regex::{Regex, Trouble};
use crate::order::{self, SliceOrder};
use std::collections::BTreeSet;

/// A Prefix path becomes a prefix location ending in a slash and an exact one without.
// ingress-nginx: internal/ingress/controller/location.go updateServerLocations
pub(super) fn split_prefixes(locations: Vec<Location>) -> Vec<Location> {
    let exact = order::set(
        locations.iter().filter(|location| location.exact_type).map(|location| location.path.clone()),
    );
    let mut out = Vec::with_capacity(locations.len() * 2);
    for mut location in locations {
        let plain = location.path == "/"
            || location.exact_type
            || location.rewrite().is_some()
            || location.annotations.use_regex;
        if plain {
            out.push(location);
            continue;
        }
        let twin =
            (!exact.contains(&location.path)).then(|| Location { exact_type: true, ..location.clone() });
        if !location.path.ends_with('/') {
            location.path.push('/');
        }
        out.push(location);
        out.extend(twin);
    }
    out
}

pub(super) fn index_locations(server: &mut Server, tails: &mut Tails, rejected: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    let mut literals = Vec::new();
    let with_root = server.locations.iter().find(|location| !location.annotations.app_root.is_empty());
    server.app_root = with_root.map(|location| location.annotations.app_root.clone());
    for (position, location) in server.locations.iter_mut().enumerate() {
        let position = position as u32;
        if let Cause::Rule(rule) = location.cause {
            server.by_rule.push((rule, position));
        }
        match location.modifier {
            Modifier::Exact => {
                server.exact.entry(location.path.as_str().into()).or_insert(position);
            }
            Modifier::Prefix => {
                server.prefix.entry(location.path.as_str().into()).or_insert(position);
            }
            Modifier::Regex => {
                let (literal, pattern) = Pattern::new(&location.path, tails);
                literals.push(literal);
                let invalid = matches!(pattern, Err(Trouble::Invalid));
                location.pattern = Some(pattern);
                if invalid {
                    rejected.push(format!(
                        "pcre2_compile() failed in location {} of host {}",
                        location.directive(),
                        server.host
                    ));
                }
                continue;
            }
        }
        if !seen.insert((location.modifier == Modifier::Exact, location.path.clone())) {
            rejected.push(format!("duplicate location \"{}\"", location.path));
        }
    }
    server.literals = Literals::new(literals);
    server.by_rule.order();
    server.by_rule.dedup_by_key(|(rule, _)| *rule);
}

// ingress-nginx: template.go buildServerName; internal/net/ssl and controller/nginx.go configureCertificates
pub(super) fn index_names(config: &mut Config) {
    for (position, server) in config.servers.iter().enumerate() {
        let position = position as u32;
        if let Some(parent) = server.host.strip_prefix("*.") {
            config.label_names.entry(parent.to_ascii_lowercase().into()).or_insert(position);
        } else {
            config.exact_names.entry(server.host.to_ascii_lowercase().into()).or_insert(position);
        }
        if server.certificate != ServerCertificate::None {
            config.certified.insert(server.host.to_ascii_lowercase().into(), position);
        }
        for alias in &server.aliases {
            if let Some(pattern) = alias.strip_prefix('~') {
                if let Ok(regex) = Regex::new(pattern.trim_start_matches('*'), true) {
                    config.regex_names.push((regex, position));
                }
            } else if let Some(parent) = alias.strip_prefix("*.") {
                config.wildcard_names.entry(parent.to_ascii_lowercase().into()).or_insert(position);
            } else {
                config.exact_names.entry(alias.to_ascii_lowercase().into()).or_insert(position);
            }
            let covered =
                matches!(&server.certificate, ServerCertificate::Secret { data, .. } if data.covers(alias));
            if covered {
                config.certified.insert(alias.to_ascii_lowercase().into(), position);
            }
        }
    }
    // ingress-nginx: pkg/util/ingress BuildRedirects
    let names = config.servers.iter().flat_map(|server| server.aliases.iter().chain([&server.host]));
    let names = order::set(names.map(String::as_str));
    for (position, server) in config.servers.iter().enumerate() {
        if !server.from_to_www {
            continue;
        }
        let from = match server.host.strip_prefix("www.") {
            Some(bare) => bare.to_owned(),
            None => format!("www.{}", server.host),
        };
        let key: Box<str> = from.to_ascii_lowercase().into();
        if !names.contains(from.as_str()) && !config.redirect_names.contains_key(&key) {
            config.redirect_names.insert(key, config.redirects.len() as u32);
            if server.certificate != ServerCertificate::None {
                config.certified.insert(from.as_str().into(), position as u32);
            }
            config.redirects.push(WwwRedirect { from, to: server.host.clone(), server: position as u32 });
        }
    }
}
