//! One tick of the fleet: letters are handed over, brains think and speak, the site's devices act, physics steps.
//!
//! Robots' brains know nothing of each other and only read the world, so they may think at the same time: each piece of
//! work has some of them and a desk of its own. What they ask of their bodies is done afterwards, in order of robots.

use crate::fleet::{FleetError, ROBOTS, SITE, SimFleet, SimRobot, SiteMail};
use crate::world::WorldView;
use nooterra_agent::{AgentMap, Clamp, Note, WORDS_BYTES};
use nooterra_engine::bus::Letter;
use nooterra_engine::ids::RobotId;
use nooterra_engine::marks::{self, Marks};
use nooterra_engine::net::Node;
use nooterra_engine::together::{InTurn, Piece, Together};
use nooterra_engine::{Instant, decode};
use nooterra_port::hardware::{Actuation, GripperCommand, Scan, SensorFrame};
use nooterra_site::Site;
use nooterra_twin::{DeckCommand, DriveCommand, LoadIx, Twin};
use std::collections::BTreeMap;

/// Into so many pieces the brains' work is cut at most. More would even out the threads' shares no further.
pub(crate) const DESKS: usize = 8;
/// Waking another thread takes as long as so many robots think, or as it takes to verify so many letters.
const ROBOTS_WORTH_IT: usize = 16;
const LETTERS_WORTH_IT: usize = 2;

/// What a piece of work keeps to itself. Empty between ticks but for what is said of them.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub notes: Vec<(RobotId, Note)>,
    pub clamps: Vec<(RobotId, Clamp)>,
    pub marks: Marks,
    posted: Vec<(Node, Vec<u8>)>,
    frame: SensorFrame,
    spare: Option<Scan>,
}

/// What all brains may read in a tick.
#[derive(Clone, Copy)]
struct Scene<'a> {
    now: Instant,
    twin: &'a Twin,
    maps: &'a BTreeMap<u32, AgentMap>,
    letters: &'a [Letter],
    thinks: bool,
    /// Control cycles before this one.
    thought: u64,
}

impl SimFleet {
    /// One tick. Takes the letters that arrived for robots and devices; `post` gets what they send, with the sender's
    /// node.
    pub fn turn(
        &mut self,
        now: Instant,
        letters: &mut Vec<Letter>,
        site: &Site,
        together: &dyn Together,
        mut post: impl FnMut(Node, Vec<u8>),
    ) -> Result<(), FleetError> {
        for l in letters.iter().filter(|l| l.to == SITE) {
            match decode::<SiteMail>(&l.bytes) {
                Ok(SiteMail::Order(o)) => {
                    self.controller.order(now, &o, site, &mut WorldView { twin: &mut self.twin, robots: &self.robots })
                }
                Ok(SiteMail::Receipt(r)) => self.controller.receipt(now, &r),
                Err(_) => {}
            }
        }
        self.brains(now, letters, together);
        letters.clear();
        for d in &mut self.desks {
            d.posted.drain(..).for_each(|(node, bytes)| post(node, bytes));
            marks::tell(&mut d.marks.broken);
        }
        for i in 0..self.acts.len() {
            if let Some(act) = self.acts[i].take() {
                self.act(i, &act)?;
            }
        }
        self.controller.sense(now, site, &mut WorldView { twin: &mut self.twin, robots: &self.robots });
        self.twin.step()?;
        self.feel();
        if self.controller.has_due(now) {
            self.controller.due(now).into_iter().for_each(|b| post(SITE, b));
        }
        Ok(())
    }

