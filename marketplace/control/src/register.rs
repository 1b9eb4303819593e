//! The register of devices (domain 3.7, 9): what makers attest of the devices that they have made. A robot is enrolled with the
//! attestation of its own device, or not at all.

use crate::genesis::Genesis;
use nooterra_engine::digest::content_hash;
use nooterra_engine::ids::RobotId;
use nooterra_engine::{Digest, Record};
use nooterra_trust::{PublicKey, Role, Signature, SigningKey};
use std::collections::{BTreeMap, BTreeSet};

const TAG: &str = "nooterra/attestation/v1";

/// What a maker says of a device: that its key was made in it and does not leave it, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Attestation {
    /// The device's key.
    pub device: PublicKey,
    /// The model of the device.
    pub model: String,
    /// Who says so.
    pub maker: PublicKey,
    /// Signed by it.
    pub sig: Signature,
}

impl Attestation {
    /// A maker attests.
    pub fn sign(device: PublicKey, model: &str, maker: &SigningKey) -> Self {
        let sig = maker.sign(&signed(&device, model));
        Self { device, model: model.to_owned(), maker: maker.public(), sig }
    }
    /// What enrolments name it by.
    pub fn hash(&self) -> Digest {
        content_hash(TAG, self)
    }
    fn is_signed(&self) -> bool {
        self.maker.verify(&signed(&self.device, &self.model), &self.sig)
    }
}

fn signed(device: &PublicKey, model: &str) -> Vec<u8> {
    [TAG.as_bytes(), &device.0, model.as_bytes()].concat()
}

/// The register.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Register {
    /// Whose word counts.
    pub makers: Vec<PublicKey>,
    /// What they have attested.
    pub devices: Vec<Attestation>,
}

impl Register {
    /// The device that an enrolment names.
    pub(crate) fn device(&self, attestation: Digest) -> Option<&PublicKey> {
        self.devices.iter().find(|a| a.hash() == attestation).map(|a| &a.device)
    }
}

/// Why a robot cannot be enrolled: by the rule that it breaks.
pub(crate) fn check(g: &Genesis) -> Result<(), (RobotId, &'static str)> {
    let known: BTreeMap<Digest, &Attestation> = g.register.devices.iter().map(|a| (a.hash(), a)).collect();
    let mut taken = BTreeSet::new();
    for r in &g.robots {
        let is = |holds: bool, why: &'static str| if holds { Ok(()) } else { Err((r.robot, why)) };
        let a = known.get(&r.attestation).ok_or((r.robot, "it is not in the register"))?;
        is(g.register.makers.contains(&a.maker) && a.is_signed(), "no maker of the register has signed it")?;
        let own: Vec<_> = g.keys.iter().filter(|b| b.role == Role::RB && b.subject == *r.robot.as_bytes()).collect();
        is(own.iter().any(|b| b.public == a.device), "it is another device's")?;
        // What speaks for it is the device that was looked at, and nothing beside.
        is(own.len() == 1, "another key speaks for the robot as well")?;
        is(a.model == r.model.name, "it is of another model")?;
        is(taken.insert(r.attestation), "another robot has it")?;
    }
    Ok(())
}
