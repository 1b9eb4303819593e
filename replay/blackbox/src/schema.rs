//! Self-describing schemas: protobuf file descriptors made from the shapes of records.
//!
//! One file per message, dependencies first. A name that two different types share (tuples, generic records) gets a
//! number from the second one on. A message that comes back to itself through another one is shown as bytes there.

use crate::entry::PAYLOAD_TAG;
use crate::kind::Kind;
use nooterra_engine::record::{Body, FieldShape, Kind as FieldKind, Shape, Wire};
use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    OneofDescriptorProto,
};
use std::collections::BTreeMap;

/// A schema as the container holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Full name of the message.
    pub name: String,
    /// Serialised `FileDescriptorSet`.
    pub data: Vec<u8>,
}

/// Schema of a plain message.
#[must_use]
pub fn plain(shape: &Shape) -> Schema {
    let mut b = Builder::default();
    let name = b.message(shape).name;
    Schema { name, data: b.finish() }
}

/// Schema of an entry whose payload has this shape.
#[must_use]
pub fn entry(kind: Kind, shape: &Shape) -> Schema {
    let mut b = Builder::default();
    let payload = b.message(shape);
    let cause = b.message(&<crate::leaf::Cause as nooterra_engine::record::Message>::shape());
    let kinds = b.kinds();
    let mut name: String = kind.text().to_owned();
    name[..1].make_ascii_uppercase();
    let short = payload.name.strip_prefix("nooterra.").unwrap_or(&payload.name).replace('.', "_");
    let simple = format!("{name}_{short}");
    let scalar = |tag, name: &str, t| field(tag, name, Label::Optional, t, None);
    let m = DescriptorProto {
        name: Some(simple.clone()),
        field: vec![
            scalar(1, "index", Type::Uint64),
            scalar(2, "tick", Type::Uint64),
            scalar(3, "at_ns", Type::Uint64),
            scalar(4, "ordinal", Type::Uint32),
            field(5, "kind", Label::Optional, Type::Enum, Some(&kinds.name)),
            scalar(6, "flags", Type::Uint32),
            field(7, "causes", Label::Repeated, Type::Message, Some(&cause.name)),
            scalar(8, "salt_seed", Type::Bytes),
            scalar(9, "salt", Type::Bytes),
            scalar(10, "commit", Type::Bytes),
            scalar(11, "length", Type::Uint64),
            field(PAYLOAD_TAG.cast_signed(), "payload", Label::Optional, Type::Message, Some(&payload.name)),
        ],
        ..Default::default()
    };
    let full = format!("nooterra.log.{simple}");
    b.file(&full, vec![payload.file, cause.file, kinds.file], Some(m), None);
    Schema { name: full, data: b.finish() }
}

/// Full name of the payload's type in an entry's schema.
#[must_use]
pub fn payload_type(schema_name: &str, data: &[u8]) -> Option<String> {
    let set = FileDescriptorSet::decode(data).ok()?;
    for f in &set.file {
        for m in &f.message_type {
            if format!("{}.{}", f.package(), m.name()) == schema_name {
                let p = m.field.iter().find(|x| x.number() == PAYLOAD_TAG.cast_signed())?;
                return Some(p.type_name().trim_start_matches('.').to_owned());
            }
        }
    }
    None
}

#[derive(Clone)]
struct Known {
    name: String,
    file: String,
}

#[derive(Default)]
struct Builder {
    files: Vec<FileDescriptorProto>,
    /// By base name: signatures seen, in order; `None` in place of the type while it is being built.
    seen: BTreeMap<String, Vec<(String, Option<Known>)>>,
}

impl Builder {
    fn finish(self) -> Vec<u8> {
        FileDescriptorSet { file: self.files }.encode_to_vec()
    }

