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
use std::time::Instant;

const PATHS: usize = 20;

fn manifests(ingresses: usize, controller: &str, one_host: bool) -> String {
    let mut text = format!(
        "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: c}}\nspec: {{controller: {controller}}}\n"
    );
    for number in 0..ingresses {
        let host = if one_host { 0 } else { number };
        let _ = write!(
            text,
            "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i{number}}}\nspec:\n  ingressClassName: c\n  rules:\n  - host: h{host}.example.com\n    http:\n      paths:\n"
        );
        for path in 0..PATHS {
            let _ = writeln!(
                text,
                "      - {{path: /app{number}/v{path}, pathType: Prefix, backend: {{service: {{name: s{path}, port: {{number: 80}}}}}}}}"
            );
        }
    }
    text
}

fn measure(ingresses: usize, controller: &str, one_host: bool) {
    let text = manifests(ingresses, controller, one_host);
    let cluster = Cluster::load([Source::new("bench.yaml", text)], &Settings::default());
    let (table, snapshot) = (cluster.ingress_table(), cluster.snapshot());
    let requests: Vec<HttpRequest> = (0..1000)
        .map(|n| {
            let number = n * 7919 % ingresses;
            let host = if one_host { 0 } else { number };
            HttpRequest::get(&format!("http://h{host}.example.com/app{number}/v{}/a/b/c?x=1", n % PATHS))
                .unwrap()
        })
        .collect();
    let begun = Instant::now();
    black_box(table.decide(snapshot, requests.first().unwrap()));
    let first = begun.elapsed();
    let rounds = 100;
    let begun = Instant::now();
    for _ in 0..rounds {
        for request in &requests {
            black_box(table.decide(snapshot, request)).unwrap();
        }
    }
    let each = begun.elapsed() / (rounds * requests.len() as u32);
    let begun = Instant::now();
    for request in requests.iter().take(100) {
        black_box(cluster.route(request));
    }
    let explained = begun.elapsed() / 100;
    let hosts = if one_host { "one host" } else { "own hosts" };
    println!(
        "{controller:22} {ingresses:5} x {PATHS} {hosts:9}: {each:?} a request, {explained:?} explained, first {first:?}"
    );
}

fn main() {
    for controller in ["example.com/spec", "k8s.io/ingress-nginx"] {
        for ingresses in [50, 500, 5000] {
            measure(ingresses, controller, false);
        }
        measure(5000, controller, true);
    }
}
