//! Rules of the API, one by one, on small clusters.

use super::*;
use crate::manifest::{Limits, Manifests, Source};
use crate::model::{HostNetworkPolicy, NodeId, PodId, Settings, Snapshot};
use std::sync::Arc;

/// A cluster as stored: pods with `status.podIPs`, on node `spec.nodeName`.
fn stored(text: &str, mut settings: Settings) -> Snapshot {
    settings.stored = true;
    let manifests = Manifests::parse([Source::new("test.yaml", text)], &Limits::default());
    crate::model::settle(Arc::new(manifests), &settings)
}

const PODS: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: web, labels: {team: front}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: prod, labels: {team: back}}}
---
{apiVersion: v1, kind: Node, metadata: {name: node-a, labels: {kubernetes.io/os: linux}}, status: {addresses: [{type: InternalIP, address: 192.168.10.11}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: node-b}, status: {addresses: [{type: InternalIP, address: 192.168.10.12}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: front, namespace: web, labels: {app: front}}, spec: {nodeName: node-a, containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}, status: {podIPs: [{ip: 10.244.0.2}, {ip: 'fd00::2'}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: other, namespace: web, labels: {app: other, tier: ''}}, spec: {nodeName: node-b}, status: {podIPs: [{ip: 10.244.1.2}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: api, namespace: prod, labels: {app: api}}, spec: {nodeName: node-b, containers: [{name: c, ports: [{name: http, containerPort: 80}, {name: dns, containerPort: 53, protocol: UDP}]}], initContainers: [{name: side, restartPolicy: Always, ports: [{name: metrics, containerPort: 9090}]}, {name: once, ports: [{name: init, containerPort: 7}]}]}, status: {podIPs: [{ip: 10.244.1.3}, {ip: 'fd00::1:3'}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: prod, labels: {app: db}}, spec: {nodeName: node-a}, status: {podIPs: [{ip: 10.244.0.3}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: agent, namespace: prod, labels: {app: agent}}, spec: {nodeName: node-a, hostNetwork: true}, status: {podIPs: [{ip: 192.168.10.11}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: pending, namespace: prod, labels: {app: api}}, spec: {}, status: {phase: Pending}}
---
{apiVersion: v1, kind: Pod, metadata: {name: done, namespace: prod, labels: {app: api}}, spec: {}, status: {phase: Succeeded, podIPs: [{ip: 10.244.0.9}]}}
";

struct World {
    snapshot: Snapshot,
    engine: Engine,
}

impl World {
    fn with(policies: &str, settings: Settings) -> Self {
        let snapshot = stored(&format!("{PODS}---\n{policies}"), settings);
        let engine = Engine::new(&snapshot);
        Self { snapshot, engine }
    }

    /// One NetworkPolicy in namespace prod with this spec.
    fn policy(spec: &str) -> Self {
        let text =
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: prod}\n";
        Self::with(&format!("{text}spec: {spec}"), Settings::default())
    }

    fn party(&self, text: &str) -> (Party, IpAddr) {
        if let Ok(ip) = text.parse() {
            return (Party::Outside(ip), ip);
        }
        let (name, six) = text.strip_suffix("/6").map_or((text, false), |name| (name, true));
        let (namespace, name) = name.split_once('/').unwrap();
        if namespace == "node" {
            let index = self.snapshot.nodes.iter().position(|node| node.name == name).unwrap();
            return (Party::Node(NodeId(index as u32)), self.snapshot.nodes[index].ips[0]);
        }
        let id: PodId = self.snapshot.pod_id(namespace, name).unwrap();
        let ips = &self.snapshot.pods[id.index()].ips;
        let ip = ips.iter().find(|ip| ip.is_ipv6() == six).copied();
        (Party::Pod(id), ip.unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED)))
    }

    fn connection(&self, from: &str, to: &str, port: &str) -> Connection {
        let ((from, from_ip), (to, to_ip)) = (self.party(from), self.party(to));
        let (protocol, port) = port.split_once(' ').unwrap_or(("TCP", port));
        let protocol = Protocol::parse(protocol).unwrap();
        Connection { from, to, from_ip, to_ip, protocol, port: port.parse().unwrap() }
    }

    #[track_caller]
    fn verdict(&self, from: &str, to: &str, port: &str) -> Verdict {
        let connection = self.connection(from, to, port);
        let verdict = self.engine.verdict(&self.snapshot, &connection);
        assert_eq!(verdict.decision, self.engine.allows(&self.snapshot, &connection));
        for side in [&verdict.egress, &verdict.ingress] {
            // The words come from the source, the decision from the compiled rules: they must agree.
            let admits = |examined: &&Examined| examined.effect == Some(Action::Allow);
            match side.reason {
                Reason::NoRuleAdmits => assert!(
                    !side.policies.iter().filter(admits).any(|examined| examined.tier == Tier::NetworkPolicy),
                    "{side:#?}"
                ),
                Reason::RuleAllows => assert!(side.decided_by.is_some(), "{side:#?}"),
                _ => {}
            }
        }
        verdict
    }

    #[track_caller]
    fn check(&self, from: &str, to: &str, port: &str, allowed: bool) {
        let verdict = self.verdict(from, to, port);
        let expected = if allowed { Decision::Allowed } else { Decision::Denied };
        assert_eq!(verdict.decision, expected, "{}", verdict.summary);
    }
}

#[test]
fn types_are_defaulted_as_the_api_server_does() {
    let world = World::policy("{podSelector: {}}");
    world.check("web/front", "prod/api", "80", false);
    world.check("prod/api", "web/front", "80", true);
    let world = World::policy("{egress: []}");
    world.check("prod/api", "web/front", "80", true);
    let world = World::policy("{egress: [{to: [{namespaceSelector: {}}]}]}");
    world.check("prod/api", "web/front", "80", true);
    world.check("prod/api", "203.0.113.9", "80", false);
    world.check("web/front", "prod/api", "80", false);
    let world = World::policy("{policyTypes: [Egress], ingress: [{}]}");
    world.check("web/front", "prod/api", "80", true);
    world.check("prod/api", "web/front", "80", false);
}

#[test]
fn empty_rules_admit_everyone_and_no_rules_nobody() {
    for rule in ["ingress: [{}]", "ingress: [{from: []}]", "ingress: [{from: null, ports: []}]"] {
        let world = World::policy(&format!("{{{rule}}}"));
        for from in ["web/front", "prod/db", "203.0.113.9", "2001:db8::9", "node/node-a"] {
            world.check(from, if from.contains("::") { "prod/api/6" } else { "prod/api" }, "SCTP 9", true);
        }
    }
    let world = World::policy("{ingress: [{ports: [{protocol: UDP}]}]}");
    world.check("web/front", "prod/api", "UDP 7", true);
    world.check("web/front", "prod/api", "TCP 7", false);
    let world = World::policy("{ingress: [{ports: [{}]}]}");
    world.check("web/front", "prod/api", "TCP 7", true);
    world.check("web/front", "prod/api", "UDP 7", false);
}

#[test]
fn peers_are_alternatives_and_their_selectors_both_hold() {
    let both = "{ingress: [{from: [{namespaceSelector: {matchLabels: {team: front}}, podSelector: {matchLabels: {app: front}}}]}]}";
    let world = World::policy(both);
    world.check("web/front", "prod/api", "80", true);
    world.check("web/other", "prod/api", "80", false);
    world.check("prod/db", "prod/api", "80", false);
    let either = "{ingress: [{from: [{namespaceSelector: {matchLabels: {team: front}}}, {podSelector: {matchLabels: {app: front}}}]}]}";
    let world = World::policy(either);
    world.check("web/other", "prod/api", "80", true);
    world.check("prod/db", "prod/api", "80", false);
    let world = World::policy("{ingress: [{from: [{podSelector: {}}]}]}");
    world.check("prod/db", "prod/api", "80", true);
    world.check("web/front", "prod/api", "80", false);
    let world = World::policy("{ingress: [{from: [{namespaceSelector: {}}]}]}");
    world.check("prod/db", "prod/api", "80", true);
    world.check("web/front", "prod/api", "80", true);
    world.check("203.0.113.9", "prod/api", "80", false);
    world.check("node/node-a", "prod/api", "80", false);
    world.check("node/node-b", "prod/api", "80", true);
}

#[test]
fn blocks_match_pods_and_one_family() {
    let world =
        World::policy("{ingress: [{from: [{ipBlock: {cidr: 10.244.0.0/16, except: [10.244.1.0/24]}}]}]}");
    world.check("web/front", "prod/api", "80", true);
    world.check("web/front/6", "prod/api/6", "80", false);
    world.check("web/other", "prod/api", "80", false);
    world.check("10.244.7.7", "prod/api", "80", true);
    let verdict = world.verdict("web/other", "prod/api", "80");
    assert!(verdict.summary.contains("10.244.1.2 is in the exception 10.244.1.0/24"), "{}", verdict.summary);
    let mut settings = Settings::default();
    settings.policy.ip_block_matches_pods = false;
    let text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: prod}\nspec: {ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}";
    let world = World::with(text, settings);
    world.check("web/front", "prod/api", "80", false);
    world.check("203.0.113.9", "prod/api", "80", true);
    world.check("node/node-a", "prod/api", "80", true);
}

#[test]
fn named_ports_belong_to_the_destination() {
    let world =
        World::policy("{ingress: [{ports: [{port: http}, {port: dns}, {port: metrics}, {port: init}]}]}");
    world.check("web/front", "prod/api", "80", true);
    world.check("web/front", "prod/api", "8080", false);
    world.check("web/front", "prod/api", "UDP 53", false);
    world.check("web/front", "prod/api", "9090", true);
    world.check("web/front", "prod/api", "7", false);
    world.check("web/front", "prod/db", "80", false);
    let world = World::policy("{policyTypes: [Egress], egress: [{ports: [{port: http}]}]}");
    world.check("prod/db", "web/front", "8080", true);
    world.check("prod/db", "web/front", "80", false);
    world.check("prod/db", "prod/api", "80", true);
    world.check("prod/db", "203.0.113.9", "80", false);
}

#[test]
fn end_port_is_inclusive_and_can_be_unsupported() {
    let spec = "{ingress: [{ports: [{port: 8000, endPort: 8010}]}]}";
    let world = World::policy(spec);
    for (port, allowed) in [("7999", false), ("8000", true), ("8010", true), ("8011", false)] {
        world.check("web/front", "prod/api", port, allowed);
    }
    let mut settings = Settings::default();
    settings.policy.end_port = false;
    let text = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: prod}}\nspec: {spec}"
    );
    let world = World::with(&text, settings);
    world.check("web/front", "prod/api", "8000", true);
    world.check("web/front", "prod/api", "8001", false);
}

