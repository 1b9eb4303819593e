//! A body and a platform for one robot: kinematic, with slip, lag, noise and a lidar against boxes and posts.

use crate::{Agent, AgentConfig, AgentMap, Clamp, LocalPolicy, Note, Wheels};
use nooterra_engine::geom::{Pose2, Segment, Vec2};
use nooterra_engine::ids::{OrderId, RobotId, TenantId};
use nooterra_engine::real::{sin_cos, wrap_angle};
use nooterra_engine::{Instant, Span, decode, encode};
use nooterra_port::camera::{CameraKind, Image, Seen, Sort};
use nooterra_port::hardware::*;
use nooterra_port::order::*;
use nooterra_port::report::Report;
use nooterra_site::model::*;
use nooterra_site::robot::Drive;
use nooterra_site::{RobotModel, Site};
use nooterra_trust::{Envelope, SigningKey};

pub const CYCLE: Span = Span::from_millis(50);

/// A building of one level: outer walls, more walls, vertices in metres, lanes both ways.
pub fn site(size: Vec2, walls: &[Segment], vertices: &[(f64, f64)], lanes: &[(u32, u32)]) -> Site {
    let (w, h) = (size.x, size.y);
    let corner = [Vec2::new(0.0, 0.0), Vec2::new(w, 0.0), Vec2::new(w, h), Vec2::new(0.0, h)];
    let mut all: Vec<Segment> = (0..4).map(|i| Segment::new(corner[i], corner[(i + 1) % 4])).collect();
    all.extend_from_slice(walls);
    let wall = |s: &Segment| Wall { line: *s, thickness_m: 0.1, height_m: 2.5, alpha: 1.0 };
    let level = Level { name: "L1".into(), elevation_m: 0.0, walls: all.iter().map(wall).collect(), floors: vec![], obstacles: vec![] };
    let vertex = |p: &(f64, f64)| Vertex::new("", LevelIx::new(0), Vec2::new(p.0, p.1));
    let vs: Vec<Vertex> = vertices.iter().map(vertex).collect();
    let mut ls = Vec::new();
    for (i, (a, b)) in lanes.iter().enumerate() {
        for (k, (f, t)) in [(*a, *b), (*b, *a)].into_iter().enumerate() {
            ls.push(Lane {
                reverse: Some(LaneIx::new((2 * i + 1 - k) as u32)),
                ..Lane::new(VertexIx::new(f), VertexIx::new(t), (vs[f as usize].at.dist(vs[t as usize].at) * 1e3) as u64)
            });
        }
    }
    Site {
        name: "test".into(),
        frame: Frame::CartesianMeters,
        levels: vec![level],
        vertices: vs,
        lanes: ls,
        doors: vec![],
        lifts: vec![],
        spawns: vec![],
        graphs: vec![],
        areas: Vec::new(),
    }
}

/// The house that most tests use: 16 x 10 m with a wall that has a gap, and a ring of vertices.
pub fn house() -> Site {
    let walls = [
        Segment::new(Vec2::new(8.0, 0.0), Vec2::new(8.0, 4.0)),
        Segment::new(Vec2::new(8.0, 5.0), Vec2::new(8.0, 10.0)),
        Segment::new(Vec2::new(3.0, 6.5), Vec2::new(5.0, 6.5)),
    ];
    let v = [(2.0, 2.0), (5.0, 2.0), (6.0, 4.5), (10.0, 4.5), (14.0, 4.5), (14.0, 8.0), (6.0, 8.0), (2.0, 8.0), (10.0, 8.0)];
    let l = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (2, 6), (6, 7), (7, 0), (5, 8), (8, 3)];
    site(Vec2::new(16.0, 10.0), &walls, &v, &l)
}

