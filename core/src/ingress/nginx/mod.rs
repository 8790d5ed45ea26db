//! The behaviour of ingress-nginx v1.15.1, its last release: from Ingresses to nginx servers and
//! locations, and from a request to an answer.

pub(crate) mod annotations;
mod build;
mod canary;
mod cors;
mod index;
mod matching;
mod md5;
mod merge;
mod pattern;
mod render;
mod respond;
mod validate;
mod webhook;

pub use render::{Dropped, NginxLocation, NginxServer, NginxTable};
pub use webhook::Refusal;

pub(crate) use build::{build, load_secret};
pub(crate) use canary::split as canary_split;
pub(crate) use matching::{Chosen, Found};
pub(crate) use render::table;
pub(crate) use respond::{Reply, certificate, reply};
pub(crate) use webhook::{Admitted, inspect, review};

use super::regex::{Regex, Trouble};
use super::spec::{Place, RuleRef};
use super::tls::CertificateData;
use annotations::{Affinity, Annotations, Canary, ClientCertificate};
use pattern::{Literals, Pattern};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// How nginx compares a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Modifier {
    /// `= "path"`.
    Exact,
    /// `"path"`, the longest wins.
    Prefix,
    /// `~* "^path"`, the first in order wins.
    Regex,
}

/// Where a location came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A path of a rule.
    Rule(RuleRef),
    /// The `/` that every server has; `spec.defaultBackend` of an Ingress when there is one.
    Generated { ingress: Option<u32> },
    /// The catch-all server's `/`, taken by an Ingress without rules.
    CatchAll(u32),
}

/// Index into [`Config::upstreams`]; `None` is the controller's own default backend.
pub(crate) type UpstreamId = Option<u32>;

/// One nginx location.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    pub(crate) path: String,
    /// The path in the Ingress, before normalisation.
    pub(crate) ingress_path: String,
    pub(crate) modifier: Modifier,
    /// The pathType after ImplementationSpecific has become Prefix.
    pub(crate) exact_type: bool,
    pub(crate) cause: Cause,
    pub(crate) is_default: bool,
    pub(crate) upstream: UpstreamId,
    pub(crate) annotations: Arc<Annotations>,
    pub(crate) force_no_ssl_redirect: bool,
    /// Set when the server is in regex mode.
    pattern: Option<Result<Pattern, Trouble>>,
    /// The expression of the rewrite, compiled when the first request needs it.
    rewriting: OnceLock<Result<Regex, Trouble>>,
}

impl Location {
    /// The Ingress whose annotations it carries.
    pub(crate) fn ingress(&self) -> Option<u32> {
        match self.cause {
            Cause::Rule(rule) => Some(rule.ingress),
            Cause::Generated { ingress } => ingress,
            Cause::CatchAll(ingress) => Some(ingress),
        }
    }

    /// `= "/foo"`, `"/foo/"` or `~* "^/foo"`.
    // ingress-nginx: internal/ingress/controller/template/template.go buildLocation
    pub(crate) fn directive(&self) -> String {
        match self.modifier {
            Modifier::Exact => format!("= \"{}\"", self.path),
            Modifier::Prefix => format!("\"{}\"", self.path),
            Modifier::Regex => format!("~* \"^{}\"", self.path),
        }
    }

    /// What of an Ingress made this location; `None` for the controller's own.
    pub(crate) fn place(&self) -> Option<Place> {
        match self.cause {
            Cause::Rule(rule) => Some(Place::Rule(rule)),
            Cause::CatchAll(ingress) => Some(Place::Default(ingress)),
            Cause::Generated { ingress } => {
                Some(Place::Default(ingress.filter(|_| self.upstream.is_some())?))
            }
        }
    }

    /// The target that a request's path is rewritten to, if it is.
    // ingress-nginx: template.go buildProxyPass, needsRewrite
    pub(crate) fn rewrite(&self) -> Option<&str> {
        let target = self.annotations.rewrite_target.as_str();
        (!target.is_empty() && target != self.path).then_some(target)
    }

