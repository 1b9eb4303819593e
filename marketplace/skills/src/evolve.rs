//! Folding events in. Nothing here can fail.

use crate::event::Event;
use crate::registry::{Blamed, Certified, Licensed, Published, Registry, Revoked, Running, Slots};
use nooterra_engine::time::{Instant, Span};

/// Reasons for which a robot does not keep a bundle today and may tomorrow: no room, damaged on its way, a clock or keys that are not
/// up to date.
const PASSING: [&str; 5] = ["DISK_FULL", "CONTENT_HASH_MISSING", "CERT_INVALID", "KEY_UNKNOWN", "KEY_INACTIVE"];
/// It is asked again after this.
const ASK_AGAIN: Span = Span::from_mins(10);

impl Registry {
    /// Folds in an event that happened at `at`.
    pub fn evolve(&mut self, at: Instant, e: &Event) {
        match e {
            Event::SkillPublished { skill, bundle, manifest, .. } => {
                let manifest = (**manifest).clone();
                let p = Published { skill: *skill, manifest, at, certificates: Vec::new(), revoked: None, blamed: Vec::new() };
                self.bundles.insert(*bundle, p);
                self.skills.entry(*skill).or_default().push(*bundle);
            }
            Event::SkillCertified { certificate, content, .. } => {
                // Who would not have it may think otherwise now.
                for r in self.refused.values_mut() {
                    r.remove(&content.bundle);
                }
                if let Some(p) = self.bundles.get_mut(&content.bundle) {
                    p.certificates.push(*certificate);
                }
                self.certificates.insert(*certificate, Certified { content: (**content).clone(), recalled: None, expired: false });
            }
            Event::SkillCertExpired { certificate, .. } => {
                if let Some(c) = self.certificates.get_mut(certificate) {
                    c.expired = true;
                }
            }
            Event::SkillRevoked { certificate: Some(id), level, .. } => {
                if let Some(c) = self.certificates.get_mut(id) {
                    c.recalled = Some(*level);
                }
            }
            Event::SkillRevoked { bundle, certificate: None, level, reason, predecessor, .. } => {
                if let Some(p) = self.bundles.get_mut(bundle) {
                    // A harder revocation keeps the version that an earlier one named.
                    let named = predecessor.or_else(|| p.revoked.as_ref().and_then(|r| r.predecessor));
                    p.revoked = Some(Revoked { level: *level, at, reason: reason.clone(), predecessor: named });
                }
            }
            Event::SkillBlamed { bundle, severity, .. } => {
                if let Some(p) = self.bundles.get_mut(bundle).filter(|_| *severity >= 3) {
                    p.blamed.push(Blamed { at, severity: *severity });
                }
            }
            Event::SkillLicensed { job, licence, skill, bundle, certificates, .. } => {
                let (skill, bundle, certificates) = (*skill, *bundle, certificates.clone());
                let l = Licensed { licence: *licence, skill, bundle, certificates, metered: 0, starts: 0, minutes: 0, since: None };
                self.licences.entry(*job).or_default().push(l);
            }
            Event::SkillRepinned { job, old, new, certificates, .. } => {
                for l in self.licences.entry(*job).or_default().iter_mut().filter(|l| l.bundle == *old) {
                    (l.bundle, l.certificates) = (*new, certificates.clone());
                }
            }
            Event::SkillInstalled { robot, skill, bundle } => {
                let running: Vec<_> = self.running.values().filter(|r| r.robot == *robot).flat_map(|r| r.bundles.clone()).collect();
                self.robots.entry(*robot).or_default().entry(*skill).or_default().put(*bundle, &running);
                if let Some(r) = self.refused.get_mut(robot) {
                    r.remove(bundle);
                }
            }
            Event::SkillInstallRefused { robot, bundle, code } => {
                let until = PASSING.contains(&code.as_str()).then(|| at.saturating_add(ASK_AGAIN));
                self.refused.entry(*robot).or_default().insert(*bundle, until);
            }
            Event::SkillRemoved { robot, skill, bundle } => {
                if let Some(s) = self.robots.get_mut(robot).and_then(|r| r.get_mut(skill)) {
                    s.kept.retain(|b| b != bundle);
                    s.active.take_if(|b| b == bundle);
                }
            }
            Event::SkillStarted { job, robot, skill, bundle, .. } => {
                let run = self.running.entry(*job).or_insert_with(|| Running { robot: *robot, bundles: Vec::new() });
                run.bundles.push(*bundle);
                for l in self.licences.entry(*job).or_default().iter_mut().filter(|l| l.bundle == *bundle) {
                    l.starts = l.starts.saturating_add(1);
                    l.since = Some(at);
                }
                let slots: &mut Slots = self.robots.entry(*robot).or_default().entry(*skill).or_default();
                slots.active = Some(*bundle);
            }
            Event::SkillStopped { job, .. } => {
                self.running.remove(job);
                for l in self.licences.entry(*job).or_default() {
                    l.minutes = l.minutes.saturating_add(l.minutes_till(at));
                    l.since = None;
                }
            }
            Event::SkillMetered { job, licence, total, .. } => {
                if let Some(l) = self.licences.entry(*job).or_default().iter_mut().find(|l| l.licence == *licence) {
                    l.metered = *total;
                }
            }
        }
    }
}
