//! The scenario file as a type. One story a file; `title`, `site`, `duration` and `seed` alone are complete.
//!
//! Names are as written; [`crate::resolve()`] turns them into indexes of a site.

use crate::abilities::Abilities;
use crate::acts::{ActEntry, ClaimsEntry, NoShowChoice};
use crate::areas::AreaEntry;
use crate::at::At;
use crate::camera::Camera;
use crate::coins::{LicencePer, TariffEntry};
pub use crate::demand::{AwardMode, JobKind, Jobs, OneOrMany, ProcessKind, TimeList};
use crate::doors::{AccessKind, DoorEntry};
use crate::fallback::FallbackKind;
pub use crate::operators::{Does, OperatorEntry, ShiftHours};
use crate::recorder::RecorderFault;
use crate::series::SeriesEntry;
use crate::swarm::Swarm;
use crate::trading::Provider;
use crate::words::{Coin, Length, Money, Share, Time, Times};
use nooterra_engine::Record;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// A scenario: what stands where, who wants what, what goes wrong, and what must come of it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What the scenario shows, in a line.
    pub title: At<String>,
    /// Path of the site's file, relative to this one or to the working folder.
    pub site: At<String>,
    /// Simulated time in which demand arises and faults strike.
    pub duration: At<Time>,
    /// Seed of every random choice.
    pub seed: At<u64>,
    /// Parts of levels with a name.
    #[serde(default)]
    pub areas: Vec<At<AreaEntry>>,
    /// Doors and lifts that are opened otherwise than the site's controller would.
    #[serde(default)]
    pub doors: Vec<At<DoorEntry>>,
    /// The calendar's time at the start, in UTC, as `2026-11-30T23:50:00Z`; the beginning of 1970 if not said.
    pub starts: Option<At<String>>,
    /// How bodies are simulated.
    pub fidelity: Option<At<Fidelity>>,
    /// Time between two physics steps.
    pub tick: Option<At<Time>>,
    /// Longest simulated time after `duration` in which open jobs may still end.
    pub drain: Option<At<Time>>,
    /// Robots; without it, those that the map spawns.
    #[serde(default)]
    pub fleet: Vec<FleetEntry>,
    /// Who asks for work and who offers it.
    pub market: Option<Market>,
    /// How messages travel while nothing disturbs them.
    pub network: Option<Network>,
    /// What goes wrong, and when.
    #[serde(default)]
    pub faults: Vec<At<FaultEntry>>,
    /// What people do in the market, and when.
    #[serde(default)]
    pub acts: Vec<At<ActEntry>>,
    /// How claims are handled.
    pub claims: Option<ClaimsEntry>,
    /// People who walk about.
    pub people: Option<At<u32>>,
    /// People who take broken robots off the floor and repair them.
    pub crew: Option<Crew>,
    /// Remote operators; without any, nobody is asked for help.
    #[serde(default)]
    pub operators: Vec<At<OperatorEntry>>,
    /// Names of witnesses outside of the platform, who sign each minute how far its log has come.
    #[serde(default)]
    pub log_witnesses: Vec<At<String>>,
    /// Values of the marketplace's policy that differ from its defaults.
    pub policy: Option<Policy>,
    /// Values drawn anew under each seed.
    pub swarm: Option<Swarm>,
    /// What must hold.
    #[serde(default)]
    pub expect: Vec<At<Expect>>,
}

/// People who take broken robots off the floor and repair them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crew {
    /// Time from the platform's request until the robot is off the floor; 5 minutes if not said.
    pub arrives: Option<At<Time>>,
    /// Time from then until it is repaired and may be put back; 15 minutes if not said.
    pub repairs: Option<At<Time>>,
    /// Do repaired robots come back? Yes if not said.
    pub returns: Option<At<bool>>,
}

/// How bodies are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fidelity {
    /// Rigid bodies, wheels, contacts.
    Physics,
    /// Motion along lanes without bodies.
    Kinematic,
}

