//! Gateway API objects: the schemas and the rules of their CRDs, in the API server's words.
//!
//! Not modelled: rules that compare with the object before an update, and the policy that guards
//! upgrades of the CRDs themselves.

use super::fault::{Fault, Gates, Shown};
use super::gateway_schema::{self, HOST, QUALIFIED, SUBDOMAIN, matches, searched};
use crate::manifest::{Node, Severity};
use crate::order::SliceOrder;

/// Judges a Gateway API object.
pub(crate) fn gateway(kind: &str, root: Node<'_>, gates: &Gates) -> Vec<Fault> {
    let mut faults = Vec::new();
    gateway_schema::check(root, kind, "", &mut faults);
    // k8s: apiextensions-apiserver pkg/apiserver/validation: rules run unless the structure itself is broken
    let blocked = faults.iter().any(|fault| {
        fault.severity == Severity::Error
            && matches!(fault.code, "admission/required" | "admission/too-long" | "admission/too-many")
    });
    if !blocked && let Some(spec) = root.get("spec") {
        Rules { faults: &mut faults, gates }.spec(kind, spec);
    }
    faults
}

struct Rules<'a> {
    faults: &'a mut Vec<Fault>,
    gates: &'a Gates,
}

/// A field that is there and not null.
fn has<'t>(node: Node<'t>, key: &str) -> Option<Node<'t>> {
    node.get(key).filter(|value| !value.is_null())
}

fn text<'t>(node: Node<'t>, key: &str, default: &'t str) -> &'t str {
    has(node, key).and_then(Node::as_str).unwrap_or(default)
}

fn list<'t>(node: Node<'t>, key: &str) -> Vec<Node<'t>> {
    node.get(key).map(|value| value.items().collect()).unwrap_or_default()
}

