//! The brain as a whole: one control cycle, one order, one look at the clock at a time.

mod asking;
mod astray;
mod boxing;
mod cycle;
mod driving;
mod orders;
mod skills;

use crate::advert::Told;
use crate::assist::Help;
use crate::blackbox::BlackBox;
use crate::camera::Camera;
use crate::config::AgentConfig;
use crate::doubt::Doubt;
use crate::fields::Fields;
use crate::follow::Follower;
use crate::forecast::Forecast;
use crate::health::{Health, Progress};
use crate::link::Link;
use crate::localise::Localiser;
use crate::map::AgentMap;
use crate::note::{Event, Note};
use crate::people::People;
use crate::policy::{Clamp, Policy, Twist};
use crate::power::Power;
use crate::residual::Residual;
use crate::rights::Rights;
use crate::tight::Tightened;
use crate::track::{NO_LANE, Track};
use crate::watch::Watch;
use crate::work::{Lease, Phase, Work};
use nooterra_engine::geom::Pose2;
use nooterra_engine::ids::{JobId, LeaseId, StopId};
use nooterra_engine::{Instant, Record};
use nooterra_port::report::{PoseMm, Report};
use nooterra_site::robot::Drive;
use nooterra_skills::delivery::Installed;
use std::collections::BTreeSet;
use thiserror::Error;

/// Length of [`Agent::digest_words`].
pub const WORDS_BYTES: usize = 21 * 8;
/// Notes kept if nobody drains them.
const NOTES_KEPT: usize = 256;

/// Why an agent cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AgentError {
    /// The map has no such vertex.
    #[error("start vertex {0} is not on the map")]
    NoSuchVertex(u32),
    /// A number of the model or of its wheels makes no sense.
    #[error("{0} must be a positive number")]
    BadModel(&'static str),
}

/// What the last frame said, for checks between cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
struct Seen {
    soc_bps: u32,
    battery_mv: u32,
    charging: bool,
    speed_mm_s: i32,
    errors: u32,
}

/// A robot's brain. All of it is state; see the crate's first page for how to use it.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Agent {
    config: AgentConfig,
    loc: Localiser,
    track: Track,
    follower: Follower,
    fields: Fields,
    policy: Policy,
    work: Work,
    /// Leases for later, by their start.
    ahead: Vec<Lease>,
    power: Power,
    forecast: Forecast,
    rights: Rights,
    health: Health,
    progress: Progress,
    help: Help,
    link: Link,
    stops: BTreeSet<StopId>,
    power_off: bool,
    check_until: Option<Instant>,
    dev_last: Instant,
    started: bool,
    last: Twist,
    stand_s: f64,
    lost_s: f64,
    residual: Residual,
    doubt: Doubt,
    seen: Seen,
    last_lane: u32,
    /// Under a fault: the old fence that its badge shows.
    badge: Option<u64>,
    /// Under a fault: it shows nothing at terminals.
    bare: bool,
    /// Under a fault: a way that nobody gave it.
    astray: Option<astray::Stray>,
    notes: Vec<Note>,
    blackbox: BlackBox,
    camera: Camera,
    /// What it has been taught.
    installed: Installed,
    people: People,
    /// Bounds tightened from afar.
    tight: Tightened,
    /// Its own detectors.
    watch: Watch,
    /// A heartbeat is to say that somebody is close.
    comes_close: bool,
    /// What it has last said that it can do.
    told: Told,
    tick: u64,
}

impl Agent {
    /// Runs an honest program, or one that says that it has put loads down and keeps them.
    pub const fn set_lies(&mut self, lies: bool) {
        self.work.lies = lies;
    }
    /// A robot as enrolled, standing at its start vertex. `secret` is its device key; `boot` counts its starts.
    pub fn new(config: AgentConfig, secret: [u8; 32], boot: u32, map: &AgentMap) -> Result<Self, AgentError> {
        check_model(&config)?;
        let start = map.vertex(config.start_vertex).ok_or(AgentError::NoSuchVertex(config.start_vertex))?;
        let link = Link::new(&config, secret, boot);
        let loc = Localiser::new(Pose2 { at: start.at, theta_rad: config.start_theta_rad }, start.level);
        Ok(Self::standing(config, link, loc))
    }

