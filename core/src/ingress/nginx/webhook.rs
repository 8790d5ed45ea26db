//! The validating webhook of ingress-nginx, and the inspection that the controller repeats.

use super::annotations::PREFIX;
use super::build::CATCH_ALL;
use super::validate;
use crate::ingress::controllers::{Controller, namespace_of};
use crate::manifest::ObjectRef;
use crate::manifest::api::networking_v1::{HttpIngressPath, Ingress};
use crate::model::{Snapshot, Stored};
use crate::order;
use serde::Serialize;
use std::collections::BTreeMap;

/// Why the webhook refuses an Ingress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The Ingress.
    pub ingress: ObjectRef,
    /// What the webhook says; kubectl prints `admission webhook "validate.nginx.ingress.kubernetes.io" denied
    /// the request: ` before it.
    pub message: String,
}

/// The Ingresses that the webhook has admitted so far, by host and path.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    /// With their position in the order of admission.
    by_path: BTreeMap<(String, String), Vec<(u32, u32)>>,
    count: u32,
}

/// `namespace/name`.
pub(super) fn full_name(stored: &Stored<Ingress>) -> String {
    format!("{}/{}", namespace_of(stored), stored.object.name)
}

fn server_host(host: &str) -> &str {
    if host.is_empty() { CATCH_ALL } else { host }
}

fn location_path(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

/// Every host and path of an Ingress; one without rules takes the catch-all server.
fn keys(ingress: &Ingress) -> impl Iterator<Item = (String, String)> {
    let paths = ingress.spec.rules.iter().flat_map(|rule| {
        let paths = rule.http.iter().flat_map(|http| &http.paths);
        paths.map(|path| (server_host(&rule.host).to_owned(), location_path(&path.path).to_owned()))
    });
    let catch_all = ingress.spec.rules.is_empty().then(|| (CATCH_ALL.to_owned(), "/".to_owned()));
    paths.chain(catch_all)
}

impl Admitted {
    /// Adds an Ingress.
    pub(crate) fn add(&mut self, index: u32, ingress: &Ingress) {
        for key in keys(ingress) {
            self.by_path.entry(key).or_default().push((self.count, index));
        }
        self.count += 1;
    }

    /// Those that share a host and path with `ingress`, oldest first.
    fn rivals(&self, ingress: &Ingress) -> Vec<u32> {
        let found = keys(ingress).filter_map(|key| self.by_path.get(&key)).flatten();
        order::set(found.copied()).into_iter().map(|(_, index)| index).collect()
    }
}

fn paths(ingress: &Ingress) -> impl Iterator<Item = &HttpIngressPath> {
    ingress.spec.rules.iter().flat_map(|rule| rule.http.iter().flat_map(|http| &http.paths))
}

/// The first value that the deep inspection refuses, as the controller words it; `name` is `namespace/name`.
// ingress-nginx: internal/ingress/inspector/rules.go, ingress.go InspectIngress
pub(crate) fn inspect(ingress: &Ingress, name: &str) -> Option<String> {
    let spec = &ingress.spec;
    let rules =
        spec.rules.iter().flat_map(|rule| {
            let paths = rule.http.iter().flat_map(|http| &http.paths);
            let host = (format!("invalid host in ingress {name}"), rule.host.as_str());
            std::iter::once(host).chain(paths.map(|path| {
                (format!("invalid rule in ingress {name}: invalid http path"), path.path.as_str())
            }))
        });
    let tls = spec.tls.iter().flat_map(|tls| {
        let secret = (format!("invalid secret in ingress {name}"), tls.secret_name.as_str());
        let hosts = tls.hosts.iter();
        std::iter::once(secret)
            .chain(hosts.map(|host| (format!("invalid host in ingress tls config {name}"), host.as_str())))
    });
    let found = rules.chain(tls).find(|(_, value)| suspicious(value));
    found.map(|(place, value)| format!("{place}: invalid value found: {value}"))
}

fn suspicious(value: &str) -> bool {
    let directive =
        |word: &str| value.find(word).and_then(|at| value.get(at..)).is_some_and(|rest| rest.contains(';'));
    let files = ["passwd", "shadow", "group", "nginx", "ingress-controller"];
    directive("alias")
        || directive("root")
        || files.iter().any(|file| value.contains(&format!("/etc/{file}")))
        || value.contains("/var/run/secrets")
        || value.contains("_by_lua")
}

/// `(?i)^/[[:alnum:]._\-/]*$`
// ingress-nginx: internal/ingress/inspector/inspector.go validPathType
fn plain_path(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte))
}

