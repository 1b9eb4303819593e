//! The evidence of one job or robot (domain 8.3): windows asked for and captured, who looked and why, redaction,
//! holds and shredding. It holds hashes and proofs; bytes stay with the caller, who asks here before serving them.

pub mod event;
pub mod privacy;
pub mod secret;

pub use event::{Capture, Command, Event, Inclusion, Matter, Purpose, Redaction, Subject, Under, content_of};
pub use privacy::{Channel, PrivacyMode};

use crate::guard::{Checks, Hand};
use crate::incident::{DevTime, SEVERITY_MAX};
use crate::rejection::{Code, Rejection};
use crate::role::Role;
use nooterra_engine::digest::sha256_plain;
use nooterra_engine::ids::{EvidenceId, IncidentId, KeyId, PartyId};
use nooterra_engine::time::{Instant, Span};
use nooterra_engine::{Digest, Record};
use std::collections::{BTreeMap, BTreeSet};

/// A window reaches so far before and after the sighting, in device time.
pub const REACH: Span = Span::from_secs(30);
/// A window is captured within this much time of link.
pub const CAPTURE_WITHIN: Span = Span::from_mins(10);
/// Pieces of evidence of one job at most; of a robot without one, within [`QUOTA_WITHIN`].
pub const QUOTA: usize = 200;
/// Of a robot without a job so much time counts.
pub const QUOTA_WITHIN: Span = Span::from_mins(24 * 60);

/// Who brings evidence.
pub const CAPTURERS: [Role; 5] = [Role::RB, Role::SI, Role::WI, Role::OP, Role::TR];
/// Who may look at anything, with a purpose.
pub const OFFICIALS: [Role; 3] = [Role::AU, Role::TR, Role::OS];
/// Who may look for an open matter that names their party: sides of it, and the insurer that decides about it.
const PARTIES: [Role; 6] = [Role::RQ, Role::OW, Role::OP, Role::DV, Role::IN, Role::SI];

/// How long content is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Retention {
    /// Telemetry without incident.
    pub telemetry: Span,
    /// Evidence.
    pub evidence: Span,
    /// Frames without incident.
    pub frames: Span,
}

impl Default for Retention {
    fn default() -> Self {
        let day = Span::from_secs(86_400);
        Self { telemetry: day.times(30), evidence: day.times(365), frames: Span::ZERO }
    }
}

/// A window that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Window {
    /// Severity of the incident: decides about channels.
    pub severity: u8,
    /// From, device time.
    pub from: DevTime,
    /// To, device time.
    pub to: DevTime,
    /// Channels that are not there in full.
    pub missing: BTreeSet<Channel>,
    /// Time of link used up, not counting the present one.
    pub used: Span,
    /// Since when the link has been up.
    pub linked_since: Option<Instant>,
    /// It was found due and not whole.
    pub gap: bool,
}

impl Window {
    /// When it must be whole: only time of link counts, so a link that comes and goes does not put it off for ever.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        let since = self.linked_since.filter(|_| !self.missing.is_empty() && !self.gap)?;
        Some(since.saturating_add(Span(CAPTURE_WITHIN.0.saturating_sub(self.used.0))))
    }
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Item {
    /// As captured; hash and length as of the last redaction.
    pub capture: Capture,
    /// When.
    pub at: Instant,
    /// Redactions, oldest first.
    pub redactions: Vec<Redaction>,
    /// Keys that may be served the present content.
    pub viewers: BTreeSet<KeyId>,
}

/// Timers of evidence, in receive time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Timer {
    /// A window is due.
    CaptureBy(IncidentId),
    /// `RETENTION_END` of a subject.
    RetentionEnd(Subject),
}

