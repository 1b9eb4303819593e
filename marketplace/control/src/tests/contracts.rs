use super::rig::{Rig, party};
use crate::contracts::platform;
use crate::input::{ContractWord, RequesterCommand};
use nooterra_engine::ids::{ContractId, JobId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};
use nooterra_jobs::event::{Event as JobEvent, WithdrawReason};
use nooterra_jobs::status::Status;
use nooterra_market::contract::{Draft, EndCause, Scope, Signer, SignerRole};

const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "bolt", 15)];

fn first() -> ContractId {
    ContractId::named("standard")
}

/// The standard terms for one requester, with a coverage fee of its own.
fn draft(rig: &Rig, fee: u64, supersedes: Option<ContractId>) -> Box<Draft> {
    let standard = &rig.c.state().contracts.get(first()).unwrap().document.draft;
    let tenant = rig.c.state().genesis.tenant;
    Box::new(Draft {
        scope: Scope { requester: Some(party("rq")), ..Scope::default() },
        signers: vec![
            Signer { role: SignerRole::Requester, party: party("rq") },
            Signer { role: SignerRole::Platform, party: platform(tenant) },
        ],
        terms: nooterra_market::contract::Terms { cover_fee: Amount::new(fee).unwrap(), ..standard.terms.clone() },
        text_hash: standard.text_hash,
        supersedes,
    })
}

fn written(rig: &mut Rig, d: Box<Draft>) -> ContractId {
    let before: Vec<ContractId> = rig.c.state().contracts.iter().map(|(id, _)| *id).collect();
    rig.send("market", &ContractWord::Write { draft: d }).unwrap();
    rig.c.state().contracts.iter().map(|(id, _)| *id).find(|c| !before.contains(c)).unwrap()
}

/// Written, published, signed by both; not yet active.
fn signed(rig: &mut Rig, d: Box<Draft>) -> ContractId {
    signed_by(rig, d, &["rq", "market"])
}

fn signed_by(rig: &mut Rig, d: Box<Draft>, signers: &[&str]) -> ContractId {
    let contract = written(rig, d);
    rig.send("market", &ContractWord::Publish { contract }).unwrap();
    let document_hash = rig.c.state().contracts.get(contract).unwrap().document_hash;
    for who in signers {
        rig.send(who, &ContractWord::Sign { contract, document_hash }).unwrap();
    }
    contract
}

/// A draft that the platform alone signs.
fn own_draft(rig: &Rig, scope: Scope, fee: u64) -> Box<Draft> {
    let d = draft(rig, fee, None);
    let signers = d.signers.iter().copied().filter(|s| s.role == SignerRole::Platform).collect();
    Box::new(Draft { scope, signers, ..*d })
}

/// A contract of the platform's own that holds from now on.
fn activated(rig: &mut Rig, scope: Scope, fee: u64) -> ContractId {
    let d = own_draft(rig, scope, fee);
    let contract = signed_by(rig, d, &["market"]);
    let from = rig.now;
    rig.send("market", &ContractWord::Activate { contract, from }).unwrap();
    contract
}

fn pinned(rig: &Rig, job: JobId) -> (ContractId, u64) {
    let p = rig.c.state().jobs[&job].pins.as_deref().unwrap();
    assert!(rig.c.state().contracts.is_pinned(p.contract, p.document_hash));
    (p.contract, p.cover_fee.minor())
}

fn booked(rig: &mut Rig, who: &str) -> JobId {
    let before: Vec<JobId> = rig.c.jobs().map(|j| j.id).collect();
    let job = Box::new(rig.delivery(2, 5));
    rig.send(who, &RequesterCommand::CreateJob(job)).unwrap();
    let id = rig.c.jobs().map(|j| j.id).find(|j| !before.contains(j)).unwrap();
    for _ in 0..600 {
        rig.tick();
        if rig.c.state().jobs[&id].pins.is_some() {
            return id;
        }
    }
    panic!("{:?}", rig.names(id));
}

