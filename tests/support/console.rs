//! Pages of the docs as sessions of a shell: their blocks, and whether an output is the one that is shown.

/// A block of code of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What stands behind the fence.
    pub kind: String,
    /// Its lines.
    pub text: String,
}

/// The blocks of a page, in order.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut within = false;
    for line in page.lines() {
        if !within && let Some(kind) = line.strip_prefix("```") {
            within = true;
            found.push(Block { kind: kind.to_owned(), text: String::new() });
        } else if line == "```" {
            within = false;
        } else if let (true, Some(block)) = (within, found.last_mut()) {
            block.text.push_str(&format!("{line}\n"));
        }
    }
    assert!(!within, "a block has no end");
    found
}

/// The blocks of this kind.
pub fn blocks_of(page: &str, kind: &str) -> Vec<String> {
    blocks(page).into_iter().filter(|block| block.kind == kind).map(|block| block.text).collect()
}

/// One command of a session, and what it prints.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    pub command: String,
    pub output: String,
}

/// The commands of a block. A line that ends with a backslash goes on in the next.
pub fn steps(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut goes_on = false;
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), output: String::new() });
        } else {
            let step = steps.last_mut().expect("a console block begins with `$ `");
            let text = if goes_on { &mut step.command } else { &mut step.output };
            text.push_str(&format!("{}{line}", if text.is_empty() { "" } else { "\n" }));
        }
        goes_on = line.ends_with('\\');
    }
    steps
}

/// The text with everything masked that differs from run to run: times, epochs, codes, request ids.
pub fn masked(text: &str, address: &str) -> String {
    let text = text.replace(address, "ADDRESS");
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') {
            word.push(c);
            continue;
        }
        let all = |test: fn(&u8) -> bool| word.bytes().all(|byte| test(&byte));
        let is_time = word.len() == 13 && all(u8::is_ascii_digit);
        let is_epoch = word.len() == 16 && all(u8::is_ascii_hexdigit);
        let is_code = word.starts_with("eyJ");
        let is_request = word.strip_prefix('r').is_some_and(|number| number.parse::<u32>().is_ok());
        let masks = [(is_time, "TIME"), (is_epoch, "EPOCH"), (is_code, "CODE"), (is_request, "REQUEST")];
        out.push_str(masks.iter().find(|(fits, _)| *fits).map_or(word.as_str(), |(_, mask)| mask));
        word.clear();
        out.push(c);
    }
    out.trim_end().to_owned()
}

/// Whether a text is the one that is shown, in which `…` stands for anything.
pub fn is_shown(text: &str, shown: &str) -> bool {
    let parts: Vec<&str> = shown.split('…').collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
    if parts.len() == 1 {
        return text == shown;
    }
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in &parts[1..parts.len() - 1] {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}