/// All evidence of one job or robot.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Evidence {
    /// From the pins.
    pub mode: PrivacyMode,
    /// Channels that the robot and the site declare.
    pub declared: BTreeSet<Channel>,
    /// Since when the link has been up.
    pub linked_since: Option<Instant>,
    /// Windows by incident.
    pub windows: BTreeMap<IncidentId, Window>,
    /// Anchors by root: leaves under each.
    pub anchors: BTreeMap<Digest, u64>,
    /// By id.
    pub items: BTreeMap<EvidenceId, Item>,
    /// Open matters and their parties.
    pub matters: BTreeMap<Matter, BTreeSet<PartyId>>,
    /// Telemetry without incident: until when it was recorded under the key of a subject.
    pub recorded: BTreeMap<Subject, Instant>,
    /// Subjects whose key is gone.
    pub shredded: BTreeSet<Subject>,
    /// Only what was captured within this time counts towards the quota; everything if nothing.
    pub quota_within: Option<Span>,
}

impl Evidence {
    /// No evidence yet, link up since `linked_since`.
    #[must_use]
    pub fn new(mode: PrivacyMode, declared: BTreeSet<Channel>, linked_since: Option<Instant>) -> Self {
        Self {
            mode,
            declared,
            linked_since,
            windows: BTreeMap::new(),
            anchors: BTreeMap::new(),
            items: BTreeMap::new(),
            matters: BTreeMap::new(),
            recorded: BTreeMap::new(),
            shredded: BTreeSet::new(),
            quota_within: None,
        }
    }

    /// May `channel` be kept for an incident of this severity?
    #[must_use]
    pub fn allows(&self, channel: Channel, severity: u8) -> bool {
        self.declared.contains(&channel) && self.mode.allows(channel, severity)
    }

    /// Are these the bytes of this evidence? Bytes whose hash differs are none.
    #[must_use]
    pub fn is_content(&self, evidence: EvidenceId, bytes: &[u8]) -> bool {
        let item = self.items.get(&evidence).map(|i| &i.capture);
        item.is_some_and(|c| c.bytes == bytes.len() as u64 && c.content_hash == sha256_plain(bytes))
    }

    /// Are these, in order, the pieces that this evidence is made of?
    #[must_use]
    pub fn is_made_of<B: AsRef<[u8]>>(&self, evidence: EvidenceId, pieces: &[B]) -> bool {
        let bytes: u64 = pieces.iter().map(|b| b.as_ref().len() as u64).sum();
        let hashes: Vec<Digest> = pieces.iter().map(|b| sha256_plain(b.as_ref())).collect();
        let item = self.items.get(&evidence).map(|i| &i.capture);
        item.is_some_and(|c| c.bytes == bytes && c.content_hash == content_of(&hashes))
    }

    /// May bytes be served to this key? Only after its view was written.
    #[must_use]
    pub fn serves(&self, evidence: EvidenceId, key: KeyId) -> bool {
        self.items.get(&evidence).is_some_and(|i| i.viewers.contains(&key) && !self.shredded.contains(&i.capture.subject))
    }

    /// The work of which a subject's telemetry tells ended at `at`.
    pub fn was_recorded(&mut self, subject: Subject, at: Instant) {
        self.recorded.entry(subject).and_modify(|a| *a = at.max(*a)).or_insert(at);
    }

    /// End of a subject's retention by these terms: of its last piece, else of its telemetry. One key encrypts both.
    #[must_use]
    pub fn retention_end(&self, subject: Subject, kept: &Retention) -> Option<Instant> {
        let own = self.items.values().filter(|i| i.capture.subject == subject);
        // What is recorded may still be wanted: then it is kept like evidence.
        let wanted = self.windows.values().any(|w| !w.missing.is_empty() && !w.gap);
        let span = if wanted { kept.evidence } else { kept.telemetry };
        let telemetry = self.recorded.get(&subject).map(|at| at.saturating_add(span));
        own.map(|i| i.at.saturating_add(kept.evidence)).chain(telemetry).max()
    }

