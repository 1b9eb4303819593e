//! Scenario files: strict reading, resolution on a site, what a run would start from, conditions and values in words.

use crate::entropy::Entropy;
use crate::site::edited;
use nooterra_control::Control;
use nooterra_engine::{decode, encode};
use nooterra_script::resolved::Resolved;
use nooterra_script::{Condition, Flaw, read, resolve, words};
use nooterra_site::Site;
use nooterra_stage::Setup;
use std::sync::{Arc, LazyLock};

/// Sound scenarios that edits begin with; between them they use every section of the file.
const BASES: &[&str] = &[
    "title: t\nsite: x\nduration: 30m\nseed: 7\n",
    include_str!("../../scenarios/library/office-deliveries.yaml"),
    include_str!("../../scenarios/library/collision-claim.yaml"),
    include_str!("../../scenarios/library/remote-stops.yaml"),
    include_str!("../../scenarios/library/stall-operator-resume.yaml"),
    include_str!("../../scenarios/library/counter-offer.yaml"),
    include_str!("../../scenarios/library/sla-insurer.yaml"),
    include_str!("../../scenarios/library/lossy-network.yaml"),
    include_str!("../../scenarios/library/hotel-rounds.yaml"),
    include_str!("../../scenarios/library/surge.yaml"),
    include_str!("../../scenarios/library/period-close.yaml"),
];

static SITES: LazyLock<[Arc<Site>; 2]> = LazyLock::new(|| {
    [include_str!("../../sites/office.building.yaml"), include_str!("../../sites/corridor.building.yaml")]
        .map(|t| Arc::new(nooterra_site::import("s", t).expect("it is sound").site))
});

/// The first byte says what the rest is: a scenario, edits of a sound one, a condition or a value.
pub fn run(data: &[u8]) {
    let mut e = Entropy::new(data);
    let what = e.byte();
    let site = &SITES[usize::from(what >> 7)];
    match what % 8 {
        0 | 1 => scenario(&String::from_utf8_lossy(e.rest()), site),
        2..=5 => {
            let base = e.pick(BASES).copied().unwrap_or_default();
            scenario(&edited(base, &mut e), site);
        }
        6 => condition(&String::from_utf8_lossy(e.rest())),
        _ => {
            let t = String::from_utf8_lossy(e.rest());
            if let Ok(s) = words::span(&t) {
                let _ = s.to_string();
            }
        }
    }
}

fn told(f: &Flaw, text: &str) {
    assert!(!f.what.is_empty(), "{f:?}");
    assert!((f.line == 0) == (f.column == 0), "a place is line and column: {f:?}");
    // YAML ends a line at a lone carriage return as well.
    assert!(f.line as usize <= text.split(['\n', '\r']).count() + 1, "a flaw lies in the file: {f:?}");
    assert!(f.render("s.yaml", text).contains(&f.what));
    let _ = f.to_string();
}

fn scenario(text: &str, site: &Arc<Site>) {
    let s = match read(text) {
        Err(f) => return told(&f, text),
        Ok(s) => s,
    };
    match resolve(&s, site, s.seed.value) {
        Err(flaws) => {
            assert!(!flaws.is_empty());
            flaws.iter().for_each(|f| told(f, text));
        }
        Ok(r) => starts(r, site),
    }
}

/// What resolves gives a platform that starts.
fn starts(resolved: Resolved, site: &Arc<Site>) {
    if resolved.robots.len() > 32 || resolved.requesters.len() > 64 {
        return;
    }
    let setup = Setup::new(resolved, (**site).clone());
    let genesis = setup.genesis();
    let bytes = encode(&genesis);
    assert_eq!(encode(&decode::<nooterra_control::Genesis>(&bytes).expect("a genesis is a record")), bytes);
    if let Ok(mut c) = Control::new(genesis, setup.site.clone()) {
        c.begin(&mut nooterra_engine::machine::Out::default());
        let _ = c.roots();
    }
}

fn condition(text: &str) {
    if let Ok(c) = Condition::compile(text) {
        for v in [0.0, 1.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            let _ = c.holds(&|_| v);
        }
        let _ = c.values(&|_| 0.5);
        let again = Condition::compile(c.text()).expect("its own text is a condition");
        assert_eq!(again.uses(), c.uses());
    }
}
