//! What `kubectl get ingress` shows: class, controller and ADDRESS.

use super::{Engine, Table};
use crate::manifest::ObjectRef;
use crate::model::{PodId, Service, Snapshot};
use crate::order::SliceOrder;
use serde::Serialize;

/// The status of every Ingress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusList {
    /// In input order.
    pub ingresses: Vec<IngressStatusAnswer>,
}

/// Class, controller and address of one Ingress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressStatusAnswer {
    /// The Ingress.
    pub ingress: ObjectRef,
    /// Its class, by field or annotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The controller that takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// What the controller writes into status.loadBalancer: IPs and host names.
    pub addresses: Vec<String>,
    /// Where the addresses come from, or why there are none.
    pub why: String,
}

pub(crate) fn list(table: &Table, snapshot: &Snapshot) -> StatusList {
    let ingresses = snapshot.ingresses.iter().enumerate().map(|(index, stored)| {
        let value = &stored.value;
        let annotation = value.metadata.annotations.get(super::controllers::CLASS_ANNOTATION);
        let class = value.spec.ingress_class_name.clone().or_else(|| annotation.cloned());
        let engine = table.engines.iter().find(|engine| engine.claimed.contains(&(index as u32)));
        let (controller, (addresses, why)) = match engine {
            Some(engine) => (Some(engine.controller.name.clone()), addresses(engine, snapshot)),
            None => {
                let reason = table.engines.iter().find_map(|engine| engine.not_claimed.get(&(index as u32)));
                let why =
                    reason.map_or_else(|| super::explain::nobody(snapshot), super::explain::not_claimed);
                (None, (Vec::new(), why))
            }
        };
        IngressStatusAnswer { ingress: stored.object.clone(), class, controller, addresses, why }
    });
    StatusList { ingresses: ingresses.collect() }
}

// ingress-nginx: internal/ingress/status/status.go runningAddresses
fn addresses(engine: &Engine, snapshot: &Snapshot) -> (Vec<String>, String) {
    let controller = &engine.controller;
    let flags = &controller.flags;
    if controller.pods.is_empty() {
        return (
            Vec::new(),
            format!("no pod of the controller {} runs, so nobody writes the status", controller.name),
        );
    }
    if !flags.publish_address.is_empty() {
        return (flags.publish_address.clone(), "from --publish-status-address".into());
    }
    if let Some((namespace, name)) = flags.publish_service.as_deref().and_then(|name| name.split_once('/')) {
        let namespace = if namespace == "$(POD_NAMESPACE)" {
            pod_namespace(snapshot, &controller.pods)
        } else {
            namespace
        };
        let Some(service) = snapshot.service_id(namespace, name).and_then(|id| snapshot.service(id)) else {
            return (Vec::new(), format!("Service {namespace}/{name} of --publish-service does not exist"));
        };
        return of_service(namespace, service);
    }
    let is_nginx = controller.profile == crate::model::IngressProfile::IngressNginx;
    let entry = snapshot.services.iter().find(|service| {
        let namespace = snapshot.namespace_name(service.namespace);
        namespace == pod_namespace(snapshot, &controller.pods)
            && service.spec.type_ == "LoadBalancer"
            && controller.pods.iter().filter_map(|pod| snapshot.pod(*pod)).any(|pod| {
                !service.spec.selector.is_empty()
                    && service.spec.selector.iter().all(|(key, value)| pod.labels.get(key) == Some(value))
            })
    });
    if let Some(service) = entry.filter(|_| !is_nginx) {
        return of_service(snapshot.namespace_name(service.namespace), service);
    }
    let nodes =
        controller.pods.iter().filter_map(|pod| snapshot.pod(*pod)).filter(|pod| pod.ready && pod.is_alive());
    let nodes = nodes.filter_map(|pod| snapshot.node(pod.node?));
    let mut ips: Vec<String> = nodes
        .filter_map(|node| node.external_ips.first().or_else(|| node.ips.first()))
        .map(ToString::to_string)
        .collect();
    ips.order();
    ips.dedup();
    (ips, "the addresses of the nodes with a ready controller pod".into())
}

fn pod_namespace<'a>(snapshot: &'a Snapshot, pods: &[PodId]) -> &'a str {
    let pod = pods.first().and_then(|pod| snapshot.pod(*pod));
    pod.map_or("", |pod| snapshot.namespace_name(pod.namespace))
}

// ingress-nginx: internal/k8s/main.go statusAddressFromService
fn of_service(namespace: &str, service: &Service) -> (Vec<String>, String) {
    let object = format!("Service {namespace}/{}", service.name);
    let external = service.spec.external_ips.iter().cloned();
    match service.spec.type_.as_str() {
        "ExternalName" => {
            (vec![service.spec.external_name.clone()], format!("the external name of {object}"))
        }
        "LoadBalancer" => {
            let given = service.status.load_balancer.ingress.iter();
            let given = given
                .map(|entry| if entry.ip.is_empty() { entry.hostname.clone() } else { entry.ip.clone() });
            let addresses: Vec<String> = given.chain(external).collect();
            let why = if addresses.is_empty() {
                format!("{object} has no address yet")
            } else {
                format!("the address of {object}")
            };
            (addresses, why)
        }
        "NodePort" if !service.spec.external_ips.is_empty() => {
            (external.collect(), format!("the externalIPs of {object}"))
        }
        _ => (
            vec![service.spec.cluster_ip.clone()],
            format!("the ClusterIP of {object}, which clients outside the cluster cannot reach"),
        ),
    }
}
