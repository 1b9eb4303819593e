//! Canonical bytes: against prost as an independent reader and writer, against mutation, against themselves.
#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::cast_possible_truncation)] // tests say what they mean

use nooterra_engine::ids::{JobId, RobotId};
use nooterra_engine::inspect::{first_difference, tree};
use nooterra_engine::money::{Amount, Currency, mul_div, mul_div_up, parse_money};
use nooterra_engine::queue::EventQueue;
use nooterra_engine::record::{Body, Message as _, Writer};
use nooterra_engine::{Digest, Instant, Record, Span, decode, encode};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Debug, Clone, PartialEq, Record)]
struct Sample {
    a: u64,
    b: i64,
    text: String,
    raw: Vec<u8>,
    list: Vec<u32>,
    words: Vec<String>,
    inner: Option<Inner>,
    many: Vec<Inner>,
    flag: bool,
    x: f32,
    y: f64,
    #[tag(20)]
    late: u32,
}

#[derive(Debug, Clone, PartialEq, Record)]
struct Inner {
    n: i32,
    s: String,
}

/// The same message as prost sees it.
#[derive(Clone, PartialEq, prost::Message)]
struct SampleProst {
    #[prost(uint64, tag = "1")]
    a: u64,
    #[prost(sint64, tag = "2")]
    b: i64,
    #[prost(string, tag = "3")]
    text: String,
    #[prost(bytes = "vec", tag = "4")]
    raw: Vec<u8>,
    #[prost(uint32, repeated, tag = "5")]
    list: Vec<u32>,
    #[prost(string, repeated, tag = "6")]
    words: Vec<String>,
    #[prost(message, optional, tag = "7")]
    inner: Option<InnerProst>,
    #[prost(message, repeated, tag = "8")]
    many: Vec<InnerProst>,
    #[prost(bool, tag = "9")]
    flag: bool,
    #[prost(float, tag = "10")]
    x: f32,
    #[prost(double, tag = "11")]
    y: f64,
    #[prost(uint32, tag = "20")]
    late: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct InnerProst {
    #[prost(sint32, tag = "1")]
    n: i32,
    #[prost(string, tag = "2")]
    s: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Record)]
enum Plain {
    First,
    Second,
    Third,
}

#[derive(Debug, Clone, PartialEq, Record)]
enum Choice {
    Empty,
    One(Inner),
    Number(u64),
    Named {
        at: Instant,
        plain: Plain,
        back: Option<Box<Inner>>,
    },
    Pair(u32, String),
    #[tag(9)]
    Fixed([u8; 32]),
}

#[derive(Debug, Clone, PartialEq, Record)]
struct Wide {
    map: BTreeMap<u32, String>,
    by_id: BTreeMap<JobId, Vec<u64>>,
    set: BTreeSet<i64>,
    queue: VecDeque<Plain>,
    pair: (u64, String),
    big: u128,
    digest: Digest,
    robot: Option<RobotId>,
    point: [f32; 3],
    money: Amount,
    currency: Currency,
    span: Span,
    choices: Vec<Choice>,
    plain: Plain,
}

fn inner() -> impl Strategy<Value = Inner> {
    (any::<i32>(), ".{0,6}").prop_map(|(n, s)| Inner { n, s })
}

fn sample() -> impl Strategy<Value = Sample> {
    let a = (any::<u64>(), any::<i64>(), ".{0,8}", prop::collection::vec(any::<u8>(), 0..200), prop::collection::vec(any::<u32>(), 0..9));
    let b = (prop::collection::vec(".{0,5}", 0..4), prop::option::of(inner()), prop::collection::vec(inner(), 0..4), any::<bool>());
    let c = (-1e9f32..1e9, -1e9f64..1e9, any::<u32>());
    (a, b, c).prop_map(|((a, b, text, raw, list), (words, inner, many, flag), (x, y, late))| Sample {
        a,
        b,
        text,
        raw,
        list,
        words,
        inner,
        many,
        flag,
        x,
        y,
        late,
    })
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Empty),
        inner().prop_map(Choice::One),
        any::<u64>().prop_map(Choice::Number),
        (any::<u64>(), prop::option::of(inner())).prop_map(|(t, b)| Choice::Named {
            at: Instant(t),
            plain: Plain::Third,
            back: b.map(Box::new)
        }),
        (any::<u32>(), ".{0,3}").prop_map(|(a, b)| Choice::Pair(a, b)),
        any::<[u8; 32]>().prop_map(Choice::Fixed),
    ]
}

