//! The rules behind the verdicts of a batch: what the filter of 5.1 asks of offers, status, certificates, ways, access and
//! privacy, as pure functions over values of this room. [`bars`] puts them together for one job and one robot.
//!
//! Who fills a [`View`](crate::assign::View) calls these; the filter itself then needs only their answers.

use crate::assign::{Bars, Interval, Need};
use nooterra_engine::ids::{DoorId, LiftId, ZoneId};
use nooterra_engine::{Instant, Record};

/// What a robot's status may be (domain 12.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum RobotStatus {
    /// Not yet admitted.
    #[default]
    Enrolled,
    /// At work.
    Active,
    /// At work, in part.
    Degraded,
    /// Not to be used.
    Unhealthy,
    /// Barred.
    Quarantined,
    /// At the workshop.
    Maintenance,
    /// Stuck somewhere.
    Stranded,
    /// Gone.
    Retired,
}

/// A robot's standing, as `STATUS` asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Standing {
    /// Its status.
    pub status: RobotStatus,
    /// Names of the capabilities that the causes of a degradation touch.
    pub touched: Vec<String>,
    /// A stop is in force.
    pub is_stopped: bool,
    /// It holds an item of another job.
    pub has_custody: bool,
}

/// How far a skill was tried before it was certified (domain 7.3); later tiers include earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum CertTier {
    /// By its developer.
    #[default]
    Dev,
    /// In simulation.
    Sim,
    /// In the laboratory.
    Lab,
    /// In the field.
    Field,
}

/// A certificate of a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Certificate {
    /// When it is valid, half-open.
    pub valid: Interval,
    /// It was revoked.
    pub is_revoked: bool,
    /// It was given for this robot's model and driver.
    pub covers_robot: bool,
    /// How far it goes.
    pub tier: CertTier,
}

/// A pinned skill on a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct SkillState {
    /// Exactly the pinned bundle is installed, or can be.
    pub is_available: bool,
    /// The best certificate of that bundle.
    pub certificate: Option<Certificate>,
}

/// What a way passes through, or what a robot may and can pass. Lists ascend.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Way {
    /// Zones.
    pub zones: Vec<ZoneId>,
    /// Doors.
    pub doors: Vec<DoorId>,
    /// Lifts.
    pub lifts: Vec<LiftId>,
}

/// What is to be known of a job and a robot for a verdict on the pair.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Facts {
    /// The instant of the batch.
    pub now: Instant,
    /// The price of the service, minor units.
    pub price: u64,
    /// What the owner's standing offer asks for this job at least, minor units, if there is an offer in force.
    pub asked: Option<u64>,
    /// The robot's standing.
    pub standing: Standing,
    /// The robot is excluded from this job until then.
    pub excluded_until: Option<Instant>,
    /// Values that the job requires.
    pub needs: Vec<Need>,
    /// The pinned skills on this robot.
    pub skills: Vec<SkillState>,
    /// How far certificates must go at least.
    pub min_cert: CertTier,
    /// What the robot's route passes through; none if there is no route at all.
    pub route: Option<Way>,
    /// What it may pass.
    pub permitted: Way,
    /// The way of access that the plan asks for.
    pub access: String,
    /// Ways of access that the robot supports.
    pub accesses: Vec<String>,
    /// The privacy mode of the job.
    pub privacy: String,
    /// Privacy modes that the robot supports.
    pub privacies: Vec<String>,
}

/// `POOL`: does a standing offer that asks this much take this price? Without one nothing is taken.
pub fn accepts(asked: Option<u64>, price: u64) -> bool {
    asked.is_some_and(|a| a <= price)
}

/// `STATUS`: is a robot of this standing fit for a job with these needs? Leases and tasks are the filter's own.
pub fn is_fit(standing: &Standing, needs: &[Need]) -> bool {
    let works = match standing.status {
        RobotStatus::Active => true,
        RobotStatus::Degraded => !needs.iter().any(|n| standing.touched.contains(&n.name)),
        _ => false,
    };
    works && !standing.is_stopped && !standing.has_custody
}

/// `STATUS`, other half: is a robot that is excluded until then still excluded? At the instant itself it is free again.
pub fn is_excluded(until: Option<Instant>, now: Instant) -> bool {
    until.is_some_and(|u| now < u)
}

/// `CERT`: is each pinned skill there, and certified as far as asked?
pub fn is_certified(skills: &[SkillState], min: CertTier, now: Instant) -> bool {
    let is_live = |c: &Certificate| !c.is_revoked && c.covers_robot && c.tier >= min && c.valid.from <= now && now < c.valid.to;
    skills.iter().all(|s| s.is_available && s.certificate.as_ref().is_some_and(is_live))
}

/// `ZONE`: does a route exist, and pass only what the robot may and can pass?
pub fn may_pass(route: Option<&Way>, permitted: &Way) -> bool {
    route.is_some_and(|r| {
        r.zones.iter().all(|z| permitted.zones.contains(z))
            && r.doors.iter().all(|d| permitted.doors.contains(d))
            && r.lifts.iter().all(|l| permitted.lifts.contains(l))
    })
}

/// `ENERGY`: power to reckon with, watts: the higher of what was declared and the 90th percentile of what was measured.
pub fn consumption_w(declared: u64, measured_p90: Option<u64>) -> u64 {
    declared.max(measured_p90.unwrap_or(0))
}

