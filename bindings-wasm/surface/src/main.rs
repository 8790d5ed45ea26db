//! Writes the TypeScript and Python types of every question and answer.
//!
//! It reads the Rust sources of `core`, starts at `Question`, `Answer`, `AskError` and `Settings`,
//! follows every type they name and judges serde's attributes as serde does. So a new question needs no
//! line in the bindings: `make surface`, and both languages have its method, its types and its docs.

mod model;
mod python;
mod read;
mod resolve;
mod rules;
mod typescript;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match run(&root) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("surface: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Path) -> Result<(), String> {
    let sources = read::Sources::of_folder(&root.join("core/src"))?;
    let surface = resolve::surface(&sources)?;
    for (path, text) in [
        ("bindings-wasm/npm/src/types.ts", typescript::types(&surface)),
        ("bindings-wasm/npm/src/questions.ts", typescript::questions(&surface)),
        ("bindings-python/python/kubehop/answers.py", python::answers(&surface)),
        ("bindings-python/python/kubehop/questions.py", python::questions(&surface)),
    ] {
        let full = root.join(path);
        if std::fs::read_to_string(&full).is_ok_and(|old| old == text) {
            continue;
        }
        std::fs::write(&full, text).map_err(|fault| format!("{path}: {fault}"))?;
        println!("surface: wrote {path}");
    }
    println!("surface: {} questions, {} types", surface.questions.len(), surface.types.len());
    Ok(())
}
