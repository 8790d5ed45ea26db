//! What each kind is refused for, in the API server's words.

use super::{Fault, Gates, defaults};
use crate::manifest::api::{core_v1, networking_v1, workloads};
use crate::manifest::{Limits, Manifests, Read, Severity, Source};

pub(super) const GATES: Gates = Gates {
    traffic_distributions: &["PreferClose", "PreferSameNode", "PreferSameZone"],
    relaxed_service_names: true,
    strict_ips: true,
    rules_show_values: true,
};
const OLD: Gates = Gates {
    traffic_distributions: &["PreferClose"],
    relaxed_service_names: false,
    strict_ips: false,
    rules_show_values: false,
};

pub(super) fn object<T: Read>(kind: &str, body: &str) -> T {
    let text = format!("{{apiVersion: v1, kind: {kind}, {body}}}");
    let manifests = Manifests::parse([Source::new("t.yaml", text)], &Limits::default());
    assert_eq!(manifests.objects().len(), 1, "{:?}", manifests.problems());
    manifests.typed(manifests.objects()[0].id)
}

pub(super) fn texts(faults: &[Fault], severity: Severity) -> Vec<String> {
    let faults = faults.iter().filter(|fault| fault.severity == severity);
    faults.map(|fault| format!("{}: {}", fault.field, fault.message)).collect()
}

fn service_faults(meta: &str, spec: &str, gates: &Gates) -> Vec<Fault> {
    let mut service: core_v1::Service = object("Service", &format!("metadata: {{{meta}}}, spec: {{{spec}}}"));
    defaults::service(&mut service);
    super::service(&service, gates)
}

#[track_caller]
fn service(spec: &str, expected: &[&str]) {
    assert_eq!(texts(&service_faults("name: web", spec, &GATES), Severity::Error), expected);
}

const PORTS: &str = "ports: [{port: 80}]";

#[test]
fn service_names() {
    let errors = |name: &str, gates: &Gates| {
        texts(&service_faults(&format!("name: {name}"), PORTS, gates), Severity::Error)
    };
    assert_eq!(errors("1web", &GATES), [""; 0]);
    let [error] = <[String; 1]>::try_from(errors("1web", &OLD)).unwrap();
    assert!(
        error.starts_with("metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of"),
        "{error}"
    );
    assert_eq!(errors("a.b", &GATES), ["metadata.name: Invalid value: \"a.b\": must not contain dots"]);
}

#[test]
fn service_ports() {
    service("type: ClusterIP", &["spec.ports: Required value"]);
    service("clusterIP: None", &[]);
    service("ports: [{port: 80, name: http}, {port: 81}]", &["spec.ports[1].name: Required value"]);
    service(
        "ports: [{port: 80, name: a}, {port: 81, name: a}]",
        &["spec.ports[1].name: Duplicate value: \"a\""],
    );
    service(
        "ports: [{port: 0}]",
        &[
            "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
        ],
    );
    service(
        "ports: [{port: 80, protocol: HTTP}]",
        &[
            "spec.ports[0].protocol: Unsupported value: \"HTTP\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
        ],
    );
    service(
        "ports: [{port: 80, targetPort: '8080'}]",
        &["spec.ports[0].targetPort: Invalid value: \"8080\": must contain at least one letter (a-z)"],
    );
    service(
        "ports: [{port: 80, name: a}, {port: 80, name: b}]",
        &[
            "spec.ports[1]: Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,\"TargetPort\":0,\"NodePort\":0}",
        ],
    );
    service("ports: [{port: 53, name: a}, {port: 53, name: b, protocol: UDP}]", &[]);
    // Names of Service ports may be longer than those of container ports.
    service("ports: [{port: 80, name: a-name-of-more-than-15-characters}]", &[]);
}

