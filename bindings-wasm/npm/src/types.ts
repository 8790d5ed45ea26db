// Generated from core/src by `make surface`. Do not edit.

/** What is wrong in the input, and what was taken for granted. */
export interface ProblemList {
  /** How many objects the input holds. */
  readonly objects: number;
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

/** The settled cluster as data, for pictures and tables. */
export interface ClusterView {
  /** Nodes, in the order of the snapshot. */
  readonly nodes: readonly NodeView[];
  /** Names of the namespaces, sorted. */
  readonly namespaces: readonly string[];
  /** Pods, in the order of the snapshot. */
  readonly pods: readonly PodView[];
  /** Services, in the order of the snapshot. */
  readonly services: readonly ServiceView[];
  /** EndpointSlices, in the order of the snapshot. */
  readonly slices: readonly SliceView[];
}

/** A node. */
export interface NodeView {
  /** Name. */
  readonly name: string;
  /** InternalIPs, primary first. */
  readonly ips: readonly string[];
  /** Pod CIDRs. */
  readonly podCidrs: readonly string[];
  /** Its zone. */
  readonly zone?: string;
  /** Whether it is ready. */
  readonly ready: boolean;
  /** Whether the input has no Node of this name. */
  readonly synthesised: boolean;
}

/** A pod. */
export interface PodView {
  /** Namespace. */
  readonly namespace: string;
  /** Name. */
  readonly name: string;
  /** Node, absent while unscheduled. */
  readonly node?: string;
  /** Addresses, primary first. */
  readonly ips: readonly string[];
  /** Phase. */
  readonly phase: Phase;
  /** Whether it is ready. */
  readonly ready: boolean;
  /** Whether it is being deleted. */
  readonly terminating: boolean;
  /** Whether it shares its node's network. */
  readonly hostNetwork: boolean;
  /** Labels. */
  readonly labels: { readonly [key: string]: string };
  /** The workload it belongs to. */
  readonly workload?: ObjectRef;
  /** Whether its addresses were allocated by the model. */
  readonly ipsAllocated: boolean;
  /** Whether its node was chosen by the model. */
  readonly nodeChosen: boolean;
  /** Whether the control plane brought it, without a manifest. */
  readonly synthesised: boolean;
}

/** Lifecycle phase of a pod. */
export type Phase =
  /** Not started; may have no address. */
  | "pending"
  /** Running. */
  | "running"
  /** Ended well: no network any more. */
  | "succeeded"
  /** Ended badly: no network any more. */
  | "failed"
  /** The node does not answer. */
  | "unknown";

/** A Service. */
export interface ServiceView {
  /** Namespace. */
  readonly namespace: string;
  /** Name. */
  readonly name: string;
  /** `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`. */
  readonly type: string;
  /** ClusterIPs; `None` for a headless Service; empty for an ExternalName. */
  readonly clusterIps: readonly string[];
  /** External addresses: `spec.externalIPs`, then those of load balancers. */
  readonly externalIps: readonly string[];
  /** `spec.externalName`. */
  readonly externalName?: string;
  /** Ports. */
  readonly ports: readonly ServicePortView[];
  /** Selector; empty where it has none. */
  readonly selector: { readonly [key: string]: string };
  /** Field paths allocated by the model. */
  readonly allocated: readonly string[];
  /** Whether the control plane brought it, without a manifest. */
  readonly synthesised: boolean;
}

/** One port of a Service. */
export interface ServicePortView {
  /** Name, empty when unnamed. */
  readonly name: string;
  /** Number. */
  readonly port: number;
  /** Protocol. */
  readonly protocol: string;
  /** Number or name on the pod. */
  readonly targetPort: string;
  /** Port on every node; absent when there is none. */
  readonly nodePort?: number;
}

/** An EndpointSlice. */
export interface SliceView {
  /** Namespace. */
  readonly namespace: string;
  /** Name. */
  readonly name: string;
  /** The Service it belongs to. */
  readonly service?: string;
  /** `IPv4`, `IPv6` or `FQDN`. */
  readonly addressType: string;
  /** Ports as `name:port/protocol`; `*` for all numbers. */
  readonly ports: readonly string[];
  /** Endpoints. */
  readonly endpoints: readonly EndpointView[];
  /** Whether the control plane made it. */
  readonly synthesised: boolean;
}

/** One endpoint. */
export interface EndpointView {
  /** Addresses. */
  readonly addresses: readonly string[];
  /** The pod behind it, `namespace/name`. */
  readonly pod?: string;
  /** Whether it takes new connections. */
  readonly ready: boolean;
  /** Whether its pod is ready, terminating or not. */
  readonly serving: boolean;
  /** Whether its pod is being deleted. */
  readonly terminating: boolean;
  /** Zones it is meant for; absent when for all. */
  readonly forZones?: readonly string[];
  /** Nodes it is meant for; absent when for all. */
  readonly forNodes?: readonly string[];
}

/** A port in a question: a number, or a name as text. */
export type PortText = number | string;

/** What the troubleshooter found. */
export interface Diagnosis {
  /** The connection asked about; absent for the cluster as a whole. */
  readonly question?: Asked;
  /** One sentence. */
  readonly summary: string;
  /** Pod, Service, DNS, NetworkPolicy and Ingress, in this order. */
  readonly layers: readonly LayerReport[];
}

/** The question as it was understood. */
export interface Asked {
  /** Who asks, as written. */
  readonly from: string;
  /** What for, as written. */
  readonly to: string;
  /** The port, once it is known. */
  readonly port?: number;
  /** The protocol. */
  readonly protocol: Protocol;
}

/** Transport protocols that Services and policies know. */
export type Protocol =
  /** TCP, the default everywhere in the API. */
  | "TCP"
  /** UDP. */
  | "UDP"
  /** SCTP. */
  | "SCTP";

/** One layer. */
export interface LayerReport {
  /** Which. */
  readonly layer: Layer;
  /** How it stands. */
  readonly state: State;
  /** One sentence. */
  readonly sentence: string;
  /** What was found, blocking faults first. */
  readonly findings: readonly Finding[];
}

/** Layers of the network, as people look for faults. */
export type Layer =
  /** Pods: do they run, are they ready, do they listen? */
  | "pod"
  /** Services: selectors, ports, types, endpoints. */
  | "service"
  /** Names. */
  | "dns"
  /** Policies. */
  | "networkPolicy"
  /** HTTP rules. */
  | "ingress";

/** How a layer stands. */
export type State =
  /** Nothing stands in the way here. */
  | "ok"
  /** A fault here stops it. */
  | "faulty"
  /** It was not reached, because of a fault elsewhere. */
  | "blocked"
  /** It has no part in this. */
  | "notUsed"
  /** It cannot be told. */
  | "undetermined";

/** A judgement with its evidence and a way out. */
export interface Finding {
  /** Stable code, `service/selects-nothing`. */
  readonly code: string;
  /** Where the fault lies. */
  readonly layer: Layer;
  /** Whether something cannot work because of it; otherwise it is advice. */
  readonly blocking: boolean;
  /** The object to change. */
  readonly object: ObjectRef;
  /** Other objects that take part. */
  readonly also: readonly ObjectRef[];
  /** What is wrong, one sentence. */
  readonly cause: string;
  /** What to do, one sentence. */
  readonly fix: string;
  /** What came nearest to working. */
  readonly nearMiss?: NearMiss;
  /** The fields that show it. */
  readonly evidence: readonly Evidence[];
  /** The connection that shows it, `web/frontend → api.prod:80`; absent when the objects alone do. */
  readonly seen?: string;
}

/** What came nearest to another outcome. */
export interface NearMiss {
  /** One sentence. */
  readonly sentence: string;
  /** The objects and fields it is about. */
  readonly evidence: readonly Evidence[];
}

/** The object, field and source position behind a decision. */
export interface Evidence {
  /** The object that decided. */
  readonly object: ObjectRef;
  /** Kubernetes field path inside it, `spec.ports[0].targetPort`; empty for the whole object. */
  readonly field: string;
  /**
   * Where that field (or, when it is absent, its nearest parent) stands in the input. Absent for
   * objects the control plane made.
   */
  readonly place?: Place;
}

/** What a command prints. */
export interface Output {
  /** Standard output. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
  /** Exit code. */
  readonly exitCode: number;
}

/** The answer to one `Connection`. */
export interface Journey {
  /** What was asked. */
  readonly question: Asked;
  /** One sentence: what the client sees. */
  readonly summary: string;
  /** Whether every way ends in a connection, some do, none does, or it cannot be told. */
  readonly outcome: Outcome;
  /** Every way the connection may go; the shares add up to 1. */
  readonly traces: readonly Trace[];
  /** How long the Service sends one client to the same backend, in seconds, when it does. */
  readonly stickySeconds?: number;
  /** What this answer takes for granted. */
  readonly assumptions: readonly Assumption[];
}

/** The traces of a `Journey` taken together. */
export type Outcome =
  /** Every try connects. */
  | "connected"
  /** Some tries connect: it depends on the backend or address chosen. */
  | "sometimes"
  /** No try connects. */
  | "failed"
  /** A fact is missing, and no way is sure to fail or connect without it. */
  | "undetermined";

/** One way a connection may go. */
export interface Trace {
  /** How many of all tries go this way. */
  readonly share: string;
  /** How it ends for the client. */
  readonly disposition: Disposition;
  /** The code of the step that decided. */
  readonly code: string;
  /** The places passed, in order. */
  readonly hops: readonly Hop[];
  /** How the answer comes back; empty when there is none. */
  readonly reply: readonly Step[];
}

/** What the client sees in the end. */
export type Disposition =
  /** The connection is made (for UDP: the datagram arrives). */
  | {
      readonly kind: "connected";
      /** With whom. */
      readonly to: At;
      /** Address and port it arrived at. */
      readonly address: string;
    }
  /** Something answers at once that nobody listens. */
  | {
      readonly kind: "refused";
      /** Who answers. */
      readonly by: At;
    }
  /** Nobody answers. */
  | {
      readonly kind: "timedOut";
      /** Where the packet is lost. */
      readonly at: At;
    }
  /** The name does not exist. */
  | {
      readonly kind: "nameNotFound";
      /** The name as typed. */
      readonly name: string;
    }
  /** The name server does not answer. */
  | {
      readonly kind: "nameLookupTimedOut";
      /** The name as typed. */
      readonly name: string;
    }
  /** The name server is there and says that it cannot answer, or refuses. */
  | {
      readonly kind: "nameLookupFailed";
      /** The name as typed. */
      readonly name: string;
    }
  /** There is no address to connect to or from. */
  | {
      readonly kind: "noAddress";
      /** Who has none. */
      readonly of: string;
    }
  /** A router on the way says that there is no way. */
  | {
      readonly kind: "noRoute";
      /** Which. */
      readonly at: At;
    }
  /** It depends on a fact that is not in the input. */
  | {
      readonly kind: "undetermined";
      /** The missing fact. */
      readonly missing: string;
    }
  /** Kubernetes leaves it to the implementation. */
  | {
      readonly kind: "implementationDefined";
      /** What is left open. */
      readonly what: string;
      /** What usually happens. */
      readonly usually: Disposition;
    };

/** A place a packet passes. */
export type At =
  /** The network namespace of a pod. */
  | {
      readonly kind: "pod";
      /** Namespace. */
      readonly namespace: string;
      /** Name. */
      readonly name: string;
      /** Its node. */
      readonly node?: string;
    }
  /** The host network of a node. */
  | {
      readonly kind: "node";
      /** Name. */
      readonly name: string;
    }
  /** A load balancer in front of the cluster. */
  | {
      readonly kind: "loadBalancer";
      /** The Service, `namespace/name`. */
      readonly service: string;
      /** Its address. */
      readonly address: string;
    }
  /** Beyond the cluster. */
  | {
      readonly kind: "outside";
      /** The address. */
      readonly address: string;
    };

/** What happened at one place. */
export interface Hop {
  /** Where. */
  readonly at: At;
  /** The packet as it came in; absent while there is none yet. */
  readonly before?: Packet;
  /** The packet as it went on; absent when it went no further. */
  readonly after?: Packet;
  /** What happened, in order. */
  readonly steps: readonly Step[];
}

/** The header of the first packet of a connection. */
export interface Packet {
  /** Source address. */
  readonly source: string;
  /** Destination address. */
  readonly destination: string;
  /** Destination port. */
  readonly port: number;
  /** Protocol. */
  readonly protocol: Protocol;
}

/** One thing that happened, and why. */
export interface Step {
  /** What kind of thing. */
  readonly action: Action;
  /** Stable code, `policy/no-rule-matches`. */
  readonly code: string;
  /** One sentence. */
  readonly sentence: string;
  /** The objects and fields that decided. */
  readonly evidence: readonly Evidence[];
  /** For a "no": what came nearest to a "yes". */
  readonly nearMiss?: NearMiss;
  /** The particulars. */
  readonly detail?: Detail;
}

/** Kinds of `Step`. */
export type Action =
  /** The client sends the packet. */
  | "originated"
  /** A name was looked up. */
  | "resolved"
  /** A Service chose among its backends. */
  | "selected"
  /** An address was rewritten. */
  | "translated"
  /** The packet was handed on. */
  | "forwarded"
  /** A policy lets it pass. */
  | "permitted"
  /** A policy drops it. */
  | "denied"
  /** A program takes it. */
  | "accepted"
  /** Somebody answers that nobody listens. */
  | "refused"
  /** It is lost. */
  | "dropped"
  /** It cannot be told. */
  | "undetermined";

/** Particulars of a `Step`. */
export type Detail =
  /** The questions a resolver asked. */
  | {
      readonly kind: "lookup";
      /** In the order asked. */
      readonly queries: readonly LookupQuery[];
    }
  /** The policies that isolate one end of the connection. */
  | {
      readonly kind: "policies";
      /** `ingress` or `egress`, from the point of view of the pod they select. */
      readonly direction: Direction;
      /** The policies. */
      readonly isolatedBy: readonly ObjectRef[];
    }
  /** The backends a Service may choose. */
  | {
      readonly kind: "backends";
      /** `namespace/name`. */
      readonly service: string;
      /** How many are eligible; each has a trace of its own. */
      readonly eligible: number;
      /** The first ten of them. */
      readonly backends: readonly Candidate[];
    };

/** One question of a resolver. */
export interface LookupQuery {
  /** The full name asked for. */
  readonly name: string;
  /** `A` or `AAAA`. */
  readonly recordType: string;
  /** The name server. */
  readonly server: string;
  /** `NOERROR`, `NXDOMAIN`, `TIMEOUT` … */
  readonly rcode: string;
  /** The addresses answered. */
  readonly addresses: readonly string[];
}

/** From the point of view of the pod that a policy selects. */
export type Direction =
  /** Into the pod. */
  | "ingress"
  /** Out of the pod. */
  | "egress";

/** A backend that a Service may choose. */
export interface Candidate {
  /** Address and port. */
  readonly address: string;
  /** `namespace/name` of the pod behind it. */
  readonly pod?: string;
  /** Its part of new connections. */
  readonly share: string;
}

/** A Service: its addresses, what answers behind each port, and why each pod is an endpoint or not. */
export interface ServiceReport {
  /** The Service. */
  readonly service: ObjectRef;
  /** `ClusterIP`, `NodePort` … */
  readonly type: string;
  /** ClusterIPs; `None` for a headless Service. */
  readonly clusterIps: readonly string[];
  /** `spec.externalIPs`. */
  readonly externalIps: readonly string[];
  /** Addresses and names that the load balancer reported. */
  readonly loadBalancer: readonly string[];
  /** Why kube-proxy leaves it alone, if it does. */
  readonly notProxied?: Reason;
  /** Its ports with their endpoints. */
  readonly ports: readonly PortReport[];
  /** The pods it selects, then those it nearly selects. */
  readonly pods: readonly Membership[];
  /** Other pods of the namespace, which have nothing in common with the selector. */
  readonly otherPods: number;
}

/** One step of a decision: a stable code, a sentence, and the fields behind it. */
export interface Reason {
  /** Stable code, `services/no-endpoints`. */
  readonly code: string;
  /** One English sentence. */
  readonly sentence: string;
  /** The objects and fields that decided. */
  readonly evidence: readonly Evidence[];
}

/** A port of a Service. */
export interface PortReport {
  /** Name, empty for the only port. */
  readonly name: string;
  /** Port of the Service. */
  readonly port: number;
  /** Protocol. */
  readonly protocol: Protocol;
  /** Number or name of the pods' port. */
  readonly targetPort: string;
  /** Node port. */
  readonly nodePort?: number;
  /** Endpoints in the order of the slices. */
  readonly endpoints: readonly EndpointReport[];
}

/** An endpoint of a Service port. */
export interface EndpointReport {
  /** `ip:port`. */
  readonly address: string;
  /** The pod behind it. */
  readonly pod?: ObjectRef;
  /** The node it is on. */
  readonly node?: string;
  /** Whether it gets connections. */
  readonly ready: boolean;
  /** Whether it is being deleted. */
  readonly terminating: boolean;
  /** Name of its EndpointSlice. */
  readonly slice: string;
}

/** A pod beside a Service: whether it is one of its endpoints, check by check. */
export interface Membership {
  /** The pod. */
  readonly pod: ObjectRef;
  /** What it is to the Service. */
  readonly standing: Standing;
  /** One sentence. */
  readonly sentence: string;
  /** Every check in order, those that hold too. */
  readonly checks: readonly MembershipCheck[];
}

/** What a pod is to a Service. */
export type Standing =
  /** A ready endpoint: it gets connections. */
  | "ready"
  /** An endpoint that is being deleted: it gets connections only when nothing is ready. */
  | "terminating"
  /** An endpoint that is not ready: it gets no connections. */
  | "notReady"
  /** Selected, but on none of the Service's ports. */
  | "noPort"
  /** No endpoint. */
  | "none";

/** One condition of being an endpoint. */
export interface MembershipCheck {
  /** Stable code, `services/label`. */
  readonly code: string;
  /** Whether it holds. */
  readonly holds: boolean;
  /** One sentence. */
  readonly sentence: string;
  /** The fields compared. */
  readonly evidence: readonly Evidence[];
}

/** kube-proxy's backends. */
export type ProxyMode =
  /** The default on Linux. */
  | "iptables"
  /** Stable since 1.33. */
  | "nftables"
  /** Deprecated since 1.35. */
  | "ipvs";

/** An IP family. */
export type Family =
  /** IPv4. */
  | "IPv4"
  /** IPv6. */
  | "IPv6";

/** The rules of a node. */
export interface RulesText {
  /** The node. */
  readonly node: string;
  /** The mode. */
  readonly mode: ProxyMode;
  /** The family. */
  readonly family: Family;
  /** Input of `iptables-restore` or `nft -f`, or the output of `ipvsadm -Ln`. */
  readonly text: string;
}

/** A packet walked through the rendered rules of a node. */
export interface RuleWalk {
  /** The node. */
  readonly node: string;
  /** The mode. */
  readonly mode: ProxyMode;
  /** The packet. */
  readonly packet: Packet;
  /** The rules that matched, and where they lead. */
  readonly walk: Traced;
}

/** What a walk found. */
export interface Traced {
  /** Every destination the packet can be translated to, in the order of the rules. */
  readonly reached: readonly Reached[];
  /** The verdict of the filter rules, if one of them matched. */
  readonly verdict?: TraceVerdict;
  /** Whether the packet is marked for masquerading on any of its ways. */
  readonly masquerade: boolean;
  /** The rules that matched, in the order of the walk. */
  readonly rules: readonly string[];
}

/** One destination. */
export interface Reached {
  /** `ip:port`. */
  readonly destination: string;
  /** Part of the packets that go there. */
  readonly share: string;
  /** Whether they are masqueraded. */
  readonly masquerade: boolean;
}

/** A verdict of the filter table. */
export type TraceVerdict =
  /** Let through. */
  | "accept"
  /** Gone without an answer. */
  | "drop"
  /** Answered with an error. */
  | "reject";

/** What answers on a port of a node. */
export interface NodePortReport {
  /** The node. */
  readonly node: string;
  /** Its address. */
  readonly address?: string;
  /** The port. */
  readonly port: number;
  /** Protocol. */
  readonly protocol: Protocol;
  /** The Service whose node port it is. */
  readonly service?: ObjectRef;
  /** Pods that have this port of the node for themselves, by hostNetwork or hostPort. */
  readonly pods: readonly ObjectRef[];
  /** Node ports that Services have, when this is none of them. */
  readonly nodePorts: readonly number[];
  /** What clients in different places see. */
  readonly seen: readonly ViewPoint[];
}

/** What one kind of client sees. */
export interface ViewPoint {
  /** Who asks. */
  readonly from: Asker;
  /** What kube-proxy does. */
  readonly selection: SelectionReport;
}

/** Kinds of clients. */
export type Asker =
  /** A host beyond the cluster. */
  | "outside"
  /** A pod of the node. */
  | "pod"
  /** The node itself. */
  | "node";

/** A `Selection` as plain data. */
export interface SelectionReport {
  /** The packet. */
  readonly packet: Packet;
  /** The address it was for. */
  readonly via?: Via;
  /** What happens. */
  readonly fate: Fate;
  /** Where it can go. */
  readonly backends: readonly BackendReport[];
  /** Why. */
  readonly reasons: readonly Reason[];
}

/** By which of its addresses a Service was reached. */
export type Via =
  /** `spec.clusterIPs`. */
  | "clusterIp"
  /** `spec.externalIPs`. */
  | "externalIp"
  /** `status.loadBalancer.ingress`. */
  | "loadBalancer"
  /** `spec.ports[].nodePort` on an address of the node. */
  | "nodePort";

/** What happens to a packet. */
export type Fate =
  /** No rule: it goes on as it is. */
  | "notMatched"
  /** Answered with an error. */
  | "rejected"
  /** Gone without an answer. */
  | "dropped"
  /** Taken by kube-proxy's health check server. */
  | "healthCheck"
  /** Sent to a backend. */
  | "forwarded";

/** A `Backend` as plain data. */
export interface BackendReport {
  /** `ip:port`. */
  readonly address: string;
  /** The pod behind it. */
  readonly pod?: ObjectRef;
  /** The node it is on. */
  readonly node?: string;
  /** Part of the connections it gets. */
  readonly share: string;
  /** The source address it sees; absent when the model does not know it. */
  readonly sourceSeen?: string;
  /** Why the source is another than the client's. */
  readonly masquerade?: Reason;
}

/** Where an address comes from. */
export interface AddressOrigin {
  /** The address. */
  readonly address: string;
  /** What it is. */
  readonly role: AddressRole;
  /** Who has it. */
  readonly owner?: ObjectRef;
  /** The block it is from. */
  readonly block?: string;
  /** How it came about, sentence by sentence. */
  readonly sentences: readonly string[];
  /** The fields behind it. */
  readonly evidence: readonly Evidence[];
}

/** What an address is. */
export type AddressRole =
  /** Of a pod. */
  | "pod"
  /** Of a node, and of the pods on its host network. */
  | "node"
  /** Of the bridge that a node's pods hang on. */
  | "bridge"
  /** Of a node's end of the tunnels. */
  | "tunnel"
  /** Of a Service. */
  | "clusterIp"
  /** `spec.externalIPs` of a Service. */
  | "externalIp"
  /** What a load balancer reported. */
  | "loadBalancer"
  /** In a node's pod CIDR, but no pod has it. */
  | "freePod"
  /** In the Service CIDR, but no Service has it. */
  | "freeService"
  /** In the cluster's pod CIDR, but in no node's. */
  | "unassignedPodCidr"
  /** Loopback. */
  | "loopback"
  /** None of the cluster's. */
  | "outside";

/** The way of a packet between two ends. */
export interface Way {
  /** Source address. */
  readonly source: string;
  /** Destination address. */
  readonly destination: string;
  /** Its legs. */
  readonly legs: readonly Leg[];
}

/** One leg of a way. */
export interface Leg {
  /** Stable code, `addressing/bridge`. */
  readonly code: string;
  /** Where the packet is: a pod or a node; absent outside. */
  readonly at?: ObjectRef;
  /** The interface it goes through. */
  readonly device?: string;
  /** The header around the packet while it is in a tunnel. */
  readonly outer?: TunnelHeader;
  /** The new source address, where one is put in. */
  readonly source?: string;
  /** One English sentence. */
  readonly sentence: string;
  /** The objects and fields that lead there. */
  readonly evidence: readonly Evidence[];
}

/** The outer header of a tunnelled packet. */
export interface TunnelHeader {
  /** `VXLAN, UDP 8472` or `IPIP, protocol 4`. */
  readonly encapsulation: string;
  /** Address of the sending node. */
  readonly source: string;
  /** Address of the receiving node. */
  readonly destination: string;
}

/** What happens to one HTTP request. */
export interface Routing {
  /** The request asked about. */
  readonly request: HttpRequest;
  /** One sentence: who answers, and with what. */
  readonly summary: string;
  /** The controller that takes it; absent when no Ingress is claimed by any. */
  readonly controller?: ControllerAnswer;
  /** Why nothing is served at all. When this is not empty, the rest says what would happen without them. */
  readonly obstacles: readonly Obstacle[];
  /** The host entry and path that took the request; absent when the controller's own default answers. */
  readonly matched?: Matched;
  /**
   * The path that won, those that match too and those that came near, with why each lost. Up to 40 paths
   * of rules that cover the host are all listed; of more, the nearest.
   */
  readonly candidates: readonly AnswerCandidate[];
  /** How many paths of rules that cover the host are not listed. */
  readonly candidatesLeftOut: number;
  /** How many paths stand under other hosts and are not listed. */
  readonly candidatesElsewhere: number;
  /** How it ends, with the share of each way; several only with canaries. */
  readonly outcomes: readonly AnswerOutcome[];
  /** What the TLS handshake shows; absent for plain requests. */
  readonly certificate?: CertificateAnswer;
  /** What the other behaviour would do, when it differs. */
  readonly difference?: Difference;
  /** The decisions in order. */
  readonly steps: readonly AnswerStep[];
}

/** One HTTP request as a client sends it. */
export interface HttpRequest {
  /** Plain or TLS. */
  readonly scheme: Scheme;
  /** Method; empty means GET. */
  readonly method: string;
  /**
   * The Host header (or `:authority`) as sent, port included; `None` when the client sends none
   * or addresses the controller by its IP.
   */
  readonly host?: string;
  /** Request target: path and query as sent. */
  readonly path: string;
  /** Headers; names in any case. */
  readonly headers?: { readonly [key: string]: string };
  /** The server name in the TLS handshake; absent means the host without its port. */
  readonly sni?: string;
  /**
   * Where the client is: an IP address outside the cluster or a pod `namespace/name`. Absent: outside,
   * at an address nobody asks about.
   */
  readonly client?: string;
}

/** `http` or `https`. */
export type Scheme =
  /** Plain text, port 80. */
  | "http"
  /** TLS, port 443. */
  | "https";

/** A controller, in an answer. */
export interface ControllerAnswer {
  /** `spec.controller` of its IngressClasses. */
  readonly name: string;
  /** Whose behaviour is answered. */
  readonly profile: IngressProfile;
  /** The classes it claims. */
  readonly classes: readonly string[];
  /** The workload whose pods it is. */
  readonly workload?: ObjectRef;
  /** Its pods. */
  readonly pods: readonly ObjectRef[];
}

/** Behaviours of Ingress controllers. */
export type IngressProfile =
  /** As the API documentation specifies. */
  | "spec"
  /** ingress-nginx v1.15.1. */
  | "ingressNginx";

/** Something that keeps requests from being served at all. */
export interface Obstacle {
  /** Stable code, `ingress/no-controller`. */
  readonly code: string;
  /** One sentence. */
  readonly message: string;
  /** What decided. */
  readonly evidence?: Evidence;
}

/** The path that took the request. */
export interface Matched {
  /** The Ingress it stands in. */
  readonly ingress: ObjectRef;
  /** The host of the rule; absent for rules without one and for a default backend. */
  readonly host?: string;
  /** The path as written; absent for a default backend. */
  readonly path?: string;
  /** The path type as written; absent for a default backend. */
  readonly pathType?: string;
  /** The nginx location, `location ~* "^/foo"`; only for ingress-nginx. */
  readonly location?: string;
  /** Where it stands. */
  readonly evidence: Evidence;
}

/** A path that was considered. */
export interface AnswerCandidate {
  /** The Ingress. */
  readonly ingress: ObjectRef;
  /** Host of its rule, empty for none. */
  readonly host: string;
  /** Path as written. */
  readonly path: string;
  /** Path type as written. */
  readonly pathType: string;
  /** Whether it took the request. */
  readonly won: boolean;
  /** Why it won or lost. */
  readonly why: string;
  /** Where it stands. */
  readonly evidence: Evidence;
}

/** One way a request ends. */
export interface AnswerOutcome {
  /** Its share of all such requests. */
  readonly share: string;
  /** The Service the request is for; absent when the controller answers by itself. */
  readonly backend?: BackendAnswer;
  /** What the backend sees; absent when it sees nothing. */
  readonly upstream?: UpstreamRequest;
  /** The pods behind the Service and what comes of connecting to each. */
  readonly endpoints: readonly EndpointAnswer[];
  /** What the client gets. */
  readonly response: Response;
  /** Headers that the controller adds to the response. */
  readonly responseHeaders?: readonly Header[];
  /** Why, in one sentence. */
  readonly why: string;
}

/** A Service as a backend. */
export interface BackendAnswer {
  /** The Service, whether it exists or not. */
  readonly service: ObjectRef;
  /** The port as the Ingress names it. */
  readonly port: string;
  /** Where the backend stands in the Ingress. */
  readonly evidence: Evidence;
}

/** What a backend sees. */
export interface UpstreamRequest {
  /** `http`, `https`, `$scheme`, `grpc`, `grpcs` or `fcgi`. */
  readonly protocol: string;
  /** Method. */
  readonly method: string;
  /** Host header. */
  readonly host: string;
  /** Request target. */
  readonly path: string;
  /** Headers that the controller adds or changes. */
  readonly headers: readonly Header[];
}

/** A header. */
export interface Header {
  /** Name. */
  readonly name: string;
  /** Value. */
  readonly value: string;
}

/** One endpoint of a backend. */
export interface EndpointAnswer {
  /** `10.244.1.5:8080`. */
  readonly address: string;
  /** The pod there. */
  readonly pod?: ObjectRef;
  /** What comes of connecting from the controller. */
  readonly connection: Connection;
  /** Why. */
  readonly why: string;
}

/** What comes of connecting to an address. */
export type Connection =
  /** Something listens there. */
  | "connected"
  /** Nothing listens there. */
  | "refused"
  /** A policy drops the packets. */
  | "timedOut"
  /** The manifests do not say. */
  | "undetermined";

/** What the client gets. */
export type Response =
  /** Whatever the backend answers. */
  | { readonly kind: "backend" }
  /** The controller answers by itself. */
  | {
      readonly kind: "status";
      /** HTTP status code. */
      readonly code: number;
      /** The Location header of a redirect. */
      readonly location?: string;
    }
  /** There is no HTTP answer: the connection or the TLS handshake fails. */
  | { readonly kind: "connectionFailed" }
  /** The model cannot tell. */
  | {
      readonly kind: "undetermined";
      /** What is missing. */
      readonly missing: string;
    };

/** The certificate that a client is shown. */
export interface CertificateAnswer {
  /** The Secret it is from; absent for the controller's own fake certificate. */
  readonly secret?: ObjectRef;
  /** Issuer common name. */
  readonly issuer: string;
  /** Its names. */
  readonly names: readonly string[];
  /** Whether it holds for the server name of the handshake. */
  readonly coversHost: boolean;
  /** Whether it is within its validity; absent when no time was given. */
  readonly valid?: boolean;
  /** Why this certificate. */
  readonly why: string;
  /** The certificate itself. */
  readonly data?: CertificateData;
}

/** The names and validity of a certificate. */
export interface CertificateData {
  /** Subject common name. */
  readonly commonName: string;
  /** Issuer common name. */
  readonly issuer: string;
  /** DNS names and addresses of the subject alternative name extension. */
  readonly names: readonly string[];
  /** URIs of the subject alternative name extension. */
  readonly uris?: readonly string[];
  /** Start of validity, RFC 3339. */
  readonly notBefore: string;
  /** End of validity, RFC 3339. */
  readonly notAfter: string;
}

/** What the other behaviour would do. */
export interface Difference {
  /** Whose behaviour this is. */
  readonly profile: IngressProfile;
  /** Who takes the request there; absent when nothing matches. */
  readonly matched?: Matched;
  /** What the client gets there. */
  readonly response: Response;
  /** One sentence. */
  readonly message: string;
}

/** One decision. */
export interface AnswerStep {
  /** One sentence. */
  readonly text: string;
  /** What decided. */
  readonly evidence?: Evidence;
}

/** What ingress-nginx configures nginx with. */
export interface NginxTable {
  /** Servers sorted by host, the catch-all `_` among them. */
  readonly servers: readonly NginxServer[];
  /** Why nginx refuses the whole configuration; the controller then keeps serving the one before. */
  readonly rejected: readonly string[];
  /** Ingresses that the controller drops, and why. */
  readonly dropped: readonly Dropped[];
  /** The same as configuration text: the directives that decide about routing. */
  readonly text: string;
}

/** One server block. */
export interface NginxServer {
  /** Host of the rules, `_` for the catch-all. */
  readonly host: string;
  /** The server_name directive. */
  readonly serverName: string;
  /** Other names, from server-alias. */
  readonly aliases: readonly string[];
  /** Whether every location is a case-insensitive regular expression. */
  readonly regexMode: boolean;
  /** The Secret of its certificate, `namespace/name`; empty for the default certificate. */
  readonly certificate?: string;
  /** The Secret that the tls section chooses for this host, whether it can be loaded or not. */
  readonly tlsSecret?: string;
  /** Locations in order. */
  readonly locations: readonly NginxLocation[];
}

/** One location block. */
export interface NginxLocation {
  /** `= "/foo"`, `"/foo/"` or `~* "^/foo"`. */
  readonly location: string;
  /** The upstream, `namespace-service-port` or `upstream-default-backend`. */
  readonly upstream: string;
  /** Name of the Service; absent for the default backend. */
  readonly service?: string;
  /** The rewrite and pass directives. */
  readonly pass: readonly string[];
  /** The Ingress it came from; absent for the controller's own. */
  readonly ingress?: ObjectRef;
  /** Where it stands. */
  readonly evidence?: Evidence;
  /** Whether no-tls-redirect-locations exempts it. */
  readonly forceNoSslRedirect: boolean;
}

/** An Ingress that the controller drops. */
export interface Dropped {
  /** The Ingress. */
  readonly ingress: ObjectRef;
  /** Why. */
  readonly why: string;
}

/** The status of every Ingress. */
export interface StatusList {
  /** In input order. */
  readonly ingresses: readonly IngressStatusAnswer[];
}

/** Class, controller and address of one Ingress. */
export interface IngressStatusAnswer {
  /** The Ingress. */
  readonly ingress: ObjectRef;
  /** Its class, by field or annotation. */
  readonly class?: string;
  /** The controller that takes it. */
  readonly controller?: string;
  /** What the controller writes into status.loadBalancer: IPs and host names. */
  readonly addresses: readonly string[];
  /** Where the addresses come from, or why there are none. */
  readonly why: string;
}

/** Why the webhook refuses an Ingress. */
export interface Refusal {
  /** The Ingress. */
  readonly ingress: ObjectRef;
  /**
   * What the webhook says; kubectl prints `admission webhook "validate.nginx.ingress.kubernetes.io" denied
   * the request: ` before it.
   */
  readonly message: string;
}

/** What a client speaks. */
export type GatewayProtocol =
  /** HTTP or HTTPS, by the request's scheme. */
  | "http"
  /** gRPC, which is HTTP/2 with a content type. */
  | "grpc"
  /** TLS without HTTP inside that anyone looks at. */
  | "tls"
  /** TCP. */
  | "tcp"
  /** UDP. */
  | "udp";

/** What a client shows of itself in a TLS handshake. */
export type ClientCertificate =
  /** Nothing. */
  | "none"
  /** A certificate of an authority that the Gateway is told to trust. */
  | "trusted"
  /** A certificate of anybody else. */
  | "untrusted";

/** What happens to a request or connection sent to a Gateway. */
export interface GatewayRouting {
  /** One sentence. */
  readonly summary: string;
  /** The Gateway. */
  readonly gateway: ObjectRef;
  /** `spec.controllerName` of its class; absent when no class claims it. */
  readonly controller?: string;
  /** Why nothing is served at all. When this is not empty, the rest says what would happen without them. */
  readonly obstacles: readonly Obstacle[];
  /** The listener that takes it. */
  readonly listener?: ListenerAnswer;
  /** The match that takes it. */
  readonly matched?: RouteMatched;
  /** Every rule that was considered, and why it lost. */
  readonly candidates: readonly RouteCandidate[];
  /** How many candidates are not listed. */
  readonly candidatesLeftOut: number;
  /** How it ends, with the share of each way. */
  readonly outcomes: readonly GatewayOutcome[];
  /** Copies that go elsewhere. */
  readonly mirrors?: readonly MirrorAnswer[];
  /** Timeouts of the rule, as written. */
  readonly timeouts?: TimeoutsAnswer;
  /** The certificate the client is shown. */
  readonly certificate?: GatewayCertificate;
  /** Whether the client must show a certificate itself. */
  readonly clientCertificateRequired: boolean;
  /** The decisions in order. */
  readonly steps: readonly string[];
}

/** The listener that takes a request. */
export interface ListenerAnswer {
  /** Its name. */
  readonly name: string;
  /** The Gateway or ListenerSet it stands in. */
  readonly object: ObjectRef;
  /** Its port. */
  readonly port: number;
  /** Its protocol. */
  readonly protocol: string;
  /** Its host name, empty for every host. */
  readonly hostname: string;
  /** Where it stands. */
  readonly evidence: Evidence;
}

/** The match that takes a request. */
export interface RouteMatched {
  /** The route. */
  readonly route: ObjectRef;
  /** Its kind. */
  readonly kind: RouteKind;
  /** The host name it serves there, empty for every host. */
  readonly hostname: string;
  /** The rule. */
  readonly rule: number;
  /** Name of the rule. */
  readonly ruleName?: string;
  /** Where the match stands. */
  readonly evidence: Evidence;
}

/** Kinds of routes. */
export type RouteKind =
  /** HTTP. */
  | "HTTPRoute"
  /** gRPC. */
  | "GRPCRoute"
  /** TLS by server name. */
  | "TLSRoute"
  /** TCP by port. */
  | "TCPRoute"
  /** UDP by port. */
  | "UDPRoute";

/** A rule that was considered. */
export interface RouteCandidate {
  /** The route. */
  readonly route: ObjectRef;
  /** Whether it took the request. */
  readonly won: boolean;
  /** Why it won or lost. */
  readonly why: string;
  /** Where the match stands. */
  readonly evidence: Evidence;
}

/** One way a request ends. */
export interface GatewayOutcome {
  /** Its share of all such requests. */
  readonly share: string;
  /** The Service it is for. */
  readonly backend?: ObjectRef;
  /** Port of that Service. */
  readonly port?: number;
  /** What the backend sees. */
  readonly upstream?: UpstreamRequest;
  /** Headers of the request as the backend sees them, names in lower case. */
  readonly headers?: readonly Header[];
  /** How the Gateway speaks TLS to the backend; absent for plain text. */
  readonly backendTls?: BackendTls;
  /** The pods behind the Service. */
  readonly endpoints: readonly EndpointAnswer[];
  /** What the client gets. */
  readonly response: Response;
  /** What a gRPC client sees of an answer that the Gateway gives by itself, `UNIMPLEMENTED`. */
  readonly grpcStatus?: string;
  /** What filters do to the response's headers, in order. */
  readonly responseChanges?: readonly HeaderChange[];
  /** Why. */
  readonly why: string;
}

/** How a Gateway speaks TLS to a backend. */
export interface BackendTls {
  /** The BackendTLSPolicy. */
  readonly policy: ObjectRef;
  /** The server name it sends, and the name the certificate must hold when no others are given. */
  readonly hostname: string;
  /** Names or URIs, one of which the certificate must hold. */
  readonly subjectAltNames: readonly string[];
  /** Where the trusted authorities come from: `ConfigMap a/b`, or `System`. */
  readonly authorities: readonly string[];
  /** Whether the policy can be used; if not, requests fail. */
  readonly usable: boolean;
  /** Where it stands. */
  readonly evidence: Evidence;
}

/** Changes to headers: set, then add, then remove. */
export interface HeaderChange {
  /** Replaced. */
  readonly set: readonly Header[];
  /** Appended. */
  readonly add: readonly Header[];
  /** Removed. */
  readonly remove: readonly string[];
}

/** A copy of requests. */
export interface MirrorAnswer {
  /** The Service that gets copies. */
  readonly backend: ObjectRef;
  /** The part of the requests that is copied. */
  readonly share: string;
  /** Why nothing is copied. */
  readonly problem?: string;
}

/** Timeouts of a rule. */
export interface TimeoutsAnswer {
  /** For the whole request. */
  readonly request?: string;
  /** For one try of a backend. */
  readonly backendRequest?: string;
}

/** The certificate that a client is shown. */
export interface GatewayCertificate {
  /** The Secret. */
  readonly secret: ObjectRef;
  /** Whether it holds for the server name. */
  readonly coversHost: boolean;
  /** Whether it is within its validity; absent when no time was given. */
  readonly valid?: boolean;
  /** The certificate. */
  readonly data: CertificateData;
}

/** The status of every Gateway API object. */
export interface GatewayStatus {
  /** GatewayClasses. */
  readonly classes: readonly ObjectStatus[];
  /** Gateways. */
  readonly gateways: readonly ObjectStatus[];
  /** ListenerSets. */
  readonly listenerSets: readonly ObjectStatus[];
  /** Routes. */
  readonly routes: readonly RouteStatus[];
  /** BackendTLSPolicies; their parents are the Gateways that use them. */
  readonly policies: readonly RouteStatus[];
}

/** Conditions and listeners of a GatewayClass, Gateway or ListenerSet. */
export interface ObjectStatus {
  /** The object. */
  readonly object: ObjectRef;
  /** Its conditions. */
  readonly conditions: readonly Condition[];
  /** Its addresses, where the manifests show the Service of its data plane; only Gateways. */
  readonly addresses?: readonly string[];
  /** Its listeners. */
  readonly listeners?: readonly ListenerStatus[];
  /** How many ListenerSets it took; only Gateways. */
  readonly attachedListenerSets?: number;
}

/** A condition of an object. */
export interface Condition {
  /** `Accepted`, `Programmed`, `ResolvedRefs` … */
  readonly type: string;
  /** Whether it holds; `None` is Unknown. */
  readonly status: boolean | null;
  /** One word. */
  readonly reason: string;
  /** One sentence. */
  readonly message: string;
}

/** Status of one listener. */
export interface ListenerStatus {
  /** Its name. */
  readonly name: string;
  /** Kinds of routes it takes. */
  readonly supportedKinds: readonly RouteKind[];
  /** Routes that attached. */
  readonly attachedRoutes: number;
  /** Its conditions. */
  readonly conditions: readonly Condition[];
}

/** Conditions of a route or policy for each of its parents. */
export interface RouteStatus {
  /** The route or policy. */
  readonly object: ObjectRef;
  /** One entry for each parentRef that an implementation takes. */
  readonly parents: readonly ParentStatus[];
}

/** Conditions for one parent. */
export interface ParentStatus {
  /** The Gateway or ListenerSet. */
  readonly parent: ObjectRef;
  /** The listener it names. */
  readonly sectionName?: string;
  /** The port it names. */
  readonly port?: number;
  /** `spec.controllerName` of the class. */
  readonly controller: string;
  /** Conditions. */
  readonly conditions: readonly Condition[];
}

/** Ingresses as Gateway API manifests. */
export interface Conversion {
  /** The manifests, YAML. */
  readonly manifests: string;
  /** What has no equivalent, or behaves differently. */
  readonly notes: readonly ConversionNote[];
  /** How many sampled requests were compared. */
  readonly compared: number;
  /** Those that go elsewhere afterwards. */
  readonly differences: readonly ConversionDifference[];
}

/** Something that is lost or changes. */
export interface ConversionNote {
  /** The Ingress. */
  readonly ingress: ObjectRef;
  /** One sentence. */
  readonly message: string;
}

/** A request that is answered differently after the conversion. */
export interface ConversionDifference {
  /** The request. */
  readonly request: string;
  /** How the Ingress controller ends it. */
  readonly ingress: string;
  /** How the Gateway ends it. */
  readonly gateway: string;
}

/** All findings about a cluster. */
export interface Lint {
  /** By mechanism, then in the order of the objects. */
  readonly findings: readonly LintFinding[];
}

/** A judgement with its evidence and a way out. */
export interface LintFinding {
  /** How bad it is. */
  readonly severity: Severity;
  /** Stable code, `policy/selects-nothing`. A code never changes its meaning. */
  readonly code: string;
  /** What is wrong, one sentence. */
  readonly message: string;
  /** The objects and fields it is about, the decisive one first. */
  readonly evidence: readonly Evidence[];
  /** What to do, one sentence. */
  readonly fix: string;
}

/** Whether a connection may be made, and why. */
export interface Verdict {
  /** The judgement. */
  readonly decision: Decision;
  /** One sentence. */
  readonly summary: string;
  /** Who opens the connection: `namespace/name`, `node/name` or an address. */
  readonly from: string;
  /** Who is to answer. */
  readonly to: string;
  /** The source address that arrives. */
  readonly fromIp: string;
  /** The destination address that arrives. */
  readonly toIp: string;
  /** Protocol. */
  readonly protocol: Protocol;
  /** The destination's own port. */
  readonly port: number;
  /** What the policies of the opener say. */
  readonly egress: Side;
  /** What the policies of the destination say. */
  readonly ingress: Side;
}

/** The judgement on one connection. */
export type Decision =
  /** Both ends allow it. */
  | { readonly kind: "allowed" }
  /** One end denies it. */
  | { readonly kind: "denied" }
  /** The API leaves it to the implementation. */
  | {
      readonly kind: "implementationDefined";
      /** What most implementations do. */
      readonly usually: PolicyOutcome;
      /** What is left open. */
      readonly why: PolicyReason;
    }
  /** A fact is missing that manifests cannot tell. */
  | {
      readonly kind: "undetermined";
      /** Which. */
      readonly missing: PolicyReason;
    };

/** Whether a connection may be made. */
export type PolicyOutcome =
  /** It may. */
  | "allowed"
  /** It may not: packets are dropped and the client times out. */
  | "denied";

/** Why one end of a connection allows or denies it, or why that cannot be said. */
export type PolicyReason =
  /** The network plugin does not enforce policies. */
  | "notEnforced"
  /** Policies apply to pods only; this end is none. */
  | "notAPod"
  /** A pod on the host network counts as its node. */
  | "hostNetwork"
  /** A pod and its own address. */
  | "samePod"
  /** Traffic between a pod and its own node is never blocked by a NetworkPolicy. */
  | "ownNode"
  /** No policy speaks of this direction of the pod. */
  | "notIsolated"
  /** A rule allows it. */
  | "ruleAllows"
  /** A rule denies it. */
  | "ruleDenies"
  /** The pod is isolated, and no rule admits the connection. */
  | "noRuleAdmits"
  /** The pod has no address yet. */
  | "noAddress"
  /** The pod has ended. */
  | "ended"
  /** Whether the address belongs to a domain name that a rule accepts. */
  | "domainName"
  /** Policies of equal priority disagree. */
  | "equalPriority"
  /** The source was rewritten on the way; whether policies see the old or the new address is open. */
  | "rewrittenSource"
  /** A pod that reaches itself through its own Service. */
  | "selfThroughService";

/** What the policies of one end say. */
export interface Side {
  /** Which way, from the point of view of this end. */
  readonly direction: Direction;
  /** The judgement of this end alone. */
  readonly decision: Decision;
  /** Because of what. */
  readonly reason: PolicyReason;
  /** The same as a sentence. */
  readonly sentence: string;
  /** The NetworkPolicies that isolate this end in this direction. */
  readonly isolatedBy: readonly ObjectRef[];
  /** The rule that decided, when one did. */
  readonly decidedBy?: Evidence;
  /** The peer of that rule that matched; absent when the rule names none. */
  readonly peer?: Evidence;
  /** The port of that rule that matched; absent when the rule names none. */
  readonly port?: Evidence;
  /** When no rule admits the connection: what came nearest. */
  readonly nearestMiss?: Miss;
  /**
   * Every policy that could have a say: all NetworkPolicies of the pod's namespace and all
   * cluster-wide policies, in the order they are asked.
   */
  readonly policies: readonly Examined[];
}

/** The rule that would have admitted a connection with the least change. */
export interface Miss {
  /** What is in the way, in words. */
  readonly sentence: string;
  /** The part of the rule that does not match. */
  readonly evidence: Evidence;
}

/** One policy and what it made of the connection. */
export interface Examined {
  /** The policy. */
  readonly policy: ObjectRef;
  /** When it is asked. */
  readonly tier: Tier;
  /** Whether it selects the pod. */
  readonly selects: boolean;
  /** Whether it selects the pod and speaks of this direction. */
  readonly applies: boolean;
  /** What it does with the connection: the action of its first matching rule; absent when none matches. */
  readonly effect?: PolicyAction;
  /** Why it does not apply; absent when it does. */
  readonly whyNot?: string;
  /** Its rules for this direction, in order; empty when it does not apply. */
  readonly rules: readonly ExaminedRule[];
}

/** In which order policies are asked. */
export type Tier =
  /** ClusterNetworkPolicy of tier Admin, AdminNetworkPolicy: first, by priority. */
  | "admin"
  /** NetworkPolicy: final for the pods it isolates. */
  | "networkPolicy"
  /** ClusterNetworkPolicy of tier Baseline, BaselineAdminNetworkPolicy: for what is left. */
  | "baseline";

/** What a rule does with the traffic it speaks of. */
export type PolicyAction =
  /** Allow or Accept. */
  | "allow"
  /** Deny. */
  | "deny"
  /** Leave it to the next tier. */
  | "pass";

/** One rule and what it made of the connection. */
export interface ExaminedRule {
  /** `spec.ingress[0]`. */
  readonly field: string;
  /** What it does with traffic that matches. */
  readonly action: PolicyAction;
  /** Whether one of its peers and one of its ports match. */
  readonly matches: boolean;
  /** Its peers; empty when it names none, which means everyone. */
  readonly peers: readonly ExaminedPart[];
  /** Its ports; empty when it names none, which means all. */
  readonly ports: readonly ExaminedPart[];
}

/** One peer or port of a rule. */
export interface ExaminedPart {
  /** `spec.ingress[0].from[1]`. */
  readonly field: string;
  /** Whether it matches. */
  readonly matches: boolean;
  /** Why it does not; absent when it does. */
  readonly whyNot?: string;
}

/** Exactly the ports open between two ends. */
export interface AllowedPorts {
  /** Who opens connections. */
  readonly from: string;
  /** Who answers. */
  readonly to: string;
  /** Ports open, by family or by addresses when they differ. */
  readonly parts: readonly AllowedPart[];
}

/** The ports open to a part of the addresses. */
export interface AllowedPart {
  /** Only with this family; absent when all common families are alike. */
  readonly family?: Family;
  /** The addresses outside the cluster; absent when both ends are inside. */
  readonly addresses?: string;
  /** Ports open, as far as it can be told: what the API leaves open counts as what usually happens. */
  readonly ports: string;
  /**
   * Ports of which manifests do not tell: it depends on which addresses a domain name has. Absent when
   * there are none.
   */
  readonly undetermined?: string;
  /**
   * Ports that the API leaves to the implementation: policies of equal priority disagree. Absent when
   * there are none.
   */
  readonly implementationDefined?: string;
}

/** What counts as one end of a connection. */
export type Granularity =
  /** Every pod for itself. */
  | "pod"
  /** The pods of a workload together; bare pods for themselves. */
  | "workload"
  /** The pods of a namespace together. */
  | "namespace";

/** Who may talk to whom. */
export interface Reachability {
  /** What counts as one end. */
  readonly by: Granularity;
  /** The ends, in order of first mention. */
  readonly members: readonly Member[];
  /**
   * Connections inside the cluster that are allowed, ordered by source and destination. Pairs without
   * any allowed port are left out, and so is a pod's way to itself.
   */
  readonly connections: readonly Link[];
  /** Who may be reached from which addresses outside the cluster. */
  readonly fromOutside: readonly OutsideLink[];
  /** Who may reach which addresses outside the cluster. */
  readonly toOutside: readonly OutsideLink[];
}

/** One end. */
export interface Member {
  /** `Deployment web/frontend`, `Pod web/tool`, `Namespace web`. */
  readonly name: string;
  /** Its pods that take part in networking. */
  readonly pods: number;
}

/** An allowed connection. */
export interface Link {
  /** Who opens it. */
  readonly from: string;
  /** Who answers. */
  readonly to: string;
  /** Ports open between every pod of one and every pod of the other. */
  readonly ports: string;
  /** Ports open between some of them; absent when these are the same. */
  readonly some?: string;
  /** Only with this family of addresses; absent when all common families are alike. */
  readonly family?: Family;
}

/** An allowed connection over the border of the cluster. */
export interface OutsideLink {
  /** The end inside. */
  readonly member: string;
  /** Addresses outside. */
  readonly addresses: string;
  /** Ports open between them and at least one of its pods. */
  readonly ports: string;
  /**
   * Ports of which manifests do not tell: it depends on which addresses a domain name has. Absent when
   * there are none.
   */
  readonly undetermined?: string;
}

/** The policies that select a pod. */
export interface PoliciesOf {
  /** The pod. */
  readonly pod: string;
  /** Whether a NetworkPolicy isolates it for ingress: only what a rule admits comes in. */
  readonly isolatedIngress: boolean;
  /** Whether a NetworkPolicy isolates it for egress. */
  readonly isolatedEgress: boolean;
  /** Why no policy can select it; absent when one can. */
  readonly whyNone?: string;
  /** In the order they are asked. */
  readonly policies: readonly Selecting[];
}

/** A policy that selects the pod. */
export interface Selecting {
  /** The policy. */
  readonly policy: ObjectRef;
  /** When it is asked. */
  readonly tier: Tier;
  /** Whether it speaks of traffic into the pod. */
  readonly ingress: boolean;
  /** Whether it speaks of traffic out of the pod. */
  readonly egress: boolean;
  /** The selector that does it. */
  readonly evidence: Evidence;
}

/** The pods that a policy selects. */
export interface PodsOf {
  /** The policy. */
  readonly policy: ObjectRef;
  /** When it is asked. */
  readonly tier: Tier;
  /** Whether it speaks of traffic into its pods. */
  readonly ingress: boolean;
  /** Whether it speaks of traffic out of its pods. */
  readonly egress: boolean;
  /** `namespace/name`, in the order of the cluster. */
  readonly pods: readonly string[];
  /** The selector that does it. */
  readonly evidence: Evidence;
}

/** To whom pods are exposed. */
export interface Exposure {
  /** One entry per end, in order of first mention. */
  readonly members: readonly Exposed[];
}

/** To whom the pods of one end are exposed. */
export interface Exposed {
  /** `Deployment web/frontend`, `Pod web/tool`, `Namespace web`. */
  readonly member: string;
  /** Who may reach them. */
  readonly ingress: ExposedSide;
  /** Whom they may reach. */
  readonly egress: ExposedSide;
}

/** One direction. Where the pods of one end differ, what is open to some of them counts. */
export interface ExposedSide {
  /** Whether some policy speaks of this direction of each of these pods. */
  readonly protected: boolean;
  /** Addresses outside the cluster. */
  readonly outside: readonly ExposedAddresses[];
  /**
   * What is open to a pod that no rule describes, whatever its namespace and labels. A rule that denies
   * takes from it only what it denies to everyone.
   */
  readonly entireCluster: ExposedPorts;
  /** What is open to pods that a rule describes, where that differs from the entire cluster. */
  readonly hypothetical: readonly Hypothetical[];
}

/** Ports open to some addresses. */
export interface ExposedAddresses {
  /** The addresses. */
  readonly addresses: string;
  /** Ports open. */
  readonly ports: string;
  /**
   * Ports of which manifests do not tell: it depends on which addresses a domain name has. Absent when
   * there are none.
   */
  readonly undetermined?: string;
}

/** Ports, some of them by a name that only the destination can resolve. */
export interface ExposedPorts {
  /** By number. */
  readonly ports: string;
  /** By name, `TCP http`. */
  readonly named: readonly string[];
  /** But not the ports that the destination calls so: a cluster-wide rule denies them. Absent when empty. */
  readonly notNamed?: readonly string[];
}

/** Pods that are not there, but would be spoken of. */
export interface Hypothetical {
  /** In this one namespace; absent when a selector says which. */
  readonly namespace?: string;
  /** In namespaces with these labels, in kubectl's `-l` notation; `{}` is every namespace. */
  readonly namespaces?: string;
  /** With these labels; `{}` is every pod. */
  readonly pods: string;
  /** By number. */
  readonly ports: string;
  /** By name, `TCP http`. */
  readonly named: readonly string[];
  /** But not the ports that the destination calls so: a cluster-wide rule denies them. Absent when empty. */
  readonly notNamed?: readonly string[];
  /** Whether a pod of the input is described too. */
  readonly exists: boolean;
}

/** A source in a question. */
export interface SourceText {
  /** Name, as of `Source`. */
  readonly name: string;
  /** Text, YAML or JSON. */
  readonly text: string;
}

/**
 * What changed between two clusters. A workload or a namespace counts as one end: what is said of it is
 * said of *some* of its pods, and where it does not hold for all of them the entry says so.
 */
export interface PolicyDiff {
  /** What counts as one end. */
  readonly by: Granularity;
  /** Connections inside the cluster that differ. */
  readonly connections: readonly LinkChange[];
  /** Connections from outside that differ. */
  readonly fromOutside: readonly OutsideChange[];
  /** Connections to the outside that differ. */
  readonly toOutside: readonly OutsideChange[];
  /** Ends that exist only before. */
  readonly membersLost: readonly string[];
  /** Ends that exist only after. */
  readonly membersGained: readonly string[];
}

/** A connection that differs. */
export interface LinkChange {
  /** Who opens it. */
  readonly from: string;
  /** Who answers. */
  readonly to: string;
  /** Only with this family of addresses; absent when all common families are alike. */
  readonly family?: Family;
  /** Ports open before between some pod of one end and some pod of the other. */
  readonly before: string;
  /** Ports open after between some of them. */
  readonly after: string;
  /** Ports open before between all of them; absent when these are the same. */
  readonly beforeEvery?: string;
  /** Ports open after between all of them; absent when these are the same. */
  readonly afterEvery?: string;
  /** Ports newly open between some of them. */
  readonly gained: string;
  /** Ports no longer open between any of them. */
  readonly lost: string;
}

/** A connection over the border that differs. */
export interface OutsideChange {
  /** The end inside. */
  readonly member: string;
  /** Addresses outside for which the change is the same. */
  readonly addresses: string;
  /** Ports open before between them and some pod of this end. */
  readonly before: string;
  /** Ports open after. */
  readonly after: string;
  /** Ports newly open. */
  readonly gained: string;
  /** Ports no longer open. */
  readonly lost: string;
  /**
   * Ports of which manifests do not tell, before or after: it depends on which addresses a domain name
   * has. Absent when there are none.
   */
  readonly undetermined?: string;
}

/** Programs and libraries that resolve names; they differ in what they try and in what stops them. */
export type Program =
  /** getaddrinfo of GNU libc. */
  | "glibc"
  /** getaddrinfo of musl. */
  | "musl"
  /** nslookup of bind 9.18. */
  | "nslookup"
  /** dig of bind 9.18: no search list. */
  | "dig"
  /** `dig +search`. */
  | "digSearch"
  /** host of bind 9.18. */
  | "host"
  /** nslookup of busybox 1.30 and later: the search list for names without dots only. */
  | "busybox"
  /** nslookup of busybox 1.28 and before: the C library's search. */
  | "busybox-1.28";

/** What a name is to a program, with everything that was tried. */
export interface Lookup {
  /** Who asks: `default/client`, `node/node-a`, an address. */
  readonly from: string;
  /** The name as typed. */
  readonly name: string;
  /** What asks. */
  readonly program: Program;
  /** One sentence. */
  readonly summary: string;
  /** How it ended. */
  readonly outcome: LookupOutcome;
  /** Addresses in the order the program gets them. */
  readonly addresses: readonly string[];
  /** All records of the answer that counts. */
  readonly records: readonly RecordRecord[];
  /** The name behind the search list and all aliases. */
  readonly canonical?: string;
  /** What the library says when it found nothing. */
  readonly error?: string;
  /** Where the answer came from: `dns`, `hosts` (/etc/hosts) or `literal` (it is an address). */
  readonly source: string;
  /** Whole seconds of waiting. */
  readonly seconds: number;
  /** The resolv.conf that was used. */
  readonly resolvConf: ResolvConf;
  /** Every name tried, in order. */
  readonly steps: readonly LookupStep[];
  /** The ways to the name servers, in the order of use. */
  readonly ways: readonly PathWay[];
  /** The part of the look-ups that fares so: less than 1/1 when only some DNS pods can be reached. */
  readonly share: string;
  /** Why it ended so. */
  readonly because: readonly DnsReason[];
  /** Names that would work, or may have been meant. */
  readonly suggestions?: readonly Suggestion[];
  /** What is missing to know the answer. */
  readonly undetermined?: string;
}

/** How a look-up ended for the program. */
export type LookupOutcome =
  /** It has addresses or records. */
  | "found"
  /** The name does not exist (NXDOMAIN). */
  | "notFound"
  /** The name exists and has no such records (NODATA). */
  | "noData"
  /** No name server answered. */
  | "timedOut"
  /** The name servers refused. */
  | "refused"
  /** A name server failed (SERVFAIL). */
  | "failed"
  /** It cannot be told; `undetermined` says what is missing. */
  | "undetermined";

/** One resource record of class IN. Serialised as a `RecordView`. */
export type RecordRecord = RecordView;

/** A `Record` as answers carry it. */
export interface RecordView {
  /** Owner, fully qualified, in the spelling of the question. */
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
  /** `A`, `SRV` … */
  readonly type: string;
  /** Content in presentation text. */
  readonly data: string;
}

/** Content of a resolv.conf. */
export interface ResolvConf {
  /** Servers, in the order they are asked. */
  readonly nameservers: readonly string[];
  /** Domains that are appended to short names. */
  readonly searches: readonly string[];
  /** `ndots:5` … */
  readonly options: readonly string[];
}

/** One name tried. */
export interface LookupStep {
  /** Fully qualified. */
  readonly name: string;
  /** Sent at once with the steps around it. */
  readonly parallel?: boolean;
  /** Its queries. */
  readonly queries: readonly Exchange[];
}

/** One query and what came back. */
export interface Exchange {
  /** The type asked. */
  readonly type: string;
  /** The name server. */
  readonly server: string;
  /** UDP, or TCP when the answer did not fit. */
  readonly protocol: Protocol;
  /** How often it was sent. */
  readonly tries: number;
  /** What came back. */
  readonly result: ExchangeResult;
}

/** What came back of a query. */
export type ExchangeResult =
  /** An answer. */
  | {
      readonly kind: "answered";
      /** How it ended. */
      readonly rcode: Rcode;
      /** Header flags. */
      readonly flags: Flags;
      /** Answer section. */
      readonly answers: readonly RecordRecord[];
      /** The objects behind it. */
      readonly because: readonly DnsReason[];
    }
  /** Nothing. */
  | { readonly kind: "timedOut" }
  /** An error: nobody listens. */
  | { readonly kind: "refused" };

/** How a query ended at the server. */
export type Rcode =
  /** The name exists; without answers it has no records of the type (NODATA). */
  | "NOERROR"
  /** The server could not tell. */
  | "SERVFAIL"
  /** The name does not exist. */
  | "NXDOMAIN"
  /** The server would not tell. */
  | "REFUSED";

/** Header flags of an answer. */
export interface Flags {
  /** Authoritative answer. */
  readonly aa: boolean;
  /** Truncated. */
  readonly tc: boolean;
  /** Recursion desired: every resolver sets it. */
  readonly rd: boolean;
  /** Recursion available. */
  readonly ra: boolean;
}

/** One sentence and the object behind it. */
export interface DnsReason {
  /** A plain English sentence. */
  readonly text: string;
  /** The object, field and position that decided; absent when none did. */
  readonly evidence?: Evidence;
}

/** How queries to one name server fare. */
export interface PathWay {
  /** The name server. */
  readonly server: string;
  /** UDP, or TCP for large answers. */
  readonly protocol: Protocol;
  /** How it ends. */
  readonly end: End;
  /** The part of the queries that get there; with several DNS pods some may be out of reach. */
  readonly delivered: string;
  /** The Service on the way, if there is one. */
  readonly service?: ObjectRef;
  /** Every decision on the way. */
  readonly because: readonly DnsReason[];
}

/** How a way to a name server ends. */
export type End =
  /** At cluster DNS. */
  | { readonly kind: "cluster" }
  /** At a resolver outside the cluster. */
  | { readonly kind: "outside" }
  /** Nowhere: the query is lost. */
  | { readonly kind: "timedOut" }
  /** Somebody says that nobody is there. */
  | { readonly kind: "refused" }
  /** Not known. */
  | {
      readonly kind: "undetermined";
      /** What is missing. */
      readonly missing: string;
    };

/** A name that may have been meant. */
export interface Suggestion {
  /** The name to ask for. */
  readonly name: string;
  /** Why it is offered. */
  readonly text: string;
}

/** An answer of the server, with reasons. */
export interface DnsResponse {
  /** The name asked, fully qualified. */
  readonly name: string;
  /** The type asked. */
  readonly type: string;
  /** How it ended. */
  readonly rcode: Rcode;
  /** Header flags. */
  readonly flags: Flags;
  /** Answer section. */
  readonly answers: readonly RecordRecord[];
  /** Authority section. */
  readonly authority: readonly RecordRecord[];
  /** Additional section, without OPT. */
  readonly additional: readonly RecordRecord[];
  /** The plugin that answered. */
  readonly plugin: string;
  /** Why, one reason per deciding object. */
  readonly because: readonly DnsReason[];
  /** Names that may have been meant; only for negative answers. */
  readonly suggestions?: readonly Suggestion[];
  /** What is missing to know the answer for sure. */
  readonly undetermined?: string;
}

/** The resolv.conf of a pod. */
export interface PodResolvConf {
  /** The pod. */
  readonly pod: ObjectRef;
  /** Where its settings come from: `cluster`, `node` or `none`. */
  readonly base: string;
  /** Why, in one sentence. */
  readonly why: string;
  /** Servers, in the order they are asked. */
  readonly nameservers: readonly string[];
  /** Domains that are appended to short names. */
  readonly searches: readonly string[];
  /** `ndots:5` … */
  readonly options: readonly string[];
  /** The file. */
  readonly text: string;
  /** Warnings the kubelet records. */
  readonly events: readonly Event[];
  /** The fields that decided. */
  readonly evidence: readonly Evidence[];
}

/** An event the kubelet records. */
export interface Event {
  /** `DNSConfigForming`, `MissingClusterDNS`, `FailedCreatePodSandBox`. */
  readonly reason: string;
  /** Its message. */
  readonly message: string;
}

/** /etc/hosts of a pod, with what else the kubelet makes of its names. */
export interface HostsFile {
  /** The pod. */
  readonly pod: ObjectRef;
  /** What `hostname` prints in it: the node's name on the host network, the FQDN with setHostnameAsFQDN. */
  readonly hostname: string;
  /** The domain behind the hostname, empty when there is none. */
  readonly domain: string;
  /** The file. */
  readonly text: string;
  /** Addresses with their names, in the order of the file. */
  readonly entries: readonly HostsEntry[];
  /** Warnings the kubelet records. */
  readonly events: readonly Event[];
  /** Things worth knowing about these names. */
  readonly notes: readonly string[];
}

/** One line of /etc/hosts. */
export interface HostsEntry {
  /** The address. */
  readonly address: string;
  /** Its names. */
  readonly names: readonly string[];
  /** The field of the pod it comes from; absent for fixed lines and the pod's own. */
  readonly evidence?: Evidence;
}

/** All records of the cluster's zones. */
export interface ZoneListing {
  /** One table per zone, forward zones first. */
  readonly zones: readonly Zone[];
}

/** Records of one zone. */
export interface Zone {
  /** The zone, `cluster.local.`. */
  readonly zone: string;
  /** SOA and NS first, then by namespace and Service; reverse zones by address. */
  readonly records: readonly RecordRecord[];
}

/** Which program answers to a name that several have. */
export type Style =
  /** bind 9.18, glibc. */
  | "bind"
  /** busybox 1.30 and later (1.36). */
  | "busybox"
  /** busybox 1.28, the last whose nslookup uses the C library. */
  | "busybox-1.28";

/** What a command printed. */
export interface ToolRun {
  /** Who typed. */
  readonly from: string;
  /** The command. */
  readonly command: string;
  /** Which program ran. */
  readonly style: Style;
  /** Standard output and standard error as the user sees them. */
  readonly text: string;
  /** Exit code. */
  readonly exit: number;
  /** Whole seconds it took. */
  readonly seconds: number;
  /** Every name tried, in order. */
  readonly steps: readonly LookupStep[];
  /** The ways to the name servers. */
  readonly ways: readonly PathWay[];
  /** What is missing to know the output for sure. */
  readonly undetermined?: string;
}

/** What is claimed. */
export type Claim =
  /** None of these connections may be made. */
  | "denied"
  /** All of these connections may be made. */
  | "allowed";

/** Whether a claim holds. */
export interface Assertion {
  /** Whether it holds for every pair and every port: then this is a proof, not a sample. */
  readonly holds: boolean;
  /**
   * Whether it is neither proved nor refuted, because a connection depends on what manifests do not
   * tell or the API leaves open; then `counterexample` is that connection, and `holds` is false.
   */
  readonly undetermined: boolean;
  /** One sentence. */
  readonly summary: string;
  /** What was claimed. */
  readonly claim: Claim;
  /** Ports it was claimed of. */
  readonly ports: string;
  /** How many pairs of pods, nodes and address ranges were judged. */
  readonly pairs: number;
  /** A connection for which it does not hold, or may not. */
  readonly counterexample?: Verdict;
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
  /** `--iptables-masquerade-bit` as it is written in rules. Default `0x00004000`, bit 14. */
  readonly masqueradeMark?: string | undefined;
  /** Whether the node's iptables knows `MASQUERADE --random-fully`. Default true. */
  readonly randomFully?: boolean | undefined;
  /** Whether the node's kernel has the `nfacct` match: two rules count what they match. Default true. */
  readonly nfacct?: boolean | undefined;
  /** `--conntrack-tcp-be-liberal`: packets in an invalid state are let through. Default false. */
  readonly conntrackTcpBeLiberal?: boolean | undefined;
  /**
   * Addresses on the interfaces of a node besides loopback, its InternalIPs and the bridge of its
   * pods, by name of the node. Default none.
   */
  readonly interfaceAddresses?: { readonly [key: string]: readonly string[] } | undefined;
}

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
  /**
   * The records that resolvers outside the cluster know, one line each: `example.com. 300 IN A
   * 93.184.215.14`. They know no other name. Default: not known, and answers for public names are marked so.
   */
  readonly upstreamRecords?: readonly string[] | undefined;
  /** Name servers outside the cluster that do not simply know `upstreamRecords`. */
  readonly nameServers?: readonly NameServer[] | undefined;
  /**
   * Addresses the DNS server itself is bound to. Default: those of the first ready endpoint behind the
   * DNS Service.
   */
  readonly serverAddresses?: readonly string[] | undefined;
  /**
   * Whether the DNS server has read the cluster's objects; until then it answers SERVFAIL instead of
   * NXDOMAIN. Default true.
   */
  readonly apiSynced?: boolean | undefined;
}

