//! The server: which block answers, and the way of a request through its plugins.

use super::config::{self, Block, Config, Forward, Plugin as Configured};
use super::index::Index;
use super::kubernetes::Plugin as KubernetesPlugin;
use super::name::{fqdn, is_under, longest_zone};
use super::outside::Outside;
use super::plugins;
use super::record::{Rcode, Record, RecordType, Suffixes, name_size};
use super::{Reply, Why};
use crate::model::{NameServerBehaviour, NamespaceId, ServiceId, Snapshot};
use crate::order::SliceOrder;
use std::net::IpAddr;

/// Look-ups the server may start for itself within one question.
const MAX_DEPTH: u8 = 10;

/// A question for the server.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    /// The name; a trailing dot is added when it is missing.
    pub name: &'q str,
    /// The type.
    pub record_type: RecordType,
    /// How large the answer may be.
    pub limit: SizeLimit,
    /// Who asks; matters to `autopath` only.
    pub client: Option<IpAddr>,
}

/// How large an answer may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SizeLimit {
    /// TCP: anything.
    #[default]
    None,
    /// UDP without EDNS: 512 bytes.
    Plain,
    /// UDP with EDNS.
    Edns {
        /// Bytes the client takes.
        size: u16,
        /// Whether a cookie of 8 bytes is sent, which comes back.
        cookie: bool,
    },
}

impl<'q> Query<'q> {
    /// A question without a size limit.
    pub fn new(name: &'q str, record_type: RecordType) -> Self {
        Self { name, record_type, limit: SizeLimit::None, client: None }
    }
}

/// The DNS server of a cluster with everything it has read.
///
/// ```
/// use kubehop::{Cluster, Settings, Source, dns::{RecordType, Server}};
/// let yaml = "{apiVersion: v1, kind: Service, metadata: {name: api, namespace: prod}, spec: {clusterIP: 10.96.0.40, ports: [{port: 80}]}}";
/// let cluster = Cluster::load([Source::new("api.yaml", yaml)], &Settings::default());
/// let server = Server::new(cluster.snapshot());
/// let reply = server.query("api.prod.svc.cluster.local", RecordType::A);
/// # if cluster.snapshot().services.is_empty() { return }
/// assert_eq!(reply.answers[0].to_string(), "api.prod.svc.cluster.local. 30 IN A 10.96.0.40");
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    config: Config,
    /// One per `kubernetes` directive, in order of the Corefile.
    plugins: Vec<KubernetesPlugin>,
    outside: Outside,
    namespaces: Vec<Box<str>>,
    /// Name servers of the node, where `forward . /etc/resolv.conf` leads.
    node_servers: Vec<IpAddr>,
    /// Search list of the node, which `autopath` appends.
    node_searches: Vec<String>,
    /// The Service that leads here.
    service: Option<ServiceId>,
}

impl Server {
    /// The server as it runs in this cluster.
    pub fn new(snapshot: &Snapshot) -> Self {
        let settings = &snapshot.settings.dns;
        let given = snapshot.config_maps.iter().find(|map| {
            map.object.namespace.as_deref() == Some("kube-system") && map.object.name == "coredns"
        });
        let corefile = given.and_then(|map| map.value.data.get("Corefile"));
        let config = match corefile {
            Some(text) => Config::read(text),
            None => Config::read(&config::kubeadm(&settings.cluster_domain)),
        };
        let local = match &settings.server_addresses {
            Some(addresses) => addresses.clone(),
            None => local_addresses(snapshot),
        };
        let plugins = config
            .kubernetes()
            .map(|options| KubernetesPlugin {
                options: options.clone(),
                index: Index::new(snapshot, options),
                imports: (!options.multicluster.is_empty()).then(|| Index::imports(snapshot, options)),
                local: local.clone(),
                synced: settings.api_synced,
            })
            .collect();
        let node = super::kubelet::parse_resolv_conf(&settings.node_resolv_conf).unwrap_or_default();
        Self {
            config,
            plugins,
            outside: Outside::new(snapshot),
            namespaces: snapshot.namespaces.iter().map(|namespace| namespace.name.as_str().into()).collect(),
            node_servers: node.nameservers.iter().filter_map(|server| server.parse().ok()).collect(),
            node_searches: node.searches,
            service: super::path::dns_service(snapshot),
        }
    }

    /// Asks for a name and type, without a size limit.
    pub fn query(&self, name: &str, record_type: RecordType) -> Reply {
        self.ask(&Query::new(name, record_type))
    }

    /// Asks a question.
    pub fn ask(&self, query: &Query<'_>) -> Reply {
        let mut reply = if query.name.ends_with('.') {
            self.resolve(query.name, query.record_type, query.client, 0)
        } else {
            self.resolve(&fqdn(query.name), query.record_type, query.client, 0)
        };
        truncate(&mut reply, query);
        reply
    }

