//! Everybody who may speak, with their keys: words that the platform takes for theirs.

use super::answers::Said;
use crate::entropy::Entropy;
use nooterra_control::input::{BODIES, Body as _, BodyType};
use nooterra_control::{Control, input};
use nooterra_engine::ids::KeyId;
use nooterra_engine::{Digest, Instant};
use nooterra_trust::envelope::VERSION;
use nooterra_trust::{Envelope, InputKind, Role, Signature, SigningKey};

/// The body that a role speaks in, mostly; one of them all, now and then.
pub fn choose(role: Role, e: &mut Entropy<'_>) -> &'static BodyType {
    let how = e.byte();
    let any = |n: u8| &BODIES[usize::from(n) % BODIES.len()];
    let named = |name: &str| BODIES.iter().find(|b| b.name == name);
    let own = match role {
        Role::RQ => named(input::RequesterCommand::NAME),
        Role::OW => named(input::OwnerCommand::NAME),
        Role::OS | Role::TR => named(input::StaffCommand::NAME),
        Role::IN => named(input::CaseCommand::NAME),
        Role::FI => named(input::FinanceCommand::NAME),
        Role::PS => named(input::PaymentReport::NAME),
        Role::OP => named(nooterra_control::OperatorCommand::NAME),
        Role::RB => named(nooterra_port::Report::NAME),
        Role::SI | Role::WI => named(nooterra_port::FacilityReport::NAME),
        Role::DV => named(input::DeveloperCommand::NAME),
        Role::CE => named(input::CertifierCommand::NAME),
        Role::MK => named(input::ContractWord::NAME),
        Role::DI | Role::AU | Role::CK => None,
    };
    let chosen = match how {
        // Cases are spoken of by many.
        200..=239 => named(input::CaseCommand::NAME),
        240.. => Some(any(e.byte())),
        _ => own,
    };
    chosen.unwrap_or_else(|| any(how))
}

/// Somebody's key.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// What it stands for.
    pub role: Role,
    /// Who holds it.
    pub actor: [u8; 16],
    /// The secret.
    pub secret: SigningKey,
}

/// All keys of a run.
#[derive(Debug)]
pub struct Hands<'k> {
    keys: &'k [Key],
    /// Each word of a device comes from a new start of its clock, so it never runs backwards.
    boots: u32,
}

impl<'k> Hands<'k> {
    /// With these keys.
    pub const fn new(keys: &'k [Key]) -> Self {
        Self { keys, boots: 1_000 }
    }
    /// Any of them.
    pub fn pick(&self, e: &mut Entropy<'_>) -> Option<&'k Key> {
        e.pick(self.keys)
    }
    /// The first who has this role.
    pub fn first(&self, role: Role) -> Option<[u8; 16]> {
        self.keys.iter().find(|k| k.role == role).map(|k| k.actor)
    }
    /// An empty word of somebody's, at the end of its chain. Not signed yet.
    pub fn draft(&mut self, actor: [u8; 16], c: &Control, now: Instant) -> Option<Envelope> {
        let key = self.keys.iter().find(|k| k.actor == actor)?;
        let s = c.state();
        let (seq, head) = s.chains.head(s.genesis.tenant, actor);
        let is_device = matches!(key.role, Role::RB | Role::SI | Role::WI);
        self.boots += 1;
        Some(Envelope {
            v: VERSION,
            tenant: s.genesis.tenant,
            stream: "stream".into(),
            kind: InputKind::Command,
            type_name: String::new(),
            actor,
            key: key.id,
            input_id: Envelope::positional_id(s.genesis.tenant, &actor, seq + 1),
            actor_seq: seq + 1,
            actor_prev: head,
            boot: if is_device { self.boots } else { 0 },
            dev_ns: if is_device { now.0.max(1) } else { 0 },
            dev_off_ns: 0,
            lease: None,
            fence: None,
            expect_head: None::<Digest>,
            body: Vec::new(),
            sig: Signature::NONE,
        })
    }
    /// The same with something to say.
    pub fn draft_of(&mut self, actor: [u8; 16], c: &Control, now: Instant, said: Said) -> Option<Envelope> {
        let mut env = self.draft(actor, c, now)?;
        (env.type_name, env.kind, env.body) = (said.name.to_owned(), said.kind, said.bytes);
        Some(env)
    }
    /// What somebody said, said anew.
    pub fn resealed(&mut self, env: &Envelope, c: &Control, now: Instant) -> Option<Envelope> {
        let place = self.draft(env.actor, c, now)?;
        let e = env.clone();
        let (type_name, kind, body) = (e.type_name, e.kind, e.body);
        let mut out =
            Envelope { stream: e.stream, type_name, kind, body, lease: e.lease, fence: e.fence, expect_head: e.expect_head, ..place };
        self.sign(&mut out);
        Some(out)
    }
    /// Signs with the key that the word names, if it is one of these.
    pub fn sign(&self, env: &mut Envelope) {
        if let Some(k) = self.keys.iter().find(|k| k.id == env.key) {
            env.sign(&k.secret);
        }
    }
}
