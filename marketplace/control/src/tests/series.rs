use super::calendars::{monday, weekdays};
use super::rig::{Rig, party, robot};
use super::standing::offer;
use crate::fact::{Event, Fact, SeriesEvent};
use crate::input::{NewSeries, OwnerCommand, RequesterCommand, StaffCommand};
use nooterra_engine::ids::{JobId, SeriesId};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Mode;
use nooterra_market::series::{OccurrencePrice, SeriesEnd};

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];
const DAY: Span = Span::from_mins(24 * 60);

fn series(rig: &Rig, from: Instant, days: u64, owner: &str) -> RequesterCommand {
    let until = from + Span(DAY.0 * days);
    // Twelve to one o'clock.
    let rule = weekdays(12 * 3_600, 13 * 3_600);
    RequesterCommand::CreateSeries(Box::new(NewSeries { job: Box::new(rig.patrol(&[2, 4])), rule, from, until, owner: party(owner) }))
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
        rig.send("staff", &StaffCommand::Quarantine { robot: robot(r), cause: "test".into() }).unwrap();
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
