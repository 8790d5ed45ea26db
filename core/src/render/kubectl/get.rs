//! `kubectl get`: the columns of each kind, as the API server's table printers fill them.

use super::describe::{format_labels, load_balancer};
use super::policy::selector;
use crate::manifest::api::discovery_v1::EndpointSlice;
use crate::manifest::api::meta::Labels;
use crate::model::{Phase, Pod, Service, Snapshot};

/// One object as a row: its cells, and what `-o wide` adds.
pub(super) struct Row {
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    pub(super) cells: Vec<String>,
    pub(super) wide: Vec<String>,
    pub(super) labels: Labels,
}

/// Columns and rows of one kind.
pub(super) struct Listing {
    pub(super) columns: &'static [&'static str],
    pub(super) wide: &'static [&'static str],
    pub(super) rows: Vec<Row>,
}

/// There is no clock: the age of nothing is known.
const AGE: &str = "<unknown>";
const NONE: &str = "<none>";

fn or_none(text: String) -> String {
    if text.is_empty() { NONE.to_owned() } else { text }
}

/// The first three, and how many more.
fn first_three(items: &[String], empty: &str) -> String {
    const MAX: usize = 3;
    let shown = items.iter().take(MAX).cloned().collect::<Vec<_>>().join(",");
    match items.len() {
        0 => empty.to_owned(),
        count if count > MAX => format!("{shown} + {} more...", count - MAX),
        _ => shown,
    }
}

/// The rows of a kind, by its Kubernetes name; `None` for a kind without a table here.
pub(super) fn listing(snapshot: &Snapshot, kind: &str, wide: bool) -> Option<Listing> {
    Some(match kind {
        "Service" => Listing {
            columns: &["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"],
            wide: &["SELECTOR"],
            rows: snapshot.services.iter().map(|item| service(snapshot, item, wide)).collect(),
        },
        "Pod" => Listing {
            columns: &["NAME", "READY", "STATUS", "RESTARTS", "AGE"],
            wide: &["IP", "NODE", "NOMINATED NODE", "READINESS GATES"],
            rows: snapshot.pods.iter().map(|item| pod(snapshot, item)).collect(),
        },
        "EndpointSlice" => Listing {
            columns: &["NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"],
            wide: &[],
            rows: snapshot
                .slices
                .iter()
                .map(|item| slice(snapshot.namespace_name(item.namespace), &item.name, &item.value))
                .collect(),
        },
        "Endpoints" => Listing {
            columns: &["NAME", "ENDPOINTS", "AGE"],
            wide: &[],
            rows: snapshot
                .endpoints
                .iter()
                .map(|item| {
                    let ready = item.value.subsets.iter().flat_map(|subset| {
                        subset.addresses.iter().flat_map(|address| {
                            let ports = subset.ports.iter().map(|port| host_port(&address.ip, port.port));
                            let bare = subset.ports.is_empty().then(|| address.ip.clone());
                            ports.chain(bare).collect::<Vec<_>>()
                        })
                    });
                    let list = first_three(&ready.collect::<Vec<_>>(), NONE);
                    row(&item.object, vec![list, AGE.into()], Vec::new(), &item.value.metadata.labels)
                })
                .collect(),
        },
        "Ingress" => Listing {
            columns: &["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"],
            wide: &[],
            rows: snapshot
                .ingresses
                .iter()
                .map(|item| {
                    let spec = &item.value.spec;
                    let hosts: Vec<String> = spec
                        .rules
                        .iter()
                        .filter(|rule| !rule.host.is_empty())
                        .map(|rule| rule.host.clone())
                        .collect();
                    let cells = vec![
                        spec.ingress_class_name.clone().unwrap_or_else(|| NONE.to_owned()),
                        first_three(&hosts, "*"),
                        load_balancer(&item.value.status.load_balancer, wide),
                        if spec.tls.is_empty() { "80".into() } else { "80, 443".into() },
                        AGE.into(),
                    ];
                    row(&item.object, cells, Vec::new(), &item.value.metadata.labels)
                })
                .collect(),
        },
        "IngressClass" => Listing {
            columns: &["NAME", "CONTROLLER", "PARAMETERS", "AGE"],
            wide: &[],
            rows: snapshot
                .ingress_classes
                .iter()
                .map(|item| {
                    let spec = &item.value.spec;
                    let parameters = spec.parameters.as_ref().map_or_else(
                        || NONE.to_owned(),
                        |parameters| {
                            let group = parameters.api_group.as_deref().filter(|group| !group.is_empty());
                            let group = group.map(|group| format!(".{group}")).unwrap_or_default();
                            format!("{}{group}/{}", parameters.kind, parameters.name)
                        },
                    );
                    let cells = vec![spec.controller.clone(), parameters, AGE.into()];
                    row(&item.object, cells, Vec::new(), &item.value.metadata.labels)
                })
                .collect(),
        },
        "NetworkPolicy" => Listing {
            columns: &["NAME", "POD-SELECTOR", "AGE"],
            wide: &[],
            rows: snapshot
                .network_policies
                .iter()
                .map(|item| {
                    let cells = vec![selector(&item.value.spec.pod_selector), AGE.into()];
                    row(&item.object, cells, Vec::new(), &item.value.metadata.labels)
                })
                .collect(),
        },
        "Namespace" => Listing {
            columns: &["NAME", "STATUS", "AGE"],
            wide: &[],
            rows: snapshot
                .namespaces
                .iter()
                .map(|item| Row {
                    namespace: None,
                    name: item.name.clone(),
                    cells: vec!["Active".into(), AGE.into()],
                    wide: Vec::new(),
                    labels: item.labels.clone(),
                })
                .collect(),
        },
        _ => return None,
    })
}