#[test]
fn the_contract_that_fits_best_is_pinned() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let own = draft(&rig, 90, None);
    let special = signed(&mut rig, own);
    let general = booked(&mut rig, "rq");
    assert_eq!(pinned(&rig, general), (first(), 40), "what is signed but not active binds nobody");
    let now = rig.now + Span::from_secs(1);
    rig.send("market", &ContractWord::Activate { contract: special, from: now }).unwrap();
    rig.run(3);
    let job = booked(&mut rig, "rq");
    assert_eq!(pinned(&rig, job), (special, 90));
    let other = booked(&mut rig, "rq2");
    assert_eq!(pinned(&rig, other), (first(), 40));
    // One that is named must hold for who names it.
    let named = |rig: &Rig, c| RequesterCommand::CreateJob(Box::new(crate::NewJob { contract: Some(c), ..rig.delivery(2, 5) }));
    let c = named(&rig, special);
    assert_eq!(rig.send("rq2", &c).unwrap_err(), "CONTRACT_INACTIVE");
    let c = named(&rig, first());
    rig.send("rq", &c).unwrap();
    // Ended, it still rules what was booked under it.
    rig.send("staff", &ContractWord::Terminate { contract: special, cause: EndCause::Notice }).unwrap();
    assert_eq!(rig.run_job(job, 3_000), Status::Settled);
    let fee = rig.c.state().jobs[&job].pins.as_deref().unwrap().cover_fee.minor();
    assert_eq!(fee, 90);
    let after = booked(&mut rig, "rq");
    assert_eq!(pinned(&rig, after), (first(), 40));
    rig.check_books();
}

#[test]
fn a_new_version_takes_over_and_open_requests_end() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let d = draft(&rig, 90, None);
    let v1 = signed(&mut rig, d);
    let from = rig.now + Span::from_secs(1);
    rig.send("market", &ContractWord::Activate { contract: v1, from }).unwrap();
    rig.run(3);
    let before = booked(&mut rig, "rq");
    let d = draft(&rig, 120, Some(v1));
    let v2 = signed(&mut rig, d);
    assert_eq!(rig.c.state().contracts.get(v2).unwrap().document.version, 2);
    let from = rig.now + Span::from_secs(20);
    rig.send("market", &ContractWord::Activate { contract: v2, from }).unwrap();
    let open = rig.ask(crate::NewJob { rfq_closes: Some(rig.now + Span::from_secs(55)), ..rig.delivery(3, 6) });
    assert_eq!(rig.c.state().jobs[&open].request.contract, v1);
    rig.run(25);
    assert!(matches!(rig.job_events(open).last(), Some(JobEvent::JobWithdrawn { reason: WithdrawReason::Staff })));
    assert_eq!(pinned(&rig, before), (v1, 90));
    let job = booked(&mut rig, "rq");
    assert_eq!(pinned(&rig, job), (v2, 120));
    assert_eq!(rig.run_job(before, 3_000), Status::Settled);
    assert_eq!(rig.run_job(job, 3_000), Status::Settled);
    rig.check_books();
}

#[test]
fn without_a_contract_nothing_is_asked_for() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    rig.send("staff", &ContractWord::Terminate { contract: first(), cause: EndCause::Breach }).unwrap();
    let job = Box::new(rig.delivery(2, 5));
    assert_eq!(rig.send("rq", &RequesterCommand::CreateJob(job)).unwrap_err(), "CONTRACT_INACTIVE");
}