/** Resolver libraries, which differ in search order and in what stops a search. */
export type Resolver =
  /** GNU libc (Debian, Ubuntu, most images). */
  | "glibc"
  /** musl (Alpine). */
  | "musl";

/** A name server outside the cluster. */
export interface NameServer {
  /** Its address. */
  readonly address: string;
  /** What it does. Default: it answers. */
  readonly behaviour?: NameServerBehaviour | undefined;
  /** The records it knows; absent: `upstreamRecords`. */
  readonly records?: readonly string[] | undefined;
}

/** What a name server does with a query. */
export type NameServerBehaviour =
  /** Answers from its records. */
  | "answers"
  /** Never answers: the query is lost. */
  | "silent"
  /** Nothing listens on port 53: the query is refused. */
  | "refuses"
  /** Answers SERVFAIL. */
  | "fails";

/** Which behaviour answers HTTP questions. */
export interface IngressSettings {
  /** Default: what the controller's name in the IngressClass says, else the specification. */
  readonly profile?: IngressProfile | undefined;
  /** The time certificates are judged at, RFC 3339. Absent: expiry is not judged. */
  readonly time?: string | undefined;
  /**
   * Whether a controller, of Ingresses or Gateways, is taken to run although the manifests hold none of
   * its pods. Default false.
   */
  readonly assumeController?: boolean | undefined;
  /**
   * Whether the controller may read IngressClasses (its ClusterRole); without, only the legacy
   * annotation counts. Default true.
   */
  readonly readsClasses?: boolean | undefined;
}

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

