//! A run on a grid as the League of Robot Runners writes it (`2024 LoRR`): paths, schedules, events and tasks, for its
//! viewer and for whoever wants to check. Times are left out, so that two runs give the same bytes.

use nooterra_dispatch::grid::{Step, Visit};
use nooterra_site::grid::GridMap;
use std::io::{self, Write};

/// What is kept of a run.
#[derive(Debug)]
pub struct Recording {
    columns: u32,
    starts: Vec<u32>,
    /// Actions of each robot, one letter each.
    paths: Vec<Vec<u8>>,
    /// Tasks of each robot with the step that they were taken for.
    schedules: Vec<Vec<(u32, u32)>>,
    events: Vec<Visit>,
    /// Step after which each task was offered.
    offered: Vec<u32>,
    places: Vec<Vec<u32>>,
    finished: u32,
    steps: u32,
}

impl Recording {
    /// Nothing has happened yet; `pool` tasks are on offer.
    pub fn new(starts: &[u32], map: &GridMap, pool: u32) -> Self {
        Self {
            columns: map.width,
            starts: starts.to_vec(),
            paths: vec![Vec::new(); starts.len()],
            schedules: vec![Vec::new(); starts.len()],
            events: Vec::new(),
            offered: vec![0; pool as usize],
            places: Vec::new(),
            finished: 0,
            steps: 0,
        }
    }
    /// Adds a step.
    #[allow(clippy::cast_possible_truncation)] // letters are ASCII
    pub fn step(&mut self, number: u32, s: &Step) {
        for (agent, task) in &s.taken {
            self.schedules[*agent as usize].push((number, *task));
        }
        for (path, action) in self.paths.iter_mut().zip(&s.actions) {
            path.push(action.letter() as u8);
        }
        self.events.extend(&s.visits);
        self.offered.extend(s.offered.iter().map(|_| number));
    }
    /// The run is over.
    pub fn end(&mut self, tasks: &[Vec<u32>], finished: u32, steps: u32) {
        self.places = (0..self.offered.len()).map(|i| tasks[i % tasks.len()].clone()).collect();
        (self.finished, self.steps) = (finished, steps);
    }

    /// Writes the file.
    pub fn write(&self, mut w: impl Write) -> io::Result<()> {
        let n = self.starts.len();
        write!(w, "{{\"actionModel\":\"MAPF_T\",\"version\":\"2024 LoRR\",\"AllValid\":\"Yes\",\"teamSize\":{n},")?;
        write!(w, "\"numTaskFinished\":{},\"sumOfCost\":{},", self.finished, u64::from(self.steps) * n as u64)?;
        write!(w, "\"makespan\":{},\"numPlannerErrors\":0,\"numScheduleErrors\":0,\"numEntryTimeouts\":0", self.steps)?;
        let at = |l: u32| (l / self.columns, l % self.columns);
        list(&mut w, "start", &self.starts, |w, l| write!(w, "[{},{},\"E\"]", at(*l).0, at(*l).1))?;
        for key in ["actualPaths", "plannerPaths"] {
            list(&mut w, key, &self.paths, |w, path| {
                let mut text = Vec::with_capacity(2 * path.len() + 1);
                for (i, letter) in path.iter().enumerate() {
                    if i > 0 {
                        text.push(b',');
                    }
                    text.push(*letter);
                }
                w.write_all(b"\"")?;
                w.write_all(&text)?;
                w.write_all(b"\"")
            })?;
        }
        for key in ["actualSchedule", "plannerSchedule"] {
            list(&mut w, key, &self.schedules, |w, s| {
                // The viewer wants at least one entry; -1 is no task.
                let shown: Vec<String> = s.iter().map(|(step, task)| format!("{step}:{task}")).collect();
                write!(w, "\"{}\"", if shown.is_empty() { "0:-1".to_owned() } else { shown.join(",") })
            })?;
        }
        list(&mut w, "events", &self.events, |w, e| write!(w, "[{},{},{},{}]", e.step, e.agent, e.task, e.visited))?;
        let tasks: Vec<(usize, &Vec<u32>)> = self.places.iter().enumerate().collect();
        list(&mut w, "tasks", &tasks, |w, (i, places)| {
            let flat: Vec<String> = places.iter().map(|l| format!("{},{}", at(*l).0, at(*l).1)).collect();
            write!(w, "[{i},{},[{}]]", self.offered[*i], flat.join(","))
        })?;
        for key in ["plannerTimes", "errors", "scheduleErrors"] {
            list::<()>(&mut w, key, &[], |_, ()| Ok(()))?;
        }
        writeln!(w, "}}")?;
        w.flush()
    }
}

/// `,"key":[…]`
fn list<T>(w: &mut dyn Write, key: &str, items: &[T], each: impl Fn(&mut dyn Write, &T) -> io::Result<()>) -> io::Result<()> {
    write!(w, ",\"{key}\":[")?;
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            w.write_all(b",")?;
        }
        each(w, item)?;
    }
    w.write_all(b"]")
}
