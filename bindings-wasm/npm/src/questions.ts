// Generated from core/src by `make surface`. Do not edit.

import type {
  AddressOrigin,
  AddressQuestion,
  AllowedPorts,
  AllowedPortsQuestion,
  Answers,
  AssertQuestion,
  Assertion,
  ClusterQuestion,
  ClusterView,
  Conversion,
  ConvertQuestion,
  DiagnoseQuestion,
  Diagnosis,
  DigQuestion,
  DnsResponse,
  Exposure,
  ExposureQuestion,
  GatewayQuestion,
  GatewayRouting,
  GatewayStatus,
  GatewayStatusQuestion,
  HostsFile,
  HostsQuestion,
  IngressRefusalsQuestion,
  IngressesQuestion,
  Journey,
  KubectlQuestion,
  Lint,
  LintQuestion,
  Lookup,
  NginxQuestion,
  NginxTable,
  NodePortQuestion,
  NodePortReport,
  Output,
  PodResolvConf,
  PodsOf,
  PodsOfQuestion,
  PoliciesOf,
  PoliciesOfQuestion,
  PolicyDiff,
  PolicyDiffQuestion,
  PolicyVerdictQuestion,
  ProblemList,
  ProblemsQuestion,
  Question,
  Reachability,
  ReachabilityQuestion,
  Refusal,
  ResolvConfQuestion,
  ResolveQuestion,
  RouteQuestion,
  Routing,
  RuleWalk,
  RulesQuestion,
  RulesText,
  ServiceQuestion,
  ServiceReport,
  StatusList,
  ToolQuestion,
  ToolRun,
  TraceQuestion,
  Verdict,
  WalkRulesQuestion,
  Way,
  WayQuestion,
  ZoneListing,
  ZoneQuestion,
} from "./types.js";

/** A question without its name, which the method gives. */
type Of<Q extends Question> = Omit<Q, "ask">;

/** A method for every question that `ask` answers. */
export abstract class Questions {
  /** Answers any question. Throws `KubehopError` when it names something that does not exist. */
  abstract ask<Q extends Question>(question: Q): Answers[Q["ask"]];

  /** What is wrong in the input, and what was taken for granted. */
  problems(question: Of<ProblemsQuestion> = {}): ProblemList {
    return this.ask({ ...question, ask: "problems" });
  }

  /** What there is: nodes, pods, Services, EndpointSlices, with their addresses. */
  cluster(question: Of<ClusterQuestion> = {}): ClusterView {
    return this.ask({ ...question, ask: "cluster" });
  }

  /**
   * Which layer is at fault, by which object, and what to change: for one connection, or without
   * `from` and `to` for the cluster as a whole.
   */
  diagnose(question: Of<DiagnoseQuestion> = {}): Diagnosis {
    return this.ask({ ...question, ask: "diagnose" });
  }

  /** What a `kubectl get` or `kubectl describe` command would print. */
  kubectl(question: Of<KubectlQuestion>): Output {
    return this.ask({ ...question, ask: "kubectl" });
  }

  /** Can `from` open a connection to `to`, and what happens on the way? */
  trace(question: Of<TraceQuestion>): Journey {
    return this.ask({ ...question, ask: "trace" });
  }

  /** What answers behind a Service, and why is each pod one of its endpoints or not? */
  service(question: Of<ServiceQuestion>): ServiceReport {
    return this.ask({ ...question, ask: "service" });
  }

  /** The rules that kube-proxy writes on a node. */
  rules(question: Of<RulesQuestion>): RulesText {
    return this.ask({ ...question, ask: "rules" });
  }

  /** Which of these rules does a packet match, and where does it end? */
  walkRules(question: Of<WalkRulesQuestion>): RuleWalk {
    return this.ask({ ...question, ask: "walkRules" });
  }

  /** What answers on a port of a node? */
  nodePort(question: Of<NodePortQuestion>): NodePortReport {
    return this.ask({ ...question, ask: "nodePort" });
  }

  /** Where does an address come from? */
  address(question: Of<AddressQuestion>): AddressOrigin {
    return this.ask({ ...question, ask: "address" });
  }

  /** Which way does the network plugin send a packet between two ends, Services and policies apart? */
  way(question: Of<WayQuestion>): Way {
    return this.ask({ ...question, ask: "way" });
  }

