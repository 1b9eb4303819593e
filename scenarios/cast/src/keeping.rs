//! Keys that are revoked and rotated, robots that are looked after, audits: done by whoever may.

use crate::acts::paper;
use crate::desks::Seat;
use crate::director::Cued;
use crate::{Cast, key, requester_party};
use nooterra_control::input::{Body as _, CaseCommand, GovernanceCommand, KeyReason, OwnerCommand, PolicyChange, StaffCommand};
use nooterra_engine::digest::sha256;
use nooterra_engine::ids::{JobId, KeyId};
use nooterra_engine::{Instant, Span};
use nooterra_port::clamps::Tight;
use nooterra_script::acts::Deed;
use nooterra_script::keeping::{Viewer, Whose};
use nooterra_trust::evidence::{Matter, Purpose};
use nooterra_trust::incident::Stream;
use nooterra_trust::role::rotation_bytes;
use nooterra_trust::{Binding, Role};

/// What two people say reaches the platform within this, as a rule.
const SETTLES: Span = Span::from_secs(2);
/// The stream of keys and audits.
const STREAM: &str = "gov";

impl Cast {
    /// Does a deed of this kind. False if it is of another.
    pub(crate) fn keep(&mut self, now: Instant, cued: &Cued) -> bool {
        match cued.deed {
            Deed::RevokeKey { whose, second } => self.revoke_key(now, cued.job, whose, second),
            Deed::RotateKey { whose, overlap, own } => self.rotate_key(now, whose, overlap, own),
            Deed::OpenMaintenance { robot, lasts } => {
                self.owner_says(now, robot, |robot| OwnerCommand::OpenMaintenance { robot, kind: "planned".into() });
                self.director.later(now.saturating_add(lasts), Deed::CloseMaintenance { robot });
            }
            Deed::CloseMaintenance { robot } => {
                let checklist = sha256(&[b"nooterra/paper/v1", b"checklist", &robot.to_be_bytes()]);
                self.owner_says(now, robot, |robot| OwnerCommand::CloseMaintenance { robot, checklist, parts: Vec::new() });
            }
            Deed::Tighten { robot, by_owner, speed_mm_s, gain_mm_s2, lasts } => {
                let bounds = Tight { speed_mm_s, accel_mm_s2: gain_mm_s2, until: lasts.map(|s| now.saturating_add(s)) };
                if by_owner {
                    self.owner_says(now, robot, |robot| OwnerCommand::TightenClamps { robot, bounds });
                } else if let Some(robot) = self.robots.get(robot as usize).copied() {
                    self.say(now, Seat::Staff, StaffCommand::TightenClamps { robot, bounds }.draft("robots"));
                }
            }
            Deed::LiftBounds { robot } => {
                if let Some(robot) = self.robots.get(robot as usize).copied() {
                    self.say(now, Seat::Staff, StaffCommand::LiftClamps { robot }.draft("robots"));
                }
            }
            Deed::Retire { robot } => {
                self.owner_says(now, robot, |robot| OwnerCommand::RetireRobot { robot, reason: "sold".into() });
            }
            Deed::OverrideProof { earned_bps, second } => {
                let Some(job) = cued.job else { return true };
                let command = StaffCommand::OverrideProof { job, earned_bps, decision_hash: paper(job, "decision") };
                for seat in [Seat::Trust, Seat::TrustToo].into_iter().take(if second { 2 } else { 1 }) {
                    self.judge(now, seat, job, &command.draft("jobs"));
                }
            }
            Deed::SetPolicy { ref plan } => {
                // Said at once by both, and so early that the second word still comes before it takes effect.
                let effective_from = now.saturating_add(plan.after.max(SETTLES));
                let change = Box::new(PolicyChange {
                    rates: plan.rates.clone().into_iter().collect(),
                    open_jobs_max: plan.open_jobs,
                    relocate: plan.relocate,
                    ..PolicyChange::default()
                });
                let word = GovernanceCommand::SetPolicy { change, effective_from };
                for seat in [Seat::Staff, Seat::StaffToo].into_iter().take(if plan.second { 2 } else { 1 }) {
                    self.say(now, seat, word.draft(STREAM));
                }
            }
            Deed::Join { requester } => self.verify(now, requester),
            Deed::BindNewcomer { requester } => self.bind(now, requester),
            Deed::Audit { agrees } => {
                let Some(job) = cued.job else { return true };
                let word = GovernanceCommand::RecordAudit { job, agrees, finding: paper(job, "finding") };
                self.say(now, Seat::Auditor, word.draft(STREAM));
            }
            Deed::View { by } => {
                if let Some(job) = cued.job {
                    self.view(now, job, by);
                }
            }
            _ => return false,
        }
        true
    }