    /// People set it down at a vertex, facing this way, and switched it on: it knows nothing of what it was about, only
    /// its chain of reports, the orders it has taken up, its fence, its tightened bounds, its black box and images, and what it has
    /// clamped.
    pub fn restart(&mut self, vertex: u32, theta_rad: f64, map: &AgentMap) -> Result<(), AgentError> {
        let start = map.vertex(vertex).ok_or(AgentError::NoSuchVertex(vertex))?;
        let config = AgentConfig { start_vertex: vertex, start_theta_rad: theta_rad, ..self.config.clone() };
        let loc = Localiser::new(Pose2 { at: start.at, theta_rad }, start.level);
        let mut fresh = Self::standing(config, self.link.clone(), loc);
        fresh.link.forget_held();
        let (notes, blackbox) = (std::mem::take(&mut self.notes), std::mem::take(&mut self.blackbox));
        let (policy, camera) = (std::mem::take(&mut self.policy), std::mem::take(&mut self.camera));
        // So does what it was taught.
        let installed = std::mem::take(&mut self.installed);
        let tight = std::mem::take(&mut self.tight);
        // Stops outlast it: only a signed order ends them.
        let (stops, power_off) = (std::mem::take(&mut self.stops), self.power_off);
        *self =
            Self { dev_last: self.dev_last, tick: self.tick, notes, blackbox, camera, policy, installed, tight, stops, power_off, ..fresh };
        Ok(())
    }

    fn standing(config: AgentConfig, link: Link, loc: Localiser) -> Self {
        Self {
            residual: Residual::at(loc.pose),
            loc,
            track: Track::standing_at(config.start_vertex),
            follower: Follower::default(),
            fields: Fields::default(),
            policy: Policy::default(),
            work: Work::default(),
            ahead: Vec::new(),
            power: Power::default(),
            forecast: Forecast::default(),
            rights: Rights::default(),
            health: Health::default(),
            progress: Progress::default(),
            help: Help::default(),
            link,
            stops: BTreeSet::new(),
            power_off: false,
            check_until: None,
            dev_last: Instant::ZERO,
            started: false,
            last: Twist::default(),
            stand_s: 0.0,
            lost_s: 0.0,
            doubt: Doubt::default(),
            seen: Seen::default(),
            last_lane: NO_LANE,
            badge: None,
            bare: false,
            astray: None,
            notes: Vec::new(),
            blackbox: BlackBox::default(),
            camera: Camera::default(),
            installed: Installed::default(),
            people: People::default(),
            tight: Tightened::default(),
            watch: Watch::default(),
            comes_close: false,
            told: Told::default(),
            tick: 0,
            config,
        }
    }

    // ---- what others may ask ----

    /// Who it is and what it was told.
    pub fn config(&self) -> &AgentConfig {
        &self.config
    }
    /// Where it believes to be.
    pub fn pose(&self) -> Pose2 {
        self.loc.pose
    }
    /// On which level it believes to be.
    pub fn level(&self) -> u32 {
        self.loc.level
    }
    /// The position estimate with all it knows.
    pub fn localiser(&self) -> &Localiser {
        &self.loc
    }
    /// The movement last applied.
    pub fn applied(&self) -> Twist {
        self.last
    }
    /// Where it stands with its job.
    pub fn phase(&self) -> Phase {
        self.work.phase
    }
    /// The job with its progress.
    pub fn work(&self) -> &Work {
        &self.work
    }
    /// The lease in force.
    pub fn lease(&self) -> Option<LeaseId> {
        self.work.lease.as_ref().map(|l| l.id)
    }
    /// Leases that it keeps for later, by their start.
    pub fn ahead(&self) -> &[Lease] {
        &self.ahead
    }
    /// Where it may be.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }
    /// The released way.
    pub fn track(&self) -> &Track {
        &self.track
    }
    /// Stopped by a protective field?
    pub fn is_blocked(&self) -> bool {
        self.progress.blocked
    }
    /// Stopped by order?
    pub fn is_stopped(&self) -> bool {
        !self.stops.is_empty()
    }
    /// Remote help.
    pub fn help(&self) -> &Help {
        &self.help
    }
    /// Faults.
    pub fn health(&self) -> &Health {
        &self.health
    }
    /// What it has recorded of itself.
    pub fn blackbox(&self) -> &BlackBox {
        &self.blackbox
    }
    /// Bounds that were tightened from afar.
    pub fn tightened(&self) -> &Tightened {
        &self.tight
    }
    /// Its camera's gate, and what came through.
    pub fn camera(&self) -> &Camera {
        &self.camera
    }
    /// Under a fault what its gate holds back is kept all the same.
    pub const fn set_leaks(&mut self, leaks: bool) {
        self.camera.leaks = leaks;
    }
    /// Reports that wait for their acknowledgement.
    pub fn unacked(&self) -> usize {
        self.link.unacked()
    }

