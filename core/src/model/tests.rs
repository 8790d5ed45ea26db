//! The whole way from text to a settled cluster.

use crate::Source;
use crate::manifest::{Manifests, Severity};
use crate::model::{Party, Phase, Settings, Snapshot, settle};
use std::sync::Arc;

pub(super) fn load_with(text: &str, settings: &Settings) -> Snapshot {
    let manifests = Manifests::parse([Source::new("t.yaml", text)], &Default::default());
    settle(Arc::new(manifests), settings)
}

pub(super) fn load(text: &str) -> Snapshot {
    load_with(text, &Settings::default())
}

/// Pods of a namespace as `name node ips ready`.
fn pods(snapshot: &Snapshot, namespace: &str) -> Vec<String> {
    let found = snapshot.pods.iter().filter(|pod| snapshot.namespace_name(pod.namespace) == namespace);
    found
        .map(|pod| {
            let node = pod.node.and_then(|node| snapshot.node(node)).map_or("-", |node| node.name.as_str());
            let ips: Vec<String> = pod.ips.iter().map(ToString::to_string).collect();
            format!("{} {node} {} {}", pod.name, ips.join(","), if pod.ready { "ready" } else { "not ready" })
        })
        .collect()
}

/// Slices of a Service as `family ports [addresses]`, a `!` before what is not ready.
fn slices(snapshot: &Snapshot, namespace: &str, name: &str) -> Vec<String> {
    let id = snapshot.service_id(namespace, name).unwrap();
    let slices = snapshot.slices_of(id);
    slices
        .map(|slice| {
            let value = &slice.value;
            let ports: Vec<String> = value.ports.iter().map(|port| port.port.unwrap().to_string()).collect();
            let endpoints: Vec<String> = value
                .endpoints
                .iter()
                .map(|endpoint| {
                    let mark = if endpoint.conditions.ready == Some(true) { "" } else { "!" };
                    format!("{mark}{}", endpoint.addresses[0])
                })
                .collect();
            format!("{} {} [{}]", value.address_type, ports.join(","), endpoints.join(" "))
        })
        .collect()
}

fn problems(snapshot: &Snapshot) -> Vec<String> {
    let problems = snapshot.problems.iter();
    problems.map(|problem| format!("{}: {}", problem.field, problem.message)).collect()
}

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web, ports: [{name: http, containerPort: 8080}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
";

#[test]
fn an_empty_input_is_a_cluster() {
    let snapshot = load("");
    let namespaces: Vec<&str> = snapshot.namespaces.iter().map(|namespace| namespace.name.as_str()).collect();
    assert_eq!(namespaces, ["default", "kube-node-lease", "kube-public", "kube-system"]);
    let nodes: Vec<String> = snapshot
        .nodes
        .iter()
        .map(|node| format!("{} {} {}", node.name, node.ips[0], node.pod_cidrs[0]))
        .collect();
    assert_eq!(nodes, ["node-a 192.168.10.11 10.244.0.0/24", "node-b 192.168.10.12 10.244.1.0/24"]);
    let services: Vec<String> = snapshot
        .services
        .iter()
        .map(|service| format!("{} {}", service.name, service.spec.cluster_ip))
        .collect();
    assert_eq!(services, ["kubernetes 10.96.0.1", "kube-dns 10.96.0.10"]);
    assert_eq!(slices(&snapshot, "default", "kubernetes"), ["IPv4 6443 [192.168.10.10]"]);
    assert_eq!(slices(&snapshot, "kube-system", "kube-dns"), ["IPv4 53,53,9153 [10.244.0.2 10.244.1.2]"]);
    assert!(snapshot.problems.is_empty());
}

#[test]
fn a_deployment_behind_a_service() {
    let snapshot = load(WEB);
    assert_eq!(snapshot.problems, []);
    let hash = snapshot.pods[0].labels["pod-template-hash"].clone();
    let lines = pods(&snapshot, "shop");
    let expected = ["node-a 10.244.0.2 ready", "node-b 10.244.1.2 ready", "node-a 10.244.0.3 ready"];
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(&format!("web-{hash}-")) && line.ends_with(expected), "{line}");
    }
    assert_eq!(lines.len(), 3);
    let service = &snapshot.services[snapshot.service_id("shop", "web").unwrap().index()];
    assert_eq!(service.spec.cluster_ip, "10.96.1.1");
    assert_eq!(service.allocated, ["spec.clusterIP", "spec.clusterIPs[0]"]);
    assert_eq!(slices(&snapshot, "shop", "web"), ["IPv4 8080 [10.244.0.2 10.244.1.2 10.244.0.3]"]);
    let labels = &snapshot.namespaces[snapshot.namespace_id("shop").unwrap().index()].labels;
    assert_eq!(labels["kubernetes.io/metadata.name"], "shop");
}

