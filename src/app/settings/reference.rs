//! The reference of `docs/CONFIGURATION.md`, written from the table.

use super::{Built, KEYS, Key};

/// One Markdown table for each section, in the order of [`KEYS`].
#[must_use]
pub fn reference() -> String {
    let mut text = String::new();
    let mut section = "";
    for key in KEYS {
        let (of, _) = key.parts();
        if of != section {
            section = of;
            text.push_str(&format!(
                "\n### {section}\n\n| setting | default | takes | what it does |\n|---|---|---|---|\n"
            ));
        }
        text.push_str(&row(key));
    }
    text
}

fn row(key: &Key) -> String {
    let default = key.default.map_or_else(|| String::from("not set"), |default| format!("`{default}`"));
    let built = match key.built {
        Built::Yes => String::new(),
        Built::No { instead } => format!(" **Not built yet:** {instead}."),
        Built::Only { values, instead } => {
            format!(" **Only `{}` is built yet:** {instead}.", values.join("`, `"))
        }
    };
    format!("| `{}` | {default} | {} | {}{built} |\n", key.name, key.allowed, key.doc)
}
