//! The questions of this room as methods of the cluster, with both ends in kubectl's notation.

use super::claims::{Assertion, Claim};
use super::doubts::Doubts;
use super::explain;
use super::exposure::Exposure;
use super::membership::{PodsOf, PoliciesOf};
use super::reach::{Granularity, PolicyDiff, Reachability};
use super::selection::{self, families, party, select};
use super::{AddressSet, Connection, Direction, PortSet, Verdict};
use crate::ask::{AskError, PortText};
use crate::cluster::Cluster;
use crate::model::{Family, Party, Protocol, Snapshot};
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr};

/// Exactly the ports open between two ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AllowedPorts {
    /// Who opens connections.
    pub from: String,
    /// Who answers.
    pub to: String,
    /// Ports open, by family or by addresses when they differ.
    pub parts: Vec<AllowedPart>,
}

/// The ports open to a part of the addresses.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AllowedPart {
    /// Only with this family; absent when all common families are alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// The addresses outside the cluster; absent when both ends are inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<AddressSet>,
    /// Ports open, as far as it can be told: what the API leaves open counts as what usually happens.
    pub ports: PortSet,
    /// Ports of which manifests do not tell: it depends on which addresses a domain name has. Absent when
    /// there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undetermined: Option<PortSet>,
    /// Ports that the API leaves to the implementation: policies of equal priority disagree. Absent when
    /// there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub implementation_defined: Option<PortSet>,
}

impl AllowedPart {
    fn new(family: Option<Family>, addresses: Option<AddressSet>, ports: PortSet, doubts: Doubts) -> Self {
        let some = |set: PortSet| (!set.is_none()).then_some(set);
        Self {
            family,
            addresses,
            ports,
            undetermined: some(doubts.undetermined),
            implementation_defined: some(doubts.implementation_defined),
        }
    }
}

fn unreadable(what: &'static str, text: &str, reason: &str) -> AskError {
    AskError::Unreadable { what, text: text.to_owned(), reason: reason.to_owned() }
}

/// Reads `TCP`, `UDP`, `SCTP` in any case; absent means TCP.
fn protocol(text: Option<&str>) -> Result<Protocol, AskError> {
    let text = text.unwrap_or_default();
    let upper = text.to_ascii_uppercase();
    let reason = if upper.starts_with("ICMP") { explain::ICMP } else { explain::PROTOCOLS };
    Protocol::parse(&upper).ok_or_else(|| unreadable("protocol", text, reason))
}

/// Reads a port number, or the name of a port of the destination pod.
fn port(snapshot: &Snapshot, text: &PortText, protocol: Protocol, to: Party) -> Result<u16, AskError> {
    let text = text.to_string();
    if let Ok(number) = text.parse::<u16>() {
        return if number > 0 { Ok(number) } else { Err(unreadable("port", &text, explain::PORT)) };
    }
    let pod = match to {
        Party::Pod(id) => snapshot.pod(id),
        _ => None,
    };
    let named = pod.into_iter().flat_map(|pod| super::compile::named_ports(&pod.spec)).collect::<Vec<_>>();
    let block = super::ports::key(protocol, 0);
    let found = named.iter().find(|(name, key)| *name == text && key & !0xffff == block);
    match found {
        Some((_, key)) => Ok((key & 0xffff) as u16),
        None => {
            let near = selection::nearest(&text, named.iter().map(|(name, _)| *name));
            Err(AskError::NotFound { kind: "port", name: text, near })
        }
    }
}

/// Reads a set of ports; absent means all.
fn port_set(text: Option<&str>) -> Result<PortSet, AskError> {
    match text {
        None => Ok(PortSet::all()),
        Some(text) => text.parse().map_err(|reason: String| unreadable("ports", text, &reason)),
    }
}

