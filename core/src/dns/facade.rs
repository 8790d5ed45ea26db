//! The questions of this room as methods of the cluster.

use super::kubelet::parse_resolv_conf;
use super::tools::{self, Command, Style, ToolRun};
use super::{
    Asking, HostsFile, Lookup, PodResolvConf, Program, Query, RecordType, Response, Rooms, ZoneListing,
};
use crate::ask::AskError;
use crate::cluster::Cluster;
use crate::model::{Party, PodId};
use crate::policy::party;
use serde::Serialize;

/// What does a name resolve to?
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResolveQuestion {
    /// Who asks: `web/frontend`, `node/node-a`, an address.
    pub from: String,
    /// The name as typed: `api.prod`.
    pub name: String,
    /// One record type; absent: A and AAAA, as programs ask.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub record_type: Option<RecordType>,
    /// The program or library that asks; absent: the library of the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Program>,
    /// Text of a resolv.conf in place of the one the kubelet writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolv_conf: Option<String>,
}

/// What does a command print?
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolQuestion {
    /// Who types: `web/frontend`, `node/node-a`, an address.
    pub from: String,
    /// `nslookup api.prod`, `dig +short api.prod.svc.cluster.local`, `busybox nslookup web`.
    pub command: String,
    /// Whose nslookup, ping and wget; absent: what the pod's image says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// Text of a resolv.conf in place of the one the kubelet writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolv_conf: Option<String>,
}

fn conf(text: Option<&String>) -> Result<Option<super::ResolvConf>, AskError> {
    let Some(text) = text else { return Ok(None) };
    parse_resolv_conf(text).map(Some).map_err(|reason| AskError::Unreadable {
        what: "resolv.conf",
        text: text.clone(),
        reason,
    })
}

