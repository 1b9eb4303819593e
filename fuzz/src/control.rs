//! The platform itself: any sequence of words, true, false and forged, from a new platform or one in the midst of work.
//!
//! After every unit: no oath is broken, every word got its receipt, no timer that is due was left, and the books sum to
//! nothing. Now and then the platform is frozen and thawed, and must be the same.

pub mod answers;
pub mod hands;
pub mod starts;

use crate::entropy::Entropy;
use crate::typed::{Pool, harvest, message, prune};
use answers::Puppets;
use hands::Hands;
use nooterra_control::fact::Fact;
use nooterra_control::input::{BODIES, BodyType};
use nooterra_control::wish::Wish;
use nooterra_control::{Control, Input};
use nooterra_engine::digest::Hasher;
use nooterra_engine::machine::{Machine as _, Out};
use nooterra_engine::record::Message as _;
use nooterra_engine::{Instant, Span, encode, marks};
use nooterra_trust::{Envelope, InputKind};
use starts::Start;

/// Most that one input does.
const ACTS_MAX: usize = 64;
/// Steps of time.
const STEPS: &[Span] = &[
    Span(1),
    Span::from_millis(50),
    Span::from_millis(500),
    Span::from_secs(2),
    Span::from_secs(7),
    Span::from_secs(30),
    Span::from_mins(3),
    Span::from_mins(20),
    Span::from_mins(180),
    Span::from_mins(26 * 60),
];

/// What a sequence came to: for tests that ask whether sequences get anywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Words that took effect.
    pub accepted: u64,
    /// Words that were refused.
    pub refused: u64,
    /// Events.
    pub events: u64,
    /// Times frozen and thawed.
    pub thawed: u64,
}

/// The first byte chooses the start, the rest is what happens.
pub fn run(data: &[u8]) {
    let _ = play(data);
}

/// Plays a sequence out.
pub fn play(data: &[u8]) -> Tally {
    let _ = marks::take();
    let mut e = Entropy::new(data);
    let all = starts::all();
    let start = &all[e.below(all.len())];
    let mut game = Game::new(start);
    for _ in 0..ACTS_MAX {
        if e.is_empty() {
            break;
        }
        game.act(&mut e);
    }
    game.freeze();
    game.tally
}

struct Game<'s> {
    start: &'s Start,
    c: Control,
    now: Instant,
    hands: Hands<'s>,
    pool: Pool,
    puppets: Puppets,
    /// Next word of the real run.
    tape: usize,
    /// Words that were sent last, to be repeated or changed.
    said: Vec<Envelope>,
    tally: Tally,
}

impl<'s> Game<'s> {
    fn new(start: &'s Start) -> Self {
        let c = Control::thaw(&start.state, start.site.clone()).expect("it was frozen just so");
        let now = c.state().now;
        let pool = Pool { now: now.0, ..start.pool.clone() };
        let hands = Hands::new(&start.keys);
        Self { start, c, now, hands, pool, puppets: Puppets::default(), tape: 0, said: Vec::new(), tally: Tally::default() }
    }

    fn act(&mut self, e: &mut Entropy<'_>) {
        match e.byte() % 20 {
            0 | 1 => self.pass(e),
            2..=6 => self.typed(e),
            7..=9 => self.replay(e),
            10 | 11 => {
                let i = e.below(self.puppets.waiting());
                if let Some((role, body)) = self.puppets.answer(i, &self.c) {
                    self.say_as(role, body);
                }
            }
            12 | 13 => {
                let i = e.byte();
                if let Some((robot, body)) = self.puppets.move_robot(i, &self.c) {
                    let (lease, fence) = self.puppets.lease(robot, &self.c);
                    if let Some(mut env) = self.hands.draft_of(*robot.as_bytes(), &self.c, self.now, body) {
                        (env.lease, env.fence) = (lease, fence);
                        self.hands.sign(&mut env);
                        self.put(env);
                    }
                }
            }
            14 => self.again(e),
            15 => self.raw(e),
            16 => self.forged(e),
            17 => self.freeze(),
            18 => self.mutated(e),
            _ => {
                let n = e.below(120);
                if let Ok(env) = Envelope::from_bytes(e.take(n)) {
                    self.put(env);
                }
            }
        }
    }

