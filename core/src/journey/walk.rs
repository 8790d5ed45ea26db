//! A packet on its way: from the client's network to whoever answers.

use super::deliver::{self, Arrival};
use super::mechanisms::{self, Choice, Judgement, Leg, Rooms, Stop};
use super::{Action, At, Candidate, Detail, Disposition, Hop, Step, Trace, ends, explain};
use crate::model::{Assumption, Family, NodeId, Packet, Party, PodId, Share, Snapshot};
use std::net::IpAddr;

/// Backends listed in each trace that a Service's choice leads to.
const CANDIDATES: usize = 10;

/// A trace that has not ended yet.
#[derive(Clone)]
pub(crate) struct Draft {
    /// Its part of all tries.
    pub(crate) share: Share,
    /// Places passed so far.
    pub(crate) hops: Vec<Hop>,
    /// The packet as the client sent it.
    pub(crate) sent: Packet,
    /// The packet now.
    pub(crate) packet: Packet,
    /// Who the packet seems to come from now.
    pub(crate) source: Party,
}

/// Collects the traces of one question.
pub(crate) struct Walk<'a> {
    /// The mechanisms.
    pub(crate) rooms: Rooms<'a>,
    /// Who asks.
    pub(crate) client: Party,
    /// Finished traces.
    pub(crate) traces: Vec<Trace>,
    /// What was taken for granted.
    pub(crate) assumptions: Vec<Assumption>,
    /// Session affinity of a Service passed, in seconds.
    pub(crate) sticky_seconds: Option<u32>,
}

/// A step with no near miss and no particulars.
pub(crate) fn step(action: Action, code: &'static str, sentence: String) -> Step {
    Step { action, code, sentence, evidence: Vec::new(), near_miss: None, detail: None }
}

impl Draft {
    fn enter(&mut self, at: At) {
        if self.hops.last().is_none_or(|hop| hop.at != at) {
            self.hops.push(Hop { at, before: Some(self.packet), after: None, steps: Vec::new() });
        }
    }

    fn push(&mut self, step: Step) {
        if let Some(hop) = self.hops.last_mut() {
            hop.steps.push(step);
        }
    }

    /// The packet goes on from here as it is now.
    fn leave(&mut self) {
        let packet = self.packet;
        if let Some(hop) = self.hops.last_mut() {
            hop.after = Some(packet);
        }
    }

    fn at(&self) -> At {
        self.hops.last().map_or_else(|| At::Outside { address: String::new() }, |hop| hop.at.clone())
    }
}

impl<'a> Walk<'a> {
    pub(crate) fn new(rooms: Rooms<'a>, client: Party) -> Self {
        Self { rooms, client, traces: Vec::new(), assumptions: Vec::new(), sticky_seconds: None }
    }

