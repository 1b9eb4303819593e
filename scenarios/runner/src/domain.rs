//! The determinism domain of this build: logs of one domain can be compared bit by bit.

use nooterra_blackbox::words::type_name;

/// What a build is made of, part by part: everything that can move a bit of a run.
#[must_use]
pub fn domain() -> Vec<(String, String)> {
    let part = |k: &str, v: &str| (k.to_owned(), v.to_owned());
    vec![
        part("code", env!("CARGO_PKG_VERSION")),
        part("sources", env!("NOOTERRA_SOURCES")),
        part("lock", env!("NOOTERRA_LOCK")),
        part("compiler", env!("NOOTERRA_RUSTC")),
        part("target", env!("NOOTERRA_TARGET")),
        part("codec", &type_name::<nooterra_engine::keyframe::Keyframe>()),
        part("chance", "ChaCha8, keyed by place and entity"),
        part("physics", "rapier3d 0.36.1, enhanced-determinism, f32"),
        part("floats", "IEEE 754, libm"),
    ]
}
