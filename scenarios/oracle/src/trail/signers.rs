//! Who may sign which event (domain 3.3 to 3.7). A timer's event carries the service that answers for it (2.4).

use nooterra_jobs::event::By;
use nooterra_trust::Role;

/// Name, and the roles that may sign.
const SIGNERS: &[(&str, &str)] = &[
    ("JOB_CREATED", "RQ"),
    ("RFQ_OPENED", "MK"),
    ("QUOTE_SUBMITTED", "OW MK"),
    ("QUOTE_COUNTERED", "RQ OW"),
    ("QUOTE_ACCEPTED", "OW"),
    ("QUOTE_WITHDRAWN", "OW"),
    ("QUOTE_EXPIRED", "MK"),
    ("QUOTE_AWARDED", "RQ MK"),
    ("AWARD_LAPSED", "FI PS"),
    ("JOB_WITHDRAWN", "RQ OS MK"),
    ("PAYMENT_AUTHORISED", "PS"),
    ("PAYMENT_DECLINED", "PS"),
    ("JOB_BOOKED", "MK"),
    ("PAYMENT_CAPTURED", "PS"),
    ("PAYMENT_CAPTURE_FAILED", "PS"),
    ("PAYMENT_VOIDED", "PS"),
    ("RESCHEDULE_PROPOSED", "RQ OW"),
    ("RESCHEDULE_ACCEPTED", "RQ OW MK"),
    ("JOB_RESCHEDULED", "MK"),
    ("JOB_CANCELLED", "RQ OW OS FI DV CE TR"),
    ("NO_SHOW_DECLARED", "DI"),
    ("NO_SHOW_RESOLVED", "RQ MK"),
    ("JOB_ABORTED", "DI MK TR"),
    ("STANDING_OFFER_SET", "OW"),
    ("STANDING_OFFER_CLEARED", "OW"),
    ("SERIES_CREATED", "RQ"),
    ("AVAILABILITY_SET", "OW"),
    ("CONTRACT_PUBLISHED", "MK"),
    ("CONTRACT_SIGNED", "RQ OW OP DV IN MK OS"),
    ("CONTRACT_ACTIVATED", "MK"),
    ("COVERAGE_RESERVED", "DI"),
    ("COVERAGE_RELEASED", "DI"),
    ("DISPATCH_EVALUATED", "DI"),
    ("DISPATCH_FAILED", "DI"),
    ("ROBOT_MATCHED", "DI"),
    ("LEASE_ACCEPTED", "RB"),
    ("LEASE_REFUSED", "RB"),
    ("LEASE_LAPSED", "DI"),
    ("LEASE_DUE", "DI"),
    ("LEASE_RELEASED", "DI"),
    ("LEASE_ENDED", "DI"),
    ("DEPARTED", "RB"),
    ("TRIP_ABORTED", "RB"),
    ("ROBOT_ARRIVED", "RB"),
    ("EXECUTION_STARTED", "RB"),
    ("CHECKPOINT_REACHED", "RB"),
    // The minutes of a run are counted when it stops, which may be at somebody else's word.
    ("SKILL_METERED", "RB DI"),
    ("CUSTODY_CHANGED", "RB WI SI OS"),
    ("TRANSFER_PUT_DOWN", "RB OS"),
    ("TRANSFER_SCANNED", "WI SI"),
    ("TRANSFER_FETCHED", "RB"),
    ("TRANSFER_FAILED", "TR"),
    ("LIFT_READY", "RB"),
    ("LIFT_RELEASED", "DI"),
    ("LIFT_FAILED", "RB"),
    ("LIFT_OVERDUE", "DI"),
    ("TEAM_BROKEN", "DI"),
    ("EXECUTION_COMPLETED", "RB"),
    ("EXECUTION_ABORTED", "RB"),
    ("START_OVERDUE", "DI"),
    ("STALL_LIMIT_REACHED", "DI"),
    ("MAX_EXECUTION_REACHED", "DI"),
    ("SAFE_EXIT_ORDERED", "TR DI"),
    ("SAFE_EXIT_CONFIRMED", "RB SI WI OS"),
    ("SAFE_EXIT_ESCALATED", "TR OS"),
    ("SAFE_EXIT_FORCED", "OS"),
    ("HANDOVER_OPENED", "DI"),
    ("ACCESS_PLAN_ISSUED", "RQ SI"),
    ("ACCESS_GRANTED", "SI"),
    ("ACCESS_DENIED", "SI"),
    ("ACCESS_REVOKED", "RQ OS SI"),
    ("ACCESS_REVOKE_ACKED", "SI RB"),
    ("ACCESS_CLOSED", "TR"),
    ("ACCESS_ENDING", "TR"),
    ("ACCESS_EXPIRED", "TR"),
    ("ACCESS_WAIT_EXPIRED", "TR"),
    ("APPROVAL_ASKED", "RB OP DI"),
    ("APPROVAL_GRANTED", "RQ PS"),
    ("APPROVAL_DENIED", "RQ PS"),
    ("APPROVAL_REVOKED", "RQ"),
    ("APPROVAL_CONSUMED", "RB OP"),
    ("APPROVAL_EXPIRED", "TR"),
    ("PASS_REFUSED", "SI"),
    ("COMPLAINT_FILED", "RQ"),
    ("HANDOVER_ORDERED", "DI"),
    ("CAPABILITIES_ADVERTISED", "RB"),
    ("CAPABILITY_MEASURED", "DI"),
    ("CLAMPS_TIGHTENED", "OS OW"),
    ("CLAMPS_LIFTED", "OS"),
    ("TENANT_POLICY_SET", "OS"),
    ("PARTY_VERIFIED", "OS"),
    ("HEAD_WITNESSED", "WI"),
    ("SITE_OUTAGE_RECORDED", "TR"),
    ("AREA_ENTERED", "SI"),
    ("AREA_LEFT", "SI"),
    ("CAME_THROUGH", "SI"),
    ("ENTERED", "SI WI"),
    ("EXITED", "SI WI"),
    ("ASSIST_OFFERED", "DI"),
    ("ASSIST_OFFER_LAPSED", "DI"),
    ("ASSIST_ACCEPTED", "OP"),
    ("ASSIST_DECLINED", "OP"),
    ("ASSIST_STARTED", "OP"),
    ("ASSIST_EXHAUSTED", "DI"),
    ("INTERVENTION_SUBMITTED", "OP"),
    ("INTERVENTION_APPLIED", "RB"),
    ("INTERVENTION_REFUSED", "RB"),
    ("INCIDENT_TRIAGED", "TR"),
    ("WITNESS_REPORTED", "WI SI RQ"),
    ("PROOF_EVALUATED", "TR"),
    ("SETTLEMENT_HELD", "TR"),
    ("HOLD_ESCALATED", "TR"),
    ("SETTLEMENT_RELEASED", "TR"),
    ("SETTLEMENT_FORFEITED", "TR"),
    ("PROOF_OVERRIDDEN", "TR"),
    ("JOB_SETTLED", "FI"),
    ("SLA_BREACH_RECORDED", "MK"),
    ("SLA_CREDIT_ISSUED", "FI"),
    ("REFUND_ISSUED", "FI"),
    ("REFUND_PAID", "PS"),
    ("REFUND_FAILED", "PS"),
    ("CHARGEBACK_OPENED", "PS"),
    ("CHARGEBACK_WON", "PS"),
    ("CHARGEBACK_LOST", "PS"),
    ("CLAIM_OPENED", "RQ OW SI OS"),
    ("CLAIM_TRIAGED", "TR"),
    ("CLAIM_RESERVED", "TR"),
    ("CLAIM_APPROVED", "TR IN"),
    ("CLAIM_DENIED", "TR IN"),
    ("CLAIM_LAPSED", "TR"),
    ("CLAIM_PAID", "PS"),
    ("INSURER_RECOVERY_RECEIVED", "PS"),
    ("INSURER_RECOVERY_DENIED", "IN"),
    ("DISPUTE_OPENED", "RQ OW OP DV TR"),
    ("DISPUTE_DECIDED", "TR"),
    ("DISPUTE_DROPPED", "RQ OW OP DV TR"),
    ("PAYOUT_INITIATED", "FI"),
    ("PAYOUT_CONFIRMED", "PS"),
    ("PAYOUT_FAILED", "PS"),
    ("PROVIDER_SETTLED", "PS"),
    ("ADJUSTMENT_POSTED", "FI"),
    ("PERIOD_CLOSED", "FI"),
    ("HEARTBEAT_RECORDED", "RB"),
    ("ORDER_ACKED", "RB"),
    ("CLAMP_SUMMARISED", "RB"),
    ("BLACKBOX_ANCHORED", "RB"),
    ("LINK_LOST", "DI"),
    ("LINK_RESTORED", "RB"),
    ("STOP_ACKED", "RB"),
    ("MAINTENANCE_OPENED", "OW TR"),
    ("MAINTENANCE_CLOSED", "OW OS"),
    ("ROBOT_RETIRED", "OW OS"),
    ("ROBOT_KEY_ROTATED", "RB"),
    ("KEY_BOUND", "OS"),
    ("KEY_REVOKED", "OS"),
    ("AUDIT_RECORDED", "AU"),
    ("STOP_ESCALATED", "DI"),
    ("ROBOT_ENROLLED", "OS OW"),
    ("OPERATOR_REGISTERED", "OS"),
    ("SHIFT_OPENED", "OP"),
    ("SHIFT_CLOSED", "OP DI"),
    ("CONSOLE_LOST", "DI"),
    ("CONSOLE_RESTORED", "OP"),
    ("SKILL_PUBLISHED", "DV OS"),
    ("SKILL_CERTIFIED", "CE OS"),
    ("SKILL_LICENSED", "MK"),
    ("SKILL_REPINNED", "MK"),
    ("DOOR_REPORTED", "SI"),
    ("LIFT_REPORTED", "SI"),
    // What follows from somebody's word within a unit is signed by the service that carries it out.
    ("INCIDENT_OPENED", "RB OP RQ SI WI TR OS"),
    ("INCIDENT_REPEATED", "RB OP RQ SI WI TR OS"),
    ("INCIDENT_CLOSED", "TR"),
    ("INCIDENT_TRIAGE_OVERDUE", "TR"),
    ("EVIDENCE_WANTED", "TR"),
    ("EVIDENCE_CAPTURED", "RB SI WI OP TR"),
    ("EVIDENCE_GAP", "RB TR"),
    ("EVIDENCE_LINK", "RB TR"),
    ("EVIDENCE_VIEWED", "AU TR IN RQ OW OP DV SI OS"),
    ("EVIDENCE_REDACTED", "TR"),
    ("EVIDENCE_SHREDDED", "TR"),
    ("RETENTION_HELD", "TR"),
    ("RETENTION_RELEASED", "TR"),
    ("EXECUTION_STALLED", "RB OS DI"),
    ("EXECUTION_RESUMED", "RB DI"),
    ("ASSIST_QUEUED", "RB DI OS"),
    ("ASSIST_ENDED", "OP DI TR"),
    ("INTERVENTION_EXPIRED", "DI"),
    ("ROBOT_QUARANTINED", "TR OS"),
    ("QUARANTINE_CLEARED", "OS"),
    ("HEALTH_CHANGED", "DI"),
    ("TASK_PLANNED", "DI"),
    ("TASK_ENDED", "RB DI"),
    ("RECOVERY_ASKED", "OS DI"),
    ("OBSTRUCTED", "RB"),
    ("LANE_CLOSED", "DI"),
    ("LANE_OPENED", "DI"),
    ("STOP_ISSUED", "RQ OW OP SI OS TR"),
    ("STOP_CLEARED", "RQ OW OP SI OS TR"),
    ("TRUST_SCORE_UPDATED", "TR"),
    ("CLAIM_ESCALATED", "TR"),
    ("DISPUTE_ESCALATED", "TR"),
    ("CONTRACT_WRITTEN", "MK OS"),
    ("CONTRACT_ENDED", "MK OS"),
    ("SERIES_ENDED", "RQ MK OS"),
    ("OCCURRENCE_DUE", "MK"),
    ("AVAILABILITY_EXTENDED", "DI"),
    ("RESCHEDULE_DECLINED", "RQ OW MK"),
    ("TEAM_CREATED", "RQ"),
    ("TEAM_BOOKED", "MK"),
    ("TEAM_LIFTED", "MK"),
    ("TEAM_ENDED", "MK"),
    ("SKILL_REVOKED", "DV CE TR"),
    ("SKILL_BLAMED", "TR"),
    ("SKILL_CERT_EXPIRED", "TR"),
    ("SKILL_INSTALLED", "RB"),
    ("SKILL_INSTALL_REFUSED", "RB"),
    ("SKILL_REMOVED", "RB"),
    ("SKILL_STARTED", "RB"),
    ("SKILL_STOPPED", "RB DI"),
    ("KEY_ROTATED", "RQ OW OP DV CE IN SI WI PS MK DI TR FI OS AU"),
];

