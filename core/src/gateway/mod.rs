//! Gateway API v1.6, standard channel: which listener, route and rule take a request, what filters do
//! to it, where it goes in which shares, and what the status of every object says.
//!
//! Modelled: GatewayClass, Gateway, ListenerSet, HTTPRoute, GRPCRoute, TLSRoute, TCPRoute, UDPRoute,
//! ReferenceGrant, BackendTLSPolicy; validation as the CRDs' schemas and rules do it.
//!
//! **Not modelled**: retries, session persistence, external authentication and other extensions; how long
//! a backend takes (timeouts are answered as written); which certificate a backend or a client shows
//! (what is required of it is answered); the data plane's own pods unless they carry the label
//! `gateway.networking.k8s.io/gateway-name`. Every GatewayClass counts as taken by a running
//! implementation, which supports all features and isolates listeners.

mod answer;
mod attach;
mod convert;
mod explain;
mod facade;
mod filters;
mod hostname;
mod listeners;
mod matching;
mod objects;
mod policy;
mod references;
mod route;
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
pub use route::{GatewayProtocol, GatewayRequest};
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
