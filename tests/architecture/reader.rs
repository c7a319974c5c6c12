//! What one source file names: every path in it, with its line and what it is compiled for.

use std::collections::HashSet;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::tokens::{extent, ident, is_joint, is_public, is_punct, line, list, plain, skip_path, split};

/// The build that sees a piece of code, the widest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Build {
    Shipped,
    TestSupport,
    Test,
}

/// One path as the source names it.
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// `::a::b`: the first segment is a crate, whatever modules are around.
    pub(crate) global: bool,
    pub(crate) reexported: bool,
    pub(crate) build: Build,
    /// The module in which it stands.
    pub(crate) module: Vec<String>,
}

/// A `mod x;` whose body is another file.
pub(crate) struct Declared {
    pub(crate) module: Vec<String>,
    pub(crate) build: Build,
}

/// One file, read.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) module: Vec<String>,
    pub(crate) named: Vec<Named>,
    pub(crate) declared: Vec<Declared>,
    /// Every module declared here, with or without a body.
    pub(crate) modules: HashSet<Vec<String>>,
    /// `extern crate a as b`: (b, a).
    pub(crate) aliases: Vec<(String, String)>,
    /// What hides code from this reader: (line, what).
    pub(crate) hidden: Vec<(usize, String)>,
}

#[derive(Clone)]
struct Scope {
    module: Vec<String>,
    build: Build,
}

const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "fn", "for", "if", "impl",
    "in", "let", "loop", "match", "move", "mut", "pub", "ref", "return", "static", "struct", "trait", "type",
    "unsafe", "where", "while", "yield",
];

