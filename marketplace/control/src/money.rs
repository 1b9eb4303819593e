//! From events to ledger entries: a function of the state before the event, and of the event.

use crate::fact::PartyEvent;
use crate::state::State;
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_jobs::Job;
use nooterra_jobs::event::{CancelReason, Event, Fault, Outcome, ProofStatus, RefundBearer, RefundOf};
use nooterra_jobs::parts::PaymentTrack;
use nooterra_jobs::payload::Settlement;
use nooterra_jobs::pins::{LicenceUnit, SiteFaultBearer};
use nooterra_ledger::{Account, Command};
use nooterra_settlement as settlement;
use settlement::settle::{AssistCharge, CoverageSplit, LegShare, Split};
use settlement::{Cause, Cover, Funding, MoneyBook, Pools, Refusal, SettlementInput, Step};

/// What stands on an account, minor units on its normal side.
pub(crate) fn posted(s: &State, account: Account, currency: Currency) -> u64 {
    u64::try_from(s.book.posted(account, currency)).unwrap_or(0)
}

/// What a job's event does to money: entries of the ledger, and facts of the money book. Called before the event is
/// folded in. A refusal here is a guard that was forgotten.
pub(crate) fn step(s: &State, id: JobId, event: &Event, event_id: EventId, at: Instant) -> Result<Step, Refusal> {
    let Some(job) = s.jobs.get(&id) else { return Ok(Step::default()) };
    let currency = job.request.currency;
    let cause = Cause { event: event_id, at, currency };
    let posted = |a: Account| posted(s, a, currency);
    let pools = || Pools::of(&s.book, currency);
    let only = |c: Option<Command>| Step { facts: Vec::new(), commands: c.into_iter().collect() };
    Ok(match event {
        Event::PaymentAuthorised { amount, .. } => only(settlement::payment::authorised(cause, id, amount.minor())),
        Event::PaymentCaptured { payment, amount } => {
            let entry = s.authorisations.get(payment).map(|e| settlement::payment::authorisation(*e));
            let commands = entry.map(|e| settlement::payment::captured(cause, e, amount.minor())).into_iter().collect();
            Step { facts: vec![MoneyBook::captured(id, amount.minor())], commands }
        }
        Event::PaymentVoided { payment, .. } if job.track_of(*payment) == PaymentTrack::Authorised => {
            let entry = s.authorisations.get(payment).map(|e| settlement::payment::authorisation(*e));
            only(entry.map(|e| settlement::payment::voided(cause, e)))
        }
        Event::JobBooked(b) => only(settlement::payment::redeemed(cause, id, job.request.requester, b.redeemed.minor())),
        Event::JobWithdrawn { .. } if nooterra_engine::planted!("I9 money of a withdrawn job") => {
            only(settlement::change::compensated(cause, id, job.request.requester, job.request.requester, 100))
        }
        Event::NoShowDeclared { owner, comp, .. } => compensated(s, id, cause, *owner, comp.minor())?,
        Event::JobCancelled { reason: CancelReason::Owner, comp_bps, .. } => match job.pins.as_ref() {
            Some(p) => {
                let amount = p.service.bps(u64::from(*comp_bps)).map_or(0, nooterra_engine::money::Amount::minor);
                compensated(s, id, cause, p.owner, amount)?
            }
            None => Step::default(),
        },
        Event::SettlementHeld { .. } => only(settlement::hold::held(cause, id, posted(Account::Escrow { job: id }))),
        Event::SettlementReleased { .. } => only(settlement::hold::released(cause, id, posted(Account::Held { job: id }))),
        Event::SettlementForfeited { .. } => only(settlement::hold::forfeited(cause, id, posted(Account::Held { job: id }))),
        Event::JobSettled(_) => match input(s, job, event_id, at) {
            Some(i) => settlement::settle::job_settled(s.money.job(id)?, &i)?.1,
            None => Step::default(),
        },
        Event::RefundIssued { refund, amount, of: RefundOf::Award { bearer, .. }, .. } => {
            crate::disputes::step(s, job, cause, *refund, amount.minor(), *bearer)?
        }
        Event::RefundIssued { refund, amount, of: RefundOf::Settlement {}, .. } => {
            let owed = s.book.balance(Account::RequesterRefundPayable { party: job.request.requester }, currency).available();
            let order = settlement::refund::Refund { refund: *refund, amount: amount.minor() };
            settlement::refund::of_settlement(s.money.job(id)?, cause, order, u64::try_from(owed).unwrap_or(0))?
        }
        Event::RefundPaid { refund, .. } => settlement::refund::ended(s.money.job(id)?, cause, *refund, true)?,
        Event::RefundFailed { refund, .. } => settlement::refund::ended(s.money.job(id)?, cause, *refund, false)?,
        Event::ChargebackOpened { chargeback, amount, fee, .. } => {
            let opened = settlement::chargeback::Opened { chargeback: *chargeback, amount: amount.minor(), fee: fee.minor() };
            settlement::chargeback::opened(s.money.job(id)?, cause, opened, Cover::of(&s.book, id, currency), pools())?
        }
        Event::ChargebackWon { chargeback, fee_back } => {
            settlement::chargeback::won(s.money.job(id)?, cause, *chargeback, fee_back.minor())?
        }
        Event::ChargebackLost { chargeback, funding, .. } => {
            let funding = match *funding {
                RefundBearer::Legs {} => Funding::Legs,
                RefundBearer::Party(party) => Funding::Party { role: nooterra_ledger::Role::Owner, party },
                RefundBearer::Platform {} => Funding::Platform,
            };
            settlement::chargeback::lost(s.money.job(id)?, cause, *chargeback, funding, pools())?
        }
        Event::JobRescheduled(m) => crate::reschedule::step(s, job, m, cause)?,
        Event::SlaCreditIssued { .. } => crate::sla::step(s, job, event, cause)?,
        _ => Step::default(),
    })
}

