//! Commands to events, or to the one rejection that precedes. Reads only.

use crate::bundle::Bundle;
use crate::command::Command;
use crate::event::Event;
use crate::evidence::Evidence;
use crate::registry::Registry;
use crate::seal::{BundleSeal, SignedCertificate, VALID_MAX};
use crate::standing::Robot;
use crate::words::{Level, LicencePrice, Tier};
use nooterra_engine::Digest;
use nooterra_engine::ids::{CertificateId, JobId, LicenceId, TenantId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::{Instant, Span};
use nooterra_trust::{Checks, Code, Hand, KeyTable, Rejection, Role};

/// So many incidents of severity 3 and more within [`BLAME_WINDOW`] revoke a bundle.
pub const BLAMES: usize = 3;
/// Incidents older than this no longer count.
pub const BLAME_WINDOW: Span = Span::from_mins(30 * 24 * 60);
const MATERIAL: u8 = 3;
const CRITICAL: u8 = 5;
const REASON_MAX: usize = 256;
const CODE_MAX: usize = 32;

type Decided = Result<Vec<Event>, Rejection>;

/// A revocation as it is asked for.
struct Asked<'a> {
    bundle: Digest,
    level: Level,
    reason: &'a str,
}

impl Registry {
    /// Decides a command at `now`.
    pub fn decide(&self, now: Instant, hand: &Hand, keys: &KeyTable, c: &Command) -> Decided {
        match c {
            Command::Publish { bundle, seal } => self.publish(now, hand, keys, bundle, seal),
            Command::Certify { certificate, evidence } => self.certify(now, hand, keys, certificate, evidence),
            Command::Revoke { bundle, level, reason, predecessor } => {
                self.revoke(now, hand, &Asked { bundle: *bundle, level: *level, reason }, *predecessor)
            }
            Command::Recall { bundle, model, level, reason } => {
                self.recall(now, hand, &Asked { bundle: *bundle, level: *level, reason }, model.as_deref())
            }
            Command::Blame { bundle, severity } => self.blame(now, hand, *bundle, *severity),
            Command::License { job, licence, bundle, quoted, tenant, currency } => {
                self.license(now, hand, (*job, *licence), (*bundle, *quoted), *tenant, *currency)
            }
            Command::Repin { job, bundle, tenant } => self.repin(now, hand, *job, *bundle, *tenant),
            Command::Install { robot, bundle } => {
                role(hand, &[Role::RB, Role::DI])?;
                let skill = self.known(*bundle)?.skill;
                let mut g = Checks::new();
                g.must(!self.has(*bundle, *robot), Code::AlreadyDone, "bundle");
                g.end()?;
                Ok(vec![Event::SkillInstalled { robot: *robot, skill, bundle: *bundle }])
            }
            Command::Remove { robot, bundle } => {
                role(hand, &[Role::RB])?;
                let skill = self.known(*bundle)?.skill;
                let mut g = Checks::new();
                g.must(self.has(*bundle, *robot), Code::AlreadyDone, "bundle");
                g.end()?;
                Ok(vec![Event::SkillRemoved { robot: *robot, skill, bundle: *bundle }])
            }
            Command::RefuseInstall { robot, bundle, code } => {
                role(hand, &[Role::RB])?;
                self.known(*bundle)?;
                text("code", code, CODE_MAX)?;
                Ok(vec![Event::SkillInstallRefused { robot: robot.robot, bundle: *bundle, code: code.clone() }])
            }
            Command::Start { job, robot, bundle, min } => self.start(now, hand, *job, robot, *bundle, *min),
            Command::Stop { job, exit } => {
                role(hand, &[Role::RB, Role::DI])?;
                text("exit", exit, CODE_MAX)?;
                let run = self.running(*job).ok_or_else(|| Rejection::new(Code::StateForbids).field("job").actual("nothing runs"))?;
                Ok(vec![Event::SkillStopped { job: *job, robot: run.robot, exit: exit.clone() }])
            }
            Command::Meter { job, licence, step, units, total } => self.meter(hand, *job, *licence, (*step, *units, *total)),
            Command::Fire { certificate } => self.fire(now, hand, *certificate),
        }
    }

