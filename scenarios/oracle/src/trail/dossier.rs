//! A job's dossier: what the judges of money remember of its events, in their own words.

use crate::trail::meter::{self, Meter};
use nooterra_engine::ids::{
    ApprovalId, ChargebackId, ClaimId, DisputeId, EventId, IncidentId, JobId, LicenceId, PartyId, PaymentId, RefundId, RobotId, WitnessId,
};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Instant;
use nooterra_jobs::approval::Wanted;
use nooterra_jobs::event::{Cause, Custody, Event, Fault};
use nooterra_jobs::payload::ProofResult;
use nooterra_jobs::pins::{LicencePin, Milestone, Pins, WitnessClass};
use nooterra_jobs::terms::{Action, ProofNeed, Template};
use nooterra_ledger::EntryId;
use nooterra_trust::dispute::Event as Dispute;
use std::collections::{BTreeMap, BTreeSet};

/// A payment of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Track {
    Asked,
    Authorised,
    Captured,
    Gone,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Payment {
    pub track: Track,
    /// The event that reserved the money.
    pub event: Option<EventId>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Leg {
    pub robot: RobotId,
    pub owner: PartyId,
    pub leg: u8,
    pub open: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Chargeback {
    pub amount: u64,
    pub from_escrow: u64,
    pub from_held: u64,
    pub on_requester: u64,
    pub open: bool,
    pub lost: bool,
    /// The entry that reserves the part that others bear.
    pub claw: Option<EntryId>,
}

impl Chargeback {
    pub const fn secured(&self) -> u64 {
        self.from_escrow + self.from_held
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Refund {
    pub amount: u64,
    pub entry: EntryId,
    pub ended: bool,
    pub failed: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Claim {
    pub reserve: u64,
    pub payout: u64,
    pub approved: bool,
    pub ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sight {
    pub point: u16,
    pub class: WitnessClass,
    pub witness: WitnessId,
    pub robot: RobotId,
    pub measure: i64,
}

/// One job.
#[derive(Debug, Clone)]
pub(crate) struct Dossier {
    pub job: JobId,
    pub requester: PartyId,
    /// What everybody is paid in.
    pub currency: Currency,
    pub pins: Option<Box<Pins>>,
    /// Service amount and cap of claims as booked first.
    pub booked: (u64, u64),
    pub legs: Vec<Leg>,
    pub started: bool,
    pub departed: bool,
    /// Some robot was at the access point.
    pub arrived: bool,
    pub completed: bool,
    /// What skills ran on it.
    pub meters: BTreeMap<LicenceId, Meter>,
    pub aborted: bool,
    pub fault: Fault,
    pub fee_bps: u32,
    pub custody: Custody,
    /// Seen inside; given up inside.
    pub inside: bool,
    pub stranded: bool,
    pub incidents: BTreeMap<IncidentId, (u8, bool, bool)>,
    pub sights: BTreeSet<Sight>,
    /// Point and leg.
    pub claimed: Vec<(u16, u8)>,
    /// Places of the work, and whether one may be left out.
    pub places: Vec<(u32, bool)>,
    /// Places that the requester was asked to leave out, and those that it was agreed to.
    pub to_skip: BTreeMap<ApprovalId, (u16, u32)>,
    pub skipped: BTreeSet<(u16, u32)>,
    pub payments: BTreeMap<PaymentId, Payment>,
    pub payment: Option<PaymentId>,
    pub captured: u64,
    pub redeemed: u64,
    /// What was last authorised for the price, and what credit was promised for the rest.
    pub agreed: (u64, u64),
    /// Fees of moves, and what lower prices gave back.
    pub moved: u64,
    pub owed_back: u64,
    pub credits: u64,
    pub compensation: u64,
    /// The same in billionths of the service amount as it was at the time: a booking that moves has another.
    pub compensated_ppb: u64,
    pub refunds: BTreeMap<RefundId, Refund>,
    pub chargebacks: BTreeMap<ChargebackId, Chargeback>,
    pub claims: BTreeMap<ClaimId, Claim>,
    pub held: bool,
    pub forfeited: Option<u32>,
    /// Decided in place of the proof, by two.
    pub overridden: Option<u32>,
    pub proof: Option<ProofResult>,
    /// Something that a proof rests on came after it.
    pub stale: bool,
    /// Who is paid for help, and the time billed.
    pub helped: Vec<(PartyId, u64)>,
    pub helper: Option<PartyId>,
    /// Operators are asked for, or are at it.
    pub helping: bool,
    /// An operator stands by.
    pub covered: bool,
    pub disputed: BTreeSet<DisputeId>,
    /// What a decision before the settlement says was earned.
    pub decided: Option<u32>,
    /// What the requester was asked to pay for besides.
    pub asked: BTreeMap<ApprovalId, u64>,
    pub settled: bool,
    /// What is to prove custom work, as it was asked for.
    pub custom: Option<Vec<ProofNeed>>,
}

impl Dossier {
    /// What people decided was earned before the settlement.
    pub fn decision(&self) -> Option<u32> {
        self.decided.or(self.overridden)
    }
    pub fn new(job: JobId, e: &Event) -> Option<Self> {
        let Event::JobCreated(r) = e else { return None };
        Some(Self {
            job,
            requester: r.requester,
            currency: r.currency,
            pins: None,
            booked: (0, 0),
            legs: Vec::new(),
            started: false,
            departed: false,
            arrived: false,
            completed: false,
            meters: BTreeMap::new(),
            aborted: false,
            fault: Fault::None,
            fee_bps: 0,
            custody: Custody::None,
            inside: false,
            stranded: false,
            incidents: BTreeMap::new(),
            sights: BTreeSet::new(),
            claimed: Vec::new(),
            places: r.steps.iter().map(|s| (s.place, matches!(s.action, Action::Visit | Action::Cover { .. }))).collect(),
            to_skip: BTreeMap::new(),
            skipped: BTreeSet::new(),
            payments: BTreeMap::new(),
            payment: None,
            captured: 0,
            redeemed: 0,
            agreed: (0, 0),
            moved: 0,
            owed_back: 0,
            credits: 0,
            compensation: 0,
            compensated_ppb: 0,
            refunds: BTreeMap::new(),
            chargebacks: BTreeMap::new(),
            claims: BTreeMap::new(),
            held: false,
            forfeited: None,
            overridden: None,
            proof: None,
            stale: false,
            helped: Vec::new(),
            helper: None,
            helping: false,
            covered: false,
            disputed: BTreeSet::new(),
            decided: None,
            asked: BTreeMap::new(),
            settled: false,
            custom: (r.template == Template::Custom).then(|| r.proof.clone()),
        })
    }
    /// Refunds that have not failed.
    pub fn refunded(&self) -> u64 {
        self.refunds.values().filter(|r| !r.failed).map(|r| r.amount).sum()
    }
    /// Chargebacks open or lost, without what is secured on the requester.
    pub fn charged_back(&self) -> u64 {
        self.chargebacks.values().filter(|c| c.open || c.lost).map(|c| c.amount.saturating_sub(c.on_requester)).sum()
    }
    pub fn returnable(&self) -> u64 {
        self.captured.saturating_sub(self.refunded()).saturating_sub(self.charged_back())
    }
    /// Cash that an unsettled job can still give back.
    pub fn cash(&self) -> u64 {
        let lost: u64 = self.chargebacks.values().filter(|c| c.lost).map(|c| c.amount.saturating_sub(c.on_requester)).sum();
        self.captured.saturating_sub(self.owed_back).saturating_sub(lost)
    }
    pub fn creditable(&self) -> u64 {
        self.booked.0.saturating_sub(self.credits).saturating_sub(self.compensation)
    }
    pub fn lien(&self) -> bool {
        self.chargebacks.values().any(|c| c.open)
    }
    fn leg(&mut self) -> Option<&mut Leg> {
        self.legs.last_mut().filter(|l| l.open)
    }
    fn pay(&mut self, p: PaymentId, track: Track) {
        self.payments.entry(p).or_insert(Payment { track, event: None }).track = track;
    }

    /// Folds in what happened to its skills.
    pub fn skill(&mut self, at: Instant, e: &nooterra_skills::Event) {
        meter::fold(&mut self.meters, at, e);
    }

    /// Units of a licence that are paid: the smaller of what its meter says and what the events come to; none for a job that
    /// never came past what it can be given back until.
    pub fn units(&self, l: &LicencePin) -> u64 {
        let m = self.meters.get(&l.licence).copied().unwrap_or_default();
        let past = match l.refundable_until {
            Milestone::Booked => self.departed,
            Milestone::EnRoute => self.arrived,
            Milestone::AccessGranted => self.started,
            Milestone::Executing => !self.claimed.is_empty(),
            Milestone::Checkpoint => self.completed,
        };
        let units = m.metered(l.unit, self.started).min(m.counted(l.unit, self.started, self.claimed.len() as u64));
        if past { units } else { 0 }
    }

    /// Folds in what a dispute says.
    pub fn dispute(&mut self, e: &Dispute) {
        match e {
            Dispute::Opened { dispute, .. } => {
                self.disputed.insert(*dispute);
            }
            Dispute::Decided { dispute, verdict } => {
                self.disputed.remove(dispute);
                if !self.settled {
                    self.decided = verdict.earned_bps.or(self.decided);
                }
            }
            Dispute::Dropped { dispute, .. } => {
                self.disputed.remove(dispute);
            }
            Dispute::Escalated { .. } => {}
        }
    }

    /// Folds an event in. Money is folded where its entries are judged.
    pub fn fold(&mut self, id: EventId, e: &Event) {
        match e {
            Event::QuoteAwarded { payment, credit, .. } => {
                self.agreed = (0, credit.minor());
                self.payment = Some(*payment);
                self.pay(*payment, Track::Asked);
            }
            Event::RescheduleAccepted { payment, .. } => self.pay(*payment, Track::Asked),
            Event::PaymentAuthorised { payment, amount, .. } => {
                if self.payment == Some(*payment) {
                    self.agreed.0 = amount.minor();
                }
                self.payments.insert(*payment, Payment { track: Track::Authorised, event: Some(id) });
            }
            Event::PaymentDeclined { payment, .. } | Event::PaymentVoided { payment, .. } => self.pay(*payment, Track::Gone),
            Event::PaymentCaptured { payment, amount } => {
                self.pay(*payment, Track::Captured);
                self.captured += amount.minor();
            }
            Event::JobBooked(b) => {
                self.booked = (b.pins.service.minor(), b.pins.max_claims.minor());
                self.redeemed = b.redeemed.minor();
                self.pins = Some(Box::new(b.pins.clone()));
            }
            Event::JobRescheduled(m) => {
                if let Some(p) = self.pins.as_deref_mut() {
                    (p.window, p.price, p.service) = (m.window, m.price, m.service);
                }
            }
            Event::RobotMatched(m) => {
                self.legs.push(Leg { robot: m.robot, owner: m.owner, leg: m.leg, open: true });
            }
            Event::LeaseRefused { .. } | Event::LeaseLapsed { .. } | Event::LeaseReleased { .. } | Event::LeaseEnded { .. } => {
                if let Some(l) = self.leg() {
                    l.open = false;
                }
            }
            Event::Departed { .. } => self.departed = true,
            Event::RobotArrived { .. } => self.arrived = true,
            Event::ExecutionStarted { .. } => self.started = true,
            Event::CheckpointReached { index, .. } => {
                let leg = self.legs.last().map_or(0, |l| l.leg);
                self.claimed.push((*index, leg));
                self.stale = true;
            }
            Event::CustodyChanged { to, .. } => self.custody = *to,
            Event::Entered { .. } => self.inside = true,
            Event::Exited { .. } | Event::SafeExitConfirmed { .. } => self.inside = false,
            Event::HandoverOpened { .. } => (self.inside, self.stranded) = (false, false),
            Event::SafeExitForced { .. } => {
                (self.inside, self.stranded) = (false, true);
                if self.custody == Custody::Held {
                    self.custody = Custody::Lost;
                }
            }
            Event::IncidentOpened { incident, severity, code, .. } => {
                let strands = *code == nooterra_jobs::event::IncidentCode::RobotStranded;
                self.incidents.insert(*incident, (*severity, false, strands));
            }
            Event::IncidentRepeated { incident, severity } => {
                if let Some(i) = self.incidents.get_mut(incident) {
                    i.0 = i.0.max(*severity);
                }
            }
            Event::IncidentTriaged { incident, severity, fault, .. } => {
                if let Some(i) = self.incidents.get_mut(incident) {
                    (i.0, i.1) = (*severity, true);
                }
                if *severity >= 4 && !self.settled && *fault != Fault::None {
                    self.fault = *fault;
                }
            }
            Event::WitnessReported { witness, class, point, robot, measure, .. } => {
                self.sights.insert(Sight { point: *point, class: *class, witness: *witness, robot: *robot, measure: *measure });
                self.stale = true;
            }
            Event::ProofEvaluated(p) => {
                self.proof = Some(p.clone());
                self.stale = false;
            }
            Event::JobCancelled { fault, fee_bps, .. } => (self.fault, self.fee_bps) = (*fault, *fee_bps),
            Event::JobAborted { cause, fault, .. } => {
                self.aborted = true;
                self.fault = *fault;
                self.stale = true;
                if let (Cause::AccessFailure, Fault::Requester, Some(p)) = (cause, fault, self.pins.as_deref()) {
                    self.fee_bps = p.cancel.absent_bps;
                }
                if let Some(l) = self.leg() {
                    l.open = false;
                }
            }
            Event::ExecutionCompleted { .. } => (self.completed, self.stale) = (true, true),
            Event::AssistQueued { .. } => self.helping = true,
            Event::AssistStarted { party, .. } => self.helper = Some(*party),
            Event::AssistEnded { billed, .. } => {
                self.helping = false;
                if let Some(p) = self.helper.take() {
                    self.helped.push((p, billed.0));
                }
            }
            Event::AssistExhausted { .. } => (self.helper, self.helping) = (None, false),
            Event::CoverageReserved { .. } => self.covered = true,
            Event::CoverageReleased { .. } => self.covered = false,
            Event::ApprovalAsked(ask) => {
                let amount = if let Wanted::ExtraCost { amount } = ask.wanted { amount.minor() } else { 0 };
                self.asked.insert(ask.approval, amount);
                if let Wanted::SkipZone { place } = ask.wanted {
                    self.to_skip.insert(ask.approval, (ask.step + 1, place));
                }
            }
            Event::ApprovalConsumed { approval } => {
                if let Some(point) = self.to_skip.remove(approval) {
                    self.skipped.insert(point);
                    self.stale = true;
                }
                // Once: what was agreed to besides is part of the price.
                let more = self.asked.remove(approval).and_then(|a| Amount::new(a).ok());
                if let (Some(more), Some(p)) = (more, self.pins.as_deref_mut()) {
                    p.service = p.service.checked_add(more).unwrap_or(p.service);
                }
            }
            Event::SettlementHeld { .. } => self.held = true,
            Event::SettlementReleased { .. } => self.held = false,
            Event::SettlementForfeited { earned_bps, .. } => {
                self.held = false;
                self.forfeited = Some(*earned_bps);
            }
            Event::ProofOverridden { earned_bps, .. } => self.overridden = Some(*earned_bps),
            Event::JobSettled(_) => self.settled = true,
            _ => {}
        }
    }
}