/// Robots of one model.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetEntry {
    /// Model name.
    pub model: At<String>,
    /// How many.
    pub count: Option<At<u32>>,
    /// Vertices where they start.
    #[serde(default)]
    pub at: Vec<At<String>>,
    /// Who owns them.
    pub provider: Option<At<String>>,
    /// What moves them.
    pub driver: Option<At<Driver>>,
    /// What they speak.
    pub wire: Option<At<Wire>>,
    /// Their name, numbered if there are several.
    pub name: Option<At<String>>,
    /// Path of a fleet file with the model's limits.
    pub config: Option<At<String>>,
    /// State of charge at the start.
    pub charge: Option<At<Share>>,
    /// How far the skill that drives them is certified for their model; `field` if not said.
    pub certified: Option<At<crate::resolved::Certified>>,
    /// What they say that they can do, where that is not what their model can: `speed_mm_s: 900`.
    #[serde(default)]
    pub declares: Abilities,
    /// Their camera; none if not said.
    pub camera: Option<At<Camera>>,
    /// How doors can be opened for them; by the site's controller if not said.
    #[serde(default)]
    pub access: Vec<At<AccessKind>>,
}

/// What moves a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// The simulated world.
    Sim,
    /// A VDA 5050 vehicle.
    Vda5050,
}

/// What a simulated robot speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wire {
    /// Our own records.
    Direct,
    /// VDA 5050 messages.
    Vda5050,
}

/// The marketplace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Market {
    /// Currency of everything that names none; EUR if not said.
    pub currency: Option<At<Coin>>,
    /// Currencies that are traded in, with what things cost in each; prices in euro are built in.
    #[serde(default)]
    pub tariffs: Vec<TariffEntry>,
    /// What the navigation skill is paid by; each checkpoint if not said. `checkpoint` in a tariff is the price of one unit.
    pub licence_per: Option<At<LicencePer>>,
    /// What kind of place the work happens in.
    pub tier: Option<At<Tier>>,
    /// What punctuality is paid for.
    pub service_level: Option<At<ServiceLevel>>,
    /// Who asks for work; without it, demand between the map's own places.
    pub requesters: Option<Vec<Requester>>,
    /// Who offers robots; without it, two.
    pub providers: Option<At<Vec<Provider>>>,
    /// How the payment provider behaves.
    pub payments: Option<Payments>,
}

/// What kind of place the work happens in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A place run for robots.
    Managed,
    /// Offices.
    Office,
    /// Hotels, restaurants.
    Hospitality,
    /// Homes.
    InHome,
}

/// What punctuality is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceLevel {
    /// Cheapest.
    Basic,
    /// Usual.
    Standard,
    /// Punctual.
    Premium,
}

/// Someone who asks for work.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// Name.
    pub name: At<String>,
    /// What they ask for.
    #[serde(default)]
    pub jobs: OneOrMany,
    /// What they ask for by a rule, at the price of a provider's standing offer.
    #[serde(default)]
    pub series: Vec<SeriesEntry>,
    /// Staff see who they are, and bind their key, only then; from the start on if not said.
    pub joins: Option<At<Time>>,
    /// How they answer proposals to move a booking; with yes if not said.
    pub moves: Option<At<Answering>>,
    /// How they answer what a robot may not do by itself; not at all if not said.
    pub approvals: Option<At<Answering>>,
    /// Currencies that they pay in; every one that is traded in if not said.
    #[serde(default)]
    pub takes: Vec<At<Coin>>,
    /// Levels of the site that are their own, as a household's: they may hold all robots there, and at the whole site if it has
    /// no others. None if not said.
    #[serde(default)]
    pub own: Vec<At<String>>,
}

/// How somebody answers what is put to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum Answering {
    /// With yes.
    #[default]
    Accept,
    /// With an offer half way between.
    Halfway,
    /// With no.
    Refuse,
    /// Not at all.
    Ignore,
}

/// Who pays for missed service levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema, Record)]
#[serde(rename_all = "lowercase")]
pub enum CreditPayer {
    /// The provider that missed them.
    #[default]
    Provider,
    /// The platform.
    Platform,
    /// The coverage reserve as far as it goes, the platform beyond.
    Coverage,
    /// An insurer to one half, the platform beyond.
    Insurer,
}

/// From this lateness on, this credit.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LateStep {
    /// From so late on.
    pub after: At<Time>,
    /// Share of the service amount.
    pub credit: At<Share>,
}

/// The payment provider.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    /// Time to an answer.
    pub delay: Option<At<Times>>,
    /// Share of authorisations that it declines.
    pub decline: Option<At<Share>>,
    /// What it authorises lasts for so long; seven days if not said.
    pub authorises_for: Option<At<Time>>,
}

