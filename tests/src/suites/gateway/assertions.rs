//! What a case asserts of the status of its objects.

use super::world::{self, Change};
use super::{items, named, requests, scalar, text};
use crate::report::Report;
use kubehop::Cluster;
use kubehop::gateway::{Condition, GatewayStatus, ListenerStatus, ObjectStatus, ParentStatus};
use kubehop::manifest::ObjectRef;
use serde_yaml::Value;

fn is(object: &ObjectRef, kind: &str, name: &str) -> bool {
    let own = match &object.namespace {
        Some(namespace) => format!("{namespace}/{}", object.name),
        None => object.name.clone(),
    };
    (object.kind == kind || kind.is_empty() || (kind == "UNKNOWN" && object.kind.ends_with("Route")))
        && own == name.trim_start_matches('/')
}

fn object<'a>(status: &'a GatewayStatus, kind: &str, name: &str) -> Option<&'a ObjectStatus> {
    let all = status.classes.iter().chain(&status.gateways).chain(&status.listener_sets);
    all.into_iter().find(|found| is(&found.object, kind, name))
}

fn parents<'a>(status: &'a GatewayStatus, kind: &str, name: &str) -> &'a [ParentStatus] {
    let all = status.routes.iter().chain(&status.policies);
    all.into_iter().find(|found| is(&found.object, kind, name)).map_or(&[], |found| &found.parents)
}

/// Whether `conditions` hold what `wanted` asks for.
fn holds(conditions: &[Condition], wanted: &Value) -> bool {
    conditions.iter().any(|condition| {
        let status = match condition.status {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        };
        condition.type_ == text(wanted, "type")
            && wanted["status"].as_str().is_none_or(|wanted| wanted == status)
            && wanted["reason"].as_str().is_none_or(|wanted| wanted.is_empty() || wanted == condition.reason)
    })
}

