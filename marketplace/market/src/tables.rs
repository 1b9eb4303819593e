//! The numbers of the market: tenant policy, hashed into every booking (sections 4.1 to 4.3).

use nooterra_engine::Record;

/// What work costs in one currency, minor units. The default is in euro: no other currency has one, since nothing here
/// knows what another is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Rates {
    /// Base price of a delivery.
    pub base_delivery: u64,
    /// Base price of a patrol.
    pub base_patrol: u64,
    /// Base price of an inspection.
    pub base_inspect: u64,
    /// Per kilometre of route.
    pub per_km: u64,
    /// Per minute of work.
    pub per_min: u64,
    /// For operator coverage.
    pub cover: u64,
}

impl Default for Rates {
    fn default() -> Self {
        Self { base_delivery: 900, base_patrol: 2_500, base_inspect: 3_500, per_km: 400, per_min: 35, cover: 500 }
    }
}

/// Shares and limits that hold in every currency, basis points where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct PriceTables {
    /// Surge by number of candidates: none, one, two.
    pub surge_bps: [u32; 3],
    /// Lowest quote against the reference price.
    pub band_low_bps: u64,
    /// Highest quote against the reference price.
    pub band_high_bps: u64,
    /// A job bears remote help up to this share of the service amount; a quote's split is tested with it, a booking pins it.
    pub operator_bps: u32,
    /// Most live quotes of one request.
    pub quotes_max: u16,
    /// Robot trust asked of a job without risk.
    pub trust_floor_bps: u32,
    /// Score from which coverage is forced.
    pub cover_from_m: u32,
}

impl Default for PriceTables {
    fn default() -> Self {
        Self {
            surge_bps: [1_500, 1_000, 500],
            band_low_bps: 5_000,
            band_high_bps: 20_000,
            operator_bps: 1_500,
            quotes_max: 32,
            trust_floor_bps: 3_000,
            cover_from_m: 60_000,
        }
    }
}

/// Kinds of work of the whole domain (section 4.2). A caller that offers fewer numbers its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum WorkKind {
    /// Fetch and hand in.
    Delivery,
    /// Visit places.
    Patrol,
    /// Visit places and look.
    Inspect,
    /// Clean.
    Clean,
    /// Put a room in order, lightly.
    ResetLite,
    /// Put a room in order.
    ResetStandard,
    /// Anything else.
    Custom,
}

impl WorkKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Delivery, Self::Patrol, Self::Inspect, Self::Clean, Self::ResetLite, Self::ResetStandard, Self::Custom];
}

/// Base prices of the kinds that [`Rates`] does not hold, minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct ServiceBases {
    /// Cleaning.
    pub clean: u64,
    /// A light reset.
    pub reset_lite: u64,
    /// A reset.
    pub reset_standard: u64,
    /// Anything else.
    pub custom: u64,
}

impl Default for ServiceBases {
    fn default() -> Self {
        Self { clean: 4_500, reset_lite: 6_500, reset_standard: 9_500, custom: 5_000 }
    }
}

impl Rates {
    /// Base price of a kind of work, minor units.
    pub fn base(&self, kind: WorkKind, services: &ServiceBases) -> u64 {
        match kind {
            WorkKind::Delivery => self.base_delivery,
            WorkKind::Patrol => self.base_patrol,
            WorkKind::Inspect => self.base_inspect,
            WorkKind::Clean => services.clean,
            WorkKind::ResetLite => services.reset_lite,
            WorkKind::ResetStandard => services.reset_standard,
            WorkKind::Custom => services.custom,
        }
    }
}