    /// What matters most of the state, for a hash: cheap enough for every tick.
    pub fn digest_words(&self) -> [u8; WORDS_BYTES] {
        let mut b = [0u8; WORDS_BYTES];
        let p = self.loc.bits();
        let head = self.blackbox.head();
        let short = head.map_or(0, |h| h.hash.0.first_chunk().map_or(0, |b| u64::from_le_bytes(*b)));
        let words = [
            p[0],
            p[1],
            p[2],
            p[3],
            p[4],
            p[5],
            self.last.v.x.to_bits(),
            self.last.v.y.to_bits(),
            self.last.w_radps.to_bits(),
            u64::from(self.loc.level) << 32 | u64::from(self.track.update),
            u64::from(self.track.last_sequence_id) << 32 | u64::from(self.track.last_vertex.unwrap_or(NO_LANE)),
            u64::from(self.work.step) << 8 | self.work.phase as u64,
            self.link.sealed(),
            self.link.orders_seen(),
            self.link.fence,
            self.link.unacked() as u64,
            u64::from(self.seen.soc_bps) << 32 | u64::from(self.health.bits()),
            self.stops.len() as u64,
            head.map_or(0, |h| h.number),
            short,
            self.tick,
        ];
        for (c, w) in b.chunks_exact_mut(8).zip(words) {
            c.copy_from_slice(&w.to_le_bytes());
        }
        b
    }

    // ---- out ----

    /// Signed envelopes to send now, repetitions included.
    pub fn drain(&mut self, now: Instant) -> Vec<Vec<u8>> {
        self.link.drain(now, &self.config)
    }
    /// Would [`Agent::drain`] give anything at `now`?
    pub fn has_due(&self, now: Instant) -> bool {
        self.link.has_due(now)
    }
    /// Commands that were changed, as far as they are in a summary.
    pub fn clamps_told(&self) -> u32 {
        self.policy.told()
    }
    /// Was it told that its key is no longer valid? Then it is silent.
    pub fn is_barred(&self) -> bool {
        self.link.is_barred()
    }
    /// Commands that were changed since the last call, one record each.
    pub fn clamps(&mut self) -> Vec<Clamp> {
        self.policy.drain()
    }
    /// Other lines for the black box since the last call.
    pub fn notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    fn note(&mut self, at: Instant, event: Event) {
        if self.notes.len() == NOTES_KEPT {
            self.notes.remove(0);
        }
        self.notes.push(Note { at, event });
    }
    fn say(&mut self, now: Instant, r: Report) {
        let (job, lease, fence) = match &self.work.lease {
            Some(l) => (Some(l.job), Some(l.id), l.fence),
            None => (None, None, self.link.fence),
        };
        self.link.say(now, r, job, lease, fence);
    }
    fn say_all(&mut self, now: Instant, out: Vec<Report>) {
        for r in out {
            self.say(now, r);
        }
    }
    fn pose_mm(&self) -> PoseMm {
        self.loc.pose.into()
    }

    /// What the platform's clock says, as far as the robot knows.
    const fn platform_time(&self, now: Instant) -> Instant {
        Instant(now.0.saturating_add_signed(self.config.clock_offset_ns))
    }

    /// The clock was compared with the platform's: what to add to it from now on.
    pub fn set_clock_offset(&mut self, offset_ns: i64) {
        self.config.clock_offset_ns = offset_ns;
    }
    /// What it drives: for tools that draw it.
    pub fn drive_kind(&self) -> Drive {
        self.config.model.drive
    }
    /// The job of the lease in force.
    pub fn job(&self) -> Option<JobId> {
        self.work.lease.as_ref().map(|l| l.job)
    }
}

fn check_model(c: &AgentConfig) -> Result<(), AgentError> {
    let m = &c.model;
    let must = [
        (m.speed_max_mps, "speed_max_mps"),
        (m.accel_max_mps2, "accel_max_mps2"),
        (m.turn_max_radps, "turn_max_radps"),
        (m.turn_accel_max_radps2, "turn_accel_max_radps2"),
        (m.footprint_radius_m, "footprint_radius_m"),
        (m.mass_kg, "mass_kg"),
        (c.wheels.counts_per_m, "counts_per_m"),
        (c.wheels.track_m, "track_m"),
        (c.wheels.arm_m, "arm_m"),
    ];
    match must.iter().find(|(v, _)| !(v.is_finite() && *v > 0.0)) {
        Some((_, name)) => Err(AgentError::BadModel(name)),
        None => Ok(()),
    }
}
