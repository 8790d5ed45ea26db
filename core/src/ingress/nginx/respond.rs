//! From a location to an answer: redirects, access lists, rewrites, and what the backend sees.

use super::matching::{Chosen, Found};
use super::{Cause, Config, Location, Server, ServerCertificate, UpstreamId};
use crate::ingress::answer::{Header, Response};
use crate::ingress::canary_split;
use crate::ingress::request::{HttpRequest, Scheme, without_port};
use crate::ingress::uri;
use crate::model::Share;
use std::net::IpAddr;

/// One way a request goes on after nginx has decided.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) share: Share,
    pub(crate) upstream: UpstreamId,
    pub(crate) why: String,
}

/// What nginx does with a request.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) server: Option<&'a Server>,
    pub(crate) location: Option<&'a Location>,
    /// The decoded path that locations were compared with.
    pub(crate) path: Option<String>,
    /// The answer when nginx does not proxy, with its reason.
    pub(crate) answered: Option<(Response, String)>,
    /// The answer once a backend with endpoints was found: access control comes after that.
    pub(crate) access: Option<(Response, String)>,
    /// Where it proxies to.
    pub(crate) ways: Vec<Way>,
    /// What the backend gets to see as request target.
    pub(crate) upstream_path: String,
    pub(crate) upstream_host: String,
    pub(crate) upstream_headers: Vec<Header>,
    pub(crate) response_headers: Vec<Header>,
}

/// What nginx does with `request`. `peer` is the address nginx sees as the client's; `has_endpoints`
/// tells whether an upstream has any.
pub(crate) fn reply<'a>(
    config: &'a Config,
    request: &HttpRequest,
    peer: Option<IpAddr>,
    has_endpoints: impl Fn(u32) -> bool,
) -> Reply<'a> {
    let mut reply = Reply {
        server: None,
        location: None,
        path: None,
        answered: None,
        access: None,
        ways: Vec::new(),
        upstream_path: request.target().to_owned(),
        upstream_host: request.host.clone().unwrap_or_default(),
        upstream_headers: Vec::new(),
        response_headers: Vec::new(),
    };
    let server = match config.server(request) {
        Chosen::Server(server) => server,
        Chosen::Redirect(redirect) => {
            let target = www_target(request, &redirect.to);
            let why = format!("from-to-www-redirect sends {} to {}", redirect.from, redirect.to);
            reply.answered = Some((Response::redirect(config.settings.redirect_code, target), why));
            return reply;
        }
        Chosen::BadRequest(why) => {
            reply.answered = Some((Response::status(400), why.into()));
            return reply;
        }
    };
    reply.server = Some(server);
    let name = request.host_name().unwrap_or_default();
    let has_certificate = config.certified(&name).is_some();
    if let (Scheme::Https, true, Some(value)) = (request.scheme, has_certificate, &config.settings.hsts) {
        reply.response_headers.push(header("Strict-Transport-Security", value));
    }
    let (path, found) = server.find(request);
    // nginx: the server's rewrite directives run before a location is looked for
    if let Some(answer) = path.as_deref().filter(|path| *path == "/").and_then(|_| app_root(server, request))
    {
        reply.path = path;
        reply.answered = Some(answer);
        return reply;
    }
    reply.path = path;
    let location = match found {
        Found::Location(location) => location,
        Found::SlashRedirect(location) => {
            reply.location = Some(location);
            reply.answered = Some(slash_redirect(request, location));
            return reply;
        }
        Found::BadRequest(why) => {
            reply.answered = Some((Response::status(400), why.into()));
            return reply;
        }
        Found::NotModelled(location) => {
            let missing =
                format!("the regular expression {} needs a part of PCRE that is not modelled", location.path);
            reply.location = Some(location);
            reply.answered = Some((Response::Undetermined { missing: missing.clone() }, missing));
            return reply;
        }
    };
    reply.location = Some(location);
    let uri = reply.path.clone().unwrap_or_default();
    if let Some(answer) = before_balancing(config, request, location, has_certificate) {
        reply.answered = Some(answer);
        return reply;
    }
    reply.ways = ways(config, request, location, &has_endpoints);
    reply.access = access(location, peer);
    if let Err(answer) = rewrite(&mut reply, request, location, &uri) {
        reply.answered = Some(answer);
        reply.ways.clear();
        return reply;
    }
    proxy_headers(&mut reply, location);
    affinity_cookie(config, &mut reply, request, location);
    reply
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

