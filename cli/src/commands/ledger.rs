//! `ledger`: the money of a log.

use crate::args::{Format, Ledger};
use crate::failures;
use crate::out::{Failure, Out, Paint, exit};
use crate::table::{Lean, table};
use nooterra_blackbox::Status;
use nooterra_engine::Instant;
use nooterra_engine::money::{Currency, decimal};
use nooterra_ledger::statement::Statement;
use nooterra_runner::ledger::{LedgerOfLog, ledger as read};
use serde_json::json;
use std::path::Path;

/// Jobs shown without being asked for.
const JOBS_SHOWN: usize = 40;

/// Runs the command.
pub fn ledger(args: &Ledger, out: &Out) -> Result<u8, Failure> {
    let l = read(&args.log).map_err(|e| failures::facts(&e))?;
    let exported = args.export.as_deref().map(|to| export(&l, to)).transpose()?;
    match out.format {
        Format::Json => out.json(&machine(&l, args)?)?,
        Format::Human => {
            let mut lines = head(&l, out.paint());
            lines.extend(match (&args.job, &args.party) {
                (Some(job), _) => one_job(&l, job, out.paint())?,
                (_, Some(party)) => one_party(&l, party, out.paint())?,
                _ if args.accounts => accounts(&l, out.paint()),
                _ => overview(&l, out.paint()),
            });
            if let (Some(to), Some(n)) = (&args.export, exported) {
                lines.extend([String::new(), format!("general ledger: {n} postings in {}", to.display())]);
            }
            out.result(&(lines.join("\n") + "\n"))?;
        }
    }
    Ok(if l.findings.is_empty() { exit::PASS } else { exit::INVARIANT })
}

fn head(l: &LedgerOfLog, p: Paint) -> Vec<String> {
    let mut lines = vec![format!("{} (seed {}), the book as of {}", p.bold(&l.title), l.seed, l.until)];
    let found = if l.findings.is_empty() {
        p.good("the auditor found nothing")
    } else {
        p.bad(&format!("the auditor found {} faults", l.findings.len()))
    };
    lines.push(format!(
        "  {} facts, {} accounts, {} holds open; {found}",
        l.book.next_seq(),
        l.book.accounts().len(),
        l.book.pendings().len()
    ));
    let said = format!("chain {}, root {}", l.book.running_digest().head, l.book.root());
    let again = if l.recomputed {
        p.good(&format!("recomputed from the facts, and so was each of the {} that the log says", l.compared))
    } else {
        p.bad("not what the log says")
    };
    lines.push(format!("  {said}: {again}"));
    if l.verdict.status == Status::Truncated {
        lines.push(format!("  {}", p.warn("the log was cut off: this is the book as of its last checkpoint")));
    }
    lines.extend(l.findings.iter().map(|f| format!("    {f}")));
    lines
}

