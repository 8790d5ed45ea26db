//! The layers below HTTP: from the client to the controller's pods, and from there to the backend's.

use super::answer::{Connection, EndpointAnswer, Obstacle};
use super::backend::Target;
use super::controllers::Controller;
use super::request::Scheme;
use crate::manifest::api::meta::IntOrString;
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{Party, Phase, Pod, PodId, Service, Snapshot, UndeclaredPorts};
use std::net::IpAddr;

/// What policies say to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    Allowed,
    Denied,
    /// It depends on the network plugin.
    Open,
}

/// A TCP connection to judge: who, to whom, their addresses, the port.
pub(crate) type Judge<'a> = &'a dyn Fn(Party, Party, IpAddr, IpAddr, u16) -> Passage;

/// Judges connections against policies and declared ports.
#[derive(Clone, Copy)]
pub(crate) struct Reach<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) judge: Judge<'a>,
}

/// Whether something listens on a pod's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listening {
    Yes,
    No,
    Unknown,
}

fn listening(snapshot: &Snapshot, pod: &Pod, port: u16, protocol: &str) -> Listening {
    let sidecars = pod
        .spec
        .init_containers
        .iter()
        .filter(|container| container.restart_policy.as_deref() == Some("Always"));
    let containers = pod.spec.containers.iter().chain(sidecars);
    let mut ports = containers.flat_map(|container| &container.ports).peekable();
    if ports.peek().is_none() {
        return match snapshot.settings.undeclared_ports {
            UndeclaredPorts::Undetermined => Listening::Unknown,
            UndeclaredPorts::Closed => Listening::No,
        };
    }
    let declared = ports.any(|declared| {
        declared.container_port == i32::from(port)
            && (declared.protocol == protocol || (declared.protocol.is_empty() && protocol == "TCP"))
    });
    if declared { Listening::Yes } else { Listening::No }
}

/// Where a client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Outside(Option<IpAddr>),
    Pod(PodId),
}

impl Client {
    /// Reads `203.0.113.5` or `namespace/pod`; anything else is outside.
    pub(crate) fn parse(snapshot: &Snapshot, text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::Outside(None) };
        if let Ok(ip) = text.parse() {
            return Self::Outside(Some(ip));
        }
        let pod = text.split_once('/').and_then(|(namespace, name)| snapshot.pod_id(namespace, name));
        pod.map_or(Self::Outside(None), Self::Pod)
    }

    pub(crate) fn party(self) -> Option<Party> {
        match self {
            Self::Outside(ip) => ip.map(Party::Outside),
            Self::Pod(pod) => Some(Party::Pod(pod)),
        }
    }

    pub(crate) fn ip(self, snapshot: &Snapshot) -> Option<IpAddr> {
        match self {
            Self::Outside(ip) => ip,
            Self::Pod(pod) => snapshot.pod(pod).and_then(|pod| pod.ips.first().copied()),
        }
    }
}

