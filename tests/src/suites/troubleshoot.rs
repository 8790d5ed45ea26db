//! Broken and solved pairs: the troubleshooter names the fault and finds nothing wrong after it.

use crate::report::Report;
use kubehop::diagnose::{Diagnosis, Finding};
use kubehop::dns::LookupOutcome;
use kubehop::ingress::{HttpRequest, Response};
use kubehop::journey::{Connection, Detail, Disposition, Journey, Trace};
use kubehop::manifest::ObjectRef;
use kubehop::model::UndeclaredPorts;
use kubehop::{Answer, Cluster, Question, Settings, Source};
use serde::Deserialize;
use serde_yaml::Value;
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Deserialize)]
struct Index {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    dir: String,
    checks: Vec<Check>,
    fault: Option<Fault>,
}

#[derive(Deserialize)]
struct Check {
    file: String,
    kind: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    name: String,
    #[serde(default, rename = "type")]
    record_type: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    about: String,
    expect: Value,
}

#[derive(Deserialize)]
struct Fault {
    layer: String,
    object: String,
    #[serde(default)]
    also: Vec<String>,
    blocking: bool,
}

/// A pod without labels, which no Service selects.
const ANY_POD: &str = "any-pod-of-the-suite";
/// The namespace every case takes for granted.
const NAMESPACE: &str = "k8squest";

const DEFAULT_CLASS: &str = "
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: default, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}
spec: {controller: example.com/any}
";

/// Runs every check of the folder.
pub fn run(dir: &Path, report: &mut Report) {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let index: Index = match serde_yaml::from_str(&read(&dir.join("cases.yaml"))) {
        Ok(index) => index,
        Err(error) => return report.fail("cases.yaml", "a list of cases", error.to_string()),
    };
    for case in &index.cases {
        let load =
            |file: &str| cluster(&read(&dir.join("cases").join(&case.dir).join(format!("{file}.yaml"))));
        let (broken, solution) = (load("broken"), load("solution"));
        for (number, check) in case.checks.iter().enumerate() {
            let id = format!("{}#{number} {} {}", case.id, check.file, check.kind);
            let cluster = if check.file == "broken" { &broken } else { &solution };
            match check.kind.as_str() {
                "connect" => connect(&id, cluster, check, report),
                "dns" => dns(&id, cluster, check, report),
                "http" => http(&id, cluster, check, report),
                "finding" => finding(&id, cluster, check, report),
                other => report.skip(&id, format!("of the unknown kind {other}")),
            }
        }
        if let Some(fault) = &case.fault {
            judge(&case.id, case, fault, &broken, &solution, report);
        }
    }
}

fn cluster(text: &str) -> Cluster {
    let mut settings = Settings { undeclared_ports: UndeclaredPorts::Closed, ..Settings::default() };
    settings.nodes = vec!["node-a".into()];
    settings.ingress.assume_controller = true;
    settings.ingress.profile = Some(kubehop::model::IngressProfile::Spec);
    let client = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {ANY_POD}, namespace: {NAMESPACE}}}\nspec: {{containers: [{{name: c, image: c}}]}}\n"
    );
    // What the cases give: a controller that serves Ingresses without a class.
    let class = if text.contains("kind: IngressClass") { "" } else { DEFAULT_CLASS };
    let sources = [("case.yaml", text), ("client.yaml", &client), ("class.yaml", class)];
    Cluster::load(sources.map(|(name, text)| Source::new(name, text)), &settings)
}