/// `ENERGY`: what the battery holds, joules: its measured capacity by its charge, rounded down.
pub fn usable_j(capacity_j: u64, soc_bps: u32) -> u64 {
    u64::try_from(u128::from(capacity_j) * u128::from(soc_bps) / 10_000).unwrap_or(u64::MAX)
}

/// The verdicts on a job and a robot.
pub fn bars(f: &Facts) -> Bars {
    Bars {
        is_excluded: is_excluded(f.excluded_until, f.now) || !is_fit(&f.standing, &f.needs),
        lacks_certificate: !is_certified(&f.skills, f.min_cert, f.now),
        lacks_route: !may_pass(f.route.as_ref(), &f.permitted),
        lacks_access: !f.accesses.contains(&f.access),
        lacks_privacy: !f.privacies.contains(&f.privacy),
        lacks_offer: !accepts(f.asked, f.price),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let valid = Interval { from: Instant(100), to: Instant(200) };
        let certificate = Certificate { valid, is_revoked: false, covers_robot: true, tier: CertTier::Field };
        let way = Way { zones: vec![ZoneId::named("z")], doors: vec![DoorId::named("d")], lifts: vec![LiftId::named("l")] };
        Facts {
            now: Instant(100),
            price: 500,
            asked: Some(500),
            standing: Standing { status: RobotStatus::Active, ..Standing::default() },
            excluded_until: None,
            needs: vec![Need { name: "reach_mm".into(), at_least: 800 }],
            skills: vec![SkillState { is_available: true, certificate: Some(certificate) }],
            min_cert: CertTier::Field,
            route: Some(way.clone()),
            permitted: way,
            access: "DOOR_CODE".into(),
            accesses: vec!["DOOR_CODE".into()],
            privacy: "NO_IMAGES".into(),
            privacies: vec!["FULL".into(), "NO_IMAGES".into()],
        }
    }

    #[track_caller]
    fn check(change: impl Fn(&mut Facts), want: Bars) {
        let mut f = facts();
        change(&mut f);
        assert_eq!(bars(&f), want);
    }

    fn certificate(f: &mut Facts) -> &mut Certificate {
        f.skills[0].certificate.as_mut().expect("there is one")
    }

    #[test]
    fn each_verdict_changes_at_its_edge() {
        let fine = Bars::default;
        let (offer, out, cert) =
            (Bars { lacks_offer: true, ..fine() }, Bars { is_excluded: true, ..fine() }, Bars { lacks_certificate: true, ..fine() });
        check(|_| {}, fine());
        check(|f| f.asked = Some(501), offer);
        check(|f| f.asked = None, offer);
        check(|f| f.excluded_until = Some(Instant(100)), fine());
        check(|f| f.excluded_until = Some(Instant(101)), out);
        check(|f| f.standing.is_stopped = true, out);
        check(|f| f.standing.has_custody = true, out);
        check(|f| certificate(f).is_revoked = true, cert);
        check(|f| certificate(f).covers_robot = false, cert);
        check(|f| certificate(f).tier = CertTier::Lab, cert);
        check(|f| (certificate(f).tier, f.min_cert) = (CertTier::Lab, CertTier::Lab), fine());
        check(|f| (certificate(f).tier, f.min_cert) = (CertTier::Sim, CertTier::Lab), cert);
        check(|f| f.now = Instant(99), cert);
        check(|f| f.now = Instant(199), fine());
        check(|f| f.now = Instant(200), cert);
        check(|f| f.skills[0].certificate = None, cert);
        check(|f| f.skills[0].is_available = false, cert);
        check(|f| f.skills.clear(), fine());
        let route = Bars { lacks_route: true, ..fine() };
        check(|f| f.route = None, route);
        check(|f| f.permitted.zones.clear(), route);
        check(|f| f.permitted.doors.clear(), route);
        check(|f| f.permitted.lifts.clear(), route);
        check(|f| f.accesses[0] = "NONE".into(), Bars { lacks_access: true, ..fine() });
        check(|f| drop(f.privacies.pop()), Bars { lacks_privacy: true, ..fine() });
    }

    #[test]
    fn of_all_states_two_may_work_and_one_only_in_what_is_whole() {
        use RobotStatus::*;
        let needs = facts().needs;
        let fit = |status, touched: &[&str]| {
            let touched = touched.iter().map(|t| (*t).to_owned()).collect();
            is_fit(&Standing { status, touched, ..Standing::default() }, &needs)
        };
        assert!(fit(Active, &[]));
        assert!(fit(Degraded, &[]) && fit(Degraded, &["lift_mm"]) && !fit(Degraded, &["lift_mm", "reach_mm"]));
        for status in [Enrolled, Unhealthy, Quarantined, Maintenance, Stranded, Retired] {
            assert!(!fit(status, &[]), "{status:?}");
        }
    }

    #[test]
    fn consumption_is_the_worse_of_what_was_said_and_seen() {
        assert_eq!([consumption_w(50, None), consumption_w(50, Some(49)), consumption_w(50, Some(51))], [50, 50, 51]);
        assert_eq!(usable_j(1_000_001, 9_999), 999_900);
        assert_eq!(usable_j(u64::MAX, 10_000), u64::MAX);
    }
}
