//! The facade: a settled cluster and every question one can ask of it.

use crate::addressing::{self, AddressOrigin, Way};
use crate::ask::AskError;
use crate::diagnose::{self, Diagnosis};
use crate::dns;
use crate::gateway;
use crate::ingress;
use crate::journey::{self, Connection, Journey};
use crate::manifest::{Limits, Manifests, Problem, Source};
use crate::model::{
    self, Assumption, ClusterView, Family, NodeId, Packet, Party, Protocol, ProxyMode, ServiceId, Settings,
    Snapshot,
};
use crate::policy;
use crate::render;
use crate::services::Proxy;
use crate::services::questions::{self, NodePortReport, RuleWalk, RulesText, ServiceReport};
use serde::Serialize;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

/// A settled cluster, ready for questions. Cheap to clone; an immutable value.
///
/// Rooms that need an index build it on the first question and keep it here.
#[derive(Clone, Debug)]
pub struct Cluster {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    snapshot: Snapshot,
    proxy: OnceLock<Arc<Proxy>>,
    policy: OnceLock<policy::Engine>,
    ingress: OnceLock<Arc<ingress::Table>>,
    dns: OnceLock<Arc<dns::Server>>,
    gateway: OnceLock<Arc<gateway::Table>>,
}

impl Inner {
    /// The same cluster with other policies: no other room's index depends on them.
    fn edited(&self, snapshot: Snapshot) -> Self {
        let policy = match self.policy.get() {
            Some(engine) => OnceLock::from(engine.edited(&self.snapshot, &snapshot)),
            None => OnceLock::new(),
        };
        Self {
            policy,
            snapshot,
            proxy: self.proxy.clone(),
            ingress: self.ingress.clone(),
            dns: self.dns.clone(),
            gateway: self.gateway.clone(),
        }
    }
}

/// What is wrong in the input, and what was taken for granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemList {
    /// How many objects the input holds.
    pub objects: u32,
    /// Problems in source order.
    pub problems: Vec<Problem>,
    /// Assumptions in order of the objects.
    pub assumptions: Vec<Assumption>,
}

impl Cluster {
    /// The cluster that the control plane would make of `sources`. Never fails: what is wrong is in
    /// [`Cluster::problems`], and everything that could be read is there.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let cluster = Cluster::load([Source::new("empty.yaml", "")], &Settings::default());
    /// assert!(cluster.problems().is_empty());
    /// ```
    pub fn load(sources: impl IntoIterator<Item = Source>, settings: &Settings) -> Self {
        Self::settled(Arc::new(Manifests::parse(sources, &Limits::default())), settings)
    }

    fn settled(manifests: Arc<Manifests>, settings: &Settings) -> Self {
        let snapshot = model::settle(manifests, settings);
        Self { inner: Arc::new(Inner { snapshot, ..Inner::default() }) }
    }

    /// The cluster with these sources in place of those of the same names; others are added behind
    /// them. The same as loading all sources anew, but texts that did not change are not read again, and
    /// where one source of nothing but policies changed, only they are settled and compiled again.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let pod = |name: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n");
    /// let cluster = Cluster::load([Source::new("a.yaml", pod("web"))], &Settings::default());
    /// let edited = cluster.with([Source::new("a.yaml", pod("api"))]);
    /// assert!(edited.snapshot().pod_id("default", "api").is_some());
    /// assert!(edited.snapshot().pod_id("default", "web").is_none());
    /// ```
    #[must_use]
    pub fn with(&self, sources: impl IntoIterator<Item = Source>) -> Self {
        let before = &self.inner.snapshot;
        let manifests = Arc::new(before.manifests.with(sources, &Limits::default()));
        match model::edit(before, &manifests) {
            Some(snapshot) => Self { inner: Arc::new(self.inner.edited(snapshot)) },
            None => Self::settled(manifests, &before.settings),
        }
    }

    /// Nodes, pods, Services and EndpointSlices as data.
    pub fn view(&self) -> ClusterView {
        self.inner.snapshot.view()
    }

    /// The settled cluster as plain data.
    pub fn snapshot(&self) -> &Snapshot {
        &self.inner.snapshot
    }

    /// kube-proxy on every node, indexed on the first use.
    pub fn proxy(&self) -> &Proxy {
        self.inner.proxy.get_or_init(|| Arc::new(Proxy::new(&self.inner.snapshot)))
    }

    /// The policies, compiled on the first use.
    pub fn policies(&self) -> &policy::Engine {
        self.inner.policy.get_or_init(|| policy::Engine::new(&self.inner.snapshot))
    }

    /// Cluster DNS with everything it has read, indexed on the first use.
    pub fn dns(&self) -> &dns::Server {
        self.inner.dns.get_or_init(|| Arc::new(dns::Server::new(&self.inner.snapshot)))
    }