impl Reach<'_> {
    /// What comes of connecting from a controller pod to each target.
    pub(crate) fn endpoints(
        &self,
        controller: &[PodId],
        targets: &[Target],
        protocol: &str,
    ) -> Vec<EndpointAnswer> {
        let source = controller.iter().find_map(|pod| {
            let ip = self.snapshot.pod(*pod)?.ips.first().copied()?;
            Some((*pod, ip))
        });
        targets.iter().map(|target| self.endpoint(source, target, protocol)).collect()
    }

    fn endpoint(&self, source: Option<(PodId, IpAddr)>, target: &Target, protocol: &str) -> EndpointAnswer {
        let object = target.pod.and_then(|pod| self.snapshot.pod_ref(pod));
        let address = match target.address.parse::<IpAddr>() {
            Ok(IpAddr::V6(ip)) => format!("[{ip}]:{}", target.port),
            _ => format!("{}:{}", target.address, target.port),
        };
        let answer = |connection, why: String| EndpointAnswer {
            address: address.clone(),
            pod: object.clone(),
            connection,
            why,
        };
        let Some((id, pod)) = target.pod.and_then(|id| Some((id, self.snapshot.pod(id)?))) else {
            return answer(
                Connection::Connected,
                "no pod of the manifests has this address; it is taken to listen".into(),
            );
        };
        if let (Some((from, from_ip)), Ok(to_ip)) = (source, target.address.parse::<IpAddr>()) {
            let decision = (self.judge)(Party::Pod(from), Party::Pod(id), from_ip, to_ip, target.port);
            if decision == Passage::Denied {
                let why = "a NetworkPolicy drops the packets between the controller's pod and this one, so the connection times out";
                return answer(Connection::TimedOut, why.into());
            }
            if decision == Passage::Open {
                let why = "whether a NetworkPolicy applies here depends on the network plugin";
                return answer(Connection::Undetermined, why.into());
            }
        }
        match listening(self.snapshot, pod, target.port, protocol) {
            Listening::Yes => {
                answer(Connection::Connected, format!("a container declares port {}", target.port))
            }
            Listening::No => answer(
                Connection::Refused,
                format!("no container of the pod listens on port {}", target.port),
            ),
            Listening::Unknown => answer(
                Connection::Undetermined,
                "the pod's containers declare no ports, so nothing says what they listen on".into(),
            ),
        }
    }

    /// What keeps a client from reaching the controller at all.
    pub(crate) fn obstacles(&self, controller: &Controller, client: Client, scheme: Scheme) -> Vec<Obstacle> {
        let snapshot = self.snapshot;
        if controller.pods.is_empty() {
            if snapshot.settings.ingress.assume_controller {
                return Vec::new();
            }
            let message =
                format!("no pod of the controller {} runs, so nobody serves its Ingresses", controller.name);
            return vec![Obstacle { code: "ingress/no-controller", message, evidence: None }];
        }
        let alive: Vec<PodId> = controller.pods.iter().copied().filter(|pod| self.is_ready(*pod)).collect();
        if alive.is_empty() {
            let message = format!("no pod of the controller {} is ready", controller.name);
            return vec![Obstacle {
                code: "ingress/controller-not-ready",
                message,
                evidence: self.pod_evidence(controller),
            }];
        }
        let port = match scheme {
            Scheme::Http => controller.flags.http_port,
            Scheme::Https => controller.flags.https_port,
        };
        let mut obstacles = Vec::new();
        obstacles.extend(self.entry(controller, &alive, client, scheme, port));
        obstacles.extend(self.entry_policy(&alive, client, port));
        obstacles
    }

    fn is_ready(&self, pod: PodId) -> bool {
        self.snapshot
            .pod(pod)
            .is_some_and(|pod| pod.is_alive() && pod.ready && pod.phase == Phase::Running && !pod.terminating)
    }

    fn pod_evidence(&self, controller: &Controller) -> Option<Evidence> {
        let id = *controller.pods.first()?;
        let pod = self.snapshot.pod(id)?;
        Some(self.snapshot.evidence(self.snapshot.pod_ref(id)?, &pod.origin, "status.conditions"))
    }

    /// Services that lead to the controller's port.
    pub(crate) fn entries(&self, controller: &Controller, port: u16) -> Vec<(ObjectRef, &Service)> {
        let snapshot = self.snapshot;
        let pods: Vec<&Pod> = controller.pods.iter().filter_map(|pod| snapshot.pod(*pod)).collect();
        let leads = |service: &Service| {
            !service.spec.selector.is_empty()
                && pods.iter().any(|pod| {
                    pod.namespace == service.namespace
                        && service.spec.selector.iter().all(|(key, value)| pod.labels.get(key) == Some(value))
                        && service.spec.ports.iter().any(|candidate| match &candidate.target_port {
                            IntOrString::Int(0) => candidate.port == i32::from(port),
                            IntOrString::Int(number) => *number == i32::from(port),
                            IntOrString::String(name) => {
                                pod.spec.containers.iter().flat_map(|container| &container.ports).any(
                                    |declared| {
                                        declared.name == *name && declared.container_port == i32::from(port)
                                    },
                                )
                            }
                        })
                })
        };
        let services = snapshot.services.iter().filter(|service| leads(service));
        services
            .map(|service| {
                let namespace = snapshot.namespace_name(service.namespace);
                (ObjectRef::namespaced("Service", namespace, &service.name), service)
            })
            .collect()
    }

    fn entry(
        &self,
        controller: &Controller,
        pods: &[PodId],
        client: Client,
        scheme: Scheme,
        port: u16,
    ) -> Option<Obstacle> {
        let on_host = pods.iter().filter_map(|pod| self.snapshot.pod(*pod)).any(|pod| {
            let ports = pod.spec.containers.iter().flat_map(|container| &container.ports);
            pod.host_network
                || ports
                    .into_iter()
                    .any(|declared| declared.container_port == i32::from(port) && declared.host_port != 0)
        });
        if on_host {
            return None;
        }
        let entries = self.entries(controller, port);
        let Some((object, service)) = entries.first() else {
            let message = format!(
                "no Service leads to port {port} of the controller's pods and they do not use the node's network, so no client finds {}",
                scheme.as_str()
            );
            return Some(Obstacle {
                code: "ingress/no-entry",
                message,
                evidence: self.pod_evidence(controller),
            });
        };
        if matches!(client, Client::Pod(_)) {
            return None;
        }
        let reachable = |service: &Service| match service.spec.type_.as_str() {
            "LoadBalancer" => {
                !service.status.load_balancer.ingress.is_empty() || !service.spec.external_ips.is_empty()
            }
            "NodePort" => true,
            _ => !service.spec.external_ips.is_empty(),
        };
        if entries.iter().any(|(_, service)| reachable(service)) {
            return None;
        }
        let (code, message, field) = if service.spec.type_ == "LoadBalancer" {
            let message =
                format!("{object} has no address yet: its EXTERNAL-IP is <pending>, nothing gives it one");
            ("ingress/entry-pending", message, "status.loadBalancer")
        } else {
            let message =
                format!("{object} is of type ClusterIP: only pods of the cluster reach the controller");
            ("ingress/entry-inside-only", message, "spec.type")
        };
        let evidence = self.snapshot.evidence(object.clone(), &service.origin, field);
        Some(Obstacle { code, message, evidence: Some(evidence) })
    }

    fn entry_policy(&self, pods: &[PodId], client: Client, port: u16) -> Option<Obstacle> {
        let (from, from_ip) = (client.party()?, client.ip(self.snapshot)?);
        let denied = |id: &PodId| {
            let to_ip = self.snapshot.pod(*id).and_then(|pod| pod.ips.first().copied());
            to_ip.is_some_and(|to_ip| {
                (self.judge)(from, Party::Pod(*id), from_ip, to_ip, port) == Passage::Denied
            })
        };
        if !pods.iter().all(denied) {
            return None;
        }
        let message = format!(
            "a NetworkPolicy drops what {from_ip} sends to port {port} of the controller's pods, so the client times out"
        );
        Some(Obstacle { code: "ingress/entry-denied", message, evidence: None })
    }

    /// The address that the controller sees as the client's, and why when it is not the client's own.
    pub(crate) fn peer(
        &self,
        controller: &Controller,
        client: Client,
        scheme: Scheme,
    ) -> (Option<IpAddr>, Option<String>) {
        let own = client.ip(self.snapshot);
        if matches!(client, Client::Pod(_)) {
            return (own, None);
        }
        let port =
            if scheme == Scheme::Http { controller.flags.http_port } else { controller.flags.https_port };
        let masquerading = self.entries(controller, port).into_iter().find(|(_, service)| {
            matches!(service.spec.type_.as_str(), "NodePort" | "LoadBalancer")
                && service.spec.external_traffic_policy != "Local"
        });
        let node = self.snapshot.nodes.first().and_then(|node| node.ips.first().copied());
        match (masquerading, node) {
            (Some((object, _)), Some(node)) => {
                let why = format!(
                    "{object} has externalTrafficPolicy Cluster, so the controller sees the address of a node, {node}, as the client's"
                );
                (Some(node), Some(why))
            }
            _ => (own, None),
        }
    }
}
