//! A thread that checks signatures while their letters are under way. It decides nothing: the run waits for its verdict
//! at the delivery, and would find the same by itself.

use nooterra_stage::ahead::{Ahead, Keyring, Side};
use nooterra_trust::Checked;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};

#[derive(Debug)]
struct Task {
    number: u64,
    to: Side,
    bytes: Vec<u8>,
}

/// The thread's handle. The thread ends when the handle is dropped.
#[derive(Debug)]
pub struct Worker {
    fresh: Vec<Task>,
    to: Sender<Vec<Task>>,
    from: Receiver<Vec<(u64, Checked)>>,
    /// Handed over and not answered yet: how many.
    begun: usize,
    done: BTreeMap<u64, Checked>,
}

impl Worker {
    /// Starts the thread; nothing if this machine has no second core to run it on, or no thread to give.
    pub fn start(keys: Keyring) -> Option<Self> {
        if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
            return None;
        }
        let (to, tasks) = channel::<Vec<Task>>();
        let (answer, from) = channel();
        let work = move || {
            while let Ok(batch) = tasks.recv() {
                let verdicts = batch.iter().map(|t| (t.number, keys.check(t.to, &t.bytes))).collect();
                if answer.send(verdicts).is_err() {
                    break;
                }
            }
        };
        std::thread::Builder::new().name("signatures".into()).spawn(work).ok()?;
        Some(Self { fresh: Vec::new(), to, from, begun: 0, done: BTreeMap::new() })
    }

    fn take(&mut self, verdicts: Vec<(u64, Checked)>) {
        self.begun -= verdicts.len();
        self.done.extend(verdicts);
    }
}

impl Ahead for Worker {
    fn sent(&mut self, number: u64, to: Side, bytes: Vec<u8>) {
        self.fresh.push(Task { number, to, bytes });
    }
    fn flush(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.fresh);
        let n = batch.len();
        if self.to.send(batch).is_ok() {
            self.begun += n;
        }
    }
    fn arrived(&mut self, number: u64) -> Checked {
        while let Ok(v) = self.from.try_recv() {
            self.take(v);
        }
        // Letters of one tick are answered together and in order of sending, but arrive in any order.
        while !self.done.contains_key(&number) && self.begun > 0 {
            match self.from.recv() {
                Ok(v) => self.take(v),
                Err(_) => self.begun = 0,
            }
        }
        self.done.remove(&number).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nooterra_engine::ids::TenantId;
    use nooterra_engine::{Instant, encode};
    use nooterra_trust::{Binding, Draft, InputKind, KeyTable, Role, Sender as Chain, SigningKey};

    /// Verdicts come out the same whoever finds them, in whatever order they are asked for.
    #[test]
    #[allow(clippy::unwrap_used, reason = "a test that fails here has failed")]
    fn a_worker_finds_what_the_receiver_would() {
        let (tenant, secret) = (TenantId::named("t"), SigningKey::from_secret([7; 32]));
        let mut senders = KeyTable::default();
        let (public, subject) = (secret.public(), [9; 16]);
        let name = "robot".to_owned();
        let always = (Instant::ZERO, Instant::NEVER);
        senders.bind(Binding { public, tenant, role: Role::RB, subject, name, from: always.0, to: always.1, revoked_at: None }).unwrap();
        let keys = Keyring { senders, platform: SigningKey::from_secret([1; 32]).public() };
        let mut chain = Chain::device(tenant, subject, secret, 1);
        let letters: Vec<Vec<u8>> = (0u8..200)
            .map(|i| {
                let mut e =
                    chain.seal(Draft::new(InputKind::Report, "robot/x", "Report", vec![i; 20]), Instant::from_secs(u64::from(i)), 0);
                if i % 3 == 0 {
                    e.body[0] ^= 1;
                }
                let mut bytes = encode(&e);
                if i % 7 == 0 {
                    bytes.truncate(bytes.len() / 2);
                }
                bytes
            })
            .collect();
        let expected: Vec<Checked> = letters.iter().map(|b| keys.check(Side::Platform, b)).collect();
        assert!([Checked::Good, Checked::Bad, Checked::Not].iter().all(|c| expected.contains(c)));
        let Some(mut w) = Worker::start(keys) else { return };
        for (i, b) in letters.iter().enumerate() {
            w.sent(i as u64, Side::Platform, b.clone());
            if i % 5 == 0 {
                w.flush();
            }
        }
        w.flush();
        for i in (0..letters.len()).rev() {
            assert_eq!(w.arrived(i as u64), expected[i], "letter {i}");
        }
        assert_eq!(w.arrived(1_000), Checked::Not);
    }
}