/** What there is: nodes, pods, Services, EndpointSlices, with their addresses. */
export interface ClusterQuestion {
  readonly ask: "cluster";
}

/**
 * Which layer is at fault, by which object, and what to change: for one connection, or without
 * `from` and `to` for the cluster as a whole.
 */
export interface DiagnoseQuestion {
  readonly ask: "diagnose";
  /** Who asks, as in `Trace`. */
  readonly from?: string | undefined;
  /** What for, as in `Trace`; a URL asked from outside goes through the Ingress. */
  readonly to?: string | undefined;
  /** The port, when `to` names none and more than one could be meant. */
  readonly port?: PortText | undefined;
  /** `TCP` (default), `UDP` or `SCTP`. */
  readonly protocol?: string | undefined;
}

/** What a `kubectl get` or `kubectl describe` command would print. */
export interface KubectlQuestion {
  readonly ask: "kubectl";
  /** `get svc -n prod -o wide`, `describe service api -n prod`. */
  readonly command: string;
}

/** Can `from` open a connection to `to`, and what happens on the way? */
export interface TraceQuestion {
  readonly ask: "trace";
  /** Who asks: `web/frontend`, `node/node-a`, `outside`, an address. */
  readonly from: string;
  /** What for: `http://api.prod`, `svc/api.prod:80`, `prod/api:8080`, `node-a:30080`, an address. */
  readonly to: string;
  /** The port, when `to` names none and more than one could be meant. */
  readonly port?: PortText | undefined;
  /** `TCP` (default), `UDP` or `SCTP`. */
  readonly protocol?: string | undefined;
}

