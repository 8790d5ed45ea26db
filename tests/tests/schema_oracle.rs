//! The schema table of the core against the types of `k8s-openapi`.

use kubehop_conformance::schema;
use std::path::Path;

/// Compares a table with the one in the core; writes it instead when `KUBEHOP_BLESS` is set.
fn check(file: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/manifest/schema").join(file);
    if std::env::var_os("KUBEHOP_BLESS").is_some() {
        std::fs::write(&path, generated).expect("the table can be written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    for (known, generated) in known.lines().zip(generated.lines()) {
        assert_eq!(known, generated, "{file}: run with KUBEHOP_BLESS=1 and read the difference");
    }
    assert_eq!(known.lines().count(), generated.lines().count(), "{file} has other structs");
}

#[test]
fn every_field_of_the_gateway_api_is_known_to_the_strict_check() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/gateway/crds-standard");
    if dir.is_dir() {
        check("gateway.txt", &schema::custom(&dir));
    } else {
        println!("skipped: no folder {}", dir.display());
    }
}

#[test]
fn every_field_that_kubernetes_knows_is_known_to_the_strict_check() {
    check("kubernetes.txt", &schema::kubernetes());
}
