//! From events to ledger entries: a function of the state before the event, and of the event.

use crate::fact::PartyEvent;
use crate::state::State;
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::time::Instant;
use nooterra_jobs::Job;
use nooterra_jobs::event::{CancelReason, Event, Fault, Outcome, ProofStatus, Settlement};
use nooterra_jobs::job::PaymentTrack;
use nooterra_jobs::pins::{LicenceUnit, SiteFaultBearer};
use nooterra_ledger::{Account, Command};
use nooterra_settlement as settlement;
use settlement::settle::{CoverageSplit, LegShare, Split};
use settlement::{Cause, LicenceUse, SettlementInput};

/// Entries of a job's event. Called before the event is folded in.
pub(crate) fn entries(s: &State, id: JobId, event: &Event, event_id: EventId, at: Instant) -> Vec<Command> {
    let Some(job) = s.jobs.get(&id) else { return Vec::new() };
    let cause = Cause { event: event_id, at, currency: job.request.currency };
    let currency = job.request.currency;
    let posted = |a: Account| u64::try_from(s.book.posted(a, currency)).unwrap_or(0);
    let one = match event {
        Event::PaymentAuthorised { amount, .. } => settlement::payment::authorised(cause, id, amount.minor()),
        Event::PaymentCaptured { payment, amount } => s
            .authorisations
            .get(payment)
            .map(|e| settlement::payment::captured(cause, settlement::payment::authorisation(*e), amount.minor())),
        Event::PaymentVoided { payment, .. } if job.payment.track == PaymentTrack::Authorised => {
            s.authorisations.get(payment).map(|e| settlement::payment::voided(cause, settlement::payment::authorisation(*e)))
        }
        Event::JobBooked(b) => settlement::payment::redeemed(cause, id, job.request.requester, b.redeemed.minor()),
        Event::NoShowDeclared { owner, comp, .. } => {
            settlement::change::compensated(cause, id, *owner, job.request.requester, comp.minor())
        }
        Event::JobCancelled { reason: CancelReason::Owner, comp_bps, .. } => job.pins.as_ref().and_then(|p| {
            let amount = p.service.bps(u64::from(*comp_bps)).map_or(0, nooterra_engine::money::Amount::minor);
            settlement::change::compensated(cause, id, p.owner, job.request.requester, amount)
        }),
        Event::SettlementHeld { .. } => settlement::hold::held(cause, id, posted(Account::Escrow { job: id })),
        Event::SettlementReleased { .. } | Event::SettlementForfeited { .. } => {
            settlement::hold::released(cause, id, posted(Account::Held { job: id }))
        }
        Event::JobSettled(_) => match input(s, job, event_id, at).map(|i| settlement::settle(&i)) {
            Some(Ok(done)) => done.command(),
            _ => None,
        },
        Event::RefundIssued { amount, .. } => settlement::refund::issued(cause, id, job.request.requester, amount.minor()),
        Event::RefundPaid { refund, .. } => {
            s.refunds.get(refund).map(|(_, e)| settlement::refund::paid(cause, settlement::refund::refund_entry(*e)))
        }
        Event::RefundFailed { refund, .. } => {
            s.refunds.get(refund).map(|(_, e)| settlement::refund::failed(cause, settlement::refund::refund_entry(*e)))
        }
        _ => None,
    };
    one.into_iter().collect()
}

/// Entries of a party's event.
pub(crate) fn party_entries(s: &State, party: PartyId, event: &PartyEvent, event_id: EventId, at: Instant) -> Vec<Command> {
    let cause = Cause { event: event_id, at, currency: s.genesis.currency };
    let one = match event {
        PartyEvent::PayoutInitiated { payout, role, gross, netted, .. } => {
            let due = settlement::Due { party, role: *role, currency: s.genesis.currency, gross: gross.minor(), netted: netted.minor() };
            settlement::Payout { payout: *payout, due }.initiated(cause)
        }
        PartyEvent::PayoutConfirmed { payout, .. } => s.payouts.get(payout).and_then(|p| p.confirmed(cause)),
        PartyEvent::PayoutFailed { payout, .. } => s.payouts.get(payout).and_then(|p| p.failed(cause)),
        PartyEvent::ProviderSettled { gross, fee, .. } => settlement::payment::provider_settled(cause, gross.minor(), fee.minor()),
        PartyEvent::StandingOfferSet(_) | PartyEvent::TrustScoreUpdated { .. } => None,
    };
    one.into_iter().collect()
}

