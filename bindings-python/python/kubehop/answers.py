# Generated from core/src by `make surface`. Do not edit.
"""What questions answer: frozen records, compared by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Union

from ._record import Answer, names


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemList(Answer):
    """What is wrong in the input, and what was taken for granted."""

    objects: int
    """How many objects the input holds."""
    problems: tuple[Problem, ...]
    """Problems in source order."""
    assumptions: tuple[Assumption, ...]
    """Assumptions in order of the objects."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem(Answer):
    """Something wrong in the input. Loading never fails as a whole: it returns these."""

    severity: Severity
    """How bad it is."""
    code: str
    """Stable code, `manifest/unknown-field`. A code never changes its meaning."""
    message: str
    """One sentence, in the words of kubectl or the API server where they have some."""
    object: ObjectRef | None = None
    """The object it belongs to, as far as it could be told."""
    field: str = ""
    """Kubernetes field path, empty for the whole object or document."""
    place: Place | None = None
    """Where it stands."""
    help: str | None = None
    """What to do about it, when that is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRef(Answer):
    """Which Kubernetes object is meant."""

    kind: str
    """`Pod`, `Service`, `NetworkPolicy` …"""
    namespace: str | None = None
    """Absent for cluster-scoped kinds."""
    name: str
    """`metadata.name`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place(Answer):
    """A position a person can go to: file, lines and columns, counted from 1.

    Columns count Unicode scalar values, as editors do. The end is exclusive.
    """

    file: str
    """Name of the `Source`."""
    line: int
    """Line of the first character, from 1."""
    column: int
    """Column of the first character, from 1."""
    end_line: int
    """Line of the end, from 1."""
    end_column: int
    """Column after the last character, from 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assumption(Answer):
    """Something the library took for granted."""

    code: str
    """Stable code, `model/pod-without-status`."""
    message: str
    """One sentence."""
    object: ObjectRef | None = None
    """About which object."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterView(Answer):
    """The settled cluster as data, for pictures and tables."""

    nodes: tuple[NodeView, ...]
    """Nodes, in the order of the snapshot."""
    namespaces: tuple[str, ...]
    """Names of the namespaces, sorted."""
    pods: tuple[PodView, ...]
    """Pods, in the order of the snapshot."""
    services: tuple[ServiceView, ...]
    """Services, in the order of the snapshot."""
    slices: tuple[SliceView, ...]
    """EndpointSlices, in the order of the snapshot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeView(Answer):
    """A node."""

    name: str
    """Name."""
    ips: tuple[str, ...]
    """InternalIPs, primary first."""
    pod_cidrs: tuple[str, ...]
    """Pod CIDRs."""
    zone: str | None = None
    """Its zone."""
    ready: bool
    """Whether it is ready."""
    synthesised: bool
    """Whether the input has no Node of this name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PodView(Answer):
    """A pod."""

    namespace: str
    """Namespace."""
    name: str
    """Name."""
    node: str | None = None
    """Node, absent while unscheduled."""
    ips: tuple[str, ...]
    """Addresses, primary first."""
    phase: Phase
    """Phase."""
    ready: bool
    """Whether it is ready."""
    terminating: bool
    """Whether it is being deleted."""
    host_network: bool
    """Whether it shares its node's network."""
    labels: Mapping[str, str]
    """Labels."""
    workload: ObjectRef | None = None
    """The workload it belongs to."""
    ips_allocated: bool
    """Whether its addresses were allocated by the model."""
    node_chosen: bool
    """Whether its node was chosen by the model."""
    synthesised: bool
    """Whether the control plane brought it, without a manifest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceView(Answer):
    """A Service."""

    namespace: str
    """Namespace."""
    name: str
    """Name."""
    type: str
    """`ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`."""
    cluster_ips: tuple[str, ...]
    """ClusterIPs; `None` for a headless Service; empty for an ExternalName."""
    external_ips: tuple[str, ...]
    """External addresses: `spec.externalIPs`, then those of load balancers."""
    external_name: str = ""
    """`spec.externalName`."""
    ports: tuple[ServicePortView, ...]
    """Ports."""
    selector: Mapping[str, str]
    """Selector; empty where it has none."""
    allocated: tuple[str, ...]
    """Field paths allocated by the model."""
    synthesised: bool
    """Whether the control plane brought it, without a manifest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServicePortView(Answer):
    """One port of a Service."""

    name: str
    """Name, empty when unnamed."""
    port: int
    """Number."""
    protocol: str
    """Protocol."""
    target_port: str
    """Number or name on the pod."""
    node_port: int | None = None
    """Port on every node; absent when there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SliceView(Answer):
    """An EndpointSlice."""

    namespace: str
    """Namespace."""
    name: str
    """Name."""
    service: str | None = None
    """The Service it belongs to."""
    address_type: str
    """`IPv4`, `IPv6` or `FQDN`."""
    ports: tuple[str, ...]
    """Ports as `name:port/protocol`; `*` for all numbers."""
    endpoints: tuple[EndpointView, ...]
    """Endpoints."""
    synthesised: bool
    """Whether the control plane made it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointView(Answer):
    """One endpoint."""

    addresses: tuple[str, ...]
    """Addresses."""
    pod: str | None = None
    """The pod behind it, `namespace/name`."""
    ready: bool
    """Whether it takes new connections."""
    serving: bool
    """Whether its pod is ready, terminating or not."""
    terminating: bool
    """Whether its pod is being deleted."""
    for_zones: tuple[str, ...] = ()
    """Zones it is meant for; absent when for all."""
    for_nodes: tuple[str, ...] = ()
    """Nodes it is meant for; absent when for all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis(Answer):
    """What the troubleshooter found."""

    question: Asked | None = None
    """The connection asked about; absent for the cluster as a whole."""
    summary: str
    """One sentence."""
    layers: tuple[LayerReport, ...]
    """Pod, Service, DNS, NetworkPolicy and Ingress, in this order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked(Answer):
    """The question as it was understood."""

    from_: str
    """Who asks, as written."""
    to: str
    """What for, as written."""
    port: int | None = None
    """The port, once it is known."""
    protocol: Protocol
    """The protocol."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerReport(Answer):
    """One layer."""

    layer: Layer
    """Which."""
    state: State
    """How it stands."""
    sentence: str
    """One sentence."""
    findings: tuple[Finding, ...]
    """What was found, blocking faults first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding(Answer):
    """A judgement with its evidence and a way out."""

    code: str
    """Stable code, `service/selects-nothing`."""
    layer: Layer
    """Where the fault lies."""
    blocking: bool
    """Whether something cannot work because of it; otherwise it is advice."""
    object: ObjectRef
    """The object to change."""
    also: tuple[ObjectRef, ...]
    """Other objects that take part."""
    cause: str
    """What is wrong, one sentence."""
    fix: str
    """What to do, one sentence."""
    near_miss: NearMiss | None = None
    """What came nearest to working."""
    evidence: tuple[Evidence, ...]
    """The fields that show it."""
    seen: str | None = None
    """The connection that shows it, `web/frontend → api.prod:80`; absent when the objects alone do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NearMiss(Answer):
    """What came nearest to another outcome."""

    sentence: str
    """One sentence."""
    evidence: tuple[Evidence, ...]
    """The objects and fields it is about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence(Answer):
    """The object, field and source position behind a decision."""

    object: ObjectRef
    """The object that decided."""
    field: str
    """Kubernetes field path inside it, `spec.ports[0].targetPort`; empty for the whole object."""
    place: Place | None = None
    """Where that field (or, when it is absent, its nearest parent) stands in the input. Absent for
    objects the control plane made.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Output(Answer):
    """What a command prints."""

    stdout: str
    """Standard output."""
    stderr: str
    """Standard error."""
    exit_code: int
    """Exit code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Journey(Answer):
    """The answer to one `Connection`."""

    question: Asked
    """What was asked."""
    summary: str
    """One sentence: what the client sees."""
    outcome: Outcome
    """Whether every way ends in a connection, some do, none does, or it cannot be told."""
    traces: tuple[Trace, ...]
    """Every way the connection may go; the shares add up to 1."""
    sticky_seconds: int | None = None
    """How long the Service sends one client to the same backend, in seconds, when it does."""
    assumptions: tuple[Assumption, ...]
    """What this answer takes for granted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace(Answer):
    """One way a connection may go."""

    share: str
    """How many of all tries go this way."""
    disposition: Disposition
    """How it ends for the client."""
    code: str
    """The code of the step that decided."""
    hops: tuple[Hop, ...]
    """The places passed, in order."""
    reply: tuple[Step, ...]
    """How the answer comes back; empty when there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DispositionConnected(Answer):
    """The connection is made (for UDP: the datagram arrives)."""

    kind: Literal["connected"] = "connected"
    to: At
    """With whom."""
    address: str
    """Address and port it arrived at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DispositionRefused(Answer):
    """Something answers at once that nobody listens."""

    kind: Literal["refused"] = "refused"
    by: At
    """Who answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DispositionTimedOut(Answer):
    """Nobody answers."""

    kind: Literal["timedOut"] = "timedOut"
    at: At
    """Where the packet is lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DispositionNameNotFound(Answer):
    """The name does not exist."""

    kind: Literal["nameNotFound"] = "nameNotFound"
    name: str
    """The name as typed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DispositionNameLookupTimedOut(Answer):
    """The name server does not answer."""

    kind: Literal["nameLookupTimedOut"] = "nameLookupTimedOut"
    name: str
    """The name as typed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DispositionNameLookupFailed(Answer):
    """The name server is there and says that it cannot answer, or refuses."""

    kind: Literal["nameLookupFailed"] = "nameLookupFailed"
    name: str
    """The name as typed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DispositionNoAddress(Answer):
    """There is no address to connect to or from."""

    kind: Literal["noAddress"] = "noAddress"
    of: str
    """Who has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DispositionNoRoute(Answer):
    """A router on the way says that there is no way."""

    kind: Literal["noRoute"] = "noRoute"
    at: At
    """Which."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DispositionUndetermined(Answer):
    """It depends on a fact that is not in the input."""

    kind: Literal["undetermined"] = "undetermined"
    missing: str
    """The missing fact."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DispositionImplementationDefined(Answer):
    """Kubernetes leaves it to the implementation."""

    kind: Literal["implementationDefined"] = "implementationDefined"
    what: str
    """What is left open."""
    usually: Disposition
    """What usually happens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AtPod(Answer):
    """The network namespace of a pod."""

    kind: Literal["pod"] = "pod"
    namespace: str
    """Namespace."""
    name: str
    """Name."""
    node: str | None = None
    """Its node."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AtNode(Answer):
    """The host network of a node."""

    kind: Literal["node"] = "node"
    name: str
    """Name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AtLoadBalancer(Answer):
    """A load balancer in front of the cluster."""

    kind: Literal["loadBalancer"] = "loadBalancer"
    service: str
    """The Service, `namespace/name`."""
    address: str
    """Its address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AtOutside(Answer):
    """Beyond the cluster."""

    kind: Literal["outside"] = "outside"
    address: str
    """The address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hop(Answer):
    """What happened at one place."""

    at: At
    """Where."""
    before: Packet | None = None
    """The packet as it came in; absent while there is none yet."""
    after: Packet | None = None
    """The packet as it went on; absent when it went no further."""
    steps: tuple[Step, ...]
    """What happened, in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Packet(Answer):
    """The header of the first packet of a connection."""

    source: str
    """Source address."""
    destination: str
    """Destination address."""
    port: int
    """Destination port."""
    protocol: Protocol
    """Protocol."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step(Answer):
    """One thing that happened, and why."""

    action: Action
    """What kind of thing."""
    code: str
    """Stable code, `policy/no-rule-matches`."""
    sentence: str
    """One sentence."""
    evidence: tuple[Evidence, ...]
    """The objects and fields that decided."""
    near_miss: NearMiss | None = None
    """For a "no": what came nearest to a "yes"."""
    detail: Detail | None = None
    """The particulars."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DetailLookup(Answer):
    """The questions a resolver asked."""

    kind: Literal["lookup"] = "lookup"
    queries: tuple[LookupQuery, ...]
    """In the order asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DetailPolicies(Answer):
    """The policies that isolate one end of the connection."""

    kind: Literal["policies"] = "policies"
    direction: Direction
    """`ingress` or `egress`, from the point of view of the pod they select."""
    isolated_by: tuple[ObjectRef, ...]
    """The policies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DetailBackends(Answer):
    """The backends a Service may choose."""

    kind: Literal["backends"] = "backends"
    service: str
    """`namespace/name`."""
    eligible: int
    """How many are eligible; each has a trace of its own."""
    backends: tuple[Candidate, ...]
    """The first ten of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LookupQuery(Answer):
    """One question of a resolver."""

    name: str
    """The full name asked for."""
    record_type: str
    """`A` or `AAAA`."""
    server: str
    """The name server."""
    rcode: str
    """`NOERROR`, `NXDOMAIN`, `TIMEOUT` …"""
    addresses: tuple[str, ...]
    """The addresses answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate(Answer):
    """A backend that a Service may choose."""

    address: str
    """Address and port."""
    pod: str | None = None
    """`namespace/name` of the pod behind it."""
    share: str
    """Its part of new connections."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceReport(Answer):
    """A Service: its addresses, what answers behind each port, and why each pod is an endpoint or not."""

    service: ObjectRef
    """The Service."""
    type: str
    """`ClusterIP`, `NodePort` …"""
    cluster_ips: tuple[str, ...]
    """ClusterIPs; `None` for a headless Service."""
    external_ips: tuple[str, ...]
    """`spec.externalIPs`."""
    load_balancer: tuple[str, ...]
    """Addresses and names that the load balancer reported."""
    not_proxied: Reason | None = None
    """Why kube-proxy leaves it alone, if it does."""
    ports: tuple[PortReport, ...]
    """Its ports with their endpoints."""
    pods: tuple[Membership, ...]
    """The pods it selects, then those it nearly selects."""
    other_pods: int
    """Other pods of the namespace, which have nothing in common with the selector."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason(Answer):
    """One step of a decision: a stable code, a sentence, and the fields behind it."""

    code: str
    """Stable code, `services/no-endpoints`."""
    sentence: str
    """One English sentence."""
    evidence: tuple[Evidence, ...]
    """The objects and fields that decided."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PortReport(Answer):
    """A port of a Service."""

    name: str
    """Name, empty for the only port."""
    port: int
    """Port of the Service."""
    protocol: Protocol
    """Protocol."""
    target_port: str
    """Number or name of the pods' port."""
    node_port: int | None = None
    """Node port."""
    endpoints: tuple[EndpointReport, ...]
    """Endpoints in the order of the slices."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointReport(Answer):
    """An endpoint of a Service port."""

    address: str
    """`ip:port`."""
    pod: ObjectRef | None = None
    """The pod behind it."""
    node: str | None = None
    """The node it is on."""
    ready: bool
    """Whether it gets connections."""
    terminating: bool
    """Whether it is being deleted."""
    slice: str
    """Name of its EndpointSlice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership(Answer):
    """A pod beside a Service: whether it is one of its endpoints, check by check."""

    pod: ObjectRef
    """The pod."""
    standing: Standing
    """What it is to the Service."""
    sentence: str
    """One sentence."""
    checks: tuple[MembershipCheck, ...]
    """Every check in order, those that hold too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MembershipCheck(Answer):
    """One condition of being an endpoint."""

    code: str
    """Stable code, `services/label`."""
    holds: bool
    """Whether it holds."""
    sentence: str
    """One sentence."""
    evidence: tuple[Evidence, ...]
    """The fields compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RulesText(Answer):
    """The rules of a node."""

    node: str
    """The node."""
    mode: ProxyMode
    """The mode."""
    family: Family
    """The family."""
    text: str
    """Input of `iptables-restore` or `nft -f`, or the output of `ipvsadm -Ln`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleWalk(Answer):
    """A packet walked through the rendered rules of a node."""

    node: str
    """The node."""
    mode: ProxyMode
    """The mode."""
    packet: Packet
    """The packet."""
    walk: Traced
    """The rules that matched, and where they lead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Traced(Answer):
    """What a walk found."""

    reached: tuple[Reached, ...]
    """Every destination the packet can be translated to, in the order of the rules."""
    verdict: TraceVerdict | None = None
    """The verdict of the filter rules, if one of them matched."""
    masquerade: bool
    """Whether the packet is marked for masquerading on any of its ways."""
    rules: tuple[str, ...]
    """The rules that matched, in the order of the walk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached(Answer):
    """One destination."""

    destination: str
    """`ip:port`."""
    share: str
    """Part of the packets that go there."""
    masquerade: bool
    """Whether they are masqueraded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NodePortReport(Answer):
    """What answers on a port of a node."""

    node: str
    """The node."""
    address: str | None = None
    """Its address."""
    port: int
    """The port."""
    protocol: Protocol
    """Protocol."""
    service: ObjectRef | None = None
    """The Service whose node port it is."""
    pods: tuple[ObjectRef, ...]
    """Pods that have this port of the node for themselves, by hostNetwork or hostPort."""
    node_ports: tuple[int, ...]
    """Node ports that Services have, when this is none of them."""
    seen: tuple[ViewPoint, ...]
    """What clients in different places see."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewPoint(Answer):
    """What one kind of client sees."""

    from_: Asker
    """Who asks."""
    selection: SelectionReport
    """What kube-proxy does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectionReport(Answer):
    """A `Selection` as plain data."""

    packet: Packet
    """The packet."""
    via: Via | None = None
    """The address it was for."""
    fate: Fate
    """What happens."""
    backends: tuple[BackendReport, ...]
    """Where it can go."""
    reasons: tuple[Reason, ...]
    """Why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackendReport(Answer):
    """A `Backend` as plain data."""

    address: str
    """`ip:port`."""
    pod: ObjectRef | None = None
    """The pod behind it."""
    node: str | None = None
    """The node it is on."""
    share: str
    """Part of the connections it gets."""
    source_seen: str | None = None
    """The source address it sees; absent when the model does not know it."""
    masquerade: Reason | None = None
    """Why the source is another than the client's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressOrigin(Answer):
    """Where an address comes from."""

    address: str
    """The address."""
    role: AddressRole
    """What it is."""
    owner: ObjectRef | None = None
    """Who has it."""
    block: str | None = None
    """The block it is from."""
    sentences: tuple[str, ...]
    """How it came about, sentence by sentence."""
    evidence: tuple[Evidence, ...]
    """The fields behind it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way(Answer):
    """The way of a packet between two ends."""

    source: str
    """Source address."""
    destination: str
    """Destination address."""
    legs: tuple[Leg, ...]
    """Its legs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg(Answer):
    """One leg of a way."""

    code: str
    """Stable code, `addressing/bridge`."""
    at: ObjectRef | None = None
    """Where the packet is: a pod or a node; absent outside."""
    device: str | None = None
    """The interface it goes through."""
    outer: TunnelHeader | None = None
    """The header around the packet while it is in a tunnel."""
    source: str | None = None
    """The new source address, where one is put in."""
    sentence: str
    """One English sentence."""
    evidence: tuple[Evidence, ...]
    """The objects and fields that lead there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TunnelHeader(Answer):
    """The outer header of a tunnelled packet."""

    encapsulation: str
    """`VXLAN, UDP 8472` or `IPIP, protocol 4`."""
    source: str
    """Address of the sending node."""
    destination: str
    """Address of the receiving node."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Routing(Answer):
    """What happens to one HTTP request."""

    request: HttpRequest
    """The request asked about."""
    summary: str
    """One sentence: who answers, and with what."""
    controller: ControllerAnswer | None = None
    """The controller that takes it; absent when no Ingress is claimed by any."""
    obstacles: tuple[Obstacle, ...]
    """Why nothing is served at all. When this is not empty, the rest says what would happen without them."""
    matched: Matched | None = None
    """The host entry and path that took the request; absent when the controller's own default answers."""
    candidates: tuple[AnswerCandidate, ...]
    """The path that won, those that match too and those that came near, with why each lost. Up to 40 paths
    of rules that cover the host are all listed; of more, the nearest.
    """
    candidates_left_out: int
    """How many paths of rules that cover the host are not listed."""
    candidates_elsewhere: int
    """How many paths stand under other hosts and are not listed."""
    outcomes: tuple[AnswerOutcome, ...]
    """How it ends, with the share of each way; several only with canaries."""
    certificate: CertificateAnswer | None = None
    """What the TLS handshake shows; absent for plain requests."""
    difference: Difference | None = None
    """What the other behaviour would do, when it differs."""
    steps: tuple[AnswerStep, ...]
    """The decisions in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRequest(Answer):
    """One HTTP request as a client sends it."""

    scheme: Scheme
    """Plain or TLS."""
    method: str
    """Method; empty means GET."""
    host: str | None = None
    """The Host header (or `:authority`) as sent, port included; `None` when the client sends none
    or addresses the controller by its IP.
    """
    path: str
    """Request target: path and query as sent."""
    headers: Mapping[str, str] | None = None
    """Headers; names in any case."""
    sni: str | None = None
    """The server name in the TLS handshake; absent means the host without its port."""
    client: str | None = None
    """Where the client is: an IP address outside the cluster or a pod `namespace/name`. Absent: outside,
    at an address nobody asks about.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class ControllerAnswer(Answer):
    """A controller, in an answer."""

    name: str
    """`spec.controller` of its IngressClasses."""
    profile: IngressProfile
    """Whose behaviour is answered."""
    classes: tuple[str, ...]
    """The classes it claims."""
    workload: ObjectRef | None = None
    """The workload whose pods it is."""
    pods: tuple[ObjectRef, ...]
    """Its pods."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Obstacle(Answer):
    """Something that keeps requests from being served at all."""

    code: str
    """Stable code, `ingress/no-controller`."""
    message: str
    """One sentence."""
    evidence: Evidence | None = None
    """What decided."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Matched(Answer):
    """The path that took the request."""

    ingress: ObjectRef
    """The Ingress it stands in."""
    host: str | None = None
    """The host of the rule; absent for rules without one and for a default backend."""
    path: str | None = None
    """The path as written; absent for a default backend."""
    path_type: str | None = None
    """The path type as written; absent for a default backend."""
    location: str | None = None
    """The nginx location, `location ~* "^/foo"`; only for ingress-nginx."""
    evidence: Evidence
    """Where it stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerCandidate(Answer):
    """A path that was considered."""

    ingress: ObjectRef
    """The Ingress."""
    host: str
    """Host of its rule, empty for none."""
    path: str
    """Path as written."""
    path_type: str
    """Path type as written."""
    won: bool
    """Whether it took the request."""
    why: str
    """Why it won or lost."""
    evidence: Evidence
    """Where it stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerOutcome(Answer):
    """One way a request ends."""

    share: str
    """Its share of all such requests."""
    backend: BackendAnswer | None = None
    """The Service the request is for; absent when the controller answers by itself."""
    upstream: UpstreamRequest | None = None
    """What the backend sees; absent when it sees nothing."""
    endpoints: tuple[EndpointAnswer, ...]
    """The pods behind the Service and what comes of connecting to each."""
    response: Response
    """What the client gets."""
    response_headers: tuple[Header, ...] = ()
    """Headers that the controller adds to the response."""
    why: str
    """Why, in one sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackendAnswer(Answer):
    """A Service as a backend."""

    service: ObjectRef
    """The Service, whether it exists or not."""
    port: str
    """The port as the Ingress names it."""
    evidence: Evidence
    """Where the backend stands in the Ingress."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UpstreamRequest(Answer):
    """What a backend sees."""

    protocol: str
    """`http`, `https`, `$scheme`, `grpc`, `grpcs` or `fcgi`."""
    method: str
    """Method."""
    host: str
    """Host header."""
    path: str
    """Request target."""
    headers: tuple[Header, ...]
    """Headers that the controller adds or changes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Header(Answer):
    """A header."""

    name: str
    """Name."""
    value: str
    """Value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointAnswer(Answer):
    """One endpoint of a backend."""

    address: str
    """`10.244.1.5:8080`."""
    pod: ObjectRef | None = None
    """The pod there."""
    connection: Connection
    """What comes of connecting from the controller."""
    why: str
    """Why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseBackend(Answer):
    """Whatever the backend answers."""

    kind: Literal["backend"] = "backend"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseStatus(Answer):
    """The controller answers by itself."""

    kind: Literal["status"] = "status"
    code: int
    """HTTP status code."""
    location: str | None = None
    """The Location header of a redirect."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseConnectionFailed(Answer):
    """There is no HTTP answer: the connection or the TLS handshake fails."""

    kind: Literal["connectionFailed"] = "connectionFailed"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseUndetermined(Answer):
    """The model cannot tell."""

    kind: Literal["undetermined"] = "undetermined"
    missing: str
    """What is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateAnswer(Answer):
    """The certificate that a client is shown."""

    secret: ObjectRef | None = None
    """The Secret it is from; absent for the controller's own fake certificate."""
    issuer: str
    """Issuer common name."""
    names: tuple[str, ...]
    """Its names."""
    covers_host: bool
    """Whether it holds for the server name of the handshake."""
    valid: bool | None = None
    """Whether it is within its validity; absent when no time was given."""
    why: str
    """Why this certificate."""
    data: CertificateData | None = None
    """The certificate itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateData(Answer):
    """The names and validity of a certificate."""

    common_name: str
    """Subject common name."""
    issuer: str
    """Issuer common name."""
    names: tuple[str, ...]
    """DNS names and addresses of the subject alternative name extension."""
    uris: tuple[str, ...] = ()
    """URIs of the subject alternative name extension."""
    not_before: str
    """Start of validity, RFC 3339."""
    not_after: str
    """End of validity, RFC 3339."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference(Answer):
    """What the other behaviour would do."""

    profile: IngressProfile
    """Whose behaviour this is."""
    matched: Matched | None = None
    """Who takes the request there; absent when nothing matches."""
    response: Response
    """What the client gets there."""
    message: str
    """One sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerStep(Answer):
    """One decision."""

    text: str
    """One sentence."""
    evidence: Evidence | None = None
    """What decided."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NginxTable(Answer):
    """What ingress-nginx configures nginx with."""

    servers: tuple[NginxServer, ...]
    """Servers sorted by host, the catch-all `_` among them."""
    rejected: tuple[str, ...]
    """Why nginx refuses the whole configuration; the controller then keeps serving the one before."""
    dropped: tuple[Dropped, ...]
    """Ingresses that the controller drops, and why."""
    text: str
    """The same as configuration text: the directives that decide about routing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NginxServer(Answer):
    """One server block."""

    host: str
    """Host of the rules, `_` for the catch-all."""
    server_name: str
    """The server_name directive."""
    aliases: tuple[str, ...]
    """Other names, from server-alias."""
    regex_mode: bool
    """Whether every location is a case-insensitive regular expression."""
    certificate: str | None = None
    """The Secret of its certificate, `namespace/name`; empty for the default certificate."""
    tls_secret: str | None = None
    """The Secret that the tls section chooses for this host, whether it can be loaded or not."""
    locations: tuple[NginxLocation, ...]
    """Locations in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NginxLocation(Answer):
    """One location block."""

    location: str
    """`= "/foo"`, `"/foo/"` or `~* "^/foo"`."""
    upstream: str
    """The upstream, `namespace-service-port` or `upstream-default-backend`."""
    service: str | None = None
    """Name of the Service; absent for the default backend."""
    pass_: tuple[str, ...]
    """The rewrite and pass directives."""
    ingress: ObjectRef | None = None
    """The Ingress it came from; absent for the controller's own."""
    evidence: Evidence | None = None
    """Where it stands."""
    force_no_ssl_redirect: bool
    """Whether no-tls-redirect-locations exempts it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dropped(Answer):
    """An Ingress that the controller drops."""

    ingress: ObjectRef
    """The Ingress."""
    why: str
    """Why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusList(Answer):
    """The status of every Ingress."""

    ingresses: tuple[IngressStatusAnswer, ...]
    """In input order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IngressStatusAnswer(Answer):
    """Class, controller and address of one Ingress."""

    ingress: ObjectRef
    """The Ingress."""
    class_: str | None = None
    """Its class, by field or annotation."""
    controller: str | None = None
    """The controller that takes it."""
    addresses: tuple[str, ...]
    """What the controller writes into status.loadBalancer: IPs and host names."""
    why: str
    """Where the addresses come from, or why there are none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal(Answer):
    """Why the webhook refuses an Ingress."""

    ingress: ObjectRef
    """The Ingress."""
    message: str
    """What the webhook says; kubectl prints `admission webhook "validate.nginx.ingress.kubernetes.io" denied
    the request: ` before it.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayRouting(Answer):
    """What happens to a request or connection sent to a Gateway."""

    summary: str
    """One sentence."""
    gateway: ObjectRef
    """The Gateway."""
    controller: str | None = None
    """`spec.controllerName` of its class; absent when no class claims it."""
    obstacles: tuple[Obstacle, ...]
    """Why nothing is served at all. When this is not empty, the rest says what would happen without them."""
    listener: ListenerAnswer | None = None
    """The listener that takes it."""
    matched: RouteMatched | None = None
    """The match that takes it."""
    candidates: tuple[RouteCandidate, ...]
    """Every rule that was considered, and why it lost."""
    candidates_left_out: int
    """How many candidates are not listed."""
    outcomes: tuple[GatewayOutcome, ...]
    """How it ends, with the share of each way."""
    mirrors: tuple[MirrorAnswer, ...] = ()
    """Copies that go elsewhere."""
    timeouts: TimeoutsAnswer | None = None
    """Timeouts of the rule, as written."""
    certificate: GatewayCertificate | None = None
    """The certificate the client is shown."""
    client_certificate_required: bool
    """Whether the client must show a certificate itself."""
    steps: tuple[str, ...]
    """The decisions in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListenerAnswer(Answer):
    """The listener that takes a request."""

    name: str
    """Its name."""
    object: ObjectRef
    """The Gateway or ListenerSet it stands in."""
    port: int
    """Its port."""
    protocol: str
    """Its protocol."""
    hostname: str
    """Its host name, empty for every host."""
    evidence: Evidence
    """Where it stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteMatched(Answer):
    """The match that takes a request."""

    route: ObjectRef
    """The route."""
    kind: RouteKind
    """Its kind."""
    hostname: str
    """The host name it serves there, empty for every host."""
    rule: int
    """The rule."""
    rule_name: str | None = None
    """Name of the rule."""
    evidence: Evidence
    """Where the match stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteCandidate(Answer):
    """A rule that was considered."""

    route: ObjectRef
    """The route."""
    won: bool
    """Whether it took the request."""
    why: str
    """Why it won or lost."""
    evidence: Evidence
    """Where the match stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayOutcome(Answer):
    """One way a request ends."""

    share: str
    """Its share of all such requests."""
    backend: ObjectRef | None = None
    """The Service it is for."""
    port: int | None = None
    """Port of that Service."""
    upstream: UpstreamRequest | None = None
    """What the backend sees."""
    headers: tuple[Header, ...] = ()
    """Headers of the request as the backend sees them, names in lower case."""
    backend_tls: BackendTls | None = None
    """How the Gateway speaks TLS to the backend; absent for plain text."""
    endpoints: tuple[EndpointAnswer, ...]
    """The pods behind the Service."""
    response: Response
    """What the client gets."""
    grpc_status: str | None = None
    """What a gRPC client sees of an answer that the Gateway gives by itself, `UNIMPLEMENTED`."""
    response_changes: tuple[HeaderChange, ...] = ()
    """What filters do to the response's headers, in order."""
    why: str
    """Why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackendTls(Answer):
    """How a Gateway speaks TLS to a backend."""

    policy: ObjectRef
    """The BackendTLSPolicy."""
    hostname: str
    """The server name it sends, and the name the certificate must hold when no others are given."""
    subject_alt_names: tuple[str, ...]
    """Names or URIs, one of which the certificate must hold."""
    authorities: tuple[str, ...]
    """Where the trusted authorities come from: `ConfigMap a/b`, or `System`."""
    usable: bool
    """Whether the policy can be used; if not, requests fail."""
    evidence: Evidence
    """Where it stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaderChange(Answer):
    """Changes to headers: set, then add, then remove."""

    set: tuple[Header, ...]
    """Replaced."""
    add: tuple[Header, ...]
    """Appended."""
    remove: tuple[str, ...]
    """Removed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MirrorAnswer(Answer):
    """A copy of requests."""

    backend: ObjectRef
    """The Service that gets copies."""
    share: str
    """The part of the requests that is copied."""
    problem: str | None = None
    """Why nothing is copied."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeoutsAnswer(Answer):
    """Timeouts of a rule."""

    request: str | None = None
    """For the whole request."""
    backend_request: str | None = None
    """For one try of a backend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayCertificate(Answer):
    """The certificate that a client is shown."""

    secret: ObjectRef
    """The Secret."""
    covers_host: bool
    """Whether it holds for the server name."""
    valid: bool | None = None
    """Whether it is within its validity; absent when no time was given."""
    data: CertificateData
    """The certificate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayStatus(Answer):
    """The status of every Gateway API object."""

    classes: tuple[ObjectStatus, ...]
    """GatewayClasses."""
    gateways: tuple[ObjectStatus, ...]
    """Gateways."""
    listener_sets: tuple[ObjectStatus, ...]
    """ListenerSets."""
    routes: tuple[RouteStatus, ...]
    """Routes."""
    policies: tuple[RouteStatus, ...]
    """BackendTLSPolicies; their parents are the Gateways that use them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectStatus(Answer):
    """Conditions and listeners of a GatewayClass, Gateway or ListenerSet."""

    object: ObjectRef
    """The object."""
    conditions: tuple[Condition, ...]
    """Its conditions."""
    addresses: tuple[str, ...] = ()
    """Its addresses, where the manifests show the Service of its data plane; only Gateways."""
    listeners: tuple[ListenerStatus, ...] = ()
    """Its listeners."""
    attached_listener_sets: int | None = None
    """How many ListenerSets it took; only Gateways."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition(Answer):
    """A condition of an object."""

    type: str
    """`Accepted`, `Programmed`, `ResolvedRefs` …"""
    status: bool | None
    """Whether it holds; `None` is Unknown."""
    reason: str
    """One word."""
    message: str
    """One sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListenerStatus(Answer):
    """Status of one listener."""

    name: str
    """Its name."""
    supported_kinds: tuple[RouteKind, ...]
    """Kinds of routes it takes."""
    attached_routes: int
    """Routes that attached."""
    conditions: tuple[Condition, ...]
    """Its conditions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteStatus(Answer):
    """Conditions of a route or policy for each of its parents."""

    object: ObjectRef
    """The route or policy."""
    parents: tuple[ParentStatus, ...]
    """One entry for each parentRef that an implementation takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParentStatus(Answer):
    """Conditions for one parent."""

    parent: ObjectRef
    """The Gateway or ListenerSet."""
    section_name: str | None = None
    """The listener it names."""
    port: int | None = None
    """The port it names."""
    controller: str
    """`spec.controllerName` of the class."""
    conditions: tuple[Condition, ...]
    """Conditions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversion(Answer):
    """Ingresses as Gateway API manifests."""

    manifests: str
    """The manifests, YAML."""
    notes: tuple[ConversionNote, ...]
    """What has no equivalent, or behaves differently."""
    compared: int
    """How many sampled requests were compared."""
    differences: tuple[ConversionDifference, ...]
    """Those that go elsewhere afterwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversionNote(Answer):
    """Something that is lost or changes."""

    ingress: ObjectRef
    """The Ingress."""
    message: str
    """One sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversionDifference(Answer):
    """A request that is answered differently after the conversion."""

    request: str
    """The request."""
    ingress: str
    """How the Ingress controller ends it."""
    gateway: str
    """How the Gateway ends it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lint(Answer):
    """All findings about a cluster."""

    findings: tuple[LintFinding, ...]
    """By mechanism, then in the order of the objects."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LintFinding(Answer):
    """A judgement with its evidence and a way out."""

    severity: Severity
    """How bad it is."""
    code: str
    """Stable code, `policy/selects-nothing`. A code never changes its meaning."""
    message: str
    """What is wrong, one sentence."""
    evidence: tuple[Evidence, ...]
    """The objects and fields it is about, the decisive one first."""
    fix: str
    """What to do, one sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict(Answer):
    """Whether a connection may be made, and why."""

    decision: Decision
    """The judgement."""
    summary: str
    """One sentence."""
    from_: str
    """Who opens the connection: `namespace/name`, `node/name` or an address."""
    to: str
    """Who is to answer."""
    from_ip: str
    """The source address that arrives."""
    to_ip: str
    """The destination address that arrives."""
    protocol: Protocol
    """Protocol."""
    port: int
    """The destination's own port."""
    egress: Side
    """What the policies of the opener say."""
    ingress: Side
    """What the policies of the destination say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionAllowed(Answer):
    """Both ends allow it."""

    kind: Literal["allowed"] = "allowed"


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionDenied(Answer):
    """One end denies it."""

    kind: Literal["denied"] = "denied"


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionImplementationDefined(Answer):
    """The API leaves it to the implementation."""

    kind: Literal["implementationDefined"] = "implementationDefined"
    usually: PolicyOutcome
    """What most implementations do."""
    why: PolicyReason
    """What is left open."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionUndetermined(Answer):
    """A fact is missing that manifests cannot tell."""

    kind: Literal["undetermined"] = "undetermined"
    missing: PolicyReason
    """Which."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Side(Answer):
    """What the policies of one end say."""

    direction: Direction
    """Which way, from the point of view of this end."""
    decision: Decision
    """The judgement of this end alone."""
    reason: PolicyReason
    """Because of what."""
    sentence: str
    """The same as a sentence."""
    isolated_by: tuple[ObjectRef, ...]
    """The NetworkPolicies that isolate this end in this direction."""
    decided_by: Evidence | None = None
    """The rule that decided, when one did."""
    peer: Evidence | None = None
    """The peer of that rule that matched; absent when the rule names none."""
    port: Evidence | None = None
    """The port of that rule that matched; absent when the rule names none."""
    nearest_miss: Miss | None = None
    """When no rule admits the connection: what came nearest."""
    policies: tuple[Examined, ...]
    """Every policy that could have a say: all NetworkPolicies of the pod's namespace and all
    cluster-wide policies, in the order they are asked.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Miss(Answer):
    """The rule that would have admitted a connection with the least change."""

    sentence: str
    """What is in the way, in words."""
    evidence: Evidence
    """The part of the rule that does not match."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined(Answer):
    """One policy and what it made of the connection."""

    policy: ObjectRef
    """The policy."""
    tier: Tier
    """When it is asked."""
    selects: bool
    """Whether it selects the pod."""
    applies: bool
    """Whether it selects the pod and speaks of this direction."""
    effect: PolicyAction | None = None
    """What it does with the connection: the action of its first matching rule; absent when none matches."""
    why_not: str | None = None
    """Why it does not apply; absent when it does."""
    rules: tuple[ExaminedRule, ...]
    """Its rules for this direction, in order; empty when it does not apply."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExaminedRule(Answer):
    """One rule and what it made of the connection."""

    field: str
    """`spec.ingress[0]`."""
    action: PolicyAction
    """What it does with traffic that matches."""
    matches: bool
    """Whether one of its peers and one of its ports match."""
    peers: tuple[ExaminedPart, ...]
    """Its peers; empty when it names none, which means everyone."""
    ports: tuple[ExaminedPart, ...]
    """Its ports; empty when it names none, which means all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExaminedPart(Answer):
    """One peer or port of a rule."""

    field: str
    """`spec.ingress[0].from[1]`."""
    matches: bool
    """Whether it matches."""
    why_not: str | None = None
    """Why it does not; absent when it does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedPorts(Answer):
    """Exactly the ports open between two ends."""

    from_: str
    """Who opens connections."""
    to: str
    """Who answers."""
    parts: tuple[AllowedPart, ...]
    """Ports open, by family or by addresses when they differ."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedPart(Answer):
    """The ports open to a part of the addresses."""

    family: Family | None = None
    """Only with this family; absent when all common families are alike."""
    addresses: str | None = None
    """The addresses outside the cluster; absent when both ends are inside."""
    ports: str
    """Ports open, as far as it can be told: what the API leaves open counts as what usually happens."""
    undetermined: str | None = None
    """Ports of which manifests do not tell: it depends on which addresses a domain name has. Absent when
    there are none.
    """
    implementation_defined: str | None = None
    """Ports that the API leaves to the implementation: policies of equal priority disagree. Absent when
    there are none.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Reachability(Answer):
    """Who may talk to whom."""

    by: Granularity
    """What counts as one end."""
    members: tuple[Member, ...]
    """The ends, in order of first mention."""
    connections: tuple[Link, ...]
    """Connections inside the cluster that are allowed, ordered by source and destination. Pairs without
    any allowed port are left out, and so is a pod's way to itself.
    """
    from_outside: tuple[OutsideLink, ...]
    """Who may be reached from which addresses outside the cluster."""
    to_outside: tuple[OutsideLink, ...]
    """Who may reach which addresses outside the cluster."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Member(Answer):
    """One end."""

    name: str
    """`Deployment web/frontend`, `Pod web/tool`, `Namespace web`."""
    pods: int
    """Its pods that take part in networking."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link(Answer):
    """An allowed connection."""

    from_: str
    """Who opens it."""
    to: str
    """Who answers."""
    ports: str
    """Ports open between every pod of one and every pod of the other."""
    some: str | None = None
    """Ports open between some of them; absent when these are the same."""
    family: Family | None = None
    """Only with this family of addresses; absent when all common families are alike."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutsideLink(Answer):
    """An allowed connection over the border of the cluster."""

    member: str
    """The end inside."""
    addresses: str
    """Addresses outside."""
    ports: str
    """Ports open between them and at least one of its pods."""
    undetermined: str | None = None
    """Ports of which manifests do not tell: it depends on which addresses a domain name has. Absent when
    there are none.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class PoliciesOf(Answer):
    """The policies that select a pod."""

    pod: str
    """The pod."""
    isolated_ingress: bool
    """Whether a NetworkPolicy isolates it for ingress: only what a rule admits comes in."""
    isolated_egress: bool
    """Whether a NetworkPolicy isolates it for egress."""
    why_none: str | None = None
    """Why no policy can select it; absent when one can."""
    policies: tuple[Selecting, ...]
    """In the order they are asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Selecting(Answer):
    """A policy that selects the pod."""

    policy: ObjectRef
    """The policy."""
    tier: Tier
    """When it is asked."""
    ingress: bool
    """Whether it speaks of traffic into the pod."""
    egress: bool
    """Whether it speaks of traffic out of the pod."""
    evidence: Evidence
    """The selector that does it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PodsOf(Answer):
    """The pods that a policy selects."""

    policy: ObjectRef
    """The policy."""
    tier: Tier
    """When it is asked."""
    ingress: bool
    """Whether it speaks of traffic into its pods."""
    egress: bool
    """Whether it speaks of traffic out of its pods."""
    pods: tuple[str, ...]
    """`namespace/name`, in the order of the cluster."""
    evidence: Evidence
    """The selector that does it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposure(Answer):
    """To whom pods are exposed."""

    members: tuple[Exposed, ...]
    """One entry per end, in order of first mention."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposed(Answer):
    """To whom the pods of one end are exposed."""

    member: str
    """`Deployment web/frontend`, `Pod web/tool`, `Namespace web`."""
    ingress: ExposedSide
    """Who may reach them."""
    egress: ExposedSide
    """Whom they may reach."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExposedSide(Answer):
    """One direction. Where the pods of one end differ, what is open to some of them counts."""

    protected: bool
    """Whether some policy speaks of this direction of each of these pods."""
    outside: tuple[ExposedAddresses, ...]
    """Addresses outside the cluster."""
    entire_cluster: ExposedPorts
    """What is open to a pod that no rule describes, whatever its namespace and labels. A rule that denies
    takes from it only what it denies to everyone.
    """
    hypothetical: tuple[Hypothetical, ...]
    """What is open to pods that a rule describes, where that differs from the entire cluster."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExposedAddresses(Answer):
    """Ports open to some addresses."""

    addresses: str
    """The addresses."""
    ports: str
    """Ports open."""
    undetermined: str | None = None
    """Ports of which manifests do not tell: it depends on which addresses a domain name has. Absent when
    there are none.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class ExposedPorts(Answer):
    """Ports, some of them by a name that only the destination can resolve."""

    ports: str
    """By number."""
    named: tuple[str, ...]
    """By name, `TCP http`."""
    not_named: tuple[str, ...] = ()
    """But not the ports that the destination calls so: a cluster-wide rule denies them. Absent when empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hypothetical(Answer):
    """Pods that are not there, but would be spoken of."""

    namespace: str | None = None
    """In this one namespace; absent when a selector says which."""
    namespaces: str | None = None
    """In namespaces with these labels, in kubectl's `-l` notation; `{}` is every namespace."""
    pods: str
    """With these labels; `{}` is every pod."""
    ports: str
    """By number."""
    named: tuple[str, ...]
    """By name, `TCP http`."""
    not_named: tuple[str, ...] = ()
    """But not the ports that the destination calls so: a cluster-wide rule denies them. Absent when empty."""
    exists: bool
    """Whether a pod of the input is described too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyDiff(Answer):
    """What changed between two clusters. A workload or a namespace counts as one end: what is said of it is
    said of *some* of its pods, and where it does not hold for all of them the entry says so.
    """

    by: Granularity
    """What counts as one end."""
    connections: tuple[LinkChange, ...]
    """Connections inside the cluster that differ."""
    from_outside: tuple[OutsideChange, ...]
    """Connections from outside that differ."""
    to_outside: tuple[OutsideChange, ...]
    """Connections to the outside that differ."""
    members_lost: tuple[str, ...]
    """Ends that exist only before."""
    members_gained: tuple[str, ...]
    """Ends that exist only after."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkChange(Answer):
    """A connection that differs."""

    from_: str
    """Who opens it."""
    to: str
    """Who answers."""
    family: Family | None = None
    """Only with this family of addresses; absent when all common families are alike."""
    before: str
    """Ports open before between some pod of one end and some pod of the other."""
    after: str
    """Ports open after between some of them."""
    before_every: str | None = None
    """Ports open before between all of them; absent when these are the same."""
    after_every: str | None = None
    """Ports open after between all of them; absent when these are the same."""
    gained: str
    """Ports newly open between some of them."""
    lost: str
    """Ports no longer open between any of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutsideChange(Answer):
    """A connection over the border that differs."""

    member: str
    """The end inside."""
    addresses: str
    """Addresses outside for which the change is the same."""
    before: str
    """Ports open before between them and some pod of this end."""
    after: str
    """Ports open after."""
    gained: str
    """Ports newly open."""
    lost: str
    """Ports no longer open."""
    undetermined: str | None = None
    """Ports of which manifests do not tell, before or after: it depends on which addresses a domain name
    has. Absent when there are none.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookup(Answer):
    """What a name is to a program, with everything that was tried."""

    from_: str
    """Who asks: `default/client`, `node/node-a`, an address."""
    name: str
    """The name as typed."""
    program: Program
    """What asks."""
    summary: str
    """One sentence."""
    outcome: LookupOutcome
    """How it ended."""
    addresses: tuple[str, ...]
    """Addresses in the order the program gets them."""
    records: tuple[RecordRecord, ...]
    """All records of the answer that counts."""
    canonical: str | None = None
    """The name behind the search list and all aliases."""
    error: str | None = None
    """What the library says when it found nothing."""
    source: str
    """Where the answer came from: `dns`, `hosts` (/etc/hosts) or `literal` (it is an address)."""
    seconds: int
    """Whole seconds of waiting."""
    resolv_conf: ResolvConf
    """The resolv.conf that was used."""
    steps: tuple[LookupStep, ...]
    """Every name tried, in order."""
    ways: tuple[PathWay, ...]
    """The ways to the name servers, in the order of use."""
    share: str
    """The part of the look-ups that fares so: less than 1/1 when only some DNS pods can be reached."""
    because: tuple[DnsReason, ...]
    """Why it ended so."""
    suggestions: tuple[Suggestion, ...] = ()
    """Names that would work, or may have been meant."""
    undetermined: str | None = None
    """What is missing to know the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordView(Answer):
    """A `Record` as answers carry it."""

    name: str
    """Owner, fully qualified, in the spelling of the question."""
    ttl: int
    """Seconds."""
    type: str
    """`A`, `SRV` …"""
    data: str
    """Content in presentation text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvConf(Answer):
    """Content of a resolv.conf."""

    nameservers: tuple[str, ...]
    """Servers, in the order they are asked."""
    searches: tuple[str, ...]
    """Domains that are appended to short names."""
    options: tuple[str, ...]
    """`ndots:5` …"""


