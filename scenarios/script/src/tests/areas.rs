//! Areas that a scenario declares, and what it says of them.

use super::{HEAD, corridor};
use crate::acts::Deed;
use crate::resolved::{FaultKind, Resolved};
use crate::{read, resolve};
use nooterra_engine::geom::Vec2;
use nooterra_site::model::{Level, Site};
use nooterra_site::{AreaClass, AreaIx, LevelIx, VertexIx};

fn on(site: &Site, text: &str) -> Result<Resolved, String> {
    let text = format!("{HEAD}{text}");
    let s = read(&text).map_err(|f| f.render("test", &text))?;
    resolve(&s, site, 7).map_err(|all| all.iter().map(|f| f.render("test", &text)).collect::<Vec<_>>().join("\n"))
}

fn of(text: &str) -> Result<Resolved, String> {
    on(&corridor(), text)
}

const JOBS: &str = "market: {requesters: [{name: a, jobs: {process: fixed, at: [1m], from: [pantry], to: [lounge]NO_GO}}]}\n";

fn jobs(no_go: &str) -> String {
    JOBS.replace("NO_GO", no_go)
}

#[test]
fn corners_and_places_become_areas_of_the_site() {
    let r = of("areas:\n  - {name: hall, corners: [[12, -2], [18, -2], [18, 2.5], [12, 2.5]]}\n  - {name: room, around: [lounge], margin: 2m, class: private}\n  - {name: east, level: L1, around: [lounge, pantry], margin: 0.8m, class: restricted}\n")
        .unwrap();
    assert_eq!(
        r.areas.iter().map(|a| (a.name.as_str(), a.class)).collect::<Vec<_>>(),
        [("hall", AreaClass::Public), ("room", AreaClass::Private), ("east", AreaClass::Restricted)]
    );
    assert_eq!(r.areas[0].ring, [(12.0, -2.0), (18.0, -2.0), (18.0, 2.5), (12.0, 2.5)].map(|(x, y)| Vec2::new(x, y)));
    assert!((r.areas[1].depth_m(Vec2::new(20.0, 0.0)) - 2.0).abs() < 0.01);
    assert!(r.areas[2].contains(Vec2::new(15.0, 0.7)) && !r.areas[2].contains(Vec2::new(15.0, 0.9)));
    assert!(of("").unwrap().areas.is_empty());
}

#[test]
fn what_is_no_area_is_told_with_its_place() {
    let mut two = corridor();
    two.levels.push(Level { name: "L2".into(), ..two.levels[0].clone() });
    two.vertices[5].level = LevelIx::new(1);
    let one = |site: &Site, entry: &str, at: &str, what: &str| {
        let all = on(site, &format!("areas:\n  - {entry}\n")).expect_err(entry);
        assert!(all.contains(what) && all.contains(at), "`{what}` at {at} is missing from:\n{all}");
    };
    let c = &corridor();
    let square = "corners: [[12, -2], [18, -2], [18, 2], [12, 2]]";
    one(c, &format!("{{name: \"a b\", {square}}}"), "6:12", "`a b` is no name");
    one(c, &format!("{{name: L1, {square}}}"), "6:12", "`L1` is a level of the site");
    one(c, &format!("{{name: x, {square}}}\n  - {{name: x, {square}}}"), "7:12", "`x` is named twice");
    one(c, &format!("{{name: x, level: L9, {square}}}"), "6:22", "there is no level `L9`");
    one(c, "{name: x}", "6:12", "an area needs an outline");
    one(c, &format!("{{name: x, around: [lounge], {square}}}"), "6:12", "an area has one outline");
    one(c, &format!("{{name: x, margin: 1m, {square}}}"), "6:23", "`margin` belongs to `around`");
    one(c, "{name: x, around: [loung]}", "6:24", "the site has no vertex `loung`");
    one(c, "{name: x, around: [lounge], margin: 1mm}", "6:41", "a margin is from 0.2 m to 50 m");
    one(c, "{name: x, corners: [[0, 0], [4, 4], [4, 0], [0, 4]]}", "6:12", "the sides after corners 1 and 3 cross");
    one(c, "{name: x, corners: [[0, 0], [4, 4]]}", "6:12", "fewer than three corners");
    one(c, "{name: x, corners: [[0, 0, 0], [4, 4], [4, 0]]}", "6:", "");
    one(c, "{name: x, corners: [[0, .inf], [4, 4], [4, 0]]}", "6:12", "corner 1 is no place");
    one(c, &format!("{{name: x, class: secret, {square}}}"), "6:22", "`secret` is not possible here");
    one(&two, &format!("{{name: x, {square}}}"), "6:12", "the site has several levels");
    one(&two, "{name: x, around: [lounge, island]}", "6:32", "`island` lies on another level");
    // Around a robot's start, and half through a place.
    one(c, "{name: x, around: [home2], class: private}", "6:12", "robot `tinyRobot2` starts in or beside `x`");
    one(
        c,
        "{name: x, corners: [[9.9, -2], [12, -2], [12, 2], [9.9, 2]], class: restricted}",
        "6:12",
        "the border of `x` is 0.10 m from `pantry`",
    );
    of("areas: [{name: x, corners: [[9.9, -2], [12, -2], [12, 2], [9.9, 2]]}]\n").expect("one for everybody may lie anywhere");
}

