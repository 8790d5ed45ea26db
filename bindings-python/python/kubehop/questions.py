# Generated from core/src by `make surface`. Do not edit.
"""Every question: as a typed dictionary, and as a method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Union, overload

from . import answers
from ._record import Answer, Several

PortText = int | str
"""A port in a question: a number, or a name as text."""

ProxyMode = Literal["iptables", "nftables", "ipvs"]
"""kube-proxy's backends."""

Family = Literal["IPv4", "IPv6"]
"""An IP family."""

IngressProfile = Literal["spec", "ingressNginx"]
"""Behaviours of Ingress controllers."""

GatewayProtocol = Literal["http", "grpc", "tls", "tcp", "udp"]
"""What a client speaks."""

ClientCertificate = Literal["none", "trusted", "untrusted"]
"""What a client shows of itself in a TLS handshake."""

Granularity = Literal["pod", "workload", "namespace"]
"""What counts as one end of a connection."""

_SourceTextNeeded = TypedDict(
    "_SourceTextNeeded",
    {
        "name": "str",
        "text": "str",
    },
)


class SourceText(_SourceTextNeeded):
    """A source in a question."""

Program = Literal["glibc", "musl", "nslookup", "dig", "digSearch", "host", "busybox", "busybox-1.28"]
"""Programs and libraries that resolve names; they differ in what they try and in what stops them."""

Style = Literal["bind", "busybox", "busybox-1.28"]
"""Which program answers to a name that several have."""

Claim = Literal["denied", "allowed"]
"""What is claimed."""

_SettingsOptional = TypedDict(
    "_SettingsOptional",
    {
        "kubernetes": "str",
        "nodes": "Sequence[str]",
        "nodeCidrs": "Sequence[str]",
        "podCidrs": "Sequence[str]",
        "nodeMaskV4": "int",
        "nodeMaskV6": "int",
        "serviceCidrs": "Sequence[str]",
        "nodePortRange": "tuple[int, int]",
        "stored": "bool",
        "proxy": "ProxySettings",
        "cni": "CniSettings",
        "policy": "PolicySettings",
        "dns": "DnsSettings",
        "ingress": "IngressSettings",
        "undeclaredPorts": "UndeclaredPorts",
    },
    total=False,
)


class Settings(_SettingsOptional):
    """The cluster around the manifests. Every field has a default, kubeadm's where kubeadm has one."""

_ProxySettingsOptional = TypedDict(
    "_ProxySettingsOptional",
    {
        "mode": "ProxyMode",
        "masqueradeAll": "bool",
        "detectLocal": "Sequence[str]",
        "nodePortAddresses": "Sequence[str]",
        "localhostNodePorts": "bool",
        "masqueradeMark": "str",
        "randomFully": "bool",
        "nfacct": "bool",
        "conntrackTcpBeLiberal": "bool",
        "interfaceAddresses": "Mapping[str, Sequence[str]]",
    },
    total=False,
)


class ProxySettings(_ProxySettingsOptional):
    """How kube-proxy runs."""

_CniSettingsOptional = TypedDict(
    "_CniSettingsOptional",
    {
        "enforcesNetworkPolicy": "bool",
        "transport": "Transport",
    },
    total=False,
)


class CniSettings(_CniSettingsOptional):
    """The network plugin."""

Transport = Literal["vxlan", "ipip", "routed", "bridge"]
"""How pod packets travel from node to node."""

_PolicySettingsOptional = TypedDict(
    "_PolicySettingsOptional",
    {
        "hostNetwork": "HostNetworkPolicy",
        "ipBlockMatchesPods": "bool",
        "endPort": "bool",
    },
    total=False,
)


class PolicySettings(_PolicySettingsOptional):
    """What implementations of NetworkPolicy do differently."""

HostNetworkPolicy = Literal["asNode", "distinguish"]
"""How NetworkPolicy sees pods on the host network."""

_DnsSettingsOptional = TypedDict(
    "_DnsSettingsOptional",
    {
        "clusterDomain": "str",
        "clusterDns": "Sequence[str]",
        "resolver": "Resolver",
        "nodeResolvConf": "str",
        "upstreamRecords": "Sequence[str]",
        "nameServers": "Sequence[NameServer]",
        "serverAddresses": "Sequence[str]",
        "apiSynced": "bool",
    },
    total=False,
)


class DnsSettings(_DnsSettingsOptional):
    """Cluster DNS, as the kubelet is told about it."""

Resolver = Literal["glibc", "musl"]
"""Resolver libraries, which differ in search order and in what stops a search."""

_NameServerNeeded = TypedDict(
    "_NameServerNeeded",
    {
        "address": "str",
    },
)

_NameServerOptional = TypedDict(
    "_NameServerOptional",
    {
        "behaviour": "NameServerBehaviour",
        "records": "Sequence[str]",
    },
    total=False,
)


class NameServer(_NameServerNeeded, _NameServerOptional):
    """A name server outside the cluster."""

NameServerBehaviour = Literal["answers", "silent", "refuses", "fails"]
"""What a name server does with a query."""

_IngressSettingsOptional = TypedDict(
    "_IngressSettingsOptional",
    {
        "profile": "IngressProfile",
        "time": "str",
        "assumeController": "bool",
        "readsClasses": "bool",
    },
    total=False,
)


class IngressSettings(_IngressSettingsOptional):
    """Which behaviour answers HTTP questions."""

UndeclaredPorts = Literal["undetermined", "closed"]
"""What is known of a pod whose containers declare no port at all. Declaring ports is optional, so
such a pod may listen anywhere.
"""

_ProblemsQuestionNeeded = TypedDict(
    "_ProblemsQuestionNeeded",
    {
        "ask": Literal["problems"],
    },
)


class ProblemsQuestion(_ProblemsQuestionNeeded):
    """What is wrong in the input, and what was taken for granted."""