    /// The Ingresses of every controller, indexed on the first use.
    pub fn ingress_table(&self) -> &ingress::Table {
        self.inner.ingress.get_or_init(|| Arc::new(ingress::Table::new(&self.inner.snapshot)))
    }

    /// The Gateway API objects, settled on the first use.
    pub fn gateway_table(&self) -> &gateway::Table {
        self.inner.gateway.get_or_init(|| Arc::new(gateway::Table::new(&self.inner.snapshot)))
    }

    /// Everything wrong in the input, in source order.
    pub fn problems(&self) -> &[Problem] {
        &self.inner.snapshot.problems
    }

    /// What a `kubectl get` or `kubectl describe` command prints; a leading `kubectl` may be left out.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let cluster = Cluster::load([Source::new("empty.yaml", "")], &Settings::default());
    /// assert_eq!(cluster.kubectl("get pods -n prod").stderr, "No resources found in prod namespace.\n");
    /// ```
    pub fn kubectl(&self, command: &str) -> render::Output {
        render::kubectl(self.snapshot(), command)
    }

    /// Follows one connection from the client to whoever answers.
    ///
    /// # Errors
    /// [`AskError`] when an end of the connection does not exist, or no port is named where one is needed.
    pub fn trace(&self, connection: &Connection) -> Result<Journey, AskError> {
        journey::trace(self.rooms(), connection)
    }

    /// Which layer is at fault when one connection (or URL) fails, by which object, and what to change.
    ///
    /// # Errors
    /// [`AskError`] when an end of the connection does not exist, or no port is named where one is needed.
    pub fn diagnose(&self, connection: &Connection) -> Result<Diagnosis, AskError> {
        diagnose::diagnose(self, connection)
    }

    /// What is wrong, or worth knowing, in the cluster as a whole.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let text = "{apiVersion: v1, kind: Service, metadata: {name: api}, spec: {selector: {app: api}, ports: [{port: 80}]}}";
    /// let cluster = Cluster::load([Source::new("api.yaml", text)], &Settings::default());
    /// let codes: Vec<_> = cluster.survey().findings().map(|finding| finding.code).collect();
    /// assert_eq!(codes, ["service/no-endpoints"]);
    /// ```
    pub fn survey(&self) -> Diagnosis {
        diagnose::survey(self)
    }

