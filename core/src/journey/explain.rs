//! The sentences of a journey, apart from the logic that chooses them.

use super::{At, Disposition, Outcome, Trace};
use crate::model::{Family, Packet, Protocol, Share};

/// The assumption behind every refusal by a pod.
pub(crate) const LISTENS_ON_DECLARED: &str =
    "a container listens on the ports it declares, and on no other; Kubernetes itself does not check this";

/// `10.0.0.1:80`, `[fd00::1]:80`.
pub(crate) fn socket(ip: std::net::IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(ip, port).to_string()
}

fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

pub(crate) fn container_listens(container: &str, pod: &str, port: u16, protocol: Protocol) -> String {
    format!("container {container} of pod {pod} listens on {protocol} port {port} and takes the connection")
}

pub(crate) fn probed_port_listens(container: &str, pod: &str, port: u16, probe: &str) -> String {
    format!(
        "container {container} of pod {pod} does not declare port {port}, but its {probe} uses it, so it listens there"
    )
}

pub(crate) fn nothing_listens(pod: &str, port: u16, protocol: Protocol, declared: &[u16]) -> String {
    if declared.is_empty() {
        return format!(
            "no container of pod {pod} declares a {protocol} port, so nothing listens on {port}: the pod's kernel refuses"
        );
    }
    let numbers: Vec<String> = declared.iter().map(u16::to_string).collect();
    format!(
        "no container of pod {pod} listens on {protocol} port {port}: the pod's kernel refuses; declared {} {}",
        if numbers.len() == 1 { "is" } else { "are" },
        list(&numbers)
    )
}

pub(crate) fn no_port_declared(pod: &str, port: u16) -> String {
    format!(
        "no container of pod {pod} declares any port, which is allowed, so the manifests do not tell whether something listens on {port}"
    )
}

pub(crate) fn whether_listens(pod: &str, port: u16, protocol: Protocol) -> String {
    format!("whether a container of pod {pod} listens on {protocol} port {port}")
}

pub(crate) fn originated(client: &At, packet: &Packet) -> String {
    format!(
        "{} opens a {} connection to {} from {}",
        client,
        packet.protocol,
        socket(packet.destination, packet.port),
        packet.source
    )
}

pub(crate) fn no_client_address(pod: &str, phase: &str) -> String {
    format!("pod {pod} is {phase} and has no network, so nothing in it can open a connection")
}

pub(crate) fn no_pod_address(pod: &str, phase: &str) -> String {
    format!("pod {pod} is {phase} and has no address to connect to")
}

pub(crate) fn no_family(client: &At, family: Family) -> String {
    format!("{} has no {family:?} address, so its kernel knows no way to an {family:?} destination", client)
}

pub(crate) fn loopback(who: &At) -> String {
    format!(
        "the destination is {who} itself: the packet stays on its loopback interface, and no policy or Service rule sees it"
    )
}

pub(crate) fn pending_load_balancer(service: &str) -> String {
    format!(
        "Service {service} has no external address: its status.loadBalancer is empty, as it stays in a cluster without a load balancer implementation"
    )
}

pub(crate) fn not_a_load_balancer(service: &str, kind: &str) -> String {
    format!("Service {service} is of type {kind}, which has no load balancer address")
}

pub(crate) fn load_balancer(service: &str, address: &str, node: &str, local: bool) -> String {
    if local {
        format!(
            "the load balancer {address} of Service {service} passes the packet to node {node}, one of the nodes that pass its health check because they run a ready endpoint (externalTrafficPolicy: Local)"
        )
    } else {
        format!(
            "the load balancer {address} of Service {service} passes the packet to a node, here {node}; any node will do"
        )
    }
}

pub(crate) fn no_local_node(service: &str) -> String {
    format!(
        "no node runs a ready endpoint of Service {service}, so with externalTrafficPolicy: Local its load balancer finds no healthy node and drops the packet"
    )
}

pub(crate) const ANY_NODE: &str = "a load balancer or router in front of the cluster sends the packet to a node; with externalTrafficPolicy: Cluster the result is the same on each, and the first ready node is shown";

pub(crate) fn cluster_address_from_outside(ip: std::net::IpAddr, what: &str) -> String {
    format!(
        "{ip} is {what}, an address that only means something inside the cluster: no router outside knows a way to it"
    )
}

pub(crate) const OUTSIDE_ROUTES: &str =
    "whether routers outside the cluster know a way to its pod and Service addresses";

pub(crate) fn unknown_pod_address(ip: std::net::IpAddr, node: Option<&str>) -> String {
    match node {
        Some(node) => format!(
            "{ip} is in the pod range of node {node}, but no running pod has this address, so the node answers that the host cannot be reached"
        ),
        None => format!(
            "{ip} is in the pod range of the cluster, but belongs to no pod and to no node's part of it"
        ),
    }
}

