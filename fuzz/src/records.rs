//! Canonical records: every outermost type that arrives from somewhere, from raw bytes and from its shape.

use crate::entropy::Entropy;
use crate::typed::{Pool, message};
use nooterra_blackbox::{leaf, snap, telemetry, words};
use nooterra_control::{genesis, input, wish};
use nooterra_engine::inspect::{Tree, first_difference, tree_of};
use nooterra_engine::record::{Message, decode, encode};
use nooterra_engine::{bus, faults, keyframe, net};
use nooterra_trust as trust;
use std::fmt::Debug;

type Check = fn(&mut Entropy<'_>);

macro_rules! types {
    ($($t:ty),* $(,)?) => { &[$(check::<$t>),*] };
}

/// Types of what comes over links, out of files and out of keyframes.
const CHECKS: &[Check] = types![
    trust::Envelope,
    trust::Receipt,
    trust::Draft,
    trust::Rejection,
    trust::Verdict,
    trust::Binding,
    trust::KeyTable,
    trust::ActorChains,
    trust::Outbox,
    trust::chain::EventHeader,
    trust::chain::Streams,
    trust::merkle::Tree,
    trust::merkle::WindowProof,
    trust::evidence::Command,
    trust::evidence::Event,
    trust::claim::Command,
    trust::claim::Event,
    trust::dispute::Command,
    trust::dispute::Event,
    trust::incident::Incident,
    input::GovernanceCommand,
    input::RequesterCommand,
    input::OwnerCommand,
    input::StaffCommand,
    input::CaseCommand,
    input::FinanceCommand,
    input::DeveloperCommand,
    input::CertifierCommand,
    input::ContractWord,
    input::PaymentReport,
    nooterra_control::OperatorCommand,
    nooterra_control::Fact,
    wish::Wish,
    genesis::Genesis,
    nooterra_control::state::State,
    nooterra_control::view::JobView,
    nooterra_port::Report,
    nooterra_port::FacilityReport,
    nooterra_port::FacilityOrder,
    nooterra_port::SignedOrder,
    nooterra_port::Order,
    nooterra_port::AssistView,
    nooterra_port::SensorFrame,
    nooterra_port::Actuation,
    nooterra_cast::Mail,
    nooterra_cast::Cast,
    nooterra_sim::SiteMail,
    nooterra_sim::SiteController,
    nooterra_sim::fleet::SimRobot,
    nooterra_site::Site,
    nooterra_site::RobotModel,
    nooterra_runner::load::Origin,
    nooterra_stage::Arrived,
    nooterra_stage::Stray,
    nooterra_stage::FaultEdge,
    keyframe::Keyframe,
    keyframe::StateRoots,
    bus::Letter,
    bus::Bus,
    net::Network,
    faults::Fault<u64>,
    words::Open,
    words::Handover,
    words::Seal,
    words::CheckpointNote,
    words::Close,
    words::Gap,
    words::Remark,
    words::Rooms,
    words::Manifest,
    snap::Snap,
    leaf::Cause,
    telemetry::Log,
    telemetry::FrameTransforms,
    telemetry::SceneUpdate,
];

/// The first byte chooses the type, the second how its bytes are made.
pub fn run(data: &[u8]) {
    let mut e = Entropy::new(data);
    let i = e.below(CHECKS.len());
    CHECKS[i](&mut e);
}

fn check<M: Message + Debug>(e: &mut Entropy<'_>) {
    let shape = M::shape();
    let bytes = match e.byte() % 4 {
        0 | 1 => e.rest().to_vec(),
        how => {
            let pool = Pool::default();
            let mut bytes = message(&shape, e, &pool);
            // One byte of it may be another.
            if how == 3 && !bytes.is_empty() {
                let at = e.below(bytes.len());
                bytes[at] ^= e.byte();
            }
            bytes
        }
    };
    // What only has the bytes reads them whatever they are.
    let tree = tree_of(&shape, &bytes);
    let text = tree.to_string();
    match decode::<M>(&bytes) {
        Ok(m) => {
            assert_eq!(encode(&m), bytes, "a value has one encoding: {m:?}");
            assert!(!holds_broken(&tree), "what decodes can be shown: {text}");
            let mut longer = bytes.clone();
            longer.push(0);
            assert!(decode::<M>(&longer).is_err(), "nothing may follow");
            assert!(first_difference(&shape, &bytes, &longer).is_some());
        }
        Err(fault) => {
            assert!(fault.at <= bytes.len(), "{fault}");
            let _ = fault.to_string();
        }
    }
    assert!(first_difference(&shape, &bytes, &bytes).is_none());
}

fn holds_broken(t: &Tree) -> bool {
    match t {
        Tree::Broken(_) => true,
        Tree::Leaf(_) | Tree::Text(_) => false,
        Tree::Fields(f) => f.iter().any(|(_, t)| holds_broken(t)),
        Tree::Variant(_, t) => holds_broken(t),
        Tree::List(l) => l.iter().any(holds_broken),
    }
}

/// First inputs: real values of a few types, by the number of their type.
#[must_use]
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    for i in 0..CHECKS.len() {
        let n = u8::try_from(i).unwrap_or(0);
        for k in 0..3u8 {
            // Made from the shape: the choices are any bytes.
            let mixed = |x: u32| x.wrapping_mul(2_654_435_761).wrapping_add(u32::from(k) * 77_777).to_le_bytes()[2];
            let choices: Vec<u8> = (0..200).map(mixed).collect();
            out.push((format!("seed-made-{i}-{k}"), [&[n, 2], choices.as_slice()].concat()));
        }
    }
    out
}
