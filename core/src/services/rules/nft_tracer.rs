//! A packet walked through the text of the nftables rules.

use super::lower;
use super::nft_parse::{Part, Rule, Ruleset, ruleset};
use super::tracer::{Reached, TraceVerdict, Traced};
use crate::model::{Packet, Share};
use crate::order::SliceOrder;
use std::net::IpAddr;

/// The table of one family on a node, read from its text.
#[derive(Debug)]
pub struct NftablesRules {
    ruleset: Ruleset,
}

/// Where the walk stands: how much of the traffic this is, and whether it is marked.
#[derive(Clone, Copy)]
struct State {
    share: Share,
    marked: bool,
    /// Whether the destination was translated.
    translated: bool,
}

enum After {
    /// The chain ended without a verdict.
    Back(State),
    /// A verdict, or translated.
    Done,
}

struct Walk<'a> {
    packet: Packet,
    is_local: &'a dyn Fn(IpAddr) -> bool,
    traced: Traced,
    masqueraded: bool,
}

/// Chains nest four deep; more means the text is not kube-proxy's.
const MAX_DEPTH: u8 = 16;

impl NftablesRules {
    /// Reads what [`nftables`](super::nftables) wrote.
    ///
    /// # Errors
    /// A sentence naming the line that is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { ruleset: ruleset(text)? })
    }

    /// Walks the first packet of a connection through the base chains on its way, in the order of
    /// their priorities: from outside prerouting, then input or forward; from the node itself output,
    /// and input when it stays there. `is_local` says which addresses are the node's own.
    ///
    /// Remembered clients do not match; where chance decides, every outcome is followed.
    pub fn trace(&self, packet: &Packet, is_local: &dyn Fn(IpAddr) -> bool) -> Traced {
        let mut walk = Walk { packet: *packet, is_local, traced: Traced::default(), masqueraded: false };
        let mut state = State { share: Share::ALL, marked: false, translated: false };
        let hooks: &[&str] = match (is_local(packet.source), is_local(packet.destination)) {
            (true, true) => &["output", "input"],
            (true, false) => &["output"],
            (false, true) => &["prerouting", "input"],
            (false, false) => &["prerouting", "forward"],
        };
        for hook in hooks {
            for chain in self.bases(hook) {
                match self.chain(chain, state, &mut walk, 0) {
                    After::Back(back) => state = back,
                    After::Done => return self.postrouting(walk),
                }
            }
        }
        self.postrouting(walk)
    }

    /// Base chains of a hook by priority.
    fn bases(&self, hook: &str) -> Vec<&str> {
        let bases = self.ruleset.bases.iter().filter(|(_, base)| base.hook == hook);
        let mut names: Vec<(i32, &str)> = bases.map(|(name, base)| (base.priority, name.as_str())).collect();
        names.order();
        names.into_iter().map(|(_, name)| name).collect()
    }

    /// For each destination: whether the packet is masqueraded when it leaves.
    fn postrouting(&self, mut walk: Walk<'_>) -> Traced {
        let packet = walk.packet;
        let mut reached = std::mem::take(&mut walk.traced.reached);
        for reached in &mut reached {
            if let Ok(to) = reached.destination.parse::<std::net::SocketAddr>() {
                walk.packet.destination = to.ip();
                walk.packet.port = to.port();
            }
            walk.masqueraded = false;
            let state = State { share: Share::ALL, marked: reached.masquerade, translated: true };
            for chain in self.bases("postrouting") {
                self.chain(chain, state, &mut walk, 0);
            }
            reached.masquerade = walk.masqueraded;
        }
        walk.packet = packet;
        let Walk { mut traced, .. } = walk;
        traced.masquerade = reached.iter().any(|reached| reached.masquerade);
        traced.reached = reached;
        traced
    }

    fn chain(&self, chain: &str, mut state: State, walk: &mut Walk<'_>, depth: u8) -> After {
        let Some(rules) = self.ruleset.chains.get(chain).filter(|_| depth <= MAX_DEPTH) else {
            return After::Back(state);
        };
        for rule in rules {
            match self.rule(rule, state, walk, depth) {
                Step::Next(next) => state = next,
                Step::Leave(state) => return After::Back(state),
                Step::Done => return After::Done,
            }
        }
        After::Back(state)
    }

    fn rule(&self, rule: &Rule, mut state: State, walk: &mut Walk<'_>, depth: u8) -> Step {
        let before = state;
        let mut noted = false;
        for part in &rule.parts {
            let Some(holds) = self.condition(part, state, walk) else {
                if !noted {
                    walk.traced.rules.push(rule.text.clone());
                    noted = true;
                }
                match self.statement(part, &mut state, walk, depth) {
                    Step::Next(next) => state = next,
                    other => return other,
                }
                continue;
            };
            if !holds {
                return Step::Next(before);
            }
        }
        Step::Next(state)
    }

    /// Whether a condition holds; `None` for a statement.
    fn condition(&self, part: &Part, state: State, walk: &Walk<'_>) -> Option<bool> {
        let packet = &walk.packet;
        let within = |blocks: &[ipnet::IpNet], ip: &IpAddr| blocks.iter().any(|block| block.contains(ip));
        let has = |set: &str, key: &str| {
            self.ruleset.containers.get(set).is_some_and(|elements| elements.contains_key(key))
        };
        Some(match part {
            Part::New => true,
            Part::Translated => state.translated,
            Part::Source(negated, blocks) => within(blocks, &packet.source) != *negated,
            Part::Destination(negated, blocks) => within(blocks, &packet.destination) != *negated,
            Part::SourceInSet(set) => has(set, &packet.source.to_string()),
            Part::DestinationInSet(set) => has(set, &packet.destination.to_string()),
            Part::SourceLocal => (walk.is_local)(packet.source),
            Part::DestinationLocal => (walk.is_local)(packet.destination),
            Part::Protocol(protocol) => *protocol == packet.protocol,
            Part::Marked => state.marked,
            Part::ConnectionInSet(set) => has(
                set,
                &format!(
                    "{} . {} . {} . {}",
                    packet.source,
                    packet.destination,
                    lower(packet.protocol),
                    packet.port
                ),
            ),
            _ => return None,
        })
    }

    fn statement(&self, part: &Part, state: &mut State, walk: &mut Walk<'_>, depth: u8) -> Step {
        let packet = walk.packet;
        match part {
            Part::Mark => state.marked = true,
            Part::Unmark => state.marked = false,
            Part::Masquerade => {
                walk.masqueraded = true;
                return Step::Done;
            }
            Part::Drop => return walk.decide(TraceVerdict::Drop),
            Part::Reject => return walk.decide(TraceVerdict::Reject),
            Part::Jump(to) => {
                return match self.chain(to, *state, walk, depth + 1) {
                    After::Back(state) => Step::Next(state),
                    After::Done => Step::Done,
                };
            }
            Part::Goto(to) => return self.goto(to, *state, walk, depth),
            Part::LookUpAddress(map) => {
                let key = format!("{} . {} . {}", packet.destination, lower(packet.protocol), packet.port);
                return self.look_up(map, &key, *state, walk, depth);
            }
            Part::LookUpPort(map) => {
                let key = format!("{} . {}", lower(packet.protocol), packet.port);
                return self.look_up(map, &key, *state, walk, depth);
            }
            Part::Choose(verdicts) => {
                let share = Share { n: 1, of: u32::try_from(verdicts.len()).unwrap_or(u32::MAX).max(1) };
                let part = State { share: state.share.of_share(share), ..*state };
                for verdict in verdicts {
                    self.verdict(verdict, part, walk, depth);
                }
                return Step::Done;
            }
            Part::Dnat(destinations) => {
                let count = u32::try_from(destinations.len()).unwrap_or(u32::MAX).max(1);
                let share = state.share.of_share(Share { n: 1, of: count });
                walk.traced.reached.extend(destinations.iter().map(|to| Reached {
                    destination: to.to_string(),
                    share,
                    masquerade: state.marked,
                }));
                return Step::Done;
            }
            // Conditions, and what changes nothing for this packet.
            _ => {}
        }
        Step::Next(*state)
    }

    fn look_up(&self, map: &str, key: &str, state: State, walk: &mut Walk<'_>, depth: u8) -> Step {
        match self.ruleset.containers.get(map).and_then(|elements| elements.get(key)) {
            Some(verdict) => self.verdict(verdict, state, walk, depth),
            None => Step::Next(state),
        }
    }

    fn verdict(&self, verdict: &str, state: State, walk: &mut Walk<'_>, depth: u8) -> Step {
        match verdict.strip_prefix("goto ") {
            Some(chain) => self.goto(chain, state, walk, depth),
            None if verdict == "drop" => walk.decide(TraceVerdict::Drop),
            None => Step::Next(state),
        }
    }

    /// After `goto` the walk does not come back to the chain it left.
    fn goto(&self, chain: &str, state: State, walk: &mut Walk<'_>, depth: u8) -> Step {
        match self.chain(chain, state, walk, depth + 1) {
            After::Back(state) => Step::Leave(state),
            After::Done => Step::Done,
        }
    }
}

/// What comes after a rule.
enum Step {
    /// The next part or rule.
    Next(State),
    /// The end of the chain.
    Leave(State),
    /// A verdict was given.
    Done,
}

impl Walk<'_> {
    fn decide(&mut self, verdict: TraceVerdict) -> Step {
        self.traced.verdict = Some(verdict);
        Step::Done
    }
}