/** What answers behind a Service, and why is each pod one of its endpoints or not? */
export interface ServiceQuestion {
  readonly ask: "service";
  /** `svc/api.prod`, `prod/api`. */
  readonly service: string;
  /** Only this pod. */
  readonly pod?: string | undefined;
}

/** The rules that kube-proxy writes on a node. */
export interface RulesQuestion {
  readonly ask: "rules";
  /** The node. */
  readonly node: string;
  /** `iptables`, `nftables` or `ipvs`; that of the settings by default. */
  readonly mode?: ProxyMode | undefined;
  /** `IPv4` (default) or `IPv6`. */
  readonly family?: Family | undefined;
  /** Only those of this Service, besides those that are always there. */
  readonly service?: string | undefined;
}

/** Which of these rules does a packet match, and where does it end? */
export interface WalkRulesQuestion {
  readonly ask: "walkRules";
  /** The node. */
  readonly node: string;
  /** Source address. */
  readonly from: string;
  /** Destination, `10.96.0.40:80`. */
  readonly to: string;
  /** `TCP` (default), `UDP` or `SCTP`. */
  readonly protocol?: string | undefined;
  /** `iptables` or `nftables`; that of the settings by default. */
  readonly mode?: ProxyMode | undefined;
}

/** What answers on a port of a node? */
export interface NodePortQuestion {
  readonly ask: "nodePort";
  /** The node. */
  readonly node: string;
  /** The port. */
  readonly port: number;
  /** `TCP` (default), `UDP` or `SCTP`. */
  readonly protocol?: string | undefined;
}

