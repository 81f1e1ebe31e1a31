/// How much of a plan to show.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ViewArgs {
    /// Shows what stays the same as well, and long texts in full. What changes is always shown.
    #[arg(long)]
    pub details: bool,
}
