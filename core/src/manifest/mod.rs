//! YAML and JSON text to typed objects with positions; all faults as data. The only room that knows YAML.

pub mod api;
mod base64;
mod codes;
mod compose;
pub mod decode;
mod file;
mod formats;
mod gosyntax;
mod json;
mod judge;
mod kinds;
mod load;
mod number;
mod path;
mod problem;
pub(crate) mod read;
mod scalar;
mod schema;
mod source;
mod split;
mod stream;
mod strict;
mod suggest;
mod text;
pub(crate) mod tree;
mod utf8;
mod write;
mod yaml;

pub use file::Limits;
pub use kinds::{KINDS, KindInfo};
pub use load::{Manifests, Object, ObjectId};
pub use problem::{Evidence, ObjectRef, Problem, Severity};
pub use read::Read;
pub use source::{Place, Source, Span};
pub(crate) use suggest::near;
pub use tree::Node;
