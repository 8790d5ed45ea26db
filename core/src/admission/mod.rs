//! What the API server says of an object: defaulting and validation, in its words and with its field
//! paths. Nothing here knows the cluster; allocation is the model's.
//!
//! Modelled: names, labels and selectors; Service; the ports, names and DNS settings of pods; whether a
//! workload selects its own pods; Ingress and IngressClass; NetworkPolicy; ClusterNetworkPolicy and its
//! predecessors; EndpointSlice and Endpoints; the Gateway API's schemas and rules;
//! Node and Namespace basics. Not modelled: fields that have no part in networking (volumes, resources,
//! images, probes' numbers), admission webhooks, the schemas of other custom resources. Values that are not
//! scalars are printed as JSON, as since 1.35; older releases print Go syntax.

mod check;
mod cluster_policy;
mod codes;
pub(crate) mod defaults;
mod endpoint_slice;
mod fault;
mod gateway;
mod gateway_schema;
mod ingress;
mod names;
mod network_policy;
mod pod;
mod service;

pub(crate) use check::{NameRule, endpoints, meta, namespace, node};
pub(crate) use cluster_policy::cluster_policy;
pub use codes::codes;
pub(crate) use endpoint_slice::endpoint_slice;
pub use fault::{Fault, Gates, Shown};
pub(crate) use gateway::gateway;
pub(crate) use ingress::{ingress, ingress_class};
pub(crate) use network_policy::network_policy;
pub(crate) use pod::{cron_job, pod, replication_controller, workload};
pub(crate) use service::service;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_edge;
#[cfg(test)]
mod tests_policy;
