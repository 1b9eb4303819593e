//! What was quoted is what is booked (domain 4.4, 7.4): a booking pins the bundles that its quote names, with all of their
//! certificates that are in force. Another bundle is pinned only where the quoted one has fallen, and the job's stream says so
//! before a robot is matched.

use crate::trail::Now;
use crate::verdict::{Class, Notes};
use nooterra_control::fact::Event as Payload;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{CertificateId, JobId, QuoteId, SkillId};
use nooterra_jobs::event::Event;
use nooterra_jobs::payload::Booking;
use nooterra_skills::Event as SkillEvent;
use nooterra_skills::seal::Certificate;
use std::collections::{BTreeMap, BTreeSet};

/// The judge.
#[derive(Debug)]
pub(crate) struct Quoted {
    /// What open quotes name, by job.
    quotes: BTreeMap<JobId, BTreeMap<QuoteId, Vec<(SkillId, Digest)>>>,
    /// Certificates that were not taken back: bundle, from, to.
    certificates: BTreeMap<CertificateId, Certificate>,
    /// Bundles that lost something: were revoked, or a certificate of theirs was or ended.
    fallen: BTreeSet<Digest>,
    /// Bundles booked in the place of others, of which the job's stream has not told yet: the quoted one, the booked one.
    untold: BTreeMap<JobId, Vec<(Digest, Digest)>>,
    pub notes: Notes,
}

impl Quoted {
    pub fn new() -> Self {
        Self {
            quotes: BTreeMap::new(),
            certificates: BTreeMap::new(),
            fallen: BTreeSet::new(),
            untold: BTreeMap::new(),
            notes: Notes::of("what was quoted is what is booked", &[]),
        }
    }

    fn broke(&mut self, n: Now, story: String, job: JobId) {
        self.notes.broke_as(None, Class::Safety, n.at, n.tick, story, vec![job.to_string()]);
    }

    pub fn event(&mut self, n: Now, job: Option<JobId>, e: &Payload) {
        match (job, e) {
            (_, Payload::Skill(e)) => self.skill(e),
            (Some(job), Payload::Job(Event::QuoteSubmitted(q))) => {
                let named = q.skills.iter().map(|s| (s.skill, s.bundle)).collect();
                self.quotes.entry(job).or_default().insert(q.quote, named);
            }
            (Some(job), Payload::Job(Event::JobBooked(b))) => {
                self.notes.checked();
                let named = self.quotes.remove(&job).and_then(|mut q| q.remove(&b.pins.quote)).unwrap_or_default();
                self.booked(n, job, b, &named);
            }
            (Some(job), Payload::Job(Event::JobWithdrawn { .. })) => {
                self.quotes.remove(&job);
            }
            (Some(job), Payload::Job(Event::RobotMatched(_))) => {
                if let Some((old, new)) = self.untold.remove(&job).and_then(|u| u.first().copied()) {
                    self.broke(n, format!("{job} runs on {} in the place of {} without a word", new.short(), old.short()), job);
                }
            }
            _ => {}
        }
    }

    fn skill(&mut self, e: &SkillEvent) {
        match e {
            SkillEvent::SkillCertified { certificate, content, .. } => {
                self.certificates.insert(*certificate, (**content).clone());
            }
            SkillEvent::SkillCertExpired { certificate, .. } | SkillEvent::SkillRevoked { certificate: Some(certificate), .. } => {
                let gone = self.certificates.remove(certificate);
                self.fallen.extend(gone.map(|c| c.bundle));
            }
            SkillEvent::SkillRevoked { bundle, .. } => {
                self.fallen.insert(*bundle);
            }
            SkillEvent::SkillRepinned { job, old, new, .. } => {
                if let Some(u) = self.untold.get_mut(job) {
                    u.retain(|t| *t != (*old, *new));
                }
            }
            _ => {}
        }
    }

    fn booked(&mut self, n: Now, job: JobId, b: &Booking, named: &[(SkillId, Digest)]) {
        for l in &b.pins.licences {
            let quoted = named.iter().find(|(skill, _)| *skill == l.skill).map(|(_, bundle)| *bundle);
            match quoted {
                Some(q) if q == l.bundle => {}
                Some(q) if self.fallen.contains(&q) => self.untold.entry(job).or_default().push((q, l.bundle)),
                _ => {
                    let was = quoted.map_or_else(|| "none".to_owned(), |q| q.short());
                    self.broke(n, format!("{job} pins bundle {}; its quote names {was}", l.bundle.short()), job);
                }
            }
            let of = |c: &&Certificate| c.bundle == l.bundle && c.not_before <= n.at && n.at < c.not_after;
            let all = || self.certificates.iter().filter(|(_, c)| of(c));
            let goes = |id: &CertificateId, c: &Certificate| (c.tier, c.not_after, *id);
            let beaten = |id: &CertificateId, c: &Certificate| all().any(|(o, x)| x.model == c.model && goes(o, x) > goes(id, c));
            let live: Vec<CertificateId> = all().filter(|(id, c)| !beaten(id, c)).map(|(id, _)| *id).collect();
            if live != l.certificates {
                let story =
                    format!("{job} pins {} certificates of {}; {} are in force", l.certificates.len(), l.bundle.short(), live.len());
                self.broke(n, story, job);
            }
        }
    }
}
