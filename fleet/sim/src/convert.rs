//! Between the twin's instruments and the hardware contract of the port.

use crate::fleet::SimRobot;
use nooterra_engine::ids::ItemId;
use nooterra_engine::{Instant, Span};
use nooterra_port::camera::{CameraKind, Image, SEEN_MAX, Seen, Sort};
use nooterra_port::hardware::{GripperState, MarkerSighting, PositionFix, Scan, SensorFrame};
use nooterra_twin::{Handled, Handling, Party, Readings, SCAN_FREE, SCAN_LOST, Twin};

/// Robots' brains think this often.
pub const CYCLE: Span = Span::from_millis(50);
/// Half of what a camera's lens takes in, rad, and how far it can tell what it sees, m.
const VIEW_RAD: f64 = 0.6;
const VIEW_M: f64 = 8.0;
/// People farther away than this matter to nobody, m.
const PERSON_M: f64 = 3.0;

/// Fills everything but the scan, the bump and the deck reader.
pub fn fill_frame(frame: &mut SensorFrame, now: Instant, r: &Readings, wheels: usize) {
    frame.dev_ns = now;
    frame.encoders.clear();
    frame.encoders.extend_from_slice(&r.encoders[..wheels.min(4)]);
    frame.gyro_radps = r.yaw_rate_radps;
    frame.markers.clear();
    if let Some(m) = r.marker {
        frame.markers.push(MarkerSighting { vertex: m.vertex.ix, x_m: m.at.x, y_m: m.at.y, theta_rad: -m.heading_rad });
    }
    frame.fix = r.fix.map(|at| PositionFix { x_m: at.x, y_m: at.y });
    frame.battery_mv = r.battery_mv;
    frame.soc_bps = r.charge_bps;
    frame.current_ma = r.battery_ma;
    frame.charging = r.charging;
    frame.deck_g = r.deck_g;
    frame.gripper = gripper(r);
}

/// Copies a scan into the frame, reusing its memory.
pub fn fill_scan(frame: &mut SensorFrame, spare: &mut Option<Scan>, ranges_mm: &[u16], range_max_m: f32) {
    let mut scan = frame.scan.take().or_else(|| spare.take()).unwrap_or_default();
    scan.angle_min_rad = 0.0;
    #[allow(clippy::cast_precision_loss)] // a few hundred rays
    let n = ranges_mm.len().max(1) as f64;
    scan.angle_step_rad = std::f64::consts::TAU / n;
    scan.range_max_m = range_max_m;
    scan.ranges_m.clear();
    scan.ranges_m.extend(ranges_mm.iter().map(|r| if *r == SCAN_FREE || *r == SCAN_LOST { 0.0 } else { f32::from(*r) / 1000.0 }));
    frame.scan = Some(scan);
}

fn gripper(r: &Readings) -> GripperState {
    match (r.handling, r.handled) {
        (Handling::Taking { .. } | Handling::Placing { .. } | Handling::Raising { .. }, _) => GripperState::Busy,
        (Handling::Holding { .. }, _) => GripperState::Done,
        // What it held with others is not in its grip any more, and nothing was asked.
        (Handling::Idle, Handled::Nothing | Handled::Slipped) => GripperState::Idle,
        (Handling::Idle, Handled::Taken | Handled::Placed | Handled::Released | Handled::Racked) => GripperState::Done,
        (Handling::Idle, _) => GripperState::Failed,
    }
}

/// Of so many control cycles each second, one makes an image.
#[must_use]
pub fn is_image_due(cycle: u64) -> bool {
    cycle.is_multiple_of(ticks(nooterra_port::camera::EVERY, CYCLE))
}

/// What a robot's camera sees now, if it has one: how near the nearest person is, and an image when it is time to.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // metres and radians of a view
pub(crate) fn fill_view(frame: &mut SensorFrame, twin: &Twin, r: &SimRobot, image_due: bool) {
    (frame.person_m, frame.image) = (None, None);
    if r.agent.config().camera == CameraKind::None {
        return;
    }
    let view = twin.view(r.ix, VIEW_RAD, if image_due { VIEW_M } else { PERSON_M });
    let person = |(party, gap_m, _): &(Party, f64, f64)| (matches!(party, Party::Person { .. }) && *gap_m <= PERSON_M).then_some(*gap_m);
    frame.person_m = view.iter().find_map(person);
    if image_due {
        let seen = view.into_iter().take(SEEN_MAX).filter_map(|(party, gap_m, bearing_rad)| {
            let what = match party {
                Party::Robot { .. } => Sort::Robot,
                Party::Person { .. } => Sort::Person,
                _ => return None,
            };
            Some(Seen { range_mm: (gap_m * 1e3) as u32, bearing_mrad: (bearing_rad * 1e3) as i32, what })
        });
        frame.image = Some(Image { at_ns: 0, seen: seen.collect() });
    }
}

/// Which item a robot's reader sees on its deck.
#[must_use]
pub fn seen(deck_g: u32, held: Option<ItemId>) -> Option<ItemId> {
    held.filter(|_| deck_g > 20)
}

/// A period in whole ticks, at least one.
#[must_use]
pub fn ticks(period: Span, tick: Span) -> u64 {
    (period.0 / tick.0.max(1)).max(1)
}
