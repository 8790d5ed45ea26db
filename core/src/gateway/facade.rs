//! The questions of this room as methods of the facade.

use super::{
    Conversion, ConversionDifference, GatewayRequest, GatewayRouting, GatewayStatus, convert, route,
};
use crate::ask::AskError;
use crate::cluster::Cluster;
use crate::ingress::{EndpointAnswer, HttpRequest, Response, UpstreamRequest};
use crate::manifest::{ObjectRef, Source};
use crate::model::Share;
use crate::order::SliceOrder;

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
        for http in samples {
            let before = self.route(&http);
            let request =
                GatewayRequest { gateway: format!("{space}/{name}"), http, ..GatewayRequest::default() };
            let Ok(after) = converted.gateway_route(&request) else { continue };
            let ingress = before.outcomes.iter().map(|outcome| {
                let backend = outcome.backend.as_ref().map(|backend| &backend.service);
                let upstream = outcome.upstream.as_ref();
                End::new(outcome.share, backend, upstream, &outcome.endpoints, &outcome.response)
            });
            let gateway = after.outcomes.iter().map(|outcome| {
                let upstream = outcome.upstream.as_ref();
                End::new(
                    outcome.share,
                    outcome.backend.as_ref(),
                    upstream,
                    &outcome.endpoints,
                    &outcome.response,
                )
            });
            let (mut ingress, mut gateway): (Vec<End>, Vec<End>) = (ingress.collect(), gateway.collect());
            ingress.order_by_key(|end| (end.backend.clone(), end.share.clone()));
            gateway.order_by_key(|end| (end.backend.clone(), end.share.clone()));
            conversion.compared += 1;
            let same = ingress.len() == gateway.len() && ingress.iter().zip(&gateway).all(|(a, b)| a.same(b));
            let (ingress, gateway) = (End::list(&ingress), End::list(&gateway));
            // the same request with other headers, differing alike, says nothing more
            let told = conversion.differences.last().is_some_and(|last: &ConversionDifference| {
                request.http.line() == last.request && ingress == last.ingress && gateway == last.gateway
            });
            if !same && !told {
                conversion.differences.push(ConversionDifference {
                    request: line(&request.http),
                    ingress,
                    gateway,
                });
            }
        }
        conversion
    }
}

fn line(request: &HttpRequest) -> String {
    let headers = request.headers.iter().map(|(name, value)| format!(" with {name}: {value}"));
    request.line() + &headers.collect::<String>()
}

/// How a request ends, as far as both can be compared.
struct End {
    share: String,
    backend: Option<ObjectRef>,
    /// Addresses that are tried.
    endpoints: Vec<String>,
    /// What the backend sees; absent when it sees nothing.
    seen: Option<String>,
    /// What the client gets.
    got: String,
}

impl End {
    fn new(
        share: Share,
        backend: Option<&ObjectRef>,
        upstream: Option<&UpstreamRequest>,
        endpoints: &[EndpointAnswer],
        response: &Response,
    ) -> Self {
        let got = match response {
            Response::Status { code, location: Some(location) } => format!("{code} to {location}"),
            Response::Status { code, location: None } => code.to_string(),
            Response::Undetermined { missing } => format!("undetermined, it depends on {missing}"),
            Response::Backend {} => "the answer of the backend".into(),
            Response::ConnectionFailed {} => "no connection".into(),
        };
        Self {
            share: share.to_string(),
            backend: backend.cloned(),
            endpoints: endpoints.iter().map(|endpoint| endpoint.address.clone()).collect(),
            seen: upstream.map(|upstream| format!("{} with Host {}", upstream.path, upstream.host)),
            got,
        }
    }

    /// Whether both end alike. Where both try the same endpoints, the pods decide what comes of it, so
    /// only what they are sent is compared; an answer that a proxy gives by itself counts with its status.
    fn same(&self, other: &Self) -> bool {
        let tried = !self.endpoints.is_empty() && self.endpoints == other.endpoints;
        let seen = self.seen == other.seen || self.seen.is_none() || other.seen.is_none();
        self.share == other.share
            && self.backend == other.backend
            && if tried { seen } else { self.seen == other.seen && self.got == other.got }
    }

    fn list(ends: &[Self]) -> String {
        let text = |end: &Self| match (&end.backend, &end.seen) {
            (Some(backend), Some(seen)) => format!("{} {backend} sees {seen}", end.share),
            (Some(backend), None) => format!("{} {} for {backend}", end.share, end.got),
            (None, _) => format!("{} {}", end.share, end.got),
        };
        ends.iter().map(text).collect::<Vec<_>>().join(" or ")
    }
}
