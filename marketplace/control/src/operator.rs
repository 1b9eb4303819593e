//! What remote operators say, and what the desk answers.

use crate::unit::{Outcome, Unit, need, no};
use nooterra_engine::ids::{AssistId, OperatorId, RegionId, StopId};
use nooterra_engine::time::Instant;
use nooterra_engine::{Digest, Record};
use nooterra_jobs::event::IncidentCode;
use nooterra_jobs::status::Status;
use nooterra_jobs::tier::Tier;
use nooterra_operations::assist::Outcome as Ended;
use nooterra_operations::desk::{Command, Refusal};
use nooterra_operations::intervention;
use nooterra_operations::stop::Voice;
use nooterra_port::assist::Action;
use nooterra_trust::{Code, Rejection};

/// Kinds of place that there are.
const TIERS_MOST: usize = 4;

/// What an operator may say (`OP`).
#[derive(Debug, Clone, PartialEq, Eq, Record)]
pub enum OperatorCommand {
    /// Work begins.
    OpenShift {
        /// Robots at a time.
        max_jobs: u8,
        /// Kinds of place; none named: all.
        tiers: Vec<Tier>,
        /// Regions; none named: all.
        regions: Vec<RegionId>,
        /// Until when at the latest.
        until: Instant,
    },
    /// Work ends. What is on the desk goes back to the queue.
    CloseShift,
    /// The console is there: said every ten seconds while a shift is open.
    Alive,
    /// Takes an offer.
    Accept {
        /// The assist.
        assist: AssistId,
    },
    /// Does not take it.
    Decline {
        /// The assist.
        assist: AssistId,
        /// Why, for people.
        reason: String,
    },
    /// Has the robot on screen and begins.
    Start {
        /// The assist.
        assist: AssistId,
        /// Hash of the picture on screen.
        view: Digest,
    },
    /// Asks something of the robot.
    Intervene {
        /// The assist.
        assist: AssistId,
        /// What.
        action: Action,
        /// Hash of the picture that it was decided on.
        view: Digest,
    },
    /// Needs the requester's word for something.
    AskApproval {
        /// The assist.
        assist: AssistId,
        /// For what.
        wanted: nooterra_port::Wanted,
        /// Without it the present step is left out; else the robot leaves.
        skip: bool,
    },
    /// Stops the robot that it is at.
    Stop {
        /// The assist.
        assist: AssistId,
        /// The job is left as soon as the robot may move.
        exit: bool,
    },
    /// Its own stop is over.
    ClearStop {
        /// The stop.
        stop: StopId,
    },
    /// Is done with it.
    End {
        /// The assist.
        assist: AssistId,
        /// How it went: resumed, task done, unresolved, or abort.
        outcome: Ended,
    },
    /// Saw something go wrong that nothing measured.
    Report {
        /// The assist at which it saw it.
        assist: AssistId,
        /// What.
        code: IncidentCode,
        /// How bad, within what the code allows.
        severity: u8,
    },
}

pub(crate) fn refused(r: Refusal) -> Rejection {
    match r {
        Refusal::Unknown(what) => Rejection::new(Code::NotFound).field(what),
        Refusal::AlreadyDone => Rejection::new(Code::AlreadyDone),
        Refusal::BadShift(field) => Rejection::new(Code::WindowInvalid).field(field),
        Refusal::Tired => Rejection::new(Code::LimitExceeded).field("work"),
        Refusal::NotAssigned => Rejection::new(Code::NotAssignedOperator),
        Refusal::ShiftClosed => Rejection::new(Code::ShiftClosed),
        Refusal::WrongStage => Rejection::new(Code::TrackForbids).field("assist"),
        Refusal::OutOfScope => Rejection::new(Code::ScopeExceeded),
        Refusal::Beyond(field) => Rejection::new(Code::ScopeExceeded).field(field),
        Refusal::StaleView => Rejection::new(Code::TermsChanged).field("view"),
        Refusal::Stopped => Rejection::new(Code::StopActive),
    }
}

