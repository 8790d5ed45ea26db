//! Cluster DNS: the server, the resolvers of pods, and the tools people type.
//!
//! The one public question is [`lookup()`]: what a name resolves to from a pod, with every query the pod's
//! resolver sends, to which server, over which path, and the object behind each answer. [`Server`] is the
//! server alone, [`zone()`] everything it would say.
//!
//! Modelled: CoreDNS 1.14 with `kubernetes` (also `zonal` and `multicluster`), `k8s_external`, `hosts`,
//! `rewrite`, `template`, `forward`, `cache` (TTLs only) and `autopath @kubernetes`, configured by the Corefile of the `coredns` ConfigMap, kubeadm's when there
//! is none; the kubelet's resolv.conf and /etc/hosts; the search algorithms of glibc, musl, bind's tools and
//! busybox.
//!
//! **Not** modelled: other plugins (an answer behind one is marked undetermined, naming it), DNSSEC, zone
//! transfer, DNS over TLS, nscd and systemd-resolved in images, and what public
//! resolvers know beyond `settings.dns.upstreamRecords`.

mod config;
mod corefile;
mod explain;
mod external;
mod facade;
mod index;
mod kubelet;
mod kubernetes;
mod libc;
mod lookup;
pub mod name;
mod outside;
mod path;
mod pattern;
mod plugins;
mod record;
mod request;
mod selector;
mod server;
mod session;
mod suggest;
mod summary;
#[cfg(test)]
mod tests;
pub mod tools;
mod zone;

pub use facade::{ResolveQuestion, ToolQuestion};
pub use kubelet::{
    Event, Hostname, HostsEntry, HostsFile, PodResolvConf, ResolvConf, cluster_dns, hostname, hosts_file,
    limit_nameservers, limit_searches, merge_options, parse_resolv_conf, resolv_conf, truncate_hostname,
};
pub use lookup::{
    Asking, Exchange, ExchangeResult, Lookup, LookupOutcome, LookupStep, Program, Rooms, Search, lookup,
    search,
};
pub use path::{End, Way};
pub use record::{Data, Rcode, Record, RecordType, RecordView, Soa, UnknownType};
pub use server::{Query, Server, SizeLimit};
pub use zone::{Zone, ZoneListing, zone};

use crate::manifest::Evidence;
use crate::model::{PodId, ServiceId};
use serde::Serialize;
use std::net::IpAddr;

/// An answer of the server in compact form: ids instead of evidence. [`Server::explain`] makes a
/// [`Response`] of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// How it ended.
    pub rcode: Rcode,
    /// The server speaks for the zone.
    pub authoritative: bool,
    /// The server would ask others.
    pub recursion_available: bool,
    /// The answer did not fit.
    pub truncated: bool,
    /// Answer section.
    pub answers: Vec<Record>,
    /// Authority section.
    pub authority: Vec<Record>,
    /// Additional section, without OPT.
    pub additional: Vec<Record>,
    /// The plugin that answered.
    pub by: &'static str,
    /// Why.
    pub because: Vec<Why>,
    /// What is missing to know the answer; the rcode is then the usual outcome.
    pub undetermined: Option<String>,
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            rcode: Rcode::NoError,
            authoritative: false,
            recursion_available: false,
            truncated: false,
            answers: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
            by: "",
            because: Vec::new(),
            undetermined: None,
        }
    }
}

