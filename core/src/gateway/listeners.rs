//! Listeners: those of Gateways and of the ListenerSets that may join them, conflicts, certificates.

use super::hostname;
use super::objects::{Objects, RouteKind, namespace};
use super::references::{self, From, RefProblem};
use super::status::{Condition, holds};
use crate::ingress::tls::CertificateData;
use crate::manifest::api::gateway_v1 as api;
use crate::model::Snapshot;

/// A listener as an implementation sees it.
#[derive(Clone, Debug)]
pub(crate) struct ListenerState {
    pub(crate) gateway: usize,
    /// The ListenerSet it stands in, when it is not the Gateway's own.
    pub(crate) set: Option<usize>,
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) protocol: String,
    /// Lower case, empty for every host.
    pub(crate) hostname: String,
    pub(crate) passthrough: bool,
    pub(crate) supported: Vec<RouteKind>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) certificates: Vec<(String, String, CertificateData)>,
    /// Whether clients must show a certificate.
    pub(crate) client_certificate: bool,
    /// Routes that attached, as indexes of [`Objects::routes`].
    pub(crate) attached: Vec<usize>,
}

impl ListenerState {
    /// Whether it takes traffic.
    pub(crate) fn programmed(&self) -> bool {
        holds(&self.conditions, "Programmed")
    }

    /// Why it takes no traffic: what its first failed condition says.
    pub(crate) fn trouble(&self) -> Option<&str> {
        let mut conditions = ["Accepted", "ResolvedRefs", "Programmed"].into_iter().filter_map(|type_| {
            self.conditions
                .iter()
                .find(|condition| condition.type_ == type_ && condition.status == Some(false))
        });
        conditions.next().map(|condition| condition.message.as_str())
    }

    /// Whether it ends TLS itself.
    fn terminates(&self) -> bool {
        matches!(self.protocol.as_str(), "HTTPS" | "TLS") && !self.passthrough
    }

    /// The group of protocols that exclude each other on one port.
    fn family(&self) -> &'static str {
        match self.protocol.as_str() {
            "UDP" => "UDP",
            "TCP" => "TCP",
            "HTTP" => "HTTP",
            _ => "TLS",
        }
    }
}

/// A Gateway as an implementation sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct GatewayState {
    /// `spec.controllerName` of its class; `None` when no class claims it.
    pub(crate) controller: Option<String>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) attached_sets: u32,
}

impl GatewayState {
    /// Whether it was not refused.
    pub(crate) fn accepted(&self) -> bool {
        holds(&self.conditions, "Accepted")
    }
}

/// A ListenerSet as an implementation sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetState {
    /// The Gateway it names, when it exists and is claimed.
    pub(crate) gateway: Option<usize>,
    pub(crate) allowed: bool,
    pub(crate) conditions: Vec<Condition>,
}

/// Whether `from` admits objects of namespace `space`; `own` is the namespace that `Same` means.
pub(crate) fn admits(
    snapshot: &Snapshot,
    from: Option<&api::NamespacesFrom>,
    default: &str,
    own: &str,
    space: &str,
) -> bool {
    let choice = from.and_then(|from| from.from.as_deref()).unwrap_or(default);
    match choice {
        "All" => true,
        "Same" => own == space,
        "Selector" => {
            let selector = from.and_then(|from| from.selector.as_ref());
            let labels = snapshot.namespace_id(space).and_then(|id| snapshot.namespace(id));
            selector.zip(labels).is_some_and(|(selector, namespace)| selector.matches(&namespace.labels))
        }
        _ => false,
    }
}

