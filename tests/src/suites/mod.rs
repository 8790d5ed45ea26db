//! One module per folder of the conformance directory.

mod dns;
mod gateway;
mod ingress;
mod kubectl;
mod manifests;
mod networkpolicy;
mod services;
mod troubleshoot;

use crate::report::Report;
use std::path::Path;

/// A suite: the name of its folder and what runs it.
pub type Suite = (&'static str, fn(&Path, &mut Report));

/// All suites, by folder name.
pub const SUITES: &[Suite] = &[
    ("dns", dns::run),
    ("gateway", gateway::run),
    ("ingress", ingress::run),
    ("manifests", manifests::run),
    ("kubectl", kubectl::run),
    ("networkpolicy", networkpolicy::run),
    ("services", services::run),
    ("troubleshoot", troubleshoot::run),
];