/// The ends of a check in the notation of questions.
fn ends(cluster: &Cluster, check: &Check) -> (String, String) {
    let from = match check.from.as_str() {
        "any pod" => format!("pod/{NAMESPACE}/{ANY_POD}"),
        "outside" => "outside".to_owned(),
        other => format!("pod/{}", other.trim_start_matches("pod ")),
    };
    let to = match check.to.split_once(' ') {
        Some(("service", rest)) => format!("svc/{rest}"),
        Some(("loadbalancer", rest)) => format!("lb/{rest}"),
        _ => match check.to.strip_prefix("node:") {
            Some(port) => {
                let allocated = cluster.snapshot().services.iter().flat_map(|service| &service.spec.ports);
                let allocated =
                    allocated.map(|port| port.node_port).find(|port| *port > 0).unwrap_or_default();
                let port = if port.starts_with('<') { allocated.to_string() } else { port.to_owned() };
                format!("node/node-a:{port}")
            }
            None => check.to.clone(),
        },
    };
    (from, to)
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn connect(id: &str, cluster: &Cluster, check: &Check, report: &mut Report) {
    let (from, to) = ends(cluster, check);
    let journey = match Connection::new(&from, &to).and_then(|connection| cluster.trace(&connection)) {
        Ok(journey) => journey,
        Err(error) => return report.fail(id, format!("{:?}", check.expect), error.to_string()),
    };
    let ok = journey.traces.iter().all(Trace::connects);
    let mut wrong = Vec::new();
    let mut check_field = |what: &str, wanted: String, got: String| {
        if wanted != got {
            wrong.push((format!("{what} {wanted}"), format!("{what} {got}")));
        }
    };
    if let Some(result) = text(&check.expect, "result") {
        check_field("result", result, if ok { "ok" } else { "fails" }.to_owned());
    }
    if let Some(how) = text(&check.expect, "how") {
        let got: BTreeSet<&str> =
            journey.traces.iter().filter(|trace| !trace.connects()).map(how_of).collect();
        check_field("how", how, got.into_iter().collect::<Vec<_>>().join("+"));
    }
    if let Some(wanted) = check.expect.get("endpoints").and_then(Value::as_sequence) {
        let wanted: BTreeSet<String> = wanted.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        check_field("endpoints", format!("{wanted:?}"), format!("{:?}", endpoints(&journey)));
    }
    if let Some(wanted) = check.expect.get("denied_by").and_then(Value::as_sequence) {
        let got = denied_by(&journey);
        let missing: Vec<&str> =
            wanted.iter().filter_map(Value::as_str).filter(|policy| !got.contains(*policy)).collect();
        if !missing.is_empty() {
            check_field("denied by", missing.join(", "), got.into_iter().collect::<Vec<_>>().join(", "));
        }
    }
    if let Some(sticky) = check.expect.get("sticky").and_then(Value::as_bool) {
        check_field("sticky", sticky.to_string(), journey.sticky_seconds.is_some().to_string());
    }
    if let Some(seconds) = check.expect.get("sticky_seconds").and_then(Value::as_u64) {
        check_field("seconds", seconds.to_string(), journey.sticky_seconds.unwrap_or_default().to_string());
    }
    let (wanted, got): (Vec<String>, Vec<String>) = wrong.into_iter().unzip();
    report.check(id, wanted.join("; "), got.join("; "));
}

fn how_of(trace: &Trace) -> &'static str {
    match (&trace.disposition, trace.code) {
        (Disposition::Refused { .. }, "services/no-endpoints") => "refused-no-endpoints",
        (Disposition::Refused { .. }, "journey/no-such-node-port") => "nothing-listens",
        (Disposition::Refused { .. }, "journey/nothing-listens") => "refused-by-pod",
        (Disposition::TimedOut { .. }, code) if code.starts_with("policy/") => "timeout-policy",
        (Disposition::NameNotFound { .. }, _) => "name-not-found",
        (Disposition::NameLookupTimedOut { .. }, _) => "name-lookup-timeout",
        (Disposition::NoAddress { .. }, _) => "no-address",
        (_, code) => code,
    }
}

/// `namespace/pod:port` of every pod reached, or tried in vain.
fn endpoints(journey: &Journey) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for trace in &journey.traces {
        let Some(last) = trace.hops.last() else { continue };
        let place = last.at.to_string();
        let port = last.before.map(|packet| packet.port);
        if let (Some(pod), Some(port)) = (place.strip_prefix("pod "), port) {
            found.insert(format!("{pod}:{port}"));
        }
    }
    found
}

