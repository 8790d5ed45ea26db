//! References to other objects: what they may name, and who has granted it.

use super::objects::{GROUP, Objects, namespace};
use crate::ingress::tls::{self, CertificateData};
use crate::manifest::api::gateway_v1::{BackendRef, ObjectReference};
use crate::model::Snapshot;

/// Why a reference cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefProblem {
    /// The reason of the ResolvedRefs condition.
    pub(crate) reason: &'static str,
    /// One sentence.
    pub(crate) message: String,
}

/// A Service that a route names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceTarget {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) port: Option<i32>,
}

/// Who refers to something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct From<'a> {
    pub(crate) kind: &'a str,
    pub(crate) namespace: &'a str,
}

/// Whether a ReferenceGrant in the target's namespace allows the reference.
// gateway-api: apis/v1/referencegrant_types.go ReferenceGrantSpec
pub(crate) fn granted(
    objects: &Objects,
    from: From<'_>,
    group: &str,
    kind: &str,
    space: &str,
    name: &str,
) -> bool {
    from.namespace == space
        || objects.grants.iter().filter(|grant| namespace(grant) == space).any(|grant| {
            let spec = &grant.value.spec;
            spec.from.iter().any(|entry| {
                entry.group == GROUP && entry.kind == from.kind && entry.namespace == from.namespace
            }) && spec.to.iter().any(|entry| {
                let named = entry.name.as_deref().is_none_or(|wanted| wanted.is_empty() || wanted == name);
                entry.group == group && entry.kind == kind && named
            })
        })
}

fn not_permitted(from: From<'_>, kind: &str, space: &str, name: &str) -> RefProblem {
    let message = format!(
        "{kind} {space}/{name} is in another namespace, and no ReferenceGrant there lets a {} of namespace {} refer to it",
        from.kind, from.namespace
    );
    RefProblem { reason: "RefNotPermitted", message }
}

/// The Service a backendRef names.
// gateway-api: apis/v1/shared_types.go RouteReasonInvalidKind, RouteReasonBackendNotFound, RouteReasonRefNotPermitted
pub(crate) fn backend(
    snapshot: &Snapshot,
    objects: &Objects,
    from: From<'_>,
    reference: &BackendRef,
) -> (ServiceTarget, Option<RefProblem>) {
    let space = reference.namespace.as_deref().unwrap_or(from.namespace);
    let target =
        ServiceTarget { namespace: space.into(), name: reference.name.clone(), port: reference.port };
    let group = reference.group.as_deref().unwrap_or_default();
    let kind = reference.kind.as_deref().unwrap_or("Service");
    let problem = service_problem(snapshot, objects, from, (group, kind), &target);
    (target, problem)
}

fn service_problem(
    snapshot: &Snapshot,
    objects: &Objects,
    from: From<'_>,
    (group, kind): (&str, &str),
    target: &ServiceTarget,
) -> Option<RefProblem> {
    let ServiceTarget { namespace: space, name, port } = target;
    if !group.is_empty() || kind != "Service" {
        let message = format!("{kind} of group \"{group}\" is no backend that the implementation knows");
        return Some(RefProblem { reason: "InvalidKind", message });
    }
    if !granted(objects, from, group, kind, space, name) {
        return Some(not_permitted(from, kind, space, name));
    }
    let Some(service) = snapshot.service_id(space, name).and_then(|id| snapshot.service(id)) else {
        let message = format!("Service {space}/{name} does not exist");
        return Some(RefProblem { reason: "BackendNotFound", message });
    };
    let has_port = port.is_none_or(|port| service.spec.ports.iter().any(|candidate| candidate.port == port));
    if !has_port && service.spec.type_ != "ExternalName" {
        let message = format!("Service {space}/{name} has no port {}", port.unwrap_or_default());
        return Some(RefProblem { reason: "BackendNotFound", message });
    }
    None
}

/// Groups and kinds of backends that some implementations know and others refuse.
const BACKENDS: &[(&str, &str)] = &[
    ("multicluster.x-k8s.io", "ServiceImport"),
    ("inference.networking.k8s.io", "InferencePool"),
    ("inference.networking.x-k8s.io", "InferencePool"),
    ("gateway.envoyproxy.io", "Backend"),
    ("gateway.kgateway.dev", "Backend"),
    ("networking.istio.io", "Hostname"),
];