#[test]
fn jobs_keep_out_of_areas_where_a_way_is_left() {
    let mut site = corridor();
    // A way around the middle of the corridor.
    let (a, b) = (site.lanes.len(), site.vertices.len());
    site.vertices.push(super::vertex("around", 15.0));
    site.vertices[b].at.y = 10.0;
    let around = VertexIx::new(u32::try_from(b).unwrap());
    for (n, (from, to)) in [(VertexIx::new(2), around), (around, VertexIx::new(4))].into_iter().enumerate() {
        for (k, (from, to)) in [(from, to), (to, from)].into_iter().enumerate() {
            let other = u32::try_from(a + 2 * n + 1 - k).unwrap();
            let lane = site.lanes[0].clone();
            site.lanes.push(nooterra_site::model::Lane { from, to, reverse: Some(nooterra_site::LaneIx::new(other)), ..lane });
        }
    }
    let middle = "areas: [{name: middle, corners: [[12, -1], [18, -1], [18, 1], [12, 1]]}]\n";
    let r = on(&site, &format!("{middle}{}", jobs(", no_go: [middle]"))).unwrap();
    let zone = site.with_areas(r.areas.clone()).area_zone(AreaIx::new(0)).unwrap();
    assert_eq!(r.demand[0].no_go, [zone]);
    let bad = |site: &Site, no_go: &str, what: &str| {
        let all = on(site, &format!("{middle}{}", jobs(&format!(", no_go: [{no_go}]")))).expect_err(no_go);
        assert!(all.contains(what), "`{what}` is missing from:\n{all}");
    };
    bad(&site, "centre", "there is no area `centre`");
    bad(&site, "L1", "there is no area `L1`");
    bad(&corridor(), "middle", "without `middle` no way leads to `lounge`");
    let all = of(&format!("areas: [{{name: end, around: [lounge]}}]\n{}", jobs(", no_go: [end]"))).expect_err("it lies there");
    assert!(all.contains("`lounge` lies in `end`, which the job's robot may not enter"), "{all}");
}

#[test]
fn areas_are_zones_for_contracts_and_programs_lead_astray() {
    let text = "areas: [{name: room, around: [lounge], class: private}]\nacts: [{at: 1m, contract: {zone: room}}]\nfaults: [{at: 1m, robot: {name: tinyRobot1, astray: lounge, for: 20s}}]\n";
    let r = of(text).unwrap();
    let zone = corridor().with_areas(r.areas.clone()).area_zone(AreaIx::new(0)).unwrap();
    assert!(matches!(&r.acts[0].deed, Deed::Contract { zone: Some(z), site: Some(_), .. } if *z == zone));
    assert_eq!(r.faults.faults[0].kind, FaultKind::Astray { robot: 0, to: VertexIx::new(4) });
    assert_eq!(r.faults.faults[0].kind.word(), "astray");
    let all = of("faults: [{at: 1m, robot: {name: tinyRobot1, astray: loung}}]\n").expect_err("nowhere");
    assert!(all.contains("the site has no vertex `loung`"), "{all}");
}
