//! What puppets do unless a knob says otherwise, and what each of them knows.

use nooterra_engine::ids::{ItemId, JobId, OrderId, RobotId};
use nooterra_engine::time::{Instant, Span};
use nooterra_port::Order;
use nooterra_port::order::LeaseOffer;
use nooterra_trust::{Envelope, Sender};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Knobs {
    pub no_quotes: bool,
    pub decline: bool,
    /// The bank does not answer whether it authorises.
    pub sits_on_authorisations: bool,
    /// What it authorises lasts for so long.
    pub authorises_for: Option<Span>,
    /// Nor whether it takes the money.
    pub sits_on_captures: bool,
    pub ignore_offers: BTreeSet<RobotId>,
    pub refuse_offers: BTreeSet<RobotId>,
    pub never_depart: BTreeSet<RobotId>,
    /// From then on this robot neither speaks nor moves.
    pub dead: BTreeMap<RobotId, Instant>,
    /// Between these instants nothing from or to this robot gets through.
    pub cut: BTreeMap<RobotId, (Instant, Instant)>,
    /// Gives up inside, before this step.
    pub abort_before_step: BTreeMap<RobotId, u16>,
    /// Operators whose console says nothing by itself.
    pub mute_consoles: BTreeSet<&'static str>,
    pub no_drop_witness: bool,
    /// Vertices at which no marker reads robots.
    pub unseen_at: BTreeSet<u32>,
    /// How far robots are from their commands, as the witness replays it.
    pub residual_milli: Option<u32>,
    /// The witness does not replay anything.
    pub sits_on_replays: bool,
    /// What sensors of the floor measure at a vertex, mm²; all of it if not said.
    pub floors: BTreeMap<u32, i64>,
    pub no_triage: bool,
    /// The site's controller does not say that it is there.
    pub site_silent: bool,
    pub no_access: bool,
    pub capture_fails: u32,
    pub refund_fails: u32,
    /// Stands still before this step until an operator lets it go on.
    pub stuck_before_step: BTreeMap<RobotId, u16>,
    /// Says nothing to interventions.
    pub deaf_to_help: bool,
    /// Robots say that they have done more than they were asked for.
    pub does_more: bool,
    /// Robots refuse interventions with this code.
    pub refuse_help: Option<&'static str>,
    /// At this step this robot asks the requester for something, and waits; with true the step may be left out.
    pub wants: BTreeMap<RobotId, (u16, nooterra_port::Wanted, bool)>,
    /// Robots do not use what was approved.
    pub sits_on_approvals: bool,
    /// Does not say that it knows that access was taken back.
    pub deaf_to_revoke: BTreeSet<RobotId>,
    /// Neither do the doors, of any word that they are to confirm.
    pub deaf_doors: bool,
    /// Of a team's members every second one is cheaper with the other owner.
    pub split: bool,
    /// Jobs for which the bank declines, or says nothing.
    pub declines: BTreeSet<JobId>,
    pub no_answer: BTreeSet<JobId>,
    /// Never says that it is ready to lift.
    pub never_ready: BTreeSet<RobotId>,
    /// Lets go of what it lifts, and says nothing.
    pub lets_go: BTreeSet<RobotId>,
    /// The witness at transfer places sees nothing.
    pub no_transfer_witness: bool,
    /// Does not put its load down.
    pub keeps_load: BTreeSet<RobotId>,
    /// Has no black box.
    pub no_box: BTreeSet<RobotId>,
    /// Has no room for skills.
    pub unteachable: BTreeSet<RobotId>,
    /// Says nothing of skills that come.
    pub mute_on_skills: BTreeSet<RobotId>,
    /// Health and errors that it says of itself.
    pub unwell: BTreeMap<RobotId, (u32, Vec<nooterra_port::report::ErrorCode>)>,
}

pub struct Puppet {
    pub sender: Sender,
    pub fence: u64,
    pub lease: Option<(LeaseOffer, u64)>,
    /// Leases that it keeps for later.
    pub ahead: Vec<(LeaseOffer, u64)>,
    pub route: Vec<(u32, u32, bool)>,
    pub order: Option<OrderId>,
    pub last_id: u32,
    pub at: u32,
    pub moved: Instant,
    pub beat: Instant,
    pub orders_seen: u64,
    /// Told to brake and stay.
    pub braked: bool,
    pub phase: u8,
    pub granted: bool,
    pub step: u16,
    pub aborted: bool,
    pub soc_bps: u32,
    pub(super) queue: Vec<Envelope>,
    /// Its chain as far as the platform has heard it.
    pub heard: Sender,
    pub seen: Vec<Order>,
    pub line: Option<nooterra_engine::ids::AssistId>,
    pub views: u32,
    pub freed: bool,
    pub(super) stuck: bool,
    pub stops: BTreeSet<nooterra_engine::ids::StopId>,
    pub(super) asked: bool,
    pub(super) answered: bool,
    /// At a step in common: 0 not yet, 1 ready, 2 told, 3 failed; and when all begin.
    pub lift: u8,
    pub begins: Instant,
    /// What it has on it; where it is to put it down; it has what was left for it.
    pub holds: Option<ItemId>,
    pub put_down: Option<u32>,
    pub fetched: bool,
    /// What it was taught.
    pub bundles: Vec<nooterra_engine::Digest>,
    /// What it records of itself, once somebody asks.
    pub boxed: super::boxes::Boxed,
}

impl Puppet {
    /// What it has said and nobody has heard.
    pub fn take_queue(&mut self) -> Vec<Envelope> {
        std::mem::take(&mut self.queue)
    }
}
