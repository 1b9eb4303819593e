//! From files to a run: scenario, site, fleet files. Every fault of a file is told with its place and remedy.

use nooterra_engine::record::{decode, encode};
use nooterra_script::{Flaw, Resolved, Scenario};
use nooterra_site::RobotModel;
use nooterra_site::finding::Finding;
use nooterra_site::model::Site;
use nooterra_stage::Setup;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Largest site or fleet file that is read.
pub const FILE_LIMIT_BYTES: u64 = 64 << 20;

/// Why a scenario cannot be run.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is no text.
    #[error("`{}` is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// A file is larger than any of its kind.
    #[error("`{}` has {bytes} bytes, at most {FILE_LIMIT_BYTES} are read", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// How large.
        bytes: u64,
    },
    /// The scenario has faults; ready to print, each with place, source line and remedy.
    #[error("{}", rendered.trim_end())]
    Scenario {
        /// The text to print.
        rendered: String,
    },
    /// The site or a fleet file has faults.
    #[error("{}", list(.0))]
    Site(Vec<Finding>),
    /// No such scenario, neither as a file nor in the library.
    #[error("there is no scenario `{name}`: not a file, and not in the library ({})", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What the library has.
        known: Vec<String>,
    },
}

fn list(f: &[Finding]) -> String {
    f.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Everything that a run starts from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Scenario file, as given or found.
    pub path: PathBuf,
    /// Its text, whole.
    pub text: String,
    /// Site file.
    pub site_path: PathBuf,
    /// The site as its file says, before anything was carved.
    pub site: Site,
    /// Models from fleet files, by the path that the scenario writes.
    pub models: Vec<(String, RobotModel)>,
    /// What the run is made of.
    pub setup: Arc<Setup>,
    /// Remarks of the importer and of carving, for people.
    pub remarks: Vec<String>,
}

/// How long a run may last, whatever says so.
const DURATIONS: std::ops::RangeInclusive<nooterra_engine::Span> =
    nooterra_engine::Span::from_secs(1)..=nooterra_engine::Span::from_secs(7 * 86_400);

/// Changes to a scenario from the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overrides {
    /// Another seed.
    pub seed: Option<u64>,
    /// Another duration.
    pub duration: Option<nooterra_engine::Span>,
}