/// How a link treats messages.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Share lost.
    pub loss: Option<At<Share>>,
    /// Delay of each message.
    pub delay: Option<At<Times>>,
    /// More delay, drawn from nothing up to this.
    pub jitter: Option<At<Time>>,
    /// Share delivered twice.
    pub duplicate: Option<At<Share>>,
    /// May a message overtake an earlier one?
    pub reorder: Option<At<bool>>,
}

/// A fault: a time, and exactly one kind.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultEntry {
    /// When it strikes.
    pub at: Option<At<Time>>,
    /// Again and again.
    pub every: Option<Every>,
    /// How long it lasts; may stand inside the kind instead.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
    /// Something stands in the way.
    pub obstacle: Option<ObstacleFault>,
    /// Links behave badly.
    pub network: Option<NetworkFault>,
    /// A group is cut off from all others.
    pub partition: Option<PartitionFault>,
    /// Nothing passes one way.
    pub cut: Option<CutFault>,
    /// Something in a robot fails.
    pub robot: Option<RobotFault>,
    /// A slippery patch.
    pub slip: Option<SlipFault>,
    /// A door fails.
    pub door: Option<DoorFault>,
    /// A lift fails.
    pub lift: Option<LiftFault>,
    /// Somebody walks through.
    pub person: Option<PersonFault>,
    /// A provider stops answering.
    pub provider: Option<PartyFault>,
    /// A requester stops answering.
    pub requester: Option<PartyFault>,
    /// The payment provider declines.
    pub payments: Option<PaymentsFault>,
    /// A remote operator is absent.
    pub operator: Option<PartyFault>,
    /// The site's controller refuses.
    pub site: Option<SiteFault>,
}

/// A repeated fault.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Every {
    /// Shortest and longest time from one to the next.
    pub between: [At<Time>; 2],
}

/// Something stands in the way. Where somebody is, or drives on too fast to stop, it drops at the nearest free spot along the
/// lane, and as soon as there is one.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObstacleFault {
    /// In the middle of the way between two vertices.
    pub lane: Option<[At<String>; 2]>,
    /// Or on this vertex.
    pub near: Option<At<String>>,
    /// Its side.
    pub size: Option<At<Length>>,
    /// How long it stands.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// Links behave badly.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkFault {
    /// Whose links: `robots`, `providers`, `requesters`, `site`, `payments`, or a name.
    pub link: At<String>,
    /// Share lost.
    pub loss: Option<At<Share>>,
    /// Delay of each message.
    pub delay: Option<At<Times>>,
    /// More delay, drawn from nothing up to this.
    pub jitter: Option<At<Time>>,
    /// Share delivered twice.
    pub duplicate: Option<At<Share>>,
    /// May a message overtake an earlier one?
    pub reorder: Option<At<bool>>,
    /// How long.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// A group is cut off from all others.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartitionFault {
    /// Who: `robots`, `providers`, `requesters`, `site`, `payments`, or names.
    pub group: Vec<At<String>>,
    /// How long.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// Nothing passes one way.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CutFault {
    /// Senders.
    pub from: At<String>,
    /// Receivers.
    pub to: At<String>,
    /// How long.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// Something in a robot fails.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RobotFault {
    /// Its name, or its number from 1.
    pub name: At<String>,
    /// Its battery.
    pub battery: Option<At<BatteryFault>>,
    /// Its drives.
    pub motor: Option<At<MotorFault>>,
    /// A sensor.
    pub sensor: Option<At<SensorKind>>,
    /// How the sensor fails.
    pub how: Option<At<SensorFault>>,
    /// It drops what it carries.
    pub payload_drop: Option<At<bool>>,
    /// Its program says that it has put loads down, and keeps them, and that it has covered floors where it only stood.
    pub lies: Option<At<bool>>,
    /// Its badge goes on showing the fence of this moment at doors.
    pub old_badge: Option<At<bool>>,
    /// It shows nothing at the terminals beside doors.
    pub no_credential: Option<At<bool>>,
    /// Its black box.
    pub recorder: Option<At<RecorderFault>>,
    /// The gate of its camera leaks: what it should hold back is kept.
    pub camera_leaks: Option<At<bool>>,
    /// Its program leads it to this vertex, whatever it was told and whatever lies on the way.
    pub astray: Option<At<String>>,
    /// How long.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// How a battery fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BatteryFault {
    /// No voltage at all.
    Dead,
    /// Half of the charge is gone at once, and the voltage sinks under load.
    Sag,
}

