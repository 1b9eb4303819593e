//! Rescheduling: prices and limits at and beside their values, and random bookings against a list of what was done.

use super::{Dice, Tally};
use crate::cancel::{CancelTerms, Moment, Progress};
use crate::negotiation::Side;
use crate::rejection::Code;
use crate::reschedule::*;
use nooterra_engine::machine::Freeze;
use nooterra_engine::time::Instant;

const H: u64 = 3_600_000_000_000;
const M: u64 = 60_000_000_000;

fn window(start: u64) -> Interval {
    Interval { start: Instant(start), end: Instant(start + H) }
}
fn booking() -> Booking {
    Booking {
        window: window(100 * H),
        service: 10_000,
        reference: 10_000,
        moved: 0,
        open: None,
        terms: RescheduleTerms::default(),
        cancel: CancelTerms::default(),
    }
}
fn propose(b: &Booking, by: Side, now: u64, reference: u64) -> RescheduleCommand {
    let moment =
        Moment { now: Instant(now), booked: Instant(0), start: b.window.start, progress: Progress::Waiting, proven_bps: 0, comp_bps: 0 };
    RescheduleCommand::Propose { by, window: window(200 * H), reference, candidates: 1, movable: true, moment }
}
fn run(b: &mut Booking, now: u64, c: &RescheduleCommand) -> Result<Vec<RescheduleFact>, Code> {
    let facts = b.decide(Instant(now), c)?;
    facts.iter().for_each(|f| b.evolve(f));
    Ok(facts)
}

#[test]
fn fees_and_the_automatic_band() {
    // Free a day ahead; one nanosecond later half of the bracket.
    for (before, by, fee) in [
        (24 * H, Side::Requester, 0),
        (24 * H - 1, Side::Requester, 1_000),
        (2 * H, Side::Requester, 1_000),
        (2 * H - 1, Side::Requester, 2_000),
        (24 * H - 1, Side::Owner, 500),
        (2 * H - 1, Side::Owner, 1_000),
    ] {
        let b = booking();
        let facts = b.decide(Instant(100 * H - before), &propose(&b, by, 100 * H - before, 20_000)).unwrap();
        assert!(matches!(facts[..], [RescheduleFact::Proposed(p)] if p.fee == fee && p.service == 20_000), "{before} {by:?}: {facts:?}");
    }
    // Up to 500 bps either way nobody is asked; the decrease is returned, the increase authorised first.
    for (reference, auto) in [(9_499, false), (9_500, true), (10_000, true), (10_500, true), (10_501, false)] {
        let mut b = booking();
        let c = propose(&b, Side::Requester, 0, reference);
        let facts = run(&mut b, 0, &c).unwrap();
        assert_eq!(facts.len() == 2, auto, "{reference}");
        if auto && reference > 10_000 {
            assert_eq!(facts[1], RescheduleFact::Agreed);
            let extra = reference - 10_000;
            assert_eq!(run(&mut b, 1, &RescheduleCommand::Authorised { amount: extra - 1 }), Err(Code::AuthMismatch));
            assert!(run(&mut b, 1, &RescheduleCommand::Authorised { amount: extra }).is_ok());
        } else if auto {
            assert!(matches!(facts[1], RescheduleFact::Rescheduled { extra: 0, returned, .. } if returned == 10_000 - reference));
        }
        assert_eq!(b.moved, u8::from(auto));
        assert_eq!(b.service, if auto { reference } else { 10_000 });
    }
    let mut b = booking();
    b.terms.auto = false;
    let c = propose(&b, Side::Owner, 0, 10_000);
    assert_eq!(run(&mut b, 0, &c).unwrap().len(), 1);
    // S_new is rounded down.
    let b = Booking { service: 999, reference: 1_000, ..booking() };
    assert!(
        matches!(b.decide(Instant(0), &propose(&b, Side::Owner, 0, 3_000)).unwrap()[0], RescheduleFact::Proposed(p) if p.service == 2_997)
    );
    assert!(
        matches!(b.decide(Instant(0), &propose(&b, Side::Owner, 0, 1_001)).unwrap()[0], RescheduleFact::Proposed(p) if p.service == 999)
    );
}

#[test]
fn silence_declines_and_the_booking_stands() {
    let mut b = booking();
    let c = propose(&b, Side::Owner, 0, 20_000);
    run(&mut b, 0, &c).unwrap();
    let before = booking();
    assert_eq!(b.deadline(), Some(Instant(30 * M)));
    assert_eq!(b.fire(Instant(30 * M - 1)), None);
    assert_eq!(b.decide(Instant(30 * M), &RescheduleCommand::Accept { by: Side::Requester }), Err(Code::QuoteExpired));
    assert!(b.decide(Instant(30 * M - 1), &RescheduleCommand::Accept { by: Side::Requester }).is_ok());
    assert_eq!(b.decide(Instant(1), &RescheduleCommand::Accept { by: Side::Owner }), Err(Code::NotYourTurn));
    let f = b.fire(Instant(30 * M)).unwrap();
    b.evolve(&f);
    assert_eq!((f, b), (RescheduleFact::Declined(DeclineReason::Timeout), before));
}

