//! Finding and reading inputs. Everything read has a limit; scenarios of the library are found from anywhere inside the
//! project's folder, and by a program that was built in it.

use crate::out::Failure;
use nooterra_script::Flaw;
use nooterra_site::{Finding, Imported};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Folder of the scenarios that come with the program.
const LIBRARY: &str = "scenarios/library";
/// Largest building or fleet file.
pub const SITE_LIMIT: u64 = 64 << 20;

/// Reads a text of at most `limit` bytes.
pub fn read_text(path: &Path, limit: u64, what: &str) -> Result<String, Failure> {
    let shown = path.display();
    let fail = |why: &str, remedy: &str| Failure::usage(format!("{what} `{shown}` {why}"), remedy);
    let cannot = |e: &std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => fail("does not exist", "is the path right?"),
        std::io::ErrorKind::PermissionDenied => fail("may not be read", "check its permissions"),
        _ => fail(&format!("cannot be read: {e}"), ""),
    };
    if path.is_dir() {
        return Err(fail("is a folder", "name a file"));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|f| f.take(limit + 1).read_to_end(&mut bytes)).map_err(|e| cannot(&e))?;
    if bytes.len() as u64 > limit {
        return Err(fail(&format!("has more than {limit} bytes"), "is this the right file?"));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let line = e.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
        fail(&format!("is no text: line {line} holds bytes that are not UTF-8"), "is this the right file?")
    })
}

/// Folders in which things are looked for: this one and those above it.
fn upward(from: &Path) -> Vec<PathBuf> {
    let whole = std::path::absolute(from).unwrap_or_else(|_| from.to_owned());
    whole.ancestors().map(Path::to_owned).collect()
}

/// Folders around which the library may lie: the working folder and that of the program.
fn roots() -> Vec<PathBuf> {
    let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let exe = std::env::current_exe().unwrap_or_default();
    upward(&cwd).into_iter().chain(upward(&exe)).collect()
}

/// As people write it: relative to the working folder where that is shorter.
fn shorten(path: PathBuf) -> PathBuf {
    let cwd = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&cwd).map(Path::to_owned).unwrap_or(path)
}

/// Names and files of the library.
pub fn library() -> Vec<(String, PathBuf)> {
    let Some(folder) = roots().into_iter().map(|r| r.join(LIBRARY)).find(|f| f.is_dir()) else { return Vec::new() };
    let entries = std::fs::read_dir(&folder).map(|d| d.flatten().map(|e| e.path()).collect::<Vec<_>>()).unwrap_or_default();
    let mut out: Vec<(String, PathBuf)> = entries
        .into_iter()
        .filter(|p| p.extension().is_some_and(|e| e == "yaml"))
        .filter_map(|p| Some((p.file_stem()?.to_str()?.to_owned(), shorten(p.clone()))))
        .collect();
    out.sort();
    out
}

/// The file that a name or path means.
pub fn find_scenario(given: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(given);
    if path.is_file() {
        return Ok(path);
    }
    let names = library();
    let plain = given.trim_end_matches(".yaml");
    if let Some((_, p)) = names.iter().find(|(n, _)| n == plain) {
        return Ok(p.clone());
    }
    let remedy = if names.is_empty() {
        "name a scenario file; the library is found from inside the project's folder".to_owned()
    } else {
        format!("{}; or name a file", nooterra_script::flaw::nearest(plain, names.iter().map(|(n, _)| n.as_str())))
    };
    Err(Failure::usage(format!("there is no scenario `{given}`"), &remedy))
}

/// One finding with its source line.
pub fn render_finding(f: &Finding, path: &Path, text: &str) -> String {
    let place = if f.path.is_empty() { String::new() } else { format!("{}: ", f.path) };
    let flaw = Flaw { line: f.line, column: f.column, what: format!("{place}{}", f.what), remedy: f.remedy.clone() };
    let rendered = flaw.render(&path.display().to_string(), text);
    rendered.replacen("error:", &format!("{}:", f.severity), 1)
}

/// Is this a grid map, by its name?
pub fn is_grid(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("map"))
}

/// Reads a building or a grid map.
pub fn load_site(path: &Path) -> Result<(String, Imported), Failure> {
    let text = read_text(path, SITE_LIMIT, "the site")?;
    let import = if is_grid(path) { nooterra_site::grid::import } else { nooterra_site::import };
    let imported = import(&path.display().to_string(), &text).map_err(|f| crate::failures::site(&f))?;
    Ok((text, imported))
}
