//! ingress-nginx: end-to-end cases and observations of a real nginx.

use super::world::World;
use super::{expect, items, text};
use crate::report::Report;
use kubehop::Cluster;
use serde_yaml::Value;

fn world<'a>(case: &'a Value) -> World<'a> {
    let flags = items(&case["controller_flags"]).iter().filter_map(|flag| flag.as_str().map(String::from));
    World {
        objects: items(&case["objects"]).iter().collect(),
        flags: flags.collect(),
        config: case.get("controller_config"),
        services: case.get("services"),
        replicas: case.get("replicas"),
        absent_secret: case
            .get("secrets")
            .map(|secrets| text(secrets, "absent").to_owned())
            .unwrap_or_default(),
        reads_classes: case["controller_rbac_ingressclass"].as_bool() != Some(false),
        ..World::default()
    }
}

/// `ingress-nginx-e2e.yaml` and the blog's cases.
pub fn cases(value: &Value, report: &mut Report) {
    for case in items(value) {
        let id = text(case, "id");
        let mut world = world(case);
        if let Some(create) = case.get("create") {
            world.objects.push(create);
            webhook(&world.cluster(), id, create, &case["expect"], report);
            continue;
        }
        let cluster = world.cluster();
        facts(&cluster, id, case, report);
        expect::requests(&cluster, id, &case["requests"], report);
    }
}

fn webhook(cluster: &Cluster, id: &str, create: &Value, expect: &Value, report: &mut Report) {
    let name = text(&create["metadata"], "name");
    let refusal = cluster.ingress_refusals().into_iter().find(|refusal| refusal.ingress.name == name);
    let message = refusal.map(|refusal| refusal.message);
    match (expect["allowed"].as_bool(), &message) {
        (Some(true), None) => report.pass(id),
        (Some(false), Some(got)) if got.contains(text(expect, "message")) => report.pass(id),
        _ => report.fail(id, serde_yaml::to_string(expect).unwrap_or_default(), format!("{message:?}")),
    }
}

/// Facts about the generated configuration.
fn facts(cluster: &Cluster, id: &str, case: &Value, report: &mut Report) {
    let Some(table) = cluster.nginx_table() else { return report.fail(id, "a table", "none") };
    let locations: Vec<_> = table.servers.iter().flat_map(|server| &server.locations).collect();
    for wanted in items(&case["locations"]).iter().filter_map(Value::as_str) {
        let found = locations.iter().any(|location| location.location == wanted);
        let all: Vec<&str> = locations.iter().map(|location| location.location.as_str()).collect();
        report.check(
            &format!("{id} {wanted}"),
            wanted,
            if found { wanted.to_owned() } else { all.join(", ") },
        );
    }
    if let Some(wanted) = case.get("locations_with_force_no_ssl_redirect") {
        let plain = |text: &str| text.trim_start_matches("= ").trim_matches('"').to_owned();
        let mut exempt: Vec<String> = locations
            .iter()
            .filter(|location| location.force_no_ssl_redirect)
            .map(|location| plain(&location.location))
            .collect();
        let mut wanted: Vec<String> =
            items(wanted).iter().filter_map(|text| text.as_str().map(plain)).collect();
        // a Prefix path makes two locations that differ by the slash
        for list in [&mut exempt, &mut wanted] {
            list.iter_mut().for_each(|path| *path = path.trim_end_matches('/').to_owned());
            list.sort();
            list.dedup();
        }
        report.check(&format!("{id} exempt"), wanted.join(", "), exempt.join(", "));
    }
    if let Some(wanted) = case["directive"].as_str() {
        let found = locations.iter().any(|location| location.pass.iter().any(|line| line == wanted));
        report.check(&format!("{id} directive"), wanted, if found { wanted } else { "not there" });
    }
}

/// `nginx-observed.yaml`.
pub fn observed(value: &Value, report: &mut Report) {
    for case in items(value) {
        let id = text(case, "id");
        let cluster = world(case).cluster();
        let Some(table) = cluster.nginx_table() else { return report.fail(id, "a table", "none") };
        let mut got = Vec::new();
        for server in &table.servers {
            for location in &server.locations {
                let target = location.service.clone().unwrap_or_else(|| "@default".into());
                got.push(format!("{}: location {} -> {target}", server.host, location.location));
            }
        }
        let wanted: Vec<&str> = items(&case["nginx_locations"]).iter().filter_map(Value::as_str).collect();
        report.check(&format!("{id} locations"), wanted.join("\n"), got.join("\n"));
        if let Some(errors) = case.get("config_error") {
            let wanted: Vec<&str> = match errors.as_str() {
                Some(error) => vec![error],
                None => items(errors).iter().filter_map(Value::as_str).collect(),
            };
            let ok = wanted.iter().all(|error| table.rejected.iter().any(|got| got.contains(error)));
            if ok && !table.rejected.is_empty() {
                report.pass(id)
            } else {
                report.fail(id, wanted.join(", "), table.rejected.join(", "))
            }
            continue;
        }
        report.check(&format!("{id} accepted"), "", table.rejected.join(", "));
        expect::requests(&cluster, id, &case["requests"], report);
    }
}
