//! From a question to the first packet: who asks, which address, which family.

use super::mechanisms::{self, Found, Rooms};
use super::notation::{Connection, Target};
use super::walk::{Walk, step};
use super::{Action, Asked, Disposition, Hop, Journey, Outcome, Step, Trace, ends, explain};
use crate::ask::AskError;
use crate::model::{Family, Packet, Party, Phase, Pod, Share, Snapshot};
use std::net::{IpAddr, Ipv4Addr};

/// An address to try, or why there is none.
enum Goal {
    /// Try these addresses; each is tried first by an equal part of the tries.
    Addresses(Vec<IpAddr>, Vec<Step>),
    /// It ends before any packet is sent.
    Ended(Vec<Step>, Box<Step>, Disposition),
}

/// Answers one question.
///
/// # Errors
/// [`AskError`] when an end of the connection does not exist or no port is named where one is needed.
pub(crate) fn trace(rooms: Rooms<'_>, connection: &Connection) -> Result<Journey, AskError> {
    let snapshot = rooms.snapshot;
    let client = ends::client(snapshot, &connection.client)?;
    let mut walk = Walk::new(rooms, client);
    let mut asked = Asked {
        from: connection.text.0.clone(),
        to: connection.text.1.clone(),
        port: None,
        protocol: connection.protocol,
    };
    let mut offered = ends::Offered::of(snapshot, &connection.target, connection.protocol)?;
    let here = ends::place(snapshot, client);
    let goal = match client_down(snapshot, client) {
        Some(ended) => ended,
        None => goal(&mut walk, connection)?,
    };
    match goal {
        Goal::Ended(prelude, decided, disposition) => {
            asked.port = ends::port(connection, &offered).ok();
            let mut steps = prelude;
            let code = decided.code;
            steps.push(*decided);
            let hops = vec![Hop { at: here, before: None, after: None, steps }];
            walk.traces.push(Trace { share: Share::ALL, disposition, code, hops, reply: Vec::new() });
        }
        Goal::Addresses(addresses, prelude) => {
            if offered.ports.is_empty()
                && let Some(first) = addresses.first()
            {
                offered = ends::Offered::of(snapshot, &Target::Address(*first), connection.protocol)?;
            }
            let port = ends::port(connection, &offered)?;
            asked.port = Some(port);
            let each = Share { n: 1, of: u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1) };
            for destination in addresses {
                let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
                let packet = Packet { source: unknown, destination, port, protocol: connection.protocol };
                walk.send(each, destination, packet, prelude.clone());
            }
        }
    }
    let outcome = outcome(&walk.traces);
    let to = match asked.port {
        Some(port) if !connection.text.1.contains("://") && connection.port.is_none() => {
            format!("{}:{port}", connection.text.1)
        }
        _ => connection.text.1.clone(),
    };
    Ok(Journey {
        summary: explain::summary(&connection.text.0, &to, outcome, &walk.traces, connection.protocol),
        question: asked,
        outcome,
        traces: walk.traces,
        sticky_seconds: walk.sticky_seconds,
        assumptions: walk.assumptions,
    })
}

fn outcome(traces: &[Trace]) -> Outcome {
    let open = |trace: &Trace| {
        matches!(
            trace.disposition,
            Disposition::Undetermined { .. } | Disposition::ImplementationDefined { .. }
        )
    };
    match traces.iter().filter(|trace| trace.connects()).count() {
        0 if traces.iter().any(open) => Outcome::Undetermined,
        0 => Outcome::Failed,
        all if all == traces.len() => Outcome::Connected,
        _ if traces.iter().all(|trace| trace.connects() || open(trace)) => Outcome::Undetermined,
        _ => Outcome::Sometimes,
    }
}

