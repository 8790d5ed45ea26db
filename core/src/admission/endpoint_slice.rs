//! Validation of EndpointSlices.
//!
//! k8s: pkg/apis/discovery/validation/validation.go ValidateEndpointSlice (1.36)

use super::check::{NameRule, endpoint_ip, meta};
use super::fault::{Fault, Gates};
use super::names;
use crate::manifest::api::discovery_v1::{Endpoint, EndpointPort, EndpointSlice, ForName};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

const MAX_ENDPOINTS: usize = 1000;
const MAX_ADDRESSES: usize = 100;
const MAX_PORTS: usize = 20_000;
const MAX_HINTS: usize = 8;

/// Judges a defaulted EndpointSlice.
pub(crate) fn endpoint_slice(slice: &EndpointSlice, gates: &Gates) -> Vec<Fault> {
    let mut faults = meta(&slice.metadata, NameRule::Subdomain, true);
    let known = &["FQDN", "IPv4", "IPv6"];
    match slice.address_type.as_str() {
        "" => faults.push(Fault::required("addressType", "")),
        kind if !known.contains(&kind) => faults.push(Fault::unsupported("addressType", kind, known)),
        _ => {}
    }
    if slice.endpoints.len() > MAX_ENDPOINTS {
        faults.push(Fault::too_many("endpoints", slice.endpoints.len(), MAX_ENDPOINTS));
    } else {
        for (index, entry) in slice.endpoints.iter().enumerate() {
            faults.extend(endpoint(entry, &slice.address_type, &format!("endpoints[{index}]"), gates));
        }
    }
    faults.extend(ports(&slice.ports));
    faults
}

fn endpoint(entry: &Endpoint, kind: &str, field: &str, gates: &Gates) -> Vec<Fault> {
    let mut faults = Vec::new();
    let at = format!("{field}.addresses");
    if entry.addresses.is_empty() {
        faults.push(Fault::required(&at, "must contain at least 1 address"));
    } else if entry.addresses.len() > MAX_ADDRESSES {
        faults.push(Fault::too_many(&at, entry.addresses.len(), MAX_ADDRESSES));
    }
    for (index, address) in entry.addresses.iter().enumerate() {
        let at = format!("{at}[{index}]");
        match kind {
            "IPv4"
                if address.parse::<Ipv4Addr>().is_err()
                    && !names::parse_ip(address).is_some_and(|ip| ip.is_ipv4()) =>
            {
                faults.push(Fault::invalid(at, address, "must be a valid IPv4 address"));
            }
            "IPv6" if address.parse::<Ipv6Addr>().is_err() => {
                faults.push(Fault::invalid(at, address, "must be a valid IPv6 address"));
            }
            "IPv4" | "IPv6" => faults.extend(endpoint_ip(&at, address, gates.strict_ips)),
            "FQDN" => {
                let complaints = names::dns_subdomain(address.strip_suffix('.').unwrap_or(address));
                faults.extend(complaints.iter().map(|text| Fault::invalid(&at, address, text)));
            }
            _ => {}
        }
    }
    if let Some(node) = &entry.node_name {
        let complaints = names::dns_subdomain(node).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid(format!("{field}.nodeName"), node, &text)));
    }
    if let Some(hostname) = &entry.hostname {
        let complaints = names::dns_label(hostname).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid(format!("{field}.hostname"), hostname, &text)));
    }
    if let Some(hints) = &entry.hints {
        faults.extend(names_of(&hints.for_zones, &format!("{field}.hints.forZones")));
        faults.extend(names_of(&hints.for_nodes, &format!("{field}.hints.forNodes")));
    }
    faults
}

fn names_of(hints: &[ForName], field: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if hints.len() > MAX_HINTS {
        return vec![Fault::too_many(field, hints.len(), MAX_HINTS)];
    }
    let mut seen = BTreeSet::new();
    for (index, ForName { name }) in hints.iter().enumerate() {
        let at = format!("{field}[{index}].name");
        if !seen.insert(name) {
            faults.push(Fault::duplicate(&at, name));
        }
        let complaints = names::label_value(name).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid(&at, name, &text)));
    }
    faults
}

fn ports(ports: &[EndpointPort]) -> Vec<Fault> {
    if ports.len() > MAX_PORTS {
        return vec![Fault::too_many("ports", ports.len(), MAX_PORTS)];
    }
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let at = |name: &str| format!("ports[{index}].{name}");
        let name = port.name.as_deref().unwrap_or_default();
        if !name.is_empty() {
            let complaints = names::dns_label(name).into_iter();
            faults.extend(complaints.map(|text| Fault::invalid(at("name"), name, &text)));
        }
        if !seen.insert(name) {
            faults.push(Fault::duplicate(at("name"), name));
        }
        match port.protocol.as_deref().unwrap_or_default() {
            "SCTP" | "TCP" | "UDP" => {}
            "" => faults.push(Fault::required(at("protocol"), "")),
            other => faults.push(Fault::unsupported(at("protocol"), other, &["SCTP", "TCP", "UDP"])),
        }
        if let Some(protocol) = &port.app_protocol {
            let complaints = names::qualified_name(protocol).into_iter();
            faults.extend(complaints.map(|text| Fault::invalid(at("appProtocol"), protocol, &text)));
        }
    }
    faults
}
