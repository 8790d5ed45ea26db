//! How long one HTTP request takes to route, and how that grows with the number of Ingresses.
//!
//! `cargo run --release -p kubehop --example ingress_bench`
#![expect(
    clippy::disallowed_types,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures and prints"
)]

use kubehop::ingress::HttpRequest;
use kubehop::{Cluster, Settings, Source};
use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

const PATHS: usize = 20;
const SPEC: &str = "example.com/spec";
const NGINX: &str = "k8s.io/ingress-nginx";

/// What the paths of an Ingress look like.
#[derive(Clone, Copy, PartialEq)]
enum Paths {
    Prefix,
    /// Regular expressions that begin each in its own way.
    Regex,
    /// Regular expressions that all begin with `/`: nothing tells them apart but trying.
    Alike,
}

struct Row {
    controller: &'static str,
    ingresses: usize,
    one_host: bool,
    paths: Paths,
}

fn manifests(row: &Row) -> String {
    let mut text = format!(
        "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: c}}\nspec: {{controller: {}}}\n",
        row.controller
    );
    for number in 0..row.ingresses {
        let host = if row.one_host { 0 } else { number };
        let annotations = match row.paths {
            Paths::Prefix => "",
            Paths::Regex | Paths::Alike => ", annotations: {nginx.ingress.kubernetes.io/use-regex: 'true'}",
        };
        let _ = write!(
            text,
            "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i{number}{annotations}}}\nspec:\n  ingressClassName: c\n  rules:\n  - host: h{host}.example.com\n    http:\n      paths:\n"
        );
        for path in 0..PATHS {
            let (path_text, kind) = match row.paths {
                Paths::Prefix => (format!("/app{number}/v{path}"), "Prefix"),
                Paths::Regex => (format!("/app{number}/v{path}(/|$)(.*)"), "ImplementationSpecific"),
                Paths::Alike => (format!("/[a]pp{number}/v{path}(/|$)(.*)"), "ImplementationSpecific"),
            };
            let _ = writeln!(
                text,
                "      - {{path: '{path_text}', pathType: {kind}, backend: {{service: {{name: s{path}, port: {{number: 80}}}}}}}}"
            );
        }
    }
    text
}

/// Repeats `work` until it took long enough to be told, and says how long one took.
fn each(mut work: impl FnMut(usize)) -> Duration {
    let begun = Instant::now();
    let mut times = 0;
    while times < 20 || begun.elapsed() < Duration::from_millis(200) {
        work(times);
        times += 1;
    }
    begun.elapsed() / times as u32
}

fn measure(row: &Row) {
    let cluster = Cluster::load([Source::new("bench.yaml", manifests(row))], &Settings::default());
    let (table, snapshot) = (cluster.ingress_table(), cluster.snapshot());
    let requests: Vec<HttpRequest> = (0..1000)
        .map(|n| {
            let number = n * 7919 % row.ingresses;
            let host = if row.one_host { 0 } else { number };
            let url = format!("http://h{host}.example.com/app{number}/v{}/a/b/c?x=1", n % PATHS);
            HttpRequest::get(&url).unwrap()
        })
        .collect();
    let request = |n: usize| requests.get(n % requests.len()).unwrap();
    let begun = Instant::now();
    black_box(table.decide(snapshot, request(0))).unwrap();
    let first = begun.elapsed();
    let decided = each(|n| {
        black_box(table.decide(snapshot, request(n))).unwrap();
    });
    let begun = Instant::now();
    black_box(cluster.route(request(0)));
    let first_explained = begun.elapsed();
    let explained = each(|n| {
        black_box(cluster.route(request(n)));
    });
    let hosts = if row.one_host { "one host" } else { "own hosts" };
    let paths = match row.paths {
        Paths::Prefix => "Prefix",
        Paths::Regex => "regex",
        Paths::Alike => "regex, all alike",
    };
    println!(
        "| {} | {} | {hosts} | {paths} | {decided:.2?} | {explained:.1?} | {first:.1?} | {first_explained:.1?} |",
        row.controller,
        row.ingresses * PATHS,
    );
}

fn main() {
    println!("| controller | paths | hosts | kind | decided | explained | first decided | first explained |");
    println!("|---|---|---|---|---|---|---|---|");
    let row = |controller, ingresses, one_host, paths| Row { controller, ingresses, one_host, paths };
    for controller in [SPEC, NGINX] {
        for one_host in [false, true] {
            for ingresses in [50, 500, 5000] {
                measure(&row(controller, ingresses, one_host, Paths::Prefix));
            }
        }
    }
    for paths in [Paths::Regex, Paths::Alike] {
        for ingresses in [50, 500, 5000] {
            measure(&row(NGINX, ingresses, true, paths));
        }
    }
}
