//! What a requester asks for and what a provider offers.

use crate::pins::WitnessClass;
use crate::tier::{Cert, Level, Tier};
use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::ids::{ContractId, ItemId, PartyId, QuoteId, SeriesId, SiteId, SkillId, TeamId, ZoneId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::{Instant, Span};

/// A half-open interval of receive time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Window {
    /// First instant.
    pub start: Instant,
    /// First instant after it.
    pub end: Instant,
}

/// Kinds of work of this slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Template {
    /// Fetch an item at one place, hand it in at another.
    Delivery,
    /// Visit places in order.
    Patrol,
    /// Visit places in order and look.
    Inspect,
    /// Raise an item together with others; a part of a team's work.
    Lift,
    /// Clean floors, zone by zone.
    Clean,
    /// Put rooms in order, lightly: their floors are covered.
    ResetLite,
    /// Put rooms in order: their floors are covered.
    ResetStandard,
    /// Places visited in order, with or without an item, proven as the requester says.
    Custom,
}

impl Template {
    /// Is it work on whole zones rather than at points?
    pub const fn covers_zones(self) -> bool {
        matches!(self, Self::Clean | Self::ResetLite | Self::ResetStandard)
    }
}

/// What is done at a point of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Action {
    /// Be there.
    Visit,
    /// Take the item over.
    Pick,
    /// Hand the item in.
    Drop,
    /// Raise the item together with the team's other members.
    Lift,
    /// Cover the floor of a zone that the place lies in.
    Cover {
        /// The zone's area, as the caller numbers areas.
        area: u32,
    },
}

impl Action {
    /// Its name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Visit => "VISIT",
            Self::Pick => "PICK",
            Self::Drop => "DROP",
            Self::Lift => "LIFT",
            Self::Cover { .. } => "COVER",
        }
    }
    /// May the place be left out, if the requester or the site says so? Loads are not left half way.
    pub const fn can_be_left_out(self) -> bool {
        matches!(self, Self::Visit | Self::Cover { .. })
    }
}

/// One point of the work. The first is the access point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Step {
    /// The place, as the caller numbers places.
    pub place: u32,
    /// What is done there.
    pub action: Action,
    /// How long it takes there.
    pub dwell: Span,
}

/// A value that a robot has to reach.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Required {
    /// Name of the capability, with its unit: `speed_mm_s`.
    pub name: String,
    /// At least this much.
    pub at_least: u64,
}

/// One item of proof that a requester of custom work wants.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ProofNeed {
    /// Its name, for people.
    pub name: String,
    /// Witness classes of which one must speak; a replay never by itself.
    pub classes: Vec<WitnessClass>,
    /// Indexes of the points (from 1) at which they must speak, ascending.
    pub points: Vec<u16>,
    /// Its share of the whole, basis points; all items sum to 10 000.
    pub weight_bps: u32,
    /// Share of the points that must be witnessed, basis points.
    pub threshold_bps: u32,
}

/// What may be recorded while the work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Privacy {
    /// `MINIMAL`: geometry and measurements only; images of serious incidents.
    #[default]
    Minimal,
    /// `LIMITED`: images of incidents.
    Limited,
    /// `OPEN`: images whenever a robot works, outside of private areas.
    Open,
}

/// What the work asks of a robot.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Need {
    /// Values that its robot has to reach, ascending by name.
    pub capabilities: Vec<Required>,
    /// Mass of the load.
    pub payload_g: u32,
    /// What kind of place it is.
    pub tier: Tier,
    /// Must an operator stand by?
    pub coverage: bool,
    /// Zones of the site that the work touches, ascending: levels and areas.
    pub zones: Vec<ZoneId>,
    /// Areas that its robot may not enter, ascending.
    pub no_go: Vec<ZoneId>,
    /// What may be recorded.
    pub privacy: Privacy,
    /// How far the certificates of its robot's skills go at least.
    pub min_cert: Cert,
}

/// How the request for quotes is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Mode {
    /// By the award key when it closes.
    Auto,
    /// The first awardable quote within budget wins on arrival.
    Instant,
    /// By the requester.
    Manual,
}

/// The payload of `JOB_CREATED`.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Request {
    /// Who asks.
    pub requester: PartyId,
    /// Where.
    pub site: SiteId,
    /// What kind of work.
    pub template: Template,
    /// When.
    pub window: Window,
    /// The points of the work in order.
    pub steps: Vec<Step>,
    /// The item carried, for deliveries.
    pub item: Option<ItemId>,
    /// What it asks of a robot.
    pub need: Need,
    /// Highest total price.
    pub budget: Option<Amount>,
    /// Currency of everything in the job.
    pub currency: Currency,
    /// Punctuality.
    pub level: Level,
    /// When the request for quotes closes.
    pub rfq_closes: Instant,
    /// How it is decided.
    pub mode: Mode,
    /// Most revisions of one quote after its submission.
    pub max_rounds: u8,
    /// Free text of the requester, for people.
    pub label: String,
    /// The contract that it falls under.
    pub contract: ContractId,
    /// The series that it is an occurrence of.
    pub series: Option<SeriesId>,
    /// The team that it is a member of.
    pub team: Option<TeamId>,
    /// What proves custom work; nothing for any other, whose template says it.
    pub proof: Vec<ProofNeed>,
}

impl Request {
    /// Hash of the points of the work.
    pub fn tasks_hash(&self) -> Digest {
        #[derive(Record)]
        struct Tasks {
            steps: Vec<Step>,
        }
        content_hash("nooterra/tasks/v1", &Tasks { steps: self.steps.clone() })
    }
}

/// Parts of the reference price, minor units; `S_ref` is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub struct Price {
    /// Base, distance and time.
    pub core: Amount,
    /// For risk.
    pub risk: Amount,
    /// For the service level.
    pub level: Amount,
    /// For operator coverage.
    pub cover: Amount,
    /// For scarcity.
    pub surge: Amount,
    /// Sum of the licence caps.
    pub skills: Amount,
}

impl Price {
    /// The reference price.
    pub fn total(&self) -> u64 {
        [self.core, self.risk, self.level, self.cover, self.surge, self.skills].iter().map(|a| a.minor()).sum()
    }
}

/// A skill that a quote counts on, with the most that it may cost the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct QuotedSkill {
    /// The skill.
    pub skill: SkillId,
    /// Its bundle.
    pub bundle: Digest,
    /// The cap of its licence.
    pub cap: Amount,
}

/// The payload of `QUOTE_SUBMITTED`.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Quote {
    /// Its id.
    pub quote: QuoteId,
    /// Who offers.
    pub owner: PartyId,
    /// Revision.
    pub rev: u8,
    /// Service amount.
    pub service: Amount,
    /// Promised arrival.
    pub arrive: Instant,
    /// Robot class offered.
    pub robot_class: String,
    /// Skills that the work runs on.
    pub skills: Vec<QuotedSkill>,
    /// When it lapses.
    pub expires: Instant,
}

impl Quote {
    /// What both sides agree to when it is awarded.
    pub fn terms_hash(&self) -> Digest {
        content_hash("nooterra/quote/v1", self)
    }
}
