//! The dependencies of a Cargo.toml: the name code uses, the package behind it, and whether tests alone see it.

/// One dependency line, both names in code spelling.
struct Dependency {
    name: String,
    package: String,
    dev: bool,
}

/// What the law needs of a Cargo.toml.
pub(crate) struct Manifest {
    own: String,
    dependencies: Vec<Dependency>,
}

impl Manifest {
    pub(crate) fn read(text: &str) -> Self {
        let mut manifest = Self { own: String::new(), dependencies: Vec::new() };
        let mut section = String::new();
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') && line.ends_with(']') && !line.contains('=') {
                section = line.trim_matches(['[', ']']).to_owned();
                if let Some((_, table)) = section.split_once("dependencies.") {
                    manifest.add(table, table, &section);
                }
            } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
                manifest.entry(&section, key.trim(), value.trim());
            }
        }
        manifest
    }

    fn entry(&mut self, section: &str, key: &str, value: &str) {
        if section == "package" && key == "name" {
            self.own = code_spelling(value);
        } else if section.ends_with("dependencies") {
            // `tokio = ...` and `tokio.workspace = ...` alike.
            let name = key.split_once('.').map_or(key, |(name, _)| name);
            let package = value.split_once("package").map_or(name, |(_, rest)| quoted(rest));
            self.add(name, package, section);
        } else if section.contains("dependencies.") && key == "package" {
            let renamed = self.dependencies.last_mut().expect("the table's header came first");
            renamed.package = code_spelling(value);
        }
    }

    fn add(&mut self, name: &str, package: &str, section: &str) {
        let dev = section.contains("dev-dependencies");
        self.dependencies.push(Dependency {
            name: code_spelling(name),
            package: code_spelling(package),
            dev,
        });
    }

    /// This crate's own name in code.
    pub(crate) fn own(&self) -> &str {
        &self.own
    }

    /// The package that `name` stands for in code, if it is a dependency.
    pub(crate) fn package(&self, name: &str) -> Option<&str> {
        self.dependencies.iter().find(|known| known.name == name).map(|known| known.package.as_str())
    }

    pub(crate) fn has_package(&self, package: &str) -> bool {
        self.dependencies.iter().any(|known| known.package == package)
    }

    pub(crate) fn is_dev(&self, package: &str) -> bool {
        self.dependencies.iter().any(|known| known.dev && known.package == package)
    }
}

fn code_spelling(name: &str) -> String {
    name.trim().trim_matches(['"', '\'']).replace('-', "_")
}

fn quoted(rest: &str) -> &str {
    rest.split('"').nth(1).expect("`package =` is followed by a name in quotes")
}
