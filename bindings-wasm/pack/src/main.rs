//! `kubehop-pack MODULE.wasm FOLDER`: what the wasm-bindgen command does, with the version that
//! Cargo.lock fixes and nothing to install.

use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        eprintln!("usage: kubehop-pack MODULE.wasm FOLDER");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module);
    let made = bindgen.web(true).and_then(|bindgen| {
        bindgen
            // Bundlers would otherwise emit the module a second time for users of the inlined one.
            .omit_default_module_path(true)
            .remove_name_section(true)
            .remove_producers_section(true)
            .typescript(true)
            .out_name("glue")
            .generate(folder)
    });
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kubehop-pack: {error:?}");
            ExitCode::FAILURE
        }
    }
}
