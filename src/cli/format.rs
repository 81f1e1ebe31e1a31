use clap::ValueEnum;

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal
    Text,
    /// For a comment on a change: folded by resource, at most 65,536 characters
    Markdown,
    /// For a browser: one page, without network and scripts
    Html,
    /// One document, described by docs/plan.schema.json; as `--json`
    Json,
}

/// In which form a plan is wanted.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct FormatArgs {
    /// How the plan is printed. Where it is not text, it stands alone on the output, and all else on the error output.
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with_all = ["json", "details"])]
    format: Option<Format>,

    /// Prints the plan as one JSON document: `--format json`.
    #[arg(long)]
    json: bool,
}

impl FormatArgs {
    pub fn format(self) -> Format {
        self.format.unwrap_or(if self.json { Format::Json } else { Format::Text })
    }
}
