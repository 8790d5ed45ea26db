//! EndpointSlices of the whole cluster: given, mirrored, made.

use super::endpoints::{CONTROLLER, MANAGED_BY, World};
use super::intake::Intake;
use super::lookup::SERVICE_NAME;
use super::settle::Draft;
use super::topology::{self, Zones};
use super::{EndpointSlice, NamespaceId, Origin, PodId, Service, Stored, endpoints, hints, mirror, system};
use crate::admission::Fault;
use crate::manifest::api::{core_v1, discovery_v1};
use crate::manifest::{ObjectId, ObjectRef};
use crate::order;
use std::collections::BTreeMap;
use std::net::IpAddr;

impl Draft<'_> {
    /// EndpointSlices of the input, with the pods behind their endpoints.
    pub(crate) fn given_slices(&self, intake: &mut Intake) -> Vec<EndpointSlice> {
        if intake.slices.is_empty() {
            return Vec::new();
        }
        let targets = Targets::new(self);
        let mut found = Vec::new();
        for given in std::mem::take(&mut intake.slices) {
            let Some(namespace) = self.namespace_id(&given.namespace) else { continue };
            let pod = |endpoint: &discovery_v1::Endpoint| {
                let address = endpoint.addresses.first().map_or("", String::as_str);
                targets.pod(endpoint.target_ref.as_ref(), &given.namespace, address)
            };
            let pods = given.value.endpoints.iter().map(pod).collect();
            let origin = given.origin();
            found.push(EndpointSlice { namespace, name: given.name, value: given.value, pods, origin });
        }
        found
    }

    pub(crate) fn stored_endpoints(&self, intake: &mut Intake) -> Vec<Stored<core_v1::Endpoints>> {
        let given = std::mem::take(&mut intake.endpoints);
        let stored = given.into_iter().map(|given| Stored {
            object: ObjectRef::namespaced("Endpoints", &given.namespace, &given.name),
            origin: given.origin(),
            value: given.value,
        });
        stored.collect()
    }

    /// Slices for hand-made Endpoints of Services without a selector.
    pub(crate) fn mirror(&self, endpoints: &[Stored<core_v1::Endpoints>], slices: &mut Vec<EndpointSlice>) {
        if endpoints.is_empty() {
            return;
        }
        let targets = Targets::new(self);
        for stored in endpoints.iter().filter(|stored| mirror::wanted(&stored.value)) {
            let within = stored.object.namespace.as_deref().unwrap_or_default();
            let Some(namespace) = self.namespace_id(within) else { continue };
            let name = stored.object.name.as_str();
            let service = self
                .services
                .iter()
                .find(|draft| draft.service.namespace == namespace && draft.service.name == name);
            let selectorless = service.is_some_and(|draft| draft.service.spec.selector.is_empty());
            let kept = slices.iter().any(|slice| is_kept(slice, namespace, name, mirror::MIRRORING));
            if selectorless && !kept {
                slices.extend(mirror::slices(stored, namespace, |address| {
                    targets.pod(address.target_ref.as_ref(), within, &address.ip)
                }));
            }
        }
    }

    /// Slices for Services with a selector; those that the input already has from the controller are
    /// kept as they are.
    pub(crate) fn make_slices(&mut self, slices: &mut Vec<EndpointSlice>) {
        let by_controller = slices
            .iter()
            .filter(|slice| slice.value.metadata.labels.get(MANAGED_BY).is_some_and(|by| by == CONTROLLER));
        let kept = order::set(by_controller.filter_map(|slice| Some((slice.namespace, service_of(slice)?))));
        let services: Vec<&Service> = self.services.iter().map(|draft| &draft.service).collect();
        let selected = endpoints::selected(&services, &self.pods);
        let world = World { namespaces: &self.namespaces, nodes: &self.nodes, pods: &self.pods };
        let mut made = Vec::new();
        let mut api_server = None;
        let mut zones: Option<Option<Zones>> = None;
        let mut without_hints: Vec<(ObjectRef, Origin, String)> = Vec::new();
        for (service, selected) in services.iter().zip(&selected) {
            let namespace = self.namespace_name(service.namespace);
            if kept.contains(&(service.namespace, service.name.as_str()))
                || service.spec.type_ == "ExternalName"
            {
                continue;
            }
            if !service.spec.selector.is_empty() {
                let mut own = endpoints::slices(&world, service, selected);
                if hints::wants_auto(&service.annotations) {
                    let zones = zones.get_or_insert_with(|| self.zones());
                    for message in auto_hints(&service.spec.ip_families, &mut own, zones.as_ref()) {
                        let object = ObjectRef::namespaced("Service", namespace, &service.name);
                        without_hints.push((object, service.origin.clone(), message));
                    }
                }
                made.extend(own);
            } else if service.name == "kubernetes" && namespace == "default" {
                let mut others = slices.iter().filter(|slice| slice.namespace == service.namespace);
                if !others.any(|slice| service_of(slice) == Some("kubernetes")) {
                    api_server = Some(*service);
                }
            }
        }
        let own = api_server.and_then(|service| {
            system::api_server_slice(self.settings, &self.nodes, service, &mut self.reports)
        });
        for (object, origin, message) in without_hints {
            if let Origin::Manifest { object: id, .. } = origin {
                let fault = Fault::warning("model/topology-hints", "metadata.annotations", message);
                self.reports.fault(self.manifests, ObjectId(id), object, fault);
            }
        }
        slices.extend(made);
        slices.extend(own);
    }

    /// The zones with their CPU, as far as all ready nodes tell.
    fn zones(&self) -> Option<Zones> {
        Zones::new(&self.nodes, |node| {
            let Origin::Manifest { object, .. } = node.origin else { return None };
            let cpu = self.manifests.node(ObjectId(object)).at("status.allocatable.cpu")?;
            // A whole number may be written without quotes.
            match cpu.as_str() {
                Some(text) => topology::millis(text),
                None => topology::millis(&cpu.as_i64()?.to_string()),
            }
        })
    }
}

