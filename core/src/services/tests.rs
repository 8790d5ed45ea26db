//! The decisions of kube-proxy on clusters small enough to see through.

use super::*;
use crate::manifest::api::{core_v1, discovery_v1};
use crate::model::{EndpointSlice, Namespace, Node, Origin, Service, Settings};

const CLUSTER_IP: &str = "10.96.0.40";

/// Three nodes, a Service `prod/api` and endpoints on node 0 and node 1.
struct World {
    snapshot: Snapshot,
}

impl World {
    fn new(edit: impl FnOnce(&mut core_v1::ServiceSpec, &mut core_v1::ServiceStatus)) -> Self {
        let mut spec = core_v1::ServiceSpec {
            type_: "ClusterIP".into(),
            cluster_ip: CLUSTER_IP.into(),
            cluster_ips: vec![CLUSTER_IP.into()],
            ip_families: vec!["IPv4".into()],
            ports: vec![core_v1::ServicePort {
                name: "http".into(),
                protocol: "TCP".into(),
                port: 80,
                ..Default::default()
            }],
            ..Default::default()
        };
        let mut status = core_v1::ServiceStatus::default();
        edit(&mut spec, &mut status);
        let mut snapshot = Snapshot { settings: Settings::default(), ..Snapshot::default() };
        snapshot.namespaces.push(Namespace {
            name: "prod".into(),
            labels: Default::default(),
            origin: Origin::ControlPlane,
        });
        for index in 0..3u8 {
            snapshot.nodes.push(Node {
                name: format!("node-{index}"),
                labels: [("topology.kubernetes.io/zone".to_owned(), format!("zone-{index}"))].into(),
                ips: vec![IpAddr::from([192, 168, 10, 11 + index])],
                external_ips: Vec::new(),
                pod_cidrs: vec![format!("10.244.{index}.0/24").parse().unwrap()],
                ready: true,
                ..Node::default()
            });
        }
        snapshot.services.push(Service {
            namespace: crate::model::NamespaceId(0),
            name: "api".into(),
            labels: Default::default(),
            annotations: Default::default(),
            spec,
            status,
            allocated: Vec::new(),
            origin: Origin::ControlPlane,
        });
        let mut world = Self { snapshot };
        world.slice(&[("10.244.0.2", 0), ("10.244.1.2", 1)], |_| {});
        world
    }

    fn slice(&mut self, addresses: &[(&str, u8)], edit: impl Fn(&mut discovery_v1::Endpoint)) {
        let mut value = discovery_v1::EndpointSlice { address_type: "IPv4".into(), ..Default::default() };
        value.metadata.labels.insert("kubernetes.io/service-name".into(), "api".into());
        value.ports.push(discovery_v1::EndpointPort {
            name: Some("http".into()),
            protocol: Some("TCP".into()),
            port: Some(8080),
            app_protocol: None,
        });
        for (address, node) in addresses {
            let mut endpoint = discovery_v1::Endpoint {
                addresses: vec![(*address).into()],
                node_name: Some(format!("node-{node}")),
                ..Default::default()
            };
            edit(&mut endpoint);
            value.endpoints.push(endpoint);
        }
        self.snapshot.slices = vec![EndpointSlice {
            namespace: crate::model::NamespaceId(0),
            name: "api-1".into(),
            pods: vec![None; value.endpoints.len()],
            value,
            origin: Origin::ControlPlane,
        }]
        .into();
    }

    /// Outcome in one line: `10.244.0.2:8080 1/2 NotAPod, …` or the refusal.
    fn ask(&self, node: u32, source: &str, destination: &str, port: u16) -> String {
        let packet = Packet {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            port,
            protocol: Protocol::Tcp,
        };
        let proxy = Proxy::new(&self.snapshot);
        let selection = proxy.select(&self.snapshot, NodeId(node), &packet);
        assert!(!explain::reasons(&self.snapshot, &proxy, &selection).is_empty());
        match &selection.outcome {
            Outcome::Backends { backends, .. } => backends
                .iter()
                .map(|backend| {
                    let why = backend.masquerade.map(|why| format!(" {why:?}")).unwrap_or_default();
                    format!("{}:{} {}{why}", backend.ip, backend.port, backend.share)
                })
                .collect::<Vec<_>>()
                .join(", "),
            other => format!("{other:?}"),
        }
    }
}

const POD: &str = "10.244.2.9";
const NODE: &str = "192.168.10.13";
const OUTSIDE: &str = "203.0.113.7";

