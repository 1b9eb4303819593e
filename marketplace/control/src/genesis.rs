//! What a platform starts with: parties, keys, robots, witnesses, terms.

use crate::policy::Policy;
use crate::register::Register;
use crate::skills::SkillEntry;
use nooterra_engine::Record;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{ContractId, DoorId, OperatorId, PartyId, RobotId, SiteId, TenantId, ZoneId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::time::Instant;
use nooterra_jobs::pins::LicencePin;
use nooterra_operations::intervention::Kind;
use nooterra_port::camera::CameraKind;
use nooterra_site::RobotModel;
use nooterra_trust::{Binding, PublicKey};

/// Trust in whoever is new, basis points.
pub const NEWCOMER_BPS: u32 = 5_000;

/// Everything that is fixed before the first input, and who has joined since.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Genesis {
    /// The marketplace.
    pub tenant: TenantId,
    /// Its policy, with a tariff for each currency that it trades in.
    pub policy: Policy,
    /// Its site.
    pub site: SiteId,
    /// When it starts.
    pub at: Instant,
    /// The calendar's time at instant zero, since 1970-01-01 UTC: the months of the books are the calendar's.
    pub epoch: Instant,
    /// The first contracts, one for each tariff and in the same order: they hold for everything that no later one takes.
    pub contracts: Vec<ContractTerms>,
    /// Who insures the jobs, if anybody: in every currency.
    pub insurer: Option<PartyId>,
    /// Verified parties.
    pub parties: Vec<PartyEntry>,
    /// Keys of everybody who may speak. Subjects: RQ, OW, DV, CE, PS, OS, TR the party; RB the robot; OP the operator; SI the site or device; WI the device.
    pub keys: Vec<Binding>,
    /// Robots.
    pub robots: Vec<RobotEntry>,
    /// What makers have attested of devices: no robot is enrolled without.
    pub register: Register,
    /// Devices that may witness (roles SI and WI).
    pub witnesses: Vec<WitnessEntry>,
    /// The key by which orders and receipts are known as the platform's. Whoever lets them out signs them
    /// ([`Wish::sign`](crate::wish::Wish::sign)): the secret is no part of what is decided, nor of what is recorded.
    pub service_key: PublicKey,
    /// Outside witnesses of the log: each signs how far all streams have come. Subjects of `WI` keys.
    pub log_witnesses: Vec<PartyId>,
    /// Remote operators. Without any, nobody is asked for help.
    pub operators: Vec<OperatorEntry>,
    /// Bundles published and certified before the first input, older versions first.
    pub skills: Vec<SkillEntry>,
    /// Doors and lifts of the site that a terminal opens, for whoever shows a credential: plans that name one are of that method.
    pub terminals: Vec<DoorId>,
}

/// A remote operator.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct OperatorEntry {
    /// Its id: the subject of its key.
    pub operator: OperatorId,
    /// Its name, for people.
    pub name: String,
    /// Who is paid for its help.
    pub party: PartyId,
    /// What it is certified for.
    pub kinds: Vec<Kind>,
}

/// A contract's terms beyond the policy.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct ContractTerms {
    /// Its id.
    pub contract: ContractId,
    /// The currency of its amounts, and of the jobs that it holds for.
    pub currency: Currency,
    /// Hash of its text for people.
    pub text_hash: Digest,
    /// Coverage fee `F` of a job.
    pub cover_fee: Amount,
    /// May another owner's robot be sent?
    pub substitution: bool,
    /// Skills that every job licenses.
    pub licences: Vec<LicencePin>,
}

/// A verified party.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct PartyEntry {
    /// Its id.
    pub party: PartyId,
    /// Its name, for people.
    pub name: String,
    /// Trust in it as an owner, basis points (5 000 for a newcomer).
    pub trust_bps: u32,
    /// Currencies that it pays and is paid in, where it does not take all.
    pub takes: Vec<Currency>,
    /// Levels of the site that are its own, as a household's are: it may hold the robots there, and those of the whole site if
    /// all levels are, and issue access plans for its work there. None for most.
    pub own: Vec<ZoneId>,
}

impl PartyEntry {
    /// Does it pay and can it be paid in this currency?
    pub fn takes(&self, currency: Currency) -> bool {
        self.takes.is_empty() || self.takes.contains(&currency)
    }
}

impl Genesis {
    /// The first contract of a currency.
    pub fn contract(&self, currency: Currency) -> Option<&ContractTerms> {
        self.contracts.iter().find(|c| c.currency == currency)
    }
    /// Does a party of the list pay and can it be paid in this currency? Nobody else is paid at all.
    pub fn takes(&self, party: PartyId, currency: Currency) -> bool {
        self.parties.iter().any(|p| p.party == party && p.takes(currency))
    }
    /// Is a level of the site a party's own?
    pub fn owns(&self, party: PartyId, level: ZoneId) -> bool {
        self.parties.iter().any(|p| p.party == party && p.own.contains(&level))
    }
}

/// A robot.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct RobotEntry {
    /// Its id.
    pub robot: RobotId,
    /// Its name, for people.
    pub name: String,
    /// Who owns it.
    pub owner: PartyId,
    /// Its model.
    pub model: RobotModel,
    /// The navigation graph it drives on.
    pub graph_idx: u32,
    /// Vertex where it stands at the start and goes when idle.
    pub home: u32,
    /// Trust, basis points (5 000 for a newcomer).
    pub trust_bps: u32,
    /// Version of its driver, as certificates name it.
    pub driver_version: u32,
    /// Its camera.
    pub camera: CameraKind,
    /// Hash of its device's attestation in the register.
    pub attestation: Digest,
}

/// A device that may witness.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct WitnessEntry {
    /// The sixteen bytes of its actor id.
    pub actor: [u8; 16],
    /// Who owns it: never the owner of the robot it speaks about.
    pub owner: PartyId,
}
