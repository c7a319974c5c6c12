//! Resolves every name to what it reaches and asks the table.

use std::collections::{HashMap, HashSet};

use crate::law::{self, Room};
use crate::manifest::Manifest;
use crate::reader::{Build, Named, Source};

/// What a path reaches.
enum Target {
    /// A module path in this crate; empty is the crate itself.
    Here(Vec<String>),
    /// A package, in code spelling.
    Package(String),
    /// A path in std, core or alloc, without that first segment.
    Std(Vec<String>),
    /// More `super` than there are rooms around.
    Outside,
    /// A name that the file itself made or imported; its import was judged.
    Local,
}

/// What is known of all files at once.
struct Tree<'a> {
    manifest: &'a Manifest,
    /// `extern crate a as b` holds for the whole crate: b to a.
    aliases: HashMap<String, String>,
    declared: HashMap<Vec<String>, Build>,
}

/// Every breach of the law in `files`, as `file:line: what it names: the rule (the page)`.
pub(crate) fn judge(files: &[(String, String)], manifest: &Manifest) -> Vec<String> {
    let mut broken = Vec::new();
    let mut sources = Vec::new();
    for (path, text) in files {
        match Source::read(path, text) {
            Ok(source) => sources.push(source),
            Err(error) => broken.push(error),
        }
    }
    let aliases = sources.iter().flat_map(|source| source.aliases.clone()).collect();
    let declared = sources.iter().flat_map(|source| &source.declared);
    let declared = declared.map(|found| (found.module.clone(), found.build)).collect();
    let tree = Tree { manifest, aliases, declared };
    sources.iter().for_each(|source| broken.extend(tree.breaches(source)));
    broken
}

/// Files that no `mod` line reaches: nothing compiles them, so nothing holds them.
pub(crate) fn orphans(files: &[(String, String)]) -> Vec<String> {
    let sources: Vec<Source> =
        files.iter().filter_map(|(path, text)| Source::read(path, text).ok()).collect();
    let declared: HashSet<&[String]> =
        sources.iter().flat_map(|source| &source.declared).map(|found| found.module.as_slice()).collect();
    let orphan = |source: &&Source| !source.module.is_empty() && !declared.contains(source.module.as_slice());
    sources.iter().filter(orphan).map(|source| breach(source, 1, "no `mod` line reaches this file")).collect()
}

impl Tree<'_> {
    fn breaches(&self, source: &Source) -> Vec<String> {
        let Some(room) = room_of(source) else {
            return vec![breach(source, 1, "this room has no row in the table, tests/architecture/law.rs")];
        };
        // A file is built for whatever the narrowest `mod` line above it is built for.
        let depths = 0..=source.module.len();
        let inherited = depths.filter_map(|depth| self.declared.get(source.module.get(..depth)?)).max();
        let inherited = inherited.copied().unwrap_or(Build::Shipped);

        let mut broken: Vec<String> = source
            .hidden
            .iter()
            .map(|(line, what)| breach(source, *line, &format!("`{what}` hides code from the law")))
            .collect();
        for named in &source.named {
            let build = named.build.max(inherited);
            if let Some(rule) = self.rule_broken(room, source, named, build) {
                let path = named.segments.join("::");
                broken.push(breach(source, named.line, &format!("names `{path}`: {rule}")));
            }
        }
        broken
    }

    fn resolve(&self, source: &Source, named: &Named) -> Target {
        let first = named.segments.first().map_or("", String::as_str);
        let rest = named.segments.get(1..).unwrap_or_default();
        if !named.global {
            if first == "crate" {
                return Target::Here(rest.to_vec());
            }
            if first == "self" || first == "super" {
                return climb(&named.module, &named.segments);
            }
            let child = [named.module.as_slice(), &named.segments[..1]].concat();
            if source.modules.contains(&child) {
                return Target::Here([child.as_slice(), rest].concat());
            }
        }
        let known = self.aliases.get(first).map_or(first, String::as_str);
        match known {
            "std" | "core" | "alloc" => Target::Std(rest.to_vec()),
            "self" => Target::Here(rest.to_vec()),
            name if name == self.manifest.own() => Target::Here(rest.to_vec()),
            name => match self.manifest.package(name) {
                Some(package) if package == self.manifest.own() => Target::Here(rest.to_vec()),
                Some(package) => Target::Package(package.to_owned()),
                None => Target::Local,
            },
        }
    }

    fn rule_broken(&self, room: &Room, source: &Source, named: &Named, build: Build) -> Option<String> {
        let everything = room.rooms == law::EVERYTHING;
        let rooms = if room.rooms.is_empty() { "no room" } else { room.rooms };
        match self.resolve(source, named) {
            Target::Local => None,
            Target::Outside => Some("this climbs out of the crate".to_owned()),
            Target::Here(path) if path.is_empty() => (!everything || named.reexported)
                .then(|| "the whole crate under a name hides what is used".to_owned()),
            Target::Here(path) if everything => (named.reexported
                && room_name(&path).starts_with("adapters"))
            .then(|| format!("{} joins adapters and re-exports none", room.at)),
            Target::Here(path) => {
                (!may_name_room(room, &path, build)).then(|| format!("{} may name {rooms}", room.at))
            }
            Target::Package(_) if everything => {
                named.reexported.then(|| format!("{} joins crates and re-exports none", room.at))
            }
            Target::Package(package) => (!self.may_name_package(room, &package, build)).then(|| {
                let crates = if room.crates.is_empty() { "none" } else { room.crates };
                format!("of the registry's crates {} may name {crates}", room.at)
            }),
            Target::Std(path) => kept_out(room, &path),
        }
    }

    fn may_name_package(&self, room: &Room, package: &str, build: Build) -> bool {
        let listed = room.crates.split_whitespace().any(|allowed| allowed == package);
        let (implementers, needed) = law::IMPLEMENTERS;
        let implements =
            implementers.iter().any(|prefix| room.at.starts_with(prefix)) && needed.contains(&package);
        let (fakers, fakes) = law::FAKES;
        match build {
            _ if listed || implements => true,
            Build::Shipped => false,
            Build::TestSupport => fakers.contains(&room.at) && fakes.contains(&package),
            Build::Test => fakes.contains(&package) || self.manifest.is_dev(package),
        }
    }
}

