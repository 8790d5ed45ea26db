//! From Ingresses to servers and locations.

use super::annotations::{self, Affinity, Annotations};
use super::index::{index_locations, index_names, split_prefixes};
use super::pattern::{Literals, Tails};
use super::validate;
use super::{Cause, Config, ConfigMap, Location, Modifier, Server, ServerCertificate, Upstream, UpstreamId};
use crate::ingress::backend::port_text;
use crate::ingress::controllers::{Controller, namespace_of};
use crate::ingress::spec::RuleRef;
use crate::ingress::tls::{self, CertificateData};
use crate::manifest::api::meta::Labels;
use crate::manifest::api::networking_v1::{Ingress, IngressServiceBackend};
use crate::model::{Snapshot, Stored};
use crate::order::{self, SliceOrder};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// Name of the catch-all server.
pub(crate) const CATCH_ALL: &str = "_";

pub(super) struct Builder<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) order: Vec<u32>,
    parsed: BTreeMap<u32, Arc<Annotations>>,
    pub(super) upstreams: Vec<Upstream>,
    by_name: BTreeMap<(String, String, String), u32>,
    pub(super) servers: BTreeMap<String, Server>,
    /// Per host the positions of the locations of each path.
    pub(super) paths: BTreeMap<String, BTreeMap<Box<str>, Vec<u32>>>,
    /// The position of each Secret by namespace and name.
    pub(super) secrets: BTreeMap<(&'a str, &'a str), usize>,
    certificates: BTreeMap<(String, String), Result<Arc<CertificateData>, String>>,
    no_redirect_paths: Vec<String>,
}

/// Builds what nginx is configured with from the Ingresses `order`, oldest first.
// ingress-nginx: internal/ingress/controller/controller.go getBackendServers
pub(crate) fn build(snapshot: &Snapshot, controller: &Controller, order: &[u32]) -> Config {
    let flags = &controller.flags;
    let settings = ConfigMap {
        ssl_passthrough: flags.ssl_passthrough,
        https_port: flags.https_port,
        ..config_map(&controller.config)
    };
    let mut dropped = Vec::new();
    let order = order.iter().copied().filter(|index| {
        let Some(stored) = snapshot.ingresses.get(*index as usize) else { return false };
        let refusal = not_read(stored, &controller.config);
        let is_read = refusal.is_none();
        dropped.extend(refusal.map(|why| (*index, why)));
        is_read
    });
    let order: Vec<u32> = order.collect();
    let secrets = snapshot.secrets.iter().enumerate().rev();
    let secrets = secrets.map(|(at, stored)| ((namespace_of(stored), stored.object.name.as_str()), at));
    let mut builder = Builder {
        snapshot,
        parsed: BTreeMap::new(),
        upstreams: Vec::new(),
        by_name: BTreeMap::new(),
        servers: BTreeMap::new(),
        paths: BTreeMap::new(),
        secrets: order::map(secrets),
        certificates: BTreeMap::new(),
        no_redirect_paths: settings.no_redirect_paths.clone(),
        order,
    };
    for index in builder.order.clone() {
        if let Some(stored) = snapshot.ingresses.get(index as usize) {
            let mut parsed = annotations::parse(&stored.value.metadata.annotations, &controller.config);
            let across = controller.config.get("allow-cross-namespace-resources");
            builder.judge_secrets(
                &mut parsed,
                namespace_of(stored),
                across.is_some_and(|flag| flag == "true"),
            );
            builder.parsed.insert(index, Arc::new(parsed));
        }
    }
    builder.create_upstreams();
    builder.create_servers();
    builder.add_paths();
    builder.merge_canaries();
    let mut config = Config { dropped, settings, ..Config::default() };
    builder.finish(&mut config);
    config
}

/// Why the controller leaves an Ingress out as if it were not there.
// ingress-nginx: internal/ingress/controller/store/store.go syncIngress
fn not_read(stored: &Stored<Ingress>, config: &Labels) -> Option<String> {
    let annotations = &stored.value.metadata.annotations;
    let inspected = super::inspect(&stored.value, &super::webhook::full_name(stored));
    let blocked = || {
        validate::blocked(annotations, config)
            .map(|(key, word)| format!("{key} annotation contains invalid word {word}"))
    };
    inspected.or_else(blocked).or_else(|| validate::risk(annotations, config))
}

