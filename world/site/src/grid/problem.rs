//! Problems of the League of Robot Runners: a JSON file that names a map, a file of agents and a file of tasks.
//!
//! Read here are the formats of the editions 2023, 2024 and 2026. What they hold beyond the model of one action a step
//! (delays, actions of several ticks) is told as a note and not used.

use super::map::GridMap;
use crate::building::read::{Reader, nearest};
use crate::finding::{Finding, Findings, Mark};
use crate::yaml::{Kind, Node, shortened};

/// Most agents.
pub const AGENTS_MAX: u32 = 1_000_000;
/// Most tasks in a file.
pub const TASKS_MAX: usize = 5_000_000;

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The map's file, relative to the problem's.
    pub map_file: String,
    /// The agents' file.
    pub agent_file: String,
    /// The tasks' file.
    pub task_file: String,
    /// Agents.
    pub team_size: u32,
    /// Tasks that are open or on offer at any time: `numTasksReveal` times the agents, rounded down.
    pub pool: u32,
}

/// What a file of a problem holds, or all that is wrong with it.
pub type Read<T> = Result<(T, Vec<Finding>), Vec<Finding>>;

const USED: [&str; 6] = ["mapFile", "agentFile", "taskFile", "teamSize", "numTasksReveal", "version"];
/// Known, but not of this model.
const UNUSED: [(&str, &str); 4] = [
    ("agentCounter", "an action takes one step here"),
    ("agentSize", "an agent takes its cell here"),
    ("delayConfig", "nothing is delayed here"),
    ("taskAssignmentStrategy", "tasks are assigned by this program"),
];

/// Reads a problem. `file_name` is only used in findings; warnings and notes come beside it.
///
/// # Errors
/// All findings, at least one of them an error.
pub fn read_problem(file_name: &str, text: &str) -> Read<Problem> {
    let mut findings = Findings::new(file_name);
    if text.trim().is_empty() {
        findings.error(Mark { line: 1, column: 1 }, "", "the file is empty", "give a problem with `mapFile`, `agentFile`, `taskFile`");
        return Err(findings.finish());
    }
    // JSON is YAML, and this reader knows the place of everything.
    let Some(root) = crate::yaml::parse(text, &mut findings) else { return Err(findings.finish()) };
    let mut r = Reader { findings };
    let Kind::Map(entries) = &root.kind else {
        r.findings.error(root.at, "", format!("a problem must be a mapping, is {}", root.is_a()), "is this the problem's JSON file?");
        return Err(r.findings.finish());
    };
    for e in entries {
        if let Some((key, why)) = UNUSED.iter().find(|(k, _)| *k == e.key) {
            r.findings.note(e.at, *key, "is not used", *why);
        } else if !USED.contains(&e.key.as_str()) {
            let known: Vec<&str> = USED.into_iter().chain(UNUSED.iter().map(|(k, _)| *k)).collect();
            let remedy = nearest(&e.key, &known).map_or_else(|| "remove it".to_owned(), |k| format!("did you mean `{k}`?"));
            r.findings.warning(e.at, shortened(&e.key), "is unknown and not used", remedy);
        }
    }
    let mut file = |key: &str| {
        let Some(n) = root.get(key).filter(|n| !n.is_null()) else {
            r.findings.error(root.at, key, format!("`{key}` is missing"), "name a file, relative to this one");
            return String::new();
        };
        let text = r.text(n, || key.to_owned()).unwrap_or_default();
        if text.is_empty() {
            r.findings.error(n.at, key, "names no file", "name a file, relative to this one");
        }
        text
    };
    let (map_file, agent_file, task_file) = (file("mapFile"), file("agentFile"), file("taskFile"));
    let team_size = team_size(&mut r, &root);
    let pool = pool(&mut r, &root, team_size);
    if r.findings.failed() {
        return Err(r.findings.finish());
    }
    Ok((Problem { map_file, agent_file, task_file, team_size, pool }, r.findings.finish()))
}

fn team_size(r: &mut Reader, root: &Node) -> u32 {
    let Some(n) = root.get("teamSize") else {
        r.findings.error(root.at, "teamSize", "`teamSize` is missing", "give the number of agents");
        return 0;
    };
    let value = match &n.kind {
        Kind::Scalar { text, .. } => text.parse::<u32>().ok(),
        _ => None,
    };
    match value {
        Some(v) if (1..=AGENTS_MAX).contains(&v) => v,
        _ => {
            let what = format!("must be a whole number from 1 to {AGENTS_MAX}, is {}", n.is_a());
            r.findings.error(n.at, "teamSize", what, "give the number of agents");
            0
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // bounded just before
fn pool(r: &mut Reader, root: &Node, team_size: u32) -> u32 {
    let times = r.number_at(root, "numTasksReveal", "");
    let at = root.get("numTasksReveal").map_or(root.at, |n| n.at);
    let times = times.unwrap_or(1.0);
    if !(times > 0.0 && times <= 1_000.0) {
        r.findings.error(at, "numTasksReveal", format!("{times} is not above 0 and at most 1000"), "1.5 is usual");
        return 0;
    }
    let pool = (times * f64::from(team_size)) as u32;
    if pool == 0 && team_size > 0 {
        r.findings.error(at, "numTasksReveal", format!("{times} times {team_size} agents is less than one task"), "1.5 is usual");
    }
    pool
}

/// Lines of a list file that count: no blanks, no comments.
fn lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let numbered = (1u32..).zip(text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l)));
    numbered.filter(|(_, l)| !l.trim().is_empty() && !l.trim_start().starts_with('#'))
}

