//! The table of virtual servers of a node in ipvs mode.

use super::super::ipvs::{endpoints, keeps_local};
use super::super::node::NodePortAddresses;
use super::super::{Proxy, ServicePort, Via};
use super::NodeRules;
use crate::model::{Family, NodeId, ServiceId};
use std::fmt::Write;
use std::net::IpAddr;

/// The virtual servers of one family on a node with their real servers, as `ipvsadm -Ln` shows them,
/// with the default scheduler. Services come in the order of their names; connections are not counted.
///
/// k8s: pkg/proxy/ipvs/proxier.go syncProxyRules, syncService (1.36)
pub fn ipvs(proxy: &Proxy, node: NodeId, family: Family, only: Option<ServiceId>) -> String {
    let mut out = String::from(
        "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n",
    );
    let rules = NodeRules { proxy, node, family, only };
    let node_ips: Vec<IpAddr> = match proxy.nodes.get(node.index()) {
        None => Vec::new(),
        Some(facts) => match facts.node_port_addresses(family) {
            NodePortAddresses::These(addresses) => addresses.clone(),
            NodePortAddresses::All { .. } => facts
                .addresses
                .iter()
                .filter(|ip| Family::of(**ip) == family && !ip.is_loopback())
                .copied()
                .collect(),
        },
    };
    for (index, port) in rules.ports() {
        let categories = proxy.categories(index, node);
        let mut server = |via: Via, ip: IpAddr, number: u16| {
            let chosen = endpoints(&categories, keeps_local(port, via));
            write_server(&mut out, port, ip, number, chosen);
        };
        server(Via::ClusterIp, port.cluster_ip, port.port);
        for ip in &port.external_ips {
            server(Via::ExternalIp, *ip, port.port);
        }
        for ip in &port.load_balancer_ips {
            server(Via::LoadBalancer, *ip, port.port);
        }
        if let Some(number) = port.node_port {
            for ip in &node_ips {
                server(Via::NodePort, *ip, number);
            }
        }
    }
    out
}

/// Writing to a `String` cannot fail.
fn write_server(out: &mut String, port: &ServicePort, ip: IpAddr, number: u16, chosen: &[u32]) {
    let socket = super::super::endpoints::socket(ip, number);
    let _ = write!(out, "{:<4} {socket} rr", port.protocol.as_str());
    if let Some(seconds) = port.affinity {
        let _ = write!(out, " persistent {seconds}");
    }
    out.push('\n');
    for endpoint in chosen.iter().filter_map(|index| port.endpoints.get(*index as usize)) {
        let _ = writeln!(out, "  -> {:<28} Masq    1      0          0", endpoint.text);
    }
}