/// How drives fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MotorFault {
    /// Wheels do not turn.
    Jam,
    /// Commands act late.
    Delay,
    /// A wheel turns faster than told.
    Runaway,
    /// All wheels do: it runs straight on.
    Surge,
}

/// A sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SensorKind {
    /// The 2-D lidar.
    Lidar,
    /// Wheel encoders.
    Odometry,
    /// The gyroscope.
    Gyro,
    /// The marker camera.
    Markers,
}

/// How a sensor fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SensorFault {
    /// It says nothing.
    Dropout,
    /// It repeats its last value.
    Stuck,
    /// It is off by a constant.
    Bias,
    /// It is noisier.
    Noise,
    /// It sees what is not there.
    Ghost,
}

/// A slippery patch.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipFault {
    /// Its centre.
    pub near: At<String>,
    /// Its radius.
    pub radius: Option<At<Length>>,
    /// What is left of the friction.
    pub grip: Option<At<Share>>,
    /// How long.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// A door fails.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DoorFault {
    /// The door.
    pub name: At<String>,
    /// It does not move.
    pub jam: Option<At<bool>>,
    /// How long.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// A lift fails.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftFault {
    /// The lift.
    pub name: At<String>,
    /// It does not move.
    pub stuck: Option<At<bool>>,
    /// How long.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// Somebody walks through.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonFault {
    /// Vertices on one level, in order.
    pub path: Vec<At<String>>,
    /// How long they stay about.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// The site's controller refuses.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteFault {
    /// What.
    pub refuses: At<SiteRefuses>,
    /// How long.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// What a site refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SiteRefuses {
    /// To let robots in, whatever their plan.
    Entry,
}

/// A party stops answering.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyFault {
    /// Who.
    pub name: At<String>,
    /// How long.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// The payment provider declines.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentsFault {
    /// Share of authorisations declined.
    pub decline: At<Share>,
    /// How long.
    #[serde(rename = "for")]
    pub lasts: Option<At<Time>>,
}

