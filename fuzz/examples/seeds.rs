//! Writes first inputs for every target, from real things: `cargo run --release -p nooterra-fuzz --example seeds -- DIR`.

use nooterra_fuzz::control::starts;
use nooterra_fuzz::{log, records};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let Some(out) = std::env::args().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("name a folder to write to"));
    };
    let put = |target: &str, name: &str, bytes: &[u8]| -> io::Result<()> {
        fs::create_dir_all(out.join(target))?;
        fs::write(out.join(target).join(name), bytes)
    };
    let with = |first: &[u8], rest: &[u8]| [first, rest].concat();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    put("log", "seed-file", &with(&[0], &log::sound()))?;
    put("log", "seed-edited", &[2])?;
    for i in 0..9 {
        put("log", &format!("seed-edit-{i}"), &[2, i, 40, 5, 1, i, 90, 3, 3])?;
    }
    for (i, name) in (0u8..).zip(["office", "hotel", "corridor"]) {
        put("site", &format!("seed-{name}"), &with(&[0], &fs::read(root.join(format!("sites/{name}.building.yaml")))?))?;
        for k in 2..=5 {
            put("site", &format!("seed-edited-{k}-{i}"), &[k, 3, 40, 1, i, 4, 60, 2, 9])?;
        }
    }
    for (i, ext) in (0u8..).zip(["map", "json", "agents", "tasks"]) {
        let text = fs::read(root.join(format!("sites/grid/small-warehouse.{ext}")))?;
        put("grid", &format!("seed-{ext}"), &with(&[i, 61], &text))?;
        for k in 0..3 {
            put("grid", &format!("seed-edited-{ext}-{k}"), &[0x40 | i, 61, 3 + k, 2, 0, k, 4, 3, 1, 1])?;
        }
    }
    let mut library: Vec<PathBuf> = fs::read_dir(root.join("scenarios/library"))?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    library.sort();
    for p in library {
        let name = p.file_stem().and_then(|s| s.to_str()).unwrap_or("x").to_owned();
        put("scenario", &format!("seed-{name}"), &with(&[0], &fs::read(&p)?))?;
    }
    for k in 0..11u8 {
        put("scenario", &format!("seed-edited-{k}"), &[2, k, 3, 6, 0, k, 4, 9, 1, 2])?;
    }
    for (i, c) in
        ["jobs.settled >= 0.9 * jobs.requested", "!(money.escrow != 0) && jobs.open == 0", "jobs.pass ? true : 1 > 2"].iter().enumerate()
    {
        put("scenario", &format!("seed-condition-{i}"), &with(&[6], c.as_bytes()))?;
    }
    for (i, s) in ["30m", "1h30m", "250ms", "3d"].iter().enumerate() {
        put("scenario", &format!("seed-span-{i}"), &with(&[7], s.as_bytes()))?;
    }
    for part in 0..8u8 {
        put("thaw", &format!("seed-{part}"), &[part, 1, 0, part, 1, 0, 0, 0, 0, 0, 0, 3])?;
        put("thaw", &format!("seed-whole-{part}"), &[part, 0x81, 0, part, 1, 0, 0, 0, 0, 0, 0, 3])?;
    }
    proofs(&put)?;
    for (name, bytes) in records::seeds() {
        put("records", &name, &bytes)?;
    }
    for (i, start) in (0u8..).zip(starts::all()) {
        eprintln!(
            "{i} {}: {} bytes of state, {} words on the tape, {} keys",
            start.name,
            start.state.len(),
            start.tape.len(),
            start.keys.len()
        );
        // The real run in pieces, with something said in between.
        let mut real = vec![i];
        for k in 0..20u8 {
            real.extend([7, 23, 0, 10, k, 12, k, 17]);
        }
        put("control", &format!("seed-real-{i}"), &real)?;
        let mut odd = vec![i];
        for k in 0..40u8 {
            odd.extend([2 + k % 5, k.wrapping_mul(37), k, k.wrapping_mul(91), 40, k, 9, k.wrapping_mul(13), 200, 7, 3, k % 20, k, 1]);
        }
        put("control", &format!("seed-odd-{i}"), &odd)?;
    }
    Ok(())
}

fn proofs(put: &impl Fn(&str, &str, &[u8]) -> io::Result<()>) -> io::Result<()> {
    use nooterra_engine::Digest;
    use nooterra_trust::SigningKey;
    use nooterra_trust::note::{Checkpoint, Verifier};
    let key = SigningKey::derived(b"fuzz", &[b"proofs"]);
    let c = Checkpoint { origin: "fuzz".into(), size: 7, root: Digest([5; 32]) };
    let signed = c.sign(&key).map_err(io::Error::other)?;
    let v = Verifier::new("fuzz", key.public()).map_err(io::Error::other)?;
    let with = |first: u8, text: &str| [&[first], text.as_bytes()].concat();
    put("proofs", "seed-note", &with(0, &signed))?;
    put("proofs", "seed-checkpoint", &with(1, &c.text()))?;
    put("proofs", "seed-verifier", &with(2, &v.to_text()))?;
    put("proofs", "seed-hex", &with(6, &Digest([0xab; 32]).to_string()))?;
    put("proofs", "seed-money", &with(6, "EUR 12.50"))?;
    put("proofs", "seed-code", &with(6, "STATE_FORBIDS"))?;
    put("proofs", "seed-id", &with(6, &nooterra_engine::ids::TenantId::named("fuzz").to_string()))?;
    for k in 0..6u8 {
        put("proofs", &format!("seed-envelope-{k}"), &[[3, 255, 255, 255, 255, 255, 255, 255, 127].as_slice(), &[k; 120]].concat())?;
        put("proofs", &format!("seed-proof-{k}"), &[4, 1, 9, 1, 20 + k, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1])?;
        put("proofs", &format!("seed-tree-{k}"), &[5, 30, 3 * k, 17 + k, k])?;
    }
    Ok(())
}
