//! What the tokens of one Rust file tell: its opening, its size, its functions, what must not be in it.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

pub(crate) fn breaches(path: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    if !text.starts_with("//! ") {
        broken.push(format!("{path}:1: open with a `//!` line: what this file is"));
    }
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        broken.push(format!("{path}:1: {lines} lines, at most {FILE_LINES_MAX}"));
    }
    match text.parse::<TokenStream>() {
        Ok(stream) => walk(path, stream, &mut broken),
        Err(error) => broken.push(format!("{path}: not Rust: {error}")),
    }
    broken
}

fn walk(path: &str, stream: TokenStream, broken: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let line = token.span().start().line;
        let next = tokens.get(at + 1);
        match token {
            TokenTree::Ident(word) if word == "fn" => broken.extend(too_long(path, &tokens[at..])),
            TokenTree::Ident(word) if is_punct(next, '!') && (word == "todo" || word == "unimplemented") => {
                broken.push(format!("{path}:{line}: `{word}!` is unfinished work"));
            }
            TokenTree::Ident(word) if word == "sleep" && path.starts_with("tests/") => {
                broken.push(format!(
                    "{path}:{line}: `sleep` in a test: wait for the thing itself, or pause the clock"
                ));
            }
            TokenTree::Group(group) => {
                let attribute = at > 0
                    && group.delimiter() == Delimiter::Bracket
                    && (is_punct(tokens.get(at - 1), '#') || (at > 1 && is_punct(tokens.get(at - 2), '#')));
                if let Some(name) = attribute.then(|| skipping(group)).flatten() {
                    broken.push(format!("{path}:{line}: `#[{name}]` hides a test's outcome"));
                }
                walk(path, group.stream(), broken);
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// From `fn` to the brace that ends its body; a `fn` with no name is a type.
fn too_long(path: &str, tokens: &[TokenTree]) -> Option<String> {
    let [first, TokenTree::Ident(name), rest @ ..] = tokens else { return None };
    let end = rest.iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            Some(Some(group.span_close().end().line))
        }
        TokenTree::Punct(punct) if punct.as_char() == ';' => Some(None),
        _ => None,
    })??;
    let start = first.span().start().line;
    let lines = end + 1 - start;
    (lines > FUNCTION_LINES_MAX)
        .then(|| format!("{path}:{start}: fn {name} has {lines} lines, at most {FUNCTION_LINES_MAX}"))
}

/// `#[ignore]` and `#[should_panic]`, also behind `cfg_attr`.
fn skipping(attribute: &Group) -> Option<String> {
    let words: Vec<String> = attribute
        .stream()
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) => group.stream().into_iter().collect(),
            other => vec![other],
        })
        .filter_map(|token| if let TokenTree::Ident(word) = token { Some(word.to_string()) } else { None })
        .collect();
    let looked_at = if words.first()? == "cfg_attr" { words.as_slice() } else { &words[..1] };
    looked_at.iter().find(|word| *word == "ignore" || *word == "should_panic").cloned()
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}
