//! `kubectl describe networkpolicy`.

use super::describe::Page;
use crate::manifest::api::meta::LabelSelector;
use crate::manifest::api::networking_v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use crate::model::Stored;
use crate::order::SliceOrder;

/// k8s: kubectl/pkg/describe/describe.go describeNetworkPolicy, describeNetworkPolicySpec (1.36)
pub(super) fn network_policy(stored: &Stored<NetworkPolicy>) -> String {
    let (meta, spec) = (&stored.value.metadata, &stored.value.spec);
    let mut page = Page::default();
    page.line(0, format_args!("Name:\t{}", stored.object.name));
    page.line(0, format_args!("Namespace:\t{}", stored.object.namespace.as_deref().unwrap_or_default()));
    let created = super::time::go_string(meta.creation_timestamp.as_deref());
    page.line(0, format_args!("Created on:\t{created}"));
    page.labels(&meta.labels);
    page.annotations(&meta.annotations);
    page.line(0, "Spec:");
    if spec.pod_selector.is_empty() {
        page.line(1, "PodSelector:     <none> (Allowing the specific traffic to all pods in this namespace)");
    } else {
        page.line(1, format_args!("PodSelector:     {}", selector(&spec.pod_selector)));
    }
    let has = |wanted: &str| spec.policy_types.iter().any(|name| name == wanted);
    if has("Ingress") {
        page.line(1, "Allowing ingress traffic:");
        let rules: Vec<_> =
            spec.ingress.iter().map(|rule| (rule.ports.as_slice(), rule.from.as_slice())).collect();
        side(&mut page, &rules, "From", "ingress", "source");
    } else {
        page.line(1, "Not affecting ingress traffic");
    }
    if has("Egress") {
        page.line(1, "Allowing egress traffic:");
        let rules: Vec<_> =
            spec.egress.iter().map(|rule| (rule.ports.as_slice(), rule.to.as_slice())).collect();
        side(&mut page, &rules, "To", "egress", "destination");
    } else {
        page.line(1, "Not affecting egress traffic");
    }
    let types = spec.policy_types.join(", ");
    page.line(1, format_args!("Policy Types: {}", if types.is_empty() { "<none>" } else { &types }));
    page.finish()
}

type Rule<'a> = (&'a [NetworkPolicyPort], &'a [NetworkPolicyPeer]);

/// k8s: kubectl/pkg/describe/describe.go printNetworkPolicySpecIngressFrom, printNetworkPolicySpecEgressTo (1.36)
fn side(page: &mut Page, rules: &[Rule<'_>], title: &str, direction: &str, end: &str) {
    if rules.is_empty() {
        page.line(2, format_args!("<none> (Selected pods are isolated for {direction} connectivity)"));
    }
    for (index, (ports, peers)) in rules.iter().enumerate() {
        if ports.is_empty() {
            page.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for entry in *ports {
            let protocol = entry.protocol.as_deref().unwrap_or("TCP");
            let port = entry.port.as_ref().map_or_else(|| "<nil>".to_owned(), ToString::to_string);
            match entry.end_port {
                Some(end) => page.line(2, format_args!("To Port Range: {port}-{end}/{protocol}")),
                None => page.line(2, format_args!("To Port: {port}/{protocol}")),
            }
        }
        if peers.is_empty() {
            page.line(2, format_args!("{title}: <any> (traffic not restricted by {end})"));
        }
        for peer in *peers {
            page.line(2, format_args!("{title}:"));
            if let Some(namespaces) = &peer.namespace_selector {
                page.line(3, format_args!("NamespaceSelector: {}", selector(namespaces)));
            }
            if let Some(pods) = &peer.pod_selector {
                page.line(3, format_args!("PodSelector: {}", selector(pods)));
            }
            if let Some(block) = &peer.ip_block {
                page.line(3, "IPBlock:");
                page.line(4, format_args!("CIDR: {}", block.cidr));
                page.line(4, format_args!("Except: {}", block.except.join(", ")));
            }
        }
        if index + 1 < rules.len() {
            page.line(2, "----------");
        }
    }
}

/// k8s: apimachinery pkg/apis/meta/v1/helpers.go FormatLabelSelector (1.36)
pub(super) fn selector(selector: &LabelSelector) -> String {
    let equal = selector.match_labels.iter().map(|(key, value)| (key.as_str(), format!("{key}={value}")));
    let mut parts: Vec<(&str, String)> = equal.collect();
    for requirement in &selector.match_expressions {
        let key = requirement.key.as_str();
        let mut values = requirement.values.clone();
        values.order();
        let values = values.join(",");
        parts.push((
            key,
            match requirement.operator.as_str() {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "Exists" => key.to_owned(),
                "DoesNotExist" => format!("!{key}"),
                _ => return "<error>".to_owned(),
            },
        ));
    }
    parts.order_by(|a, b| a.0.cmp(b.0));
    let text = parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",");
    if text.is_empty() { "<none>".to_owned() } else { text }
}
