//! Asks one question of manifests: `cargo run --example ask -- DIR FROM TO`; without ends, what is
//! wrong in the cluster as a whole.

use std::io::Write;

use kubehop::{Cluster, Question, Settings, Source, render};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [path, rest @ ..] = args.as_slice() else {
        return Err("usage: ask PATH [FROM TO | 'get svc -A']".into());
    };
    #[expect(clippy::disallowed_methods, reason = "reading files is the caller's part")]
    let read = |path: &std::path::Path| {
        std::fs::read(path).map(|text| Source::new(path.display().to_string(), text))
    };
    let path = std::path::Path::new(path);
    let mut sources = Vec::new();
    if path.is_dir() {
        let mut files: Vec<_> = std::fs::read_dir(path)?.flatten().map(|entry| entry.path()).collect();
        #[expect(clippy::disallowed_methods, reason = "an example is not downloaded by a page")]
        files.sort();
        for file in files {
            sources.push(read(&file)?);
        }
    } else {
        sources.push(read(path)?);
    }
    let cluster = Cluster::load(sources, &Settings::default());
    for problem in cluster.problems() {
        writeln!(out, "{problem:?}")?;
    }
    let question = match rest {
        [from, to] => Question::Trace { from: from.clone(), to: to.clone(), port: None, protocol: None },
        [command] => Question::Kubectl { command: command.clone() },
        _ => Question::Diagnose { from: None, to: None, port: None, protocol: None },
    };
    writeln!(out, "{}", render::text(&cluster.ask(&question)?))?;
    Ok(())
}