fn may_name_room(room: &Room, path: &[String], build: Build) -> bool {
    let wanted = room_name(path);
    let listed = room.rooms.split_whitespace().any(|allowed| allowed == wanted);
    let (adapter, except) = law::TEST_ADAPTER;
    let in_test = build == Build::Test && wanted == adapter && !except.contains(&room.at);
    listed || in_test
}

/// `domain::lease::Lease` is in the room domain, `adapters::http::routes` in adapters/http.
fn room_name(path: &[String]) -> String {
    match path {
        [first, second, ..] if first == "adapters" => format!("{first}/{second}"),
        [first, ..] => first.clone(),
        [] => String::new(),
    }
}

/// The row that covers a file: the longest one that fits.
fn room_of(source: &Source) -> Option<&'static Room> {
    let file = match source.path.as_str() {
        "src/lib.rs" => "lib".to_owned(),
        "src/main.rs" => "main".to_owned(),
        _ => source.module.join("/"),
    };
    let fits = |room: &&Room| match room.at.strip_suffix('*') {
        Some(prefix) => file.starts_with(prefix),
        None if room.at == "adapters" => file == room.at,
        None => file == room.at || file.strip_prefix(room.at).is_some_and(|rest| rest.starts_with('/')),
    };
    law::LAW.iter().filter(fits).max_by_key(|room| room.at.len())
}

fn climb(module: &[String], segments: &[String]) -> Target {
    let mut here = module.to_vec();
    let mut rest = segments;
    while let [first, tail @ ..] = rest {
        match first.as_str() {
            "self" => {}
            "super" if here.pop().is_none() => return Target::Outside,
            "super" => {}
            _ => break,
        }
        rest = tail;
    }
    here.extend_from_slice(rest);
    Target::Here(here)
}

/// Naming a kept-out path, or importing a module around one, which would hide it behind a short name.
fn kept_out(room: &Room, path: &[String]) -> Option<String> {
    let (held, names) = law::STD_KEPT_OUT;
    if room.at != held {
        return None;
    }
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let hit = names.iter().find(|name| {
        let banned: Vec<&str> = name.split("::").collect();
        path.starts_with(&banned) || banned.starts_with(&path)
    })?;
    Some(format!("{held} stays clear of std::{hit}"))
}

fn breach(source: &Source, line: usize, what: &str) -> String {
    format!("{}:{line}: {what} (docs/ARCHITECTURE.md)", source.path)
}
