//! The look ahead at the charge: what standing takes is no reason to give a trip up, what driving takes is.

use super::jobs::{offer, plan};
use super::rig::*;
use crate::Phase;
use crate::forecast::{Ahead, Forecast, Lacks};
use crate::map::AgentMap;
use crate::track::Track;
use crate::work::{Lease, Work};
use nooterra_engine::Instant;
use nooterra_port::Order;
use nooterra_site::RobotModel;

#[test]
fn what_idling_takes_is_not_what_a_metre_takes() {
    let r = Rig::new(house(), 0, 0.0);
    let Order::LeaseOffer(o) = offer(&r, "l1", plan()) else { unreachable!() };
    let mut work = Work::default();
    (work.phase, work.lease) = (Phase::EnRoute, Some(Lease::new(r.now, &o, 1)));
    let (map, track, model) = (AgentMap::new(&house(), 0), Track::default(), RobotModel::default());
    let at = map.vertex(0).unwrap().at;
    let looks = |f: &Forecast, soc_bps| {
        let ahead = Ahead { at, soc_bps, track: &track, work: &work, home: 0, model: &model, reserve_bps: 500 };
        f.clone().look(Instant::from_secs(10), &ahead, &map)
    };
    let mut idle = Forecast::default();
    let enough = (1_500..10_000).find(|soc| looks(&idle, *soc).is_none()).unwrap();
    assert!(enough > 1_500, "the trip takes something");
    // Twice of what the model says is left: three times of it is not.
    let soc_bps = 1_500 + 2 * (enough - 1_500);
    // It stands for hours, sets out, and stands again: 500 of 10 000 are gone, none of them by driving.
    let mut sags = idle.clone();
    for n in 0..500 {
        idle.measure(0.0, 9_000 - n, false, &model);
    }
    (0..400).for_each(|_| idle.measure(0.1, 8_501, false, &model));
    (0..100).for_each(|n| idle.measure(0.0, 8_501 - n, false, &model));
    (0..400).for_each(|_| idle.measure(0.1, 8_402, false, &model));
    assert_eq!(looks(&idle, soc_bps), None, "what it took to wait is no reason");
    (0..800).for_each(|n| sags.measure(0.1, 9_000 - n, false, &model));
    assert_eq!(looks(&sags, soc_bps), Some(Lacks::Trip), "what it took to drive is one");
}
