//! `multicluster.x-k8s.io`.

use super::core_v1::ServicePort;
use crate::manifest::read::api;

api! {
    /// A Service of a set of clusters.
    ServiceImport { "spec" spec: ServiceImportSpec }
    /// Spec of a [`ServiceImport`].
    ServiceImportSpec { "type" type_: String, "ips" ips: Vec<String>, "ports" ports: Vec<ServicePort> }
}
