//! The tenant's policy: every number marked as a default in the domain, in one value whose hash is pinned.

use nooterra_engine::Record;
use nooterra_engine::digest::{Digest, content_hash};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Span;
use nooterra_jobs::Timing;
use nooterra_jobs::approval::ApprovalKind;
use nooterra_jobs::pins::{CancelTable, CreditFunding, HoldRule, MoveTerms, NoShowDefault, SiteFaultBearer, Weights};
use nooterra_jobs::tier::{HumanClass, LevelValues, TierValues};
use nooterra_market::series::SeriesTerms;
use nooterra_market::tables::ServiceBases;
use nooterra_market::{PriceTables, Rates};
use nooterra_trust::claim::Terms;
use nooterra_trust::detect::Thresholds;
use nooterra_trust::dispute::Times;
use nooterra_trust::evidence::Retention;

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Policy {
    /// Deadlines that a booking pins.
    pub timing: Timing,
    /// Shares of prices, and quote limits.
    pub prices: PriceTables,
    /// Amounts in each currency that is traded in, ascending by currency.
    pub tariffs: Vec<Tariff>,
    /// Values that replace those of every tier, for simulated runs.
    pub tier_values: Option<TierValues>,
    /// How much people are about at the site.
    pub human: HumanClass,
    /// A request with a start soon closes after this.
    pub rfq_close_soon: Span,
    /// What counts as soon.
    pub rfq_soon: Span,
    /// Any other request closes after this.
    pub rfq_close: Span,
    /// Quotes of standing offers lapse this long after closing.
    pub standing_after_close: Span,
    /// In manual mode the requester decides within this after closing.
    pub award_decide: Span,
    /// Authorisation is due within this after the award.
    pub auth_by: Span,
    /// Most legs of a job.
    pub max_legs: u8,
    /// May work be handed over?
    pub handover: bool,
    /// Unanswered no-show.
    pub no_show: NoShowDefault,
    /// Hold that runs out.
    pub hold_rule: HoldRule,
    /// Who bears the site's fault.
    pub site_fault_bearer: SiteFaultBearer,
    /// Cancellation brackets.
    pub cancel: CancelTable,
    /// Split of the net charge.
    pub weights: Weights,
    /// How much everybody may say.
    pub volume: nooterra_trust::volume::Volume,
    /// Payables mature after this.
    pub payout_mature: Span,
    /// A payout for which the provider has not handed over enough money is tried again after this.
    pub payout_retry: Span,
    /// Times and thresholds of claims.
    pub claims: ClaimPolicy,
    /// Times of disputes.
    pub disputes: Times,
    /// An unacknowledged order is repeated after this.
    pub order_retry: Span,
    /// An unanswered request to the site is repeated after this.
    pub facility_retry: Span,
    /// Orders are not to be begun later than this after they were given.
    pub order_expires: Span,
    /// Idle robots at a charger charge below this.
    pub charge_below_bps: u32,
    /// And up to this.
    pub charge_to_bps: u32,
    /// Idle robots go to a charger below this, wherever they stand.
    pub charge_seek_bps: u32,
    /// Idle robots move toward work that nobody is near for.
    pub relocate: bool,
    /// Energy that must remain after a job, share of the battery.
    pub energy_reserve_bps: u32,
    /// A robot that is silent or unfit this long, and works on nothing, is given up as stranded.
    pub give_up: Span,
    /// How often robots have to be looked after.
    pub service: nooterra_operations::robot::ServiceRule,
    /// Open jobs of one requester at most.
    pub open_jobs_max: u32,
    /// What is done when nobody helps.
    pub assist_fallback: nooterra_jobs::event::Fallback,
    /// What a requester may be asked for in the middle of the work.
    pub approvals: Vec<ApprovalKind>,
    /// An approval lapses after this.
    pub approval_by: Span,
    /// Most revisions of one quote after its submission.
    pub max_rounds: u8,
    /// A counter-offer lapses after this, if not sooner by its own word.
    pub round_for: Span,
    /// Moving bookings.
    pub moves: MoveTerms,
    /// Series.
    pub series: SeriesTerms,
    /// Who pays for missed service levels.
    pub funding: CreditFunding,
    /// Outside witnesses are shown the heads of all streams this often.
    pub witness_every: Span,
    /// Values that replace those of every service level, for simulated runs.
    pub level_values: Option<LevelValues>,
    /// How long evidence and telemetry are kept.
    pub retention: Retention,
    /// One settled job in so many is audited.
    pub audit_one_in: u64,
    /// An auditor says what it found within this, else it is asked again.
    pub audit_by: Span,
}

/// Every amount of the policy in one currency, minor units. Nothing is converted: a currency is traded in as far as it has
/// a tariff.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Tariff {
    /// The currency.
    pub currency: Currency,
    /// What work costs.
    pub rates: Rates,
    /// What work on whole zones costs to begin with; nothing: it is not done for this currency.
    pub services: ServiceBases,
    /// What remote help costs, a minute.
    pub operator_rate: u64,
    /// Most that all claims of a job pay.
    pub max_claims: u64,
    /// Up to this demand one key decides about a claim.
    pub auto_max: u64,
    /// From this demand on the insurer decides; nothing: never.
    pub insurer_from: Option<u64>,
    /// Of the insurer's share this much falls on the party at fault.
    pub deductible: u64,
}

