//! What people do in the market, as it is resolved: one deed for each act of a scenario file, and what is done by itself.

use crate::acts::*;
use crate::disputes::{About, BearsAward, Disputer};
use crate::keeping::{PolicyPlan, Whose};
use nooterra_engine::Record;
use nooterra_engine::ids::{SiteId, ZoneId};
use nooterra_engine::money::Amount;
use nooterra_engine::time::Span;

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum Deed {
    /// A job is cancelled.
    Cancel {
        /// By whom.
        by: By,
        /// For safety's sake.
        safety: bool,
    },
    /// Access is taken back.
    Revoke {
        /// By whom.
        by: By,
        /// Why.
        why: RevokeWhy,
    },
    /// The bank takes the payment back.
    Chargeback {
        /// What it decides.
        verdict: Verdict,
        /// Time until it does.
        decided_after: Span,
        /// Minor units, if not all.
        amount: Option<Amount>,
        /// The provider's fee.
        fee: Amount,
    },
    /// The requester issues the access plan of its job itself.
    IssuePlan {
        /// For how long from now.
        lasts: Span,
        /// Areas (indexes in the site) that may be entered by it.
        areas: Vec<u32>,
        /// Areas that may not.
        no_go: Vec<u32>,
    },
    /// The requester complains.
    Complain {
        /// Of what.
        of: Complaint,
        /// What is asked back.
        amount: Option<Amount>,
    },
    /// The job's last incident is judged.
    Triage {
        /// How bad.
        severity: u8,
        /// Who answers.
        fault: Blame,
        /// It did happen.
        confirmed: bool,
    },
    /// Money is demanded for the job's last incident.
    Claim {
        /// By whom.
        by: By,
        /// How much.
        demand: Amount,
        /// For what.
        head: Harm,
    },
    /// The evidence of the job's last claim is judged.
    Assess {
        /// Documents seen.
        documents: Vec<Paper>,
    },
    /// The job's last claim is decided.
    Decide {
        /// By whom.
        by: Court,
        /// The harm found, if it is granted.
        grant: Option<Amount>,
        /// The claimant's own part, basis points.
        own_fault_bps: u32,
        /// Who bears it, basis points.
        borne_by: Vec<(Payer, u32)>,
    },
    /// Books are set right.
    Adjust {
        /// For whom.
        to: By,
        /// How much.
        amount: Amount,
        /// Last month's.
        late: bool,
        /// With both keys.
        second: bool,
    },
    /// Somebody speaks in another's name.
    Forge {
        /// How.
        how: Forgery,
    },
    /// A robot is barred from work.
    Quarantine {
        /// Index into `robots`; none: the one that the job has.
        robot: Option<u32>,
        /// Over by itself after this.
        lasts: Option<Span>,
    },
    /// Robots are stopped.
    Stop {
        /// By whom.
        by: By,
        /// Which.
        what: Stopped,
        /// Is drive power cut?
        power_off: bool,
        /// What becomes of work.
        then: ThenWhat,
    },
    /// All stops that are in force are cleared, as far as this person may.
    ClearStops {
        /// By whom.
        by: By,
    },
    /// A robot's quarantine is cleared.
    ClearQuarantine {
        /// Index into `robots`.
        robot: u32,
    },
    /// A skill is revoked.
    RevokeSkill {
        /// By whom.
        by: SkillBy,
        /// How hard.
        level: RevokeLevel,
        /// Only for this model.
        model: Option<String>,
    },
    /// A requester, the site or a zone of it gets a contract of its own.
    Contract {
        /// Index into `requesters`; with everybody if none.
        requester: Option<u32>,
        /// For this site.
        site: Option<SiteId>,
        /// For work that touches this zone.
        zone: Option<ZoneId>,
        /// Coverage fee of each job, if it differs.
        cover_fee: Option<Amount>,
        /// Indexes into `providers` that are never asked.
        excludes: Vec<u32>,
    },
    /// A series is ended.
    EndSeries {
        /// Index into `series`.
        series: u32,
        /// By whom.
        by: By,
    },
    /// A quote is answered with another price.
    Counter {
        /// Index into `providers`.
        provider: u32,
        /// The price offered over the newest one, parts per million.
        offer_ppm: u32,
        /// How long it stands at most.
        lasts: Option<Span>,
    },
    /// A quote is chosen.
    Award {
        /// Index into `providers`.
        provider: u32,
    },
    /// Another window is proposed.
    Reschedule {
        /// By whom.
        by: By,
        /// From then until it begins.
        start: Span,
        /// Its length.
        window: Span,
    },
    /// What a robot asked for is answered.
    Approve {
        /// Yes or no.
        agree: bool,
    },
    /// A choice after a no-show.
    NoShow {
        /// What.
        choose: NoShowChoice,
        /// How long a robot may still come.
        lasts: Span,
    },
    /// How the job ended is disputed.
    Dispute {
        /// By whom.
        by: Disputer,
        /// About what.
        about: About,
        /// How much.
        amount: Amount,
    },
    /// The job's last dispute is given up.
    DropDispute {
        /// By whom.
        by: Disputer,
    },
    /// The job's last dispute is decided.
    DecideDispute {
        /// How much goes back.
        award: Amount,
        /// Who bears it.
        borne_by: BearsAward,
        /// What was earned, basis points.
        earned_bps: Option<u32>,
    },
    /// What is left of the last dispute's award is given back.
    Refund {},
    /// A key is revoked.
    RevokeKey {
        /// Whose.
        whose: Whose,
        /// Both people say so.
        second: bool,
    },
    /// A key is replaced.
    RotateKey {
        /// Whose.
        whose: Whose,
        /// The key before is heard for so long yet.
        overlap: Span,
        /// The new key is theirs.
        own: bool,
    },
    /// A robot is looked after.
    OpenMaintenance {
        /// Index into `robots`.
        robot: u32,
        /// For so long.
        lasts: Span,
    },
    /// That is over.
    CloseMaintenance {
        /// Index into `robots`.
        robot: u32,
    },
    /// The bounds of a robot's motion are tightened.
    Tighten {
        /// Index into `robots`.
        robot: u32,
        /// By its provider; else by staff.
        by_owner: bool,
        /// Speed at most, mm/s.
        speed_mm_s: Option<u32>,
        /// Gain of speed at most, mm/s².
        gain_mm_s2: Option<u32>,
        /// Over by themselves after this.
        lasts: Option<Span>,
    },
    /// A robot gets its own bounds back.
    LiftBounds {
        /// Index into `robots`.
        robot: u32,
    },
    /// A robot is taken out of service for good.
    Retire {
        /// Index into `robots`.
        robot: u32,
    },
    /// What was earned is decided in place of the proof.
    OverrideProof {
        /// Basis points.
        earned_bps: u32,
        /// Both people say so.
        second: bool,
    },
    /// A requester becomes a party, and is bound a key.
    Join {
        /// Index into `requesters`.
        requester: u32,
    },
    /// The key of a requester who has become a party is bound.
    BindNewcomer {
        /// Index into `requesters`.
        requester: u32,
    },
    /// The tenant's policy is set.
    SetPolicy {
        /// To what.
        plan: PolicyPlan,
    },
    /// A settled job was derived again.
    Audit {
        /// All followed from the log.
        agrees: bool,
    },
    /// Somebody looks at the job's last evidence.
    View {
        /// Who.
        by: crate::keeping::Viewer,
    },
}

