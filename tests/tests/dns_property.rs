//! Over random clusters, dual stack included: every name of the zone resolves to what the zone says,
//! addresses lead back to names that lead to them, and every pod finds every Service by its short name.

use kubehop::dns::{Data, Rcode, Record, RecordType, name};
use kubehop::{Cluster, Settings, Source};
use std::fmt::Write;

/// A small generator with a fixed sequence per seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }
}

const NAMESPACES: &[&str] = &["default", "prod", "web", "svc", "pod", "team-a"];

struct Made {
    cluster: Cluster,
    /// Name, namespace.
    services: Vec<(String, String)>,
    text: String,
}

/// A cluster of Services of every kind, with pods ready or not, with and without hostnames.
fn cluster(seed: u64) -> Made {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let dual = random.chance(60);
    let mut settings = Settings::default();
    if dual {
        settings.pod_cidrs.push("fd00:10:244::/56".parse().unwrap());
        settings.service_cidrs.push("fd00:10:96::/112".parse().unwrap());
    }
    let mut text = String::from("apiVersion: v1\nkind: Namespace\nmetadata: {name: empty}\n");
    let mut services = Vec::new();
    for index in 0..2 + random.below(12) {
        let namespace = random.pick(NAMESPACES);
        let service = format!("s{index}");
        let app = format!("app{}", random.below(6));
        let policy = if dual {
            random.pick(&["SingleStack", "PreferDualStack", "RequireDualStack"])
        } else {
            "SingleStack"
        };
        let ports = match random.below(4) {
            0 => "[{port: 80}]",
            1 => "[{name: http, port: 80, targetPort: 8080}]",
            2 => "[{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}]",
            _ => "[{name: a, port: 1}, {name: b, port: 2}, {name: c, port: 3, protocol: SCTP}]",
        };
        let spec = match random.below(5) {
            0 => "type: ExternalName, externalName: api.example.com".to_owned(),
            1 => format!(
                "clusterIP: None, ipFamilyPolicy: {policy}, selector: {{app: {app}}}, ports: {ports}, publishNotReadyAddresses: {}",
                random.chance(30)
            ),
            2 if random.chance(30) => {
                format!("clusterIP: None, ipFamilyPolicy: {policy}, selector: {{app: {app}}}")
            }
            3 => {
                format!("type: NodePort, ipFamilyPolicy: {policy}, selector: {{app: {app}}}, ports: {ports}")
            }
            _ => format!("ipFamilyPolicy: {policy}, selector: {{app: {app}}}, ports: {ports}"),
        };
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {service}, namespace: {namespace}}}\nspec: {{{spec}}}\n"
        );
        services.push((service, namespace.to_owned()));
    }
    for index in 0..random.below(20) {
        let namespace = random.pick(NAMESPACES);
        let ready = if random.chance(80) { "True" } else { "False" };
        let mut names = String::new();
        if random.chance(40) {
            let _ = write!(names, "hostname: h{}, ", random.below(4));
        }
        if random.chance(40) {
            let _ = write!(names, "subdomain: s{}, ", random.below(8));
        }
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{index}, namespace: {namespace}, labels: {{app: app{}}}}}\nspec: {{{names}containers: [{{name: c, image: nginx}}]}}\nstatus: {{phase: Running, conditions: [{{type: Ready, status: \"{ready}\"}}]}}\n",
            random.below(6)
        );
    }
    Made { cluster: Cluster::load([Source::new("random.yaml", text.clone())], &settings), services, text }
}

fn records(cluster: &Cluster) -> Vec<Record> {
    cluster.zone().zones.into_iter().flat_map(|zone| zone.records).collect()
}

#[test]
fn every_name_of_the_zone_resolves_to_what_it_says() {
    let (mut compared, mut dual) = (0, 0);
    for seed in 1..=300 {
        let Made { cluster, text, .. } = cluster(seed);
        let all = records(&cluster);
        assert!(!all.is_empty(), "seed {seed}");
        for record in &all {
            let reply = cluster.dns().query(&record.name, record.record_type());
            let same: Vec<&Record> = all
                .iter()
                .filter(|other| other.name == record.name && other.record_type() == record.record_type())
                .collect();
            assert_eq!(reply.rcode, Rcode::NoError, "seed {seed}: {record}\n{text}");
            assert!(
                reply.answers.contains(record),
                "seed {seed}: {record} is not in {:?}\n{text}",
                reply.answers
            );
            let own = reply.answers.iter().filter(|answer| answer.record_type() == record.record_type());
            assert_eq!(own.count(), same.len(), "seed {seed}: {record}: {:?}\n{text}", reply.answers);
            // SRV targets have the addresses that come along.
            if let Data::Srv { target, .. } = &record.data {
                let glue: Vec<&Record> =
                    reply.additional.iter().filter(|extra| &extra.name == target).collect();
                assert!(!glue.is_empty(), "seed {seed}: {record}\n{text}");
                for extra in glue {
                    let direct = cluster.dns().query(&extra.name, extra.record_type());
                    assert!(direct.answers.contains(extra), "seed {seed}: {extra}\n{text}");
                }
            }
            dual += usize::from(record.record_type() == RecordType::AAAA);
            compared += 1;
        }
    }
    assert!(compared > 5_000 && dual > 200, "{compared} records, {dual} of them AAAA");
}

#[test]
fn addresses_lead_back_to_names_that_lead_to_them() {
    let mut compared = 0;
    for seed in 1..=300 {
        let Made { cluster, text, .. } = cluster(seed);
        let all = records(&cluster);
        for record in &all {
            let Data::Ptr(target) = &record.data else { continue };
            let ip = name::address_of_reverse(&record.name).unwrap();
            let kind = if ip.is_ipv4() { RecordType::A } else { RecordType::AAAA };
            let reply = cluster.dns().query(target, kind);
            let found = reply.answers.iter().any(|answer| answer.address() == Some(ip));
            assert!(found, "seed {seed}: {record}, but {:?}\n{text}", reply.answers);
            compared += 1;
        }
        // And every address of a forward record has a reverse name.
        for ip in all.iter().filter(|record| !record.name.starts_with("ns.dns.")).filter_map(Record::address)
        {
            let reply = cluster.dns().query(&name::reverse(ip), RecordType::PTR);
            assert_eq!(reply.rcode, Rcode::NoError, "seed {seed}: {ip}\n{text}");
            compared += 1;
        }
    }
    assert!(compared > 3_000, "{compared}");
}

#[test]
fn short_names_lead_where_whole_names_do() {
    let mut compared = 0;
    for seed in 1..=60 {
        let Made { cluster, services, text } = cluster(seed);
        let snapshot = cluster.snapshot();
        // `pod/p0` and `svc/p0` are notation for other things.
        let askers = snapshot.pods.iter().filter(|pod| {
            pod.is_alive() && !["pod", "svc"].contains(&snapshot.namespace_name(pod.namespace))
        });
        for pod in askers.take(3) {
            let from = format!("{}/{}", snapshot.namespace_name(pod.namespace), pod.name);
            for (service, namespace) in &services {
                let whole = cluster
                    .resolve(&from, &format!("{service}.{namespace}.svc.cluster.local."), None)
                    .unwrap();
                let short = cluster.resolve(&from, &format!("{service}.{namespace}"), None).unwrap();
                if whole.is_found() {
                    assert_eq!(
                        short.addresses, whole.addresses,
                        "seed {seed}: {service}.{namespace} from {from}\n{text}"
                    );
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 200, "{compared}");
}
