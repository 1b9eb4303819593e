//! Skills for the puppets: bundles in versions, certified for their robots, licensed by every job.

use super::rig::{attested, genesis, key, party};
use crate::Policy;
use crate::genesis::Genesis;
use crate::skills::{CertificateEntry, SkillEntry};
use nooterra_engine::Digest;
use nooterra_engine::ids::{LicenceId, TenantId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Instant;
use nooterra_jobs::pins::{LicencePin, LicenceUnit, Milestone as Pinned};
use nooterra_skills::cases::{Case, Cases};
use nooterra_skills::evidence::{Evidence, InLoop, Simulated, Supervised};
use nooterra_skills::graph::{Act, End, Graph, Node};
use nooterra_skills::manifest::{API, Manifest};
use nooterra_skills::seal::{BundleSeal, Certificate, Drivers, SignedCertificate};
use nooterra_skills::words::{Envelope, LicencePrice, LicenceTerms, Milestone, Use};
use nooterra_skills::{Bundle, Capability, Tier, Unit, Version};

/// Of one owner, so that one can take over from the other.
pub const TWO: &[(&str, &str, u32)] = &[("a1", "acme", 8), ("b1", "acme", 15)];

pub fn bundle(minor: u16) -> (Manifest, Bundle) {
    bundle_on(minor, Unit::Checkpoint, Milestone::Booked)
}

/// The same, paid by another unit and to be given back until another milestone.
pub fn bundle_on(minor: u16, unit: Unit, refundable_until: Milestone) -> (Manifest, Bundle) {
    let amount = |v| Amount::new(v).unwrap();
    let m = Manifest {
        name: "navigation".into(),
        version: Version { major: 1, minor, patch: 0 },
        developer: party("dev"),
        api: API,
        entry: "drive".into(),
        capabilities: vec![Use { capability: Capability::Navigate, min: 0, max: 600 }],
        envelope: Envelope::default(),
        zones_forbidden: vec![],
        sensors: vec![],
        graph: Digest::ZERO,
        assets: vec![],
        cases: Digest::ZERO,
        max_run_s: 60,
        units: vec!["there".into()],
        licence: LicenceTerms {
            unit,
            prices: vec![LicencePrice { currency: Currency::EUR, fee: amount(10), cap: amount(50) }],
            tenants: vec![TenantId::named(super::rig::TENANT)],
            min_tier: Tier::Lab,
            refundable_until,
        },
    };
    let drive = Act::Call {
        capability: Capability::Navigate,
        argument: 500,
        timeout_s: 60,
        retries: 0,
        done: "there".into(),
        failed: "there".into(),
    };
    let node = |name: &str, act| Node { name: name.into(), act };
    let g = Graph {
        nodes: vec![
            node("done", Act::End { how: End::Done }),
            node("drive", drive),
            node("there", Act::Checkpoint { next: "done".into() }),
        ],
    };
    let c = Cases { cases: vec![Case { name: "plain".into(), scripts: vec![], ends: End::Done, checkpoints: vec!["there".into()] }] };
    (m.clone(), Bundle::pack(m, &g, &c, vec![]))
}

pub fn evidence() -> Evidence {
    Evidence {
        simulated: Simulated { seeds: 1_000, faults: 1, clamps: 1, ..Simulated::default() },
        in_loop: InLoop { runs: 50, completed: 50, assisted: 1, ..InLoop::default() },
        supervised: Supervised { jobs: 200, passed: 200, incidents: 0, privacy_review: Digest([1; 32]) },
        runs: vec![Digest([2; 32])],
    }
}

pub fn certificate(minor: u16, model: &str, tier: Tier, until: Instant) -> CertificateEntry {
    certificate_of(bundle(minor).1.hash(), model, tier, until)
}

fn certificate_of(bundle: Digest, model: &str, tier: Tier, until: Instant) -> CertificateEntry {
    let c = Certificate {
        bundle,
        certifier: party("cert"),
        model: model.into(),
        drivers: Drivers { from: 1, to: 1 },
        tier,
        physics: Digest([3; 32]),
        evidence: evidence().hash(),
        envelope: Envelope::default(),
        not_before: Instant::ZERO,
        not_after: until,
    };
    CertificateEntry { certificate: SignedCertificate::sign(c, &key("cert")), evidence: evidence() }
}

pub const LONG: Instant = Instant::from_secs(300 * 86_400);

/// Versions up to `newest`, certified for these models; the newest is what bookings pin. The second robot is a `big`.
pub fn skilled(newest: u16, models: &[(&str, Tier)]) -> Genesis {
    skilled_on(newest, models, Unit::Checkpoint, Milestone::Booked)
}

/// The same on other terms.
pub fn skilled_on(newest: u16, models: &[(&str, Tier)], unit: Unit, until: Milestone) -> Genesis {
    let mut g = genesis(Policy::scenario(), TWO);
    g.robots[1].model.name = "big".into();
    let device = attested(TWO[1].0, "big");
    g.robots[1].attestation = device.hash();
    g.register.devices[1] = device;
    let entry = |minor| {
        let b = bundle_on(minor, unit, until).1;
        SkillEntry {
            bundle: b.to_bytes(),
            seal: BundleSeal::sign(b.hash(), &key("dev")),
            certificates: models.iter().map(|(m, t)| certificate_of(b.hash(), m, *t, LONG)).collect(),
        }
    };
    g.skills = (0..=newest).map(entry).collect();
    let (m, b) = bundle_on(newest, unit, until);
    let price = m.licence.prices[0];
    g.contracts[0].licences = vec![LicencePin {
        licence: LicenceId::named("navigation"),
        skill: m.skill(),
        bundle: b.hash(),
        certificates: vec![],
        developer: party("dev"),
        fee: price.fee,
        cap: price.cap,
        unit: match unit {
            Unit::Job => LicenceUnit::Job,
            Unit::Use => LicenceUnit::Use,
            Unit::Minute => LicenceUnit::Minute,
            Unit::Checkpoint => LicenceUnit::Checkpoint,
        },
        refundable_until: match until {
            Milestone::Booked => Pinned::Booked,
            Milestone::EnRoute => Pinned::EnRoute,
            Milestone::AccessGranted => Pinned::AccessGranted,
            Milestone::Executing => Pinned::Executing,
            Milestone::Checkpoint => Pinned::Checkpoint,
        },
    }];
    g
}