    fn snapshot(&self) -> &'a Snapshot {
        self.rooms.snapshot
    }

    /// Takes something for granted, once.
    pub(crate) fn assume(&mut self, assumption: Assumption) {
        if !self.assumptions.contains(&assumption) {
            self.assumptions.push(assumption);
        }
    }

    fn assume_text(&mut self, code: &'static str, message: impl Into<String>) {
        self.assume(Assumption { code, message: message.into(), object: None });
    }

    /// Ends a trace; the last step decided.
    pub(crate) fn end(&mut self, mut draft: Draft, decided: Step, disposition: Disposition) {
        let code = decided.code;
        draft.push(decided);
        self.traces.push(Trace {
            share: draft.share,
            disposition,
            code,
            hops: draft.hops,
            reply: Vec::new(),
        });
    }

    /// Sends the first packet from the client to `destination`; `prelude` is what happened before.
    pub(crate) fn send(&mut self, share: Share, destination: IpAddr, packet: Packet, prelude: Vec<Step>) {
        let here = ends::place(self.snapshot(), self.client);
        let hop = Hop { at: here.clone(), before: None, after: None, steps: prelude };
        let mut draft = Draft { share, hops: vec![hop], sent: packet, packet, source: self.client };
        let Some(source) = self.source_address(destination) else {
            let family = Family::of(destination);
            let decided = step(Action::Dropped, "journey/no-such-family", explain::no_family(&here, family));
            return self.end(draft, decided, Disposition::NoRoute { at: here });
        };
        let packet = Packet { source, destination, ..packet };
        (draft.packet, draft.sent) = (packet, packet);
        draft.push(step(Action::Originated, "journey/originated", explain::originated(&here, &packet)));
        if destination.is_loopback() || self.is_own(destination) {
            draft.push(step(Action::Forwarded, "journey/loopback", explain::loopback(&here)));
            draft.leave();
            return match self.client {
                Party::Pod(id) if !self.is_host_network(id) => self.deliver_pod(draft, id),
                Party::Pod(id) => match self.node_of(Party::Pod(id)) {
                    Some(node) => self.on_node(draft, node),
                    None => self.deliver_pod(draft, id),
                },
                Party::Node(node) => self.on_node(draft, node),
                Party::Outside(_) => self.beyond(draft),
            };
        }
        if let Some(step) = self.rooms.departure(self.client, self.snapshot().party_of(destination), &packet)
        {
            draft.push(step);
        }
        draft.leave();
        match self.node_of(self.client) {
            Some(node) => self.on_node(draft, node),
            None => self.enter_cluster(draft),
        }
    }

    /// The address the client sends from: its own of the destination's family.
    pub(crate) fn source_address(&self, destination: IpAddr) -> Option<IpAddr> {
        if destination.is_loopback() {
            return Some(destination);
        }
        let family = Family::of(destination);
        let fits = |ip: &&IpAddr| Family::of(**ip) == family;
        match self.client {
            Party::Pod(id) => match self.snapshot().pod(id)? {
                pod if pod.host_network => self.node_address(pod.node?, destination),
                pod => pod.ips.iter().find(fits).copied(),
            },
            Party::Node(id) => self.node_address(id, destination),
            Party::Outside(ip) if Family::of(ip) == family => Some(ip),
            Party::Outside(_) => None,
        }
    }

    fn is_own(&self, destination: IpAddr) -> bool {
        match self.client {
            Party::Pod(id) => {
                self.snapshot().pod(id).is_some_and(|pod| !pod.host_network && pod.ips.contains(&destination))
            }
            Party::Node(_) => false,
            Party::Outside(ip) => ip == destination,
        }
    }

    fn is_host_network(&self, id: PodId) -> bool {
        self.snapshot().pod(id).is_some_and(|pod| pod.host_network)
    }

    fn node_of(&self, party: Party) -> Option<NodeId> {
        match party {
            Party::Pod(id) => self.snapshot().pod(id)?.node,
            Party::Node(id) => Some(id),
            Party::Outside(_) => None,
        }
    }

    fn node_name(&self, id: NodeId) -> &'a str {
        self.snapshot().node(id).map_or("", |node| node.name.as_str())
    }

    fn primary_address(&self, id: NodeId, family: Family) -> Option<IpAddr> {
        self.snapshot().node(id)?.ips.iter().find(|ip| Family::of(**ip) == family).copied()
    }

    /// The address a node sends from: that of the interface the packet leaves by.
    fn node_address(&self, id: NodeId, destination: IpAddr) -> Option<IpAddr> {
        crate::addressing::egress_address(self.snapshot(), id, destination)
            .or_else(|| self.primary_address(id, Family::of(destination)))
    }

    /// A packet that comes from beyond the cluster: to a node, a load balancer, or nowhere.
    fn enter_cluster(&mut self, mut draft: Draft) {
        let snapshot = self.snapshot();
        let ip = draft.packet.destination;
        match ends::owner(snapshot, ip) {
            Some(Party::Node(node)) => return self.on_node(draft, node),
            Some(Party::Pod(_)) => return self.not_routed(draft, "a pod's address"),
            _ => {}
        }
        if let Some((service, by_load_balancer)) = mechanisms::published(snapshot, ip) {
            let Some(object) = snapshot.service(service) else { return };
            let name = format!("{}/{}", snapshot.namespace_name(object.namespace), object.name);
            let local = object.spec.external_traffic_policy == "Local";
            let nodes = if local {
                self.rooms.nodes_with_endpoints(service, draft.packet.port, draft.packet.protocol)
            } else {
                let ready = snapshot.nodes.iter().position(|node| node.ready).unwrap_or_default();
                self.assume_text("journey/any-node", explain::ANY_NODE);
                vec![NodeId(ready as u32)]
            };
            if by_load_balancer {
                draft.enter(At::LoadBalancer { service: name.clone(), address: ip.to_string() });
            }
            let evidence = mechanisms::service_evidence(snapshot, service, "spec.externalTrafficPolicy");
            if nodes.is_empty() {
                let mut decided =
                    step(Action::Dropped, "journey/no-local-node", explain::no_local_node(&name));
                decided.evidence.extend(evidence);
                let at = draft.at();
                return self.end(draft, decided, Disposition::TimedOut { at });
            }
            let each = Share { n: 1, of: nodes.len() as u32 };
            for node in nodes {
                let mut draft = draft.clone();
                draft.share = draft.share.of_share(each);
                if by_load_balancer {
                    let sentence =
                        explain::load_balancer(&name, &ip.to_string(), self.node_name(node), local);
                    let mut handed = step(Action::Forwarded, "journey/load-balancer", sentence);
                    handed.evidence.extend(evidence.clone());
                    draft.push(handed);
                    draft.leave();
                }
                self.on_node(draft, node);
            }
            return;
        }
        if mechanisms::is_cluster_address(snapshot, ip) {
            let what = if mechanisms::in_service_range(snapshot, ip) {
                "a ClusterIP"
            } else {
                "an address of the pod range"
            };
            return self.not_routed(draft, what);
        }
        self.beyond(draft);
    }

    fn not_routed(&mut self, draft: Draft, what: &str) {
        let sentence = explain::cluster_address_from_outside(draft.packet.destination, what);
        let decided = step(Action::Dropped, "journey/not-routed-outside", sentence);
        let at = draft.at();
        let usually = Box::new(Disposition::TimedOut { at });
        let what = explain::OUTSIDE_ROUTES.to_owned();
        self.end(draft, decided, Disposition::ImplementationDefined { what, usually });
    }

    /// Both ends are beyond the cluster.
    fn beyond(&mut self, draft: Draft) {
        let missing = format!("the network between {} and {}", draft.packet.source, draft.packet.destination);
        let sentence = format!("neither end is in the cluster: nothing is known about {missing}");
        let decided = step(Action::Undetermined, "journey/beyond-the-cluster", sentence);
        self.end(draft, decided, Disposition::Undetermined { missing });
    }

    /// A packet in the host network of `node`: kube-proxy first, then the routes.
    fn on_node(&mut self, mut draft: Draft, node: NodeId) {
        draft.enter(ends::node_place(self.snapshot(), node));
        let at = draft.at();
        match self.rooms.select(node, &draft.packet) {
            Choice::None(steps) => {
                steps.into_iter().for_each(|step| draft.push(step));
                self.route(draft, node, None);
            }
            Choice::Answered(accepted) => self.connect(draft, accepted, at),
            Choice::Rejected(before, decided) => {
                before.into_iter().for_each(|step| draft.push(step));
                self.end(draft, decided, Disposition::Refused { by: at });
            }
            Choice::Dropped(before, decided) => {
                before.into_iter().for_each(|step| draft.push(step));
                self.end(draft, decided, Disposition::TimedOut { at });
            }
            Choice::Backends { before, service, backends, sticky_seconds } => {
                before.into_iter().for_each(|step| draft.push(step));
                self.sticky_seconds = sticky_seconds.or(self.sticky_seconds);
                let eligible = backends.len() as u32;
                // All of them in each trace would be an answer of megabytes for a few hundred.
                let candidates: Vec<Candidate> = backends
                    .iter()
                    .take(CANDIDATES)
                    .map(|backend| Candidate {
                        address: explain::socket(backend.ip, backend.port),
                        pod: backend.pod.and_then(|pod| self.pod_name(pod)),
                        share: backend.share,
                    })
                    .collect();
                for backend in backends {
                    let mut draft = draft.clone();
                    draft.share = draft.share.of_share(backend.share);
                    (draft.packet.destination, draft.packet.port) = (backend.ip, backend.port);
                    let mut translated = backend.translated;
                    let (service, backends) = (service.clone(), candidates.clone());
                    translated.detail = Some(Detail::Backends { service, eligible, backends });
                    draft.push(translated);
                    if let Some((source, masquerade)) = backend.masquerade {
                        let family = Family::of(backend.ip);
                        if let Some(ip) = source.or_else(|| self.primary_address(node, family)) {
                            (draft.packet.source, draft.source) = (ip, Party::Node(node));
                        }
                        draft.push(masquerade);
                    }
                    self.route(draft, node, backend.pod);
                }
            }
        }
    }

    fn pod_name(&self, id: PodId) -> Option<String> {
        let pod = self.snapshot().pod(id)?;
        Some(format!("{}/{}", self.snapshot().namespace_name(pod.namespace), pod.name))
    }

    /// From `node` towards the destination; `backend` is the pod a Service chose, if one did.
    fn route(&mut self, mut draft: Draft, node: NodeId, backend: Option<PodId>) {
        let snapshot = self.snapshot();
        let ip = draft.packet.destination;
        if ip.is_loopback() {
            return self.deliver_node(draft, node);
        }
        let target = backend.map(Party::Pod).or_else(|| ends::owner(snapshot, ip));
        match target {
            Some(Party::Pod(id)) => {
                let Some(mut draft) = self.guarded(draft, Party::Pod(id), node) else { return };
                draft.leave();
                let host = snapshot.pod(id).filter(|pod| pod.host_network).and_then(|pod| pod.node);
                match host {
                    Some(other) => {
                        draft.enter(ends::node_place(snapshot, other));
                        let here = ends::place(snapshot, Party::Pod(id));
                        self.arrive(draft, id, here);
                    }
                    None => self.deliver_pod(draft, id),
                }
            }
            Some(Party::Node(other)) => {
                if let Some((pod, port, redirected)) =
                    (other == node).then(|| self.rooms.host_port(other, &draft.packet)).flatten()
                {
                    draft.push(redirected);
                    let family = Family::of(ip);
                    let own = snapshot
                        .pod(pod)
                        .and_then(|pod| pod.ips.iter().find(|ip| Family::of(**ip) == family));
                    if let Some(own) = own {
                        (draft.packet.destination, draft.packet.port) = (*own, port);
                        return self.route(draft, node, Some(pod));
                    }
                }
                let Some(mut draft) = self.guarded(draft, Party::Node(other), node) else { return };
                if other == node {
                    return self.deliver_node(draft, node);
                }
                draft.leave();
                self.on_node(draft, other);
            }
            Some(Party::Outside(_)) | None => self.leave_or_lose(draft, node),
        }
    }

    /// The destination is nobody in the cluster: an unused address of it, or beyond.
    fn leave_or_lose(&mut self, draft: Draft, node: NodeId) {
        let snapshot = self.snapshot();
        let ip = draft.packet.destination;
        let at = draft.at();
        if mechanisms::in_service_range(snapshot, ip) {
            let sentence = match mechanisms::cluster_ip_owner(snapshot, ip) {
                Some(service) => explain::ping_like_port(&service, draft.packet.port, draft.packet.protocol),
                None => explain::unknown_service_address(ip),
            };
            let decided = step(Action::Dropped, "journey/unknown-service-address", sentence);
            return self.end(draft, decided, Disposition::TimedOut { at });
        }
        if mechanisms::is_cluster_address(snapshot, ip) {
            let owner =
                snapshot.nodes.iter().find(|node| node.pod_cidrs.iter().any(|cidr| cidr.contains(&ip)));
            let sentence = explain::unknown_pod_address(ip, owner.map(|node| node.name.as_str()));
            let decided = step(Action::Dropped, "journey/unused-pod-address", sentence);
            let what = explain::UNUSED_POD_ADDRESS.to_owned();
            let at = owner.map_or(at, |node| At::Node { name: node.name.clone() });
            let usually = Box::new(Disposition::NoRoute { at });
            return self.end(draft, decided, Disposition::ImplementationDefined { what, usually });
        }
        let Some(mut draft) = self.guarded(draft, Party::Outside(ip), node) else { return };
        draft.leave();
        let outside = At::Outside { address: ip.to_string() };
        draft.enter(outside.clone());
        self.assume_text("journey/outside-answers", explain::OUTSIDE_ANSWERS);
        let sentence = format!("{outside} is taken to answer");
        self.connect(draft, step(Action::Accepted, "journey/outside-answers", sentence), outside);
    }

    /// The way to `to` with the policies of both ends: the opener's are asked where it leaves, the
    /// destination's where the packet arrives. The draft, if it gets there.
    fn guarded(&mut self, mut draft: Draft, to: Party, node: NodeId) -> Option<Draft> {
        let Judgement { egress, ingress, stopped } = self.rooms.judge(self.client, to, &draft.packet);
        let (stop, by_ingress) = stopped.unzip();
        let by_ingress = by_ingress.unwrap_or_default();
        match (egress, stop.as_ref().filter(|_| !by_ingress)) {
            (Some(decided), Some(stop)) => {
                self.stop(draft, decided, stop, to);
                return None;
            }
            (told, _) => told.into_iter().for_each(|step| draft.push(step)),
        }
        let legs = self.rooms.legs(draft.source, to, &draft.packet);
        let (on_nodes, inside): (Vec<Leg>, Vec<Leg>) =
            legs.into_iter().partition(|leg| !matches!(leg.enters, Some(At::Pod { .. })));
        self.pass(&mut draft, on_nodes, node);
        match (ingress, stop.as_ref().filter(|_| by_ingress)) {
            (Some(decided), Some(stop)) => {
                self.stop(draft, decided, stop, to);
                return None;
            }
            (told, _) => told.into_iter().for_each(|step| draft.push(step)),
        }
        self.pass(&mut draft, inside, node);
        Some(draft)
    }

    fn pass(&self, draft: &mut Draft, legs: Vec<Leg>, node: NodeId) {
        for leg in legs {
            if let Some(place) = leg.enters.filter(|place| *place != draft.at()) {
                draft.leave();
                draft.enter(place);
            }
            if let Some(source) = leg.source {
                (draft.packet.source, draft.source) = (source, Party::Node(node));
            }
            draft.push(leg.step);
        }
    }

    fn stop(&mut self, draft: Draft, decided: Step, stop: &Stop, to: Party) {
        let at = draft.at();
        let disposition = match stop {
            Stop::Dropped => Disposition::TimedOut { at },
            Stop::Open { what, passes: true } => {
                let to = ends::place(self.snapshot(), to);
                let address = explain::socket(draft.packet.destination, draft.packet.port);
                let usually = Box::new(Disposition::Connected { to, address });
                Disposition::ImplementationDefined { what: what.clone(), usually }
            }
            Stop::Open { what, passes: false } => {
                let usually = Box::new(Disposition::TimedOut { at });
                Disposition::ImplementationDefined { what: what.clone(), usually }
            }
            Stop::Unknown { missing } => Disposition::Undetermined { missing: missing.clone() },
        };
        self.end(draft, decided, disposition);
    }

    fn deliver_pod(&mut self, mut draft: Draft, id: PodId) {
        let here = ends::place(self.snapshot(), Party::Pod(id));
        draft.enter(here.clone());
        self.arrive(draft, id, here);
    }

    fn arrive(&mut self, draft: Draft, id: PodId, here: At) {
        let snapshot = self.snapshot();
        let (port, protocol) = (draft.packet.port, draft.packet.protocol);
        match deliver::arrive(snapshot, id, port, protocol) {
            Some(Arrival::Accepted(accepted)) => {
                if let Some(pod) = snapshot.pod(id).filter(|pod| !pod.ready) {
                    let name = format!("{}/{}", snapshot.namespace_name(pod.namespace), pod.name);
                    let message = explain::unready_pod(&name);
                    let object = snapshot.pod_ref(id);
                    self.assume(Assumption { code: "journey/unready-pod-listens", message, object });
                }
                self.connect(draft, accepted, here);
            }
            Some(Arrival::Refused(decided, assumption)) => {
                self.assume(assumption);
                self.end(draft, decided, Disposition::Refused { by: here });
            }
            Some(Arrival::Undetermined(decided, missing)) => {
                self.end(draft, decided, Disposition::Undetermined { missing });
            }
            None => {
                let missing = "the pod".to_owned();
                let decided =
                    step(Action::Undetermined, "journey/unknown-pod", "the pod is not known".to_owned());
                self.end(draft, decided, Disposition::Undetermined { missing });
            }
        }
    }

    /// A packet for a program on the node itself.
    fn deliver_node(&mut self, draft: Draft, node: NodeId) {
        let snapshot = self.snapshot();
        let (port, protocol) = (draft.packet.port, draft.packet.protocol);
        let name = self.node_name(node);
        if let Some((id, accepted)) = self.rooms.host_network_listener(node, port, protocol) {
            return self.connect(draft, accepted, ends::place(snapshot, Party::Pod(id)));
        }
        let at = ends::node_place(snapshot, node);
        let (first, last) = snapshot.settings.node_port_range;
        if (first..=last).contains(&port) {
            self.assume_text("journey/node-ports-are-free", explain::NODE_PORTS_FREE);
            let sentence = explain::nothing_on_node_port(name, port, protocol);
            let mut decided = step(Action::Refused, "journey/no-such-node-port", sentence);
            decided.near_miss = mechanisms::near_node_port(snapshot, port);
            return self.end(draft, decided, Disposition::Refused { by: at });
        }
        let decided = step(Action::Undetermined, "journey/node-program", explain::node_program(name, port));
        let missing = explain::whether_node_listens(name, port, protocol);
        self.end(draft, decided, Disposition::Undetermined { missing });
    }

    /// The connection is made; the reply finds its way back.
    fn connect(&mut self, mut draft: Draft, accepted: Step, to: At) {
        let address = explain::socket(draft.packet.destination, draft.packet.port);
        let seen_as = explain::socket(draft.sent.destination, draft.sent.port);
        let client = ends::place(self.snapshot(), self.client);
        let translated = draft.packet != draft.sent;
        let mut reply = Vec::new();
        if !draft.packet.destination.is_loopback() {
            let sentence = explain::reply(&client, &address, &seen_as, translated);
            reply.push(step(Action::Forwarded, "journey/reply", sentence));
        }
        let code = accepted.code;
        draft.push(accepted);
        let disposition = Disposition::Connected { to, address };
        self.traces.push(Trace { share: draft.share, disposition, code, hops: draft.hops, reply });
    }
}
