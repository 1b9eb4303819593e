//! A digest over pieces, against what it says of itself.
#![allow(missing_docs, clippy::unwrap_used)]

use nooterra_engine::digest::{PIECE, PieceDigest, blake3};
use nooterra_engine::{Digest, decode, encode};
use proptest::prelude::*;

/// The digest after each fact, worked out from the facts alone.
fn naive(facts: &[Vec<u8>]) -> Vec<Digest> {
    let (mut head, mut rest, mut out) = (Digest::ZERO, Vec::new(), Vec::new());
    for f in facts {
        rest.extend(u32::try_from(f.len()).unwrap().to_le_bytes());
        rest.extend(f);
        let now = blake3(&[&head.0[..], &rest].concat());
        if rest.len() >= PIECE {
            head = now;
            rest.clear();
        }
        out.push(if rest.is_empty() { blake3(&head.0) } else { now });
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn however_often_it_is_read_and_wherever_it_is_thawed(
        facts in prop::collection::vec(prop_oneof![9 => prop::collection::vec(any::<u8>(), 0..700), 1 => prop::collection::vec(any::<u8>(), 0..40_000)], 0..90),
        cuts in prop::collection::vec(any::<bool>(), 90),
    ) {
        let (mut plain, mut cut) = (PieceDigest::default(), PieceDigest::default());
        for ((i, f), expected) in facts.iter().enumerate().zip(naive(&facts)) {
            plain.fold(|w| w.bytes.extend_from_slice(f));
            cut.fold(|w| w.bytes.extend_from_slice(f));
            if cuts[i] {
                prop_assert_eq!(cut.now().head, expected);
                cut = decode(&encode(&cut)).unwrap();
            }
            prop_assert_eq!(&cut, &plain);
            prop_assert_eq!(encode(&cut), encode(&plain));
        }
        prop_assert_eq!(plain.now().count, facts.len() as u64);
        prop_assert_eq!(plain.now().head, naive(&facts).last().copied().unwrap_or_else(|| blake3(&[0; 32])));
    }
}

#[test]
fn what_cannot_be_gathered_is_no_piece() {
    let mut d = PieceDigest::default();
    d.fold(|w| w.bytes.extend_from_slice(b"a fact"));
    let bytes = encode(&d);
    assert!(decode::<PieceDigest>(&bytes).is_ok());
    // Without the head, and with more than a piece holds.
    assert!(decode::<PieceDigest>(&[8, 1]).is_err());
    let long = [&[18, 0xa0, 0x80, 0x01][..], &vec![0; PIECE + 32]].concat();
    assert!(decode::<PieceDigest>(&long).is_err());
}