/// The number on the first line.
fn head<'t>(f: &mut Findings, lines: &mut impl Iterator<Item = (u32, &'t str)>, what: &str) -> Option<usize> {
    let Some((line, text)) = lines.next() else {
        f.error(Mark { line: 1, column: 1 }, "", "the file is empty", format!("give the number of {what} on the first line"));
        return None;
    };
    let n = text.trim().parse::<u32>().ok();
    if n.is_none() {
        let what_is = format!("the first line must be the number of {what}, is `{}`", shortened(text.trim()));
        f.error(Mark { line, column: 1 }, "", what_is, "give a whole number");
    }
    n.map(|n| n as usize)
}

/// One location, free on the map.
fn location(f: &mut Findings, map: &GridMap, at: Mark, text: &str) -> Option<u32> {
    let Ok(l) = text.trim().parse::<u32>() else {
        f.error(at, "", format!("must be a location, is `{}`", shortened(text.trim())), "give `row * width + column`");
        return None;
    };
    if map.is_free(l) {
        return Some(l);
    }
    if map.at(l).is_none() {
        f.error(at, "", format!("{l} is off the map, which ends at {}", map.cells.len().saturating_sub(1)), "give `row * width + column`");
    } else {
        let (row, column) = map.row_column(l);
        f.error(at, "", format!("{l} is blocked: row {row}, column {column}"), "choose a free cell, or is this another map's file?");
    }
    None
}

/// Reads where agents start: all of them face east. The first `team_size` of the file are taken.
///
/// # Errors
/// All findings, at least one of them an error.
pub fn read_agents(file_name: &str, text: &str, map: &GridMap, team_size: u32) -> Read<Vec<u32>> {
    let mut f = Findings::new(file_name);
    let mut rest = lines(text);
    let Some(said) = head(&mut f, &mut rest, "agents") else { return Err(f.finish()) };
    let mut taken = vec![0u32; map.cells.len()];
    let mut starts = Vec::new();
    let mut count = 0usize;
    for (line, text) in rest {
        count += 1;
        let at = Mark { line, column: 1 };
        if starts.len() == team_size as usize || count > said {
            continue;
        }
        let Some(l) = location(&mut f, map, at, text) else { continue };
        if taken[l as usize] > 0 {
            f.error(at, "", format!("{l} is taken by the agent of line {}", taken[l as usize]), "give every agent a cell of its own");
            continue;
        }
        taken[l as usize] = line;
        starts.push(l);
    }
    if count != said {
        let what = format!("{count} agents, the first line says {said}");
        f.error(Mark { line: 1, column: 1 }, "", what, "the file may be cut off; mend the number or add the agents");
    } else if count < team_size as usize {
        let what = format!("{count} agents, the problem's `teamSize` is {team_size}");
        f.error(Mark { line: 1, column: 1 }, "", what, "add agents, or lower `teamSize`");
    }
    if f.failed() { Err(f.finish()) } else { Ok((starts, f.finish())) }
}

/// Reads tasks: each a line of one or more locations, to be visited in order.
///
/// # Errors
/// All findings, at least one of them an error.
pub fn read_tasks(file_name: &str, text: &str, map: &GridMap) -> Read<Vec<Vec<u32>>> {
    let mut f = Findings::new(file_name);
    let mut rest = lines(text);
    let Some(said) = head(&mut f, &mut rest, "tasks") else { return Err(f.finish()) };
    if said > TASKS_MAX {
        f.error(Mark { line: 1, column: 1 }, "", format!("{said} tasks, more than {TASKS_MAX}"), "cut the file");
        return Err(f.finish());
    }
    let (regions, _) = map.regions();
    let mut tasks = Vec::new();
    let mut count = 0usize;
    let mut apart = 0usize;
    for (line, text) in rest {
        count += 1;
        if count > said {
            continue;
        }
        let mut stops = Vec::new();
        let mut column = 1u32;
        for word in text.split(',') {
            let trimmed = word.trim_start();
            let blanks = word.chars().count() - trimmed.chars().count();
            let at = Mark { line, column: column.saturating_add(u32::try_from(blanks).unwrap_or(0)) };
            column = column.saturating_add(u32::try_from(word.chars().count()).unwrap_or(u32::MAX)).saturating_add(1);
            stops.extend(location(&mut f, map, at, word));
        }
        if let Some(first) = stops.first()
            && stops.iter().any(|s| regions[*s as usize] != regions[*first as usize])
        {
            apart += 1;
            let what = "stops in regions that do not hang together; it is never assigned";
            f.warning(Mark { line, column: 1 }, "", what, "choose cells of one region");
        }
        tasks.push(stops);
    }
    if count != said {
        let what = format!("{count} tasks, the first line says {said}");
        f.error(Mark { line: 1, column: 1 }, "", what, "the file may be cut off; mend the number or add the tasks");
    } else if tasks.is_empty() {
        f.error(Mark { line: 1, column: 1 }, "", "no task", "give at least one line of locations");
    } else if apart == tasks.len() {
        f.error(Mark { line: 1, column: 1 }, "", "no task can be done", "choose cells of one region");
    }
    if f.failed() { Err(f.finish()) } else { Ok((tasks, f.finish())) }
}
