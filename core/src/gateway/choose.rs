//! Which rule of the routes on a listener takes a request, and why the others do not.

use super::answer::RouteCandidate;
use super::dataplane::{self, Proxy};
use super::explain;
use super::hostname;
use super::listeners::ListenerState;
use super::matching::{self, Rank, Verdict};
use super::objects::{GROUP, RouteKind, evidence, namespace};
use super::route::{Asked, GatewayProtocol};
use crate::ingress::Response;
use crate::manifest::api::gateway_v1 as api;
use crate::model::Stored;
use crate::order::SliceOrder;

/// Candidates listed in an answer.
const LISTED: usize = 40;

/// Where a match stands: route, rule, match; a rule without matches has none.
pub(crate) type Place = (usize, u32, Option<u32>);

/// How specific a host name is.
type Specificity = (usize, usize);

/// A match that takes the request, or may.
struct Hit {
    place: Place,
    /// The host name that the route serves on the listener.
    name: String,
    /// How specific that name is.
    served: Specificity,
    /// How specific the route's own host name is.
    written: Specificity,
    rank: Rank,
    /// What is missing to tell whether it matches.
    unknown: Option<String>,
}

/// What the routes of a listener make of a request.
enum Choice {
    Rule(Place, String),
    Nothing,
    Undetermined(String),
}