pub(crate) const UNUSED_POD_ADDRESS: &str = "what happens to packets for a pod address that nobody has";

pub(crate) fn unknown_service_address(ip: std::net::IpAddr) -> String {
    format!(
        "{ip} is in the Service range, but no rule of kube-proxy matches it: it goes out by the default route, where nobody knows it, and no answer comes"
    )
}

pub(crate) fn ping_like_port(service: &str, port: u16, protocol: Protocol) -> String {
    format!(
        "Service {service} has no {protocol} port {port}: no rule of kube-proxy matches, and the packet goes out by the default route, where nobody knows the ClusterIP"
    )
}

pub(crate) const OUTSIDE_ANSWERS: &str =
    "hosts outside the cluster can be reached and answer on the port asked for";

pub(crate) fn host_port(node: &str, pod: &str, host_port: u16, port: u16) -> String {
    format!(
        "port {host_port} of node {node} is the hostPort of pod {pod}: the packet is translated to the pod's port {port}"
    )
}

pub(crate) fn nothing_on_node_port(node: &str, port: u16, protocol: Protocol) -> String {
    format!(
        "no Service has the {protocol} nodePort {port}, and no pod on node {node} listens on it: the node refuses"
    )
}

pub(crate) const NODE_PORTS_FREE: &str =
    "no program on a node listens on a port of the nodePort range, which is reserved for Services";

pub(crate) fn node_program(node: &str, port: u16) -> String {
    format!(
        "port {port} of node {node} is no nodePort, no hostPort and no port of a hostNetwork pod, so it depends on the programs of the node itself"
    )
}

pub(crate) fn whether_node_listens(node: &str, port: u16, protocol: Protocol) -> String {
    format!("whether a program on node {node} listens on {protocol} port {port}")
}

pub(crate) fn unready_pod(pod: &str) -> String {
    format!(
        "pod {pod} is not Ready, which keeps it out of Services but not from being reached by its address; its containers are taken to listen"
    )
}

pub(crate) fn reply(client: &At, from: &str, seen_as: &str, translated: bool) -> String {
    if translated {
        format!(
            "the reply from {from} passes without asking any policy, since connection tracking knows the connection; the translations are undone on the way, so {client} sees it come from {seen_as}"
        )
    } else {
        format!(
            "the reply from {from} passes without asking any policy, since connection tracking knows the connection"
        )
    }
}

pub(crate) fn family_choice(family: Family, other: Family) -> String {
    format!(
        "the name has addresses of both families: the client tries {family:?} first (RFC 6724) and {other:?} only if that fails"
    )
}

pub(crate) fn several_addresses(count: usize) -> String {
    format!(
        "the name has {count} addresses; the server rotates them and clients take the first, so each is tried first by 1/{count} of the lookups"
    )
}

/// What the client sees, without naming it.
pub(crate) fn disposition(disposition: &Disposition, protocol: Protocol) -> String {
    let arrived = if protocol == Protocol::Tcp { "connected to" } else { "reached" };
    match disposition {
        Disposition::Connected { to, address } => format!("{arrived} {to} at {address}"),
        Disposition::Refused { by } => format!("connection refused by {by}"),
        Disposition::TimedOut { at } => format!("timed out: lost at {at}"),
        Disposition::NameNotFound { name } => format!("name not found: {name}"),
        Disposition::NameLookupTimedOut { name } => format!("name lookup timed out: {name}"),
        Disposition::NameLookupFailed { name } => format!("name lookup failed: {name}"),
        Disposition::NoAddress { of } => format!("no address: {of}"),
        Disposition::NoRoute { at } => format!("no route to host: {at}"),
        Disposition::Undetermined { missing } => format!("undetermined: {missing}"),
        Disposition::ImplementationDefined { what, usually } => {
            format!("left to the implementation: {what}; usually {}", self::disposition(usually, protocol))
        }
    }
}

/// The whole journey in one sentence.
pub(crate) fn summary(
    from: &str,
    to: &str,
    outcome: Outcome,
    traces: &[Trace],
    protocol: Protocol,
) -> String {
    let Some(first) = traces.first() else { return format!("{from} → {to}: nothing happens") };
    if traces.len() == 1 {
        return format!("{from} → {to}: {}", disposition(&first.disposition, protocol));
    }
    let connected: Vec<&Trace> = traces.iter().filter(|trace| trace.connects()).collect();
    match (outcome, connected.as_slice()) {
        (Outcome::Connected, _) => {
            let names: Vec<String> =
                traces.iter().map(|trace| format!("{} ({})", trace.goal(), trace.share)).collect();
            format!("{from} → {to}: connected to {}", several(&names))
        }
        (Outcome::Sometimes, _) => {
            let failed: Vec<Trace> = traces.iter().filter(|trace| !trace.connects()).cloned().collect();
            let share = connected.iter().fold(Share { n: 0, of: 1 }, |sum, trace| add(sum, trace.share));
            format!("{from} → {to}: works {share} of the time; else {}", endings(&failed, protocol))
        }
        _ => format!("{from} → {to}: {}", endings(traces, protocol)),
    }
}