/// Values of the marketplace's policy that differ from its defaults.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How long a request for quotes stays open.
    pub rfq_open: Option<At<Time>>,
    /// Time for a payment authorisation.
    pub auth_by: Option<At<Time>>,
    /// Time for a robot to accept a lease.
    pub lease_offer: Option<At<Time>>,
    /// Interval of heartbeats.
    pub heartbeat: Option<At<Time>>,
    /// Silence after which a working job stalls.
    pub stall_after: Option<At<Time>>,
    /// Longest time for which a robot that is ready to lift waits for the others.
    pub lift_wait: Option<At<Time>>,
    /// Longest time that a lift takes once all are ready.
    pub lift_within: Option<At<Time>>,
    /// Longest total stall.
    pub max_stall: Option<At<Time>>,
    /// Longest total execution.
    pub max_exec: Option<At<Time>>,
    /// Time to leave.
    pub exit_by: Option<At<Time>>,
    /// Time from a safe exit until another robot has entered.
    pub handover_by: Option<At<Time>>,
    /// Time from the end of work to the evaluation of proof.
    pub proof_by: Option<At<Time>>,
    /// Time from the end of work to settlement.
    pub settle_after: Option<At<Time>>,
    /// Time after settlement until money is paid out.
    pub payout_after: Option<At<Time>>,
    /// Most robots on one job.
    pub max_legs: Option<At<u32>>,
    /// May a job go on with a robot of another provider that has a standing offer?
    pub substitution: Option<At<bool>>,
    /// The platform's share of the service amount.
    pub platform_share: Option<At<Share>>,
    /// The insurance reserve's share of the service amount.
    pub insurance_share: Option<At<Share>>,
    /// The skill developers' share of the service amount.
    pub developer_share: Option<At<Share>>,
    /// A job is first matched with robots this long before its window.
    pub dispatch_lead: Option<At<Time>>,
    /// Idle robots move toward work that nobody is near for.
    pub relocate: Option<At<bool>>,
    /// Robots are at the access point no longer than this before the window opens.
    pub early: Option<At<Time>>,
    /// Grace for the arrival after the window's start.
    pub arrival_grace: Option<At<Time>>,
    /// Grace for the completion after the window's end.
    pub completion_grace: Option<At<Time>>,
    /// What lateness is credited with, mildest first.
    pub lateness: Option<Vec<At<LateStep>>>,
    /// Most that a job's missed service levels are credited with, of the service amount.
    pub credit_cap: Option<At<Share>>,
    /// Who pays for missed service levels.
    pub credits: Option<At<CreditPayer>>,
    /// What happens when nobody chooses after a no-show.
    pub no_show: Option<At<NoShowChoice>>,
    /// Time for the choice after a no-show.
    pub no_show_decide: Option<At<Time>>,
    /// Are moves that hardly change the price agreed without an answer?
    pub auto_reschedule: Option<At<bool>>,
    /// Time for the answer to a proposal to move a booking.
    pub reschedule_answer: Option<At<Time>>,
    /// Most counter-offers on one quote.
    pub max_rounds: Option<At<u32>>,
    /// A counter-offer lapses after this.
    pub counter_lasts: Option<At<Time>>,
    /// A job of a series is asked for this long before it begins; seven days if not said.
    pub series_lead: Option<At<Time>>,
    /// Money is captured this long before a job's window.
    pub capture_lead: Option<At<Time>>,
    /// An authorisation that ends before the capture is renewed this long before its end.
    pub renew_lead: Option<At<Time>>,
    /// One settled job in so many is audited; a hundred if not said, none if 0.
    pub audit_one_in: Option<At<u32>>,
    /// How long what robots record is kept where nothing went wrong; thirty days if not said.
    pub keep_telemetry: Option<At<Time>>,
    /// How long evidence is kept; a year if not said.
    pub keep_evidence: Option<At<Time>>,
    /// Coverage fee of every job.
    pub cover_fee: Option<At<Money>>,
    /// Longest wait for entry.
    pub access_wait: Option<At<Time>>,
    /// Longest wait for a remote operator.
    pub assist_response: Option<At<Time>>,
    /// What is done when no operator helps; the robot leaves if not said.
    pub assist_fallback: Option<At<FallbackKind>>,
    /// What the requester is asked for lapses after this.
    pub approval_by: Option<At<Time>>,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// When the run is over.
    AtEnd(String),
    /// At every second.
    Always(At<String>),
    /// At no second.
    Never(At<String>),
    /// Soon after something.
    Eventually(Eventually),
}

/// Soon after something.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Eventually {
    /// How soon.
    pub within: At<Time>,
    /// After what: `start`, `end`, `fault`, `fault.<kind>`, `fault.<kind>.end`; the start if absent.
    pub of: Option<At<String>>,
    /// The condition.
    pub that: At<String>,
}

struct ExpectVisitor;

impl<'de> Visitor<'de> for ExpectVisitor {
    type Value = Expect;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a condition, or one of `always:`, `never:`, `eventually:` with a condition")
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<Expect, E> {
        Ok(Expect::AtEnd(v.to_owned()))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expect, A::Error> {
        let Some(key) = map.next_key::<String>()? else {
            return Err(A::Error::custom("an empty expectation"));
        };
        let out = match key.as_str() {
            "always" => Expect::Always(map.next_value()?),
            "never" => Expect::Never(map.next_value()?),
            "eventually" => Expect::Eventually(map.next_value()?),
            other => return Err(A::Error::unknown_field(other, &["always", "never", "eventually"])),
        };
        match map.next_key::<String>()? {
            None => Ok(out),
            Some(_) => Err(A::Error::custom("one expectation has one form; begin the next with `- `")),
        }
    }
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(ExpectVisitor)
    }
}

impl JsonSchema for Expect {
    fn schema_name() -> Cow<'static, str> {
        "Expect".into()
    }
    fn json_schema(g: &mut SchemaGenerator) -> Schema {
        let eventually = g.subschema_for::<Eventually>();
        let one = |key: &str, of: serde_json::Value| serde_json::json!({"type": "object", "properties": {key: of}, "required": [key], "additionalProperties": false});
        let text = || serde_json::json!({"type": "string"});
        json_schema!({
            "description": "A condition over metrics that must hold at the end, always, never, or soon after something.",
            "anyOf": [text(), one("always", text()), one("never", text()), one("eventually", eventually.to_value())]
        })
    }
}