/// M9, within what the job may still be credited.
pub(crate) fn compensated(s: &State, id: JobId, cause: Cause, owner: PartyId, amount: u64) -> Result<Step, Refusal> {
    let m = s.money.job(id)?;
    let amount = amount.min(m.creditable());
    if amount == 0 {
        return Ok(Step::default());
    }
    settlement::credit::compensated(m, cause, owner, nooterra_engine::money::Amount::new(amount)?)
}

const fn fault_of(f: Fault) -> settlement::Fault {
    match f {
        Fault::None => settlement::Fault::None,
        Fault::Requester => settlement::Fault::Requester,
        Fault::Owner => settlement::Fault::Owner,
        Fault::Operator => settlement::Fault::Operator,
        Fault::Developer => settlement::Fault::Developer,
        Fault::Platform => settlement::Fault::Platform,
        Fault::Site => settlement::Fault::Site,
    }
}

/// Entries of a party's event.
pub(crate) fn party_entries(s: &State, party: PartyId, event: &PartyEvent, event_id: EventId, at: Instant) -> Vec<Command> {
    let cause = |currency| Cause { event: event_id, at, currency };
    let on_its_way = |payout| s.payouts.get(payout).map(|p| (p, cause(p.due.currency)));
    let one = match event {
        PartyEvent::PayoutInitiated { payout, role, gross, netted, currency, .. } => {
            let due = settlement::Due { party, role: *role, currency: *currency, gross: gross.minor(), netted: netted.minor() };
            settlement::Payout { payout: *payout, due }.initiated(cause(*currency))
        }
        PartyEvent::PayoutConfirmed { payout, .. } => on_its_way(payout).and_then(|(p, c)| p.confirmed(c)),
        PartyEvent::PayoutFailed { payout, .. } => on_its_way(payout).and_then(|(p, c)| p.failed(c)),
        PartyEvent::ProviderSettled { gross, fee, currency, .. } => {
            let planted = nooterra_engine::planted!("I22 hand money over in another currency");
            let currency = s.genesis.policy.tariffs.first().filter(|_| planted).map_or(*currency, |t| t.currency);
            settlement::payment::provider_settled(cause(currency), gross.minor(), fee.minor())
        }
        PartyEvent::StandingOfferSet(_) | PartyEvent::StandingOfferCleared { .. } | PartyEvent::TrustScoreUpdated { .. } => None,
    };
    one.into_iter().collect()
}

