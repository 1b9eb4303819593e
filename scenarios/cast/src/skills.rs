//! The navigation skill that every robot of a simulated run drives by, its developer and its certifier.
//!
//! Two versions are published: bookings pin the newer one; the older one takes its place where the newer one is revoked.
//! Both are signed and certified with real keys for every model that the scenario does not except.

use crate::desks::Seat;
use crate::{Cast, key, seat_party};
use nooterra_control::input::{Body as _, CertifierCommand, DeveloperCommand};
use nooterra_control::{CertificateEntry, SkillEntry};
use nooterra_engine::chance::Chance;
use nooterra_engine::digest::sha256;
use nooterra_engine::ids::{LicenceId, TenantId};
use nooterra_engine::{Digest, Instant, Record, Span};
use nooterra_jobs::pins::{LicencePin, LicenceUnit};
use nooterra_script::acts::{RevokeLevel, SkillBy};
use nooterra_script::resolved::{Certified, LicencePer, Resolved};
use nooterra_skills::cases::{Case, Cases, Script};
use nooterra_skills::evidence::{Evidence, InLoop, Simulated, Supervised};
use nooterra_skills::graph::{Act, End, Graph, Node};
use nooterra_skills::manifest::{API, Manifest, SensorUse};
use nooterra_skills::run::Reply;
use nooterra_skills::seal::{BundleSeal, Certificate, Drivers, SignedCertificate};
use nooterra_skills::words::{Envelope, LicencePrice, LicenceTerms, Milestone, Use};
use nooterra_skills::{Bundle, Capability, Level, Tier, Unit, Version};

/// Version of every simulated robot's driver.
pub const DRIVER: u32 = 1;
const VALID: Span = Span::from_mins(365 * 24 * 60);

fn call(name: &str, (capability, argument, timeout_s, retries): (Capability, i64, u32, u8), done: &str, failed: &str) -> Node {
    let (done, failed) = (done.to_owned(), failed.to_owned());
    Node { name: name.to_owned(), act: Act::Call { capability, argument, timeout_s, retries, done, failed } }
}

/// One step of a plan: drive there, look whether it is the place, pass the checkpoint. Who cannot get on asks once.
fn graph(retries: u8) -> Graph {
    let drive = (Capability::Navigate, 500, 600, retries);
    let end = |name: &str, how| Node { name: name.to_owned(), act: Act::End { how } };
    Graph {
        nodes: vec![
            call("again", drive, "look", "lost"),
            call("ask", (Capability::Ask, 60_000, 60, 0), "again", "lost"),
            Node { name: "at_point".into(), act: Act::Checkpoint { next: "done".into() } },
            end("done", End::Done),
            call("drive", drive, "look", "ask"),
            call("look", (Capability::Observe, 1_000, 5, 1), "at_point", "lost"),
            end("lost", End::GaveUp),
        ],
    }
}

fn cases(retries: u8) -> Cases {
    let fails = |node: &str, n: u8| Script { node: node.to_owned(), replies: vec![Reply::Failed; usize::from(n)] };
    let case = |name: &str, scripts: Vec<Script>, ends| {
        let checkpoints = if ends == End::Done { vec!["at_point".to_owned()] } else { Vec::new() };
        Case { name: name.to_owned(), scripts, ends, checkpoints }
    };
    Cases {
        cases: vec![
            case("blocked", vec![fails("drive", retries + 1), fails("ask", 1)], End::GaveUp),
            case("helped", vec![fails("drive", retries + 1)], End::Done),
            case("plain", Vec::new(), End::Done),
            case("wrong place", vec![fails("look", 2)], End::GaveUp),
        ],
    }
}

/// A version of the skill, with its price in each currency of the market.
fn bundle(tenant: TenantId, r: &Resolved, minor: u16) -> (Manifest, Bundle) {
    let tariffs = &r.tariffs;
    let uses = |capability, max| Use { capability, min: 0, max };
    let retries = u8::from(minor > 0);
    let manifest = Manifest {
        name: "navigation".into(),
        version: Version { major: 1, minor, patch: 0 },
        developer: seat_party(Seat::Developer),
        api: API,
        entry: "drive".into(),
        capabilities: vec![uses(Capability::Navigate, 2_000), uses(Capability::Observe, 5_000), uses(Capability::Ask, 60_000)],
        envelope: Envelope { speed_mm_s: 2_000, accel_mm_s2: 1_500, force_mn: 150_000, payload_g: 600_000, human_clearance_mm: 300 },
        zones_forbidden: Vec::new(),
        sensors: vec![SensorUse { name: "lidar".into(), purpose: "finding the way".into(), retention_s: 0 }],
        graph: Digest::ZERO,
        assets: Vec::new(),
        cases: Digest::ZERO,
        max_run_s: 3_600,
        units: vec!["at_point".into()],
        licence: LicenceTerms {
            unit: match r.licence_per {
                LicencePer::Checkpoint => Unit::Checkpoint,
                LicencePer::Use => Unit::Use,
                LicencePer::Minute => Unit::Minute,
                LicencePer::Job => Unit::Job,
            },
            prices: tariffs.iter().map(|t| LicencePrice { currency: t.tariff.currency, fee: t.licence_fee, cap: t.licence_cap }).collect(),
            tenants: vec![tenant],
            min_tier: Tier::Lab,
            refundable_until: Milestone::AccessGranted,
        },
    };
    let packed = Bundle::pack(manifest.clone(), &graph(retries), &cases(retries), Vec::new());
    (manifest, packed)
}

