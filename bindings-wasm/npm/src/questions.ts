// Generated from core/src by `make surface`. Do not edit.

import type {
  Answers,
  ClusterQuestion,
  ClusterView,
  IngressesQuestion,
  Journey,
  KubectlQuestion,
  NginxQuestion,
  NginxTable,
  Output,
  ProblemList,
  ProblemsQuestion,
  Question,
  RouteQuestion,
  Routing,
  StatusList,
  TraceQuestion,
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
}
