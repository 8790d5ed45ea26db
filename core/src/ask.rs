//! One question in, one answer out: the single entry that every binding, the console command and the
//! corpus use. A mechanism adds a variant to [`Question`] and one to [`Answer`].

mod given;
mod read;

use crate::addressing::{AddressOrigin, Way};
use crate::cluster::Cluster;
use crate::dns;
use crate::ingress::HttpRequest;
use crate::journey::{self, Connection};
use crate::manifest::Source;
use crate::model::{Family, ProxyMode};
use crate::policy;
use crate::services::questions::{NodePortReport, RuleWalk, RulesText, ServiceReport};
use serde::Serialize;

/// A question as data: `{"ask": "trace", "from": "web/frontend", "to": "http://api.prod"}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "ask", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Question {
    /// What is wrong in the input, and what was taken for granted.
    Problems {},
    /// What there is: nodes, pods, Services, EndpointSlices, with their addresses.
    Cluster {},
    /// Which layer is at fault, by which object, and what to change: for one connection, or without
    /// `from` and `to` for the cluster as a whole.
    Diagnose {
        /// Who asks, as in [`Question::Trace`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// What for, as in [`Question::Trace`]; a URL asked from outside goes through the Ingress.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// The port, when `to` names none and more than one could be meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<PortText>,
        /// `TCP` (default), `UDP` or `SCTP`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protocol: Option<String>,
    },
    /// What a `kubectl get` or `kubectl describe` command would print.
    Kubectl {
        /// `get svc -n prod -o wide`, `describe service api -n prod`.
        command: String,
    },
    /// Can `from` open a connection to `to`, and what happens on the way?
    Trace {
        /// Who asks: `web/frontend`, `node/node-a`, `outside`, an address.
        from: String,
        /// What for: `http://api.prod`, `svc/api.prod:80`, `prod/api:8080`, `node-a:30080`, an address.
        to: String,
        /// The port, when `to` names none and more than one could be meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<PortText>,
        /// `TCP` (default), `UDP` or `SCTP`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protocol: Option<String>,
    },
    /// What answers behind a Service, and why is each pod one of its endpoints or not?
    Service {
        /// `svc/api.prod`, `prod/api`.
        service: String,
        /// Only this pod.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pod: Option<String>,
    },
    /// The rules that kube-proxy writes on a node.
    Rules {
        /// The node.
        node: String,
        /// `iptables`, `nftables` or `ipvs`; that of the settings by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<ProxyMode>,
        /// `IPv4` (default) or `IPv6`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        family: Option<Family>,
        /// Only those of this Service, besides those that are always there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<String>,
    },
    /// Which of these rules does a packet match, and where does it end?
    WalkRules {
        /// The node.
        node: String,
        /// Source address.
        from: String,
        /// Destination, `10.96.0.40:80`.
        to: String,
        /// `TCP` (default), `UDP` or `SCTP`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protocol: Option<String>,
        /// `iptables` or `nftables`; that of the settings by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<ProxyMode>,
    },
    /// What answers on a port of a node?
    NodePort {
        /// The node.
        node: String,
        /// The port.
        port: u16,
        /// `TCP` (default), `UDP` or `SCTP`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protocol: Option<String>,
    },
    /// Where does an address come from?
    Address {
        /// The address.
        address: String,
    },
    /// Which way does the network plugin send a packet between two ends, Services and policies apart?
    Way {
        /// `web/frontend`, `node/node-a`, an address.
        from: String,
        /// `web/frontend`, `node/node-a`, an address.
        to: String,
    },
    /// What happens to an HTTP request that a client sends to the Ingress controller?
    Route(RouteQuestion),
    /// The servers and locations that ingress-nginx generates.
    Nginx {},
    /// Class, controller and ADDRESS of every Ingress.
    Ingresses {},
    /// What the validating webhook of ingress-nginx would have said to each Ingress.
    IngressRefusals {},
    /// What happens to a request or connection that a client sends to a Gateway?
    Gateway(GatewayQuestion),
    /// The status that implementations would write into the Gateway API objects.
    GatewayStatus {},
    /// The Ingresses as Gateway API manifests, and what is lost.
    Convert {},
    /// What a careful engineer would raise about the cluster.
    Lint {},
    /// May `from` open this connection to `to`, as far as policies go, and which of them say so?
    PolicyVerdict {
        /// A pod, workload, node or address.
        from: String,
        /// A pod, workload, node or address.
        to: String,
        /// The destination's own port, by number or by name.
        port: PortText,
        /// `TCP` (default), `UDP` or `SCTP`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protocol: Option<String>,
    },
    /// Exactly the ports on which `from` may open connections to `to`.
    AllowedPorts {
        /// A pod, workload, node, address or address block.
        from: String,
        /// A pod, workload, node, address or address block.
        to: String,
    },
    /// Who may talk to whom, on which ports.
    Reachability {
        /// What counts as one end: `pod`, `workload` (default) or `namespace`.
        #[serde(default)]
        by: policy::Granularity,
        /// Only these sources; `all` by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Only these destinations; `all` by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// Only these ports, `TCP 80,443`; all by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ports: Option<String>,
    },
    /// Which policies select a pod.
    PoliciesOf {
        /// The pod.
        pod: String,
    },
    /// Which pods a policy selects.
    PodsOf {
        /// `prod/allow-web`, `cnp/guard`.
        policy: String,
    },
    /// To whom pods are exposed beyond what is in the input.
    Exposure {
        /// What counts as one end: `pod`, `workload` (default) or `namespace`.
        #[serde(default)]
        by: policy::Granularity,
        /// Only these pods; `all` by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
    },
    /// Which connections an edit gains and loses: the cluster with these sources in place of those of the
    /// same names.
    PolicyDiff {
        /// What counts as one end: `pod`, `workload` (default) or `namespace`.
        #[serde(default)]
        by: policy::Granularity,
        /// The edited sources.
        sources: Vec<SourceText>,
        /// Whether the sources are the whole other cluster rather than an edit of this one.
        #[serde(default)]
        whole: bool,
    },
    /// What does a name resolve to from a pod, with every query on the way?
    Resolve(dns::ResolveQuestion),
    /// What does the DNS server alone answer?
    #[serde(alias = "query")]
    Dig {
        /// The whole name; nothing is searched.
        name: String,
        /// `A` by default.
        #[serde(rename = "type", default = "address_type")]
        record_type: dns::RecordType,
    },
    /// The resolv.conf that the kubelet writes for a pod.
    ResolvConf {
        /// The pod.
        pod: String,
    },
    /// The /etc/hosts and hostname that the kubelet gives a pod.
    Hosts {
        /// The pod.
        pod: String,
    },
    /// All records of cluster DNS.
    Zone {},
    /// What does a command such as `nslookup api.prod` print in a pod?
    Tool(dns::ToolQuestion),
    /// Do all connections from one selection to another on some ports have one outcome?
    Assert {
        /// `denied` or `allowed`.
        claim: policy::Claim,
        /// Whom: `ns/prod`, `!ns/prod`, `*/[app=db]`, `outside`, an address block.
        from: String,
        /// Whom.
        to: String,
        /// `TCP 5432`; all ports by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ports: Option<String>,
    },
}

