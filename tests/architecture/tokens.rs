//! Small questions about token lists, asked by the reader.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Items that end at `;` or at their braces; anything else (a field, an arm) ends at a comma too.
const ITEMS: &[&str] = &[
    "async",
    "const",
    "enum",
    "extern",
    "fn",
    "impl",
    "let",
    "macro_rules",
    "mod",
    "static",
    "struct",
    "trait",
    "type",
    "union",
    "unsafe",
    "use",
];

pub(crate) fn list(stream: TokenStream) -> Vec<TokenTree> {
    stream.into_iter().collect()
}

/// Where the item, field, arm or statement that starts at `start` ends.
pub(crate) fn extent(tokens: &[TokenTree], start: usize) -> usize {
    let mut first = start;
    while ident(tokens.get(first)).is_some_and(|word| word == "pub")
        || matches!(tokens.get(first), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
    {
        first += 1;
    }
    let item = ident(tokens.get(first)).is_some_and(|word| ITEMS.contains(&word.as_str()));
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';' || (punct.as_char() == ',' && !item),
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    };
    let length = tokens.get(start..).unwrap_or_default().iter().position(ends);
    length.map_or(tokens.len(), |length| start + length + 1)
}

/// The parts between the commas at this level.
pub(crate) fn split(stream: TokenStream) -> Vec<Vec<TokenTree>> {
    let tokens = list(stream);
    let parts = tokens.split(|token| is_punct(token, ','));
    parts.filter(|part| !part.is_empty()).map(<[TokenTree]>::to_vec).collect()
}

/// Past `a::b::c`; stops before `::<` and `::{`.
pub(crate) fn skip_path(tokens: &[TokenTree], start: usize) -> usize {
    let mut end = start + 1;
    while is_joint(tokens, end) && ident(tokens.get(end + 2)).is_some() {
        end += 3;
    }
    end
}

/// Whether `::` stands at `at`.
pub(crate) fn is_joint(tokens: &[TokenTree], at: usize) -> bool {
    let joint = matches!(tokens.get(at), Some(TokenTree::Punct(punct))
        if punct.as_char() == ':' && punct.spacing() == Spacing::Joint);
    joint && tokens.get(at + 1).is_some_and(|token| is_punct(token, ':'))
}

pub(crate) fn is_public(tokens: &[TokenTree], at: usize) -> bool {
    let is_pub = |back: usize| at >= back && ident(tokens.get(at - back)).is_some_and(|word| word == "pub");
    is_pub(1) || (is_pub(2) && matches!(&tokens[at - 1], TokenTree::Group(_)))
}

pub(crate) fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

pub(crate) fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(word)) => Some(word.to_string()),
        _ => None,
    }
}

/// `r#tokio` is `tokio`.
pub(crate) fn plain(word: &str) -> String {
    word.trim_start_matches("r#").to_owned()
}

pub(crate) fn line(tokens: &[TokenTree], at: usize) -> usize {
    tokens.get(at).map_or(0, |token| token.span().start().line)
}