pub struct Rng(pub u64);
impl Rng {
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// A round thing that is not on the map.
#[derive(Debug, Clone, Copy)]
pub struct Post {
    pub at: Vec2,
    pub radius_m: f64,
    pub v: Vec2,
}

pub struct Rig {
    pub agent: Agent,
    pub map: AgentMap,
    pub site: Site,
    pub now: Instant,
    pub truth: Pose2,
    pub v: Vec2,
    pub w: f64,
    pub posts: Vec<Post>,
    pub frame: SensorFrame,
    pub rng: Rng,
    pub act: Actuation,
    pub odometer: [f64; 4],
    pub slip: [f64; 4],
    pub gyro_bias: f64,
    pub faces: Vec<(Segment, Vec2)>,
    pub tick: u64,
    pub markers: bool,
    pub sky: bool,
    pub lidar: bool,
    // deck
    pub grip_ok: bool,
    pub busy_until: Option<(Instant, GripperCommand)>,
    pub item_g: u32,
    // platform
    pub platform: SigningKey,
    pub order_seq: u64,
    pub fence: u64,
    pub link_up: bool,
    pub heard: Vec<(Envelope, Report)>,
    pub expect_seq: u64,
    pub clamps: Vec<Clamp>,
    pub notes: Vec<Note>,
    pub touched: f64,
    pub last_scan: Scan,
}

pub fn config(model: RobotModel, start: u32, theta: f64, dispatch: &SigningKey) -> AgentConfig {
    AgentConfig {
        driver_version: 1,
        declares: Vec::new(),
        camera: CameraKind::None,
        robot: RobotId::named("r1"),
        tenant: TenantId::named("t"),
        wheels: Wheels::nominal(&model),
        dispatch: dispatch.public(),
        graph_idx: 0,
        start_vertex: start,
        start_theta_rad: theta,
        clock_offset_ns: 0,
        policy: LocalPolicy::for_model(&model),
        model,
    }
}

impl Rig {
    pub fn new(site: Site, start: u32, theta: f64) -> Self {
        Self::with_model(site, RobotModel::default(), start, theta)
    }
    pub fn with_model(site: Site, model: RobotModel, start: u32, theta: f64) -> Self {
        let map = AgentMap::new(&site, 0);
        let platform = SigningKey::from_secret([7; 32]);
        let agent = Agent::new(config(model, start, theta, &platform), [9; 32], 1, &map).unwrap();
        let at = map.vertex(start).unwrap().at;
        let mut faces = Vec::new();
        for w in &site.levels[0].walls {
            let n = (w.line.b - w.line.a).unit().perp() * (w.thickness_m / 2.0);
            let e = (w.line.b - w.line.a).unit() * (w.thickness_m / 2.0);
            for s in [1.0, -1.0] {
                faces.push((Segment::new(w.line.a + n * s - e, w.line.b + n * s + e), n * s));
            }
            faces.push((Segment::new(w.line.a - e - n, w.line.a - e + n), e * -1.0));
            faces.push((Segment::new(w.line.b + e - n, w.line.b + e + n), e));
        }
        Self {
            agent,
            map,
            site,
            now: Instant::from_secs(1),
            truth: Pose2 { at, theta_rad: theta },
            v: Vec2::default(),
            w: 0.0,
            posts: vec![],
            frame: SensorFrame { encoders: vec![0; 4], soc_bps: 9_000, battery_mv: 12_500, ..SensorFrame::default() },
            rng: Rng(12345),
            act: Actuation::default(),
            odometer: [0.0; 4],
            slip: [1.01, 0.99, 1.005, 0.995],
            gyro_bias: 0.002,
            faces,
            tick: 0,
            markers: false,
            sky: false,
            lidar: true,
            grip_ok: true,
            busy_until: None,
            item_g: 2_000,
            platform,
            order_seq: 0,
            fence: 1,
            link_up: true,
            heard: vec![],
            expect_seq: 1,
            clamps: vec![],
            notes: vec![],
            touched: f64::INFINITY,
            last_scan: Scan::default(),
        }
    }

    /// The same robot with a camera.
    pub fn equip(&mut self, camera: CameraKind) {
        let c = AgentConfig { camera, ..self.agent.config().clone() };
        self.agent = Agent::new(c, [9; 32], 1, &self.map).unwrap();
    }

    // ---- platform ----

