//! A packet walked through the text of the iptables rules.

use super::parse::{Rule, Table, Target, tables};
use crate::model::{Packet, Share};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// The rules of one family on a node, read from their text.
#[derive(Debug)]
pub struct IptablesRules {
    tables: BTreeMap<String, Table>,
}

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Traced {
    /// Every destination the packet can be translated to, in the order of the rules.
    pub reached: Vec<Reached>,
    /// The verdict of the filter rules, if one of them matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<TraceVerdict>,
    /// Whether the packet is marked for masquerading on any of its ways.
    pub masquerade: bool,
    /// The rules that matched, in the order of the walk.
    pub rules: Vec<String>,
}

/// One destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reached {
    /// `ip:port`.
    pub destination: String,
    /// Part of the packets that go there.
    pub share: Share,
    /// Whether they are masqueraded.
    pub masquerade: bool,
}

/// A verdict of the filter table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TraceVerdict {
    /// Let through.
    Accept,
    /// Gone without an answer.
    Drop,
    /// Answered with an error.
    Reject,
}

/// Where the walk stands: how much of the traffic this is, and whether it is marked.
#[derive(Clone, Copy)]
struct State {
    share: Share,
    marked: bool,
}

/// What became of the state after a chain.
enum After {
    /// Came out at the end of the chain, or by RETURN.
    Back(State),
    /// A rule decided.
    Done,
}

struct Walk<'a> {
    packet: Packet,
    is_local: &'a dyn Fn(IpAddr) -> bool,
    traced: Traced,
}

/// Chains nest four deep; more means the text is not kube-proxy's.
const MAX_DEPTH: u8 = 16;

impl IptablesRules {
    /// Reads what [`iptables`](super::iptables) wrote.
    ///
    /// # Errors
    /// A sentence naming the line that is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { tables: tables(text)? })
    }

    /// Walks the first packet of a connection: nat PREROUTING (or OUTPUT, whose rules are the same),
    /// then the filter chains on its way. `is_local` says which addresses are the node's own.
    ///
    /// Conditions on tracked state, marks and remembered clients do not match; where chance decides,
    /// every outcome is followed.
    pub fn trace(&self, packet: &Packet, is_local: &dyn Fn(IpAddr) -> bool) -> Traced {
        let mut walk = Walk { packet: *packet, is_local, traced: Traced::default() };
        let whole = State { share: Share::ALL, marked: false };
        self.chain("nat", "KUBE-SERVICES", whole, &mut walk, 0);
        if let Some(first) = walk.traced.reached.first()
            && let Ok(destination) = first.destination.parse::<SocketAddr>()
        {
            walk.packet.destination = destination.ip();
            walk.packet.port = destination.port();
        }
        let output = is_local(walk.packet.source);
        let input = is_local(walk.packet.destination);
        let forward = !output && !input;
        // As the built-in chains have them, see `jump_rules`.
        let chains = [
            ("KUBE-PROXY-FIREWALL", true),
            ("KUBE-SERVICES", output || forward),
            ("KUBE-NODEPORTS", input),
            ("KUBE-EXTERNAL-SERVICES", input || forward),
        ];
        for (chain, on_the_way) in chains {
            if on_the_way && matches!(self.chain("filter", chain, whole, &mut walk, 0), After::Done) {
                break;
            }
        }
        walk.traced
    }

    /// The rules of a chain as text; `None` when there is no such chain.
    pub fn chain_rules(&self, table: &str, chain: &str) -> Option<Vec<&str>> {
        let rules = self.tables.get(table)?.get(chain)?;
        Some(rules.iter().map(|rule| rule.text.as_str()).collect())
    }

    /// The names of the chains of a table, sorted.
    pub fn chains(&self, table: &str) -> Vec<&str> {
        self.tables.get(table).into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }

    fn chain(&self, table: &str, chain: &str, mut state: State, walk: &mut Walk<'_>, depth: u8) -> After {
        let Some(rules) = self.tables.get(table).and_then(|table| table.get(chain)) else {
            return After::Back(state);
        };
        if depth > MAX_DEPTH {
            return After::Back(state);
        }
        for rule in rules {
            if !walk.matches(rule) {
                continue;
            }
            walk.traced.rules.push(rule.text.clone());
            let mut taken = state;
            if let Some(n) = rule.one_in {
                taken.share = state.share.of_share(Share { n: 1, of: n });
                state.share = state.share.of_share(Share { n: n.saturating_sub(1), of: n });
            }
            match &rule.target {
                Target::None => {}
                Target::Mark => {
                    state.marked = true;
                    walk.traced.masquerade = true;
                }
                Target::Unmark | Target::Masquerade => {}
                Target::Return => return After::Back(state),
                Target::Dnat(destination) => {
                    walk.traced.reached.push(Reached {
                        destination: destination.clone(),
                        share: taken.share,
                        masquerade: taken.marked,
                    });
                    return After::Done;
                }
                Target::Accept => return walk.decide(TraceVerdict::Accept),
                Target::Drop => return walk.decide(TraceVerdict::Drop),
                Target::Reject => return walk.decide(TraceVerdict::Reject),
                Target::Jump(to) => match self.chain(table, to, taken, walk, depth + 1) {
                    After::Back(back) if rule.one_in.is_none() => state = back,
                    // What chance sent here and came back goes on with the rest.
                    After::Back(back) => state.share = sum(state.share, back.share),
                    After::Done if rule.one_in.is_none() => return After::Done,
                    After::Done => {}
                },
            }
        }
        After::Back(state)
    }
}

fn sum(a: Share, b: Share) -> Share {
    let sum = Share {
        n: a.n.saturating_mul(b.of).saturating_add(b.n.saturating_mul(a.of)),
        of: a.of.saturating_mul(b.of),
    };
    sum.of_share(Share::ALL)
}

impl Walk<'_> {
    fn decide(&mut self, verdict: TraceVerdict) -> After {
        self.traced.verdict = Some(verdict);
        After::Done
    }

    fn matches(&self, rule: &Rule) -> bool {
        let packet = &self.packet;
        let within = |condition: &Option<(bool, ipnet::IpNet)>, ip: &IpAddr| {
            condition.as_ref().is_none_or(|(negated, net)| net.contains(ip) != *negated)
        };
        !rule.stateful
            && rule.protocol.as_deref().is_none_or(|protocol| protocol == super::lower(packet.protocol))
            && within(&rule.source, &packet.source)
            && within(&rule.destination, &packet.destination)
            && rule.port.is_none_or(|port| port == packet.port)
            && (!rule.source_local || (self.is_local)(packet.source))
            && (!rule.destination_local || (self.is_local)(packet.destination))
    }
}
