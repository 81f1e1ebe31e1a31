//! `report.html`: one page that holds everything it needs, light or dark as its reader is, legible on a phone.

mod card;
mod chart;
mod frame;
mod page;
mod tables;

pub use page::page;
