//! Robots are enrolled with the attestation of their own device, or not at all.

use super::rig::{attested, bind, genesis, key, robot, row};
use crate::fact::{Event, Fact};
use crate::genesis::Genesis;
use crate::register::Attestation;
use crate::{Control, Policy, RobotEvent};
use nooterra_engine::machine::Out;
use nooterra_trust::Role;
use std::collections::BTreeSet;
use std::sync::Arc;

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

/// Why nothing starts with this change.
fn refused(change: &dyn Fn(&mut Genesis)) -> String {
    let mut g = genesis(Policy::scenario(), TWO);
    change(&mut g);
    Control::new(g, Arc::new(row(8))).err().map(|e| e.to_string()).unwrap_or_default()
}

/// The second robot's attestation is this one.
fn with(g: &mut Genesis, a: Attestation) {
    g.robots[1].attestation = a.hash();
    g.register.devices[1] = a;
}

#[test]
fn a_robot_is_enrolled_with_the_attestation_of_its_own_device_alone() {
    let model = nooterra_site::RobotModel::default().name;
    assert_eq!(refused(&|_| {}), "");
    assert_eq!(refused(&|g| with(g, attested("b1", &model))), "", "the same once more");
    let no = |change: &dyn Fn(&mut Genesis), why: &str| {
        let said = refused(change);
        assert!(said.contains("cannot be enrolled") && said.ends_with(why), "{said} is not {why}");
    };
    no(&|g| g.register.devices.truncate(1), "it is not in the register");
    no(&|g| g.register.devices[1].model.push('x'), "it is not in the register");
    no(&|g| with(g, Attestation::sign(key("b1").public(), &model, &key("stranger"))), "no maker of the register has signed it");
    let forged =
        |g: &mut Genesis| with(g, Attestation { maker: key("maker").public(), ..Attestation::sign(key("b1").public(), &model, &key("x")) });
    no(&forged, "no maker of the register has signed it");
    no(&|g| with(g, attested("eye", &model)), "it is another device's");
    no(&|g| with(g, attested("b1", "another")), "it is of another model");
    no(&|g| g.robots[1].attestation = g.robots[0].attestation, "it is another device's");
    no(&|g| g.keys.push(bind("b2", Role::RB, *robot("b1").as_bytes())), "another key speaks for the robot as well");
    no(&|g| g.keys.insert(0, bind("b2", Role::RB, *robot("b1").as_bytes())), "another key speaks for the robot as well");
    let twice = |g: &mut Genesis| {
        (g.robots[1].robot, g.robots[1].attestation) = (g.robots[0].robot, g.robots[0].attestation);
    };
    no(&twice, "another robot has it");
}

#[test]
fn the_key_on_record_is_that_of_the_attested_device_whoever_else_has_the_robots_name() {
    let mut g = genesis(Policy::scenario(), TWO);
    for name in ["a1", "b1"] {
        g.keys.insert(0, bind("badge", Role::WI, *robot(name).as_bytes()));
        g.keys[0].public = key(&format!("badge of {name}")).public();
    }
    let mut c = Control::new(g, Arc::new(row(8))).unwrap();
    let mut out = Out::default();
    c.begin(&mut out);
    let of = |f: &Fact| match f.event().map(|r| &r.payload) {
        Some(Event::Robot(RobotEvent::RobotEnrolled { device_key, .. })) => *device_key,
        _ => None,
    };
    let keys: BTreeSet<_> = out.facts.iter().filter_map(of).collect();
    assert_eq!(keys, ["a1", "b1"].map(|r| key(r).public().id()).into());
}
