//! `rumormill new NAME`: a crate with a protocol, an experiment and a test, ready to be changed.

mod name;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the new crate is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its name, which is also the protocol's and the experiment's.
    pub name: String,
    /// The folder in which its own folder is made.
    pub parent: PathBuf,
    /// A checkout of Rumormill to depend on. Without, it is the one that this binary was built from, when
    /// that is still there, and otherwise the published version.
    pub checkout: Option<PathBuf>,
}

/// Why there is no new crate. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NewError {
    /// A crate cannot have this name.
    #[error("no crate can be called {name:?}: {why}; choose another, for example my-protocol")]
    Name {
        /// The name asked for.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something is already there.
    #[error("{} already exists; choose another name, or remove it first", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// The folder given as a checkout of Rumormill is none.
    #[error("{} is no checkout of Rumormill: it has no crates/rumormill/Cargo.toml", path.display())]
    Checkout {
        /// The folder given.
        path: PathBuf,
    },
    /// A file or folder could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The files of a new crate: their path, and their text with `{{name}}` and `{{dependency}}` in it.
const TEMPLATE: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("template/Cargo.toml.in")),
    ("README.md", include_str!("template/README.md")),
    (".gitignore", include_str!("template/gitignore")),
    ("src/main.rs", include_str!("template/main.rs")),
    ("experiments/{{name}}.star", include_str!("template/experiment.star")),
];

/// Writes a new crate, all of it or nothing, and returns its folder.
///
/// # Errors
/// When the name will not do, when the folder exists, or when it cannot be written.
pub fn create(options: &Options) -> Result<PathBuf, NewError> {
    let name = &options.name;
    if let Some(why) = name::objection(name) {
        return Err(NewError::Name { name: name.clone(), why });
    }
    let folder = options.parent.join(name);
    if folder.symlink_metadata().is_ok() {
        return Err(NewError::Exists { path: folder });
    }
    let dependency = dependency(options.checkout.as_deref())?;
    // Beside the folder, so that a rename makes it all there at once.
    let draft = Draft(options.parent.join(format!(".{name}-{}", std::process::id())));
    for (path, text) in TEMPLATE {
        let fill = |text: &str| text.replace("{{name}}", name).replace("{{dependency}}", &dependency);
        write(&draft.0.join(fill(path)), &fill(text))?;
    }
    fs::rename(&draft.0, &folder).map_err(|source| NewError::Write { path: folder.clone(), source })?;
    Ok(folder)
}

/// How the new crate asks for this one, as a value in its Cargo.toml.
fn dependency(checkout: Option<&Path>) -> Result<String, NewError> {
    let is_there = |package: &Path| package.join("Cargo.toml").is_file();
    let package = match checkout {
        Some(checkout) => {
            let package = checkout.join("crates/rumormill");
            let found = package.canonicalize().ok().filter(|package| is_there(package));
            Some(found.ok_or_else(|| NewError::Checkout { path: checkout.into() })?)
        }
        None => Some(PathBuf::from(env!("CARGO_MANIFEST_DIR"))).filter(|package| is_there(package)),
    };
    Ok(match package {
        Some(package) => format!("{{ path = {} }}", toml_string(&package.to_string_lossy())),
        None => toml_string(env!("CARGO_PKG_VERSION")),
    })
}

/// The text as a basic string of TOML.
fn toml_string(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

fn write(path: &Path, text: &str) -> Result<(), NewError> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, text)).map_err(|source| NewError::Write { path: path.into(), source })
}

/// A folder being filled. What is still there when this value goes is removed.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // it is gone when it was renamed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(parent: &Path, name: &str) -> Options {
        Options { name: name.into(), parent: parent.into(), checkout: None }
    }

    #[test]
    fn a_crate_is_written_whole_and_once() {
        let parent = tempfile::tempdir().unwrap();
        let folder = create(&options(parent.path(), "mine")).unwrap();
        assert!(fs::read_to_string(folder.join("experiments/mine.star")).unwrap().contains("protocol = \"mine\""));
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains(env!("CARGO_MANIFEST_DIR")), "{manifest}");
        for (path, _) in TEMPLATE {
            let text = fs::read_to_string(folder.join(path.replace("{{name}}", "mine"))).unwrap();
            assert!(!text.contains("{{"), "{path} has an open place");
        }
        assert!(matches!(create(&options(parent.path(), "mine")), Err(NewError::Exists { .. })));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1, "a draft stayed");
    }

    #[test]
    fn any_path_can_stand_in_a_manifest() {
        assert_eq!(toml_string("/a b/é"), "\"/a b/é\"");
        assert_eq!(toml_string("C:\\x\"\n"), r#""C:\\x\"\u000a""#);
    }

    #[test]
    fn nothing_is_written_when_it_cannot_be_whole() {
        let parent = tempfile::tempdir().unwrap();
        assert!(matches!(create(&options(parent.path(), "no good")), Err(NewError::Name { .. })));
        let checkout = Some(parent.path().to_path_buf());
        let wrong = Options { checkout, ..options(parent.path(), "mine") };
        assert!(matches!(create(&wrong), Err(NewError::Checkout { .. })));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        // A file where the parent folder should be: not writable for anybody, root included.
        let file = parent.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(create(&options(&file, "mine")), Err(NewError::Write { .. })));
    }
}
