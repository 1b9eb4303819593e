use super::rig::*;
use nooterra_engine::geom::{Pose2, Vec2};

/// Two hours of rounds: the estimate stays within 5 cm and 3 degrees of the truth.
#[test]
fn stays_found_for_hours() {
    let mut r = Rig::new(house(), 0, 0.0);
    let (mut worst_m, mut worst_rad) = (0.0f64, 0.0f64);
    let round = [0, 1, 2, 3, 4, 5, 8, 3, 2, 6, 7, 0];
    for lap in 0..60 {
        r.go(&format!("lap{lap}"), &round);
        for _ in 0..20 * 200 {
            r.cycle();
            let (m, rad) = r.error();
            worst_m = worst_m.max(m);
            worst_rad = worst_rad.max(rad);
            if r.agent.track().is_done() {
                break;
            }
        }
        assert!(r.agent.track().is_done(), "lap {lap} not finished at {:?} of {:?}", r.truth, r.agent.track());
    }
    assert!(r.now.as_secs_f64() > 2.0 * 3600.0, "{}", r.now);
    assert!(worst_m < 0.05 && worst_rad < 3f64.to_radians(), "worst error {worst_m:.4} m, {:.2} deg", worst_rad.to_degrees());
    assert!(r.touched > 0.0, "touched a wall: {}", r.touched);
}

/// A crowd around the robot hides most walls: its returns are left out.
#[test]
fn a_crowd_does_not_mislead_it() {
    let mut r = Rig::new(house(), 4, 0.0);
    for i in 0..6 {
        let a = f64::from(i);
        r.posts.push(Post { at: r.truth.at + Vec2::at_angle(a) * 1.2, radius_m: 0.2, v: Vec2::default() });
    }
    r.run(30.0);
    let (m, rad) = r.error();
    assert!(m < 0.05 && rad < 0.05, "{m} {rad}");
    assert!(!r.agent.health().lost);
}

/// Put down elsewhere, it notices, stops and, being near, finds itself again.
#[test]
fn notices_that_it_is_lost_and_finds_itself() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.go("a", &[0, 1, 2, 3]);
    r.run(3.0);
    r.truth = Pose2 { at: r.truth.at + Vec2::new(0.45, 0.45), theta_rad: r.truth.theta_rad + 0.25 };
    assert!(r.until(15.0, |r| r.agent.health().lost), "never noticed, share {}", r.agent.localiser().share());
    assert!(r.act.brake);
    assert_eq!(r.agent.health().bps(), 3_000);
    assert!(r.until(60.0, |r| !r.agent.health().lost), "never found: {:?} {:?}", r.error(), r.agent.localiser());
    r.run(3.0);
    let (m, rad) = r.error();
    assert!(m < 0.08 && rad < 0.08, "{m} {rad}");
    assert_eq!(r.said(|x| matches!(x, nooterra_port::Report::Noticed { code, .. } if code == "LOCALISATION_LOST")), 1);
    assert!(r.until(90.0, |r| r.agent.track().is_done()), "did not go on");
}

/// Markers alone bring a robot with bad wheels home; a forged marker against good walls is not believed.
#[test]
fn markers_correct_and_are_doubted() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.markers = true;
    r.slip = [1.08, 0.95, 1.0, 1.0];
    r.go("a", &[0, 1, 2, 3, 4]);
    assert!(r.until(90.0, |r| r.agent.track().is_done()));
    assert!(r.error().0 < 0.04, "{:?}", r.error());
    let before = r.agent.pose();
    r.markers = false;
    for _ in 0..40 {
        r.cycle();
        r.frame.markers = vec![nooterra_port::hardware::MarkerSighting { vertex: 0, x_m: 0.1, y_m: 0.0, theta_rad: 0.0 }];
        r.now += CYCLE;
        r.frame.dev_ns = r.now;
        r.agent.control(r.now, &r.frame.clone(), &r.map);
    }
    assert!(before.at.dist(r.agent.pose().at) < 0.05);
    assert!(r.agent.notes().len() + r.notes.len() > 10);
}

/// With bad wheels on an open place a robot is led by satellites; one reflected far away is not believed.
#[test]
fn satellites_lead_where_there_is_nothing_to_scan() {
    let miss = |sky: bool| {
        let corners = [(100.0, 150.0), (140.0, 150.0), (140.0, 110.0), (100.0, 110.0)];
        let mut r = Rig::new(site(Vec2::new(300.0, 300.0), &[], &corners, &[(0, 1), (1, 2), (2, 3), (3, 0)]), 0, 0.0);
        r.sky = sky;
        r.slip = [1.02, 0.98, 1.0, 1.0];
        r.go("a", &[0, 1, 2, 3]);
        assert!(r.until(900.0, |r| r.agent.track().is_done()));
        let miss = r.error().0;
        let before = r.agent.pose();
        r.frame.fix = Some(nooterra_port::hardware::PositionFix { x_m: 500.0, y_m: f64::NAN });
        r.agent.control(r.now + CYCLE, &r.frame.clone(), &r.map);
        assert!(before.at.dist(r.agent.pose().at) < 0.05);
        miss
    };
    let (with, without) = (miss(true), miss(false));
    assert!(with < 0.1 && without > 0.3, "{with} {without}");
}
