//! Remote operators: who they are, what they may do, their shifts, and when they need a rest.

use crate::intervention::Kind;
use crate::load::Load;
use nooterra_engine::Record;
use nooterra_engine::ids::{JobId, OperatorId, PartyId, RegionId, ShiftId};
use nooterra_engine::time::{Instant, Span};

/// Active help in a day at most.
const DAY_MOST: Span = Span::from_mins(4 * 60);
/// Active help without a pause at most.
const SPELL_MOST: Span = Span::from_mins(90);
/// What counts as a pause.
const PAUSE: Span = Span::from_mins(15);
/// Longest shift.
pub const SHIFT_MOST: Span = Span::from_mins(12 * 60);
/// Most robots at a time.
pub const JOBS_MOST: u8 = 8;

/// A console that says nothing for so long has lost its link: three of the intervals at which it says that it is there.
pub const CONSOLE_LOST: Span = Span::from_secs(30);

/// A shift in force.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Shift {
    /// Its id.
    pub shift: ShiftId,
    /// Robots at a time.
    pub max_jobs: u8,
    /// Kinds of place, by the caller's numbers; none named: all.
    pub tiers: Vec<u8>,
    /// Regions; none named: all.
    pub regions: Vec<RegionId>,
    /// Since when.
    pub from: Instant,
    /// Until when at the latest.
    pub until: Instant,
}

impl Shift {
    /// Is work of this kind of place and in this region within its scope?
    pub fn covers(&self, tier: u8, region: RegionId) -> bool {
        let place = self.tiers.is_empty() || self.tiers.contains(&tier) || nooterra_engine::planted!("I36 help outside of the shift");
        place && (self.regions.is_empty() || self.regions.contains(&region))
    }
}

/// One operator.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Operator {
    /// Who.
    pub id: OperatorId,
    /// Who is paid for the help.
    pub party: PartyId,
    /// What it is certified for.
    pub kinds: Vec<Kind>,
    /// The shift in force.
    pub shift: Option<Shift>,
    /// When something was last heard of its console.
    pub heard: Instant,
    /// The console's link is lost.
    pub lost: bool,
    /// When it was offered something last.
    pub last_offer: Instant,
    /// Help given in the last day.
    pub work: Load,
    /// Jobs for which it stands by, in the order in which they were reserved.
    pub standby: Vec<JobId>,
    /// When it was last reserved.
    pub last_reserved: Instant,
}

impl Operator {
    /// An operator who has not worked yet.
    pub fn new(id: OperatorId, party: PartyId, kinds: Vec<Kind>) -> Self {
        Self {
            id,
            party,
            kinds,
            shift: None,
            heard: Instant::ZERO,
            lost: false,
            last_offer: Instant::ZERO,
            work: Load::default(),
            standby: Vec::new(),
            last_reserved: Instant::ZERO,
        }
    }

    /// The shift, if it is open at `now`.
    pub fn on_shift(&self, now: Instant) -> Option<&Shift> {
        self.shift.as_ref().filter(|s| now < s.until)
    }

    /// When its console's link is taken for lost, if it says nothing.
    pub fn lost_at(&self) -> Option<Instant> {
        (self.shift.is_some() && !self.lost).then(|| self.heard.saturating_add(CONSOLE_LOST))
    }

    /// Has it helped for so long that it must rest first?
    pub fn is_tired(&self, now: Instant) -> bool {
        self.work.busy_s(now) >= DAY_MOST.as_secs() || self.work.since_pause(now, None, PAUSE) >= SPELL_MOST
    }
}
