//! Money, from the events and the book's facts alone: entries follow from events (I22) and balance (I20, I21); ended
//! jobs keep nothing (I23, I9); settlements follow from pins and proof (I24, I26, I31, I33). An entry is of one currency,
//! and that is the one of its event.

use crate::trail::Now;
use crate::trail::after::After;
use crate::trail::dossier::{Dossier, Track};
use crate::trail::entries::{self, Due};
use crate::trail::month::Month;
use crate::trail::purse::{Purse, Row, What};
use crate::trail::reckon;
use crate::verdict::{Class, Notes};
use nooterra_control::fact::{CaseEvent, Event as Payload, GovernanceEvent, Recorded};
use nooterra_control::genesis::Genesis;
use nooterra_control::state::State;
use nooterra_engine::ids::{EventId, JobId, PartyId, RobotId};
use nooterra_engine::money::Currency;
use nooterra_jobs::event::{Custody, Event, Fault, ProofStatus};
use nooterra_jobs::payload::Settlement;
use nooterra_jobs::pins::{HoldRule, ProofItem, WitnessClass};
use nooterra_jobs::terms::ProofNeed;
use nooterra_ledger::audit::{Auditor, Finding as Found};
use nooterra_ledger::{Account, Fact as LedgerFact, Side};
use std::collections::{BTreeMap, BTreeSet};

/// What an event must have.
#[derive(Debug)]
struct Expected {
    name: &'static str,
    job: Option<JobId>,
    /// In which currency; whatever it is for an event that moves no money.
    currency: Option<Currency>,
    due: Vec<Due>,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Money {
    parties: BTreeSet<PartyId>,
    witnesses: BTreeMap<[u8; 16], PartyId>,
    owners: BTreeMap<RobotId, PartyId>,
    auditor: Auditor,
    pub purse: Purse,
    pub jobs: BTreeMap<JobId, Dossier>,
    withdrawn: BTreeSet<JobId>,
    with_money: BTreeSet<JobId>,
    due: BTreeMap<EventId, Expected>,
    touched: BTreeSet<JobId>,
    after: After,
    month: Month,
    pub entries: Notes,
    pub settled: Notes,
    pub kept: Notes,
}

impl Money {
    pub fn new(g: &Genesis) -> Self {
        Self {
            parties: g.parties.iter().map(|p| p.party).collect(),
            witnesses: g.witnesses.iter().map(|w| (w.actor, w.owner)).collect(),
            owners: g.robots.iter().map(|r| (r.robot, r.owner)).collect(),
            auditor: Auditor::default(),
            purse: Purse::default(),
            jobs: BTreeMap::new(),
            withdrawn: BTreeSet::new(),
            with_money: BTreeSet::new(),
            due: BTreeMap::new(),
            touched: BTreeSet::new(),
            after: After::new(g.policy.payout_mature),
            month: Month::new(g.epoch),
            entries: Notes::of("entries follow from events and balance", &[22, 20, 21]),
            settled: Notes::of("settlements follow from pins and proof", &[31, 24, 26, 33]),
            kept: Notes::of("escrow ends with its job", &[23, 9]),
        }
    }
    /// All notes of money.
    pub fn notes(&self) -> [&Notes; 5] {
        [&self.entries, &self.settled, &self.kept, &self.after.notes, &self.month.notes]
    }

