// How long loading and asking take in Node: `npm run bench [-- PODS]`, after `npm run build`.
// Prints the best of several runs, in milliseconds of processor time: other programs do not count.
import { Cluster } from "./dist/index.js";

const pod = (n) => {
  const [team, node] = [n % 40, n % 100];
  const address = `10.${244 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
  return `---
apiVersion: v1
kind: Pod
metadata:
  name: web-7d4b9c6f5-${String(n).padStart(5, "0")}
  namespace: team-${team}
  uid: 0b0a9e6e-4b8e-4c8e-9a53-${String(n).padStart(12, "0")}
  resourceVersion: "${n}"
  creationTimestamp: "2026-01-02T03:04:05Z"
  labels:
    app.kubernetes.io/name: web
    app.kubernetes.io/instance: web-${team}
    pod-template-hash: 7d4b9c6f5
spec:
  nodeName: node-${node}
  serviceAccountName: default
  restartPolicy: Always
  dnsPolicy: ClusterFirst
  containers:
  - name: web
    image: registry.example.com/web@sha256:0123456789abcdef
    imagePullPolicy: IfNotPresent
    ports:
    - name: http
      containerPort: 8080
      protocol: TCP
    resources:
      limits:
        cpu: 500m
        memory: 256Mi
    readinessProbe:
      httpGet:
        path: /healthz
        port: http
    volumeMounts:
    - name: kube-api-access
      mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      readOnly: true
status:
  phase: Running
  hostIP: 192.168.10.${node + 11}
  podIP: ${address}
  podIPs:
  - ip: ${address}
  conditions:
  - type: Ready
    status: "True"
`;
};

const service = (team) => `---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: team-${team}}
spec:
  selector: {app.kubernetes.io/name: web}
  ports: [{port: 80, targetPort: http}]
`;

function spent(run) {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e3;
}

function best(rounds, run) {
  return Math.min(...Array.from({ length: rounds }, () => spent(run)));
}

function manifests(pods) {
  const services = Array.from({ length: Math.min(40, pods) }, (_, team) => service(team));
  return Array.from({ length: pods }, (_, n) => pod(n)).concat(services).join("");
}

const pods = Number(process.argv[2] ?? 10_000);
for (const count of [Math.min(90, pods), pods]) {
  const text = manifests(count);
  const size = text.length < 1e6 ? `${Math.round(text.length / 1e3)} KB` : `${(text.length / 1e6).toFixed(1)} MB`;
  let cluster;
  const load = best(text.length < 1e6 ? 50 : 5, () => (cluster = Cluster.load(text)));
  const errors = cluster.problems().problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(JSON.stringify(errors.slice(0, 3)));
  const connection = { from: "team-0/web-7d4b9c6f5-00000", to: "http://web.team-1" };
  const first = spent(() => cluster.trace(connection));
  const again = best(5, () => cluster.trace(connection));
  const { outcome } = cluster.trace(connection);
  console.log(
    `${count} pods, ${size}: load ${load.toFixed(1)} ms, first trace ${first.toFixed(1)} ms, next ${again.toFixed(2)} ms (${outcome})`,
  );
}
