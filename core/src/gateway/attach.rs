//! Which routes attach to which listeners, and what their status says.

use super::hostname;
use super::listeners::{self, GatewayState, ListenerState, SetState, admits};
use super::objects::{GROUP, Objects, RouteKind, namespace};
use super::references::{self, From, RefProblem};
use super::status::{
    Condition, GatewayStatus, ListenerStatus, ObjectStatus, ParentStatus, RouteStatus, holds,
};
use crate::manifest::ObjectRef;
use crate::manifest::api::gateway_v1 as api;
use crate::model::{Snapshot, Stored};
use crate::order::SliceOrder;

/// Everything an implementation makes of the objects.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) objects: Objects,
    pub(crate) gateways: Vec<GatewayState>,
    pub(crate) sets: Vec<SetState>,
    pub(crate) listeners: Vec<ListenerState>,
    /// Per route, its parents.
    pub(crate) parents: Vec<Vec<ParentStatus>>,
}

/// A parent that an implementation takes.
struct Parent {
    object: ObjectRef,
    gateway: usize,
    set: Option<usize>,
}

impl World {
    /// Settles the objects of a snapshot.
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let objects = Objects::read(snapshot);
        let (gateways, sets, listeners) = listeners::build(snapshot, &objects);
        let mut world = Self { objects, gateways, sets, listeners, parents: Vec::new() };
        for route in 0..world.objects.routes.len() {
            let attached = world.attach(snapshot, route);
            let parents = attached.into_iter().map(|(status, found)| world.claim(route, status, found));
            let parents = parents.collect();
            world.parents.push(parents);
        }
        world
    }

    /// Enters a route at the listeners it attaches to, unless an older route of the other HTTP kind has
    /// one of its host names there.
    // gateway-api: apis/v1/grpcroute_types.go GRPCRouteSpec.Hostnames, GEP-1016 "Cross Serving"
    fn claim(&mut self, index: usize, mut status: ParentStatus, found: Vec<usize>) -> ParentStatus {
        let mut free = found.is_empty();
        let mut rival = None;
        for position in found {
            let taken = self.rival(index, position);
            let Some(listener) = self.listeners.get_mut(position) else { continue };
            match taken {
                Some(other) => rival = Some(other),
                None => {
                    free = true;
                    if !listener.attached.contains(&index) {
                        listener.attached.push(index);
                    }
                }
            }
        }
        if let (false, Some(rival)) = (free, rival) {
            let why = format!("{rival} is older and has one of these host names on the listener");
            status.conditions.retain(|condition| condition.type_ != "Accepted");
            status.conditions.insert(0, Condition::no("Accepted", "HostnameConflict", why));
        }
        status
    }

    /// The route of the other kind, HTTPRoute or GRPCRoute, that shares a host name on a listener.
    fn rival(&self, index: usize, position: usize) -> Option<ObjectRef> {
        let listener = self.listeners.get(position)?;
        let (kind, route) = self.objects.routes.get(index)?;
        let other = match kind {
            RouteKind::Http => RouteKind::Grpc,
            RouteKind::Grpc => RouteKind::Http,
            _ => return None,
        };
        let names = hostname::effective(&listener.hostname, &route.value.spec.hostnames);
        let shares = |rival: &&(RouteKind, Stored<api::Route>)| {
            let theirs = hostname::effective(&listener.hostname, &rival.1.value.spec.hostnames);
            rival.0 == other
                && names.iter().any(|a| theirs.iter().any(|b| hostname::intersect(a, b).is_some()))
        };
        let mut rivals = listener.attached.iter().filter_map(|index| self.objects.routes.get(*index));
        rivals.find(shares).map(|(_, stored)| stored.object.clone())
    }

    fn parent(&self, route: &Stored<api::Route>, reference: &api::ParentReference) -> Option<Parent> {
        if reference.group.as_deref().unwrap_or(GROUP) != GROUP {
            return None;
        }
        let space = reference.namespace.as_deref().unwrap_or_else(|| namespace(route));
        match reference.kind.as_deref().unwrap_or("Gateway") {
            "Gateway" => {
                let gateway = self.objects.gateway(space, &reference.name)?;
                self.gateways.get(gateway)?.controller.as_ref()?;
                Some(Parent {
                    object: ObjectRef::namespaced("Gateway", space, &reference.name),
                    gateway,
                    set: None,
                })
            }
            "ListenerSet" => {
                let found = |stored: &Stored<api::ListenerSet>| {
                    namespace(stored) == space && stored.object.name == reference.name
                };
                let set = self.objects.sets.iter().position(found)?;
                let gateway = self.sets.get(set)?.gateway?;
                let object = ObjectRef::namespaced("ListenerSet", space, &reference.name);
                Some(Parent { object, gateway, set: Some(set) })
            }
            _ => None,
        }
    }

    /// The listeners that one route attaches to by each of its parents, and what its status holds.
    // gateway-api: apis/v1/shared_types.go RouteConditionAccepted and its reasons
    fn attach(&self, snapshot: &Snapshot, index: usize) -> Vec<(ParentStatus, Vec<usize>)> {
        let Some((kind, route)) = self.objects.routes.get(index) else { return Vec::new() };
        let resolved = self.resolve(snapshot, *kind, route);
        let mut statuses = Vec::new();
        for reference in &route.value.spec.parent_refs {
            let Some(parent) = self.parent(route, reference) else { continue };
            let (accepted, attached) = self.judge(snapshot, *kind, route, reference, &parent);
            let controller = self.gateways.get(parent.gateway).and_then(|state| state.controller.clone());
            let status = ParentStatus {
                parent: parent.object,
                section_name: reference.section_name.clone(),
                port: reference.port.and_then(|port| u16::try_from(port).ok()),
                controller: controller.unwrap_or_default(),
                conditions: vec![accepted, resolved.clone()],
            };
            statuses.push((status, attached));
        }
        statuses
    }

    fn judge(
        &self,
        snapshot: &Snapshot,
        kind: RouteKind,
        route: &Stored<api::Route>,
        reference: &api::ParentReference,
        parent: &Parent,
    ) -> (Condition, Vec<usize>) {
        let named = |listener: &ListenerState| {
            listener.gateway == parent.gateway
                && listener.set == parent.set
                && reference.section_name.as_ref().is_none_or(|name| *name == listener.name)
                && reference.port.is_none_or(|port| port == i32::from(listener.port))
        };
        let candidates: Vec<(usize, &ListenerState)> =
            self.listeners.iter().enumerate().filter(|(_, listener)| named(listener)).collect();
        if candidates.is_empty() {
            let why = "the parent has no listener of this name and port";
            return (Condition::no("Accepted", "NoMatchingParent", why), Vec::new());
        }
        let allowed: Vec<(usize, &ListenerState)> = candidates
            .into_iter()
            .filter(|(_, listener)| self.allows(snapshot, listener, kind, route))
            .collect();
        if allowed.is_empty() {
            let why = format!("no listener takes a {} of namespace {}", kind.as_str(), namespace(route));
            return (Condition::no("Accepted", "NotAllowedByListeners", why), Vec::new());
        }
        let by_host = matches!(kind, RouteKind::Http | RouteKind::Grpc | RouteKind::Tls);
        let fits = |listener: &ListenerState| {
            !by_host || !hostname::effective(&listener.hostname, &route.value.spec.hostnames).is_empty()
        };
        let attached: Vec<usize> =
            allowed.iter().filter(|(_, listener)| fits(listener)).map(|(position, _)| *position).collect();
        if attached.is_empty() {
            let why = "no host name of the route is one that a listener takes";
            return (Condition::no("Accepted", "NoMatchingListenerHostname", why), Vec::new());
        }
        (Condition::yes("Accepted", "Accepted"), attached)
    }

    fn allows(
        &self,
        snapshot: &Snapshot,
        listener: &ListenerState,
        kind: RouteKind,
        route: &Stored<api::Route>,
    ) -> bool {
        // gateway-api: apis/v1/gateway_types.go ListenerStatus.AttachedRoutes: the listener's own state does not count
        if !listener.supported.contains(&kind) {
            return false;
        }
        let Some((own, listed)) = self.source(listener) else { return false };
        let from = listed.allowed_routes.as_ref().and_then(|allowed| allowed.namespaces.as_ref());
        admits(snapshot, from, "Same", own, namespace(route))
    }

    /// The namespace and manifest of a listener.
    pub(crate) fn source(&self, listener: &ListenerState) -> Option<(&str, &api::Listener)> {
        match listener.set {
            Some(set) => {
                let stored = self.objects.sets.get(set)?;
                Some((namespace(stored), stored.value.spec.listeners.get(listener.index)?))
            }
            None => {
                let stored = self.objects.gateways.get(listener.gateway)?;
                Some((namespace(stored), stored.value.spec.listeners.get(listener.index)?))
            }
        }
    }

    fn resolve(&self, snapshot: &Snapshot, kind: RouteKind, route: &Stored<api::Route>) -> Condition {
        let from = From { kind: kind.as_str(), namespace: namespace(route) };
        let rules = &route.value.spec.rules;
        let backends = rules.iter().flat_map(|rule| &rule.backend_refs);
        let mirrors = rules.iter().flat_map(|rule| {
            rule.filters.iter().chain(rule.backend_refs.iter().flat_map(|backend| &backend.filters))
        });
        let mirrors = mirrors.filter_map(|filter| filter.request_mirror.as_ref());
        let problem: Option<RefProblem> = backends
            .filter_map(|reference| references::backend(snapshot, &self.objects, from, reference).1)
            .chain(mirrors.filter_map(|filter| {
                references::mirror(snapshot, &self.objects, from, &filter.backend_ref).1
            }))
            .next();
        match problem {
            Some(problem) => Condition::no("ResolvedRefs", problem.reason, problem.message),
            None => Condition::yes("ResolvedRefs", "ResolvedRefs"),
        }
    }

    /// The status of everything.
    pub(crate) fn status(&self, snapshot: &Snapshot) -> GatewayStatus {
        let classes = self.objects.classes.iter().map(|stored| ObjectStatus {
            object: stored.object.clone(),
            conditions: vec![Condition::yes("Accepted", "Accepted")],
            addresses: Vec::new(),
            listeners: Vec::new(),
            attached_listener_sets: None,
        });
        let gateways =
            self.objects.gateways.iter().zip(&self.gateways).enumerate().map(|(index, (stored, state))| {
                ObjectStatus {
                    object: stored.object.clone(),
                    conditions: state.conditions.clone(),
                    addresses: super::dataplane::addresses(snapshot, &stored.object)
                        .map(|(found, _)| found)
                        .unwrap_or_default(),
                    listeners: self.listener_statuses(index, None),
                    attached_listener_sets: Some(state.attached_sets),
                }
            });
        let sets = self.objects.sets.iter().zip(&self.sets).enumerate().map(|(index, (stored, state))| {
            ObjectStatus {
                object: stored.object.clone(),
                conditions: state.conditions.clone(),
                addresses: Vec::new(),
                listeners: state
                    .gateway
                    .map(|gateway| self.listener_statuses(gateway, Some(index)))
                    .unwrap_or_default(),
                attached_listener_sets: None,
            }
        });
        let routes = self.objects.routes.iter().zip(&self.parents).map(|((_, stored), parents)| {
            RouteStatus { object: stored.object.clone(), parents: parents.clone() }
        });
        GatewayStatus {
            classes: classes.collect(),
            gateways: gateways.collect(),
            listener_sets: sets.collect(),
            routes: routes.collect(),
            policies: super::policy::statuses(snapshot, self),
        }
    }

    fn listener_statuses(&self, gateway: usize, set: Option<usize>) -> Vec<ListenerStatus> {
        let mine =
            self.listeners.iter().filter(|listener| listener.gateway == gateway && listener.set == set);
        mine.map(|listener| ListenerStatus {
            name: listener.name.clone(),
            supported_kinds: listener.supported.clone(),
            attached_routes: listener.attached.len() as u32,
            conditions: listener.conditions.clone(),
        })
        .collect()
    }

    /// Gateways that a route is accepted by.
    pub(crate) fn gateways_of(&self, route: usize) -> Vec<usize> {
        let mut found: Vec<usize> = self
            .listeners
            .iter()
            .filter(|listener| listener.attached.contains(&route))
            .map(|listener| listener.gateway)
            .collect();
        found.order();
        found.dedup();
        found
    }

    /// Whether a route is accepted by any parent.
    pub(crate) fn accepted(&self, route: usize) -> bool {
        let parents = self.parents.get(route);
        parents.is_some_and(|parents| parents.iter().any(|parent| holds(&parent.conditions, "Accepted")))
    }
}
