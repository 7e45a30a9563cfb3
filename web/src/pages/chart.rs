//! Charts as SVG, made here: no script, no colour that the page does not have. A chart only shows what the table under it
//! says, so it is one picture to a screen reader.

use std::fmt::Write as _;

/// One bar: what it stands for, and its parts from the left or from below.
pub struct Bar {
    /// Its name.
    pub name: String,
    /// How many of each part.
    pub parts: Vec<u64>,
}

/// The width of every chart, in its own units.
const WIDTH: u64 = 720;
const HEIGHT: u64 = 260;
/// Room for names below, and for numbers above.
const FOOT: u64 = 34;
const HEAD: u64 = 24;
/// A row of lying bars: its name, then the bar.
const ROW: u64 = 46;

/// Standing bars, one beside the other. `label` says what the picture shows.
pub fn standing(label: &str, bars: &[Bar]) -> String {
    let most = most(bars);
    let room = HEIGHT - FOOT - HEAD;
    let count = u64::try_from(bars.len()).unwrap_or(1).max(1);
    let step = WIDTH / count;
    let wide = (step * 7 / 10).clamp(2, 72);
    // Names that would lie over each other are left out; the table has them all.
    let every = (count / 12).max(1);
    let mut svg = begin(label, HEIGHT);
    let _ = write!(svg, "<path class=\"chart__base\" d=\"M0 {0}H{WIDTH}\"/>", HEIGHT - FOOT);
    for (n, bar) in (0..).zip(bars) {
        let x = n * step + (step - wide) / 2;
        let middle = n * step + step / 2;
        let mut y = HEIGHT - FOOT;
        for (part, number) in bar.parts.iter().enumerate() {
            let high = scaled(*number, most, room);
            y -= high;
            let _ = write!(
                svg,
                "<rect class=\"chart__part chart__part--{part}\" x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\"/>"
            );
        }
        if n % every == 0 {
            let sum: u64 = bar.parts.iter().sum();
            let _ =
                write!(svg, "<text class=\"chart__number\" x=\"{middle}\" y=\"{}\">{sum}</text>", y.saturating_sub(7));
            let _ = write!(
                svg,
                "<text class=\"chart__name\" x=\"{middle}\" y=\"{}\">{}</text>",
                HEIGHT - 10,
                escape(&bar.name)
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Lying bars, one below the other, each with its name above it.
pub fn lying(label: &str, bars: &[Bar]) -> String {
    let most = most(bars);
    let height = ROW * u64::try_from(bars.len()).unwrap_or(1).max(1);
    let mut svg = begin(label, height);
    for (n, bar) in (0..).zip(bars) {
        let top = n * ROW;
        let sum: u64 = bar.parts.iter().sum();
        let _ = write!(
            svg,
            "<text class=\"chart__name chart__name--row\" x=\"0\" y=\"{}\">{}: {sum}</text>",
            top + 16,
            escape(&bar.name)
        );
        let mut x = 0;
        for (part, number) in bar.parts.iter().enumerate() {
            let wide = scaled(*number, most, WIDTH);
            let _ = write!(
                svg,
                "<rect class=\"chart__part chart__part--{part}\" x=\"{x}\" y=\"{}\" width=\"{wide}\" height=\"16\"/>",
                top + 22
            );
            x += wide;
        }
    }
    svg.push_str("</svg>");
    svg
}

fn begin(label: &str, height: u64) -> String {
    format!("<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">", escape(label))
}

fn most(bars: &[Bar]) -> u64 {
    bars.iter().map(|bar| bar.parts.iter().sum()).max().unwrap_or(0).max(1)
}

/// So long a part is, where the longest bar has all the `room`. What is there at all can be seen.
fn scaled(number: u64, most: u64, room: u64) -> u64 {
    if number == 0 { 0 } else { (number.saturating_mul(room) / most).clamp(1, room) }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(numbers: &[&[u64]]) -> Vec<Bar> {
        numbers.iter().map(|parts| Bar { name: "a & <b>".into(), parts: parts.to_vec() }).collect()
    }

    #[test]
    fn a_bar_is_as_long_as_its_number() {
        let svg = lying("\"x\"", &bars(&[&[10, 10], &[5, 0]]));
        assert!(svg.contains("aria-label=\"&quot;x&quot;\"") && svg.contains("a &amp; &lt;b&gt;: 20"), "{svg}");
        for (part, wide) in [(0, 360), (1, 360), (0, 180), (1, 0)] {
            assert!(
                svg.contains(&format!("chart__part--{part}\"")) && svg.contains(&format!("width=\"{wide}\"")),
                "{svg}"
            );
        }
    }

    #[test]
    fn nothing_and_very_much_are_drawn_too() {
        assert!(standing("x", &[]).ends_with("</svg>"));
        assert!(standing("x", &bars(&[&[0]])).contains("height=\"0\""));
        let svg = standing("x", &bars(&[&[u64::MAX / 4, 1], &[0, 0]]));
        assert!(svg.contains("height=\"1\"") && !svg.contains('-'.to_string().as_str().repeat(3).as_str()));
        let many: Vec<Bar> = (0..120).map(|n| Bar { name: n.to_string(), parts: vec![n] }).collect();
        assert!(standing("x", &many).matches("chart__name").count() <= 13);
    }
}
