//! Providers: quote for what they are invited to.

use crate::Mail;
use crate::mindful::Mindful;
use nooterra_control::input::{Body as _, CounterOffer, OwnerCommand, StandingOffer};
use nooterra_control::wish::Terms;
use nooterra_engine::chance::{Chance, Place};
use nooterra_engine::ids::{JobId, PartyId, StandingOfferId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_engine::net::Node;
use nooterra_engine::queue::EventQueue;
use nooterra_engine::{Digest, Instant, Record, Span};
use nooterra_jobs::status::Status;
use nooterra_jobs::terms::{Template, Window};
use nooterra_script::resolved::{Answering, ProviderPlan};
use nooterra_trust::Outbox;
use std::collections::BTreeMap;

const DELAY: Place = Place::named("cast.provider.delay");
const HAGGLE: Place = Place::named("cast.provider.haggle");
const ANSWER: Place = Place::named("cast.provider.answer");
/// Prices that differ by less than this part of them are close enough.
const NEAR: u64 = 40;

/// One provider.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct Provider {
    /// What it sends.
    pub outbox: Outbox,
    /// Under a fault: does nothing.
    pub silent: bool,
    /// What it was told of jobs that concern it.
    pub told: BTreeMap<JobId, Status>,
    /// Who it is.
    pub party: PartyId,
    plan: ProviderPlan,
    drafts: EventQueue<Words>,
    invited: BTreeMap<JobId, bool>,
    mindful: Mindful,
    /// What it asked for last, minor units.
    prices: BTreeMap<JobId, u64>,
}

/// Something that it is about to say.
#[derive(Debug, Clone, PartialEq, Record)]
struct Words {
    command: OwnerCommand,
    /// The head of the stream, if it rests on what was displayed.
    head: Option<Digest>,
}

