use super::*;
use crate::command::Command;
use crate::registry::Registry;
use crate::words::Level;
use nooterra_trust::Code;

struct World {
    r: Registry,
    now: Instant,
}

fn commands() -> Vec<(&'static str, Hand, Command)> {
    let b = pack(|_| {});
    let bundle = b.hash();
    let rob = robot("r1", "tinyRobot");
    let (dv, ce, tr, mk, rb) =
        (hand(Role::DV, "dev"), hand(Role::CE, "cert"), hand(Role::TR, "judge"), hand(Role::MK, "mk"), hand(Role::RB, "r1"));
    let reason = || "it is wrong".to_owned();
    let cert = certificate(bundle, "tinyRobot", Tier::Lab);
    vec![
        ("publish", dv, Command::Publish { bundle: b.to_bytes(), seal: seal(&b, "dev") }),
        ("certify", ce, Command::Certify { certificate: certified(cert.clone(), "cert"), evidence: Box::new(evidence()) }),
        ("block", dv, Command::Revoke { bundle, level: Level::BlockNew, reason: reason(), predecessor: None }),
        ("stop_now", tr, Command::Revoke { bundle, level: Level::StopNow, reason: reason(), predecessor: None }),
        ("recall", ce, Command::Recall { bundle, model: None, level: Level::BlockNew, reason: reason() }),
        ("blame", tr, Command::Blame { bundle, severity: 4 }),
        (
            "license",
            mk,
            Command::License { job: job(1), licence: licence(1), bundle, quoted: bundle, tenant: tenant(), currency: Currency::EUR },
        ),
        ("repin", mk, Command::Repin { job: job(1), bundle, tenant: tenant() }),
        ("install", rb, Command::Install { robot: rob.robot, bundle }),
        ("no_install", rb, Command::RefuseInstall { robot: rob.clone(), bundle, code: "DISK_FULL".into() }),
        ("start", rb, Command::Start { job: job(1), robot: rob, bundle, min: Tier::Lab }),
        ("stop", rb, Command::Stop { job: job(1), exit: "DONE".into() }),
        ("meter", rb, Command::Meter { job: job(1), licence: licence(1), step: 1, units: 1, total: 1 }),
        ("fire", Hand::CLOCK, Command::Fire { certificate: cert.id() }),
    ]
}

impl World {
    fn after(steps: &[&str], now: Instant) -> Self {
        let mut w = Self { r: Registry::default(), now: day(1) };
        for s in steps {
            let (_, h, c) = commands().into_iter().find(|(n, ..)| n == s).unwrap();
            if *s == "fire" {
                w.now = day(365);
            }
            let events = w.r.decide(w.now, &h, &keys(), &c).unwrap_or_else(|r| panic!("{s}: {r}"));
            events.iter().for_each(|e| w.r.evolve(w.now, e));
        }
        w.now = w.now.max(now);
        w
    }
}