// ingress-nginx: rootfs/etc/nginx/lua/nginx/ngx_srv_redirect.lua
fn www_target(request: &HttpRequest, to: &str) -> String {
    let port = request.scheme.default_port();
    format!("{}://{to}:{port}{}", request.scheme.as_str(), request.target())
}

// ingress-nginx: rootfs/etc/nginx/template/nginx.tmpl, `if ($uri = /) { return 302 … }` in the server
fn app_root(server: &Server, request: &HttpRequest) -> Option<(Response, String)> {
    let root = server.app_root.as_ref()?;
    let host = request.host.as_deref().unwrap_or_default();
    let target = format!("{}://{host}{root}", request.scheme.as_str());
    Some((Response::redirect(302, target), format!("app-root sends / to {root} on the whole host")))
}

// nginx: ngx_http_core_module.c ngx_http_core_find_config_phase (auto_redirect)
fn slash_redirect(request: &HttpRequest, location: &Location) -> (Response, String) {
    let query = request.query().map(|query| format!("?{query}")).unwrap_or_default();
    let host = request.host_name().unwrap_or_default();
    let target = format!("{}://{host}{}{query}", request.scheme.as_str(), uri::escape(&location.path));
    let why = format!(
        "nginx answers a request for {} by a redirect to {}",
        location.path.trim_end_matches('/'),
        location.path
    );
    (Response::redirect(301, target), why)
}

/// Redirects and denials of the rewrite phase, before a backend is looked for.
fn before_balancing(
    config: &Config,
    request: &HttpRequest,
    location: &Location,
    has_certificate: bool,
) -> Option<(Response, String)> {
    let annotations = &location.annotations;
    if let Some(reason) = &annotations.denied {
        return Some((Response::status(503), format!("the location is denied: {reason}")));
    }
    if let Some((target, code)) = &annotations.redirect {
        let why = format!("the Ingress redirects every request to {target}");
        return Some((Response::redirect(*code, target.clone()), why));
    }
    // ingress-nginx: rootfs/etc/nginx/lua/lua_ingress.lua redirect_to_https
    let forwarded = request.header("x-forwarded-proto").filter(|_| config.settings.use_forwarded_headers);
    let plain = match forwarded {
        Some(scheme) => scheme == "http",
        None => request.scheme == Scheme::Http,
    };
    if location.force_no_ssl_redirect || !plain {
        return None;
    }
    let why = if annotations.force_ssl_redirect {
        "force-ssl-redirect is set"
    } else if annotations.ssl_redirect && has_certificate {
        "the host has a certificate and ssl-redirect is on by default"
    } else {
        return None;
    };
    let target = request.target();
    let target = match target.strip_suffix('/') {
        Some(cut) if !annotations.preserve_trailing_slash => cut,
        _ => target,
    };
    let host = without_port(request.host.as_deref().unwrap_or_default());
    Some((Response::redirect(config.settings.redirect_code, format!("https://{host}{target}")), why.into()))
}

fn ways(
    config: &Config,
    request: &HttpRequest,
    location: &Location,
    has_endpoints: &impl Fn(u32) -> bool,
) -> Vec<Way> {
    let Some(id) = location.upstream else {
        let why = match location.cause {
            Cause::Generated { ingress: Some(_) } => {
                "no path of this host matches, so the controller's default backend answers"
            }
            _ => "no Ingress takes this host, so the controller's default backend answers",
        };
        return vec![Way { share: Share::ALL, upstream: None, why: why.into() }];
    };
    match canary_split(config, id, request, has_endpoints) {
        Some(split) => {
            let ways = split.ways.into_iter();
            ways.map(|(upstream, share)| Way { share, upstream: Some(upstream), why: split.why.clone() })
                .collect()
        }
        None => vec![Way { share: Share::ALL, upstream: Some(id), why: String::new() }],
    }
}

// nginx: ngx_http_access_module, deny before allow, then `deny all`
fn access(location: &Location, peer: Option<IpAddr>) -> Option<(Response, String)> {
    let annotations = &location.annotations;
    if annotations.deny_list.is_empty() && annotations.allow_list.is_empty() {
        return None;
    }
    let Some(peer) = peer else {
        let missing =
            "the client's address, which the source ranges of this Ingress are compared with".to_owned();
        return Some((Response::Undetermined { missing: missing.clone() }, missing));
    };
    if let Some(net) = annotations.deny_list.iter().find(|net| net.contains(&peer)) {
        return Some((Response::status(403), format!("{peer} is in the denied range {net}")));
    }
    let allowed =
        annotations.allow_list.is_empty() || annotations.allow_list.iter().any(|net| net.contains(&peer));
    (!allowed).then(|| (Response::status(403), format!("{peer} is in none of the allowed ranges")))
}

