//! The questions of this room as methods of the facade.

use super::{GatewayRequest, GatewayRouting, GatewayStatus, route};
use crate::ask::AskError;
use crate::cluster::Cluster;

impl Cluster {
    /// What happens to a request or connection that a client sends to a Gateway.
    ///
    /// ```
    /// use kubehop::gateway::GatewayRequest;
    /// use kubehop::ingress::{HttpRequest, Response};
    /// use kubehop::{Cluster, Settings, Source};
    ///
    /// let text = "
    /// {apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: c}, spec: {controllerName: example.com/c}}
    /// ---
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: Gateway
    /// metadata: {name: web}
    /// spec: {gatewayClassName: c, listeners: [{name: http, port: 80, protocol: HTTP}]}
    /// ---
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: HTTPRoute
    /// metadata: {name: shop}
    /// spec: {parentRefs: [{name: web}], rules: [{backendRefs: [{name: shop, port: 80}]}]}
    /// ";
    /// let cluster = Cluster::load([Source::new("web.yaml", text)], &Settings::default());
    /// let request = GatewayRequest { http: HttpRequest::get("http://shop.example.com/")?, ..GatewayRequest::default() };
    /// let routing = cluster.gateway_route(&request)?;
    /// assert_eq!(routing.matched.unwrap().route.name, "shop");
    /// // The Service shop does not exist.
    /// assert_eq!(routing.outcomes[0].response, Response::Status { code: 500, location: None });
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    ///
    /// # Errors
    /// [`AskError::NotFound`] when there is no such Gateway.
    pub fn gateway_route(&self, request: &GatewayRequest) -> Result<GatewayRouting, AskError> {
        let table = self.gateway_table();
        let wanted = if request.gateway.is_empty() {
            table.first_gateway().unwrap_or_default()
        } else {
            request.gateway.clone()
        };
        let names = table.gateway_names();
        let full = if wanted.contains('/') { wanted.clone() } else { format!("default/{wanted}") };
        let Some(gateway) = names.iter().position(|name| *name == full) else {
            let near = names
                .iter()
                .find(|name| name.ends_with(&format!("/{}", wanted.rsplit('/').next().unwrap_or_default())));
            return Err(AskError::NotFound { kind: "gateway", name: wanted, near: near.cloned() });
        };
        Ok(self.with_reach(|reach| route::route(table, reach, gateway, request)))
    }

    /// The status that implementations would write into the Gateway API objects.
    ///
    /// ```
    /// # use kubehop::{Cluster, Settings, Source};
    /// let text = "
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: Gateway
    /// metadata: {name: web}
    /// spec: {gatewayClassName: missing, listeners: [{name: http, port: 80, protocol: HTTP}]}
    /// ";
    /// let cluster = Cluster::load([Source::new("web.yaml", text)], &Settings::default());
    /// let status = cluster.gateway_status();
    /// assert_eq!(status.gateways[0].conditions[0].reason, "Pending");
    /// ```
    pub fn gateway_status(&self) -> GatewayStatus {
        self.gateway_table().status(self.snapshot())
    }
}
