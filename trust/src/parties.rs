//! The parties that a job names, and which of them answers for what.

use nooterra_engine::Record;
use nooterra_engine::ids::PartyId;

/// Who answers for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Record)]
pub enum Fault {
    /// Nobody, or not known.
    #[default]
    None,
    /// Who asked for the work.
    Requester,
    /// The robot's owner.
    Owner,
    /// The remote operator's company.
    Operator,
    /// The skill's developer.
    Developer,
    /// The platform itself.
    Platform,
    /// The building.
    Site,
}

impl Fault {
    /// Every value.
    pub const ALL: [Self; 7] = [Self::None, Self::Requester, Self::Owner, Self::Operator, Self::Developer, Self::Platform, Self::Site];
}

/// The parties that a job names, from its pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Record)]
pub struct Parties {
    /// Who asked for the work.
    pub requester: PartyId,
    /// Whose robot does it.
    pub owner: PartyId,
    /// Who operates remotely, if coverage is pinned.
    pub operator: Option<PartyId>,
    /// Whose skill runs, if one is licensed.
    pub developer: Option<PartyId>,
    /// Who insures, if anyone.
    pub insurer: Option<PartyId>,
}

impl Parties {
    /// Is this party named by the job? Whoever is decides nothing about it; only the insurer decides what it pays.
    #[must_use]
    pub fn names(&self, party: PartyId) -> bool {
        [Some(self.requester), Some(self.owner), self.operator, self.developer, self.insurer].contains(&Some(party))
    }
    /// The party that a fault falls on; platform, site and nobody are none.
    #[must_use]
    pub const fn at_fault(&self, fault: Fault) -> Option<PartyId> {
        match fault {
            Fault::Requester => Some(self.requester),
            Fault::Owner => Some(self.owner),
            Fault::Operator => self.operator,
            Fault::Developer => self.developer,
            Fault::None | Fault::Platform | Fault::Site => None,
        }
    }
}
