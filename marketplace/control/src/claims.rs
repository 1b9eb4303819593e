//! Claims on incidents: opened by parties, judged by the trust service or the insurer, paid and recovered.
//!
//! The trust room decides, settlement says what moves; here the two meet, in one unit. Decisions that need two keys wait
//! for the second: it has to say the very same.

use crate::cases::code_of;
use crate::chargebacks::refused;
use crate::fact::CaseEvent;
use crate::input::CaseCommand;
use crate::state::State;
use crate::two_keys::said;
use crate::unit::{Outcome, Unit, need, no};
use crate::wish::PaymentAsk;
use nooterra_engine::Digest;
use nooterra_engine::ids::{ClaimId, EventId, IncidentId, JobId, KeyId, PartyId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Instant;
use nooterra_jobs::event::Event as JobEvent;
use nooterra_jobs::job::Job;
use nooterra_ledger::{Account, Role as PayRole};
use nooterra_settlement::claim::{Bearer, ClaimBearer, ClaimPart};
use nooterra_settlement::{Cause, Pools, Refusal, Step, claim as money};
use nooterra_trust::claim::{self, Command, Found, Item, Route, What};
use nooterra_trust::dispute;
use nooterra_trust::{Code, Hand, Parties, Rejection, Role};
use std::collections::BTreeSet;

/// What an event of a case does to money.
pub(crate) fn step(s: &State, job: JobId, event: &CaseEvent, event_id: EventId, at: Instant) -> Result<Step, Refusal> {
    let CaseEvent::Claim(e) = event else { return Ok(Step::default()) };
    let (m, id) = (s.money.job(job)?, e.claim);
    let cause = Cause { event: event_id, at, currency: m.currency };
    Ok(match &e.what {
        What::Opened { demand, .. } => money::opened(m, id, demand.minor())?,
        What::Reserved { reserve } => money::reserved(m, cause, id, reserve.minor())?,
        What::Approved { payout, shares } => {
            let case = s.cases.get(&job).ok_or(Refusal::NotFound("job"))?;
            let parts = parts(&case.claims.parties, shares);
            money::granted(m, cause, id, payout.minor(), 0, &parts, Pools::of(&s.book, m.currency))?
        }
        What::Denied { .. } => money::ended(m, cause, id, false)?,
        What::Lapsed { .. } => money::ended(m, cause, id, true)?,
        What::Paid { .. } => money::paid(m, cause, id)?,
        What::RecoveryReceived { insurer, amount } => money::recovered(m, cause, id, *insurer, amount.minor(), true)?,
        What::RecoveryDenied { insurer, amount } => money::recovered(m, cause, id, *insurer, amount.minor(), false)?,
        What::Triaged { .. } | What::Escalated { .. } => Step::default(),
    })
}

/// Who bears which amount, with the accounts' roles.
fn parts(parties: &Parties, shares: &[claim::Share]) -> Vec<ClaimPart> {
    let bearer = |b: claim::Bearer| match b {
        claim::Bearer::Party(party) => ClaimBearer::Party(Bearer { role: role_of(parties, party), party }),
        claim::Bearer::Insurer => parties.insurer.map_or(ClaimBearer::Platform, ClaimBearer::Insurer),
        claim::Bearer::Pool => ClaimBearer::Pool,
        claim::Bearer::Platform => ClaimBearer::Platform,
    };
    shares.iter().map(|s| ClaimPart { bearer: bearer(s.bearer), amount: s.amount.minor() }).collect()
}

impl Unit<'_> {
    /// An insurer decides where it is the case's own; of others it hears nothing.
    fn may_decide(&self, job: JobId) -> Outcome {
        let own = PartyId::from_bytes(self.cx.actor);
        need(self.cx.role != Role::IN || self.case(job)?.claims.parties.insurer == Some(own), Code::NotFound)
    }
}

pub(crate) fn role_of(parties: &Parties, party: PartyId) -> PayRole {
    if parties.operator == Some(party) {
        PayRole::Operator
    } else if parties.developer == Some(party) {
        PayRole::Developer
    } else if parties.requester == party {
        PayRole::Requester
    } else {
        PayRole::Owner
    }
}

