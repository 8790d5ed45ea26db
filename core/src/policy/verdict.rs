//! The explained judgement: every policy of both ends, which rule decided, and what came nearest.

use super::engine::Engine;
use super::evaluate::{Judgement, Ruling};
use super::examine::{Other, PolicyView};
use super::explain::{self, SideFacts};
use super::{Action, Connection, Decision, Direction, Reason, Tier};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{Party, Protocol, Snapshot};
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;

/// Whether a connection may be made, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The judgement.
    pub decision: Decision,
    /// One sentence.
    pub summary: String,
    /// Who opens the connection: `namespace/name`, `node/name` or an address.
    pub from: String,
    /// Who is to answer.
    pub to: String,
    /// The source address that arrives.
    pub from_ip: IpAddr,
    /// The destination address that arrives.
    pub to_ip: IpAddr,
    /// Protocol.
    pub protocol: Protocol,
    /// The destination's own port.
    pub port: u16,
    /// What the policies of the opener say.
    pub egress: Side,
    /// What the policies of the destination say.
    pub ingress: Side,
}

/// What the policies of one end say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// Which way, from the point of view of this end.
    pub direction: Direction,
    /// The judgement of this end alone.
    pub decision: Decision,
    /// Because of what.
    pub reason: Reason,
    /// The same as a sentence.
    pub sentence: String,
    /// The NetworkPolicies that isolate this end in this direction.
    pub isolated_by: Vec<Arc<ObjectRef>>,
    /// The rule that decided, when one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Evidence>,
    /// The peer of that rule that matched; absent when the rule names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<Evidence>,
    /// The port of that rule that matched; absent when the rule names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<Evidence>,
    /// When no rule admits the connection: what came nearest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest_miss: Option<Miss>,
    /// Every policy that could have a say: all NetworkPolicies of the pod's namespace and all
    /// cluster-wide policies, in the order they are asked.
    pub policies: Vec<Examined>,
}

/// The rule that would have admitted a connection with the least change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Miss {
    /// What is in the way, in words.
    pub sentence: String,
    /// The part of the rule that does not match.
    pub evidence: Evidence,
}

/// One policy and what it made of the connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Examined {
    /// The policy.
    pub policy: Arc<ObjectRef>,
    /// When it is asked.
    pub tier: Tier,
    /// Whether it selects the pod.
    pub selects: bool,
    /// Whether it selects the pod and speaks of this direction.
    pub applies: bool,
    /// What it does with the connection: the action of its first matching rule; absent when none matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Action>,
    /// Why it does not apply; absent when it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// Its rules for this direction, in order; empty when it does not apply.
    pub rules: Vec<ExaminedRule>,
}

/// One rule and what it made of the connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExaminedRule {
    /// `spec.ingress[0]`.
    pub field: String,
    /// What it does with traffic that matches.
    pub action: Action,
    /// Whether one of its peers and one of its ports match.
    pub matches: bool,
    /// Its peers; empty when it names none, which means everyone.
    pub peers: Vec<ExaminedPart>,
    /// Its ports; empty when it names none, which means all.
    pub ports: Vec<ExaminedPart>,
}

/// One peer or port of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExaminedPart {
    /// `spec.ingress[0].from[1]`.
    pub field: String,
    /// Whether it matches.
    pub matches: bool,
    /// Why it does not; absent when it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// The nearest miss while it is being looked for: how far, whose, which field, in which words.
pub(super) struct Nearest {
    pub distance: u32,
    pub policy: u32,
    pub field: String,
    pub sentence: String,
}

