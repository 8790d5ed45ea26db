//! Sentences about a whole look-up: how it ended, why, and what would have worked.

use super::explain::about;
use super::kubelet::ResolvConf;
use super::libc::{Ended, Found};
use super::lookup::{Asking, Program, Rooms, reaches_cluster, searchable};
use super::path::{End, Way};
use super::session::Trial;
use super::{Rcode, Reason, RecordType, Suggestion, Why, name, suggest};
use crate::model::{Party, Snapshot};
use std::borrow::Cow;

/// The explained end of a look-up.
pub(super) struct Explained {
    pub(super) summary: String,
    pub(super) because: Vec<Reason>,
    pub(super) suggestions: Vec<Suggestion>,
    pub(super) undetermined: Option<String>,
}

/// Who asks, in kubectl's notation.
pub(super) fn party(snapshot: &Snapshot, party: Party) -> String {
    match party {
        Party::Pod(id) => snapshot.pod(id).map_or_else(String::new, |pod| {
            format!("{}/{}", snapshot.namespace_name(pod.namespace), pod.name)
        }),
        Party::Node(id) => snapshot.node(id).map_or_else(String::new, |node| format!("node/{}", node.name)),
        Party::Outside(ip) => ip.to_string(),
    }
}

impl Explained {
    pub(super) fn new(
        rooms: Rooms<'_>,
        asking: &Asking,
        conf: &ResolvConf,
        trials: &[Trial],
        ways: &[Way],
        found: &Found,
        source: &str,
    ) -> Self {
        let typed = asking.name.as_str();
        let mut told =
            Self { summary: String::new(), because: Vec::new(), suggestions: Vec::new(), undetermined: None };
        if source != "dns" {
            let addresses: Vec<String> = found.addresses.iter().map(ToString::to_string).collect();
            told.summary = match source {
                "literal" => format!("`{typed}` is an address, so nothing is looked up"),
                _ if addresses.is_empty() => {
                    format!("`{typed}` stands in the pod's hosts file without an address of this family")
                }
                _ => format!(
                    "`{typed}` is {}: it stands in the pod's hosts file, so no server is asked",
                    addresses.join(", ")
                ),
            };
            return told;
        }
        if !name::is_valid(typed) {
            told.summary =
                format!("`{typed}` is no valid name: labels have 1 to 63 characters, a name at most 253");
            return told;
        }
        if conf.nameservers.is_empty() {
            told.summary = format!("`{typed}` cannot be looked up: resolv.conf names no server");
            return told;
        }
        match found.ended {
            Ended::Found => told.found(trials, found, typed),
            Ended::NotFound | Ended::NoData => told.denied(rooms, asking, conf, trials, ways, found.ended),
            Ended::TimedOut | Ended::Refused | Ended::Failed => {
                told.unanswered(rooms, trials, ways, found.ended, typed)
            }
        }
        let partly = ways.iter().find(|way| way.delivered.n > 0 && way.delivered.n < way.delivered.of);
        if let Some(way) = partly {
            told.summary.push_str(&format!(
                "; only {} of the queries reach a DNS pod, the others are lost",
                way.delivered
            ));
            told.because.extend(way.because.iter().cloned());
        }
        told
    }

    fn found(&mut self, trials: &[Trial], found: &Found, typed: &str) {
        let addresses: Vec<String> = found.addresses.iter().map(ToString::to_string).collect();
        let at = trials.iter().rev().find(|trial| {
            trial.asked.iter().any(|asked| asked.result.as_ref().is_ok_and(|reply| !reply.answers.is_empty()))
        });
        let name = at.map_or(typed, |trial| &trial.name);
        let what = if addresses.is_empty() {
            "has records".to_owned()
        } else {
            format!("is {}", addresses.join(", "))
        };
        let count = match trials.len() {
            0 | 1 => String::new(),
            count => format!(" after {} other {}", count - 1, if count == 2 { "name" } else { "names" }),
        };
        self.summary = format!("`{typed}` {what}: found as {name}{count}");
    }