/// Everything that the settlement of this job depends on, from its pins and facts.
pub(crate) fn input(s: &State, job: &Job, event: EventId, at: Instant) -> Option<SettlementInput> {
    let p = job.pins.as_deref()?;
    let currency = job.request.currency;
    let posted = |a: Account| u64::try_from(s.book.posted(a, currency)).unwrap_or(0);
    let captured = if job.payment.track == PaymentTrack::Captured { job.payment.amount.minor() } else { 0 };
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
        .map(|l| LicenceUse {
            licence: settlement::Licence {
                licence: l.licence,
                skill: l.skill,
                developer: l.developer,
                unit: match l.unit {
                    LicenceUnit::Job => settlement::LicenceUnit::Job,
                    LicenceUnit::Checkpoint => settlement::LicenceUnit::Checkpoint,
                },
                fee: l.fee.minor(),
                cap: l.cap.minor(),
            },
            units: match l.unit {
                LicenceUnit::Job => u64::from(job.started),
                LicenceUnit::Checkpoint => u64::from(job.checkpoint),
            },
            passed: job.started,
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
        proof: match job.proof.as_ref().map(|p| p.status) {
            Some(ProofStatus::Pass) => settlement::ProofStatus::Pass,
            Some(ProofStatus::Partial) => settlement::ProofStatus::Partial,
            Some(ProofStatus::Fail | ProofStatus::Insufficient) => settlement::ProofStatus::Fail,
            None => settlement::ProofStatus::None,
        },
        earned_bps: nooterra_jobs::gate::earned_bps(job),
        started: job.started,
        departed: job.departed,
        fault: match job.fault {
            Fault::None => settlement::Fault::None,
            Fault::Requester => settlement::Fault::Requester,
            Fault::Owner => settlement::Fault::Owner,
            Fault::Operator => settlement::Fault::Operator,
            Fault::Developer => settlement::Fault::Developer,
            Fault::Platform => settlement::Fault::Platform,
            Fault::Site => settlement::Fault::Site,
        },
        site_borne_by_platform: p.site_fault_bearer == SiteFaultBearer::Platform,
        fee_bps: job.fee_bps,
        forfeited: job.forfeited.is_some(),
        legs,
        last_owner: job.legs.last().map(|l| l.offer.owner),
        pinned_owner: p.owner,
        licences,
        assists: Vec::new(),
        split: Split { reserve: p.weights.reserve, platform: p.weights.platform, owner: p.weights.owner },
        coverage_split: CoverageSplit::default(),
    })
}

/// The payload of `JOB_SETTLED` for the settlement that its entries will post.
pub(crate) fn settled(s: &State, job: &Job, at: Instant) -> Option<(Settlement, u64)> {
    use nooterra_engine::money::Amount;
    let input = input(s, job, EventId::from_bytes([0; 16]), at)?;
    let done = settlement::settle(&input).ok()?.statement;
    let amount = |v: u64| Amount::new(v).unwrap_or(Amount::MAX);
    let parts = done
        .parts
        .iter()
        .map(|p| nooterra_jobs::event::Part { account: p.account.name().to_owned(), party: p.party, amount: amount(p.amount) })
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
        charge: amount(done.charge),
        parts,
        refund: amount(done.refund),
        proof: job.proof.as_ref().map(|p| p.proof),
    };
    Some((payload, done.refund_cash))
}