// ingress-nginx: internal/ingress/controller/config/config.go NewDefault
fn config_map(data: &Labels) -> ConfigMap {
    let flag = |name: &str, default: bool| data.get(name).map_or(default, |value| value == "true");
    let hsts = flag("hsts", true).then(|| {
        let age = data.get("hsts-max-age").map_or("31536000", String::as_str);
        let subdomains = if flag("hsts-include-subdomains", true) { "; includeSubDomains" } else { "" };
        let preload = if flag("hsts-preload", false) { "; preload" } else { "" };
        format!("max-age={age}{subdomains}{preload}")
    });
    let paths = |name: &str| -> Vec<String> {
        let list = data.get(name).map_or("/.well-known/acme-challenge", String::as_str);
        list.split(',').map(|path| path.trim().to_owned()).filter(|path| !path.is_empty()).collect()
    };
    ConfigMap {
        redirect_code: match data.get("http-redirect-code").map(String::as_str) {
            Some("301") => 301,
            Some("302") => 302,
            Some("307") => 307,
            _ => 308,
        },
        hsts,
        no_redirect_paths: paths("no-tls-redirect-locations"),
        no_auth_paths: paths("no-auth-locations"),
        rejects_handshake: flag("ssl-reject-handshake", false),
        ssl_passthrough: false,
        https_port: 443,
        use_forwarded_headers: flag("use-forwarded-headers", false),
    }
}

