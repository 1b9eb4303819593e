//! Skills on their way to robots: what is kept of every bundle for that, and the order that brings it (domain 7.6). The robot
//! looks at it itself, and what it says is what is on record.

use crate::state::State;
use crate::unit::Unit;
use nooterra_engine::Digest;
use nooterra_engine::Record;
use nooterra_port::Order;
use nooterra_port::skill::{Repinned, SkillParcel};
use nooterra_skills::delivery::Papers;
use nooterra_skills::standing::Robot;
use nooterra_skills::{Bundle, BundleSeal, Command, SignedCertificate};

/// A bundle with what vouches for it, as it was published and certified.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Shelved {
    /// Its canonical bytes.
    pub content: Vec<u8>,
    /// Its developer's signature.
    pub seal: BundleSeal,
    /// Its certificates, in the order in which they were given.
    pub certificates: Vec<SignedCertificate>,
}

/// What was published or certified is kept for the robots.
pub(crate) fn shelve(s: &mut State, c: &Command) {
    match c {
        Command::Publish { bundle, seal } => {
            let shelved = Shelved { content: bundle.clone(), seal: seal.clone(), certificates: Vec::new() };
            if let Ok(opened) = Bundle::open(bundle) {
                s.shelf.insert(opened.hash, shelved);
            }
        }
        Command::Certify { certificate, .. } => {
            if let Some(x) = s.shelf.get_mut(&certificate.certificate.bundle) {
                x.certificates.push((**certificate).clone());
            }
        }
        _ => {}
    }
}

/// What vouches for a bundle now.
fn papers(s: &State, x: &Shelved) -> Papers {
    let signed_by = x.certificates.iter().map(|c| c.key).chain([x.seal.key]);
    let ids: std::collections::BTreeSet<_> = signed_by.collect();
    Papers {
        seal: x.seal.clone(),
        certificates: x.certificates.clone(),
        keys: ids.into_iter().filter_map(|k| s.keys.get(k).cloned()).collect(),
        revoked: s.skills.revocations(),
    }
}

impl Unit<'_> {
    /// Orders a bundle to a robot that may have it and does not, unless it is on its way already. A lease that is repinned is
    /// told of it in any case.
    pub(crate) fn deliver(&mut self, robot: &Robot, bundle: Digest, repinned: Option<Repinned>) {
        let (id, tenant) = (robot.robot, self.s.genesis.tenant);
        let sent = |o: &nooterra_port::SignedOrder| matches!(&o.body, Order::SkillInstall(p) if p.bundle == bundle);
        let under_way = self.cell(id).is_ok_and(|c| c.orders.iter().any(sent));
        let there = self.s.skills.has(bundle, id) || self.s.skills.has_refused(bundle, id, self.now());
        let may = self.s.skills.may_install(bundle, robot, tenant, self.now()).is_ok();
        if !may || (repinned.is_none() && (there || under_way)) {
            return;
        }
        let Some(x) = self.s.shelf.get(&bundle) else { return };
        let parcel = SkillParcel {
            bundle,
            size: x.content.len() as u64,
            content: x.content.clone(),
            papers: papers(self.s, x).to_bytes(),
            repinned,
        };
        self.order(id, Order::SkillInstall(Box::new(parcel)));
    }
}
