//! The policy engine against a second evaluator, written straight from the API's documentation with no
//! thought of speed, on random clusters: single verdicts and what they say of every rule, exact sets of
//! ports, the matrix by pod, workload and namespace, and exposure.

#[path = "policy_agreement/exposed.rs"]
mod exposed;
#[path = "policy_agreement/manifest.rs"]
mod manifest;
#[path = "policy_agreement/model.rs"]
mod model;
#[path = "policy_agreement/naive.rs"]
mod naive;
#[path = "policy_agreement/random.rs"]
mod random;
#[path = "policy_agreement/sets.rs"]
mod sets;

use kubehop::manifest::Severity;
use kubehop::model::{HostNetworkPolicy, NodeId, Party, Protocol};
use kubehop::policy::{Connection, Decision, Outcome, Reason, Verdict};
use kubehop::{Cluster, Settings, Source};
use model::{End, World};
use naive::Answer;
use random::Random;

const CLUSTERS: u64 = if cfg!(debug_assertions) { 1_000 } else { 20_000 };

fn load(world: &World) -> Cluster {
    let mut settings = Settings { stored: true, ..Settings::default() };
    settings.policy.ip_block_matches_pods = world.blocks_match_pods;
    settings.policy.end_port = world.end_port;
    settings.cni.enforces_network_policy = world.enforced;
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
        (Decision::ImplementationDefined { usually, .. }, Answer::Open(allowed)) => {
            (usually == Outcome::Allowed) == allowed
        }
        (Decision::Undetermined { missing }, Answer::Unknown) => missing == Reason::DomainName,
        (Decision::Undetermined { missing }, Answer::NoNetwork) => missing != Reason::DomainName,
        _ => false,
    }
}

/// How often each answer came.
#[derive(Debug, Default)]
struct Count {
    connections: u32,
    allowed: u32,
    open: u32,
    unknown: u32,
    verdicts: u32,
    rules: u32,
    sets: u32,
    exposed: u32,
}

#[test]
fn the_engine_never_disagrees_with_the_specification() {
    let mut count = Count::default();
    for seed in 0..CLUSTERS {
        let mut random = Random::new(seed);
        let world = World::random(&mut random);
        let cluster = load(&world);
        for _ in 0..60 {
            connection(seed, &world, &cluster, &mut random, &mut count);
        }
        sets::check(seed, &world, &cluster, &mut random, &mut count);
        exposed::check(seed, &world, &cluster, &mut count);
    }
    println!("{CLUSTERS} clusters: {count:?}");
    let clusters = u32::try_from(CLUSTERS).unwrap();
    assert!(count.connections > 20 * clusters && count.sets > 4 * clusters && count.exposed > 2 * clusters);
    assert!(count.allowed > count.connections / 10 && count.allowed < count.connections * 9 / 10);
    assert!(count.open > clusters / 10 && count.unknown > clusters / 100 && count.rules > clusters);
}

/// One connection: the quick answer, now and then the verdict with everything it says.
fn connection(seed: u64, world: &World, cluster: &Cluster, random: &mut Random, count: &mut Count) {
    let (from, to) = (world.random_end(random), world.random_end(random));
    let Some((from_ip, to_ip)) = world.addresses(&from, &to, random) else { return };
    let (protocol, port) = world.random_port(random);
    let arrives = world.rewritten(&from, &to, from_ip, random);
    let answer = naive::judge(world, (&from, from_ip), (&to, to_ip), arrives, protocol, port);
    let (source, target) = (party(world, cluster, &from), party(world, cluster, &to));
    let seen = arrives.unwrap_or(from_ip);
    let connection = Connection { from: source, to: target, from_ip: seen, to_ip, protocol, port };
    let context =
        || format!("seed {seed}: {connection:?} is {answer:?} by the specification\n{}", world.manifest());
    let decision = cluster.policies().allows(cluster.snapshot(), &connection);
    assert!(agrees(decision, answer), "{decision:?}; {}", context());
    assert_eq!(decision.is_allowed(), answer.is_allowed());
    count.connections += 1;
    count.allowed += u32::from(decision == Decision::Allowed);
    count.open += u32::from(matches!(answer, Answer::Open(_)));
    count.unknown += u32::from(answer == Answer::Unknown);
    if random.below(4) == 0 {
        let verdict = cluster.policies().verdict(cluster.snapshot(), &connection);
        assert_eq!(verdict.decision, decision, "{}; {}", verdict.summary, context());
        count.verdicts += 1;
        if world.enforced && arrives.is_none() {
            let wanted = naive::rules(world, (&from, from_ip), (&to, to_ip), protocol, port);
            let found = said_of_rules(&verdict);
            assert_eq!(found, wanted, "{}; {}", verdict.summary, context());
            count.rules += u32::try_from(wanted.len()).unwrap();
        }
    }
}

/// What a verdict says of every rule of the policies that apply: egress first, policies by name.
fn said_of_rules(verdict: &Verdict) -> Vec<(bool, String, Vec<bool>)> {
    let mut out = Vec::new();
    for (egress, side) in [(true, &verdict.egress), (false, &verdict.ingress)] {
        let applying = side.policies.iter().filter(|policy| policy.applies);
        out.extend(applying.map(|policy| {
            (egress, policy.policy.to_string(), policy.rules.iter().map(|rule| rule.matches).collect())
        }));
    }
    out.sort();
    out
}

/// Protocols in the order of the random choice.
const PROTOCOLS: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