fn shown(conditions: &[Condition]) -> String {
    let parts = conditions.iter().map(|condition| {
        format!("{}={:?} {} ({})", condition.type_, condition.status, condition.reason, condition.message)
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn each_shown(parents: &[ParentStatus]) -> String {
    let parts = parents.iter().map(|parent| format!("{} {}", parent.parent, shown(&parent.conditions)));
    parts.collect::<Vec<_>>().join("; ")
}

/// What the test has changed before it asserts this.
fn change(entry: &Value) -> Change {
    let reason = text(&entry["condition"], "reason");
    let subtest = text(entry, "subtest");
    if subtest.contains("deleting the ReferenceGrant") || subtest.contains("deletion of the ReferenceGrant") {
        Change::NoGrants
    } else if subtest.contains("Changing the content")
        && matches!(reason, "NoValidCACertificate" | "InvalidCACertificateRef")
    {
        Change::NoAuthorities
    } else {
        Change::None
    }
}

/// All assertions of a case.
pub fn run(cluster: &Cluster, base: &[Value], id: &str, case: &Value, report: &mut Report) {
    let usual = cluster.gateway_status();
    for (number, entry) in items(&case["status"]).iter().enumerate() {
        let id = format!("{id} status/{number} {}", text(entry, "assert"));
        let changed = match change(entry) {
            Change::None => None,
            change => Some(world::cluster(base, case, change).gateway_status()),
        };
        match judge(cluster, changed.as_ref().unwrap_or(&usual), case, entry) {
            Ok(()) => report.pass(&id),
            Err(got) => report.fail(&id, serde_yaml::to_string(entry).unwrap_or_default(), got),
        }
    }
}

fn judge(cluster: &Cluster, status: &GatewayStatus, case: &Value, entry: &Value) -> Result<(), String> {
    let kind = text(entry, "kind");
    match text(entry, "assert") {
        "routes_accepted" => {
            for route in items(&entry["routes"]) {
                let wanted = named(&entry["gateway"]);
                let from = parents(status, kind, &named(route));
                let accepted = from.iter().any(|parent| {
                    (entry["gateway"].is_null() || is(&parent.parent, "Gateway", &wanted)) && accepted(parent)
                });
                if !accepted {
                    return Err(format!(
                        "{}: {}",
                        named(route),
                        from.iter().map(|parent| shown(&parent.conditions)).collect::<Vec<_>>().join("; ")
                    ));
                }
            }
            Ok(())
        }
        "routes_accepted_by" => routes_accepted_by(status, entry),
        "route_condition" | "policy_condition" => {
            let from = parents(status, kind, &named(&entry["route"]));
            let parent = named(&entry["parent"]);
            let found = from.iter().any(|candidate| {
                is(&candidate.parent, "", &parent) && holds(&candidate.conditions, &entry["condition"])
            });
            if found {
                Ok(())
            } else {
                Err(from
                    .iter()
                    .map(|parent| format!("{}: {}", parent.parent, shown(&parent.conditions)))
                    .collect::<Vec<_>>()
                    .join("; "))
            }
        }
        "no_accepted_parents" => {
            let from = parents(status, kind, &named(&entry["route"]));
            if from.iter().any(accepted) { Err("accepted".into()) } else { Ok(()) }
        }
        "parents" => {
            let from = parents(status, kind, &named(&entry["route"]));
            for wanted in items(&entry["parents"]) {
                let reference = &wanted["parentRef"];
                let found = from.iter().any(|candidate| {
                    candidate.controller == text(wanted, "controllerName")
                        && candidate.parent.kind == text(reference, "kind")
                        && candidate.parent.name == text(reference, "name")
                        && reference["namespace"]
                            .as_str()
                            .is_none_or(|space| candidate.parent.namespace.as_deref() == Some(space))
                        && items(&wanted["conditions"])
                            .iter()
                            .all(|condition| holds(&candidate.conditions, condition))
                });
                if !found {
                    return Err(each_shown(from));
                }
            }
            Ok(())
        }
        "condition" => {
            let found = object(status, kind, &named(&entry["object"]));
            let conditions = found.map_or(&[][..], |found| &found.conditions);
            if holds(conditions, &entry["condition"]) { Ok(()) } else { Err(shown(conditions)) }
        }
        "listener_conditions" => {
            let listeners =
                object(status, kind, &named(&entry["object"])).map_or(&[][..], |found| &found.listeners);
            let names: Vec<String> = items(&entry["listeners"]).iter().map(scalar).collect();
            let asked =
                listeners.iter().filter(|listener| names.is_empty() || names.contains(&listener.name));
            let mut any = false;
            for listener in asked {
                any = true;
                for condition in items(&entry["conditions"]) {
                    if !holds(&listener.conditions, condition) {
                        return Err(format!("{}: {}", listener.name, shown(&listener.conditions)));
                    }
                }
            }
            if any { Ok(()) } else { Err("no listener".into()) }
        }
        "listener_status" => listener_status(status, kind, entry),
        "zero_routes" => {
            let listeners =
                object(status, kind, &named(&entry["object"])).map_or(&[][..], |found| &found.listeners);
            let attached: Vec<&ListenerStatus> =
                listeners.iter().filter(|listener| listener.attached_routes > 0).collect();
            if attached.is_empty() { Ok(()) } else { Err(format!("{attached:?}")) }
        }
        "attached_listeners" => {
            let count =
                object(status, kind, &named(&entry["object"])).and_then(|found| found.attached_listener_sets);
            if count.map(u64::from) == entry["count"].as_u64() { Ok(()) } else { Err(format!("{count:?}")) }
        }
        "weighted_distribution" => {
            let shares = requests::shares(cluster, case);
            for (name, share) in entry["distribution"].as_mapping().into_iter().flatten() {
                let got = shares.get(&scalar(name)).copied().unwrap_or(0.0);
                if (share.as_f64().unwrap_or(-1.0) - got).abs() > 1e-9 {
                    return Err(format!("{shares:?}"));
                }
            }
            Ok(())
        }
        other => Err(format!("unknown assertion {other}")),
    }
}

fn accepted(parent: &ParentStatus) -> bool {
    parent.conditions.iter().any(|condition| condition.type_ == "Accepted" && condition.status == Some(true))
}

fn routes_accepted_by(status: &GatewayStatus, entry: &Value) -> Result<(), String> {
    let arguments = items(&entry["args"]);
    let Some(parent) = arguments.first() else { return Err("no parent".into()) };
    let (kind, name) = match items(&parent["args"]) {
        [kind, name, ..] => {
            (text(kind, "Kind").to_owned(), format!("{}/{}", text(name, "Namespace"), text(name, "Name")))
        }
        _ => return Err("no parent".into()),
    };
    for route in arguments.iter().skip(1).filter(|route| route.get("Name").is_some()) {
        let name_of_route = format!("{}/{}", text(route, "Namespace"), text(route, "Name"));
        let from = parents(status, "UNKNOWN", &name_of_route);
        if !from.iter().any(|candidate| is(&candidate.parent, &kind, &name) && accepted(candidate)) {
            return Err(each_shown(from));
        }
    }
    Ok(())
}

fn listener_status(status: &GatewayStatus, kind: &str, entry: &Value) -> Result<(), String> {
    let listeners = object(status, kind, &named(&entry["object"])).map_or(&[][..], |found| &found.listeners);
    for wanted in items(&entry["listeners"]) {
        let Some(got) = listeners.iter().find(|listener| listener.name == text(wanted, "name")) else {
            return Err(format!("no listener {}", text(wanted, "name")));
        };
        let kinds: Vec<&str> = got.supported_kinds.iter().map(|kind| kind.as_str()).collect();
        let fits = items(&wanted["supportedKinds"]).iter().all(|kind| kinds.contains(&text(kind, "kind")))
            && wanted["attachedRoutes"].as_u64().is_none_or(|count| count == u64::from(got.attached_routes))
            && items(&wanted["conditions"]).iter().all(|condition| holds(&got.conditions, condition));
        if !fits {
            return Err(format!("{} {kinds:?} {} {}", got.name, got.attached_routes, shown(&got.conditions)));
        }
    }
    Ok(())
}