fn evidence(model: &str) -> Evidence {
    Evidence {
        simulated: Simulated { seeds: 1_000, failed: 0, faults: 15, incidents: 0, clamps: 4_000, clamps_broken: 0 },
        in_loop: InLoop { runs: 60, completed: 59, incidents: 0, residual_breaches: 0, assisted: 2 },
        supervised: Supervised { jobs: 240, passed: 239, incidents: 0, privacy_review: sha256(&[b"nooterra/review/v1", model.as_bytes()]) },
        runs: vec![sha256(&[b"nooterra/run/v1", model.as_bytes()])],
    }
}

fn tier(c: Certified) -> Option<Tier> {
    Some(match c {
        Certified::None => return None,
        Certified::Dev => Tier::Dev,
        Certified::Sim => Tier::Sim,
        Certified::Lab => Tier::Lab,
        Certified::Field => Tier::Field,
    })
}

/// What the platform starts with: the bundles with their certificates, older first, and the licence that bookings pin, in the
/// order of the market's currencies.
#[must_use]
pub fn navigation(r: &Resolved, tenant: TenantId) -> (Vec<SkillEntry>, Vec<LicencePin>) {
    let chance = Chance::new(r.seed);
    let (developer, certifier) = (key(&chance, Seat::Developer.name()), key(&chance, Seat::Certifier.name()));
    let mut seen: Vec<&str> = Vec::new();
    let mut models: Vec<(&str, Tier)> = Vec::new();
    for (m, c) in r.models.iter().zip(&r.certified) {
        if let Some(t) = tier(*c).filter(|_| !seen.contains(&m.name.as_str())) {
            models.push((&m.name, t));
        }
        seen.push(&m.name);
    }
    let entry = |minor: u16| {
        let (manifest, packed) = bundle(tenant, r, minor);
        let hash = packed.hash();
        let certify = |(model, tier): &(&str, Tier)| {
            let evidence = evidence(model);
            let certificate = Certificate {
                bundle: hash,
                certifier: seat_party(Seat::Certifier),
                model: (*model).to_owned(),
                drivers: Drivers { from: DRIVER, to: DRIVER },
                tier: *tier,
                physics: sha256(&[b"nooterra/physics/v1", model.as_bytes()]),
                evidence: evidence.hash(),
                envelope: manifest.envelope,
                not_before: Instant::ZERO,
                not_after: Instant::ZERO + VALID,
            };
            CertificateEntry { certificate: SignedCertificate::sign(certificate, &certifier), evidence }
        };
        let certificates = models.iter().map(certify).collect();
        SkillEntry { bundle: packed.to_bytes(), seal: BundleSeal::sign(hash, &developer), certificates }
    };
    let (manifest, packed) = bundle(tenant, r, 1);
    let licence = |price: &LicencePrice| LicencePin {
        licence: LicenceId::named("navigation"),
        skill: manifest.skill(),
        bundle: packed.hash(),
        certificates: vec![],
        developer: seat_party(Seat::Developer),
        fee: price.fee,
        cap: price.cap,
        unit: match r.licence_per {
            LicencePer::Checkpoint => LicenceUnit::Checkpoint,
            LicencePer::Use => LicenceUnit::Use,
            LicencePer::Minute => LicenceUnit::Minute,
            LicencePer::Job => LicenceUnit::Job,
        },
        refundable_until: nooterra_jobs::pins::Milestone::AccessGranted,
    };
    (vec![entry(0), entry(1)], manifest.licence.prices.iter().map(licence).collect())
}

/// Versions that nobody has revoked, in the order in which bookings fall back on them.
#[derive(Debug, Clone, PartialEq, Record)]
pub(crate) struct Versions {
    good: Vec<Digest>,
}

impl Versions {
    pub(crate) fn new(r: &Resolved, tenant: TenantId) -> Self {
        Self { good: [1, 0].map(|minor| bundle(tenant, r, minor).1.hash()).to_vec() }
    }
}

impl Cast {
    /// The version in force is revoked, or its certificates for a model, or for all, are taken back.
    pub(crate) fn revoke_skill(&mut self, now: Instant, by: SkillBy, level: RevokeLevel, model: Option<String>) {
        let Some(bundle) = self.versions.good.first().copied() else { return };
        let level = match level {
            RevokeLevel::BlockNew => Level::BlockNew,
            RevokeLevel::StopNow => Level::StopNow,
        };
        if model.is_none() {
            self.versions.good.remove(0);
        }
        match by {
            SkillBy::Developer => {
                let c = DeveloperCommand::Revoke { bundle, level, reason: "a fault was found".into(), predecessor: None };
                self.say(now, Seat::Developer, c.draft("skills"));
            }
            SkillBy::Certifier => {
                let c = CertifierCommand::Recall { bundle, model, level, reason: "the evidence does not hold".into() };
                self.say(now, Seat::Certifier, c.draft("skills"));
            }
        }
    }
}
