//! Service levels: what was missed is recorded when it shows, and credited when the job settles.
//!
//! The market says what a breach is and what all of them come to; the job's stream keeps them. Two readings are fixed
//! here. A provider that cancels or does not show pays compensation (section 4.6), so `PROVIDER_ABORT` is what its side
//! gave up without that. And a late arrival counts for the first robot only: one that takes over work comes when it can.

use crate::state::State;
use crate::unit::Unit;
use nooterra_engine::ids::{EventId, JobId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::Job;
use nooterra_jobs::event::{BreachKind, Cause as EndCause, Event, Fault};
use nooterra_jobs::payload::Breach;
use nooterra_jobs::pins::{CreditFunding, Pins};
use nooterra_jobs::tier::LevelValues;
use nooterra_market::sla::{self as market, BreachFault, FixedCredits, LadderStep, LevelTerms, SlaFact, SlaTrack};
use nooterra_settlement::{Cause, JobMoney, Pools, Refusal, Step, credit};

fn to_market(kind: BreachKind) -> market::BreachKind {
    match kind {
        BreachKind::ArriveLate => market::BreachKind::ArriveLate,
        BreachKind::CompleteLate => market::BreachKind::CompleteLate,
        BreachKind::ExcessStall => market::BreachKind::ExcessStall,
        BreachKind::AssistSlow => market::BreachKind::AssistSlow,
        BreachKind::ExitOverstay => market::BreachKind::ExitOverstay,
        BreachKind::ProviderAbort => market::BreachKind::ProviderAbort,
    }
}

fn of_market(kind: market::BreachKind) -> BreachKind {
    match kind {
        market::BreachKind::ArriveLate => BreachKind::ArriveLate,
        market::BreachKind::CompleteLate => BreachKind::CompleteLate,
        market::BreachKind::ExcessStall => BreachKind::ExcessStall,
        market::BreachKind::AssistSlow => BreachKind::AssistSlow,
        market::BreachKind::ExitOverstay => BreachKind::ExitOverstay,
        market::BreachKind::ProviderAbort => BreachKind::ProviderAbort,
    }
}

fn fault(f: Fault) -> BreachFault {
    match f {
        Fault::None => BreachFault::None,
        Fault::Requester => BreachFault::Requester,
        Fault::Owner => BreachFault::Owner,
        Fault::Operator => BreachFault::Operator,
        Fault::Developer => BreachFault::Developer,
        Fault::Platform => BreachFault::Platform,
        Fault::Site => BreachFault::Site,
    }
}

fn breach(b: &Breach) -> market::Breach {
    let (kind, leg, measured, limit, excused) = (to_market(b.kind), b.leg, b.measured, b.limit, b.excused);
    market::Breach { kind, leg, measured, limit, excused, fault: fault(b.fault), facts: b.facts.clone() }
}

/// The values of a level as the market reads them.
pub(crate) fn level_terms(v: &LevelValues) -> LevelTerms {
    LevelTerms {
        arrival_grace: v.arrival_grace,
        completion_grace: v.completion_grace,
        assist_response: v.assist_response,
        ladder: v.ladder.iter().map(|r| LadderStep { late: r.late, bps: r.bps }).collect(),
        credit_cap_bps: v.credit_cap_bps,
    }
}

/// The track of a job, from its pins and what its stream recorded.
fn track(j: &Job, p: &Pins) -> SlaTrack {
    let fixed = FixedCredits {
        excess_stall_bps: p.fixed.excess_stall_bps,
        assist_slow_bps: p.fixed.assist_slow_bps,
        exit_overstay_bps: p.fixed.exit_overstay_bps,
        provider_abort_bps: p.fixed.provider_abort_bps,
    };
    let mut t = SlaTrack::new(p.service.minor(), level_terms(&p.level_values), fixed);
    t.breaches = j.breaches.iter().map(breach).collect();
    t.issued = j.credited.minor();
    t
}

/// What an event may show: kind, measured time, limit. Whether it is a breach the market says.
fn shown(j: &Job, p: &Pins, event: &Event, now: Instant) -> Option<(BreachKind, Span, Span)> {
    let v = &p.level_values;
    let late = |due: Instant| (now.since(due), Span::ZERO);
    let (kind, (measured, limit)) = match event {
        Event::RobotArrived { .. } if !j.started => (BreachKind::ArriveLate, late(p.window.start.saturating_add(v.arrival_grace))),
        Event::ExecutionCompleted { .. } => (BreachKind::CompleteLate, late(p.window.end.saturating_add(v.completion_grace))),
        Event::StallLimitReached { measured, limit } => (BreachKind::ExcessStall, (*measured, *limit)),
        Event::SafeExitConfirmed { .. } | Event::SafeExitForced { .. } => (BreachKind::ExitOverstay, late(j.exit?.exit_by)),
        Event::JobAborted { cause, fault: Fault::Owner, .. } => {
            let compensated = matches!(cause, EndCause::OwnerCancelled | EndCause::NoShow);
            (!compensated).then_some((BreachKind::ProviderAbort, (Span::ZERO, Span::ZERO)))?
        }
        _ => return None,
    };
    Some((kind, measured, limit))
}

/// Whose fault it is that a job is late, as far as the platform knows while it runs.
fn answers(j: &Job) -> Fault {
    let ended = j.exit.and_then(|x| x.cause.map(|_| x.fault));
    if j.access.denials > 0 { Fault::Site } else { ended.unwrap_or(Fault::Owner) }
}

impl Unit<'_> {
    /// An event of a job was folded in: does it show that a service level was missed?
    pub fn watch_levels(&mut self, job: JobId, event: &Event, event_id: EventId) {
        let now = self.now();
        let Ok(j) = self.job(job) else { return };
        let Some(p) = j.pins.as_deref() else { return };
        let Some((kind, measured, limit)) = shown(j, p, event, now).or_else(|| self.slow(p, event)) else { return };
        let leg = j.legs.last().map_or(0, |l| l.offer.leg);
        let excused = self.excused(j, kind);
        // Whoever took it up late answers for it; if nobody did, the platform, which promised somebody.
        let fault = match (kind, event) {
            (BreachKind::AssistSlow, Event::AssistStarted { .. }) => Fault::Operator,
            (BreachKind::AssistSlow, _) => Fault::Platform,
            _ => answers(j),
        };
        let b = Breach { kind, leg, measured, limit, excused, fault, facts: vec![event_id] };
        let waits = self.missed.iter().any(|(o, m)| *o == job && m.kind == kind && m.leg == leg);
        if !waits && track(j, p).record(breach(&b)).is_ok() {
            self.missed.push((job, b));
        }
    }

    /// Help that began, or never came: how long it was waited for. Nobody at all is later than anybody who comes now.
    fn slow(&self, p: &Pins, event: &Event) -> Option<(BreachKind, Span, Span)> {
        let (assist, more) = match event {
            Event::AssistStarted { assist, .. } => (assist, Span::ZERO),
            Event::AssistExhausted { assist, .. } => (assist, Span(1)),
            _ => return None,
        };
        let queued = self.s.desk.open.get(assist)?.queued_at;
        Some((BreachKind::AssistSlow, self.now().since(queued) + more, p.level_values.assist_response))
    }

    /// What the batch of this unit showed is recorded behind it.
    pub fn record_missed(&mut self) {
        for (job, b) in std::mem::take(&mut self.missed) {
            self.emit(job, Event::SlaBreachRecorded(b));
        }
    }

    /// The job has settled: its breaches are credited, within what the level and the service amount allow.
    pub fn credit_breaches(&mut self, job: JobId) {
        let Ok(j) = self.job(job) else { return };
        let Some(p) = j.pins.as_deref() else { return };
        let so_far = j.comp.minor().saturating_add(j.credited.minor());
        let Some(SlaFact::Credited { amount, kinds }) = track(j, p).credit(so_far) else { return };
        // A booking that became dearer is credited within what it was booked for.
        let most = self.s.money.job(job).map_or(0, JobMoney::creditable);
        let (funding, breaches) = (p.funding, kinds.into_iter().map(of_market).collect());
        let amount = if nooterra_engine::planted!("I26 forget the cap of credits") { p.service.minor() * 2 } else { amount };
        let Ok(amount) = Amount::new(amount.min(most)) else { return };
        if amount > Amount::ZERO {
            self.emit(job, Event::SlaCreditIssued { breaches, amount, funding });
        }
    }
}

