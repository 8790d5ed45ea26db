//! Formats only: lays answers out as text. Knows no rule.

mod cluster;
mod diagnosis;
mod dns;
mod gateway;
mod html;
mod ingress;
mod journey;
mod kubectl;
mod mermaid;
mod policy;
mod problems;
mod services;

pub use html::html;
pub use kubectl::Output;
pub(crate) use kubectl::run as kubectl;
pub use mermaid::mermaid;

use crate::ask::Answer;

/// The answer as text for a terminal.
pub fn text(answer: &Answer) -> String {
    match answer {
        Answer::Diagnosis(answer) => diagnosis::text(answer),
        Answer::Kubectl(output) => format!("{}{}", output.stdout, output.stderr),
        Answer::Journey(answer) => journey::text(answer),
        Answer::Service(report) => services::service(report),
        Answer::Rules(rules) => rules.text.clone(),
        Answer::RuleWalk(walk) => services::rule_walk(walk),
        Answer::NodePort(report) => services::node_port(report),
        Answer::Address(origin) => services::address(origin),
        Answer::Way(way) => services::way(way),
        Answer::Routing(answer) => ingress::routing(answer),
        Answer::Nginx(table) => ingress::nginx(table),
        Answer::Ingresses(list) => ingress::statuses(list),
        Answer::IngressRefusals(list) => ingress::refusals(list),
        Answer::Gateway(answer) => gateway::routing(answer),
        Answer::GatewayStatus(status) => gateway::status(status),
        Answer::Conversion(conversion) => gateway::conversion(conversion),
        Answer::Lint(answer) => policy::lint(answer),
        Answer::PolicyVerdict(answer) => policy::verdict(answer),
        Answer::AllowedPorts(answer) => policy::allowed_ports(answer),
        Answer::Reachability(answer) => policy::reachability(answer),
        Answer::PoliciesOf(answer) => policy::policies_of(answer),
        Answer::PodsOf(answer) => policy::pods_of(answer),
        Answer::Exposure(answer) => policy::exposure(answer),
        Answer::PolicyDiff(answer) => policy::diff(answer),
        Answer::Assertion(answer) => policy::assertion(answer),
        Answer::Lookup(answer) => dns::lookup(answer),
        Answer::DnsResponse(answer) => dns::response(answer),
        Answer::ResolvConf(answer) => dns::resolv_conf(answer),
        Answer::Hosts(answer) => dns::hosts(answer),
        Answer::Zone(listing) => dns::zone(listing),
        Answer::Tool(answer) => dns::tool(answer),
        Answer::Cluster(view) => cluster::text(view),
        Answer::Problems(list) => problems::text(list),
    }
}
