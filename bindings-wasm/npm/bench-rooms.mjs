// What single rooms cost in Node: `node bench-rooms.mjs`, after `npm run build`. Best of three, in milliseconds.
// The same questions natively: the examples service_speed, policy_bench, dns_bench and ingress_bench.
import { Cluster } from "./dist/index.js";

const best = (run, rounds = 3) => {
  let least = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
};
const ms = (value) => `${value < 1 ? value.toFixed(3) : value.toFixed(1)} ms`;
const list = (count, make) => Array.from({ length: count }, (_, index) => make(index));

/** A Service and an EndpointSlice of ten endpoints on two nodes. */
const service = (n) => `---
apiVersion: v1
kind: Service
metadata: {name: s${n}, namespace: shop}
spec: {ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s${n}-1, namespace: shop, labels: {kubernetes.io/service-name: s${n}}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints:
${list(10, (e) => `- {addresses: [10.${100 + (n >> 8)}.${n & 255}.${e + 1}], nodeName: ${e % 2 ? "node-a" : "node-b"}}`).join("\n")}
`;

for (const count of [100, 1000, 5000]) {
  const cluster = Cluster.load(list(count, service).join("") + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: c, namespace: shop}\nspec: {containers: [{name: c, image: c}]}\n");
  const load = cluster.cluster().services.length;
  const first = best(() => cluster.trace({ from: "shop/c", to: "svc/s7.shop:80" }), 1);
  const select = best(() => cluster.nodePort({ node: "node-a", port: 30000 }), 200);
  const iptables = best(() => cluster.rules({ node: "node-a", mode: "iptables" }));
  const nftables = best(() => cluster.rules({ node: "node-a", mode: "nftables" }));
  console.log(`${load} Services x 10 endpoints: index and first trace ${ms(first)}, node port ${ms(select)}, iptables text ${ms(iptables)}, nftables text ${ms(nftables)}`);
}

/** Deployments in twenty namespaces, one policy for every five of them. */
const workload = (n, replicas) => `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: w${n}, namespace: team-${n % 20}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: w${n}}}
  template:
    metadata: {labels: {app: w${n}, tier: t${n % 7}}}
    spec: {containers: [{name: c, image: c, ports: [{name: http, containerPort: 8080}]}]}
`;
const policy = (n) => `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p${n}, namespace: team-${n % 20}}
spec:
  podSelector: {matchLabels: {tier: t${n % 7}}}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: team-${(n * 3) % 20}}}}, {ipBlock: {cidr: 10.${n % 200}.0.0/16, except: [10.${n % 200}.1.0/24]}}]
    ports: [{port: http}, {port: 9000, endPort: ${9000 + (n % 50)}}]
`;
for (const [workloads, replicas, policies] of [[100, 10, 200], [1000, 10, 1000]]) {
  const settings = { nodes: list(Math.ceil((workloads * replicas) / 200), (n) => `node-${n}`) };
  const cluster = Cluster.load(list(workloads, (n) => workload(n, replicas)).join("") + list(policies, policy).join(""), settings);
  const verdict = () => cluster.policyVerdict({ from: "team-0/w0", to: "team-1/w1", port: 8080 });
  const first = best(verdict, 1);
  const again = best(verdict, 200);
  const matrix = best(() => cluster.reachability({ by: "namespace" }));
  console.log(`${workloads * replicas} pods, ${policies} policies: index and first verdict ${ms(first)}, explained verdict ${ms(again)}, matrix by namespace ${ms(matrix)}`);
}

/** An Ingress of twenty paths. */
const ingress = (controller, oneHost, regex) => (n) => `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i${n}, annotations: {${regex ? "nginx.ingress.kubernetes.io/use-regex: 'true'" : ""}}}
spec:
  ingressClassName: c
  rules:
  - host: h${oneHost ? 0 : n}.example.com
    http:
      paths:
${list(20, (p) => `      - {path: '/app${n}/v${p}${regex ? "(/|$)(.*)" : ""}', pathType: ${regex ? "ImplementationSpecific" : "Prefix"}, backend: {service: {name: s${p}, port: {number: 80}}}}`).join("\n")}
`;
for (const [controller, oneHost, regex] of [["example.com/spec", false, false], ["k8s.io/ingress-nginx", false, false], ["k8s.io/ingress-nginx", true, false], ["k8s.io/ingress-nginx", true, true]]) {
  for (const count of [50, 500, 5000]) {
    const cls = `apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: c}\nspec: {controller: ${controller}}\n`;
    const cluster = Cluster.load(cls + list(count, ingress(controller, oneHost, regex)).join(""));
    const route = (n) => cluster.route({ url: `http://h${oneHost ? 0 : n}.example.com/app${n}/v7/a/b/c?x=1` });
    const first = best(() => route(0), 1);
    const again = best(() => route((count * 7919) % count), 200);
    console.log(`${count * 20} paths, ${controller}, ${oneHost ? "one host" : "own hosts"}${regex ? ", regex" : ""}: index and first route ${ms(first)}, explained route ${ms(again)}`);
  }
}
