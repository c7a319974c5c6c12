//! The docs cannot drift: tables of the protocol, pages of decisions, names of settings and files.
//!
//! Links are looked at in `tests/tidy.rs`, the commands of the README in `tests/readme.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "architecture/tracked.rs"]
mod tracked;

use std::collections::BTreeSet;

use mission_control::adapters::wire::{close_code, problem};
use mission_control::app::settings::KEYS;
use mission_control::domain::farewell::Farewell;
use mission_control::domain::fault::{Code, Side};
use mission_control::domain::lifecycle::Reason;
use mission_control::domain::resume::Why;
use sha2::{Digest, Sha256};

const PROTOCOL: &str = "docs/PROTOCOL.md";
const ADR_LINES_MAX: usize = 59;

/// The pages: (path, text).
fn pages() -> Vec<(String, String)> {
    let page = |path: &str| path.ends_with(".md") && (path.starts_with("docs/") || !path.contains('/'));
    tracked::texts().into_iter().filter(|(path, _)| page(path)).collect()
}

/// The cells of the rows of all tables of a page.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

/// What stands between backticks, outside of code blocks.
fn quoted(text: &str) -> BTreeSet<&str> {
    let outside = text.split("\n```").step_by(2);
    outside.flat_map(str::lines).flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_protocol_has_a_row_for_every_code_with_its_status_and_whether_to_retry() {
    let text = tracked::text(PROTOCOL);
    for code in Code::ALL {
        let word = format!("`{}`", code.as_str());
        let (status, retry) = (problem::status(*code).as_u16().to_string(), code.may_retry());
        let wanted = [&*word, &*status, if retry { "yes" } else { "no" }];
        let found = rows(&text).any(|row| row.len() == 4 && row[..3] == wanted && !row[3].is_empty());
        assert!(found, "{PROTOCOL}, Errors: give it the row `| {} | what to do |`", wanted.join(" | "));
    }
}

#[test]
fn errors_has_a_row_for_every_code_and_every_close_code() {
    let text = tracked::text("docs/ERRORS.md");
    for code in Code::ALL {
        let side = if code.side() == Side::Server { "server" } else { "client" };
        let wanted = [format!("`{}`", code.as_str()), side.to_owned()];
        let found = rows(&text).any(|row| row.len() == 4 && row[..2] == wanted && !row[3].is_empty());
        assert!(
            found,
            "docs/ERRORS.md: give it the row `| {} | what happened | what to look at |`",
            wanted.join(" | ")
        );
    }
    let close_codes: Vec<String> = rows(&tracked::text(PROTOCOL))
        .filter_map(|row| row[0].parse::<u16>().ok().filter(|code| (1000..5000).contains(code)))
        .map(|code| format!("`{code}`"))
        .collect();
    assert!(close_codes.len() > 10, "{close_codes:?}");
    for code in close_codes {
        assert!(rows(&text).any(|row| row[0] == code), "docs/ERRORS.md: the close code {code} is missing");
    }
}

#[test]
fn the_protocol_has_a_row_for_every_close_code() {
    let text = tracked::text(PROTOCOL);
    for farewell in Farewell::ALL {
        let number = close_code::code(farewell).to_string();
        let wanted = [&*number, &*format!("`{}`", farewell.as_str())];
        let found = rows(&text).any(|row| row.len() == 4 && row[..2] == wanted);
        assert!(found, "{PROTOCOL}, Close codes: give it the row `| {} | when | … |`", wanted.join(" | "));
    }
}

#[test]
fn the_protocol_names_every_reason() {
    let text = tracked::text(PROTOCOL);
    let named = quoted(&text);
    for reason in Reason::ALL {
        assert!(named.contains(reason.as_str()), "{PROTOCOL} does not name the reason {}", reason.as_str());
    }
    let all = [
        Why::New,
        Why::Resumed,
        Why::EpochChanged,
        Why::CursorAhead,
        Why::InterestChanged,
        Why::GrantChanged,
        Why::Compacted,
        Why::SlowReader,
    ];
    for why in all {
        let word = format!("`{}`", why.as_str());
        assert!(rows(&text).any(|row| row[0] == word), "{PROTOCOL} has no row for the reason {word}");
    }
}

/// The fingerprint of everything under `adapters/wire` but its tests.
fn wire_print() -> String {
    let mut hash = Sha256::new();
    for (path, text) in tracked::texts() {
        let is_test = path.contains("/tests/") || path.ends_with("tests.rs");
        if !path.starts_with("src/adapters/wire/") || !path.ends_with(".rs") || is_test {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        hash.update(path);
        hash.update(code);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_protocol_was_looked_at_when_the_wire_changed() {
    let last = format!("<!-- wire: {} -->", wire_print());
    assert!(
        tracked::text(PROTOCOL).trim_end().ends_with(&last),
        "src/adapters/wire changed. See whether {PROTOCOL} is still true, then make this its last line:\n{last}\n"
    );
}

#[test]
fn every_decision_is_short_and_stands_in_the_index() {
    let index = tracked::text("docs/adr/README.md");
    let decisions: Vec<_> = pages()
        .into_iter()
        .filter(|(path, _)| path.starts_with("docs/adr/") && *path != "docs/adr/README.md")
        .collect();
    assert!(!decisions.is_empty());
    for (path, text) in decisions {
        let name = path.rsplit('/').next().unwrap();
        let number = name.split('-').next().unwrap();
        assert!(
            index.contains(&format!("| [{number}]({name}) | ")),
            "docs/adr/README.md has no row for {name}"
        );
        assert!(text.starts_with(&format!("# {number}: ")), "{path} begins with `# {number}: `");
        let lines = text.lines().count();
        assert!(lines <= ADR_LINES_MAX, "{path} has {lines} lines, at most {ADR_LINES_MAX}");
        for part in ["Context", "Decision", "Consequences", "What would change our mind"] {
            assert!(text.contains(&format!("\n## {part}\n")), "{path} has no part `{part}`");
        }
    }
}

#[test]
fn every_setting_that_the_docs_name_exists() {
    let known: BTreeSet<&str> = KEYS.iter().map(|key| key.name).collect();
    let sections: BTreeSet<&str> = KEYS.iter().filter_map(|key| key.name.split('.').next()).collect();
    for (path, text) in pages() {
        for word in quoted(&text) {
            let name = word.split([' ', '=']).next().unwrap_or_default();
            let Some((section, key)) = name.split_once('.') else { continue };
            let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let is_file = matches!(key, "rs" | "md" | "toml" | "mjs");
            if sections.contains(section) && is_key && !is_file {
                assert!(known.contains(name), "{path} names the setting `{name}`, which does not exist");
            }
        }
    }
}

#[test]
fn every_file_that_the_docs_name_exists() {
    let files: Vec<String> = tracked::texts().into_iter().map(|(path, _)| path).collect();
    let exists = |name: &str| files.iter().any(|path| path == name || path.starts_with(&format!("{name}/")));
    for (path, text) in pages() {
        for word in quoted(&text) {
            let ours = ["src/", "tests/", "docs/", "examples/"].iter().any(|room| word.starts_with(room));
            if ours && !word.contains([' ', '*', '{']) {
                assert!(exists(word.trim_end_matches('/')), "{path} names `{word}`, which does not exist");
            }
        }
    }
}

#[test]
fn the_map_has_every_file_of_the_core_and_every_adapter() {
    let page = "docs/ARCHITECTURE.md";
    let text = tracked::text(page);
    let named = quoted(&text);
    let mut missing = BTreeSet::new();
    for (path, _) in tracked::texts() {
        let Some((room, rest)) = path.strip_prefix("src/").and_then(|path| path.split_once('/')) else {
            continue;
        };
        let is_folder = rest.contains('/');
        let name = rest.split('/').next().unwrap_or_default();
        // A folder beside a file of the same name is that file's.
        let known = named.contains(name) || (is_folder && named.contains(&*format!("{name}.rs")));
        if name != "mod.rs" && !known {
            missing.insert(format!("src/{room}/{name}"));
        }
    }
    assert!(missing.is_empty(), "{page}, Rooms: say in a row what these are for: {missing:?}");
}

#[test]
fn the_recipe_calls_the_hook_at_every_event_that_it_knows() {
    let recipe = |name: &str| tracked::text(&format!("examples/recipes/{name}"));
    let script = recipe("agent-hook.py");
    let table = script.split_once("SAYS = {").unwrap().1.split_once("\n}").unwrap().0;
    let known = table.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\": (\""));
    let known: BTreeSet<_> = known.map(|(name, _)| name).collect();
    assert!(known.contains("SessionStart"), "{known:?}");
    let settings: serde_json::Value = serde_json::from_str(&recipe("hooks.json")).unwrap();
    let hooks = settings["hooks"].as_object().unwrap();
    assert_eq!(hooks.keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
    for (name, groups) in hooks {
        let hook = &groups[0]["hooks"][0];
        let called = (hook["command"].as_str(), hook["timeout"].as_u64());
        assert_eq!(called, (Some("agent-hook.py"), Some(3)), "{name}");
    }
}
