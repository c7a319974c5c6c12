//! Each rule is broken here on purpose, and clean samples pass.

use crate::{breaches, rust, text};

/// A file with a correct opening.
fn rust_file(path: &str, body: &str) -> (String, String) {
    (path.to_owned(), format!("//! A sample.\n{body}"))
}

fn file(path: &str, body: &str) -> (String, String) {
    (path.to_owned(), body.to_owned())
}

#[track_caller]
fn assert_found(file: (String, String), verdict: &str) {
    let found = breaches(&[file], &[]);
    assert!(found.iter().any(|message| message.contains(verdict)), "wanted `{verdict}`, found {found:?}");
}

#[track_caller]
fn assert_clean(file: (String, String)) {
    assert_eq!(breaches(&[file], &[]), Vec::<String>::new());
}

#[test]
fn a_file_without_an_opening_is_found() {
    assert_found(file("src/a.rs", "use a::b;\n//! Late.\n"), "a.rs:1: open with");
    assert_found(file("src/a.rs", ""), "a.rs:1: open with");
    assert_found(file("src/a.rs", "/// Of an item.\nstruct A;\n"), "a.rs:1: open with");
}

#[test]
fn a_long_file_is_found_and_the_longest_allowed_passes() {
    assert_clean(rust_file("src/a.rs", &"// x\n".repeat(399)));
    assert_found(rust_file("src/a.rs", &"// x\n".repeat(400)), "401 lines, at most 400");
}

#[test]
fn a_long_function_is_found_wherever_it_stands() {
    let body =
        |lines: usize| format!("fn f(a: fn() -> u8) -> u8\nwhere\n{{\n{}}}\n", "    a();\n".repeat(lines));
    assert_clean(rust_file("src/a.rs", &body(66)));
    assert_found(rust_file("src/a.rs", &body(67)), "a.rs:2: fn f has 71 lines, at most 70");
    assert_found(rust_file("src/a.rs", &format!("impl A {{\n{}}}\n", body(67))), "a.rs:3: fn f has 71");
    assert_found(
        rust_file("src/a.rs", &format!("macro_rules! m {{ () => {{\n{}}} }}\n", body(67))),
        "fn f has 71",
    );
    assert_clean(rust_file(
        "src/a.rs",
        &format!("trait A {{\n    fn f();\n}}\n{}", "static A: fn() = b;\n".repeat(80)),
    ));
}

#[test]
fn unfinished_work_is_found() {
    assert_found(rust_file("src/a.rs", "fn f() { todo!() }"), "a.rs:2: `todo!`");
    assert_found(rust_file("tests/a.rs", "fn f() { g(|| std::unimplemented!(\"x\")) }"), "`unimplemented!`");
    for note in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")] {
        assert_found(
            rust_file("src/a.rs", &format!("// {note}: later\n")),
            "a.rs:2: a note about undone work",
        );
        assert_found(file("web/a.css", &format!("/*{note}*/")), "a.css:1: a note about undone work");
        assert_found(file("tool", &format!("#!/usr/bin/env python3\n# {note}(x)\n")), "tool:2: a note");
        assert_clean(rust_file("src/a.rs", &format!("// mktemp a.{note}{note}\n")));
    }
    assert_clean(rust_file(
        "src/a.rs",
        "// It says todo!() in a comment.\nconst A: &str = \"unimplemented!\";",
    ));
}

#[test]
fn a_test_that_hides_its_outcome_is_found() {
    assert_found(rust_file("tests/a.rs", "#[test]\n#[ignore]\nfn f() {}"), "a.rs:3: `#[ignore]`");
    assert_found(rust_file("src/a.rs", "mod t {\n#[ignore = \"slow\"]\nfn f() {}\n}"), "a.rs:3: `#[ignore]`");
    assert_found(rust_file("src/a.rs", "#[should_panic(expected = \"x\")]\nfn f() {}"), "`#[should_panic]`");
    assert_found(rust_file("src/a.rs", "#[cfg_attr(unix, ignore)]\nfn f() {}"), "`#[ignore]`");
    assert_clean(rust_file("src/a.rs", "#[serde(ignore)]\nfn f() { let ignore = [ignore]; }"));
}

