//! How people write the two ends of a question, read without a cluster.
//!
//! Everything is kubectl's own notation: `web/frontend` is the pod (or workload) `frontend` in namespace
//! `web`, `deploy/web/frontend` or `deploy/frontend.web` names the kind, `svc/api.prod:80` is a Service by
//! its ClusterIP, `lb/api.prod:80` the same Service by its load balancer address, `node/node-a` a node,
//! `node-a:30080` a port of it, `outside` or an address a client beyond the cluster, and `http://api.prod`
//! or `api.prod:80` a name which the client looks up first.

use crate::ask::{AskError, PortText};
use crate::model::Protocol;
use std::net::{IpAddr, Ipv4Addr};

/// The client address taken when a question says just `outside`: a documentation address (RFC 5737).
pub const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));

/// A pod, or a workload standing for its first pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodName {
    /// The kind that was written, in its full form; `None` when the notation leaves it open.
    pub kind: Option<&'static str>,
    /// Namespace, `default` when none was written.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// Who opens the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Client {
    /// A pod.
    Pod(PodName),
    /// A process on a node.
    Node(String),
    /// A program beyond the cluster.
    Outside(IpAddr),
}

/// What the client connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A pod, by its address.
    Pod(PodName),
    /// A Service, by its ClusterIP: no name is looked up.
    Service {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
    },
    /// A Service of type LoadBalancer, by the address its load balancer reports.
    LoadBalancer {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
    },
    /// A node, by its InternalIP.
    Node(String),
    /// A name that the client looks up. If a node is called so and no dot is in it, the node is meant.
    Name(String),
    /// An address.
    Address(IpAddr),
}

/// A port as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// A number, 1 to 65535.
    Number(u16),
    /// The name of a Service port or container port.
    Name(String),
}

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// One question: can `client` open a connection to `target`?
///
/// ```
/// use kubehop::journey::{Connection, Port, Target};
/// let connection = Connection::new("web/frontend", "http://api.prod/health")?;
/// assert_eq!(connection.target, Target::Name("api.prod".into()));
/// assert_eq!(connection.port, Some(Port::Number(80)));
/// # Ok::<(), kubehop::AskError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Who asks.
    pub client: Client,
    /// What for.
    pub target: Target,
    /// Which port; `None` when the target has only one.
    pub port: Option<Port>,
    /// Which protocol.
    pub protocol: Protocol,
    /// The two ends as they were written.
    pub text: (String, String),
}

impl Connection {
    /// Reads both ends. The protocol is TCP until [`Connection::with_protocol`] says otherwise.
    ///
    /// # Errors
    /// [`AskError::Unreadable`] when a notation cannot be read. Whether the things exist is judged when
    /// the question is asked.
    pub fn new(from: &str, to: &str) -> Result<Self, AskError> {
        let (target, port) = target(to)?;
        Ok(Self {
            client: client(from)?,
            target,
            port,
            protocol: Protocol::Tcp,
            text: (from.trim().to_owned(), to.trim().to_owned()),
        })
    }

    /// Reads a question's parts.
    pub(crate) fn asked(
        from: &str,
        to: &str,
        port: Option<&PortText>,
        protocol: Option<&str>,
    ) -> Result<Self, AskError> {
        let mut connection = Self::new(from, to)?;
        if let Some(text) = protocol {
            connection.protocol = self::protocol(text)?;
        }
        match port {
            Some(port) => connection.with_port(&port.to_string()),
            None => Ok(connection),
        }
    }

    /// The same with another protocol.
    #[must_use]
    pub fn with_protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// The same with a port, `80` or `http`.
    ///
    /// # Errors
    /// [`AskError::Unreadable`] when it is neither a number from 1 to 65535 nor a name, or when the
    /// destination already names another port.
    pub fn with_port(mut self, text: &str) -> Result<Self, AskError> {
        let port = port(text, text)?;
        if let Some(written) = self.port.as_ref().filter(|written| **written != port) {
            let reason = format!("the destination `{}` already says port `{written}`", self.text.1);
            return Err(unreadable("port", text, reason));
        }
        self.port = Some(port);
        Ok(self)
    }
}

/// Reads a protocol as people write it: `tcp`, `UDP`, `sctp`.
///
/// # Errors
/// [`AskError::Unreadable`] for any other word.
pub fn protocol(text: &str) -> Result<Protocol, AskError> {
    Protocol::parse(&text.to_ascii_uppercase())
        .filter(|_| !text.is_empty())
        .ok_or_else(|| unreadable("protocol", text, "it is `TCP`, `UDP` or `SCTP`"))
}