/** Where does an address come from? */
export interface AddressQuestion {
  readonly ask: "address";
  /** The address. */
  readonly address: string;
}

/** Which way does the network plugin send a packet between two ends, Services and policies apart? */
export interface WayQuestion {
  readonly ask: "way";
  /** `web/frontend`, `node/node-a`, an address. */
  readonly from: string;
  /** `web/frontend`, `node/node-a`, an address. */
  readonly to: string;
}

/** What happens to an HTTP request that a client sends to the Ingress controller? */
export interface RouteQuestion {
  readonly ask: "route";
  /** `http://shop.example.com/api`. */
  readonly url: string;
  /** `GET` by default. */
  readonly method?: string | undefined;
  /** Headers. */
  readonly headers?: { readonly [key: string]: string } | undefined;
  /** Where the client is: an address or `namespace/pod`; outside by default. */
  readonly from?: string | undefined;
  /** The server name of the TLS handshake; the host by default. */
  readonly sni?: string | undefined;
}

/** The servers and locations that ingress-nginx generates. */
export interface NginxQuestion {
  readonly ask: "nginx";
}

/** Class, controller and ADDRESS of every Ingress. */
export interface IngressesQuestion {
  readonly ask: "ingresses";
}

/** What the validating webhook of ingress-nginx would have said to each Ingress. */
export interface IngressRefusalsQuestion {
  readonly ask: "ingressRefusals";
}

