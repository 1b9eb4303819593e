//! Reader of grid maps as MovingAI and the League of Robot Runners write them.
//!
//! Four lines of head (`type octile`, `height`, `width`, `map`), then one line a row. Every fault of a file is reported,
//! with its line, column and remedy.

use crate::finding::{Finding, Findings, Mark};
use crate::yaml::shortened;
use std::collections::VecDeque;

/// Largest side of a map, cells.
pub const SIDE_MAX: u32 = 65_536;
/// Most cells of a map.
pub const CELLS_MAX: u64 = 16 << 20;

/// What a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// Free (`.`, `G`).
    Free,
    /// Free, and where loads are handed over (`E`).
    Emitter,
    /// Free, and where loads are served (`S`; in maps of games: shallow water, which can be passed).
    Service,
    /// Not to be entered (`@`, `O`, `T`, `W`).
    Blocked,
}

/// A grid map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridMap {
    /// Cells in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// All cells, row by row from the top.
    pub cells: Vec<Ground>,
    /// Line of the file on which the first row stands.
    pub first_line: u32,
}

impl GridMap {
    /// What is at a location; nothing off the map.
    pub fn at(&self, location: u32) -> Option<Ground> {
        self.cells.get(location as usize).copied()
    }
    /// Can a robot stand there?
    pub fn is_free(&self, location: u32) -> bool {
        self.at(location).is_some_and(|g| g != Ground::Blocked)
    }
    /// Row and column of a location.
    pub const fn row_column(&self, location: u32) -> (u32, u32) {
        (location / self.width, location % self.width)
    }
    /// The place of a location in its file.
    pub const fn mark(&self, location: u32) -> Mark {
        let (row, column) = self.row_column(location);
        Mark { line: self.first_line + row, column: column + 1 }
    }
    /// Free cells.
    pub fn free(&self) -> usize {
        self.cells.iter().filter(|g| **g != Ground::Blocked).count()
    }
    /// The free cells beside a location.
    pub fn beside(&self, location: u32) -> impl Iterator<Item = u32> + '_ {
        let (row, column) = self.row_column(location);
        let sides = [
            (column + 1 < self.width).then(|| location + 1),
            (row + 1 < self.height).then(|| location + self.width),
            (column > 0).then(|| location - 1),
            (row > 0).then(|| location - self.width),
        ];
        sides.into_iter().flatten().filter(|l| self.is_free(*l))
    }
    /// Regions of free cells that hang together: the number of each location's region, `u32::MAX` where it is blocked,
    /// and the size of every region. Regions are numbered by their first cell.
    pub fn regions(&self) -> (Vec<u32>, Vec<u32>) {
        let mut of = vec![u32::MAX; self.cells.len()];
        let mut sizes: Vec<u32> = Vec::new();
        let mut queue = VecDeque::new();
        for start in 0u32.. {
            let Some(ground) = self.at(start) else { break };
            if ground == Ground::Blocked || of[start as usize] != u32::MAX {
                continue;
            }
            let region = u32::try_from(sizes.len()).unwrap_or(u32::MAX - 1);
            let mut size = 0;
            of[start as usize] = region;
            queue.push_back(start);
            while let Some(l) = queue.pop_front() {
                size += 1;
                for n in self.beside(l) {
                    if of[n as usize] == u32::MAX {
                        of[n as usize] = region;
                        queue.push_back(n);
                    }
                }
            }
            sizes.push(size);
        }
        (of, sizes)
    }
}

/// Does this text begin as a grid map does?
pub fn looks_like_grid(text: &str) -> bool {
    text.lines().find(|l| !l.trim().is_empty()).is_some_and(|l| l.split_whitespace().next() == Some("type"))
}

/// What the head of a file says.
#[derive(Default)]
struct Head {
    width: Option<u32>,
    height: Option<u32>,
    seen: Vec<String>,
}

/// Reads a grid map. `file_name` is only used in findings; warnings and notes come beside the map.
///
/// # Errors
/// All findings, at least one of them an error.
pub fn read(file_name: &str, text: &str) -> Result<(GridMap, Vec<Finding>), Vec<Finding>> {
    let mut f = Findings::new(file_name);
    if text.trim().is_empty() {
        f.error(Mark { line: 1, column: 1 }, "", "the file is empty", "give a map that begins with `type octile`");
        return Err(f.finish());
    }
    let mut lines = (1u32..).zip(text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l)));
    let mut head = Head::default();
    let mut first_line = 0;
    for (n, line) in lines.by_ref() {
        if line.trim() == "map" {
            first_line = n + 1;
            break;
        }
        if !head_line(&mut f, &mut head, n, line) {
            return Err(f.finish());
        }
    }
    if first_line == 0 {
        f.error(Mark::default(), "", "no line `map` before the rows", "write `map` on a line of its own after the head");
        return Err(f.finish());
    }
    let top = Mark { line: first_line - 1, column: 1 };
    for key in ["type", "height", "width"] {
        if !head.seen.iter().any(|s| s == key) {
            let example = if key == "type" { "type octile".to_owned() } else { format!("{key} 32") };
            f.error(top, key, format!("`{key}` is missing above `map`"), format!("add a line such as `{example}`"));
        }
    }
    let (Some(width), Some(height)) = (head.width, head.height) else { return Err(f.finish()) };
    if u64::from(width) * u64::from(height) > CELLS_MAX {
        f.error(top, "", format!("{width} x {height} cells, more than {CELLS_MAX}"), "cut the map into smaller ones");
        return Err(f.finish());
    }
    let map = GridMap { width, height, cells: rows(&mut f, lines, width, height, first_line), first_line };
    if !f.failed() {
        remarks(&mut f, &map);
    }
    if f.failed() { Err(f.finish()) } else { Ok((map, f.finish())) }
}

