use super::jobs::{offer, plan};
use super::rig::*;
use crate::{Agent, Phase};
use nooterra_engine::ids::{LeaseId, PartyId, TenantId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::{Digest, Instant, encode};
use nooterra_port::Report;
use nooterra_port::order::*;
use nooterra_port::report::AbortReason;
use nooterra_port::skill::{Repinned, SkillParcel};
use nooterra_skills::cases::{Case, Cases};
use nooterra_skills::delivery::Papers;
use nooterra_skills::graph::{Act, End, Graph, Node};
use nooterra_skills::manifest::{API, Manifest};
use nooterra_skills::seal::{Certificate, Drivers};
use nooterra_skills::words::{Envelope, LicencePrice, LicenceTerms, Milestone};
use nooterra_skills::{Bundle, BundleSeal, SignedCertificate, Tier, Unit, Version};
use nooterra_trust::{Binding, Role, SigningKey};

type Spoil = fn(&mut Papers, &mut Certificate);

fn secret(n: u8) -> SigningKey {
    SigningKey::from_secret([n; 32])
}

fn binding(key: &SigningKey, role: Role, who: &str) -> Binding {
    Binding {
        public: key.public(),
        tenant: TenantId::named("t"),
        role,
        subject: *PartyId::named(who).as_bytes(),
        name: who.into(),
        from: Instant::ZERO,
        to: Instant::NEVER,
        revoked_at: None,
    }
}

fn bundle(minor: u16) -> Bundle {
    let m = Manifest {
        name: "navigation".into(),
        version: Version { major: 1, minor, patch: 0 },
        developer: PartyId::named("dev"),
        api: API,
        entry: "go".into(),
        capabilities: vec![],
        envelope: Envelope::default(),
        zones_forbidden: vec![],
        sensors: vec![],
        graph: Digest::ZERO,
        assets: vec![],
        cases: Digest::ZERO,
        max_run_s: 60,
        units: vec!["go".into()],
        licence: LicenceTerms {
            unit: Unit::Use,
            prices: vec![LicencePrice { currency: Currency::EUR, fee: Amount::ZERO, cap: Amount::ZERO }],
            tenants: vec![TenantId::named("t")],
            min_tier: Tier::Lab,
            refundable_until: Milestone::Booked,
        },
    };
    let node = |name: &str, act| Node { name: name.into(), act };
    let g = Graph { nodes: vec![node("end", Act::End { how: End::Done }), node("go", Act::Checkpoint { next: "end".into() })] };
    let c = Cases { cases: vec![Case { name: "plain".into(), scripts: vec![], ends: End::Done, checkpoints: vec!["go".into()] }] };
    Bundle::pack(m, &g, &c, vec![])
}

/// A bundle with papers that are in order, then spoilt.
fn parcel(r: &Rig, minor: u16, spoil: impl Fn(&mut Papers, &mut Certificate)) -> SkillParcel {
    let (dev, cert) = (secret(21), secret(22));
    let b = bundle(minor);
    let mut c = Certificate {
        bundle: b.hash(),
        certifier: PartyId::named("cert"),
        model: r.agent.config().model.name.clone(),
        drivers: Drivers { from: 1, to: 1 },
        tier: Tier::Lab,
        physics: Digest::ZERO,
        evidence: Digest::ZERO,
        envelope: Envelope::default(),
        not_before: Instant::ZERO,
        not_after: Instant::from_secs(60),
    };
    let mut papers = Papers {
        seal: BundleSeal::sign(b.hash(), &dev),
        certificates: vec![],
        keys: vec![binding(&dev, Role::DV, "dev"), binding(&cert, Role::CE, "cert")],
        revoked: vec![],
    };
    spoil(&mut papers, &mut c);
    papers.certificates = vec![SignedCertificate::sign(c, &cert)];
    let content = b.to_bytes();
    SkillParcel { bundle: b.hash(), size: content.len() as u64, content, papers: papers.to_bytes(), repinned: None }
}

fn good(r: &Rig, minor: u16) -> SkillParcel {
    parcel(r, minor, |_, _| ())
}

/// What it says to a parcel: empty if it keeps it.
fn answer(r: &mut Rig, p: SkillParcel) -> String {
    let (n, bundle) = (r.heard.len(), p.bundle);
    r.order(Order::SkillInstall(Box::new(p)));
    for _ in 0..40 {
        r.cycle();
        for (_, x) in &r.heard[n..] {
            match x {
                Report::SkillInstalled { bundle: b, .. } if *b == bundle => return String::new(),
                Report::SkillInstallRefused { bundle: b, code } if *b == bundle => return code.clone(),
                _ => {}
            }
        }
    }
    panic!("no answer");
}

fn with_skills(r: &Rig, skills: Vec<Digest>) -> Order {
    let Order::LeaseOffer(o) = offer(r, "l1", plan()) else { unreachable!() };
    Order::LeaseOffer(LeaseOffer { skills, ..o })
}

/// At the access point with a lease on these bundles, and let in.
fn let_in(r: &mut Rig, skills: Vec<Digest>) {
    let o = with_skills(r, skills);
    r.order(o);
    r.go("to pickup", &[0, 1]);
    assert!(r.until(40.0, |r| r.agent.phase() == Phase::Arrived));
    r.order(Order::AccessGranted { lease: LeaseId::named("l1") });
    r.until(3.0, |r| r.agent.phase() != Phase::Arrived);
}

fn aborted(r: &Rig) -> Option<String> {
    r.heard.iter().find_map(|(_, x)| match x {
        Report::ExecutionAborted { reason: AbortReason::Safety, detail } => Some(detail.clone()),
        _ => None,
    })
}

#[test]
fn it_keeps_what_is_in_order_and_nothing_else() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let whole = good(&r, 0);
    assert_eq!(answer(&mut r, SkillParcel { size: 1, ..whole.clone() }), "CONTENT_HASH_MISSING");
    assert_eq!(answer(&mut r, SkillParcel { bundle: Digest([1; 32]), ..whole.clone() }), "CONTENT_HASH_MISSING");
    let other = bundle(1).to_bytes();
    assert_eq!(answer(&mut r, SkillParcel { size: other.len() as u64, content: other, ..whole.clone() }), "CONTENT_HASH_MISSING");
    assert_eq!(answer(&mut r, SkillParcel { papers: vec![1, 2], ..whole.clone() }), "SCHEMA_INVALID");
    let wrong: [(Spoil, &str); 9] = [
        (|p, _| p.keys.clear(), "KEY_UNKNOWN"),
        (|p, _| p.keys.truncate(1), "CERT_INVALID"),
        (|p, _| p.keys[0].subject = *PartyId::named("thief").as_bytes(), "PARTY_FORBIDDEN"),
        (|p, _| p.keys[0].revoked_at = Some(Instant::ZERO), "KEY_INACTIVE"),
        (|p, _| p.seal = BundleSeal::sign(p.seal.bundle, &secret(9)), "KEY_UNKNOWN"),
        (|_, c| c.model = "another".into(), "CERT_INVALID"),
        (|_, c| c.drivers = Drivers { from: 2, to: 9 }, "CERT_INVALID"),
        (|_, c| c.not_after = Instant(5), "CERT_INVALID"),
        (|_, c| c.bundle = Digest([4; 32]), "CERT_INVALID"),
    ];
    for (i, (spoil, code)) in wrong.into_iter().enumerate() {
        let p = parcel(&r, 0, spoil);
        assert_eq!(answer(&mut r, p), code, "{i}");
        assert!(!r.agent.installed().has(bundle(0).hash()));
    }
    assert_eq!(answer(&mut r, whole.clone()), "");
    assert_eq!(answer(&mut r, whole), "", "and says so again");
    // Two versions are kept beside each other; the active one stays.
    for minor in [1, 2] {
        let p = good(&r, minor);
        assert_eq!(answer(&mut r, p), "");
    }
    let has: Vec<bool> = (0..3).map(|m| r.agent.installed().has(bundle(m).hash())).collect();
    assert_eq!(has, [true, false, true]);
    // It is on the disk: whoever puts it down elsewhere does not take it away.
    let mut fresh: Agent = nooterra_engine::decode(&encode(&r.agent)).unwrap();
    fresh.restart(2, 0.0, &r.map).unwrap();
    assert!(fresh.installed().has(bundle(2).hash()));
}

