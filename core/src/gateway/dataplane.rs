//! What runs a Gateway, as far as manifests show it: the controller of its class, the pods of its data
//! plane, the Services that lead to them, and what keeps a client from getting there.

use super::Table;
use super::explain;
use super::objects::evidence;
use crate::ingress::{Client, Obstacle, Passage, Reach};
use crate::manifest::api::core_v1::ServicePort;
use crate::manifest::api::gateway_v1::Gateway;
use crate::manifest::api::meta::{IntOrString, Labels};
use crate::manifest::{Evidence, ObjectRef};
use crate::model::{Party, Phase, Pod, PodId, Service, Snapshot, Stored};

/// The label of everything that an implementation makes for a Gateway, in the Gateway's namespace.
// gateway-api: GEP-1762 "Automated Deployments"
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";
/// Envoy Gateway makes its pods in its own namespace and names the Gateway by these.
const OWNING_NAME: &str = "gateway.envoyproxy.io/owning-gateway-name";
const OWNING_NAMESPACE: &str = "gateway.envoyproxy.io/owning-gateway-namespace";

/// The proxy behind an implementation, where the API leaves an answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proxy {
    Envoy,
    Nginx,
    Unknown,
}

/// Implementations: `spec.controllerName`, part of the image of the controller's pods, the proxy.
const KNOWN: &[(&str, &str, Proxy)] = &[
    ("gateway.envoyproxy.io/gatewayclass-controller", "envoyproxy/gateway", Proxy::Envoy),
    ("istio.io/gateway-controller", "istio/pilot", Proxy::Envoy),
    ("io.cilium/gateway-controller", "cilium/operator", Proxy::Envoy),
    ("kgateway.dev/kgateway", "kgateway", Proxy::Envoy),
    ("projectcontour.io/gateway-controller", "projectcontour/contour", Proxy::Envoy),
    ("gateway.nginx.org/nginx-gateway-controller", "nginx-gateway-fabric", Proxy::Nginx),
    ("traefik.io/gateway-controller", "traefik", Proxy::Unknown),
    ("konghq.com/kic-gateway-controller", "kong/kubernetes-ingress-controller", Proxy::Unknown),
    ("haproxy-ingress.github.io/controller", "haproxy-ingress", Proxy::Unknown),
];

/// Implementations of clouds: what carries the traffic is outside the cluster, so no manifest shows it.
const OUTSIDE: &[&str] = &[
    "networking.gke.io/",
    "gateway.k8s.aws/",
    "application-networking.k8s.aws/",
    "alb.networking.azure.io/",
];

/// The proxy that `controller` drives.
pub(crate) fn proxy(controller: &str) -> Proxy {
    KNOWN.iter().find(|(name, ..)| *name == controller).map_or(Proxy::Unknown, |(.., proxy)| *proxy)
}

/// A label value for a Gateway's name: longer ones are cut and end in a checksum, which is not compared.
fn names(value: &str, gateway: &str) -> bool {
    match gateway.get(..20) {
        Some(start) if gateway.len() > 63 => {
            value.len() == 61 && value.strip_prefix(start).is_some_and(|rest| rest.starts_with('-'))
        }
        _ => value == gateway,
    }
}

/// Whether something with these labels in `space` was made for a Gateway.
fn made_for(labels: &Labels, space: &str, gateway: &ObjectRef) -> bool {
    let own = gateway.namespace.as_deref().unwrap_or_default();
    let by_label = space == own && labels.get(GATEWAY_NAME).is_some_and(|value| names(value, &gateway.name));
    let by_owner = labels.get(OWNING_NAME) == Some(&gateway.name)
        && labels.get(OWNING_NAMESPACE).is_some_and(|value| value == own);
    by_label || by_owner
}

/// The pods of a Gateway's data plane.
pub(crate) fn pods(snapshot: &Snapshot, gateway: &ObjectRef) -> Vec<PodId> {
    let all = snapshot.pods.iter().enumerate();
    let mine = all.filter(|(_, pod)| made_for(&pod.labels, snapshot.namespace_name(pod.namespace), gateway));
    mine.map(|(index, _)| PodId(index as u32)).collect()
}