_ClusterQuestionNeeded = TypedDict(
    "_ClusterQuestionNeeded",
    {
        "ask": Literal["cluster"],
    },
)


class ClusterQuestion(_ClusterQuestionNeeded):
    """What there is: nodes, pods, Services, EndpointSlices, with their addresses."""

_DiagnoseQuestionNeeded = TypedDict(
    "_DiagnoseQuestionNeeded",
    {
        "ask": Literal["diagnose"],
    },
)

_DiagnoseQuestionOptional = TypedDict(
    "_DiagnoseQuestionOptional",
    {
        "from": "str",
        "to": "str",
        "port": "PortText",
        "protocol": "str",
    },
    total=False,
)


class DiagnoseQuestion(_DiagnoseQuestionNeeded, _DiagnoseQuestionOptional):
    """Which layer is at fault, by which object, and what to change: for one connection, or without
    `from` and `to` for the cluster as a whole.
    """

_KubectlQuestionNeeded = TypedDict(
    "_KubectlQuestionNeeded",
    {
        "ask": Literal["kubectl"],
        "command": "str",
    },
)


class KubectlQuestion(_KubectlQuestionNeeded):
    """What a `kubectl get` or `kubectl describe` command would print."""

_TraceQuestionNeeded = TypedDict(
    "_TraceQuestionNeeded",
    {
        "ask": Literal["trace"],
        "from": "str",
        "to": "str",
    },
)

_TraceQuestionOptional = TypedDict(
    "_TraceQuestionOptional",
    {
        "port": "PortText",
        "protocol": "str",
    },
    total=False,
)


class TraceQuestion(_TraceQuestionNeeded, _TraceQuestionOptional):
    """Can `from` open a connection to `to`, and what happens on the way?"""

_ServiceQuestionNeeded = TypedDict(
    "_ServiceQuestionNeeded",
    {
        "ask": Literal["service"],
        "service": "str",
    },
)

_ServiceQuestionOptional = TypedDict(
    "_ServiceQuestionOptional",
    {
        "pod": "str",
    },
    total=False,
)


class ServiceQuestion(_ServiceQuestionNeeded, _ServiceQuestionOptional):
    """What answers behind a Service, and why is each pod one of its endpoints or not?"""

_RulesQuestionNeeded = TypedDict(
    "_RulesQuestionNeeded",
    {
        "ask": Literal["rules"],
        "node": "str",
    },
)

_RulesQuestionOptional = TypedDict(
    "_RulesQuestionOptional",
    {
        "mode": "ProxyMode",
        "family": "Family",
        "service": "str",
    },
    total=False,
)


class RulesQuestion(_RulesQuestionNeeded, _RulesQuestionOptional):
    """The rules that kube-proxy writes on a node."""

_WalkRulesQuestionNeeded = TypedDict(
    "_WalkRulesQuestionNeeded",
    {
        "ask": Literal["walkRules"],
        "node": "str",
        "from": "str",
        "to": "str",
    },
)

_WalkRulesQuestionOptional = TypedDict(
    "_WalkRulesQuestionOptional",
    {
        "protocol": "str",
        "mode": "ProxyMode",
    },
    total=False,
)


class WalkRulesQuestion(_WalkRulesQuestionNeeded, _WalkRulesQuestionOptional):
    """Which of these rules does a packet match, and where does it end?"""

_NodePortQuestionNeeded = TypedDict(
    "_NodePortQuestionNeeded",
    {
        "ask": Literal["nodePort"],
        "node": "str",
        "port": "int",
    },
)

_NodePortQuestionOptional = TypedDict(
    "_NodePortQuestionOptional",
    {
        "protocol": "str",
    },
    total=False,
)


class NodePortQuestion(_NodePortQuestionNeeded, _NodePortQuestionOptional):
    """What answers on a port of a node?"""

_AddressQuestionNeeded = TypedDict(
    "_AddressQuestionNeeded",
    {
        "ask": Literal["address"],
        "address": "str",
    },
)


class AddressQuestion(_AddressQuestionNeeded):
    """Where does an address come from?"""

_WayQuestionNeeded = TypedDict(
    "_WayQuestionNeeded",
    {
        "ask": Literal["way"],
        "from": "str",
        "to": "str",
    },
)


class WayQuestion(_WayQuestionNeeded):
    """Which way does the network plugin send a packet between two ends, Services and policies apart?"""

_RouteQuestionNeeded = TypedDict(
    "_RouteQuestionNeeded",
    {
        "ask": Literal["route"],
        "url": "str",
    },
)

_RouteQuestionOptional = TypedDict(
    "_RouteQuestionOptional",
    {
        "method": "str",
        "headers": "Mapping[str, str]",
        "from": "str",
        "sni": "str",
    },
    total=False,
)


class RouteQuestion(_RouteQuestionNeeded, _RouteQuestionOptional):
    """What happens to an HTTP request that a client sends to the Ingress controller?"""

_NginxQuestionNeeded = TypedDict(
    "_NginxQuestionNeeded",
    {
        "ask": Literal["nginx"],
    },
)


class NginxQuestion(_NginxQuestionNeeded):
    """The servers and locations that ingress-nginx generates."""

_IngressesQuestionNeeded = TypedDict(
    "_IngressesQuestionNeeded",
    {
        "ask": Literal["ingresses"],
    },
)


class IngressesQuestion(_IngressesQuestionNeeded):
    """Class, controller and ADDRESS of every Ingress."""

_IngressRefusalsQuestionNeeded = TypedDict(
    "_IngressRefusalsQuestionNeeded",
    {
        "ask": Literal["ingressRefusals"],
    },
)


class IngressRefusalsQuestion(_IngressRefusalsQuestionNeeded):
    """What the validating webhook of ingress-nginx would have said to each Ingress."""

_GatewayQuestionNeeded = TypedDict(
    "_GatewayQuestionNeeded",
    {
        "ask": Literal["gateway"],
    },
)

