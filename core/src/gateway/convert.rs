//! From Ingresses to Gateway API manifests: what they become, and what has no equivalent.
//!
//! The generated servers and locations are what is converted, so conflicts between Ingresses are already
//! decided as ingress-nginx decides them.

use super::notes;
use crate::ingress::nginx::{Cause, Location, Modifier, Server, ServerCertificate, Upstream};
use crate::ingress::{HttpRequest, Scheme, nginx_config};
use crate::manifest::ObjectRef;
use crate::model::Snapshot;
use crate::order::SliceOrder;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Ingresses as Gateway API manifests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversion {
    /// The manifests, YAML.
    pub manifests: String,
    /// What has no equivalent, or behaves differently.
    pub notes: Vec<ConversionNote>,
    /// How many sampled requests were compared.
    pub compared: u32,
    /// Those that go elsewhere afterwards.
    pub differences: Vec<ConversionDifference>,
}

/// Something that is lost or changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversionNote {
    /// The Ingress.
    pub ingress: ObjectRef,
    /// One sentence.
    pub message: String,
}

/// A request that is answered differently after the conversion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversionDifference {
    /// The request.
    pub request: String,
    /// How the Ingress controller ends it.
    pub ingress: String,
    /// How the Gateway ends it.
    pub gateway: String,
}

/// Name of the Gateway and its namespace.
pub(crate) const GATEWAY: (&str, &str) = ("default", "converted");