/// What the webhook says to `index`, created after those of `admitted`; `None` when it admits it or
/// does not judge it.
// ingress-nginx: internal/ingress/controller/controller.go CheckIngress
pub(crate) fn review(
    snapshot: &Snapshot,
    controller: &Controller,
    admitted: &Admitted,
    index: u32,
) -> Option<String> {
    let stored = snapshot.ingresses.get(index as usize)?;
    let ingress = &stored.value;
    if let Some(message) = inspect(ingress, &full_name(stored)) {
        return Some(format!("invalid object: {message}"));
    }
    let is_catch_all = ingress.spec.default_backend.is_some();
    let flags = &controller.flags;
    if flags.disable_catch_all && is_catch_all {
        return Some(
            "this deployment is trying to create a catch-all ingress while DisableCatchAll flag is set to true. \
             Remove '.spec.defaultBackend' or set DisableCatchAll flag to false"
                .into(),
        );
    }
    let setting = |name: &str| controller.config.get(name).map(String::as_str);
    if setting("strict-validate-path-type") != Some("false")
        && let Some(message) = path_types(ingress)
    {
        return Some(message);
    }
    if let Some(message) = words(controller, ingress) {
        return Some(message);
    }
    if let Some(message) = validate::risk(&ingress.metadata.annotations, &controller.config) {
        return Some(message);
    }
    overlap(snapshot, controller, admitted, index)
}

fn path_types(ingress: &Ingress) -> Option<String> {
    let judged = paths(ingress).filter(|path| !path.path.is_empty());
    let bad = judged.filter(|path| {
        path.path_type.as_deref() != Some("ImplementationSpecific") && !plain_path(&path.path)
    });
    let texts: Vec<String> = bad
        .map(|path| {
            let kind = path.path_type.as_deref().unwrap_or("<nil>");
            format!("path {} cannot be used with pathType {kind}", path.path)
        })
        .collect();
    (!texts.is_empty()).then(|| format!("ingress contains invalid paths: {}", texts.join("\n")))
}

fn words(controller: &Controller, ingress: &Ingress) -> Option<String> {
    let annotations = &ingress.metadata.annotations;
    if let Some((key, word)) = validate::blocked(annotations, &controller.config) {
        return Some(format!("{key} annotation contains invalid word {word}"));
    }
    let snippets = controller.config.get("allow-snippet-annotations").is_some_and(|value| value == "true");
    let snippet = annotations.keys().find(|key| key.ends_with("-snippet"));
    snippet.filter(|_| !snippets).map(|key| {
        format!(
            "{key} annotation cannot be used. Snippet directives are disabled by the Ingress administrator"
        )
    })
}

/// The first path that another Ingress has.
// ingress-nginx: controller.go checkOverlap, ingressForHostPath
fn overlap(snapshot: &Snapshot, controller: &Controller, admitted: &Admitted, index: u32) -> Option<String> {
    let ingress = &snapshot.ingresses.get(index as usize)?.value;
    let mut order = admitted.rivals(ingress);
    if order.is_empty() {
        return None;
    }
    order.push(index);
    let config = super::build(snapshot, controller, &order);
    let canary = |ingress: &Ingress| ingress.metadata.annotations.get(&format!("{PREFIX}canary")).cloned();
    for rule in &ingress.spec.rules {
        let host = server_host(&rule.host);
        let Some(server) = config.servers.iter().find(|server| server.host == host) else { continue };
        for path in rule.http.iter().flat_map(|http| &http.paths) {
            if path.backend.service.is_none() {
                continue;
            }
            let text = location_path(&path.path);
            let here =
                server.locations.iter().filter(|location| location.path == text && !location.is_default);
            let owners: Vec<u32> = here.filter_map(super::Location::ingress).collect();
            if owners.contains(&index) {
                continue;
            }
            for owner in owners.iter().filter_map(|owner| snapshot.ingresses.get(*owner as usize)) {
                let (mine, theirs) = (canary(ingress), canary(&owner.value));
                let both_canary = mine.as_deref() == Some("true") && theirs.as_deref() == Some("true");
                if both_canary || (mine.is_none() && theirs.is_none()) {
                    return Some(format!(
                        "host \"{host}\" and path \"{text}\" is already defined in ingress {}",
                        full_name(owner)
                    ));
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_and_files_are_suspicious() {
        for value in
            ["  alias  #\n/x/;", "root blabla ;", "/etc/nginx/x", "/var/run/secrets/y", "a_by_lua_block"]
        {
            assert!(suspicious(value), "{value}");
        }
        for value in ["/test/mypage1", "/alias/me", "/root"] {
            assert!(!suspicious(value), "{value}");
        }
    }

    #[test]
    fn plain_paths_hold_no_regular_expression() {
        assert!(plain_path("/.well-known/a_b-c"));
        assert!(!plain_path("/foo.+") && !plain_path("foo") && !plain_path("/a\nb"));
    }
}