    fn file(
        &mut self,
        full: &str,
        mut dependency: Vec<String>,
        message: Option<DescriptorProto>,
        en: Option<EnumDescriptorProto>,
    ) -> Known {
        let file = format!("{}.proto", full.replace('.', "/"));
        dependency.sort();
        dependency.dedup();
        dependency.retain(|d| *d != file);
        self.files.push(FileDescriptorProto {
            name: Some(file.clone()),
            package: Some(full.rsplit_once('.').map_or("", |(p, _)| p).to_owned()),
            dependency,
            message_type: message.into_iter().collect(),
            enum_type: en.into_iter().collect(),
            syntax: Some("proto3".into()),
            ..Default::default()
        });
        Known { name: full.to_owned(), file }
    }

    fn kinds(&mut self) -> Known {
        let value = |name: String, n: u16| EnumValueDescriptorProto { name: Some(name), number: Some(i32::from(n)), ..Default::default() };
        let mut values = vec![value("KIND_NONE".into(), 0)];
        values.extend(Kind::ALL.iter().map(|k| value(format!("KIND_{}", k.text().to_uppercase()), k.number())));
        let e = EnumDescriptorProto { name: Some("Kind".into()), value: values, ..Default::default() };
        self.file("nooterra.log.Kind", Vec::new(), None, Some(e))
    }

    /// The message's own name if it is complete; a name whose file is empty while it is still being built.
    fn message(&mut self, shape: &Shape) -> Known {
        let base = shape.name.full();
        let sig = signature(shape);
        let variants = self.seen.entry(base.clone()).or_default();
        let n = variants.iter().position(|(s, _)| *s == sig);
        let full = |n: usize| if n == 0 { base.clone() } else { format!("{base}_{}", n + 1) };
        if let Some(n) = n {
            return variants[n].1.clone().unwrap_or(Known { name: full(n), file: String::new() });
        }
        let n = variants.len();
        variants.push((sig, None));
        let full = full(n);
        let known = self.build(&full, shape);
        if let Some(v) = self.seen.get_mut(&base) {
            v[n].1 = Some(known.clone());
        }
        known
    }

    fn build(&mut self, full: &str, shape: &Shape) -> Known {
        let simple = full.rsplit('.').next().unwrap_or(full).to_owned();
        let mut deps = Vec::new();
        let (fields, one_of) = match &shape.body {
            Body::Enum(names) => {
                let value = |(i, n): (usize, &&str)| EnumValueDescriptorProto {
                    name: Some(format!("{simple}_{n}")),
                    number: i32::try_from(i).ok(),
                    ..Default::default()
                };
                let value = names.iter().enumerate().map(value).collect();
                return self.file(full, deps, None, Some(EnumDescriptorProto { name: Some(simple), value, ..Default::default() }));
            }
            Body::Struct(f) => (f, false),
            Body::OneOf(f) => (f, true),
        };
        let field: Vec<_> = fields
            .iter()
            .map(|f| {
                let mut p = self.field(full, f, &mut deps);
                p.oneof_index = one_of.then_some(0);
                p
            })
            .collect();
        let decl = OneofDescriptorProto { name: Some("of".into()), ..Default::default() };
        let oneof_decl = if one_of && !field.is_empty() { vec![decl] } else { Vec::new() };
        self.file(full, deps, Some(DescriptorProto { name: Some(simple), field, oneof_decl, ..Default::default() }), None)
    }