@dataclass(frozen=True, kw_only=True, slots=True)
class LookupStep(Answer):
    """One name tried."""

    name: str
    """Fully qualified."""
    parallel: bool = False
    """Sent at once with the steps around it."""
    queries: tuple[Exchange, ...]
    """Its queries."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange(Answer):
    """One query and what came back."""

    type: str
    """The type asked."""
    server: str
    """The name server."""
    protocol: Protocol
    """UDP, or TCP when the answer did not fit."""
    tries: int
    """How often it was sent."""
    result: ExchangeResult
    """What came back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExchangeResultAnswered(Answer):
    """An answer."""

    kind: Literal["answered"] = "answered"
    rcode: Rcode
    """How it ended."""
    flags: Flags
    """Header flags."""
    answers: tuple[RecordRecord, ...]
    """Answer section."""
    because: tuple[DnsReason, ...]
    """The objects behind it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExchangeResultTimedOut(Answer):
    """Nothing."""

    kind: Literal["timedOut"] = "timedOut"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExchangeResultRefused(Answer):
    """An error: nobody listens."""

    kind: Literal["refused"] = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Flags(Answer):
    """Header flags of an answer."""

    aa: bool
    """Authoritative answer."""
    tc: bool
    """Truncated."""
    rd: bool
    """Recursion desired: every resolver sets it."""
    ra: bool
    """Recursion available."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DnsReason(Answer):
    """One sentence and the object behind it."""

    text: str
    """A plain English sentence."""
    evidence: Evidence | None = None
    """The object, field and position that decided; absent when none did."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PathWay(Answer):
    """How queries to one name server fare."""

    server: str
    """The name server."""
    protocol: Protocol
    """UDP, or TCP for large answers."""
    end: End
    """How it ends."""
    delivered: str
    """The part of the queries that get there; with several DNS pods some may be out of reach."""
    service: ObjectRef | None = None
    """The Service on the way, if there is one."""
    because: tuple[DnsReason, ...]
    """Every decision on the way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndCluster(Answer):
    """At cluster DNS."""

    kind: Literal["cluster"] = "cluster"


