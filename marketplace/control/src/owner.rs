//! What owners of robots say: quotes and answers to counter-offers, standing offers, moves, cancellations.

use crate::input::OwnerCommand;
use crate::unit::{Outcome, Unit, need};
use nooterra_engine::ids::{JobId, PartyId};
use nooterra_jobs::event::{CancelReason, Side};
use nooterra_jobs::status::Class;
use nooterra_market::negotiation::{RfqCommand, Speaker};
use nooterra_market::series::SeriesEnd;
use nooterra_operations::stop::Voice;
use nooterra_trust::Code;

impl Unit<'_> {
    pub fn owner(&mut self, party: PartyId, c: OwnerCommand) -> Outcome {
        match c {
            OwnerCommand::SubmitQuote { job, service, currency, arrive, robot_class, expires } => {
                self.submit_quote(party, job, (service, currency), arrive, robot_class, expires)
            }
            OwnerCommand::Stop(order) => self.stop_by_owner(party, order),
            OwnerCommand::ClearStop { stop } => self.clear_stop(stop, Voice::Owner),
            OwnerCommand::WithdrawQuote { job, quote } => self.negotiate(job, &RfqCommand::WithdrawQuote { owner: party, quote }),
            OwnerCommand::SetStandingOffer(offer) => self.set_standing(party, offer),
            OwnerCommand::ClearStandingOffer { currency } => self.clear_standing(party, currency),
            OwnerCommand::SetAvailability { robot, rule } => self.set_availability(party, robot, &rule),
            OwnerCommand::OpenMaintenance { robot, kind } => self.open_maintenance(Some(party), robot, kind),
            OwnerCommand::CloseMaintenance { robot, checklist, parts } => self.close_maintenance(party, robot, checklist, parts),
            OwnerCommand::RetireRobot { robot, reason } => self.retire(Some(party), robot, reason),
            OwnerCommand::TightenClamps { robot, bounds } => {
                need(self.cell(robot)?.robot.owner == party, Code::NotFound)?;
                self.tighten_clamps(robot, bounds)
            }
            OwnerCommand::EndSeries { series } => self.end_series(series, SeriesEnd::Owner, party),
            OwnerCommand::Cancel { job } => {
                self.booked_with(job, party)?;
                need(self.job(job)?.status.class() == Class::Booked, Code::StateForbids)?;
                self.cancel(job, CancelReason::Owner)
            }
            OwnerCommand::Counter(c) => self.counter(Speaker::Owner(party), &c),
            OwnerCommand::AcceptQuote { job, quote, rev } => self.accept_quote(party, job, quote, rev),
            OwnerCommand::ProposeMove { job, window } => {
                self.booked_with(job, party)?;
                self.propose_move(Side::Owner, job, window)
            }
            OwnerCommand::AnswerMove { job, agree } => {
                self.booked_with(job, party)?;
                self.answer_move(Side::Owner, job, agree)
            }
        }
    }

    /// A job that is booked with this owner; anything else does not exist for it.
    fn booked_with(&self, job: JobId, party: PartyId) -> Outcome {
        need(self.job(job)?.pins.as_ref().is_some_and(|p| p.owner == party), Code::NotFound)
    }
}
