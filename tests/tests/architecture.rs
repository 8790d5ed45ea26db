//! The shape of core: rooms use only those above them, files stay short, and nothing in it can reach
//! the outside.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Rooms in order: each may use those before it.
const ROOMS: &[&str] = &[
    "order",
    "manifest",
    "admission",
    "model",
    "addressing",
    "services",
    "policy",
    "dns",
    "ingress",
    "gateway",
    "journey",
    "lint",
    "diagnose",
    "exercise",
    "render",
    "cluster",
    "ask",
    "lib",
];

/// The facade and the one entry sit on top, but a room may offer its questions as methods of the facade
/// and answer with the error of the entry.
const EVERYWHERE: &[&str] = &["cluster", "ask"];

const MAX_LINES: usize = 600;

fn core_src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src")
}

fn files(dir: &Path, found: &mut Vec<PathBuf>, extensions: &[&str]) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules", "dist", ".venv", ".git", ".astro"].contains(&name.as_str()) {
                files(&path, found, extensions);
            }
        } else if path.extension().is_some_and(|ext| extensions.iter().any(|wanted| ext == *wanted)) {
            found.push(path);
        }
    }
}

fn room_of(path: &Path) -> String {
    let relative = path.strip_prefix(core_src()).unwrap();
    let first = relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn rooms_use_only_rooms_above_them() {
    let mut sources = Vec::new();
    files(&core_src(), &mut sources, &["rs"]);
    let mut faults = Vec::new();
    for path in &sources {
        let room = room_of(path);
        let Some(rank) = ROOMS.iter().position(|name| *name == room) else {
            faults.push(format!("{}: room `{room}` is not in the list", path.display()));
            continue;
        };
        let text = std::fs::read_to_string(path).unwrap();
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for used in code.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(other) = ROOMS.iter().position(|name| *name == used) else { continue };
                if other > rank && !EVERYWHERE.contains(&used.as_str()) {
                    faults.push(format!(
                        "{}:{}: `{room}` uses `{used}`, which is below it",
                        path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_file_is_longer_than_the_cap() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = Vec::new();
    files(&root, &mut sources, &["rs", "ts", "mjs", "py"]);
    let long: Vec<String> = sources
        .iter()
        .filter_map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            // What a program wrote is read through what wrote it.
            let generated = text.lines().next().is_some_and(|line| line.contains("Generated from"));
            let lines = text.lines().count();
            (lines > MAX_LINES && !generated).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "longer than {MAX_LINES} lines:\n{}", long.join("\n"));
}

#[test]
fn core_cannot_reach_the_outside() {
    // clippy.toml says the same to the compiler; this holds it when clippy is not run.
    const FORBIDDEN: &[&str] = &[
        "std::fs",
        "std::process",
        "std::thread",
        "std::env::",
        "std::net::Tcp",
        "std::net::Udp",
        "Instant::now",
        "SystemTime",
        "HashMap",
        "HashSet",
        "std::io::stdin",
        "println!",
        "eprintln!",
    ];
    let mut sources = Vec::new();
    files(&core_src(), &mut sources, &["rs"]);
    let mut faults = Vec::new();
    for path in &sources {
        for (number, line) in std::fs::read_to_string(path).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in FORBIDDEN.iter().filter(|word| code.contains(**word)) {
                faults.push(format!("{}:{}: {word}", path.display(), number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_dependency_of_core_is_argued_for() {
    let manifest = std::fs::read_to_string(core_src().join("../Cargo.toml")).unwrap();
    let architecture = std::fs::read_to_string(core_src().join("../../ARCHITECTURE.md")).unwrap();
    let section = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names: BTreeSet<&str> = section
        .lines()
        .filter_map(|line| line.split(['.', '=', ' ']).next().filter(|name| !name.is_empty()))
        .collect();
    let missing: Vec<&&str> =
        names.iter().filter(|name| !architecture.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "dependencies of core without a reason in ARCHITECTURE.md: {missing:?}");
}
