// Generated from core/src by `make surface`. Do not edit.

/** What is wrong in the input, and what was taken for granted. */
export interface ProblemList {
  /** Problems in source order. */
  readonly problems: readonly Problem[];
  /** Assumptions in order of the objects. */
  readonly assumptions: readonly Assumption[];
}

/** Something wrong in the input. Loading never fails as a whole: it returns these. */
export interface Problem {
  /** How bad it is. */
  readonly severity: Severity;
  /** Stable code, `manifest/unknown-field`. A code never changes its meaning. */
  readonly code: string;
  /** One sentence, in the words of kubectl or the API server where they have some. */
  readonly message: string;
  /** The object it belongs to, as far as it could be told. */
  readonly object?: ObjectRef;
  /** Kubernetes field path, empty for the whole object or document. */
  readonly field?: string;
  /** Where it stands. */
  readonly place?: Place;
  /** What to do about it, when that is known. */
  readonly help?: string;
}

/** How bad a `Problem` is. */
export type Severity =
  /** The API server or kubectl refuses this object. */
  | "error"
  /** It is accepted, with a warning, or does not do what it says. */
  | "warning"
  /** Nothing is wrong; worth knowing. */
  | "advice";

/** Which Kubernetes object is meant. */
export interface ObjectRef {
  /** `Pod`, `Service`, `NetworkPolicy` … */
  readonly kind: string;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
  /** `metadata.name`. */
  readonly name: string;
}

/**
 * A position a person can go to: file, lines and columns, counted from 1.
 *
 * Columns count Unicode scalar values, as editors do. The end is exclusive.
 */
export interface Place {
  /** Name of the `Source`. */
  readonly file: string;
  /** Line of the first character, from 1. */
  readonly line: number;
  /** Column of the first character, from 1. */
  readonly column: number;
  /** Line of the end, from 1. */
  readonly endLine: number;
  /** Column after the last character, from 1. */
  readonly endColumn: number;
}

/** Something the library took for granted. */
export interface Assumption {
  /** Stable code, `model/pod-without-status`. */
  readonly code: string;
  /** One sentence. */
  readonly message: string;
  /** About which object. */
  readonly object?: ObjectRef;
}

/** The question names something that does not exist, or cannot be read. The only `Err` of a question. */
export type AskError =
  /** No such object. */
  | {
      readonly code: "notFound";
      /** `pod`, `service`, `node` … */
      readonly kind: string;
      /** What was asked for. */
      readonly name: string;
      /** The nearest name that exists. */
      readonly near: string | null;
    }
  /** The notation cannot be read. */
  | {
      readonly code: "unreadable";
      /** `destination`, `port` … */
      readonly what: string;
      /** What was given. */
      readonly text: string;
      /** Why, and what would be right. */
      readonly reason: string;
    };

/** The cluster around the manifests. Every field has a default, kubeadm's where kubeadm has one. */
export interface Settings {
  /** The Kubernetes version modelled, `1.33` to `1.37`. Default `1.36`. */
  readonly kubernetes?: string | undefined;
  /** Names of the nodes when the manifests hold no Node and name none. Default `node-a`, `node-b`. */
  readonly nodes?: readonly string[] | undefined;
  /**
   * Addresses of nodes that have none of their own are taken from here, the 11th first, one block
   * per family. Default `192.168.10.0/24`.
   */
  readonly nodeCidrs?: readonly string[] | undefined;
  /** `--cluster-cidr`: pod addresses, one block per family, first is primary. Default `10.244.0.0/16`. */
  readonly podCidrs?: readonly string[] | undefined;
  /** `--node-cidr-mask-size-ipv4`. Default 24. */
  readonly nodeMaskV4?: number | undefined;
  /** `--node-cidr-mask-size-ipv6`. Default 64. */
  readonly nodeMaskV6?: number | undefined;
  /** `--service-cluster-ip-range`, one block per family, first is primary. Default `10.96.0.0/12`. */
  readonly serviceCidrs?: readonly string[] | undefined;
  /** `--service-node-port-range`, both ends included. Default 30000 to 32767. */
  readonly nodePortRange?: readonly [number, number] | undefined;
  /** The objects are as the API server stores them (a dump): nothing is defaulted or allocated. */
  readonly stored?: boolean | undefined;
  /** kube-proxy. */
  readonly proxy?: ProxySettings | undefined;
  /** The network plugin. */
  readonly cni?: CniSettings | undefined;
  /** What implementations of NetworkPolicy do differently. */
  readonly policy?: PolicySettings | undefined;
  /** Cluster DNS and resolvers. */
  readonly dns?: DnsSettings | undefined;
  /** Ingress and Gateway controllers. */
  readonly ingress?: IngressSettings | undefined;
  /** What is known of a pod whose containers declare no port at all. Default: nothing. */
  readonly undeclaredPorts?: UndeclaredPorts | undefined;
}

