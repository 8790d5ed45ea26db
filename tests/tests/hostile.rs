//! Hostile inputs: each gives a diagnosis, in bounded time and without a panic.

use kubehop::Source;
use kubehop::manifest::api::core_v1::Pod;
use kubehop::manifest::{Limits, Manifests, Problem, Severity, decode};
use std::time::{Duration, Instant};

/// Generous even for a debug build on a busy machine; a quadratic reader takes minutes.
const BOUND: Duration = Duration::from_secs(20);

fn load(text: impl Into<Vec<u8>>) -> Vec<Problem> {
    let start = Instant::now();
    let manifests = Manifests::parse([Source::new("hostile.yaml", text)], &Limits::default());
    for object in manifests.objects() {
        manifests.typed::<Pod>(object.id);
        manifests.place(object.id, "spec.containers[0].ports[0].name");
    }
    let elapsed = start.elapsed();
    assert!(elapsed < BOUND, "took {elapsed:?}");
    manifests.problems().to_vec()
}

/// The text gives an error whose message holds `words`, with a place.
#[track_caller]
fn refused(text: impl Into<Vec<u8>>, words: &str) {
    let problems = load(text);
    let found = problems.iter().find(|problem| problem.message.contains(words));
    let messages: Vec<_> =
        problems.iter().map(|problem| problem.message.chars().take(200).collect::<String>()).collect();
    let found = found.unwrap_or_else(|| panic!("no problem says {words:?} in {messages:#?}"));
    assert_ne!(found.severity, Severity::Advice);
    assert!(found.place.as_ref().is_some_and(|place| place.line > 0 && place.column > 0));
}

fn pod(spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n{spec}")
}

fn laughs(levels: usize, fanout: usize) -> String {
    let mut text = String::from("l0: &l0 [lol]\n");
    for level in 1..levels {
        let items = vec![format!("*l{}", level - 1); fanout].join(", ");
        text.push_str(&format!("l{level}: &l{level} [{items}]\n"));
    }
    text
}

#[test]
fn bombs_of_aliases() {
    for (levels, fanout) in [(9, 9), (12, 10), (40, 2), (100, 3), (1000, 2)] {
        refused(laughs(levels, fanout), "document contains excessive aliasing");
    }
    let mut maps = String::from("m0: &m0 {a: b}\n");
    for level in 1..30 {
        maps.push_str(&format!("m{level}: &m{level} {{x: *m{0}, y: *m{0}, z: *m{0}}}\n", level - 1));
    }
    refused(maps, "document contains excessive aliasing");
    let mut merges = String::from("m0: &m0 {a: b}\n");
    for level in 1..30 {
        merges.push_str(&format!("m{level}: &m{level} {{<<: [*m{0}, *m{0}, *m{0}]}}\n", level - 1));
    }
    refused(merges, "document contains excessive aliasing");
    let wide: String = (0..20_000).map(|n| format!("k{n}: v, ")).collect();
    let bomb = format!("a: &a {{{wide}}}\nb: {{<<: [{}]}}\n", "*a, ".repeat(20_000));
    refused(bomb, "document contains excessive aliasing");
}

#[test]
fn aliases_that_cannot_be() {
    refused("a: *b\n", "unknown anchor 'b' referenced");
    refused("a: &x {b: *x}\n", "anchor 'x' value contains itself");
    refused("a: &x [*x]\n", "anchor 'x' value contains itself");
    refused("&x {<<: *x}\n", "anchor 'x' value contains itself");
    refused("&x a: &y {b: [*y]}\n", "anchor 'y' value contains itself");
    refused("<<: 5\n", "map merge requires map or sequence of maps as the value");
    refused("a: &a 5\nb: {<<: *a}\n", "map merge requires map or sequence of maps as the value");
    refused("b: {<<: [{a: b}, 5]}\n", "map merge requires map or sequence of maps as the value");
    refused("a: *\n", "did not find expected alphabetic or numeric character");
}

