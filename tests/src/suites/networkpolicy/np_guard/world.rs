//! One directory of manifests, loaded, in np-guard's names.

use super::golden::Connections;
use super::ingress;
use super::lenient::Repairs;
use kubehop::manifest::Severity;
use kubehop::model::{HostNetworkPolicy, Origin, Party, PodId};
use kubehop::policy::{AddressSet, Granularity, PolicyDiff, PortSet};
use kubehop::{Cluster, Settings, Source};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

pub(super) struct World {
    pub cluster: Cluster,
    /// The same with a pod in the controller's place.
    with_controller: Cluster,
    backends: Vec<ingress::Backend>,
    /// Our name of a workload to np-guard's, where pods name an owner that belongs to another workload:
    /// np-guard stops at the ReplicaSet. Pods that nobody wrote have none.
    names: BTreeMap<String, Option<String>>,
}

const CONTROLLER: &str = "ingress-controller-ns/ingress-controller";

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.policy.host_network = HostNetworkPolicy::Distinguish;
    settings.policy.ip_block_matches_pods = false;
    // Out of the way of the blocks that policies name.
    settings.pod_cidrs = vec!["198.18.0.0/16".parse().unwrap()];
    settings.service_cidrs = vec!["198.19.0.0/16".parse().unwrap()];
    settings.node_cidrs = vec!["192.0.2.0/24".parse().unwrap()];
    settings
}

fn read(path: &Path, sources: &mut Vec<Source>) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    if path.is_dir() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(path).map_err(fail)?.flatten().map(|e| e.path()).collect();
        entries.sort();
        return entries.iter().try_for_each(|entry| read(entry, sources));
    }
    let known = path.extension().is_some_and(|ext| ["yaml", "yml", "json"].iter().any(|known| ext == *known));
    if known {
        sources.push(Source::new(path.display().to_string(), std::fs::read(path).map_err(fail)?));
    }
    Ok(())
}

/// Our names to np-guard's where they differ.
fn names(cluster: &Cluster, owners: &[ingress::Owned]) -> BTreeMap<String, Option<String>> {
    let snapshot = cluster.snapshot();
    let mut out = BTreeMap::new();
    for pod in &snapshot.pods {
        let Some(workload) = &pod.workload else { continue };
        let namespace = snapshot.namespace_name(pod.namespace);
        if pod.origin == Origin::ControlPlane {
            out.entry(workload.to_string()).or_insert(None);
        }
        if let Some(owned) = owners.iter().find(|owned| owned.namespace == namespace && owned.pod == pod.name)
        {
            out.insert(workload.to_string(), Some(format!("{namespace}/{}[{}]", owned.owner, owned.kind)));
        }
    }
    out
}