@dataclass(frozen=True, kw_only=True, slots=True)
class EndOutside(Answer):
    """At a resolver outside the cluster."""

    kind: Literal["outside"] = "outside"


@dataclass(frozen=True, kw_only=True, slots=True)
class EndTimedOut(Answer):
    """Nowhere: the query is lost."""

    kind: Literal["timedOut"] = "timedOut"


@dataclass(frozen=True, kw_only=True, slots=True)
class EndRefused(Answer):
    """Somebody says that nobody is there."""

    kind: Literal["refused"] = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class EndUndetermined(Answer):
    """Not known."""

    kind: Literal["undetermined"] = "undetermined"
    missing: str
    """What is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion(Answer):
    """A name that may have been meant."""

    name: str
    """The name to ask for."""
    text: str
    """Why it is offered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DnsResponse(Answer):
    """An answer of the server, with reasons."""

    name: str
    """The name asked, fully qualified."""
    type: str
    """The type asked."""
    rcode: Rcode
    """How it ended."""
    flags: Flags
    """Header flags."""
    answers: tuple[RecordRecord, ...]
    """Answer section."""
    authority: tuple[RecordRecord, ...]
    """Authority section."""
    additional: tuple[RecordRecord, ...]
    """Additional section, without OPT."""
    plugin: str
    """The plugin that answered."""
    because: tuple[DnsReason, ...]
    """Why, one reason per deciding object."""
    suggestions: tuple[Suggestion, ...] = ()
    """Names that may have been meant; only for negative answers."""
    undetermined: str | None = None
    """What is missing to know the answer for sure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PodResolvConf(Answer):
    """The resolv.conf of a pod."""

    pod: ObjectRef
    """The pod."""
    base: str
    """Where its settings come from: `cluster`, `node` or `none`."""
    why: str
    """Why, in one sentence."""
    nameservers: tuple[str, ...]
    """Servers, in the order they are asked."""
    searches: tuple[str, ...]
    """Domains that are appended to short names."""
    options: tuple[str, ...]
    """`ndots:5` …"""
    text: str
    """The file."""
    events: tuple[Event, ...]
    """Warnings the kubelet records."""
    evidence: tuple[Evidence, ...]
    """The fields that decided."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event(Answer):
    """An event the kubelet records."""

    reason: str
    """`DNSConfigForming`, `MissingClusterDNS`, `FailedCreatePodSandBox`."""
    message: str
    """Its message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostsFile(Answer):
    """/etc/hosts of a pod, with what else the kubelet makes of its names."""

    pod: ObjectRef
    """The pod."""
    hostname: str
    """What `hostname` prints in it: the node's name on the host network, the FQDN with setHostnameAsFQDN."""
    domain: str
    """The domain behind the hostname, empty when there is none."""
    text: str
    """The file."""
    entries: tuple[HostsEntry, ...]
    """Addresses with their names, in the order of the file."""
    events: tuple[Event, ...]
    """Warnings the kubelet records."""
    notes: tuple[str, ...]
    """Things worth knowing about these names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostsEntry(Answer):
    """One line of /etc/hosts."""

    address: str
    """The address."""
    names: tuple[str, ...]
    """Its names."""
    evidence: Evidence | None = None
    """The field of the pod it comes from; absent for fixed lines and the pod's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneListing(Answer):
    """All records of the cluster's zones."""

    zones: tuple[Zone, ...]
    """One table per zone, forward zones first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone(Answer):
    """Records of one zone."""

    zone: str
    """The zone, `cluster.local.`."""
    records: tuple[RecordRecord, ...]
    """SOA and NS first, then by namespace and Service; reverse zones by address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolRun(Answer):
    """What a command printed."""

    from_: str
    """Who typed."""
    command: str
    """The command."""
    style: Style
    """Which program ran."""
    text: str
    """Standard output and standard error as the user sees them."""
    exit: int
    """Exit code."""
    seconds: int
    """Whole seconds it took."""
    steps: tuple[LookupStep, ...]
    """Every name tried, in order."""
    ways: tuple[PathWay, ...]
    """The ways to the name servers."""
    undetermined: str | None = None
    """What is missing to know the output for sure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assertion(Answer):
    """Whether a claim holds."""

    holds: bool
    """Whether it holds for every pair and every port: then this is a proof, not a sample."""
    undetermined: bool
    """Whether it is neither proved nor refuted, because a connection depends on what manifests do not
    tell or the API leaves open; then `counterexample` is that connection, and `holds` is false.
    """
    summary: str
    """One sentence."""
    claim: Claim
    """What was claimed."""
    ports: str
    """Ports it was claimed of."""
    pairs: int
    """How many pairs of pods, nodes and address ranges were judged."""
    counterexample: Verdict | None = None
    """A connection for which it does not hold, or may not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskErrorNotFound(Answer):
    """No such object."""

    code: Literal["notFound"] = "notFound"
    kind: str
    """`pod`, `service`, `node` …"""
    name: str
    """What was asked for."""
    near: str | None
    """The nearest name that exists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskErrorUnreadable(Answer):
    """The notation cannot be read."""

    code: Literal["unreadable"] = "unreadable"
    what: str
    """`destination`, `port` …"""
    text: str
    """What was given."""
    reason: str
    """Why, and what would be right."""


Severity = Literal["error", "warning", "advice"]
"""How bad a `Problem` is."""


Phase = Literal["pending", "running", "succeeded", "failed", "unknown"]
"""Lifecycle phase of a pod."""


Protocol = Literal["TCP", "UDP", "SCTP"]
"""Transport protocols that Services and policies know."""


Layer = Literal["pod", "service", "dns", "networkPolicy", "ingress"]
"""Layers of the network, as people look for faults."""


State = Literal["ok", "faulty", "blocked", "notUsed", "undetermined"]
"""How a layer stands."""


Outcome = Literal["connected", "sometimes", "failed", "undetermined"]
"""The traces of a `Journey` taken together."""


Disposition = Union["DispositionConnected", "DispositionRefused", "DispositionTimedOut", "DispositionNameNotFound", "DispositionNameLookupTimedOut", "DispositionNameLookupFailed", "DispositionNoAddress", "DispositionNoRoute", "DispositionUndetermined", "DispositionImplementationDefined"]
"""What the client sees in the end."""


At = Union["AtPod", "AtNode", "AtLoadBalancer", "AtOutside"]
"""A place a packet passes."""


Action = Literal["originated", "resolved", "selected", "translated", "forwarded", "permitted", "denied", "accepted", "refused", "dropped", "undetermined"]
"""Kinds of `Step`."""


Detail = Union["DetailLookup", "DetailPolicies", "DetailBackends"]
"""Particulars of a `Step`."""


Direction = Literal["ingress", "egress"]
"""From the point of view of the pod that a policy selects."""


Standing = Literal["ready", "terminating", "notReady", "noPort", "none"]
"""What a pod is to a Service."""


ProxyMode = Literal["iptables", "nftables", "ipvs"]
"""kube-proxy's backends."""


