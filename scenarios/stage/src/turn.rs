//! What the platform and the people around it do in one tick. Nothing here touches robots or the world, and nothing that
//! is sent arrives before the next tick: so the world may take its own turn at the same time ([`nooterra_engine::together`]).

use crate::stage::{Arrived, Entry, PLATFORM, Sink, Stray};
use nooterra_cast::{CREW, Cast, Mail, PAYMENTS, REQUESTERS};
use nooterra_control::wish::Wish;
use nooterra_control::{Control, Fact, Input};
use nooterra_engine::bus::Letter;
use nooterra_engine::ids::PartyId;
use nooterra_engine::machine::{Machine as _, Out};
use nooterra_engine::marks::{self, Marks};
use nooterra_engine::net::Node;
use nooterra_engine::{Instant, encode};
use nooterra_port::{Driver as _, SignedOrder};
use nooterra_sim::{SITE, SimLink, SiteMail};
use nooterra_trust::{Envelope, Opened, SigningKey};
use std::collections::BTreeMap;

/// What does not outlive a tick, and what is seen on the platform's side of it.
#[derive(Debug, Default)]
pub(crate) struct Trays {
    /// For the platform and for people.
    pub office: Vec<Letter>,
    /// For robots and site devices.
    pub world: Vec<Letter>,
    /// From the platform and from people.
    pub sent: Vec<Letter>,
    /// From robots and site devices.
    pub posted: Vec<Letter>,
    /// Oaths and rare paths of the platform, whatever thread it ran on.
    pub marks: Marks,
    out: Out<Fact, Wish>,
}

/// Platform and people.
pub(crate) struct Office<'a> {
    control: &'a mut Control,
    cast: &'a mut Cast,
    nodes: &'a BTreeMap<[u8; 16], Node>,
    /// Set if anything of the quiet rooms may have changed.
    dirty: &'a mut bool,
    link: &'a mut SimLink,
    /// Signs what leaves in the platform's name.
    key: &'a SigningKey,
    inbox: &'a mut Vec<Letter>,
    sent: &'a mut Vec<Letter>,
    marks: &'a mut Marks,
    out: &'a mut Out<Fact, Wish>,
}

impl<'a> Office<'a> {
    pub fn new(
        control: &'a mut Control,
        cast: &'a mut Cast,
        nodes: &'a BTreeMap<[u8; 16], Node>,
        dirty: &'a mut bool,
        link: &'a mut SimLink,
        key: &'a SigningKey,
        trays: &'a mut Trays,
    ) -> Self {
        let Trays { office, sent, marks, out, .. } = trays;
        Self { control, cast, nodes, dirty, link, key, inbox: office, sent, marks, out }
    }

    /// Is there anything to do?
    pub fn is_busy(&self, now: Instant) -> bool {
        !self.inbox.is_empty()
            || self.link.has_arrived()
            || self.control.next_deadline().is_some_and(|at| at <= now)
            || self.cast.next_deadline(now).is_some_and(|at| at <= now)
    }

    /// The platform's first words.
    pub fn begin(&mut self, tick: u64, now: Instant, sink: &mut dyn Sink) {
        self.control.begin(self.out);
        self.publish(tick, now, sink);
    }

    /// One tick's work.
    pub fn act(&mut self, tick: u64, now: Instant, sink: &mut dyn Sink) {
        marks::swap(self.marks);
        while let Some((robot, bytes)) = self.link.poll(now) {
            if let Some(from) = self.nodes.get(robot.as_bytes()) {
                self.take(tick, now, *from, bytes, sink);
            }
        }
        let mut inbox = std::mem::take(self.inbox);
        for a in inbox.drain(..) {
            if a.to == PLATFORM {
                self.take(tick, now, a.from, a.bytes, sink);
            } else {
                self.cast.receive(now, a.to, &a.bytes);
                *self.dirty = true;
            }
        }
        *self.inbox = inbox;
        if self.control.next_deadline().is_some_and(|at| at <= now) {
            self.control.advance(now, self.out);
            self.publish(tick, now, sink);
        }
        if self.cast.next_deadline(now).is_some_and(|at| at <= now) {
            self.cast.advance(now);
            let sent = &mut *self.sent;
            self.cast.post(now, |from, bytes| sent.push(Letter { from, to: PLATFORM, bytes }));
            *self.dirty = true;
        }
        marks::swap(self.marks);
    }