#[test]
fn nodes_host_network_and_self_are_special() {
    let world = World::policy("{policyTypes: [Ingress, Egress]}");
    world.check("node/node-b", "prod/api", "80", true);
    world.check("node/node-a", "prod/api", "80", false);
    world.check("192.168.10.12", "prod/api", "80", true);
    world.check("prod/api", "node/node-b", "10250", true);
    world.check("prod/api", "node/node-a", "10250", false);
    world.check("prod/api", "prod/api", "80", true);
    world.check("prod/agent", "prod/db", "80", true);
    world.check("prod/agent", "prod/api", "80", false);
    world.check("web/front", "prod/agent", "80", true);
    let mut settings = Settings::default();
    settings.policy.host_network = HostNetworkPolicy::Distinguish;
    let text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: prod}\nspec: {podSelector: {}}";
    let world = World::with(text, settings);
    world.check("web/front", "prod/agent", "80", false);
    world.check("prod/agent", "prod/db", "80", false);
}

#[test]
fn pods_without_network_cannot_be_judged() {
    let world = World::policy("{}");
    let missing = |from: &str, to: &str| world.verdict(from, to, "80").decision;
    assert_eq!(missing("prod/pending", "prod/api"), Decision::Undetermined { missing: Reason::NoAddress });
    assert_eq!(missing("web/front", "prod/done"), Decision::Undetermined { missing: Reason::Ended });
}