impl Unit<'_> {
    pub fn operator(&mut self, operator: OperatorId, c: OperatorCommand) -> Outcome {
        self.operator_says(operator, c)?;
        // Whatever it says tells that its console is there.
        if self.desk(Command::Hear { operator }).is_ok() {
            let now = self.now();
            self.s.desk.hear(now, operator);
        }
        Ok(())
    }

    fn operator_says(&mut self, operator: OperatorId, c: OperatorCommand) -> Outcome {
        match c {
            OperatorCommand::OpenShift { max_jobs, tiers, regions, until } => {
                // One site is one region here.
                let own = crate::requester::region(self.s.genesis.site);
                if !regions.iter().all(|r| *r == own) {
                    return Err(Rejection::new(Code::NotFound).field("regions"));
                }
                need(tiers.len() <= TIERS_MOST && regions.len() <= 1, Code::SchemaInvalid)?;
                let (shift, tiers) = (self.new_id(), tiers.into_iter().map(|t| t as u8).collect());
                self.desk(Command::OpenShift { operator, shift, max_jobs, tiers, regions, until })
            }
            OperatorCommand::Alive => self.desk(Command::Hear { operator }),
            OperatorCommand::CloseShift => self.desk(Command::CloseShift { operator }),
            OperatorCommand::Accept { assist } => self.desk(Command::Accept { operator, assist }),
            OperatorCommand::Decline { assist, reason } => {
                need(reason.len() <= 128, Code::SchemaInvalid)?;
                self.desk(Command::Decline { operator, assist, reason })
            }
            OperatorCommand::Start { assist, view } => {
                if let Some(job) = self.s.desk.open.get(&assist).map(|a| a.request.job) {
                    let status = self.job(job)?.status;
                    let helps = matches!(status, Status::Executing | Status::Stalled | Status::AbortingSafeExit);
                    if !helps {
                        return Err(Rejection::new(Code::StateForbids).field("state").actual(status.name()));
                    }
                }
                self.desk(Command::Start { operator, assist, view })
            }
            OperatorCommand::Intervene { assist, action, view } => self.intervene(operator, assist, action, view),
            OperatorCommand::AskApproval { assist, wanted, skip } => self.operator_wants(operator, assist, wanted, skip),
            OperatorCommand::Stop { assist, exit } => self.stop_by_operator(operator, assist, exit),
            OperatorCommand::ClearStop { stop } => self.clear_stop(stop, Voice::Operator),
            OperatorCommand::Report { assist, code, severity } => {
                let job = self.s.desk.active(self.now(), operator, assist).map_err(refused)?.request.job;
                self.report_incident(job, code, severity)
            }
            OperatorCommand::End { assist, outcome } => self.desk(Command::End { operator, assist, outcome }),
        }
    }

    fn intervene(&mut self, operator: OperatorId, assist: AssistId, action: Action, view: Digest) -> Outcome {
        let Some(a) = self.s.desk.open.get(&assist) else { return no(Code::NotFound) };
        let (robot, job) = (a.request.robot, a.request.job);
        let r = &self.cell(robot)?.robot;
        let (stopped, pose) = (!r.stops.is_empty(), r.pose);
        need(self.job(job)?.robot() == Some(robot), Code::NotBoundRobot)?;
        let measured = match action {
            Action::ApproveGrasp { choice } => intervention::Action::ApproveGrasp { choice },
            Action::SetNavTarget { x_mm, y_mm, .. } => {
                intervention::Action::SetNavTarget { dx_mm: x_mm.saturating_sub(pose.x_mm), dy_mm: y_mm.saturating_sub(pose.y_mm) }
            }
            Action::SelectObject { object } => intervention::Action::SelectObject { object },
            Action::TeleopNudge { dx_mm, dy_mm, dtheta_urad, held } => {
                intervention::Action::TeleopNudge { dx_mm, dy_mm, dtheta_urad, held }
            }
            Action::Resume {} => intervention::Action::Resume {},
            Action::Abort {} => intervention::Action::Abort {},
        };
        let intervention = self.new_id();
        let command = Command::Submit { operator, assist, intervention, action: measured, view, stopped };
        self.desk_with(command, Some(action), None)
    }
}
