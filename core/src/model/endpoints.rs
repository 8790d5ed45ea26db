//! EndpointSlices as the controller makes them from Services and pods.
//!
//! k8s: staging endpointslice/{reconciler,utils}.go (1.36)

use super::hash::suffix;
use super::lookup::SERVICE_NAME;
use super::{
    EndpointSlice, Family, Namespace, NamespaceId, Node, Origin, Pod, PodId, Protocol, Service, hints,
};
use crate::manifest::api::core_v1::{ObjectReference, PodSpec, ServicePort};
use crate::manifest::api::discovery_v1::{self, Endpoint, EndpointConditions, EndpointPort};
use crate::manifest::api::meta::IntOrString;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Label with the controller that keeps a slice.
pub(crate) const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
/// The controller for Services with a selector.
pub(crate) const CONTROLLER: &str = "endpointslice-controller.k8s.io";
const HEADLESS: &str = "service.kubernetes.io/headless";
/// `--max-endpoints-per-slice`.
const MAX_ENDPOINTS: usize = 100;
/// Node label with its zone.
pub(crate) const ZONE: &str = "topology.kubernetes.io/zone";

/// `IPv4` or `IPv6`, as addressType and ipFamilies say it.
pub(crate) fn family_name(family: Family) -> &'static str {
    match family {
        Family::IPv4 => "IPv4",
        Family::IPv6 => "IPv6",
    }
}

/// The pods each Service selects, in the order of pods, without those that have ended or have no
/// address. Services without a selector and ExternalNames select none.
///
/// Each pod's labels are looked up among the rarest pair of each selector, so that the cost follows the
/// number of matches and not Services times pods.
pub(crate) fn selected(services: &[&Service], pods: &[Pod]) -> Vec<Vec<PodId>> {
    type Pair<'p> = (NamespaceId, &'p str, &'p str);
    let selects =
        |service: &Service| service.spec.type_ != "ExternalName" && !service.spec.selector.is_empty();
    let mut counts: BTreeMap<Pair<'_>, u32> = BTreeMap::new();
    for service in services.iter().filter(|service| selects(service)) {
        for (key, value) in &service.spec.selector {
            counts.entry((service.namespace, key, value)).or_insert(0);
        }
    }
    let alive = || (0..).zip(pods).filter(|(_, pod)| pod.is_alive());
    for (_, pod) in alive() {
        for (key, value) in pod.labels.iter() {
            if let Some(count) = counts.get_mut(&(pod.namespace, key.as_str(), value.as_str())) {
                *count += 1;
            }
        }
    }
    let mut anchored: BTreeMap<Pair<'_>, Vec<usize>> = BTreeMap::new();
    for (at, service) in services.iter().enumerate().filter(|(_, service)| selects(service)) {
        let rarest = service
            .spec
            .selector
            .iter()
            .map(|(key, value)| (service.namespace, key.as_str(), value.as_str()))
            .min_by_key(|pair| counts.get(pair).copied().unwrap_or(0));
        if let Some(pair) = rarest {
            anchored.entry(pair).or_default().push(at);
        }
    }
    let mut found: Vec<Vec<PodId>> = vec![Vec::new(); services.len()];
    for (id, pod) in alive() {
        for (key, value) in pod.labels.iter() {
            let Some(candidates) = anchored.get(&(pod.namespace, key.as_str(), value.as_str())) else {
                continue;
            };
            for &at in candidates {
                let (Some(service), Some(found)) = (services.get(at), found.get_mut(at)) else { continue };
                if service.spec.selector.iter().all(|(key, value)| pod.labels.get(key) == Some(value)) {
                    found.push(PodId(id));
                }
            }
        }
    }
    found
}

/// The number a Service port has on a pod; `None` when a named port is not there.
///
/// k8s: staging endpointslice/util FindPort
pub(crate) fn find_port(spec: &PodSpec, port: &ServicePort) -> Option<i32> {
    let name = match &port.target_port {
        IntOrString::Int(number) => return Some(*number),
        IntOrString::String(name) => name,
    };
    let sidecars =
        spec.init_containers.iter().filter(|init| init.restart_policy.as_deref() == Some("Always"));
    let ports = spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
    let protocol = |text: &'_ str| Protocol::parse(text);
    ports
        .into_iter()
        .find(|candidate| {
            candidate.name == *name && protocol(&candidate.protocol) == protocol(&port.protocol)
        })
        .map(|found| found.container_port)
}

/// Pods of a Service that resolve its ports to the same numbers.
struct Group {
    numbers: Vec<Option<i32>>,
    pods: Vec<PodId>,
}

