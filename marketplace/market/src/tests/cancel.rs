//! Cancelling, no-shows and captures: every bracket at its instant and one nanosecond beside it.

use super::Dice;
use crate::cancel::*;
use crate::rejection::Code;
use nooterra_engine::time::{Instant, Span};

const H: u64 = 3_600_000_000_000;
const M: u64 = 60_000_000_000;

fn moment(before_start: u64, after_booking: u64, progress: Progress) -> Moment {
    let start = Instant(1_000 * H);
    let now = Instant(start.0 - before_start);
    Moment { now, booked: Instant(now.0 - after_booking), start, progress, proven_bps: 0, comp_bps: 0 }
}

#[test]
fn the_requester_s_brackets() {
    let t = CancelTerms::default();
    let fee = |before, after, p| requester_fee_bps(&t, &moment(before, after, p));
    use Progress::{Departed, Inside, Waiting};
    // A day ahead.
    assert_eq!((fee(24 * H, H, Waiting), fee(24 * H - 1, H, Waiting), fee(24 * H + 1, H, Waiting)), (0, 2_000, 0));
    // Two hours ahead.
    assert_eq!((fee(2 * H, H, Waiting), fee(2 * H - 1, H, Waiting), fee(2 * H + 1, H, Waiting)), (2_000, 4_000, 2_000));
    // Within ten minutes of booking, but only two hours ahead.
    assert_eq!((fee(2 * H, 10 * M - 1, Waiting), fee(2 * H, 10 * M, Waiting), fee(2 * H - 1, 0, Waiting)), (0, 2_000, 4_000));
    // After the start, on the way, inside.
    assert_eq!((fee(0, H, Waiting), fee(H, H, Departed), fee(25 * H, H, Departed), fee(0, H, Inside)), (4_000, 5_000, 5_000, 6_000));
    for (proven, bps) in [(0, 6_000), (6_000, 6_000), (6_001, 6_001), (10_000, 10_000), (10_001, 10_000)] {
        assert_eq!(requester_fee_bps(&t, &Moment { proven_bps: proven, ..moment(0, H, Inside) }), bps);
    }
}

#[test]
fn the_owner_s_brackets() {
    let t = CancelTerms::default();
    let comp = |before, no_show| owner_comp_bps(&t, &moment(before, H, Progress::Waiting), no_show);
    assert_eq!((comp(24 * H + 1, false), comp(24 * H, false), comp(24 * H - 1, false)), (0, 0, 1_000));
    assert_eq!((comp(2 * H + 1, false), comp(2 * H, false), comp(2 * H - 1, false)), (1_000, 1_000, 2_000));
    assert_eq!((comp(30 * H, true), comp(0, true)), (2_000, 2_000));
    for (before, left) in [(0, 2_000), (1_999, 2_000), (2_000, 2_000), (2_001, 1_999), (3_999, 1), (4_000, 0), (9_999, 0)] {
        let m = Moment { comp_bps: before, ..moment(0, H, Progress::Departed) };
        assert_eq!(owner_comp_bps(&t, &m, false), left);
    }
}

#[test]
fn every_cause_has_its_fault_and_its_charge() {
    let t = CancelTerms::default();
    let m = Moment { proven_bps: 7_000, ..moment(0, H, Progress::Inside) };
    use CancelFault::{Developer, None, Owner, Platform, Requester};
    let table = [
        (CancelCause::Requester, Requester, 7_000, 0),
        (CancelCause::Owner, Owner, 0, 2_000),
        (CancelCause::Staff, Platform, 0, 0),
        (CancelCause::Safety, None, 0, 0),
        (CancelCause::PaymentFailed, Requester, 7_000, 0),
        (CancelCause::SkillRevoked, Developer, 0, 0),
        (CancelCause::NoShow, Owner, 0, 2_000),
        (CancelCause::AbsentWitnessed, Requester, 5_000, 0),
        (CancelCause::AbsentUnwitnessed, None, 0, 0),
    ];
    assert_eq!(table.map(|r| r.0), CancelCause::ALL);
    for (cause, fault, fee_bps, comp_bps) in table {
        let c = charge(&t, &m, cause);
        assert_eq!((c.fault, c.fee_bps, c.comp_bps), (fault, fee_bps, comp_bps), "{cause:?}");
        assert_eq!(c.captured_only, cause == CancelCause::PaymentFailed);
    }
    let c = charge(&t, &m, CancelCause::PaymentFailed);
    assert_eq!((c.fee(999, 0), c.fee(999, 698), c.fee(999, 700)), (Ok(0), Ok(698), Ok(699)));
    assert_eq!(charge(&t, &m, CancelCause::Requester).fee(999, 0), Ok(699));
    assert_eq!(charge(&t, &m, CancelCause::Owner).comp(999), Ok(199));
}

#[test]
fn waiting_has_an_end_and_captures_a_third_try() {
    let (t, end) = (CancelTerms::default(), Instant(10 * H));
    let wait = |by| no_show(&t, Instant(9 * H), end, NoShowChoice::Wait(Instant(by)));
    assert_eq!((wait(9 * H), wait(9 * H + 1)), (Err(Code::WindowInvalid), Ok(())));
    assert_eq!((wait(14 * H), wait(14 * H + 1)), (Ok(()), Err(Code::WindowInvalid)));
    assert_eq!(no_show(&t, Instant(99 * H), end, NoShowChoice::Cancel), Ok(()));
    let c = CaptureTerms::default();
    assert_eq!(c.due(Instant(H), Instant(26 * H)), Instant(2 * H));
    assert_eq!(
        (c.due(Instant(H), Instant(25 * H)), c.due(Instant(H), Instant(25 * H - 1)), c.due(Instant(H), Instant(2 * H))),
        (Instant(H), Instant(H), Instant(H))
    );
    let five = Instant(Span::from_mins(5).0);
    assert_eq!(
        [1, 2, 3, 4].map(|n| c.after_failure(n, Instant(0))),
        [AfterFailure::Retry(five), AfterFailure::Retry(five), AfterFailure::Cancel, AfterFailure::Cancel]
    );
}

/// Ten thousand moments against the sentences of the table, read one after another.
#[test]
fn random_moments_equal_the_table() {
    let t = CancelTerms::default();
    for seed in 0..10_000 {
        let mut d = Dice(seed);
        let progress = *d.pick(&[Progress::Waiting, Progress::Waiting, Progress::Departed, Progress::Inside]);
        let before = *d.pick(&[0, 2 * H, 24 * H, 12 * H]) + d.below(3);
        let before = if before > 0 { before - 1 } else { 0 };
        let after = *d.pick(&[0, 10 * M, 5 * H]) + d.below(3);
        let m = Moment { proven_bps: u32::try_from(d.below(10_001)).unwrap(), ..moment(before, after, progress) };
        let mut want = 4_000;
        if before >= 2 * H {
            want = 2_000;
        }
        if before >= 24 * H || (after < 10 * M && before >= 2 * H) {
            want = 0;
        }
        if progress == Progress::Departed {
            want = 5_000;
        }
        if progress == Progress::Inside {
            want = if m.proven_bps > 6_000 { m.proven_bps } else { 6_000 };
        }
        assert_eq!(requester_fee_bps(&t, &m), want, "{m:?}");
    }
}
