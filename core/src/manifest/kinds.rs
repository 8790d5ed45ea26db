//! Which kinds are modelled, and in which version each is served.

/// A kind that is modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// `apps/v1`, `v1` …
    pub api_version: &'static str,
    /// `Deployment` …
    pub kind: &'static str,
    /// Whether objects of the kind belong to a namespace.
    pub namespaced: bool,
}

const fn namespaced(api_version: &'static str, kind: &'static str) -> KindInfo {
    KindInfo { api_version, kind, namespaced: true }
}

const fn cluster(api_version: &'static str, kind: &'static str) -> KindInfo {
    KindInfo { api_version, kind, namespaced: false }
}

/// Every kind that is modelled; of several versions of one kind the preferred one comes first.
pub const KINDS: &[KindInfo] = &[
    cluster("v1", "Namespace"),
    cluster("v1", "Node"),
    namespaced("v1", "Pod"),
    namespaced("v1", "ReplicationController"),
    namespaced("v1", "Service"),
    namespaced("v1", "Endpoints"),
    namespaced("v1", "Secret"),
    namespaced("v1", "ConfigMap"),
    namespaced("apps/v1", "Deployment"),
    namespaced("apps/v1", "ReplicaSet"),
    namespaced("apps/v1", "StatefulSet"),
    namespaced("apps/v1", "DaemonSet"),
    namespaced("batch/v1", "Job"),
    namespaced("batch/v1", "CronJob"),
    namespaced("discovery.k8s.io/v1", "EndpointSlice"),
    namespaced("networking.k8s.io/v1", "NetworkPolicy"),
    namespaced("networking.k8s.io/v1", "Ingress"),
    cluster("networking.k8s.io/v1", "IngressClass"),
    cluster("gateway.networking.k8s.io/v1", "GatewayClass"),
    namespaced("gateway.networking.k8s.io/v1", "Gateway"),
    namespaced("gateway.networking.k8s.io/v1", "ListenerSet"),
    namespaced("gateway.networking.k8s.io/v1", "HTTPRoute"),
    namespaced("gateway.networking.k8s.io/v1", "GRPCRoute"),
    namespaced("gateway.networking.k8s.io/v1", "TLSRoute"),
    namespaced("gateway.networking.k8s.io/v1", "TCPRoute"),
    namespaced("gateway.networking.k8s.io/v1", "UDPRoute"),
    namespaced("gateway.networking.k8s.io/v1", "BackendTLSPolicy"),
    namespaced("gateway.networking.k8s.io/v1", "ReferenceGrant"),
    cluster("gateway.networking.k8s.io/v1beta1", "GatewayClass"),
    namespaced("gateway.networking.k8s.io/v1beta1", "Gateway"),
    namespaced("gateway.networking.k8s.io/v1beta1", "HTTPRoute"),
    namespaced("gateway.networking.k8s.io/v1beta1", "ReferenceGrant"),
    namespaced("gateway.networking.k8s.io/v1alpha2", "TLSRoute"),
    namespaced("gateway.networking.k8s.io/v1alpha2", "TCPRoute"),
    namespaced("gateway.networking.k8s.io/v1alpha2", "UDPRoute"),
    namespaced("gateway.networking.k8s.io/v1alpha3", "BackendTLSPolicy"),
    namespaced("gateway.networking.k8s.io/v1alpha3", "TLSRoute"),
    cluster("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"),
    cluster("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
    cluster("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy"),
];

/// Versions in which a modelled kind was once served and no longer is.
const REMOVED: &[(&str, &str)] = &[
    ("extensions/v1beta1", "Deployment"),
    ("extensions/v1beta1", "ReplicaSet"),
    ("extensions/v1beta1", "DaemonSet"),
    ("extensions/v1beta1", "Ingress"),
    ("extensions/v1beta1", "NetworkPolicy"),
    ("apps/v1beta1", "Deployment"),
    ("apps/v1beta1", "StatefulSet"),
    ("apps/v1beta2", "Deployment"),
    ("apps/v1beta2", "ReplicaSet"),
    ("apps/v1beta2", "StatefulSet"),
    ("apps/v1beta2", "DaemonSet"),
    ("batch/v2alpha1", "CronJob"),
    ("batch/v1beta1", "CronJob"),
    ("networking.k8s.io/v1beta1", "Ingress"),
    ("networking.k8s.io/v1beta1", "IngressClass"),
    ("discovery.k8s.io/v1beta1", "EndpointSlice"),
];

/// Whether Kubernetes itself knows a kind of the groups that are modelled, modelled or not.
pub(crate) fn is_registered(api_version: &str, kind: &str) -> bool {
    let others: &[&str] = match api_version {
        "v1" => &[
            "APIGroup",
            "Binding",
            "ComponentStatus",
            "CreateOptions",
            "DeleteOptions",
            "Event",
            "GetOptions",
            "LimitRange",
            "List",
            "ListOptions",
            "NodeProxyOptions",
            "PatchOptions",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "PodAttachOptions",
            "PodExecOptions",
            "PodLogOptions",
            "PodPortForwardOptions",
            "PodProxyOptions",
            "PodStatusResult",
            "PodTemplate",
            "RangeAllocation",
            "ResourceQuota",
            "SerializedReference",
            "ServiceAccount",
            "ServiceProxyOptions",
            "Status",
            "UpdateOptions",
            "WatchEvent",
        ],
        "apps/v1" => &["ControllerRevision"],
        "networking.k8s.io/v1" => &["IPAddress", "ServiceCIDR"],
        _ => &[],
    };
    let single = kind.strip_suffix("List").unwrap_or(kind);
    let known = KINDS.iter().any(|info| info.api_version == api_version && info.kind == single);
    known || others.contains(&kind) || others.contains(&single)
}

/// What is known of a kind under an API version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Modelled.
    Yes(&'static KindInfo),
    /// Not served in this version, but in the one given.
    OtherVersion(&'static KindInfo),
    /// Some other kind.
    No,
}

/// Groups of Kubernetes itself: a modelled kind under another version of these is a mistake, while
/// under a foreign group it is somebody's own kind (a Knative Service, an Istio Gateway).
fn is_own_group(group: &str) -> bool {
    matches!(
        group,
        "" | "apps"
            | "batch"
            | "extensions"
            | "discovery.k8s.io"
            | "networking.k8s.io"
            | "core"
            | "gateway.networking.k8s.io"
            | "policy.networking.k8s.io"
    )
}

/// Looks up a kind.
pub(crate) fn lookup(api_version: &str, kind: &str) -> Known {
    let mut other = None;
    for info in KINDS.iter().filter(|info| info.kind == kind) {
        if info.api_version == api_version {
            return Known::Yes(info);
        }
        other = other.or(Some(info));
    }
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    match other {
        Some(info) if REMOVED.contains(&(api_version, kind)) || is_own_group(group) => {
            Known::OtherVersion(info)
        }
        _ => Known::No,
    }
}