#[test]
fn cluster_ip_spreads_evenly_and_masquerades_what_is_no_pod() {
    let world = World::new(|_, _| {});
    assert_eq!(world.ask(2, POD, CLUSTER_IP, 80), "10.244.0.2:8080 1/2, 10.244.1.2:8080 1/2");
    assert_eq!(
        world.ask(2, NODE, CLUSTER_IP, 80),
        "10.244.0.2:8080 1/2 NotAPod, 10.244.1.2:8080 1/2 NotAPod"
    );
    assert_eq!(
        world.ask(0, "10.244.0.2", CLUSTER_IP, 80),
        "10.244.0.2:8080 1/2 Hairpin, 10.244.1.2:8080 1/2"
    );
    assert_eq!(world.ask(2, POD, CLUSTER_IP, 81), "NotMatched(UnknownPort)");
    assert_eq!(world.ask(2, POD, "10.96.0.41", 80), "NotMatched(NoService)");
}

#[test]
fn internal_policy_local_drops_where_there_is_no_endpoint() {
    let world = World::new(|spec, _| spec.internal_traffic_policy = Some("Local".into()));
    assert_eq!(world.ask(0, POD, CLUSTER_IP, 80), "10.244.0.2:8080 1/1");
    assert_eq!(world.ask(2, POD, CLUSTER_IP, 80), "Dropped(NoLocalEndpoints)");
}

#[test]
fn no_endpoint_anywhere_is_refused() {
    let mut world = World::new(|_, _| {});
    world.slice(&[("10.244.0.2", 0)], |endpoint| endpoint.conditions.ready = Some(false));
    world.snapshot.slices[0].value.endpoints[0].conditions.serving = Some(false);
    assert_eq!(world.ask(2, POD, CLUSTER_IP, 80), "Rejected(NoEndpoints)");
}

#[test]
fn terminating_endpoints_serve_when_nothing_is_ready() {
    let mut world = World::new(|_, _| {});
    world.slice(&[("10.244.0.2", 0)], |endpoint| {
        endpoint.conditions.ready = Some(false);
        endpoint.conditions.serving = Some(true);
        endpoint.conditions.terminating = Some(true);
    });
    assert_eq!(world.ask(2, POD, CLUSTER_IP, 80), "10.244.0.2:8080 1/1");
}

fn node_port(policy: &str) -> World {
    World::new(|spec, _| {
        spec.type_ = "NodePort".into();
        spec.external_traffic_policy = policy.into();
        spec.ports[0].node_port = 30080;
    })
}

#[test]
fn external_policy_local_keeps_the_source_and_short_circuits_the_cluster() {
    let world = node_port("Local");
    assert_eq!(world.ask(0, OUTSIDE, "192.168.10.11", 30080), "10.244.0.2:8080 1/1");
    assert_eq!(world.ask(2, OUTSIDE, NODE, 30080), "Dropped(NoLocalEndpoints)");
    assert_eq!(world.ask(2, POD, NODE, 30080), "10.244.0.2:8080 1/2, 10.244.1.2:8080 1/2");
    assert_eq!(world.ask(2, NODE, NODE, 30080), "10.244.0.2:8080 1/2 FromNode, 10.244.1.2:8080 1/2 FromNode");
}

#[test]
fn external_policy_cluster_masquerades_everything() {
    let world = node_port("Cluster");
    let both = "10.244.0.2:8080 1/2 External, 10.244.1.2:8080 1/2 External";
    assert_eq!(world.ask(0, OUTSIDE, "192.168.10.11", 30080), both);
    assert_eq!(world.ask(2, POD, NODE, 30080), both);
    assert_eq!(world.ask(2, NODE, "127.0.0.1", 30080), both);
    // Another node's address is not of this node: the packet goes there.
    assert_eq!(world.ask(2, POD, "192.168.10.11", 30080), "NotMatched(NoService)");
}

#[test]
fn nftables_answers_node_ports_on_the_primary_address_only() {
    let mut world = node_port("Cluster");
    world.snapshot.settings.proxy.mode = crate::model::ProxyMode::Nftables;
    let both = "10.244.0.2:8080 1/2 External, 10.244.1.2:8080 1/2 External";
    assert_eq!(world.ask(2, OUTSIDE, NODE, 30080), both);
    assert_eq!(world.ask(2, NODE, "127.0.0.1", 30080), "NotMatched(NotANodePortAddress)");
    assert_eq!(world.ask(2, POD, CLUSTER_IP, 81), "Rejected(UnknownPort)");
    assert_eq!(world.ask(2, POD, "10.96.7.7", 80), "Dropped(UnallocatedAddress)");
}