/// Gateways, ListenerSets and listeners with their conditions, before routes attach.
pub(crate) fn build(
    snapshot: &Snapshot,
    objects: &Objects,
) -> (Vec<GatewayState>, Vec<SetState>, Vec<ListenerState>) {
    let mut gateways: Vec<GatewayState> =
        objects.gateways.iter().map(|stored| claim(objects, &stored.value)).collect();
    let mut sets: Vec<SetState> =
        objects.sets.iter().map(|stored| join(snapshot, objects, &gateways, stored)).collect();
    let mut listeners = Vec::new();
    for (gateway, stored) in objects.gateways.iter().enumerate() {
        if gateways.get(gateway).is_some_and(|state| state.controller.is_some()) {
            let from = From { kind: "Gateway", namespace: namespace(stored) };
            for (index, listener) in stored.value.spec.listeners.iter().enumerate() {
                listeners.push(read(snapshot, objects, from, (gateway, None, index), listener));
            }
        }
    }
    for (set, stored) in objects.sets.iter().enumerate() {
        let Some(gateway) = sets.get(set).filter(|state| state.allowed).and_then(|state| state.gateway)
        else {
            continue;
        };
        let from = From { kind: "ListenerSet", namespace: namespace(stored) };
        for (index, listener) in stored.value.spec.listeners.iter().enumerate() {
            listeners.push(read(snapshot, objects, from, (gateway, Some(set), index), listener));
        }
    }
    conflicts(&mut listeners);
    overlaps(&mut listeners);
    for listener in &mut listeners {
        let gateway = objects.gateways.get(listener.gateway);
        if let Some(stored) = gateway {
            frontend(snapshot, objects, stored, listener);
        }
        conclude(listener);
    }
    for (index, (stored, state)) in objects.gateways.iter().zip(&mut gateways).enumerate() {
        let mine: Vec<&ListenerState> =
            listeners.iter().filter(|listener| listener.gateway == index && listener.set.is_none()).collect();
        gateway_conditions(snapshot, objects, stored, state, &mine);
    }
    for (set, state) in sets.iter_mut().enumerate() {
        if state.allowed {
            let mine: Vec<&ListenerState> =
                listeners.iter().filter(|listener| listener.set == Some(set)).collect();
            let parent = state.gateway.and_then(|gateway| gateways.get(gateway));
            let parent_accepted = parent.is_some_and(GatewayState::accepted);
            set_conditions(state, &mine, parent_accepted);
            let accepted = holds(&state.conditions, "Accepted");
            if let Some(gateway) =
                state.gateway.filter(|_| accepted).and_then(|gateway| gateways.get_mut(gateway))
            {
                gateway.attached_sets += 1;
            }
        }
    }
    (gateways, sets, listeners)
}

fn claim(objects: &Objects, gateway: &api::Gateway) -> GatewayState {
    let class = objects.classes.iter().find(|class| class.object.name == gateway.spec.gateway_class_name);
    let controller = class.map(|class| class.value.spec.controller_name.clone());
    GatewayState { controller, ..GatewayState::default() }
}

// gateway-api: apis/v1/listenerset_types.go, gateway_types.go AllowedListeners
fn join(
    snapshot: &Snapshot,
    objects: &Objects,
    gateways: &[GatewayState],
    stored: &crate::model::Stored<api::ListenerSet>,
) -> SetState {
    let parent = &stored.value.spec.parent_ref;
    let space = parent.namespace.as_deref().unwrap_or_else(|| namespace(stored));
    let is_gateway = parent.group.as_deref().unwrap_or(super::objects::GROUP) == super::objects::GROUP
        && parent.kind.as_deref().unwrap_or("Gateway") == "Gateway";
    let gateway = objects.gateway(space, &parent.name).filter(|_| is_gateway);
    let claimed =
        gateway.filter(|gateway| gateways.get(*gateway).is_some_and(|state| state.controller.is_some()));
    let Some(gateway) = claimed else {
        return SetState { conditions: Condition::pending(), ..SetState::default() };
    };
    let allowed = objects.gateways.get(gateway).is_some_and(|parent| {
        let from =
            parent.value.spec.allowed_listeners.as_ref().and_then(|allowed| allowed.namespaces.as_ref());
        admits(snapshot, from, "None", namespace(parent), namespace(stored))
    });
    let mut state = SetState { gateway: Some(gateway), allowed, conditions: Vec::new() };
    if !allowed {
        let why = "the Gateway's allowedListeners do not admit ListenerSets of this namespace";
        state.conditions.push(Condition::no("Accepted", "NotAllowed", why));
        state.conditions.push(Condition::no("Programmed", "NotAllowed", why));
    }
    state
}

