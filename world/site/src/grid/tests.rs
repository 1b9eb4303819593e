#![allow(clippy::float_cmp)] // whole cells
use super::*;
use crate::finding::{Finding, Severity};
use crate::model::Site;
use crate::routes::{Costs, Routes};
use proptest::prelude::*;

const GOOD: &str = "type octile\nheight 3\nwidth 4\nmap\n.@.E\n.@TS\n..GO\n";

fn errors(f: Vec<Finding>) -> Vec<String> {
    f.into_iter().filter(|f| f.severity == Severity::Error).map(|f| format!("{}:{} {} ({})", f.line, f.column, f.what, f.remedy)).collect()
}

/// Reads a map that has faults; each of `says` must stand in one of them, in order, and there are no others.
#[track_caller]
fn faults(text: &str, says: &[&str]) {
    let found = errors(read("x.map", text).expect_err("it has faults"));
    assert_eq!(found.len(), says.len(), "{found:#?}");
    for (f, s) in found.iter().zip(says) {
        assert!(f.contains(s), "`{s}` is not in `{f}`");
    }
}

#[test]
fn a_good_map_is_read() {
    for text in
        [GOOD.to_owned(), GOOD.replace('\n', "\r\n"), GOOD.replace("height 3\nwidth 4", "width 4\n\nheight   3"), GOOD.to_owned() + "\n\n"]
    {
        let (map, remarks) = read("x.map", &text).expect("good");
        assert_eq!((map.width, map.height, map.free()), (4, 3, 8));
        assert_eq!(map.at(3), Some(Ground::Emitter));
        assert_eq!(map.at(7), Some(Ground::Service));
        assert_eq!([1, 5, 6, 11].map(|l| map.is_free(l)), [false; 4]);
        assert_eq!((map.at(12), map.is_free(12)), (None, false));
        assert_eq!(map.beside(0).collect::<Vec<_>>(), [4]);
        // Two regions are worth a note.
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        assert!(remarks[0].severity == Severity::Note && remarks[0].what.contains("2 regions"));
    }
}

#[test]
fn every_fault_of_a_map_is_told_with_its_place() {
    faults("", &["1:1 the file is empty"]);
    faults("  \n\n", &["1:1 the file is empty"]);
    faults("{\"mapFile\": 1}", &["1:1 `{\"mapFile\": 1}` is no line of a map's head"]);
    faults("type octile\nheight 3\n", &["no line `map`"]);
    faults("map\n..\n", &["1:1 `type` is missing", "`height` is missing", "`width` is missing"]);
    faults("type tile\nheight x\nwidth -2\nmap\n", &["1:6 `tile` maps are not read", "2:8 must be a whole number, is `x`", "3:7 must be"]);
    faults("type octile\nheight\nwidth 0\nmap\n", &["2:1 `height` has no value", "3:7 0 is not between 1 and 65536"]);
    faults("type octile\nheight 1\nheight 1\nwidth 2 3\nmap\n..\n", &["3:1 `height` appears twice", "4:9 `3` after the value"]);
    faults("type octile\nheight 65536\nwidth 65536\nmap\n.\n", &["65536 x 65536 cells, more than"]);
    let rows = "type octile\nheight 4\nwidth 3\nmap\n..x\n....\n..\n.é?\n.";
    faults(rows, &["5:3 `x` is no cell", "6:4 row 2 has 4 cells", "7:3 row 3 has 2 cells", "8:2", "8:3 `?`", "9:1 a row after the 4"]);
    faults("type octile\nheight 3\nwidth 2\nmap\n..\n\n..\n", &["6:1 an empty line among the rows", "2 rows, `height` says 3"]);
    faults("type octile\nheight 2\nwidth 2\nmap\n..\n", &["6:1 1 rows, `height` says 2"]);
    faults("type octile\nheight 1\nwidth 2\nmap\n@T\n", &["5:1 no cell is free"]);
}

