//! May this robot run this bundle now, may it be given to it, and which bundle takes the place of a revoked one.

use crate::limits::Limits;
use crate::registry::{Certified, Published, Registry};
use crate::seal::Certificate;
use crate::words::Tier;
use nooterra_engine::ids::{CertificateId, RobotId, TenantId};
use nooterra_engine::time::Instant;
use nooterra_engine::{Digest, Record};
use nooterra_trust::{Code, Rejection};
use std::collections::{BTreeMap, BTreeSet};

/// A robot as certificates speak of it.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Robot {
    /// Which.
    pub robot: RobotId,
    /// Its model.
    pub model: String,
    /// Version of its driver.
    pub driver: u32,
}

impl Certified {
    /// In force at `now`?
    pub fn is_live(&self, now: Instant) -> bool {
        self.recalled.is_none() && !self.expired && self.content.is_current(now)
    }
}

impl Registry {
    /// Is a bundle closed to new pins and starts?
    pub fn is_revoked(&self, bundle: Digest) -> bool {
        self.bundle(bundle).is_none_or(|p| p.revoked.is_some())
    }

    /// The certificate in force that goes furthest for this robot; of equal ones the one that lasts longest.
    pub fn certified(&self, bundle: Digest, robot: &Robot, now: Instant) -> Option<(CertificateId, &Certificate)> {
        let live = self.certificates_of(bundle).filter(|(_, c)| c.is_live(now) && c.content.covers(&robot.model, robot.driver));
        live.max_by_key(|(id, c)| (c.content.tier, c.content.not_after, *id)).map(|(id, c)| (id, &c.content))
    }

