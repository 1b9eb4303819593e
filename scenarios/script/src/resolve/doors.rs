//! Doors and lifts held against the site that has them.

use super::Desk;
use crate::at::At;
use crate::doors::{AccessKind, DoorEntry};
use std::collections::BTreeSet;

/// How the site lets in.
#[derive(Debug, Default)]
pub(super) struct Doors {
    /// Entrances that a terminal opens.
    pub terminals: BTreeSet<u32>,
    /// Entrances that the site names in no plan.
    pub withheld: BTreeSet<u32>,
}

pub(super) fn doors(desk: &mut Desk<'_>) -> Doors {
    let (mut out, mut seen) = (Doors::default(), BTreeSet::new());
    for e in &desk.scenario.doors {
        let Some(entrance) = entrance(desk, e) else { continue };
        if !seen.insert(entrance) {
            let what = format!("`{}` is named twice", desk.site.entrance_name(entrance));
            desk.flaw(e, what, "say everything about it in one entry");
        }
        if e.access.as_ref().is_some_and(|a| a.value == AccessKind::Code) {
            out.terminals.insert(entrance);
        }
        if e.in_plans.as_ref().is_some_and(|p| !p.value) {
            out.withheld.insert(entrance);
        }
    }
    out
}

fn entrance(desk: &mut Desk<'_>, e: &At<DoorEntry>) -> Option<u32> {
    match (&e.door, &e.lift) {
        (Some(name), None) => desk.door(name).map(|d| desk.site.door_entrance(d)),
        (None, Some(name)) => desk.lift(name).map(|l| desk.site.lift_entrance(l)),
        _ => {
            desk.flaw(e, "an entry is about one door or one lift", "write either `door: name` or `lift: name`");
            None
        }
    }
}
