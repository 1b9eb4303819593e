//! What goes to a robot with a bundle, and what the robot makes of it before it keeps it and each time before it runs it: is
//! it the bundle that was named, does its developer vouch for it, is it certified for this robot, and is it not revoked?

use crate::bundle::Bundle;
use crate::registry::Slots;
use crate::seal::{BundleSeal, SignedCertificate};
use crate::standing::Robot;
use nooterra_engine::ids::SkillId;
use nooterra_engine::time::Instant;
use nooterra_engine::{Digest, Record, decode, encode};
use nooterra_trust::{Binding, Code, KeyTable, Rejection};
use std::collections::{BTreeMap, BTreeSet};

/// What vouches for a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Papers {
    /// The developer's signature.
    pub seal: BundleSeal,
    /// Certificates of it, whatever became of them.
    pub certificates: Vec<SignedCertificate>,
    /// Whose the keys are that signed these.
    pub keys: Vec<Binding>,
    /// Bundles and certificates that are revoked: all of them, ascending.
    pub revoked: Vec<Digest>,
}

impl Papers {
    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }
}

/// What was found of a bundle that came with its papers.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Checked {
    /// The skill that it is a version of.
    pub skill: SkillId,
    /// The certificates that speak of this robot, with the time that they are good for.
    pub certified: Vec<(Digest, Instant, Instant)>,
}

/// Is this the bundle that was named, and may this robot have it at `now`?
pub fn check(bundle: Digest, content: &[u8], papers: &Papers, robot: &Robot, now: Instant) -> Result<Checked, Rejection> {
    let opened = Bundle::open(content)?;
    if opened.hash != bundle || papers.seal.bundle != bundle {
        return Err(Rejection::new(Code::ContentHashMissing).field("bundle").expected(bundle).actual(opened.hash));
    }
    let mut keys = KeyTable::default();
    for k in &papers.keys {
        // One that is listed twice adds nothing.
        let _ = keys.bind(k.clone());
    }
    papers.seal.verify(opened.manifest.developer, &keys, now)?;
    let speaks = |c: &&SignedCertificate| {
        let x = &c.certificate;
        x.bundle == bundle
            && x.covers(&robot.model, robot.driver)
            && x.certifier != opened.manifest.developer
            && c.verify(&keys, now).is_ok()
    };
    let all = papers.certificates.iter().filter(speaks);
    let certified: Vec<_> = all.map(|c| (c.certificate.hash(), c.certificate.not_before, c.certificate.not_after)).collect();
    let checked = Checked { skill: opened.manifest.skill(), certified };
    checked.good(bundle, now, |d| papers.revoked.contains(d))?;
    Ok(checked)
}

impl Checked {
    /// Is it in order at `now`?
    pub fn good(&self, bundle: Digest, now: Instant, is_revoked: impl Fn(&Digest) -> bool) -> Result<(), Rejection> {
        if is_revoked(&bundle) {
            return Err(Rejection::new(Code::SkillRevoked).field("bundle").actual(bundle));
        }
        let live = |(id, from, to): &(Digest, Instant, Instant)| *from <= now && now < *to && !is_revoked(id);
        if self.certified.iter().any(live) { Ok(()) } else { Err(Rejection::new(Code::CertInvalid).field("certificate")) }
    }
}

/// The skills on a robot, as it knows them itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Installed {
    skills: BTreeMap<SkillId, Slots>,
    checked: BTreeMap<Digest, Checked>,
    /// What it has been told is revoked.
    revoked: BTreeSet<Digest>,
}

impl Installed {
    /// Keeps a bundle beside what is there, if it is in order. What runs, or has been pinned to run, is not touched: a version becomes the active one when
    /// a job that has pinned it begins.
    pub fn put(
        &mut self,
        (bundle, content, papers): (Digest, &[u8], &[u8]),
        robot: &Robot,
        pinned: &[Digest],
        now: Instant,
    ) -> Result<(), Rejection> {
        let papers: Papers = decode(papers).map_err(|e| Rejection::new(Code::SchemaInvalid).field("papers").actual(e))?;
        self.revoked.extend(papers.revoked.iter().copied());
        let checked = check(bundle, content, &papers, robot, now)?;
        let slots = self.skills.entry(checked.skill).or_default();
        slots.put(bundle, pinned);
        self.checked.insert(bundle, checked);
        let kept: BTreeSet<Digest> = self.skills.values().flat_map(|s| s.kept.iter().copied()).collect();
        self.checked.retain(|d, _| kept.contains(d));
        Ok(())
    }

    /// May these run now? If so they are the active versions from here on.
    pub fn start(&mut self, bundles: &[Digest], now: Instant) -> Result<(), Rejection> {
        for b in bundles {
            let c = self.checked.get(b).ok_or_else(|| Rejection::new(Code::CapabilityMissing).field("bundle").actual(b))?;
            c.good(*b, now, |d| self.revoked.contains(d))?;
        }
        for b in bundles {
            if let Some(s) = self.checked.get(b).and_then(|c| self.skills.get_mut(&c.skill)) {
                s.active = Some(*b);
            }
        }
        Ok(())
    }

    /// Is a bundle there?
    pub fn has(&self, bundle: Digest) -> bool {
        self.checked.contains_key(&bundle)
    }

    /// All that is there, ascending.
    pub fn all(&self) -> Vec<Digest> {
        self.checked.keys().copied().collect()
    }

    /// A skill's versions.
    pub fn slots(&self, skill: SkillId) -> Option<&Slots> {
        self.skills.get(&skill)
    }
}
