//! What the lines of a text file tell. Patterns are put together from parts, so that no file here holds one.

use std::collections::HashSet;

/// Words that mark work left undone.
const LEFTOVERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

/// Machine folders: a path that starts in one holds on one machine only.
const FOLDERS: &[&str] =
    &[concat!("/", "work"), concat!("/", "root"), concat!("/", "home"), concat!("/", "Users")];

/// Hosts of package registries: an address pinned in a file breaks every machine that uses a mirror.
const HOSTS: &[&str] = &[
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("deb.debian", ".org"),
    concat!("security.debian", ".org"),
    concat!("proxy.golang", ".org"),
];

/// Cargo's own name for its registry, in every Cargo.lock: an identity, not an address to fetch from.
const CARGO_IDENTITY: &str = concat!("github.com/rust-lang/crates", ".io-index");

const CODE: &[&str] = &[
    "rs", "js", "mjs", "cjs", "ts", "css", "html", "svg", "sh", "py", "toml", "yml", "yaml", "conf",
    "service",
];

pub(crate) fn leftovers(path: &str, text: &str) -> Vec<String> {
    let is_code = extension(path).is_none_or(|extension| CODE.contains(&extension));
    let found = |line: &&str| words(line).any(|word| LEFTOVERS.contains(&word));
    let message = |(at, _)| format!("{path}:{at}: a note about undone work: do it, or open an issue");
    numbered(text).filter(|(_, line)| is_code && found(line)).map(message).collect()
}

pub(crate) fn places(path: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    for (at, line) in numbered(text) {
        let line = line.replace(CARGO_IDENTITY, "");
        if let Some(host) = HOSTS.iter().find(|host| line.contains(*host)) {
            broken.push(format!("{path}:{at}: names the registry host {host}"));
        }
        if let Some(folder) = FOLDERS.iter().find(|folder| starts_in(&line, folder)) {
            broken.push(format!("{path}:{at}: a path of one machine, in {folder}"));
        }
    }
    broken
}

/// Whether a path in `line` begins with `folder`: not `a/root`, not `/rooted`, not a host's `//x/work`.
fn starts_in(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + folder.len()..].chars().next();
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '}' | '*' | '~');
        let longer = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        !before.is_some_and(inside) && !after.is_some_and(longer)
    })
}

/// Each entry of a dependency section has a comment on the line above.
pub(crate) fn unexplained_dependencies(path: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let (mut in_section, mut depth, mut above) = (false, 0_usize, "");
    for (at, line) in numbered(text) {
        let line = line.trim();
        let header = depth == 0 && line.starts_with('[');
        let table = header && line.contains("dependencies.");
        if header {
            in_section = line.trim_end_matches(']').ends_with("dependencies");
        }
        let entry = !header && in_section && depth == 0 && line.contains('=') && !line.starts_with('#');
        if (entry || table) && !above.starts_with('#') {
            let name = line.split('=').next().unwrap_or(line).trim();
            broken.push(format!("{path}:{at}: say in a comment above `{name}` why it is needed"));
        }
        if !header && !line.starts_with('#') {
            let opened = line.matches(['[', '{']).count();
            depth = (depth + opened).saturating_sub(line.matches([']', '}']).count());
        }
        above = line;
    }
    broken
}

/// A shell script stops at the first failure: the line comes before all other commands.
pub(crate) fn unguarded_script(path: &str, text: &str) -> Option<String> {
    let first = text.lines().next().unwrap_or_default();
    let shell = first.starts_with("#!") && first.trim_end().ends_with("sh");
    let command = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let guarded = command == Some("set -euo pipefail");
    ((shell || extension(path) == Some("sh")) && !guarded)
        .then(|| format!("{path}:1: a shell script begins with `set -euo pipefail`"))
}

/// Relative links of README.md and docs/ that lead to no file, be it text or one of `others`.
pub(crate) fn dead_links(files: &[(String, String)], others: &[String]) -> Vec<String> {
    let mut known: HashSet<String> = HashSet::new();
    for path in files.iter().map(|(path, _)| path).chain(others) {
        let mut here = path.as_str();
        while known.insert(here.to_owned()) {
            here = here.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
    }
    let page = |path: &str| path == "README.md" || (path.starts_with("docs/") && path.ends_with(".md"));
    let mut broken = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| page(path)) {
        let mut fenced = false;
        for (at, line) in numbered(text) {
            fenced ^= line.trim_start().starts_with("```");
            let dead = |target: &String| {
                !target.is_empty() && resolve(path, target).is_none_or(|to| !known.contains(&to))
            };
            let targets = if fenced { Vec::new() } else { targets(line) };
            let message = |target: String| format!("{path}:{at}: the link to `{target}` leads nowhere");
            broken.extend(targets.into_iter().filter(dead).map(message));
        }
    }
    broken
}

/// The files that a line of Markdown or its HTML links to, without their `#anchors`.
fn targets(line: &str) -> Vec<String> {
    // What stands between backticks is shown, not linked.
    let shown: String = line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let mut found: Vec<&str> = Vec::new();
    for (opening, closings) in [("](", &[')', ' '][..]), ("href=\"", &['"']), ("src=\"", &['"'])] {
        found.extend(shown.split(opening).skip(1).filter_map(|rest| rest.split(closings).next()));
    }
    if let Some((name, rest)) = shown.split_once("]: ")
        && name.starts_with('[')
    {
        found.extend(rest.split_whitespace().next());
    }
    let outside = |target: &&str| {
        target.contains("://") || target.starts_with("mailto:") || target.starts_with("data:")
    };
    let file = |target: &str| {
        target.split(['#', '?']).next().unwrap_or_default().trim_matches(['<', '>']).to_owned()
    };
    found.into_iter().filter(|target| !outside(target)).map(file).collect()
}

/// `target` as seen from the folder of `page`; none when it climbs out of the project.
fn resolve(page: &str, target: &str) -> Option<String> {
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// None for a file such as `test` that has no extension.
fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map(|(_, extension)| extension)
}
