use crate::Condition;
use crate::metrics::METRICS;
use proptest::prelude::*;

fn value(name: &str) -> f64 {
    match name {
        "jobs.requested" => 10.0,
        "jobs.settled" => 9.0,
        "safety.collisions" => 0.0,
        "money.paid_out" => 12_345.0,
        _ => 1.0,
    }
}

#[test]
fn conditions_hold_or_not() {
    let check = |text: &str, holds: bool| {
        let c = Condition::compile(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        assert_eq!(c.holds(&value), Ok(holds), "{text}");
    };
    check("jobs.settled >= 0.9 * jobs.requested", true);
    check("jobs.settled > 9", false);
    check("jobs.settled == 9", true);
    check("2 * jobs.settled - 8 == jobs.requested", true);
    check("safety.collisions == 0 && money.paid_out > 0", true);
    check("!(safety.collisions == 0) || replans < 1", false);
    check("jobs.requested == 0 ? false : jobs.settled / jobs.requested >= 0.9", true);
    check("-jobs.settled < 0", true);
    check("true", true);
}

#[test]
fn refusals_name_the_remedy() {
    let check = |text: &str, what: &str, remedy: &str| {
        let (w, r) = Condition::compile(text).expect_err(text);
        assert!(w.contains(what), "{text}: {w}");
        assert!(r.contains(remedy), "{text}: {r}");
    };
    check("jobs.setled > 1", "unknown metric `jobs.setled`", "did you mean `jobs.settled`?");
    check("jobs.settled", "it is a number", "");
    check("1 + 1", "it is a number", "");
    check("", "empty", "jobs.settled");
    check("jobs.settled >", "no condition", "jobs.settled");
    check("[1, 2].all(x, x > 0)", "no place", "numbers");
    check("size('abc') == 3", "no operator", "numbers");
    check("jobs.settled.matches('a')", "no operator", "numbers");
    check("jobs == 1", "unknown metric `jobs`", "");
    check("jobs.settled.JPY == 1", "no currency", "jobs.settled");
    check("money.captured.XXX == 1", "unknown metric `money.captured.XXX`", "");
    check("jobs.settled > 'a'", "text", "numbers");
    check(&"(".repeat(400), "nested", "split");
    check(&format!("{}1{} == 1", "(".repeat(30), ")".repeat(29)), "no condition", "");
    check(&"9".repeat(600), "at most", "");
    check("9999999999999999999999999 > 1", "no condition", "");
    check("jobs.settled > 1\n&& true", "one line", "");
}

#[test]
fn an_amount_may_name_its_currency() {
    let c = Condition::compile("money.captured.JPY + money.captured + ledger.cash.KWD == 111").unwrap();
    assert_eq!(c.uses(), ["ledger.cash.KWD", "money.captured", "money.captured.JPY"]);
    let value = |n: &str| match n {
        "money.captured.JPY" => 1.0,
        "money.captured" => 10.0,
        _ => 100.0,
    };
    assert_eq!(c.holds(&value), Ok(true));
}

#[test]
fn every_metric_can_be_named() {
    for m in METRICS {
        let c = Condition::compile(&format!("{} >= 0", m.name)).unwrap_or_else(|e| panic!("{}: {e:?}", m.name));
        assert_eq!(c.uses(), [m.name]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_text_is_compiled_or_refused(text in "[ -~]{0,60}") {
        let _ = Condition::compile(&text);
    }
    #[test]
    fn near_misses_are_compiled_or_refused(
        parts in proptest::collection::vec(
            prop::sample::select(vec!["jobs.settled", "replans", "1", "0.5", "(", ")", "+", "*", "/", "==", "<", "&&", "!", "?", ":", "-", "."]),
            0..14,
        )
    ) {
        let _ = Condition::compile(&parts.join(" "));
    }
}