fn address_type() -> dns::RecordType {
    dns::RecordType::A
}

/// A source in a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceText {
    /// Name, as of [`Source`].
    pub name: String,
    /// Text, YAML or JSON.
    pub text: String,
}

/// The parts of an HTTP request in a question.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteQuestion {
    /// `http://shop.example.com/api`.
    pub url: String,
    /// `GET` by default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// Headers.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub headers: std::collections::BTreeMap<String, String>,
    /// Where the client is: an address or `namespace/pod`; outside by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The server name of the TLS handshake; the host by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
}

impl RouteQuestion {
    /// The request that is asked about.
    ///
    /// # Errors
    /// [`AskError::Unreadable`] when the URL cannot be read.
    pub fn request(&self) -> Result<HttpRequest, AskError> {
        let mut request = HttpRequest::get(&self.url)?;
        if !self.method.is_empty() {
            request.method.clone_from(&self.method);
        }
        request.headers.clone_from(&self.headers);
        request.client.clone_from(&self.from);
        request.sni.clone_from(&self.sni);
        Ok(request)
    }
}

/// The parts of a request or connection to a Gateway in a question.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewayQuestion {
    /// `http://shop.example.com/api`; absent for TLS, TCP and UDP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The Gateway, `namespace/name`; the first one by default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub gateway: String,
    /// The port; that of the URL by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `http` (default), `grpc`, `tls`, `tcp` or `udp`.
    #[serde(default)]
    pub protocol: crate::gateway::GatewayProtocol,
    /// The certificate that the client shows: `none` (default), `trusted` or `untrusted`.
    #[serde(default)]
    pub client_certificate: crate::gateway::ClientCertificate,
    /// Where the client is: an address or `namespace/pod`; outside by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `GET` by default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// Headers.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub headers: std::collections::BTreeMap<String, String>,
    /// The server name of the TLS handshake; the host by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
}

impl GatewayQuestion {
    /// The request that is asked about.
    ///
    /// # Errors
    /// [`AskError::Unreadable`] when the URL cannot be read.
    pub fn request(&self) -> Result<crate::gateway::GatewayRequest, AskError> {
        let mut http = match &self.url {
            Some(url) => HttpRequest::get(url)?,
            None => HttpRequest::default(),
        };
        if !self.method.is_empty() {
            http.method.clone_from(&self.method);
        }
        http.headers.clone_from(&self.headers);
        http.sni.clone_from(&self.sni);
        http.client.clone_from(&self.from);
        Ok(crate::gateway::GatewayRequest {
            gateway: self.gateway.clone(),
            port: self.port,
            protocol: self.protocol,
            client_certificate: self.client_certificate,
            http,
        })
    }
}