#[test]
fn a_grid_becomes_a_site() {
    let i = import("maps/small.map", GOOD).expect("good");
    let s = &i.site;
    assert_eq!((s.name.as_str(), s.vertices.len(), s.lanes.len(), s.levels.len()), ("small", 8, 12, 1));
    assert_eq!((i.places.vertices.len(), i.places.lanes.len()), (8, 12));
    assert!(s.levels[0].walls.is_empty());
    // Row 0 is north: the first vertex lies in the upper left cell.
    assert_eq!((s.vertices[0].at.x, s.vertices[0].at.y), (0.5, 2.5));
    for l in s.lane_indexes() {
        let lane = &s.lanes[l.at()];
        let back = &s.lanes[lane.reverse.expect("both ways").at()];
        assert_eq!((back.from, back.to, back.reverse), (lane.to, lane.from, Some(l)));
        assert!((s.lane_line(l).length() - 1.0).abs() < 1e-9 && lane.length_mm == 1_000);
    }
    assert_eq!(area(s), 4.0);
    // The rest of the room reads it as it reads any site.
    let routes = Routes::new(s, 0, &Costs::default());
    let _ = (routes, crate::summary(s), s.carved(&s.radii()));
    assert!(crate::draw::svg(s, &crate::draw::Options::default()).contains("</svg>"));
}

fn area(s: &Site) -> f64 {
    s.levels[0].obstacles.iter().map(|o| o.length_m * o.width_m).sum()
}

#[test]
fn a_building_reader_says_what_a_grid_is() {
    let f = errors(crate::import("x.yaml", GOOD).expect_err("no building"));
    assert!(f.len() == 1 && f[0].contains("this is a grid map") && f[0].contains("nooterra grid"), "{f:?}");
}

proptest! {
    /// Boxes cover exactly the blocked cells, each once.
    #[test]
    fn boxes_cover_what_is_blocked(w in 1u32..14, h in 1u32..14, bits in proptest::collection::vec(any::<bool>(), 196)) {
        let cells: Vec<Ground> = bits.iter().take((w * h) as usize).map(|b| if *b { Ground::Blocked } else { Ground::Free }).collect();
        let m = GridMap { width: w, height: h, cells, first_line: 5 };
        let (s, _) = m.site("s", 0.5);
        let mut covered = vec![0; m.cells.len()];
        for o in &s.levels[0].obstacles {
            for l in 0..w * h {
                let c = m.centre(l, 0.5);
                if (c.x - o.at.x).abs() < o.length_m / 2.0 && (c.y - o.at.y).abs() < o.width_m / 2.0 {
                    covered[l as usize] += 1;
                }
            }
        }
        for l in 0..w * h {
            prop_assert_eq!(covered[l as usize], u32::from(!m.is_free(l)));
        }
    }

    /// Nothing that a file may hold makes a reader panic.
    #[test]
    fn readers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..60, at in 0usize..60, with in any::<char>()) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = (read("x", &text), import("x", &text), read_problem("x", &text));
        let small = GridMap { width: 3, height: 2, cells: vec![Ground::Free; 6], first_line: 5 };
        let _ = (read_agents("x", &text, &small, 2), read_tasks("x", &text, &small));
        for good in [GOOD, PROBLEM, "2\n0\n5\n", "# list\n2\n0,1\n4\n"] {
            let cut: String = good.chars().take(cut).collect();
            let hurt: String = good.chars().enumerate().map(|(i, c)| if i == at { with } else { c }).collect();
            for t in [&cut, &hurt] {
                let _ = (read("x", t), import("x", t), read_problem("x", t), read_agents("x", t, &small, 2), read_tasks("x", t, &small));
            }
        }
    }
}

const PROBLEM: &str = "{\n\t\"mapFile\": \"maps/a.map\",\n    \"agentFile\": \"a.agents\", \"taskFile\": \"a.tasks\",\n    \"teamSize\": 5, \"numTasksReveal\": 1.5,\n    \"version\": \"2026 LoRR\", \"agentCounter\": 3, \"delayConfig\": {\"seed\": 0}\n}";

#[test]
fn a_problem_is_read() {
    let (p, remarks) = read_problem("p.json", PROBLEM).expect("good");
    assert_eq!((p.map_file.as_str(), p.agent_file.as_str(), p.task_file.as_str()), ("maps/a.map", "a.agents", "a.tasks"));
    assert_eq!((p.team_size, p.pool), (5, 7));
    // What is not used is told.
    let notes: Vec<&str> = remarks.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(notes, ["agentCounter", "delayConfig"]);
    assert!(remarks.iter().all(|f| f.severity == Severity::Note && f.line == 5));
    let (p, remarks) = read_problem("p.json", &PROBLEM.replace(", \"numTasksReveal\": 1.5", ", \"teamsize\": 5")).expect("good");
    assert_eq!(p.pool, 5);
    assert!(remarks.iter().any(|f| f.severity == Severity::Warning && f.remedy.contains("teamSize")), "{remarks:?}");
}