    pub fn sign(&self, order_seq: u64, fence: u64, expires: Instant, body: Order) -> Vec<u8> {
        let c = self.agent.config();
        let mut o =
            SignedOrder { tenant: c.tenant, robot: c.robot, order_seq, fence, expires, body, key: self.platform.id(), sig: [0; 64] };
        o.sig = self.platform.sign(&o.signing_bytes()).0;
        encode(&o)
    }
    pub fn order(&mut self, body: Order) {
        self.order_seq += 1;
        let b = self.sign(self.order_seq, self.fence, self.now + Span::from_secs(600), body);
        self.agent.receive(self.now, &b, &self.map);
    }
    /// Route over these vertices, the last one a goal.
    pub fn route(&self, name: &str, update: u32, first_seq: u32, vs: &[u32], goal: bool) -> Route {
        let nodes = vs
            .iter()
            .enumerate()
            .map(|(i, v)| RouteNode { sequence_id: first_seq + 2 * i as u32, vertex: *v, is_goal: goal && i + 1 == vs.len() })
            .collect();
        let lane = |a: u32, b: u32| self.site.lanes.iter().position(|l| l.from.ix == a && l.to.ix == b).unwrap() as u32;
        let edges = vs
            .windows(2)
            .enumerate()
            .map(|(i, p)| {
                let lane = lane(p[0], p[1]);
                RouteEdge {
                    sequence_id: first_seq + 2 * i as u32 + 1,
                    lane,
                    speed_mm_s: 0,
                    ride: self.site.lanes[lane as usize].ride.is_some(),
                }
            })
            .collect();
        Route { order: OrderId::named(name), update, nodes, edges }
    }
    pub fn go(&mut self, name: &str, vs: &[u32]) {
        let r = self.route(name, 0, 0, vs, true);
        self.order(Order::Route(r));
    }
    pub fn said(&self, f: impl Fn(&Report) -> bool) -> usize {
        self.heard.iter().filter(|(_, r)| f(r)).count()
    }
    pub fn last_ack(&self) -> Option<(u64, String)> {
        self.heard
            .iter()
            .rev()
            .find_map(|(_, r)| if let Report::OrderAcked { order_seq, code } = r { Some((*order_seq, code.clone())) } else { None })
    }
    fn exchange(&mut self) {
        let out = self.agent.drain(self.now);
        if !self.link_up {
            return;
        }
        for b in out {
            let e = Envelope::from_bytes(&b).unwrap();
            assert!(e.signed_by(&SigningKey::from_secret([9; 32]).public()));
            if e.actor_seq == self.expect_seq {
                self.expect_seq += 1;
                let r: Report = decode(&e.body).unwrap();
                self.heard.push((e, r));
            }
        }
        if self.tick % 20 == 0 {
            let ack = self.sign(0, self.fence, Instant::NEVER, Order::Ack { actor_seq: self.expect_seq - 1 });
            self.agent.receive(self.now, &ack, &self.map);
        }
    }

    // ---- body ----

    pub fn range(&self, at: Vec2, theta: f64) -> f64 {
        let (s, c) = sin_cos(theta);
        let u = Vec2::new(c, s);
        let mut best = 10.0f64;
        for (f, n) in &self.faces {
            if n.dot(u) >= 0.0 {
                continue;
            }
            let d = f.b - f.a;
            let den = u.cross(d);
            if den.abs() < 1e-9 {
                continue;
            }
            let t = (f.a - at).cross(d) / den;
            let k = (f.a - at).cross(u) / den;
            if t > 0.0 && (0.0..=1.0).contains(&k) {
                best = best.min(t);
            }
        }
        for p in &self.posts {
            let m = p.at - at;
            let b = m.dot(u);
            let q = b * b - m.norm_sq() + p.radius_m * p.radius_m;
            if b > 0.0 && q > 0.0 {
                best = best.min(b - q.sqrt());
            }
        }
        best
    }

    fn move_body(&mut self, dt: f64) {
        let c = self.agent.config().clone();
        let stop = self.act.brake;
        let want = if stop { Vec2::default() } else { Vec2::new(self.act.speed_mps, self.act.lateral_mps) };
        let want_w = if stop { 0.0 } else { self.act.turn_radps };
        let steps = 5;
        let h = dt / f64::from(steps);
        for _ in 0..steps {
            let lag = h / 0.06;
            self.v = self.v + (want - self.v) * lag.min(1.0);
            self.w += (want_w - self.w) * lag.min(1.0);
            let from = self.truth.theta_rad;
            self.truth.at = self.truth.at + self.v.rotated(from + self.w * h * 0.5) * h;
            self.truth.theta_rad = wrap_angle(from + self.w * h);
            let wheels = if c.model.drive == Drive::Omnidirectional {
                let a = self.w * c.wheels.arm_m;
                [self.v.x - self.v.y - a, self.v.x + self.v.y + a, self.v.x + self.v.y - a, self.v.x - self.v.y + a]
            } else {
                let a = self.w * c.wheels.track_m * 0.5;
                [self.v.x - a, self.v.x + a, 0.0, 0.0]
            };
            for i in 0..4 {
                let noise = 1.0 + 0.03 * self.rng.normal();
                self.odometer[i] += wheels[i] * h * self.slip[i] * noise;
            }
        }
        for p in &mut self.posts {
            p.at = p.at + p.v * dt;
        }
        let radius = c.model.footprint_radius_m;
        for (f, _) in &self.faces {
            self.touched = self.touched.min(f.dist_point(self.truth.at) - radius);
        }
        for p in &self.posts {
            self.touched = self.touched.min(p.at.dist(self.truth.at) - p.radius_m - radius);
        }
    }

