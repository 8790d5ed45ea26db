//! The policies' verdict as steps.

use super::{Judgement, Rooms, Stop};
use crate::journey::walk::step;
use crate::journey::{Action, Detail, NearMiss, Step, explain};
use crate::manifest::ObjectRef;
use crate::model::{Packet, Party};
use crate::policy::{Connection, Decision, Direction, Outcome, Reason, Side};

impl Rooms<'_> {
    /// Asks the policies of both ends, after the Service has chosen: `from` is who opened the connection,
    /// the packet is as it arrives.
    pub(crate) fn judge(&self, from: Party, to: Party, packet: &Packet) -> Judgement {
        let connection = Connection {
            from,
            to,
            from_ip: packet.source,
            to_ip: packet.destination,
            protocol: packet.protocol,
            port: packet.port,
        };
        let verdict = self.policy.verdict(self.snapshot, &connection);
        let by_ingress = verdict.egress.decision != verdict.decision;
        let stop = match verdict.decision {
            Decision::Allowed => None,
            Decision::Denied => Some(Stop::Dropped),
            Decision::ImplementationDefined { usually, .. } => {
                Some(Stop::Open { what: verdict.summary, passes: usually == Outcome::Allowed })
            }
            Decision::Undetermined { .. } => Some(Stop::Unknown { missing: verdict.summary }),
        };
        let open = matches!(stop, Some(Stop::Open { .. } | Stop::Unknown { .. }));
        let tell = |side: &Side, decides: bool| {
            let told = (decides || worth_telling(side)).then(|| self.told(side))?;
            let code = "policy/open";
            Some(if decides && open { Step { action: Action::Undetermined, code, ..told } } else { told })
        };
        let stopped = stop.is_some();
        Judgement {
            egress: tell(&verdict.egress, stopped && !by_ingress),
            ingress: tell(&verdict.ingress, stopped && by_ingress),
            stopped: stop.map(|stop| (stop, by_ingress)),
        }
    }
}

/// That no policy applies to something that is not a pod goes without saying.
fn worth_telling(side: &Side) -> bool {
    !matches!(side.reason, Reason::NotAPod)
}

impl Rooms<'_> {
    fn told(&self, side: &Side) -> Step {
        let egress = side.direction == Direction::Egress;
        let (action, code) = match (side.decision, side.reason) {
            (Decision::Allowed, Reason::NotEnforced) => (Action::Permitted, "policy/not-enforced"),
            (Decision::Allowed, Reason::NotIsolated) => (Action::Permitted, "policy/not-isolated"),
            (Decision::Allowed, Reason::OwnNode) => (Action::Permitted, "policy/own-node"),
            (Decision::Allowed, Reason::SamePod) => (Action::Permitted, "policy/same-pod"),
            (Decision::Allowed, Reason::HostNetwork) => (Action::Permitted, "policy/host-network"),
            (Decision::Allowed, _) => (Action::Permitted, "policy/rule-allows"),
            (Decision::Denied, Reason::RuleDenies) => (Action::Denied, "policy/rule-denies"),
            (Decision::Denied, _) => (Action::Denied, "policy/no-rule-admits"),
            (Decision::ImplementationDefined { .. } | Decision::Undetermined { .. }, _) => {
                (Action::Undetermined, "policy/open")
            }
        };
        // The nearest miss has a line of its own.
        let sentence = side.sentence.split("; nearest: ").next().unwrap_or_default();
        let mut told = step(action, code, explain::policy_side(egress, sentence));
        told.evidence.extend([&side.peer, &side.port].into_iter().flatten().cloned());
        if told.evidence.is_empty() {
            told.evidence.extend(side.decided_by.clone());
        }
        if !side.isolated_by.is_empty() {
            let (direction, isolated_by) = (side.direction, side.isolated_by.clone());
            told.detail = Some(Detail::Policies { direction, isolated_by });
        }
        if side.reason == Reason::NoRuleAdmits {
            let policies = &self.snapshot.network_policies;
            let isolates = |object: &ObjectRef| side.isolated_by.iter().any(|own| **own == *object);
            let isolating = policies.iter().filter(|stored| isolates(&stored.object));
            let field = "spec.podSelector";
            told.evidence.extend(
                isolating.map(|stored| self.snapshot.evidence(stored.object.clone(), &stored.origin, field)),
            );
        }
        if let Some(miss) = &side.nearest_miss {
            told.near_miss =
                Some(NearMiss { sentence: miss.sentence.clone(), evidence: vec![miss.evidence.clone()] });
        }
        told
    }
}