Family = Literal["IPv4", "IPv6"]
"""An IP family."""


TraceVerdict = Literal["accept", "drop", "reject"]
"""A verdict of the filter table."""


Asker = Literal["outside", "pod", "node"]
"""Kinds of clients."""


Via = Literal["clusterIp", "externalIp", "loadBalancer", "nodePort"]
"""By which of its addresses a Service was reached."""


Fate = Literal["notMatched", "rejected", "dropped", "healthCheck", "forwarded"]
"""What happens to a packet."""


AddressRole = Literal["pod", "node", "bridge", "tunnel", "clusterIp", "externalIp", "loadBalancer", "freePod", "freeService", "unassignedPodCidr", "loopback", "outside"]
"""What an address is."""


Scheme = Literal["http", "https"]
"""`http` or `https`."""


IngressProfile = Literal["spec", "ingressNginx"]
"""Behaviours of Ingress controllers."""


Connection = Literal["connected", "refused", "timedOut", "undetermined"]
"""What comes of connecting to an address."""


Response = Union["ResponseBackend", "ResponseStatus", "ResponseConnectionFailed", "ResponseUndetermined"]
"""What the client gets."""


RouteKind = Literal["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"]
"""Kinds of routes."""


Decision = Union["DecisionAllowed", "DecisionDenied", "DecisionImplementationDefined", "DecisionUndetermined"]
"""The judgement on one connection."""


