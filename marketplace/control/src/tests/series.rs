use super::calendars::{MONDAY, monday, weekdays};
use super::rig::{Rig, genesis, party, robot};
use super::standing::offer;
use crate::fact::{Event, Fact, SeriesEvent};
use crate::input::{NewSeries, OwnerCommand, Repeat, RequesterCommand, StaffCommand};
use crate::policy::Policy;
use nooterra_engine::ids::{JobId, SeriesId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::Event as JobEvent;
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Mode;
use nooterra_market::series::{OccurrencePrice, SeriesEnd};

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];
const DAY: Span = Span::from_mins(24 * 60);

fn series(rig: &Rig, from: Instant, days: u64, owner: &str) -> RequesterCommand {
    let until = from + Span(DAY.0 * days);
    // Twelve to one o'clock.
    let rule = weekdays(12 * 3_600, 13 * 3_600);
    RequesterCommand::CreateSeries(Box::new(NewSeries {
        job: Box::new(rig.patrol(&[2, 4])),
        rule,
        every: None,
        from,
        until,
        count: None,
        owner: party(owner),
    }))
}

fn events(rig: &Rig) -> Vec<SeriesEvent> {
    let of = |r: &crate::Recorded| if let Event::Series(e) = &r.payload { Some(e.clone()) } else { None };
    rig.facts.iter().filter_map(Fact::event).filter_map(of).collect()
}

fn jobs(rig: &Rig) -> Vec<JobId> {
    events(rig).iter().filter_map(|e| if let SeriesEvent::OccurrenceDue { job, .. } = e { *job } else { None }).collect()
}

fn only(rig: &Rig) -> SeriesId {
    *rig.c.state().series.keys().next().unwrap()
}

#[test]
fn occurrences_are_booked_at_the_framework_price() {
    let mut rig = monday(TWO);
    rig.run(10);
    rig.send("acme", &offer(9_000, 1)).unwrap();
    let c = series(&rig, rig.now + Span::from_secs(60), 4, "acme");
    rig.send("rq", &c).unwrap();
    // Monday to Thursday lie within seven days: all of them are asked for at once, whatever room the offer has.
    rig.run(60);
    let made = jobs(&rig);
    assert_eq!(made.len(), 4);
    let SeriesEvent::SeriesCreated { framework, occurrences, .. } = &events(&rig)[0] else { panic!() };
    assert_eq!((*occurrences, framework.service.minor()), (4, framework.reference * 9 / 10));
    assert!(matches!(events(&rig).last(), Some(SeriesEvent::SeriesEnded { reason: SeriesEnd::Done })));
    for (i, job) in made.iter().enumerate() {
        let j = &rig.c.state().jobs[job];
        let p = j.pins.as_deref().unwrap();
        assert_eq!((p.owner, p.service), (party("acme"), framework.service));
        assert_eq!((j.request.mode, j.request.series), (Mode::Instant, Some(only(&rig))));
        // Noon in Berlin is eleven in Greenwich, four hours and ten minutes after the start.
        assert_eq!(p.window.start, Instant::from_secs(250 * 60) + Span(DAY.0 * i as u64));
    }
    let first = made[0];
    for _ in 0..8 * 3_600 * 2 {
        rig.tick();
        if rig.status(first).is_terminal() {
            break;
        }
    }
    assert_eq!(rig.status(first), Status::Settled);
    rig.check_books();
}

