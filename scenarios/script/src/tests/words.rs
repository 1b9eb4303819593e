use crate::words::span;
use nooterra_engine::time::Span;
use proptest::prelude::*;

#[test]
fn durations() {
    let check = |text: &str, ns: u64| assert_eq!(span(text), Ok(Span(ns)), "{text}");
    check("30m", 1_800_000_000_000);
    check("1h30m", 5_400_000_000_000);
    check("20ms", 20_000_000);
    check("1.5s", 1_500_000_000);
    check("0.25h", 900_000_000_000);
    check("3ns", 3);
    check("2min", 120_000_000_000);
    for bad in ["", "30", "m", "1h30", "-5s", "5 parsecs", "1.5ns", "1..2s", "31d", "99999999999999999999s", "1e3s", "٣s"] {
        assert!(span(bad).is_err(), "`{bad}` must not be a duration");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        let _ = span(&text);
    }
    #[test]
    fn whole_units_add_up(h in 0u64..100, m in 0u64..60, s in 0u64..60) {
        prop_assert_eq!(span(&format!("{h}h{m}m{s}s")), Ok(Span::from_secs(h * 3600 + m * 60 + s)));
    }
}
