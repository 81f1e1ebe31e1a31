//! How long an apply takes, as an inline picture: when each operation can begin at the earliest, and how long it usually is.

use super::super::style::duration;
use super::drawing::class;
use crate::address::Address;
use crate::plan::{Action, Half, Order, Plan, Step};
use crate::visible::visible;
use maud::{Markup, html};
use std::collections::HashMap;
use std::time::Duration;

/// Bars in one picture.
const MOST: usize = 30;
const LABELS: usize = 270;
const BARS: usize = 520;
const ROW: usize = 24;

struct Bar {
    label: String,
    action: Action,
    start: u64,
    seconds: u64,
    /// Nothing of the longest way may take longer, or all does.
    decisive: bool,
}

/// Seconds of all, and the bars; `None` where nothing takes a minute.
pub fn timeline(plan: &Plan) -> Option<Markup> {
    let order = Order::new(plan);
    let total = order.longest();
    if total < 60 {
        return None;
    }
    let bars = bars(plan, &order);
    let mut shown: Vec<&Bar> = bars.iter().collect();
    shown.sort_by_key(|bar| (!bar.decisive, std::cmp::Reverse(bar.seconds)));
    shown.truncate(MOST);
    shown.sort_by_key(|bar| (bar.start, std::cmp::Reverse(bar.seconds)));
    let rest = bars.len() - shown.len();
    let (wide, high) = (LABELS + BARS + 90, shown.len() * ROW + 8);
    let at = |seconds: u64| LABELS + (seconds as f64 / total as f64 * BARS as f64) as usize;
    Some(html! {
        div.scroll {
            svg xmlns="http://www.w3.org/2000/svg" width=(wide) height=(high) viewBox={ "0 0 " (wide) " " (high) } role="img"
                aria-label="How long each operation usually takes" {
                @for (row, bar) in shown.iter().enumerate() {
                    @let y = row * ROW + 4;
                    @let width = (at(bar.start + bar.seconds) - at(bar.start)).max(3);
                    g class={ "bar " (class(bar.action)) @if bar.decisive { " decisive" } } {
                        title { (bar.label) }
                        text x=(LABELS - 10) y=(y + 14) text-anchor="end" { (super::super::cut(&bar.label, 36)) }
                        rect x=(at(bar.start)) y=(y + 3) width=(width) height=(ROW - 10) rx="3" {}
                        text.time x=(at(bar.start) + width + 6) y=(y + 14) { (duration(Duration::from_secs(bar.seconds))) }
                    }
                }
            }
        }
        p.quiet {
            "About " (duration(Duration::from_secs(total))) " on AWS by what is usual; the filled bars decide how long all takes."
            @if rest > 0 { " " (rest) " shorter ones are not drawn." }
        }
    })
}

fn bars(plan: &Plan, order: &Order) -> Vec<Bar> {
    let steps: HashMap<&Address, &Step> = plan.steps.iter().map(|step| (&step.address, step)).collect();
    let seconds: Vec<u64> = (0..order.len()).map(|at| order.seconds(at)).collect();
    let mut waits: Vec<usize> = (0..order.len()).map(|at| order.waits_for(at)).collect();
    let mut start = vec![0; order.len()];
    let mut ready: Vec<usize> = (0..order.len()).filter(|at| waits[*at] == 0).collect();
    while let Some(at) = ready.pop() {
        for next in order.followers(at) {
            start[next] = start[next].max(start[at] + seconds[at]);
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(next);
            }
        }
    }
    let label = |at: usize| {
        let operation = order.operation(at);
        let step = steps.get(&operation.address);
        let half = step.is_some_and(|step| step.action.replaces());
        match (&operation.half, half) {
            (Half::Down, true) => format!("{} (old)", operation.address),
            (Half::Up, true) => format!("{} (new)", operation.address),
            (Half::Deposed(_), _) => format!("{} (left over)", operation.address),
            _ => operation.address.to_string(),
        }
    };
    (0..order.len())
        .map(|at| Bar {
            label: visible(&label(at)).into_owned(),
            action: steps.get(&order.operation(at).address).map_or(Action::Delete, |step| step.action),
            start: start[at],
            seconds: seconds[at],
            decisive: start[at] + order.remaining(at) == order.longest(),
        })
        .collect()
}