    /// The mechanisms a connection passes.
    pub(crate) fn rooms(&self) -> journey::Rooms<'_> {
        journey::Rooms {
            snapshot: self.snapshot(),
            proxy: self.proxy(),
            policy: self.policies(),
            dns: self.dns(),
        }
    }

    /// What answers behind a Service, and why each pod is one of its endpoints or not.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let yaml = "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {selector: {app: api}, ports: [{port: 80}]}\n---\n\
    ///             apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\n";
    /// let cluster = Cluster::load([Source::new("api.yaml", yaml)], &Settings::default());
    /// let report = cluster.service("svc/api", None)?;
    /// assert_eq!(report.pods[0].checks[0].sentence, "the selector asks for app=api, the pod has app=web");
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    ///
    /// # Errors
    /// [`AskError`] when there is no such Service or pod.
    pub fn service(&self, service: &str, pod: Option<&str>) -> Result<ServiceReport, AskError> {
        let id = self.service_named(service)?;
        let pod = match pod.map(journey::client).transpose()? {
            Some(journey::Client::Pod(name)) => Some(journey::pod_named(self.snapshot(), &name)?),
            Some(_) => return Err(unreadable("pod", pod.unwrap_or_default(), "name a pod, `prod/api-0`")),
            None => None,
        };
        questions::service(self.snapshot(), id, pod).ok_or_else(|| not_found("service", service))
    }

    /// The rules that kube-proxy writes on a node: all of them, or those of one Service.
    ///
    /// # Errors
    /// [`AskError`] when there is no such node or Service.
    pub fn rules(
        &self,
        node: &str,
        mode: Option<ProxyMode>,
        family: Family,
        service: Option<&str>,
    ) -> Result<RulesText, AskError> {
        let id = self.node_named(node)?;
        let only = service.map(|name| self.service_named(name)).transpose()?;
        let rules = self.in_mode(mode, |snapshot, proxy| questions::rules(snapshot, proxy, id, family, only));
        rules.ok_or_else(|| not_found("node", node))
    }

    /// Walks a packet through the rules that kube-proxy writes on a node.
    ///
    /// # Errors
    /// [`AskError`] when there is no such node, an address cannot be read, or the mode is ipvs.
    pub fn walk_rules(
        &self,
        node: &str,
        (from, to): (&str, &str),
        protocol: Protocol,
        mode: Option<ProxyMode>,
    ) -> Result<RuleWalk, AskError> {
        let id = self.node_named(node)?;
        let source = from.trim().parse();
        let source = source.map_err(|_| unreadable("source", from, "it is an address, `10.244.0.5`"))?;
        let to_read = to.trim().parse::<std::net::SocketAddr>();
        let to_read = to_read.map_err(|_| unreadable("destination", to, "it is `10.96.0.40:80`"))?;
        let packet = Packet { source, destination: to_read.ip(), port: to_read.port(), protocol };
        self.in_mode(mode, |snapshot, proxy| questions::walk(snapshot, proxy, id, &packet)).ok_or_else(|| {
            unreadable("rules", to, "ipvs has no rules to walk, and both addresses need to be of one family")
        })
    }

    /// What answers on a port of a node, for clients in different places.
    ///
    /// # Errors
    /// [`AskError`] when there is no such node.
    pub fn node_port(&self, node: &str, port: u16, protocol: Protocol) -> Result<NodePortReport, AskError> {
        let id = self.node_named(node)?;
        let report = questions::node_port(self.snapshot(), self.proxy(), id, port, protocol);
        report.ok_or_else(|| not_found("node", node))
    }

    /// Where an address comes from.
    ///
    /// # Errors
    /// [`AskError::Unreadable`] when it is none.
    pub fn address(&self, address: &str) -> Result<AddressOrigin, AskError> {
        let read = address.trim().parse();
        let read = read.map_err(|_| unreadable("address", address, "it is an address, `10.244.0.5`"))?;
        Ok(addressing::origin(self.snapshot(), read))
    }

    /// The legs of a packet's way between pods, nodes and outside, without Services and policies.
    ///
    /// # Errors
    /// [`AskError`] when an end does not exist.
    pub fn way(&self, from: &str, to: &str) -> Result<Way, AskError> {
        let snapshot = self.snapshot();
        let end = |text: &str| -> Result<(Party, Vec<IpAddr>), AskError> {
            let party = journey::party_named(snapshot, &journey::client(text)?)?;
            let addresses = match party {
                Party::Pod(id) => snapshot.pod(id).map(|pod| pod.ips.clone()),
                Party::Node(id) => snapshot.node(id).map(|node| node.ips.clone()),
                Party::Outside(ip) => Some(vec![ip]),
            };
            Ok((party, addresses.unwrap_or_default()))
        };
        let ((from_party, sources), (to_party, destinations)) = (end(from)?, end(to)?);
        let pair = destinations.iter().find_map(|destination| {
            let same = |source: &&IpAddr| Family::of(**source) == Family::of(*destination);
            Some((*sources.iter().find(same)?, *destination))
        });
        let (source, destination) =
            pair.ok_or_else(|| unreadable("ends", to, "the two have no addresses of one family"))?;
        let legs = addressing::path(snapshot, from_party, to_party, source, destination);
        Ok(Way { source, destination, legs })
    }

    fn node_named(&self, text: &str) -> Result<NodeId, AskError> {
        let name = text.trim();
        let name = ["node/", "nodes/", "no/"].iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name);
        journey::node_named(self.snapshot(), name)
    }

    /// `svc/api.prod`, `prod/api`, `api.prod` or `api`.
    fn service_named(&self, text: &str) -> Result<ServiceId, AskError> {
        let name = text.trim();
        let kinds = ["svc/", "service/", "services/"];
        let plain = kinds.iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name);
        let (namespace, name) = match (plain.split_once('/'), plain.split_once('.')) {
            (Some((namespace, name)), _) => (namespace, name),
            (None, Some((name, namespace))) => (namespace, name),
            (None, None) => ("default", plain),
        };
        journey::service_named(self.snapshot(), namespace, name)
    }

    /// Asks with kube-proxy in another mode than that of the settings.
    fn in_mode<T>(&self, mode: Option<ProxyMode>, ask: impl Fn(&Snapshot, &Proxy) -> T) -> T {
        match mode.filter(|mode| *mode != self.snapshot().settings.proxy.mode) {
            None => ask(self.snapshot(), self.proxy()),
            Some(mode) => {
                let mut snapshot = self.snapshot().clone();
                snapshot.settings.proxy.mode = mode;
                let proxy = Proxy::new(&snapshot);
                ask(&snapshot, &proxy)
            }
        }
    }

    /// Problems and assumptions together, as [`crate::Question::Problems`] answers.
    pub fn problem_list(&self) -> ProblemList {
        let Snapshot { manifests, problems, assumptions, .. } = &self.inner.snapshot;
        let objects = u32::try_from(manifests.objects().len()).unwrap_or(u32::MAX);
        ProblemList { objects, problems: problems.clone(), assumptions: assumptions.clone() }
    }
}

fn not_found(kind: &'static str, name: &str) -> AskError {
    AskError::NotFound { kind, name: name.to_owned(), near: None }
}

fn unreadable(what: &'static str, text: &str, reason: &str) -> AskError {
    AskError::Unreadable { what, text: text.to_owned(), reason: reason.to_owned() }
}
