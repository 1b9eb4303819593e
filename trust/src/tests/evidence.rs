use crate::evidence::secret::{check_bytes, check_text};
use crate::evidence::{
    CAPTURE_WITHIN, CAPTURERS, Capture, Channel, Command, Event, Evidence, Inclusion, Matter, PrivacyMode, Purpose, QUOTA, Retention,
    Subject, Timer, Under, content_of,
};
use crate::guard::Hand;
use crate::incident::DevTime;
use crate::merkle::{FullTree, leaf_hash};
use crate::rejection::Code;
use crate::role::Role;
use crate::tests::dice::{Dice, Tally, digest, hand, party};
use nooterra_engine::Digest;
use nooterra_engine::digest::sha256_plain;
use nooterra_engine::ids::{ClaimId, EvidenceId, IncidentId, KeyId};
use nooterra_engine::record::{decode, encode};
use nooterra_engine::time::{Instant, Span};
use std::collections::{BTreeMap, BTreeSet};

fn sec(n: u64) -> Instant {
    Instant::from_secs(n)
}
fn dev(s: u64) -> DevTime {
    DevTime { boot: 1, ns: s * 1_000_000_000 }
}
fn inc(n: u64) -> IncidentId {
    IncidentId::named(&n.to_string())
}
fn evd(n: u64) -> EvidenceId {
    EvidenceId::named(&n.to_string())
}
fn who(n: u64) -> Subject {
    Subject::Person(digest(n))
}
fn matter(n: u64) -> Matter {
    Matter::Claim(ClaimId::named(&n.to_string()))
}
fn content(n: u64) -> Vec<u8> {
    format!("content {n}").into_bytes()
}

/// An anchor over the contents 0..64.
fn anchor() -> (FullTree, Digest) {
    let t = FullTree::from_leaves((0..64).map(|n| leaf_hash(&sha256_plain(&content(n)).0)));
    let root = t.root_at(64).unwrap();
    (t, root)
}

fn inclusion(n: u64) -> Inclusion {
    of_several(n, n + 1)
}

/// Contents `a..b`, which stand under one anchor.
fn of_several(a: u64, b: u64) -> Inclusion {
    let (t, root) = anchor();
    Inclusion {
        pieces: (a..b).map(|n| sha256_plain(&content(n))).collect(),
        under: vec![Under { root, proof: t.window(a, b, 64).unwrap() }],
    }
}

/// The inclusion of content 1 with its place in the tree changed.
fn moved(f: impl FnOnce(&mut Under)) -> Option<Inclusion> {
    let mut i = inclusion(1);
    f(&mut i.under[0]);
    Some(i)
}

fn piece(n: u64, channel: Channel, from: u64, to: u64) -> Capture {
    Capture {
        evidence: evd(n),
        incident: inc(1),
        channel,
        from: dev(from),
        to: dev(to),
        content_hash: sha256_plain(&content(n)),
        bytes: content(n).len() as u64,
        cipher_key: KeyId::named("cipher"),
        subject: who(1),
        inclusion: Some(inclusion(n)),
        redaction: None,
    }
}

fn fresh(mode: PrivacyMode) -> Evidence {
    Evidence::new(mode, Channel::ALL.into(), Some(Instant::ZERO))
}

fn run(e: &mut Evidence, at: Instant, by: Hand, c: &Command) -> Result<Event, Code> {
    let event = e.decide(at, &by, c).map_err(|r| r.code)?;
    e.evolve(at, &event);
    Ok(event)
}

fn tr() -> Hand {
    hand(Role::TR, "")
}
fn rb() -> Hand {
    hand(Role::RB, "")
}

fn want(n: u64, severity: u8, s: u64) -> Command {
    Command::Want { incident: inc(n), severity, at: dev(s) }
}

