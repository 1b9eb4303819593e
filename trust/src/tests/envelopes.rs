use crate::actors::{ActorChains, COMMANDS_KEPT_FOR, Place, VERDICTS_KEPT};
use crate::chain::{Cause, Streams, payload_hash};
use crate::envelope::{Draft, Envelope, InputKind, Receipt, Sender, Verdict};
use crate::keys::SigningKey;
use crate::opened::Opened;
use crate::outbox::{Outbox, Patience};
use crate::rejection::{Code, Rejection};
use crate::role::{Binding, KeyTable, KeyTableError, Role, rotation_bytes};
use nooterra_engine::ids::TenantId;
use nooterra_engine::inspect::tree;
use nooterra_engine::record::{decode, encode};
use nooterra_engine::{Digest, Instant, Span};
use proptest::prelude::*;

const ACTOR: [u8; 16] = [3; 16];

fn tenant() -> TenantId {
    TenantId::named("acme")
}

fn secret(n: u8) -> SigningKey {
    SigningKey::from_secret([n; 32])
}

fn draft(body: u8) -> Draft {
    Draft::new(InputKind::Report, "robot/r1", "Heartbeat", vec![body; 5])
}

fn binding(key: &SigningKey, role: Role) -> Binding {
    Binding {
        public: key.public(),
        tenant: tenant(),
        role,
        subject: ACTOR,
        name: "rbt_x".into(),
        from: Instant::from_secs(10),
        to: Instant::from_secs(100),
        revoked_at: None,
    }
}

fn code<T: std::fmt::Debug>(r: Result<T, Rejection>) -> Code {
    r.unwrap_err().code
}

#[test]
fn identity_in_order_of_precedence() {
    let key = secret(1);
    let mut table = KeyTable::default();
    let mut s = Sender::device(tenant(), ACTOR, key.clone(), 1);
    let e = s.seal(draft(1), Instant::from_secs(20), 0);
    let at = Instant::from_secs(20);
    assert_eq!(code(table.identify(&Opened::new(e.clone()), at)), Code::KeyUnknown);
    let id = table.bind(binding(&key, Role::RB)).unwrap();
    assert_eq!(table.identify(&Opened::new(e.clone()), at).unwrap().role, Role::RB);
    assert_eq!(code(table.identify(&Opened::new(e.clone()), Instant::from_secs(9))), Code::KeyInactive);
    assert_eq!(code(table.identify(&Opened::new(e.clone()), Instant::from_secs(100))), Code::KeyInactive);
    let mut forged = e.clone();
    forged.body[0] ^= 1;
    assert_eq!(code(table.identify(&Opened::new(forged.clone()), Instant::from_secs(9))), Code::SignatureInvalid);
    let mut other = e.clone();
    other.tenant = TenantId::named("other");
    other.sign(&key);
    assert_eq!(code(table.identify(&Opened::new(other.clone()), at)), Code::NotFound);
    let mut posing = e.clone();
    posing.actor = [4; 16];
    posing.sign(&key);
    assert_eq!(code(table.identify(&Opened::new(posing.clone()), at)), Code::PartyForbidden);
    assert!(matches!(table.bind(binding(&key, Role::WI)), Err(KeyTableError::Bound { role: Role::RB, .. })));
    table.revoke(id, Instant::from_secs(50)).unwrap();
    assert!(table.lookup(id, Instant::from_secs(49)).is_ok());
    assert_eq!(code(table.lookup(id, Instant::from_secs(50))), Code::KeyInactive);
    assert_eq!(decode::<KeyTable>(&encode(&table)).unwrap(), table);
}

