//! What puppets do at a step that several do together.

use super::rig::{Puppet, Rig};
use nooterra_engine::ids::RobotId;
use nooterra_engine::time::Span;
use nooterra_port::Report;
use nooterra_port::order::StepAction;

impl Rig {
    /// A puppet at a step in common. Says whether it has done it.
    pub(super) fn lifts(&mut self, id: RobotId, step: u16) -> bool {
        let now = self.now;
        if self.knobs.never_ready.contains(&id) {
            return false;
        }
        let p = &self.robots[&id];
        let Some((l, _)) = &p.lease else { return false };
        let (job, lift, at) = (l.job, p.lift, p.begins);
        let item = match l.plan.steps[usize::from(step)].action {
            StepAction::Lift { item, .. } => item,
            _ => return true,
        };
        match lift {
            0 => {
                self.report(id, Report::LiftReady { step });
                self.robots.get_mut(&id).unwrap().lift = 1;
            }
            2 if now >= at + Span::from_secs(2) && !self.knobs.lets_go.contains(&id) => {
                let team = self.c.state().jobs[&job].request.team.unwrap();
                let members = self.c.state().teams[&team].members.clone();
                let bears = |(r, p): (&RobotId, &Puppet)| {
                    let ours = p.lease.as_ref().is_some_and(|(l, _)| members.contains(&l.job));
                    ours && p.lift == 2 && !self.is_dead(*r) && !self.knobs.lets_go.contains(r)
                };
                if self.robots.iter().filter(|(r, p)| bears((r, p))).count() == members.len() {
                    self.report(id, Report::CustodyChanged { item, held: true, mass_g: 7_501 });
                    return true;
                }
                if now >= at + Span::from_secs(6) {
                    self.report(id, Report::LiftFailed { step, measure_g: 9_999 });
                    self.robots.get_mut(&id).unwrap().lift = 3;
                }
            }
            _ => {}
        }
        false
    }
}
