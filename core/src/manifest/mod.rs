//! YAML and JSON text to typed objects with positions; all faults as data. The only room that knows YAML.

pub mod api;
mod problem;
pub(crate) mod read;
mod source;
pub(crate) mod tree;

pub use problem::{Evidence, ObjectRef, Problem, Severity};
pub use source::{Place, Source, Span};