/// What cannot be told about a backend of a kind that some implementations know.
// gateway-api: apis/v1/httproute_types.go HTTPRouteRule.BackendRefs "Support"
pub(crate) fn unknown_kind(reference: &BackendRef) -> Option<String> {
    let group = reference.group.as_deref().unwrap_or_default();
    let kind = reference.kind.as_deref().unwrap_or_default();
    BACKENDS.contains(&(group, kind)).then_some(())?;
    Some(format!("whether the implementation knows backends of kind {kind} in group {group}"))
}

/// The Service a mirror filter names.
pub(crate) fn mirror(
    snapshot: &Snapshot,
    objects: &Objects,
    from: From<'_>,
    reference: &ObjectReference,
) -> (ServiceTarget, Option<RefProblem>) {
    let same = BackendRef {
        group: reference.group.clone(),
        kind: reference.kind.clone(),
        namespace: reference.namespace.clone(),
        name: reference.name.clone(),
        port: reference.port,
        ..BackendRef::default()
    };
    backend(snapshot, objects, from, &same)
}

/// The certificate a listener names.
// gateway-api: apis/v1/gateway_types.go ListenerReasonInvalidCertificateRef, ListenerReasonRefNotPermitted
pub(crate) fn certificate(
    snapshot: &Snapshot,
    objects: &Objects,
    from: From<'_>,
    reference: &ObjectReference,
) -> Result<(String, String, CertificateData), RefProblem> {
    let invalid = |message: String| RefProblem { reason: "InvalidCertificateRef", message };
    let group = reference.group.as_deref().unwrap_or_default();
    let kind = reference.kind.as_deref().unwrap_or("Secret");
    if !group.is_empty() || kind != "Secret" {
        return Err(invalid(format!("{kind} of group \"{group}\" holds no certificate")));
    }
    let space = reference.namespace.as_deref().unwrap_or(from.namespace);
    let name = &reference.name;
    if !granted(objects, from, group, kind, space, name) {
        return Err(not_permitted(from, kind, space, name));
    }
    let secret = snapshot
        .secrets
        .iter()
        .find(|stored| namespace(stored) == space && stored.object.name == *name)
        .ok_or_else(|| invalid(format!("Secret {space}/{name} does not exist")))?;
    let data =
        tls::from_secret(&secret.value).map_err(|why| invalid(format!("Secret {space}/{name} {why}")))?;
    Ok((space.to_owned(), name.clone(), data))
}

/// Whether a reference to CA certificates leads to a ConfigMap (or Secret) that holds some.
pub(crate) fn authority(
    snapshot: &Snapshot,
    objects: &Objects,
    from: From<'_>,
    reference: &ObjectReference,
) -> Result<(), RefProblem> {
    let group = reference.group.as_deref().unwrap_or_default();
    let kind = reference.kind.as_deref().unwrap_or_default();
    if !group.is_empty() || !matches!(kind, "ConfigMap" | "Secret") {
        let message = format!("{kind} of group \"{group}\" holds no CA certificates");
        return Err(RefProblem { reason: "InvalidKind", message });
    }
    let space = reference.namespace.as_deref().unwrap_or(from.namespace);
    if !granted(objects, from, group, kind, space, &reference.name) {
        return Err(not_permitted(from, kind, space, &reference.name));
    }
    let name = &reference.name;
    let found = if kind == "ConfigMap" {
        let map = snapshot
            .config_maps
            .iter()
            .find(|stored| namespace(stored) == space && stored.object.name == *name);
        map.map(|stored| stored.value.data.get("ca.crt").is_some_and(|text| tls::parse_pem(text).is_some()))
    } else {
        let secret =
            snapshot.secrets.iter().find(|stored| namespace(stored) == space && stored.object.name == *name);
        secret.map(|stored| {
            let plain = stored.value.string_data.get("ca.crt").cloned();
            let bytes = || tls::base64(stored.value.data.get("ca.crt")?);
            let text = plain.or_else(|| String::from_utf8(bytes()?).ok());
            text.is_some_and(|text| tls::parse_pem(&text).is_some())
        })
    };
    match found {
        Some(true) => Ok(()),
        Some(false) => {
            let message = format!("{kind} {space}/{name} has no certificate under ca.crt");
            Err(RefProblem { reason: "InvalidCACertificateRef", message })
        }
        None => {
            let message = format!("{kind} {space}/{name} does not exist");
            Err(RefProblem { reason: "InvalidCACertificateRef", message })
        }
    }
}
