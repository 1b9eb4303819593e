//! What an envelope says, by who says it.

use crate::input::{
    Body, CaseCommand, CertifierCommand, ContractWord, DeveloperCommand, FinanceCommand, GovernanceCommand, OwnerCommand, PaymentReport,
    RequesterCommand, StaffCommand,
};
use crate::operator::OperatorCommand;
use crate::unit::no;
use nooterra_engine::record::Message;
use nooterra_port::{FacilityReport, Report};
use nooterra_trust::{Code, Envelope, Rejection, Role};

/// A body, by the role of the key that signed it.
pub(crate) enum Words {
    Requester(RequesterCommand),
    Owner(OwnerCommand),
    Robot(Report),
    Site(FacilityReport),
    Payment(PaymentReport),
    Staff(StaffCommand),
    Case(CaseCommand),
    Contract(ContractWord),
    Finance(FinanceCommand),
    Operator(OperatorCommand),
    Developer(DeveloperCommand),
    Certifier(CertifierCommand),
    Governance(GovernanceCommand),
}

impl Words {
    /// What is heard however much its sender says: stops, revocations, incidents, who leaves, and who answers to an order.
    pub(crate) const fn is_urgent(&self) -> bool {
        match self {
            Self::Requester(c) => {
                use RequesterCommand as C;
                matches!(c, C::Stop(_) | C::ClearStop { .. } | C::RevokeAccess { .. } | C::RevokeApproval { .. })
            }
            Self::Owner(c) => matches!(c, OwnerCommand::Stop(_) | OwnerCommand::ClearStop { .. }),
            Self::Staff(c) => {
                use StaffCommand as C;
                let stop = matches!(c, C::Stop { .. } | C::StopAll(_) | C::ClearStop { .. } | C::ClearStops { .. });
                stop || matches!(c, C::RevokeAccess { .. } | C::Quarantine { .. } | C::QuarantineOf { .. } | C::ReportIncident { .. })
            }
            Self::Case(c) => matches!(c, CaseCommand::Complain { .. }),
            Self::Robot(r) => {
                use Report as R;
                let acks = matches!(r, R::OrderAcked { .. } | R::StopAcked { .. } | R::AccessRevokeAcked { .. });
                acks || matches!(r, R::Noticed { .. } | R::SafeExitReported { .. } | R::ExecutionAborted { .. })
            }
            Self::Site(r) => {
                use FacilityReport as R;
                let acks = matches!(r, R::RevokeAcked { .. } | R::PlanExtended { .. } | R::PlanHeld { .. } | R::PlanWithdrawn { .. });
                acks || matches!(
                    r,
                    R::StopAsked { .. }
                        | R::StopCleared { .. }
                        | R::AccessRevoked { .. }
                        | R::AreaEntered { .. }
                        | R::Exited { .. }
                        | R::Incident { .. }
                )
            }
            Self::Operator(c) => matches!(c, OperatorCommand::Stop { .. } | OperatorCommand::Report { .. }),
            Self::Developer(c) => matches!(c, DeveloperCommand::Revoke { .. }),
            Self::Governance(c) => matches!(c, GovernanceCommand::RevokeKey { .. }),
            Self::Payment(_) | Self::Contract(_) | Self::Finance(_) | Self::Certifier(_) => false,
        }
    }

    pub(crate) fn read(role: Role, e: &Envelope) -> Result<Self, Rejection> {
        let is_case = e.type_name == CaseCommand::NAME;
        Ok(match role {
            _ if e.type_name == GovernanceCommand::NAME => Self::Governance(body(e)?),
            Role::RQ | Role::OW | Role::OP | Role::DV | Role::SI | Role::OS | Role::TR | Role::IN | Role::AU if is_case => {
                Self::Case(body(e)?)
            }
            Role::MK | Role::RQ | Role::OW | Role::IN | Role::SI | Role::OS if e.type_name == ContractWord::NAME => {
                Self::Contract(body(e)?)
            }
            Role::RQ => Self::Requester(body(e)?),
            Role::OW => Self::Owner(body(e)?),
            Role::RB => Self::Robot(body(e)?),
            Role::SI | Role::WI => Self::Site(body(e)?),
            Role::PS => Self::Payment(body(e)?),
            Role::FI => Self::Finance(body(e)?),
            Role::OS | Role::TR => Self::Staff(body(e)?),
            Role::OP => Self::Operator(body(e)?),
            Role::DV => Self::Developer(body(e)?),
            Role::CE => Self::Certifier(body(e)?),
            _ => return no(Code::RoleForbidden),
        })
    }
}

fn body<B: Body + Message>(e: &Envelope) -> Result<B, Rejection> {
    if e.type_name != B::NAME || e.kind != B::KIND {
        return Err(Rejection::new(Code::TypeUnknown).field("type").expected(B::NAME).actual(&e.type_name));
    }
    nooterra_engine::decode(&e.body).map_err(|err| {
        let code = if err.what.contains("NOT_CANONICAL") { Code::NotCanonical } else { Code::SchemaInvalid };
        Rejection::new(code).field("body").actual(err)
    })
}