/// 0 empty, 1 asked for, 2 captured, 3 held, 4 shredded.
fn made(state: usize) -> Evidence {
    let mut e = fresh(PrivacyMode::Open);
    run(&mut e, sec(1), rb(), &Command::Anchor { root: anchor().1, size: 64 }).unwrap();
    if state > 0 {
        run(&mut e, sec(2), tr(), &want(1, 3, 100)).unwrap();
    }
    if state > 1 {
        run(&mut e, sec(3), rb(), &Command::Capture(piece(1, Channel::Telemetry, 70, 130))).unwrap();
    }
    match state {
        3 => drop(run(&mut e, sec(4), tr(), &Command::Hold { matter: matter(1), parties: [party("rq")].into() })),
        4 => drop(run(&mut e, sec(4), tr(), &Command::Shred { subject: who(1), proof: digest(1), kept: Retention::default() })),
        _ => {}
    }
    e
}

#[test]
fn channels_by_mode_and_severity() {
    let mut rows = 0;
    for mode in PrivacyMode::ALL {
        for channel in Channel::ALL {
            for severity in 0..=5u8 {
                let least = match (mode, channel) {
                    (PrivacyMode::Limited | PrivacyMode::Minimal, Channel::Audio) | (PrivacyMode::Minimal, Channel::Video) => 9,
                    (PrivacyMode::Limited, Channel::Video) => 3,
                    (PrivacyMode::Minimal, Channel::Images) => 4,
                    _ => 0,
                };
                assert_eq!(mode.allows(channel, severity), severity >= least, "{mode:?} {channel:?} {severity}");
                rows += 1;
            }
        }
    }
    println!("privacy: {rows} rows");
    let mut e = fresh(PrivacyMode::Limited);
    e.declared.remove(&Channel::Geometry);
    run(&mut e, sec(1), rb(), &Command::Anchor { root: anchor().1, size: 64 }).unwrap();
    run(&mut e, sec(1), tr(), &want(1, 2, 100)).unwrap();
    for (c, ok) in [(Channel::Telemetry, true), (Channel::Video, false), (Channel::Geometry, false), (Channel::Audio, false)] {
        let got = run(&mut e.clone(), sec(2), rb(), &Command::Capture(piece(1, c, 70, 130)));
        assert_eq!(got.err(), (!ok).then_some(Code::ApprovalMissing), "{c:?}");
    }
    assert!(!e.windows[&inc(1)].missing.contains(&Channel::Video));
    run(&mut e, sec(2), tr(), &want(1, 3, 100)).unwrap();
    assert!(e.windows[&inc(1)].missing.contains(&Channel::Video), "a graver incident asks for more");
}