/// The money of `SLA_CREDIT_ISSUED` (M10 to M13), by the pinned funding.
pub(crate) fn step(s: &State, job: &Job, event: &Event, cause: Cause) -> Result<Step, Refusal> {
    let (Event::SlaCreditIssued { amount, funding, breaches }, Some(p)) = (event, job.pins.as_deref()) else {
        return Ok(Step::default());
    };
    let funding = match *funding {
        CreditFunding::Platform {} => credit::CreditFunding::Platform,
        CreditFunding::CoverageReserve {} => credit::CreditFunding::CoverageReserve,
        CreditFunding::Owner {} => credit::CreditFunding::Owner(p.owner),
        CreditFunding::Operator { party } => credit::CreditFunding::Operator(party),
        CreditFunding::Insurer { party, bps } => credit::CreditFunding::Insurer(credit::InsurerPart { insurer: party, bps }),
    };
    let pools = Pools::of(&s.book, cause.currency);
    credit::issued(s.money.job(job.id)?, cause, &missed(job, breaches), amount.minor(), funding, pools)
}

/// The recorded breaches of these kinds, as settlement names them.
fn missed(job: &Job, kinds: &[BreachKind]) -> Vec<nooterra_settlement::book::Breach> {
    use nooterra_settlement::book::BreachKind as K;
    let kind = |k| match k {
        BreachKind::ArriveLate => K::ArriveLate,
        BreachKind::CompleteLate => K::CompleteLate,
        BreachKind::ExcessStall => K::ExcessStall,
        BreachKind::AssistSlow => K::AssistSlow,
        BreachKind::ExitOverstay => K::ExitOverstay,
        BreachKind::ProviderAbort => K::ProviderAbort,
    };
    let counted = job.breaches.iter().filter(|b| kinds.contains(&b.kind) && fault(b.fault).gives_credit());
    counted.map(|b| nooterra_settlement::book::Breach { kind: kind(b.kind), leg: b.leg }).collect()
}
