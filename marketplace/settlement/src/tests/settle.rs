//! The settlement arithmetic: by hand, and for any values.

use super::{Desk, EUR, cause, job, party, plain};
use crate::settle::{AssistCharge, CoverageSplit, LegShare, SettleError, Share};
use crate::*;
use nooterra_engine::ids::{AssistId, SkillId};
use nooterra_engine::money::Amount;
use nooterra_ledger::{Account, Command, Entry, Leg, Role};
use proptest::prelude::*;

fn parts(s: &SettlementStatement) -> Vec<(Share, u64)> {
    s.parts.iter().map(|p| (p.share, p.amount)).collect()
}
fn use_of(developer: &str, units: u64, fee: u64, cap: u64) -> LicenceUse {
    let skill = SkillId::named("drive");
    let base = Licence::delivery(skill, party(developer), Amount::ZERO).unwrap();
    Licence { unit: LicenceUnit::Checkpoint, fee, cap, ..base }.used(units, units, true)
}
fn assist(operator: &str, seconds: u64, rate: u64) -> AssistCharge {
    AssistCharge { assist: AssistId::named(operator), operator: party(operator), billed_ns: seconds * 1_000_000_000, rate_per_min: rate }
}

#[test]
fn a_delivered_job() {
    // S 1000 all earned; developer 4 * 5; net 980 = 19.6 + 196 + 764.4; F 50 = 40 + 10.
    let s = settle(&SettlementInput { licences: vec![use_of("dev", 4, 5, 30)], ..plain() }).unwrap();
    assert_eq!(s.statement.outcome, SettlementOutcome::Full);
    assert_eq!(
        parts(&s.statement),
        [
            (Share::Developer, 20),
            (Share::InsuranceReserve, 20),
            (Share::Platform, 196),
            (Share::Owner, 764),
            (Share::CoverageReserve, 40),
            (Share::CoverageRevenue, 10)
        ]
    );
    assert_eq!((s.statement.charge, s.statement.coverage, s.statement.refund), (1000, 50, 0));
    assert_eq!(s.commands.len(), 1);
}

#[test]
fn a_half_proven_job_gives_half_back() {
    let legs = vec![LegShare { owner: party("a"), share: 3_000 }, LegShare { owner: party("b"), share: 2_000 }];
    let s = settle(&SettlementInput { proof: ProofStatus::Partial, earned_bps: 5_000, legs, ..plain() }).unwrap();
    // 500 = 10 + 100 + 390; 390 by 3:2.
    let owners: Vec<_> = s.statement.parts.iter().filter(|p| p.share == Share::Owner).map(|p| (p.party.unwrap(), p.amount)).collect();
    assert_eq!(owners, [(party("a"), 234), (party("b"), 156)]);
    assert_eq!((s.statement.refund_cash, s.statement.refund_credit), (500, 0));
    assert_eq!(s.statement.outcome, SettlementOutcome::Partial);
}

#[test]
fn a_failed_job_of_the_platform_costs_it_the_trip() {
    let input =
        SettlementInput { proof: ProofStatus::Fail, earned_bps: 0, fault: Fault::Platform, last_owner: Some(party("last")), ..plain() };
    let s = settle(&input).unwrap();
    assert_eq!((s.statement.outcome, s.statement.refund, s.statement.trip_fee), (SettlementOutcome::NoCharge, 1050, 100));
    let mut d = Desk::default();
    d.carry_out(payment::authorised(cause("auth", 1), job(), 1050));
    d.carry_out([payment::captured(cause("cap", 2), payment::authorisation(cause("auth", 1).event), 1050)]);
    d.carry_out(s.commands);
    assert_eq!(d.book.posted(Account::OwnerPayable { party: party("last") }, EUR), 100);
    assert_eq!(d.book.posted(Account::GoodwillExpense, EUR), 100);
    assert_eq!(d.book.posted(Account::RequesterRefundPayable { party: party("requester") }, EUR), 1050);
    // A site's fault counts the same only where the platform bears it.
    let site = |site_borne_by_platform| SettlementInput { fault: Fault::Site, site_borne_by_platform, ..input.clone() };
    assert_eq!(settle(&site(true)).unwrap().statement.trip_fee, 100);
    assert_eq!(settle(&site(false)).unwrap().statement.trip_fee, 0);
    // It keeps the coverage fee, the platform's own fault does not.
    assert_eq!((settle(&site(false)).unwrap().statement.coverage, s.statement.coverage), (50, 0));
    assert_eq!(settle(&SettlementInput { departed: false, ..input }).unwrap().statement.trip_fee, 0);
}