/// Reads who asks.
///
/// # Errors
/// [`AskError::Unreadable`] when the notation cannot be read.
pub(crate) fn client(text: &str) -> Result<Client, AskError> {
    let text = text.trim();
    if text == "outside" {
        return Ok(Client::Outside(OUTSIDE));
    }
    if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse() {
        return Ok(Client::Outside(ip));
    }
    match object(text)? {
        Some(Object::Pod(pod)) => Ok(Client::Pod(pod)),
        Some(Object::Node(name)) => Ok(Client::Node(name)),
        Some(Object::Service { .. } | Object::LoadBalancer { .. }) => Err(unreadable(
            "source",
            text,
            "a Service opens no connections; name a pod such as `web/frontend`, a node such as `node/node-a`, or an address",
        )),
        None if is_label(text) => {
            Ok(Client::Pod(PodName { kind: None, namespace: "default".into(), name: text.into() }))
        }
        None => Err(unreadable(
            "source",
            text,
            "it is a pod such as `web/frontend`, a node such as `node/node-a`, `outside`, or an address",
        )),
    }
}

/// Reads what the client connects to, and the port when one is written.
///
/// # Errors
/// [`AskError::Unreadable`] when the notation cannot be read.
pub(crate) fn target(text: &str) -> Result<(Target, Option<Port>), AskError> {
    let text = text.trim();
    if let Some((scheme, rest)) = text.split_once("://") {
        return url(text, scheme, rest);
    }
    if let Ok(ip) = text.parse() {
        return Ok((Target::Address(ip), None));
    }
    let (host, written) = split_port(text)?;
    let written = written.map(|written| port(written, text)).transpose()?;
    if let Ok(ip) = host.parse() {
        return Ok((Target::Address(ip), written));
    }
    Ok((
        match object(host)? {
            Some(Object::Pod(pod)) => Target::Pod(pod),
            Some(Object::Node(name)) => Target::Node(name),
            Some(Object::Service { namespace, name }) => Target::Service { namespace, name },
            Some(Object::LoadBalancer { namespace, name }) => Target::LoadBalancer { namespace, name },
            None => Target::Name(host_name(host, text)?),
        },
        written,
    ))
}

fn url(text: &str, scheme: &str, rest: &str) -> Result<(Target, Option<Port>), AskError> {
    let default = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "tcp" | "udp" => None,
        "postgres" | "postgresql" => Some(5432),
        "mysql" => Some(3306),
        "redis" => Some(6379),
        "amqp" => Some(5672),
        "mongodb" => Some(27017),
        _ => return Err(unreadable("destination", text, format!("the scheme `{scheme}` is not known"))),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, written) = split_port(authority)?;
    let port = match written {
        Some(written) => Some(port(written, text)?),
        None => default.map(Port::Number),
    };
    let target = match host.parse() {
        Ok(ip) => Target::Address(ip),
        Err(_) => Target::Name(host_name(host, text)?),
    };
    Ok((target, port))
}

enum Object {
    Pod(PodName),
    Node(String),
    Service { namespace: String, name: String },
    LoadBalancer { namespace: String, name: String },
}

/// `kind/name`, `kind/name.namespace`, `kind/namespace/name` or `namespace/name`; `None` without a slash.
fn object(text: &str) -> Result<Option<Object>, AskError> {
    let mut parts = text.split('/');
    let (Some(first), Some(second), third) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    let kind = kind(first);
    let (namespace, name) = match (kind, third) {
        (Some("Node"), None) => ("", second),
        (Some(_), Some(name)) => (second, name),
        (Some(_), None) => {
            second.split_once('.').map_or(("default", second), |(name, namespace)| (namespace, name))
        }
        (None, None) => (first, second),
        (None, Some(_)) => {
            return Err(unreadable(
                "name",
                text,
                format!("`{first}` is not a kind; write `namespace/name` or `kind/namespace/name`"),
            ));
        }
    };
    if parts.next().is_some() || name.is_empty() || (namespace.is_empty() && kind != Some("Node")) {
        return Err(unreadable("name", text, "write `namespace/name` or `kind/namespace/name`"));
    }
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    Ok(Some(match kind {
        Some("Node") => Object::Node(name),
        Some("Service") => Object::Service { namespace, name },
        Some("LoadBalancer") => Object::LoadBalancer { namespace, name },
        kind => Object::Pod(PodName { kind, namespace, name }),
    }))
}

/// kubectl's short and plural names.
fn kind(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "po" | "pod" | "pods" => "Pod",
        "deploy" | "deployment" | "deployments" => "Deployment",
        "rs" | "replicaset" | "replicasets" => "ReplicaSet",
        "sts" | "statefulset" | "statefulsets" => "StatefulSet",
        "ds" | "daemonset" | "daemonsets" => "DaemonSet",
        "job" | "jobs" => "Job",
        "cj" | "cronjob" | "cronjobs" => "CronJob",
        "rc" | "replicationcontroller" | "replicationcontrollers" => "ReplicationController",
        "no" | "node" | "nodes" => "Node",
        "svc" | "service" | "services" => "Service",
        "lb" | "loadbalancer" => "LoadBalancer",
        _ => return None,
    })
}

/// The host and what follows its colon; brackets around an IPv6 address are taken off.
fn split_port(text: &str) -> Result<(&str, Option<&str>), AskError> {
    if let Some(rest) = text.strip_prefix('[') {
        let Some((host, after)) = rest.split_once(']') else {
            return Err(unreadable("destination", text, "the bracket of the IPv6 address is not closed"));
        };
        return Ok((host, after.strip_prefix(':')));
    }
    Ok(match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    })
}

