//! Random histories of one job's money against the naive [`Model`](super::model::Model): after every step the auditor
//! finds nothing and the invariants of money hold; at the end every kind of step has succeeded and been refused.
#![allow(clippy::cast_possible_truncation)] // small numbers pick from short lists

use super::model::{Claimed, Is, Model, Refunded};
use super::{Desk, EUR, cause, job, party, plain};
use crate::adjust::AdjustmentLine;
use crate::book::{Breach, BreachKind};
use crate::credit::{CreditFunding, InsurerPart};
use crate::settle::{AssistCharge, CoverageSplit, LegShare, Split};
use crate::*;
use nooterra_engine::Span;
use nooterra_engine::ids::{AssistId, ChargebackId, ClaimId, RefundId, SkillId};
use nooterra_engine::money::Amount;
use nooterra_ledger::audit::Auditor;
use nooterra_ledger::{Account, Command, Role, submit};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;

const STEPS: [&str; 24] = [
    "capture again",
    "hold",
    "release",
    "forfeit",
    "settle",
    "move",
    "refund the rest",
    "refund",
    "refund ends",
    "chargeback opened",
    "chargeback won",
    "chargeback lost",
    "credit",
    "compensation",
    "claim opened",
    "claim reserved",
    "claim approved",
    "claim denied",
    "claim paid",
    "recovery",
    "payout",
    "payout ends",
    "provider settles",
    "adjustment",
];
/// How long money matures here.
pub(super) const MATURE: Span = Span::from_secs(5);

type Counts = BTreeMap<&'static str, [u64; 2]>;

pub(super) struct World {
    pub(super) d: Desk,
    pub(super) m: Model,
    pub(super) auditor: Auditor,
    pub(super) audited: usize,
    pub(super) now_s: u64,
    pub(super) payouts: Vec<(Payout, bool)>,
    pub(super) captured: Command,
    pub(super) exposure: period::Exposure,
}

fn amount(v: u64) -> Amount {
    Amount::new(v).unwrap()
}
fn requester() -> nooterra_engine::ids::PartyId {
    party("requester")
}

impl World {
    fn new(service: u64, coverage: u64, credit: u64, pays: bool) -> Self {
        let redeemed = credit.min(service + coverage);
        let mut d = Desk::default();
        d.money.open(job(), requester(), EUR, amount(service), amount(service * 2));
        if redeemed > 0 {
            let given = [(Account::GoodwillExpense, 1), (Account::RequesterCredit { party: requester() }, -1)];
            let sum = i64::try_from(redeemed).unwrap();
            let given = given.map(|(account, sign)| AdjustmentLine { account, amount: sign * sum });
            d.carry_out(adjust::posted(cause("given", 1), &given, None));
        }
        let due = service + coverage - redeemed;
        d.carry_out(payment::authorised(cause("auth", 2), job(), due));
        d.carry_out(payment::redeemed(cause("booked", 3), job(), requester(), redeemed));
        let entry = payment::authorisation(cause("auth", 2).event);
        let captured = if pays { due } else { 0 };
        let last = payment::captured(cause("captured", 4), entry, captured);
        if due > 0 {
            d.carry_out([last.clone()]);
        }
        d.money.evolve(&MoneyBook::captured(job(), captured));
        let m = Model {
            service,
            coverage,
            max_claims: service * 2,
            redeemed,
            captured,
            escrow: captured + redeemed,
            psp: i128::from(captured),
            ..Model::default()
        };
        let again = payment::captured(cause("captured again", 5), entry, due.max(1));
        let exposure = period::Exposure::default();
        Self { d, m, auditor: Auditor::default(), audited: 0, now_s: 10, payouts: Vec::new(), captured: again, exposure }
    }

    fn cause(&self) -> Cause {
        cause(&format!("step at {}", self.now_s), self.now_s)
    }
    /// The room must agree with the model; what it decides must go through the ledger.
    pub(super) fn go(&mut self, may: bool, step: Result<Step, Refusal>) -> Result<bool, TestCaseError> {
        prop_assert_eq!(step.is_ok(), may, "{:?}", step);
        if let Ok(step) = step {
            step.commands.iter().for_each(|c| self.exposure.follow(c, EUR));
            self.d.step(Ok(step)).unwrap();
        }
        Ok(may)
    }
    pub(super) fn post(&mut self, c: Option<Command>) -> bool {
        let moves = c.is_some();
        c.iter().for_each(|c| self.exposure.follow(c, EUR));
        self.d.carry_out(c);
        moves
    }
    /// The ledger itself refuses.
    fn refused(&mut self, c: &Command) -> Result<bool, TestCaseError> {
        let (facts, end) = submit(&mut self.d.book, c);
        self.d.facts.extend(facts);
        prop_assert!(end.is_err());
        Ok(false)
    }