    /// What a command leads to, or why it is refused. Reads only.
    pub fn decide(&self, now: Instant, hand: &Hand, command: &Command) -> Result<Event, Rejection> {
        let mut c = Checks::new();
        match command {
            Command::Want { incident, severity, at } => {
                let from = DevTime { boot: at.boot, ns: at.ns.saturating_sub(REACH.0) };
                let to = DevTime { boot: at.boot, ns: at.ns.saturating_add(REACH.0) };
                let known = self.windows.get(incident);
                let more = known.is_none_or(|w| *severity > w.severity || from.boot == w.from.boot && (from < w.from || to > w.to));
                c.must((2..=SEVERITY_MAX).contains(severity), Code::SchemaInvalid, "severity")
                    .role(hand, &[Role::TR])
                    .must(more, Code::AlreadyDone, "incident")
                    .end()?;
                // Windows of one incident grow together; after a reboot only their severity does.
                let (from, to) = known.map_or((from, to), |w| match w.from.boot == from.boot {
                    true => (from.min(w.from), to.max(w.to)),
                    false => (w.from, w.to),
                });
                let severity = known.map_or(*severity, |w| w.severity.max(*severity));
                Ok(Event::Wanted { incident: *incident, severity, from, to })
            }
            Command::Link { up } => {
                c.role(hand, &[Role::CK, Role::RB]).must(*up != self.linked_since.is_some(), Code::AlreadyDone, "link").end()?;
                Ok(Event::Linked { up: *up })
            }
            Command::Anchor { root, size } => {
                c.must(*size > 0, Code::SchemaInvalid, "size")
                    .role(hand, &[Role::RB])
                    .must(!self.anchors.contains_key(root), Code::AlreadyDone, "root")
                    .must(*root != Digest::ZERO, Code::ContentHashMissing, "root")
                    .end()?;
                Ok(Event::Anchored { root: *root, size: *size })
            }
            Command::Capture(x) => self.capture(now, c, hand, x),
            Command::View { evidence, purpose } => {
                c.role(hand, &[&OFFICIALS[..], &PARTIES].concat());
                let item = self.item(&mut c, *evidence);
                let held = |m: &Matter| self.matters.get(m);
                if let Purpose::Matter(m) = purpose {
                    c.must(held(m).is_some(), Code::NotFound, "matter");
                }
                if PARTIES.contains(&hand.role) {
                    let own = matches!(purpose, Purpose::Matter(m)
                        if held(m).is_some_and(|p| hand.party.is_some_and(|h| p.contains(&h))));
                    c.must(own, Code::PartyForbidden, "purpose");
                }
                c.must(hand.key.is_some(), Code::KeyUnknown, "key");
                c.must(!item.is_some_and(|i| self.shredded.contains(&i.capture.subject)), Code::TrackForbids, "evidence").end()?;
                let viewer = hand.key.unwrap_or(KeyId::from_bytes([0; 16]));
                Ok(Event::Viewed { evidence: *evidence, viewer, purpose: *purpose })
            }
            Command::Redact { evidence, old, new, bytes, recipe } => {
                c.must(*bytes > 0, Code::SchemaInvalid, "bytes").role(hand, &[Role::TR]);
                if let Some(i) = self.item(&mut c, *evidence) {
                    c.must(i.capture.content_hash == *old, Code::HeadConflict, "old").must(
                        !self.shredded.contains(&i.capture.subject),
                        Code::TrackForbids,
                        "evidence",
                    );
                }
                c.must(old != new, Code::NoChange, "new")
                    .must(*new != Digest::ZERO && *recipe != Digest::ZERO, Code::ContentHashMissing, "new")
                    .end()?;
                let redaction = Redaction { original: *old, recipe: *recipe };
                Ok(Event::Redacted { evidence: *evidence, new: *new, bytes: *bytes, redaction })
            }
            Command::Hold { matter, parties } => {
                c.role(hand, &[Role::TR]).must(!self.matters.contains_key(matter), Code::AlreadyDone, "matter").end()?;
                Ok(Event::Held { matter: *matter, parties: parties.clone() })
            }
            Command::Release { matter } => {
                c.role(hand, &[Role::TR]).must(self.matters.contains_key(matter), Code::NotFound, "matter").end()?;
                Ok(Event::Released { matter: *matter })
            }
            Command::Shred { subject, proof, kept } => {
                let end = self.retention_end(*subject, kept);
                let asked = hand.role == Role::TR;
                c.role(hand, &[Role::CK, Role::TR])
                    .must(end.is_some(), Code::NotFound, "subject")
                    .must(asked || end.is_none_or(|e| e <= now), Code::TrackForbids, "subject")
                    .must(!self.shredded.contains(subject), Code::AlreadyDone, "subject")
                    .must(*proof != Digest::ZERO, Code::ContentHashMissing, "proof")
                    .must(self.matters.is_empty(), Code::RetentionHeld, "subject")
                    .end()?;
                Ok(Event::Shredded { subject: *subject, proof: *proof })
            }
            Command::Fire { incident } => {
                c.role(hand, &[Role::CK]);
                let w = self.windows.get(incident);
                c.must(w.is_some(), Code::NotFound, "incident")
                    .must(w.is_none_or(|w| w.due().is_some_and(|d| d <= now)), Code::TrackForbids, "incident")
                    .end()?;
                let missing = w.map(|w| w.missing.iter().copied().collect()).unwrap_or_default();
                Ok(Event::Gap { incident: *incident, missing })
            }
        }
    }