    /// An event was written; its entries come later in the unit.
    pub fn event(&mut self, n: Now, job: Option<JobId>, r: &Recorded) {
        let (id, name) = (r.header.event_id, r.payload.name());
        match (&r.payload, job) {
            (Payload::Job(e), Some(job)) => {
                if let Some(d) = Dossier::new(job, e) {
                    self.jobs.insert(job, d);
                    return;
                }
                if matches!(e, Event::JobWithdrawn { .. }) {
                    self.withdrawn.insert(job);
                }
                let Some(mut d) = self.jobs.remove(&job) else { return };
                self.judge(n, &d, e);
                let currency = d.currency;
                match e {
                    Event::JobSettled(_) => self.month.settled(job, n.at),
                    Event::RefundIssued { origin_period, .. } => self.month.late(n, name, job, currency, origin_period.as_deref()),
                    _ => {}
                }
                let due = entries::of_job(&mut d, self.purse.of(currency), id, e);
                d.fold(id, e);
                self.jobs.insert(job, d);
                self.touched.insert(job);
                self.expect(id, name, Some(job), currency, due);
            }
            (Payload::Case(e), Some(job)) => {
                let Some(d) = self.jobs.get_mut(&job) else { return };
                let (currency, due) = (d.currency, entries::of_case(d, e));
                if let CaseEvent::Claim(c) = e
                    && c.what.moves_money()
                {
                    self.month.late(n, name, job, currency, c.origin_period.as_deref());
                }
                self.touched.insert(job);
                self.expect(id, name, Some(job), currency, due);
            }
            (Payload::Skill(e), Some(job)) => {
                if let Some(d) = self.jobs.get_mut(&job) {
                    d.skill(n.at, e);
                }
            }
            (Payload::Party(e), _) => {
                let Some(party) = party_of(&r.header.stream) else { return };
                if let Some((currency, due)) = self.after.party(n, &self.purse, party, e) {
                    self.expect(id, name, None, currency, due);
                }
            }
            (Payload::Period(e), _) => {
                // The period's name begins with its currency.
                let Some(currency) = currency_of(&r.header.stream) else {
                    let story = format!("{} is no period of a currency", r.header.stream);
                    return self.month.notes.broke_as(Some(28), Class::Safety, n.at, n.tick, story, vec![]);
                };
                self.month.event(n, self.purse.of(currency), id, e);
                self.expect(id, name, None, currency, entries::of_period(e));
            }
            _ => {}
        }
    }

    fn expect(&mut self, id: EventId, name: &'static str, job: Option<JobId>, currency: Currency, due: Vec<Due>) {
        if !due.is_empty() {
            self.due.insert(id, Expected { name, job, currency: Some(currency), due });
        }
    }

    /// Somebody is a party from now on.
    pub fn governed(&mut self, e: &GovernanceEvent) {
        if let GovernanceEvent::PartyVerified { party, .. } = e {
            self.parties.insert(*party);
        }
    }

    /// A fact of the book.
    pub fn ledger(&mut self, n: Now, f: &LedgerFact) {
        self.entries.checked();
        for found in self.auditor.observe(f) {
            self.audited(n, &found);
        }
        if let LedgerFact::PeriodClosed(c) = f {
            self.month.closed(c.currency, c.to);
        }
        let Some((cause, row)) = self.purse.fold(f) else { return };
        if row.currency.is_none() {
            let story = format!("an entry M{} is of several currencies", row.code);
            self.entries.broke_as(Some(20), Class::Safety, n.at, n.tick, story, vec![]);
        }
        self.month.row(n, cause, &row);
        self.after.row(&row);
        let payee = |a: &Account| match a {
            Account::RequesterRefundPayable { party } | Account::RequesterCredit { party } => Some(*party),
            a if super::purse::is_payable(a) => a.party(),
            _ => None,
        };
        for p in row.sides.keys().filter(|(_, s)| *s == Side::Credit).filter_map(|(a, _)| payee(a)) {
            if !self.parties.contains(&p) {
                let story = format!("money is owed to {p}, which is no verified party");
                self.month.notes.broke_as(Some(27), Class::Safety, n.at, n.tick, story, vec![p.to_string()]);
            }
        }
        if let Some(job) = row.job {
            self.touched.insert(job);
            if matches!(row.what, What::Posted | What::Taken) {
                self.with_money.insert(job);
            }
        }
    }

    fn audited(&mut self, n: Now, f: &Found) {
        let number = match f {
            Found::Unbalanced { .. } | Found::NotZero { .. } => 20,
            Found::SecondOutcome { .. } => 22,
            Found::BadPeriod { .. } | Found::BadTrial { .. } => 28,
            _ => 21,
        };
        let to = if number == 28 { &mut self.month.notes } else { &mut self.entries };
        to.broke_as(Some(number), Class::Safety, n.at, n.tick, f.to_string(), vec![]);
    }

