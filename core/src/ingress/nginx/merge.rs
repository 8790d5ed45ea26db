//! What Ingresses refer to across one another: canaries to their main locations, annotations to Secrets.

use super::annotations::Annotations;
use super::build::{Builder, CATCH_ALL, server_host};
use std::collections::BTreeMap;

impl Builder<'_> {
    /// The Secret that an annotation names, or why the controller does not take it.
    // ingress-nginx: annotations/auth/main.go, authtls/main.go, resolver GetSecurityConfiguration
    fn secret(&self, name: &str, namespace: &str, across: bool, what: &str) -> Result<usize, String> {
        let (wanted, name) = name.split_once('/').unwrap_or((namespace, name));
        if wanted != namespace && !across {
            return Err(format!(
                "{what} names a Secret of another namespace, {wanted}, which is not allowed"
            ));
        }
        let found = self.secrets.get(&(wanted, name)).copied();
        found.ok_or_else(|| format!("Secret {wanted}/{name} of {what} does not exist"))
    }

    /// Closes what the Secrets of annotations would have opened, when they are missing.
    pub(super) fn judge_secrets(&self, parsed: &mut Annotations, namespace: &str, across: bool) {
        let holds = |at: usize, key: &str| {
            let secret = self.snapshot.secrets.get(at).map(|stored| &stored.value);
            secret.is_some_and(|secret| secret.data.contains_key(key) || secret.string_data.contains_key(key))
        };
        if let Some(name) = parsed.auth_secret.as_deref().filter(|name| !name.is_empty()) {
            match self.secret(name, namespace, across, "auth-secret") {
                Err(why) => parsed.denied = Some(why),
                Ok(at) if !parsed.auth_map && !holds(at, "auth") => {
                    parsed.denied = Some(format!("Secret {name} of auth-secret has no key auth"));
                }
                Ok(_) => {}
            }
        }
        let Some(tls) = &mut parsed.auth_tls else { return };
        let found = if tls.secret.contains('/') {
            self.secret(&tls.secret, namespace, across, "auth-tls-secret")
        } else {
            Err("auth-tls-secret must be written as namespace/name".to_owned())
        };
        match found {
            Err(why) => {
                parsed.denied = Some(why.clone());
                tls.fault = Some(why);
            }
            Ok(at) if !holds(at, "ca.crt") => parsed.auth_tls = None,
            Ok(_) => {}
        }
    }

    /// Gives every canary to the upstream of the location it shares host, path and type with. One without
    /// any such location is removed, and with it what was merged before.
    // ingress-nginx: controller.go mergeAlternativeBackends, canMergeBackend
    pub(super) fn merge_canaries(&mut self) {
        let order = self.order.clone();
        let canaries: Vec<u32> =
            order.iter().copied().filter(|index| self.annotations(*index).canary.enabled).collect();
        if canaries.is_empty() || canaries.len() == order.len() {
            return;
        }
        // the first location of each upstream on each server
        let mut first: BTreeMap<String, BTreeMap<u32, u32>> = BTreeMap::new();
        for (host, server) in &self.servers {
            let ids = first.entry(host.clone()).or_default();
            for (at, location) in server.locations.iter().enumerate() {
                if let Some(id) = location.upstream {
                    ids.entry(id).or_insert(at as u32);
                }
            }
        }
        let first = |host: &str, id: u32| first.get(host).and_then(|ids| ids.get(&id)).copied();
        for index in canaries {
            let Some(ingress) = self.ingress(index) else { continue };
            let namespace = self.namespace(index);
            let default = ingress.spec.default_backend.as_ref().and_then(|backend| backend.service.as_ref());
            if let Some(canary) = default.and_then(|service| self.upstream(namespace, service)) {
                let own = first(CATCH_ALL, canary);
                self.merge_canary(index, CATCH_ALL, canary, own, None);
            }
            for rule in &ingress.spec.rules {
                let host = server_host(&rule.host);
                for path in rule.http.iter().flat_map(|http| &http.paths) {
                    let Some(service) = &path.backend.service else { continue };
                    let Some(canary) = self.upstream(namespace, service) else { continue };
                    let exact = path.path_type.as_deref() == Some("Exact");
                    let own = first(host, canary);
                    self.merge_canary(index, host, canary, own, Some((path.path.as_str(), exact)));
                }
            }
        }
    }

    /// `own` is the first location that leads to the canary's upstream anyway: the search ends there.
    fn merge_canary(
        &mut self,
        index: u32,
        host: &str,
        canary: u32,
        own: Option<u32>,
        at: Option<(&str, bool)>,
    ) {
        let removed = |id: u32, builder: &Self| {
            builder.upstreams.get(id as usize).is_none_or(|upstream| upstream.removed)
        };
        let Some(server) = self.servers.get(host).filter(|_| !removed(canary, self)) else { return };
        let positions: Vec<u32> = match at {
            Some((path, _)) => self.positions(host, path),
            None => (0..server.locations.len() as u32).collect(),
        };
        let primary = positions
            .into_iter()
            .take_while(|position| own.is_none_or(|own| *position < own))
            .find_map(|position| {
                let location = server.locations.get(position as usize)?;
                let fits = at.is_none_or(|(_, exact)| location.exact_type == exact);
                let id = location.upstream.filter(|id| fits && *id != canary)?;
                let upstream = self.upstreams.get(id as usize)?;
                (!upstream.no_server && !upstream.removed).then_some(id)
            });
        let Some(primary) = primary else {
            if own.is_none()
                && let Some(upstream) = self.upstreams.get_mut(canary as usize)
            {
                upstream.removed = true;
            }
            return;
        };
        let legacy = self.annotations(index).affinity.legacy_canary;
        let Some(upstream) = self.upstreams.get_mut(primary as usize) else { return };
        if upstream.alternatives.contains(&canary) {
            return;
        }
        upstream.alternatives.push(canary);
        let (affinity, paths) = (upstream.affinity.clone(), upstream.affinity_paths.clone());
        if let Some(alternative) = self.upstreams.get_mut(canary as usize).filter(|_| !legacy) {
            alternative.affinity = affinity;
            alternative.affinity_paths = paths;
        }
    }

    /// The positions of the locations of a path on a server.
    fn positions(&self, host: &str, path: &str) -> Vec<u32> {
        let known = self.paths.get(host).and_then(|paths| paths.get(path));
        known.cloned().unwrap_or_else(|| if path == "/" { vec![0] } else { Vec::new() })
    }
}