#[test]
fn rewritten_sources_are_open_only_when_it_matters() {
    let world = World::policy("{ingress: [{from: [{podSelector: {}}]}]}");
    let mut connection = world.connection("prod/db", "prod/api", "80");
    connection.from_ip = "192.168.10.11".parse().unwrap();
    let denied = Decision::ImplementationDefined { usually: Outcome::Denied, why: Reason::RewrittenSource };
    assert_eq!(world.engine.allows(&world.snapshot, &connection), denied);
    connection.from_ip = "192.168.10.12".parse().unwrap();
    assert_eq!(world.engine.allows(&world.snapshot, &connection), Decision::Allowed, "both ways are open");
    let world = World::policy("{policyTypes: [Ingress]}");
    let mut connection = world.connection("prod/api", "prod/api", "80");
    connection.from_ip = "192.168.10.12".parse().unwrap();
    let hairpin =
        Decision::ImplementationDefined { usually: Outcome::Allowed, why: Reason::SelfThroughService };
    assert_eq!(world.engine.allows(&world.snapshot, &connection), hairpin);
}

#[test]
fn plugins_without_policies_allow_everything() {
    let mut settings = Settings::default();
    settings.cni.enforces_network_policy = false;
    let text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: prod}\nspec: {}";
    let world = World::with(text, settings);
    world.check("web/front", "prod/api", "80", true);
    assert_eq!(world.verdict("web/front", "prod/api", "80").ingress.reason, Reason::NotEnforced);
}