/** What happens to a request or connection that a client sends to a Gateway? */
export interface GatewayQuestion {
  readonly ask: "gateway";
  /** `http://shop.example.com/api`; absent for TLS, TCP and UDP. */
  readonly url?: string | undefined;
  /** The Gateway, `namespace/name`; the first one by default. */
  readonly gateway?: string | undefined;
  /** The port; that of the URL by default. */
  readonly port?: number | undefined;
  /** `http` (default), `grpc`, `tls`, `tcp` or `udp`. */
  readonly protocol?: GatewayProtocol | undefined;
  /** The certificate that the client shows: `none` (default), `trusted` or `untrusted`. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Where the client is: an address or `namespace/pod`; outside by default. */
  readonly from?: string | undefined;
  /** `GET` by default. */
  readonly method?: string | undefined;
  /** Headers. */
  readonly headers?: { readonly [key: string]: string } | undefined;
  /** The server name of the TLS handshake; the host by default. */
  readonly sni?: string | undefined;
}

/** The status that implementations would write into the Gateway API objects. */
export interface GatewayStatusQuestion {
  readonly ask: "gatewayStatus";
}

/** The Ingresses as Gateway API manifests, and what is lost. */
export interface ConvertQuestion {
  readonly ask: "convert";
}

/** What a careful engineer would raise about the cluster. */
export interface LintQuestion {
  readonly ask: "lint";
}