_GatewayQuestionOptional = TypedDict(
    "_GatewayQuestionOptional",
    {
        "url": "str",
        "gateway": "str",
        "port": "int",
        "protocol": "GatewayProtocol",
        "clientCertificate": "ClientCertificate",
        "from": "str",
        "method": "str",
        "headers": "Mapping[str, str]",
        "sni": "str",
    },
    total=False,
)


class GatewayQuestion(_GatewayQuestionNeeded, _GatewayQuestionOptional):
    """What happens to a request or connection that a client sends to a Gateway?"""

_GatewayStatusQuestionNeeded = TypedDict(
    "_GatewayStatusQuestionNeeded",
    {
        "ask": Literal["gatewayStatus"],
    },
)


class GatewayStatusQuestion(_GatewayStatusQuestionNeeded):
    """The status that implementations would write into the Gateway API objects."""

_ConvertQuestionNeeded = TypedDict(
    "_ConvertQuestionNeeded",
    {
        "ask": Literal["convert"],
    },
)


class ConvertQuestion(_ConvertQuestionNeeded):
    """The Ingresses as Gateway API manifests, and what is lost."""

_LintQuestionNeeded = TypedDict(
    "_LintQuestionNeeded",
    {
        "ask": Literal["lint"],
    },
)


class LintQuestion(_LintQuestionNeeded):
    """What a careful engineer would raise about the cluster."""

_PolicyVerdictQuestionNeeded = TypedDict(
    "_PolicyVerdictQuestionNeeded",
    {
        "ask": Literal["policyVerdict"],
        "from": "str",
        "to": "str",
        "port": "PortText",
    },
)

_PolicyVerdictQuestionOptional = TypedDict(
    "_PolicyVerdictQuestionOptional",
    {
        "protocol": "str",
    },
    total=False,
)


class PolicyVerdictQuestion(_PolicyVerdictQuestionNeeded, _PolicyVerdictQuestionOptional):
    """May `from` open this connection to `to`, as far as policies go, and which of them say so?"""

_AllowedPortsQuestionNeeded = TypedDict(
    "_AllowedPortsQuestionNeeded",
    {
        "ask": Literal["allowedPorts"],
        "from": "str",
        "to": "str",
    },
)


class AllowedPortsQuestion(_AllowedPortsQuestionNeeded):
    """Exactly the ports on which `from` may open connections to `to`."""

_ReachabilityQuestionNeeded = TypedDict(
    "_ReachabilityQuestionNeeded",
    {
        "ask": Literal["reachability"],
    },
)

_ReachabilityQuestionOptional = TypedDict(
    "_ReachabilityQuestionOptional",
    {
        "by": "Granularity",
        "from": "str",
        "to": "str",
        "ports": "str",
    },
    total=False,
)


class ReachabilityQuestion(_ReachabilityQuestionNeeded, _ReachabilityQuestionOptional):
    """Who may talk to whom, on which ports."""

_PoliciesOfQuestionNeeded = TypedDict(
    "_PoliciesOfQuestionNeeded",
    {
        "ask": Literal["policiesOf"],
        "pod": "str",
    },
)


class PoliciesOfQuestion(_PoliciesOfQuestionNeeded):
    """Which policies select a pod."""

_PodsOfQuestionNeeded = TypedDict(
    "_PodsOfQuestionNeeded",
    {
        "ask": Literal["podsOf"],
        "policy": "str",
    },
)


class PodsOfQuestion(_PodsOfQuestionNeeded):
    """Which pods a policy selects."""

_ExposureQuestionNeeded = TypedDict(
    "_ExposureQuestionNeeded",
    {
        "ask": Literal["exposure"],
    },
)

_ExposureQuestionOptional = TypedDict(
    "_ExposureQuestionOptional",
    {
        "by": "Granularity",
        "of": "str",
    },
    total=False,
)


class ExposureQuestion(_ExposureQuestionNeeded, _ExposureQuestionOptional):
    """To whom pods are exposed beyond what is in the input."""

_PolicyDiffQuestionNeeded = TypedDict(
    "_PolicyDiffQuestionNeeded",
    {
        "ask": Literal["policyDiff"],
        "sources": "Sequence[SourceText]",
    },
)

_PolicyDiffQuestionOptional = TypedDict(
    "_PolicyDiffQuestionOptional",
    {
        "by": "Granularity",
        "whole": "bool",
    },
    total=False,
)


class PolicyDiffQuestion(_PolicyDiffQuestionNeeded, _PolicyDiffQuestionOptional):
    """Which connections an edit gains and loses: the cluster with these sources in place of those of the
    same names.
    """

_ResolveQuestionNeeded = TypedDict(
    "_ResolveQuestionNeeded",
    {
        "ask": Literal["resolve"],
        "from": "str",
        "name": "str",
    },
)

_ResolveQuestionOptional = TypedDict(
    "_ResolveQuestionOptional",
    {
        "type": "str",
        "program": "Program",
        "resolvConf": "str",
    },
    total=False,
)


class ResolveQuestion(_ResolveQuestionNeeded, _ResolveQuestionOptional):
    """What does a name resolve to from a pod, with every query on the way?"""

_DigQuestionNeeded = TypedDict(
    "_DigQuestionNeeded",
    {
        "ask": Literal["dig"],
        "name": "str",
    },
)

_DigQuestionOptional = TypedDict(
    "_DigQuestionOptional",
    {
        "type": "str",
    },
    total=False,
)


class DigQuestion(_DigQuestionNeeded, _DigQuestionOptional):
    """What does the DNS server alone answer?"""

_ResolvConfQuestionNeeded = TypedDict(
    "_ResolvConfQuestionNeeded",
    {
        "ask": Literal["resolvConf"],
        "pod": "str",
    },
)


