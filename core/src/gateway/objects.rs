//! The Gateway API objects of a cluster, oldest first.

use crate::ingress::tls::seconds;
use crate::manifest::api::gateway_v1 as api;
use crate::manifest::api::meta::ObjectMeta;
use crate::manifest::{Evidence, ObjectRef, Read};
use crate::model::{Origin, Snapshot, Stored};
use crate::order::SliceOrder;
use serde::Serialize;

/// API group of everything here.
pub(crate) const GROUP: &str = "gateway.networking.k8s.io";

/// Kinds of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum RouteKind {
    /// HTTP.
    #[serde(rename = "HTTPRoute")]
    Http,
    /// gRPC.
    #[serde(rename = "GRPCRoute")]
    Grpc,
    /// TLS by server name.
    #[serde(rename = "TLSRoute")]
    Tls,
    /// TCP by port.
    #[serde(rename = "TCPRoute")]
    Tcp,
    /// UDP by port.
    #[serde(rename = "UDPRoute")]
    Udp,
}

impl RouteKind {
    /// The kind as written in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTPRoute",
            Self::Grpc => "GRPCRoute",
            Self::Tls => "TLSRoute",
            Self::Tcp => "TCPRoute",
            Self::Udp => "UDPRoute",
        }
    }

    pub(crate) fn parse(kind: &str) -> Option<Self> {
        [Self::Http, Self::Grpc, Self::Tls, Self::Tcp, Self::Udp]
            .into_iter()
            .find(|known| known.as_str() == kind)
    }

    /// The routes that a listener of `protocol` can take.
    // gateway-api: apis/v1/gateway_types.go ProtocolType, RouteGroupKind
    pub(crate) fn of_protocol(protocol: &str) -> &'static [Self] {
        match protocol {
            "HTTP" | "HTTPS" => &[Self::Http, Self::Grpc],
            "TLS" => &[Self::Tls],
            "TCP" => &[Self::Tcp],
            "UDP" => &[Self::Udp],
            _ => &[],
        }
    }
}

/// All objects, each kind oldest first.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    pub(crate) classes: Vec<Stored<api::GatewayClass>>,
    pub(crate) gateways: Vec<Stored<api::Gateway>>,
    pub(crate) sets: Vec<Stored<api::ListenerSet>>,
    pub(crate) routes: Vec<(RouteKind, Stored<api::Route>)>,
    pub(crate) grants: Vec<Stored<api::ReferenceGrant>>,
    pub(crate) policies: Vec<Stored<api::BackendTlsPolicy>>,
}

/// The namespace of an object, empty for cluster-scoped ones.
pub(crate) fn namespace<T>(stored: &Stored<T>) -> &str {
    stored.object.namespace.as_deref().unwrap_or_default()
}

impl Objects {
    /// Reads them from the manifests.
    pub(crate) fn read(snapshot: &Snapshot) -> Self {
        let mut objects = Self::default();
        for (id, object) in snapshot.manifests.objects().iter().enumerate() {
            let accepted = snapshot.accepted.binary_search(&(id as u32)).is_ok();
            if !accepted || !object.api_version.starts_with(GROUP) {
                continue;
            }
            let mut reference = object.reference();
            if object.kind == "GatewayClass" {
                reference.namespace = None;
            } else {
                reference.namespace.get_or_insert_with(|| "default".into());
            }
            let origin = Origin::Manifest { object: id as u32, prefix: "" };
            match object.kind.as_str() {
                "GatewayClass" => objects.classes.push(stored(snapshot, id, reference, origin)),
                "Gateway" => objects.gateways.push(stored(snapshot, id, reference, origin)),
                "ListenerSet" => objects.sets.push(stored(snapshot, id, reference, origin)),
                "ReferenceGrant" => objects.grants.push(stored(snapshot, id, reference, origin)),
                "BackendTLSPolicy" => objects.policies.push(stored(snapshot, id, reference, origin)),
                kind => {
                    if let Some(kind) = RouteKind::parse(kind) {
                        objects.routes.push((kind, stored(snapshot, id, reference, origin)));
                    }
                }
            }
        }
        sort(&mut objects.gateways, |stored| (&stored.value.metadata, &stored.object));
        sort(&mut objects.sets, |stored| (&stored.value.metadata, &stored.object));
        sort(&mut objects.policies, |stored| (&stored.value.metadata, &stored.object));
        sort(&mut objects.routes, |(_, stored)| (&stored.value.metadata, &stored.object));
        objects
    }

    /// The Gateway `namespace/name`.
    pub(crate) fn gateway(&self, space: &str, name: &str) -> Option<usize> {
        self.gateways.iter().position(|stored| namespace(stored) == space && stored.object.name == name)
    }
}

fn stored<T: Read>(snapshot: &Snapshot, id: usize, object: ObjectRef, origin: Origin) -> Stored<T> {
    let id = snapshot.manifests.objects().get(id).map(|object| object.id);
    let value = id.map(|id| snapshot.manifests.typed(id)).unwrap_or_default();
    Stored { object, origin, value }
}

/// Oldest first; equal times by namespace and name. Objects without a creation time come after those
/// with one, in input order.
// gateway-api: geps and apis/v1 "Conflict resolution"
fn sort<T>(objects: &mut [T], of: impl Fn(&T) -> (&ObjectMeta, &ObjectRef)) {
    objects.order_by(|a, b| {
        let ((a, a_object), (b, b_object)) = (of(a), of(b));
        let time = |meta: &ObjectMeta| seconds(meta.creation_timestamp.as_deref()?);
        match (time(a), time(b)) {
            (Some(x), Some(y)) => {
                let name = |object: &ObjectRef| (object.namespace.clone(), object.name.clone());
                x.cmp(&y).then_with(|| name(a_object).cmp(&name(b_object)))
            }
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => std::cmp::Ordering::Equal,
        }
    });
}

/// The position of a field of an object.
pub(crate) fn evidence<T>(snapshot: &Snapshot, stored: &Stored<T>, field: &str) -> Evidence {
    snapshot.evidence(stored.object.clone(), &stored.origin, field)
}
