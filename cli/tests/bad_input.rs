//! Bad input through the command: one clear error with the file, its line where there is one, and a remedy; exit code 2
//! or 16; never a panic.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the command lies in the workspace").to_owned()
}

/// What was not as it should be; told together when it goes away.
#[derive(Default)]
struct Complaints(Vec<String>);

impl Complaints {
    fn check(&mut self, held: bool, text: impl FnOnce() -> String) {
        if !held {
            self.0.push(text());
        }
    }
}

impl Drop for Complaints {
    fn drop(&mut self) {
        assert!(self.0.is_empty() || std::thread::panicking(), "{} complaints\n\n{}", self.0.len(), self.0.join("\n\n"));
    }
}

/// Runs it; it must refuse with this code, and say all of these things.
fn refused(c: &mut Complaints, code: i32, args: &[&str], says: &[&str]) {
    let o = Command::new(env!("CARGO_BIN_EXE_nooterra")).args(args).current_dir(root()).stdin(Stdio::null()).output().expect("it starts");
    let (out, err) = (String::from_utf8_lossy(&o.stdout).into_owned(), String::from_utf8_lossy(&o.stderr).into_owned());
    c.check(!err.contains("panicked") && !out.contains("panicked"), || format!("nooterra {args:?}\n{err}"));
    c.check(o.status.code() == Some(code), || format!("nooterra {args:?}: {:?}, not {code}\n{out}\n{err}", o.status.code()));
    c.check(code != 2 || err.starts_with("error"), || format!("nooterra {args:?} begins not with `error`\n{err}"));
    // `verify` and `replay` of what is no log may tell it as a verdict.
    let said = format!("{err}{out}");
    for part in says {
        c.check(said.contains(part), || format!("nooterra {args:?} does not say `{part}`:\n{}", &said[..said.floor_char_boundary(900)]));
    }
    c.check(said.len() < 40_000, || format!("nooterra {args:?}: {} bytes of error", said.len()));
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }
    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let p = self.0.path().join(name);
        fs::write(&p, bytes).expect("written");
        p.display().to_string()
    }
    fn scenario(&self, name: &str, text: &str) -> String {
        let office = root().join("sites/office.building.yaml").display().to_string();
        self.put(name, text.replace("OFFICE", &office))
    }
}

const HEAD: &str = "title: t\nsite: OFFICE\nduration: 1m\nseed: 7\n";