  /** What happens to an HTTP request that a client sends to the Ingress controller? */
  route(question: Of<RouteQuestion>): Routing {
    return this.ask({ ...question, ask: "route" });
  }

  /** The servers and locations that ingress-nginx generates. */
  nginx(question: Of<NginxQuestion> = {}): NginxTable {
    return this.ask({ ...question, ask: "nginx" });
  }

  /** Class, controller and ADDRESS of every Ingress. */
  ingresses(question: Of<IngressesQuestion> = {}): StatusList {
    return this.ask({ ...question, ask: "ingresses" });
  }

  /** What the validating webhook of ingress-nginx would have said to each Ingress. */
  ingressRefusals(question: Of<IngressRefusalsQuestion> = {}): readonly Refusal[] {
    return this.ask({ ...question, ask: "ingressRefusals" });
  }

  /** What happens to a request or connection that a client sends to a Gateway? */
  gateway(question: Of<GatewayQuestion> = {}): GatewayRouting {
    return this.ask({ ...question, ask: "gateway" });
  }

  /** The status that implementations would write into the Gateway API objects. */
  gatewayStatus(question: Of<GatewayStatusQuestion> = {}): GatewayStatus {
    return this.ask({ ...question, ask: "gatewayStatus" });
  }

  /** The Ingresses as Gateway API manifests, and what is lost. */
  convert(question: Of<ConvertQuestion> = {}): Conversion {
    return this.ask({ ...question, ask: "convert" });
  }

  /** What a careful engineer would raise about the cluster. */
  lint(question: Of<LintQuestion> = {}): Lint {
    return this.ask({ ...question, ask: "lint" });
  }

  /** May `from` open this connection to `to`, as far as policies go, and which of them say so? */
  policyVerdict(question: Of<PolicyVerdictQuestion>): Verdict {
    return this.ask({ ...question, ask: "policyVerdict" });
  }

  /** Exactly the ports on which `from` may open connections to `to`. */
  allowedPorts(question: Of<AllowedPortsQuestion>): AllowedPorts {
    return this.ask({ ...question, ask: "allowedPorts" });
  }

  /** Who may talk to whom, on which ports. */
  reachability(question: Of<ReachabilityQuestion> = {}): Reachability {
    return this.ask({ ...question, ask: "reachability" });
  }

  /** Which policies select a pod. */
  policiesOf(question: Of<PoliciesOfQuestion>): PoliciesOf {
    return this.ask({ ...question, ask: "policiesOf" });
  }

  /** Which pods a policy selects. */
  podsOf(question: Of<PodsOfQuestion>): PodsOf {
    return this.ask({ ...question, ask: "podsOf" });
  }

  /** To whom pods are exposed beyond what is in the input. */
  exposure(question: Of<ExposureQuestion> = {}): Exposure {
    return this.ask({ ...question, ask: "exposure" });
  }

  /**
   * Which connections an edit gains and loses: the cluster with these sources in place of those of the
   * same names.
   */
  policyDiff(question: Of<PolicyDiffQuestion>): PolicyDiff {
    return this.ask({ ...question, ask: "policyDiff" });
  }

  /** What does a name resolve to from a pod, with every query on the way? */
  resolve(question: Of<ResolveQuestion>): Lookup {
    return this.ask({ ...question, ask: "resolve" });
  }

  /** What does the DNS server alone answer? */
  dig(question: Of<DigQuestion>): DnsResponse {
    return this.ask({ ...question, ask: "dig" });
  }

  /** The resolv.conf that the kubelet writes for a pod. */
  resolvConf(question: Of<ResolvConfQuestion>): PodResolvConf {
    return this.ask({ ...question, ask: "resolvConf" });
  }

  /** The /etc/hosts and hostname that the kubelet gives a pod. */
  hosts(question: Of<HostsQuestion>): HostsFile {
    return this.ask({ ...question, ask: "hosts" });
  }

  /** All records of cluster DNS. */
  zone(question: Of<ZoneQuestion> = {}): ZoneListing {
    return this.ask({ ...question, ask: "zone" });
  }

  /** What does a command such as `nslookup api.prod` print in a pod? */
  tool(question: Of<ToolQuestion>): ToolRun {
    return this.ask({ ...question, ask: "tool" });
  }

  /** Do all connections from one selection to another on some ports have one outcome? */
  assert(question: Of<AssertQuestion>): Assertion {
    return this.ask({ ...question, ask: "assert" });
  }
}
