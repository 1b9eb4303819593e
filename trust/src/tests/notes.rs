use crate::base64;
use crate::keys::SigningKey;
use crate::note::{Checkpoint, Note, NoteError, Verifier};
use nooterra_engine::Digest;
use proptest::prelude::*;

/// The example key and note of the Go `note` package, which C2SP's text takes over.
const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn opens_the_published_example() {
    let v = Verifier::from_text(VKEY).unwrap();
    assert_eq!(v.to_text(), VKEY);
    let n = Note::parse(NOTE).unwrap();
    n.verify(&v).unwrap();
    let other = Note::parse(&NOTE.replacen("answer", "Answer", 1)).unwrap();
    assert_eq!(other.verify(&v), Err(NoteError::Signature("PeterNeumann".into())));
}

#[test]
fn checkpoint_round_trip_and_refusals() {
    let key = SigningKey::from_secret([7; 32]);
    let c = Checkpoint { origin: "nooterra/office/world/1".into(), size: 42, root: Digest([9; 32]) };
    let note = c.sign(&key).unwrap();
    let v = Verifier::new(&c.origin, key.public()).unwrap();
    assert_eq!(Checkpoint::open(&note, &v).unwrap(), c);
    let stranger = Verifier::new(&c.origin, SigningKey::from_secret([8; 32]).public()).unwrap();
    assert!(matches!(Checkpoint::open(&note, &stranger), Err(NoteError::Unsigned(_))));
    for bad in ["a\n01\nAA==\n", "a\n-1\n\n", "\n1\n\n", "a\n1\nAAAA\n", "a\n1", "a\n+1\nAAAA\n"] {
        assert!(Checkpoint::parse(bad).is_err(), "{bad:?}");
    }
    assert!(Verifier::new("has space", key.public()).is_err());
    assert!(Verifier::new("has+plus", key.public()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn base64_is_a_bijection(b in proptest::collection::vec(any::<u8>(), 0..40), noise in "[A-Za-z0-9+/=]{0,12}") {
        prop_assert_eq!(base64::decode(&base64::encode(&b)), Some(b));
        if let Some(x) = base64::decode(&noise) {
            prop_assert_eq!(base64::encode(&x), noise);
        }
    }
    #[test]
    fn any_flipped_bit_of_a_note_is_refused(at in any::<usize>(), bit in 0..8u8) {
        let key = SigningKey::from_secret([7; 32]);
        let c = Checkpoint { origin: "nooterra/a".into(), size: 42, root: Digest([9; 32]) };
        let v = Verifier::new(&c.origin, key.public()).unwrap();
        let mut b = c.sign(&key).unwrap().into_bytes();
        let i = at % b.len();
        b[i] ^= 1 << bit;
        if let Ok(s) = String::from_utf8(b) {
            prop_assert!(Checkpoint::open(&s, &v).is_err());
        }
    }
    #[test]
    fn never_panics_on_text(s in "\\PC{0,80}", t in "(a|\n|\u{2014} |0|=| ){0,30}") {
        let _ = (Note::parse(&s), Note::parse(&t), Checkpoint::parse(&s), Checkpoint::parse(&t), Verifier::from_text(&s));
    }
}
