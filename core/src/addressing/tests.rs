//! Ways and addresses on a cluster of two nodes.

use super::*;
use crate::model::{Party, Settings, Snapshot, Transport};
use crate::{Cluster, Source};
use std::net::IpAddr;

const PODS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: a}
spec: {nodeName: node-a}
---
apiVersion: v1
kind: Pod
metadata: {name: b}
spec: {nodeName: node-a}
---
apiVersion: v1
kind: Pod
metadata: {name: far}
spec: {nodeName: node-b}
---
apiVersion: v1
kind: Pod
metadata: {name: host}
spec: {nodeName: node-b, hostNetwork: true}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: fixed}
spec: {clusterIP: 10.96.0.40, ports: [{port: 80}]}
";

fn cluster(transport: Transport) -> Cluster {
    let mut settings = Settings::default();
    settings.cni.transport = transport;
    Cluster::load([Source::new("pods.yaml", PODS)], &settings)
}

fn party(snapshot: &Snapshot, name: &str) -> (Party, IpAddr) {
    let id = snapshot.pod_id("default", name).unwrap();
    (Party::Pod(id), snapshot.pod(id).unwrap().ips[0])
}

fn codes(transport: Transport, from: &str, to: &str) -> Vec<&'static str> {
    let cluster = cluster(transport);
    let snapshot = cluster.snapshot();
    let end = |name: &str| match name.parse::<IpAddr>() {
        Ok(ip) => (Party::Outside(ip), ip),
        Err(_) => party(snapshot, name),
    };
    let ((from, source), (to, destination)) = (end(from), end(to));
    path(snapshot, from, to, source, destination)
        .iter()
        .map(|leg| leg.code.strip_prefix("addressing/").unwrap())
        .collect()
}

#[test]
fn ways_differ_by_place_and_plugin() {
    assert_eq!(codes(Transport::Vxlan, "a", "a"), ["loopback"]);
    assert_eq!(codes(Transport::Vxlan, "a", "b"), ["pod-interface", "bridge", "to-pod"]);
    assert_eq!(codes(Transport::Ipip, "a", "b"), ["pod-interface", "host-route", "to-pod"]);
    assert_eq!(codes(Transport::Vxlan, "a", "far"), ["pod-interface", "vxlan", "arrives", "to-pod"]);
    assert_eq!(codes(Transport::Ipip, "a", "far"), ["pod-interface", "ipip", "arrives", "to-pod"]);
    assert_eq!(codes(Transport::Routed, "a", "far"), ["pod-interface", "routed", "arrives", "to-pod"]);
    assert_eq!(
        codes(Transport::Bridge, "a", "far"),
        ["pod-interface", "plugin-masquerade", "bridge-route", "arrives", "to-pod"]
    );
    assert_eq!(
        codes(Transport::Vxlan, "a", "host"),
        ["pod-interface", "plugin-masquerade", "between-nodes", "to-node"]
    );
    assert_eq!(
        codes(Transport::Vxlan, "a", "203.0.113.7"),
        ["pod-interface", "plugin-masquerade", "to-outside"]
    );
    assert_eq!(codes(Transport::Vxlan, "203.0.113.7", "far"), ["from-outside", "to-pod"]);
    assert_eq!(codes(Transport::Vxlan, "host", "203.0.113.7"), ["to-outside"]);
}

#[test]
fn the_tunnel_is_between_the_nodes() {
    let cluster = cluster(Transport::Vxlan);
    let snapshot = cluster.snapshot();
    let ((from, source), (to, destination)) = (party(snapshot, "a"), party(snapshot, "far"));
    let legs = path(snapshot, from, to, source, destination);
    let outer = legs.iter().find_map(|leg| leg.outer.clone()).unwrap();
    assert_eq!((outer.source, outer.destination), (snapshot.nodes[0].ips[0], snapshot.nodes[1].ips[0]));
}

#[test]
fn masquerading_puts_in_the_address_of_the_interface() {
    let cluster = cluster(Transport::Vxlan);
    let snapshot = cluster.snapshot();
    let node = crate::model::NodeId(0);
    let egress = |ip: &str| egress_address(snapshot, node, ip.parse().unwrap()).unwrap().to_string();
    assert_eq!(egress("10.244.0.7"), "10.244.0.1");
    assert_eq!(egress("10.244.1.7"), "10.244.0.0");
    assert_eq!(egress("203.0.113.7"), "192.168.10.11");
}

#[test]
fn every_address_has_an_origin() {
    let cluster = cluster(Transport::Vxlan);
    let role = |ip: &str| origin(cluster.snapshot(), ip.parse().unwrap()).role;
    assert_eq!(role("127.0.0.1"), AddressRole::Loopback);
    assert_eq!(role("10.244.0.0"), AddressRole::Tunnel);
    assert_eq!(role("10.244.0.1"), AddressRole::Bridge);
    assert_eq!(role("10.244.0.200"), AddressRole::FreePod);
    assert_eq!(role("10.244.77.1"), AddressRole::UnassignedPodCidr);
    assert_eq!(role("10.96.0.40"), AddressRole::ClusterIp);
    assert_eq!(role("10.111.0.1"), AddressRole::FreeService);
    assert_eq!(role("192.168.10.12"), AddressRole::Node);
    assert_eq!(role("203.0.113.7"), AddressRole::Outside);
    let pod = origin(cluster.snapshot(), party(cluster.snapshot(), "a").1);
    assert_eq!(pod.role, AddressRole::Pod);
    assert!(pod.sentences.iter().any(|sentence| sentence.contains("host-local")), "{:?}", pod.sentences);
}

#[test]
fn a_cluster_ip_says_whether_it_was_asked_for() {
    let cluster = cluster(Transport::Vxlan);
    let snapshot = cluster.snapshot();
    let fixed = origin(snapshot, "10.96.0.40".parse().unwrap());
    assert!(fixed.sentences[1].contains("one of the first 256"), "{:?}", fixed.sentences);
    let id = snapshot.service_id("default", "web").unwrap();
    let given: IpAddr = snapshot.service(id).unwrap().spec.cluster_ip.parse().unwrap();
    let allocated = origin(snapshot, given);
    assert!(allocated.sentences[1].contains("from 10.96.1.1 on"), "{:?}", allocated.sentences);
}
