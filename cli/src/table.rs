//! Plain tables: columns as wide as their widest cell.

/// Which side a column leans to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lean {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// Rows of cells under a heading, indented by two blanks. Widths count characters, so paint the result, not the cells.
pub fn table(heading: &[(&str, Lean)], rows: &[Vec<String>]) -> Vec<String> {
    let count = |s: &str| s.chars().count();
    let mut widths: Vec<usize> = heading.iter().map(|(h, _)| count(h)).collect();
    for row in rows {
        for (w, cell) in widths.iter_mut().zip(row) {
            *w = (*w).max(count(cell));
        }
    }
    let line = |cells: Vec<&str>| {
        let mut out = String::from(" ");
        for ((cell, w), (_, lean)) in cells.iter().zip(&widths).zip(heading) {
            let pad = " ".repeat(w - count(cell).min(*w));
            out.push(' ');
            match lean {
                Lean::Left => out.push_str(&format!("{cell}{pad} ")),
                Lean::Right => out.push_str(&format!("{pad}{cell} ")),
            }
        }
        out.trim_end().to_owned()
    };
    let mut out = vec![line(heading.iter().map(|(h, _)| *h).collect())];
    out.extend(rows.iter().map(|r| line(r.iter().map(String::as_str).collect())));
    out
}
