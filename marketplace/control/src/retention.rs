//! How long evidence is kept, who looks at it, and when it is gone (domain 8.3).
//!
//! The platform holds hashes and proofs; the bytes lie in a vault outside, each subject's under a key of its own for each job.
//! So whoever looks is written down before the vault is asked to serve, and what has to go, goes by its key: the vault is told
//! to destroy it, and what is on record of it stays true. An open claim or dispute, or an order of an authority, keeps all of a
//! job's evidence.

use crate::cases::TRUST;
use crate::fact::{CaseEvent, Event as Payload};
use crate::input::CaseCommand;
use crate::unit::{Outcome, Unit, need};
use crate::wish::{VaultAsk, Wish};
use nooterra_engine::digest::sha256;
use nooterra_engine::ids::{IncidentId, JobId, KeyId, PartyId, RobotId};
use nooterra_engine::time::Instant;
use nooterra_engine::{Digest, Record, encode, sometimes};
use nooterra_trust::claim::{self, What};
use nooterra_trust::dispute::{Event as Disputed, Status};
use nooterra_trust::evidence::{Command, Event, Evidence, Matter, OFFICIALS, Redaction, Retention, Subject, Timer};
use nooterra_trust::incident::{Incident, Stream};
use nooterra_trust::{Code, Hand, Rejection, Role};
use std::collections::{BTreeMap, BTreeSet};

/// Code of the timer of evidence of a robot without a job.
pub(crate) const ADRIFT_BY: u8 = 20;

/// Evidence of what went wrong with a robot that held no lease.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Adrift {
    /// What was captured.
    pub evidence: Evidence,
    /// Windows to be captured once they are over, in receive time.
    pub windows: BTreeMap<IncidentId, Instant>,
    /// How often everything before was destroyed: what comes later is sealed by another key.
    pub generation: u32,
    /// How long it is kept: by the policy of when it began.
    pub retention: Retention,
}

impl Adrift {
    /// The first deadline of anything in it.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.evidence.deadlines(&self.retention).into_iter().map(|(_, at)| at).chain(self.windows.values().copied()).min()
    }
}

