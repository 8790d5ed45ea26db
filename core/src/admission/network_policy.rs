//! Validation of NetworkPolicies.
//!
//! k8s: pkg/apis/networking/validation/validation.go ValidateNetworkPolicy (1.36)

use super::check::{NameRule, meta, selector};
use super::fault::{Fault, Gates, Shown};
use super::names;
use crate::manifest::api::meta::IntOrString;
use crate::manifest::api::networking_v1::{IpBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};

/// Judges a defaulted NetworkPolicy.
pub(crate) fn network_policy(policy: &NetworkPolicy, gates: &Gates) -> Vec<Fault> {
    let mut faults = meta(&policy.metadata, NameRule::Subdomain, true);
    let spec = &policy.spec;
    faults.extend(selector(&spec.pod_selector, "spec.podSelector"));
    let ingress =
        spec.ingress.iter().enumerate().map(|(at, rule)| ("ingress", at, "from", &rule.ports, &rule.from));
    let egress = spec.egress.iter().enumerate().map(|(at, rule)| ("egress", at, "to", &rule.ports, &rule.to));
    for (direction, at, side, ports, peers) in ingress.chain(egress) {
        let field = format!("spec.{direction}[{at}]");
        for (index, entry) in ports.iter().enumerate() {
            faults.extend(port(entry, &format!("{field}.ports[{index}]")));
        }
        for (index, entry) in peers.iter().enumerate() {
            faults.extend(peer(entry, &format!("{field}.{side}[{index}]"), gates));
        }
    }
    if spec.policy_types.len() > 2 {
        let shown = Shown::list(&spec.policy_types);
        faults.push(Fault::invalid("spec.policyTypes", shown, "may not specify more than two policyTypes"));
        return faults;
    }
    for (index, kind) in spec.policy_types.iter().enumerate() {
        if !matches!(kind.as_str(), "Ingress" | "Egress") {
            faults.push(Fault::unsupported(
                format!("spec.policyTypes[{index}]"),
                kind,
                &["Ingress", "Egress"],
            ));
        }
    }
    faults
}

/// k8s: ValidateNetworkPolicyPort
fn port(entry: &NetworkPolicyPort, field: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(protocol) = &entry.protocol
        && !matches!(protocol.as_str(), "TCP" | "UDP" | "SCTP")
    {
        faults.push(Fault::unsupported(format!("{field}.protocol"), protocol, &["TCP", "UDP", "SCTP"]));
    }
    let (at, end_at) = (format!("{field}.port"), format!("{field}.endPort"));
    match (&entry.port, entry.end_port) {
        (Some(IntOrString::Int(number)), end) => {
            faults.extend(names::port_number(*number).map(|text| Fault::invalid(&at, *number, text)));
            if let Some(end) = end {
                if end < *number {
                    faults.push(Fault::invalid(&end_at, end, "must be greater than or equal to `port`"));
                }
                faults.extend(names::port_number(end).map(|text| Fault::invalid(&end_at, end, text)));
            }
        }
        (Some(IntOrString::String(name)), end) => {
            if let Some(end) = end {
                let detail = "may not be specified when `port` is non-numeric";
                faults.push(Fault::invalid(&end_at, end, detail));
            }
            let quoted = name.parse::<u16>().is_ok();
            for text in names::port_name(name) {
                let fault = Fault::invalid(&at, name, &text);
                let help = || format!("write the number without quotes: port: {name}");
                faults.push(if quoted { fault.with_help(help()) } else { fault });
            }
        }
        (None, Some(end)) => {
            let detail = "may not be specified when `port` is not specified";
            faults.push(Fault::invalid(&end_at, end, detail));
        }
        (None, None) => {}
    }
    faults
}

/// k8s: ValidateNetworkPolicyPeer
fn peer(entry: &NetworkPolicyPeer, field: &str, gates: &Gates) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut selectors = 0;
    for (name, found) in
        [("podSelector", &entry.pod_selector), ("namespaceSelector", &entry.namespace_selector)]
    {
        if let Some(found) = found {
            selectors += 1;
            faults.extend(selector(found, &format!("{field}.{name}")));
        }
    }
    if let Some(block) = &entry.ip_block {
        faults.extend(ip_block(block, &format!("{field}.ipBlock"), gates));
    }
    match (selectors, entry.ip_block.is_some()) {
        (0, false) => faults.push(Fault::required(field, "must specify a peer").with_help(
            "an empty selector `{}` selects everything, an empty peer means nothing; without `from` or `to` the rule holds for everybody",
        )),
        (0, true) | (_, false) => {}
        (_, true) => faults.push(
            Fault::forbidden(field, "may not specify both ipBlock and another peer")
                .with_help("make them two entries of the list: either of them is then enough"),
        ),
    }
    faults
}

/// k8s: ValidateIPBlock
fn ip_block(block: &IpBlock, field: &str, gates: &Gates) -> Vec<Fault> {
    let at = format!("{field}.cidr");
    if block.cidr.is_empty() {
        return vec![Fault::required(at, "")];
    }
    let mut faults = cidr(&block.cidr, &at, gates);
    let Some((ip, prefix)) = names::parse_cidr(&block.cidr) else { return faults };
    for (index, except) in block.except.iter().enumerate() {
        let at = format!("{field}.except[{index}]");
        faults.extend(cidr(except, &at, gates));
        let Some((except_ip, except_prefix)) = names::parse_cidr(except) else { continue };
        let inside = except_ip.is_ipv4() == ip.is_ipv4()
            && names::network(names::network(except_ip, except_prefix), prefix) == names::network(ip, prefix);
        if !inside || prefix >= except_prefix {
            faults.push(Fault::invalid(at, except, "must be a strict subset of `cidr`"));
        }
    }
    faults
}

/// A block: refused, or accepted with a warning where only newer versions refuse it.
fn cidr(text: &str, field: &str, gates: &Gates) -> Vec<Fault> {
    let complaints = names::legacy_cidr(text, gates.strict_ips);
    if complaints.is_empty() {
        let warning = names::cidr_warning(field, text);
        return warning
            .map(|message| Fault::warning("admission/warning", field, message))
            .into_iter()
            .collect();
    }
    let help = names::parse_cidr(text)
        .map(|(ip, prefix)| format!("the network is {}/{prefix}", names::network(ip, prefix)));
    let faults = complaints.into_iter().map(|complaint| Fault::invalid(field, text, complaint));
    faults.map(|fault| Fault { help: help.clone(), ..fault }).collect()
}