/** May `from` open this connection to `to`, as far as policies go, and which of them say so? */
export interface PolicyVerdictQuestion {
  readonly ask: "policyVerdict";
  /** A pod, workload, node or address. */
  readonly from: string;
  /** A pod, workload, node or address. */
  readonly to: string;
  /** The destination's own port, by number or by name. */
  readonly port: PortText;
  /** `TCP` (default), `UDP` or `SCTP`. */
  readonly protocol?: string | undefined;
}

/** Exactly the ports on which `from` may open connections to `to`. */
export interface AllowedPortsQuestion {
  readonly ask: "allowedPorts";
  /** A pod, workload, node, address or address block. */
  readonly from: string;
  /** A pod, workload, node, address or address block. */
  readonly to: string;
}

/** Who may talk to whom, on which ports. */
export interface ReachabilityQuestion {
  readonly ask: "reachability";
  /** What counts as one end: `pod`, `workload` (default) or `namespace`. */
  readonly by?: Granularity | undefined;
  /** Only these sources; `all` by default. */
  readonly from?: string | undefined;
  /** Only these destinations; `all` by default. */
  readonly to?: string | undefined;
  /** Only these ports, `TCP 80,443`; all by default. */
  readonly ports?: string | undefined;
}

/** Which policies select a pod. */
export interface PoliciesOfQuestion {
  readonly ask: "policiesOf";
  /** The pod. */
  readonly pod: string;
}