#[test]
fn nobody_says_more_than_is_theirs() {
    let mut rig = Rig::new(TWO);
    rig.run(5);
    let d = draft(&rig, 90, None);
    assert_eq!(rig.send("rq", &ContractWord::Write { draft: d.clone() }).unwrap_err(), "SCOPE_MISSING");
    let mut stranger = d.clone();
    stranger.signers.push(Signer { role: SignerRole::Owner, party: party("nobody") });
    assert_eq!(rig.send("market", &ContractWord::Write { draft: stranger }).unwrap_err(), "NOT_FOUND");
    let mut unsound = d.clone();
    unsound.terms.split.owner += 1;
    assert_eq!(rig.send("market", &ContractWord::Write { draft: unsound }).unwrap_err(), "SCHEMA_INVALID");
    let mut foreign = d.clone();
    foreign.terms.currency = nooterra_engine::money::Currency::USD;
    assert_eq!(rig.send("market", &ContractWord::Write { draft: foreign }).unwrap_err(), "CURRENCY_MISMATCH");
    let contract = written(&mut rig, d.clone());
    let hash = d.text_hash;
    let sign = |document_hash| ContractWord::Sign { contract, document_hash };
    assert_eq!(rig.send("rq2", &sign(hash)).unwrap_err(), "NOT_FOUND", "it does not name them");
    assert_eq!(rig.send("rq", &sign(hash)).unwrap_err(), "STATE_FORBIDS", "a draft is not signed");
    assert_eq!(rig.send("market", &ContractWord::Amend { contract, draft: d.clone() }).unwrap_err(), "NO_CHANGE");
    let other = draft(&rig, 91, None);
    rig.send("market", &ContractWord::Amend { contract, draft: other }).unwrap();
    rig.send("market", &ContractWord::Publish { contract }).unwrap();
    assert_eq!(rig.send("market", &ContractWord::Amend { contract, draft: d }).unwrap_err(), "STATE_FORBIDS", "frozen");
    assert_eq!(rig.send("rq", &sign(hash)).unwrap_err(), "TERMS_CHANGED");
    let right = rig.c.state().contracts.get(contract).unwrap().document_hash;
    rig.send("rq", &sign(right)).unwrap();
    assert_eq!(rig.send("rq", &sign(right)).unwrap_err(), "ALREADY_DONE");
    let activate = |from| ContractWord::Activate { contract, from };
    assert_eq!(rig.send("market", &activate(Instant::from_secs(600))).unwrap_err(), "STATE_FORBIDS", "the platform has not signed");
    rig.send("market", &sign(right)).unwrap();
    assert_eq!(rig.send("market", &activate(Instant::ZERO)).unwrap_err(), "WINDOW_INVALID");
    assert_eq!(rig.send("rq", &activate(Instant::from_secs(600))).unwrap_err(), "SCOPE_MISSING");
    rig.send("market", &activate(Instant::from_secs(600))).unwrap();
    let end = |cause| ContractWord::Terminate { contract, cause };
    assert_eq!(rig.send("market", &end(EndCause::Notice)).unwrap_err(), "SCOPE_MISSING");
    rig.send("staff", &end(EndCause::Notice)).unwrap();
    assert_eq!(rig.send("staff", &end(EndCause::Notice)).unwrap_err(), "STATE_FORBIDS");
}

#[test]
fn a_contract_of_an_area_goes_before_the_one_of_its_level() {
    let site = super::areas::with_areas(&[(5, nooterra_site::AreaClass::Public)]);
    let mut rig = Rig::on(site, super::rig::genesis(crate::Policy::scenario(), TWO), TWO);
    rig.run(10);
    let area = rig.site.area_zone(nooterra_site::AreaIx::new(0)).unwrap();
    let level = rig.site.zone(nooterra_site::LevelIx::new(0)).unwrap();
    let of_area = activated(&mut rig, Scope { zone: Some(area), ..Scope::default() }, 90);
    let of_level = activated(&mut rig, Scope { zone: Some(level), ..Scope::default() }, 70);
    let job = booked(&mut rig, "rq");
    assert_eq!(pinned(&rig, job), (of_area, 90), "although the other one is newer");
    let mut zones = vec![area, level];
    zones.sort_unstable();
    assert_eq!(rig.c.state().jobs[&job].request.need.zones, zones);
    let elsewhere = rig.ask(rig.delivery(2, 3));
    assert_eq!(rig.run_job(elsewhere, 900), Status::Settled);
    assert_eq!(pinned(&rig, elsewhere), (of_level, 70), "where the area is not touched");
}

#[test]
fn a_contract_of_a_zone_goes_before_the_one_of_its_site() {
    let mut rig = Rig::new(TWO);
    rig.run(10);
    let site = rig.site.clone();
    let zone = *site.zones().first().unwrap();
    let here = rig.c.state().genesis.site;
    // What is not of this site would hold for nothing.
    for (site, zone) in
        [(None, Some(nooterra_engine::ids::ZoneId::named("elsewhere"))), (Some(nooterra_engine::ids::SiteId::named("x")), None)]
    {
        let d = own_draft(&rig, Scope { site, zone, ..Scope::default() }, 1);
        assert_eq!(rig.send("market", &ContractWord::Write { draft: d }).unwrap_err(), "NOT_FOUND");
    }
    let of_zone = activated(&mut rig, Scope { site: Some(here), zone: Some(zone), ..Scope::default() }, 90);
    let of_site = activated(&mut rig, Scope { site: Some(here), ..Scope::default() }, 70);
    assert_ne!(of_zone, of_site);
    let job = booked(&mut rig, "rq");
    let request = &rig.c.state().jobs[&job].request;
    assert_eq!((request.need.zones.clone(), request.contract), (vec![zone], of_zone), "the later one says less of where it is for");
    assert_eq!(pinned(&rig, job), (of_zone, 90));
    rig.send("staff", &ContractWord::Terminate { contract: of_zone, cause: EndCause::Notice }).unwrap();
    let next = booked(&mut rig, "rq");
    assert_eq!(pinned(&rig, next), (of_site, 70));
}