    /// Somebody looks at what was captured last.
    fn view(&mut self, now: Instant, job: JobId, by: Viewer) {
        let Some(k) = self.director.job(job) else { return };
        let Some(evidence) = k.evidence else { return };
        let claim = k.claim.map_or(Purpose::Triage, |c| Purpose::Matter(Matter::Claim(c)));
        let look = |purpose| CaseCommand::ViewEvidence { of: Stream::Job(job), evidence, purpose };
        match by {
            Viewer::Trust => self.say(now, Seat::Trust, look(Purpose::Triage).draft("jobs")),
            Viewer::Insurer => self.say(now, Seat::Insurer, look(claim).draft("jobs")),
            Viewer::Auditor => self.say(now, Seat::Auditor, look(Purpose::Audit).draft("jobs")),
            Viewer::Requester => self.requester_says(now, job, &look(claim)),
            Viewer::Provider => {
                if let Some(p) = k.provider.and_then(|p| self.providers.get_mut(p as usize)) {
                    p.outbox.push(look(claim).draft("jobs"), now, 0);
                }
            }
        }
    }

    /// Staff have seen who a requester is; its key is bound when that is on record.
    fn verify(&mut self, now: Instant, requester: u32) {
        let Some(r) = self.requesters.get(requester as usize) else { return };
        let party = requester_party(r.name());
        let verify = GovernanceCommand::VerifyParty { party, name: r.name().to_owned(), takes: r.takes().to_vec() };
        self.say(now, Seat::Staff, verify.draft(STREAM));
        self.director.later(now.saturating_add(SETTLES), Deed::BindNewcomer { requester });
    }

    /// Two of staff bind a newcomer's key.
    fn bind(&mut self, now: Instant, requester: u32) {
        let Some(r) = self.requesters.get(requester as usize) else { return };
        let party = requester_party(r.name());
        let public = key(&self.chance, &format!("requester/{}", r.name())).public();
        let bind = GovernanceCommand::BindKey(Box::new(Binding {
            public,
            tenant: self.tenant,
            role: Role::RQ,
            subject: *party.as_bytes(),
            name: party.to_string(),
            from: now,
            to: Instant::NEVER,
            revoked_at: None,
        }));
        for seat in [Seat::Staff, Seat::StaffToo] {
            self.say(now, seat, bind.draft(STREAM));
        }
    }

    fn owner_says(&mut self, now: Instant, robot: u32, word: impl Fn(nooterra_engine::ids::RobotId) -> OwnerCommand) {
        let Some(id) = self.robots.get(robot as usize).copied() else { return };
        let owner = self.owners.get(robot as usize).copied();
        if let Some(p) = owner.and_then(|o| self.providers.get_mut(o as usize)) {
            p.outbox.push(word(id).draft("robots"), now, 0);
        }
    }

    /// The key with which somebody signs now.
    fn key_of(&self, job: Option<JobId>, whose: Whose) -> Option<KeyId> {
        let of_robot = |ix: u32| self.names.get(ix as usize).map(|n| key(&self.chance, &format!("robot/{n}")).id());
        match whose {
            Whose::Robot { ix } => of_robot(ix),
            Whose::JobsRobot {} => {
                let robot = job.and_then(|j| self.director.job(j))?.robot?;
                let ix = self.robots.iter().position(|r| *r == robot)?;
                of_robot(u32::try_from(ix).ok()?)
            }
            Whose::Requester { ix } => self.requesters.get(ix as usize).map(|r| r.outbox.sender().key()),
            Whose::Provider { ix } => self.providers.get(ix as usize).map(|p| p.outbox.sender().key()),
        }
    }

    fn revoke_key(&mut self, now: Instant, job: Option<JobId>, whose: Whose, second: bool) {
        let Some(key) = self.key_of(job, whose) else { return };
        let command = GovernanceCommand::RevokeKey { key, reason: KeyReason::Compromised };
        for seat in [Seat::Staff, Seat::StaffToo].into_iter().take(if second { 2 } else { 1 }) {
            self.say(now, seat, command.draft(STREAM));
        }
    }

    fn rotate_key(&mut self, now: Instant, whose: Whose, overlap: Span, own: bool) {
        let (outbox, name) = match whose {
            Whose::Requester { ix } => {
                let Some(r) = self.requesters.get_mut(ix as usize) else { return };
                let name = r.name().to_owned();
                (&mut r.outbox, name)
            }
            Whose::Provider { ix } => {
                let Some(p) = self.providers.get_mut(ix as usize) else { return };
                let name = p.name().to_owned();
                (&mut p.outbox, name)
            }
            Whose::Robot { .. } | Whose::JobsRobot {} => return,
        };
        let sender = outbox.sender();
        let (old, actor) = (sender.key(), sender.actor);
        let new = key(&self.chance, &format!("next/{name}/{old}"));
        // Whoever names a key that is another's cannot sign with it.
        let public = if own { new.public() } else { key(&self.chance, "forger").public() };
        let proof = new.sign(&rotation_bytes(self.tenant, &actor, old, &public));
        outbox.push(GovernanceCommand::RotateKey { public, proof, overlap }.draft(STREAM), now, 0);
        if own {
            outbox.sender_mut().rotate(new);
        }
    }
}
