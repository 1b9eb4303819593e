//! Canonical bytes of a type, made from its shape alone: choices come from the input, names from a pool of those that
//! exist. Most of what it makes decodes; what does not is a fine input too.

use crate::entropy::Entropy;
use nooterra_engine::record::{Body, DecodeError, FieldShape, Kind, Reader, Shape, Wire, Writer};
use std::collections::BTreeMap;

/// Deepest message that is made.
const DEPTH_MAX: u32 = 12;
const SECOND: u64 = 1_000_000_000;
/// Lengths of time that mean something.
const SPANS: &[u64] =
    &[1, SECOND / 10, SECOND, 10 * SECOND, 60 * SECOND, 600 * SECOND, 3_600 * SECOND, 86_400 * SECOND, 60 * 86_400 * SECOND];
/// Numbers at which something may tip over.
const NUMBERS: &[u64] = &[
    1,
    2,
    3,
    100,
    1_000,
    9_999,
    10_000,
    10_001,
    1 << 16,
    0xffff_ffff,
    1_000_000_000_000,
    i64::MAX.cast_unsigned(),
    u64::MAX - 1,
    u64::MAX,
];
const FLOATS: &[f64] =
    &[0.0, -0.0, 0.5, 1.0, -1.0, 3.25, 1e3, -1e6, 1e-9, 1e9, 1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MIN_POSITIVE];

/// What exists: values that a typed input may speak of.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    /// Sixteen-byte ids by the prefix of their text form (`job`, `robot`, …).
    pub ids: BTreeMap<String, Vec<[u8; 16]>>,
    /// Hashes.
    pub digests: Vec<[u8; 32]>,
    /// Numbers worth trying: vertices, amounts, sequences.
    pub numbers: Vec<u64>,
    /// Texts worth trying.
    pub texts: Vec<String>,
    /// The present instant.
    pub now: u64,
}

/// Most names of a sort that are kept: the first ones, and the newest.
const KEPT: usize = 24;

/// Notes every id, hash and number in the bytes of a message.
pub fn harvest(shape: &Shape, bytes: &[u8], pool: &mut Pool) {
    let _ = gather(shape, &mut Reader::new(bytes), pool);
}

/// Forgets what is neither first nor new.
pub fn prune(pool: &mut Pool) {
    fn cut<T>(v: &mut Vec<T>) {
        if v.len() > 2 * KEPT {
            v.drain(KEPT..v.len() - KEPT);
        }
    }
    pool.ids.values_mut().for_each(cut);
    cut(&mut pool.digests);
    cut(&mut pool.numbers);
    cut(&mut pool.texts);
}

fn gather(shape: &Shape, r: &mut Reader<'_>, pool: &mut Pool) -> Result<(), DecodeError> {
    match &shape.body {
        Body::Struct(fields) | Body::OneOf(fields) => {
            for f in fields {
                gather_field(f, r, pool)?;
            }
        }
        Body::Enum(_) => {}
    }
    Ok(())
}

fn gather_field(f: &FieldShape, r: &mut Reader<'_>, pool: &mut Pool) -> Result<(), DecodeError> {
    match &f.kind {
        Kind::List(k) if k.wire() == Wire::Len => {
            while r.enter(f.tag, Wire::Len)? {
                gather_value(k, r, pool)?;
            }
        }
        Kind::Map(k, v) => {
            while r.enter(f.tag, Wire::Len)? {
                r.sized(|r| {
                    gather_field(&FieldShape { tag: 1, name: "key", kind: (**k).clone() }, r, pool)?;
                    gather_field(&FieldShape { tag: 2, name: "value", kind: (**v).clone() }, r, pool)
                })?;
            }
        }
        k => {
            if r.enter(f.tag, k.wire())? {
                gather_value(k, r, pool)?;
            }
        }
    }
    Ok(())
}