#[test]
fn scenarios() {
    let (f, c) = (Folder::new(), &mut Complaints::default());
    let out = f.0.path().join("runs").display().to_string();
    // What is wrong, and what the error has to say beside the file's name.
    let cases: &[(&str, String, &[&str])] = &[
        ("list", "- a\n- b\n".into(), &[":1:"]),
        ("scalar", "just a text\n".into(), &[":1:"]),
        ("notyaml", "title: [a\nsite: }{\n".into(), &["notyaml.yaml:"]),
        ("tabs", "title: t\n\tsite: s\n".into(), &["tabs.yaml:", "tab"]),
        ("untitled", "site: OFFICE\nduration: 1m\nseed: 7\n".into(), &["title"]),
        ("twice", format!("{HEAD}seed: 8\n"), &["seed", ":5"]),
        ("seed-text", "title: t\nsite: OFFICE\nduration: 1m\nseed: seven\n".into(), &[":4:7"]),
        ("seed-negative", "title: t\nsite: OFFICE\nduration: 1m\nseed: -1\n".into(), &[":4:7"]),
        ("seed-huge", "title: t\nsite: OFFICE\nduration: 1m\nseed: 99999999999999999999999\n".into(), &[":4:7"]),
        ("seed-float", "title: t\nsite: OFFICE\nduration: 1m\nseed: 1.5\n".into(), &[":4:7"]),
        ("duration-bare", "title: t\nsite: OFFICE\nduration: 30\nseed: 1\n".into(), &[":3:11"]),
        ("duration-zero", "title: t\nsite: OFFICE\nduration: 0s\nseed: 1\n".into(), &[":3:11"]),
        ("duration-negative", "title: t\nsite: OFFICE\nduration: -5m\nseed: 1\n".into(), &[":3:11"]),
        ("duration-list", "title: t\nsite: OFFICE\nduration: [1m]\nseed: 1\n".into(), &[":3:"]),
        ("duration-endless", "title: t\nsite: OFFICE\nduration: 99999999999999h\nseed: 1\n".into(), &[":3:11"]),
        ("site-folder", "title: t\nsite: .\nduration: 1m\nseed: 1\n".into(), &[":2:7"]),
        ("site-missing", "title: t\nsite: nowhere.building.yaml\nduration: 1m\nseed: 1\n".into(), &[":2:7", "nowhere.building.yaml"]),
        ("site-number", "title: t\nsite: 7\nduration: 1m\nseed: 1\n".into(), &[":2:7"]),
        ("unknown", format!("{HEAD}marked: {{}}\n"), &[":5:1", "`market`"]),
        ("unknown-deep", format!("{HEAD}market:\n  requestors: []\n"), &[":6:3", "`requesters`"]),
        ("place", format!("{HEAD}market:\n  requesters:\n    - name: a\n      jobs: {{process: fixed, at: [1s], from: [pantri], to: [lounge]}}\n"), &[":8:", "pantry"]),
        ("process", format!("{HEAD}market:\n  requesters:\n    - name: a\n      jobs: {{process: poison, from: [pantry], to: [lounge]}}\n"), &[":8:", "poisson"]),
        ("robot", format!("{HEAD}faults:\n  - at: 1s\n    robot: {{name: tiny_9, battery: dead}}\n"), &["tiny_"]),
        ("fault", format!("{HEAD}faults:\n  - at: 1s\n    obstakle: {{}}\n"), &["obstacle"]),
        ("fault-share", format!("{HEAD}faults:\n  - at: 1s\n    network: {{link: robots, loss: 2.5, for: 3s}}\n"), &[":7:"]),
        ("expect", format!("{HEAD}expect:\n  - jobs.settld > 3\n"), &[":6:", "jobs.settled"]),
        ("expect-form", format!("{HEAD}expect:\n  - always: [1]\n"), &[":6:"]),
        ("expect-syntax", format!("{HEAD}expect:\n  - jobs.settled >\n"), &[":6:"]),
        ("fleet-none", format!("{HEAD}fleet:\n  - {{model: tinyRobot, count: 0}}\n"), &[":6:"]),
        ("fleet-many", format!("{HEAD}fleet:\n  - {{model: tinyRobot, count: 4000000000}}\n"), &[":6:"]),
        ("fleet-config", format!("{HEAD}fleet:\n  - {{model: tinyRobot, config: nowhere.yaml}}\n"), &[":6:", "nowhere.yaml"]),
        ("deep", format!("{HEAD}market: {}\n", "[".repeat(20_000)), &["deep.yaml:"]),
        ("laughs", "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]\ng: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f]\nh: [*g, *g, *g, *g, *g, *g, *g, *g, *g]\n".into(), &["laughs.yaml"]),
    ];
    for (name, text, says) in cases {
        let path = f.scenario(&format!("{name}.yaml"), text);
        let file = format!("{name}.yaml");
        let all: Vec<&str> = says.iter().copied().chain([file.as_str()]).collect();
        refused(c, 2, &["scenario", "check", &path], &all);
        refused(c, 2, &["run", &path, "--out", &out], &all);
    }
    assert!(!Path::new(&out).exists(), "nothing was run, so nothing was written");
}

#[test]
fn names_and_places() {
    let (f, c) = (Folder::new(), &mut Complaints::default());
    let folder = f.0.path().display().to_string();
    refused(c, 2, &["run", "office-deliverys"], &["office-deliverys", "office-deliveries"]);
    refused(c, 2, &["run", "hotel"], &["hotel"]);
    refused(c, 2, &["run", ""], &[]);
    refused(c, 2, &["run", &folder], &[&folder]);
    refused(c, 2, &["scenario", "check", "nowhere/at/all.yaml"], &["nowhere/at/all.yaml"]);
    for command in ["verify", "replay"] {
        refused(c, 2, &[command, "nowhere.mcap"], &["nowhere.mcap"]);
    }
    refused(c, 2, &["verify", &folder], &[&folder]);
    refused(c, 2, &["diff", "nowhere.mcap", "nowhere.mcap"], &["nowhere.mcap"]);
    refused(c, 2, &["site", "check", &folder], &[&folder]);
    // A file stands where the folder for the log should be.
    let file = f.put("file", b"x");
    let scenario = f.scenario("fine.yaml", HEAD);
    refused(c, 2, &["run", &scenario, "--out", &file], &["file"]);
    refused(c, 2, &["run", &scenario, "--seed", "-1"], &[]);
}