    /// Of each model the certificate of a bundle in force that goes furthest, of equal ones the one that lasts longest,
    /// ascending: what a booking names. So no certifier makes bookings long.
    pub fn in_force(&self, bundle: Digest, now: Instant) -> Vec<CertificateId> {
        let mut best = BTreeMap::new();
        for (id, c) in self.certificates_of(bundle).filter(|(_, c)| c.is_live(now)) {
            let far = (c.content.tier, c.content.not_after, id);
            best.entry(c.content.model.as_str()).and_modify(|b: &mut (Tier, Instant, CertificateId)| *b = far.max(*b)).or_insert(far);
        }
        best.into_values().map(|(.., id)| id).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Has the bundle a certificate in force of at least this tier, on any robot?
    pub fn is_certified(&self, bundle: Digest, min: Tier, now: Instant) -> bool {
        self.certificates_of(bundle).any(|(_, c)| c.is_live(now) && c.content.tier >= min)
    }

    /// May it run there: known, not revoked, certified as far as asked?
    pub fn may_run(&self, bundle: Digest, robot: &Robot, min: Tier, now: Instant) -> Result<CertificateId, Rejection> {
        let p = self.known(bundle)?;
        open(p, bundle)?;
        let found = self.certified(bundle, robot, now);
        let wanted = || Rejection::new(Code::CertInvalid).field("certificate").expected(format!("{min:?} on {}", robot.model));
        match found {
            Some((id, c)) if c.tier >= min => Ok(id),
            Some((_, c)) => Err(wanted().actual(format!("{:?}", c.tier))),
            None => Err(wanted().actual("none")),
        }
    }

    /// May it be given to that robot: licensed in the tenant, certified for the model, not revoked?
    pub fn may_install(&self, bundle: Digest, robot: &Robot, tenant: TenantId, now: Instant) -> Result<(), Rejection> {
        let p = self.known(bundle)?;
        licensed_in(p, tenant)?;
        self.may_run(bundle, robot, Tier::Dev, now).map(|_| ())
    }

    /// Is it on the robot, or can it be brought there?
    pub fn is_available(&self, bundle: Digest, robot: &Robot, tenant: TenantId, now: Instant) -> bool {
        self.has(bundle, robot.robot)
            || (!self.has_refused(bundle, robot.robot, now) && self.may_install(bundle, robot, tenant, now).is_ok())
    }

    /// The same, of a bundle that [may run](Self::may_run) there.
    pub fn is_at_hand(&self, bundle: Digest, robot: RobotId, tenant: TenantId, now: Instant) -> bool {
        let may = || !self.has_refused(bundle, robot, now) && self.bundle(bundle).is_some_and(|p| licensed_in(p, tenant).is_ok());
        self.has(bundle, robot) || may()
    }

    /// Would a robot not have it, for a reason that has not passed by `now`?
    pub fn has_refused(&self, bundle: Digest, robot: RobotId, now: Instant) -> bool {
        let until = self.refused.get(&robot).and_then(|r| r.get(&bundle));
        until.is_some_and(|u| u.is_none_or(|at| now < at))
    }

    /// Everything that is revoked, ascending: bundles and the hashes of certificates.
    pub fn revocations(&self) -> Vec<Digest> {
        let bundles = self.bundles.iter().filter(|(_, p)| p.revoked.is_some()).map(|(d, _)| *d);
        let certificates = self.certificates.values().filter(|c| c.recalled.is_some()).map(|c| c.content.hash());
        bundles.chain(certificates).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Is it on that robot?
    pub fn has(&self, bundle: Digest, robot: RobotId) -> bool {
        self.bundle(bundle).and_then(|p| self.slots(robot, p.skill)).is_some_and(|s| s.kept.contains(&bundle))
    }

    /// Can a booking pin it: licensed in the tenant, not revoked, certified as far as its licence asks?
    pub fn may_pin(&self, bundle: Digest, tenant: TenantId, now: Instant) -> Result<(), Rejection> {
        let p = self.known(bundle)?;
        licensed_in(p, tenant)?;
        open(p, bundle)?;
        let min = p.manifest.licence.min_tier;
        if self.is_certified(bundle, min, now) {
            return Ok(());
        }
        Err(Rejection::new(Code::CertInvalid).field("certificate").expected(format!("{min:?}")).actual("none in force"))
    }

    /// The bundle to pin where this one is meant: itself, or what takes its place.
    pub fn current(&self, bundle: Digest, tenant: TenantId, now: Instant) -> Option<Digest> {
        if self.may_pin(bundle, tenant, now).is_ok() { Some(bundle) } else { self.successor(bundle, tenant, now) }
    }

    /// What takes the place of a bundle: the version named by its revocation, else the newest that can be pinned, of the
    /// same major version, with no wider bounds and no higher price.
    pub fn successor(&self, bundle: Digest, tenant: TenantId, now: Instant) -> Option<Digest> {
        let old = self.bundle(bundle)?;
        let fits = |d: &Digest| {
            *d != bundle && self.bundle(*d).is_some_and(|new| takes_place_of(new, old)) && self.may_pin(*d, tenant, now).is_ok()
        };
        let named = old.revoked.as_ref().and_then(|r| r.predecessor);
        named.filter(fits).or_else(|| self.versions(old.skill).iter().rev().copied().find(fits))
    }

    /// What a run of it on that robot may do, before plan and policy.
    pub fn limits(&self, bundle: Digest, robot: &Robot, now: Instant) -> Option<Limits> {
        let m = &self.bundle(bundle)?.manifest;
        let (_, c) = self.certified(bundle, robot, now)?;
        Some(Limits::new(&m.capabilities, m.envelope.meet(c.envelope)))
    }

    pub(crate) fn known(&self, bundle: Digest) -> Result<&Published, Rejection> {
        self.bundle(bundle).ok_or_else(|| Rejection::new(Code::NotFound).field("bundle").actual(bundle))
    }
}

fn open(p: &Published, bundle: Digest) -> Result<(), Rejection> {
    match &p.revoked {
        Some(r) => Err(Rejection::new(Code::SkillRevoked).field("bundle").actual(format!("{} {:?}", bundle.short(), r.level))),
        None => Ok(()),
    }
}

fn licensed_in(p: &Published, tenant: TenantId) -> Result<(), Rejection> {
    if p.manifest.licence.tenants.contains(&tenant) {
        return Ok(());
    }
    Err(Rejection::new(Code::ScopeMissing).field("tenant").expected("a tenant of the licence").actual(tenant))
}

fn takes_place_of(new: &Published, old: &Published) -> bool {
    let (n, o) = (&new.manifest, &old.manifest);
    let narrower = n.capabilities.iter().all(|u| o.use_of(u.capability).is_some_and(|w| w.min <= u.min && u.max <= w.max));
    // In every currency in which the old one can be booked.
    let cheaper = n.licence.unit == o.licence.unit
        && o.licence.prices.iter().all(|p| n.licence.price(p.currency).is_some_and(|q| q.fee <= p.fee && q.cap <= p.cap));
    new.skill == old.skill && n.version.major == o.version.major && n.envelope.is_within(o.envelope) && narrower && cheaper
}