    /// Robots hear, think (when it is their tick) and speak.
    fn brains(&mut self, now: Instant, letters: &[Letter], together: &dyn Together) {
        let thinks = self.twin.tick().is_multiple_of(self.control_every);
        let worth_it = self.robots.len() >= ROBOTS_WORTH_IT && (thinks || letters.len() >= LETTERS_WORTH_IT);
        let scene = Scene { now, twin: &self.twin, maps: &self.maps, letters, thinks, thought: self.twin.tick() / self.control_every };
        let each = self.robots.len().div_ceil(DESKS).max(1);
        let mut robots = self.robots.chunks_mut(each);
        let mut acts = self.acts.chunks_mut(each);
        let mut words = self.words.chunks_mut(each * WORDS_BYTES);
        let mut desks = self.desks.iter_mut();
        let mut first: Node = ROBOTS;
        let mut pieces: [_; DESKS] = std::array::from_fn(|_| {
            let (robots, acts) = (robots.next().unwrap_or_default(), acts.next().unwrap_or_default());
            let (words, mut desk, node) = (words.next().unwrap_or_default(), desks.next(), first);
            first += Node::try_from(robots.len()).unwrap_or(0);
            move || {
                if let Some(desk) = &mut desk {
                    desk.seat(scene, node, robots, acts, words);
                }
            }
        });
        let mut pieces = pieces.each_mut().map(|p| p as &mut Piece<'_>);
        if worth_it { together.all(&mut pieces) } else { InTurn.all(&mut pieces) }
    }

    fn act(&mut self, i: usize, act: &Actuation) -> Result<(), FleetError> {
        let ix = self.robots[i].ix;
        let drive = DriveCommand {
            vx_mps: act.speed_mps,
            vy_mps: act.lateral_mps,
            wz_radps: act.turn_radps,
            stop: act.brake,
            charge: act.charge,
            tool: act.gripper.is_some(),
        };
        self.twin.drive(ix, drive)?;
        match &act.gripper {
            None => {}
            Some(GripperCommand::Pick { item }) => {
                // A load that is not there is reached for in vain: the deck says so itself.
                let load = self.twin.load_named(*item).unwrap_or(LoadIx::new(u32::MAX));
                self.robots[i].held = Some(*item);
                if self.twin.handle(ix, DeckCommand::Take { load }).is_err() {
                    self.robots[i].held = None;
                    self.twin.handle(ix, DeckCommand::Cancel)?;
                }
            }
            Some(GripperCommand::Hold { item }) => {
                let load = self.twin.load_named(*item).unwrap_or(LoadIx::new(u32::MAX));
                self.twin.handle(ix, DeckCommand::Hold { load })?;
            }
            Some(GripperCommand::Raise) => self.twin.handle(ix, DeckCommand::Raise)?,
            Some(GripperCommand::LetGo) => self.twin.handle(ix, DeckCommand::Cancel)?,
            Some(GripperCommand::Drop) => {
                let here = self.twin.vertex_at(ix, self.twin.params().handling_reach_m);
                let command = here.map_or(DeckCommand::Release, |vertex| DeckCommand::Place { vertex });
                self.twin.handle(ix, command)?;
            }
        }
        Ok(())
    }

    /// After a step: bumps and distance.
    fn feel(&mut self) {
        for c in self.twin.contacts() {
            if let Some(r) = self.robots.iter_mut().find(|r| r.ix == c.robot) {
                r.bump_mns += c.impulse_mns;
            }
        }
        for r in &mut self.robots {
            let Some(stand) = self.twin.awake(r.ix) else { continue };
            if let Some((level, last)) = r.last
                && level == stand.level.ix
            {
                r.odometer_m += last.at.dist(stand.pose.at);
            }
            r.last = Some((stand.level.ix, stand.pose));
        }
    }
}

impl Desk {
    /// The robots whose nodes are `first` and up take their turn.
    fn seat(&mut self, scene: Scene<'_>, first: Node, robots: &mut [SimRobot], acts: &mut [Option<Actuation>], words: &mut [u8]) {
        marks::swap(&mut self.marks);
        let words = words.chunks_exact_mut(WORDS_BYTES);
        for (node, ((r, act), words)) in (first..).zip(robots.iter_mut().zip(acts).zip(words)) {
            // A robot without power neither hears nor speaks.
            if scene.twin.readings(r.ix).is_some_and(|x| x.powered) {
                let map = &scene.maps[&r.agent.config().graph_idx];
                for l in scene.letters.iter().filter(|l| l.to == node) {
                    r.agent.receive(scene.now, &l.bytes, map);
                }
                if scene.thinks {
                    *act = self.think(scene, r, map);
                }
                if r.agent.has_due(scene.now) {
                    self.posted.extend(r.agent.drain(scene.now).into_iter().map(|b| (node, b)));
                }
            }
            words.copy_from_slice(&r.agent.digest_words());
        }
        marks::swap(&mut self.marks);
    }

    fn think(&mut self, scene: Scene<'_>, r: &mut SimRobot, map: &AgentMap) -> Option<Actuation> {
        let Scene { now, twin, .. } = scene;
        let readings = twin.readings(r.ix)?;
        let wheels = if r.agent.config().model.drive == nooterra_site::robot::Drive::Omnidirectional { 4 } else { 2 };
        crate::convert::fill_frame(&mut self.frame, now, readings, wheels);
        self.frame.bump_mns = u32::try_from(r.bump_mns).unwrap_or(u32::MAX);
        r.bump_mns = 0;
        self.frame.gripped = crate::convert::seen(readings.deck_g, r.held);
        crate::convert::fill_view(&mut self.frame, twin, r, crate::convert::is_image_due(scene.thought));
        self.frame.tilt_rad = twin.tilt_rad(r.ix).unwrap_or(0.0); // the tilt sensor of the body
        let range_max = twin.params().lidar.range_m;
        match twin.scan(r.ix) {
            Some(s) if s.tick != r.scan_seen => {
                r.scan_seen = s.tick;
                #[allow(clippy::cast_possible_truncation)] // a few metres
                crate::convert::fill_scan(&mut self.frame, &mut self.spare, s.ranges_mm, range_max as f32);
            }
            _ => {
                self.spare = self.frame.scan.take().or(self.spare.take());
                self.frame.fix = None; // as old as the last scan
            }
        }
        let act = r.agent.control(now, &self.frame, map);
        for c in r.agent.clamps() {
            r.clamped += 1;
            self.clamps.push((r.id, c));
        }
        self.notes.extend(r.agent.notes().into_iter().map(|n| (r.id, n)));
        Some(act)
    }
}
