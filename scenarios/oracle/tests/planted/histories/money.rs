//! What becomes of money: prices of other kinds, chargebacks, claims, months.

use super::{TWO, amount, kept, until};
use nooterra_control::input::{CaseCommand, Document, FinanceCommand, Hours, Line, Month, NewSeries, Repeat, StandingOffer, WeeklyRule};
use nooterra_control::puppets::coins::{three, yen};
use nooterra_control::puppets::rig::{Rig, genesis, party};
use nooterra_control::{NewJob, OwnerCommand, PaymentReport, Policy, RequesterCommand, StaffCommand};
use nooterra_engine::Digest;
use nooterra_engine::ids::JobId;
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::Fault;
use nooterra_jobs::status::Status;
use nooterra_ledger::Account;
use nooterra_port::Report;
use nooterra_trust::claim::{Bearer, Head, Item, Portion};

fn payment(rig: &Rig, job: JobId) -> nooterra_engine::ids::PaymentId {
    rig.c.state().jobs[&job].payment.payment.expect("a payment")
}

fn charged_back(rig: &mut Rig, job: JobId, minor: u64, name: &str) {
    let payment = payment(rig, job);
    let r = PaymentReport::ChargebackOpened {
        payment,
        amount: amount(minor),
        fee: amount(500),
        currency: Currency::EUR,
        reason: "fraud".into(),
        provider_ref: name.into(),
    };
    let _ = rig.send("bank", &r);
}

/// Chargebacks before and after settlement, won and lost.
pub fn chargebacks() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    for (k, early) in [true, true, false, false].into_iter().enumerate() {
        let job = rig.ask(rig.delivery(2, 5));
        until(&mut rig, job, if early { Status::Executing } else { Status::Settled });
        let captured = rig.c.money(job).map_or(0, |m| m.captured);
        let name = format!("cb{k}");
        charged_back(&mut rig, job, captured / 2, &name);
        rig.run(30);
        let won = PaymentReport::ChargebackWon { provider_ref: name.clone(), fee_back: amount(200) };
        let lost = PaymentReport::ChargebackLost { provider_ref: name };
        let _ = if k % 2 == 0 { rig.send("bank", &won) } else { rig.send("bank", &lost) };
        rig.run_job(job, 900);
        rig.run(200);
    }
    rig
}

/// Damage, a claim, its payment; the owner bears it.
pub fn claim() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.knobs.no_triage = true;
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().expect("bound");
    rig.report(bound, Report::Noticed { code: "COLLISION".into(), measure: 2_500 });
    rig.run(2);
    let incident = rig.c.state().cases[&job].incidents.incidents.keys().next().copied();
    if let Some(incident) = incident {
        let _ = rig.send_at("judge", job, &StaffCommand::Triage { job, incident, severity: 3, fault: Fault::Owner, confirmed: true });
        rig.run(60);
        let _ = rig.send(
            "rq",
            &CaseCommand::OpenClaim { job, incident, claimant: None, demand: amount(900), currency: Currency::EUR, head: Head::Property },
        );
        let claim = rig.c.state().cases[&job].claims.claims.keys().last().copied();
        if let Some(claim) = claim {
            let paper = Document { item: Item::Valuation, content_hash: Digest([9; 32]) };
            let _ = rig.send_at("judge", job, &CaseCommand::TriageClaim { job, claim, documents: vec![paper] });
            let split = vec![Portion { bearer: Bearer::Party(party("acme")), bps: 10_000 }];
            let c = CaseCommand::ApproveClaim { job, claim, assessed: amount(800), currency: Currency::EUR, claimant_fault_bps: 0, split };
            let _ = rig.send_at("judge", job, &c);
        }
    }
    rig.run_job(job, 900);
    rig.run(400);
    rig
}

/// Damage, and a judge who decides by what the job's stream said before the last word on it.
pub fn unread() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.knobs.no_triage = true;
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Executing);
    let bound = rig.c.state().jobs[&job].robot().expect("bound");
    rig.report(bound, Report::Noticed { code: "COLLISION".into(), measure: 2_500 });
    rig.run(2);
    let incident = rig.c.state().cases[&job].incidents.incidents.keys().next().copied();
    if let Some(incident) = incident {
        let triage = StaffCommand::Triage { job, incident, severity: 3, fault: Fault::Owner, confirmed: true };
        let _ = rig.send_on("judge", "job/another", &triage);
        let _ = rig.send_at("judge", job, &triage);
    }
    rig.run_job(job, 900);
    rig.run(400);
    rig
}