fn gather_value(k: &Kind, r: &mut Reader<'_>, pool: &mut Pool) -> Result<(), DecodeError> {
    match k {
        Kind::Uint => {
            let v = r.varint()?;
            if v > 31 && !pool.numbers.contains(&v) {
                pool.numbers.push(v);
            }
        }
        Kind::Sint | Kind::Bool | Kind::Enum(_) | Kind::ShownUint(_) => drop(r.varint()?),
        Kind::F32 => drop(r.take(4)?),
        Kind::F64 => drop(r.take(8)?),
        Kind::Message(s) => return r.sized(|r| gather(&s(), r, pool)),
        Kind::List(k) => {
            return r.sized(|r| {
                while !r.is_empty() {
                    gather_value(k, r, pool)?;
                }
                Ok(())
            });
        }
        Kind::Text | Kind::Bytes | Kind::Shown(_) | Kind::Map(..) => {
            let n = r.varint()?;
            let b = r.take(usize::try_from(n).unwrap_or(usize::MAX))?;
            match k {
                Kind::Shown(show) => note(&show(b), b, pool),
                Kind::Text => {
                    let t = String::from_utf8_lossy(b).into_owned();
                    if t.len() <= 40 && !pool.texts.contains(&t) {
                        pool.texts.push(t);
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn note(shown: &str, b: &[u8], pool: &mut Pool) {
    if let (Some((prefix, _)), Ok(id)) = (shown.split_once('_'), <[u8; 16]>::try_from(b)) {
        let known = pool.ids.entry(prefix.to_owned()).or_default();
        if !known.contains(&id) {
            known.push(id);
        }
    } else if let Ok(d) = <[u8; 32]>::try_from(b)
        && !pool.digests.contains(&d)
    {
        pool.digests.push(d);
    }
}

/// Bytes of a message of this shape.
#[must_use]
pub fn message(shape: &Shape, e: &mut Entropy<'_>, pool: &Pool) -> Vec<u8> {
    let mut w = Writer::default();
    body(shape, e, pool, 0, &mut w);
    w.bytes
}

fn body(shape: &Shape, e: &mut Entropy<'_>, pool: &Pool, depth: u32, w: &mut Writer) {
    match &shape.body {
        Body::Struct(fields) => fields.iter().for_each(|f| field(f, false, e, pool, depth, w)),
        Body::OneOf(variants) => {
            if let Some(f) = e.pick(variants) {
                field(f, true, e, pool, depth, w);
            }
        }
        Body::Enum(_) => {}
    }
}

/// A field, left out where it holds its default unless it must be there.
fn field(f: &FieldShape, must: bool, e: &mut Entropy<'_>, pool: &Pool, depth: u32, w: &mut Writer) {
    match &f.kind {
        Kind::List(k) if k.wire() == Wire::Len => {
            for _ in 0..few(e, depth) {
                w.key(f.tag, Wire::Len);
                value(k, f.name, e, pool, depth, w);
            }
        }
        Kind::List(k) => {
            let n = few(e, depth);
            if n > 0 {
                let mut items: Vec<u64> = (0..n).map(|_| number(k, e, pool)).collect();
                // Sets want ascending order, lists take it as well.
                if e.byte() & 1 == 0 {
                    items.sort_unstable();
                    items.dedup();
                }
                w.nested(f.tag, |w| items.iter().for_each(|v| w.varint(*v)));
            }
        }
        Kind::Map(k, v) => {
            let mut entries: Vec<Vec<u8>> = (0..few(e, depth))
                .map(|_| {
                    let mut w = Writer::default();
                    field(&FieldShape { tag: 1, name: "key", kind: (**k).clone() }, false, e, pool, depth + 1, &mut w);
                    field(&FieldShape { tag: 2, name: "value", kind: (**v).clone() }, false, e, pool, depth + 1, &mut w);
                    w.bytes
                })
                .collect();
            entries.sort();
            entries.dedup();
            for b in entries {
                w.key(f.tag, Wire::Len);
                w.varint(b.len() as u64);
                w.bytes.extend(b);
            }
        }
        Kind::Uint | Kind::Sint | Kind::Bool | Kind::Enum(_) | Kind::ShownUint(_) => {
            let v = number(&f.kind, e, pool);
            if v != 0 || must {
                w.key(f.tag, Wire::Varint);
                w.varint(v);
            }
        }
        Kind::F32 | Kind::F64 => {
            let mut bytes = Writer::default();
            value(&f.kind, f.name, e, pool, depth, &mut bytes);
            if must || bytes.bytes.iter().any(|b| *b != 0) {
                w.key(f.tag, f.kind.wire());
                w.bytes.extend(bytes.bytes);
            }
        }
        k => {
            // An eighth of what may be left out is; messages that must be there make the whole undecodable then.
            if !must && (depth >= DEPTH_MAX || e.byte() % 8 == 7) {
                return;
            }
            let mut bytes = Writer::default();
            value(k, f.name, e, pool, depth, &mut bytes);
            if must || bytes.bytes != [0] || matches!(k, Kind::Message(_)) {
                w.key(f.tag, Wire::Len);
                w.bytes.extend(bytes.bytes);
            }
        }
    }
}

/// How many elements.
fn few(e: &mut Entropy<'_>, depth: u32) -> usize {
    if depth >= DEPTH_MAX {
        return 0;
    }
    match e.byte() {
        0..=63 => 0,
        64..=159 => 1,
        160..=215 => 2,
        216..=247 => 3,
        _ => e.below(24),
    }
}

/// A value that is a varint.
fn number(k: &Kind, e: &mut Entropy<'_>, pool: &Pool) -> u64 {
    match k {
        Kind::Bool => u64::from(e.byte() & 1),
        Kind::Enum(s) => match s().body {
            Body::Enum(names) => e.below(names.len()) as u64,
            _ => 0,
        },
        Kind::ShownUint(_) => match e.byte() {
            0..=95 => pool.now.saturating_add(e.pick(SPANS).copied().unwrap_or(0).saturating_mul(u64::from(e.byte() % 16))),
            96..=143 => e.pick(SPANS).copied().unwrap_or(0).saturating_mul(u64::from(e.byte() % 32)),
            144..=191 => pool.now.saturating_sub(e.pick(SPANS).copied().unwrap_or(0)),
            192..=223 => plain(e, pool),
            _ => e.word(),
        },
        Kind::Sint => {
            let v = plain(e, pool).cast_signed();
            let v = if e.byte() & 1 == 0 { v } else { v.wrapping_neg() };
            ((v << 1) ^ (v >> 63)).cast_unsigned()
        }
        _ => plain(e, pool),
    }
}

fn plain(e: &mut Entropy<'_>, pool: &Pool) -> u64 {
    match e.byte() {
        0..=95 => u64::from(e.byte() % 32),
        96..=175 => e.pick(&pool.numbers).copied().unwrap_or(1),
        176..=199 => u64::from(u16::from_le_bytes([e.byte(), e.byte()])),
        200..=239 => e.pick(NUMBERS).copied().unwrap_or(0),
        _ => e.word(),
    }
}

/// A value without its key.
fn value(k: &Kind, name: &str, e: &mut Entropy<'_>, pool: &Pool, depth: u32, w: &mut Writer) {
    match k {
        Kind::Uint | Kind::Sint | Kind::Bool | Kind::Enum(_) | Kind::ShownUint(_) => w.varint(number(k, e, pool)),
        Kind::F64 => w.bytes.extend(float(e).to_le_bytes()),
        #[allow(clippy::cast_possible_truncation, reason = "any float will do")]
        Kind::F32 => w.bytes.extend((float(e) as f32).to_le_bytes()),
        Kind::Text => {
            let t = match e.byte() {
                0..=119 => e.pick(&pool.texts).cloned().unwrap_or_default(),
                120..=199 => "EUR".to_owned(),
                _ => {
                    let n = e.below(40);
                    String::from_utf8_lossy(e.take(n)).into_owned()
                }
            };
            sized(t.as_bytes(), w);
        }
        Kind::Bytes => {
            // Arrays of bytes have this kind too: an actor's sixteen, a hash's thirty-two.
            match e.byte() {
                0..=191 => {
                    let all: Vec<[u8; 16]> = pool.ids.values().flatten().copied().collect();
                    sized(&e.pick(&all).copied().unwrap_or([7; 16]), w);
                }
                192..=223 => sized(&hash(e, pool), w),
                _ => {
                    let n = e.below(80);
                    sized(e.take(n), w);
                }
            }
        }
        Kind::Shown(show) => shown(*show, name, e, pool, w),
        Kind::Message(s) => {
            let mut inner = Writer::default();
            if depth < DEPTH_MAX {
                body(&s(), e, pool, depth + 1, &mut inner);
            }
            sized(&inner.bytes, w);
        }
        Kind::List(_) | Kind::Map(..) => sized(&[], w),
    }
}

fn float(e: &mut Entropy<'_>) -> f64 {
    if e.byte() < 200 { e.pick(FLOATS).copied().unwrap_or(0.0) } else { f64::from_bits(e.word()) }
}

/// Bytes of fixed length. How they are shown tells what they are: ids have a prefix, hashes are hexadecimal.
fn shown(show: fn(&[u8]) -> String, name: &str, e: &mut Entropy<'_>, pool: &Pool, w: &mut Writer) {
    let text = show(&[0; 16]);
    if let Some((prefix, _)) = text.split_once('_') {
        let known = pool.ids.get(prefix).map(Vec::as_slice).unwrap_or_default();
        let id = if e.byte() < 240 { e.pick(known).copied() } else { None };
        sized(&id.unwrap_or_else(|| std::array::from_fn(|_| e.byte())), w);
    } else if text == "0" {
        sized(&u128::from(plain(e, pool)).to_le_bytes(), w);
    } else if name == "sig" {
        let sig: [u8; 64] = std::array::from_fn(|_| e.byte());
        sized(&sig, w);
    } else {
        sized(&hash(e, pool), w);
    }
}

fn hash(e: &mut Entropy<'_>, pool: &Pool) -> [u8; 32] {
    let known = if e.byte() < 224 { e.pick(&pool.digests).copied() } else { None };
    known.unwrap_or_else(|| std::array::from_fn(|_| e.byte()))
}

fn sized(bytes: &[u8], w: &mut Writer) {
    w.varint(bytes.len() as u64);
    w.bytes.extend_from_slice(bytes);
}