/// Everything that the settlement of this job depends on, from its pins and facts.
pub(crate) fn input(s: &State, job: &Job, event: EventId, at: Instant) -> Option<SettlementInput> {
    let p = job.pins.as_deref()?;
    let billed = crate::gate::billed(job, s.cases.get(&job.id));
    let currency = job.request.currency;
    let posted = |a: Account| posted(s, a, currency);
    // What is owed back, or was lost to a bank, cannot be given back once more.
    let captured = s.money.job(job.id).map_or(0, settlement::JobMoney::cash);
    let shares = nooterra_jobs::proof::leg_shares(job);
    let legs = job
        .legs
        .iter()
        .filter_map(|l| {
            shares.iter().find(|(leg, _)| *leg == l.offer.leg).map(|(_, share)| LegShare { owner: l.offer.owner, share: *share })
        })
        .collect();
    let licences = p
        .licences
        .iter()
        .map(|l| {
            let licence = settlement::Licence {
                licence: l.licence,
                skill: l.skill,
                developer: l.developer,
                unit: match l.unit {
                    LicenceUnit::Job => settlement::LicenceUnit::Job,
                    LicenceUnit::Checkpoint => settlement::LicenceUnit::Checkpoint,
                    LicenceUnit::Use => settlement::LicenceUnit::Use,
                    LicenceUnit::Minute => settlement::LicenceUnit::Minute,
                },
                fee: l.fee.minor(),
                cap: l.cap.minor(),
            };
            let (metered, counted) = crate::skills::units(s, job, l);
            licence.used(metered, counted, job.is_past(l.refundable_until))
        })
        .collect();
    Some(SettlementInput {
        event,
        at,
        job: job.id,
        currency,
        requester: job.request.requester,
        service: p.service,
        coverage: p.cover_fee,
        escrow: posted(Account::Escrow { job: job.id }),
        held: posted(Account::Held { job: job.id }),
        captured,
        proof: match billed.0 {
            _ if job.proof.is_none() && !job.started => settlement::ProofStatus::None,
            ProofStatus::Pass => settlement::ProofStatus::Pass,
            ProofStatus::Partial => settlement::ProofStatus::Partial,
            ProofStatus::Fail | ProofStatus::Insufficient => settlement::ProofStatus::Fail,
        },
        earned_bps: billed.1,
        started: job.started,
        departed: job.departed,
        fault: fault_of(job.fault),
        site_borne_by_platform: p.site_fault_bearer == SiteFaultBearer::Platform,
        fee_bps: job.fee_bps,
        operator_cap_bps: p.operator_cap_bps,
        forfeited: job.forfeited.is_some(),
        legs,
        last_owner: job.legs.last().map(|l| l.offer.owner),
        pinned_owner: p.owner,
        licences,
        assists: job
            .helped
            .iter()
            .map(|h| AssistCharge { assist: h.assist, operator: h.party, billed_ns: h.billed.0, rate_per_min: p.operator_rate })
            .collect(),
        split: if nooterra_engine::planted!("I43 forget the split of a booking") {
            Split::default()
        } else if nooterra_engine::planted!("I31 settle by other terms than the pinned") {
            Split { reserve: p.weights.reserve, platform: p.weights.platform + 500, owner: p.weights.owner.saturating_sub(500) }
        } else {
            Split { reserve: p.weights.reserve, platform: p.weights.platform, owner: p.weights.owner }
        },
        coverage_split: CoverageSplit { insurer: p.cover_split.insurer, reserve: p.cover_split.reserve, revenue: p.cover_split.revenue },
    })
}

/// The payload of `JOB_SETTLED` for the settlement that its entries will post.
pub(crate) fn settled(s: &State, job: &Job, at: Instant) -> Option<(Settlement, u64)> {
    use nooterra_engine::money::Amount;
    let input = input(s, job, EventId::from_bytes([0; 16]), at)?;
    let done = settlement::settle(&input).ok()?.statement;
    let amount = Amount::saturating;
    let parts = done
        .parts
        .iter()
        .map(|p| nooterra_jobs::payload::Part { account: p.account.name().to_owned(), party: p.party, amount: amount(p.amount) })
        .collect();
    let outcome = match done.outcome {
        settlement::SettlementOutcome::Full => Outcome::Full,
        settlement::SettlementOutcome::Partial => Outcome::Partial,
        settlement::SettlementOutcome::NoCharge => Outcome::NoCharge,
        settlement::SettlementOutcome::Fee => Outcome::Fee,
        settlement::SettlementOutcome::Forfeit => Outcome::Forfeit,
    };
    let payload = Settlement {
        outcome,
        earned_bps: done.earned_bps,
        fee: amount(done.fee),
        charge: amount(done.charge + u64::from(nooterra_engine::planted!("I24 charge more than the parts"))),
        parts,
        refund: amount(done.refund),
        proof: job.proof.as_ref().map(|p| p.proof),
    };
    Some((payload, done.refund_cash))
}
