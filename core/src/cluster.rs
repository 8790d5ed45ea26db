//! The facade: a settled cluster and every question one can ask of it.

use crate::ask::AskError;
use crate::dns;
use crate::ingress;
use crate::journey::{self, Connection, Journey};
use crate::manifest::{Limits, Manifests, Problem, Source};
use crate::model::{self, Assumption, ClusterView, Settings, Snapshot};
use crate::policy;
use crate::render;
use crate::services::Proxy;
use serde::Serialize;
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
    proxy: OnceLock<Proxy>,
    policy: OnceLock<policy::Engine>,
    ingress: OnceLock<ingress::Table>,
    dns: OnceLock<dns::Server>,
}

/// What is wrong in the input, and what was taken for granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemList {
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
        Self::settled(Manifests::parse(sources, &Limits::default()), settings)
    }

    fn settled(manifests: Manifests, settings: &Settings) -> Self {
        let snapshot = model::settle(Arc::new(manifests), settings);
        Self { inner: Arc::new(Inner { snapshot, ..Inner::default() }) }
    }

    /// The cluster with these sources in place of those of the same names; others are added behind
    /// them. The same as loading all sources anew, but texts that did not change are not read again.
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
        let manifests = &self.inner.snapshot.manifests;
        let mut all: Vec<Source> = manifests.sources().cloned().collect();
        for source in sources {
            match all.iter_mut().find(|known| known.name == source.name) {
                Some(known) => *known = source,
                None => all.push(source),
            }
        }
        let manifests = manifests.reparse(all, &Limits::default());
        Self::settled(manifests, &self.inner.snapshot.settings)
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
        self.inner.proxy.get_or_init(|| Proxy::new(&self.inner.snapshot))
    }

    /// The policies, compiled on the first use.
    pub fn policies(&self) -> &policy::Engine {
        self.inner.policy.get_or_init(|| policy::Engine::new(&self.inner.snapshot))
    }

    /// Cluster DNS with everything it has read, indexed on the first use.
    pub fn dns(&self) -> &dns::Server {
        self.inner.dns.get_or_init(|| dns::Server::new(&self.inner.snapshot))
    }

    /// The Ingresses of every controller, indexed on the first use.
    pub fn ingress_table(&self) -> &ingress::Table {
        self.inner.ingress.get_or_init(|| ingress::Table::new(&self.inner.snapshot))
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
        let rooms =
            journey::Rooms { snapshot: self.snapshot(), proxy: self.proxy(), policy: self.policies() };
        journey::trace(rooms, connection)
    }

    /// Problems and assumptions together, as [`crate::Question::Problems`] answers.
    pub fn problem_list(&self) -> ProblemList {
        let Snapshot { problems, assumptions, .. } = &self.inner.snapshot;
        ProblemList { problems: problems.clone(), assumptions: assumptions.clone() }
    }
}
