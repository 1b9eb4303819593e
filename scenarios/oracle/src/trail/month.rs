//! Months and statements: nothing enters a closed month, money locked rolls forward (I28); every entry is on the
//! statement of whom it concerns, once, and statements sum to the payables (I27). Each currency has months of its own, and
//! they end together.

use crate::trail::Now;
use crate::trail::entries::entry_id;
use crate::trail::papers::{Month as Origin, Opening, Origins, papers};
use crate::trail::purse::{Purse, Row, Till, What};
use crate::verdict::{Class, Notes};
use nooterra_control::fact::PeriodEvent;
use nooterra_engine::digest::Digest;
use nooterra_engine::ids::{EventId, JobId, PartyId};
use nooterra_engine::money::Currency;
use nooterra_engine::time::Instant;
use nooterra_ledger::{Account, Book, EntryId, Side};
use std::collections::{BTreeMap, BTreeSet};

/// The judge.
#[derive(Debug)]
pub(crate) struct Month {
    closed: BTreeMap<Currency, Instant>,
    /// A month ended in this unit.
    ended: Option<Instant>,
    /// Opening, held, released, forfeited.
    locked: BTreeMap<Currency, [u64; 4]>,
    /// Where the statements of the month begin.
    opening: BTreeMap<Currency, Opening>,
    /// What late money concerns.
    origins: Origins,
    pub notes: Notes,
}

fn locks(a: &Account) -> bool {
    matches!(a, Account::Held { .. } | Account::DisputeReserve { .. })
}

impl Month {
    pub fn new(epoch: Instant) -> Self {
        let notes = Notes::of("months close and statements are complete", &[28, 27]);
        Self {
            closed: BTreeMap::new(),
            ended: None,
            locked: BTreeMap::new(),
            opening: BTreeMap::new(),
            origins: Origins { epoch, ..Origins::default() },
            notes,
        }
    }

    /// A job's money is final.
    pub fn settled(&mut self, job: JobId, at: Instant) {
        self.origins.settled.entry(job).or_insert(at);
    }

    /// What is said of the period that late money concerns is so.
    pub fn late(&mut self, n: Now, name: &str, job: JobId, currency: Currency, told: Option<&str>) {
        self.notes.checked();
        let own = self.origins.of_job(job, n.at).map(|m| format!("{currency}-{:04}{:02}", m.year, m.month));
        if own.as_deref() != told {
            let story = format!("{name} of {job} is said to concern {told:?}; it concerns {own:?}");
            self.notes.broke_as(Some(28), Class::Safety, n.at, n.tick, story, vec![job.to_string()]);
        }
    }

    pub fn closed(&mut self, currency: Currency, to: Instant) {
        let own = self.closed.entry(currency).or_default();
        *own = to.max(*own);
        self.ended = Some(to);
    }

    /// The unit is over: a month that ended has ended in every currency in which there are books.
    pub fn close(&mut self, n: Now, p: &Purse) {
        let Some(to) = self.ended.take() else { return };
        self.notes.checked();
        for c in p.currencies() {
            if self.closed.get(&c).is_none_or(|at| *at < to) {
                let story = format!("a month ended at {to}, and the books of {c} stay open");
                self.notes.broke_as(Some(28), Class::Safety, n.at, n.tick, story, vec![]);
            }
        }
    }

    pub fn row(&mut self, n: Now, cause: EventId, row: &Row) {
        let Some(currency) = row.currency else { return };
        if self.closed.get(&currency).is_some_and(|to| row.at < *to) {
            let story = format!("an entry M{} is dated {} in a month that is closed", row.code, row.at);
            self.notes.broke_as(Some(28), Class::Safety, n.at, n.tick, story, vec![]);
        }
        if !matches!(row.what, What::Posted | What::Taken) {
            return;
        }
        let sum = |side| row.sides.iter().filter(|((a, s), _)| *s == side && locks(a)).map(|(_, v)| v).sum::<u64>();
        let (into, out) = (sum(Side::Credit), sum(Side::Debit));
        let locked = self.locked.entry(currency).or_default();
        locked[1] += into.saturating_sub(out);
        let lost = row.code == 21 || row.id == entry_id(cause, 5, 1);
        locked[if lost { 3 } else { 2 }] += out.saturating_sub(into);
    }