    /// The unit is over: every event has its entries, and no others.
    pub fn close(&mut self, n: Now) {
        let mut rows = std::mem::take(&mut self.purse.rows);
        for (id, expected) in std::mem::take(&mut self.due) {
            let own = rows.remove(&id).unwrap_or_default();
            self.compare(n, expected, own);
        }
        for (_, own) in rows {
            let job = own.first().and_then(|r| r.job);
            self.compare(n, Expected { name: "an event that moves no money", job, currency: None, due: Vec::new() }, own);
        }
        self.month.close(n, &self.purse);
        for job in std::mem::take(&mut self.touched) {
            self.escrow(n, job);
            if let Some(d) = self.jobs.get(&job) {
                self.after.job(n, self.purse.of(d.currency), d);
            }
        }
    }

    fn compare(&mut self, n: Now, expected: Expected, own: Vec<Row>) {
        let Expected { name, job, currency, mut due } = expected;
        self.entries.checked();
        let ids: Vec<String> = job.iter().map(ToString::to_string).collect();
        let credits =
            |s: &super::purse::Sides| -> Vec<_> { s.iter().filter(|((_, x), _)| *x == Side::Credit).map(|(k, v)| (*k, *v)).collect() };
        for row in own {
            let same = |d: &Due| {
                d.code == row.code
                    && d.what == row.what
                    && (d.sides == row.sides || (d.any_debits && credits(&d.sides) == credits(&row.sides)))
            };
            if let (Some(c), Some(r)) = (currency, row.currency)
                && c != r
            {
                let story = format!("{name} is of {c}, and its entry M{} moves {r}", row.code);
                self.entries.broke_as(Some(22), Class::Safety, n.at, n.tick, story, ids.clone());
            }
            let whole: u64 = row.sides.iter().filter(|((_, s), _)| *s == Side::Debit).map(|(_, v)| v).sum();
            if let Some(i) = due.iter().position(|d| !d.any && same(d)) {
                due.remove(i);
            } else if !due.iter().any(|d| d.any && d.code == row.code) {
                let story = format!("{name} has an entry M{} ({:?} {whole}) that does not follow from it", row.code, row.what);
                self.entries.broke_as(Some(22), Class::Safety, n.at, n.tick, story, ids.clone());
            }
        }
        for d in due.into_iter().filter(|d| !d.any) {
            let story = format!("{name} lacks its entry M{} ({:?} {:?})", d.code, d.what, d.sides.values().collect::<Vec<_>>());
            self.entries.broke_as(Some(22), Class::Safety, n.at, n.tick, story, ids.clone());
        }
    }

    fn escrow(&mut self, n: Now, job: JobId) {
        self.kept.checked();
        let Some(till) = self.jobs.get(&job).map(|d| self.purse.of(d.currency)) else { return };
        let (escrow, held) = (till.posted(Account::Escrow { job }), till.posted(Account::Held { job }));
        let ids = vec![job.to_string()];
        let settled = self.jobs.get(&job).is_some_and(|d| d.settled);
        if escrow < 0 || held < 0 {
            self.kept.broke_as(Some(23), Class::Safety, n.at, n.tick, format!("escrow {escrow}, held {held}"), ids);
        } else if settled && (escrow, held) != (0, 0) {
            let story = format!("the job has settled and keeps {escrow} in escrow, {held} held");
            self.kept.broke_as(Some(23), Class::Safety, n.at, n.tick, story, ids);
        } else if self.withdrawn.contains(&job) && self.with_money.contains(&job) {
            self.kept.broke_as(Some(9), Class::Safety, n.at, n.tick, "the job was withdrawn, and money of it has moved".into(), ids);
        }
    }

    fn wrong(&mut self, n: Now, number: u8, d: &Dossier, story: String) {
        self.settled.broke_as(Some(number), Class::Safety, n.at, n.tick, story, vec![d.job.to_string()]);
    }

