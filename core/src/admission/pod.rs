//! Validation of pods and of what makes them, as far as networking goes.
//!
//! k8s: pkg/apis/core/validation/validation.go, pkg/apis/apps/validation/validation.go (1.36)

use super::check::{NameRule, labels, meta, selector};
use super::fault::{Fault, Shown};
use super::{defaults, names};
use crate::manifest::Severity;
use crate::manifest::api::core_v1::{Container, Pod, PodDnsConfig, PodSpec, PodTemplateSpec};
use crate::manifest::api::meta::LabelSelector;
use crate::manifest::api::workloads::{CronJob, ReplicationController, Workload};
use std::collections::BTreeSet;

/// Judges a defaulted pod.
pub(crate) fn pod(pod: &Pod) -> Vec<Fault> {
    let mut faults = meta(&pod.metadata, NameRule::Subdomain, true);
    faults.extend(spec(&pod.spec, "spec"));
    // A status is not taken from a manifest, so it refuses nothing.
    let status = status(pod).into_iter();
    faults.extend(status.map(|fault| Fault { severity: Severity::Warning, ..fault }));
    faults
}

/// k8s: ValidatePodIPs
fn status(pod: &Pod) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut families = BTreeSet::new();
    for (index, ip) in pod.status.pod_ips.iter().enumerate() {
        let field = format!("status.podIPs[{index}]");
        let complaints = names::legacy_ip(&ip.ip, false).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid(&field, &ip.ip, text)));
        let family = names::parse_ip(&ip.ip).map(|ip| ip.is_ipv4());
        if family.is_some_and(|family| !families.insert(family)) {
            let ips: Vec<String> = pod.status.pod_ips.iter().map(|ip| ip.ip.clone()).collect();
            let detail = "may specify no more than one IP for each IP family";
            faults.push(Fault::invalid("status.podIPs", Shown::list(&ips), detail));
        }
    }
    faults
}

fn spec(spec: &PodSpec, field: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let lists = [("containers", &spec.containers), ("initContainers", &spec.init_containers)];
    for (name, containers) in lists {
        for (index, container) in containers.iter().enumerate() {
            faults.extend(ports(container, &format!("{field}.{name}[{index}].ports")));
        }
    }
    faults.extend(host_ports(&spec.containers, &format!("{field}.containers")));
    if spec.host_network {
        faults.extend(host_network(&spec.containers, &format!("{field}.containers")));
    }
    let named = [("hostname", &spec.hostname), ("subdomain", &spec.subdomain)];
    for (name, value) in named.into_iter().filter(|(_, value)| !value.is_empty()) {
        let complaints = names::dns_label(value).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid(format!("{field}.{name}"), value, &text)));
    }
    faults.extend(dns(spec, field));
    for (index, alias) in spec.host_aliases.iter().enumerate() {
        let field = format!("{field}.hostAliases[{index}]");
        let complaints = names::legacy_ip(&alias.ip, false).into_iter();
        faults.extend(complaints.map(|text| Fault::invalid(format!("{field}.ip"), &alias.ip, text)));
        for (index, name) in alias.hostnames.iter().enumerate() {
            let complaints = names::dns_subdomain(name).into_iter();
            faults.extend(
                complaints.map(|text| Fault::invalid(format!("{field}.hostnames[{index}]"), name, &text)),
            );
        }
    }
    faults
}

/// k8s: validateContainerPorts
fn ports(container: &Container, field: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, port) in container.ports.iter().enumerate() {
        let at = |name: &str| format!("{field}[{index}].{name}");
        if !port.name.is_empty() {
            let complaints = names::port_name(&port.name);
            if complaints.is_empty() && !seen.insert(&port.name) {
                faults.push(Fault::duplicate(at("name"), &port.name));
            }
            faults.extend(complaints.into_iter().map(|text| Fault::invalid(at("name"), &port.name, &text)));
        }
        match port.container_port {
            0 => faults.push(Fault::required(at("containerPort"), "")),
            number => {
                let text = names::port_number(number);
                faults.extend(text.map(|text| Fault::invalid(at("containerPort"), number, text)));
            }
        }
        if let Some(text) = names::port_number(port.host_port).filter(|_| port.host_port != 0) {
            faults.push(Fault::invalid(at("hostPort"), port.host_port, text));
        }
        if !matches!(port.protocol.as_str(), "SCTP" | "TCP" | "UDP") {
            faults.push(Fault::unsupported(at("protocol"), &port.protocol, &["SCTP", "TCP", "UDP"]));
        }
    }
    faults
}

/// k8s: checkHostPortConflicts
fn host_ports(containers: &[Container], field: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (at, container) in containers.iter().enumerate() {
        for (index, port) in container.ports.iter().enumerate().filter(|(_, port)| port.host_port != 0) {
            let text = format!("{}/{}/{}", port.protocol, port.host_ip, port.host_port);
            if !seen.insert(text.clone()) {
                faults.push(Fault::duplicate(format!("{field}[{at}].ports[{index}].hostPort"), &text));
            }
        }
    }
    faults
}

/// k8s: validateHostNetwork
fn host_network(containers: &[Container], field: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, container) in containers.iter().enumerate() {
        for (index, port) in container.ports.iter().enumerate() {
            if port.host_port != port.container_port {
                let detail = "must match `containerPort` when `hostNetwork` is true";
                let field = format!("{field}[{at}].ports[{index}].hostPort");
                faults.push(Fault::invalid(field, port.host_port, detail));
            }
        }
    }
    faults
}

