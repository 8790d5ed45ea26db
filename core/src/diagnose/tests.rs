//! The troubleshooter on small clusters.

use super::{Layer, State};
use crate::journey::Connection;
use crate::{Cluster, Settings, Source};

const PODS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: prod, labels: {app: web}}
spec:
  containers:
  - name: web
    image: web
    command: [sh, -c, 'wget -q -O- http://api:80/']
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: prod, labels: {app: api}}
spec:
  containers:
  - {name: api, image: api, ports: [{containerPort: 8080}], readinessProbe: {tcpSocket: {port: 8080}}}
---
";

fn cluster(rest: &str) -> Cluster {
    Cluster::load([Source::new("prod.yaml", format!("{PODS}{rest}"))], &Settings::default())
}

fn service(target: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: api, namespace: prod}}\nspec:\n  selector: {{app: api}}\n  ports: [{{port: 80, targetPort: {target}}}]\n"
    )
}

#[test]
fn nothing_is_wrong_with_a_good_cluster() {
    let diagnosis = cluster(&service("8080")).survey();
    assert_eq!(diagnosis.findings().count(), 0, "{diagnosis:?}");
}

#[test]
fn a_closed_target_port_is_the_services_fault() {
    let cluster = cluster(&service("9090"));
    let diagnosis = cluster.survey();
    let codes: Vec<_> = diagnosis.findings().map(|finding| finding.code).collect();
    assert_eq!(codes, ["service/target-port-closed"]);
    let connection = Connection::new("prod/web", "http://api").unwrap();
    let diagnosis = cluster.diagnose(&connection).unwrap();
    let states: Vec<_> = diagnosis.layers.iter().map(|layer| (layer.layer, layer.state)).collect();
    assert_eq!(states.get(1), Some(&(Layer::Service, State::Faulty)));
    assert!(diagnosis.is_blocked());
}

#[test]
fn what_a_pod_tries_and_cannot_resolve_is_found() {
    let cluster = cluster("");
    let diagnosis = cluster.survey();
    let finding = diagnosis.findings().find(|finding| finding.layer == Layer::Dns).unwrap();
    assert_eq!(finding.code, "dns/name-not-found");
    assert_eq!(finding.object.name, "web");
    assert_eq!(finding.evidence.first().unwrap().field, "spec.containers[0].command[2]");
}
