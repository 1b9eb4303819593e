//! The registry told naively: lists gone through from the start each time, no order of refusals.

use super::*;
use crate::command::Command;
use crate::words::Level;
use nooterra_engine::ids::CertificateId;

pub struct B {
    pub hash: Digest,
    pub m: Manifest,
    pub published: bool,
    /// 0 open, 1 no new ones, 2 stopped.
    pub level: u8,
    pub named: Option<Digest>,
    pub blames: Vec<Instant>,
}

pub struct C {
    pub id: CertificateId,
    pub c: Certificate,
    pub signed_by: String,
    pub evidence_fits: bool,
    pub given: bool,
    pub recalled: u8,
    pub expired: bool,
}

pub struct L {
    pub job: JobId,
    pub licence: LicenceId,
    pub bundle: Digest,
    pub metered: u32,
}

#[derive(Default)]
pub struct Model {
    pub bundles: Vec<B>,
    pub certs: Vec<C>,
    pub licences: Vec<L>,
    pub kept: Vec<(RobotId, Digest)>,
    pub running: Vec<(JobId, RobotId, Digest)>,
    pub active: Vec<(RobotId, Digest)>,
}

fn rank(l: Level) -> u8 {
    if l == Level::StopNow { 2 } else { 1 }
}

impl Model {
    pub fn b(&self, d: Digest) -> Option<&B> {
        self.bundles.iter().find(|b| b.hash == d && b.published)
    }
    fn live(&self, c: &C, now: Instant) -> bool {
        c.given && c.recalled == 0 && !c.expired && c.c.not_before <= now && now < c.c.not_after
    }
    pub fn tier_on(&self, d: Digest, r: &Robot, now: Instant) -> Option<Tier> {
        let mut best = None;
        for c in &self.certs {
            let covers = c.c.bundle == d && c.c.model == r.model && (c.c.drivers.from..=c.c.drivers.to).contains(&r.driver);
            if covers && self.live(c, now) && best.is_none_or(|t| t < c.c.tier) {
                best = Some(c.c.tier);
            }
        }
        best
    }
    pub fn may_run(&self, d: Digest, r: &Robot, min: Tier, now: Instant) -> bool {
        self.b(d).is_some_and(|b| b.level == 0) && self.tier_on(d, r, now).is_some_and(|t| t >= min)
    }
    pub fn may_pin(&self, d: Digest, now: Instant) -> bool {
        let Some(b) = self.b(d) else { return false };
        let min = b.m.licence.min_tier;
        b.level == 0 && self.certs.iter().any(|c| c.c.bundle == d && self.live(c, now) && c.c.tier >= min)
    }
    pub fn successor(&self, d: Digest, now: Instant) -> Option<Digest> {
        let old = self.b(d)?;
        let fits = |n: &&B| {
            let (a, o) = (&n.m, &old.m);
            let (e, f) = (a.envelope, o.envelope);
            n.published
                && n.hash != d
                && a.name == o.name
                && a.developer == o.developer
                && a.version.major == o.version.major
                && e.speed_mm_s <= f.speed_mm_s
                && e.human_clearance_mm >= f.human_clearance_mm
                && a.licence.prices[0].fee <= o.licence.prices[0].fee
                && self.may_pin(n.hash, now)
        };
        if let Some(n) = self.bundles.iter().find(|n| Some(n.hash) == old.named).filter(fits) {
            return Some(n.hash);
        }
        self.bundles.iter().filter(fits).max_by_key(|n| n.m.version).map(|n| n.hash)
    }