class ResolvConfQuestion(_ResolvConfQuestionNeeded):
    """The resolv.conf that the kubelet writes for a pod."""

_HostsQuestionNeeded = TypedDict(
    "_HostsQuestionNeeded",
    {
        "ask": Literal["hosts"],
        "pod": "str",
    },
)


class HostsQuestion(_HostsQuestionNeeded):
    """The /etc/hosts and hostname that the kubelet gives a pod."""

_ZoneQuestionNeeded = TypedDict(
    "_ZoneQuestionNeeded",
    {
        "ask": Literal["zone"],
    },
)


class ZoneQuestion(_ZoneQuestionNeeded):
    """All records of cluster DNS."""

_ToolQuestionNeeded = TypedDict(
    "_ToolQuestionNeeded",
    {
        "ask": Literal["tool"],
        "from": "str",
        "command": "str",
    },
)

_ToolQuestionOptional = TypedDict(
    "_ToolQuestionOptional",
    {
        "style": "Style",
        "resolvConf": "str",
    },
    total=False,
)


class ToolQuestion(_ToolQuestionNeeded, _ToolQuestionOptional):
    """What does a command such as `nslookup api.prod` print in a pod?"""

_AssertQuestionNeeded = TypedDict(
    "_AssertQuestionNeeded",
    {
        "ask": Literal["assert"],
        "claim": "Claim",
        "from": "str",
        "to": "str",
    },
)

_AssertQuestionOptional = TypedDict(
    "_AssertQuestionOptional",
    {
        "ports": "str",
    },
    total=False,
)


class AssertQuestion(_AssertQuestionNeeded, _AssertQuestionOptional):
    """Do all connections from one selection to another on some ports have one outcome?"""

Question = Union[ProblemsQuestion, ClusterQuestion, DiagnoseQuestion, KubectlQuestion, TraceQuestion, ServiceQuestion, RulesQuestion, WalkRulesQuestion, NodePortQuestion, AddressQuestion, WayQuestion, RouteQuestion, NginxQuestion, IngressesQuestion, IngressRefusalsQuestion, GatewayQuestion, GatewayStatusQuestion, ConvertQuestion, LintQuestion, PolicyVerdictQuestion, AllowedPortsQuestion, ReachabilityQuestion, PoliciesOfQuestion, PodsOfQuestion, ExposureQuestion, PolicyDiffQuestion, ResolveQuestion, DigQuestion, ResolvConfQuestion, HostsQuestion, ZoneQuestion, ToolQuestion, AssertQuestion]
"""Any question."""


