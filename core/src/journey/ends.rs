//! The two ends of a question, found in the cluster.

use super::notation::{Connection, PodName, Port, Target, near};
use super::{At, Client};
use crate::ask::AskError;
use crate::model::{NodeId, Party, Pod, PodId, Protocol, Service, ServiceId, Snapshot};
use std::net::IpAddr;

/// The pod a notation names: the pod of that name, or the first pod of the workload of that name.
///
/// # Errors
/// [`AskError::NotFound`] with the nearest name.
pub(crate) fn pod(snapshot: &Snapshot, wanted: &PodName) -> Result<PodId, AskError> {
    let namespace = snapshot.namespace_id(&wanted.namespace);
    let here = |(_, pod): &(usize, &Pod)| Some(pod.namespace) == namespace;
    let by_name =
        |(_, pod): &(usize, &Pod)| pod.name == wanted.name && wanted.kind.is_none_or(|kind| kind == "Pod");
    let by_workload = |(_, pod): &(usize, &Pod)| {
        pod.workload.as_ref().is_some_and(|workload| {
            workload.name == wanted.name && wanted.kind.is_none_or(|kind| kind == workload.kind)
        })
    };
    let mut pods = snapshot.pods.iter().enumerate();
    let found = pods.by_ref().filter(here).find(by_name);
    found
        .or_else(|| snapshot.pods.iter().enumerate().filter(here).find(by_workload))
        .map(|(index, _)| PodId(index as u32))
        .ok_or_else(|| no_pod(snapshot, wanted))
}

fn no_pod(snapshot: &Snapshot, wanted: &PodName) -> AskError {
    let asked = format!("{}/{}", wanted.namespace, wanted.name);
    let mut names: Vec<(String, &str)> = Vec::new();
    for pod in &snapshot.pods {
        let namespace = snapshot.namespace_name(pod.namespace);
        let short = pod.workload.as_ref().map_or(pod.name.as_str(), |workload| workload.name.as_str());
        names.push((format!("{namespace}/{short}"), short));
        names.push((format!("{namespace}/{}", pod.name), &pod.name));
    }
    let elsewhere = names.iter().find(|(_, name)| *name == wanted.name).map(|(full, _)| full.clone());
    let kind = match wanted.kind {
        None | Some("Pod") => "pod",
        Some("Deployment") => "deployment",
        Some("StatefulSet") => "statefulset",
        Some("DaemonSet") => "daemonset",
        Some("ReplicaSet") => "replicaset",
        Some("Job") => "job",
        Some("CronJob") => "cronjob",
        Some(_) => "workload",
    };
    let near = elsewhere.or_else(|| near(&asked, names.iter().map(|(full, _)| full.as_str())));
    AskError::NotFound { kind, name: asked, near }
}

/// The node called `name`.
///
/// # Errors
/// [`AskError::NotFound`] with the nearest name.
pub(crate) fn node(snapshot: &Snapshot, name: &str) -> Result<NodeId, AskError> {
    snapshot.nodes.iter().position(|node| node.name == name).map(|index| NodeId(index as u32)).ok_or_else(
        || AskError::NotFound {
            kind: "node",
            name: name.to_owned(),
            near: near(name, snapshot.nodes.iter().map(|node| node.name.as_str())),
        },
    )
}

/// The Service `namespace/name`.
///
/// # Errors
/// [`AskError::NotFound`] with the nearest name.
pub(crate) fn service(snapshot: &Snapshot, namespace: &str, name: &str) -> Result<ServiceId, AskError> {
    snapshot.service_id(namespace, name).ok_or_else(|| {
        let names: Vec<(String, &str)> = snapshot
            .services
            .iter()
            .map(|service| {
                let namespace = snapshot.namespace_name(service.namespace);
                (format!("{}.{namespace}", service.name), service.name.as_str())
            })
            .collect();
        let asked = format!("{name}.{namespace}");
        let elsewhere = names.iter().find(|(_, other)| *other == name).map(|(full, _)| full.clone());
        let near = elsewhere.or_else(|| near(&asked, names.iter().map(|(full, _)| full.as_str())));
        AskError::NotFound { kind: "service", name: asked, near }
    })
}

/// Who asks.
///
/// # Errors
/// [`AskError::NotFound`] when there is no such pod or node.
pub(crate) fn client(snapshot: &Snapshot, client: &Client) -> Result<Party, AskError> {
    Ok(match client {
        Client::Pod(name) => Party::Pod(pod(snapshot, name)?),
        Client::Node(name) => Party::Node(node(snapshot, name)?),
        Client::Outside(ip) => owner(snapshot, *ip).unwrap_or(Party::Outside(*ip)),
    })
}

/// Who has an address inside the cluster: a pod that is alive, or a node. Pods on the host network
/// share their node's, so the node is the owner.
pub(crate) fn owner(snapshot: &Snapshot, ip: IpAddr) -> Option<Party> {
    let by_node =
        snapshot.nodes.iter().position(|node| node.ips.contains(&ip) || node.external_ips.contains(&ip));
    if let Some(index) = by_node {
        return Some(Party::Node(NodeId(index as u32)));
    }
    let by_pod = |pod: &Pod| pod.is_alive() && !pod.host_network && pod.ips.contains(&ip);
    snapshot.pods.iter().position(by_pod).map(|index| Party::Pod(PodId(index as u32)))
}

