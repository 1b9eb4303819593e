//! Vectors published by others. Without the data folder the tests pass on a bare clone, but fail where `CI=true`.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests say what they mean

use crate::base64;
use crate::keys::{PublicKey, Signature};
use crate::merkle::{verify_consistency, verify_inclusion};
use nooterra_engine::Digest;
use nooterra_engine::digest::sha256_plain;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> Option<PathBuf> {
    let p = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/vectors").join(name);
    if p.exists() {
        return Some(p);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "vectors `{name}` are missing at {}", p.display());
    eprintln!("vectors `{name}` are not here: nothing checked");
    None
}

fn json_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut names: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    for p in names {
        if p.is_dir() {
            json_files(&p, out);
        } else if p.extension().is_some_and(|e| e == "json") {
            out.push(p);
        }
    }
}

fn json(p: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(p).unwrap()).unwrap()
}

/// A hash of another width than 32 bytes is no digest: such a proof is refused before it is looked at.
fn digest(v: &Value) -> Option<Digest> {
    let Some(s) = v.as_str() else { return Some(Digest::ZERO) };
    Some(Digest(base64::decode(s)?.try_into().ok()?))
}

/// Roots of another width stand for themselves: one vector compares two of them.
fn root(v: &Value) -> Option<Digest> {
    digest(v).or_else(|| Some(sha256_plain(&base64::decode(v.as_str()?)?)))
}

fn proof(v: &Value) -> Option<Vec<Digest>> {
    v.as_array().map_or(Some(Vec::new()), |a| a.iter().map(digest).collect())
}

#[test]
fn merkle_inclusion() {
    let Some(dir) = folder("merkle/inclusion") else { return };
    let mut files = Vec::new();
    json_files(&dir, &mut files);
    assert!(files.len() >= 90, "{} vectors", files.len());
    for f in files {
        let v = json(&f);
        let n = |k: &str| v[k].as_u64().unwrap_or_default();
        let ok = || {
            Some(
                verify_inclusion(n("leafIdx"), n("treeSize"), &digest(&v["leafHash"])?, &proof(&v["proof"])?, &digest(&v["root"])?).is_ok(),
            )
        };
        assert_eq!(ok() == Some(true), !v["wantErr"].as_bool().unwrap(), "{}", f.display());
    }
}

#[test]
fn merkle_consistency() {
    let Some(dir) = folder("merkle/consistency") else { return };
    let mut files = Vec::new();
    json_files(&dir, &mut files);
    assert!(files.len() >= 90, "{} vectors", files.len());
    for f in files {
        let v = json(&f);
        let n = |k: &str| v[k].as_u64().unwrap_or_default();
        let ok =
            || Some(verify_consistency(n("size1"), n("size2"), &root(&v["root1"])?, &root(&v["root2"])?, &proof(&v["proof"])?).is_ok());
        assert_eq!(ok() == Some(true), !v["wantErr"].as_bool().unwrap(), "{}", f.display());
    }
}

#[test]
fn wycheproof_ed25519() {
    let Some(dir) = folder("ed25519") else { return };
    let v = json(&dir.join("wycheproof_ed25519_test.json"));
    let hex = |s: &Value| -> Vec<u8> {
        let s = s.as_str().unwrap();
        (0..s.len() / 2).map(|i| u8::from_str_radix(&s[2 * i..2 * i + 2], 16).unwrap()).collect()
    };
    let mut count = 0;
    for g in v["testGroups"].as_array().unwrap() {
        let key = PublicKey(hex(&g["publicKey"]["pk"]).try_into().unwrap());
        for t in g["tests"].as_array().unwrap() {
            let ok = <[u8; 64]>::try_from(hex(&t["sig"])).is_ok_and(|s| key.verify(&hex(&t["msg"]), &Signature(s)));
            assert_eq!(ok, t["result"] == "valid", "case {}: {}", t["tcId"], t["comment"]);
            count += 1;
        }
    }
    assert_eq!(count, v["numberOfTests"].as_u64().unwrap());
    assert!(count >= 151);
}
