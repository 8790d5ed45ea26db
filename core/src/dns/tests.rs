//! Server answers over a small cluster built by hand.

use super::*;
use crate::manifest::api::core_v1::{ServicePort, ServiceSpec};
use crate::manifest::api::discovery_v1::{Endpoint, EndpointConditions, EndpointPort};
use crate::model::{EndpointSlice, Namespace, NamespaceId, Origin, Service, Snapshot};

/// A cluster under construction.
#[derive(Default)]
struct Build(Snapshot);

impl Build {
    fn namespaces(names: &[&str]) -> Self {
        let mut build = Self::default();
        for name in names {
            let origin = Origin::ControlPlane;
            build.0.namespaces.push(Namespace { name: (*name).into(), labels: Default::default(), origin });
        }
        build
    }

    fn service(mut self, namespace: &str, name: &str, ips: &[&str], ports: &[(&str, i32)]) -> Self {
        let cluster_ips: Vec<String> = ips.iter().map(|ip| (*ip).into()).collect();
        let spec = ServiceSpec {
            cluster_ip: cluster_ips.first().cloned().unwrap_or_default(),
            cluster_ips,
            ports: ports
                .iter()
                .map(|(name, port)| ServicePort { name: (*name).into(), port: *port, ..Default::default() })
                .collect(),
            ..Default::default()
        };
        self.push(namespace, name, spec);
        self
    }

    fn external(mut self, namespace: &str, name: &str, target: &str) -> Self {
        let spec =
            ServiceSpec { type_: "ExternalName".into(), external_name: target.into(), ..Default::default() };
        self.push(namespace, name, spec);
        self
    }

    fn push(&mut self, namespace: &str, name: &str, spec: ServiceSpec) {
        let namespace = self.0.namespace_id(namespace).unwrap();
        self.0.services.push(Service {
            namespace,
            name: name.into(),
            labels: Default::default(),
            annotations: Default::default(),
            spec,
            status: Default::default(),
            allocated: Vec::new(),
            origin: Origin::ControlPlane,
        });
    }

    fn endpoints(mut self, namespace: &str, service: &str, addresses: &[(&str, &str, bool)]) -> Self {
        let mut value = crate::manifest::api::discovery_v1::EndpointSlice::default();
        value.metadata.labels.insert("kubernetes.io/service-name".into(), service.into());
        value.ports.push(EndpointPort { name: Some("http".into()), port: Some(8080), ..Default::default() });
        for (address, hostname, ready) in addresses {
            value.endpoints.push(Endpoint {
                addresses: vec![(*address).into()],
                hostname: (!hostname.is_empty()).then(|| (*hostname).into()),
                conditions: EndpointConditions { ready: Some(*ready), ..Default::default() },
                ..Default::default()
            });
        }
        let namespace: NamespaceId = self.0.namespace_id(namespace).unwrap();
        let pods = vec![None; value.endpoints.len()];
        self.0.slices.push(EndpointSlice {
            namespace,
            name: format!("{service}-x"),
            value,
            pods,
            origin: Origin::ControlPlane,
        });
        self
    }
}

fn shop() -> Snapshot {
    let mut build = Build::namespaces(&["kube-system", "prod", "web"])
        .service("kube-system", "kube-dns", &["10.96.0.10"], &[("dns", 53)])
        .service("prod", "api", &["10.96.0.40", "fd00::40"], &[("http", 80), ("metrics", 9090)])
        .service("prod", "db", &["None"], &[("pg", 5432)])
        .service("prod", "lonely", &["None"], &[])
        .external("web", "inside", "api.prod.svc.cluster.local")
        .external("web", "outside", "example.com")
        .endpoints(
            "prod",
            "db",
            &[("10.244.1.5", "db-0", true), ("10.244.1.6", "", true), ("10.244.1.7", "db-2", false)],
        )
        .endpoints("prod", "lonely", &[("10.244.1.8", "", false)]);
    build.0.settings.dns.upstream_records = Some(vec!["example.com. 300 IN A 93.184.215.14".into()]);
    build.0
}

/// `RCODE: record; record` of a query.
fn ask(server: &Server, name: &str, kind: RecordType) -> String {
    let reply = server.query(name, kind);
    let records: Vec<String> = reply
        .answers
        .iter()
        .map(|record| format!("{} {} {}", record.name, record.record_type(), record.data))
        .collect();
    format!("{}: {}", reply.rcode.as_str(), records.join("; "))
}

