//! What stands at the foot of a terminal while something takes its time. In a pipe it is a line now and then.

use super::style::rendered;
use super::{colour, note, stream};
use crate::apply::Standing;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is over sooner is not worth a line: it would only flicker. At 300 ms at the latest it stands there.
const SHOWN_AFTER: Duration = Duration::from_millis(200);
const FRAME: Duration = Duration::from_millis(100);

/// Lines in a pipe: after ten seconds, twenty more, and so on up to one a minute.
const FIRST_LINE: Duration = Duration::from_secs(10);
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// Programs are told each second at most.
const FIRST_EVENT: Duration = Duration::from_secs(1);

/// Something that takes its time.
pub(super) trait Scene: Send + Sync {
    /// On a terminal: few lines, none longer than `frame.width`.
    fn lines(&self, frame: Frame) -> Vec<String>;
    /// In a pipe.
    fn line(&self, since: Duration) -> String;
    /// For programs: what it is, and how far.
    fn told(&self, since: Duration) -> (String, Standing);
}

/// One picture of many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub since: Duration,
    pub width: usize,
    pub height: usize,
    pub spinner: char,
}

/// Shows a scene until it is dropped.
pub(super) struct Live {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// A thread of its own: whoever works may block.
    pub fn show(scene: Arc<dyn Scene>) -> Self {
        let (end, ended) = channel();
        let thread = std::thread::Builder::new().name("screen".to_owned()).spawn(move || {
            match foot().filter(|_| !stream::is_on()) {
                Some(foot) => draw(scene.as_ref(), foot, &ended),
                None => tell(scene.as_ref(), &ended),
            }
        });
        // Without a thread there is no picture, and all else goes on.
        Self { end: Some(end), thread: thread.ok() }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to say any more, however it ended.
            let _ = thread.join();
        }
    }
}

/// Whether there is somebody to look at it.
pub(super) fn is_live() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && std::env::var_os("CI").is_none() && !dumb && !stream::is_on()
}

/// The process is about to end: nothing is drawn any more.
static CLOSED: AtomicBool = AtomicBool::new(false);

fn foot() -> Option<&'static MultiProgress> {
    static FOOT: OnceLock<Option<MultiProgress>> = OnceLock::new();
    FOOT.get_or_init(|| {
        is_live().then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(20)))
    })
    .as_ref()
    .filter(|_| !CLOSED.load(Ordering::Relaxed))
}

/// Prints above of what stands at the foot.
pub(super) fn aside<T>(print: impl FnOnce() -> T) -> T {
    match foot() {
        Some(foot) => foot.suspend(print),
        None => print(),
    }
}

/// Takes away what stands at the foot, for good.
pub(super) fn close() {
    if let Some(foot) = foot() {
        CLOSED.store(true, Ordering::Relaxed);
        // What the terminal does not take away stays.
        let _ = foot.clear();
    }
}

fn is_over(ended: &Receiver<()>, within: Duration) -> bool {
    !matches!(ended.recv_timeout(within), Err(RecvTimeoutError::Timeout))
}

fn draw(scene: &dyn Scene, foot: &MultiProgress, ended: &Receiver<()>) {
    let started = Instant::now();
    if is_over(ended, SHOWN_AFTER) {
        return;
    }
    let bar = foot.add(ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template("{msg}") {
        bar.set_style(style);
    }
    for spinner in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏".chars().cycle() {
        if CLOSED.load(Ordering::Relaxed) {
            return;
        }
        let (height, width) = console::Term::stderr().size();
        // The last column stays free: some terminals break a line that fills it.
        let width = usize::from(width).saturating_sub(1);
        let frame = Frame { since: started.elapsed(), width, height: usize::from(height), spinner };
        let lines: Vec<String> = scene.lines(frame).iter().map(|line| rendered(line, colour())).collect();
        bar.set_message(lines.join("\n"));
        if is_over(ended, FRAME) {
            break;
        }
    }
    bar.finish_and_clear();
    foot.remove(&bar);
}

fn tell(scene: &dyn Scene, ended: &Receiver<()>) {
    let started = Instant::now();
    let programs = stream::is_on();
    let mut pause = if programs { FIRST_EVENT } else { FIRST_LINE };
    let mut last = None;
    while !is_over(ended, pause) {
        let since = started.elapsed();
        if !programs {
            note(&scene.line(since));
            pause = (pause * 2).min(LONGEST_SILENCE);
            continue;
        }
        let (what, standing) = scene.told(since);
        let now = Some((what, Standing { remaining: None, ..standing }));
        if now != last
            && let Some((what, _)) = &now
        {
            stream::progress(what, &standing);
            last = now;
        }
    }
}
