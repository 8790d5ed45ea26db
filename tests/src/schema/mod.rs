//! The schema table of the core, generated from the types of `k8s-openapi`.
//!
//! The table in `core/src/manifest/schema/kubernetes.txt` is what the strict check knows of every
//! type. It is regenerated here and compared, so it cannot rot: see `tests/schema_oracle.rs`.

mod crd;
mod named;
mod trace;

pub use crd::custom;

use k8s_openapi::api::{apps, batch, core, discovery, networking};
use std::collections::BTreeMap;
use trace::Structs;

/// The table of the kinds of Kubernetes itself, one struct a line.
pub fn kubernetes() -> String {
    let mut all = Structs::new();
    macro_rules! roots {
        ($($group:literal: $($root:ty),*;)*) => {
            $( let mut group = Structs::new(); $( trace::trace::<$root>(&mut group); )* add(&mut all, $group, group); )*
        };
    }
    roots! {
        "": core::v1::Namespace, core::v1::Node, core::v1::Pod, core::v1::ReplicationController,
            core::v1::Service, core::v1::Endpoints, core::v1::Secret, core::v1::ConfigMap;
        "apps": apps::v1::Deployment, apps::v1::ReplicaSet, apps::v1::StatefulSet, apps::v1::DaemonSet;
        "batch": batch::v1::Job, batch::v1::CronJob;
        "discovery": discovery::v1::EndpointSlice;
        "networking": networking::v1::NetworkPolicy, networking::v1::Ingress, networking::v1::IngressClass;
    }
    all.iter().map(|(name, fields)| line(name, fields)).collect()
}

/// Adds the structs of one group. A struct of the same name with other fields gets the group's name
/// before its own, wherever the group uses it.
fn add(all: &mut Structs, group: &str, structs: Structs) {
    let renamed: BTreeMap<String, String> = structs
        .iter()
        .filter(|(name, fields)| all.get(*name).is_some_and(|known| known != *fields))
        .map(|(name, _)| (name.clone(), format!("{group}.{name}")))
        .collect();
    for (name, mut fields) in structs {
        for kind in fields.values_mut() {
            let (prefix, inner) = kind.split_at(kind.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(0));
            if let Some(new) = renamed.get(inner) {
                *kind = format!("{prefix}{new}");
            }
        }
        all.insert(renamed.get(&name).cloned().unwrap_or(name), fields);
    }
}

fn line(name: &str, fields: &BTreeMap<String, String>) -> String {
    let short = name.rsplit('.').next().unwrap_or(name);
    let fields = fields.iter().map(|(field, kind)| match named::named(short, field) {
        Some(go) => format!(" {field}:{}", kind.replacen('s', &format!("@{go}"), 1)),
        None => format!(" {field}:{kind}"),
    });
    format!("{name}{}\n", fields.collect::<String>())
}