fn read(
    snapshot: &Snapshot,
    objects: &Objects,
    from: From<'_>,
    (gateway, set, index): (usize, Option<usize>, usize),
    listener: &api::Listener,
) -> ListenerState {
    let passthrough = listener.tls.as_ref().and_then(|tls| tls.mode.as_deref()) == Some("Passthrough");
    let mut state = ListenerState {
        gateway,
        set,
        index,
        name: listener.name.clone(),
        port: u16::try_from(listener.port).unwrap_or_default(),
        protocol: listener.protocol.clone(),
        hostname: listener.hostname.as_deref().unwrap_or_default().to_ascii_lowercase(),
        passthrough,
        supported: Vec::new(),
        conditions: Vec::new(),
        certificates: Vec::new(),
        client_certificate: false,
        attached: Vec::new(),
    };
    let known = RouteKind::of_protocol(&listener.protocol);
    if known.is_empty() {
        let message = format!("protocol {} is not supported", listener.protocol);
        state.conditions.push(Condition::no("Accepted", "UnsupportedProtocol", message));
    }
    let wanted = listener.allowed_routes.as_ref().map_or(&[][..], |allowed| &allowed.kinds);
    let mut problems: Vec<RefProblem> = Vec::new();
    if wanted.is_empty() {
        state.supported = known.to_vec();
    }
    for kind in wanted {
        let group = kind.group.as_deref().unwrap_or(super::objects::GROUP);
        match RouteKind::parse(&kind.kind)
            .filter(|kind| group == super::objects::GROUP && known.contains(kind))
        {
            Some(kind) => state.supported.push(kind),
            None => {
                let message = format!("a listener of protocol {} takes no {}", listener.protocol, kind.kind);
                problems.push(RefProblem { reason: "InvalidRouteKinds", message });
            }
        }
    }
    if matches!(listener.protocol.as_str(), "HTTPS" | "TLS") && !passthrough {
        let references = listener.tls.as_ref().map_or(&[][..], |tls| &tls.certificate_refs);
        for reference in references {
            match references::certificate(snapshot, objects, from, reference) {
                Ok(certificate) => state.certificates.push(certificate),
                Err(problem) => problems.push(problem),
            }
        }
    }
    match problems.into_iter().next() {
        Some(problem) => {
            state.conditions.push(Condition::no("ResolvedRefs", problem.reason, problem.message))
        }
        None => state.conditions.push(Condition::yes("ResolvedRefs", "ResolvedRefs")),
    }
    state
}

/// Marks listeners that cannot be told apart. Among a Gateway's own all lose; a ListenerSet's loses
/// against the Gateway's and against older ListenerSets'.
// gateway-api: apis/v1/gateway_types.go "Distinct Listeners", listenerset_types.go "Listener precedence"
fn conflicts(listeners: &mut [ListenerState]) {
    let mut verdicts: Vec<Option<&'static str>> = vec![None; listeners.len()];
    for (position, listener) in listeners.iter().enumerate() {
        for (other_position, other) in listeners.iter().enumerate() {
            if position == other_position || listener.gateway != other.gateway || listener.port != other.port
            {
                continue;
            }
            // an older one stands
            let later_loses = (listener.set.is_some() || other.set.is_some()) && listener.set != other.set;
            if later_loses && position < other_position {
                continue;
            }
            let (mine, theirs) = (listener.family(), other.family());
            let conflict = if mine == theirs {
                let by_port = matches!(mine, "TCP" | "UDP");
                (by_port || listener.hostname == other.hostname).then_some("HostnameConflict")
            } else {
                (mine != "UDP" && theirs != "UDP").then_some("ProtocolConflict")
            };
            if let (Some(reason), Some(slot)) = (conflict, verdicts.get_mut(position)) {
                slot.get_or_insert(reason);
            }
        }
    }
    for (listener, verdict) in listeners.iter_mut().zip(verdicts) {
        if let Some(reason) = verdict {
            let why = format!(
                "another listener has port {} and the same host name or another protocol",
                listener.port
            );
            listener.conditions.push(Condition {
                type_: "Conflicted",
                status: Some(true),
                reason,
                message: why,
            });
        }
    }
}

