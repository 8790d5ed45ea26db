//! `kubehop-conformance [DIR] [--suite NAME]`: runs every suite whose folder is there.

use kubehop_conformance::{report::Report, suites::SUITES};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut dir = PathBuf::from("../shared/conformance");
    let mut only = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--suite" => only = args.next(),
            "--help" | "-h" => {
                println!("usage: kubehop-conformance [DIR] [--suite NAME]");
                return ExitCode::SUCCESS;
            }
            path => dir = path.into(),
        }
    }
    if !dir.is_dir() {
        let required = std::env::var("CI").is_ok_and(|value| value == "true");
        println!(
            "conformance: skipped, no directory {} (its cases are not part of this repository)",
            dir.display()
        );
        return if required { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let mut failed = false;
    let mut ran = false;
    for (name, run) in SUITES {
        if only.as_deref().is_some_and(|only| only != *name) {
            continue;
        }
        let folder = dir.join(name);
        if !folder.is_dir() {
            println!("{name}: 0 passed, 0 failed, 1 skipped (no folder {})", folder.display());
            continue;
        }
        let mut report = Report::default();
        run(&folder, &mut report);
        report.print(name);
        failed |= report.failed();
        ran = true;
    }
    if let Some(name) = only.filter(|_| !ran) {
        println!(
            "no suite `{name}` ran; there are: {}",
            SUITES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
        );
        return ExitCode::FAILURE;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