    /// What an event of a job says about proof and settlement, against the dossier before it.
    fn judge(&mut self, n: Now, d: &Dossier, e: &Event) {
        match e {
            Event::WitnessReported { witness, class, robot, .. } if *class != WitnessClass::RequesterConfirm => {
                self.settled.checked();
                let by = self.witnesses.get(witness.as_bytes()).copied();
                if by.is_none() || by == self.owners.get(robot).copied() {
                    self.wrong(n, 33, d, format!("{witness} speaks about {robot} and is not independent of it"));
                }
            }
            Event::ProofEvaluated(p) => {
                self.settled.checked();
                let own = reckon::proof(d).map(|(s, e, _)| (s, e));
                if own != Some((p.status, p.earned_bps)) {
                    self.wrong(n, 33, d, format!("the proof says {:?} {} bps, its witnesses {own:?}", p.status, p.earned_bps));
                }
            }
            Event::SettlementForfeited { earned_bps, .. } => {
                self.settled.checked();
                let proven = d.started && d.pins.as_deref().is_some_and(|p| p.hold_rule == HoldRule::Proven);
                let own = reckon::proof(d).filter(|_| proven).map_or(0, |(_, _, mean)| d.decision().unwrap_or(mean));
                if own != *earned_bps {
                    self.wrong(n, 33, d, format!("forfeited at {earned_bps} bps, its witnesses prove {own}"));
                }
            }
            Event::JobBooked(b) => {
                self.settled.checked();
                if d.custom
                    .as_ref()
                    .is_some_and(|asked| asked.len() != b.pins.proof.len() || !asked.iter().zip(&b.pins.proof).all(is_as_asked))
                {
                    self.wrong(n, 31, d, "custom work is to be proven otherwise than its requester asked".to_owned());
                }
                let (authorised, promised) = d.agreed;
                let (taken, price) = (b.redeemed.minor(), b.pins.total());
                if taken != promised || authorised.checked_add(taken) != Some(price) {
                    let story =
                        format!("booked at {price} with {authorised} authorised and {taken} of credit, {promised} of which was promised");
                    self.wrong(n, 24, d, story);
                }
            }
            Event::JobSettled(s) => self.settlement(n, d, s),
            _ => {}
        }
    }

    fn settlement(&mut self, n: Now, d: &Dossier, s: &Settlement) {
        self.settled.checked();
        for open in gate(d) {
            self.wrong(n, 33, d, format!("settled although {open}"));
        }
        let fails = d.proof.as_ref().is_some_and(|p| p.status == ProofStatus::Fail) && d.forfeited.is_none() && d.decision().is_none();
        if fails && s.charge.minor() > 0 && d.fault != Fault::Requester {
            self.wrong(n, 33, d, format!("a failed proof bills {}", s.charge.minor()));
        }
        let (escrow, held) = (Account::Escrow { job: d.job }, Account::Held { job: d.job });
        let till = self.purse.of(d.currency);
        let balance = till.units(escrow) + till.units(held);
        let Some(pins) = d.pins.as_deref() else { return self.wrong(n, 31, d, "settled without terms".into()) };
        // Recomputed from the pins.
        if let Some(r) = reckon::settlement(d, balance) {
            let says = (s.earned_bps, s.charge.minor(), s.refund.minor());
            if says != (r.earned_bps, r.charge, r.refund) {
                let story = format!("bps, charge and refund are {says:?}; from the pins {:?}", (r.earned_bps, r.charge, r.refund));
                self.wrong(n, 31, d, story);
            } else if r.owners.is_none() {
                let mut own: BTreeMap<(&str, Option<PartyId>), u64> = BTreeMap::new();
                for (a, v) in r.parts.iter().filter(|p| p.1 > 0) {
                    *own.entry((a.name(), a.party())).or_default() += v;
                }
                let mut told: BTreeMap<(&str, Option<PartyId>), u64> = BTreeMap::new();
                for p in &s.parts {
                    *told.entry((p.account.as_str(), p.party)).or_default() += p.amount.minor();
                }
                if own != told {
                    self.wrong(n, 31, d, format!("the parts are {told:?}; from the pins {own:?}"));
                }
            }
        }
        // The equation.
        let of = |names: &[&str]| s.parts.iter().filter(|p| names.contains(&p.account.as_str())).map(|p| p.amount.minor()).sum::<u64>();
        let coverage = of(&["insurer_payable", "coverage_reserve", "coverage_revenue"]);
        let all: u64 = s.parts.iter().map(|p| p.amount.minor()).sum();
        let topped = all.saturating_sub(balance);
        let lost: u64 = d.chargebacks.values().filter(|c| c.lost).map(|c| c.secured()).sum();
        let (came, went) = (d.captured + d.redeemed + topped, s.charge.minor() + coverage + s.refund.minor() + d.moved + lost);
        if came != went || s.charge.minor() > pins.service.minor() {
            let story =
                format!("{came} came in and {went} is accounted for; charge {}, service amount {}", s.charge.minor(), pins.service.minor());
            self.wrong(n, 24, d, story);
        }
        let caps: u64 = pins.licences.iter().map(|l| l.cap.minor()).sum();
        if of(&["developer_payable"]) > caps {
            self.wrong(n, 26, d, format!("royalties of {} over the caps of {caps}", of(&["developer_payable"])));
        }
    }