    /// Time passes, and timers fire.
    fn pass(&mut self, e: &mut Entropy<'_>) {
        let step = e.pick(STEPS).copied().unwrap_or(Span::ZERO);
        let to = match (e.byte() % 4, self.c.next_deadline()) {
            // Right at a timer, or right before it.
            (0, Some(d)) if d.since(self.now) < Span::from_mins(48 * 60) => d,
            (1, Some(d)) if d.since(self.now) < Span::from_mins(48 * 60) => Instant(d.0 - 1),
            _ => self.now.saturating_add(step),
        };
        self.now = to.max(self.now);
        let mut out = Out::default();
        self.c.advance(self.now, &mut out);
        self.look(out, 0);
    }

    /// Somebody who has a key says something that has the right form.
    fn typed(&mut self, e: &mut Entropy<'_>) {
        let Some(key) = self.hands.pick(e) else { return };
        let body = hands::choose(key.role, e);
        let bytes = message(&(body.shape)(), e, &self.pool);
        self.speak(&key.actor, body, bytes, e);
    }

    fn speak(&mut self, actor: &[u8; 16], body: &BodyType, bytes: Vec<u8>, e: &mut Entropy<'_>) {
        let Some(mut env) = self.hands.draft(*actor, &self.c, self.now) else { return };
        (env.type_name, env.kind, env.body) = (body.name.to_owned(), body.kind, bytes);
        let how = e.byte();
        if how & 1 == 0 {
            // The head on which displayed terms rest: that of a stream that exists.
            let heads: Vec<_> = self.c.state().streams.iter().map(|(_, h)| h.chain).collect();
            env.expect_head = e.pick(&heads).copied();
        }
        if how & 2 == 0 {
            let robots: Vec<_> = self.c.robots().collect();
            let mine = robots.iter().find(|r| r.id.as_bytes() == actor).copied();
            if let Some(r) = mine.or_else(|| e.pick(&robots).copied()) {
                (env.lease, env.fence) = (r.lease.map(|l| l.lease), Some(r.fence));
            }
        }
        if how & 0xc0 == 0xc0 {
            env.input_id = [e.byte(); 16];
        }
        self.hands.sign(&mut env);
        self.put(env);
    }

    /// The next words of the real run, sealed anew where they stand now.
    fn replay(&mut self, e: &mut Entropy<'_>) {
        let (n, skip) = (1 + usize::from(e.byte() % 24), e.byte());
        for _ in 0..n {
            let Some((at, env)) = self.start.tape.get(self.tape) else { return };
            self.tape += 1;
            if skip > 240 && e.byte() & 1 == 0 {
                continue;
            }
            self.now = self.now.max(*at);
            if let Some(env) = self.hands.resealed(env, &self.c, self.now) {
                self.put(env);
            }
        }
    }

    /// A word of the last ones once more: as it was, or sealed as a new one.
    fn again(&mut self, e: &mut Entropy<'_>) {
        let how = e.byte();
        let Some(env) = e.pick(&self.said).cloned() else { return };
        if how & 1 == 0 {
            self.put(env);
        } else if let Some(env) = self.hands.resealed(&env, &self.c, self.now) {
            self.put(env);
        }
    }

    /// A body of any bytes under a type's name.
    fn raw(&mut self, e: &mut Entropy<'_>) {
        let Some(key) = self.hands.pick(e) else { return };
        let body = e.pick(BODIES).unwrap_or(&BODIES[0]);
        let n = e.below(60);
        let bytes = e.take(n).to_vec();
        self.speak(&key.actor, body, bytes, e);
    }

