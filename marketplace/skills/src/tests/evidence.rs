use super::*;
use nooterra_trust::Code;

/// The first tier that asks for it, its field, and how to fall short of it.
type Edge = (Tier, &'static str, fn(&mut Evidence));

/// Each number of the table at its edge: enough, and one less (or more) is refused with its field, for that tier and all
/// later ones, and does not matter for earlier ones.
#[test]
fn each_tier_asks_for_its_evidence() {
    let edges: [Edge; 17] = [
        (Tier::Sim, "simulated.seeds", |e| e.simulated.seeds = 999),
        (Tier::Sim, "simulated.failed", |e| e.simulated.failed = 1),
        (Tier::Sim, "simulated.faults", |e| e.simulated.faults = 0),
        (Tier::Sim, "simulated.incidents", |e| e.simulated.incidents = 1),
        (Tier::Sim, "simulated.clamps", |e| e.simulated.clamps = 0),
        (Tier::Sim, "simulated.clamps_broken", |e| e.simulated.clamps_broken = 1),
        (Tier::Sim, "runs", |e| e.runs.clear()),
        (Tier::Lab, "in_loop.runs", |e| (e.in_loop.runs, e.in_loop.completed) = (49, 49)),
        (Tier::Lab, "in_loop.completed", |e| e.in_loop.completed = 47),
        (Tier::Lab, "in_loop.completed", |e| e.in_loop.completed = 51),
        (Tier::Lab, "in_loop.incidents", |e| e.in_loop.incidents = 1),
        (Tier::Lab, "in_loop.residual_breaches", |e| e.in_loop.residual_breaches = 1),
        (Tier::Lab, "in_loop.assisted", |e| e.in_loop.assisted = 0),
        (Tier::Field, "supervised.jobs", |e| (e.supervised.jobs, e.supervised.passed) = (199, 199)),
        (Tier::Field, "supervised.passed", |e| e.supervised.passed = 195),
        (Tier::Field, "supervised.incidents", |e| e.supervised.incidents = 1),
        (Tier::Field, "supervised.privacy_review", |e| e.supervised.privacy_review = Digest::ZERO),
    ];
    for t in Tier::ALL {
        assert_eq!(evidence().supports(t), Ok(()));
        assert_eq!(Evidence::default().supports(t).is_ok(), t == Tier::Dev);
    }
    for (first, field, change) in edges {
        let mut e = evidence();
        change(&mut e);
        for t in Tier::ALL {
            match e.supports(t) {
                Ok(()) => assert!(t < first, "{field} does not matter for {t:?}"),
                Err(r) => {
                    assert!(t >= first, "{r}");
                    assert_eq!((r.code, r.field.unwrap()), (Code::EvidenceInsufficient, format!("evidence.{field}")));
                }
            }
        }
        assert_ne!(e.hash(), evidence().hash());
    }
}

#[test]
fn signatures_are_of_whom_they_say() {
    let keys = keys();
    let b = pack(|_| {});
    let code = |r: Result<(), nooterra_trust::Rejection>| r.err().map(|r| r.code);
    let s = seal(&b, "dev");
    assert_eq!(code(s.verify(party("dev"), &keys, day(1))), None);
    assert_eq!(code(s.verify(party("rival"), &keys, day(1))), Some(Code::PartyForbidden));
    assert_eq!(code(BundleSeal { bundle: Digest([5; 32]), ..s.clone() }.verify(party("dev"), &keys, day(1))), Some(Code::SignatureInvalid));
    assert_eq!(code(seal(&b, "nobody").verify(party("dev"), &keys, day(1))), Some(Code::KeyUnknown));
    assert_eq!(code(seal(&b, "cert").verify(party("dev"), &keys, day(1))), Some(Code::RoleForbidden));
    let mut revoked = keys.clone();
    revoked.revoke(key("dev").id(), day(2)).unwrap();
    assert_eq!(code(s.verify(party("dev"), &revoked, day(1))), None);
    assert_eq!(code(s.verify(party("dev"), &revoked, day(2))), Some(Code::KeyInactive));
    let c = certified(certificate(b.hash(), "tinyRobot", Tier::Lab), "cert");
    assert_eq!(code(c.verify(&keys, day(1))), None);
    let mut forged = c.clone();
    forged.certificate.tier = Tier::Field;
    assert_eq!(code(forged.verify(&keys, day(1))), Some(Code::SignatureInvalid));
    assert_eq!(code(certified(c.certificate.clone(), "lab").verify(&keys, day(1))), Some(Code::PartyForbidden));
    assert_eq!(code(certified(c.certificate.clone(), "dev").verify(&keys, day(1))), Some(Code::RoleForbidden));
}

#[test]
fn a_licence_is_paid_by_the_unit_up_to_its_cap() {
    let t = manifest().licence;
    assert_eq!([0, 1, 5, 6, u64::MAX].map(|n| t.due(Currency::EUR, n, Milestone::Executing)), [0, 10, 50, 50, 50]);
    assert_eq!([Milestone::Booked, Milestone::AccessGranted, Milestone::Checkpoint].map(|m| t.due(Currency::EUR, 1, m)), [0, 0, 10]);
}
