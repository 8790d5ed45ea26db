//! Exposure sections: to whom workloads are open beyond what is in the input.

use super::golden::conns;
use super::list;
use super::world::World;
use kubehop::policy::{AddressSet, Exposed, ExposedPorts, ExposedSide, Granularity, Hypothetical, PortSet};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A line of a golden file that is wrong.
pub(super) struct KnownWrong {
    id: &'static str,
    /// The pods spoken of, in the common notation.
    peer: &'static str,
    /// Ports that the file says are open to them.
    says: &'static str,
    /// Ports that are open.
    open: &'static str,
    /// Labels of a pod that shows it: it is one of those pods.
    witness: &'static str,
    pub why: &'static str,
}

/// np-guard overlooks that one requirement can imply another, and leaves out what the other rule opens.
pub(super) const KNOWN_WRONG: [KnownWrong; 4] = [
    KnownWrong {
        id: "npg-exposure-098",
        peer: "hello-world/[!app]",
        says: "TCP 8080",
        open: "TCP 8080,9090",
        witness: "{}",
        why: "a pod without a label `app` has an `app` that is not in (x), too",
    },
    KnownWrong {
        id: "npg-exposure-099",
        peer: "hello-world/[role notin (w,x,y,z)]",
        says: "TCP 8080",
        open: "TCP 8080,9090",
        witness: "{role: v}",
        why: "a value that is not in (w,x,y,z) is not in (x,y), either",
    },
    KnownWrong {
        id: "npg-exposure-106",
        peer: "hello-world/[app=x]",
        says: "TCP 9090",
        open: "TCP 8080,9090",
        witness: "{app: x}",
        why: "a pod with app=x has a label `app`, as its own connection list says of such a pod",
    },
    KnownWrong {
        id: "npg-exposure-108",
        peer: "hello-world/[role notin (w,x,y,z)]",
        says: "TCP 8080",
        open: "TCP 8080,9090",
        witness: "{role: v}",
        why: "a value that is not in (w,x,y,z) is not in (x,y), either",
    },
];

/// What a section says: per workload and direction, peer and ports in a common notation.
#[derive(Debug, Default, PartialEq, Eq)]
struct Section {
    peers: BTreeMap<(String, &'static str, String), String>,
    outside: BTreeMap<(String, &'static str, String), AddressSet>,
    unprotected: BTreeSet<String>,
}

/// `{app=x,{Key:role,Operator:NotIn,Values:[a b],},}` as sorted requirements.
fn requirements(text: &str) -> String {
    let mut out = BTreeSet::new();
    let mut rest = text;
    while !rest.is_empty() {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(expression) = rest.strip_prefix("{Key:") {
            let (expression, after) = expression.split_once(",}").unwrap_or((expression, ""));
            let (key, tail) = expression.split_once(",Operator:").unwrap_or((expression, ""));
            let (operator, values) = tail.split_once(",Values:[").unwrap_or((tail, ""));
            let values: Vec<&str> = values.trim_end_matches(']').split(' ').collect();
            out.insert(match operator {
                "In" => one_of(key, "in", values),
                "NotIn" => one_of(key, "notin", values),
                "DoesNotExist" => format!("!{key}"),
                _ => key.to_owned(),
            });
            rest = after;
        } else {
            let (label, after) = rest.split_once(',').unwrap_or((rest, ""));
            if !label.is_empty() {
                out.insert(label.to_owned());
            }
            rest = after;
        }
    }
    out.into_iter().collect::<Vec<_>>().join(" & ")
}

/// One requirement on a set of values, the values sorted; a set of one value is that value.
fn one_of(key: &str, operator: &str, mut values: Vec<&str>) -> String {
    values.sort_unstable();
    match (operator, values.as_slice()) {
        ("in", [only]) => format!("{key}={only}"),
        _ => format!("{key} {operator} ({})", values.join(",")),
    }
}

/// kubectl's notation as sorted requirements.
fn ours(text: &str) -> String {
    let mut depth = 0;
    let parts: BTreeSet<String> = text
        .split(|c: char| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == ',' && depth == 0
        })
        .filter(|part| !part.is_empty() && *part != "{}")
        .map(|part| {
            let words = part.trim_end_matches(')').split_once(" (");
            match words.and_then(|(head, values)| Some((head.rsplit_once(' ')?, values))) {
                Some(((key, operator), values)) => one_of(key, operator, values.split(',').collect()),
                None => part.to_owned(),
            }
        })
        .collect();
    parts.into_iter().collect::<Vec<_>>().join(" & ")
}

fn bracketed<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    text.strip_prefix('[')?.strip_suffix(']')?.strip_prefix(word)?.strip_prefix(" with {")?.strip_suffix('}')
}