const TIERS: &str = "
{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: late}, spec: {tier: Admin, priority: 20, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 81}}}]}]}}
---
{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: early}, spec: {tier: Admin, priority: 10, subject: {pods: {podSelector: {matchLabels: {app: api}}}}, ingress: [{action: Pass, from: [{namespaces: {matchLabels: {team: front}}}], protocols: [{tcp: {destinationPort: {range: {start: 80, end: 81}}}}]}, {action: Deny, from: [{namespaces: {}}], protocols: [{destinationNamedPort: metrics}]}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: prod}, spec: {podSelector: {matchLabels: {app: api}}, ingress: [{ports: [{port: 80}]}]}}
---
{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: base}, spec: {tier: Baseline, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {matchLabels: {team: front}}}]}], egress: [{action: Deny, to: [{networks: [0.0.0.0/0]}], protocols: [{tcp: {destinationPort: {number: 25}}}]}]}}
";

#[test]
fn tiers_are_asked_in_order() {
    let world = World::with(TIERS, Settings::default());
    // Pass leaves the tier at once, so the later Accept is not asked, and NetworkPolicy is final.
    world.check("web/front", "prod/api", "80", true);
    world.check("web/front", "prod/api", "81", false);
    world.check("prod/db", "prod/api", "81", true);
    world.check("web/front", "prod/api", "9090", false);
    // Not isolated: the baseline speaks.
    world.check("web/front", "prod/db", "80", false);
    world.check("web/front", "prod/db", "81", true);
    world.check("prod/api", "prod/db", "80", true);
    world.check("prod/api", "prod/db", "25", false);
    world.check("prod/api", "203.0.113.9", "25", false);
    world.check("prod/api", "203.0.113.9", "26", true);
    let verdict = world.verdict("web/front", "prod/db", "80");
    assert_eq!(verdict.ingress.decided_by.as_ref().unwrap().field, "spec.ingress[0]");
    assert_eq!(verdict.ingress.decided_by.as_ref().unwrap().object.name, "base");
}

#[test]
fn domain_names_leave_outside_addresses_undetermined() {
    let text = "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: d}, spec: {tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Accept, to: [{domainNames: [example.com]}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]}}";
    let world = World::with(text, Settings::default());
    let decision = world.verdict("web/front", "203.0.113.9", "443").decision;
    assert_eq!(decision, Decision::Undetermined { missing: Reason::DomainName });
    world.check("web/front", "prod/api", "80", false);
}

#[test]
fn equal_priorities_that_disagree_are_open() {
    let policy = |name: &str, action: &str| {
        format!(
            "{{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {{name: {name}}}, spec: {{tier: Admin, priority: 5, subject: {{namespaces: {{}}}}, ingress: [{{action: {action}, from: [{{namespaces: {{}}}}]}}]}}}}\n---\n"
        )
    };
    let world = World::with(&(policy("a", "Deny") + &policy("b", "Accept")), Settings::default());
    let open = Decision::ImplementationDefined { usually: Outcome::Denied, why: Reason::EqualPriority };
    assert_eq!(world.verdict("web/front", "prod/api", "80").decision, open);
    let world = World::with(&(policy("a", "Deny") + &policy("b", "Deny")), Settings::default());
    world.check("web/front", "prod/api", "80", false);
}