#[test]
fn buildings() {
    let (f, c) = (Folder::new(), &mut Complaints::default());
    let office = fs::read_to_string(root().join("sites/office.building.yaml")).expect("there is one");
    let lines: Vec<&str> = office.lines().collect();
    let cut = lines[..lines.len() / 3].join("\n") + "\n    - [1, 2\n";
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("empty", Vec::new(), "empty"),
        ("blank", b"\n\n\n".to_vec(), "blank"),
        ("cut", cut.into_bytes(), "cut.building.yaml:"),
        ("binary", (0..=255).cycle().take(10_000).collect(), "binary"),
        ("zeros", vec![0; 100_000], "zeros"),
        ("json", b"{\"levels\": 7}".to_vec(), "levels"),
        ("list", b"- 1\n- 2\n".to_vec(), "list.building.yaml:1"),
        ("levels-empty", b"name: x\nlevels: {}\n".to_vec(), "levels"),
        ("levels-list", b"name: x\nlevels: [1, 2]\n".to_vec(), "levels"),
        ("vertex", b"name: x\nlevels:\n  L1:\n    vertices:\n      - [zero, 0, 0, a]\n".to_vec(), "vertex.building.yaml:5"),
        (
            "lane",
            b"name: x\nlevels:\n  L1:\n    vertices:\n      - [0, 0, 0, a]\n      - [9, 0, 0, b]\n    lanes:\n      - [0, 99, {}]\n"
                .to_vec(),
            "lane.building.yaml:8",
        ),
        ("deep", "[".repeat(50_000).into_bytes(), "deep.building.yaml"),
    ];
    for (name, bytes, says) in cases {
        let file = format!("{name}.building.yaml");
        let path = f.put(&file, bytes);
        refused(c, 2, &["site", "check", &path], &[&file, says]);
        refused(c, 2, &["site", "show", &path], &[&file, says]);
        let scenario = f.put("on-it.yaml", format!("title: t\nsite: {file}\nduration: 1m\nseed: 1\n"));
        refused(c, 2, &["run", &scenario, "--out", &f.0.path().join("runs").display().to_string()], &[&file]);
    }
    // A building can be looked at that no robot can work in.
    for levels in ["  L1:\n", "  L1:\n    elevation: 0\n    vertices:\n      - [0, 0, 0, a]\n"] {
        f.put("bare.building.yaml", format!("name: x\nlevels:\n{levels}"));
        let scenario = f.put("on-bare.yaml", "title: t\nsite: bare.building.yaml\nduration: 1m\nseed: 1\n");
        refused(c, 2, &["scenario", "check", &scenario], &["on-bare.yaml", "robot"]);
    }
    let huge = f.0.path().join("huge.building.yaml");
    fs::File::create(&huge).expect("created").set_len(70 << 20).expect("sparse");
    refused(c, 2, &["site", "check", &huge.display().to_string()], &["huge.building.yaml"]);
    let scenario = f.put("huge.yaml", "title: t\nsite: huge.building.yaml\nduration: 1m\nseed: 1\n");
    refused(c, 2, &["scenario", "check", &scenario], &["huge.building.yaml"]);
}

#[test]
fn logs() {
    let (f, c) = (Folder::new(), &mut Complaints::default());
    let magic = b"\x89MCAP0\r\n".to_vec();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("text", b"title: t\n".to_vec()),
        ("binary", (0..=255).cycle().take(100_000).collect()),
        ("zeros", vec![0; 1 << 20]),
        ("magic", magic.clone()),
        ("magic-cut", magic[..5].to_vec()),
        ("magic-twice", [magic.clone(), magic.clone()].concat()),
        // A record that says it is endless.
        ("endless", [magic.clone(), vec![1], u64::MAX.to_le_bytes().to_vec(), vec![0; 64]].concat()),
        ("large", [magic.clone(), vec![6], (1_u64 << 29).to_le_bytes().to_vec(), vec![0; 64]].concat()),
        ("foreign", [magic.clone(), vec![1], 8_u64.to_le_bytes().to_vec(), vec![0; 8], magic].concat()),
    ];
    for (name, bytes) in &cases {
        let file = format!("{name}.mcap");
        let path = f.put(&file, bytes);
        refused(c, 16, &["verify", &path], &[&file]);
        refused(c, 16, &["verify", &path, "--format", "json"], &["\"status\""]);
        refused(c, 16, &["replay", &path], &[&file]);
        refused(c, 16, &["replay", &path, "--from", "10s"], &[&file]);
        refused(c, 16, &["diff", &path, &path], &[]);
    }
}
