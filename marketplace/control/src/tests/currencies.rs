//! Several currencies in one marketplace: what each refusal is, that nothing is converted, and that every book balances by
//! itself.

use super::coins::{dinar, three, yen};
use super::rig::{Rig, party};
use super::standing::offer;
use crate::control::Control;
use crate::fact::{Event, PartyEvent};
use crate::genesis::Genesis;
use crate::input::{
    Account, CaseCommand, ContractDraft, ContractWord, FinanceCommand, Line, OwnerCommand, PaymentReport, RequesterCommand,
};
use crate::{Fact, NewJob};
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::ContractId;
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::status::Status;
use nooterra_ledger::{Fact as LedgerFact, Side};
use nooterra_settlement::month::Month;
use nooterra_trust::dispute::Ground;
use std::collections::{BTreeMap, BTreeSet};

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

fn amount(minor: u64) -> Amount {
    Amount::new(minor).unwrap()
}
fn rig() -> Rig {
    let mut rig = Rig::of(three(TWO), TWO);
    rig.run(10);
    rig
}

fn takes(g: &mut Genesis, who: &str, currencies: &[Currency]) {
    g.parties.iter_mut().find(|p| p.party == party(who)).unwrap().takes = currencies.to_vec();
}

/// No entry mixes currencies, and the postings of each currency sum to nothing at every entry.
pub fn check_coins(rig: &Rig) {
    let (mut keys, mut sums): (Vec<Currency>, BTreeMap<Currency, i128>) = (Vec::new(), BTreeMap::new());
    for f in rig.facts.iter().filter_map(|f| if let Fact::Ledger(l) = f { Some(l) } else { None }) {
        let (currency, postings) = match f {
            LedgerFact::AccountOpened(o) => {
                keys.push(o.key.currency);
                continue;
            }
            LedgerFact::EntryPosted(b) | LedgerFact::EntryPended(b) => (Some(b.currency), &b.postings),
            LedgerFact::PendingPosted(r) | LedgerFact::PendingVoided(r) => (None, &r.postings),
            _ => continue,
        };
        let own: BTreeSet<Currency> = postings.iter().map(|p| keys[p.account.0 as usize]).collect();
        assert!(own.len() <= 1, "{f:?} mixes {own:?}");
        assert!(currency.is_none() || own.first().copied() == currency, "{f:?} is not of {own:?}");
        for p in postings {
            let signed = i128::from(p.amount) * if p.side == Side::Debit { 1 } else { -1 };
            *sums.entry(keys[p.account.0 as usize]).or_default() += signed;
        }
        assert!(sums.values().all(|v| *v == 0), "{f:?} leaves {sums:?}");
    }
}

fn job_in(rig: &Rig, currency: Currency) -> NewJob {
    NewJob { currency, ..rig.delivery(2, 5) }
}

#[test]
fn a_job_is_priced_paid_and_settled_in_its_own_currency() {
    let mut rig = rig();
    let all = [Currency::EUR, yen(), dinar()];
    let jobs: Vec<_> = all.iter().map(|c| rig.ask(job_in(&rig, *c))).collect();
    for (job, c) in jobs.iter().zip(all) {
        assert_eq!(rig.run_job(*job, 2_000), Status::Settled, "{c}");
        let j = &rig.c.state().jobs[job];
        let pins = j.pins.as_ref().unwrap();
        assert_eq!((pins.currency, rig.c.state().money.job(*job).unwrap().currency), (c, c));
        assert_eq!(Some(&rig.c.state().genesis.contract(c).unwrap().contract), Some(&pins.contract), "the contract of its currency");
        assert!(j.rfq.price.core.minor() >= rig.c.state().genesis.policy.tariff(c).unwrap().rates.base_delivery);
        // Money of a job lies in its currency alone.
        for other in all.iter().filter(|o| **o != c) {
            assert!(rig.c.book().row(Account::Escrow { job: *job }, *other).is_none(), "{c} in {other}");
        }
    }
    rig.run(600);
    rig.check_books();
    check_coins(&rig);
    // Everybody was paid out in each currency by itself.
    let paid: BTreeSet<Currency> = rig
        .facts
        .iter()
        .filter_map(Fact::event)
        .filter_map(|r| if let Event::Party(PartyEvent::PayoutInitiated { currency, .. }) = r.payload { Some(currency) } else { None })
        .collect();
    assert_eq!(paid, BTreeSet::from(all));
    for c in all {
        for who in ["acme", "bolt"] {
            assert_eq!(rig.c.balance(Account::OwnerPayable { party: party(who) }, c), 0, "{who} in {c}");
        }
        assert!(rig.c.balance(Account::PlatformRevenue, c) > 0 && rig.c.balance(Account::CoverageReserve, c) > 0, "{c}");
    }
}

