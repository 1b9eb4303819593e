//! Bookings that come to nothing: cancellations by any side, no-shows and what is chosen after them.
//!
//! What it costs is the market's to say, by the brackets that the booking pinned and the moment of receive time.

use crate::unit::{Outcome, Unit, no};
use nooterra_engine::ids::JobId;
use nooterra_engine::time::Instant;
use nooterra_jobs::event::{By, CancelReason, Choice, Event, Fault};
use nooterra_jobs::parts::PaymentTrack;
use nooterra_jobs::pins::{CancelTable, NoShowDefault};
use nooterra_jobs::status::{Class, Status};
use nooterra_jobs::{Job, batch, proof};
use nooterra_market::cancel::{self as market, CancelCause, CancelTerms, Moment, NoShowChoice, Progress};
use nooterra_trust::{Code, Role};

/// The pinned brackets as the market reads them.
pub(crate) fn terms(t: &CancelTable) -> CancelTerms {
    CancelTerms {
        regret: t.regret,
        near: t.near,
        far: t.far,
        early_bps: t.early_bps,
        late_bps: t.late_bps,
        departed_bps: t.departed_bps,
        inside_bps: t.inside_bps,
        absent_bps: t.absent_bps,
        owner_early_bps: t.owner_early_bps,
        owner_late_bps: t.owner_late_bps,
        owner_cap_bps: t.owner_cap_bps,
        wait_past_end: t.wait_past_end,
    }
}

/// The moment of a job as the market's brackets judge it.
pub(crate) fn moment(j: &Job, now: Instant) -> Moment {
    let progress = match (j.status.class(), j.departed) {
        (Class::Inside, _) => Progress::Inside,
        (_, true) => Progress::Departed,
        _ => Progress::Waiting,
    };
    Moment {
        now,
        booked: j.booked_at.unwrap_or(now),
        start: j.window().start,
        progress,
        proven_bps: if j.started { proof::proven_bps(j) } else { 0 },
        comp_bps: j.comp_bps,
    }
}

/// Who spoke, as the job's stream names them.
const fn by(role: Role) -> By {
    match role {
        Role::RQ => By::Requester,
        Role::OW => By::Owner,
        Role::OP => By::Operator,
        Role::DV => By::Developer,
        Role::CE => By::Certifier,
        Role::PS | Role::FI => By::Finance,
        Role::DI => By::Dispatch,
        Role::TR => By::Trust,
        Role::OS => By::Staff,
        Role::MK | Role::RB | Role::IN | Role::SI | Role::WI | Role::AU | Role::CK => By::Market,
    }
}

impl Unit<'_> {
    /// A booking is cancelled by any side.
    pub fn cancel(&mut self, job: JobId, reason: CancelReason) -> Outcome {
        let j = self.job(job)?;
        match j.status.class() {
            Class::Terminal => return no(Code::JobTerminal),
            Class::Open | Class::Ended => return no(Code::StateForbids),
            Class::Booked | Class::Inside => {}
        }
        let Some(p) = j.pins.as_deref() else { return no(Code::StateForbids) };
        let cause = match reason {
            CancelReason::Requester => CancelCause::Requester,
            CancelReason::Owner => CancelCause::Owner,
            CancelReason::Staff => CancelCause::Staff,
            CancelReason::Safety => CancelCause::Safety,
            CancelReason::PaymentFailed => CancelCause::PaymentFailed,
            CancelReason::SkillRevoked => CancelCause::SkillRevoked,
        };
        let charged = market::charge(&terms(&p.cancel), &moment(j, self.now()), cause);
        // A fee that is limited to captured money is nothing when none was captured.
        let fee_bps = if charged.captured_only && j.captured().minor() == 0 { 0 } else { charged.fee_bps };
        let robot = j.robot();
        let events = batch::cancel(j, (reason, by(self.cx.role)), fee_bps, charged.comp_bps, self.now());
        self.emit_all(job, events);
        self.after_release(job, robot, "CANCELLED");
        self.after_end(job);
        Ok(())
    }

    /// No bound robot was at the access point in time.
    pub fn no_show(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let Some(p) = j.pins.as_deref() else { return };
        let charged = market::charge(&terms(&p.cancel), &moment(j, self.now()), CancelCause::NoShow);
        let fault = self.kept_away(j);
        let comp_bps = if fault == Fault::Owner { charged.comp_bps } else { 0 };
        let (robot, events) = (j.robot(), batch::no_show(j, comp_bps, fault));
        self.emit_all(job, events);
        self.after_release(job, robot, "NO_SHOW");
    }

    /// Who answers for it that nobody came in time: the owner, unless nobody could hear the site, its own requester or others
    /// kept its robots stopped, or one was ready and the money was not there.
    fn kept_away(&self, j: &Job) -> Fault {
        if self.site_is_out() {
            return Fault::None;
        }
        if let Some(fault) = self.kept_by(j) {
            return fault;
        }
        let ready = j.unpaid || j.status == Status::Reserved && !j.is_ahead();
        match (j.payment.track == PaymentTrack::Authorised && ready, j.payment.failed) {
            (false, _) => Fault::Owner,
            // The provider has not said a word: the payment adapter is the platform's.
            (true, 0) => Fault::Platform,
            (true, _) => Fault::Requester,
        }
    }

    /// The requester chooses after a no-show.
    pub(crate) fn choose_after_no_show(&mut self, job: JobId, choice: Choice, arrive_by: Option<Instant>) -> Outcome {
        let j = self.job(job)?;
        let Some(p) = j.pins.as_deref().filter(|_| j.status == Status::NoShow) else { return no(Code::StateForbids) };
        let chosen = match (choice, arrive_by) {
            (Choice::Cancel, _) => NoShowChoice::Cancel,
            (Choice::Wait, Some(by)) => NoShowChoice::Wait(by),
            (Choice::Wait, None) => return no(Code::WindowInvalid),
        };
        market::no_show(&terms(&p.cancel), self.now(), p.window.end, chosen).map_err(crate::negotiation::refusal)?;
        self.resolve_no_show(job, choice, arrive_by);
        Ok(())
    }

    /// Nobody chose: the pinned default, to wait only if there is time left.
    pub fn no_show_default(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let Some(p) = j.pins.as_deref() else { return };
        let by = p.window.end.saturating_add(p.cancel.wait_past_end);
        let wait = p.no_show == NoShowDefault::Wait && by > self.now();
        self.resolve_no_show(job, if wait { Choice::Wait } else { Choice::Cancel }, Some(by));
    }

    fn resolve_no_show(&mut self, job: JobId, choice: Choice, arrive_by: Option<Instant>) {
        let Ok(j) = self.job(job) else { return };
        let events: Vec<Event> = batch::resolve_no_show(j, choice, arrive_by.filter(|_| choice == Choice::Wait));
        self.emit_all(job, events);
        self.after_end(job);
        self.trigger_dispatch();
    }
}