/// Every command in every state: what is taken, and which refusal precedes.
#[test]
fn every_command_in_every_state() {
    const READY: [&str; 4] = ["publish", "certify", "install", "license"];
    let ready = |more: &[&'static str]| READY.iter().copied().chain(more.iter().copied()).collect::<Vec<_>>();
    let states: Vec<(&str, World)> = vec![
        ("nothing", World::after(&[], day(1))),
        ("published", World::after(&["publish"], day(1))),
        ("certified", World::after(&["publish", "certify"], day(1))),
        ("installed", World::after(&["publish", "certify", "install"], day(1))),
        ("licensed", World::after(&READY, day(1))),
        ("running", World::after(&ready(&["start"]), day(1))),
        ("metered", World::after(&ready(&["start", "meter"]), day(1))),
        ("stopped", World::after(&ready(&["start", "stop"]), day(1))),
        ("blocked", World::after(&ready(&["block"]), day(1))),
        ("run+block", World::after(&ready(&["start", "block"]), day(1))),
        ("stop_now", World::after(&ready(&["stop_now"]), day(1))),
        ("recalled", World::after(&ready(&["recall"]), day(1))),
        ("overdue", World::after(&READY, day(365))),
        ("expired", World::after(&ready(&["fire"]), day(365))),
    ];
    let short = |c: Code| match c {
        Code::NotFound => "unknown",
        Code::AlreadyDone => "done",
        Code::SkillRevoked => "revoked",
        Code::CertInvalid => "cert",
        Code::SkillNotPinned => "unpinned",
        Code::TrackForbids => "track",
        Code::StateForbids => "state",
        Code::CapabilityMissing => "missing",
        Code::WindowInvalid => "window",
        Code::AmountInvalid => "amount",
        other => other.text(),
    };
    let mut table = String::new();
    let (mut taken, mut refused) = (0, 0);
    for (name, w) in &states {
        let mut row = format!("{name:<10}");
        for (_, h, c) in commands() {
            let cell = match w.r.decide(w.now, &h, &keys(), &c) {
                Ok(events) => {
                    assert!(!events.is_empty());
                    taken += 1;
                    "ok"
                }
                Err(r) => {
                    refused += 1;
                    assert!(r.field.is_some(), "{name}: {r}");
                    short(r.code)
                }
            };
            row.push_str(&format!(" {cell:<8}"));
        }
        table.push_str(row.trim_end());
        table.push('\n');
    }
    println!("{table}{taken} taken, {refused} refused");
    let heading: String = commands().iter().map(|(n, ..)| format!(" {n:<8}")).collect();
    let wanted = include_str!("golden/matrix.txt");
    assert_eq!(format!("{:<10}{}\n{table}", "", heading.trim_end()), wanted);
}

/// A command by a key of any other role is refused, whatever the state.
#[test]
fn roles_do_not_mix() {
    let allowed = |name: &str| -> &[Role] {
        match name {
            "publish" => &[Role::DV],
            "certify" => &[Role::CE],
            "block" | "stop_now" => &[Role::DV, Role::TR],
            "recall" => &[Role::CE, Role::TR],
            "blame" => &[Role::TR],
            "license" | "repin" => &[Role::MK],
            "no_install" => &[Role::RB],
            "fire" => &[Role::CK],
            _ => &[Role::RB, Role::DI],
        }
    };
    let w = World::after(&["publish", "certify", "install", "license", "start"], day(1));
    for (name, h, c) in commands() {
        for role in Role::ALL {
            let r = w.r.decide(w.now, &Hand { role, ..h }, &keys(), &c);
            let barred = r.as_ref().err().is_some_and(|r| r.code == Code::RoleForbidden);
            assert_eq!(barred, !allowed(name).contains(&role), "{name} by {role}: {r:?}");
        }
    }
}

#[test]
fn nobody_speaks_for_another() {
    let w = World::after(&["publish", "certify"], day(1));
    let b = pack(|_| {});
    let bundle = b.hash();
    let code = |h: &Hand, c: &Command| w.r.decide(w.now, h, &keys(), c).err().map(|r| (r.code, r.field.unwrap()));
    let revoke = Command::Revoke { bundle, level: Level::BlockNew, reason: "mine".into(), predecessor: None };
    assert_eq!(code(&hand(Role::DV, "rival"), &revoke), Some((Code::PartyForbidden, "bundle".into())));
    let recall = Command::Recall { bundle, model: None, level: Level::BlockNew, reason: "mine".into() };
    assert_eq!(code(&hand(Role::CE, "lab"), &recall), Some((Code::NotFound, "certificate".into())));
    let newer = pack(|m| m.version.minor = 1);
    let publish = |by: &str| Command::Publish { bundle: newer.to_bytes(), seal: seal(&newer, by) };
    assert_eq!(code(&hand(Role::DV, "rival"), &publish("dev")), Some((Code::PartyForbidden, "developer".into())));
    assert_eq!(code(&hand(Role::DV, "dev"), &publish("rival")), Some((Code::PartyForbidden, "key".into())));
    assert_eq!(code(&hand(Role::DV, "dev"), &publish("dev")), None);
    let wrong_seal = Command::Publish { bundle: newer.to_bytes(), seal: seal(&b, "dev") };
    assert_eq!(code(&hand(Role::DV, "dev"), &wrong_seal), Some((Code::SignatureInvalid, "seal.bundle".into())));
    let older = pack(|m| m.version = Version { major: 0, minor: 9, patch: 0 });
    let back = Command::Publish { bundle: older.to_bytes(), seal: seal(&older, "dev") };
    assert_eq!(code(&hand(Role::DV, "dev"), &back), Some((Code::StateForbids, "version".into())));
    // The developer's own party certifies nothing of it, even with a key that may certify.
    let mut own = certificate(bundle, "magni", Tier::Lab);
    own.certifier = party("dev");
    let certify = |c: Certificate, by: &str, e: Evidence| Command::Certify { certificate: certified(c, by), evidence: Box::new(e) };
    let dev = Hand { role: Role::CE, ..hand(Role::CE, "dev") };
    assert_eq!(code(&dev, &certify(own, "dev-as-cert", evidence())), Some((Code::SelfApproval, "certifier".into())));
    let c = |change: &dyn Fn(&mut Certificate)| {
        let mut c = certificate(bundle, "magni", Tier::Lab);
        change(&mut c);
        c
    };
    let ce = hand(Role::CE, "cert");
    let by_cert = |x: Certificate| code(&ce, &certify(x, "cert", evidence()));
    assert_eq!(by_cert(c(&|_| {})), None);
    assert_eq!(by_cert(c(&|c| c.model.clear())), Some((Code::SchemaInvalid, "model".into())));
    assert_eq!(by_cert(c(&|c| c.drivers.from = 5)), Some((Code::SchemaInvalid, "drivers".into())));
    assert_eq!(by_cert(c(&|c| c.not_after = day(367))), Some((Code::WindowInvalid, "not_after".into())));
    assert_eq!(by_cert(c(&|c| c.not_after = c.not_before)), Some((Code::WindowInvalid, "not_after".into())));
    assert_eq!(by_cert(c(&|c| c.envelope.speed_mm_s = 601)), Some((Code::ScopeExceeded, "envelope".into())));
    assert_eq!(by_cert(c(&|c| c.bundle = Digest([8; 32]))), Some((Code::NotFound, "bundle".into())));
    let thin = Evidence::default();
    let x = c(&|c| c.evidence = thin.hash());
    assert_eq!(code(&ce, &certify(x, "cert", thin.clone())), Some((Code::EvidenceInsufficient, "evidence.simulated.seeds".into())));
    assert_eq!(code(&ce, &certify(c(&|_| {}), "cert", thin)), Some((Code::ContentHashMissing, "evidence".into())));
}

/// Three material incidents within thirty days block a bundle, a critical one stops it, and old ones do not count.
#[test]
fn incidents_revoke() {
    let w = World::after(&["publish", "certify"], day(1));
    let bundle = pack(|_| {}).hash();
    let tr = hand(Role::TR, "judge");
    let blame = |r: &mut Registry, now: Instant, severity: u8| {
        let events = r.decide(now, &tr, &keys(), &Command::Blame { bundle, severity }).unwrap();
        events.iter().for_each(|e| r.evolve(now, e));
        r.bundle(bundle).unwrap().revoked.as_ref().map(|r| r.level)
    };
    let mut r = w.r.clone();
    assert_eq!([blame(&mut r, day(1), 3), blame(&mut r, day(2), 2), blame(&mut r, day(3), 4)], [None; 3]);
    assert_eq!(blame(&mut r, day(31), 3), None, "the first is thirty days old");
    assert_eq!(blame(&mut r, day(32), 3), Some(Level::BlockNew));
    assert_eq!(blame(&mut r, day(33), 5), Some(Level::StopNow));
    let mut r = w.r.clone();
    assert_eq!(blame(&mut r, day(1), 5), Some(Level::StopNow));
    for bad in [0, 6] {
        let c = Command::Blame { bundle, severity: bad };
        assert_eq!(r.decide(day(1), &tr, &keys(), &c).unwrap_err().code, Code::SchemaInvalid);
    }
}

/// A version that takes another's place promises no more and costs no more; a rollback names the one it goes back to.
#[test]
fn only_a_fitting_version_takes_the_place() {
    let mut w = World::after(&["publish", "certify", "install", "license"], day(1));
    let first = pack(|_| {}).hash();
    let euros = |n: u64| Amount::new(n).unwrap();
    let mut add = |minor: u16, major: u16, change: &dyn Fn(&mut Manifest)| {
        let b = pack(|m| {
            m.version = Version { major, minor, patch: 0 };
            change(m);
        });
        for c in [
            Command::Publish { bundle: b.to_bytes(), seal: seal(&b, "dev") },
            Command::Certify {
                certificate: certified(
                    Certificate {
                        envelope: Envelope::default().meet(manifest().envelope),
                        ..certificate(b.hash(), "tinyRobot", Tier::Lab)
                    },
                    "cert",
                ),
                evidence: Box::new(evidence()),
            },
        ] {
            let h = if matches!(c, Command::Publish { .. }) { hand(Role::DV, "dev") } else { hand(Role::CE, "cert") };
            for e in w.r.decide(w.now, &h, &keys(), &c).unwrap() {
                w.r.evolve(w.now, &e);
            }
        }
        b.hash()
    };
    let fits = add(1, 1, &|m| m.envelope.speed_mm_s = 550);
    let _dearer = add(2, 1, &|m| m.licence.prices[0].fee = euros(11));
    let _higher_cap = add(3, 1, &|m| m.licence.prices[0].cap = euros(51));
    let _faster = add(4, 1, &|m| m.envelope.speed_mm_s = 601);
    let _closer = add(5, 1, &|m| m.envelope.human_clearance_mm = 299);
    let _wider = add(6, 1, &|m| m.capabilities[0].max = 601);
    let _other_unit = add(7, 1, &|m| m.licence.unit = Unit::Use);
    let _major = add(0, 2, &|_| {});
    assert_eq!(w.r.successor(first, tenant(), w.now), Some(fits));
    assert_eq!(w.r.current(first, tenant(), w.now), Some(first));
    let run =
        |r: &mut Registry, h: Hand, c: Command| r.decide(day(1), &h, &keys(), &c).map(|es| es.iter().for_each(|e| r.evolve(day(1), e)));
    let repin = || Command::Repin { job: job(1), bundle: first, tenant: tenant() };
    let mk = hand(Role::MK, "mk");
    assert_eq!(run(&mut w.r, mk, repin()).unwrap_err().code, Code::TrackForbids, "it is in order");
    let revoke = |bundle, level, predecessor| Command::Revoke { bundle, level, reason: "wrong".into(), predecessor };
    let dv = hand(Role::DV, "dev");
    // Back from the newer to the older, which must be older, known, and in force.
    let mut r = w.r.clone();
    assert_eq!(run(&mut r, dv, revoke(first, Level::BlockNew, Some(fits))).unwrap_err().code, Code::NotFound);
    assert_eq!(run(&mut r, dv, revoke(fits, Level::StopNow, Some(first))).unwrap_err().code, Code::SchemaInvalid);
    run(&mut r, dv, revoke(fits, Level::BlockNew, Some(first))).unwrap();
    assert_eq!(r.successor(fits, tenant(), w.now), None, "the older one allows more speed than was booked");
    run(&mut w.r, dv, revoke(first, Level::StopNow, None)).unwrap();
    assert_eq!(w.r.current(first, tenant(), w.now), Some(fits));
    assert_eq!(w.r.current(first, TenantId::named("other"), w.now), None);
    run(&mut w.r, mk, repin()).unwrap();
    assert_eq!(w.r.licences(job(1))[0].bundle, fits);
    assert_eq!(run(&mut w.r, mk, repin()).unwrap_err().code, Code::SkillNotPinned);
    run(&mut w.r, dv, revoke(fits, Level::BlockNew, None)).unwrap();
    assert_eq!(w.r.current(first, tenant(), w.now), None);
    let again = Command::Repin { job: job(1), bundle: fits, tenant: tenant() };
    assert_eq!(run(&mut w.r, mk, again).unwrap_err().code, Code::SkillRevoked);
}

/// A robot keeps two versions of a skill; what is active or runs stays.
#[test]
fn robots_keep_two_versions() {
    let mut w = World::after(&["publish", "certify", "install", "license", "start"], day(1));
    let first = pack(|_| {}).hash();
    let rob = robot("r1", "tinyRobot");
    let mut all = vec![first];
    for minor in 1..4 {
        let b = pack(|m| m.version.minor = minor);
        let steps = [
            (hand(Role::DV, "dev"), Command::Publish { bundle: b.to_bytes(), seal: seal(&b, "dev") }),
            (
                hand(Role::CE, "cert"),
                Command::Certify {
                    certificate: certified(certificate(b.hash(), "tinyRobot", Tier::Lab), "cert"),
                    evidence: Box::new(evidence()),
                },
            ),
            (hand(Role::RB, "r1"), Command::Install { robot: rob.robot, bundle: b.hash() }),
        ];
        for (h, c) in steps {
            for e in w.r.decide(w.now, &h, &keys(), &c).unwrap() {
                w.r.evolve(w.now, &e);
            }
        }
        all.push(b.hash());
    }
    let skill = manifest().skill();
    assert_eq!(w.r.slots(rob.robot, skill).unwrap().kept, [first, all[3]], "the one that runs, and the newest");
    let limits = w.r.limits(first, &rob, w.now).unwrap();
    assert_eq!(limits.envelope.speed_mm_s, 500, "the certificate's bound");
    let bytes = nooterra_engine::encode(&w.r);
    assert_eq!(nooterra_engine::decode::<Registry>(&bytes), Ok(w.r));
}
