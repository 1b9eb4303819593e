use super::*;
use crate::bundle::{BYTES_MAX, CASES, GRAPH, MANIFEST};
use nooterra_engine::{decode, encode};
use nooterra_trust::Code;

/// The bytes of one bundle as they are for good: what is signed and pinned must mean the same in every build.
const GOLDEN: &str = include_str!("golden/navigate.hex");
const GOLDEN_HASH: &str = include_str!("golden/navigate.hash");

#[test]
fn a_bundle_has_one_byte_form_and_one_hash() {
    let b = pack(|_| {});
    let bytes = b.to_bytes();
    let hex: String = bytes.iter().map(|x| format!("{x:02x}")).collect();
    assert_eq!(hex, GOLDEN.trim(), "the bytes of a bundle have changed");
    assert_eq!(b.hash().to_string(), GOLDEN_HASH.trim(), "the hash of a bundle has changed");
    let o = Bundle::open(&bytes).unwrap();
    assert_eq!((o.hash, &o.graph, &o.cases), (b.hash(), &graph(), &cases()));
    assert_eq!(o.worst_s, 600 + 60 + 600 + 30 + 5, "start fails twice, ask, go, look, bell");
    // Any other content is another hash.
    let mut seen = std::collections::BTreeSet::from([b.hash()]);
    let changes: [fn(&mut Manifest); 3] =
        [|m| m.version.patch = 1, |m| m.licence.prices[0].fee = Amount::new(9).unwrap(), |m| m.sensors.clear()];
    for change in changes {
        assert!(seen.insert(pack(change).hash()));
    }
    let mut other = b.clone();
    other.files[0].bytes.push(0);
    assert!(seen.insert(other.hash()));
}

#[track_caller]
fn refused(bytes: &[u8], code: Code, field: &str) {
    let r = Bundle::open(bytes).unwrap_err();
    assert_eq!((r.code, r.field.as_deref()), (code, Some(field)), "{r}");
}

#[track_caller]
fn manifest_refused(change: impl FnOnce(&mut Manifest), code: Code, field: &str) {
    refused(&pack(change).to_bytes(), code, field);
}

#[track_caller]
fn graph_refused(change: impl FnOnce(&mut Manifest, &mut Graph), code: Code, field: &str) {
    let (mut m, mut g) = (manifest(), graph());
    change(&mut m, &mut g);
    refused(&Bundle::pack(m, &g, &cases(), assets()).to_bytes(), code, field);
}

#[test]
fn every_malformed_manifest_is_refused_by_its_field() {
    use Code::*;
    manifest_refused(|m| m.name.clear(), SchemaInvalid, "name");
    manifest_refused(|m| m.name = "x".repeat(65), SchemaInvalid, "name");
    manifest_refused(|m| m.name = "a\nb".into(), SchemaInvalid, "name");
    manifest_refused(|m| m.version = Version::default(), SchemaInvalid, "version");
    manifest_refused(|m| m.api = 2, VersionUnsupported, "api");
    manifest_refused(|m| m.entry.clear(), SchemaInvalid, "entry");
    manifest_refused(|m| m.entry = "nowhere".into(), SchemaInvalid, "entry");
    manifest_refused(|m| m.capabilities.reverse(), SchemaInvalid, "capabilities");
    manifest_refused(|m| m.capabilities[1] = m.capabilities[0], SchemaInvalid, "capabilities");
    manifest_refused(|m| m.capabilities[0].min = 601, SchemaInvalid, "capabilities");
    manifest_refused(|m| m.zones_forbidden.reverse(), SchemaInvalid, "zones_forbidden");
    manifest_refused(|m| m.zones_forbidden = vec![String::new()], SchemaInvalid, "zones_forbidden");
    manifest_refused(|m| m.sensors.push(m.sensors[0].clone()), SchemaInvalid, "sensors");
    manifest_refused(|m| m.sensors[0].purpose.clear(), SchemaInvalid, "sensors.purpose");
    manifest_refused(|m| m.max_run_s = 0, SchemaInvalid, "max_run_s");
    manifest_refused(|m| m.max_run_s = 86_401, SchemaInvalid, "max_run_s");
    manifest_refused(|m| m.max_run_s = 1_294, LimitExceeded, "max_run_s");
    manifest_refused(|m| m.units = vec!["go".into()], SchemaInvalid, "units");
    manifest_refused(|m| m.units = vec![String::new()], SchemaInvalid, "units");
    manifest_refused(|m| m.licence.tenants.clear(), SchemaInvalid, "licence.tenants");
    manifest_refused(|m| m.licence.tenants.push(tenant()), SchemaInvalid, "licence.tenants");
    manifest_refused(|m| m.licence.prices[0].fee = Amount::new(51).unwrap(), AmountInvalid, "licence.cap");
    manifest_refused(|m| m.licence.prices.clear(), SchemaInvalid, "licence.prices");
    manifest_refused(|m| m.licence.prices.push(m.licence.prices[0]), SchemaInvalid, "licence.prices");
    manifest_refused(|m| m.capabilities.truncate(3), CapabilityMissing, "graph.ask");
    manifest_refused(|m| m.capabilities[0].max = 499, ScopeExceeded, "graph.go");
    let with_dock = Use { capability: Capability::Dock, min: 0, max: 1 };
    manifest_refused(|m| m.capabilities.insert(2, with_dock), SchemaInvalid, "capabilities");
    assert!(Bundle::open(&pack(|m| m.max_run_s = 1_295).to_bytes()).is_ok());
    assert!(Bundle::open(&pack(|m| m.units.clear()).to_bytes()).is_ok());
}