#[test]
fn what_is_not_traded_in_or_not_taken_is_refused() {
    let mut g = three(TWO);
    takes(&mut g, "rq2", &[Currency::EUR]);
    takes(&mut g, "bolt", &[Currency::EUR, dinar()]);
    let mut rig = Rig::of(g, TWO);
    rig.run(10);
    let ask = |rig: &mut Rig, who: &str, c| rig.send(who, &RequesterCommand::CreateJob(Box::new(job_in(rig, c))));
    assert_eq!(ask(&mut rig, "rq", Currency::USD), Err("CURRENCY_MISMATCH".into()), "no tariff, no price");
    assert_eq!(ask(&mut rig, "rq2", yen()), Err("CURRENCY_MISMATCH".into()), "it does not pay in it");
    assert_eq!(ask(&mut rig, "rq2", Currency::EUR), Ok(()));
    // An owner that could not be paid is not asked, and cannot push in.
    let job = rig.ask(NewJob { mode: nooterra_jobs::terms::Mode::Manual, ..job_in(&rig, yen()) });
    assert_eq!(rig.c.state().negotiations[&job].rfq.invited, [party("acme")]);
    let reference = rig.c.state().jobs[&job].rfq.price.total();
    let quote = |rig: &Rig, currency| OwnerCommand::SubmitQuote {
        job,
        service: amount(reference),
        currency,
        arrive: rig.now,
        robot_class: String::new(),
        expires: rig.now + Span::from_secs(60),
    };
    let q = quote(&rig, yen());
    assert_eq!(rig.send("bolt", &q), Err("NOT_INVITED".into()));
    // Its quote in another currency is no price, however good the number looks.
    rig.knobs.no_quotes = true;
    let next = rig.ask(NewJob { mode: nooterra_jobs::terms::Mode::Manual, ..job_in(&rig, yen()) });
    let euro = match quote(&rig, Currency::EUR) {
        OwnerCommand::SubmitQuote { service, currency, arrive, robot_class, expires, .. } => {
            OwnerCommand::SubmitQuote { job: next, service, currency, arrive, robot_class, expires }
        }
        other => other,
    };
    assert_eq!(rig.send("acme", &euro), Err("CURRENCY_MISMATCH".into()));
    // Standing offers speak in their own currency alone.
    let standing = |c| match offer(9_000, 5) {
        OwnerCommand::SetStandingOffer(o) => OwnerCommand::SetStandingOffer(nooterra_market::StandingOffer { currency: c, ..o }),
        other => other,
    };
    assert_eq!(rig.send("bolt", &standing(yen())), Err("CURRENCY_MISMATCH".into()));
    assert_eq!(rig.send("acme", &standing(Currency::USD)), Err("CURRENCY_MISMATCH".into()));
    rig.send("acme", &standing(Currency::EUR)).unwrap();
    let (in_yen, in_euro) = (rig.ask(job_in(&rig, yen())), rig.ask(job_in(&rig, Currency::EUR)));
    assert!(!rig.names(in_yen).contains(&"QUOTE_SUBMITTED") && rig.names(in_euro).contains(&"QUOTE_SUBMITTED"));
    let clear = |currency| OwnerCommand::ClearStandingOffer { currency };
    assert_eq!(rig.send("acme", &clear(yen())), Err("NOT_FOUND".into()));
    rig.send("acme", &clear(Currency::EUR)).unwrap();
}