/// The different ends of traces that do not connect, each kind once.
fn endings(traces: &[Trace], protocol: Protocol) -> String {
    let mut losses: Vec<String> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for trace in traces {
        let (list, text) = match &trace.disposition {
            Disposition::TimedOut { at } => (&mut losses, at.to_string()),
            other => (&mut others, disposition(other, protocol)),
        };
        if !list.contains(&text) {
            list.push(text);
        }
    }
    if !losses.is_empty() {
        others.insert(0, format!("timed out: lost at {}", several(&losses)));
    }
    several(&others)
}

fn several(items: &[String]) -> String {
    const SHOWN: usize = 4;
    if items.len() <= SHOWN {
        return list(items);
    }
    let shown: Vec<String> = items.iter().take(SHOWN).cloned().collect();
    format!("{} and {} more", shown.join(", "), items.len() - SHOWN)
}

fn add(a: Share, b: Share) -> Share {
    let n = a.n.saturating_mul(b.of).saturating_add(b.n.saturating_mul(a.of));
    Share { n, of: a.of.saturating_mul(b.of) }.of_share(Share::ALL)
}

pub(crate) fn near_node_port(service: &str, port: i32, asked: u16, allocated: bool) -> String {
    if allocated {
        format!(
            "Service {service} has the nodePort {port}: it names none, so the API server allocated one; to have {asked} it must say nodePort: {asked}"
        )
    } else {
        format!("Service {service} has the nodePort {port}")
    }
}

pub(crate) fn pending_but_node_port(service: &str, port: i32) -> String {
    format!("the nodePort {port} of Service {service} works on every node, as does its ClusterIP")
}

pub(crate) fn destination_translated(to: &str, pod: Option<&str>, share: Share, count: usize) -> String {
    let whom = pod.map(|pod| format!(" of {pod}")).unwrap_or_default();
    if count == 1 {
        format!("the only endpoint is taken: the destination becomes {to}{whom}")
    } else {
        format!(
            "one of {count} endpoints is taken at random ({share} each): the destination becomes {to}{whom}"
        )
    }
}

pub(crate) fn selected_without_address(pod: &str) -> String {
    format!("{pod} is selected, but has no network: it is not running")
}

pub(crate) fn selected_unready(pod: &str) -> String {
    format!("{pod} is selected, but not Ready, so it is no usable endpoint")
}

pub(crate) fn selected_without_port(pod: &str) -> String {
    format!("{pod} is selected, but none of its containers has a port of the name that targetPort asks for")
}

pub(crate) fn nearly_selected(
    pod: &str,
    key: &str,
    wanted: &str,
    has: Option<&str>,
    others: &[String],
) -> String {
    let also = if others.is_empty() {
        String::new()
    } else {
        format!("; {} {}", list(others), if others.len() == 1 { "does match" } else { "do match" })
    };
    match has {
        Some(value) => format!("{pod} has {key}={value} where the selector wants {key}={wanted}{also}"),
        None => format!("{pod} has no label {key}, where the selector wants {key}={wanted}{also}"),
    }
}

pub(crate) fn policy_side(egress: bool, sentence: &str) -> String {
    format!("policy, {}: {sentence}", if egress { "egress" } else { "ingress" })
}

pub(crate) fn outside_name(name: &str) -> String {
    format!("what public name servers answer for {name}")
}

pub(crate) fn outside_resolver(name: &str) -> String {
    format!(
        "a client outside the cluster asks its own name servers for {name}, which the manifests do not tell"
    )
}

pub(crate) fn name_of_pod(name: &str, service: Option<&str>) -> String {
    match service {
        Some(service) => format!(
            "`{name}` is the name of a pod, and pods have no DNS name of that form; Service `{service}` selects it, so `{service}` is a name for it"
        ),
        None => format!(
            "`{name}` is the name of a pod, and pods have no DNS name of that form; it needs a Service"
        ),
    }
}

pub(crate) fn name_suggested(name: &str, why: &str) -> String {
    format!("`{name}` would work: {why}")
}

pub(crate) fn name_open(name: &str, missing: &str) -> String {
    format!("whether `{name}` has an address is open: {missing}")
}

pub(crate) fn published_host(host: &str, ingress: &str, ip: std::net::IpAddr) -> String {
    format!(
        "{host} is a host of {ingress}, whose address is {ip}: public name servers are taken to lead there"
    )
}
