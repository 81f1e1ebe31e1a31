//! A plan for who reviews it elsewhere than in a terminal: Markdown for a comment, HTML for a browser. Both tell one
//! [`story::Story`], with the words and the diff of the terminal.

mod drawing;
mod fill;
mod graph;
mod html;
mod markdown;
mod prose;
mod signed;
mod story;
#[cfg(test)]
mod tests;
mod timeline;

use crate::cli::beside::Beside;
use crate::plan::Plan;
use story::Story;

/// The plan as a comment.
pub fn plan_markdown(plan: &Plan, beside: &Beside) {
    super::out::line(markdown::page(&Story::new(plan, beside)).trim_end());
}

/// The plan as a page.
pub fn plan_html(plan: &Plan, beside: &Beside) {
    super::out::line(&html::page(&Story::new(plan, beside)));
}

/// Both, to be looked at.
#[cfg(test)]
pub fn both(plan: &Plan, beside: &Beside) -> (String, String) {
    let story = Story::new(plan, beside);
    (markdown::page(&story), html::page(&story))
}
