use crate::counts::Counts;
use crate::points::Turns;
use crate::project::{Project, all};
use stackctl::chaos::{self, At, Passed};
use std::process::Output;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A worker gives up after so many failures of its own: the rest would be the same.
const ENOUGH: usize = 4;
/// Points at the beginning of a command at which it settles what a dead one left.
const SETTLING: usize = 9;

type Run<'a> = &'a dyn Fn(&[&str]) -> Output;
type Checked<T = ()> = Result<T, String>;

/// The points of an undisturbed apply and of an undisturbed destroy.
pub fn measure(project: &Project) -> (Vec<Passed>, Vec<Passed>) {
    let points = |run: Run<'_>| {
        let file = project.path("points.json");
        let output = run(&["--chaos-points", file.to_str().unwrap()]);
        assert!(output.status.success(), "{}", all(&output));
        passed(project).passed
    };
    (points(&|more| project.apply(more)), points(&|more| project.destroy(more)))
}

fn passed(project: &Project) -> chaos::Points {
    let text = std::fs::read(project.path("points.json")).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Takes turns with the other workers until no point is left.
pub fn work(project: &mut Project, points: &Turns<At>, counts: &Mutex<Counts>) {
    let counts = || counts.lock().unwrap_or_else(PoisonError::into_inner);
    let mut failures = 0;
    while let Some(turn @ (number, point)) = points.next() {
        let started = Instant::now();
        let outcome = cycle(project, turn, &counts);
        let took = started.elapsed().as_secs_f64();
        counts().cycles += 1;
        if let Err(what) = outcome {
            eprintln!("point {point}: {what}");
            counts().failures.push(format!("point {point}: {what}"));
            failures += 1;
            if failures >= ENOUGH {
                return;
            }
            project.reset();
        } else if took > 20.0 || number % 50 == 0 {
            eprintln!("point {point}: {took:.1} s");
        }
    }
}

fn cycle<'a>(project: &Project, turn: (usize, &At), counts: &impl Fn() -> MutexGuard<'a, Counts>) -> Checked {
    heal(project, turn, &|more| project.apply(more), counts)?;
    let plan = project.run(&["plan", "--target", "local", "--detailed-exitcode"]);
    if plan.status.code() != Some(0) {
        return Err(format!("the plan is not empty\n{}", all(&plan)));
    }
    judge(project, counts)?;
    heal(project, turn, &|more| project.destroy(more), counts)?;
    judge(project, counts)?;
    if project.path("state/loans.local.json").exists() {
        return Err("a state is left of a destroyed stack".to_owned());
    }
    Ok(())
}

/// Dies at the point, now and then dies once more while that is being settled, and goes through.
fn heal<'a>(
    project: &Project,
    (number, point): (usize, &At),
    run: Run<'_>,
    counts: &impl Fn() -> MutexGuard<'a, Counts>,
) -> Checked {
    if die(project, point, run, counts)? {
        // Every third time, each time at another place.
        let second = At::Nth(1 + (number / 3) % SETTLING);
        if number.is_multiple_of(3) && die(project, &second, run, counts)? {
            counts().settling += 1;
        }
        let healed = run(&[]);
        findings(&healed, counts);
        if !healed.status.success() {
            return Err(format!("it does not heal: {}\n{}", healed.status, all(&healed)));
        }
    }
    Ok(())
}

/// Runs until the point; whether there was one.
fn die<'a>(
    project: &Project,
    point: &At,
    run: Run<'_>,
    counts: &impl Fn() -> MutexGuard<'a, Counts>,
) -> Checked<bool> {
    use std::os::unix::process::ExitStatusExt;
    let file = project.path("points.json");
    let _ = std::fs::remove_file(&file);
    let output = run(&["--die-at", &point.to_string(), "--chaos-points", file.to_str().unwrap()]);
    let points = passed(project);
    counts().knows(&points.passed);
    findings(&output, counts);
    match (output.status.signal(), output.status.code()) {
        (Some(9), _) => {
            let at = points.passed.last().ok_or("it died and did not say where")?;
            counts().killed(at);
            Ok(true)
        }
        (None, Some(0)) => Ok(false),
        _ => Err(format!("it should have died at {point}: {}\n{}", output.status, all(&output))),
    }
}

/// Counts what was settled, by what the user is told.
fn findings<'a>(output: &Output, counts: &impl Fn() -> MutexGuard<'a, Counts>) {
    let text = String::from_utf8_lossy(&output.stderr);
    for line in text.lines() {
        let what = if line.ends_with("it is in the state now") {
            "adopted"
        } else if line.ends_with("had not been created") {
            "had not been created"
        } else if line.ends_with("reading anew what is there") {
            "cut off"
        } else {
            continue;
        };
        *counts().settled.entry(what).or_default() += 1;
    }
}

fn judge<'a>(project: &Project, counts: &impl Fn() -> MutexGuard<'a, Counts>) -> Checked {
    let verdict = project.verdict();
    let mut counts = counts();
    counts.orphans += verdict.orphans.len();
    counts.duplicates += verdict.duplicates.len();
    counts.phantoms += verdict.phantoms.len();
    if verdict.is_clean() { Ok(()) } else { Err(format!("{verdict:#?}")) }
}
