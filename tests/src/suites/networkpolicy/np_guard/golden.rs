//! np-guard's outputs, read back into sets, and the comparison of two of them.

use super::world::World;
use super::{list, text};
use kubehop::policy::{AddressSet, OutsideChange, PolicyDiff, PortSet, Side, Verdict};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// `All Connections`, `No Connections` or `TCP 80,443,UDP 53`.
pub(super) fn conns(text: &str) -> Result<PortSet, String> {
    match text.trim() {
        "All Connections" => Ok(PortSet::all()),
        "No Connections" => Ok(PortSet::none()),
        text => text.parse(),
    }
}

type Pieces = Vec<(AddressSet, PortSet)>;

/// A connection list.
#[derive(Debug, Default, Clone)]
pub(super) struct Connections {
    pub inside: BTreeMap<(String, String), PortSet>,
    /// Per workload, from which addresses it may be reached.
    pub ingress: BTreeMap<String, Pieces>,
    pub egress: BTreeMap<String, Pieces>,
}

fn external(peer: &str) -> Option<AddressSet> {
    peer.strip_suffix("[External]")?.parse().ok()
}

/// One line that a golden file documented as wrong holds.
pub(super) fn is_known_wrong(from: &str, to: &str) -> bool {
    from == "{ingress-controller}" && to == "default/unicorn[Deployment]"
}