#[test]
fn nesting() {
    let deep = 200_000;
    refused("[".repeat(deep), "exceeded max depth of 10000");
    refused("- {a: ".to_owned() + &"{a: ".repeat(deep), "exceeded max depth of 10000");
    refused(format!("a: {}", "[".repeat(deep)), "exceeded max depth of 10000");
    refused("- ".repeat(deep), "exceeded max depth of 10000");
    refused("? ".repeat(deep), "exceeded max depth of 10000");
    let json = format!("{{\"a\":{}", "[".repeat(deep));
    refused(json, "exceeded max depth");
    let mut steps = String::new();
    for level in 0..10_050 {
        steps.push_str(&" ".repeat(level));
        steps.push_str("a:\n");
    }
    refused(steps, "exceeded max depth of 10000");
    // Just inside the limit: nothing may recurse.
    refused(format!("a: {}{}", "[".repeat(9_000), "]".repeat(9_000)), "Object 'Kind' is missing");
    refused(
        pod(&format!("  foo: {}{}\n", "[".repeat(9_000), "]".repeat(9_000))),
        "unknown field \"spec.foo\"",
    );
    refused(
        pod(&format!("  hostname: {}{}\n", "[".repeat(9_000), "]".repeat(9_000))),
        "cannot unmarshal array",
    );
}

#[test]
fn size() {
    let limits = Limits { bytes: 1000 };
    let sources =
        [Source::new("a", vec![b' '; 900]), Source::new("b", vec![b' '; 200]), Source::new("c", "a: b")];
    let problems = Manifests::parse(sources, &limits).problems().to_vec();
    let found: Vec<_> = problems
        .iter()
        .map(|problem| {
            (problem.code, problem.place.as_ref().map(|place| place.file.as_str()).unwrap_or_default())
        })
        .collect();
    assert_eq!(found, [("manifest/too-large", "b"), ("manifest/missing-kind", "c")]);
    assert!(load("a".repeat(100 << 20)).iter().any(|problem| problem.code == "manifest/not-an-object"));
    refused(format!("a: \"{}", "x".repeat(20 << 20)), "found unexpected end of stream");
    refused(format!("{}: b", "k".repeat(2000)), "mapping values are not allowed in this context");
    refused("\n".repeat(10 << 20) + "a: b: c", "mapping values are not allowed in this context");
    refused("- \n".repeat(1 << 20), "into Go value of type unstructured.detector");
    refused("a: b\n---\n".repeat(20_000), "Object 'Kind' is missing");
    refused("#".repeat(10 << 20) + "\n\t", "found character that cannot start any token");
    refused(
        (0..200_000).map(|n| format!("k{n}: v\n")).collect::<String>() + "k1: w\n",
        "Object 'Kind' is missing",
    );
    refused(
        (0..100_000).map(|n| format!("&a{n} k{n}: *a{n}\n")).collect::<String>(),
        "Object 'Kind' is missing",
    );
}

#[test]
fn bytes_that_are_no_text() {
    refused(b"a: \xff\n".to_vec(), "invalid leading UTF-8 octet");
    refused(b"name: M\xfcller\n".to_vec(), "invalid leading UTF-8 octet");
    refused(b"name: caf\xe9\n".to_vec(), "invalid trailing UTF-8 octet");
    refused(b"a: \xe2\x82".to_vec(), "invalid trailing UTF-8 octet");
    refused(b"a: \xc0\x80\n".to_vec(), "invalid length of a UTF-8 sequence");
    refused(b"a: \xed\xa0\x80\n".to_vec(), "invalid Unicode character");
    refused(b"a: \0\n".to_vec(), "control characters are not allowed");
    refused(b"\x7fELF\x02\x01\x01".to_vec(), "control characters are not allowed");
    refused(b"\x1f\x8b\x08\0\0\0".to_vec(), "control characters are not allowed");
    refused(b"\xff\xfea\0:\0 \0b\0\n\0".to_vec(), "incomplete UTF-16 character");
    refused("a: \u{1b}[31m\n", "control characters are not allowed");
}

#[test]
fn broken_syntax() {
    refused("a: b: c\n", "mapping values are not allowed in this context");
    refused("a: [b\n", "did not find expected ',' or ']'");
    refused("a: {b: c\n", "did not find expected ',' or '}'");
    refused("a: 'b\n", "found unexpected end of stream");
    refused("a: \"\\q\"\n", "found unknown escape character");
    refused("a: \"\\ud800\"\n", "found invalid Unicode character escape code");
    refused("a:\n\tb: c\n", "found character that cannot start any token");
    refused("a: |0\n x\n", "found an indentation indicator equal to 0");
    refused("a: !<\n", "did not find expected tag URI");
    refused("a: !foo!bar b\n", "found undefined tag handle");
    refused("%FOO\n", "found unknown directive name");
    refused("- a\nb: c\n", "did not find expected '-' indicator");
    refused("a: - c\n", "block sequence entries are not allowed in this context");
    refused("a: @b\n", "found character that cannot start any token");
    refused("--- a: b\n", "invalid Yaml document separator: a: b");
    refused("{\"a\": ]", "invalid character ']' looking for beginning of value");
    refused("{\"a\": 1} trailing", "into Go value of type unstructured.detector");
    refused("{\"a\" 1, \"b\": \\}", "invalid character '1' after object key");
    refused("a: !!int x\n", "cannot decode !!str `x` as a !!int");
    refused("a: !!binary '*'\n", "!!binary value contains invalid base64 data");
    refused("a: .inf\n", "json: unsupported value: +Inf");
    refused("a:\n  {{ .Values.x }}: y\n", "invalid map key");
    refused("~: y\n", "unsupported map key of type");
}