/// The pods of the controller `name`: by their image, or because their command line names it.
fn controllers(snapshot: &Snapshot, name: &str) -> Vec<PodId> {
    let image = KNOWN.iter().find(|(known, ..)| *known == name).map(|(_, image, _)| *image);
    let runs = |pod: &Pod| {
        pod.spec.containers.iter().any(|container| {
            image.is_some_and(|image| container.image.contains(image))
                || container.command.iter().chain(&container.args).any(|word| word.contains(name))
        })
    };
    let all = snapshot.pods.iter().enumerate().filter(|(_, pod)| runs(pod));
    all.map(|(index, _)| PodId(index as u32)).collect()
}

fn ready(snapshot: &Snapshot, pod: PodId) -> bool {
    let pod = snapshot.pod(pod);
    pod.is_some_and(|pod| pod.is_alive() && pod.ready && pod.phase == Phase::Running && !pod.terminating)
}

/// A Service in front of a data plane.
struct Entry<'a> {
    object: ObjectRef,
    service: &'a Service,
}

impl<'a> Entry<'a> {
    fn port(&self, port: u16, protocol: &str) -> Option<&'a ServicePort> {
        let fits = |candidate: &&ServicePort| {
            let own = if candidate.protocol.is_empty() { "TCP" } else { &candidate.protocol };
            candidate.port == i32::from(port) && own == protocol
        };
        self.service.spec.ports.iter().find(fits)
    }

    /// Addresses by which clients outside, or inside for a ClusterIP, find it.
    fn addresses(&self) -> Vec<String> {
        let spec = &self.service.spec;
        let given = self.service.status.load_balancer.ingress.iter();
        let mut found: Vec<String> = given
            .map(|ingress| if ingress.ip.is_empty() { ingress.hostname.clone() } else { ingress.ip.clone() })
            .collect();
        found.extend(spec.external_ips.iter().cloned());
        if found.is_empty() && spec.type_ != "LoadBalancer" {
            found.extend(spec.cluster_ips.iter().filter(|ip| *ip != "None").cloned());
        }
        found
    }
}

fn entries<'a>(snapshot: &'a Snapshot, gateway: &ObjectRef, pods: &[PodId]) -> Vec<Entry<'a>> {
    let pods: Vec<&Pod> = pods.iter().filter_map(|pod| snapshot.pod(*pod)).collect();
    let leads = |service: &&Service| {
        let selector = &service.spec.selector;
        let selects = |pod: &&Pod| {
            pod.namespace == service.namespace
                && selector.iter().all(|(key, value)| pod.labels.get(key) == Some(value))
        };
        made_for(&service.labels, snapshot.namespace_name(service.namespace), gateway)
            || (!selector.is_empty() && pods.iter().any(selects))
    };
    let services = snapshot.services.iter().filter(leads);
    let entry = |service: &'a Service| {
        let space = snapshot.namespace_name(service.namespace);
        Entry { object: ObjectRef::namespaced("Service", space, &service.name), service }
    };
    services.map(entry).collect()
}

/// The addresses of a Gateway, and whether its Service waits for one. `None` when no Service shows.
// gateway-api: apis/v1/gateway_types.go GatewayStatus.Addresses, GatewayReasonAddressNotAssigned
pub(crate) fn addresses(snapshot: &Snapshot, gateway: &ObjectRef) -> Option<(Vec<String>, bool)> {
    let entries = entries(snapshot, gateway, &pods(snapshot, gateway));
    let first = entries.first()?;
    let found: Vec<String> = entries.iter().flat_map(Entry::addresses).collect();
    let pending = found.is_empty() && first.service.spec.type_ == "LoadBalancer";
    Some((found, pending))
}

/// What is asked of the way in.
pub(crate) struct Way<'a> {
    pub(crate) table: &'a Table,
    pub(crate) reach: Reach<'a>,
    pub(crate) gateway: usize,
    pub(crate) client: Client,
    pub(crate) port: u16,
    /// `TCP` or `UDP`.
    pub(crate) protocol: &'static str,
}

/// What keeps a client from the Gateway's listeners, and what the manifests leave open about it.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) obstacles: Vec<Obstacle>,
    pub(crate) notes: Vec<String>,
}