/// A month ends in the middle, and is set right afterwards by two keys.
pub fn month() -> Rig {
    let mut g = genesis(Policy::scenario(), TWO);
    let november = Month { year: 2026, month: 11 };
    g.epoch = Instant(november.to().0 - 500_000_000_000);
    let mut rig = kept(Rig::of(g, TWO));
    rig.run(10);
    rig.knobs.no_drop_witness = true;
    let held = rig.ask(rig.delivery(2, 5));
    until(&mut rig, held, Status::Completed);
    rig.knobs.no_drop_witness = false;
    let job = rig.ask(rig.delivery(6, 1));
    rig.run_job(job, 900);
    rig.run(500);
    let to = Account::OwnerPayable { party: party("acme") };
    let lines = vec![Line { account: Account::GoodwillExpense, amount: 70 }, Line { account: to, amount: -70 }];
    let c = FinanceCommand::Adjust { currency: Currency::EUR, lines, origin: Some(november), reason: Digest([3; 32]) };
    let _ = rig.send_books("books", Currency::EUR, &c);
    let _ = rig.send_books("books2", Currency::EUR, &c);
    rig.run_job(held, 2_000);
    rig.run(400);
    rig
}

/// Work in euro and in yen, and the end of a month between them.
pub fn two_coins() -> Rig {
    let mut g = three(TWO);
    let november = Month { year: 2026, month: 11 };
    g.epoch = Instant(november.to().0 - 500_000_000_000);
    let mut rig = kept(Rig::of(g, TWO));
    rig.run(10);
    for currency in [yen(), Currency::EUR, yen()] {
        let job = rig.ask(NewJob { currency, ..rig.delivery(2, 5) });
        rig.run_job(job, 900);
    }
    rig.run(600);
    rig
}

/// The same delivery three times at a framework price, each asked for when its time has come, and the series ended.
pub fn series() -> Rig {
    let mut g = genesis(Policy::scenario(), TWO);
    g.policy.series.lead = Span::from_secs(60);
    let mut rig = kept(Rig::of(g, TWO));
    rig.run(10);
    let offer = OwnerCommand::SetStandingOffer(StandingOffer {
        offer: nooterra_engine::ids::StandingOfferId::named("s"),
        templates: vec![nooterra_jobs::terms::Template::Delivery as u8],
        price_bps: 9_000,
        min_service: amount(1),
        capacity: 1,
        substitute: false,
        currency: Currency::EUR,
        zones: vec![],
    });
    let _ = rig.send("acme", &offer);
    let rule = WeeklyRule { days: 127, hours: Hours { from_s: 0, to_s: 86_400 }, zone: "UTC".into(), exceptions: vec![] };
    let job = Box::new(rig.delivery(2, 5));
    let from = rig.now + Span::from_secs(60);
    let (every, until) = (Some(Repeat { every_s: 600, length_s: 1_800 }), from + Span::from_mins(600));
    let new = NewSeries { job, rule, every, from, until, count: Some(5), owner: party("acme") };
    let _ = rig.send("rq", &RequesterCommand::CreateSeries(Box::new(new)));
    rig.run(1_900);
    if let Some(series) = rig.c.state().series.keys().next().copied() {
        let _ = rig.send("rq", &RequesterCommand::EndSeries { series });
    }
    rig.run(900);
    rig
}

/// The bank takes the same money back twice.
pub fn charged_twice() -> Rig {
    let mut rig = kept(Rig::new(TWO));
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    until(&mut rig, job, Status::Settled);
    let captured = rig.c.money(job).map_or(0, |m| m.captured);
    for name in ["first", "second"] {
        charged_back(&mut rig, job, captured, name);
        rig.run(10);
        let _ = rig.send("bank", &PaymentReport::ChargebackLost { provider_ref: name.into() });
    }
    rig.run(300);
    rig
}