    /// A month closes in a currency: what it says of money locked must be what was seen.
    pub fn event(&mut self, n: Now, p: Till<'_>, id: EventId, e: &PeriodEvent) {
        if let PeriodEvent::AdjustmentPosted { origin_period: Some(m), .. } = e {
            self.origins.adjusted.insert(entry_id(id, 31, 0), Origin { year: m.year, month: m.month });
        }
        let PeriodEvent::PeriodClosed { exposure, statements, .. } = e else { return };
        self.notes.checked();
        let told = [exposure.opening, exposure.held, exposure.released, exposure.forfeited];
        let locked = self.locked.entry(p.currency).or_default();
        let own = *locked;
        let ending = (i128::from(own[0]) + i128::from(own[1])) - i128::from(own[2]) - i128::from(own[3]);
        let stands: i128 = p.accounts().filter(|(a, _)| locks(a)).map(|(_, v)| *v).sum();
        *locked = [u64::try_from(ending).unwrap_or(0), 0, 0, 0];
        if told != own || ending != stands {
            let story = format!("locked {} is said to roll {told:?}; it rolled {own:?} and stands at {stands}", p.currency);
            self.notes.broke_as(Some(28), Class::Safety, n.at, n.tick, story, vec![]);
        }
        let told: BTreeSet<PartyId> = statements.iter().map(|s| s.0).collect();
        let own: BTreeSet<PartyId> = p.lines().filter_map(|(a, _)| a.party()).collect();
        if !own.is_subset(&told) {
            let story = format!("{} parties with money have no statement", own.difference(&told).count());
            self.notes.broke_as(Some(27), Class::Safety, n.at, n.tick, story, vec![]);
        }
        // What parties are shown of the month is what was seen of it, entry by entry.
        let opening = self.opening.entry(p.currency).or_default();
        let (papers, next) = papers(p, opening, &self.origins);
        *opening = next;
        let own: Vec<(PartyId, Digest)> = papers.iter().map(|s| (s.party, s.hash())).collect();
        if own != *statements {
            let other = papers.iter().zip(&own).find(|(_, o)| !statements.contains(o)).map(|(s, _)| s.story());
            let what = other.unwrap_or_else(|| "another order, or one too many".to_owned());
            let story = format!("{} statements of {}, {} were to be: {what}", statements.len(), p.currency, own.len());
            self.notes.broke_as(Some(27), Class::Safety, n.at, n.tick, story, vec![]);
        }
    }

    /// The book's statements list what was seen, each entry once.
    pub fn statements(&mut self, n: Now, p: Till<'_>, book: &Book) {
        let currency = p.currency;
        for (account, lines) in p.lines() {
            self.notes.checked();
            let s = nooterra_ledger::statement::statement(book, *account, currency, Instant::ZERO, Instant(u64::MAX));
            let told: Vec<(EntryId, i128)> = s.iter().flat_map(|s| &s.lines).map(|l| (l.entry, l.change)).collect();
            let sum: i128 = told.iter().map(|l| l.1).sum();
            let lines: Vec<(EntryId, i128)> = lines.iter().map(|l| (l.entry, l.change)).collect();
            if sorted(&told) != sorted(&lines) || sum != book.posted(*account, currency) {
                let story = format!("the statement of {} lists {} lines of {}", account.name(), told.len(), lines.len());
                let ids = account.party().iter().map(ToString::to_string).collect();
                self.notes.broke_as(Some(27), Class::Safety, n.at, n.tick, story, ids);
            }
        }
    }
}

fn sorted(lines: &[(EntryId, i128)]) -> Vec<(EntryId, i128)> {
    let mut all = lines.to_vec();
    all.sort_unstable();
    all
}
