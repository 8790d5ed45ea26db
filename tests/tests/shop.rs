//! The example shop is what it says: every kind of Service, one thing broken on purpose, and that one
//! thing is what a trace and the troubleshooter name.

use kubehop::journey::{Connection, Outcome};
use kubehop::manifest::Severity;
use kubehop::{Cluster, Settings, Source};
use std::collections::BTreeSet;
use std::path::Path;

fn shop() -> Cluster {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs-site/examples/shop");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let sources = files.iter().map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        Source::new(name, std::fs::read(path).unwrap())
    });
    Cluster::load(sources, &Settings::default())
}

fn outcome(cluster: &Cluster, from: &str, to: &str) -> (Outcome, &'static str) {
    let journey = cluster.trace(&Connection::new(from, to).unwrap()).unwrap();
    (journey.outcome, journey.traces.first().unwrap().code)
}

#[test]
fn it_is_of_real_size() {
    let cluster = shop();
    let snapshot = cluster.snapshot();
    let errors: Vec<_> =
        cluster.problems().iter().filter(|problem| problem.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let own = snapshot
        .workloads
        .iter()
        .filter(|workload| workload.object.namespace.as_deref() != Some("kube-system"));
    let own: Vec<_> = own.collect();
    assert!(own.len() >= 10, "{}", own.len());
    let namespaces: BTreeSet<_> = own.iter().map(|workload| &workload.object.namespace).collect();
    assert!(namespaces.len() >= 3, "{namespaces:?}");
    let types: BTreeSet<&str> = snapshot.services.iter().map(|service| service.spec.type_.as_str()).collect();
    assert_eq!(
        types.into_iter().collect::<Vec<_>>(),
        ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]
    );
    assert!(snapshot.services.iter().any(|service| service.spec.cluster_ip == "None"));
    assert!(!snapshot.ingresses.is_empty() && snapshot.network_policies.len() > 3);
}

#[test]
fn everything_works_but_the_payments() {
    let cluster = shop();
    for (from, to) in [
        ("web/storefront", "http://catalog.shop"),
        ("web/storefront", "http://cart.shop"),
        ("web/storefront", "http://checkout.shop"),
        ("edge/ingress-nginx-controller", "http://storefront.web"),
        ("shop/checkout", "postgres-0.postgres.data:5432"),
        ("shop/cart", "http://stock"),
        ("ops/sales-report", "postgres.data:5432"),
        ("ops/prometheus", "node-b:9100"),
        ("outside", "http://shop.example.com"),
        ("198.51.100.7", "node-a:30080"),
    ] {
        assert_eq!(outcome(&cluster, from, to).0, Outcome::Connected, "{from} to {to}");
    }
    assert_eq!(
        outcome(&cluster, "shop/checkout", "https://payments.shop"),
        (Outcome::Failed, "policy/no-rule-admits")
    );
    assert_eq!(outcome(&cluster, "shop/payments", "https://bank.shop").0, Outcome::Undetermined);
    let survey = cluster.survey();
    let blocking: Vec<String> = survey
        .findings()
        .filter(|finding| finding.blocking)
        .map(|finding| format!("{} {}", finding.code, finding.object))
        .collect();
    assert_eq!(blocking, ["policy/blocks NetworkPolicy shop/payments-from-checkout"]);
}