#[test]
fn a_requester_who_cancels_pays_the_bracket() {
    let input =
        SettlementInput { proof: ProofStatus::None, earned_bps: 0, started: false, fault: Fault::Requester, fee_bps: 2_000, ..plain() };
    let s = settle(&input).unwrap().statement;
    assert_eq!((s.outcome, s.charge, s.coverage, s.refund), (SettlementOutcome::Fee, 200, 0, 850));
    assert_eq!((s.of(Share::InsuranceReserve), s.of(Share::Platform), s.of(Share::Owner)), (4, 40, 156));
    // Nobody else pays a fee, and proven work counts if it is more.
    assert_eq!(settle(&SettlementInput { fault: Fault::Owner, ..input.clone() }).unwrap().statement.charge, 0);
    let inside = SettlementInput { started: true, earned_bps: 7_000, fee_bps: 6_000, proof: ProofStatus::Partial, ..input };
    assert_eq!(settle(&inside).unwrap().statement.charge, 700);
}

#[test]
fn remote_help_is_billed_to_the_job_up_to_its_cap() {
    // 90 s at 40 a minute = 60; 10 s count as a minute = 40; 5 min = 200: 300, of which the job bears 150.
    let assists = vec![assist("x", 90, 40), assist("y", 10, 40), assist("x", 300, 40)];
    let s = settle(&SettlementInput { assists, ..plain() }).unwrap();
    assert_eq!((s.statement.operator_cost, s.statement.of(Share::Operator), s.statement.operator_excess), (300, 150, 150));
    assert_eq!(s.statement.of(Share::Owner) + s.statement.of(Share::Platform) + s.statement.of(Share::InsuranceReserve), 850);
    let mut d = Desk::default();
    d.carry_out(payment::authorised(cause("auth", 1), job(), 1050));
    d.carry_out([payment::captured(cause("cap", 2), payment::authorisation(cause("auth", 1).event), 1050)]);
    d.carry_out(s.commands);
    let owed = |n| d.book.posted(Account::OperatorPayable { party: party(n) }, EUR);
    assert_eq!((owed("x"), owed("y")), (260, 40));
    assert_eq!(d.book.posted(Account::OperatorExpense, EUR), 150);
}

#[test]
fn the_cap_of_remote_help_is_the_pinned_one() {
    let of = |operator_cap_bps| {
        let s = settle(&SettlementInput { assists: vec![assist("x", 300, 40)], operator_cap_bps, ..plain() }).unwrap().statement;
        (s.of(Share::Operator), s.operator_excess)
    };
    assert_eq!((of(0), of(300), of(10_000)), ((0, 200), (30, 170), (200, 0)));
}

#[test]
fn royalties_are_capped_and_fall_away() {
    let d = |l: LicenceUse, change: &dyn Fn(&mut SettlementInput)| {
        let mut i = SettlementInput { licences: vec![l], ..plain() };
        change(&mut i);
        settle(&i).unwrap().statement.of(Share::Developer)
    };
    assert_eq!(d(use_of("dev", 10, 5, 30), &|_| ()), 30);
    assert_eq!(d(use_of("dev", u64::MAX, 5, 30), &|_| ()), 30);
    assert_eq!(d(use_of("dev", 4, 5, 30), &|i| i.fault = Fault::Developer), 0);
    assert_eq!(d(use_of("dev", 4, 5, 30), &|i| i.started = false), 0);
    assert_eq!(d(LicenceUse { passed: false, ..use_of("dev", 4, 5, 30) }, &|_| ()), 0);
    // More than the charge can bear: shared by what is due.
    let licences = vec![use_of("a", 1, 300, 300), use_of("b", 1, 100, 100)];
    let s = settle(&SettlementInput { licences, proof: ProofStatus::Partial, earned_bps: 1_000, ..plain() }).unwrap().statement;
    let got: Vec<_> = s.parts.iter().filter(|p| p.share == Share::Developer).map(|p| p.amount).collect();
    assert_eq!((got, s.of(Share::Owner)), (vec![75, 25], 0));
}

#[test]
fn the_default_licence_scales_with_the_price() {
    let l = Licence::delivery(SkillId::named("drive"), party("dev"), Amount::new(250).unwrap()).unwrap();
    assert_eq!((l.fee, l.cap, l.used(3, 9, true).due(), l.used(9, 9, true).due()), (3, 13, 9, 13));
}

#[test]
fn a_lost_chargeback_is_filled_up_only_for_proven_work() {
    let lost = SettlementInput { escrow: 400, captured: 400, ..plain() };
    let s = settle(&lost).unwrap();
    assert_eq!((s.statement.charge, s.statement.topped_up, s.statement.coverage, s.statement.refund), (1000, 650, 50, 0));
    assert_eq!(s.commands.len(), 2);
    let s = settle(&SettlementInput { proof: ProofStatus::Partial, earned_bps: 9_000, ..lost }).unwrap().statement;
    assert_eq!((s.charge, s.topped_up, s.coverage, s.refund), (350, 0, 50, 0));
}

