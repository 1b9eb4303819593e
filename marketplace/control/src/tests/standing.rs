use super::rig::{Rig, party};
use crate::input::OwnerCommand;
use nooterra_engine::ids::StandingOfferId;
use nooterra_engine::money::{Amount, Currency};
use nooterra_jobs::event::{Event as JobEvent, WithdrawReason};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Template;
use nooterra_market::StandingOffer;

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

pub fn offer(price_bps: u32, capacity: u16) -> OwnerCommand {
    OwnerCommand::SetStandingOffer(StandingOffer {
        offer: StandingOfferId::named("as the sender likes"),
        templates: vec![Template::Delivery as u8, Template::Patrol as u8],
        price_bps,
        min_service: Amount::new(1).unwrap(),
        capacity,
        substitute: true,
        currency: Currency::EUR,
    })
}

#[test]
fn a_standing_offer_quotes_while_it_has_room() {
    let mut rig = Rig::new(TWO);
    rig.knobs.no_quotes = true;
    rig.run(10);
    rig.send("acme", &offer(9_000, 1)).unwrap();
    let first = rig.ask(rig.delivery(2, 5));
    let reference = rig.c.state().jobs[&first].rfq.price.total();
    let quotes: Vec<_> = rig.job_events(first).into_iter().filter(|e| matches!(e, JobEvent::QuoteSubmitted(_))).collect();
    assert!(matches!(&quotes[..], [JobEvent::QuoteSubmitted(q)] if q.owner == party("acme") && q.service.minor() == reference * 9 / 10));
    // Its room is taken, until the first job is over.
    let second = rig.ask(rig.delivery(3, 6));
    assert!(!rig.names(second).contains(&"QUOTE_SUBMITTED"));
    assert_eq!(rig.run_job(second, 900), Status::Withdrawn);
    assert!(matches!(rig.job_events(second).last(), Some(JobEvent::JobWithdrawn { reason: WithdrawReason::RfqExpired })));
    assert_eq!(rig.run_job(first, 2_000), Status::Settled);
    assert_eq!(rig.c.state().standing.serving(first).count(), 0);
    let third = rig.ask(rig.delivery(3, 6));
    assert!(rig.names(third).contains(&"QUOTE_SUBMITTED"));
    rig.check_books();
}

#[test]
fn a_quote_that_lost_or_died_frees_its_room() {
    let mut rig = Rig::new(TWO);
    rig.knobs.no_quotes = true;
    rig.run(10);
    rig.send("acme", &offer(12_000, 1)).unwrap();
    rig.send("bolt", &offer(9_000, 5)).unwrap();
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.c.state().standing.serving(job).count(), 2);
    for _ in 0..600 {
        rig.tick();
        if rig.c.state().jobs[&job].pins.is_some() {
            break;
        }
    }
    let serving: Vec<_> = rig.c.state().standing.serving(job).collect();
    assert_eq!(serving, vec![party("bolt")], "the cheaper one has it, the other is free again");
}

#[test]
fn what_is_no_offer_is_refused() {
    let mut rig = Rig::new(TWO);
    assert_eq!(rig.send("acme", &OwnerCommand::ClearStandingOffer { currency: Currency::EUR }).unwrap_err(), "NOT_FOUND");
    let OwnerCommand::SetStandingOffer(o) = offer(9_000, 1) else { unreachable!() };
    let none = OwnerCommand::SetStandingOffer(StandingOffer { templates: vec![], ..o.clone() });
    assert_eq!(rig.send("acme", &none).unwrap_err(), "SCHEMA_INVALID");
    rig.send("acme", &OwnerCommand::SetStandingOffer(o.clone())).unwrap();
    let kept = rig.c.state().standing.get(party("acme"), Currency::EUR).unwrap().offer.clone();
    assert_ne!(kept.offer, o.offer, "ids are given by the platform");
    rig.send("acme", &OwnerCommand::ClearStandingOffer { currency: Currency::EUR }).unwrap();
    rig.knobs.no_quotes = true;
    let job = rig.ask(rig.delivery(2, 5));
    assert!(!rig.names(job).contains(&"QUOTE_SUBMITTED"));
}
