//! The policy engine against a second evaluator, written straight from the API's documentation with no
//! thought of speed, on random clusters.

#[path = "policy_agreement/manifest.rs"]
mod manifest;
#[path = "policy_agreement/model.rs"]
mod model;
#[path = "policy_agreement/naive.rs"]
mod naive;

use kubehop::manifest::Severity;
use kubehop::model::{HostNetworkPolicy, NodeId, Party, Protocol};
use kubehop::policy::{Connection, Decision, Granularity, PortSet, Reason};
use kubehop::{Cluster, Settings, Source};
use model::{End, Random, World};
use naive::Answer;
use std::collections::BTreeMap;
use std::net::IpAddr;

const CLUSTERS: u64 = if cfg!(debug_assertions) { 2_000 } else { 20_000 };

fn load(world: &World) -> Cluster {
    let mut settings = Settings { stored: true, ..Settings::default() };
    settings.policy.ip_block_matches_pods = world.blocks_match_pods;
    settings.policy.end_port = world.end_port;
    if world.distinguish {
        settings.policy.host_network = HostNetworkPolicy::Distinguish;
    }
    let cluster = Cluster::load([Source::new("world.json", world.manifest())], &settings);
    let errors: Vec<_> =
        cluster.problems().iter().filter(|problem| problem.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}\n{}", world.manifest());
    cluster
}

fn party(world: &World, cluster: &Cluster, end: &End) -> Party {
    match end {
        End::Pod(index) => {
            let pod = &world.pods[*index];
            let id = cluster.snapshot().pod_id(&world.namespaces[pod.namespace].name, &pod.name);
            Party::Pod(id.unwrap())
        }
        End::Node(index) => Party::Node(NodeId(u32::try_from(*index).unwrap())),
        End::Outside(ip) => Party::Outside(*ip),
    }
}

fn agrees(decision: Decision, answer: Answer) -> bool {
    match (decision, answer) {
        (Decision::Allowed, Answer::Allowed) | (Decision::Denied, Answer::Denied) => true,
        (Decision::Undetermined { missing }, Answer::Unknown) => missing == Reason::DomainName,
        (Decision::Undetermined { missing }, Answer::NoNetwork) => missing != Reason::DomainName,
        _ => false,
    }
}

#[test]
fn the_engine_never_disagrees_with_the_specification() {
    let mut judged = 0_u32;
    let mut allowed = 0_u32;
    for seed in 0..CLUSTERS {
        let mut random = Random::new(seed);
        let world = World::random(&mut random);
        let cluster = load(&world);
        let engine = cluster.policies();
        let snapshot = cluster.snapshot();
        let links = links(&cluster);
        for _ in 0..60 {
            let (from, to) = (world.random_end(&mut random), world.random_end(&mut random));
            let Some((from_ip, to_ip)) = world.addresses(&from, &to, &mut random) else { continue };
            let (protocol, port) = world.random_port(&mut random);
            let answer = naive::judge(&world, (&from, from_ip), (&to, to_ip), protocol, port);
            let (source, target) = (party(&world, &cluster, &from), party(&world, &cluster, &to));
            let connection = Connection { from: source, to: target, from_ip, to_ip, protocol, port };
            let context = || {
                format!(
                    "seed {seed}: {connection:?} is {answer:?} by the specification\n{}",
                    world.manifest()
                )
            };
            let decision = engine.allows(snapshot, &connection);
            assert!(agrees(decision, answer), "{decision:?}; {}", context());
            judged += 1;
            allowed += u32::from(decision == Decision::Allowed);
            if random.below(4) == 0 {
                let verdict = engine.verdict(snapshot, &connection);
                assert_eq!(verdict.decision, decision, "{}; {}", verdict.summary, context());
            }
            if matches!(answer, Answer::Unknown) {
                continue;
            }
            let open = engine.ports_between(snapshot, (source, from_ip), (target, to_ip));
            assert_eq!(open.contains(protocol, port), answer == Answer::Allowed, "{open}; {}", context());
            if let (Party::Pod(a), Party::Pod(b)) = (source, target)
                && a != b
            {
                let key =
                    (snapshot.pod_ref(a).unwrap().to_string(), snapshot.pod_ref(b).unwrap().to_string());
                let set = links.get(&(key.0, key.1, from_ip.is_ipv4()));
                let listed = set.is_some_and(|set| set.contains(protocol, port));
                assert_eq!(listed, answer == Answer::Allowed, "{set:?}; {}", context());
            }
        }
    }
    println!("{judged} connections in {CLUSTERS} clusters, {allowed} allowed");
    assert!(judged > 20 * u32::try_from(CLUSTERS).unwrap());
    assert!(allowed > judged / 10 && allowed < judged * 9 / 10, "{allowed} of {judged}");
}

/// The matrix by pod: ports by source, destination and whether the addresses are IPv4.
fn links(cluster: &Cluster) -> BTreeMap<(String, String, bool), PortSet> {
    let mut out = BTreeMap::new();
    let Ok(reach) = cluster.reachability(Granularity::Pod, Some("pods"), Some("pods"), None) else {
        return out;
    };
    for link in reach.connections {
        for v4 in [true, false] {
            if link.family.is_none_or(|family| (family == kubehop::model::Family::IPv4) == v4) {
                out.insert((link.from.clone(), link.to.clone(), v4), link.ports.clone());
            }
        }
    }
    out
}

/// An address of the family of another.
fn same_family(a: &IpAddr, b: &IpAddr) -> bool {
    a.is_ipv4() == b.is_ipv4()
}

/// Protocols in the order of the random choice.
const PROTOCOLS: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