    fn capture(&self, now: Instant, mut c: Checks, hand: &Hand, x: &Capture) -> Result<Event, Rejection> {
        let twice = |i: &Item| {
            let y = &i.capture;
            (y.incident, y.channel, y.content_hash) == (x.incident, x.channel, x.content_hash)
        };
        let counts = |i: &&Item| self.quota_within.is_none_or(|w| now.since(i.at) < w);
        let counted = self.items.values().filter(counts).count();
        let well = x.bytes > 0 && x.from.boot == x.to.boot && x.from <= x.to;
        c.must(well, Code::SchemaInvalid, "bytes")
            .role(hand, &CAPTURERS)
            .must(counted < QUOTA, Code::QuotaExceeded, "evidence")
            .must(!self.shredded.contains(&x.subject), Code::TrackForbids, "subject")
            .must(!self.items.contains_key(&x.evidence) && !self.items.values().any(twice), Code::AlreadyDone, "evidence")
            .must(x.content_hash != Digest::ZERO, Code::ContentHashMissing, "content_hash");
        let w = self.windows.get(&x.incident);
        c.must(w.is_some(), Code::NotFound, "incident");
        if let Some(w) = w {
            c.must(w.from <= x.from && x.to <= w.to, Code::WindowInvalid, "from");
            // What is missing is an approval: the gate is shut.
            c.must(self.allows(x.channel, w.severity), Code::ApprovalMissing, "channel");
        }
        let held = |u: &Under| self.anchors.get(&u.root) == Some(&u.proof.size);
        let anchored = |i: &Inclusion| i.under.iter().all(held) && i.verify(&x.content_hash).is_ok();
        let proven = x.inclusion.as_ref().map_or(hand.role != Role::RB, anchored);
        c.must(proven, Code::EvidenceInsufficient, "inclusion").end()?;
        Ok(Event::Captured(x.clone()))
    }

    fn item(&self, c: &mut Checks, id: EvidenceId) -> Option<&Item> {
        let i = self.items.get(&id);
        c.must(i.is_some(), Code::NotFound, "evidence");
        i
    }