impl Cluster {
    /// May `from` open this connection to `to`, and which policies say so? Both ends are pods, workloads
    /// (meaning their first pod), nodes or addresses; the port is the destination's own, by number or by
    /// name. Services are not asked: see [`Cluster::trace`] for the whole way.
    ///
    /// # Errors
    /// [`AskError`] when an end or a named port does not exist, or the ends have no address family in common.
    ///
    /// ```
    /// use kubehop::policy::Decision;
    /// use kubehop::{Cluster, Settings, Source};
    /// let text = "
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: db, namespace: prod, labels: {app: db}}
    /// spec: {containers: [{name: db, image: postgres}]}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: shell, namespace: prod}
    /// spec: {containers: [{name: shell, image: busybox}]}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: db, namespace: prod}
    /// spec:
    ///   podSelector: {matchLabels: {app: db}}
    ///   ingress:
    ///   - from: [{podSelector: {matchLabels: {app: api}}}]
    /// ";
    /// let cluster = Cluster::load([Source::new("prod.yaml", text)], &Settings::default());
    /// let verdict = cluster.policy_verdict("prod/shell", "prod/db", &5432.into(), None)?;
    /// assert_eq!(verdict.decision, Decision::Denied);
    /// assert!(verdict.summary.ends_with("would match but for: pod shell: label app=api is missing"));
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn policy_verdict(
        &self,
        from: &str,
        to: &str,
        on: &PortText,
        protocol_name: Option<&str>,
    ) -> Result<Verdict, AskError> {
        let snapshot = self.snapshot();
        let (source, target) = (party(snapshot, from)?, party(snapshot, to)?);
        let protocol = protocol(protocol_name)?;
        let port = port(snapshot, on, protocol, target)?;
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let lacking = |party: Party| selection::ips(snapshot, party).is_empty();
        let (from_ip, to_ip) = match families(snapshot, source, target).first() {
            Some((_, from, to)) => (*from, *to),
            // A pod without an address: the verdict says so.
            None if lacking(source) || lacking(target) => (unknown, unknown),
            None => return Err(unreadable("connection", &format!("{from} to {to}"), explain::NO_FAMILY)),
        };
        let connection = Connection { from: source, to: target, from_ip, to_ip, protocol, port };
        Ok(self.policies().verdict(snapshot, &connection))
    }

    /// Exactly the ports on which `from` may open connections to `to`: two ends inside the cluster, or
    /// one of them a block of outside addresses.
    ///
    /// # Errors
    /// [`AskError`] when an end does not exist or cannot be read.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let text = "
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec: {containers: [{name: web, image: nginx}]}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web}
    /// spec:
    ///   ingress:
    ///   - from: [{ipBlock: {cidr: 198.51.100.0/24, except: [198.51.100.128/25]}}]
    ///     ports: [{port: 8000, endPort: 8010}, {port: 80}]
    /// ";
    /// let cluster = Cluster::load([Source::new("web.yaml", text)], &Settings::default());
    /// let answer = cluster.allowed_ports("198.51.100.0/24", "default/web")?;
    /// assert_eq!(answer.parts[0].ports.to_string(), "TCP 80,8000-8010");
    /// assert_eq!(answer.parts[0].addresses.as_ref().unwrap().to_string(), "198.51.100.0-198.51.100.127");
    /// assert!(answer.parts[1].ports.is_none());
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn allowed_ports(&self, from: &str, to: &str) -> Result<AllowedPorts, AskError> {
        let snapshot = self.snapshot();
        let (sources, targets) = (select(snapshot, from)?, select(snapshot, to)?);
        let mut parts = Vec::new();
        // A block means its outside addresses; those of pods and nodes are asked for by name.
        let block = |selection: &selection::Selection| {
            (!selection.addresses.is_none()).then(|| selection.addresses.clone())
        };
        let border = match (block(&sources), block(&targets)) {
            (Some(addresses), None) => targets.pods.first().map(|pod| (*pod, Direction::Ingress, addresses)),
            (None, Some(addresses)) => sources.pods.first().map(|pod| (*pod, Direction::Egress, addresses)),
            _ => None,
        };
        if let Some((pod, direction, addresses)) = border {
            for part in self.policies().outside_parts(snapshot, pod, direction, &addresses) {
                parts.push(AllowedPart::new(None, Some(part.addresses), part.ports, part.doubts));
            }
        } else {
            let (source, target) = (party(snapshot, from)?, party(snapshot, to)?);
            for (family, from, to) in families(snapshot, source, target) {
                let ports = self.policies().ports_between(snapshot, (source, from), (target, to));
                let doubts = self.policies().doubts_between(snapshot, (source, from), (target, to));
                parts.push(AllowedPart::new(Some(family), None, ports, doubts));
            }
            let alike =
                |a: &AllowedPart, b: &AllowedPart| AllowedPart { family: a.family, ..b.clone() } == *a;
            if parts.iter().all(|part| parts.first().is_some_and(|first| alike(first, part))) {
                parts.truncate(1);
                parts.iter_mut().for_each(|part| part.family = None);
            }
        }
        Ok(AllowedPorts { from: from.to_owned(), to: to.to_owned(), parts })
    }

    /// Who may talk to whom: every allowed connection between pods, workloads or namespaces, and over the
    /// border of the cluster, with the exact ports. `from` and `to` narrow the question (default: `all`),
    /// and so does a set of ports such as `TCP 80,443`.
    ///
    /// # Errors
    /// [`AskError`] when a selection or the ports cannot be read, or select nothing.
    ///
    /// ```
    /// use kubehop::policy::Granularity;
    /// use kubehop::{Cluster, Settings, Source};
    /// let pod = |name| format!("{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{containers: [{{name: c, image: c}}]}}}}\n---\n");
    /// let text = pod("a") + &pod("b") + "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: none}, spec: {policyTypes: [Ingress]}}";
    /// let cluster = Cluster::load([Source::new("two.yaml", text)], &Settings::default());
    /// let answer = cluster.reachability(Granularity::Pod, Some("default/*"), Some("default/*"), None)?;
    /// assert!(answer.connections.is_empty());
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn reachability(
        &self,
        by: Granularity,
        from: Option<&str>,
        to: Option<&str>,
        ports: Option<&str>,
    ) -> Result<Reachability, AskError> {
        let snapshot = self.snapshot();
        let (from, to) = (select(snapshot, from.unwrap_or("all"))?, select(snapshot, to.unwrap_or("all"))?);
        Ok(self.policies().reachability(snapshot, by, &from, &to, &port_set(ports)?))
    }

    /// The policies that select a pod, and whether they isolate it.
    ///
    /// # Errors
    /// [`AskError`] when there is no such pod.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let text = "
    /// {apiVersion: v1, kind: Pod, metadata: {name: web, labels: {app: web}}, spec: {containers: [{name: c, image: c}]}}
    /// ---
    /// {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: web}, spec: {podSelector: {matchLabels: {app: web}}}}
    /// ";
    /// let cluster = Cluster::load([Source::new("web.yaml", text)], &Settings::default());
    /// let answer = cluster.policies_of("default/web")?;
    /// assert!(answer.isolated_ingress && !answer.isolated_egress);
    /// assert_eq!(answer.policies[0].policy.name, "web");
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn policies_of(&self, pod: &str) -> Result<PoliciesOf, AskError> {
        match party(self.snapshot(), pod)? {
            Party::Pod(id) => Ok(self.policies().policies_of(self.snapshot(), id)),
            _ => Err(unreadable("pod", pod, explain::NOT_A_POD)),
        }
    }

    /// The pods that a policy selects: `prod/allow-web`, or `cnp/guard`, `anp/guard`, `banp/default` for
    /// the cluster-wide kinds.
    ///
    /// # Errors
    /// [`AskError`] when there is no such policy.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let text = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: web, namespace: shop}, spec: {}}";
    /// let cluster = Cluster::load([Source::new("web.yaml", text)], &Settings::default());
    /// assert!(cluster.pods_of("shop/web")?.pods.is_empty());
    /// assert!(cluster.pods_of("shop/wep").unwrap_err().to_string().contains("did you mean `shop/web`?"));
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn pods_of(&self, policy: &str) -> Result<PodsOf, AskError> {
        let number = selection::policy(self.snapshot(), policy)?;
        let found = self.policies().pods_of(self.snapshot(), number);
        found.ok_or_else(|| AskError::NotFound { kind: "policy", name: policy.to_owned(), near: None })
    }

    /// To whom pods are exposed beyond what is in the input: outside addresses, any pod there could be, and
    /// hypothetical pods that the selectors of rules describe. `of` narrows the question (default: `all`).
    ///
    /// # Errors
    /// [`AskError`] when the selection cannot be read or selects nothing.
    ///
    /// ```
    /// use kubehop::policy::Granularity;
    /// use kubehop::{Cluster, Settings, Source};
    /// let text = "
    /// {apiVersion: v1, kind: Pod, metadata: {name: db, labels: {app: db}}, spec: {containers: [{name: c, image: c}]}}
    /// ---
    /// {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db}, spec: {ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}]}]}}
    /// ";
    /// let cluster = Cluster::load([Source::new("db.yaml", text)], &Settings::default());
    /// let exposed = &cluster.exposure(Granularity::Workload, Some("default/db"))?.members[0];
    /// assert!(exposed.ingress.entire_cluster.ports.is_none());
    /// assert_eq!(exposed.ingress.hypothetical[0].pods, "app=api");
    /// assert_eq!(exposed.ingress.hypothetical[0].open.ports.to_string(), "TCP 5432");
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn exposure(&self, by: Granularity, of: Option<&str>) -> Result<Exposure, AskError> {
        let snapshot = self.snapshot();
        let mut selection = select(snapshot, of.unwrap_or("all"))?;
        if selection.addresses.is_none() {
            selection.addresses = selection::outside(snapshot);
        }
        Ok(self.policies().exposure(snapshot, by, &selection))
    }

    /// What changes in who may talk to whom from this cluster to another: connections gained and lost.
    ///
    /// ```
    /// use kubehop::policy::Granularity;
    /// use kubehop::{Cluster, Settings, Source};
    /// let pods = "
    /// {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: c}]}}
    /// ---
    /// {apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: [{name: c, image: c}]}}
    /// ";
    /// let rule = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p}, spec: {ingress: [{ports: [{port: 80}]}]}}";
    /// let before = Cluster::load([Source::new("pods.yaml", pods)], &Settings::default());
    /// let after = before.with([Source::new("policy.yaml", rule)]);
    /// let diff = before.policy_diff(&after, Granularity::Pod);
    /// assert_eq!(diff.connections[0].after.to_string(), "TCP 80");
    /// assert!(diff.connections[0].gained.is_none());
    /// ```
    pub fn policy_diff(&self, other: &Self, by: Granularity) -> PolicyDiff {
        let all = |cluster: &Self| {
            let snapshot = cluster.snapshot();
            let everyone = select(snapshot, "all").unwrap_or_default();
            cluster.policies().reachability(snapshot, by, &everyone, &everyone, &PortSet::all())
        };
        self.policies().diff(&all(self), &all(other))
    }

    /// Proves or refutes that all connections from one selection to another on some ports are denied, or
    /// allowed. A selection is a pod, a workload, `namespace/*`, `*/[app=db]`, `outside`, an address block,
    /// several of these joined by ` | `, or with `!` everything but these.
    ///
    /// # Errors
    /// [`AskError`] when a selection cannot be read or selects nothing: a claim about nobody proves nothing.
    ///
    /// ```
    /// use kubehop::policy::Claim;
    /// use kubehop::{Cluster, Settings, Source};
    /// let text = "
    /// {apiVersion: v1, kind: Pod, metadata: {name: db, namespace: prod}, spec: {containers: [{name: c, image: c}]}}
    /// ---
    /// {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {containers: [{name: c, image: c}]}}
    /// ---
    /// {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: prod}, spec: {ingress: [{from: [{podSelector: {}}]}]}}
    /// ";
    /// let cluster = Cluster::load([Source::new("prod.yaml", text)], &Settings::default());
    /// assert!(cluster.assert(Claim::Denied, "!ns/prod", "prod/db", Some("TCP 5432"))?.holds);
    /// assert!(!cluster.assert(Claim::Denied, "ns/prod", "shop/web", None)?.holds);
    /// assert!(cluster.assert(Claim::Denied, "*/[app=typo]", "prod/db", None).is_err());
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn assert(
        &self,
        claim: Claim,
        from: &str,
        to: &str,
        ports: Option<&str>,
    ) -> Result<Assertion, AskError> {
        let snapshot = self.snapshot();
        let (sources, targets) = (select(snapshot, from)?, select(snapshot, to)?);
        let ports = port_set(ports)?;
        let answer = self.policies().assert(snapshot, claim, &sources, &targets, &ports);
        answer.ok_or_else(|| unreadable("assertion", &format!("{from} to {to}"), explain::NO_PAIR))
    }
}