fn overview(l: &LedgerOfLog, p: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for c in l.currencies() {
        lines.extend([String::new(), p.bold(&format!("Trial balance, {c}"))]);
        let trial: Vec<_> = l.trial().into_iter().filter(|t| t.currency == c.to_string()).collect();
        let cell = |v: i128| if v == 0 { String::new() } else { money(v, c) };
        let mut rows: Vec<Vec<String>> = trial
            .iter()
            .map(|t| vec![t.kind.to_owned(), t.account.to_owned(), t.accounts.to_string(), cell(t.debit), cell(t.credit), cell(t.pending)])
            .collect();
        let sum = |f: &dyn Fn(&nooterra_runner::ledger::TrialLine) -> i128| trial.iter().map(f).sum::<i128>();
        let total = |v: i128| money(v, c);
        rows.push(vec![
            String::new(),
            "total".into(),
            sum(&|t| i128::from(t.accounts)).to_string(),
            total(sum(&|t| t.debit)),
            total(sum(&|t| t.credit)),
            total(sum(&|t| t.pending)),
        ]);
        let heading = [
            ("kind", Lean::Left),
            ("account", Lean::Left),
            ("accounts", Lean::Right),
            ("debit", Lean::Right),
            ("credit", Lean::Right),
            ("reserved", Lean::Right),
        ];
        lines.extend(table(&heading, &rows));
    }
    lines.extend([String::new(), p.bold("Parties")]);
    let rows: Vec<Vec<String>> = l
        .parties()
        .into_iter()
        .flat_map(|(name, id)| l.statements(id).into_iter().map(move |s| (name.clone(), s)))
        .map(|(name, s)| {
            let of = |v| money(v, s.currency);
            vec![name, s.account.name().to_owned(), s.currency.to_string(), of(s.added), of(s.taken), of(s.ending)]
        })
        .collect();
    let heading = [
        ("party", Lean::Left),
        ("account", Lean::Left),
        ("currency", Lean::Left),
        ("added", Lean::Right),
        ("taken", Lean::Right),
        ("stands", Lean::Right),
    ];
    lines.extend(table(&heading, &rows));
    let jobs = l.jobs();
    lines.extend([String::new(), p.bold(&format!("Jobs ({})", jobs.len()))]);
    let at = |ns: Option<u64>| ns.map_or_else(|| "-".to_owned(), |ns| Instant(ns).to_string());
    let rows: Vec<Vec<String>> = jobs
        .iter()
        .take(JOBS_SHOWN)
        .map(|j| {
            // What never moved money has no currency.
            let currency = j.currency.as_deref().and_then(|c| Currency::parse(c).ok());
            let escrow = currency.map_or_else(String::new, |c| format!("{c} {}", money(j.escrow, c)));
            vec![j.job.clone(), j.last_event.to_owned(), j.entries.to_string(), at(j.first_ns), at(j.last_ns), escrow]
        })
        .collect();
    let heading = [
        ("job", Lean::Left),
        ("last event", Lean::Left),
        ("entries", Lean::Right),
        ("first", Lean::Right),
        ("last", Lean::Right),
        ("escrow", Lean::Right),
    ];
    lines.extend(table(&heading, &rows));
    if jobs.len() > JOBS_SHOWN {
        lines.push(format!("  … {} more, all of them with `--format json`", jobs.len() - JOBS_SHOWN));
    }
    lines
}

fn accounts(l: &LedgerOfLog, p: Paint) -> Vec<String> {
    let rows: Vec<Vec<String>> = l
        .accounts()
        .into_iter()
        .map(|a| {
            let who = a.party.map(|n| format!(" ({n})")).unwrap_or_default();
            let of = |v: i128| v.to_string();
            vec![format!("{}{who}", a.account), a.currency, of(a.added), of(a.taken), of(a.balance), of(a.available)]
        })
        .collect();
    let heading = [
        ("account", Lean::Left),
        ("currency", Lean::Left),
        ("added", Lean::Right),
        ("taken", Lean::Right),
        ("balance", Lean::Right),
        ("available", Lean::Right),
    ];
    let mut lines = vec![String::new(), p.bold("Accounts, minor units on their normal side")];
    lines.extend(table(&heading, &rows));
    lines
}

fn one_job(l: &LedgerOfLog, text: &str, p: Paint) -> Result<Vec<String>, Failure> {
    let job = l.job(text).map_err(|e| Failure::usage(e, "`nooterra ledger LOG` lists the jobs"))?;
    let mut lines = vec![String::new(), p.bold(&format!("Money of {job}"))];
    let told = l.explain(job);
    lines.extend(if told.is_empty() {
        vec!["  no money was moved for it".to_owned()]
    } else {
        told.iter().map(|t| format!("  {t}")).collect()
    });
    Ok(lines)
}

