//! Grid maps and problems of the League of Robot Runners.

use crate::entropy::Entropy;
use crate::site::{edited, lines_of, sound, told};
use nooterra_site::grid::{self, GridMap};

const MAP: &str = include_str!("../../sites/grid/small-warehouse.map");
const PROBLEM: &str = include_str!("../../sites/grid/small-warehouse.json");
const AGENTS: &str = include_str!("../../sites/grid/small-warehouse.agents");
const TASKS: &str = include_str!("../../sites/grid/small-warehouse.tasks");

/// The first byte says what the rest is, and whether it is a text or edits of a sound one.
pub fn run(data: &[u8]) {
    let mut e = Entropy::new(data);
    let what = e.byte();
    let team = u32::from(e.byte()) * if what & 0x80 == 0 { 1 } else { 1 << 20 };
    let mut text = |base: &str| if what & 0x40 == 0 { String::from_utf8_lossy(e.rest()).into_owned() } else { edited(base, &mut e) };
    match what % 4 {
        0 => {
            let t = text(MAP);
            let _ = grid::map::looks_like_grid(&t);
            map(&t);
        }
        1 => {
            let t = text(PROBLEM);
            match grid::read_problem("p.json", &t) {
                Err(f) => told(&f, lines_of(&t)),
                Ok((p, _)) => assert!(p.team_size > 0 && !p.map_file.is_empty()),
            }
        }
        2 => {
            let (t, m) = (text(AGENTS), ground());
            match grid::read_agents("a.agents", &t, &m, team) {
                Err(f) => told(&f, lines_of(&t)),
                Ok((starts, _)) => {
                    assert_eq!(starts.len(), team as usize);
                    assert!(starts.iter().all(|s| m.is_free(*s)), "agents start on free cells");
                }
            }
        }
        _ => {
            let (t, m) = (text(TASKS), ground());
            match grid::read_tasks("t.tasks", &t, &m) {
                Err(f) => told(&f, lines_of(&t)),
                Ok((tasks, _)) => assert!(tasks.iter().flatten().all(|p| m.is_free(*p)), "errands lead to free cells"),
            }
        }
    }
}

fn ground() -> GridMap {
    grid::read("m.map", MAP).expect("it is sound").0
}

fn map(text: &str) {
    match grid::read("m.map", text) {
        Err(f) => told(&f, lines_of(text)),
        Ok((m, _)) => {
            assert_eq!(m.cells.len() as u64, u64::from(m.width) * u64::from(m.height));
            if m.cells.len() <= 2_000 {
                sound(&grid::import("m.map", text).expect("its map was read"));
            }
        }
    }
}