    fn publish(&self, now: Instant, hand: &Hand, keys: &KeyTable, bytes: &[u8], seal: &BundleSeal) -> Decided {
        let opened = Bundle::open(bytes)?;
        let m = &opened.manifest;
        let mut g = Checks::new();
        g.role(hand, &[Role::DV]).must(hand.is_of(m.developer), Code::PartyForbidden, "developer");
        if seal.bundle != opened.hash {
            g.note(Rejection::new(Code::SignatureInvalid).field("seal.bundle").expected(opened.hash).actual(seal.bundle));
        }
        note(&mut g, seal.verify(m.developer, keys, now));
        g.must(self.bundle(opened.hash).is_none(), Code::AlreadyDone, "bundle");
        let newest = self.versions(m.skill()).last().and_then(|d| self.bundle(*d)).map(|p| p.manifest.version);
        if let Some(v) = newest.filter(|v| m.version <= *v && self.bundle(opened.hash).is_none()) {
            g.note(Rejection::new(Code::StateForbids).field("version").expected(format!("above {v}")).actual(m.version));
        }
        g.end()?;
        let skill = m.skill();
        Ok(vec![Event::SkillPublished { skill, bundle: opened.hash, key: seal.key, manifest: Box::new(opened.manifest) }])
    }

    fn certify(&self, now: Instant, hand: &Hand, keys: &KeyTable, s: &SignedCertificate, evidence: &Evidence) -> Decided {
        let c = &s.certificate;
        let mut g = Checks::new();
        g.role(hand, &[Role::CE]).must(hand.is_of(c.certifier), Code::PartyForbidden, "certifier");
        let named = !c.model.is_empty() && c.model.len() <= CODE_MAX;
        g.must(named, Code::SchemaInvalid, "model").must(c.drivers.from <= c.drivers.to, Code::SchemaInvalid, "drivers");
        note(&mut g, s.verify(keys, now));
        let p = self.bundle(c.bundle);
        g.must(p.is_some(), Code::NotFound, "bundle");
        if let Some(p) = p {
            g.must(p.manifest.developer != c.certifier, Code::SelfApproval, "certifier");
            g.must(p.revoked.is_none(), Code::SkillRevoked, "bundle");
            g.must(c.envelope.is_within(p.manifest.envelope), Code::ScopeExceeded, "envelope");
        }
        let in_time = now < c.not_after && c.not_before < c.not_after && c.not_after.since(c.not_before) <= VALID_MAX;
        g.must(in_time, Code::WindowInvalid, "not_after");
        g.must(self.certificate(c.id()).is_none(), Code::AlreadyDone, "certificate");
        g.must(evidence.hash() == c.evidence, Code::ContentHashMissing, "evidence");
        note(&mut g, evidence.supports(c.tier));
        g.end()?;
        let skill = p.map(|p| p.skill).ok_or_else(|| Rejection::new(Code::NotFound).field("bundle"))?;
        Ok(vec![Event::SkillCertified { skill, certificate: c.id(), content: Box::new(c.clone()) }])
    }

    fn revoke(&self, now: Instant, hand: &Hand, a: &Asked<'_>, predecessor: Option<Digest>) -> Decided {
        let p = self.known(a.bundle)?;
        let mut g = Checks::new();
        g.role(hand, &[Role::DV, Role::TR]);
        let own = hand.role != Role::DV || hand.is_of(p.manifest.developer);
        g.must(own, Code::PartyForbidden, "bundle");
        note(&mut g, text("reason", a.reason, REASON_MAX));
        g.must(p.revoked.as_ref().is_none_or(|r| r.level < a.level), Code::AlreadyDone, "bundle");
        if let Some(before) = predecessor {
            g.must(a.level == Level::BlockNew, Code::SchemaInvalid, "predecessor");
            let older = self.bundle(before).filter(|b| b.skill == p.skill && b.manifest.version < p.manifest.version);
            g.must(older.is_some(), Code::NotFound, "predecessor");
            if let Some(b) = older {
                g.must(b.revoked.is_none(), Code::SkillRevoked, "predecessor");
                g.must(self.is_certified(before, b.manifest.licence.min_tier, now), Code::CertInvalid, "predecessor");
            }
        }
        g.end()?;
        Ok(vec![self.revoked(a, p.skill, None, predecessor)])
    }

