//! Sentences: what decided, in plain English, with the object behind it.

use super::name::{longest_zone, prefix_of, without_dot};
use super::record::{Rcode, RecordType};
use super::{Flags, Query, Reason, Reply, Response, Server, Why, suggest};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{ServiceId, Snapshot};
use std::borrow::Cow;

/// A plugin or option that is not modelled stands in the way.
pub(super) fn not_modelled(plugin: &str) -> String {
    format!("`{plugin}` of the Corefile is not modelled")
}

/// A public name, and no settings about it.
pub(super) fn upstream_unknown(name: &str) -> String {
    format!("what resolvers outside the cluster know of {name} is not given (settings.dns.upstreamRecords)")
}

impl Server {
    /// The compact answer with sentences, evidence and suggestions.
    pub fn explain(&self, snapshot: &Snapshot, query: &Query<'_>, reply: Reply) -> Response {
        let name = super::name::fqdn(query.name);
        let mut because = self.reasons(snapshot, &name, query.record_type, &reply.because, true);
        if because.is_empty() && reply.answers.is_empty() && reply.rcode == Rcode::NoError {
            because.push(self.reason(snapshot, &name, query.record_type, Why::NothingHere, true));
        }
        let negative = reply.answers.is_empty() || reply.rcode != Rcode::NoError;
        let suggestions = if negative { suggest::for_name(self, snapshot, &name) } else { Vec::new() };
        Response {
            record_type: query.record_type,
            rcode: reply.rcode,
            flags: Flags {
                aa: reply.authoritative,
                tc: reply.truncated,
                rd: true,
                ra: reply.recursion_available,
            },
            answers: reply.answers,
            authority: reply.authority,
            additional: reply.additional,
            plugin: reply.by.to_owned(),
            because,
            suggestions,
            undetermined: reply.undetermined,
            name,
        }
    }

    /// Asks and explains.
    pub fn answer(&self, snapshot: &Snapshot, query: &Query<'_>) -> Response {
        self.explain(snapshot, query, self.ask(query))
    }

    /// The sentences of the reasons of one reply, each once.
    pub(super) fn reasons(
        &self,
        snapshot: &Snapshot,
        name: &str,
        kind: RecordType,
        because: &[Why],
        cite: bool,
    ) -> Vec<Reason> {
        let mut told: Vec<Reason> = Vec::with_capacity(because.len());
        for (name, why) in about(snapshot, name, because) {
            let reason = self.reason(snapshot, &name, kind, why, cite);
            if !told.contains(&reason) {
                told.push(reason);
            }
        }
        told
    }

    /// The sentence of one reason about `name`; `cite` adds the object, field and position behind it.
    pub fn reason(&self, snapshot: &Snapshot, name: &str, kind: RecordType, why: Why, cite: bool) -> Reason {
        Teller { server: self, snapshot, name, kind, cite }.reason(why)
    }
}

/// Reasons with the name each is about: what follows an alias is about its target.
pub(super) fn about<'n>(snapshot: &Snapshot, name: &'n str, because: &[Why]) -> Vec<(Cow<'n, str>, Why)> {
    let mut name = Cow::Borrowed(name);
    let mut pairs = Vec::with_capacity(because.len());
    for why in because {
        pairs.push((name.clone(), *why));
        if let Why::Alias(id) = why
            && let Some(service) = snapshot.service(*id)
        {
            name = Cow::Owned(super::name::fqdn(&service.spec.external_name));
        }
    }
    pairs
}

/// What sentences are made from.
struct Teller<'t> {
    server: &'t Server,
    snapshot: &'t Snapshot,
    name: &'t str,
    kind: RecordType,
    cite: bool,
}

/// The parts of a name in a cluster zone, from the right: `svc`, namespace, service, endpoint or port.
pub(super) struct Parts<'n> {
    pub(super) zone: &'n str,
    pub(super) labels: Vec<&'n str>,
}

