//! The `kubernetes` plugin: from a name in its zones to records.
//!
//! coredns: plugin/kubernetes/{handler,kubernetes,parse,ns,reverse}.go, plugin/backend_lookup.go (1.14)

use super::config::{Kubernetes, PodMode};
use super::index::{Address, Group, Index, Kind, Service};
use super::name::{address_of_reverse, fqdn, is_reverse, is_under, longest_zone, parse_ip, prefix_of};
use super::record::{Data, Rcode, Record, RecordType, Soa};
use super::request::{Request, parse};
use super::{Reply, Server, Why};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Aliases a chain may have before the next one is left out (7 before 1.12.1).
const MAX_ALIASES: usize = 10;

/// The plugin with what it has read.
#[derive(Clone, Debug)]
pub(super) struct Plugin {
    pub(super) options: Kubernetes,
    pub(super) index: Index,
    /// What ServiceImports say, for multicluster zones.
    pub(super) imports: Option<Index>,
    /// Addresses the server is bound to.
    pub(super) local: Vec<IpAddr>,
    pub(super) synced: bool,
}

/// One thing behind a name, before it becomes a record.
struct Item<'p> {
    host: Host<'p>,
    /// `None`: has no port.
    port: Option<u16>,
    key: Key<'p>,
    why: Why,
}

enum Host<'p> {
    Ip(IpAddr),
    Name(&'p str),
}

/// Where the thing's own name comes from.
enum Key<'p> {
    Service(&'p Service),
    Endpoint(&'p Service, &'p Address),
    Name(String),
}

/// Why the name does not exist.
type NameError = Why;

impl Plugin {
    /// The plugin's answer; `Err` when the name is not for it, or falls through.
    pub(super) fn serve(
        &self,
        server: &Server,
        name: &str,
        kind: RecordType,
        depth: u8,
    ) -> Result<Reply, Option<Why>> {
        let zone = longest_zone(&self.options.zones, name).ok_or(None)?;
        // The zone keeps the question's spelling.
        let zone = name.get(name.len() - zone.len()..).unwrap_or(name);
        let lower = name.to_ascii_lowercase();
        let ask = Ask { plugin: self, server, zone, name, lower: &lower, depth };
        let mut reply = Reply { authoritative: true, by: "kubernetes", ..Reply::default() };
        match ask.lookup(kind, &mut reply) {
            Ok(()) => {
                if reply.answers.is_empty() && reply.rcode == Rcode::NoError {
                    reply.authority.push(self.soa(zone));
                }
            }
            Err(why) => {
                if self.options.fall.as_ref().is_some_and(|zones| longest_zone(zones, &lower).is_some()) {
                    return Err(Some(why));
                }
                (reply.answers, reply.additional) = (Vec::new(), Vec::new());
                reply.rcode = if self.synced { Rcode::NxDomain } else { Rcode::ServFail };
                reply.because = vec![if self.synced { why } else { Why::NotSynced }];
                reply.authority.push(self.soa(zone));
            }
        }
        Ok(reply)
    }

    // coredns: plugin/backend_lookup.go SOA
    pub(super) fn soa(&self, zone: &str) -> Record {
        let minimum = self.options.ttl;
        let join = |label: &str| if zone == "." { format!("{label}.") } else { format!("{label}.{zone}") };
        let soa = Soa {
            mname: join("ns.dns"),
            rname: join("hostmaster"),
            serial: 1,
            refresh: 7200,
            retry: 1800,
            expire: 86400,
            minimum,
        };
        Record { name: zone.to_owned(), ttl: minimum.min(300), data: Data::Soa(Box::new(soa)) }
    }

    /// Names and addresses of the server itself: the Services whose endpoints it is, else its own addresses.
    ///
    /// coredns: plugin/kubernetes/ns.go nsAddrs
    pub(super) fn name_servers(&self, server: &Server, zone: &str) -> Vec<(String, IpAddr)> {
        let mut found = Vec::new();
        let mut is_endpoint = false;
        for local in &self.local {
            for (group, _) in self.index.endpoints_at(*local) {
                is_endpoint = true;
                let Some(service) = self.index.service(group.namespace, &group.service) else { continue };
                let name =
                    format!("{}.{}.svc.{zone}", service.name, server.namespace_name(service.namespace));
                match &service.kind {
                    Kind::Headless => {
                        found.extend(group.addresses.iter().map(|a| (format!("{}.{name}", a.name), a.ip)));
                    }
                    Kind::ClusterIp(ips) => found.extend(ips.iter().map(|ip| (name.clone(), *ip))),
                    Kind::External(_) => {}
                }
            }
        }
        if !is_endpoint {
            found = self.local.iter().map(|ip| (format!("ns.dns.{zone}"), *ip)).collect();
        }
        found
    }

