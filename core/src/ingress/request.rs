//! The question: one HTTP request as a client sends it.

use crate::ask::AskError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `http` or `https`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scheme {
    /// Plain text, port 80.
    #[default]
    Http,
    /// TLS, port 443.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port a URL of this scheme means.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// One HTTP request as a client sends it.
///
/// ```
/// use kubehop::ingress::HttpRequest;
/// let request = HttpRequest::get("https://shop.example.com/api/v1?x=1")?;
/// assert_eq!(request.host.as_deref(), Some("shop.example.com"));
/// assert_eq!(request.path, "/api/v1?x=1");
/// # Ok::<(), kubehop::AskError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpRequest {
    /// Plain or TLS.
    pub scheme: Scheme,
    /// Method; empty means GET.
    pub method: String,
    /// The Host header (or `:authority`) as sent, port included; `None` when the client sends none
    /// or addresses the controller by its IP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Request target: path and query as sent.
    pub path: String,
    /// Headers; names in any case.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The server name in the TLS handshake; absent means the host without its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
    /// Where the client is: an IP address outside the cluster or a pod `namespace/name`. Absent: outside,
    /// at an address nobody asks about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

impl HttpRequest {
    /// A GET request for `url`.
    ///
    /// # Errors
    /// [`AskError::Unreadable`] when the scheme is not http or https, or there is no host.
    pub fn get(url: &str) -> Result<Self, AskError> {
        let unreadable = |reason: &str| AskError::Unreadable {
            what: "url",
            text: url.to_owned(),
            reason: reason.to_owned(),
        };
        let (scheme, rest) = if let Some(rest) = url.strip_prefix("http://") {
            (Scheme::Http, rest)
        } else if let Some(rest) = url.strip_prefix("https://") {
            (Scheme::Https, rest)
        } else {
            return Err(unreadable("it must start with http:// or https://"));
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, target) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if host.is_empty() {
            return Err(unreadable("there is no host"));
        }
        let target = target.split('#').next().unwrap_or_default();
        let path = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Ok(Self { scheme, method: "GET".into(), host: Some(host.to_owned()), path, ..Self::default() })
    }

    /// The method, GET when none was given.
    pub fn method(&self) -> &str {
        if self.method.is_empty() { "GET" } else { &self.method }
    }

    /// The request target, `/` when none was given.
    pub fn target(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    /// Path without query.
    pub fn raw_path(&self) -> &str {
        self.target().split(['?', '#']).next().unwrap_or_default()
    }

    /// Query without the question mark, `None` when there is none.
    pub fn query(&self) -> Option<&str> {
        self.target().split('#').next().unwrap_or_default().split_once('?').map(|(_, query)| query)
    }

    /// The value of a header, names compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.header("cookie")?;
        cookies
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The host a server is chosen by: lower case, without port and without one trailing dot.
    pub fn host_name(&self) -> Option<String> {
        let host = self.host.as_deref()?;
        let name = without_port(host);
        let name = name.strip_suffix('.').unwrap_or(name);
        Some(name.to_ascii_lowercase())
    }

    /// The server name of the TLS handshake, `None` for plain requests and when the client sends none.
    pub fn server_name(&self) -> Option<String> {
        if self.scheme == Scheme::Http {
            return None;
        }
        match &self.sni {
            Some(sni) => (!sni.is_empty()).then(|| sni.to_ascii_lowercase()),
            // A client puts no address into the extension (RFC 6066 section 3).
            None => self.host_name().filter(|host| host.parse::<std::net::IpAddr>().is_err()),
        }
    }

    /// The request as one line, `GET https://shop.example.com/api`.
    pub fn line(&self) -> String {
        format!(
            "{} {}://{}{}",
            self.method(),
            self.scheme.as_str(),
            self.host.as_deref().unwrap_or("(no host)"),
            self.target()
        )
    }
}

/// A Host header without its port.
pub(crate) fn without_port(host: &str) -> &str {
    if let Some(end) = host.strip_prefix('[').and_then(|rest| rest.find(']')) {
        return host.get(..end + 2).unwrap_or(host);
    }
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