#[test]
fn work_begins_only_on_what_is_there_and_in_order() {
    // Not there.
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let_in(&mut r, vec![bundle(0).hash()]);
    assert_eq!((aborted(&r).as_deref(), r.said(|x| matches!(x, Report::ExecutionStarted { .. }))), (Some("CAPABILITY_MISSING"), 0));
    // There.
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let p = good(&r, 0);
    assert_eq!(answer(&mut r, p), "");
    let_in(&mut r, vec![bundle(0).hash()]);
    assert_eq!((aborted(&r), r.agent.phase()), (None, Phase::Working));
    // Revoked since, as the papers of another one say.
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let (p, later) = (good(&r, 0), parcel(&r, 1, |p, _| p.revoked = vec![bundle(0).hash()]));
    assert_eq!((answer(&mut r, p), answer(&mut r, later)), (String::new(), String::new()));
    let_in(&mut r, vec![bundle(0).hash()]);
    assert_eq!(aborted(&r).as_deref(), Some("SKILL_REVOKED"));
    // Its certificate has ended since.
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let p = parcel(&r, 0, |_, c| c.not_after = Instant::from_secs(3));
    assert_eq!(answer(&mut r, p), "");
    let_in(&mut r, vec![bundle(0).hash()]);
    assert_eq!(aborted(&r).as_deref(), Some("CERT_INVALID"));
}

