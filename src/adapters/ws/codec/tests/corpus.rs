//! The kept inputs of the fuzz target, through the same checks.

use std::fs;
use std::path::Path;

fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/frames");
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.path().display().to_string(), fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn every_kept_input_passes_the_checks() {
    let corpus = corpus();
    assert!(corpus.len() >= 20, "{} inputs", corpus.len());
    for (name, data) in corpus {
        assert!(data.len() <= 4096, "{name} has {} bytes", data.len());
        super::super::check::frames(&data);
    }
}
