//! How long loading takes: `cargo run --release -p kubehop-conformance --example load_speed [pods]`.
//!
//! Makes a dump of pods in memory, about 1 KB each, and reads it as YAML and as JSON, all problems
//! and typed objects included. Prints the best of five runs of each.

use kubehop::Source;
use kubehop::manifest::api::core_v1::Pod;
use kubehop::manifest::{Limits, Manifests};
use std::fmt::Write;
use std::time::Instant;

fn main() {
    let pods = std::env::args().nth(1).and_then(|pods| pods.parse().ok()).unwrap_or(10_000);
    let yaml = dump(pods);
    let value: Vec<serde_json::Value> = serde_yaml::Deserializer::from_str(&yaml)
        .map(|document| serde::Deserialize::deserialize(document).expect("the dump is YAML"))
        .collect();
    let json = value.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for (name, text) in [("yaml", yaml), ("json", json)] {
        let megabytes = text.len() as f64 / 1e6;
        let mut best = (f64::MAX, f64::MAX);
        for _ in 0..5 {
            let source = Source::new("pods", text.clone());
            let start = Instant::now();
            let manifests = Manifests::parse([source], &Limits::default());
            let parsed = start.elapsed().as_secs_f64();
            let ready = manifests
                .objects()
                .iter()
                .filter(|object| !manifests.typed::<Pod>(object.id).spec.containers.is_empty())
                .count();
            assert_eq!((ready, manifests.problems().len()), (pods, 0));
            best = (best.0.min(parsed), best.1.min(start.elapsed().as_secs_f64()));
        }
        let (parsed, typed) = (best.0 * 1e3, best.1 * 1e3);
        println!(
            "{name}: {pods} pods, {megabytes:.1} MB: parse {parsed:.0} ms, with typed objects {typed:.0} ms"
        );
    }
}

fn dump(pods: usize) -> String {
    let mut text = String::new();
    for n in 0..pods {
        let (a, b) = (n / 250, n % 250 + 1);
        let result = write!(
            text,
            r#"---
apiVersion: v1
kind: Pod
metadata:
  name: web-7d4b9c6f5-{n:05}
  namespace: team-{team}
  uid: 0b0a9e6e-4b8e-4c8e-9a53-{n:012}
  resourceVersion: "{n}"
  creationTimestamp: "2026-01-02T03:04:05Z"
  generateName: web-7d4b9c6f5-
  labels:
    app.kubernetes.io/name: web
    app.kubernetes.io/instance: web-{team}
    pod-template-hash: 7d4b9c6f5
    tier: frontend
  annotations:
    prometheus.io/scrape: "true"
    prometheus.io/port: '9090'
spec:
  serviceAccountName: default
  nodeName: node-{node}
  containers:
  - name: web
    image: registry.example.com/shop/web:v1.{n}
    ports:
    - name: http
      containerPort: 8080
      protocol: TCP
    - name: metrics
      containerPort: 9090
    env:
    - name: UPSTREAM
      value: http://api.prod.svc.cluster.local:80
    resources:
      requests: {{cpu: 100m, memory: 128Mi}}
    readinessProbe:
      httpGet:
        path: /healthz
        port: http
  restartPolicy: Always
  tolerations:
  - key: node.kubernetes.io/not-ready
    operator: Exists
    effect: NoExecute
status:
  phase: Running
  podIP: 10.{a}.0.{b}
  podIPs:
  - ip: 10.{a}.0.{b}
  conditions:
  - type: Ready
    status: "True"
"#,
            team = n % 40,
            node = n % 50,
        );
        result.expect("writing to a String");
    }
    text
}