    /// Folds in one event that happened at `at`.
    pub fn evolve(&mut self, at: Instant, event: &Event) {
        match event {
            Event::Wanted { incident, severity, from, to } => {
                let old = self.windows.get(incident);
                let used = old.map_or(Span::ZERO, |w| w.used);
                let linked_since = old.map_or(self.linked_since.map(|l| l.max(at)), |w| w.linked_since);
                let gap = old.is_some_and(|w| w.gap);
                let missing = BTreeSet::new();
                let w = Window { severity: *severity, from: *from, to: *to, missing, used, linked_since, gap };
                self.windows.insert(*incident, w);
                self.look(*incident);
            }
            Event::Linked { up } => {
                self.linked_since = up.then_some(at);
                for w in self.windows.values_mut() {
                    if let Some(since) = w.linked_since {
                        w.used = Span(w.used.0.saturating_add(at.since(since).0));
                    }
                    w.linked_since = up.then_some(at);
                }
            }
            Event::Anchored { root, size } => {
                self.anchors.insert(*root, *size);
            }
            Event::Captured(x) => {
                let item = Item { capture: x.clone(), at, redactions: x.redaction.into_iter().collect(), viewers: BTreeSet::new() };
                self.items.insert(x.evidence, item);
                self.look(x.incident);
            }
            Event::Gap { incident, .. } => {
                if let Some(w) = self.windows.get_mut(incident) {
                    w.gap = true;
                }
            }
            Event::Viewed { evidence, viewer, .. } => self.with(*evidence, |i| {
                i.viewers.insert(*viewer);
            }),
            Event::Redacted { evidence, new, bytes, redaction } => self.with(*evidence, |i| {
                (i.capture.content_hash, i.capture.bytes) = (*new, *bytes);
                i.redactions.push(*redaction);
                // Who was shown the old content asks again.
                i.viewers.clear();
            }),
            Event::Held { matter, parties } => {
                self.matters.insert(*matter, parties.clone());
            }
            Event::Released { matter } => {
                self.matters.remove(matter);
            }
            Event::Shredded { subject, .. } => {
                self.shredded.insert(*subject);
            }
        }
    }

    fn with(&mut self, id: EvidenceId, f: impl FnOnce(&mut Item)) {
        if let Some(i) = self.items.get_mut(&id) {
            f(i);
        }
    }

    /// What of a window is not there: each permitted channel needs pieces that reach from end to end without a hole. Images are
    /// not missed: there are some only where a gate was open, and the chunks of the black box say how many.
    fn look(&mut self, incident: IncidentId) {
        let Some(w) = self.windows.get(&incident) else { return };
        let whole = |c: Channel| {
            let own = self.items.values().map(|i| &i.capture).filter(|x| x.incident == incident && x.channel == c);
            let mut pieces: Vec<(DevTime, DevTime)> = own.map(|x| (x.from, x.to)).collect();
            pieces.sort_unstable();
            let reached = pieces.iter().fold(
                None,
                |at: Option<DevTime>, (from, to)| {
                    if *from <= at.unwrap_or(w.from) { at.max(Some(*to)) } else { at }
                },
            );
            reached.is_some_and(|at| w.to <= at)
        };
        let missing = Channel::ALL.into_iter().filter(|c| *c != Channel::Images && self.allows(*c, w.severity) && !whole(*c)).collect();
        if let Some(w) = self.windows.get_mut(&incident) {
            w.missing = missing;
        }
    }

    /// Armed timers, with content kept by these terms. Retention does not end while a matter is open.
    #[must_use]
    pub fn deadlines(&self, kept: &Retention) -> Vec<(Timer, Instant)> {
        let windows = self.windows.iter().filter_map(|(i, w)| Some((Timer::CaptureBy(*i), w.due()?)));
        let subjects: BTreeSet<Subject> = self.items.values().map(|i| i.capture.subject).chain(self.recorded.keys().copied()).collect();
        let live = subjects.into_iter().filter(|s| self.matters.is_empty() && !self.shredded.contains(s));
        let ends = live.filter_map(|s| Some((Timer::RetentionEnd(s), self.retention_end(s, kept)?)));
        windows.chain(ends).collect()
    }
}
