//! From a request to a server and a location, as nginx does it.

use super::{Config, Location, Modifier, Server, WwwRedirect};
use crate::ingress::regex::Trouble;
use crate::ingress::request::HttpRequest;
use crate::ingress::spec::RuleRef;
use crate::ingress::uri;

/// The server that takes a request.
#[derive(Debug)]
pub(crate) enum Chosen<'a> {
    /// A server block and how its name matched.
    Server(&'a Server),
    /// A redirect between `www.host` and `host`.
    Redirect(&'a WwwRedirect),
    /// The Host header is refused with 400.
    BadRequest(&'static str),
}

/// What the locations of a server say to a path.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// This location takes it.
    Location(&'a Location),
    /// nginx redirects to the same path with a slash, as this location would take it there.
    SlashRedirect(&'a Location),
    /// The request target is refused with 400.
    BadRequest(&'static str),
    /// A regular expression that comes first cannot be judged.
    NotModelled(&'a Location),
    /// A location that the controller keeps for itself answers with this status.
    Own(u16, &'static str),
}

impl Config {
    /// The server for a host.
    // nginx: src/http/ngx_http_request.c ngx_http_find_virtual_server: exact, wildcard, regex in order, default
    pub(crate) fn server(&self, request: &HttpRequest) -> Chosen<'_> {
        if request.host.as_deref().is_some_and(|host| !uri::valid_host(host)) {
            return Chosen::BadRequest("the Host header is not a host name");
        }
        let name = request.host_name().unwrap_or_default();
        if let Some(server) =
            self.exact_names.get(name.as_str()).and_then(|id| self.servers.get(*id as usize))
        {
            return Chosen::Server(server);
        }
        if let Some(redirect) =
            self.redirect_names.get(name.as_str()).and_then(|at| self.redirects.get(*at as usize))
        {
            return Chosen::Redirect(redirect);
        }
        // the longest wildcard name first; it covers any number of labels
        let mut rest = name.as_str();
        while let Some((label, parent)) = rest.split_once('.') {
            if let Some(server) = self
                .wildcard_names
                .get(parent)
                .filter(|_| !label.is_empty() || rest.len() < name.len())
                .and_then(|id| self.servers.get(*id as usize))
            {
                return Chosen::Server(server);
            }
            rest = parent;
        }
        let word = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        };
        let parent = name.split_once('.').filter(|(label, _)| word(label)).map(|(_, parent)| parent);
        if let Some(server) = parent
            .and_then(|parent| self.label_names.get(parent))
            .and_then(|id| self.servers.get(*id as usize))
        {
            return Chosen::Server(server);
        }
        if let Some((_, id)) = self.regex_names.iter().find(|(regex, _)| regex.is_match(&name))
            && let Some(server) = self.servers.get(*id as usize)
        {
            return Chosen::Server(server);
        }
        match self.exact_names.get(super::build::CATCH_ALL).and_then(|id| self.servers.get(*id as usize)) {
            Some(server) => Chosen::Server(server),
            None => Chosen::BadRequest("nginx has no default server"),
        }
    }

    /// The server whose certificate a handshake for `name` shows.
    // ingress-nginx: rootfs/etc/nginx/lua/certificate.lua get_pem_cert_uid
    pub(crate) fn certified(&self, name: &str) -> Option<&Server> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let id = self.certified.get(name).or_else(|| {
            let (label, parent) = name.split_once('.')?;
            (!label.is_empty()).then(|| self.certified.get(format!("*.{parent}").as_str()))?
        })?;
        self.servers.get(*id as usize)
    }
}

impl Server {
    /// The location for a request.
    // nginx: src/http/ngx_http_core_module.c ngx_http_core_find_location
    pub(crate) fn find(&self, request: &HttpRequest) -> (Option<String>, Found<'_>) {
        let raw = request.raw_path();
        let Some(path) = uri::normalize(raw) else {
            return (None, Found::BadRequest("the path leaves the root or is not a valid URI"));
        };
        let found = self.locate(&path);
        (Some(path), found)
    }

    /// The location that a rule made.
    pub(crate) fn of_rule(&self, rule: RuleRef) -> Option<&Location> {
        let at = self.by_rule.binary_search_by_key(&rule, |(rule, _)| *rule).ok()?;
        self.locations.get(self.by_rule.get(at)?.1 as usize)
    }

    /// In regex mode the locations that are tried for `path`, in order; empty otherwise.
    pub(crate) fn tried(&self, path: &str) -> impl Iterator<Item = &Location> {
        let fitting = self.literals.fitting(&path.to_ascii_lowercase());
        fitting.filter_map(|position| self.locations.get(position as usize))
    }

    /// The prefix locations that only the catch-all server has.
    // ingress-nginx: rootfs/etc/nginx/template/nginx.tmpl, `if eq $server.Hostname "_"`
    fn own(&self, path: &str) -> Option<(&'static str, u16, &'static str)> {
        let own = [
            ("/healthz", 200, "the catch-all server answers health checks itself"),
            ("/nginx_status", 403, "the catch-all server shows its status only to itself"),
        ];
        let is_catch_all = self.host == super::build::CATCH_ALL;
        own.into_iter().find(|(prefix, ..)| is_catch_all && path.starts_with(prefix))
    }

    fn locate(&self, path: &str) -> Found<'_> {
        if self.regex_mode {
            let fitting = self.literals.fitting(&path.to_ascii_lowercase());
            for location in fitting.filter_map(|position| self.locations.get(position as usize)) {
                match &location.pattern {
                    Some(Ok(pattern)) if pattern.is_match(path) => return Found::Location(location),
                    Some(Err(Trouble::NotModelled)) => return Found::NotModelled(location),
                    _ => {}
                }
            }
            return Found::BadRequest("no location matches");
        }
        let at = |id: &u32| self.locations.get(*id as usize);
        if let Some(location) = self.exact.get(path).and_then(at) {
            return Found::Location(location);
        }
        let slashed = format!("{path}/");
        let redirecting =
            self.prefix.get(slashed.as_str()).or_else(|| self.exact.get(slashed.as_str())).and_then(at);
        // only locations that proxy redirect
        if let Some(location) = redirecting.filter(|location| location.annotations.denied.is_none()) {
            return Found::SlashRedirect(location);
        }
        let own = self.own(path);
        let mut end = path.len();
        while let Some(prefix) = path.get(..end) {
            if let Some((_, status, why)) = own.filter(|(own, ..)| own.len() >= end) {
                return Found::Own(status, why);
            }
            if let Some(location) = self.prefix.get(prefix).and_then(at) {
                return Found::Location(location);
            }
            // prefix locations end in a slash: go to the one before
            let Some(slash) = prefix.trim_end_matches('/').rfind('/') else { break };
            end = slash + 1;
        }
        Found::BadRequest("no location matches")
    }
}

impl Location {
    /// Why this location lost against `winner` for `path`, for the explanation.
    pub(crate) fn why_lost(&self, path: &str, winner: Option<&Self>) -> String {
        let fits = match self.modifier {
            Modifier::Exact => self.path == path,
            Modifier::Prefix => path.starts_with(self.path.as_str()),
            Modifier::Regex => match &self.pattern {
                Some(Ok(pattern)) => pattern.is_match(path),
                Some(Err(Trouble::NotModelled)) => {
                    return format!("`{}` uses a part of PCRE that is not modelled", self.path);
                }
                _ => return format!("`{}` is not a regular expression", self.path),
            },
        };
        if !fits {
            return format!("location {} does not match {path}", self.directive());
        }
        match (winner, self.modifier) {
            (Some(winner), Modifier::Regex) => {
                format!(
                    "location {} matches too, but {} comes before it",
                    self.directive(),
                    winner.directive()
                )
            }
            (Some(winner), _) if winner.modifier == Modifier::Exact => {
                format!("location {} matches too, but {} is exact", self.directive(), winner.directive())
            }
            (Some(winner), _) => {
                format!("location {} matches too, but {} is longer", self.directive(), winner.directive())
            }
            (None, _) => {
                format!("location {} matches, but the request was answered before", self.directive())
            }
        }
    }
}