    /// What a resolver outside answers; `None` for any.
    pub(super) fn outside(&self) -> &Outside {
        &self.outside
    }

    /// The `kubernetes` plugins.
    pub(super) fn plugins(&self) -> &[KubernetesPlugin] {
        &self.plugins
    }

    /// The Service that leads to the server.
    pub fn service(&self) -> Option<ServiceId> {
        self.service
    }

    /// Why the server would not start.
    pub fn fault(&self) -> Option<&str> {
        self.config.fault.as_deref()
    }

    /// Plugins of the Corefile that change answers and are not modelled.
    pub fn not_modelled(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for plugin in self.config.blocks.iter().flat_map(|block| &block.plugins) {
            match plugin {
                Configured::NotModelled(name) => names.push(name.clone()),
                Configured::Template(template) => names.extend(template.fault.iter().cloned()),
                Configured::Rewrite(rules) => names.extend(rules.iter().filter_map(|rule| match rule {
                    config::Rewrite::NotModelled(rule) => Some(rule.clone()),
                    _ => None,
                })),
                _ => {}
            }
        }
        names
    }

    pub(super) fn namespace_name(&self, id: NamespaceId) -> &str {
        self.namespaces.get(id.index()).map_or("", |name| name)
    }

    /// Answers without a size limit; `depth` counts the look-ups the server makes for itself.
    pub(super) fn resolve(&self, name: &str, kind: RecordType, client: Option<IpAddr>, depth: u8) -> Reply {
        if self.config.fault.is_some() || depth > MAX_DEPTH {
            let why = if depth > MAX_DEPTH { Why::AliasLoop(None) } else { Why::BadCorefile };
            return Reply { rcode: Rcode::ServFail, because: vec![why], ..Reply::default() };
        }
        // coredns: core/dnsserver/server.go ServeDNS: the block with the longest zone
        let mut best: Option<(usize, &Block)> = None;
        let mut first_plugin = 0;
        let mut chosen_first = 0;
        for block in &self.config.blocks {
            if let Some(zone) = longest_zone(&block.zones, name)
                && best.is_none_or(|(length, _)| zone.len() > length)
            {
                best = Some((zone.len(), block));
                chosen_first = first_plugin;
            }
            first_plugin +=
                block.plugins.iter().filter(|plugin| matches!(plugin, Configured::Kubernetes(_))).count();
        }
        let Some((_, block)) = best else {
            return Reply { rcode: Rcode::Refused, because: vec![Why::NobodyAnswers], ..Reply::default() };
        };
        let chain = Chain { server: self, plugins: &block.plugins, kubernetes: chosen_first, client, depth };
        chain.serve(name, kind)
    }

    /// What `forward` sends on.
    fn forward(&self, forward: &Forward, name: &str, kind: RecordType) -> Reply {
        let to = forward.to.first().map(String::as_str).unwrap_or_default();
        let address = match plugins::forward_address(to) {
            Some(ip) => Some(ip),
            None => self.node_servers.first().copied(),
        };
        let mut reply = self.outside.answer(address, name, kind);
        reply.because.insert(0, Why::Forwarded(address));
        reply
    }

    /// Search path that `autopath` walks for a client.
    ///
    /// coredns: plugin/kubernetes/autopath.go AutoPath
    pub(super) fn autopath(&self, name: &str, client: Option<IpAddr>) -> Option<Vec<String>> {
        let plugin =
            self.plugins.iter().find(|plugin| longest_zone(&plugin.options.zones, name).is_some())?;
        let zone = longest_zone(&plugin.options.zones, name)?;
        let pod = plugin.index.pod_at(client?)?;
        let namespace = plugin.index.namespace_of(pod)?;
        let namespace = self.namespace_name(namespace);
        let mut path = vec![format!("{namespace}.svc.{zone}"), format!("svc.{zone}"), zone.to_owned()];
        path.extend(self.node_searches.iter().map(|search| fqdn(search)));
        path.push(String::new());
        Some(path)
    }
}

/// Addresses of the server: those of the first ready endpoint of the DNS Service.
fn local_addresses(snapshot: &Snapshot) -> Vec<IpAddr> {
    let Some(service) = super::path::dns_service(snapshot) else { return Vec::new() };
    let Some(service) = snapshot.service(service) else { return Vec::new() };
    let mut local: Vec<IpAddr> = Vec::new();
    for slice in &snapshot.slices {
        let name = slice.value.metadata.labels.get("kubernetes.io/service-name");
        if slice.namespace != service.namespace || name != Some(&service.name) {
            continue;
        }
        let ready =
            slice.value.endpoints.iter().position(|endpoint| endpoint.conditions.ready != Some(false));
        let Some(at) = ready else { continue };
        if let Some(pod) = slice.pods.get(at).copied().flatten().and_then(|pod| snapshot.pod(pod)) {
            return pod.ips.clone();
        }
        let endpoint = slice.value.endpoints.get(at);
        local.extend(
            endpoint
                .into_iter()
                .flat_map(|endpoint| endpoint.addresses.iter().take(1))
                .filter_map(|ip| ip.parse::<IpAddr>().ok()),
        );
    }
    local.order_by_key(IpAddr::is_ipv6);
    local.dedup_by_key(|ip| ip.is_ipv6());
    local
}

