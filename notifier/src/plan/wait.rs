//! Until when a notice waits, and why. Pure.
//!
//! A digest for who wants one and is told by mail; quiet hours for what makes a noise; a moment for what another
//! status may follow. What matters for somebody's safety waits for nothing, and says so. Nor does what somebody
//! is asked, and that we have what they told us: those are answers to what they do right now. A broadcast is in no digest,
//! because that may come after what it is about.

use super::{Recipient, Scene};
use schemas::{Timestamp, notice::Because, way::Way};

/// Until when a notice of the scene's event to `to` by `way` waits, with the reason.
pub(super) fn wait(scene: &Scene<'_>, to: &Recipient, way: Way) -> (Option<Timestamp>, Option<Because>) {
    if scene.critical {
        return (None, Some(Because::Critical));
    }
    let found =
        digest(scene, to, way).or_else(|| quiet(scene, to, way, scene.now)).or_else(|| together(scene, to, way));
    found.map_or((None, None), |(until, because)| (Some(until), Some(because)))
}

fn digest(scene: &Scene<'_>, to: &Recipient, way: Way) -> Option<(Timestamp, Because)> {
    // Without somebody whose choice it is there is nobody to gather for.
    to.owner.filter(|_| way == Way::Email && !scene.news.is_alone(to))?;
    let until = scene.pace.next_digest(scene.now, to.rhythm, scene.zone)?;
    Some((until, Because::Digest { until }))
}

fn quiet(scene: &Scene<'_>, to: &Recipient, way: Way, at: Timestamp) -> Option<(Timestamp, Because)> {
    let hours = to.quiet.or(scene.quiet).filter(|_| is_heard(way))?;
    let until = hours.over_at(at, scene.zone)?;
    Some((until, Because::Quiet { until }))
}

fn together(scene: &Scene<'_>, to: &Recipient, way: Way) -> Option<(Timestamp, Because)> {
    if !scene.news.is_passing() {
        return None;
    }
    let until = scene.pace.until_together(scene.now)?;
    // It may have become quiet by then.
    quiet(scene, to, way, until).or(Some((until, Because::Together { until })))
}

/// Whether a message that goes this way makes a noise when it arrives.
fn is_heard(way: Way) -> bool {
    matches!(way, Way::Sms | Way::Push | Way::Call)
}