/// A command, who may give it, who else, and what becomes of it in each state.
type Row = (&'static str, Hand, Vec<Role>, Command, [Option<Code>; 5]);

#[test]
fn every_pair_of_state_and_command() {
    use Code::{AlreadyDone as Done, NotFound as Gone, TrackForbids as No};
    let view = |purpose| Command::View { evidence: evd(1), purpose };
    let redact = Command::Redact { evidence: evd(1), old: sha256_plain(&content(1)), new: digest(7), bytes: 5, recipe: digest(8) };
    let shred = Command::Shred { subject: who(1), proof: digest(1), kept: Retention::default() };
    let late = sec(400 * 86_400);
    let rows: Vec<Row> = vec![
        ("want", tr(), vec![], want(1, 3, 100), [None, Some(Done), Some(Done), Some(Done), Some(Done)]),
        ("want more", tr(), vec![], want(1, 4, 100), [None; 5]),
        ("link", rb(), vec![Role::CK], Command::Link { up: false }, [None; 5]),
        ("link again", rb(), vec![Role::CK], Command::Link { up: true }, [Some(Done); 5]),
        ("anchor", rb(), vec![], Command::Anchor { root: digest(4), size: 1 }, [None; 5]),
        ("anchor again", rb(), vec![], Command::Anchor { root: anchor().1, size: 1 }, [Some(Done); 5]),
        ("capture", rb(), CAPTURERS.into(), Command::Capture(piece(2, Channel::Audio, 70, 130)), [Some(Gone), None, None, None, Some(No)]),
        (
            "capture again",
            rb(),
            CAPTURERS.into(),
            Command::Capture(piece(1, Channel::Telemetry, 70, 130)),
            [Some(Gone), None, Some(Done), Some(Done), Some(No)],
        ),
        ("view", hand(Role::AU, ""), vec![Role::TR, Role::OS], view(Purpose::Audit), [Some(Gone), Some(Gone), None, None, Some(No)]),
        ("redact", tr(), vec![], redact, [Some(Gone), Some(Gone), None, None, Some(No)]),
        ("hold", tr(), vec![], Command::Hold { matter: matter(1), parties: BTreeSet::new() }, [None, None, None, Some(Done), None]),
        ("release", tr(), vec![], Command::Release { matter: matter(1) }, [Some(Gone), Some(Gone), Some(Gone), None, Some(Gone)]),
        ("shred", Hand::CLOCK, vec![Role::TR], shred, [Some(Gone), Some(Gone), None, Some(Code::RetentionHeld), Some(Done)]),
        ("fire", Hand::CLOCK, vec![], Command::Fire { incident: inc(1) }, [Some(Gone), None, None, None, None]),
    ];
    let mut pairs = 0;
    for (name, by, others, c, expected) in &rows {
        for (state, e) in expected.iter().enumerate() {
            assert_eq!(run(&mut made(state), late, *by, c).err(), *e, "{name} in {state}");
            pairs += 1;
            for role in Role::ALL.into_iter().filter(|r| *r != by.role) {
                let got = run(&mut made(state), late, hand(role, ""), c).err();
                let party = *name == "view" && [Role::RQ, Role::OW, Role::OP, Role::DV, Role::IN, Role::SI].contains(&role);
                let want = if others.contains(&role) {
                    *e
                } else if party {
                    Some(if state < 2 { Gone } else { Code::PartyForbidden })
                } else {
                    Some(Code::RoleForbidden)
                };
                assert_eq!(got, want, "{name} in {state} by {role}");
                pairs += 1;
            }
        }
    }
    println!("evidence: {pairs} pairs of (state, command and role)");
    let mut e = made(3);
    let of = |m| view(Purpose::Matter(m));
    assert_eq!(run(&mut e, sec(9), hand(Role::RQ, "rq"), &of(matter(2))), Err(Gone));
    assert_eq!(run(&mut e, sec(9), hand(Role::OW, "ow"), &of(matter(1))), Err(Code::PartyForbidden));
    let rq = hand(Role::RQ, "rq");
    assert!(!e.serves(evd(1), rq.key.unwrap()), "no bytes before the view is written");
    run(&mut e, sec(9), rq, &of(matter(1))).unwrap();
    assert!(e.serves(evd(1), rq.key.unwrap()));
}

#[test]
fn only_time_of_link_counts_towards_a_gap() {
    let (fire, link) = (Command::Fire { incident: inc(1) }, |up| Command::Link { up });
    let mut e = made(1);
    let due = |e: &Evidence| e.deadlines(&Retention::default()).first().map(|d| d.1);
    assert_eq!(due(&e), Some(sec(2).saturating_add(CAPTURE_WITHIN)));
    assert_eq!(run(&mut e.clone(), Instant(due(&e).unwrap().0 - 1), Hand::CLOCK, &fire), Err(Code::TrackForbids));
    // Nine minutes of link, an hour without, then one more minute: due.
    run(&mut e, sec(2 + 540), rb(), &link(false)).unwrap();
    assert_eq!(due(&e), None);
    run(&mut e, sec(5_000), rb(), &link(true)).unwrap();
    assert_eq!(due(&e), Some(sec(5_060)));
    for (n, c) in Channel::ALL.into_iter().enumerate() {
        let partly = Command::Capture(piece(n as u64 + 20, c, 70, 129));
        run(&mut e, sec(5_001), rb(), &partly).unwrap();
    }
    // Images are not missed: there are some only where a gate was open.
    let missed: Vec<Channel> = Channel::ALL.into_iter().filter(|c| *c != Channel::Images).collect();
    assert!(e.windows[&inc(1)].missing.iter().eq(&missed), "a window is whole from end to end");
    let mut whole = e.clone();
    for (n, c) in Channel::ALL.into_iter().enumerate() {
        run(&mut whole, sec(5_002), rb(), &Command::Capture(piece(n as u64, c, 70, 130))).unwrap();
    }
    assert!(!whole.deadlines(&Retention::default()).iter().any(|d| matches!(d.0, Timer::CaptureBy(_))));
    let Ok(Event::Gap { missing, .. }) = run(&mut e, sec(5_060), Hand::CLOCK, &fire) else { panic!("a gap") };
    assert_eq!(missing, missed);
    assert!(run(&mut e, sec(9_000), Hand::CLOCK, &fire).is_err(), "once");
    // The window never reaches before the boot.
    run(&mut e, sec(9_000), tr(), &want(5, 2, 1)).unwrap();
    assert_eq!((e.windows[&inc(5)].from, e.windows[&inc(5)].to), (dev(0), dev(31)));
}

#[test]
fn content_must_hash_and_stand_under_an_anchor() {
    let mut e = made(1);
    type Broken = (fn(&mut Capture), Code);
    let cases: [Broken; 17] = [
        (|x| x.bytes = 0, Code::SchemaInvalid),
        (|x| x.to.boot = 2, Code::SchemaInvalid),
        (|x| x.from = dev(131), Code::SchemaInvalid),
        (|x| x.from = dev(69), Code::WindowInvalid),
        (|x| x.to = dev(131), Code::WindowInvalid),
        (|x| x.content_hash = Digest::ZERO, Code::ContentHashMissing),
        (|x| x.content_hash = digest(5), Code::EvidenceInsufficient),
        (|x| x.inclusion = None, Code::EvidenceInsufficient),
        (|x| x.incident = inc(2), Code::NotFound),
        (|x| x.inclusion = moved(|u| u.root = digest(1)), Code::EvidenceInsufficient),
        (|x| x.inclusion = moved(|u| u.proof.size = 63), Code::EvidenceInsufficient),
        (|x| x.inclusion = moved(|u| (u.proof.from, u.proof.to, u.proof.size) = (0, u64::MAX, u64::MAX)), Code::EvidenceInsufficient),
        (|x| x.inclusion = moved(|u| (u.proof.from, u.proof.to) = (5, 2)), Code::EvidenceInsufficient),
        (|x| x.inclusion = Some(Inclusion { under: vec![], ..inclusion(1) }), Code::EvidenceInsufficient),
        (|x| x.inclusion = Some(Inclusion { pieces: vec![], ..inclusion(1) }), Code::EvidenceInsufficient),
        (
            |x| (x.content_hash, x.inclusion) = (content_of(&[]), Some(Inclusion { pieces: vec![], under: vec![] })),
            Code::EvidenceInsufficient,
        ),
        (|x| x.inclusion = Some(Inclusion { pieces: of_several(1, 3).pieces, ..inclusion(1) }), Code::EvidenceInsufficient),
    ];
    for (n, (f, code)) in cases.into_iter().enumerate() {
        let mut x = piece(1, Channel::Telemetry, 70, 130);
        f(&mut x);
        assert_eq!(run(&mut e.clone(), sec(3), rb(), &Command::Capture(x)).err(), Some(code), "case {n}");
    }
    let mut d = Dice(4);
    for _ in 0..500 {
        let mut x = piece(1, Channel::Telemetry, 70, 130);
        if let Some(i) = &mut x.inclusion {
            let p = &mut i.under[0].proof;
            let side = if d.one_in(2) { &mut p.left } else { &mut p.right };
            let at = d.below(side.len() as u64) as usize;
            side[at].0[d.below(32) as usize] ^= 1 << d.below(8);
        }
        assert_eq!(run(&mut e.clone(), sec(3), rb(), &Command::Capture(x)).err(), Some(Code::EvidenceInsufficient));
    }
    // A witness has no black box of the robot; what it does bring along must hold.
    let alone = Command::Capture(Capture { inclusion: None, ..piece(1, Channel::Witness, 70, 130) });
    assert!(run(&mut e.clone(), sec(3), hand(Role::WI, ""), &alone).is_ok());
    run(&mut e, sec(3), rb(), &Command::Capture(piece(1, Channel::Telemetry, 70, 130))).unwrap();
    assert!(e.is_content(evd(1), &content(1)) && !e.is_content(evd(1), &content(2)) && !e.is_content(evd(2), &content(2)));
    let redact = |old, new, recipe| Command::Redact { evidence: evd(1), old, new, bytes: 3, recipe };
    let (old, new) = (sha256_plain(&content(1)), sha256_plain(b"red"));
    assert_eq!(run(&mut e, sec(4), tr(), &redact(new, old, digest(1))).err(), Some(Code::HeadConflict));
    assert_eq!(run(&mut e, sec(4), tr(), &redact(old, old, digest(1))).err(), Some(Code::NoChange));
    assert_eq!(run(&mut e, sec(4), tr(), &redact(old, new, Digest::ZERO)).err(), Some(Code::ContentHashMissing));
    let au = hand(Role::AU, "");
    run(&mut e, sec(4), au, &Command::View { evidence: evd(1), purpose: Purpose::Audit }).unwrap();
    run(&mut e, sec(5), tr(), &redact(old, new, digest(1))).unwrap();
    assert!(!e.serves(evd(1), au.key.unwrap()) && e.is_content(evd(1), b"red"));
    assert_eq!(e.items[&evd(1)].redactions[0].original, old);
    for n in 0..QUOTA as u64 {
        let x = Capture { inclusion: None, content_hash: digest(n), evidence: evd(n + 100), ..piece(1, Channel::Witness, 70, 130) };
        let got = run(&mut e, sec(6), hand(Role::SI, ""), &Command::Capture(x)).err();
        assert_eq!(got, (n + 1 >= QUOTA as u64).then_some(Code::QuotaExceeded));
    }
}

#[test]
fn content_of_several_pieces_stands_under_all_its_anchors() {
    let mut e = made(1);
    let second = FullTree::from_leaves((64..96).map(|n| leaf_hash(&sha256_plain(&content(n)).0)));
    let root = second.root_at(32).unwrap();
    let mut i = of_several(40, 64);
    i.pieces.extend((64..70).map(|n| sha256_plain(&content(n))));
    i.under.push(Under { root, proof: second.window(0, 6, 32).unwrap() });
    let bytes: Vec<Vec<u8>> = (40..70).map(content).collect();
    let whole = |i: &Inclusion| Capture {
        content_hash: content_of(&i.pieces),
        bytes: bytes.iter().map(|b| b.len() as u64).sum(),
        inclusion: Some(i.clone()),
        ..piece(1, Channel::Telemetry, 70, 130)
    };
    let refused = |e: &Evidence, x: Capture| run(&mut e.clone(), sec(3), rb(), &Command::Capture(x)).err();
    assert_eq!(refused(&e, whole(&i)), Some(Code::EvidenceInsufficient), "the second anchor is not held");
    run(&mut e, sec(2), rb(), &Command::Anchor { root, size: 32 }).unwrap();
    assert_eq!(refused(&e, whole(&i)), None);
    type Change = fn(&mut Inclusion);
    let changes: [Change; 5] =
        [|i| drop(i.under.pop()), |i| i.under.swap(0, 1), |i| i.pieces.swap(0, 1), |i| i.pieces.truncate(29), |i| i.pieces[29] = digest(9)];
    for (n, f) in changes.into_iter().enumerate() {
        let mut other = i.clone();
        f(&mut other);
        assert_eq!(refused(&e, whole(&other)), Some(Code::EvidenceInsufficient), "change {n}");
    }
    let renamed = Capture { content_hash: digest(4), ..whole(&i) };
    assert_eq!(refused(&e, renamed), Some(Code::EvidenceInsufficient), "the hash is over the pieces");
    run(&mut e, sec(3), rb(), &Command::Capture(whole(&i))).unwrap();
    assert!(e.is_made_of(evd(1), &bytes) && !e.is_made_of(evd(1), &bytes[1..]) && !e.is_made_of(evd(2), &bytes));
    assert!(!e.windows[&inc(1)].missing.contains(&Channel::Telemetry));
}

#[test]
fn random_histories_keep_holds_and_views() {
    let (mut tally, mut d) = (Tally::default(), Dice(21));
    let year = Span::from_secs(365 * 86_400);
    for _ in 0..2_000 {
        let mut e = fresh(d.pick(&PrivacyMode::ALL));
        run(&mut e, sec(0), rb(), &Command::Anchor { root: anchor().1, size: 64 }).unwrap();
        // Content by evidence: subject, when, who may be served; open matters; whose key is gone.
        let mut kept: BTreeMap<EvidenceId, (Subject, Instant, BTreeSet<KeyId>)> = BTreeMap::new();
        let (mut open, mut gone, mut now) = (BTreeSet::new(), BTreeSet::new(), 0);
        for _ in 0..40 {
            now += if d.one_in(9) { d.below(300 * 86_400) } else { d.below(300) };
            let (at, n) = (sec(now), d.below(5));
            let subject = who(d.below(2));
            let (name, mut by, c) = match d.below(11) {
                0 => ("want", tr(), want(d.below(3), 1 + d.below(5) as u8, 100 + d.below(20))),
                1 => ("link", rb(), Command::Link { up: d.one_in(2) }),
                2 => ("anchor", rb(), Command::Anchor { root: digest(d.below(3)), size: d.below(3) }),
                3..5 => {
                    let x = piece(n, d.pick(&Channel::ALL), 90 - d.below(2) * 5, 110 + d.below(20));
                    let inclusion = if d.one_in(6) { None } else { x.inclusion };
                    (
                        "capture",
                        hand(d.pick(&CAPTURERS), ""),
                        Command::Capture(Capture { subject, incident: inc(d.below(3)), inclusion, ..x }),
                    )
                }
                5 => {
                    let purpose = d.pick(&[Purpose::Triage, Purpose::Safety, Purpose::Matter(matter(0)), Purpose::Matter(matter(1))]);
                    let of = d.pick(&["rq", "ow"]);
                    ("view", hand(d.pick(&[Role::TR, Role::RQ, Role::OW]), of), Command::View { evidence: evd(n), purpose })
                }
                6 => {
                    let old = e.items.get(&evd(n)).map_or(digest(1), |i| i.capture.content_hash);
                    (
                        "redact",
                        tr(),
                        Command::Redact { evidence: evd(n), old, new: digest(d.below(3)), bytes: d.below(4), recipe: digest(0) },
                    )
                }
                7 => ("hold", tr(), Command::Hold { matter: matter(n % 2), parties: [party("rq")].into() }),
                8 => ("release", tr(), Command::Release { matter: matter(n % 2) }),
                9 => (
                    "shred",
                    d.pick(&[Hand::CLOCK, Hand::CLOCK, tr()]),
                    Command::Shred { subject, proof: digest(d.below(2)), kept: Retention::default() },
                ),
                _ => ("fire", Hand::CLOCK, Command::Fire { incident: inc(d.below(3)) }),
            };
            if d.one_in(15) {
                by = hand(d.pick(&Role::ALL), "");
            }
            let got = e.decide(at, &by, &c);
            tally.note(name, &got);
            if let Ok(event) = got {
                e.evolve(at, &event);
                match event {
                    Event::Captured(x) => {
                        assert!(e.mode.allows(x.channel, e.windows[&x.incident].severity) && !gone.contains(&x.subject));
                        assert!(kept.insert(x.evidence, (x.subject, at, BTreeSet::new())).is_none());
                    }
                    Event::Viewed { evidence, viewer, .. } => drop(kept.get_mut(&evidence).unwrap().2.insert(viewer)),
                    Event::Redacted { evidence, .. } => kept.get_mut(&evidence).unwrap().2.clear(),
                    Event::Held { matter, .. } => assert!(open.insert(matter)),
                    Event::Released { matter } => assert!(open.remove(&matter)),
                    Event::Shredded { subject, .. } => {
                        assert!(open.is_empty(), "nothing is shredded while a matter is open");
                        let own = kept.values().filter(|k| k.0 == subject);
                        assert!(by.role == Role::TR || own.into_iter().all(|k| k.1.saturating_add(year) <= at));
                        gone.insert(subject);
                    }
                    _ => {}
                }
            }
            let bytes = encode(&e);
            e = decode(&bytes).unwrap();
            assert_eq!(encode(&e), bytes);
            for (id, (subject, _, viewers)) in &kept {
                for h in [hand(Role::TR, "rq"), hand(Role::RQ, "rq"), hand(Role::OW, "ow"), hand(Role::AU, "")] {
                    let key = h.key.unwrap();
                    assert_eq!(e.serves(*id, key), viewers.contains(&key) && !gone.contains(subject));
                }
            }
            let ends = e.deadlines(&Retention::default()).iter().any(|x| matches!(x.0, Timer::RetentionEnd(_)));
            let waits = open.is_empty() && kept.values().any(|k| !gone.contains(&k.0));
            assert_eq!(ends, waits, "what is kept has an end, unless it is held");
        }
    }
    let ops = ["want", "link", "anchor", "capture", "view", "redact", "hold", "release", "shred", "fire"];
    let codes = [
        Code::SchemaInvalid,
        Code::RoleForbidden,
        Code::NotFound,
        Code::PartyForbidden,
        Code::TrackForbids,
        Code::AlreadyDone,
        Code::ApprovalMissing,
        Code::WindowInvalid,
        Code::EvidenceInsufficient,
        Code::RetentionHeld,
    ];
    tally.demand("evidence", &ops, &codes);
}

#[test]
fn secrets_are_named_and_never_repeated() {
    let secret = [
        "-----BEGIN PRIVATE KEY-----",
        "my password=hunter2",
        "Authorization: Basic abc",
        "bearer eyJhbGciOi",
        "data:image/png;base64,iVBORw0",
        "door PIN: 4711",
        "the code 123456 opens",
        "otp=998877",
        "GIF89a",
    ];
    for t in secret {
        let r = check_text("note", t).unwrap_err();
        assert_eq!(r.code, Code::SecretInPayload);
        assert!(r.actual.is_none() && !r.to_string().contains(t));
    }
    for t in [
        "",
        "a pin on the floor",
        "code of conduct",
        "room 4711",
        "barcode 123",
        "exit code 17",
        "pin-up 2024x",
        "passwords are not kept here",
    ] {
        assert!(check_text("note", t).is_ok(), "{t}");
    }
    for m in [&b"\xff\xd8\xff\xe0"[..], b"\x89PNG\r\n\x1a\n", b"RIFF....WAVEfmt ", b"\0\0\0\x18ftypmp42", b"OggS"] {
        assert_eq!(check_bytes("body", m).unwrap_err().code, Code::SecretInPayload);
    }
    assert!(check_bytes("body", b"").is_ok() && check_bytes("body", &digest(3).0).is_ok());
    let mut d = Dice(2);
    for _ in 0..20_000 {
        let n = d.below(40);
        let b: Vec<u8> = (0..n).map(|_| d.next() as u8).collect();
        let _ = check_text("x", &String::from_utf8_lossy(&b));
    }
}

#[test]
fn of_a_robot_without_a_job_the_last_day_counts() {
    use crate::evidence::QUOTA_WITHIN;
    let mut e = Evidence { quota_within: Some(QUOTA_WITHIN), ..made(1) };
    let before = e.items.len() as u64;
    let more = |n: u64| {
        let x = Capture { inclusion: None, content_hash: digest(n), evidence: evd(n + 100), ..piece(1, Channel::Witness, 70, 130) };
        Command::Capture(x)
    };
    for n in before..QUOTA as u64 {
        assert_eq!(run(&mut e, sec(6), hand(Role::SI, ""), &more(n)).err(), None, "{n}");
    }
    let day = Instant(sec(6).0 + QUOTA_WITHIN.0);
    assert_eq!(run(&mut e, Instant(day.0 - 1), hand(Role::SI, ""), &more(999)).err(), Some(Code::QuotaExceeded));
    assert_eq!(run(&mut e, day, hand(Role::SI, ""), &more(999)).err(), None, "a day later there is room again");
}