    fn sense(&mut self) {
        let c = self.agent.config();
        let counts = c.wheels.counts_per_m;
        self.frame.dev_ns = self.now;
        self.frame.encoders = self.odometer.iter().map(|m| (m * counts) as i64).collect();
        self.frame.gyro_radps = self.w + self.gyro_bias + 0.004 * self.rng.normal();
        self.frame.scan = None;
        self.frame.markers.clear();
        self.frame.fix = None;
        let seen = vec![Seen { range_mm: 1_000 + self.tick as u32, bearing_mrad: 0, what: Sort::Person }];
        self.frame.image = (self.tick % 20 == 0).then_some(Image { at_ns: 0, seen });
        if self.sky && self.tick % 2 == 0 {
            let (x, y) = (0.03 * self.rng.normal(), 0.03 * self.rng.normal());
            self.frame.fix = Some(PositionFix { x_m: self.truth.at.x + x, y_m: self.truth.at.y + y });
        }
        if self.lidar && self.tick % 2 == 0 {
            let step = std::f64::consts::TAU / 180.0;
            let mut ranges = Vec::with_capacity(180);
            for i in 0..180 {
                let r = self.range(self.truth.at, self.truth.theta_rad + step * f64::from(i));
                let lost = self.rng.unit() < 0.0005;
                ranges.push(if r >= 10.0 || lost { 0.0 } else { (r + 0.01 * self.rng.normal()) as f32 });
            }
            self.last_scan = Scan { angle_min_rad: 0.0, angle_step_rad: step, ranges_m: ranges.clone(), range_max_m: 10.0 };
            self.frame.scan = Some(Scan { angle_min_rad: 0.0, angle_step_rad: step, ranges_m: ranges, range_max_m: 10.0 });
        }
        if self.markers && self.tick % 2 == 0 {
            for (i, v) in self.site.vertices.iter().enumerate() {
                if v.at.dist(self.truth.at) < 1.0 {
                    let p = self.truth.inverse_apply(v.at);
                    let m = MarkerSighting {
                        vertex: i as u32,
                        x_m: p.x + 0.01 * self.rng.normal(),
                        y_m: p.y + 0.01 * self.rng.normal(),
                        theta_rad: -self.truth.theta_rad + 0.01 * self.rng.normal(),
                    };
                    self.frame.markers.push(m);
                }
            }
        }
        if let Some((at, cmd)) = self.busy_until.clone() {
            self.frame.gripper = GripperState::Busy;
            if cmd == GripperCommand::Raise {
                self.frame.deck_g = if self.now >= at { 0 } else { self.item_g };
            }
            if self.now >= at {
                self.busy_until = None;
                if self.grip_ok {
                    self.frame.gripper = GripperState::Done;
                    match cmd {
                        GripperCommand::Pick { item } => (self.frame.gripped, self.frame.deck_g) = (Some(item), self.item_g),
                        GripperCommand::Drop => (self.frame.gripped, self.frame.deck_g) = (None, 0),
                        GripperCommand::Hold { .. } | GripperCommand::Raise | GripperCommand::LetGo => {}
                    }
                } else {
                    self.frame.gripper = GripperState::Failed;
                }
            }
        }
    }

    pub fn cycle(&mut self) {
        self.cycle_without_link();
        self.exchange();
    }
    pub fn cycle_without_link(&mut self) {
        self.now += CYCLE;
        self.tick += 1;
        self.move_body(CYCLE.as_secs_f64());
        self.sense();
        self.act = self.agent.control(self.now, &self.frame, &self.map);
        if let Some(g) = self.act.gripper.clone() {
            self.busy_until = Some((self.now + Span::from_secs(2), g));
        }
        self.clamps.extend(self.agent.clamps());
        self.notes.extend(self.agent.notes());
    }
    pub fn run(&mut self, secs: f64) {
        for _ in 0..(secs * 20.0) as usize {
            self.cycle();
        }
    }
    /// Runs until `f` holds, at most `secs`.
    pub fn until(&mut self, secs: f64, f: impl Fn(&Self) -> bool) -> bool {
        for _ in 0..(secs * 20.0) as usize {
            self.cycle();
            if f(self) {
                return true;
            }
        }
        false
    }
    pub fn error(&self) -> (f64, f64) {
        let p = self.agent.pose();
        (p.at.dist(self.truth.at), wrap_angle(p.theta_rad - self.truth.theta_rad).abs())
    }
}
