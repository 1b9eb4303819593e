//! Envelopes, signatures, notes, checkpoints and proofs of trees, as somebody else may have written them.

use crate::entropy::Entropy;
use crate::typed::{Pool, message};
use nooterra_engine::ids::TenantId;
use nooterra_engine::record::Message as _;
use nooterra_engine::{Digest, Instant, decode, encode};
use nooterra_trust::merkle::{FullTree, Tree, WindowProof, leaf_hash, verify_consistency, verify_inclusion};
use nooterra_trust::note::{Checkpoint, Note, Verifier};
use nooterra_trust::{ActorChains, Binding, Envelope, KeyTable, Opened, Place, PublicKey, Role, SigningKey, Verdict, base64};

fn key() -> SigningKey {
    SigningKey::derived(b"fuzz", &[b"proofs"])
}

/// The first byte says what the rest is taken for.
pub fn run(data: &[u8]) {
    let mut e = Entropy::new(data);
    match e.byte() % 7 {
        0 => note(&String::from_utf8_lossy(e.rest())),
        1 => checkpoint(&String::from_utf8_lossy(e.rest())),
        2 => verifier(&String::from_utf8_lossy(e.rest())),
        3 => envelopes(&mut e),
        4 => proofs(&mut e),
        5 => trees(&mut e),
        _ => texts(&String::from_utf8_lossy(e.rest())),
    }
}

fn note(text: &str) {
    let v = Verifier::new("fuzz", key().public()).expect("a name");
    if let Ok(n) = Note::parse(text) {
        assert!(!n.signatures.is_empty() && n.text.ends_with('\n'));
        let lines: String =
            n.signatures.iter().map(|s| format!("\u{2014} {} {}\n", s.name, base64::encode(&[&s.hash[..], &s.bytes].concat()))).collect();
        assert_eq!(format!("{}\n{lines}", n.text), text, "a note that parses is written in its one form");
        let _ = n.verify(&v);
    }
    let _ = Checkpoint::open(text, &v);
}

fn checkpoint(text: &str) {
    let Ok(c) = Checkpoint::parse(text) else { return };
    assert!(text.starts_with(&c.text()), "a checkpoint's lines have one form");
    if let Ok(signed) = c.sign(&key()) {
        let v = Verifier::new(&c.origin, key().public()).expect("it signed under that name");
        assert_eq!(Checkpoint::open(&signed, &v).as_ref(), Ok(&c), "what was signed opens");
    }
}

fn verifier(text: &str) {
    if let Ok(v) = Verifier::from_text(text) {
        assert_eq!(v.to_text(), text, "a verifier key has one text form");
    }
}

/// An envelope from raw bytes or from its shape, before the whole of its checks; and one that was signed, with one byte
/// changed.
fn envelopes(e: &mut Entropy<'_>) {
    let tenant = TenantId::named("fuzz");
    let (mut keys, mut chains) = (KeyTable::default(), ActorChains::default());
    let binding = Binding {
        public: key().public(),
        tenant,
        role: Role::RQ,
        subject: [1; 16],
        name: "fuzz".into(),
        from: Instant::ZERO,
        to: Instant(e.word()),
        revoked_at: None,
    };
    let key_id = key().id();
    keys.bind(binding).expect("a key");
    let mut pool = Pool { now: e.word(), ..Pool::default() };
    pool.ids.insert("ten".into(), vec![*tenant.as_bytes()]);
    pool.ids.insert("key".into(), vec![*key_id.as_bytes()]);
    pool.ids.insert("tenant".into(), vec![*tenant.as_bytes()]);
    let recv = Instant(e.word());
    for _ in 0..4 {
        let how = e.byte();
        let made = if how & 1 == 0 { message(&Envelope::shape(), e, &pool) } else { e.take(400).to_vec() };
        let Ok(mut env) = Envelope::from_bytes(&made) else { continue };
        assert_eq!(env.to_bytes(), made);
        if how & 2 == 0 {
            (env.tenant, env.actor, env.key, env.v) = (tenant, [1; 16], key_id, 1);
            if how & 8 == 0 {
                (env.actor_seq, env.actor_prev) = chains.head(tenant, env.actor);
                env.actor_seq += 1;
            }
            env.sign(&key());
            assert!(env.signed_by(&key().public()));
        }
        if how & 4 != 0 {
            let mut bytes = env.to_bytes();
            let at = e.below(bytes.len());
            let flip = 1 << (e.byte() % 8);
            if let Some(b) = bytes.get_mut(at) {
                *b ^= flip;
            }
            if let Ok(other) = Envelope::from_bytes(&bytes) {
                assert!(other == env || !other.signed_by(&key().public()), "a changed envelope keeps no signature");
                env = other;
            }
        }
        let hash = env.input_hash();
        let _ = env.check_form();
        let (before, now) = (Opened::checked(env.clone(), &keys), Opened::new(env.clone()));
        assert_eq!(keys.identify(&before, recv), keys.identify(&now, recv), "a look beforehand makes no difference");
        assert_eq!((before.hash(), now.hash()), (hash, hash));
        let _ = chains.check_time(&env, recv);
        if let Ok(Place::Next) = chains.place(&env, hash) {
            chains.advance(&Opened::new(env.clone()), Verdict::Accepted, Instant::ZERO);
            assert_eq!(chains.place(&env, hash), Ok(Place::Duplicate(Verdict::Accepted)), "what was taken in is known again");
        }
        let mut receipt = chains.receipt(&env, hash, Verdict::Accepted, recv, 1, key().id());
        receipt.sign(&key());
        assert!(receipt.signed_by(&key().public()));
    }
    let bytes = encode(&chains);
    assert_eq!(encode(&decode::<ActorChains>(&bytes).expect("it was encoded")), bytes);
}