/// np-guard's name of a peer in the common notation.
fn peer(text: &str) -> String {
    if text == "entire-cluster" {
        return text.to_owned();
    }
    let at = text.find("]/[").map(|at| at + 1).or_else(|| text.find("/[")).unwrap_or(text.len());
    let (place, pods) = text.split_at(at);
    let pods = pods.trim_start_matches('/');
    let place = match bracketed(place, "namespace") {
        Some(inner) => format!("[{}]", requirements(inner)),
        None if place == "[all namespaces]" => "[]".into(),
        None => place.to_owned(),
    };
    format!("{place}/[{}]", bracketed(pods, "pod").map(requirements).unwrap_or_default())
}

fn read(text: &str) -> Result<Section, String> {
    let mut out = Section::default();
    for line in text.lines().map(str::trim) {
        if let Some((name, way)) = line.split_once(" is not protected on ") {
            out.unprotected.insert(format!("{name} {}", way.to_lowercase()));
            continue;
        }
        let split = line.split_once("\t<= \t").map(|parts| ("ingress", parts));
        let split = split.or_else(|| line.split_once("\t=> \t").map(|parts| ("egress", parts)));
        let Some((way, (name, rest))) = split else { continue };
        let (who, ports) = rest.rsplit_once(" : ").ok_or_else(|| format!("no ports in {line}"))?;
        let name = name.trim().to_owned();
        match who.strip_suffix("[External]") {
            Some(range) => {
                let ports = conns(ports)?.to_string();
                let own = out.outside.entry((name, way, ports)).or_default();
                *own = own.union(&range.parse()?);
            }
            None => {
                out.peers.insert((name, way, peer(who)), common(ports)?);
            }
        }
    }
    Ok(out)
}

/// Ports of a golden line, names among them, in a common notation.
fn common(text: &str) -> Result<String, String> {
    if let Ok(set) = conns(text) {
        return Ok(set.to_string());
    }
    let (mut numbers, mut names, mut protocol) = (PortSet::none(), BTreeSet::new(), "");
    for token in text.split(',') {
        let port = match token.split_once(' ') {
            Some((word, port)) => {
                protocol = word;
                port
            }
            None => token,
        };
        let word = format!("{protocol} {port}");
        match word.parse::<PortSet>() {
            Ok(set) => numbers = numbers.union(&set),
            Err(_) => drop(names.insert(word)),
        }
    }
    Ok(show(&ExposedPorts { ports: numbers, named: names, ..ExposedPorts::default() }))
}

fn show(open: &ExposedPorts) -> String {
    match open.named.is_empty() {
        true => open.ports.to_string(),
        false => format!("{} and {:?}", open.ports, open.named),
    }
}

impl World {
    fn exposed(&self) -> Result<Vec<(String, Exposed)>, String> {
        let exposure = self
            .cluster
            .exposure(Granularity::Workload, Some("pods | 0.0.0.0/0"))
            .map_err(|error| error.to_string())?;
        let named = exposure.members.into_iter();
        Ok(named.filter_map(|member| Some((self.peer(&member.member)?, member))).collect())
    }

