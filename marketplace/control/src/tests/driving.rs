//! How puppets move and work, and what they say of it.

use super::rig::{Rig, pose};
use crate::input::Body;
use nooterra_engine::ids::{JobId, LeaseId, RobotId};
use nooterra_engine::time::{Instant, Span};
use nooterra_port::facility::WitnessClass;
use nooterra_port::order::StepAction;
use nooterra_port::report::{self, Heartbeat};
use nooterra_port::{FacilityReport, Order, Report};

impl Rig {
    pub fn is_dead(&self, r: RobotId) -> bool {
        self.knobs.dead.get(&r).is_some_and(|t| *t <= self.now)
    }
    pub(super) fn is_cut(&self, r: RobotId) -> bool {
        self.is_dead(r) || self.knobs.cut.get(&r).is_some_and(|(a, b)| *a <= self.now && self.now < *b)
    }

    pub fn report(&mut self, id: RobotId, r: Report) {
        let p = &self.robots[&id];
        let (lease, fence) = p.lease.as_ref().map_or((None, p.fence), |(l, f)| (Some(l.lease), *f));
        self.report_under(id, r, lease, fence);
    }

    pub(super) fn report_under(&mut self, id: RobotId, r: Report, lease: Option<LeaseId>, fence: u64) {
        let now = self.now;
        let p = self.robots.get_mut(&id).unwrap();
        let mut d = r.draft("robot");
        (d.lease, d.fence) = (lease, Some(fence));
        let e = p.sender.seal(d, now.saturating_add(self.ahead), 0);
        p.queue.push(e);
    }

    /// What a puppet's heartbeat says now.
    pub fn heartbeat(&self, id: RobotId) -> Heartbeat {
        let p = &self.robots[&id];
        let at = self.site.vertices[p.at as usize].at;
        let (health_bps, errors) = self.knobs.unwell.get(&id).cloned().unwrap_or((9_000, vec![]));
        Heartbeat {
            soc_bps: p.soc_bps,
            battery_mv: 12_000,
            charging: false,
            health_bps,
            errors,
            pose: pose(at),
            level: 0,
            sigma_mm: 5,
            speed_mm_s: 0,
            order: p.order,
            update: 0,
            last_node_sequence_id: p.last_id,
            last_node: p.at,
            paused: false,
            orders_seen: p.orders_seen,
            ahead: p.ahead.iter().map(|(l, _)| l.lease).collect(),
            mode: report::Mode::Idle,
            bb_head: None,
            residual_milli: 0,
            marker: None,
            person: None,
            gate: None,
        }
    }

    pub(super) fn beat(&mut self, id: RobotId) {
        let h = self.heartbeat(id);
        self.report(id, Report::Heartbeat(h));
        self.robots.get_mut(&id).unwrap().beat = self.now;
    }

    pub(super) fn drive(&mut self, id: RobotId) {
        let (now, never) = (self.now, self.knobs.never_depart.contains(&id));
        let p = self.robots.get_mut(&id).unwrap();
        if p.beat == Instant::ZERO || now.since(p.beat) >= Span::from_secs(5) {
            self.beat(id);
        }
        self.show(id);
        self.open_box(id);
        let p = self.robots.get_mut(&id).unwrap();
        // Who is stopped stands.
        let hold = never && p.lease.is_some() || !p.stops.is_empty() || (p.braked && p.phase < 5);
        let target = p.lease.as_ref().and_then(|(l, _)| match p.phase {
            1..=3 => Some(l.plan.access_point),
            4 if !p.fetched && l.plan.fetch.is_some() => l.plan.fetch.map(|f| f.vertex),
            4 => l.plan.steps.get(usize::from(p.step)).map(|s| s.vertex),
            6 => p.put_down,
            _ => None,
        });
        if !hold && !p.route.is_empty() && now.since(p.moved) >= Span::from_secs(2) && target != Some(p.at) {
            if p.phase == 1 {
                p.phase = 2;
                self.report(id, Report::Departed { route_mm: 1_000, eta_s: 10 });
            }
            let p = self.robots.get_mut(&id).unwrap();
            let (seq, vertex, _) = p.route.remove(0);
            (p.last_id, p.at, p.moved) = (seq, vertex, now);
            self.beat(id);
            self.left(id);
        }
        self.work(id, hold);
    }

    /// A picture for whoever looks on.
    pub(super) fn show(&mut self, id: RobotId) {
        let p = self.robots.get_mut(&id).unwrap();
        let Some(assist) = p.line else { return };
        p.views += 1;
        let view = nooterra_port::AssistView {
            assist,
            number: p.views,
            pose: pose(self.site.vertices[p.at as usize].at),
            level: 0,
            radius_mm: 300,
            next: None,
            blocked: true,
            busy: false,
            failed_grasps: 0,
            first_urad: 0,
            step_urad: 0,
            ranges_mm: vec![],
        };
        self.report(id, Report::AssistView(Box::new(view)));
    }

