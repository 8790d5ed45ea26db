use crate::report::Report;
use std::path::Path;

/// Not yet.
pub fn run(_dir: &Path, _file: &Path, _report: &mut Report) {}