/// One line of the head; false if the rest cannot be a map.
fn head_line(f: &mut Findings, head: &mut Head, n: u32, line: &str) -> bool {
    let mut words = line.split_whitespace();
    let Some(key) = words.next() else { return true };
    let column = |word: &str| u32::try_from(line.find(word).unwrap_or(0)).unwrap_or(0) + 1;
    let at = Mark { line: n, column: column(key) };
    if !["type", "height", "width"].contains(&key) {
        let what = format!("`{}` is no line of a map's head", shortened(line.trim()));
        f.error(at, "", what, "begin with `type octile`, `height N`, `width N` and `map`, each on a line of its own");
        return false;
    }
    if head.seen.iter().any(|s| s == key) {
        f.error(at, key, format!("`{key}` appears twice"), "remove one of them");
    }
    head.seen.push(key.to_owned());
    let Some(value) = words.next() else {
        f.error(at, key, format!("`{key}` has no value"), if key == "type" { "write `type octile`" } else { "give a number of cells" });
        return true;
    };
    let at = Mark { line: n, column: column(value) };
    if let Some(more) = words.next() {
        let at = Mark { line: n, column: column(more) };
        f.error(at, key, format!("`{}` after the value of `{key}`", shortened(more)), "remove it");
    }
    match key {
        "type" if value != "octile" => {
            f.error(at, key, format!("`{}` maps are not read", shortened(value)), "only `type octile` is");
        }
        "type" => {}
        _ => match value.parse::<u64>() {
            Ok(v) if (1..=u64::from(SIDE_MAX)).contains(&v) => {
                let v = u32::try_from(v).unwrap_or(SIDE_MAX);
                if key == "width" { head.width = Some(v) } else { head.height = Some(v) }
            }
            Ok(v) => f.error(at, key, format!("{v} is not between 1 and {SIDE_MAX}"), "give the number of cells"),
            Err(_) => f.error(at, key, format!("must be a whole number, is `{}`", shortened(value)), "give the number of cells"),
        },
    }
    true
}

fn rows<'t>(f: &mut Findings, lines: impl Iterator<Item = (u32, &'t str)>, width: u32, height: u32, first_line: u32) -> Vec<Ground> {
    // Grown as rows arrive: a head may claim more than the file holds.
    let mut cells = Vec::new();
    let mut count = 0;
    let mut surplus = 0;
    let mut blank = None;
    for (n, line) in lines {
        let line = line.trim_end();
        if count == height {
            if !line.is_empty() {
                if surplus == 0 {
                    f.error(Mark { line: n, column: 1 }, "map", format!("a row after the {height} that `height` says"), "mend `height`");
                }
                surplus += 1;
            }
            continue;
        }
        if line.is_empty() {
            blank.get_or_insert(n);
            continue;
        }
        if let Some(at) = blank.take() {
            f.error(Mark { line: at, column: 1 }, "map", "an empty line among the rows", "remove it");
        }
        let mut has = 0;
        for c in line.chars() {
            has += 1;
            let ground = match c {
                '.' | 'G' => Ground::Free,
                'E' => Ground::Emitter,
                'S' => Ground::Service,
                '@' | 'O' | 'T' | 'W' => Ground::Blocked,
                _ => {
                    let what = format!("`{}` is no cell", c.escape_default());
                    f.error(
                        Mark { line: n, column: has },
                        "map",
                        what,
                        "use `.` `G` `S` `E` for free cells, `@` `O` `T` `W` for blocked ones",
                    );
                    Ground::Blocked
                }
            };
            if has <= width {
                cells.push(ground);
            }
        }
        if has != width {
            let what = format!("row {} has {has} cells, `width` says {width}", count + 1);
            f.error(Mark { line: n, column: has.min(width) + 1 }, "map", what, "mend the row, or `width`");
            cells.extend((has..width).map(|_| Ground::Blocked));
        }
        count += 1;
    }
    if count < height {
        let at = Mark { line: first_line.saturating_add(count), column: 1 };
        f.error(at, "map", format!("{count} rows, `height` says {height}"), "the file may be cut off; add the rows, or mend `height`");
    }
    cells
}

fn remarks(f: &mut Findings, map: &GridMap) {
    let (of, sizes) = map.regions();
    if sizes.is_empty() {
        f.error(map.mark(0), "map", "no cell is free", "write `.` where robots may go");
        return;
    }
    let largest = sizes.iter().zip(0u32..).max_by_key(|(s, i)| (**s, u32::MAX - *i)).map_or(0, |(_, i)| i);
    if sizes.len() > 1 {
        let apart = of.iter().position(|r| *r != u32::MAX && *r != largest).and_then(|i| u32::try_from(i).ok()).unwrap_or(0);
        let what = format!("the free cells form {} regions; the largest has {} of {}", sizes.len(), sizes[largest as usize], map.free());
        f.note(map.mark(apart), "map", what, "no robot can pass from one to another; here is the first cell outside of the largest");
    }
}
