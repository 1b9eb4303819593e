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
        zones: vec![],
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
    assert!(
        matches!(&quotes[..], [JobEvent::QuoteSubmitted(q)] if q.owner == party("acme") && q.service.minor() == reference * 9 / 10 && q.robot_class == rig.c.state().robots[&super::rig::robot("a1")].robot.model)
    );
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

#[test]
fn an_offer_of_some_zones_quotes_for_work_that_lies_within_them() {
    let mut rig = Rig::new(TWO);
    rig.knobs.no_quotes = true;
    rig.run(10);
    let OwnerCommand::SetStandingOffer(o) = offer(9_000, 5) else { unreachable!() };
    let of = |zones| OwnerCommand::SetStandingOffer(StandingOffer { zones, ..o.clone() });
    let elsewhere = nooterra_engine::ids::ZoneId::named("elsewhere");
    assert_eq!(rig.send("acme", &of(vec![elsewhere])).unwrap_err(), "NOT_FOUND", "no level of the site");
    let here = rig.site.zone(nooterra_site::LevelIx::new(0)).unwrap();
    rig.send("acme", &of(vec![here, here])).unwrap();
    let kept = rig.c.state().standing.get(party("acme"), Currency::EUR).unwrap().offer.clone();
    assert_eq!(kept.zones, [here], "each once");
    let job = rig.ask(rig.delivery(2, 5));
    assert!(rig.names(job).contains(&"QUOTE_SUBMITTED"));
}

#[test]
fn an_offer_does_not_quote_for_work_that_touches_another_zone() {
    use nooterra_site::LevelIx;
    // The end of the row is another level.
    let robots = &[("a1", "acme", 8), ("b1", "bolt", 9)];
    let mut site = super::floor::row(8);
    let mut above = site.levels[0].clone();
    above.name = "L2".into();
    site.levels.push(above);
    for v in [6, 7, 14, 15] {
        site.vertices[v].level = LevelIx::new(1);
    }
    let mut rig = Rig::on(site, super::rig::genesis(crate::Policy::scenario(), robots), robots);
    rig.knobs.no_quotes = true;
    rig.run(10);
    let OwnerCommand::SetStandingOffer(o) = offer(9_000, 50) else { unreachable!() };
    let [below, above] = [0, 1].map(|l| rig.site.zone(LevelIx::new(l)).unwrap());
    let all = [
        ([below].to_vec(), [true, false, false]),
        (vec![above], [false, true, false]),
        (vec![above, below], [true; 3]),
        (vec![], [true; 3]),
    ];
    for (zones, quotes) in all {
        rig.send("acme", &OwnerCommand::SetStandingOffer(StandingOffer { zones: zones.clone(), ..o.clone() })).unwrap();
        for (places, quoted) in [[2, 3], [6, 7], [3, 6]].into_iter().zip(quotes) {
            let job = rig.ask(rig.patrol(&places));
            assert_eq!(rig.names(job).contains(&"QUOTE_SUBMITTED"), quoted, "{zones:?} {places:?}");
        }
    }
}
