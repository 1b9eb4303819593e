//! Everything published, certified, licensed, installed and revoked: a fold of events.

use crate::manifest::Manifest;
use crate::seal::Certificate;
use crate::words::Level;
use nooterra_engine::ids::{CertificateId, JobId, LicenceId, PartyId, RobotId, SkillId};
use nooterra_engine::time::Instant;
use nooterra_engine::{Digest, Record};
use std::collections::{BTreeMap, BTreeSet};

const MINUTE_NS: u64 = 60_000_000_000;

/// Versions of a skill that a robot keeps.
pub const KEPT: usize = 2;

/// That a bundle was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Revoked {
    /// How hard.
    pub level: Level,
    /// Since when.
    pub at: Instant,
    /// Why.
    pub reason: String,
    /// What takes its place.
    pub predecessor: Option<Digest>,
}

/// An incident that counts against a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Blamed {
    /// When it was found.
    pub at: Instant,
    /// How bad.
    pub severity: u8,
}

/// A published bundle.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Published {
    /// The skill that it is a version of.
    pub skill: SkillId,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Since when.
    pub at: Instant,
    /// Its certificates, in order.
    pub certificates: Vec<CertificateId>,
    /// Revoked?
    pub revoked: Option<Revoked>,
    /// Incidents of severity 3 and more that count against it, in order.
    pub blamed: Vec<Blamed>,
}

/// A certificate and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Certified {
    /// What it says.
    pub content: Certificate,
    /// Taken back, and how hard.
    pub recalled: Option<Level>,
    /// Its end has come.
    pub expired: bool,
}

/// A licence of a job.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Licensed {
    /// Which.
    pub licence: LicenceId,
    /// Of which skill.
    pub skill: SkillId,
    /// The bundle that is pinned now.
    pub bundle: Digest,
    /// Its certificates in force when it was pinned, ascending.
    pub certificates: Vec<CertificateId>,
    /// Units counted.
    pub metered: u32,
    /// Times that it began to run on the job.
    pub starts: u32,
    /// Started minutes of the runs that are over, each run for itself.
    pub minutes: u32,
    /// Since when it runs.
    pub since: Option<Instant>,
}

impl Licensed {
    /// Started minutes of the run under way, if it ended at `at`; a run has at least one.
    pub fn minutes_till(&self, at: Instant) -> u32 {
        let Some(since) = self.since else { return 0 };
        u32::try_from(at.since(since).0.div_ceil(MINUTE_NS).max(1)).unwrap_or(u32::MAX)
    }
}

/// A skill that runs.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Running {
    /// On which robot.
    pub robot: RobotId,
    /// Which bundles, in order of their start.
    pub bundles: Vec<Digest>,
}

/// A skill on a robot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Slots {
    /// Versions kept, oldest first.
    pub kept: Vec<Digest>,
    /// The one that runs when the skill is started.
    pub active: Option<Digest>,
}

impl Slots {
    /// Takes in a version beside the others; the oldest goes that is neither active nor running.
    pub fn put(&mut self, bundle: Digest, running: &[Digest]) {
        if self.kept.contains(&bundle) {
            return;
        }
        self.kept.push(bundle);
        self.active.get_or_insert(bundle);
        while self.kept.len() > KEPT {
            let free = |d: &Digest| self.active != Some(*d) && !running.contains(d) && *d != bundle;
            let Some(i) = self.kept.iter().position(free) else { break };
            self.kept.remove(i);
        }
    }
}

/// The registry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Registry {
    pub(crate) bundles: BTreeMap<Digest, Published>,
    /// Versions of each skill, ascending.
    pub(crate) skills: BTreeMap<SkillId, Vec<Digest>>,
    pub(crate) certificates: BTreeMap<CertificateId, Certified>,
    pub(crate) licences: BTreeMap<JobId, Vec<Licensed>>,
    pub(crate) running: BTreeMap<JobId, Running>,
    pub(crate) robots: BTreeMap<RobotId, BTreeMap<SkillId, Slots>>,
    /// What robots would not have; where the reason passes, until when they are not asked again.
    pub(crate) refused: BTreeMap<RobotId, BTreeMap<Digest, Option<Instant>>>,
}

impl Registry {
    /// A published bundle.
    pub fn bundle(&self, bundle: Digest) -> Option<&Published> {
        self.bundles.get(&bundle)
    }
    /// Every published bundle.
    pub fn bundles(&self) -> impl Iterator<Item = (Digest, &Published)> {
        self.bundles.iter().map(|(d, p)| (*d, p))
    }
    /// A certificate.
    pub fn certificate(&self, id: CertificateId) -> Option<&Certified> {
        self.certificates.get(&id)
    }
    /// Versions of a skill, ascending.
    pub fn versions(&self, skill: SkillId) -> &[Digest] {
        self.skills.get(&skill).map_or(&[], Vec::as_slice)
    }
    /// Licences of a job, in the order in which they were given.
    pub fn licences(&self, job: JobId) -> &[Licensed] {
        self.licences.get(&job).map_or(&[], Vec::as_slice)
    }
    /// What runs on a job.
    pub fn running(&self, job: JobId) -> Option<&Running> {
        self.running.get(&job)
    }
    /// A skill on a robot.
    pub fn slots(&self, robot: RobotId, skill: SkillId) -> Option<&Slots> {
        self.robots.get(&robot)?.get(&skill)
    }
    /// Every bundle that a robot keeps, ascending.
    pub fn installed(&self, robot: RobotId) -> Vec<Digest> {
        let all = self.robots.get(&robot).into_iter().flatten().flat_map(|(_, s)| s.active.iter().chain(&s.kept));
        all.copied().collect::<BTreeSet<_>>().into_iter().collect()
    }
    /// Who wrote a bundle.
    pub fn developer(&self, bundle: Digest) -> Option<PartyId> {
        self.bundle(bundle).map(|p| p.manifest.developer)
    }
    /// Certificates of a bundle.
    pub fn certificates_of(&self, bundle: Digest) -> impl Iterator<Item = (CertificateId, &Certified)> {
        let ids = self.bundle(bundle).map_or(&[][..], |p| &p.certificates);
        ids.iter().filter_map(|id| Some((*id, self.certificates.get(id)?)))
    }
    /// Ends of certificates that are still to come, ascending.
    pub fn deadlines(&self) -> Vec<(Instant, CertificateId)> {
        let open = self.certificates.iter().filter(|(_, c)| !c.expired && c.recalled.is_none());
        let mut all: Vec<_> = open.map(|(id, c)| (c.content.not_after, *id)).collect();
        all.sort_unstable();
        all
    }
    /// The next of them.
    pub fn next_deadline(&self) -> Option<(Instant, CertificateId)> {
        let open = self.certificates.iter().filter(|(_, c)| !c.expired && c.recalled.is_none());
        open.map(|(id, c)| (c.content.not_after, *id)).min()
    }
}