#[test]
fn a_price_that_moved_is_asked_for_again() {
    let mut rig = monday(TWO);
    rig.run(10);
    rig.send("acme", &offer(9_000, 3)).unwrap();
    // The first noon from there on is a week and 100 s after now: it becomes a job in 100 s.
    let noon = Instant::from_secs(250 * 60);
    let from = noon + Span(DAY.0 * 7);
    let c = series(&rig, from, 3, "acme");
    rig.send("rq", &c).unwrap();
    assert!(jobs(&rig).is_empty());
    for r in ["a1", "b1"] {
        rig.send("staff", &StaffCommand::Quarantine { robot: robot(r), cause: "test".into(), until: None }).unwrap();
    }
    let mut out = nooterra_engine::machine::Out::default();
    rig.c.fire_due(noon + Span::from_secs(1), &mut out);
    let due: Vec<_> = out
        .facts
        .iter()
        .filter_map(|f| match f.event().map(|r| &r.payload) {
            Some(Event::Series(SeriesEvent::OccurrenceDue { price, job, refused, .. })) => Some((*price, *job, *refused)),
            _ => None,
        })
        .collect();
    let [(OccurrencePrice::Quotes(owner), Some(job), None)] = &due[..] else { panic!("{due:?}") };
    assert_eq!(*owner, party("acme"));
    let j = &rig.c.state().jobs[job];
    assert_eq!(j.request.mode, Mode::Auto);
    assert_eq!(rig.c.state().negotiations[job].rfq.invited.first(), Some(&party("acme")), "the framework owner is asked first");
}

#[test]
fn either_side_ends_it_and_nobody_else() {
    let mut rig = monday(TWO);
    rig.run(10);
    let far = rig.now + Span(DAY.0 * 20);
    let c = series(&rig, far, 10, "acme");
    assert_eq!(rig.send("rq", &c).unwrap_err(), "NO_CANDIDATE", "acme has offered nothing");
    rig.send("acme", &offer(9_000, 3)).unwrap();
    let c = series(&rig, far, 10, "bolt");
    assert_eq!(rig.send("rq", &c).unwrap_err(), "NO_CANDIDATE");
    let c = series(&rig, far, 0, "acme");
    assert_eq!(rig.send("rq", &c).unwrap_err(), "WINDOW_INVALID");
    let c = series(&rig, far, 900, "acme");
    assert_eq!(rig.send("rq", &c).unwrap_err(), "QUOTA_EXCEEDED");
    for ender in ["rq", "acme"] {
        let c = series(&rig, far, 10, "acme");
        rig.send("rq", &c).unwrap();
        let all: Vec<SeriesId> = rig.c.state().series.iter().filter(|(_, r)| r.series.ended.is_none()).map(|(s, _)| *s).collect();
        let [s] = all[..] else { panic!("{all:?}") };
        assert_eq!(rig.send("rq2", &RequesterCommand::EndSeries { series: s }).unwrap_err(), "NOT_FOUND");
        assert_eq!(rig.send("bolt", &OwnerCommand::EndSeries { series: s }).unwrap_err(), "NOT_FOUND");
        let said = |rig: &mut Rig| match ender {
            "rq" => rig.send("rq", &RequesterCommand::EndSeries { series: s }),
            _ => rig.send("acme", &OwnerCommand::EndSeries { series: s }),
        };
        said(&mut rig).unwrap();
        assert_eq!(said(&mut rig).unwrap_err(), "ALREADY_DONE");
    }
    let mut out = nooterra_engine::machine::Out::default();
    rig.c.fire_due(far + Span(DAY.0 * 12), &mut out);
    assert!(!out.facts.iter().any(|f| f.event().is_some_and(|r| r.payload.name() == "OCCURRENCE_DUE")));
}

/// At an interval from eight o'clock in Berlin on, which is ten minutes after the start.
fn every(rig: &Rig, every_s: u32, count: Option<u16>, from: Instant, until: Instant) -> NewSeries {
    let rule = weekdays(8 * 3_600, 13 * 3_600);
    let every = Some(Repeat { every_s, length_s: 1_800 });
    NewSeries { job: Box::new(rig.delivery(2, 4)), rule, every, from, until, count, owner: party("acme") }
}

