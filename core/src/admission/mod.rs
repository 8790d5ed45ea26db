//! What the API server says of an object: defaulting and validation, in its words and with its field
//! paths. Nothing here knows the cluster; allocation is the model's.

pub(crate) mod defaults;
mod fault;

pub use fault::{Fault, Gates, Shown};
