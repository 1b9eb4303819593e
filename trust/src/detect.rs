//! Detectors (domain 8.2): readings in device time go in, findings come out. The same code runs on the robot and, over
//! anchored telemetry, on the platform, so a robot that says nothing silences nothing.
//!
//! Integers only. "For a time" means over consecutive readings of the same kind; what waits for something that does not
//! come (`LINK_LOST`, `TELEMETRY_GAP`) is judged at every sample, [`Reading::Tick`] included. An episode is told once,
//! and again when it gets worse. Every window is part of the state, so it is frozen and thawed with it.

mod body;
mod place;
mod sample;
mod threshold;
mod watch;

pub use body::{ClampBreach, Contacts, Localisation, NearMiss, PayloadDrop, Stall, StopStorm, TipOver, TwinResidual, Uncommanded};
pub use place::{Battery, EARLY_MAX, LinkLost, Privacy, TelemetryGap, ZoneViolation};
pub use sample::{Finding, Reading, Sample};
pub use threshold::Thresholds;
pub use watch::{Edge, Hold, Line};

use crate::incident::IncidentCode;
use nooterra_engine::Record;

/// All detectors of one robot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Detectors {
    line: Line,
    contacts: Contacts,
    near_miss: NearMiss,
    storm: StopStorm,
    drop: PayloadDrop,
    zone: ZoneViolation,
    stall: Stall,
    link: LinkLost,
    localisation: Localisation,
    residual: TwinResidual,
    battery: Battery,
    clamp: ClampBreach,
    tip: TipOver,
    uncommanded: Uncommanded,
    privacy: Privacy,
    gap: TelemetryGap,
}

impl Detectors {
    /// One sample: what it makes certain, in the order of the codes. A sample older than one before is judged as of
    /// that one.
    pub fn see(&mut self, p: &Thresholds, sample: &Sample) -> Vec<Finding> {
        let now = self.line.place(sample.at.boot, sample.at.ns);
        let r = &sample.reading;
        let (collision, human) = self.contacts.see(now, r, p);
        let levels = [
            (IncidentCode::Collision, collision),
            (IncidentCode::HumanContact, human),
            (IncidentCode::NearMiss, self.near_miss.see(r, p)),
            (IncidentCode::ProtectiveStopStorm, self.storm.see(now, r, p)),
            (IncidentCode::PayloadDrop, self.drop.see(now, r, p)),
            (IncidentCode::ZoneViolation, self.zone.see(now, r, p)),
            (IncidentCode::Stall, self.stall.see(now, r, p)),
            (IncidentCode::LinkLost, self.link.see(now, r, p)),
            (IncidentCode::LocalisationDivergence, self.localisation.see(now, r, p)),
            (IncidentCode::TwinResidual, self.residual.see(now, r, p)),
            (IncidentCode::BatteryDepletion, self.battery.see(r, p)),
            (IncidentCode::ClampBreach, self.clamp.see(now, r, p)),
            (IncidentCode::TipOver, self.tip.see(r, p)),
            (IncidentCode::UncommandedMotion, self.uncommanded.see(now, r, p)),
            (IncidentCode::PrivacyBreach, self.privacy.see(r)),
            (IncidentCode::AccessAnomaly, place::access(r)),
            (IncidentCode::TelemetryGap, self.gap.see(now, r, p)),
        ];
        // Nearly always there is nothing to tell.
        if levels.iter().all(|(_, level)| level.is_none()) {
            return Vec::new();
        }
        let told = levels.into_iter().filter_map(|(code, level)| Some((code, level?)));
        told.map(|(code, (severity, measure))| Finding { code, severity, at: sample.at, measure }).collect()
    }
}