fn grouped(service: &Service, pods: &[Pod], selected: &[PodId]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut last: Option<(&Arc<PodSpec>, usize)> = None;
    for &id in selected {
        let Some(pod) = pods.get(id.index()) else { continue };
        // Replicas share their spec: the ports are resolved once.
        let at = match last {
            Some((spec, at)) if Arc::ptr_eq(spec, &pod.spec) => at,
            _ => {
                let numbers: Vec<_> =
                    service.spec.ports.iter().map(|port| find_port(&pod.spec, port)).collect();
                groups.iter().position(|group| group.numbers == numbers).unwrap_or_else(|| {
                    groups.push(Group { numbers, pods: Vec::new() });
                    groups.len() - 1
                })
            }
        };
        last = Some((&pod.spec, at));
        if let Some(group) = groups.get_mut(at) {
            group.pods.push(id);
        }
    }
    groups
}

/// Whatever the controller looks at.
pub(crate) struct World<'w> {
    pub(crate) namespaces: &'w [Namespace],
    pub(crate) nodes: &'w [Node],
    pub(crate) pods: &'w [Pod],
}

/// The slices of one Service with a selector.
pub(crate) fn slices(world: &World<'_>, service: &Service, selected: &[PodId]) -> Vec<EndpointSlice> {
    let namespace = world.namespaces.get(service.namespace.index()).map_or("", |found| found.name.as_str());
    let groups = grouped(service, world.pods, selected);
    let seed = format!("EndpointSlice {namespace}/{}", service.name);
    let mut made: Vec<EndpointSlice> = Vec::new();
    for address_type in &service.spec.ip_families {
        let before = made.len();
        for group in &groups {
            let ports = ports(service, &group.numbers);
            let mut endpoints = group
                .pods
                .iter()
                .filter_map(|&id| Some((Some(id), endpoint(world, service, namespace, id, address_type)?)))
                .peekable();
            while endpoints.peek().is_some() {
                let (pods, chunk) = endpoints.by_ref().take(MAX_ENDPOINTS).unzip();
                made.push(slice(service, namespace, address_type, chunk, ports.clone(), pods));
            }
        }
        if made.len() == before {
            // k8s: reconciler.go placeholder slice
            made.push(slice(service, namespace, address_type, Vec::new(), Vec::new(), Vec::new()));
        }
    }
    for (index, slice) in (0..).zip(&mut made) {
        // The dash is dropped where the name would get too long: generateName cuts at 58 characters.
        let mut name: String = format!("{}-", service.name).chars().take(58).collect();
        name.push_str(&suffix(&seed, index));
        slice.value.metadata.name.clone_from(&name);
        slice.name = name;
    }
    made
}

fn ports(service: &Service, numbers: &[Option<i32>]) -> Vec<EndpointPort> {
    let resolved = service.spec.ports.iter().zip(numbers);
    resolved
        .filter_map(|(port, &number)| {
            Some(EndpointPort {
                name: Some(port.name.clone()),
                protocol: Some(port.protocol.clone()),
                port: Some(number?),
                app_protocol: port.app_protocol.clone(),
            })
        })
        .collect()
}

/// k8s: staging endpointslice/utils.go podToEndpoint
fn endpoint(
    world: &World<'_>,
    service: &Service,
    namespace: &str,
    id: PodId,
    address_type: &str,
) -> Option<Endpoint> {
    let pod = world.pods.get(id.index())?;
    let ip: IpAddr = pod.ips.iter().copied().find(|&ip| family_name(Family::of(ip)) == address_type)?;
    let publish = service.spec.publish_not_ready_addresses;
    let node = pod.node.and_then(|node| world.nodes.get(node.index()));
    if node.is_none() && !publish {
        return None;
    }
    let zone = node.and_then(|node| node.labels.get(ZONE)).cloned();
    let ready = publish || (pod.ready && !pod.terminating);
    let node_name = node.map(|node| node.name.clone());
    let named = !pod.spec.hostname.is_empty() && pod.spec.subdomain == service.name;
    let distribution = service.spec.traffic_distribution.as_deref();
    let distribution = distribution.filter(|_| !hints::wants_auto(&service.annotations));
    Some(Endpoint {
        addresses: vec![ip.to_string()],
        conditions: EndpointConditions {
            ready: Some(ready),
            serving: Some(pod.ready),
            terminating: Some(pod.terminating),
        },
        hostname: named.then(|| pod.spec.hostname.clone()),
        target_ref: Some(ObjectReference {
            kind: "Pod".into(),
            namespace: namespace.into(),
            name: pod.name.clone(),
            uid: String::new(),
        }),
        hints: hints::hints(distribution, ready, zone.as_deref(), node_name.as_deref()),
        node_name,
        zone,
    })
}