/// `src/domain/lease.rs` is the module `domain::lease`; lib.rs and main.rs are the root.
pub(crate) fn module_of(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
    let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if matches!(inner, "lib" | "main") || module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

impl Source {
    pub(crate) fn read(path: &str, text: &str) -> Result<Self, String> {
        let tokens: TokenStream = text.parse().map_err(|error| format!("{path}: not Rust: {error}"))?;
        let module = module_of(path);
        let mut source = Self {
            path: path.to_owned(),
            module: module.clone(),
            named: Vec::new(),
            declared: Vec::new(),
            modules: HashSet::new(),
            aliases: Vec::new(),
            hidden: Vec::new(),
        };
        source.walk(tokens, &Scope { module, build: Build::Shipped });
        Ok(source)
    }

    fn walk(&mut self, stream: TokenStream, scope: &Scope) {
        let tokens = list(stream);
        let mut scope = scope.clone();
        for window in tokens.windows(3) {
            if let [hash, bang, TokenTree::Group(inner)] = window
                && is_punct(hash, '#')
                && is_punct(bang, '!')
            {
                // `#![cfg(test)]` holds for all that stands beside it.
                scope.build = scope.build.max(attribute_build(inner));
            }
        }
        self.walk_slice(&tokens, &scope);
    }

    fn walk_slice(&mut self, tokens: &[TokenTree], scope: &Scope) {
        let mut at = 0;
        while at < tokens.len() {
            at = self.step(tokens, at, scope);
        }
    }

    /// Reads what stands at `at` and returns where the next thing stands.
    fn step(&mut self, tokens: &[TokenTree], at: usize, scope: &Scope) -> usize {
        match &tokens[at] {
            TokenTree::Group(group) => {
                self.walk(group.stream(), scope);
                at + 1
            }
            TokenTree::Literal(_) => at + 1,
            TokenTree::Punct(punct) => match (punct.as_char(), tokens.get(at + 1)) {
                ('#', Some(TokenTree::Group(_))) => self.attributed(tokens, at, scope),
                // `$name::x` is whatever the caller hands in; `$crate` is this crate.
                ('$', Some(TokenTree::Ident(name))) if name != "crate" => skip_path(tokens, at + 1),
                (':', _) if is_joint(tokens, at) && ident(tokens.get(at + 2)).is_some() => {
                    self.path(tokens, at + 2, true, scope)
                }
                _ => at + 1,
            },
            TokenTree::Ident(_) => self.word(tokens, at, scope),
        }
    }

    fn word(&mut self, tokens: &[TokenTree], at: usize, scope: &Scope) -> usize {
        let word = ident(tokens.get(at)).unwrap_or_default();
        match (word.as_str(), tokens.get(at + 1)) {
            ("mod", Some(TokenTree::Ident(name))) => self.module(tokens, at, &name.to_string(), scope),
            // `impl Trait + use<'a>` captures; it imports nothing.
            ("use", Some(next)) if !is_punct(next, '<') => self.import(tokens, at, scope),
            ("extern", Some(TokenTree::Ident(next))) if next == "crate" => {
                self.extern_crate(tokens, at, scope)
            }
            // `pub(in crate::x)` says who may see it, and names nothing.
            ("pub", Some(TokenTree::Group(group))) if group.delimiter() == Delimiter::Parenthesis => at + 2,
            ("include", Some(bang)) if is_punct(bang, '!') => {
                self.hide(tokens, at, "include!");
                at + 2
            }
            (word, _) if KEYWORDS.contains(&word) => at + 1,
            _ => self.path(tokens, at, false, scope),
        }
    }

    fn attributed(&mut self, tokens: &[TokenTree], start: usize, scope: &Scope) -> usize {
        let mut at = start;
        let mut inner = scope.clone();
        while let (Some(hash), Some(TokenTree::Group(group))) = (tokens.get(at), tokens.get(at + 1))
            && is_punct(hash, '#')
        {
            inner.build = inner.build.max(attribute_build(group));
            self.attribute(group.stream(), scope);
            at += 2;
        }
        let end = extent(tokens, at);
        self.walk_slice(&tokens[at..end], &inner);
        end
    }

    fn attribute(&mut self, content: TokenStream, scope: &Scope) {
        let tokens = list(content);
        match (ident(tokens.first()).unwrap_or_default().as_str(), tokens.get(1)) {
            ("doc" | "cfg", _) => {}
            ("path", _) => self.hide(&tokens, 0, "#[path]"),
            ("cfg_attr", Some(TokenTree::Group(group))) => {
                let parts = split(group.stream());
                let build = scope.build.max(parts.first().map_or(Build::Shipped, |part| predicate(part)));
                for part in parts.iter().skip(1) {
                    let scope = Scope { module: scope.module.clone(), build };
                    self.attribute(part.iter().cloned().collect(), &scope);
                }
            }
            ("serde", Some(TokenTree::Group(group))) => self.serde_paths(group, scope),
            _ => self.walk_slice(&tokens, scope),
        }
    }

    /// Serde's attributes name functions in strings.
    fn serde_paths(&mut self, group: &Group, scope: &Scope) {
        for token in group.stream() {
            match token {
                TokenTree::Group(inner) => self.serde_paths(&inner, scope),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let line = literal.span().start().line;
                    let first = self.named.len();
                    if let Ok(stream) = text.trim_matches('"').parse::<TokenStream>() {
                        self.walk(stream, scope);
                    }
                    self.named.iter_mut().skip(first).for_each(|named| named.line = line);
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    fn module(&mut self, tokens: &[TokenTree], at: usize, name: &str, scope: &Scope) -> usize {
        let mut module = scope.module.clone();
        module.push(name.to_owned());
        self.modules.insert(module.clone());
        match tokens.get(at + 2) {
            Some(TokenTree::Group(body)) => {
                self.walk(body.stream(), &Scope { module, build: scope.build });
            }
            _ => self.declared.push(Declared { module, build: scope.build }),
        }
        at + 3
    }

    fn extern_crate(&mut self, tokens: &[TokenTree], at: usize, scope: &Scope) -> usize {
        let Some(name) = ident(tokens.get(at + 2)) else { return at + 2 };
        let alias = ident(tokens.get(at + 3)).filter(|word| word == "as").and(ident(tokens.get(at + 4)));
        let segments = vec![if name == "self" { "crate".to_owned() } else { name.clone() }];
        self.record(segments, line(tokens, at), name != "self", scope);
        if let Some(alias) = alias {
            self.aliases.push((alias, name));
        }
        at + 3
    }

    fn import(&mut self, tokens: &[TokenTree], at: usize, scope: &Scope) -> usize {
        let length = tokens[at..].iter().position(|token| is_punct(token, ';'));
        let end = length.map_or(tokens.len(), |length| at + length);
        let first = self.named.len();
        self.tree(&tokens[at + 1..end], &[], false, scope);
        if is_public(tokens, at) {
            self.named.iter_mut().skip(first).for_each(|named| named.reexported = true);
        }
        end
    }

    /// A `use` tree, or a braced part of one behind `prefix`.
    fn tree(&mut self, tokens: &[TokenTree], prefix: &[String], global: bool, scope: &Scope) {
        for part in split(tokens.iter().cloned().collect()) {
            let mut segments = prefix.to_vec();
            let leading = prefix.is_empty() && part.first().is_some_and(|token| is_punct(token, ':'));
            let global = global || leading;
            let mut braced = false;
            for token in &part {
                match token {
                    TokenTree::Ident(word) if word == "as" => break,
                    TokenTree::Ident(word) => segments.push(plain(&word.to_string())),
                    TokenTree::Group(group) => {
                        self.tree(&list(group.stream()), &segments, global, scope);
                        braced = true;
                    }
                    TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                }
            }
            if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
                segments.pop();
            }
            if !braced {
                self.record(segments, line(&part, 0), global, scope);
            }
        }
    }

    /// A path outside `use`. One segment alone is a local name or a keyword such as `self`.
    fn path(&mut self, tokens: &[TokenTree], start: usize, global: bool, scope: &Scope) -> usize {
        let end = skip_path(tokens, start);
        let segments: Vec<String> = tokens[start..end]
            .iter()
            .filter_map(|token| ident(Some(token)))
            .map(|word| plain(&word))
            .collect();
        if let Some(TokenTree::Group(group)) = tokens.get(end + 2)
            && is_joint(tokens, end)
        {
            self.tree(&list(group.stream()), &segments, global, scope);
            return end + 3;
        }
        if segments.last().is_some_and(|last| last == "include") {
            self.hide(tokens, start, "include!");
        }
        if segments.len() > 1 {
            self.record(segments, line(tokens, start), global, scope);
        }
        end
    }

    fn record(&mut self, segments: Vec<String>, line: usize, global: bool, scope: &Scope) {
        let (build, module) = (scope.build, scope.module.clone());
        self.named.push(Named { segments, line, global, reexported: false, build, module });
    }

    fn hide(&mut self, tokens: &[TokenTree], at: usize, what: &str) {
        self.hidden.push((line(tokens, at), what.to_owned()));
    }
}

fn attribute_build(attribute: &Group) -> Build {
    let tokens = list(attribute.stream());
    match (ident(tokens.first()).as_deref(), tokens.get(1)) {
        (Some("cfg"), Some(TokenTree::Group(group))) => predicate(&list(group.stream())),
        _ => Build::Shipped,
    }
}

/// The widest build in which a cfg predicate can hold.
fn predicate(tokens: &[TokenTree]) -> Build {
    let parts =
        |group: &Group| split(group.stream()).into_iter().map(|part| predicate(&part)).collect::<Vec<_>>();
    match (ident(tokens.first()).unwrap_or_default().as_str(), tokens.get(1)) {
        ("test", None) => Build::Test,
        ("feature", Some(_)) => match tokens.get(2).map(ToString::to_string).as_deref() {
            Some("\"test-support\"") => Build::TestSupport,
            _ => Build::Shipped,
        },
        ("all", Some(TokenTree::Group(group))) => parts(group).into_iter().max().unwrap_or(Build::Shipped),
        ("any", Some(TokenTree::Group(group))) => parts(group).into_iter().min().unwrap_or(Build::Shipped),
        _ => Build::Shipped,
    }
}