    fn settle_input(&self, a: u64, b: u64) -> SettlementInput {
        let proof = [ProofStatus::Pass, ProofStatus::Partial, ProofStatus::Fail][(a % 3) as usize];
        let earned_bps = match proof {
            ProofStatus::Pass => 10_000,
            ProofStatus::Partial => 1_000 + u32::try_from(b % 9_000).unwrap(),
            _ => 0,
        };
        let faults = [Fault::None, Fault::Requester, Fault::Owner, Fault::Developer, Fault::Platform];
        let fault = if proof == ProofStatus::Pass { Fault::None } else { faults[(b % 5) as usize] };
        let licence = Licence::delivery(SkillId::named("drive"), party("dev"), amount(self.m.service)).unwrap();
        let assist = AssistCharge { assist: AssistId::named("a"), operator: party("op"), billed_ns: b * 1_000_000_000, rate_per_min: 40 };
        SettlementInput {
            event: self.cause().event,
            at: self.cause().at,
            service: amount(self.m.service),
            coverage: amount(self.m.coverage),
            escrow: self.m.escrow,
            held: self.m.held,
            captured: self.d.m().cash(),
            proof,
            earned_bps,
            fault,
            fee_bps: 4_000,
            legs: vec![LegShare { owner: party("owner"), share: a % 7 }, LegShare { owner: party("second"), share: b % 4 }],
            licences: vec![licence.used(a % 6, 5, true)],
            assists: if a.is_multiple_of(2) { vec![assist] } else { Vec::new() },
            coverage_split: CoverageSplit { insurer: Some((party("insurer"), 5_000)), reserve: 3_000, revenue: 2_000 },
            ..plain()
        }
    }

    fn settle(&mut self, a: u64, b: u64) -> Result<bool, TestCaseError> {
        let input = self.settle_input(a, b);
        let done = settle::job_settled(self.d.m(), &input);
        let may = self.m.may_settle();
        let statement = done.as_ref().ok().map(|(s, _)| s.clone());
        self.go(may, done.map(|(_, step)| step))?;
        if let Some(s) = statement {
            // I24, with what was lost of the job's own money.
            let lost: u64 = self.m.disputes.iter().filter(|d| d.is == Is::Done).map(|d| d.escrow + d.held).sum();
            let money_in = self.m.captured + self.m.redeemed + s.topped_up;
            prop_assert_eq!(money_in, s.charge + s.coverage + s.refund + self.m.moved + lost);
            prop_assert!(s.charge <= self.m.service);
            for (n, share) in [settle::Share::Owner, settle::Share::Operator, settle::Share::Developer].into_iter().enumerate() {
                let to = [party("owner"), party("op"), party("dev")][n];
                if s.parts.iter().any(|p| p.share == share && p.party == Some(to)) {
                    self.m.paid_roles.insert(u8::try_from(n).unwrap());
                }
            }
            self.m.settled = true;
            (self.m.escrow, self.m.held) = (0, 0);
            self.m.owed += s.refund_cash;
            self.m.credit += i128::from(s.refund_credit);
        }
        Ok(may)
    }

    fn funding(n: u8) -> Funding {
        match n {
            0 => Funding::Party { role: Role::Owner, party: party("owner") },
            1 => Funding::Party { role: Role::Operator, party: party("op") },
            2 => Funding::Party { role: Role::Developer, party: party("dev") },
            3 => Funding::Platform,
            _ => Funding::Legs,
        }
    }

