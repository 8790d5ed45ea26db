//! The `k8s_external` plugin: names of external and load balancer addresses in zones of one's own.
//!
//! coredns: plugin/k8s_external/{external,apex,msg_to_dns}.go, plugin/kubernetes/external.go (1.14)

use super::config::External;
use super::index::{Kind, Service};
use super::kubernetes::Plugin;
use super::name::{address_of_reverse, fqdn, is_under, labels, longest_zone, parse_ip, prefix_of};
use super::record::{Data, Rcode, Record, RecordType, Soa};
use super::request::Request;
use super::server::Chain;
use super::{Reply, Why};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// One thing behind a name.
struct Item<'p> {
    /// An address, or the host name of a load balancer.
    host: &'p str,
    port: Option<u16>,
    /// The thing's own name.
    target: String,
    why: Why,
}

/// Answers for names in the plugin's zones.
pub(super) fn serve(external: &External, next: Chain<'_>, name: &str, kind: RecordType) -> Reply {
    let lower = name.to_ascii_lowercase();
    let (Some(zone), Some(plugin)) = (longest_zone(&external.zones, &lower), next.server.plugins().first())
    else {
        return next.serve(name, kind);
    };
    // The zone keeps the question's spelling.
    let zone = name.get(name.len() - zone.len()..).unwrap_or(zone);
    let at = At { external, plugin, next, zone, name, lower: &lower };
    let mut reply = Reply { authoritative: true, by: "k8s_external", ..Reply::default() };
    let servers = format!("{}.{zone}", external.apex).to_ascii_lowercase();
    if lower.eq_ignore_ascii_case(zone) {
        at.apex(kind, &mut reply);
    } else if is_under(&servers, &lower) {
        at.servers(kind, &servers, &mut reply);
    } else {
        reply.rcode = at.service(kind, &mut reply);
    }
    let falls = external.fall.as_ref().is_some_and(|zones| longest_zone(zones, &lower).is_some());
    if reply.rcode == Rcode::NxDomain && falls {
        return next.serve(name, kind);
    }
    if reply.answers.is_empty() {
        reply.authority.push(at.soa());
    }
    reply
}

struct At<'a> {
    external: &'a External,
    plugin: &'a Plugin,
    next: Chain<'a>,
    zone: &'a str,
    name: &'a str,
    lower: &'a str,
}

impl<'a> At<'a> {
    fn record(&self, name: &str, data: Data) -> Record {
        Record { name: name.to_owned(), ttl: self.external.ttl, data }
    }

    fn soa(&self) -> Record {
        let Self { external, zone, .. } = self;
        let soa = Soa {
            mname: format!("ns1.{}.{zone}", external.apex),
            rname: format!("hostmaster.{}.{zone}", external.apex),
            serial: 1,
            refresh: 7200,
            retry: 1800,
            expire: 86400,
            minimum: external.ttl,
        };
        self.record(zone, Data::Soa(Box::new(soa)))
    }

    // coredns: plugin/k8s_external/apex.go serveApex
    fn apex(&self, kind: RecordType, reply: &mut Reply) {
        reply.because.push(Why::Apex);
        let server = format!("ns1.{}.{}", self.external.apex, self.name);
        match kind {
            RecordType::SOA => reply.answers.push(self.soa()),
            RecordType::NS => {
                reply.answers.push(
                    self.record(self.zone, Data::Ns(format!("ns1.{}.{}", self.external.apex, self.zone))),
                );
                let addresses = self.own_addresses();
                reply
                    .additional
                    .extend(addresses.into_iter().map(|ip| self.record(&server, Data::Address(ip))));
            }
            _ => {}
        }
    }

    // coredns: plugin/k8s_external/apex.go serveSubApex
    fn servers(&self, kind: RecordType, servers: &str, reply: &mut Reply) {
        reply.because.push(Why::NameServer);
        match prefix_of(self.lower, servers) {
            Some("") => {}
            Some("ns1") => {
                let wanted =
                    |ip: &IpAddr| kind == if ip.is_ipv4() { RecordType::A } else { RecordType::AAAA };
                let addresses = self.own_addresses().into_iter().filter(wanted);
                reply.answers.extend(addresses.map(|ip| self.record(self.name, Data::Address(ip))));
            }
            _ => reply.rcode = Rcode::NxDomain,
        }
    }

    /// External addresses of the Services that lead to the server, else its own.
    fn own_addresses(&self) -> Vec<IpAddr> {
        let Plugin { index, local, .. } = self.plugin;
        let mut groups =
            local.iter().flat_map(|ip| index.endpoints_at(*ip)).map(|(group, _)| group).peekable();
        if groups.peek().is_none() {
            return local.clone();
        }
        let services = groups.filter_map(|group| index.service(group.namespace, &group.service));
        services.flat_map(|service| &service.external).filter_map(|ip| parse_ip(ip)).collect()
    }

    // coredns: plugin/k8s_external/external.go ServeDNS
    fn service(&self, kind: RecordType, reply: &mut Reply) -> Rcode {
        if kind == RecordType::PTR
            && let Some(ip) = address_of_reverse(self.lower)
        {
            return self.reverse(ip, reply);
        }
        let items = match self.items() {
            Ok(items) => items,
            Err(why) => {
                reply.because.push(why);
                return Rcode::NxDomain;
            }
        };
        match kind {
            RecordType::A | RecordType::AAAA => self.addresses(kind, &items, reply),
            RecordType::SRV => self.srv(&items, reply),
            other => reply.because.push(Why::NoSuchType(other)),
        }
        Rcode::NoError
    }