fn wide() -> impl Strategy<Value = Wide> {
    let a = (
        prop::collection::btree_map(any::<u32>(), ".{0,3}", 0..4),
        prop::collection::btree_map(any::<[u8; 16]>(), prop::collection::vec(any::<u64>(), 0..3), 0..3),
        prop::collection::btree_set(any::<i64>(), 0..4),
        prop::collection::vec(any::<bool>(), 0..4),
        (any::<u64>(), ".{0,3}"),
        any::<u128>(),
    );
    let b =
        (any::<[u8; 32]>(), prop::option::of(any::<[u8; 16]>()), any::<[i16; 3]>(), 0..1_000_000u64, prop::collection::vec(choice(), 0..5));
    (a, b).prop_map(|((map, by_id, set, q, pair, big), (digest, robot, point, money, choices))| Wide {
        map,
        by_id: by_id.into_iter().map(|(k, v)| (JobId::from_bytes(k), v)).collect(),
        set,
        queue: q.into_iter().map(|b| if b { Plain::Second } else { Plain::First }).collect(),
        pair,
        big,
        digest: Digest(digest),
        robot: robot.map(RobotId::from_bytes),
        point: point.map(f32::from),
        money: Amount::new(money).unwrap(),
        currency: Currency::EUR,
        span: Span(money),
        choices,
        plain: Plain::Second,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn prost_writes_the_same_bytes_and_reads_ours(s in sample()) {
        let ours = encode(&s);
        let theirs = <SampleProst as prost::Message>::decode(ours.as_slice()).unwrap();
        prop_assert_eq!(theirs.a, s.a);
        prop_assert_eq!(theirs.b, s.b);
        prop_assert_eq!(&theirs.raw, &s.raw);
        prop_assert_eq!(prost::Message::encode_to_vec(&theirs), ours.clone());
        prop_assert_eq!(decode::<Sample>(&ours).unwrap(), s);
    }

    #[test]
    fn every_kind_of_field_survives(w in wide()) {
        let bytes = encode(&w);
        prop_assert_eq!(decode::<Wide>(&bytes).unwrap(), w);
        let text = tree::<Wide>(&bytes).to_string();
        prop_assert!(!text.contains("unreadable"), "{}", text);
    }

    #[test]
    fn whatever_decodes_encodes_to_the_same_bytes(w in wide(), at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<prop::sample::Index>()) {
        let mut bytes = encode(&w);
        let i = at.index(bytes.len());
        bytes[i] ^= 1 << bit;
        if let Ok(other) = decode::<Wide>(&bytes) {
            prop_assert_eq!(encode(&other), bytes.clone());
            prop_assert_ne!(other, w);
        }
        let n = cut.index(bytes.len());
        if let Ok(other) = decode::<Wide>(&bytes[..n]) {
            prop_assert_eq!(encode(&other), &bytes[..n]);
        }
        let _ = tree::<Wide>(&bytes).to_string();
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(w) = decode::<Wide>(&bytes) {
            prop_assert_eq!(encode(&w), bytes.clone());
        }
        let _ = tree::<Sample>(&bytes).to_string();
    }

    #[test]
    fn a_difference_names_the_field(w in wide(), n in 1u64..1000) {
        let mut v = w.clone();
        v.span = Span(w.span.0.wrapping_add(n));
        let d = first_difference(&Wide::shape(), &encode(&w), &encode(&v)).unwrap();
        prop_assert_eq!(d.path, "span");
        let mut v = w.clone();
        v.map.insert(7, format!("{}!", w.map.get(&7).cloned().unwrap_or_default()));
        let d = first_difference(&Wide::shape(), &encode(&w), &encode(&v)).unwrap();
        prop_assert!(d.path.starts_with("map"), "{}", d);
        prop_assert!(first_difference(&Wide::shape(), &encode(&w), &encode(&w)).is_none());
    }

    #[test]
    fn ids_survive_text(b in any::<[u8; 16]>()) {
        let id = JobId::from_bytes(b);
        let text = id.to_string();
        prop_assert_eq!(text.len(), 4 + 26);
        prop_assert_eq!(text.parse::<JobId>().unwrap(), id);
        prop_assert!(text.replace("job_", "rbt_").parse::<JobId>().is_err());
    }

    #[test]
    fn mul_div_matches_wide_arithmetic(a in any::<u64>(), b in any::<u64>(), c in 1u64..) {
        let exact = u128::from(a) * u128::from(b) / u128::from(c);
        let up = (u128::from(a) * u128::from(b)).div_ceil(u128::from(c));
        prop_assert_eq!(mul_div(a, b, c).ok().map(u128::from), (exact <= i64::MAX as u128).then_some(exact));
        prop_assert_eq!(mul_div_up(a, b, c).ok().map(u128::from), (up <= i64::MAX as u128).then_some(up));
    }

    #[test]
    fn the_queue_is_a_stable_sort(events in prop::collection::vec((0u64..5, 0u8..3, 0u32..3), 0..40)) {
        let mut q = EventQueue::default();
        for (i, (t, c, n)) in events.iter().enumerate() {
            q.push(Instant(*t), *c, *n, i as u64);
        }
        let thawed: EventQueue<u64> = decode(&encode(&q)).unwrap();
        prop_assert_eq!(&thawed, &q);
        let mut expected: Vec<_> = events.iter().enumerate().map(|(i, (t, c, n))| (*t, *c, *n, i as u64)).collect();
        expected.sort();
        let mut got = Vec::new();
        while let Some((k, e)) = q.pop_due(Instant(10)) {
            got.push((k.at.0, k.class, k.node, e));
        }
        prop_assert_eq!(got, expected);
    }
}

#[test]
fn unknown_repeated_and_disordered_fields_are_refused() {
    let s = Inner { n: 3, s: "x".into() };
    let good = encode(&s);
    assert_eq!(good, [0x08, 6, 0x12, 1, b'x']);
    for (bad, why) in [
        (vec![0x12, 1, b'x', 0x08, 6], "out of order"),
        (vec![0x08, 6, 0x08, 6], "repeated"),
        (vec![0x08, 6, 0x18, 1], "unknown"),
        (vec![0x08, 0x86, 0x00], "NOT_CANONICAL"),
        (vec![0x08, 0], "NOT_CANONICAL"),
        (vec![0x0a, 1, 1], "wire type"),
        (vec![0x12, 9, b'x'], "ends too early"),
        (vec![0x12, 1, 0xff], "UTF-8"),
    ] {
        let e = decode::<Inner>(&bad).unwrap_err().to_string();
        assert!(e.contains(why) || why == "repeated" && e.contains("repeated"), "{bad:?}: {e}");
    }
}

#[test]
fn money_is_read_strictly() {
    assert_eq!(parse_money("EUR 2.50").unwrap(), (Currency::EUR, Amount::new(250).unwrap()));
    assert_eq!(parse_money("EUR 2.5").unwrap().1.minor(), 250);
    assert_eq!(parse_money("JPY 300").unwrap().1.minor(), 300);
    for bad in ["EUR", "2.50", "EUR -1", "EUR 2.505", "XXQ 1", "EUR 2.", "EUR 1e3", "JPY 3.5", "EUR 99999999999999"] {
        assert!(parse_money(bad).is_err(), "{bad}");
    }
}

#[test]
fn hex_is_digits_alone() {
    let d = Digest([0x0f; 32]);
    assert_eq!(Digest::from_hex(&d.to_string()), Some(d));
    // A sign is understood by the parser of numbers.
    assert_eq!(Digest::from_hex(&"+f".repeat(32)), None);
    assert_eq!(Digest::from_hex(&"0".repeat(63)), None);
}

/// A base-128 integer by the book: seven bits at a time.
fn plain_varint(mut v: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while v >= 0x80 {
        out.push((v & 0x7f) as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
    out
}

#[test]
fn integers_of_every_length_have_their_bytes() {
    let mut checked = 0;
    for bits in 0..64u32 {
        for v in [1 << bits, (1 << bits) - 1, (1u64 << bits) | 1, u64::MAX >> bits, 0x5a5a_5a5a_5a5a_5a5a >> bits] {
            let mut w = Writer { bytes: vec![7] };
            w.varint(v);
            assert_eq!(w.bytes[1..], plain_varint(v), "{v:#x}");
            for tag in [1, 15, 16, 3_000] {
                let mut w = Writer::default();
                w.uint(tag, v);
                assert_eq!(w.bytes, [plain_varint(u64::from(tag) << 3), plain_varint(v)].concat(), "{v:#x} in {tag}");
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 64 * 5);
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct WithRoom {
    a: u64,
    #[record(skip)]
    room: Vec<u8>,
    b: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Record)]
struct WithoutRoom {
    a: u64,
    b: u64,
}

#[test]
fn a_skipped_field_has_no_tag_and_no_bytes() {
    let bytes = encode(&WithRoom { a: 1, room: vec![1, 2], b: 2 });
    assert_eq!(bytes, encode(&WithoutRoom { a: 1, b: 2 }));
    assert_eq!(decode::<WithRoom>(&bytes), Ok(WithRoom { a: 1, room: Vec::new(), b: 2 }));
    let Body::Struct(fields) = WithRoom::shape().body else { panic!("a struct") };
    assert_eq!(fields.iter().map(|f| (f.tag, f.name)).collect::<Vec<_>>(), [(1, "a"), (2, "b")]);
}