/// Marks listeners that end TLS on one port for host names with something in common.
// gateway-api: apis/v1/gateway_types.go ListenerConditionOverlappingTLSConfig, GEP-3567
fn overlaps(listeners: &mut [ListenerState]) {
    let overlapping: Vec<bool> = listeners
        .iter()
        .enumerate()
        .map(|(position, listener)| {
            listeners.iter().enumerate().any(|(other_position, other)| {
                position != other_position
                    && listener.gateway == other.gateway
                    && listener.port == other.port
                    && listener.terminates()
                    && other.terminates()
                    && hostname::intersect(&listener.hostname, &other.hostname).is_some()
            })
        })
        .collect();
    for (listener, _) in listeners.iter_mut().zip(overlapping).filter(|(_, overlapping)| *overlapping) {
        let message = "another listener of this port takes some of the same host names, and a client may reuse a connection for both".to_owned();
        listener.conditions.push(Condition {
            type_: "OverlappingTLSConfig",
            status: Some(true),
            reason: "OverlappingHostnames",
            message,
        });
    }
}

/// Client certificates.
// gateway-api: apis/v1/gateway_types.go FrontendTLSValidation
fn frontend(
    snapshot: &Snapshot,
    objects: &Objects,
    stored: &crate::model::Stored<api::Gateway>,
    listener: &mut ListenerState,
) {
    let Some(frontend) = stored.value.spec.tls.as_ref().and_then(|tls| tls.frontend.as_ref()) else { return };
    if listener.protocol != "HTTPS" {
        return;
    }
    let per_port = frontend.per_port.iter().find(|entry| entry.port == i32::from(listener.port));
    let chosen = per_port.map_or(frontend.default.as_ref(), |entry| entry.tls.as_ref());
    let Some(validation) = chosen.and_then(|config| config.validation.as_ref()) else { return };
    listener.client_certificate = validation.mode.as_deref() != Some("AllowInsecureFallback");
    let from = From { kind: "Gateway", namespace: namespace(stored) };
    let results: Vec<Result<(), RefProblem>> = validation
        .ca_certificate_refs
        .iter()
        .map(|reference| references::authority(snapshot, objects, from, reference))
        .collect();
    let Some(Err(problem)) = results.iter().find(|result| result.is_err()) else { return };
    let reason = match problem.reason {
        "InvalidKind" => "InvalidCACertificateKind",
        reason => reason,
    };
    listener.conditions.retain(|condition| condition.type_ != "ResolvedRefs");
    listener.conditions.push(Condition::no("ResolvedRefs", reason, problem.message.clone()));
    if results.iter().all(Result::is_err) {
        listener.conditions.push(Condition::no("Accepted", "NoValidCACertificate", problem.message.clone()));
    }
}

/// Accepted and Programmed from what is known.
fn conclude(listener: &mut ListenerState) {
    let conflicted = listener
        .conditions
        .iter()
        .find(|condition| condition.type_ == "Conflicted")
        .map(|condition| condition.reason);
    let refused = listener.conditions.iter().any(|condition| condition.type_ == "Accepted");
    if conflicted.is_some() {
        // gateway-api: GEP-1713 "Conformance Details"
        let why = "it conflicts with another listener of this port";
        listener.conditions.retain(|condition| condition.type_ != "Accepted");
        listener.conditions.push(Condition::no("Accepted", "PortUnavailable", why));
    } else {
        listener.conditions.push(Condition {
            type_: "Conflicted",
            status: Some(false),
            reason: "NoConflicts",
            message: String::new(),
        });
        if !refused {
            listener.conditions.push(Condition::yes("Accepted", "Accepted"));
        }
    }
    let lacks_certificate = listener.terminates() && listener.certificates.is_empty();
    let accepted = holds(&listener.conditions, "Accepted");
    let no_kinds = listener.supported.is_empty();
    listener.conditions.push(if accepted && !lacks_certificate && !no_kinds {
        Condition::yes("Programmed", "Programmed")
    } else {
        let reason = if conflicted.is_some() { "PortUnavailable" } else { "Invalid" };
        Condition::no("Programmed", reason, "it is not valid")
    });
}

