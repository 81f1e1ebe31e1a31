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
    /// What `terraform show -json` would say: for checkov, trivy, conftest and infracost; as `--json=terraform`
    TerraformJson,
}

/// Of `--json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// docs/plan.schema.json
    Stackctl,
    /// `terraform show -json`
    Terraform,
}

/// In which form a plan is wanted.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct FormatArgs {
    /// How the plan is printed. Where it is not text, it stands alone on the output, and all else on the error output.
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with_all = ["json", "details"])]
    format: Option<Format>,

    /// Prints the plan as one JSON document: `--format json`. `--json=terraform` is `--format terraform-json`.
    #[arg(
        long,
        value_enum,
        value_name = "SHAPE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "stackctl",
        hide_possible_values = true
    )]
    json: Option<Shape>,
}

impl FormatArgs {
    pub fn format(self) -> Format {
        match (self.format, self.json) {
            (Some(format), _) => format,
            (None, Some(Shape::Stackctl)) => Format::Json,
            (None, Some(Shape::Terraform)) => Format::TerraformJson,
            (None, None) => Format::Text,
        }
    }
}