    /// An envelope in which something is wrong, signed or not.
    fn forged(&mut self, e: &mut Entropy<'_>) {
        let Some(mut env) = e.pick(&self.said).cloned() else { return };
        let (what, sign) = (e.byte(), e.byte());
        match what % 12 {
            0 => env.v = u16::from(e.byte()),
            1 => env.actor = [e.byte(); 16],
            2 => env.actor_seq = e.word(),
            3 => env.actor_prev.0[0] ^= 1,
            4 => env.boot = u32::from(e.byte()),
            5 => env.dev_ns = e.word(),
            6 => env.dev_off_ns = e.word().cast_signed(),
            7 => env.kind = [InputKind::Command, InputKind::Report, InputKind::Tick][e.below(3)],
            8 => env.body.resize(65_000 + 8 * usize::from(e.byte()), 0),
            9 => env.sig.0[usize::from(e.byte() % 64)] ^= 1,
            10 => env.tenant = nooterra_engine::ids::TenantId::named("another"),
            _ => {
                if let Some(k) = self.hands.pick(e) {
                    env.key = k.id;
                }
            }
        }
        if sign & 1 == 0 {
            self.hands.sign(&mut env);
        }
        self.put(env);
    }

    /// A body that was understood, with a byte changed.
    fn mutated(&mut self, e: &mut Entropy<'_>) {
        let real = self.start.tape.get(self.tape + usize::from(e.byte() % 8)).map(|t| &t.1);
        let Some(env) = real.or_else(|| self.said.last()).cloned() else { return };
        let Some(mut env) = self.hands.resealed(&env, &self.c, self.now) else { return };
        for _ in 0..=e.byte() % 3 {
            let at = e.below(env.body.len());
            if let Some(b) = env.body.get_mut(at) {
                *b ^= e.byte();
            }
        }
        self.hands.sign(&mut env);
        self.put(env);
    }

    fn say_as(&mut self, role: nooterra_trust::Role, body: answers::Said) {
        let Some(actor) = self.hands.first(role) else { return };
        if let Some(mut env) = self.hands.draft_of(actor, &self.c, self.now, body) {
            self.hands.sign(&mut env);
            self.put(env);
        }
    }

    fn put(&mut self, env: Envelope) {
        let mut out = Out::default();
        self.c.step(self.now, Input::new(env.clone()), &mut out);
        if self.said.len() == 12 {
            self.said.remove(0);
        }
        self.said.push(env);
        self.look(out, 1);
    }

    /// What must hold after every unit.
    fn look(&mut self, out: Out<Fact, Wish>, inputs: usize) {
        let broken = marks::take().broken;
        assert!(broken.is_empty(), "oaths were broken: {broken:#?}");
        let receipts = out.wishes.iter().filter(|w| matches!(w, Wish::Receipt { .. })).count();
        assert_eq!(receipts, inputs, "every word has its receipt");
        let refused = out.facts.iter().filter(|f| matches!(f, Fact::Rejected(_))).count() as u64;
        self.tally.refused += refused;
        self.tally.accepted += (inputs as u64).saturating_sub(refused);
        self.tally.events += out.facts.len() as u64 - refused;
        // What a word arms for this very instant fires before the next word.
        assert!(self.c.next_deadline().is_none_or(|d| d > self.now || (inputs > 0 && d == self.now)), "no timer that is due is left");
        for currency in self.c.state().genesis.policy.currencies() {
            assert_eq!(nooterra_ledger::statement::sums(self.c.book(), currency), (0, 0), "debits equal credits");
        }
        self.pool.now = self.now.0;
        for f in &out.facts {
            harvest(&Fact::shape(), &encode(f), &mut self.pool);
        }
        for w in &out.wishes {
            if !matches!(w, Wish::Receipt { .. }) {
                harvest(&Wish::shape(), &encode(w), &mut self.pool);
            }
        }
        prune(&mut self.pool);
        self.puppets.hear(out.wishes);
    }

    /// Stopped, written down, read again: the same platform.
    fn freeze(&mut self) {
        let digest = |c: &Control| {
            let mut h = Hasher::new();
            c.digest(&mut h);
            h.finish()
        };
        let bytes = self.c.freeze();
        let again = Control::thaw(&bytes, self.start.site.clone()).expect("what was frozen thaws");
        assert_eq!(digest(&again), digest(&self.c), "a thawed platform has the same digest");
        assert_eq!(again.freeze(), bytes, "a thawed platform freezes to the same bytes");
        self.c = again;
        self.tally.thawed += 1;
    }
}