class Questions(ABC):
    """A method for every question that `ask` answers."""

    __slots__ = ()

    @overload
    def ask(self, question: ProblemsQuestion) -> answers.ProblemList: ...
    @overload
    def ask(self, question: ClusterQuestion) -> answers.ClusterView: ...
    @overload
    def ask(self, question: DiagnoseQuestion) -> answers.Diagnosis: ...
    @overload
    def ask(self, question: KubectlQuestion) -> answers.Output: ...
    @overload
    def ask(self, question: TraceQuestion) -> answers.Journey: ...
    @overload
    def ask(self, question: ServiceQuestion) -> answers.ServiceReport: ...
    @overload
    def ask(self, question: RulesQuestion) -> answers.RulesText: ...
    @overload
    def ask(self, question: WalkRulesQuestion) -> answers.RuleWalk: ...
    @overload
    def ask(self, question: NodePortQuestion) -> answers.NodePortReport: ...
    @overload
    def ask(self, question: AddressQuestion) -> answers.AddressOrigin: ...
    @overload
    def ask(self, question: WayQuestion) -> answers.Way: ...
    @overload
    def ask(self, question: RouteQuestion) -> answers.Routing: ...
    @overload
    def ask(self, question: NginxQuestion) -> answers.NginxTable: ...
    @overload
    def ask(self, question: IngressesQuestion) -> answers.StatusList: ...
    @overload
    def ask(self, question: IngressRefusalsQuestion) -> Several[answers.Refusal]: ...
    @overload
    def ask(self, question: GatewayQuestion) -> answers.GatewayRouting: ...
    @overload
    def ask(self, question: GatewayStatusQuestion) -> answers.GatewayStatus: ...
    @overload
    def ask(self, question: ConvertQuestion) -> answers.Conversion: ...
    @overload
    def ask(self, question: LintQuestion) -> answers.Lint: ...
    @overload
    def ask(self, question: PolicyVerdictQuestion) -> answers.Verdict: ...
    @overload
    def ask(self, question: AllowedPortsQuestion) -> answers.AllowedPorts: ...
    @overload
    def ask(self, question: ReachabilityQuestion) -> answers.Reachability: ...
    @overload
    def ask(self, question: PoliciesOfQuestion) -> answers.PoliciesOf: ...
    @overload
    def ask(self, question: PodsOfQuestion) -> answers.PodsOf: ...
    @overload
    def ask(self, question: ExposureQuestion) -> answers.Exposure: ...
    @overload
    def ask(self, question: PolicyDiffQuestion) -> answers.PolicyDiff: ...
    @overload
    def ask(self, question: ResolveQuestion) -> answers.Lookup: ...
    @overload
    def ask(self, question: DigQuestion) -> answers.DnsResponse: ...
    @overload
    def ask(self, question: ResolvConfQuestion) -> answers.PodResolvConf: ...
    @overload
    def ask(self, question: HostsQuestion) -> answers.HostsFile: ...
    @overload
    def ask(self, question: ZoneQuestion) -> answers.ZoneListing: ...
    @overload
    def ask(self, question: ToolQuestion) -> answers.ToolRun: ...
    @overload
    def ask(self, question: AssertQuestion) -> answers.Assertion: ...
    @overload
    def ask(self, question: Mapping[str, Any]) -> Answer | Several[Any]: ...
    def ask(self, question: Mapping[str, Any]) -> Any:
        """Answer any question. Raises `KubehopError` when it names something that does not exist."""
        return self._put(question)

    @abstractmethod
    def _put(self, question: Mapping[str, Any]) -> Any: ...

    def problems(
        self,
    ) -> answers.ProblemList:
        """What is wrong in the input, and what was taken for granted."""
        found: answers.ProblemList = self._put(
            {
                "ask": "problems",
            }
        )
        return found

    def cluster(
        self,
    ) -> answers.ClusterView:
        """What there is: nodes, pods, Services, EndpointSlices, with their addresses."""
        found: answers.ClusterView = self._put(
            {
                "ask": "cluster",
            }
        )
        return found

    def diagnose(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        port: PortText | None = None,
        protocol: str | None = None,
    ) -> answers.Diagnosis:
        """Which layer is at fault, by which object, and what to change: for one connection, or without
        `from` and `to` for the cluster as a whole.

        from_: Who asks, as in `Trace`.
        to: What for, as in `Trace`; a URL asked from outside goes through the Ingress.
        port: The port, when `to` names none and more than one could be meant.
        protocol: `TCP` (default), `UDP` or `SCTP`.
        """
        found: answers.Diagnosis = self._put(
            {
                "ask": "diagnose",
                "from": from_,
                "to": to,
                "port": port,
                "protocol": protocol,
            }
        )
        return found

    def kubectl(
        self,
        command: str,
    ) -> answers.Output:
        """What a `kubectl get` or `kubectl describe` command would print.

        command: `get svc -n prod -o wide`, `describe service api -n prod`.
        """
        found: answers.Output = self._put(
            {
                "ask": "kubectl",
                "command": command,
            }
        )
        return found

    def trace(
        self,
        from_: str,
        to: str,
        *,
        port: PortText | None = None,
        protocol: str | None = None,
    ) -> answers.Journey:
        """Can `from` open a connection to `to`, and what happens on the way?

        from_: Who asks: `web/frontend`, `node/node-a`, `outside`, an address.
        to: What for: `http://api.prod`, `svc/api.prod:80`, `prod/api:8080`, `node-a:30080`, an address.
        port: The port, when `to` names none and more than one could be meant.
        protocol: `TCP` (default), `UDP` or `SCTP`.
        """
        found: answers.Journey = self._put(
            {
                "ask": "trace",
                "from": from_,
                "to": to,
                "port": port,
                "protocol": protocol,
            }
        )
        return found

    def service(
        self,
        service: str,
        *,
        pod: str | None = None,
    ) -> answers.ServiceReport:
        """What answers behind a Service, and why is each pod one of its endpoints or not?

        service: `svc/api.prod`, `prod/api`.
        pod: Only this pod.
        """
        found: answers.ServiceReport = self._put(
            {
                "ask": "service",
                "service": service,
                "pod": pod,
            }
        )
        return found

    def rules(
        self,
        node: str,
        *,
        mode: ProxyMode | None = None,
        family: Family | None = None,
        service: str | None = None,
    ) -> answers.RulesText:
        """The rules that kube-proxy writes on a node.

        node: The node.
        mode: `iptables`, `nftables` or `ipvs`; that of the settings by default.
        family: `IPv4` (default) or `IPv6`.
        service: Only those of this Service, besides those that are always there.
        """
        found: answers.RulesText = self._put(
            {
                "ask": "rules",
                "node": node,
                "mode": mode,
                "family": family,
                "service": service,
            }
        )
        return found

    def walk_rules(
        self,
        node: str,
        from_: str,
        to: str,
        *,
        protocol: str | None = None,
        mode: ProxyMode | None = None,
    ) -> answers.RuleWalk:
        """Which of these rules does a packet match, and where does it end?

        node: The node.
        from_: Source address.
        to: Destination, `10.96.0.40:80`.
        protocol: `TCP` (default), `UDP` or `SCTP`.
        mode: `iptables` or `nftables`; that of the settings by default.
        """
        found: answers.RuleWalk = self._put(
            {
                "ask": "walkRules",
                "node": node,
                "from": from_,
                "to": to,
                "protocol": protocol,
                "mode": mode,
            }
        )
        return found

    def node_port(
        self,
        node: str,
        port: int,
        *,
        protocol: str | None = None,
    ) -> answers.NodePortReport:
        """What answers on a port of a node?

        node: The node.
        port: The port.
        protocol: `TCP` (default), `UDP` or `SCTP`.
        """
        found: answers.NodePortReport = self._put(
            {
                "ask": "nodePort",
                "node": node,
                "port": port,
                "protocol": protocol,
            }
        )
        return found

    def address(
        self,
        address: str,
    ) -> answers.AddressOrigin:
        """Where does an address come from?

        address: The address.
        """
        found: answers.AddressOrigin = self._put(
            {
                "ask": "address",
                "address": address,
            }
        )
        return found

    def way(
        self,
        from_: str,
        to: str,
    ) -> answers.Way:
        """Which way does the network plugin send a packet between two ends, Services and policies apart?

        from_: `web/frontend`, `node/node-a`, an address.
        to: `web/frontend`, `node/node-a`, an address.
        """
        found: answers.Way = self._put(
            {
                "ask": "way",
                "from": from_,
                "to": to,
            }
        )
        return found

    def route(
        self,
        url: str,
        *,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        from_: str | None = None,
        sni: str | None = None,
    ) -> answers.Routing:
        """What happens to an HTTP request that a client sends to the Ingress controller?

        url: `http://shop.example.com/api`.
        method: `GET` by default.
        headers: Headers.
        from_: Where the client is: an address or `namespace/pod`; outside by default.
        sni: The server name of the TLS handshake; the host by default.
        """
        found: answers.Routing = self._put(
            {
                "ask": "route",
                "url": url,
                "method": method,
                "headers": headers,
                "from": from_,
                "sni": sni,
            }
        )
        return found

    def nginx(
        self,
    ) -> answers.NginxTable:
        """The servers and locations that ingress-nginx generates."""
        found: answers.NginxTable = self._put(
            {
                "ask": "nginx",
            }
        )
        return found

    def ingresses(
        self,
    ) -> answers.StatusList:
        """Class, controller and ADDRESS of every Ingress."""
        found: answers.StatusList = self._put(
            {
                "ask": "ingresses",
            }
        )
        return found

    def ingress_refusals(
        self,
    ) -> Several[answers.Refusal]:
        """What the validating webhook of ingress-nginx would have said to each Ingress."""
        found: Several[answers.Refusal] = self._put(
            {
                "ask": "ingressRefusals",
            }
        )
        return found

    def gateway(
        self,
        *,
        url: str | None = None,
        gateway: str | None = None,
        port: int | None = None,
        protocol: GatewayProtocol | None = None,
        client_certificate: ClientCertificate | None = None,
        from_: str | None = None,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        sni: str | None = None,
    ) -> answers.GatewayRouting:
        """What happens to a request or connection that a client sends to a Gateway?

        url: `http://shop.example.com/api`; absent for TLS, TCP and UDP.
        gateway: The Gateway, `namespace/name`; the first one by default.
        port: The port; that of the URL by default.
        protocol: `http` (default), `grpc`, `tls`, `tcp` or `udp`.
        client_certificate: The certificate that the client shows: `none` (default), `trusted` or `untrusted`.
        from_: Where the client is: an address or `namespace/pod`; outside by default.
        method: `GET` by default.
        headers: Headers.
        sni: The server name of the TLS handshake; the host by default.
        """
        found: answers.GatewayRouting = self._put(
            {
                "ask": "gateway",
                "url": url,
                "gateway": gateway,
                "port": port,
                "protocol": protocol,
                "clientCertificate": client_certificate,
                "from": from_,
                "method": method,
                "headers": headers,
                "sni": sni,
            }
        )
        return found

    def gateway_status(
        self,
    ) -> answers.GatewayStatus:
        """The status that implementations would write into the Gateway API objects."""
        found: answers.GatewayStatus = self._put(
            {
                "ask": "gatewayStatus",
            }
        )
        return found

    def convert(
        self,
    ) -> answers.Conversion:
        """The Ingresses as Gateway API manifests, and what is lost."""
        found: answers.Conversion = self._put(
            {
                "ask": "convert",
            }
        )
        return found

    def lint(
        self,
    ) -> answers.Lint:
        """What a careful engineer would raise about the cluster."""
        found: answers.Lint = self._put(
            {
                "ask": "lint",
            }
        )
        return found

    def policy_verdict(
        self,
        from_: str,
        to: str,
        port: PortText,
        *,
        protocol: str | None = None,
    ) -> answers.Verdict:
        """May `from` open this connection to `to`, as far as policies go, and which of them say so?

        from_: A pod, workload, node or address.
        to: A pod, workload, node or address.
        port: The destination's own port, by number or by name.
        protocol: `TCP` (default), `UDP` or `SCTP`.
        """
        found: answers.Verdict = self._put(
            {
                "ask": "policyVerdict",
                "from": from_,
                "to": to,
                "port": port,
                "protocol": protocol,
            }
        )
        return found

    def allowed_ports(
        self,
        from_: str,
        to: str,
    ) -> answers.AllowedPorts:
        """Exactly the ports on which `from` may open connections to `to`.

        from_: A pod, workload, node, address or address block.
        to: A pod, workload, node, address or address block.
        """
        found: answers.AllowedPorts = self._put(
            {
                "ask": "allowedPorts",
                "from": from_,
                "to": to,
            }
        )
        return found

    def reachability(
        self,
        *,
        by: Granularity | None = None,
        from_: str | None = None,
        to: str | None = None,
        ports: str | None = None,
    ) -> answers.Reachability:
        """Who may talk to whom, on which ports.

        by: What counts as one end: `pod`, `workload` (default) or `namespace`.
        from_: Only these sources; `all` by default.
        to: Only these destinations; `all` by default.
        ports: Only these ports, `TCP 80,443`; all by default.
        """
        found: answers.Reachability = self._put(
            {
                "ask": "reachability",
                "by": by,
                "from": from_,
                "to": to,
                "ports": ports,
            }
        )
        return found

    def policies_of(
        self,
        pod: str,
    ) -> answers.PoliciesOf:
        """Which policies select a pod.

        pod: The pod.
        """
        found: answers.PoliciesOf = self._put(
            {
                "ask": "policiesOf",
                "pod": pod,
            }
        )
        return found

    def pods_of(
        self,
        policy: str,
    ) -> answers.PodsOf:
        """Which pods a policy selects.

        policy: `prod/allow-web`, `cnp/guard`.
        """
        found: answers.PodsOf = self._put(
            {
                "ask": "podsOf",
                "policy": policy,
            }
        )
        return found

    def exposure(
        self,
        *,
        by: Granularity | None = None,
        of: str | None = None,
    ) -> answers.Exposure:
        """To whom pods are exposed beyond what is in the input.

        by: What counts as one end: `pod`, `workload` (default) or `namespace`.
        of: Only these pods; `all` by default.
        """
        found: answers.Exposure = self._put(
            {
                "ask": "exposure",
                "by": by,
                "of": of,
            }
        )
        return found

    def policy_diff(
        self,
        sources: Sequence[SourceText],
        *,
        by: Granularity | None = None,
        whole: bool | None = None,
    ) -> answers.PolicyDiff:
        """Which connections an edit gains and loses: the cluster with these sources in place of those of the
        same names.

        sources: The edited sources.
        by: What counts as one end: `pod`, `workload` (default) or `namespace`.
        whole: Whether the sources are the whole other cluster rather than an edit of this one.
        """
        found: answers.PolicyDiff = self._put(
            {
                "ask": "policyDiff",
                "sources": sources,
                "by": by,
                "whole": whole,
            }
        )
        return found

    def resolve(
        self,
        from_: str,
        name: str,
        *,
        type: str | None = None,
        program: Program | None = None,
        resolv_conf: str | None = None,
    ) -> answers.Lookup:
        """What does a name resolve to from a pod, with every query on the way?

        from_: Who asks: `web/frontend`, `node/node-a`, an address.
        name: The name as typed: `api.prod`.
        type: One record type; absent: A and AAAA, as programs ask.
        program: The program or library that asks; absent: the library of the settings.
        resolv_conf: Text of a resolv.conf in place of the one the kubelet writes.
        """
        found: answers.Lookup = self._put(
            {
                "ask": "resolve",
                "from": from_,
                "name": name,
                "type": type,
                "program": program,
                "resolvConf": resolv_conf,
            }
        )
        return found

    def dig(
        self,
        name: str,
        *,
        type: str | None = None,
    ) -> answers.DnsResponse:
        """What does the DNS server alone answer?

        name: The whole name; nothing is searched.
        type: `A` by default.
        """
        found: answers.DnsResponse = self._put(
            {
                "ask": "dig",
                "name": name,
                "type": type,
            }
        )
        return found

    def resolv_conf(
        self,
        pod: str,
    ) -> answers.PodResolvConf:
        """The resolv.conf that the kubelet writes for a pod.

        pod: The pod.
        """
        found: answers.PodResolvConf = self._put(
            {
                "ask": "resolvConf",
                "pod": pod,
            }
        )
        return found

    def hosts(
        self,
        pod: str,
    ) -> answers.HostsFile:
        """The /etc/hosts and hostname that the kubelet gives a pod.

        pod: The pod.
        """
        found: answers.HostsFile = self._put(
            {
                "ask": "hosts",
                "pod": pod,
            }
        )
        return found

    def zone(
        self,
    ) -> answers.ZoneListing:
        """All records of cluster DNS."""
        found: answers.ZoneListing = self._put(
            {
                "ask": "zone",
            }
        )
        return found

    def tool(
        self,
        from_: str,
        command: str,
        *,
        style: Style | None = None,
        resolv_conf: str | None = None,
    ) -> answers.ToolRun:
        """What does a command such as `nslookup api.prod` print in a pod?

        from_: Who types: `web/frontend`, `node/node-a`, an address.
        command: `nslookup api.prod`, `dig +short api.prod.svc.cluster.local`, `busybox nslookup web`.
        style: Whose nslookup, ping and wget; absent: what the pod's image says.
        resolv_conf: Text of a resolv.conf in place of the one the kubelet writes.
        """
        found: answers.ToolRun = self._put(
            {
                "ask": "tool",
                "from": from_,
                "command": command,
                "style": style,
                "resolvConf": resolv_conf,
            }
        )
        return found

    def assert_(
        self,
        claim: Claim,
        from_: str,
        to: str,
        *,
        ports: str | None = None,
    ) -> answers.Assertion:
        """Do all connections from one selection to another on some ports have one outcome?

        claim: `denied` or `allowed`.
        from_: Whom: `ns/prod`, `!ns/prod`, `*/[app=db]`, `outside`, an address block.
        to: Whom.
        ports: `TCP 5432`; all ports by default.
        """
        found: answers.Assertion = self._put(
            {
                "ask": "assert",
                "claim": claim,
                "from": from_,
                "to": to,
                "ports": ports,
            }
        )
        return found


