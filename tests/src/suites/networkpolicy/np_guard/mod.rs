//! np-guard: connection lists, exposure, explanations and differences of manifest directories.
//!
//! Its switches are set as its cases demand: policies apply to hostNetwork pods, address blocks never
//! match pods, and an Ingress controller without labels stands in a namespace of its own.
//!
//! Every part is compared exactly: connection lists and differences as sets of ports and of addresses,
//! exposure sections peer by peer, explanations by verdict, by set of ports and by what each named policy
//! does. Where a golden file is wrong the line is written down with the reason ([`exposure::KNOWN_WRONG`],
//! [`golden::is_known_wrong`]) and must be wrong in exactly that way.

mod exposure;
mod golden;
mod ingress;
mod lenient;
mod world;

use super::{cases, list, text};
use crate::report::Report;
use golden::{Connections, Explained, differences};
use kubehop::manifest::Severity;
use kubehop::policy::{Connection, Decision, Granularity, PortSet};
use lenient::Repairs;
use serde_json::Value;
use std::path::Path;
use world::World;

pub(super) fn run(dir: &Path, report: &mut Report) {
    let mut repairs = Repairs::new();
    for case in cases(dir).as_array().into_iter().flatten() {
        let id = text(case, "id");
        let result = match text(case, "kind") {
            "list" => connections(dir, case, &mut repairs),
            "exposure" => connections(dir, case, &mut repairs),
            "explain" => explain(dir, case, &mut repairs),
            "diff" => diff(dir, case, &mut repairs),
            "eval" => eval(dir, case, &mut repairs),
            "error" => error(dir, case, &mut repairs),
            kind => Err(format!("a kind of case that is not known: {kind}")),
        };
        match result {
            Ok(()) => report.pass(id),
            Err(difference) => report.fail(id, "the golden file", difference),
        }
    }
    for (what, _) in repairs {
        report.note(format!("np-guard manifests put right first: {what}"), 1);
    }
    for wrong in exposure::KNOWN_WRONG {
        report.note(format!("np-guard lines known to be wrong: {}", wrong.why), 1);
    }
}

fn world(dir: &Path, case: &Value, key: &str, repairs: &mut Repairs) -> Result<World, String> {
    let mut paths: Vec<_> =
        list(case, "files").filter_map(Value::as_str).map(|file| dir.join(file)).collect();
    match (text(case, "file"), text(case, key)) {
        ("", "") => {}
        ("", folder) => paths.push(dir.join("tests").join(folder)),
        (file, _) => paths.push(dir.join(file)),
    }
    World::load(&paths, text(case, "kind") == "error" && !is_about_twins(case), repairs)
}

fn golden_text(dir: &Path, case: &Value) -> Result<Option<String>, String> {
    let Some(path) = case.get("expected").and_then(|expected| expected.get("txt")).and_then(Value::as_str)
    else {
        return Ok(None);
    };
    std::fs::read_to_string(dir.join(path)).map(Some).map_err(|error| format!("{path}: {error}"))
}

fn connections(dir: &Path, case: &Value, repairs: &mut Repairs) -> Result<(), String> {
    let world = world(dir, case, "dir", repairs)?;
    if let Some(golden) = golden_text(dir, case)? {
        let (list, exposure) = golden.split_once("Exposure Analysis Result:").unwrap_or((&golden, ""));
        let expected = match text(case, "focusConn") {
            "" => Connections::read(list)?,
            conn => Connections::read_focused(list, &focus_set(conn)?),
        };
        let mut actual = world.connections()?.known_wrong(case);
        actual.focus(case);
        if !text(case, "focusConn").is_empty() {
            actual.only(&focus_set(text(case, "focusConn"))?);
        }
        expected.known_wrong(case).compare(&actual, &world.holes())?;
        if !exposure.is_empty() {
            world.exposure_matches(exposure, case)?;
        }
    }
    for check in list(case, "eval") {
        let open = world.ports(text(check, "src"), text(check, "dst"))?;
        let wanted = golden::conns(text(check, "conn"))?;
        if open != wanted {
            return Err(format!("{} => {}: {open}, not {wanted}", text(check, "src"), text(check, "dst")));
        }
    }
    Ok(())
}