/// k8s: validateDNSPolicy, validatePodDNSConfig
fn dns(spec: &PodSpec, field: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let known = &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
    if !known.contains(&spec.dns_policy.as_str()) {
        faults.push(Fault::unsupported(format!("{field}.dnsPolicy"), &spec.dns_policy, known));
    }
    let field = format!("{field}.dnsConfig");
    let none = spec.dns_policy == "None";
    let Some(PodDnsConfig { nameservers, searches, options }) = &spec.dns_config else {
        if none {
            faults.push(Fault::required(field, "must provide `dnsConfig` when `dnsPolicy` is None"));
        }
        return faults;
    };
    if none && nameservers.is_empty() {
        let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        faults.push(Fault::required(format!("{field}.nameservers"), detail));
    }
    if nameservers.len() > 3 {
        let shown = Shown::list(nameservers);
        faults.push(Fault::invalid(
            format!("{field}.nameservers"),
            shown,
            "must not have more than 3 nameservers",
        ));
    }
    for (index, ip) in nameservers.iter().enumerate() {
        let complaints = names::legacy_ip(ip, false).into_iter();
        faults
            .extend(complaints.map(|text| Fault::invalid(format!("{field}.nameservers[{index}]"), ip, text)));
    }
    if searches.len() > 32 {
        let shown = Shown::list(searches);
        faults.push(Fault::invalid(
            format!("{field}.searches"),
            shown,
            "must not have more than 32 search paths",
        ));
    }
    if searches.join(" ").len() > 2048 {
        let detail = "must not have more than 2048 characters (including spaces) in the search list";
        faults.push(Fault::invalid(format!("{field}.searches"), Shown::list(searches), detail));
    }
    for (index, search) in searches.iter().enumerate() {
        let name = search.strip_suffix('.').unwrap_or(search);
        // Since 1.34 a search path may hold underscores, and be a lone dot.
        let plain = name.replace('_', "a");
        if search != "." {
            let complaints = names::dns_subdomain(&plain).into_iter();
            faults.extend(
                complaints.map(|text| Fault::invalid(format!("{field}.searches[{index}]"), search, &text)),
            );
        }
    }
    for (index, _) in options.iter().enumerate().filter(|(_, option)| option.name.is_empty()) {
        faults.push(Fault::required(format!("{field}.options[{index}]"), "must not be empty"));
    }
    faults
}

/// k8s: ValidatePodTemplateSpec; the API server leaves `metadata` out of these paths
fn template(template: &PodTemplateSpec, field: &str) -> Vec<Fault> {
    let mut faults = labels(&template.metadata.labels, &format!("{field}.labels"));
    faults.extend(spec(&template.spec, &format!("{field}.spec")));
    faults
}

/// The selector of a workload, and whether it selects the workload's own pods.
fn selects(selector_: Option<&LabelSelector>, own: &PodTemplateSpec, kind: &str) -> Vec<Fault> {
    let Some(found) = selector_ else { return vec![Fault::required("spec.selector", "")] };
    let mut faults = selector(found, "spec.selector");
    if found.is_empty() {
        let detail = format!("empty selector is invalid for {kind}");
        faults.push(Fault::invalid("spec.selector", Shown::json("{}"), &detail));
    } else if faults.is_empty() && !found.matches(&own.metadata.labels) {
        let detail = "`selector` does not match template `labels`";
        let shown = Shown::map(&own.metadata.labels);
        let help = "give the pod template every label that spec.selector asks for";
        faults.push(Fault::invalid("spec.template.metadata.labels", shown, detail).with_help(help));
    }
    faults
}

fn not_negative(number: Option<i32>, field: &str) -> Option<Fault> {
    let number = number.filter(|number| *number < 0)?;
    Some(Fault::invalid(field, number, "must be greater than or equal to 0"))
}

/// Judges a defaulted Deployment, ReplicaSet, StatefulSet, DaemonSet or Job.
pub(crate) fn workload(kind: &str, workload: &Workload) -> Vec<Fault> {
    let mut faults = meta(&workload.metadata, NameRule::Subdomain, true);
    let spec = &workload.spec;
    if kind == "Job" {
        faults.extend(not_negative(spec.parallelism, "spec.parallelism"));
        faults.extend(not_negative(spec.completions, "spec.completions"));
    } else {
        faults.extend(not_negative(spec.replicas, "spec.replicas"));
        faults.extend(selects(spec.selector.as_ref(), &spec.template, &kind.to_lowercase()));
    }
    faults.extend(template(&spec.template, "spec.template"));
    faults
}

/// Judges a defaulted ReplicationController.
pub(crate) fn replication_controller(controller: &ReplicationController) -> Vec<Fault> {
    let mut faults = meta(&controller.metadata, NameRule::Subdomain, true);
    let spec = &controller.spec;
    faults.extend(not_negative(spec.replicas, "spec.replicas"));
    let selector = defaults::selector(controller);
    if selector.is_empty() {
        faults.push(Fault::required("spec.selector", ""));
    } else if !selector.matches(&spec.template.metadata.labels) {
        let shown = Shown::map(&spec.template.metadata.labels);
        let detail = "`selector` does not match template `labels`";
        faults.push(Fault::invalid("spec.template.metadata.labels", shown, detail));
    }
    faults.extend(template(&spec.template, "spec.template"));
    faults
}

/// Judges a defaulted CronJob.
pub(crate) fn cron_job(job: &CronJob) -> Vec<Fault> {
    let mut faults = meta(&job.metadata, NameRule::Subdomain, true);
    // The controller adds 11 characters to make the name of a Job.
    if job.metadata.name.len() > 52 {
        let detail = "must be no more than 52 characters";
        faults.push(Fault::invalid("metadata.name", &job.metadata.name, detail));
    }
    faults.extend(template(&job.spec.job_template.spec.template, "spec.jobTemplate.spec.template"));
    faults
}