    /// Does the registry take it? If so, it is folded in.
    pub fn take(&mut self, now: Instant, h: &Hand, who: &str, c: &Command) -> bool {
        let is = |roles: &[Role]| roles.contains(&h.role);
        match c {
            Command::Publish { seal, .. } => {
                let b = self.bundles.iter().find(|b| b.hash == seal.bundle).unwrap();
                let dev = if b.m.developer == party("dev") { "dev" } else { "rival" };
                let newest = self.bundles.iter().filter(|o| o.published && o.m.skill() == b.m.skill()).map(|o| o.m.version).max();
                let ok =
                    is(&[Role::DV]) && who == dev && seal.key == key(dev).id() && !b.published && newest.is_none_or(|v| v < b.m.version);
                if ok {
                    self.bundles.iter_mut().find(|b| b.hash == seal.bundle).unwrap().published = true;
                }
                ok
            }
            Command::Certify { certificate, .. } => {
                let id = certificate.certificate.id();
                let x = self.certs.iter().find(|c| c.id == id).unwrap();
                let certifier = if x.c.certifier == party("cert") { "cert" } else { "lab" };
                let b = self.b(x.c.bundle);
                let ok = is(&[Role::CE])
                    && who == certifier
                    && x.signed_by == certifier
                    && x.evidence_fits
                    && b.is_some_and(|b| b.level == 0)
                    && now < x.c.not_after
                    && !x.given;
                if ok {
                    self.certs.iter_mut().find(|c| c.id == id).unwrap().given = true;
                }
                ok
            }
            Command::Revoke { bundle, level, predecessor, .. } => {
                let Some(b) = self.b(*bundle) else { return false };
                let own = h.role == Role::TR || (h.role == Role::DV && h.party == Some(b.m.developer));
                let back = predecessor.is_none_or(|p| {
                    *level == Level::BlockNew
                        && self.b(p).is_some_and(|o| o.m.skill() == b.m.skill() && o.m.version < b.m.version)
                        && self.may_pin(p, now)
                });
                let ok = own && back && b.level < rank(*level);
                if ok {
                    let b = self.bundles.iter_mut().find(|b| b.hash == *bundle).unwrap();
                    b.level = rank(*level);
                    b.named = predecessor.or(b.named);
                }
                ok
            }
            Command::Recall { bundle, model, level, .. } => {
                if self.b(*bundle).is_none() || !is(&[Role::CE, Role::TR]) {
                    return false;
                }
                let mut any = false;
                for i in 0..self.certs.len() {
                    let c = &self.certs[i];
                    let own = h.role == Role::TR || h.party == Some(c.c.certifier);
                    let meant = c.given && c.c.bundle == *bundle && own && model.as_ref().is_none_or(|m| *m == c.c.model);
                    let harder = c.recalled > 0 && c.recalled < rank(*level);
                    if meant && (self.live(c, now) || harder) {
                        self.certs[i].recalled = rank(*level);
                        any = true;
                    }
                }
                any
            }
            Command::Blame { bundle, severity } => {
                let ok = self.b(*bundle).is_some() && is(&[Role::TR]) && (1..=5).contains(severity);
                if ok {
                    let b = self.bundles.iter_mut().find(|b| b.hash == *bundle).unwrap();
                    if *severity >= 3 {
                        b.blames.push(now);
                    }
                    let young = b.blames.iter().filter(|t| now.since(**t) < DAY.times(30)).count();
                    let to = if *severity == 5 { 2 } else { u8::from(*severity >= 3 && young >= 3) };
                    b.level = b.level.max(to);
                }
                ok
            }
            Command::License { job, licence, bundle, currency, .. } => {
                let Some(b) = self.b(*bundle) else { return false };
                let skill = b.m.skill();
                let has =
                    self.licences.iter().any(|l| l.job == *job && (l.licence == *licence || self.b(l.bundle).unwrap().m.skill() == skill));
                let ok = is(&[Role::MK]) && *currency == Currency::EUR && !has && self.may_pin(*bundle, now);
                if ok {
                    self.licences.push(L { job: *job, licence: *licence, bundle: *bundle, metered: 0 });
                }
                ok
            }
            Command::Repin { job, bundle, .. } => {
                let pinned = self.licences.iter().any(|l| l.job == *job && l.bundle == *bundle);
                let runs = self.running.iter().any(|(j, _, b)| j == job && b == bundle);
                let new = self.successor(*bundle, now);
                let ok = is(&[Role::MK]) && self.b(*bundle).is_some() && pinned && !runs && !self.may_pin(*bundle, now) && new.is_some();
                if ok {
                    for l in self.licences.iter_mut().filter(|l| l.job == *job && l.bundle == *bundle) {
                        l.bundle = new.unwrap();
                    }
                }
                ok
            }
            Command::Install { robot, bundle } => {
                let kept = self.kept.contains(&(*robot, *bundle));
                let ok = is(&[Role::RB, Role::DI]) && !kept && self.b(*bundle).is_some();
                if ok {
                    self.install(*robot, *bundle);
                }
                ok
            }
            Command::Remove { robot, bundle } => {
                let ok = is(&[Role::RB]) && self.b(*bundle).is_some() && self.kept.contains(&(*robot, *bundle));
                if ok {
                    self.kept.retain(|k| *k != (*robot, *bundle));
                    self.active.retain(|(r, b)| (*r, *b) != (*robot, *bundle));
                }
                ok
            }
            Command::RefuseInstall { bundle, .. } => is(&[Role::RB]) && self.b(*bundle).is_some(),
            Command::Start { job, robot, bundle, min } => {
                let pinned = self.licences.iter().any(|l| l.job == *job && l.bundle == *bundle);
                let clash = self
                    .running
                    .iter()
                    .any(|(j, r, b)| (j == job && (*r != robot.robot || b == bundle)) || (j != job && *r == robot.robot));
                let kept = self.kept.contains(&(robot.robot, *bundle));
                let ok = is(&[Role::RB, Role::DI]) && pinned && !clash && kept && self.may_run(*bundle, robot, *min, now);
                if ok {
                    self.running.push((*job, robot.robot, *bundle));
                    self.set_active(robot.robot, *bundle);
                }
                ok
            }
            Command::Stop { job, .. } => {
                let ok = is(&[Role::RB, Role::DI]) && self.running.iter().any(|(j, ..)| j == job);
                if ok {
                    self.running.retain(|(j, ..)| j != job);
                }
                ok
            }
            Command::Meter { job, licence, units, total, .. } => {
                let l = self.licences.iter_mut().find(|l| l.job == *job && l.licence == *licence);
                let Some(l) = l.filter(|_| is(&[Role::RB, Role::DI])) else { return false };
                let runs = self.running.iter().any(|(j, _, b)| j == job && *b == l.bundle);
                let ok = runs && *units > 0 && l.metered + units == *total;
                if ok {
                    l.metered = *total;
                }
                ok
            }
            Command::Fire { certificate } => {
                let Some(c) = self.certs.iter_mut().find(|c| c.id == *certificate && c.given) else { return false };
                let ok = is(&[Role::CK]) && c.c.not_after <= now && c.recalled == 0 && !c.expired;
                c.expired |= ok;
                ok
            }
        }
    }

