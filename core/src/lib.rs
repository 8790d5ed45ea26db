//! A model of Kubernetes networking with no I/O.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
pub mod manifest;
pub use manifest::Source;