impl Found {
    fn obstacle(code: &'static str, message: String, evidence: Option<Evidence>) -> Self {
        Self { obstacles: vec![Obstacle { code, message, evidence }], notes: Vec::new() }
    }

    fn note(text: impl Into<String>) -> Self {
        Self { obstacles: Vec::new(), notes: vec![text.into()] }
    }
}

impl Way<'_> {
    /// Looks at class, controller, data plane, Service and policies, in this order.
    pub(crate) fn look(&self) -> Found {
        let world = &self.table.world;
        let snapshot = self.reach.snapshot;
        let (Some(stored), Some(state)) =
            (world.objects.gateways.get(self.gateway), world.gateways.get(self.gateway))
        else {
            return Found::default();
        };
        let at = |field: &str| Some(evidence(snapshot, stored, field));
        let Some(controller) = &state.controller else {
            let class = &stored.value.spec.gateway_class_name;
            let near = world.objects.classes.first().map(|class| class.object.name.as_str());
            let message = explain::no_class(class, near);
            return Found::obstacle("gateway/no-class", message, at("spec.gatewayClassName"));
        };
        if let Some(refused) = state.conditions.iter().find(|condition| {
            matches!(condition.type_, "Accepted" | "Programmed")
                && condition.status == Some(false)
                && condition.reason != "AddressNotAssigned"
        }) {
            let message = explain::not_accepted(refused);
            return Found::obstacle("gateway/not-accepted", message, at("spec"));
        }
        let pods = pods(snapshot, &stored.object);
        let entries = entries(snapshot, &stored.object, &pods);
        if pods.is_empty() && entries.is_empty() {
            return self.unseen(stored, controller);
        }
        let alive: Vec<PodId> = pods.iter().copied().filter(|pod| ready(snapshot, *pod)).collect();
        if alive.is_empty() && !pods.is_empty() {
            let place = pods.first().and_then(|id| {
                let pod = snapshot.pod(*id)?;
                Some(snapshot.evidence(snapshot.pod_ref(*id)?, &pod.origin, "status.conditions"))
            });
            let message = explain::data_plane_not_ready(&stored.object);
            return Found::obstacle("gateway/data-plane-not-ready", message, place);
        }
        self.enter(stored, &alive, &entries)
    }

    /// Nothing in the manifests was made for the Gateway.
    fn unseen(&self, stored: &Stored<Gateway>, controller: &str) -> Found {
        let snapshot = self.reach.snapshot;
        if snapshot.settings.ingress.assume_controller {
            return Found::default();
        }
        if OUTSIDE.iter().any(|prefix| controller.starts_with(prefix)) {
            return Found::note(explain::outside(controller));
        }
        let status = &stored.value.status;
        let programmed = |condition: &&crate::manifest::api::gateway_v1::StatusCondition| {
            condition.type_ == "Programmed" && condition.status == "True"
        };
        if status.conditions.iter().any(|condition| programmed(&condition)) {
            return Found::note(explain::programmed_by_status());
        }
        let running = controllers(snapshot, controller);
        if running.iter().any(|pod| ready(snapshot, *pod)) {
            return Found::note(explain::data_plane_unseen(controller));
        }
        let (code, message) = if running.is_empty() {
            ("gateway/no-controller", explain::no_controller(controller))
        } else {
            ("gateway/controller-not-ready", explain::controller_not_ready(controller))
        };
        let class = self.table.world.objects.classes.iter();
        let mut class = class.filter(|class| class.object.name == stored.value.spec.gateway_class_name);
        let place = class.next().map(|class| evidence(snapshot, class, "spec.controllerName"));
        Found::obstacle(code, message, place)
    }

    fn enter(&self, stored: &Stored<Gateway>, pods: &[PodId], entries: &[Entry<'_>]) -> Found {
        let snapshot = self.reach.snapshot;
        let (port, protocol) = (self.port, self.protocol);
        let with_port: Vec<(&Entry<'_>, &ServicePort)> =
            entries.iter().filter_map(|entry| Some((entry, entry.port(port, protocol)?))).collect();
        let at = |entry: &Entry<'_>, field: &str| {
            Some(snapshot.evidence(entry.object.clone(), &entry.service.origin, field))
        };
        let Some((entry, service_port)) = with_port.first() else {
            return match entries.first() {
                _ if pods.iter().any(|pod| self.on_node(*pod)) => Found::default(),
                Some(entry) => {
                    let message = explain::no_entry_port(&entry.object, port);
                    Found::obstacle("gateway/no-entry-port", message, at(entry, "spec.ports"))
                }
                None => {
                    let message = explain::no_entry(&stored.object, port);
                    Found::obstacle("gateway/no-entry", message, None)
                }
            };
        };
        let mut found = Found::default();
        if matches!(self.client, Client::Outside(_)) {
            let open = |entry: &Entry<'_>| {
                let spec = &entry.service.spec;
                let balanced = !entry.service.status.load_balancer.ingress.is_empty();
                balanced || !spec.external_ips.is_empty() || spec.type_ == "NodePort"
            };
            if !with_port.iter().any(|(entry, _)| open(entry)) {
                let (code, message, field) = if entry.service.spec.type_ == "LoadBalancer" {
                    ("gateway/entry-pending", explain::entry_pending(&entry.object), "status.loadBalancer")
                } else {
                    ("gateway/entry-inside-only", explain::entry_inside_only(&entry.object), "spec.type")
                };
                found.obstacles.push(Obstacle { code, message, evidence: at(entry, field) });
            } else if entry.service.spec.type_ == "NodePort" && service_port.node_port != 0 {
                found.notes.push(explain::by_node_port(&entry.object, service_port.node_port));
            }
        }
        if pods.is_empty() {
            return found;
        }
        let targets: Vec<(PodId, u16)> =
            pods.iter().filter_map(|pod| Some((*pod, self.target(*pod, service_port)?))).collect();
        if targets.is_empty() {
            let message = explain::entry_closed(&entry.object, port);
            let place = at(entry, "spec.ports");
            found.obstacles.push(Obstacle { code: "gateway/entry-closed", message, evidence: place });
        } else if protocol == "TCP" {
            found.obstacles.extend(self.denied(&targets));
        }
        found
    }

    /// Whether a pod listens on its node.
    fn on_node(&self, pod: PodId) -> bool {
        self.reach.snapshot.pod(pod).is_some_and(|pod| {
            let mut ports = pod.spec.containers.iter().flat_map(|container| &container.ports);
            pod.host_network || ports.any(|declared| declared.host_port == i32::from(self.port))
        })
    }

    /// The port of a pod that a Service port leads to; `None` when its containers declare others only.
    fn target(&self, pod: PodId, service_port: &ServicePort) -> Option<u16> {
        let pod = self.reach.snapshot.pod(pod)?;
        let mut declared = pod.spec.containers.iter().flat_map(|container| &container.ports).peekable();
        let nothing_declared = declared.peek().is_none();
        let wanted = match &service_port.target_port {
            IntOrString::Int(0) => service_port.port,
            IntOrString::Int(number) => *number,
            IntOrString::String(name) => {
                return declared.find(|port| port.name == *name)?.container_port.try_into().ok();
            }
        };
        let listens = nothing_declared || declared.any(|port| port.container_port == wanted);
        listens.then(|| wanted.try_into().ok())?
    }

    fn denied(&self, targets: &[(PodId, u16)]) -> Option<Obstacle> {
        let snapshot = self.reach.snapshot;
        let (from, from_ip) = (self.client.party()?, self.client.ip(snapshot)?);
        let denied = |(id, port): &(PodId, u16)| {
            let to_ip = snapshot.pod(*id).and_then(|pod| pod.ips.first().copied());
            to_ip.is_some_and(|to_ip| {
                (self.reach.judge)(from, Party::Pod(*id), from_ip, to_ip, *port) == Passage::Denied
            })
        };
        let port = targets.first().map(|(_, port)| *port)?;
        let message = explain::entry_denied(&from_ip.to_string(), port);
        targets.iter().all(denied).then_some(Obstacle {
            code: "gateway/entry-denied",
            message,
            evidence: None,
        })
    }
}
