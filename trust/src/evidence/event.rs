//! What may be asked of the evidence of a job or robot, and what can happen to it (domain 3.6, 8.3).

use crate::evidence::Retention;
use crate::evidence::privacy::Channel;
use crate::incident::DevTime;
use crate::merkle::{ProofError, WindowProof, leaf_hash};
use nooterra_engine::digest::sha256_plain;
use nooterra_engine::ids::{ClaimId, DisputeId, EvidenceId, IncidentId, KeyId, OrderId, PartyId};
use nooterra_engine::{Digest, Record};
use std::collections::BTreeSet;

/// Whose content: a party by its id, anybody else by a hash. One key per (job, subject) encrypts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Subject {
    /// A party.
    Party(PartyId),
    /// A person without a party, by the hash of what tells them apart.
    Person(Digest),
}

/// What keeps evidence from being shredded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Matter {
    /// An open claim.
    Claim(ClaimId),
    /// An open dispute.
    Dispute(DisputeId),
    /// An order of an authority.
    Order(OrderId),
}

/// What somebody looks at it for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Purpose {
    /// To judge the incident.
    Triage,
    /// For an open matter.
    Matter(Matter),
    /// To audit.
    Audit,
    /// To keep people safe now.
    Safety,
}

/// Where some pieces of content stand under one anchor.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Under {
    /// The anchor's root.
    pub root: Digest,
    /// Their place in its tree.
    pub proof: WindowProof,
}

/// Proof that content stands under anchors of the black box.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Inclusion {
    /// Hashes of the pieces that it is made of, in order: each is the content of a leaf.
    pub pieces: Vec<Digest>,
    /// Their anchors, in order; each has the next pieces.
    pub under: Vec<Under>,
}

/// Hash of content that is made of these pieces: of one its own, of several that over theirs.
#[must_use]
pub fn content_of(pieces: &[Digest]) -> Digest {
    match pieces {
        [one] => *one,
        _ => sha256_plain(&pieces.iter().flat_map(|d| d.0).collect::<Vec<u8>>()),
    }
}

impl Inclusion {
    /// Does it hold for this content?
    pub fn verify(&self, content_hash: &Digest) -> Result<(), ProofError> {
        let found = content_of(&self.pieces);
        if found != *content_hash {
            return Err(ProofError::Root { expected: *content_hash, found });
        }
        if self.pieces.is_empty() {
            return Err(ProofError::Length { wanted: 1, found: 0 });
        }
        let mut rest = self.pieces.as_slice();
        for u in &self.under {
            let span = u.proof.to.saturating_sub(u.proof.from);
            let short = ProofError::Length { wanted: span, found: rest.len() as u64 };
            let count = usize::try_from(span).ok().filter(|n| (1..=rest.len()).contains(n)).ok_or(short)?;
            let (own, others) = rest.split_at(count);
            let leaves: Vec<Digest> = own.iter().map(|d| leaf_hash(&d.0)).collect();
            u.proof.verify(&leaves, &u.root)?;
            rest = others;
        }
        if rest.is_empty() { Ok(()) } else { Err(ProofError::Length { wanted: 0, found: rest.len() as u64 }) }
    }
}

/// How a redacted copy came about; its original is sealed to the trust service and one further key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Redaction {
    /// Hash of the content before.
    pub original: Digest,
    /// Hash of what was done to it.
    pub recipe: Digest,
}