impl Connections {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut out = Self::default();
        for line in text.lines().map(str::trim).filter(|line| line.contains(" => ")) {
            let (from, rest) = line.split_once(" => ").ok_or("no arrow")?;
            let (to, ports) = rest.split_once(" : ").ok_or_else(|| format!("no ports in {line}"))?;
            out.add(from, to, conns(ports)?);
        }
        Ok(out)
    }

    /// The format of a list of pairs that may connect on one port.
    pub(super) fn read_focused(text: &str, ports: &PortSet) -> Self {
        let mut out = Self::default();
        for (from, to) in text.lines().filter_map(|line| line.trim().split_once(" => ")) {
            out.add(from, to, ports.clone());
        }
        out
    }

    fn add(&mut self, from: &str, to: &str, ports: PortSet) {
        match (external(from), external(to)) {
            (Some(set), _) => self.ingress.entry(to.to_owned()).or_default().push((set, ports)),
            (_, Some(set)) => self.egress.entry(from.to_owned()).or_default().push((set, ports)),
            _ => drop(self.inside.insert((from.to_owned(), to.to_owned()), ports)),
        }
    }

    pub(super) fn known_wrong(mut self, case: &Value) -> Self {
        if case.get("known_wrong").is_some() {
            self.inside.retain(|(from, to), _| !is_known_wrong(from, to));
        }
        self
    }

    /// Keeps what the case is about.
    pub(super) fn focus(&mut self, case: &Value) {
        let names = |key| list(case, key).filter_map(Value::as_str).collect::<Vec<_>>();
        let (workloads, peers) = (names("focusWorkloads"), names("focusWorkloadPeers"));
        if workloads.is_empty() {
            return;
        }
        let is = |list: &[&str], peer: &str| {
            let name = peer.split('[').next().unwrap_or_default();
            list.iter().any(|wanted| name == *wanted || name.split('/').next_back() == Some(wanted))
        };
        let (into, out_of) = match text(case, "focusDirection") {
            "ingress" => (true, false),
            "egress" => (false, true),
            _ => (true, true),
        };
        let other = |peer: &str| peers.is_empty() || is(&peers, peer);
        self.inside.retain(|(from, to), _| {
            (into && is(&workloads, to) && other(from)) || (out_of && is(&workloads, from) && other(to))
        });
        self.ingress.retain(|to, _| into && peers.is_empty() && is(&workloads, to));
        self.egress.retain(|from, _| out_of && peers.is_empty() && is(&workloads, from));
    }

    /// Keeps pairs that may connect on these ports.
    pub(super) fn only(&mut self, ports: &PortSet) {
        let narrow = |pieces: &mut Pieces| {
            for (_, open) in pieces {
                *open = open.intersect(ports);
            }
        };
        self.ingress.values_mut().for_each(narrow);
        self.egress.values_mut().for_each(narrow);
        for open in self.inside.values_mut() {
            *open = open.intersect(ports);
        }
    }

    pub(super) fn compare(&self, actual: &Self, holes: &AddressSet) -> Result<(), String> {
        let mut faults = Vec::new();
        let open = |list: &BTreeMap<(String, String), PortSet>| -> BTreeMap<(String, String), PortSet> {
            list.iter().filter(|(_, ports)| !ports.is_none()).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        let (wanted, found) = (open(&self.inside), open(&actual.inside));
        for key in wanted.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
            if wanted.get(key) != found.get(key) {
                let show = |list: &BTreeMap<_, PortSet>| list.get(key).map_or("-".into(), PortSet::to_string);
                faults.push(format!("{} => {}: {}, not {}", key.0, key.1, show(&found), show(&wanted)));
            }
        }
        for (way, wanted, found) in
            [("from", &self.ingress, &actual.ingress), ("to", &self.egress, &actual.egress)]
        {
            for name in wanted.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
                let (a, b) = (normal(wanted.get(name), holes), normal(found.get(name), holes));
                if a != b {
                    faults.push(format!("{name} {way} outside: {b:?}, not {a:?}"));
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
    }
}

/// Addresses by port set, each port set once, without holes.
fn normal(pieces: Option<&Pieces>, holes: &AddressSet) -> Vec<(String, String)> {
    let mut by_ports: BTreeMap<String, AddressSet> = BTreeMap::new();
    for (set, ports) in pieces.into_iter().flatten().filter(|(_, ports)| !ports.is_none()) {
        let own = by_ports.entry(ports.to_string()).or_default();
        *own = own.union(&set.subtract(holes));
    }
    by_ports.retain(|_, set| !set.is_none());
    by_ports.into_iter().map(|(ports, set)| (ports, set.to_string())).collect()
}

/// Compares a difference of two directories.
pub(super) fn differences(
    golden: &str,
    case: &Value,
    diff: &PolicyDiff,
    before: &World,
    after: &World,
) -> Result<(), String> {
    let (mut old, mut new) = (Connections::default(), Connections::default());
    for line in golden.lines().filter(|line| line.starts_with("diff-type:")) {
        let field = |name: &str| -> Result<&str, String> {
            let rest = line.split_once(&format!("{name}: ")).ok_or_else(|| format!("no {name} in {line}"))?.1;
            let ends = [", source: ", ", destination: ", ", ref1: ", ", ref2: ", ", workloads-diff-info: "];
            let end = ends.iter().filter_map(|word| rest.find(word)).min().unwrap_or(rest.len());
            Ok(&rest[..end])
        };
        let (from, to) = (field("source")?, field("destination")?);
        old.add(from, to, conns(field("ref1")?)?);
        new.add(from, to, conns(field("ref2")?)?);
    }
    let (old, new) = (old.known_wrong(case), new.known_wrong(case));
    let (mut was, mut is) = (Connections::default(), Connections::default());
    for change in diff.connections.iter().filter(|change| change.from != change.to) {
        let key = (change.from.clone(), change.to.clone());
        was.inside.insert(key.clone(), change.before.clone());
        is.inside.insert(key, change.after.clone());
    }
    let border =
        |changes: &[OutsideChange], was: &mut BTreeMap<String, Pieces>, is: &mut BTreeMap<String, Pieces>| {
            for change in changes {
                let name = change.member.clone();
                was.entry(name.clone()).or_default().push((change.addresses.clone(), change.before.clone()));
                is.entry(name).or_default().push((change.addresses.clone(), change.after.clone()));
            }
        };
    border(&diff.from_outside, &mut was.ingress, &mut is.ingress);
    border(&diff.to_outside, &mut was.egress, &mut is.egress);
    let controller = |world: &World| -> Result<BTreeMap<(String, String), PortSet>, String> {
        let all = world.connections()?.inside;
        Ok(all.into_iter().filter(|((from, _), _)| from == "{ingress-controller}").collect())
    };
    let (a, b) = (controller(before)?, controller(after)?);
    for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
        if a.get(key) != b.get(key) {
            was.inside.insert(key.clone(), a.get(key).cloned().unwrap_or_default());
            is.inside.insert(key.clone(), b.get(key).cloned().unwrap_or_default());
        }
    }
    let (was, is) = (was.known_wrong(case), is.known_wrong(case));
    let holes = before.holes().union(&after.holes());
    old.compare(&was, &holes).map_err(|fault| format!("before: {fault}"))?;
    new.compare(&is, &holes).map_err(|fault| format!("after: {fault}"))
}

/// One block of an explanation.
pub(super) struct Explained {
    pub from: String,
    pub to: String,
    pub parts: Vec<ExplainedPart>,
}

/// One set of ports of a block, and what is said about it.
pub(super) struct ExplainedPart {
    pub allowed: bool,
    pub ports: PortSet,
    /// Lines below `Egress (…)` and `Ingress (…)`.
    egress: Vec<String>,
    ingress: Vec<String>,
}

