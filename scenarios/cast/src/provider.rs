//! Providers: quote for what they are invited to.

use crate::Mail;
use nooterra_control::input::{Body as _, OwnerCommand};
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::ids::JobId;
use nooterra_engine::money::Amount;
use nooterra_engine::net::Node;
use nooterra_engine::queue::EventQueue;
use nooterra_engine::{Instant, Record, Span};
use nooterra_jobs::status::Status;
use nooterra_script::resolved::ProviderPlan;
use nooterra_trust::Outbox;
use std::collections::BTreeMap;

const DELAY: Place = Place::named("cast.provider.delay");
const HAGGLE: Place = Place::named("cast.provider.haggle");
/// Prices move by up to this much around the provider's own level.
const HAGGLE_BPS: u64 = 400;

/// One provider.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Provider {
    /// What it sends.
    pub outbox: Outbox,
    /// Under a fault: does nothing.
    pub silent: bool,
    /// What it was told of jobs that concern it.
    pub told: BTreeMap<JobId, Status>,
    plan: ProviderPlan,
    drafts: EventQueue<OwnerCommand>,
    invited: BTreeMap<JobId, bool>,
}

impl Provider {
    pub(crate) fn new(plan: ProviderPlan, outbox: Outbox) -> Self {
        Self { outbox, silent: false, told: BTreeMap::new(), plan, drafts: EventQueue::default(), invited: BTreeMap::new() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    pub(crate) fn receive(&mut self, now: Instant, node: Node, mail: &Mail, chance: &mut Chance) {
        match mail {
            Mail::Receipt(r) => {
                self.outbox.receive(r, now);
            }
            Mail::Notify { job, status, .. } => {
                self.told.insert(*job, *status);
            }
            // Who has no robot that could come promises nothing.
            Mail::Invite(i) if !self.silent && i.ready > 0 && !self.invited.contains_key(&i.job) => {
                self.invited.insert(i.job, true);
                let entity = u64::from(node);
                let wait = chance.between(DELAY, entity, self.plan.quote_delay_min.0, self.plan.quote_delay_max.0);
                let haggle = chance.choose(HAGGLE, entity, 2 * HAGGLE_BPS + 1);
                let bps = (u64::from(self.plan.price_bps) + haggle).saturating_sub(HAGGLE_BPS).clamp(5_000, 20_000);
                let service = nooterra_engine::money::mul_div_up(i.price.total(), bps, 10_000).unwrap_or(u64::MAX).max(1);
                let Ok(service) = Amount::new(service) else { return };
                let quote = OwnerCommand::SubmitQuote {
                    job: i.job,
                    service,
                    arrive: i.window.start,
                    robot_class: "any".into(),
                    expires: i.closes.saturating_add(Span::from_mins(15)).min(i.window.end),
                };
                self.drafts.push(now + Span(wait), 0, 0, quote);
            }
            Mail::Invite(_) | Mail::Pay(_) | Mail::Recover(_) | Mail::PutBack { .. } | Mail::Alert { .. } | Mail::Help(_) => {}
        }
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        while let Some((_, command)) = self.drafts.pop_due(now) {
            if !self.silent {
                self.outbox.push(command.draft("jobs"), now, 0);
            }
        }
    }

    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.drafts.peek().map(|k| k.at).into_iter().chain(self.outbox.next_deadline(now)).min()
    }
}
