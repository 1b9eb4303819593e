use super::*;
use nooterra_engine::geom::Vec2;

fn building(name: &str) -> Site {
    let text = match name {
        "hotel" => include_str!("../../../../sites/hotel.building.yaml"),
        "office" => include_str!("../../../../sites/office.building.yaml"),
        other => unreachable!("no such building: {other}"),
    };
    crate::building::import(name, text).expect("it can be read").site
}

fn names(site: &Site, of: &BTreeSet<u32>) -> Vec<String> {
    of.iter().map(|e| site.entrance_name(*e).to_owned()).collect()
}

fn needed(site: &Site, places: &[&str]) -> Vec<String> {
    let places: Vec<VertexIx> = places.iter().map(|p| site.vertex_named(p).expect("a place")).collect();
    names(site, &site.entrances_needed(&places, &BTreeSet::new(), &Reached::default()))
}

#[test]
fn entrances_are_doors_and_lifts_in_order_and_have_ids_of_their_own() {
    let site = building("hotel");
    assert_eq!((site.doors.len(), site.lifts.len(), site.entrances()), (11, 2, 13));
    assert_eq!(site.entrance_named("lift_b"), Some(12));
    assert_eq!((site.entrance_name(11), site.entrance_name(13)), ("lift_a", ""));
    assert_eq!(site.entrance_named(""), None);
    let ids: BTreeSet<DoorId> = site.entrance_ids().into_iter().chain(building("office").entrance_ids()).collect();
    assert_eq!(ids.len(), 13 + 3);
}

#[test]
fn a_plan_names_the_doors_on_the_way_and_no_other_room() {
    let office = building("office");
    assert!(needed(&office, &["pantry", "lounge"]).is_empty(), "no door is on that way");
    assert_eq!(needed(&office, &["pantry", "hardware"]), ["hardware_door"]);
    assert_eq!(needed(&office, &["supplies", "meeting"]), ["supplies_door", "meeting_door"]);
    let hotel = building("hotel");
    assert_eq!(needed(&hotel, &["reception"]), ["lift_a", "lift_b"], "robots wait on other floors as well");
    let room = needed(&hotel, &["kitchen", "room_203"]);
    assert!(room.contains(&"lift_a".into()) && room.contains(&"lift_b".into()) && room.contains(&"kitchen_door".into()), "{room:?}");
    assert_eq!(room.len(), 4, "and the door of the room itself: {room:?}");
}

#[test]
fn a_lane_leads_in_unless_it_leads_nearer_to_where_robots_wait() {
    let site = building("office");
    let ways = site.ways_in();
    let through: Vec<LaneIx> = site.lane_indexes().filter(|l| !site.lane_entrances(*l).is_empty()).collect();
    assert!(through.len() >= 6);
    for l in through {
        let back = site.lanes[l.at()].reverse.expect("both ways");
        assert_ne!(ways[l.at()].is_empty(), ways[back.at()].is_empty(), "a door leads in on one side and out on the other");
    }
    let hotel = building("hotel");
    let ways = hotel.ways_in();
    let cabin = |l: &LaneIx| hotel.vertices[hotel.lanes[l.at()].to.at()].lift.is_some() && hotel.lanes[l.at()].lift_door.is_some();
    assert!(hotel.lane_indexes().filter(cabin).all(|l| !ways[l.at()].is_empty()), "robots wait on every floor: no lift leads out");
    let mut ground = hotel.clone();
    ground.vertices.iter_mut().filter(|v| v.level != LevelIx::new(0)).for_each(|v| v.flags.is_parking_spot = false);
    let ways = ground.ways_in();
    for l in ground.lane_indexes().filter(cabin) {
        let up = ground.vertices[ground.lanes[l.at()].from.at()].level == LevelIx::new(0);
        assert_eq!(ways[l.at()].is_empty(), !up, "else they lead in from the ground, and out from above");
    }
    let landings = |level: u32| hotel.lane_indexes().filter(|l| hotel.lane_landing(*l) == Some(LevelIx::new(level))).count();
    assert!((0..3).all(|l| landings(l) > 0));
    // A site where nobody waits anywhere has no way out.
    let mut bare = building("office");
    bare.spawns.clear();
    for v in &mut bare.vertices {
        (v.flags.is_charger, v.flags.is_parking_spot) = (false, false);
    }
    assert!(bare.lane_indexes().all(|l| bare.ways_in()[l.at()] == bare.lane_entrances(l)));
}

#[test]
fn what_a_shut_area_cuts_off_lies_on_no_way() {
    let mut site = building("office");
    let inner = site.vertex_named("hardware").expect("a place");
    let at = site.vertices[inner.at()].at;
    let ring = [(-9.0, -9.0), (9.0, -9.0), (9.0, 9.0), (-9.0, 9.0)].map(|(x, y)| Vec2::new(at.x + x, at.y + y)).to_vec();
    site.areas.push(crate::Area { name: "all about it".into(), level: LevelIx::new(0), ring, class: crate::AreaClass::Public });
    let places = [site.vertex_named("supplies").expect("a place")];
    let reached = site.reached(0.3);
    assert_eq!(names(&site, &site.entrances_needed(&places, &BTreeSet::new(), &reached)), ["supplies_door"]);
    let both = [places[0], inner];
    assert_eq!(names(&site, &site.entrances_needed(&both, &BTreeSet::new(), &reached)).len(), 2);
    assert_eq!(names(&site, &site.entrances_needed(&both, &[0].into(), &reached)), ["supplies_door"], "no lane leads there any more");
}
