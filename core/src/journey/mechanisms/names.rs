//! Name resolution as steps.

use super::{Found, Rooms, service_evidence};
use crate::dns::{self, Asking, ExchangeResult, Lookup, LookupOutcome};
use crate::journey::walk::step;
use crate::journey::{Action, Detail, LookupQuery, NearMiss, Step, explain};
use crate::manifest::Evidence;
use crate::model::{NamespaceId, Party, Pod, PodId, ServiceId, Snapshot};

impl Rooms<'_> {
    /// What the client's resolver finds for a name as typed.
    pub(crate) fn lookup(&self, client: Party, name: &str) -> Found {
        let snapshot = self.snapshot;
        if matches!(client, Party::Outside(_)) {
            if let Some(found) = self.published_host(name) {
                return found;
            }
            let missing = explain::outside_name(name);
            let sentence = explain::outside_resolver(name);
            let decided = step(Action::Undetermined, "dns/outside-resolver", sentence);
            return Found::Unknown { before: Vec::new(), decided, missing };
        }
        let rooms = dns::Rooms::new(snapshot, self.dns, self.proxy, self.policy);
        let lookup = dns::lookup(rooms, &Asking::new(snapshot, client, name));
        let tell = |action, code: &'static str| Step {
            action,
            code,
            sentence: lookup.summary.clone(),
            evidence: evidence(&lookup),
            near_miss: None,
            detail: (!lookup.steps.is_empty()).then(|| queries(&lookup)),
        };
        let before = Vec::new();
        match lookup.outcome {
            LookupOutcome::Found => Found::Addresses {
                steps: vec![tell(Action::Resolved, "dns/found")],
                addresses: lookup.addresses,
            },
            LookupOutcome::NotFound | LookupOutcome::NoData => {
                let code = match lookup.outcome {
                    LookupOutcome::NotFound => "dns/name-not-found",
                    _ => "dns/no-address",
                };
                let near_miss = self.meant(client, name).or_else(|| self.suggested(client, &lookup));
                Found::Nowhere { before, decided: Step { near_miss, ..tell(Action::Refused, code) } }
            }
            LookupOutcome::TimedOut => {
                Found::TimedOut { before, decided: tell(Action::Dropped, "dns/lookup-timed-out") }
            }
            LookupOutcome::Refused => {
                Found::Failed { before, decided: tell(Action::Refused, "dns/lookup-refused") }
            }
            LookupOutcome::Failed => {
                Found::Failed { before, decided: tell(Action::Refused, "dns/lookup-failed") }
            }
            LookupOutcome::Undetermined => {
                let missing = lookup.undetermined.clone().unwrap_or_else(|| lookup.summary.clone());
                let decided = tell(Action::Undetermined, "dns/undetermined");
                let sentence = explain::name_open(name, &missing);
                Found::Unknown { before, decided: Step { sentence, ..decided }, missing }
            }
        }
    }

    /// The host of an Ingress that reports an address: public DNS is taken to lead there.
    fn published_host(&self, name: &str) -> Option<Found> {
        let snapshot = self.snapshot;
        let host = name.strip_suffix('.').unwrap_or(name);
        for stored in &snapshot.ingresses {
            let rule = stored.value.spec.rules.iter().position(|rule| rule.host.eq_ignore_ascii_case(host));
            let ingress = &stored.value.status.load_balancer.ingress;
            let addresses: Vec<_> = ingress.iter().filter_map(|ingress| ingress.ip.parse().ok()).collect();
            let (Some(rule), Some(first)) = (rule, addresses.first()) else { continue };
            let sentence = explain::published_host(host, &stored.object.to_string(), *first);
            let mut told = step(Action::Resolved, "dns/ingress-address", sentence);
            told.evidence.push(snapshot.stored_evidence(stored, &format!("spec.rules[{rule}].host")));
            told.evidence.push(snapshot.stored_evidence(stored, "status.loadBalancer.ingress"));
            return Some(Found::Addresses { addresses, steps: vec![told] });
        }
        None
    }

    /// A name that is a pod's: pods have no such names, but a Service that selects the pod may be meant.
    fn meant(&self, client: Party, name: &str) -> Option<NearMiss> {
        let snapshot = self.snapshot;
        let mut labels = name.split('.');
        let first = labels.next()?;
        let own = match client {
            Party::Pod(id) => Some(snapshot.pod(id)?.namespace),
            _ => None,
        };
        let namespace = labels.next().and_then(|name| snapshot.namespace_id(name)).or(own)?;
        let id = snapshot.pod_id(snapshot.namespace_name(namespace), first)?;
        let pod = snapshot.pod(id)?;
        let service = selecting(snapshot, namespace, pod);
        let known = service.and_then(|id| snapshot.service(id)).map(|service| service.name.as_str());
        let evidence = service
            .and_then(|id| service_evidence(snapshot, id, "metadata.name"))
            .or_else(|| pod_evidence(snapshot, id, "metadata.name"));
        Some(NearMiss {
            sentence: explain::name_of_pod(first, known),
            evidence: evidence.into_iter().collect(),
        })
    }

    fn suggested(&self, client: Party, lookup: &Lookup) -> Option<NearMiss> {
        let snapshot = self.snapshot;
        let suggestion = lookup.suggestions.first()?;
        let own = match client {
            Party::Pod(id) => snapshot.pod(id).map(|pod| snapshot.namespace_name(pod.namespace)),
            _ => None,
        };
        let evidence = lookup.suggestions.iter().filter_map(|suggestion| {
            let labels: Vec<&str> = suggestion.name.split('.').collect();
            let id = match labels.as_slice() {
                [service] => snapshot.service_id(own?, service),
                [service, namespace, ..] => snapshot.service_id(namespace, service),
                [] => None,
            };
            service_evidence(snapshot, id?, "metadata.name")
        });
        Some(NearMiss {
            sentence: explain::name_suggested(&suggestion.name, &suggestion.text),
            evidence: evidence.collect(),
        })
    }
}

