//! The questions of this room as methods of the facade.

use super::{HttpRequest, NginxTable, Passage, Reach, Refusal, Routing, StatusList};
use crate::cluster::Cluster;
use crate::model::{Party, Protocol};
use crate::policy::{self, Decision};
use std::net::IpAddr;

impl Cluster {
    /// What happens to one HTTP request that a client sends to the cluster's Ingress controller.
    ///
    /// ```
    /// use kubehop::ingress::{HttpRequest, Response};
    /// use kubehop::{Cluster, Settings, Source};
    ///
    /// let text = "
    /// apiVersion: networking.k8s.io/v1
    /// kind: IngressClass
    /// metadata: {name: nginx}
    /// spec: {controller: k8s.io/ingress-nginx}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: shop}
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///   - host: shop.example.com
    ///     http:
    ///       paths:
    ///       - {path: /api, pathType: Prefix, backend: {service: {name: api, port: {number: 80}}}}
    /// ";
    /// let cluster = Cluster::load([Source::new("shop.yaml", text)], &Settings::default());
    /// let routing = cluster.route(&HttpRequest::get("http://shop.example.com/api/v1")?);
    /// // No pod of the controller runs: nothing is served, and the rest is what would happen.
    /// assert_eq!(routing.obstacles[0].code, "ingress/no-controller");
    /// assert_eq!(routing.matched.unwrap().path.unwrap(), "/api");
    /// // The Service api does not exist.
    /// assert_eq!(routing.outcomes[0].response, Response::Status { code: 503, location: None });
    /// # Ok::<(), kubehop::AskError>(())
    /// ```
    pub fn route(&self, request: &HttpRequest) -> Routing {
        self.with_reach(|reach| self.ingress_table().route(reach, request))
    }

    /// Hands the layers below HTTP to `ask`.
    pub(crate) fn with_reach<T>(&self, ask: impl FnOnce(Reach<'_>) -> T) -> T {
        let (snapshot, policies) = (self.snapshot(), self.policies());
        let judge = |from: Party, to: Party, from_ip: IpAddr, to_ip: IpAddr, port: u16| {
            let connection = policy::Connection { from, to, from_ip, to_ip, protocol: Protocol::Tcp, port };
            match policies.allows(snapshot, &connection) {
                Decision::Allowed => Passage::Allowed,
                Decision::Denied => Passage::Denied,
                Decision::ImplementationDefined { .. } | Decision::Undetermined { .. } => Passage::Open,
            }
        };
        ask(Reach { snapshot, judge: &judge })
    }

    /// The servers and locations that ingress-nginx generates from its Ingresses; `None` without an
    /// ingress-nginx.
    ///
    /// ```
    /// # use kubehop::{Cluster, Settings, Source};
    /// let class = "{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: nginx}, spec: {controller: k8s.io/ingress-nginx}}";
    /// let cluster = Cluster::load([Source::new("class.yaml", class)], &Settings::default());
    /// let table = cluster.nginx_table().unwrap();
    /// assert_eq!(table.servers[0].host, "_");
    /// ```
    pub fn nginx_table(&self) -> Option<NginxTable> {
        self.ingress_table().nginx_table(self.snapshot())
    }

    /// What the validating webhook of ingress-nginx would have said to each Ingress when it was created.
    pub fn ingress_refusals(&self) -> Vec<Refusal> {
        self.ingress_table().refusals(self.snapshot())
    }

    /// Class, controller and ADDRESS of every Ingress, as `kubectl get ingress` shows them.
    pub fn ingress_statuses(&self) -> StatusList {
        self.ingress_table().statuses(self.snapshot())
    }
}