/// Reads a text file with a limit and a clear error.
pub fn read_text(path: &Path) -> Result<String, LoadError> {
    let fail = |source| LoadError::Read { path: path.to_owned(), source };
    let meta = fs::metadata(path).map_err(fail)?;
    if meta.is_dir() {
        return Err(fail(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder")));
    }
    if meta.len() > FILE_LIMIT_BYTES {
        return Err(LoadError::TooLarge { path: path.to_owned(), bytes: meta.len() });
    }
    String::from_utf8(fs::read(path).map_err(fail)?).map_err(|_| LoadError::NotText(path.to_owned()))
}

/// Reads and resolves a scenario file.
pub fn load(path: &Path, o: Overrides) -> Result<Loaded, LoadError> {
    let text = read_text(path)?;
    let shown = path.display().to_string();
    let broken =
        |flaws: &[Flaw]| LoadError::Scenario { rendered: flaws.iter().map(|f| f.render(&shown, &text)).collect::<Vec<_>>().join("\n") };
    let scenario = nooterra_script::read(&text).map_err(|f| broken(&[f]))?;
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    let site_path = beside(&folder, &scenario.site.value);
    let imported = match read_text(&site_path) {
        Ok(t) => nooterra_site::import(&site_path.display().to_string(), &t).map_err(LoadError::Site)?,
        Err(e) => {
            let what = format!("{e}{}", std::error::Error::source(&e).map(|s| format!(": {s}")).unwrap_or_default());
            return Err(broken(&[Flaw::of(&scenario.site, what, "`site` is a path relative to the scenario file")]));
        }
    };
    let models = fleet_files(&scenario, &folder, &broken)?;
    let mut remarks: Vec<String> = imported.findings.iter().map(ToString::to_string).collect();
    let resolved = resolve(&scenario, &imported.site, &models, o).map_err(|f| broken(&f))?;
    let (setup, carved) = assemble(resolved, &imported.site);
    remarks.extend(carved.iter().map(ToString::to_string));
    Ok(Loaded { path: path.to_owned(), text, site_path, site: imported.site, models, setup: Arc::new(setup), remarks })
}

fn beside(folder: &Path, name: &str) -> PathBuf {
    let p = Path::new(name);
    if p.is_absolute() { p.to_owned() } else { folder.join(p) }
}

type Broken<'a> = dyn Fn(&[Flaw]) -> LoadError + 'a;

fn fleet_files(s: &Scenario, folder: &Path, broken: &Broken<'_>) -> Result<Vec<(String, RobotModel)>, LoadError> {
    let mut out: BTreeMap<String, RobotModel> = BTreeMap::new();
    for f in s.fleet.iter().filter_map(|f| f.config.as_ref()) {
        if out.contains_key(&f.value) {
            continue;
        }
        let path = beside(folder, &f.value);
        let text = read_text(&path).map_err(|e| broken(&[Flaw::of(f, e.to_string(), "the path is relative to the scenario file")]))?;
        let fleet = nooterra_site::import_fleet(&path.display().to_string(), &text).map_err(LoadError::Site)?;
        out.insert(f.value.clone(), fleet.model);
    }
    Ok(out.into_iter().collect())
}

fn resolve(s: &Scenario, site: &Site, models: &[(String, RobotModel)], o: Overrides) -> Result<Resolved, Vec<Flaw>> {
    let mut r = nooterra_script::resolve_with(s, site, models, o.seed.unwrap_or(s.seed.value))?;
    if let Some(d) = o.duration {
        if !DURATIONS.contains(&d) {
            let remedy = "ask for example for `--duration 10m`";
            return Err(vec![Flaw::whole(format!("a run lasts from one second to seven days, not {d}"), remedy)]);
        }
        r.duration = d;
    }
    Ok(r)
}

/// Walls that would not let the run's own robots pass are trimmed; each trim is told.
fn assemble(resolved: Resolved, site: &Site) -> (Setup, Vec<Finding>) {
    let mut radii: BTreeMap<u32, f64> = BTreeMap::new();
    for r in &resolved.robots {
        let radius = resolved.models[r.model as usize].footprint_radius_m;
        let e = radii.entry(r.graph_idx).or_insert(0.0);
        *e = e.max(radius);
    }
    let (site, findings) = site.carved(&radii);
    (Setup::new(resolved, site), findings)
}

/// What a log needs besides the scenario's text to set the same run up again.
#[derive(Debug, Clone, PartialEq, nooterra_engine::Record)]
pub struct Origin {
    /// The site as its file says.
    pub site: Site,
    /// Models from fleet files.
    pub models: Vec<(String, RobotModel)>,
    /// Another duration than the file's, ns; 0 for none.
    pub duration_ns: u64,
}

impl Loaded {
    /// The canonical bytes that go into the manifest.
    #[must_use]
    pub fn origin(&self, o: Overrides) -> Vec<u8> {
        encode(&Origin { site: self.site.clone(), models: self.models.clone(), duration_ns: o.duration.map_or(0, |d| d.0) })
    }
}

/// The run that a manifest describes.
pub fn from_manifest(scenario: &str, origin: &[u8], seed: u64) -> Result<Arc<Setup>, String> {
    let origin: Origin = decode(origin).map_err(|e| format!("the manifest's site cannot be read: {e}"))?;
    let s = nooterra_script::read(scenario).map_err(|f| format!("the manifest's scenario cannot be read: {}", f.what))?;
    let duration = (origin.duration_ns > 0).then_some(nooterra_engine::Span(origin.duration_ns));
    let r = resolve(&s, &origin.site, &origin.models, Overrides { seed: Some(seed), duration })
        .map_err(|f| format!("the manifest's scenario does not fit its site: {}", f.first().map(|f| f.what.clone()).unwrap_or_default()))?;
    Ok(Arc::new(assemble(r, &origin.site).0))
}