    /// Something reached the platform: written down, then taken.
    fn take(&mut self, tick: u64, now: Instant, from: Node, bytes: Vec<u8>, sink: &mut dyn Sink) {
        match Envelope::from_bytes(&bytes) {
            Ok(envelope) => {
                let arrived = Arrived { from, envelope };
                sink.put(tick, now, Entry::Input(&arrived));
                let opened = Opened::checked(arrived.envelope, &self.control.state().keys);
                self.control.step(now, Input::from(opened), self.out);
                self.publish(tick, now, sink);
            }
            Err(_) => sink.put(tick, now, Entry::Stray(&Stray { from, bytes })),
        }
    }

    /// Writes down what the platform said and carries out what it asked for.
    fn publish(&mut self, tick: u64, now: Instant, sink: &mut dyn Sink) {
        *self.dirty = true;
        for f in &self.out.facts {
            sink.put(tick, now, Entry::Fact(f));
            self.cast.observe(now, f);
        }
        for w in &mut self.out.wishes {
            w.sign(self.key);
            sink.put(tick, now, Entry::Wish(w));
            let Some((to, bytes)) = address(w, self.nodes) else { continue };
            match self.link.robot(to) {
                Some(robot) => {
                    let taken = self.link.send(now, robot, bytes);
                    nooterra_engine::always!(taken.is_ok(), "the link takes words for its own robots");
                }
                None => self.sent.push(Letter { from: PLATFORM, to, bytes }),
            }
        }
        self.out.clear();
    }
}

fn address(wish: &Wish, nodes: &BTreeMap<[u8; 16], Node>) -> Option<(Node, Vec<u8>)> {
    let party = |p: &PartyId| nodes.get(p.as_bytes()).copied();
    Some(match wish {
        Wish::Order(o) => (nodes.get(o.robot.as_bytes()).copied()?, encode::<SignedOrder>(o)),
        Wish::Facility { order, .. } => (SITE, encode(&SiteMail::Order(Box::new(order.clone())))),
        Wish::Pay(ask) => (PAYMENTS, encode(&Mail::Pay(ask.clone()))),
        Wish::Invite { provider, invitation } => (party(provider)?, encode(&Mail::Invite(invitation.clone()))),
        Wish::Notify { party: p, job, status } => (party(p)?, encode(&Mail::Notify { party: *p, job: *job, status: *status })),
        Wish::Alert { party: p, job, incident } => (party(p)?, encode(&Mail::Alert { job: *job, incident: *incident })),
        Wish::Show { party: p, job, head, terms } => (party(p)?, encode(&Mail::Show { job: *job, head: *head, terms: terms.clone() })),
        Wish::Docket { party: p, stream, head } => (party(p)?, encode(&Mail::Docket { stream: stream.clone(), head: *head })),
        // Bytes lie outside of a run: nobody here keeps any.
        Wish::Vault(_) => return None,
        Wish::Audit { party: p, job, by } => (party(p)?, encode(&Mail::Audit { job: *job, by: *by })),
        Wish::Recover(ask) => (CREW, encode(&Mail::Recover(*ask))),
        Wish::Return(ask) => (CREW, encode(&Mail::Return(*ask))),
        Wish::PutBack { robot, vertex } => (CREW, encode(&Mail::PutBack { robot: *robot, vertex: *vertex })),
        Wish::Disobeys { party: p, robot, what } => (party(p)?, encode(&Mail::Disobeys { robot: *robot, what: *what })),
        Wish::Witness { party: p, head } => (party(p)?, encode(&Mail::Head(*head))),
        Wish::Help { operator, word } => (nodes.get(operator.as_bytes()).copied()?, encode(&Mail::Help(word.clone()))),
        Wish::Receipt { receipt, .. } => {
            let to = *nodes.get(&receipt.actor)?;
            let bytes = match to {
                SITE => encode(&SiteMail::Receipt(receipt.clone())),
                n if n >= REQUESTERS => encode(&Mail::Receipt(receipt.clone())),
                _ => encode(receipt.as_ref()),
            };
            (to, bytes)
        }
    })
}