#[test]
fn the_nearest_miss_is_named_with_its_field() {
    let world = World::policy(
        "{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}, {from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: front}}}], ports: [{protocol: UDP, port: 80}]}]}",
    );
    let verdict = world.verdict("web/front", "prod/api", "80");
    let miss = verdict.ingress.nearest_miss.unwrap();
    assert_eq!(miss.evidence.field, "spec.ingress[1].ports[0]");
    assert!(miss.sentence.ends_with("would match but for: protocol TCP instead of UDP"), "{}", miss.sentence);
    assert_eq!(verdict.ingress.isolated_by.len(), 1);
    let verdict = world.verdict("web/front", "prod/db", "80");
    let unselected = &verdict.ingress.policies[0];
    assert_eq!(unselected.why_not.as_deref(), Some("label app=api differs: app=db"));
}

/// A small generator of numbers: the same for every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

#[test]
fn one_pair_all_pairs_and_single_connections_agree() {
    let peers = [
        "podSelector: {}",
        "podSelector: {matchLabels: {app: db}}",
        "namespaceSelector: {}",
        "namespaceSelector: {matchLabels: {team: front}}, podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [other]}]}",
        "ipBlock: {cidr: 10.244.0.0/16, except: [10.244.1.0/24]}",
        "ipBlock: {cidr: 0.0.0.0/0}",
        "ipBlock: {cidr: 192.168.10.11/32}",
        "ipBlock: {cidr: 'fd00::/64'}",
    ];
    let ports = [
        "",
        "{}",
        "{port: 80}",
        "{port: http}",
        "{protocol: UDP}",
        "{port: 70, endPort: 90}",
        "{port: dns, protocol: UDP}",
    ];
    let cluster_peers = [
        "namespaces: {}",
        "namespaces: {matchLabels: {team: back}}",
        "pods: {podSelector: {matchLabels: {app: front}}}",
    ];
    let protocols = [
        "",
        ", protocols: [{tcp: {destinationPort: {number: 80}}}]",
        ", protocols: [{udp: {}}]",
        ", protocols: [{destinationNamedPort: http}]",
    ];
    let mut random = Random(11);
    let mut previous = World::with("", Settings::default());
    for _ in 0..150 {
        let mut text = String::new();
        for n in 0..random.below(4) {
            let mut rules = |word: &str| {
                let list: Vec<String> = (0..random.below(3))
                    .map(|_| {
                        let peers: Vec<String> =
                            (0..random.below(3)).map(|_| format!("{{{}}}", random.pick(&peers))).collect();
                        let port = random.pick(&ports);
                        format!("{{{word}: [{}], ports: [{port}]}}", peers.join(", "))
                    })
                    .collect();
                list.join(", ")
            };
            let (ingress, egress) = (rules("from"), rules("to"));
            let (namespace, subject) =
                (random.pick(&["web", "prod"]), random.pick(&["{}", "{matchLabels: {app: api}}"]));
            let types = random.pick(&["[]", "[Ingress]", "[Egress]", "[Ingress, Egress]"]);
            text += &format!(
                "---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p{n}, namespace: {namespace}}}, spec: {{podSelector: {subject}, policyTypes: {types}, ingress: [{ingress}], egress: [{egress}]}}}}\n"
            );
        }
        for n in 0..random.below(4) {
            let mut rules = |word: &str| {
                let list: Vec<String> = (0..random.below(3))
                    .map(|_| {
                        let peer = match (word, random.below(5)) {
                            ("to", 0) => "networks: [10.244.0.0/16, 'fd00::/16']",
                            ("to", 1) => "nodes: {matchLabels: {kubernetes.io/os: linux}}",
                            _ => random.pick(&cluster_peers),
                        };
                        let (action, protocols) =
                            (random.pick(&["Accept", "Deny", "Pass"]), random.pick(&protocols));
                        format!("{{action: {action}, {word}: [{{{peer}}}]{protocols}}}")
                    })
                    .collect();
                list.join(", ")
            };
            let (ingress, egress) = (rules("from"), rules("to"));
            let tier = random.pick(&["Admin", "Baseline"]);
            text += &format!(
                "---\n{{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {{name: c{n}}}, spec: {{tier: {tier}, priority: {n}, subject: {{namespaces: {{}}}}, ingress: [{ingress}], egress: [{egress}]}}}}\n"
            );
        }
        let mut world = World::with(text.trim_start_matches("---\n"), Settings::default());
        let anew =
            std::mem::replace(&mut world.engine, previous.engine.edited(&previous.snapshot, &world.snapshot));
        let mut matrix = world.engine.matrix(&world.snapshot);
        let mut narrow = matrix.clone();
        narrow.room = 0;
        let ends = [
            "web/front",
            "web/front/6",
            "web/other",
            "prod/api",
            "prod/api/6",
            "prod/db",
            "prod/agent",
            "node/node-a",
            "node/node-b",
            "203.0.113.9",
            "10.244.0.77",
            "fd00::9",
        ];
        for from in ends {
            for to in ends {
                let connection = world.connection(from, to, "80");
                if connection.from_ip.is_ipv4() != connection.to_ip.is_ipv4() {
                    continue;
                }
                let (a, b) = ((connection.from, connection.from_ip), (connection.to, connection.to_ip));
                let set = world.engine.ports_between(&world.snapshot, a, b);
                assert_eq!(set, anew.ports_between(&world.snapshot, a, b), "{from} {to} edited\n{text}");
                for port in ["TCP 79", "TCP 80", "TCP 8080", "UDP 53", "UDP 80", "SCTP 80", "TCP 9090"] {
                    let connection = world.connection(from, to, port);
                    let one = world.engine.allows(&world.snapshot, &connection).is_allowed();
                    assert_eq!(
                        set.contains(connection.protocol, connection.port),
                        one,
                        "{from} {to} {port}\n{text}"
                    );
                }
                if let (Party::Pod(x), Party::Pod(y)) = (connection.from, connection.to) {
                    let family = crate::model::Family::of(connection.from_ip);
                    let (p, q) = (matrix.class(x).unwrap(), matrix.class(y).unwrap());
                    let pair = matrix.between(p, q, family);
                    let by_row = matrix.row(p, family)[q as usize];
                    assert_eq!(pair, by_row, "{from} {to}\n{text}");
                    let by_column = narrow.row(p, family)[q as usize];
                    assert_eq!(matrix.ports(pair), narrow.ports(by_column), "{from} {to} narrow\n{text}");
                    let node = |id: PodId| world.snapshot.pods[id.index()].node;
                    if x != y && !(node(x) == node(y) && (from == "prod/agent" || to == "prod/agent")) {
                        assert_eq!(*matrix.ports(pair), set, "{from} {to}\n{text}");
                    }
                }
            }
        }
        previous = world;
    }
}

