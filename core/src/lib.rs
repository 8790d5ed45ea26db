//! A model of Kubernetes networking with no I/O: manifests in, every hop and its reason out.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

// Sorting, for all rooms.
mod order;
// Rooms, in order: a room uses only those above it.
pub mod admission;
pub mod manifest;
pub mod model;
// Mechanisms: addressing, services, policy, dns, ingress, gateway.
pub mod addressing;
pub mod diagnose;
pub mod dns;
pub mod gateway;
pub mod ingress;
pub mod journey;
pub mod lint;
pub mod policy;
pub mod render;
pub mod services;

mod ask;
mod cluster;

pub use ask::{Answer, AskError, GatewayQuestion, PortText, Question, RouteQuestion, SourceText};
pub use cluster::{Cluster, ProblemList};
pub use manifest::Source;
pub use model::Settings;