impl Cluster {
    /// The mechanisms that a query passes, for [`lookup`](super::lookup) and [`search`](super::search).
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source, dns::{Asking, search}, model::{Party, PodId}};
    /// let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: nginx}]}}";
    /// let cluster = Cluster::load([Source::new("a.yaml", pod)], &Settings::default());
    /// let asking = Asking::new(cluster.snapshot(), Party::Pod(PodId(0)), "kubernetes");
    /// let found = search(cluster.dns_rooms(), &asking);
    /// assert_eq!(found.addresses()[0].to_string(), "10.96.0.1");
    /// assert_eq!(found.names().next(), Some("kubernetes.default.svc.cluster.local."));
    /// ```
    pub fn dns_rooms(&self) -> Rooms<'_> {
        Rooms::new(self.snapshot(), self.dns(), self.proxy(), self.policies())
    }

    fn dns_pod(&self, text: &str) -> Result<PodId, AskError> {
        match party(self.snapshot(), text)? {
            Party::Pod(pod) => Ok(pod),
            _ => Err(AskError::Unreadable {
                what: "pod",
                text: text.to_owned(),
                reason: "the kubelet writes these files into pods; name one such as `web/frontend`".into(),
            }),
        }
    }

    /// What a name resolves to from a pod, with every query its resolver sends, over which way, and the
    /// object behind each answer. Without a type A and AAAA are asked, as programs do.
    ///
    /// # Errors
    /// [`AskError`] when `from` does not exist or cannot be read.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source, dns::RecordType};
    /// let text = "
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: api, namespace: prod}
    /// spec: {clusterIP: 10.96.0.40, selector: {app: api}, ports: [{port: 80}]}
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: frontend, namespace: web}
    /// spec: {containers: [{name: frontend, image: nginx}]}
    /// ";
    /// let cluster = Cluster::load([Source::new("shop.yaml", text)], &Settings::default());
    /// let lookup = cluster.resolve("web/frontend", "api.prod", RecordType::A)?;
    /// assert_eq!(lookup.addresses[0].to_string(), "10.96.0.40");
    /// assert_eq!(lookup.steps[0].name, "api.prod.web.svc.cluster.local.");
    /// assert_eq!(lookup.steps[1].name, "api.prod.svc.cluster.local.");
    /// let lookup = cluster.resolve("web/frontend", "api", None)?;
    /// assert_eq!(lookup.summary, "`api` does not exist: there is no Service `api` in namespace `web`");
    /// assert_eq!(lookup.suggestions[0].name, "api.prod");
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn resolve(
        &self,
        from: &str,
        name: &str,
        record_type: impl Into<Option<RecordType>>,
    ) -> Result<Lookup, AskError> {
        let question = ResolveQuestion {
            from: from.to_owned(),
            name: name.to_owned(),
            record_type: record_type.into(),
            ..ResolveQuestion::default()
        };
        self.resolve_as(&question)
    }

    /// As [`Cluster::resolve`], with a program and a resolv.conf of choice.
    ///
    /// # Errors
    /// [`AskError`] when `from` does not exist, or something cannot be read.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source, dns::{Program, ResolveQuestion}};
    /// let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: busybox}]}}";
    /// let cluster = Cluster::load([Source::new("a.yaml", pod)], &Settings::default());
    /// let question = ResolveQuestion {
    ///     from: "default/a".into(), name: "kubernetes.default".into(), program: Some(Program::Busybox),
    ///     ..ResolveQuestion::default()
    /// };
    /// // This nslookup tries names with a dot only as they are.
    /// let lookup = cluster.resolve_as(&question)?;
    /// assert!(!lookup.is_found());
    /// assert_eq!(lookup.suggestions[0].name, "kubernetes.default.svc.cluster.local");
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn resolve_as(&self, question: &ResolveQuestion) -> Result<Lookup, AskError> {
        let from = party(self.snapshot(), &question.from)?;
        let mut asking = Asking::new(self.snapshot(), from, question.name.as_str());
        asking.record_type = question.record_type;
        asking.program = question.program.unwrap_or(asking.program);
        asking.resolv_conf = conf(question.resolv_conf.as_ref())?;
        Ok(super::lookup(self.dns_rooms(), &asking))
    }

    /// The answer of the DNS server alone: no search list, no way to it.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source, dns::{Rcode, RecordType}};
    /// let cluster = Cluster::load([Source::new("empty.yaml", "")], &Settings::default());
    /// let response = cluster.dig("kubernetes.default.svc.cluster.local", RecordType::A);
    /// assert_eq!(response.answers[0].data.to_string(), "10.96.0.1");
    /// let response = cluster.dig("kubernetes.svc.cluster.local", RecordType::A);
    /// assert_eq!(response.rcode, Rcode::NxDomain);
    /// assert_eq!(response.because[0].text, "there is no namespace `kubernetes`");
    /// assert_eq!(response.suggestions[0].name, "kubernetes.default.svc.cluster.local");
    /// ```
    pub fn dig(&self, name: &str, record_type: RecordType) -> Response {
        self.dns().answer(self.snapshot(), &Query::new(name, record_type))
    }

    /// The resolv.conf that the kubelet writes for a pod.
    ///
    /// # Errors
    /// [`AskError`] when the pod does not exist.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: nginx}]}}";
    /// let cluster = Cluster::load([Source::new("a.yaml", pod)], &Settings::default());
    /// assert_eq!(
    ///     cluster.resolv_conf("default/a")?.text,
    ///     "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
    /// );
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn resolv_conf(&self, pod: &str) -> Result<PodResolvConf, AskError> {
        let id = self.dns_pod(pod)?;
        super::resolv_conf(self.snapshot(), id).ok_or_else(|| gone(pod))
    }

    /// The /etc/hosts and hostname that the kubelet gives a pod.
    ///
    /// # Errors
    /// [`AskError`] when the pod does not exist.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostname: b, subdomain: c, containers: [{name: a, image: nginx}]}}";
    /// let cluster = Cluster::load([Source::new("a.yaml", pod)], &Settings::default());
    /// assert!(cluster.hosts("default/a")?.text.ends_with("\tb.c.default.svc.cluster.local\tb\n"));
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn hosts(&self, pod: &str) -> Result<HostsFile, AskError> {
        let id = self.dns_pod(pod)?;
        super::hosts_file(self.snapshot(), id).ok_or_else(|| gone(pod))
    }

    /// All records of the cluster, forward and reverse.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let cluster = Cluster::load([Source::new("empty.yaml", "")], &Settings::default());
    /// let listing = cluster.zone();
    /// let records: Vec<String> = listing.zones[0].records.iter().map(ToString::to_string).collect();
    /// assert!(records.contains(&"kubernetes.default.svc.cluster.local. 30 IN A 10.96.0.1".to_owned()));
    /// ```
    pub fn zone(&self) -> ZoneListing {
        super::zone(self.dns())
    }

    /// What a command such as `nslookup api.prod` prints in a pod, its exit code and how long it takes.
    ///
    /// # Errors
    /// [`AskError`] when the pod does not exist, or the command is not known.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source};
    /// let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: nginx}]}}";
    /// let cluster = Cluster::load([Source::new("a.yaml", pod)], &Settings::default());
    /// let run = cluster.tool("default/a", "host kubernetes")?;
    /// assert_eq!(run.text, "kubernetes.default.svc.cluster.local has address 10.96.0.1\n");
    /// assert_eq!(run.exit, 0);
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn tool(&self, from: &str, command: &str) -> Result<ToolRun, AskError> {
        let question =
            ToolQuestion { from: from.to_owned(), command: command.to_owned(), ..ToolQuestion::default() };
        self.tool_as(&question)
    }

    /// As [`Cluster::tool`], with a program and a resolv.conf of choice.
    ///
    /// # Errors
    /// [`AskError`] when the pod does not exist, or something cannot be read.
    ///
    /// ```
    /// use kubehop::{Cluster, Settings, Source, dns::{ToolQuestion, tools::Style}};
    /// let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: nginx}]}}";
    /// let cluster = Cluster::load([Source::new("a.yaml", pod)], &Settings::default());
    /// let question = ToolQuestion {
    ///     from: "default/a".into(), command: "nslookup web".into(), style: Some(Style::Busybox128),
    ///     ..ToolQuestion::default()
    /// };
    /// let run = cluster.tool_as(&question)?;
    /// assert!(run.text.ends_with("\nnslookup: can't resolve 'web'\n"));
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn tool_as(&self, question: &ToolQuestion) -> Result<ToolRun, AskError> {
        let command = Command {
            from: party(self.snapshot(), &question.from)?,
            line: question.command.clone(),
            style: question.style,
            resolv_conf: conf(question.resolv_conf.as_ref())?,
        };
        tools::run(self.dns_rooms(), &command).map_err(|reason| AskError::Unreadable {
            what: "command",
            text: question.command.clone(),
            reason,
        })
    }
}

fn gone(pod: &str) -> AskError {
    AskError::NotFound { kind: "pod", name: pod.to_owned(), near: None }
}
