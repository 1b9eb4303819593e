//! Series: the same work again and again at a framework price (section 4.1).
//!
//! The framework quote is what the standing offer of the owner named says to the first occurrence: an owner is bound
//! only by what it has offered to everybody. An occurrence that cannot become a job is told in the series, and the next
//! one is tried all the same.

use crate::calendar::{of_calendar, on_calendar};
use crate::fact::{Event as Payload, SeriesEvent};
use crate::input::{NewJob, NewSeries};
use crate::negotiation::refusal;
use crate::unit::{Outcome, Unit, need};
use nooterra_engine::Record;
use nooterra_engine::ids::{ItemId, JobId, PartyId, SeriesId};
use nooterra_engine::time::Instant;
use nooterra_jobs::terms::{Mode, Window};
use nooterra_market::negotiation::RfqCommand;
use nooterra_market::reschedule::Interval;
use nooterra_market::series::{Framework, OccurrencePrice, Rhythm, Series, SeriesEnd, SeriesFact};
use nooterra_trust::{Code, Rejection, Role};

/// A series and what it repeats.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub struct Repeated {
    /// Who asks.
    pub requester: PartyId,
    /// The work of each occurrence; its window is the occurrence's.
    pub job: NewJob,
    /// Its occurrences.
    pub series: Series,
}

/// How an occurrence is asked for.
pub(crate) struct Occurrence {
    pub series: SeriesId,
    pub owner: PartyId,
    pub price: OccurrencePrice,
}