ANSWERS: Mapping[str, Any] = {
    "problems": answers.ProblemList,
    "cluster": answers.ClusterView,
    "diagnose": answers.Diagnosis,
    "kubectl": answers.Output,
    "trace": answers.Journey,
    "service": answers.ServiceReport,
    "rules": answers.RulesText,
    "walkRules": answers.RuleWalk,
    "nodePort": answers.NodePortReport,
    "address": answers.AddressOrigin,
    "way": answers.Way,
    "route": answers.Routing,
    "nginx": answers.NginxTable,
    "ingresses": answers.StatusList,
    "ingressRefusals": Several[answers.Refusal],
    "gateway": answers.GatewayRouting,
    "gatewayStatus": answers.GatewayStatus,
    "convert": answers.Conversion,
    "lint": answers.Lint,
    "policyVerdict": answers.Verdict,
    "allowedPorts": answers.AllowedPorts,
    "reachability": answers.Reachability,
    "policiesOf": answers.PoliciesOf,
    "podsOf": answers.PodsOf,
    "exposure": answers.Exposure,
    "policyDiff": answers.PolicyDiff,
    "resolve": answers.Lookup,
    "dig": answers.DnsResponse,
    "resolvConf": answers.PodResolvConf,
    "hosts": answers.HostsFile,
    "zone": answers.ZoneListing,
    "tool": answers.ToolRun,
    "assert": answers.Assertion,
}
"""The type of the answer to each question."""