/// Gives the slices of one Service their hints, family by family; why not, where there are none.
fn auto_hints(families: &[String], own: &mut [EndpointSlice], zones: Option<&Zones>) -> Vec<String> {
    let mut messages = Vec::new();
    for family in families {
        let mut of_family: Vec<&mut EndpointSlice> =
            own.iter_mut().filter(|slice| slice.value.address_type == *family).collect();
        if let Err(message) = topology::assign(&mut of_family, zones) {
            messages.push(format!("{message}, addressType: {family}"));
        }
    }
    messages
}

/// The Service a slice belongs to.
fn service_of(slice: &EndpointSlice) -> Option<&str> {
    slice.value.metadata.labels.get(SERVICE_NAME).map(String::as_str)
}

/// Finds the pods behind hand-made endpoints.
struct Targets<'d> {
    draft: &'d Draft<'d>,
    by_name: BTreeMap<(NamespaceId, &'d str), PodId>,
    by_ip: BTreeMap<IpAddr, PodId>,
}

impl<'d> Targets<'d> {
    fn new(draft: &'d Draft<'d>) -> Self {
        let pods = || (0..).map(PodId).zip(&draft.pods);
        let by_name = order::map(pods().map(|(id, pod)| ((pod.namespace, pod.name.as_str()), id)));
        let in_network = pods().filter(|(_, pod)| pod.is_alive() && !pod.host_network);
        let mut by_ip = BTreeMap::new();
        for (ip, id) in in_network.flat_map(|(id, pod)| pod.ips.iter().map(move |&ip| (ip, id))) {
            by_ip.entry(ip).or_insert(id);
        }
        Self { draft, by_name, by_ip }
    }

    /// The pod that is named, else the one that has the address.
    fn pod(&self, target: Option<&core_v1::ObjectReference>, within: &str, address: &str) -> Option<PodId> {
        let target = target.filter(|target| target.kind == "Pod");
        let named = target.and_then(|target| {
            let within = if target.namespace.is_empty() { within } else { &target.namespace };
            self.by_name.get(&(self.draft.namespace_id(within)?, target.name.as_str())).copied()
        });
        named.or_else(|| self.by_ip.get(&address.parse().ok()?).copied())
    }
}

/// Whether a slice belongs to this Service and is kept by this controller.
fn is_kept(slice: &EndpointSlice, namespace: NamespaceId, service: &str, controller: &str) -> bool {
    let labels = &slice.value.metadata.labels;
    slice.namespace == namespace
        && service_of(slice) == Some(service)
        && labels.get(MANAGED_BY).is_some_and(|by| by == controller)
}
