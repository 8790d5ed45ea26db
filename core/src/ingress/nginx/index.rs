//! From built servers to what nginx looks up: locations by path, servers by name.

use super::{Config, Location, Modifier, Server, ServerCertificate, WwwRedirect};
use crate::ingress::regex::{Regex, Trouble};
use crate::order::SliceOrder;
use std::collections::BTreeSet;

/// A Prefix path becomes a prefix location ending in a slash and an exact one without.
// ingress-nginx: internal/ingress/controller/location.go updateServerLocations
pub(super) fn split_prefixes(locations: Vec<Location>) -> Vec<Location> {
    let exact = crate::order::set(
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

pub(super) fn index_locations(server: &mut Server, rejected: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for (position, location) in server.locations.iter().enumerate() {
        let position = position as u32;
        match location.modifier {
            Modifier::Exact => {
                server.exact.entry(location.path.as_str().into()).or_insert(position);
            }
            Modifier::Prefix => {
                server.prefix.entry(location.path.as_str().into()).or_insert(position);
            }
            Modifier::Regex => {
                if matches!(location.regex(), Err(Trouble::Invalid)) {
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
                config.wildcard_names.push((parent.to_ascii_lowercase(), position));
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
    config.wildcard_names.order_by_key(|(parent, _)| std::cmp::Reverse(parent.len()));
    // ingress-nginx: pkg/util/ingress BuildRedirects
    for (position, server) in config.servers.iter().enumerate() {
        if !server.from_to_www {
            continue;
        }
        let from = match server.host.strip_prefix("www.") {
            Some(bare) => bare.to_owned(),
            None => format!("www.{}", server.host),
        };
        let taken = config.servers.iter().any(|other| other.host == from || other.aliases.contains(&from));
        let repeated = config.redirects.iter().any(|redirect| redirect.from == from);
        if !taken && !repeated {
            if server.certificate != ServerCertificate::None {
                config.certified.insert(from.as_str().into(), position as u32);
            }
            config.redirects.push(WwwRedirect { from, to: server.host.clone(), server: position as u32 });
        }
    }
}
