//! What the pods themselves try to reach, as far as their command lines and environment show it.

use crate::manifest::{Evidence, Node};
use crate::model::{PodId, Snapshot};

/// A name that a container mentions as somebody to talk to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Intent {
    /// Who mentions it.
    pub(super) pod: PodId,
    /// The host, and the port or the scheme's, as a destination.
    pub(super) target: String,
    /// Whether a port is known.
    pub(super) has_port: bool,
    /// Where it is mentioned.
    pub(super) evidence: Evidence,
}

/// The programs whose plain argument is a host.
const CLIENTS: [&str; 9] = ["curl", "wget", "nc", "ncat", "telnet", "ping", "nslookup", "dig", "host"];

/// Every intent of one pod of each workload, in order.
pub(super) fn intents(snapshot: &Snapshot) -> Vec<Intent> {
    let mut found: Vec<Intent> = Vec::new();
    let mut workloads = Vec::new();
    for (index, pod) in (0..).zip(&snapshot.pods) {
        if let Some(workload) = &pod.workload {
            if workloads.contains(workload) {
                continue;
            }
            workloads.push(workload.clone());
        }
        let id = PodId(index);
        let Some(spec) = spec_of(snapshot, id) else { continue };
        for list in ["containers", "initContainers"] {
            let Some(containers) = spec.get(list) else { continue };
            for (number, container) in containers.items().enumerate() {
                for (field, text) in texts(container) {
                    let path = format!("spec.{list}[{number}].{field}");
                    for (target, has_port) in mentions(&text, field.starts_with("env")) {
                        let known = found.iter().any(|other| other.pod == id && other.target == target);
                        if let Some(evidence) = snapshot.pod_evidence(id, &path).filter(|_| !known) {
                            found.push(Intent { pod: id, target, has_port, evidence });
                        }
                    }
                }
            }
        }
    }
    found
}

fn spec_of(snapshot: &Snapshot, id: PodId) -> Option<Node<'_>> {
    let pod = snapshot.pod(id)?;
    let root = snapshot.source(&pod.origin)?;
    let prefix = match &pod.origin {
        crate::model::Origin::Manifest { prefix, .. } => *prefix,
        crate::model::Origin::ControlPlane => return None,
    };
    let object = if prefix.is_empty() { root } else { root.at(prefix)? };
    object.get("spec")
}

/// The texts of a container that may name somebody: each argument, and each value of the environment
/// whose name says that it is an address.
fn texts(container: Node<'_>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut line: Vec<(String, String)> = Vec::new();
    for field in ["command", "args"] {
        for (index, word) in container.get(field).into_iter().flat_map(|list| list.items()).enumerate() {
            if let Some(text) = word.as_str() {
                line.push((format!("{field}[{index}]"), text.to_owned()));
            }
        }
    }
    // `pg_isready -h db -p 5432` may be one word of a shell or several arguments.
    let shell = line.iter().any(|(_, text)| text.contains(char::is_whitespace));
    if shell || line.len() < 2 {
        out.append(&mut line);
    } else if let Some((field, _)) = line.first().cloned() {
        let whole: Vec<String> = line.iter().map(|(_, text)| text.clone()).collect();
        out.push((field, whole.join(" ")));
    }
    for (index, entry) in container.get("env").into_iter().flat_map(|list| list.items()).enumerate() {
        let name = entry.get("name").and_then(Node::as_str).unwrap_or_default();
        let value = entry.get("value").and_then(Node::as_str).unwrap_or_default();
        const ENDINGS: [&str; 8] =
            ["HOST", "URL", "URI", "ADDR", "ADDRESS", "ENDPOINT", "SERVER", "UPSTREAM"];
        if value.contains("://") || ENDINGS.iter().any(|ending| name.to_ascii_uppercase().ends_with(ending)) {
            out.push((format!("env[{index}].value"), value.to_owned()));
        }
    }
    out
}

/// The destinations that a command line mentions; a value of the environment is one by itself.
fn mentions(text: &str, is_value: bool) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let split = |c: char| c.is_whitespace() || "\"'`();|&<>,".contains(c);
    for line in text.lines() {
        let words: Vec<&str> = line.split(split).filter(|word| !word.is_empty()).collect();
        let option = |names: &[&str]| -> Option<&str> {
            words.iter().enumerate().find_map(|(index, word)| {
                let (name, value) =
                    word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
                names.contains(&name).then(|| value.or_else(|| words.get(index + 1).copied())).flatten()
            })
        };
        for (index, word) in words.iter().enumerate() {
            if let Some((scheme, rest)) = word.split_once("://") {
                let scheme = scheme.rsplit(['=', '@']).next().unwrap_or_default();
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                if is_host(host.split(':').next().unwrap_or_default()) {
                    found.push((format!("{scheme}://{host}"), true));
                }
            } else if CLIENTS.contains(word) {
                let mut arguments = words.iter().skip(index + 1).filter(|word| !word.starts_with('-'));
                if let Some(host) = arguments.next().filter(|word| is_name(word)) {
                    let takes_port = ["nc", "ncat", "telnet"].contains(word);
                    let port = arguments.next().filter(|next| takes_port && next.parse::<u16>().is_ok());
                    found.push(destination(host, port.copied()));
                }
            }
        }
        if let Some(host) = option(&["-h", "--host"]).filter(|host| is_name(host)) {
            found.push(destination(
                host,
                option(&["-p", "-P", "--port"]).filter(|port| port.parse::<u16>().is_ok()),
            ));
        }
        if let (true, [only]) = (is_value, words.as_slice())
            && is_name(only)
        {
            found.push(destination(only, None));
        }
    }
    found
}

fn destination(host: &str, port: Option<&str>) -> (String, bool) {
    match port {
        Some(port) if !host.contains(':') => (format!("{host}:{port}"), true),
        _ => (host.to_owned(), host.contains(':')),
    }
}

/// `name` or `name:port`, and a name of the cluster as far as one can see.
fn is_name(word: &str) -> bool {
    let (host, port) = word.split_once(':').map_or((word, None), |(host, port)| (host, Some(port)));
    let host = host.split('/').next().unwrap_or_default();
    is_host(host) && port.is_none_or(|port| port.parse::<u16>().is_ok()) && !word.contains('/')
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && label.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
    };
    host != "localhost" && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::mentions;

    fn targets(text: &str, is_value: bool) -> Vec<String> {
        mentions(text, is_value).into_iter().map(|(target, _)| target).collect()
    }

    #[test]
    fn command_lines_name_their_peers() {
        assert_eq!(
            targets("while true; do wget -q -O- http://web-service 2>&1; sleep 2; done", false),
            ["http://web-service"]
        );
        assert_eq!(targets("pg_isready -h database -p 5432 || echo no", false), ["database:5432"]);
        assert_eq!(targets("nc -z -v db.prod 5432", false), ["db.prod:5432"]);
        assert_eq!(targets("curl --max-time 2 api.prod:8080", false), Vec::<String>::new());
        assert_eq!(targets("curl -s api.prod:8080", false), ["api.prod:8080"]);
        assert_eq!(targets("postgres://user:pw@db.prod:5432/shop", true), ["postgres://db.prod:5432"]);
        assert_eq!(targets("redis.data", true), ["redis.data"]);
        assert_eq!(targets("nginx -g 'daemon off;'", false), Vec::<String>::new());
        assert_eq!(targets("127.0.0.1:80", true), Vec::<String>::new());
    }
}
