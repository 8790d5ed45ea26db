//! Finding things in a [`Snapshot`] without walking it.

use super::{
    EndpointSlice, Namespace, NamespaceId, Node, NodeId, Party, Pod, PodId, Service, ServiceId, Snapshot,
};
use crate::manifest::ObjectRef;
use crate::order::SliceOrder;
use std::net::IpAddr;
use std::sync::Arc;

/// Label that ties an EndpointSlice to its Service.
///
/// k8s: api discovery/v1 LabelServiceName
pub(crate) const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Sorted orders of the snapshot's vectors; built once by [`settle`](super::settle).
#[derive(Clone, Debug, Default)]
pub struct Index {
    services: Vec<u32>,
    pods: Vec<u32>,
    nodes: Vec<u32>,
    node_ips: Vec<(IpAddr, u32)>,
    pod_ips: Vec<(IpAddr, u32)>,
    /// Slice numbers, sorted by namespace and Service name.
    slices: Vec<u32>,
    /// Pods on each node, by node and then by pod.
    on_node: Vec<(u32, u32)>,
    /// Pods of workloads, sorted by workload and then by pod.
    of_workload: Vec<u32>,
}

fn numbers(len: usize) -> Vec<u32> {
    (0..u32::try_from(len).unwrap_or(u32::MAX)).collect()
}

impl Index {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let mut services = numbers(snapshot.services.len());
        services.order_by_key(|&id| snapshot.service(ServiceId(id)).map(service_key));
        let mut pods = numbers(snapshot.pods.len());
        pods.order_by_key(|&id| snapshot.pod(PodId(id)).map(pod_key));
        let mut nodes = numbers(snapshot.nodes.len());
        nodes.order_by_key(|&id| snapshot.node(NodeId(id)).map(|node| node.name.as_str()));
        let mut slices = numbers(snapshot.slices.len());
        slices.order_by_key(|&id| (snapshot.slices.get(id as usize).map(slice_key), id));

        let mut node_ips: Vec<(IpAddr, u32)> = (0..)
            .zip(&snapshot.nodes)
            .flat_map(|(id, node)| node.ips.iter().chain(&node.external_ips).map(move |&ip| (ip, id)))
            .collect();
        node_ips.order();
        // The address of an ended pod may already belong to another: live pods come first.
        let mut pod_ips: Vec<(IpAddr, bool, u32)> = (0..)
            .zip(&snapshot.pods)
            .filter(|(_, pod)| !pod.host_network)
            .flat_map(|(id, pod)| pod.ips.iter().map(move |&ip| (ip, !pod.is_alive(), id)))
            .collect();
        pod_ips.order();
        pod_ips.dedup_by_key(|entry| entry.0);

        let mut on_node: Vec<(u32, u32)> =
            (0..).zip(&snapshot.pods).filter_map(|(id, pod)| Some((pod.node?.0, id))).collect();
        on_node.order();
        let mut of_workload: Vec<u32> =
            (0..).zip(&snapshot.pods).filter(|(_, pod)| pod.workload.is_some()).map(|(id, _)| id).collect();
        of_workload.order_by_key(|&id| (snapshot.pod(PodId(id)).and_then(|pod| pod.workload.as_ref()), id));

        let pod_ips = pod_ips.into_iter().map(|(ip, _, id)| (ip, id)).collect();
        Self { services, pods, nodes, node_ips, pod_ips, slices, on_node, of_workload }
    }
}

fn service_key(service: &Service) -> (NamespaceId, &str) {
    (service.namespace, &service.name)
}

fn pod_key(pod: &Pod) -> (NamespaceId, &str) {
    (pod.namespace, &pod.name)
}

fn slice_key(slice: &EndpointSlice) -> (NamespaceId, &str) {
    let service = slice.value.metadata.labels.get(SERVICE_NAME);
    (slice.namespace, service.map_or("", String::as_str))
}

/// The first of several entries with this key.
fn find<V: Copy>(entries: &[(IpAddr, V)], ip: IpAddr) -> Option<V> {
    let at = entries.partition_point(|&(other, _)| other < ip);
    entries.get(at).filter(|&&(other, _)| other == ip).map(|&(_, value)| value)
}

impl Snapshot {
    /// Sorts the orders behind the lookups anew; [`settle`](super::settle) has done it, whoever changes a
    /// snapshot by hand must.
    pub fn reindex(&mut self) {
        self.index = Arc::new(Index::new(self));
    }

    /// The node with this id.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    /// The namespace with this id.
    pub fn namespace(&self, id: NamespaceId) -> Option<&Namespace> {
        self.namespaces.get(id.index())
    }

    /// The pod with this id.
    pub fn pod(&self, id: PodId) -> Option<&Pod> {
        self.pods.get(id.index())
    }