/// `NetworkPolicy namespace/name ingress` of every policy that isolates where a packet was dropped.
fn denied_by(journey: &Journey) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for trace in journey.traces.iter().filter(|trace| !trace.connects()) {
        let step = trace.hops.last().and_then(|hop| hop.steps.last());
        if let Some(Detail::Policies { direction, isolated_by }) = step.and_then(|step| step.detail.as_ref())
        {
            let direction = format!("{direction:?}").to_lowercase();
            found.extend(isolated_by.iter().map(|policy| format!("{policy} {direction}")));
        }
        // A look-up that no policy lets through names its policies as evidence.
        for evidence in step.into_iter().flat_map(|step| &step.evidence) {
            if evidence.object.kind == "NetworkPolicy" {
                found.insert(format!("{} egress", evidence.object));
            }
        }
    }
    found
}

fn dns(id: &str, cluster: &Cluster, check: &Check, report: &mut Report) {
    let (from, _) = ends(cluster, check);
    let question = serde_json::json!({
        "ask": "resolve", "from": from.trim_start_matches("pod/"), "name": check.name, "type": check.record_type,
    });
    let asked = serde_json::from_value::<Question>(question).map_err(|error| error.to_string());
    let lookup = match asked.and_then(|question| cluster.ask(&question).map_err(|error| error.to_string())) {
        Ok(Answer::Lookup(lookup)) => lookup,
        Ok(other) => return report.fail(id, "a look-up", format!("{other:?}")),
        Err(error) => return report.fail(id, "a look-up", error),
    };
    let rcode = match lookup.outcome {
        LookupOutcome::Found | LookupOutcome::NoData => "NOERROR",
        LookupOutcome::NotFound => "NXDOMAIN",
        LookupOutcome::TimedOut => "TIMEOUT",
        LookupOutcome::Refused => "REFUSED",
        LookupOutcome::Failed => "SERVFAIL",
        LookupOutcome::Undetermined => "undetermined",
    };
    let resolves = lookup.outcome == LookupOutcome::Found;
    let wanted = |field: &str, got: String| match check.expect.get(field) {
        None => format!("{field} {got}"),
        Some(Value::String(text)) => format!("{field} {text}"),
        Some(Value::Bool(value)) => format!("{field} {value}"),
        Some(Value::Number(number)) => format!("{field} {number}"),
        Some(other) => format!("{field} {other:?}"),
    };
    let got = [
        ("resolves", resolves.to_string()),
        ("rcode", rcode.to_owned()),
        ("addresses", lookup.addresses.len().to_string()),
    ];
    let expected: Vec<String> = got.iter().map(|(field, value)| wanted(field, value.clone())).collect();
    let actual: Vec<String> = got.iter().map(|(field, value)| format!("{field} {value}")).collect();
    report.check(id, expected.join(", "), actual.join(", "));
}

fn http(id: &str, cluster: &Cluster, check: &Check, report: &mut Report) {
    let routing = match HttpRequest::get(&check.url) {
        Ok(request) => cluster.route(&request),
        Err(error) => return report.fail(id, "a routing", error.to_string()),
    };
    let Some(outcome) = routing.outcomes.first() else {
        return report.fail(id, "an outcome", routing.summary);
    };
    let reached = matches!(outcome.response, Response::Backend {});
    let status = match &outcome.response {
        Response::Status { code, .. } => code.to_string(),
        other => format!("{other:?}"),
    };
    let backend = outcome.backend.as_ref().filter(|_| reached).map(|backend| {
        format!(
            "{}/{}:{}",
            backend.service.namespace.as_deref().unwrap_or_default(),
            backend.service.name,
            backend.port
        )
    });
    let path = outcome.upstream.as_ref().map(|upstream| upstream.path.clone()).unwrap_or_default();
    let mut wanted = Vec::new();
    let mut got = Vec::new();
    if let Some(code) = check.expect.get("status").and_then(Value::as_u64) {
        wanted.push(format!("status {code}"));
        got.push(format!("status {status}"));
    }
    if let Some(value) = check.expect.get("backend") {
        wanted.push(format!("backend {:?}", value.as_str()));
        got.push(format!("backend {:?}", backend.as_deref()));
    }
    if let Some(seen) = text(&check.expect, "path_seen") {
        wanted.push(format!("path {seen}"));
        got.push(format!("path {path}"));
    }
    report.check(id, wanted.join(", "), got.join(", "));
}

