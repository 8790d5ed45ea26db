//! The generated servers and locations as data and as nginx configuration text.

use super::cors::Cors;
use super::{Cause, Config, Location, ServerCertificate};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::Snapshot;
use serde::Serialize;
use std::fmt::Write;

/// What ingress-nginx configures nginx with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NginxTable {
    /// Servers sorted by host, the catch-all `_` among them.
    pub servers: Vec<NginxServer>,
    /// Why nginx refuses the whole configuration; the controller then keeps serving the one before.
    pub rejected: Vec<String>,
    /// Ingresses that the controller drops, and why.
    pub dropped: Vec<Dropped>,
    /// The same as configuration text: the directives that decide about routing.
    pub text: String,
}

/// An Ingress that the controller drops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dropped {
    /// The Ingress.
    pub ingress: ObjectRef,
    /// Why.
    pub why: String,
}

/// One server block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NginxServer {
    /// Host of the rules, `_` for the catch-all.
    pub host: String,
    /// The server_name directive.
    pub server_name: String,
    /// Other names, from server-alias.
    pub aliases: Vec<String>,
    /// Whether every location is a case-insensitive regular expression.
    pub regex_mode: bool,
    /// The Secret of its certificate, `namespace/name`; empty for the default certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The Secret that the tls section chooses for this host, whether it can be loaded or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_secret: Option<String>,
    /// Locations in order.
    pub locations: Vec<NginxLocation>,
}

/// One location block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NginxLocation {
    /// `= "/foo"`, `"/foo/"` or `~* "^/foo"`.
    pub location: String,
    /// The upstream, `namespace-service-port` or `upstream-default-backend`.
    pub upstream: String,
    /// Name of the Service; absent for the default backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The rewrite and pass directives.
    pub pass: Vec<String>,
    /// The Ingress it came from; absent for the controller's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<ObjectRef>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Whether no-tls-redirect-locations exempts it.
    pub force_no_ssl_redirect: bool,
}

// ingress-nginx: template.go buildServerName
fn server_name(host: &str) -> String {
    match host.strip_prefix("*.") {
        Some(parent) => format!("~^(?<subdomain>[\\w-]+)\\.{}$", parent.replace('.', "\\.")),
        None => host.to_owned(),
    }
}

/// The table of a configuration.
pub(crate) fn table(snapshot: &Snapshot, config: &Config) -> NginxTable {
    let ingress = |index: u32| snapshot.ingresses.get(index as usize);
    let servers = config.servers.iter().map(|server| NginxServer {
        host: server.host.clone(),
        server_name: server_name(&server.host),
        aliases: server.aliases.clone(),
        regex_mode: server.regex_mode,
        certificate: match &server.certificate {
            ServerCertificate::None => None,
            ServerCertificate::Default(_) => Some(String::new()),
            ServerCertificate::Secret { namespace, name, .. } => Some(format!("{namespace}/{name}")),
        },
        tls_secret: server.tls_secret.clone(),
        locations: server.locations.iter().map(|location| rendered(snapshot, config, location)).collect(),
    });
    let servers: Vec<NginxServer> = servers.collect();
    let dropped = config.dropped.iter().filter_map(|(index, why)| {
        Some(Dropped { ingress: ingress(*index)?.object.clone(), why: why.clone() })
    });
    NginxTable {
        text: text(config, &servers),
        servers,
        rejected: config.rejected.clone(),
        dropped: dropped.collect(),
    }
}

fn rendered(snapshot: &Snapshot, config: &Config, location: &Location) -> NginxLocation {
    let upstream = location.upstream.and_then(|id| config.upstreams.get(id as usize));
    let stored = location.ingress().and_then(|index| snapshot.ingresses.get(index as usize));
    let field = match location.cause {
        Cause::Rule(rule) => rule.field(),
        Cause::Generated { .. } | Cause::CatchAll(_) if location.upstream.is_some() => {
            "spec.defaultBackend".into()
        }
        Cause::Generated { .. } | Cause::CatchAll(_) => String::new(),
    };
    NginxLocation {
        location: location.directive(),
        upstream: upstream.map_or_else(
            || "upstream-default-backend".into(),
            |upstream| format!("{}-{}-{}", upstream.namespace, upstream.service, upstream.port),
        ),
        service: upstream.map(|upstream| upstream.service.clone()),
        pass: pass(location),
        ingress: stored.map(|stored| stored.object.clone()),
        evidence: stored.map(|stored| snapshot.evidence(stored.object.clone(), &stored.origin, &field)),
        force_no_ssl_redirect: location.force_no_ssl_redirect,
    }
}