impl Unit<'_> {
    /// A requester wants the same work by a rule.
    pub fn create_series(&mut self, requester: PartyId, n: NewSeries) -> Outcome {
        let epoch = self.s.genesis.epoch;
        let (from, until) = (on_calendar(epoch, n.from), on_calendar(epoch, n.until));
        let rhythm = Rhythm { rule: n.rule, every: n.every, from, until, count: n.count };
        let terms = self.s.genesis.policy.series;
        let windows = rhythm.windows(terms.occurrences_max).map_err(|c| refusal(c).field("rule"))?;
        let Some(first) = windows.first().copied() else { return Err(Rejection::new(Code::WindowInvalid).field("rule")) };
        let job = NewJob { window: window(epoch, first), rfq_closes: None, mode: Mode::Auto, ..*n.job };
        need(job.template != nooterra_jobs::terms::Template::Lift, Code::SchemaInvalid)?;
        let draft = self.draft_of(requester, job.clone())?;
        let reference = draft.price.total();
        let offer =
            self.s.standing.get(n.owner, job.currency).filter(|_| draft.negotiation.rfq.invited.contains(&n.owner)).map(|l| &l.offer);
        let answers = offer.filter(|o| o.templates.contains(&(job.template as u8)));
        let Some(offer) = answers else { return Err(Rejection::new(Code::NoCandidate).field("owner").expected("a standing offer")) };
        let service = offer.service(reference).map_err(|_| Rejection::new(Code::AmountOverflow))?;
        let framework = Framework { owner: n.owner, service, reference };
        let now = on_calendar(epoch, self.now());
        let series = Series::create(now, &rhythm, framework, terms).map_err(refusal)?;
        let id: SeriesId = self.new_id();
        let occurrences = u16::try_from(series.occurrences.len()).unwrap_or(u16::MAX);
        let created = SeriesEvent::SeriesCreated {
            requester,
            rule: Box::new(rhythm.rule),
            every: rhythm.every,
            framework,
            currency: job.currency,
            until: n.until,
            occurrences,
        };
        self.emit_series(id, created);
        self.s.series.insert(id, Repeated { requester, job, series });
        self.spawn_due(id);
        Ok(())
    }

    /// A side ends a series; jobs that exist go on.
    pub fn end_series(&mut self, id: SeriesId, by: SeriesEnd, party: PartyId) -> Outcome {
        let named = |r: &&Repeated| if by == SeriesEnd::Owner { r.series.framework.owner == party } else { r.requester == party };
        let Some(r) = self.s.series.get(&id).filter(named) else { return Err(Rejection::new(Code::NotFound).field("series")) };
        let fact = r.series.end(by).map_err(refusal)?;
        self.series_fact(id, fact, None);
        Ok(())
    }

    fn emit_series(&mut self, id: SeriesId, event: SeriesEvent) {
        let role = self.role_or(Role::MK);
        self.record(format!("series/{id}"), role, Payload::Series(event), |r| &mut r.market);
        self.market_touched = true;
    }

    fn series_fact(&mut self, id: SeriesId, fact: SeriesFact, became: Option<Result<JobId, Rejection>>) {
        let epoch = self.s.genesis.epoch;
        let event = match fact {
            SeriesFact::Spawned { index, window: w, price } => {
                let (job, refused) = match became {
                    Some(Ok(job)) => (Some(job), None),
                    Some(Err(r)) => (None, Some(r.code)),
                    None => (None, None),
                };
                SeriesEvent::OccurrenceDue { index, window: window(epoch, w), price, job, refused }
            }
            SeriesFact::Ended(reason) => SeriesEvent::SeriesEnded { reason },
        };
        self.emit_series(id, event);
        if let Some(r) = self.s.series.get_mut(&id) {
            r.series.evolve(&fact);
        }
    }

    /// Series with an occurrence that is to become a job now.
    pub fn series_due(&mut self) {
        self.market_touched = true;
        let ids: Vec<SeriesId> = self.s.series.keys().copied().collect();
        for id in ids {
            self.spawn_due(id);
        }
    }

    fn spawn_due(&mut self, id: SeriesId) {
        let epoch = self.s.genesis.epoch;
        let now = on_calendar(epoch, self.now());
        loop {
            let Some(r) = self.s.series.get(&id).filter(|r| r.series.deadline().is_some_and(|d| d <= now)) else { return };
            let (requester, owner, number) = (r.requester, r.series.framework.owner, r.series.next);
            let Some(w) = r.series.occurrences.get(usize::from(number)).copied() else { return };
            // What is carried today is not what was carried yesterday.
            let item = r.job.item.map(|i| ItemId::named(&format!("{i}/{number}")));
            let job = NewJob { window: window(epoch, w), item, ..r.job.clone() };
            let draft = self.draft_of(requester, job);
            // What cannot be priced is asked for under the price that it had.
            let reference = draft.as_ref().map_or(r.series.framework.reference, |d| d.price.total());
            for fact in r.series.clone().fire(now, reference) {
                let became = match (&fact, draft.clone()) {
                    (SeriesFact::Spawned { price, .. }, Ok(d)) => {
                        Some(Ok(self.open_request(d, Some(Occurrence { series: id, owner, price: *price }))))
                    }
                    (SeriesFact::Spawned { .. }, Err(e)) => Some(Err(e)),
                    _ => None,
                };
                self.series_fact(id, fact, became);
            }
        }
    }

    /// The framework owner's quote on an occurrence at the framework price.
    pub(crate) fn framework_quote(&mut self, job: JobId, owner: PartyId, service: u64) {
        let Ok(j) = self.job(job) else { return };
        let (arrive, expires) = (j.request.window.start, j.request.rfq_closes);
        let expires = expires.saturating_add(self.s.genesis.policy.standing_after_close).min(j.request.window.end);
        // It is bound until it ends the series, whatever became of its standing offer since.
        let currency = j.request.currency;
        let standing = self.s.standing.get(owner, currency).map(|l| l.offer.offer);
        let quote = self.new_id();
        let robot_class = self.class_of(owner);
        let c = RfqCommand::Submit { quote, owner, standing, service, currency, arrive, robot_class, expires };
        // What may not stand is not quoted; the request then runs out.
        let _ = self.negotiate(job, &c);
    }
}

fn window(epoch: Instant, w: Interval) -> Window {
    Window { start: of_calendar(epoch, w.start), end: of_calendar(epoch, w.end) }
}
