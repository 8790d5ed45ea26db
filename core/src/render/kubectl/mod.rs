//! What kubectl would print: `describe` and `get`, byte for byte, of the settled cluster.
//!
//! Modelled: `get` of Services, Pods, EndpointSlices, Endpoints, Ingresses, IngressClasses,
//! NetworkPolicies and Namespaces with `-o wide`, `-A`, `-l`, `--show-labels` and `--no-headers`;
//! `describe` of Services, EndpointSlices, Endpoints, Ingresses, IngressClasses, NetworkPolicies,
//! IPAddresses and ServiceCIDRs. **Not** modelled: events (there are none), ages (there is no clock:
//! `<unknown>`), `-o yaml` and other outputs, every verb that changes something.

mod describe;
mod get;
mod policy;
mod table;
mod time;

use crate::manifest::api::meta::Labels;
use crate::model::Snapshot;
use crate::order::SliceOrder;
use serde::Serialize;

/// What a command prints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code.
    pub exit_code: u32,
}

/// A resource kubectl knows: kind, plural name, other names, whether it has namespaces.
struct Resource(&'static str, &'static str, &'static [&'static str], bool);

const RESOURCES: &[Resource] = &[
    Resource("Service", "services", &["service", "svc"], true),
    Resource("Pod", "pods", &["pod", "po"], true),
    Resource("EndpointSlice", "endpointslices", &["endpointslice"], true),
    Resource("Endpoints", "endpoints", &["ep"], true),
    Resource("Ingress", "ingresses", &["ingress", "ing"], true),
    Resource("IngressClass", "ingressclasses", &["ingressclass"], false),
    Resource("NetworkPolicy", "networkpolicies", &["networkpolicy", "netpol"], true),
    Resource("Namespace", "namespaces", &["namespace", "ns"], false),
    Resource("IPAddress", "ipaddresses", &["ipaddress", "ip"], false),
    Resource("ServiceCIDR", "servicecidrs", &["servicecidr"], false),
];

impl Resource {
    /// `services`, `ingresses.networking.k8s.io`: as the API server names it in errors.
    fn qualified(&self) -> String {
        let group = match self.0 {
            "EndpointSlice" => ".discovery.k8s.io",
            "Ingress" | "IngressClass" | "NetworkPolicy" | "IPAddress" | "ServiceCIDR" => {
                ".networking.k8s.io"
            }
            _ => "",
        };
        format!("{}{group}", self.1)
    }
}

/// A command, read.
struct Command<'a> {
    verb: &'a str,
    resource: &'static Resource,
    names: Vec<&'a str>,
    namespace: Option<&'a str>,
    wide: bool,
    show_labels: bool,
    no_headers: bool,
    selector: Vec<(&'a str, &'a str)>,
}

fn failed(stderr: impl Into<String>) -> Output {
    Output { stderr: stderr.into() + "\n", exit_code: 1, ..Output::default() }
}

/// Runs a command such as `get svc -n prod -o wide` or `describe service api -n prod`; a leading
/// `kubectl` may be left out.
pub(crate) fn run(snapshot: &Snapshot, command: &str) -> Output {
    match read(command) {
        Ok(command) if command.verb == "describe" => describe(snapshot, &command),
        Ok(command) => get(snapshot, &command),
        Err(output) => output,
    }
}

fn read(command: &str) -> Result<Command<'_>, Output> {
    let mut words = command.split_whitespace().peekable();
    words.next_if_eq(&"kubectl");
    let verb = words.next().unwrap_or_default();
    if !["get", "describe"].contains(&verb) {
        return Err(failed(format!("error: unknown command {verb:?} for \"kubectl\"")));
    }
    let mut names: Vec<&str> = Vec::new();
    let mut resource = None;
    let (mut namespace, mut wide, mut show_labels, mut no_headers) = (Some("default"), false, false, false);
    let mut selector = Vec::new();
    while let Some(word) = words.next() {
        let (flag, given) = word.split_once('=').filter(|_| word.starts_with('-')).unzip();
        let flag = flag.unwrap_or(word);
        let mut value = || given.or_else(|| words.next()).unwrap_or_default();
        match flag {
            "-n" | "--namespace" => namespace = Some(value()),
            "-A" | "--all-namespaces" => namespace = None,
            "-l" | "--selector" => {
                selector = value().split(',').filter_map(|pair| pair.split_once('=')).collect();
            }
            "-o" | "--output" => match value() {
                "wide" => wide = true,
                other => return Err(failed(format!("error: output format {other:?} is not modelled"))),
            },
            "-owide" => wide = true,
            "--show-labels" => show_labels = true,
            "--no-headers" => no_headers = true,
            flag if flag.starts_with('-') => return Err(failed(format!("error: unknown flag: {flag}"))),
            word if resource.is_none() => {
                let (kind, name) = word.split_once('/').unzip();
                resource = Some(kind.unwrap_or(word));
                names.extend(name);
            }
            word => names.push(word.split_once('/').map_or(word, |(_, name)| name)),
        }
    }
    let Some(word) = resource else {
        return Err(failed("error: you must specify the type of resource to get"));
    };
    let lower = word.to_ascii_lowercase();
    let bare = lower.split('.').next().unwrap_or_default();
    let known = RESOURCES.iter().find(|resource| resource.1 == bare || resource.2.contains(&bare));
    let Some(resource) = known else {
        return Err(failed(format!("error: the server doesn't have a resource type {word:?}")));
    };
    Ok(Command { verb, resource, names, namespace, wide, show_labels, no_headers, selector })
}