#[test]
fn service_types() {
    service(
        &format!("type: Foo, {PORTS}"),
        &[
            "spec.type: Unsupported value: \"Foo\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"",
        ],
    );
    service(
        "type: NodePort, clusterIP: None, ports: [{port: 80}]",
        &["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
    );
    service(
        "ports: [{port: 80, nodePort: 30080}]",
        &["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    );
    service(
        "type: NodePort, ports: [{port: 80, nodePort: 30080, name: a}, {port: 81, nodePort: 30080, name: b}]",
        &["spec.ports[1].nodePort: Duplicate value: 30080"],
    );
    service(
        "type: LoadBalancer, ports: [{port: 10250}]",
        &[
            "spec.ports[0]: Invalid value: 10250: may not expose port 10250 externally since it is used by kubelet",
        ],
    );
    service("type: ExternalName", &["spec.externalName: Required value"]);
    service("type: ExternalName, externalName: example.com., ports: [{port: 80}]", &[]);
    service(
        "type: ExternalName, externalName: example.com, clusterIP: 10.96.0.9",
        &["spec.clusterIPs: Forbidden: may not be set for ExternalName services"],
    );
}

#[test]
fn service_addresses() {
    let with = |rest: &str| format!("{PORTS}, {rest}");
    service(
        &with("clusterIP: foo"),
        &[
            "spec.clusterIPs[0]: Invalid value: \"foo\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        ],
    );
    service(
        &with("clusterIPs: [10.0.0.1]"),
        &["spec.clusterIPs: Invalid value: [\"10.0.0.1\"]: must be empty when `clusterIP` is not specified"],
    );
    service(
        &with("clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, 10.0.0.2]"),
        &[
            "spec.clusterIPs: Invalid value: [\"10.0.0.1\",\"10.0.0.2\"]: may specify no more than one IP for each IP family",
        ],
    );
    service(
        &with("clusterIP: None, clusterIPs: [None, 10.0.0.2]"),
        &["spec.clusterIPs: Invalid value: [\"None\",\"10.0.0.2\"]: 'None' must be the first and only value"],
    );
    service(
        &with("clusterIP: 'fd00::1', ipFamilies: [IPv4]"),
        &[
            "spec.clusterIPs[0]: Invalid value: \"fd00::1\": expected an IPv4 value as indicated by `ipFamilies[0]`",
        ],
    );
    service(
        &with("ipFamilies: [IPv4, IPv4, IPv5], ipFamilyPolicy: Dual"),
        &[
            "spec.ipFamilies[1]: Duplicate value: \"IPv4\"",
            "spec.ipFamilies[2]: Unsupported value: \"IPv5\": supported values: \"IPv4\", \"IPv6\"",
            "spec.ipFamilyPolicy: Unsupported value: \"Dual\": supported values: \"PreferDualStack\", \"RequireDualStack\", \"SingleStack\"",
        ],
    );
    service(
        &with("externalIPs: [0.0.0.0, 127.0.0.1, 169.254.1.1, 224.0.0.1, 10.0.0.1]"),
        &[
            "spec.externalIPs[0]: Invalid value: \"0.0.0.0\": may not be unspecified (0.0.0.0)",
            "spec.externalIPs[1]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
            "spec.externalIPs[2]: Invalid value: \"169.254.1.1\": may not be in the link-local range (169.254.0.0/16, fe80::/10)",
            "spec.externalIPs[3]: Invalid value: \"224.0.0.1\": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ],
    );
    service(
        &with("externalIPs: [010.0.0.1]"),
        &["spec.externalIPs[0]: Invalid value: \"010.0.0.1\": must not have leading 0s"],
    );
    let old = service_faults("name: web", &with("externalIPs: [010.0.0.1]"), &OLD);
    assert_eq!(texts(&old, Severity::Error), [""; 0]);
    assert_eq!(
        texts(&old, Severity::Warning),
        [
            "spec.externalIPs[0]: spec.externalIPs[0]: non-standard IP address \"010.0.0.1\" will be considered invalid in a future Kubernetes release: use \"10.0.0.1\"",
        ]
    );
}

#[test]
fn service_traffic() {
    let with = |rest: &str| format!("{PORTS}, {rest}");
    service(
        &with("externalTrafficPolicy: Local"),
        &[
            "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services",
        ],
    );
    service(
        &with("type: NodePort, externalTrafficPolicy: local"),
        &[
            "spec.externalTrafficPolicy: Unsupported value: \"local\": supported values: \"Cluster\", \"Local\"",
        ],
    );
    service(
        &with("internalTrafficPolicy: Node"),
        &[
            "spec.internalTrafficPolicy: Unsupported value: \"Node\": supported values: \"Cluster\", \"Local\"",
        ],
    );
    service(&with("trafficDistribution: PreferSameNode"), &[]);
    let old = service_faults("name: web", &with("trafficDistribution: PreferSameNode"), &OLD);
    assert_eq!(
        texts(&old, Severity::Error),
        [
            "spec.trafficDistribution: Unsupported value: \"PreferSameNode\": supported values: \"PreferClose\"",
        ]
    );
    service(
        &with("sessionAffinity: Cookie"),
        &["spec.sessionAffinity: Unsupported value: \"Cookie\": supported values: \"ClientIP\", \"None\""],
    );
    service(
        &with("sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}"),
        &[
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400",
        ],
    );
    service(
        &with("sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 86400}}"),
        &[],
    );
    service(
        &with("type: NodePort, healthCheckNodePort: 30001"),
        &[
            "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        ],
    );
}

#[test]
fn service_load_balancers() {
    let with = |rest: &str| format!("{PORTS}, {rest}");
    service(
        &with(
            "loadBalancerSourceRanges: [10.0.0.0/8], allocateLoadBalancerNodePorts: false, loadBalancerClass: a/b",
        ),
        &[
            "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
            "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
            "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
        ],
    );
    service(
        &with("type: LoadBalancer, loadBalancerSourceRanges: [' 10.0.0.0/8 ', 10.0.0.0]"),
        &[
            "spec.LoadBalancerSourceRanges[1]: Invalid value: \"10.0.0.0\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        ],
    );
}

#[test]
fn service_warnings() {
    let found = service_faults("name: web", &format!("{PORTS}, externalName: a.b"), &GATES);
    assert_eq!(
        texts(&found, Severity::Warning),
        ["spec.externalName: spec.externalName is ignored when spec.type is not \"ExternalName\"",]
    );
    let found = service_faults(
        "name: web, annotations: {service.kubernetes.io/topology-aware-hints: auto, service.kubernetes.io/topology-mode: Auto}",
        PORTS,
        &GATES,
    );
    assert_eq!(
        texts(&found, Severity::Error),
        [
            "metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: \"Auto\": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified",
        ]
    );
    assert_eq!(
        texts(&found, Severity::Warning),
        [
            "metadata.annotations[service.kubernetes.io/topology-aware-hints]: annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
        ]
    );
}

#[track_caller]
fn pod(spec: &str, expected: &[&str]) {
    let mut pod: core_v1::Pod = object("Pod", &format!("metadata: {{name: web}}, spec: {{{spec}}}"));
    defaults::pod_spec(&mut pod.spec);
    assert_eq!(texts(&super::pod(&pod), Severity::Error), expected);
}

#[test]
fn pod_ports() {
    let ports = |ports: &str| format!("containers: [{{name: c, ports: [{ports}]}}]");
    pod(&ports("{name: http}"), &["spec.containers[0].ports[0].containerPort: Required value"]);
    pod(
        &ports("{containerPort: 80, name: a}, {containerPort: 81, name: a}"),
        &["spec.containers[0].ports[1].name: Duplicate value: \"a\""],
    );
    pod(
        &ports("{containerPort: 80, name: a-name-of-more}, {containerPort: 70000}"),
        &[
            "spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ],
    );
    pod(
        &ports("{containerPort: 80, name: a-name-of-sixteen}"),
        &[
            "spec.containers[0].ports[0].name: Invalid value: \"a-name-of-sixteen\": must be no more than 15 characters",
        ],
    );
    pod(
        &ports("{containerPort: 80, protocol: tcp}"),
        &[
            "spec.containers[0].ports[0].protocol: Unsupported value: \"tcp\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
        ],
    );
    pod(
        "hostNetwork: true, containers: [{name: c, ports: [{containerPort: 80, hostPort: 8080}]}]",
        &[
            "spec.containers[0].ports[0].hostPort: Invalid value: 8080: must match `containerPort` when `hostNetwork` is true",
        ],
    );
    pod(
        "containers: [{name: c, ports: [{containerPort: 80, hostPort: 80}]}, {name: d, ports: [{containerPort: 81, hostPort: 80}]}]",
        &["spec.containers[1].ports[0].hostPort: Duplicate value: \"TCP//80\""],
    );
}

#[test]
fn pod_dns() {
    pod(
        "dnsPolicy: None",
        &["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"],
    );
    pod(
        "dnsPolicy: None, dnsConfig: {searches: [a.b]}",
        &[
            "spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None",
        ],
    );
    pod(
        "dnsPolicy: clusterfirst",
        &[
            "spec.dnsPolicy: Unsupported value: \"clusterfirst\": supported values: \"ClusterFirst\", \"ClusterFirstWithHostNet\", \"Default\", \"None\"",
        ],
    );
    pod(
        "dnsConfig: {nameservers: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4], searches: ['.', _tcp.a]}",
        &[
            "spec.dnsConfig.nameservers: Invalid value: [\"1.1.1.1\",\"1.1.1.2\",\"1.1.1.3\",\"1.1.1.4\"]: must not have more than 3 nameservers",
        ],
    );
}

#[test]
fn workload_selectors() {
    let errors = |spec: &str| {
        let body = format!("metadata: {{name: web}}, spec: {{{spec}}}");
        let mut workload: workloads::Workload = object("Deployment", &body);
        defaults::pod_spec(&mut workload.spec.template.spec);
        texts(&super::workload("Deployment", &workload), Severity::Error)
    };
    assert_eq!(errors("template: {}"), ["spec.selector: Required value"]);
    assert_eq!(
        errors("selector: {}"),
        ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]
    );
    assert_eq!(
        errors(
            "replicas: -1, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: api}}}"
        ),
        [
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.template.metadata.labels: Invalid value: {\"app\":\"api\"}: `selector` does not match template `labels`",
        ]
    );
    let [label] = <[String; 1]>::try_from(errors(
        "selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web, x: 'a b'}}}",
    ))
    .unwrap();
    assert!(
        label.starts_with("spec.template.labels: Invalid value: \"a b\": a valid label must be"),
        "{label}"
    );
}

fn policy_texts(spec: &str, gates: &Gates, severity: Severity) -> Vec<String> {
    let body = format!("metadata: {{name: p}}, spec: {{{spec}}}");
    let mut policy: networking_v1::NetworkPolicy = object("NetworkPolicy", &body);
    defaults::network_policy(&mut policy);
    texts(&super::network_policy(&policy, gates), severity)
}

#[track_caller]
fn policy(spec: &str, expected: &[&str]) {
    assert_eq!(policy_texts(spec, &GATES, Severity::Error), expected);
}

#[test]
fn policy_peers() {
    policy("ingress: [{from: [{}]}]", &["spec.ingress[0].from[0]: Required value: must specify a peer"]);
    policy(
        "egress: [{to: [{podSelector:}]}]",
        &["spec.egress[0].to[0]: Required value: must specify a peer"],
    );
    policy(
        "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]",
        &["spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer"],
    );
    policy("ingress: [{from: [{ipBlock: {}}]}]", &["spec.ingress[0].from[0].ipBlock.cidr: Required value"]);
    policy(
        "ingress: [{from: [{ipBlock: {cidr: 10.0.0.1}}]}]",
        &[
            "spec.ingress[0].from[0].ipBlock.cidr: Invalid value: \"10.0.0.1\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        ],
    );
    policy(
        "egress: [{to: [{ipBlock: {cidr: 10.0.0.0/16, except: [10.0.0.0/16, 10.1.0.0/24, 'fd00::/64', 10.0.1.0/24]}}]}]",
        &[
            "spec.egress[0].to[0].ipBlock.except[0]: Invalid value: \"10.0.0.0/16\": must be a strict subset of `cidr`",
            "spec.egress[0].to[0].ipBlock.except[1]: Invalid value: \"10.1.0.0/24\": must be a strict subset of `cidr`",
            "spec.egress[0].to[0].ipBlock.except[2]: Invalid value: \"fd00::/64\": must be a strict subset of `cidr`",
        ],
    );
    let host_bits = "ingress: [{from: [{ipBlock: {cidr: 10.1.2.3/24}}]}]";
    policy(
        host_bits,
        &[
            "spec.ingress[0].from[0].ipBlock.cidr: Invalid value: \"10.1.2.3/24\": must not have bits set beyond the prefix length",
        ],
    );
    assert_eq!(policy_texts(host_bits, &OLD, Severity::Error), [""; 0]);
    assert_eq!(policy_texts(host_bits, &OLD, Severity::Warning).len(), 1);
}

#[test]
fn policy_ports() {
    let with = |port: &str| format!("ingress: [{{ports: [{{{port}}}]}}]");
    policy(
        &with("protocol: tcp, port: 80"),
        &[
            "spec.ingress[0].ports[0].protocol: Unsupported value: \"tcp\": supported values: \"TCP\", \"UDP\", \"SCTP\"",
        ],
    );
    policy(
        &with("port: 0"),
        &["spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"],
    );
    policy(
        &with("port: '80'"),
        &["spec.ingress[0].ports[0].port: Invalid value: \"80\": must contain at least one letter (a-z)"],
    );
    policy(
        &with("port: 80, endPort: 79"),
        &["spec.ingress[0].ports[0].endPort: Invalid value: 79: must be greater than or equal to `port`"],
    );
    policy(
        &with("port: http, endPort: 90"),
        &[
            "spec.ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is non-numeric",
        ],
    );
    policy(
        &with("endPort: 90"),
        &[
            "spec.ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is not specified",
        ],
    );
}

#[test]
fn policy_types_and_selectors() {
    policy(
        "policyTypes: [ingress]",
        &["spec.policyTypes[0]: Unsupported value: \"ingress\": supported values: \"Ingress\", \"Egress\""],
    );
    policy(
        "policyTypes: [Ingress, Egress, Other]",
        &[
            "spec.policyTypes: Invalid value: [\"Ingress\",\"Egress\",\"Other\"]: may not specify more than two policyTypes",
        ],
    );
    policy("policyTypes: [Ingress, Ingress]", &[]);
    let with = |expression: &str| format!("podSelector: {{matchExpressions: [{{key: a, {expression}}}]}}");
    policy(
        &with("operator: In"),
        &[
            "spec.podSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        ],
    );
    policy(
        &with("operator: Exists, values: [x]"),
        &[
            "spec.podSelector.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ],
    );
    policy(
        &with("operator: in, values: [x]"),
        &[
            "spec.podSelector.matchExpressions[0].operator: Invalid value: \"in\": not a valid selector operator",
        ],
    );
}
