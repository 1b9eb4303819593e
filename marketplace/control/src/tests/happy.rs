use super::rig::{Rig, party, robot};
use nooterra_engine::ids::JobId;
use nooterra_engine::money::Currency;
use nooterra_jobs::event::Outcome;
use nooterra_jobs::status::Status;
use nooterra_ledger::Account;

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

fn one_delivery(rig: &mut Rig) -> JobId {
    rig.run(10);
    let job = rig.ask(rig.delivery(2, 5));
    assert_eq!(rig.run_job(job, 600), Status::Settled, "{:?}\n{:?}\n{:?}", rig.names(job), rig.refused, rig.c.robot_views());
    rig.run(300);
    job
}

#[test]
fn a_delivery_from_request_to_payout() {
    let mut rig = Rig::new(TWO);
    let job = one_delivery(&mut rig);
    assert_eq!(
        rig.states(job),
        [
            "CREATED",
            "QUOTED",
            "AWARDED",
            "BOOKED",
            "MATCHED",
            "RESERVED",
            "EN_ROUTE",
            "ARRIVED",
            "ACCESS_GRANTED",
            "EXECUTING",
            "COMPLETED",
            "SETTLED"
        ]
    );
    let names = rig.names(job);
    let order = [
        "JOB_CREATED",
        "RFQ_OPENED",
        "QUOTE_SUBMITTED",
        "QUOTE_SUBMITTED",
        "QUOTE_AWARDED",
        "PAYMENT_AUTHORISED",
        "JOB_BOOKED",
        "ROBOT_MATCHED",
        "PAYMENT_CAPTURED",
        "LEASE_ACCEPTED",
        "DEPARTED",
        "ROBOT_ARRIVED",
        "ACCESS_GRANTED",
        "ENTERED",
        "EXECUTION_STARTED",
        "CHECKPOINT_REACHED",
        "CHECKPOINT_REACHED",
        "EXECUTION_COMPLETED",
        "EXITED",
        "SAFE_EXIT_CONFIRMED",
        "LEASE_ENDED",
        "ACCESS_CLOSED",
        "PROOF_EVALUATED",
        "JOB_SETTLED",
    ];
    let mut rest = names.iter();
    for n in order {
        assert!(rest.any(|x| *x == n), "{n} in its place in {names:?}");
    }
    // The cheaper quote won, the provider is paid in full, nothing is left anywhere.
    let v = rig.c.job_view(job).unwrap();
    assert_eq!((v.owner, v.outcome), (Some(party("acme")), Some(Outcome::Full)));
    let m = rig.c.money(job).unwrap();
    assert_eq!(m.price, m.captured);
    assert_eq!(m.refund, 0);
    let part = |name: &str| m.parts.iter().filter(|p| p.0 == name).map(|p| p.2).sum::<u64>();
    assert_eq!(m.charge + 40, m.captured, "the coverage fee is kept beside the charge");
    assert_eq!(part("insurance_reserve") + part("platform_revenue") + part("owner_payable"), m.charge);
    let owner = i128::from(part("owner_payable"));
    assert!(owner * 10_000 / i128::from(m.charge) >= 7_799);
    assert_eq!(rig.c.balance(Account::OwnerPayable { party: party("acme") }, Currency::EUR), 0, "paid out");
    let premium = i128::from(part("insurer_payable"));
    assert_eq!((premium, part("coverage_reserve"), part("coverage_revenue")), (24, 12, 4), "as the contract splits the fee");
    assert_eq!(rig.c.balance(Account::Cash, Currency::EUR), i128::from(m.captured) - owner - premium, "both are paid out");
    rig.check_books();
    assert!(rig.refused.is_empty(), "{:?}", rig.refused);
    let t = rig.c.tally();
    assert_eq!((t.requested, t.booked, t.completed, t.settled_full, t.open), (1, 1, 1, 1, 0));
}

#[test]
fn patrols_work_without_dispensers() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let job = rig.ask(rig.patrol(&[1, 4, 2]));
    assert_eq!(rig.run_job(job, 600), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    assert_eq!(rig.c.job_view(job).unwrap().outcome, Some(Outcome::Full));
    rig.check_books();
}

#[test]
fn work_at_a_charger_ends_with_the_robot_elsewhere() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    // Picked up on the row, handed in at a charger that is no robot's home: parking there would be no leaving.
    let job = rig.ask(rig.delivery(2, 12));
    assert_eq!(rig.run_job(job, 600), Status::Settled, "{:?} {:?}", rig.names(job), rig.refused);
    assert_eq!(rig.c.job_view(job).unwrap().outcome, Some(Outcome::Full));
    assert!(!rig.names(job).contains(&"SAFE_EXIT_ESCALATED"));
}

#[test]
fn many_jobs_on_one_row() {
    let mut rig = Rig::new(&[("a1", "acme", 8), ("a2", "acme", 11), ("b1", "bolt", 15)]);
    rig.run(10);
    let mut jobs = Vec::new();
    for i in 0..12u32 {
        jobs.push(rig.ask(rig.delivery(i % 8, (i * 3 + 4) % 8)));
        rig.run(25);
    }
    rig.run(1_800);
    for j in &jobs {
        assert_eq!(rig.status(*j), Status::Settled, "{:?} {:?}", rig.names(*j), rig.refused);
    }
    let t = rig.c.tally();
    assert_eq!(t.settled, 12);
    assert_eq!(t.settled_full, 12, "{t:?}");
    rig.check_books();
}

/// Everything that is random, timed or cached would show here: same facts, digests and state.
#[test]
fn frozen_and_thawed_it_continues_identically() {
    let mut plain = Rig::new(TWO);
    let mut restarted = Rig::new(TWO);
    restarted.restart_every = Some(7);
    one_delivery(&mut plain);
    one_delivery(&mut restarted);
    assert_eq!(plain.facts, restarted.facts);
    assert_eq!(plain.c.roots(), restarted.c.roots());
    assert_eq!(plain.c.freeze(), restarted.c.freeze());
    let _ = robot("a1");
}
