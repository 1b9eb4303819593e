//! From a finished run to its report.

use crate::load::Loaded;
use crate::report::{JobRow, JobsReport, Judged, LogReport, MoneyReport, Outcome, PartyRow, RobotReport, RunReport, SafetyReport};
use crate::run::Pass;
use nooterra_engine::Instant;
use nooterra_engine::ids::{PartyId, RobotId};
use nooterra_engine::money::{Amount, Currency};
use nooterra_jobs::Job;
use nooterra_jobs::status::Status;
use nooterra_ledger::{Account, Kind};
use nooterra_oracle::{Class, Judgement, Sample};
use nooterra_stage::{Setup, Stage};
use std::collections::BTreeMap;

/// The report of a finished pass.
pub(crate) fn report(loaded: &Loaded, p: &Pass) -> RunReport {
    let stage = &p.drive.stage;
    let r = &loaded.setup.resolved;
    let simulated = stage.now().as_secs_f64();
    let class = p.verdict.class();
    let outcome = if p.interrupted { Outcome::Interrupted } else { class.map_or(Outcome::Pass, outcome_of) };
    RunReport {
        outcome,
        reasons: p.verdict.findings.iter().take(20).map(ToString::to_string).collect(),
        title: r.title.clone(),
        scenario: loaded.path.display().to_string(),
        site: loaded.site_path.display().to_string(),
        seed: r.seed,
        promise: "R1",
        duration_s: r.duration.as_secs_f64(),
        simulated_s: simulated,
        wall_s: p.wall.as_secs_f64(),
        real_time_factor: simulated / p.wall.as_secs_f64().max(1e-9),
        ticks: stage.tick(),
        jobs: jobs(stage),
        money: monies(stage, p),
        safety: SafetyReport {
            collisions: p.judge_last.safety_collisions,
            contacts: p.judge_last.safety_contacts,
            strongest_mns: p.judge_last.safety_contacts_max_mns,
            protective_stops: p.drive.stops,
            clamps: stage.fleet.clamped(),
            closest_robots_m: p.closest_m,
        },
        robots: robots(stage),
        incidents: p.counts.incident_lines.clone(),
        faults: faults(&loaded.setup),
        oracles: p.verdict.invariants.iter().map(judged).collect(),
        expectations: p.verdict.expectations.iter().map(judged).collect(),
        metrics: p.judge_last.all().into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
        events: p.counts.events.iter().map(|(n, c)| ((*n).to_owned(), *c)).collect(),
        refused: p.counts.refused.iter().map(|(n, c)| ((*n).to_owned(), *c)).collect(),
        paths: p.marks.sometimes.iter().map(|(n, (hit, _))| ((*n).to_owned(), *hit)).collect(),
        remarks: loaded.remarks.iter().chain(&r.notes).cloned().collect(),
        log: LogReport::default(),
        twice: None,
    }
}

fn outcome_of(c: Class) -> Outcome {
    match c {
        Class::Expectation => Outcome::Expectation,
        Class::Liveness => Outcome::Liveness,
        Class::Budget => Outcome::Budget,
        Class::Nondeterminism => Outcome::Nondeterminism,
        Class::Safety => Outcome::Safety,
        Class::Panic => Outcome::Panic,
    }
}

fn judged(j: &Judgement) -> Judged {
    let invariants = j.invariants.iter().map(|n| format!("I{n}")).collect();
    Judged { name: j.name.clone(), invariants, held: j.held, story: j.story.clone() }
}

fn faults(setup: &Setup) -> Vec<String> {
    let line = |f: &nooterra_engine::faults::Fault<nooterra_script::resolved::FaultKind>| {
        let lasts = f.lasts.map_or(String::new(), |l| format!(" for {l}"));
        format!("{} {}{lasts}", f.at, f.kind.word())
    };
    setup.resolved.faults.faults.iter().map(line).collect()
}

fn entered(j: &Job, s: Status) -> Option<Instant> {
    j.history.iter().find(|m| m.status == s).map(|m| m.at)
}

fn jobs(stage: &Stage) -> JobsReport {
    let t = stage.control.tally();
    let names: BTreeMap<RobotId, String> =
        stage.setup().resolved.robots.iter().enumerate().map(|(i, r)| (stage.setup().robot_id(i), r.name.clone())).collect();
    let mut list: Vec<&Job> = stage.control.jobs().collect();
    list.sort_by_key(|j| (j.history.first().map(|m| m.at), j.id));
    let mut times = Vec::new();
    let rows = list
        .iter()
        .map(|j| {
            let requested = j.history.first().map_or(Instant::ZERO, |m| m.at);
            let ended = entered(j, Status::Completed).or_else(|| entered(j, Status::Aborted));
            if let Some(done) = entered(j, Status::Completed) {
                times.push(done.since(requested).as_secs_f64());
            }
            row(stage, j, &names, requested, ended)
        })
        .collect();
    #[allow(clippy::cast_precision_loss)] // a few thousand jobs
    let mean = times.iter().sum::<f64>() / (times.len().max(1) as f64);
    JobsReport {
        requested: t.requested.into(),
        withdrawn: t.withdrawn.into(),
        booked: t.booked.into(),
        completed: t.completed.into(),
        proven: t.settled_full.into(),
        aborted: t.aborted.into(),
        settled: t.settled.into(),
        open: t.open.into(),
        handovers: t.handovers.into(),
        mean_completion_s: mean,
        rows,
    }
}