    /// The expression of `rewrite "(?i)path"`, which is not anchored.
    fn rewriting(&self) -> &Result<Regex, Trouble> {
        self.rewriting.get_or_init(|| Regex::new(&self.path, true))
    }
}

/// The certificate of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerCertificate {
    /// No tls section mentions it.
    None,
    /// The controller's default certificate, with the reason.
    Default(String),
    /// A Secret's.
    Secret { namespace: String, name: String, data: Arc<CertificateData> },
}

/// One nginx server.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// Host as in the rule; `_` for the catch-all.
    pub(crate) host: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) locations: Vec<Location>,
    pub(crate) regex_mode: bool,
    pub(crate) certificate: ServerCertificate,
    /// The Secret that the tls section chooses, loaded or not.
    pub(crate) tls_secret: Option<String>,
    pub(crate) from_to_www: bool,
    pub(crate) ssl_passthrough: bool,
    /// What `auth-tls-secret` asks of clients of this host.
    pub(crate) client_certificate: Option<ClientCertificate>,
    /// The app-root of the first location that has one.
    pub(crate) app_root: Option<String>,
    exact: BTreeMap<Box<str>, u32>,
    prefix: BTreeMap<Box<str>, u32>,
    literals: Literals,
    /// The first location of each rule, sorted.
    by_rule: Vec<(RuleRef, u32)>,
}

/// One Service port as nginx balances over it; shared by every Ingress that names it.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    pub(crate) namespace: String,
    pub(crate) service: String,
    pub(crate) port: String,
    pub(crate) service_upstream: bool,
    /// A canary: no location leads to it.
    pub(crate) no_server: bool,
    pub(crate) policy: Option<Canary>,
    pub(crate) alternatives: Vec<u32>,
    /// Deleted, because a canary path has no main location.
    pub(crate) removed: bool,
    pub(crate) affinity: Affinity,
    /// Host and path pairs that get the affinity cookie.
    pub(crate) affinity_paths: BTreeSet<(String, String)>,
    pub(crate) ingress: u32,
    pub(crate) field: String,
}

/// A redirect between `www.host` and `host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WwwRedirect {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) server: u32,
}

/// Everything nginx is configured with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) servers: Vec<Server>,
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) redirects: Vec<WwwRedirect>,
    /// What nginx refuses the whole configuration for.
    pub(crate) rejected: Vec<String>,
    /// Ingresses that the controller drops, and why.
    pub(crate) dropped: Vec<(u32, String)>,
    pub(crate) settings: ConfigMap,
    exact_names: BTreeMap<Box<str>, u32>,
    /// `*.foo.com` aliases, keyed by what follows `*.`.
    wildcard_names: BTreeMap<Box<str>, u32>,
    /// Positions in [`Config::redirects`] by the name redirected from.
    redirect_names: BTreeMap<Box<str>, u32>,
    /// Ingresses that are canaries.
    pub(crate) canaries: BTreeSet<u32>,
    /// Keyed by what follows `*.`.
    label_names: BTreeMap<Box<str>, u32>,
    regex_names: Vec<(Regex, u32)>,
    certified: BTreeMap<Box<str>, u32>,
}

/// The keys of the controller's ConfigMap that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConfigMap {
    pub(crate) redirect_code: u16,
    pub(crate) hsts: Option<String>,
    pub(crate) no_redirect_paths: Vec<String>,
    pub(crate) use_forwarded_headers: bool,
    /// Locations that ask for no password.
    pub(crate) no_auth_paths: Vec<String>,
    /// Handshakes for names without a server are refused.
    pub(crate) rejects_handshake: bool,
    /// `--enable-ssl-passthrough`.
    pub(crate) ssl_passthrough: bool,
    pub(crate) https_port: u16,
}
