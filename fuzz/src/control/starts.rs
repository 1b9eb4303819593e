//! Where a sequence starts: a new platform, and platforms in the midst of real work, each with what was really said to
//! them afterwards.

use super::hands::Key;
use crate::typed::{Pool, harvest, prune};
use nooterra_cast::desks::Seat;
use nooterra_control::Control;
use nooterra_control::state::State;
use nooterra_engine::Instant;
use nooterra_engine::machine::Out;
use nooterra_engine::record::Message as _;
use nooterra_site::Site;
use nooterra_stage::{Entry, Setup, Sink, Stage};
use nooterra_trust::{Envelope, SigningKey};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// One of them.
#[derive(Debug)]
pub struct Start {
    /// What it is.
    pub name: &'static str,
    /// The site.
    pub site: Arc<Site>,
    /// The platform, frozen.
    pub state: Vec<u8>,
    /// Everybody's keys.
    pub keys: Vec<Key>,
    /// What was said to the real one from there on.
    pub tape: Vec<(Instant, Envelope)>,
    /// What exists there.
    pub pool: Pool,
}

/// A scenario with the seconds at which a start is taken, and how long the tape goes on.
struct Source {
    name: &'static str,
    scenario: &'static str,
    building: &'static str,
    at_s: &'static [f64],
    tape_s: f64,
}

const OFFICE: &str = include_str!("../../../sites/office.building.yaml");
const CORRIDOR: &str = include_str!("../../../sites/corridor.building.yaml");

const SOURCES: &[Source] = &[
    Source {
        name: "help",
        scenario: include_str!("../../../scenarios/library/stall-operator-resume.yaml"),
        building: CORRIDOR,
        at_s: &[0.0, 30.0, 75.0],
        tape_s: 160.0,
    },
    Source {
        name: "claim",
        scenario: include_str!("../../../scenarios/library/collision-claim.yaml"),
        building: OFFICE,
        at_s: &[0.0, 110.0, 170.0],
        tape_s: 120.0,
    },
    Source {
        name: "haggling",
        scenario: include_str!("../../../scenarios/library/counter-offer.yaml"),
        building: OFFICE,
        at_s: &[24.0, 60.0],
        tape_s: 60.0,
    },
    Source {
        name: "moves",
        scenario: include_str!("../../../scenarios/library/reschedule.yaml"),
        building: OFFICE,
        at_s: &[45.0],
        tape_s: 30.0,
    },
];

/// All starts, made once: a few seconds of real runs.
pub fn all() -> &'static [Start] {
    static STARTS: LazyLock<Vec<Start>> = LazyLock::new(|| SOURCES.iter().flat_map(taken).collect());
    &STARTS
}

/// Keeps what reaches the platform.
#[derive(Debug, Default)]
struct Tape(Vec<(Instant, Envelope)>);

impl Sink for Tape {
    fn put(&mut self, _: u64, at: Instant, entry: Entry<'_>) {
        if let Entry::Input(a) = entry {
            self.0.push((at, a.envelope.clone()));
        }
    }
}

fn taken(source: &Source) -> Vec<Start> {
    let site = nooterra_site::import("site", source.building).expect("it is sound").site;
    let s = nooterra_script::read(source.scenario).expect("it is sound");
    let resolved = nooterra_script::resolve(&s, &site, s.seed.value).expect("it is sound");
    let setup = Arc::new(Setup::new(resolved, site));
    let mut stage = Stage::new(setup.clone()).expect("it starts");
    let mut tape = Tape::default();
    let mut cuts: Vec<(usize, Vec<u8>)> = Vec::new();
    for at_s in source.at_s {
        if *at_s == 0.0 {
            // The run has not said its first words; a platform of its own has.
            let mut c = Control::new(setup.genesis(), setup.site.clone()).expect("it starts");
            c.begin(&mut Out::default());
            cuts.push((0, c.freeze()));
            continue;
        }
        run_to(&mut stage, *at_s, &mut tape);
        cuts.push((tape.0.len(), stage.control.freeze()));
    }
    let last = source.at_s.last().copied().unwrap_or(0.0);
    run_to(&mut stage, last + source.tape_s, &mut tape);
    let keys = keys(&setup);
    let start = |(from, state): (usize, Vec<u8>)| {
        let mut pool = Pool::default();
        harvest(&State::shape(), &state, &mut pool);
        prune(&mut pool);
        Start { name: source.name, site: setup.site.clone(), state, keys: keys.clone(), tape: tape.0[from..].to_vec(), pool }
    };
    cuts.into_iter().map(start).collect()
}

fn run_to(stage: &mut Stage, at_s: f64, tape: &mut Tape) {
    while stage.now().as_secs_f64() < at_s {
        stage.step(tape).expect("it goes on");
    }
    let _ = nooterra_engine::marks::take();
}

/// Secrets of all bindings: they are drawn from the seed by label.
fn keys(setup: &Setup) -> Vec<Key> {
    let (chance, r) = (setup.chance(), &setup.resolved);
    let mut labels: Vec<String> = ["payments", "crew", "site", "witness", "former-staff"].map(str::to_owned).to_vec();
    labels.extend(Seat::ALL.map(|s| s.name().to_owned()));
    labels.extend(r.requesters.iter().map(|p| format!("requester/{}", p.name)));
    labels.extend(r.providers.iter().map(|p| format!("provider/{}", p.name)));
    labels.extend(r.operators.iter().map(|o| format!("operator/{}", o.name)));
    labels.extend(r.robots.iter().map(|o| format!("robot/{}", o.name)));
    let known: BTreeMap<_, SigningKey> = labels.iter().map(|l| nooterra_cast::key(&chance, l)).map(|k| (k.id(), k)).collect();
    let bound = setup.genesis().keys;
    bound
        .iter()
        .filter_map(|b| {
            let secret = known.get(&b.public.id())?.clone();
            Some(Key { id: b.public.id(), role: b.role, actor: b.subject, secret })
        })
        .collect()
}