/// `TCP:[1-79,81-65535], UDP, SCTP`.
fn bracketed(text: &str) -> Result<PortSet, String> {
    let mut set = PortSet::none();
    for word in text.split(", ") {
        let (protocol, ports) = match word.split_once(":[") {
            Some((protocol, ports)) => (protocol, ports.trim_end_matches(']')),
            None => (word, "1-65535"),
        };
        set = set.union(&format!("{protocol} {ports}").parse()?);
    }
    Ok(set)
}

impl Explained {
    pub(super) fn read(text: &str) -> Result<Vec<Self>, String> {
        let mut out: Vec<Self> = Vec::new();
        let mut into_ingress = false;
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("Connections between ") {
                let (from, to) = rest.trim_end_matches(':').split_once(" => ").ok_or("no arrow")?;
                out.push(Self { from: from.into(), to: to.into(), parts: Vec::new() });
                continue;
            }
            let Some(block) = out.last_mut() else { continue };
            let line = line.trim();
            let opens = line.strip_suffix(" due to the following policies and rules:");
            let opens =
                opens.or_else(|| line.split_once(" due to the system default").map(|(opens, _)| opens));
            if let Some((word, ports)) = opens.and_then(|opens| opens.split_once(' '))
                && let "Allowed" | "Denied" = word
            {
                let ports = match ports {
                    "All Connections" | "ALL" => PortSet::all(),
                    ports => bracketed(ports)?,
                };
                let (egress, ingress) = (Vec::new(), Vec::new());
                block.parts.push(ExplainedPart { allowed: word == "Allowed", ports, egress, ingress });
                continue;
            }
            let Some(part) = block.parts.last_mut() else { continue };
            if line.starts_with("Ingress (") || line.starts_with("Egress (") {
                into_ingress = line.starts_with("Ingress (");
            }
            if !line.is_empty() && !line.starts_with('-') {
                if into_ingress { &mut part.ingress } else { &mut part.egress }.push(line.to_owned());
            }
        }
        Ok(out)
    }

    /// The sets of all parts against what is open.
    pub(super) fn sets_match(&self, open: &PortSet) -> Result<(), String> {
        for part in &self.parts {
            let wrong = if part.allowed { part.ports.subtract(open) } else { part.ports.intersect(open) };
            if !wrong.is_none() {
                return Err(format!("{} => {}: {open} is open, against {}", self.from, self.to, part.ports));
            }
        }
        Ok(())
    }
}

impl ExplainedPart {
    /// Whether the verdict on one port of the part gives the same outcome for the same reasons.
    pub(super) fn agrees(&self, verdict: &Verdict) -> Result<(), String> {
        if verdict.decision.is_allowed() != self.allowed {
            return Err(verdict.summary.clone());
        }
        side_agrees(&self.egress, &verdict.egress)?;
        side_agrees(&self.ingress, &verdict.ingress)
    }
}

fn side_agrees(lines: &[String], side: &Side) -> Result<(), String> {
    for line in lines {
        if let Some((_, decision)) = line.split_once(" (") {
            let decided = decision.starts_with("Allowed)") && !side.decision.is_allowed()
                || decision.starts_with("Denied)") && side.decision.is_allowed();
            if decided && (line.starts_with("Ingress (") || line.starts_with("Egress (")) {
                return Err(format!("`{line}`, but: {}", side.sentence));
            }
        }
        let Some((kind, rest)) = line.split_once(" '") else { continue };
        let Some((name, rest)) = rest.split_once('\'') else { continue };
        let examined = side.policies.iter().find(|examined| {
            let policy = &examined.policy;
            let own = match &policy.namespace {
                Some(namespace) => format!("{namespace}/{}", policy.name),
                None => policy.name.clone(),
            };
            policy.kind == kind && own == name
        });
        let Some(examined) = examined else {
            return Err(format!("`{line}`: that policy was not looked at"));
        };
        use kubehop::policy::Action;
        let wanted = match rest.trim_start() {
            rest if rest.starts_with("allows connections") => Some(Action::Allow),
            rest if rest.starts_with("denies connections") => Some(Action::Deny),
            rest if rest.starts_with("passes connections") => Some(Action::Pass),
            rest if rest.starts_with("selects") => None,
            _ => continue,
        };
        if !examined.applies || examined.effect != wanted {
            return Err(format!("`{line}`, but it {:?} ({:?})", examined.effect, examined.why_not));
        }
    }
    Ok(())
}
