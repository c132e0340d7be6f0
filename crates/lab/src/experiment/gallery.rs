//! Where experiments come from: files in folders, and files inside the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Experiment, Problem, did_you_mean};

/// The most files of a folder that are read.
const FILES_MAX: usize = 500;

/// An experiment file inside the program: its name without `.star`, and its text.
pub type Embedded = (&'static str, &'static str);

/// All places that experiments come from. Files are read anew each time, so that an edit shows at once.
#[derive(Clone, Debug, Default)]
pub struct Gallery {
    embedded: BTreeMap<&'static str, &'static str>,
    folders: Vec<PathBuf>,
}

/// An experiment of the gallery, or why its file is none.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The file's name without `.star`.
    pub name: String,
    /// What the file says, or what is wrong with it.
    pub experiment: Result<Experiment, Problem>,
}

impl Gallery {
    /// A gallery of the experiments that come with Rumormill.
    #[must_use]
    pub fn new() -> Self {
        Self::empty().with_embedded(&[
            ("election", include_str!("../../../../experiments/election.star")),
            ("flood", include_str!("../../../../experiments/flood.star")),
            ("flood-faults", include_str!("../../../../experiments/flood-faults.star")),
            ("store", include_str!("../../../../experiments/store.star")),
            ("store-faults", include_str!("../../../../experiments/store-faults.star")),
            ("store-members", include_str!("../../../../experiments/store-members.star")),
            ("store-ratings", include_str!("../../../../experiments/store-ratings.star")),
            ("raft", include_str!("../../../../experiments/raft.star")),
            ("ring", include_str!("../../../../experiments/ring.star")),
            ("swim", include_str!("../../../../experiments/swim.star")),
            ("swim-partition", include_str!("../../../../experiments/swim-partition.star")),
        ])
    }

    /// A gallery of nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds files inside the program; one of the same name replaces the earlier.
    #[must_use]
    pub fn with_embedded(mut self, files: &[Embedded]) -> Self {
        self.embedded.extend(files.iter().copied());
        self
    }

    /// Adds a folder; its files replace earlier ones of the same name. It need not exist.
    #[must_use]
    pub fn with_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }

    /// Where new experiments are kept: the folder that was added last.
    #[must_use]
    pub fn home(&self) -> Option<&Path> {
        self.folders.last().map(PathBuf::as_path)
    }

    /// All experiments by name, broken ones too.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        for (&name, &source) in &self.embedded {
            let experiment = Experiment::read(name, source, None);
            entries.insert(name.into(), Entry { name: name.into(), experiment });
        }
        for path in self.folders.iter().flat_map(|folder| files(folder)) {
            let entry = read_file(&path);
            entries.insert(entry.name.clone(), entry);
        }
        entries.into_values().collect()
    }

    /// The experiment of this name, or in this file when it ends in `.star`.
    ///
    /// # Errors
    /// When there is none, with the name that was probably meant; or when its file is broken.
    pub fn find(&self, name: &str) -> Result<Experiment, Problem> {
        if name.ends_with(".star") {
            return read_file(Path::new(name)).experiment;
        }
        for folder in self.folders.iter().rev() {
            let path = folder.join(format!("{name}.star"));
            if is_plain(name) && path.is_file() {
                return read_file(&path).experiment;
            }
        }
        if let Some(source) = self.embedded.get(name) {
            return Experiment::read(name, *source, None);
        }
        let names: Vec<String> = self.names();
        let known = names.iter().map(String::as_str);
        let next = match did_you_mean(name, known) {
            Some(meant) => format!("did you mean {meant}? rumormill list shows all"),
            None if names.is_empty() => "there are none; see --experiments".into(),
            None => format!("there are: {}", names.join(", ")),
        };
        Err(Problem::field("experiment", format!("there is no experiment \"{name}\"")).next(next))
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.embedded.keys().map(|&name| name.into()).collect();
        names.extend(self.folders.iter().flat_map(|folder| files(folder)).map(|path| stem(&path)));
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\\']) && name != ".."
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The experiment files of a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let is_experiment = |path: &PathBuf| path.extension().is_some_and(|end| end == "star") && path.is_file();
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(is_experiment).take(FILES_MAX).collect();
    files.sort_unstable();
    files
}

fn read_file(path: &Path) -> Entry {
    let name = stem(path);
    let file = path.display().to_string();
    let unreadable = |why: String| Problem::new(format!("the file cannot be read: {why}")).in_file(file.clone());
    let experiment = match path.metadata() {
        Err(error) => Err(unreadable(error.to_string())),
        Ok(about) if about.len() > 1 << 20 => Err(unreadable("it is larger than 1 MiB".into())),
        Ok(_) => match std::fs::read_to_string(path) {
            Err(error) => Err(unreadable(error.to_string())),
            Ok(source) => Experiment::read(&name, source, Some(path.into())),
        },
    };
    Entry { name, experiment }
}