    /// Compares an exposure section of a golden file.
    pub(super) fn exposure_matches(&self, golden: &str, case: &Value) -> Result<(), String> {
        let mut wanted = read(golden)?;
        for wrong in KNOWN_WRONG.iter().filter(|wrong| case["id"] == wrong.id) {
            let key = ("hello-world/workload-a[Deployment]".to_owned(), "ingress", wrong.peer.to_owned());
            match wanted.peers.insert(key, wrong.open.to_owned()) {
                Some(says) if says == wrong.says => {}
                says => return Err(format!("{} is wrong in another way: {says:?}", wrong.peer)),
            }
            let open = self.witnessed(wrong.witness)?;
            if open != wrong.open {
                return Err(format!("a pod with {} may reach {open}", wrong.witness));
            }
        }
        let mut found = Section::default();
        for (name, exposed) in self.exposed()? {
            for (way, side) in [("ingress", &exposed.ingress), ("egress", &exposed.egress)] {
                if is_wanted(case, &name, way) {
                    // Addresses are shown for workloads that are exposed inside the cluster, too.
                    let inside = says_something(&exposed.ingress) || says_something(&exposed.egress);
                    add(&mut found, &name, way, side, inside);
                }
            }
        }
        let mut faults = Vec::new();
        let keys: BTreeSet<_> = wanted.peers.keys().chain(found.peers.keys()).collect();
        for key in keys {
            let (a, b) = (wanted.peers.get(key), found.peers.get(key));
            if a != b {
                faults.push(format!("{key:?}: {b:?}, not {a:?}"));
            }
        }
        let holes = self.holes();
        let keys: BTreeSet<_> = wanted.outside.keys().chain(found.outside.keys()).collect();
        for key in keys {
            let set =
                |section: &Section| section.outside.get(key).cloned().unwrap_or_default().subtract(&holes);
            if set(&wanted) != set(&found) {
                faults.push(format!("{key:?}: {}, not {}", set(&found), set(&wanted)));
            }
        }
        for name in wanted.unprotected.symmetric_difference(&found.unprotected) {
            faults.push(format!("only one side says that {name} is not protected"));
        }
        if faults.is_empty() { Ok(()) } else { Err(format!("exposure: {}", faults.join("; "))) }
    }
}

impl World {
    /// What a pod with these labels may reach when it is added.
    fn witnessed(&self, labels: &str) -> Result<String, String> {
        let pod = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: witness, namespace: hello-world, labels: {labels}}}, spec: {{containers: [{{name: c, image: c}}]}}}}"
        );
        let cluster = self.cluster.with([kubehop::Source::new("witness.yaml", pod)]);
        let answer = cluster.allowed_ports("hello-world/witness", "hello-world/workload-a");
        let answer = answer.map_err(|error| error.to_string())?;
        Ok(answer.parts.first().map(|part| part.ports.to_string()).unwrap_or_default())
    }
}

fn is_wanted(case: &Value, name: &str, way: &str) -> bool {
    let focus: Vec<&str> = list(case, "focusWorkloads").filter_map(Value::as_str).collect();
    let name = name.split('[').next().unwrap_or_default();
    let named = focus.iter().any(|wanted| name == *wanted || name.split('/').next_back() == Some(wanted));
    let direction = case.get("focusDirection").and_then(Value::as_str).is_none_or(|wanted| wanted == way);
    (focus.is_empty() || named) && direction
}

/// A peer by plain labels that exists is in the connection list, and not repeated.
fn is_listed(one: &Hypothetical) -> bool {
    let plain = |text: &str| text.contains('=') && !text.contains(['(', '!']);
    one.exists
        && plain(&one.pods)
        && (one.namespace.is_some() || one.namespaces.as_deref().is_some_and(plain))
}

/// Whether anybody in the cluster but those in the connection list is spoken of.
fn says_something(side: &ExposedSide) -> bool {
    let entire = &side.entire_cluster;
    !entire.ports.is_none() || !entire.named.is_empty() || side.hypothetical.iter().any(|one| !is_listed(one))
}

fn add(found: &mut Section, name: &str, way: &'static str, side: &ExposedSide, outside: bool) {
    if !side.protected {
        found.unprotected.insert(format!("{name} {way}"));
    }
    for part in side.outside.iter().filter(|_| outside) {
        let own = found.outside.entry((name.to_owned(), way, part.ports.to_string())).or_default();
        *own = own.union(&part.addresses);
    }
    let mut line = |peer: String, open: &ExposedPorts| {
        found.peers.insert((name.to_owned(), way, peer), show(open));
    };
    if !side.entire_cluster.ports.is_none() || !side.entire_cluster.named.is_empty() {
        line("entire-cluster".into(), &side.entire_cluster);
    }
    for one in side.hypothetical.iter().filter(|one| !is_listed(one)) {
        let place = match (&one.namespace, &one.namespaces) {
            (Some(name), _) => name.clone(),
            (None, selector) => format!("[{}]", ours(selector.as_deref().unwrap_or_default())),
        };
        line(format!("{place}/[{}]", ours(&one.pods)), &one.open);
    }
}