/// What is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub enum Stopped {
    /// One robot.
    Robot {
        /// Index into `robots`.
        ix: u32,
    },
    /// The robot that the job has.
    JobsRobot {},
    /// All at the site.
    Site {},
    /// All of a provider.
    Fleet {
        /// Index into `providers`.
        ix: u32,
    },
    /// All on a level.
    Level {
        /// Index in the site.
        ix: u32,
    },
}

impl Deed {
    /// Does it concern one job?
    pub const fn concerns_job(&self) -> bool {
        if let Self::RevokeKey { whose, .. } = self {
            return matches!(whose, Whose::JobsRobot {});
        }
        let of_many = matches!(
            self,
            Self::Stop { what: Stopped::Robot { .. } | Stopped::Site {} | Stopped::Fleet { .. } | Stopped::Level { .. }, .. }
        );
        !of_many
            && !matches!(
                self,
                Self::Quarantine { robot: Some(_), .. }
                    | Self::ClearStops { .. }
                    | Self::RevokeSkill { .. }
                    | Self::ClearQuarantine { .. }
                    | Self::Contract { .. }
                    | Self::EndSeries { .. }
                    | Self::RotateKey { .. }
                    | Self::OpenMaintenance { .. }
                    | Self::CloseMaintenance { .. }
                    | Self::Retire { .. }
                    | Self::Tighten { .. }
                    | Self::LiftBounds { .. }
                    | Self::Join { .. }
                    | Self::BindNewcomer { .. }
                    | Self::SetPolicy { .. }
            )
    }
}
