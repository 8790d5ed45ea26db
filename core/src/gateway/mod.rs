//! Gateway API v1.6, standard channel: which listener, route and rule take a request, what filters do
//! to it, where it goes in which shares, and what the status of every object says.
//!
//! Modelled: GatewayClass, Gateway, ListenerSet, HTTPRoute, GRPCRoute, TLSRoute, TCPRoute, UDPRoute,
//! ReferenceGrant, BackendTLSPolicy; validation as the CRDs' schemas and rules do it.
//!
//! What runs a Gateway is looked for in the manifests: pods and Services with the label
//! `gateway.networking.k8s.io/gateway-name` in its namespace (Envoy Gateway's own labels too), else pods
//! of the controller that its class names. What is missing is an obstacle; the rest of the answer then
//! says what would happen without it.
//!
//! Where the API leaves a choice to the implementation and the choice decides, the answer is
//! undetermined, except where the controller's name tells which proxy it is: the status when no endpoint
//! can be connected to, whether rules of a less specific host name still count, the rank of regular
//! expressions, which of two spellings of a host name is compared, ExternalName Services, backends of
//! other kinds, ExtensionRef filters.
//!
//! **Not modelled**: retries, session persistence, external authentication and other extensions; how long
//! a backend takes (timeouts are answered as written); which certificate a backend shows (what is
//! required of it is answered); routes whose parent is a Service (meshes); `observedGeneration`, the
//! supported features of a class, addresses that a Gateway asks for; paths before normalisation. The
//! status is that of an implementation which supports every feature and isolates listeners.

mod answer;
mod attach;
mod choose;
mod convert;
mod dataplane;
mod explain;
mod facade;
mod filters;
mod hostname;
mod listeners;
mod matching;
mod notes;
mod objects;
mod policy;
mod references;
mod route;
mod serve;
mod status;

#[cfg(test)]
mod tests;

pub use answer::{
    GatewayCertificate, GatewayOutcome, GatewayRouting, HeaderChange, ListenerAnswer, MirrorAnswer,
    RouteCandidate, RouteMatched, TimeoutsAnswer,
};
pub use convert::{Conversion, ConversionDifference, ConversionNote};
pub use filters::replace_prefix;
pub use objects::RouteKind;
pub use policy::BackendTls;
pub use route::{ClientCertificate, GatewayProtocol, GatewayRequest};
pub use status::{Condition, GatewayStatus, ListenerStatus, ObjectStatus, ParentStatus, RouteStatus};

use crate::ingress::backend::Index;
use crate::model::Snapshot;

/// The settled Gateway API objects of a cluster.
#[derive(Debug)]
pub struct Table {
    world: attach::World,
    services: Index,
}

impl Table {
    /// Settles the objects of a snapshot.
    pub fn new(snapshot: &Snapshot) -> Self {
        Self { world: attach::World::new(snapshot), services: Index::new(snapshot) }
    }

    /// The status that implementations would write.
    pub fn status(&self, snapshot: &Snapshot) -> GatewayStatus {
        self.world.status(snapshot)
    }

    /// The Gateway that a host name is for: one with a route for it, else one that a route for it names
    /// without being attached.
    pub(crate) fn of_host(&self, host: &str) -> Option<String> {
        let routes = &self.world.objects.routes;
        let serves = |index: &usize| {
            let names = routes.get(*index).map_or(&[][..], |(_, route)| &route.value.spec.hostnames);
            names.is_empty() || names.iter().any(|name| hostname::covers(name, host))
        };
        let listener = self.world.listeners.iter().find(|listener| {
            hostname::covers(&listener.hostname, host) && listener.attached.iter().any(serves)
        });
        let attached = listener.and_then(|listener| self.world.objects.gateways.get(listener.gateway));
        let named = || {
            let (_, route) = routes
                .iter()
                .enumerate()
                .find(|(index, (_, route))| serves(index) && !route.value.spec.hostnames.is_empty())?
                .1;
            let names =
                |name: &str| self.world.objects.gateways.iter().find(|stored| stored.object.name == name);
            route.value.spec.parent_refs.iter().find_map(|parent| names(&parent.name))
        };
        let stored = attached.or_else(named)?;
        Some(format!("{}/{}", objects::namespace(stored), stored.object.name))
    }

    /// The first Gateway, for questions that name none.
    pub(crate) fn first_gateway(&self) -> Option<String> {
        let stored = self.world.objects.gateways.first()?;
        Some(format!("{}/{}", objects::namespace(stored), stored.object.name))
    }

    /// Namespaced names of all Gateways.
    pub(crate) fn gateway_names(&self) -> Vec<String> {
        let gateways = self.world.objects.gateways.iter();
        gateways.map(|stored| format!("{}/{}", objects::namespace(stored), stored.object.name)).collect()
    }
}