fn party(l: &LedgerOfLog, name: &str) -> Result<Vec<Statement>, Failure> {
    let parties = l.parties();
    let id = parties.get(name).ok_or_else(|| {
        let known: Vec<&str> = parties.keys().map(String::as_str).collect();
        Failure::usage(format!("no money of a party `{name}` is in this log"), &format!("there are {}", known.join(", ")))
    })?;
    Ok(l.statements(*id))
}

fn one_party(l: &LedgerOfLog, name: &str, p: Paint) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for s in party(l, name)? {
        lines.extend([String::new(), p.bold(&format!("Statement of {name}: {}, {}", s.account.name(), s.currency))]);
        let mut stands = s.opening;
        let mut rows = Vec::new();
        for e in &s.lines {
            stands += e.change;
            let what = LedgerOfLog::title_of(e.code).to_owned();
            let job = e.job.map_or_else(|| "-".to_owned(), |j| j.to_string());
            let of = l.origin(e).unwrap_or_default();
            rows.push(vec![e.at.to_string(), what, job, of, money(e.change, s.currency), money(stands, s.currency)]);
        }
        let heading = [
            ("at", Lean::Right),
            ("what", Lean::Left),
            ("job", Lean::Left),
            ("late for", Lean::Left),
            ("change", Lean::Right),
            ("stands", Lean::Right),
        ];
        lines.extend(table(&heading, &rows));
        let of = |v| money(v, s.currency);
        lines.push(format!("  opening {} + added {} - taken {} = ending {}", of(s.opening), of(s.added), of(s.taken), of(s.ending)));
    }
    Ok(lines)
}

fn machine(l: &LedgerOfLog, args: &Ledger) -> Result<serde_json::Value, Failure> {
    let mut v = json!({
        "title": l.title,
        "seed": l.seed,
        "until_ns": l.until.0,
        "facts": l.book.next_seq(),
        "chain": l.book.running_digest().head.to_string(),
        "root": l.book.root().to_string(),
        "recomputed": l.recomputed,
        "compared": l.compared,
        "findings": l.findings,
        "trial": l.trial(),
        "accounts": l.accounts(),
        "jobs": l.jobs(),
    });
    if let Some(text) = &args.job {
        let job = l.job(text).map_err(|e| Failure::usage(e, "`nooterra ledger LOG` lists the jobs"))?;
        let lines: Vec<_> = l.general().into_iter().filter(|g| g.job == job.to_string()).collect();
        v["job"] = json!({ "job": job.to_string(), "postings": lines, "told": l.explain(job) });
    }
    if let Some(name) = &args.party {
        let of = |s: &Statement| {
            let lines: Vec<_> = s
                .lines
                .iter()
                .map(|e| json!({ "seq": e.seq, "at_ns": e.at.0, "template": e.code, "job": e.job.map(|j| j.to_string()), "origin_period": l.origin(e), "change": i64::try_from(e.change).ok() }))
                .collect();
            let number = |v: i128| i64::try_from(v).ok();
            json!({
                "account": s.account.name(),
                "currency": s.currency.to_string(),
                "opening": number(s.opening),
                "added": number(s.added),
                "taken": number(s.taken),
                "ending": number(s.ending),
                "lines": lines,
            })
        };
        v["statements"] = party(l, name)?.iter().map(of).collect();
    }
    Ok(v)
}

/// Writes the general ledger; says how many postings it has.
fn export(l: &LedgerOfLog, to: &Path) -> Result<usize, Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::usage(format!("`{}` cannot be written: {e}", to.display()), "does its folder exist?");
    let lines = l.general();
    let mut csv = csv::Writer::from_path(to).map_err(|e| failed(&e))?;
    lines.iter().try_for_each(|g| csv.serialize(g)).map_err(|e| failed(&e))?;
    csv.flush().map_err(|e| failed(&e))?;
    Ok(lines.len())
}

/// `12.50` of a currency with cents.
fn money(minor: i128, c: Currency) -> String {
    decimal(minor, c.exponent())
}
