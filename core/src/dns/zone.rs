//! Everything the server would say, as tables.
//!
//! coredns: plugin/kubernetes/xfr.go Transfer: names of endpoints of Services with a ClusterIP exist too and
//! are not listed; weights are those of queries.

use super::index::{Kind, Service};
use super::kubernetes::Plugin;
use super::name::{is_under, longest_zone};
use super::record::{Data, Record, RecordType};
use super::{Server, name};
use crate::order::SliceOrder;
use serde::Serialize;
use std::collections::BTreeSet;

/// All records of the cluster's zones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ZoneListing {
    /// One table per zone, forward zones first.
    pub zones: Vec<Zone>,
}

/// Records of one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Zone {
    /// The zone, `cluster.local.`.
    pub zone: String,
    /// SOA and NS first, then by namespace and Service; reverse zones by address.
    pub records: Vec<Record>,
}

/// Lists what the server knows.
pub fn zone(server: &Server) -> ZoneListing {
    let mut zones = Vec::new();
    for plugin in server.plugins() {
        for zone in &plugin.options.zones {
            let mut list = List { server, plugin, records: Vec::new(), seen: BTreeSet::new() };
            if zone.ends_with("in-addr.arpa.") || zone.ends_with("ip6.arpa.") {
                list.reverse(zone);
            } else {
                list.forward(zone);
            }
            zones.push(Zone { zone: zone.clone(), records: list.records });
        }
    }
    zones.order_by_key(|zone| zone.zone.ends_with("arpa."));
    ZoneListing { zones }
}

struct List<'l> {
    server: &'l Server,
    plugin: &'l Plugin,
    records: Vec<Record>,
    seen: BTreeSet<String>,
}

impl List<'_> {
    fn add(&mut self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            if self.seen.insert(record.to_string()) {
                self.records.push(record);
            }
        }
    }

    fn ask(&mut self, name: &str, kind: RecordType) {
        if let Ok(reply) = self.plugin.serve(self.server, name, kind, 0) {
            // An alias is listed, not what it leads to.
            self.add(reply.answers.into_iter().filter(|record| record.name == name));
        }
    }

    fn apex(&mut self, zone: &str) {
        self.add([self.plugin.soa(zone)]);
        let ttl = self.plugin.options.ttl;
        for (name, ip) in self.plugin.name_servers(self.server, zone) {
            let own = name.starts_with("ns.dns.");
            self.add([Record { name: zone.to_owned(), ttl, data: Data::Ns(name.clone()) }]);
            self.add(own.then_some(Record { name, ttl, data: Data::Address(ip) }));
        }
    }

    fn forward(&mut self, zone: &str) {
        self.apex(zone);
        let plugin = self.plugin;
        for service in plugin.index.services() {
            let namespace = self.server.namespace_name(service.namespace);
            if plugin.index.namespace(namespace) == Some(service.namespace) {
                let base = format!("{}.{namespace}.svc.{zone}", service.name);
                self.service(service, &base);
            }
        }
    }

    fn service(&mut self, service: &Service, base: &str) {
        match &service.kind {
            Kind::External(_) => self.ask(base, RecordType::CNAME),
            Kind::ClusterIp(_) => {
                for kind in [RecordType::A, RecordType::AAAA, RecordType::SRV] {
                    self.ask(base, kind);
                }
                self.ports(service.ports.iter(), base);
            }
            Kind::Headless => {
                for kind in [RecordType::A, RecordType::AAAA] {
                    self.ask(base, kind);
                }
                let plugin = self.plugin;
                let Some(group) = plugin.index.group(service.namespace, &service.name) else { return };
                for address in &group.addresses {
                    let name = format!("{}.{base}", address.name);
                    for kind in [RecordType::A, RecordType::AAAA] {
                        self.ask(&name, kind);
                    }
                }
                for address in &group.addresses {
                    self.ports(plugin.index.ports_of(address).iter(), base);
                }
            }
        }
    }

    /// Unnamed ports have no records.
    fn ports<'p>(&mut self, ports: impl Iterator<Item = &'p super::index::Port>, base: &str) {
        for port in ports.filter(|port| !port.name.is_empty()) {
            let protocol = port.protocol.unwrap_or_default().as_str().to_ascii_lowercase();
            self.ask(&format!("_{}._{protocol}.{base}", port.name), RecordType::SRV);
        }
    }

    fn reverse(&mut self, zone: &str) {
        self.apex(zone);
        for ip in self.plugin.index.reverse_addresses() {
            let name = name::reverse(ip);
            let mine = is_under(zone, &name) && longest_zone(&self.plugin.options.zones, &name) == Some(zone);
            if mine {
                self.ask(&name, RecordType::PTR);
            }
        }
    }
}
