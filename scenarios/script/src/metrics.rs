//! The named numbers that expectations speak of. A judge samples them each simulated second. An amount, `money.…` or
//! `ledger.…`, is of the market's own currency; with another currency's code at the end, as in `money.captured.JPY`, it is
//! of that one. `money.imbalance` alone is that of all books together.

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name in expressions.
    pub name: &'static str,
    /// What it counts, with its unit.
    pub about: &'static str,
}

macro_rules! metrics {
    ($($name:literal: $about:literal;)*) => {
        /// Every metric that an expectation may name.
        pub const METRICS: &[Metric] = &[$(Metric { name: $name, about: $about }),*];
    };
}

metrics! {
    "time.s": "simulated seconds since the start";
    "jobs.requested": "jobs created by requesters";
    "jobs.quotes": "quotes submitted by providers";
    "jobs.booked": "jobs ever booked";
    "jobs.started": "jobs on which work ever began";
    "jobs.completed": "jobs whose work was reported done";
    "jobs.settled": "jobs in SETTLED";
    "jobs.withdrawn": "jobs in WITHDRAWN: ended before booking";
    "jobs.aborted": "jobs that ended without completion";
    "jobs.open": "jobs in no terminal state";
    "jobs.pass": "jobs whose proof passed in full";
    "jobs.no_show": "jobs to which no robot came in time";
    "money.authorised": "minor units ever authorised by payers";
    "money.captured": "minor units ever captured from payers";
    "money.refunded": "minor units ever given back to payers";
    "money.providers": "minor units ever credited to providers";
    "money.platform": "minor units ever credited to the platform";
    "money.insurance": "minor units ever credited to the insurance reserve";
    "money.developers": "minor units ever credited to skill developers";
    "money.operators": "minor units ever credited to remote operators";
    "money.first_legs": "minor units ever credited to the owner of the first robot of a job that another owner's robot went on with";
    "money.later_legs": "minor units ever credited to the other owners of such jobs";
    "money.paid_out": "minor units ever paid out";
    "money.escrow": "minor units in escrow now";
    "money.imbalance": "debits minus credits of each currency, without signs, all together, minor units; must be 0";
    "safety.collisions": "contacts above walking-pace impulse, robot with robot or wall";
    "safety.contacts": "contacts of any strength, robot with robot, wall or obstacle";
    "safety.contacts_max_mns": "strongest contact so far, mN s";
    "safety.stops": "protective stops";
    "safety.clamps": "commands that a robot's own policy reduced";
    "fleet.robots": "robots";
    "fleet.busy": "robots that are bound to a job now";
    "fleet.stuck": "robots that have had an order and not moved for longer than the stall limit";
    "fleet.dead": "robots without energy or out of service";
    "fleet.distance_m": "metres driven by all robots";
    "fleet.soc_min_bps": "lowest state of charge now, 1/10000";
    "fleet.recovered": "times that people took a robot off the floor";
    "fleet.returned": "times that a repaired robot was put back";
    "fleet.quarantined": "robots in quarantine now";
    "fleet.stopped": "robots under a remote stop now";
    "replans": "times that a way was planned anew because something stood in it";
    "handovers": "jobs handed from one robot to another";
    "stalls": "times that a working job stalled";
    "incidents.opened": "incidents opened";
    "incidents.severe": "incidents of severity 4 and 5";
    "incidents.gaps": "incidents TELEMETRY_GAP opened: chunks or whole windows of a black box are missing";
    "incidents.gaps_material": "such incidents of severity 3";
    "incidents.residual": "incidents TWIN_RESIDUAL opened: robots that moved otherwise than they commanded";
    "incidents.people": "incidents NEAR_MISS and HUMAN_CONTACT opened: robots too fast beside people, or in touch with them";
    "incidents.privacy": "incidents PRIVACY_BREACH opened: images kept while a gate was shut";
    "incidents.divergence": "incidents LOCALISATION_DIVERGENCE opened: robots that were not where they thought";
    "evidence.images": "pieces of evidence that are images";
    "images.kept": "images that robots' gates have let through";
    "images.leaked": "images that were kept while a gate was shut";
    "evidence.boxes": "pieces of evidence out of black boxes, proven by their anchors";
    "faults.injected": "faults that the scenario has begun";
    "faults.active": "faults in force now";
    "network.sent": "messages handed to the simulated network";
    "network.lost": "messages lost to chance, cuts and partitions";
    "doors.opened": "requests to open a door for a robot, repeated ones among them";
    "doors.open": "doors that are truly not shut now";
    "lifts.rides": "requests for a lift to carry a robot, repeated ones among them";
    "loads.racked": "loads that stand on racks now";
    "loads.loose": "loads that lie on the floor now";
    "loads.deposited": "loads that lie in transfer places now";
    "privacy.barred": "times that dispatch passed a robot over because its camera cannot be shut";
    "skills.barred": "times that dispatch passed a robot over for want of a certificate";
    "jobs.lowest": "jobs booked at the lowest price that anybody had quoted for them";
    "jobs.waited": "no-shows after which the requester waited";
    "jobs.fee_bps": "basis points of the service amount charged for cancelled jobs, all together";
    "money.charged": "minor units charged at settlement: for work done, or for cancelled jobs";
    "money.fees": "minor units charged for cancelled jobs";
    "money.moves": "minor units charged for moving bookings";
    "money.compensated": "minor units that providers owe for no-shows, cancelled and moved bookings";
    "money.credits": "minor units credited for missed service levels";
    "money.redeemed": "minor units of their credit that requesters paid jobs with, less what came back to it";
    "money.surge": "minor units of the booked jobs' reference prices that are for scarcity";
}

/// The metric of this name.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|m| m.name == name)
}