    fn step(&mut self, kind: usize, a: u64, b: u64) -> Result<bool, TestCaseError> {
        let (now, pools) = (self.cause(), self.d.pools());
        let n = |v: u64| u32::try_from(v).unwrap();
        let fund = u8::try_from(b % 7).unwrap();
        match kind {
            0 => {
                let again = self.captured.clone();
                // The authorisation is over; for another event, too. Of no amount there was none.
                let Command::Post(mut p) = again else { return Ok(false) };
                p.resolution.id = entry_id(now.event, Template::Captured, 0);
                p.resolution.at = now.at;
                self.refused(&Command::Post(p))
            }
            1 => {
                let moves = !self.m.settled && self.post(hold::held(now, job(), self.m.escrow));
                if moves {
                    self.m.held += self.m.escrow;
                    self.m.escrow = 0;
                }
                Ok(moves)
            }
            2 | 3 => {
                let back = if kind == 2 { hold::released } else { hold::forfeited };
                let moves = self.post(back(now, job(), self.m.held));
                self.m.escrow += self.m.held;
                self.m.held = 0;
                Ok(moves)
            }
            4 => self.settle(a, b),
            5 => {
                let (fee, decrease) = (a % (self.m.escrow / 3 + 3), 1 + b % (self.m.escrow / 3 + 3));
                let cash = decrease.min(self.d.m().cash());
                let owner_part = change::fee_parts(fee, Split::default(), party("owner"));
                let v = change::Move { fee, decrease, split: Split::default(), owner: party("owner"), escrow: self.m.escrow };
                let step = change::moved(self.d.m(), now, v);
                let done = self.go(self.m.may_move(fee, decrease), step)?;
                if done {
                    if owner_part.iter().any(|p| p.share == settle::Share::Owner) {
                        self.m.paid_roles.insert(0);
                    }
                    self.m.escrow -= fee + decrease;
                    self.m.moved += fee + decrease;
                    self.m.owed += cash;
                    self.m.credit += i128::from(decrease - cash);
                }
                Ok(done)
            }
            6 | 7 => {
                let id = if b.is_multiple_of(16) { 0 } else { n(self.m.refunds.len() as u64) };
                let most = if kind == 6 { self.m.owed_free() } else { self.m.returnable() };
                let r = refund::Refund { refund: RefundId::named(&id.to_string()), amount: a % (most + 4) };
                let (may, step) = if kind == 6 {
                    let owed = u64::try_from(self.d.book.balance(Account::RequesterRefundPayable { party: requester() }, EUR).available());
                    prop_assert_eq!(owed, Ok(self.m.owed_free()));
                    (self.m.may_refund_rest(id, r.amount), refund::of_settlement(self.d.m(), now, r, self.m.owed_free()))
                } else {
                    let step = refund::after_settlement(self.d.m(), now, r, Self::funding(fund), pools);
                    (self.m.may_refund(id, r.amount, fund), step)
                };
                let done = self.go(may, step)?;
                if done {
                    self.m.refunds.push(Refunded { id, amount: r.amount, of_settlement: kind == 6, is: Is::Open });
                }
                Ok(done)
            }
            8 => {
                let at = a as usize % (self.m.refunds.len() + 1);
                let may = self.m.refunds.get(at).is_some_and(|r| r.is == Is::Open);
                let id = self.m.refunds.get(at).map_or(99, |r| r.id);
                let paid = !b.is_multiple_of(3);
                let step = refund::ended(self.d.m(), now, RefundId::named(&id.to_string()), paid);
                let done = self.go(may, step)?;
                if done {
                    let r = &mut self.m.refunds[at];
                    r.is = if paid { Is::Done } else { Is::Undone };
                    if paid {
                        self.m.psp -= i128::from(r.amount);
                        self.m.owed -= if r.of_settlement { r.amount } else { 0 };
                    }
                }
                Ok(done)
            }
            9 => {
                let id = n(b % 5);
                let o = chargeback::Opened {
                    chargeback: ChargebackId::named(&id.to_string()),
                    amount: a % (self.m.captured + 4) / (1 + b % 3),
                    fee: b % 20,
                };
                let may = self.m.may_charge_back(id, o.amount);
                let step = chargeback::opened(self.d.m(), now, o, self.d.cover(), pools);
                let done = self.go(may, step)?;
                if done {
                    self.m.charge_back(id, o.amount, o.fee);
                }
                Ok(done)
            }
            10 | 11 => {
                let id = self.m.disputes.get(b as usize % (self.m.disputes.len() + 1)).map_or(9, |d| d.id);
                let open = self.m.disputes.iter().find(|d| d.id == id && d.is == Is::Open).cloned();
                let c = ChargebackId::named(&id.to_string());
                if kind == 10 {
                    let back = open.as_ref().map_or(0, |d| a % (d.fee + 2));
                    let may = open.is_some_and(|d| back <= d.fee);
                    let step = chargeback::won(self.d.m(), now, c, back);
                    let done = self.go(may, step)?;
                    if done {
                        self.m.win(id, back);
                    }
                    return Ok(done);
                }
                let fund = u8::try_from(a % 7).unwrap();
                let borne = |d: &super::model::Disputed| d.amount - d.on_requester > d.escrow + d.held;
                let may = open.is_some_and(|d| !borne(&d) || self.m.may_fund(fund));
                let step = chargeback::lost(self.d.m(), now, c, Self::funding(fund), pools);
                let done = self.go(may, step)?;
                if done {
                    self.m.disputes.iter_mut().find(|d| d.id == id).unwrap().is = Is::Done;
                }
                Ok(done)
            }
            12 => {
                let breach = u8::try_from(b % 12).unwrap();
                let v = a % (self.m.creditable() / 2 + 3);
                let funding = match b % 5 {
                    0 => CreditFunding::Platform,
                    1 => CreditFunding::CoverageReserve,
                    2 => CreditFunding::Owner(party("owner")),
                    3 => CreditFunding::Operator(party("op")),
                    _ => CreditFunding::Insurer(InsurerPart { insurer: party("insurer"), bps: n(a % 10_001) }),
                };
                let breaches = [Breach { kind: BreachKind::AssistSlow, leg: breach }];
                let step = credit::issued(self.d.m(), now, &breaches, v, funding, pools);
                let done = self.go(self.m.may_credit(breach, v), step)?;
                if done {
                    self.m.credits += v;
                    self.m.credit += i128::from(v);
                    self.m.credited.insert(breach);
                }
                Ok(done)
            }
            13 => {
                let v = a % (self.m.service / 3 + 2);
                let may = v > 0 && v <= self.m.creditable();
                let step = credit::compensated(self.d.m(), now, party("owner"), amount(v));
                let done = self.go(may, step)?;
                if done {
                    self.m.compensation += v;
                    self.m.credit += i128::from(v);
                }
                Ok(done)
            }
            14 => {
                let (id, demand) = (n(b % 6), a % (self.m.service * 2));
                let may = demand > 0 && self.m.claims.iter().all(|c| c.id != id);
                let step = claim::opened(self.d.m(), ClaimId::named(&id.to_string()), demand);
                let done = self.go(may, step)?;
                if done {
                    let (reserve, payout, refund_part, insurer_owes) = (0, 0, 0, 0);
                    self.m.claims.push(Claimed { id, demand, reserve, payout, refund_part, insurer_owes, paid: false, is: Is::Open });
                }
                Ok(done)
            }
            15..=19 => self.claim(kind, now, pools, a, b),
            20 => self.payout(now, a),
            21 => {
                if self.payouts.is_empty() {
                    return Ok(false);
                }
                let at = a as usize % self.payouts.len();
                let (p, over) = self.payouts[at];
                let end = if b.is_multiple_of(2) { p.confirmed(now) } else { p.failed(now) };
                let Some(end) = end else { return Ok(false) };
                if over {
                    return self.refused(&end);
                }
                self.payouts[at].1 = true;
                if b.is_multiple_of(2) {
                    self.m.cash -= i128::from(p.due.net());
                } else if p.due.role == Role::Requester {
                    self.m.credit += i128::from(p.due.net());
                }
                Ok(self.post(Some(end)))
            }
            22 => {
                let gross = u64::try_from(self.m.psp.max(0)).unwrap() * (a % 4) / 3;
                let moves = self.post(payment::provider_settled(now, gross, b % 5));
                self.m.psp -= i128::from(gross);
                self.m.fees += (b % 5).min(gross);
                self.m.cash += i128::from(gross - (b % 5).min(gross));
                Ok(moves)
            }
            _ => {
                let other = [Account::RequesterCredit { party: requester() }, Account::Escrow { job: job() }][(b % 2) as usize];
                let v = i64::try_from(a % 50).unwrap();
                let lines = [(Account::GoodwillExpense, v), (other, -v)].map(|(account, amount)| AdjustmentLine { account, amount });
                let c = adjust::posted(now, &lines, None);
                prop_assert_eq!(c.is_ok(), v > 0 && b.is_multiple_of(2));
                self.m.credit += if c.is_ok() { i128::from(v) } else { 0 };
                Ok(self.post(c.ok()))
            }
        }
    }
}

