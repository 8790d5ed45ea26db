//! Conformance suites: each walks one folder of cases written elsewhere and asks the library through
//! its public API only.

pub mod corpus;
pub mod report;
pub mod schema;
pub mod suites;
