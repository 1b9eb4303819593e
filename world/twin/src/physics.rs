//! The rapier world and how our things become its bodies.

use crate::plan::{Box2, Plan};
use crate::wheels::Mass;
use crate::words::{LoadIx, ObstacleIx, Party, PersonIx, RobotIx};
use bevy_ecs::prelude::Resource;
use nooterra_engine::Record;
use nooterra_site::{DoorIx, LiftIx};
use rapier3d::prelude::*;

/// Who collides with whom.
pub(crate) mod groups {
    use rapier3d::prelude::{Group, InteractionGroups, InteractionTestMode};
    pub const SOLID: Group = Group::GROUP_1;
    pub const FLOOR: Group = Group::GROUP_2;
    pub const ROBOT: Group = Group::GROUP_3;
    pub const LOAD: Group = Group::GROUP_4;
    pub const PERSON: Group = Group::GROUP_5;
    pub const CABIN: Group = Group::GROUP_6;
    const fn of(member: Group, with: Group) -> InteractionGroups {
        InteractionGroups::new(member, with, InteractionTestMode::And)
    }
    /// Walls, doors, obstacles.
    pub const fn solid() -> InteractionGroups {
        of(SOLID, ROBOT.union(LOAD))
    }
    /// Slabs: they carry loads; robots stand on their wheels.
    pub const fn floor() -> InteractionGroups {
        of(FLOOR, ROBOT.union(LOAD))
    }
    /// The platform of a cabin.
    pub const fn cabin() -> InteractionGroups {
        of(CABIN, LOAD)
    }
    /// A robot; only one that has tipped over touches the floor.
    pub const fn robot(tipped: bool) -> InteractionGroups {
        let with = SOLID.union(ROBOT).union(LOAD).union(PERSON);
        of(ROBOT, if tipped { with.union(FLOOR) } else { with })
    }
    /// A loose load; inside a lift the cabin carries it and no slab stops it.
    pub const fn load(in_lift: bool) -> InteractionGroups {
        let with = SOLID.union(ROBOT).union(LOAD).union(PERSON).union(CABIN);
        of(LOAD, if in_lift { with } else { with.union(FLOOR) })
    }
    /// A person.
    pub const fn person() -> InteractionGroups {
        of(PERSON, ROBOT.union(LOAD))
    }
}

/// A body and its collider, as numbers that can be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Record)]
pub(crate) struct BodyRef {
    body: u32,
    body_age: u32,
    collider: u32,
    collider_age: u32,
}

impl BodyRef {
    fn of(b: RigidBodyHandle, c: ColliderHandle) -> Self {
        let ((body, body_age), (collider, collider_age)) = (b.into_raw_parts(), c.into_raw_parts());
        Self { body, body_age, collider, collider_age }
    }
    pub fn body(self) -> RigidBodyHandle {
        RigidBodyHandle::from_raw_parts(self.body, self.body_age)
    }
    pub fn collider(self) -> ColliderHandle {
        ColliderHandle::from_raw_parts(self.collider, self.collider_age)
    }
}

/// The mark on a collider that says whose it is.
pub(crate) fn mark(p: Party) -> u128 {
    let (kind, ix) = match p {
        Party::Wall => (0u128, 0),
        Party::Furniture => (1, 0),
        Party::Floor => (2, 0),
        Party::Robot { robot } => (3, robot.ix),
        Party::Person { person } => (4, person.ix),
        Party::Door { door } => (5, door.ix),
        Party::Lift { lift } => (6, lift.ix),
        Party::Load { load } => (7, load.ix),
        Party::Obstacle { obstacle } => (8, obstacle.ix),
    };
    (kind << 32) | u128::from(ix)
}

/// Whose collider this is.
#[allow(clippy::cast_possible_truncation)] // the mark's low 32 bits
pub(crate) fn marked(data: u128) -> Party {
    let ix = data as u32;
    match data >> 32 {
        1 => Party::Furniture,
        2 => Party::Floor,
        3 => Party::Robot { robot: RobotIx::new(ix) },
        4 => Party::Person { person: PersonIx::new(ix) },
        5 => Party::Door { door: DoorIx::new(ix) },
        6 => Party::Lift { lift: LiftIx::new(ix) },
        7 => Party::Load { load: LoadIx::new(ix) },
        8 => Party::Obstacle { obstacle: ObstacleIx::new(ix) },
        _ => Party::Wall,
    }
}

/// The rapier world.
#[derive(Resource)]
pub(crate) struct Physics {
    pub world: PhysicsWorld,
}

