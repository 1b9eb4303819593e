//! What a bundle says of itself: the file `skill.manifest`.

use crate::words::{Capability, Envelope, LicenceTerms, Use, Version};
use nooterra_engine::ids::{PartyId, SkillId};
use nooterra_engine::{Digest, Record};
use nooterra_trust::{Code, Rejection};

/// The capability interface of this build.
pub const API: u16 = 1;
/// Longest run of a skill, seconds.
pub const RUN_S_MAX: u32 = 86_400;
/// Most entries of any list of a manifest.
const LIST_MAX: usize = 64;
const NAME_MAX: usize = 64;
const SHORT_MAX: usize = 32;

/// A sensor that the skill reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct SensorUse {
    /// Its channel.
    pub name: String,
    /// What for.
    pub purpose: String,
    /// How long what it gives is kept, seconds.
    pub retention_s: u32,
}

/// A file beside manifest, graph and cases.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Record)]
pub struct Asset {
    /// Its path.
    pub path: String,
    /// SHA-256 of its bytes.
    pub hash: Digest,
    /// How many bytes.
    pub bytes: u64,
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Manifest {
    /// Name, unique for the developer.
    pub name: String,
    /// Version.
    pub version: Version,
    /// Who wrote it.
    pub developer: PartyId,
    /// Capability interface that it was written for.
    pub api: u16,
    /// Node of the graph that a run begins with.
    pub entry: String,
    /// What it asks of a robot, ascending by capability.
    pub capabilities: Vec<Use>,
    /// Bounds that it keeps to.
    pub envelope: Envelope,
    /// Classes of zones where it must not run, ascending.
    pub zones_forbidden: Vec<String>,
    /// Sensors that it reads, ascending.
    pub sensors: Vec<SensorUse>,
    /// SHA-256 of the graph's file.
    pub graph: Digest,
    /// Further files, ascending by path.
    pub assets: Vec<Asset>,
    /// SHA-256 of the cases' file.
    pub cases: Digest,
    /// A run is over after this, seconds.
    pub max_run_s: u32,
    /// Checkpoints of the graph that count as a unit, ascending.
    pub units: Vec<String>,
    /// What it costs.
    pub licence: LicenceTerms,
}

/// The id of a developer's skill.
pub fn skill_id(developer: PartyId, name: &str) -> SkillId {
    SkillId::named(&format!("{developer}/{name}"))
}

pub(crate) fn bad(field: &str, expected: &str, actual: impl std::fmt::Display) -> Rejection {
    Rejection::new(Code::SchemaInvalid).field(field).expected(expected).actual(actual)
}

fn named(field: &str, text: &str, most: usize) -> Result<(), Rejection> {
    let fits = !text.is_empty() && text.len() <= most && text.chars().all(|c| !c.is_control());
    if fits { Ok(()) } else { Err(bad(field, &format!("1 to {most} bytes of plain text"), format!("{} bytes", text.len()))) }
}

fn ascends<T: Ord>(field: &str, list: &[T]) -> Result<(), Rejection> {
    if list.len() > LIST_MAX {
        return Err(bad(field, &format!("at most {LIST_MAX} entries"), list.len()));
    }
    if list.windows(2).any(|w| w[0] >= w[1]) {
        return Err(bad(field, "ascending, each once", "out of order"));
    }
    Ok(())
}

impl Manifest {
    /// The skill that it is a version of.
    pub fn skill(&self) -> SkillId {
        skill_id(self.developer, &self.name)
    }

    /// The declared range of a capability.
    pub fn use_of(&self, c: Capability) -> Option<&Use> {
        self.capabilities.iter().find(|u| u.capability == c)
    }

    /// Is every field in its bounds?
    pub fn check(&self) -> Result<(), Rejection> {
        named("name", &self.name, NAME_MAX)?;
        if self.version == Version::default() {
            return Err(bad("version", "above 0.0.0", self.version));
        }
        if self.api != API {
            return Err(Rejection::new(Code::VersionUnsupported).field("api").expected(API).actual(self.api));
        }
        named("entry", &self.entry, SHORT_MAX)?;
        let kinds: Vec<Capability> = self.capabilities.iter().map(|u| u.capability).collect();
        ascends("capabilities", &kinds)?;
        if let Some(u) = self.capabilities.iter().find(|u| u.min > u.max) {
            return Err(bad("capabilities", "min at most max", format!("{} from {} to {}", u.capability.name(), u.min, u.max)));
        }
        ascends("zones_forbidden", &self.zones_forbidden)?;
        self.zones_forbidden.iter().try_for_each(|z| named("zones_forbidden", z, SHORT_MAX))?;
        let sensors: Vec<&str> = self.sensors.iter().map(|s| s.name.as_str()).collect();
        ascends("sensors", &sensors)?;
        for s in &self.sensors {
            named("sensors", &s.name, SHORT_MAX)?;
            named("sensors.purpose", &s.purpose, NAME_MAX)?;
        }
        let paths: Vec<&str> = self.assets.iter().map(|a| a.path.as_str()).collect();
        ascends("assets", &paths)?;
        if self.max_run_s == 0 || self.max_run_s > RUN_S_MAX {
            return Err(bad("max_run_s", &format!("from 1 to {RUN_S_MAX}"), self.max_run_s));
        }
        ascends("units", &self.units)?;
        self.units.iter().try_for_each(|u| named("units", u, SHORT_MAX))?;
        ascends("licence.tenants", &self.licence.tenants)?;
        if self.licence.tenants.is_empty() {
            return Err(bad("licence.tenants", "at least one", 0));
        }
        let prices = &self.licence.prices;
        if prices.is_empty() || !prices.windows(2).all(|w| w[0].currency < w[1].currency) {
            return Err(bad("licence.prices", "at least one, ascending, each currency once", prices.len()));
        }
        if let Some(p) = prices.iter().find(|p| p.fee > p.cap) {
            let r = Rejection::new(Code::AmountInvalid).field("licence.cap");
            return Err(r.expected(format!("at least the fee of {}", p.fee)).actual(p.cap));
        }
        Ok(())
    }
}
