//! Outside witnesses of the platform's log: each signs how far all streams have come, once for each publication, and never
//! two roots under one number.

use crate::Mail;
use nooterra_control::heads::Published;
use nooterra_control::input::{Body as _, GovernanceCommand};
use nooterra_engine::{Instant, Record};
use nooterra_trust::Outbox;

/// The stream of keys and heads.
const STREAM: &str = "gov";

/// One witness.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct LogWitness {
    /// What it sends.
    pub outbox: Outbox,
    /// What it signed last.
    last: Option<Published>,
}

impl LogWitness {
    pub(crate) const fn new(outbox: Outbox) -> Self {
        Self { outbox, last: None }
    }

    pub(crate) fn receive(&mut self, now: Instant, mail: &Mail) {
        match mail {
            Mail::Receipt(r) => {
                self.outbox.receive(r, now);
            }
            // Whoever is shown two histories signs the first.
            Mail::Head(head) if self.last.is_none_or(|l| l.number < head.number && l.at < head.at && l.log_seq <= head.log_seq) => {
                self.last = Some(*head);
                let word = GovernanceCommand::WitnessHead { number: head.number, root: head.root };
                self.outbox.push(word.draft(STREAM), now, 0);
            }
            _ => {}
        }
    }
}