    /// The trial that tells most about a name that was not found.
    fn denied(
        &mut self,
        rooms: Rooms<'_>,
        asking: &Asking,
        conf: &ResolvConf,
        trials: &[Trial],
        ways: &[Way],
        ended: Ended,
    ) {
        let typed = asking.name.as_str();
        let mut best: Option<(u8, Cow<'_, str>, RecordType, Why)> = None;
        let mut undetermined = None;
        let mut aliased = false;
        for trial in trials {
            for asked in &trial.asked {
                let Ok(reply) = &asked.result else { continue };
                // An ExternalName was found; only what stands behind it is not known.
                aliased |= reply.undetermined.is_some()
                    && reply.because.iter().any(|why| matches!(why, Why::Alias(_)));
                undetermined = undetermined.or_else(|| reply.undetermined.clone());
                let mut pairs = about(rooms.snapshot, &trial.name, &reply.because);
                if pairs.is_empty() && reply.rcode == Rcode::NoError {
                    pairs.push((Cow::Borrowed(&trial.name), Why::NothingHere));
                }
                for (name, why) in pairs {
                    let rank = rank(why, &name);
                    if best.as_ref().is_none_or(|(known, ..)| rank > *known) {
                        best = Some((rank, name, asked.kind, why));
                    }
                }
            }
        }
        let end = if ended == Ended::NotFound { "does not exist" } else { "exists without an address" };
        match best {
            Some((_, name, kind, why)) => {
                let reason = match why {
                    Why::NothingHere => {
                        let query = super::Query::new(&name, kind);
                        rooms.server.answer(rooms.snapshot, &query).because.into_iter().next()
                    }
                    why => Some(rooms.server.reason(rooms.snapshot, &name, kind, why, true)),
                };
                let text = reason.as_ref().map(|reason| reason.text.clone()).unwrap_or_default();
                self.summary = format!("`{typed}` {end}: {text}");
                self.because.extend(reason);
                self.suggest(rooms, asking, conf, &name);
            }
            None => self.summary = format!("`{typed}` {end}"),
        }
        if !ways.is_empty() && !reaches_cluster(ways) {
            let server = ways.first().map(|way| way.server.clone()).unwrap_or_default();
            let text = format!(
                "the name server {server} is not cluster DNS and knows no names of the cluster: dnsPolicy decides which server a pod asks"
            );
            self.because.push(Reason { text, evidence: None });
        }
        // What the outside knows matters only when the cluster has denied everything itself.
        if aliased {
            self.suggestions.clear();
        }
        self.undetermined = undetermined.filter(|_| self.suggestions.is_empty());
    }

    fn suggest(&mut self, rooms: Rooms<'_>, asking: &Asking, conf: &ResolvConf, telling: &str) {
        let typed = asking.name.as_str();
        if let Some(full) = searchable(rooms, conf, typed) {
            let text = match asking.program {
                Program::Busybox => "this nslookup tries a name with a dot only as it is".to_owned(),
                Program::Dig => "dig does not use the search list without `+search`".to_owned(),
                _ if conf.searches.is_empty() => {
                    "there is no search list in the pod's resolv.conf".to_owned()
                }
                _ => format!("with ndots:{} the search list is not used for this name", conf.ndots()),
            };
            self.suggestions.push(Suggestion { name: full, text });
            return;
        }
        let mut near = suggest::for_name(rooms.server, rooms.snapshot, telling);
        let namespace = match asking.from {
            Party::Pod(id) => rooms.snapshot.pod(id).map(|pod| rooms.snapshot.namespace_name(pod.namespace)),
            _ => None,
        };
        if let Some(namespace) = namespace.filter(|_| !conf.searches.is_empty()) {
            for suggestion in &mut near {
                let short = suggest::shortest(
                    &suggestion.name,
                    namespace,
                    &rooms.snapshot.settings.dns.cluster_domain,
                );
                suggestion.name = short.to_owned();
            }
        }
        self.suggestions.extend(near);
    }

    fn unanswered(&mut self, rooms: Rooms<'_>, trials: &[Trial], ways: &[Way], ended: Ended, typed: &str) {
        let failing = |way: &&Way| !matches!(way.end, End::Cluster | End::Outside);
        let way = ways.iter().find(failing).or_else(|| ways.first());
        let server = way.map(|way| way.server.clone()).unwrap_or_default();
        self.because.extend(way.into_iter().flat_map(|way| way.because.iter().cloned()));
        let replies =
            || trials.iter().flat_map(|trial| &trial.asked).filter_map(|asked| asked.result.as_ref().ok());
        self.undetermined = replies().find_map(|reply| reply.undetermined.clone());
        let why = match ended {
            Ended::Failed => {
                let trial = trials.iter().find(|trial| trial.asked.iter().any(|asked| asked.result.is_ok()));
                let because = trial.and_then(|trial| {
                    let asked = trial.asked.iter().find(|asked| asked.result.is_ok())?;
                    let why = asked.result.as_ref().ok()?.because.first().copied()?;
                    Some(rooms.server.reason(rooms.snapshot, &trial.name, asked.kind, why, true))
                });
                self.because.splice(0..0, because);
                format!("the name server {server} answers SERVFAIL")
            }
            Ended::Refused => format!("the name server {server} refuses"),
            _ => format!("the name server {server} does not answer"),
        };
        let first = self.because.last().map(|reason| format!(": {}", reason.text)).unwrap_or_default();
        self.summary = format!("`{typed}` cannot be looked up, {why}{first}");
    }
}

/// How much a reason tells: most, when it is about a concrete Service.
fn rank(why: Why, name: &str) -> u8 {
    let labels = name::labels(name).count();
    match why {
        Why::NoReadyEndpoints(_)
        | Why::NoSuchPort(_)
        | Why::IgnoredEmpty(_)
        | Why::AliasIsAddress(_)
        | Why::BelowAlias(_) => 10,
        Why::NoSuchEndpoint(_) | Why::AliasTargetMissing(_) | Why::AliasLoop(_) | Why::OtherFamily(_) => 9,
        Why::NothingHere
        | Why::PodsDisabled
        | Why::PodNameIsNoAddress
        | Why::NoSuchPod(_)
        | Why::NotSynced => 8,
        // The name with the fewest labels is the one most likely meant.
        Why::NoSuchService | Why::NoSuchNamespace => {
            if labels <= 5 {
                7
            } else {
                5
            }
        }
        Why::NoSuchType(_) => 6,
        Why::NotADnsName => 3,
        Why::UpstreamDenies | Why::UpstreamAssumed => 2,
        Why::TooManyLabels => 1,
        _ => 0,
    }
}
