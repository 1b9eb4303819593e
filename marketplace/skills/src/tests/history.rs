use super::model::{B, C, Model};
use super::*;
use crate::command::Command;
use crate::registry::Registry;
use crate::words::Level;
use std::collections::BTreeMap;

const HISTORIES: u64 = 2_000;
const STEPS: u64 = 56;

/// Bundles and certificates that histories draw from: signed once, used in all of them.
struct Pool {
    keys: KeyTable,
    bundles: Vec<(Bundle, Manifest)>,
    seals: Vec<BundleSeal>,
    certs: Vec<(Box<SignedCertificate>, String, Evidence)>,
}

fn pool() -> Pool {
    let v = |major, minor| Version { major, minor, patch: 0 };
    let fee = |n: u64| Amount::new(n).unwrap();
    let mut bundles: Vec<(Bundle, Manifest)> = Vec::new();
    let mut add = |change: &dyn Fn(&mut Manifest)| {
        let mut m = manifest();
        change(&mut m);
        let b = pack(change);
        bundles.push((b, m));
    };
    add(&|_| {});
    add(&|m| (m.version, m.licence.prices[0].fee) = (v(1, 1), fee(8)));
    add(&|m| (m.version, m.envelope.speed_mm_s) = (v(1, 2), 550));
    add(&|m| (m.version, m.licence.prices[0].fee) = (v(1, 3), fee(12)));
    add(&|m| m.version = v(2, 0));
    add(&|m| (m.developer, m.licence.min_tier) = (party("rival"), Tier::Dev));
    let seals = bundles.iter().flat_map(|(b, _)| [seal(b, "dev"), seal(b, "rival")]).collect();
    let mut certs = Vec::new();
    for (i, (b, _)) in bundles.iter().enumerate() {
        for (model, tier) in [("tinyRobot", Tier::Lab), ("tinyRobot", Tier::Dev), ("magni", Tier::Field), ("magni", Tier::Sim)] {
            let mut c = certificate(b.hash(), model, tier);
            c.envelope = Envelope { speed_mm_s: 400, ..c.envelope };
            c.not_before = day(if i % 2 == 0 { 0 } else { 20 });
            c.not_after = day(if tier == Tier::Lab { 60 } else { 120 });
            if tier == Tier::Sim {
                c.certifier = party("lab");
            }
            let by = if c.certifier == party("lab") { "lab" } else { "cert" };
            let thin = tier == Tier::Field && i == 1;
            let e = if thin { Evidence { supervised: Supervised::default(), ..evidence() } } else { evidence() };
            c.evidence = e.hash();
            let signer = if tier == Tier::Dev && i == 2 { "lab" } else { by };
            certs.push((certified(c, signer), signer.to_owned(), e));
        }
    }
    Pool { keys: keys(), bundles, seals, certs }
}

/// Two versions published and certified, on two robots, licensed by a job.
fn opening(p: &Pool) -> Vec<(&'static str, Hand, &'static str, Command)> {
    let by = |role, who: &'static str| Hand { role, key: None, party: Some(party(who)) };
    let mut out = Vec::new();
    for i in [0, 1] {
        let bundle = p.bundles[i].0.hash();
        out.push((
            "publish",
            by(Role::DV, "dev"),
            "dev",
            Command::Publish { bundle: p.bundles[i].0.to_bytes(), seal: p.seals[2 * i].clone() },
        ));
        for (c, by_whom, e) in &p.certs[4 * i..4 * i + 4] {
            let who = if by_whom == "lab" { "lab" } else { "cert" };
            out.push(("certify", by(Role::CE, who), who, Command::Certify { certificate: c.clone(), evidence: Box::new(e.clone()) }));
        }
        for rob in [robot("r1", "tinyRobot"), robot("r2", "magni")] {
            out.push(("install", by(Role::RB, "r"), "r", Command::Install { robot: rob.robot, bundle }));
        }
    }
    let bundle = p.bundles[0].0.hash();
    for n in 0..2 {
        out.push((
            "license",
            by(Role::MK, "mk"),
            "mk",
            Command::License { job: job(n), licence: licence(n), bundle, quoted: bundle, tenant: tenant(), currency: Currency::EUR },
        ));
    }
    out
}

