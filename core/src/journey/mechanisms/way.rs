//! The way between nodes, as the network plugin lays it, as steps.

use super::{Leg, Rooms};
use crate::addressing;
use crate::journey::walk::step;
use crate::journey::{Action, At, Step};
use crate::manifest::ObjectRef;
use crate::model::{Packet, Party};

impl Rooms<'_> {
    /// The legs to `to` of a packet that has left its sender's own network already: those on nodes, and
    /// then those in the destination's network.
    pub(crate) fn legs(&self, from: Party, to: Party, packet: &Packet) -> Vec<Leg> {
        let legs = addressing::path(self.snapshot, from, to, packet.source, packet.destination);
        legs.into_iter()
            .filter(|leg| !["addressing/pod-interface", "addressing/loopback"].contains(&leg.code))
            .map(|leg| self.leg(leg))
            .collect()
    }

    /// How the packet leaves the sender's own network.
    pub(crate) fn departure(&self, from: Party, to: Party, packet: &Packet) -> Option<Step> {
        let legs = addressing::path(self.snapshot, from, to, packet.source, packet.destination);
        let first = legs.into_iter().find(|leg| leg.code == "addressing/pod-interface")?;
        Some(self.leg(first).step)
    }

    fn leg(&self, leg: addressing::Leg) -> Leg {
        let action = if leg.source.is_some() { Action::Translated } else { Action::Forwarded };
        Leg {
            enters: leg.at.and_then(|at| self.place_of(&at)),
            source: leg.source,
            step: Step { evidence: leg.evidence, ..step(action, leg.code, leg.sentence) },
        }
    }

    fn place_of(&self, object: &ObjectRef) -> Option<At> {
        match &object.namespace {
            None => Some(At::Node { name: object.name.clone() }),
            Some(namespace) => {
                let id = self.snapshot.pod_id(namespace, &object.name)?;
                Some(crate::journey::ends::place(self.snapshot, Party::Pod(id)))
            }
        }
    }
}
