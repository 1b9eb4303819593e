//! What the site's controller and witness devices report: access, presence, proof, doors and lifts.

use crate::entrances::DENIALS;
use crate::fact::SiteEvent;
use crate::state::{Ask, AskKey, State};
use crate::unit::{Outcome, Unit, need, no};
use crate::wish::{PaymentAsk, Wish};
use nooterra_engine::ids::{AccessPlanId, ClaimId, ItemId, JobId, PartyId, PaymentId, RobotId, WitnessId, ZoneId};
use nooterra_engine::time::Instant;
use nooterra_jobs::batch;
use nooterra_jobs::event::{Custody, Event, ExitProof, IncidentCode, RevokeReason};
use nooterra_jobs::parts::{AccessTrack, PaymentTrack, Presence, RefundTrack};
use nooterra_jobs::payload::{AccessPlan, Spot};
use nooterra_jobs::pins::WitnessClass as Class;
use nooterra_jobs::status::{Class as StatusClass, Status};
use nooterra_jobs::terms::Action;
use nooterra_port::facility::{Entry, PutOut, TakenBack, WitnessClass};
use nooterra_port::{FacilityOrder, FacilityReport, Order};
use nooterra_site::LevelIx;
use nooterra_trust::claim::{Claim, Status as ClaimStatus};
use nooterra_trust::detect::Reading;
use nooterra_trust::{Code, Rejection, Role};

/// An access plan as somebody issues it: where work may be done, areas, no-go areas, how and where it lets in, from when to
/// when.
pub(crate) struct NewPlan {
    /// Number of the word that it answers, if it is the site's.
    pub answers: Option<u64>,
    pub plan: AccessPlanId,
    pub places: Vec<u32>,
    pub areas: Vec<u32>,
    pub no_go: Vec<u32>,
    pub entry: Entry,
    pub valid: (Instant, Instant),
}

const fn why(t: TakenBack) -> RevokeReason {
    match t {
        TakenBack::Privacy => RevokeReason::Privacy,
        TakenBack::Safety => RevokeReason::Safety,
        TakenBack::Change => RevokeReason::Change,
        TakenBack::Other => RevokeReason::Other,
    }
}

