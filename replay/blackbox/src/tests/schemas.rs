//! Schemas are valid, and enough to read a payload without knowing its type.

use super::*;
use crate::schema::{entry, payload_type, plain};
use crate::telemetry::{LaserScan, PosesInFrame, SceneUpdate};
use nooterra_engine::record::{Message, encode};
use prost::Message as _;
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorSet};
use std::collections::{BTreeMap, BTreeSet};

/// Every rule of descriptors that a pool of them checks.
fn check(data: &[u8]) -> BTreeMap<String, DescriptorProto> {
    let set = FileDescriptorSet::decode(data).unwrap();
    let (mut files, mut names, mut messages) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    for f in &set.file {
        assert!(f.dependency.iter().all(|d| files.contains(d)), "{} comes before what it imports", f.name());
        for (n, is_message) in f.message_type.iter().map(|m| (m.name(), true)).chain(f.enum_type.iter().map(|e| (e.name(), false))) {
            let full = format!("{}.{n}", f.package());
            assert!(names.insert(full.clone()), "{full} twice");
            assert!(is_message || f.enum_type.iter().all(|e| e.value[0].number() == 0));
        }
        for e in &f.enum_type {
            for v in &e.value {
                assert!(names.insert(format!("{}.{}", f.package(), v.name())), "value {} twice in {}", v.name(), f.package());
            }
        }
        for m in &f.message_type {
            let mut tags = BTreeSet::new();
            let mut labels = BTreeSet::new();
            for x in &m.field {
                assert!(tags.insert(x.number()) && labels.insert(x.name().to_owned()), "{}.{}", m.name(), x.name());
                assert!(x.name().starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'));
                if matches!(x.r#type(), Type::Message | Type::Enum) {
                    assert!(names.contains(x.type_name().trim_start_matches('.')), "{} is unknown", x.type_name());
                }
            }
            messages.insert(format!("{}.{}", f.package(), m.name()), m.clone());
        }
        assert!(files.insert(f.name().to_owned()));
    }
    messages
}

/// Reads bytes by descriptors alone.
fn dump(all: &BTreeMap<String, DescriptorProto>, name: &str, mut b: &[u8]) -> String {
    fn varint(b: &mut &[u8]) -> u64 {
        prost::encoding::decode_varint(b).unwrap()
    }
    let d = &all[name];
    let mut out = String::new();
    while !b.is_empty() {
        let key = varint(&mut b);
        let f = d
            .field
            .iter()
            .find(|f| i64::from(f.number()) == (key >> 3) as i64)
            .unwrap_or_else(|| panic!("{name} has no field {}", key >> 3));
        let value = match key & 7 {
            0 => {
                let v = varint(&mut b);
                if f.r#type() == Type::Sint64 { ((v >> 1) as i64 ^ -((v & 1) as i64)).to_string() } else { v.to_string() }
            }
            1 => {
                let (v, rest) = b.split_at(8);
                b = rest;
                f64::from_le_bytes(v.try_into().unwrap()).to_string()
            }
            2 => {
                let n = varint(&mut b) as usize;
                let (v, rest) = b.split_at(n);
                b = rest;
                match f.r#type() {
                    Type::Message => dump(all, f.type_name().trim_start_matches('.'), v),
                    Type::String => format!("{:?}", std::str::from_utf8(v).unwrap()),
                    _ => format!("{n} bytes"),
                }
            }
            w => panic!("wire type {w}"),
        };
        out += &format!("{}={value} ", f.name());
    }
    format!("{{{}}}", out.trim_end())
}

#[test]
fn entries_describe_their_payload() {
    let s = entry(Kind::Input, &Word::shape());
    let all = check(&s.data);
    assert_eq!(s.name, "nooterra.log.In_blackbox_Word");
    assert_eq!(payload_type(&s.name, &s.data).unwrap(), "nooterra.blackbox.Word");
    let bytes = sample(1, 1);
    let m = harm::messages(&bytes).into_iter().find(|m| m.channel.topic == "/nt/in/blackbox.Word").unwrap();
    let seen = m.channel.schema.as_ref().unwrap();
    assert_eq!((seen.name.as_str(), &*seen.data), (s.name.as_str(), s.data.as_slice()));
    let text = dump(&all, &s.name, &m.data);
    assert!(
        text.contains(r#"kind=3 payload={Count={f0={a=1 b=-5 tags={f0="x" f1=1}}}}"#)
            || text.contains(r#"payload={Count={a=1 b=-5 tags={f0="x" f1=1}}}"#),
        "{text}"
    );
}

#[derive(Debug, Clone, PartialEq, Record)]
struct Odd {
    one: Vec<(u64, String)>,
    two: Vec<(String, Instant)>,
    map: BTreeMap<u64, Vec<String>>,
    by_id: BTreeMap<nooterra_engine::ids::RobotId, (u64, u64)>,
    again: Option<Box<Odd>>,
    far: Option<Box<Mirror>>,
}

#[derive(Debug, Clone, PartialEq, Record)]
struct Mirror {
    back: Option<Box<Odd>>,
    x: f64,
}

#[test]
fn tuples_maps_and_circles() {
    let odd = Odd {
        one: vec![(1, "a".into())],
        two: vec![("b".into(), Instant(5))],
        map: [(7, vec!["x".to_owned(), "y".to_owned()])].into(),
        by_id: [(nooterra_engine::ids::RobotId::named("r"), (1, 2))].into(),
        again: None,
        far: Some(Box::new(Mirror { back: None, x: 0.5 })),
    };
    let outer = Odd { again: Some(Box::new(odd.clone())), ..odd };
    let s = plain(&Odd::shape());
    let all = check(&s.data);
    let text = dump(&all, &s.name, &encode(&outer));
    for part in [
        r#"one={f0=1 f1="a"}"#,
        r#"two={f0="b" f1=5}"#,
        r#"map={key=7 value="x" value="y"}"#,
        "by_id={key=16 bytes value={f0=1 f1=2}}",
        "again={one=",
        "far={x=0.5}",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn telemetry_has_the_names_that_viewers_know() {
    let field = |all: &BTreeMap<String, DescriptorProto>, m: &str, f: &str| {
        let f = all[m].field.iter().find(|x| x.name() == f).unwrap_or_else(|| panic!("{m}.{f}")).clone();
        (f.number(), f.r#type())
    };
    let scene = plain(&SceneUpdate::shape());
    assert_eq!(scene.name, "foxglove.SceneUpdate");
    let all = check(&scene.data);
    assert_eq!(field(&all, "foxglove.SceneUpdate", "entities").0, 2);
    for (name, tag) in [("timestamp", 1), ("cubes", 8), ("spheres", 9), ("cylinders", 10), ("lines", 11), ("texts", 13)] {
        assert_eq!(field(&all, "foxglove.SceneEntity", name).0, tag);
    }
    assert_eq!(field(&all, "google.protobuf.Timestamp", "seconds"), (1, Type::Int64));
    assert_eq!(field(&all, "google.protobuf.Timestamp", "nanos"), (2, Type::Int32));
    assert_eq!(field(&all, "foxglove.LinePrimitive", "type"), (1, Type::Enum));
    let all = check(&plain(&LaserScan::shape()).data);
    assert_eq!(field(&all, "foxglove.LaserScan", "ranges"), (6, Type::Double));
    check(&plain(&PosesInFrame::shape()).data);
    let all = check(&plain(&Log::shape()).data);
    assert_eq!(field(&all, "foxglove.Log", "level"), (2, Type::Enum));
}