/// `udp-52` as a set of ports.
fn focus_set(text: &str) -> Result<PortSet, String> {
    let (protocol, port) = text.split_once('-').ok_or("a focus without a port")?;
    format!("{} {port}", protocol.to_uppercase()).parse()
}

fn eval(dir: &Path, case: &Value, repairs: &mut Repairs) -> Result<(), String> {
    let world = world(dir, case, "dir", repairs)?;
    let (from, to) = (text(case, "src"), text(case, "dst"));
    let port =
        case.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
    if port > 0 {
        let answer = world
            .cluster
            .policy_verdict(from, to, &port.into(), Some(text(case, "protocol")))
            .map_err(|error| error.to_string())?;
        let wanted = if case["allowed"] == true { Decision::Allowed } else { Decision::Denied };
        if answer.decision != wanted {
            return Err(answer.summary);
        }
    }
    let open = world.ports(from, to)?;
    match golden::conns(text(case, "all_conns"))? {
        wanted if wanted == open => Ok(()),
        wanted => Err(format!("{from} => {to}: {open}, not {wanted}")),
    }
}

fn error(dir: &Path, case: &Value, repairs: &mut Repairs) -> Result<(), String> {
    let world = world(dir, case, "dir", repairs)?;
    let problems = world.cluster.problems();
    // Two objects of one name are no fault for the API server: the second is an update, and warned of.
    let refused = problems.iter().any(|problem| match is_about_twins(case) {
        true => problem.code == "admission/duplicate-object" && problem.object.is_some(),
        false => problem.severity == Severity::Error && problem.object.is_some(),
    });
    if refused { Ok(()) } else { Err(format!("nothing is refused: {problems:?}")) }
}

/// Whether a case is about two objects of one name.
fn is_about_twins(case: &Value) -> bool {
    let words = ["NPWithSameName", "NSWithSameName", "BANPAlreadyExists"];
    words.iter().any(|word| text(case, "npguard_error").contains(word))
}

fn diff(dir: &Path, case: &Value, repairs: &mut Repairs) -> Result<(), String> {
    let (before, after) = (world(dir, case, "dir", repairs)?, world(dir, case, "dir2", repairs)?);
    let diff = before.named(&after, before.cluster.policy_diff(&after.cluster, Granularity::Workload));
    let golden = golden_text(dir, case)?.ok_or("no golden text")?;
    differences(&golden, case, &diff, &before, &after)
}

fn explain(dir: &Path, case: &Value, repairs: &mut Repairs) -> Result<(), String> {
    let world = world(dir, case, "dir", repairs)?;
    let golden = golden_text(dir, case)?.ok_or("no golden text")?;
    let (blocks, exposure) = golden.split_once("Exposure Analysis Result:").unwrap_or((&golden, ""));
    for block in Explained::read(blocks)? {
        if case.get("known_wrong").is_some() && golden::is_known_wrong(&block.from, &block.to) {
            continue;
        }
        if block.from == "{ingress-controller}" {
            let open = world.ingress_ports(&block.to);
            block.sets_match(&open)?;
            continue;
        }
        for part in &block.parts {
            let (from, to) = (world.end(&block.from, &block.to)?, world.end(&block.to, &block.from)?);
            // The first and the last port of every range.
            let ports = part.ports.ranges().flat_map(|(protocol, a, b)| [(protocol, a), (protocol, b)]);
            for (protocol, port) in ports.collect::<Vec<_>>() {
                let connection =
                    Connection { from: from.0, to: to.0, from_ip: from.1, to_ip: to.1, protocol, port };
                let verdict = world.cluster.policies().verdict(world.cluster.snapshot(), &connection);
                let agrees = part.agrees(&verdict);
                agrees.map_err(|reason| format!("{} => {}: {reason}", block.from, block.to))?;
            }
        }
        if text(case, "focusConn").is_empty() && text(case, "explainOnly").is_empty() {
            block.sets_match(&world.between(&block.from, &block.to)?)?;
        }
    }
    if !exposure.is_empty() {
        world.exposure_matches(exposure, case)?;
    }
    Ok(())
}