/** How kube-proxy runs. */
export interface ProxySettings {
  /** `--proxy-mode`. Default iptables, as in 1.33 to 1.37. */
  readonly mode?: ProxyMode | undefined;
  /** `--masquerade-all`. Default false. */
  readonly masqueradeAll?: boolean | undefined;
  /** `--detect-local-mode ClusterCIDR` with these blocks; empty means no detector. Default: the pod CIDRs. */
  readonly detectLocal?: readonly string[] | undefined;
  /** `--nodeport-addresses`. Default empty: all (iptables) or the primary (nftables). */
  readonly nodePortAddresses?: readonly string[] | undefined;
  /** `--iptables-localhost-nodeports`. Default true. */
  readonly localhostNodePorts?: boolean | undefined;
}

/** kube-proxy's backends. */
export type ProxyMode =
  /** The default on Linux. */
  | "iptables"
  /** Stable since 1.33. */
  | "nftables"
  /** Deprecated since 1.35. */
  | "ipvs";

/** The network plugin. */
export interface CniSettings {
  /** Whether NetworkPolicy is enforced. Default true; false for flannel and the plain bridge. */
  readonly enforcesNetworkPolicy?: boolean | undefined;
  /** How packets travel between nodes. Default VXLAN. */
  readonly transport?: Transport | undefined;
}

/** How pod packets travel from node to node. */
export type Transport =
  /** Encapsulated in UDP. */
  | "vxlan"
  /** Encapsulated in IP. */
  | "ipip"
  /** Plain routes to the other node's pod CIDR (host-gw, BGP). */
  | "routed"
  /**
   * The reference bridge plugin alone: no route between nodes' pod CIDRs is set up by the plugin itself,
   * and `ipMasq` rewrites what leaves the node's own pod CIDR.
   */
  | "bridge";

/** What implementations of NetworkPolicy do differently. */
export interface PolicySettings {
  /** What a hostNetwork pod counts as. Default: its node, the most common case. */
  readonly hostNetwork?: HostNetworkPolicy | undefined;
  /** Whether an ipBlock matches pod addresses. Default true, as upstream's end-to-end tests require. */
  readonly ipBlockMatchesPods?: boolean | undefined;
  /** Whether `endPort` is supported. Default true. */
  readonly endPort?: boolean | undefined;
}

/** How NetworkPolicy sees pods on the host network. */
export type HostNetworkPolicy =
  /** As traffic of the node; selectors never match them. */
  | "asNode"
  /** As any other pod. */
  | "distinguish";

/** Cluster DNS, as the kubelet is told about it. */
export interface DnsSettings {
  /** `clusterDomain`. Default `cluster.local`. */
  readonly clusterDomain?: string | undefined;
  /** `clusterDNS`. Default: the 10th address of the first service CIDR. */
  readonly clusterDns?: readonly string[] | undefined;
  /** The resolver library that programs use. Default glibc. */
  readonly resolver?: Resolver | undefined;
  /** The node's /etc/resolv.conf. Default `nameserver 192.168.10.1`. */
  readonly nodeResolvConf?: string | undefined;
}

/** Resolver libraries, which differ in search order and in what stops a search. */
export type Resolver =
  /** GNU libc (Debian, Ubuntu, most images). */
  | "glibc"
  /** musl (Alpine). */
  | "musl";

/** Which behaviour answers HTTP questions. */
export interface IngressSettings {
  /** Default: what the controller's name in the IngressClass says, else the specification. */
  readonly profile?: IngressProfile | undefined;
  /** The time certificates are judged at, RFC 3339. Absent: expiry is not judged. */
  readonly time?: string | undefined;
}

/** Behaviours of Ingress controllers. */
export type IngressProfile =
  /** As the API documentation specifies. */
  | "spec"
  /** ingress-nginx v1.15.1. */
  | "ingressNginx";

/**
 * What is known of a pod whose containers declare no port at all. Declaring ports is optional, so
 * such a pod may listen anywhere.
 */
export type UndeclaredPorts =
  /** Nothing: whether it listens is undetermined. */
  | "undetermined"
  /** It listens on nothing, as a pod that declares other ports does not listen on this one. */
  | "closed";

/** What is wrong in the input, and what was taken for granted. */
export interface ProblemsQuestion {
  readonly ask: "problems";
}

/** The answer to each question, by the name of the question. */
export interface Answers {
  readonly problems: ProblemList;
}

/** Any question. */
export type Question =
  | ProblemsQuestion;

/** Any answer. */
export type Answer = Answers[keyof Answers];