    fn field(&mut self, owner: &str, f: &FieldShape, deps: &mut Vec<String>) -> FieldDescriptorProto {
        let name = if f.name.starts_with(|c: char| c.is_ascii_digit()) { format!("f{}", f.name) } else { f.name.to_owned() };
        let tag = f.tag.cast_signed();
        let (label, kind) = match &f.kind {
            FieldKind::List(k) if k.wire() == Wire::Len => (Label::Repeated, &**k),
            FieldKind::List(k) => (Label::Repeated, &**k),
            FieldKind::Map(k, v) => {
                let entry = format!("{owner}_{name}_Entry");
                let mut entry_deps = Vec::new();
                let simple = entry.rsplit('.').next().unwrap_or(&entry).to_owned();
                let parts = [(1, "key", &**k), (2, "value", &**v)];
                let field =
                    parts.map(|(tag, name, k)| self.field(&entry, &FieldShape { tag, name, kind: k.clone() }, &mut entry_deps)).to_vec();
                let e = self.file(&entry, entry_deps, Some(DescriptorProto { name: Some(simple), field, ..Default::default() }), None);
                deps.push(e.file);
                return field_of(tag, &name, Label::Repeated, Type::Message, Some(&e.name));
            }
            k => (Label::Optional, k),
        };
        let google = owner.starts_with("google.protobuf.");
        let scalar = match kind {
            FieldKind::Uint | FieldKind::Sint if google => Some(if name == "nanos" { Type::Int32 } else { Type::Int64 }),
            FieldKind::Uint | FieldKind::ShownUint(_) => Some(Type::Uint64),
            FieldKind::Sint => Some(Type::Sint64),
            FieldKind::Bool => Some(Type::Bool),
            FieldKind::F32 => Some(Type::Float),
            FieldKind::F64 => Some(Type::Double),
            FieldKind::Text => Some(Type::String),
            // A list of lists has no protobuf form; its bytes are shown as they are.
            FieldKind::Bytes | FieldKind::Shown(_) | FieldKind::List(_) | FieldKind::Map(..) => Some(Type::Bytes),
            FieldKind::Enum(_) | FieldKind::Message(_) => None,
        };
        if let Some(t) = scalar {
            return field_of(tag, &name, label, t, None);
        }
        let (shape, t) = match kind {
            FieldKind::Enum(s) => (s(), Type::Enum),
            FieldKind::Message(s) => (s(), Type::Message),
            _ => return field_of(tag, &name, label, Type::Bytes, None),
        };
        let known = self.message(&shape);
        if known.file.is_empty() && known.name != owner {
            return field_of(tag, &name, label, Type::Bytes, None);
        }
        if known.name != owner {
            deps.push(known.file);
        }
        field_of(tag, &name, label, t, Some(&known.name))
    }
}

fn field(tag: i32, name: &str, label: Label, t: Type, of: Option<&str>) -> FieldDescriptorProto {
    field_of(tag, name, label, t, of)
}

fn field_of(tag: i32, name: &str, label: Label, t: Type, of: Option<&str>) -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(tag),
        label: Some(label as i32),
        r#type: Some(t as i32),
        type_name: of.map(|n| format!(".{n}")),
        ..Default::default()
    }
}

/// Tells types of one name apart: their fields, tuples looked into, other messages by name.
fn signature(shape: &Shape) -> String {
    let fields = match &shape.body {
        Body::Enum(names) => return names.join("|"),
        Body::Struct(f) | Body::OneOf(f) => f,
    };
    fields.iter().map(|f| format!("{}:{}:{};", f.tag, f.name, kind_signature(&f.kind))).collect()
}

fn kind_signature(k: &FieldKind) -> String {
    match k {
        FieldKind::Enum(s) => s().name.full(),
        FieldKind::Message(s) => {
            let s = s();
            let name = s.name.full();
            let tuple = ["One", "Pair", "Triple", "Quadruple"].iter().any(|t| name == format!("nooterra.engine.{t}"));
            if tuple { format!("({})", signature(&s)) } else { name }
        }
        FieldKind::List(k) => format!("[{}]", kind_signature(k)),
        FieldKind::Map(k, v) => format!("{{{}={}}}", kind_signature(k), kind_signature(v)),
        FieldKind::Shown(_) | FieldKind::Bytes => "bytes".into(),
        FieldKind::Uint | FieldKind::ShownUint(_) => "uint".into(),
        FieldKind::Sint => "sint".into(),
        FieldKind::Bool => "bool".into(),
        FieldKind::F32 => "f32".into(),
        FieldKind::F64 => "f64".into(),
        FieldKind::Text => "text".into(),
    }
}