    /// The run is over.
    pub fn end(&mut self, n: Now, s: &State) {
        self.close(n);
        let ended = self.jobs.values().filter(|d| d.settled).map(|d| d.job).chain(self.withdrawn.iter().copied()).collect();
        let found: Vec<Found> =
            self.auditor.sums().into_iter().chain(self.auditor.compare(&s.book)).chain(self.auditor.ended(&ended)).collect();
        for f in found {
            match f {
                Found::EndedJobHasMoney { .. } => self.kept.broke_as(Some(23), Class::Safety, n.at, n.tick, f.to_string(), vec![]),
                f => self.audited(n, &f),
            }
        }
        for c in self.purse.currencies() {
            self.month.statements(n, self.purse.of(c), &s.book);
        }
        self.after.end(n, s);
    }
}

/// What keeps a job from settling.
fn gate(d: &Dossier) -> Vec<&'static str> {
    let mut open = Vec::new();
    if d.forfeited.is_none() {
        let proven = d.proof.as_ref().is_some_and(|p| p.status != ProofStatus::Insufficient) && !d.stale;
        if d.started && !proven && d.decision().is_none() {
            open.push("nothing proves it");
        }
        let fetched = d.incidents.values().any(|(_, triaged, strands)| *triaged && *strands);
        if d.inside || (d.stranded && !fetched) {
            open.push("the robot is inside");
        }
        if d.custody == Custody::Held {
            open.push("the robot has the item");
        }
        if d.custody == Custody::Deposited {
            open.push("the item lies where another robot should fetch it");
        }
        if d.incidents.values().any(|(severity, triaged, _)| *severity >= 4 && !*triaged) {
            open.push("a serious incident is not looked at");
        }
    }
    if d.forfeited.is_none() && d.helping {
        open.push("an operator is asked for");
    }
    if d.covered {
        open.push("an operator stands by");
    }
    if !d.disputed.is_empty() {
        open.push("a dispute is open");
    }
    if d.legs.last().is_some_and(|l| l.open) {
        open.push("a lease is open");
    }
    let main = d.payment.and_then(|p| d.payments.get(&p)).map(|p| p.track);
    let waits = d.payments.values().any(|p| matches!(p.track, Track::Asked | Track::Authorised));
    if waits || !matches!(main, Some(Track::Captured | Track::Gone)) {
        open.push("a payment is under way");
    }
    if d.lien() {
        open.push("a chargeback is open");
    }
    open
}

fn currency_of(stream: &str) -> Option<Currency> {
    stream.strip_prefix("period/").and_then(|p| p.split_once('-')).and_then(|(c, _)| Currency::parse(c).ok())
}

fn party_of(stream: &str) -> Option<PartyId> {
    stream.strip_prefix("party/").and_then(|p| p.parse().ok())
}

/// Is an item of proof the one that the requester asked for?
fn is_as_asked((asked, pinned): (&ProofNeed, &ProofItem)) -> bool {
    let same = asked.name == pinned.name && asked.classes == pinned.classes && asked.points == pinned.points;
    same && (asked.weight_bps, asked.threshold_bps, 0) == (pinned.weight_bps, pinned.threshold_bps, pinned.required_mm2)
}
