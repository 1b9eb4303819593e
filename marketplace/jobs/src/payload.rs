//! The records that events carry where a list of fields would not do.
#![allow(missing_docs)] // every name and field is defined in the catalogue

use crate::event::{BreachKind, Fault, Outcome, ProofStatus, Side};
use crate::pins::Pins;
use crate::terms::{Price, Window};
use nooterra_engine::Record;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{AccessPlanId, DoorId, EventId, LeaseId, PartyId, ProofId, QuoteId, RobotId, WitnessId, ZoneId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::{Instant, Span};

/// A lease offered to a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Match {
    pub robot: RobotId,
    pub owner: PartyId,
    pub lease: LeaseId,
    pub leg: u8,
    pub fence: u64,
    pub interval: Window,
    pub trip_est: Span,
    pub energy_j: u64,
    pub cost: i64,
}

/// Where a robot is, on its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Spot {
    pub x_mm: i64,
    pub y_mm: i64,
    pub theta_urad: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct AccessPlan {
    pub plan: AccessPlanId,
    /// How doors are opened by it.
    pub method: AccessMethod,
    /// Doors and lifts that open inward by it.
    pub doors: Vec<DoorId>,
    /// Where its work is done.
    pub places: Vec<u32>,
    /// Areas that it may enter with it, of those that need one.
    pub areas: Vec<ZoneId>,
    /// Areas that it may not enter, whoever else may.
    pub no_go: Vec<ZoneId>,
    pub valid_from: Instant,
    pub valid_to: Instant,
    /// Names a credential in the site's vault, for methods that need one; never the credential.
    pub credential_ref: String,
}

/// How the doors of a plan are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub enum AccessMethod {
    /// By the site's controller, on the signed grant.
    #[default]
    SiteController,
    /// By a terminal beside the door, for whoever shows the credential.
    Code,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ProofLine {
    pub name: String,
    pub bps: u32,
    pub weight_bps: u32,
    pub witnesses: Vec<WitnessId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ProofResult {
    pub proof: ProofId,
    pub anchor: Digest,
    pub policy_hash: Digest,
    pub facts_hash: Digest,
    pub status: ProofStatus,
    pub earned_bps: u32,
    pub items: Vec<ProofLine>,
    pub missing: Vec<String>,
}

/// One leg of a settlement's split.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Part {
    pub account: String,
    pub party: Option<PartyId>,
    pub amount: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Settlement {
    pub outcome: Outcome,
    pub earned_bps: u32,
    pub fee: Amount,
    pub charge: Amount,
    pub parts: Vec<Part>,
    pub refund: Amount,
    pub proof: Option<ProofId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Booking {
    pub pins: Pins,
    pub pins_hash: Digest,
    pub redeemed: Amount,
}

/// A new revision of a quote, by the side that signs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Counter {
    pub quote: QuoteId,
    pub rev: u8,
    /// Hash of the revision that it answers.
    pub prev: Digest,
    pub service: Amount,
    pub arrive: Instant,
    pub expires: Instant,
}

/// A proposal to move a booking to another window, priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Move {
    pub by: Side,
    pub window: Window,
    /// Parts of the reference price in the new window.
    pub price: Price,
    /// Service amount in the new window.
    pub service: Amount,
    /// By how much the service amount changes, minor units.
    pub delta: i64,
    /// What the move itself costs whoever proposes it.
    pub fee: Amount,
    pub respond_by: Instant,
}

/// A booking in its new window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Rescheduled {
    pub old: Window,
    pub window: Window,
    pub price: Price,
    pub service: Amount,
    pub by: Side,
    pub fee: Amount,
    /// The fee in basis points of the old service amount.
    pub fee_bps: u32,
    /// Of the price that was taken already, what goes back.
    pub returned: Amount,
}

/// A missed service level, as it was measured.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Breach {
    pub kind: BreachKind,
    pub leg: u8,
    pub measured: Span,
    pub limit: Span,
    pub excused: Span,
    pub fault: Fault,
    pub facts: Vec<EventId>,
}