#[test]
fn random_bookings_equal_the_list_of_moves() {
    let mut ops = Tally::default();
    let histories = 4_000;
    for seed in 0..histories {
        let mut d = Dice(seed);
        let mut b = booking();
        b.terms.auto = d.one_in(2);
        // The model: what was agreed so far, and the one thing that is open.
        let mut moves: Vec<(u64, u64)> = vec![(10_000, 10_000)];
        let mut open: Option<(Side, u64, u64, u64, u64, bool)> = None;
        let mut now = 0;
        for _ in 0..30 {
            now += d.below(12) * M;
            if let Some(by) = open.map(|o| o.4).filter(|by| *by <= now) {
                assert_eq!(b.deadline(), Some(Instant(by)));
                let f = b.fire(Instant(by)).unwrap();
                b.evolve(&f);
                ops.count("timeout", true);
                open = None;
            }
            let (service, reference) = *moves.last().unwrap();
            let side = *d.pick(&[Side::Requester, Side::Owner]);
            let (name, c, want) = match d.below(5) {
                0 | 1 => {
                    let to = *d.pick(&[reference, reference * 105 / 100, reference * 106 / 100, reference * 9 / 10, 0]);
                    let movable = !d.one_in(10);
                    let candidates = u16::try_from(d.below(6)).unwrap();
                    let start = b.window.start.0;
                    let moment = Moment {
                        now: Instant(start - 24 * H + d.below(2)),
                        booked: Instant(0),
                        start: b.window.start,
                        progress: Progress::Waiting,
                        proven_bps: 0,
                        comp_bps: 0,
                    };
                    let w = if d.one_in(9) { window(now) } else { window(now + 40 * H) };
                    let mut code = Vec::new();
                    code.extend((!movable).then_some(Code::StateForbids));
                    code.extend(open.map(|_| Code::TrackForbids));
                    code.extend((w.start.0 <= now).then_some(Code::WindowInvalid));
                    code.extend((moves.len() > 3).then_some(Code::RescheduleLimit));
                    code.extend((candidates == 0).then_some(Code::NoCandidate));
                    code.extend((to == 0).then_some(Code::AmountInvalid));
                    let want = code.into_iter().min();
                    if want.is_none() {
                        let next = service * to / reference;
                        let fee = if moment.now.0 <= start - 24 * H {
                            0
                        } else {
                            service * if side == Side::Requester { 1_000 } else { 500 } / 10_000
                        };
                        let small = next.abs_diff(service) * 10_000 <= 500 * service;
                        open = Some((side, next, to, fee, now + 30 * M, b.terms.auto && small));
                    }
                    ("propose", RescheduleCommand::Propose { by: side, window: w, reference: to, candidates, movable, moment }, want)
                }
                2 => {
                    let want = match &mut open {
                        None => Some(Code::TrackForbids),
                        Some(o) if o.5 => Some(Code::AlreadyDone),
                        Some(o) if o.0 == side => Some(Code::NotYourTurn),
                        Some(o) => {
                            o.5 = true;
                            None
                        }
                    };
                    ("accept", RescheduleCommand::Accept { by: side }, want)
                }
                3 if d.one_in(2) => {
                    let want = open.is_none().then_some(Code::TrackForbids);
                    open = None;
                    ("decline", RescheduleCommand::Decline, want)
                }
                _ => {
                    let due = open.map_or(1, |o| o.1.saturating_sub(service) + if o.0 == Side::Requester { o.3 } else { 0 });
                    let amount = if d.one_in(4) { due + 1 } else { due };
                    let want = match open {
                        Some(o) if o.5 => (amount != due).then_some(Code::AuthMismatch),
                        _ => Some(Code::TrackForbids),
                    };
                    if want.is_none() {
                        let o = open.take().unwrap();
                        moves.push((o.1, o.2));
                    }
                    ("authorised", RescheduleCommand::Authorised { amount }, want)
                }
            };
            let answer = run(&mut b, now, &c);
            assert_eq!(answer.as_ref().err().copied(), want, "seed {seed}: {c:?}");
            ops.count(name, answer.is_ok());
            // Agreed and nothing to pay: done at once.
            if let Some(o) = open.filter(|o| o.5 && o.1 <= service && (o.3 == 0 || o.0 == Side::Owner)) {
                moves.push((o.1, o.2));
                open = None;
            }
            assert_eq!((b.service, b.reference), *moves.last().unwrap());
            assert_eq!((usize::from(b.moved), b.open.is_some()), (moves.len() - 1, open.is_some()), "seed {seed}");
            if d.one_in(5) {
                b = Booking::thaw(&b.freeze()).unwrap();
            }
        }
    }
    println!("{histories} histories");
    ops.insist("rescheduling", &["propose", "accept", "decline", "authorised"]);
    ops.print("all");
    assert!(ops.0.contains_key("timeout"));
}
