//! BackendTLSPolicy: how a Gateway speaks TLS to a Service, and which of several policies counts.

use super::attach::World;
use super::objects::namespace;
use super::references::{self, From, RefProblem, ServiceTarget};
use super::status::{Condition, ParentStatus, RouteStatus};
use crate::manifest::api::gateway_v1 as api;
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{Snapshot, Stored};
use crate::order::SliceOrder;
use serde::Serialize;

/// How a Gateway speaks TLS to a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendTls {
    /// The BackendTLSPolicy.
    pub policy: ObjectRef,
    /// The server name it sends, and the name the certificate must hold when no others are given.
    pub hostname: String,
    /// Names or URIs, one of which the certificate must hold.
    pub subject_alt_names: Vec<String>,
    /// Where the trusted authorities come from: `ConfigMap a/b`, or `System`.
    pub authorities: Vec<String>,
    /// Whether the policy can be used; if not, requests fail.
    pub usable: bool,
    /// Where it stands.
    pub evidence: Evidence,
}

impl BackendTls {
    /// Whether a certificate with these names (host names and URIs) satisfies the policy.
    // gateway-api: apis/v1/backendtlspolicy_types.go BackendTLSPolicyValidation
    pub fn accepts(&self, names: &[String]) -> bool {
        let covered = |wanted: &str| {
            names.iter().any(|name| {
                name.eq_ignore_ascii_case(wanted)
                    || name.strip_prefix("*.").is_some_and(|parent| {
                        wanted.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent))
                    })
            })
        };
        if self.subject_alt_names.is_empty() {
            covered(&self.hostname)
        } else {
            self.subject_alt_names.iter().any(|wanted| covered(wanted))
        }
    }
}

/// Whether `policy` speaks of `service`; `Some(true)` when it names the very port.
fn targets(
    policy: &Stored<api::BackendTlsPolicy>,
    snapshot: &Snapshot,
    service: &ServiceTarget,
) -> Option<bool> {
    if namespace(policy) != service.namespace {
        return None;
    }
    let stored =
        snapshot.service_id(&service.namespace, &service.name).and_then(|id| snapshot.service(id))?;
    let port = stored.spec.ports.iter().find(|port| Some(port.port) == service.port);
    policy
        .value
        .spec
        .target_refs
        .iter()
        .filter(|target| target.kind == "Service" && target.group.is_empty() && target.name == service.name)
        .filter_map(|target| match &target.section_name {
            None => Some(false),
            Some(section) => port.is_some_and(|port| port.name == *section).then_some(true),
        })
        .max()
}

/// The policy for a Service port: one that names the port before one that does not, older before younger.
// gateway-api: apis/v1/backendtlspolicy_types.go BackendTLSPolicySpec.TargetRefs
pub(crate) fn of_service(snapshot: &Snapshot, world: &World, service: &ServiceTarget) -> Option<BackendTls> {
    let policies = world.objects.policies.iter();
    let mut fitting: Vec<(bool, &Stored<api::BackendTlsPolicy>)> =
        policies.filter_map(|policy| Some((targets(policy, snapshot, service)?, policy))).collect();
    fitting.order_by_key(|(section, _)| !section);
    let (_, policy) = fitting.first()?;
    let validation = &policy.value.spec.validation;
    let names = validation.subject_alt_names.iter().filter_map(|name| match name.type_.as_str() {
        "URI" => name.uri.clone(),
        _ => name.hostname.clone(),
    });
    let space = namespace(policy);
    let authorities = validation.ca_certificate_refs.iter().map(|reference| {
        format!("{} {space}/{}", reference.kind.as_deref().unwrap_or_default(), reference.name)
    });
    Some(BackendTls {
        policy: policy.object.clone(),
        hostname: validation.hostname.clone(),
        subject_alt_names: names.collect(),
        authorities: authorities.chain(validation.well_known_ca_certificates.clone()).collect(),
        usable: !problems(snapshot, world, policy).1,
        evidence: super::objects::evidence(snapshot, policy, "spec.validation"),
    })
}