#[test]
fn what_was_found_beforehand_makes_no_difference() {
    let (key, other) = (secret(1), secret(2));
    let mut table = KeyTable::default();
    let at = Instant::from_secs(20);
    let mut s = Sender::device(tenant(), ACTOR, key.clone(), 1);
    let good = s.seal(draft(1), at, 0);
    let unknown = Opened::checked(good.clone(), &table);
    table.bind(binding(&key, Role::RB)).unwrap();
    table.bind(Binding { subject: [4; 16], ..binding(&other, Role::RB) }).unwrap();
    // A key that came to be known after the look is heard all the same.
    assert!(table.identify(&unknown, at).is_ok());
    let mut forged = good.clone();
    forged.body[0] ^= 1;
    // Another's signature, and the same word said to be another's.
    let mut borrowed = good.clone();
    borrowed.sign(&other);
    let mut posing = good.clone();
    posing.key = other.id();
    for e in [good, forged, borrowed, posing] {
        let (before, now) = (Opened::checked(e.clone(), &table), Opened::new(e.clone()));
        assert_eq!((before.hash(), before.envelope()), (e.input_hash(), now.envelope()));
        assert_eq!(table.identify(&before, at), table.identify(&now, at));
        for k in [&key, &other] {
            assert_eq!(before.is_signed_by(&k.public()), e.signed_by(&k.public()));
        }
    }
}

#[test]
fn every_bit_is_signed_and_no_secret_is_printed() {
    let key = secret(1);
    let mut s = Sender::device(tenant(), ACTOR, key.clone(), 1);
    let e = s.seal(Draft { fence: Some(7), input_id: Some([9; 16]), ..draft(1) }, Instant::from_secs(20), -5);
    let bytes = e.to_bytes();
    assert_eq!(Envelope::from_bytes(&bytes).unwrap(), e);
    assert!(e.signed_by(&key.public()) && !e.signed_by(&secret(2).public()));
    for i in 0..bytes.len() * 8 {
        let mut b = bytes.clone();
        b[i / 8] ^= 1 << (i % 8);
        if let Ok(x) = Envelope::from_bytes(&b) {
            assert!(!x.signed_by(&key.public()), "bit {i}");
        }
    }
    let frozen = encode(&s);
    assert_eq!(decode::<Sender>(&frozen).unwrap(), s);
    let shown = tree::<Sender>(&frozen).to_string();
    assert!(shown.contains("(secret)") && !shown.contains(&"01".repeat(16)), "{shown}");
    assert!(!format!("{s:?}").contains("1, 1, 1"));
}

#[test]
fn positions() {
    let mut s = Sender::device(tenant(), ACTOR, secret(1), 1);
    let e: Vec<Envelope> = (0..4).map(|i| s.seal(draft(i), Instant(1000), 0)).collect();
    let mut c = ActorChains::default();
    let h = Envelope::input_hash;
    assert_eq!(code(c.place(&e[1], h(&e[1]))), Code::SeqGap);
    assert_eq!(c.place(&e[0], h(&e[0])), Ok(Place::Next));
    let refused = Verdict::Refused(Rejection::new(Code::StateForbids));
    c.advance(&Opened::new(e[0].clone()), refused.clone(), Instant(1000));
    assert_eq!(c.place(&e[0], h(&e[0])), Ok(Place::Duplicate(refused)));
    let mut altered = e[0].clone();
    altered.body = vec![0xff];
    altered.sign(&secret(1));
    assert_eq!(code(c.place(&altered, h(&altered))), Code::SeqReplay);
    let mut fork = e[1].clone();
    fork.actor_prev = Digest([1; 32]);
    assert_eq!(code(c.place(&fork, h(&fork))), Code::PrevMismatch);
    assert!(c.check_time(&e[1], Instant(1000)).is_ok(), "stamps of one nanosecond are told apart");
    let mut back = e[1].clone();
    back.dev_ns = e[0].dev_ns;
    assert_eq!(code(c.check_time(&back, Instant(1000))), Code::ClockBackward);
    back.dev_ns = 3_000_000_000;
    assert_eq!(code(c.check_time(&back, Instant(0))), Code::ClockAhead);
    assert_eq!(code(c.check_time(&e[1], Instant::from_secs(25 * 3600))), Code::ReportTooOld);
    assert_eq!(decode::<ActorChains>(&encode(&c)).unwrap(), c);
}