#[test]
fn graphs_that_do_not_end_or_lead_nowhere_are_refused() {
    use Code::*;
    let to = |g: &mut Graph, name: &str, next: &str| {
        let n = g.nodes.iter_mut().find(|n| n.name == name).unwrap();
        match &mut n.act {
            Act::Call { done, .. } => *done = next.into(),
            Act::Checkpoint { next: n } => *n = next.into(),
            Act::End { .. } => unreachable!("an end leads nowhere"),
        }
    };
    graph_refused(|_, g| to(g, "go", "nowhere"), SchemaInvalid, "graph.go");
    graph_refused(|_, g| to(g, "bell", "start"), SchemaInvalid, "graph.bell");
    graph_refused(|_, g| to(g, "at_point", "at_point"), SchemaInvalid, "graph.at_point");
    graph_refused(|_, g| to(g, "at_point", "look"), SchemaInvalid, "graph.at_point");
    graph_refused(|_, g| g.nodes.push(node("zero", Act::End { how: End::Done })), SchemaInvalid, "graph.zero");
    graph_refused(|_, g| g.nodes.clear(), SchemaInvalid, "graph.nodes");
    graph_refused(|_, g| g.nodes.reverse(), SchemaInvalid, "graph.nodes");
    graph_refused(|_, g| g.nodes[0].name.clear(), SchemaInvalid, "graph.nodes");
    graph_refused(|_, g| g.nodes[2].act = call(Capability::Signal, 500, 0, 0, "done", "done"), SchemaInvalid, "graph.bell");
    graph_refused(|_, g| g.nodes[2].act = call(Capability::Signal, 500, 1, 9, "done", "done"), SchemaInvalid, "graph.bell");
    // A long chain of branches is no problem, and neither is a deep one: 2^100 ways, 101 nodes.
    let mut g = Graph::default();
    for i in 0..100 {
        let next = format!("n{:03}", i + 1);
        g.nodes.push(node(&format!("n{i:03}"), call(Capability::Navigate, 1, 1, 0, &next, &next)));
    }
    g.nodes.push(node("n100", Act::End { how: End::Done }));
    let mut m = manifest();
    (m.entry, m.units) = ("n000".into(), vec![]);
    m.capabilities.truncate(1);
    assert_eq!(g.check(&m), Ok(100));
}

#[test]
fn cases_must_hold_and_reach_every_node() {
    let with = |change: &dyn Fn(&mut Cases)| {
        let mut c = cases();
        change(&mut c);
        Bundle::open(&Bundle::pack(manifest(), &graph(), &c, assets()).to_bytes())
    };
    let field = |change: &dyn Fn(&mut Cases)| with(change).unwrap_err().field.unwrap();
    assert!(with(&|_| {}).is_ok());
    assert_eq!(field(&|c| c.cases.clear()), "cases");
    assert_eq!(field(&|c| c.cases.reverse()), "cases");
    assert_eq!(field(&|c| c.cases[2].ends = End::GaveUp), "cases.plain");
    assert_eq!(field(&|c| c.cases[2].checkpoints.clear()), "cases.plain");
    assert_eq!(field(&|c| c.cases[0].scripts[0].node = "nowhere".into()), "cases.blocked for good");
    assert_eq!(field(&|c| drop(c.cases.remove(1))), "cases", "nobody goes through `go`");
}