/// A port in a question: a number, or a name as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PortText {
    /// A number.
    Number(u16),
    /// A number or name as text.
    Text(String),
}

impl From<u16> for PortText {
    fn from(number: u16) -> Self {
        Self::Number(number)
    }
}

impl std::fmt::Display for PortText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// The answer to a [`Question`], as data.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Answer {
    /// Answer to [`Question::Problems`].
    Problems(crate::cluster::ProblemList),
    /// Answer to [`Question::Cluster`].
    Cluster(crate::model::ClusterView),
    /// Answer to [`Question::Diagnose`].
    Diagnosis(crate::diagnose::Diagnosis),
    /// Answer to [`Question::Kubectl`].
    Kubectl(crate::render::Output),
    /// Answer to [`Question::Trace`].
    Journey(journey::Journey),
    /// Answer to [`Question::Service`].
    Service(Box<ServiceReport>),
    /// Answer to [`Question::Rules`].
    Rules(RulesText),
    /// Answer to [`Question::WalkRules`].
    RuleWalk(Box<RuleWalk>),
    /// Answer to [`Question::NodePort`].
    NodePort(Box<NodePortReport>),
    /// Answer to [`Question::Address`].
    Address(Box<AddressOrigin>),
    /// Answer to [`Question::Way`].
    Way(Way),
    /// Answer to [`Question::Route`].
    Routing(Box<crate::ingress::Routing>),
    /// Answer to [`Question::Nginx`].
    Nginx(crate::ingress::NginxTable),
    /// Answer to [`Question::Ingresses`].
    Ingresses(crate::ingress::StatusList),
    /// Answer to [`Question::IngressRefusals`].
    IngressRefusals(Vec<crate::ingress::Refusal>),
    /// Answer to [`Question::Gateway`].
    Gateway(Box<crate::gateway::GatewayRouting>),
    /// Answer to [`Question::GatewayStatus`].
    GatewayStatus(crate::gateway::GatewayStatus),
    /// Answer to [`Question::Convert`].
    Conversion(crate::gateway::Conversion),
    /// Answer to [`Question::Lint`].
    Lint(crate::lint::Lint),
    /// Answer to [`Question::PolicyVerdict`].
    PolicyVerdict(Box<policy::Verdict>),
    /// Answer to [`Question::AllowedPorts`].
    AllowedPorts(policy::AllowedPorts),
    /// Answer to [`Question::Reachability`].
    Reachability(policy::Reachability),
    /// Answer to [`Question::PoliciesOf`].
    PoliciesOf(policy::PoliciesOf),
    /// Answer to [`Question::PodsOf`].
    PodsOf(policy::PodsOf),
    /// Answer to [`Question::Exposure`].
    Exposure(policy::Exposure),
    /// Answer to [`Question::PolicyDiff`].
    PolicyDiff(policy::PolicyDiff),
    /// Answer to [`Question::Resolve`].
    Lookup(Box<dns::Lookup>),
    /// Answer to [`Question::Dig`].
    DnsResponse(Box<dns::Response>),
    /// Answer to [`Question::ResolvConf`].
    ResolvConf(Box<dns::PodResolvConf>),
    /// Answer to [`Question::Hosts`].
    Hosts(Box<dns::HostsFile>),
    /// Answer to [`Question::Zone`].
    Zone(dns::ZoneListing),
    /// Answer to [`Question::Tool`].
    Tool(Box<dns::tools::ToolRun>),
    /// Answer to [`Question::Assert`].
    Assertion(policy::Assertion),
}

/// The question names something that does not exist, or cannot be read. The only `Err` of a question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum AskError {
    /// No such object.
    #[error("no {kind} `{name}`{}", near.as_ref().map(|near| format!(", did you mean `{near}`?")).unwrap_or_default())]
    NotFound {
        /// `pod`, `service`, `node` …
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// The nearest name that exists.
        near: Option<String>,
    },
    /// The notation cannot be read.
    #[error("cannot read {what} `{text}`: {reason}")]
    Unreadable {
        /// `destination`, `port` …
        what: &'static str,
        /// What was given.
        text: String,
        /// Why, and what would be right.
        reason: String,
    },
}

fn no_nginx() -> AskError {
    AskError::NotFound { kind: "controller", name: "k8s.io/ingress-nginx".into(), near: None }
}

