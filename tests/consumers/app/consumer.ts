// A consumer as strict as they come.
import { Cluster, KubehopError, type Answers, type Problem, type Question, type Settings } from "kubehop";

const settings: Settings = { kubernetes: "1.36", proxy: { mode: "nftables" } };
const cluster: Cluster = Cluster.load([{ name: "shop.yaml", text: "" }], settings);

export const messages: readonly string[] = cluster.problems().problems.map((problem: Problem) => problem.message);

export function ways(from: string, to: string): string[] {
  try {
    return cluster.trace({ from, to, port: 80 }).traces.map((trace) => {
      switch (trace.disposition.kind) {
        case "connected":
          return `${trace.share} connects to ${trace.disposition.address}`;
        default:
          return `${trace.share} ${trace.disposition.kind}`;
      }
    });
  } catch (error) {
    if (error instanceof KubehopError && error.details?.code === "notFound") {
      const near: string | null = error.details.near;
      return [near ?? error.message];
    }
    throw error;
  }
}

export const question: Question = { ask: "problems" };
export const answer: Answers["trace"] = cluster.ask({ ask: "trace", from: "a/b", to: "c/d" });

// @ts-expect-error there is no such setting
Cluster.load("", { kubernets: "1.36" });
// @ts-expect-error there is no such question
cluster.ask({ ask: "weather" });
// @ts-expect-error answers are frozen
cluster.problems().problems.length = 0;