#[test]
fn several_occurrences_of_a_day_are_asked_for_one_after_the_other() {
    let robots = &[("a1", "acme", 8), ("a2", "acme", 10), ("a3", "acme", 12), ("b1", "bolt", 15)];
    let mut g = genesis(Policy::scenario(), robots);
    (g.epoch, g.policy.series.lead) = (MONDAY, Span::from_secs(120));
    let mut rig = Rig::of(g, robots);
    rig.run(10);
    rig.send("acme", &offer(9_000, 1)).unwrap();
    let from = rig.now + Span::from_secs(300);
    let bad = |rig: &Rig, change: &dyn Fn(&mut NewSeries)| {
        let mut n = every(rig, 900, None, from, from + Span::from_mins(60));
        change(&mut n);
        RequesterCommand::CreateSeries(Box::new(n))
    };
    for (change, code) in [
        (&(|n: &mut NewSeries| n.every = Some(Repeat { every_s: 59, length_s: 60 })) as &dyn Fn(&mut NewSeries), "SCHEMA_INVALID"),
        (&|n| n.every = Some(Repeat { every_s: 900, length_s: 0 }), "SCHEMA_INVALID"),
        (&|n| n.count = Some(0), "WINDOW_INVALID"),
        (&|n| (n.every, n.until) = (Some(Repeat { every_s: 60, length_s: 60 }), n.from + Span(DAY.0 * 3)), "QUOTA_EXCEEDED"),
    ] {
        let c = bad(&rig, change);
        assert_eq!(rig.send("rq", &c).unwrap_err(), code);
    }
    // Six, and no more, a quarter of an hour apart: the first is asked for two minutes before it begins.
    let first = Instant::from_secs(11 * 60);
    let c = bad(&rig, &|n| {
        (n.every, n.count, n.from, n.until) = (Some(Repeat { every_s: 900, length_s: 1_800 }), Some(6), first, first + Span(DAY.0))
    });
    rig.send("rq", &c).unwrap();
    let SeriesEvent::SeriesCreated { occurrences, .. } = events(&rig)[0] else { panic!() };
    assert_eq!((occurrences, jobs(&rig).len()), (6, 0));
    let starts: Vec<Instant> = rig.c.state().series[&only(&rig)].series.occurrences.iter().map(|w| w.start).collect();
    assert!(starts.windows(2).all(|w| w[1].since(w[0]) == Span::from_mins(15)), "{starts:?}");
    let mut out = nooterra_engine::machine::Out::default();
    let mut due = Vec::new();
    for k in 0..4u64 {
        // Before the third one is asked for, acme has nobody who could come: bolt alone is left, and what is scarce is dear.
        if k == 2 {
            for r in ["a1", "a2", "a3"] {
                rig.send("staff", &StaffCommand::Quarantine { robot: robot(r), cause: "test".into(), until: None }).unwrap();
            }
        }
        if k == 3 {
            let series = only(&rig);
            rig.send("rq", &RequesterCommand::EndSeries { series }).unwrap();
        }
        let epoch = rig.c.state().genesis.epoch;
        let here = Instant(starts[usize::try_from(k).unwrap()].0 - epoch.0);
        while rig.now + Span::from_secs(119) < here {
            rig.tick();
        }
        due.push(jobs(&rig).len());
    }
    rig.c.fire_due(rig.now, &mut out);
    assert_eq!(due, [1, 2, 3, 3], "the fourth was never asked for");
    let made = jobs(&rig);
    let mode = |i: usize| rig.c.state().jobs[&made[i]].request.mode;
    assert_eq!((mode(0), mode(1), mode(2)), (Mode::Instant, Mode::Instant, Mode::Auto));
    // Each carries something of its own.
    let items: std::collections::BTreeSet<_> = made.iter().map(|j| rig.c.state().jobs[j].request.item).collect();
    assert!(items.len() == made.len() && !items.contains(&None), "{items:?}");
    // Whoever is invited may quote, in whatever order they stand on the list.
    let third = &rig.job_events(made[2]);
    let invited = third.iter().find_map(|e| if let JobEvent::RfqOpened { invited, .. } = e { Some(invited.clone()) } else { None });
    assert_eq!(invited, Some(vec![party("acme"), party("bolt")]));
    assert!(third.iter().any(|e| matches!(e, JobEvent::QuoteSubmitted(q) if q.owner == party("bolt"))), "{:?}", rig.names(made[2]));
    assert!(matches!(events(&rig).last(), Some(SeriesEvent::SeriesEnded { reason: SeriesEnd::Requester })));
    rig.check_books();
}
