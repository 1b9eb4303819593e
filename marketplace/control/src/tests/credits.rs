//! Credits of requesters pay for what they ask next: promised at the award, taken at the booking, never twice, and given
//! back as credit where the work was not done.

use super::rig::{Rig, genesis, party};
use crate::input::{FinanceCommand, Line, RequesterCommand};
use crate::{NewJob, Policy};
use nooterra_engine::Digest;
use nooterra_engine::ids::JobId;
use nooterra_engine::money::Currency;
use nooterra_engine::time::Span;
use nooterra_jobs::event::{Cause, Event};
use nooterra_jobs::parts::PaymentTrack;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::{Mode, Window};
use nooterra_ledger::Account;

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("a2", "acme", 12)];

/// Two of finance give the requester so much credit.
fn gifted(minor: i64) -> Rig {
    let mut rig = Rig::of(genesis(Policy::scenario(), TWO), TWO);
    rig.run(10);
    give(&mut rig, minor);
    rig
}

fn give(rig: &mut Rig, minor: i64) {
    let to = Account::RequesterCredit { party: party("rq") };
    let lines = vec![Line { account: Account::GoodwillExpense, amount: minor }, Line { account: to, amount: -minor }];
    let gift = FinanceCommand::Adjust { currency: Currency::EUR, lines, origin: None, reason: Digest([9; 32]) };
    rig.send_books("books", Currency::EUR, &gift).unwrap();
    rig.send_books("books2", Currency::EUR, &gift).unwrap();
}

fn credit(rig: &Rig) -> i128 {
    rig.c.balance(Account::RequesterCredit { party: party("rq") }, Currency::EUR)
}

/// What the award promised, what was authorised, what the booking took, and the price.
fn paid(rig: &Rig, job: JobId) -> (u64, u64, u64, u64) {
    let mut out = (0, 0, 0, 0);
    for e in rig.job_events(job) {
        match e {
            Event::QuoteAwarded { credit, .. } => out.0 = credit.minor(),
            Event::PaymentAuthorised { amount, .. } => out.1 = amount.minor(),
            Event::JobBooked(b) => (out.2, out.3) = (b.redeemed.minor(), b.pins.total()),
            _ => {}
        }
    }
    out
}

#[test]
fn credit_pays_first_and_the_rest_is_authorised() {
    let mut rig = gifted(300);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    let (promised, authorised, redeemed, price) = paid(&rig, job);
    assert_eq!((promised, authorised, redeemed), (300, price - 300, 300));
    let m = rig.c.money(job).unwrap();
    assert_eq!((m.captured, m.charge), (price - 300, rig.c.state().jobs[&job].pins.as_ref().unwrap().service.minor()));
    assert!(credit(&rig) < 300, "only the coverage fee that was not used came back: {}", credit(&rig));
    rig.check_books();
}

#[test]
fn one_unit_is_left_to_be_authorised_whatever_there_is() {
    let mut rig = gifted(1_000_000);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    let (promised, authorised, redeemed, price) = paid(&rig, job);
    assert_eq!((promised, authorised, redeemed), (price - 1, 1, price - 1));
    assert_eq!(rig.c.money(job).unwrap().captured, 1);
    rig.check_books();
}

#[test]
fn two_awards_do_not_promise_the_same_credit() {
    let mut rig = gifted(300);
    rig.knobs.sits_on_authorisations = true;
    let jobs = [rig.ask(rig.delivery(2, 5)), rig.ask(rig.delivery(1, 4))];
    rig.run(60);
    for job in jobs {
        assert_eq!(rig.status(job), Status::Awarded);
    }
    let promised: Vec<u64> = jobs.iter().map(|j| paid(&rig, *j).0).collect();
    assert_eq!(promised.iter().sum::<u64>(), 300, "{promised:?}");
    assert!(promised.contains(&0), "the first takes it all");
    rig.check_books();
}

#[test]
fn an_award_that_lapses_gives_its_promise_back() {
    let mut rig = gifted(300);
    rig.knobs.sits_on_authorisations = true;
    let job = rig.ask(rig.delivery(2, 5));
    rig.run(60);
    assert_eq!(paid(&rig, job).0, 300);
    rig.run(1_000);
    assert_eq!(rig.status(job), Status::Withdrawn, "{:?}", rig.names(job));
    rig.knobs.sits_on_authorisations = false;
    let next = rig.ask(rig.delivery(1, 4));
    assert_eq!(rig.run_job(next, 900), Status::Settled);
    assert_eq!(paid(&rig, next).2, 300);
    rig.check_books();
}

/// Cancelled before anything was captured: the fee comes out of the credit as far as that goes.
#[test]
fn a_fee_is_paid_from_credit_first_and_the_rest_comes_back_as_credit() {
    for (gift, voided) in [(1_000_000, true), (20, false)] {
        let mut rig = gifted(gift);
        let start = rig.now + Span::from_mins(26 * 60);
        let job = rig.ask(NewJob { window: Window { start, end: start + Span::from_mins(60) }, mode: Mode::Instant, ..rig.delivery(2, 5) });
        rig.until(job, Status::Booked);
        rig.run(3 * 3_600);
        let before = rig.c.state().jobs[&job].payment.track;
        rig.send_at("rq", job, &RequesterCommand::Cancel { job, safety: false }).unwrap();
        assert_eq!(rig.run_job(job, 9_000), Status::Settled, "{:?} {before:?}", rig.names(job));
        let v = rig.c.job_view(job).unwrap();
        assert_eq!(v.aborted, Some(Cause::RequesterCancelled));
        let m = rig.c.money(job).unwrap();
        let captured_before = before == PaymentTrack::Captured;
        assert!(captured_before || (m.captured == 0) == voided, "{m:?}");
        assert_eq!(credit(&rig), i128::from(gift) - i128::from(m.charge.min(u64::try_from(gift).unwrap())), "{m:?}");
        rig.check_books();
    }
}

#[test]
fn credit_is_paid_out_on_request_once_it_has_matured() {
    let mature = Span::from_secs(300);
    let mut rig = Rig::of(genesis(Policy { payout_mature: mature, ..Policy::scenario() }, TWO), TWO);
    rig.run(10);
    give(&mut rig, 300);
    let ask = RequesterCommand::PayOutCredit { currency: Currency::EUR };
    assert_eq!(rig.send("rq", &ask).unwrap_err(), "AMOUNT_INVALID", "it has not matured");
    assert_eq!(rig.send("rq2", &ask).unwrap_err(), "AMOUNT_INVALID", "nothing is there");
    // What the platform's cash has to come from.
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    give(&mut rig, 250);
    rig.run(330);
    let has = u64::try_from(credit(&rig)).unwrap();
    assert!(has >= 250);
    rig.send("rq", &ask).unwrap();
    rig.run(5);
    let paid: Vec<(u64, u64)> = rig
        .facts
        .iter()
        .filter_map(crate::Fact::event)
        .filter_map(|r| match &r.payload {
            crate::fact::Event::Party(crate::fact::PartyEvent::PayoutInitiated { role, gross, net, .. })
                if *role == nooterra_ledger::Role::Requester =>
            {
                Some((gross.minor(), net.minor()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(paid, [(has, has)]);
    assert_eq!(credit(&rig), 0);
    assert_eq!(rig.send("rq", &ask).unwrap_err(), "AMOUNT_INVALID", "all of it is on its way");
    rig.check_books();
}
