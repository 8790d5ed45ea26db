// Where each rule comes from: the citations that stand beside the rules in core, collected at build time.
const files = import.meta.glob<string>("../../../../core/src/**/*.rs", { query: "?raw", import: "default", eager: true });

export interface Rule {
  room: string;
  file: string;
  line: number;
  project: string;
  source: string;
}

const CITATION = /^\s*\/\/[/!]?\s*(k8s|coredns|ingress-nginx|gateway-api|network-policy-api|cni|kubelet|glibc|musl|busybox|bind|nginx): (.+)$/;

/** All citations, by room and file. */
export const rules: readonly Rule[] = Object.entries(files)
  .sort(([a], [b]) => a.localeCompare(b))
  .flatMap(([path, text]) => {
    const file = path.replace(/^.*\/core\/src\//, "");
    return text.split("\n").flatMap((line, index) => {
      const match = CITATION.exec(line);
      return match?.[1] && match[2] ? [{ room: file.split("/")[0] ?? "", file, line: index + 1, project: match[1], source: match[2] }] : [];
    });
  });