    fn reverse(&self, ip: IpAddr, reply: &mut Reply) -> Rcode {
        let zone = self.external.zones.first().map_or(".", String::as_str);
        for service in self.plugin.index.services() {
            if service.external.iter().any(|other| parse_ip(other) == Some(ip)) {
                let namespace = self.next.server.namespace_name(service.namespace);
                let target = format!("{}.{namespace}.{zone}", service.name);
                reply.answers.push(self.record(self.name, Data::Ptr(target)));
                reply.because.push(Why::ClusterIp(service.id));
            }
        }
        if reply.answers.is_empty() { Rcode::NxDomain } else { Rcode::NoError }
    }

    // coredns: plugin/kubernetes/external.go External
    fn items(&self) -> Result<Vec<Item<'a>>, Why> {
        let index = &self.plugin.index;
        let mut rest = labels(prefix_of(self.lower, self.zone).unwrap_or_default()).rev();
        let namespace = rest.next().and_then(|name| index.namespace(name)).ok_or(Why::NoSuchNamespace)?;
        let Some(service) = rest.next() else { return Ok(Vec::new()) };
        let strip = |label: &'_ str| label.strip_prefix('_').unwrap_or(label).to_owned();
        let left: Vec<String> = rest.map(strip).collect();
        let some = |text: &'_ String| (!text.is_empty()).then(|| text.clone());
        let (endpoint, protocol, port) = match left.as_slice() {
            [] => (None, None, None),
            [endpoint] => (some(endpoint), None, None),
            [protocol, port] => (None, some(protocol), some(port)),
            _ => return Err(Why::TooManyLabels),
        };
        let service = index.service(namespace, service).ok_or(Why::NoSuchService)?;
        let request = Request { port: port.as_deref(), protocol: protocol.as_deref(), ..Request::default() };
        let base =
            format!("{}.{}.{}", service.name, self.next.server.namespace_name(service.namespace), self.zone);
        let headless = matches!(service.kind, Kind::Headless);
        let mut items = Vec::new();
        if self.external.headless && service.external.is_empty() && (headless || endpoint.is_some()) {
            self.endpoints(service, endpoint.as_deref(), &request, &base, &mut items);
        } else {
            for host in &service.external {
                for port in service.ports.iter().filter(|port| request.wants(port)) {
                    let why = Why::ClusterIp(service.id);
                    items.push(Item { host, port: port.number, target: base.clone(), why });
                }
            }
        }
        if items.is_empty() { Err(Why::NoSuchPort(service.id)) } else { Ok(items) }
    }

    fn endpoints(
        &self,
        service: &'a Service,
        endpoint: Option<&str>,
        request: &Request<'_>,
        base: &str,
        items: &mut Vec<Item<'a>>,
    ) {
        let index = &self.plugin.index;
        let Some(group) = index.group(service.namespace, &service.name) else { return };
        for address in &group.addresses {
            if endpoint.is_some_and(|wanted| !address.name.eq_ignore_ascii_case(wanted)) {
                continue;
            }
            for port in index.ports_of(address).iter().filter(|port| request.wants(port)) {
                let why =
                    Why::Endpoint { service: service.id, slice: address.slice, endpoint: address.endpoint };
                let target = format!("{}.{base}", address.name);
                items.push(Item { host: &address.text, port: port.number, target, why });
            }
        }
    }

    // coredns: plugin/k8s_external/msg_to_dns.go a, aaaa
    fn addresses(&self, kind: RecordType, items: &[Item<'_>], reply: &mut Reply) {
        let mut seen = BTreeSet::new();
        for item in items {
            match parse_ip(item.host) {
                Some(ip) if ip.is_ipv4() == (kind == RecordType::A) => {
                    if seen.insert(ip) {
                        reply.answers.push(self.record(self.name, Data::Address(ip)));
                        reply.because.push(item.why);
                    }
                }
                Some(_) => {}
                None => {
                    let target = fqdn(item.host);
                    reply.answers.push(self.record(self.name, Data::Cname(target.clone())));
                    reply.because.push(item.why);
                    reply.answers.extend(self.next.again(&target, kind).answers);
                }
            }
        }
    }

    // coredns: plugin/k8s_external/msg_to_dns.go srv
    fn srv(&self, items: &[Item<'_>], reply: &mut Reply) {
        let weight = u16::try_from(100 / items.len().max(1)).unwrap_or(1).max(1);
        let (mut targets, mut glue) = (BTreeSet::new(), BTreeSet::new());
        for item in items {
            let Some(port) = item.port else { continue };
            let ip = parse_ip(item.host);
            let target = if ip.is_some() { item.target.clone() } else { fqdn(item.host) };
            if targets.insert((target.clone(), port)) {
                let data = Data::Srv { priority: 0, weight, port, target: target.clone() };
                reply.answers.push(self.record(self.name, data));
                reply.because.push(item.why);
            }
            if !glue.insert((target.clone(), item.host)) {
                continue;
            }
            match ip {
                Some(ip) => reply.additional.push(self.record(&target, Data::Address(ip))),
                None => {
                    for kind in [RecordType::A, RecordType::AAAA] {
                        reply.additional.extend(self.next.again(&target, kind).answers);
                    }
                }
            }
        }
    }
}