#[test]
fn a_chosen_id_is_the_same_input_for_ever() {
    let mut s = Sender::person(tenant(), ACTOR, secret(1));
    let click = |b| Draft { input_id: Some([5; 16]), ..draft(b) };
    let a = s.seal(click(1), Instant::ZERO, 0);
    let b = s.seal(click(2), Instant::ZERO, 0);
    let mut c = ActorChains::default();
    c.advance(&Opened::new(a.clone()), Verdict::Accepted, Instant::ZERO);
    assert_eq!(c.place(&a, a.input_hash()), Ok(Place::Duplicate(Verdict::Accepted)));
    assert_eq!(code(c.place(&b, b.input_hash())), Code::IdempotencyConflict);
}

#[test]
fn an_id_that_was_chosen_stands_for_one_thing_at_every_position() {
    let mut s = Sender::person(tenant(), ACTOR, secret(1));
    let a = s.seal(Draft { input_id: Some([5; 16]), ..draft(1) }, Instant::ZERO, 0);
    let mut c = ActorChains::default();
    c.advance(&Opened::new(a.clone()), Verdict::Accepted, Instant::ZERO);
    for b in 2..200u8 {
        let e = s.seal(Draft { kind: InputKind::Report, ..draft(b) }, Instant::ZERO, 0);
        c.advance(&Opened::new(e.clone()), Verdict::Accepted, Instant::ZERO);
    }
    let mut altered = a;
    altered.body = vec![0xff];
    altered.sign(&secret(1));
    assert_eq!(code(c.place(&altered, altered.input_hash())), Code::IdempotencyConflict, "long after, and at its own position");
}

#[test]
fn verdicts_of_commands_are_kept_for_thirty_days_and_those_of_the_last_reports() {
    let mut s = Sender::person(tenant(), ACTOR, secret(1));
    let mut c = ActorChains::default();
    let refused = Verdict::Refused(Rejection::new(Code::StateForbids));
    let command = s.seal(Draft { kind: InputKind::Command, ..draft(1) }, Instant::ZERO, 0);
    let report = s.seal(Draft { kind: InputKind::Report, ..draft(2) }, Instant::ZERO, 0);
    c.advance(&Opened::new(command.clone()), refused.clone(), Instant::ZERO);
    c.advance(&Opened::new(report.clone()), Verdict::Accepted, Instant::ZERO);
    let mut say = |c: &mut ActorChains, n: usize, at: Instant| {
        for _ in 0..n {
            let e = s.seal(Draft { kind: InputKind::Report, ..draft(3) }, at, 0);
            c.advance(&Opened::new(e.clone()), Verdict::Accepted, at);
        }
    };
    say(&mut c, VERDICTS_KEPT, Instant::from_secs(60));
    assert_eq!(c.place(&command, command.input_hash()), Ok(Place::Duplicate(refused.clone())), "the first verdict, refusals included");
    assert_eq!(code(c.place(&report, report.input_hash())), Code::SeqReplay, "reports are many");
    assert_eq!(decode::<ActorChains>(&encode(&c)).unwrap(), c);
    say(&mut c, 1, Instant::ZERO.saturating_add(COMMANDS_KEPT_FOR));
    assert_eq!(c.place(&command, command.input_hash()), Ok(Place::Duplicate(refused)));
    say(&mut c, 1, Instant(COMMANDS_KEPT_FOR.0 + 1));
    assert_eq!(code(c.place(&command, command.input_hash())), Code::SeqReplay, "thirty days are over");
}

#[test]
fn codes_keep_their_order_and_names() {
    assert!(Code::SchemaInvalid < Code::SignatureInvalid && Code::SeqGap < Code::StateForbids && Code::StopActive < Code::LienOpen);
    assert_eq!(Code::ALL.len(), 91);
    for c in Code::ALL {
        assert_eq!(Code::from_text(c.text()), Some(*c));
        let camel: String = c.text().split('_').map(|w| w[..1].to_owned() + &w[1..].to_lowercase()).collect();
        assert_eq!(format!("{c:?}"), camel);
    }
}