impl<'n> Parts<'n> {
    pub(super) fn of(server: &'n Server, name: &'n str) -> Option<Self> {
        let zone = server.plugins().iter().find_map(|plugin| longest_zone(&plugin.options.zones, name))?;
        let left = prefix_of(name, zone)?;
        Some(Self { zone, labels: super::name::labels(left).rev().collect() })
    }

    pub(super) fn get(&self, index: usize) -> &'n str {
        self.labels.get(index).copied().unwrap_or_default()
    }

    pub(super) fn namespace(&self) -> &'n str {
        self.get(1)
    }

    pub(super) fn service(&self) -> &'n str {
        self.get(2)
    }
}

impl Teller<'_> {
    fn service_name(&self, id: Option<ServiceId>) -> String {
        let service = id.and_then(|id| self.snapshot.service_ref(id));
        service.map_or_else(|| "the Service".to_owned(), |service| service.to_string())
    }

    fn service_evidence(&self, id: ServiceId, field: &str) -> Option<Evidence> {
        let service = self.snapshot.service(id).filter(|_| self.cite)?;
        Some(self.snapshot.evidence(self.snapshot.service_ref(id)?, &service.origin, field))
    }

    fn about(&self, id: Option<ServiceId>, field: &str, text: String) -> Reason {
        Reason { text, evidence: id.and_then(|id| self.service_evidence(id, field)) }
    }

    fn endpoint(&self, slice: u32, endpoint: u32) -> Reason {
        let Some(value) = self.snapshot.slices.get(slice as usize) else {
            return plain("an endpoint".into());
        };
        let at = endpoint as usize;
        let namespace = self.snapshot.namespace_name(value.namespace);
        let object = ObjectRef::namespaced("EndpointSlice", namespace, &value.name);
        let address = value.value.endpoints.get(at).and_then(|endpoint| endpoint.addresses.first());
        let address = address.map(String::as_str).unwrap_or_default();
        // The pod is what people wrote; the slice is the control plane's.
        let pod = value.pods.get(at).copied().flatten();
        if let Some((id, pod)) = pod.and_then(|id| Some((id, self.snapshot.pod(id)?)))
            && let Some(reference) = self.snapshot.pod_ref(id)
        {
            let text = format!("{reference} is a ready endpoint with address {address}");
            return Reason {
                text,
                evidence: Some(self.snapshot.evidence(reference, &pod.origin, "metadata.labels")),
            };
        }
        let text = format!("{object} holds a ready endpoint with address {address}");
        let field = format!("endpoints[{at}]");
        Reason { text, evidence: Some(self.snapshot.evidence(object, &value.origin, &field)) }
    }

    fn corefile(&self, text: String) -> Reason {
        let map = self.snapshot.config_maps.iter().find(|map| {
            map.object.namespace.as_deref() == Some("kube-system") && map.object.name == "coredns"
        });
        let evidence =
            map.map(|map| self.snapshot.evidence(map.object.clone(), &map.origin, "data.Corefile"));
        Reason { text, evidence }
    }

    fn reason(&self, why: Why) -> Reason {
        let (name, kind) = (self.name, self.kind);
        let of = self.service_name(why.service());
        match why {
            Why::ClusterIp(id) => {
                let ips = self.snapshot.service(id).map(|service| service.spec.cluster_ips.join(", ")).unwrap_or_default();
                self.about(Some(id), "spec.clusterIPs", format!("{of} has the ClusterIP {ips}"))
            }
            Why::Endpoint { slice, endpoint, .. } | Why::EndpointAddress { slice, endpoint } => self.endpoint(slice, endpoint),
            Why::Alias(id) => {
                let target = self.snapshot.service(id).map(|service| service.spec.external_name.clone()).unwrap_or_default();
                self.about(Some(id), "spec.externalName", format!("{of} is of type ExternalName and stands for {target}"))
            }
            Why::Pod(id) => {
                let pod = self.snapshot.pod(id).zip(self.snapshot.pod_ref(id));
                let text = pod.as_ref().map_or_else(String::new, |(_, pod)| format!("{pod} has this address"));
                let evidence = pod.map(|(pod, reference)| self.snapshot.evidence(reference, &pod.origin, "metadata.name"));
                Reason { text, evidence }
            }
            Why::PodUnverified => self.corefile("the address is read from the name itself and no pod is looked up (`pods insecure`)".into()),
            Why::Apex => plain(format!("{name} is the zone itself")),
            Why::NameServer => plain("the names and addresses of the DNS server are those of the Services that lead to it".into()),
            Why::SpecificationVersion => plain("the version of the Kubernetes DNS specification is a fixed text".into()),
            Why::HostsEntry => self.corefile(format!("the `hosts` plugin has an entry for {name}")),
            Why::TemplateRule => self.corefile(format!("a `template` rule answers for {name}")),
            Why::Rewritten => self.corefile(format!("a `rewrite` rule turns {name} into another question")),
            Why::Autopath => self.corefile("`autopath` walked the pod's search list in the server".into()),
            Why::Forwarded(server) => match server {
                Some(server) => self.corefile(format!("{name} is in no zone of the cluster, so it is forwarded to {server}")),
                None => self.corefile(format!("{name} is in no zone of the cluster, so it is forwarded")),
            },
            Why::UpstreamKnows => plain(format!("a resolver outside the cluster knows {name}")),
            Why::UpstreamDenies => plain(format!("the resolvers outside the cluster do not know {name}")),
            Why::UpstreamAssumed => {
                let top = without_dot(name).rsplit('.').next().unwrap_or_default();
                plain(format!("the resolvers outside the cluster do not know {name}: no public domain ends in `{top}`, as far as is known"))
            }
            Why::UpstreamFails(server) => match server {
                Some(server) => plain(format!("the resolver {server} outside the cluster does not answer")),
                None => plain("the resolver outside the cluster does not answer".into()),
            },
            Why::NotSynced => plain("the DNS server has not read the cluster's objects yet, so it cannot say that a name does not exist".into()),
            Why::NobodyAnswers => self.corefile(format!("no plugin of the Corefile answers for {name}")),
            Why::BadCorefile => {
                let fault = self.server.fault().unwrap_or_default();
                self.corefile(format!("the DNS server does not start with this Corefile: {fault}"))
            }
            other => self.negative(other, &of, kind),
        }
    }

    fn negative(&self, why: Why, of: &str, kind: RecordType) -> Reason {
        let name = self.name;
        let parts = Parts::of(self.server, name);
        let (namespace, service) =
            parts.as_ref().map(|parts| (parts.namespace(), parts.service())).unwrap_or_default();
        match why {
            Why::NoSuchType(other) => plain(format!("{name} exists and has no {other} record")),
            Why::NothingHere => match parts.as_ref().map(|parts| parts.labels.as_slice()) {
                Some([_, namespace]) => plain(format!("`{namespace}` is a namespace: a Service's name goes in front of it")),
                _ => plain(format!("{name} exists only as a part of longer names and has no records of its own")),
            },
            Why::SoaBelowApex => plain(format!("SOA is answered for the zone itself only; {name} is not even looked up")),
            Why::NoTextHere => plain(format!("{name} has no records at all, and asking for TXT such a name is denied")),
            Why::OtherFamily(id) => {
                let family = if kind == RecordType::A { "IPv4" } else { "IPv6" };
                self.about(id, "spec.ipFamilies", format!("{of} has no {family} address"))
            }
            Why::NoPorts(id) => self.about(id, "spec.ports", format!("{of} declares no ports, so there are no SRV records")),
            Why::NotADnsName => {
                let zone = parts.as_ref().map_or("", |parts| parts.zone);
                let label = parts.as_ref().map_or("", |parts| parts.get(0));
                plain(format!("names in {zone} end in `svc` or `pod` before the zone, not in `{label}`"))
            }
            Why::TooManyLabels => plain(format!("{name} has more labels than a name of a Service, endpoint or port can have")),
            Why::NoSuchNamespace => self.no_namespace(namespace),
            Why::NoSuchService => plain(format!("there is no Service `{service}` in namespace `{namespace}`")),
            Why::NoReadyEndpoints(id) => {
                let waiting = self.not_ready(id);
                let text = match waiting {
                    0 => format!("{of} is headless and has no endpoints: no pod matches its selector, so its name does not exist"),
                    _ => format!("{of} is headless and none of its {waiting} endpoints is ready, so its name does not exist"),
                };
                self.about(Some(id), if waiting == 0 { "spec.selector" } else { "spec.clusterIP" }, text)
            }
            Why::NoSuchEndpoint(id) => {
                let label = parts.as_ref().map_or("", |parts| parts.get(3));
                let text = format!("no ready endpoint of {of} is called `{label}`: a pod has such a name only when its hostname is set and its subdomain is `{service}`");
                self.about(Some(id), "", text)
            }
            Why::NoSuchPort(id) => {
                let labels = parts.as_ref().map(|parts| (parts.get(4), parts.get(3))).unwrap_or_default();
                self.about(Some(id), "spec.ports", format!("{of} has no port called `{}` with protocol `{}`", labels.0, labels.1))
            }
            Why::IgnoredEmpty(id) => self.about(Some(id), "", format!("{of} has no ready endpoints, and the Corefile says `ignore empty_service`")),
            Why::ZonalNeedsHeadless(id) => self.about(Some(id), "spec.clusterIP", format!("{of} is not headless, so it has no zone-scoped names")),
            Why::BelowAlias(id) => self.about(Some(id), "spec.type", format!("{of} is of type ExternalName, and there are no names below it")),
            Why::AliasIsAddress(id) => self.about(Some(id), "spec.externalName", format!("the externalName of {of} is an address, not a name, so the Service has no record")),
            Why::AliasTargetMissing(id) => self.about(id, "spec.externalName", format!("the externalName of {of} leads to a name in the cluster that has no such records, and then the alias is left out too")),
            Why::AliasLoop(id) => self.about(id, "spec.externalName", format!("the externalName of {of} leads back to itself or too far")),
            Why::PodsDisabled => self.corefile("the Corefile does not enable pod names (`pods disabled`)".into()),
            Why::PodNameIsNoAddress => plain(format!("`{service}` is not an address written with dashes: pod names do not work here, only addresses such as 10-244-1-5")),
            Why::NoSuchPod(ip) => plain(format!("no running pod in namespace `{namespace}` has the address {ip}, and the Corefile says `pods verified`")),
            Why::NoSuchAddress(ip) => plain(format!("no Service and no ready endpoint has the address {ip}")),
            _ => plain(String::new()),
        }
    }

    fn no_namespace(&self, namespace: &str) -> Reason {
        match self.snapshot.namespace_id(namespace) {
            None => plain(format!("there is no namespace `{namespace}`")),
            Some(id) => {
                let origin = self.snapshot.namespace(id).map(|namespace| &namespace.origin);
                let object = ObjectRef::cluster("Namespace", namespace);
                let evidence = origin.map(|origin| self.snapshot.evidence(object, origin, "metadata"));
                Reason {
                    text: format!("the DNS server does not answer for namespace `{namespace}`"),
                    evidence,
                }
            }
        }
    }

    /// Endpoints of a Service that are not ready.
    fn not_ready(&self, id: ServiceId) -> usize {
        let Some(service) = self.snapshot.service(id) else { return 0 };
        let slices = self.snapshot.slices.iter().filter(|slice| {
            let name = slice.value.metadata.labels.get("kubernetes.io/service-name");
            slice.namespace == service.namespace && name == Some(&service.name)
        });
        slices
            .flat_map(|slice| &slice.value.endpoints)
            .filter(|endpoint| endpoint.conditions.ready == Some(false))
            .count()
    }
}

fn plain(text: String) -> Reason {
    Reason { text, evidence: None }
}