#[test]
fn services_answer_by_kind() {
    let server = Server::new(&shop());
    let a = |name: &str| ask(&server, name, RecordType::A);
    assert_eq!(a("api.prod.svc.cluster.local"), "NOERROR: api.prod.svc.cluster.local. A 10.96.0.40");
    assert_eq!(
        a("db.prod.svc.cluster.local"),
        "NOERROR: db.prod.svc.cluster.local. A 10.244.1.5; db.prod.svc.cluster.local. A 10.244.1.6"
    );
    assert_eq!(a("DB-0.db.prod.svc.cluster.local"), "NOERROR: DB-0.db.prod.svc.cluster.local. A 10.244.1.5");
    assert_eq!(a("db-2.db.prod.svc.cluster.local"), "NXDOMAIN: ");
    assert_eq!(a("lonely.prod.svc.cluster.local"), "NXDOMAIN: ");
    assert_eq!(a("prod.svc.cluster.local"), "NOERROR: ");
    assert_eq!(a("nosuch.prod.svc.cluster.local"), "NXDOMAIN: ");
    assert_eq!(
        a("outside.web.svc.cluster.local"),
        "NOERROR: outside.web.svc.cluster.local. CNAME example.com.; example.com. A 93.184.215.14"
    );
    assert_eq!(
        a("inside.web.svc.cluster.local"),
        "NOERROR: inside.web.svc.cluster.local. CNAME api.prod.svc.cluster.local.; api.prod.svc.cluster.local. A 10.96.0.40"
    );
}

#[test]
fn ports_are_asked_by_name() {
    let server = Server::new(&shop());
    let srv = |name: &str| ask(&server, name, RecordType::SRV);
    assert_eq!(
        srv("_http._tcp.api.prod.svc.cluster.local"),
        "NOERROR: _http._tcp.api.prod.svc.cluster.local. SRV 0 50 80 api.prod.svc.cluster.local."
    );
    // A headless Service says the ports of its endpoints.
    assert!(
        srv("_http._tcp.db.prod.svc.cluster.local").contains("SRV 0 50 8080 db-0.db.prod.svc.cluster.local.")
    );
    assert_eq!(srv("_pg._tcp.db.prod.svc.cluster.local"), "NXDOMAIN: ");
}

#[test]
fn addresses_lead_back() {
    let server = Server::new(&shop());
    let ptr = |name: &str| ask(&server, name, RecordType::PTR);
    assert_eq!(
        ptr("40.0.96.10.in-addr.arpa"),
        "NOERROR: 40.0.96.10.in-addr.arpa. PTR api.prod.svc.cluster.local."
    );
    assert_eq!(
        ptr("6.1.244.10.in-addr.arpa"),
        "NOERROR: 6.1.244.10.in-addr.arpa. PTR 10-244-1-6.db.prod.svc.cluster.local."
    );
    assert_eq!(ptr("9.9.244.10.in-addr.arpa"), "NXDOMAIN: ");
}

#[test]
fn every_denial_says_why_and_what_was_meant() {
    let snapshot = shop();
    let server = Server::new(&snapshot);
    let answer = |name: &str| {
        let response = server.answer(&snapshot, &Query::new(name, RecordType::A));
        (
            response.because[0].text.clone(),
            response.suggestions.first().map(|suggestion| suggestion.name.clone()),
        )
    };
    let (why, meant) = answer("api.web.svc.cluster.local");
    assert_eq!(why, "there is no Service `api` in namespace `web`");
    assert_eq!(meant.as_deref(), Some("api.prod.svc.cluster.local"));
    let (why, meant) = answer("api.prdo.svc.cluster.local");
    assert_eq!(why, "there is no namespace `prdo`");
    assert_eq!(meant.as_deref(), Some("api.prod.svc.cluster.local"));
    let (why, meant) = answer("api.prod.cluster.local");
    assert_eq!(why, "names in cluster.local. end in `svc` or `pod` before the zone, not in `prod`");
    assert_eq!(meant.as_deref(), Some("api.prod.svc.cluster.local"));
    let (why, _) = answer("lonely.prod.svc.cluster.local");
    assert!(why.contains("none of its 1 endpoints is ready"), "{why}");
}

#[test]
fn large_answers_are_cut_at_512_bytes() {
    let addresses: Vec<String> = (0..100).map(|n| format!("10.244.9.{n}")).collect();
    let endpoints: Vec<(&str, &str, bool)> = addresses.iter().map(|ip| (ip.as_str(), "", true)).collect();
    let snapshot = Build::namespaces(&["prod"])
        .service("prod", "big", &["None"], &[])
        .endpoints("prod", "big", &endpoints)
        .0;
    let server = Server::new(&snapshot);
    let count = |limit: SizeLimit| {
        let reply = server.ask(&Query { limit, ..Query::new("big.prod.svc.cluster.local", RecordType::A) });
        (reply.answers.len(), reply.truncated)
    };
    assert_eq!(count(SizeLimit::Plain), (29, true));
    assert_eq!(count(SizeLimit::Edns { size: 1232, cookie: true }), (72, true));
    assert_eq!(count(SizeLimit::None), (100, false));
}

#[test]
fn kubelet_events_say_what_was_left_out() {
    let many: Vec<String> = (0..33).map(|n| format!("s{n}")).collect();
    let (kept, event) = limit_searches(many);
    assert_eq!(kept.len(), 32);
    assert!(event.unwrap().message.starts_with("Search Line limits were exceeded"));
}