/** Which pods a policy selects. */
export interface PodsOfQuestion {
  readonly ask: "podsOf";
  /** `prod/allow-web`, `cnp/guard`. */
  readonly policy: string;
}

/** To whom pods are exposed beyond what is in the input. */
export interface ExposureQuestion {
  readonly ask: "exposure";
  /** What counts as one end: `pod`, `workload` (default) or `namespace`. */
  readonly by?: Granularity | undefined;
  /** Only these pods; `all` by default. */
  readonly of?: string | undefined;
}

/**
 * Which connections an edit gains and loses: the cluster with these sources in place of those of the
 * same names.
 */
export interface PolicyDiffQuestion {
  readonly ask: "policyDiff";
  /** What counts as one end: `pod`, `workload` (default) or `namespace`. */
  readonly by?: Granularity | undefined;
  /** The edited sources. */
  readonly sources: readonly SourceText[];
  /** Whether the sources are the whole other cluster rather than an edit of this one. */
  readonly whole?: boolean | undefined;
}

/** What does a name resolve to from a pod, with every query on the way? */
export interface ResolveQuestion {
  readonly ask: "resolve";
  /** Who asks: `web/frontend`, `node/node-a`, an address. */
  readonly from: string;
  /** The name as typed: `api.prod`. */
  readonly name: string;
  /** One record type; absent: A and AAAA, as programs ask. */
  readonly type?: string | undefined;
  /** The program or library that asks; absent: the library of the settings. */
  readonly program?: Program | undefined;
  /** Text of a resolv.conf in place of the one the kubelet writes. */
  readonly resolvConf?: string | undefined;
}

/** What does the DNS server alone answer? */
export interface DigQuestion {
  readonly ask: "dig";
  /** The whole name; nothing is searched. */
  readonly name: string;
  /** `A` by default. */
  readonly type?: string | undefined;
}

/** The resolv.conf that the kubelet writes for a pod. */
export interface ResolvConfQuestion {
  readonly ask: "resolvConf";
  /** The pod. */
  readonly pod: string;
}

/** The /etc/hosts and hostname that the kubelet gives a pod. */
export interface HostsQuestion {
  readonly ask: "hosts";
  /** The pod. */
  readonly pod: string;
}

/** All records of cluster DNS. */
export interface ZoneQuestion {
  readonly ask: "zone";
}

/** What does a command such as `nslookup api.prod` print in a pod? */
export interface ToolQuestion {
  readonly ask: "tool";
  /** Who types: `web/frontend`, `node/node-a`, an address. */
  readonly from: string;
  /** `nslookup api.prod`, `dig +short api.prod.svc.cluster.local`, `busybox nslookup web`. */
  readonly command: string;
  /** Whose nslookup, ping and wget; absent: what the pod's image says. */
  readonly style?: Style | undefined;
  /** Text of a resolv.conf in place of the one the kubelet writes. */
  readonly resolvConf?: string | undefined;
}

/** Do all connections from one selection to another on some ports have one outcome? */
export interface AssertQuestion {
  readonly ask: "assert";
  /** `denied` or `allowed`. */
  readonly claim: Claim;
  /** Whom: `ns/prod`, `!ns/prod`, `*\/[app=db]`, `outside`, an address block. */
  readonly from: string;
  /** Whom. */
  readonly to: string;
  /** `TCP 5432`; all ports by default. */
  readonly ports?: string | undefined;
}

/** The answer to each question, by the name of the question. */
export interface Answers {
  readonly problems: ProblemList;
  readonly cluster: ClusterView;
  readonly diagnose: Diagnosis;
  readonly kubectl: Output;
  readonly trace: Journey;
  readonly service: ServiceReport;
  readonly rules: RulesText;
  readonly walkRules: RuleWalk;
  readonly nodePort: NodePortReport;
  readonly address: AddressOrigin;
  readonly way: Way;
  readonly route: Routing;
  readonly nginx: NginxTable;
  readonly ingresses: StatusList;
  readonly ingressRefusals: readonly Refusal[];
  readonly gateway: GatewayRouting;
  readonly gatewayStatus: GatewayStatus;
  readonly convert: Conversion;
  readonly lint: Lint;
  readonly policyVerdict: Verdict;
  readonly allowedPorts: AllowedPorts;
  readonly reachability: Reachability;
  readonly policiesOf: PoliciesOf;
  readonly podsOf: PodsOf;
  readonly exposure: Exposure;
  readonly policyDiff: PolicyDiff;
  readonly resolve: Lookup;
  readonly dig: DnsResponse;
  readonly resolvConf: PodResolvConf;
  readonly hosts: HostsFile;
  readonly zone: ZoneListing;
  readonly tool: ToolRun;
  readonly assert: Assertion;
}

/** Any question. */
export type Question =
  | ProblemsQuestion
  | ClusterQuestion
  | DiagnoseQuestion
  | KubectlQuestion
  | TraceQuestion
  | ServiceQuestion
  | RulesQuestion
  | WalkRulesQuestion
  | NodePortQuestion
  | AddressQuestion
  | WayQuestion
  | RouteQuestion
  | NginxQuestion
  | IngressesQuestion
  | IngressRefusalsQuestion
  | GatewayQuestion
  | GatewayStatusQuestion
  | ConvertQuestion
  | LintQuestion
  | PolicyVerdictQuestion
  | AllowedPortsQuestion
  | ReachabilityQuestion
  | PoliciesOfQuestion
  | PodsOfQuestion
  | ExposureQuestion
  | PolicyDiffQuestion
  | ResolveQuestion
  | DigQuestion
  | ResolvConfQuestion
  | HostsQuestion
  | ZoneQuestion
  | ToolQuestion
  | AssertQuestion;

/** Any answer. */
export type Answer = Answers[keyof Answers];
