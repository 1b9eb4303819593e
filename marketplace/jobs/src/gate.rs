//! The settlement gate: fails closed. Money becomes final only when nothing is open.

use crate::event::{Custody, IncidentCode, Missing, ProofStatus};
use crate::job::{Job, PaymentTrack, Presence};
use crate::proof;

/// What is still missing, in a fixed order; empty: the gate passes.
pub fn missing(job: &Job) -> Vec<Missing> {
    let mut out = Vec::new();
    if job.forfeited.is_none() {
        let proven = !job.started || (proof::is_fresh(job) && job.proof.as_ref().is_some_and(|p| p.status != ProofStatus::Insufficient));
        if !proven {
            out.push(Missing::Proof);
        }
        let out_of_site = match job.presence {
            Presence::Out => true,
            Presence::In => false,
            Presence::Stranded => job.incidents.iter().any(|i| i.code == IncidentCode::RobotStranded && i.triaged),
        };
        if !out_of_site {
            out.push(Missing::Presence);
        }
        if job.custody == Custody::Held {
            out.push(Missing::Custody);
        }
        if job.incidents.iter().any(|i| i.severity >= 4 && !i.triaged) {
            out.push(Missing::Incident);
        }
    }
    if job.leg().is_some() {
        out.push(Missing::Lease);
    }
    let under_way = job.extras.iter().any(|e| matches!(e.track, PaymentTrack::Asked | PaymentTrack::Authorised));
    if under_way || !matches!(job.payment.track, PaymentTrack::Captured | PaymentTrack::Voided) {
        out.push(Missing::Payment);
    }
    if !job.liens.is_empty() {
        out.push(Missing::Chargeback);
    }
    out
}

/// Basis points that the settlement bills.
pub fn earned_bps(job: &Job) -> u32 {
    if let Some(f) = job.forfeited {
        return f;
    }
    if !job.started {
        return 0;
    }
    job.proof.as_ref().map_or(0, |p| p.earned_bps)
}