#[test]
fn a_jobs_money_holds_its_invariants_over_any_history() {
    let counts: RefCell<Counts> = RefCell::default();
    let config = Config { cases: 6_000, failure_persistence: None, ..Config::default() };
    let job = (2u64..1_500, 0u64..200, prop::option::of(0u64..900), 0u8..12);
    let steps = prop::collection::vec((0..STEPS.len(), any::<u16>(), any::<u16>()), 10..70);
    let run = TestRunner::new(config).run(&(job, steps), |((service, coverage, credit, pays), steps)| {
        let mut w = World::new(service, coverage, credit.unwrap_or(0), pays > 0);
        w.check()?;
        for (kind, a, b) in steps {
            w.now_s += 1 + u64::from(b % 3);
            let done = w.step(kind, a.into(), b.into())?;
            counts.borrow_mut().entry(STEPS[kind]).or_default()[usize::from(!done)] += 1;
            w.check()?;
        }
        w.close()
    });
    let counts = counts.into_inner();
    for (step, [done, refused]) in &counts {
        println!("{step:<20} {done:>7} carried out {refused:>7} refused");
    }
    run.unwrap();
    // A capture was made before each history begins; another one never goes through.
    let once = |(step, [done, refused]): (&&str, &[u64; 2])| (*done > 0 || *step == "capture again") && *refused > 0;
    assert!(counts.len() == STEPS.len() && counts.iter().all(once), "{counts:?}");
}
