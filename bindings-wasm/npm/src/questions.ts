// Generated from core/src by `make surface`. Do not edit.

import type {
  AllowedPorts,
  AllowedPortsQuestion,
  Answers,
  AssertQuestion,
  Assertion,
  ClusterQuestion,
  ClusterView,
  DigQuestion,
  DnsResponse,
  HostsFile,
  HostsQuestion,
  IngressesQuestion,
  Journey,
  KubectlQuestion,
  Lookup,
  NginxQuestion,
  NginxTable,
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
  ResolvConfQuestion,
  ResolveQuestion,
  RouteQuestion,
  Routing,
  StatusList,
  ToolQuestion,
  ToolRun,
  TraceQuestion,
  Verdict,
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

  /** What a `kubectl get` or `kubectl describe` command would print. */
  kubectl(question: Of<KubectlQuestion>): Output {
    return this.ask({ ...question, ask: "kubectl" });
  }

  /** Can `from` open a connection to `to`, and what happens on the way? */
  trace(question: Of<TraceQuestion>): Journey {
    return this.ask({ ...question, ask: "trace" });
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