PolicyOutcome = Literal["allowed", "denied"]
"""Whether a connection may be made."""


PolicyReason = Literal["notEnforced", "notAPod", "hostNetwork", "samePod", "ownNode", "notIsolated", "ruleAllows", "ruleDenies", "noRuleAdmits", "noAddress", "ended", "domainName", "equalPriority", "rewrittenSource", "selfThroughService"]
"""Why one end of a connection allows or denies it, or why that cannot be said."""


Tier = Literal["admin", "networkPolicy", "baseline"]
"""In which order policies are asked."""


PolicyAction = Literal["allow", "deny", "pass"]
"""What a rule does with the traffic it speaks of."""


Granularity = Literal["pod", "workload", "namespace"]
"""What counts as one end of a connection."""


Program = Literal["glibc", "musl", "nslookup", "dig", "digSearch", "host", "busybox", "busybox-1.28"]
"""Programs and libraries that resolve names; they differ in what they try and in what stops them."""


LookupOutcome = Literal["found", "notFound", "noData", "timedOut", "refused", "failed", "undetermined"]
"""How a look-up ended for the program."""


RecordRecord = RecordView
"""One resource record of class IN. Serialised as a `RecordView`."""


ExchangeResult = Union["ExchangeResultAnswered", "ExchangeResultTimedOut", "ExchangeResultRefused"]
"""What came back of a query."""


Rcode = Literal["NOERROR", "SERVFAIL", "NXDOMAIN", "REFUSED"]
"""How a query ended at the server."""


End = Union["EndCluster", "EndOutside", "EndTimedOut", "EndRefused", "EndUndetermined"]
"""How a way to a name server ends."""


Style = Literal["bind", "busybox", "busybox-1.28"]
"""Which program answers to a name that several have."""


Claim = Literal["denied", "allowed"]
"""What is claimed."""


AskError = Union["AskErrorNotFound", "AskErrorUnreadable"]
"""The question names something that does not exist, or cannot be read. The only `Err` of a question."""