fn draw(p: &Pool, d: &mut Dice) -> (&'static str, Hand, &'static str, Command) {
    let robots = [robot("r1", "tinyRobot"), robot("r2", "magni"), Robot { driver: 9, ..robot("r3", "tinyRobot") }];
    // Mostly the first few, so that histories get somewhere.
    let n = if d.one_in(4) { p.bundles.len() as u64 } else { 2 };
    let i = d.below(n) as usize;
    let bundle = p.bundles[i].0.hash();
    let (j, l) = (job(d.below(2)), licence(d.below(2)));
    let rob = d.pick(&robots);
    let level = d.pick(&[Level::BlockNew, Level::BlockNew, Level::StopNow]);
    let reason = "because".to_owned();
    let dv = if i == 5 { "rival" } else { "dev" };
    let (name, role, who, c) = match d.below(26) {
        0..=2 => (
            "publish",
            Role::DV,
            dv,
            Command::Publish { bundle: p.bundles[i].0.to_bytes(), seal: p.seals[2 * i + usize::from((i == 5) != d.one_in(6))].clone() },
        ),
        3..=6 => {
            let (c, _, e) = &p.certs[4 * i + d.below(4) as usize];
            let who = if c.certificate.certifier == party("lab") { "lab" } else { "cert" };
            ("certify", Role::CE, who, Command::Certify { certificate: c.clone(), evidence: Box::new(e.clone()) })
        }
        7 => {
            let predecessor = d.one_in(2).then(|| p.bundles[d.below(n) as usize].0.hash());
            let c = Command::Revoke { bundle, level, reason, predecessor };
            if d.one_in(3) { ("revoke", Role::TR, "judge", c) } else { ("revoke", Role::DV, dv, c) }
        }
        8 => {
            let model = d.one_in(2).then(|| rob.model.clone());
            let c = Command::Recall { bundle, model, level, reason };
            if d.one_in(3) { ("recall", Role::TR, "judge", c) } else { ("recall", Role::CE, d.pick(&["cert", "lab"]), c) }
        }
        9 => ("blame", Role::TR, "judge", Command::Blame { bundle, severity: d.below(7).min(6 - u64::from(d.one_in(2))) as u8 }),
        10..=12 => {
            // The bundles have their price in euro alone.
            let currency = if d.one_in(8) { Currency::USD } else { Currency::EUR };
            ("license", Role::MK, "mk", Command::License { job: j, licence: l, bundle, quoted: bundle, tenant: tenant(), currency })
        }
        13 | 14 => ("repin", Role::MK, "mk", Command::Repin { job: j, bundle, tenant: tenant() }),
        15 | 16 => ("install", Role::RB, "r", Command::Install { robot: rob.robot, bundle }),
        17 => ("no_install", Role::RB, "r", Command::RefuseInstall { robot: rob, bundle, code: "DISK_FULL".into() }),
        18..=20 => ("start", Role::RB, "r", Command::Start { job: j, robot: rob, bundle, min: d.pick(&Tier::ALL) }),
        21 => ("stop", Role::DI, "di", Command::Stop { job: j, exit: "DONE".into() }),
        22 | 23 => {
            let units = d.below(3).min(1) as u32;
            ("meter", Role::RB, "r", Command::Meter { job: j, licence: l, step: 1, units, total: d.below(5) as u32 })
        }
        _ => {
            let c = &p.certs[d.below(4 * n) as usize].0.certificate;
            ("fire", Role::CK, "", Command::Fire { certificate: c.id() })
        }
    };
    // Now and then somebody of another role, or another party.
    let role = if d.one_in(12) { d.pick(&[Role::RQ, Role::DV, Role::CE, Role::TR, Role::MK, Role::RB, Role::CK]) } else { role };
    let who = if d.one_in(16) { "rival" } else { who };
    (name, Hand { role, key: None, party: (!who.is_empty()).then(|| party(who)) }, who, c)
}