#[test]
fn objects_that_are_wrong() {
    refused("just text\n", "into Go value of type unstructured.detector");
    refused("- a\n- b\n", "into Go value of type unstructured.detector");
    refused("42\n", "into Go value of type unstructured.detector");
    refused("apiVersion: v1\n", "Object 'Kind' is missing");
    refused("kind: Pod\n", "Object 'apiVersion' is missing");
    refused("kind: [Pod]\napiVersion: {a: b}\n", "is missing");
    refused(
        "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\n",
        "no matches for kind \"Ingress\" in version \"extensions/v1beta1\"",
    );
    refused("apiVersion: v1\nkind: Deployment\n", "no matches for kind \"Deployment\" in version \"v1\"");
    refused(
        "apiVersion: v1\nkind: Pod\nmetadata: [a]\n",
        "cannot unmarshal array into Go struct field Pod.metadata of type v1.ObjectMeta",
    );
    refused(
        "apiVersion: v1\nkind: Pod\nspec: 5\n",
        "cannot unmarshal number into Go struct field Pod.spec of type v1.PodSpec",
    );
    refused(
        pod("  containers: {name: a}\n"),
        "cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
    );
    refused(
        pod("  containers: [5]\n"),
        "cannot unmarshal number into Go struct field PodSpec.spec.containers of type v1.Container",
    );
    refused(
        pod("  containers: [{ports: [{containerPort: 4294967296}]}]\n"),
        "cannot unmarshal number 4294967296 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
    );
    refused(pod("  containers: [{ports: [{containerPort: 80.5}]}]\n"), "number 80.5");
    refused(pod("  containers: [{ports: [{protocol: 6}]}]\n"), "of type v1.Protocol");
    refused(
        pod("  containers: [{resources: {limits: {cpu: lots}}}]\n"),
        "quantities must match the regular expression",
    );
    refused(
        pod("  hostNetwork: \"true\"\n"),
        "cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool",
    );
    refused(pod("  hostnetwork: true\n"), "unknown field \"spec.hostnetwork\"");
    refused(pod("  hostNetwork: true\n  hostNetwork: false\n"), "key \"hostNetwork\" already set in map");
    refused("apiVersion: v1\nkind: Pod\nmetadata: {creationTimestamp: soon}\n", "parsing time \"soon\"");
    refused("apiVersion: v1\nkind: Secret\ndata: {a: '%%%'}\n", "illegal base64 data at input byte 0");
    refused("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"kind\":\"Pod\"}", "duplicate field \"kind\"");
    refused(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nspec: {listeners: [{port: http}]}\n",
        "spec.listeners[0].port in body must be of type integer: \"string\"",
    );
    let pairs: Vec<_> = (0..50_000).map(|n| format!("\"k{n}\":1")).collect();
    let json =
        format!("{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",{0},\"k1\":2,\"spec\":[]}}", pairs.join(","));
    refused(json, "unknown field \"k1\"");
    let many: String = (0..100_000).map(|n| format!("  f{n}: x\n")).collect();
    let problems = load(pod(&many));
    assert_eq!(problems.len(), 100);
}

#[test]
fn every_prefix_of_a_manifest() {
    let text = pod(
        "  containers:\n  - name: \"é\\u00e9\"\n    ports: [{containerPort: 0x50, name: 'a''b'}]\n    args: [&a x, *a, !!str 5]\n    command:\n    - |\n      b\n    - >-\n      c\n",
    );
    for end in 0..text.len() {
        let bytes = &text.as_bytes()[..end];
        load(bytes);
        let _ = decode::whole_strict(bytes);
        let _ = decode::yaml_to_json_strict(bytes);
        for document in decode::documents(bytes).into_iter().flatten() {
            let _ = document.strict();
        }
    }
}