    fn set_active(&mut self, robot: RobotId, bundle: Digest) {
        let skill = self.b(bundle).unwrap().m.skill();
        let keep: Vec<_> = self.active.iter().copied().filter(|(r, b)| *r != robot || self.b(*b).unwrap().m.skill() != skill).collect();
        self.active = keep;
        self.active.push((robot, bundle));
    }

    fn install(&mut self, robot: RobotId, bundle: Digest) {
        let skill = self.b(bundle).unwrap().m.skill();
        let mine = |m: &Self, d: Digest| m.b(d).unwrap().m.skill() == skill;
        if !self.active.iter().any(|(r, b)| *r == robot && mine(self, *b)) {
            self.active.push((robot, bundle));
        }
        self.kept.push((robot, bundle));
        let count = |m: &Self| m.kept.iter().filter(|(r, b)| *r == robot && mine(m, *b)).count();
        while count(self) > 2 {
            let old = self.kept.iter().position(|(r, b)| {
                *r == robot
                    && mine(self, *b)
                    && *b != bundle
                    && !self.active.contains(&(robot, *b))
                    && !self.running.iter().any(|(_, r, x)| *r == robot && x == b)
            });
            match old {
                Some(i) => drop(self.kept.remove(i)),
                None => break,
            }
        }
    }
}