impl Cluster {
    /// Answers any question.
    ///
    /// # Errors
    /// [`AskError`] when the question names something that does not exist or cannot be read.
    pub fn ask(&self, question: &Question) -> Result<Answer, AskError> {
        Ok(match question {
            Question::Lint {} => Answer::Lint(self.lint()),
            Question::PolicyVerdict { from, to, port, protocol } => {
                Answer::PolicyVerdict(Box::new(self.policy_verdict(from, to, port, protocol.as_deref())?))
            }
            Question::AllowedPorts { from, to } => Answer::AllowedPorts(self.allowed_ports(from, to)?),
            Question::Reachability { by, from, to, ports } => {
                let narrow = (from.as_deref(), to.as_deref(), ports.as_deref());
                Answer::Reachability(self.reachability(*by, narrow.0, narrow.1, narrow.2)?)
            }
            Question::PoliciesOf { pod } => Answer::PoliciesOf(self.policies_of(pod)?),
            Question::PodsOf { policy } => Answer::PodsOf(self.pods_of(policy)?),
            Question::Exposure { by, of } => Answer::Exposure(self.exposure(*by, of.as_deref())?),
            Question::PolicyDiff { by, sources, whole } => {
                let sources = sources.iter().map(|source| Source::new(&source.name, source.text.as_str()));
                let other =
                    if *whole { Self::load(sources, &self.snapshot().settings) } else { self.with(sources) };
                Answer::PolicyDiff(self.policy_diff(&other, *by))
            }
            Question::Assert { claim, from, to, ports } => {
                Answer::Assertion(self.assert(*claim, from, to, ports.as_deref())?)
            }
            Question::Resolve(question) => Answer::Lookup(Box::new(self.resolve_as(question)?)),
            Question::Dig { name, record_type } => {
                Answer::DnsResponse(Box::new(self.dig(name, *record_type)))
            }
            Question::ResolvConf { pod } => Answer::ResolvConf(Box::new(self.resolv_conf(pod)?)),
            Question::Hosts { pod } => Answer::Hosts(Box::new(self.hosts(pod)?)),
            Question::Zone {} => Answer::Zone(self.zone()),
            Question::Tool(question) => Answer::Tool(Box::new(self.tool_as(question)?)),
            Question::Problems {} => Answer::Problems(self.problem_list()),
            Question::Cluster {} => Answer::Cluster(self.view()),
            Question::Diagnose { from: None, to: None, .. } => Answer::Diagnosis(self.survey()),
            Question::Diagnose { from, to, port, protocol } => {
                let (Some(from), Some(to)) = (from, to) else {
                    let reason = "name both ends, or neither for the cluster as a whole".to_owned();
                    let text = from.as_ref().or(to.as_ref()).cloned().unwrap_or_default();
                    return Err(AskError::Unreadable { what: "question", text, reason });
                };
                let connection = Connection::asked(from, to, port.as_ref(), protocol.as_deref())?;
                Answer::Diagnosis(self.diagnose(&connection)?)
            }
            Question::Kubectl { command } => Answer::Kubectl(self.kubectl(command)),
            Question::Trace { from, to, port, protocol } => {
                let connection = Connection::asked(from, to, port.as_ref(), protocol.as_deref())?;
                Answer::Journey(self.trace(&connection)?)
            }
            Question::Service { service, pod } => {
                Answer::Service(Box::new(self.service(service, pod.as_deref())?))
            }
            Question::Rules { node, mode, family, service } => {
                let family = family.unwrap_or(Family::IPv4);
                Answer::Rules(self.rules(node, *mode, family, service.as_deref())?)
            }
            Question::WalkRules { node, from, to, protocol, mode } => {
                let protocol = journey::protocol(protocol.as_deref().unwrap_or("TCP"))?;
                Answer::RuleWalk(Box::new(self.walk_rules(node, (from, to), protocol, *mode)?))
            }
            Question::NodePort { node, port, protocol } => {
                let protocol = journey::protocol(protocol.as_deref().unwrap_or("TCP"))?;
                Answer::NodePort(Box::new(self.node_port(node, *port, protocol)?))
            }
            Question::Address { address } => Answer::Address(Box::new(self.address(address)?)),
            Question::Way { from, to } => Answer::Way(self.way(from, to)?),
            Question::Route(question) => Answer::Routing(Box::new(self.route(&question.request()?))),
            Question::Nginx {} => Answer::Nginx(self.nginx_table().ok_or_else(no_nginx)?),
            Question::Ingresses {} => Answer::Ingresses(self.ingress_statuses()),
            Question::IngressRefusals {} => Answer::IngressRefusals(self.ingress_refusals()),
            Question::Gateway(question) => {
                Answer::Gateway(Box::new(self.gateway_route(&question.request()?)?))
            }
            Question::GatewayStatus {} => Answer::GatewayStatus(self.gateway_status()),
            Question::Convert {} => Answer::Conversion(self.convert_ingresses()),
        })
    }
}
