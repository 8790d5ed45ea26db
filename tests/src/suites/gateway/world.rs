//! The cluster of a case: base objects, the case's own, and what the upstream suite makes at run time.

use super::super::ingress::certificate;
use super::{items, text};
use kubehop::{Cluster, Settings, Source};
use serde_yaml::Value;

/// Certificates that the upstream suite creates: Secret and the names in it.
const SECRETS: &[(&str, &[&str])] = &[
    ("tls-validity-checks-certificate", &["*", "*.org", "*.wildcard.org"]),
    (
        "tls-checks-certificate",
        &["abc.example.com", "other.example.com", "spiffe://abc.example.com/test-identity"],
    ),
    ("tls-passthrough-checks-certificate", &["abc.example.com"]),
    ("tls-terminate-checks-certificate", &["tls.example.com"]),
    ("tls-checks-client-certificate", &["client.example.com"]),
];

/// The names of the certificate that TLS backends show.
pub const BACKEND_NAMES: &[&str] =
    &["abc.example.com", "other.example.com", "spiffe://abc.example.com/test-identity"];

/// The authority that signed it.
pub const BACKEND_AUTHORITY: &str = "tls-checks-ca-certificate";

const NAMESPACES: &[&str] =
    &["gateway-conformance-infra", "gateway-conformance-web-backend", "gateway-conformance-app-backend"];

/// What a test has changed by the time of an assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// Its ReferenceGrants are deleted.
    NoGrants,
    /// The ConfigMaps with CA certificates hold something else.
    NoAuthorities,
}

/// Loads base, case and surroundings.
pub fn cluster(base: &[Value], case: &Value, change: Change) -> Cluster {
    let mut documents: Vec<String> = Vec::new();
    for object in base.iter().chain(items(&case["objects"])).chain(&made_by_the_test(case)) {
        let mut object = object.clone();
        match text(&object, "kind") {
            "ReferenceGrant" if change == Change::NoGrants => continue,
            "ConfigMap" if change == Change::NoAuthorities && object["data"].get("ca.crt").is_some() => {
                object["data"]["ca.crt"] = "no certificate".into();
            }
            "Deployment" => declare_ports(&mut object),
            "HTTPRoute" => drop_retries(&mut object),
            "EndpointSlice" if items(&object["endpoints"]).is_empty() => fill_endpoints(&mut object),
            _ => {}
        }
        documents.push(serde_yaml::to_string(&object).unwrap_or_default());
    }
    let given = |kind: &str, name: &str| {
        let own = items(&case["objects"]).iter().chain(base);
        own.into_iter()
            .any(|object| text(object, "kind") == kind && text(&object["metadata"], "name") == name)
    };
    let mut certificates: Vec<(String, String)> = Vec::new();
    for gateway in items(&case["objects"]).iter().filter(|object| !object["spec"]["listeners"].is_null()) {
        let own = text(&gateway["metadata"], "namespace");
        for reference in items(&gateway["spec"]["listeners"])
            .iter()
            .flat_map(|listener| items(&listener["tls"]["certificateRefs"]))
        {
            let (space, name) = (text(reference, "namespace"), text(reference, "name"));
            let space = if space.is_empty() { own } else { space };
            let known = SECRETS.iter().any(|(secret, _)| *secret == name) || given("Secret", name);
            if !known && !name.contains("nonexistent") {
                certificates.push((space.into(), name.into()));
            }
        }
    }
    certificates.sort();
    certificates.dedup();
    for (space, name) in certificates {
        documents.push(certificate::secret(&space, &name, &["*".into()]));
    }
    let mut authorities: Vec<String> = Vec::new();
    collect_authorities(&case["objects"], &mut authorities);
    authorities.push(BACKEND_AUTHORITY.into());
    for space in NAMESPACES {
        for (name, names) in SECRETS.iter().filter(|(name, _)| !given("Secret", name)) {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            documents.push(certificate::secret(space, name, &names));
        }
        for name in &authorities {
            if !given("ConfigMap", name) && !name.contains("nonexistent") && !name.contains("does-not-exist")
            {
                let pem = match change {
                    Change::NoAuthorities => "no certificate".to_owned(),
                    _ => certificate::pem(&["Test CA".to_owned()]).replace('\n', "\n    "),
                };
                documents.push(format!(
                    "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {space}}}\ndata:\n  ca.crt: |\n    {pem}\n"
                ));
            }
        }
    }
    let sources = documents.into_iter().enumerate().map(|(n, text)| Source::new(format!("{n}.yaml"), text));
    Cluster::load(sources, &Settings::default())
}

/// Names of CA ConfigMaps that the case refers to.
fn collect_authorities(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                if key.as_str() == Some("caCertificateRefs") {
                    for reference in
                        items(value).iter().filter(|reference| text(reference, "kind") == "ConfigMap")
                    {
                        let name = text(reference, "name").to_owned();
                        if !found.contains(&name) {
                            found.push(name);
                        }
                    }
                }
                collect_authorities(value, found);
            }
        }
        Value::Sequence(list) => list.iter().for_each(|value| collect_authorities(value, found)),
        _ => {}
    }
}

/// The echo servers listen on more ports than their manifests declare.
fn declare_ports(deployment: &mut Value) {
    let ports: Value = serde_yaml::from_str(
        "[{containerPort: 3000}, {containerPort: 3001}, {containerPort: 8080}, {containerPort: 8443}, {containerPort: 9000}]",
    )
    .unwrap_or_default();
    if let Some(containers) = deployment["spec"]["template"]["spec"]["containers"].as_sequence_mut() {
        for container in containers.iter_mut().filter(|container| container.get("ports").is_none()) {
            container["ports"] = ports.clone();
        }
    }
}

/// The upstream test fills these slices with the addresses of its pods.
fn fill_endpoints(slice: &mut Value) {
    let address = if text(slice, "addressType") == "IPv6" { "fd00:99::1" } else { "10.99.0.1" };
    slice["endpoints"] =
        serde_yaml::from_str(&format!("[{{addresses: ['{address}'], conditions: {{ready: true}}}}]"))
            .unwrap_or_default();
}

/// Routes that the upstream test makes itself: a copy of the first of their kind under the asserted name.
fn made_by_the_test(case: &Value) -> Vec<Value> {
    let objects = items(&case["objects"]);
    let mut made: Vec<Value> = Vec::new();
    for entry in items(&case["status"]) {
        let (kind, name) = (text(entry, "kind"), text(&entry["route"], "name"));
        let exists =
            |object: &Value| text(object, "kind") == kind && text(&object["metadata"], "name") == name;
        if name.is_empty() || !kind.ends_with("Route") || objects.iter().chain(&made).any(exists) {
            continue;
        }
        if let Some(first) = objects.iter().find(|object| text(object, "kind") == kind) {
            let mut copy = first.clone();
            copy["metadata"]["name"] = name.into();
            made.push(copy);
        }
    }
    made
}

/// The standard channel has no retries.
fn drop_retries(route: &mut Value) {
    for rule in route["spec"]["rules"].as_sequence_mut().into_iter().flatten() {
        if let Some(rule) = rule.as_mapping_mut() {
            rule.remove("retry");
        }
    }
}