#[test]
fn a_sleeping_test_is_found() {
    assert_found(rust_file("tests/a.rs", "fn f() { std::thread::sleep(A); }"), "a.rs:2: `sleep`");
    assert_found(rust_file("tests/kit/a.rs", "use tokio::time::{self, sleep};"), "`sleep`");
    assert_found(rust_file("tests/a.rs", "async fn f() { time::sleep(A).await }"), "`sleep`");
    assert_clean(rust_file("tests/a.rs", "fn f() { Command::new(\"sleep\"); asleep(); }"));
    assert_clean(rust_file("src/a.rs", "async fn f() { tokio::time::sleep(A).await }"));
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let manifest = |text: &str| file("Cargo.toml", text);
    assert_found(
        manifest("[dependencies]\n# Why.\na = \"1\"\nb = \"2\"\n"),
        "Cargo.toml:4: say in a comment above `b`",
    );
    assert_found(manifest("[dev-dependencies]\na = \"1\"\n"), "comment above `a`");
    assert_found(manifest("[target.'cfg(unix)'.dependencies]\n# Far.\n\na = \"1\"\n"), "comment above `a`");
    assert_found(manifest("[dependencies.a]\nversion = \"1\"\n"), "Cargo.toml:1: say");
    assert_found(
        manifest("[dependencies]\n# Why.\na = { version = \"1\", features = [\n  \"x\",\n] }\nb = \"1\"\n"),
        "above `b`",
    );
    assert_clean(manifest(
        "[package]\nname = \"a\"\n[dependencies]\n# Why.\na = { version = \"1\", features = [\n  \"x=y\",\n] }\n",
    ));
    assert_clean(manifest(
        "[features]\na = [\"dep:b\"]\n\n# Why, in\n# two lines.\n[dependencies.b]\nversion = \"1\"\n",
    ));
}

#[test]
fn a_registry_host_is_found() {
    for host in [concat!("crates", ".io"), concat!("pypi", ".org"), concat!("registry.npmjs", ".org")] {
        assert_found(file("docs/a.md", &format!("See https://{host}/x.")), "a.md:1: names the registry host");
        assert_found(
            file("package-lock.json", &format!("{{\n\"resolved\": \"https://{host}/a\" }}")),
            "json:2: names",
        );
    }
    let identity = concat!("source = \"registry+https://github.com/rust-lang/crates", ".io-index\"");
    assert_clean(file("Cargo.lock", identity));
}

#[test]
fn a_path_of_one_machine_is_found() {
    for folder in [concat!("/", "work"), concat!("/", "root"), concat!("/", "home"), concat!("/", "Users")] {
        assert_found(file("docs/a.md", &format!("cd {folder}/main")), "a.md:1: a path of one machine");
        assert_found(
            file("a.json", &format!("{{\"path\":\"{folder}\"}}")),
            "a.json:1: a path of one machine",
        );
        assert_clean(file(
            "docs/a.md",
            &format!("frame{folder} https://host{folder}/a {folder}s .{folder}/a"),
        ));
    }
}

#[test]
fn a_dead_link_is_found() {
    let pages = |readme: &str| {
        let files = [
            file("README.md", readme),
            file("docs/A.md", "[up](../README.md) [b](adr/0001.md#x) [own](#here) [docs](..)"),
            file("docs/adr/0001.md", "[out](../../../x.md)\n<img src=\"none.png\">\n\n[ref]: ../B.md\n"),
            file("src/a.md", "[not a page](none.md)"),
        ];
        text::dead_links(&files, &["docs/images/page.png".to_owned()])
    };
    let found = pages(
        "[a](docs/A.md) [folder](docs/adr/) ![p](docs/images/page.png) ![i](https://host/x.png)\n```\n[x](none.md)\n```\n`[x](none.md)`\n",
    );
    let wanted = [
        "docs/adr/0001.md:1: the link to `../../../x.md`",
        "0001.md:2: the link to `none.png`",
        "0001.md:4: the link to `../B.md`",
    ];
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    assert!(wanted.iter().all(|words| found.iter().any(|message| message.contains(words))), "{found:?}");
    assert!(
        pages("one [b](docs/B.md \"title\")")
            .contains(&"README.md:1: the link to `docs/B.md` leads nowhere".to_owned())
    );
}

#[test]
fn a_script_that_goes_on_after_a_failure_is_found() {
    assert_found(
        file("test", "#!/usr/bin/env bash\n# Why.\ncd x\nset -euo pipefail\n"),
        "test:1: a shell script",
    );
    assert_found(file("scripts/a.sh", "set -e\n"), "a.sh:1: a shell script");
    assert_found(file("a.sh", "#!/bin/sh\n"), "a.sh:1: a shell script");
    assert_clean(file("test", "#!/usr/bin/env bash\n# Why.\n\nset -euo pipefail\ncd x\n"));
    assert_clean(file("tool.py", "#!/usr/bin/env python3\nprint(1)\n"));
}

#[test]
fn text_that_is_not_rust_is_found() {
    assert!(rust::breaches("src/a.rs", "//! a\nfn f( {").iter().any(|message| message.contains("not Rust")));
}
