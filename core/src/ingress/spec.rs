//! The behaviour that the API documentation specifies.
//!
//! A request costs one lookup of its host and one per segment of its path, however many rules there are.

use super::request::HttpRequest;
use crate::manifest::api::networking_v1::{HttpIngressPath, IngressBackend};
use crate::model::Snapshot;
use std::collections::BTreeMap;

/// One path of one rule: indexes into the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RuleRef {
    pub(crate) ingress: u32,
    pub(crate) rule: u32,
    pub(crate) path: u32,
}

impl RuleRef {
    /// The path it refers to.
    pub(crate) fn get(self, snapshot: &Snapshot) -> Option<&HttpIngressPath> {
        let ingress = snapshot.ingresses.get(self.ingress as usize)?;
        let rule = ingress.value.spec.rules.get(self.rule as usize)?;
        rule.http.as_ref()?.paths.get(self.path as usize)
    }

    /// `spec.rules[0].http.paths[1]`.
    pub(crate) fn field(self) -> String {
        format!("spec.rules[{}].http.paths[{}]", self.rule, self.path)
    }
}

/// What of an Ingress takes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A path of a rule.
    Rule(RuleRef),
    /// `spec.defaultBackend` of an Ingress.
    Default(u32),
}

impl Place {
    /// The Ingress.
    pub(crate) fn ingress(self) -> u32 {
        match self {
            Self::Rule(rule) => rule.ingress,
            Self::Default(ingress) => ingress,
        }
    }

    /// The field of the Ingress.
    pub(crate) fn field(self) -> String {
        match self {
            Self::Rule(rule) => rule.field(),
            Self::Default(_) => "spec.defaultBackend".into(),
        }
    }

    /// The field of its backend.
    pub(crate) fn backend_field(self) -> String {
        match self {
            Self::Rule(rule) => format!("{}.backend", rule.field()),
            Self::Default(_) => self.field(),
        }
    }

    /// The backend.
    pub(crate) fn backend(self, snapshot: &Snapshot) -> Option<&IngressBackend> {
        match self {
            Self::Rule(rule) => Some(&rule.get(snapshot)?.backend),
            Self::Default(ingress) => {
                snapshot.ingresses.get(ingress as usize)?.value.spec.default_backend.as_ref()
            }
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Host {
    exact: BTreeMap<Box<str>, RuleRef>,
    /// Keyed without the trailing slash; `/` is the empty key.
    prefix: BTreeMap<Box<str>, RuleRef>,
    /// The oldest Ingress with a rule here that has a default backend.
    default: Option<u32>,
}

/// The rules of one controller.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    exact: BTreeMap<Box<str>, Host>,
    /// Keyed by what follows `*.`.
    wildcard: BTreeMap<Box<str>, Host>,
    any: Option<Host>,
    /// The default backend of the oldest Ingress without rules, else of the oldest with one.
    default: Option<u32>,
}

/// Which entry of a host table took the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostKind {
    Exact,
    Wildcard,
    Any,
}

impl Rules {
    /// Indexes the Ingresses `order`, oldest first.
    pub(crate) fn new(snapshot: &Snapshot, order: &[u32]) -> Self {
        let mut rules = Self::default();
        let mut lone_default = None;
        let mut any_default = None;
        for &index in order {
            let Some(stored) = snapshot.ingresses.get(index as usize) else { continue };
            let spec = &stored.value.spec;
            if spec.default_backend.is_some() {
                let slot = if spec.rules.is_empty() { &mut lone_default } else { &mut any_default };
                slot.get_or_insert(index);
            }
            for (rule_index, rule) in spec.rules.iter().enumerate() {
                let host = rules.entry(&rule.host);
                if spec.default_backend.is_some() {
                    host.default.get_or_insert(index);
                }
                let Some(http) = &rule.http else { continue };
                for (path_index, path) in http.paths.iter().enumerate() {
                    let reference =
                        RuleRef { ingress: index, rule: rule_index as u32, path: path_index as u32 };
                    if path.path_type.as_deref() == Some("Exact") {
                        host.exact.entry(path.path.as_str().into()).or_insert(reference);
                    } else {
                        let key = path.path.trim_end_matches('/');
                        host.prefix.entry(key.into()).or_insert(reference);
                    }
                }
            }
        }
        rules.default = lone_default.or(any_default);
        rules
    }

    fn entry(&mut self, host: &str) -> &mut Host {
        let host = host.to_ascii_lowercase();
        if host.is_empty() {
            self.any.get_or_insert_default()
        } else if let Some(parent) = host.strip_prefix("*.") {
            self.wildcard.entry(parent.into()).or_default()
        } else {
            self.exact.entry(host.into()).or_default()
        }
    }

    /// The host entry of a request: exact before wildcard before none; no falling through.
    fn host(&self, name: &str) -> Option<(HostKind, &Host)> {
        if let Some(host) = self.exact.get(name) {
            return Some((HostKind::Exact, host));
        }
        // k8s docs: a wildcard covers exactly one label
        let wildcard = name.split_once('.').filter(|(label, _)| !label.is_empty());
        if let Some(host) = wildcard.and_then(|(_, parent)| self.wildcard.get(parent)) {
            return Some((HostKind::Wildcard, host));
        }
        self.any.as_ref().map(|host| (HostKind::Any, host))
    }

    /// What takes `request`: the longest matching path, Exact before Prefix.
    // k8s docs: concepts/services-networking/ingress, "Multiple matches" and "Hostname wildcards"
    pub(crate) fn select(&self, request: &HttpRequest) -> (Option<HostKind>, Option<Place>) {
        let name = request.host_name().unwrap_or_default();
        let Some((kind, host)) = self.host(&name) else {
            return (None, self.default.map(Place::Default));
        };
        let path = request.raw_path();
        if let Some(rule) = host.exact.get(path) {
            return (Some(kind), Some(Place::Rule(*rule)));
        }
        let mut key = path.trim_end_matches('/');
        loop {
            if let Some(rule) = host.prefix.get(key) {
                return (Some(kind), Some(Place::Rule(*rule)));
            }
            match key.rsplit_once('/') {
                Some((parent, _)) => key = parent.trim_end_matches('/'),
                None => break,
            }
        }
        (Some(kind), host.default.or(self.default).map(Place::Default))
    }
}

/// Whether a Prefix path covers a request path: element by element, trailing slashes ignored.
pub(crate) fn prefix_covers(prefix: &str, path: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    match path.strip_prefix(prefix) {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || prefix.is_empty(),
        None => false,
    }
}

/// Whether a rule host covers a request host.
pub(crate) fn host_covers(rule: &str, host: &str) -> bool {
    if rule.is_empty() {
        return true;
    }
    if rule.eq_ignore_ascii_case(host) {
        return true;
    }
    match (rule.strip_prefix("*."), host.split_once('.')) {
        (Some(parent), Some((label, rest))) => !label.is_empty() && parent.eq_ignore_ascii_case(rest),
        _ => false,
    }
}
