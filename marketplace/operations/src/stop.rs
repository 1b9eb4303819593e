//! Remote stops: who may stop what, and who has to agree before it moves again. Overlapping stops all have to clear.

use nooterra_engine::Record;
use nooterra_engine::ids::{PartyId, RobotId, StopId};
use nooterra_engine::time::Instant;
use std::collections::BTreeMap;
use thiserror::Error;

/// What is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Scope {
    /// One robot.
    Robot(RobotId),
    /// All robots on a level of the site.
    Level(u32),
    /// All robots of the site.
    Site {},
    /// All robots of an owner.
    Fleet(PartyId),
    /// Everything.
    Tenant {},
}

/// As what somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
pub enum Voice {
    /// The requester of the job that the robot is bound to.
    Requester,
    /// The owner of the robots.
    Owner,
    /// The operator of the assist under way.
    Operator,
    /// The site's controller.
    Site,
    /// Operations staff.
    Staff,
    /// The trust service, and incidents.
    Trust,
}

/// What becomes of jobs under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Record)]
pub enum Then {
    /// They stall until the stop is cleared.
    #[default]
    Wait,
    /// They are left as soon as the robot may move.
    Exit,
}

/// A stop in force.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Stop {
    /// Its id.
    pub stop: StopId,
    /// What it covers.
    pub scope: Scope,
    /// Drive power is cut as well.
    pub power_off: bool,
    /// What becomes of jobs.
    pub then: Then,
    /// Why, for people.
    pub reason: String,
    /// As what it was issued.
    pub voice: Voice,
    /// By whom.
    pub actor: [u8; 16],
    /// When.
    pub at: Instant,
    /// The robot that the platform stops others for.
    pub because: Option<RobotId>,
    /// The robots that it covers.
    pub robots: Vec<RobotId>,
    /// Who has agreed to clear it so far.
    pub agreed: Vec<(Voice, [u8; 16])>,
}

/// Why a stop is not issued or not cleared, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Refusal {
    /// No such stop is in force.
    #[error("no such stop")]
    Unknown,
    /// It is not this role's to say.
    #[error("not this role's to say")]
    Forbidden,
    /// The same person has said so already.
    #[error("already said")]
    AlreadyDone,
    /// Whoever issued it does not clear it.
    #[error("the issuer does not clear it")]
    OwnStop,
}

impl Scope {
    /// May this voice stop it?
    pub const fn may_issue(self, voice: Voice, power_off: bool) -> bool {
        match self {
            Self::Robot(_) => true,
            Self::Level(_) | Self::Site {} if power_off => matches!(voice, Voice::Site | Voice::Staff),
            Self::Level(_) | Self::Site {} => matches!(voice, Voice::Requester | Voice::Site | Voice::Staff | Voice::Trust),
            Self::Fleet(_) if power_off => matches!(voice, Voice::Staff),
            Self::Fleet(_) => matches!(voice, Voice::Owner | Voice::Staff),
            Self::Tenant {} => matches!(voice, Voice::Staff),
        }
    }
}

impl Stop {
    /// Would this word count towards clearing it?
    fn counts(&self, voice: Voice, actor: [u8; 16]) -> Result<(), Refusal> {
        let mine = match self.scope {
            Scope::Robot(_) => voice == Voice::Staff || voice == self.voice,
            Scope::Level(_) | Scope::Site {} => matches!(voice, Voice::Staff | Voice::Site),
            Scope::Fleet(_) => matches!(voice, Voice::Staff | Voice::Owner),
            Scope::Tenant {} => voice == Voice::Staff,
        };
        if !mine {
            return Err(Refusal::Forbidden);
        }
        // Two people for everything, and one role twice says no more than once elsewhere.
        let said = match self.scope {
            Scope::Tenant {} => self.agreed.iter().any(|(_, a)| *a == actor),
            _ => self.agreed.iter().any(|(v, _)| *v == voice),
        };
        if said {
            return Err(Refusal::AlreadyDone);
        }
        if self.scope == (Scope::Tenant {}) && actor == self.actor { Err(Refusal::OwnStop) } else { Ok(()) }
    }

    /// How many have to agree.
    const fn quorum(&self) -> usize {
        match self.scope {
            Scope::Robot(_) => 1,
            _ => 2,
        }
    }
}

/// Stops in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Record)]
pub struct Board {
    /// By id.
    pub active: BTreeMap<StopId, Stop>,
}

/// What a word to clear a stop does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleared {
    /// Somebody else has to agree as well.
    Half,
    /// It is over.
    Over,
}

impl Board {
    /// Stops that cover this robot.
    pub fn over(&self, robot: RobotId) -> impl Iterator<Item = &Stop> {
        self.active.values().filter(move |s| s.robots.contains(&robot))
    }
    /// May this voice issue it?
    pub fn check(&self, scope: Scope, voice: Voice, power_off: bool) -> Result<(), Refusal> {
        if scope.may_issue(voice, power_off) { Ok(()) } else { Err(Refusal::Forbidden) }
    }
    /// A stop is in force from now on.
    pub fn issue(&mut self, stop: Stop) {
        self.active.insert(stop.stop, stop);
    }
    /// What a word to clear a stop would do.
    pub fn clearing(&self, stop: StopId, voice: Voice, actor: [u8; 16]) -> Result<Cleared, Refusal> {
        let s = self.active.get(&stop).ok_or(Refusal::Unknown)?;
        s.counts(voice, actor)?;
        Ok(if s.agreed.len() + 1 >= s.quorum() { Cleared::Over } else { Cleared::Half })
    }
    /// Takes a word that [`Board::clearing`] lets count; gives back the stop if it is over.
    pub fn clear(&mut self, stop: StopId, voice: Voice, actor: [u8; 16]) -> Option<Stop> {
        let s = self.active.get_mut(&stop)?;
        s.agreed.push((voice, actor));
        if s.agreed.len() >= s.quorum() { self.active.remove(&stop) } else { None }
    }
}