/// The registry and a naive model of it agree on every command, and afterwards on everything that can be asked of both.
#[test]
fn random_histories_agree_with_a_naive_model() {
    let p = pool();
    let robots = [robot("r1", "tinyRobot"), robot("r2", "magni"), Robot { driver: 9, ..robot("r3", "tinyRobot") }];
    let mut tally: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    let (mut successors, mut frozen) = (0u64, 0u64);
    for seed in 0..HISTORIES {
        let mut d = Dice(seed * 7_919 + 1);
        let mut r = Registry::default();
        let mut m = Model::default();
        let fresh =
            |(b, man): &(Bundle, Manifest)| B { hash: b.hash(), m: man.clone(), published: false, level: 0, named: None, blames: vec![] };
        m.bundles = p.bundles.iter().map(fresh).collect();
        m.certs = p
            .certs
            .iter()
            .map(|(c, by, e)| C {
                id: c.certificate.id(),
                c: c.certificate.clone(),
                signed_by: by.clone(),
                evidence_fits: e.supports(c.certificate.tier).is_ok(),
                given: false,
                recalled: 0,
                expired: false,
            })
            .collect();
        let mut now = day(0);
        // Most histories begin where something can be run.
        let mut first = if seed % 4 == 0 { Vec::new() } else { opening(&p) };
        first.reverse();
        for step in 0..STEPS {
            now = now.saturating_add(Span(if first.is_empty() { d.below(2 * DAY.0) } else { 1 }));
            let (name, h, who, c) = first.pop().unwrap_or_else(|| draw(&p, &mut d));
            let decided = r.decide(now, &h, &p.keys, &c);
            let taken = m.take(now, &h, who, &c);
            assert_eq!(decided.is_ok(), taken, "history {seed}, {name} by {h:?}: {decided:?}");
            tally.entry(name).or_default()[usize::from(!taken)] += 1;
            match decided {
                Ok(events) => events.iter().for_each(|e| r.evolve(now, e)),
                Err(e) => *codes.entry(e.code.to_string()).or_default() += 1,
            }
            if !taken && step % 5 != 0 {
                continue;
            }
            for (b, _) in &p.bundles {
                let d = b.hash();
                assert_eq!(r.bundle(d).is_some(), m.b(d).is_some());
                assert_eq!(r.may_pin(d, tenant(), now).is_ok(), m.may_pin(d, now));
                let s = r.successor(d, tenant(), now);
                assert_eq!(s, m.successor(d, now), "history {seed}");
                successors += u64::from(s.is_some());
                for rob in &robots {
                    for t in [Tier::Dev, Tier::Lab] {
                        assert_eq!(r.may_run(d, rob, t, now).is_ok(), m.may_run(d, rob, t, now));
                    }
                    let skill = m.bundles.iter().find(|x| x.hash == d).unwrap().m.skill();
                    let kept = r.slots(rob.robot, skill).is_some_and(|s| s.kept.contains(&d));
                    assert_eq!(kept, m.kept.contains(&(rob.robot, d)));
                }
            }
            for l in &m.licences {
                let found = r.licences(l.job).iter().find(|x| x.licence == l.licence).unwrap();
                assert_eq!((found.bundle, found.metered), (l.bundle, l.metered));
            }
            // What runs is pinned, or was repinned never: nothing else ever runs.
            for (j, rob, b) in &m.running {
                let run = r.running(*j).unwrap();
                assert!(run.robot == *rob && run.bundles.contains(b));
                assert!(r.licences(*j).iter().any(|l| l.bundle == *b), "I37");
            }
            assert_eq!(r.next_deadline(), r.deadlines().first().copied());
        }
        if seed % 50 == 0 {
            frozen += 1;
            assert_eq!(nooterra_engine::decode::<Registry>(&nooterra_engine::encode(&r)).as_ref(), Ok(&r));
        }
    }
    println!(
        "{HISTORIES} histories of {STEPS} steps: taken, refused {tally:?}; refusals {codes:?}; {successors} successors, {frozen} frozen"
    );
    for (name, [ok, bad]) in &tally {
        assert!(*ok > 0 && *bad > 0, "{name}: taken {ok}, refused {bad}");
    }
    assert_eq!(tally.len(), 13);
    for code in [
        "SKILL_REVOKED",
        "CERT_INVALID",
        "SKILL_NOT_PINNED",
        "PARTY_FORBIDDEN",
        "ROLE_FORBIDDEN",
        "EVIDENCE_INSUFFICIENT",
        "ALREADY_DONE",
        "AMOUNT_INVALID",
    ] {
        assert!(codes.contains_key(code), "never refused with {code}");
    }
}