FIELDS: Mapping[str, Mapping[str, tuple[str, bool, str]]] = {
    "problems": {
    },
    "cluster": {
    },
    "diagnose": {
        "from": ("text", False, "Who asks, as in `Trace`."),
        "to": ("text", False, "What for, as in `Trace`; a URL asked from outside goes through the Ingress."),
        "port": ("word", False, "The port, when `to` names none and more than one could be meant."),
        "protocol": ("text", False, "`TCP` (default), `UDP` or `SCTP`."),
    },
    "kubectl": {
        "command": ("text", True, "`get svc -n prod -o wide`, `describe service api -n prod`."),
    },
    "trace": {
        "from": ("text", True, "Who asks: `web/frontend`, `node/node-a`, `outside`, an address."),
        "to": ("text", True, "What for: `http://api.prod`, `svc/api.prod:80`, `prod/api:8080`, `node-a:30080`, an address."),
        "port": ("word", False, "The port, when `to` names none and more than one could be meant."),
        "protocol": ("text", False, "`TCP` (default), `UDP` or `SCTP`."),
    },
    "service": {
        "service": ("text", True, "`svc/api.prod`, `prod/api`."),
        "pod": ("text", False, "Only this pod."),
    },
    "rules": {
        "node": ("text", True, "The node."),
        "mode": ("text", False, "`iptables`, `nftables` or `ipvs`; that of the settings by default."),
        "family": ("text", False, "`IPv4` (default) or `IPv6`."),
        "service": ("text", False, "Only those of this Service, besides those that are always there."),
    },
    "walkRules": {
        "node": ("text", True, "The node."),
        "from": ("text", True, "Source address."),
        "to": ("text", True, "Destination, `10.96.0.40:80`."),
        "protocol": ("text", False, "`TCP` (default), `UDP` or `SCTP`."),
        "mode": ("text", False, "`iptables` or `nftables`; that of the settings by default."),
    },
    "nodePort": {
        "node": ("text", True, "The node."),
        "port": ("integer", True, "The port."),
        "protocol": ("text", False, "`TCP` (default), `UDP` or `SCTP`."),
    },
    "address": {
        "address": ("text", True, "The address."),
    },
    "way": {
        "from": ("text", True, "`web/frontend`, `node/node-a`, an address."),
        "to": ("text", True, "`web/frontend`, `node/node-a`, an address."),
    },
    "route": {
        "url": ("text", True, "`http://shop.example.com/api`."),
        "method": ("text", False, "`GET` by default."),
        "headers": ("json", False, "Headers."),
        "from": ("text", False, "Where the client is: an address or `namespace/pod`; outside by default."),
        "sni": ("text", False, "The server name of the TLS handshake; the host by default."),
    },
    "nginx": {
    },
    "ingresses": {
    },
    "ingressRefusals": {
    },
    "gateway": {
        "url": ("text", False, "`http://shop.example.com/api`; absent for TLS, TCP and UDP."),
        "gateway": ("text", False, "The Gateway, `namespace/name`; the first one by default."),
        "port": ("integer", False, "The port; that of the URL by default."),
        "protocol": ("text", False, "`http` (default), `grpc`, `tls`, `tcp` or `udp`."),
        "clientCertificate": ("text", False, "The certificate that the client shows: `none` (default), `trusted` or `untrusted`."),
        "from": ("text", False, "Where the client is: an address or `namespace/pod`; outside by default."),
        "method": ("text", False, "`GET` by default."),
        "headers": ("json", False, "Headers."),
        "sni": ("text", False, "The server name of the TLS handshake; the host by default."),
    },
    "gatewayStatus": {
    },
    "convert": {
    },
    "lint": {
    },
    "policyVerdict": {
        "from": ("text", True, "A pod, workload, node or address."),
        "to": ("text", True, "A pod, workload, node or address."),
        "port": ("word", True, "The destination's own port, by number or by name."),
        "protocol": ("text", False, "`TCP` (default), `UDP` or `SCTP`."),
    },
    "allowedPorts": {
        "from": ("text", True, "A pod, workload, node, address or address block."),
        "to": ("text", True, "A pod, workload, node, address or address block."),
    },
    "reachability": {
        "by": ("text", False, "What counts as one end: `pod`, `workload` (default) or `namespace`."),
        "from": ("text", False, "Only these sources; `all` by default."),
        "to": ("text", False, "Only these destinations; `all` by default."),
        "ports": ("text", False, "Only these ports, `TCP 80,443`; all by default."),
    },
    "policiesOf": {
        "pod": ("text", True, "The pod."),
    },
    "podsOf": {
        "policy": ("text", True, "`prod/allow-web`, `cnp/guard`."),
    },
    "exposure": {
        "by": ("text", False, "What counts as one end: `pod`, `workload` (default) or `namespace`."),
        "of": ("text", False, "Only these pods; `all` by default."),
    },
    "policyDiff": {
        "by": ("text", False, "What counts as one end: `pod`, `workload` (default) or `namespace`."),
        "sources": ("json", True, "The edited sources."),
        "whole": ("truth", False, "Whether the sources are the whole other cluster rather than an edit of this one."),
    },
    "resolve": {
        "from": ("text", True, "Who asks: `web/frontend`, `node/node-a`, an address."),
        "name": ("text", True, "The name as typed: `api.prod`."),
        "type": ("text", False, "One record type; absent: A and AAAA, as programs ask."),
        "program": ("text", False, "The program or library that asks; absent: the library of the settings."),
        "resolvConf": ("text", False, "Text of a resolv.conf in place of the one the kubelet writes."),
    },
    "dig": {
        "name": ("text", True, "The whole name; nothing is searched."),
        "type": ("text", False, "`A` by default."),
    },
    "resolvConf": {
        "pod": ("text", True, "The pod."),
    },
    "hosts": {
        "pod": ("text", True, "The pod."),
    },
    "zone": {
    },
    "tool": {
        "from": ("text", True, "Who types: `web/frontend`, `node/node-a`, an address."),
        "command": ("text", True, "`nslookup api.prod`, `dig +short api.prod.svc.cluster.local`, `busybox nslookup web`."),
        "style": ("text", False, "Whose nslookup, ping and wget; absent: what the pod's image says."),
        "resolvConf": ("text", False, "Text of a resolv.conf in place of the one the kubelet writes."),
    },
    "assert": {
        "claim": ("text", True, "`denied` or `allowed`."),
        "from": ("text", True, "Whom: `ns/prod`, `!ns/prod`, `*/[app=db]`, `outside`, an address block."),
        "to": ("text", True, "Whom."),
        "ports": ("text", False, "`TCP 5432`; all ports by default."),
    },
}
"""The fields of each question: how they are written, whether they are needed, what they mean."""