impl Command<'_> {
    fn wants(&self, namespace: Option<&str>, name: &str, labels: &Labels) -> bool {
        let here = !self.resource.3 || self.namespace.is_none_or(|wanted| namespace == Some(wanted));
        let named = self.names.is_empty() || self.names.contains(&name);
        here && named
            && self.selector.iter().all(|(key, value)| labels.get(*key).is_some_and(|found| found == value))
    }

    /// What is printed on standard error: the names that were not found, or that there is nothing.
    fn missing(&self, found: &[String]) -> String {
        let mut out = String::new();
        for name in self.names.iter().filter(|name| !found.iter().any(|found| found == *name)) {
            out.push_str(&format!(
                "Error from server (NotFound): {} {name:?} not found\n",
                self.resource.qualified()
            ));
        }
        if found.is_empty() && self.names.is_empty() {
            out = match self.namespace.filter(|_| self.resource.3) {
                Some(namespace) => format!("No resources found in {namespace} namespace.\n"),
                None => "No resources found\n".to_owned(),
            };
        }
        out
    }

    fn output(&self, stdout: String, found: &[String]) -> Output {
        let stderr = self.missing(found);
        let exit_code = u32::from(stderr.starts_with("Error"));
        Output { stdout, stderr, exit_code }
    }
}

fn get(snapshot: &Snapshot, command: &Command<'_>) -> Output {
    let Some(listing) = get::listing(snapshot, command.resource.0, command.wide) else {
        return failed(format!("error: `kubectl get {}` is not modelled", command.resource.1));
    };
    let mut rows: Vec<get::Row> = listing
        .rows
        .into_iter()
        .filter(|row| command.wants(row.namespace.as_deref(), &row.name, &row.labels))
        .collect();
    rows.order_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    let everywhere = command.namespace.is_none() && command.resource.3;
    let mut headers: Vec<&str> = if everywhere { vec!["NAMESPACE"] } else { Vec::new() };
    headers.extend(listing.columns);
    headers.extend(listing.wide.iter().filter(|_| command.wide));
    headers.extend(command.show_labels.then_some("LABELS"));
    let found: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    let cells: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            let mut cells: Vec<String> = row.namespace.filter(|_| everywhere).into_iter().collect();
            cells.push(row.name);
            cells.extend(row.cells);
            cells.extend(row.wide.into_iter().filter(|_| command.wide));
            cells.extend(command.show_labels.then(|| describe::format_labels(&row.labels)));
            cells
        })
        .collect();
    let stdout =
        if cells.is_empty() { String::new() } else { table::table(&headers, &cells, command.no_headers) };
    command.output(stdout, &found)
}

fn describe(snapshot: &Snapshot, command: &Command<'_>) -> Output {
    let mut pages: Vec<(Option<String>, String, String)> = Vec::new();
    let mut add = |namespace: Option<&str>, name: &str, labels: &Labels, page: &dyn Fn() -> String| {
        if command.wants(namespace, name, labels) {
            pages.push((namespace.map(str::to_owned), name.to_owned(), page()));
        }
    };
    match command.resource.0 {
        "Service" => {
            for (index, item) in (0_u32..).zip(&snapshot.services) {
                let id = crate::model::ServiceId(index);
                let namespace = snapshot.namespace_name(item.namespace);
                add(Some(namespace), &item.name, &item.labels, &|| describe::service(snapshot, id, item));
            }
        }
        "EndpointSlice" => {
            for item in &snapshot.slices {
                let namespace = snapshot.namespace_name(item.namespace);
                let object = crate::manifest::ObjectRef::namespaced("EndpointSlice", namespace, &item.name);
                let page = || describe::endpoint_slice(&object, &item.value);
                add(Some(namespace), &item.name, &item.value.metadata.labels, &page);
            }
        }
        "Endpoints" => {
            for item in &snapshot.endpoints {
                let (object, labels) = (&item.object, &item.value.metadata.labels);
                add(object.namespace.as_deref(), &object.name, labels, &|| describe::endpoints(item));
            }
        }
        "Ingress" => {
            for item in &snapshot.ingresses {
                let (object, labels) = (&item.object, &item.value.metadata.labels);
                add(object.namespace.as_deref(), &object.name, labels, &|| describe::ingress(snapshot, item));
            }
        }
        "IngressClass" => {
            for item in &snapshot.ingress_classes {
                add(None, &item.object.name, &item.value.metadata.labels, &|| describe::ingress_class(item));
            }
        }
        "NetworkPolicy" => {
            for item in &snapshot.network_policies {
                let (object, labels) = (&item.object, &item.value.metadata.labels);
                add(object.namespace.as_deref(), &object.name, labels, &|| policy::network_policy(item));
            }
        }
        kind @ ("IPAddress" | "ServiceCIDR") => {
            // Neither changes an answer, so the model does not keep them; the manifests do.
            for object in snapshot.manifests.objects().iter().filter(|object| object.kind == kind) {
                let reference = object.reference();
                if kind == "IPAddress" {
                    let value = snapshot.manifests.typed(object.id);
                    let labels: &Labels = &Labels::default();
                    add(None, &object.name, labels, &|| describe::ip_address(&reference, &value));
                } else {
                    let value = snapshot.manifests.typed(object.id);
                    let labels: &Labels = &Labels::default();
                    add(None, &object.name, labels, &|| describe::service_cidr(&reference, &value));
                }
            }
        }
        _ => return failed(format!("error: `kubectl describe {}` is not modelled", command.resource.1)),
    }
    pages.order();
    let found: Vec<String> = pages.iter().map(|(_, name, _)| name.clone()).collect();
    let pages: Vec<String> = pages.into_iter().map(|(_, _, page)| page).collect();
    command.output(pages.join("\n\n"), &found)
}
