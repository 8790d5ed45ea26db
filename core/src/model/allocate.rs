//! ClusterIPs and node ports: which are taken, and which the API server gives next.
//!
//! The API server picks at random; the model takes the lowest free one of the same band.

use super::ipam::{address, family, number};
use super::settle::{Draft, DraftService};
use super::{Family, Origin};
use crate::admission::{Fault, Shown, defaults};
use crate::manifest::api::core_v1::{ServicePort, ServiceSpec};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A range split in two: explicit requests are best made from the lower, static band, and what is
/// allocated comes from the upper, dynamic one as long as it lasts.
#[derive(Debug)]
struct Bands {
    first: u128,
    last: u128,
    /// First of the dynamic band.
    dynamic: u128,
    used: BTreeSet<u128>,
    next_upper: u128,
    next_lower: u128,
}

/// k8s: KEP-3070, KEP-3668
fn offset(size: u128, step: u128, max: u128) -> u128 {
    if size <= 16 { 0 } else { (size / step).clamp(16, max) }
}

impl Bands {
    fn new(first: u128, last: u128, offset: u128) -> Self {
        let dynamic = first.saturating_add(offset);
        Self { first, last, dynamic, used: BTreeSet::new(), next_upper: dynamic, next_lower: first }
    }

    fn contains(&self, value: u128) -> bool {
        (self.first..=self.last).contains(&value)
    }

    /// The lowest free one of the dynamic band, then of the static one.
    fn next(&mut self) -> Option<u128> {
        // The cursors only move up: nothing is ever given back.
        if let Some(free) = (self.next_upper..=self.last).find(|value| !self.used.contains(value)) {
            self.next_upper = free;
            self.used.insert(free);
            return Some(free);
        }
        self.next_upper = self.next_upper.max(self.last);
        let free = (self.next_lower..self.dynamic).find(|value| !self.used.contains(value))?;
        self.next_lower = free;
        self.used.insert(free);
        Some(free)
    }
}

/// ClusterIPs of one family.
///
/// k8s: pkg/registry/core/service/ipallocator/ipallocator.go (1.36)
#[derive(Debug)]
struct IpAllocator {
    net: IpNet,
    bands: Bands,
}

impl IpAllocator {
    fn new(net: IpNet) -> Self {
        let net = net.trunc();
        let (base, end) = (number(net.network()), number(net.broadcast()));
        let last = if family(&net) == Family::IPv4 { end.saturating_sub(1) } else { end };
        let size =
            1_u128.checked_shl(u32::from(net.max_prefix_len() - net.prefix_len())).unwrap_or(u128::MAX);
        Self { net, bands: Bands::new(base.saturating_add(1), last, offset(size, 16, 256)) }
    }

    fn take(&mut self, ip: IpAddr) -> Result<(), String> {
        let value = number(ip);
        if Family::of(ip) != family(&self.net) || !self.bands.contains(value) {
            return Err(format!(
                "the provided IP ({ip}) is not in the valid range. The range of valid IPs is {}",
                self.net
            ));
        }
        if self.bands.used.insert(value) { Ok(()) } else { Err("provided IP is already allocated".into()) }
    }

    fn next(&mut self) -> Option<IpAddr> {
        let family = family(&self.net);
        self.bands.next().map(|value| address(family, value))
    }
}

/// All allocators of the API server.
#[derive(Debug)]
pub(crate) struct Allocators {
    ips: Vec<IpAllocator>,
    ports: Bands,
}

fn family_name(family: Family) -> &'static str {
    match family {
        Family::IPv4 => "IPv4",
        Family::IPv6 => "IPv6",
    }
}

impl Allocators {
    pub(crate) fn new(service_cidrs: &[IpNet], (low, high): (u16, u16)) -> Self {
        let (low, high) = (u128::from(low), u128::from(high.max(low)));
        Self {
            ips: service_cidrs.iter().copied().map(IpAllocator::new).collect(),
            ports: Bands::new(low, high, offset(high - low + 1, 32, 128)),
        }
    }

