//! The Kubernetes API types that matter to networking, field names as in `k8s.io/api`.
//!
//! Values are as written: nothing is defaulted here. A field that was absent, null or of the wrong
//! type reads as its zero value (`None`, empty, 0), as in Go.

pub mod core_v1;
pub mod discovery_v1;
pub mod gateway_v1;
pub mod meta;
pub mod multicluster;
pub mod networking_v1;
pub mod policy;
pub mod workloads;