#[test]
fn streams_chain() {
    let mut s = Streams::default();
    let cause =
        Cause { tenant: tenant(), hash: Digest([1; 32]), actor: ACTOR, role: Role::RB, key: None, legal_ns: Instant(5), dev_ns: None };
    let a = s.append("job/1".into(), "JobCreated", b"x", &cause, 0).0;
    let b = s.append("job/1".into(), "JobBooked", b"y", &cause, 1).0;
    let other = s.append("job/2".into(), "JobCreated", b"x", &cause, 2).0;
    assert_eq!((a.seq, a.prev), (0, Digest::ZERO));
    assert_eq!((b.seq, b.prev), (1, a.chain()));
    assert_eq!((other.seq, other.prev), (0, Digest::ZERO));
    assert_eq!(b.payload_hash, payload_hash(b"y"));
    assert_eq!(s.head("job/1").chain, b.chain());
    let mut moved = a.clone();
    moved.ordinal = 9;
    assert_ne!(moved.chain(), a.chain());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// Whatever a link loses, doubles, delays or reorders: each word is taken in exactly once, in order.
    #[test]
    fn exactly_once_over_any_link(fates in proptest::collection::vec((any::<u8>(), 0u64..900), 40..120), words in 1u8..12) {
        let platform = secret(9);
        let mut out = Outbox::new(Sender::device(tenant(), ACTOR, secret(1), 1), platform.public(), Patience::default());
        let mut chains = ActorChains::default();
        let mut taken: Vec<u8> = Vec::new();
        // In flight: (arrival ms, order, what).
        let mut air: Vec<(u64, u64, Result<Envelope, Receipt>)> = Vec::new();
        let (mut sent, mut k) = (0u64, 0usize);
        let mut now_ms = 0u64;
        let mut pushed = 0u8;
        while now_ms < 600_000 && !(pushed == words && out.unacked() == 0) {
            let now = Instant(now_ms * 1_000_000);
            if pushed < words && now_ms.is_multiple_of(300) {
                out.push(draft(pushed), now, 0);
                pushed += 1;
            }
            let mut launch = |m: Result<Envelope, Receipt>, air: &mut Vec<_>| {
                // After the given fates are used up the link is whole, so everything must arrive.
                let (fate, delay) = fates.get(k).copied().unwrap_or((255, 20));
                k += 1;
                let copies = match fate { 0..90 => 0, 90..140 => 2, _ => 1 };
                for c in 0..copies {
                    sent += 1;
                    air.push((now_ms + 1 + delay * (c + 1), sent, m.clone()));
                }
            };
            for e in out.due(now) {
                launch(Ok(e), &mut air);
            }
            air.sort_by_key(|(at, n, _)| (*at, *n));
            while air.first().is_some_and(|(at, _, _)| *at <= now_ms) {
                match air.remove(0).2 {
                    Ok(e) => {
                        let h = e.input_hash();
                        let verdict = match chains.place(&e, h) {
                            Ok(Place::Next) => {
                                taken.push(e.body[0]);
                                chains.advance(&Opened::new(e.clone()), Verdict::Accepted, Instant::ZERO);
                                Verdict::Accepted
                            }
                            Ok(Place::Duplicate(v)) => v,
                            Err(r) => Verdict::Refused(r),
                        };
                        let mut receipt = chains.receipt(&e, h, verdict, now, 0, platform.id());
                        receipt.sign(&platform);
                        prop_assert_eq!(decode::<Receipt>(&encode(&receipt)).unwrap(), receipt.clone());
                        launch(Err(receipt), &mut air);
                    }
                    Err(r) => {
                        let mut forged = r.clone();
                        forged.acked_seq = 99;
                        prop_assert!(out.receive(&forged, now).done.is_empty());
                        out.receive(&r, now);
                    }
                }
            }
            // The outbox survives a freeze at any moment.
            if now_ms.is_multiple_of(1000) {
                out = decode(&encode(&out)).unwrap();
            }
            now_ms += 10;
        }
        prop_assert_eq!(out.unacked(), 0);
        prop_assert_eq!(taken, (0..words).collect::<Vec<_>>());
        prop_assert_eq!(out.next_deadline(Instant::ZERO), None);
    }
}