#[test]
fn credit_goes_back_as_credit() {
    let s = settle(&SettlementInput { captured: 300, proof: ProofStatus::Fail, earned_bps: 0, fault: Fault::Platform, ..plain() })
        .unwrap()
        .statement;
    assert_eq!((s.refund_cash, s.refund_credit), (300, 750));
}

#[test]
fn held_money_is_released_in_the_same_unit() {
    let mut d = Desk::default();
    d.carry_out(payment::authorised(cause("auth", 1), job(), 1050));
    d.carry_out([payment::captured(cause("cap", 2), payment::authorisation(cause("auth", 1).event), 1050)]);
    d.carry_out(hold::held(cause("held", 3), job(), 1050));
    assert_eq!(d.book.posted(Account::Held { job: job() }, EUR), 1050);
    let s = settle(&SettlementInput { escrow: 0, held: 1050, forfeited: true, ..plain() }).unwrap();
    assert_eq!(s.statement.outcome, SettlementOutcome::Forfeit);
    d.carry_out(s.command());
    assert_eq!((d.book.posted(Account::Held { job: job() }, EUR), d.book.posted(Account::Escrow { job: job() }, EUR)), (0, 0));
}

#[test]
fn a_job_without_money_settles_without_entries() {
    let s =
        settle(&SettlementInput { escrow: 0, captured: 0, started: false, earned_bps: 0, proof: ProofStatus::None, ..plain() }).unwrap();
    assert_eq!((s.command(), s.statement.outcome, s.statement.parts.len()), (None, SettlementOutcome::NoCharge, 0));
}

#[test]
fn nonsense_is_refused() {
    assert_eq!(settle(&SettlementInput { earned_bps: 10_001, ..plain() }), Err(SettleError::Bps("earned_bps")));
    assert_eq!(settle(&SettlementInput { fee_bps: 10_001, ..plain() }), Err(SettleError::Bps("fee_bps")));
    assert!(settle(&SettlementInput { escrow: u64::MAX, held: 1, ..plain() }).is_err());
}