fn port(text: &str, whole: &str) -> Result<Port, AskError> {
    if let Ok(number) = text.parse::<u32>() {
        return match u16::try_from(number) {
            Ok(number) if number > 0 => Ok(Port::Number(number)),
            _ => Err(unreadable("port", text, "a port is a number from 1 to 65535, or a name")),
        };
    }
    // k8s: apimachinery pkg/util/validation IsValidPortName
    let is_name = (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && text.bytes().any(|byte| byte.is_ascii_lowercase());
    if is_name {
        Ok(Port::Name(text.to_owned()))
    } else {
        Err(unreadable("port", whole, "a port is a number from 1 to 65535, or a name"))
    }
}

fn host_name(host: &str, whole: &str) -> Result<String, AskError> {
    let bare = host.strip_suffix('.').unwrap_or(host);
    let fits = !bare.is_empty()
        && bare.len() <= 253
        && bare.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        });
    if fits {
        return Ok(host.to_owned());
    }
    Err(unreadable(
        "destination",
        whole,
        "it is a name such as `api.prod:80`, a Service such as `svc/api.prod:80`, a pod such as `prod/api:8080`, a node port such as `node-a:30080`, an address such as `10.96.0.40:80`, or a URL",
    ))
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte))
}

fn unreadable(what: &'static str, text: &str, reason: impl Into<String>) -> AskError {
    AskError::Unreadable { what, text: text.to_owned(), reason: reason.into() }
}

/// The candidate closest to `name`, when it is close enough to be a slip of the pen.
pub(crate) fn near<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let limit = 1 + name.chars().count() / 4;
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// Levenshtein distance.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let value = (diagonal + usize::from(from != *to)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = value;
            left = value;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(kind: Option<&'static str>, namespace: &str, name: &str) -> PodName {
        PodName { kind, namespace: namespace.into(), name: name.into() }
    }

    #[test]
    fn reads_sources() {
        assert_eq!(client("web/frontend"), Ok(Client::Pod(pod(None, "web", "frontend"))));
        assert_eq!(
            client("deploy/web/frontend"),
            Ok(Client::Pod(pod(Some("Deployment"), "web", "frontend")))
        );
        assert_eq!(client("sts/db.prod"), Ok(Client::Pod(pod(Some("StatefulSet"), "prod", "db"))));
        assert_eq!(client("frontend"), Ok(Client::Pod(pod(None, "default", "frontend"))));
        assert_eq!(client("node/node-a.example.com"), Ok(Client::Node("node-a.example.com".into())));
        assert_eq!(client("198.51.100.7"), Ok(Client::Outside([198, 51, 100, 7].into())));
        assert_eq!(client("outside"), Ok(Client::Outside(OUTSIDE)));
        assert!(client("svc/api.prod").is_err());
        assert!(client("a/b/c/d").is_err());
        assert!(client("").is_err());
    }

    #[test]
    fn reads_destinations() {
        let name = |name: &str| Target::Name(name.into());
        let number = |number| Some(Port::Number(number));
        assert_eq!(target("http://api.prod/path"), Ok((name("api.prod"), number(80))));
        assert_eq!(target("https://user@api.prod:8443?q"), Ok((name("api.prod"), number(8443))));
        assert_eq!(
            target("http://[fd00::1]:81/"),
            Ok((Target::Address("fd00::1".parse().unwrap()), number(81)))
        );
        assert_eq!(target("api.prod"), Ok((name("api.prod"), None)));
        assert_eq!(target("api:http"), Ok((name("api"), Some(Port::Name("http".into())))));
        assert_eq!(target("fd00::1"), Ok((Target::Address("fd00::1".parse().unwrap()), None)));
        assert_eq!(target("10.96.0.40:80"), Ok((Target::Address([10, 96, 0, 40].into()), number(80))));
        assert_eq!(target("prod/api:8080"), Ok((Target::Pod(pod(None, "prod", "api")), number(8080))));
        assert_eq!(target("node/node-a:30080"), Ok((Target::Node("node-a".into()), number(30080))));
        let service = Target::Service { namespace: "prod".into(), name: "api".into() };
        assert_eq!(target("svc/api.prod:80"), Ok((service.clone(), number(80))));
        assert_eq!(target("svc/prod/api"), Ok((service, None)));
        for wrong in ["api:0", "api:65536", "api prod:80", "[fd00::1", "gopher://api", "a..b:80", "api:"] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_port_is_given_once() {
        let connection = Connection::new("a/b", "svc/api.prod:80").unwrap();
        assert!(connection.clone().with_port("80").is_ok());
        assert!(connection.with_port("81").is_err());
    }

    #[test]
    fn near_names_are_slips_of_the_pen() {
        assert_eq!(near("frontnd", ["frontend", "backend"]), Some("frontend".into()));
        assert_eq!(near("database", ["api", "web"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