/// The prose of the check names what is missing; the troubleshooter must say so, or not.
fn finding(id: &str, cluster: &Cluster, check: &Check, report: &mut Report) {
    let survey = cluster.survey();
    let words: Vec<String> = check
        .about
        .split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| word.len() > 11)
        .collect();
    let said = |finding: &&Finding| {
        let text = format!("{} {} {}", finding.code, finding.cause, finding.fix).to_lowercase();
        let field = finding
            .evidence
            .iter()
            .any(|evidence| words.iter().any(|word| evidence.field.to_lowercase().contains(word)));
        let names = check.about.contains(&finding.object.name);
        names && (field || words.iter().any(|word| text.contains(word)))
    };
    let present = survey.findings().find(said).is_some();
    let wanted = check.expect.get("present").and_then(Value::as_bool).unwrap_or(true);
    report.check(
        id,
        format!("{} present: {wanted}", check.about),
        format!("{} present: {present}", check.about),
    );
}

/// Every diagnosis of one file: of the cluster as a whole and of each connection its checks ask about.
fn diagnoses(case: &Case, file: &str, cluster: &Cluster) -> Vec<Diagnosis> {
    let mut all = vec![cluster.survey()];
    for check in case.checks.iter().filter(|check| check.file == file) {
        let (from, to) = ends(cluster, check);
        let to = if check.kind == "http" { check.url.clone() } else { to };
        if !to.is_empty() {
            let connection = Connection::new(&from, &to);
            all.extend(connection.and_then(|connection| cluster.diagnose(&connection)));
        }
    }
    all
}

fn judge(id: &str, case: &Case, fault: &Fault, broken: &Cluster, solution: &Cluster, report: &mut Report) {
    let objects: Vec<&str> = fault.also.iter().chain([&fault.object]).map(String::as_str).collect();
    let named = |object: &ObjectRef| objects.contains(&object.to_string().as_str());
    let layer =
        |finding: &Finding| format!("{:?}", finding.layer).to_lowercase() == fault.layer.to_lowercase();
    let hit =
        |finding: &&Finding| layer(finding) && finding.blocking == fault.blocking && named(&finding.object);
    let found = diagnoses(case, "broken", broken);
    let found: Vec<&Finding> = found.iter().flat_map(Diagnosis::findings).collect();
    let describe = |list: &[&Finding]| {
        let lines: Vec<String> = list
            .iter()
            .map(|finding| {
                format!(
                    "{:?} {} {} blocking={}",
                    finding.layer, finding.object, finding.code, finding.blocking
                )
            })
            .collect();
        lines.join("; ")
    };
    let wanted = format!("{} {} blocking={}", fault.layer, fault.object, fault.blocking);
    let hits: Vec<&&Finding> = found.iter().filter(|finding| hit(finding)).collect();
    match hits.is_empty() {
        false => report.pass(id),
        true => report.fail(&format!("{id} fault"), wanted, describe(&found)),
    }
    let codes: Vec<(&str, &ObjectRef)> = hits.iter().map(|finding| (finding.code, &finding.object)).collect();
    let left = diagnoses(case, "solution", solution);
    let left: Vec<&Finding> = left
        .iter()
        .flat_map(Diagnosis::findings)
        .filter(|finding| finding.blocking || codes.contains(&(finding.code, &finding.object)))
        .collect();
    report.check(&format!("{id} solved"), "", describe(&left));
}