/// A slice of a Service, named later.
fn slice(
    service: &Service,
    namespace: &str,
    address_type: &str,
    endpoints: Vec<Endpoint>,
    ports: Vec<EndpointPort>,
    pods: Vec<Option<PodId>>,
) -> EndpointSlice {
    let mut value = discovery_v1::EndpointSlice {
        address_type: address_type.into(),
        endpoints,
        ports,
        ..Default::default()
    };
    value.metadata.namespace = namespace.into();
    let labels = &mut value.metadata.labels;
    labels.clone_from(&service.labels);
    labels.insert(SERVICE_NAME.into(), service.name.clone());
    labels.insert(MANAGED_BY.into(), CONTROLLER.into());
    labels.remove(HEADLESS);
    if matches!(service.spec.cluster_ip.as_str(), "" | "None") {
        labels.insert(HEADLESS.into(), String::new());
    }
    EndpointSlice {
        namespace: service.namespace,
        name: String::new(),
        value,
        pods,
        origin: Origin::ControlPlane,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::api::core_v1::{Container, ContainerPort};
    use crate::manifest::api::meta::Labels;
    use crate::model::Phase;

    fn port(name: &str, number: i32, protocol: &str) -> ContainerPort {
        ContainerPort {
            name: name.into(),
            container_port: number,
            protocol: protocol.into(),
            ..ContainerPort::default()
        }
    }

    fn wanted(target: IntOrString, protocol: &str) -> ServicePort {
        ServicePort { port: 80, target_port: target, protocol: protocol.into(), ..ServicePort::default() }
    }

    fn named(name: &str, protocol: &str) -> ServicePort {
        wanted(IntOrString::String(name.into()), protocol)
    }

    #[test]
    fn named_ports_need_name_and_protocol() {
        let main =
            Container { ports: vec![port("dns", 53, "UDP"), port("http", 8080, "")], ..Default::default() };
        let sidecar = Container {
            restart_policy: Some("Always".into()),
            ports: vec![port("metrics", 9100, "TCP")],
            ..Default::default()
        };
        let init = Container { ports: vec![port("setup", 1, "TCP")], ..Default::default() };
        let spec =
            PodSpec { containers: vec![main], init_containers: vec![init, sidecar], ..Default::default() };
        assert_eq!(find_port(&spec, &named("dns", "UDP")), Some(53));
        assert_eq!(find_port(&spec, &named("dns", "TCP")), None);
        assert_eq!(find_port(&spec, &named("http", "TCP")), Some(8080));
        assert_eq!(find_port(&spec, &named("metrics", "TCP")), Some(9100));
        assert_eq!(find_port(&spec, &named("setup", "TCP")), None);
        // A number needs no declaration.
        assert_eq!(find_port(&spec, &wanted(IntOrString::Int(4321), "TCP")), Some(4321));
    }

    /// Numbers that look random and are not.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % limit
        }

        fn labels(&mut self, most: u64) -> Labels {
            let count = self.below(most + 1);
            (0..count).map(|_| (format!("k{}", self.below(4)), format!("v{}", self.below(3)))).collect()
        }
    }

    #[test]
    fn selection_is_what_a_plain_reading_gives() {
        for seed in 0..200 {
            let mut dice = Dice(seed);
            let pods: Vec<Pod> = (0..dice.below(30))
                .map(|_| Pod {
                    namespace: NamespaceId(dice.below(2) as u32),
                    labels: Arc::new(dice.labels(4)),
                    ips: if dice.below(8) == 0 { Vec::new() } else { vec![[10, 0, 0, 1].into()] },
                    phase: if dice.below(8) == 0 { Phase::Succeeded } else { Phase::Running },
                    ..Pod::default()
                })
                .collect();
            let services: Vec<Service> = (0..dice.below(12))
                .map(|_| {
                    let spec = crate::manifest::api::core_v1::ServiceSpec {
                        selector: dice.labels(3),
                        type_: if dice.below(6) == 0 { "ExternalName".into() } else { "ClusterIP".into() },
                        ..Default::default()
                    };
                    Service {
                        namespace: NamespaceId(dice.below(2) as u32),
                        name: String::new(),
                        labels: Labels::new(),
                        annotations: Labels::new(),
                        spec,
                        status: Default::default(),
                        allocated: Vec::new(),
                        origin: Origin::ControlPlane,
                    }
                })
                .collect();
            let services: Vec<&Service> = services.iter().collect();
            let plain: Vec<Vec<PodId>> = services
                .iter()
                .map(|service| {
                    let selector = &service.spec.selector;
                    let selects = |pod: &Pod| {
                        service.spec.type_ != "ExternalName"
                            && !selector.is_empty()
                            && pod.namespace == service.namespace
                            && pod.is_alive()
                            && selector.iter().all(|(key, value)| pod.labels.get(key) == Some(value))
                    };
                    (0..).zip(&pods).filter(|(_, pod)| selects(pod)).map(|(id, _)| PodId(id)).collect()
                })
                .collect();
            assert_eq!(selected(&services, &pods), plain, "seed {seed}");
        }
    }
}