/// Proofs that others made up.
fn proofs(e: &mut Entropy<'_>) {
    let digest = |e: &mut Entropy<'_>| Digest([e.byte(); 32]);
    let (a, b) = (size(e), size(e));
    let proof: Vec<Digest> = (0..e.below(70)).map(|_| digest(e)).collect();
    let (leaf, root, other) = (digest(e), digest(e), digest(e));
    let _ = verify_inclusion(a, b, &leaf, &proof, &root);
    let _ = verify_consistency(a, b, &root, &other, &proof);
    let half = proof.len() / 2;
    let w = WindowProof { from: a, to: b, size: size(e), left: proof[..half].to_vec(), right: proof[half..].to_vec() };
    let leaves: Vec<Digest> = (0..e.below(8)).map(|_| digest(e)).collect();
    let _ = w.verify(&leaves, &root);
    if let Ok(w) = decode::<WindowProof>(e.rest()) {
        let _ = w.verify(&leaves, &root);
    }
}

fn size(e: &mut Entropy<'_>) -> u64 {
    match e.byte() {
        0..=127 => u64::from(e.byte() % 40),
        128..=191 => (1u64 << (e.byte() % 64)).wrapping_add(u64::from(e.byte() % 3)).wrapping_sub(1),
        _ => e.word(),
    }
}

/// Trees from bytes go on growing; proofs of a real tree hold, and do not hold for anything else.
fn trees(e: &mut Entropy<'_>) {
    let n = e.below(40) as u64;
    let leaves: Vec<Digest> = (0..n).map(|i| leaf_hash(&i.to_le_bytes())).collect();
    let full = FullTree::from_leaves(leaves.iter().copied());
    let root = full.root_at(n).expect("its own size");
    let (i, j) = (e.below(41) as u64, e.below(41) as u64);
    if let Ok(proof) = full.inclusion(i, n) {
        let leaf = full.leaf(i).expect("it was proven");
        assert_eq!(verify_inclusion(i, n, &leaf, &proof, &root), Ok(()));
        assert!(verify_inclusion(i, n, &Digest([9; 32]), &proof, &root).is_err());
    }
    if let Ok(proof) = full.consistency(i, n) {
        assert_eq!(verify_consistency(i, n, &full.root_at(i).expect("smaller"), &root, &proof), Ok(()));
    }
    if let Ok(w) = full.window(i, j, n) {
        let (from, to) = (usize::try_from(i).expect("small"), usize::try_from(j).expect("small"));
        assert_eq!(w.verify(&leaves[from..to], &root), Ok(()));
    }
    let level = u32::from(e.byte());
    if let Ok(mut t) = decode::<Tree>(e.rest()) {
        let _ = t.root();
        let _ = t.push_subtree(level, root);
        t.push(root);
        let _ = t.root();
        assert_eq!(decode::<Tree>(&encode(&t)), Ok(t));
    }
}

fn texts(text: &str) {
    if let Some(b) = base64::decode(text) {
        assert_eq!(base64::encode(&b), text, "base64 has one form");
    }
    if let Some(d) = Digest::from_hex(text) {
        assert_eq!(d.to_string(), text.to_lowercase());
    }
    if let Ok(id) = text.parse::<TenantId>() {
        assert_eq!(id.to_string(), text, "an id has one text form");
    }
    if let Ok((c, a)) = nooterra_engine::money::parse_money(text) {
        let again = nooterra_engine::money::parse_money(&a.display(c)).expect("it was written by us");
        assert_eq!(again, (c, a));
    }
    let _ = nooterra_trust::Code::from_text(text);
    let _ = nooterra_trust::incident::IncidentCode::from_text(text);
    let _: PublicKey = key().public();
}
