//! One question in, one answer out: the single entry that every binding, the console command and the
//! corpus use. A mechanism adds a variant to [`Question`] and one to [`Answer`].

use crate::cluster::Cluster;
use crate::ingress::HttpRequest;
use crate::journey::Connection;
use serde::{Deserialize, Serialize};

/// A question as data: `{"ask": "trace", "from": "web/frontend", "to": "http://api.prod"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Question {
    /// What is wrong in the input, and what was taken for granted.
    Problems {},
    /// What there is: nodes, pods, Services, EndpointSlices, with their addresses.
    Cluster {},
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
    /// What happens to an HTTP request that a client sends to the Ingress controller?
    Route(RouteQuestion),
    /// The servers and locations that ingress-nginx generates.
    Nginx {},
    /// Class, controller and ADDRESS of every Ingress.
    Ingresses {},
}

/// The parts of an HTTP request in a question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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

/// A port in a question: a number, or a name as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PortText {
    /// A number.
    Number(u16),
    /// A number or name as text.
    Text(String),
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
    /// Answer to [`Question::Kubectl`].
    Kubectl(crate::render::Output),
    /// Answer to [`Question::Trace`].
    Journey(crate::journey::Journey),
    /// Answer to [`Question::Route`].
    Routing(Box<crate::ingress::Routing>),
    /// Answer to [`Question::Nginx`].
    Nginx(crate::ingress::NginxTable),
    /// Answer to [`Question::Ingresses`].
    Ingresses(crate::ingress::StatusList),
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
            Question::Problems {} => Answer::Problems(self.problem_list()),
            Question::Cluster {} => Answer::Cluster(self.view()),
            Question::Kubectl { command } => Answer::Kubectl(self.kubectl(command)),
            Question::Trace { from, to, port, protocol } => {
                let connection = Connection::asked(from, to, port.as_ref(), protocol.as_deref())?;
                Answer::Journey(self.trace(&connection)?)
            }
            Question::Route(question) => Answer::Routing(Box::new(self.route(&question.request()?))),
            Question::Nginx {} => Answer::Nginx(self.nginx_table().ok_or_else(no_nginx)?),
            Question::Ingresses {} => Answer::Ingresses(self.ingress_statuses()),
        })
    }
}