/// A pod without a network opens no connection.
fn client_down(snapshot: &Snapshot, client: Party) -> Option<Goal> {
    let Party::Pod(id) = client else { return None };
    let pod = snapshot.pod(id).filter(|pod| !pod.is_alive())?;
    let name = pod_name(snapshot, pod);
    let mut decided =
        step(Action::Dropped, "journey/client-not-running", explain::no_client_address(&name, phase(pod)));
    decided.evidence.push(snapshot.evidence(snapshot.pod_ref(id)?, &pod.origin, "status.phase"));
    Some(Goal::Ended(Vec::new(), Box::new(decided), Disposition::NoAddress { of: format!("pod {name}") }))
}

fn pod_name(snapshot: &Snapshot, pod: &Pod) -> String {
    format!("{}/{}", snapshot.namespace_name(pod.namespace), pod.name)
}

fn phase(pod: &Pod) -> &'static str {
    match pod.phase {
        Phase::Pending => "Pending",
        Phase::Running => "Running",
        Phase::Succeeded => "Succeeded",
        Phase::Failed => "Failed",
        Phase::Unknown => "Unknown",
    }
}

/// The addresses to try for the target of a connection.
fn goal(walk: &mut Walk<'_>, connection: &Connection) -> Result<Goal, AskError> {
    let snapshot = walk.rooms.snapshot;
    Ok(match &connection.target {
        Target::Address(ip) => Goal::Addresses(vec![*ip], Vec::new()),
        Target::Node(name) => node_goal(walk, ends::node(snapshot, name)?),
        Target::Pod(name) => {
            let id = ends::pod(snapshot, name)?;
            let Some(pod) = snapshot.pod(id) else { return Ok(lookup(walk, &name.name)) };
            if !pod.is_alive() {
                let name = pod_name(snapshot, pod);
                let sentence = explain::no_pod_address(&name, phase(pod));
                let mut decided = step(Action::Dropped, "journey/pod-not-running", sentence);
                if let Some(object) = snapshot.pod_ref(id) {
                    decided.evidence.push(snapshot.evidence(object, &pod.origin, "status.phase"));
                }
                Goal::Ended(
                    Vec::new(),
                    Box::new(decided),
                    Disposition::NoAddress { of: format!("pod {name}") },
                )
            } else {
                Goal::Addresses(walk.reachable_family(&pod.ips), Vec::new())
            }
        }
        Target::Service { namespace, name } => {
            let id = ends::service(snapshot, namespace, name)?;
            let addresses: Vec<IpAddr> = snapshot
                .service(id)
                .map(|service| service.spec.cluster_ips.iter().filter_map(|ip| ip.parse().ok()).collect())
                .unwrap_or_default();
            if addresses.is_empty() {
                // Headless and ExternalName Services have only a name.
                let domain = &snapshot.settings.dns.cluster_domain;
                return Ok(lookup(walk, &format!("{name}.{namespace}.svc.{domain}.")));
            }
            Goal::Addresses(walk.reachable_family(&addresses), Vec::new())
        }
        Target::LoadBalancer { namespace, name } => {
            let id = ends::service(snapshot, namespace, name)?;
            load_balancer_goal(walk, id)
        }
        Target::Name(name) => match snapshot.nodes.iter().position(|node| node.name == *name) {
            Some(index) if !name.contains('.') => {
                node_goal(walk, crate::model::NodeId(u32::try_from(index).unwrap_or(u32::MAX)))
            }
            _ => lookup(walk, name),
        },
    })
}

fn node_goal(walk: &Walk<'_>, id: crate::model::NodeId) -> Goal {
    let Some(node) = walk.rooms.snapshot.node(id) else { return Goal::Addresses(Vec::new(), Vec::new()) };
    // From outside, a node is known by its external address when it has one.
    let addresses = match walk.client {
        Party::Outside(_) if !node.external_ips.is_empty() => &node.external_ips,
        _ => &node.ips,
    };
    Goal::Addresses(walk.reachable_family(addresses), Vec::new())
}

