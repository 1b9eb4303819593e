//! Approvals: asked in the middle of the work by a robot, its operator or the platform, answered by the requester, used
//! once. What an approval changes it changes when it is used; without it the step is left out or the robot leaves.

use crate::state::AskKey;
use crate::unit::{Outcome, Unit, need, no};
use crate::wish::{PaymentAsk, Terms};
use nooterra_engine::Digest;
use nooterra_engine::ids::{ApprovalId, AssistId, JobId, OperatorId, PartyId, PaymentId, RobotId};
use nooterra_engine::money::Amount;
use nooterra_engine::sometimes;
use nooterra_engine::time::Instant;
use nooterra_jobs::Job;
use nooterra_jobs::approval::{Approval, ApprovalTrack, Ask, Asker, LATE_MOST, OnDeny, Wanted};
use nooterra_jobs::event::{Cause, Event};
use nooterra_jobs::parts::{AccessTrack, PaymentTrack};
use nooterra_operations::assist::{Priority, Reason};
use nooterra_port::{ApprovalOrder, FacilityOrder, Order};
use nooterra_trust::{Code, Rejection};

/// Open approvals of one job at most, and places in one.
const OPEN_MOST: usize = 8;
const PLACES_MOST: usize = 64;

/// The action, as jobs call it.
fn wanted_of(w: nooterra_port::Wanted) -> Result<Wanted, Rejection> {
    use nooterra_port::Wanted as W;
    Ok(match w {
        W::ExtraArea { vertices } => Wanted::ExtraArea { places: vertices, areas: Vec::new(), doors: Vec::new() },
        W::MoveObject { vertex } => Wanted::MoveObject { place: vertex },
        W::ContinueLate { valid_to } => Wanted::ContinueLate { valid_to },
        W::ExtraCost { minor } => Wanted::ExtraCost { amount: Amount::new(minor).map_err(|_| Rejection::new(Code::AmountInvalid))? },
        W::RecordVideo { vertex } => Wanted::RecordVideo { place: vertex },
        W::SkipZone { vertex } => Wanted::SkipZone { place: vertex },
        W::ChangeRobot {} => Wanted::ChangeRobot {},
    })
}

