//! Every case of the corpus holds, and is recorded for the other surfaces to answer to the byte.

use kubehop_conformance::corpus;
use std::path::Path;

#[test]
fn every_case_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = corpus::cases(&root.join("cases"));
    assert!(!cases.is_empty(), "no cases below tests/cases");
    let mut records = Vec::new();
    let mut failures = Vec::new();
    let mut questions = 0;
    for case in &cases {
        let (record, faults) = case.run();
        questions += record.answers.len();
        records.push(record);
        failures.extend(faults.into_iter().map(|fault| format!("{}: {fault}", case.id)));
    }
    // The npm package and the wheel read this file and must give the same bytes.
    let target = root.join("../target/corpus");
    std::fs::create_dir_all(&target).unwrap();
    std::fs::write(target.join("corpus.json"), serde_json::to_string(&records).unwrap()).unwrap();
    println!("corpus: {} cases, {questions} questions", cases.len());
    assert!(failures.is_empty(), "{} faults:\n{}", failures.len(), failures.join("\n"));
}
