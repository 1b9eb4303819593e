//! Hashes what the determinism domain is made of: the sources of every room, the lock file, the compiler.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for zone in ["engine", "ledger", "trust", "world", "fleet", "marketplace", "scenarios", "replay"] {
        let dir = root.join(zone);
        println!("cargo::rerun-if-changed={}", dir.display());
        sources(&dir, &mut files);
    }
    files.sort();
    let mut all = Fnv::default();
    for f in &files {
        all.text(&f.strip_prefix(&root).unwrap_or(f).to_string_lossy());
        all.bytes(&std::fs::read(f).unwrap_or_default());
    }
    let lock = root.join("Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    let mut locked = Fnv::default();
    locked.bytes(&std::fs::read(lock).unwrap_or_default());
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    println!("cargo::rustc-env=NOOTERRA_SOURCES={:016x}", all.0);
    println!("cargo::rustc-env=NOOTERRA_LOCK={:016x}", locked.0);
    println!("cargo::rustc-env=NOOTERRA_RUSTC={}", version.unwrap_or_else(|_| "unknown".into()));
    println!("cargo::rustc-env=NOOTERRA_TARGET={}", std::env::var("TARGET").unwrap_or_default());
}

/// Rust sources and manifests, tests and benches aside: they cannot move a bit of a run.
fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for e in entries.flatten() {
        let path = e.path();
        let name = e.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "tests" | "benches" | "examples" | "target") {
                sources(&path, out);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" || name == "Cargo.toml" {
            out.push(path);
        }
    }
}

/// FNV-1a, 64 bits: tells builds apart, proves nothing.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn bytes(&mut self, b: &[u8]) {
        for x in b {
            self.0 = (self.0 ^ u64::from(*x)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.0 = (self.0 ^ b.len() as u64).wrapping_mul(0x0000_0100_0000_01b3);
    }
    fn text(&mut self, s: &str) {
        self.bytes(s.as_bytes());
    }
}
