//! YAML and JSON text to typed objects with positions; all faults as data. The only room that knows YAML.
//!
//! [`Manifests`] reads sources the way kubectl reads files: the stream is cut into documents, YAML
//! is judged by the rules of go-yaml v2 (YAML 1.1 booleans, octal numbers, nulls, anchors, merges)
//! and JSON by those of `encoding/json`, lists are flattened, and every object of a modelled kind is
//! decoded strictly, as `kubectl --validate=strict` does. Nothing stops at the first fault: each is a
//! [`Problem`] with severity, stable code, field path, the decoders' own words, place and, where it is
//! known, the fix. [`decode`] gives those words as kubectl would print them.
//!
//! | file | what it knows |
//! |---|---|
//! | `split`, `stream` | where documents start and end, JSON or YAML |
//! | `yaml/`, `json` | text to events; the words of syntax errors |
//! | `scalar`, `number`, `base64` | what a plain scalar means |
//! | `compose`, `tree` | events to an arena of nodes with byte spans |
//! | `judge` | bombs, cycles, merges and keys that cannot be, duplicate keys |
//! | `schema`, `strict`, `formats`, `suggest` | every field of every modelled kind; unknown fields, wrong types |
//! | `file`, `load` | sources to objects and problems; unchanged sources are reused |
//! | `read`, `api/` | nodes to the few fields that networking needs |
//!
//! **Not modelled:** validation beyond types (that is admission), OpenAPI validation of kinds outside
//! [`KINDS`], defaulting, experimental fields of the Gateway API (its standard channel is taken),
//! nulls where a custom resource does not allow them, encodings other than UTF-8.

mod advice;
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
pub(crate) use load::FileChange;
pub use load::{Manifests, Object, ObjectId};
pub use problem::{Evidence, ObjectRef, Problem, Severity};
pub use read::Read;
pub use source::{Place, Source, Span};
pub(crate) use suggest::near;
pub use tree::Node;
