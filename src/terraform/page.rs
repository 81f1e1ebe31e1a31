use super::{attributes, commands, expressions, flags, kinds, word::Word};
use std::fmt::Write;

/// `docs/from-terraform.md`, whole.
pub fn page() -> String {
    let mut page = String::from(HEAD);
    section(&mut page, "Commands", "`terraform …`", &commands::COMMANDS);
    section(&mut page, "Arguments", "single dash", &flags::FLAGS);
    section(&mut page, "Blocks", "block", &kinds::TABLES);
    section(&mut page, "Expressions", "`${…}`", &expressions::EXPRESSIONS);
    section(&mut page, "Functions", "function", &expressions::FUNCTIONS);
    section(&mut page, "Resources", "`aws_…`", &kinds::RESOURCES);
    page.push_str("## Attributes\n\nWhere the name is another one than the provider's.\n\n| kind | attribute | here |\n|---|---|---|\n");
    for (kind, word) in &attributes::ATTRIBUTES {
        let _ = writeln!(page, "| `{kind}` | `{}` | {} |", word.theirs, word.here);
    }
    page
}

fn section(page: &mut String, title: &str, theirs: &str, words: &[Word]) {
    let _ = write!(page, "## {title}\n\n| {theirs} | here |\n|---|---|\n");
    for word in words {
        let _ = writeln!(page, "| `{}` | {} |", word.theirs, word.here);
    }
    page.push('\n');
}

const HEAD: &str = "\
# From Terraform

What you would have written, and what to write here. stackctl knows these words: whoever uses one gets the same answer as an error.

`plan`, `apply`, `destroy`, `validate`, `show`, `output`, `state list|show|mv|rm|pull|push` and `init` are called the same. There is nothing
to install first: no providers, no `init` in a checkout, no lock file.

```hcl
resource \"aws_s3_bucket\" \"loans\" {                 # [bucket.loans]
  bucket = \"loans-${var.stage}\"                     # name = \"loans-${param.stage}\"
}
resource \"aws_s3_bucket_versioning\" \"loans\" { … }  # on, unless told otherwise
```

";
