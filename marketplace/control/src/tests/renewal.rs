//! Authorisations that end before their capture is due are renewed in time.

use super::rig::Rig;
use nooterra_engine::ids::JobId;
use nooterra_engine::time::Span;
use nooterra_jobs::event::{Cause, Event as JobEvent, Fault};
use nooterra_jobs::parts::PaymentTrack;
use nooterra_jobs::status::Status;

const ONE: &[(&str, &str, u32)] = &[("a1", "acme", 8)];

/// A job that is captured three hours from now, and a bank whose authorisations last two.
fn booked() -> (Rig, JobId) {
    let mut rig = Rig::new(ONE);
    rig.run(10);
    rig.knobs.authorises_for = Some(Span::from_mins(120));
    let mut ask = rig.delivery(2, 5);
    let ahead = Span::from_mins(27 * 60);
    (ask.window.start, ask.window.end) = (rig.now.saturating_add(ahead), rig.now.saturating_add(ahead + Span::from_mins(60)));
    let job = rig.ask(ask);
    rig.run(11 * 60); // quotes are taken for ten minutes
    assert_eq!(rig.status(job), Status::Booked);
    (rig, job)
}

fn authorised(rig: &Rig, job: JobId) -> usize {
    rig.names(job).iter().filter(|n| **n == "PAYMENT_AUTHORISED").count()
}

#[test]
fn a_new_one_takes_the_place_of_one_that_ends_too_soon() {
    let (mut rig, job) = booked();
    let first = rig.c.state().jobs[&job].payment.payment;
    rig.run(65 * 60);
    let p = rig.c.state().jobs[&job].payment.clone();
    assert_eq!((authorised(&rig, job), p.track, p.renewal), (2, PaymentTrack::Authorised, None));
    assert_ne!(p.payment, first);
    assert_eq!(rig.names(job).iter().filter(|n| **n == "PAYMENT_VOIDED").count(), 1);
    rig.check_books();
    rig.run(2 * 3_600 + 120);
    let p = rig.c.state().jobs[&job].payment.clone();
    assert_eq!((authorised(&rig, job), p.track), (2, PaymentTrack::Captured), "when it was due all along");
    rig.check_books();
}

#[test]
fn a_booking_whose_payment_is_not_renewed_is_cancelled() {
    let (mut rig, job) = booked();
    rig.knobs.decline = true;
    rig.run(65 * 60);
    let cancelled = |e: &JobEvent| matches!(e, JobEvent::JobAborted { cause: Cause::PaymentFailed, fault: Fault::Requester, .. });
    assert!(rig.job_events(job).iter().any(cancelled), "{:?}", rig.names(job));
    assert_eq!(rig.run_job(job, 8_000), Status::Settled);
    assert_eq!(rig.c.money(job).unwrap().captured, 0);
    rig.check_books();
}

#[test]
fn a_late_answer_renews_nothing() {
    let (mut rig, job) = booked();
    rig.knobs.sits_on_authorisations = true;
    rig.run(65 * 60);
    assert!(rig.c.state().jobs[&job].payment.renewal.is_some());
    rig.send_at("rq", job, &crate::input::RequesterCommand::Cancel { job, safety: false }).unwrap();
    rig.knobs.sits_on_authorisations = false;
    rig.run(600);
    assert_eq!(authorised(&rig, job), 1);
    assert_eq!(rig.run_job(job, 8_000), Status::Settled);
    rig.check_books();
}
