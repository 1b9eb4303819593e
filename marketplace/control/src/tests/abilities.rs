//! What robots declare that they can do, and what is seen of it on their jobs.

use super::rig::{Rig, party, robot};
use crate::input::NewJob;
use nooterra_engine::ids::{JobId, RobotId};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::Required;
use nooterra_operations::event::{Event, Measured};
use nooterra_port::Report;
use nooterra_port::ability::{Advert, Declared};
use nooterra_port::report::Heartbeat;

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

fn advert(values: &[(&str, u64)], battery_j: u64) -> Report {
    let capabilities = values.iter().map(|(name, value)| Declared { name: (*name).to_owned(), value: *value }).collect();
    Report::Advertised(Box::new(Advert { capabilities, sensors: vec!["lidar".into()], battery_j }))
}
fn requires(rig: &Rig, mm_s: u64) -> NewJob {
    NewJob { requires: vec![Required { name: "speed_mm_s".into(), at_least: mm_s }], ..rig.delivery(2, 5) }
}
fn invited(rig: &Rig, job: JobId) -> Vec<nooterra_engine::ids::PartyId> {
    rig.c.state().negotiations[&job].rfq.invited.clone()
}
fn measured(rig: &Rig, of: RobotId) -> Vec<Measured> {
    let stream = format!("robot/{of}");
    let own = rig.facts.iter().filter_map(|f| if let crate::Fact::Event(r) = f { Some(r) } else { None });
    let words = own.filter(|r| r.header.stream == stream).filter_map(|r| match &r.payload {
        crate::Event::Robot(Event::CapabilityMeasured(m)) => Some(m.clone()),
        _ => None,
    });
    words.collect()
}
/// Does a job with whoever gets it, who drives this fast meanwhile.
fn work(rig: &mut Rig, job: JobId, speed_mm_s: i32) -> RobotId {
    rig.until(job, Status::Executing);
    let by = rig.c.state().jobs[&job].robot().unwrap();
    let beat = Heartbeat { speed_mm_s, ..rig.heartbeat(by) };
    rig.report(by, Report::Heartbeat(beat));
    assert_eq!(rig.run_job(job, 900), Status::Settled, "{:?}", rig.names(job));
    by
}

#[test]
fn what_is_declared_counts_until_enough_was_measured() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let (a, b) = (robot("a1"), robot("b1"));
    let job = rig.ask(requires(&rig, 600));
    assert_eq!(invited(&rig, job), [], "nobody has said anything yet");
    // One says more than is true, the other too little for this.
    rig.report(a, advert(&[("payload_g", 5_000), ("speed_mm_s", 900)], 1));
    rig.report(b, advert(&[("speed_mm_s", 599)], 1));
    rig.run(2);
    for n in 1..=10 {
        let job = rig.ask(requires(&rig, 600));
        assert_eq!(invited(&rig, job), [party("acme")], "{n}");
        assert_eq!(work(&mut rig, job, 412), a);
        let said = measured(&rig, a);
        assert_eq!(said.len(), n);
        assert_eq!(said[n - 1], Measured { name: "speed_mm_s".into(), value: 425, samples: u32::try_from(n).unwrap() });
    }
    // Ten times it was slower.
    let job = rig.ask(requires(&rig, 600));
    assert_eq!(invited(&rig, job), []);
    let job = rig.ask(requires(&rig, 425));
    assert_eq!(invited(&rig, job).len(), 2);
    assert!(measured(&rig, b).is_empty(), "whoever has not worked was not measured");
    assert!(rig.c.state().runs.is_empty(), "what has settled is not kept");
    rig.check_books();
}

#[test]
fn a_robot_takes_no_more_than_it_says() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    rig.report(robot("a1"), advert(&[("payload_g", 400)], 1));
    rig.run(2);
    let job = rig.ask(NewJob { payload_g: 500, ..rig.delivery(2, 5) });
    assert_eq!(invited(&rig, job), [party("bolt")]);
    assert_eq!(work(&mut rig, job, 0), robot("b1"));
    assert!(measured(&rig, robot("b1")).is_empty(), "it did not drive");
}

#[test]
fn adverts_and_wishes_out_of_shape_are_refused() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let a = robot("a1");
    let whole = rig.c.state().robots[&a].robot.battery_j;
    for bad in [advert(&[("speed_mm_s", 1), ("payload_g", 1)], 1), advert(&[("no word", 1)], 1), advert(&[], whole + 1)] {
        rig.report(a, bad);
    }
    rig.run(2);
    assert!(rig.c.state().robots[&a].robot.sensors.is_empty());
    rig.report(a, advert(&[], whole));
    rig.run(2);
    assert_eq!(rig.c.state().robots[&a].robot.sensors, ["lidar"]);
    let twice = Required { name: "speed_mm_s".into(), at_least: 1 };
    let wish = NewJob { requires: vec![twice.clone(), twice], ..rig.delivery(2, 5) };
    let word = crate::input::RequesterCommand::CreateJob(Box::new(wish));
    assert_eq!(rig.send("rq", &word).unwrap_err(), "SCHEMA_INVALID");
}

#[test]
fn what_was_heard_of_a_job_that_does_not_settle_is_dropped() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let job = rig.working();
    assert_eq!(rig.c.state().runs.len(), 1);
    rig.run_job(job, 900);
    assert!(rig.c.state().runs.is_empty());
    // Samples are part of the state that a restart keeps.
    let bytes = rig.c.freeze();
    let again = crate::Control::thaw(&bytes, rig.site.clone()).unwrap();
    assert_eq!(again.freeze(), bytes);
}