// ingress-nginx: template.go buildProxyPass
fn pass(location: &Location) -> Vec<String> {
    let annotations = &location.annotations;
    if annotations.denied.is_some() {
        return vec!["return 503;".into()];
    }
    let mut out = Vec::new();
    for net in &annotations.deny_list {
        out.push(format!("deny {net};"));
    }
    for net in &annotations.allow_list {
        out.push(format!("allow {net};"));
    }
    if !annotations.allow_list.is_empty() {
        out.push("deny all;".into());
    }
    if annotations.body_size != 1 << 20 {
        out.push(format!("client_max_body_size {};", annotations.body_size));
    }
    if annotations.relative_redirects {
        out.push("absolute_redirect off;".into());
    }
    out.extend(annotations.cors.iter().flat_map(Cors::directives));
    if let Some((target, code)) = &annotations.redirect {
        out.push(format!("return {code} {target};"));
    }
    if let Some(target) = location.rewrite() {
        out.push(format!("rewrite \"(?i){}\" {target} break;", location.path));
        if !annotations.x_forwarded_prefix.is_empty() {
            out.push(format!("proxy_set_header X-Forwarded-Prefix \"{}\";", annotations.x_forwarded_prefix));
        }
    }
    let host = if annotations.upstream_vhost.is_empty() {
        "$http_host".to_owned()
    } else {
        format!("\"{}\"", annotations.upstream_vhost)
    };
    let (directive, scheme) = match annotations.backend_protocol.as_str() {
        "AUTO_HTTP" => ("proxy", "$scheme://"),
        "HTTPS" => ("proxy", "https://"),
        "GRPC" => ("grpc", "grpc://"),
        "GRPCS" => ("grpc", "grpcs://"),
        "FCGI" => ("fastcgi", ""),
        _ => ("proxy", "http://"),
    };
    if directive != "fastcgi" {
        out.push(format!("{directive}_set_header Host {host};"));
    }
    out.push(format!("{directive}_pass {scheme}upstream_balancer;"));
    out
}

fn text(config: &Config, servers: &[NginxServer]) -> String {
    let mut out = String::new();
    for redirect in &config.redirects {
        let _ = writeln!(out, "server {{\n    listen 80;\n    server_name {};", redirect.from);
        let code = config.settings.redirect_code;
        let _ = writeln!(
            out,
            "    if ($request_uri ~ \"^(.*)/$\") {{\n        return {code} $scheme://{to}:$server_port$1;\n    }}\n    return {code} $scheme://{to}:$server_port$request_uri;\n}}",
            to = redirect.to
        );
    }
    for (server, source) in servers.iter().zip(&config.servers) {
        let default = if server.host == "_" { " default_server" } else { "" };
        let _ = writeln!(out, "server {{\n    listen 80{default};");
        let names = std::iter::once(quoted(&server.server_name))
            .chain(server.aliases.iter().map(|alias| quoted(alias)));
        let _ = writeln!(out, "    server_name {};", names.collect::<Vec<_>>().join(" "));
        let closed = source.client_certificate.as_ref().is_some_and(|given| given.fault.is_some());
        if closed {
            out.push_str("    return 403;\n");
        }
        if let Some(root) = &source.app_root {
            let _ =
                writeln!(out, "    if ($uri = /) {{\n        return 302 $scheme://$http_host{root};\n    }}");
        }
        for location in &server.locations {
            let _ = writeln!(out, "    location {} {{", location.location);
            if let Some(ingress) = &location.ingress {
                let _ = writeln!(out, "        # {ingress}");
            }
            let _ = writeln!(out, "        set $proxy_upstream_name \"{}\";", location.upstream);
            let _ = writeln!(out, "        port_in_redirect off;");
            for line in &location.pass {
                let _ = writeln!(out, "        {line}");
            }
            out.push_str("    }\n");
        }
        if server.host == super::build::CATCH_ALL {
            out.push_str("    location /healthz {\n        return 200;\n    }\n");
            out.push_str("    location /nginx_status {\n        deny all;\n    }\n");
        }
        out.push_str("}\n");
    }
    out
}

fn quoted(name: &str) -> String {
    if name.contains(['{', '}', ';', ' ', '(']) { format!("\"{name}\"") } else { name.to_owned() }
}