struct Writer<'a> {
    snapshot: &'a Snapshot,
    upstreams: &'a [Upstream],
    listeners: String,
    routes: String,
    grants: BTreeMap<String, ()>,
    notes: Vec<ConversionNote>,
    names: BTreeMap<String, u32>,
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The manifests for the Ingresses of `table`, the notes, and requests that try them.
pub(crate) fn convert(snapshot: &Snapshot, table: &crate::ingress::Table) -> (Conversion, Vec<HttpRequest>) {
    let Some(config) = nginx_config(table, snapshot) else { return (Conversion::default(), Vec::new()) };
    let mut writer = Writer {
        snapshot,
        upstreams: &config.upstreams,
        listeners: String::new(),
        routes: String::new(),
        grants: BTreeMap::new(),
        notes: Vec::new(),
        names: BTreeMap::new(),
    };
    let mut samples = Vec::new();
    for server in &config.servers {
        writer.server(server);
        samples.extend(self::samples(server, &config.upstreams));
    }
    for (index, stored) in snapshot.ingresses.iter().enumerate() {
        for note in notes::unconverted(&stored.value.metadata.annotations) {
            writer.note(index as u32, note);
        }
    }
    if writer.listeners.lines().count() > 64 {
        writer.note(0, "a Gateway holds at most 64 listeners; move some of them to ListenerSets");
    }
    let mut manifests = String::from(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: converted}\nspec: {controllerName: example.com/gateway-controller}\n",
    );
    let (namespace, name) = GATEWAY;
    let _ = write!(
        manifests,
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  gatewayClassName: converted\n  listeners:\n{}{}",
        writer.listeners, writer.routes
    );
    for namespace in writer.grants.keys() {
        let _ = write!(
            manifests,
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {{name: converted, namespace: {namespace}}}\nspec:\n  from: [{{group: gateway.networking.k8s.io, kind: Gateway, namespace: {}}}]\n  to: [{{group: \"\", kind: Secret}}]\n",
            GATEWAY.0
        );
    }
    writer.notes.order();
    writer.notes.dedup();
    (Conversion { manifests, notes: writer.notes, ..Conversion::default() }, samples)
}

/// Requests around every path of a server, plain and, where there is a certificate, over TLS.
fn samples(server: &Server, upstreams: &[Upstream]) -> Vec<HttpRequest> {
    let host = match server.host.as_str() {
        "_" => "unclaimed.example.com".to_owned(),
        host => host.replace("*.", "x."),
    };
    let mut paths = vec!["/".to_owned(), "/nowhere/at/all".to_owned()];
    let mut headers = vec![BTreeMap::new()];
    for location in &server.locations {
        let path = location.ingress_path.split(['(', '[', '|']).next().unwrap_or_default();
        let path = path.trim_end_matches('/');
        let around = ["", "/", "/x", "x", "/x/y?q=1"].map(|end| format!("{path}{end}"));
        paths.extend(around.into_iter().filter(|path| path.starts_with('/')));
        let main = location.upstream.and_then(|id| upstreams.get(id as usize));
        let canaries = main.into_iter().flat_map(|upstream| &upstream.alternatives);
        let policies = canaries.filter_map(|id| upstreams.get(*id as usize)?.policy.as_ref());
        for policy in policies.filter(|policy| !policy.header.is_empty()) {
            let values = ["always", "never", policy.header_value.as_str()];
            for value in values.into_iter().filter(|value| !value.is_empty()) {
                headers.push(BTreeMap::from([(policy.header.clone(), value.to_owned())]));
            }
        }
    }
    paths.order();
    paths.dedup();
    headers.order();
    headers.dedup();
    let secure = matches!(server.certificate, ServerCertificate::Secret { .. });
    let schemes: &[Scheme] = if secure { &[Scheme::Http, Scheme::Https] } else { &[Scheme::Http] };
    let mut found = Vec::new();
    for scheme in schemes {
        for path in &paths {
            for headers in &headers {
                found.push(HttpRequest {
                    scheme: *scheme,
                    host: Some(host.clone()),
                    path: path.clone(),
                    headers: headers.clone(),
                    ..HttpRequest::default()
                });
            }
        }
    }
    found
}

impl Writer<'_> {
    fn note(&mut self, ingress: u32, message: impl Into<String>) {
        if let Some(stored) = self.snapshot.ingresses.get(ingress as usize) {
            self.notes.push(ConversionNote { ingress: stored.object.clone(), message: message.into() });
        }
    }

    /// A name that is not taken yet.
    fn name(&mut self, wanted: &str) -> String {
        let clean: String = wanted
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let clean = clean.trim_matches('-').to_owned();
        let count = self.names.entry(clean.clone()).or_default();
        *count += 1;
        if *count == 1 { clean } else { format!("{clean}-{count}") }
    }

    fn server(&mut self, server: &Server) {
        let hosts: Vec<String> = match server.host.as_str() {
            "_" => Vec::new(),
            host => std::iter::once(host.to_owned()).chain(server.aliases.iter().cloned()).collect(),
        };
        let plain = if hosts.is_empty() { vec![String::new()] } else { hosts.clone() };
        let mut sections = Vec::new();
        let mut secure_sections = Vec::new();
        for host in &plain {
            let named = if host.is_empty() { "any" } else { host };
            let line = if host.is_empty() { String::new() } else { format!(", hostname: {}", quote(host)) };
            let section = self.name(&format!("http-{named}"));
            let _ = writeln!(
                self.listeners,
                "  - {{name: {section}, port: 80, protocol: HTTP{line}, allowedRoutes: {{namespaces: {{from: All}}}}}}"
            );
            sections.push(section);
            if let ServerCertificate::Secret { namespace, name, .. } = &server.certificate {
                let section = self.name(&format!("https-{named}"));
                let _ = writeln!(
                    self.listeners,
                    "  - {{name: {section}, port: 443, protocol: HTTPS{line}, tls: {{certificateRefs: [{{name: {name}, namespace: {namespace}}}]}}, allowedRoutes: {{namespaces: {{from: All}}}}}}"
                );
                if namespace != GATEWAY.0 {
                    self.grants.insert(namespace.clone(), ());
                }
                secure_sections.push(section);
            }
        }
        let mut by_namespace: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut redirecting: BTreeMap<String, bool> = BTreeMap::new();
        for location in &server.locations {
            let Some(upstream) = location.upstream.and_then(|id| self.upstreams.get(id as usize)) else {
                continue;
            };
            // the exact twin of a Prefix path says nothing more
            let twin = location.modifier == Modifier::Exact && self.is_prefix(location);
            if let Some(ingress) = location.ingress().filter(|_| !twin) {
                let namespace = upstream.namespace.clone();
                let redirects = location.annotations.force_ssl_redirect
                    || (location.annotations.ssl_redirect
                        && server.certificate != ServerCertificate::None
                        && server.host != "_");
                *redirecting.entry(namespace.clone()).or_default() |= redirects;
                let rules = self.rules(server, location, upstream, ingress);
                let all = by_namespace.entry(namespace).or_default();
                all.extend(rules);
                let root = &location.annotations.app_root;
                let rule = format!(
                    "{{matches: [{{path: {{type: Exact, value: \"/\"}}}}], filters: [{{type: RequestRedirect, requestRedirect: {{statusCode: 302, path: {{type: ReplaceFullPath, replaceFullPath: {}}}}}}}]}}",
                    quote(root)
                );
                if !root.is_empty() && !all.contains(&rule) {
                    all.insert(0, rule);
                }
            }
        }
        if let Some(ingress) = server.locations.iter().find_map(Location::ingress) {
            if server.host.starts_with("*.") {
                self.note(ingress, format!("{} stands for one label in an Ingress and for any number of labels in the Gateway API", server.host));
            }
            if matches!(server.certificate, ServerCertificate::Default(_)) && server.host != "_" {
                self.note(
                    ingress,
                    format!(
                        "no Secret holds a certificate for {}, so there is no HTTPS listener",
                        server.host
                    ),
                );
            }
        }
        for (namespace, rules) in by_namespace {
            let redirect = redirecting.get(&namespace).copied().unwrap_or_default();
            self.route(&namespace, server, &hosts, (&sections, &secure_sections), &rules, redirect);
        }
    }

    fn is_prefix(&self, location: &Location) -> bool {
        let Cause::Rule(rule) = location.cause else { return false };
        rule.get(self.snapshot).is_some_and(|path| path.path_type.as_deref() != Some("Exact"))
    }

    fn route(
        &mut self,
        namespace: &str,
        server: &Server,
        hosts: &[String],
        sections: (&[String], &[String]),
        rules: &[String],
        redirect: bool,
    ) {
        let base = self.name(if server.host == "_" { "any-host" } else { &server.host });
        let (plain, secure) = sections;
        let to_https = redirect && !secure.is_empty();
        let served: Vec<&String> =
            if to_https { secure.iter().collect() } else { plain.iter().chain(secure).collect() };
        let parents = |sections: &[&String]| {
            let (space, name) = GATEWAY;
            let list: Vec<String> = sections
                .iter()
                .map(|section| format!("{{name: {name}, namespace: {space}, sectionName: {section}}}"))
                .collect();
            list.join(", ")
        };
        let names: Vec<String> = hosts.iter().map(|host| quote(host)).collect();
        let hostnames =
            if names.is_empty() { String::new() } else { format!("  hostnames: [{}]\n", names.join(", ")) };
        let head = |name: &str, parents: &str| {
            format!(
                "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  parentRefs: [{parents}]\n{hostnames}  rules:\n"
            )
        };
        // gateway-api: config/crd/standard: at most 16 rules in a route
        for (index, part) in rules.chunks(16).enumerate() {
            let name = if index == 0 { base.clone() } else { self.name(&base) };
            self.routes.push_str(&head(&name, &parents(&served)));
            for rule in part {
                let _ = writeln!(self.routes, "  - {rule}");
            }
        }
        if to_https {
            let all: Vec<&String> = plain.iter().collect();
            let name = format!("{base}-https");
            self.routes.push_str(&head(&name, &parents(&all)));
            self.routes.push_str("  - {filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 308}}]}\n");
        }
    }

    /// The rules of one location: its own, and one more for a canary that goes by a header.
    fn rules(
        &mut self,
        server: &Server,
        location: &Location,
        upstream: &Upstream,
        ingress: u32,
    ) -> Vec<String> {
        self.lost(location, ingress);
        let moved = notes::moved_prefix(&location.ingress_path, &location.annotations.rewrite_target);
        let path = if let Some((prefix, _)) = moved.filter(|_| server.regex_mode) {
            self.note(ingress, format!("{} with rewrite-target {} is a PathPrefix with ReplacePrefixMatch; ingress-nginx compares without case, the Gateway with", location.ingress_path, location.annotations.rewrite_target));
            format!("{{type: PathPrefix, value: {}}}", quote(prefix))
        } else if server.regex_mode {
            if location.path != "/" {
                self.note(ingress, format!("every path of host {} is a case-insensitive regular expression, so {} becomes one; its dialect and precedence are up to the implementation", server.host, location.ingress_path));
            }
            format!("{{type: RegularExpression, value: {}}}", quote(&format!("(?i){}.*", location.path)))
        } else if location.exact_type && !self.is_prefix(location) {
            format!("{{type: Exact, value: {}}}", quote(&location.path))
        } else {
            format!("{{type: PathPrefix, value: {}}}", quote(&location.ingress_path))
        };
        let mut filters = Vec::new();
        if let Some((target, code)) = &location.annotations.redirect {
            filters.push(self.redirect(ingress, target, *code));
        }
        if let Some(target) = location.rewrite() {
            if let Some((_, base)) = moved {
                filters.push(format!("{{type: URLRewrite, urlRewrite: {{path: {{type: ReplacePrefixMatch, replacePrefixMatch: {}}}}}}}", quote(base)));
            } else if target.contains('$') {
                self.note(ingress, format!("rewrite-target {target} uses groups of the path, which no filter of the standard channel can"));
            } else {
                filters.push(format!("{{type: URLRewrite, urlRewrite: {{path: {{type: ReplaceFullPath, replaceFullPath: {}}}}}}}", quote(target)));
            }
        }
        if !location.annotations.upstream_vhost.is_empty() && location.annotations.redirect.is_none() {
            let host = quote(&location.annotations.upstream_vhost);
            filters.retain(|filter| !filter.contains("URLRewrite"));
            let path = location.rewrite().filter(|target| !target.contains('$'));
            let path = path
                .map(|target| {
                    format!(", path: {{type: ReplaceFullPath, replaceFullPath: {}}}", quote(target))
                })
                .unwrap_or_default();
            filters.push(format!("{{type: URLRewrite, urlRewrite: {{hostname: {host}{path}}}}}"));
        }
        let prefix = &location.annotations.x_forwarded_prefix;
        if !prefix.is_empty() && location.rewrite().is_some() && !prefix.contains('$') {
            filters.push(format!("{{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: X-Forwarded-Prefix, value: {}}}]}}}}", quote(prefix)));
        }
        let filters =
            if filters.is_empty() { String::new() } else { format!(", filters: [{}]", filters.join(", ")) };
        let rule = |extra: &str, backends: &str| {
            format!("{{matches: [{{path: {path}{extra}}}]{filters}{backends}}}")
        };
        if location.annotations.redirect.is_some() {
            return vec![rule("", "")];
        }
        let canary = upstream.alternatives.first().and_then(|id| self.upstreams.get(*id as usize));
        let Some((canary, policy)) = canary.and_then(|canary| Some((canary, canary.policy.as_ref()?))) else {
            let backend = self.backend(upstream, None);
            return vec![rule("", &format!(", backendRefs: [{backend}]"))];
        };
        let total = policy.weight_total.max(100);
        let weight = policy.weight.min(total);
        let (main, other) =
            (self.backend(upstream, Some(total - weight)), self.backend(canary, Some(weight)));
        let mut rules = vec![rule("", &format!(", backendRefs: [{main}, {other}]"))];
        if !policy.header.is_empty() && policy.header_pattern.is_empty() {
            let header =
                |value: &str| format!(", headers: [{{name: {}, value: {}}}]", policy.header, quote(value));
            let value = if policy.header_value.is_empty() { "always" } else { &policy.header_value };
            let only = self.backend(canary, None);
            rules.push(rule(&header(value), &format!(", backendRefs: [{only}]")));
            if policy.header_value.is_empty() {
                let never = self.backend(upstream, None);
                rules.push(rule(&header("never"), &format!(", backendRefs: [{never}]")));
            }
        }
        if !policy.cookie.is_empty() || !policy.header_pattern.is_empty() {
            let message =
                "canary-by-cookie and canary-by-header-pattern have no equivalent in the standard channel";
            self.note(canary.ingress, message);
        }
        rules
    }

    fn redirect(&mut self, ingress: u32, target: &str, code: u16) -> String {
        let parsed = HttpRequest::get(target);
        let Ok(url) = parsed else {
            self.note(ingress, format!("the redirect to {target} is no absolute URL"));
            return "{type: RequestRedirect, requestRedirect: {statusCode: 302}}".into();
        };
        let host = url.host_name().unwrap_or_default();
        let path = quote(url.raw_path());
        let code = if matches!(code, 301 | 302 | 303 | 307 | 308) { code } else { 302 };
        format!(
            "{{type: RequestRedirect, requestRedirect: {{scheme: {}, hostname: {host}, statusCode: {code}, path: {{type: ReplaceFullPath, replaceFullPath: {path}}}}}}}",
            url.scheme.as_str()
        )
    }

    /// A backendRef; named ports become numbers.
    fn backend(&mut self, upstream: &Upstream, weight: Option<u32>) -> String {
        let service = self
            .snapshot
            .service_id(&upstream.namespace, &upstream.service)
            .and_then(|id| self.snapshot.service(id));
        let ports = service.map(|service| service.spec.ports.as_slice()).unwrap_or_default();
        let by_name = ports.iter().find(|port| !port.name.is_empty() && port.name == upstream.port);
        let by_number = ports.iter().find(|port| port.port.to_string() == upstream.port);
        let by_target = ports.iter().find(|port| port.target_port.to_string() == upstream.port);
        let port = by_name
            .or(by_number)
            .or(by_target)
            .map_or_else(|| upstream.port.clone(), |port| port.port.to_string());
        let port = if port.parse::<u16>().is_ok() {
            port
        } else {
            let message = format!("port {port} of Service {} is unknown; 80 is a guess", upstream.service);
            self.note(upstream.ingress, message);
            "80".into()
        };
        let weight = weight.map(|weight| format!(", weight: {weight}")).unwrap_or_default();
        format!("{{name: {}, port: {port}{weight}}}", upstream.service)
    }

    /// Annotations without an equivalent.
    fn lost(&mut self, location: &Location, ingress: u32) {
        let annotations = location.annotations.clone();
        let mut lost: Vec<&str> = Vec::new();
        if annotations.affinity.cookie {
            lost.push("affinity (session persistence is not in the standard channel)");
        }
        if !annotations.allow_list.is_empty() || !annotations.deny_list.is_empty() {
            lost.push("allow and deny lists of client addresses");
        }
        if annotations.auth_secret.is_some() || !annotations.auth_url.is_empty() {
            lost.push("authentication");
        }
        if !annotations.default_backend.is_empty() {
            lost.push("default-backend, the Service that answers while the backend has no endpoints");
        }
        if annotations.ssl_passthrough {
            lost.push("ssl-passthrough; write a TLSRoute and a listener of mode Passthrough");
        }
        if annotations.denied.is_some() {
            lost.push("a location that ingress-nginx denies, because an annotation is wrong");
        }
        if annotations.x_forwarded_prefix.contains('$') {
            lost.push("x-forwarded-prefix with groups of the path");
        }
        if annotations.from_to_www {
            lost.push("from-to-www-redirect; write a second HTTPRoute with a RequestRedirect");
        }
        match annotations.backend_protocol.as_str() {
            "HTTPS" | "GRPCS" => {
                lost.push("backend-protocol HTTPS; write a BackendTLSPolicy for the Service")
            }
            "GRPC" => lost.push("backend-protocol GRPC; a GRPCRoute fits better"),
            "FCGI" | "AUTO_HTTP" => lost.push("this backend-protocol"),
            _ => {}
        }
        if annotations.service_upstream {
            lost.push("service-upstream; the implementation chooses between Service and pods");
        }
        if location.force_no_ssl_redirect {
            lost.push("the exemption of this path from the redirect to HTTPS");
        }
        for what in lost {
            self.note(ingress, format!("no equivalent: {what}"));
        }
    }
}
