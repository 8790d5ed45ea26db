//! The cluster as tables, in the manner of `kubectl get -o wide`.

use crate::model::{ClusterView, PodView, ServiceView, SliceView};

/// Tables of nodes, pods, Services and EndpointSlices.
pub(super) fn text(view: &ClusterView) -> String {
    let nodes = view.nodes.iter().map(|node| {
        let status = if node.ready { "Ready" } else { "NotReady" };
        vec![node.name.clone(), status.into(), list(&node.ips), list(&node.pod_cidrs)]
    });
    let parts = [
        table(&["NAME", "STATUS", "INTERNAL-IP", "POD-CIDR"], nodes.collect()),
        table(&["NAMESPACE", "NAME", "READY", "STATUS", "IP", "NODE"], view.pods.iter().map(pod).collect()),
        table(
            &["NAMESPACE", "NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)"],
            view.services.iter().map(service).collect(),
        ),
        table(
            &["NAMESPACE", "NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS"],
            view.slices.iter().map(slice).collect(),
        ),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn list(values: &[String]) -> String {
    if values.is_empty() { "<none>".into() } else { values.join(",") }
}

fn pod(pod: &PodView) -> Vec<String> {
    let status = if pod.terminating { "Terminating".into() } else { format!("{:?}", pod.phase) };
    let ready = if pod.ready { "yes" } else { "no" };
    let node = pod.node.clone().unwrap_or_else(|| "<none>".into());
    vec![pod.namespace.clone(), pod.name.clone(), ready.into(), status, list(&pod.ips), node]
}

fn service(service: &ServiceView) -> Vec<String> {
    let ports: Vec<String> = service
        .ports
        .iter()
        .map(|port| match port.node_port {
            Some(node_port) => format!("{}:{node_port}/{}", port.port, port.protocol),
            None => format!("{}/{}", port.port, port.protocol),
        })
        .collect();
    let external = match service.type_.as_str() {
        "ExternalName" => service.external_name.clone(),
        "LoadBalancer" if service.external_ips.is_empty() => "<pending>".into(),
        _ => list(&service.external_ips),
    };
    let cluster_ip = service.cluster_ips.first().cloned().unwrap_or_else(|| "<none>".into());
    vec![
        service.namespace.clone(),
        service.name.clone(),
        service.type_.clone(),
        cluster_ip,
        external,
        list(&ports),
    ]
}

fn slice(slice: &SliceView) -> Vec<String> {
    let endpoints: Vec<&str> =
        slice.endpoints.iter().flat_map(|endpoint| &endpoint.addresses).map(String::as_str).collect();
    let shown = match endpoints.len() {
        0 => "<unset>".to_owned(),
        count if count > 3 => {
            format!(
                "{} + {} more...",
                endpoints.iter().take(3).copied().collect::<Vec<_>>().join(","),
                count - 3
            )
        }
        _ => endpoints.join(","),
    };
    let ports = if slice.ports.is_empty() { "<unset>".into() } else { slice.ports.join(",") };
    vec![slice.namespace.clone(), slice.name.clone(), slice.address_type.clone(), ports, shown]
}

/// Columns as wide as their widest cell and three spaces; the last one is not padded.
fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        for (cell, width) in row.iter().zip(&widths).take(columns.saturating_sub(1)) {
            out.push_str(&format!("{cell:<width$}   "));
        }
        out.push_str(row.last().map_or("", String::as_str));
        out.push('\n');
    }
    out
}
