//! A run as JUnit XML: one case for each invariant and expectation, and one for running twice.

use nooterra_runner::RunReport;
use nooterra_runner::report::Judged;

/// Text that may stand in an attribute or element. XML has no form at all for most control characters.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn case(class: &str, j: &Judged) -> String {
    let head = format!("    <testcase classname=\"{}\" name=\"{}\"", escape(class), escape(&j.name));
    if j.held {
        format!("{head}/>\n")
    } else {
        let story = escape(&j.story);
        format!("{head}>\n      <failure message=\"{story}\">{story}</failure>\n    </testcase>\n")
    }
}

/// The whole document.
pub fn xml(r: &RunReport) -> String {
    let mut cases: Vec<(&str, Judged)> = Vec::new();
    cases.extend(r.oracles.iter().map(|j| ("invariants", j.clone())));
    cases.extend(r.expectations.iter().map(|j| ("expectations", j.clone())));
    if let Some(t) = &r.twice {
        let story = t.first_difference.clone().unwrap_or_default();
        cases.push((
            "determinism",
            Judged { name: "two runs are the same to the bit".into(), invariants: vec!["I2".into()], held: t.same, story },
        ));
    }
    let judged = cases.iter().all(|(_, j)| j.held);
    if judged && !matches!(r.outcome, nooterra_runner::Outcome::Pass) {
        cases
            .push(("run", Judged { name: "the run came to its end".into(), invariants: vec![], held: false, story: r.reasons.join("\n") }));
    }
    let failed = cases.iter().filter(|(_, j)| !j.held).count();
    let suite = escape(&format!("{} (seed {})", r.title, r.seed));
    let counts = format!("tests=\"{}\" failures=\"{failed}\" errors=\"0\" time=\"{:.3}\"", cases.len(), r.wall_s);
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite name=\"{suite}\" {counts}>\n");
    out.push_str("    <properties>\n");
    for (name, value) in [("scenario", &r.scenario), ("seed", &r.seed.to_string()), ("root", &r.log.root)] {
        out.push_str(&format!("      <property name=\"{name}\" value=\"{}\"/>\n", escape(value)));
    }
    out.push_str("    </properties>\n");
    for (class, j) in &cases {
        out.push_str(&case(class, j));
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}