/// What is granted to claimants in a currency and not paid yet, minor units: it is spoken for.
pub(crate) fn owed_to_claimants(s: &State, currency: Currency) -> u64 {
    let owed = |a: &Account| matches!(a, Account::ClaimsPayable { .. });
    let rows = s.book.accounts().iter().filter(|r| r.key.currency == currency && owed(&r.key.account));
    u64::try_from(rows.map(|r| r.balance.posted).sum::<i128>()).unwrap_or(0)
}

impl Unit<'_> {
    pub fn case_command(&mut self, c: CaseCommand) -> Outcome {
        let decides = matches!(c, CaseCommand::ApproveClaim { .. } | CaseCommand::DenyClaim { .. });
        // What is signed says all of a decision but who proposed it first.
        let said = if decides { said(&c) } else { Digest::ZERO };
        match c {
            CaseCommand::Complain { job, code, statement, amount, currency } => {
                need(self.cx.role == Role::RQ, Code::RoleForbidden)?;
                self.own_job(job, PartyId::from_bytes(self.cx.actor))?;
                need(statement != Digest::ZERO, Code::ContentHashMissing)?;
                let (least, _) = code_of(code).severities();
                let case = self.s.cases.get(&job).ok_or_else(|| Rejection::new(Code::StateForbids).field("job"))?;
                need(case.incidents.takes_reports(self.now()), Code::StateForbids)?;
                if let Some(amount) = amount {
                    self.in_its_currency(job, currency)?;
                    self.may_ask(job, amount)?;
                }
                let j = self.job(job)?;
                let (robot, settled) = (j.legs.last().map(|l| l.offer.robot), j.settled.is_some());
                self.emit(job, JobEvent::ComplaintFiled { category: code, text_hash: statement });
                self.open_incident(job, robot, code, least, None);
                if let Some(c) = self.s.cases.get_mut(&job).filter(|_| !settled) {
                    c.asked = amount.or(c.asked);
                }
                Ok(())
            }
            CaseCommand::OpenClaim { job, incident, claimant, demand, currency, head } => {
                let claim: ClaimId = self.new_id();
                let claimant = claimant.unwrap_or(PartyId::from_bytes(self.cx.actor));
                let open = Command::Open { claim, incident, claimant, demand, head };
                let case = self.case(job)?;
                case.claims.decide(self.now(), &self.hand(), &case.incidents, &open)?;
                self.in_its_currency(job, Some(currency))?;
                self.claim(job, &open)
            }
            CaseCommand::TriageClaim { job, claim, documents } => {
                need(self.cx.role == Role::TR, Code::RoleForbidden)?;
                let incident = self.claimed(job, claim)?.0;
                self.head_named(job)?;
                need(documents.iter().all(|d| d.content_hash != Digest::ZERO), Code::ContentHashMissing)?;
                let mut found = self.found(job, claim);
                found.items.extend(documents.iter().map(|d| d.item));
                self.claim(job, &Command::Triage { claim, found })?;
                if let Some(c) = self.s.cases.get_mut(&job) {
                    let seen = c.documents.entry(incident).or_default();
                    seen.extend(documents.iter().map(|d| (d.item, d.content_hash)));
                }
                Ok(())
            }
            CaseCommand::ReserveClaim { job, claim, reserve } => {
                need(self.cx.role == Role::TR, Code::RoleForbidden)?;
                self.job_read(job)?;
                self.claim(job, &Command::Reserve { claim, reserve })
            }
            CaseCommand::ApproveClaim { job, claim, assessed, currency, claimant_fault_bps, split } => {
                need(matches!(self.cx.role, Role::TR | Role::IN), Code::RoleForbidden)?;
                self.case(job)?;
                self.may_decide(job)?;
                self.head_named(job)?;
                self.in_its_currency(job, Some(currency))?;
                self.with_second_key(job, claim, said, |second| Command::Approve {
                    claim,
                    assessed,
                    claimant_fault_bps,
                    split: split.clone(),
                    second,
                })
            }
            CaseCommand::DenyClaim { job, claim, reason } => {
                need(matches!(self.cx.role, Role::TR | Role::IN), Code::RoleForbidden)?;
                self.may_decide(job)?;
                self.job_read(job)?;
                self.with_second_key(job, claim, said, |second| Command::Deny { claim, reason, second })
            }
            CaseCommand::RefuseRecovery { job, claim, amount } => {
                need(self.cx.role == Role::IN, Code::RoleForbidden)?;
                self.may_decide(job)?;
                self.job_read(job)?;
                let insurer = PartyId::from_bytes(self.cx.actor);
                self.claim(job, &Command::RefuseRecovery { claim, insurer, amount })
            }
            CaseCommand::OpenDispute { job, ground, amount, currency } => self.open_dispute(job, ground, amount, currency),
            CaseCommand::DropDispute { job, dispute } => self.dispute(job, &dispute::Command::Drop { dispute }),
            CaseCommand::DecideDispute { job, dispute, verdict, currency } => {
                need(self.cx.role == Role::TR, Code::RoleForbidden)?;
                self.case(job)?;
                self.head_named(job)?;
                self.in_its_currency(job, Some(currency))?;
                self.dispute(job, &dispute::Command::Decide { dispute, verdict })
            }
            CaseCommand::ViewEvidence { .. }
            | CaseCommand::RedactEvidence { .. }
            | CaseCommand::HoldEvidence { .. }
            | CaseCommand::ReleaseEvidence { .. }
            | CaseCommand::EraseEvidence { .. } => self.evidence_command(c),
        }
    }

    /// Money of claims that the payment adapter reports.
    pub fn claim_money(&mut self, claim: ClaimId, currency: Currency, command: Command) -> Outcome {
        let Some(job) = self.s.claim_jobs.get(&claim).copied() else { return no(Code::NotFound) };
        self.in_its_currency(job, Some(currency))?;
        self.claim(job, &command)
    }

    /// A job has one currency, and whatever is asked, granted or paid for it is of that one.
    pub(crate) fn in_its_currency(&self, job: JobId, currency: Option<Currency>) -> Outcome {
        need(currency == Some(self.job(job)?.request.currency), Code::CurrencyMismatch)
    }

    fn claimed(&self, job: JobId, claim: ClaimId) -> Result<(IncidentId, Option<Route>), Rejection> {
        let case = self.case(job)?;
        let c = case.claims.claims.get(&claim).ok_or_else(|| Rejection::new(Code::NotFound).field("claim"))?;
        Ok((c.incident, c.triage.as_ref().map(|t| t.route)))
    }

    /// A decision that may need two keys: the first is kept, and nothing is decided until another says the very same.
    fn with_second_key(&mut self, job: JobId, claim: ClaimId, said: Digest, command: impl Fn(Option<Hand>) -> Command) -> Outcome {
        let (_, route) = self.claimed(job, claim)?;
        let key = self.cx.key.filter(|_| route == Some(Route::Review) && self.cx.role == Role::TR);
        let Some(key) = key else { return self.claim(job, &command(None)) };
        let case = self.case(job)?;
        let Some((by, party)) = case.proposals.first(said, key)? else {
            // What could not be decided with two keys is refused with the first.
            let anybody = Hand { role: Role::TR, key: Some(KeyId::from_bytes([0; 16])), party: None };
            case.claims.decide(self.now(), &self.hand(), &case.incidents, &command(Some(anybody)))?;
            let party = PartyId::from_bytes(self.cx.actor);
            if let Some(c) = self.s.cases.get_mut(&job) {
                c.proposals.keep(said, key, party);
            }
            return Ok(());
        };
        self.claim(job, &command(Some(Hand { role: Role::TR, key: Some(by), party: Some(party) })))?;
        if let Some(c) = self.s.cases.get_mut(&job) {
            c.proposals.clear();
        }
        Ok(())
    }

    /// What the platform itself holds of the evidence that a claim needs.
    fn found(&self, job: JobId, claim: ClaimId) -> Found {
        let mut items = BTreeSet::new();
        let Some(case) = self.s.cases.get(&job) else { return Found::default() };
        let Some(c) = case.claims.claims.get(&claim) else { return Found::default() };
        if let Some(seen) = case.documents.get(&c.incident) {
            items.extend(seen.keys().copied());
        }
        if case.evidence.windows.get(&c.incident).is_some_and(|w| w.missing.is_empty()) {
            items.insert(Item::EvidenceWindow);
        }
        let incident = case.incidents.incidents.get(&c.incident);
        // What a device measured is a record; what somebody says is not.
        if incident.is_some_and(|i| i.span.is_some()) {
            items.insert(Item::ContactOrLoadRecord);
        }
        let job = self.s.jobs.get(&job);
        let has = |f: fn(&Job) -> bool| job.is_some_and(f);
        if has(|j| j.proof.is_some()) {
            items.insert(Item::Proof);
        }
        if has(|j| j.claimed.len() >= j.steps().len()) {
            items.insert(Item::DeliveryRecord);
        }
        if has(|j| !j.sightings.is_empty()) {
            items.insert(Item::CustodyChain);
        }
        Found { items, started: has(|j| j.started) }
    }

    /// One command on a job's claims: decided, its money checked, written down.
    fn claim(&mut self, job: JobId, command: &Command) -> Outcome {
        let (now, hand) = (self.now(), self.hand());
        let case = self.case(job)?;
        let events = case.claims.decide(now, &hand, &case.incidents, command)?;
        // The first moves may be refused; what follows them in the same unit is within the same limits.
        if let Some(first) = events.first() {
            let event = CaseEvent::Claim(first.clone());
            let dry = step(self.s, job, &event, EventId::from_bytes([0; 16]), now).map_err(refused)?;
            dry.command().map_or(Ok(()), |c| self.posts(&c))?;
        }
        for e in events {
            self.claim_event(job, e);
        }
        Ok(())
    }

    fn claim_event(&mut self, job: JobId, e: claim::Event) {
        nooterra_engine::sometimes!(matches!(e.what, What::Approved { .. }), "claim approved");
        let id = e.claim;
        if matches!(e.what, What::Opened { .. }) {
            self.s.claim_jobs.insert(id, job);
        }
        let approved = matches!(e.what, What::Approved { .. });
        let late = matches!(e.what, What::Escalated { timer: claim::Timer::PayBy, .. });
        self.emit_case(job, CaseEvent::Claim(e));
        if approved || late {
            self.pay_claim(job, id);
        }
        let Some(case) = self.s.cases.get(&job).filter(|_| approved) else { return };
        let owed = case.claims.claims.get(&id).and_then(|c| c.grant.as_ref()).map_or(Amount::ZERO, claim::Grant::outstanding);
        if let Some(insurer) = case.claims.parties.insurer.filter(|_| owed > Amount::ZERO) {
            let Ok(currency) = self.job(job).map(|j| j.request.currency) else { return };
            self.ask_payments(PaymentAsk::Recover { claim: id, insurer, amount: owed, currency });
        }
    }

    /// Asks for the payment of a claim, if there is money for all that are granted; else its deadline asks again.
    fn pay_claim(&mut self, job: JobId, claim: ClaimId) {
        let Ok(currency) = self.job(job).map(|j| j.request.currency) else { return };
        let Some(c) = self.s.cases.get(&job).and_then(|c| c.claims.claims.get(&claim)) else { return };
        let Some(amount) = c.grant.as_ref().map(|g| g.payout) else { return };
        let payee = c.claimant;
        if nooterra_settlement::payout::fundable(&self.s.book, currency) >= owed_to_claimants(self.s, currency) {
            self.ask_payments(PaymentAsk::PayClaim { claim, payee, amount, currency });
        }
    }

    /// Timers of claims that have come.
    pub fn claims_due(&mut self, job: JobId) {
        let now = self.now();
        let Some(case) = self.s.cases.get(&job) else { return };
        let due: Vec<_> = case.claims.deadlines().into_iter().filter(|(_, _, at)| *at <= now).collect();
        for (claim, timer, _) in due {
            let found = self.found(job, claim);
            let Some(case) = self.s.cases.get(&job) else { return };
            let command = Command::Fire { claim, timer, found };
            let Ok(events) = case.claims.decide(now, &Hand::CLOCK, &case.incidents, &command) else { continue };
            for e in events {
                self.claim_event(job, e);
            }
        }
    }
}
