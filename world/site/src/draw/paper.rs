//! Pages to SVG text and PNG bytes.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // pixels of a page of bounded size

use super::font;
use super::shapes::{Anchor, Colour, Page, Shape};
use nooterra_engine::geom::Vec2;
use std::fmt::Write;
use tiny_skia::{Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};

const HALO: Colour = [255, 255, 255, 215];

fn css(c: Colour) -> String {
    if c[3] == 255 {
        format!("#{:02x}{:02x}{:02x}", c[0], c[1], c[2])
    } else {
        format!("rgba({},{},{},{:.2})", c[0], c[1], c[2], f64::from(c[3]) / 255.0)
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn path(points: &[Vec2], close: bool) -> String {
    let mut d = String::new();
    for (i, p) in points.iter().enumerate() {
        let _ = write!(d, "{}{:.1} {:.1}", if i == 0 { "M" } else { "L" }, p.x, p.y);
    }
    if close {
        d.push('Z');
    }
    d
}

pub(super) fn svg(page: &Page) -> String {
    let (w, h) = (page.width.round(), page.height.round());
    let mut s = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" font-family=\"Inter, Helvetica, Arial, sans-serif\">\n"
    );
    let _ = writeln!(s, "<rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>", css(page.paper));
    for shape in &page.shapes {
        let _ = match shape {
            Shape::Area { rings, fill } => {
                let d: String = rings.iter().map(|r| path(r, true)).collect();
                writeln!(s, "<path d=\"{d}\" fill=\"{}\" fill-rule=\"evenodd\"/>", css(*fill))
            }
            Shape::Line { points, width, colour, dash, round } => {
                let cap = if *round { " stroke-linecap=\"round\"" } else { "" };
                let dashes = if dash.0 > 0.0 { format!(" stroke-dasharray=\"{:.1} {:.1}\"", dash.0, dash.1) } else { String::new() };
                writeln!(
                    s,
                    "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width:.1}\" stroke-linejoin=\"round\"{cap}{dashes}/>",
                    path(points, false),
                    css(*colour)
                )
            }
            Shape::Circle { at, radius, fill, rim } => {
                let edge = if rim.0 > 0.0 { format!(" stroke=\"{}\" stroke-width=\"{:.1}\"", css(rim.1), rim.0) } else { String::new() };
                writeln!(s, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\" fill=\"{}\"{edge}/>", at.x, at.y, css(*fill))
            }
            Shape::Text { at, text, size, colour, anchor, bold } => {
                let anchor = match anchor {
                    Anchor::Start => "start",
                    Anchor::Middle => "middle",
                    Anchor::End => "end",
                };
                let weight = if *bold { " font-weight=\"600\"" } else { "" };
                // A capital is about 0.72 of the font's size; the anchor is at half the height of a small letter.
                writeln!(
                    s,
                    "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{:.1}\" fill=\"{}\" text-anchor=\"{anchor}\"{weight} paint-order=\"stroke\" stroke=\"{}\" stroke-width=\"3\" stroke-linejoin=\"round\">{}</text>",
                    at.x,
                    at.y + size * 0.42,
                    size / 0.72,
                    css(*colour),
                    css(HALO),
                    escaped(text)
                )
            }
        };
    }
    s.push_str("</svg>\n");
    s
}

fn paint(c: Colour) -> Paint<'static> {
    let mut p = Paint { anti_alias: true, ..Paint::default() };
    p.set_color_rgba8(c[0], c[1], c[2], c[3]);
    p
}

fn built(lines: &[Vec<Vec2>], close: bool) -> Option<tiny_skia::Path> {
    let mut b = PathBuilder::new();
    for line in lines {
        for (i, p) in line.iter().enumerate() {
            let (x, y) = (p.x as f32, p.y as f32);
            if i == 0 { b.move_to(x, y) } else { b.line_to(x, y) }
        }
        if close {
            b.close();
        }
    }
    b.finish()
}

fn stroke(map: &mut Pixmap, lines: &[Vec<Vec2>], width: f64, colour: Colour, round: bool, dash: (f64, f64)) {
    let Some(p) = built(lines, false) else { return };
    let s = Stroke {
        width: width as f32,
        line_cap: if round { LineCap::Round } else { LineCap::Butt },
        line_join: LineJoin::Round,
        dash: if dash.0 > 0.0 { StrokeDash::new(vec![dash.0 as f32, dash.1 as f32], 0.0) } else { None },
        ..Stroke::default()
    };
    map.stroke_path(&p, &paint(colour), &s, Transform::identity(), None);
}

pub(super) fn png(page: &Page) -> Option<Vec<u8>> {
    let mut map = Pixmap::new(page.width.round() as u32, page.height.round() as u32)?;
    map.fill(Color::from_rgba8(page.paper[0], page.paper[1], page.paper[2], page.paper[3]));
    for shape in &page.shapes {
        match shape {
            Shape::Area { rings, fill } => {
                if let Some(p) = built(rings, true) {
                    map.fill_path(&p, &paint(*fill), FillRule::EvenOdd, Transform::identity(), None);
                }
            }
            Shape::Line { points, width, colour, dash, round } => {
                stroke(&mut map, std::slice::from_ref(points), *width, *colour, *round, *dash)
            }
            Shape::Circle { at, radius, fill, rim } => {
                let Some(p) = PathBuilder::from_circle(at.x as f32, at.y as f32, *radius as f32) else { continue };
                map.fill_path(&p, &paint(*fill), FillRule::Winding, Transform::identity(), None);
                if rim.0 > 0.0 {
                    let s = Stroke { width: rim.0 as f32, ..Stroke::default() };
                    map.stroke_path(&p, &paint(rim.1), &s, Transform::identity(), None);
                }
            }
            Shape::Text { at, text, size, colour, anchor, bold } => {
                let w = font::width(text, *size);
                let left = match anchor {
                    Anchor::Start => at.x,
                    Anchor::Middle => at.x - w / 2.0,
                    Anchor::End => at.x - w,
                };
                let lines = font::lines(text, Vec2::new(left, at.y), *size);
                let pen = size * if *bold { 0.19 } else { 0.135 };
                stroke(&mut map, &lines, pen + 3.0, HALO, true, (0.0, 0.0));
                stroke(&mut map, &lines, pen.max(1.0), *colour, true, (0.0, 0.0));
            }
        }
    }
    map.encode_png().ok()
}
