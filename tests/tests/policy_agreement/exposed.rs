//! Exposure: what is said of pods that are not there must hold for pods that are.

use super::model::{
    ClusterPeer, ClusterPolicy, ClusterPort, End, NetworkPeer, NetworkPolicy, Pod, Selector, World,
};
use super::naive::{in_block, isolates, selects};
use super::{Count, sets};
use kubehop::Cluster;
use kubehop::policy::{ExposedPorts, ExposedSide, Granularity, PortSet};
use std::net::IpAddr;

pub fn check(seed: u64, world: &World, cluster: &Cluster, count: &mut Count) {
    if !world.enforced {
        return;
    }
    let Ok(exposure) = cluster.exposure(Granularity::Pod, Some("pods")) else { return };
    for (n, pod) in world.pods.iter().enumerate() {
        let name = world.pod_name(n);
        let Some(found) = exposure.members.iter().find(|member| member.member == name) else {
            assert!(pod.ended.is_some() || pod.ips.is_empty(), "seed {seed}: {name} is not judged");
            continue;
        };
        if pod.host_network && !world.distinguish {
            continue;
        }
        for (egress, side) in [(false, &found.ingress), (true, &found.egress)] {
            Exposed { seed, world, egress, subject: n, pod, side }.check(count);
        }
    }
}

struct Exposed<'a> {
    seed: u64,
    world: &'a World,
    egress: bool,
    subject: usize,
    pod: &'a Pod,
    side: &'a ExposedSide,
}