#[test]
fn files_are_exactly_those_that_the_manifest_lists() {
    use Code::*;
    let with = |change: &dyn Fn(&mut Bundle)| {
        let mut b = pack(|_| {});
        change(&mut b);
        b.to_bytes()
    };
    let at = |b: &Bundle, path: &str| b.files.iter().position(|f| f.path == path).unwrap();
    for path in ["../up", "a//b", "/root", "a/..", "", "a b", "ä", "x/./y"] {
        refused(&with(&|b| b.files.insert(0, File { path: path.into(), bytes: vec![1] })), SchemaInvalid, "path");
    }
    refused(&with(&|b| b.files.reverse()), SchemaInvalid, "path");
    refused(&with(&|b| b.files.push(b.files[3].clone())), SchemaInvalid, "path");
    refused(&with(&|b| b.files.push(File { path: "unlisted".into(), bytes: vec![1] })), FieldUnknown, "unlisted");
    for path in [MANIFEST, GRAPH, CASES, "maps/legend.txt"] {
        refused(&with(&|b| drop(b.files.remove(at(b, path)))), ContentHashMissing, path);
    }
    refused(
        &with(&|b| {
            let i = at(b, "maps/legend.txt");
            b.files[i].bytes[0] ^= 1
        }),
        ContentHashMissing,
        "maps/legend.txt",
    );
    refused(
        &with(&|b| {
            let i = at(b, "maps/legend.txt");
            b.files[i].bytes.push(1)
        }),
        SchemaInvalid,
        "maps/legend.txt",
    );
    refused(
        &with(&|b| {
            let i = at(b, GRAPH);
            b.files[i].bytes.push(1)
        }),
        ContentHashMissing,
        GRAPH,
    );
    refused(
        &with(&|b| {
            let i = at(b, MANIFEST);
            b.files[i].bytes.push(0xff)
        }),
        SchemaInvalid,
        MANIFEST,
    );
    let own = |m: &mut Manifest| m.assets.push(Asset { path: GRAPH.into(), hash: Digest::ZERO, bytes: 0 });
    let mut b = pack(|_| {});
    let i = at(&b, MANIFEST);
    let mut m: Manifest = decode(&b.files[i].bytes).unwrap();
    own(&mut m);
    b.files[i].bytes = encode(&m);
    refused(&b.to_bytes(), SchemaInvalid, "assets");
    refused(&vec![0; BYTES_MAX + 1], BodyTooLarge, "bundle");
    refused(&[0x12, 0], SchemaInvalid, "bundle");
    refused(b"not a bundle", SchemaInvalid, "bundle");
}

/// Whatever is done to the bytes of a bundle: it is refused, or it is a bundle of another hash with these very bytes.
#[test]
fn harmed_bytes_never_pass_for_the_bundle() {
    let (bytes, hash) = (pack(|_| {}).to_bytes(), pack(|_| {}).hash());
    let (mut dice, mut passed, mut refusals) = (Dice(11), 0, 0);
    for i in 0..20_000 {
        let mut b = bytes.clone();
        match dice.below(4) {
            0 => b.truncate(dice.below(b.len() as u64) as usize),
            1 => b.insert(dice.below(b.len() as u64) as usize, dice.next() as u8),
            2 => drop(b.remove(dice.below(b.len() as u64) as usize)),
            _ => b[i % bytes.len()] ^= 1 << dice.below(8),
        }
        if b == bytes {
            continue;
        }
        match Bundle::open(&b) {
            Ok(o) => {
                passed += 1;
                assert_ne!(o.hash, hash);
                assert_eq!(decode::<Bundle>(&b).unwrap().to_bytes(), b);
            }
            Err(r) => {
                refusals += 1;
                assert!(r.field.is_some(), "{r}");
            }
        }
    }
    println!("harmed bundles: {refusals} refused, {passed} other bundles");
    assert!(refusals > 19_000);
}