    /// The site sees a robot that has nothing more to do leave the vertices of its job.
    pub(super) fn left(&mut self, id: RobotId) {
        let p = &self.robots[&id];
        if p.phase < 5 {
            return;
        }
        let at = p.at;
        let gone: Vec<JobId> = self.inside.iter().filter(|(_, r)| *r == id).map(|(j, _)| *j).collect();
        for job in gone {
            let off = self.watched.get(&job).is_none_or(|(_, v, _)| !v.contains(&at));
            if off {
                self.inside.remove(&(job, id));
                let _ = self.send("site", &FacilityReport::Exited { job, robot: id, vertex: at });
            }
        }
    }

    pub(super) fn work(&mut self, id: RobotId, hold: bool) {
        let p = &self.robots[&id];
        let Some((l, _)) = &p.lease else { return };
        let (plan, leg, job) = (l.plan.clone(), l.leg, l.job);
        let at_access = p.at == plan.access_point;
        let pose = pose(self.site.vertices[p.at as usize].at);
        if p.phase == 1 && at_access && !hold && p.seen.iter().rev().any(|o| matches!(o, Order::Route(_))) && p.order.is_some() {
            // Standing there already: only a route given under this lease says go.
            let since = p.seen.iter().rposition(|o| matches!(o, Order::LeaseOffer(_) | Order::LeaseDue { .. })).unwrap_or(0);
            if p.seen[since..].iter().any(|o| matches!(o, Order::Route(_))) {
                self.report(id, Report::Departed { route_mm: 0, eta_s: 0 });
                self.robots.get_mut(&id).unwrap().phase = 2;
            }
        }
        if self.robots[&id].phase == 2 && at_access {
            self.report(id, Report::RobotArrived { access_point: plan.access_point, pose });
            self.robots.get_mut(&id).unwrap().phase = 3;
        }
        let p = self.robots.get_mut(&id).unwrap();
        if p.phase == 3 && p.granted {
            p.phase = 4;
            let from_step = p.step;
            self.report(id, Report::ExecutionStarted { leg, plan_hash: plan.hash(), from_step });
        }
        self.leaves_load(id, job);
        let p = self.robots.get_mut(&id).unwrap();
        if p.phase != 4 || !p.stops.is_empty() || !self.fetches(id, job) {
            return;
        }
        let p = self.robots.get_mut(&id).unwrap();
        if !p.aborted && self.knobs.abort_before_step.get(&id) == Some(&p.step) {
            p.aborted = true;
            self.report(id, Report::ExecutionAborted { reason: report::AbortReason::Mechanical, detail: "knob".into() });
            return;
        }
        if p.aborted {
            return;
        }
        let Some(step) = plan.steps.get(usize::from(p.step)) else {
            p.phase = 5;
            let steps = p.step;
            self.report(id, Report::ExecutionCompleted { steps });
            return;
        };
        if p.at != step.vertex {
            return;
        }
        if let Some((at, wanted, skip)) = self.knobs.wants.get(&id).filter(|w| w.0 == p.step && !p.answered) {
            let (_, wanted, skip) = (at, wanted.clone(), *skip);
            if !p.asked {
                p.asked = true;
                self.report(id, Report::ApprovalAsked { wanted, skip });
            }
            return;
        }
        if self.knobs.stuck_before_step.get(&id) == Some(&p.step) && !p.freed {
            if !p.stuck {
                p.stuck = true;
                self.report(id, Report::ExecutionStalled { reason: report::StallReason::Stuck });
            }
            return;
        }
        let (index, vertex) = (p.step, step.vertex);
        if matches!(step.action, StepAction::Lift { .. }) && !self.lifts(id, index) {
            return;
        }
        let p = self.robots.get_mut(&id).unwrap();
        p.step += 1;
        let see = |class, item| FacilityReport::Witnessed { job, robot: id, class, vertex, item, measure: 1 };
        let scan = match &step.action {
            StepAction::Pick { item, .. } => Some((*item, true)),
            StepAction::Drop { item } | StepAction::Lift { item, .. } => Some((*item, false)),
            StepAction::Dwell { .. } | StepAction::Cover { .. } => None,
        };
        if matches!(step.action, StepAction::Cover { .. }) {
            let measure = self.knobs.floors.get(&vertex).copied().unwrap_or(i64::MAX);
            let seen = FacilityReport::Witnessed { job, robot: id, class: WitnessClass::LidarCoverage, vertex, item: None, measure };
            let _ = self.send("site", &seen);
        }
        let unseen = self.knobs.unseen_at.contains(&vertex);
        let blind = unseen || self.knobs.no_drop_witness && matches!(step.action, StepAction::Drop { .. });
        if !blind {
            let _ = self.send("site", &see(WitnessClass::DockScan, None));
        }
        if let Some((item, held)) = scan {
            self.report(id, Report::CustodyChanged { item, held, mass_g: 500 });
            self.robots.get_mut(&id).unwrap().holds = held.then_some(item);
            if !blind {
                let _ = self.send("site", &see(WitnessClass::CustodyScan, Some(item)));
            }
        }
        self.report(id, Report::CheckpointReached { index, step: step.name.clone(), vertex, work_bps_claimed: 5_000 });
    }
}
