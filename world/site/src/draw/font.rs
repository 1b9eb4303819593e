//! A stroke font for labels: every letter a few straight lines on a grid of 5 by 9, drawn with round pens.
//!
//! Rows: 0 descender, 2 baseline, 6 top of small letters, 8 top of capitals. A glyph is a list of lines separated by `;`,
//! a line is a list of points `xy`.

use nooterra_engine::geom::Vec2;

const fn strokes(c: char) -> &'static str {
    match c {
        'A' => "02 28 42;14 34",
        'B' => "02 08 38 47 46 35 05;35 44 43 32 02",
        'C' => "47 38 18 07 03 12 32 43",
        'D' => "02 08 28 46 44 22 02",
        'E' => "38 08 02 32;05 25",
        'F' => "38 08 02;05 25",
        'G' => "47 38 18 07 03 12 32 43 45 25",
        'H' => "02 08;42 48;05 45",
        'I' => "02 08",
        'J' => "38 33 22 12 03",
        'K' => "02 08;48 05 42",
        'L' => "08 02 32",
        'M' => "02 08 25 48 42",
        'N' => "02 08 42 48",
        'O' => "12 03 07 18 38 47 43 32 12",
        'P' => "02 08 38 47 46 35 05",
        'Q' => "12 03 07 18 38 47 43 32 12;24 42",
        'R' => "02 08 38 47 46 35 05;25 42",
        'S' => "47 38 18 07 06 15 35 44 43 32 12 03",
        'T' => "08 48;28 22",
        'U' => "08 03 12 32 43 48",
        'V' => "08 22 48",
        'W' => "08 12 26 32 48",
        'X' => "02 48;08 42",
        'Y' => "08 25 48;25 22",
        'Z' => "08 48 02 42",
        '0' => "12 03 07 18 28 37 33 22 12",
        '1' => "06 28 22",
        '2' => "07 18 28 37 36 02 32",
        '3' => "07 18 28 37 36 25 15;25 34 33 22 12 03",
        '4' => "22 28 04 34",
        '5' => "38 08 05 25 34 33 22 12 03",
        '6' => "37 28 18 07 03 12 22 33 34 25 05",
        '7' => "08 38 12",
        '8' => "18 28 37 36 25 15 06 07 18;15 04 03 12 22 33 34 25",
        '9' => "03 12 22 33 37 28 18 07 06 15 35",
        'a' => "36 32;35 26 16 05 03 12 22 33",
        'b' => "08 02;03 12 22 33 35 26 16 05",
        'c' => "35 26 16 05 03 12 22 33",
        'd' => "38 32;35 26 16 05 03 12 22 33",
        'e' => "04 34 35 26 16 05 03 12 22 33",
        'f' => "28 17 12;06 26",
        'g' => "36 31 20 10 01;35 26 16 05 03 12 22 33",
        'h' => "08 02;05 16 26 35 32",
        'i' => "02 06;08",
        'j' => "16 11 00;18",
        'k' => "08 02;36 04 32",
        'l' => "08 03 12",
        'm' => "02 06;05 16 25 22;25 36 45 42",
        'n' => "02 06;05 16 26 35 32",
        'o' => "12 03 05 16 26 35 33 22 12",
        'p' => "06 00;05 16 26 35 33 22 12 03",
        'q' => "36 30;35 26 16 05 03 12 22 33",
        'r' => "02 06;05 16 26",
        's' => "35 26 16 05 14 24 33 22 12 03",
        't' => "18 13 22;06 26",
        'u' => "06 03 12 22 33;36 32",
        'v' => "06 12 26",
        'w' => "06 12 25 32 46",
        'x' => "02 36;06 32",
        'y' => "06 12;26 00",
        'z' => "06 36 02 32",
        '_' => "01 41",
        '-' | '–' => "04 24",
        '.' => "02",
        ',' => "12 01",
        ':' => "02;05",
        ';' => "12 01;15",
        '/' => "01 38",
        '(' => "18 06 04 12",
        ')' => "08 16 14 02",
        '[' => "28 08 01 21",
        ']' => "08 28 21 01",
        '#' => "12 18;32 38;04 44;06 46",
        '+' => "05 45;23 27",
        '=' => "04 44;06 46",
        '%' => "02 48;08;42",
        '\'' => "08 07",
        '"' => "08 07;28 27",
        '!' => "08 05;02",
        '?' => "07 18 28 37 36 24;22",
        '<' => "37 05 33",
        '>' => "07 35 03",
        '&' => "42 07 18 27 03 12 22 44",
        '@' => "35 25 24 34 36 27 16 13 22 32",
        '*' => "25 28;05 48;08 45",
        '·' => "05",
        '…' => "02;22;42",
        '²' => "07 18 27 05 25",
        '→' => "05 45;37 45 33",
        '°' => "07 18 27 16 07",
        _ => "02 08 38 32 02",
    }
}

/// Rows from the baseline to the top of a capital.
const CAPITAL_ROWS: f64 = 6.0;
/// Columns between letters.
const GAP: f64 = 1.7;
const SPACE: f64 = 2.2;

fn points(c: char) -> impl Iterator<Item = Vec<(f64, f64)>> {
    strokes(c).split(';').map(|line| {
        let digit = |b: u8| f64::from(b.saturating_sub(b'0'));
        line.split(' ').filter_map(|p| Some((digit(*p.as_bytes().first()?), digit(*p.as_bytes().get(1)?)))).collect()
    })
}

fn columns(c: char) -> f64 {
    if c == ' ' { SPACE } else { points(c).flatten().map(|p| p.0).fold(0.0, f64::max) + GAP }
}

/// Width of a text with capitals of `size`.
pub(super) fn width(text: &str, size: f64) -> f64 {
    (text.chars().map(columns).sum::<f64>() - GAP).max(0.0) * size / CAPITAL_ROWS
}

/// The strokes of a text whose left end and half height of small letters are at `at`; y points down.
pub(super) fn lines(text: &str, at: Vec2, size: f64) -> Vec<Vec<Vec2>> {
    let unit = size / CAPITAL_ROWS;
    let mut x = at.x;
    let mut out = Vec::new();
    for c in text.chars() {
        if c != ' ' {
            for line in points(c) {
                let mut l: Vec<Vec2> = line.iter().map(|p| Vec2::new(x + p.0 * unit, at.y - (p.1 - 4.6) * unit)).collect();
                if l.len() == 1 {
                    // A dot: a line too short to see, that round ends make round.
                    l.push(Vec2::new(l[0].x + 0.01, l[0].y));
                }
                out.push(l);
            }
        }
        x += columns(c) * unit;
    }
    out
}