    fn of_family(&mut self, name: &str) -> Option<&mut IpAllocator> {
        self.ips.iter_mut().find(|ips| family_name(family(&ips.net)) == name)
    }

    fn default_family(&self) -> &'static str {
        self.ips.first().map_or("IPv4", |ips| family_name(family(&ips.net)))
    }

    fn take_port(&mut self, port: i32) -> Result<(), String> {
        let value = u128::try_from(port).unwrap_or(0);
        if !self.ports.contains(value) {
            return Err(format!(
                "provided port is not in the valid range. The range of valid ports is {}-{}",
                self.ports.first, self.ports.last
            ));
        }
        if self.ports.used.insert(value) { Ok(()) } else { Err("provided port is already allocated".into()) }
    }

    fn next_port(&mut self) -> Result<i32, Fault> {
        let port = self.ports.next().and_then(|port| i32::try_from(port).ok());
        port.ok_or_else(|| Fault::internal("failed to allocate a nodePort: range is full"))
    }
}

/// A Service on its way through the allocators.
#[derive(Debug)]
pub(crate) struct Pending<'s> {
    pub(crate) spec: &'s mut ServiceSpec,
    pub(crate) allocated: &'s mut Vec<String>,
    /// Taken from a running cluster: its addresses are facts.
    pub(crate) stored: bool,
}

fn is_headless(spec: &ServiceSpec) -> bool {
    spec.cluster_ips.first().is_some_and(|ip| ip == "None") || spec.cluster_ip == "None"
}