impl<'a> Builder<'a> {
    pub(super) fn ingress(&self, index: u32) -> Option<&'a Ingress> {
        self.snapshot.ingresses.get(index as usize).map(|stored| &stored.value)
    }

    pub(super) fn namespace(&self, index: u32) -> &'a str {
        self.snapshot.ingresses.get(index as usize).map_or("", namespace_of)
    }

    pub(super) fn annotations(&self, index: u32) -> Arc<Annotations> {
        self.parsed.get(&index).cloned().unwrap_or_default()
    }

    pub(super) fn upstream(&self, namespace: &str, backend: &IngressServiceBackend) -> Option<u32> {
        self.by_name.get(&(namespace.to_owned(), backend.name.clone(), port_text(backend))).copied()
    }

    // ingress-nginx: controller.go createUpstreams
    fn create_upstreams(&mut self) {
        for index in self.order.clone() {
            let Some(ingress) = self.ingress(index) else { continue };
            let default = ingress.spec.default_backend.as_ref().and_then(|backend| backend.service.as_ref());
            if let Some(service) = default {
                self.add_upstream(index, service, "spec.defaultBackend".into(), true);
            }
            for (rule_index, rule) in ingress.spec.rules.iter().enumerate() {
                let paths = rule.http.iter().flat_map(|http| &http.paths);
                for (path_index, path) in paths.enumerate() {
                    if let Some(service) = &path.backend.service {
                        let field = format!("spec.rules[{rule_index}].http.paths[{path_index}].backend");
                        self.add_upstream(index, service, field, false);
                    }
                }
            }
        }
    }

    /// A default backend makes its upstream anew; a path keeps the one that is there.
    fn add_upstream(&mut self, index: u32, service: &IngressServiceBackend, field: String, replace: bool) {
        let namespace = self.namespace(index).to_owned();
        let key = (namespace.clone(), service.name.clone(), port_text(service));
        let existing = self.by_name.get(&key).copied();
        if existing.is_some() && !replace {
            return;
        }
        let annotations = self.annotations(index);
        let upstream = Upstream {
            namespace,
            service: service.name.clone(),
            port: port_text(service),
            service_upstream: annotations.service_upstream,
            no_server: annotations.canary.enabled,
            policy: annotations.canary.enabled.then(|| annotations.canary.clone()),
            alternatives: Vec::new(),
            removed: false,
            affinity: Affinity::default(),
            affinity_paths: BTreeSet::new(),
            ingress: index,
            field,
        };
        match existing.and_then(|id| self.upstreams.get_mut(id as usize)) {
            Some(slot) => *slot = upstream,
            None => {
                self.by_name.insert(key, self.upstreams.len() as u32);
                self.upstreams.push(upstream);
            }
        }
    }

    fn location(
        &self,
        path: &str,
        exact_type: bool,
        cause: Cause,
        upstream: UpstreamId,
        annotations: Arc<Annotations>,
    ) -> Location {
        Location {
            path: path.to_owned(),
            ingress_path: path.to_owned(),
            modifier: Modifier::Prefix,
            exact_type,
            is_default: matches!(cause, Cause::Generated { .. }),
            cause,
            upstream,
            annotations,
            force_no_ssl_redirect: false,
            pattern: None,
            rewriting: OnceLock::new(),
        }
    }

    fn server(&self, host: &str, root: Location, certificate: ServerCertificate) -> Server {
        Server {
            host: host.to_owned(),
            aliases: Vec::new(),
            locations: vec![root],
            regex_mode: false,
            certificate,
            tls_secret: None,
            from_to_www: false,
            ssl_passthrough: false,
            client_certificate: None,
            app_root: None,
            exact: BTreeMap::new(),
            prefix: BTreeMap::new(),
            literals: Literals::default(),
            by_rule: Vec::new(),
        }
    }

    // ingress-nginx: controller.go createServers
    fn create_servers(&mut self) {
        let plain = annotations::parse(&Labels::new(), &Labels::new());
        let default_annotations = Arc::new(Annotations { ssl_redirect: false, ..plain });
        let no_cause = Cause::Generated { ingress: None };
        let root = self.location("/", false, no_cause, None, default_annotations.clone());
        let fake = ServerCertificate::Default("it is the catch-all server".into());
        self.servers.insert(CATCH_ALL.into(), self.server(CATCH_ALL, root, fake));
        for index in self.order.clone() {
            let Some(ingress) = self.ingress(index) else { continue };
            let annotations = self.annotations(index);
            if annotations.canary.enabled {
                continue;
            }
            let service = ingress.spec.default_backend.as_ref().and_then(|backend| backend.service.as_ref());
            let default = service.and_then(|service| self.upstream(self.namespace(index), service));
            if default.is_some() && ingress.spec.rules.is_empty() {
                let root = self.servers.get_mut(CATCH_ALL).and_then(|server| server.locations.first_mut());
                if let Some(root) = root.filter(|root| root.is_default) {
                    // redirects and rewrites of the Ingress do not reach the catch-all
                    let kept = Annotations {
                        redirect: None,
                        rewrite_target: String::new(),
                        use_regex: false,
                        app_root: String::new(),
                        ssl_redirect: false,
                        force_ssl_redirect: false,
                        ..(*annotations).clone()
                    };
                    root.is_default = false;
                    root.upstream = default;
                    root.cause = Cause::CatchAll(index);
                    root.annotations = Arc::new(kept);
                }
            }
            for rule in &ingress.spec.rules {
                let host = server_host(&rule.host);
                if !self.servers.contains_key(host) {
                    let cause = Cause::Generated { ingress: Some(index) };
                    let root = self.location("/", false, cause, default, annotations.clone());
                    let mut server = self.server(host, root, ServerCertificate::None);
                    server.ssl_passthrough = annotations.ssl_passthrough;
                    self.servers.insert(host.to_owned(), server);
                }
            }
        }
        self.name_servers();
    }

    /// Aliases and certificates.
    fn name_servers(&mut self) {
        let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for index in self.order.clone() {
            let Some(ingress) = self.ingress(index) else { continue };
            let annotations = self.annotations(index);
            if annotations.canary.enabled {
                continue;
            }
            for rule in &ingress.spec.rules {
                let host = server_host(&rule.host).to_owned();
                let names = aliases.entry(host.clone()).or_default();
                if names.is_empty() {
                    names.clone_from(&annotations.aliases);
                }
                let unset = self
                    .servers
                    .get(&host)
                    .is_some_and(|server| server.certificate == ServerCertificate::None);
                if unset && !ingress.spec.tls.is_empty() {
                    let (secret, certificate) = self.certificate(&host, self.namespace(index), ingress);
                    if let Some(server) = self.servers.get_mut(&host) {
                        server.certificate = certificate;
                        server.tls_secret = secret;
                    }
                }
            }
        }
        for (host, names) in aliases {
            let mut names: Vec<String> =
                names.into_iter().filter(|name| !self.servers.contains_key(name)).collect();
            names.order();
            names.dedup();
            if let Some(server) = self.servers.get_mut(&host) {
                server.aliases = names;
            }
        }
    }

    /// The certificate that `ingress` gives to `host`.
    // ingress-nginx: controller.go extractTLSSecretName, createServers
    fn certificate(
        &mut self,
        host: &str,
        namespace: &str,
        ingress: &Ingress,
    ) -> (Option<String>, ServerCertificate) {
        let listed =
            ingress.spec.tls.iter().find(|tls| tls.hosts.iter().any(|name| name.eq_ignore_ascii_case(host)));
        let name = match listed {
            Some(tls) => tls.secret_name.clone(),
            None => {
                let covering = ingress.spec.tls.iter().find(|tls| {
                    !tls.secret_name.is_empty()
                        && self
                            .load(namespace, &tls.secret_name)
                            .is_ok_and(|certificate| certificate.covers(host))
                });
                covering.map(|tls| tls.secret_name.clone()).unwrap_or_default()
            }
        };
        if name.is_empty() {
            let why = match listed {
                Some(_) => format!("the tls entry that lists {host} has no secretName"),
                None => format!("no tls entry lists {host} and no Secret of the others covers it"),
            };
            return (None, ServerCertificate::Default(why));
        }
        let certificate = match self.load(namespace, &name) {
            Ok(data) if data.covers(host) => {
                ServerCertificate::Secret { namespace: namespace.to_owned(), name: name.clone(), data }
            }
            Ok(_) => {
                let why = format!("the certificate in Secret {namespace}/{name} does not cover {host}");
                ServerCertificate::Default(why)
            }
            Err(why) => ServerCertificate::Default(format!("Secret {namespace}/{name} {why}")),
        };
        (Some(name), certificate)
    }

    fn load(&mut self, namespace: &str, name: &str) -> Result<Arc<CertificateData>, String> {
        let key = (namespace.to_owned(), name.to_owned());
        if let Some(known) = self.certificates.get(&key) {
            return known.clone();
        }
        let stored = self.secrets.get(&(namespace, name)).and_then(|at| self.snapshot.secrets.get(*at));
        let loaded = match stored {
            Some(stored) => tls::from_secret(&stored.value).map(Arc::new).map_err(str::to_owned),
            None => Err("does not exist".to_owned()),
        };
        self.certificates.insert(key, loaded.clone());
        loaded
    }

    // ingress-nginx: controller.go getBackendServers, the loop over rules and paths
    fn add_paths(&mut self) {
        for index in self.order.clone() {
            let Some(ingress) = self.ingress(index) else { continue };
            let annotations = self.annotations(index);
            for (rule_index, rule) in ingress.spec.rules.iter().enumerate() {
                let named = server_host(&rule.host);
                let host = if self.servers.contains_key(named) { named } else { CATCH_ALL }.to_owned();
                let Some(http) = &rule.http else { continue };
                self.add_client_certificate(&host, &annotations);
                for (path_index, path) in http.paths.iter().enumerate() {
                    let Some(service) = &path.backend.service else { continue };
                    let Some(id) = self.upstream(self.namespace(index), service) else { continue };
                    if self.upstreams.get(id as usize).is_none_or(|upstream| upstream.no_server) {
                        continue;
                    }
                    let text = if path.path.is_empty() { "/" } else { path.path.as_str() };
                    let exact = path.path_type.as_deref() == Some("Exact");
                    let rule = RuleRef { ingress: index, rule: rule_index as u32, path: path_index as u32 };
                    self.add_path(&host, text, exact, rule, id, &annotations);
                    self.add_affinity(&host, named, text, id, &annotations);
                }
            }
        }
    }

    /// The first fault closes the whole host; else the first Ingress that asks for certificates counts.
    fn add_client_certificate(&mut self, host: &str, annotations: &Annotations) {
        let Some(wanted) = &annotations.auth_tls else { return };
        let Some(server) = self.servers.get_mut(host) else { return };
        let better = match &server.client_certificate {
            None => true,
            Some(given) => given.fault.is_none() && wanted.fault.is_some(),
        };
        if better {
            server.client_certificate = Some(wanted.clone());
        }
    }

    fn add_path(
        &mut self,
        host: &str,
        text: &str,
        exact: bool,
        rule: RuleRef,
        id: u32,
        annotations: &Arc<Annotations>,
    ) {
        let new = self.location(text, exact, Cause::Rule(rule), Some(id), annotations.clone());
        let Some(server) = self.servers.get_mut(host) else { return };
        let paths =
            self.paths.entry(host.to_owned()).or_insert_with(|| BTreeMap::from([("/".into(), vec![0])]));
        // the scan stops at the first location of the same path, whatever its type
        let first = paths.get(text).and_then(|positions| positions.first().copied());
        match first.and_then(|position| server.locations.get_mut(position as usize)) {
            Some(location) if location.exact_type == exact => {
                if !location.is_default {
                    return;
                }
                *location = new;
            }
            _ => {
                paths.entry(text.into()).or_default().push(server.locations.len() as u32);
                server.locations.push(new);
            }
        }
        server.from_to_www |= annotations.from_to_www;
    }

    fn add_affinity(&mut self, host: &str, named: &str, text: &str, id: u32, annotations: &Annotations) {
        if !annotations.affinity.cookie {
            return;
        }
        let aliases = self.servers.get(host).map(|server| server.aliases.clone()).unwrap_or_default();
        let Some(upstream) = self.upstreams.get_mut(id as usize) else { return };
        upstream.affinity = annotations.affinity.clone();
        upstream.affinity_paths.insert((named.to_owned(), text.to_owned()));
        upstream.affinity_paths.extend(aliases.into_iter().map(|alias| (alias, text.to_owned())));
    }

    fn finish(self, config: &mut Config) {
        config.canaries =
            order::set(self.order.iter().copied().filter(|index| self.annotations(*index).canary.enabled));
        config.upstreams = self.upstreams;
        let mut tails = Tails::default();
        for (_, mut server) in self.servers {
            server.locations.order_by(|a, b| b.path.cmp(&a.path));
            server.locations.order_by_key(|location| std::cmp::Reverse(location.path.len()));
            server.locations = split_prefixes(std::mem::take(&mut server.locations));
            server.regex_mode = server
                .locations
                .iter()
                .any(|location| location.rewrite().is_some() || location.annotations.use_regex);
            for location in &mut server.locations {
                location.force_no_ssl_redirect =
                    self.no_redirect_paths.iter().any(|path| location.path.starts_with(path.as_str()));
                location.modifier = match (server.regex_mode, location.exact_type) {
                    (true, _) => Modifier::Regex,
                    (false, true) => Modifier::Exact,
                    (false, false) => Modifier::Prefix,
                };
            }
            index_locations(&mut server, &mut tails, &mut config.rejected);
            config.servers.push(server);
        }
        index_names(config);
    }
}

pub(super) fn server_host(host: &str) -> &str {
    if host.is_empty() { CATCH_ALL } else { host }
}

/// The certificate in a Secret; the error goes after the Secret's name.
pub(crate) fn load_secret(
    snapshot: &Snapshot,
    namespace: &str,
    name: &str,
) -> Result<CertificateData, String> {
    let secret = snapshot
        .secrets
        .iter()
        .find(|stored| namespace_of(stored) == namespace && stored.object.name == name);
    let secret = secret.ok_or_else(|| "does not exist".to_owned())?;
    tls::from_secret(&secret.value).map_err(str::to_owned)
}