// gateway-api: apis/v1/listenerset_types.go ListenerSetConditionAccepted, GEP-1713 "ListenerSet Conditions"
fn set_conditions(state: &mut SetState, listeners: &[&ListenerState], parent_accepted: bool) {
    let valid = |listener: &&&ListenerState| holds(&listener.conditions, "Accepted") && listener.programmed();
    if !parent_accepted {
        let why = "its Gateway is not accepted";
        state.conditions.push(Condition::no("Accepted", "ParentNotAccepted", why));
        state.conditions.push(Condition::no("Programmed", "ParentNotProgrammed", why));
    } else if listeners.iter().any(|listener| valid(&listener)) {
        state.conditions.push(Condition::yes("Accepted", "Accepted"));
        state.conditions.push(Condition::yes("Programmed", "Programmed"));
    } else {
        let why = "none of its listeners is valid";
        state.conditions.push(Condition::no("Accepted", "ListenersNotValid", why));
        state.conditions.push(Condition::no("Programmed", "ListenersNotValid", why));
    }
}

fn gateway_conditions(
    snapshot: &Snapshot,
    objects: &Objects,
    stored: &crate::model::Stored<api::Gateway>,
    state: &mut GatewayState,
    listeners: &[&ListenerState],
) {
    if state.controller.is_none() {
        state.conditions = Condition::pending();
        return;
    }
    let spec = &stored.value.spec;
    let parameters =
        spec.infrastructure.as_ref().and_then(|infrastructure| infrastructure.parameters_ref.as_ref());
    let known = parameters.is_none_or(|reference| {
        reference.group.as_deref().unwrap_or_default().is_empty()
            && reference.kind.as_deref() == Some("ConfigMap")
            && snapshot
                .config_maps
                .iter()
                .any(|map| namespace(map) == namespace(stored) && map.object.name == reference.name)
    });
    if !known {
        let why = "spec.infrastructure.parametersRef names nothing that the implementation knows";
        state.conditions.push(Condition::no("Accepted", "InvalidParameters", why));
        state.conditions.push(Condition::no("Programmed", "Invalid", why));
        return;
    }
    let accepted = |listener: &&ListenerState| holds(&listener.conditions, "Accepted");
    let valid = |listener: &&ListenerState| accepted(listener) && holds(&listener.conditions, "ResolvedRefs");
    let none_valid = !listeners.is_empty() && !listeners.iter().any(accepted);
    state.conditions.push(if none_valid {
        Condition::no("Accepted", "ListenersNotValid", "none of its listeners is accepted")
    } else {
        let reason = if listeners.iter().all(valid) { "Accepted" } else { "ListenersNotValid" };
        Condition::yes("Accepted", reason)
    });
    let waits = super::dataplane::addresses(snapshot, &stored.object).is_some_and(|(_, pending)| pending);
    state.conditions.push(if waits {
        let why = "the Service of its data plane has no address yet";
        Condition::no("Programmed", "AddressNotAssigned", why)
    } else if listeners.iter().any(|listener| listener.programmed()) || listeners.is_empty() {
        Condition::yes("Programmed", "Programmed")
    } else {
        Condition::no("Programmed", "Invalid", "none of its listeners is programmed")
    });
    let Some(tls) = &spec.tls else { return };
    let client = tls.backend.as_ref().and_then(|backend| backend.client_certificate_ref.as_ref());
    if let Some(reference) = client {
        let from = From { kind: "Gateway", namespace: namespace(stored) };
        state.conditions.push(match references::certificate(snapshot, objects, from, reference) {
            Ok(_) => Condition::yes("ResolvedRefs", "ResolvedRefs"),
            Err(problem) => {
                let reason = match problem.reason {
                    "InvalidCertificateRef" => "InvalidClientCertificateRef",
                    reason => reason,
                };
                Condition::no("ResolvedRefs", reason, problem.message)
            }
        });
    }
    if let Some(frontend) = &tls.frontend {
        let ports = frontend.per_port.iter().filter_map(|port| port.tls.as_ref());
        let insecure = frontend.default.iter().chain(ports).any(|config| {
            config.validation.as_ref().and_then(|validation| validation.mode.as_deref())
                == Some("AllowInsecureFallback")
        });
        if insecure {
            let message = "clients without a valid certificate are let in".to_owned();
            state.conditions.push(Condition {
                type_: "InsecureFrontendValidationMode",
                status: Some(true),
                reason: "ConfigurationChanged",
                message,
            });
        }
    }
}