    fn ttl(&self) -> u32 {
        self.options.ttl
    }
}

/// One question at work.
struct Ask<'a> {
    plugin: &'a Plugin,
    server: &'a Server,
    zone: &'a str,
    /// As asked.
    name: &'a str,
    lower: &'a str,
    depth: u8,
}

impl<'a> Ask<'a> {
    /// What ServiceImports say, when the zone is a multicluster zone.
    fn imports(&self) -> Option<&'a Index> {
        let imports = self.plugin.imports.as_ref()?;
        longest_zone(&self.plugin.options.multicluster, self.zone).map(|_| imports)
    }

    fn index(&self) -> &'a Index {
        self.imports().unwrap_or(&self.plugin.index)
    }

    // coredns: plugin/kubernetes/handler.go ServeDNS
    fn lookup(&self, kind: RecordType, reply: &mut Reply) -> Result<(), NameError> {
        match kind {
            RecordType::A | RecordType::AAAA => self.addresses(kind, self.name, &mut Vec::new(), reply),
            RecordType::SRV => self.srv(reply),
            RecordType::TXT => self.txt(reply),
            RecordType::CNAME => self.cname(reply),
            RecordType::PTR => self.ptr(reply),
            RecordType::MX => self.services(kind).map(|_| reply.because.push(Why::NoSuchType(kind))),
            RecordType::SOA if self.name == self.zone => {
                reply.answers.push(self.plugin.soa(self.zone));
                reply.because.push(Why::Apex);
                Ok(())
            }
            // The name is not even looked up.
            RecordType::SOA => {
                reply.because.push(Why::SoaBelowApex);
                Ok(())
            }
            RecordType::NS if self.lower == self.zone => {
                self.ns(reply);
                Ok(())
            }
            RecordType::AXFR | RecordType::IXFR => {
                reply.rcode = Rcode::Refused;
                reply.authoritative = false;
                Ok(())
            }
            // An address look-up tells NODATA from NXDOMAIN.
            other => {
                self.services(RecordType::A)?;
                reply.because.push(Why::NoSuchType(other));
                Ok(())
            }
        }
    }

    // coredns: plugin/backend_lookup.go A, AAAA
    fn addresses(
        &self,
        kind: RecordType,
        owner: &str,
        chain: &mut Vec<String>,
        reply: &mut Reply,
    ) -> Result<(), NameError> {
        let lower = owner.to_ascii_lowercase();
        let items = Ask { name: owner, lower: &lower, ..*self }.services(kind)?;
        let ttl = self.plugin.ttl();
        let before = reply.answers.len();
        let mut seen = Seen::default();
        let mut other_family = None;
        for item in &items {
            match item.host {
                Host::Ip(ip) => {
                    if ip.is_ipv4() != (kind == RecordType::A) {
                        other_family = Some(item.why);
                    } else if seen.is_new(ip) {
                        reply.answers.push(Record { name: owner.to_owned(), ttl, data: Data::Address(ip) });
                        reply.because.push(item.why);
                    }
                }
                Host::Name(target) => {
                    let target = fqdn(target);
                    let looped = is_under(&lower, &target.to_ascii_lowercase());
                    if looped || chain.len() > MAX_ALIASES || chain.contains(&target) {
                        reply.because.push(Why::AliasLoop(item.why.service()));
                        continue;
                    }
                    let alias = Record { name: owner.to_owned(), ttl, data: Data::Cname(target.clone()) };
                    let at = reply.answers.len();
                    reply.because.push(item.why);
                    if is_under(self.zone, &target) {
                        chain.push(target.clone());
                        let found = self.addresses(kind, &target, chain, reply);
                        chain.pop();
                        if let Err(why) = found {
                            reply.because.push(Why::AliasTargetMissing(item.why.service()));
                            reply.because.push(why);
                        }
                        if reply.answers.len() > at {
                            reply.answers.insert(at, alias);
                        }
                    } else {
                        reply.answers.push(alias);
                        let upstream = self.server.resolve(&target, kind, None, self.depth + 1);
                        reply.answers.extend(upstream.answers);
                        reply.because.extend(upstream.because);
                        reply.undetermined = reply.undetermined.take().or(upstream.undetermined);
                    }
                }
            }
        }
        if reply.answers.len() == before
            && let Some(why) = other_family
        {
            reply.because.push(Why::OtherFamily(why.service()));
        }
        Ok(())
    }

    // coredns: plugin/backend_lookup.go SRV
    fn srv(&self, reply: &mut Reply) -> Result<(), NameError> {
        let mut items = self.services(RecordType::SRV)?;
        let aliases = items.len();
        // SRV for ExternalName is not implemented there.
        items.retain(|item| matches!(item.host, Host::Ip(_)));
        if items.is_empty() && aliases > 0 {
            reply.because.push(Why::NoSuchType(RecordType::SRV));
        }
        // Every address and port counts, also those whose record turns out to be a duplicate.
        let weight = u16::try_from(100 / items.len().max(1)).unwrap_or(1).max(1);
        let ttl = self.plugin.ttl();
        let (mut targets, mut glue) = (BTreeSet::new(), BTreeSet::new());
        for item in &items {
            let (Some(port), Host::Ip(ip)) = (item.port, &item.host) else {
                reply.because.push(Why::NoPorts(item.why.service()));
                continue;
            };
            let target = self.domain(&item.key);
            if targets.insert((target.clone(), port)) {
                let data = Data::Srv { priority: 0, weight, port, target: target.clone() };
                reply.answers.push(Record { name: self.name.to_owned(), ttl, data });
                reply.because.push(item.why);
            }
            if glue.insert((target.clone(), *ip)) {
                reply.additional.push(Record { name: target, ttl, data: Data::Address(*ip) });
            }
        }
        if reply.answers.is_empty() {
            reply.additional.clear();
        }
        Ok(())
    }

    fn domain(&self, key: &Key<'_>) -> String {
        let namespace = |service: &Service| self.server.namespace_name(service.namespace);
        match key {
            Key::Service(service) => format!("{}.{}.svc.{}", service.name, namespace(service), self.zone),
            Key::Endpoint(service, address) => {
                format!("{}.{}.{}.svc.{}", address.name, service.name, namespace(service), self.zone)
            }
            Key::Name(name) => name.clone(),
        }
    }

    // coredns: plugin/backend_lookup.go TXT, plugin/kubernetes/kubernetes.go Services
    fn txt(&self, reply: &mut Reply) -> Result<(), NameError> {
        let left = prefix_of(self.lower, self.zone).unwrap_or_default();
        if left == "dns-version" {
            let data = Data::Txt("1.1.0".into());
            reply.answers.push(Record { name: self.name.to_owned(), ttl: 28800, data });
            reply.because.push(Why::SpecificationVersion);
            return Ok(());
        }
        let request = parse(left, self.plugin.options.zonal, self.imports().is_some());
        let exists_empty = matches!(&request, Ok(Some(request)) if request.zone.is_some());
        let items = self.records()?;
        if items.is_empty() && !exists_empty {
            return Err(Why::NoTextHere);
        }
        reply.because.push(Why::NoSuchType(RecordType::TXT));
        Ok(())
    }

    // coredns: plugin/backend_lookup.go CNAME: the alias alone, not followed
    fn cname(&self, reply: &mut Reply) -> Result<(), NameError> {
        let items = self.services(RecordType::CNAME)?;
        match items.first() {
            Some(Item { host: Host::Name(target), why, .. }) => {
                let data = Data::Cname(fqdn(target));
                reply.answers.push(Record { name: self.name.to_owned(), ttl: self.plugin.ttl(), data });
                reply.because.push(*why);
            }
            _ => reply.because.push(Why::NoSuchType(RecordType::CNAME)),
        }
        Ok(())
    }

    // coredns: plugin/kubernetes/reverse.go Reverse
    fn ptr(&self, reply: &mut Reply) -> Result<(), NameError> {
        let Some(ip) = address_of_reverse(self.lower) else {
            self.records()?;
            reply.because.push(Why::NoSuchType(RecordType::PTR));
            return Ok(());
        };
        let names = self.plugin.reverse(self.server, ip);
        if names.is_empty() {
            return Err(Why::NoSuchAddress(ip));
        }
        for (target, why) in names {
            reply.answers.push(Record {
                name: self.name.to_owned(),
                ttl: self.plugin.ttl(),
                data: Data::Ptr(target),
            });
            reply.because.push(why);
        }
        Ok(())
    }

    // coredns: plugin/backend_lookup.go NS
    fn ns(&self, reply: &mut Reply) {
        let ttl = self.plugin.ttl();
        let mut seen = BTreeSet::new();
        for (name, ip) in self.plugin.name_servers(self.server, self.zone) {
            if seen.insert(name.clone()) {
                let data = Data::Ns(name.clone());
                reply.answers.push(Record { name: self.name.to_owned(), ttl, data });
            }
            reply.additional.push(Record { name, ttl, data: Data::Address(ip) });
        }
        reply.because.push(Why::NameServer);
    }

    // coredns: plugin/kubernetes/kubernetes.go Services
    fn services(&self, kind: RecordType) -> Result<Vec<Item<'a>>, NameError> {
        let is_ns = self.lower.strip_prefix("ns.dns.").is_some_and(|rest| rest == self.zone);
        if is_ns {
            let mut items = Vec::new();
            for (_, ip) in self.plugin.name_servers(self.server, self.zone) {
                let wanted = match kind {
                    RecordType::A => ip.is_ipv4(),
                    RecordType::AAAA => ip.is_ipv6(),
                    _ => false,
                };
                if wanted {
                    let key = Key::Name(self.name.to_owned());
                    items.push(Item { host: Host::Ip(ip), port: None, key, why: Why::NameServer });
                }
            }
            return Ok(items);
        }
        self.records()
    }

    // coredns: plugin/kubernetes/kubernetes.go Records
    fn records(&self) -> Result<Vec<Item<'a>>, NameError> {
        let left = prefix_of(self.lower, self.zone).unwrap_or_default();
        let Some(request) = parse(left, self.plugin.options.zonal, self.imports().is_some())? else {
            return Ok(Vec::new());
        };
        if is_reverse(self.lower) {
            return Err(Why::NotADnsName);
        }
        let index = self.index();
        let namespace = index.namespace(request.namespace).ok_or(Why::NoSuchNamespace)?;
        if request.pod {
            return self.pods(&request, namespace);
        }
        let Some(name) = request.service else { return Ok(Vec::new()) };
        let service = index.service(namespace, name).ok_or(Why::NoSuchService)?;
        self.find_services(&request, service)
    }

    // coredns: plugin/kubernetes/kubernetes.go findPods
    fn pods(
        &self,
        request: &Request<'_>,
        namespace: crate::model::NamespaceId,
    ) -> Result<Vec<Item<'a>>, NameError> {
        let options = &self.plugin.options;
        if options.pods == PodMode::Disabled {
            return Err(Why::PodsDisabled);
        }
        let Some(name) = request.service else { return Ok(Vec::new()) };
        let is_v4 = name.matches('-').count() == 3 && !name.contains("--");
        let text = name.replace('-', if is_v4 { "." } else { ":" });
        let ip = parse_ip(&text).ok_or(Why::PodNameIsNoAddress)?;
        let why = if options.pods == PodMode::Insecure {
            Why::PodUnverified
        } else {
            // The stored text is compared, so another spelling of the address does not match.
            let pod = self.plugin.index.pod(namespace, ip).filter(|_| ip.to_string() == text);
            Why::Pod(pod.ok_or(Why::NoSuchPod(ip))?)
        };
        let key = Key::Name(format!("{name}.{}.pod.{}", request.namespace, self.zone));
        Ok(vec![Item { host: Host::Ip(ip), port: Some(0), key, why }])
    }

    // coredns: plugin/kubernetes/kubernetes.go findServices
    fn find_services(&self, request: &Request<'_>, service: &'a Service) -> Result<Vec<Item<'a>>, NameError> {
        let index = self.index();
        let group = index.group(service.namespace, &service.name);
        let empty = group.is_none_or(|group| group.addresses.is_empty());
        let mut items = Vec::new();
        match &service.kind {
            Kind::External(target) => {
                if request.endpoint.is_some() || request.port.is_some() || request.zone.is_some() {
                    return Err(Why::BelowAlias(service.id));
                }
                if parse_ip(target).is_some() || target.is_empty() {
                    return Err(Why::AliasIsAddress(service.id));
                }
                let why = Why::Alias(service.id);
                items.push(Item { host: Host::Name(target), port: Some(0), key: Key::Service(service), why });
            }
            Kind::ClusterIp(_) if self.plugin.options.ignore_empty_service && empty => {
                return Err(Why::IgnoredEmpty(service.id));
            }
            Kind::ClusterIp(_) if request.zone.is_some() => return Err(Why::ZonalNeedsHeadless(service.id)),
            Kind::ClusterIp(ips) if request.endpoint.is_none() => {
                for port in service.ports.iter().filter(|port| request.wants(port)) {
                    for ip in ips {
                        let why = Why::ClusterIp(service.id);
                        items.push(Item {
                            host: Host::Ip(*ip),
                            port: port.number,
                            key: Key::Service(service),
                            why,
                        });
                    }
                }
                if items.is_empty() {
                    return Err(Why::NoSuchPort(service.id));
                }
            }
            Kind::Headless | Kind::ClusterIp(_) => {
                let no_endpoint = match request.endpoint {
                    Some(_) => Why::NoSuchEndpoint(service.id),
                    None if empty => Why::NoReadyEndpoints(service.id),
                    None => Why::NoSuchPort(service.id),
                };
                let pinned = request.zone.as_ref().is_some_and(|(_, pin)| *pin);
                let Some(group) = group else { return if pinned { Ok(items) } else { Err(no_endpoint) } };
                match (request.endpoint, &request.zone) {
                    (Some(name), _) => group
                        .named(name)
                        .for_each(|address| self.endpoint(request, service, address, &mut items)),
                    (None, Some((zone, pin))) => {
                        self.zonal(request, service, group, (zone, *pin), &mut items);
                        if *pin {
                            return Ok(items);
                        }
                    }
                    (None, None) => {
                        group
                            .addresses
                            .iter()
                            .for_each(|address| self.endpoint(request, service, address, &mut items));
                    }
                }
                if items.is_empty() {
                    return Err(no_endpoint);
                }
            }
        }
        Ok(items)
    }

    fn endpoint(
        &self,
        request: &Request<'_>,
        service: &'a Service,
        address: &'a Address,
        items: &mut Vec<Item<'a>>,
    ) {
        for port in self.index().ports_of(address).iter().filter(|port| request.wants(port)) {
            let why = Why::Endpoint { service: service.id, slice: address.slice, endpoint: address.endpoint };
            let key = Key::Endpoint(service, address);
            items.push(Item { host: Host::Ip(address.ip), port: port.number, key, why });
        }
    }

    /// Zone-scoped names: `pin` takes the zone's endpoints alone and exists even when there are none,
    /// `prefer` takes all when the zone has none.
    fn zonal(
        &self,
        request: &Request<'_>,
        service: &'a Service,
        group: &'a Group,
        (zone, pin): (&str, bool),
        items: &mut Vec<Item<'a>>,
    ) {
        let there =
            |address: &&Address| address.zone.as_ref().is_some_and(|other| other.eq_ignore_ascii_case(zone));
        let matching = group.addresses.iter().filter(there);
        let all = !pin && matching.clone().next().is_none();
        if all {
            group.addresses.iter().for_each(|address| self.endpoint(request, service, address, items));
        } else {
            matching.for_each(|address| self.endpoint(request, service, address, items));
        }
    }
}

