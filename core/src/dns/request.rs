//! A name in a zone, taken apart.

use super::Why;
use super::index::Port;
use super::name::labels;
use crate::model::Protocol;

/// A name in a zone, taken apart from the right.
///
/// coredns: plugin/kubernetes/parse.go recordRequest
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Request<'n> {
    pub(super) pod: bool,
    pub(super) namespace: &'n str,
    pub(super) service: Option<&'n str>,
    pub(super) endpoint: Option<&'n str>,
    pub(super) port: Option<&'n str>,
    pub(super) protocol: Option<&'n str>,
    /// A zone-scoped name: the topology zone, and whether nothing else will do.
    pub(super) zone: Option<(String, bool)>,
}

impl Request<'_> {
    // coredns: plugin/kubernetes/kubernetes.go matchPortAndProtocol
    pub(super) fn wants(&self, port: &Port) -> bool {
        let protocol = |wanted: &str| match port.protocol {
            None => false,
            Some(Protocol::Tcp) => wanted == "tcp",
            Some(Protocol::Udp) => wanted == "udp",
            Some(Protocol::Sctp) => wanted == "sctp",
        };
        self.port.is_none_or(|wanted| port.name.eq_ignore_ascii_case(wanted))
            && self.protocol.is_none_or(protocol)
    }
}

/// Takes apart what stands left of the zone. `None` stands for names that exist without anything behind them:
/// the zone itself, `svc` and `pod`.
///
/// coredns: plugin/kubernetes/parse.go parseRequest
pub(super) fn parse(left: &str, zonal: bool, multicluster: bool) -> Result<Option<Request<'_>>, Why> {
    let whole = left;
    let mut rest = labels(left).rev();
    let mut request = Request::default();
    match rest.next() {
        None => return Ok(None),
        Some("svc") => {}
        Some("pod") => request.pod = true,
        Some(_) => return Err(Why::NotADnsName),
    }
    let Some(namespace) = rest.next() else { return Ok(None) };
    request.namespace = namespace;
    request.service = rest.next();
    let left: Vec<&str> = rest.collect();
    let strip = |label: &'_ str| -> usize { usize::from(label.starts_with('_')) };
    match left.as_slice() {
        [] => {}
        [endpoint] => request.endpoint = Some(endpoint),
        [cluster, endpoint] if multicluster && !cluster.starts_with('_') && !endpoint.starts_with('_') => {
            // In the index of imports an endpoint's name has its cluster's behind it.
            request.endpoint = whole.get(..endpoint.len() + 1 + cluster.len());
        }
        [protocol, port] => {
            // An empty port or protocol matches anything.
            request.port = port.get(strip(port)..).filter(|port| !port.is_empty());
            request.protocol = protocol.get(strip(protocol)..).filter(|protocol| !protocol.is_empty());
        }
        ["_zone", mode @ ("pin" | "prefer"), zone @ ..] if zonal && !multicluster && !request.pod => {
            let zone: Vec<&str> = zone.iter().rev().copied().collect();
            request.zone = Some((zone.join("."), *mode == "pin"));
        }
        _ => return Err(Why::TooManyLabels),
    }
    Ok(Some(request))
}
