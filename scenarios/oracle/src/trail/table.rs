//! Every change of a job's state is a row of the domain's table, and what has ended stays ended (I3).
//!
//! The table is written down here once more, by the names of the specification.

use crate::trail::Now;
use crate::verdict::{Class, Notes};
use nooterra_engine::ids::JobId;
use nooterra_jobs::event::{Choice, Event};
use std::collections::BTreeMap;

/// From (any of), event, to. `home` is `BOOKED` until work has started, `HANDOVER` afterwards; `quotes` is `QUOTED`
/// while a live quote is left, else `CREATED`; `same` stays; `*` is any state that no row before names.
const ROWS: &[(&str, &str, &str)] = &[
    ("-", "JOB_CREATED", "CREATED"),
    ("CREATED QUOTED", "QUOTE_SUBMITTED", "QUOTED"),
    ("QUOTED", "QUOTE_COUNTERED", "QUOTED"),
    ("QUOTED", "QUOTE_WITHDRAWN", "quotes"),
    ("QUOTED", "QUOTE_EXPIRED", "quotes"),
    ("AWARDED", "QUOTE_WITHDRAWN", "same"),
    ("AWARDED", "QUOTE_EXPIRED", "same"),
    ("QUOTED", "QUOTE_AWARDED", "AWARDED"),
    ("AWARDED", "AWARD_LAPSED", "quotes"),
    ("AWARDED", "JOB_BOOKED", "BOOKED"),
    ("CREATED QUOTED AWARDED", "JOB_WITHDRAWN", "WITHDRAWN"),
    ("BOOKED HANDOVER", "ROBOT_MATCHED", "MATCHED"),
    ("MATCHED", "LEASE_ACCEPTED", "RESERVED"),
    ("MATCHED", "LEASE_REFUSED", "home"),
    ("MATCHED", "LEASE_LAPSED", "home"),
    ("MATCHED RESERVED EN_ROUTE ARRIVED", "LEASE_RELEASED", "home"),
    ("RESERVED", "DEPARTED", "EN_ROUTE"),
    ("EN_ROUTE", "ROBOT_ARRIVED", "ARRIVED"),
    ("ARRIVED", "ACCESS_GRANTED", "ACCESS_GRANTED"),
    ("ACCESS_GRANTED EXECUTING ASSISTED STALLED ABORTING_SAFE_EXIT", "ACCESS_GRANTED", "same"),
    ("ACCESS_GRANTED", "EXECUTION_STARTED", "EXECUTING"),
    ("EXECUTING STALLED", "ASSIST_STARTED", "ASSISTED"),
    ("ABORTING_SAFE_EXIT", "ASSIST_STARTED", "same"),
    ("ASSISTED", "ASSIST_ENDED", "EXECUTING"),
    ("*", "ASSIST_ENDED", "same"),
    ("EXECUTING", "EXECUTION_STALLED", "STALLED"),
    ("STALLED", "EXECUTION_RESUMED", "EXECUTING"),
    ("EXECUTING", "EXECUTION_COMPLETED", "COMPLETED"),
    ("ACCESS_GRANTED EXECUTING ASSISTED STALLED", "SAFE_EXIT_ORDERED", "ABORTING_SAFE_EXIT"),
    ("ABORTING_SAFE_EXIT", "HANDOVER_OPENED", "HANDOVER"),
    ("BOOKED", "NO_SHOW_DECLARED", "NO_SHOW"),
    ("NO_SHOW", "NO_SHOW_RESOLVED", "BOOKED"),
    ("BOOKED NO_SHOW HANDOVER ABORTING_SAFE_EXIT", "JOB_ABORTED", "ABORTED"),
    ("BOOKED", "JOB_RESCHEDULED", "BOOKED"),
    ("COMPLETED ABORTED", "JOB_SETTLED", "SETTLED"),
];

#[derive(Debug, Clone, Default)]
struct Walk {
    state: &'static str,
    quotes: std::collections::BTreeSet<nooterra_engine::ids::QuoteId>,
    started: bool,
}

/// The judge.
#[derive(Debug)]
pub(crate) struct Table {
    jobs: BTreeMap<JobId, Walk>,
    pub notes: Notes,
}

impl Table {
    pub fn new() -> Self {
        Self { jobs: BTreeMap::new(), notes: Notes::of("every change of state is in the table", &[3]) }
    }
    pub fn event(&mut self, n: Now, id: JobId, e: &Event) {
        let name = e.name();
        let w = self.jobs.entry(id).or_default();
        match e {
            Event::QuoteSubmitted(q) => {
                w.quotes.insert(q.quote);
            }
            Event::QuoteWithdrawn { quote, .. } | Event::QuoteExpired { quote, .. } | Event::AwardLapsed { quote, .. } => {
                w.quotes.remove(quote);
            }
            Event::ExecutionStarted { .. } => w.started = true,
            // Only the choice to wait moves the job; the other is followed by its end.
            Event::NoShowResolved { choice: Choice::Cancel, .. } => return,
            _ => {}
        }
        let mut rows = ROWS.iter().filter(|(_, e, _)| *e == name).peekable();
        if rows.peek().is_none() {
            return;
        }
        self.notes.checked();
        let from = if w.state.is_empty() { "-" } else { w.state };
        let to = rows.find(|(f, _, _)| *f == "*" || f.split(' ').any(|s| s == from)).map(|(_, _, t)| match *t {
            "home" if w.started => "HANDOVER",
            "home" => "BOOKED",
            "quotes" if w.quotes.is_empty() => "CREATED",
            "quotes" => "QUOTED",
            "same" => from,
            t => t,
        });
        match to {
            Some(to) => w.state = to,
            None => {
                let story = format!("{name} in {from}");
                self.notes.broke(Class::Safety, n.at, n.tick, story, vec![id.to_string()]);
            }
        }
    }
}