#[test]
fn source_ranges_guard_the_load_balancer_but_not_the_node_port() {
    let world = World::new(|spec, status| {
        spec.type_ = "LoadBalancer".into();
        spec.ports[0].node_port = 30080;
        spec.load_balancer_source_ranges = vec![" 203.0.113.0/25".into()];
        status
            .load_balancer
            .ingress
            .push(core_v1::LoadBalancerIngress { ip: "198.51.100.9".into(), ..Default::default() });
    });
    let both = "10.244.0.2:8080 1/2 External, 10.244.1.2:8080 1/2 External";
    assert_eq!(world.ask(0, OUTSIDE, "198.51.100.9", 80), both);
    assert_eq!(world.ask(0, "203.0.113.200", "198.51.100.9", 80), "Dropped(SourceRanges)");
    assert_eq!(world.ask(0, POD, "198.51.100.9", 80), "Dropped(SourceRanges)");
    assert_eq!(world.ask(0, "203.0.113.200", "192.168.10.11", 30080), both);
}

#[test]
fn a_proxying_load_balancer_is_left_alone() {
    let world = World::new(|spec, status| {
        spec.type_ = "LoadBalancer".into();
        status.load_balancer.ingress.push(core_v1::LoadBalancerIngress {
            ip: "198.51.100.9".into(),
            ip_mode: Some("Proxy".into()),
            ..Default::default()
        });
    });
    assert_eq!(world.ask(0, POD, "198.51.100.9", 80), "NotMatched(NoService)");
}

#[test]
fn zone_hints_narrow_only_when_every_ready_endpoint_has_one() {
    let mut world = World::new(|_, _| {});
    let hint = |zone: &str| {
        Some(discovery_v1::EndpointHints {
            for_zones: vec![discovery_v1::ForName { name: zone.into() }],
            for_nodes: Vec::new(),
        })
    };
    world.snapshot.slices[0].value.endpoints[0].hints = hint("zone-0");
    assert_eq!(world.ask(0, POD, CLUSTER_IP, 80), "10.244.0.2:8080 1/2, 10.244.1.2:8080 1/2");
    world.snapshot.slices[0].value.endpoints[1].hints = hint("zone-1");
    assert_eq!(world.ask(0, POD, CLUSTER_IP, 80), "10.244.0.2:8080 1/1");
    assert_eq!(world.ask(2, POD, CLUSTER_IP, 80), "10.244.0.2:8080 1/2, 10.244.1.2:8080 1/2");
}

#[test]
fn the_health_check_port_counts_ready_endpoints_only() {
    let world = World::new(|spec, _| {
        spec.type_ = "LoadBalancer".into();
        spec.external_traffic_policy = "Local".into();
        spec.health_check_node_port = 31000;
    });
    assert_eq!(world.ask(0, OUTSIDE, "192.168.10.11", 31000), "HealthCheck");
    let proxy = Proxy::new(&world.snapshot);
    assert_eq!(proxy.local_ready_endpoints(ServiceId(0), NodeId(0)), 1);
    assert_eq!(proxy.local_ready_endpoints(ServiceId(0), NodeId(2)), 0);
}

#[test]
fn endpoints_are_ordered_as_text() {
    let mut world = World::new(|_, _| {});
    world.slice(&[("10.244.0.2", 0), ("10.244.0.22", 0), ("10.244.0.3", 0)], |_| {});
    assert_eq!(
        world.ask(2, POD, CLUSTER_IP, 80),
        "10.244.0.22:8080 1/3, 10.244.0.2:8080 1/3, 10.244.0.3:8080 1/3"
    );
}

#[test]
fn ipvs_has_no_short_circuit_and_answers_unknown_ports_itself() {
    let mut world = node_port("Local");
    world.snapshot.settings.proxy.mode = crate::model::ProxyMode::Ipvs;
    assert_eq!(world.ask(0, POD, "192.168.10.11", 30080), "10.244.0.2:8080 1/1");
    assert_eq!(world.ask(2, OUTSIDE, NODE, 30080), "Dropped(NoLocalEndpoints)");
    assert_eq!(world.ask(2, POD, NODE, 30080), "10.244.0.2:8080 1/2, 10.244.1.2:8080 1/2");
    assert_eq!(world.ask(2, POD, CLUSTER_IP, 81), "Rejected(UnknownPort)");
    let proxy = Proxy::new(&world.snapshot);
    assert_eq!(
        rules::ipvs(&proxy, NodeId(0), Family::IPv4, None),
        "IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.96.0.40:80 rr
  -> 10.244.0.2:8080              Masq    1      0          0
  -> 10.244.1.2:8080              Masq    1      0          0
TCP  192.168.10.11:30080 rr
  -> 10.244.0.2:8080              Masq    1      0          0
TCP  10.244.0.1:30080 rr
  -> 10.244.0.2:8080              Masq    1      0          0
TCP  10.244.0.0:30080 rr
  -> 10.244.0.2:8080              Masq    1      0          0
"
    );
}