fn row(object: &crate::manifest::ObjectRef, cells: Vec<String>, wide: Vec<String>, labels: &Labels) -> Row {
    Row {
        namespace: object.namespace.clone(),
        name: object.name.clone(),
        cells,
        wide,
        labels: labels.clone(),
    }
}

fn host_port(ip: &str, port: i32) -> String {
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}

/// k8s: pkg/printers/internalversion/printers.go printService, getServiceExternalIP, makePortString (1.36)
fn service(snapshot: &Snapshot, item: &Service, wide: bool) -> Row {
    let spec = &item.spec;
    let own = spec.external_ips.join(",");
    let external = match spec.type_.as_str() {
        "ExternalName" => spec.external_name.clone(),
        "LoadBalancer" => {
            let reported = load_balancer(&item.status.load_balancer, wide);
            let parts: Vec<String> = [reported, own].into_iter().filter(|part| !part.is_empty()).collect();
            if parts.is_empty() { "<pending>".to_owned() } else { parts.join(",") }
        }
        _ => or_none(own),
    };
    let ports = spec.ports.iter().map(|port| match port.node_port {
        0 => format!("{}/{}", port.port, port.protocol),
        node_port => format!("{}:{node_port}/{}", port.port, port.protocol),
    });
    let cluster_ip = spec.cluster_ips.first().unwrap_or(&spec.cluster_ip).clone();
    Row {
        namespace: Some(snapshot.namespace_name(item.namespace).to_owned()),
        name: item.name.clone(),
        cells: vec![
            spec.type_.clone(),
            or_none(cluster_ip),
            external,
            or_none(ports.collect::<Vec<_>>().join(",")),
            AGE.into(),
        ],
        wide: vec![format_labels(&spec.selector)],
        labels: item.labels.clone(),
    }
}

/// k8s: pkg/printers/internalversion/printers.go printPod (1.36)
fn pod(snapshot: &Snapshot, item: &Pod) -> Row {
    let total = item.spec.containers.len();
    let status = match item.phase {
        _ if item.terminating => "Terminating",
        Phase::Pending => "Pending",
        Phase::Running => "Running",
        Phase::Succeeded => "Completed",
        Phase::Failed => "Error",
        Phase::Unknown => "Unknown",
    };
    let node = item.node.and_then(|id| snapshot.node(id)).map(|node| node.name.clone());
    Row {
        namespace: Some(snapshot.namespace_name(item.namespace).to_owned()),
        name: item.name.clone(),
        cells: vec![
            format!("{}/{total}", if item.ready { total } else { 0 }),
            status.into(),
            "0".into(),
            AGE.into(),
        ],
        wide: vec![
            or_none(item.ips.first().map(ToString::to_string).unwrap_or_default()),
            or_none(node.unwrap_or_default()),
            NONE.into(),
            NONE.into(),
        ],
        labels: (*item.labels).clone(),
    }
}

/// k8s: pkg/printers/internalversion/printers.go printEndpointSlice (1.36)
fn slice(namespace: &str, name: &str, value: &EndpointSlice) -> Row {
    let ports: Vec<String> = value
        .ports
        .iter()
        .map(|port| match (port.port, port.name.as_deref().filter(|name| !name.is_empty())) {
            (Some(number), _) => number.to_string(),
            (None, Some(name)) => name.to_owned(),
            (None, None) => "*".to_owned(),
        })
        .collect();
    let addresses: Vec<String> =
        value.endpoints.iter().flat_map(|endpoint| endpoint.addresses.iter().cloned()).collect();
    Row {
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
        cells: vec![
            value.address_type.clone(),
            first_three(&ports, "<unset>"),
            first_three(&addresses, "<unset>"),
            AGE.into(),
        ],
        wide: Vec::new(),
        labels: value.metadata.labels.clone(),
    }
}
