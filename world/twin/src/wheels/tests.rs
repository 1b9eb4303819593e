use super::*;

fn rest(c: &Chassis) -> (Mass, Wheels) {
    let m = Mass { mass: c.mass, inertia_z: c.inertia_z, inertia_tilt: c.inertia_tilt, com: c.com };
    let mut st = Wheels::default();
    for i in 0..4 {
        st.load[i] = c.wheels[i].share * c.mass * GRAVITY;
    }
    (m, st)
}

#[test]
fn a_symmetric_system_is_solved() {
    let a = [4.0, 1.0, 0.5, 3.0, -0.25, 2.0];
    let x = solve(a, [1.0, 2.0, 3.0]);
    let back = [a[0] * x[0] + a[1] * x[1] + a[2] * x[2], a[1] * x[0] + a[3] * x[1] + a[4] * x[2], a[2] * x[0] + a[4] * x[1] + a[5] * x[2]];
    for (b, e) in back.iter().zip([1.0, 2.0, 3.0]) {
        assert!((b - e).abs() < 1e-5, "{back:?}");
    }
}

#[test]
fn a_robot_at_rest_stays_exactly_at_rest_in_the_plane() {
    let c = Chassis::of(&RobotModel::default());
    let (m, mut st) = rest(&c);
    let (w, f) = drive(&c, &m, Twist::default(), &mut st, &[Motor::Speed(0.0); 4], &[0.8; 4], 0.02);
    assert_eq!((w, f), ([0.0; 3], [0.0; 2]));
}

#[test]
fn springs_carry_exactly_the_weight_at_their_static_deflection() {
    let c = Chassis::of(&RobotModel::default());
    let (m, mut st) = rest(&c);
    let v = ride(&c, &m, Twist::default(), &mut st, &[0.0; 4], 0.0, [0.0; 2], 0.02);
    assert!(v.iter().all(|x| x.abs() < 1e-5), "{v:?}");
    assert!((st.load.iter().sum::<f32>() - c.mass * GRAVITY).abs() < 0.01);
}

#[test]
fn full_slip_never_gives_more_than_the_friction_limit() {
    let c = Chassis::of(&RobotModel::default());
    let (m, mut st) = rest(&c);
    let grip = [0.1; 4];
    let v = Twist { left: 2.0, ..Twist::default() };
    let (_, f) = drive(&c, &m, v, &mut st, &[Motor::Speed(0.0); 4], &grip, 0.02);
    let cap = 0.1 * (st.load[0] + st.load[1]) + c.resistance * (st.load[2] + st.load[3]);
    let pull = (f[0] * f[0] + f[1] * f[1]).sqrt();
    assert!(pull <= cap * 1.02 && pull > 0.9 * cap, "{pull} against {cap}");
}
