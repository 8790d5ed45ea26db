//! What a look-up costs and how it grows: `cargo run --release -p kubehop --example dns_bench`.
//!
//! For clusters of 100 to 10,000 Services in 50 namespaces, each with an endpoint: building the server, a
//! direct query (compact, and with reasons), a name that does not exist, a short name through the search list
//! (compact, and the whole answer with steps, ways and reasons), and the listing of the zone. Over many names, the best of twenty batches.
#![expect(clippy::disallowed_types, clippy::print_stdout, reason = "a benchmark measures time and prints it")]
#![expect(clippy::expect_used, reason = "its own input is right")]

use kubehop::dns::{Asking, RecordType, Server, search};
use kubehop::model::Party;
use kubehop::{Cluster, Settings, Source};
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

const NAMESPACES: usize = 50;

fn main() {
    println!(
        "| Services | build | direct query | with reasons | NXDOMAIN | short name | short name, explained | zone |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for count in [100, 300, 1_000, 3_000, 10_000] {
        row(count);
    }
}

fn manifests(count: usize) -> String {
    let mut text = String::from(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: client, namespace: ns0}\nspec: {containers: [{name: c, image: nginx}]}\n",
    );
    for index in 0..count {
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: svc-{index}, namespace: ns{}}}\nspec: {{selector: {{app: a{index}}}, ports: [{{name: http, port: 80}}]}}\n",
            index % NAMESPACES
        );
        if index % 50 == 0 {
            let _ = write!(
                text,
                "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: pod-{index}, namespace: ns{}, labels: {{app: a{index}}}}}\nspec: {{containers: [{{name: c, image: nginx}}]}}\n",
                index % NAMESPACES
            );
        }
    }
    text
}

fn row(count: usize) {
    let cluster = Cluster::load([Source::new("bench.yaml", manifests(count))], &Settings::default());
    let built = mean(1, |_| {
        black_box(Server::new(cluster.snapshot()));
    });
    let server = cluster.dns();
    let names: Vec<String> =
        (0..count).map(|index| format!("svc-{index}.ns{}.svc.cluster.local.", index % NAMESPACES)).collect();
    let name = |round: usize| names.get(round * 7919 % count).expect("within");
    let rounds = 200_000;
    let direct = mean(rounds, |round| {
        let reply = server.query(name(round), RecordType::A);
        assert_eq!(black_box(reply).answers.len(), 1);
    });
    let explained = mean(rounds / 4, |round| {
        assert_eq!(black_box(cluster.dig(name(round), RecordType::A)).answers.len(), 1);
    });
    let missing: Vec<String> = names.iter().map(|name| format!("x{name}")).collect();
    let denied = mean(rounds, |round| {
        black_box(server.query(missing.get(round * 7919 % count).expect("within"), RecordType::A));
    });
    let short: Vec<String> =
        (0..count).map(|index| format!("svc-{index}.ns{}", index % NAMESPACES)).collect();
    let searched = mean(rounds / 10, |round| {
        let lookup = cluster.resolve("ns0/client", short.get(round * 7919 % count).expect("within"), None);
        assert!(black_box(lookup).expect("the pod is there").is_found());
    });
    let rooms = cluster.dns_rooms();
    let client = Party::Pod(cluster.snapshot().pod_id("ns0", "client").expect("the pod is there"));
    let quick = mean(rounds / 10, |round| {
        let asking = Asking::new(
            cluster.snapshot(),
            client,
            short.get(round * 7919 % count).expect("within").as_str(),
        );
        assert_eq!(black_box(search(rooms, &asking)).addresses().len(), 1);
    });
    let zone = mean(3, |_| {
        black_box(cluster.zone());
    });
    println!(
        "| {count} | {} | {} | {} | {} | {} | {} | {} |",
        time(built),
        time(direct),
        time(explained),
        time(denied),
        time(quick),
        time(searched),
        time(zone)
    );
}

/// Nanoseconds of one round: the best of twenty batches, so that other work on the machine does not count.
fn mean(rounds: usize, mut work: impl FnMut(usize)) -> f64 {
    let batch = rounds.div_ceil(20);
    let mut best = f64::MAX;
    let mut round = 0;
    while round < rounds {
        let start = Instant::now();
        for _ in 0..batch {
            work(round);
            round += 1;
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / batch as f64);
    }
    best
}

fn time(nanoseconds: f64) -> String {
    if nanoseconds < 1e4 {
        format!("{:.2} µs", nanoseconds / 1e3)
    } else if nanoseconds < 1e6 {
        format!("{:.0} µs", nanoseconds / 1e3)
    } else {
        format!("{:.1} ms", nanoseconds / 1e6)
    }
}