    fn revoked(
        &self,
        a: &Asked<'_>,
        skill: nooterra_engine::ids::SkillId,
        certificate: Option<CertificateId>,
        predecessor: Option<Digest>,
    ) -> Event {
        Event::SkillRevoked { skill, bundle: a.bundle, certificate, level: a.level, reason: a.reason.to_owned(), predecessor }
    }

    fn recall(&self, now: Instant, hand: &Hand, a: &Asked<'_>, model: Option<&str>) -> Decided {
        let p = self.known(a.bundle)?;
        role(hand, &[Role::CE, Role::TR])?;
        text("reason", a.reason, REASON_MAX)?;
        let is_meant = |c: &crate::registry::Certified| {
            let own = hand.role == Role::TR || hand.is_of(c.content.certifier);
            own && model.is_none_or(|m| c.content.model == m)
        };
        let meant: Vec<_> = self.certificates_of(a.bundle).filter(|(_, c)| is_meant(c)).collect();
        if meant.is_empty() {
            return Err(Rejection::new(Code::NotFound).field("certificate"));
        }
        let live = meant.iter().filter(|(_, c)| c.is_live(now) || c.recalled.is_some_and(|l| l < a.level));
        let events: Vec<Event> = live.map(|(id, _)| self.revoked(a, p.skill, Some(*id), None)).collect();
        if events.is_empty() { Err(Rejection::new(Code::AlreadyDone).field("certificate")) } else { Ok(events) }
    }

    fn blame(&self, now: Instant, hand: &Hand, bundle: Digest, severity: u8) -> Decided {
        let p = self.known(bundle)?;
        let mut g = Checks::new();
        g.role(hand, &[Role::TR]).must((1..=CRITICAL).contains(&severity), Code::SchemaInvalid, "severity");
        g.end()?;
        let mut out = vec![Event::SkillBlamed { skill: p.skill, bundle, severity }];
        let before = p.blamed.iter().filter(|b| now.since(b.at) < BLAME_WINDOW).count();
        let level = match severity {
            CRITICAL => Some(Level::StopNow),
            MATERIAL.. if before + 1 >= BLAMES => Some(Level::BlockNew),
            _ => None,
        };
        if let Some(level) = level.filter(|l| p.revoked.as_ref().is_none_or(|r| r.level < *l)) {
            out.push(self.revoked(&Asked { bundle, level, reason: "INCIDENTS" }, p.skill, None, None));
        }
        Ok(out)
    }

    fn license(
        &self,
        now: Instant,
        hand: &Hand,
        (job, licence): (JobId, LicenceId),
        (bundle, quoted): (Digest, Digest),
        tenant: TenantId,
        currency: Currency,
    ) -> Decided {
        role(hand, &[Role::MK])?;
        let p = self.known(bundle)?;
        let t = &p.manifest.licence;
        let mut g = Checks::new();
        g.must(t.price(currency).is_some(), Code::CurrencyMismatch, "licence.prices");
        let has = self.licences(job).iter().any(|l| l.licence == licence || l.skill == p.skill);
        g.must(!has, Code::AlreadyDone, "licence");
        note(&mut g, self.may_pin(bundle, tenant, now));
        // What was quoted is what is booked, unless it cannot be any more.
        g.must(self.current(quoted, tenant, now) == Some(bundle), Code::TermsChanged, "bundle");
        g.end()?;
        let (skill, certificates) = (p.skill, self.in_force(bundle, now));
        let again =
            (quoted != bundle).then(|| Event::SkillRepinned { job, skill, old: quoted, new: bundle, certificates: certificates.clone() });
        let event =
            |c: &LicencePrice| Event::SkillLicensed { job, licence, skill, bundle, certificates, unit: t.unit, fee: c.fee, cap: c.cap };
        Ok(t.price(currency).map(event).into_iter().chain(again).collect())
    }

