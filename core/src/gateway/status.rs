//! Conditions, as implementations write them into the status of Gateway API objects.

use super::objects::RouteKind;
use crate::manifest::ObjectRef;
use serde::Serialize;

/// A condition of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// `Accepted`, `Programmed`, `ResolvedRefs` …
    #[serde(rename = "type")]
    pub type_: &'static str,
    /// Whether it holds; `None` is Unknown.
    pub status: Option<bool>,
    /// One word.
    pub reason: &'static str,
    /// One sentence.
    pub message: String,
}

impl Condition {
    pub(crate) fn yes(type_: &'static str, reason: &'static str) -> Self {
        Self { type_, status: Some(true), reason, message: String::new() }
    }

    /// What the API server writes by default, until a controller says more.
    // gateway-api: config/crd/standard, the defaults of status.conditions
    pub(crate) fn pending() -> Vec<Self> {
        let waiting =
            |type_| Self { type_, status: None, reason: "Pending", message: "Waiting for controller".into() };
        vec![waiting("Accepted"), waiting("Programmed")]
    }

    pub(crate) fn no(type_: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { type_, status: Some(false), reason, message: message.into() }
    }
}

/// Whether the condition `type_` holds among `conditions`.
pub(crate) fn holds(conditions: &[Condition], type_: &str) -> bool {
    conditions.iter().any(|condition| condition.type_ == type_ && condition.status == Some(true))
}

/// The status of every Gateway API object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayStatus {
    /// GatewayClasses.
    pub classes: Vec<ObjectStatus>,
    /// Gateways.
    pub gateways: Vec<ObjectStatus>,
    /// ListenerSets.
    pub listener_sets: Vec<ObjectStatus>,
    /// Routes.
    pub routes: Vec<RouteStatus>,
    /// BackendTLSPolicies; their parents are the Gateways that use them.
    pub policies: Vec<RouteStatus>,
}

/// Conditions and listeners of a GatewayClass, Gateway or ListenerSet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectStatus {
    /// The object.
    pub object: ObjectRef,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// Its addresses, where the manifests show the Service of its data plane; only Gateways.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Its listeners.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<ListenerStatus>,
    /// How many ListenerSets it took; only Gateways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached_listener_sets: Option<u32>,
}

/// Status of one listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerStatus {
    /// Its name.
    pub name: String,
    /// Kinds of routes it takes.
    pub supported_kinds: Vec<RouteKind>,
    /// Routes that attached.
    pub attached_routes: u32,
    /// Its conditions.
    pub conditions: Vec<Condition>,
}

/// Conditions of a route or policy for each of its parents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteStatus {
    /// The route or policy.
    pub object: ObjectRef,
    /// One entry for each parentRef that an implementation takes.
    pub parents: Vec<ParentStatus>,
}

/// Conditions for one parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentStatus {
    /// The Gateway or ListenerSet.
    pub parent: ObjectRef,
    /// The listener it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section_name: Option<String>,
    /// The port it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `spec.controllerName` of the class.
    pub controller: String,
    /// Conditions.
    pub conditions: Vec<Condition>,
}