impl Asked<'_> {
    /// HTTPRoutes and GRPCRoutes.
    pub(super) fn routes(&mut self, listener: &ListenerState, host: &str) {
        let mut considered: Vec<(Place, String)> = Vec::new();
        let mut hits: Vec<Hit> = Vec::new();
        // the most specific host name that a route has for this request, whether a rule matches or not
        let mut nearest: Option<(Specificity, usize)> = None;
        let grpc = self.request.protocol == GatewayProtocol::Grpc;
        for &index in &listener.attached {
            let Some((kind, route)) = self.table.world.objects.routes.get(index) else { continue };
            if *kind == RouteKind::Grpc && !grpc {
                considered.push(((index, 0, None), explain::NOT_GRPC.into()));
                continue;
            }
            let Some((name, written)) = served(listener, route, host) else {
                considered.push(((index, 0, None), explain::other_host(host)));
                continue;
            };
            let served = hostname::specificity(&name);
            if nearest.is_none_or(|(best, _)| served > best) {
                nearest = Some((served, index));
            }
            for (rule_index, rule) in route.value.spec.rules.iter().enumerate() {
                for position in 0..rule.matches.len().max(1) {
                    let matched = rule.matches.get(position);
                    let place = (index, rule_index as u32, matched.map(|_| position as u32));
                    let (rank, unknown) = match matching::judge(*kind, matched, &self.request.http) {
                        Verdict::Yes(rank) => (rank, None),
                        Verdict::No(why) => {
                            considered.push((place, why));
                            continue;
                        }
                        Verdict::Unknown(rank, why) => (rank, Some(why)),
                    };
                    considered.push((place, unknown.clone().unwrap_or_default()));
                    hits.push(Hit { place, name: name.clone(), served, written, rank, unknown });
                }
            }
        }
        let choice = self.choose(&hits, nearest);
        let winner = match &choice {
            Choice::Rule(place, _) => Some(*place),
            _ => None,
        };
        self.list(&considered, winner);
        self.unattached(listener);
        match choice {
            Choice::Rule(place, name) => self.serve(listener, place, name),
            Choice::Nothing => {
                self.end(Response::Status { code: 404, location: None }, explain::NO_MATCH.into());
            }
            Choice::Undetermined(missing) => {
                self.end(Response::Undetermined { missing: missing.clone() }, missing);
            }
        }
    }

    /// The best of the matches. Where the API leaves the order to the implementation and the order
    /// matters, there is none.
    // gateway-api: apis/v1/httproute_types.go HTTPRouteSpec.Hostnames, HTTPRouteRule.Matches
    fn choose(&self, hits: &[Hit], nearest: Option<(Specificity, usize)>) -> Choice {
        let best = |key: &dyn Fn(&Hit) -> (Specificity, Rank)| {
            let mut found: Option<&Hit> = None;
            for hit in hits.iter().filter(|hit| hit.unknown.is_none()) {
                if found.is_none_or(|best| key(hit) > key(best)) {
                    found = Some(hit);
                }
            }
            found
        };
        let winner = best(&|hit| (hit.served, hit.rank));
        let beats = |hit: &&Hit| {
            winner.is_none_or(|best| {
                hit.served > best.served || (hit.served == best.served && hit.rank.may_beat(&best.rank))
            })
        };
        if let Some(hit) = hits.iter().filter(|hit| hit.unknown.is_some()).find(beats) {
            return Choice::Undetermined(hit.unknown.clone().unwrap_or_default());
        }
        let object = |index: usize| {
            let route = self.table.world.objects.routes.get(index);
            route.map(|(_, stored)| stored.object.to_string()).unwrap_or_default()
        };
        if let Some((specificity, index)) = nearest
            && winner.is_some_and(|winner| winner.served < specificity)
        {
            // Envoy and nginx choose a virtual host by the most specific name and stay in it
            let Some(winner) = winner.filter(|_| self.proxy() == Proxy::Unknown) else {
                return Choice::Nothing;
            };
            return Choice::Undetermined(explain::falls_back(&object(winner.place.0), &object(index)));
        }
        let Some(winner) = winner else { return Choice::Nothing };
        if let Some(other) =
            best(&|hit| (hit.written, hit.rank)).filter(|other| other.place.0 != winner.place.0)
            && other.served == winner.served
            && other.written != winner.written
        {
            let (a, b) = (object(winner.place.0), object(other.place.0));
            return Choice::Undetermined(explain::which_host_name(&a, &b));
        }
        let is_http = |index: usize| {
            self.table.world.objects.routes.get(index).is_some_and(|(kind, _)| *kind == RouteKind::Http)
        };
        let path = |(index, rule, matched): Place| {
            let (_, route) = self.table.world.objects.routes.get(index)?;
            let rule = route.value.spec.rules.get(rule as usize)?;
            rule.matches.get(matched? as usize)?.path.as_ref()
        };
        let rival = hits.iter().find(|hit| {
            hit.unknown.is_none()
                && path(hit.place) != path(winner.place)
                && hit.served == winner.served
                && hit.rank.up_to_implementation(&winner.rank)
                && is_http(winner.place.0)
                && (hit.place.0, hit.place.1) != (winner.place.0, winner.place.1)
        });
        if let Some(rival) = rival {
            let (a, b) = (object(winner.place.0), object(rival.place.0));
            return Choice::Undetermined(explain::regex_order(&a, winner.place.1, &b, rival.place.1));
        }
        Choice::Rule(winner.place, winner.name.clone())
    }

    /// The proxy of the implementation, as far as the controller's name tells.
    pub(super) fn proxy(&self) -> Proxy {
        self.answer.controller.as_deref().map_or(Proxy::Unknown, dataplane::proxy)
    }

    fn list(&mut self, considered: &[(Place, String)], winner: Option<Place>) {
        let table = self.table;
        let mut candidates: Vec<RouteCandidate> = considered
            .iter()
            .filter_map(|(place, why)| {
                let (index, rule, matched) = *place;
                let (_, route) = table.world.objects.routes.get(index)?;
                let won = winner == Some(*place);
                let why = match (won, why.is_empty(), winner) {
                    (true, ..) => "it is the most specific match".into(),
                    (false, true, Some(_)) => {
                        "it matches too, but another match is more specific or older".into()
                    }
                    (false, true, None) => "it matches".into(),
                    (false, false, _) => why.clone(),
                };
                let field = field(rule, matched);
                let evidence = evidence(self.snapshot, route, &field);
                Some(RouteCandidate { route: route.object.clone(), won, why, evidence })
            })
            .collect();
        candidates.order_by_key(|candidate| !candidate.won);
        self.answer.candidates_left_out = candidates.len().saturating_sub(LISTED) as u32;
        candidates.truncate(LISTED);
        self.answer.candidates = candidates;
    }

    /// Lists the routes that name this Gateway, or one of the same name elsewhere, and are not attached
    /// to the listener.
    pub(super) fn unattached(&mut self, listener: &ListenerState) {
        let world = &self.table.world;
        let gateway = self.answer.gateway.clone();
        for (index, (_, route)) in world.objects.routes.iter().enumerate() {
            if listener.attached.contains(&index) || self.answer.candidates.len() >= LISTED {
                continue;
            }
            for (position, reference) in route.value.spec.parent_refs.iter().enumerate() {
                let space = reference.namespace.as_deref().unwrap_or_else(|| namespace(route));
                let is_gateway = reference.group.as_deref().unwrap_or(GROUP) == GROUP
                    && reference.kind.as_deref().unwrap_or("Gateway") == "Gateway";
                if !is_gateway || reference.name != gateway.name {
                    continue;
                }
                let why = if Some(space) == gateway.namespace.as_deref() {
                    let parents = world.parents.get(index).map_or(&[][..], Vec::as_slice);
                    let own = parents.iter().find(|parent| {
                        parent.parent == gateway && parent.section_name == reference.section_name
                    });
                    let refused = own.and_then(|parent| {
                        parent.conditions.iter().find(|condition| {
                            condition.type_ == "Accepted" && condition.status == Some(false)
                        })
                    });
                    match refused {
                        Some(condition) => explain::not_attached(condition),
                        None => explain::ON_OTHER_LISTENER.into(),
                    }
                } else if world.objects.gateway(space, &reference.name).is_none() {
                    explain::no_such_parent(space, &reference.name)
                } else {
                    continue;
                };
                let field = format!("spec.parentRefs[{position}]");
                self.answer.candidates.push(RouteCandidate {
                    route: route.object.clone(),
                    won: false,
                    why,
                    evidence: evidence(self.snapshot, route, &field),
                });
                break;
            }
        }
    }

    /// TLSRoutes: the most specific host name, then the oldest.
    // gateway-api: apis/v1/tlsroute_types.go
    pub(super) fn by_server_name(&mut self, listener: &ListenerState, name: &str) {
        let routes = &self.table.world.objects.routes;
        let mut found: Option<(Specificity, usize, String)> = None;
        for &index in &listener.attached {
            let Some((_, route)) = routes.get(index) else { continue };
            let Some((pattern, _)) = served(listener, route, name) else { continue };
            let rank = hostname::specificity(&pattern);
            if found.as_ref().is_none_or(|(best, _, _)| rank > *best) {
                found = Some((rank, index, pattern));
            }
        }
        self.unattached(listener);
        match found {
            Some((_, index, pattern)) => {
                self.forward(index, &pattern, "TCP", listener.passthrough);
            }
            None => self.end(Response::ConnectionFailed {}, explain::no_route_for_name(name)),
        }
    }
}

/// The field path of a match, or of a rule without one.
pub(crate) fn field(rule: u32, matched: Option<u32>) -> String {
    match matched {
        Some(position) => format!("spec.rules[{rule}].matches[{position}]"),
        None => format!("spec.rules[{rule}]"),
    }
}

/// The most specific name by which a route serves `host` on a listener, and how specific the route's own
/// name is.
fn served(listener: &ListenerState, route: &Stored<api::Route>, host: &str) -> Option<(String, Specificity)> {
    let names = &route.value.spec.hostnames;
    if names.is_empty() {
        let name = listener.hostname.clone();
        return hostname::covers(&name, host).then(|| (name.clone(), hostname::specificity(&name)));
    }
    let covering = names.iter().filter_map(|written| {
        let written = written.to_ascii_lowercase();
        let served = hostname::intersect(&listener.hostname, &written)?.to_owned();
        hostname::covers(&served, host).then(|| (served, hostname::specificity(&written)))
    });
    covering.max_by_key(|(served, written)| (hostname::specificity(served), *written))
}