impl World {
    /// `strict` leaves the manifests as they are, faults and all.
    pub(super) fn load(paths: &[PathBuf], strict: bool, repairs: &mut Repairs) -> Result<Self, String> {
        let mut sources = Vec::new();
        paths.iter().try_for_each(|path| read(path, &mut sources))?;
        if !strict {
            sources = super::lenient::tidy(&sources, repairs);
        }
        let backends = ingress::backends(&sources);
        let owners = ingress::owners(&sources);
        let cluster = Cluster::load(sources.clone(), &settings());
        let refused = cluster.problems().iter().find(|problem| problem.severity == Severity::Error);
        if let Some(problem) = refused.filter(|_| !strict) {
            return Err(format!("refused after all repairs: {problem:?}"));
        }
        let (namespace, name) = CONTROLLER.split_once('/').unwrap_or_default();
        sources.push(Source::new(
            "controller.yaml",
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{namespace: {namespace}, name: {name}}}, spec: {{containers: [{{name: c, image: c}}]}}}}"
            ),
        ));
        let with_controller =
            if backends.is_empty() { cluster.clone() } else { Cluster::load(sources, &settings()) };
        let names = names(&cluster, &owners);
        Ok(Self { cluster, with_controller, backends, names })
    }

    /// `Deployment ns/name` in np-guard's notation; `None` for pods that are in no manifest.
    pub(super) fn peer(&self, name: &str) -> Option<String> {
        if let Some(theirs) = self.names.get(name) {
            return theirs.clone();
        }
        let (kind, name) = name.split_once(' ').unwrap_or(("", name));
        Some(format!("{name}[{kind}]"))
    }

    /// A difference in np-guard's names, without pods that are in no manifest.
    pub(super) fn named(&self, other: &Self, mut diff: PolicyDiff) -> PolicyDiff {
        let rename = |name: &mut String| match self.peer(name).and_then(|_| other.peer(name)) {
            Some(theirs) => {
                // Whichever of the two has pods with owners knows the name.
                *name = self.names.get(name).cloned().flatten().unwrap_or(theirs);
                true
            }
            None => false,
        };
        diff.connections.retain_mut(|change| rename(&mut change.from) && rename(&mut change.to));
        diff.from_outside.retain_mut(|change| rename(&mut change.member));
        diff.to_outside.retain_mut(|change| rename(&mut change.member));
        diff
    }

    /// Addresses of pods, nodes and the cluster's own ranges: no golden speaks of them.
    pub(super) fn holes(&self) -> AddressSet {
        let snapshot = self.cluster.snapshot();
        let ips = snapshot.nodes.iter().flat_map(|node| node.ips.iter().chain(&node.external_ips));
        let ips = ips.chain(snapshot.pods.iter().flat_map(|pod| &pod.ips));
        let settings = settings();
        let ranges = settings.pod_cidrs.iter().chain(&settings.service_cidrs).chain(&settings.node_cidrs);
        let holes = ips.fold(AddressSet::none(), |all, ip| all.union(&AddressSet::range(*ip, *ip)));
        ranges.fold(holes, |all, net| all.union(&AddressSet::block(*net)))
    }

    pub(super) fn connections(&self) -> Result<Connections, String> {
        let mut out = Connections::default();
        if self.cluster.snapshot().pods.is_empty() {
            return Ok(out);
        }
        let everyone = Some("pods | 0.0.0.0/0");
        let reach = self
            .cluster
            .reachability(Granularity::Workload, everyone, everyone, None)
            .map_err(|error| error.to_string())?;
        for link in reach.connections.iter().filter(|link| link.from != link.to) {
            let ports = link.some.as_ref().unwrap_or(&link.ports);
            if let Some(pair) = self.peer(&link.from).zip(self.peer(&link.to)) {
                out.inside.insert(pair, ports.clone());
            }
        }
        for link in reach.from_outside {
            let Some(peer) = self.peer(&link.member) else { continue };
            out.ingress.entry(peer).or_default().push((link.addresses, link.ports));
        }
        for link in reach.to_outside {
            let Some(peer) = self.peer(&link.member) else { continue };
            out.egress.entry(peer).or_default().push((link.addresses, link.ports));
        }
        for (peer, ports) in self.controller() {
            out.inside.insert(("{ingress-controller}".into(), peer), ports);
        }
        Ok(out)
    }

    /// What the Ingress controller may reach.
    fn controller(&self) -> BTreeMap<String, PortSet> {
        let snapshot = self.with_controller.snapshot();
        let mut out: BTreeMap<String, PortSet> = BTreeMap::new();
        for backend in &self.backends {
            for (pod, port) in backend.targets(snapshot) {
                let Some(to) = snapshot.pod_ref(pod) else { continue };
                let to = format!("{}/{}", to.namespace.unwrap_or_default(), to.name);
                let verdict = self.with_controller.policy_verdict(CONTROLLER, &to, &port.into(), None);
                // No policy applies to the controller itself: only the pod's side counts.
                if verdict.is_ok_and(|verdict| verdict.ingress.decision.is_allowed()) {
                    let set = PortSet::range(kubehop::model::Protocol::Tcp, port, port);
                    let own = out.entry(self.name_of(pod)).or_default();
                    *own = own.union(&set);
                }
            }
        }
        out
    }

    pub(super) fn ingress_ports(&self, peer: &str) -> PortSet {
        self.controller().remove(peer).unwrap_or_default()
    }

    fn name_of(&self, pod: PodId) -> String {
        let snapshot = self.with_controller.snapshot();
        let found = snapshot.pod(pod);
        let own = || snapshot.pod_ref(pod).map(|object| object.to_string()).unwrap_or_default();
        let name = found.and_then(|pod| pod.workload.as_ref()).map_or_else(own, ToString::to_string);
        self.peer(&name).unwrap_or_default()
    }

    /// The ports open between two pods by name, or a pod and an address.
    pub(super) fn ports(&self, from: &str, to: &str) -> Result<PortSet, String> {
        let sets = self.cluster.allowed_ports(from, to).map_err(|error| error.to_string())?;
        match sets.parts.as_slice() {
            [part] => Ok(part.ports.clone()),
            parts => Err(format!("{} parts", parts.len())),
        }
    }

    /// An end of a connection by np-guard's name, with its address; `other` is the other end.
    pub(super) fn end(&self, name: &str, other: &str) -> Result<(Party, IpAddr), String> {
        if let Some(range) = name.strip_suffix("[External]") {
            let set: AddressSet = range.parse()?;
            let free = set.subtract(&self.holes());
            let (ip, _) = free.ranges().next().ok_or_else(|| format!("no address in {name}"))?;
            return Ok((Party::Outside(ip), ip));
        }
        let snapshot = self.cluster.snapshot();
        let mut pods = (0..).map(PodId).zip(&snapshot.pods).filter(|(id, _)| {
            let object = snapshot.pod_ref(*id).map(|object| object.to_string()).unwrap_or_default();
            let workload = snapshot.pod(*id).and_then(|pod| pod.workload.as_ref()).map(ToString::to_string);
            self.peer(&workload.unwrap_or(object)).as_deref() == Some(name)
        });
        let found = pods.next().ok_or_else(|| format!("no pod of {name}, asked with {other}"))?;
        let ip = found.1.ips.first().copied().ok_or_else(|| format!("{name} has no address"))?;
        Ok((Party::Pod(found.0), ip))
    }

    pub(super) fn between(&self, from: &str, to: &str) -> Result<PortSet, String> {
        let ends = (self.end(from, to)?, self.end(to, from)?);
        Ok(self.cluster.policies().ports_between(self.cluster.snapshot(), ends.0, ends.1))
    }
}
