//! Which policies select a pod, and which pods a policy selects.

use super::engine::Engine;
use super::evaluate::as_node;
use super::examine::{Other, PolicyView};
use super::{Direction, Tier};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{Party, PodId, Snapshot};
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr};

/// The policies that select a pod.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PoliciesOf {
    /// The pod.
    pub pod: String,
    /// Whether a NetworkPolicy isolates it for ingress: only what a rule admits comes in.
    pub isolated_ingress: bool,
    /// Whether a NetworkPolicy isolates it for egress.
    pub isolated_egress: bool,
    /// Why no policy can select it; absent when one can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_none: Option<String>,
    /// In the order they are asked.
    pub policies: Vec<Selecting>,
}

/// A policy that selects the pod.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Selecting {
    /// The policy.
    pub policy: ObjectRef,
    /// When it is asked.
    pub tier: Tier,
    /// Whether it speaks of traffic into the pod.
    pub ingress: bool,
    /// Whether it speaks of traffic out of the pod.
    pub egress: bool,
    /// The selector that does it.
    pub evidence: Evidence,
}

/// The pods that a policy selects.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodsOf {
    /// The policy.
    pub policy: ObjectRef,
    /// When it is asked.
    pub tier: Tier,
    /// Whether it speaks of traffic into its pods.
    pub ingress: bool,
    /// Whether it speaks of traffic out of its pods.
    pub egress: bool,
    /// `namespace/name`, in the order of the cluster.
    pub pods: Vec<String>,
    /// The selector that does it.
    pub evidence: Evidence,
}

impl PolicyView<'_> {
    fn subject_field(&self) -> &'static str {
        if self.tier() == Tier::NetworkPolicy { "spec.podSelector" } else { "spec.subject" }
    }
}

fn as_other(snapshot: &Snapshot, pod: PodId) -> Other<'_> {
    let ip = snapshot.pod(pod).and_then(|pod| pod.ips.first().copied());
    Other::new(snapshot, Party::Pod(pod), ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}

impl Engine {
    /// Whether a policy applies to any pod at all.
    pub(crate) fn selects_any(&self, policy: u32) -> bool {
        self.policy(policy).is_some_and(|policy| !self.set(policy.subject).is_empty())
    }

    /// Whether a NetworkPolicy isolates a pod in this direction.
    pub(crate) fn is_isolated(&self, pod: PodId, direction: Direction) -> bool {
        self.classes.of(pod).is_some_and(|class| !self.asked(class, direction).network.is_empty())
    }

    /// Whether any policy, cluster-wide ones included, speaks of this direction of a pod.
    pub(crate) fn is_spoken_of(&self, pod: PodId, direction: Direction) -> bool {
        self.classes.of(pod).is_some_and(|class| {
            let asked = self.asked(class, direction);
            !(asked.network.is_empty() && asked.admin.is_empty() && asked.baseline.is_empty())
        })
    }

    /// Whether two policies apply to a common pod.
    pub(crate) fn share_a_pod(&self, one: u32, other: u32) -> bool {
        let subject = |number| self.policy(number).map(|policy| self.set(policy.subject));
        subject(one).zip(subject(other)).is_some_and(|(a, b)| !a.and(b).is_empty())
    }

    /// The policies that select a pod.
    pub(super) fn policies_of(&self, snapshot: &Snapshot, pod: PodId) -> PoliciesOf {
        let other = as_other(snapshot, pod);
        let mut out = PoliciesOf {
            pod: super::verdict::party_name(snapshot, Party::Pod(pod)),
            isolated_ingress: false,
            isolated_egress: false,
            why_none: None,
            policies: Vec::new(),
        };
        if other.pod.is_none() {
            let hidden = as_node(snapshot) && snapshot.pod(pod).is_some_and(|pod| pod.host_network);
            out.why_none = hidden.then(|| other.what().to_owned());
            return out;
        }
        for number in self.candidates(&other) {
            let Some(view) = PolicyView::new(snapshot, number) else { continue };
            if view.selects(None, &other).is_err() {
                continue;
            }
            let (ingress, egress) = (view.speaks_of(Direction::Ingress), view.speaks_of(Direction::Egress));
            let tier = view.tier();
            out.isolated_ingress |= tier == Tier::NetworkPolicy && ingress;
            out.isolated_egress |= tier == Tier::NetworkPolicy && egress;
            let evidence = view.evidence(snapshot, view.subject_field());
            out.policies.push(Selecting { policy: view.object().clone(), tier, ingress, egress, evidence });
        }
        out
    }

    /// The pods that a policy selects; `None` when there is no policy of this number.
    pub(super) fn pods_of(&self, snapshot: &Snapshot, policy: u32) -> Option<PodsOf> {
        let view = PolicyView::new(snapshot, policy)?;
        let pods = (0..).map(PodId).zip(&snapshot.pods);
        let selected = pods.filter(|(id, pod)| {
            let namespace = Some(snapshot.namespace_name(pod.namespace));
            view.selects(namespace, &as_other(snapshot, *id)).is_ok()
        });
        Some(PodsOf {
            policy: view.object().clone(),
            tier: view.tier(),
            ingress: view.speaks_of(Direction::Ingress),
            egress: view.speaks_of(Direction::Egress),
            pods: selected.map(|(id, _)| super::verdict::party_name(snapshot, Party::Pod(id))).collect(),
            evidence: view.evidence(snapshot, view.subject_field()),
        })
    }
}
