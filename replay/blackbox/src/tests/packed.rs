use crate::lz4::unpack;
use proptest::prelude::*;

/// Frames made by the reference library, with and without checksums and links between blocks.
const FRAMES: [&str; 2] = [
    "04224d1868408803000000000000fe7f000000f3067265636f72642030206f6620746865206c6f673b2015001f311500011f321500011f331500011f341500011f351500011f361500010f9300ffff9df031000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f00000000",
    "04224d187c408803000000000000a27f000000f3067265636f72642030206f6620746865206c6f673b2015001f311500011f321500011f331500011f341500011f351500011f361500010f9300ffff9df031000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f5092cb8d000000001649e33c",
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn text() -> Vec<u8> {
    let mut t: Vec<u8> = (0..40).flat_map(|i| format!("record {} of the log; ", i % 7).into_bytes()).collect();
    t.extend(0..64);
    t
}

#[test]
fn frames_of_the_reference_library() {
    for f in FRAMES {
        let mut out = Vec::new();
        unpack(&bytes(f), 10_000, &mut out).unwrap();
        assert_eq!(out, text());
        assert!(unpack(&bytes(f), text().len() - 1, &mut Vec::new()).is_err(), "more than was announced");
    }
}

proptest! {
    #[test]
    fn harmed_frames_are_refused_in_peace(which in 0usize..2, harm in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6), cut in any::<usize>()) {
        let mut b = bytes(FRAMES[which]);
        for (at, x) in harm {
            let n = b.len();
            b[at % n] ^= x;
        }
        b.truncate(cut % (2 * b.len()));
        let mut out = Vec::new();
        let _ = unpack(&b, 5000, &mut out);
        prop_assert!(out.len() <= 5000);
    }
}