    /// The service with this id.
    pub fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.get(id.index())
    }

    /// The name of a namespace, empty for an id of another snapshot.
    pub fn namespace_name(&self, id: NamespaceId) -> &str {
        self.namespace(id).map_or("", |namespace| &namespace.name)
    }

    /// The namespace called `name`.
    pub fn namespace_id(&self, name: &str) -> Option<NamespaceId> {
        let index = self.namespaces.binary_search_by(|namespace| namespace.name.as_str().cmp(name)).ok()?;
        u32::try_from(index).ok().map(NamespaceId)
    }

    /// The node called `name`.
    pub fn node_id(&self, name: &str) -> Option<NodeId> {
        let nodes = &self.index.nodes;
        let name_of = |&id: &u32| self.node(NodeId(id)).map(|node| node.name.as_str());
        let at = nodes.binary_search_by(|id| name_of(id).cmp(&Some(name))).ok()?;
        nodes.get(at).copied().map(NodeId)
    }

    /// The Service `namespace/name`.
    pub fn service_id(&self, namespace: &str, name: &str) -> Option<ServiceId> {
        let key = Some((self.namespace_id(namespace)?, name));
        let services = &self.index.services;
        let at =
            services.binary_search_by(|&id| self.service(ServiceId(id)).map(service_key).cmp(&key)).ok()?;
        services.get(at).copied().map(ServiceId)
    }

    /// The pod `namespace/name`.
    pub fn pod_id(&self, namespace: &str, name: &str) -> Option<PodId> {
        let key = Some((self.namespace_id(namespace)?, name));
        let pods = &self.index.pods;
        let at = pods.binary_search_by(|&id| self.pod(PodId(id)).map(pod_key).cmp(&key)).ok()?;
        pods.get(at).copied().map(PodId)
    }

    /// The node that has this address, internal or external.
    pub fn node_by_ip(&self, ip: IpAddr) -> Option<NodeId> {
        find(&self.index.node_ips, ip).map(NodeId)
    }

    /// The pod that has this address; of several the one that is alive. Pods on the host network are
    /// found by [`node_by_ip`](Self::node_by_ip), since their address is the node's.
    pub fn pod_by_ip(&self, ip: IpAddr) -> Option<PodId> {
        find(&self.index.pod_ips, ip).map(PodId)
    }

    /// Who has this address.
    pub fn party_of(&self, ip: IpAddr) -> Party {
        match (self.node_by_ip(ip), self.pod_by_ip(ip)) {
            (Some(node), _) => Party::Node(node),
            (None, Some(pod)) => Party::Pod(pod),
            (None, None) => Party::Outside(ip),
        }
    }

    /// Pods that run on a node, in the order of the snapshot.
    pub fn pods_on(&self, node: NodeId) -> impl Iterator<Item = PodId> + '_ {
        let entries = &self.index.on_node;
        let from = entries.partition_point(|&(other, _)| other < node.0);
        entries.iter().skip(from).take_while(move |&&(other, _)| other == node.0).map(|&(_, pod)| PodId(pod))
    }

    /// Pods that belong to a workload (outermost: the Deployment, not its ReplicaSet).
    pub fn pods_of<'s>(&'s self, workload: &'s ObjectRef) -> impl Iterator<Item = PodId> + 's {
        let entries = &self.index.of_workload;
        let owner = |id: u32| self.pod(PodId(id)).and_then(|pod| pod.workload.as_ref());
        let from = entries.partition_point(move |&id| owner(id) < Some(workload));
        entries.iter().skip(from).take_while(move |&&id| owner(id) == Some(workload)).map(|&id| PodId(id))
    }

    /// The EndpointSlices that belong to a Service by their label.
    pub fn slices_of(&self, service: ServiceId) -> impl Iterator<Item = &EndpointSlice> + '_ {
        let key = self.service(service).map(service_key);
        let entries = &self.index.slices;
        let slice = |id: u32| self.slices.get(id as usize);
        let from = entries.partition_point(move |&id| slice(id).map(slice_key) < key);
        entries
            .iter()
            .skip(from)
            .map_while(move |&id| slice(id))
            .take_while(move |slice| key.is_some() && Some(slice_key(slice)) == key)
    }

    /// A pod as an object reference.
    pub fn pod_ref(&self, id: PodId) -> Option<ObjectRef> {
        let pod = self.pod(id)?;
        Some(ObjectRef::namespaced("Pod", self.namespace_name(pod.namespace), &pod.name))
    }

    /// A Service as an object reference.
    pub fn service_ref(&self, id: ServiceId) -> Option<ObjectRef> {
        let service = self.service(id)?;
        Some(ObjectRef::namespaced("Service", self.namespace_name(service.namespace), &service.name))
    }
}

#[cfg(test)]
mod tests {
    use crate::model::tests::load;
    use crate::model::{NodeId, Party, PodId};

    fn pod(name: &str, rest: &str, status: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{app: web}}}}\nspec: {{nodeName: w1{rest}}}\nstatus: {{{status}}}\n---\n"
        )
    }

    #[test]
    fn an_address_belongs_to_the_living() {
        let text = [
            pod("ended", "", "phase: Succeeded, podIP: 10.244.0.9"),
            pod("alive", "", "phase: Running, podIP: 10.244.0.9"),
            pod("host", ", hostNetwork: true", "phase: Running"),
        ];
        let snapshot = load(&text.concat());
        let ip = "10.244.0.9".parse().unwrap();
        assert_eq!(snapshot.party_of(ip), Party::Pod(PodId(1)));
        // A pod on the host network has its node's address, and that is the node's.
        let node = snapshot.pods[2].ips[0];
        assert_eq!(snapshot.party_of(node), Party::Node(NodeId(0)));
        assert_eq!(snapshot.pods_on(NodeId(0)).count(), 5);
    }

    #[test]
    fn everything_is_found_by_name() {
        let text = ["c", "a", "b"].map(|name| pod(name, "", "phase: Running"));
        let snapshot = load(&text.concat());
        for (number, name) in ["c", "a", "b"].into_iter().enumerate() {
            assert_eq!(snapshot.pod_id("default", name), Some(PodId(number as u32)));
        }
        assert_eq!(snapshot.pod_id("default", "d"), None);
        assert_eq!(snapshot.pod_id("none", "a"), None);
        assert_eq!(snapshot.node_id("w1"), Some(NodeId(0)));
        assert_eq!(snapshot.node_id("w2"), None);
        let dns = snapshot.service_id("kube-system", "kube-dns").unwrap();
        assert_eq!(snapshot.slices_of(dns).count(), 1);
        let coredns = snapshot.pods.last().unwrap().workload.clone().unwrap();
        assert_eq!(snapshot.pods_of(&coredns).count(), 2);
    }
}
