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
    /// What must be known to tell whether it goes this way.
    pub(crate) missing: Option<String>,
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
        upstream_host: best_host(config, request).to_owned(),
        upstream_headers: Vec::new(),
        response_headers: Vec::new(),
    };
    let server = match config.server(request) {
        Chosen::Server(server) => server,
        Chosen::Redirect(redirect) => {
            let target = www_target(config, request, &redirect.to);
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
    if let Some(answer) = at_the_door(config, server, request) {
        reply.answered = Some(answer);
        return reply;
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
    if let (Scheme::Https, true, Some(value)) = (request.scheme, has_certificate, &config.settings.hsts) {
        reply.response_headers.push(header("Strict-Transport-Security", value));
    }
    let location = match found {
        Found::Location(location) => location,
        Found::SlashRedirect(location) => {
            reply.location = Some(location);
            reply.answered = too_large(request, location).or_else(|| Some(slash_redirect(request, location)));
            return reply;
        }
        Found::Own(code, why) => {
            reply.answered = Some((Response::status(code), why.into()));
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
    if let Some(answer) = closed(request, location) {
        reply.answered = Some(answer);
        return reply;
    }
    // nginx runs `return` and `rewrite` in the order they stand in, before the rewrite phase of Lua
    if let Some(headers) = location.annotations.cors.as_ref().and_then(|cors| cors.headers(request)) {
        reply.response_headers.extend(headers);
        if request.method() == "OPTIONS" {
            let why = "enable-cors answers the preflight, whatever stands behind the location".to_owned();
            reply.answered = Some((Response::status(204), why));
            return reply;
        }
    }
    if let Some((target, code)) = &location.annotations.redirect {
        let why = format!("the Ingress redirects every request to {target}");
        reply.answered = Some((Response::redirect(*code, target.clone()), why));
        return reply;
    }
    if let Err(answer) = rewrite(&mut reply, request, location, &uri) {
        reply.answered = Some(answer);
        return reply;
    }
    if let Some(answer) = ssl_redirect(config, request, location, has_certificate) {
        reply.answered = Some(answer);
        return reply;
    }
    reply.ways = ways(config, request, location, &has_endpoints);
    reply.access = access(location, peer);
    proxy_headers(&mut reply, location);
    affinity_cookie(config, &mut reply, request, location);
    reply
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

/// `$best_http_host`: the Host header, or what a trusted proxy says it was.
// ingress-nginx: rootfs/etc/nginx/lua/lua_ingress.lua rewrite
fn best_host<'a>(config: &Config, request: &'a HttpRequest) -> &'a str {
    let forwarded = request.header("x-forwarded-host").filter(|_| config.settings.use_forwarded_headers);
    let forwarded = forwarded.and_then(|hosts| hosts.split(',').next());
    forwarded.unwrap_or_else(|| request.host.as_deref().unwrap_or_default())
}

/// `$pass_access_scheme`.
fn scheme<'a>(config: &Config, request: &'a HttpRequest) -> &'a str {
    let forwarded = request.header("x-forwarded-proto").filter(|_| config.settings.use_forwarded_headers);
    forwarded.unwrap_or_else(|| request.scheme.as_str())
}

// ingress-nginx: rootfs/etc/nginx/lua/nginx/ngx_srv_redirect.lua
fn www_target(config: &Config, request: &HttpRequest, to: &str) -> String {
    let port = request.header("x-forwarded-port").filter(|_| config.settings.use_forwarded_headers);
    let port = port.map_or_else(|| request.scheme.default_port().to_string(), str::to_owned);
    let target = request.target();
    format!("{}://{to}:{port}{}", scheme(config, request), target.strip_suffix('/').unwrap_or(target))
}

/// What ends a request before a location is looked for: the handshake, passed-through TLS, client certificates.
fn at_the_door(config: &Config, server: &Server, request: &HttpRequest) -> Option<(Response, String)> {
    let undetermined = |missing: String| Some((Response::Undetermined { missing: missing.clone() }, missing));
    let encrypted = request.scheme == Scheme::Https;
    if encrypted && config.settings.rejects_handshake && server.host == super::build::CATCH_ALL {
        let why = "ssl-reject-handshake refuses handshakes for names that no server has".to_owned();
        return Some((Response::ConnectionFailed {}, why));
    }
    if encrypted && config.settings.ssl_passthrough && server.ssl_passthrough {
        return undetermined("what the backend answers: ssl-passthrough hands it the TLS connection".into());
    }
    let certificate = server.client_certificate.as_ref()?;
    // ingress-nginx: nginx.tmpl, `if not (empty $server.AuthTLSError)`: return 403 in the server
    if let Some(fault) = &certificate.fault {
        return Some((Response::status(403), format!("the whole host is closed: {fault}")));
    }
    if !encrypted || !certificate.required {
        return None;
    }
    undetermined(format!(
        "whether the client shows a certificate that the authority in Secret {} has signed; without one it gets 400",
        certificate.secret
    ))
}

// nginx: ngx_http_core_module.c ngx_http_core_find_config_phase, client_max_body_size
fn too_large(request: &HttpRequest, location: &Location) -> Option<(Response, String)> {
    let limit = location.annotations.body_size;
    let length = request.header("content-length")?.trim().parse::<u64>().ok()?;
    (limit > 0 && length > limit).then(|| {
        (
            Response::status(413),
            format!("the body of {length} bytes is larger than proxy-body-size, {limit} bytes"),
        )
    })
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
    let path = format!("{}{query}", uri::escape(&location.path));
    let target = if location.annotations.relative_redirects {
        path
    } else {
        format!("{}://{host}{path}", request.scheme.as_str())
    };
    let why = format!(
        "nginx answers a request for {} by a redirect to {}",
        location.path.trim_end_matches('/'),
        location.path
    );
    (Response::redirect(301, target), why)
}

/// What a location refuses whatever the request is for.
fn closed(request: &HttpRequest, location: &Location) -> Option<(Response, String)> {
    let annotations = &location.annotations;
    if let Some(answer) = too_large(request, location) {
        return Some(answer);
    }
    if let Some(reason) = &annotations.denied {
        return Some((Response::status(503), format!("the location is denied: {reason}")));
    }
    let snippets = annotations.snippets.join(", ");
    let missing = format!("what nginx does with {snippets}, which is configuration of its own");
    (!snippets.is_empty()).then(|| (Response::Undetermined { missing: missing.clone() }, missing))
}

// ingress-nginx: rootfs/etc/nginx/lua/lua_ingress.lua redirect_to_https
fn ssl_redirect(
    config: &Config,
    request: &HttpRequest,
    location: &Location,
    has_certificate: bool,
) -> Option<(Response, String)> {
    let annotations = &location.annotations;
    if location.force_no_ssl_redirect || scheme(config, request) != "http" {
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
    let mut host = without_port(best_host(config, request)).to_owned();
    if annotations.port_in_redirects {
        host = format!("{host}:{}", config.settings.https_port);
    }
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
        return vec![Way { share: Share::ALL, upstream: None, why: why.into(), missing: None }];
    };
    match canary_split(config, id, request, has_endpoints) {
        Some(split) => {
            let ways = split.ways.into_iter();
            ways.map(|(upstream, share)| Way {
                share,
                upstream: Some(upstream),
                why: split.why.clone(),
                missing: split.missing.clone(),
            })
            .collect()
        }
        None => vec![Way { share: Share::ALL, upstream: Some(id), why: String::new(), missing: None }],
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