fn any_input() -> impl Strategy<Value = SettlementInput> {
    let fault = prop_oneof![
        Just(Fault::None),
        Just(Fault::Requester),
        Just(Fault::Owner),
        Just(Fault::Operator),
        Just(Fault::Developer),
        Just(Fault::Platform),
        Just(Fault::Site)
    ];
    let proof = prop_oneof![Just(ProofStatus::Pass), Just(ProofStatus::Partial), Just(ProofStatus::Fail), Just(ProofStatus::None)];
    let service = prop_oneof![0u64..50, 0u64..10_000, 0u64..=1_000_000_000_000];
    let legs = prop::collection::vec((0u8..4, 0u64..10_000), 0..5);
    let licences = prop::collection::vec((0u8..3, 0u64..20, 0u64..2_000, 0u64..5_000, any::<bool>()), 0..4);
    let assists = prop::collection::vec((0u8..3, 0u64..600, 0u64..500), 0..4);
    let money = (service, 0u64..5_000, 0u32..=12_000, 0u32..=10_000, any::<bool>());
    let facts = (proof, 0u32..=10_000, any::<bool>(), any::<bool>(), fault, any::<bool>(), 0u32..=10_000);
    (money, facts, legs, licences, assists, prop::option::of(0u8..4), any::<bool>()).prop_map(
        |(m, f, legs, licences, assists, last, insured)| {
            let (service, coverage, funded_bps, cash_bps, holds) = m;
            let (proof, earned, started, departed, fault, site, fee_bps) = f;
            let named = |kind: &str, n: u8| party(&format!("{kind}{n}"));
            // Funded in full mostly; short after a chargeback now and then.
            let full = service + coverage;
            let balance =
                if funded_bps >= 10_000 { full } else { u64::try_from(u128::from(full) * u128::from(funded_bps) / 10_000).unwrap() };
            let captured = u64::try_from(u128::from(balance) * u128::from(cash_bps) / 10_000).unwrap();
            SettlementInput {
                service: Amount::new(service).unwrap(),
                coverage: Amount::new(coverage).unwrap(),
                escrow: if holds { 0 } else { balance },
                held: if holds { balance } else { 0 },
                captured,
                proof,
                earned_bps: if proof == ProofStatus::Pass { 10_000 } else { earned },
                started,
                departed,
                fault,
                site_borne_by_platform: site,
                fee_bps,
                legs: legs.into_iter().map(|(n, share)| LegShare { owner: named("owner", n), share }).collect(),
                last_owner: last.map(|n| named("owner", n)),
                licences: licences
                    .into_iter()
                    .map(|(n, units, fee, cap, passed)| LicenceUse { passed, ..use_of(&format!("dev{n}"), units, fee, cap) })
                    .collect(),
                assists: assists.into_iter().map(|(n, s, r)| assist(&format!("op{n}"), s, r)).collect(),
                coverage_split: CoverageSplit { insurer: insured.then(|| (party("insurer"), 3)), reserve: 2, revenue: u32::from(site) },
                ..plain()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_settlement_balances(input in any_input()) {
        let Settlement { statement: s, commands } = settle(&input).unwrap();
        let b = input.escrow + input.held;
        // Money at hand and filled up is charge, coverage fee and refund, and the parts are just that.
        prop_assert_eq!(b + s.topped_up, s.charge + s.coverage + s.refund);
        prop_assert_eq!(s.parts.iter().map(|p| p.amount).sum::<u64>(), b + s.topped_up);
        prop_assert_eq!(s.paid_in().map(|p| p.amount).sum::<u64>(), s.charge + s.coverage);
        prop_assert_eq!(s.refund, s.refund_cash + s.refund_credit);
        prop_assert!(s.charge <= input.service.minor() && s.coverage <= input.coverage.minor());
        prop_assert!(s.refund_cash <= input.captured && s.refund_credit <= b + s.topped_up - s.refund_cash);
        prop_assert!(s.topped_up == 0 || input.proof == ProofStatus::Pass);
        prop_assert!(s.of(Share::Operator) + s.operator_excess == s.operator_cost);
        prop_assert!(s.parts.iter().all(|p| p.amount > 0));
        for l in &input.licences {
            let paid: u64 = s.parts.iter().filter(|p| p.share == Share::Developer && p.party == Some(l.licence.developer)).map(|p| p.amount).sum();
            let cap: u64 = input.licences.iter().filter(|k| k.licence.developer == l.licence.developer).map(LicenceUse::due).sum();
            prop_assert!(paid <= cap);
        }
        if !input.started {
            prop_assert_eq!((s.coverage, s.of(Share::Developer)), (0, 0));
        }
        if input.proof == ProofStatus::Fail && input.earned_bps == 0 && input.fault != Fault::Requester {
            prop_assert_eq!(s.charge, 0);
        }

        // The book takes it, and the job keeps nothing.
        let mut d = Desk::default();
        let redeemed = b - input.captured;
        let requester = input.requester;
        let given = vec![Leg::debit(Account::GoodwillExpense, redeemed), Leg::credit(Account::RequesterCredit { party: requester }, redeemed)];
        if redeemed > 0 {
            let c = cause("given", 0);
            d.carry_out([Command::PostEntry(Entry { id: entry_id(c.event, Template::Compensation, 0), code: 9, cause: c.event, job: None, at: c.at, currency: EUR, legs: given })]);
        }
        d.carry_out(payment::redeemed(cause("booked", 1), input.job, requester, redeemed));
        if input.captured > 0 {
            d.carry_out(payment::authorised(cause("auth", 1), input.job, input.captured + 7));
            d.carry_out([payment::captured(cause("cap", 2), payment::authorisation(cause("auth", 1).event), input.captured)]);
        }
        d.carry_out(hold::held(cause("held", 3), input.job, input.held));
        d.carry_out(commands);
        let stands = |a| d.book.balance(a, EUR);
        for account in [Account::Escrow { job: input.job }, Account::Held { job: input.job }] {
            let b = stands(account);
            prop_assert_eq!((b.posted, b.pending_in, b.pending_out), (0, 0, 0), "{}", account);
        }
        prop_assert_eq!(stands(Account::RequesterRefundPayable { party: requester }).posted, i128::from(s.refund_cash));
        prop_assert_eq!(stands(Account::RequesterCredit { party: requester }).posted, i128::from(s.refund_credit));
        prop_assert_eq!(stands(Account::PartyReceivable { role: Role::Owner, party: input.pinned_owner }).posted, 0);
        let ended = [input.job].into();
        prop_assert_eq!(nooterra_ledger::audit::audit(&d.facts, &ended, Some(&d.book)), vec![]);
        prop_assert_eq!(d.refolded(), d.book);
    }

    #[test]
    fn settling_is_a_function_of_its_input(input in any_input()) {
        prop_assert_eq!(settle(&input), settle(&input.clone()));
        let bytes = nooterra_engine::encode(&settle(&input).unwrap());
        prop_assert_eq!(nooterra_engine::decode::<Settlement>(&bytes).unwrap(), settle(&input).unwrap());
    }
}