impl Exposed<'_> {
    fn check(&self, count: &mut Count) {
        let world = self.world;
        let network: Vec<&NetworkPolicy> =
            world.policies.iter().filter(|policy| isolates(policy, self.pod, self.egress)).collect();
        let cluster: Vec<&ClusterPolicy> = world
            .cluster_policies
            .iter()
            .filter(|policy| {
                let rules = if self.egress { &policy.egress } else { &policy.ingress };
                !rules.is_empty() && world.is_subject(policy, self.pod)
            })
            .collect();
        let protected = !network.is_empty() || !cluster.is_empty();
        assert_eq!(self.side.protected, protected, "protected; {}", self.context());
        for (n, other) in world.pods.iter().enumerate() {
            let taking_part = other.ended.is_none() && !other.ips.is_empty() && !other.host_network;
            if n == self.subject || !taking_part {
                continue;
            }
            let pair =
                self.pod.ips.iter().find_map(|own| {
                    Some((*own, *other.ips.iter().find(|ip| ip.is_ipv4() == own.is_ipv4())?))
                });
            let Some((own, ip)) = pair else { continue };
            if self.is_in_a_block(&network, &cluster, ip) {
                continue;
            }
            let (subject, peer) = (End::Pod(self.subject), End::Pod(n));
            let open = sets::side(world, self.egress, (&subject, own), (&peer, ip)).open;
            self.describes(&network, &cluster, other, &open);
            count.exposed += 1;
        }
    }

    /// Compares what is said of the pods that some rules describe with one of these pods.
    fn describes(&self, network: &[&NetworkPolicy], cluster: &[&ClusterPolicy], other: &Pod, open: &PortSet) {
        let namespace = &self.world.namespaces[other.namespace];
        let mut described = Vec::new();
        let empty = Selector::default();
        for policy in network {
            let rules = if self.egress { &policy.egress } else { &policy.ingress };
            for peer in rules.iter().flat_map(|rule| &rule.peers) {
                if let NetworkPeer::Pods(namespaces, pods) = peer {
                    let own = &self.world.namespaces[policy.namespace].name;
                    described.push((namespaces.as_ref().ok_or(own), pods.as_ref().unwrap_or(&empty)));
                }
            }
        }
        for policy in cluster {
            let rules = if self.egress { &policy.egress } else { &policy.ingress };
            for peer in rules.iter().flat_map(|rule| &rule.peers) {
                match peer {
                    ClusterPeer::Namespaces(namespaces) => described.push((Ok(namespaces), &empty)),
                    ClusterPeer::Pods(namespaces, pods) => described.push((Ok(namespaces), pods)),
                    _ => {}
                }
            }
        }
        described.retain(|(place, pods)| {
            let here = match place {
                Ok(selector) => selects(selector, &namespace.labels),
                Err(name) => namespace.name == **name,
            };
            here && selects(pods, &other.labels)
        });
        let everyone = |(place, pods): &(Result<&Selector, &String>, &Selector)| {
            place.is_ok_and(Selector::is_empty) && pods.is_empty()
        };
        let entire = &self.side.entire_cluster;
        if described.iter().all(everyone) {
            // Nothing tells this pod from any other but the names of its ports.
            let nameless = entire.named.is_empty() && entire.not_named.is_empty();
            if nameless && !self.passes_names(cluster) {
                assert_eq!(*open, entire.ports, "entire cluster, {}; {}", other.name, self.context());
            }
        }
        if !cluster.is_empty() {
            // A rule that denies may speak of some of the described pods only.
            return;
        }
        assert!(entire.ports.is_subset(open), "entire cluster, {}; {}", other.name, self.context());
        for (place, pods) in described {
            let said = self.said(place, pods);
            assert!(
                said.ports.is_subset(open),
                "{place:?} {pods:?}: {} of {}, {open}; {}",
                said.ports,
                other.name,
                self.context()
            );
        }
    }

    /// Whether a rule leaves ports by name to the next tier, which the answer has no words for.
    fn passes_names(&self, cluster: &[&ClusterPolicy]) -> bool {
        let rules =
            cluster.iter().flat_map(|policy| if self.egress { &policy.egress } else { &policy.ingress });
        let mut passing = rules.filter(|rule| rule.action == "Pass").filter_map(|rule| rule.ports.as_ref());
        self.egress && passing.any(|ports| ports.iter().any(|port| matches!(port, ClusterPort::Name(_))))
    }

    /// What the answer says of the pods that a peer describes.
    fn said(&self, place: Result<&Selector, &String>, pods: &Selector) -> &ExposedPorts {
        let (namespace, namespaces) = match place {
            Err(name) => (Some(name.clone()), None),
            Ok(selector) => match selector.labels.get("kubernetes.io/metadata.name") {
                Some(name) if selector.labels.len() == 1 && selector.expressions.is_empty() => {
                    (Some(name.clone()), None)
                }
                _ => (None, Some(selector.to_string())),
            },
        };
        let entry = self.side.hypothetical.iter().find(|one| {
            one.namespace == namespace && one.namespaces == namespaces && one.pods == pods.to_string()
        });
        entry.map_or(&self.side.entire_cluster, |one| &one.open)
    }

    fn is_in_a_block(&self, network: &[&NetworkPolicy], cluster: &[&ClusterPolicy], ip: IpAddr) -> bool {
        let network = network.iter().any(|policy| {
            let rules = if self.egress { &policy.egress } else { &policy.ingress };
            rules.iter().flat_map(|rule| &rule.peers).any(|peer| match peer {
                NetworkPeer::Block(cidr, _) => in_block(cidr, ip),
                NetworkPeer::Pods(..) => false,
            })
        });
        let cluster = cluster.iter().any(|policy| {
            let rules = if self.egress { &policy.egress } else { &policy.ingress };
            rules.iter().flat_map(|rule| &rule.peers).any(|peer| match peer {
                ClusterPeer::Networks(networks) => networks.iter().any(|cidr| in_block(cidr, ip)),
                _ => false,
            })
        });
        network || cluster
    }

    fn context(&self) -> String {
        let Self { seed, egress, pod, side, .. } = self;
        format!("seed {seed}: {}, egress {egress}: {side:?}\n{}", pod.name, self.world.manifest())
    }
}

impl Selector {
    fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.expressions.is_empty()
    }
}

/// kubectl's notation; `{}` selects everything.
impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels = self.labels.iter().map(|(key, value)| format!("{key}={value}"));
        let expressions = self.expressions.iter().map(|(key, operator, values)| match operator.as_str() {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.clone(),
            _ => format!("!{key}"),
        });
        let parts: Vec<String> = labels.chain(expressions).collect();
        f.write_str(if parts.is_empty() { "{}" } else { "" })?;
        f.write_str(&parts.join(","))
    }
}