impl Unit<'_> {
    /// A robot asks.
    pub(crate) fn robot_wants(&mut self, robot: RobotId, wanted: nooterra_port::Wanted, skip: bool) -> Outcome {
        let job = self.bound(robot)?;
        self.ask_approval(job, wanted_of(wanted)?, skip, Asker::Robot(robot))
    }

    /// The operator of an assist under way asks.
    pub(crate) fn operator_wants(&mut self, operator: OperatorId, assist: AssistId, wanted: nooterra_port::Wanted, skip: bool) -> Outcome {
        let a = self.s.desk.active(self.now(), operator, assist).map_err(crate::operator::refused)?;
        let job = a.request.job;
        self.ask_approval(job, wanted_of(wanted)?, skip, Asker::Operator(operator))
    }

    fn ask_approval(&mut self, job: JobId, mut wanted: Wanted, skip: bool, by: Asker) -> Outcome {
        let j = self.job(job)?;
        if let Wanted::ExtraArea { places, areas, doors } = &mut wanted {
            (*areas, *doors) = self.further_areas(j, places)?;
        }
        if !j.status.is_at_work() {
            return Err(Rejection::new(Code::StateForbids).field("state").actual(j.status.name()));
        }
        let (Some(p), Some(l)) = (j.pins.as_deref(), j.leg()) else { return no(Code::NotBoundRobot) };
        let lease = l.offer.lease;
        let action_hash = wanted.action_hash(job, lease);
        let open = || j.approvals.iter().filter(|a| a.is_open());
        need(open().count() < OPEN_MOST, Code::QuotaExceeded)?;
        need(open().all(|a| a.ask.action_hash != action_hash), Code::AlreadyDone)?;
        need(p.approvals.contains(&wanted.kind()), Code::ScopeExceeded)?;
        // Only a place where no load changes hands can be left out.
        let visits = j.steps().get(usize::from(j.checkpoint)).is_some_and(|s| s.action.can_be_left_out());
        need(!skip || visits, Code::StateForbids)?;
        let lapses = self.now().saturating_add(p.approval_by);
        self.makes_sense(j, &wanted)?;
        let expires = match (&wanted, &j.access.plan) {
            (Wanted::ContinueLate { .. }, Some(plan)) => lapses.min(plan.valid_to),
            _ => lapses,
        };
        need(self.now() < expires, Code::AccessExpired)?;
        let (step, cost) = (j.checkpoint, wanted.cost());
        let on_deny = if skip { OnDeny::SkipStep } else { OnDeny::SafeExit };
        let approval: ApprovalId = self.new_id();
        let payment: Option<PaymentId> = (cost > Amount::ZERO).then(|| self.new_id());
        let requester = self.job(job)?.request.requester;
        let ask = Ask { approval, wanted, action_hash, cost, payment, expires, on_deny, by, lease, step };
        self.emit(job, Event::ApprovalAsked(Box::new(ask.clone())));
        self.show(requester, job, Terms::Approval(Box::new(ask)));
        Ok(())
    }

    fn makes_sense(&self, j: &Job, wanted: &Wanted) -> Outcome {
        let known = |place: u32| need((place as usize) < self.world.site.vertices.len(), Code::NotFound);
        match wanted {
            Wanted::ExtraArea { places, .. } => {
                need(!places.is_empty() && places.len() <= PLACES_MOST, Code::SchemaInvalid)?;
                need(j.access.plan.is_some(), Code::PlanMissing)?;
                places.iter().try_for_each(|p| known(*p))
            }
            Wanted::ContinueLate { valid_to } => {
                need(j.access.track == AccessTrack::Granted, Code::PlanMissing)?;
                let Some(plan) = &j.access.plan else { return no(Code::PlanMissing) };
                let more = valid_to.since(plan.valid_to) + j.access.extended;
                need(*valid_to > plan.valid_to && more <= LATE_MOST, Code::WindowInvalid)
            }
            Wanted::ExtraCost { amount } => need(*amount > Amount::ZERO, Code::AmountInvalid),
            Wanted::MoveObject { place } | Wanted::RecordVideo { place } => known(*place),
            Wanted::SkipZone { place } => {
                known(*place)?;
                // A place that is not in the work, or where a load changes hands, is not left out of it.
                let left = j.steps().iter().skip(usize::from(j.checkpoint));
                need(left.clone().any(|s| s.place == *place && s.action.can_be_left_out()), Code::StateForbids)
            }
            Wanted::ChangeRobot {} => Ok(()),
        }
    }

    /// The requester answers what it was shown.
    pub(crate) fn answer_approval(&mut self, party: PartyId, job: JobId, id: ApprovalId, action_hash: Digest, agree: bool) -> Outcome {
        self.own_job(job, party)?;
        let j = self.job(job)?;
        let Some(a) = j.approval(id) else { return Err(Rejection::new(Code::NotFound).field("approval")) };
        self.head_named(job)?;
        match a.track {
            ApprovalTrack::Asked => {}
            ApprovalTrack::Consumed => return no(Code::ApprovalSpent),
            ApprovalTrack::Expired => return no(Code::ApprovalMissing),
            _ => return no(Code::AlreadyDone),
        }
        if a.ask.action_hash != action_hash {
            return Err(Rejection::new(Code::ApprovalMismatch).field("action_hash").expected(a.ask.action_hash).actual(action_hash));
        }
        need(self.now() < a.ask.expires, Code::ApprovalMissing)?;
        let (payment, cost) = (a.ask.payment, a.ask.cost);
        match (agree, payment) {
            (false, _) => self.refuse_approval(job, Event::ApprovalDenied { approval: id, action_hash }),
            (true, Some(payment)) => {
                let (payer, currency) = (j.request.requester, j.request.currency);
                if let Some(j) = self.s.jobs.get_mut(&job) {
                    j.approval_paying(id, payment);
                }
                self.jobs_touched.insert(job);
                self.s.payments.insert(payment, job);
                self.ask_payments(PaymentAsk::Authorise { payment, job, payer, amount: cost, currency });
            }
            (true, None) => self.grant_approval(job, id),
        }
        Ok(())
    }

    /// The requester takes an approval back that was not used yet.
    pub(crate) fn revoke_approval(&mut self, party: PartyId, job: JobId, id: ApprovalId) -> Outcome {
        self.own_job(job, party)?;
        let Some(a) = self.job(job)?.approval(id) else { return Err(Rejection::new(Code::NotFound).field("approval")) };
        match a.track {
            ApprovalTrack::Granted => {}
            ApprovalTrack::Consumed => return no(Code::ApprovalSpent),
            ApprovalTrack::Asked | ApprovalTrack::Paying => return no(Code::TrackForbids),
            _ => return no(Code::AlreadyDone),
        }
        let action_hash = a.ask.action_hash;
        self.refuse_approval(job, Event::ApprovalRevoked { approval: id, action_hash });
        Ok(())
    }

    /// The robot does what was approved.
    pub(crate) fn robot_uses(&mut self, robot: RobotId, id: ApprovalId, action_hash: Digest) -> Outcome {
        let job = self.bound(robot)?;
        let j = self.job(job)?;
        let Some(a) = j.approval(id) else { return no(Code::ApprovalMissing) };
        match a.track {
            ApprovalTrack::Granted => {}
            ApprovalTrack::Consumed => return no(Code::ApprovalSpent),
            _ => return no(Code::ApprovalMissing),
        }
        let same = a.ask.action_hash == action_hash && Some(a.ask.lease) == j.lease();
        need(same, Code::ApprovalMismatch)?;
        need(j.status.is_at_work(), Code::StateForbids)?;
        // What is done, or not begun, is not left out by an answer that came late.
        need(!matches!(a.ask.wanted, Wanted::SkipZone { .. }) || a.ask.step == j.checkpoint, Code::StateForbids)?;
        need(self.cell(robot)?.robot.stops.is_empty(), Code::StopActive)?;
        self.use_approval(job, id);
        Ok(())
    }

    fn grant_approval(&mut self, job: JobId, id: ApprovalId) {
        let Some(ask) = self.asked_of(job, id) else { return };
        self.emit(job, Event::ApprovalGranted { approval: id, action_hash: ask.action_hash });
        self.tell_robot(job, &ask, true);
    }

    fn asked_of(&self, job: JobId, id: ApprovalId) -> Option<Ask> {
        self.job(job).ok()?.approval(id).map(|a| a.ask.clone())
    }

    fn tell_robot(&mut self, job: JobId, ask: &Ask, granted: bool) {
        let Some(robot) = self.job(job).ok().and_then(|j| j.leg()).filter(|l| l.offer.lease == ask.lease).map(|l| l.offer.robot) else {
            return;
        };
        let valid_to = match ask.wanted {
            Wanted::ContinueLate { valid_to } if granted => Some(valid_to),
            _ => None,
        };
        let record_at = match ask.wanted {
            Wanted::RecordVideo { place } if granted => Some(place),
            _ => None,
        };
        let skip = (!granted && ask.leaves_out()).then_some(ask.step);
        let o =
            ApprovalOrder { approval: ask.approval, lease: ask.lease, action_hash: ask.action_hash, granted, skip, valid_to, record_at };
        self.order(robot, Order::Approval(o));
    }

    /// It is used, and what it changes is changed.
    fn use_approval(&mut self, job: JobId, id: ApprovalId) {
        let Some(ask) = self.asked_of(job, id) else { return };
        sometimes!(true, "an approval is used");
        let from = self.job(job).map_or(0, |j| j.checkpoint);
        self.emit(job, Event::ApprovalConsumed { approval: id });
        match ask.wanted {
            Wanted::ContinueLate { .. } | Wanted::ExtraArea { .. } => self.extend_plan(job),
            Wanted::ChangeRobot {} => self.safe_exit(job, Cause::RobotChanged, None),
            Wanted::SkipZone { .. } => {
                self.left_out(job, from);
            }
            _ => {}
        }
        if ask.by == (Asker::Platform {}) {
            // Nobody came to help: the requester lets it take longer, and help is asked for again.
            self.ask_help(job, Priority::Normal.raised(), Reason::Stalled);
        }
    }

    /// The site's doors hold the plan as the requester has widened it.
    fn extend_plan(&mut self, job: JobId) {
        let Some(p) = self.job(job).ok().and_then(|j| j.access.plan.clone()) else { return };
        let areas = self.areas_of(&p.areas).into_iter().collect();
        let entrances = self.entrances_of(&p.doors).into_iter().collect();
        let o = FacilityOrder::ExtendPlan { job, plan: p.plan, valid_to: p.valid_to, vertices: p.places, areas, entrances };
        self.ask_site(AskKey::Extend(job), o);
    }

    /// Denied, taken back or lapsed: what was to be paid for it is released, and the work goes on without or ends.
    fn refuse_approval(&mut self, job: JobId, event: Event) {
        let (Event::ApprovalDenied { approval, .. } | Event::ApprovalRevoked { approval, .. } | Event::ApprovalExpired { approval }) =
            &event
        else {
            return;
        };
        let Some(ask) = self.asked_of(job, *approval) else { return };
        self.emit(job, event);
        let Ok(j) = self.job(job) else { return };
        let at_work = j.status.is_at_work();
        let unpaid = ask.payment.filter(|p| matches!(j.track_of(*p), PaymentTrack::Asked | PaymentTrack::Authorised));
        let next = j.steps().get(usize::from(j.checkpoint)).map(|s| s.place);
        if let Some(payment) = unpaid {
            self.ask_payments(PaymentAsk::Void { payment });
        }
        if !at_work {
            return;
        }
        self.tell_robot(job, &ask, false);
        match ask.on_deny {
            OnDeny::SafeExit => self.safe_exit(job, Cause::ApprovalDenied, None),
            OnDeny::SkipStep if ask.leaves_out() => {
                self.go_to_step(job, next);
                self.left_out(job, ask.step.saturating_add(1));
            }
            // What it asked to leave out it does as well as it can.
            OnDeny::SkipStep => {}
        }
    }

    /// `APPROVAL_BY`: nobody answered, or nobody used it.
    pub(crate) fn approvals_lapse(&mut self, job: JobId) {
        let now = self.now();
        let late = |a: &&Approval| a.is_open() && a.ask.expires <= now;
        let Ok(j) = self.job(job) else { return };
        let due: Vec<ApprovalId> = j.approvals.iter().filter(late).map(|a| a.ask.approval).collect();
        for approval in due {
            self.refuse_approval(job, Event::ApprovalExpired { approval });
        }
    }

    /// At the end of a unit: where nobody works any more nothing is left to approve.
    pub(crate) fn close_approvals(&mut self) {
        for job in self.touched(|_, j| !j.status.is_at_work() && j.approvals.iter().any(Approval::is_open)) {
            let Ok(j) = self.job(job) else { continue };
            let open: Vec<ApprovalId> = j.approvals.iter().filter(|a| a.is_open()).map(|a| a.ask.approval).collect();
            for approval in open {
                self.refuse_approval(job, Event::ApprovalExpired { approval });
            }
        }
    }

    /// Nobody came to help, and the requester is asked whether it may take longer: by as much as was waited for help.
    pub(crate) fn ask_requester(&mut self, job: JobId, since: Instant) -> Outcome {
        let waited = self.now().since(since);
        let j = self.job(job)?;
        let Some(plan) = &j.access.plan else { return no(Code::PlanMissing) };
        let valid_to = plan.valid_to.saturating_add(waited.max(nooterra_engine::Span::from_secs(1)));
        self.ask_approval(job, Wanted::ContinueLate { valid_to }, false, Asker::Platform {})
    }

    /// Does an approval wait for this payment?
    pub(crate) fn cost_awaited(&self, job: JobId, payment: PaymentId) -> bool {
        self.job(job).is_ok_and(|j| j.approval_paid_by(payment).is_some())
    }

    /// What an approval costs is there.
    pub(crate) fn cost_paid(&mut self, job: JobId, payment: PaymentId) {
        let id = self.job(job).ok().and_then(|j| j.approval_paid_by(payment)).map(|a| a.ask.approval);
        if let Some(id) = id {
            self.grant_approval(job, id);
        }
    }

    /// What an approval costs will not come.
    pub(crate) fn cost_refused(&mut self, job: JobId, payment: PaymentId) {
        let denied = |a: &Approval| Event::ApprovalDenied { approval: a.ask.approval, action_hash: a.ask.action_hash };
        let event = self.job(job).ok().and_then(|j| j.approval_paid_by(payment)).map(denied);
        if let Some(event) = event {
            self.refuse_approval(job, event);
        }
    }
}