#[test]
fn money_in_another_currency_than_the_jobs_is_refused() {
    let mut rig = rig();
    rig.knobs.sits_on_authorisations = true;
    let job = rig.ask(job_in(&rig, yen()));
    super::cases::until(&mut rig, job, Status::Awarded);
    let p = super::cases::payment(&rig, job);
    let due = rig.c.state().jobs[&job].payment.amount;
    let expires = rig.now + Span::from_mins(60);
    let said = |currency| PaymentReport::Authorised { payment: p, amount: due, currency, expires, provider_ref: "r".into() };
    assert_eq!(rig.send("bank", &said(Currency::EUR)), Err("CURRENCY_MISMATCH".into()));
    rig.knobs.sits_on_authorisations = false;
    rig.send("bank", &said(yen())).unwrap();
    super::cases::until(&mut rig, job, Status::Completed);
    let dispute = |currency| CaseCommand::OpenDispute { job, ground: Ground::Quality, amount: amount(100), currency };
    assert_eq!(rig.send("rq", &dispute(Currency::EUR)), Err("CURRENCY_MISMATCH".into()));
    let back = |currency| PaymentReport::ChargebackOpened {
        payment: p,
        amount: amount(100),
        fee: Amount::ZERO,
        currency,
        reason: "fraud".into(),
        provider_ref: "c".into(),
    };
    assert_eq!(rig.send("bank", &back(Currency::EUR)), Err("CURRENCY_MISMATCH".into()));
    let handed = |currency| PaymentReport::ProviderSettled { amount: amount(1), fee: Amount::ZERO, currency, provider_ref: "b".into() };
    assert_eq!(rig.send("bank", &handed(Currency::USD)), Err("CURRENCY_MISMATCH".into()));
    rig.send("bank", &handed(yen())).unwrap();
    assert_eq!(rig.send("bank", &handed(yen())), Err("ALREADY_DONE".into()), "one name, one sum, however often it is told");
    // An adjustment is of one book.
    let lines = |account| vec![Line { account: Account::GoodwillExpense, amount: 7 }, Line { account, amount: -7 }];
    let adjust = |currency, who| FinanceCommand::Adjust {
        currency,
        lines: lines(Account::RequesterCredit { party: party(who) }),
        origin: None,
        reason: Digest([3; 32]),
    };
    assert_eq!(rig.send_books("books", Currency::USD, &adjust(Currency::USD, "rq")), Err("CURRENCY_MISMATCH".into()));
    rig.send_books("books", yen(), &adjust(yen(), "rq")).unwrap();
    assert_eq!(
        rig.send_books("books2", Currency::EUR, &adjust(Currency::EUR, "rq")),
        Ok(()),
        "the same number in euro is another decision"
    );
    let credit = |rig: &Rig, c| rig.c.balance(Account::RequesterCredit { party: party("rq") }, c);
    assert_eq!((credit(&rig, yen()), credit(&rig, Currency::EUR)), (0, 0));
    rig.send_books("books2", yen(), &adjust(yen(), "rq")).unwrap();
    assert_eq!((credit(&rig, yen()), credit(&rig, Currency::EUR)), (7, 0));
    check_coins(&rig);
}

#[test]
fn a_contract_of_another_currency_holds_for_nobody_else() {
    let mut rig = rig();
    let terms = rig.c.state().contracts.get(ContractId::named("JPY")).unwrap().document.draft.terms.clone();
    let draft = |currency| ContractDraft {
        scope: nooterra_market::contract::Scope::default(),
        signers: vec![],
        terms: nooterra_market::contract::Terms { currency, ..terms.clone() },
        text_hash: Digest([1; 32]),
        supersedes: None,
    };
    let write = |c| ContractWord::Write { draft: Box::new(draft(c)) };
    assert_eq!(rig.send("market", &write(Currency::USD)), Err("CURRENCY_MISMATCH".into()));
    let named = NewJob { contract: Some(ContractId::named("JPY")), ..job_in(&rig, Currency::EUR) };
    assert_eq!(rig.send("rq", &RequesterCommand::CreateJob(Box::new(named.clone()))), Err("CURRENCY_MISMATCH".into()));
    rig.ask(NewJob { currency: yen(), ..named });
}

#[test]
fn every_currency_has_a_month_of_its_own() {
    let mut g = three(TWO);
    let november = Month { year: 2026, month: 11 };
    g.epoch = Instant(november.to().0 - 400_000_000_000);
    let mut rig = Rig::of(g, TWO);
    rig.run(10);
    for c in [Currency::EUR, yen()] {
        rig.ask(job_in(&rig, c));
    }
    rig.run(600);
    let closed: Vec<String> =
        rig.facts.iter().filter_map(Fact::event).filter(|r| r.payload.name() == "PERIOD_CLOSED").map(|r| r.header.stream.clone()).collect();
    assert_eq!(closed, ["period/EUR-202611", "period/JPY-202611", "period/KWD-202611"], "those without money too");
    for c in rig.c.state().genesis.policy.currencies() {
        assert_eq!(rig.c.book().open_from(c), Some(Instant::from_secs(400)), "{c}");
    }
    check_coins(&rig);
}

#[test]
fn a_genesis_with_half_a_currency_is_refused() {
    let refused = |change: &dyn Fn(&mut Genesis)| {
        let mut g = three(TWO);
        change(&mut g);
        let site = Rig::new(TWO).site;
        Control::new(g, site).err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert_eq!(refused(&|_| {}), "");
    assert!(refused(&|g| g.policy.tariffs.clear()).contains("tariffs"));
    assert!(refused(&|g| g.policy.tariffs.reverse()).contains("tariffs"));
    assert!(refused(&|g| g.policy.tariffs.truncate(2)).contains("contracts"));
    assert!(refused(&|g| g.contracts.truncate(2)).contains("contracts"));
    assert!(refused(&|g| takes(g, "insurer", &[Currency::EUR])).contains("CURRENCY_MISMATCH"), "it is paid by every job");
    assert_eq!(refused(&|g| takes(g, "acme", &[Currency::EUR])), "", "an owner chooses its jobs");
}