/// A rotation about the vertical.
pub(crate) fn upright(yaw: f32) -> Rotation {
    let (s, c) = nooterra_engine::real::sin_cos(f64::from(yaw) / 2.0);
    #[allow(clippy::cast_possible_truncation)] // unit quaternion
    Rotation::from_xyzw(0.0, 0.0, s as f32, c as f32)
}

fn pose(x: f32, y: f32, z: f32, yaw: f32) -> Pose {
    Pose::from_parts(Vector::new(x, y, z), upright(yaw))
}

#[allow(clippy::cast_possible_truncation)] // parameters
impl Physics {
    /// A world with the plan's floors and walls.
    pub fn of(plan: &Plan, tick_s: f64, iterations: u32) -> Self {
        let mut world = PhysicsWorld { gravity: Vector::new(0.0, 0.0, -crate::wheels::GRAVITY), ..PhysicsWorld::default() };
        Self::settings(&mut world, tick_s, iterations);
        for s in &plan.storeys {
            let (hx, hy) = ((plan.high.0 - plan.low.0) / 2.0 + 20.0, (plan.high.1 - plan.low.1) / 2.0 + 20.0);
            let (mx, my) = ((plan.high.0 + plan.low.0) / 2.0, (plan.high.1 + plan.low.1) / 2.0);
            let slab = ColliderBuilder::cuboid(hx, hy, 0.1).collision_groups(groups::floor()).friction(0.7).user_data(mark(Party::Floor));
            world.insert(RigidBodyBuilder::fixed().pose(pose(mx, my, s.z - 0.1, 0.0)), slab);
            for b in &s.boxes {
                let party = if b.furniture { Party::Furniture } else { Party::Wall };
                let c = ColliderBuilder::cuboid(b.flat.hx, b.flat.hy, b.height / 2.0)
                    .collision_groups(groups::solid())
                    .friction(0.3)
                    .user_data(mark(party));
                let at = pose(b.flat.x, b.flat.y, s.z + b.height / 2.0, b.flat.yaw());
                world.insert_collider(c.position(at), None);
            }
        }
        Self { world }
    }
    /// Integration settings that follow from the parameters.
    pub fn settings(world: &mut PhysicsWorld, tick_s: f64, iterations: u32) {
        let p = &mut world.integration_parameters;
        p.dt = tick_s as f32;
        p.num_solver_iterations = (iterations.max(1)) as usize;
        p.max_ccd_substeps = 0;
        p.contact_softness.natural_frequency = 20.0;
    }
    fn insert(&mut self, body: RigidBodyBuilder, shape: ColliderBuilder) -> BodyRef {
        let (b, c) = self.world.insert(body, shape);
        BodyRef::of(b, c)
    }
    /// A robot: an upright cylinder over its wheels; its weight is carried by our own springs.
    pub fn add_robot(&mut self, ix: RobotIx, radius: f32, height: f32, m: &Mass, at: (f32, f32, f32), yaw: f32) -> BodyRef {
        let under = (0.1 * height).min(0.05);
        let half = (height - under) / 2.0;
        let lying = Rotation::from_xyzw(std::f32::consts::FRAC_1_SQRT_2, 0.0, 0.0, std::f32::consts::FRAC_1_SQRT_2);
        let shape = ColliderBuilder::cylinder(half, radius)
            .position(Pose::from_parts(Vector::new(0.0, 0.0, under + half), lying))
            .density(0.0)
            .friction(0.3)
            .collision_groups(groups::robot(false))
            .user_data(mark(Party::Robot { robot: ix }));
        let body =
            RigidBodyBuilder::dynamic().pose(pose(at.0, at.1, at.2, yaw)).gravity_scale(0.0).additional_mass_properties(mass_properties(m));
        let r = self.insert(body, shape);
        if let Some(b) = self.world.bodies.get_mut(r.body()) {
            let a = b.activation_mut();
            a.normalized_linear_threshold = 0.01;
            a.time_until_sleep = 0.5;
        }
        r
    }
    /// Gives a robot's body these masses.
    pub fn set_mass(&mut self, r: BodyRef, m: &Mass) {
        if let Some(b) = self.world.bodies.get_mut(r.body()) {
            b.set_additional_mass_properties(mass_properties(m), true);
        }
    }
    /// A load, standing on `at`.
    pub fn add_load(&mut self, ix: LoadIx, size: [f32; 3], mass: f32, at: (f32, f32, f32), yaw: f32, stored: bool) -> BodyRef {
        let shape = ColliderBuilder::cuboid(size[0] / 2.0, size[1] / 2.0, size[2] / 2.0)
            .translation(Vector::new(0.0, 0.0, size[2] / 2.0))
            .mass(mass)
            .friction(0.6)
            .collision_groups(groups::load(false))
            .user_data(mark(Party::Load { load: ix }));
        self.insert(RigidBodyBuilder::dynamic().pose(pose(at.0, at.1, at.2, yaw)).enabled(!stored), shape)
    }
    /// A person: an upright capsule that moves as told.
    pub fn add_person(&mut self, ix: PersonIx, radius: f32, at: (f32, f32, f32)) -> BodyRef {
        let shape = ColliderBuilder::capsule_z(0.85 - radius, radius)
            .translation(Vector::new(0.0, 0.0, 0.85))
            .collision_groups(groups::person())
            .user_data(mark(Party::Person { person: ix }));
        self.insert(RigidBodyBuilder::kinematic_position_based().pose(pose(at.0, at.1, at.2, 0.0)), shape)
    }
    /// A heavy box.
    pub fn add_obstacle(&mut self, ix: ObstacleIx, flat: &Box2, height: f32, z: f32) -> BodyRef {
        let shape = ColliderBuilder::cuboid(flat.hx, flat.hy, height / 2.0)
            .collision_groups(groups::solid())
            .friction(0.5)
            .user_data(mark(Party::Obstacle { obstacle: ix }));
        self.insert(RigidBodyBuilder::fixed().pose(pose(flat.x, flat.y, z + height / 2.0, flat.yaw())), shape)
    }
    /// A panel of a door: `z` is its floor.
    pub fn add_panel(&mut self, party: Party, flat: &Box2, height: f32, z: f32) -> BodyRef {
        let shape =
            ColliderBuilder::cuboid(flat.hx, flat.hy, height / 2.0).collision_groups(groups::solid()).friction(0.2).user_data(mark(party));
        self.insert(RigidBodyBuilder::kinematic_position_based().pose(pose(flat.x, flat.y, z + height / 2.0, flat.yaw())), shape)
    }
    /// Sends a panel where it has to be at the end of the tick.
    pub fn move_panel(&mut self, r: BodyRef, flat: &Box2, height: f32, z: f32) {
        if let Some(b) = self.world.bodies.get_mut(r.body()) {
            b.set_next_kinematic_position(pose(flat.x, flat.y, z + height / 2.0, flat.yaw()));
        }
    }
    /// A cabin: a platform and walls, given in its own frame; its origin is the middle of its floor.
    pub fn add_cabin(&mut self, ix: LiftIx, flat: &Box2, walls: &[(f32, f32, f32, f32)], height: f32, z: f32) -> BodyRef {
        let party = mark(Party::Lift { lift: ix });
        let floor = ColliderBuilder::cuboid(flat.hx, flat.hy, 0.05)
            .translation(Vector::new(0.0, 0.0, -0.05))
            .collision_groups(groups::cabin())
            .friction(0.7)
            .user_data(party);
        let r = self.insert(RigidBodyBuilder::kinematic_position_based().pose(pose(flat.x, flat.y, z, flat.yaw())), floor);
        for (x, y, hx, hy) in walls {
            let c = ColliderBuilder::cuboid(*hx, *hy, height / 2.0)
                .translation(Vector::new(*x, *y, height / 2.0))
                .collision_groups(groups::solid())
                .friction(0.2)
                .user_data(party);
            self.world.insert_collider(c, Some(r.body()));
        }
        r
    }
    /// Moves an upright kinematic body.
    pub fn move_to(&mut self, r: BodyRef, x: f32, y: f32, z: f32, yaw: f32) {
        if let Some(b) = self.world.bodies.get_mut(r.body()) {
            b.set_next_kinematic_position(pose(x, y, z, yaw));
        }
    }
    /// Takes a load out of the physics or puts it back at a pose with a velocity.
    pub fn set_loose(&mut self, r: BodyRef, loose: Option<(Pose, Vector)>) {
        if let Some(b) = self.world.bodies.get_mut(r.body()) {
            if let Some((at, v)) = loose {
                b.set_position(at, true);
                b.set_enabled(true);
                b.set_linvel(v, true);
                b.set_angvel(Vector::ZERO, true);
            } else {
                b.set_enabled(false);
            }
        }
    }
    /// Changes whom a collider meets.
    pub fn set_groups(&mut self, r: BodyRef, g: InteractionGroups) {
        if self.world.colliders.get(r.collider()).is_some_and(|c| c.collision_groups() != g)
            && let Some(c) = self.world.colliders.get_mut(r.collider())
        {
            c.set_collision_groups(g);
        }
    }
    /// Takes a body out of the world.
    pub fn remove(&mut self, r: BodyRef) {
        self.world.remove_body(r.body());
    }
}

fn mass_properties(m: &Mass) -> MassProperties {
    MassProperties::new(Vector::new(0.0, 0.0, m.com), m.mass, Vector::new(m.inertia_tilt, m.inertia_tilt, m.inertia_z))
}