impl Unit<'_> {
    pub fn facility_report(&mut self, actor: [u8; 16], r: FacilityReport) -> Outcome {
        let by_site = self.cx.role == Role::SI;
        match r {
            // That it came is all that it says.
            FacilityReport::Alive {} => Ok(()),
            FacilityReport::Door { door, state, number } => {
                need(by_site, Code::RoleForbidden)?;
                need((door as usize) < self.world.site.doors.len(), Code::NotFound)?;
                self.emit_site(SiteEvent::DoorReported { door, state });
                self.door_reported(door, state, number);
                Ok(())
            }
            FacilityReport::Lift { lift, level, doors, session, number } => {
                need(by_site, Code::RoleForbidden)?;
                need((lift as usize) < self.world.site.lifts.len(), Code::NotFound)?;
                self.emit_site(SiteEvent::LiftReported { lift, level, doors, session });
                self.lift_reported(lift, level, doors, session, number);
                Ok(())
            }
            FacilityReport::AccessPlanIssued { number, job, plan, vertices, areas, no_go, entry, valid_from, valid_to } => {
                need(by_site, Code::RoleForbidden)?;
                let (answers, valid) = (Some(number), (valid_from, valid_to));
                self.plan_issued(job, NewPlan { answers, plan, places: vertices, areas, no_go, entry, valid })?;
                self.ask_entry(job);
                Ok(())
            }
            FacilityReport::AccessGranted { job, plan, fence } => {
                need(by_site, Code::RoleForbidden)?;
                self.access_granted(job, plan, fence)
            }
            FacilityReport::AccessDenied { job, plan, code } => {
                need(by_site, Code::RoleForbidden)?;
                let j = self.job(job)?;
                need(j.status == Status::Arrived, Code::StateForbids)?;
                let (denials, robot) = (j.access.denials, j.robot());
                self.emit(job, Event::AccessDenied { plan: Some(plan), door: None, code });
                if denials.saturating_add(1) == DENIALS {
                    self.open_incident(job, robot, IncidentCode::AccessFailure, 1, None);
                }
                Ok(())
            }
            FacilityReport::Entered { job, robot, vertex, fence } => {
                need((vertex as usize) < self.world.site.vertices.len(), Code::NotFound)?;
                self.cell(robot)?;
                let legs = &self.job(job)?.legs;
                if !legs.is_empty() && legs.iter().all(|l| l.offer.robot != robot) {
                    // It never had anything to do with this job, whose robot the site was told.
                    self.passed(robot, Reading::Passage { grant: false, fence: false });
                    return Ok(());
                }
                let j = self.bound_to(job, robot)?;
                need(matches!(j.status.class(), StatusClass::Inside) || j.status == Status::Completed, Code::StateForbids)?;
                need(j.presence == Presence::Out, Code::AlreadyDone)?;
                let passage = self.passage(job, fence);
                self.emit(job, Event::Entered { robot, place: vertex, zone: self.zone_at(vertex) });
                self.passed(robot, passage);
                Ok(())
            }
            FacilityReport::Exited { job, robot, vertex } => self.exited(job, robot, vertex),
            FacilityReport::StopAsked { what, power_off, exit } => self.stop_by_site(what, power_off, exit),
            FacilityReport::StopCleared { stop } => {
                need(by_site, Code::RoleForbidden)?;
                self.clear_stop(stop, nooterra_operations::stop::Voice::Site)
            }
            FacilityReport::RevokeAcked { job, plan } => {
                need(by_site, Code::RoleForbidden)?;
                self.revoke_acked(job, plan)
            }
            FacilityReport::PlanExtended { job, plan, valid_to } => {
                need(by_site, Code::RoleForbidden)?;
                let known = self.job(job)?.access.plan.as_ref().is_some_and(|p| p.plan == plan && p.valid_to == valid_to);
                need(known, Code::PlanMissing)?;
                need(self.s.asks.contains_key(&AskKey::Extend(job)), Code::AlreadyDone)?;
                self.jobs_touched.insert(job);
                self.answered(AskKey::Extend(job));
                Ok(())
            }
            FacilityReport::PlanHeld { job, plan } => {
                need(by_site, Code::RoleForbidden)?;
                self.job(job)?;
                self.site_heard(AskKey::Hold(job), |o| matches!(o, FacilityOrder::HoldPlan { plan: of, .. } if *of == plan))
            }
            FacilityReport::PlanWithdrawn { job, plan } => {
                need(by_site, Code::RoleForbidden)?;
                self.job(job)?;
                let asked = |k: &&AskKey| matches!(k, AskKey::Withdraw { plan: of, .. } if *of == plan);
                let Some(key) = self.s.asks.keys().find(asked).copied() else { return no(Code::AlreadyDone) };
                self.answered(key);
                Ok(())
            }
            FacilityReport::Incident { job, code, severity } => {
                need(by_site || self.cx.role == Role::WI, Code::RoleForbidden)?;
                self.job(job)?;
                let Some(code) = IncidentCode::from_text(&code) else { return no(Code::TypeUnknown) };
                self.report_incident(job, code, severity)
            }
            FacilityReport::PassRefused { robot, job, entrance, code } => {
                need(by_site, Code::RoleForbidden)?;
                self.pass_refused(robot, job, entrance, code)
            }
            FacilityReport::CameThrough { robot, door } => {
                need(by_site, Code::RoleForbidden)?;
                self.came_through(robot, door)
            }
            FacilityReport::GrantHeld { job, number } => {
                need(by_site, Code::RoleForbidden)?;
                self.grant_held(job, number)
            }
            FacilityReport::LevelsShut { number } => {
                need(by_site, Code::RoleForbidden)?;
                self.levels_shut(number)
            }
            FacilityReport::AreaEntered { robot, area, reach_mm } => {
                need(by_site, Code::RoleForbidden)?;
                self.area_entered(robot, area, reach_mm)
            }
            FacilityReport::AreaLeft { robot, area } => {
                need(by_site, Code::RoleForbidden)?;
                self.area_left(robot, area)
            }
            FacilityReport::Witnessed { job, robot, class, vertex, item, measure } => {
                self.witnessed(actor, job, robot, class, vertex, item, measure)
            }
            FacilityReport::Replayed { number, artefact, residual_milli } => self.replayed(actor, number, artefact, residual_milli),
            FacilityReport::AccessRevoked { job, plan, reason } => {
                need(by_site, Code::RoleForbidden)?;
                need(self.job(job)?.access.plan.as_ref().is_some_and(|p| p.plan == plan), Code::PlanMissing)?;
                self.revoke_access(job, why(reason))
            }
        }
    }

    /// The zone that a place lies in: its level.
    pub(crate) fn zone_at(&self, place: u32) -> Option<ZoneId> {
        self.world.zone_at(place)
    }

    /// Where a robot said last that it is.
    fn spot_of(&self, robot: RobotId) -> Option<Spot> {
        let r = &self.s.robots.get(&robot)?.robot;
        r.heard_at?;
        Some(Spot { x_mm: r.pose.x_mm, y_mm: r.pose.y_mm, theta_urad: r.pose.theta_urad })
    }

    /// The zone that a robot was in when it was heard last: its level.
    pub(crate) fn zone_of(&self, robot: RobotId) -> Option<ZoneId> {
        let r = &self.s.robots.get(&robot)?.robot;
        r.heard_at?;
        self.world.level_zone(LevelIx::new(r.pose.level))
    }

    fn bound_to(&self, job: JobId, robot: RobotId) -> Result<&nooterra_jobs::Job, Rejection> {
        let j = self.job(job)?;
        if j.robot() == Some(robot) { Ok(j) } else { no(Code::NotBoundRobot) }
    }

    /// With what right a robot comes in that the site has just seen inside. A site that has not said yet that it knows of a
    /// revocation has let it in as it should: the two have crossed.
    fn passage(&self, job: JobId, fence: u64) -> Reading {
        let Ok(j) = self.job(job) else { return Reading::Passage { grant: false, fence: false } };
        let crossed = self.s.asks.contains_key(&AskKey::Revoke(job));
        let grant = j.access.track == AccessTrack::Granted || crossed;
        Reading::Passage { grant, fence: j.leg().is_some_and(|l| fence >= l.offer.fence) }
    }

    fn plan_issued(&mut self, job: JobId, new: NewPlan) -> Outcome {
        let (valid_from, valid_to) = new.valid;
        let j = self.job(job)?;
        if j.status.is_terminal() {
            return no(Code::JobTerminal);
        }
        need(j.status.class() == StatusClass::Booked, Code::StateForbids)?;
        need(!matches!(j.access.track, AccessTrack::Planned | AccessTrack::Granted), Code::AlreadyDone)?;
        // A booking that was moved meanwhile has asked anew, and the site puts its answer to that in the place of this one.
        let asked = self.s.plan_asked(job);
        if let Some(answers) = new.answers.filter(|n| *n != asked) {
            return Err(Rejection::new(Code::PlanNotValidNow).field("number").expected(asked).actual(answers));
        }
        let Some(p) = j.pins.as_deref() else { return no(Code::StateForbids) };
        let latest = p.window.end.saturating_add(p.tier_values.max_exec).saturating_add(p.tier_values.exit_by);
        let covers = valid_from <= p.window.start.max(self.now()) && valid_to >= p.window.end && valid_to <= latest;
        need(covers, Code::PlanNotValidNow)?;
        need(j.steps().iter().all(|s| new.places.contains(&s.place)), Code::AreaForbidden)?;
        // What was signed for, and nothing else: work or zones that their hashes do not stand for open no door.
        need(p.names_its_zones(), Code::TermsChanged)?;
        need(p.tasks_hash == j.request.tasks_hash(), Code::TermsChanged)?;
        let (areas, no_go) = self.plan_areas(j, &new.areas, &new.no_go)?;
        self.check_entry(&new)?;
        let NewPlan { plan, places, entry, .. } = new;
        let (doors, method) = (self.doors_of(&entry.entrances), crate::entrances::method_of(entry.method));
        let credential_ref = entry.credential;
        let issued = AccessPlan { plan, method, doors, places, areas, no_go, valid_from, valid_to, credential_ref };
        self.emit(job, Event::AccessPlanIssued(issued));
        self.answered(AskKey::Plan(job));
        // It takes the place of one that was taken back.
        self.answered(AskKey::Revoke(job));
        Ok(())
    }

    /// A householder issues the plan for work in rooms of its own: the same checks, and the site's doors are told.
    pub(crate) fn plan_by_householder(
        &mut self,
        party: PartyId,
        job: JobId,
        (areas, no_go): (Vec<u32>, Vec<u32>),
        entry: Option<Entry>,
        valid: (Instant, Instant),
    ) -> Outcome {
        self.own_job(job, party)?;
        let j = self.job(job)?;
        let places: Vec<u32> = j.steps().iter().map(|s| s.place).collect();
        need(self.owns_places(party, &places), Code::ScopeMissing)?;
        // The site may not have been asked for its own plan yet, and with it for the load.
        let (at, mass_g) = self.put_out_at(j);
        let load = j.item.map(|item| PutOut { item, mass_g, at });
        // Nor does a plan of its own lead into what is somebody else's.
        let own = |a: &u32| self.world.site.areas.get(*a as usize).is_some_and(|a| self.owns_level(party, a.level.ix));
        need(areas.iter().all(own), Code::ScopeMissing)?;
        let plan: AccessPlanId = self.new_id();
        let usual = self.usual_entry(&places, &areas, &no_go);
        let needed = usual.entrances.clone();
        let entry = entry.unwrap_or(usual);
        self.check_rights(party, &entry, &needed)?;
        let (vertices, (valid_from, valid_to)) = (places.clone(), valid);
        let new = NewPlan { answers: None, plan, places, areas: areas.clone(), no_go: no_go.clone(), entry: entry.clone(), valid };
        self.plan_issued(job, new)?;
        // A word to the site is numbered once nothing refuses it any more.
        let number = self.next_word();
        let order = FacilityOrder::HoldPlan { number, job, plan, vertices, load, areas, no_go, entry, valid_from, valid_to };
        self.ask_site(AskKey::Hold(job), order);
        self.ask_entry(job);
        Ok(())
    }

    fn access_granted(&mut self, job: JobId, plan: AccessPlanId, fence: u64) -> Outcome {
        let j = self.job(job)?;
        let Some(known) = &j.access.plan else { return no(Code::PlanMissing) };
        let event = Event::AccessGranted { plan, door: None, fence };
        self.allowed(job, &event)?;
        need(matches!(j.access.track, AccessTrack::Planned | AccessTrack::Granted), Code::TrackForbids)?;
        need(known.plan == plan, Code::PlanMissing)?;
        need(known.valid_from <= self.now() && self.now() < known.valid_to, Code::PlanNotValidNow)?;
        let Some(l) = j.leg().copied() else { return no(Code::NotBoundRobot) };
        if fence != l.offer.fence {
            return Err(Rejection::new(Code::FenceStale).field("fence").expected(l.offer.fence).actual(fence));
        }
        need(self.cell(l.offer.robot)?.robot.stops.is_empty(), Code::StopActive)?;
        let first = j.status == Status::Arrived;
        self.emit(job, event);
        self.answered(AskKey::Entry(job));
        if first {
            self.order(l.offer.robot, Order::AccessGranted { lease: l.offer.lease });
        }
        Ok(())
    }

    /// A robot was seen to leave: whoever was to leave is out.
    fn exited(&mut self, job: JobId, robot: RobotId, place: u32) -> Outcome {
        need((place as usize) < self.world.site.vertices.len(), Code::NotFound)?;
        let j = self.job(job)?;
        let last = j.legs.last().map(|l| l.offer.robot);
        need(last == Some(robot), Code::NotBoundRobot)?;
        need(j.presence == Presence::In, Code::AlreadyDone)?;
        self.emit(job, Event::Exited { robot, place, zone: self.zone_at(place) });
        let j = self.job(job)?;
        let leaving = matches!(j.status, Status::AbortingSafeExit | Status::Completed) && j.exit.is_some_and(|x| !x.done);
        // Who still has to put a load down is not done with it.
        if leaving && j.leg().is_some() && !j.owes_deposit() {
            self.exit_over(job, None, ExitProof::Witness);
        }
        Ok(())
    }

    /// A safe exit or the leaving after completion is over.
    pub fn exit_over(&mut self, job: JobId, forced: Option<bool>, how: ExitProof) {
        let Ok(j) = self.job(job) else { return };
        let robot = j.robot();
        let events = batch::exit_done(j, forced, how, robot.and_then(|r| self.spot_of(r)), self.now());
        self.emit_all(job, events);
        self.facility(FacilityOrder::Unwatch { job });
        if forced.is_none() {
            self.after_release(job, robot, "EXITED");
        }
        self.after_end(job);
    }

    /// A witness that does not belong to whoever owns the robot.
    pub(crate) fn independent(&self, actor: [u8; 16], robot: RobotId) -> Result<WitnessId, Rejection> {
        let owner = self.s.genesis.witnesses.iter().find(|w| w.actor == actor).map(|w| w.owner);
        need(owner.is_some() && owner != Some(self.cell(robot)?.robot.owner), Code::NotIndependent)?;
        Ok(WitnessId::from_bytes(actor))
    }

    #[allow(clippy::too_many_arguments)] // the fields of one report
    fn witnessed(
        &mut self,
        actor: [u8; 16],
        job: JobId,
        robot: RobotId,
        class: WitnessClass,
        vertex: u32,
        item: Option<ItemId>,
        measure: i64,
    ) -> Outcome {
        let j = self.job(job)?;
        if j.status.is_terminal() {
            return no(Code::JobTerminal);
        }
        need(j.booked_at.is_some(), Code::StateForbids)?;
        need(j.legs.iter().any(|l| l.offer.robot == robot), Code::NotBoundRobot)?;
        let witness = self.independent(actor, robot)?;
        if let (Some(seen), Some(wanted)) = (item, j.item)
            && seen != wanted
        {
            return Err(Rejection::new(Code::EvidenceInsufficient).field("item").expected(wanted).actual(seen));
        }
        if class == WitnessClass::CustodyScan && item.is_some() && j.transfer.is_some_and(|t| t.place == vertex) {
            return self.transfer_seen(job, robot, witness, measure);
        }
        let class = match class {
            WitnessClass::DockScan => Class::DockScan,
            WitnessClass::CustodyScan => Class::CustodyScan,
            WitnessClass::Weight => Class::Weight,
            WitnessClass::DoorLog => Class::DoorLog,
            WitnessClass::LidarCoverage => Class::LidarCoverage,
            WitnessClass::BlockedZone => Class::BlockedZone,
        };
        need(measure >= 0 || class != Class::LidarCoverage, Code::SchemaInvalid)?;
        // The first point at this vertex that this kind of witness has not spoken about.
        let floor = matches!(class, Class::LidarCoverage | Class::BlockedZone);
        let here = |s: &nooterra_jobs::terms::Step| s.place == vertex && (!floor || matches!(s.action, Action::Cover { .. }));
        let points: Vec<u16> = (1u16..).zip(j.steps()).filter(|(_, s)| here(s)).map(|(i, _)| i).collect();
        let fresh = points.iter().find(|p| !j.sightings.iter().any(|s| s.point == **p && s.class == class)).or(points.last()).copied();
        let Some(point) = fresh else { return no(Code::AreaForbidden) };
        let action = j.steps().get(usize::from(point) - 1).map(|s| s.action);
        let (custody, bound, job_item, from, mass_g) = (j.custody, j.robot() == Some(robot), j.item, j.checkpoint, j.load_g());
        self.emit(
            job,
            Event::WitnessReported {
                witness,
                class,
                point,
                place: vertex,
                zone: self.zone_at(vertex),
                robot,
                measure,
                artefact: self.cx.cause,
            },
        );
        if class == Class::CustodyScan
            && bound
            && let (Some(action), Some(item)) = (action, job_item)
        {
            let to = if matches!(action, Action::Drop | Action::Lift) { Custody::Delivered } else { Custody::Held };
            let moves = matches!((custody, to), (Custody::None, Custody::Held) | (Custody::Held, Custody::Delivered));
            if moves {
                self.emit(job, Event::CustodyChanged { item, to, mass_g });
            }
        }
        self.left_out(job, from);
        self.proof_again(job);
        Ok(())
    }

    /// The doors are told that a plan is no longer valid, until they say that they know.
    pub fn shut_doors(&mut self, job: JobId, plan: AccessPlanId) {
        self.ask_site(AskKey::Revoke(job), FacilityOrder::Revoke { job, plan });
    }

    /// The doors know.
    pub fn revoke_acked(&mut self, job: JobId, plan: AccessPlanId) -> Outcome {
        let j = self.job(job)?;
        need(j.access.plan.as_ref().is_some_and(|p| p.plan == plan), Code::PlanMissing)?;
        need(self.s.asks.contains_key(&AskKey::Revoke(job)), Code::AlreadyDone)?;
        self.emit(job, Event::AccessRevokeAcked { plan, by_robot: false });
        self.answered(AskKey::Revoke(job));
        Ok(())
    }

    /// A job's access is over before its plan is: doors and lifts are told, until they say that they know.
    pub(crate) fn withdraw_plan(&mut self, job: JobId) {
        // Nothing is widened any more.
        self.answered(AskKey::Extend(job));
        self.answered(AskKey::Hold(job));
        let Some((plan, until)) = self.s.jobs.get(&job).and_then(|j| j.access.plan.as_ref()).map(|p| (p.plan, p.valid_to)) else { return };
        if self.now() < until {
            self.ask_site(AskKey::Withdraw { plan, until }, FacilityOrder::Withdraw { job, plan });
        }
    }

    /// A robot waits at the access point: the site is asked to let it in.
    pub fn ask_entry(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        if j.status != Status::Arrived || j.access.track != AccessTrack::Planned {
            return;
        }
        let (Some(l), Some(plan)) = (j.leg().copied(), j.access.plan.as_ref().map(|p| p.plan)) else { return };
        let zones = zones(j);
        let o = FacilityOrder::AskEntry { job, plan, robot: l.offer.robot, lease: l.offer.lease, fence: l.offer.fence, zones };
        self.ask_site(AskKey::Entry(job), o);
    }

    /// The site's witnesses are told what to look for.
    pub fn watch(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let Some(l) = j.leg().copied() else { return };
        let vertices = j.steps().iter().map(|s| s.place).collect();
        let transfer = j.transfer.map(|t| t.place);
        let zones = zones(j);
        let o = FacilityOrder::Watch { job, robot: l.offer.robot, lease: l.offer.lease, item: j.item, vertices, transfer, zones };
        self.facility(o);
    }

    /// The number of the next word that takes the place of earlier ones at the site, in whatever order they arrive.
    pub(crate) const fn next_word(&mut self) -> u64 {
        self.s.site_words = self.s.site_words.saturating_add(1);
        self.s.site_words
    }

    /// Asks the site, again and again until it answers.
    pub fn ask_site(&mut self, key: AskKey, order: FacilityOrder) {
        self.remember(key, Ask::Site(order.clone()));
        self.facility(order);
    }

    /// Asks the payment adapter, again and again until it answers.
    pub fn ask_payments(&mut self, ask: PaymentAsk) {
        let key = match &ask {
            PaymentAsk::Authorise { payment, .. } => AskKey::Authorise(*payment),
            PaymentAsk::Capture { payment, .. } => AskKey::Capture(*payment),
            PaymentAsk::Void { payment } => AskKey::Void(*payment),
            PaymentAsk::Refund { refund, .. } => AskKey::Refund(*refund),
            PaymentAsk::Payout { payout, .. } => AskKey::Payout(*payout),
            PaymentAsk::PayClaim { claim, .. } => AskKey::PayClaim(*claim),
            PaymentAsk::Recover { claim, .. } => AskKey::Recover(*claim),
        };
        if let AskKey::Void(payment) = key {
            self.s.asks.remove(&AskKey::Capture(payment)); // what is released is no longer captured
        }
        self.remember(key, Ask::Pay(ask.clone()));
        self.wish(Wish::Pay(ask));
    }

    pub(crate) fn remember(&mut self, key: AskKey, ask: Ask) {
        self.s.asks.insert(key, ask);
        let next = self.now().saturating_add(self.s.genesis.policy.facility_retry);
        self.s.asks_at.get_or_insert(next);
    }

    fn claim_of(&self, claim: &ClaimId) -> Option<&Claim> {
        self.s.cases.get(self.s.claim_jobs.get(claim)?)?.claims.claims.get(claim)
    }

    /// Does an answer to this still change anything?
    fn is_open(&self, key: &AskKey) -> bool {
        let job = |j: &JobId| self.s.jobs.get(j);
        let paid = |p: &PaymentId| self.s.payments.get(p).and_then(|j| self.s.jobs.get(j)).map(|j| (j, j.track_of(*p)));
        match key {
            AskKey::Plan(j) => job(j).is_some_and(|j| {
                j.status.class() == StatusClass::Booked && matches!(j.access.track, AccessTrack::None | AccessTrack::Closed)
            }),
            AskKey::Entry(j) => job(j).is_some_and(|j| j.status == Status::Arrived && j.access.track == AccessTrack::Planned),
            AskKey::Authorise(p) => paid(p).is_some_and(|(j, t)| {
                let awaited =
                    j.status == Status::Awarded || j.proposal.is_some_and(|m| m.agreed == Some(*p)) || j.approval_paid_by(*p).is_some();
                let renews = j.payment.renewal.is_some_and(|r| r.payment == *p) && j.ended_at.is_none();
                (awaited || renews) && t == PaymentTrack::Asked
            }),
            AskKey::Capture(p) => paid(p).is_some_and(|(j, t)| t == PaymentTrack::Authorised && !j.status.is_terminal()),
            AskKey::Void(p) => paid(p).is_some_and(|(j, t)| {
                let further = t == PaymentTrack::Asked && j.payment.payment != Some(*p);
                t == PaymentTrack::Authorised || further || j.payment.replaced.contains(p)
            }),
            AskKey::Refund(r) => {
                self.s.refunds.get(r).and_then(|(j, _)| job(j)).and_then(|j| j.refund(*r)).is_some_and(|r| r.track == RefundTrack::Pending)
            }
            AskKey::Payout(p) => self.s.payouts.contains_key(p),
            AskKey::PayClaim(c) => self.claim_of(c).is_some_and(|c| c.status == ClaimStatus::Approved),
            AskKey::Recover(c) => {
                self.claim_of(c).and_then(|c| c.grant.as_ref()).is_some_and(|g| g.outstanding() > nooterra_engine::money::Amount::ZERO)
            }
            AskKey::Shut => true,
            AskKey::Revoke(j) | AskKey::Extend(j) | AskKey::Hold(j) | AskKey::Grant(j) => job(j).is_some_and(|j| !j.status.is_terminal()),
            AskKey::Replay(n) => self.s.replays.contains_key(n),
            AskKey::Return(j) => job(j).is_some_and(crate::transfer::lies_over),
            AskKey::Withdraw { until, .. } => self.now() < *until,
        }
    }

    /// The site has heard what it was told, if that is what it is still told.
    pub(crate) fn site_heard(&mut self, key: AskKey, is: impl Fn(&FacilityOrder) -> bool) -> Outcome {
        need(matches!(self.s.asks.get(&key), Some(Ask::Site(o)) if is(o)), Code::AlreadyDone)?;
        self.answered(key);
        Ok(())
    }

    pub(crate) fn answered(&mut self, key: AskKey) {
        self.s.asks.remove(&key);
        if self.s.asks.is_empty() {
            self.s.asks_at = None;
        }
    }

    /// Unanswered requests are repeated; those that lost their meaning are dropped.
    pub fn repeat_asks(&mut self) {
        let now = self.now();
        let asks = std::mem::take(&mut self.s.asks);
        self.s.asks = asks.into_iter().filter(|(k, _)| self.is_open(k)).collect();
        let again: Vec<Ask> = self.s.asks.values().cloned().collect();
        for ask in again {
            match ask {
                Ask::Site(order) => self.facility(order),
                Ask::Pay(ask) => self.wish(Wish::Pay(ask)),
                Ask::Crew(ask) => self.wish(Wish::Return(ask)),
            }
        }
        let next = now.saturating_add(self.s.genesis.policy.facility_retry);
        self.s.asks_at = (!self.s.asks.is_empty()).then_some(next);
    }
}

impl State {
    /// Number of the word by which the site is asked for a job's plan; 0 if it is not.
    pub(crate) fn plan_asked(&self, job: JobId) -> u64 {
        match self.asks.get(&AskKey::Plan(job)) {
            Some(Ask::Site(FacilityOrder::AskAccess { number, .. })) => *number,
            _ => 0,
        }
    }
}

/// Zones whose floor a job covers: vertex of the step, and area.
fn zones(j: &nooterra_jobs::Job) -> Vec<(u32, u32)> {
    let zone = |s: &nooterra_jobs::terms::Step| match s.action {
        Action::Cover { area } => Some((s.place, area)),
        _ => None,
    };
    j.steps().iter().filter_map(zone).collect()
}
