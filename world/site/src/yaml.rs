//! A YAML text as a tree that remembers the place of every node. Bounded in size, depth and alias expansion.

use crate::finding::{Findings, Mark};
use granit_parser::{Event, Parser, ScalarStyle};
use std::collections::BTreeMap;

/// Longest text that is read: the largest public building files have 300 kB.
pub(crate) const TEXT_BYTES_MAX: usize = 16 << 20;
/// Nodes with all aliases expanded.
const NODES_MAX: usize = 2_000_000;
/// Nesting of collections.
const DEPTH_MAX: usize = 64;

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: Mark,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Scalar { text: String, plain: bool },
    Seq(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Mark,
    pub(crate) value: Node,
}

impl Node {
    /// What it is, for messages.
    pub(crate) fn is_a(&self) -> String {
        match &self.kind {
            Kind::Scalar { text, plain: true } if text.is_empty() || text == "~" || text == "null" => "nothing".into(),
            Kind::Scalar { text, .. } => format!("`{}`", shortened(text)),
            Kind::Seq(s) => format!("a list of {}", s.len()),
            Kind::Map(m) => format!("a mapping of {}", m.len()),
        }
    }
    /// Nothing was given.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if text.is_empty() || text == "~" || text == "null")
    }
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(m) => m.iter().find(|e| e.key == key).map(|e| &e.value),
            _ => None,
        }
    }
    fn count(&self) -> usize {
        1 + match &self.kind {
            Kind::Scalar { .. } => 0,
            Kind::Seq(s) => s.iter().map(Node::count).sum(),
            Kind::Map(m) => m.iter().map(|e| 1 + e.value.count()).sum(),
        }
    }
}

/// At most forty characters of it.
pub(crate) fn shortened(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(39).chain(['…']).collect() }
}

enum Open {
    Seq { at: Mark, items: Vec<Node>, anchor: usize },
    Map { at: Mark, entries: Vec<Entry>, places: BTreeMap<String, usize>, key: Option<(String, Mark)>, anchor: usize },
}

/// The first document of `text`, or nothing after findings were made.
pub(crate) fn parse(text: &str, findings: &mut Findings) -> Option<Node> {
    if text.len() > TEXT_BYTES_MAX {
        findings.error(
            Mark::default(),
            "",
            format!("the file has {} bytes, more than {TEXT_BYTES_MAX}", text.len()),
            "split it or remove embedded data",
        );
        return None;
    }
    let mut tree = Tree { nodes: 0, stack: Vec::new(), anchors: BTreeMap::new(), root: None, twice: Vec::new() };
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let (event, span) = match next {
            Ok(x) => x,
            Err(e) => {
                let at = mark(e.marker().line(), e.marker().col());
                findings.error(
                    at,
                    "",
                    format!("not well-formed YAML: {}", e.info()),
                    "mend the syntax here or just above; the file may be cut off",
                );
                return None;
            }
        };
        let at = mark(span.start.line(), span.start.col());
        if matches!(event, Event::DocumentEnd | Event::StreamEnd) {
            break;
        }
        if let Err((what, remedy)) = tree.take(event, at) {
            findings.error(at, "", what, remedy);
            return None;
        }
    }
    for (at, key) in &tree.twice {
        findings.warning(*at, key.as_str(), "this key appears twice in one mapping; the last one counts", "remove one of them");
    }
    if tree.root.is_none() {
        findings.error(Mark { line: 1, column: 1 }, "", "the file is empty", "give it the building's levels");
    }
    tree.root
}

fn mark(line: usize, col: usize) -> Mark {
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX - 1);
    Mark { line: small(line), column: small(col).saturating_add(1) }
}

struct Tree {
    nodes: usize,
    stack: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    /// Keys that appear twice in one mapping.
    twice: Vec<(Mark, String)>,
}

type Fault = (String, &'static str);

impl Tree {
    fn spend(&mut self, n: usize) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(n);
        if self.nodes > NODES_MAX {
            return Err((format!("more than {NODES_MAX} values, aliases counted in full"), "remove the aliases that multiply it"));
        }
        Ok(())
    }
    fn take(&mut self, event: Event<'_>, at: Mark) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let node = Node { at, kind: Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain } };
                self.spend(1)?;
                self.put(node, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.open(Open::Seq { at, items: Vec::new(), anchor }),
            Event::MappingStart(_, anchor, _) => {
                self.open(Open::Map { at, entries: Vec::new(), places: BTreeMap::new(), key: None, anchor })
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(Open::Seq { at, items, anchor }) => self.put(Node { at, kind: Kind::Seq(items) }, anchor),
                Some(Open::Map { at, entries, anchor, .. }) => self.put(Node { at, kind: Kind::Map(entries) }, anchor),
                None => Err(("a collection ends that never began".into(), "mend the syntax here")),
            },
            Event::Alias(id) => {
                let Some(n) = self.anchors.get(&id).map(Node::count) else {
                    return Err(("an alias to a value that contains it".into(), "write the value out"));
                };
                self.spend(n)?;
                match self.anchors.get(&id).cloned() {
                    Some(node) => self.put(node, 0),
                    None => Ok(()),
                }
            }
            Event::UnresolvedAlias(name) => Err((format!("alias `*{}` names no anchor above it", shortened(&name)), "define it first")),
            _ => Ok(()),
        }
    }
    fn open(&mut self, o: Open) -> Result<(), Fault> {
        self.spend(1)?;
        if self.stack.len() >= DEPTH_MAX {
            return Err((format!("nested more than {DEPTH_MAX} deep"), "flatten it"));
        }
        self.stack.push(o);
        Ok(())
    }
    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if anchor != 0 {
            self.spend(node.count())?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::Seq { items, .. }) => items.push(node),
            Some(Open::Map { entries, places, key, .. }) => match key.take() {
                None => match node.kind {
                    Kind::Scalar { text, .. } => *key = Some((text, node.at)),
                    _ => return Err(("a key that is a collection".into(), "use a plain name as key")),
                },
                Some((key, at)) => {
                    // The last one wins, as in the readers that these files were made for.
                    if let Some(&i) = places.get(&key) {
                        self.twice.push((at, key.clone()));
                        entries[i] = Entry { key, at, value: node };
                    } else {
                        places.insert(key.clone(), entries.len());
                        entries.push(Entry { key, at, value: node });
                    }
                }
            },
        }
        Ok(())
    }
}
