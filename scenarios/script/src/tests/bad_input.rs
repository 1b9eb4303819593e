use super::{HEAD, corridor};
use crate::{Flaw, read, resolve};
use proptest::prelude::*;

fn flaw(text: &str) -> Flaw {
    match read(text) {
        Err(f) => f,
        Ok(s) => resolve(&s, &corridor(), 7).expect_err(text).remove(0),
    }
}

#[test]
fn form() {
    let mut wrong = Vec::new();
    let mut check = |text: &str, line: u32, column: u32, what: &str, remedy: &str| {
        let f = flaw(text);
        if !f.what.contains(what) || !f.remedy.contains(remedy) || (f.line, f.column) != (line, column) {
            wrong.push(format!("{line}:{column} {what} | {remedy}\n   got: {f}"));
        }
    };
    check("", 0, 0, "the file is empty", "title");
    check("# only a comment\n\n", 0, 0, "the file is empty", "title");
    check("---\n", 1, 4, "fields are expected here", "name: value");
    check(&format!("{HEAD}fleets: []\n"), 5, 1, "unknown field `fleets`", "did you mean `fleet`?");
    check("title: t\nsite: s\nseed: 1\n", 3, 1, "field `duration` is missing", "duration: 30m");
    check("title: t\nsite: s\nduration: 30\nseed: 7\n", 3, 11, "`30` is no duration", "`30m`");
    check("title: t\nsite: s\nduration: 30m\nseed: seven\n", 4, 7, "a whole number from 0 on is expected here", "");
    check("title: t\nsite: s\nduration: 30m\nseed: -1\n", 4, 7, "a whole number from 0 on is expected here", "");
    check("title: t\nsite: [s]\nduration: 30m\nseed: 7\n", 2, 7, "a single value is expected here", "");
    check(&format!("{HEAD}seed: 8\n"), 5, 1, "`seed` is given twice", "remove");
    check(&format!("{HEAD}fidelity: physic\n"), 5, 11, "`physic` is not possible here", "did you mean `physics`?");
    check(&format!("{HEAD}network: {{loss: 1.2}}\n"), 5, 17, "`1.2` is no share", "20%");
    check(&format!("{HEAD}network: {{delay: 400ms..20ms}}\n"), 5, 18, "ends before it begins", "");
    check(&format!("{HEAD}faults:\n  - at: 6m\n    obstacle: {{lane: [home1]}}\n"), 7, 16, "invalid length 1", "");
    check(
        &format!("{HEAD}market: {{requesters: [{{name: a, jobs: {{process: poisson, per_hour: 0, from: [pantry], to: [lounge]}}}}]}}\n"),
        5,
        68,
        "`0` is no rate",
        "",
    );
    check(&format!("{HEAD}expect:\n  - sometimes: true\n"), 6, 5, "unknown field `sometimes`", "known are");
    check("title: \"t\nsite: s\n", 1, 8, "", "");
    check("just text", 1, 1, "", "");
    check("- a\n- b\n", 1, 1, "", "");
    check("a: &a [x,x]\nb: &b [*a,*a]\nc: *b\n", 1, 1, "unknown field `a`", "");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bombs_end_quickly() {
    let mut bomb = String::from("title: t\nfaults:\n  - &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (i, prev) in ('b'..='z').zip('a'..) {
        bomb.push_str(&format!("  - &{i} [*{prev}, *{prev}, *{prev}, *{prev}, *{prev}, *{prev}, *{prev}, *{prev}]\n"));
    }
    assert!(read(&bomb).is_err());
    let deep = format!("{HEAD}faults: {}", "[".repeat(100_000));
    assert!(read(&deep).is_err());
    let huge = format!("{HEAD}# {}", "x".repeat(2 << 20));
    assert!(flaw(&huge).what.contains("at most"));
    let many = format!("{HEAD}faults: [{}]", "{},".repeat(150_000));
    assert!(read(&many).is_err());
}

#[test]
fn content_comes_all_at_once() {
    let text = format!(
        "{HEAD}fidelity: kinematic
fleet:
  - {{model: tinyrobto, count: 2}}
market:
  requesters:
    - name: reception
      jobs: {{process: poisson, per_hour: 12, from: [pantri], to: [lounge, island], pay: USD 2.50}}
faults:
  - at: 40m
    obstacle: {{lane: [home1, lounge], for: 2m}}
  - network: {{link: robots, loss: 0.2}}
  - at: 1m
    lift: {{name: Lift2, stuck: true}}
expect:
  - jobs.setled > 1
  - eventually: {{within: 2m, of: fault.obstacel, that: fleet.stuck == 0}}
"
    );
    let flaws = resolve(&read(&text).expect("its form is right"), &corridor(), 7).expect_err("its content is not");
    let got: Vec<String> = flaws.iter().map(|f| format!("{}:{} {} | {}", f.line, f.column, f.what, f.remedy)).collect();
    let all = got.join("\n");
    for part in [
        "5:11 this build simulates physics only",
        "7:13 no robot model `tinyrobto` is known | did you mean `tinyRobot`?, or name its",
        "11:53 the site has no vertex `pantri` | did you mean `pantry`?",
        "11:89 the market trades in EUR, not USD",
        "13:9 the fault strikes after the end of `duration`",
        "15:5 a fault needs either `at` or `every`",
        "17:18 the site has no lift `Lift2` | did you mean `Lift1`?",
        "19:5 unknown metric `jobs.setled` | did you mean `jobs.settled`?",
        "20:34 `fault.obstacel` is nothing to wait for | did you mean `fault.obstacle`?",
    ] {
        assert!(all.contains(part), "`{part}` is missing from:\n{all}");
    }
    let sorted: Vec<(u32, u32)> = flaws.iter().map(|f| (f.line, f.column)).collect();
    assert!(sorted.is_sorted());
}

#[test]
fn what_is_wrong_between_entries_has_a_line_too() {
    let robots =
        |second: &str| format!("{HEAD}fleet:\n  - {{model: tinyRobot, at: [home1], name: a}}\n  - {{model: tinyRobot, {second}}}\n");
    for (text, line, column, what) in [
        (robots("at: [home2], name: a"), 7, 13, "two robots are called `a`"),
        (robots("at: [home1], name: b"), 7, 13, "start on the same vertex"),
        (robots("at: [island], name: b"), 7, 13, "no lane leads to or from where b starts"),
        (format!("{HEAD}market: {{providers: []}}\n"), 5, 21, "the list of providers is empty"),
        (format!("{HEAD}faults:\n  - at: 1m\n    obstacle: {{for: 2m}}\n"), 6, 5, "an obstacle needs a place"),
    ] {
        let f = flaw(&text);
        assert!((f.line, f.column) == (line, column) && f.what.contains(what), "{line}:{column} {what}\n   got: {f}");
    }
}

#[test]
fn rendering_shows_the_place() {
    let text = format!("{HEAD}fleets: []\n");
    let shown = flaw(&text).render("a.yaml", &text);
    assert_eq!(shown, "error: unknown field `fleets`\n  --> a.yaml:5:1\n  |\n5 | fleets: []\n  | ^\n  help: did you mean `fleet`?\n");
}

proptest! {
    #[test]
    fn damaged_files_are_refused_or_read(cut in 0usize..900, at in 0usize..900, with in "\\PC") {
        let whole = include_str!("sample.yaml");
        let mut text: String = whole.chars().take(cut).collect();
        let _ = read(&text).map(|s| resolve(&s, &corridor(), 7));
        text = whole.chars().enumerate().map(|(i, c)| if i == at { with.chars().next().unwrap_or('x') } else { c }).collect();
        if let Err(f) = read(&text).map_err(|f| vec![f]).and_then(|s| resolve(&s, &corridor(), 7)) {
            prop_assert!(!f.is_empty());
            for f in f {
                prop_assert!(f.render("x", &text).starts_with("error: "));
            }
        }
    }
}
