//! Thresholds of the detectors (domain 8.2), a value of the tenant's policy. Units are in the names.

use nooterra_engine::Record;

/// Nanoseconds in a millisecond and a second.
pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SEC: u64 = 1_000 * MS;

macro_rules! thresholds {
    ($($(#[$doc:meta])* $name:ident $ty:ty = $value:expr;)*) => {
        /// Where each detector begins to speak.
        #[derive(Debug, Clone, PartialEq, Eq, Record)]
        pub struct Thresholds { $($(#[$doc])* pub $name: $ty,)* }
        impl Default for Thresholds {
            fn default() -> Self {
                Self { $($name: $value),* }
            }
        }
    };
}

thresholds! {
    /// `COLLISION`: impulse of severity 2.
    collision_2_mns u64 = 500;
    /// `COLLISION`: impulse of severity 3.
    collision_3_mns u64 = 2_000;
    /// `COLLISION`: impulse of severity 4.
    collision_4_mns u64 = 10_000;
    /// `COLLISION`: impulse of severity 5.
    collision_5_mns u64 = 40_000;
    /// `HUMAN_CONTACT`: impulse of severity 4.
    human_4_mns u64 = 50;
    /// `HUMAN_CONTACT`: force of severity 4.
    human_4_mn u64 = 20_000;
    /// `HUMAN_CONTACT`: impulse of severity 5.
    human_5_mns u64 = 2_000;
    /// `HUMAN_CONTACT`: force of severity 5.
    human_5_mn u64 = 140_000;
    /// `HUMAN_CONTACT`: a touch with a person this near is a touch of that person.
    human_near_mm u32 = 300;
    /// `HUMAN_CONTACT`: seen so long ago at most.
    human_near_ns u64 = 200 * MS;
    /// `NEAR_MISS`: least clearance of the tier.
    miss_clearance_mm u32 = 500;
    /// `NEAR_MISS`: at this speed or more.
    miss_speed_mm_s u32 = 250;
    /// `NEAR_MISS`: less than this to contact.
    miss_contact_ms u32 = 500;
    /// `NEAR_MISS`: less than this while moving is severity 3.
    miss_close_mm u32 = 100;
    /// From this speed on something moves.
    moving_mm_s u32 = 10;
    /// `PROTECTIVE_STOP_STORM`: so many are severity 2.
    storm_2 u32 = 5;
    /// `PROTECTIVE_STOP_STORM`: so many are severity 3.
    storm_3 u32 = 10;
    /// `PROTECTIVE_STOP_STORM`: within this time.
    storm_ns u64 = 60 * SEC;
    /// `PAYLOAD_DROP`: least fall.
    drop_g u32 = 100;
    /// `PAYLOAD_DROP`: least fall, of the load before.
    drop_bps u32 = 2_000;
    /// `PAYLOAD_DROP`: within this time.
    drop_ns u64 = 500 * MS;
    /// `ZONE_VIOLATION`: more than this outside.
    zone_mm u32 = 50;
    /// `ZONE_VIOLATION`: for this time.
    zone_ns u64 = 200 * MS;
    /// `STALL`: severity 1 after this.
    stall_1_ns u64 = 60 * SEC;
    /// `STALL`: severity 2 after this.
    stall_2_ns u64 = 300 * SEC;
    /// `LINK_LOST`: severity 1 after this, `stall_after` of the tier.
    link_1_ns u64 = 15 * SEC;
    /// `LINK_LOST`: severity 2 after this.
    link_2_ns u64 = 300 * SEC;
    /// `LOCALISATION_DIVERGENCE`: offset.
    pose_mm u32 = 300;
    /// `LOCALISATION_DIVERGENCE`: turn.
    pose_urad u64 = 175_000;
    /// `LOCALISATION_DIVERGENCE`: for this time; still moving after as much again is severity 3.
    pose_ns u64 = 2 * SEC;
    /// `TWIN_RESIDUAL`: mean, thousandths of a standard deviation.
    residual_milli u32 = 3_000;
    /// `TWIN_RESIDUAL`: the mean is over this time.
    residual_mean_ns u64 = 5 * SEC;
    /// `TWIN_RESIDUAL`: for this time.
    residual_ns u64 = 3 * SEC;
    /// `BATTERY_DEPLETION`: margin over the way to the nearest dock.
    battery_bps u32 = 500;
    /// `CLAMP_BREACH`: more than this of the bound.
    clamp_bps u32 = 11_000;
    /// `CLAMP_BREACH`: for this time.
    clamp_ns u64 = 200 * MS;
    /// `TIP_OVER`: tilt.
    tilt_urad u64 = 350_000;
    /// `UNCOMMANDED_MOTION`: speed under an acknowledged stop.
    uncommanded_mm_s u32 = 50;
    /// `UNCOMMANDED_MOTION`: for this time.
    uncommanded_ns u64 = 300 * MS;
    /// `TELEMETRY_GAP`: a chunk is missing for more than this.
    gap_ns u64 = 2 * SEC;
}
