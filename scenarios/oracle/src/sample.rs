//! What a run is measured by, once each simulated second.

use nooterra_engine::Record;
use std::collections::BTreeMap;

macro_rules! sample {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $name:literal;)*) => {
        /// Every metric at one instant. Its names are those that scenarios use.
        #[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
        pub struct Sample {
            $($(#[$doc])* pub $field: $type,)*
            /// Members of families of metrics, by full name: those that somebody asks for.
            pub named: BTreeMap<String, i64>,
        }
        impl Sample {
            /// Names of all metrics, in the order of the fields.
            pub const NAMES: &'static [&'static str] = &[$($name),*];
            /// The value of a metric.
            #[allow(clippy::cast_precision_loss)] // conditions count in doubles; no metric comes near 2^53
            pub fn metric(&self, name: &str) -> Option<f64> {
                match name {
                    $($name => Some(self.$field as f64),)*
                    _ => self.named.get(name).map(|v| *v as f64),
                }
            }
            /// All metrics with their names.
            pub fn all(&self) -> Vec<(&'static str, f64)> {
                Self::NAMES.iter().map(|n| (*n, self.metric(n).unwrap_or_default())).collect()
            }
        }
    };
}

sample! {
    /// Simulated seconds since the start.
    time_s: u64 = "time.s";
    /// Jobs created by requesters.
    jobs_requested: u64 = "jobs.requested";
    /// Quotes submitted by providers.
    jobs_quotes: u64 = "jobs.quotes";
    /// Jobs ever booked.
    jobs_booked: u64 = "jobs.booked";
    /// Jobs on which work ever began.
    jobs_started: u64 = "jobs.started";
    /// Jobs whose work was reported done.
    jobs_completed: u64 = "jobs.completed";
    /// Jobs in SETTLED.
    jobs_settled: u64 = "jobs.settled";
    /// Jobs in WITHDRAWN.
    jobs_withdrawn: u64 = "jobs.withdrawn";
    /// Jobs that ended without completion.
    jobs_aborted: u64 = "jobs.aborted";
    /// Jobs in no terminal state.
    jobs_open: u64 = "jobs.open";
    /// Jobs whose proof passed in full.
    jobs_pass: u64 = "jobs.pass";
    /// Jobs to which no robot came in time.
    jobs_no_show: u64 = "jobs.no_show";
    /// Minor units ever authorised.
    money_authorised: u64 = "money.authorised";
    /// Minor units ever captured.
    money_captured: u64 = "money.captured";
    /// Minor units ever given back.
    money_refunded: u64 = "money.refunded";
    /// Minor units ever credited to providers.
    money_providers: u64 = "money.providers";
    /// Minor units ever credited to the platform.
    money_platform: u64 = "money.platform";
    /// Minor units ever credited to the insurance reserve.
    money_insurance: u64 = "money.insurance";
    /// Minor units ever credited to skill developers.
    money_developers: u64 = "money.developers";
    /// Minor units ever credited to remote operators.
    money_operators: u64 = "money.operators";
    /// Minor units ever credited to the owner of the first robot of a job that another owner's robot went on with.
    money_first_legs: u64 = "money.first_legs";
    /// Minor units ever credited to the other owners of such jobs.
    money_later_legs: u64 = "money.later_legs";
    /// Minor units ever paid out.
    money_paid_out: u64 = "money.paid_out";
    /// Minor units in escrow now.
    money_escrow: i64 = "money.escrow";
    /// Debits minus credits over the whole book.
    money_imbalance: i64 = "money.imbalance";
    /// Contacts above the limit of the safety judge.
    safety_collisions: u64 = "safety.collisions";
    /// Contacts of any strength.
    safety_contacts: u64 = "safety.contacts";
    /// Strongest contact so far, mN s.
    safety_contacts_max_mns: u64 = "safety.contacts_max_mns";
    /// Protective stops.
    safety_stops: u64 = "safety.stops";
    /// Commands that robots' own policies reduced.
    safety_clamps: u64 = "safety.clamps";
    /// Robots.
    fleet_robots: u64 = "fleet.robots";
    /// Robots bound to a job now.
    fleet_busy: u64 = "fleet.busy";
    /// Robots that stand with an order for longer than the limit.
    fleet_stuck: u64 = "fleet.stuck";
    /// Robots without energy or out of service.
    fleet_dead: u64 = "fleet.dead";
    /// Metres driven by all.
    fleet_distance_m: u64 = "fleet.distance_m";
    /// Lowest state of charge now, 1/10 000.
    fleet_soc_min_bps: u64 = "fleet.soc_min_bps";
    /// Times that people took a robot off the floor.
    fleet_recovered: u64 = "fleet.recovered";
    /// Times that a repaired robot was put back.
    fleet_returned: u64 = "fleet.returned";
    /// Robots in quarantine now.
    fleet_quarantined: u64 = "fleet.quarantined";
    /// Robots under a remote stop now.
    fleet_stopped: u64 = "fleet.stopped";
    /// Times that a way was planned anew because something stood in it.
    replans: u64 = "replans";
    /// Jobs handed from one robot to another.
    handovers: u64 = "handovers";
    /// Times that a working job stalled.
    stalls: u64 = "stalls";
    /// Incidents opened.
    incidents_opened: u64 = "incidents.opened";
    /// Incidents of severity 4 and 5.
    incidents_severe: u64 = "incidents.severe";
    /// Incidents of missing chunks or windows.
    incidents_gaps: u64 = "incidents.gaps";
    /// Of these, those of severity 3.
    incidents_gaps_material: u64 = "incidents.gaps_material";
    /// Incidents of motion that is not what was commanded.
    incidents_residual: u64 = "incidents.residual";
    /// Incidents NEAR_MISS and HUMAN_CONTACT opened.
    incidents_people: u64 = "incidents.people";
    /// Incidents PRIVACY_BREACH opened.
    incidents_privacy: u64 = "incidents.privacy";
    /// Incidents LOCALISATION_DIVERGENCE opened.
    incidents_divergence: u64 = "incidents.divergence";
    /// Pieces of evidence that are images.
    evidence_images: u64 = "evidence.images";
    /// Images that gates let through.
    images_kept: u64 = "images.kept";
    /// Images kept while a gate was shut.
    images_leaked: u64 = "images.leaked";
    /// Times that dispatch passed a robot over for its camera.
    privacy_barred: u64 = "privacy.barred";
    /// Pieces of evidence out of black boxes.
    evidence_boxes: u64 = "evidence.boxes";
    /// Faults begun by the scenario.
    faults_injected: u64 = "faults.injected";
    /// Faults in force now.
    faults_active: u64 = "faults.active";
    /// Messages handed to the simulated network.
    network_sent: u64 = "network.sent";
    /// Messages lost.
    network_lost: u64 = "network.lost";
    /// Requests to open a door, repeated ones among them.
    doors_opened: u64 = "doors.opened";
    /// Doors that are not shut now.
    doors_open: u64 = "doors.open";
    /// Requests for a lift to carry a robot, repeated ones among them.
    lifts_rides: u64 = "lifts.rides";
    /// Loads that stand on racks now.
    loads_racked: u64 = "loads.racked";
    /// Loads that lie on the floor now.
    loads_loose: u64 = "loads.loose";
    /// Loads that lie in transfer places now.
    loads_deposited: u64 = "loads.deposited";
    /// Times that dispatch passed a robot over for want of a certificate.
    skills_barred: u64 = "skills.barred";
    /// Jobs booked at the lowest price quoted.
    jobs_lowest: u64 = "jobs.lowest";
    /// No-shows after which the requester waited.
    jobs_waited: u64 = "jobs.waited";
    /// Basis points charged for cancelled jobs.
    jobs_fee_bps: u64 = "jobs.fee_bps";
    /// Minor units charged at settlement.
    money_charged: u64 = "money.charged";
    /// Minor units charged for cancelled jobs.
    money_fees: u64 = "money.fees";
    /// Minor units charged for moving bookings.
    money_moves: u64 = "money.moves";
    /// Minor units that providers owe requesters.
    money_compensated: u64 = "money.compensated";
    /// Minor units credited for missed service levels.
    money_credits: u64 = "money.credits";
    /// Minor units of credit that paid for jobs.
    money_redeemed: u64 = "money.redeemed";
    /// Minor units of booked reference prices for scarcity.
    money_surge: u64 = "money.surge";
}