impl Tariff {
    /// The defaults of the domain, which are in euro.
    pub fn euro() -> Self {
        Self {
            currency: Currency::EUR,
            rates: Rates::default(),
            services: ServiceBases::default(),
            operator_rate: 75,
            max_claims: 1_000_000,
            auto_max: Terms::with_max(Amount::ZERO).auto_max.minor(),
            insurer_from: None,
            deductible: 0,
        }
    }
}

/// How claims are handled.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ClaimPolicy {
    /// Triage is due after this.
    pub triage: Span,
    /// Missing evidence is due after this.
    pub evidence: Span,
    /// A decision is due after this, and escalated each time it passes once more.
    pub decide: Span,
    /// Payment is due after this.
    pub pay: Span,
    /// The insurer's answer is due after this.
    pub answer: Span,
    /// What a detector hears first.
    pub thresholds: Thresholds,
}

impl Default for ClaimPolicy {
    fn default() -> Self {
        let t = Terms::with_max(Amount::ZERO);
        Self { triage: t.triage, evidence: t.evidence, decide: t.decide, pay: t.pay, answer: t.answer, thresholds: Thresholds::default() }
    }
}

impl ClaimPolicy {
    /// The terms of a job with this limit, in the currency of the tariff.
    pub fn terms(&self, tariff: &Tariff, max_payout: Amount) -> Terms {
        let amount = Amount::saturating;
        Terms {
            auto_max: amount(tariff.auto_max),
            insurer_from: tariff.insurer_from.map(amount),
            deductible: amount(tariff.deductible),
            triage: self.triage,
            evidence: self.evidence,
            decide: self.decide,
            escalate: self.decide,
            pay: self.pay,
            answer: self.answer,
            ..Terms::with_max(max_payout)
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            timing: Timing::default(),
            prices: PriceTables::default(),
            tariffs: vec![Tariff::euro()],
            tier_values: None,
            human: HumanClass::None,
            rfq_close_soon: Span::from_secs(60),
            rfq_soon: Span::from_mins(120),
            rfq_close: Span::from_mins(10),
            standing_after_close: Span::from_mins(15),
            award_decide: Span::from_mins(24 * 60),
            auth_by: Span::from_mins(15),
            max_legs: 3,
            handover: true,
            no_show: NoShowDefault::Cancel,
            hold_rule: HoldRule::Proven,
            site_fault_bearer: SiteFaultBearer::Requester,
            cancel: CancelTable::default(),
            weights: Weights::default(),
            volume: nooterra_trust::volume::Volume::default(),
            payout_mature: Span::from_mins(7 * 24 * 60),
            payout_retry: Span::from_mins(10),
            claims: ClaimPolicy::default(),
            disputes: Times::default(),
            order_retry: Span::from_secs(1),
            facility_retry: Span::from_secs(2),
            order_expires: Span::from_mins(30),
            charge_below_bps: 9_000,
            charge_to_bps: 9_900,
            charge_seek_bps: 3_000,
            relocate: false,
            energy_reserve_bps: 1_500,
            give_up: Span::from_mins(5),
            service: nooterra_operations::robot::ServiceRule::default(),
            open_jobs_max: 1_000,
            assist_fallback: nooterra_jobs::event::Fallback::SafeExit,
            approvals: ApprovalKind::ALL.to_vec(),
            approval_by: Span::from_mins(5),
            max_rounds: 6,
            round_for: Span::from_mins(10),
            moves: MoveTerms::default(),
            series: SeriesTerms::default(),
            funding: CreditFunding::Owner {},
            witness_every: Span::from_secs(60),
            level_values: None,
            retention: Retention::default(),
            audit_one_in: nooterra_trust::gate::AUDIT_ONE_IN,
            audit_by: Span::from_mins(7 * 24 * 60),
        }
    }
}

impl Policy {
    /// Short times for simulated runs: every job is settled soon after demand ends.
    pub fn scenario() -> Self {
        Self {
            timing: Timing::scenario(),
            tier_values: Some(TierValues {
                base_m: 20_000,
                heartbeat: Span::from_secs(5),
                stall_after: Span::from_secs(20),
                max_stall: Span::from_secs(180),
                max_exec: Span::from_mins(25),
                access_wait: Span::from_mins(5),
                exit_by: Span::from_secs(120),
                min_cert: nooterra_jobs::tier::Cert::Lab,
                human_clearance_mm: 300,
            }),
            rfq_close_soon: Span::from_secs(20),
            give_up: Span::from_secs(120),
            auth_by: Span::from_mins(2),
            payout_mature: Span::from_mins(2),
            payout_retry: Span::from_secs(30),
            audit_by: Span::from_mins(5),
            disputes: Times { review: Span::from_mins(5), end: Span::from_mins(10), ..Times::default() },
            claims: ClaimPolicy {
                triage: Span::from_mins(10),
                evidence: Span::from_mins(5),
                decide: Span::from_mins(10),
                pay: Span::from_secs(60),
                answer: Span::from_mins(10),
                ..ClaimPolicy::default()
            },
            ..Self::default()
        }
    }

    /// The amounts in this currency; none where it is not traded in.
    pub fn tariff(&self, currency: Currency) -> Option<&Tariff> {
        self.tariffs.iter().find(|t| t.currency == currency)
    }

    /// The currencies that are traded in, ascending.
    pub fn currencies(&self) -> Vec<Currency> {
        self.tariffs.iter().map(|t| t.currency).collect()
    }

    /// What a booking pins of it.
    pub fn hash(&self) -> Digest {
        content_hash("nooterra/policy/v1", self)
    }
}