#[test]
fn evidence_stands_in_the_template() {
    let snapshot = load(WEB);
    let evidence = snapshot.pod_evidence(crate::model::PodId(0), "metadata.labels[app]").unwrap();
    assert_eq!(evidence.object.to_string(), "Deployment shop/web");
    assert_eq!(evidence.field, "spec.template.metadata.labels[app]");
    assert_eq!(evidence.place.unwrap().line, 9);
    let id = snapshot.service_id("shop", "web").unwrap();
    let evidence = snapshot.service_evidence(id, "spec.ports[0].targetPort").unwrap();
    assert_eq!((evidence.object.to_string(), evidence.place.unwrap().line), ("Service shop/web".into(), 18));
    let dns = snapshot.service_id("kube-system", "kube-dns").unwrap();
    assert_eq!(snapshot.service_evidence(dns, "spec").unwrap().place, None);
}

#[test]
fn addresses_have_owners() {
    let snapshot = load(WEB);
    let party = |ip: &str| snapshot.party_of(ip.parse().unwrap());
    assert_eq!(party("10.244.0.2"), Party::Pod(crate::model::PodId(0)));
    assert_eq!(party("192.168.10.12"), Party::Node(crate::model::NodeId(1)));
    assert!(matches!(party("203.0.113.9"), Party::Outside(_)));
}

#[test]
fn the_same_input_gives_the_same_cluster() {
    assert_eq!(load(WEB).view(), load(WEB).view());
}

#[test]
fn facts_of_the_input_stay() {
    let snapshot = load(
        "
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: a}}
spec: {nodeName: worker-7}
status: {phase: Running, podIP: 10.244.3.9, conditions: [{type: Ready, status: 'True'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b}
spec: {nodeName: worker-7}
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {clusterIP: 10.96.0.40, selector: {app: a}, ports: [{port: 80}]}
",
    );
    assert_eq!(pods(&snapshot, "default"), ["a worker-7 10.244.3.9 ready", "b worker-7 10.244.3.2 ready"]);
    assert_eq!(snapshot.nodes[0].pod_cidrs[0].to_string(), "10.244.3.0/24");
    let service = &snapshot.services[0];
    assert_eq!((service.spec.cluster_ip.as_str(), service.allocated.len()), ("10.96.0.40", 0));
    assert_eq!(slices(&snapshot, "default", "a"), ["IPv4 80 [10.244.3.9]"]);
}

#[test]
fn a_dump_is_not_expanded_twice() {
    let snapshot = load(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-5d4f8c7b9
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u1, controller: true}]
spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}}}
---
apiVersion: v1
kind: Pod
metadata:
  name: web-5d4f8c7b9-aaaaa
  labels: {app: web, pod-template-hash: 5d4f8c7b9}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d4f8c7b9, uid: u2, controller: true}]
spec: {nodeName: n1}
status: {phase: Running, podIP: 10.0.0.5}
",
    );
    assert_eq!(pods(&snapshot, "default"), ["web-5d4f8c7b9-aaaaa n1 10.0.0.5 ready"]);
    let workload = snapshot.pods[0].workload.clone().unwrap();
    assert_eq!(workload.to_string(), "Deployment default/web");
    assert_eq!(snapshot.pods_of(&workload).count(), 1);
}

#[test]
fn an_owner_that_is_not_in_the_input_is_told_by_the_name() {
    let snapshot = load(
        "
apiVersion: v1
kind: Pod
metadata:
  name: web-5d4f8c7b9-aaaaa
  labels: {app: web, pod-template-hash: 5d4f8c7b9}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d4f8c7b9, uid: u2, controller: true}]
",
    );
    assert_eq!(snapshot.pods[0].workload.as_ref().unwrap().to_string(), "Deployment default/web");
}

