//! Tests of the room: what they share here, a file per noun beside it.

mod bundles;
mod evidence;
mod history;
mod limits;
mod matrix;
mod model;

use crate::bundle::{Bundle, File};
use crate::cases::{Case, Cases, Script};
use crate::evidence::{Evidence, InLoop, Simulated, Supervised};
use crate::graph::{Act, End, Graph, Node};
use crate::manifest::{API, Asset, Manifest, SensorUse};
use crate::run::Reply;
use crate::seal::{BundleSeal, Certificate, Drivers, SignedCertificate};
use crate::standing::Robot;
use crate::words::{Capability, Envelope, LicencePrice, LicenceTerms, Milestone, Tier, Unit, Use, Version};
use nooterra_engine::Digest;
use nooterra_engine::ids::{JobId, LicenceId, PartyId, RobotId, TenantId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};
use nooterra_trust::{Binding, Hand, KeyTable, Role, SigningKey};

pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}

pub fn party(name: &str) -> PartyId {
    PartyId::named(name)
}
pub fn key(name: &str) -> SigningKey {
    SigningKey::derived(b"skills", &[name.as_bytes()])
}
pub fn hand(role: Role, name: &str) -> Hand {
    Hand { role, key: Some(key(name).id()), party: Some(party(name)) }
}
pub fn tenant() -> TenantId {
    TenantId::named("market")
}
pub fn job(n: u64) -> JobId {
    JobId::named(&n.to_string())
}
pub fn licence(n: u64) -> LicenceId {
    LicenceId::named(&n.to_string())
}
pub fn robot(name: &str, model: &str) -> Robot {
    Robot { robot: RobotId::named(name), model: model.into(), driver: 3 }
}
pub const DAY: Span = Span::from_mins(24 * 60);
pub fn day(n: u64) -> Instant {
    Instant::ZERO + DAY.times(n)
}

/// Two developers, two certifiers, and a certifier's key that belongs to a developer's party.
pub fn keys() -> KeyTable {
    let mut t = KeyTable::default();
    let mut bind = |name: &str, role: Role, subject: &str| {
        let b = Binding {
            public: key(name).public(),
            tenant: tenant(),
            role,
            subject: *party(subject).as_bytes(),
            name: subject.into(),
            from: Instant::ZERO,
            to: Instant::NEVER,
            revoked_at: None,
        };
        t.bind(b).unwrap();
    };
    for (name, role) in [("dev", Role::DV), ("rival", Role::DV), ("cert", Role::CE), ("lab", Role::CE)] {
        bind(name, role, name);
    }
    bind("dev-as-cert", Role::CE, "dev");
    t
}

fn node(name: &str, act: Act) -> Node {
    Node { name: name.into(), act }
}
fn call(capability: Capability, argument: i64, timeout_s: u32, retries: u8, done: &str, failed: &str) -> Act {
    Act::Call { capability, argument, timeout_s, retries, done: done.into(), failed: failed.into() }
}

/// Goes to a point, looks whether it is there, signals; asks a person where it cannot get on.
pub fn graph() -> Graph {
    Graph {
        nodes: vec![
            node("ask", call(Capability::Ask, 60_000, 60, 0, "go", "lost")),
            node("at_point", Act::Checkpoint { next: "bell".into() }),
            node("bell", call(Capability::Signal, 500, 5, 0, "done", "done")),
            node("done", Act::End { how: End::Done }),
            node("go", call(Capability::Navigate, 500, 300, 1, "look", "lost")),
            node("look", call(Capability::Observe, 2_000, 10, 2, "at_point", "lost")),
            node("lost", Act::End { how: End::GaveUp }),
            node("start", call(Capability::Navigate, 500, 300, 1, "look", "ask")),
        ],
    }
}

pub fn cases() -> Cases {
    let script = |node: &str, replies: &[Reply]| Script { node: node.into(), replies: replies.to_vec() };
    let case = |name: &str, scripts, ends, checkpoints: &[&str]| Case {
        name: name.into(),
        scripts,
        ends,
        checkpoints: checkpoints.iter().map(|c| (*c).to_owned()).collect(),
    };
    let (ok, no) = (Reply::Done, Reply::Failed);
    Cases {
        cases: vec![
            case("blocked for good", vec![script("start", &[no, no]), script("ask", &[no])], End::GaveUp, &[]),
            case("helped", vec![script("start", &[no, no]), script("ask", &[ok]), script("go", &[no, ok])], End::Done, &["at_point"]),
            case("plain", vec![], End::Done, &["at_point"]),
            case("silent bell", vec![script("bell", &[no])], End::Done, &["at_point"]),
        ],
    }
}

pub fn manifest() -> Manifest {
    let u = |capability, min, max| Use { capability, min, max };
    Manifest {
        name: "navigate".into(),
        version: Version { major: 1, minor: 0, patch: 0 },
        developer: party("dev"),
        api: API,
        entry: "start".into(),
        capabilities: vec![
            u(Capability::Navigate, 0, 600),
            u(Capability::Observe, 0, 5_000),
            u(Capability::Signal, 0, 1_000),
            u(Capability::Ask, 0, 120_000),
        ],
        envelope: Envelope { speed_mm_s: 600, accel_mm_s2: 800, force_mn: 20_000, payload_g: 10_000, human_clearance_mm: 300 },
        zones_forbidden: vec!["ramp".into(), "stairs".into()],
        sensors: vec![SensorUse { name: "lidar".into(), purpose: "finding its way".into(), retention_s: 0 }],
        graph: Digest::ZERO,
        assets: Vec::<Asset>::new(),
        cases: Digest::ZERO,
        max_run_s: 1_400,
        units: vec!["at_point".into()],
        licence: LicenceTerms {
            unit: Unit::Checkpoint,
            prices: vec![LicencePrice { currency: Currency::EUR, fee: Amount::new(10).unwrap(), cap: Amount::new(50).unwrap() }],
            tenants: vec![tenant()],
            min_tier: Tier::Lab,
            refundable_until: Milestone::AccessGranted,
        },
    }
}

pub fn assets() -> Vec<File> {
    vec![File { path: "maps/legend.txt".into(), bytes: b"a point is a point".to_vec() }]
}

pub fn pack(change: impl FnOnce(&mut Manifest)) -> Bundle {
    let mut m = manifest();
    change(&mut m);
    Bundle::pack(m, &graph(), &cases(), assets())
}

pub fn seal(b: &Bundle, by: &str) -> BundleSeal {
    BundleSeal::sign(b.hash(), &key(by))
}

pub fn evidence() -> Evidence {
    Evidence {
        simulated: Simulated { seeds: 1_000, failed: 0, faults: 4, incidents: 0, clamps: 12, clamps_broken: 0 },
        in_loop: InLoop { runs: 50, completed: 48, incidents: 0, residual_breaches: 0, assisted: 1 },
        supervised: Supervised { jobs: 200, passed: 196, incidents: 0, privacy_review: Digest([9; 32]) },
        runs: vec![Digest([1; 32])],
    }
}

pub fn certificate(bundle: Digest, model: &str, tier: Tier) -> Certificate {
    Certificate {
        bundle,
        certifier: party("cert"),
        model: model.into(),
        drivers: Drivers { from: 1, to: 4 },
        tier,
        physics: Digest([3; 32]),
        evidence: evidence().hash(),
        envelope: Envelope { speed_mm_s: 500, ..manifest().envelope },
        not_before: day(0),
        not_after: day(365),
    }
}

pub fn certified(c: Certificate, by: &str) -> Box<SignedCertificate> {
    Box::new(SignedCertificate::sign(c, &key(by)))
}