#[test]
fn waits_double_and_start_over() {
    let mut out = Outbox::new(Sender::person(tenant(), ACTOR, secret(1)), secret(9).public(), Patience::default());
    out.push(draft(1), Instant::ZERO, 0);
    assert_eq!(out.next_deadline(Instant::ZERO), Some(Instant::ZERO));
    let mut now = Instant::ZERO;
    let mut waits = Vec::new();
    for _ in 0..7 {
        assert_eq!(out.due(now).len(), 1);
        let next = out.next_deadline(now).unwrap();
        waits.push(next.since(now).0 / 1_000_000);
        assert!(out.due(next.saturating_sub(Span(1))).is_empty());
        now = next;
    }
    assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
}

#[test]
fn a_key_is_followed_by_another_of_its_holder() {
    let (old, new) = (secret(1), secret(2));
    let mut table = KeyTable::default();
    let id = table.bind(binding(&old, Role::RB)).unwrap();
    let at = Instant::from_secs(30);
    assert!(matches!(table.rotate(new.id(), old.public(), at, Span::ZERO), Err(KeyTableError::Unknown { .. })));
    assert!(matches!(table.rotate(id, new.public(), Instant::from_secs(5), Span::ZERO), Err(KeyTableError::Inactive { .. })));
    assert!(matches!(table.rotate(id, old.public(), at, Span::ZERO), Err(KeyTableError::Bound { .. })));
    let next = table.rotate(id, new.public(), at, Span::from_secs(20)).unwrap();
    assert_eq!(table.of(ACTOR, Instant::from_secs(29)).count(), 1);
    assert_eq!(table.of(ACTOR, Instant::from_secs(49)).count(), 2);
    assert_eq!(table.of(ACTOR, Instant::from_secs(50)).map(|(k, _)| k).collect::<Vec<_>>(), [next]);
    // No longer than the key before would have been valid.
    assert_eq!(code(table.lookup(next, Instant::from_secs(100))), Code::KeyInactive);
    assert_eq!(decode::<KeyTable>(&encode(&table)).unwrap(), table);
    // Another holder, another marketplace and another key before it are other words.
    let say = |t: &str, a: u8, k: &SigningKey| rotation_bytes(TenantId::named(t), &[a; 16], k.id(), &new.public());
    let words = [say("acme", 3, &old), say("other", 3, &old), say("acme", 4, &old), say("acme", 3, &new)];
    assert_eq!(words.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
}

#[test]
fn whose_key_is_no_longer_valid_falls_silent() {
    let platform = secret(9);
    let mut table = KeyTable::default();
    table.bind(Binding { to: Instant::from_secs(20), ..binding(&secret(1), Role::RB) }).unwrap();
    let mut o = Outbox::new(Sender::device(tenant(), ACTOR, secret(1), 1), platform.public(), Patience::default());
    let late = Instant::from_secs(25);
    o.push(draft(1), late, 0);
    o.push(draft(2), late, 0);
    let first = o.due(late).remove(0);
    let verdict = Verdict::Refused(table.identify(&Opened::new(first.clone()), late).unwrap_err());
    let mut receipt = ActorChains::default().receipt(&first, first.input_hash(), verdict, late, 1, platform.id());
    receipt.sign(&secret(8));
    o.receive(&receipt, late);
    assert!(!o.is_barred() && o.unacked() == 2, "whoever is not the platform silences nobody");
    receipt.sign(&platform);
    o.receive(&receipt, late);
    assert!(o.is_barred() && o.unacked() == 0 && o.next_deadline(late).is_none());
    o.push(draft(3), late, 0);
    assert!(o.due(Instant::from_secs(90)).is_empty());
    assert_eq!(decode::<Outbox>(&encode(&o)).unwrap(), o);
}