impl Plugin {
    /// Names of an address: the Service with this ClusterIP, else every ready endpoint.
    ///
    /// coredns: plugin/kubernetes/reverse.go serviceRecordForIP
    pub(super) fn reverse(&self, server: &Server, ip: IpAddr) -> Vec<(String, Why)> {
        let zone = self.options.zones.get(self.options.primary).map_or(".", String::as_str);
        if let Some(service) = self.index.service_at(ip) {
            let namespace = server.namespace_name(service.namespace);
            return vec![(format!("{}.{namespace}.svc.{zone}", service.name), Why::ClusterIp(service.id))];
        }
        let mut names: Vec<(String, Why)> = Vec::new();
        for (group, address) in self.index.reverse_endpoints_at(ip) {
            let namespace = server.namespace_name(group.namespace);
            let name = format!("{}.{}.{namespace}.svc.{zone}", address.name, group.service);
            if names.iter().all(|(other, _)| *other != name) {
                let (slice, endpoint) = (address.slice, address.endpoint);
                names.push((name, Why::EndpointAddress { slice, endpoint }));
            }
        }
        names
    }
}

/// Addresses already answered: few are compared one by one, many through a set.
#[derive(Default)]
struct Seen {
    few: Vec<IpAddr>,
    many: BTreeSet<IpAddr>,
}

impl Seen {
    fn is_new(&mut self, ip: IpAddr) -> bool {
        if self.few.len() < 16 {
            let new = !self.few.contains(&ip);
            if new {
                self.few.push(ip);
            }
            return new;
        }
        if self.many.is_empty() {
            self.many.extend(self.few.iter().copied());
        }
        self.many.insert(ip)
    }
}