fn row(stage: &Stage, j: &Job, names: &BTreeMap<RobotId, String>, requested: Instant, ended: Option<Instant>) -> JobRow {
    let site = &stage.setup().site;
    let place =
        |s: Option<&nooterra_jobs::terms::Step>| s.map_or(String::new(), |s| site.vertex_label(nooterra_site::VertexIx::new(s.place)));
    let mut remarks = Vec::new();
    if let Some(cause) = j.aborted {
        remarks.push(format!("{cause:?}"));
    }
    if j.stalled.0 > 0 {
        remarks.push(format!("stalled {}", j.stalled));
    }
    if j.legs.len() > 1 {
        remarks.push(format!("{} legs", j.legs.len()));
    }
    let robots: Vec<&str> = j.legs.iter().filter_map(|l| names.get(&l.offer.robot).map(String::as_str)).collect();
    let mut robots: Vec<&str> = robots;
    robots.dedup();
    let price = j.pins.as_ref().and_then(|p| Amount::new(p.total()).ok());
    JobRow {
        id: j.id.to_string(),
        requested_s: requested.as_secs_f64(),
        from: place(j.request.steps.first()),
        to: place(j.request.steps.last()),
        state: j.status.name().to_owned(),
        robot: robots.join(" > "),
        price: price.map_or(String::new(), |a| a.display(j.request.currency)),
        ended_s: ended.map(Instant::as_secs_f64),
        remark: remarks.join("; "),
    }
}

fn robots(stage: &Stage) -> Vec<RobotReport> {
    let r = &stage.setup().resolved;
    let odometers: Vec<f64> = stage.fleet.odometers().collect();
    r.robots
        .iter()
        .enumerate()
        .map(|(i, s)| {
            let cell = stage.control.state().robots.get(&stage.setup().robot_id(i));
            let charge = stage.fleet.robot_ix(i).and_then(|ix| stage.fleet.twin.readings(ix)).map_or(0, |x| x.charge_bps);
            RobotReport {
                name: s.name.clone(),
                model: r.models[s.model as usize].name.clone(),
                provider: r.providers[s.provider as usize].name.clone(),
                distance_m: odometers.get(i).copied().unwrap_or_default(),
                charge_percent: f64::from(charge) / 100.0,
                jobs: cell.map_or(0, |c| u64::from(c.robot.jobs)),
                state: cell.map_or(String::new(), |c| format!("{:?}", c.robot.status)),
            }
        })
        .collect()
}

/// The money of every currency that is traded in, the market's own first.
fn monies(stage: &Stage, p: &Pass) -> Vec<MoneyReport> {
    let r = &stage.setup().resolved;
    let others = r.tariffs.iter().map(|t| t.tariff.currency).filter(|c| *c != r.currency);
    std::iter::once(r.currency).chain(others).map(|c| money(stage, c, p)).collect()
}

fn money(stage: &Stage, currency: Currency, p: &Pass) -> MoneyReport {
    let names: BTreeMap<PartyId, String> = stage.setup().parties().into_iter().collect();
    let name = |p: &PartyId| names.get(p).cloned().unwrap_or_else(|| p.to_string());
    let book = stage.control.book();
    let mut earned: BTreeMap<(String, String), i64> = BTreeMap::new();
    for j in stage.control.jobs().filter(|j| j.request.currency == currency) {
        for part in j.settled.iter().flat_map(|s| &s.settlement.parts) {
            let role = part.account.split(['{', '(', ' ']).next().unwrap_or_default().trim_end_matches("_payable").to_owned();
            let who = part.party.as_ref().map_or_else(|| "platform".to_owned(), &name);
            *earned.entry((role, who)).or_default() += i64::try_from(part.amount.minor()).unwrap_or(i64::MAX);
        }
    }
    let mut left: BTreeMap<PartyId, i64> = BTreeMap::new();
    for row in book.accounts().iter().filter(|r| r.key.currency == currency) {
        if row.key.account.kind() == Kind::Liability
            && let (Some(party), true) = (
                row.key.account.party(),
                matches!(
                    row.key.account,
                    Account::OwnerPayable { .. } | Account::DeveloperPayable { .. } | Account::OperatorPayable { .. }
                ),
            )
        {
            *left.entry(party).or_default() += i64::try_from(row.balance.posted).unwrap_or(i64::MAX);
        }
    }
    let open: BTreeMap<String, i64> = left.iter().map(|(p, v)| (name(p), *v)).collect();
    let parties = earned
        .into_iter()
        .map(|((role, who), sum)| {
            let waiting =
                if matches!(role.as_str(), "owner" | "developer" | "operator") { open.get(&who).copied().unwrap_or_default() } else { sum };
            PartyRow { name: who, role, earned_minor: sum, paid_out_minor: sum - waiting }
        })
        .collect();
    let mut stands = Sample::default();
    crate::judge::sampled::money(stage, &p.counts, currency, &mut stands);
    MoneyReport {
        currency: currency.to_string(),
        exponent: currency.exponent(),
        captured_minor: stands.money_captured,
        refunded_minor: stands.money_refunded,
        escrow_minor: stands.money_escrow,
        imbalance_minor: stands.money_imbalance,
        entries: book.next_seq(),
        parties,
    }
}