/// The first invalid reference to CA certificates, as reason and sentence of ResolvedRefs, and whether
/// all of them are invalid.
// gateway-api: apis/v1/backendtlspolicy_types.go BackendTLSPolicyValidation.CACertificateRefs
fn problems(
    snapshot: &Snapshot,
    world: &World,
    policy: &Stored<api::BackendTlsPolicy>,
) -> (Option<(&'static str, String)>, bool) {
    let references = &policy.value.spec.validation.ca_certificate_refs;
    let from = From { kind: "BackendTLSPolicy", namespace: namespace(policy) };
    let found = references
        .iter()
        .filter_map(|reference| references::authority(snapshot, &world.objects, from, reference).err());
    let found: Vec<RefProblem> = found.collect();
    let all = !references.is_empty() && found.len() == references.len();
    let first = found.into_iter().next().map(|problem| {
        let reason = if problem.reason == "InvalidKind" { "InvalidKind" } else { "InvalidCACertificateRef" };
        (reason, problem.message)
    });
    (first, all)
}

/// Whether an older policy, or one earlier in the alphabet, has the same target.
fn conflicted(world: &World, index: usize) -> bool {
    let Some(policy) = world.objects.policies.get(index) else { return false };
    let older = world.objects.policies.iter().take(index);
    policy.value.spec.target_refs.iter().any(|target| {
        older.clone().any(|other| {
            namespace(other) == namespace(policy) && other.value.spec.target_refs.contains(target)
        })
    })
}

/// The status of every policy: its ancestors are the Gateways whose routes lead to its Services.
pub(crate) fn statuses(snapshot: &Snapshot, world: &World) -> Vec<RouteStatus> {
    let policies = world.objects.policies.iter().enumerate();
    policies
        .map(|(index, policy)| {
            let conditions = conditions(snapshot, world, index, policy);
            let mut gateways: Vec<usize> = Vec::new();
            for (position, (_, route)) in world.objects.routes.iter().enumerate() {
                let backends = route.value.spec.rules.iter().flat_map(|rule| &rule.backend_refs);
                let uses = backends.into_iter().any(|backend| {
                    let service = ServiceTarget {
                        namespace: backend.namespace.clone().unwrap_or_else(|| namespace(route).to_owned()),
                        name: backend.name.clone(),
                        port: backend.port,
                    };
                    targets(policy, snapshot, &service).is_some()
                });
                if uses && world.accepted(position) {
                    gateways.extend(world.gateways_of(position));
                }
            }
            gateways.order();
            gateways.dedup();
            let parents = gateways.into_iter().filter_map(|gateway| {
                Some(ParentStatus {
                    parent: world.objects.gateways.get(gateway)?.object.clone(),
                    section_name: None,
                    port: None,
                    controller: world.gateways.get(gateway)?.controller.clone().unwrap_or_default(),
                    conditions: conditions.clone(),
                })
            });
            RouteStatus { object: policy.object.clone(), parents: parents.collect() }
        })
        .collect()
}

fn conditions(
    snapshot: &Snapshot,
    world: &World,
    index: usize,
    policy: &Stored<api::BackendTlsPolicy>,
) -> Vec<Condition> {
    let (problem, none_valid) = problems(snapshot, world, policy);
    let accepted = if conflicted(world, index) {
        Condition::no("Accepted", "Conflicted", "an older policy has the same target")
    } else if let (Some((_, message)), true) = (&problem, none_valid) {
        Condition::no("Accepted", "NoValidCACertificate", message.clone())
    } else {
        Condition::yes("Accepted", "Accepted")
    };
    let resolved = match problem {
        Some((reason, message)) => Condition::no("ResolvedRefs", reason, message),
        None => Condition::yes("ResolvedRefs", "ResolvedRefs"),
    };
    vec![accepted, resolved]
}