impl Provider {
    pub(crate) fn new(plan: ProviderPlan, trades: &[Currency], outbox: Outbox) -> Self {
        let mut drafts = EventQueue::default();
        for command in rules(&plan, trades) {
            drafts.push(Instant::ZERO, 0, 0, Words { command, head: None });
        }
        Self {
            outbox,
            silent: false,
            told: BTreeMap::new(),
            party: crate::provider_party(&plan.name),
            plan,
            drafts,
            invited: BTreeMap::new(),
            mindful: Mindful::default(),
            prices: BTreeMap::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    pub(crate) fn receive(&mut self, now: Instant, node: Node, mail: &Mail, chance: &mut Chance) {
        match mail {
            Mail::Receipt(r) => {
                let acked = self.outbox.receive(r, now);
                self.mindful.receive(&mut self.outbox, &acked, now);
            }
            Mail::Show { job, head, terms } if !self.silent => {
                let Some(command) = self.answer(*job, terms) else { return };
                let wait = chance.between(ANSWER, u64::from(node), self.plan.quote_delay_min.0, self.plan.quote_delay_max.0);
                self.drafts.push(now + Span(wait), 0, 0, Words { command, head: Some(*head) });
            }
            Mail::Notify { job, status, .. } => {
                self.told.insert(*job, *status);
            }
            // Who has no robot that could come promises nothing; a standing offer has spoken already.
            Mail::Invite(i) if !self.silent && i.ready > 0 && self.plan.standing.is_none() && !self.invited.contains_key(&i.job) => {
                self.invited.insert(i.job, true);
                let entity = u64::from(node);
                let wait = chance.between(DELAY, entity, self.plan.quote_delay_min.0, self.plan.quote_delay_max.0);
                let varies = u64::from(self.plan.varies_bps);
                let haggle = chance.choose(HAGGLE, entity, 2 * varies + 1);
                let bps = (u64::from(self.plan.price_bps) + haggle).saturating_sub(varies).clamp(5_000, 20_000);
                let service = nooterra_engine::money::mul_div_up(i.price.total(), bps, 10_000).unwrap_or(u64::MAX).max(1);
                let Ok(service) = Amount::new(service) else { return };
                self.prices.insert(i.job, service.minor());
                let said = now + Span(wait);
                let until = self.plan.quote_lasts.map_or(i.closes.saturating_add(Span::from_mins(15)), |l| said.saturating_add(l));
                let quote = OwnerCommand::SubmitQuote {
                    job: i.job,
                    service,
                    currency: self.plan.quotes_in.unwrap_or(i.currency),
                    arrive: i.window.start,
                    robot_class: "any".into(),
                    expires: until.min(i.window.end),
                };
                self.drafts.push(said, 0, 0, Words { command: quote, head: None });
            }
            Mail::Invite(_)
            | Mail::Pay(_)
            | Mail::Recover(_)
            | Mail::Return(_)
            | Mail::PutBack { .. }
            | Mail::Alert { .. }
            | Mail::Help(_)
            | Mail::Disobeys { .. }
            | Mail::Head(_)
            | Mail::Show { .. }
            | Mail::Docket { .. }
            | Mail::Audit { .. } => {}
        }
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        while let Some((_, words)) = self.drafts.pop_due(now) {
            if self.silent {
                continue;
            }
            let draft = words.command.draft("jobs");
            match words.head {
                Some(head) => self.mindful.say(&mut self.outbox, &draft, head, now),
                None => {
                    self.outbox.push(draft, now, 0);
                }
            }
        }
    }

    /// What it says to terms that it is shown.
    fn answer(&mut self, job: JobId, terms: &Terms) -> Option<OwnerCommand> {
        match terms {
            Terms::Quote { quote, hash, .. } => {
                let id = quote.quote;
                let accept = Some(OwnerCommand::AcceptQuote { job, quote: id, rev: quote.rev });
                match self.plan.counters {
                    Answering::Accept => accept,
                    Answering::Ignore => None,
                    Answering::Refuse => Some(OwnerCommand::WithdrawQuote { job, quote: id }),
                    Answering::Halfway => {
                        let asked = quote.service.minor();
                        let mine = self.prices.get(&job).copied().unwrap_or(asked);
                        let middle = asked + mine.saturating_sub(asked) / 2;
                        if middle.saturating_sub(asked) * NEAR <= asked {
                            return accept;
                        }
                        self.prices.insert(job, middle);
                        let (service, arrive, expires) = (Amount::new(middle).ok()?, quote.arrive, quote.expires);
                        Some(OwnerCommand::Counter(CounterOffer { job, quote: id, prev: *hash, service, arrive, expires }))
                    }
                }
            }
            Terms::Approval(_) => None,
            Terms::Move(_) => match self.plan.moves {
                Answering::Accept => Some(OwnerCommand::AnswerMove { job, agree: true }),
                Answering::Refuse => Some(OwnerCommand::AnswerMove { job, agree: false }),
                Answering::Halfway | Answering::Ignore => None,
            },
        }
    }

    /// It moves a booking of its own.
    pub(crate) fn propose(&mut self, now: Instant, job: JobId, window: Window) {
        self.outbox.push(OwnerCommand::ProposeMove { job, window }.draft("jobs"), now, 0);
    }

    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.drafts.peek().map(|k| k.at).into_iter().chain(self.outbox.next_deadline(now)).min()
    }
}

/// Everything that it does.
const TEMPLATES: [Template; 8] = [
    Template::Delivery,
    Template::Patrol,
    Template::Inspect,
    Template::Lift,
    Template::Clean,
    Template::ResetLite,
    Template::ResetStandard,
    Template::Custom,
];

/// What it has said before anybody asks: its standing offers, one in each currency that it takes, and its working hours.
fn rules(plan: &ProviderPlan, trades: &[Currency]) -> Vec<OwnerCommand> {
    let own = |c: &&Currency| plan.takes.is_empty() || plan.takes.contains(*c);
    let standing = plan.standing.into_iter().flat_map(|s| trades.iter().filter(own).map(move |c| (s, *c)));
    let standing = standing.map(|(s, currency)| {
        OwnerCommand::SetStandingOffer(StandingOffer {
            offer: StandingOfferId::named(&plan.name),
            templates: TEMPLATES.map(|t| t as u8).to_vec(),
            price_bps: plan.price_bps,
            min_service: Amount::saturating(1),
            capacity: s.capacity,
            substitute: s.substitute,
            currency,
            zones: Vec::new(),
        })
    });
    let hours = plan.hours.clone().map(|rule| OwnerCommand::SetAvailability { robot: None, rule });
    standing.chain(hours).collect()
}