#[test]
fn stateful_sets_number_their_pods() {
    let snapshot = load(
        "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
",
    );
    let names: Vec<&str> = snapshot.pods.iter().take(2).map(|pod| pod.name.as_str()).collect();
    assert_eq!(names, ["db-0", "db-1"]);
    let labels = &snapshot.pods[1].labels;
    assert_eq!(labels["statefulset.kubernetes.io/pod-name"], "db-1");
    assert_eq!(labels["apps.kubernetes.io/pod-index"], "1");
    let id = snapshot.service_id("default", "db").unwrap();
    let slice = snapshot.slices_of(id).next().unwrap();
    assert_eq!(slice.value.endpoints[1].hostname.as_deref(), Some("db-1"));
    assert_eq!(slice.value.metadata.labels["service.kubernetes.io/headless"], "");
}

#[test]
fn daemon_sets_have_one_pod_on_each_node() {
    let snapshot = load(
        "
apiVersion: v1
kind: Node
metadata: {name: cp, labels: {node-role.kubernetes.io/control-plane: ''}}
spec: {taints: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]}
---
apiVersion: v1
kind: Node
metadata: {name: w1}
---
apiVersion: v1
kind: Node
metadata: {name: w2}
spec: {unschedulable: true}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template: {metadata: {labels: {app: agent}}, spec: {hostNetwork: true}}
",
    );
    let nodes: Vec<String> = pods(&snapshot, "default");
    assert_eq!(nodes.len(), 2);
    assert!(nodes[0].ends_with("w1 192.168.10.12 ready"), "{nodes:?}");
    assert!(nodes[1].ends_with("w2 192.168.10.13 ready"), "{nodes:?}");
    // The API server runs on the control plane node.
    assert_eq!(slices(&snapshot, "default", "kubernetes"), ["IPv4 6443 [192.168.10.11]"]);
}

#[test]
fn what_no_node_takes_stays_pending() {
    let snapshot = load(
        "
apiVersion: v1
kind: Pod
metadata: {name: gpu}
spec: {nodeSelector: {gpu: 'yes'}}
",
    );
    assert_eq!(snapshot.pods[0].phase, Phase::Pending);
    assert_eq!(
        problems(&snapshot),
        ["spec: 0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."]
    );
}

#[test]
fn host_ports_are_taken_once_per_node() {
    let pod = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  hostNetwork: true\n  containers: [{{name: c, image: c, ports: [{{containerPort: 80}}]}}]\n---\n"
        )
    };
    let snapshot = load(&format!("{}{}{}", pod("a"), pod("b"), pod("c")));
    assert_eq!(
        problems(&snapshot),
        ["spec: 0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports."]
    );
}

#[test]
fn unready_terminating_and_ended_pods() {
    let pod = |name: &str, meta: &str, status: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{app: web}}{meta}}}\nstatus: {{podIP: 10.244.0.{name}, {status}}}\n---\n"
        )
    };
    let ready = "phase: Running, conditions: [{type: Ready, status: 'True'}]";
    let text = [
        pod("11", "", ready),
        pod("12", "", "phase: Running, conditions: [{type: Ready, status: 'False'}]"),
        pod("13", ", deletionTimestamp: '2026-01-01T00:00:00Z'", ready),
        pod("14", "", "phase: Succeeded"),
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n---\n".into(),
        "apiVersion: v1\nkind: Service\nmetadata: {name: all}\nspec: {selector: {app: web}, publishNotReadyAddresses: true, ports: [{port: 80}]}\n".into(),
    ]
    .concat();
    let text = text.replace("name: 1", "name: p1").replace("podIP: 10.244.0.p", "podIP: 10.244.0.");
    let snapshot = load(&text);
    assert_eq!(problems(&snapshot), [""; 0]);
    assert_eq!(slices(&snapshot, "default", "web"), ["IPv4 80 [10.244.0.11 !10.244.0.12 !10.244.0.13]"]);
    assert_eq!(slices(&snapshot, "default", "all"), ["IPv4 80 [10.244.0.11 10.244.0.12 10.244.0.13]"]);
}

#[test]
fn named_ports_split_slices() {
    let deployment = |name: &str, port: &str| {
        WEB.split("---")
            .next()
            .unwrap()
            .replace("name: web,", &format!("name: {name},"))
            .replace("8080", port)
    };
    let text = format!(
        "{}---{}---{}---{}",
        deployment("old", "8080").replace("replicas: 3", "replicas: 1"),
        deployment("new", "9090").replace("replicas: 3", "replicas: 1"),
        deployment("other", "7070").replace("replicas: 3", "replicas: 1").replace("name: http", "name: web"),
        WEB.split("---").nth(1).unwrap()
    );
    let snapshot = load(&text);
    assert_eq!(
        slices(&snapshot, "shop", "web"),
        ["IPv4 8080 [10.244.0.2]", "IPv4 9090 [10.244.1.2]", "IPv4  [10.244.0.3]"]
    );
}

