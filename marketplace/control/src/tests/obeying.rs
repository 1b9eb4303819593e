//! What puppets do about the orders that they get.

use super::rig::{Puppet, Rig, key};
use nooterra_engine::ids::RobotId;
use nooterra_port::order::{LeaseOffer, Route, SignedOrder};
use nooterra_port::{Order, Report};

impl Puppet {
    /// The lease that it is about from now on.
    fn begin(&mut self, l: LeaseOffer, fence: u64) {
        self.step = l.plan.from_step;
        self.lease = Some((l, fence));
        (self.phase, self.granted, self.aborted) = (1, false, false);
        (self.asked, self.answered, self.fetched, self.put_down) = (false, false, false, None);
        self.lift = 0;
    }
}

impl Rig {
    pub(super) fn order(&mut self, o: SignedOrder) {
        assert!(key("platform").public().verify(&o.signing_bytes(), &nooterra_trust::Signature(o.sig)));
        let id = o.robot;
        if self.is_cut(id) {
            return;
        }
        let p = self.robots.get_mut(&id).unwrap();
        if o.order_seq != p.orders_seen + 1 {
            return;
        }
        p.orders_seen += 1;
        if !matches!(o.body, Order::Stop { .. }) && o.fence < p.fence {
            return self.report(id, Report::OrderAcked { order_seq: o.order_seq, code: "FENCE_STALE".into() });
        }
        p.fence = o.fence;
        p.seen.push(o.body.clone());
        self.report(id, Report::OrderAcked { order_seq: o.order_seq, code: String::new() });
        let p = self.robots.get_mut(&id).unwrap();
        match o.body {
            Order::LeaseOffer(l) => {
                if self.knobs.ignore_offers.contains(&id) {
                    return;
                }
                let lease = l.lease;
                let plan_hash = l.plan.hash();
                if l.ahead {
                    let r = if self.knobs.refuse_offers.contains(&id) {
                        Report::LeaseRefused { lease, code: "BUSY".into() }
                    } else {
                        p.ahead.push((l, o.fence));
                        Report::LeaseAccepted { lease, plan_hash }
                    };
                    return self.report_under(id, r, Some(lease), o.fence);
                }
                p.begin(l, o.fence);
                if self.knobs.refuse_offers.contains(&id) {
                    self.report(id, Report::LeaseRefused { lease, code: "BUSY".into() });
                    self.robots.get_mut(&id).unwrap().lease = None;
                    return;
                }
                self.report(id, Report::LeaseAccepted { lease, plan_hash });
            }
            Order::LeaseDue { lease } => {
                let Some(at) = p.ahead.iter().position(|(l, _)| l.lease == lease) else { return };
                assert!(p.lease.is_none(), "one at a time");
                let (l, _) = p.ahead.remove(at);
                p.begin(l, o.fence);
            }
            Order::LeaseEnd { lease, .. } if p.ahead.iter().any(|(l, _)| l.lease == lease) => p.ahead.retain(|(l, _)| l.lease != lease),
            Order::LeaseEnd { lease, .. } if p.lease.as_ref().is_some_and(|(l, _)| l.lease == lease) => {
                p.braked = false;
                p.lease = None;
                p.phase = 0;
            }
            Order::Route(r) => self.take_route(id, &r),
            Order::AccessGranted { .. } => p.granted = true,
            Order::SafeExit { put_down, .. } => (p.phase, p.put_down, p.braked) = (6, put_down, false),
            Order::Stop { stop, .. } => {
                p.stops.insert(stop);
                self.report(id, Report::StopAcked { stop });
            }
            Order::ClearStop { stop } => {
                p.stops.remove(&stop);
            }
            Order::Revoke { plan, .. } if !self.knobs.deaf_to_revoke.contains(&id) => {
                self.report(id, Report::AccessRevokeAcked { plan });
            }
            Order::Approval(a) => {
                p.answered = true;
                if a.skip == Some(p.step) {
                    p.step += 1;
                }
                if a.granted && !self.knobs.sits_on_approvals {
                    self.report(id, Report::ApprovalConsumed { approval: a.approval, action_hash: a.action_hash });
                }
            }
            Order::SkipStep { step, .. } if step == p.step => p.step += 1,
            Order::SkillInstall(s) if !self.knobs.mute_on_skills.contains(&id) => {
                let bundle = s.bundle;
                let (lease, fence) = p.lease.as_ref().map_or((None, p.fence), |(l, f)| (Some(l.lease), *f));
                let r = if self.knobs.unteachable.contains(&id) {
                    Report::SkillInstallRefused { bundle, code: "DISK_FULL".into() }
                } else {
                    p.bundles.push(bundle);
                    Report::SkillInstalled { bundle, kept: p.bundles.clone() }
                };
                self.report_under(id, r, lease, fence);
            }
            Order::Hold { on, .. } => p.braked = on,
            Order::Lift { at, .. } => (p.lift, p.begins) = (2, at),
            Order::WantBlackbox { incident, from_ns, to_ns, .. } => p.boxed.asked.push((incident, from_ns, to_ns)),
            Order::Assist { assist, open, .. } => p.line = open.then_some(assist),
            Order::Intervention(i) if !self.knobs.deaf_to_help => {
                let code = self.knobs.refuse_help.unwrap_or_default().to_owned();
                if code.is_empty() && matches!(i.action, nooterra_port::Action::Resume {}) {
                    (p.freed, p.braked) = (true, false);
                }
                let (assist, intervention, mut applied) = (i.assist, i.intervention, i.action.args());
                if self.knobs.does_more {
                    applied.push(1);
                }
                self.report(id, Report::InterventionAnswered { assist, intervention, code, applied, clamps: vec![] });
            }
            _ => {}
        }
    }

    fn take_route(&mut self, id: RobotId, r: &Route) {
        let p = self.robots.get_mut(&id).unwrap();
        if p.order != Some(r.order) {
            p.order = Some(r.order);
            p.route.clear();
            p.last_id = r.nodes[0].sequence_id;
            assert_eq!(p.at, r.nodes[0].vertex, "a new way starts where the robot stands");
        }
        for (n, e) in r.nodes.iter().skip(1).zip(&r.edges) {
            assert_eq!(n.sequence_id, e.sequence_id + 1);
            p.route.push((n.sequence_id, n.vertex, n.is_goal));
        }
    }
}