/// Content as it is recorded; the bytes themselves never enter an event.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Capture {
    /// The id that this brings into being.
    pub evidence: EvidenceId,
    /// Of which incident.
    pub incident: IncidentId,
    /// Of which kind.
    pub channel: Channel,
    /// From, device time.
    pub from: DevTime,
    /// To, device time of the same boot.
    pub to: DevTime,
    /// SHA-256 of the content; of content of several pieces, over their hashes.
    pub content_hash: Digest,
    /// Its length; never 0.
    pub bytes: u64,
    /// The key that encrypts it.
    pub cipher_key: KeyId,
    /// Whose it is.
    pub subject: Subject,
    /// Where it stands under an anchor; a robot's content must.
    pub inclusion: Option<Inclusion>,
    /// Redacted on the device before.
    pub redaction: Option<Redaction>,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Command {
    /// Ask for the window around a sighting; again when the incident got worse.
    Want {
        #[doc = "Which."]
        incident: IncidentId,
        #[doc = "1..=5."]
        severity: u8,
        #[doc = "Of the sighting."]
        at: DevTime,
    },
    /// The link to the robot went up or down.
    Link {
        #[doc = "Up."]
        up: bool,
    },
    /// An anchor of the black box was recorded.
    Anchor {
        #[doc = "Its root."]
        root: Digest,
        #[doc = "Leaves under it."]
        size: u64,
    },
    /// Content was captured.
    Capture(Capture),
    /// Somebody wants to see it.
    View {
        #[doc = "Which."]
        evidence: EvidenceId,
        #[doc = "What for."]
        purpose: Purpose,
    },
    /// Replace content by a redacted copy.
    Redact {
        #[doc = "Which."]
        evidence: EvidenceId,
        #[doc = "Content now."]
        old: Digest,
        #[doc = "Content then."]
        new: Digest,
        #[doc = "Its length."]
        bytes: u64,
        #[doc = "What was done."]
        recipe: Digest,
    },
    /// An open matter holds everything; its parties may look.
    Hold {
        #[doc = "Which."]
        matter: Matter,
        #[doc = "Whose."]
        parties: BTreeSet<PartyId>,
    },
    /// The matter is closed.
    Release {
        #[doc = "Which."]
        matter: Matter,
    },
    /// Destroy the key of a subject: by the clock at the end of retention, by the trust service on an erasure request.
    Shred {
        #[doc = "Whose."]
        subject: Subject,
        #[doc = "Proof that the key is gone."]
        proof: Digest,
        #[doc = "How long it is kept."]
        kept: Retention,
    },
    /// The clock: a window is due and not whole.
    Fire {
        #[doc = "Of which incident."]
        incident: IncidentId,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Event {
    /// A window was asked for.
    Wanted {
        #[doc = "Which."]
        incident: IncidentId,
        #[doc = "1..=5."]
        severity: u8,
        #[doc = "From."]
        from: DevTime,
        #[doc = "To."]
        to: DevTime,
    },
    /// The link changed.
    Linked {
        #[doc = "Up."]
        up: bool,
    },
    /// `BLACKBOX_ANCHORED`, as far as evidence needs it.
    Anchored {
        #[doc = "Its root."]
        root: Digest,
        #[doc = "Leaves under it."]
        size: u64,
    },
    /// `EVIDENCE_CAPTURED`
    Captured(Capture),
    /// A window is due and not whole: the caller opens a `TELEMETRY_GAP`.
    Gap {
        #[doc = "Of which incident."]
        incident: IncidentId,
        #[doc = "What is not there."]
        missing: Vec<Channel>,
    },
    /// `EVIDENCE_VIEWED`, written before bytes are served.
    Viewed {
        #[doc = "Which."]
        evidence: EvidenceId,
        #[doc = "Whose key."]
        viewer: KeyId,
        #[doc = "What for."]
        purpose: Purpose,
    },
    /// `EVIDENCE_REDACTED`
    Redacted {
        #[doc = "Which."]
        evidence: EvidenceId,
        #[doc = "Content now."]
        new: Digest,
        #[doc = "Its length."]
        bytes: u64,
        #[doc = "From what, and how."]
        redaction: Redaction,
    },
    /// `RETENTION_HELD`
    Held {
        #[doc = "By what."]
        matter: Matter,
        #[doc = "Whose."]
        parties: BTreeSet<PartyId>,
    },
    /// The hold is over.
    Released {
        #[doc = "Of what."]
        matter: Matter,
    },
    /// `EVIDENCE_SHREDDED`: hashes and proofs stay, content is gone.
    Shredded {
        #[doc = "Whose."]
        subject: Subject,
        #[doc = "Proof that the key is gone."]
        proof: Digest,
    },
}

impl Event {
    /// The wire name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Wanted { .. } => "EVIDENCE_WANTED",
            Self::Linked { .. } => "EVIDENCE_LINK",
            Self::Anchored { .. } => "BLACKBOX_ANCHORED",
            Self::Captured(_) => "EVIDENCE_CAPTURED",
            Self::Gap { .. } => "EVIDENCE_GAP",
            Self::Viewed { .. } => "EVIDENCE_VIEWED",
            Self::Redacted { .. } => "EVIDENCE_REDACTED",
            Self::Held { .. } => "RETENTION_HELD",
            Self::Released { .. } => "RETENTION_RELEASED",
            Self::Shredded { .. } => "EVIDENCE_SHREDDED",
        }
    }
}