fn load_balancer_goal(walk: &mut Walk<'_>, id: crate::model::ServiceId) -> Goal {
    let snapshot = walk.rooms.snapshot;
    let Some(service) = snapshot.service(id) else { return Goal::Addresses(Vec::new(), Vec::new()) };
    let name = format!("{}/{}", snapshot.namespace_name(service.namespace), service.name);
    let evidence = |field: &str| mechanisms::service_evidence(snapshot, id, field).into_iter().collect();
    let ingress = &service.status.load_balancer.ingress;
    let addresses: Vec<IpAddr> = ingress.iter().filter_map(|ingress| ingress.ip.parse().ok()).collect();
    if !addresses.is_empty() {
        return Goal::Addresses(walk.reachable_family(&addresses), Vec::new());
    }
    if service.spec.type_ != "LoadBalancer" {
        let sentence = explain::not_a_load_balancer(&name, &service.spec.type_);
        let decided = Step {
            evidence: evidence("spec.type"),
            ..step(Action::Dropped, "journey/not-a-load-balancer", sentence)
        };
        return Goal::Ended(
            Vec::new(),
            Box::new(decided),
            Disposition::NoAddress { of: format!("service {name}") },
        );
    }
    match ingress.iter().find(|ingress| !ingress.hostname.is_empty()) {
        Some(named) => lookup(walk, &named.hostname),
        None => {
            let sentence = explain::pending_load_balancer(&name);
            let decided = Step {
                evidence: evidence("status.loadBalancer"),
                near_miss: mechanisms::pending_but_node_port(snapshot, id),
                ..step(Action::Dropped, "journey/load-balancer-pending", sentence)
            };
            Goal::Ended(
                Vec::new(),
                Box::new(decided),
                Disposition::NoAddress { of: format!("service {name}") },
            )
        }
    }
}

/// Asks the name server, as the client's resolver would.
fn lookup(walk: &mut Walk<'_>, name: &str) -> Goal {
    let typed = || name.to_owned();
    match walk.rooms.lookup(walk.client, name) {
        Found::Addresses { addresses, mut steps } => {
            let chosen = walk.reachable_family(&addresses);
            let family = chosen.first().map(|ip| Family::of(*ip));
            let other = addresses.iter().map(|ip| Family::of(*ip)).find(|other| Some(*other) != family);
            if let (Some(family), Some(other)) = (family, other) {
                steps.push(step(
                    Action::Resolved,
                    "journey/family-chosen",
                    explain::family_choice(family, other),
                ));
            }
            if chosen.len() > 1 {
                let sentence = explain::several_addresses(chosen.len());
                steps.push(step(Action::Resolved, "journey/several-addresses", sentence));
            }
            Goal::Addresses(chosen, steps)
        }
        Found::Nowhere { before, decided } => {
            Goal::Ended(before, Box::new(decided), Disposition::NameNotFound { name: typed() })
        }
        Found::TimedOut { before, decided } => {
            Goal::Ended(before, Box::new(decided), Disposition::NameLookupTimedOut { name: typed() })
        }
        Found::Failed { before, decided } => {
            Goal::Ended(before, Box::new(decided), Disposition::NameLookupFailed { name: typed() })
        }
        Found::Unknown { before, decided, missing } => {
            Goal::Ended(before, Box::new(decided), Disposition::Undetermined { missing })
        }
    }
}

impl Walk<'_> {
    /// The addresses a client tries first: of the family that its own address and RFC 6724 prefer
    /// (IPv6 before IPv4, when it has an IPv6 address to send from).
    fn reachable_family(&self, addresses: &[IpAddr]) -> Vec<IpAddr> {
        let of = |family: Family| -> Vec<IpAddr> {
            addresses.iter().copied().filter(|ip| Family::of(*ip) == family).collect()
        };
        let (six, four) = (of(Family::IPv6), of(Family::IPv4));
        let sends_six = six.first().is_some_and(|ip| self.source_address(*ip).is_some());
        let sends_four = four.first().is_some_and(|ip| self.source_address(*ip).is_some());
        match (sends_six, sends_four) {
            (true, _) => six,
            (false, true) => four,
            (false, false) => addresses.to_vec(),
        }
    }
}