/// May this role sign an event of this name? A name that is not in the list is nobody's.
pub(crate) fn may_sign(name: &str, role: Role) -> bool {
    let Some((_, roles)) = SIGNERS.iter().find(|(n, _)| *n == name) else { return false };
    let role = role_name(role);
    roles.split(' ').any(|r| r == role)
}

/// Is this who a cancellation names?
pub(crate) const fn speaks_as(role: Role, by: By) -> bool {
    matches!(
        (role, by),
        (Role::RQ, By::Requester)
            | (Role::OW, By::Owner)
            | (Role::OP, By::Operator)
            | (Role::DV, By::Developer)
            | (Role::CE, By::Certifier)
            | (Role::FI, By::Finance)
            | (Role::DI, By::Dispatch)
            | (Role::TR, By::Trust)
            | (Role::OS, By::Staff)
            | (Role::MK, By::Market)
    )
}

const fn role_name(r: Role) -> &'static str {
    match r {
        Role::RQ => "RQ",
        Role::OW => "OW",
        Role::RB => "RB",
        Role::OP => "OP",
        Role::DV => "DV",
        Role::CE => "CE",
        Role::IN => "IN",
        Role::SI => "SI",
        Role::WI => "WI",
        Role::PS => "PS",
        Role::MK => "MK",
        Role::DI => "DI",
        Role::TR => "TR",
        Role::FI => "FI",
        Role::OS => "OS",
        Role::AU => "AU",
        Role::CK => "CK",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Names of events as their rooms and the catalogue of metrics write them.
    fn all() -> BTreeSet<&'static str> {
        const ROOMS: &[&str] = &[
            include_str!("../../../../marketplace/jobs/src/event.rs"),
            include_str!("../../../../marketplace/operations/src/event.rs"),
            include_str!("../../../../marketplace/skills/src/event.rs"),
            include_str!("../../../../marketplace/control/src/fact.rs"),
            include_str!("../../../../marketplace/control/src/team.rs"),
            include_str!("../../../../trust/src/evidence/event.rs"),
            include_str!("../../../../trust/src/claim/event.rs"),
            include_str!("../../../../trust/src/dispute.rs"),
        ];
        let catalogue = include_str!("../../../script/src/families.rs");
        let (_, catalogue) = catalogue.split_once("EVENTS, \"events.\"").expect("the family of events");
        let (catalogue, _) = catalogue.split_once("family!").expect("another family");
        let is_name = |w: &&str| w.len() > 4 && w.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        let named = ROOMS.iter().flat_map(|text| text.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()));
        // Deadlines of claims are written in the same way.
        let named = named.filter(|w| !w.ends_with("_BY"));
        catalogue.split('"').chain(named).filter(is_name).collect()
    }

    #[test]
    fn every_event_has_its_signers_and_no_other_name_has() {
        let (all, listed) = (all(), SIGNERS.iter().map(|(n, _)| *n).collect::<BTreeSet<_>>());
        assert!(all.len() > 200, "{}", all.len());
        assert_eq!(listed.len(), SIGNERS.len(), "a name is listed twice");
        assert_eq!(all.difference(&listed).collect::<Vec<_>>(), [&""; 0], "events that the table does not have");
        assert_eq!(listed.difference(&all).collect::<Vec<_>>(), [&""; 0], "names that no event has");
        assert!(!may_sign("SOMETHING_ELSE", Role::OS), "an unknown name is nobody's");
        assert!(may_sign("JOB_SETTLED", Role::FI) && !may_sign("JOB_SETTLED", Role::RB));
    }

    #[test]
    fn every_signer_is_a_role() {
        const ROLES: &str = "RQ OW RB OP DV CE IN SI WI PS MK DI TR FI OS AU";
        for (name, roles) in SIGNERS {
            let list: Vec<&str> = roles.split(' ').collect();
            assert!(list.iter().all(|r| ROLES.split(' ').any(|k| k == *r)), "{name}: {roles}");
            assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), list.len(), "{name}: {roles}");
        }
    }
}