/// Settles policy and families.
///
/// k8s: pkg/registry/core/service/storage/alloc.go initIPFamilyFields (1.36)
fn families(allocators: &Allocators, spec: &mut ServiceSpec) -> Result<(), Vec<Fault>> {
    const POLICY: &str = "spec.ipFamilyPolicy";
    let selectorless_headless = is_headless(spec) && spec.selector.is_empty();
    let policy = match &spec.ip_family_policy {
        Some(policy) => policy.clone(),
        None if selectorless_headless => "RequireDualStack".into(),
        None => "SingleStack".into(),
    };
    spec.ip_family_policy = Some(policy.clone());
    let configured = |name: &str| allocators.ips.iter().any(|ips| family_name(family(&ips.net)) == name);
    let mut faults = Vec::new();
    if policy == "SingleStack" {
        for (count, what) in
            [(spec.cluster_ips.len(), "cluster IPs"), (spec.ip_families.len(), "IP families")]
        {
            if count == 2 {
                let detail = format!(
                    "must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"
                );
                faults.push(Fault::invalid(POLICY, &policy, &detail));
            }
        }
    }
    for (index, ip) in spec.cluster_ips.iter().enumerate() {
        if ip == "None" {
            break;
        }
        let Ok(ip) = ip.parse() else { break };
        let name = family_name(Family::of(ip));
        if index >= spec.ip_families.len() {
            if configured(name) {
                spec.ip_families.push(name.into());
            } else {
                let detail = format!("{name} is not configured on this cluster");
                let shown = Shown::list(&spec.cluster_ips);
                faults.push(Fault::invalid(format!("spec.clusterIPs[{index}]"), shown, &detail));
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    if !selectorless_headless {
        if policy == "RequireDualStack" && allocators.ips.len() < 2 {
            let detail = "this cluster is not configured for dual-stack services";
            faults.push(Fault::invalid(POLICY, &policy, detail));
        }
        for (index, name) in spec.ip_families.iter().enumerate() {
            if !configured(name) {
                let field = format!("spec.ipFamilies[{index}]");
                faults.push(Fault::invalid(field, name, "not configured on this cluster"));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
    }
    if spec.ip_families.is_empty() {
        spec.ip_families.push(allocators.default_family().into());
    }
    let both = selectorless_headless || allocators.ips.len() == 2;
    if policy != "SingleStack" && spec.ip_families.len() == 1 && both {
        let other = if spec.ip_families.first().is_some_and(|name| name == "IPv4") { "IPv6" } else { "IPv4" };
        spec.ip_families.push(other.into());
    }
    Ok(())
}

/// First pass: families, and everything that is asked for by number, so that nothing that is allocated
/// can take it.
///
/// # Errors
/// What the API server says when it refuses the Service.
pub(crate) fn reserve(allocators: &mut Allocators, pending: &mut Pending<'_>) -> Result<(), Vec<Fault>> {
    let spec = &mut *pending.spec;
    if spec.type_ != "ExternalName" {
        if !pending.stored || spec.ip_families.is_empty() {
            families(allocators, spec)?;
        }
        if !is_headless(spec) {
            for ip in spec.cluster_ips.clone() {
                let Ok(parsed) = ip.parse::<IpAddr>() else { continue };
                let Some(ips) = allocators.of_family(family_name(Family::of(parsed))) else { continue };
                if let Err(reason) = ips.take(parsed) {
                    if pending.stored && !ips.bands.contains(number(parsed)) {
                        continue;
                    }
                    let detail = format!("failed to allocate IP {ip}: {reason}");
                    return Err(vec![Fault::invalid(
                        "spec.clusterIPs",
                        Shown::list(&spec.cluster_ips),
                        &detail,
                    )]);
                }
            }
        }
    }
    if matches!(spec.type_.as_str(), "NodePort" | "LoadBalancer") {
        let mut own: Vec<i32> = Vec::new();
        for (index, port) in spec.ports.iter().enumerate() {
            // Within one Service, one number may serve several protocols.
            if port.node_port == 0 || own.contains(&port.node_port) {
                continue;
            }
            if let Err(reason) = allocators.take_port(port.node_port) {
                let fault = Fault::invalid(format!("spec.ports[{index}].nodePort"), port.node_port, &reason);
                return Err(vec![fault]);
            }
            own.push(port.node_port);
        }
    }
    if defaults::needs_health_check(spec) && spec.health_check_node_port != 0 {
        let port = spec.health_check_node_port;
        if let Err(reason) = allocators.take_port(port) {
            let detail = format!("failed to allocate requested HealthCheck NodePort {port}: {reason}");
            return Err(vec![Fault::internal(&detail)]);
        }
    }
    Ok(())
}

/// Second pass: allocates what is missing.
///
/// # Errors
/// When a range is full.
pub(crate) fn fill(allocators: &mut Allocators, pending: &mut Pending<'_>) -> Result<(), Vec<Fault>> {
    let spec = &mut *pending.spec;
    if spec.type_ != "ExternalName" && !is_headless(spec) {
        for (index, name) in spec.ip_families.clone().iter().enumerate() {
            if index < spec.cluster_ips.len() {
                continue;
            }
            let ip = allocators.of_family(name).and_then(IpAllocator::next);
            let Some(ip) = ip else {
                return Err(vec![Fault::internal("failed to allocate a serviceIP: range is full")]);
            };
            if index == 0 {
                spec.cluster_ip = ip.to_string();
                pending.allocated.push("spec.clusterIP".into());
            }
            spec.cluster_ips.push(ip.to_string());
            pending.allocated.push(format!("spec.clusterIPs[{index}]"));
        }
    }
    let wants_ports = spec.type_ == "NodePort"
        || spec.type_ == "LoadBalancer" && spec.allocate_load_balancer_node_ports != Some(false);
    if wants_ports {
        for index in 0..spec.ports.len() {
            let Some(port) = spec.ports.get(index).filter(|port| port.node_port == 0) else { continue };
            let shared = shared_node_port(&spec.ports, port);
            let number = match shared {
                Some(number) => number,
                None => allocators.next_port().map_err(|fault| vec![fault])?,
            };
            if let Some(port) = spec.ports.get_mut(index) {
                port.node_port = number;
                pending.allocated.push(format!("spec.ports[{index}].nodePort"));
            }
        }
    }
    if defaults::needs_health_check(spec) && spec.health_check_node_port == 0 {
        spec.health_check_node_port = allocators.next_port().map_err(|fault| vec![fault])?;
        pending.allocated.push("spec.healthCheckNodePort".into());
    }
    Ok(())
}

/// The node port of another entry with the same port number and another protocol.
///
/// k8s: pkg/registry/core/service/storage/alloc.go initNodePorts
fn shared_node_port(ports: &[ServicePort], wanted: &ServicePort) -> Option<i32> {
    ports
        .iter()
        .find(|port| port.port == wanted.port && port.protocol != wanted.protocol && port.node_port != 0)
        .map(|port| port.node_port)
}

/// Takes all Services through both passes; those refused are taken out of the cluster. The control
/// plane's own were there before any other.
pub(crate) fn allocate(draft: &mut Draft<'_>) {
    let settings = draft.settings;
    let mut allocators = Allocators::new(&settings.service_cidrs, settings.node_port_range);
    type Pass = fn(&mut Allocators, &mut Pending<'_>) -> Result<(), Vec<Fault>>;
    for (pass, own) in [(reserve as Pass, true), (reserve, false), (fill, true), (fill, false)] {
        let mut refused = Vec::new();
        for (at, DraftService { service, stored }) in draft.services.iter_mut().enumerate() {
            if (service.origin == Origin::ControlPlane) != own {
                continue;
            }
            let mut pending =
                Pending { spec: &mut service.spec, allocated: &mut service.allocated, stored: *stored };
            if let Err(faults) = pass(&mut allocators, &mut pending) {
                refused.push((at, faults));
            }
        }
        for (at, faults) in refused.into_iter().rev() {
            let service = draft.services.remove(at).service;
            draft.refuse_service(&service, faults);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allocators(cidrs: &[&str]) -> Allocators {
        let cidrs: Vec<IpNet> = cidrs.iter().map(|cidr| cidr.parse().unwrap()).collect();
        Allocators::new(&cidrs, (30000, 32767))
    }

    #[test]
    fn bands_follow_the_size() {
        let dynamic = |cidr: &str| {
            let ips = IpAllocator::new(cidr.parse().unwrap());
            address(family(&ips.net), ips.bands.dynamic).to_string()
        };
        assert_eq!(dynamic("10.96.0.0/24"), "10.96.0.17");
        assert_eq!(dynamic("10.96.0.0/20"), "10.96.1.1");
        assert_eq!(dynamic("10.96.0.0/12"), "10.96.1.1");
        assert_eq!(dynamic("10.96.0.0/28"), "10.96.0.1");
        assert_eq!(dynamic("fd00::/108"), "fd00::101");
        assert_eq!(allocators(&[]).ports.dynamic, 30086);
    }

    #[test]
    fn the_dynamic_band_comes_first_and_then_the_static_one() {
        let mut ips = IpAllocator::new("10.0.0.0/27".parse().unwrap());
        // Size 32: offset 16, static .1 to .16, dynamic .17 to .30.
        assert_eq!(ips.next().unwrap().to_string(), "10.0.0.17");
        for _ in 0..13 {
            ips.next().unwrap();
        }
        assert_eq!(ips.next().unwrap().to_string(), "10.0.0.1");
        for _ in 0..15 {
            ips.next().unwrap();
        }
        assert_eq!(ips.next(), None);
    }

    #[test]
    fn taken_and_foreign_addresses_are_refused() {
        let mut ips = IpAllocator::new("10.96.0.0/16".parse().unwrap());
        assert_eq!(ips.take("10.96.0.10".parse().unwrap()), Ok(()));
        assert_eq!(ips.take("10.96.0.10".parse().unwrap()), Err("provided IP is already allocated".into()));
        let outside =
            "the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16";
        assert_eq!(ips.take("10.97.0.1".parse().unwrap()), Err(outside.into()));
    }

    #[test]
    fn node_ports_have_their_range() {
        let mut all = allocators(&["10.96.0.0/12"]);
        let outside = "provided port is not in the valid range. The range of valid ports is 30000-32767";
        assert_eq!(all.take_port(80), Err(outside.into()));
        assert_eq!(all.take_port(30086), Ok(()));
        assert_eq!(all.take_port(30086), Err("provided port is already allocated".into()));
        assert_eq!(all.next_port(), Ok(30087));
    }

    fn settled(cidrs: &[&str], edit: impl FnOnce(&mut ServiceSpec)) -> Result<ServiceSpec, Vec<String>> {
        let mut service = crate::manifest::api::core_v1::Service::default();
        service.spec.ports.push(ServicePort { port: 80, ..Default::default() });
        service.spec.selector.insert("app".into(), "web".into());
        edit(&mut service.spec);
        defaults::service(&mut service);
        let mut allocators = allocators(cidrs);
        let mut allocated = Vec::new();
        let mut pending = Pending { spec: &mut service.spec, allocated: &mut allocated, stored: false };
        let texts = |faults: Vec<Fault>| -> Vec<String> {
            faults.into_iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect()
        };
        reserve(&mut allocators, &mut pending).map_err(texts)?;
        fill(&mut allocators, &mut pending).map_err(texts)?;
        Ok(service.spec)
    }

    const V4: &[&str] = &["10.96.0.0/16"];
    const DUAL: &[&str] = &["10.96.0.0/16", "fd00:10:96::/112"];

    #[test]
    fn families_follow_policy_and_cluster() {
        let single = settled(DUAL, |_| {}).unwrap();
        assert_eq!((single.ip_families, single.cluster_ips), (vec!["IPv4".into()], vec!["10.96.1.1".into()]));
        let prefer = |spec: &mut ServiceSpec| spec.ip_family_policy = Some("PreferDualStack".into());
        assert_eq!(settled(DUAL, prefer).unwrap().cluster_ips, ["10.96.1.1", "fd00:10:96::101"]);
        assert_eq!(settled(V4, prefer).unwrap().ip_families, ["IPv4"]);
        let require = |spec: &mut ServiceSpec| spec.ip_family_policy = Some("RequireDualStack".into());
        assert_eq!(
            settled(V4, require).unwrap_err(),
            [
                "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services"
            ]
        );
        let v6 = settled(DUAL, |spec| spec.ip_families.push("IPv6".into())).unwrap();
        assert_eq!(v6.cluster_ips, ["fd00:10:96::101"]);
    }

    #[test]
    fn selectorless_headless_services_have_both_families() {
        let spec = settled(V4, |spec| {
            spec.selector.clear();
            spec.cluster_ip = "None".into();
        })
        .unwrap();
        assert_eq!(spec.ip_families, ["IPv4", "IPv6"]);
        assert_eq!(spec.ip_family_policy.as_deref(), Some("RequireDualStack"));
        assert_eq!(spec.cluster_ips, ["None"]);
    }

    #[test]
    fn foreign_families_are_refused() {
        let error = settled(V4, |spec| spec.cluster_ip = "fd00::1".into()).unwrap_err();
        assert_eq!(
            error,
            ["spec.clusterIPs[0]: Invalid value: [\"fd00::1\"]: IPv6 is not configured on this cluster"]
        );
        let error = settled(V4, |spec| spec.ip_families.push("IPv6".into())).unwrap_err();
        assert_eq!(error, ["spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"]);
    }

    #[test]
    fn the_same_port_in_two_protocols_shares_a_node_port() {
        let spec = settled(V4, |spec| {
            spec.type_ = "NodePort".into();
            for protocol in ["TCP", "UDP"] {
                spec.ports.push(ServicePort {
                    port: 53,
                    protocol: protocol.into(),
                    name: protocol.to_lowercase(),
                    ..Default::default()
                });
            }
        })
        .unwrap();
        assert_eq!(spec.ports.iter().map(|port| port.node_port).collect::<Vec<_>>(), [30086, 30087, 30087]);
    }

    #[test]
    fn load_balancers_may_do_without_node_ports() {
        let spec = settled(V4, |spec| {
            spec.type_ = "LoadBalancer".into();
            spec.allocate_load_balancer_node_ports = Some(false);
            spec.external_traffic_policy = "Local".into();
        })
        .unwrap();
        assert_eq!((spec.ports[0].node_port, spec.health_check_node_port), (0, 30086));
    }
}