/// What decided about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The Service has this ClusterIP.
    ClusterIp(ServiceId),
    /// A ready endpoint of the Service.
    Endpoint {
        /// The Service asked for.
        service: ServiceId,
        /// Index into the snapshot's slices.
        slice: u32,
        /// Index of the endpoint in the slice.
        endpoint: u32,
    },
    /// A ready endpoint has this address.
    EndpointAddress {
        /// Index into the snapshot's slices.
        slice: u32,
        /// Index of the endpoint in the slice.
        endpoint: u32,
    },
    /// An ExternalName Service.
    Alias(ServiceId),
    /// A pod has this address (`pods verified`).
    Pod(PodId),
    /// The address stands in the name and nobody checks (`pods insecure`).
    PodUnverified,
    /// The zone itself.
    Apex,
    /// The server's own name.
    NameServer,
    /// The version of the specification.
    SpecificationVersion,
    /// An entry of the `hosts` plugin.
    HostsEntry,
    /// A `template` rule.
    TemplateRule,
    /// A `rewrite` rule changed the question.
    Rewritten,
    /// The search path was walked by the server.
    Autopath,
    /// The name is not the cluster's: it was forwarded to the first server of the list.
    Forwarded(Option<IpAddr>),
    /// A server outside knows it.
    UpstreamKnows,
    /// The servers outside are said not to know it.
    UpstreamDenies,
    /// The servers outside are taken not to know it.
    UpstreamAssumed,
    /// The server outside does not answer.
    UpstreamFails(Option<IpAddr>),
    /// The name exists and has no records of this type.
    NoSuchType(RecordType),
    /// The name exists only as a step to others.
    NothingHere,
    /// SOA is asked below the apex, where the name is not even looked up.
    SoaBelowApex,
    /// TXT is asked for a name without records.
    NoTextHere,
    /// The Service has addresses of the other family only.
    OtherFamily(Option<ServiceId>),
    /// No port is declared, so there is nothing to say about ports.
    NoPorts(Option<ServiceId>),
    /// The label next to the zone is neither `svc` nor `pod`.
    NotADnsName,
    /// More labels than any name in the cluster has.
    TooManyLabels,
    /// No such namespace, or it is not exposed.
    NoSuchNamespace,
    /// No such Service.
    NoSuchService,
    /// A headless Service without ready endpoints.
    NoReadyEndpoints(ServiceId),
    /// No ready endpoint has this name.
    NoSuchEndpoint(ServiceId),
    /// No port of this name and protocol.
    NoSuchPort(ServiceId),
    /// `ignore empty_service` and no ready endpoint.
    IgnoredEmpty(ServiceId),
    /// A zone-scoped name of a Service that is not headless.
    ZonalNeedsHeadless(ServiceId),
    /// A name below an ExternalName Service.
    BelowAlias(ServiceId),
    /// An externalName that is an address.
    AliasIsAddress(ServiceId),
    /// An externalName inside the zone that leads nowhere.
    AliasTargetMissing(Option<ServiceId>),
    /// An externalName that leads back, or too far.
    AliasLoop(Option<ServiceId>),
    /// `pods disabled`.
    PodsDisabled,
    /// The pod name is not an address with dashes.
    PodNameIsNoAddress,
    /// No pod has this address.
    NoSuchPod(IpAddr),
    /// Nothing in the cluster has this address.
    NoSuchAddress(IpAddr),
    /// The server has not read the cluster yet.
    NotSynced,
    /// No plugin is there for the name.
    NobodyAnswers,
    /// The server does not start with this Corefile.
    BadCorefile,
}

impl Why {
    /// The Service it is about.
    pub fn service(self) -> Option<ServiceId> {
        match self {
            Self::ClusterIp(id)
            | Self::Endpoint { service: id, .. }
            | Self::Alias(id)
            | Self::NoReadyEndpoints(id)
            | Self::NoSuchEndpoint(id)
            | Self::NoSuchPort(id)
            | Self::IgnoredEmpty(id)
            | Self::ZonalNeedsHeadless(id)
            | Self::BelowAlias(id)
            | Self::AliasIsAddress(id) => Some(id),
            Self::OtherFamily(id)
            | Self::NoPorts(id)
            | Self::AliasTargetMissing(id)
            | Self::AliasLoop(id) => id,
            _ => None,
        }
    }
}

/// One sentence and the object behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// A plain English sentence.
    pub text: String,
    /// The object, field and position that decided; absent when none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// A name that may have been meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    /// The name to ask for.
    pub name: String,
    /// Why it is offered.
    pub text: String,
}

/// Header flags of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Flags {
    /// Authoritative answer.
    pub aa: bool,
    /// Truncated.
    pub tc: bool,
    /// Recursion desired: every resolver sets it.
    pub rd: bool,
    /// Recursion available.
    pub ra: bool,
}

/// An answer of the server, with reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The name asked, fully qualified.
    pub name: String,
    /// The type asked.
    #[serde(rename = "type")]
    pub record_type: RecordType,
    /// How it ended.
    pub rcode: Rcode,
    /// Header flags.
    pub flags: Flags,
    /// Answer section.
    pub answers: Vec<Record>,
    /// Authority section.
    pub authority: Vec<Record>,
    /// Additional section, without OPT.
    pub additional: Vec<Record>,
    /// The plugin that answered.
    pub plugin: String,
    /// Why, one reason per deciding object.
    pub because: Vec<Reason>,
    /// Names that may have been meant; only for negative answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggestion>,
    /// What is missing to know the answer for sure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undetermined: Option<String>,
}