/// Applies `rewrite "(?i)path" target break;`.
// ingress-nginx: template.go buildProxyPass; nginx: ngx_http_rewrite_module.c
fn rewrite(
    reply: &mut Reply<'_>,
    request: &HttpRequest,
    location: &Location,
    uri: &str,
) -> Result<(), (Response, String)> {
    let Some(target) = location.rewrite() else { return Ok(()) };
    let regex = location.rewriting().as_ref().map_err(|_| {
        let missing = format!("the regular expression {} is not modelled", location.path);
        (Response::Undetermined { missing: missing.clone() }, missing)
    })?;
    let Some(groups) = regex.captures(uri) else { return Ok(()) };
    let rewritten = fill(target, &groups);
    let query = request.query().map(|query| format!("?{query}")).unwrap_or_default();
    if target.starts_with("http://") || target.starts_with("https://") || target.starts_with("$scheme") {
        let why = "a rewrite to an absolute URL is a redirect".to_owned();
        let filled = rewritten.replace("$scheme", request.scheme.as_str());
        return Err((Response::redirect(302, format!("{filled}{query}")), why));
    }
    if rewritten.is_empty() {
        return Err((Response::status(500), "the rewritten URI is empty".into()));
    }
    reply.upstream_path = format!("{}{query}", uri::escape(&rewritten));
    let prefix = &location.annotations.x_forwarded_prefix;
    if !prefix.is_empty() {
        reply.upstream_headers.push(header("X-Forwarded-Prefix", &fill(prefix, &groups)));
    }
    Ok(())
}

/// Puts groups in the place of `$1` … `$9`.
fn fill(target: &str, groups: &[String]) -> String {
    let mut out = String::with_capacity(target.len());
    let mut chars = target.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek().and_then(|next| next.to_digit(10)) {
            Some(number) if c == '$' && number > 0 => {
                chars.next();
                out.push_str(groups.get(number as usize).map_or("", String::as_str));
            }
            _ => out.push(c),
        }
    }
    out
}

// ingress-nginx: rootfs/etc/nginx/template/nginx.tmpl, proxy_set_header
fn proxy_headers(reply: &mut Reply<'_>, location: &Location) {
    if !location.annotations.upstream_vhost.is_empty() {
        reply.upstream_host.clone_from(&location.annotations.upstream_vhost);
    }
}

// ingress-nginx: rootfs/etc/nginx/lua/balancer/sticky.lua
fn affinity_cookie(config: &Config, reply: &mut Reply<'_>, request: &HttpRequest, location: &Location) {
    let Some(upstream) = location.upstream.and_then(|id| config.upstreams.get(id as usize)) else { return };
    let affinity = &upstream.affinity;
    if !affinity.cookie || request.cookie(&affinity.name).is_some() {
        return;
    }
    let host = request.host_name().unwrap_or_default();
    let label = host.split_once('.').map(|(_, parent)| format!("*.{parent}"));
    let names = [Some(host.as_str()), label.as_deref(), Some("_")];
    let listed = names
        .into_iter()
        .flatten()
        .any(|name| upstream.affinity_paths.contains(&(name.to_owned(), location.ingress_path.clone())));
    if !listed {
        return;
    }
    let path = if affinity.path.is_empty() { location.ingress_path.as_str() } else { affinity.path.as_str() };
    let mut cookie = format!("{}=…", affinity.name);
    if !affinity.expires.is_empty() {
        cookie.push_str("; Expires=…");
    }
    if !affinity.max_age.is_empty() {
        cookie.push_str(&format!("; Max-Age={}", affinity.max_age));
    }
    if !affinity.domain.is_empty() {
        cookie.push_str(&format!("; Domain={}", affinity.domain));
    }
    cookie.push_str(&format!("; Path={path}"));
    if affinity.secure.unwrap_or(request.scheme == Scheme::Https) {
        cookie.push_str("; Secure");
    }
    cookie.push_str("; HttpOnly");
    if !affinity.same_site.is_empty() {
        cookie.push_str(&format!("; SameSite={}", affinity.same_site));
    }
    reply.response_headers.push(header("Set-Cookie", &cookie));
}

/// The certificate of the handshake: the server's, or the reason for the fake one.
pub(crate) fn certificate<'a>(config: &'a Config, name: Option<&str>) -> &'a ServerCertificate {
    let server = name.and_then(|name| config.certified(name));
    server.map_or(&ServerCertificate::None, |server| &server.certificate)
}