#[test]
fn every_fault_of_a_problem_is_told() {
    let check = |text: &str, says: &[&str]| {
        let found = errors(read_problem("p.json", text).expect_err("it has faults"));
        assert_eq!(found.len(), says.len(), "{found:#?}");
        for s in says {
            assert!(found.iter().any(|f| f.contains(s)), "`{s}` is not in {found:#?}");
        }
    };
    check("", &["the file is empty"]);
    check("[1, 2]", &["must be a mapping, is a list of 2"]);
    check("{\"mapFile\": \"a\", ", &["not well-formed"]);
    check("{}", &["`mapFile` is missing", "`agentFile` is missing", "`taskFile` is missing", "`teamSize` is missing"]);
    check(&PROBLEM.replace("\"teamSize\": 5", "\"teamSize\": \"many\""), &["4:17 must be a whole number from 1 to 1000000, is `many`"]);
    check(&PROBLEM.replace("\"teamSize\": 5", "\"teamSize\": 0"), &["is `0`"]);
    check(&PROBLEM.replace("1.5", "-1"), &["-1 is not above 0"]);
    check(&PROBLEM.replace("1.5", "\"x\""), &["must be a number"]);
    check(&PROBLEM.replace("1.5", "0.1"), &["less than one task"]);
    check(
        &PROBLEM.replace("\"a.agents\"", "\"\"").replace("\"a.tasks\"", "[]"),
        &["names no file", "must be a text"].into_iter().chain(["names no file"]).collect::<Vec<_>>(),
    );
}

#[test]
fn agents_and_tasks_are_read_with_all_faults() {
    let (map, _) = read("x.map", GOOD).expect("good");
    let agents = |text: &str| read_agents("a", text, &map, 2);
    let tasks = |text: &str| read_tasks("t", text, &map);
    assert_eq!(agents("# version\n3\n0\n4\n8\n").expect("good").0, [0, 4]);
    assert_eq!(tasks("2\r\n0, 4,8\r\n3\r\n").expect("good").0, [vec![0, 4, 8], vec![3]]);
    let check = |found: Vec<Finding>, says: &[&str]| {
        let found = errors(found);
        assert_eq!(found.len(), says.len(), "{found:#?}");
        for (f, s) in found.iter().zip(says) {
            assert!(f.contains(s), "`{s}` is not in `{f}`");
        }
    };
    check(agents("").expect_err("empty"), &["the file is empty"]);
    check(agents("# x\n").expect_err("empty"), &["the file is empty"]);
    check(agents("two\n0\n").expect_err("no number"), &["1:1 the first line must be the number of agents, is `two`"]);
    check(agents("1\n0\n").expect_err("too few"), &["1:1 1 agents, the problem's `teamSize` is 2"]);
    check(agents("3\n0\n4\n").expect_err("cut"), &["1:1 2 agents, the first line says 3"]);
    check(
        agents("5\n0\n0\n1\n99\nx\n").expect_err("all wrong"),
        &[
            "3:1 0 is taken by the agent of line 2",
            "4:1 1 is blocked: row 0, column 1",
            "5:1 99 is off the map",
            "6:1 must be a location, is `x`",
        ],
    );
    check(tasks("").expect_err("empty"), &["the file is empty"]);
    check(tasks("0\n").expect_err("none"), &["no task"]);
    check(tasks("2\n0\n").expect_err("cut"), &["1:1 1 tasks, the first line says 2"]);
    check(tasks("1\n0, 1,,99\n").expect_err("wrong"), &["2:4 1 is blocked", "2:6 must be a location, is ``", "2:7 99 is off the map"]);
    check(tasks("99999999\n0\n").expect_err("too many"), &["99999999 tasks, more than"]);
    // Places that do not hang together: a warning as long as something can be done.
    assert_eq!(tasks("2\n0,3\n4\n").expect("one can").1.len(), 1);
    check(tasks("1\n0,3\n").expect_err("none can"), &["no task can be done"]);
}