impl Rules<'_> {
    /// The rule `message` fails at `field`, which is of this type.
    fn fail(&mut self, field: &str, of: &str, message: &str) {
        // k8s: 1.35 prints simple values and no types (kubernetes#132798)
        self.faults.push(match self.gates.rules_show_values {
            true => Fault::invalid_unshown(field, message),
            false => Fault::invalid(field, of, message),
        });
    }

    fn unless(&mut self, holds: bool, field: &str, of: &str, message: &str) {
        if !holds {
            self.fail(field, of, message);
        }
    }

    fn spec(&mut self, kind: &str, spec: Node<'_>) {
        match kind {
            "Gateway" => self.gateway_spec(spec),
            "ListenerSet" => self.listeners(spec),
            "BackendTLSPolicy" => self.backend_tls(spec),
            "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "UDPRoute" => self.route(kind, spec),
            _ => {}
        }
    }

    fn gateway_spec(&mut self, spec: Node<'_>) {
        self.listeners(spec);
        self.infrastructure(spec);
        let addresses = list(spec, "addresses");
        for (kind, message) in
            [("IPAddress", "IPAddress values must be unique"), ("Hostname", "Hostname values must be unique")]
        {
            let mut values: Vec<&str> = addresses
                .iter()
                .filter(|address| text(**address, "type", "IPAddress") == kind)
                .filter_map(|address| has(*address, "value")?.as_str())
                .collect();
            let count = values.len();
            values.order();
            values.dedup();
            self.unless(values.len() == count, "spec.addresses", "array", message);
        }
        for (index, address) in addresses.iter().enumerate() {
            let field = format!("spec.addresses[{index}]");
            let value = text(*address, "value", "");
            match text(*address, "type", "IPAddress") {
                "Hostname" => {
                    let why = format!(
                        "Hostname value must be empty or contain only valid characters (matching {HOST})"
                    );
                    self.unless(value.is_empty() || matches(HOST, value), &field, "object", &why);
                }
                // the format `ipv4` or `ipv6` of the schema
                "IPAddress"
                    if has(*address, "value").is_some() && value.parse::<std::net::IpAddr>().is_err() =>
                {
                    let why = format!("{field} in body must validate at least one schema (anyOf)");
                    self.faults.push(Fault::invalid(&field, Shown::json("\"\""), &why));
                }
                _ => {}
            }
        }
        let ports =
            has(spec, "tls").and_then(|tls| has(tls, "frontend")).map(|frontend| list(frontend, "perPort"));
        let mut ports: Vec<i64> =
            ports.unwrap_or_default().iter().filter_map(|port| has(*port, "port")?.as_i64()).collect();
        let count = ports.len();
        ports.order();
        ports.dedup();
        let why = "Port for TLS configuration must be unique within the Gateway";
        self.unless(ports.len() == count, "spec.tls.frontend.perPort", "array", why);
    }

    /// Keys of labels and annotations for what an implementation makes.
    fn infrastructure(&mut self, spec: Node<'_>) {
        let Some(infrastructure) = has(spec, "infrastructure") else { return };
        for (key, word, small) in [("labels", "Label", "label"), ("annotations", "Annotation", "annotation")]
        {
            let Some(map) = has(infrastructure, key) else { continue };
            let field = format!("spec.infrastructure.{key}");
            let why = format!(
                "{word} keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters."
            );
            let named = map.entries().all(|(key, _)| searched(QUALIFIED, key));
            self.unless(named, &field, "object", &why);
            let why = format!(
                "If specified, the {small} key's prefix must be a DNS subdomain not longer than 253 characters in total."
            );
            let short = |key: &str| key.split('/').next().is_none_or(|prefix| prefix.chars().count() < 253);
            let short = map.entries().all(|(key, _)| short(key));
            self.unless(short, &field, "object", &why);
        }
    }

    fn listeners(&mut self, spec: Node<'_>) {
        let listeners = list(spec, "listeners");
        let at = "spec.listeners";
        let protocol = |listener: &Node<'_>| text(*listener, "protocol", "").to_owned();
        let mode =
            |listener: &Node<'_>| has(*listener, "tls").map(|tls| text(tls, "mode", "Terminate").to_owned());
        let every = |holds: &dyn Fn(&Node<'_>) -> bool| listeners.iter().all(holds);
        let plain = every(&|listener| {
            !matches!(protocol(listener).as_str(), "HTTP" | "TCP" | "UDP") || mode(listener).is_none()
        });
        self.unless(plain, at, "array", "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']");
        let https = every(&|listener| {
            protocol(listener) != "HTTPS"
                || mode(listener).is_none_or(|mode| mode.is_empty() || mode == "Terminate")
        });
        self.unless(https, at, "array", "tls mode must be Terminate for protocol HTTPS");
        let tls = every(&|listener| {
            protocol(listener) != "TLS" || mode(listener).is_some_and(|mode| !mode.is_empty())
        });
        self.unless(tls, at, "array", "tls mode must be set for protocol TLS");
        let hosts = every(&|listener| {
            !matches!(protocol(listener).as_str(), "TCP" | "UDP")
                || text(*listener, "hostname", "").is_empty()
        });
        self.unless(hosts, at, "array", "hostname must not be specified for protocols ['TCP', 'UDP']");
        let mut names: Vec<&str> = listeners.iter().map(|listener| text(*listener, "name", "")).collect();
        names.order();
        let count = names.len();
        names.dedup();
        self.unless(names.len() == count, at, "array", "Listener name must be unique within the Gateway");
        let mut keys: Vec<(i64, String, Option<&str>)> = listeners
            .iter()
            .filter_map(|listener| {
                let port = has(*listener, "port")?.as_i64()?;
                Some((port, protocol(listener), has(*listener, "hostname").and_then(Node::as_str)))
            })
            .collect();
        keys.order();
        let count = keys.len();
        keys.dedup();
        let why = "Combination of port, protocol and hostname must be unique for each listener";
        self.unless(keys.len() == count, at, "array", why);
        for (index, listener) in listeners.iter().enumerate() {
            let Some(tls) = has(*listener, "tls") else { continue };
            let given = !list(tls, "certificateRefs").is_empty()
                || has(tls, "options").is_some_and(|options| options.entries().len() > 0);
            let holds = text(tls, "mode", "Terminate") != "Terminate" || given;
            let why = "certificateRefs or options must be specified when mode is Terminate";
            self.unless(holds, &format!("{at}[{index}].tls"), "object", why);
        }
    }

    fn backend_tls(&mut self, spec: Node<'_>) {
        let targets = list(spec, "targetRefs");
        let key =
            |target: &Node<'_>| ["group", "kind", "name"].map(|field| text(*target, field, "").to_owned());
        self.sections(&targets, key, "spec.targetRefs", "targetRefs", "target");
        let Some(validation) = has(spec, "validation") else { return };
        let references = !list(validation, "caCertificateRefs").is_empty();
        let well_known = !text(validation, "wellKnownCACertificates", "").is_empty();
        let at = "spec.validation";
        let both = "must not contain both CACertificateRefs and WellKnownCACertificates";
        self.unless(!(references && well_known), at, "object", both);
        let neither = "must specify either CACertificateRefs or WellKnownCACertificates";
        self.unless(references || well_known, at, "object", neither);
        for (index, name) in list(validation, "subjectAltNames").into_iter().enumerate() {
            let field = format!("{at}.subjectAltNames[{index}]");
            let kind = text(name, "type", "");
            for (wanted, key, word) in [("Hostname", "hostname", "Hostname"), ("URI", "uri", "URI")] {
                let given = !text(name, key, "").is_empty();
                let must = format!("SubjectAltName element must contain {word}, if Type is set to {wanted}");
                self.unless(kind != wanted || given, &field, "object", &must);
                let must_not =
                    format!("SubjectAltName element must not contain {word}, if Type is not set to {wanted}");
                self.unless(kind == wanted || !given, &field, "object", &must_not);
            }
        }
    }

    /// References to the same object need section names, all different.
    fn sections<K: PartialEq>(
        &mut self,
        references: &[Node<'_>],
        key: impl Fn(&Node<'_>) -> K,
        field: &str,
        list: &str,
        what: &str,
    ) {
        let mut missing = false;
        let mut repeated = false;
        for (index, first) in references.iter().enumerate() {
            for second in references.iter().skip(index + 1).filter(|second| key(first) == key(second)) {
                let (a, b) = (text(*first, "sectionName", ""), text(*second, "sectionName", ""));
                missing |= a.is_empty() != b.is_empty();
                repeated |= a == b;
            }
        }
        let why = format!(
            "sectionName must be specified when {list} includes 2 or more references to the same {what}"
        );
        self.unless(!missing, field, "array", &why);
        let why = format!(
            "sectionName must be unique when {list} includes 2 or more references to the same {what}"
        );
        self.unless(!repeated, field, "array", &why);
    }

    fn route(&mut self, kind: &str, spec: Node<'_>) {
        let parents = list(spec, "parentRefs");
        let key = |parent: &Node<'_>| {
            [
                text(*parent, "group", "gateway.networking.k8s.io").to_owned(),
                text(*parent, "kind", "Gateway").to_owned(),
                text(*parent, "name", "").to_owned(),
                text(*parent, "namespace", "").to_owned(),
            ]
        };
        self.sections(&parents, key, "spec.parentRefs", "parentRefs", "parent");
        if kind == "TLSRoute" {
            self.tls_hostnames(spec);
        }
        let rules = list(spec, "rules");
        // absent matches of an HTTPRoute default to one
        let least = usize::from(kind == "HTTPRoute");
        let matches: usize =
            rules.iter().map(|rule| has(*rule, "matches").map_or(least, |list| list.items().len())).sum();
        let why = "While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must be less than 128";
        self.unless(matches <= 128, "spec.rules", "array", why);
        for (index, rule) in rules.into_iter().enumerate() {
            self.rule(kind, rule, &format!("spec.rules[{index}]"));
        }
    }

    fn tls_hostnames(&mut self, spec: Node<'_>) {
        let hosts: Vec<&str> = list(spec, "hostnames").into_iter().filter_map(Node::as_str).collect();
        let at = "spec.hostnames";
        let ips = hosts.iter().any(|host| host.parse::<std::net::IpAddr>().is_ok());
        self.unless(!ips, at, "array", "Hostnames cannot contain an IP");
        let exact = hosts.iter().filter(|host| !host.contains('*')).all(|host| matches(SUBDOMAIN, host));
        self.unless(exact, at, "array", "Hostnames must be valid based on RFC-1123");
        let wild = hosts
            .iter()
            .filter(|host| host.contains('*'))
            .all(|host| host.strip_prefix("*.").is_some_and(|rest| matches(SUBDOMAIN, rest)));
        let why = "Wildcards on hostnames must be the first label, and the rest of hostname must be valid based on RFC-1123";
        self.unless(wild, at, "array", why);
    }

    fn rule(&mut self, kind: &str, rule: Node<'_>, at: &str) {
        let (filters, backends) = (list(rule, "filters"), list(rule, "backendRefs"));
        for (index, matched) in list(rule, "matches").into_iter().enumerate() {
            let field = format!("{at}.matches[{index}]");
            match (kind, has(matched, "path"), has(matched, "method")) {
                ("HTTPRoute", Some(path), _) => self.path(path, &format!("{field}.path")),
                ("GRPCRoute", _, Some(method)) => self.grpc_method(method, &format!("{field}.method")),
                _ => {}
            }
        }
        self.filters(kind, &filters, &format!("{at}.filters"));
        for (index, backend) in backends.iter().enumerate() {
            let field = format!("{at}.backendRefs[{index}]");
            self.port(*backend, &field);
            self.filters(kind, &list(*backend, "filters"), &format!("{field}.filters"));
        }
        if kind != "HTTPRoute" {
            return;
        }
        let redirects = filters.iter().any(|filter| has(*filter, "requestRedirect").is_some());
        let why = "RequestRedirect filter must not be used together with backendRefs";
        self.unless(backends.is_empty() || !redirects, at, "object", why);
        let one_prefix = match has(rule, "matches") {
            None => true,
            Some(matches) => {
                let mut items = matches.items();
                let kind = |matched: Node<'_>| {
                    has(matched, "path").is_none_or(|path| text(path, "type", "PathPrefix") == "PathPrefix")
                };
                items.len() == 1 && items.next().is_some_and(kind)
            }
        };
        let replaces = |filter: &Node<'_>, key: &str| {
            let path = has(*filter, key).and_then(|part| has(part, "path"));
            path.is_some_and(|path| {
                text(path, "type", "") == "ReplacePrefixMatch" && has(path, "replacePrefixMatch").is_some()
            })
        };
        for (key, name, within) in [
            ("requestRedirect", "RequestRedirect", "Within backendRefs, when"),
            ("urlRewrite", "URLRewrite", "Within backendRefs, When"),
        ] {
            let rest = format!(
                "using {name} filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified"
            );
            let uses = filters.iter().filter(|filter| replaces(filter, key)).count() == 1;
            self.unless(!uses || one_prefix, at, "object", &format!("When {rest}"));
            let inside = backends.iter().filter(|backend| {
                list(**backend, "filters").iter().filter(|filter| replaces(filter, key)).count() == 1
            });
            self.unless(inside.count() != 1 || one_prefix, at, "object", &format!("{within} {rest}"));
        }
        if let Some(timeouts) = has(rule, "timeouts") {
            let duration = |key: &str| has(timeouts, key).and_then(Node::as_str).map(milliseconds);
            let longer = match (duration("request"), duration("backendRequest")) {
                (Some(request), Some(backend)) => request != 0 && backend > request,
                _ => false,
            };
            let why = "backendRequest timeout cannot be longer than request timeout";
            self.unless(!longer, &format!("{at}.timeouts"), "object", why);
        }
    }

    fn port(&mut self, reference: Node<'_>, field: &str) {
        let service =
            text(reference, "group", "").is_empty() && text(reference, "kind", "Service") == "Service";
        self.unless(
            !service || has(reference, "port").is_some(),
            field,
            "object",
            "Must have port for Service reference",
        );
    }

    fn path(&mut self, path: Node<'_>, field: &str) {
        let (kind, value) = (text(path, "type", "PathPrefix"), text(path, "value", "/"));
        if !matches!(kind, "Exact" | "PathPrefix") {
            let why = "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']";
            self.unless(kind == "RegularExpression", field, "object", why);
            return;
        }
        let types = "when type one of ['Exact', 'PathPrefix']";
        let why = format!("value must be an absolute path and start with '/' {types}");
        self.unless(value.starts_with('/'), field, "object", &why);
        for part in ["//", "/./", "/../", "%2f", "%2F", "#"] {
            self.unless(
                !value.contains(part),
                field,
                "object",
                &format!("must not contain '{part}' {types}"),
            );
        }
        for end in ["/..", "/."] {
            self.unless(
                !value.ends_with(end),
                field,
                "object",
                &format!("must not end with '{end}' {types}"),
            );
        }
        const VALID: &str = r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$";
        let why = format!(
            "must only contain valid characters (matching {VALID}) for types ['Exact', 'PathPrefix']"
        );
        self.unless(searched(VALID, value), field, "object", &why);
    }

    fn grpc_method(&mut self, method: Node<'_>, field: &str) {
        let (service, name) = (has(method, "service"), has(method, "method"));
        let why = "One or both of 'service' or 'method' must be specified";
        self.unless(service.is_some() || name.is_some(), field, "object", why);
        if text(method, "type", "Exact") != "Exact" {
            return;
        }
        const SERVICE: &str = r"^(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$";
        const METHOD: &str = r"^[A-Za-z_][A-Za-z_0-9]*$";
        for (word, value, pattern) in [("service", service, SERVICE), ("method", name, METHOD)] {
            let Some(value) = value.and_then(Node::as_str) else { continue };
            let why = format!("{word} must only contain valid characters (matching {pattern})");
            self.unless(searched(pattern, value), field, "object", &why);
        }
    }

    fn filters(&mut self, route: &str, filters: &[Node<'_>], at: &str) {
        let http = route == "HTTPRoute";
        let count = |kind: &str| filters.iter().filter(|filter| text(**filter, "type", "") == kind).count();
        if http {
            let both = count("RequestRedirect") > 0 && count("URLRewrite") > 0;
            let why = "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both";
            self.unless(!both, at, "array", why);
        }
        let once: &[&str] = if http {
            &["CORS", "RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite"]
        } else {
            &["RequestHeaderModifier", "ResponseHeaderModifier"]
        };
        for kind in once {
            self.unless(count(kind) <= 1, at, "array", &format!("{kind} filter cannot be repeated"));
        }
        const FIELDS: [(&str, &str, bool); 7] = [
            ("requestHeaderModifier", "RequestHeaderModifier", false),
            ("responseHeaderModifier", "ResponseHeaderModifier", false),
            ("requestMirror", "RequestMirror", false),
            ("requestRedirect", "RequestRedirect", true),
            ("urlRewrite", "URLRewrite", true),
            ("cors", "CORS", true),
            ("extensionRef", "ExtensionRef", false),
        ];
        for (index, filter) in filters.iter().enumerate() {
            let field = format!("{at}[{index}]");
            let kind = text(*filter, "type", "");
            for (key, wanted, only_http) in FIELDS {
                if only_http && !http {
                    continue;
                }
                let given = has(*filter, key).is_some();
                let must_not = format!("filter.{key} must be nil if the filter.type is not {wanted}");
                self.unless(!given || kind == wanted, &field, "object", &must_not);
                let must = format!("filter.{key} must be specified for {wanted} filter.type");
                self.unless(given || kind != wanted, &field, "object", &must);
            }
            self.filter(*filter, &field);
        }
    }

    fn filter(&mut self, filter: Node<'_>, field: &str) {
        if let Some(mirror) = has(filter, "requestMirror") {
            let at = format!("{field}.requestMirror");
            if let Some(reference) = has(mirror, "backendRef") {
                self.port(reference, &format!("{at}.backendRef"));
            }
            let both = has(mirror, "percent").is_some() && has(mirror, "fraction").is_some();
            self.unless(
                !both,
                &at,
                "object",
                "Only one of percent or fraction may be specified in HTTPRequestMirrorFilter",
            );
            if let Some(fraction) = has(mirror, "fraction") {
                let number =
                    |key: &str, default| has(fraction, key).and_then(Node::as_i64).unwrap_or(default);
                let holds = number("numerator", 0) <= number("denominator", 100);
                self.unless(
                    holds,
                    &format!("{at}.fraction"),
                    "object",
                    "numerator must be less than or equal to denominator",
                );
            }
        }
        for key in ["requestRedirect", "urlRewrite"] {
            let Some(path) = has(filter, key).and_then(|part| has(part, "path")) else { continue };
            let at = format!("{field}.{key}.path");
            let kind = text(path, "type", "");
            for (wanted, name) in
                [("ReplaceFullPath", "replaceFullPath"), ("ReplacePrefixMatch", "replacePrefixMatch")]
            {
                let given = has(path, name).is_some();
                self.unless(
                    kind != wanted || given,
                    &at,
                    "object",
                    &format!("{name} must be specified when type is set to '{wanted}'"),
                );
                self.unless(
                    !given || kind == wanted,
                    &at,
                    "object",
                    &format!("type must be '{wanted}' when {name} is set"),
                );
            }
        }
        if let Some(cors) = has(filter, "cors") {
            for (key, word, what) in [
                ("allowHeaders", "AllowHeaders", "methods"),
                ("allowMethods", "AllowMethods", "methods"),
                ("allowOrigins", "AllowOrigins", "origins"),
            ] {
                let values = list(cors, key);
                let any = values.iter().any(|value| value.as_str() == Some("*"));
                let why = format!("{word} cannot contain '*' alongside other {what}");
                self.unless(!any || values.len() == 1, &format!("{field}.cors.{key}"), "array", &why);
            }
        }
    }
}

/// Milliseconds of a duration (`1h30m`, `500ms`), 0 when it cannot be read.
fn milliseconds(text: &str) -> u64 {
    let mut total = 0u64;
    let mut rest = text;
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit()) {
        let (number, tail) = rest.split_at_checked(end).unwrap_or_default();
        let unit_end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit_end).unwrap_or_default();
        let scale = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => 0,
        };
        total += number.parse::<u64>().unwrap_or(0) * scale;
        rest = tail;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn durations_add_up() {
        assert_eq!(milliseconds("1h30m"), 5_400_000);
        assert_eq!(milliseconds("500ms"), 500);
        assert_eq!(milliseconds("0s"), 0);
    }
}
