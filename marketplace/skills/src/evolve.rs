//! Folding events in. Nothing here can fail.

use crate::event::Event;
use crate::registry::{Blamed, Certified, KEPT, Licensed, Published, Registry, Revoked, Running, Slots};
use nooterra_engine::time::Instant;

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
            Event::SkillLicensed { job, licence, skill, bundle, .. } => {
                let l = Licensed { licence: *licence, skill: *skill, bundle: *bundle, metered: 0 };
                self.licences.entry(*job).or_default().push(l);
            }
            Event::SkillRepinned { job, old, new, .. } => {
                for l in self.licences.entry(*job).or_default().iter_mut().filter(|l| l.bundle == *old) {
                    l.bundle = *new;
                }
            }
            Event::SkillInstalled { robot, skill, bundle } => {
                let running: Vec<_> = self.running.values().filter(|r| r.robot == *robot).flat_map(|r| r.bundles.clone()).collect();
                let slots = self.robots.entry(*robot).or_default().entry(*skill).or_default();
                slots.kept.push(*bundle);
                slots.active.get_or_insert(*bundle);
                // The oldest goes that is neither active nor running.
                while slots.kept.len() > KEPT {
                    let free = |d: &nooterra_engine::Digest| slots.active != Some(*d) && !running.contains(d) && d != bundle;
                    let Some(i) = slots.kept.iter().position(free) else { break };
                    slots.kept.remove(i);
                }
            }
            Event::SkillInstallRefused { .. } => {}
            Event::SkillStarted { job, robot, skill, bundle, .. } => {
                let run = self.running.entry(*job).or_insert_with(|| Running { robot: *robot, bundles: Vec::new() });
                run.bundles.push(*bundle);
                let slots: &mut Slots = self.robots.entry(*robot).or_default().entry(*skill).or_default();
                slots.active = Some(*bundle);
            }
            Event::SkillStopped { job, .. } => {
                self.running.remove(job);
            }
            Event::SkillMetered { job, licence, total, .. } => {
                if let Some(l) = self.licences.entry(*job).or_default().iter_mut().find(|l| l.licence == *licence) {
                    l.metered = *total;
                }
            }
        }
    }
}