    fn repin(&self, now: Instant, hand: &Hand, job: JobId, bundle: Digest, tenant: TenantId) -> Decided {
        role(hand, &[Role::MK])?;
        let p = self.known(bundle)?;
        let mut g = Checks::new();
        let pinned = self.licences(job).iter().any(|l| l.bundle == bundle);
        g.must(pinned, Code::SkillNotPinned, "bundle");
        let runs = self.running(job).is_some_and(|r| r.bundles.contains(&bundle));
        g.must(!runs, Code::StateForbids, "job");
        // A bundle in order keeps its pin: what was booked changes only where it must.
        g.must(self.may_pin(bundle, tenant, now).is_err(), Code::TrackForbids, "bundle");
        let new = self.successor(bundle, tenant, now);
        g.must(new.is_some(), Code::SkillRevoked, "bundle");
        g.end()?;
        let repinned = |new| Event::SkillRepinned { job, skill: p.skill, old: bundle, new, certificates: self.in_force(new, now) };
        Ok(new.into_iter().map(repinned).collect())
    }

    fn start(&self, now: Instant, hand: &Hand, job: JobId, robot: &Robot, bundle: Digest, min: Tier) -> Decided {
        role(hand, &[Role::RB, Role::DI])?;
        let p = self.known(bundle)?;
        let mut g = Checks::new();
        let licensed = self.licences(job).iter().find(|l| l.bundle == bundle);
        g.must(licensed.is_some(), Code::SkillNotPinned, "bundle");
        let run = self.running(job);
        g.must(run.is_none_or(|r| r.robot == robot.robot), Code::TrackForbids, "robot");
        g.must(run.is_none_or(|r| !r.bundles.contains(&bundle)), Code::AlreadyDone, "bundle");
        let elsewhere = self.running.iter().any(|(j, r)| *j != job && r.robot == robot.robot);
        g.must(!elsewhere, Code::TrackForbids, "robot");
        let kept = self.slots(robot.robot, p.skill).is_some_and(|s| s.kept.contains(&bundle));
        g.must(kept, Code::CapabilityMissing, "robot");
        note(&mut g, self.may_run(bundle, robot, min, now).map(|_| ()));
        g.end()?;
        let started =
            |l: &crate::registry::Licensed| Event::SkillStarted { job, robot: robot.robot, skill: p.skill, bundle, licence: l.licence };
        Ok(licensed.map(started).into_iter().collect())
    }

    fn meter(&self, hand: &Hand, job: JobId, licence: LicenceId, (step, units, total): (u16, u32, u32)) -> Decided {
        role(hand, &[Role::RB, Role::DI])?;
        let l = self.licences(job).iter().find(|l| l.licence == licence);
        let l = l.ok_or_else(|| Rejection::new(Code::NotFound).field("licence"))?;
        let mut g = Checks::new();
        g.must(units > 0, Code::SchemaInvalid, "units");
        let runs = self.running(job).is_some_and(|r| r.bundles.contains(&l.bundle));
        g.must(runs, Code::StateForbids, "job");
        let sum = l.metered.checked_add(units);
        if sum != Some(total) {
            let wanted = sum.map_or_else(|| "a sum".to_owned(), |s| s.to_string());
            g.note(Rejection::new(Code::AmountInvalid).field("total").expected(wanted).actual(total));
        }
        g.end()?;
        Ok(vec![Event::SkillMetered { job, licence, step, units, total }])
    }

    fn fire(&self, now: Instant, hand: &Hand, certificate: CertificateId) -> Decided {
        role(hand, &[Role::CK])?;
        let c = self.certificate(certificate).ok_or_else(|| Rejection::new(Code::NotFound).field("certificate"))?;
        let skill = self.known(c.content.bundle)?.skill;
        let mut g = Checks::new();
        g.must(c.content.not_after <= now, Code::StateForbids, "certificate");
        g.must(!c.expired && c.recalled.is_none(), Code::AlreadyDone, "certificate");
        g.end()?;
        Ok(vec![Event::SkillCertExpired { skill, certificate }])
    }
}

fn role(hand: &Hand, allowed: &[Role]) -> Result<(), Rejection> {
    Checks::new().role(hand, allowed).end()
}

fn text(field: &str, s: &str, most: usize) -> Result<(), Rejection> {
    let fits = !s.is_empty() && s.len() <= most;
    Checks::new().must(fits, Code::SchemaInvalid, field).end()
}

fn note(g: &mut Checks, r: Result<(), Rejection>) {
    if let Err(r) = r {
        g.note(r);
    }
}
