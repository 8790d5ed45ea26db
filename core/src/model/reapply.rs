//! Applying a Service again: what the API server keeps, what it drops, what it refuses.
//!
//! k8s: pkg/registry/core/service/strategy.go patchAllocatedValues, dropTypeDependentFields (1.36)

use crate::admission::{Fault, Shown};
use crate::manifest::api::core_v1::{Service, ServiceSpec};

/// A Service after it was applied over an older one.
#[derive(Clone, Debug, PartialEq)]
pub struct Reapplied {
    /// What is stored when there are no faults.
    pub service: Service,
    /// Why the API server refuses the change.
    pub faults: Vec<Fault>,
}

fn needs_cluster_ip(spec: &ServiceSpec) -> bool {
    matches!(spec.type_.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer")
}

fn needs_node_port(spec: &ServiceSpec) -> bool {
    matches!(spec.type_.as_str(), "NodePort" | "LoadBalancer")
}

/// Applies `new` over `old`; both are defaulted, `old` is as stored.
///
/// ```
/// use kubehop::manifest::api::core_v1::Service;
/// let mut old = Service::default();
/// old.spec.type_ = "ClusterIP".into();
/// old.spec.cluster_ip = "10.96.0.40".into();
/// old.spec.cluster_ips = vec!["10.96.0.40".into()];
/// let mut new = Service::default();
/// new.spec.type_ = "NodePort".into();
/// let applied = kubehop::model::reapply(&old, &new);
/// assert_eq!(applied.service.spec.cluster_ip, "10.96.0.40");
/// ```
pub fn reapply(old: &Service, new: &Service) -> Reapplied {
    let mut service = new.clone();
    let is_lb = new.spec.type_ == "LoadBalancer";
    if service.status == Default::default() && is_lb {
        service.status.clone_from(&old.status);
    }
    keep_allocated(&old.spec, &mut service.spec);
    drop_type_dependent(&old.spec, &mut service.spec);
    if !is_lb {
        service.status.load_balancer.ingress.clear();
    }
    release_secondary(&old.spec, &mut service.spec);
    let faults = faults(&old.spec, &service.spec);
    Reapplied { service, faults }
}

/// k8s: strategy.go patchAllocatedValues
fn keep_allocated(old: &ServiceSpec, new: &mut ServiceSpec) {
    if needs_cluster_ip(old) && needs_cluster_ip(new) {
        if new.cluster_ip.is_empty() {
            new.cluster_ip.clone_from(&old.cluster_ip);
        }
        if new.cluster_ips.is_empty() && new.cluster_ip == old.cluster_ip {
            new.cluster_ips.clone_from(&old.cluster_ips);
        }
        if new.ip_families.is_empty() && new.cluster_ips == old.cluster_ips {
            new.ip_families.clone_from(&old.ip_families);
        }
        if new.ip_family_policy.is_none() {
            new.ip_family_policy.clone_from(&old.ip_family_policy);
        }
    }
    if needs_node_port(old) && needs_node_port(new) {
        let used: Vec<(String, i32)> =
            new.ports.iter().map(|port| (port.protocol.clone(), port.node_port)).collect();
        for port in new.ports.iter_mut().filter(|port| port.node_port == 0) {
            let before = old.ports.iter().find(|before| before.name == port.name);
            let before = before.map(|before| before.node_port).filter(|&number| number != 0);
            if let Some(number) = before.filter(|&number| !used.contains(&(port.protocol.clone(), number))) {
                port.node_port = number;
            }
        }
    }
    let health = |spec: &ServiceSpec| spec.type_ == "LoadBalancer" && spec.external_traffic_policy == "Local";
    if health(old) && health(new) && new.health_check_node_port == 0 {
        new.health_check_node_port = old.health_check_node_port;
    }
}

/// Fields that the type no longer allows go, as far as the user left them as they were.
///
/// k8s: strategy.go dropTypeDependentFields
fn drop_type_dependent(old: &ServiceSpec, new: &mut ServiceSpec) {
    if needs_cluster_ip(old) && !needs_cluster_ip(new) && old.cluster_ips == new.cluster_ips {
        new.cluster_ip.clear();
        new.cluster_ips.clear();
        if old.ip_families == new.ip_families {
            new.ip_families.clear();
        }
        if old.ip_family_policy == new.ip_family_policy {
            new.ip_family_policy = None;
        }
    }
    let ports = |spec: &ServiceSpec| spec.ports.iter().map(|port| port.node_port).collect::<Vec<_>>();
    if needs_node_port(old) && !needs_node_port(new) && ports(old) == ports(new) {
        for port in &mut new.ports {
            port.node_port = 0;
        }
    }
    let health = |spec: &ServiceSpec| spec.type_ == "LoadBalancer" && spec.external_traffic_policy == "Local";
    if health(old) && !health(new) && old.health_check_node_port == new.health_check_node_port {
        new.health_check_node_port = 0;
    }
    if old.type_ == "LoadBalancer" && new.type_ != "LoadBalancer" {
        if old.allocate_load_balancer_node_ports == new.allocate_load_balancer_node_ports {
            new.allocate_load_balancer_node_ports = None;
        }
        if old.load_balancer_class == new.load_balancer_class {
            new.load_balancer_class = None;
        }
    }
    let outside = crate::admission::defaults::is_externally_accessible;
    if outside(old) && !outside(new) && old.external_traffic_policy == new.external_traffic_policy {
        new.external_traffic_policy.clear();
    }
}

/// SingleStack releases the second address where the user left both.
///
/// k8s: storage/alloc.go initIPFamilyFields
fn release_secondary(old: &ServiceSpec, new: &mut ServiceSpec) {
    if new.ip_family_policy.as_deref() == Some("SingleStack") {
        if old.cluster_ips == new.cluster_ips {
            new.cluster_ips.truncate(1);
        }
        if old.ip_families == new.ip_families {
            new.ip_families.truncate(1);
        }
    }
}

/// k8s: pkg/apis/core/validation/validation.go ValidateServiceUpdate, validateUpgradeDowngradeClusterIPs
fn faults(old: &ServiceSpec, new: &ServiceSpec) -> Vec<Fault> {
    const ONCE: &str = "may not change once set";
    let mut faults = Vec::new();
    if old.type_ == "LoadBalancer"
        && new.type_ == "LoadBalancer"
        && old.load_balancer_class != new.load_balancer_class
    {
        let value = match &new.load_balancer_class {
            Some(class) => Shown::from(class),
            None => Shown::json("null"),
        };
        faults.push(Fault::invalid("spec.loadBalancerClass", value, ONCE));
    }
    if old.type_ == "ExternalName" || new.type_ == "ExternalName" {
        return faults;
    }
    let (before, after) = (old.cluster_ips.first(), new.cluster_ips.first());
    match (before, after) {
        (Some(before), Some(after)) if before != after => {
            let help = "delete the Service and create it again: its address cannot change";
            let fault = Fault::invalid("spec.clusterIPs[0]", Shown::list(&new.cluster_ips), ONCE);
            faults.push(fault.with_help(help));
        }
        (Some(_), None) => {
            let shown = Shown::list(&new.cluster_ips);
            faults.push(Fault::invalid("spec.clusterIPs[0]", shown, "primary clusterIP can not be unset"));
        }
        _ => {}
    }
    if let (Some(before), Some(after)) = (old.ip_families.first(), new.ip_families.first())
        && before != after
    {
        faults.push(Fault::invalid("spec.ipFamilies[0]", Shown::list(&new.ip_families), ONCE));
    }
    if let Some(policy) = new.ip_family_policy.as_deref().filter(|policy| *policy != "SingleStack") {
        let released = |before: usize, after: usize| before == 2 && after == 1;
        if released(old.cluster_ips.len(), new.cluster_ips.len()) {
            let detail = "must be 'SingleStack' to release the secondary cluster IP";
            faults.push(Fault::invalid("spec.ipFamilyPolicy", policy, detail));
        }
        if released(old.ip_families.len(), new.ip_families.len()) {
            let detail = "must be 'SingleStack' to release the secondary IP family";
            faults.push(Fault::invalid("spec.ipFamilyPolicy", policy, detail));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::defaults;
    use crate::manifest::api::core_v1::ServicePort;

    fn service(kind: &str, edit: impl FnOnce(&mut ServiceSpec)) -> Service {
        let mut service = Service::default();
        service.spec.type_ = kind.into();
        service.spec.ports.push(ServicePort { name: "http".into(), port: 80, ..Default::default() });
        edit(&mut service.spec);
        defaults::service(&mut service);
        service
    }

    /// As stored: with an address and, where the type has them, node ports.
    fn stored(kind: &str, edit: impl FnOnce(&mut ServiceSpec)) -> Service {
        let mut service = service(kind, edit);
        let spec = &mut service.spec;
        spec.cluster_ip = "10.96.0.40".into();
        spec.cluster_ips = vec!["10.96.0.40".into()];
        spec.ip_families = vec!["IPv4".into()];
        spec.ip_family_policy = Some("SingleStack".into());
        if needs_node_port(spec) {
            for port in &mut spec.ports {
                port.node_port = 30100;
            }
        }
        service
    }

    fn texts(reapplied: &Reapplied) -> Vec<String> {
        let faults = reapplied.faults.iter();
        faults.map(|fault| format!("{}: {}", fault.field, fault.message)).collect()
    }

    #[test]
    fn allocated_values_stay() {
        let after = reapply(&stored("NodePort", |_| {}), &service("NodePort", |_| {}));
        let spec = &after.service.spec;
        assert_eq!((spec.cluster_ip.as_str(), spec.ports[0].node_port), ("10.96.0.40", 30100));
        assert_eq!(texts(&after), [""; 0]);
    }

    #[test]
    fn a_renamed_port_gets_a_new_node_port() {
        let after = reapply(
            &stored("NodePort", |_| {}),
            &service("NodePort", |spec| spec.ports[0].name = "web".into()),
        );
        assert_eq!(after.service.spec.ports[0].node_port, 0);
    }

    #[test]
    fn an_edit_of_the_type_drops_what_it_no_longer_has() {
        let old = stored("NodePort", |_| {});
        let mut edited = old.clone();
        edited.spec.type_ = "ClusterIP".into();
        let after = reapply(&old, &edited).service.spec;
        assert_eq!((after.ports[0].node_port, after.external_traffic_policy.as_str()), (0, ""));
        let mut edited = old.clone();
        edited.spec.type_ = "ExternalName".into();
        let after = reapply(&old, &edited).service.spec;
        assert!(after.cluster_ip.is_empty() && after.cluster_ips.is_empty() && after.ip_families.is_empty());
        assert_eq!(after.ip_family_policy, None);
    }

    #[test]
    fn a_manifest_with_another_node_port_is_not_an_edit() {
        let new = service("ClusterIP", |spec| spec.ports[0].node_port = 30200);
        assert_eq!(reapply(&stored("NodePort", |_| {}), &new).service.spec.ports[0].node_port, 30200);
    }

    #[test]
    fn leaving_a_load_balancer() {
        let old = stored("LoadBalancer", |spec| {
            spec.external_traffic_policy = "Local".into();
            spec.health_check_node_port = 30300;
            spec.load_balancer_class = Some("example.com/lb".into());
        });
        let mut edited = old.clone();
        edited.spec.type_ = "NodePort".into();
        edited.status.load_balancer.ingress.push(Default::default());
        let after = reapply(&old, &edited).service;
        let spec = &after.spec;
        assert_eq!((spec.health_check_node_port, &spec.load_balancer_class), (0, &None));
        assert_eq!(spec.allocate_load_balancer_node_ports, None);
        assert!(after.status.load_balancer.ingress.is_empty());
        let other =
            service("LoadBalancer", |spec| spec.load_balancer_class = Some("example.com/other".into()));
        let text = "spec.loadBalancerClass: Invalid value: \"example.com/other\": may not change once set";
        assert_eq!(texts(&reapply(&old, &other)), [text]);
    }

    #[test]
    fn addresses_do_not_change() {
        let old = stored("ClusterIP", |_| {});
        let other = service("ClusterIP", |spec| spec.cluster_ip = "10.96.0.41".into());
        let text = "spec.clusterIPs[0]: Invalid value: [\"10.96.0.41\"]: may not change once set";
        assert_eq!(texts(&reapply(&old, &other)), [text]);
        let headless = service("ClusterIP", |spec| spec.cluster_ip = "None".into());
        let text = "spec.clusterIPs[0]: Invalid value: [\"None\"]: may not change once set";
        assert_eq!(texts(&reapply(&old, &headless)), [text]);
        let name = service("ExternalName", |spec| spec.external_name = "example.com".into());
        assert_eq!(texts(&reapply(&old, &name)), [""; 0]);
    }

    #[test]
    fn the_second_address_is_released_by_policy() {
        let mut old = stored("ClusterIP", |_| {});
        old.spec.cluster_ips.push("fd00::40".into());
        old.spec.ip_families.push("IPv6".into());
        old.spec.ip_family_policy = Some("RequireDualStack".into());
        let mut edited = old.clone();
        edited.spec.ip_family_policy = Some("SingleStack".into());
        let after = reapply(&old, &edited);
        assert_eq!((after.service.spec.cluster_ips.len(), after.faults.len()), (1, 0));
        let mut edited = old.clone();
        edited.spec.cluster_ips.pop();
        edited.spec.ip_families.pop();
        let text = |what| {
            format!(
                "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": must be 'SingleStack' to release the secondary {what}"
            )
        };
        assert_eq!(texts(&reapply(&old, &edited)), [text("cluster IP"), text("IP family")]);
    }
}