#[test]
fn a_hundred_endpoints_fill_a_slice() {
    let snapshot = load(&WEB.replace("replicas: 3", "replicas: 201"));
    let id = snapshot.service_id("shop", "web").unwrap();
    let sizes: Vec<usize> = snapshot.slices_of(id).map(|slice| slice.value.endpoints.len()).collect();
    assert_eq!(sizes, [100, 100, 1]);
}

#[test]
fn no_match_is_a_placeholder() {
    let snapshot = load(&WEB.replace("selector: {app: web}\n  ports", "selector: {app: wbe}\n  ports"));
    assert_eq!(slices(&snapshot, "shop", "web"), ["IPv4  []"]);
}

#[test]
fn dual_stack_from_end_to_end() {
    let settings = Settings {
        pod_cidrs: ["10.244.0.0/16", "fd00:10:244::/56"].iter().map(|net| net.parse().unwrap()).collect(),
        service_cidrs: ["10.96.0.0/16", "fd00:10:96::/112"].iter().map(|net| net.parse().unwrap()).collect(),
        ..Settings::default()
    };
    let text = WEB.replace("ports: [{port: 80", "ipFamilyPolicy: PreferDualStack\n  ports: [{port: 80");
    let snapshot = load_with(&text, &settings);
    assert_eq!(snapshot.problems, []);
    assert_eq!(snapshot.nodes[0].ips.len(), 2);
    assert!(pods(&snapshot, "shop")[0].ends_with("node-a 10.244.0.2,fd00:10:244::2 ready"));
    assert_eq!(
        slices(&snapshot, "shop", "web"),
        [
            "IPv4 8080 [10.244.0.2 10.244.1.2 10.244.0.3]",
            "IPv6 8080 [fd00:10:244::2 fd00:10:244:1::2 fd00:10:244::3]"
        ]
    );
}

#[test]
fn a_full_node_leaves_pods_without_address() {
    let settings = Settings { nodes: vec!["only".into()], node_mask_v4: 29, ..Settings::default() };
    let snapshot = load_with(&WEB.replace("replicas: 3", "replicas: 8"), &settings);
    // Of eight addresses .2 to .6 are for pods.
    let without: Vec<&crate::model::Pod> = snapshot.pods.iter().filter(|pod| pod.ips.is_empty()).collect();
    assert_eq!(without.len(), 5);
    assert!(without.iter().all(|pod| pod.phase == Phase::Pending && !pod.ready));
    let problem = snapshot.problems.first().unwrap();
    assert_eq!((problem.code, problem.severity), ("model/no-pod-ip", Severity::Warning));
    assert!(problem.message.ends_with("no IP addresses available in range set: 10.244.0.1-10.244.0.6"));
}

#[test]
fn endpoints_of_selectorless_services_are_mirrored() {
    let snapshot = load(
        "
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {ports: [{port: 5432}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: db}
subsets: [{addresses: [{ip: 203.0.113.5}], notReadyAddresses: [{ip: 203.0.113.6}], ports: [{port: 5432}]}]
",
    );
    assert_eq!(slices(&snapshot, "default", "db"), ["IPv4 5432 [203.0.113.5 !203.0.113.6]"]);
}

#[test]
fn the_newest_default_class_wins() {
    let class = |name: &str, time: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: {name}, creationTimestamp: '{time}', annotations: {{ingressclass.kubernetes.io/is-default-class: 'true'}}}}\nspec: {{controller: example.com/c}}\n---\n"
        )
    };
    let ingress = |name: &str, rest: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}}}\nspec: {{{rest}defaultBackend: {{service: {{name: web, port: {{number: 80}}}}}}}}\n---\n"
        )
    };
    let text = [
        class("old", "2022-01-01T00:00:00Z"),
        class("new", "2022-01-01T00:00:01Z"),
        ingress("none", ""),
        ingress("own", "ingressClassName: x, "),
    ];
    let snapshot = load(&text.concat());
    let classes: Vec<_> =
        snapshot.ingresses.iter().map(|ingress| ingress.value.spec.ingress_class_name.as_deref()).collect();
    assert_eq!(classes, [Some("new"), Some("x")]);
}

