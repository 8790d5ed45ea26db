//! `kubehop-pack MODULE.wasm FOLDER`: what the wasm-bindgen command does, with the version that
//! Cargo.lock fixes and nothing to install.

mod order;

use std::path::Path;
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
    let made = made.map_err(Into::into).and_then(|()| reorder(&Path::new(folder).join("glue_bg.wasm")));
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kubehop-pack: {error:?}");
            ExitCode::FAILURE
        }
    }
}

fn reorder(module: &Path) -> Result<(), Box<dyn std::error::Error>> {
    Ok(std::fs::write(module, order::for_compression(&std::fs::read(module)?)?)?)
}