/// What a lease is to run on is not thrown out by what comes before its work begins.
#[test]
fn a_pinned_skill_stays() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    for minor in 0..2 {
        let p = good(&r, minor);
        assert_eq!(answer(&mut r, p), "");
    }
    // The first is active, the second pinned and not begun.
    let o = with_skills(&r, vec![bundle(1).hash()]);
    r.order(o);
    r.cycle();
    let p = good(&r, 2);
    assert_eq!(answer(&mut r, p), "");
    assert!(r.agent.installed().has(bundle(1).hash()));
    r.go("to pickup", &[0, 1]);
    assert!(r.until(40.0, |r| r.agent.phase() == Phase::Arrived));
    r.order(Order::AccessGranted { lease: LeaseId::named("l1") });
    assert!(r.until(3.0, |r| r.agent.phase() == Phase::Working), "{:?}", aborted(&r));
}

/// The lease runs on another version from now on.
#[test]
fn a_lease_is_repinned() {
    let mut r = Rig::new(house(), 0, 0.0);
    r.cycle();
    let p = good(&r, 0);
    assert_eq!(answer(&mut r, p), "");
    let o = with_skills(&r, vec![bundle(0).hash()]);
    r.order(o);
    r.cycle();
    let to = Repinned { lease: LeaseId::named("l1"), skills: vec![bundle(1).hash()] };
    let p = SkillParcel { repinned: Some(to), ..parcel(&r, 1, |p, _| p.revoked = vec![bundle(0).hash()]) };
    assert_eq!(answer(&mut r, p), "");
    r.go("to pickup", &[0, 1]);
    assert!(r.until(40.0, |r| r.agent.phase() == Phase::Arrived));
    r.order(Order::AccessGranted { lease: LeaseId::named("l1") });
    assert!(r.until(3.0, |r| r.agent.phase() == Phase::Working));
}
