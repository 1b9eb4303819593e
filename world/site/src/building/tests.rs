use super::*;
use crate::finding::Severity;

#[test]
fn nothing_panics_on_the_smallest_texts() {
    for text in [
        "",
        "a",
        "[]",
        "{}",
        "levels:",
        "levels: 3",
        "levels: {L1: }",
        "levels: {L1: 3}",
        "levels: [1]",
        "\0",
        "%",
        "&a *a",
        "- - - -",
        "levels: {L1: {vertices: 3, lanes: {}}}",
    ] {
        let got = import("x", text);
        if let Err(f) = got {
            assert!(f.iter().any(|x| x.severity == Severity::Error), "{text}");
        }
    }
}
