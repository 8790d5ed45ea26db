//! The questions of this room as methods of the facade.

use super::{
    Conversion, ConversionDifference, GatewayRequest, GatewayRouting, GatewayStatus, convert, route,
};
use crate::ask::AskError;
use crate::cluster::Cluster;
use crate::ingress::{HttpRequest, Response, UpstreamRequest};
use crate::manifest::{ObjectRef, Source};

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

    /// The Ingresses as Gateway API manifests, what has no equivalent, and which of a set of sampled
    /// requests go elsewhere afterwards.
    ///
    /// ```
    /// # use kubehop::{Cluster, Settings, Source};
    /// let text = "
    /// {apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: nginx}, spec: {controller: k8s.io/ingress-nginx}}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: shop}
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///   - host: shop.example.com
    ///     http: {paths: [{path: /api, pathType: Prefix, backend: {service: {name: api, port: {number: 80}}}}]}
    /// ---
    /// {apiVersion: v1, kind: Service, metadata: {name: api}, spec: {ports: [{port: 80}]}}
    /// ";
    /// let cluster = Cluster::load([Source::new("shop.yaml", text)], &Settings::default());
    /// let conversion = cluster.convert_ingresses();
    /// assert!(conversion.manifests.contains("kind: HTTPRoute"));
    /// assert!(conversion.compared > 0);
    /// assert_eq!(conversion.differences, []);
    /// ```
    pub fn convert_ingresses(&self) -> Conversion {
        let (mut conversion, samples) = convert::convert(self.snapshot(), self.ingress_table());
        let converted = self.with([Source::new("converted.yaml", conversion.manifests.clone())]);
        let (space, name) = convert::GATEWAY;
        for (host, path) in samples {
            let http = HttpRequest { host: Some(host), path, ..HttpRequest::default() };
            let before = self.route(&http);
            let request =
                GatewayRequest { gateway: format!("{space}/{name}"), http, ..GatewayRequest::default() };
            let Ok(after) = converted.gateway_route(&request) else { continue };
            let ingress = before.outcomes.iter().map(|outcome| {
                let backend = outcome.backend.as_ref().map(|backend| &backend.service);
                end(&outcome.share.to_string(), backend, outcome.upstream.as_ref(), &outcome.response)
            });
            let gateway = after.outcomes.iter().map(|outcome| {
                end(
                    &outcome.share.to_string(),
                    outcome.backend.as_ref(),
                    outcome.upstream.as_ref(),
                    &outcome.response,
                )
            });
            let (ingress, gateway) =
                (ingress.collect::<Vec<_>>().join(" or "), gateway.collect::<Vec<_>>().join(" or "));
            conversion.compared += 1;
            if ingress != gateway {
                conversion.differences.push(ConversionDifference {
                    request: request.http.line(),
                    ingress,
                    gateway,
                });
            }
        }
        conversion
    }
}

/// How a request ends, in words that fit both.
fn end(
    share: &str,
    backend: Option<&ObjectRef>,
    upstream: Option<&UpstreamRequest>,
    response: &Response,
) -> String {
    let end = match (response, backend, upstream) {
        (Response::Backend {} | Response::Undetermined { .. }, Some(backend), Some(upstream)) => {
            format!("{backend} sees {}", upstream.path)
        }
        (Response::Status { code, location: Some(location) }, ..) => format!("{code} to {location}"),
        // a Service without endpoints: 503 by both, a missing one 503 by ingress-nginx and 500 by a Gateway
        (Response::Status { code, .. }, Some(backend), _) if *code >= 500 => {
            format!("no answer from {backend}")
        }
        (Response::Status { code, .. }, ..) => code.to_string(),
        _ => "nothing".into(),
    };
    format!("{share} {end}")
}
