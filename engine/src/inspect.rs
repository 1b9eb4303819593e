//! Reads canonical bytes with nothing but their [`Shape`]: prints a record, or names the first field in which two differ.

use crate::record::{Body, FieldShape, Kind, Message, Reader, Shape, Wire};
use std::fmt;

/// A decoded tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// A number, text, id, …, as people read it.
    Leaf(String),
    /// Text, so that printers can quote it.
    Text(String),
    /// Named children in tag order; absent fields are left out.
    Fields(Vec<(String, Tree)>),
    /// The chosen variant and what it holds.
    Variant(String, Box<Tree>),
    /// Elements in order.
    List(Vec<Tree>),
    /// Bytes that the shape does not explain.
    Broken(String),
}

/// Where two records part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Path to the field: `body.quote.service`, `robots[3].pose`.
    pub path: String,
    /// Left value; `(absent)` if the field is not there.
    pub left: String,
    /// Right value.
    pub right: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ≠ {}", if self.path.is_empty() { "(whole record)" } else { &self.path }, self.left, self.right)
    }
}

/// The tree of a message's bytes.
pub fn tree<M: Message>(bytes: &[u8]) -> Tree {
    tree_of(&M::shape(), bytes)
}

/// The tree of bytes with this shape. Never fails: what cannot be read becomes [`Tree::Broken`].
pub fn tree_of(shape: &Shape, bytes: &[u8]) -> Tree {
    message(shape, &mut Reader::new(bytes))
}

/// The first field (in tag order) in which two records of one shape differ.
pub fn first_difference(shape: &Shape, left: &[u8], right: &[u8]) -> Option<Difference> {
    if left == right {
        return None;
    }
    compare("", &tree_of(shape, left), &tree_of(shape, right)).or_else(|| {
        Some(Difference { path: String::new(), left: format!("{} bytes", left.len()), right: format!("{} bytes", right.len()) })
    })
}

