//! # control: the platform
//!
//! What lives here: the one machine that joins market, jobs, dispatch, skills, operations, settlement, ledger and trust. Its
//! enums are closed: every [`Input`] is a signed envelope, every [`Fact`] an event, a ledger fact or a refusal, every
//! [`Wish`] an effect that somebody else carries out. [`Control`] decides; [`Genesis`] says what it starts with;
//! [`Policy`] holds every number that a tenant may set; [`view`] reads it for reports and judges.
//!
//! What it may not touch: clocks, threads, sockets, files; physics; agents. It cannot tell simulation from steel.
//!
//! How data passes through: an input is checked (form, identity, position, time), its body decoded by the role of its
//! key, its guards read the state and refuse or let pass; then events are emitted in order, each appended to its
//! stream, folded into the state, its ledger entries posted; at the end of the unit the timers of everything touched
//! are made equal to what the state asks for. Timers fire before inputs, each as a unit of its own. Nothing else
//! changes the state.

mod abilities;
mod ahead;
mod approvals;
pub mod areas;
mod assist;
mod audits;
pub mod blackbox;
mod boxed;
mod bygone;
mod calendar;
pub mod camera;
mod cancel;
mod care;
pub mod cases;
mod causes;
mod chargebacks;
mod claims;
mod clamping;
mod considered;
mod contracts;
pub mod control;
mod coverage;
pub mod delivery;
mod disputes;
mod docket;
pub mod entrances;
pub mod fact;
mod finance;
mod firing;
mod gate;
pub mod genesis;
mod governance;
pub mod heads;
pub mod input;
mod invariants;
mod matching;
mod money;
pub mod moving;
mod negotiation;
pub mod operator;
mod orders;
pub mod outage;
mod owner;
mod paths;
mod payment;
pub mod policy;
mod recovery;
pub mod register;
mod replays;
mod requester;
mod reschedule;
pub mod retention;
mod revoking;
mod robot;
mod robot_timers;
mod runs;
mod scores;
pub mod series;
mod settle;
mod signing;
mod site;
mod skills;
mod sla;
mod staff;
mod standing;
pub mod state;
pub mod stops;
mod strays;
pub mod team;
pub mod tenant_policy;
pub mod timers;
mod transfer;
pub mod two_keys;
mod unit;
mod upkeep;
pub mod view;
mod watching;
pub mod wish;
mod words;
pub mod world;

#[cfg(test)]
mod tests;

/// The puppets of this room's tests, for tests of judges elsewhere.
#[cfg(feature = "puppets")]
#[path = "tests"]
#[allow(missing_docs, clippy::unwrap_used, clippy::cast_possible_truncation, dead_code)]
pub mod puppets {
    pub mod around;
    pub mod asking;
    pub mod boxes;
    pub mod coins;
    pub mod driving;
    pub mod floor;
    pub mod lifting;
    pub mod loads;
    pub mod obeying;
    pub mod puppet;
    pub mod rig;
    pub mod skilled;
}

pub use control::{Control, GenesisError};
pub use fact::{Event, Fact, Recorded};
pub use genesis::{ContractTerms, Genesis, OperatorEntry, PartyEntry, RobotEntry, WitnessEntry};
pub use input::{
    Body, CertifierCommand, DeveloperCommand, Input, NewJob, NewTeam, OwnerCommand, PaymentReport, RequesterCommand, StaffCommand,
};
pub use nooterra_operations::assist::Outcome as HelpOutcome;
pub use nooterra_operations::event::Event as RobotEvent;
pub use operator::OperatorCommand;
pub use policy::Policy;
pub use skills::{CertificateEntry, SkillEntry};
pub use wish::{HelpOffer, HelpWord, Invitation, PaymentAsk, Terms, Wish};
