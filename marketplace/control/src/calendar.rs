//! Availability: when owners let their robots work (section 4.6), and the calendar's time.
//!
//! Rules speak of the calendar, the platform's instants of its own beginning; the genesis says where that lies. Windows
//! are kept in the calendar's time. A robot without a rule can always work.

use crate::fact::Event as Payload;
use crate::unit::{Outcome, Unit, need};
use nooterra_dispatch::assign::Interval;
use nooterra_engine::ids::{PartyId, RobotId};
use nooterra_engine::time::Instant;
use nooterra_market::availability::{Calendar, CalendarFact, WeeklyRule};
use nooterra_trust::{Code, Rejection, Role};

/// An instant of the platform on the calendar.
pub(crate) fn on_calendar(epoch: Instant, t: Instant) -> Instant {
    Instant(t.0.saturating_add(epoch.0))
}

/// An instant of the calendar as the platform counts; what lies before its beginning is its beginning.
pub(crate) fn of_calendar(epoch: Instant, t: Instant) -> Instant {
    Instant(t.0.saturating_sub(epoch.0))
}

impl Unit<'_> {
    fn today(&self) -> Instant {
        on_calendar(self.s.genesis.epoch, self.now())
    }

    /// An owner says when its robots can work: one of them, or all.
    pub fn set_availability(&mut self, owner: PartyId, robot: Option<RobotId>, rule: &WeeklyRule) -> Outcome {
        let own = |c: &&crate::state::RobotCell| c.robot.owner == owner && robot.is_none_or(|r| r == c.robot.id);
        let robots: Vec<RobotId> = self.s.robots.values().filter(own).map(|c| c.robot.id).collect();
        need(!robots.is_empty(), Code::NotFound)?;
        let today = self.today();
        let facts: Result<Vec<_>, _> = robots
            .into_iter()
            .map(|r| self.s.calendars.get(&r).unwrap_or(&Calendar::default()).set(today, rule.clone()).map(|f| (r, f)))
            .collect();
        for (robot, fact) in facts.map_err(|c| Rejection { field: Some("rule".into()), ..crate::negotiation::refusal(c) })? {
            self.calendar_fact(robot, fact);
        }
        self.trigger_dispatch();
        Ok(())
    }

    fn calendar_fact(&mut self, robot: RobotId, fact: CalendarFact) {
        let role = self.role_or(Role::DI);
        self.record(format!("robot/{robot}"), role, Payload::Availability(Box::new(fact.clone())), |r| &mut r.market);
        self.s.calendars.entry(robot).or_default().evolve(&fact);
        self.market_touched = true;
    }

    /// Calendars that are to be extended today.
    pub fn calendars_due(&mut self) {
        let today = self.today();
        self.market_touched = true;
        let due: Vec<(RobotId, CalendarFact)> = self.s.calendars.iter().filter_map(|(r, c)| c.fire(today).map(|f| (*r, f))).collect();
        for (robot, fact) in due {
            self.calendar_fact(robot, fact);
        }
    }

    /// The windows of a robot as dispatch reads them; none at all means always. One that has a rule and no window is
    /// never there: it gets an empty one.
    pub fn windows_of(&self, robot: RobotId) -> Vec<Interval> {
        let Some(c) = self.s.calendars.get(&robot) else { return Vec::new() };
        let here = |t| of_calendar(self.s.genesis.epoch, t);
        let windows: Vec<Interval> = c.windows.iter().map(|w| Interval { from: here(w.start), to: here(w.end) }).collect();
        if windows.is_empty() { vec![Interval { from: Instant::ZERO, to: Instant::ZERO }] } else { windows }
    }

    /// Does a robot's calendar leave room for work at some time between these instants?
    pub fn works_within(&self, robot: RobotId, start: Instant, end: Instant) -> bool {
        let there = |t| on_calendar(self.s.genesis.epoch, t);
        let meets = |c: &Calendar| c.windows.iter().any(|w| w.start < there(end) && there(start) < w.end);
        self.s.calendars.get(&robot).is_none_or(meets)
    }
}