/// A party as a place.
pub(crate) fn place(snapshot: &Snapshot, party: Party) -> At {
    match party {
        Party::Pod(id) => {
            let pod = snapshot.pod(id);
            let node = pod.and_then(|pod| pod.node).and_then(|node| snapshot.node(node));
            At::Pod {
                namespace: pod
                    .map(|pod| snapshot.namespace_name(pod.namespace).to_owned())
                    .unwrap_or_default(),
                name: pod.map(|pod| pod.name.clone()).unwrap_or_default(),
                node: node.map(|node| node.name.clone()),
            }
        }
        Party::Node(id) => node_place(snapshot, id),
        Party::Outside(ip) => At::Outside { address: ip.to_string() },
    }
}

/// A node as a place.
pub(crate) fn node_place(snapshot: &Snapshot, id: NodeId) -> At {
    At::Node { name: snapshot.node(id).map(|node| node.name.clone()).unwrap_or_default() }
}

/// The port number meant, given what the target offers.
///
/// # Errors
/// [`AskError`] when a port is needed and none or an unknown one is named.
pub(crate) fn port(connection: &Connection, offered: &Offered) -> Result<u16, AskError> {
    match &connection.port {
        Some(Port::Number(number)) => Ok(*number),
        Some(Port::Name(name)) => {
            offered.ports.iter().find(|(offered, _)| offered == name).map(|(_, number)| *number).ok_or_else(
                || AskError::NotFound {
                    kind: "port",
                    name: name.clone(),
                    near: near(name, offered.ports.iter().map(|(name, _)| name.as_str())).or_else(|| {
                        offered.ports.iter().find(|(name, _)| !name.is_empty()).map(|(name, _)| name.clone())
                    }),
                },
            )
        }
        None => match offered.ports.as_slice() {
            [(_, only)] => Ok(*only),
            several => {
                let list: Vec<String> = several
                    .iter()
                    .map(
                        |(name, number)| {
                            if name.is_empty() { number.to_string() } else { format!("{number} ({name})") }
                        },
                    )
                    .collect();
                let reason = if list.is_empty() {
                    "say which port, such as `:80`".to_owned()
                } else {
                    format!("say which port: {}", list.join(", "))
                };
                Err(AskError::Unreadable { what: "destination", text: connection.text.1.clone(), reason })
            }
        },
    }
}

/// The ports a target offers, by name and number.
#[derive(Debug, Default)]
pub(crate) struct Offered {
    /// Name (may be empty) and number.
    pub(crate) ports: Vec<(String, u16)>,
}

impl Offered {
    /// The ports of a Service that carry `protocol`.
    pub(crate) fn by_service(service: &Service, protocol: Protocol) -> Self {
        let ports =
            service.spec.ports.iter().filter(|port| Protocol::parse(&port.protocol) == Some(protocol));
        Self {
            ports: ports
                .filter_map(|port| {
                    Some((port.name.clone(), u16::try_from(port.port).ok().filter(|port| *port > 0)?))
                })
                .collect(),
        }
    }

    /// The ports that the containers of a pod declare for `protocol`.
    pub(crate) fn by_pod(pod: &Pod, protocol: Protocol) -> Self {
        let ports = super::deliver::containers(pod).flat_map(|(_, container)| &container.ports);
        let ports = ports.filter(|port| Protocol::parse(&port.protocol) == Some(protocol));
        Self {
            ports: ports
                .filter_map(|port| {
                    Some((
                        port.name.clone(),
                        u16::try_from(port.container_port).ok().filter(|port| *port > 0)?,
                    ))
                })
                .collect(),
        }
    }

    /// What the target of a connection offers, as far as that is known before any name is looked up.
    pub(crate) fn of(snapshot: &Snapshot, target: &Target, protocol: Protocol) -> Result<Self, AskError> {
        Ok(match target {
            Target::Pod(name) => {
                let id = pod(snapshot, name)?;
                snapshot.pod(id).map(|pod| Self::by_pod(pod, protocol)).unwrap_or_default()
            }
            Target::Service { namespace, name } | Target::LoadBalancer { namespace, name } => {
                let id = service(snapshot, namespace, name)?;
                snapshot.service(id).map(|service| Self::by_service(service, protocol)).unwrap_or_default()
            }
            Target::Address(ip) => {
                let service = snapshot.services.iter().find(|service| {
                    service.spec.cluster_ips.iter().any(|address| address.parse() == Ok(*ip))
                });
                match (service, owner(snapshot, *ip)) {
                    (Some(service), _) => Self::by_service(service, protocol),
                    (None, Some(Party::Pod(id))) => {
                        snapshot.pod(id).map(|pod| Self::by_pod(pod, protocol)).unwrap_or_default()
                    }
                    _ => Self::default(),
                }
            }
            Target::Node(_) | Target::Name(_) => Self::default(),
        })
    }
}