#[test]
fn stored_clusters_are_left_alone() {
    let settings = Settings { stored: true, ..Settings::default() };
    let snapshot = load_with(WEB, &settings);
    assert_eq!((snapshot.pods.len(), snapshot.nodes.len(), snapshot.slices.len()), (0, 0, 0));
    let service = &snapshot.services[0];
    assert_eq!(
        (snapshot.services.len(), service.spec.type_.as_str(), service.spec.cluster_ip.as_str()),
        (1, "", "")
    );
    assert!(snapshot.assumptions.is_empty());
    assert_eq!(snapshot.namespaces.len(), 1);
}

#[test]
fn names_are_unique_and_the_last_one_wins() {
    let text = format!("{WEB}---\n{}", WEB.split("---").nth(1).unwrap().replace("port: 80", "port: 81"));
    let snapshot = load(&text);
    let problem = snapshot.problems.first().unwrap();
    assert_eq!((problem.code, problem.severity), ("admission/duplicate-object", Severity::Warning));
    assert!(problem.message.contains("t.yaml:15:"), "{}", problem.message);
    let id = snapshot.service_id("shop", "web").unwrap();
    assert_eq!(snapshot.services[id.index()].spec.ports[0].port, 81);
}

#[test]
fn conflicts_are_the_api_servers_words() {
    let service = |name: &str, spec: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{{spec}, ports: [{{port: 80, nodePort: 30080}}]}}\n---\n"
        )
    };
    let text = [
        service("a", "type: NodePort, clusterIP: 10.96.0.10"),
        service("b", "type: NodePort"),
        service("c", "type: NodePort"),
    ];
    let snapshot = load(&text.concat());
    assert_eq!(
        problems(&snapshot),
        [
            "spec.clusterIPs: Invalid value: [\"10.96.0.10\"]: failed to allocate IP 10.96.0.10: provided IP is already allocated",
            "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated",
        ]
    );
    assert!(snapshot.service_id("default", "a").is_none());
    assert!(snapshot.service_id("default", "b").is_some());
    assert!(snapshot.service_id("default", "c").is_none());
}

#[test]
fn ten_thousand_pods() {
    let mut text = String::new();
    for app in 0..100 {
        let one = WEB.replace("web", &format!("web{app}")).replace("replicas: 3", "replicas: 100");
        text.push_str(&one);
        text.push_str("---\n");
    }
    let settings = Settings { nodes: (0..100).map(|n| format!("node-{n}")).collect(), ..Settings::default() };
    let snapshot = load_with(&text, &settings);
    assert_eq!(snapshot.pods.len(), 10_002);
    assert!(snapshot.pods.iter().all(|pod| pod.ips.len() == 1));
    let id = snapshot.service_id("shop", "web99").unwrap();
    assert_eq!(snapshot.slices_of(id).map(|slice| slice.pods.len()).sum::<usize>(), 100);
}

#[test]
fn odd_settings_do_not_break_anything() {
    let nets = [
        "0.0.0.0/0",
        "255.255.255.255/32",
        "10.0.0.0/31",
        "::/0",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0/124",
    ];
    for pods in nets {
        for services in nets {
            for (mask_v4, mask_v6) in [(24, 64), (32, 128), (0, 0), (255, 255)] {
                let settings = Settings {
                    node_cidrs: vec![services.parse().unwrap()],
                    pod_cidrs: vec![pods.parse().unwrap(), services.parse().unwrap()],
                    service_cidrs: vec![services.parse().unwrap(), pods.parse().unwrap()],
                    node_mask_v4: mask_v4,
                    node_mask_v6: mask_v6,
                    node_port_range: (65535, 0),
                    ..Settings::default()
                };
                let text = WEB.replace("selector: {app: web}\n", "type: NodePort\n  selector: {app: web}\n");
                let snapshot = load_with(&text, &settings);
                assert!(snapshot.namespace_id("shop").is_some(), "{pods} {services} {mask_v4}");
            }
        }
    }
}

#[test]
fn odd_numbers_do_not_break_anything() {
    for number in ["-1", "2147483647", "20001", "0"] {
        let text = WEB.replace("replicas: 3", &format!("replicas: {number}"));
        let text = text.replace("containerPort: 8080", &format!("containerPort: {number}"));
        let text = text.replace("port: 80", &format!("port: {number}"));
        assert!(load(&text).pods.len() <= 20_002);
    }
}