#[test]
fn a_peer_of_unknown_kind_fails_closed() {
    let world = |action: &str| {
        let text = format!(
            "{{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {{name: new}}, spec: {{tier: Admin, priority: 1, subject: {{namespaces: {{matchLabels: {{team: back}}}}}}, ingress: [{{action: {action}, from: [{{}}], protocols: [{{tcp: {{destinationPort: {{number: 80}}}}}}]}}]}}}}"
        );
        World::with(&text, Settings::default())
    };
    for (action, open) in [("Accept", PortSet::all()), ("Pass", PortSet::none()), ("Deny", PortSet::none())] {
        let world = world(action);
        let (from, to) = (world.party("web/front"), world.party("prod/api"));
        assert_eq!(world.engine.ports_between(&world.snapshot, from, to), open, "{action}");
        let verdict =
            world.engine.verdict(&world.snapshot, &world.connection("web/front", "prod/api", "443"));
        assert_eq!(verdict.decision.is_allowed(), !open.is_none(), "{action}: {}", verdict.summary);
        assert_eq!(verdict.ingress.policies[0].rules[0].matches, open.is_none(), "{action}");
    }
}

#[test]
fn edits_leave_no_pile_of_rules() {
    let policy = |port: u32| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p, namespace: prod}}, \
             spec: {{podSelector: {{}}, ingress: [{{ports: [{{port: {port}}}]}}, {{ports: [{{port: 9}}]}}]}}}}"
        )
    };
    let [odd, even] = [80, 81].map(|port| World::with(&policy(port), Settings::default()));
    let (mut engine, mut most) = (odd.engine.clone(), 0);
    for _ in 0..600 {
        engine = engine.edited(&odd.snapshot, &even.snapshot);
        engine = engine.edited(&even.snapshot, &odd.snapshot);
        most = most.max(engine.rules.len());
    }
    assert!((500..1100).contains(&most), "{most}");
    let ends = (odd.party("203.0.113.9"), odd.party("prod/api"));
    assert_eq!(engine.ports_between(&odd.snapshot, ends.0, ends.1).to_string(), "TCP 9,80");
}