/// The key that seals a subject's content of one job, or of one robot without a job.
fn seal(of: Stream, subject: Subject, generation: u32) -> KeyId {
    KeyId::derive(&sha256(&[b"nooterra/seal/v1", &encode(&Sealed { of, subject })]), generation)
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct Sealed {
    of: Stream,
    subject: Subject,
}

/// Is there nothing more to be decided, paid or recovered of a claim?
fn is_closed(c: &claim::Claim) -> bool {
    c.status.is_end() && c.grant.as_ref().is_none_or(|g| g.outstanding().minor() == 0)
}

pub(crate) fn stream_name(of: Stream) -> String {
    match of {
        Stream::Job(j) => format!("job/{j}"),
        Stream::Robot(r) => format!("robot/{r}"),
    }
}

impl Unit<'_> {
    /// The evidence of a job, or of a robot without one.
    pub(crate) fn evidence(&self, of: Stream) -> Result<&Evidence, Rejection> {
        let none = || Rejection::new(Code::NotFound).field("of");
        match of {
            Stream::Job(j) => self.s.cases.get(&j).map(|c| &c.evidence).ok_or_else(none),
            Stream::Robot(r) => self.s.adrift.get(&r).map(|a| &a.evidence).ok_or_else(none),
        }
    }

    /// How long that is kept: what a booking pinned, or what was in force when a robot's own began.
    fn kept(&self, of: Stream) -> Result<Retention, Rejection> {
        let none = || Rejection::new(Code::NotFound).field("of");
        match of {
            Stream::Job(j) => self.job(j)?.pins.as_deref().map(crate::cases::kept_by).ok_or_else(none),
            Stream::Robot(r) => self.s.adrift.get(&r).map(|a| a.retention).ok_or_else(none),
        }
    }

    pub(crate) fn incident(&self, of: Stream, id: IncidentId) -> Option<&Incident> {
        match of {
            Stream::Job(j) => self.s.cases.get(&j)?.incidents.incidents.get(&id),
            Stream::Robot(r) => self.s.strays.get(&r)?.incidents.get(&id),
        }
    }

    /// The key that seals what is captured of a subject now.
    pub(crate) fn seal_of(&self, of: Stream, subject: Subject) -> KeyId {
        let generation = match of {
            Stream::Job(_) => 0,
            Stream::Robot(r) => self.s.adrift.get(&r).map_or(0, |a| a.generation),
        };
        seal(of, subject, generation)
    }

    /// Whose robot it was: what a robot records is its owner's.
    pub(crate) fn recorder(&self, of: Stream) -> Result<Subject, Rejection> {
        Ok(Subject::Party(match of {
            Stream::Job(j) => self.case(j)?.claims.parties.owner,
            Stream::Robot(r) => self.cell(r)?.robot.owner,
        }))
    }

    /// Writes down what happened to evidence, and folds it in.
    pub(crate) fn emit_evidence(&mut self, of: Stream, e: Event) {
        match of {
            Stream::Job(job) => self.emit_case(job, CaseEvent::Evidence(Box::new(e))),
            Stream::Robot(robot) => {
                let event = CaseEvent::Evidence(Box::new(e.clone()));
                let role = self.case_role(&event);
                self.record(stream_name(of), role, Payload::Case(event), |r| &mut r.trust);
                let at = self.now();
                if let Some(a) = self.s.adrift.get_mut(&robot) {
                    a.evidence.evolve(at, &e);
                }
                self.robots_touched.insert(robot);
            }
        }
    }

    /// What is said about evidence.
    pub(crate) fn evidence_command(&mut self, c: CaseCommand) -> Outcome {
        let (now, hand) = (self.now(), self.hand());
        let decision = |c: &Self, of| {
            need(c.cx.role == Role::TR, Code::RoleForbidden)?;
            c.evidence(of)?;
            c.read_at(&stream_name(of))
        };
        match c {
            CaseCommand::ViewEvidence { of, evidence, purpose } => {
                self.concerned(of, &hand)?;
                let e = self.evidence(of)?.decide(now, &hand, &Command::View { evidence, purpose })?;
                let (Some(item), Some(viewer)) = (self.evidence(of)?.items.get(&evidence), self.cx.key) else { return Ok(()) };
                let (content_hash, cipher_key) = (item.capture.content_hash, item.capture.cipher_key);
                sometimes!(true, "evidence viewed");
                self.emit_evidence(of, e);
                // On record first, then served.
                self.wish(Wish::Vault(VaultAsk::Serve { evidence, content_hash, cipher_key, viewer }));
            }
            CaseCommand::RedactEvidence { of, evidence, old, new, bytes, recipe } => {
                decision(self, of)?;
                let e = self.evidence(of)?.decide(now, &hand, &Command::Redact { evidence, old, new, bytes, recipe })?;
                sometimes!(true, "evidence redacted");
                self.emit_evidence(of, e);
                let redaction = Redaction { original: old, recipe };
                self.wish(Wish::Vault(VaultAsk::Replace { evidence, content_hash: new, redaction }));
            }
            CaseCommand::HoldEvidence { of, order } => {
                decision(self, of)?;
                let hold = Command::Hold { matter: Matter::Order(order), parties: BTreeSet::new() };
                let e = self.evidence(of)?.decide(now, &hand, &hold)?;
                self.emit_evidence(of, e);
            }
            CaseCommand::ReleaseEvidence { of, order } => {
                decision(self, of)?;
                let e = self.evidence(of)?.decide(now, &hand, &Command::Release { matter: Matter::Order(order) })?;
                self.emit_evidence(of, e);
            }
            CaseCommand::EraseEvidence { of, subject, request } => {
                decision(self, of)?;
                need(request != Digest::ZERO, Code::ContentHashMissing)?;
                self.shred(of, subject, &hand)?;
                sometimes!(true, "evidence erased on request");
            }
            _ => {}
        }
        Ok(())
    }

    /// Does this concern whoever speaks? To anybody else there is no such thing.
    fn concerned(&self, of: Stream, hand: &Hand) -> Outcome {
        let named = |p: PartyId| self.evidence(of).is_ok_and(|e| e.matters.values().any(|all| all.contains(&p)));
        need(OFFICIALS.contains(&hand.role) || hand.party.is_some_and(named), Code::NotFound)
    }

    /// Destroys the key of a subject. The hash of what the vault is told stands for the proof that it does: it answers for it with
    /// a certificate of that hash, outside.
    fn shred(&mut self, of: Stream, subject: Subject, hand: &Hand) -> Outcome {
        let now = self.now();
        let cipher_key = self.seal_of(of, subject);
        let proof = sha256(&[b"nooterra/shred/v1", cipher_key.as_bytes(), &now.0.to_be_bytes()]);
        let kept = self.kept(of)?;
        let e = self.evidence(of)?.decide(now, hand, &Command::Shred { subject, proof, kept })?;
        self.emit_evidence(of, e);
        self.wish(Wish::Vault(VaultAsk::Destroy { of, subject, cipher_key, proof }));
        Ok(())
    }

    /// Retention has ended of what nothing holds.
    pub(crate) fn retention_due(&mut self, of: Stream) {
        let now = self.now();
        let (Ok(e), Ok(kept)) = (self.evidence(of), self.kept(of)) else { return };
        let due = e.deadlines(&kept).into_iter().filter(|(_, at)| *at <= now);
        let subjects: Vec<Subject> = due.filter_map(|(t, _)| if let Timer::RetentionEnd(s) = t { Some(s) } else { None }).collect();
        for subject in subjects {
            let done = self.shred(of, subject, &Hand::CLOCK).is_ok();
            sometimes!(done, "retention ended");
        }
    }

    /// A claim or dispute that opens holds the evidence of its job, and lets go of it when nothing of it is open any more.
    pub(crate) fn hold_for(&mut self, job: JobId, event: &CaseEvent) {
        let Some(case) = self.s.cases.get(&job) else { return };
        let p = case.claims.parties;
        let sides = |own: PartyId| -> BTreeSet<PartyId> {
            [Some(own), Some(p.requester), Some(p.owner), p.operator, p.developer, p.insurer].into_iter().flatten().collect()
        };
        let closed = |m: &Matter| match m {
            Matter::Claim(id) => case.claims.claims.get(id).is_none_or(is_closed),
            Matter::Dispute(id) => case.disputes.disputes.get(id).is_none_or(|d| d.status != Status::Open),
            Matter::Order(_) => false,
        };
        let opened: Option<(Matter, PartyId)> = match event {
            CaseEvent::Claim(e) => match e.what {
                What::Opened { claimant, .. } => Some((Matter::Claim(e.claim), claimant)),
                _ => None,
            },
            CaseEvent::Dispute(Disputed::Opened { dispute, opener, .. }) => Some((Matter::Dispute(*dispute), *opener)),
            _ => None,
        };
        let hold = opened.map(|(matter, own)| Command::Hold { matter, parties: sides(own) });
        let over = case.evidence.matters.keys().filter(|m| closed(m)).map(|m| Command::Release { matter: *m });
        let now = self.now();
        for c in hold.into_iter().chain(over).collect::<Vec<_>>() {
            let decided = self.evidence(Stream::Job(job)).and_then(|e| e.decide(now, &TRUST, &c));
            if let Ok(e) = decided {
                self.emit_evidence(Stream::Job(job), e);
            }
        }
    }

    /// Where a robot without a job keeps its evidence; nobody has asked for images of it.
    pub(crate) fn set_adrift(&mut self, robot: RobotId) {
        let (now, retention) = (self.now(), self.s.genesis.policy.retention);
        let up = self.cell(robot).is_ok_and(|c| !c.robot.link_lost);
        // Once everything of it is destroyed, the next incident begins a book of its own.
        let old = self.s.adrift.get(&robot);
        let over = |a: &Adrift| {
            let closed = a.evidence.windows.values().all(|w| w.missing.is_empty() || w.gap);
            a.windows.is_empty() && a.evidence.matters.is_empty() && closed && !a.evidence.shredded.is_empty()
        };
        let generation = match old {
            Some(a) if !over(a) => return,
            Some(a) => a.generation.saturating_add(1),
            None => 0,
        };
        let evidence = crate::cases::no_evidence(nooterra_trust::evidence::PrivacyMode::Minimal, false, up.then_some(now));
        // It may go wrong again and again for as long as it lives.
        let evidence = Evidence { quota_within: Some(nooterra_trust::evidence::QUOTA_WITHIN), ..evidence };
        self.s.adrift.insert(robot, Adrift { evidence, windows: BTreeMap::new(), generation, retention });
    }

    /// Deadlines of a robot's own evidence that have come.
    pub(crate) fn adrift_due(&mut self, robot: RobotId) {
        let (now, of) = (self.now(), Stream::Robot(robot));
        let Some(a) = self.s.adrift.get(&robot) else { return };
        let over: Vec<IncidentId> = a.windows.iter().filter(|(_, at)| **at <= now).map(|(i, _)| *i).collect();
        for incident in over {
            self.capture_window(of, incident, robot);
        }
        self.gaps(of);
        self.retention_due(of);
    }
}