fn pod_evidence(snapshot: &Snapshot, id: PodId, field: &str) -> Option<Evidence> {
    snapshot.pod_evidence(id, field)
}

/// The first Service that selects a pod.
fn selecting(snapshot: &Snapshot, namespace: NamespaceId, pod: &Pod) -> Option<ServiceId> {
    (0..).zip(&snapshot.services).find_map(|(index, service)| {
        let selector = &service.spec.selector;
        let selects = !selector.is_empty()
            && service.namespace == namespace
            && selector.iter().all(|(key, value)| pod.labels.get(key) == Some(value));
        selects.then_some(ServiceId(index))
    })
}

/// The objects behind the answer: of the look-up as a whole, else of its last reply.
fn evidence(lookup: &Lookup) -> Vec<Evidence> {
    let mut found: Vec<Evidence> =
        lookup.because.iter().filter_map(|reason| reason.evidence.clone()).collect();
    if found.is_empty() {
        let answered = lookup.steps.iter().flat_map(|step| &step.queries).rev();
        let because = answered.filter_map(|query| match &query.result {
            ExchangeResult::Answered { because, answers, .. } if !answers.is_empty() => Some(because),
            _ => None,
        });
        found = because.take(1).flatten().filter_map(|reason| reason.evidence.clone()).collect();
    }
    found.dedup();
    found
}

fn queries(lookup: &Lookup) -> Detail {
    let asked = lookup.steps.iter().flat_map(|step| step.queries.iter().map(move |query| (step, query)));
    Detail::Lookup {
        queries: asked
            .map(|(step, query)| {
                let (rcode, addresses) = match &query.result {
                    ExchangeResult::Answered { rcode, answers, .. } => {
                        let addresses = answers.iter().filter_map(|record| record.address());
                        (rcode.as_str().to_owned(), addresses.map(|ip| ip.to_string()).collect())
                    }
                    ExchangeResult::TimedOut => ("TIMEOUT".to_owned(), Vec::new()),
                    ExchangeResult::Refused => ("REFUSED-BY-NETWORK".to_owned(), Vec::new()),
                };
                LookupQuery {
                    name: step.name.clone(),
                    record_type: query.record_type.to_string(),
                    server: query.server.to_string(),
                    rcode,
                    addresses,
                }
            })
            .collect(),
    }
}