impl Engine {
    /// Judges a connection and explains the judgement.
    pub fn verdict(&self, snapshot: &Snapshot, connection: &Connection) -> Verdict {
        let Judgement { decision, egress, ingress } = self.judge(snapshot, connection);
        let from = party_name(snapshot, connection.from);
        let to = party_name(snapshot, connection.to);
        let seen_ip = connection.from_ip;
        let source = Other::new(snapshot, connection.from, seen_ip);
        let target = Other::new(snapshot, connection.to, connection.to_ip);
        let egress_side =
            self.explain(snapshot, connection, Direction::Egress, &egress, &source, &target, &from);
        let ingress_side =
            self.explain(snapshot, connection, Direction::Ingress, &ingress, &target, &source, &to);
        let question = format!("{} {} from {from} to {to}", connection.protocol, connection.port);
        let by_egress = egress.decision == decision && decision != Decision::Allowed;
        let summary =
            explain::summary(decision, &question, &egress_side.sentence, &ingress_side.sentence, by_egress);
        Verdict {
            decision,
            summary,
            from,
            to,
            from_ip: connection.from_ip,
            to_ip: connection.to_ip,
            protocol: connection.protocol,
            port: connection.port,
            egress: egress_side,
            ingress: ingress_side,
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one call site per direction; a struct would only rename them"
    )]
    fn explain(
        &self,
        snapshot: &Snapshot,
        connection: &Connection,
        direction: Direction,
        ruling: &Ruling,
        subject: &Other<'_>,
        peer: &Other<'_>,
        name: &str,
    ) -> Side {
        let candidates = self.candidates(subject);
        let mut policies = Vec::with_capacity(candidates.len());
        let mut nearest: Option<Nearest> = None;
        let mut isolated_by = Vec::new();
        let target = if direction == Direction::Ingress { subject } else { peer };
        for number in candidates {
            let Some(view) = PolicyView::new(snapshot, number) else { continue };
            let miss = if ruling.reason == Reason::NoRuleAdmits { Some(&mut nearest) } else { None };
            let Some(name) = self.name(snapshot, number) else { continue };
            let examined = view.examine(name, snapshot, direction, connection, subject, peer, target, miss);
            if examined.applies && examined.tier == Tier::NetworkPolicy {
                isolated_by.push(Arc::clone(&examined.policy));
            }
            policies.push(examined);
        }
        let view = ruling.by.and_then(|(policy, rule)| Some((PolicyView::new(snapshot, policy)?, rule)));
        let chosen = ruling.by.and_then(|(policy, rule)| {
            let object = PolicyView::new(snapshot, policy)?.object();
            let examined = policies.iter().find(|examined| *examined.policy == *object)?;
            examined.rules.get(rule as usize)
        });
        let evidence = |field: &str| view.as_ref().map(|(view, _)| view.evidence(snapshot, field));
        let part = |parts: &[ExaminedPart]| {
            parts.iter().find(|part| part.matches).and_then(|part| evidence(&part.field))
        };
        let nearest_miss = nearest.and_then(|nearest| {
            let view = PolicyView::new(snapshot, nearest.policy)?;
            let sentence = format!("{} {}", view.object(), nearest.sentence);
            Some(Miss { sentence, evidence: view.evidence(snapshot, &nearest.field) })
        });
        let field = chosen.map(|rule| rule.field.as_str());
        let facts = SideFacts {
            direction,
            reason: ruling.reason,
            subject: name,
            isolated_by: &isolated_by,
            by: view.as_ref().map(|(view, _)| view.object()).zip(field),
            miss: nearest_miss.as_ref().map(|miss| miss.sentence.as_str()),
        };
        Side {
            direction,
            decision: ruling.decision,
            reason: ruling.reason,
            sentence: explain::side(&facts),
            decided_by: field.and_then(evidence),
            peer: chosen.and_then(|rule| part(&rule.peers)),
            port: chosen.and_then(|rule| part(&rule.ports)),
            isolated_by,
            nearest_miss,
            policies,
        }
    }

    /// The policies that could have a say about a pod, in the order they are asked.
    pub(super) fn candidates(&self, subject: &Other<'_>) -> Vec<u32> {
        let Some(pod) = subject.pod else { return Vec::new() };
        let tier = |tier: Tier| {
            let list = self.cluster_order.iter().copied();
            list.filter(move |number| self.policy(*number).is_some_and(|policy| policy.tier == tier))
        };
        let own = self.by_namespace.get(pod.namespace.index()).map_or(&[][..], Vec::as_slice);
        tier(Tier::Admin).chain(own.iter().copied()).chain(tier(Tier::Baseline)).collect()
    }
}

/// A party in the notation of questions.
pub(crate) fn party_name(snapshot: &Snapshot, party: Party) -> String {
    match party {
        Party::Pod(id) => match snapshot.pod(id) {
            Some(pod) => format!("{}/{}", snapshot.namespace_name(pod.namespace), pod.name),
            None => "unknown pod".into(),
        },
        Party::Node(id) => match snapshot.node(id) {
            Some(node) => format!("node/{}", node.name),
            None => "unknown node".into(),
        },
        Party::Outside(ip) => ip.to_string(),
    }
}