/// The plugins that are still ahead of a request.
#[derive(Clone, Copy)]
pub(super) struct Chain<'s> {
    pub(super) server: &'s Server,
    plugins: &'s [Configured],
    /// Index of the next `kubernetes` plugin.
    kubernetes: usize,
    pub(super) client: Option<IpAddr>,
    depth: u8,
}

impl Chain<'_> {
    /// A look-up the server makes for itself, through all plugins.
    pub(super) fn again(self, name: &str, kind: RecordType) -> Reply {
        self.server.resolve(name, kind, None, self.depth + 1)
    }

    /// Hands the request to the next plugin.
    pub(super) fn serve(self, name: &str, kind: RecordType) -> Reply {
        let Some((first, rest)) = self.plugins.split_first() else {
            // coredns: plugin/plugin.go NextOrFailure
            return Reply { rcode: Rcode::ServFail, because: vec![Why::NobodyAnswers], ..Reply::default() };
        };
        let is_kubernetes = usize::from(matches!(first, Configured::Kubernetes(_)));
        let next = Self { plugins: rest, kubernetes: self.kubernetes + is_kubernetes, ..self };
        match first {
            Configured::Kubernetes(_) => {
                let Some(plugin) = self.server.plugins.get(self.kubernetes) else {
                    return next.serve(name, kind);
                };
                match plugin.serve(self.server, name, kind, self.depth) {
                    Ok(reply) => reply,
                    Err(why) => {
                        let mut reply = next.serve(name, kind);
                        reply.because.splice(0..0, why);
                        reply
                    }
                }
            }
            Configured::Forward(forward) => {
                // coredns: plugin/forward/forward.go match
                let mine = is_under(&forward.zone, name) && longest_zone(&forward.except, name).is_none();
                if mine { self.server.forward(forward, name, kind) } else { next.serve(name, kind) }
            }
            Configured::External(external) => super::external::serve(external, next, name, kind),
            Configured::Cache(cache) => plugins::cache(cache, next, name, kind),
            Configured::Rewrite(rules) => plugins::rewrite(rules, next, name, kind),
            Configured::Hosts(hosts) => plugins::hosts(hosts, next, name, kind),
            Configured::Template(template) => plugins::template(template, next, name, kind),
            Configured::Autopath(zones) => plugins::autopath(zones, next, name, kind),
            Configured::NotModelled(plugin) => {
                let mut reply = next.serve(name, kind);
                reply.undetermined.get_or_insert_with(|| super::explain::not_modelled(plugin));
                reply
            }
        }
    }
}

/// Cuts an answer to what fits.
///
/// coredns: request/request.go Scrub; miekg/dns msg_truncate.go Truncate
fn truncate(reply: &mut Reply, query: &Query<'_>) {
    let (limit, opt) = match query.limit {
        SizeLimit::None => return,
        SizeLimit::Plain => (512, 0),
        SizeLimit::Edns { size, cookie } => (usize::from(size).max(512), if cookie { 23 } else { 11 }),
    };
    let name = fqdn(query.name);
    if message_size(reply, &name, opt) <= limit {
        return;
    }
    let mut known = Suffixes::default();
    let mut used = 12 + known.add(&name, false) + 4 + opt;
    let sections: [&mut Vec<Record>; 3] = [&mut reply.answers, &mut reply.authority, &mut reply.additional];
    let mut full = false;
    for (index, section) in sections.into_iter().enumerate() {
        let mut kept = 0;
        for record in section.iter().take_while(|_| !full) {
            used += record.compressed_size(&mut known);
            if used > limit {
                full = true;
                break;
            }
            kept += 1;
        }
        reply.truncated |= index == 0 && kept < section.len();
        section.truncate(kept);
    }
}

/// Bytes of an answer on the wire, uncompressed; `opt` is the size of the OPT record.
pub(super) fn message_size(reply: &Reply, name: &str, opt: usize) -> usize {
    let records = reply.answers.iter().chain(&reply.authority).chain(&reply.additional);
    let question = name_size(name) + 4;
    12 + question + opt + records.map(Record::wire_size).sum::<usize>()
}

impl Server {
    /// What happens to a query sent to an address outside the cluster.
    pub(super) fn behaviour(&self, address: IpAddr) -> Option<NameServerBehaviour> {
        self.outside.behaviour(address)
    }
}
