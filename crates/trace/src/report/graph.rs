//! Who talks to whom, as a picture.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::fmt::Write;

use super::words::count;
use crate::Link;

/// Peers up to which each is drawn; more are drawn as a density.
const PEERS_MAX: u64 = 200;

/// Links that are drawn between single peers, at most: those with the most messages.
const LINKS_MAX: usize = 1_500;

/// Cells along a side of a density.
const CELLS: u64 = 64;

/// Shades of links and cells.
const SHADES: usize = 6;

const SIDE: f64 = 400.0;

/// The picture of these links with its caption; nothing when there are none.
pub(super) fn draw(links: &[Link], peers: u64) -> String {
    let links: Vec<&Link> =
        links.iter().filter(|link| (1..=peers).contains(&link.from) && (1..=peers).contains(&link.to)).collect();
    if links.is_empty() {
        return String::new();
    }
    let (svg, caption) = if peers <= PEERS_MAX { circle(links, peers) } else { density(&links, peers) };
    format!("<figure><h2>Who talks to whom</h2>{svg}<figcaption>{caption}</figcaption></figure>")
}

/// All peers on a circle, in their order; the darker a link, the more messages (their square root).
fn circle(mut links: Vec<&Link>, peers: u64) -> (String, String) {
    let all = links.len();
    links.sort_by_key(|link| std::cmp::Reverse(link.messages()));
    links.truncate(LINKS_MAX);
    let place = |peer: u64| {
        let (sin, cos) = (TAU * (peer - 1) as f64 / peers as f64).sin_cos();
        (sin * SIDE * 0.44, -cos * SIDE * 0.44)
    };
    let most = links.iter().map(|link| link.messages()).max().unwrap_or(1);
    let mut paths = vec![String::new(); SHADES];
    for link in &links {
        // Bent a little to the right, so that the two directions are two lines.
        let ((x, y), (to_x, to_y)) = (place(link.from), place(link.to));
        let (bend_x, bend_y) = ((x + to_x) * 0.42 - (to_y - y) * 0.06, (y + to_y) * 0.42 + (to_x - x) * 0.06);
        let path = &mut paths[shade(link.messages(), most)];
        let _ = write!(path, "M{x:.0} {y:.0}Q{bend_x:.0} {bend_y:.0} {to_x:.0} {to_y:.0}");
    }
    let half = SIDE / 2.0;
    let mut svg = format!(
        r#"<svg class="graph" viewBox="-{half} -{half} {SIDE} {SIDE}" role="img" aria-label="Who talks to whom">"#
    );
    for (shade, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let _ = write!(svg, r#"<path stroke-opacity="{:.2}" d="{path}"/>"#, opacity(shade));
    }
    let radius = (SIDE * 1.1 / peers as f64).clamp(1.5, 9.0);
    let step = if peers <= 40 { 1 } else { peers.div_ceil(20) };
    for peer in 1..=peers {
        let (x, y) = place(peer);
        let _ = write!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius:.1}"><title>peer {peer}</title></circle>"#);
        if (peer - 1) % step == 0 {
            let (x, y) = (x * 1.09, y * 1.09 + 3.5);
            let _ = write!(svg, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="middle">{peer}</text>"#);
        }
    }
    let shown =
        if all > links.len() { format!("the {} busiest of ", count(links.len() as u64)) } else { String::new() };
    (svg + "</svg>", format!("{shown}{} links; the stronger, the more messages", count(all as u64)))
}

/// Senders are rows, receivers columns; a cell holds neighboring peers.
fn density(links: &[&Link], peers: u64) -> (String, String) {
    let cell = |peer: u64| (peer - 1) * CELLS / peers;
    let mut cells = BTreeMap::<(u64, u64), u64>::new();
    for link in links {
        *cells.entry((cell(link.from), cell(link.to))).or_default() += link.messages();
    }
    let most = cells.values().copied().max().unwrap_or(1);
    let mut paths = vec![String::new(); SHADES];
    for ((from, to), messages) in cells {
        let _ = write!(paths[shade(messages, most)], "M{to} {from}h1v1h-1z");
    }
    let mut svg = format!(
        r#"<svg class="matrix" viewBox="-0.5 -0.5 {0} {0}" role="img" aria-label="Who talks to whom">"#,
        CELLS + 1
    );
    let _ = write!(svg, r#"<rect class="grid" width="{CELLS}" height="{CELLS}" fill="none" stroke-width="0.1"/>"#);
    for (shade, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let _ = write!(svg, r#"<path fill-opacity="{:.2}" d="{path}"/>"#, opacity(shade));
    }
    let (peers, links) = (count(peers), count(links.len() as u64));
    let caption = format!("{links} links; senders are rows, receivers columns, both from 1 to {peers}");
    (svg + "</svg>", caption)
}

fn shade(messages: u64, most: u64) -> usize {
    (((messages as f64 / most as f64).sqrt() * SHADES as f64) as usize).min(SHADES - 1)
}

fn opacity(shade: usize) -> f64 {
    (shade + 1) as f64 / SHADES as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(peers: u64) -> Vec<Link> {
        (1..=peers).map(|from| Link { from, to: from % peers + 1, sent: from, ..Link::default() }).collect()
    }

    #[test]
    fn few_peers_are_drawn_one_by_one_and_many_as_a_density() {
        let few = draw(&ring(10), 10);
        assert_eq!((few.matches("<circle").count(), few.matches('Q').count()), (10, 10));
        assert!(few.contains("10 links;"));
        let many = draw(&ring(100_000), 100_000);
        assert!(!many.contains("<circle") && many.contains("100,000 links; senders are rows"));
        assert!(many.len() < 20_000, "{}", many.len());
        assert_eq!(draw(&ring(10), 0), "", "links of peers that there are not");
    }
}