fn compare(path: &str, a: &Tree, b: &Tree) -> Option<Difference> {
    let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (a, b) {
        (Tree::Fields(x), Tree::Fields(y)) => {
            let (mut i, mut j) = (0, 0);
            while i < x.len() || j < y.len() {
                match (x.get(i), y.get(j)) {
                    (Some((n, u)), Some((m, v))) if n == m => {
                        if let Some(d) = compare(&join(n), u, v) {
                            return Some(d);
                        }
                        (i, j) = (i + 1, j + 1);
                    }
                    (Some((n, u)), _) if !y[j..].iter().any(|(k, _)| k == n) => {
                        return Some(Difference { path: join(n), left: u.to_string(), right: "(absent)".into() });
                    }
                    (_, Some((m, v))) => return Some(Difference { path: join(m), left: "(absent)".into(), right: v.to_string() }),
                    (Some((n, u)), None) => return Some(Difference { path: join(n), left: u.to_string(), right: "(absent)".into() }),
                    (None, None) => break,
                }
            }
            None
        }
        (Tree::Variant(n, u), Tree::Variant(m, v)) if n == m => compare(&join(n), u, v),
        (Tree::List(x), Tree::List(y)) => {
            for i in 0..x.len().max(y.len()) {
                let at = format!("{path}[{i}]");
                match (x.get(i), y.get(i)) {
                    (Some(u), Some(v)) => {
                        if let Some(d) = compare(&at, u, v) {
                            return Some(d);
                        }
                    }
                    (u, v) => {
                        let show = |t: Option<&Tree>| t.map_or_else(|| "(absent)".to_owned(), ToString::to_string);
                        return Some(Difference { path: at, left: show(u), right: show(v) });
                    }
                }
            }
            None
        }
        _ if a == b => None,
        _ => Some(Difference { path: path.to_owned(), left: a.to_string(), right: b.to_string() }),
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(s) => f.write_str(s),
            Self::Text(s) => write!(f, "{s:?}"),
            Self::Broken(s) => write!(f, "<unreadable: {s}>"),
            Self::Fields(v) => {
                f.write_str("{")?;
                for (i, (n, t)) in v.iter().enumerate() {
                    write!(f, "{}{n}: {t}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
            Self::Variant(n, t) if **t == Self::Fields(Vec::new()) => f.write_str(n),
            Self::Variant(n, t) => write!(f, "{n} {t}"),
            Self::List(v) => {
                f.write_str("[")?;
                for (i, t) in v.iter().enumerate() {
                    write!(f, "{}{t}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }
}

fn message(shape: &Shape, r: &mut Reader<'_>) -> Tree {
    match &shape.body {
        Body::Struct(fields) => {
            let mut out = Vec::new();
            for f in fields {
                match field(f, r) {
                    Ok(Some(t)) => out.push((f.name.to_owned(), t)),
                    Ok(None) => {}
                    Err(e) => {
                        out.push((f.name.to_owned(), Tree::Broken(e)));
                        return Tree::Fields(out);
                    }
                }
            }
            if let Err(e) = r.finish() {
                out.push(("?".into(), Tree::Broken(e.to_string())));
            }
            Tree::Fields(out)
        }
        Body::OneOf(variants) => {
            let Ok(tag) = r.peek_tag() else { return Tree::Broken("no variant".into()) };
            let Some(f) = variants.iter().find(|f| f.tag == tag) else { return Tree::Broken(format!("variant {tag}")) };
            match field(f, r) {
                Ok(t) => Tree::Variant(f.name.to_owned(), Box::new(t.unwrap_or(Tree::Fields(Vec::new())))),
                Err(e) => Tree::Broken(e),
            }
        }
        Body::Enum(_) => Tree::Broken("an enum is no message".into()),
    }
}

fn field(f: &FieldShape, r: &mut Reader<'_>) -> Result<Option<Tree>, String> {
    let text = |e: crate::record::DecodeError| e.to_string();
    match &f.kind {
        Kind::List(k) if k.wire() == Wire::Len => {
            let mut out = Vec::new();
            while r.enter(f.tag, Wire::Len).map_err(text)? {
                out.push(value(k, r)?);
            }
            Ok((!out.is_empty()).then_some(Tree::List(out)))
        }
        Kind::List(k) => {
            if !r.enter(f.tag, Wire::Len).map_err(text)? {
                return Ok(None);
            }
            packed(k, r).map(Some)
        }
        Kind::Map(k, v) => {
            let mut out = Vec::new();
            while r.enter(f.tag, Wire::Len).map_err(text)? {
                let entry = r.sized(|r| {
                    let key = field(&FieldShape { tag: 1, name: "key", kind: (**k).clone() }, r);
                    let val = field(&FieldShape { tag: 2, name: "value", kind: (**v).clone() }, r);
                    Ok((key, val))
                });
                let (key, val) = entry.map_err(text)?;
                let key = key?.map_or_else(|| "0".to_owned(), |t| t.to_string());
                out.push((format!("[{key}]"), val?.unwrap_or(Tree::Leaf("0".into()))));
            }
            Ok((!out.is_empty()).then_some(Tree::Fields(out)))
        }
        k => {
            if r.enter(f.tag, k.wire()).map_err(text)? {
                value(k, r).map(Some)
            } else {
                Ok(None)
            }
        }
    }
}

fn packed(k: &Kind, r: &mut Reader<'_>) -> Result<Tree, String> {
    r.sized(|r| {
        let mut out = Vec::new();
        while !r.is_empty() {
            match value(k, r) {
                Ok(t) => out.push(t),
                Err(e) => return Ok(Tree::Broken(e)),
            }
        }
        Ok(Tree::List(out))
    })
    .map_err(|e| e.to_string())
}

fn value(k: &Kind, r: &mut Reader<'_>) -> Result<Tree, String> {
    let e = |e: crate::record::DecodeError| e.to_string();
    let raw = |r: &mut Reader<'_>| -> Result<Vec<u8>, String> {
        let n = r.varint().map_err(e)?;
        Ok(r.take(usize::try_from(n).map_err(|_| "length out of range")?).map_err(e)?.to_vec())
    };
    Ok(match k {
        Kind::Uint => Tree::Leaf(r.varint().map_err(e)?.to_string()),
        Kind::Sint => {
            let u = r.varint().map_err(e)?;
            Tree::Leaf(((u >> 1).cast_signed() ^ -((u & 1).cast_signed())).to_string())
        }
        Kind::Bool => Tree::Leaf((r.varint().map_err(e)? != 0).to_string()),
        Kind::F32 => {
            let mut b = [0; 4];
            b.copy_from_slice(r.take(4).map_err(e)?);
            let v = f32::from_le_bytes(b);
            Tree::Leaf(format!("{v:?} (bits {:08x})", v.to_bits()))
        }
        Kind::F64 => {
            let mut b = [0; 8];
            b.copy_from_slice(r.take(8).map_err(e)?);
            let v = f64::from_le_bytes(b);
            Tree::Leaf(format!("{v:?} (bits {:016x})", v.to_bits()))
        }
        Kind::Text => Tree::Text(String::from_utf8_lossy(&raw(r)?).into_owned()),
        Kind::Bytes => {
            let b = raw(r)?;
            if b.len() > 64 {
                Tree::Leaf(format!("{} bytes, blake3 {}", b.len(), crate::digest::blake3(&b).short()))
            } else {
                Tree::Leaf(b.iter().map(|b| format!("{b:02x}")).collect())
            }
        }
        Kind::Shown(f) => Tree::Leaf(f(&raw(r)?)),
        Kind::ShownUint(f) => Tree::Leaf(f(r.varint().map_err(e)?)),
        Kind::Enum(s) => {
            let n = r.varint().map_err(e)?;
            let Body::Enum(names) = s().body else { return Err("not an enum".into()) };
            Tree::Leaf(usize::try_from(n).ok().and_then(|i| names.get(i)).map_or_else(|| format!("variant {n}"), |s| (*s).to_owned()))
        }
        Kind::Message(s) => r.sized(|r| Ok(message(&s(), r))).map_err(e)?,
        Kind::List(k) => packed(k, r)?,
        Kind::Map(..) => return Err("a map cannot be an element".into()),
    })
}
